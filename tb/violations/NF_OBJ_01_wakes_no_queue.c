/* SPDX-License-Identifier: MIT */
/* After a signal of the CPU, queues that wait are not made to look again. */
#include "plant.h"

static VOID filter(UINT32 offset, UINT64 value)
{
    if (offset != BELL_FENCE_WAKE_OFFSET)
        plant_write(offset, value);
}

PLANT_WRITE(filter);
