/* SPDX-License-Identifier: MIT */
/* A node that does not exist is like the first. */
#include "plant.h"

static NTSTATUS metadata(HANDLE of, UINT node, DXGKARG_GETNODEMETADATA *args)
{
    return real.DxgkDdiGetNodeMetadata(of, node < adapter->node_count ? node : 0, args);
}

PLANT_DDI(GetNodeMetadata, metadata);
