/* SPDX-License-Identifier: MIT */
/*
 * One page table a PASID: a tree of four levels with 9 address bits each. A leaf entry is the arena
 * address of the page with the access bits in its low end; 0 = not mapped.
 */
#include "bell_memory_map.h"

#include "../thread/bell_thread.h"

#include <stdlib.h>
#include <string.h>

#define LEVELS 4u
#define LEVEL_BITS 9u
#define FANOUT (1u << LEVEL_BITS)
#define PAGE_BITS 12u
#define ACCESS_MASK ((uint64_t)(BELL_READ | BELL_WRITE))

union node {
    union node *child[FANOUT];
    uint64_t entry[FANOUT];
};

struct space {
    uint32_t pasid;
    union node *root;
};

static struct space *spaces;
static size_t space_count;
static size_t space_last; /* Index of the space used last. */

static struct space *space_find(uint32_t pasid)
{
    if (space_last < space_count && spaces[space_last].pasid == pasid)
        return &spaces[space_last];
    for (size_t i = 0; i < space_count; i++) {
        if (spaces[i].pasid == pasid) {
            space_last = i;
            return &spaces[i];
        }
    }
    return NULL;
}

static union node *node_new(void)
{
    union node *node = calloc(1, sizeof(*node));

    if (node == NULL)
        abort();
    return node;
}

static struct space *space_get(uint32_t pasid)
{
    struct space *space = space_find(pasid);

    if (space != NULL)
        return space;
    spaces = realloc(spaces, (space_count + 1) * sizeof(*spaces));
    if (spaces == NULL)
        abort();
    space = &spaces[space_count++];
    space->pasid = pasid;
    space->root = node_new();
    return space;
}

/* Leaf entry of `va`; NULL when there is none and none shall be made. */
static uint64_t *entry_of(struct space *space, uint64_t va, bool make)
{
    union node *node = space->root;

    for (unsigned level = LEVELS - 1; level > 0; level--) {
        unsigned index = (va >> (PAGE_BITS + level * LEVEL_BITS)) % FANOUT;

        if (node->child[index] == NULL && !make)
            return NULL;
        if (node->child[index] == NULL)
            node->child[index] = node_new();
        node = node->child[index];
    }
    return &node->entry[(va >> PAGE_BITS) % FANOUT];
}

static void entry_set(uint64_t *entry, uint64_t value)
{
    if (*entry != 0)
        bell_phys_device_ref(*entry & ~ACCESS_MASK, -1);
    if (value != 0)
        bell_phys_device_ref(value & ~ACCESS_MASK, +1);
    *entry = value;
}

static bool va_refused(uint32_t pasid, uint64_t va, size_t pages)
{
    uint64_t top = UINT64_C(1) << BELL_VA_BITS;

    if (va % BELL_PAGE == 0 && va < top && pages <= (top - va) / BELL_PAGE)
        return false;
    bell_sim_fail("IOMMU, PASID %u: %zu pages at 0x%llx: expected a page-aligned range of %u "
                  "address bits", pasid, pages, (unsigned long long)va, BELL_VA_BITS);
    return true;
}

void bell_iommu_map(uint32_t pasid, uint64_t va, uint64_t phys, size_t pages, unsigned access)
{
    struct space *space;

    access &= ACCESS_MASK;
    if (access == 0) {
        bell_iommu_unmap(pasid, va, pages);
        return;
    }
    if (va_refused(pasid, va, pages))
        return;
    if (!bell_phys_range_used(phys, pages) || (pasid == 0 && va != phys)) {
        bell_sim_fail("IOMMU, PASID %u: cannot map 0x%llx to 0x%llx: expected %zu allocated "
                      "pages%s", pasid, (unsigned long long)va, (unsigned long long)phys, pages,
                      pasid == 0 ? ", and PASID 0 maps each page to itself" : "");
        return;
    }
    if (pasid == 0)
        return;
    space = space_get(pasid);
    for (size_t i = 0; i < pages; i++) {
        uint64_t offset = (uint64_t)i * BELL_PAGE;

        entry_set(entry_of(space, va + offset, true), (phys + offset) | access);
    }
}

void bell_iommu_unmap(uint32_t pasid, uint64_t va, size_t pages)
{
    struct space *space = space_find(pasid);

    if (va_refused(pasid, va, pages) || space == NULL)
        return;
    for (size_t i = 0; i < pages; i++) {
        uint64_t *entry = entry_of(space, va + (uint64_t)i * BELL_PAGE, false);

        if (entry != NULL)
            entry_set(entry, 0);
    }
}

static void node_drop(union node *node, unsigned level)
{
    for (unsigned i = 0; i < FANOUT; i++) {
        if (level == 0)
            entry_set(&node->entry[i], 0);
        else if (node->child[i] != NULL)
            node_drop(node->child[i], level - 1);
    }
    free(node);
}

void bell_iommu_drop(uint32_t pasid)
{
    struct space *space = space_find(pasid);

    if (space == NULL)
        return;
    node_drop(space->root, LEVELS - 1);
    *space = spaces[--space_count];
}

void bell_iommu_cleanup(void)
{
    while (space_count != 0)
        bell_iommu_drop(spaces[0].pasid);
    free(spaces);
    spaces = NULL;
}

/* Arena address and rights of one byte; 0 = not mapped. */
static uint64_t translate(uint32_t pasid, uint64_t va, unsigned *access)
{
    struct space *space;
    const uint64_t *entry;

    *access = (unsigned)ACCESS_MASK;
    if (pasid == 0)
        return bell_phys_is_used(va) ? va : 0;
    space = va >> BELL_VA_BITS == 0 ? space_find(pasid) : NULL;
    entry = space == NULL ? NULL : entry_of(space, va, false);
    if (entry == NULL || *entry == 0)
        return 0;
    *access = (unsigned)(*entry & ACCESS_MASK);
    return (*entry & ~ACCESS_MASK) + va % BELL_PAGE;
}

uint64_t bell_iommu_lookup(uint32_t pasid, uint64_t va)
{
    unsigned access;

    return translate(pasid, va, &access);
}

static size_t piece_of(uint64_t va, size_t size)
{
    size_t in_page = BELL_PAGE - va % BELL_PAGE;

    return size < in_page ? size : in_page;
}

static bool allowed(uint32_t pasid, uint64_t va, size_t size, enum bell_access wanted)
{
    for (size_t piece; size != 0; va += piece, size -= piece) {
        unsigned access;

        piece = piece_of(va, size);
        if (translate(pasid, va, &access) == 0 || (access & wanted) == 0)
            return false;
    }
    return true;
}

enum bell_resp bell_iommu_read(uint32_t pasid, uint64_t va, void *data, size_t size)
{
    char *to = data;
    unsigned access;

    if (!allowed(pasid, va, size, BELL_READ))
        return BELL_RESP_DECERR;
    for (size_t piece; size != 0; va += piece, to += piece, size -= piece) {
        piece = piece_of(va, size);
        memcpy(to, bell_phys_ptr(translate(pasid, va, &access)), piece);
    }
    return BELL_RESP_OKAY;
}

enum bell_resp bell_iommu_write(uint32_t pasid, uint64_t va, const void *data, size_t size)
{
    const char *from = data;
    unsigned access;

    if (!allowed(pasid, va, size, BELL_WRITE))
        return BELL_RESP_DECERR;
    for (size_t piece; size != 0; va += piece, from += piece, size -= piece) {
        piece = piece_of(va, size);
        memcpy(bell_phys_ptr(translate(pasid, va, &access)), from, piece);
    }
    return BELL_RESP_OKAY;
}
