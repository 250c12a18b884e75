/* SPDX-License-Identifier: MIT */
/*
 * One submission, in the order that loses no wake-up (DB-PF-01, DB-UMD-04, A-08):
 *
 *     LQV -> ring entry -> WPTR -> ring -> full barrier -> status
 *
 * A status that reads CONNECTED was read before the OS wrote RETRY, so WPTR was stored before the OS
 * took its last sample. A status that reads RETRY leads to a connect, which samples WPTR.
 */
#include "bell_ring.h"
#include "bell_umd_internal.h"

enum { CONNECT_TRIES = 64 };

static bool is_transient(NTSTATUS status)
{
    return status == STATUS_DEVICE_NOT_READY || status == STATUS_NO_MEMORY ||
           status == STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS wait_for_room(struct bell_umd_queue *queue)
{
    UINT64 seen = queue->control[BELL_CONTROL_RPTR_OFFSET / 8];
    UINT32 turns = 0;

    if (queue->wptr - seen <= queue->ring_mask)
        return STATUS_SUCCESS;
    queue->stats.full_waits++;
    while (turns++ < BELL_UMD_STALL_TURNS) {
        UINT64 rptr = queue->control[BELL_CONTROL_RPTR_OFFSET / 8];

        if (queue->wptr - rptr <= queue->ring_mask)
            return STATUS_SUCCESS;
        if (*queue->status > D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY)
            return STATUS_DEVICE_REMOVED;
        if (rptr != seen)
            turns = 0;
        seen = rptr;
        YieldProcessor();
    }
    return STATUS_IO_TIMEOUT;
}

static void publish(struct bell_umd_queue *queue, UINT64 gpu, UINT32 bytes, UINT64 value)
{
    atomic_thread_fence(memory_order_release);
    *queue->last_queued = value;
    BELL_POINT("umd.lqv-to-wptr");
    bell_ring_store(&queue->ring[queue->wptr & queue->ring_mask], queue->wptr, gpu, bytes);
    atomic_thread_fence(memory_order_release);
    queue->wptr++;
    queue->control[BELL_CONTROL_WPTR_OFFSET / 8] = queue->wptr;
    BELL_POINT("umd.wptr-to-ring");
}

/* The secondary doorbell first: the primary's ring covers it. */
static void store_doorbells(struct bell_umd_queue *queue)
{
    UINT64 value = queue->rings_token ? queue->token : queue->wptr;

    if (queue->second != NULL) {
        *queue->second = value;
        queue->stats.rings++;
    }
    *queue->doorbell = value;
    queue->stats.rings++;
}

/* Ring, then read the status; the barrier keeps the load behind the posted store. */
static UINT64 ring(struct bell_umd_queue *queue)
{
    atomic_thread_fence(memory_order_release);
    store_doorbells(queue);
    atomic_thread_fence(memory_order_seq_cst);
    BELL_POINT("umd.ring-to-status");
    return *queue->status;
}

static NTSTATUS connect(struct bell_umd_queue *queue)
{
    D3DKMT_CONNECT_DOORBELL args = {.hDoorbell = queue->doorbell_handle};
    NTSTATUS status = STATUS_IO_TIMEOUT;
    unsigned tries;

    for (tries = 0; tries < CONNECT_TRIES; tries++) {
        queue->stats.connects++;
        status = D3DKMTConnectDoorbell(&args);
        if (!is_transient(status))
            break;
        YieldProcessor();
    }
    return status;
}

static void notify(struct bell_umd_queue *queue)
{
    D3DKMT_NOTIFY_WORK_SUBMISSION args = {.hDoorbell = queue->doorbell_handle};

    queue->stats.notifies++;
    (void)D3DKMTNotifyWorkSubmission(&args);
}

/* DB-UMD-05: after one successful connect and one ring the submission is complete. */
static NTSTATUS make_known(struct bell_umd_queue *queue)
{
    UINT64 status = ring(queue);

    if (status == D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY) {
        if (queue->stats.connects > 0)
            queue->stats.victimized++;
        if (!NT_SUCCESS(connect(queue)))
            return STATUS_DEVICE_REMOVED;
        status = ring(queue);
    }
    if (status > D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY)
        return STATUS_DEVICE_REMOVED;
    if (status == D3DDDI_DOORBELLSTATUS_CONNECTED_NOTIFY_KMD)
        notify(queue);
    return STATUS_SUCCESS;
}

static NTSTATUS submit_user(struct bell_umd_queue *queue, struct bell_umd_commands *commands)
{
    UINT64 value = queue->queued + 1 - queue->base;
    NTSTATUS status = wait_for_room(queue);
    UINT32 bytes;

    if (status == STATUS_IO_TIMEOUT)
        return status;
    queue->queued++;
    if (NT_SUCCESS(status)) {
        bytes = bell_umd_commands_end(commands, queue->progress_gpu, value, false);
        publish(queue, commands->gpu, bytes, value);
        status = make_known(queue);
    }
    if (!NT_SUCCESS(status))
        bell_umd_queue_give_up(queue);
    return status;
}

static NTSTATUS submit_kernel(struct bell_umd_queue *queue, struct bell_umd_commands *commands)
{
    UINT64 value = queue->queued + 1 - queue->base;
    D3DKMT_SUBMITCOMMANDTOHWQUEUE args = {
        .hHwQueue = queue->hw_queue,
        .HwQueueProgressFenceId = value,
        .CommandBuffer = commands->gpu,
        .CommandLength = bell_umd_commands_end(commands, queue->progress_gpu, value, true),
    };
    NTSTATUS status = STATUS_IO_TIMEOUT;
    unsigned tries;

    for (tries = 0; tries < BELL_UMD_STALL_TURNS; tries++) {
        status = D3DKMTSubmitCommandToHwQueue(&args);
        if (!is_transient(status))
            break;
        YieldProcessor();
    }
    if (NT_SUCCESS(status))
        queue->queued++;
    return is_transient(status) ? STATUS_IO_TIMEOUT : status;
}

NTSTATUS bell_umd_submit(struct bell_umd_queue *queue, struct bell_umd_commands *commands,
                         UINT64 *fence)
{
    NTSTATUS status;

    *fence = 0;
    if (commands->cpu == NULL || commands->overflow)
        return STATUS_INVALID_PARAMETER;
    bell_umd_lock_take(&queue->lock);
    if (queue->dead)
        status = STATUS_DEVICE_REMOVED;
    else
        status = queue->desc.kernel_mode ? submit_kernel(queue, commands)
                                         : submit_user(queue, commands);
    if (NT_SUCCESS(status))
        queue->stats.submissions++;
    if (NT_SUCCESS(status) || status == STATUS_DEVICE_REMOVED)
        *fence = queue->queued;
    bell_umd_lock_drop(&queue->lock);
    return status;
}
