/* SPDX-License-Identifier: MIT */
#include "os_objects.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* One engine a node. */
#define ENGINE_AFFINITY 1u
#define ENGINE_ORDINAL 0u

static void release_context(struct os_object *object)
{
    free(object);
}

static NTSTATUS create_in_driver(struct os_context *context, const D3DKMT_CREATEHWCONTEXT *args,
                                 void *private_data)
{
    const struct os_device *device = (const struct os_device *)context->base.parent;
    DXGKARG_CREATEHWCONTEXT ddi = {
        .hHwContext = os_object_token(&context->base),
        .NodeOrdinal = args->NodeOrdinal,
        .EngineAffinity = args->EngineAffinity,
        .PrivateDriverDataSize = args->PrivateDriverDataSize,
        .pPrivateDriverData = private_data,
    };
    NTSTATUS status;

    os_driver_enter(context->base.process);
    status = OS_DDI(CreateHwContext, context->base.name, &ddi, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiCreateHwContext(device->kmd, &ddi));
    os_driver_leave(context->base.process);
    context->kmd = ddi.hHwContext;
    return status;
}

NTSTATUS os_context_create(struct os_device *device, const D3DKMT_CREATEHWCONTEXT *args,
                           void *private_data, struct os_context **context)
{
    struct os_context *made;
    NTSTATUS status;

    if (args->NodeOrdinal >= os_adapter.node_count || args->EngineAffinity != ENGINE_AFFINITY ||
        args->Flags.Value)
        return STATUS_INVALID_PARAMETER;
    made = calloc(1, sizeof(*made));
    if (!made || !os_object_init(&made->base, OS_CONTEXT, device->base.process, &device->base,
                                 release_context)) {
        free(made);
        return STATUS_NO_MEMORY;
    }
    made->node = args->NodeOrdinal;
    status = create_in_driver(made, args, private_data);
    if (!NT_SUCCESS(status)) {
        os_object_unref(made);
        return status;
    }
    os_object_publish(&made->base);
    *context = made;
    return STATUS_SUCCESS;
}

void os_context_destroy(struct os_context *context)
{
    struct os_queue *queue;
    NTSTATUS status;

    while ((queue = os_object_next(NULL, OS_QUEUE, context->base.process, context)) != NULL) {
        os_object_close(&queue->base);
        os_queue_destroy(queue, false);
    }
    os_driver_enter(context->base.process);
    os_object_retire(&context->base);
    status = OS_DDI(DestroyHwContext, context->base.name, &context->kmd, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiDestroyHwContext(context->kmd));
    os_driver_leave(context->base.process);
    os_must_succeed(status, "DxgkDdiDestroyHwContext", "HS-CTX-01");
    os_object_finish(&context->base);
}

/* A hung engine acknowledges nothing: reset it. Its doorbells go to RETRY. */
static void reset_engine(struct os_context *context)
{
    DXGKARG_RESETENGINE args = { .NodeOrdinal = context->node, .EngineOrdinal = ENGINE_ORDINAL };
    struct os_doorbell *doorbell = NULL, *next;
    NTSTATUS status;

    if (!os_adapter.ddi.DxgkDdiResetEngine)
        return;
    for (doorbell = os_object_next(NULL, OS_DOORBELL, NULL, NULL); doorbell; doorbell = next) {
        const struct os_queue *queue = (const struct os_queue *)doorbell->base.parent;

        os_object_ref(&doorbell->base);
        if (queue->node == context->node)
            os_doorbell_disconnect(doorbell);
        next = os_object_next(doorbell, OS_DOORBELL, NULL, NULL);
        os_object_unref(doorbell);
    }
    status = OS_DDI(ResetEngine, context->base.name, &args, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiResetEngine(os_adapter.miniport, &args));
    os_must_succeed(status, "DxgkDdiResetEngine", "HS-RST-03");
}

static bool wait_for_ack(struct os_context *context, uint64_t fence)
{
    uint64_t end = bell_sim_now() + OS_TDR_CYCLES;
    char what[96];

    snprintf(what, sizeof(what), "context 0x%08X to acknowledge suspend fence %" PRIu64,
             context->base.name, fence);
    while (context->suspend_acked < fence && bell_sim_now() < end)
        bell_thread_wait(&os_objects.waiters, OS_POLL_CYCLES, what);
    return context->suspend_acked >= fence;
}

static NTSTATUS suspend_once(struct os_context *context)
{
    DXGKARG_SUSPENDCONTEXT args = { .contextSuspendFence = ++context->suspend_fence };
    NTSTATUS status;

    os_driver_enter(context->base.process);
    if (context->base.retired) {
        os_driver_leave(context->base.process);
        return STATUS_INVALID_PARAMETER;
    }
    args.hContext = context->kmd;
    status = OS_DDI(SuspendContext, context->base.name, &args, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiSuspendContext(os_adapter.miniport, &args));
    os_driver_leave(context->base.process);
    if (!NT_SUCCESS(status))
        return STATUS_IO_TIMEOUT; /* The driver gave up on the engine. */
    context->suspended = true;
    if (status == STATUS_PENDING && !wait_for_ack(context, args.contextSuspendFence))
        return STATUS_IO_TIMEOUT;
    return STATUS_SUCCESS;
}

NTSTATUS os_context_suspend(struct os_context *context)
{
    NTSTATUS status = suspend_once(context);

    if (status != STATUS_IO_TIMEOUT)
        return status;
    reset_engine(context); /* DB-SUS-03 */
    status = suspend_once(context);
    if (status == STATUS_IO_TIMEOUT)
        os_violation("DB-SUS-03", context->base.name, "no acknowledgement of suspend fence %" PRIu64
                     " within 2 x %u clocks, also not after an engine reset",
                     context->suspend_fence, OS_TDR_CYCLES);
    return status;
}

NTSTATUS os_context_resume(struct os_context *context)
{
    DXGKARG_RESUMECONTEXT args = { .hContext = NULL };
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    os_driver_enter(context->base.process);
    if (!context->base.retired) {
        args.hContext = context->kmd;
        status = OS_DDI(ResumeContext, context->base.name, &args, PASSIVE_LEVEL,
                        os_adapter.ddi.DxgkDdiResumeContext(os_adapter.miniport, &args));
        context->suspended = !NT_SUCCESS(status);
    }
    os_driver_leave(context->base.process);
    return status;
}
