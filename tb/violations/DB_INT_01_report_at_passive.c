/* SPDX-License-Identifier: MIT */
/* An interrupt is reported from a call at PASSIVE_LEVEL. */
#include "plant.h"

static NTSTATUS notify(const DXGKARG_NOTIFYWORKSUBMISSION *args)
{
    DXGKARGCB_NOTIFY_INTERRUPT_DATA data = {
        .InterruptType = DXGK_INTERRUPT_MONITORED_FENCE_SIGNALED,
    };

    os.DxgkCbNotifyInterrupt(os.DeviceHandle, &data);
    return real.DxgkDdiNotifyWorkSubmission(args);
}

PLANT_DDI(NotifyWorkSubmission, notify);
