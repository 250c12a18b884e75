/* SPDX-License-Identifier: MIT */
/* ResetHwEngine leaves the queues of the context that it invalidates on the run list. */
#include "plant.h"

static bool resetting;

static NTSTATUS reset(HANDLE of, const DXGKARG_RESETHWENGINE *args)
{
    NTSTATUS status;

    resetting = true;
    status = real.DxgkDdiResetHwEngine(of, args);
    resetting = false;
    return status;
}

static VOID change_table(DRIVER_INITIALIZATION_DATA *table)
{
    table->DxgkDdiResetHwEngine = reset;
}

static VOID write(UINT32 offset, UINT64 value)
{
    if (!resetting || !is_command(offset, value, BELL_QUEUE_CMD_REMOVE))
        plant_write(offset, value);
}

const struct plant plant = {.table = change_table, .write = write};
