/* SPDX-License-Identifier: MIT */
#include "bell_kmd_notify.h"

#include <string.h>

#include "bell_kmd_doorbell.h"
#include "bell_kmd_sched.h"
#include "bell_kmd_slot.h"

NTSTATUS bell_kmd_notify_read(const DXGKARG_CREATEHWQUEUE *args, bool *notify)
{
    BELL_QUEUE_PRIVATE blob;

    *notify = false;
    if (args->PrivateDriverDataSize != sizeof(blob) || args->pPrivateDriverData == NULL)
        return STATUS_SUCCESS;
    memcpy(&blob, args->pPrivateDriverData, sizeof(blob));
    if (blob.magic != BELL_QUEUE_MAGIC)
        return STATUS_SUCCESS;
    if (blob.version != BELL_INTERFACE_VERSION)
        return STATUS_GRAPHICS_DRIVER_MISMATCH;
    if ((blob.flags & ~BELL_QUEUE_REALTIME) != 0 || blob.reserved != 0 ||
        (blob.flags != 0 && !args->Flags.UserModeSubmission))
        return STATUS_INVALID_PARAMETER;
    *notify = (blob.flags & BELL_QUEUE_REALTIME) != 0;
    return STATUS_SUCCESS;
}

VOID bell_kmd_notify_work(struct bell_queue *queue)
{
    struct bell_adapter *adapter = queue->adapter;

    bell_kmd_lock(&adapter->slot_lock);
    if (queue->doorbell != NULL)
        bell_kmd_slot_touch(adapter, queue->doorbell->slot);
    if (queue->notify)
        bell_kmd_sched_boost(queue, true);
    bell_kmd_queue_kick(queue);
    bell_kmd_unlock(&adapter->slot_lock);
}

/* Under slot_lock. If the OS refuses, it is taking the doorbell down itself. */
static VOID ask_for_reconnect(struct bell_doorbell *doorbell)
{
    if (doorbell == NULL || doorbell->slot == BELL_SLOT_NONE)
        return;
    if (NT_SUCCESS(bell_kmd_slot_ask_disconnect(doorbell)))
        bell_kmd_slot_release(doorbell->queue->adapter, doorbell);
}

static VOID set_notify(struct bell_context *context, bool notify)
{
    struct bell_adapter *adapter = context->device->adapter;

    bell_kmd_lock(&adapter->slot_lock);
    bell_kmd_lock(&context->run_lock);
    for (struct bell_queue *queue = context->queues; queue != NULL; queue = queue->next) {
        if (!queue->user_mode || queue->notify == notify)
            continue;
        queue->notify = notify;
        if (!notify)
            bell_kmd_sched_boost(queue, false);
        ask_for_reconnect(queue->doorbell);
    }
    bell_kmd_unlock(&context->run_lock);
    bell_kmd_unlock(&adapter->slot_lock);
}

NTSTATUS bell_kmd_notify_escape(const DXGKARG_ESCAPE *args)
{
    struct bell_context *context = args->hContext;
    BELL_ESCAPE blob;

    if (!bell_kmd_is(context, BELL_KIND_CONTEXT) || args->Flags.Value != 0 ||
        args->PrivateDriverDataSize != sizeof(blob) || args->pPrivateDriverData == NULL)
        return STATUS_INVALID_PARAMETER;
    memcpy(&blob, args->pPrivateDriverData, sizeof(blob));
    if (blob.magic != BELL_ESCAPE_MAGIC)
        return STATUS_INVALID_PARAMETER;
    if (blob.version != BELL_INTERFACE_VERSION)
        return STATUS_GRAPHICS_DRIVER_MISMATCH;
    if (blob.code != BELL_ESCAPE_SET_NOTIFY || blob.value > 1)
        return STATUS_INVALID_PARAMETER;
    set_notify(context, blob.value != 0);
    return STATUS_SUCCESS;
}
