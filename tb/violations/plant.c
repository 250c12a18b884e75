/* SPDX-License-Identifier: MIT */
/* Linked with --wrap for the functions below: the driver's calls of them come here. */
#include "plant.h"

DRIVER_INITIALIZATION_DATA real;
DXGKRNL_INTERFACE os;
struct bell_adapter *adapter;
const char *inside = "";

NTSTATUS __real_DxgkInitialize(PDRIVER_OBJECT driver, PUNICODE_STRING registry,
                               DRIVER_INITIALIZATION_DATA *table);
NTSTATUS __wrap_DxgkInitialize(PDRIVER_OBJECT driver, PUNICODE_STRING registry,
                               DRIVER_INITIALIZATION_DATA *table);
ULONG64 __real_READ_REGISTER_ULONG64(volatile ULONG64 *reg);
ULONG64 __wrap_READ_REGISTER_ULONG64(volatile ULONG64 *reg);
VOID __real_WRITE_REGISTER_ULONG64(volatile ULONG64 *reg, ULONG64 value);
VOID __wrap_WRITE_REGISTER_ULONG64(volatile ULONG64 *reg, ULONG64 value);
VOID __real_ExFreePoolWithTag(PVOID block, ULONG tag);
VOID __wrap_ExFreePoolWithTag(PVOID block, ULONG tag);

/* --- What a plant may call ------------------------------------------------------------------- */

static volatile ULONG64 *address_of(UINT32 offset)
{
    return (volatile ULONG64 *)(volatile VOID *)(adapter->bar0 + offset);
}

static UINT32 offset_of(volatile ULONG64 *reg)
{
    return (UINT32)((volatile UCHAR *)reg - adapter->bar0);
}

VOID plant_write(UINT32 offset, UINT64 value)
{
    __real_WRITE_REGISTER_ULONG64(address_of(offset), value);
}

UINT64 plant_read(UINT32 offset)
{
    return __real_READ_REGISTER_ULONG64(address_of(offset));
}

VOID plant_release(PVOID block, ULONG tag)
{
    __real_ExFreePoolWithTag(block, tag);
}

/* --- What the driver calls ------------------------------------------------------------------- */

ULONG64 __wrap_READ_REGISTER_ULONG64(volatile ULONG64 *reg)
{
    return plant.read != NULL ? plant.read(offset_of(reg)) : __real_READ_REGISTER_ULONG64(reg);
}

VOID __wrap_WRITE_REGISTER_ULONG64(volatile ULONG64 *reg, ULONG64 value)
{
    if (plant.write != NULL)
        plant.write(offset_of(reg), value);
    else
        __real_WRITE_REGISTER_ULONG64(reg, value);
}

VOID __wrap_ExFreePoolWithTag(PVOID block, ULONG tag)
{
    if (plant.release != NULL)
        plant.release(block, tag);
    else
        __real_ExFreePoolWithTag(block, tag);
}

/* --- What the OS calls ----------------------------------------------------------------------- */

static DRIVER_INITIALIZATION_DATA changed;

static NTSTATUS start_device(PVOID context, DXGK_START_INFO *info, DXGKRNL_INTERFACE *interface,
                             ULONG *sources, ULONG *children)
{
    DXGKRNL_INTERFACE seen = *interface;

    os = *interface;
    adapter = context;
    if (plant.callbacks != NULL)
        plant.callbacks(&seen);
    return changed.DxgkDdiStartDevice(context, info, &seen, sources, children);
}

#define TRACKED(name, parameters, arguments)                                                       \
    static NTSTATUS track##name parameters                                                         \
    {                                                                                              \
        NTSTATUS status;                                                                           \
                                                                                                   \
        inside = #name;                                                                            \
        status = changed.DxgkDdi##name arguments;                                                  \
        inside = "";                                                                               \
        return status;                                                                             \
    }
TRACKED(CreateDoorbell, (DXGKARG_CREATEDOORBELL *args), (args))
TRACKED(ConnectDoorbell, (DXGKARG_CONNECTDOORBELL *args), (args))
TRACKED(DisconnectDoorbell, (const DXGKARG_DISCONNECTDOORBELL *args), (args))
TRACKED(DestroyDoorbell, (const DXGKARG_DESTROYDOORBELL *args), (args))
TRACKED(DestroyProcess, (HANDLE of, HANDLE process), (of, process))
TRACKED(DestroyAllocation, (HANDLE of, const DXGKARG_DESTROYALLOCATION *args), (of, args))
TRACKED(CloseAllocation, (HANDLE of, const DXGKARG_CLOSEALLOCATION *args), (of, args))
TRACKED(SuspendContext, (HANDLE of, const DXGKARG_SUSPENDCONTEXT *args), (of, args))
TRACKED(ResumeContext, (HANDLE of, const DXGKARG_RESUMECONTEXT *args), (of, args))
TRACKED(UpdateHwContextState, (HANDLE of, const DXGKARG_UPDATEHWCONTEXTSTATE *args), (of, args))
TRACKED(SwitchToHwContextList, (HANDLE of, const DXGKARG_SWITCHTOHWCONTEXTLIST *args), (of, args))

static VOID track(DRIVER_INITIALIZATION_DATA *table)
{
    table->DxgkDdiStartDevice = start_device;
    table->DxgkDdiCreateDoorbell = trackCreateDoorbell;
    table->DxgkDdiConnectDoorbell = trackConnectDoorbell;
    table->DxgkDdiDisconnectDoorbell = trackDisconnectDoorbell;
    table->DxgkDdiDestroyDoorbell = trackDestroyDoorbell;
    table->DxgkDdiDestroyProcess = trackDestroyProcess;
    table->DxgkDdiDestroyAllocation = trackDestroyAllocation;
    table->DxgkDdiCloseAllocation = trackCloseAllocation;
    table->DxgkDdiSuspendContext = trackSuspendContext;
    table->DxgkDdiResumeContext = trackResumeContext;
    table->DxgkDdiUpdateHwContextState = trackUpdateHwContextState;
    table->DxgkDdiSwitchToHwContextList = trackSwitchToHwContextList;
}

NTSTATUS __wrap_DxgkInitialize(PDRIVER_OBJECT driver, PUNICODE_STRING registry,
                               DRIVER_INITIALIZATION_DATA *table)
{
    DRIVER_INITIALIZATION_DATA used;

    real = *table;
    changed = *table;
    if (plant.table != NULL)
        plant.table(&changed);
    used = changed;
    track(&used);
    return __real_DxgkInitialize(driver, registry, &used);
}
