/* SPDX-License-Identifier: MIT */
/* QueryEngineStatus fails for an engine that hangs. */
#include "plant.h"

static NTSTATUS query(HANDLE of, DXGKARG_QUERYENGINESTATUS *args)
{
    (VOID)real.DxgkDdiQueryEngineStatus(of, args);
    return STATUS_UNSUCCESSFUL;
}

PLANT_DDI(QueryEngineStatus, query);
