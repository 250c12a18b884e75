/* SPDX-License-Identifier: MIT */
/* The switch is reported though nobody asked. */
#include "plant.h"

static NTSTATUS update(HANDLE of, const DXGKARG_UPDATEHWCONTEXTSTATE *args)
{
    DXGKARG_UPDATEHWCONTEXTSTATE changed = *args;

    changed.Flags.InterruptOnSwitchCompletion = 1;
    return real.DxgkDdiUpdateHwContextState(of, &changed);
}

PLANT_DDI(UpdateHwContextState, update);
