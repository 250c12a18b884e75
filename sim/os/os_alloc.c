/* SPDX-License-Identifier: MIT */
#include "os_objects.h"

#include <stdlib.h>

#include "bell_device_hash.h"

/* Segment 1 is the aperture over system memory; the machine has no other. */
#define APERTURE_SEGMENTS 0x1u

static void release_allocation(struct os_object *object)
{
    os_backing_unref(((struct os_allocation *)object)->backing);
    free(object);
}

static void trace_alloc(const struct os_allocation *allocation, const char *name, uint64_t count)
{
    os_trace(BELFRY_ALLOC, name, allocation->base.name)->value = count;
}

/* --- Create ----------------------------------------------------------------------------------- */

static NTSTATUS ddi_create(struct os_device *device, const struct os_alloc_request *request,
                           DXGK_ALLOCATIONINFO *infos, struct os_group *group)
{
    DXGKARG_CREATEALLOCATION args = {
        .pPrivateDriverData = request->private_data,
        .PrivateDriverDataSize = request->private_size,
        .NumAllocations = request->count,
        .pAllocationInfo = infos,
        .hResource = group ? group->kmd : NULL,
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
    if (status != STATUS_SUCCESS)
        return status;
    os_objects.kmd_allocations += request->count;
    if (group)
        group->kmd = args.hResource;
    return status;
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        hash = bell_hash_word(hash, ((const unsigned char *)bytes)[i]);
    return hash;
}

/* Hash of what an open may not change (AL-OPN-01). */
static uint64_t read_only_hash(const DXGKARG_OPENALLOCATION *args)
{
    uint64_t hash = hash_bytes(0, args->pPrivateDriverData, args->PrivateDriverSize);

    for (UINT i = 0; i < args->NumAllocations && !args->Flags.Create; i++)
        hash = hash_bytes(hash, args->pOpenAllocation[i].pPrivateDriverData,
                             args->pOpenAllocation[i].PrivateDriverDataSize);
    return hash;
}

static void check_open(const DXGKARG_OPENALLOCATION *args, uint64_t hash, D3DKMT_HANDLE name)
{
    if (read_only_hash(args) != hash)
        os_violation("AL-OPN-01", name, "DxgkDdiOpenAllocation changed private data that is "
                     "read-only (Flags.Create is %u)", args->Flags.Create);
}

NTSTATUS os_allocations_open(struct os_device *device, DXGKARG_OPENALLOCATION *args,
                             struct os_allocation **made)
{
    uint64_t hash = read_only_hash(args);
    NTSTATUS status;

    os_driver_enter(device->base.process);
    status = OS_DDI(OpenAllocation, made[0]->base.name, args, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiOpenAllocation(device->kmd, args));
    os_driver_leave(device->base.process);
    check_open(args, hash, made[0]->base.name);
    for (UINT i = 0; i < args->NumAllocations && status == STATUS_SUCCESS; i++)
        made[i]->opened = args->pOpenAllocation[i].hDeviceSpecificAllocation;
    return status;
}

static NTSTATUS open_created(struct os_device *device, const struct os_alloc_request *request,
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
    status = os_allocations_open(device, &args, made);
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

/* A primary is described as soon as it exists (AL-DSC-01); there is no screen to put it on. */
static NTSTATUS describe_primary(struct os_allocation *allocation)
{
    DXGKARG_DESCRIBEALLOCATION args = { .hAllocation = allocation->backing->kmd };
    NTSTATUS status;

    os_driver_enter(allocation->base.process);
    status = OS_DDI(DescribeAllocation, allocation->base.name, &args, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiDescribeAllocation(os_adapter.miniport, &args));
    os_driver_leave(allocation->base.process);
    return status;
}

struct os_allocation *os_allocation_new(struct os_device *device, struct os_backing *backing,
                                        struct os_resource *resource)
{
    struct os_allocation *allocation = calloc(1, sizeof(*allocation));

    if (!allocation || !os_object_init(&allocation->base, OS_ALLOCATION, device->base.process,
                                       &device->base, release_allocation)) {
        free(allocation);
        return NULL;
    }
    allocation->backing = backing;
    backing->refs++;
    allocation->resource = resource;
    if (resource)
        os_object_ref(&resource->base);
    return allocation;
}

void os_allocation_finish(struct os_allocation *allocation)
{
    if (allocation->resource)
        os_object_unref(allocation->resource);
    os_object_finish(&allocation->base);
}

static struct os_allocation *new_with_memory(struct os_device *device,
                                             const DXGK_ALLOCATIONINFO *info,
                                             struct os_resource *resource)
{
    struct os_backing *backing = os_backing_create(info, resource ? resource->group : NULL,
                                                   device->base.process->id);
    struct os_allocation *allocation;

    if (!backing)
        return NULL;
    allocation = os_allocation_new(device, backing, resource);
    if (!allocation)
        os_backing_free(backing);
    os_backing_unref(backing);
    return allocation;
}

static NTSTATUS open_and_describe(struct os_device *device,
                                  const struct os_alloc_request *request,
                                  struct os_allocation **made)
{
    NTSTATUS status = open_created(device, request, made);

    if (!NT_SUCCESS(status))
        return status;
    for (UINT i = 0; i < request->count && NT_SUCCESS(status); i++)
        if (request->items[i].Flags.Primary)
            status = describe_primary(made[i]);
    for (UINT i = 0; i < request->count && !NT_SUCCESS(status); i++)
        ddi_close(made[i]);
    return status;
}

static NTSTATUS make_objects(struct os_device *device, const struct os_alloc_request *request,
                             const DXGK_ALLOCATIONINFO *infos, struct os_resource *resource,
                             struct os_allocation **made)
{
    NTSTATUS status = STATUS_SUCCESS;
    UINT n = 0;

    for (UINT i = 0; i < request->count; i++)
        if (!os_monitor_alloc_info(&infos[i], APERTURE_SEGMENTS, device->base.name))
            return STATUS_UNSUCCESSFUL;
    for (; n < request->count; n++) {
        made[n] = new_with_memory(device, &infos[n], resource);
        if (!made[n]) {
            status = STATUS_NO_MEMORY;
            break;
        }
    }
    if (NT_SUCCESS(status))
        status = open_and_describe(device, request, made);
    if (NT_SUCCESS(status))
        return status;
    while (n > 0) {
        os_backing_free(made[--n]->backing);
        os_allocation_finish(made[n]);
    }
    return status;
}

/* Undo what the driver made; NULL handles are its fault and are left out. */
static void undo_driver(struct os_device *device, const struct os_alloc_request *request,
                        const DXGK_ALLOCATIONINFO *infos, struct os_group *group)
{
    HANDLE *list = calloc(request->count, sizeof(*list));
    UINT n = 0;

    for (UINT i = 0; list && i < request->count; i++)
        if (infos[i].hAllocation)
            list[n++] = infos[i].hAllocation;
    os_objects.kmd_allocations -= request->count - n;
    os_ddi_destroy_allocations(device->base.process, device->base.name, list, n, group,
                               request->resource && !request->into);
    free(list);
}

static NTSTATUS make_resource(struct os_device *device, struct os_alloc_request *request,
                              struct os_resource **resource)
{
    struct os_group *group;
    NTSTATUS status;

    *resource = request->into;
    if (!request->resource || request->into)
        return STATUS_SUCCESS;
    group = os_group_create();
    if (!group)
        return STATUS_NO_MEMORY;
    status = os_resource_create(device, group, resource);
    if (!NT_SUCCESS(status)) {
        os_group_unref(group);
        return status;
    }
    return status;
}

/* Under the group's lock: another process may be creating in the same resource. */
static NTSTATUS create_in_driver(struct os_device *device, const struct os_alloc_request *request,
                                 struct os_resource *resource, struct os_allocation **made)
{
    DXGK_ALLOCATIONINFO *infos = calloc(request->count, sizeof(*infos));
    struct os_group *group = resource ? resource->group : NULL;
    NTSTATUS status;

    if (!infos)
        return STATUS_NO_MEMORY;
    if (group)
        os_lock_acquire(&group->lock);
    status = ddi_create(device, request, infos, group);
    if (status == STATUS_SUCCESS) {
        status = make_objects(device, request, infos, resource, made);
        if (!NT_SUCCESS(status))
            undo_driver(device, request, infos, group);
    }
    if (group)
        os_lock_release(&group->lock);
    free(infos);
    return status;
}

/* The group keeps the blobs of the request that made it. */
static void keep_private(struct os_group *group, struct os_alloc_request *request)
{
    group->private_data = request->private_data;
    group->private_size = request->private_size;
    group->runtime_data = request->runtime_data;
    group->runtime_size = request->runtime_size;
    request->private_data = NULL;
    request->runtime_data = NULL;
}

static void publish(struct os_alloc_request *request, struct os_resource *resource,
                    struct os_allocation **made)
{
    request->items_kept = true;
    for (UINT i = 0; i < request->count; i++) {
        struct os_backing *backing = made[i]->backing;

        backing->private_data = request->item_private[i];
        backing->private_size = request->items[i].PrivateDriverDataSize;
        os_backing_join(backing);
        request->items[i].hAllocation = made[i]->base.name;
        os_object_publish(&made[i]->base);
    }
    if (resource && !request->into) {
        keep_private(resource->group, request);
        os_object_publish(&resource->base);
    }
    if (request->shared && !resource->group->share)
        os_group_share(resource->group);
}

NTSTATUS os_allocations_create(struct os_device *device, struct os_alloc_request *request,
                               struct os_allocation **made, struct os_resource **resource)
{
    NTSTATUS status = make_resource(device, request, resource);

    if (!NT_SUCCESS(status))
        return status;
    status = create_in_driver(device, request, *resource, made);
    if (NT_SUCCESS(status)) {
        publish(request, *resource, made);
        return status;
    }
    if (*resource && !request->into)
        os_object_finish(&(*resource)->base);
    *resource = NULL;
    return status;
}

/* --- Destroy (A-24, A-52) --------------------------------------------------------------------- */

static void free_allocation(struct os_allocation *allocation)
{
    struct os_backing *backing = allocation->backing;
    bool last;

    if (allocation->window)
        os_window_point(allocation->window, BELL_WINDOW_DEAD, 0, false);
    os_gpuva_unmap_allocation(allocation);
    ddi_close(allocation);
    last = os_backing_close(backing, allocation->base.process, allocation->base.name);
    trace_alloc(allocation, last ? "free" : "close", backing->opens);
    os_allocation_finish(allocation);
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

/* AL-CRE-15. */
static NTSTATUS may_lock(const struct os_allocation *allocation)
{
    const struct os_backing *backing = allocation->backing;

    if (!backing->flags.CpuVisible && !backing->flags.CpuVisibleOnDemand)
        return STATUS_INVALID_PARAMETER;
    return backing->creator == allocation->base.process->id ? STATUS_SUCCESS
                                                            : STATUS_ACCESS_DENIED;
}

NTSTATUS os_allocation_lock(struct os_allocation *allocation, void **address)
{
    const struct os_backing *backing = allocation->backing;
    NTSTATUS status = may_lock(allocation);

    if (!NT_SUCCESS(status))
        return status;
    if (!allocation->window)
        allocation->window = bell_window_reserve(backing->size / BELL_PAGE, "ring-or-memory",
                                                 allocation->base.name);
    if (allocation->locks++ == 0)
        os_window_point(allocation->window, os_window_rw(), backing->phys, true);
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

void os_allocation_evict(struct os_allocation *allocation)
{
    trace_alloc(allocation, "evict", --allocation->resident);
    if (!allocation->resident)
        os_gpuva_refresh(allocation);
}
