/* SPDX-License-Identifier: MIT */
/**
 * @file observe.h
 * @brief What a checker outside the machine can see and hold. Recording is always on.
 */
#ifndef BELFRY_OBSERVE_H
#define BELFRY_OBSERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum belfry_record_kind {
    BELFRY_KMT_ENTER, BELFRY_KMT_EXIT, /**< name = "D3DKMTConnectDoorbell" ..; exit has status. */
    BELFRY_DDI_ENTER, BELFRY_DDI_EXIT, /**< name = "DxgkDdiConnectDoorbell" ... */
    BELFRY_CB_ENTER, BELFRY_CB_EXIT,   /**< name = "DxgkCbDisconnectDoorbell" ... */
    BELFRY_STATUS,   /**< OS wrote a status word: object = doorbell, value = new, value2 = old. */
    BELFRY_MAP,      /**< Doorbell VA re-pointed: name = "doorbell" or "secondary", object =
                          doorbell, value = enum belfry_mapping, value2 = byte offset in BAR2. */
    BELFRY_RING,     /**< Hardware judged a doorbell store: value = slot, value2 = hardware queue,
                          status = bucket, value3 = cause. */
    BELFRY_SAMPLE,   /**< Hardware asked for WPTR: value2 = hardware queue, value3 = node. */
    BELFRY_START, BELFRY_FINISH, /**< Command buffer: value2 = hardware queue, value3 = node,
                          value = its count; at FINISH one more (the new RPTR). One that was
                          stopped inside starts again. */
    BELFRY_IRQ,      /**< value = level. */
    BELFRY_STORE,    /**< User store to a trapped page (doorbells always): name = window name,
                          object, value = offset, value2 = value, value3 = size. */
    BELFRY_LOAD,     /**< User load likewise. */
    BELFRY_ALLOC,    /**< name = "reference" / "release" / "resident" / "evict" / "close" / "free":
                          object = allocation handle, value = count; "page-out" / "page-in" (D3):
                          value = new, value2 = old physical address. */
    BELFRY_POINT,    /**< A thread passed the named delay point. */
    BELFRY_PROCESS,  /**< name = "start" / "exit" / "fault". */
    BELFRY_MMIO_WRITE, BELFRY_MMIO_READ, /**< By the driver: value = address, value2 = data. */
    BELFRY_POWER,    /**< name = "D-going-down" "D-cancelled" "D3" "D0", and with object = node
                          "F-idle" "F-going-down" "F-cancelled" "F1" "F0" "tdr-suspect" "tdr-reset"
                          "tdr-resumed"; of the adapter "full-reset" and then "full-restart" or
                          "adapter-lost". */
    BELFRY_SCHED,    /**< Entry of a scheduling log, when the OS read it: name = "idle" "running"
                          "ready" "ready-standby", object = context (0: gone), value = GPU time,
                          value2 = node, value3 = wrap count << 32 | index. */
    BELFRY_FENCE_LOG, /**< Entry of a native fence log, when the OS read it: name = "wait" "signal",
                          object = queue, status = what the packet calls the fence, value = fence
                          value, value2 = GPU time when it was met, value3 = when it was done. */
};

enum belfry_mapping { BELFRY_MAPPED_NONE, BELFRY_MAPPED_DUMMY, BELFRY_MAPPED_SLOT };

struct belfry_record {
    uint64_t seq;   /**< Position in the one order of everything. */
    uint64_t cycle;
    enum belfry_record_kind kind;
    const char *name;    /**< Never NULL. */
    const char *thread;  /**< "" for the hardware. */
    uint32_t process;    /**< 1 .., 0 = none. */
    uint32_t irql;
    uint32_t status;     /**< NTSTATUS, or as the kind says. */
    uint64_t object;     /**< D3DKMT handle, or OS/KMD handle of the call's main object. */
    uint64_t value, value2, value3;
    uint64_t args[8];    /**< DDI/CB/KMT: first 64 bytes of the arguments, at enter and at exit. */
};

size_t belfry_record_count(void);
const struct belfry_record *belfry_record_at(size_t index);
/** Index of the next record of this kind and name (NULL = any) from `from` on; (size_t)-1: none. */
size_t belfry_record_find(size_t from, enum belfry_record_kind kind, const char *name);
size_t belfry_record_number(enum belfry_record_kind kind, const char *name);

/** A doorbell by its D3DKMT handle. */
struct belfry_doorbell_info {
    uint64_t status;             /**< The 64-bit word. */
    enum belfry_mapping mapping;
    uint64_t bar2;               /**< When mapped to a slot: BAR2 byte address. */
    uint32_t hw_queue_handle;    /**< D3DKMT handle. */
    uint64_t os_handle;          /**< What the KMD got in (DXGKARG_CREATEDOORBELL.hDoorbell in). */
    uint64_t kmd_handle;         /**< What the KMD gave out. */
    uint64_t dummy_bytes;        /**< Size of the mapping. */
    const void *user_va;
    const void *second_va;       /**< Of the secondary doorbell, NULL without one. */
    uint64_t bar2_second;        /**< Its BAR2 byte address when mapped to a slot. */
};
/** @return false for a handle that is not a live doorbell. */
bool belfry_doorbell(uint32_t hDoorbell, struct belfry_doorbell_info *info);

struct belfry_alloc_info {
    unsigned references; /**< Doorbells that hold it. */
    bool resident;
    bool destroyed;      /**< Handle gone, memory kept for a reference. */
    uint64_t gpu_va, size;
};
bool belfry_alloc(uint32_t hAllocation, struct belfry_alloc_info *info);
/** Kinds: "doorbell", "allocation", "kmd-allocation", "resource", "hwqueue", "hwcontext", "device",
 *  "adapter", "fence", "process", "mapping", "pool", "page" (of host memory). Another name fails the run. */
unsigned belfry_live_objects(const char *kind);

/** Hardware ring ledger, read from the device's registers: any time, in and outside user code. */
struct belfry_ledger {
    uint64_t accepted, sampled, coalesced, unowned, rejected, owed;
};
void belfry_ledger(struct belfry_ledger *ledger);
bool belfry_ledger_balanced(const struct belfry_ledger *ledger);
/** Device register (BAR0 byte offset) as the hardware answers, all ones = refused. As above. */
uint64_t belfry_register(uint64_t offset);
/** Put a store of any size on the bus to BAR2, past CPU mappings and the bridge. Any time.
 *  @return The device's answer: 0 OKAY, 2 SLVERR. */
int belfry_bar2_store(uint64_t offset, uint64_t value, unsigned size);
/** DMA accesses refused since power-on: address not mapped (any more), evicted, or read-only. */
uint64_t belfry_dma_refused(void);

/** Hash over all records and device actions: equal for equal runs. */
uint64_t belfry_event_hash(void);

/* --- Contract monitor ------------------------------------------------------------------------ */

/** One breach of the DDI contract by the driver; the same rule and object again only counts. */
struct belfry_violation {
    const char *id;       /**< "DB-VIC-03"; requirement of the contract. */
    const char *sentence; /**< What it asks for. */
    const char *text;     /**< The whole report: object, what was seen, last calls, replay line. */
    uint64_t object, cycle;
    unsigned count;
};
/** Of the present or last machine, in order; belfry_open() starts anew. */
size_t belfry_violation_count(void);
/** NULL beyond the last. Lives until the next belfry_open(). */
const struct belfry_violation *belfry_violations(size_t index);
/** Rules that the monitor knows, by number from 0; false beyond the last. */
bool belfry_monitor_rule(size_t index, const char **id, const char **sentence);

/* --- Holding things -------------------------------------------------------------------------- */

/** Delay points: "connect.ddi-to-map" "disconnect.status-to-rotate" "disconnect.rotate-to-return"
 *  "disconnect.rotate-to-status" (with disconnect=published)
 *  "umd.lqv-to-wptr" "umd.wptr-to-ring" "umd.ring-to-status" "dpc-to-worker"
 *  "native-wait.listed-to-monitored" "native.monitored-to-current" (in the driver, DIRQL)
 *  "native-wait.monitored-to-reread" "native-wait.reread-to-sleep"
 *  "power.disconnected-to-gate" (an engine to F1, or the adapter to D3). */
void belfry_point_hold(const char *name);
void belfry_point_release(const char *name);
unsigned belfry_point_waiting(const char *name);

/** The k-th pool or contiguous allocation from now on fails (0 = the next); -1 = none. */
void belfry_fail_pool(int k);

struct _DRIVER_INITIALIZATION_DATA;
/**
 * Change the driver's table when it registers, to plant a fault or to watch. Call before
 * belfry_open(); NULL = leave as is. Not reset by belfry_close().
 */
void belfry_hook_driver(void (*change)(struct _DRIVER_INITIALIZATION_DATA *table));

/** Faults of the host bridge: stores to doorbells (RING_), of any access, of the device's memory
 *  accesses. */
enum belfry_bus_fault {
    BELFRY_BUS_GOOD,
    BELFRY_RING_DUPLICATE, /**< A doorbell store arrives twice. */
    BELFRY_RING_DROP,      /**< It does not arrive, and nobody is told. */
    BELFRY_RING_TEAR,      /**< It arrives as two stores of 32 bits. */
    BELFRY_RING_MERGE,     /**< Of two stores of one CPU to one address the later arrives alone. */
    BELFRY_BUS_ERROR,      /**< A doorbell store or a register read ends in an error. */
    BELFRY_BUS_REMOVED,    /**< The device is pulled out: reads give all ones, stores are lost. What it
                                was at goes on: let it come to rest first. */
    BELFRY_DMA_REFUSED,    /**< The IOMMU refuses a memory access of the device. */
};
/** From now on 1 in `one_in` accesses that the fault can hit is hit (seeded; REMOVED: all); 0 = none.
 *  One kind at a time. Off in a new machine. */
void belfry_bus_fault(enum belfry_bus_fault fault, uint32_t one_in);
/** Accesses hit since the machine was made. */
uint64_t belfry_bus_fault_count(void);

/** The adapter's doorbells go to ABORT as if the device were lost. */
void belfry_device_lost(void);
/** OS-initiated disconnect of one doorbell, as a power transition would do it. @return NTSTATUS. */
uint32_t belfry_os_disconnect(uint32_t hDoorbell);
/** Suspend (waits for the acknowledgement) or resume a context as the OS. @return NTSTATUS. */
uint32_t belfry_os_suspend(uint32_t hHwContext);
uint32_t belfry_os_resume(uint32_t hHwContext);

/* --- Power and timeouts ----------------------------------------------------------------------- */

/** D0 to D3, with or without eviction of all resident memory. @return NTSTATUS: success, or
 *  STATUS_CANCELLED when a connect or a resume came between. From user code or a thread of it. */
uint32_t belfry_os_power_down(bool evict);
/** D3 to D0, contexts resumed. */
void belfry_os_power_up(void);
/** F0 to F1 of a node's engine, as the OS does it on GPU_ENGINE_STATE_CHANGE. @return as above. */
uint32_t belfry_engine_f1(uint32_t node);
unsigned belfry_power_d(void);          /**< 0 or 3. */
unsigned belfry_power_f(uint32_t node); /**< 0 or 1. */
/** Limits of a node's idle detector and progress watchdog, clocks, 0 = off; `long_work`: the clocks
 *  of a WORK packet do not count. Pokes the device as a debugger would; the driver keeps them. */
void belfry_engine_limits(uint32_t node, uint32_t idle, uint32_t hung, bool long_work);
/** The scaled TDR clock, cycles; 0 = leave as it is. */
struct belfry_tdr {
    uint64_t delay;      /**< TdrDelay (2 s). */
    uint64_t ddi_delay;  /**< TdrDdiDelay (5 s). */
    uint64_t limit_time; /**< TdrLimitTime (60 s). */
    uint32_t limit;      /**< TdrLimitCount (5). */
    uint64_t idle;       /**< The OS takes an engine to F1 after so long without a sign of life;
                              default: as TdrDelay. */
};
void belfry_os_tdr(const struct belfry_tdr *tdr);

/* --- Scheduling ------------------------------------------------------------------------------- */

/** Times in units of 100 ns (10 clocks); index: 0 idle, 1 normal, 2 focus, 3 real time. */
struct belfry_bands {
    uint64_t grace[4];           /**< What the band allows those that it preempts. */
    uint64_t process_quantum[4];
    uint64_t process_grace[4];   /**< The same between processes of the band. */
    uint32_t normal_percent;     /**< 0 .. 50. */
};
/** What the OS sets up at start. */
void belfry_default_bands(struct belfry_bands *bands);
/** SetupPriorityBands; every node is under bands then. @return NTSTATUS. */
uint32_t belfry_os_bands(const struct belfry_bands *bands);
/** A context's quantum (weight among its process's) and the grace that it allows. @return NTSTATUS. */
uint32_t belfry_os_context_times(uint32_t hHwContext, uint64_t quantum, uint64_t grace_same,
                                 uint64_t grace_lower);
/** Give or take a process (its number; 0 = the caller's) SE_INC_BASE_PRIORITY_NAME. */
void belfry_os_privilege(uint32_t process, bool held);
/** Move the focus to a process; 0 = to none. */
void belfry_os_focus(uint32_t process);
/**
 * UpdateHwContextState; with `interrupt` waits for its report. priority 0 = the band's, 1 .. 32 = real
 * time. @return NTSTATUS.
 */
uint32_t belfry_os_update_context(uint32_t hHwContext, uint32_t priority, bool suspended,
                                  bool interrupt);
/** SwitchToHwContextList; 0 = NULL. @return NTSTATUS. */
uint32_t belfry_os_switch(uint32_t node, uint32_t first, uint32_t second);

struct belfry_context_info {
    uint32_t node;
    int band;             /**< As the driver was last told, -1 = never. */
    int realtime_level;
    int in_process;
    bool suspended;
    bool listed;          /**< Under bands, or in its node's context list. */
};
/** @return false for a handle that is not a live context. */
bool belfry_context(uint32_t hHwContext, struct belfry_context_info *info);

/**
 * Log changes of state of a node's contexts, in new memory with room for `entries`; 0 = stop. An
 * interrupt when entry `interrupt_entry` was written, none beyond the last. @return NTSTATUS.
 */
uint32_t belfry_os_sched_log(uint32_t node, uint32_t entries, uint32_t interrupt_entry);
struct belfry_sched_log {
    uint64_t taken;      /**< Entries read and checked; each is a BELFRY_SCHED record. */
    uint64_t lost;       /**< Overwritten before they were read. */
    uint64_t interrupts; /**< SCHEDULING_LOG_INTERRUPT of this node. */
};
/** Read the log to its end; counts since the machine was made. */
void belfry_sched_log(uint32_t node, struct belfry_sched_log *log);

/* --- Native fences ---------------------------------------------------------------------------- */

struct belfry_native_fence_info {
    uint64_t current, monitored;
    unsigned waiters;    /**< Waits of the CPU that list it. */
    unsigned opens;      /**< In all processes. */
    uint64_t os_handle;  /**< What the KMD got in (DXGKARG_CREATENATIVEFENCE.hGlobalNativeFence). */
    uint64_t kmd_handle; /**< What it gave out. */
    uint64_t current_gpu_va, monitored_gpu_va; /**< Of this opening. */
};
/** A native fence by a D3DKMT handle of an opening. @return false for another handle. */
bool belfry_native_fence(uint32_t hSyncObject, struct belfry_native_fence_info *info);

struct belfry_fence_logs {
    bool exists;              /**< The queue has logs: user mode, and native fences are on. */
    uint64_t waits, signals;  /**< Entries read and checked; each is a BELFRY_FENCE_LOG record. */
    uint64_t lost_waits, lost_signals; /**< Overwritten before they were read. */
};
/** Read both logs of a queue to their end; counts since it was made. From user code.
 *  @return false for a handle that is not a live queue. */
bool belfry_fence_logs(uint32_t hHwQueue, struct belfry_fence_logs *logs);
/** Both logs of a queue are made anew in other memory, also while it runs; the old ones are read to
 *  their end. From user code. @return NTSTATUS. */
uint32_t belfry_os_move_fence_logs(uint32_t hHwQueue);

/**
 * Why a hardware queue does not run, in words of the hardware ("a queue of a higher level goes
 * first"); "it runs" when it does.
 */
const char *belfry_block_reason(uint32_t hw_queue);
/** Every hardware queue that has work and does not run: a line with its owner, node, pointers and
 *  block reason. Any time; size > 0. @return their number; with 0 the text is "". */
unsigned belfry_explain(char *text, size_t size);
/** The same of the ends that config.explain asks for, each under a heading; "" when none was stuck.
 *  Of the present or last machine. */
const char *belfry_explanation(void);

#ifdef __cplusplus
}
#endif
#endif
