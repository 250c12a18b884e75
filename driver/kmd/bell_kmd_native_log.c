/* SPDX-License-Identifier: MIT */
/* Logs of native fences: where the hardware writes them (NF-LOG-01). */
#include "bell_kmd_adapter.h"
#include "bell_kmd_mmio.h"
#include "bell_kmd_native_fence.h"
#include "bell_kmd_queue.h"

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

NTSTATUS bell_kmd_native_set_log(struct bell_queue *queue,
                                 const DXGKARG_SETNATIVEFENCELOGBUFFER *args)
{
    const DXGK_NATIVE_FENCE_LOG_HEADER *header = args->LogBufferCpuVa;
    struct bell_fence_log *log;

    if (!queue->user_mode || !is_buffer(args) ||
        (header->Type != DXGK_NATIVE_FENCE_LOG_TYPE_WAITS &&
         header->Type != DXGK_NATIVE_FENCE_LOG_TYPE_SIGNALS))
        return STATUS_INVALID_PARAMETER;
    if (queue->open)
        return STATUS_INVALID_DEVICE_STATE;
    log = header->Type == DXGK_NATIVE_FENCE_LOG_TYPE_WAITS ? &queue->waits : &queue->signals;
    log->base = args->LogBufferSystemProcessGpuVa | BELL_QUEUE_WAIT_LOG_ENABLE_MASK;
    log->index = header->AtomicWraparoundAndEntryIndex;
    log->header = header;
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
