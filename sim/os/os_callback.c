/* SPDX-License-Identifier: MIT */
#include "os_internal.h"

#include <string.h>

/** Physical addresses of the BARs: device addresses above all memory. */
#define BAR_PHYSICAL 0xf000000000u

#define MEMORY_RESOURCES 2u

static CM_RESOURCE_LIST resources;

void os_require_device(HANDLE device, const char *who)
{
    if (device != OS_DEVICE_HANDLE)
        os_violation("WDK-CB-01", 0, "%s gets device handle %p; expected the one of "
                     "DXGKRNL_INTERFACE (%p)", who, device, OS_DEVICE_HANDLE);
}

static NTSTATUS leave(const char *name, uint64_t object, const void *args, size_t size,
                      NTSTATUS status)
{
    os_trace_args(BELFRY_CB_EXIT, name, object, args, size)->status = (uint32_t)status;
    return status;
}

static void describe_memory(CM_PARTIAL_RESOURCE_DESCRIPTOR *to, uint64_t start, ULONG bytes)
{
    to->Type = CmResourceTypeMemory;
    to->u.Memory.Start.QuadPart = (LONGLONG)(BAR_PHYSICAL + start);
    to->u.Memory.Length = bytes;
}

static NTSTATUS get_device_information(HANDLE device, DXGK_DEVICE_INFO *info)
{
    static const char name[] = "DxgkCbGetDeviceInformation";
    CM_PARTIAL_RESOURCE_LIST *list = &resources.List[0].PartialResourceList;

    os_require_device(device, name);
    os_require_irql(PASSIVE_LEVEL, name, "DB-THR-01");
    os_trace(BELFRY_CB_ENTER, name, 0);
    if (info == NULL)
        return leave(name, 0, NULL, 0, STATUS_INVALID_PARAMETER);
    memset(&resources, 0, sizeof(resources));
    resources.Count = 1;
    list->Count = MEMORY_RESOURCES + 1;
    describe_memory(&list->PartialDescriptors[0], 0, BELL_DEVICE_BAR0_BYTES);
    describe_memory(&list->PartialDescriptors[1], BELL_DEVICE_BAR2, (ULONG)os_adapter.bar2_bytes);
    list->PartialDescriptors[2].Type = CmResourceTypeInterrupt;
    list->PartialDescriptors[2].u.Interrupt.Level = BELL_DIRQL;
    list->PartialDescriptors[2].u.Interrupt.Affinity = (ULONG_PTR)1 << OS_CPU_INTERRUPT;
    memset(info, 0, sizeof(*info));
    info->MiniportDeviceContext = os_adapter.miniport;
    info->TranslatedResourceList = &resources;
    info->SystemMemorySize.QuadPart = (LONGLONG)os_adapter.memory_bytes;
    info->HighestPhysicalAddress.QuadPart = (LONGLONG)os_adapter.memory_bytes - 1;
    return leave(name, 0, NULL, 0, STATUS_SUCCESS);
}

/** Kernel address of a physical range, when one BAR holds all of it. */
static char *kernel_address(uint64_t physical, uint64_t bytes)
{
    uint64_t at = physical - BAR_PHYSICAL;

    if (physical < BAR_PHYSICAL || bytes == 0)
        return NULL;
    if (at < BELL_DEVICE_BAR0_BYTES && bytes <= BELL_DEVICE_BAR0_BYTES - at)
        return os_adapter.bar0 + at;
    at -= BELL_DEVICE_BAR2;
    if (at < os_adapter.bar2_bytes && bytes <= os_adapter.bar2_bytes - at)
        return os_adapter.bar2 + at;
    return NULL;
}

static NTSTATUS map_memory(HANDLE device, PHYSICAL_ADDRESS address, ULONG length, BOOLEAN in_io,
                           BOOLEAN to_user, MEMORY_CACHING_TYPE cache, PVOID *virtual_address)
{
    static const char name[] = "DxgkCbMapMemory";
    char *found;

    os_require_device(device, name);
    os_require_irql(PASSIVE_LEVEL, name, "DB-THR-01");
    os_trace(BELFRY_CB_ENTER, name, 0)->value = (uint64_t)address.QuadPart;
    found = kernel_address((uint64_t)address.QuadPart, length);
    if (virtual_address == NULL || in_io || to_user || cache != MmNonCached || found == NULL)
        return leave(name, 0, NULL, 0, STATUS_INVALID_PARAMETER);
    *virtual_address = found;
    os_adapter.mapped++;
    return leave(name, 0, NULL, 0, STATUS_SUCCESS);
}

static NTSTATUS unmap_memory(HANDLE device, PVOID virtual_address)
{
    static const char name[] = "DxgkCbUnmapMemory";
    const struct bell_window *window = bell_window_find(virtual_address);

    os_require_device(device, name);
    os_require_irql(PASSIVE_LEVEL, name, "DB-THR-01");
    os_trace(BELFRY_CB_ENTER, name, 0);
    if (window == NULL || os_adapter.mapped == 0 ||
        (window->base != os_adapter.bar0 && window->base != os_adapter.bar2))
        return leave(name, 0, NULL, 0, STATUS_INVALID_PARAMETER);
    os_adapter.mapped--;
    return leave(name, 0, NULL, 0, STATUS_SUCCESS);
}

static bool is_enabled(DXGK_FEATURE_ID feature)
{
    return feature == DXGK_FEATURE_USER_MODE_SUBMISSION ? !os_adapter.ums_disabled
           : feature == DXGK_FEATURE_NATIVE_FENCE       ? !os_adapter.native_disabled
                                                        : true;
}

static NTSTATUS is_feature_enabled(HANDLE adapter, DXGKARGCB_ISFEATUREENABLED *args)
{
    static const char name[] = "DxgkCbIsFeatureEnabled";

    os_require_device(adapter, name);
    os_require_irql(PASSIVE_LEVEL, name, "DB-THR-01");
    os_trace(BELFRY_CB_ENTER, name, args != NULL ? args->FeatureId : 0);
    if (args == NULL || (args->FeatureId != DXGK_FEATURE_USER_MODE_SUBMISSION &&
                         args->FeatureId != DXGK_FEATURE_HWSCH &&
                         args->FeatureId != DXGK_FEATURE_NATIVE_FENCE))
        return leave(name, 0, NULL, 0, STATUS_INVALID_PARAMETER);
    memset(&args->Result, 0, sizeof(args->Result));
    args->Result.KnownFeature = 1;
    args->Result.Version = 1;
    args->Result.Enabled = is_enabled(args->FeatureId);
    args->Result.SupportedByDriver = 1;
    args->Result.SupportedOnCurrentConfig = 1;
    os_monitor_feature(args->FeatureId, args->Result.Enabled);
    return leave(name, args->FeatureId, args, sizeof(*args), STATUS_SUCCESS);
}

static VOID *get_handle_data(const DXGKARGCB_GETHANDLEDATA *args)
{
    static const char name[] = "DxgkCbGetHandleData";
    VOID *found;

    if (os_thread_self()->irql >= DISPATCH_LEVEL)
        os_require_irql(PASSIVE_LEVEL, name, "AL-HND-01");
    os_trace_args(BELFRY_CB_ENTER, name, args != NULL ? args->hObject : 0, args, sizeof(*args));
    found = args != NULL ? os_cb_get_handle_data(args) : NULL;
    os_monitor_handle_data(args, found);
    leave(name, args != NULL ? args->hObject : 0, args, sizeof(*args),
          found != NULL ? STATUS_SUCCESS : STATUS_INVALID_HANDLE);
    return found;
}

static D3DKMT_HANDLE enum_handle_children(const DXGKARGCB_ENUMHANDLECHILDREN *args)
{
    static const char name[] = "DxgkCbEnumHandleChildren";
    D3DKMT_HANDLE found;

    os_require_irql(PASSIVE_LEVEL, name, "AL-HND-03");
    os_trace_args(BELFRY_CB_ENTER, name, args != NULL ? args->hObject : 0, args, sizeof(*args));
    found = args != NULL ? os_cb_enum_handle_children(args) : 0;
    leave(name, args != NULL ? args->hObject : 0, args, sizeof(*args),
          found != 0 ? STATUS_SUCCESS : STATUS_INVALID_HANDLE);
    return found;
}

static NTSTATUS disconnect_doorbell(const DXGKARGCB_DISCONNECTDOORBELL *args)
{
    static const char name[] = "DxgkCbDisconnectDoorbell";
    uint64_t object = args != NULL ? (uint64_t)(uintptr_t)args->hDoorbell : 0;
    NTSTATUS status;

    os_require_irql(PASSIVE_LEVEL, name, "DB-THR-01");
    os_trace_args(BELFRY_CB_ENTER, name, object, args, sizeof(*args));
    os_monitor_disconnect_enter(args);
    status = args != NULL ? os_cb_disconnect_doorbell(args) : STATUS_INVALID_PARAMETER;
    os_monitor_disconnect_exit(args, status);
    return leave(name, object, args, sizeof(*args), status);
}

static NTSTATUS invalidate_hw_context(const DXGKARGCB_INVALIDATEHWCONTEXT *args)
{
    static const char name[] = "DxgkCbInvalidateHwContext";
    uint64_t object = args != NULL ? (uint64_t)(uintptr_t)args->hHwContext : 0;
    NTSTATUS status;

    os_require_irql(PASSIVE_LEVEL, name, "HS-RST-01");
    os_trace_args(BELFRY_CB_ENTER, name, object, args, sizeof(*args));
    status = args != NULL ? os_cb_invalidate_hw_context(args) : STATUS_INVALID_PARAMETER;
    return leave(name, object, args, sizeof(*args), status);
}

void os_callbacks_fill(DXGKRNL_INTERFACE *table)
{
    *table = (DXGKRNL_INTERFACE){
        .Size = sizeof(*table),
        .Version = DXGKDDI_INTERFACE_VERSION,
        .DeviceHandle = OS_DEVICE_HANDLE,
        .DxgkCbGetDeviceInformation = get_device_information,
        .DxgkCbMapMemory = map_memory,
        .DxgkCbUnmapMemory = unmap_memory,
        .DxgkCbQueueDpc = os_cb_queue_dpc,
        .DxgkCbNotifyInterrupt = os_cb_notify_interrupt,
        .DxgkCbNotifyDpc = os_cb_notify_dpc,
        .DxgkCbSynchronizeExecution = os_cb_synchronize_execution,
        .DxgkCbGetHandleData = get_handle_data,
        .DxgkCbEnumHandleChildren = enum_handle_children,
        .DxgkCbDisconnectDoorbell = disconnect_doorbell,
        .DxgkCbIsFeatureEnabled = is_feature_enabled,
        .DxgkCbInvalidateHwContext = invalidate_hw_context,
    };
}
