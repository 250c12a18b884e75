/* SPDX-License-Identifier: MIT */
#include "bell_kmd_queue.h"

#include <string.h>

#include "bell_kmd_adapter.h"
#include "bell_kmd_isr.h"
#include "bell_kmd_mmio.h"
#include "bell_kmd_native_fence.h"
#include "bell_kmd_notify.h"
#include "bell_kmd_sched.h"
#include "bell_kmd_submit.h"

/* Take a hardware queue number. Numbers go round, so that one is not reused at once. */
static NTSTATUS take_hw_id(struct bell_adapter *adapter, struct bell_queue *queue)
{
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    KIRQL irql;

    KeAcquireSpinLock(&adapter->queue_lock, &irql);
    for (UINT32 i = 0; i < adapter->queue_count; i++) {
        UINT32 hw_id = (adapter->next_queue + i) % adapter->queue_count;

        if (adapter->queues[hw_id] == NULL) {
            adapter->queues[hw_id] = queue;
            adapter->next_queue = hw_id + 1;
            queue->hw_id = hw_id;
            status = STATUS_SUCCESS;
            break;
        }
    }
    KeReleaseSpinLock(&adapter->queue_lock, irql);
    return status;
}

/* A native progress fence is one of ours, opened for the process (NF-QUE-01). */
static NTSTATUS check_progress(const struct bell_context *context,
                               const DXGKARG_CREATEHWQUEUE *args)
{
    const struct bell_native_fence *fence = args->hHwQueueProgressFence;

    if (!args->Flags.NativeProgressFence)
        return STATUS_SUCCESS;
    if (!context->device->adapter->native_fence)
        return STATUS_NOT_SUPPORTED;
    return bell_kmd_is(fence, BELL_KIND_NATIVE_FENCE) && fence->adapter == context->device->adapter
               ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

static NTSTATUS check_flags(const struct bell_context *context, D3DDDI_CREATEHWQUEUEFLAGS flags)
{
    if (flags.Reserved != 0)
        return STATUS_INVALID_PARAMETER;
    if (flags.UserModeSubmission &&
        !bell_kmd_adapter_is_um_node(context->device->adapter, context->node))
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

static VOID link_to_context(struct bell_queue *queue)
{
    struct bell_context *context = queue->context;

    bell_kmd_lock(&context->run_lock);
    bell_kmd_lock(&queue->adapter->sched_lock);
    if (context->queues == NULL && !context->stuck)
        bell_kmd_sched_take_number(context);
    queue->next = context->queues;
    context->queues = queue;
    bell_kmd_unlock(&queue->adapter->sched_lock);
    bell_kmd_unlock(&context->run_lock);
}

/* `stuck`: the device still has it. */
static VOID unlink_from_context(struct bell_queue *queue, bool stuck)
{
    struct bell_context *context = queue->context;
    struct bell_queue **link = &context->queues;

    bell_kmd_lock(&context->run_lock);
    bell_kmd_lock(&queue->adapter->sched_lock);
    while (*link != NULL && *link != queue)
        link = &(*link)->next;
    if (*link != NULL)
        *link = queue->next;
    context->stuck |= stuck;
    if (context->queues == NULL && !context->stuck)
        bell_kmd_sched_drop_number(context);
    bell_kmd_unlock(&queue->adapter->sched_lock);
    bell_kmd_unlock(&context->run_lock);
}

NTSTATUS bell_kmd_queue_create(struct bell_context *context, DXGKARG_CREATEHWQUEUE *args)
{
    struct bell_adapter *adapter = context->device->adapter;
    struct bell_queue *queue;
    bool notify = false;
    NTSTATUS status;

    status = check_flags(context, args->Flags);
    if (NT_SUCCESS(status) && context->invalid)
        status = STATUS_DEVICE_REMOVED;
    if (NT_SUCCESS(status))
        status = check_progress(context, args);
    if (NT_SUCCESS(status))
        status = bell_kmd_notify_read(args, &notify);
    if (!NT_SUCCESS(status))
        return status;
    queue = bell_kmd_alloc(sizeof(*queue));
    if (queue == NULL)
        return STATUS_NO_MEMORY;
    queue->kind = BELL_KIND_QUEUE;
    queue->adapter = adapter;
    queue->context = context;
    queue->os_queue = args->hHwQueue;
    queue->user_mode = args->Flags.UserModeSubmission;
    queue->progress = args->HwQueueProgressFenceCPUVirtualAddress;
    queue->notify = notify;
    KeInitializeSpinLock(&queue->ring_lock);

    status = take_hw_id(adapter, queue);
    if (!NT_SUCCESS(status))
        goto free_queue;
    link_to_context(queue);
    if (!queue->user_mode) {
        status = bell_kmd_submit_attach_ring(queue);
        if (!NT_SUCCESS(status))
            goto unlink;
        status = bell_kmd_queue_open(queue);
        if (!NT_SUCCESS(status))
            goto detach_ring;
    }
    args->hHwQueue = queue;
    return STATUS_SUCCESS;

detach_ring:
    bell_kmd_submit_detach_ring(queue);
unlink:
    unlink_from_context(queue, false);
    bell_kmd_isr_forget_queue(queue);
free_queue:
    queue->kind = 0;
    bell_kmd_free(queue);
    return status;
}

VOID bell_kmd_queue_destroy(struct bell_queue *queue)
{
    NTSTATUS status = bell_kmd_queue_close(queue);

    unlink_from_context(queue, !NT_SUCCESS(status));
    if (NT_SUCCESS(status))
        bell_kmd_isr_forget_queue(queue);
    else
        bell_kmd_isr_retire_queue(queue);
    /* A device that did not let go may still write its read pointer: the ring is given up. */
    if (status != STATUS_IO_TIMEOUT)
        bell_kmd_submit_detach_ring(queue);
    queue->kind = 0;
    bell_kmd_free(queue);
}

static UINT64 config_word(const struct bell_queue *queue)
{
    const struct bell_process *process = queue->context->device->process;

    return BELL_FIELD_PUT(BELL_QUEUE_CONFIG_LOG2_ENTRIES, queue->log2_entries) |
           BELL_FIELD_PUT(BELL_QUEUE_CONFIG_KERNEL_RING, queue->user_mode ? 0u : 1u) |
           BELL_FIELD_PUT(BELL_QUEUE_CONFIG_NODE, queue->context->node) |
           BELL_FIELD_PUT(BELL_QUEUE_CONFIG_PASID, process->pasid);
}

static VOID write_context(const struct bell_queue *queue)
{
    struct bell_adapter *adapter = queue->adapter;
    UINT32 hw_id = queue->hw_id;

    bell_kmd_write(adapter, BELL_QUEUE_BASE_OFFSET(hw_id), queue->ring);
    bell_kmd_write(adapter, BELL_QUEUE_CONTROL_OFFSET(hw_id), queue->control);
    bell_kmd_write(adapter, BELL_QUEUE_CONFIG_OFFSET(hw_id), config_word(queue));
    bell_kmd_write(adapter, BELL_QUEUE_RPTR_OFFSET(hw_id), queue->rptr);
    bell_kmd_write(adapter, BELL_QUEUE_RESUME0_OFFSET(hw_id), queue->resume[0]);
    bell_kmd_write(adapter, BELL_QUEUE_RESUME1_OFFSET(hw_id), queue->resume[1]);
    bell_kmd_write(adapter, BELL_QUEUE_HANDLE_OFFSET(hw_id), (UINT64)(ULONG_PTR)queue->context);
    bell_kmd_native_write_logs(queue);
}

/* Its part in the schedule begins or ends; sched_lock held. */
static VOID plan(struct bell_queue *queue, bool planned)
{
    queue->planned = planned;
    memset(&queue->words, 0xFF, sizeof(queue->words)); /* Whatever the hardware has is stale. */
    if (bell_kmd_sched_plan(queue->adapter))
        bell_kmd_flush(queue->adapter);
}

/* Under run_lock and sched_lock, the device on. */
static NTSTATUS open_now(struct bell_queue *queue)
{
    struct bell_adapter *adapter = queue->adapter;
    UINT32 hw_id = queue->hw_id;
    UINT64 state;

    plan(queue, true);
    queue->fault_seen = false;
    write_context(queue);
    bell_kmd_queue_cmd(adapter, hw_id, BELL_QUEUE_CMD_OPEN);
    if (bell_kmd_sched_may_run(queue->context) && !queue->restore)
        bell_kmd_queue_cmd(adapter, hw_id, BELL_QUEUE_CMD_ADD);

    state = bell_kmd_read(adapter, BELL_QUEUE_STATE_OFFSET(hw_id));
    if (state == BELL_KMD_ALL_ONES) {
        adapter->lost = true;
        return STATUS_DEVICE_REMOVED;
    }
    if ((state & BELL_QUEUE_STATE_OPEN_MASK) == 0) {
        plan(queue, false);
        return STATUS_UNSUCCESSFUL;
    }
    queue->open = true;
    queue->restore = false;
    return STATUS_SUCCESS;
}

/* Under run_lock. */
static NTSTATUS open_locked(struct bell_queue *queue)
{
    NTSTATUS status;

    if (queue->open)
        return STATUS_SUCCESS;
    if (queue->faulted)
        return STATUS_DEVICE_REMOVED;
    if (queue->adapter->off) {
        queue->restore = true;
        return STATUS_SUCCESS;
    }
    bell_kmd_lock(&queue->adapter->sched_lock);
    status = open_now(queue);
    bell_kmd_unlock(&queue->adapter->sched_lock);
    return status;
}

NTSTATUS bell_kmd_queue_open(struct bell_queue *queue)
{
    NTSTATUS status;

    if (queue->adapter->lost || queue->context->invalid)
        return STATUS_DEVICE_REMOVED;
    bell_kmd_lock(&queue->context->run_lock);
    status = open_locked(queue);
    bell_kmd_unlock(&queue->context->run_lock);
    return status;
}

static NTSTATUS wait_stopped(struct bell_queue *queue)
{
    return bell_kmd_poll(queue->adapter, BELL_QUEUE_STATE_OFFSET(queue->hw_id),
                         BELL_QUEUE_STATE_RUNNING_MASK, 0, "close: queue to leave its node");
}

/* Under run_lock. */
static NTSTATUS close_locked(struct bell_queue *queue)
{
    struct bell_adapter *adapter = queue->adapter;
    NTSTATUS status;

    bell_kmd_queue_cmd(adapter, queue->hw_id, BELL_QUEUE_CMD_REMOVE);
    status = wait_stopped(queue);
    if (status == STATUS_IO_TIMEOUT) { /* Its buffer is long: stop inside. */
        bell_kmd_queue_cmd_now(adapter, queue->hw_id, BELL_QUEUE_CMD_REMOVE);
        status = wait_stopped(queue);
    }
    if (status == STATUS_IO_TIMEOUT) {
        /* It is off the run list and the node has not changed: this hits nobody else. */
        bell_kmd_write(adapter, BELL_NODE_ABORT_OFFSET, UINT64_C(1) << queue->context->node);
        status = wait_stopped(queue);
    }
    if (!NT_SUCCESS(status))
        return status;
    bell_kmd_native_save_logs(queue);
    queue->died = (bell_kmd_read(adapter, BELL_QUEUE_STATE_OFFSET(queue->hw_id)) &
                   BELL_QUEUE_STATE_FAULTED_MASK) != 0;
    bell_kmd_queue_cmd(adapter, queue->hw_id, BELL_QUEUE_CMD_CLOSE);
    return bell_kmd_poll(adapter, BELL_QUEUE_STATE_OFFSET(queue->hw_id),
                         BELL_QUEUE_STATE_OPEN_MASK, 0, "close: hardware context to close");
}

static VOID stop_planning(struct bell_queue *queue)
{
    bell_kmd_lock(&queue->adapter->sched_lock);
    if (queue->planned)
        plan(queue, false);
    bell_kmd_unlock(&queue->adapter->sched_lock);
}

NTSTATUS bell_kmd_queue_close(struct bell_queue *queue)
{
    NTSTATUS status = STATUS_SUCCESS;

    bell_kmd_lock(&queue->context->run_lock);
    if (queue->open && queue->adapter->lost)
        status = STATUS_DEVICE_REMOVED;
    if (queue->open && NT_SUCCESS(status)) {
        queue->closing = true;
        status = close_locked(queue);
        if (NT_SUCCESS(status)) {
            bell_kmd_isr_note_closed(queue);
            queue->open = false;
            queue->faulted = false;
        }
        queue->closing = false;
    }
    queue->restore = false;
    queue->rptr = 0;
    memset(queue->resume, 0, sizeof(queue->resume));
    if (!queue->open)
        queue->faulted = false;
    stop_planning(queue);
    bell_kmd_unlock(&queue->context->run_lock);
    return status;
}

NTSTATUS bell_kmd_queue_save(struct bell_queue *queue)
{
    struct bell_adapter *adapter = queue->adapter;
    UINT64 state;

    if (!queue->open)
        return STATUS_SUCCESS;
    state = bell_kmd_read(adapter, BELL_QUEUE_STATE_OFFSET(queue->hw_id));
    if ((state & BELL_QUEUE_STATE_RUNNING_MASK) != 0)
        return STATUS_INVALID_DEVICE_STATE;
    queue->rptr = bell_kmd_read(adapter, BELL_QUEUE_RPTR_OFFSET(queue->hw_id));
    queue->resume[0] = bell_kmd_read(adapter, BELL_QUEUE_RESUME0_OFFSET(queue->hw_id));
    queue->resume[1] = bell_kmd_read(adapter, BELL_QUEUE_RESUME1_OFFSET(queue->hw_id));
    bell_kmd_native_save_logs(queue);
    queue->open = false;
    queue->planned = false;
    queue->restore = (state & BELL_QUEUE_STATE_FAULTED_MASK) == 0;
    queue->wants = (state & (BELL_QUEUE_STATE_PENDING_MASK | BELL_QUEUE_STATE_WORK_MASK)) != 0;
    return STATUS_SUCCESS;
}

NTSTATUS bell_kmd_queue_restore(struct bell_queue *queue)
{
    NTSTATUS status = STATUS_SUCCESS;

    if (!queue->restore)
        return status;
    status = open_locked(queue);
    if (NT_SUCCESS(status) && queue->wants)
        bell_kmd_queue_kick(queue); /* As scheduling logs say. */
    return status;
}

/* RPTR is in memory before the event is posted. */
UINT64 bell_kmd_queue_next_fence(const struct bell_queue *queue)
{
    UINT64 reached;

    if (!queue->user_mode)
        return queue->fence_ids[queue->counts->rptr % BELL_KMD_KERNEL_ENTRIES];
    reached = *queue->progress;
    return reached != UINT64_MAX ? reached + 1 : reached;
}

/* User mode can write more into its fence than was submitted. */
UINT64 bell_kmd_queue_done_fence(const struct bell_queue *queue)
{
    UINT64 reached, last;

    if (queue->user_mode || queue->counts->wptr == 0)
        return 0;
    reached = *queue->progress;
    last = queue->fence_ids[(queue->counts->wptr - 1) % BELL_KMD_KERNEL_ENTRIES];
    return reached < last ? reached : last;
}

VOID bell_kmd_queue_kick(struct bell_queue *queue)
{
    if (queue->open && !queue->adapter->lost)
        bell_kmd_queue_cmd(queue->adapter, queue->hw_id, BELL_QUEUE_CMD_KICK);
}
