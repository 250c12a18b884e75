/* SPDX-License-Identifier: MIT */
/* Sharing: a resource of one process opened in another. */
#include "os_objects.h"

#include <stdlib.h>
#include <string.h>

/* --- Query ---------------------------------------------------------------------------------- */

static NTSTATUS describe(const struct os_group *group, D3DKMT_QUERYRESOURCEINFO *args,
                         D3DKMT_QUERYRESOURCEINFO *user)
{
    if (args->pPrivateRuntimeData && args->PrivateRuntimeDataSize < group->runtime_size)
        return STATUS_INVALID_PARAMETER;
    args->PrivateRuntimeDataSize = group->runtime_size;
    args->TotalPrivateDriverDataSize = (UINT)os_group_private_bytes(group);
    args->ResourcePrivateDriverDataSize = group->private_size;
    args->NumAllocations = os_group_count(group);
    if (args->pPrivateRuntimeData && group->runtime_size &&
        !bell_copy_to_user(args->pPrivateRuntimeData, group->runtime_data, group->runtime_size))
        return STATUS_INVALID_PARAMETER;
    return bell_copy_to_user(user, args, sizeof(*args)) ? STATUS_SUCCESS
                                                        : STATUS_INVALID_PARAMETER;
}

static NTSTATUS query(struct os_process *process, D3DKMT_QUERYRESOURCEINFO *args,
                      D3DKMT_QUERYRESOURCEINFO *user)
{
    struct os_device *device = os_object_lookup(process, args->hDevice, OS_DEVICE);
    struct os_group *group = os_group_find(args->hGlobalShare);
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    if (device && group) {
        group->refs++;
        status = describe(group, args, user);
        os_group_unref(group);
    }
    os_object_unref(device);
    return status;
}

NTSTATUS APIENTRY D3DKMTQueryResourceInfo(D3DKMT_QUERYRESOURCEINFO *user)
{
    D3DKMT_QUERYRESOURCEINFO args;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        os_process_lock(call.process);
        status = query(call.process, &args, user);
        os_process_unlock(call.process);
    }
    return os_call_exit(&call, args.hGlobalShare, status);
}

/* --- Open ----------------------------------------------------------------------------------- */

static bool has_room(const D3DKMT_OPENRESOURCE *args, const struct os_group *group)
{
    return args->NumAllocations == os_group_count(group) &&
           args->TotalPrivateDriverDataBufferSize >= os_group_private_bytes(group) &&
           args->ResourcePrivateDriverDataSize >= group->private_size &&
           args->PrivateRuntimeDataSize >= group->runtime_size;
}

static bool copy_blob(void *user, const void *blob, UINT bytes)
{
    return !bytes || bell_copy_to_user(user, blob, bytes);
}

/* Handles and blobs of the openings; each info points at its blob in the user's buffer. */
static bool copy_openings(D3DKMT_OPENRESOURCE *args, struct os_allocation *const *made, UINT count)
{
    uintptr_t at = (uintptr_t)args->pTotalPrivateDriverDataBuffer;
    bool ok = true;

    for (UINT i = 0; i < count && ok; i++) {
        const struct os_backing *backing = made[i]->backing;
        D3DDDI_OPENALLOCATIONINFO2 info = { .hAllocation = made[i]->base.name,
                                            .pPrivateDriverData = (void *)at,
                                            .PrivateDriverDataSize = backing->private_size };

        ok = copy_blob((void *)at, backing->private_data, backing->private_size) &&
             bell_copy_to_user(&args->pOpenAllocationInfo2[i], &info, sizeof(info));
        at += backing->private_size;
    }
    args->TotalPrivateDriverDataBufferSize =
        (UINT)(at - (uintptr_t)args->pTotalPrivateDriverDataBuffer);
    return ok;
}

static NTSTATUS copy_out(D3DKMT_OPENRESOURCE *args, D3DKMT_OPENRESOURCE *user,
                         const struct os_resource *resource, struct os_allocation *const *made,
                         UINT count)
{
    const struct os_group *group = resource->group;
    bool ok = copy_openings(args, made, count) &&
              copy_blob(args->pResourcePrivateDriverData, group->private_data,
                        group->private_size) &&
              copy_blob(args->pPrivateRuntimeData, group->runtime_data, group->runtime_size);

    args->hResource = resource->base.name;
    return ok && bell_copy_to_user(user, args, sizeof(*args)) ? STATUS_SUCCESS
                                                              : STATUS_INVALID_PARAMETER;
}

static NTSTATUS open_group(struct os_device *device, D3DKMT_OPENRESOURCE *args,
                           D3DKMT_OPENRESOURCE *user, struct os_group *group)
{
    UINT count = args->NumAllocations;
    struct os_allocation **made = calloc(count ? count : 1, sizeof(struct os_allocation *));
    struct os_resource *resource = NULL;
    NTSTATUS status = STATUS_NO_MEMORY;

    if (made)
        status = os_resource_open(device, group, &resource, made);
    if (NT_SUCCESS(status)) {
        status = copy_out(args, user, resource, made, count);
        if (!NT_SUCCESS(status) && os_object_close(&resource->base))
            os_resource_destroy(resource);
    }
    free(made);
    return status;
}

NTSTATUS APIENTRY D3DKMTOpenResource2(D3DKMT_OPENRESOURCE *user)
{
    D3DKMT_OPENRESOURCE args;
    struct os_device *device;
    struct os_group *group;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        os_process_lock(call.process);
        device = os_object_lookup(call.process, args.hDevice, OS_DEVICE);
        group = os_group_find(args.hGlobalShare);
        status = device && group && has_room(&args, group) ? open_group(device, &args, user, group)
                                                           : STATUS_INVALID_PARAMETER;
        os_object_unref(device);
        os_process_unlock(call.process);
    }
    return os_call_exit(&call, args.hResource, status);
}
