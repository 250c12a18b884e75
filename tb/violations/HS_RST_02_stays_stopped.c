/* SPDX-License-Identifier: MIT */
/* ResumeHwEngine does nothing. */
#include "plant.h"

static NTSTATUS resume(HANDLE of, const DXGKARG_RESUMEHWENGINE *args)
{
    UNREFERENCED_PARAMETER(of);
    UNREFERENCED_PARAMETER(args);
    return STATUS_SUCCESS;
}

PLANT_DDI(ResumeHwEngine, resume);
