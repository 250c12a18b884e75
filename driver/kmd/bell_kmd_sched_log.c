/* SPDX-License-Identifier: MIT */
#include "bell_kmd_sched_log.h"

#include "bell_kmd_adapter.h"
#include "bell_kmd_mmio.h"

#define REGISTER_STEP 8u /* From a node's registers to the next one's. */
#define ENTRIES_MAX 0xFFFFu
#define ALIGNMENT 32u

static UINT32 base_of(UINT32 node)
{
    return BELL_LOG_BASE0_OFFSET + node * REGISTER_STEP;
}

static UINT32 config_of(UINT32 node)
{
    return BELL_LOG_CONFIG0_OFFSET + node * REGISTER_STEP;
}

static UINT32 index_of(UINT32 node)
{
    return BELL_LOG_INDEX0_OFFSET + node * REGISTER_STEP;
}

/* When it returns, every write to the log has been answered and no other comes. */
static NTSTATUS stop(struct bell_adapter *adapter, UINT32 node)
{
    if (adapter->logs[node].base == 0)
        return STATUS_SUCCESS;
    bell_kmd_write(adapter, base_of(node), 0);
    return bell_kmd_poll(adapter, BELL_STATUS_OFFSET,
                         BELL_FIELD_PUT(BELL_STATUS_LOG_BUSY, UINT64_C(1) << node), 0,
                         "scheduling log: last write to be answered");
}

static VOID start(struct bell_adapter *adapter, UINT32 node)
{
    const struct bell_log *log = &adapter->logs[node];

    if (log->base == 0)
        return;
    bell_kmd_write(adapter, index_of(node), log->index);
    bell_kmd_write(adapter, config_of(node), log->config);
    bell_kmd_write(adapter, base_of(node), log->base);
    bell_kmd_flush(adapter); /* Before another processor changes it. */
}

static bool args_are_valid(const struct bell_adapter *adapter,
                           const DXGKARG_SETSCHEDULINGLOGBUFFER *args)
{
    UINT64 address = args->LogBufferGpuVa;

    if (args->NodeOrdinal >= adapter->node_count || args->EngineOrdinal != 0 ||
        args->NumberOfEntries > ENTRIES_MAX)
        return false;
    return args->NumberOfEntries == 0 ||
           (args->LogBufferCpuVa != NULL && address != 0 && address % ALIGNMENT == 0 &&
            address <= BELL_LOG_BASE0_ADDR_MASK);
}

static VOID describe(struct bell_log *log, const DXGKARG_SETSCHEDULINGLOGBUFFER *args)
{
    UINT interrupt =
        args->InterruptEntry < args->NumberOfEntries ? args->InterruptEntry : ENTRIES_MAX;

    log->base = 0;
    log->index = 0;
    log->header = args->LogBufferCpuVa;
    log->config = BELL_FIELD_PUT(BELL_LOG_CONFIG0_ENTRIES, args->NumberOfEntries) |
                  BELL_FIELD_PUT(BELL_LOG_CONFIG0_INTERRUPT_ENTRY, interrupt);
    if (args->NumberOfEntries != 0)
        log->base = BELL_FIELD_PUT(BELL_LOG_BASE0_ADDR, args->LogBufferGpuVa) |
                    BELL_LOG_BASE0_ENABLE_MASK;
}

NTSTATUS bell_kmd_sched_log_set(struct bell_adapter *adapter,
                                const DXGKARG_SETSCHEDULINGLOGBUFFER *args)
{
    UINT32 node = args->NodeOrdinal;
    NTSTATUS status = STATUS_SUCCESS;

    if (!args_are_valid(adapter, args))
        return STATUS_INVALID_PARAMETER;
    bell_kmd_lock(&adapter->sched_lock);
    if (adapter->lost)
        status = STATUS_DEVICE_REMOVED;
    else if (!adapter->off)
        status = stop(adapter, node);
    adapter->logs[node].base = 0;
    if (NT_SUCCESS(status)) {
        describe(&adapter->logs[node], args);
        if (!adapter->off)
            start(adapter, node);
    }
    bell_kmd_unlock(&adapter->sched_lock);
    return status;
}

NTSTATUS bell_kmd_sched_log_save(struct bell_adapter *adapter)
{
    NTSTATUS status = STATUS_SUCCESS;

    for (UINT32 node = 0; node < adapter->node_count && NT_SUCCESS(status); node++) {
        status = stop(adapter, node);
        if (NT_SUCCESS(status) && adapter->logs[node].base != 0)
            adapter->logs[node].index = bell_kmd_read(adapter, index_of(node));
    }
    return status;
}

VOID bell_kmd_sched_log_restore(struct bell_adapter *adapter)
{
    for (UINT32 node = 0; node < adapter->node_count; node++)
        start(adapter, node);
}

/* The index is the hardware's: it is used if there is such an entry. */
static VOID recover(struct bell_adapter *adapter, struct bell_log *log)
{
    const DXGK_SCHEDULING_LOG_ENTRY *entries =
        (const DXGK_SCHEDULING_LOG_ENTRY *)(const VOID *)(log->header + 1);
    const UINT64 word = log->header->AtomicWraparoundAndEntryIndex;
    const UINT32 count = (UINT32)BELL_FIELD_GET(log->config, BELL_LOG_CONFIG0_ENTRIES);

    if ((UINT32)word >= count)
        return;
    log->index = word;
    if (word != 0)
        bell_kmd_adapter_note_time(adapter,
                                   entries[((UINT32)word + count - 1) % count].GpuTimeStamp);
}

VOID bell_kmd_sched_log_recover(struct bell_adapter *adapter)
{
    for (UINT32 node = 0; node < adapter->node_count; node++)
        if (adapter->logs[node].base != 0)
            recover(adapter, &adapter->logs[node]);
}
