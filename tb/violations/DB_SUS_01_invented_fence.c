/* SPDX-License-Identifier: MIT */
/* The acknowledgement carries a fence that was never given. */
#include "plant.h"

static VOID notify(HANDLE of, const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data)
{
    DXGKARGCB_NOTIFY_INTERRUPT_DATA wrong = *data;

    if (data->InterruptType == DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED)
        wrong.SuspendContextCompleted.ContextSuspendFence += 100;
    os.DxgkCbNotifyInterrupt(of, &wrong);
}

PLANT_CALLBACK(NotifyInterrupt, notify);
