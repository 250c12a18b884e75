/* SPDX-License-Identifier: MIT */
/* CreateDoorbell answers with more private data than there is room for. */
#include "plant.h"

static NTSTATUS create(DXGKARG_CREATEDOORBELL *args)
{
    NTSTATUS status = real.DxgkDdiCreateDoorbell(args);

    if (args->PrivateDriverData != NULL)
        ((UCHAR *)args->PrivateDriverData)[args->PrivateDriverDataSize] = 1;
    return status;
}

PLANT_DDI(CreateDoorbell, create);
