/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "bell_memory_map.h"

#include "../thread/bell_thread.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Sorted by base; the records themselves do not move. */
static struct bell_window **windows;
static size_t window_count;
static size_t window_room;
static struct bell_window *last_found;

static _Noreturn void refuse(const char *what, const char *name)
{
    fprintf(stderr, "belfry: window '%s': %s: %s\n", name, what, strerror(errno));
    exit(EXIT_FAILURE);
}

/* Number of windows with a base at or below `address`. */
static size_t rank_of(const char *address)
{
    size_t low = 0;
    size_t high = window_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if ((uintptr_t)windows[middle]->base <= (uintptr_t)address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct bell_window *bell_window_reserve(size_t pages, const char *name, uint64_t object)
{
    struct bell_window *window = calloc(1, sizeof(*window));
    size_t rank;

    if (window_count == window_room) {
        window_room = window_room == 0 ? 64 : window_room * 2;
        windows = realloc(windows, window_room * sizeof(struct bell_window *));
    }
    if (window == NULL || windows == NULL)
        refuse("no memory for its record", name);
    window->base = mmap(NULL, pages * BELL_PAGE, PROT_NONE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (window->base == MAP_FAILED)
        refuse("mmap", name);
    window->pages = pages;
    window->kind = BELL_WINDOW_DEAD;
    window->name = name;
    window->object = object;
    rank = rank_of(window->base);
    memmove(windows + rank + 1, windows + rank,
            (window_count - rank) * sizeof(struct bell_window *));
    windows[rank] = window;
    window_count++;
    return window;
}

static bool point_refused(const struct bell_window *window, enum bell_window_kind kind,
                          uint64_t target)
{
    bool arena = kind == BELL_WINDOW_MEMORY || kind == BELL_WINDOW_TRAPPED;

    if (arena ? bell_phys_range_used(target, window->pages)
              : kind != BELL_WINDOW_MMIO || target % BELL_PAGE == 0)
        return false;
    bell_sim_fail("window '%s' of object %llu: cannot lead to 0x%llx: expected %zu %s pages",
                  window->name, (unsigned long long)window->object, (unsigned long long)target,
                  window->pages, arena ? "allocated" : "aligned device");
    return true;
}

void bell_window_point(struct bell_window *window, enum bell_window_kind kind, uint64_t target,
                       bool writable)
{
    size_t bytes = window->pages * BELL_PAGE;
    void *mapped;

    if (point_refused(window, kind, target))
        return;
    if (kind == BELL_WINDOW_MEMORY)
        mapped = mmap(window->base, bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ,
                      MAP_SHARED | MAP_FIXED, bell_phys_file(), (off_t)target);
    else if (window->kind == BELL_WINDOW_MEMORY)
        mapped = mmap(window->base, bytes, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    else
        mapped = window->base; /* Without access already. */
    if (mapped == MAP_FAILED)
        refuse("mmap", window->name);
    window->kind = kind;
    window->target = kind == BELL_WINDOW_DEAD ? 0 : target;
    window->writable = kind != BELL_WINDOW_DEAD && writable;
}

static bool holds(const struct bell_window *window, const char *address)
{
    return (uintptr_t)address - (uintptr_t)window->base < window->pages * BELL_PAGE;
}

struct bell_window *bell_window_find(const void *address)
{
    size_t rank;

    if (last_found != NULL && holds(last_found, address))
        return last_found;
    rank = rank_of(address);
    if (rank == 0 || !holds(windows[rank - 1], address))
        return NULL;
    last_found = windows[rank - 1];
    return last_found;
}

const struct bell_window *bell_window_leading_to(uint64_t phys, size_t pages)
{
    for (size_t i = 0; i < window_count; i++) {
        const struct bell_window *window = windows[i];

        if ((window->kind == BELL_WINDOW_MEMORY || window->kind == BELL_WINDOW_TRAPPED) &&
            window->target < phys + pages * BELL_PAGE &&
            phys < window->target + window->pages * BELL_PAGE)
            return window;
    }
    return NULL;
}

void bell_window_cleanup(void)
{
    for (size_t i = 0; i < window_count; i++) {
        munmap(windows[i]->base, windows[i]->pages * BELL_PAGE);
        free(windows[i]);
    }
    free(windows);
    windows = NULL;
    last_found = NULL;
    window_count = window_room = 0;
}
