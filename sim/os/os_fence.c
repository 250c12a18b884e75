/* SPDX-License-Identifier: MIT */
#include "os_native.h"
#include "os_sched.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void release_fence(struct os_object *object)
{
    free(object);
}

static NTSTATUS map_fence(struct os_fence *fence, const char *window_name, bool gpu)
{
    struct os_process *process = fence->base.process;
    struct os_gpuva_want want = { .pages = 1, .access = BELL_READ | BELL_WRITE };
    NTSTATUS status = STATUS_SUCCESS;

    fence->phys = bell_phys_alloc(1);
    if (!fence->phys)
        return STATUS_NO_MEMORY;
    fence->value = bell_phys_ptr(fence->phys);
    want.phys = fence->phys;
    if (gpu)
        status = os_gpuva_map(process, &want, &fence->gpu_va);
    if (!NT_SUCCESS(status)) {
        bell_phys_free(fence->phys, 1);
        return status;
    }
    fence->window = bell_window_reserve(1, window_name, fence->base.name);
    os_window_point(fence->window, os_window_ro(), fence->phys, false);
    return STATUS_SUCCESS;
}

NTSTATUS os_fence_create(struct os_device *device, const char *window_name, bool gpu,
                         struct os_fence **fence)
{
    struct os_fence *made = calloc(1, sizeof(*made));
    NTSTATUS status;

    if (!made || !os_object_init(&made->base, OS_FENCE, device->base.process, &device->base,
                                 release_fence)) {
        free(made);
        return STATUS_NO_MEMORY;
    }
    status = map_fence(made, window_name, gpu);
    if (!NT_SUCCESS(status)) {
        os_object_unref(made);
        return status;
    }
    os_object_publish(&made->base);
    *fence = made;
    return STATUS_SUCCESS;
}

void os_fence_destroy(struct os_fence *fence)
{
    if (fence->native) {
        os_native_close(fence);
        return;
    }
    fence->dead = true;
    fence->queue = NULL;
    bell_thread_wake_all(&os_objects.waiters);
    os_window_point(fence->window, BELL_WINDOW_DEAD, 0, false);
    if (fence->gpu_va)
        os_gpuva_unmap(fence->base.process, fence->gpu_va, 1);
    bell_phys_free(fence->phys, 1);
    fence->value = NULL;
    os_object_finish(&fence->base);
}

void *os_fence_address(const struct os_fence *fence)
{
    return fence->window->base + (fence->native ? fence->native->offset : 0);
}

uint64_t os_fence_read(const struct os_fence *fence)
{
    return fence->value ? __atomic_load_n(fence->value, __ATOMIC_SEQ_CST) : 0;
}

/* One look at all fences. */
struct look {
    unsigned reached;
    unsigned first_missing;
    bool dead;
    bool suspended; /* The work is held back on purpose: no hang (DB-SUS-09). */
    uint64_t progress;
};

static struct look look_at(struct os_fence *const *fences, const uint64_t *values, unsigned count)
{
    struct look look = { .first_missing = count };

    for (unsigned i = 0; i < count; i++) {
        uint64_t value = os_fence_read(fences[i]);

        look.progress += value;
        if (value >= values[i] && fences[i]->value) {
            look.reached++;
            continue;
        }
        if (look.first_missing == count)
            look.first_missing = i;
        look.dead |= fences[i]->dead;
        look.suspended |= fences[i]->queue &&
                          (os_queue_context(fences[i]->queue)->suspended ||
                           !os_sched_may_run(os_queue_context(fences[i]->queue)));
    }
    return look;
}

static bool are_native(struct os_fence *const *fences, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (!fences[i]->native)
            return false;
    return true;
}

NTSTATUS os_fence_wait(struct os_fence *const *fences, const uint64_t *values, unsigned count,
                       bool any)
{
    struct look look = look_at(fences, values, count);
    uint64_t progress = look.progress;
    uint64_t end = bell_sim_now() + OS_TDR_CYCLES;
    char what[96];

    if (are_native(fences, count))
        return os_native_wait(fences, values, count, any);
    while (look.reached < (any ? 1u : count)) {
        if (look.dead || os_thread_self()->dying)
            return STATUS_DEVICE_REMOVED;
        if (look.progress != progress || look.suspended)
            end = bell_sim_now() + OS_TDR_CYCLES;
        else if (bell_sim_now() >= end)
            return STATUS_IO_TIMEOUT;
        progress = look.progress;
        snprintf(what, sizeof(what), "fence 0x%08X to reach %" PRIu64,
                 fences[look.first_missing]->base.name, values[look.first_missing]);
        os_wait(&os_objects.waiters, OS_POLL_CYCLES, what);
        look = look_at(fences, values, count);
    }
    return STATUS_SUCCESS;
}
