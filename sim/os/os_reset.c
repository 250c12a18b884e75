/* SPDX-License-Identifier: MIT */
/*
 * Full reset of the adapter (HS-RST-02): an engine reset, its resume or a transition to D0 failed.
 * Nothing in the hardware can be relied upon, so every device of every process is lost: ABORT on all
 * doorbells, fences that wait end, pending suspend requests are over. What is made from then on works.
 * A driver that cannot reset, or that fails, leaves an adapter that is gone for good: nothing new can
 * be made, and what is there can only be destroyed.
 */
#include "os_native.h"
#include "os_power.h"
#include "os_sched.h"

#include <stdio.h>

static void each_device(void (*act)(struct os_device *device))
{
    struct os_device *device, *next;

    for (device = os_object_next(NULL, OS_DEVICE, NULL, NULL); device; device = next) {
        os_object_ref(&device->base);
        act(device);
        next = os_object_next(device, OS_DEVICE, NULL, NULL);
        os_object_unref(device);
    }
}

void os_devices_lose(void)
{
    each_device(os_device_lose);
}

static NTSTATUS reset_in_driver(void)
{
    return OS_DDI(ResetFromTimeout, 0, &os_adapter.miniport, PASSIVE_LEVEL,
                  os_adapter.ddi.DxgkDdiResetFromTimeout(os_adapter.miniport));
}

static NTSTATUS restart_in_driver(void)
{
    return OS_DDI(RestartFromTimeout, 0, &os_adapter.miniport, PASSIVE_LEVEL,
                  os_adapter.ddi.DxgkDdiRestartFromTimeout(os_adapter.miniport));
}

/* As after the acknowledgement, no reference to any context is left (DB-SUS-04). */
static void end_suspend_requests(void)
{
    struct os_context *context = NULL;

    while ((context = os_object_next(context, OS_CONTEXT, NULL, NULL)) != NULL)
        context->suspend_acked = context->suspend_fence;
}

void os_reset_alone(const char *why)
{
    NTSTATUS status = STATUS_NOT_SUPPORTED;

    os_trace(BELFRY_POWER, "full-reset", 0);
    each_device(os_device_abort);
    if (os_adapter.ddi.DxgkDdiResetFromTimeout && os_adapter.ddi.DxgkDdiRestartFromTimeout)
        status = reset_in_driver();
    os_power_reset_function(); /* Also a device that nobody rules any more: it must not fetch. */
    os_sched_log_cut();
    if (NT_SUCCESS(status))
        status = restart_in_driver();
    os_adapter.lost = !NT_SUCCESS(status);
    if (os_adapter.lost)
        os_monitor_device_power(false);
    os_power_restarted();
    if (!os_adapter.lost)
        end_suspend_requests();
    bell_thread_wake_all(&os_objects.waiters);
    os_native_rescan(); /* Reports went with the function's state. */
    os_trace(BELFRY_POWER, os_adapter.lost ? "adapter-lost" : "full-restart", 0);
    if (os_adapter.lost)
        fprintf(stderr, "belfry: the adapter is lost: no full reset (0x%08X) after: %s\n",
                (unsigned)status, why);
}

void os_reset_adapter(const char *why)
{
    os_power_alone(os_tdr.ddi_delay, "full reset: threads to leave the driver");
    os_reset_alone(why);
    os_power_together();
    os_devices_lose();
}
