/* SPDX-License-Identifier: MIT */
/* A signal is not reported. */
#include "plant.h"

static VOID notify(HANDLE of, const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data)
{
    if (data->InterruptType != DXGK_INTERRUPT_NATIVE_FENCE_SIGNALED)
        os.DxgkCbNotifyInterrupt(of, data);
}

PLANT_CALLBACK(NotifyInterrupt, notify);
