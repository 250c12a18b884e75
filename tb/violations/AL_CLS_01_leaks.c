/* SPDX-License-Identifier: MIT */
/* Close does not free what open made. */
#include "plant.h"

static VOID release(PVOID block, ULONG tag)
{
    if (!is_inside("CloseAllocation"))
        plant_release(block, tag);
}

PLANT_RELEASE(release);
