/* SPDX-License-Identifier: MIT */
/* Logs of native fences: where the hardware writes them (NF-LOG-01). */
#include "bell_kmd_adapter.h"
#include "bell_kmd_mmio.h"
#include "bell_kmd_native_fence.h"
#include "bell_kmd_queue.h"
#include "bell_kmd_sched.h"

/* What a page holds; the hardware knows no other number. */
#define LOG_ENTRIES \
    ((PAGE_SIZE - sizeof(DXGK_NATIVE_FENCE_LOG_HEADER)) / sizeof(DXGK_NATIVE_FENCE_LOG_ENTRY))

static bool is_buffer(const DXGKARG_SETNATIVEFENCELOGBUFFER *args)
{
    return args->NumberOfEntries == LOG_ENTRIES && args->Flags.Value == 0 &&
           args->LogBufferCpuVa != NULL && args->LogBufferSystemProcessGpuVa != 0 &&
           args->LogBufferSystemProcessGpuVa % PAGE_SIZE == 0 &&
           (args->LogBufferSystemProcessGpuVa & ~BELL_QUEUE_WAIT_LOG_ADDR_MASK) == 0;
}

static VOID describe(struct bell_fence_log *log, const DXGKARG_SETNATIVEFENCELOGBUFFER *args)
{
    log->header = args->LogBufferCpuVa;
    log->base = args->LogBufferSystemProcessGpuVa | BELL_QUEUE_WAIT_LOG_ENABLE_MASK;
    log->index = log->header->AtomicWraparoundAndEntryIndex;
}

/* ---- An open queue ------------------------------------------------------------------------ */

struct bell_log_move {
    struct bell_queue *queue;
    struct bell_fence_log *log;
    const DXGKARG_SETNATIVEFENCELOGBUFFER *args;
};

/* DIRQL. As a resume does it; not if the context is suspended or barred meanwhile. */
static BOOLEAN relist(PVOID context)
{
    struct bell_queue *queue = context;

    if (bell_kmd_sched_may_run(queue->context)) {
        bell_kmd_queue_cmd(queue->adapter, queue->hw_id, BELL_QUEUE_CMD_ADD);
        bell_kmd_queue_cmd(queue->adapter, queue->hw_id, BELL_QUEUE_CMD_KICK);
    }
    bell_kmd_flush(queue->adapter);
    return TRUE;
}

/*
 * DIRQL, where nobody else lists the queue. An entry is written within the turn that took its place:
 * off the run list and on no node, the queue has none under way and makes none. FALSE: a node still
 * works on it.
 */
static BOOLEAN try_move(PVOID context)
{
    const struct bell_log_move *move = context;
    struct bell_queue *queue = move->queue;
    UINT64 state;

    bell_kmd_queue_cmd_now(queue->adapter, queue->hw_id, BELL_QUEUE_CMD_REMOVE);
    state = bell_kmd_read(queue->adapter, BELL_QUEUE_STATE_OFFSET(queue->hw_id));
    if (state == BELL_KMD_ALL_ONES)
        queue->adapter->lost = true;
    else if ((state & BELL_QUEUE_STATE_RUNNING_MASK) != 0)
        return FALSE;
    if (queue->adapter->lost)
        return TRUE;
    bell_kmd_native_save_logs(queue); /* The other log goes on. */
    describe(move->log, move->args);
    bell_kmd_native_write_logs(queue);
    return relist(queue);
}

static NTSTATUS move_log(struct bell_log_move *move)
{
    struct bell_queue *queue = move->queue;
    struct bell_adapter *adapter = queue->adapter;

    for (UINT32 turn = 0; turn < BELL_KMD_POLL_TURNS && !adapter->lost; turn++) {
        if (bell_kmd_at_dirql(adapter, try_move, move))
            return adapter->lost ? STATUS_DEVICE_REMOVED : STATUS_SUCCESS;
        bell_kmd_pause(turn);
    }
    if (adapter->lost)
        return STATUS_DEVICE_REMOVED;
    bell_kmd_at_dirql(adapter, relist, queue);
    return bell_kmd_timed_out(adapter, BELL_QUEUE_STATE_OFFSET(queue->hw_id),
                              BELL_QUEUE_STATE_RUNNING_MASK, "fence log: queue to leave its node");
}

NTSTATUS bell_kmd_native_set_log(struct bell_queue *queue,
                                 const DXGKARG_SETNATIVEFENCELOGBUFFER *args)
{
    const DXGK_NATIVE_FENCE_LOG_HEADER *header = args->LogBufferCpuVa;
    struct bell_fence_log *log;

    if (!queue->user_mode || !is_buffer(args) ||
        (header->Type != DXGK_NATIVE_FENCE_LOG_TYPE_WAITS &&
         header->Type != DXGK_NATIVE_FENCE_LOG_TYPE_SIGNALS))
        return STATUS_INVALID_PARAMETER;
    log = header->Type == DXGK_NATIVE_FENCE_LOG_TYPE_WAITS ? &queue->waits : &queue->signals;
    if (queue->open) {
        struct bell_log_move move = {queue, log, args};

        return move_log(&move);
    }
    describe(log, args);
    return STATUS_SUCCESS;
}

NTSTATUS bell_kmd_native_update_logs(struct bell_adapter *adapter,
                                     const DXGKARG_UPDATENATIVEFENCELOGS *args)
{
    if (args->Flags.Value != 0 || (args->NumberOfQueues != 0 && args->pHwQueueArray == NULL))
        return STATUS_INVALID_PARAMETER;
    for (UINT i = 0; i < args->NumberOfQueues; i++)
        if (!bell_kmd_is(args->pHwQueueArray[i], BELL_KIND_QUEUE) ||
            ((const struct bell_queue *)args->pHwQueueArray[i])->adapter != adapter)
            return STATUS_INVALID_PARAMETER;
    if (!adapter->off && !adapter->lost)
        bell_kmd_flush(adapter);
    return STATUS_SUCCESS;
}

VOID bell_kmd_native_write_logs(const struct bell_queue *queue)
{
    struct bell_adapter *adapter = queue->adapter;

    bell_kmd_write(adapter, BELL_QUEUE_WAIT_LOG_OFFSET(queue->hw_id), queue->waits.base);
    bell_kmd_write(adapter, BELL_QUEUE_WAIT_LOG_INDEX_OFFSET(queue->hw_id), queue->waits.index);
    bell_kmd_write(adapter, BELL_QUEUE_SIGNAL_LOG_OFFSET(queue->hw_id), queue->signals.base);
    bell_kmd_write(adapter, BELL_QUEUE_SIGNAL_LOG_INDEX_OFFSET(queue->hw_id), queue->signals.index);
}

VOID bell_kmd_native_save_logs(struct bell_queue *queue)
{
    struct bell_adapter *adapter = queue->adapter;

    queue->waits.index = bell_kmd_read(adapter, BELL_QUEUE_WAIT_LOG_INDEX_OFFSET(queue->hw_id));
    queue->signals.index = bell_kmd_read(adapter, BELL_QUEUE_SIGNAL_LOG_INDEX_OFFSET(queue->hw_id));
}

/* The index is the hardware's: it is used if there is such an entry. */
static VOID recover(struct bell_adapter *adapter, struct bell_fence_log *log)
{
    const DXGK_NATIVE_FENCE_LOG_ENTRY *entries;
    UINT64 word;

    if (log->base == 0)
        return;
    entries = (const DXGK_NATIVE_FENCE_LOG_ENTRY *)(const VOID *)(log->header + 1);
    word = log->header->AtomicWraparoundAndEntryIndex;
    if ((UINT32)word >= LOG_ENTRIES)
        return;
    log->index = word;
    if (word != 0)
        bell_kmd_adapter_note_time(
            adapter, entries[((UINT32)word + LOG_ENTRIES - 1) % LOG_ENTRIES].FenceEndGpuTimestamp);
}

VOID bell_kmd_native_recover_logs(struct bell_adapter *adapter)
{
    for (UINT32 hw_id = 0; hw_id < adapter->queue_count; hw_id++) {
        struct bell_queue *queue = adapter->queues[hw_id];

        if (!bell_kmd_is(queue, BELL_KIND_QUEUE))
            continue;
        recover(adapter, &queue->waits);
        recover(adapter, &queue->signals);
    }
}
