/* SPDX-License-Identifier: MIT */
/* The hardware fetches from behind the ring. */
#include "plant.h"

static VOID write(UINT32 offset, UINT64 value)
{
    if (is_inside("ConnectDoorbell") && queue_register(offset) == 0)
        value += 0x10000;
    plant_write(offset, value);
}

PLANT_WRITE(write);
