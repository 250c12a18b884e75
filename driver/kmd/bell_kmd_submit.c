/* SPDX-License-Identifier: MIT */
#include "bell_kmd_submit.h"

#include <string.h>

#include "bell_kmd_queue.h"
#include "bell_ring.h"

#define BELL_KERNEL_RING_BYTES (BELL_KMD_KERNEL_ENTRIES * BELL_ENTRY_BYTES)

_Static_assert(BELL_KMD_KERNEL_ENTRIES * sizeof(UINT64) <= PAGE_SIZE / 2, "fence ids");

/* Entries first, page-aligned as the hardware wants them; the control area behind, with the ids in the
 * second half of its page. */
NTSTATUS bell_kmd_submit_attach_ring(struct bell_queue *queue)
{
    const SIZE_T bytes = BELL_KERNEL_RING_BYTES + PAGE_SIZE;
    PHYSICAL_ADDRESS highest;
    UCHAR *memory;

    highest.QuadPart = (LONGLONG)BELL_QUEUE_BASE_ADDR_MASK;
    memory = MmAllocateContiguousMemory(bytes, highest);
    if (memory == NULL)
        return STATUS_NO_MEMORY;
    memset(memory, 0, bytes);
    queue->entries = (volatile struct bell_ring_entry *)(VOID *)memory;
    bell_ring_begin(queue->entries, BELL_KMD_KERNEL_ENTRIES);
    queue->counts = (volatile struct bell_ring_control *)(VOID *)(memory + BELL_KERNEL_RING_BYTES);
    queue->fence_ids = (UINT64 *)(VOID *)(memory + BELL_KERNEL_RING_BYTES + PAGE_SIZE / 2);
    queue->log2_entries = BELL_KMD_KERNEL_LOG2_ENTRIES;
    queue->ring = (UINT64)MmGetPhysicalAddress(memory).QuadPart;
    queue->control = queue->ring + BELL_KERNEL_RING_BYTES;
    return STATUS_SUCCESS;
}

VOID bell_kmd_submit_detach_ring(struct bell_queue *queue)
{
    if (queue->entries == NULL)
        return;
    MmFreeContiguousMemory((VOID *)(ULONG_PTR)queue->entries);
    queue->entries = NULL;
    queue->counts = NULL;
    queue->fence_ids = NULL;
}

static bool buffer_is_valid(const DXGKARG_SUBMITCOMMANDTOHWQUEUE *args)
{
    UINT64 address = args->DmaBufferVirtualAddress;

    return args->DmaBufferSize != 0 && args->DmaBufferSize % BELL_PACKET_BYTES == 0 &&
           address % BELL_PACKET_BYTES == 0 && address <= BELL_ENTRY_WORD0_ADDR_MASK &&
           args->DmaBufferSize <= BELL_ENTRY_WORD0_ADDR_MASK - address + 1;
}

/* Under ring_lock. */
static NTSTATUS append(struct bell_queue *queue, const DXGKARG_SUBMITCOMMANDTOHWQUEUE *args)
{
    UINT64 count = queue->counts->wptr;

    if (count - queue->counts->rptr >= BELL_KMD_KERNEL_ENTRIES)
        return STATUS_INSUFFICIENT_RESOURCES;
    queue->fence_ids[count % BELL_KMD_KERNEL_ENTRIES] = args->HwQueueProgressFenceId;
    bell_ring_store(&queue->entries[count % BELL_KMD_KERNEL_ENTRIES], count,
                    args->DmaBufferVirtualAddress, args->DmaBufferSize);
    KeMemoryBarrier(); /* The entry is in memory before the count that covers it. */
    queue->counts->wptr = count + 1;
    KeMemoryBarrier(); /* The count is in memory before the kick that makes hardware read it. */
    bell_kmd_queue_kick(queue);
    return STATUS_SUCCESS;
}

NTSTATUS bell_kmd_submit(struct bell_queue *queue, const DXGKARG_SUBMITCOMMANDTOHWQUEUE *args)
{
    NTSTATUS status;
    KIRQL irql;

    if (queue->user_mode || !buffer_is_valid(args))
        return STATUS_INVALID_PARAMETER;
    if (queue->adapter->lost || bell_kmd_queue_is_dead(queue))
        return STATUS_DEVICE_REMOVED;
    KeAcquireSpinLock(&queue->ring_lock, &irql);
    status = append(queue, args);
    KeReleaseSpinLock(&queue->ring_lock, irql);
    return status;
}
