/* SPDX-License-Identifier: MIT */
/* The acknowledgement names the driver's handle. */
#include "plant.h"

static VOID notify(HANDLE of, const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data)
{
    DXGKARGCB_NOTIFY_INTERRUPT_DATA wrong = *data;

    if (data->InterruptType == DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED)
        wrong.SuspendContextCompleted.hContext = adapter;
    os.DxgkCbNotifyInterrupt(of, &wrong);
}

PLANT_CALLBACK(NotifyInterrupt, notify);
