/* SPDX-License-Identifier: MIT */
/* A suspend is acknowledged twice. */
#include "plant.h"

static VOID notify(HANDLE of, const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data)
{
    DXGKARGCB_NOTIFY_INTERRUPT_DATA wrong = *data;

    if (data->InterruptType == DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED)
        os.DxgkCbNotifyInterrupt(of, &wrong);
    os.DxgkCbNotifyInterrupt(of, &wrong);
}

PLANT_CALLBACK(NotifyInterrupt, notify);
