/* SPDX-License-Identifier: MIT */
#include "bell_kmd_adapter.h"
#include "bell_kmd_isr.h"
#include "bell_kmd_mmio.h"
#include "bell_kmd_queue.h"

#define BELL_ENGINE_AFFINITY 1u /* One engine a node. */

NTSTATUS bell_kmd_context_create(struct bell_device *device, DXGKARG_CREATEHWCONTEXT *args)
{
    struct bell_context *context;

    if (args->NodeOrdinal >= device->adapter->node_count ||
        args->EngineAffinity != BELL_ENGINE_AFFINITY || args->Flags.Value != 0)
        return STATUS_INVALID_PARAMETER;
    context = bell_kmd_alloc(sizeof(*context));
    if (context == NULL)
        return STATUS_NO_MEMORY;
    context->kind = BELL_KIND_CONTEXT;
    context->device = device;
    context->os_context = args->hHwContext;
    context->node = args->NodeOrdinal;
    KeInitializeMutex(&context->run_lock, 0);
    args->hHwContext = context;
    args->ContextCaps.Value = 0;
    args->ContextCaps.UseIoMmu = 1;
    return STATUS_SUCCESS;
}

VOID bell_kmd_context_destroy(struct bell_context *context)
{
    context->kind = 0;
    bell_kmd_free(context);
}

static VOID command_queues(struct bell_context *context, enum bell_queue_cmd cmd)
{
    for (struct bell_queue *queue = context->queues; queue != NULL; queue = queue->next) {
        if (queue->open)
            bell_kmd_queue_cmd(queue->adapter, queue->hw_id, cmd);
    }
}

static NTSTATUS wait_not_running(struct bell_context *context)
{
    for (struct bell_queue *queue = context->queues; queue != NULL; queue = queue->next) {
        NTSTATUS status;

        if (!queue->open)
            continue;
        status = bell_kmd_poll(queue->adapter, BELL_QUEUE_STATE_OFFSET(queue->hw_id),
                               BELL_QUEUE_STATE_RUNNING_MASK, 0,
                               "suspend: queue to leave its node");
        if (!NT_SUCCESS(status))
            return status;
    }
    return STATUS_SUCCESS;
}

NTSTATUS bell_kmd_context_suspend(struct bell_context *context, UINT64 fence)
{
    NTSTATUS status = STATUS_SUCCESS;
    bool quiet_before;

    bell_kmd_lock(&context->run_lock);
    quiet_before = context->quiet;
    context->suspended = true;
    if (!quiet_before) {
        command_queues(context, BELL_QUEUE_CMD_REMOVE);
        status = wait_not_running(context);
        context->quiet = NT_SUCCESS(status);
    }
    bell_kmd_unlock(&context->run_lock);
    if (quiet_before || !NT_SUCCESS(status))
        return status;

    bell_kmd_isr_report_suspended(context->device->adapter, context->os_context, fence);
    return STATUS_PENDING;
}

VOID bell_kmd_context_resume(struct bell_context *context)
{
    bell_kmd_lock(&context->run_lock);
    context->suspended = false;
    context->quiet = false;
    command_queues(context, BELL_QUEUE_CMD_ADD);
    command_queues(context, BELL_QUEUE_CMD_KICK);
    bell_kmd_flush(context->device->adapter);
    bell_kmd_unlock(&context->run_lock);
}
