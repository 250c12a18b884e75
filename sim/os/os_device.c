/* SPDX-License-Identifier: MIT */
#include "os_native.h"

#include <stdlib.h>

static void release_plain(struct os_object *object)
{
    free(object);
}

NTSTATUS os_adapter_open(struct os_process *process, D3DKMT_HANDLE *handle)
{
    struct os_object *adapter = calloc(1, sizeof(*adapter));

    if (!adapter)
        return STATUS_NO_MEMORY;
    if (!os_object_init(adapter, OS_ADAPTER, process, NULL, release_plain)) {
        free(adapter);
        return STATUS_NO_MEMORY;
    }
    os_object_publish(adapter);
    *handle = adapter->name;
    return STATUS_SUCCESS;
}

void os_adapter_close(struct os_object *adapter)
{
    os_object_finish(adapter);
}

static NTSTATUS device_create_in_driver(struct os_device *device)
{
    DXGKARG_CREATEDEVICE args = { .hDevice = os_object_token(&device->base),
                                  .hKmdProcess = device->base.process->kmd };
    NTSTATUS status;

    os_driver_enter(device->base.process);
    status = OS_DDI(CreateDevice, device->base.name, &args, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiCreateDevice(os_adapter.miniport, &args));
    os_driver_leave(device->base.process);
    device->kmd = args.hDevice;
    return status;
}

NTSTATUS os_device_create(struct os_process *process, const D3DKMT_CREATEDEVICE *args,
                          struct os_device **device)
{
    struct os_object *adapter = os_object_lookup(process, args->hAdapter, OS_ADAPTER);
    struct os_device *made;
    NTSTATUS status;

    if (!adapter || args->Flags.Reserved || os_adapter.lost) {
        status = adapter && !args->Flags.Reserved ? STATUS_DEVICE_REMOVED
                                                  : STATUS_INVALID_PARAMETER;
        os_object_unref(adapter);
        return status;
    }
    made = calloc(1, sizeof(*made));
    if (!made || !os_object_init(&made->base, OS_DEVICE, process, adapter, release_plain)) {
        free(made);
        os_object_unref(adapter);
        return STATUS_NO_MEMORY;
    }
    os_object_unref(adapter);
    status = device_create_in_driver(made);
    if (!NT_SUCCESS(status)) {
        os_object_unref(made);
        return status;
    }
    os_object_publish(&made->base);
    *device = made;
    return STATUS_SUCCESS;
}

static void destroy_children(struct os_device *device)
{
    struct os_process *process = device->base.process;
    void *child;

    while ((child = os_object_next(NULL, OS_CONTEXT, process, device)) != NULL) {
        os_object_close(child);
        os_context_destroy(child);
    }
    while ((child = os_object_next(NULL, OS_PAGING_QUEUE, process, device)) != NULL) {
        os_object_close(child);
        os_paging_queue_destroy(child);
    }
    while ((child = os_object_next(NULL, OS_FENCE, process, device)) != NULL) {
        os_object_close(child);
        os_fence_destroy(child);
    }
    while ((child = os_object_next(NULL, OS_RESOURCE, process, device)) != NULL) {
        os_object_close(child);
        os_resource_destroy(child);
    }
    while ((child = os_object_next(NULL, OS_ALLOCATION, process, device)) != NULL) {
        os_object_close(child);
        os_allocation_destroy(child);
    }
}

void os_device_destroy(struct os_device *device)
{
    NTSTATUS status;

    destroy_children(device);
    os_driver_enter(device->base.process);
    status = OS_DDI(DestroyDevice, device->base.name, &device->kmd, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiDestroyDevice(device->kmd));
    os_driver_leave(device->base.process);
    os_must_succeed(status, "DxgkDdiDestroyDevice", "HS-CTX-01");
    os_object_finish(&device->base);
}

NTSTATUS os_paging_queue_create(struct os_device *device, struct os_paging_queue **paging)
{
    struct os_paging_queue *made = calloc(1, sizeof(*made));
    NTSTATUS status;

    if (!made || !os_object_init(&made->base, OS_PAGING_QUEUE, device->base.process,
                                 &device->base, release_plain)) {
        free(made);
        return STATUS_NO_MEMORY;
    }
    status = os_fence_create(device, "paging-fence", false, &made->fence);
    if (!NT_SUCCESS(status)) {
        os_object_unref(made);
        return status;
    }
    os_object_publish(&made->base);
    *paging = made;
    return STATUS_SUCCESS;
}

void os_paging_queue_destroy(struct os_paging_queue *paging)
{
    os_fence_destroy(paging->fence);
    os_object_finish(&paging->base);
}

static struct os_queue *next_queue(struct os_queue *after, const struct os_device *device)
{
    struct os_queue *queue = after;

    do
        queue = os_object_next(queue, OS_QUEUE, device->base.process, NULL);
    while (queue && os_queue_device(queue) != device);
    return queue;
}

/* Detaching waits for the bus: look at the list anew after each. */
static struct os_doorbell *next_to_abort(const struct os_device *device)
{
    struct os_queue *queue = NULL;

    while ((queue = next_queue(queue, device)) != NULL)
        if (queue->doorbell &&
            *queue->doorbell->status != (uint64_t)D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT)
            return queue->doorbell;
    return NULL;
}

void os_device_abort(struct os_device *device)
{
    struct os_doorbell *doorbell;

    for (struct os_queue *queue = next_queue(NULL, device); queue;
         queue = next_queue(queue, device)) {
        queue->dead = true;
        queue->fence->dead = true;
    }
    while ((doorbell = next_to_abort(device)) != NULL) {
        os_object_ref(&doorbell->base);
        os_doorbell_detach(doorbell, D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT);
        os_object_unref(doorbell);
    }
    bell_thread_wake_all(&os_objects.waiters);
    os_native_wake();
}

/* A doorbell of the device that the driver may still have connected. */
static struct os_doorbell *next_to_disconnect(const struct os_device *device)
{
    struct os_queue *queue = NULL;

    while ((queue = next_queue(queue, device)) != NULL)
        if (queue->dead && queue->doorbell && queue->doorbell->base.open &&
            queue->doorbell->kmd_connected)
            return queue->doorbell;
    return NULL;
}

void os_device_lose(struct os_device *device)
{
    struct os_doorbell *doorbell;

    os_device_abort(device);
    while ((doorbell = next_to_disconnect(device)) != NULL) {
        os_object_ref(&doorbell->base);
        os_doorbell_disconnect(doorbell);
        os_object_unref(doorbell);
    }
}
