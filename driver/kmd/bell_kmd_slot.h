/* SPDX-License-Identifier: MIT */
/*
 * Physical doorbells ("slots"): who has which, and how one changes hands.
 *
 * All functions: PASSIVE_LEVEL, bell_adapter.slot_lock held by the caller.
 */
#ifndef BELL_KMD_SLOT_H
#define BELL_KMD_SLOT_H

#include "bell_kmd.h"

struct bell_doorbell;

#define BELL_SLOT_NONE UINT32_MAX
/* What every connected doorbell has in the global layout. It has no owner, no state, no register. */
#define BELL_SLOT_SHARED (UINT32_MAX - 1u)

struct bell_slot {
    struct bell_doorbell *owner; /* NULL: free. */
    UINT64 last_use;             /* Value of bell_adapter.use_clock. */
    UINT32 generation;           /* Assignments so far; goes into the hardware's log. */
    bool undrained;              /* The last drain ran out: drain before the next use. */
};

/*
 * Find a slot for a doorbell: a free one, or a victim's. A victim leaves in this order (DB-VIC-03,
 * -04, A-16): callback; drain; kick, so that its last write pointer is sampled. Its doorbell then
 * has no slot; the slot has no owner, but still routes to the victim until bell_kmd_slot_route.
 * In the packed layout all doorbells of another process leave the page so; in the global one
 * there are no victims.
 *
 * @retval STATUS_SUCCESS         *slot may be routed.
 * @retval STATUS_DEVICE_NOT_READY No slot now: every owner is in a connect of its own, or the OS is
 *                                just destroying the victim. Release slot_lock, yield, try again.
 * @retval STATUS_IO_TIMEOUT      The slot did not drain. A victim is properly disconnected, the
 *                                slot is free, routes nowhere, is drained before its next use.
 * @retval STATUS_DEVICE_REMOVED  The device is gone.
 */
NTSTATUS bell_kmd_slot_acquire(struct bell_adapter *adapter, const struct bell_doorbell *for_whom,
                               UINT32 *slot);

/* Give the slot to the doorbell and route it to its queue. The device has the new owner when this
 * returns (DB-CON-02). STATUS_DEVICE_REMOVED: nothing changed. */
NTSTATUS bell_kmd_slot_route(struct bell_adapter *adapter, UINT32 slot,
                             struct bell_doorbell *owner);

/* The OS has taken the user's mapping away: drain, kick the queue, route nowhere, free the slot.
 * Nothing if the doorbell has none. Always succeeds; see bell_slot.undrained. */
VOID bell_kmd_slot_release(struct bell_adapter *adapter, struct bell_doorbell *owner);

/* The slot's doorbell was used. Any value that bell_doorbell.slot may have. */
VOID bell_kmd_slot_touch(struct bell_adapter *adapter, UINT32 slot);

/* DxgkCbDisconnectDoorbell with RETRY, with ABORT when the queue has faulted. A failure means that the
 * OS is taking the doorbell down itself. */
NTSTATUS bell_kmd_slot_ask_disconnect(const struct bell_doorbell *doorbell);

/*
 * Policy (bell_kmd_slot_policy.c): which owner loses its slot. Least recently used, as far as the
 * driver can see: connects and notifications; rings never reach it. Never `for_whom`, never a
 * doorbell whose connect has not returned (DB-VIC-06). Where several must leave for one slot, the
 * one used last counts. BELL_SLOT_NONE: nobody can be asked.
 */
UINT32 bell_kmd_slot_policy_victim(const struct bell_adapter *adapter,
                                   const struct bell_doorbell *for_whom);

/* After a reset of the device: no slot has an owner and no doorbell a slot. */
VOID bell_kmd_slot_forget_all(struct bell_adapter *adapter);

#endif /* BELL_KMD_SLOT_H */
