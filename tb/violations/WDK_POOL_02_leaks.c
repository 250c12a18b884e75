/* SPDX-License-Identifier: MIT */
/* A block of each CreateProcess is never freed. */
#include "plant.h"

static NTSTATUS create(HANDLE of, DXGKARG_CREATEPROCESS *args)
{
    (VOID)bell_kmd_alloc(64);
    return real.DxgkDdiCreateProcess(of, args);
}

PLANT_DDI(CreateProcess, create);
