/* SPDX-License-Identifier: MIT */
#include "os_objects.h"

#include <stdlib.h>

static NTSTATUS call_driver(struct os_process *process, const D3DKMT_ESCAPE *args,
                            const struct os_device *device, const struct os_context *context,
                            void *private_data)
{
    DXGKARG_ESCAPE ddi = {
        .hDevice = device ? device->kmd : NULL,
        .Flags = args->Flags,
        .pPrivateDriverData = private_data,
        .PrivateDriverDataSize = args->PrivateDriverDataSize,
        .hContext = context ? context->kmd : NULL,
        .hKmdProcessHandle = process->kmd,
    };
    NTSTATUS status;

    if (os_adapter.ddi.DxgkDdiEscape == NULL)
        return STATUS_NOT_SUPPORTED;
    os_driver_enter(process);
    status = OS_DDI(Escape, args->hContext, &ddi, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiEscape(os_adapter.miniport, &ddi));
    os_driver_leave(process);
    return status;
}

static NTSTATUS with_data(struct os_process *process, const D3DKMT_ESCAPE *args,
                          const struct os_device *device, const struct os_context *context)
{
    void *data;
    NTSTATUS status = os_copy_in(args->pPrivateDriverData, args->PrivateDriverDataSize,
                                 OS_PRIVATE_MAX, &data);

    if (!NT_SUCCESS(status))
        return status;
    status = call_driver(process, args, device, context, data);
    if (NT_SUCCESS(status) && args->PrivateDriverDataSize &&
        !bell_copy_to_user(args->pPrivateDriverData, data, args->PrivateDriverDataSize))
        status = STATUS_INVALID_PARAMETER;
    free(data);
    return status;
}

/* Objects cannot go away meanwhile: the caller holds the process lock. */
static NTSTATUS escape(struct os_process *process, const D3DKMT_ESCAPE *args)
{
    struct os_object *adapter = os_object_lookup(process, args->hAdapter, OS_ADAPTER);
    struct os_device *device =
        args->hDevice ? os_object_lookup(process, args->hDevice, OS_DEVICE) : NULL;
    struct os_context *context =
        args->hContext ? os_object_lookup(process, args->hContext, OS_CONTEXT) : NULL;
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    if (adapter && (device || !args->hDevice) && (context || !args->hContext) &&
        !args->Flags.Value)
        status = args->Type == D3DKMT_ESCAPE_DRIVERPRIVATE
                     ? with_data(process, args, device, context) : STATUS_NOT_SUPPORTED;
    os_object_unref(context);
    os_object_unref(device);
    os_object_unref(adapter);
    return status;
}

NTSTATUS APIENTRY D3DKMTEscape(const D3DKMT_ESCAPE *user)
{
    D3DKMT_ESCAPE args;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        os_process_lock(call.process);
        status = escape(call.process, &args);
        os_process_unlock(call.process);
    }
    return os_call_exit(&call, args.hContext, status);
}
