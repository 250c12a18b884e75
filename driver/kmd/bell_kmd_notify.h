/* SPDX-License-Identifier: MIT */
/*
 * Notify mode: queues whose user mode calls the kernel for each submission, so that the driver can
 * put real-time work first. PASSIVE_LEVEL; no locks held.
 *
 * A queue is in notify mode from its creation (BELL_QUEUE_REALTIME) or since an escape said so. Its
 * connects answer CONNECTED_NOTIFY_KMD.
 */
#ifndef BELL_KMD_NOTIFY_H
#define BELL_KMD_NOTIFY_H

#include "bell_kmd.h"

/*
 * Private data of a new queue. Optional: none, or something else than a BELL_QUEUE_PRIVATE, means no
 * flags.
 *
 * @retval STATUS_INVALID_PARAMETER            Unknown flags, or REALTIME for a kernel-mode queue.
 * @retval STATUS_GRAPHICS_DRIVER_MISMATCH     Another version of it.
 */
NTSTATUS bell_kmd_notify_read(const DXGKARG_CREATEHWQUEUE *args, bool *notify);

/* NotifyWorkSubmission (DB-NTF-02): in notify mode the queue moves to a real-time level. Its
 * slot counts as used, and it is owed a sample in any mode. Always succeeds. */
VOID bell_kmd_notify_work(struct bell_queue *queue);

/*
 * Escape: start or end notify mode of all user-mode queues of a context. A connected doorbell is
 * disconnected with RETRY; its next connect tells the new mode (DB-VIC-08).
 *
 * @retval STATUS_INVALID_PARAMETER         No context, or not a BELL_ESCAPE.
 * @retval STATUS_GRAPHICS_DRIVER_MISMATCH  Another version of it.
 */
NTSTATUS bell_kmd_notify_escape(const DXGKARG_ESCAPE *args);

#endif /* BELL_KMD_NOTIFY_H */
