/* SPDX-License-Identifier: MIT */
/* The part of observe.h that looks at native fences. */
#include "os_native.h"

bool belfry_native_fence(uint32_t hSyncObject, struct belfry_native_fence_info *info)
{
    const struct os_fence *fence = os_object_peek(hSyncObject, OS_FENCE);

    if (!fence || !fence->native || !fence->base.open)
        return false;
    *info = (struct belfry_native_fence_info){
        .current = *fence->native->current,
        .monitored = *fence->native->monitored,
        .waiters = os_native_waiters(fence->native),
        .opens = fence->native->opens,
        .os_handle = (uint64_t)(uintptr_t)os_native_token(fence->native),
        .kmd_handle = (uint64_t)(uintptr_t)fence->native->kmd,
        .current_gpu_va = fence->gpu_va,
        .monitored_gpu_va = fence->monitored_va,
    };
    return true;
}

bool belfry_fence_logs(uint32_t hHwQueue, struct belfry_fence_logs *logs)
{
    struct os_queue *queue = os_object_peek(hHwQueue, OS_QUEUE);

    if (!queue || !queue->base.open)
        return false;
    os_object_ref(&queue->base);
    os_native_logs_read(queue);
    os_native_logs_counts(queue, logs);
    os_object_unref(queue);
    return true;
}

uint32_t belfry_os_move_fence_logs(uint32_t hHwQueue)
{
    struct os_queue *queue = os_object_peek(hHwQueue, OS_QUEUE);
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    if (queue && queue->base.open) {
        os_object_ref(&queue->base);
        status = os_native_logs_move(queue);
        os_object_unref(queue);
    }
    return (uint32_t)status;
}
