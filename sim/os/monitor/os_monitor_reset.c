/* SPDX-License-Identifier: MIT */
/* Rules of engine resets: nothing runs until the resume, and then all that can does, and no more. */
#include "os_objects.h"

static uint32_t stopped; /**< Nodes between ResetHwEngine and ResumeHwEngine. */

void os_monitor_reset_init(void)
{
    stopped = 0;
}

void os_monitor_gates(uint32_t closed)
{
    if (stopped & ~closed)
        os_violation("HS-RST-01", 0, "an engine may run again before ResumeHwEngine: reset are the "
                     "nodes 0x%x, stopped the nodes 0x%x", stopped, closed);
    stopped &= closed;
}

void os_engine_reset_exit(struct os_monitor_call *call, NTSTATUS status)
{
    const DXGKARG_RESETHWENGINE *args = call->args;

    if (!NT_SUCCESS(status) || os_device_gone())
        return;
    stopped |= 1u << args->NodeOrdinal;
    os_monitor_gates(os_device_gates());
}

void os_engine_resume_enter(struct os_monitor_call *call)
{
    stopped &= ~(1u << ((const DXGKARG_RESUMEHWENGINE *)call->args)->NodeOrdinal);
}

void os_monitor_invalidated(unsigned hw)
{
    const struct os_queue *queue = os_object_peek(os_device_queue(hw), OS_QUEUE);

    if (queue != NULL && os_device_listed((int)hw) && os_queue_context(queue)->invalidated)
        os_violation("HS-RST-02", queue->base.name, "hardware queue %u is on the run list; its "
                     "context 0x%08X was invalidated", hw, os_queue_context(queue)->base.name);
}

void os_engine_resume_exit(struct os_monitor_call *call, NTSTATUS status)
{
    UINT node = ((const DXGKARG_RESUMEHWENGINE *)call->args)->NodeOrdinal;

    if (!NT_SUCCESS(status) || os_device_gone())
        return;
    if (os_device_gates() >> node & 1)
        os_violation("HS-RST-02", 0, "it returned STATUS_SUCCESS, and node %u is still stopped",
                     node);
    for (unsigned number = 0; number < os_device_queues(); number++) {
        const struct os_queue *queue = os_object_peek(os_device_queue(number), OS_QUEUE);

        os_monitor_invalidated(number);
        if (queue != NULL && queue->node == node && !queue->dead && os_device_listed((int)number) &&
            os_device_kicked((int)number) < call->begun)
            os_violation("HS-RST-02", queue->base.name, "hardware queue %u is on the run list of "
                         "node %u and got no KICK", number, node);
    }
}

/** Ids of kernel submission to the queues of a node: the highest done, the highest submitted. */
struct ids {
    uint64_t done, submitted;
};

static struct ids ids_of(UINT node)
{
    const struct os_queue *queue = NULL;
    struct ids ids = {0};

    while ((queue = os_object_next(queue, OS_QUEUE, NULL, NULL)) != NULL) {
        uint64_t done = os_fence_read(queue->fence);

        if (queue->node != node)
            continue;
        if (done > queue->submitted) /* User mode can write the fence. */
            done = queue->submitted;
        if (done > ids.done)
            ids.done = done;
        if (queue->submitted > ids.submitted)
            ids.submitted = queue->submitted;
    }
    return ids;
}

static struct ids before; /**< The OS knows no more of what was done. One reset at a time. */

void os_packet_reset_enter(struct os_monitor_call *call)
{
    before = ids_of(((const DXGKARG_RESETENGINE *)call->args)->NodeOrdinal);
}

/** The id has 32 bits: counted from what was done. */
void os_packet_reset_exit(struct os_monitor_call *call, NTSTATUS status)
{
    const DXGKARG_RESETENGINE *args = call->args;
    UINT beyond = args->LastAbortedFenceId - (UINT)before.done;

    if (NT_SUCCESS(status) && beyond > before.submitted - before.done)
        os_violation("HS-RST-03", 0, "LastAbortedFenceId is %u; of those submitted to node %u, %u "
                     "was done and %u is the last", args->LastAbortedFenceId, args->NodeOrdinal,
                     (unsigned)before.done, (unsigned)before.submitted);
}
