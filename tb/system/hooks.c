/* SPDX-License-Identifier: MIT */
#include "hooks.h"

struct hooks hooks;
static DXGKDDI_START_DEVICE *real_start;

static NTSTATUS connect(DXGKARG_CONNECTDOORBELL *args)
{
    return hooks.connect != NULL ? hooks.connect(args) : hooks.real_connect(args);
}

static NTSTATUS disconnect(const DXGKARG_DISCONNECTDOORBELL *args)
{
    return hooks.disconnect != NULL ? hooks.disconnect(args) : hooks.real_disconnect(args);
}

static NTSTATUS callback(const DXGKARGCB_DISCONNECTDOORBELL *args)
{
    return hooks.callback != NULL ? hooks.callback(args) : hooks.real_callback(args);
}

static NTSTATUS start(PVOID context, DXGK_START_INFO *info, DXGKRNL_INTERFACE *dxgk,
                      ULONG *sources, ULONG *children)
{
    DXGKRNL_INTERFACE changed = *dxgk;

    hooks.real_callback = dxgk->DxgkCbDisconnectDoorbell;
    changed.DxgkCbDisconnectDoorbell = callback;
    return real_start(context, info, &changed, sources, children);
}

static void change(DRIVER_INITIALIZATION_DATA *table)
{
    hooks.real_connect = table->DxgkDdiConnectDoorbell;
    hooks.real_disconnect = table->DxgkDdiDisconnectDoorbell;
    real_start = table->DxgkDdiStartDevice;
    table->DxgkDdiConnectDoorbell = connect;
    table->DxgkDdiDisconnectDoorbell = disconnect;
    table->DxgkDdiStartDevice = start;
}

int hooks_setup(void **state)
{
    (void)state;
    hooks = (struct hooks){ 0 };
    belfry_hook_driver(change);
    return 0;
}

int hooks_teardown(void **state)
{
    (void)state;
    belfry_hook_driver(NULL);
    return 0;
}
