/* SPDX-License-Identifier: MIT */
#include "bell_umd_internal.h"

NTSTATUS bell_umd_paging_wait(struct bell_umd_device *device, NTSTATUS status, UINT64 value)
{
    UINT32 turns;

    if (status != STATUS_PENDING)
        return status;
    for (turns = 0; turns < BELL_UMD_STALL_TURNS; turns++) {
        if (*device->paging_fence >= value)
            return STATUS_SUCCESS;
        YieldProcessor();
    }
    return STATUS_IO_TIMEOUT;
}

/* The driver sees the exact size: it lays a ring out by it (bell_private.h). */
static NTSTATUS allocate(struct bell_umd_device *device, UINT64 bytes,
                         struct bell_umd_memory *memory)
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
    };
    NTSTATUS status = D3DKMTCreateAllocation2(&create);

    memory->allocation = NT_SUCCESS(status) ? info.hAllocation : 0;
    return status;
}

static NTSTATUS make_resident(struct bell_umd_device *device, struct bell_umd_memory *memory)
{
    D3DDDI_MAKERESIDENT resident = {
        .hPagingQueue = device->paging,
        .NumAllocations = 1,
        .AllocationList = &memory->allocation,
    };
    NTSTATUS status = D3DKMTMakeResident(&resident);

    return bell_umd_paging_wait(device, status, resident.PagingFenceValue);
}

static NTSTATUS map_gpu(struct bell_umd_device *device, struct bell_umd_memory *memory)
{
    D3DDDI_MAPGPUVIRTUALADDRESS map = {
        .hPagingQueue = device->paging,
        .hAllocation = memory->allocation,
        .SizeInPages = memory->bytes / PAGE_SIZE,
        .Protection.Write = 1,
    };
    NTSTATUS status = D3DKMTMapGpuVirtualAddress(&map);

    memory->gpu = map.VirtualAddress;
    return bell_umd_paging_wait(device, status, map.PagingFenceValue);
}

static NTSTATUS map_cpu(struct bell_umd_device *device, struct bell_umd_memory *memory)
{
    D3DKMT_LOCK2 lock = {.hDevice = device->device, .hAllocation = memory->allocation};
    NTSTATUS status = D3DKMTLock2(&lock);

    memory->cpu = lock.pData;
    return status;
}

NTSTATUS bell_umd_memory_attach(struct bell_umd_device *device, struct bell_umd_memory *memory,
                                bool cpu)
{
    NTSTATUS status = make_resident(device, memory);

    if (NT_SUCCESS(status))
        status = map_gpu(device, memory);
    if (NT_SUCCESS(status) && cpu)
        status = map_cpu(device, memory);
    return status;
}

NTSTATUS bell_umd_alloc(struct bell_umd_device *device, UINT64 bytes,
                        struct bell_umd_memory *memory)
{
    NTSTATUS status;

    *memory = (struct bell_umd_memory){0};
    if (bytes == 0 || bytes > UINT64_MAX - (PAGE_SIZE - 1))
        return STATUS_INVALID_PARAMETER;
    memory->bytes = (bytes + PAGE_SIZE - 1) & ~(UINT64)(PAGE_SIZE - 1);
    status = allocate(device, bytes, memory);
    if (NT_SUCCESS(status))
        status = bell_umd_memory_attach(device, memory, true);
    if (!NT_SUCCESS(status))
        bell_umd_free(device, memory);
    return status;
}

void bell_umd_free(struct bell_umd_device *device, struct bell_umd_memory *memory)
{
    if (memory->cpu != NULL)
        (void)D3DKMTUnlock2(&(D3DKMT_UNLOCK2){.hDevice = device->device,
                                              .hAllocation = memory->allocation});
    if (memory->allocation != 0)
        (void)D3DKMTDestroyAllocation2(
            &(D3DKMT_DESTROYALLOCATION2){.hDevice = device->device,
                                         .phAllocationList = &memory->allocation,
                                         .AllocationCount = 1});
    *memory = (struct bell_umd_memory){0};
}
