/* SPDX-License-Identifier: MIT */
#include "bell_kmd_alloc.h"

#include <string.h>

/* The one segment: system memory behind the IOMMU. */
#define BELL_SEGMENT_ID 1u
#define BELL_SEGMENT_SET (1u << (BELL_SEGMENT_ID - 1))

#define BELL_MAX_ALLOCATION_BYTES (UINT64_C(1) << 47) /* Half of the device's address space. */
#define BELL_MAX_ALIGNMENT 0x10000u

#define BELL_HISTORY_FLAGS \
    (BELL_ALLOCATION_HISTORY | BELL_ALLOCATION_CPU_VISIBLE | BELL_ALLOCATION_CACHED)
#define BELL_KNOWN_FLAGS \
    (BELL_HISTORY_FLAGS | BELL_ALLOCATION_SURFACE | BELL_ALLOCATION_EXPLICIT_RESIDENCY | \
     BELL_ALLOCATION_ACCESSED_PHYSICALLY | BELL_ALLOCATION_APERTURE_CPU_VISIBLE)

static NTSTATUS check_request(const VOID *data, UINT bytes)
{
    BELL_REQUEST_PRIVATE request;

    if (bytes == 0)
        return STATUS_SUCCESS;
    if (data == NULL || bytes < sizeof(request))
        return STATUS_INVALID_PARAMETER;
    memcpy(&request, data, sizeof(request));
    if (request.magic != BELL_REQUEST_MAGIC || request.version != BELL_INTERFACE_VERSION)
        return STATUS_GRAPHICS_DRIVER_MISMATCH;
    return STATUS_SUCCESS;
}

static bool flags_are_valid(UINT32 flags)
{
    if ((flags & ~BELL_KNOWN_FLAGS) != 0 || (flags & BELL_ALLOCATION_APERTURE_CPU_VISIBLE) != 0)
        return false;
    if ((flags & BELL_ALLOCATION_HISTORY) != 0)
        return (flags & ~BELL_HISTORY_FLAGS) == 0;
    if ((flags & BELL_ALLOCATION_CACHED) != 0 && (flags & BELL_ALLOCATION_CPU_VISIBLE) == 0)
        return false;
    return (flags & BELL_ALLOCATION_EXPLICIT_RESIDENCY) == 0 ||
           (flags & BELL_ALLOCATION_ACCESSED_PHYSICALLY) != 0;
}

/* Size of the allocation in bytes, 0 if the description is not consistent. */
static UINT64 wanted_size(const BELL_ALLOCATION_PRIVATE *wanted)
{
    UINT64 surface = (UINT64)wanted->pitch * wanted->height;

    if ((wanted->flags & BELL_ALLOCATION_SURFACE) == 0) {
        bool described = (wanted->width | wanted->height | wanted->pitch | wanted->format |
                          wanted->samples | wanted->sample_quality | wanted->refresh_num |
                          wanted->refresh_den | wanted->format_attribute | wanted->rotation) != 0;

        return described ? 0 : wanted->size;
    }
    if (wanted->width == 0 || (wanted->size != 0 && wanted->size != surface))
        return 0;
    return surface;
}

static NTSTATUS check_item(struct bell_allocation *allocation)
{
    const BELL_ALLOCATION_PRIVATE *wanted = &allocation->wanted;

    if (wanted->magic != BELL_ALLOCATION_MAGIC || wanted->version != BELL_INTERFACE_VERSION)
        return STATUS_GRAPHICS_DRIVER_MISMATCH;
    if (!flags_are_valid(wanted->flags) || wanted->reserved != 0)
        return STATUS_INVALID_PARAMETER;
    if (wanted->segment_set != 0 && wanted->segment_set != BELL_SEGMENT_SET)
        return STATUS_INVALID_PARAMETER;
    if ((wanted->alignment & (wanted->alignment - 1)) != 0 ||
        wanted->alignment > BELL_MAX_ALIGNMENT)
        return STATUS_INVALID_PARAMETER;
    allocation->size = wanted_size(wanted);
    if (allocation->size == 0 || allocation->size > BELL_MAX_ALLOCATION_BYTES)
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

/* One object from one item. On success it is the caller's. */
static NTSTATUS make_item(struct bell_adapter *adapter, const DXGK_ALLOCATIONINFO *info,
                          struct bell_allocation **made)
{
    struct bell_allocation *allocation;
    NTSTATUS status;

    if (info->pPrivateDriverData == NULL ||
        info->PrivateDriverDataSize < sizeof(allocation->wanted))
        return STATUS_INVALID_PARAMETER;
    allocation = bell_kmd_alloc(sizeof(*allocation));
    if (allocation == NULL)
        return STATUS_NO_MEMORY;
    allocation->kind = BELL_KIND_ALLOCATION;
    allocation->adapter = adapter;
    memcpy(&allocation->wanted, info->pPrivateDriverData, sizeof(allocation->wanted));
    status = check_item(allocation);
    if (!NT_SUCCESS(status)) {
        bell_kmd_free(allocation);
        return status;
    }
    *made = allocation;
    return STATUS_SUCCESS;
}

static VOID free_allocation(struct bell_allocation *allocation)
{
    while (allocation->mappings != NULL) {
        struct bell_mapping *mapping = allocation->mappings;

        allocation->mappings = mapping->next;
        bell_kmd_free(mapping);
    }
    allocation->kind = 0;
    bell_kmd_free(allocation);
}

static VOID free_chain(struct bell_allocation *chain)
{
    while (chain != NULL) {
        struct bell_allocation *next = chain->next;

        free_allocation(chain);
        chain = next;
    }
}

/* A chain of one object per item, in order; nothing is kept on failure. */
static NTSTATUS make_items(struct bell_adapter *adapter, const DXGKARG_CREATEALLOCATION *args,
                           struct bell_allocation **chain)
{
    struct bell_allocation **end = chain;

    for (UINT i = 0; i < args->NumAllocations; i++) {
        NTSTATUS status = make_item(adapter, &args->pAllocationInfo[i], end);

        if (!NT_SUCCESS(status)) {
            *end = NULL;
            free_chain(*chain);
            return status;
        }
        end = &(*end)->next;
    }
    return STATUS_SUCCESS;
}

static DXGK_ALLOCATIONINFOFLAGS_WDDM2_0 os_flags(UINT32 wanted)
{
    DXGK_ALLOCATIONINFOFLAGS_WDDM2_0 flags;

    flags.Value = 0;
    if ((wanted & BELL_ALLOCATION_HISTORY) != 0) {
        flags.HistoryBuffer = 1;
        flags.CpuVisible = 1;
        flags.Cached = 1;
        return flags;
    }
    flags.CpuVisible = (wanted & BELL_ALLOCATION_CPU_VISIBLE) != 0;
    flags.Cached = (wanted & BELL_ALLOCATION_CACHED) != 0;
    flags.AccessedPhysically = (wanted & BELL_ALLOCATION_ACCESSED_PHYSICALLY) != 0;
    flags.ExplicitResidencyNotification = (wanted & BELL_ALLOCATION_EXPLICIT_RESIDENCY) != 0;
    return flags;
}

static VOID fill_info(struct bell_allocation *allocation, DXGK_ALLOCATIONINFO *info)
{
    const BELL_ALLOCATION_PRIVATE *wanted = &allocation->wanted;

    info->Alignment = wanted->alignment != 0 ? wanted->alignment : PAGE_SIZE;
    info->Size = (SIZE_T)allocation->size;
    info->PitchAlignedSize = 0;
    info->HintedBank.Value = 0;
    info->PreferredSegment.Value = 0;
    info->PreferredSegment.SegmentId0 = BELL_SEGMENT_ID;
    info->SupportedReadSegmentSet = BELL_SEGMENT_SET;
    info->SupportedWriteSegmentSet = BELL_SEGMENT_SET;
    info->EvictionSegmentSet = 0;
    info->PhysicalAdapterIndex = 0;
    info->hAllocation = allocation;
    info->FlagsWddm2 = os_flags(wanted->flags);
    info->pAllocationUsageHint = NULL;
    info->AllocationPriority = D3DDDI_ALLOCATIONPRIORITY_NORMAL;
    info->Flags2.Value = 0;
}

static NTSTATUS check_create_args(struct bell_adapter *adapter,
                                  const DXGKARG_CREATEALLOCATION *args)
{
    if (args == NULL || args->NumAllocations == 0 || args->pAllocationInfo == NULL ||
        args->Flags.Reserved != 0)
        return STATUS_INVALID_PARAMETER;
    if (args->hResource != NULL) {
        struct bell_resource *resource = args->hResource;

        if (!args->Flags.Resource || !bell_kmd_is(resource, BELL_KIND_RESOURCE) ||
            resource->adapter != adapter)
            return STATUS_INVALID_PARAMETER;
    }
    return check_request(args->pPrivateDriverData, args->PrivateDriverDataSize);
}

/* The request's resource: none, the one it names, or a new one. */
static NTSTATUS find_resource(struct bell_adapter *adapter, const DXGKARG_CREATEALLOCATION *args,
                              struct bell_resource **resource)
{
    *resource = args->hResource;
    if (!args->Flags.Resource || args->hResource != NULL)
        return STATUS_SUCCESS;
    *resource = bell_kmd_alloc(sizeof(**resource));
    if (*resource == NULL)
        return STATUS_NO_MEMORY;
    (*resource)->kind = BELL_KIND_RESOURCE;
    (*resource)->adapter = adapter;
    return STATUS_SUCCESS;
}

NTSTATUS bell_kmd_allocation_create(struct bell_adapter *adapter, DXGKARG_CREATEALLOCATION *args)
{
    struct bell_allocation *chain = NULL;
    struct bell_resource *resource = NULL;
    NTSTATUS status;

    status = check_create_args(adapter, args);
    if (!NT_SUCCESS(status))
        return status;
    status = make_items(adapter, args, &chain);
    if (!NT_SUCCESS(status))
        return status;
    status = find_resource(adapter, args, &resource);
    if (!NT_SUCCESS(status)) {
        free_chain(chain);
        return status;
    }

    for (UINT i = 0; i < args->NumAllocations; i++) {
        struct bell_allocation *next = chain->next;

        fill_info(chain, &args->pAllocationInfo[i]);
        chain->next = NULL;
        chain = next;
    }
    args->hResource = resource;
    return STATUS_SUCCESS;
}

NTSTATUS bell_kmd_allocation_destroy(struct bell_adapter *adapter,
                                     const DXGKARG_DESTROYALLOCATION *args)
{
    struct bell_resource *resource = args->Flags.DestroyResource ? args->hResource : NULL;

    if (args->NumAllocations != 0 && args->pAllocationList == NULL)
        return STATUS_INVALID_PARAMETER;
    for (UINT i = 0; i < args->NumAllocations; i++) {
        const struct bell_allocation *allocation = args->pAllocationList[i];

        if (!bell_kmd_is(allocation, BELL_KIND_ALLOCATION) || allocation->adapter != adapter)
            return STATUS_INVALID_PARAMETER;
    }
    if (resource != NULL && !bell_kmd_is(resource, BELL_KIND_RESOURCE))
        return STATUS_INVALID_PARAMETER;

    for (UINT i = 0; i < args->NumAllocations; i++)
        free_allocation(args->pAllocationList[i]);
    if (resource != NULL) {
        resource->kind = 0;
        bell_kmd_free(resource);
    }
    return STATUS_SUCCESS;
}

VOID *bell_kmd_handle_data(struct bell_adapter *adapter, D3DKMT_HANDLE handle,
                           DXGK_HANDLE_TYPE type, bool device_specific)
{
    DXGKARGCB_GETHANDLEDATA query;
    enum bell_kind kind = BELL_KIND_ALLOCATION;
    VOID *object;

    if (device_specific && type != DXGK_HANDLE_ALLOCATION)
        return NULL;
    memset(&query, 0, sizeof(query));
    query.hObject = handle;
    query.Type = type;
    query.Flags.DeviceSpecific = device_specific;
    object = adapter->dxgk.DxgkCbGetHandleData(&query);
    if (type == DXGK_HANDLE_RESOURCE)
        kind = BELL_KIND_RESOURCE;
    else if (device_specific)
        kind = BELL_KIND_OPEN;
    return bell_kmd_is(object, kind) ? object : NULL;
}

static VOID free_opens(struct bell_open *chain)
{
    while (chain != NULL) {
        struct bell_open *next = chain->next;

        chain->kind = 0;
        bell_kmd_free(chain);
        chain = next;
    }
}

static NTSTATUS make_open(struct bell_device *device, D3DKMT_HANDLE handle,
                          struct bell_open **made)
{
    struct bell_allocation *allocation;
    struct bell_open *opened;

    allocation = bell_kmd_handle_data(device->adapter, handle, DXGK_HANDLE_ALLOCATION, false);
    if (allocation == NULL)
        return STATUS_INVALID_HANDLE;
    opened = bell_kmd_alloc(sizeof(*opened));
    if (opened == NULL)
        return STATUS_NO_MEMORY;
    opened->kind = BELL_KIND_OPEN;
    opened->device = device;
    opened->allocation = allocation;
    *made = opened;
    return STATUS_SUCCESS;
}

NTSTATUS bell_kmd_allocation_open(struct bell_device *device, const DXGKARG_OPENALLOCATION *args)
{
    struct bell_open *chain = NULL;
    struct bell_open **end = &chain;

    if (args->NumAllocations == 0 || args->pOpenAllocation == NULL || args->Flags.Reserved != 0)
        return STATUS_INVALID_PARAMETER;
    for (UINT i = 0; i < args->NumAllocations; i++) {
        NTSTATUS status = make_open(device, args->pOpenAllocation[i].hAllocation, end);

        if (!NT_SUCCESS(status)) {
            free_opens(chain);
            return status;
        }
        end = &(*end)->next;
    }

    for (UINT i = 0; i < args->NumAllocations; i++) {
        struct bell_open *next = chain->next;

        args->pOpenAllocation[i].hDeviceSpecificAllocation = chain;
        chain->next = NULL;
        chain = next;
    }
    return STATUS_SUCCESS;
}

NTSTATUS bell_kmd_allocation_close(struct bell_device *device,
                                   const DXGKARG_CLOSEALLOCATION *args)
{
    if (args->NumAllocations != 0 && args->pOpenHandleList == NULL)
        return STATUS_INVALID_PARAMETER;
    for (UINT i = 0; i < args->NumAllocations; i++) {
        const struct bell_open *opened = args->pOpenHandleList[i];

        if (!bell_kmd_is(opened, BELL_KIND_OPEN) || opened->device != device)
            return STATUS_INVALID_PARAMETER;
    }
    for (UINT i = 0; i < args->NumAllocations; i++)
        free_opens(args->pOpenHandleList[i]);
    return STATUS_SUCCESS;
}

NTSTATUS bell_kmd_allocation_describe(struct bell_adapter *adapter,
                                      DXGKARG_DESCRIBEALLOCATION *args)
{
    const struct bell_allocation *allocation = args->hAllocation;
    const BELL_ALLOCATION_PRIVATE *wanted;

    if (!bell_kmd_is(allocation, BELL_KIND_ALLOCATION) || allocation->adapter != adapter)
        return STATUS_INVALID_PARAMETER;
    wanted = &allocation->wanted;
    args->Width = wanted->width;
    args->Height = wanted->height;
    args->Format = wanted->format;
    args->MultisampleMethod.NumSamples = wanted->samples != 0 ? wanted->samples : 1;
    args->MultisampleMethod.NumQualityLevels = wanted->sample_quality;
    args->RefreshRate.Numerator = wanted->refresh_num;
    args->RefreshRate.Denominator = wanted->refresh_den;
    args->PrivateDriverFormatAttribute = wanted->format_attribute;
    args->Rotation = wanted->rotation;
    return STATUS_SUCCESS;
}
