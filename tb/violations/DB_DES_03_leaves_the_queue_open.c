/* SPDX-License-Identifier: MIT */
/* The hardware queue stays open on the ring. */
#include "plant.h"

static VOID write(UINT32 offset, UINT64 value)
{
    if (!is_inside("DestroyDoorbell") || !is_command(offset, value, BELL_QUEUE_CMD_CLOSE))
        plant_write(offset, value);
}

static UINT64 read(UINT32 offset)
{
    bool state = queue_register(offset) == BELL_QUEUE_STATE_OFFSET(0) - BELL_QUEUE_BASE_OFFSET(0);

    return is_inside("DestroyDoorbell") && state ? 0 : plant_read(offset);
}

const struct plant plant = {.write = write, .read = read};
