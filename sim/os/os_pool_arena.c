/* SPDX-License-Identifier: MIT */
/*
 * Where pool blocks lie: one range at a fixed address, handed out in the order of the calls. A driver
 * may put the address of an object into a register; with this it has the same value in every run.
 * Freed memory comes back as late as its size allows.
 */
#include "os_pool_arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(start, bytes) ASAN_POISON_MEMORY_REGION(start, bytes)
#define UNPOISON(start, bytes) ASAN_UNPOISON_MEMORY_REGION(start, bytes)
#else
#define POISON(start, bytes) ((void)(start), (void)(bytes))
#define UNPOISON(start, bytes) ((void)(start), (void)(bytes))
#endif

#define WANTED ((void *)(uintptr_t)0x2be100000000)
#define ARENA_BYTES ((size_t)1 << 30)
#define GRAIN 64u
#define CLASSES 1024u /* The last one: all that is larger. */

/* A free block; the rest of it is poisoned. */
struct spare {
    struct spare *next;
    size_t bytes;
};

static struct {
    char *base;
    size_t used;
    struct spare *first[CLASSES], **last[CLASSES];
} arena;

static size_t rounded(size_t bytes)
{
    return (bytes + GRAIN - 1) / GRAIN * GRAIN;
}

static size_t class_of(size_t bytes)
{
    return bytes / GRAIN < CLASSES - 1 ? bytes / GRAIN : CLASSES - 1;
}

static void open_arena(void)
{
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

    arena.base = mmap(WANTED, ARENA_BYTES, PROT_READ | PROT_WRITE, flags | MAP_FIXED_NOREPLACE, -1,
                      0);
    if (arena.base == MAP_FAILED) /* Somebody has it: runs are no longer alike in addresses. */
        arena.base = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (arena.base == MAP_FAILED) {
        perror("belfry: no address space for the driver's pool");
        exit(EXIT_FAILURE);
    }
    POISON(arena.base, ARENA_BYTES);
}

static void *take_spare(size_t bytes)
{
    size_t number = class_of(bytes);

    for (struct spare **at = &arena.first[number]; *at != NULL; at = &(*at)->next) {
        struct spare *found = *at;

        if (found->bytes != bytes)
            continue;
        *at = found->next;
        if (arena.last[number] == &found->next)
            arena.last[number] = at;
        return found;
    }
    return NULL;
}

void *os_pool_arena_take(size_t bytes)
{
    void *made;

    bytes = rounded(bytes);
    if (arena.base == NULL)
        open_arena();
    made = take_spare(bytes);
    if (made == NULL) {
        if (bytes > ARENA_BYTES - arena.used)
            return NULL;
        made = arena.base + arena.used;
        arena.used += bytes;
    }
    UNPOISON(made, bytes);
    return made;
}

void os_pool_arena_give(void *block, size_t bytes)
{
    struct spare *spare = block;
    size_t number = class_of(rounded(bytes));

    *spare = (struct spare){.bytes = rounded(bytes)};
    if (arena.last[number] == NULL)
        arena.last[number] = &arena.first[number];
    *arena.last[number] = spare;
    arena.last[number] = &spare->next;
    POISON((char *)block + sizeof(*spare), spare->bytes - sizeof(*spare));
}

void os_pool_arena_reset(void)
{
    if (arena.base == NULL)
        return;
    (void)madvise(arena.base, arena.used, MADV_DONTNEED);
    POISON(arena.base, arena.used);
    arena.used = 0;
    for (size_t i = 0; i < CLASSES; i++) {
        arena.first[i] = NULL;
        arena.last[i] = NULL;
    }
}
