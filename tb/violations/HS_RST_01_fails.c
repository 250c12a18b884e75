/* SPDX-License-Identifier: MIT */
/* ResetHwEngine resets and fails. */
#include "plant.h"

static NTSTATUS reset(HANDLE of, const DXGKARG_RESETHWENGINE *args)
{
    (VOID)real.DxgkDdiResetHwEngine(of, args);
    return STATUS_UNSUCCESSFUL;
}

PLANT_DDI(ResetHwEngine, reset);
