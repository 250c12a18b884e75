/* SPDX-License-Identifier: MIT */
/**
 * @file os_internal.h
 * @brief Shared inside the OS model only: adapter, threads, IRQL, locks, trace.
 */
#ifndef BELL_OS_INTERNAL_H
#define BELL_OS_INTERNAL_H

#include "bell_bus.h"
#include "bell_memory.h"
#include "bell_thread.h"
#include "bell_trap.h"
#include "belfry/belfry.h"
#include "belfry/observe.h"
#include "bell_private.h"
#include "bell_wdk.h"
#include "d3dkmddi.h"
#include "d3dkmthk.h"
#include "os_monitor.h"

struct os_process;

/* --- Threads and IRQL (os_irql.c) ------------------------------------------------------------ */

/** Per-thread OS state; bell_thread_owner() of every thread the OS model knows. */
struct os_thread {
    struct os_process *process; /**< NULL for system threads (DPC, ISR, worker). */
    KIRQL irql;
    unsigned held;              /**< Locks held now (os_lock.c). */
    const struct os_lock *locks[8];
    const char *in_kmt;         /**< D3DKMT call under way, or NULL. */
    const char *in_ddi;         /**< Innermost DDI under way, or NULL. */
    const char *name;           /**< For records; lives as long as they do. */
    struct bell_thread *thread; /**< NULL for the boot thread. */
    KIRQL ddi_irql;             /**< IRQL and locks when in_ddi was called. */
    unsigned ddi_held;
    bool dying;                 /**< Its process is being torn down: os_wait() returns false. */
    struct bell_waitq *waiting; /**< Set inside os_wait(). */
    void (*entry)(void *arg);
    void *arg;
    struct os_monitor_call monitor;
    struct os_thread *next;     /**< All threads, newest first. */
};
struct os_thread *os_thread_self(void); /**< Never NULL: outside coroutines a static boot thread. */
/** Start a thread that the OS model knows. Freed by os_threads_cleanup(). */
#define OS_CPU_INTERRUPT 0u /**< ISR and DPC. */
#define OS_CPU_SYSTEM 1u    /**< Worker, start and stop, process teardown. */
#define OS_CPU_USER 2u      /**< First of the user threads. */
struct os_thread *os_thread_create(const char *name, unsigned cpu, bool daemon,
                                   struct os_process *process, KIRQL irql,
                                   void (*entry)(void *arg), void *arg);
void os_threads_cleanup(void);
/**
 * As bell_thread_wait(), for waits inside D3DKMT calls.
 * @return false on time-out, and at once when the thread's process is being torn down.
 */
bool os_wait(struct bell_waitq *queue, uint64_t timeout, const char *what);
/**
 * Call last in every D3DKMT function, after in_kmt went back to NULL, without locks: a thread whose
 * process is being torn down ends here.
 */
void os_thread_leave_kmt(void);
/** End every thread of `process` but the caller; waits until they have left the kernel. */
void os_process_kill_threads(const struct os_process *process);
/** Breach of `requirement` when the IRQL is not `wanted`. */
void os_require_irql(KIRQL wanted, const char *who, const char *requirement);

/* --- Locks with order checking (os_lock.c) --------------------------------------------------- */

/** Ranks rise along the only allowed order; the KMD's own mutexes rank OS_RANK_KMD. */
enum os_rank {
    OS_RANK_TRANSITION = 10,
    OS_RANK_POWER = 20,
    OS_RANK_KMD = 30,
    OS_RANK_HANDLES = 40,
    OS_RANK_LEAF = 50
};
struct os_lock {
    const char *name;
    enum os_rank rank;
    struct bell_thread *owner;
    struct bell_waitq waiters;
};
void os_lock_init(struct os_lock *lock, const char *name, enum os_rank rank);
void os_lock_acquire(struct os_lock *lock); /**< Bounded; fails the run naming owner and waiter. */
void os_lock_release(struct os_lock *lock);
bool os_lock_mine(const struct os_lock *lock);

/** Clocks that a lock or a bus answer may be waited for before the run fails. */
#define OS_LOCK_TIMEOUT 20000000u
/** Device clocks in one microsecond. */
#define OS_CLOCKS_PER_US (10u * BELL_CLOCKS_PER_100NS)

/* --- Trace (os_trace.c) ---------------------------------------------------------------------- */

void os_trace_init(void);
void os_trace_cleanup(void);
/** Append a record; cycle, thread, process and IRQL are filled in. @return it, for more fields. */
struct belfry_record *os_trace(enum belfry_record_kind kind, const char *name, uint64_t object);
/** As os_trace(), with the first 64 bytes of `args` (size = sizeof the structure). */
struct belfry_record *os_trace_args(enum belfry_record_kind kind, const char *name, uint64_t object,
                                    const void *args, size_t size);
/** As os_trace(), for what the hardware did: no thread, no process. */
struct belfry_record *os_trace_hardware(enum belfry_record_kind kind, const char *name,
                                        uint64_t cycle);
/** Hash over all records, without addresses of this host process. */
uint64_t os_trace_hash(uint64_t hash);
/** A copy of `text` that lives as long as the records. */
const char *os_trace_intern(const char *text);

/**
 * Call a DDI: IRQL check, trace at enter and exit, in_ddi. `call` is the whole call expression.
 * NTSTATUS status = OS_DDI(ConnectDoorbell, object, &args, PASSIVE_LEVEL,
 *                          ddi->DxgkDdiConnectDoorbell(&args));
 */
void os_ddi_enter(const char *name, uint64_t object, const void *args, size_t size, KIRQL irql);
NTSTATUS os_ddi_exit(const char *name, uint64_t object, const void *args, size_t size,
                     NTSTATUS status);
#define OS_DDI(name, object, args, irql, call)                                                     \
    (os_ddi_enter("DxgkDdi" #name, (uint64_t)(uintptr_t)(object), (args), sizeof(*(args)),         \
                  (irql)),                                                                         \
     os_ddi_exit("DxgkDdi" #name, (uint64_t)(uintptr_t)(object), (args), sizeof(*(args)), (call)))

/* --- Adapter (os_adapter.c) ------------------------------------------------------------------ */

#define OS_MAX_NODES 4u
struct os_adapter {
    DRIVER_INITIALIZATION_DATA ddi; /**< As the driver registered it (after belfry_hook_driver). */
    HANDLE miniport;                /**< hAdapter of the DDIs: driver's context of AddDevice. */
    bool started;
    bool lost;                      /**< For good: a full reset failed. */
    bool ums;                       /**< User-mode submission usable: its caps are sane. */
    const char *ums_off;            /**< Why not, or NULL. */
    DXGK_USERMODESUBMISSION_CAPS caps;
    uint32_t node_count;
    DXGK_NODEMETADATA nodes[OS_MAX_NODES];
    DXGK_VIDSCHCAPS scheduling;
    bool native_fences;             /**< Advertised, enabled, and the driver has the entry points. */
    DXGK_NATIVE_FENCE_CAPS native_caps;
    char *bar0, *bar2;              /**< Kernel virtual bases (PROT_NONE windows, kind MMIO). */
    uint64_t bar2_bytes;            /**< Doorbell pages decoded, from the resource list. */
    LUID luid;
    uint32_t slots;
    uint64_t memory_bytes;
    unsigned mapped;                /**< DxgkCbMapMemory without DxgkCbUnmapMemory. */
    bool disconnect_published, destroy_direct, suspend_disconnect, idle_by_driver;
    bool trap_loads, trace_stores;
    bool ums_disabled;              /**< OS feature 4 is off (A-42). */
    bool native_disabled;           /**< OS feature 37 is off (NF-CAP-01). */
};
extern struct os_adapter os_adapter;
/** DriverEntry .. StartDevice, caps and node queries; must run in a coroutine. */
NTSTATUS os_adapter_start(char *error, size_t error_size);
void os_adapter_stop(void);

/* --- Interrupts (os_interrupt.c) ------------------------------------------------------------- */

void os_interrupt_init(void);          /**< Makes the ISR, DPC and worker threads (daemons). */
void os_interrupt_line(bool level);    /**< From the device. */
void os_interrupt_cleanup(void);
bool os_interrupt_dpc_queued(void);
/** Run a function at DIRQL, not together with the interrupt routine. From below DIRQL. */
void os_interrupt_run(void (*fn)(void *arg), void *arg);
/** Let the line reach the driver (before StartDevice); or stop that and wait as below. */
void os_interrupt_connect(void);
void os_interrupt_rest(void); /**< Wait until ISR, DPC and worker rest. */
void os_interrupt_disconnect(void);
/** Of DXGKRNL_INTERFACE; os_interrupt.c. */
BOOLEAN os_cb_queue_dpc(HANDLE device);
VOID os_cb_notify_interrupt(HANDLE adapter, const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data);
VOID os_cb_notify_dpc(HANDLE adapter);
NTSTATUS os_cb_synchronize_execution(HANDLE device, PKSYNCHRONIZE_ROUTINE routine, PVOID context,
                                     ULONG message, BOOLEAN *result);
/** Fill the callback table that StartDevice hands over; os_callback.c. */
void os_callbacks_fill(DXGKRNL_INTERFACE *table);
/** DeviceHandle of the one adapter; callbacks with another value fail the run. */
#define OS_DEVICE_HANDLE ((HANDLE)(uintptr_t)0xbe11)
void os_require_device(HANDLE device, const char *who);
/** Queue a PASSIVE work item; passes the delay point "dpc-to-worker" first. Any IRQL. */
void os_work_queue(void (*fn)(void *arg), void *arg);
/** By objects: for each report inside DxgkCbNotifyInterrupt, at DIRQL. */
void os_objects_interrupt(const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data);
/** By objects: inside DxgkCbNotifyDpc, at DISPATCH (wakes fence waiters, queues work). */
void os_objects_dpc(void);

/* --- Kernel services (os_wdk.c, os_pool.c) --------------------------------------------------- */

void os_wdk_init(void);
/** Pool blocks and contiguous blocks that live now; belfry_live_objects("pool"). */
unsigned os_pool_live(void);
/** A live pool block starts here. */
bool os_pool_is_block(const void *start);
/** Bytes of that block, 0 if there is none. */
size_t os_pool_block_size(const void *start);
/** Live blocks made in one DDI (os_monitor_call.serial). */
unsigned os_pool_of_call(uint64_t call);
/** As os_pool_live(), and in `from` the DDI that made the newest. */
unsigned os_pool_live_from(const char **from);
/** Name each of them on stderr. @return how many. */
unsigned os_pool_report(void);
/** Free all that is left; no block fails by injection any more. */
void os_pool_cleanup(void);

/* --- Registry (os_registry.c) ---------------------------------------------------------------- */

/** Key that DriverEntry is given. */
UNICODE_STRING *os_registry_path(void);
/** Forget all values of that key. */
void os_registry_init(void);
/** A REG_DWORD value of that key; `name` must outlive the run. */
void os_registry_set(const char *name, uint32_t value);

/* --- Objects (os_handle.c and friends) ------------------------------------------------------- */

void os_objects_init(void);
void os_objects_cleanup(void);
/** New process: PASID, GPU page table, dummy page, DxgkDdiCreateProcess. From a coroutine.
 *  `name` must outlive the run. NULL: out of memory, or the driver refused. */
struct os_process *os_process_create(const char *name);
uint32_t os_process_id(const struct os_process *process);
/** Normal or abnormal (fault) end: destroys what it owns, in contract order. From a coroutine. */
void os_process_destroy(struct os_process *process, bool fault);
/**
 * Objects also implement, of observe.h: belfry_doorbell, belfry_alloc, belfry_live_objects ("pool"
 * = os_pool_live()), belfry_device_lost, belfry_os_disconnect, belfry_os_suspend, belfry_os_resume.
 */
/** Callbacks for the driver, implemented by objects. */
VOID *os_cb_get_handle_data(const DXGKARGCB_GETHANDLEDATA *args);
D3DKMT_HANDLE os_cb_enum_handle_children(const DXGKARGCB_ENUMHANDLECHILDREN *args);
NTSTATUS os_cb_disconnect_doorbell(const DXGKARGCB_DISCONNECTDOORBELL *args);
NTSTATUS os_cb_invalidate_hw_context(const DXGKARGCB_INVALIDATEHWCONTEXT *args);

#endif
