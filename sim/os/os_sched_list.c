/* SPDX-License-Identifier: MIT */
/* Context lists: the OS itself says what an engine runs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "os_power.h"
#include "os_sched.h"

#define ENGINE_ORDINAL 0u
#define MAX_PRIORITY 32u /**< Of UpdateHwContextState: real-time level 31. */

static struct {
    bool in_force;
    const struct os_context *first, *second;
} lists[OS_MAX_NODES];
static uint64_t last_fence; /**< Of UpdateHwContextState: one count for all contexts. */

bool os_sched_may_run(const struct os_context *context)
{
    return !lists[context->node].in_force || lists[context->node].first == context ||
           lists[context->node].second == context;
}

bool os_sched_has_list(UINT node)
{
    return lists[node].in_force;
}

void os_sched_lists_clear(void)
{
    memset(lists, 0, sizeof(lists));
}

void os_sched_forget(const struct os_context *context)
{
    if (lists[context->node].first == context)
        lists[context->node].first = NULL;
    if (lists[context->node].second == context)
        lists[context->node].second = NULL;
}

/* --- State of one context --------------------------------------------------------------------- */

static NTSTATUS update_in_driver(struct os_context *context, UINT priority, bool suspended,
                                 bool interrupt, uint64_t *fence)
{
    DXGKARG_UPDATEHWCONTEXTSTATE args = { .hHwContext = context->kmd, .Priority = priority };
    bool before = context->suspended;
    NTSTATUS status;

    args.ContextSwitchFence = *fence = ++last_fence;
    args.Flags.Suspended = suspended;
    args.Flags.InterruptOnSwitchCompletion = interrupt;
    if (interrupt)
        context->schedule.switch_fence = *fence;
    context->suspended = suspended;
    status = OS_DDI(UpdateHwContextState, context->base.name, &args, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiUpdateHwContextState(os_adapter.miniport, &args));
    if (!NT_SUCCESS(status))
        context->suspended = before;
    return status;
}

static NTSTATUS wait_for_report(const struct os_context *context, uint64_t fence, bool suspended)
{
    uint64_t end = bell_sim_now() + os_tdr.delay;
    char what[96];

    snprintf(what, sizeof(what), "context 0x%08X to report switch fence %" PRIu64,
             context->base.name, fence);
    while (context->schedule.switch_acked < fence) {
        if (context->suspended != suspended)
            return STATUS_CANCELLED;
        if (bell_sim_now() >= end) {
            os_violation("HS-UPD-01", context->base.name, "no HWCONTEXTLIST_SWITCH_COMPLETED with "
                         "fence %" PRIu64 " within %" PRIu64 " clocks", fence, os_tdr.delay);
            return STATUS_IO_TIMEOUT;
        }
        bell_thread_wait(&os_objects.waiters, OS_POLL_CYCLES, what);
    }
    return STATUS_SUCCESS;
}

NTSTATUS os_sched_update(struct os_context *context, UINT priority, bool suspended, bool interrupt)
{
    NTSTATUS status = STATUS_INVALID_PARAMETER;
    uint64_t fence = 0;

    if (!os_adapter.ddi.DxgkDdiUpdateHwContextState)
        return STATUS_NOT_SUPPORTED;
    if (priority > MAX_PRIORITY)
        return STATUS_INVALID_PARAMETER;
    os_driver_enter(context->base.process);
    if (!context->base.retired && context->kmd)
        status = update_in_driver(context, priority, suspended, interrupt, &fence);
    os_driver_leave(context->base.process);
    if (!NT_SUCCESS(status))
        return status;
    context->held = suspended;
    if (interrupt)
        status = wait_for_report(context, fence, suspended);
    if (!suspended)
        os_power_wake(context->node);
    return status;
}

void os_sched_switched(UINT node, uint64_t fence)
{
    struct os_context *context = NULL;

    while ((context = os_object_next(context, OS_CONTEXT, NULL, NULL)) != NULL)
        if (context->node == node && context->schedule.switch_fence == fence)
            context->schedule.switch_acked = fence;
}

/* --- What an engine runs ---------------------------------------------------------------------- */

NTSTATUS os_sched_switch(UINT node, struct os_context *first, struct os_context *second)
{
    DXGKARG_SWITCHTOHWCONTEXTLIST args = {
        .hHwContextFirst = first ? first->kmd : NULL,
        .hHwContextSecond = second ? second->kmd : NULL,
        .NodeOrdinal = node,
        .EngineOrdinal = ENGINE_ORDINAL,
    };
    NTSTATUS status;

    if (!os_adapter.ddi.DxgkDdiSwitchToHwContextList)
        return STATUS_NOT_SUPPORTED;
    if (node >= os_adapter.node_count || (second && (!first || first == second)) ||
        (first && first->node != node) || (second && second->node != node))
        return STATUS_INVALID_PARAMETER;
    os_power_enter_driver();
    lists[node].in_force = true;
    lists[node].first = first;
    lists[node].second = second;
    status = OS_DDI(SwitchToHwContextList, node, &args, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiSwitchToHwContextList(os_adapter.miniport, &args));
    os_power_leave_driver();
    if (first)
        os_power_wake(node);
    return status;
}
