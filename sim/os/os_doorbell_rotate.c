/* SPDX-License-Identifier: MIT */
/*
 * Status word and mapping of a doorbell, under its leaf lock: the heart of the protocol.
 *
 * connect     (slot routed in the DDI), map, barrier, status                 A-07
 * disconnect  status, barrier, rotate, drain, (slot freed by the driver)    
 * The severity of the status only rises by disconnects: CONNECTED* < RETRY < ABORT.
 */
#include "os_objects.h"

static int severity(uint64_t status)
{
    switch (status) {
    case D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT:
        return 2;
    case D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY:
        return 1;
    default:
        return 0;
    }
}

static void write_status(struct os_doorbell *doorbell, uint64_t status)
{
    uint64_t old = *doorbell->status;
    struct belfry_record *record;

    if (old == status)
        return;
    __atomic_store_n(doorbell->status, status, __ATOMIC_SEQ_CST);
    doorbell->monitor.status = status;
    doorbell->monitor.has_status = true;
    record = os_trace(BELFRY_STATUS, "status", doorbell->base.name);
    record->value = status;
    record->value2 = old;
}

static void raise_status(struct os_doorbell *doorbell, D3DDDI_DOORBELLSTATUS reason)
{
    if (doorbell->status && severity((uint64_t)reason) > severity(*doorbell->status))
        write_status(doorbell, (uint64_t)reason);
}

static void note_mapping(struct os_doorbell *doorbell, enum belfry_mapping mapping,
                         const struct os_places *bar2)
{
    struct belfry_record *record;

    doorbell->mapping = mapping;
    doorbell->bar2 = *bar2;
    record = os_trace(BELFRY_MAP, "doorbell", doorbell->base.name);
    record->value = mapping;
    record->value2 = bar2->first;
    if (!doorbell->second)
        return;
    record = os_trace(BELFRY_MAP, "secondary", doorbell->base.name);
    record->value = mapping;
    record->value2 = bar2->second;
}

/* Both registers of a doorbell go the same way, always (DB-SEC-03). */
static void point(struct os_doorbell *doorbell, const char *name, enum bell_window_kind kind,
                  uint64_t first, uint64_t second)
{
    doorbell->window->name = name;
    os_window_point(doorbell->window, kind, first, true);
    if (!doorbell->second)
        return;
    doorbell->second->name = name;
    os_window_point(doorbell->second, kind, second, true);
}

static void point_at_dummy(struct os_doorbell *doorbell)
{
    uint64_t dummy = doorbell->base.process->dummy;

    point(doorbell, "dummy", os_window_rw(), dummy, dummy);
    note_mapping(doorbell, BELFRY_MAPPED_DUMMY, &(struct os_places){ 0 });
}

static uint64_t page_of(uint64_t bar2)
{
    return bar2 / BELL_PAGE * BELL_PAGE;
}

static void point_at_slot(struct os_doorbell *doorbell, const struct os_places *bar2)
{
    point(doorbell, "doorbell", BELL_WINDOW_MMIO, BELL_DEVICE_BAR2 + page_of(bar2->first),
          BELL_DEVICE_BAR2 + page_of(bar2->second));
    note_mapping(doorbell, BELFRY_MAPPED_SLOT, bar2);
}

/*
 * a page of several doorbells leads into one process only. The same address in several
 * processes is another thing: the one doorbell of the global model.
 */
static bool page_is_foreign(const struct os_doorbell *doorbell, uint64_t bar2)
{
    const struct os_doorbell *other = NULL;

    while ((other = os_object_next(other, OS_DOORBELL, NULL, NULL)) != NULL) {
        if (other->mapping == BELFRY_MAPPED_SLOT &&
            other->base.process != doorbell->base.process && other->bar2.first != bar2 &&
            page_of(other->bar2.first) == page_of(bar2))
            return true;
    }
    return false;
}

void *os_doorbell_address(const struct os_doorbell *doorbell)
{
    return doorbell->window->base + doorbell->offset;
}

void *os_doorbell_second_address(const struct os_doorbell *doorbell)
{
    return doorbell->second ? doorbell->second->base + doorbell->offset : NULL;
}

static void rotate_to_dummy(struct os_doorbell *doorbell)
{
    if (doorbell->mapping == BELFRY_MAPPED_SLOT)
        point_at_dummy(doorbell);
}

bool os_doorbell_map_new(struct os_doorbell *doorbell, struct os_queue *queue)
{
    D3DKMT_HANDLE name = doorbell->base.name;

    doorbell->status_phys = bell_phys_alloc(1);
    if (!doorbell->status_phys)
        return false;
    doorbell->status = bell_phys_ptr(doorbell->status_phys);
    write_status(doorbell, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    doorbell->window = bell_window_reserve(doorbell->base.process->dummy_pages, "doorbell", name);
    if (doorbell->has_second)
        doorbell->second = bell_window_reserve(doorbell->base.process->dummy_pages, "doorbell",
                                               name);
    doorbell->status_window = bell_window_reserve(1, "status", name);
    doorbell->lqv_window = bell_window_reserve(1, "lqv", name);
    point_at_dummy(doorbell);
    os_window_point(doorbell->status_window, os_window_ro(), doorbell->status_phys, false);
    os_window_point(doorbell->lqv_window, os_window_rw(), queue->lqv_phys, true);
    return true;
}

void os_doorbell_unmap(struct os_doorbell *doorbell)
{
    os_lock_acquire(&doorbell->leaf);
    point(doorbell, "doorbell", BELL_WINDOW_DEAD, 0, 0);
    os_window_point(doorbell->status_window, BELL_WINDOW_DEAD, 0, false);
    os_window_point(doorbell->lqv_window, BELL_WINDOW_DEAD, 0, false);
    note_mapping(doorbell, BELFRY_MAPPED_NONE, &(struct os_places){ 0 });
    doorbell->status = NULL;
    bell_phys_free(doorbell->status_phys, 1);
    os_lock_release(&doorbell->leaf);
}

NTSTATUS os_doorbell_connect_begin(struct os_doorbell *doorbell, uint64_t *generation)
{
    NTSTATUS status = STATUS_PENDING;

    os_lock_acquire(&doorbell->leaf);
    *generation = doorbell->generation;
    if (severity(*doorbell->status) == 2)
        status = STATUS_DEVICE_REMOVED; /* DB-CON-08 */
    else if (severity(*doorbell->status) == 0)
        status = STATUS_SUCCESS; /* DB-CON-07 */
    os_lock_release(&doorbell->leaf);
    return status;
}

NTSTATUS os_doorbell_connect_end(struct os_doorbell *doorbell, uint64_t generation,
                                 const struct os_places *bar2, D3DDDI_DOORBELLSTATUS status)
{
    NTSTATUS result = STATUS_SUCCESS;

    os_lock_acquire(&doorbell->leaf);
    if (doorbell->generation == generation && page_is_foreign(doorbell, bar2->first)) {
        result = STATUS_UNSUCCESSFUL;
    } else if (doorbell->generation == generation) {
        point_at_slot(doorbell, bar2);
        KeMemoryBarrier();
        write_status(doorbell, (uint64_t)status);
    } else if (severity(*doorbell->status) == 2) {
        result = STATUS_DEVICE_REMOVED; /* */
    }
    os_lock_release(&doorbell->leaf);
    return result;
}

static void set_status(struct os_doorbell *doorbell, D3DDDI_DOORBELLSTATUS reason)
{
    os_lock_acquire(&doorbell->leaf);
    doorbell->generation++;
    raise_status(doorbell, reason);
    os_lock_release(&doorbell->leaf);
    KeMemoryBarrier();
}

/* Complete when the stores that were translated before it have been issued and answered. */
static void rotate(struct os_doorbell *doorbell)
{
    os_lock_acquire(&doorbell->leaf);
    doorbell->generation++;
    rotate_to_dummy(doorbell);
    os_lock_release(&doorbell->leaf);
    bell_bus_drain_all();
}

void os_doorbell_detach(struct os_doorbell *doorbell, D3DDDI_DOORBELLSTATUS reason)
{
    if (os_adapter.disconnect_published) {
        rotate(doorbell);
        bell_os_point("disconnect.rotate-to-status");
        set_status(doorbell, reason);
    } else {
        set_status(doorbell, reason);
        bell_os_point("disconnect.status-to-rotate");
        rotate(doorbell);
    }
    bell_os_point("disconnect.rotate-to-return");
}

void os_doorbell_detach_again(struct os_doorbell *doorbell)
{
    os_lock_acquire(&doorbell->leaf);
    rotate_to_dummy(doorbell);
    raise_status(doorbell, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    os_lock_release(&doorbell->leaf);
}
