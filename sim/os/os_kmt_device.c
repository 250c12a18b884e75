/* SPDX-License-Identifier: MIT */
#include "os_objects.h"

#include <stdlib.h>
#include <string.h>

/* Node in the low half of NodeOrdinalAndAdapterIndex; this machine has adapter index 0 only. */
#define NODE_MASK 0xFFFFu

/* There is one adapter and no way to list adapters: a zero LUID names it too. */
static bool names_adapter(LUID luid)
{
    return (!luid.LowPart && !luid.HighPart) ||
           (luid.LowPart == os_adapter.luid.LowPart && luid.HighPart == os_adapter.luid.HighPart);
}

NTSTATUS APIENTRY D3DKMTOpenAdapterFromLuid(D3DKMT_OPENADAPTERFROMLUID *user)
{
    D3DKMT_OPENADAPTERFROMLUID args;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status) && !names_adapter(args.AdapterLuid))
        status = STATUS_INVALID_PARAMETER;
    if (NT_SUCCESS(status))
        status = os_adapter_open(call.process, &args.hAdapter);
    if (NT_SUCCESS(status) && !bell_copy_to_user(user, &args, sizeof(args))) {
        os_adapter_close(os_object_peek(args.hAdapter, OS_ADAPTER));
        status = STATUS_INVALID_PARAMETER;
    }
    return os_call_exit(&call, args.hAdapter, status);
}

NTSTATUS APIENTRY D3DKMTCloseAdapter(const D3DKMT_CLOSEADAPTER *user)
{
    D3DKMT_CLOSEADAPTER args;
    struct os_object *adapter;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        adapter = os_object_lookup(call.process, args.hAdapter, OS_ADAPTER);
        if (adapter && os_object_close(adapter))
            os_adapter_close(adapter);
        else
            status = STATUS_INVALID_PARAMETER;
        os_object_unref(adapter);
    }
    return os_call_exit(&call, args.hAdapter, status);
}

static NTSTATUS query_node(const D3DKMT_QUERYADAPTERINFO *args, void *data)
{
    D3DKMT_NODEMETADATA *node = data;

    if (args->PrivateDriverDataSize != sizeof(*node) ||
        (node->NodeOrdinalAndAdapterIndex & ~NODE_MASK) ||
        node->NodeOrdinalAndAdapterIndex >= os_adapter.node_count)
        return STATUS_INVALID_PARAMETER;
    node->NodeData = os_adapter.nodes[node->NodeOrdinalAndAdapterIndex];
    return STATUS_SUCCESS;
}

static NTSTATUS query_driver(struct os_process *process, const D3DKMT_QUERYADAPTERINFO *args,
                             void *data)
{
    DXGKARG_QUERYADAPTERINFO ddi = {
        .Type = DXGKQAITYPE_UMDRIVERPRIVATE,
        .pOutputData = data,
        .OutputDataSize = args->PrivateDriverDataSize,
        .hKmdProcessHandle = process->kmd,
    };
    NTSTATUS status;

    os_driver_enter(process);
    status = OS_DDI(QueryAdapterInfo, args->hAdapter, &ddi, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiQueryAdapterInfo(os_adapter.miniport, &ddi));
    os_driver_leave(process);
    return status;
}

static NTSTATUS query(struct os_process *process, const D3DKMT_QUERYADAPTERINFO *args)
{
    NTSTATUS status;
    void *data;

    if (!args->PrivateDriverDataSize)
        return STATUS_INVALID_PARAMETER;
    status = os_copy_in(args->pPrivateDriverData, args->PrivateDriverDataSize, OS_PRIVATE_MAX,
                        &data);
    if (!NT_SUCCESS(status))
        return status;
    if (args->Type == KMTQAITYPE_NODEMETADATA)
        status = query_node(args, data);
    else if (args->Type == KMTQAITYPE_UMDRIVERPRIVATE)
        status = query_driver(process, args, data);
    else
        status = STATUS_NOT_SUPPORTED;
    if (NT_SUCCESS(status) &&
        !bell_copy_to_user(args->pPrivateDriverData, data, args->PrivateDriverDataSize))
        status = STATUS_INVALID_PARAMETER;
    free(data);
    return status;
}

NTSTATUS APIENTRY D3DKMTQueryAdapterInfo(const D3DKMT_QUERYADAPTERINFO *user)
{
    D3DKMT_QUERYADAPTERINFO args;
    struct os_object *adapter;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        adapter = os_object_lookup(call.process, args.hAdapter, OS_ADAPTER);
        status = adapter ? query(call.process, &args) : STATUS_INVALID_PARAMETER;
        os_object_unref(adapter);
    }
    return os_call_exit(&call, args.hAdapter, status);
}

NTSTATUS APIENTRY D3DKMTCreateDevice(D3DKMT_CREATEDEVICE *user)
{
    D3DKMT_CREATEDEVICE args;
    struct os_device *device;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        os_process_lock(call.process);
        status = os_device_create(call.process, &args, &device);
        args.hDevice = NT_SUCCESS(status) ? device->base.name : 0;
        if (NT_SUCCESS(status) && !bell_copy_to_user(user, &args, sizeof(args))) {
            os_object_close(&device->base);
            os_device_destroy(device);
            status = STATUS_INVALID_PARAMETER;
        }
        os_process_unlock(call.process);
    }
    return os_call_exit(&call, args.hDevice, status);
}

NTSTATUS APIENTRY D3DKMTDestroyDevice(const D3DKMT_DESTROYDEVICE *user)
{
    D3DKMT_DESTROYDEVICE args;
    struct os_device *device;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        os_process_lock(call.process);
        device = os_object_lookup(call.process, args.hDevice, OS_DEVICE);
        if (device && os_object_close(&device->base))
            os_device_destroy(device);
        else
            status = STATUS_INVALID_PARAMETER;
        os_object_unref(device);
        os_process_unlock(call.process);
    }
    return os_call_exit(&call, args.hDevice, status);
}

static NTSTATUS create_paging(struct os_process *process, D3DKMT_CREATEPAGINGQUEUE *args,
                              struct os_paging_queue **paging)
{
    struct os_device *device = os_object_lookup(process, args->hDevice, OS_DEVICE);
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    if (device && !args->PhysicalAdapterIndex)
        status = os_paging_queue_create(device, paging);
    os_object_unref(device);
    if (NT_SUCCESS(status)) {
        args->hPagingQueue = (*paging)->base.name;
        args->hSyncObject = (*paging)->fence->base.name;
        args->FenceValueCPUVirtualAddress = (*paging)->fence->window->base;
    }
    return status;
}

NTSTATUS APIENTRY D3DKMTCreatePagingQueue(D3DKMT_CREATEPAGINGQUEUE *user)
{
    D3DKMT_CREATEPAGINGQUEUE args;
    struct os_paging_queue *paging;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        os_process_lock(call.process);
        status = create_paging(call.process, &args, &paging);
        if (NT_SUCCESS(status) && !bell_copy_to_user(user, &args, sizeof(args))) {
            os_object_close(&paging->base);
            os_paging_queue_destroy(paging);
            status = STATUS_INVALID_PARAMETER;
        }
        os_process_unlock(call.process);
    }
    return os_call_exit(&call, args.hPagingQueue, status);
}

NTSTATUS APIENTRY D3DKMTDestroyPagingQueue(D3DDDI_DESTROYPAGINGQUEUE *user)
{
    D3DDDI_DESTROYPAGINGQUEUE args;
    struct os_paging_queue *paging;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        os_process_lock(call.process);
        paging = os_object_lookup(call.process, args.hPagingQueue, OS_PAGING_QUEUE);
        if (paging && os_object_close(&paging->base))
            os_paging_queue_destroy(paging);
        else
            status = STATUS_INVALID_PARAMETER;
        os_object_unref(paging);
        os_process_unlock(call.process);
    }
    return os_call_exit(&call, args.hPagingQueue, status);
}
