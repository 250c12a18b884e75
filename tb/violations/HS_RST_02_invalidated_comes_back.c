/* SPDX-License-Identifier: MIT */
/* Once resumed, the engine gets back the queues of the context that was invalidated. */
#include "plant.h"

static UINT32 removed; /* By ResetHwEngine: where its commands go. */
static bool resetting;

static NTSTATUS reset(HANDLE of, const DXGKARG_RESETHWENGINE *args)
{
    NTSTATUS status;

    resetting = true;
    status = real.DxgkDdiResetHwEngine(of, args);
    resetting = false;
    return status;
}

static NTSTATUS resume(HANDLE of, const DXGKARG_RESUMEHWENGINE *args)
{
    NTSTATUS status = real.DxgkDdiResumeHwEngine(of, args);

    if (removed != 0)
        plant_write(removed, BELL_FIELD_PUT(BELL_QUEUE_CMD_OP, BELL_QUEUE_CMD_ADD));
    return status;
}

static VOID change_table(DRIVER_INITIALIZATION_DATA *table)
{
    table->DxgkDdiResetHwEngine = reset;
    table->DxgkDdiResumeHwEngine = resume;
}

static VOID write(UINT32 offset, UINT64 value)
{
    if (resetting && is_command(offset, value, BELL_QUEUE_CMD_REMOVE))
        removed = offset;
    plant_write(offset, value);
}

const struct plant plant = {.table = change_table, .write = write};
