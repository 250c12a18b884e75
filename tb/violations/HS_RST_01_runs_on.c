/* SPDX-License-Identifier: MIT */
/* ResetHwEngine lets the engine go on at once. */
#include "plant.h"

static NTSTATUS reset(HANDLE of, const DXGKARG_RESETHWENGINE *args)
{
    NTSTATUS status = real.DxgkDdiResetHwEngine(of, args);

    plant_write(BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
    return status;
}

PLANT_DDI(ResetHwEngine, reset);
