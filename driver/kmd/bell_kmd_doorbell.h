/* SPDX-License-Identifier: MIT */
/*
 * Logical doorbells. The OS serializes calls about one doorbell; calls about different doorbells
 * come together (DB-THR-02). PASSIVE_LEVEL.
 */
#ifndef BELL_KMD_DOORBELL_H
#define BELL_KMD_DOORBELL_H

#include "bell_kmd.h"

/* Connect tries this often to get a slot while others hold all in connects of their own. */
#define BELL_KMD_CONNECT_TRIES 10000u

struct bell_doorbell {
    enum bell_kind kind;
    struct bell_queue *queue;
    HANDLE os_doorbell;       /* For the callback (A-23, DB-CRE-09). */
    UINT32 in_page_offset;    /* Of its user address; constant. */
    UINT32 slot;              /* BELL_SLOT_NONE: disconnected. Under slot_lock. */
    volatile bool connecting; /* Connect has not returned: not a victim (DB-VIC-06). Set under
                               * slot_lock, cleared as the last act of connect. */
};

/*
 * CreateDoorbell (DB-CRE-02, -06, -08, -09, -12). Builds the object, notes where the ring lies; no
 * register is touched, no slot taken. hDoorbell and private data are written on success only.
 *
 * @retval STATUS_INVALID_PARAMETER  Not a user-mode queue, or one that has a doorbell;
 *                                   private data above 16 bytes or missing; reserved flags; a ring
 *                                   that is no allocation of this adapter, is not mapped for the
 *                                   queue's process, too small or misaligned; in the global
 *                                   layout, no room to tell the queue token.
 * @retval STATUS_NO_MEMORY
 */
NTSTATUS bell_kmd_doorbell_create(DXGKARG_CREATEDOORBELL *args);

/*
 * ConnectDoorbell (DB-CON-02, -05, -06, -10 .. -12). On success the slot routes to the queue, the
 * queue is owed a sample (connect counts as a ring, A-09), and the answer is CONNECTED, or
 * CONNECTED_NOTIFY_KMD in notify mode. A secondary address is given when one is required
 * (DB-SEC-02). Connecting a connected doorbell gives the same answer again.
 *
 * @retval STATUS_NOT_SUPPORTED   A secondary address is required of doorbells that have none.
 * @retval STATUS_DEVICE_REMOVED  The device is gone, or the queue has faulted.
 * @retval STATUS_IO_TIMEOUT      A slot would not drain, or none could be had in
 *                                BELL_KMD_CONNECT_TRIES tries.
 * On failure the doorbell is as before, a victim stays disconnected, no slot is lost (DB-CON-12).
 */
NTSTATUS bell_kmd_doorbell_connect(struct bell_doorbell *doorbell, DXGKARG_CONNECTDOORBELL *args);

/* DisconnectDoorbell (DB-DIS-01 .. -03, -05, -07): drain, sample, free the slot. The sample is
 * taken even without a slot, even if the doorbell never was connected. Always succeeds. */
VOID bell_kmd_doorbell_disconnect(struct bell_doorbell *doorbell);

/* DestroyDoorbell (DB-DES-04): as disconnect, then close the hardware queue and free the object.
 * Entries that were not fetched are abandoned. Always succeeds. */
VOID bell_kmd_doorbell_destroy(struct bell_doorbell *doorbell);

#endif /* BELL_KMD_DOORBELL_H */
