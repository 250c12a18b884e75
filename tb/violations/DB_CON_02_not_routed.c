/* SPDX-License-Identifier: MIT */
/* Connect does not program the slot. */
#include "plant.h"

static VOID write(UINT32 offset, UINT64 value)
{
    if (!is_slot_owner(offset) || (value & BELL_SLOT_OWNER_VALID_MASK) == 0)
        plant_write(offset, value);
}

PLANT_WRITE(write);
