/* SPDX-License-Identifier: MIT */
/*
 * What the driver reports (page faults, suspend acknowledgements), and the end of a process
 * (DB-TRM-01 .. 03).
 */
#include "os_native.h"
#include "os_power.h"
#include "os_sched.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* --- Reports ---------------------------------------------------------------------------------- */

static void note_suspended(HANDLE token, uint64_t fence)
{
    struct os_context *context = os_object_from_token(token, OS_CONTEXT);

    /* An older request's acknowledgement completes nothing newer (DB-SUS-02). */
    if (context && fence <= context->suspend_fence && fence > context->suspend_acked)
        context->suspend_acked = fence;
}

static void note_queue(struct os_queue *queue)
{
    queue->fault_reported = true;
    os_objects.fault_reported = true;
}

static void note_context(const struct os_context *context)
{
    struct os_queue *queue = NULL;

    while (context && (queue = os_object_next(queue, OS_QUEUE, NULL, NULL)) != NULL)
        if (os_queue_context(queue) == context)
            note_queue(queue);
}

/* The union and the way back are as the flags say. */
static void note_fault(const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data)
{
    const UINT flags = data->HwQueuePageFaulted.PageFaultFlags;
    struct os_queue *queue;

    if (!(flags & DXGK_PAGE_FAULT_FENCE_INVALID)) {
        queue = os_object_from_token(data->HwQueuePageFaulted.FaultedHwQueue, OS_QUEUE);
        if (queue)
            note_queue(queue);
    } else if (flags & DXGK_PAGE_FAULT_HW_CONTEXT_VALID) {
        note_context(os_object_from_token(data->HwQueuePageFaulted.FaultedHwContext, OS_CONTEXT));
    }
    if (flags & DXGK_PAGE_FAULT_ENGINE_RESET_REQUIRED)
        os_power_interrupt(data->HwQueuePageFaulted.NodeOrdinal,
                           data->HwQueuePageFaulted.EngineOrdinal, DXGK_ENGINE_STATE_HUNG);
}

void os_objects_interrupt(const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data)
{
    switch (data->InterruptType) {
    case DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED:
        note_suspended(data->SuspendContextCompleted.hContext,
                       data->SuspendContextCompleted.ContextSuspendFence);
        break;
    case DXGK_INTERRUPT_HWQUEUE_PAGE_FAULTED:
        note_fault(data);
        break;
    case DXGK_INTERRUPT_HWCONTEXTLIST_SWITCH_COMPLETED:
        os_sched_switched(data->HwContextListSwitchCompleted.NodeOrdinal,
                          data->HwContextListSwitchCompleted.ContextSwitchFence);
        break;
    case DXGK_INTERRUPT_NATIVE_FENCE_SIGNALED:
        os_native_interrupt(data);
        break;
    case DXGK_INTERRUPT_SCHEDULING_LOG_INTERRUPT:
        os_sched_log_interrupt(data->SchedulingLogInterrupt.NodeOrdinal);
        break;
    case DXGK_INTERRUPT_GPU_ENGINE_STATE_CHANGE:
        os_power_interrupt(data->EngineStateChange.NodeOrdinal,
                           data->EngineStateChange.EngineOrdinal,
                           data->EngineStateChange.NewState); /* DB-FST-01, -05 */
        break;
    case DXGK_INTERRUPT_GPU_ENGINE_TIMEOUT:
        os_power_interrupt(data->GpuEngineTimeout.NodeOrdinal, data->GpuEngineTimeout.EngineOrdinal,
                           DXGK_ENGINE_STATE_HUNG); /* HS-TMO-01 */
        break;
    default:
        break;
    }
}

void os_objects_dpc(void)
{
    struct os_queue *queue = NULL;

    bell_thread_wake_all(&os_objects.waiters);
    os_power_dpc();
    os_sched_dpc();
    os_native_dpc();
    if (!os_objects.fault_reported)
        return;
    os_objects.fault_reported = false;
    while ((queue = os_object_next(queue, OS_QUEUE, NULL, NULL)) != NULL) {
        if (!queue->fault_reported)
            continue;
        queue->fault_reported = false;
        os_work_queue(os_queue_fault_work, (void *)(uintptr_t)queue->base.name);
    }
}

void os_queue_fault_work(void *arg)
{
    struct os_queue *queue = os_object_peek((D3DKMT_HANDLE)(uintptr_t)arg, OS_QUEUE);
    struct os_device *device;

    if (!queue || queue->dead)
        return;
    device = os_queue_device(queue);
    os_object_ref(&device->base);
    os_device_lose(device);
    os_object_unref(device);
}

/* --- Process exit ----------------------------------------------------------------------------- */

static struct os_queue *next_live_queue(const struct os_process *process, struct os_queue *after)
{
    return os_object_next(after, OS_QUEUE, process, NULL);
}

/* What user mode said it queued and the fences do not show yet. */
struct backlog {
    const struct os_queue *first; /* Of the queues that are behind; NULL: none. */
    uint64_t progress;            /* Of all queues. */
    bool working;                 /* The hardware has something left to do for one of them. */
    bool dead;
};

static struct backlog look_at_backlog(const struct os_process *process)
{
    struct backlog backlog = { .first = NULL };
    struct os_queue *queue = NULL;

    while ((queue = next_live_queue(process, queue)) != NULL) {
        uint64_t value;

        if (queue->flags.UserModeSubmission && !queue->doorbell)
            continue;
        backlog.working |= os_queue_has_work(queue); /* Before the fence, which is written first. */
        value = os_fence_read(queue->fence);
        backlog.progress += value;
        backlog.dead |= queue->dead;
        if (!queue->dead && !backlog.first && value < os_queue_last_queued(queue))
            backlog.first = queue;
    }
    return backlog;
}

/* The last queued value is the user's word: over at once when the hardware has retired all
 * that is in the rings, and after so many clocks in which no queue moved. Many queues that lie hold
 * the exit no longer than one. */
static bool drain_queues(const struct os_process *process)
{
    struct backlog backlog = look_at_backlog(process);
    uint64_t seen = backlog.progress;
    uint64_t end = bell_sim_now() + os_tdr.delay;
    char what[112];

    while (backlog.first) {
        if (backlog.progress != seen)
            end = bell_sim_now() + os_tdr.delay;
        else if (!backlog.working || bell_sim_now() >= end)
            return false;
        seen = backlog.progress;
        snprintf(what, sizeof(what),
                 "exit: fence of queue 0x%08X to reach %" PRIu64 ", is %" PRIu64,
                 backlog.first->base.name, os_queue_last_queued(backlog.first),
                 os_fence_read(backlog.first->fence));
        bell_thread_wait(&os_objects.waiters, OS_POLL_CYCLES, what);
        backlog = look_at_backlog(process);
    }
    return !backlog.dead;
}

static bool finish_work(struct os_process *process)
{
    struct os_queue *queue = NULL;

    while ((queue = next_live_queue(process, queue)) != NULL)
        if (queue->doorbell) {
            os_doorbell_disconnect(queue->doorbell); /* Also in RETRY. */
            os_power_wake(queue->node); /* What the sample finds must be able to run. */
        }
    return drain_queues(process);
}

static void stop_work(struct os_process *process)
{
    struct os_device *device = NULL;
    struct os_context *context = NULL;
    struct os_queue *queue = NULL;

    while ((device = os_object_next(device, OS_DEVICE, process, NULL)) != NULL)
        os_device_abort(device);
    while ((context = os_object_next(context, OS_CONTEXT, process, NULL)) != NULL)
        (void)os_context_suspend(context);
    while ((queue = next_live_queue(process, queue)) != NULL)
        if (queue->doorbell)
            os_doorbell_disconnect(queue->doorbell);
}

static void destroy_objects(struct os_process *process)
{
    struct os_object *object;

    while ((object = os_object_next(NULL, OS_DEVICE, process, NULL)) != NULL) {
        os_object_close(object);
        os_device_destroy((struct os_device *)object);
    }
    while ((object = os_object_next(NULL, OS_ADAPTER, process, NULL)) != NULL)
        os_adapter_close(object);
}

/* A worker that deals with a fault of the process may still hold some of its objects. */
static void wait_for_holders(const struct os_process *process)
{
    uint64_t end = bell_sim_now() + OS_TDR_CYCLES;

    while (process->objects > 0) {
        if (bell_sim_now() > end)
            bell_sim_fail("exit of process \"%s\" (cycle %llu): %u objects are still held after %llu "
                          "clocks; expected every worker to let go", process->name,
                          (unsigned long long)bell_sim_now(), process->objects,
                          (unsigned long long)OS_TDR_CYCLES);
        bell_thread_sleep(16);
    }
}

static void forget(struct os_process *process)
{
    struct os_process **link = &os_objects.processes;

    while (*link != process)
        link = &(*link)->next;
    *link = process->next;
    bell_iommu_drop(process->pasid);
    bell_phys_free(process->dummy, process->dummy_pages);
    free(process->slots);
    free(process);
}

void os_process_destroy(struct os_process *process, bool fault)
{
    NTSTATUS status;

    if (fault || !finish_work(process))
        stop_work(process);
    destroy_objects(process);
    wait_for_holders(process);
    status = OS_DDI(DestroyProcess, process->id, &process->kmd, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiDestroyProcess(os_adapter.miniport, process->kmd));
    os_must_succeed(status, "DxgkDdiDestroyProcess", "DB-TRM-01");
    forget(process);
}
