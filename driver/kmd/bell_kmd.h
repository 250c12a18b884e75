/* SPDX-License-Identifier: MIT */
/*
 * What every file of the KMD shares: the adapter and the objects that OS handles stand for.
 *
 * Object            made in                 a KMD handle of          freed in
 * bell_adapter      AddDevice               adapter                  RemoveDevice
 * bell_process      CreateProcess           hKmdProcess              DestroyProcess
 * bell_device       CreateDevice            hDevice                  DestroyDevice
 * bell_resource     CreateAllocation        hResource                DestroyAllocation
 * bell_allocation   CreateAllocation        hAllocation              DestroyAllocation
 * bell_open         OpenAllocation          hDeviceSpecificAllocation CloseAllocation
 * bell_context      CreateHwContext         hHwContext               DestroyHwContext
 * bell_queue        CreateHwQueue           hHwQueue                 DestroyHwQueue
 * bell_doorbell     CreateDoorbell          hDoorbell                DestroyDoorbell
 * bell_native_...   bell_kmd_native_fence.h
 *
 * A handle is the object's address; its first word says what it is, so that a handle of another
 * kind is refused. There is no handle table (AL-CRE-11).
 *
 * Locks, in the order in which they may be taken:
 *   1 bell_adapter.slot_lock   KMUTEX, PASSIVE_LEVEL   slot table, bell_doorbell.slot; held while
 *                                                      calling DxgkCbDisconnectDoorbell
 *   2 bell_context.run_lock    KMUTEX, PASSIVE_LEVEL   open and run-list state of its queues
 *   3 bell_adapter.sched_lock  KMUTEX, PASSIVE_LEVEL   chains of contexts and queues, scheduling
 *   4 bell_adapter.queue_lock  KSPIN_LOCK              queue table, against the DPC
 *     bell_queue.ring_lock     KSPIN_LOCK              kernel ring; nothing is taken inside it
 *     bell_adapter.map_lock    KSPIN_LOCK              GPU addresses of allocations
 *   5 bell_adapter.power_lock  KMUTEX, PASSIVE_LEVEL   gated nodes; nothing is taken inside it
 * Data shared with the interrupt routine changes under DxgkCbSynchronizeExecution.
 */
#ifndef BELL_KMD_H
#define BELL_KMD_H

#include <stdbool.h>

#include "bell_formats.h"
#include "bell_kmd_schedule.h"
#include "bell_private.h"
#include "bell_regs.h"
#include "d3dkmddi.h"

#define BELL_POOL_TAG 0x4C6C6542u /* 'BelL' */

/* Nodes that take user-mode submission: compute and copy. Node 2 and up: kernel-mode only. */
#define BELL_KMD_UM_NODE_MASK 0x3u

/* log2 of the largest ring. One below the hardware's limit: an entry's 16-bit tag must differ
 * from the tag that the same place had a lap ago. */
#define BELL_KMD_MAX_LOG2_ENTRIES 15u

/* log2 of the entries of a kernel-mode queue's ring; also the limit of its work in flight. */
#define BELL_KMD_KERNEL_LOG2_ENTRIES 8u
#define BELL_KMD_KERNEL_ENTRIES (1u << BELL_KMD_KERNEL_LOG2_ENTRIES)

/* Pages of the global layout; page 0 is for the processes for which no other was left. */
#define BELL_KMD_GLOBAL_PAGES \
    ((UINT32)(BELL_TOKEN_LISTEN_PAGE_MASK >> BELL_TOKEN_LISTEN_PAGE_SHIFT) + 1u)

/* Events that the interrupt routine may hold for the DPC. Power of two. */
#define BELL_KMD_EVENTS 64u

/* Limit registers of a kind. */
#define BELL_KMD_LIMITS 4u

/* Nodes that the driver can keep account of. */
#define BELL_KMD_NODES 4u

enum bell_kind {
    BELL_KIND_ADAPTER = 0x61646170,
    BELL_KIND_PROCESS = 0x70726F63,
    BELL_KIND_DEVICE = 0x64657669,
    BELL_KIND_RESOURCE = 0x7265736F,
    BELL_KIND_ALLOCATION = 0x616C6C6F,
    BELL_KIND_OPEN = 0x6F70656E,
    BELL_KIND_CONTEXT = 0x636F6E74,
    BELL_KIND_QUEUE = 0x71756575,
    BELL_KIND_DOORBELL = 0x646F6F72,
    BELL_KIND_NATIVE_FENCE = 0x6E666E63,
    BELL_KIND_NATIVE_OPEN = 0x6E666F70
};

/* Chains of openings of native fences. */
#define BELL_KMD_NATIVE_BUCKETS 64u

struct bell_slot;
struct bell_native_open;
struct bell_context;
struct bell_queue;

/* One event as the hardware gave it. */
struct bell_event {
    UINT64 word0;
    UINT64 word1;
};

/* The last wait that ran out, for a debugger or a test. */
struct bell_timeout {
    UINT32 count;       /* Waits that ran out since AddDevice. */
    UINT32 offset;      /* BAR0 offset of the register polled. */
    UINT64 value;       /* What it read at the end. */
    const char *waiter; /* What the driver was doing. */
};

/* What the device refused, of one cause from BELL_CAUSE_RING_REJECTED on. */
struct bell_refusals {
    UINT64 count;
    UINT64 newest; /* Second word of the newest event: BELL_REPORT_WORD. */
};

#define BELL_KMD_REFUSALS 3u

struct bell_adapter {
    enum bell_kind kind;
    bool started;
    bool lost;                /* Reads return all ones: no more MMIO. */
    bool um_submission;       /* OS feature 4 is on. */
    bool native_fence;        /* OS feature 37 is on (NF-CAP-01). */
    DXGKRNL_INTERFACE dxgk;
    volatile UCHAR *bar0;
    volatile UCHAR *bar2;
    UINT32 slot_count;
    UINT32 queue_count;
    UINT32 node_count;
    UINT32 doorbell_bytes;
    enum bell_layout layout; /* Of the doorbells in BAR2; in force since start. */
    bool secondary;          /* Doorbells have a second register. */
    volatile LONG next_process; /* Serial number of the next process; under map_lock. */

    KMUTEX slot_lock;
    struct bell_slot *slots; /* slot_count of them. */
    UINT64 use_clock;        /* Order of slot uses, for the policy. */
    UCHAR global_pages[BELL_KMD_GLOBAL_PAGES / 8]; /* One bit a page: a process has it. */

    KSPIN_LOCK queue_lock;
    struct bell_queue *volatile *queues; /* queue_count; by hardware queue number. */
    UINT32 next_queue;                   /* Where the search for a free number starts. */

    KSPIN_LOCK map_lock;

    KMUTEX sched_lock;
    struct bell_context *contexts; /* All, by bell_context.next. */
    UCHAR *numbers;                /* queue_count: is number 1 + index that of a context? */
    struct bell_bands bands;
    struct bell_group groups[BELL_KMD_GROUPS];
    struct bell_context_list lists[BELL_KMD_NODES]; /* By node. */
    struct bell_log logs[BELL_KMD_NODES];

    struct bell_native_open *native_opens[BELL_KMD_NATIVE_BUCKETS]; /* DIRQL. */

    struct bell_event events[BELL_KMD_EVENTS];
    volatile UINT32 event_head; /* Written at DIRQL only; free-running. */
    volatile UINT32 event_tail; /* Written by the DPC only; free-running. */
    bool irq_masked;            /* DIRQL only. */
    UINT32 hung;                /* One bit a node: ENGINE_HUNG since its last reset. Changes at DIRQL. */
    UINT64 stray_events;        /* Of queues that are gone; DIRQL only. */
    UINT32 *stale_faults;       /* queue_count: events to come of faults before CLOSE; DIRQL only. */
    struct bell_refusals refusals[BELL_KMD_REFUSALS]; /* DIRQL only. */

    struct bell_timeout timeout;

    bool off;               /* D3: the device is not touched. Changes at DIRQL, nobody else inside. */
    KMUTEX power_lock;      /* gated, and the register that holds it. */
    UINT32 gated;           /* One bit a node: F1, or between reset and resume. */
    UINT64 limits[2][BELL_KMD_LIMITS]; /* Idle and hung limits while off. */
    UINT64 time;            /* GPU time that was seen last; from there it goes on. DIRQL, or off. */
};

struct bell_process {
    enum bell_kind kind;
    struct bell_adapter *adapter;
    HANDLE os_process;
    UINT32 pasid;
    UINT32 global_page; /* Global layout: the page its doorbells are in, 0: none yet. slot_lock. */
    UINT32 serial; /* Never reused: keys GPU addresses when the memory of this object is. */
};

struct bell_device {
    enum bell_kind kind;
    struct bell_adapter *adapter;
    struct bell_process *process;
    HANDLE os_device;
};

/* Zeroed non-paged memory, NULL when there is none. IRQL <= DISPATCH_LEVEL. */
static inline VOID *bell_kmd_alloc(SIZE_T bytes)
{
    return ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, BELL_POOL_TAG);
}

/* `object` may be NULL. IRQL <= DISPATCH_LEVEL. */
static inline VOID bell_kmd_free(VOID *object)
{
    if (object != NULL)
        ExFreePoolWithTag(object, BELL_POOL_TAG);
}

/* True if `object` is not NULL and of the kind. */
static inline bool bell_kmd_is(const VOID *object, enum bell_kind kind)
{
    return object != NULL && *(const enum bell_kind *)object == kind;
}

/* Calls it at DIRQL, not beside the interrupt routine. What it returns; FALSE if it was not called.
 * IRQL <= DIRQL. */
static inline BOOLEAN bell_kmd_at_dirql(struct bell_adapter *adapter,
                                        PKSYNCHRONIZE_ROUTINE routine, PVOID context)
{
    BOOLEAN result = FALSE;

    (VOID)adapter->dxgk.DxgkCbSynchronizeExecution(adapter->dxgk.DeviceHandle, routine, context, 0,
                                                   &result);
    return result;
}

/* PASSIVE_LEVEL; stays there. Recursive. */
static inline VOID bell_kmd_lock(KMUTEX *mutex)
{
    (VOID)KeWaitForSingleObject(mutex, Executive, KernelMode, FALSE, NULL);
}

static inline VOID bell_kmd_unlock(KMUTEX *mutex)
{
    (VOID)KeReleaseMutex(mutex, FALSE);
}

#endif /* BELL_KMD_H */
