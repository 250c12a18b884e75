/* SPDX-License-Identifier: MIT */
#include "os_objects.h"

#include <stdlib.h>
#include <string.h>

NTSTATUS os_call_enter(struct os_call *call, const char *name, const void *user, void *args,
                       size_t size)
{
    struct os_thread *self = os_thread_self();
    bool readable;

    *call = (struct os_call){ .process = self->process, .name = name, .args = args, .size = size };
    memset(args, 0, size);
    self->in_kmt = name;
    os_require_irql(PASSIVE_LEVEL, name, "DB-THR-01");
    bell_thread_point();
    readable = call->process && user && bell_copy_from_user(args, user, size);
    os_trace_args(BELFRY_KMT_ENTER, name, 0, args, size);
    return readable ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTATUS os_call_exit(struct os_call *call, D3DKMT_HANDLE object, NTSTATUS status)
{
    os_trace_args(BELFRY_KMT_EXIT, call->name, object, call->args, call->size)->status =
        (uint32_t)status;
    os_thread_self()->in_kmt = NULL;
    os_thread_leave_kmt();
    return status;
}

NTSTATUS os_copy_in(const void *user, size_t bytes, size_t limit, void **copy)
{
    *copy = NULL;
    if (!bytes)
        return STATUS_SUCCESS;
    if (bytes > limit || !user)
        return STATUS_INVALID_PARAMETER;
    *copy = malloc(bytes);
    if (!*copy)
        return STATUS_NO_MEMORY;
    if (bell_copy_from_user(*copy, user, bytes))
        return STATUS_SUCCESS;
    free(*copy);
    *copy = NULL;
    return STATUS_INVALID_PARAMETER;
}
