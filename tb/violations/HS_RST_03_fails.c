/* SPDX-License-Identifier: MIT */
/* ResetEngine resets and fails. */
#include "plant.h"

static NTSTATUS reset(HANDLE of, DXGKARG_RESETENGINE *args)
{
    (VOID)real.DxgkDdiResetEngine(of, args);
    return STATUS_UNSUCCESSFUL;
}

PLANT_DDI(ResetEngine, reset);
