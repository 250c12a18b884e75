/* SPDX-License-Identifier: MIT */
#include "bell_umd_internal.h"

#include <stdlib.h>

static NTSTATUS query_caps(struct bell_umd_device *device)
{
    D3DKMT_QUERYADAPTERINFO query = {
        .hAdapter = device->adapter,
        .Type = KMTQAITYPE_UMDRIVERPRIVATE,
        .pPrivateDriverData = &device->caps,
        .PrivateDriverDataSize = sizeof(device->caps),
    };
    NTSTATUS status = D3DKMTQueryAdapterInfo(&query);

    if (!NT_SUCCESS(status))
        return status;
    if (device->caps.version != BELL_INTERFACE_VERSION ||
        device->caps.ring_entry_bytes != BELL_ENTRY_BYTES ||
        device->caps.packet_bytes != BELL_PACKET_BYTES)
        return STATUS_GRAPHICS_DRIVER_MISMATCH;
    return STATUS_SUCCESS;
}

static NTSTATUS create_device(struct bell_umd_device *device)
{
    D3DKMT_CREATEDEVICE create = {.hAdapter = device->adapter};
    NTSTATUS status = D3DKMTCreateDevice(&create);

    device->device = create.hDevice;
    return status;
}

static NTSTATUS create_paging_queue(struct bell_umd_device *device)
{
    D3DKMT_CREATEPAGINGQUEUE create = {.hDevice = device->device};
    NTSTATUS status = D3DKMTCreatePagingQueue(&create);

    device->paging = create.hPagingQueue;
    device->paging_fence = create.FenceValueCPUVirtualAddress;
    return status;
}

static NTSTATUS open_all(struct bell_umd_device *device, LUID adapter)
{
    D3DKMT_OPENADAPTERFROMLUID open = {.AdapterLuid = adapter};
    NTSTATUS status = D3DKMTOpenAdapterFromLuid(&open);

    if (!NT_SUCCESS(status))
        return status;
    device->adapter = open.hAdapter;
    status = query_caps(device);
    if (!NT_SUCCESS(status))
        return status;
    status = create_device(device);
    if (!NT_SUCCESS(status))
        return status;
    return create_paging_queue(device);
}

NTSTATUS bell_umd_open(LUID adapter, struct bell_umd_device **device)
{
    struct bell_umd_device *made = calloc(1, sizeof(*made));
    NTSTATUS status;

    *device = NULL;
    if (made == NULL)
        return STATUS_NO_MEMORY;
    status = open_all(made, adapter);
    if (!NT_SUCCESS(status)) {
        bell_umd_close(made);
        return status;
    }
    *device = made;
    return STATUS_SUCCESS;
}

void bell_umd_close(struct bell_umd_device *device)
{
    if (device == NULL)
        return;
    if (device->paging != 0)
        (void)D3DKMTDestroyPagingQueue(&(D3DDDI_DESTROYPAGINGQUEUE){.hPagingQueue = device->paging});
    if (device->device != 0)
        (void)D3DKMTDestroyDevice(&(D3DKMT_DESTROYDEVICE){.hDevice = device->device});
    if (device->adapter != 0)
        (void)D3DKMTCloseAdapter(&(D3DKMT_CLOSEADAPTER){.hAdapter = device->adapter});
    free(device);
}

const BELL_UMD_CAPS *bell_umd_caps(const struct bell_umd_device *device)
{
    return &device->caps;
}
