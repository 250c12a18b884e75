/* SPDX-License-Identifier: MIT */
#include "bell_kmd_adapter.h"
#include "bell_kmd_isr.h"
#include "bell_kmd_sched.h"

#define BELL_ENGINE_AFFINITY 1u /* One engine a node. */

NTSTATUS bell_kmd_context_create(struct bell_device *device, DXGKARG_CREATEHWCONTEXT *args)
{
    struct bell_context *context;

    if (args->NodeOrdinal >= device->adapter->node_count ||
        args->EngineAffinity != BELL_ENGINE_AFFINITY || args->Flags.Value != 0)
        return STATUS_INVALID_PARAMETER;
    context = bell_kmd_alloc(sizeof(*context));
    if (context == NULL)
        return STATUS_NO_MEMORY;
    context->kind = BELL_KIND_CONTEXT;
    context->device = device;
    context->os_context = args->hHwContext;
    context->node = args->NodeOrdinal;
    KeInitializeMutex(&context->run_lock, 0);
    bell_kmd_sched_join(context);
    args->hHwContext = context;
    args->ContextCaps.Value = 0;
    args->ContextCaps.UseIoMmu = 1;
    return STATUS_SUCCESS;
}

VOID bell_kmd_context_destroy(struct bell_context *context)
{
    bell_kmd_sched_leave(context);
    context->kind = 0;
    bell_kmd_free(context);
}

NTSTATUS bell_kmd_context_suspend(struct bell_context *context, UINT64 fence)
{
    NTSTATUS status = STATUS_SUCCESS;

    bell_kmd_lock(&context->run_lock);
    if (!context->quiet) {
        context->suspended = true;
        bell_kmd_isr_suspend(context, fence);
        bell_kmd_sched_update(context->device->adapter); /* The others share its part. */
        status = STATUS_PENDING;
    }
    bell_kmd_unlock(&context->run_lock);
    return status;
}

VOID bell_kmd_context_resume(struct bell_context *context)
{
    bell_kmd_lock(&context->run_lock);
    context->suspended = false;
    bell_kmd_sched_update(context->device->adapter);
    bell_kmd_isr_resume(context);
    bell_kmd_unlock(&context->run_lock);
}
