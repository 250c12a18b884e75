/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "bell_memory_map.h"

#include "../thread/bell_thread.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct page {
    bool used;
    uint32_t device_refs; /* IOMMU mappings. */
};

static struct {
    int file;
    char *alias;
    size_t bytes;
    size_t pages;
    size_t pages_used;
    size_t first_free; /* No free page lies below it. */
    struct page *page;
} arena = {.file = -1};

static _Noreturn void refuse(const char *what, size_t bytes)
{
    fprintf(stderr, "belfry: host memory of %zu bytes: %s: %s\n", bytes, what, strerror(errno));
    exit(EXIT_FAILURE);
}

void bell_memory_init(size_t arena_bytes)
{
    bell_memory_cleanup();
    arena.pages = (arena_bytes + BELL_PAGE - 1) / BELL_PAGE;
    arena.bytes = arena.pages * BELL_PAGE;
    arena.file = memfd_create("belfry-memory", MFD_CLOEXEC);
    if (arena.file < 0)
        refuse("memfd_create", arena_bytes);
    if (ftruncate(arena.file, (off_t)arena.bytes) != 0)
        refuse("ftruncate", arena_bytes);
    arena.alias = mmap(NULL, arena.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, arena.file, 0);
    if (arena.alias == MAP_FAILED)
        refuse("mmap", arena_bytes);
    arena.page = calloc(arena.pages, sizeof(*arena.page));
    if (arena.page == NULL)
        refuse("page table", arena_bytes);
    arena.page[0].used = true; /* Address 0 means "none". */
    arena.first_free = 1;
}

void bell_memory_cleanup(void)
{
    bell_window_cleanup();
    bell_iommu_cleanup();
    if (arena.file < 0)
        return;
    munmap(arena.alias, arena.bytes);
    close(arena.file);
    free(arena.page);
    memset(&arena, 0, sizeof(arena));
    arena.file = -1;
}

int bell_phys_file(void)
{
    return arena.file;
}

uint64_t bell_phys_alloc(size_t pages)
{
    size_t run = 0;

    for (size_t i = arena.first_free; pages != 0 && i < arena.pages; i++) {
        run = arena.page[i].used ? 0 : run + 1;
        if (run != pages)
            continue;
        i = i + 1 - pages;
        for (size_t k = i; k < i + pages; k++)
            arena.page[k].used = true;
        if (i == arena.first_free)
            arena.first_free += pages;
        arena.pages_used += pages;
        memset(arena.alias + i * BELL_PAGE, 0, pages * BELL_PAGE);
        return (uint64_t)i * BELL_PAGE;
    }
    return 0;
}

/* Says why these pages cannot be freed; false when nothing stands against it. */
static bool free_refused(uint64_t phys, size_t pages)
{
    const struct bell_window *window;
    size_t first = phys / BELL_PAGE;

    if (phys % BELL_PAGE != 0 || phys == 0 || pages > arena.pages || first > arena.pages - pages) {
        bell_sim_fail("free of %zu pages at 0x%llx: expected a page-aligned address inside memory "
                      "of 0x%zx bytes", pages, (unsigned long long)phys, arena.bytes);
        return true;
    }
    for (size_t i = first; i < first + pages; i++) {
        unsigned long long address = (unsigned long long)i * BELL_PAGE;

        if (!arena.page[i].used) {
            bell_sim_fail("double free: page 0x%llx of %zu pages at 0x%llx is free already",
                          address, pages, (unsigned long long)phys);
            return true;
        }
        if (arena.page[i].device_refs != 0) {
            bell_sim_fail("free of page 0x%llx, which the IOMMU still maps %u times", address,
                          arena.page[i].device_refs);
            return true;
        }
    }
    window = bell_window_leading_to(phys, pages);
    if (window == NULL)
        return false;
    bell_sim_fail("free of %zu pages at 0x%llx, to which the window '%s' of object %llu still "
                  "leads", pages, (unsigned long long)phys, window->name,
                  (unsigned long long)window->object);
    return true;
}

void bell_phys_free(uint64_t phys, size_t pages)
{
    size_t first = phys / BELL_PAGE;

    if (free_refused(phys, pages))
        return;
    memset(arena.alias + phys, BELL_POISON, pages * BELL_PAGE);
    for (size_t i = first; i < first + pages; i++)
        arena.page[i].used = false;
    arena.pages_used -= pages;
    if (first < arena.first_free)
        arena.first_free = first;
}

void *bell_phys_ptr(uint64_t phys)
{
    return phys < arena.bytes ? arena.alias + phys : NULL;
}

size_t bell_phys_pages_used(void)
{
    return arena.pages_used;
}

bool bell_phys_is_used(uint64_t phys)
{
    return phys >= BELL_PAGE && phys < arena.bytes && arena.page[phys / BELL_PAGE].used;
}

bool bell_phys_range_used(uint64_t phys, size_t pages)
{
    if (phys % BELL_PAGE != 0 || pages > arena.pages)
        return false;
    for (size_t i = 0; i < pages; i++) {
        if (!bell_phys_is_used(phys + (uint64_t)i * BELL_PAGE))
            return false;
    }
    return true;
}

void bell_phys_device_ref(uint64_t phys, int change)
{
    arena.page[phys / BELL_PAGE].device_refs += (uint32_t)change;
}
