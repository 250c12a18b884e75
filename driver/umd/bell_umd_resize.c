/* SPDX-License-Identifier: MIT */
/*
 * Resize: drain, destroy the doorbell, create another with the resize flag, go on (DB-RSZ-02). The
 * queue, its progress fence and its numbers stay; ring, control area and both pointers are new, so
 * that nothing of the old ring can be taken for an entry of the new one. The first submission
 * connects.
 */
#include "bell_umd_internal.h"

/* Everything that was queued has run, on a doorbell that is not given up. */
static NTSTATUS drain(struct bell_umd_queue *queue)
{
    if (queue->queued == queue->base)
        return STATUS_SUCCESS;
    return bell_umd_wait(queue, queue->queued);
}

static NTSTATUS replace_ring(struct bell_umd_queue *queue, UINT32 entries)
{
    NTSTATUS status;

    bell_umd_readers_out(queue);
    bell_umd_queue_destroy_ring(queue);
    queue->desc.ring_entries = entries;
    status = bell_umd_queue_create_ring(queue, true);
    if (!NT_SUCCESS(status))
        bell_umd_queue_destroy_ring(queue);
    bell_umd_readers_in(queue);
    return status;
}

static NTSTATUS resize(struct bell_umd_queue *queue, UINT32 entries)
{
    UINT32 before = queue->desc.ring_entries;
    NTSTATUS status = drain(queue);

    if (status == STATUS_DEVICE_REMOVED)
        bell_umd_queue_give_up(queue);
    if (!NT_SUCCESS(status))
        return status;
    status = replace_ring(queue, entries);
    if (NT_SUCCESS(status)) {
        queue->stats.resizes++;
        return status;
    }
    if (NT_SUCCESS(replace_ring(queue, before)))
        return status;
    bell_umd_queue_give_up(queue);
    return STATUS_DEVICE_REMOVED;
}

NTSTATUS bell_umd_queue_resize(struct bell_umd_queue *queue, UINT32 ring_entries)
{
    UINT32 entries = ring_entries != 0 ? ring_entries : BELL_UMD_DEFAULT_ENTRIES;
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    bell_umd_lock_take(&queue->lock);
    if (queue->dead)
        status = STATUS_DEVICE_REMOVED;
    else if (!queue->desc.kernel_mode && bell_umd_ring_size_is_valid(queue->device, entries))
        status = resize(queue, entries);
    bell_umd_lock_drop(&queue->lock);
    return status;
}
