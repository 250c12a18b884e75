/* SPDX-License-Identifier: MIT */
/*
 * Allocations and resources. They belong to the adapter and know nothing of devices (AL-CRE-10);
 * what belongs to a device is the bell_open of an allocation.
 *
 * All functions: PASSIVE_LEVEL, callable by several threads at once (AL-CRE-01).
 */
#ifndef BELL_KMD_ALLOC_H
#define BELL_KMD_ALLOC_H

#include "bell_kmd.h"

/* Where one process sees an allocation. */
struct bell_mapping {
    struct bell_mapping *next;
    UINT32 process_serial;
    UINT64 pages;               /* From the allocation's byte 0 on. */
    D3DGPU_VIRTUAL_ADDRESS address;
};

struct bell_allocation {
    enum bell_kind kind;
    struct bell_adapter *adapter;
    struct bell_allocation *next;   /* Chain of one create request; not used afterwards. */
    struct bell_mapping *mappings;  /* Under bell_adapter.map_lock. */
    BELL_ALLOCATION_PRIVATE wanted; /* The UMD's words, copied once, then validated. */
    UINT64 size;                    /* Bytes. */
};

struct bell_resource {
    enum bell_kind kind;
    struct bell_adapter *adapter;
};

struct bell_open {
    enum bell_kind kind;
    struct bell_device *device;
    struct bell_allocation *allocation;
    struct bell_open *next; /* Chain of one open request; not used afterwards. */
};

/*
 * CreateAllocation (AL-CRE-01 .. -14). All or nothing: on failure no object stays and no
 * out field differs from before the call.
 *
 * @retval STATUS_SUCCESS                   Every item has its hAllocation and its sizes and sets.
 * @retval STATUS_INVALID_PARAMETER         AL-CRE-03, and flags against AL-CRE-13 or -14.
 * @retval STATUS_NO_MEMORY                 An object could not be allocated.
 * @retval STATUS_GRAPHICS_DRIVER_MISMATCH  A blob has another magic or interface version.
 */
NTSTATUS bell_kmd_allocation_create(struct bell_adapter *adapter, DXGKARG_CREATEALLOCATION *args);

/* DestroyAllocation (AL-DST-01). Frees the listed objects, and the resource if the flag says so.
 * STATUS_INVALID_PARAMETER: a handle is not one of ours; nothing was freed. */
NTSTATUS bell_kmd_allocation_destroy(struct bell_adapter *adapter,
                                     const DXGKARG_DESTROYALLOCATION *args);

/* OpenAllocation (AL-OPN-01). All or nothing. STATUS_INVALID_HANDLE: the OS does not know a handle
 * (AL-HND-01). STATUS_INVALID_PARAMETER, STATUS_NO_MEMORY. */
NTSTATUS bell_kmd_allocation_open(struct bell_device *device, const DXGKARG_OPENALLOCATION *args);

/* CloseAllocation (AL-CLS-01): frees the device's objects only. */
NTSTATUS bell_kmd_allocation_close(struct bell_device *device,
                                   const DXGKARG_CLOSEALLOCATION *args);

/* DescribeAllocation (AL-DSC-01). No surface: one sample, otherwise zeroes. */
NTSTATUS bell_kmd_allocation_describe(struct bell_adapter *adapter,
                                      DXGKARG_DESCRIBEALLOCATION *args);

/*
 * BuildPagingBuffer. Takes note of where a process sees an allocation; no GPU work is made.
 * Only ranges that start at the allocation's byte 0 are kept: nothing else is asked for later.
 *
 * @retval STATUS_NOT_SUPPORTED      Operations other than UPDATE_PAGE_TABLE and FLUSH_TLB.
 * @retval STATUS_INVALID_PARAMETER  A handle that is not ours.
 * @retval STATUS_NO_MEMORY          The address could not be noted; nothing changed.
 */
NTSTATUS bell_kmd_allocation_page(struct bell_adapter *adapter,
                                  const DXGKARG_BUILDPAGINGBUFFER *args);

/* GPU address of the allocation's byte 0 for a process, if at least `bytes` of it are mapped;
 * false otherwise. */
bool bell_kmd_allocation_address(struct bell_allocation *allocation,
                                 const struct bell_process *process, UINT64 bytes,
                                 D3DGPU_VIRTUAL_ADDRESS *address);

/*
 * The KMD's pointer behind an OS handle (AL-HND-01, -02): bell_allocation, bell_resource, or, with
 * `device_specific` (allocations only), bell_open. NULL for a stale or foreign handle: the caller
 * fails its DDI with STATUS_INVALID_HANDLE.
 */
VOID *bell_kmd_handle_data(struct bell_adapter *adapter, D3DKMT_HANDLE handle,
                           DXGK_HANDLE_TYPE type, bool device_specific);

#endif /* BELL_KMD_ALLOC_H */
