/* SPDX-License-Identifier: MIT */
/* A victim's last write pointer is not sampled. */
#include "plant.h"

static bool victim;

static NTSTATUS disconnect(const DXGKARGCB_DISCONNECTDOORBELL *args)
{
    victim = true;
    return os.DxgkCbDisconnectDoorbell(args);
}

static VOID change_callbacks(DXGKRNL_INTERFACE *interface)
{
    interface->DxgkCbDisconnectDoorbell = disconnect;
}

static VOID write(UINT32 offset, UINT64 value)
{
    bool skip = victim && is_command(offset, value, BELL_QUEUE_CMD_KICK);

    victim = victim && !skip;
    if (!skip)
        plant_write(offset, value);
}

const struct plant plant = {.callbacks = change_callbacks, .write = write};
