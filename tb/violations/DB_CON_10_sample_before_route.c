/* SPDX-License-Identifier: MIT */
/* Connect takes the sample first and programs the slot then. */
#include "plant.h"

static VOID write(UINT32 offset, UINT64 value)
{
    UINT32 hw_id = (UINT32)BELL_FIELD_GET(value, BELL_SLOT_OWNER_QUEUE);

    if (is_inside("ConnectDoorbell") && is_command(offset, value, BELL_QUEUE_CMD_KICK))
        return;
    if (is_slot_owner(offset) && (value & BELL_SLOT_OWNER_VALID_MASK) != 0)
        plant_write(BELL_QUEUE_CMD_OFFSET(hw_id), BELL_QUEUE_CMD_KICK);
    plant_write(offset, value);
}

PLANT_WRITE(write);
