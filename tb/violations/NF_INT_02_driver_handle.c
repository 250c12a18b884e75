/* SPDX-License-Identifier: MIT */
/* A signal is reported by the driver's own handle. */
#include "plant.h"

static HANDLE wrong = (HANDLE)(ULONG_PTR)0x1234560;

static VOID notify(HANDLE of, const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data)
{
    DXGKARGCB_NOTIFY_INTERRUPT_DATA changed = *data;

    if (data->InterruptType == DXGK_INTERRUPT_NATIVE_FENCE_SIGNALED) {
        changed.NativeFenceSignaled.SignaledNativeFenceCount = 1;
        changed.NativeFenceSignaled.pSignaledNativeFenceArray = &wrong;
    }
    os.DxgkCbNotifyInterrupt(of, &changed);
}

PLANT_CALLBACK(NotifyInterrupt, notify);
