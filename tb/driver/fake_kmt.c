/* SPDX-License-Identifier: MIT */
#include "fake_kmt.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_MEMORY = 16, PROGRESS_GPU = 0x1000 };

struct fake_kmt fake_kmt;
static struct {
    D3DKMT_HANDLE handle;
    UINT64 *cpu;
    UINT64 gpu, bytes;
} memory[MAX_MEMORY];
static D3DKMT_HANDLE next_handle;

void fake_kmt_reset(void)
{
    unsigned i;

    for (i = 0; i < MAX_MEMORY; i++)
        free(memory[i].cpu);
    memset(memory, 0, sizeof(memory));
    memset(&fake_kmt, 0, sizeof(fake_kmt));
    fake_kmt.fail_at = -1;
    fake_kmt.fail_with = STATUS_NO_MEMORY;
    fake_kmt.status = D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY;
    next_handle = 0x40000000;
}

static BOOLEAN fails(void)
{
    return fake_kmt.calls++ == fake_kmt.fail_at;
}

static D3DKMT_HANDLE make_handle(void)
{
    fake_kmt.live++;
    return ++next_handle;
}

static NTSTATUS drop_handle(void)
{
    fake_kmt.live--;
    return STATUS_SUCCESS;
}

static unsigned memory_index(D3DKMT_HANDLE handle)
{
    unsigned i;

    for (i = 0; i < MAX_MEMORY; i++)
        if (memory[i].handle == handle)
            return i;
    abort();
}

static UINT64 *gpu_pointer(UINT64 address)
{
    unsigned i;

    if (address == PROGRESS_GPU)
        return &fake_kmt.progress;
    for (i = 0; i < MAX_MEMORY; i++)
        if (address >= memory[i].gpu && address < memory[i].gpu + memory[i].bytes)
            return memory[i].cpu + (address - memory[i].gpu) / 8;
    abort();
}

static void run_buffer(UINT64 address, UINT64 bytes)
{
    UINT64 at;

    for (at = 0; at < bytes; at += BELL_PACKET_BYTES) {
        const UINT64 *packet = gpu_pointer(address + at);

        if (packet[0] == BELL_OP_WRITE64 || packet[0] == BELL_OP_FENCE)
            *gpu_pointer(packet[1]) = packet[2];
        if (packet[0] == BELL_OP_FENCE)
            fake_kmt.executed[fake_kmt.executed_count++] = packet[2];
    }
}

void fake_kmt_run_gpu(unsigned entries)
{
    while (entries-- > 0 && fake_kmt.control != NULL &&
           fake_kmt.control[1] < fake_kmt.control[0]) {
        const UINT64 *entry = fake_kmt.ring + fake_kmt.control[1] % fake_kmt.ring_entries * 2;

        if (entry[0] >> BELL_ENTRY_WORD0_TAG_SHIFT != (fake_kmt.control[1] & 0xffff))
            abort();
        run_buffer(entry[0] & BELL_ENTRY_WORD0_ADDR_MASK, entry[1]);
        fake_kmt.control[1]++;
    }
}

VOID bell_os_yield(VOID)
{
    fake_kmt.yields++;
    if (fake_kmt.on_yield != NULL)
        fake_kmt.on_yield();
    fake_kmt_run_gpu(fake_kmt.gpu_per_yield);
}

VOID bell_os_point(const char *name)
{
    if (fake_kmt.on_point != NULL)
        fake_kmt.on_point(name);
}

NTSTATUS D3DKMTOpenAdapterFromLuid(D3DKMT_OPENADAPTERFROMLUID *args)
{
    if (fails())
        return fake_kmt.fail_with;
    args->hAdapter = make_handle();
    return STATUS_SUCCESS;
}

NTSTATUS D3DKMTCloseAdapter(const D3DKMT_CLOSEADAPTER *args)
{
    UNREFERENCED_PARAMETER(args);
    return drop_handle();
}

NTSTATUS D3DKMTQueryAdapterInfo(const D3DKMT_QUERYADAPTERINFO *args)
{
    BELL_UMD_CAPS caps = {
        .version = BELL_INTERFACE_VERSION,
        .node_count = 3,
        .um_node_mask = 3,
        .ring_entry_bytes = BELL_ENTRY_BYTES,
        .packet_bytes = BELL_PACKET_BYTES,
        .max_ring_entries = 1024,
    };

    if (fails())
        return fake_kmt.fail_with;
    memcpy(args->pPrivateDriverData, &caps, sizeof(caps));
    return STATUS_SUCCESS;
}

NTSTATUS D3DKMTCreateDevice(D3DKMT_CREATEDEVICE *args)
{
    if (fails())
        return fake_kmt.fail_with;
    args->hDevice = make_handle();
    return STATUS_SUCCESS;
}

NTSTATUS D3DKMTDestroyDevice(const D3DKMT_DESTROYDEVICE *args)
{
    UNREFERENCED_PARAMETER(args);
    return drop_handle();
}

NTSTATUS D3DKMTCreatePagingQueue(D3DKMT_CREATEPAGINGQUEUE *args)
{
    if (fails())
        return fake_kmt.fail_with;
    args->hPagingQueue = make_handle();
    return STATUS_SUCCESS;
}

NTSTATUS D3DKMTDestroyPagingQueue(D3DDDI_DESTROYPAGINGQUEUE *args)
{
    UNREFERENCED_PARAMETER(args);
    return drop_handle();
}

NTSTATUS D3DKMTCreateAllocation2(D3DKMT_CREATEALLOCATION *args)
{
    const BELL_ALLOCATION_PRIVATE *blob = args->pAllocationInfo2->pPrivateDriverData;
    unsigned i = memory_index(0);

    if (fails())
        return fake_kmt.fail_with;
    memory[i].handle = args->pAllocationInfo2->hAllocation = make_handle();
    memory[i].bytes = blob->size;
    memory[i].gpu = (UINT64)(i + 1) << 32;
    memory[i].cpu = malloc(blob->size);
    for (UINT64 word = 0; word < blob->size / 8; word++)
        ((UINT64 *)memory[i].cpu)[word] = FAKE_KMT_STALE(word);
    return STATUS_SUCCESS;
}

NTSTATUS D3DKMTDestroyAllocation2(const D3DKMT_DESTROYALLOCATION2 *args)
{
    unsigned i = memory_index(args->phAllocationList[0]);

    free(memory[i].cpu);
    memset(&memory[i], 0, sizeof(memory[i]));
    return drop_handle();
}

NTSTATUS D3DKMTMapGpuVirtualAddress(D3DDDI_MAPGPUVIRTUALADDRESS *args)
{
    if (fails())
        return fake_kmt.fail_with;
    args->VirtualAddress = memory[memory_index(args->hAllocation)].gpu;
    return STATUS_SUCCESS;
}

NTSTATUS D3DKMTMakeResident(D3DDDI_MAKERESIDENT *args)
{
    UNREFERENCED_PARAMETER(args);
    return fails() ? fake_kmt.fail_with : STATUS_SUCCESS;
}

/* Nothing is shared here: tb/system/test_umd_shared.c does that on the machine. */
NTSTATUS D3DKMTQueryResourceInfo(D3DKMT_QUERYRESOURCEINFO *args)
{
    (void)args;
    return STATUS_INVALID_PARAMETER;
}

NTSTATUS D3DKMTOpenResource2(D3DKMT_OPENRESOURCE *args)
{
    (void)args;
    return STATUS_INVALID_PARAMETER;
}

NTSTATUS D3DKMTLock2(D3DKMT_LOCK2 *args)
{
    if (fails())
        return fake_kmt.fail_with;
    args->pData = memory[memory_index(args->hAllocation)].cpu;
    return STATUS_SUCCESS;
}

NTSTATUS D3DKMTUnlock2(const D3DKMT_UNLOCK2 *args)
{
    UNREFERENCED_PARAMETER(args);
    return STATUS_SUCCESS;
}

NTSTATUS D3DKMTCreateHwContext(D3DKMT_CREATEHWCONTEXT *args)
{
    if (fails())
        return fake_kmt.fail_with;
    args->hHwContext = make_handle();
    return STATUS_SUCCESS;
}

NTSTATUS D3DKMTDestroyHwContext(const D3DKMT_DESTROYHWCONTEXT *args)
{
    UNREFERENCED_PARAMETER(args);
    return drop_handle();
}

NTSTATUS D3DKMTCreateHwQueue(D3DKMT_CREATEHWQUEUE *args)
{
    if (fails())
        return fake_kmt.fail_with;
    fake_kmt.progress = 0;
    args->hHwQueue = make_handle();
    args->HwQueueProgressFenceCPUVirtualAddress = &fake_kmt.progress;
    args->HwQueueProgressFenceGPUVirtualAddress = PROGRESS_GPU;
    return STATUS_SUCCESS;
}

NTSTATUS D3DKMTDestroyHwQueue(const D3DKMT_DESTROYHWQUEUE *args)
{
    UNREFERENCED_PARAMETER(args);
    return drop_handle();
}

NTSTATUS D3DKMTSubmitCommandToHwQueue(const D3DKMT_SUBMITCOMMANDTOHWQUEUE *args)
{
    if (fails())
        return fake_kmt.fail_with;
    fake_kmt.submits++;
    run_buffer(args->CommandBuffer, args->CommandLength);
    return STATUS_SUCCESS;
}

static void note_stale(void)
{
    UINT64 i;

    fake_kmt.stale += (fake_kmt.control[0] != 0) + (fake_kmt.control[1] != 0);
    for (i = 0; i < fake_kmt.ring_entries; i++)
        fake_kmt.stale += fake_kmt.ring[2 * i] >> BELL_ENTRY_WORD0_TAG_SHIFT == i;
}

NTSTATUS D3DKMTCreateDoorbell(D3DKMT_CREATE_DOORBELL *args)
{
    unsigned ring = memory_index(args->hRingBuffer);

    if (fails())
        return fake_kmt.fail_with;
    fake_kmt.ring = memory[ring].cpu;
    fake_kmt.ring_entries = memory[ring].bytes / BELL_ENTRY_BYTES;
    fake_kmt.control = memory[memory_index(args->hRingBufferControl)].cpu;
    note_stale();
    args->DoorbellCPUVirtualAddress = &fake_kmt.doorbell;
    args->DoorbellStatusCPUVirtualAddress = &fake_kmt.status;
    args->HwQueueProgressFenceLastQueuedValueCPUVirtualAddress = &fake_kmt.last_queued;
    args->hDoorbell = make_handle();
    return STATUS_SUCCESS;
}

NTSTATUS D3DKMTConnectDoorbell(D3DKMT_CONNECT_DOORBELL *args)
{
    unsigned n = fake_kmt.connects++;

    UNREFERENCED_PARAMETER(args);
    if (n < fake_kmt.connect_results && !NT_SUCCESS(fake_kmt.connect_result[n]))
        return fake_kmt.connect_result[n];
    fake_kmt.status = fake_kmt.status_after_connect;
    return STATUS_SUCCESS;
}

NTSTATUS D3DKMTDestroyDoorbell(D3DKMT_DESTROY_DOORBELL *args)
{
    UNREFERENCED_PARAMETER(args);
    fake_kmt.control = NULL;
    return drop_handle();
}

NTSTATUS D3DKMTNotifyWorkSubmission(D3DKMT_NOTIFY_WORK_SUBMISSION *args)
{
    UNREFERENCED_PARAMETER(args);
    fake_kmt.notifies++;
    return STATUS_SUCCESS;
}

/* --- Native fences: one value, which the CPU alone raises ------------------------------------- */

static UINT64 native_value;

static void map_native(D3DDDI_NATIVEFENCEMAPPING *mapping)
{
    mapping->CurrentValueCpuVa = &native_value;
    mapping->CurrentValueGpuVa = 0x7000;
    mapping->MonitoredValueGpuVa = 0x8000;
}

NTSTATUS D3DKMTCreateNativeFence(D3DKMT_CREATENATIVEFENCE *args)
{
    if (fails())
        return fake_kmt.fail_with;
    fake_kmt.native_create = *args;
    args->hSyncObject = make_handle();
    native_value = args->Info.InitialFenceValue;
    map_native(&args->Info.NativeFenceMapping);
    return STATUS_SUCCESS;
}

NTSTATUS D3DKMTOpenNativeFenceFromNtHandle(D3DKMT_OPENNATIVEFENCEFROMNTHANDLE *args)
{
    if (fails())
        return fake_kmt.fail_with;
    args->hSyncObject = make_handle();
    map_native(&args->NativeFenceMapping);
    return STATUS_SUCCESS;
}

NTSTATUS D3DKMTDestroySynchronizationObject(const D3DKMT_DESTROYSYNCHRONIZATIONOBJECT *args)
{
    UNREFERENCED_PARAMETER(args);
    return drop_handle();
}

NTSTATUS D3DKMTShareObjects(UINT count, const D3DKMT_HANDLE *objects, VOID *attributes,
                            UINT access, HANDLE *name)
{
    (void)count, (void)objects, (void)attributes, (void)access;
    if (fails())
        return fake_kmt.fail_with;
    *name = &native_value;
    return STATUS_SUCCESS;
}

NTSTATUS D3DKMTWaitForSynchronizationObjectFromCpu(
    const D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU *args)
{
    if (fails())
        return fake_kmt.fail_with;
    fake_kmt.native_object = args->ObjectHandleArray[0];
    fake_kmt.native_waited = args->FenceValueArray[0];
    return native_value < args->FenceValueArray[0] ? STATUS_IO_TIMEOUT : STATUS_SUCCESS;
}

NTSTATUS D3DKMTSignalSynchronizationObjectFromCpu(
    const D3DKMT_SIGNALSYNCHRONIZATIONOBJECTFROMCPU *args)
{
    if (fails())
        return fake_kmt.fail_with;
    fake_kmt.native_object = args->ObjectHandleArray[0];
    fake_kmt.native_signaled = args->FenceValueArray[0];
    native_value = args->FenceValueArray[0];
    return STATUS_SUCCESS;
}
