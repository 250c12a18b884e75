/* SPDX-License-Identifier: MIT */
/* Scheduling priorities, as user mode may set them. */
#include "os_sched.h"

#define PRIORITY_MAX 7
#define LEVEL_MAX 31
#define ABSOLUTE D3DKMT_SETCONTEXTSCHEDULINGPRIORITY_ABSOLUTE

static bool is_absolute(INT priority)
{
    return priority >= ABSOLUTE && priority <= (ABSOLUTE | LEVEL_MAX);
}

/** HS-PRI-03. */
static NTSTATUS judge_priority(const struct os_process *caller, INT priority)
{
    if ((priority < -PRIORITY_MAX || priority > PRIORITY_MAX) && !is_absolute(priority))
        return STATUS_INVALID_PARAMETER;
    return priority > 0 && !caller->privileged ? STATUS_PRIVILEGE_NOT_HELD : STATUS_SUCCESS;
}

/** What one call changes; put back when the driver refuses. */
static NTSTATUS change(struct os_context *context, INT *value, INT wanted)
{
    INT before = *value;
    NTSTATUS status;

    *value = wanted;
    status = os_sched_apply(context);
    if (!NT_SUCCESS(status))
        *value = before;
    return status;
}

NTSTATUS APIENTRY
D3DKMTSetContextSchedulingPriority(const D3DKMT_SETCONTEXTSCHEDULINGPRIORITY *user)
{
    D3DKMT_SETCONTEXTSCHEDULINGPRIORITY args;
    struct os_context *context = NULL;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        context = os_object_lookup(call.process, args.hContext, OS_CONTEXT);
        status = context ? judge_priority(call.process, args.Priority) : STATUS_INVALID_PARAMETER;
    }
    if (NT_SUCCESS(status))
        status = change(context, &context->schedule.priority, args.Priority);
    os_object_unref(context);
    return os_call_exit(&call, args.hContext, status);
}

NTSTATUS APIENTRY D3DKMTGetContextSchedulingPriority(D3DKMT_GETCONTEXTSCHEDULINGPRIORITY *user)
{
    D3DKMT_GETCONTEXTSCHEDULINGPRIORITY args;
    struct os_context *context = NULL;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        context = os_object_lookup(call.process, args.hContext, OS_CONTEXT);
        if (context)
            args.Priority = context->schedule.priority;
        if (!context || !bell_copy_to_user(user, &args, sizeof(args)))
            status = STATUS_INVALID_PARAMETER;
    }
    os_object_unref(context);
    return os_call_exit(&call, args.hContext, status);
}

NTSTATUS APIENTRY D3DKMTSetContextInProcessSchedulingPriority(
    const D3DKMT_SETCONTEXTINPROCESSSCHEDULINGPRIORITY *user)
{
    D3DKMT_SETCONTEXTINPROCESSSCHEDULINGPRIORITY args;
    struct os_context *context = NULL;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        context = os_object_lookup(call.process, args.hContext, OS_CONTEXT);
        if (!context || args.Priority < -PRIORITY_MAX || args.Priority > PRIORITY_MAX)
            status = STATUS_INVALID_PARAMETER;
    }
    if (NT_SUCCESS(status))
        status = change(context, &context->schedule.in_process, args.Priority);
    os_object_unref(context);
    return os_call_exit(&call, args.hContext, status);
}

NTSTATUS APIENTRY D3DKMTGetContextInProcessSchedulingPriority(
    D3DKMT_GETCONTEXTINPROCESSSCHEDULINGPRIORITY *user)
{
    D3DKMT_GETCONTEXTINPROCESSSCHEDULINGPRIORITY args;
    struct os_context *context = NULL;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status)) {
        context = os_object_lookup(call.process, args.hContext, OS_CONTEXT);
        if (context)
            args.Priority = context->schedule.in_process;
        if (!context || !bell_copy_to_user(user, &args, sizeof(args)))
            status = STATUS_INVALID_PARAMETER;
    }
    os_object_unref(context);
    return os_call_exit(&call, args.hContext, status);
}

/* --- Classes ---------------------------------------------------------------------------------- */

static NTSTATUS judge_class(const struct os_process *caller, HANDLE process, int level)
{
    if (process != BELL_CURRENT_PROCESS || level < D3DKMT_SCHEDULINGPRIORITYCLASS_IDLE ||
        level > D3DKMT_SCHEDULINGPRIORITYCLASS_REALTIME)
        return STATUS_INVALID_PARAMETER;
    return level >= D3DKMT_SCHEDULINGPRIORITYCLASS_HIGH && !caller->privileged
               ? STATUS_PRIVILEGE_NOT_HELD : STATUS_SUCCESS;
}

NTSTATUS APIENTRY D3DKMTSetProcessSchedulingPriorityClass(HANDLE process,
                                                          D3DKMT_SCHEDULINGPRIORITYCLASS level)
{
    D3DKMT_SCHEDULINGPRIORITYCLASS args;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, &level, &args, sizeof(args));

    if (NT_SUCCESS(status))
        status = judge_class(call.process, process, (int)args);
    if (NT_SUCCESS(status)) {
        call.process->priority_class = args;
        os_sched_apply_all(call.process);
    }
    return os_call_exit(&call, 0, status);
}

NTSTATUS APIENTRY D3DKMTGetProcessSchedulingPriorityClass(HANDLE process,
                                                          D3DKMT_SCHEDULINGPRIORITYCLASS *user)
{
    D3DKMT_SCHEDULINGPRIORITYCLASS args;
    struct os_call call;
    NTSTATUS status = os_call_enter(&call, __func__, user, &args, sizeof(args));

    if (NT_SUCCESS(status) && process != BELL_CURRENT_PROCESS)
        status = STATUS_INVALID_PARAMETER;
    if (NT_SUCCESS(status)) {
        args = call.process->priority_class;
        if (!bell_copy_to_user(user, &args, sizeof(args)))
            status = STATUS_INVALID_PARAMETER;
    }
    return os_call_exit(&call, 0, status);
}
