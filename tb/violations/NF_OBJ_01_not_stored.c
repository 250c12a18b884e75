/* SPDX-License-Identifier: MIT */
/* A signal of the CPU is not stored. */
#include "plant.h"

static NTSTATUS update(HANDLE of, const DXGKARG_UPDATECURRENTVALUESFROMCPU *args)
{
    (VOID)of, (VOID)args;
    return STATUS_SUCCESS;
}

PLANT_DDI(UpdateCurrentValuesFromCpu, update);
