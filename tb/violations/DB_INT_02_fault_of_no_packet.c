/* SPDX-License-Identifier: MIT */
/* A fault is reported with its queue and no packet. */
#include "plant.h"

static VOID notify(HANDLE of, const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data)
{
    DXGKARGCB_NOTIFY_INTERRUPT_DATA wrong = *data;

    if (data->InterruptType == DXGK_INTERRUPT_HWQUEUE_PAGE_FAULTED)
        wrong.HwQueuePageFaulted.FaultedFenceId = 0;
    os.DxgkCbNotifyInterrupt(of, &wrong);
}

PLANT_CALLBACK(NotifyInterrupt, notify);
