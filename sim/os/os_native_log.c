/* SPDX-License-Identifier: MIT */
/*
 * Native fence logs: two pages a user-mode queue, one of waits, one of signals (NF-LOG-01). The OS
 * sets up the headers and leaves the entries as they come; it reads behind the hardware, after each
 * interrupt of a signal. What was overwritten unread is counted: index and wrap count are one word.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bell_device_hash.h"
#include "os_native.h"
#include "os_power.h"

#define BUSY_POLL 8u
/** What the OS leaves in entries. */
#define UNWRITTEN 0xA5
#define ENTRIES                                                                                    \
    ((BELL_PAGE - sizeof(DXGK_NATIVE_FENCE_LOG_HEADER)) / sizeof(DXGK_NATIVE_FENCE_LOG_ENTRY))

struct log {
    uint64_t phys;
    uint64_t read;      /**< Entries of this page taken or lost, */
    uint64_t before;    /**< and of those before it. */
    uint64_t last_time; /**< FenceEndGpuTimestamp of the newest taken. */
    uint64_t taken, lost;
    uint64_t old_phys, old_hash; /**< The page before: nobody writes there any more. */
};

struct os_native_log {
    struct log waits, signals;
    uint64_t told; /**< Signals that the hardware has told of by events. */
    bool due;      /**< One of them since the DPC read last. */
    bool busy;     /**< The DPC is in the driver for it. */
    bool closing;
    bool moving;   /**< It may be in either page. */
};

static DXGK_NATIVE_FENCE_LOG_HEADER *header_of(const struct log *log)
{
    return bell_phys_ptr(log->phys);
}

static const DXGK_NATIVE_FENCE_LOG_ENTRY *entry_of(const struct log *log, uint64_t number)
{
    const DXGK_NATIVE_FENCE_LOG_ENTRY *entries =
        (const DXGK_NATIVE_FENCE_LOG_ENTRY *)(const void *)(header_of(log) + 1);

    return &entries[number % ENTRIES];
}

/* --- Buffers ---------------------------------------------------------------------------------- */

static bool make_page(struct log *log, DXGK_NATIVE_FENCE_LOG_TYPE type)
{
    log->phys = bell_phys_alloc(1);
    if (!log->phys)
        return false;
    memset(bell_phys_ptr(log->phys), UNWRITTEN, BELL_PAGE);
    *header_of(log) = (DXGK_NATIVE_FENCE_LOG_HEADER){ .Type = type, .NumberOfEntries = ENTRIES };
    return true;
}

static void drop_page(struct log *log)
{
    if (log->phys)
        bell_phys_free(log->phys, 1);
    log->phys = 0;
}

static uint64_t hash_of(uint64_t phys)
{
    return bell_hash_memory(BELL_HASH_SEED, bell_phys_ptr(phys), BELL_PAGE);
}

static void drop_old(const struct os_queue *queue, struct log *log)
{
    if (!log->old_phys)
        return;
    if (hash_of(log->old_phys) != log->old_hash)
        os_violation("NF-LOG-01", queue->base.name, "a native fence log at 0x%" PRIx64 " was written "
                     "after DxgkDdiSetNativeFenceLogBuffer for another had returned", log->old_phys);
    bell_phys_free(log->old_phys, 1);
    log->old_phys = 0;
}

/* NF-LOG-01: at DISPATCH_LEVEL. */
static NTSTATUS set_in_driver(const struct os_queue *queue, const struct log *log)
{
    struct os_thread *self = os_thread_self();
    DXGKARG_SETNATIVEFENCELOGBUFFER args = { .hHwQueue = queue->kmd,
                                             .NumberOfEntries = ENTRIES,
                                             .LogBufferCpuVa = header_of(log),
                                             .LogBufferSystemProcessGpuVa = log->phys };
    NTSTATUS status;

    os_driver_enter(queue->base.process);
    self->irql = DISPATCH_LEVEL;
    status = OS_DDI(SetNativeFenceLogBuffer, queue->base.name, &args, DISPATCH_LEVEL,
                    os_adapter.ddi.DxgkDdiSetNativeFenceLogBuffer(os_adapter.miniport, &args));
    self->irql = PASSIVE_LEVEL;
    os_driver_leave(queue->base.process);
    return status;
}

/* At DISPATCH_LEVEL. */
static void update(const struct os_queue *queue)
{
    HANDLE kmd = queue->kmd;
    DXGKARG_UPDATENATIVEFENCELOGS args = { .NumberOfQueues = 1, .pHwQueueArray = &kmd };
    NTSTATUS status = OS_DDI(UpdateNativeFenceLogs, queue->base.name, &args, DISPATCH_LEVEL,
                             os_adapter.ddi.DxgkDdiUpdateNativeFenceLogs(os_adapter.miniport,
                                                                         &args));

    os_must_succeed(status, "DxgkDdiUpdateNativeFenceLogs", "NF-LOG-01");
}

static void update_in_driver(const struct os_queue *queue)
{
    struct os_thread *self = os_thread_self();

    os_driver_enter(queue->base.process);
    self->irql = DISPATCH_LEVEL;
    update(queue);
    self->irql = PASSIVE_LEVEL;
    os_driver_leave(queue->base.process);
}

NTSTATUS os_native_logs_make(struct os_queue *queue)
{
    struct os_native_log *made;

    if (!queue->flags.UserModeSubmission || !os_native_usable() ||
        !os_adapter.ddi.DxgkDdiSetNativeFenceLogBuffer)
        return STATUS_SUCCESS;
    made = calloc(1, sizeof(*made));
    if (!made)
        return STATUS_NO_MEMORY;
    if (!make_page(&made->waits, DXGK_NATIVE_FENCE_LOG_TYPE_WAITS) ||
        !make_page(&made->signals, DXGK_NATIVE_FENCE_LOG_TYPE_SIGNALS)) {
        drop_page(&made->waits);
        free(made);
        return STATUS_NO_MEMORY;
    }
    queue->logs = made;
    os_must_succeed(set_in_driver(queue, &made->waits), "DxgkDdiSetNativeFenceLogBuffer",
                    "NF-LOG-01");
    os_must_succeed(set_in_driver(queue, &made->signals), "DxgkDdiSetNativeFenceLogBuffer",
                    "NF-LOG-01");
    return STATUS_SUCCESS;
}

/* --- Entries ---------------------------------------------------------------------------------- */

/* Also when the device lost its state between the two. */
static bool is_in_order(const struct log *log, const DXGK_NATIVE_FENCE_LOG_ENTRY *entry)
{
    return entry->FenceEndGpuTimestamp >= log->last_time &&
           entry->FenceObservedGpuTimestamp <= entry->FenceEndGpuTimestamp;
}

static void check_entry(const struct os_queue *queue, struct log *log,
                        const DXGK_NATIVE_FENCE_LOG_ENTRY *entry)
{
    bool waits = header_of(log)->Type == DXGK_NATIVE_FENCE_LOG_TYPE_WAITS;
    UINT wanted = waits ? DXGK_NATIVE_FENCE_LOG_OPERATION_WAIT_UNBLOCKED
                        : DXGK_NATIVE_FENCE_LOG_OPERATION_SIGNAL_EXECUTED;

    if (entry->OperationType != wanted)
        os_violation("NF-LOG-01", queue->base.name, "entry %" PRIu64 " of the log of %s has "
                     "operation %u; expected %u", log->taken + log->lost,
                     waits ? "waits" : "signals", entry->OperationType, wanted);
    else if (!is_in_order(log, entry))
        os_violation("NF-LOG-01", queue->base.name, "entry %" PRIu64 " of the log of %s goes from "
                     "time %" PRIu64 " to %" PRIu64 ", the one before it ended at %" PRIu64,
                     log->taken + log->lost, waits ? "waits" : "signals",
                     entry->FenceObservedGpuTimestamp, entry->FenceEndGpuTimestamp,
                     log->last_time);
    log->last_time = entry->FenceEndGpuTimestamp;
}

static void take(const struct os_queue *queue, struct log *log)
{
    const DXGK_NATIVE_FENCE_LOG_ENTRY *entry = entry_of(log, log->read);
    bool waits = header_of(log)->Type == DXGK_NATIVE_FENCE_LOG_TYPE_WAITS;
    struct belfry_record *record;

    check_entry(queue, log, entry);
    record = os_trace_hardware(BELFRY_FENCE_LOG, waits ? "wait" : "signal", bell_sim_now());
    record->object = queue->base.name;
    record->value = entry->FenceValue;
    record->value2 = entry->FenceObservedGpuTimestamp;
    record->value3 = entry->FenceEndGpuTimestamp;
    record->status = entry->hNativeFence;
    log->read++;
    log->taken++;
}

/** Number of entries that the header says were written. */
static uint64_t written(const struct log *log)
{
    const DXGK_NATIVE_FENCE_LOG_HEADER *header = header_of(log);
    uint64_t word = __atomic_load_n(&header->AtomicWraparoundAndEntryIndex, __ATOMIC_SEQ_CST);

    return (word >> 32) * ENTRIES + (uint32_t)word;
}

static void read_log(const struct os_queue *queue, struct log *log)
{
    uint64_t end = written(log);

    if ((uint32_t)header_of(log)->AtomicWraparoundAndEntryIndex >= ENTRIES || end < log->read) {
        os_violation("NF-LOG-01", queue->base.name, "a native fence log says that %" PRIu64
                     " entries were written, %" PRIu64 " were read before; a page holds %u", end,
                     log->read, (unsigned)ENTRIES);
        return;
    }
    if (end - log->read > ENTRIES) {
        log->lost += end - log->read - ENTRIES;
        log->read = end - ENTRIES;
    }
    while (log->read < end)
        take(queue, log);
}

static void read_logs(const struct os_queue *queue)
{
    read_log(queue, &queue->logs->waits);
    read_log(queue, &queue->logs->signals);
}

void os_native_logs_read(struct os_queue *queue)
{
    if (!queue->logs)
        return;
    update_in_driver(queue);
    read_logs(queue);
}

/* --- Signals that the hardware tells of -------------------------------------------------------- */

/* Each has an entry of its own, whatever the CPU signals beside. */
static void check_told(const struct os_queue *queue)
{
    const struct log *signals = &queue->logs->signals;
    uint64_t entries = signals->before + written(signals);

    if (!queue->logs->moving && queue->logs->told > entries)
        os_violation("NF-LOG-01", queue->base.name, "signal %" PRIu64 " of the queue interrupts, and "
                     "its log of signals has %" PRIu64 " entries", queue->logs->told, entries);
}

void os_native_logs_told(struct os_queue *queue)
{
    if (!queue->logs)
        return;
    queue->logs->due = true;
    queue->logs->told++;
    check_told(queue);
}

/* Power and reset DDIs want the driver for themselves: a DPC cannot wait for them. */
static void read_in_dpc(struct os_queue *queue)
{
    if (!os_power_try_enter_driver())
        return;
    queue->logs->due = false;
    queue->logs->busy = true;
    update(queue);
    read_logs(queue);
    queue->logs->busy = false;
    os_power_leave_driver();
}

void os_native_logs_dpc(void)
{
    struct os_queue *queue = NULL;

    while ((queue = os_object_next(queue, OS_QUEUE, NULL, NULL)) != NULL)
        if (queue->logs && queue->logs->due && !queue->logs->closing)
            read_in_dpc(queue);
}

void os_native_logs_close(struct os_queue *queue)
{
    if (!queue->logs)
        return;
    queue->logs->closing = true;
    while (queue->logs->busy)
        bell_thread_sleep(BUSY_POLL);
}

static NTSTATUS move(const struct os_queue *queue, struct log *log)
{
    struct log made = { .phys = 0 };
    NTSTATUS status;

    if (!make_page(&made, header_of(log)->Type))
        return STATUS_NO_MEMORY;
    status = set_in_driver(queue, &made);
    if (!NT_SUCCESS(status)) {
        drop_page(&made);
        return status;
    }
    read_log(queue, log);
    drop_old(queue, log);
    log->old_phys = log->phys;
    log->old_hash = hash_of(log->old_phys);
    log->phys = made.phys;
    log->before += log->read;
    log->read = 0;
    return STATUS_SUCCESS;
}

NTSTATUS os_native_logs_move(struct os_queue *queue)
{
    NTSTATUS status;

    if (!queue->logs)
        return STATUS_INVALID_PARAMETER;
    queue->logs->moving = true;
    status = move(queue, &queue->logs->waits);
    if (NT_SUCCESS(status))
        status = move(queue, &queue->logs->signals);
    queue->logs->moving = false;
    check_told(queue);
    return status;
}

/* The driver's object is gone: the hardware has let go of the pages. */
void os_native_logs_drop(struct os_queue *queue)
{
    if (!queue->logs)
        return;
    read_logs(queue);
    drop_old(queue, &queue->logs->waits);
    drop_old(queue, &queue->logs->signals);
    drop_page(&queue->logs->waits);
    drop_page(&queue->logs->signals);
    free(queue->logs);
    queue->logs = NULL;
}

void os_native_logs_counts(const struct os_queue *queue, struct belfry_fence_logs *counts)
{
    *counts = (struct belfry_fence_logs){ .exists = queue->logs != NULL };
    if (!queue->logs)
        return;
    counts->waits = queue->logs->waits.taken;
    counts->signals = queue->logs->signals.taken;
    counts->lost_waits = queue->logs->waits.lost;
    counts->lost_signals = queue->logs->signals.lost;
}
