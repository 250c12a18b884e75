/* SPDX-License-Identifier: MIT */
/**
 * @file os_objects.h
 * @brief Objects of the OS model: what a D3DKMT handle names, who owns what, which lock guards it.
 *
 * Ownership: adapter, device < paging queue, resource, allocation, context < queue < doorbell. A
 * child
 * holds a reference on its parent; destruction runs children first.
 *
 * Locks, in the only order allowed:
 *   process.lock         creation and destruction of the process's objects, one at a time;
 *   doorbell.transition  one connect, disconnect, notify or destroy of a doorbell at a time;
 *   group.lock           one DDI that creates in, or destroys from, a resource at a time;
 *   process.driver       one thread of a process inside the driver; callbacks do not take
 * it;
 *   (the driver's own)
 *   handles              handle tables and the list of objects;
 *   doorbell.leaf        status word, mapping and generation; never held across a DDI.
 * Reports at DIRQL and DISPATCH_LEVEL take none of them.
 *
 * Status codes that Microsoft leaves open and the OS model fixes:
 *   STATUS_UNSUCCESSFUL    the driver broke the contract (A-19 connect outputs, AL-CRE-08 fields);
 *   STATUS_DEVICE_REMOVED  aborted doorbell, or a queue whose device was lost;
 *   STATUS_IO_TIMEOUT      nothing moved for OS_TDR_CYCLES;
 *   STATUS_ACCESS_DENIED   Lock2 of a shared allocation by a process that did not create it;
 *   STATUS_NOT_SUPPORTED   a documented option that this machine does not have.
 */
#ifndef BELL_OS_OBJECTS_H
#define BELL_OS_OBJECTS_H

#include "os_internal.h"

#define OS_RANK_PROCESS ((enum os_rank)5)
#define OS_RANK_GROUP ((enum os_rank)12)
#define OS_RANK_DRIVER ((enum os_rank)15)

/** Clocks without progress after which the OS gives up on hardware (the TDR time, scaled). */
#define OS_TDR_CYCLES 4000000u
/** Clocks between two looks at a fence when no interrupt comes. */
#define OS_POLL_CYCLES 500u
/** Largest private-data blob taken from user mode, bytes. */
#define OS_PRIVATE_MAX 4096u
/** Largest array taken from user mode, entries. */
#define OS_ARRAY_MAX 1024u

/* --- Object header and handles (os_handle.c) -------------------------------------------------- */

enum os_kind {
    OS_ADAPTER = 1,
    OS_DEVICE,
    OS_PAGING_QUEUE,
    OS_FENCE,
    OS_RESOURCE,
    OS_ALLOCATION,
    OS_CONTEXT,
    OS_QUEUE,
    OS_DOORBELL
};

struct os_object {
    enum os_kind kind;
    struct os_process *process;
    struct os_object *parent;
    D3DKMT_HANDLE name; /**< Its handle, also after that was retired. */
    unsigned refs;
    bool open;    /**< User mode may use the handle. */
    bool retired; /**< The handle resolves to nothing any more, for the driver neither. */
    bool gone;    /**< Destroyed; only references keep the memory. */
    bool kmd_freed; /**< The driver's object behind it is freed. */
    void (*release)(struct os_object *object); /**< The last reference went: free the memory. */
    struct os_object *next, *prev;             /**< All objects, oldest first. */
};

struct os_objects {
    struct os_lock handles;
    struct os_object *first, *last;
    struct os_process *processes;
    uint32_t last_process;
    struct os_group *groups;      /**< Shared ones, newest first. */
    uint32_t last_share;
    unsigned windows;             /**< User mappings that lead somewhere. */
    unsigned kmd_allocations;     /**< Made by CreateAllocation, not yet destroyed. */
    bool fault_reported;          /**< Some queue has fault_reported set. */
    struct bell_waitq waiters;    /**< Fence and suspend waits; woken by every DPC. */
};
extern struct os_objects os_objects;

/**
 * Give a zeroed object its kind, parent and handle; one reference, for the creator. The handle
 * works
 * for the driver at once, for user mode after os_object_publish().
 * @return false when the process has no handle left; nothing happened.
 */
bool os_object_init(struct os_object *object, enum os_kind kind, struct os_process *process,
                    struct os_object *parent, void (*release)(struct os_object *object));
void os_object_publish(struct os_object *object);
void os_object_ref(struct os_object *object);
void os_object_unref(void *object); /**< Any object, or NULL. */
/** Take the handle from user mode. @return false when somebody else did so before. */
bool os_object_close(struct os_object *object);
/** Take it from the driver too, and free its number for another generation. */
void os_object_retire(struct os_object *object);
/** Destroyed: retire, eat the creator's reference. */
void os_object_finish(struct os_object *object);
/** Free the memory of every object, whatever its references: the run is over. */
void os_object_drop_all(void);
/** Object of an open handle of this process and kind, referenced; NULL otherwise. */
void *os_object_lookup(struct os_process *process, D3DKMT_HANDLE handle, enum os_kind kind);
/**
 * The same for any process and for handles not (or no longer) open; no reference, no lock,
 * any IRQL.
 */
void *os_object_peek(D3DKMT_HANDLE handle, enum os_kind kind);
/**
 * The next object of this kind that is not gone, after `after` (NULL = from the start);
 * parent NULL = any.
 */
void *os_object_next(const void *after, enum os_kind kind, const struct os_process *process,
                     const void *parent);
/** What the driver gets as OS handle. Not an address: dereferencing it faults. */
HANDLE os_object_token(const struct os_object *object);
/** Object of a token that is not retired, no reference; NULL otherwise. Any IRQL. */
void *os_object_from_token(HANDLE token, enum os_kind kind);

/* --- Process (os_process.c) ------------------------------------------------------------------- */

struct os_handle_slot {
    struct os_object *object;
    uint8_t generation;
    uint16_t next; /**< In the list of free slots. */
};

/** What user mode asked for a context, and what the driver was told (os_sched.h). */
struct os_schedule {
    INT priority;   /**< As D3DKMTSetContextSchedulingPriority has it. */
    INT in_process; /**< -7 .. +7. */
    DXGKARG_SETCONTEXTSCHEDULINGPROPERTIES told; /**< Times are the OS's to choose. */
    bool is_told;
    uint64_t switch_fence;  /**< Of the last UpdateHwContextState that asked for an interrupt. */
    uint64_t switch_acked;  /**< The last one reported. */
    int logged;             /**< Last state in the scheduling log, -1 = none known. */
};

struct os_process {
    uint32_t id;
    bool privileged; /**< Holds SE_INC_BASE_PRIORITY_NAME. */
    D3DKMT_SCHEDULINGPRIORITYCLASS priority_class;
    ULONG pasid;
    const char *name;
    HANDLE kmd;
    struct os_lock lock, driver;
    struct os_handle_slot *slots;
    uint32_t slot_count, free_head, free_tail;
    unsigned objects; /**< Not yet released; a worker may hold one longer than its handle lives. */
    uint64_t dummy; /**< Arena address of the dummy page (A-38). */
    size_t dummy_pages;
    struct os_gpuva *gpuvas; /**< By rising address. */
    struct os_process *next;
};

struct os_process *os_process_by_id(uint32_t id);
void os_process_lock(struct os_process *process);
void os_process_unlock(struct os_process *process);
/** Around every DDI made for a process. */
void os_driver_enter(struct os_process *process);
void os_driver_leave(struct os_process *process);
/** Fail the run: a DDI that must succeed did not. */
void os_must_succeed(NTSTATUS status, const char *ddi, const char *requirement);

/** User window; counts as a mapping while it leads somewhere. */
void os_window_point(struct bell_window *window, enum bell_window_kind kind, uint64_t target,
                     bool writable);
/** Kind of a window on memory that user mode stores to / only loads from. */
enum bell_window_kind os_window_rw(void);
enum bell_window_kind os_window_ro(void);

/* --- GPU addresses (os_gpuva.c) --------------------------------------------------------------- */

struct os_gpuva {
    uint64_t va;
    size_t pages;
    uint64_t phys;
    unsigned access; /**< enum bell_access. */
    struct os_allocation *allocation; /**< NULL: memory of the OS itself, always resident. */
    uint64_t offset;                  /**< Bytes into the allocation. */
    struct os_gpuva *next;
};

/** Where a mapping shall go: base 0 = first fit between minimum and maximum (0 = none). */
struct os_gpuva_want {
    uint64_t base, minimum, maximum;
    uint64_t alignment; /**< Bytes, power of two; 0 = a page. */
    size_t pages;
    uint64_t phys;
    unsigned access;
    struct os_allocation *allocation;
    uint64_t offset;
};
/**
 * @retval STATUS_INVALID_PARAMETER  No such free range, or misaligned.
 * @return Otherwise what DxgkDdiBuildPagingBuffer said; nothing stays mapped on failure.
 */
NTSTATUS os_gpuva_map(struct os_process *process, const struct os_gpuva_want *want, uint64_t *va);
/** Unmap exactly this range. @return false when it is not one. */
bool os_gpuva_unmap(struct os_process *process, uint64_t va, size_t pages);
void os_gpuva_unmap_allocation(struct os_allocation *allocation);
/** Let the IOMMU follow allocation->resident. */
void os_gpuva_refresh(struct os_allocation *allocation);
/** Its pages moved by so many bytes: unmap it from the device. */
void os_gpuva_moved(struct os_allocation *allocation, uint64_t delta);
/** First address of the allocation, 0 = not mapped. */
uint64_t os_gpuva_of(const struct os_allocation *allocation);

/* --- Device and adapter handle (os_device.c) -------------------------------------------------- */

struct os_device {
    struct os_object base;
    HANDLE kmd;
};

struct os_paging_queue {
    struct os_object base;
    struct os_fence *fence;
};

NTSTATUS os_adapter_open(struct os_process *process, D3DKMT_HANDLE *handle);
void os_adapter_close(struct os_object *adapter);
NTSTATUS os_device_create(struct os_process *process, const D3DKMT_CREATEDEVICE *args,
                          struct os_device **device);
/** Destroys all it owns first. The caller has closed the handle; eats the creator's reference. */
void os_device_destroy(struct os_device *device);
NTSTATUS os_paging_queue_create(struct os_device *device, struct os_paging_queue **paging);
void os_paging_queue_destroy(struct os_paging_queue *paging);
/**
 * The device is lost: its queues are dead, its doorbells go to ABORT and the dummy page; then
 * each is
 * disconnected in the driver. New queues may be made on the device afterwards (DB-TDR-02).
 */
void os_device_lose(struct os_device *device);
/** Only the first half of it, under leaf locks alone. */
void os_device_abort(struct os_device *device);

/* --- Resources and sharing (os_resource.c) ---------------------------------------------------- */

/**
 * The adapter's part of a resource: all handles of it, in all processes, lead here (AL-CRE-10).
 * `lock` is for DDIs that name it; everything else changes without a scheduling point in between.
 */
struct os_group {
    struct os_lock lock;
    HANDLE kmd;          /**< What the driver gave last (AL-CRE-09). */
    D3DKMT_HANDLE share; /**< Global handle; 0: not shared. */
    unsigned handles;    /**< Resource handles in use. With 0 the driver's resource goes too. */
    unsigned in_driver;  /**< Allocations that the driver has not destroyed. */
    bool destroyed;      /**< The driver's resource is gone. */
    unsigned refs;       /**< Resource objects and backings, for the memory. */
    void *private_data, *runtime_data; /**< Of the request that made it. */
    UINT private_size, runtime_size;
    struct os_backing *first; /**< Oldest first; those that can be opened. */
    struct os_group *next;    /**< In os_objects.groups. */
};

/** The adapter's part of an allocation: what all openings share. */
struct os_backing {
    HANDLE kmd;
    struct os_group *group; /**< Or NULL; referenced. */
    uint64_t size;          /**< Bytes, whole pages. */
    uint64_t phys;
    uint64_t alignment; /**< Of GPU addresses that the OS picks, bytes. */
    DXGK_ALLOCATIONINFOFLAGS_WDDM2_0 flags;
    uint32_t creator; /**< Process id: only it may lock a shared one (AL-CRE-15). */
    unsigned opens;   /**< Devices that have it open. */
    unsigned refs;    /**< Allocation objects, for the memory. */
    void *private_data; /**< As the driver left it at creation. */
    UINT private_size;
    struct os_backing *next;
};

/** One reference, no handle yet. NULL: out of memory. */
struct os_group *os_group_create(void);
void os_group_unref(struct os_group *group); /**< Or NULL. */
void os_group_share(struct os_group *group); /**< Give it a global handle. */
/** Shared group that somebody still has open, not referenced; NULL otherwise. */
struct os_group *os_group_find(D3DKMT_HANDLE share);
UINT os_group_count(const struct os_group *group);
/** Bytes of the private data of all its allocations. */
size_t os_group_private_bytes(const struct os_group *group);

/** Memory for what the driver described; one reference, open once. NULL: out of memory. */
struct os_backing *os_backing_create(const DXGK_ALLOCATIONINFO *info, struct os_group *group,
                                     uint32_t creator);
/** Append to the group: it can be opened from now on. */
void os_backing_join(struct os_backing *backing);
/** Give the memory back without a DDI; the references stay. */
void os_backing_free(struct os_backing *backing);
void os_backing_unref(struct os_backing *backing);
/** One opening less; after the last, DxgkDdiDestroyAllocation (AL-DST-02) and the memory goes.
 *  @return true: it was the last. */
bool os_backing_close(struct os_backing *backing, struct os_process *process, D3DKMT_HANDLE name);

/** DxgkDdiDestroyAllocation. The caller holds the group's lock. */
void os_ddi_destroy_allocations(struct os_process *process, D3DKMT_HANDLE name, const HANDLE *list,
                                UINT count, struct os_group *group, bool destroy_resource);

struct os_resource {
    struct os_object base;
    struct os_group *group; /**< Referenced. */
};

/** A handle on the group, not published; takes over the caller's reference when it succeeds. */
NTSTATUS os_resource_create(struct os_device *device, struct os_group *group,
                            struct os_resource **resource);
/**
 * Open all allocations of a shared group on a device, all or nothing. On success `made` has
 * os_group_count() entries as it was at the call; `resource` and they are published.
 * @retval STATUS_INVALID_HANDLE  The driver did not know one of them any more.
 */
NTSTATUS os_resource_open(struct os_device *device, struct os_group *group,
                          struct os_resource **resource, struct os_allocation **made);
/** With all its allocations; the caller has closed the handle. */
void os_resource_destroy(struct os_resource *resource);

/* --- Allocations (os_alloc.c) ----------------------------------------------------------------- */

/** A backing as one device has it open. */
struct os_allocation {
    struct os_object base;
    struct os_resource *resource; /**< Or NULL; referenced. */
    struct os_backing *backing;   /**< Referenced. */
    HANDLE opened;
    unsigned resident;  /**< MakeResident less Evict. */
    unsigned doorbells; /**< Doorbells that hold it (DB-CRE-07). */
    unsigned locks;     /**< Lock2 less Unlock2. */
    unsigned named;     /**< By the list of an Evict under way. */
    bool paged_out;     /**< Resident, but moved away while the adapter is in D3. */
    struct bell_window *window;
    bool destroyed; /**< The user destroyed it; `doorbells` keeps it (A-52). */
};

/** One request, copied to kernel memory; pPrivateDriverData of the items too. */
struct os_alloc_request {
    UINT count;
    D3DDDI_ALLOCATIONINFO2 *items; /**< As the user gave them; hAllocation is filled in. */
    void *private_data, *runtime_data;
    UINT private_size, runtime_size;
    void **item_private; /**< Kernel copies, in/out. */
    bool items_kept;     /**< They belong to the backings now. */
    bool resource, shared;
    struct os_resource *into; /**< An existing resource, or NULL. */
};
/** All or nothing. On success `made` has count entries, published. */
NTSTATUS os_allocations_create(struct os_device *device, struct os_alloc_request *request,
                               struct os_allocation **made, struct os_resource **resource);
/** A handle on a backing, not published. NULL: out of memory; the backing is as before. */
struct os_allocation *os_allocation_new(struct os_device *device, struct os_backing *backing,
                                        struct os_resource *resource);
/** It is nobody's any more: handle, reference on the resource, creator's reference. */
void os_allocation_finish(struct os_allocation *allocation);
/** DxgkDdiOpenAllocation for all of them; pOpenAllocation has handles and private data. */
NTSTATUS os_allocations_open(struct os_device *device, DXGKARG_OPENALLOCATION *args,
                             struct os_allocation **made);
/** The caller has closed the handle. The memory goes when no doorbell holds it. */
void os_allocation_destroy(struct os_allocation *allocation);
void os_allocation_hold(struct os_allocation *allocation);    /**< By a doorbell. */
void os_allocation_unhold(struct os_allocation *allocation);  /**< May free it, with its DDIs. */
NTSTATUS os_allocation_lock(struct os_allocation *allocation, void **address);
NTSTATUS os_allocation_unlock(struct os_allocation *allocation);
void os_allocation_make_resident(struct os_allocation *allocation);
void os_allocation_evict(struct os_allocation *allocation); /**< It is resident. */

/* --- Contexts (os_context.c) ------------------------------------------------------------------ */

struct os_context {
    struct os_object base;
    HANDLE kmd;
    UINT node;
    bool suspended;         /**< From the request on. */
    bool held;              /**< By somebody else than power or TDR: they do not resume it. */
    bool invalidated;       /**< By the driver, during an engine reset: it runs no more. */
    bool hit;               /**< The same; its device is not yet lost for it. */
    uint64_t suspend_fence; /**< Of the last request. */
    uint64_t suspend_acked; /**< Highest acknowledged. */
    struct os_schedule schedule;
};

NTSTATUS os_context_create(struct os_device *device, const D3DKMT_CREATEHWCONTEXT *args,
                           void *private_data, struct os_context **context);
void os_context_destroy(struct os_context *context);
/* os_suspend.c */
/**
 * Suspend and wait for the acknowledgement of this request (DB-SUS-02). None within TdrDelay: the
 * engine is reset.
 * @retval STATUS_CANCELLED          Somebody resumed it meanwhile.
 * @retval STATUS_IO_TIMEOUT         No acknowledgement after the reset either.
 * @retval STATUS_INVALID_PARAMETER  It is being destroyed.
 */
NTSTATUS os_context_suspend(struct os_context *context);
/** Run list first, then power. */
NTSTATUS os_context_resume(struct os_context *context);
/** The same without policy, hold and power: for the power and TDR paths. */
NTSTATUS os_context_stop(struct os_context *context);
NTSTATUS os_context_start(struct os_context *context);

/* --- Fences (os_fence.c) ---------------------------------------------------------------------- */

struct os_fence {
    struct os_object base;
    uint64_t phys;
    volatile uint64_t *value; /**< Kernel alias. */
    struct bell_window *window;
    uint64_t gpu_va;        /**< 0: not mapped to the GPU. */
    struct os_queue *queue; /**< Whose progress it shows, or NULL. */
    bool dead;              /**< Will not move any more. */
    struct os_native *native; /**< NULL: none; else referenced, and this is an opening of it. */
    HANDLE kmd;               /**< Of the opening. */
    uint64_t monitored_va;    /**< GPU address of the monitored value. */
};

/** Value 0; read-only window for user mode; with `gpu`, a GPU mapping it may write. */
NTSTATUS os_fence_create(struct os_device *device, const char *window_name, bool gpu,
                         struct os_fence **fence);
void os_fence_destroy(struct os_fence *fence);
uint64_t os_fence_read(const struct os_fence *fence);
/** Where user mode sees the value. */
void *os_fence_address(const struct os_fence *fence);
/**
 * Wait until all (or any) fences have reached their values.
 * @retval STATUS_DEVICE_REMOVED  One of the queues is dead, or the process ends.
 * @retval STATUS_IO_TIMEOUT      None of the fences moved for OS_TDR_CYCLES.
 */
NTSTATUS os_fence_wait(struct os_fence *const *fences, const uint64_t *values, unsigned count,
                       bool any);

/* --- Queues (os_queue.c) and kernel submission (os_submit.c) ---------------------------------- */

#define OS_MAX_IN_FLIGHT 256u

struct os_queue {
    struct os_object base;
    HANDLE kmd;
    D3DDDI_CREATEHWQUEUEFLAGS flags;
    UINT node;
    struct os_fence *fence;     /**< Progress; native if the flags say so (NF-QUE-01). */
    struct os_native_log *logs; /**< Native fence logs, or NULL. */
    uint64_t lqv_phys;          /**< Page of the last queued value; user-mode queues only. */
    volatile uint64_t *lqv;     /**< Its word, kernel alias. */
    struct os_doorbell *doorbell; /**< The live one, or NULL; not referenced. */
    bool dead;                  /**< Its device was lost. */
    bool monitor_closing;       /**< Its destroy DDI has begun. */
    bool fault_reported;        /**< At DIRQL; the worker has not seen it yet. */
    uint64_t tdr_seen, tdr_since; /**< Fence value at the last look, and since when (os_tdr.c). */
    uint64_t submitted;         /**< Highest fence id of kernel submission, */
    uint64_t offered;           /**< and of those that the driver has seen. */
    uint64_t in_flight[OS_MAX_IN_FLIGHT]; /**< Ids not yet seen done, oldest first. */
    unsigned in_flight_count;
};

NTSTATUS os_queue_create(struct os_context *context, const D3DKMT_CREATEHWQUEUE *args,
                         void *private_data, struct os_queue **queue);
void os_queue_destroy(struct os_queue *queue, bool disconnect);
struct os_context *os_queue_context(const struct os_queue *queue);
struct os_device *os_queue_device(const struct os_queue *queue);
/**
 * Has it entries that the hardware has not retired? By the ring's counts in memory, where the
 * hardware writes RPTR after a buffer's fence. Without a control area: is its fence behind?
 */
bool os_queue_has_work(const struct os_queue *queue);
/** Highest value that user mode or kernel submission said it queued (DB-PF-03). */
uint64_t os_queue_last_queued(const struct os_queue *queue);
NTSTATUS os_submit_command(struct os_queue *queue, const D3DKMT_SUBMITCOMMANDTOHWQUEUE *args,
                           void *private_data);

/* --- Doorbells (os_doorbell.c, os_doorbell_rotate.c) ------------------------------------------ */

/** Byte offsets in BAR2 of the registers of one doorbell. */
struct os_places {
    uint64_t first;
    uint64_t second; /**< Only when it has one. */
};

struct os_doorbell {
    struct os_object base;
    HANDLE kmd;
    struct os_lock transition, leaf;
    struct os_allocation *ring, *control;
    uint32_t offset;    /**< In-page offset of its user addresses, as the driver declared (A-37). */
    bool has_second;    /**< RequireSecondaryCpuVA. */
    bool kmd_connected; /**< The driver may hold a slot for it. */
    struct os_monitor_doorbell monitor;
    /* Under the leaf lock: */
    uint64_t generation; /**< Goes up with every disconnect (A-15). */
    enum belfry_mapping mapping;
    struct os_places bar2; /**< When mapped to a slot. */
    volatile uint64_t *status;
    uint64_t status_phys;
    struct bell_window *window, *status_window, *lqv_window;
    struct bell_window *second; /**< Of the secondary doorbell (DB-SEC-01), or NULL. */
};

NTSTATUS os_doorbell_create(struct os_process *process, const D3DKMT_CREATE_DOORBELL *args,
                            void *private_data, struct os_doorbell **doorbell);
NTSTATUS os_doorbell_connect(struct os_doorbell *doorbell);
/** By the OS (DB-DIS-04); INVALID_PARAMETER when it is being destroyed. */
NTSTATUS os_doorbell_disconnect(struct os_doorbell *doorbell);
NTSTATUS os_doorbell_notify(struct os_doorbell *doorbell);
/**
 * The caller has closed the handle; eats the creator's reference.
 * @param disconnect  Call the disconnect DDI even when it is not connected.
 */
void os_doorbell_destroy(struct os_doorbell *doorbell, bool disconnect);

/** The user's addresses: windows and in-page offset. Second: NULL without one. */
void *os_doorbell_address(const struct os_doorbell *doorbell);
void *os_doorbell_second_address(const struct os_doorbell *doorbell);
/** Memory, windows; status RETRY, mapped to the dummy page. False: out of memory, nothing left. */
bool os_doorbell_map_new(struct os_doorbell *doorbell, struct os_queue *queue);
/** Undo it: the windows lead nowhere, the status page is gone. */
void os_doorbell_unmap(struct os_doorbell *doorbell);
/**
 * Start of a connect: copies the generation.
 * @return STATUS_PENDING: go on; otherwise the answer of the connect.
 */
NTSTATUS os_doorbell_connect_begin(struct os_doorbell *doorbell, uint64_t *generation);
/**
 * Map, then status; nothing when a disconnect came between.
 * @return answer of the connect; STATUS_UNSUCCESSFUL: the page is another process's.
 */
NTSTATUS os_doorbell_connect_end(struct os_doorbell *doorbell, uint64_t generation,
                                 const struct os_places *bar2, D3DDDI_DOORBELLSTATUS status);
/** Status, barrier, rotate, drain (or the published order). Takes only the leaf lock. */
void os_doorbell_detach(struct os_doorbell *doorbell, D3DDDI_DOORBELLSTATUS reason);
/** The published steps once more (DB-DIS-04): they change nothing. */
void os_doorbell_detach_again(struct os_doorbell *doorbell);

/* --- Exit (os_exit.c) ------------------------------------------------------------------------- */

/** Kernel records of a faulting queue, at PASSIVE_LEVEL: `arg` is the queue's handle. */
void os_queue_fault_work(void *arg);

/* --- D3DKMT calls (os_kmt_call.c) ------------------------------------------------------------- */

struct os_call {
    struct os_process *process;
    const char *name;
    void *args; /**< Kernel copy. */
    size_t size;
};
/**
 * Enter: scheduling point, trace, copy of the argument structure.
 * @return STATUS_INVALID_PARAMETER when `user` cannot be read or the caller is no user process.
 */
NTSTATUS os_call_enter(struct os_call *call, const char *name, const void *user, void *args,
                       size_t size);
/** Leave: trace. Does not return in a thread whose process ends. @return status. */
NTSTATUS os_call_exit(struct os_call *call, D3DKMT_HANDLE object, NTSTATUS status);
/**
 * Copy of `bytes` of user memory, NULL for 0 bytes; free() it.
 * @return STATUS_INVALID_PARAMETER: more than `limit`, NULL or unreadable; STATUS_NO_MEMORY.
 */
NTSTATUS os_copy_in(const void *user, size_t bytes, size_t limit, void **copy);

#endif
