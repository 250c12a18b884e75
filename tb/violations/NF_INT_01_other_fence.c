/* SPDX-License-Identifier: MIT */
/* The signal of a fence is reported as that of the fence made before it. */
#include "plant.h"

static HANDLE first;

static NTSTATUS create(HANDLE of, DXGKARG_CREATENATIVEFENCE *args)
{
    if (first == NULL)
        first = args->hGlobalNativeFence;
    return real.DxgkDdiCreateNativeFence(of, args);
}

static VOID change_table(DRIVER_INITIALIZATION_DATA *table)
{
    table->DxgkDdiCreateNativeFence = create;
}

static VOID notify(HANDLE of, const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data)
{
    DXGKARGCB_NOTIFY_INTERRUPT_DATA changed = *data;

    if (data->InterruptType == DXGK_INTERRUPT_NATIVE_FENCE_SIGNALED)
        changed.NativeFenceSignaled.pSignaledNativeFenceArray = &first;
    os.DxgkCbNotifyInterrupt(of, &changed);
}

static VOID change_callbacks(DXGKRNL_INTERFACE *interface)
{
    interface->DxgkCbNotifyInterrupt = notify;
}

const struct plant plant = {.table = change_table, .callbacks = change_callbacks};
