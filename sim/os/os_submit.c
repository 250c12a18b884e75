/* SPDX-License-Identifier: MIT */
#include "os_power.h"
#include "os_sched.h"

#include <string.h>

/* What the private data looks like to a driver that kept the pointer (HS-SUB-02). */
#define POISON 0xDD

/* HS-SUB-04: what the node says, 0 = nothing. */
static unsigned in_flight_limit(const struct os_queue *queue)
{
    unsigned limit = os_adapter.nodes[queue->node].Flags.MaxInFlightHwQueueBuffers;

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

/* What all queues of a node have in flight. */
struct load {
    unsigned count;
    bool suspended; /* Some of it is held back on purpose: no hang. */
};

static struct load load_of(UINT node)
{
    struct load load = { 0 };
    struct os_queue *queue = NULL;

    while ((queue = os_object_next(queue, OS_QUEUE, NULL, NULL)) != NULL) {
        if (queue->node != node || queue->dead)
            continue;
        forget_done(queue);
        load.count += queue->in_flight_count;
        load.suspended |= queue->in_flight_count && (os_queue_context(queue)->suspended ||
                                                     !os_sched_may_run(os_queue_context(queue)));
    }
    return load;
}

/* HwQueuePacketCap is the node's; 0 = none. */
static bool node_has_room(UINT node)
{
    unsigned cap = os_adapter.scheduling.HwQueuePacketCap;

    return !cap || load_of(node).count < cap;
}

static NTSTATUS wait_for_node(const struct os_queue *queue)
{
    uint64_t end = bell_sim_now() + OS_TDR_CYCLES;
    struct load last = load_of(queue->node);

    while (!node_has_room(queue->node)) {
        struct load load = load_of(queue->node);

        if (queue->dead || os_thread_self()->dying)
            return STATUS_DEVICE_REMOVED;
        if (load.suspended || load.count < last.count)
            end = bell_sim_now() + OS_TDR_CYCLES;
        else if (bell_sim_now() >= end)
            return STATUS_IO_TIMEOUT;
        last = load;
        os_wait(&os_objects.waiters, OS_POLL_CYCLES, "room for a packet on the node");
    }
    return STATUS_SUCCESS;
}

/* HS-SUB-04. The waits are outside every lock. */
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
    return NT_SUCCESS(status) ? wait_for_node(queue) : status;
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

/* It has its place before another process looks for one. */
static NTSTATUS submit_counted(struct os_queue *queue, const D3DKMT_SUBMITCOMMANDTOHWQUEUE *args,
                               void *private_data)
{
    uint64_t id = args->HwQueueProgressFenceId;
    NTSTATUS status;

    queue->in_flight[queue->in_flight_count++] = id;
    status = submit_in_driver(queue, args, private_data);
    if (!NT_SUCCESS(status) && queue->in_flight_count &&
        queue->in_flight[queue->in_flight_count - 1] == id)
        queue->in_flight_count--;
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
        if (queue->in_flight_count < in_flight_limit(queue) && node_has_room(queue->node))
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
        status = submit_counted(queue, args, private_data);
    if (NT_SUCCESS(status))
        queue->submitted = args->HwQueueProgressFenceId;
    os_driver_leave(queue->base.process);
    if (NT_SUCCESS(status)) {
        os_power_wake(queue->node); /* After the entry is there: wakes or cancels. */
        os_tdr_arm();
    }
    return status;
}
