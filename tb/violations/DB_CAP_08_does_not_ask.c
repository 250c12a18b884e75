/* SPDX-License-Identifier: MIT */
/* User-mode submission is taken for enabled without asking. */
#include "plant.h"

static NTSTATUS guess(HANDLE of, DXGKARGCB_ISFEATUREENABLED *args)
{
    if (args->FeatureId != DXGK_FEATURE_USER_MODE_SUBMISSION)
        return os.DxgkCbIsFeatureEnabled(of, args);
    args->Result.Enabled = 1;
    return STATUS_SUCCESS;
}

PLANT_CALLBACK(IsFeatureEnabled, guess);
