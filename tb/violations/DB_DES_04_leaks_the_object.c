/* SPDX-License-Identifier: MIT */
/* Destroy does not free the object. */
#include "plant.h"

static VOID release(PVOID block, ULONG tag)
{
    if (!is_inside("DestroyDoorbell"))
        plant_release(block, tag);
}

PLANT_RELEASE(release);
