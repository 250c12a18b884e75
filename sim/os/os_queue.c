/* SPDX-License-Identifier: MIT */
#include "os_native.h"
#include "os_sched.h"

#include <stdlib.h>

#include "bell_formats.h"

static void release_queue(struct os_object *object)
{
    struct os_queue *queue = (struct os_queue *)object;

    if (queue->fence)
        os_object_unref(queue->fence);
    free(queue);
}

struct os_context *os_queue_context(const struct os_queue *queue)
{
    return (struct os_context *)queue->base.parent;
}

struct os_device *os_queue_device(const struct os_queue *queue)
{
    return (struct os_device *)queue->base.parent->parent;
}

static NTSTATUS check_flags(const struct os_context *context, D3DDDI_CREATEHWQUEUEFLAGS flags)
{
    if (flags.Reserved)
        return STATUS_INVALID_PARAMETER;
    if (flags.NativeProgressFence && !os_native_usable())
        return STATUS_NOT_SUPPORTED;
    if (flags.UserModeSubmission &&
        (!os_adapter.ums || !os_adapter.nodes[context->node].Flags.UserModeSubmission))
        return STATUS_INVALID_PARAMETER; /* DB-CAP-03, DB-CAP-06 */
    return STATUS_SUCCESS;
}

static NTSTATUS create_in_driver(struct os_queue *queue, const D3DKMT_CREATEHWQUEUE *args,
                                 void *private_data)
{
    DXGKARG_CREATEHWQUEUE ddi = {
        .hHwQueue = os_object_token(&queue->base),
        .Flags = args->Flags,
        .PrivateDriverDataSize = args->PrivateDriverDataSize,
        .pPrivateDriverData = private_data,
        .hHwQueueProgressFence = queue->fence->native ? queue->fence->native->kmd
                                                      : os_object_token(&queue->fence->base),
        .HwQueueProgressFenceCPUVirtualAddress = (void *)queue->fence->value,
        .HwQueueProgressFenceGPUVirtualAddress = queue->fence->gpu_va,
    };
    NTSTATUS status;

    os_driver_enter(queue->base.process);
    status = OS_DDI(CreateHwQueue, queue->base.name, &ddi, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiCreateHwQueue(os_queue_context(queue)->kmd, &ddi));
    os_driver_leave(queue->base.process);
    queue->kmd = ddi.hHwQueue;
    return status;
}

/* A native one is opened by its maker like any other (NF-QUE-01). */
static NTSTATUS create_fence(struct os_queue *queue)
{
    const D3DDDI_NATIVEFENCEINFO info = { .Type = D3DDDI_NATIVEFENCE_TYPE_DEFAULT };
    UCHAR data[D3DDDI_NATIVE_FENCE_PDD_SIZE] = { 0 };

    if (queue->flags.NativeProgressFence)
        return os_native_create(os_queue_device(queue), "progress-fence", &info, data,
                                &queue->fence);
    return os_fence_create(os_queue_device(queue), "progress-fence", true, &queue->fence);
}

/* Fence and last queued value; both start at 0 (DB-PF-05). */
static NTSTATUS give_memory(struct os_queue *queue)
{
    NTSTATUS status;

    status = create_fence(queue);
    if (!NT_SUCCESS(status))
        return status;
    os_object_ref(&queue->fence->base);
    queue->fence->queue = queue;
    if (!queue->flags.UserModeSubmission)
        return STATUS_SUCCESS;
    queue->lqv_phys = bell_phys_alloc(1);
    if (!queue->lqv_phys) {
        os_fence_destroy(queue->fence);
        return STATUS_NO_MEMORY;
    }
    queue->lqv = bell_phys_ptr(queue->lqv_phys);
    return STATUS_SUCCESS;
}

static void take_memory(struct os_queue *queue)
{
    os_fence_destroy(queue->fence);
    if (queue->lqv_phys)
        bell_phys_free(queue->lqv_phys, 1);
    queue->lqv = NULL;
}

NTSTATUS os_queue_create(struct os_context *context, const D3DKMT_CREATEHWQUEUE *args,
                         void *private_data, struct os_queue **queue)
{
    NTSTATUS status = check_flags(context, args->Flags);
    struct os_queue *made;

    if (NT_SUCCESS(status) && (os_adapter.lost || context->invalidated))
        status = STATUS_DEVICE_REMOVED;
    if (!NT_SUCCESS(status))
        return status;
    made = calloc(1, sizeof(*made));
    if (!made || !os_object_init(&made->base, OS_QUEUE, context->base.process, &context->base,
                                 release_queue)) {
        free(made);
        return STATUS_NO_MEMORY;
    }
    made->flags = args->Flags;
    made->node = context->node;
    status = give_memory(made);
    if (!NT_SUCCESS(status))
        goto unref;
    status = create_in_driver(made, args, private_data);
    if (!NT_SUCCESS(status)) {
        take_memory(made);
        goto unref;
    }
    status = os_native_logs_make(made);
    if (!NT_SUCCESS(status)) {
        os_queue_destroy(made, false);
        return status;
    }
    os_object_publish(&made->base);
    *queue = made;
    return STATUS_SUCCESS;

unref:
    os_object_unref(made);
    return status;
}

void os_queue_destroy(struct os_queue *queue, bool disconnect)
{
    struct os_doorbell *doorbell = queue->doorbell;
    NTSTATUS status;

    if (doorbell) {
        os_object_close(&doorbell->base);
        os_doorbell_destroy(doorbell, disconnect);
    }
    os_native_logs_close(queue);
    os_driver_enter(queue->base.process);
    status = OS_DDI(DestroyHwQueue, queue->base.name, &queue->kmd, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiDestroyHwQueue(queue->kmd));
    os_object_retire(&queue->base);
    os_driver_leave(queue->base.process);
    os_must_succeed(status, "DxgkDdiDestroyHwQueue", "DB-QUE-06");
    os_native_logs_drop(queue);
    take_memory(queue);
    os_object_finish(&queue->base);
}

uint64_t os_queue_last_queued(const struct os_queue *queue)
{
    uint64_t lqv = queue->lqv ? __atomic_load_n(queue->lqv, __ATOMIC_SEQ_CST) : 0;

    return lqv > queue->submitted ? lqv : queue->submitted;
}

bool os_queue_has_work(const struct os_queue *queue)
{
    const volatile struct bell_ring_control *counts;

    if (queue->flags.UserModeSubmission && !queue->doorbell)
        return false;
    if (!queue->doorbell || !queue->doorbell->control)
        return os_fence_read(queue->fence) < os_queue_last_queued(queue);
    counts = bell_phys_ptr(queue->doorbell->control->backing->phys);
    return counts->rptr != counts->wptr;
}
