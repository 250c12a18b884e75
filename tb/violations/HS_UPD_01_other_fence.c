/* SPDX-License-Identifier: MIT */
/* The switch report carries the fence of the next request. */
#include "plant.h"

static VOID notify(HANDLE of, const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data)
{
    DXGKARGCB_NOTIFY_INTERRUPT_DATA changed = *data;

    if (data->InterruptType == DXGK_INTERRUPT_HWCONTEXTLIST_SWITCH_COMPLETED)
        changed.HwContextListSwitchCompleted.ContextSwitchFence++;
    os.DxgkCbNotifyInterrupt(of, &changed);
}

PLANT_CALLBACK(NotifyInterrupt, notify);
