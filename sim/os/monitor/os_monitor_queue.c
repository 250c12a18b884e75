/* SPDX-License-Identifier: MIT */
/* Rules of devices, contexts and queues: handles, suspend, resume. */
#include "os_sched.h"

#include <inttypes.h>

/* --- Handles --------------------------------------------------------------------------------- */

static HANDLE kmd_handle(const struct os_object *object)
{
    const struct os_backing *backing;
    const struct os_group *group;

    if (object->gone || object->kmd_freed)
        return NULL;
    switch (object->kind) {
    case OS_DEVICE:
        return ((const struct os_device *)object)->kmd;
    case OS_CONTEXT:
        return ((const struct os_context *)object)->kmd;
    case OS_QUEUE:
        return ((const struct os_queue *)object)->kmd;
    case OS_DOORBELL:
        return ((const struct os_doorbell *)object)->kmd;
    case OS_ALLOCATION:
        backing = ((const struct os_allocation *)object)->backing;
        return backing != NULL ? backing->kmd : NULL;
    case OS_RESOURCE:
        group = ((const struct os_resource *)object)->group;
        return group != NULL ? group->kmd : NULL;
    default:
        return NULL;
    }
}

static const struct os_object *owner_of(HANDLE handle)
{
    const struct os_object *object;

    for (object = os_objects.first; object != NULL; object = object->next)
        if (kmd_handle(object) == handle)
            return object;
    return NULL;
}

void os_monitor_handle_gone(const void *handle)
{
    struct os_object *object;

    for (object = os_objects.first; object != NULL && handle != NULL; object = object->next)
        if (kmd_handle(object) == handle)
            object->kmd_freed = true;
}

bool os_monitor_not_freed(const void *handle)
{
    const struct os_object *owner = handle != NULL ? owner_of((HANDLE)(uintptr_t)handle) : NULL;

    return owner != NULL && os_pool_is_block(handle);
}

const struct os_object *os_monitor_owner(const void *handle)
{
    return owner_of((HANDLE)(uintptr_t)handle);
}

static bool is_token(HANDLE handle)
{
    for (int kind = OS_ADAPTER; kind <= OS_DOORBELL; kind++)
        if (os_object_from_token(handle, (enum os_kind)kind) != NULL)
            return true;
    return false;
}

void os_monitor_new_handle(const char *id, uint64_t object, HANDLE given, const char *what)
{
    const struct os_object *owner;

    if (given == NULL)
        os_violation(id, object, "%s is NULL", what);
    else if (is_token(given))
        os_violation(id, object, "%s is an OS handle; expected one of the driver's own", what);
    else if ((owner = owner_of(given)) != NULL)
        os_violation(id, object, "%s is the handle of object 0x%08X too", what, owner->name);
}

void os_device_create_exit(struct os_monitor_call *call, NTSTATUS status)
{
    const DXGKARG_CREATEDEVICE *args = call->args;

    if (NT_SUCCESS(status))
        os_monitor_new_handle("HS-CTX-01", call->object, args->hDevice, "hDevice");
}

void os_context_create_exit(struct os_monitor_call *call, NTSTATUS status)
{
    const DXGKARG_CREATEHWCONTEXT *args = call->args;

    if (NT_SUCCESS(status))
        os_monitor_new_handle("HS-CTX-01", call->object, args->hHwContext, "hHwContext");
}

void os_queue_create_exit(struct os_monitor_call *call, NTSTATUS status)
{
    const DXGKARG_CREATEHWQUEUE *args = call->args;

    if (status == STATUS_NOT_SUPPORTED && args->Flags.NativeProgressFence)
        os_violation("NF-QUE-01", call->object, "a queue with a native progress fence is not "
                     "supported");
    if (NT_SUCCESS(status))
        os_monitor_new_handle("DB-QUE-06", call->object, args->hHwQueue, "hHwQueue");
}

/* --- Suspend and resume ---------------------------------------------------------------------- */

static const struct os_context *context_of(const struct os_monitor_call *call)
{
    return os_object_peek((D3DKMT_HANDLE)call->object, OS_CONTEXT);
}

void os_context_suspend_exit(struct os_monitor_call *call, NTSTATUS status)
{
    const struct os_context *context = context_of(call);
    const DXGKARG_SUSPENDCONTEXT *args = call->args;
    uint64_t fence = args->contextSuspendFence;
    bool already;

    if (context == NULL)
        return;
    already = context->suspended && context->suspend_acked + 1 >= fence;
    if (status == STATUS_SUCCESS && context->suspended && !already)
        os_violation("DB-SUS-03", call->object, "it returned STATUS_SUCCESS, suspended already; "
                     "fence %" PRIu64 " of the request before was never acknowledged", fence - 1);
    if (status == STATUS_SUCCESS && !context->suspended)
        os_violation("DB-SUS-01", call->object, "it returned STATUS_SUCCESS; the context was not "
                     "suspended, expected STATUS_PENDING");
    else if (status == STATUS_PENDING && already && context->suspend_acked < fence)
        os_violation("DB-SUS-01", call->object, "it returned STATUS_PENDING; the context was "
                     "suspended already, expected STATUS_SUCCESS");
    else if (status != STATUS_SUCCESS && status != STATUS_PENDING &&
             status != STATUS_IO_TIMEOUT && status != STATUS_DEVICE_REMOVED)
        os_violation("DB-SUS-01", call->object, "it returned 0x%08X; expected STATUS_PENDING",
                     (unsigned)status);
}

void os_monitor_suspended(HANDLE token, uint64_t fence)
{
    const struct os_context *context = os_object_from_token(token, OS_CONTEXT);

    if (context == NULL) {
        os_violation("DB-SUS-01", (uint64_t)(uintptr_t)token, "SUSPEND_CONTEXT_COMPLETED names no "
                     "live context; expected the OS handle that CreateHwContext got in");
        return;
    }
    if (fence == 0 || fence > context->suspend_fence)
        os_violation("DB-SUS-01", context->base.name, "SUSPEND_CONTEXT_COMPLETED carries fence "
                     "%" PRIu64 "; the last one given is %" PRIu64, fence, context->suspend_fence);
    else if (fence <= context->suspend_acked)
        os_violation("DB-INT-02", context->base.name, "suspend fence %" PRIu64 " is acknowledged "
                     "twice", fence);
    for (unsigned hw = 0; hw < os_device_queues(); hw++) {
        const struct os_queue *queue = os_object_peek(os_device_queue(hw), OS_QUEUE);

        if (queue != NULL && os_queue_context(queue) == context && os_device_listed((int)hw))
            os_violation("DB-SUS-05", context->base.name, "it is acknowledged as suspended while "
                         "hardware queue %u is on the run list", hw);
    }
}

void os_context_resume_exit(struct os_monitor_call *call, NTSTATUS status)
{
    const struct os_context *context = context_of(call);

    if (context == NULL || os_device_gone())
        return;
    if (status != STATUS_SUCCESS)
        os_violation("DB-SUS-06", call->object, "it returned 0x%08X", (unsigned)status);
    for (unsigned number = 0; number < os_device_queues(); number++) {
        const struct os_queue *queue = os_object_peek(os_device_queue(number), OS_QUEUE);
        int hw = (int)number;

        if (queue == NULL || queue->dead || os_queue_context(queue) != context ||
            !os_sched_may_run(context))
            continue;
        if (!os_device_listed(hw))
            os_violation("DB-SUS-06", queue->base.name, "hardware queue %d was not added to the "
                         "run list", hw);
        else if (os_device_kicked(hw) < call->begun)
            os_violation("DB-SUS-06", queue->base.name, "hardware queue %d got no KICK", hw);
        else if (os_device_kicked(hw) < os_device_added(hw))
            os_violation("DB-SUS-06", queue->base.name, "hardware queue %d got its KICK before it "
                         "was on the run list", hw);
    }
}
