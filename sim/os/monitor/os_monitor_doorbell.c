/* SPDX-License-Identifier: MIT */
/* Rules of the doorbell DDIs and of DxgkCbDisconnectDoorbell. */
#include "os_objects.h"

#include <inttypes.h>

static struct os_doorbell *doorbell_of(const struct os_monitor_call *call)
{
    return os_object_peek((D3DKMT_HANDLE)call->object, OS_DOORBELL);
}

static int hardware_of(const struct os_doorbell *doorbell)
{
    return os_device_queue_of(doorbell->base.parent->name);
}

static bool is_dead(const struct os_doorbell *doorbell)
{
    return ((const struct os_queue *)doorbell->base.parent)->dead || os_device_gone();
}

/* --- Create ---------------------------------------------------------------------------------- */

void os_doorbell_create_exit(struct os_monitor_call *call, NTSTATUS status)
{
    const DXGKARG_CREATEDOORBELL *args = call->args;

    if (NT_SUCCESS(status))
        os_monitor_new_handle("DB-CRE-09", call->object, args->hDoorbell, "hDoorbell");
}

/* --- Connect --------------------------------------------------------------------------------- */

void os_doorbell_connect_enter(struct os_monitor_call *call)
{
    struct os_doorbell *doorbell = doorbell_of(call);

    if (doorbell == NULL)
        return;
    doorbell->monitor.connecting++;
    doorbell->monitor.connect_begun = call->begun;
}

/** DB-CON-03, DB-SEC-02. @return false when there is no address to go on with. */
static bool check_answer(const struct os_monitor_call *call, const DXGKARG_CONNECTDOORBELL *args)
{
    uint64_t bar2 = (uint64_t)((uintptr_t)args->KernelCpuVirtualAddress -
                               (uintptr_t)os_adapter.bar2);

    if (args->Status != D3DDDI_DOORBELLSTATUS_CONNECTED &&
        args->Status != D3DDDI_DOORBELLSTATUS_CONNECTED_NOTIFY_KMD)
        os_violation("DB-CON-03", call->object, "Status is %d; expected 0 or 1", (int)args->Status);
    else if (args->KernelCpuVirtualAddress == NULL)
        os_violation("DB-CON-03", call->object, "KernelCpuVirtualAddress is NULL");
    else if (bar2 >= os_adapter.bar2_bytes)
        os_violation("DB-CON-03", call->object, "KernelCpuVirtualAddress %p is outside the mapping "
                     "of the doorbell BAR", args->KernelCpuVirtualAddress);
    else {
        if (args->Flags.RequireSecondaryAddress && args->SecondaryKernelCpuVirtualAddress == NULL)
            os_violation("DB-SEC-02", call->object, "SecondaryKernelCpuVirtualAddress is NULL");
        return true;
    }
    return false;
}

static void check_offset(struct os_doorbell *doorbell, const DXGKARG_CONNECTDOORBELL *args)
{
    struct os_monitor_doorbell *monitor = &doorbell->monitor;
    uint32_t offset = (uint32_t)((uintptr_t)args->KernelCpuVirtualAddress % BELL_PAGE);

    if (monitor->has_offset && monitor->offset != offset)
        os_violation("DB-VA-04", doorbell->base.name, "in-page offset is 0x%x; it was 0x%x at the "
                     "first connect", offset, monitor->offset);
    monitor->has_offset = true;
    monitor->offset = offset;
}

/** DB-CON-02, -05, -10; in the layouts where each doorbell has a slot. */
static void check_slot(const struct os_monitor_call *call, const struct os_doorbell *doorbell,
                       uint32_t slot)
{
    int hw = hardware_of(doorbell);
    uint32_t other = os_device_grantee(slot);

    if (other != 0 && other != doorbell->base.name)
        os_violation("DB-CON-05", other, "slot %u is given to doorbell 0x%08X too", slot,
                     doorbell->base.name);
    else if (!os_device_routes(slot, hw))
        os_violation("DB-CON-02", doorbell->base.name, "slot %u, whose address was returned, does "
                     "not route to the queue%s", slot,
                     hw < 0 ? ": no hardware queue is open for it" : "");
    else if (os_device_kicked(hw) < call->begun || os_device_kicked(hw) < os_device_routed(slot))
        os_violation("DB-CON-10", doorbell->base.name, "hardware queue %d got no KICK after slot "
                     "%u was routed", hw, slot);
    os_device_grant(slot, doorbell->base.name);
}

static void connected(const struct os_monitor_call *call, struct os_doorbell *doorbell)
{
    const DXGKARG_CONNECTDOORBELL *args = call->args;
    uint64_t bar2 = (uint64_t)((uintptr_t)args->KernelCpuVirtualAddress -
                               (uintptr_t)os_adapter.bar2);
    uint32_t slot;

    if (!check_answer(call, args))
        return;
    check_offset(doorbell, args);
    slot = os_device_slot_at(bar2);
    if (slot == OS_NO_SLOT)
        slot = os_device_slot_to(hardware_of(doorbell));
    if (slot != OS_NO_SLOT)
        check_slot(call, doorbell, slot);
    else if (os_device_kicked(hardware_of(doorbell)) < call->begun)
        os_violation("DB-CON-10", doorbell->base.name, "its hardware queue got no KICK");
}

static void not_connected(const struct os_monitor_call *call, const struct os_doorbell *doorbell,
                          NTSTATUS status)
{
    uint32_t slot = os_device_slot_to(hardware_of(doorbell));

    if (slot != OS_NO_SLOT && !os_device_gone())
        os_violation("DB-CON-12", call->object, "it returned 0x%08X, and slot %u routes to the "
                     "doorbell's queue", (unsigned)status, slot);
    else if (status != STATUS_DEVICE_REMOVED && status != STATUS_IO_TIMEOUT &&
             status != STATUS_NO_MEMORY && status != STATUS_NOT_SUPPORTED)
        os_violation("DB-CON-06", call->object, "it returned 0x%08X", (unsigned)status);
}

void os_doorbell_connect_exit(struct os_monitor_call *call, NTSTATUS status)
{
    struct os_doorbell *doorbell = doorbell_of(call);

    if (doorbell == NULL)
        return;
    if (call->stolen_from != 0)
        os_violation("DB-CON-05", call->stolen_from, "slot %u was written by the connect of "
                     "doorbell 0x%08X; DxgkCbDisconnectDoorbell was never called for it",
                     call->stolen_slot, doorbell->base.name);
    doorbell->monitor.connecting--;
    if (status == STATUS_SUCCESS)
        connected(call, doorbell);
    else
        not_connected(call, doorbell, status);
}

/* --- Disconnect and destroy ------------------------------------------------------------------ */

void os_doorbell_disconnect_enter(struct os_monitor_call *call)
{
    call->stolen_slot = os_device_granted((uint32_t)call->object);
    if (call->stolen_slot != OS_NO_SLOT)
        os_device_grant(call->stolen_slot, 0);
}

void os_doorbell_disconnect_exit(struct os_monitor_call *call, NTSTATUS status)
{
    const struct os_doorbell *doorbell = doorbell_of(call);
    int hw = doorbell != NULL ? hardware_of(doorbell) : -1;
    uint32_t slot = os_device_slot_to(hw), had = call->stolen_slot;

    if (doorbell == NULL || status != STATUS_SUCCESS || is_dead(doorbell) || os_device_off())
        return;
    if (slot != OS_NO_SLOT)
        os_violation("DB-DIS-02", call->object, "slot %u still routes to its queue", slot);
    else if (had != OS_NO_SLOT && os_device_drain_tried(had) < call->begun)
        os_violation("DB-DIS-05", call->object, "slot %u was not drained: SLOT.DRAIN was not read",
                     had);
    else if (os_device_kicked(hw) < call->begun)
        os_violation("DB-DIS-05", call->object, hw < 0 ? "no hardware queue is open for its queue, "
                     "so that none can sample" : "its hardware queue got no KICK");
}

void os_doorbell_destroy_enter(struct os_monitor_call *call)
{
    struct os_doorbell *doorbell = doorbell_of(call);

    os_doorbell_disconnect_enter(call);
    if (doorbell != NULL)
        doorbell->monitor.destroying = true;
}

void os_doorbell_destroy_exit(struct os_monitor_call *call, NTSTATUS status)
{
    const struct os_doorbell *doorbell = doorbell_of(call);
    const DXGKARG_DESTROYDOORBELL *args = call->args;
    uint32_t slot;
    int hw;

    if (doorbell == NULL || status != STATUS_SUCCESS)
        return;
    if (os_monitor_not_freed(args->hDoorbell))
        os_violation("DB-DES-04", call->object, "the object at hDoorbell was not freed");
    os_monitor_handle_gone(args->hDoorbell);
    if (os_device_gone())
        return;
    hw = hardware_of(doorbell);
    slot = os_device_slot_to(os_device_last_queue_of(doorbell->base.parent->name));
    if (slot != OS_NO_SLOT)
        os_violation("DB-DES-04", call->object, "slot %u still routes to its queue", slot);
    else if (hw >= 0)
        os_violation("DB-DES-03", call->object, "hardware queue %d is still open on its ring", hw);
}

/* --- Callback -------------------------------------------------------------------------------- */

/** @return the doorbell that the driver means, or NULL. */
static struct os_doorbell *named(const DXGKARGCB_DISCONNECTDOORBELL *args)
{
    return args != NULL ? os_object_from_token(args->hDoorbell, OS_DOORBELL) : NULL;
}

static const char *wrong_argument(const DXGKARGCB_DISCONNECTDOORBELL *args)
{
    const struct os_doorbell *doorbell = named(args);

    if (args == NULL)
        return "the argument is NULL";
    if (doorbell == NULL)
        return "hDoorbell is no OS handle of a live doorbell (expected the value that "
               "CreateDoorbell got in)";
    if (os_object_token(doorbell->base.parent) != args->hHwQueue)
        return "hHwQueue is not the OS handle of the doorbell's queue (expected the value that "
               "CreateHwQueue got in)";
    if (args->Flags.Value != 0)
        return "reserved flags are set";
    if (args->DisconnectReason != D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY &&
        args->DisconnectReason != D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT)
        return "DisconnectReason is no DISCONNECTED_* value";
    return NULL;
}

/** DB-VIC-06. Before the driver gave it a slot in this connect, it may be a victim of its last. */
static bool is_connecting(const struct os_doorbell *doorbell)
{
    uint32_t slot = os_device_slot_to(hardware_of(doorbell));

    if (doorbell->monitor.connecting == 0)
        return false;
    return os_monitor_call()->object == doorbell->base.name ||
           (slot != OS_NO_SLOT && os_device_routed(slot) >= doorbell->monitor.connect_begun);
}

void os_monitor_disconnect_enter(const DXGKARGCB_DISCONNECTDOORBELL *args)
{
    struct os_monitor_call *call = os_monitor_call();
    const char *wrong = wrong_argument(args);
    struct os_doorbell *doorbell = named(args);

    if (wrong != NULL)
        os_violation("DB-VIC-02", args != NULL ? (uint64_t)(uintptr_t)args->hDoorbell : 0, "%s",
                     wrong);
    if (os_monitor_in("DxgkDdiCreateDoorbell"))
        os_violation("DB-CRE-02", call->object, "DxgkCbDisconnectDoorbell is called: a slot is "
                     "being taken");
    if (doorbell == NULL)
        return;
    if (is_connecting(doorbell))
        os_violation("DB-VIC-06", doorbell->base.name, "ConnectDoorbell for it has not returned");
    if (call->stolen_from == doorbell->base.name)
        os_violation("DB-VIC-03", doorbell->base.name, "its slot %u was written before "
                     "DxgkCbDisconnectDoorbell was called", call->stolen_slot);
    call->stolen_from = 0;
    doorbell->monitor.leaving++;
}

void os_monitor_disconnect_exit(const DXGKARGCB_DISCONNECTDOORBELL *args, NTSTATUS status)
{
    struct os_doorbell *doorbell = named(args);

    if (doorbell == NULL)
        return;
    doorbell->monitor.leaving--;
    if (NT_SUCCESS(status))
        os_device_victimized(doorbell->base.name);
}

/* --- Status words ---------------------------------------------------------------------------- */

void os_monitor_status_words(void)
{
    struct os_doorbell *doorbell = NULL;

    while ((doorbell = os_object_next(doorbell, OS_DOORBELL, NULL, NULL)) != NULL) {
        const struct os_monitor_doorbell *monitor = &doorbell->monitor;

        if (doorbell->status == NULL || !monitor->has_status ||
            *doorbell->status == monitor->status)
            continue;
        os_violation("DB-STA-03", doorbell->base.name, "the status word reads 0x%" PRIx64 "; the "
                     "OS last wrote 0x%" PRIx64, *doorbell->status, monitor->status);
        doorbell->monitor.status = *doorbell->status;
    }
}
