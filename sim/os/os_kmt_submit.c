/* SPDX-License-Identifier: MIT */
/* Kernel-mode submission, and waits of the CPU for fences. */
#include "os_objects.h"

#include <stdlib.h>

/* --- Submit ----------------------------------------------------------------------------------- */

static NTSTATUS submit(struct os_process *process, const D3DKMT_SUBMITCOMMANDTOHWQUEUE *args)
{
    struct os_queue *queue = os_object_lookup(process, args->hHwQueue, OS_QUEUE);
    void *private_data = NULL;
    NTSTATUS status = queue ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;

    if (NT_SUCCESS(status))
        status = os_copy_in(args->pPrivateDriverData, args->PrivateDriverDataSize, OS_PRIVATE_MAX,
                            &private_data);
    if (NT_SUCCESS(status))
        status = os_submit_command(queue, args, private_data);
    free(private_data);
    os_object_unref(queue);
    return status;
}

NTSTATUS APIENTRY D3DKMTSubmitCommandToHwQueue(const D3DKMT_SUBMITCOMMANDTOHWQUEUE *user)
{
    D3DKMT_SUBMITCOMMANDTOHWQUEUE args;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status))
        status = submit(call.process, &args);
    return os_call_exit(&call, args.hHwQueue, status);
}

/*
 * Kernel waits, signals and presents: refused on user-mode submission queues (DB-QUE-02, -05,
 *
 * The machine has neither monitored fences nor a display, so that they are not supported elsewhere.
 */
static NTSTATUS refuse(struct os_process *process, const D3DKMT_HANDLE *user, UINT count)
{
    void *copy;
    NTSTATUS status = os_copy_in(user, (size_t)count * sizeof(*user),
                                 OS_ARRAY_MAX * sizeof(*user), &copy);
    const D3DKMT_HANDLE *handles = copy;

    if (!NT_SUCCESS(status))
        return status;
    status = count ? STATUS_NOT_SUPPORTED : STATUS_INVALID_PARAMETER;
    for (UINT i = 0; i < count; i++) {
        struct os_queue *queue = os_object_lookup(process, handles[i], OS_QUEUE);

        if (!queue || queue->flags.UserModeSubmission)
            status = STATUS_INVALID_PARAMETER;
        os_object_unref(queue);
    }
    free(copy);
    return status;
}

NTSTATUS APIENTRY
D3DKMTSubmitWaitForSyncObjectsToHwQueue(const D3DKMT_SUBMITWAITFORSYNCOBJECTSTOHWQUEUE *user)
{
    D3DKMT_SUBMITWAITFORSYNCOBJECTSTOHWQUEUE args;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status))
        status = refuse(call.process, &args.hHwQueue, 1);
    return os_call_exit(&call, args.hHwQueue, status);
}

NTSTATUS APIENTRY
D3DKMTSubmitSignalSyncObjectsToHwQueue(const D3DKMT_SUBMITSIGNALSYNCOBJECTSTOHWQUEUE *user)
{
    D3DKMT_SUBMITSIGNALSYNCOBJECTSTOHWQUEUE args;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status))
        status = refuse(call.process, args.BroadcastHwQueueArray, args.BroadcastHwQueueCount);
    return os_call_exit(&call, 0, status);
}

NTSTATUS APIENTRY D3DKMTSubmitPresentToHwQueue(D3DKMT_SUBMITPRESENTTOHWQUEUE *user)
{
    D3DKMT_SUBMITPRESENTTOHWQUEUE args;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status) && args.PrivatePresentData.BroadcastContextCount >= OS_ARRAY_MAX)
        status = STATUS_INVALID_PARAMETER;
    if (NT_SUCCESS(status))
        status = refuse(call.process, args.hHwQueues,
                        args.PrivatePresentData.BroadcastContextCount + 1);
    return os_call_exit(&call, 0, status);
}

/* --- Wait ------------------------------------------------------------------------------------- */

struct wait_list {
    UINT count;
    struct os_fence **fences; /* Referenced. */
    uint64_t *values;
};

static void free_list(struct wait_list *list)
{
    for (UINT i = 0; list->fences && i < list->count; i++)
        os_object_unref(list->fences[i]);
    free(list->fences);
    free(list->values);
}

static NTSTATUS take_list(struct os_process *process,
                          const D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU *args,
                          struct wait_list *list)
{
    void *handles, *values;
    NTSTATUS status = os_copy_in(args->ObjectHandleArray,
                                 (size_t)args->ObjectCount * sizeof(D3DKMT_HANDLE),
                                 OS_ARRAY_MAX * sizeof(D3DKMT_HANDLE), &handles);

    if (!NT_SUCCESS(status))
        return status;
    status = os_copy_in(args->FenceValueArray, (size_t)args->ObjectCount * sizeof(uint64_t),
                        OS_ARRAY_MAX * sizeof(uint64_t), &values);
    list->values = values;
    list->fences = calloc(args->ObjectCount ? args->ObjectCount : 1, sizeof(struct os_fence *));
    list->count = args->ObjectCount;
    if (NT_SUCCESS(status) && !list->fences)
        status = STATUS_NO_MEMORY;
    for (UINT i = 0; i < args->ObjectCount && NT_SUCCESS(status); i++) {
        list->fences[i] = os_object_lookup(process, ((D3DKMT_HANDLE *)handles)[i], OS_FENCE);
        if (!list->fences[i])
            status = STATUS_INVALID_PARAMETER;
    }
    free(handles);
    return status;
}

static NTSTATUS wait_from_cpu(struct os_process *process,
                              const D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU *args)
{
    struct os_device *device = os_object_lookup(process, args->hDevice, OS_DEVICE);
    struct wait_list list = { .count = 0 };
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    if (device && args->ObjectCount && !args->Flags.Reserved)
        status = args->hAsyncEvent ? STATUS_NOT_SUPPORTED : take_list(process, args, &list);
    os_object_unref(device);
    if (NT_SUCCESS(status))
        status = os_fence_wait(list.fences, list.values, list.count, args->Flags.WaitAny);
    free_list(&list);
    return status;
}

NTSTATUS APIENTRY
D3DKMTWaitForSynchronizationObjectFromCpu(const D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU *user)
{
    D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU args;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status))
        status = wait_from_cpu(call.process, &args);
    return os_call_exit(&call, args.hDevice, status);
}
