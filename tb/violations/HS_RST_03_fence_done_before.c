/* SPDX-License-Identifier: MIT */
/* A driver of the packet model; ResetEngine aborts a fence that was done before. */
#include "plant.h"

static NTSTATUS reset(HANDLE of, DXGKARG_RESETENGINE *args)
{
    NTSTATUS status = real.DxgkDdiResetEngine(of, args);

    args->LastAbortedFenceId = 0;
    return status;
}

static VOID change_table(DRIVER_INITIALIZATION_DATA *table)
{
    table->DxgkDdiResetHwEngine = NULL;
    table->DxgkDdiResumeHwEngine = NULL;
    table->DxgkDdiResetEngine = reset;
}

const struct plant plant = {.table = change_table};
