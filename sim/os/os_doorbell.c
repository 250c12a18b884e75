/* SPDX-License-Identifier: MIT */
#include "os_power.h"

#include <stdlib.h>
#include <string.h>

#include "bell_private.h"

static struct os_queue *queue_of(const struct os_doorbell *doorbell)
{
    return (struct os_queue *)doorbell->base.parent;
}

static void release_doorbell(struct os_object *object)
{
    free(object);
}

/* --- Create ----------------------------------------------------------------------------------- */

static NTSTATUS check_create(const D3DKMT_CREATE_DOORBELL *args, const struct os_queue *queue)
{
    if (args->Flags.Reserved || !queue || !queue->flags.UserModeSubmission || queue->doorbell)
        return STATUS_INVALID_PARAMETER; /* DB-QUE-03, DB-CRE-10, DB-CRE-11 */
    if (args->Flags.RequireSecondaryCpuVA && !os_adapter.caps.Flags.SecondaryDoorbellSupported)
        return STATUS_NOT_SUPPORTED; /* DB-SEC-04 */
    return queue->dead ? STATUS_DEVICE_REMOVED : STATUS_SUCCESS;
}

/* DB-CRE-05, DB-CRE-06: of this device, GPU-visible, resident. */
static bool ring_is_usable(const struct os_allocation *allocation, const struct os_queue *queue)
{
    return allocation && allocation->base.parent == &os_queue_device(queue)->base &&
           allocation->resident && os_gpuva_of(allocation);
}

/* The driver's word in its private data; without it, 0. A misplaced one fails each connect. */
static uint32_t declared_offset(const void *private_data, UINT size)
{
    BELL_DOORBELL_PRIVATE answer;

    if (size < sizeof(answer))
        return 0;
    memcpy(&answer, private_data, sizeof(answer));
    if (answer.version != BELL_INTERFACE_VERSION || answer.in_page_offset >= BELL_PAGE)
        return 0;
    return answer.in_page_offset;
}

static NTSTATUS ddi_create(struct os_doorbell *doorbell, const D3DKMT_CREATE_DOORBELL *args,
                           void *private_data)
{
    DXGKARG_CREATEDOORBELL ddi = {
        .hHwQueue = queue_of(doorbell)->kmd,
        .hDoorbell = os_object_token(&doorbell->base),
        .PrivateDriverDataSize = args->PrivateDriverDataSize,
        .PrivateDriverData = private_data,
        .hRingBuffer = doorbell->ring->backing->kmd,
        .hRingBufferControl = doorbell->control ? doorbell->control->backing->kmd : NULL,
    };
    NTSTATUS status;

    ddi.Flags.ResizeRingBufferOperation = args->Flags.ResizeRingBufferOperation;
    os_driver_enter(doorbell->base.process);
    status = OS_DDI(CreateDoorbell, doorbell->base.name, &ddi, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiCreateDoorbell(&ddi));
    os_driver_leave(doorbell->base.process);
    doorbell->kmd = ddi.hDoorbell;
    doorbell->offset = declared_offset(private_data, args->PrivateDriverDataSize);
    return status;
}

static NTSTATUS ddi_destroy(struct os_doorbell *doorbell)
{
    DXGKARG_DESTROYDOORBELL args = { .hDoorbell = doorbell->kmd };
    NTSTATUS status;

    os_driver_enter(doorbell->base.process);
    status = OS_DDI(DestroyDoorbell, doorbell->base.name, &args, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiDestroyDoorbell(&args));
    os_driver_leave(doorbell->base.process);
    return status;
}

/* Ring and control are not published memory of the doorbell but of the user: only held. */
static NTSTATUS make_doorbell(struct os_queue *queue, struct os_allocation *ring,
                              struct os_allocation *control, const D3DKMT_CREATE_DOORBELL *args,
                              void *private_data, struct os_doorbell **doorbell)
{
    struct os_doorbell *made = calloc(1, sizeof(*made));
    NTSTATUS status = STATUS_NO_MEMORY;

    if (!made || !os_object_init(&made->base, OS_DOORBELL, queue->base.process, &queue->base,
                                 release_doorbell)) {
        free(made);
        return STATUS_NO_MEMORY;
    }
    os_lock_init(&made->transition, "doorbell transition", OS_RANK_TRANSITION);
    os_lock_init(&made->leaf, "doorbell leaf", OS_RANK_LEAF);
    made->ring = ring;
    made->control = control;
    made->has_second = args->Flags.RequireSecondaryCpuVA;
    if (!os_doorbell_map_new(made, queue))
        goto unref;
    queue->doorbell = made;
    os_allocation_hold(ring);
    if (control)
        os_allocation_hold(control);
    status = ddi_create(made, args, private_data);
    if (!NT_SUCCESS(status))
        goto drop;
    os_object_publish(&made->base);
    *doorbell = made;
    return STATUS_SUCCESS;

drop:
    if (control)
        os_allocation_unhold(control);
    os_allocation_unhold(ring);
    queue->doorbell = NULL;
    os_doorbell_unmap(made);
unref:
    os_object_unref(made);
    return status;
}

static void unref_allocation(struct os_allocation *allocation)
{
    if (allocation)
        os_object_unref(allocation);
}

NTSTATUS os_doorbell_create(struct os_process *process, const D3DKMT_CREATE_DOORBELL *args,
                            void *private_data, struct os_doorbell **doorbell)
{
    struct os_queue *queue = os_object_lookup(process, args->hHwQueue, OS_QUEUE);
    struct os_allocation *ring = os_object_lookup(process, args->hRingBuffer, OS_ALLOCATION);
    struct os_allocation *control =
        args->hRingBufferControl
            ? os_object_lookup(process, args->hRingBufferControl, OS_ALLOCATION) : NULL;
    NTSTATUS status = check_create(args, queue);

    if (NT_SUCCESS(status) &&
        (!ring_is_usable(ring, queue) ||
         (args->hRingBufferControl && !ring_is_usable(control, queue))))
        status = STATUS_INVALID_PARAMETER;
    if (NT_SUCCESS(status))
        status = make_doorbell(queue, ring, control, args, private_data, doorbell);
    unref_allocation(control);
    unref_allocation(ring);
    if (queue)
        os_object_unref(queue);
    return status;
}

/* --- Connect ---------------------------------------------------------------------------------- */

static NTSTATUS ddi_connect(struct os_doorbell *doorbell, DXGKARG_CONNECTDOORBELL *args)
{
    NTSTATUS status;

    *args = (DXGKARG_CONNECTDOORBELL){ .hDoorbell = doorbell->kmd,
                                       .Status = D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY };
    args->Flags.RequireSecondaryAddress = doorbell->has_second;
    os_driver_enter(doorbell->base.process);
    status = OS_DDI(ConnectDoorbell, doorbell->base.name, args, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiConnectDoorbell(args));
    os_driver_leave(doorbell->base.process);
    if (status == STATUS_SUCCESS)
        doorbell->kmd_connected = true;
    return status;
}

static void ddi_disconnect(struct os_doorbell *doorbell)
{
    DXGKARG_DISCONNECTDOORBELL args = { .hDoorbell = doorbell->kmd };
    NTSTATUS status;

    os_driver_enter(doorbell->base.process);
    status = OS_DDI(DisconnectDoorbell, doorbell->base.name, &args, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiDisconnectDoorbell(&args));
    os_driver_leave(doorbell->base.process);
    os_must_succeed(status, "DxgkDdiDisconnectDoorbell", "DB-DIS-01");
    doorbell->kmd_connected = false;
}

/* in BAR2, at the offset that the user's address has in its page. */
static bool place_is_sane(const struct os_doorbell *doorbell, const void *address, uint64_t *bar2)
{
    uintptr_t base = (uintptr_t)os_adapter.bar2;

    *bar2 = (uintptr_t)address - base;
    return (uintptr_t)address >= base && *bar2 < os_adapter.bar2_bytes &&
           *bar2 % BELL_PAGE == doorbell->offset;
}

/* A-19, DB-SEC-02: doorbells there, and a status that means connected. */
static bool connect_is_sane(const struct os_doorbell *doorbell,
                            const DXGKARG_CONNECTDOORBELL *args, struct os_places *bar2)
{
    return (args->Status == D3DDDI_DOORBELLSTATUS_CONNECTED ||
            args->Status == D3DDDI_DOORBELLSTATUS_CONNECTED_NOTIFY_KMD) &&
           place_is_sane(doorbell, args->KernelCpuVirtualAddress, &bar2->first) &&
           (!doorbell->has_second ||
            place_is_sane(doorbell, args->SecondaryKernelCpuVirtualAddress, &bar2->second));
}

/* Power is looked at inside the transition lock. Whoever brought the adapter back from D3
 * resumes all contexts after its own DDI (DB-DST-02). */
static NTSTATUS connect_with_power(struct os_doorbell *doorbell, DXGKARG_CONNECTDOORBELL *args)
{
    bool owes_resume = os_power_up(queue_of(doorbell)->node);
    NTSTATUS status = queue_of(doorbell)->dead ? STATUS_DEVICE_REMOVED /* On the way up. */
                                               : ddi_connect(doorbell, args);

    if (owes_resume)
        os_power_resume_all();
    os_tdr_arm();
    return status;
}

static NTSTATUS connect_locked(struct os_doorbell *doorbell)
{
    DXGKARG_CONNECTDOORBELL args;
    struct os_places bar2 = { 0 };
    uint64_t generation;
    NTSTATUS status;

    if (!doorbell->base.open)
        return STATUS_INVALID_PARAMETER; /* DB-DES-06 */
    status = os_doorbell_connect_begin(doorbell, &generation);
    if (status != STATUS_PENDING)
        return status;
    status = connect_with_power(doorbell, &args);
    if (!NT_SUCCESS(status))
        return status;
    if (status != STATUS_SUCCESS || !connect_is_sane(doorbell, &args, &bar2)) {
        ddi_disconnect(doorbell);
        return STATUS_UNSUCCESSFUL; /* DB-CON-03 */
    }
    bell_os_point("connect.ddi-to-map");
    status = os_doorbell_connect_end(doorbell, generation, &bar2, args.Status);
    if (status == STATUS_UNSUCCESSFUL)
        ddi_disconnect(doorbell);
    return status;
}

NTSTATUS os_doorbell_connect(struct os_doorbell *doorbell)
{
    NTSTATUS status;

    os_lock_acquire(&doorbell->transition);
    status = connect_locked(doorbell);
    os_lock_release(&doorbell->transition);
    return status;
}

/* --- Disconnect, notify ----------------------------------------------------------------------- */

static void disconnect_locked(struct os_doorbell *doorbell)
{
    if (os_adapter.disconnect_published) {
        ddi_disconnect(doorbell);
        os_doorbell_detach(doorbell, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
        return;
    }
    os_doorbell_detach(doorbell, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    ddi_disconnect(doorbell);
    os_doorbell_detach_again(doorbell);
}

NTSTATUS os_doorbell_disconnect(struct os_doorbell *doorbell)
{
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    os_lock_acquire(&doorbell->transition);
    if (doorbell->base.open) {
        disconnect_locked(doorbell);
        status = STATUS_SUCCESS;
    }
    os_lock_release(&doorbell->transition);
    return status;
}

static NTSTATUS notify_locked(struct os_doorbell *doorbell)
{
    DXGKARG_NOTIFYWORKSUBMISSION args = { .hHwQueue = queue_of(doorbell)->kmd };
    NTSTATUS status;

    if (!doorbell->base.open)
        return STATUS_INVALID_PARAMETER;
    if (*doorbell->status == (uint64_t)D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT)
        return STATUS_DEVICE_REMOVED; /* */
    os_driver_enter(doorbell->base.process);
    status = OS_DDI(NotifyWorkSubmission, doorbell->base.name, &args, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiNotifyWorkSubmission(&args));
    os_driver_leave(doorbell->base.process);
    os_must_succeed(status, "DxgkDdiNotifyWorkSubmission", "DB-NTF-02");
    return status;
}

NTSTATUS os_doorbell_notify(struct os_doorbell *doorbell)
{
    NTSTATUS status;

    os_lock_acquire(&doorbell->transition);
    status = notify_locked(doorbell);
    os_lock_release(&doorbell->transition);
    return status;
}

/* --- Destroy ---------------------------------------------------------------------------------- */

void os_doorbell_destroy(struct os_doorbell *doorbell, bool disconnect)
{
    struct os_queue *queue = queue_of(doorbell);

    os_lock_acquire(&doorbell->transition);
    if (!os_adapter.destroy_direct && (disconnect || doorbell->kmd_connected))
        disconnect_locked(doorbell);
    else if (doorbell->mapping == BELFRY_MAPPED_SLOT)
        os_doorbell_detach(doorbell, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    os_must_succeed(ddi_destroy(doorbell), "DxgkDdiDestroyDoorbell", "DB-DES-04");
    queue->doorbell = NULL;
    os_object_retire(&doorbell->base);
    os_doorbell_unmap(doorbell);
    os_lock_release(&doorbell->transition);
    if (doorbell->control)
        os_allocation_unhold(doorbell->control);
    os_allocation_unhold(doorbell->ring);
    os_object_finish(&doorbell->base);
}

/* --- Callback of the driver ------------------------------------------------------------------- */

NTSTATUS os_cb_disconnect_doorbell(const DXGKARGCB_DISCONNECTDOORBELL *args)
{
    struct os_doorbell *doorbell = os_object_from_token(args->hDoorbell, OS_DOORBELL);

    if (!doorbell || os_object_token(&queue_of(doorbell)->base) != args->hHwQueue ||
        args->Flags.Value ||
        (args->DisconnectReason != D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY &&
         args->DisconnectReason != D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT))
        return STATUS_INVALID_PARAMETER; /* DB-VIC-02 */
    os_object_ref(&doorbell->base);
    os_doorbell_detach(doorbell, args->DisconnectReason);
    doorbell->kmd_connected = false;
    os_object_unref(doorbell);
    return STATUS_SUCCESS;
}
