/* SPDX-License-Identifier: MIT */
/* A victim's rings in flight are not waited for. */
#include "plant.h"

static UINT64 read(UINT32 offset)
{
    return is_inside("ConnectDoorbell") && is_slot_drain(offset) ? 0 : plant_read(offset);
}

PLANT_READ(read);
