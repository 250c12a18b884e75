/* SPDX-License-Identifier: MIT */
/* A fault is reported as a context's, with the handle of the queue. */
#include "plant.h"

static VOID notify(HANDLE of, const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data)
{
    DXGKARGCB_NOTIFY_INTERRUPT_DATA wrong = *data;

    if (data->InterruptType == DXGK_INTERRUPT_HWQUEUE_PAGE_FAULTED)
        wrong.HwQueuePageFaulted.PageFaultFlags =
            DXGK_PAGE_FAULT_FENCE_INVALID | DXGK_PAGE_FAULT_HW_CONTEXT_VALID |
            DXGK_PAGE_FAULT_ENGINE_RESET_REQUIRED;
    os.DxgkCbNotifyInterrupt(of, &wrong);
}

PLANT_CALLBACK(NotifyInterrupt, notify);
