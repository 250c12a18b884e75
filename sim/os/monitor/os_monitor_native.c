/* SPDX-License-Identifier: MIT */
/* Rules of native fences: handles, values, reports. */
#include <inttypes.h>
#include <string.h>

#include "os_native.h"

/** The driver's own handle: not NULL, not what it was given, a live object. */
static void check_handle(uint64_t object, HANDLE given, HANDLE before, const char *what)
{
    if (given == before)
        os_violation("NF-LIF-01", object, "%s is what the OS gave in; expected the driver's own",
                     what);
    else
        os_monitor_new_handle("NF-LIF-01", object, given, what);
}

void os_native_create_exit(struct os_monitor_call *call, NTSTATUS status)
{
    const DXGKARG_CREATENATIVEFENCE *args = call->args;

    if (NT_SUCCESS(status))
        check_handle(call->object, args->hGlobalNativeFence, call->given, "hGlobalNativeFence");
}

void os_native_create_enter(struct os_monitor_call *call)
{
    call->given = ((const DXGKARG_CREATENATIVEFENCE *)call->args)->hGlobalNativeFence;
}

void os_native_open_enter(struct os_monitor_call *call)
{
    call->given = ((const DXGKARG_OPENNATIVEFENCE *)call->args)->hLocalNativeFence;
}

void os_native_open_exit(struct os_monitor_call *call, NTSTATUS status)
{
    const DXGKARG_OPENNATIVEFENCE *args = call->args;

    if (NT_SUCCESS(status))
        check_handle(call->object, args->hLocalNativeFence, call->given, "hLocalNativeFence");
}

static void check_freed(const struct os_monitor_call *call, const void *handle, NTSTATUS status)
{
    if (status == STATUS_SUCCESS && os_pool_is_block(handle))
        os_violation("NF-LIF-01", call->object, "the driver's object %p was not freed", handle);
}

void os_native_close_exit(struct os_monitor_call *call, NTSTATUS status)
{
    check_freed(call, ((const DXGKARG_CLOSENATIVEFENCE *)call->args)->hLocalNativeFence, status);
}

void os_native_destroy_exit(struct os_monitor_call *call, NTSTATUS status)
{
    check_freed(call, ((const DXGKARG_DESTROYNATIVEFENCE *)call->args)->hGlobalNativeFence,
                status);
}

/* --- Values ---------------------------------------------------------------------------------- */

/** Fence of a KMD handle, or NULL. */
static const struct os_native *native_of(HANDLE kmd)
{
    const struct os_native *native = os_native_first();

    while (native != NULL && native->kmd != kmd)
        native = native->next;
    return native;
}

void os_native_monitored_enter(struct os_monitor_call *call)
{
    const DXGKARG_UPDATEMONITOREDVALUES *args = call->args;

    call->beyond = 0;
    call->native_reported = false;
    for (UINT i = 0; i < args->NumFences; i++) {
        const struct os_native *native = native_of(args->NativeFenceArray[i]);

        call->beyond += native != NULL && *native->current > args->UpdatedValueArray[i];
    }
}

void os_native_monitored_exit(struct os_monitor_call *call, NTSTATUS status)
{
    const DXGKARG_UPDATEMONITOREDVALUES *args = call->args;

    for (UINT i = 0; i < args->NumFences && NT_SUCCESS(status); i++) {
        uint64_t stored = *(volatile uint64_t *)args->MonitoredValueKernelCpuVa[i];

        if (stored != args->UpdatedValueArray[i])
            os_violation("NF-SYN-01", call->object, "the monitored value is %" PRIu64 ", expected %"
                         PRIu64, stored, args->UpdatedValueArray[i]);
    }
    if (NT_SUCCESS(status) && call->beyond > 0 && !call->native_reported)
        os_violation("NF-SYN-01", call->object, "the current value was beyond the new monitored "
                     "value already, and nothing was reported");
}

void os_native_current_exit(struct os_monitor_call *call, NTSTATUS status)
{
    const DXGKARG_UPDATECURRENTVALUESFROMCPU *args = call->args;

    for (UINT i = 0; i < args->NumFences && NT_SUCCESS(status); i++) {
        const struct os_native *native = native_of(args->NativeFenceArray[i]);
        uint64_t stored = *(volatile uint64_t *)args->CurrentValueKernelCpuVa[i];

        if (stored < args->UpdatedValueArray[i])
            os_violation("NF-OBJ-01", call->object, "the current value is %" PRIu64
                         ", expected at least %" PRIu64, stored, args->UpdatedValueArray[i]);
        else if (native != NULL && !os_device_off() && !os_device_gone() &&
                 os_device_woken(native->offset) < call->begun)
            os_violation("NF-OBJ-01", call->object, "waits of the GPU were not made to look again");
    }
}

/* --- Reports --------------------------------------------------------------------------------- */

static struct {
    bool owed;
    uint64_t address; /**< Of the current value, as the queue's process has it. */
    uint32_t queue;   /**< D3DKMT handle, 0: gone. */
} event;

void os_monitor_native_init(void)
{
    memset(&event, 0, sizeof(event));
}

void os_monitor_native_popped(uint32_t queue, uint64_t address)
{
    struct os_queue *of = os_object_peek(queue, OS_QUEUE);

    event.owed = true;
    event.queue = queue;
    event.address = address;
    if (of != NULL)
        os_native_logs_told(of);
}

/** Is this the fence that the event is about? Without a queue, or an address of a fence, any is. */
static bool is_about(const struct os_native *native)
{
    const struct os_queue *queue = os_object_peek(event.queue, OS_QUEUE);
    const struct os_fence *fence = NULL;

    while (queue != NULL &&
           (fence = os_object_next(fence, OS_FENCE, queue->base.process, NULL)) != NULL)
        if (fence->native != NULL && fence->gpu_va == event.address)
            return fence->native == native;
    return true;
}

void os_monitor_native_signaled(const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data)
{
    HANDLE *array = data->NativeFenceSignaled.pSignaledNativeFenceArray;
    UINT count = data->NativeFenceSignaled.SignaledNativeFenceCount;

    os_monitor_call()->native_reported = true;
    if (array == NULL) {
        event.owed = false;
        return;
    }
    if (count == 0)
        os_violation("NF-INT-02", 0, "NATIVE_FENCE_SIGNALED has an array of no fences; expected "
                     "some, or no array");
    for (UINT i = 0; i < count; i++) {
        const struct os_native *native = os_native_from_token(array[i]);

        if (native == NULL)
            os_violation("NF-INT-02", (uint64_t)(uintptr_t)array[i], "NATIVE_FENCE_SIGNALED names "
                         "no live fence; expected the OS handle that CreateNativeFence got in");
        else if (event.owed && is_about(native))
            event.owed = false;
    }
}

void os_monitor_native_owed(void)
{
    if (event.owed)
        os_violation("NF-INT-01", event.queue, "a signal of the fence at 0x%" PRIx64 " was consumed "
                     "and neither that fence nor any was reported", event.address);
    event.owed = false;
}
