/* SPDX-License-Identifier: MIT */
/*
 * Hardware contexts and hardware queues.
 *
 * A queue takes a hardware queue number at creation. The hardware context is opened when the
 * driver first knows its ring: a kernel-mode queue at creation, a user-mode queue at the first
 * connect or disconnect of its doorbell (DB-CRE-02). It stays open while the doorbell is
 * disconnected: work already in the ring goes on (DB-DIS-07).
 *
 * PASSIVE_LEVEL unless stated.
 */
#ifndef BELL_KMD_QUEUE_H
#define BELL_KMD_QUEUE_H

#include "bell_kmd.h"

struct bell_doorbell;

struct bell_context {
    enum bell_kind kind;
    struct bell_device *device;
    HANDLE os_context;
    UINT32 node;
    KMUTEX run_lock;
    bool suspended;             /* A context starts resumed (DB-SUS-07). */
    bool barred;                /* Its node runs a list without it; DIRQL, under sched_lock. */
    bool joins;                 /* Not any more; inside bell_kmd_isr_switch. */
    bool invalid;               /* An engine reset hit it: no queue of it runs again. DIRQL, under
                                 * sched_lock. */
    bool quiet;                 /* Suspended, and reported so. This and the next five: DIRQL. */
    UINT32 stopping;            /* Its queues whose STOPPED event is to come. */
    bool tell_suspended;        /* Then SUSPEND_CONTEXT_COMPLETED is due ... */
    UINT64 fence;               /* ... with the last request's fence, */
    bool tell_switched;         /* and HWCONTEXTLIST_SWITCH_COMPLETED ... */
    UINT64 switch_fence;        /* ... with this one. */
    struct bell_queue *queues;  /* Chain by bell_queue.next; under run_lock and sched_lock. */
    struct bell_context *next;  /* Of the adapter; this and the next: under sched_lock. */
    struct bell_context **link; /* What points here. */
    struct bell_schedule schedule;
    UINT32 number;   /* QUEUE.SCHED.CONTEXT of its queues: 0 without a queue. Under sched_lock, as */
    bool stuck;      /* this: the device did not let go of a queue that has the number. */
};

/* One of a queue's native fence logs, as the hardware's words have it; 0: none. */
struct bell_fence_log {
    UINT64 base;
    UINT64 index; /* As of the next open. */
    const DXGK_NATIVE_FENCE_LOG_HEADER *header; /* Kernel address. */
};

struct bell_queue {
    enum bell_kind kind;
    struct bell_adapter *adapter;
    struct bell_context *context;
    struct bell_queue *next;
    HANDLE os_queue;
    UINT32 hw_id;
    bool user_mode;   /* Doorbell-only (DB-QUE-01). */
    bool notify;      /* Connects answer CONNECTED_NOTIFY_KMD. Under slot_lock. */
    bool open;        /* Hardware context is open. */
    bool restore;     /* Not open because the device is off: opened again at D0, */
    bool wants;       /* with something to do, as before. */
    UINT64 rptr;      /* Entries consumed, as of the next open, */
    UINT64 resume[2]; /* and where the buffer of the next entry goes on. */
    struct bell_fence_log waits, signals;
    bool planned;     /* Open, or about to be: has its part in the schedule. Under sched_lock, as */
    bool boosted;     /* real time by NotifyWorkSubmission, whatever its context, */
    struct bell_words words; /* and what the hardware has. */
    bool stopping;    /* Its STOPPED event is to come; DIRQL. */
    volatile bool closing; /* An ABORTED event is the driver's own doing. */
    volatile bool faulted; /* Set by the interrupt routine. */
    bool died;             /* The hardware context had faulted when it was closed, */
    bool fault_seen;       /* and its event was taken; DIRQL. */
    UINT64 user_irqs;
    const volatile UINT64 *progress; /* Progress fence. Kernel address. */
    struct bell_doorbell *doorbell; /* At most one; under slot_lock. */

    /* Ring: of the doorbell, or the driver's own for a kernel-mode queue. */
    D3DGPU_VIRTUAL_ADDRESS ring;
    D3DGPU_VIRTUAL_ADDRESS control;
    UINT32 log2_entries;

    /* Kernel-mode queue only. */
    KSPIN_LOCK ring_lock;
    volatile struct bell_ring_entry *entries;
    volatile struct bell_ring_control *counts;
    UINT64 *fence_ids; /* HwQueueProgressFenceId, by entry. */
};

/*
 * CreateHwContext. STATUS_INVALID_PARAMETER: no such node, engine mask other than 1, or reserved
 * flags. STATUS_NO_MEMORY.
 */
NTSTATUS bell_kmd_context_create(struct bell_device *device, DXGKARG_CREATEHWCONTEXT *args);

/* DestroyHwContext. Its queues are gone (HS-CTX-01). */
VOID bell_kmd_context_destroy(struct bell_context *context);

/*
 * SuspendContext (DB-SUS-01 .. -05): take its queues off the run list. When the last of them has
 * left its node, with RPTR in memory, SUSPEND_CONTEXT_COMPLETED is reported with the OS's
 * context handle and the last request's fence; that may be before this returns. Does not wait: if
 * a queue hangs, the report does not come and the OS resets the engine (DB-SUS-03).
 *
 * @retval STATUS_SUCCESS     It was suspended already; no report is made.
 * @retval STATUS_PENDING     A report was or will be made, unless a resume comes before.
 */
NTSTATUS bell_kmd_context_suspend(struct bell_context *context, UINT64 fence);

/* ResumeContext (DB-SUS-06): run list first, then a write-pointer sample. Succeeds. */
VOID bell_kmd_context_resume(struct bell_context *context);

/*
 * CreateHwQueue (DB-QUE-01, -04, -06).
 *
 * @retval STATUS_INVALID_PARAMETER       Reserved flags, UserModeSubmission on a node without, or
 *                                        bad private data (bell_kmd_notify_read).
 * @retval STATUS_NOT_SUPPORTED           NativeProgressFence, and the OS feature is off.
 * @retval STATUS_NO_MEMORY               Nothing is left behind.
 * @retval STATUS_INSUFFICIENT_RESOURCES  All hardware queues are taken.
 * @retval STATUS_DEVICE_REMOVED          The context was invalidated.
 * @retval STATUS_UNSUCCESSFUL            The hardware would not open a kernel-mode queue.
 */
NTSTATUS bell_kmd_queue_create(struct bell_context *context, DXGKARG_CREATEHWQUEUE *args);

/* DestroyHwQueue. Stops and closes what is open. Frees the object even if the hardware would not
 * stop; its number and the driver's own ring are then never used again. The doorbell is gone
 * (DB-DES-07). */
VOID bell_kmd_queue_destroy(struct bell_queue *queue);

/*
 * Open the hardware context for ring, control and log2_entries of the queue, counts from 0, and put
 * it on the run list unless the context is suspended (DB-CON-11). Nothing if it is open.
 *
 * @retval STATUS_SUCCESS         It is open. It was not sampled: kick it.
 * @retval STATUS_UNSUCCESSFUL    The hardware ignored the command; the queue is closed.
 * @retval STATUS_DEVICE_REMOVED  The device is gone, the queue has faulted and lost its hardware
 *                                context, or its context was invalidated.
 */
NTSTATUS bell_kmd_queue_open(struct bell_queue *queue);

/*
 * Take the queue off the run list, wait until no node works on it, close it. A node that does not
 * let go is aborted; the queue is the one that faults. Nothing if it is closed.
 *
 * @retval STATUS_SUCCESS     Closed: the hardware has no reference to the ring.
 * @retval STATUS_IO_TIMEOUT  Still open in hardware, off the run list.
 * @retval STATUS_DEVICE_REMOVED
 */
NTSTATUS bell_kmd_queue_close(struct bell_queue *queue);

/*
 * D3 and back: note what the device will forget, open it again. Nobody else is in the driver. A
 * restored queue is on no run list: ResumeContext puts it there.
 *
 * @retval STATUS_INVALID_DEVICE_STATE  (save) A node works on it: its context is not suspended.
 * @retval STATUS_UNSUCCESSFUL, STATUS_DEVICE_REMOVED  (restore) As bell_kmd_queue_open.
 */
NTSTATUS bell_kmd_queue_save(struct bell_queue *queue);
NTSTATUS bell_kmd_queue_restore(struct bell_queue *queue);

/*
 * Progress fence id of the first buffer that is not done. A kernel-mode queue: as it was submitted.
 * A user-mode queue: ids are user mode's own, so the first one that its fence has not reached. Once
 * the queue is on no node or an event says that it has faulted, and before it is closed; any IRQL.
 */
UINT64 bell_kmd_queue_next_fence(const struct bell_queue *queue);

/* Highest id of a kernel-mode queue's submissions that its fence has reached; 0 of others. */
UINT64 bell_kmd_queue_done_fence(const struct bell_queue *queue);

/* Nothing that is submitted to it runs: it has faulted, or its context was invalidated. */
static inline bool bell_kmd_queue_is_dead(const struct bell_queue *queue)
{
    return queue->faulted || queue->context->invalid;
}

/* Owe a write-pointer sample. Nothing unless it is open. IRQL <= DISPATCH_LEVEL. */
VOID bell_kmd_queue_kick(struct bell_queue *queue);

#endif /* BELL_KMD_QUEUE_H */
