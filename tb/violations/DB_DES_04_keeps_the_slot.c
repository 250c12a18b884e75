/* SPDX-License-Identifier: MIT */
/* The slot goes on routing to the queue after destroy. */
#include "plant.h"

static VOID write(UINT32 offset, UINT64 value)
{
    if (!is_inside("DestroyDoorbell") || !is_slot_owner(offset))
        plant_write(offset, value);
}

PLANT_WRITE(write);
