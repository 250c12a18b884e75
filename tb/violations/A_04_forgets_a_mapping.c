/* SPDX-License-Identifier: MIT */
/* No mapping is taken note of. */
#include "plant.h"

static NTSTATUS page(HANDLE of, DXGKARG_BUILDPAGINGBUFFER *args)
{
    UNREFERENCED_PARAMETER(of);
    UNREFERENCED_PARAMETER(args);
    return STATUS_NOT_SUPPORTED;
}

PLANT_DDI(BuildPagingBuffer, page);
