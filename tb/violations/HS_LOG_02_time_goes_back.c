/* SPDX-License-Identifier: MIT */
/* GPU time begins anew with each log. */
#include "plant.h"

static VOID write(UINT32 offset, UINT64 value)
{
    if (offset == BELL_LOG_BASE0_OFFSET && value != 0)
        plant_write(BELL_TIME_OFFSET, 0);
    plant_write(offset, value);
}

PLANT_WRITE(write);
