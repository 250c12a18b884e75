/* SPDX-License-Identifier: MIT */
/* The log interrupt names another node. */
#include "plant.h"

static VOID notify(HANDLE of, const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data)
{
    DXGKARGCB_NOTIFY_INTERRUPT_DATA changed = *data;

    if (data->InterruptType == DXGK_INTERRUPT_SCHEDULING_LOG_INTERRUPT)
        changed.SchedulingLogInterrupt.NodeOrdinal++;
    os.DxgkCbNotifyInterrupt(of, &changed);
}

PLANT_CALLBACK(NotifyInterrupt, notify);
