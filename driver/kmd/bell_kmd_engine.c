/* SPDX-License-Identifier: MIT */
#include "bell_kmd_engine.h"

#include <string.h>

#include "bell_kmd_isr.h"
#include "bell_kmd_mmio.h"
#include "bell_kmd_power.h"
#include "bell_kmd_queue.h"
#include "bell_kmd_sched.h"

static bool engine_exists(const struct bell_adapter *adapter, UINT node, UINT engine)
{
    return node < adapter->node_count && engine == 0;
}

/* The queue that the node works on, or NULL. */
static struct bell_queue *running_queue(struct bell_adapter *adapter, UINT node)
{
    struct bell_queue *queue;
    INT hw_id = -1;
    UINT64 state;

    do
        queue = bell_kmd_power_next(adapter, node, &hw_id, &state);
    while (queue != NULL && (state & BELL_QUEUE_STATE_RUNNING_MASK) == 0);
    return bell_kmd_is(queue, BELL_KIND_QUEUE) ? queue : NULL;
}

static NTSTATUS abort_node(struct bell_adapter *adapter, UINT node)
{
    NTSTATUS status;

    bell_kmd_write(adapter, BELL_NODE_ABORT_OFFSET, UINT64_C(1) << node);
    status = bell_kmd_poll(adapter, BELL_STATUS_OFFSET,
                           BELL_FIELD_PUT(BELL_STATUS_NODE_BUSY, UINT64_C(1) << node), 0,
                           "reset: node to become idle");
    if (NT_SUCCESS(status))
        bell_kmd_isr_note_reset(adapter, node);
    return status;
}

static bool is_faulted(const struct bell_queue *queue)
{
    return (bell_kmd_read(queue->adapter, BELL_QUEUE_STATE_OFFSET(queue->hw_id)) &
            BELL_QUEUE_STATE_FAULTED_MASK) != 0;
}

/* Of ids that the OS gave: what was aborted, or else is done, and nothing that it sees done is more. */
static UINT64 last_aborted(struct bell_adapter *adapter, UINT node, const struct bell_queue *ran)
{
    const struct bell_queue *queue;
    UINT64 last = 0;
    UINT64 state;
    INT hw_id = -1;

    if (ran != NULL && !ran->user_mode && is_faulted(ran))
        last = bell_kmd_queue_next_fence(ran);
    while ((queue = bell_kmd_power_next(adapter, node, &hw_id, &state)) != NULL) {
        UINT64 done = bell_kmd_is(queue, BELL_KIND_QUEUE) ? bell_kmd_queue_done_fence(queue) : 0;

        if (done > last)
            last = done;
    }
    return last;
}

/* The gate keeps the others off the node until it was seen idle. */
NTSTATUS bell_kmd_engine_reset(struct bell_adapter *adapter, DXGKARG_RESETENGINE *args)
{
    const UINT node = args->NodeOrdinal;
    const struct bell_queue *ran;
    NTSTATUS status;
    bool gated;

    if (!engine_exists(adapter, node, args->EngineOrdinal))
        return STATUS_INVALID_PARAMETER;
    gated = (adapter->gated >> node & 1) != 0;
    bell_kmd_power_gate(adapter, node, true);
    ran = running_queue(adapter, node);
    status = abort_node(adapter, node);
    bell_kmd_isr_flush(adapter);
    if (!NT_SUCCESS(status))
        return status;
    args->LastAbortedFenceId = (UINT)last_aborted(adapter, node, ran);
    if (!gated)
        bell_kmd_power_gate(adapter, node, false);
    return STATUS_SUCCESS;
}

static NTSTATUS invalidate(struct bell_adapter *adapter, const struct bell_queue *culprit)
{
    DXGKARGCB_INVALIDATEHWCONTEXT args;

    memset(&args, 0, sizeof(args));
    args.hAdapter = adapter->dxgk.DeviceHandle;
    args.hHwContext = culprit->context->os_context;
    return adapter->dxgk.DxgkCbInvalidateHwContext(&args);
}

NTSTATUS bell_kmd_engine_reset_hw(struct bell_adapter *adapter, const DXGKARG_RESETHWENGINE *args)
{
    struct bell_queue *culprit;
    NTSTATUS status;

    if (!engine_exists(adapter, args->NodeOrdinal, args->EngineOrdinal))
        return STATUS_INVALID_PARAMETER;
    bell_kmd_power_gate(adapter, args->NodeOrdinal, true);
    culprit = running_queue(adapter, args->NodeOrdinal);
    if (culprit != NULL)
        bell_kmd_sched_invalidate(culprit->context);
    status = abort_node(adapter, args->NodeOrdinal);
    bell_kmd_isr_flush(adapter);
    if (culprit == NULL)
        return status;
    culprit->faulted = true;
    return NT_SUCCESS(status) ? invalidate(adapter, culprit) : status;
}

NTSTATUS bell_kmd_engine_resume_hw(struct bell_adapter *adapter,
                                   const DXGKARG_RESUMEHWENGINE *args)
{
    if (!engine_exists(adapter, args->NodeOrdinal, args->EngineOrdinal))
        return STATUS_INVALID_PARAMETER;
    if (adapter->lost)
        return STATUS_DEVICE_REMOVED;
    bell_kmd_power_gate(adapter, args->NodeOrdinal, false);
    return STATUS_SUCCESS;
}

static bool is_stuck(struct bell_adapter *adapter, UINT node)
{
    const struct bell_queue *queue = running_queue(adapter, node);

    return queue != NULL && (queue->stopping || (adapter->hung >> node & 1) != 0);
}

NTSTATUS bell_kmd_engine_status(struct bell_adapter *adapter, DXGKARG_QUERYENGINESTATUS *args)
{
    if (!engine_exists(adapter, args->NodeOrdinal, args->EngineOrdinal))
        return STATUS_INVALID_PARAMETER;
    args->EngineStatus.Value = 0;
    args->EngineStatus.Responsive =
        adapter->off || (bell_kmd_power_answers(adapter) && !is_stuck(adapter, args->NodeOrdinal));
    return STATUS_SUCCESS;
}
