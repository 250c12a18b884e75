/* SPDX-License-Identifier: MIT */
#include "bell_kmd_adapter.h"

#include <string.h>

#include "bell_kmd_isr.h"
#include "bell_kmd_layout.h"
#include "bell_kmd_mmio.h"
#include "bell_kmd_native_fence.h"
#include "bell_kmd_sched.h"
#include "bell_kmd_slot.h"

NTSTATUS bell_kmd_adapter_add(struct bell_adapter **adapter)
{
    struct bell_adapter *added = bell_kmd_alloc(sizeof(*added));

    if (added == NULL)
        return STATUS_NO_MEMORY;
    added->kind = BELL_KIND_ADAPTER;
    KeInitializeMutex(&added->slot_lock, 0);
    KeInitializeMutex(&added->power_lock, 0);
    KeInitializeMutex(&added->sched_lock, 0);
    KeInitializeSpinLock(&added->queue_lock);
    KeInitializeSpinLock(&added->map_lock);
    *adapter = added;
    return STATUS_SUCCESS;
}

VOID bell_kmd_adapter_remove(struct bell_adapter *adapter)
{
    adapter->kind = 0;
    bell_kmd_free(adapter);
}

static bool callbacks_are_complete(const DXGKRNL_INTERFACE *dxgk)
{
    return dxgk != NULL && dxgk->Size >= sizeof(*dxgk) &&
           dxgk->DxgkCbGetDeviceInformation != NULL && dxgk->DxgkCbMapMemory != NULL &&
           dxgk->DxgkCbUnmapMemory != NULL && dxgk->DxgkCbQueueDpc != NULL &&
           dxgk->DxgkCbNotifyInterrupt != NULL && dxgk->DxgkCbNotifyDpc != NULL &&
           dxgk->DxgkCbSynchronizeExecution != NULL && dxgk->DxgkCbGetHandleData != NULL &&
           dxgk->DxgkCbDisconnectDoorbell != NULL && dxgk->DxgkCbInvalidateHwContext != NULL && dxgk->DxgkCbIsFeatureEnabled != NULL;
}

/* The nth memory resource, NULL if there are fewer. */
static const CM_PARTIAL_RESOURCE_DESCRIPTOR *memory_resource(const CM_RESOURCE_LIST *resources,
                                                             UINT32 nth)
{
    const CM_PARTIAL_RESOURCE_LIST *list;

    if (resources == NULL || resources->Count == 0)
        return NULL;
    list = &resources->List[0].PartialResourceList;
    for (ULONG i = 0; i < list->Count; i++) {
        if (list->PartialDescriptors[i].Type == CmResourceTypeMemory && nth-- == 0)
            return &list->PartialDescriptors[i];
    }
    return NULL;
}

static VOID unmap_bars(struct bell_adapter *adapter)
{
    HANDLE device = adapter->dxgk.DeviceHandle;

    if (adapter->bar2 != NULL)
        (VOID)adapter->dxgk.DxgkCbUnmapMemory(device, (PVOID)(ULONG_PTR)adapter->bar2);
    if (adapter->bar0 != NULL)
        (VOID)adapter->dxgk.DxgkCbUnmapMemory(device, (PVOID)(ULONG_PTR)adapter->bar0);
    adapter->bar2 = NULL;
    adapter->bar0 = NULL;
}

static NTSTATUS map_bar(struct bell_adapter *adapter, const CM_PARTIAL_RESOURCE_DESCRIPTOR *bar,
                        volatile UCHAR **mapped)
{
    PVOID address = NULL;
    NTSTATUS status;

    status = adapter->dxgk.DxgkCbMapMemory(adapter->dxgk.DeviceHandle, bar->u.Memory.Start,
                                           bar->u.Memory.Length, FALSE, FALSE, MmNonCached,
                                           &address);
    if (NT_SUCCESS(status))
        *mapped = address;
    return status;
}

/* Map both BARs. On failure nothing stays mapped. */
static NTSTATUS map_bars(struct bell_adapter *adapter, ULONG *bar2_bytes)
{
    DXGK_DEVICE_INFO info;
    const CM_PARTIAL_RESOURCE_DESCRIPTOR *bar0;
    const CM_PARTIAL_RESOURCE_DESCRIPTOR *bar2;
    NTSTATUS status;

    memset(&info, 0, sizeof(info));
    status = adapter->dxgk.DxgkCbGetDeviceInformation(adapter->dxgk.DeviceHandle, &info);
    if (!NT_SUCCESS(status))
        return status;
    bar0 = memory_resource(info.TranslatedResourceList, 0);
    bar2 = memory_resource(info.TranslatedResourceList, 1);
    if (bar0 == NULL || bar2 == NULL || bar0->u.Memory.Length < BELL_REGS_BYTES)
        return STATUS_INVALID_PARAMETER;
    *bar2_bytes = bar2->u.Memory.Length;

    status = map_bar(adapter, bar0, &adapter->bar0);
    if (NT_SUCCESS(status))
        status = map_bar(adapter, bar2, &adapter->bar2);
    if (!NT_SUCCESS(status))
        unmap_bars(adapter);
    return status;
}

/* Identity and capabilities, checked before anything relies on them. */
static NTSTATUS read_capabilities(struct bell_adapter *adapter)
{
    UINT64 id = bell_kmd_read(adapter, BELL_ID_OFFSET);
    UINT64 caps = bell_kmd_read(adapter, BELL_CAPS_OFFSET);

    if (BELL_FIELD_GET(id, BELL_ID_MAGIC) != BELL_ID_MAGIC_RESET)
        return STATUS_DEVICE_NOT_READY;
    if (BELL_FIELD_GET(id, BELL_ID_MAJOR) != BELL_ID_MAJOR_RESET)
        return STATUS_NOT_SUPPORTED;

    adapter->slot_count = (UINT32)BELL_FIELD_GET(caps, BELL_CAPS_SLOTS);
    adapter->queue_count = (UINT32)BELL_FIELD_GET(caps, BELL_CAPS_QUEUES);
    adapter->node_count = (UINT32)BELL_FIELD_GET(caps, BELL_CAPS_NODES);
    adapter->doorbell_bytes = (UINT32)BELL_FIELD_GET(caps, BELL_CAPS_DOORBELL_BYTES);
    if (adapter->slot_count == 0 || adapter->slot_count > BELL_SLOT_MAX ||
        adapter->queue_count == 0 || adapter->queue_count > BELL_QUEUE_MAX ||
        adapter->node_count == 0 || adapter->node_count > BELL_KMD_NODES)
        return STATUS_NOT_SUPPORTED;
    return STATUS_SUCCESS;
}

static bool feature_is_enabled(struct bell_adapter *adapter, DXGK_FEATURE_ID feature)
{
    DXGKARGCB_ISFEATUREENABLED query;
    NTSTATUS status;

    memset(&query, 0, sizeof(query));
    query.FeatureId = feature;
    status = adapter->dxgk.DxgkCbIsFeatureEnabled(adapter->dxgk.DeviceHandle, &query);
    return NT_SUCCESS(status) && query.Result.Enabled;
}

static VOID free_tables(struct bell_adapter *adapter)
{
    bell_kmd_free((VOID *)(ULONG_PTR)adapter->queues);
    bell_kmd_free(adapter->slots);
    bell_kmd_free(adapter->numbers);
    bell_kmd_free(adapter->stale_faults);
    adapter->queues = NULL;
    adapter->slots = NULL;
    adapter->numbers = NULL;
    adapter->stale_faults = NULL;
}

static NTSTATUS alloc_tables(struct bell_adapter *adapter)
{
    adapter->slots = bell_kmd_alloc(adapter->slot_count * sizeof(*adapter->slots));
    adapter->queues = bell_kmd_alloc(adapter->queue_count * sizeof(*adapter->queues));
    adapter->numbers = bell_kmd_alloc(adapter->queue_count * sizeof(*adapter->numbers));
    adapter->stale_faults = bell_kmd_alloc(adapter->queue_count * sizeof(*adapter->stale_faults));
    if (adapter->slots == NULL || adapter->queues == NULL || adapter->numbers == NULL ||
        adapter->stale_faults == NULL) {
        free_tables(adapter);
        return STATUS_NO_MEMORY;
    }
    return STATUS_SUCCESS;
}

/* The device may come up with anything in its tables: no slot routes, no queue listens, until
 * connect says so. */
VOID bell_kmd_adapter_enable(struct bell_adapter *adapter)
{
    adapter->gated = 0;
    for (UINT32 slot = 0; slot < adapter->slot_count; slot++)
        bell_kmd_write(adapter, BELL_SLOT_OWNER_OFFSET(slot), 0);
    for (UINT32 queue = 0; queue < adapter->queue_count; queue++) {
        if (adapter->layout == BELL_LAYOUT_GLOBAL)
            bell_kmd_write(adapter, BELL_TOKEN_LISTEN_OFFSET(queue), 0);
    }
    bell_kmd_write(adapter, BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
    bell_kmd_isr_enable(adapter);
    bell_kmd_flush(adapter); /* Before another processor's first connect. */
}

NTSTATUS bell_kmd_adapter_start(struct bell_adapter *adapter, const DXGKRNL_INTERFACE *dxgk)
{
    ULONG bar2_bytes = 0;
    NTSTATUS status;

    if (adapter->started || !callbacks_are_complete(dxgk))
        return STATUS_INVALID_PARAMETER;
    adapter->dxgk = *dxgk;
    adapter->lost = false;
    adapter->off = false;

    status = map_bars(adapter, &bar2_bytes);
    if (!NT_SUCCESS(status))
        return status;
    status = read_capabilities(adapter);
    if (NT_SUCCESS(status))
        status = bell_kmd_layout_start(adapter, bar2_bytes);
    if (!NT_SUCCESS(status))
        goto unmap;
    status = alloc_tables(adapter);
    if (!NT_SUCCESS(status))
        goto unmap;

    bell_kmd_sched_start(adapter);
    adapter->um_submission = feature_is_enabled(adapter, DXGK_FEATURE_USER_MODE_SUBMISSION);
    adapter->native_fence = feature_is_enabled(adapter, DXGK_FEATURE_NATIVE_FENCE);
    adapter->started = true;
    bell_kmd_sched_restore(adapter);
    bell_kmd_adapter_enable(adapter);
    return STATUS_SUCCESS;

unmap:
    unmap_bars(adapter);
    return status;
}

VOID bell_kmd_adapter_quiesce(struct bell_adapter *adapter)
{
    if (!adapter->started || adapter->lost || adapter->off)
        return;
    bell_kmd_write(adapter, BELL_IRQ_CTRL_OFFSET, 0);
    bell_kmd_write(adapter, BELL_CTRL_OFFSET, 0);
}

VOID bell_kmd_adapter_stop(struct bell_adapter *adapter)
{
    if (!adapter->started)
        return;
    bell_kmd_adapter_quiesce(adapter);
    if (!adapter->lost && !adapter->off)
        (VOID)bell_kmd_poll(adapter, BELL_STATUS_OFFSET, BELL_STATUS_NODE_BUSY_MASK, 0,
                            "stop: nodes to become idle");
    adapter->started = false;
    free_tables(adapter);
    unmap_bars(adapter);
}

bool bell_kmd_adapter_is_um_node(const struct bell_adapter *adapter, UINT node)
{
    return adapter->um_submission && node < adapter->node_count && node < 32 &&
           (BELL_KMD_UM_NODE_MASK >> node & 1u) != 0;
}

static NTSTATUS write_output(const DXGKARG_QUERYADAPTERINFO *args, const VOID *data, UINT bytes)
{
    if (args->pOutputData == NULL || args->OutputDataSize < bytes)
        return STATUS_INVALID_PARAMETER;
    memcpy(args->pOutputData, data, bytes);
    return STATUS_SUCCESS;
}

static NTSTATUS query_um_caps(struct bell_adapter *adapter, const DXGKARG_QUERYADAPTERINFO *args)
{
    DXGK_USERMODESUBMISSION_CAPS caps;

    if (!adapter->um_submission)
        return STATUS_NOT_SUPPORTED;
    memset(&caps, 0, sizeof(caps));
    caps.DoorbellSizeInBytes = adapter->doorbell_bytes;
    if (adapter->secondary) {
        caps.Flags.SecondaryDoorbellSupported = 1;
        caps.SecondaryDoorbellSizeInBytes = adapter->doorbell_bytes;
    }
    return write_output(args, &caps, sizeof(caps));
}

static NTSTATUS query_driver_caps(struct bell_adapter *adapter,
                                  const DXGKARG_QUERYADAPTERINFO *args)
{
    DXGK_DRIVERCAPS caps;

    memset(&caps, 0, sizeof(caps));
    caps.HighestAcceptableAddress.QuadPart = (LONGLONG)BELL_QUEUE_BASE_ADDR_MASK;
    caps.SchedulingCaps.MultiEngineAware = 1;
    caps.SchedulingCaps.PreemptionAware = 1;
    caps.SchedulingCaps.NativeGpuFence = adapter->native_fence;
    caps.GpuEngineTopology.NbAsymetricProcessingNodes = adapter->node_count;
    caps.WDDMVersion = DXGKDDI_WDDMv3_2;
    return write_output(args, &caps, sizeof(caps));
}

static NTSTATUS query_native_caps(struct bell_adapter *adapter,
                                  const DXGKARG_QUERYADAPTERINFO *args)
{
    DXGK_NATIVE_FENCE_CAPS caps;

    if (!adapter->native_fence)
        return STATUS_NOT_SUPPORTED;
    bell_kmd_native_caps(&caps);
    return write_output(args, &caps, sizeof(caps));
}

static NTSTATUS query_private_caps(struct bell_adapter *adapter,
                                   const DXGKARG_QUERYADAPTERINFO *args)
{
    BELL_UMD_CAPS caps;

    memset(&caps, 0, sizeof(caps));
    caps.version = BELL_INTERFACE_VERSION;
    caps.node_count = adapter->node_count;
    for (UINT node = 0; node < adapter->node_count; node++) {
        if (bell_kmd_adapter_is_um_node(adapter, node))
            caps.um_node_mask |= 1u << node;
    }
    caps.ring_entry_bytes = BELL_ENTRY_BYTES;
    caps.packet_bytes = BELL_PACKET_BYTES;
    caps.max_ring_entries = 1u << BELL_KMD_MAX_LOG2_ENTRIES;
    caps.doorbell_slots = adapter->slot_count;
    caps.queue_count = adapter->queue_count;
    caps.doorbell_layout = adapter->layout;
    caps.second_doorbell = adapter->secondary;
    return write_output(args, &caps, sizeof(caps));
}

NTSTATUS bell_kmd_adapter_query(struct bell_adapter *adapter, const DXGKARG_QUERYADAPTERINFO *args)
{
    switch ((UINT)args->Type) {
    case DXGKQAITYPE_USERMODESUBMISSION_CAPS:
        return query_um_caps(adapter, args);
    case DXGKQAITYPE_DRIVERCAPS:
        return query_driver_caps(adapter, args);
    case DXGKQAITYPE_NATIVE_FENCE_CAPS:
        return query_native_caps(adapter, args);
    case DXGKQAITYPE_UMDRIVERPRIVATE:
        return query_private_caps(adapter, args);
    default:
        return STATUS_NOT_SUPPORTED;
    }
}

static VOID put_name(WCHAR *name, const char *ascii)
{
    for (UINT i = 0; i + 1 < DXGK_MAX_METADATA_NAME_LENGTH && ascii[i] != '\0'; i++)
        name[i] = (WCHAR)ascii[i];
}

NTSTATUS bell_kmd_adapter_node_metadata(struct bell_adapter *adapter, UINT node_and_adapter,
                                        DXGKARG_GETNODEMETADATA *metadata)
{
    static const struct {
        DXGK_ENGINE_TYPE type;
        const char *name;
    } nodes[] = {
        {DXGK_ENGINE_TYPE_OTHER, "Compute"},
        {DXGK_ENGINE_TYPE_COPY, "Copy"},
        {DXGK_ENGINE_TYPE_OTHER, "Kernel"},
    };
    const UINT last = sizeof(nodes) / sizeof(nodes[0]) - 1;
    DXGKARG_GETNODEMETADATA answer;
    UINT node = node_and_adapter;

    /* A non-zero adapter index in the upper half makes the number too large as well. */
    if (metadata == NULL || node >= adapter->node_count)
        return STATUS_INVALID_PARAMETER;

    memset(&answer, 0, sizeof(answer));
    answer.EngineType = nodes[node < last ? node : last].type;
    put_name(answer.FriendlyName, nodes[node < last ? node : last].name);
    answer.Flags.ContextSchedulingSupported = 1;
    answer.Flags.UserModeSubmission = bell_kmd_adapter_is_um_node(adapter, node);
    answer.Flags.MaxInFlightHwQueueBuffers = BELL_KMD_KERNEL_ENTRIES;
    answer.IoMmuSupported = TRUE;
    *metadata = answer;
    return STATUS_SUCCESS;
}

static UINT32 next_serial(struct bell_adapter *adapter)
{
    KIRQL irql;
    UINT32 serial;

    KeAcquireSpinLock(&adapter->map_lock, &irql);
    serial = (UINT32)++adapter->next_process;
    KeReleaseSpinLock(&adapter->map_lock, irql);
    return serial;
}

NTSTATUS bell_kmd_process_create(struct bell_adapter *adapter, DXGKARG_CREATEPROCESS *args)
{
    const UINT32 max_pasid =
        (UINT32)BELL_FIELD_GET(BELL_QUEUE_CONFIG_PASID_MASK, BELL_QUEUE_CONFIG_PASID);
    struct bell_process *process;

    if (args->NumPasid != 1 || args->pPasid == NULL || args->pPasid[0] == 0 ||
        args->pPasid[0] > max_pasid)
        return STATUS_INVALID_PARAMETER;
    process = bell_kmd_alloc(sizeof(*process));
    if (process == NULL)
        return STATUS_NO_MEMORY;
    process->kind = BELL_KIND_PROCESS;
    process->adapter = adapter;
    process->os_process = args->hDxgkProcess;
    process->pasid = args->pPasid[0];
    process->serial = next_serial(adapter);
    args->hKmdProcess = process;
    return STATUS_SUCCESS;
}

VOID bell_kmd_process_destroy(struct bell_process *process)
{
    bell_kmd_layout_forget(process->adapter, process);
    process->kind = 0;
    bell_kmd_free(process);
}

NTSTATUS bell_kmd_device_create(struct bell_adapter *adapter, DXGKARG_CREATEDEVICE *args)
{
    struct bell_process *process = args->hKmdProcess;
    struct bell_device *device;

    if (!bell_kmd_is(process, BELL_KIND_PROCESS) || process->adapter != adapter)
        return STATUS_INVALID_PARAMETER;
    device = bell_kmd_alloc(sizeof(*device));
    if (device == NULL)
        return STATUS_NO_MEMORY;
    device->kind = BELL_KIND_DEVICE;
    device->adapter = adapter;
    device->process = process;
    device->os_device = args->hDevice;
    args->hDevice = device;
    return STATUS_SUCCESS;
}

VOID bell_kmd_device_destroy(struct bell_device *device)
{
    device->kind = 0;
    bell_kmd_free(device);
}
