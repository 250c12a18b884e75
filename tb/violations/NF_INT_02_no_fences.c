/* SPDX-License-Identifier: MIT */
/* A signal is reported with an array of no fences. */
#include "plant.h"

static HANDLE none;

static VOID notify(HANDLE of, const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data)
{
    DXGKARGCB_NOTIFY_INTERRUPT_DATA changed = *data;

    if (data->InterruptType == DXGK_INTERRUPT_NATIVE_FENCE_SIGNALED) {
        changed.NativeFenceSignaled.SignaledNativeFenceCount = 0;
        changed.NativeFenceSignaled.pSignaledNativeFenceArray = &none;
    }
    os.DxgkCbNotifyInterrupt(of, &changed);
}

PLANT_CALLBACK(NotifyInterrupt, notify);
