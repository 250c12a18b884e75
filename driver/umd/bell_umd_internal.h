/* SPDX-License-Identifier: MIT */
/* Shared inside the user-mode library. */
#ifndef BELL_UMD_INTERNAL_H
#define BELL_UMD_INTERNAL_H

#include "bell_formats.h"
#include "bell_umd.h"

#include <stdatomic.h>

struct bell_umd_device {
    D3DKMT_HANDLE adapter;
    D3DKMT_HANDLE device;
    D3DKMT_HANDLE paging;
    volatile UINT64 *paging_fence;
    BELL_UMD_CAPS caps;
};

/* First come, first served; the holder may yield (YieldProcessor) while it holds it. */
struct bell_umd_lock {
    atomic_uint next;
    atomic_uint serving;
};

/* Threads that look at fence or status of a queue, against the one that replaces them. */
struct bell_umd_readers {
    atomic_uint inside;
    atomic_bool closed;
};

struct bell_umd_queue {
    /* Hot path: read or written on each submission. */
    struct bell_umd_lock lock;
    struct bell_umd_readers readers;
    volatile UINT64 *doorbell;     /* Constant address (DB-VA-01); NULL in kernel mode. */
    volatile UINT64 *second;       /* Secondary doorbell, or NULL. */
    bool rings_token;              /* Global layout: the value stored names the queue. */
    const volatile UINT64 *status;
    volatile UINT64 *last_queued;
    const volatile UINT64 *progress_fence;
    volatile struct bell_ring_entry *ring;
    volatile UINT64 *control;      /* WPTR, RPTR. */
    UINT64 wptr;                   /* Entries appended; equals the control area's. */
    UINT64 ring_mask;
    UINT64 progress_gpu;
    UINT64 base;                   /* Number of the last submission before the present hw queue. */
    UINT64 queued;                 /* Number of the last submission, whichever the hw queue. */
    struct bell_umd_stats stats;
    /* ---- Not on the hot path. */
    struct bell_umd_device *device;
    struct bell_umd_queue_desc desc;
    struct bell_umd_memory ring_memory;
    struct bell_umd_memory control_memory;
    D3DKMT_HANDLE context;
    D3DKMT_HANDLE hw_queue;
    D3DKMT_HANDLE progress_handle;
    D3DKMT_HANDLE doorbell_handle;
    UINT64 token;
    UINT64 lost_from;              /* Submissions lost_from .. lost_to died with the doorbell; */
    UINT64 lost_to;                /* 0, 0 = none. */
    bool dead;                     /* Given up, and no kernel-mode queue could be made. */
};

void bell_umd_lock_take(struct bell_umd_lock *lock);
void bell_umd_lock_drop(struct bell_umd_lock *lock);

/* Held by the lock's holder while fence, status or base change: nobody looks in between. A thread
 * between out and in must not call bell_umd_wait() or bell_umd_progress(). */
void bell_umd_readers_out(struct bell_umd_queue *queue);
void bell_umd_readers_in(struct bell_umd_queue *queue);

/* Wait for a paging operation: `status` is what the call returned. */
NTSTATUS bell_umd_paging_wait(struct bell_umd_device *device, NTSTATUS status, UINT64 value);

/* Make an allocation resident and map it for the GPU, on demand for the CPU. On failure the caller
 * frees it. */
NTSTATUS bell_umd_memory_attach(struct bell_umd_device *device, struct bell_umd_memory *memory,
                                bool cpu);

/* Build or tear down what `desc` asks for, without touching numbers and statistics. */
NTSTATUS bell_umd_queue_build(struct bell_umd_queue *queue);
void bell_umd_queue_tear_down(struct bell_umd_queue *queue);
/* Ring and control area of desc.ring_entries, and a doorbell for them. On failure the queue has no
 * doorbell, and maybe memory, which the caller frees. */
NTSTATUS bell_umd_queue_create_ring(struct bell_umd_queue *queue, bool resize);
/* The opposite of it. Nothing of what there is not. */
void bell_umd_queue_destroy_ring(struct bell_umd_queue *queue);
/* Power of two, within the caps. */
bool bell_umd_ring_size_is_valid(const struct bell_umd_device *device, UINT32 entries);
/* What 0 entries stand for. */
#define BELL_UMD_DEFAULT_ENTRIES 256u
/* The OS gave the doorbell up: note the loss, go on in kernel mode if possible. */
void bell_umd_queue_give_up(struct bell_umd_queue *queue);

/* Append the library's own packets; returns the length in bytes. */
UINT32 bell_umd_commands_end(struct bell_umd_commands *commands, UINT64 fence_gpu, UINT64 value,
                             bool interrupt);

#endif
