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

void bell_umd_readers_out(struct bell_umd_queue *queue)
{
    atomic_store(&queue->readers.closed, true);
    while (atomic_load(&queue->readers.inside) != 0)
        YieldProcessor();
}

void bell_umd_readers_in(struct bell_umd_queue *queue)
{
    atomic_store(&queue->readers.closed, false);
}

static void enter(struct bell_umd_readers *readers)
{
    for (;;) {
        atomic_fetch_add(&readers->inside, 1);
        if (!atomic_load(&readers->closed))
            return;
        atomic_fetch_sub(&readers->inside, 1);
        YieldProcessor();
    }
}

static void leave(struct bell_umd_readers *readers)
{
    atomic_fetch_sub(&readers->inside, 1);
}

/* Between enter and leave. */
static UINT64 progress(const struct bell_umd_queue *queue)
{
    UINT64 value;

    if (queue->progress_fence == NULL)
        return queue->lost_from != 0 ? queue->lost_from - 1 : queue->base;
    value = *queue->progress_fence;
    atomic_thread_fence(memory_order_acquire);
    return queue->base + value;
}

UINT64 bell_umd_progress(struct bell_umd_queue *queue)
{
    UINT64 done;

    enter(&queue->readers);
    done = progress(queue);
    leave(&queue->readers);
    return done;
}

static bool is_lost(const struct bell_umd_queue *queue, UINT64 fence)
{
    return queue->lost_from != 0 && fence >= queue->lost_from && fence <= queue->lost_to;
}

static bool is_aborted(const struct bell_umd_queue *queue)
{
    return queue->status != NULL && *queue->status > D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY;
}

/* STATUS_PENDING: not yet, *done says how far. The status is read before the fence, so that what was
 * complete when the queue was given up counts as complete. */
static NTSTATUS look(struct bell_umd_queue *queue, UINT64 fence, UINT64 *done)
{
    NTSTATUS status = STATUS_DEVICE_REMOVED;
    bool aborted;

    enter(&queue->readers);
    aborted = is_aborted(queue);
    *done = progress(queue);
    if (!is_lost(queue, fence) && *done >= fence)
        status = STATUS_SUCCESS;
    else if (!is_lost(queue, fence) && !aborted)
        status = STATUS_PENDING;
    leave(&queue->readers);
    return status;
}

NTSTATUS bell_umd_wait(struct bell_umd_queue *queue, UINT64 fence)
{
    UINT64 seen = 0, done;
    UINT32 turns = 0;

    if (fence > queue->queued)
        return STATUS_INVALID_PARAMETER;
    for (;;) {
        NTSTATUS status = look(queue, fence, &done);

        if (status != STATUS_PENDING)
            return status;
        if (done != seen)
            turns = 0;
        else if (++turns >= BELL_UMD_STALL_TURNS)
            return STATUS_IO_TIMEOUT;
        seen = done;
        YieldProcessor();
    }
}
