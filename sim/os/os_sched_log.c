/* SPDX-License-Identifier: MIT */
/*
 * Scheduling logs, one a node. The OS sets up the header and leaves the entries as they come; it reads
 * behind the hardware. A log that was replaced is kept until the next change, to see that nobody
 * writes to it any more.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bell_device_hash.h"
#include "os_power.h"
#include "os_sched.h"

#define ENGINE_ORDINAL 0u
/** What the OS leaves in entries: not zero (HS-LOG-01). */
#define UNWRITTEN 0xA5
#define MAX_ENTRIES 0xFFFEu

struct buffer {
    uint64_t phys;
    size_t pages;
    UINT entries;
};

static struct log {
    struct buffer now, old;
    uint64_t old_hash;
    uint64_t read;      /**< Entries of `now` taken or lost. */
    uint64_t last_time;
    const struct os_context *running;
    uint64_t taken, lost, interrupts;
    bool interrupted;   /**< Not yet read. */
} logs[OS_MAX_NODES];

static DXGK_SCHEDULING_LOG_HEADER *header_of(const struct buffer *buffer)
{
    return bell_phys_ptr(buffer->phys);
}

static DXGK_SCHEDULING_LOG_ENTRY *entries_of(const struct buffer *buffer)
{
    return (DXGK_SCHEDULING_LOG_ENTRY *)(void *)(header_of(buffer) + 1);
}

static uint64_t hash_of(const struct buffer *buffer)
{
    return bell_hash_memory(BELL_HASH_SEED, bell_phys_ptr(buffer->phys), buffer->pages * BELL_PAGE);
}

static NTSTATUS make(struct buffer *buffer, UINT entries)
{
    size_t bytes = sizeof(DXGK_SCHEDULING_LOG_HEADER) + entries * sizeof(DXGK_SCHEDULING_LOG_ENTRY);

    *buffer = (struct buffer){ .pages = (bytes + BELL_PAGE - 1) / BELL_PAGE, .entries = entries };
    buffer->phys = bell_phys_alloc(buffer->pages);
    if (!buffer->phys)
        return STATUS_NO_MEMORY;
    memset(bell_phys_ptr(buffer->phys), UNWRITTEN, buffer->pages * BELL_PAGE);
    *header_of(buffer) = (DXGK_SCHEDULING_LOG_HEADER){ .NumberOfEntries = entries };
    return STATUS_SUCCESS;
}

static void drop(struct buffer *buffer)
{
    if (buffer->phys)
        bell_phys_free(buffer->phys, buffer->pages);
    *buffer = (struct buffer){ .phys = 0 };
}

/** HS-LOG-01. */
static void check_frozen(UINT node)
{
    struct log *log = &logs[node];

    if (log->old.phys && hash_of(&log->old) != log->old_hash)
        os_violation("HS-LOG-01", node, "the scheduling log of node %u at 0x%" PRIx64 " was written "
                     "after DxgkDdiSetSchedulingLogBuffer for another had returned", node,
                     log->old.phys);
}

/* --- Entries ---------------------------------------------------------------------------------- */

/** Context that has the handle now. */
static struct os_context *context_of(HANDLE kmd)
{
    struct os_context *context = NULL;

    do
        context = os_object_next(context, OS_CONTEXT, NULL, NULL);
    while (context && (context->base.retired || context->kmd != kmd));
    return context;
}

/** Contexts that went while there was a log: an entry of theirs may still be on its way. */
#define DEAD 64u
static HANDLE dead[DEAD];
static unsigned dead_count;

void os_sched_log_forget(const struct os_context *context)
{
    if (logs[context->node].now.phys)
        dead[dead_count++ % DEAD] = context->kmd;
    if (logs[context->node].running == context)
        logs[context->node].running = NULL;
}

static bool is_dead(HANDLE kmd)
{
    for (unsigned i = 0; i < DEAD && i < dead_count; i++)
        if (dead[i] == kmd)
            return true;
    return false;
}

static const char *const state_names[] = { "idle", "running", "ready", "ready-standby" };

static bool is_well_formed(UINT node, const DXGK_SCHEDULING_LOG_ENTRY *entry, uint64_t number)
{
    UINT state = (UINT)entry->ContextStateChange.newContextState;

    if (entry->OperationType == DXGK_SCHEDULING_LOG_OPERATION_CONTEXT_STATE_CHANGE &&
        state <= DXGK_SCHEDULING_LOG_CONTEXT_STATE_READY_STANDBY && entry->Reserved == 0)
        return true;
    os_violation("HS-LOG-02", node, "entry %" PRIu64 " of node %u's scheduling log has operation %u, "
                 "state %u, reserved 0x%X", number, node, (unsigned)entry->OperationType, state,
                 entry->Reserved);
    return false;
}

/** One engine runs one context; that changes with each entry, and runs only after it was ready. */
static void check_sequence(UINT node, struct os_context *context, int state, uint64_t number)
{
    struct log *log = &logs[node];
    bool runs = state == DXGK_SCHEDULING_LOG_CONTEXT_STATE_RUNNING;

    if (runs && log->running && log->running != context)
        os_violation("HS-LOG-02", context->base.name, "entry %" PRIu64 ": it runs on node %u while "
                     "context 0x%08X does", number, node, log->running->base.name);
    if (context->schedule.logged == state)
        os_violation("HS-LOG-02", context->base.name, "entry %" PRIu64 ": it is %s twice in a row",
                     number, state_names[state]);
    if (runs && context->schedule.logged == DXGK_SCHEDULING_LOG_CONTEXT_STATE_IDLE)
        os_violation("HS-LOG-02", context->base.name, "entry %" PRIu64 ": it runs, and was idle "
                     "before", number);
    if (runs)
        log->running = context;
    else if (log->running == context)
        log->running = NULL;
    context->schedule.logged = state;
}

static void take(UINT node, const DXGK_SCHEDULING_LOG_ENTRY *entry, uint64_t number)
{
    struct log *log = &logs[node];
    struct os_context *context = context_of(entry->ContextStateChange.hKmdContext);
    int state = (int)entry->ContextStateChange.newContextState;
    struct belfry_record *record;

    log->taken++;
    if (!is_well_formed(node, entry, number))
        return;
    if (entry->GpuTimeStamp < log->last_time)
        os_violation("HS-LOG-02", node, "entry %" PRIu64 " of node %u's scheduling log has time %"
                     PRIu64 ", the one before %" PRIu64, number, node,
                     (uint64_t)entry->GpuTimeStamp, log->last_time);
    log->last_time = entry->GpuTimeStamp;
    if (!context && !is_dead(entry->ContextStateChange.hKmdContext))
        os_violation("HS-LOG-02", node, "entry %" PRIu64 " of node %u's scheduling log names %p, "
                     "which is no context", number, node, entry->ContextStateChange.hKmdContext);
    else if (context && context->node != node)
        os_violation("HS-LOG-02", context->base.name, "entry %" PRIu64 " of node %u's scheduling "
                     "log names a context of node %u", number, node, context->node);
    else if (context)
        check_sequence(node, context, state, number);
    record = os_trace_hardware(BELFRY_SCHED, state_names[state], bell_sim_now());
    record->object = context ? context->base.name : 0;
    record->value = entry->GpuTimeStamp;
    record->value2 = node;
    record->value3 = number / log->now.entries << 32 | number % log->now.entries;
}

/** After entries were overwritten unread, nothing is known about contexts. */
static void forget(UINT node)
{
    struct os_context *context = NULL;

    logs[node].running = NULL;
    while ((context = os_object_next(context, OS_CONTEXT, NULL, NULL)) != NULL)
        if (context->node == node)
            context->schedule.logged = -1;
}

void os_sched_log_read(UINT node)
{
    struct log *log = &logs[node];
    DXGK_SCHEDULING_LOG_HEADER *header;
    uint64_t word, written;

    log->interrupted = false;
    if (!log->now.phys)
        return;
    header = header_of(&log->now);
    word = __atomic_load_n(&header->AtomicWraparoundAndEntryIndex, __ATOMIC_SEQ_CST);
    written = (word >> 32) * log->now.entries + (uint32_t)word;
    if ((uint32_t)word >= log->now.entries || written < log->read) {
        os_violation("HS-LOG-02", node, "the header of node %u's scheduling log has index %u, wrap "
                     "count %u; there are %u entries, and %" PRIu64 " were written before", node,
                     (unsigned)word, (unsigned)(word >> 32), log->now.entries, log->read);
        return;
    }
    /* The place of the next entry may be half written: it does not count as kept. */
    if (written - log->read >= log->now.entries) {
        log->lost += written - (log->now.entries - 1) - log->read;
        log->read = written - (log->now.entries - 1);
        forget(node);
    }
    for (; log->read < written; log->read++)
        take(node, &entries_of(&log->now)[log->read % log->now.entries], log->read);
}

void os_sched_log_read_all(void)
{
    for (UINT node = 0; node < os_adapter.node_count; node++)
        os_sched_log_read(node);
}

void os_sched_log_counts(UINT node, uint64_t *taken, uint64_t *lost, uint64_t *interrupts)
{
    *taken = logs[node].taken;
    *lost = logs[node].lost;
    *interrupts = logs[node].interrupts;
}

/* --- Logs come and go ------------------------------------------------------------------------- */

static NTSTATUS set_in_driver(UINT node, const struct buffer *buffer, UINT interrupt_entry)
{
    DXGKARG_SETSCHEDULINGLOGBUFFER args = {
        .NodeOrdinal = node,
        .EngineOrdinal = ENGINE_ORDINAL,
        .NumberOfEntries = buffer->entries,
        .LogBufferCpuVa = buffer->phys ? bell_phys_ptr(buffer->phys) : NULL,
        .LogBufferGpuVa = buffer->phys,
        .InterruptEntry = interrupt_entry,
    };
    NTSTATUS status;

    os_power_enter_driver();
    status = OS_DDI(SetSchedulingLogBuffer, node, &args, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiSetSchedulingLogBuffer(os_adapter.miniport, &args));
    os_power_leave_driver();
    return status;
}

NTSTATUS os_sched_log(UINT node, UINT entries, UINT interrupt_entry)
{
    struct buffer made = { .phys = 0 };
    struct log *log;
    NTSTATUS status = STATUS_SUCCESS;

    if (!os_adapter.ddi.DxgkDdiSetSchedulingLogBuffer)
        return STATUS_NOT_SUPPORTED;
    if (node >= os_adapter.node_count || entries > MAX_ENTRIES)
        return STATUS_INVALID_PARAMETER;
    log = &logs[node];
    if (entries)
        status = make(&made, entries);
    if (NT_SUCCESS(status))
        status = set_in_driver(node, &made, interrupt_entry);
    if (!NT_SUCCESS(status)) {
        drop(&made);
        return status;
    }
    os_sched_log_read(node);
    check_frozen(node);
    drop(&log->old);
    log->old = log->now;
    log->old_hash = log->old.phys ? hash_of(&log->old) : 0;
    log->now = made;
    log->read = 0;
    forget(node);
    return STATUS_SUCCESS;
}

void os_sched_log_reset(void)
{
    memset(logs, 0, sizeof(logs));
    dead_count = 0;
}

void os_sched_log_cut(void)
{
    for (UINT node = 0; node < os_adapter.node_count; node++) {
        os_sched_log_read(node);
        forget(node);
    }
}

void os_sched_log_stop(void)
{
    for (UINT node = 0; node < os_adapter.node_count; node++) {
        if (!logs[node].now.phys && !logs[node].old.phys)
            continue;
        (void)os_sched_log(node, 0, 0);
        check_frozen(node);
        drop(&logs[node].old);
    }
}

/* --- Interrupts ------------------------------------------------------------------------------- */

static void read_work(void *arg)
{
    (void)arg;
    os_sched_log_read_all();
}

void os_sched_log_interrupt(UINT node)
{
    if (node >= os_adapter.node_count || !logs[node].now.phys) {
        os_violation("HS-LOG-02", node, "SCHEDULING_LOG_INTERRUPT names node %u, which has no log",
                     node);
        return;
    }
    logs[node].interrupts++;
    logs[node].interrupted = true;
}

void os_sched_dpc(void)
{
    for (UINT node = 0; node < os_adapter.node_count; node++) {
        if (!logs[node].interrupted)
            continue;
        logs[node].interrupted = false;
        os_work_queue(read_work, NULL);
        return;
    }
}
