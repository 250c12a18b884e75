/* SPDX-License-Identifier: MIT */
/* DestroyAllocation does not free the objects. */
#include "plant.h"

static VOID release(PVOID block, ULONG tag)
{
    if (!is_inside("DestroyAllocation"))
        plant_release(block, tag);
}

PLANT_RELEASE(release);
