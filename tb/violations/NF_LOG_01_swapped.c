/* SPDX-License-Identifier: MIT */
/* Waits and signals are logged in each other's buffer. */
#include "plant.h"

static VOID filter(UINT32 offset, UINT64 value)
{
    const UINT32 waits = BELL_QUEUE_WAIT_LOG_OFFSET(0) - BELL_QUEUE_BASE_OFFSET(0);
    const UINT32 signals = BELL_QUEUE_SIGNAL_LOG_OFFSET(0) - BELL_QUEUE_BASE_OFFSET(0);

    if (queue_register(offset) == waits)
        offset += signals - waits;
    else if (queue_register(offset) == signals)
        offset -= signals - waits;
    plant_write(offset, value);
}

PLANT_WRITE(filter);
