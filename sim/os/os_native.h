/* SPDX-License-Identifier: MIT */
/**
 * @file os_native.h
 * @brief Native GPU fences: the adapter's part of a fence, waits of the CPU for it, its logs.
 *
 * A fence has two pages, one for each value; both values lie at the same offset, which differs from
 * fence to fence so that the hardware can tell waits apart. A process sees the first page (user mode
 * read-only, GPU read and write) and, by the GPU and read-only, the second. struct os_fence is one
 * process's opening; progress fences of queues may be native too (NF-QUE-01).
 *
 * A wait of the CPU is never a poll: it lists itself, has the driver lower the monitored value,
 * looks at the current value again (NF-SYN-01), and sleeps until NATIVE_FENCE_SIGNALED names its
 * fence or any (NF-INT-02).
 */
#ifndef BELL_OS_NATIVE_H
#define BELL_OS_NATIVE_H

#include "os_objects.h"

struct os_native_waiter;

/** The adapter's part of a fence (NF-LIF-01). Openings, in all processes, lead here. */
struct os_native {
    struct os_lock lock; /**< One create, open, close or destroy DDI of the fence at a time. */
    HANDLE kmd;          /**< NULL: not made yet, or destroyed. Cleared at DIRQL. */
    uint32_t serial;     /**< Never reused. */
    bool shareable, shared;
    unsigned opens;      /**< With 0 it is destroyed. */
    unsigned refs;       /**< Openings, waiters, calls under way, for the memory of this. */
    uint64_t current_phys, monitored_phys; /**< Pages. */
    uint32_t offset;     /**< Of both values in their pages. */
    volatile uint64_t *current, *monitored; /**< Kernel alias; NULL when destroyed. */
    struct os_native_waiter *waiters;
    bool signaled;       /**< Reported at DIRQL; the DPC has not looked yet. */
    struct os_native *next; /**< All of them, newest first. */
};

/* --- Fences (os_native_fence.c) ---------------------------------------------------------------- */

/** After discovery: nothing is left of an earlier adapter. */
void os_native_init(void);
/** Free what a run that failed left. */
void os_native_cleanup(void);
/** Driver, OS and caps are ready for native fences. */
bool os_native_usable(void);

/** `data`: D3DDDI_NATIVE_FENCE_PDD_SIZE bytes, in/out. */
NTSTATUS os_native_create(struct os_device *device, const char *window_name,
                          const D3DDDI_NATIVEFENCEINFO *info, void *data, struct os_fence **fence);
/** Open what has this name. STATUS_INVALID_PARAMETER: no such, or no longer. */
NTSTATUS os_native_open(struct os_device *device, HANDLE name, struct os_fence **fence);
/** Its name in every process. STATUS_INVALID_PARAMETER: it was not made shareable. */
NTSTATUS os_native_share(struct os_fence *fence, HANDLE *name);
/** By os_fence_destroy(). */
void os_native_close(struct os_fence *fence);
/** What user mode is told of an opening. */
void os_native_describe(const struct os_fence *fence, D3DDDI_NATIVEFENCEMAPPING *mapping);
void os_native_unref(struct os_native *native);
/** What the driver gets as OS handle of the fence. Not an address. */
HANDLE os_native_token(const struct os_native *native);
/** Fence of a token that is not destroyed; no reference. Any IRQL. */
struct os_native *os_native_from_token(HANDLE token);
struct os_native *os_native_first(void);

/* --- Waits and signals (os_native_wait.c) ------------------------------------------------------ */

/** The run is over: nobody sleeps any more. */
void os_native_waits_forget(void);
/** As os_fence_wait(), all of them native. STATUS_IO_TIMEOUT also when a value was reached and nobody
 *  told: that is a breach of NF-INT-01. */
NTSTATUS os_native_wait(struct os_fence *const *fences, const uint64_t *values, unsigned count,
                        bool any);
/** Raise fences from the CPU: values, waits of the GPU, waits of the CPU.
 *  STATUS_INVALID_PARAMETER: one is there already and beyond; none is raised. */
NTSTATUS os_native_signal(struct os_fence *const *fences, const uint64_t *values, unsigned count);
/** Least value that is waited for, less one; UINT64_MAX without a waiter (NF-OBJ-01). */
uint64_t os_native_wanted(const struct os_native *native);
/** Something else changed than a value: all waiters look at their fences' state. */
void os_native_wake(void);
/** Look at every fence: reports may have been lost with the device. */
void os_native_rescan(void);
/** NATIVE_FENCE_SIGNALED, at DIRQL. */
void os_native_interrupt(const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data);
void os_native_dpc(void); /**< DISPATCH_LEVEL. */
/** Waiters asleep or about to be. */
unsigned os_native_waiters(const struct os_native *native);

/* --- Logs (os_native_log.c) -------------------------------------------------------------------- */

struct os_native_log; /**< Both logs of one queue. */

/** A new user-mode queue gets its two buffers. Nothing for a driver without. */
NTSTATUS os_native_logs_make(struct os_queue *queue);
/** Both buffers go to another place; what is there is read first. */
NTSTATUS os_native_logs_move(struct os_queue *queue);
/** An event of a signal of the queue is consumed: its entry is there (NF-LOG-01). DIRQL. */
void os_native_logs_told(struct os_queue *queue);
/** After the driver's DPC: read what events told of. DISPATCH_LEVEL. */
void os_native_logs_dpc(void);
/** The queue is about to be destroyed: no DPC is in the driver for its logs, or comes. */
void os_native_logs_close(struct os_queue *queue);
/** The hardware is done with the queue: read to the end, free. */
void os_native_logs_drop(struct os_queue *queue);
/** Take what is new, check it, record it as BELFRY_FENCE_LOG. */
void os_native_logs_read(struct os_queue *queue);
void os_native_logs_counts(const struct os_queue *queue, struct belfry_fence_logs *counts);

#endif
