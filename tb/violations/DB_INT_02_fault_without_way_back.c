/* SPDX-License-Identifier: MIT */
/* The packet at fault is not known, and no reset asked for. */
#include "plant.h"

static VOID notify(HANDLE of, const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data)
{
    DXGKARGCB_NOTIFY_INTERRUPT_DATA wrong = *data;

    if (data->InterruptType == DXGK_INTERRUPT_HWQUEUE_PAGE_FAULTED)
        wrong.HwQueuePageFaulted.PageFaultFlags = DXGK_PAGE_FAULT_FENCE_INVALID;
    os.DxgkCbNotifyInterrupt(of, &wrong);
}

PLANT_CALLBACK(NotifyInterrupt, notify);
