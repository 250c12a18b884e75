/* SPDX-License-Identifier: MIT */
#include "bell_kmd_engine.h"

#include "bell_kmd_mmio.h"

static bool engine_exists(const struct bell_adapter *adapter, UINT node, UINT engine)
{
    return node < adapter->node_count && engine == 0;
}

static bool device_answers(struct bell_adapter *adapter)
{
    UINT64 id = bell_kmd_read(adapter, BELL_ID_OFFSET);

    return BELL_FIELD_GET(id, BELL_ID_MAGIC) == BELL_ID_MAGIC_RESET;
}

NTSTATUS bell_kmd_engine_reset(struct bell_adapter *adapter, DXGKARG_RESETENGINE *args)
{
    if (!engine_exists(adapter, args->NodeOrdinal, args->EngineOrdinal))
        return STATUS_INVALID_PARAMETER;
    bell_kmd_write(adapter, BELL_NODE_ABORT_OFFSET, UINT64_C(1) << args->NodeOrdinal);
    if (!device_answers(adapter)) {
        adapter->lost = true;
        return STATUS_DEVICE_REMOVED;
    }
    args->LastAbortedFenceId = 0;
    return STATUS_SUCCESS;
}

NTSTATUS bell_kmd_engine_status(struct bell_adapter *adapter, DXGKARG_QUERYENGINESTATUS *args)
{
    if (!engine_exists(adapter, args->NodeOrdinal, args->EngineOrdinal))
        return STATUS_INVALID_PARAMETER;
    args->EngineStatus.Value = 0;
    args->EngineStatus.Responsive = device_answers(adapter);
    return STATUS_SUCCESS;
}
