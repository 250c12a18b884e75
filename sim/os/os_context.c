/* SPDX-License-Identifier: MIT */
#include "os_sched.h"

#include <stdlib.h>

/* One engine a node. */
#define ENGINE_AFFINITY 1u

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
    os_sched_context_made(made);
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
    os_sched_log_read_all(); /* While the log's handle still means this context. */
    os_driver_enter(context->base.process);
    os_sched_forget(context);
    os_sched_log_forget(context);
    os_object_retire(&context->base);
    status = OS_DDI(DestroyHwContext, context->base.name, &context->kmd, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiDestroyHwContext(context->kmd));
    os_driver_leave(context->base.process);
    os_must_succeed(status, "DxgkDdiDestroyHwContext", "HS-CTX-01");
    os_object_finish(&context->base);
}
