/* SPDX-License-Identifier: MIT */
#include "os_kmd.h"
#include "os_native.h"
#include "os_power.h"
#include "os_sched.h"

#include <stdio.h>
#include <string.h>

#define LUID_LOW 1u
/** Largest output buffer that the OS itself gives to QueryAdapterInfo. */
#define MAX_QUERY_BYTES 256u

struct os_adapter os_adapter;

static void (*driver_hook)(DRIVER_INITIALIZATION_DATA *table);
static bool registered;
static const char *refused_for; /**< Entry point that the driver's table lacks, or NULL. */
static bool wrong_version;
static ULONG given_version;     /**< Of the table last given to DxgkInitialize. */

void belfry_hook_driver(void (*change)(struct _DRIVER_INITIALIZATION_DATA *table))
{
    driver_hook = change;
}

static const char *missing_entry(const DRIVER_INITIALIZATION_DATA *ddi)
{
#define NEED(name) if (ddi->DxgkDdi##name == NULL) return "DxgkDdi" #name
    NEED(AddDevice);
    NEED(StartDevice);
    NEED(StopDevice);
    NEED(RemoveDevice);
    NEED(InterruptRoutine);
    NEED(DpcRoutine);
    NEED(QueryAdapterInfo);
    NEED(GetNodeMetadata);
    NEED(CreateProcess);
    NEED(DestroyProcess);
    NEED(CreateDevice);
    NEED(DestroyDevice);
    NEED(CreateAllocation);
    NEED(DestroyAllocation);
    NEED(OpenAllocation);
    NEED(CloseAllocation);
    NEED(BuildPagingBuffer);
    NEED(CreateHwContext);
    NEED(DestroyHwContext);
    NEED(CreateHwQueue);
    NEED(DestroyHwQueue);
    NEED(SubmitCommandToHwQueue);
    NEED(CreateDoorbell);
    NEED(ConnectDoorbell);
    NEED(DisconnectDoorbell);
    NEED(DestroyDoorbell);
    NEED(NotifyWorkSubmission);
#undef NEED
    return NULL;
}

NTSTATUS DxgkInitialize(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath,
                        DRIVER_INITIALIZATION_DATA *DriverInitializationData)
{
    const DRIVER_INITIALIZATION_DATA *given = DriverInitializationData;

    os_require_irql(PASSIVE_LEVEL, "DxgkInitialize", "DB-THR-01");
    if (DriverObject == NULL || RegistryPath == NULL || given == NULL || registered)
        return STATUS_INVALID_PARAMETER;
    given_version = given->Version;
    wrong_version = given_version != DXGKDDI_INTERFACE_VERSION;
    if (wrong_version)
        return STATUS_GRAPHICS_DRIVER_MISMATCH;
    os_adapter.ddi = *given;
    if (driver_hook != NULL)
        driver_hook(&os_adapter.ddi);
    refused_for = missing_entry(&os_adapter.ddi);
    if (refused_for != NULL)
        return STATUS_INVALID_PARAMETER;
    registered = true;
    return STATUS_SUCCESS;
}

/* --- Discovery ------------------------------------------------------------------------------- */

static NTSTATUS query(DXGK_QUERYADAPTERINFOTYPE type, void *data, UINT size)
{
    _Alignas(16) char buffer[MAX_QUERY_BYTES + OS_CANARY_BYTES] = {0};
    DXGKARG_QUERYADAPTERINFO args = {.Type = type, .pOutputData = buffer, .OutputDataSize = size};
    NTSTATUS status;

    os_monitor_canary_set(buffer + size);
    status = OS_DDI(QueryAdapterInfo, 0, &args, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiQueryAdapterInfo(os_adapter.miniport, &args));
    os_monitor_canary_check(buffer + size, "DB-CAP-07", "DxgkDdiQueryAdapterInfo", size);
    memcpy(data, buffer, size);
    return status;
}

static void query_ums(void)
{
    memset(&os_adapter.caps, 0, sizeof(os_adapter.caps));
    if (!NT_SUCCESS(query(DXGKQAITYPE_USERMODESUBMISSION_CAPS, &os_adapter.caps,
                          sizeof(os_adapter.caps))))
        os_adapter.ums_off = os_adapter.ums_disabled
                                 ? "the OS feature is disabled"
                                 : "the driver has no user-mode submission caps";
    else if (!os_monitor_caps(&os_adapter.caps))
        os_adapter.ums_off = os_adapter.ums_disabled
                                 ? "DB-CAP-08: the driver gives user-mode submission caps though "
                                   "the OS feature is disabled"
                                 : "its caps break the contract";
    else
        os_adapter.ums_off = NULL;
    os_adapter.ums = os_adapter.ums_off == NULL;
    if (!os_adapter.ums)
        fprintf(stderr, "belfry: user-mode submission is off: %s\n", os_adapter.ums_off);
}

static bool has_native_entries(const DRIVER_INITIALIZATION_DATA *ddi)
{
    return ddi->DxgkDdiCreateNativeFence != NULL && ddi->DxgkDdiDestroyNativeFence != NULL &&
           ddi->DxgkDdiOpenNativeFence != NULL && ddi->DxgkDdiCloseNativeFence != NULL &&
           ddi->DxgkDdiUpdateMonitoredValues != NULL &&
           ddi->DxgkDdiUpdateCurrentValuesFromCpu != NULL;
}

/** NF-CAP-01. @return false: the adapter does not start. */
static bool query_native(void)
{
    DXGK_NATIVE_FENCE_CAPS *caps = &os_adapter.native_caps;
    bool answered;

    os_native_init();
    memset(caps, 0, sizeof(*caps));
    os_adapter.native_fences = false;
    if (!os_adapter.scheduling.NativeGpuFence)
        return true;
    answered = NT_SUCCESS(query(DXGKQAITYPE_NATIVE_FENCE_CAPS, caps, sizeof(*caps))) &&
               has_native_entries(&os_adapter.ddi);
    os_adapter.native_fences = os_monitor_native_caps(answered ? caps : NULL);
    return os_adapter.native_fences;
}

static NTSTATUS query_node(UINT node)
{
    DXGK_NODEMETADATA *data = &os_adapter.nodes[node];

    memset(data, 0, sizeof(*data));
    return OS_DDI(GetNodeMetadata, node, data, PASSIVE_LEVEL,
                  os_adapter.ddi.DxgkDdiGetNodeMetadata(os_adapter.miniport, node, data));
}

/** DB-CAP-02: there is no node behind the last. */
static void probe_nodes(UINT nodes)
{
    _Alignas(16) char output[sizeof(DXGK_NODEMETADATA) + OS_CANARY_BYTES];
    DXGK_NODEMETADATA *data = (DXGK_NODEMETADATA *)(void *)output;
    NTSTATUS status;

    memset(output, 0, sizeof(output));
    os_monitor_canary_set(output);
    status = OS_DDI(GetNodeMetadata, nodes, data, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiGetNodeMetadata(os_adapter.miniport, nodes, data));
    if (status != STATUS_INVALID_PARAMETER)
        os_violation("DB-CAP-02", 0, "GetNodeMetadata of node %u of %u returned 0x%08X", nodes,
                     nodes, (unsigned)status);
    else
        os_monitor_canary_check(output, "DB-CAP-02", "DxgkDdiGetNodeMetadata, which refused,", 0);
}

static NTSTATUS discover(char *error, size_t error_size)
{
    DXGK_DRIVERCAPS caps = {0};
    NTSTATUS status = query(DXGKQAITYPE_DRIVERCAPS, &caps, sizeof(caps));
    UINT nodes = caps.GpuEngineTopology.NbAsymetricProcessingNodes;

    if (!NT_SUCCESS(status)) {
        snprintf(error, error_size, "driver: QueryAdapterInfo(DRIVERCAPS) gave status 0x%08x",
                 (unsigned)status);
        return status;
    }
    if (nodes == 0 || nodes > OS_MAX_NODES) {
        snprintf(error, error_size, "driver: %u nodes; expected 1 .. %u", nodes, OS_MAX_NODES);
        return STATUS_INVALID_PARAMETER;
    }
    for (UINT node = 0; node < nodes; node++) {
        status = query_node(node);
        if (!NT_SUCCESS(status)) {
            os_violation("DB-CAP-01", node, "GetNodeMetadata of node %u returned 0x%08X", node,
                         (unsigned)status);
            snprintf(error, error_size, "DB-CAP-01: GetNodeMetadata of node %u gave status 0x%08x; "
                     "expected success for each of %u nodes", node, (unsigned)status, nodes);
            return status;
        }
    }
    probe_nodes(nodes);
    os_adapter.node_count = nodes;
    os_adapter.scheduling = caps.SchedulingCaps;
    if (!query_native()) {
        snprintf(error, error_size, "NF-CAP-01: the driver advertises native fences; expected the OS "
                 "feature to be enabled, sane caps and all entry points");
        return STATUS_INVALID_PARAMETER;
    }
    query_ums();
    os_monitor_discovered();
    return STATUS_SUCCESS;
}

/* --- Start and stop -------------------------------------------------------------------------- */

static char *map_bar(const char *name, uint64_t address, uint64_t bytes)
{
    struct bell_window *window = bell_window_reserve(bytes / BELL_PAGE, name, 0);

    bell_window_point(window, BELL_WINDOW_MMIO, address, true);
    return window->base;
}

/** After DriverEntry. @return its status, or a failure when there is no usable table. */
static NTSTATUS judge_entry(NTSTATUS status, char *error, size_t error_size)
{
    if (NT_SUCCESS(status) && !registered)
        status = STATUS_UNSUCCESSFUL;
    if (refused_for != NULL) {
        snprintf(error, error_size, "driver: %s is NULL in the table of DxgkInitialize; expected "
                 "an entry point", refused_for);
        return STATUS_INVALID_PARAMETER;
    }
    if (wrong_version) {
        snprintf(error, error_size, "driver: the table of DxgkInitialize has Version 0x%x; "
                 "expected 0x%x (DXGKDDI_INTERFACE_VERSION)", (unsigned)given_version,
                 DXGKDDI_INTERFACE_VERSION);
        return STATUS_GRAPHICS_DRIVER_MISMATCH;
    }
    if (!NT_SUCCESS(status))
        snprintf(error, error_size, "driver: DriverEntry gave status 0x%08x%s", (unsigned)status,
                 registered ? "" : " and registered no table with DxgkInitialize");
    return status;
}

static NTSTATUS enter_driver(char *error, size_t error_size)
{
    static char driver_object[16];
    PDEVICE_OBJECT device = (PDEVICE_OBJECT)(void *)driver_object;
    NTSTATUS status;

    registered = false;
    refused_for = NULL;
    wrong_version = false;
    status = judge_entry(os_kmd_entry()((PDRIVER_OBJECT)(void *)driver_object, os_registry_path()),
                         error, error_size);
    if (!NT_SUCCESS(status))
        return status;
    status = OS_DDI(AddDevice, 0, &os_adapter.miniport, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiAddDevice(device, &os_adapter.miniport));
    if (!NT_SUCCESS(status))
        snprintf(error, error_size, "driver: DxgkDdiAddDevice gave status 0x%08x",
                 (unsigned)status);
    return status;
}

static NTSTATUS start_device(char *error, size_t error_size)
{
    DXGK_START_INFO info = {.AdapterLuid = os_adapter.luid};
    DXGKRNL_INTERFACE callbacks;
    ULONG sources = 0, children = 0;
    NTSTATUS status;

    os_callbacks_fill(&callbacks);
    os_interrupt_connect();
    status = OS_DDI(StartDevice, 0, &info, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiStartDevice(os_adapter.miniport, &info, &callbacks,
                                                      &sources, &children));
    if (!NT_SUCCESS(status))
        snprintf(error, error_size, "driver: DxgkDdiStartDevice gave status 0x%08x",
                 (unsigned)status);
    else
        os_adapter.started = true;
    return status;
}

static void remove_device(void)
{
    void *context = os_adapter.miniport;

    os_interrupt_disconnect();
    OS_DDI(RemoveDevice, 0, &context, PASSIVE_LEVEL, os_adapter.ddi.DxgkDdiRemoveDevice(context));
    os_adapter.miniport = NULL;
    if (os_adapter.ddi.DxgkDdiUnload != NULL)
        os_adapter.ddi.DxgkDdiUnload();
}

NTSTATUS os_adapter_start(char *error, size_t error_size)
{
    NTSTATUS status;

    os_adapter.luid = (LUID){.LowPart = LUID_LOW};
    os_adapter.bar2_bytes = BELL_DEVICE_BAR2_BYTES;
    os_adapter.bar0 = map_bar("bar0", 0, BELL_DEVICE_BAR0_BYTES);
    os_adapter.bar2 = map_bar("bar2", BELL_DEVICE_BAR2, os_adapter.bar2_bytes);
    status = enter_driver(error, error_size);
    if (!NT_SUCCESS(status))
        return status;
    status = start_device(error, error_size);
    if (NT_SUCCESS(status)) {
        status = discover(error, error_size);
        if (NT_SUCCESS(status)) {
            os_sched_start();
            os_idle_start();
            return status;
        }
        os_adapter_stop();
        return status;
    }
    remove_device();
    return status;
}

void os_adapter_stop(void)
{
    void *context = os_adapter.miniport;
    NTSTATUS status;

    if (!os_adapter.started)
        return;
    os_power_stop();
    os_sched_stop();
    os_interrupt_rest();
    status = OS_DDI(StopDevice, 0, &context, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiStopDevice(context));
    if (!NT_SUCCESS(status))
        bell_sim_fail("driver: DxgkDdiStopDevice gave status 0x%08x; expected success",
                      (unsigned)status);
    os_adapter.started = false;
    remove_device();
}
