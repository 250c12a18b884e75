/* SPDX-License-Identifier: MIT */
#include "bell_umd_internal.h"

static void take_mapping(struct bell_umd_fence *fence, const D3DDDI_NATIVEFENCEMAPPING *mapping)
{
    fence->current = mapping->CurrentValueCpuVa;
    fence->current_gpu = mapping->CurrentValueGpuVa;
    fence->monitored_gpu = mapping->MonitoredValueGpuVa;
}

NTSTATUS bell_umd_fence_create(struct bell_umd_device *device, UINT64 initial, bool shared,
                               struct bell_umd_fence *fence)
{
    D3DKMT_CREATENATIVEFENCE create = {.hDevice = device->device, .Info.InitialFenceValue = initial};
    NTSTATUS status;

    *fence = (struct bell_umd_fence){0};
    create.Info.Flags.Shared = create.Info.Flags.NtSecuritySharing = shared;
    status = D3DKMTCreateNativeFence(&create);
    if (!NT_SUCCESS(status))
        return status;
    fence->handle = create.hSyncObject;
    take_mapping(fence, &create.Info.NativeFenceMapping);
    if (shared)
        status = D3DKMTShareObjects(1, &fence->handle, NULL, 0, &fence->name);
    if (!NT_SUCCESS(status))
        bell_umd_fence_close(fence);
    return status;
}

NTSTATUS bell_umd_fence_open(struct bell_umd_device *device, HANDLE name,
                             struct bell_umd_fence *fence)
{
    D3DKMT_OPENNATIVEFENCEFROMNTHANDLE open = {.hNtHandle = name, .hDevice = device->device};
    NTSTATUS status = D3DKMTOpenNativeFenceFromNtHandle(&open);

    *fence = (struct bell_umd_fence){0};
    if (!NT_SUCCESS(status))
        return status;
    fence->handle = open.hSyncObject;
    fence->name = name;
    take_mapping(fence, &open.NativeFenceMapping);
    return status;
}

void bell_umd_fence_close(struct bell_umd_fence *fence)
{
    if (fence->handle != 0)
        (void)D3DKMTDestroySynchronizationObject(
            &(D3DKMT_DESTROYSYNCHRONIZATIONOBJECT){.hSyncObject = fence->handle});
    *fence = (struct bell_umd_fence){0};
}

UINT64 bell_umd_fence_value(const struct bell_umd_fence *fence)
{
    UINT64 value = *fence->current;

    atomic_thread_fence(memory_order_acquire);
    return value;
}

NTSTATUS bell_umd_fence_wait(struct bell_umd_device *device, const struct bell_umd_fence *fence,
                             UINT64 value)
{
    D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU wait = {
        .hDevice = device->device,
        .ObjectCount = 1,
        .ObjectHandleArray = &fence->handle,
        .FenceValueArray = &value,
    };

    if (bell_umd_fence_value(fence) >= value)
        return STATUS_SUCCESS;
    return D3DKMTWaitForSynchronizationObjectFromCpu(&wait);
}

NTSTATUS bell_umd_fence_signal(struct bell_umd_device *device, const struct bell_umd_fence *fence,
                               UINT64 value)
{
    D3DKMT_SIGNALSYNCHRONIZATIONOBJECTFROMCPU signal = {
        .hDevice = device->device,
        .ObjectCount = 1,
        .ObjectHandleArray = &fence->handle,
        .FenceValueArray = &value,
    };

    atomic_thread_fence(memory_order_release);
    return D3DKMTSignalSynchronizationObjectFromCpu(&signal);
}
