/* SPDX-License-Identifier: MIT */
/* A user interrupt is reported twice. */
#include "plant.h"

static VOID notify(HANDLE of, const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data)
{
    DXGKARGCB_NOTIFY_INTERRUPT_DATA wrong = *data;

    if (data->InterruptType == DXGK_INTERRUPT_MONITORED_FENCE_SIGNALED)
        os.DxgkCbNotifyInterrupt(of, &wrong);
    os.DxgkCbNotifyInterrupt(of, &wrong);
}

PLANT_CALLBACK(NotifyInterrupt, notify);
