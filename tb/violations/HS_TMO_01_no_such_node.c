/* SPDX-License-Identifier: MIT */
/* A timeout is reported of a node that does not exist. */
#include "plant.h"

static VOID notify(HANDLE of, const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data)
{
    DXGKARGCB_NOTIFY_INTERRUPT_DATA wrong;

    memset(&wrong, 0, sizeof(wrong));
    wrong.InterruptType = DXGK_INTERRUPT_GPU_ENGINE_TIMEOUT;
    wrong.GpuEngineTimeout.NodeOrdinal = 9;
    os.DxgkCbNotifyInterrupt(of, &wrong);
    os.DxgkCbNotifyInterrupt(of, data);
}

PLANT_CALLBACK(NotifyInterrupt, notify);
