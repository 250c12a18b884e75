/* SPDX-License-Identifier: MIT */
#include "bell_kmd_native_fence.h"

#include <string.h>

#include "bell_kmd_mmio.h"
#include "bell_kmd_queue.h"

/* Bytes from one monitored value to the next; a pair of values shares no cache line with another. */
#define MONITORED_STRIDE 64u
/* A fence's key: address bits 11 .. 6 of its current value. */
#define KEY_SHIFT 6
#define KEY_MASK (BELL_FENCE_WAKE_KEY_MASK >> BELL_FENCE_WAKE_KEY_SHIFT)

static UINT32 key_of(UINT64 address)
{
    return (UINT32)(address >> KEY_SHIFT & KEY_MASK);
}

static struct bell_native_open **bucket_of(struct bell_adapter *adapter, UINT32 pasid,
                                           D3DGPU_VIRTUAL_ADDRESS address)
{
    return &adapter->native_opens[(key_of(address) ^ pasid) % BELL_KMD_NATIVE_BUCKETS];
}

VOID bell_kmd_native_caps(DXGK_NATIVE_FENCE_CAPS *caps)
{
    memset(caps, 0, sizeof(*caps));
    caps->MonitoredValueStride = MONITORED_STRIDE;
    caps->MapToGpuSystemProcess = TRUE;
}

/* ---- Create, open, close, destroy --------------------------------------------------------- */

static bool is_value_address(D3DGPU_VIRTUAL_ADDRESS address)
{
    return address != 0 && address % sizeof(UINT64) == 0 && address <= BELL_QUEUE_BASE_ADDR_MASK;
}

/* The driver plays the part of hardware that compares when the monitored value changes. */
static volatile UINT64 *map_value(D3DGPU_VIRTUAL_ADDRESS address)
{
    const UINT64 offset = address % PAGE_SIZE;
    PHYSICAL_ADDRESS page;
    UCHAR *mapped;

    page.QuadPart = (LONGLONG)(address - offset);
    mapped = MmMapIoSpaceEx(page, PAGE_SIZE, PAGE_READWRITE);
    return mapped != NULL ? (volatile UINT64 *)(volatile VOID *)(mapped + offset) : NULL;
}

static VOID unmap_value(volatile UINT64 *value)
{
    const ULONG_PTR address = (ULONG_PTR)value;

    MmUnmapIoSpace((PVOID)(address - address % PAGE_SIZE), PAGE_SIZE);
}

NTSTATUS bell_kmd_native_create(struct bell_adapter *adapter, DXGKARG_CREATENATIVEFENCE *args)
{
    struct bell_native_fence *fence;

    if (!adapter->native_fence)
        return STATUS_NOT_SUPPORTED;
    if (args->Flags.Value != 0 || (UINT)args->Type > D3DDDI_NATIVEFENCE_TYPE_INTRA_GPU ||
        !is_value_address(args->CurrentValueSystemProcessGpuVa) ||
        !is_value_address(args->MonitoredValueSystemProcessGpuVa))
        return STATUS_INVALID_PARAMETER;
    fence = bell_kmd_alloc(sizeof(*fence));
    if (fence == NULL)
        return STATUS_NO_MEMORY;
    fence->current = map_value(args->CurrentValueSystemProcessGpuVa);
    if (fence->current == NULL) {
        bell_kmd_free(fence);
        return STATUS_NO_MEMORY;
    }
    fence->kind = BELL_KIND_NATIVE_FENCE;
    fence->adapter = adapter;
    fence->os_fence = args->hGlobalNativeFence;
    args->hGlobalNativeFence = fence;
    return STATUS_SUCCESS;
}

/* One opening more or less. */
static UINT32 count_open(struct bell_native_fence *fence, UINT32 change)
{
    KIRQL irql;
    UINT32 opens;

    KeAcquireSpinLock(&fence->adapter->map_lock, &irql);
    opens = fence->opens += change;
    KeReleaseSpinLock(&fence->adapter->map_lock, irql);
    return opens;
}

NTSTATUS bell_kmd_native_destroy(struct bell_native_fence *fence)
{
    if (count_open(fence, 0) != 0)
        return STATUS_INVALID_PARAMETER;
    unmap_value(fence->current);
    fence->kind = 0;
    bell_kmd_free(fence);
    return STATUS_SUCCESS;
}

static BOOLEAN link_open(PVOID context)
{
    struct bell_native_open *open = context;
    struct bell_native_open **bucket = bucket_of(open->fence->adapter, open->pasid, open->current);

    open->next = *bucket;
    *bucket = open;
    return TRUE;
}

static BOOLEAN unlink_open(PVOID context)
{
    struct bell_native_open *open = context;
    struct bell_native_open **link = bucket_of(open->fence->adapter, open->pasid, open->current);

    while (*link != NULL && *link != open)
        link = &(*link)->next;
    if (*link != NULL)
        *link = open->next;
    return TRUE;
}

NTSTATUS bell_kmd_native_open(struct bell_adapter *adapter, DXGKARG_OPENNATIVEFENCE *args)
{
    const struct bell_device *device = args->hDevice;
    struct bell_native_fence *fence = args->hGlobalNativeFence;
    struct bell_native_open *open;

    if (args->Flags.Value != 0 || fence->adapter != adapter || device->adapter != adapter ||
        !is_value_address(args->CurrentValueGpuVa) || !is_value_address(args->MonitoredValueGpuVa))
        return STATUS_INVALID_PARAMETER;
    open = bell_kmd_alloc(sizeof(*open));
    if (open == NULL)
        return STATUS_NO_MEMORY;
    open->kind = BELL_KIND_NATIVE_OPEN;
    open->fence = fence;
    open->os_open = args->hLocalNativeFence;
    open->pasid = device->process->pasid;
    open->current = args->CurrentValueGpuVa;
    (VOID)count_open(fence, 1);
    bell_kmd_at_dirql(adapter, link_open, open);
    args->hLocalNativeFence = open;
    return STATUS_SUCCESS;
}

VOID bell_kmd_native_close(struct bell_native_open *open)
{
    bell_kmd_at_dirql(open->fence->adapter, unlink_open, open);
    (VOID)count_open(open->fence, (UINT32)-1);
    open->kind = 0;
    bell_kmd_free(open);
}

/* ---- Reports ------------------------------------------------------------------------------ */

/* NULL: any fence may be signaled. */
static VOID report(struct bell_adapter *adapter, UINT node, const struct bell_queue *queue,
                   HANDLE os_fence)
{
    DXGKARGCB_NOTIFY_INTERRUPT_DATA data;

    memset(&data, 0, sizeof(data));
    data.InterruptType = DXGK_INTERRUPT_NATIVE_FENCE_SIGNALED;
    data.NativeFenceSignaled.NodeOrdinal = node;
    data.NativeFenceSignaled.hHWQueue = queue != NULL ? queue->os_queue : NULL;
    if (os_fence != NULL) {
        data.NativeFenceSignaled.SignaledNativeFenceCount = 1;
        data.NativeFenceSignaled.pSignaledNativeFenceArray = &os_fence;
    }
    adapter->dxgk.DxgkCbNotifyInterrupt(adapter->dxgk.DeviceHandle, &data);
}

VOID bell_kmd_native_signaled(struct bell_adapter *adapter, UINT node,
                              const struct bell_queue *queue, D3DGPU_VIRTUAL_ADDRESS address)
{
    const struct bell_native_open *open = NULL;

    if (queue != NULL) {
        const UINT32 pasid = queue->context->device->process->pasid;

        open = *bucket_of(adapter, pasid, address);
        while (open != NULL && (open->pasid != pasid || open->current != address))
            open = open->next;
    }
    report(adapter, node, queue, open != NULL ? open->fence->os_fence : NULL);
}

/* ---- Values ------------------------------------------------------------------------------- */

static bool are_ours(struct bell_adapter *adapter, HANDLE *fences, UINT64 *values, VOID **addresses,
                     UINT count)
{
    if (count != 0 && (fences == NULL || values == NULL || addresses == NULL))
        return false;
    for (UINT i = 0; i < count; i++)
        if (!bell_kmd_is(fences[i], BELL_KIND_NATIVE_FENCE) || addresses[i] == NULL ||
            ((const struct bell_native_fence *)fences[i])->adapter != adapter)
            return false;
    return true;
}

NTSTATUS bell_kmd_native_update_monitored(struct bell_adapter *adapter,
                                          const DXGKARG_UPDATEMONITOREDVALUES *args)
{
    bool reported = false;

    if (args->Flags.Value != 0 ||
        !are_ours(adapter, args->NativeFenceArray, args->UpdatedValueArray,
                  args->MonitoredValueKernelCpuVa, args->NumFences))
        return STATUS_INVALID_PARAMETER;
    for (UINT i = 0; i < args->NumFences; i++) {
        const struct bell_native_fence *fence = args->NativeFenceArray[i];

        *(volatile UINT64 *)args->MonitoredValueKernelCpuVa[i] = args->UpdatedValueArray[i];
        KeMemoryBarrier(); /* The engine does it the other way round. */
        BELL_POINT("native.monitored-to-current");
        if (*fence->current <= args->UpdatedValueArray[i])
            continue;
        report(adapter, 0, NULL, fence->os_fence);
        reported = true;
    }
    if (reported)
        (VOID)adapter->dxgk.DxgkCbQueueDpc(adapter->dxgk.DeviceHandle);
    return STATUS_SUCCESS;
}

NTSTATUS bell_kmd_native_update_current(struct bell_adapter *adapter,
                                        const DXGKARG_UPDATECURRENTVALUESFROMCPU *args)
{
    if (args->Flags.Reserved != 0 ||
        !are_ours(adapter, args->NativeFenceArray, args->UpdatedValueArray,
                  args->CurrentValueKernelCpuVa, args->NumFences))
        return STATUS_INVALID_PARAMETER;
    if (args->Flags.AlwaysSignaled)
        return STATUS_NOT_SUPPORTED;
    for (UINT i = 0; i < args->NumFences; i++) {
        volatile UINT64 *current = args->CurrentValueKernelCpuVa[i];

        if (!args->Flags.NotificationOnly && *current < args->UpdatedValueArray[i])
            *current = args->UpdatedValueArray[i];
        KeMemoryBarrier(); /* Who is woken sees the value. */
        if (adapter->off || adapter->lost)
            continue; /* All look again when the device comes back. */
        bell_kmd_write(adapter, BELL_FENCE_WAKE_OFFSET,
                       BELL_FIELD_PUT(BELL_FENCE_WAKE_KEY, key_of((UINT64)(ULONG_PTR)current)));
    }
    if (!adapter->off && !adapter->lost)
        bell_kmd_flush(adapter);
    return STATUS_SUCCESS;
}
