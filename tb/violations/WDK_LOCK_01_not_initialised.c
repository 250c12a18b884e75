/* SPDX-License-Identifier: MIT */
/* A mutex is used that nobody initialised. */
#include "plant.h"

static KMUTEX never;

static NTSTATUS notify(const DXGKARG_NOTIFYWORKSUBMISSION *args)
{
    bell_kmd_lock(&never);
    return real.DxgkDdiNotifyWorkSubmission(args);
}

PLANT_DDI(NotifyWorkSubmission, notify);
