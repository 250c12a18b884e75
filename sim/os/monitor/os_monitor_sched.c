/* SPDX-License-Identifier: MIT */
/* Rules of scheduling: bands reach the hardware, lists hold, switches are reported as asked. */
#include <inttypes.h>

#include "os_sched.h"

static const struct os_context *context_of(const struct os_monitor_call *call)
{
    return os_object_peek((D3DKMT_HANDLE)call->object, OS_CONTEXT);
}

/** Live queue that hardware queue `hw` was opened for, or NULL. */
static const struct os_queue *queue_at(unsigned hw)
{
    const struct os_queue *queue = os_object_peek(os_device_queue(hw), OS_QUEUE);

    return queue != NULL && !queue->dead && !queue->monitor_closing ? queue : NULL;
}

/* --- Properties ------------------------------------------------------------------------------ */

/** Connects of the queue are to be notified: the driver may lift it to real time. */
static bool may_be_lifted(const struct os_queue *queue)
{
    return queue->doorbell != NULL && queue->doorbell->monitor.has_status &&
           queue->doorbell->monitor.status == (uint64_t)D3DDDI_DOORBELLSTATUS_CONNECTED_NOTIFY_KMD;
}

static unsigned wanted_level(const DXGKARG_SETCONTEXTSCHEDULINGPROPERTIES *args)
{
    return args->priorityBand == DXGK_SCHEDULING_PRIORITY_BAND_REALTIME
               ? os_device_realtime_level((unsigned)args->realtimeBandPriorityLevel)
               : (unsigned)args->priorityBand;
}

void os_sched_properties_exit(struct os_monitor_call *call, NTSTATUS status)
{
    const struct os_context *context = context_of(call);
    const DXGKARG_SETCONTEXTSCHEDULINGPROPERTIES *args = call->args;

    if (context == NULL || !NT_SUCCESS(status) || os_device_off() || os_device_gone() ||
        os_sched_has_list(context->node))
        return;
    for (unsigned hw = 0; hw < os_device_queues(); hw++) {
        const struct os_queue *queue = queue_at(hw);

        if (queue == NULL || os_queue_context(queue) != context || may_be_lifted(queue) ||
            os_device_level(hw) == wanted_level(args))
            continue;
        os_violation("HS-PRI-02", context->base.name, "hardware queue %u is at level %u; band %d, "
                     "real-time level %d is level %u", hw, os_device_level(hw),
                     (int)args->priorityBand, args->realtimeBandPriorityLevel, wanted_level(args));
    }
}

/* --- Run list -------------------------------------------------------------------------------- */

/** The queues of a context are listed as it may run. */
static void check_listed(const char *id, const struct os_context *context)
{
    bool wanted = !context->suspended && os_sched_may_run(context);

    for (unsigned hw = 0; hw < os_device_queues(); hw++) {
        const struct os_queue *queue = queue_at(hw);

        if (queue == NULL || os_queue_context(queue) != context ||
            os_device_listed((int)hw) == wanted)
            continue;
        os_violation(id, context->base.name, "hardware queue %u is %s the run list; its context is "
                     "%s", hw, wanted ? "not on" : "on",
                     wanted ? "to run" : context->suspended ? "suspended" : "not in the list");
    }
}

void os_sched_update_exit(struct os_monitor_call *call, NTSTATUS status)
{
    const struct os_context *context = context_of(call);

    if (context != NULL && NT_SUCCESS(status) && !os_device_off() && !os_device_gone())
        check_listed("HS-UPD-01", context);
}

void os_sched_switch_exit(struct os_monitor_call *call, NTSTATUS status)
{
    const struct os_context *context = NULL;

    if (!NT_SUCCESS(status) || os_device_off() || os_device_gone())
        return;
    while ((context = os_object_next(context, OS_CONTEXT, NULL, NULL)) != NULL)
        if (!context->base.retired && context->node == call->object)
            check_listed("HS-SWI-01", context);
}

/* --- Reports --------------------------------------------------------------------------------- */

void os_monitor_switched(UINT node, uint64_t fence)
{
    const struct os_context *context = NULL;

    while ((context = os_object_next(context, OS_CONTEXT, NULL, NULL)) != NULL) {
        const struct os_schedule *schedule = &context->schedule;

        if (context->node != node || schedule->switch_fence != fence || fence == 0)
            continue;
        if (schedule->switch_acked == fence)
            os_violation("HS-UPD-01", context->base.name, "switch fence %" PRIu64 " is reported "
                         "twice", fence);
        return;
    }
    os_violation("HS-UPD-01", node, "HWCONTEXTLIST_SWITCH_COMPLETED on node %u carries fence %"
                 PRIu64 "; no context there has asked for a report with it", node, fence);
}
