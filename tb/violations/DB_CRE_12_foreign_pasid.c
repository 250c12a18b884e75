/* SPDX-License-Identifier: MIT */
/* The hardware fetches in the address space of another process. */
#include "plant.h"

static VOID write(UINT32 offset, UINT64 value)
{
    if (queue_register(offset) == BELL_QUEUE_CONFIG_OFFSET(0) - BELL_QUEUE_BASE_OFFSET(0))
        value += BELL_FIELD_PUT(BELL_QUEUE_CONFIG_PASID, 1);
    plant_write(offset, value);
}

PLANT_WRITE(write);
