/* SPDX-License-Identifier: MIT */
#include "os_objects.h"

#include <stdlib.h>

/* --- Contexts --------------------------------------------------------------------------------- */

static NTSTATUS create_context(struct os_process *process, D3DKMT_CREATEHWCONTEXT *user,
                               D3DKMT_CREATEHWCONTEXT *args)
{
    struct os_device *device = os_object_lookup(process, args->hDevice, OS_DEVICE);
    struct os_context *context = NULL;
    void *private_data = NULL;
    NTSTATUS status = device ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;

    if (NT_SUCCESS(status))
        status = os_copy_in(args->pPrivateDriverData, args->PrivateDriverDataSize, OS_PRIVATE_MAX,
                            &private_data);
    if (NT_SUCCESS(status))
        status = os_context_create(device, args, private_data, &context);
    if (NT_SUCCESS(status)) {
        args->hHwContext = context->base.name;
        if (!bell_copy_to_user(user, args, sizeof(*args))) {
            os_object_close(&context->base);
            os_context_destroy(context);
            status = STATUS_INVALID_PARAMETER;
        }
    }
    free(private_data);
    os_object_unref(device);
    return status;
}

NTSTATUS APIENTRY D3DKMTCreateHwContext(D3DKMT_CREATEHWCONTEXT *user)
{
    D3DKMT_CREATEHWCONTEXT args;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        os_process_lock(call.process);
        status = create_context(call.process, user, &args);
        os_process_unlock(call.process);
    }
    return os_call_exit(&call, NT_SUCCESS(status) ? args.hHwContext : 0, status);
}

NTSTATUS APIENTRY D3DKMTDestroyHwContext(const D3DKMT_DESTROYHWCONTEXT *user)
{
    D3DKMT_DESTROYHWCONTEXT args;
    struct os_context *context;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        os_process_lock(call.process);
        context = os_object_lookup(call.process, args.hHwContext, OS_CONTEXT);
        if (context && os_object_close(&context->base))
            os_context_destroy(context);
        else
            status = STATUS_INVALID_PARAMETER;
        os_object_unref(context);
        os_process_unlock(call.process);
    }
    return os_call_exit(&call, args.hHwContext, status);
}

/* --- Queues ----------------------------------------------------------------------------------- */

static NTSTATUS tell_queue(D3DKMT_CREATEHWQUEUE *user, D3DKMT_CREATEHWQUEUE *args,
                           struct os_queue *queue)
{
    args->hHwQueue = queue->base.name;
    args->hHwQueueProgressFence = queue->fence->base.name;
    args->HwQueueProgressFenceCPUVirtualAddress = os_fence_address(queue->fence);
    args->HwQueueProgressFenceGPUVirtualAddress = queue->fence->gpu_va;
    if (bell_copy_to_user(user, args, sizeof(*args)))
        return STATUS_SUCCESS;
    os_object_close(&queue->base);
    os_queue_destroy(queue, false);
    return STATUS_INVALID_PARAMETER;
}

static NTSTATUS create_queue(struct os_process *process, D3DKMT_CREATEHWQUEUE *user,
                             D3DKMT_CREATEHWQUEUE *args)
{
    struct os_context *context = os_object_lookup(process, args->hHwContext, OS_CONTEXT);
    struct os_queue *queue = NULL;
    void *private_data = NULL;
    NTSTATUS status = context ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;

    if (NT_SUCCESS(status))
        status = os_copy_in(args->pPrivateDriverData, args->PrivateDriverDataSize, OS_PRIVATE_MAX,
                            &private_data);
    if (NT_SUCCESS(status))
        status = os_queue_create(context, args, private_data, &queue);
    if (NT_SUCCESS(status))
        status = tell_queue(user, args, queue);
    free(private_data);
    os_object_unref(context);
    return status;
}

NTSTATUS APIENTRY D3DKMTCreateHwQueue(D3DKMT_CREATEHWQUEUE *user)
{
    D3DKMT_CREATEHWQUEUE args;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        os_process_lock(call.process);
        status = create_queue(call.process, user, &args);
        os_process_unlock(call.process);
    }
    return os_call_exit(&call, NT_SUCCESS(status) ? args.hHwQueue : 0, status);
}

NTSTATUS APIENTRY D3DKMTDestroyHwQueue(const D3DKMT_DESTROYHWQUEUE *user)
{
    D3DKMT_DESTROYHWQUEUE args;
    struct os_queue *queue;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        os_process_lock(call.process);
        queue = os_object_lookup(call.process, args.hHwQueue, OS_QUEUE);
        if (queue && os_object_close(&queue->base))
            os_queue_destroy(queue, false);
        else
            status = STATUS_INVALID_PARAMETER;
        os_object_unref(queue);
        os_process_unlock(call.process);
    }
    return os_call_exit(&call, args.hHwQueue, status);
}
