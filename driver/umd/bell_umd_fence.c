/* SPDX-License-Identifier: MIT */
#include "bell_umd_internal.h"

void bell_umd_lock_take(struct bell_umd_lock *lock)
{
    unsigned ticket = atomic_fetch_add_explicit(&lock->next, 1, memory_order_relaxed);

    while (atomic_load_explicit(&lock->serving, memory_order_acquire) != ticket)
        YieldProcessor();
}

void bell_umd_lock_drop(struct bell_umd_lock *lock)
{
    atomic_fetch_add_explicit(&lock->serving, 1, memory_order_release);
}

UINT64 bell_umd_progress(const struct bell_umd_queue *queue)
{
    UINT64 value;

    if (queue->progress_fence == NULL)
        return queue->lost_from != 0 ? queue->lost_from - 1 : queue->base;
    value = *queue->progress_fence;
    atomic_thread_fence(memory_order_acquire);
    return queue->base + value;
}

static bool is_lost(const struct bell_umd_queue *queue, UINT64 fence)
{
    return queue->lost_from != 0 && fence >= queue->lost_from && fence <= queue->lost_to;
}

static bool is_aborted(const struct bell_umd_queue *queue)
{
    return queue->status != NULL && *queue->status > D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY;
}

NTSTATUS bell_umd_wait(struct bell_umd_queue *queue, UINT64 fence)
{
    UINT64 seen = 0;
    UINT32 turns = 0;

    if (fence > queue->queued)
        return STATUS_INVALID_PARAMETER;
    while (!is_lost(queue, fence)) {
        UINT64 done = bell_umd_progress(queue);

        if (done >= fence)
            return STATUS_SUCCESS;
        if (is_aborted(queue))
            return STATUS_DEVICE_REMOVED;
        if (done != seen)
            turns = 0;
        else if (++turns >= BELL_UMD_STALL_TURNS)
            return STATUS_IO_TIMEOUT;
        seen = done;
        YieldProcessor();
    }
    return STATUS_DEVICE_REMOVED;
}
