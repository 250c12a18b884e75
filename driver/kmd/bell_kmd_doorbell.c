/* SPDX-License-Identifier: MIT */
#include "bell_kmd_doorbell.h"

#include <string.h>

#include "bell_kmd_alloc.h"
#include "bell_kmd_layout.h"
#include "bell_kmd_queue.h"
#include "bell_kmd_slot.h"

struct ring_place {
    D3DGPU_VIRTUAL_ADDRESS ring;
    D3DGPU_VIRTUAL_ADDRESS control;
    UINT32 log2_entries;
};

/* log2 of the largest power of two of entries that fits; 0 if not even two do. */
static UINT32 fitting_log2(UINT64 bytes)
{
    UINT32 log2 = 0;

    while (log2 < BELL_KMD_MAX_LOG2_ENTRIES && (UINT64)BELL_ENTRY_BYTES << (log2 + 1) <= bytes)
        log2++;
    return log2;
}

static bool own_allocation(const struct bell_adapter *adapter, const VOID *handle)
{
    return bell_kmd_is(handle, BELL_KIND_ALLOCATION) &&
           ((const struct bell_allocation *)handle)->adapter == adapter;
}

/* Where the ring lies, from the driver's own objects alone; see bell_private.h. */
static bool locate_ring(const struct bell_queue *queue, struct bell_allocation *ring,
                        struct bell_allocation *control, struct ring_place *place)
{
    const struct bell_process *process = queue->context->device->process;
    UINT64 kept = control == NULL ? BELL_CONTROL_BYTES : 0;
    UINT64 entry_bytes;

    if (!own_allocation(queue->adapter, ring) || ring->size <= kept ||
        (control != NULL && !own_allocation(queue->adapter, control)))
        return false;
    place->log2_entries = fitting_log2(ring->size - kept);
    entry_bytes = (UINT64)BELL_ENTRY_BYTES << place->log2_entries;
    if (place->log2_entries == 0 ||
        !bell_kmd_allocation_address(ring, process, entry_bytes + kept, &place->ring) ||
        place->ring % PAGE_SIZE != 0)
        return false;
    if (control == NULL) {
        place->control = place->ring + entry_bytes;
        return true;
    }
    return control->size >= BELL_CONTROL_BYTES &&
           bell_kmd_allocation_address(control, process, BELL_CONTROL_BYTES, &place->control) &&
           place->control % BELL_CONTROL_BYTES == 0;
}

static bool create_args_are_valid(const DXGKARG_CREATEDOORBELL *args)
{
    const struct bell_queue *queue = args->hHwQueue;

    return bell_kmd_is(queue, BELL_KIND_QUEUE) && queue->user_mode && args->Flags.Reserved == 0 &&
           args->PrivateDriverDataSize <= D3DDDI_DOORBELL_PRIVATEDATA_MAX_BYTES_WDDM3_1 &&
           (args->PrivateDriverDataSize == 0 || args->PrivateDriverData != NULL);
}

static bool attach_to_queue(struct bell_doorbell *doorbell, const struct ring_place *place)
{
    struct bell_queue *queue = doorbell->queue;
    bool attached;

    bell_kmd_lock(&queue->adapter->slot_lock);
    attached = queue->doorbell == NULL && !queue->open && !queue->restore;
    if (attached) {
        queue->doorbell = doorbell;
        queue->ring = place->ring;
        queue->control = place->control;
        queue->log2_entries = place->log2_entries;
    }
    bell_kmd_unlock(&queue->adapter->slot_lock);
    return attached;
}

static bool can_be_told(const DXGKARG_CREATEDOORBELL *args)
{
    return args->PrivateDriverDataSize >= sizeof(BELL_DOORBELL_PRIVATE);
}

static VOID answer_private_data(const struct bell_doorbell *doorbell,
                                const DXGKARG_CREATEDOORBELL *args)
{
    BELL_DOORBELL_PRIVATE answer;

    if (!can_be_told(args))
        return;
    answer.queue_token = doorbell->queue->hw_id;
    answer.in_page_offset = doorbell->in_page_offset;
    answer.version = BELL_INTERFACE_VERSION;
    memcpy(args->PrivateDriverData, &answer, sizeof(answer));
}

NTSTATUS bell_kmd_doorbell_create(DXGKARG_CREATEDOORBELL *args)
{
    struct bell_queue *queue = args->hHwQueue;
    struct bell_doorbell *doorbell;
    struct ring_place place;

    if (!create_args_are_valid(args) ||
        !locate_ring(queue, args->hRingBuffer, args->hRingBufferControl, &place) ||
        (queue->adapter->layout == BELL_LAYOUT_GLOBAL && !can_be_told(args)))
        return STATUS_INVALID_PARAMETER;
    doorbell = bell_kmd_alloc(sizeof(*doorbell));
    if (doorbell == NULL)
        return STATUS_NO_MEMORY;
    doorbell->kind = BELL_KIND_DOORBELL;
    doorbell->queue = queue;
    doorbell->os_doorbell = args->hDoorbell;
    doorbell->slot = BELL_SLOT_NONE;
    doorbell->in_page_offset =
        bell_kmd_layout_offset(queue->adapter, queue->hw_id, can_be_told(args));
    if (!attach_to_queue(doorbell, &place)) {
        bell_kmd_free(doorbell);
        return STATUS_INVALID_PARAMETER;
    }
    answer_private_data(doorbell, args);
    args->hDoorbell = doorbell;
    return STATUS_SUCCESS;
}

/* Under slot_lock. */
static NTSTATUS connect_locked(struct bell_doorbell *doorbell)
{
    struct bell_queue *queue = doorbell->queue;
    struct bell_adapter *adapter = queue->adapter;
    UINT32 slot;
    NTSTATUS status;

    if (adapter->lost || !adapter->started || bell_kmd_queue_is_dead(queue))
        return STATUS_DEVICE_REMOVED;
    if (adapter->off)
        return STATUS_INVALID_DEVICE_STATE;
    if (doorbell->slot == BELL_SLOT_NONE) {
        status = bell_kmd_queue_open(queue);
        if (!NT_SUCCESS(status))
            return status;
        status = bell_kmd_slot_acquire(adapter, doorbell, &slot);
        if (!NT_SUCCESS(status))
            return status;
        status = bell_kmd_slot_route(adapter, slot, doorbell);
        if (!NT_SUCCESS(status))
            return status;
    }
    bell_kmd_queue_kick(queue);
    doorbell->connecting = true;
    return STATUS_SUCCESS;
}

/* Under slot_lock, connected. */
static VOID answer_connect(const struct bell_doorbell *doorbell, DXGKARG_CONNECTDOORBELL *args)
{
    const struct bell_queue *queue = doorbell->queue;

    args->KernelCpuVirtualAddress = bell_kmd_layout_address(doorbell);
    args->SecondaryKernelCpuVirtualAddress =
        args->Flags.RequireSecondaryAddress
            ? bell_kmd_layout_second_address(doorbell) : NULL;
    args->Status = queue->notify ? D3DDDI_DOORBELLSTATUS_CONNECTED_NOTIFY_KMD
                                 : D3DDDI_DOORBELLSTATUS_CONNECTED;
}

NTSTATUS bell_kmd_doorbell_connect(struct bell_doorbell *doorbell, DXGKARG_CONNECTDOORBELL *args)
{
    struct bell_adapter *adapter = doorbell->queue->adapter;
    NTSTATUS status;

    if (args->Flags.RequireSecondaryAddress && !adapter->secondary)
        return STATUS_NOT_SUPPORTED;
    for (UINT32 tries = 0;; tries++) {
        bell_kmd_lock(&adapter->slot_lock);
        status = connect_locked(doorbell);
        if (NT_SUCCESS(status))
            answer_connect(doorbell, args);
        bell_kmd_unlock(&adapter->slot_lock);
        if (status != STATUS_DEVICE_NOT_READY)
            break;
        if (tries == BELL_KMD_CONNECT_TRIES)
            return STATUS_IO_TIMEOUT;
        YieldProcessor();
    }
    if (!NT_SUCCESS(status))
        return status;
    doorbell->connecting = false; /* Last: from here on it may be a victim. */
    return STATUS_SUCCESS;
}

/* Under slot_lock. A queue that was never opened is opened for its sample: work appended before any
 * connect must run as well. */
static VOID sample_and_release(struct bell_doorbell *doorbell)
{
    struct bell_queue *queue = doorbell->queue;

    if (doorbell->slot != BELL_SLOT_NONE)
        bell_kmd_slot_release(queue->adapter, doorbell);
    else if (NT_SUCCESS(bell_kmd_queue_open(queue)))
        bell_kmd_queue_kick(queue);
}

VOID bell_kmd_doorbell_disconnect(struct bell_doorbell *doorbell)
{
    struct bell_adapter *adapter = doorbell->queue->adapter;

    bell_kmd_lock(&adapter->slot_lock);
    if (adapter->started)
        sample_and_release(doorbell);
    bell_kmd_unlock(&adapter->slot_lock);
}

VOID bell_kmd_doorbell_destroy(struct bell_doorbell *doorbell)
{
    struct bell_queue *queue = doorbell->queue;
    struct bell_adapter *adapter = queue->adapter;

    bell_kmd_lock(&adapter->slot_lock);
    if (adapter->started)
        bell_kmd_slot_release(adapter, doorbell);
    queue->doorbell = NULL;
    bell_kmd_unlock(&adapter->slot_lock);

    (VOID)bell_kmd_queue_close(queue);
    doorbell->kind = 0;
    bell_kmd_free(doorbell);
}
