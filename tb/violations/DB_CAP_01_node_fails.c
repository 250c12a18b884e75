/* SPDX-License-Identifier: MIT */
/* The last node has no metadata. */
#include "plant.h"

static NTSTATUS metadata(HANDLE of, UINT node, DXGKARG_GETNODEMETADATA *args)
{
    return node == adapter->node_count - 1 ? STATUS_NOT_SUPPORTED
                                           : real.DxgkDdiGetNodeMetadata(of, node, args);
}

PLANT_DDI(GetNodeMetadata, metadata);
