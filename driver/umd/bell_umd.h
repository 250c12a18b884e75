/* SPDX-License-Identifier: MIT */
/**
 * @file bell_umd.h
 * @brief User-mode submission library: rings, fences, and the doorbell protocol.
 *
 *     bell_umd_open -> bell_umd_alloc -> bell_umd_queue_create
 *         -> bell_umd_commands_begin, bell_umd_cmd_*, bell_umd_submit -> bell_umd_wait
 *         -> bell_umd_queue_destroy, bell_umd_free -> bell_umd_close
 *
 * Memory that other processes see too: bell_umd_shared_create, bell_umd_shared_open.
 * Order among queues, processes and the CPU: bell_umd_fence_create, bell_umd_fence_open.
 *
 * A submission on a user-mode queue makes no kernel call while its doorbell is connected and not in
 * notify mode (DB-UMD-03). When the OS takes the doorbell away the library connects it again; when
 * the OS gives it up (ABORT) the library falls back, once, to a kernel-mode queue on the same node
 * (DB-STA-06, A-55).
 *
 * Every function that returns NTSTATUS either does the whole of what it says or leaves things as they
 * were, unless it says otherwise; NT_SUCCESS() tells. Codes of the OS come through unchanged:
 * STATUS_NO_MEMORY, STATUS_INSUFFICIENT_RESOURCES (hardware queues), STATUS_DEVICE_REMOVED (the
 * device is lost), STATUS_INVALID_PARAMETER (a handle that is gone), STATUS_IO_TIMEOUT (no answer).
 * Pointers are not NULL unless said so. What the library makes is freed by the caller, queues before
 * the memory they use, all before the device.
 *
 * Threads: a queue may be used by several threads; submissions are taken one at a time, first come
 * first served (DB-UMD-02). A command list belongs to one thread. Nothing here may be called from
 * a signal handler. All sizes are bytes unless a name says otherwise.
 */
#ifndef BELL_UMD_H
#define BELL_UMD_H

#include "bell_private.h"
#include "d3dkmthk.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Adapter, device and paging queue of the calling process. */
struct bell_umd_device;

/** A hardware queue with everything it needs. */
struct bell_umd_queue;

/** GPU-visible memory, resident, mapped for the CPU and the GPU until bell_umd_free(). */
struct bell_umd_memory {
    D3DKMT_HANDLE allocation;
    UINT64 bytes;               /**< As asked for, rounded up to pages. */
    UINT64 gpu;                 /**< Device address. */
    volatile UINT64 *cpu;       /**< CPU address. */
};

/** A command buffer being written. Fill it in with bell_umd_commands_begin(). */
struct bell_umd_commands {
    volatile UINT64 *cpu;
    UINT64 gpu;
    UINT32 used;     /**< Packets written. */
    UINT32 capacity; /**< Packets that fit, less the library's own. */
    bool overflow;   /**< A packet did not fit; bell_umd_submit() will refuse. */
};

struct bell_umd_queue_desc {
    UINT32 node;         /**< Node ordinal. */
    UINT32 ring_entries; /**< Power of two, 2 .. max_ring_entries of the caps; 0 = 256. */
    bool kernel_mode;    /**< true: no doorbell; each submission is a kernel call. */
    bool realtime;       /**< User mode: the driver hears of each submission and runs the queue before
                              ordinary ones of its node (notify mode, DB-NTF-04). */
    bool second_doorbell; /**< User mode: ring the secondary doorbell too, before the first. */
};

/** Counts since the queue was created. */
struct bell_umd_stats {
    UINT64 submissions; /**< Accepted. */
    UINT64 rings;       /**< Doorbell stores. */
    UINT64 connects;    /**< D3DKMTConnectDoorbell calls. */
    UINT64 victimized;  /**< Status read DISCONNECTED_RETRY after the first connect. */
    UINT64 notifies;    /**< D3DKMTNotifyWorkSubmission calls. */
    UINT64 full_waits;  /**< Submissions that found the ring full. */
    UINT64 fallbacks;   /**< 0 or 1. */
    UINT64 resizes;     /**< Rings replaced. */
};

/**
 * Open the adapter and make a device.
 * @retval STATUS_GRAPHICS_DRIVER_MISMATCH  The KMD speaks another interface version.
 * @retval other  From the OS. On failure *device is NULL and nothing is left open.
 */
NTSTATUS bell_umd_open(LUID adapter, struct bell_umd_device **device);
/** All queues and memory of the device must be gone. NULL is allowed. */
void bell_umd_close(struct bell_umd_device *device);
/** What the KMD says of itself; valid while the device is open. */
const BELL_UMD_CAPS *bell_umd_caps(const struct bell_umd_device *device);

/**
 * Allocate, make resident, map. The content is zero.
 * @retval STATUS_INVALID_PARAMETER  bytes is 0.
 * @retval other  From the OS; nothing is left behind and *memory is zeroed.
 */
NTSTATUS bell_umd_alloc(struct bell_umd_device *device, UINT64 bytes,
                        struct bell_umd_memory *memory);
/** The GPU must be done with it. A zeroed structure is allowed; it is zeroed on return. */
void bell_umd_free(struct bell_umd_device *device, struct bell_umd_memory *memory);

/**
 * Memory that several processes see. It has a name, `share`, that the maker hands to the others by
 * whatever means they have; the memory lives until the last of its openings is closed, also when the
 * maker, its device or its process is gone (AL-CRE-10). Each process has device addresses of its own.
 */
struct bell_umd_shared {
    struct bell_umd_memory memory; /**< `cpu` is NULL in an opening: only the maker may map it for
                                        the CPU (AL-CRE-15); others copy by the GPU. `allocation`
                                        is of this opening. Not for bell_umd_free(). */
    D3DKMT_HANDLE resource;        /**< Of this opening. */
    D3DKMT_HANDLE share;           /**< The name; the same in every process. */
};

/**
 * Make shared memory: as bell_umd_alloc(), and *shared names it.
 * @retval STATUS_INVALID_PARAMETER  bytes is 0.
 * @retval other  From the OS; nothing is left behind and *shared is zeroed.
 */
NTSTATUS bell_umd_shared_create(struct bell_umd_device *device, UINT64 bytes,
                                struct bell_umd_shared *shared);
/**
 * Open what another device or process, or this one, made: resident and mapped for the GPU, as large
 * as it was made. May be called any number of times; each opening is closed by itself.
 * @retval STATUS_INVALID_PARAMETER         No such name, or no longer.
 * @retval STATUS_GRAPHICS_DRIVER_MISMATCH  It was not made by bell_umd_shared_create().
 * @retval other  From the OS. On failure nothing is left behind and *shared is zeroed.
 */
NTSTATUS bell_umd_shared_open(struct bell_umd_device *device, D3DKMT_HANDLE share,
                              struct bell_umd_shared *shared);
/** The GPU must be done with it under this opening. Other openings are not touched. A zeroed
 *  structure is allowed; it is zeroed on return. */
void bell_umd_shared_close(struct bell_umd_device *device, struct bell_umd_shared *shared);

/**
 * Make a context and a queue; for user mode also ring, control area and doorbell (not connected yet:
 * the first submission connects it).
 * @retval STATUS_INVALID_PARAMETER  Node, ring size, or a node without user-mode submission.
 * @retval STATUS_NOT_SUPPORTED      A second doorbell, and the device has none.
 * @retval other  From the OS; nothing is left behind and *queue is NULL.
 */
NTSTATUS bell_umd_queue_create(struct bell_umd_device *device,
                               const struct bell_umd_queue_desc *desc,
                               struct bell_umd_queue **queue);
/**
 * Another ring of `ring_entries` (as in bell_umd_queue_desc; 0 = 256) for the same queue: waits for all
 * submissions, replaces the doorbell (ResizeRingBufferOperation), goes on with the next number
 * (DB-RSZ-02). Submissions of other threads wait meanwhile.
 * @retval STATUS_INVALID_PARAMETER  Ring size, or a kernel-mode queue. Nothing happened.
 * @retval STATUS_IO_TIMEOUT         No progress for BELL_UMD_STALL_TURNS polls. Nothing happened.
 * @retval STATUS_DEVICE_REMOVED     As of bell_umd_submit().
 * @retval other                     From the OS; the queue goes on with a ring of the old size.
 */
NTSTATUS bell_umd_queue_resize(struct bell_umd_queue *queue, UINT32 ring_entries);
/** Unfinished work is abandoned: wait first. NULL is allowed. */
void bell_umd_queue_destroy(struct bell_umd_queue *queue);
void bell_umd_queue_stats(const struct bell_umd_queue *queue, struct bell_umd_stats *stats);
/** The queue's doorbell, 0 for a kernel-mode queue. For tools and tests. */
D3DKMT_HANDLE bell_umd_queue_doorbell(const struct bell_umd_queue *queue);
/** What the KMD calls the queue (BELL_DOORBELL_PRIVATE.queue_token): its hardware queue number. 0
 *  for a kernel-mode queue. */
UINT64 bell_umd_queue_token(const struct bell_umd_queue *queue);
/** The D3DKMT handle of the hardware queue. */
D3DKMT_HANDLE bell_umd_queue_handle(const struct bell_umd_queue *queue);
/** The D3DKMT handle of its context. */
D3DKMT_HANDLE bell_umd_queue_context(const struct bell_umd_queue *queue);
/** True for a queue created, or fallen back to, kernel mode. */
bool bell_umd_queue_is_kernel_mode(const struct bell_umd_queue *queue);

/**
 * Start a command buffer in `memory` at `offset` (multiple of 32); it may take `bytes`.
 * Room for the fence and interrupt packets is set aside: bytes / 32 - 2 packets fit.
 * @retval STATUS_INVALID_PARAMETER  Offset, size, or range outside the memory; *commands is zeroed.
 */
NTSTATUS bell_umd_commands_begin(struct bell_umd_commands *commands,
                                 const struct bell_umd_memory *memory, UINT64 offset, UINT64 bytes);
/* Each appends one packet. Device addresses and byte counts are multiples of 8. */
void bell_umd_cmd_nop(struct bell_umd_commands *commands);
void bell_umd_cmd_work(struct bell_umd_commands *commands, UINT64 clocks);
void bell_umd_cmd_fill(struct bell_umd_commands *commands, UINT64 to, UINT64 bytes, UINT64 pattern);
void bell_umd_cmd_copy(struct bell_umd_commands *commands, UINT64 to, UINT64 from, UINT64 bytes);
void bell_umd_cmd_write64(struct bell_umd_commands *commands, UINT64 to, UINT64 value);
void bell_umd_cmd_irq(struct bell_umd_commands *commands, UINT64 data);
void bell_umd_cmd_fault(struct bell_umd_commands *commands);
void bell_umd_cmd_hang(struct bell_umd_commands *commands);

/* ---- Native fences ------------------------------------------------------------------------ */

/**
 * A 64-bit value that rises. Queues of this and other processes, on any node, signal it and wait for
 * it by packets, without a kernel call; the CPU waits in the kernel, or reads it. A queue that waits
 * gives its node to others. Fill it in with bell_umd_fence_create() or bell_umd_fence_open().
 *
 * Nobody checks that a value rises: what a lower one does to waiters is the user's own business.
 */
struct bell_umd_fence {
    D3DKMT_HANDLE handle;            /**< Of this opening; also what the fence logs call it. */
    HANDLE name;                     /**< The same in every process; NULL: not shared. */
    const volatile UINT64 *current;  /**< The value. */
    UINT64 current_gpu;              /**< Device address of it, */
    UINT64 monitored_gpu;            /**< and of the value up to which the CPU is not interrupted. */
};

/**
 * Make a fence. With `shared`, *fence has a name, which the maker hands to other processes by
 * whatever means they have; the fence lives until the last opening is closed.
 * @retval STATUS_NOT_SUPPORTED  The driver or the OS has no native fences.
 * @retval other  From the OS; nothing is left behind and *fence is zeroed.
 */
NTSTATUS bell_umd_fence_create(struct bell_umd_device *device, UINT64 initial, bool shared,
                               struct bell_umd_fence *fence);
/**
 * Open what this or another process made.
 * @retval STATUS_INVALID_PARAMETER  No such name, or nobody has it open any more.
 * @retval other  From the OS. On failure *fence is zeroed.
 */
NTSTATUS bell_umd_fence_open(struct bell_umd_device *device, HANDLE name,
                             struct bell_umd_fence *fence);
/** The GPU must be done with it under this opening. Threads of this process that wait for it get
 *  STATUS_DEVICE_REMOVED. A zeroed structure is allowed; it is zeroed on return. */
void bell_umd_fence_close(struct bell_umd_fence *fence);

/** One packet: raise the fence when all earlier writes of the buffer are visible. */
void bell_umd_cmd_fence_signal(struct bell_umd_commands *commands,
                               const struct bell_umd_fence *fence, UINT64 value);
/** One packet: go on when the fence is at `value` or more. */
void bell_umd_cmd_fence_wait(struct bell_umd_commands *commands,
                             const struct bell_umd_fence *fence, UINT64 value);

/** The value now. No kernel call. What was written before the signal is visible. */
UINT64 bell_umd_fence_value(const struct bell_umd_fence *fence);
/**
 * Sleep until the fence is at `value` or more. No kernel call if it is.
 * @retval STATUS_SUCCESS
 * @retval STATUS_DEVICE_REMOVED  It was closed meanwhile.
 * @retval STATUS_IO_TIMEOUT      It did not move for as long as the OS gives hardware.
 * @retval other                  From the OS.
 */
NTSTATUS bell_umd_fence_wait(struct bell_umd_device *device, const struct bell_umd_fence *fence,
                             UINT64 value);
/**
 * Raise the fence from the CPU; waiters of both kinds go on. This thread's earlier writes are visible
 * to them.
 * @retval STATUS_INVALID_PARAMETER  It is beyond `value` already. Nothing happened.
 * @retval other                     From the OS.
 */
NTSTATUS bell_umd_fence_signal(struct bell_umd_device *device, const struct bell_umd_fence *fence,
                               UINT64 value);

/**
 * Submit. Appends the progress-fence packet, publishes the entry, rings, and does whatever the
 * doorbell status asks for. Waits while the ring is full (bounded: BELL_UMD_STALL_TURNS polls
 * without progress of the GPU). The buffer belongs to the GPU until the fence is reached.
 *
 * @param fence  Receives the submission's number: 1, 2, 3 .. per queue, also across a fallback.
 * @retval STATUS_SUCCESS            Published; it will run.
 * @retval STATUS_INVALID_PARAMETER  The command list overflowed or was not begun. Nothing happened.
 * @retval STATUS_IO_TIMEOUT         The ring stayed full. Nothing happened.
 * @retval STATUS_DEVICE_REMOVED     The OS gave the queue up; unfinished submissions are lost. *fence
 *                                   is valid, and bell_umd_wait() has the last word: this one may
 *                                   have been complete by then. If a kernel-mode queue could be
 *                                   made, later submissions use it.
 */
NTSTATUS bell_umd_submit(struct bell_umd_queue *queue, struct bell_umd_commands *commands,
                         UINT64 *fence);

/** Polls without progress after which a wait gives up. */
#define BELL_UMD_STALL_TURNS 2000000u

/** Highest submission that is complete. No kernel call; waits while the queue is being replaced. */
UINT64 bell_umd_progress(struct bell_umd_queue *queue);

/**
 * Wait until submission `fence` is complete.
 * @retval STATUS_SUCCESS            Complete; its writes are visible.
 * @retval STATUS_INVALID_PARAMETER  No such submission yet.
 * @retval STATUS_IO_TIMEOUT         No progress for BELL_UMD_STALL_TURNS polls.
 * @retval STATUS_DEVICE_REMOVED     It was lost with the queue: it did not complete, and once a
 *                                   submission has fallen back to kernel mode it never will. Parts
 *                                   of it may have run.
 */
NTSTATUS bell_umd_wait(struct bell_umd_queue *queue, UINT64 fence);

#ifdef __cplusplus
}
#endif
#endif /* BELL_UMD_H */
