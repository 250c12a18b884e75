/* SPDX-License-Identifier: MIT */
/*
 * Eviction in D3: the contents move to other pages, so that whoever kept an old address finds
 * poison. The CPU's view moves along and stays usable (DB-RES-03); the device's comes back with
 * page-in. Nothing here waits: to software all of it happens at once.
 */
#include "os_power.h"

#include <string.h>

/* Move the contents and all CPU views, of every opening; the device's views end. The openings that
 * are resident on the way out, and those alone, are marked and recorded. */
static void move(struct os_backing *backing, const char *name, bool out)
{
    size_t pages = backing->size / BELL_PAGE;
    uint64_t from = backing->phys;
    uint64_t to = bell_phys_alloc(pages);
    struct os_allocation *allocation = NULL;

    if (!to)
        bell_sim_fail("power: %s of an allocation: no %zu free pages", name, pages);
    memcpy(bell_phys_ptr(to), bell_phys_ptr(from), backing->size);
    backing->phys = to;
    while ((allocation = os_object_next(allocation, OS_ALLOCATION, NULL, NULL)) != NULL) {
        struct belfry_record *record;
        bool moves = out ? allocation->resident != 0 : allocation->paged_out;

        if (allocation->backing != backing)
            continue;
        if (allocation->window && allocation->window->kind != BELL_WINDOW_DEAD)
            os_window_point(allocation->window, allocation->window->kind, to,
                            allocation->window->writable);
        os_gpuva_moved(allocation, to - from);
        allocation->paged_out = out && moves;
        if (!moves)
            continue;
        record = os_trace(BELFRY_ALLOC, name, allocation->base.name);
        record->value = to;
        record->value2 = from;
    }
    bell_phys_free(from, pages);
}

void os_power_page_out(void)
{
    struct os_allocation *allocation = NULL;

    while ((allocation = os_object_next(allocation, OS_ALLOCATION, NULL, NULL)) != NULL)
        if (allocation->resident && !allocation->paged_out && allocation->backing->phys)
            move(allocation->backing, "page-out", true);
}

void os_power_page_in(void)
{
    struct os_allocation *allocation = NULL;

    while ((allocation = os_object_next(allocation, OS_ALLOCATION, NULL, NULL)) != NULL) {
        struct os_allocation *opening = NULL;

        if (!allocation->paged_out || !allocation->backing->phys)
            continue;
        move(allocation->backing, "page-in", false);
        while ((opening = os_object_next(opening, OS_ALLOCATION, NULL, NULL)) != NULL)
            if (opening->backing == allocation->backing)
                os_gpuva_refresh(opening);
    }
}
