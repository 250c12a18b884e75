/* SPDX-License-Identifier: MIT */
/* The slot goes on routing to the queue after disconnect. */
#include "plant.h"

static VOID write(UINT32 offset, UINT64 value)
{
    if (!is_inside("DisconnectDoorbell") || !is_slot_owner(offset))
        plant_write(offset, value);
}

PLANT_WRITE(write);
