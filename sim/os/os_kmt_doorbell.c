/* SPDX-License-Identifier: MIT */
#include "os_objects.h"

static NTSTATUS create(struct os_process *process, D3DKMT_CREATE_DOORBELL *args,
                       struct os_doorbell **doorbell)
{
    UINT size = args->PrivateDriverDataSize;
    UCHAR private_data[D3DDDI_DOORBELL_PRIVATEDATA_MAX_BYTES_WDDM3_1 + OS_CANARY_BYTES] = { 0 };
    NTSTATUS status;

    if (size > D3DDDI_DOORBELL_PRIVATEDATA_MAX_BYTES_WDDM3_1 || (size && !args->PrivateDriverData) ||
        (size && !bell_copy_from_user(private_data, args->PrivateDriverData, size)))
        return STATUS_INVALID_PARAMETER; /* DB-CRE-08 */
    os_monitor_canary_set(private_data + size);
    status = os_doorbell_create(process, args, size ? private_data : NULL, doorbell);
    os_monitor_canary_check(private_data + size, "DB-CRE-08", "DxgkDdiCreateDoorbell", size);
    if (!NT_SUCCESS(status))
        return status;
    args->DoorbellCPUVirtualAddress = os_doorbell_address(*doorbell);
    args->DoorbellSecondaryCPUVirtualAddress = os_doorbell_second_address(*doorbell);
    args->DoorbellStatusCPUVirtualAddress = (*doorbell)->status_window->base;
    args->HwQueueProgressFenceLastQueuedValueCPUVirtualAddress = (*doorbell)->lqv_window->base;
    args->hDoorbell = (*doorbell)->base.name;
    if (size && !bell_copy_to_user(args->PrivateDriverData, private_data, size))
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

/* The user could not be told: nothing is left behind (DB-CRE-01). */
static void undo_create(struct os_doorbell *doorbell)
{
    if (doorbell && os_object_close(&doorbell->base))
        os_doorbell_destroy(doorbell, false);
}

NTSTATUS APIENTRY D3DKMTCreateDoorbell(D3DKMT_CREATE_DOORBELL *user)
{
    D3DKMT_CREATE_DOORBELL args;
    struct os_doorbell *doorbell = NULL;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        os_process_lock(call.process);
        status = create(call.process, &args, &doorbell);
        if (NT_SUCCESS(status) && !bell_copy_to_user(user, &args, sizeof(args)))
            status = STATUS_INVALID_PARAMETER;
        if (!NT_SUCCESS(status))
            undo_create(doorbell);
        os_process_unlock(call.process);
    }
    return os_call_exit(&call, NT_SUCCESS(status) ? args.hDoorbell : 0, status);
}

/* Bad handle or reserved flags: refused without a DDI (DB-CON-09, DB-NTF-03). */
static NTSTATUS on_doorbell(struct os_process *process, D3DKMT_HANDLE handle, UINT flags,
                            NTSTATUS (*act)(struct os_doorbell *doorbell))
{
    struct os_doorbell *doorbell = os_object_lookup(process, handle, OS_DOORBELL);
    NTSTATUS status = doorbell && !flags ? act(doorbell) : STATUS_INVALID_PARAMETER;

    os_object_unref(doorbell);
    return status;
}

NTSTATUS APIENTRY D3DKMTConnectDoorbell(D3DKMT_CONNECT_DOORBELL *user)
{
    D3DKMT_CONNECT_DOORBELL args;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status))
        status = on_doorbell(call.process, args.hDoorbell, args.Flags.Value, os_doorbell_connect);
    return os_call_exit(&call, args.hDoorbell, status);
}

NTSTATUS APIENTRY D3DKMTDestroyDoorbell(D3DKMT_DESTROY_DOORBELL *user)
{
    D3DKMT_DESTROY_DOORBELL args;
    struct os_doorbell *doorbell;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        os_process_lock(call.process);
        doorbell = os_object_lookup(call.process, args.hDoorbell, OS_DOORBELL);
        if (doorbell && os_object_close(&doorbell->base))
            os_doorbell_destroy(doorbell, false);
        else
            status = STATUS_INVALID_PARAMETER; /* DB-DES-01 */
        if (doorbell)
            os_object_unref(doorbell);
        os_process_unlock(call.process);
    }
    return os_call_exit(&call, args.hDoorbell, status);
}

NTSTATUS APIENTRY D3DKMTNotifyWorkSubmission(D3DKMT_NOTIFY_WORK_SUBMISSION *user)
{
    D3DKMT_NOTIFY_WORK_SUBMISSION args;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status))
        status = on_doorbell(call.process, args.hDoorbell, args.Flags.Value, os_doorbell_notify);
    return os_call_exit(&call, args.hDoorbell, status);
}
