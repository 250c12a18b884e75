/* SPDX-License-Identifier: MIT */
/* A driver of the packet model; ResetEngine resets and fails. */
#include "plant.h"

static NTSTATUS reset(HANDLE of, DXGKARG_RESETENGINE *args)
{
    (VOID)real.DxgkDdiResetEngine(of, args);
    return STATUS_UNSUCCESSFUL;
}

static VOID change_table(DRIVER_INITIALIZATION_DATA *table)
{
    table->DxgkDdiResetHwEngine = NULL;
    table->DxgkDdiResumeHwEngine = NULL;
    table->DxgkDdiResetEngine = reset;
}

const struct plant plant = {.table = change_table};
