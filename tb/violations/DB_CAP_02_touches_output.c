/* SPDX-License-Identifier: MIT */
/* The output is cleared before the node is looked at. */
#include "plant.h"

static NTSTATUS metadata(HANDLE of, UINT node, DXGKARG_GETNODEMETADATA *args)
{
    memset(args, 0, sizeof(*args));
    return real.DxgkDdiGetNodeMetadata(of, node, args);
}

PLANT_DDI(GetNodeMetadata, metadata);
