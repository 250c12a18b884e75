/* SPDX-License-Identifier: MIT */
#include "os_power.h"

#include <string.h>

/* What the private data looks like to a driver that kept the pointer (HS-SUB-02). */
#define POISON 0xDD

/* HS-SUB-04: what the node and the adapter say, 0 = nothing. */
static unsigned in_flight_limit(const struct os_queue *queue)
{
    unsigned limit = os_adapter.nodes[queue->node].Flags.MaxInFlightHwQueueBuffers;
    unsigned cap = os_adapter.scheduling.HwQueuePacketCap;

    if (cap && (!limit || cap < limit))
        limit = cap;
    return limit && limit < OS_MAX_IN_FLIGHT ? limit : OS_MAX_IN_FLIGHT;
}

static void forget_done(struct os_queue *queue)
{
    uint64_t done = os_fence_read(queue->fence);
    unsigned n = 0;

    while (n < queue->in_flight_count && queue->in_flight[n] <= done)
        n++;
    queue->in_flight_count -= n;
    memmove(queue->in_flight, queue->in_flight + n,
            queue->in_flight_count * sizeof(queue->in_flight[0]));
}

/* HS-SUB-04. The wait is outside every lock. */
static NTSTATUS wait_for_room(struct os_queue *queue)
{
    NTSTATUS status = STATUS_SUCCESS;

    forget_done(queue);
    while (NT_SUCCESS(status) && queue->in_flight_count >= in_flight_limit(queue)) {
        struct os_fence *fence = queue->fence;
        uint64_t oldest = queue->in_flight[0];

        os_object_ref(&fence->base);
        status = os_fence_wait(&fence, &oldest, 1, false);
        os_object_unref(fence);
        forget_done(queue);
    }
    return status;
}

static NTSTATUS check(const struct os_queue *queue, const D3DKMT_SUBMITCOMMANDTOHWQUEUE *args)
{
    if (queue->flags.UserModeSubmission) /* DB-QUE-02 */
        return STATUS_INVALID_PARAMETER;
    if (!args->CommandBuffer || !args->CommandLength || args->NumPrimaries ||
        args->HwQueueProgressFenceId <= queue->submitted) /* DB-QUE-06: strictly rising */
        return STATUS_INVALID_PARAMETER;
    return queue->dead ? STATUS_DEVICE_REMOVED : STATUS_SUCCESS;
}

static NTSTATUS submit_in_driver(struct os_queue *queue, const D3DKMT_SUBMITCOMMANDTOHWQUEUE *args,
                                 void *private_data)
{
    DXGKARG_SUBMITCOMMANDTOHWQUEUE ddi = {
        .hHwQueue = queue->kmd,
        .HwQueueProgressFenceId = args->HwQueueProgressFenceId,
        .DmaBufferVirtualAddress = args->CommandBuffer,
        .DmaBufferSize = args->CommandLength,
        .DmaBufferPrivateDataSize = args->PrivateDriverDataSize,
        .pDmaBufferPrivateData = private_data,
        .HwQueueProgressFenceGpuVa = queue->fence->gpu_va,
        .HwQueueProgressFenceCpuVa = (void *)queue->fence->value,
    };
    NTSTATUS status;

    queue->offered = args->HwQueueProgressFenceId;
    status = OS_DDI(SubmitCommandToHwQueue, queue->base.name, &ddi, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiSubmitCommandToHwQueue(os_adapter.miniport, &ddi));
    if (private_data)
        memset(private_data, POISON, args->PrivateDriverDataSize);
    return status;
}

/* Enters the driver lock with room for one more, or returns why not. */
static NTSTATUS enter_with_room(struct os_queue *queue)
{
    for (;;) {
        NTSTATUS status = wait_for_room(queue);

        if (!NT_SUCCESS(status))
            return status;
        os_driver_enter(queue->base.process);
        if (queue->in_flight_count < in_flight_limit(queue))
            return STATUS_SUCCESS;
        os_driver_leave(queue->base.process);
    }
}

NTSTATUS os_submit_command(struct os_queue *queue, const D3DKMT_SUBMITCOMMANDTOHWQUEUE *args,
                           void *private_data)
{
    NTSTATUS status = check(queue, args);

    if (NT_SUCCESS(status))
        status = enter_with_room(queue);
    if (!NT_SUCCESS(status))
        return status;
    status = queue->base.open ? check(queue, args) : STATUS_INVALID_PARAMETER;
    if (NT_SUCCESS(status))
        status = submit_in_driver(queue, args, private_data);
    if (NT_SUCCESS(status)) {
        queue->submitted = args->HwQueueProgressFenceId;
        queue->in_flight[queue->in_flight_count++] = args->HwQueueProgressFenceId;
    }
    os_driver_leave(queue->base.process);
    if (NT_SUCCESS(status)) {
        os_power_wake(queue->node); /* After the entry is there: wakes or cancels. */
        os_tdr_arm();
    }
    return status;
}
