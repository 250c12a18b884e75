/* SPDX-License-Identifier: MIT */
/* One byte too many is written. */
#include "plant.h"

static NTSTATUS create(HANDLE of, DXGKARG_CREATEPROCESS *args)
{
    NTSTATUS status = real.DxgkDdiCreateProcess(of, args);

    if (NT_SUCCESS(status))
        ((UCHAR *)args->hKmdProcess)[sizeof(struct bell_process)] = 0;
    return status;
}

PLANT_DDI(CreateProcess, create);
