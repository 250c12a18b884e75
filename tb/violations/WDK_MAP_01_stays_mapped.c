/* SPDX-License-Identifier: MIT */
/* The BARs stay mapped. */
#include "plant.h"

static NTSTATUS unmap(HANDLE of, PVOID address)
{
    UNREFERENCED_PARAMETER(of);
    UNREFERENCED_PARAMETER(address);
    return STATUS_SUCCESS;
}

PLANT_CALLBACK(UnmapMemory, unmap);
