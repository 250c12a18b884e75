/* SPDX-License-Identifier: MIT */
#include "os_internal.h"
#include "os_pool_arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POOL_MAGIC 0x6c6f6f70u
#define POOL_POISON 0xDD
#define POOL_TAIL 16u /**< Guard bytes behind each block. */
#define POOL_GUARD 0xA5

/** In front of each pool block; 64 bytes, so that the block is aligned for anything. */
struct pool_block {
    struct pool_block *next, *prev;
    uint64_t serial; /**< Allocation order, for messages. */
    size_t size;
    ULONG tag;
    uint32_t magic;
    bool paged;
    char pad[7];
    uint64_t call;    /**< DDI that made it (os_monitor_call.serial), 0 = none. */
    const char *from; /**< Its name. */
};
_Static_assert(sizeof(struct pool_block) == 64, "block alignment");

struct contiguous_block {
    struct contiguous_block *next;
    uint64_t phys;
    size_t pages, size;
};

static struct pool_block *pool;
static struct contiguous_block *contiguous;
static uint64_t pool_serial;
static int pool_countdown = -1; /**< Allocations until the one that fails; -1 = none. */

void belfry_fail_pool(int k)
{
    pool_countdown = k < 0 ? -1 : k;
}

static bool injected_failure(void)
{
    if (pool_countdown < 0)
        return false;
    return pool_countdown-- == 0;
}

static void require_at_most(KIRQL limit, const char *who)
{
    if (os_thread_self()->irql > limit)
        os_require_irql(limit, who, "WDK-IRQL-01");
}

PVOID ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag)
{
    struct pool_block *made;
    bool paged = (Flags & POOL_FLAG_PAGED) != 0;

    require_at_most(paged ? APC_LEVEL : DISPATCH_LEVEL, "ExAllocatePool2");
    if (NumberOfBytes == 0 || NumberOfBytes > (SIZE_T)1 << 40 || injected_failure())
        return NULL;
    made = os_pool_arena_take(sizeof(*made) + NumberOfBytes + POOL_TAIL);
    if (made == NULL)
        return NULL;
    *made = (struct pool_block){.next = pool,
                                .serial = ++pool_serial,
                                .size = NumberOfBytes,
                                .tag = Tag,
                                .magic = POOL_MAGIC,
                                .call = os_monitor_call()->serial,
                                .from = os_thread_self()->in_ddi,
                                .paged = paged};
    if (pool != NULL)
        pool->prev = made;
    pool = made;
    memset(made + 1, (Flags & POOL_FLAG_UNINITIALIZED) != 0 ? POOL_POISON : 0, NumberOfBytes);
    memset((char *)(made + 1) + NumberOfBytes, POOL_GUARD, POOL_TAIL);
    return made + 1;
}

static void tag_text(ULONG tag, char text[5])
{
    for (int i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)(tag >> (8 * i));

        text[i] = c >= 0x20 && c < 0x7f ? (char)c : '?';
    }
    text[4] = '\0';
}

static struct pool_block *find_block(const void *p)
{
    for (struct pool_block *at = pool; at != NULL; at = at->next)
        if ((const void *)(at + 1) == p)
            return at;
    return NULL;
}

bool os_pool_is_block(const void *start)
{
    return start != NULL && find_block(start) != NULL;
}

size_t os_pool_block_size(const void *start)
{
    const struct pool_block *block = start != NULL ? find_block(start) : NULL;

    return block != NULL ? block->size : 0;
}

unsigned os_pool_of_call(uint64_t call)
{
    unsigned count = 0;

    for (const struct pool_block *at = pool; at != NULL; at = at->next)
        count += at->call == call;
    return count;
}

unsigned os_pool_live_from(const char **from)
{
    *from = pool != NULL && pool->from != NULL ? pool->from : "no DDI";
    return os_pool_live();
}

static void check_free(const struct pool_block *block, ULONG tag)
{
    const unsigned char *tail;
    char freed[5], made[5];

    if (block == NULL) {
        os_violation("WDK-POOL-01", 0, "ExFreePoolWithTag: something is freed that is no live pool "
                     "block");
        return;
    }
    tag_text(tag, freed);
    tag_text(block->tag, made);
    if (block->tag != tag)
        os_violation("WDK-POOL-01", 0, "ExFreePoolWithTag: tag '%s' given for a block allocated "
                     "with '%s'", freed, made);
    tail = (const unsigned char *)(block + 1) + block->size;
    for (unsigned i = 0; i < POOL_TAIL; i++)
        if (tail[i] != POOL_GUARD) {
            os_violation("WDK-POOL-01", 0, "ExFreePoolWithTag: block '%s' of %zu bytes was written "
                         "%u bytes behind its end", made, block->size, i);
            break;
        }
}

static void release_block(struct pool_block *block)
{
    size_t bytes = sizeof(*block) + block->size + POOL_TAIL;

    if (block->prev != NULL)
        block->prev->next = block->next;
    else
        pool = block->next;
    if (block->next != NULL)
        block->next->prev = block->prev;
    memset(block, POOL_POISON, bytes);
    os_pool_arena_give(block, bytes);
}

VOID ExFreePoolWithTag(PVOID P, ULONG Tag)
{
    struct pool_block *block = find_block(P);

    require_at_most(block != NULL && block->paged ? APC_LEVEL : DISPATCH_LEVEL,
                    "ExFreePoolWithTag");
    check_free(block, Tag);
    os_monitor_free(P);
    if (block != NULL)
        release_block(block);
}

PVOID MmAllocateContiguousMemory(SIZE_T NumberOfBytes, PHYSICAL_ADDRESS HighestAcceptableAddress)
{
    size_t pages = (NumberOfBytes + BELL_PAGE - 1) / BELL_PAGE;
    struct contiguous_block *made;
    uint64_t phys;

    require_at_most(DISPATCH_LEVEL, "MmAllocateContiguousMemory");
    if (pages == 0 || injected_failure() || (phys = bell_phys_alloc(pages)) == 0)
        return NULL;
    made = calloc(1, sizeof(*made));
    if (made == NULL ||
        phys + pages * BELL_PAGE - 1 > (uint64_t)HighestAcceptableAddress.QuadPart) {
        free(made);
        bell_phys_free(phys, pages);
        return NULL;
    }
    *made = (struct contiguous_block){contiguous, phys, pages, NumberOfBytes};
    contiguous = made;
    bell_iommu_map(0, phys, phys, pages, BELL_READ | BELL_WRITE);
    return bell_phys_ptr(phys);
}

static void release_contiguous(struct contiguous_block **at)
{
    struct contiguous_block *block = *at;

    *at = block->next;
    bell_iommu_unmap(0, block->phys, block->pages);
    bell_phys_free(block->phys, block->pages);
    free(block);
}

VOID MmFreeContiguousMemory(PVOID BaseAddress)
{
    require_at_most(APC_LEVEL, "MmFreeContiguousMemory");
    for (struct contiguous_block **at = &contiguous; *at != NULL; at = &(*at)->next)
        if (bell_phys_ptr((*at)->phys) == BaseAddress) {
            release_contiguous(at);
            return;
        }
    os_violation("WDK-POOL-01", 0, "MmFreeContiguousMemory: something is freed that is no live "
                 "block");
}

/* The kernel sees all memory at all times: nothing but the account is kept. */
PVOID MmMapIoSpaceEx(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, ULONG Protect)
{
    uint64_t start = (uint64_t)PhysicalAddress.QuadPart;

    require_at_most(PASSIVE_LEVEL, "MmMapIoSpaceEx");
    if (Protect != PAGE_READWRITE || NumberOfBytes == 0 || injected_failure())
        return NULL;
    for (uint64_t at = start; at < start + NumberOfBytes; at++)
        if ((at % BELL_PAGE == 0 || at == start) && !bell_phys_is_used(at))
            return NULL;
    os_adapter.mapped++;
    return bell_phys_ptr(start);
}

VOID MmUnmapIoSpace(PVOID BaseAddress, SIZE_T NumberOfBytes)
{
    require_at_most(PASSIVE_LEVEL, "MmUnmapIoSpace");
    if (BaseAddress != NULL && NumberOfBytes > 0 && os_adapter.mapped > 0)
        os_adapter.mapped--;
}

PHYSICAL_ADDRESS MmGetPhysicalAddress(PVOID BaseAddress)
{
    PHYSICAL_ADDRESS found = {.QuadPart = 0};

    for (struct contiguous_block *at = contiguous; at != NULL; at = at->next) {
        char *base = bell_phys_ptr(at->phys);

        if ((char *)BaseAddress >= base && (char *)BaseAddress < base + at->pages * BELL_PAGE)
            found.QuadPart = (LONGLONG)(at->phys + (uint64_t)((char *)BaseAddress - base));
    }
    if (found.QuadPart == 0)
        bell_sim_fail("MmGetPhysicalAddress: thread %s asks for an address outside contiguous "
                      "memory", os_thread_self()->name);
    return found;
}

unsigned os_pool_live(void)
{
    unsigned live = 0;

    for (struct pool_block *at = pool; at != NULL; at = at->next)
        live++;
    for (struct contiguous_block *at = contiguous; at != NULL; at = at->next)
        live++;
    return live;
}

unsigned os_pool_report(void)
{
    for (struct pool_block *at = pool; at != NULL; at = at->next) {
        char tag[5];

        tag_text(at->tag, tag);
        fprintf(stderr, "belfry: leak: pool block '%s', %zu bytes, allocation %llu\n", tag,
                at->size, (unsigned long long)at->serial);
    }
    for (struct contiguous_block *at = contiguous; at != NULL; at = at->next)
        fprintf(stderr, "belfry: leak: contiguous memory, %zu bytes at 0x%llx\n", at->size,
                (unsigned long long)at->phys);
    return os_pool_live();
}

void os_pool_cleanup(void)
{
    while (pool != NULL)
        release_block(pool);
    while (contiguous != NULL)
        release_contiguous(&contiguous);
    os_pool_arena_reset();
    pool_serial = 0;
    pool_countdown = -1;
}
