/* SPDX-License-Identifier: MIT */
/*
 * Kernel-mode submission (DB-QUE-04): the driver owns the ring, in contiguous kernel memory that
 * the device reads under PASID 0. Command buffers stay in the address space of the context.
 */
#ifndef BELL_KMD_SUBMIT_H
#define BELL_KMD_SUBMIT_H

#include "bell_kmd.h"

/* Give a queue its ring. PASSIVE_LEVEL. STATUS_NO_MEMORY: it has none. */
NTSTATUS bell_kmd_submit_attach_ring(struct bell_queue *queue);

/* Free the ring, if there is one. The hardware queue is closed. PASSIVE_LEVEL. */
VOID bell_kmd_submit_detach_ring(struct bell_queue *queue);

/*
 * SubmitCommandToHwQueue: append one buffer and kick. The buffer writes the progress fence itself
 * (HS-SUB-03, RingBufferFenceRelease = 0). Returns before it runs. IRQL <= DISPATCH_LEVEL; calls
 * about one queue do not overlap.
 *
 * @retval STATUS_INVALID_PARAMETER       A user-mode queue; or an empty, misaligned or out-of-range
 *                                        buffer. Nothing was appended.
 * @retval STATUS_INSUFFICIENT_RESOURCES  BELL_KMD_KERNEL_ENTRIES buffers are in flight (the OS is
 *                                        told not to exceed that, HS-SUB-04).
 * @retval STATUS_DEVICE_REMOVED          The device is gone, or the queue has faulted.
 */
NTSTATUS bell_kmd_submit(struct bell_queue *queue, const DXGKARG_SUBMITCOMMANDTOHWQUEUE *args);

#endif /* BELL_KMD_SUBMIT_H */
