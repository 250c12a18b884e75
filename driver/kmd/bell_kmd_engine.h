/* SPDX-License-Identifier: MIT */
/*
 * Engines: one a node. PASSIVE_LEVEL.
 */
#ifndef BELL_KMD_ENGINE_H
#define BELL_KMD_ENGINE_H

#include "bell_kmd.h"

/*
 * ResetEngine: abort what the node runs. That queue faults with ABORTED and is reported; the others
 * go on. LastAbortedFenceId is 0: fences belong to queues here, not to the node.
 *
 * @retval STATUS_SUCCESS            The abort has reached the device.
 * @retval STATUS_INVALID_PARAMETER  No such node or engine.
 * @retval STATUS_DEVICE_REMOVED     The device is gone.
 */
NTSTATUS bell_kmd_engine_reset(struct bell_adapter *adapter, DXGKARG_RESETENGINE *args);

/* QueryEngineStatus: Responsive = the device answers with its identity.
 * STATUS_INVALID_PARAMETER: no such node or engine. */
NTSTATUS bell_kmd_engine_status(struct bell_adapter *adapter, DXGKARG_QUERYENGINESTATUS *args);

#endif /* BELL_KMD_ENGINE_H */
