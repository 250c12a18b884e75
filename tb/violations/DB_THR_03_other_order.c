/* SPDX-License-Identifier: MIT */
/* Notify takes the run lock and then the slot lock; connect takes them the other way. */
#include "plant.h"

static NTSTATUS notify(const DXGKARG_NOTIFYWORKSUBMISSION *args)
{
    struct bell_context *context = ((struct bell_queue *)args->hHwQueue)->context;
    NTSTATUS status;

    bell_kmd_lock(&context->run_lock);
    status = real.DxgkDdiNotifyWorkSubmission(args);
    bell_kmd_unlock(&context->run_lock);
    return status;
}

PLANT_DDI(NotifyWorkSubmission, notify);
