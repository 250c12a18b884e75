/* SPDX-License-Identifier: MIT */
/*
 * Engines: one a node. PASSIVE_LEVEL.
 */
#ifndef BELL_KMD_ENGINE_H
#define BELL_KMD_ENGINE_H

#include "bell_kmd.h"

/*
 * ResetEngine (HS-RST-03): abort what the node runs, and wait until it runs nothing. That queue faults
 * with ABORTED and is reported; the others, whose entries nobody submits again, go on.
 *
 * Fence ids belong to queues here. LastAbortedFenceId is the id of the aborted buffer if it was of a
 * kernel-mode queue, but never below the highest id that is done on a kernel-mode queue of the node.
 *
 * @retval STATUS_SUCCESS            The node takes work again.
 * @retval STATUS_INVALID_PARAMETER  No such node or engine.
 * @retval STATUS_IO_TIMEOUT         The node did not let go: only a reset of the device helps.
 * @retval STATUS_DEVICE_REMOVED     The device is gone.
 */
NTSTATUS bell_kmd_engine_reset(struct bell_adapter *adapter, DXGKARG_RESETENGINE *args);

/*
 * ResetHwEngine (HS-RST-01, A-54): gate the node, abort what it runs, and invalidate the context of
 * that queue, the culprit, with the OS; its ABORTED is no fault of its own. No queue of that context
 * runs again, whatever the OS asks for; one of another context that merely waits is not touched.
 *
 * @retval STATUS_SUCCESS            Nothing runs until ResumeHwEngine.
 * @retval STATUS_INVALID_PARAMETER  No such node or engine.
 * @retval STATUS_IO_TIMEOUT         The node did not let go: only a reset of the device helps.
 * @retval STATUS_DEVICE_REMOVED     The device is gone.
 */
NTSTATUS bell_kmd_engine_reset_hw(struct bell_adapter *adapter, const DXGKARG_RESETHWENGINE *args);

/* ResumeHwEngine (HS-RST-02): turns again for what is on the run list, a sample for every queue of
 * the node.
 * STATUS_INVALID_PARAMETER, STATUS_DEVICE_REMOVED as above. */
NTSTATUS bell_kmd_engine_resume_hw(struct bell_adapter *adapter,
                                   const DXGKARG_RESUMEHWENGINE *args);

/* QueryEngineStatus (HS-RST-04): Responsive = the device answers with its identity, and the node runs
 * no queue that was told to stop inside its buffer, or any since it reported ENGINE_HUNG. Does not wait.
 * STATUS_INVALID_PARAMETER: no such node or engine. */
NTSTATUS bell_kmd_engine_status(struct bell_adapter *adapter, DXGKARG_QUERYENGINESTATUS *args);

#endif /* BELL_KMD_ENGINE_H */
