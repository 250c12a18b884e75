/* SPDX-License-Identifier: MIT */
#include "bell_kmd_layout.h"

#include "bell_kmd_doorbell.h"
#include "bell_kmd_mmio.h"
#include "bell_kmd_queue.h"
#include "bell_kmd_settings.h"
#include "bell_kmd_slot.h"

#define SLOTS_IN_A_PAGE (PAGE_SIZE / BELL_PACKED_BYTES)

/* Bytes of BAR2 up to the end of the last doorbell. */
static UINT64 bytes_in_use(const struct bell_adapter *adapter)
{
    switch (adapter->layout) {
    case BELL_LAYOUT_PACKED:
        return BELL_PACKED_FIRST + (UINT64)adapter->slot_count * BELL_PACKED_BYTES;
    case BELL_LAYOUT_GLOBAL:
        return BELL_GLOBAL_FIRST + BELL_KMD_GLOBAL_PAGES * BELL_GLOBAL_BYTES;
    default:
        return BELL_DOORBELL_FIRST + (UINT64)adapter->slot_count * BELL_DOORBELL_BYTES;
    }
}

NTSTATUS bell_kmd_layout_start(struct bell_adapter *adapter, ULONG bar2_bytes)
{
    UINT32 wanted = bell_kmd_settings.doorbell_layout;
    UINT64 caps = bell_kmd_read(adapter, BELL_CAPS_OFFSET);

    if (wanted > BELL_LAYOUT_GLOBAL ||
        (wanted != BELL_LAYOUT_PAGE && (BELL_FIELD_GET(caps, BELL_CAPS_LAYOUTS) >> wanted & 1) == 0))
        return STATUS_NOT_SUPPORTED;
    adapter->layout = (enum bell_layout)wanted;
    if (bar2_bytes < bytes_in_use(adapter))
        return STATUS_INVALID_PARAMETER;
    adapter->secondary = BELL_FIELD_GET(caps, BELL_CAPS_SECONDARY) != 0 &&
                         bar2_bytes >= BELL_SECONDARY_FIRST + bytes_in_use(adapter);
    bell_kmd_write(adapter, BELL_DOORBELLS_OFFSET, BELL_FIELD_PUT(BELL_DOORBELLS_LAYOUT, wanted));
    if (BELL_FIELD_GET(bell_kmd_read(adapter, BELL_DOORBELLS_OFFSET), BELL_DOORBELLS_IN_FORCE) !=
        wanted)
        return STATUS_NOT_SUPPORTED;
    return STATUS_SUCCESS;
}

static UINT32 offset_of_slot(const struct bell_adapter *adapter, UINT32 slot)
{
    return adapter->layout == BELL_LAYOUT_PACKED ? slot % SLOTS_IN_A_PAGE * BELL_PACKED_BYTES : 0;
}

UINT32 bell_kmd_layout_offset(const struct bell_adapter *adapter, UINT32 hw_id, bool declared)
{
    UINT32 choices = adapter->slot_count < SLOTS_IN_A_PAGE ? adapter->slot_count : SLOTS_IN_A_PAGE;

    return declared ? offset_of_slot(adapter, hw_id % choices) : 0;
}

bool bell_kmd_layout_suits(const struct bell_adapter *adapter, UINT32 slot,
                           const struct bell_doorbell *doorbell)
{
    return offset_of_slot(adapter, slot) == doorbell->in_page_offset;
}

static struct bell_process *process_of(const struct bell_doorbell *doorbell)
{
    return doorbell->queue->context->device->process;
}

bool bell_kmd_layout_in_the_way(const struct bell_adapter *adapter, UINT32 slot, UINT32 wanted,
                                const struct bell_doorbell *doorbell)
{
    const struct bell_doorbell *owner = adapter->slots[slot].owner;

    return owner != NULL && (slot == wanted || process_of(owner) != process_of(doorbell));
}

UINT32 bell_kmd_layout_neighbours(const struct bell_adapter *adapter, UINT32 slot, UINT32 *first)
{
    if (adapter->layout != BELL_LAYOUT_PACKED) {
        *first = slot;
        return 1;
    }
    *first = slot - slot % SLOTS_IN_A_PAGE;
    return adapter->slot_count - *first < SLOTS_IN_A_PAGE ? adapter->slot_count - *first
                                                          : SLOTS_IN_A_PAGE;
}

static bool is_taken(const struct bell_adapter *adapter, UINT32 page)
{
    return (adapter->global_pages[page / 8] >> page % 8 & 1) != 0;
}

static VOID find_page(struct bell_adapter *adapter, struct bell_process *process)
{
    for (UINT32 page = 1; process->global_page == 0 && page < BELL_KMD_GLOBAL_PAGES; page++) {
        if (!is_taken(adapter, page))
            process->global_page = page;
    }
    adapter->global_pages[process->global_page / 8] |= (UCHAR)(1u << process->global_page % 8);
}

NTSTATUS bell_kmd_layout_listen(struct bell_adapter *adapter, const struct bell_doorbell *doorbell)
{
    struct bell_process *process = process_of(doorbell);
    UINT32 offset = BELL_TOKEN_LISTEN_OFFSET(doorbell->queue->hw_id);

    find_page(adapter, process);
    bell_kmd_write(adapter, offset, BELL_TOKEN_LISTEN_VALID_MASK |
                                        BELL_FIELD_PUT(BELL_TOKEN_LISTEN_PAGE, process->global_page));
    if (bell_kmd_read(adapter, offset) == BELL_KMD_ALL_ONES) {
        adapter->lost = true;
        return STATUS_DEVICE_REMOVED;
    }
    return STATUS_SUCCESS;
}

VOID bell_kmd_layout_deafen(struct bell_adapter *adapter, const struct bell_doorbell *doorbell)
{
    if (adapter->lost)
        return;
    bell_kmd_write(adapter, BELL_TOKEN_LISTEN_OFFSET(doorbell->queue->hw_id), 0);
    bell_kmd_flush(adapter);
}

VOID bell_kmd_layout_forget(struct bell_adapter *adapter, const struct bell_process *process)
{
    UINT32 page = process->global_page;

    bell_kmd_lock(&adapter->slot_lock);
    if (page != 0)
        adapter->global_pages[page / 8] &= (UCHAR)~(1u << page % 8);
    bell_kmd_unlock(&adapter->slot_lock);
}

static UINT32 place_of(const struct bell_doorbell *doorbell)
{
    switch (doorbell->queue->adapter->layout) {
    case BELL_LAYOUT_PACKED:
        return BELL_PACKED_FIRST + doorbell->slot * BELL_PACKED_BYTES + BELL_PACKED_RING_OFFSET;
    case BELL_LAYOUT_GLOBAL:
        return BELL_GLOBAL_FIRST + process_of(doorbell)->global_page * BELL_GLOBAL_BYTES +
               BELL_GLOBAL_RING_OFFSET;
    default:
        return BELL_DOORBELL_FIRST + doorbell->slot * BELL_DOORBELL_BYTES +
               BELL_DOORBELL_RING_OFFSET;
    }
}

VOID *bell_kmd_layout_address(const struct bell_doorbell *doorbell)
{
    return (VOID *)(ULONG_PTR)(doorbell->queue->adapter->bar2 + place_of(doorbell));
}

VOID *bell_kmd_layout_second_address(const struct bell_doorbell *doorbell)
{
    return (VOID *)(ULONG_PTR)(doorbell->queue->adapter->bar2 + BELL_SECONDARY_FIRST +
                               place_of(doorbell));
}
