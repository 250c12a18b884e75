/* SPDX-License-Identifier: MIT */
/* ResumeHwEngine opens the gate and samples no queue. */
#include "plant.h"

static bool resuming;

static NTSTATUS resume(HANDLE of, const DXGKARG_RESUMEHWENGINE *args)
{
    NTSTATUS status;

    resuming = true;
    status = real.DxgkDdiResumeHwEngine(of, args);
    resuming = false;
    return status;
}

static VOID change_table(DRIVER_INITIALIZATION_DATA *table)
{
    table->DxgkDdiResumeHwEngine = resume;
}

static VOID write(UINT32 offset, UINT64 value)
{
    if (!resuming || !is_command(offset, value, BELL_QUEUE_CMD_KICK))
        plant_write(offset, value);
}

const struct plant plant = {.table = change_table, .write = write};
