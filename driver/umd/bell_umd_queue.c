/* SPDX-License-Identifier: MIT */
#include "bell_ring.h"
#include "bell_umd_internal.h"

#include <stdlib.h>

bool bell_umd_ring_size_is_valid(const struct bell_umd_device *device, UINT32 entries)
{
    return entries >= 2 && (entries & (entries - 1)) == 0 &&
           entries <= device->caps.max_ring_entries;
}

static bool desc_is_valid(const struct bell_umd_device *device,
                          const struct bell_umd_queue_desc *desc)
{
    if (desc->node >= device->caps.node_count)
        return false;
    if (!desc->kernel_mode && ((device->caps.um_node_mask >> desc->node) & 1u) == 0)
        return false;
    return bell_umd_ring_size_is_valid(device, desc->ring_entries);
}

static NTSTATUS create_hw_queue(struct bell_umd_queue *queue)
{
    D3DKMT_CREATEHWCONTEXT context = {
        .hDevice = queue->device->device,
        .NodeOrdinal = queue->desc.node,
        .EngineAffinity = 1,
    };
    BELL_QUEUE_PRIVATE blob = {
        .magic = BELL_QUEUE_MAGIC,
        .version = BELL_INTERFACE_VERSION,
        .flags = BELL_QUEUE_REALTIME,
    };
    D3DKMT_CREATEHWQUEUE create = {0};
    NTSTATUS status = D3DKMTCreateHwContext(&context);

    if (!NT_SUCCESS(status))
        return status;
    queue->context = context.hHwContext;
    create.hHwContext = queue->context;
    create.Flags.UserModeSubmission = queue->desc.kernel_mode ? 0 : 1;
    if (queue->desc.realtime && !queue->desc.kernel_mode) {
        create.PrivateDriverDataSize = sizeof(blob);
        create.pPrivateDriverData = &blob;
    }
    status = D3DKMTCreateHwQueue(&create);
    if (!NT_SUCCESS(status))
        return status;
    queue->hw_queue = create.hHwQueue;
    queue->progress_handle = create.hHwQueueProgressFence;
    queue->progress_fence = create.HwQueueProgressFenceCPUVirtualAddress;
    queue->progress_gpu = create.HwQueueProgressFenceGPUVirtualAddress;
    return STATUS_SUCCESS;
}

static NTSTATUS create_doorbell(struct bell_umd_queue *queue, bool resize)
{
    BELL_DOORBELL_PRIVATE blob = {0};
    D3DKMT_CREATE_DOORBELL create = {
        .hHwQueue = queue->hw_queue,
        .hRingBuffer = queue->ring_memory.allocation,
        .hRingBufferControl = queue->control_memory.allocation,
        .PrivateDriverDataSize = sizeof(blob),
        .PrivateDriverData = &blob,
    };
    NTSTATUS status;

    create.Flags.RequireSecondaryCpuVA = queue->desc.second_doorbell;
    create.Flags.ResizeRingBufferOperation = resize;
    status = D3DKMTCreateDoorbell(&create);
    if (!NT_SUCCESS(status))
        return status;
    queue->doorbell_handle = create.hDoorbell;
    queue->token = blob.queue_token;
    queue->rings_token = queue->device->caps.doorbell_layout == BELL_DOORBELLS_GLOBAL;
    queue->doorbell = create.DoorbellCPUVirtualAddress;
    queue->second = create.DoorbellSecondaryCPUVirtualAddress;
    queue->status = create.DoorbellStatusCPUVirtualAddress;
    queue->last_queued = create.HwQueueProgressFenceLastQueuedValueCPUVirtualAddress;
    return STATUS_SUCCESS;
}

NTSTATUS bell_umd_queue_create_ring(struct bell_umd_queue *queue, bool resize)
{
    UINT64 bytes = (UINT64)queue->desc.ring_entries * BELL_ENTRY_BYTES;
    NTSTATUS status = bell_umd_alloc(queue->device, bytes, &queue->ring_memory);

    if (!NT_SUCCESS(status))
        return status;
    status = bell_umd_alloc(queue->device, BELL_CONTROL_BYTES, &queue->control_memory);
    if (!NT_SUCCESS(status))
        return status;
    queue->ring = (volatile struct bell_ring_entry *)queue->ring_memory.cpu;
    queue->control = queue->control_memory.cpu;
    queue->ring_mask = queue->desc.ring_entries - 1;
    bell_ring_begin(queue->ring, queue->desc.ring_entries);
    queue->control[BELL_CONTROL_WPTR_OFFSET / 8] = queue->control[BELL_CONTROL_RPTR_OFFSET / 8] = 0;
    queue->wptr = 0;
    return create_doorbell(queue, resize);
}

void bell_umd_queue_destroy_ring(struct bell_umd_queue *queue)
{
    if (queue->doorbell_handle != 0)
        (void)D3DKMTDestroyDoorbell(
            &(D3DKMT_DESTROY_DOORBELL){.hDoorbell = queue->doorbell_handle});
    queue->doorbell_handle = 0;
    bell_umd_free(queue->device, &queue->control_memory);
    bell_umd_free(queue->device, &queue->ring_memory);
    queue->doorbell = queue->second = queue->last_queued = queue->control = NULL;
    queue->ring = NULL;
    queue->status = NULL;
}

NTSTATUS bell_umd_queue_build(struct bell_umd_queue *queue)
{
    NTSTATUS status = create_hw_queue(queue);

    if (NT_SUCCESS(status) && !queue->desc.kernel_mode)
        status = bell_umd_queue_create_ring(queue, false);
    if (!NT_SUCCESS(status))
        bell_umd_queue_tear_down(queue);
    return status;
}

void bell_umd_queue_tear_down(struct bell_umd_queue *queue)
{
    bell_umd_queue_destroy_ring(queue);
    if (queue->hw_queue != 0)
        (void)D3DKMTDestroyHwQueue(&(D3DKMT_DESTROYHWQUEUE){.hHwQueue = queue->hw_queue});
    if (queue->context != 0)
        (void)D3DKMTDestroyHwContext(&(D3DKMT_DESTROYHWCONTEXT){.hHwContext = queue->context});
    queue->hw_queue = queue->context = queue->progress_handle = 0;
    queue->progress_fence = NULL;
}

NTSTATUS bell_umd_queue_create(struct bell_umd_device *device,
                               const struct bell_umd_queue_desc *desc,
                               struct bell_umd_queue **queue)
{
    struct bell_umd_queue *made;
    struct bell_umd_queue_desc wanted = *desc;
    NTSTATUS status;

    *queue = NULL;
    if (wanted.ring_entries == 0)
        wanted.ring_entries = BELL_UMD_DEFAULT_ENTRIES;
    if (!desc_is_valid(device, &wanted))
        return STATUS_INVALID_PARAMETER;
    made = calloc(1, sizeof(*made));
    if (made == NULL)
        return STATUS_NO_MEMORY;
    made->device = device;
    made->desc = wanted;
    status = bell_umd_queue_build(made);
    if (!NT_SUCCESS(status)) {
        free(made);
        return status;
    }
    *queue = made;
    return STATUS_SUCCESS;
}

void bell_umd_queue_destroy(struct bell_umd_queue *queue)
{
    if (queue == NULL)
        return;
    bell_umd_queue_tear_down(queue);
    free(queue);
}

void bell_umd_queue_give_up(struct bell_umd_queue *queue)
{
    UINT64 done;

    bell_umd_readers_out(queue);
    bell_umd_queue_destroy_ring(queue); /* From here on nothing of it runs; the fence still is. */
    done = queue->base + *queue->progress_fence;
    queue->lost_from = done + 1;
    queue->lost_to = queue->queued;
    queue->stats.fallbacks++;
    bell_umd_queue_tear_down(queue);
    queue->base = queue->queued;
    queue->desc.kernel_mode = true;
    queue->dead = !NT_SUCCESS(bell_umd_queue_build(queue));
    bell_umd_readers_in(queue);
}

void bell_umd_queue_stats(const struct bell_umd_queue *queue, struct bell_umd_stats *stats)
{
    *stats = queue->stats;
}

D3DKMT_HANDLE bell_umd_queue_doorbell(const struct bell_umd_queue *queue)
{
    return queue->doorbell_handle;
}

UINT64 bell_umd_queue_token(const struct bell_umd_queue *queue)
{
    return queue->desc.kernel_mode ? 0 : queue->token;
}

D3DKMT_HANDLE bell_umd_queue_handle(const struct bell_umd_queue *queue)
{
    return queue->hw_queue;
}

D3DKMT_HANDLE bell_umd_queue_context(const struct bell_umd_queue *queue)
{
    return queue->context;
}

bool bell_umd_queue_is_kernel_mode(const struct bell_umd_queue *queue)
{
    return queue->desc.kernel_mode;
}
