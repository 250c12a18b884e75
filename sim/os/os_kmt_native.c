/* SPDX-License-Identifier: MIT */
/* Native fences as user mode has them, and signals of the CPU. */
#include "os_native.h"

#include <stdlib.h>

/* --- Create, open, share, destroy ------------------------------------------------------------- */

static bool info_is_valid(const D3DDDI_NATIVEFENCEINFO *info)
{
    D3DDDI_SYNCHRONIZATIONOBJECT_FLAGS known = { .Shared = 1, .NtSecuritySharing = 1,
                                                 .CrossAdapter = 1 };

    return !(info->Flags.Value & ~known.Value) && info->EngineAffinity <= 1 &&
           info->Flags.Shared == info->Flags.NtSecuritySharing &&
           (UINT)info->Type <= D3DDDI_NATIVEFENCE_TYPE_INTRA_GPU;
}

/* The user could not be told: nothing is left behind. */
static NTSTATUS tell(void *user, const void *args, size_t size, struct os_fence *fence)
{
    if (bell_copy_to_user(user, args, size))
        return STATUS_SUCCESS;
    os_object_close(&fence->base);
    os_fence_destroy(fence);
    return STATUS_INVALID_PARAMETER;
}

static NTSTATUS create(struct os_process *process, D3DKMT_CREATENATIVEFENCE *user,
                       D3DKMT_CREATENATIVEFENCE *args)
{
    struct os_device *device = os_object_lookup(process, args->hDevice, OS_DEVICE);
    struct os_fence *fence = NULL;
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    if (device && !args->Flags.Value && info_is_valid(&args->Info))
        status = os_native_create(device, "native-fence", &args->Info, args->PrivateDriverData,
                                  &fence);
    if (NT_SUCCESS(status)) {
        args->hSyncObject = fence->base.name;
        os_native_describe(fence, &args->Info.NativeFenceMapping);
        status = tell(user, args, sizeof(*args), fence);
    }
    os_object_unref(device);
    return status;
}

NTSTATUS APIENTRY D3DKMTCreateNativeFence(D3DKMT_CREATENATIVEFENCE *user)
{
    D3DKMT_CREATENATIVEFENCE args;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        os_process_lock(call.process);
        status = create(call.process, user, &args);
        os_process_unlock(call.process);
    }
    return os_call_exit(&call, NT_SUCCESS(status) ? args.hSyncObject : 0, status);
}

static NTSTATUS open(struct os_process *process, D3DKMT_OPENNATIVEFENCEFROMNTHANDLE *user,
                     D3DKMT_OPENNATIVEFENCEFROMNTHANDLE *args)
{
    struct os_device *device = os_object_lookup(process, args->hDevice, OS_DEVICE);
    struct os_fence *fence = NULL;
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    if (device && !args->Flags.Value && args->EngineAffinity <= 1)
        status = os_native_open(device, args->hNtHandle, &fence);
    if (NT_SUCCESS(status)) {
        args->hSyncObject = fence->base.name;
        os_native_describe(fence, &args->NativeFenceMapping);
        status = tell(user, args, sizeof(*args), fence);
    }
    os_object_unref(device);
    return status;
}

NTSTATUS APIENTRY D3DKMTOpenNativeFenceFromNtHandle(D3DKMT_OPENNATIVEFENCEFROMNTHANDLE *user)
{
    D3DKMT_OPENNATIVEFENCEFROMNTHANDLE args;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        os_process_lock(call.process);
        status = open(call.process, user, &args);
        os_process_unlock(call.process);
    }
    return os_call_exit(&call, NT_SUCCESS(status) ? args.hSyncObject : 0, status);
}

/* A fence that the process made or opened itself; referenced. */
static struct os_fence *own_native(struct os_process *process, D3DKMT_HANDLE handle)
{
    struct os_fence *fence = os_object_lookup(process, handle, OS_FENCE);

    if (fence && (!fence->native || fence->queue)) {
        os_object_unref(fence);
        return NULL;
    }
    return fence;
}

NTSTATUS APIENTRY
D3DKMTDestroySynchronizationObject(const D3DKMT_DESTROYSYNCHRONIZATIONOBJECT *user)
{
    D3DKMT_DESTROYSYNCHRONIZATIONOBJECT args;
    struct os_fence *fence;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        os_process_lock(call.process);
        fence = own_native(call.process, args.hSyncObject);
        if (fence && os_object_close(&fence->base))
            os_fence_destroy(fence);
        else
            status = STATUS_INVALID_PARAMETER;
        os_object_unref(fence);
        os_process_unlock(call.process);
    }
    return os_call_exit(&call, args.hSyncObject, status);
}

NTSTATUS APIENTRY D3DKMTShareObjects(UINT count, const D3DKMT_HANDLE *objects, VOID *attributes,
                                     UINT access, HANDLE *name)
{
    D3DKMT_HANDLE handle = 0;
    struct os_fence *fence = NULL;
    struct os_call call;
    HANDLE made = NULL;
    NTSTATUS status = os_call_enter(&call, __func__, objects, &handle, sizeof(handle));

    if (NT_SUCCESS(status)) {
        fence = count == 1 && !attributes && !access ? own_native(call.process, handle) : NULL;
        status = fence ? os_native_share(fence, &made) : STATUS_INVALID_PARAMETER;
    }
    if (NT_SUCCESS(status) && !bell_copy_to_user(name, &made, sizeof(made)))
        status = STATUS_INVALID_PARAMETER;
    os_object_unref(fence);
    return os_call_exit(&call, handle, status);
}

/* --- Signal ----------------------------------------------------------------------------------- */

struct list {
    UINT count;
    struct os_fence **fences; /* Referenced. */
    uint64_t *values;
};

static void free_list(struct list *list)
{
    for (UINT i = 0; list->fences && i < list->count; i++)
        os_object_unref(list->fences[i]);
    free(list->fences);
    free(list->values);
}

static NTSTATUS take_list(struct os_process *process,
                          const D3DKMT_SIGNALSYNCHRONIZATIONOBJECTFROMCPU *args, struct list *list)
{
    void *handles, *values = NULL;
    NTSTATUS status = os_copy_in(args->ObjectHandleArray,
                                 (size_t)args->ObjectCount * sizeof(D3DKMT_HANDLE),
                                 OS_ARRAY_MAX * sizeof(D3DKMT_HANDLE), &handles);

    if (NT_SUCCESS(status))
        status = os_copy_in(args->FenceValueArray, (size_t)args->ObjectCount * sizeof(uint64_t),
                            OS_ARRAY_MAX * sizeof(uint64_t), &values);
    list->values = values;
    list->count = NT_SUCCESS(status) ? args->ObjectCount : 0;
    list->fences = calloc(list->count ? list->count : 1, sizeof(struct os_fence *));
    if (!list->fences)
        status = STATUS_NO_MEMORY;
    for (UINT i = 0; i < list->count && NT_SUCCESS(status); i++) {
        list->fences[i] = own_native(process, ((D3DKMT_HANDLE *)handles)[i]);
        if (!list->fences[i])
            status = STATUS_INVALID_PARAMETER;
    }
    free(handles);
    return status;
}

static NTSTATUS signal_from_cpu(struct os_process *process,
                                const D3DKMT_SIGNALSYNCHRONIZATIONOBJECTFROMCPU *args)
{
    struct os_device *device = os_object_lookup(process, args->hDevice, OS_DEVICE);
    struct list list = { .count = 0 };
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    if (device && args->ObjectCount && !args->Flags.Value)
        status = take_list(process, args, &list);
    os_object_unref(device);
    if (NT_SUCCESS(status))
        status = os_native_signal(list.fences, list.values, list.count);
    free_list(&list);
    return status;
}

NTSTATUS APIENTRY D3DKMTSignalSynchronizationObjectFromCpu(
    const D3DKMT_SIGNALSYNCHRONIZATIONOBJECTFROMCPU *user)
{
    D3DKMT_SIGNALSYNCHRONIZATIONOBJECTFROMCPU args;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status))
        status = signal_from_cpu(call.process, &args);
    return os_call_exit(&call, args.hDevice, status);
}
