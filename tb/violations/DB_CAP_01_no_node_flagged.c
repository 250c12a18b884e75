/* SPDX-License-Identifier: MIT */
/* Caps, but no node has the flag. */
#include "plant.h"

static NTSTATUS metadata(HANDLE of, UINT node, DXGKARG_GETNODEMETADATA *args)
{
    NTSTATUS status = real.DxgkDdiGetNodeMetadata(of, node, args);

    if (NT_SUCCESS(status))
        args->Flags.UserModeSubmission = 0;
    return status;
}

PLANT_DDI(GetNodeMetadata, metadata);
