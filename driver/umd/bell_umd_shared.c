/* SPDX-License-Identifier: MIT */
#include "bell_umd_internal.h"

/* One allocation in a resource that has a name in every process. */
static NTSTATUS create(struct bell_umd_device *device, UINT64 bytes, struct bell_umd_shared *shared)
{
    BELL_ALLOCATION_PRIVATE blob = {
        .magic = BELL_ALLOCATION_MAGIC,
        .version = BELL_INTERFACE_VERSION,
        .size = bytes,
        .flags = BELL_ALLOCATION_CPU_VISIBLE | BELL_ALLOCATION_CACHED,
    };
    D3DDDI_ALLOCATIONINFO2 info = {
        .pPrivateDriverData = &blob,
        .PrivateDriverDataSize = sizeof(blob),
    };
    D3DKMT_CREATEALLOCATION create = {
        .hDevice = device->device,
        .NumAllocations = 1,
        .pAllocationInfo2 = &info,
        .Flags.CreateResource = 1,
        .Flags.CreateShared = 1,
    };
    NTSTATUS status = D3DKMTCreateAllocation2(&create);

    if (!NT_SUCCESS(status))
        return status;
    shared->memory.allocation = info.hAllocation;
    shared->resource = create.hResource;
    shared->share = create.hGlobalShare;
    return status;
}

static bool round_up(struct bell_umd_memory *memory, UINT64 bytes)
{
    if (bytes == 0 || bytes > UINT64_MAX - (PAGE_SIZE - 1))
        return false;
    memory->bytes = (bytes + PAGE_SIZE - 1) & ~(UINT64)(PAGE_SIZE - 1);
    return true;
}

NTSTATUS bell_umd_shared_create(struct bell_umd_device *device, UINT64 bytes,
                                struct bell_umd_shared *shared)
{
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    *shared = (struct bell_umd_shared){0};
    if (round_up(&shared->memory, bytes))
        status = create(device, bytes, shared);
    if (NT_SUCCESS(status))
        status = bell_umd_memory_attach(device, &shared->memory, true);
    if (!NT_SUCCESS(status))
        bell_umd_shared_close(device, shared);
    return status;
}

/* The maker's blob comes with it: how large it was made. */
static NTSTATUS open(struct bell_umd_device *device, struct bell_umd_shared *shared)
{
    BELL_ALLOCATION_PRIVATE blob = {0};
    D3DDDI_OPENALLOCATIONINFO2 info = {0};
    D3DKMT_OPENRESOURCE open = {
        .hDevice = device->device,
        .hGlobalShare = shared->share,
        .NumAllocations = 1,
        .pOpenAllocationInfo2 = &info,
        .pTotalPrivateDriverDataBuffer = &blob,
        .TotalPrivateDriverDataBufferSize = sizeof(blob),
    };
    NTSTATUS status = D3DKMTOpenResource2(&open);

    if (!NT_SUCCESS(status))
        return status;
    shared->resource = open.hResource;
    shared->memory.allocation = info.hAllocation;
    if (info.PrivateDriverDataSize != sizeof(blob) || blob.magic != BELL_ALLOCATION_MAGIC ||
        blob.version != BELL_INTERFACE_VERSION || !round_up(&shared->memory, blob.size))
        return STATUS_GRAPHICS_DRIVER_MISMATCH;
    return status;
}

/* OpenResource2 has no room for another shape: say what that means. */
static NTSTATUS check_shape(struct bell_umd_device *device, D3DKMT_HANDLE share)
{
    D3DKMT_QUERYRESOURCEINFO query = {.hDevice = device->device, .hGlobalShare = share};
    NTSTATUS status = D3DKMTQueryResourceInfo(&query);

    if (!NT_SUCCESS(status))
        return status;
    return query.NumAllocations == 1 && query.ResourcePrivateDriverDataSize == 0 &&
                   query.PrivateRuntimeDataSize == 0 &&
                   query.TotalPrivateDriverDataSize == sizeof(BELL_ALLOCATION_PRIVATE)
               ? STATUS_SUCCESS : STATUS_GRAPHICS_DRIVER_MISMATCH;
}

NTSTATUS bell_umd_shared_open(struct bell_umd_device *device, D3DKMT_HANDLE share,
                              struct bell_umd_shared *shared)
{
    NTSTATUS status = check_shape(device, share);

    *shared = (struct bell_umd_shared){.share = share};
    if (NT_SUCCESS(status))
        status = open(device, shared);
    if (NT_SUCCESS(status))
        status = bell_umd_memory_attach(device, &shared->memory, false);
    if (!NT_SUCCESS(status))
        bell_umd_shared_close(device, shared);
    return status;
}

void bell_umd_shared_close(struct bell_umd_device *device, struct bell_umd_shared *shared)
{
    if (shared->memory.cpu != NULL)
        (void)D3DKMTUnlock2(&(D3DKMT_UNLOCK2){.hDevice = device->device,
                                              .hAllocation = shared->memory.allocation});
    if (shared->resource != 0)
        (void)D3DKMTDestroyAllocation2(&(D3DKMT_DESTROYALLOCATION2){
            .hDevice = device->device, .hResource = shared->resource});
    *shared = (struct bell_umd_shared){0};
}
