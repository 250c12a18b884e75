/* SPDX-License-Identifier: MIT */
#include "os_objects.h"

#include <stdlib.h>
#include <string.h>

/* --- Create and destroy ----------------------------------------------------------------------- */

static void free_request(struct os_alloc_request *request)
{
    for (UINT i = 0; request->item_private && !request->items_kept && i < request->count; i++)
        free(request->item_private[i]);
    free(request->item_private);
    free(request->items);
    free(request->private_data);
    free(request->runtime_data);
}

static bool flags_are_supported(const D3DKMT_CREATEALLOCATION *args)
{
    return !args->Flags.CreateProtected && !args->Flags.NonSecure;
}

static NTSTATUS copy_items(struct os_alloc_request *request)
{
    NTSTATUS status = STATUS_SUCCESS;

    for (UINT i = 0; i < request->count && NT_SUCCESS(status); i++) {
        const D3DDDI_ALLOCATIONINFO2 *item = &request->items[i];

        if (item->Flags.Reserved || item->VidPnSourceId)
            return STATUS_INVALID_PARAMETER;
        if (item->pSystemMem || item->Flags.Stereo || item->Flags.OverridePriority)
            return STATUS_NOT_SUPPORTED;
        status = os_copy_in(item->pPrivateDriverData, item->PrivateDriverDataSize, OS_PRIVATE_MAX,
                            &request->item_private[i]);
    }
    return status;
}

static NTSTATUS copy_request_data(const D3DKMT_CREATEALLOCATION *args,
                                  struct os_alloc_request *request)
{
    NTSTATUS status = os_copy_in(args->pPrivateDriverData, args->PrivateDriverDataSize,
                                 OS_PRIVATE_MAX, &request->private_data);

    if (NT_SUCCESS(status))
        status = os_copy_in(args->pPrivateRuntimeData, args->PrivateRuntimeDataSize,
                            OS_PRIVATE_MAX, &request->runtime_data);
    request->private_size = args->PrivateDriverDataSize;
    request->runtime_size = args->PrivateRuntimeDataSize;
    return status;
}

static NTSTATUS copy_request(const D3DKMT_CREATEALLOCATION *args, struct os_alloc_request *request)
{
    void *items;
    NTSTATUS status;

    if (args->Flags.Reserved || !args->NumAllocations ||
        ((args->hResource || args->Flags.CreateShared) && !args->Flags.CreateResource))
        return STATUS_INVALID_PARAMETER;
    if (!flags_are_supported(args))
        return STATUS_NOT_SUPPORTED;
    status = os_copy_in(args->pAllocationInfo2,
                        (size_t)args->NumAllocations * sizeof(*request->items),
                        OS_ARRAY_MAX * sizeof(*request->items), &items);
    if (!NT_SUCCESS(status))
        return status;
    request->items = items;
    request->count = args->NumAllocations;
    request->resource = args->Flags.CreateResource;
    request->shared = args->Flags.CreateShared;
    request->item_private = calloc(request->count, sizeof(*request->item_private));
    if (!request->item_private)
        return STATUS_NO_MEMORY;
    status = copy_request_data(args, request);
    return NT_SUCCESS(status) ? copy_items(request) : status;
}

/* Handles and the items' private data (in/out) back to the user. */
static NTSTATUS copy_back(D3DKMT_CREATEALLOCATION *user, const D3DKMT_CREATEALLOCATION *args,
                          const struct os_alloc_request *request)
{
    bool ok = bell_copy_to_user(args->pAllocationInfo2, request->items,
                                request->count * sizeof(*request->items)) &&
              bell_copy_to_user(user, args, sizeof(*args));

    for (UINT i = 0; i < request->count && ok; i++)
        if (request->item_private[i])
            ok = bell_copy_to_user(request->items[i].pPrivateDriverData, request->item_private[i],
                                   request->items[i].PrivateDriverDataSize);
    return ok ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

static void undo_create(struct os_allocation **made, UINT count, struct os_resource *resource,
                        bool new_resource)
{
    if (new_resource) {
        os_object_close(&resource->base);
        os_resource_destroy(resource);
        return;
    }
    for (UINT i = 0; i < count; i++) {
        os_object_close(&made[i]->base);
        os_allocation_destroy(made[i]);
    }
}

static NTSTATUS create(struct os_process *process, D3DKMT_CREATEALLOCATION *user,
                       D3DKMT_CREATEALLOCATION *args, struct os_alloc_request *request)
{
    struct os_device *device = os_object_lookup(process, args->hDevice, OS_DEVICE);
    struct os_allocation **made = calloc(request->count, sizeof(struct os_allocation *));
    struct os_resource *resource = NULL;
    NTSTATUS status = device ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;

    if (args->hResource)
        request->into = os_object_lookup(process, args->hResource, OS_RESOURCE);
    if (args->hResource && (!request->into || (void *)request->into->base.parent != device))
        status = STATUS_INVALID_PARAMETER;
    if (!made)
        status = STATUS_NO_MEMORY;
    if (NT_SUCCESS(status))
        status = os_allocations_create(device, request, made, &resource);
    if (NT_SUCCESS(status)) {
        args->hResource = resource ? resource->base.name : 0;
        args->hGlobalShare = resource ? resource->group->share : 0;
        status = copy_back(user, args, request);
        if (!NT_SUCCESS(status))
            undo_create(made, request->count, resource, resource && !request->into);
    }
    free(made);
    os_object_unref(request->into);
    os_object_unref(device);
    return status;
}

NTSTATUS APIENTRY D3DKMTCreateAllocation2(D3DKMT_CREATEALLOCATION *user)
{
    D3DKMT_CREATEALLOCATION args;
    struct os_alloc_request request = { .count = 0 };
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status))
        status = copy_request(&args, &request);
    if (NT_SUCCESS(status)) {
        os_process_lock(call.process);
        status = create(call.process, user, &args, &request);
        os_process_unlock(call.process);
    }
    D3DKMT_HANDLE first = NT_SUCCESS(status) ? request.items[0].hAllocation : 0;
    free_request(&request);
    return os_call_exit(&call, first, status);
}

static bool is_open_allocation(struct os_process *process, D3DKMT_HANDLE handle,
                               const struct os_device *device)
{
    struct os_allocation *allocation = os_object_lookup(process, handle, OS_ALLOCATION);
    bool good = allocation && allocation->base.parent == &device->base;

    os_object_unref(allocation);
    return good;
}

static NTSTATUS destroy_list(struct os_process *process, const struct os_device *device,
                             const D3DKMT_HANDLE *list, UINT count)
{
    for (UINT i = 0; i < count; i++) {
        if (!is_open_allocation(process, list[i], device))
            return STATUS_INVALID_PARAMETER;
        for (UINT j = 0; j < i; j++)
            if (list[j] == list[i])
                return STATUS_INVALID_PARAMETER;
    }
    for (UINT i = 0; i < count; i++) {
        struct os_allocation *allocation = os_object_peek(list[i], OS_ALLOCATION);

        os_object_close(&allocation->base);
        os_allocation_destroy(allocation);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS destroy(struct os_process *process, const D3DKMT_DESTROYALLOCATION2 *args)
{
    struct os_device *device = os_object_lookup(process, args->hDevice, OS_DEVICE);
    struct os_resource *resource = NULL;
    void *list = NULL;
    NTSTATUS status = device && !args->Flags.Reserved ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;

    if (NT_SUCCESS(status) && args->hResource) {
        resource = os_object_lookup(process, args->hResource, OS_RESOURCE);
        if (resource && resource->base.parent == &device->base && !args->AllocationCount &&
            os_object_close(&resource->base))
            os_resource_destroy(resource);
        else
            status = STATUS_INVALID_PARAMETER;
    } else if (NT_SUCCESS(status)) {
        status = os_copy_in(args->phAllocationList,
                            (size_t)args->AllocationCount * sizeof(D3DKMT_HANDLE),
                            OS_ARRAY_MAX * sizeof(D3DKMT_HANDLE), &list);
        if (NT_SUCCESS(status))
            status = list ? destroy_list(process, device, list, args->AllocationCount)
                          : STATUS_INVALID_PARAMETER;
    }
    free(list);
    os_object_unref(resource);
    os_object_unref(device);
    return status;
}

NTSTATUS APIENTRY D3DKMTDestroyAllocation2(const D3DKMT_DESTROYALLOCATION2 *user)
{
    D3DKMT_DESTROYALLOCATION2 args;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        os_process_lock(call.process);
        status = destroy(call.process, &args);
        os_process_unlock(call.process);
    }
    return os_call_exit(&call, args.hResource, status);
}

/* --- GPU addresses ---------------------------------------------------------------------------- */

/* Page table updates and residency are done when the call returns: the fence only counts them. */
static UINT64 next_paging_value(struct os_paging_queue *paging)
{
    UINT64 value = os_fence_read(paging->fence) + 1;

    __atomic_store_n(paging->fence->value, value, __ATOMIC_SEQ_CST);
    bell_thread_wake_all(&os_objects.waiters);
    return value;
}

static NTSTATUS map_gpu(struct os_process *process, D3DDDI_MAPGPUVIRTUALADDRESS *args,
                        const struct os_paging_queue *paging, struct os_allocation *allocation)
{
    uint64_t pages, offset = args->OffsetInPages;
    struct os_gpuva_want want = { .base = args->BaseAddress, .minimum = args->MinimumAddress,
                                  .maximum = args->MaximumAddress, .allocation = allocation };

    if (!paging || !allocation || allocation->base.parent != paging->base.parent ||
        args->Protection.Zero || args->Protection.NoAccess || args->Protection.SystemUseOnly ||
        args->Protection.Reserved || args->Reserved0 || args->Reserved1)
        return STATUS_INVALID_PARAMETER;
    pages = allocation->backing->size / BELL_PAGE;
    if (offset >= pages || args->SizeInPages > pages - offset)
        return STATUS_INVALID_PARAMETER;
    want.pages = args->SizeInPages ? args->SizeInPages : pages - offset;
    want.offset = offset * BELL_PAGE;
    want.phys = allocation->backing->phys + want.offset;
    want.alignment = allocation->backing->alignment;
    want.access = BELL_READ | (args->Protection.Write ? BELL_WRITE : 0);
    return os_gpuva_map(process, &want, &args->VirtualAddress);
}

static NTSTATUS map_and_tell(struct os_process *process, D3DDDI_MAPGPUVIRTUALADDRESS *user,
                             D3DDDI_MAPGPUVIRTUALADDRESS *args)
{
    struct os_paging_queue *paging =
        os_object_lookup(process, args->hPagingQueue, OS_PAGING_QUEUE);
    struct os_allocation *allocation = os_object_lookup(process, args->hAllocation, OS_ALLOCATION);
    size_t pages = args->SizeInPages;
    NTSTATUS status = map_gpu(process, args, paging, allocation);

    if (NT_SUCCESS(status)) {
        if (!pages)
            pages = allocation->backing->size / BELL_PAGE - args->OffsetInPages;
        args->PagingFenceValue = next_paging_value(paging);
        if (!bell_copy_to_user(user, args, sizeof(*args))) {
            os_gpuva_unmap(process, args->VirtualAddress, pages);
            status = STATUS_INVALID_PARAMETER;
        }
    }
    os_object_unref(allocation);
    os_object_unref(paging);
    return status;
}

NTSTATUS APIENTRY D3DKMTMapGpuVirtualAddress(D3DDDI_MAPGPUVIRTUALADDRESS *user)
{
    D3DDDI_MAPGPUVIRTUALADDRESS args;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        os_process_lock(call.process);
        status = map_and_tell(call.process, user, &args);
        os_process_unlock(call.process);
    }
    return os_call_exit(&call, args.hAllocation, status);
}

/* The OS's own mappings (fences) are not the user's to free. */
static bool is_users(const struct os_process *process, uint64_t va)
{
    const struct os_gpuva *gpuva = process->gpuvas;

    while (gpuva && gpuva->va != va)
        gpuva = gpuva->next;
    return gpuva && gpuva->allocation;
}

NTSTATUS APIENTRY D3DKMTFreeGpuVirtualAddress(const D3DKMT_FREEGPUVIRTUALADDRESS *user)
{
    D3DKMT_FREEGPUVIRTUALADDRESS args;
    struct os_object *adapter;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        os_process_lock(call.process);
        adapter = os_object_lookup(call.process, args.hAdapter, OS_ADAPTER);
        if (!adapter || args.Size % BELL_PAGE || !is_users(call.process, args.BaseAddress) ||
            !os_gpuva_unmap(call.process, args.BaseAddress, args.Size / BELL_PAGE))
            status = STATUS_INVALID_PARAMETER;
        os_object_unref(adapter);
        os_process_unlock(call.process);
    }
    return os_call_exit(&call, args.hAdapter, status);
}

/* --- Residency -------------------------------------------------------------------------------- */

static NTSTATUS copy_list(struct os_process *process, const D3DKMT_HANDLE *user, UINT count,
                          const struct os_device *device, D3DKMT_HANDLE **list)
{
    void *copy;
    NTSTATUS status = os_copy_in(user, (size_t)count * sizeof(*user),
                                 OS_ARRAY_MAX * sizeof(*user), &copy);

    *list = copy;
    if (NT_SUCCESS(status) && !copy)
        status = STATUS_INVALID_PARAMETER;
    for (UINT i = 0; i < count && NT_SUCCESS(status); i++)
        if (!is_open_allocation(process, (*list)[i], device))
            status = STATUS_INVALID_PARAMETER;
    return status;
}

/* A change of residency: of which allocations, and what the caller is told. */
struct residency {
    const struct os_device *device;
    const D3DKMT_HANDLE *user_list;
    UINT count;
    void *user_args;
    const void *answer;
    size_t answer_bytes;
    bool (*may)(const D3DKMT_HANDLE *list, UINT count);
    void (*change)(struct os_allocation *allocation);
};

/* All or nothing: the list is checked whole and the caller told before anything changes. */
static NTSTATUS change_residency(struct os_process *process, const struct residency *wanted)
{
    D3DKMT_HANDLE *list = NULL;
    NTSTATUS status =
        copy_list(process, wanted->user_list, wanted->count, wanted->device, &list);

    if (NT_SUCCESS(status) &&
        (!wanted->may(list, wanted->count) ||
         !bell_copy_to_user(wanted->user_args, wanted->answer, wanted->answer_bytes)))
        status = STATUS_INVALID_PARAMETER;
    for (UINT i = 0; i < wanted->count && NT_SUCCESS(status); i++)
        wanted->change(os_object_peek(list[i], OS_ALLOCATION));
    free(list);
    return status;
}

static bool always(const D3DKMT_HANDLE *list, UINT count)
{
    (void)list;
    (void)count;
    return true;
}

static NTSTATUS make_resident(struct os_process *process, D3DDDI_MAKERESIDENT *args,
                              D3DDDI_MAKERESIDENT *user)
{
    struct os_paging_queue *paging =
        os_object_lookup(process, args->hPagingQueue, OS_PAGING_QUEUE);
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    if (paging && !args->Flags.Reserved) {
        args->NumBytesToTrim = 0;
        args->PagingFenceValue = os_fence_read(paging->fence) + 1;
        status = change_residency(process, &(struct residency){
            (const struct os_device *)paging->base.parent, args->AllocationList,
            args->NumAllocations, user, args, sizeof(*args), always,
            os_allocation_make_resident });
    }
    if (NT_SUCCESS(status))
        next_paging_value(paging);
    os_object_unref(paging);
    return status;
}

NTSTATUS APIENTRY D3DKMTMakeResident(D3DDDI_MAKERESIDENT *user)
{
    D3DDDI_MAKERESIDENT args;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        os_process_lock(call.process);
        status = make_resident(call.process, &args, user);
        os_process_unlock(call.process);
    }
    return os_call_exit(&call, args.hPagingQueue, status);
}

/* Each must be resident as often as the list names it. */
static bool all_resident(const D3DKMT_HANDLE *list, UINT count)
{
    bool all = true;

    for (UINT i = 0; i < count; i++)
        ((struct os_allocation *)os_object_peek(list[i], OS_ALLOCATION))->named = 0;
    for (UINT i = 0; i < count && all; i++) {
        struct os_allocation *allocation = os_object_peek(list[i], OS_ALLOCATION);

        all = ++allocation->named <= allocation->resident;
    }
    return all;
}

static NTSTATUS evict(struct os_process *process, D3DKMT_EVICT *args, D3DKMT_EVICT *user)
{
    struct os_device *device = os_object_lookup(process, args->hDevice, OS_DEVICE);
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    if (device && !args->Flags.Reserved) {
        args->NumBytesToTrim = 0;
        status = change_residency(process, &(struct residency){
            device, args->AllocationList, args->NumAllocations, user, args, sizeof(*args),
            all_resident, os_allocation_evict });
    }
    os_object_unref(device);
    return status;
}

NTSTATUS APIENTRY D3DKMTEvict(D3DKMT_EVICT *user)
{
    D3DKMT_EVICT args;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        os_process_lock(call.process);
        status = evict(call.process, &args, user);
        os_process_unlock(call.process);
    }
    return os_call_exit(&call, args.hDevice, status);
}

/* --- CPU access ------------------------------------------------------------------------------- */

static struct os_allocation *find_allocation(struct os_process *process, D3DKMT_HANDLE device,
                                             D3DKMT_HANDLE handle)
{
    struct os_allocation *allocation = os_object_lookup(process, handle, OS_ALLOCATION);

    if (allocation && allocation->base.parent->open && allocation->base.parent->name == device)
        return allocation;
    os_object_unref(allocation);
    return NULL;
}

NTSTATUS APIENTRY D3DKMTLock2(D3DKMT_LOCK2 *user)
{
    D3DKMT_LOCK2 args;
    struct os_allocation *allocation;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        os_process_lock(call.process);
        allocation = find_allocation(call.process, args.hDevice, args.hAllocation);
        status = allocation && !args.Flags.Value ? os_allocation_lock(allocation, &args.pData)
                                                 : STATUS_INVALID_PARAMETER;
        if (NT_SUCCESS(status) && !bell_copy_to_user(user, &args, sizeof(args))) {
            os_allocation_unlock(allocation);
            status = STATUS_INVALID_PARAMETER;
        }
        os_object_unref(allocation);
        os_process_unlock(call.process);
    }
    return os_call_exit(&call, args.hAllocation, status);
}

NTSTATUS APIENTRY D3DKMTUnlock2(const D3DKMT_UNLOCK2 *user)
{
    D3DKMT_UNLOCK2 args;
    struct os_allocation *allocation;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        os_process_lock(call.process);
        allocation = find_allocation(call.process, args.hDevice, args.hAllocation);
        status = allocation ? os_allocation_unlock(allocation) : STATUS_INVALID_PARAMETER;
        os_object_unref(allocation);
        os_process_unlock(call.process);
    }
    return os_call_exit(&call, args.hAllocation, status);
}
