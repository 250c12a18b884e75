/* SPDX-License-Identifier: MIT */
/* Disconnect does not wait for rings in flight. */
#include "plant.h"

static UINT64 read(UINT32 offset)
{
    return is_inside("DisconnectDoorbell") && is_slot_drain(offset) ? 0 : plant_read(offset);
}

PLANT_READ(read);
