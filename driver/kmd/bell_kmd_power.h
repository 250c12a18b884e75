/* SPDX-License-Identifier: MIT */
/*
 * Power states of the adapter (D) and of its engines (F). PASSIVE_LEVEL.
 */
#ifndef BELL_KMD_POWER_H
#define BELL_KMD_POWER_H

#include "bell_kmd.h"

/*
 * SetPowerState (DB-DST-04, A-53, A-72). D3: read what the device will forget (RPTR of each queue,
 * limits of the watches, GPU time), then touch it no more. D0: program everything again; GPU time and
 * logs go on where they were; queues are on no run list until ResumeContext, slots are free until
 * connect. Other states: nothing changes.
 *
 * @retval STATUS_SUCCESS               Also when it is in that state already.
 * @retval STATUS_INVALID_DEVICE_STATE  D3 while a queue runs; nothing changed.
 * @retval STATUS_DEVICE_REMOVED        D0: the device does not answer with its identity.
 * @retval STATUS_NOT_SUPPORTED         D1, D2.
 */
NTSTATUS bell_kmd_power_set_device(struct bell_adapter *adapter, DEVICE_POWER_STATE state);

/*
 * ResetFromTimeout and RestartFromTimeout (HS-RST-02). Reset: every hardware context and every slot
 * is given up, suspend requests under way are over; the device is touched no more. A queue that was
 * there stays faulted: only its destruction helps. Restart: the device, fresh from a reset, works
 * again with what is made from now on. Logs go on where they are in memory, and GPU time not before
 * their newest entries, also when the device did not answer any more (NF-LOG-01).
 *
 * @retval STATUS_DEVICE_REMOVED        Restart: the device does not answer with its identity.
 * @retval STATUS_INVALID_DEVICE_STATE  Restart without a reset; nothing changed.
 */
VOID bell_kmd_power_reset(struct bell_adapter *adapter);
NTSTATUS bell_kmd_power_restart(struct bell_adapter *adapter);

/*
 * SetPowerComponentFState (DB-FST-02 .. -04). F1 gates the engine, F0 lets it run again and owes
 * each of its queues a sample.
 *
 * @retval STATUS_SUCCESS
 * @retval STATUS_DEVICE_BUSY        F1, but a queue on the run list runs, has known entries or is
 *                                   owed a sample. The engine is in F0.
 * @retval STATUS_INVALID_PARAMETER  No such engine, or a state other than 0 and 1.
 */
NTSTATUS bell_kmd_power_set_engine(struct bell_adapter *adapter, UINT node, UINT state);

/* Does the device read as itself? */
bool bell_kmd_power_answers(struct bell_adapter *adapter);

/* Give the node no more turns, or turns again with a sample for each of its queues. */
VOID bell_kmd_power_gate(struct bell_adapter *adapter, UINT node, bool gated);

/* A queue of this node, from its hardware state, or NULL when there is none after `after` (-1 to
 * begin); *state as it reads. */
struct bell_queue *bell_kmd_power_next(struct bell_adapter *adapter, UINT node, INT *after,
                                       UINT64 *state);

#endif /* BELL_KMD_POWER_H */
