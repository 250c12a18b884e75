/* SPDX-License-Identifier: MIT */
#include "os_native.h"

#include <stdlib.h>
#include <string.h>

/* Non-canonical, as tokens of objects; another range than theirs. */
#define TOKEN_TAG 0x0BE3000000000000ull
/* Names look like Windows' handles of a process: small, a multiple of four. */
#define NAME_STEP 4u
/* Bytes between the places that values have in their pages: a cache line, and what the hardware
 * tells waits apart by. */
#define VALUE_STEP 64u

static struct os_native *natives;
static uint32_t last_serial;

void os_native_init(void)
{
    natives = NULL;
    last_serial = 0;
}

void os_native_cleanup(void)
{
    os_native_waits_forget();
    while (natives) {
        struct os_native *next = natives->next;

        free(natives);
        natives = next;
    }
}

bool os_native_usable(void)
{
    return os_adapter.native_fences;
}

struct os_native *os_native_first(void)
{
    return natives;
}

HANDLE os_native_token(const struct os_native *native)
{
    return (HANDLE)(uintptr_t)(TOKEN_TAG | native->serial);
}

struct os_native *os_native_from_token(HANDLE token)
{
    struct os_native *native = natives;

    while (native && (os_native_token(native) != token || !native->kmd))
        native = native->next;
    return native;
}

void os_native_unref(struct os_native *native)
{
    struct os_native **link = &natives;

    if (--native->refs)
        return;
    while (*link && *link != native)
        link = &(*link)->next;
    if (*link)
        *link = native->next;
    free(native);
}

/* --- Create and destroy (NF-LIF-01) ----------------------------------------------------------- */

static bool give_pages(struct os_native *native, uint64_t initial)
{
    native->current_phys = bell_phys_alloc(1);
    native->monitored_phys = native->current_phys ? bell_phys_alloc(1) : 0;
    if (!native->monitored_phys) {
        if (native->current_phys)
            bell_phys_free(native->current_phys, 1);
        return false;
    }
    native->current = (volatile uint64_t *)((char *)bell_phys_ptr(native->current_phys) +
                                            native->offset);
    native->monitored = (volatile uint64_t *)((char *)bell_phys_ptr(native->monitored_phys) +
                                              native->offset);
    *native->current = initial;
    *native->monitored = UINT64_MAX;
    return true;
}

static void take_pages(struct os_native *native)
{
    native->current = native->monitored = NULL;
    bell_phys_free(native->current_phys, 1);
    bell_phys_free(native->monitored_phys, 1);
}

static uint32_t place_of(uint32_t serial)
{
    uint32_t stride = os_adapter.native_caps.MonitoredValueStride;

    return serial * (stride > VALUE_STEP ? stride : VALUE_STEP) % BELL_PAGE;
}

static struct os_native *make(const D3DDDI_NATIVEFENCEINFO *info)
{
    struct os_native *native = calloc(1, sizeof(*native));

    if (!native)
        return NULL;
    native->serial = ++last_serial;
    native->offset = place_of(native->serial);
    if (!give_pages(native, info->InitialFenceValue)) {
        free(native);
        return NULL;
    }
    os_lock_init(&native->lock, "native fence", OS_RANK_GROUP);
    native->shareable = info->Flags.Shared;
    native->refs = 1;
    native->next = natives;
    natives = native;
    return native;
}

static NTSTATUS create_in_driver(struct os_process *process, struct os_native *native,
                                 const D3DDDI_NATIVEFENCEINFO *info, void *data)
{
    DXGKARG_CREATENATIVEFENCE args = { .hGlobalNativeFence = os_native_token(native),
                                       .Type = info->Type };
    NTSTATUS status;

    if (os_adapter.native_caps.MapToGpuSystemProcess) {
        args.CurrentValueSystemProcessGpuVa = native->current_phys + native->offset;
        args.MonitoredValueSystemProcessGpuVa = native->monitored_phys + native->offset;
    }
    memcpy(args.pPrivateDriverData, data, sizeof(args.pPrivateDriverData));
    os_driver_enter(process);
    status = OS_DDI(CreateNativeFence, native->serial, &args, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiCreateNativeFence(os_adapter.miniport, &args));
    os_driver_leave(process);
    if (!NT_SUCCESS(status))
        return status;
    native->kmd = args.hGlobalNativeFence;
    memcpy(data, args.pPrivateDriverData, sizeof(args.pPrivateDriverData));
    return status;
}

/* No update of its values is under way, or begins, after this. */
static void forget_handle(void *arg)
{
    ((struct os_native *)arg)->kmd = NULL;
}

static void destroy_in_driver(struct os_process *process, struct os_native *native)
{
    DXGKARG_DESTROYNATIVEFENCE args = { .hGlobalNativeFence = native->kmd };
    NTSTATUS status;

    os_interrupt_run(forget_handle, native);
    os_driver_enter(process);
    status = OS_DDI(DestroyNativeFence, native->serial, &args, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiDestroyNativeFence(os_adapter.miniport, &args));
    os_driver_leave(process);
    os_must_succeed(status, "DxgkDdiDestroyNativeFence", "NF-LIF-01");
}

/* --- Open and close --------------------------------------------------------------------------- */

static void release_opening(struct os_object *object)
{
    os_native_unref(((struct os_fence *)object)->native);
    free(object);
}

static NTSTATUS map(struct os_fence *fence, const char *window_name)
{
    const struct os_native *native = fence->native;
    struct os_gpuva_want want = { .pages = 1, .phys = native->current_phys,
                                  .access = BELL_READ | BELL_WRITE };
    NTSTATUS status = os_gpuva_map(fence->base.process, &want, &fence->gpu_va);

    if (!NT_SUCCESS(status))
        return status;
    want.phys = native->monitored_phys;
    want.access = BELL_READ;
    status = os_gpuva_map(fence->base.process, &want, &fence->monitored_va);
    if (!NT_SUCCESS(status)) {
        os_gpuva_unmap(fence->base.process, fence->gpu_va, 1);
        return status;
    }
    fence->gpu_va += native->offset;
    fence->monitored_va += native->offset;
    fence->value = native->current;
    fence->window = bell_window_reserve(1, window_name, fence->base.name);
    os_window_point(fence->window, os_window_ro(), native->current_phys, false);
    return status;
}

static void unmap(struct os_fence *fence)
{
    const uint64_t offset = fence->native->offset;

    os_window_point(fence->window, BELL_WINDOW_DEAD, 0, false);
    os_gpuva_unmap(fence->base.process, fence->gpu_va - offset, 1);
    os_gpuva_unmap(fence->base.process, fence->monitored_va - offset, 1);
    fence->value = NULL;
}

static NTSTATUS open_in_driver(struct os_device *device, struct os_fence *fence)
{
    DXGKARG_OPENNATIVEFENCE args = { .hGlobalNativeFence = fence->native->kmd,
                                     .hLocalNativeFence = os_object_token(&fence->base),
                                     .hDevice = device->kmd,
                                     .CurrentValueGpuVa = fence->gpu_va,
                                     .MonitoredValueGpuVa = fence->monitored_va };
    NTSTATUS status;

    os_driver_enter(fence->base.process);
    status = OS_DDI(OpenNativeFence, fence->base.name, &args, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiOpenNativeFence(os_adapter.miniport, &args));
    os_driver_leave(fence->base.process);
    fence->kmd = args.hLocalNativeFence;
    return status;
}

static void close_in_driver(struct os_fence *fence)
{
    DXGKARG_CLOSENATIVEFENCE args = { .hLocalNativeFence = fence->kmd };
    NTSTATUS status;

    os_driver_enter(fence->base.process);
    status = OS_DDI(CloseNativeFence, fence->base.name, &args, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiCloseNativeFence(os_adapter.miniport, &args));
    os_driver_leave(fence->base.process);
    os_must_succeed(status, "DxgkDdiCloseNativeFence", "NF-LIF-01");
}

/* The native's lock is held. Takes over a reference on it when it succeeds. */
static NTSTATUS open_locked(struct os_device *device, struct os_native *native,
                            const char *window_name, struct os_fence **fence)
{
    struct os_fence *made = calloc(1, sizeof(*made));
    NTSTATUS status;

    if (!made || !os_object_init(&made->base, OS_FENCE, device->base.process, &device->base,
                                 release_opening)) {
        free(made);
        return STATUS_NO_MEMORY;
    }
    made->native = native;
    native->refs++;
    status = map(made, window_name);
    if (NT_SUCCESS(status)) {
        status = open_in_driver(device, made);
        if (!NT_SUCCESS(status))
            unmap(made);
    }
    if (!NT_SUCCESS(status)) {
        os_object_unref(made);
        return status;
    }
    native->opens++;
    os_object_publish(&made->base);
    *fence = made;
    return status;
}

NTSTATUS os_native_create(struct os_device *device, const char *window_name,
                          const D3DDDI_NATIVEFENCEINFO *info, void *data, struct os_fence **fence)
{
    struct os_native *native;
    NTSTATUS status;

    if (!os_native_usable() || info->Flags.CrossAdapter)
        return STATUS_NOT_SUPPORTED;
    if (os_adapter.lost)
        return STATUS_DEVICE_REMOVED;
    native = make(info);
    if (!native)
        return STATUS_NO_MEMORY;
    os_lock_acquire(&native->lock);
    status = create_in_driver(device->base.process, native, info, data);
    if (NT_SUCCESS(status)) {
        status = open_locked(device, native, window_name, fence);
        if (!NT_SUCCESS(status))
            destroy_in_driver(device->base.process, native);
    }
    if (!NT_SUCCESS(status))
        take_pages(native);
    os_lock_release(&native->lock);
    os_native_unref(native);
    return status;
}

static HANDLE name_of(const struct os_native *native)
{
    return (HANDLE)(uintptr_t)(native->serial * NAME_STEP);
}

NTSTATUS os_native_open(struct os_device *device, HANDLE name, struct os_fence **fence)
{
    struct os_native *native = natives;
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    while (native && (!native->shared || name_of(native) != name))
        native = native->next;
    if (!native)
        return status;
    native->refs++;
    os_lock_acquire(&native->lock);
    if (native->kmd)
        status = open_locked(device, native, "native-fence", fence);
    os_lock_release(&native->lock);
    os_native_unref(native);
    return status;
}

NTSTATUS os_native_share(struct os_fence *fence, HANDLE *name)
{
    if (!fence->native->shareable)
        return STATUS_INVALID_PARAMETER;
    fence->native->shared = true;
    *name = name_of(fence->native);
    return STATUS_SUCCESS;
}

void os_native_close(struct os_fence *fence)
{
    struct os_native *native = fence->native;

    fence->dead = true;
    fence->queue = NULL;
    os_native_wake();
    os_lock_acquire(&native->lock);
    close_in_driver(fence);
    unmap(fence);
    if (--native->opens == 0) {
        destroy_in_driver(fence->base.process, native);
        take_pages(native);
    }
    os_lock_release(&native->lock);
    os_object_finish(&fence->base);
}

void os_native_describe(const struct os_fence *fence, D3DDDI_NATIVEFENCEMAPPING *mapping)
{
    memset(mapping, 0, sizeof(*mapping));
    mapping->CurrentValueCpuVa = fence->window->base + fence->native->offset;
    mapping->CurrentValueGpuVa = fence->gpu_va;
    mapping->MonitoredValueGpuVa = fence->monitored_va;
}
