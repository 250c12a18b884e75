/* SPDX-License-Identifier: MIT */
/* The second buffer of signals never reaches the hardware, which goes on with the first. */
#include "plant.h"

static VOID write(UINT32 offset, UINT64 value)
{
    const UINT32 base = BELL_QUEUE_SIGNAL_LOG_OFFSET(0) - BELL_QUEUE_BASE_OFFSET(0);
    const UINT32 index = BELL_QUEUE_SIGNAL_LOG_INDEX_OFFSET(0) - BELL_QUEUE_BASE_OFFSET(0);
    static UINT64 first[BELL_QUEUE_MAX];
    UINT32 word = queue_register(offset);
    UINT64 *kept;

    if (word == base || word == index) {
        kept = &first[(offset - BELL_QUEUE_BASE_OFFSET(0)) / BELL_QUEUE_STRIDE];
        if (*kept != 0)
            return;
        *kept = word == base ? value : 0;
    }
    plant_write(offset, value);
}

PLANT_WRITE(write);
