/* SPDX-License-Identifier: MIT */
/* The interrupt routine does nothing. */
#include "plant.h"

static BOOLEAN interrupt(PVOID context, ULONG message)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(message);
    return FALSE;
}

PLANT_DDI(InterruptRoutine, interrupt);
