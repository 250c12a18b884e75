/* SPDX-License-Identifier: MIT */
/* Signals are not logged. */
#include "plant.h"

static VOID filter(UINT32 offset, UINT64 value)
{
    const UINT32 signals = BELL_QUEUE_SIGNAL_LOG_OFFSET(0) - BELL_QUEUE_BASE_OFFSET(0);

    if (queue_register(offset) == signals)
        value = 0;
    plant_write(offset, value);
}

PLANT_WRITE(filter);
