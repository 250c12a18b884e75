/* SPDX-License-Identifier: MIT */
/*
 * Eviction in D3: the contents move to other pages, so that whoever kept an old address finds
 * poison. The CPU's view moves along and stays usable (DB-RES-03); the device's comes back with
 * page-in. Nothing here waits: to software all of it happens at once.
 */
#include "os_power.h"

#include <string.h>

/* Move the contents and all CPU views; the device's views end. */
static void move(struct os_allocation *allocation, const char *name)
{
    size_t pages = allocation->size / BELL_PAGE;
    uint64_t from = allocation->phys;
    uint64_t to = bell_phys_alloc(pages);
    struct belfry_record *record;

    if (!to)
        bell_sim_fail("power: %s of allocation 0x%08X: no %zu free pages", name,
                      allocation->base.name, pages);
    memcpy(bell_phys_ptr(to), bell_phys_ptr(from), allocation->size);
    allocation->phys = to;
    if (allocation->window && allocation->window->kind != BELL_WINDOW_DEAD)
        os_window_point(allocation->window, allocation->window->kind, to,
                        allocation->window->writable);
    os_gpuva_moved(allocation, to - from);
    bell_phys_free(from, pages);
    record = os_trace(BELFRY_ALLOC, name, allocation->base.name);
    record->value = to;
    record->value2 = from;
}

void os_power_page_out(void)
{
    struct os_allocation *allocation = NULL;

    while ((allocation = os_object_next(allocation, OS_ALLOCATION, NULL, NULL)) != NULL) {
        if (!allocation->resident || allocation->paged_out || !allocation->phys)
            continue;
        allocation->paged_out = true;
        move(allocation, "page-out");
    }
}

void os_power_page_in(void)
{
    struct os_allocation *allocation = NULL;

    while ((allocation = os_object_next(allocation, OS_ALLOCATION, NULL, NULL)) != NULL) {
        if (!allocation->paged_out || !allocation->phys)
            continue;
        move(allocation, "page-in");
        allocation->paged_out = false;
        os_gpuva_refresh(allocation);
    }
}
