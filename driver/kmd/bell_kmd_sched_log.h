/* SPDX-License-Identifier: MIT */
/*
 * Scheduling logs: one a node, written by the hardware into memory of the OS. PASSIVE_LEVEL.
 */
#ifndef BELL_KMD_SCHED_LOG_H
#define BELL_KMD_SCHED_LOG_H

#include "bell_kmd.h"

/*
 * SetSchedulingLogBuffer (HS-LOG-01): the log before gets its last entry, then the new one its first.
 * Changes of state between the two are in neither. NumberOfEntries 0: no log from now on.
 *
 * @retval STATUS_SUCCESS            Nothing is written to the log before any more.
 * @retval STATUS_INVALID_PARAMETER  No such node or engine, more than 65535 entries, no addresses or
 *                                   one that is not 32-byte aligned. Nothing changed.
 * @retval STATUS_IO_TIMEOUT         The device did not finish a write; it logs nothing.
 * @retval STATUS_DEVICE_REMOVED     The device is gone.
 */
NTSTATUS bell_kmd_sched_log_set(struct bell_adapter *adapter,
                                const DXGKARG_SETSCHEDULINGLOGBUFFER *args);

/* D3 and back: logs stop, and go on where they were. Nobody else is in the driver. */
NTSTATUS bell_kmd_sched_log_save(struct bell_adapter *adapter);
VOID bell_kmd_sched_log_restore(struct bell_adapter *adapter);

/* The device was reset as it was: the logs' memory says where they go on, and how far GPU time has
 * come. Nobody writes to it, and nobody else is in the driver. */
VOID bell_kmd_sched_log_recover(struct bell_adapter *adapter);

#endif /* BELL_KMD_SCHED_LOG_H */
