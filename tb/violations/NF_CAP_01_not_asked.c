/* SPDX-License-Identifier: MIT */
/* Native fences are advertised without asking the OS. */
#include "plant.h"

static NTSTATUS is_enabled(HANDLE of, DXGKARGCB_ISFEATUREENABLED *args)
{
    if (args->FeatureId != DXGK_FEATURE_NATIVE_FENCE)
        return os.DxgkCbIsFeatureEnabled(of, args);
    args->Result.Enabled = 1;
    return STATUS_SUCCESS;
}

PLANT_CALLBACK(IsFeatureEnabled, is_enabled);
