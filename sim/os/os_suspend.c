/* SPDX-License-Identifier: MIT */
#include "os_power.h"

#include <inttypes.h>
#include <stdio.h>

static NTSTATUS request(struct os_context *context, uint64_t *fence)
{
    DXGKARG_SUSPENDCONTEXT args = { .hContext = NULL };
    NTSTATUS status;

    os_driver_enter(context->base.process);
    if (context->base.retired || !context->kmd) {
        os_driver_leave(context->base.process);
        return STATUS_INVALID_PARAMETER;
    }
    *fence = ++context->suspend_fence;
    args.hContext = context->kmd;
    args.contextSuspendFence = *fence;
    status = OS_DDI(SuspendContext, context->base.name, &args, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiSuspendContext(os_adapter.miniport, &args));
    if (status != STATUS_SUCCESS && status != STATUS_PENDING)
        bell_sim_fail("contract DB-SUS-01: DxgkDdiSuspendContext returned 0x%08X, expected "
                      "STATUS_SUCCESS or STATUS_PENDING", (unsigned)status);
    context->suspended = true;
    if (status == STATUS_SUCCESS)
        context->suspend_acked = *fence; /* None will come. */
    os_driver_leave(context->base.process);
    return status;
}

/* A resume that comes meanwhile cancels the request. */
static NTSTATUS wait_for_ack(const struct os_context *context, uint64_t fence)
{
    uint64_t end = bell_sim_now() + os_tdr.delay;
    char what[96];

    snprintf(what, sizeof(what), "context 0x%08X to acknowledge suspend fence %" PRIu64,
             context->base.name, fence);
    while (context->suspend_acked < fence) {
        if (!context->suspended)
            return STATUS_CANCELLED;
        if (os_adapter.lost)
            return STATUS_DEVICE_REMOVED;
        if (bell_sim_now() >= end)
            return STATUS_IO_TIMEOUT;
        bell_thread_wait(&os_objects.waiters, OS_POLL_CYCLES, what);
    }
    return STATUS_SUCCESS;
}

NTSTATUS os_context_stop(struct os_context *context)
{
    uint64_t fence;
    NTSTATUS status;

    if (os_adapter.lost)
        return STATUS_DEVICE_REMOVED;
    status = request(context, &fence);
    if (status != STATUS_PENDING)
        return status;
    status = wait_for_ack(context, fence);
    if (status != STATUS_IO_TIMEOUT)
        return status;
    os_tdr_reset(context->node, "DB-SUS-03: a context did not acknowledge its suspend request");
    return wait_for_ack(context, fence);
}

NTSTATUS os_context_start(struct os_context *context)
{
    DXGKARG_RESUMECONTEXT args = { .hContext = NULL };
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    if (os_adapter.lost)
        return STATUS_DEVICE_REMOVED;
    os_driver_enter(context->base.process);
    if (!context->base.retired && context->kmd) {
        context->suspended = false;
        args.hContext = context->kmd;
        status = OS_DDI(ResumeContext, context->base.name, &args, PASSIVE_LEVEL,
                        os_adapter.ddi.DxgkDdiResumeContext(os_adapter.miniport, &args));
    }
    os_driver_leave(context->base.process);
    return status;
}

/* Policy suspend=disconnect. */
static void disconnect_all_of(const struct os_context *context)
{
    struct os_queue *queue = NULL;

    while ((queue = os_object_next(queue, OS_QUEUE, context->base.process, context)) != NULL) {
        struct os_doorbell *doorbell = queue->doorbell;

        os_object_ref(&queue->base);
        if (doorbell) {
            os_object_ref(&doorbell->base);
            os_doorbell_disconnect(doorbell);
            os_object_unref(doorbell);
        }
        os_object_unref(queue);
    }
}

NTSTATUS os_context_suspend(struct os_context *context)
{
    NTSTATUS status;

    context->held = true;
    status = os_context_stop(context);
    if (status == STATUS_IO_TIMEOUT)
        os_violation("DB-SUS-03", context->base.name, "no acknowledgement of suspend fence %" PRIu64
                     " within 2 x %" PRIu64 " clocks, also not after an engine reset",
                     context->suspend_fence, os_tdr.delay);
    if (NT_SUCCESS(status) && os_adapter.suspend_disconnect)
        disconnect_all_of(context);
    return status;
}

NTSTATUS os_context_resume(struct os_context *context)
{
    NTSTATUS status;

    context->held = false;
    status = os_context_start(context);
    os_power_wake(context->node); /* After the run list: wakes or cancels. */
    return status;
}
