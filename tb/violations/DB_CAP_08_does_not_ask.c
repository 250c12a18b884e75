/* SPDX-License-Identifier: MIT */
/* User-mode submission is taken for enabled without asking. */
#include "plant.h"

static NTSTATUS guess(HANDLE of, DXGKARGCB_ISFEATUREENABLED *args)
{
    UNREFERENCED_PARAMETER(of);
    args->Result.Enabled = 1;
    return STATUS_SUCCESS;
}

PLANT_CALLBACK(IsFeatureEnabled, guess);
