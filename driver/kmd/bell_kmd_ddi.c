/* SPDX-License-Identifier: MIT */
/*
 * Table of entry points. Each one turns handles into objects and forwards; nothing is decided here
 * beyond "this handle is none of ours": STATUS_INVALID_PARAMETER.
 */
#include <string.h>

#include "bell_kmd_adapter.h"
#include "bell_kmd_alloc.h"
#include "bell_kmd_doorbell.h"
#include "bell_kmd_engine.h"
#include "bell_kmd_isr.h"
#include "bell_kmd_native_fence.h"
#include "bell_kmd_notify.h"
#include "bell_kmd_power.h"
#include "bell_kmd_queue.h"
#include "bell_kmd_sched.h"
#include "bell_kmd_sched_log.h"
#include "bell_kmd_settings.h"
#include "bell_kmd_submit.h"

static NTSTATUS add_device(PDEVICE_OBJECT physical, PVOID *context)
{
    UNREFERENCED_PARAMETER(physical);
    if (context == NULL)
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_adapter_add((struct bell_adapter **)context);
}

static NTSTATUS start_device(PVOID context, DXGK_START_INFO *info, DXGKRNL_INTERFACE *dxgk,
                             ULONG *sources, ULONG *children)
{
    UNREFERENCED_PARAMETER(info);
    if (!bell_kmd_is(context, BELL_KIND_ADAPTER) || sources == NULL || children == NULL)
        return STATUS_INVALID_PARAMETER;
    *sources = 0;
    *children = 0;
    return bell_kmd_adapter_start(context, dxgk);
}

static NTSTATUS stop_device(PVOID context)
{
    if (!bell_kmd_is(context, BELL_KIND_ADAPTER))
        return STATUS_INVALID_PARAMETER;
    bell_kmd_adapter_stop(context);
    return STATUS_SUCCESS;
}

static NTSTATUS remove_device(PVOID context)
{
    if (!bell_kmd_is(context, BELL_KIND_ADAPTER))
        return STATUS_INVALID_PARAMETER;
    bell_kmd_adapter_stop(context);
    bell_kmd_adapter_remove(context);
    return STATUS_SUCCESS;
}

static VOID reset_device(PVOID context)
{
    if (bell_kmd_is(context, BELL_KIND_ADAPTER))
        bell_kmd_adapter_quiesce(context);
}

static VOID unload(VOID)
{
}

static BOOLEAN interrupt_routine(PVOID context, ULONG message)
{
    UNREFERENCED_PARAMETER(message);
    return bell_kmd_isr(context);
}

static VOID dpc_routine(PVOID context)
{
    bell_kmd_dpc(context);
}

/* An adapter that may be asked: ours and started. */
static bool is_running(const VOID *handle)
{
    return bell_kmd_is(handle, BELL_KIND_ADAPTER) && ((const struct bell_adapter *)handle)->started;
}

static NTSTATUS query_adapter_info(HANDLE adapter, const DXGKARG_QUERYADAPTERINFO *args)
{
    if (!is_running(adapter) || args == NULL)
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_adapter_query(adapter, args);
}

static NTSTATUS get_node_metadata(HANDLE adapter, UINT node, DXGKARG_GETNODEMETADATA *args)
{
    if (!is_running(adapter))
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_adapter_node_metadata(adapter, node, args);
}

static NTSTATUS create_process(HANDLE adapter, DXGKARG_CREATEPROCESS *args)
{
    if (!is_running(adapter) || args == NULL)
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_process_create(adapter, args);
}

static NTSTATUS destroy_process(HANDLE adapter, HANDLE process)
{
    if (!is_running(adapter) || !bell_kmd_is(process, BELL_KIND_PROCESS))
        return STATUS_INVALID_PARAMETER;
    bell_kmd_process_destroy(process);
    return STATUS_SUCCESS;
}

static NTSTATUS create_device(HANDLE adapter, DXGKARG_CREATEDEVICE *args)
{
    if (!is_running(adapter) || args == NULL)
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_device_create(adapter, args);
}

static NTSTATUS destroy_device(HANDLE device)
{
    if (!bell_kmd_is(device, BELL_KIND_DEVICE))
        return STATUS_INVALID_PARAMETER;
    bell_kmd_device_destroy(device);
    return STATUS_SUCCESS;
}

static NTSTATUS create_allocation(HANDLE adapter, DXGKARG_CREATEALLOCATION *args)
{
    if (!is_running(adapter))
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_allocation_create(adapter, args);
}

static NTSTATUS destroy_allocation(HANDLE adapter, const DXGKARG_DESTROYALLOCATION *args)
{
    if (!is_running(adapter) || args == NULL)
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_allocation_destroy(adapter, args);
}

static NTSTATUS describe_allocation(HANDLE adapter, DXGKARG_DESCRIBEALLOCATION *args)
{
    if (!is_running(adapter) || args == NULL)
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_allocation_describe(adapter, args);
}

static NTSTATUS open_allocation(HANDLE device, const DXGKARG_OPENALLOCATION *args)
{
    if (!bell_kmd_is(device, BELL_KIND_DEVICE) || args == NULL)
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_allocation_open(device, args);
}

static NTSTATUS close_allocation(HANDLE device, const DXGKARG_CLOSEALLOCATION *args)
{
    if (!bell_kmd_is(device, BELL_KIND_DEVICE) || args == NULL)
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_allocation_close(device, args);
}

static NTSTATUS build_paging_buffer(HANDLE adapter, DXGKARG_BUILDPAGINGBUFFER *args)
{
    if (!is_running(adapter) || args == NULL)
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_allocation_page(adapter, args);
}

static NTSTATUS create_hw_context(HANDLE device, DXGKARG_CREATEHWCONTEXT *args)
{
    if (!bell_kmd_is(device, BELL_KIND_DEVICE) || args == NULL)
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_context_create(device, args);
}

static NTSTATUS destroy_hw_context(HANDLE context)
{
    if (!bell_kmd_is(context, BELL_KIND_CONTEXT))
        return STATUS_INVALID_PARAMETER;
    bell_kmd_context_destroy(context);
    return STATUS_SUCCESS;
}

static NTSTATUS create_hw_queue(HANDLE context, DXGKARG_CREATEHWQUEUE *args)
{
    if (!bell_kmd_is(context, BELL_KIND_CONTEXT) || args == NULL)
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_queue_create(context, args);
}

static NTSTATUS destroy_hw_queue(HANDLE queue)
{
    if (!bell_kmd_is(queue, BELL_KIND_QUEUE))
        return STATUS_INVALID_PARAMETER;
    bell_kmd_queue_destroy(queue);
    return STATUS_SUCCESS;
}

static NTSTATUS submit_command(HANDLE adapter, const DXGKARG_SUBMITCOMMANDTOHWQUEUE *args)
{
    if (!is_running(adapter) || args == NULL || !bell_kmd_is(args->hHwQueue, BELL_KIND_QUEUE))
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_submit(args->hHwQueue, args);
}

static NTSTATUS suspend_context(HANDLE adapter, const DXGKARG_SUSPENDCONTEXT *args)
{
    if (!is_running(adapter) || args == NULL || !bell_kmd_is(args->hContext, BELL_KIND_CONTEXT))
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_context_suspend(args->hContext, args->contextSuspendFence);
}

static NTSTATUS resume_context(HANDLE adapter, const DXGKARG_RESUMECONTEXT *args)
{
    if (!is_running(adapter) || args == NULL || !bell_kmd_is(args->hContext, BELL_KIND_CONTEXT))
        return STATUS_INVALID_PARAMETER;
    bell_kmd_context_resume(args->hContext);
    return STATUS_SUCCESS;
}

static NTSTATUS create_doorbell(DXGKARG_CREATEDOORBELL *args)
{
    if (args == NULL)
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_doorbell_create(args);
}

static NTSTATUS connect_doorbell(DXGKARG_CONNECTDOORBELL *args)
{
    if (args == NULL || !bell_kmd_is(args->hDoorbell, BELL_KIND_DOORBELL))
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_doorbell_connect(args->hDoorbell, args);
}

static NTSTATUS disconnect_doorbell(const DXGKARG_DISCONNECTDOORBELL *args)
{
    if (args == NULL || !bell_kmd_is(args->hDoorbell, BELL_KIND_DOORBELL))
        return STATUS_INVALID_PARAMETER;
    bell_kmd_doorbell_disconnect(args->hDoorbell);
    return STATUS_SUCCESS;
}

static NTSTATUS destroy_doorbell(const DXGKARG_DESTROYDOORBELL *args)
{
    if (args == NULL || !bell_kmd_is(args->hDoorbell, BELL_KIND_DOORBELL))
        return STATUS_INVALID_PARAMETER;
    bell_kmd_doorbell_destroy(args->hDoorbell);
    return STATUS_SUCCESS;
}

static NTSTATUS notify_work_submission(const DXGKARG_NOTIFYWORKSUBMISSION *args)
{
    if (args == NULL || !bell_kmd_is(args->hHwQueue, BELL_KIND_QUEUE))
        return STATUS_INVALID_PARAMETER;
    bell_kmd_notify_work(args->hHwQueue);
    return STATUS_SUCCESS;
}

static NTSTATUS escape(HANDLE adapter, const DXGKARG_ESCAPE *args)
{
    if (!is_running(adapter) || args == NULL)
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_notify_escape(args);
}

static NTSTATUS reset_engine(HANDLE adapter, DXGKARG_RESETENGINE *args)
{
    if (!is_running(adapter) || args == NULL)
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_engine_reset(adapter, args);
}

static NTSTATUS query_engine_status(HANDLE adapter, DXGKARG_QUERYENGINESTATUS *args)
{
    if (!is_running(adapter) || args == NULL)
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_engine_status(adapter, args);
}

static NTSTATUS reset_hw_engine(HANDLE adapter, const DXGKARG_RESETHWENGINE *args)
{
    if (!is_running(adapter) || args == NULL)
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_engine_reset_hw(adapter, args);
}

static NTSTATUS resume_hw_engine(HANDLE adapter, const DXGKARG_RESUMEHWENGINE *args)
{
    if (!is_running(adapter) || args == NULL)
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_engine_resume_hw(adapter, args);
}

static NTSTATUS reset_from_timeout(HANDLE adapter)
{
    if (!is_running(adapter))
        return STATUS_INVALID_PARAMETER;
    bell_kmd_power_reset(adapter);
    return STATUS_SUCCESS;
}

static NTSTATUS restart_from_timeout(HANDLE adapter)
{
    if (!is_running(adapter))
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_power_restart(adapter);
}

static NTSTATUS update_hw_context_state(HANDLE adapter, const DXGKARG_UPDATEHWCONTEXTSTATE *args)
{
    if (!is_running(adapter) || args == NULL || !bell_kmd_is(args->hHwContext, BELL_KIND_CONTEXT))
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_sched_update_context(args->hHwContext, args);
}

static NTSTATUS switch_to_hw_context_list(HANDLE adapter, const DXGKARG_SWITCHTOHWCONTEXTLIST *args)
{
    if (!is_running(adapter) || args == NULL)
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_sched_switch(adapter, args);
}

static NTSTATUS setup_priority_bands(HANDLE adapter, const DXGKARG_SETUPPRIORITYBANDS *args)
{
    if (!is_running(adapter) || args == NULL)
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_sched_setup_bands(adapter, args);
}

static NTSTATUS set_context_properties(HANDLE adapter,
                                       const DXGKARG_SETCONTEXTSCHEDULINGPROPERTIES *args)
{
    if (!is_running(adapter) || args == NULL || !bell_kmd_is(args->hContext, BELL_KIND_CONTEXT))
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_sched_set_context(args->hContext, args);
}

static NTSTATUS set_scheduling_log(HANDLE adapter, const DXGKARG_SETSCHEDULINGLOGBUFFER *args)
{
    if (!is_running(adapter) || args == NULL)
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_sched_log_set(adapter, args);
}

static NTSTATUS create_native_fence(HANDLE adapter, DXGKARG_CREATENATIVEFENCE *args)
{
    if (!is_running(adapter) || args == NULL)
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_native_create(adapter, args);
}

static NTSTATUS destroy_native_fence(HANDLE adapter, const DXGKARG_DESTROYNATIVEFENCE *args)
{
    if (!is_running(adapter) || args == NULL ||
        !bell_kmd_is(args->hGlobalNativeFence, BELL_KIND_NATIVE_FENCE))
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_native_destroy(args->hGlobalNativeFence);
}

static NTSTATUS open_native_fence(HANDLE adapter, DXGKARG_OPENNATIVEFENCE *args)
{
    if (!is_running(adapter) || args == NULL || !bell_kmd_is(args->hDevice, BELL_KIND_DEVICE) ||
        !bell_kmd_is(args->hGlobalNativeFence, BELL_KIND_NATIVE_FENCE))
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_native_open(adapter, args);
}

static NTSTATUS close_native_fence(HANDLE adapter, const DXGKARG_CLOSENATIVEFENCE *args)
{
    if (!is_running(adapter) || args == NULL ||
        !bell_kmd_is(args->hLocalNativeFence, BELL_KIND_NATIVE_OPEN))
        return STATUS_INVALID_PARAMETER;
    bell_kmd_native_close(args->hLocalNativeFence);
    return STATUS_SUCCESS;
}

static NTSTATUS update_monitored_values(HANDLE adapter, const DXGKARG_UPDATEMONITOREDVALUES *args)
{
    if (!is_running(adapter) || args == NULL)
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_native_update_monitored(adapter, args);
}

static NTSTATUS update_current_values(HANDLE adapter,
                                      const DXGKARG_UPDATECURRENTVALUESFROMCPU *args)
{
    if (!is_running(adapter) || args == NULL)
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_native_update_current(adapter, args);
}

static NTSTATUS set_native_fence_log(HANDLE adapter, const DXGKARG_SETNATIVEFENCELOGBUFFER *args)
{
    if (!is_running(adapter) || args == NULL || !bell_kmd_is(args->hHwQueue, BELL_KIND_QUEUE))
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_native_set_log(args->hHwQueue, args);
}

static NTSTATUS update_native_fence_logs(HANDLE adapter, const DXGKARG_UPDATENATIVEFENCELOGS *args)
{
    if (!is_running(adapter) || args == NULL)
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_native_update_logs(adapter, args);
}

static NTSTATUS set_power_state(PVOID context, ULONG device, DEVICE_POWER_STATE state,
                                POWER_ACTION action)
{
    UNREFERENCED_PARAMETER(action);
    if (!is_running(context) || device != DISPLAY_ADAPTER_HW_ID)
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_power_set_device(context, state);
}

static NTSTATUS set_component_f_state(HANDLE context, UINT component, UINT state)
{
    if (!is_running(context))
        return STATUS_INVALID_PARAMETER;
    return bell_kmd_power_set_engine(context, component, state);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry)
{
    DRIVER_INITIALIZATION_DATA data;
    NTSTATUS status;

    memset(&data, 0, sizeof(data));
    data.Version = DXGKDDI_INTERFACE_VERSION;
    data.DxgkDdiAddDevice = add_device;
    data.DxgkDdiStartDevice = start_device;
    data.DxgkDdiStopDevice = stop_device;
    data.DxgkDdiRemoveDevice = remove_device;
    data.DxgkDdiResetDevice = reset_device;
    data.DxgkDdiUnload = unload;
    data.DxgkDdiInterruptRoutine = interrupt_routine;
    data.DxgkDdiDpcRoutine = dpc_routine;
    data.DxgkDdiQueryAdapterInfo = query_adapter_info;
    data.DxgkDdiGetNodeMetadata = get_node_metadata;
    data.DxgkDdiCreateProcess = create_process;
    data.DxgkDdiDestroyProcess = destroy_process;
    data.DxgkDdiCreateDevice = create_device;
    data.DxgkDdiDestroyDevice = destroy_device;
    data.DxgkDdiCreateAllocation = create_allocation;
    data.DxgkDdiDestroyAllocation = destroy_allocation;
    data.DxgkDdiDescribeAllocation = describe_allocation;
    data.DxgkDdiOpenAllocation = open_allocation;
    data.DxgkDdiCloseAllocation = close_allocation;
    data.DxgkDdiBuildPagingBuffer = build_paging_buffer;
    data.DxgkDdiCreateHwContext = create_hw_context;
    data.DxgkDdiDestroyHwContext = destroy_hw_context;
    data.DxgkDdiCreateHwQueue = create_hw_queue;
    data.DxgkDdiDestroyHwQueue = destroy_hw_queue;
    data.DxgkDdiSubmitCommandToHwQueue = submit_command;
    data.DxgkDdiSuspendContext = suspend_context;
    data.DxgkDdiResumeContext = resume_context;
    data.DxgkDdiCreateDoorbell = create_doorbell;
    data.DxgkDdiConnectDoorbell = connect_doorbell;
    data.DxgkDdiDisconnectDoorbell = disconnect_doorbell;
    data.DxgkDdiDestroyDoorbell = destroy_doorbell;
    data.DxgkDdiNotifyWorkSubmission = notify_work_submission;
    data.DxgkDdiResetEngine = reset_engine;
    data.DxgkDdiQueryEngineStatus = query_engine_status;
    data.DxgkDdiResetHwEngine = reset_hw_engine;
    data.DxgkDdiResumeHwEngine = resume_hw_engine;
    data.DxgkDdiSetPowerState = set_power_state;
    data.DxgkDdiSetPowerComponentFState = set_component_f_state;
    data.DxgkDdiEscape = escape;
    data.DxgkDdiResetFromTimeout = reset_from_timeout;
    data.DxgkDdiRestartFromTimeout = restart_from_timeout;
    data.DxgkDdiUpdateHwContextState = update_hw_context_state;
    data.DxgkDdiSwitchToHwContextList = switch_to_hw_context_list;
    data.DxgkDdiSetupPriorityBands = setup_priority_bands;
    data.DxgkDdiSetContextSchedulingProperties = set_context_properties;
    data.DxgkDdiSetSchedulingLogBuffer = set_scheduling_log;
    data.DxgkDdiCreateNativeFence = create_native_fence;
    data.DxgkDdiDestroyNativeFence = destroy_native_fence;
    data.DxgkDdiOpenNativeFence = open_native_fence;
    data.DxgkDdiCloseNativeFence = close_native_fence;
    data.DxgkDdiUpdateMonitoredValues = update_monitored_values;
    data.DxgkDdiUpdateCurrentValuesFromCpu = update_current_values;
    data.DxgkDdiSetNativeFenceLogBuffer = set_native_fence_log;
    data.DxgkDdiUpdateNativeFenceLogs = update_native_fence_logs;
    status = bell_kmd_settings_read(registry);
    if (!NT_SUCCESS(status))
        return status;
    return DxgkInitialize(driver, registry, &data);
}
