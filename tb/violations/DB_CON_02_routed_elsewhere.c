/* SPDX-License-Identifier: MIT */
/* Connect routes the slot to the next queue. */
#include "plant.h"

static VOID write(UINT32 offset, UINT64 value)
{
    if (is_slot_owner(offset) && (value & BELL_SLOT_OWNER_VALID_MASK) != 0)
        value += BELL_FIELD_PUT(BELL_SLOT_OWNER_QUEUE, 1);
    plant_write(offset, value);
}

PLANT_WRITE(write);
