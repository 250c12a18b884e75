/* SPDX-License-Identifier: MIT */
#include "os_objects.h"

#include <stdlib.h>

/* Segment 1 is the aperture over system memory; the machine has no other. */
#define APERTURE_SEGMENTS 0x1u
#define SEGMENT_ID_BITS 5u
#define SEGMENT_GROUP_BITS 6u
#define SEGMENT_GROUPS 5u

static void release_resource(struct os_object *object)
{
    free(object);
}

static void release_allocation(struct os_object *object)
{
    free(object);
}

static void trace_alloc(const struct os_allocation *allocation, const char *name, uint64_t count)
{
    os_trace(BELFRY_ALLOC, name, allocation->base.name)->value = count;
}

/* --- Create ----------------------------------------------------------------------------------- */

static bool preference_is_supported(const DXGK_ALLOCATIONINFO *info)
{
    for (unsigned i = 0; i < SEGMENT_GROUPS; i++) {
        UINT id = (info->PreferredSegment.Value >> (i * SEGMENT_GROUP_BITS)) &
                  ((1u << SEGMENT_ID_BITS) - 1);

        if (id && !(info->SupportedWriteSegmentSet & (1u << (id - 1))))
            return false;
    }
    return true;
}

/* AL-CRE-07, AL-CRE-08, AL-CRE-13, AL-CRE-14. */
static bool info_is_valid(const DXGK_ALLOCATIONINFO *info)
{
    const DXGK_ALLOCATIONINFOFLAGS_WDDM2_0 flags = info->FlagsWddm2;
    DXGK_ALLOCATIONINFOFLAGS_WDDM2_0 rest = flags;

    rest.CpuVisible = 0;
    rest.Cached = 0;
    rest.HistoryBuffer = 0;
    return info->hAllocation && info->Size && info->Size <= SIZE_MAX - BELL_PAGE &&
           (!info->PitchAlignedSize || info->PitchAlignedSize >= info->Size) &&
           !(info->Alignment & (info->Alignment - 1)) && info->AllocationPriority &&
           info->SupportedWriteSegmentSet &&
           !(info->EvictionSegmentSet & ~APERTURE_SEGMENTS) && preference_is_supported(info) &&
           (!flags.ExplicitResidencyNotification || flags.AccessedPhysically) &&
           !flags.MapApertureCpuVisible &&
           (!flags.HistoryBuffer || (flags.CpuVisible && !rest.Value));
}

static void require_create_status(NTSTATUS status)
{
    if (status != STATUS_SUCCESS && status != STATUS_INVALID_PARAMETER &&
        status != STATUS_NO_MEMORY && status != STATUS_GRAPHICS_DRIVER_MISMATCH)
        bell_sim_fail("contract AL-CRE-02: DxgkDdiCreateAllocation returned 0x%08X, expected "
                      "SUCCESS, INVALID_PARAMETER, NO_MEMORY or GRAPHICS_DRIVER_MISMATCH",
                      (unsigned)status);
}

static NTSTATUS ddi_create(struct os_device *device, const struct os_alloc_request *request,
                           DXGK_ALLOCATIONINFO *infos, HANDLE *resource)
{
    DXGKARG_CREATEALLOCATION args = {
        .pPrivateDriverData = request->private_data,
        .PrivateDriverDataSize = request->private_size,
        .NumAllocations = request->count,
        .pAllocationInfo = infos,
        .hResource = request->into ? request->into->kmd : NULL,
    };
    NTSTATUS status;

    args.Flags.Resource = request->resource;
    for (UINT i = 0; i < request->count; i++) {
        infos[i].pPrivateDriverData = request->item_private[i];
        infos[i].PrivateDriverDataSize = request->items[i].PrivateDriverDataSize;
    }
    os_driver_enter(device->base.process);
    status = OS_DDI(CreateAllocation, device->base.name, &args, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiCreateAllocation(os_adapter.miniport, &args));
    os_driver_leave(device->base.process);
    require_create_status(status);
    if (status == STATUS_SUCCESS)
        os_objects.kmd_allocations += request->count;
    *resource = args.hResource;
    return status;
}

static void ddi_destroy(struct os_process *process, D3DKMT_HANDLE name, const HANDLE *list,
                        UINT count, HANDLE resource, bool destroy_resource)
{
    DXGKARG_DESTROYALLOCATION args = { .NumAllocations = count, .pAllocationList = list,
                                       .hResource = resource };
    NTSTATUS status;

    args.Flags.DestroyResource = destroy_resource;
    os_driver_enter(process);
    status = OS_DDI(DestroyAllocation, name, &args, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiDestroyAllocation(os_adapter.miniport, &args));
    os_driver_leave(process);
    os_must_succeed(status, "DxgkDdiDestroyAllocation", "AL-DST-01");
    os_objects.kmd_allocations -= count;
}

static NTSTATUS ddi_open(struct os_device *device, const struct os_alloc_request *request,
                         struct os_allocation **made)
{
    DXGK_OPENALLOCATIONINFO *infos = calloc(request->count, sizeof(*infos));
    DXGKARG_OPENALLOCATION args = { .NumAllocations = request->count, .pOpenAllocation = infos,
                                    .pPrivateDriverData = request->private_data,
                                    .PrivateDriverSize = request->private_size };
    NTSTATUS status;

    if (!infos)
        return STATUS_NO_MEMORY;
    args.Flags.Create = 1;
    for (UINT i = 0; i < request->count; i++) {
        infos[i].hAllocation = made[i]->base.name;
        infos[i].pPrivateDriverData = request->item_private[i];
        infos[i].PrivateDriverDataSize = request->items[i].PrivateDriverDataSize;
    }
    os_driver_enter(device->base.process);
    status = OS_DDI(OpenAllocation, made[0]->base.name, &args, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiOpenAllocation(device->kmd, &args));
    os_driver_leave(device->base.process);
    for (UINT i = 0; i < request->count && NT_SUCCESS(status); i++)
        made[i]->opened = infos[i].hDeviceSpecificAllocation;
    free(infos);
    return status;
}

static void ddi_close(struct os_allocation *allocation)
{
    struct os_device *device = (struct os_device *)allocation->base.parent;
    DXGKARG_CLOSEALLOCATION args = { .NumAllocations = 1, .pOpenHandleList = &allocation->opened };
    NTSTATUS status;

    os_driver_enter(device->base.process);
    status = OS_DDI(CloseAllocation, allocation->base.name, &args, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiCloseAllocation(device->kmd, &args));
    os_driver_leave(device->base.process);
    os_must_succeed(status, "DxgkDdiCloseAllocation", "AL-CLS-01");
    allocation->opened = NULL;
}

static size_t pages_of(const struct os_allocation *allocation)
{
    return allocation->size / BELL_PAGE;
}

static void free_memory(struct os_allocation *allocation)
{
    bell_phys_free(allocation->phys, pages_of(allocation));
    allocation->phys = 0;
    if (allocation->resource)
        os_object_unref(allocation->resource);
    os_object_finish(&allocation->base);
}

static struct os_allocation *new_allocation(struct os_device *device,
                                            const DXGK_ALLOCATIONINFO *info,
                                            struct os_resource *resource)
{
    struct os_allocation *allocation = calloc(1, sizeof(*allocation));

    if (!allocation)
        return NULL;
    allocation->kmd = info->hAllocation;
    allocation->flags = info->FlagsWddm2;
    allocation->alignment = info->Alignment;
    allocation->size = (info->Size + BELL_PAGE - 1) & ~(uint64_t)(BELL_PAGE - 1);
    allocation->phys = bell_phys_alloc(pages_of(allocation));
    if (!allocation->phys ||
        !os_object_init(&allocation->base, OS_ALLOCATION, device->base.process, &device->base,
                        release_allocation)) {
        if (allocation->phys)
            bell_phys_free(allocation->phys, pages_of(allocation));
        free(allocation);
        return NULL;
    }
    allocation->resource = resource;
    if (resource)
        os_object_ref(&resource->base);
    return allocation;
}

static NTSTATUS make_objects(struct os_device *device, const struct os_alloc_request *request,
                             const DXGK_ALLOCATIONINFO *infos, struct os_resource *resource,
                             struct os_allocation **made)
{
    NTSTATUS status = STATUS_SUCCESS;
    UINT n = 0;

    for (UINT i = 0; i < request->count; i++)
        if (!info_is_valid(&infos[i]))
            return STATUS_UNSUCCESSFUL;
    for (; n < request->count; n++) {
        made[n] = new_allocation(device, &infos[n], resource);
        if (!made[n]) {
            status = STATUS_NO_MEMORY;
            break;
        }
    }
    if (NT_SUCCESS(status))
        status = ddi_open(device, request, made);
    if (NT_SUCCESS(status))
        return status;
    while (n > 0)
        free_memory(made[--n]);
    return status;
}

static NTSTATUS give_resource(struct os_device *device, const struct os_alloc_request *request,
                              struct os_resource **resource)
{
    *resource = request->into;
    if (!request->resource || request->into)
        return STATUS_SUCCESS;
    *resource = calloc(1, sizeof(**resource));
    if (*resource && os_object_init(&(*resource)->base, OS_RESOURCE, device->base.process,
                                    &device->base, release_resource))
        return STATUS_SUCCESS;
    free(*resource);
    *resource = NULL;
    return STATUS_NO_MEMORY;
}

/* Undo what the driver made; NULL handles are its fault and are left out. */
static void undo_driver(struct os_device *device, const struct os_alloc_request *request,
                        const DXGK_ALLOCATIONINFO *infos, HANDLE kmd_resource)
{
    HANDLE *list = calloc(request->count, sizeof(*list));
    UINT n = 0;

    for (UINT i = 0; list && i < request->count; i++)
        if (infos[i].hAllocation)
            list[n++] = infos[i].hAllocation;
    os_objects.kmd_allocations -= request->count - n;
    ddi_destroy(device->base.process, device->base.name, list, n, kmd_resource,
                request->resource && !request->into);
    free(list);
}

NTSTATUS os_allocations_create(struct os_device *device, struct os_alloc_request *request,
                               struct os_allocation **made, struct os_resource **resource)
{
    DXGK_ALLOCATIONINFO *infos = calloc(request->count, sizeof(*infos));
    HANDLE kmd_resource = NULL;
    NTSTATUS status;

    if (!infos)
        return STATUS_NO_MEMORY;
    status = give_resource(device, request, resource);
    if (!NT_SUCCESS(status))
        goto free_infos;
    status = ddi_create(device, request, infos, &kmd_resource);
    if (status != STATUS_SUCCESS)
        goto drop_resource;
    status = make_objects(device, request, infos, *resource, made);
    if (!NT_SUCCESS(status)) {
        undo_driver(device, request, infos, kmd_resource);
        goto drop_resource;
    }
    for (UINT i = 0; i < request->count; i++) {
        request->items[i].hAllocation = made[i]->base.name;
        os_object_publish(&made[i]->base);
    }
    if (*resource) {
        (*resource)->kmd = kmd_resource;
        os_object_publish(&(*resource)->base);
    }
    goto free_infos;

drop_resource:
    if (*resource && !request->into)
        os_object_unref(*resource);
    *resource = NULL;
free_infos:
    free(infos);
    return status;
}

/* --- Destroy (A-24, A-52) --------------------------------------------------------------------- */

/* The driver frees the resource together with its last allocation, once the user destroyed it. */
static bool last_of_resource(const struct os_allocation *allocation)
{
    struct os_allocation *other = NULL;

    if (!allocation->resource || allocation->resource->base.open)
        return false;
    while ((other = os_object_next(other, OS_ALLOCATION, allocation->base.process, NULL)) != NULL)
        if (other != allocation && other->resource == allocation->resource)
            return false;
    return true;
}

static void free_allocation(struct os_allocation *allocation)
{
    struct os_process *process = allocation->base.process;
    HANDLE resource = allocation->resource ? allocation->resource->kmd : NULL;

    if (allocation->window)
        os_window_point(allocation->window, BELL_WINDOW_DEAD, 0, false);
    os_gpuva_unmap_allocation(allocation);
    ddi_close(allocation);
    ddi_destroy(process, allocation->base.name, &allocation->kmd, 1, resource,
                last_of_resource(allocation));
    trace_alloc(allocation, "free", 0);
    free_memory(allocation);
}

void os_allocation_destroy(struct os_allocation *allocation)
{
    if (allocation->destroyed)
        return;
    allocation->destroyed = true;
    os_object_retire(&allocation->base);
    if (!allocation->doorbells)
        free_allocation(allocation);
}

void os_resource_destroy(struct os_resource *resource)
{
    struct os_allocation *allocation = NULL, *next;
    bool empty = true;

    for (allocation = os_object_next(NULL, OS_ALLOCATION, resource->base.process, NULL);
         allocation; allocation = next) {
        next = os_object_next(allocation, OS_ALLOCATION, resource->base.process, NULL);
        if (allocation->resource != resource)
            continue;
        empty = false;
        if (os_object_close(&allocation->base))
            os_allocation_destroy(allocation);
    }
    if (empty)
        ddi_destroy(resource->base.process, resource->base.name, NULL, 0, resource->kmd, true);
    os_object_finish(&resource->base);
}

void os_allocation_hold(struct os_allocation *allocation)
{
    trace_alloc(allocation, "reference", ++allocation->doorbells);
}

void os_allocation_unhold(struct os_allocation *allocation)
{
    trace_alloc(allocation, "release", --allocation->doorbells);
    if (allocation->destroyed && !allocation->doorbells)
        free_allocation(allocation);
}

/* --- CPU access and residency ----------------------------------------------------------------- */

NTSTATUS os_allocation_lock(struct os_allocation *allocation, void **address)
{
    if (!allocation->flags.CpuVisible && !allocation->flags.CpuVisibleOnDemand)
        return STATUS_INVALID_PARAMETER; /* AL-CRE-15 */
    if (!allocation->window)
        allocation->window = bell_window_reserve(pages_of(allocation), "ring-or-memory",
                                                 allocation->base.name);
    if (allocation->locks++ == 0)
        os_window_point(allocation->window, os_window_rw(), allocation->phys, true);
    *address = allocation->window->base;
    return STATUS_SUCCESS;
}

NTSTATUS os_allocation_unlock(struct os_allocation *allocation)
{
    if (!allocation->locks)
        return STATUS_INVALID_PARAMETER;
    if (--allocation->locks == 0)
        os_window_point(allocation->window, BELL_WINDOW_DEAD, 0, false);
    return STATUS_SUCCESS;
}

void os_allocation_make_resident(struct os_allocation *allocation)
{
    trace_alloc(allocation, "resident", ++allocation->resident);
    if (allocation->resident == 1)
        os_gpuva_refresh(allocation);
}

bool os_allocation_evict(struct os_allocation *allocation)
{
    if (!allocation->resident)
        return false;
    trace_alloc(allocation, "evict", --allocation->resident);
    if (!allocation->resident)
        os_gpuva_refresh(allocation);
    return true;
}
