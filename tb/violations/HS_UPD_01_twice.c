/* SPDX-License-Identifier: MIT */
/* The switch is reported twice. */
#include "plant.h"

static VOID notify(HANDLE of, const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data)
{
    os.DxgkCbNotifyInterrupt(of, data);
    if (data->InterruptType == DXGK_INTERRUPT_HWCONTEXTLIST_SWITCH_COMPLETED)
        os.DxgkCbNotifyInterrupt(of, data);
}

PLANT_CALLBACK(NotifyInterrupt, notify);
