/* SPDX-License-Identifier: MIT */
/* All queues go by the handle of the first context in the log. */
#include "plant.h"

static VOID write(UINT32 offset, UINT64 value)
{
    static UINT64 first;

    if (queue_register(offset) == BELL_QUEUE_HANDLE_OFFSET(0) - BELL_QUEUE_BASE_OFFSET(0)) {
        first = first != 0 ? first : value;
        value = first;
    }
    plant_write(offset, value);
}

PLANT_WRITE(write);
