/* SPDX-License-Identifier: MIT */
/* The part of observe.h that looks at, or moves, scheduling. */
#include <string.h>

#include "os_sched.h"

static void to_ddi(const struct belfry_bands *bands, DXGKARG_SETUPPRIORITYBANDS *args)
{
    memset(args, 0, sizeof(*args));
    memcpy(args->gracePeriodForBand, bands->grace, sizeof(bands->grace));
    memcpy(args->processQuantumForBand, bands->process_quantum, sizeof(bands->process_quantum));
    memcpy(args->processGracePeriodForBand, bands->process_grace, sizeof(bands->process_grace));
    args->targetNormalBandPercentage = bands->normal_percent;
}

void belfry_default_bands(struct belfry_bands *bands)
{
    DXGKARG_SETUPPRIORITYBANDS args;

    os_sched_default_bands(&args);
    memset(bands, 0, sizeof(*bands));
    memcpy(bands->grace, args.gracePeriodForBand, sizeof(bands->grace));
    memcpy(bands->process_quantum, args.processQuantumForBand, sizeof(bands->process_quantum));
    memcpy(bands->process_grace, args.processGracePeriodForBand, sizeof(bands->process_grace));
    bands->normal_percent = args.targetNormalBandPercentage;
}

uint32_t belfry_os_bands(const struct belfry_bands *bands)
{
    DXGKARG_SETUPPRIORITYBANDS args;

    to_ddi(bands, &args);
    return (uint32_t)os_sched_bands(&args);
}

static struct os_context *find(uint32_t handle)
{
    struct os_context *context = os_object_peek(handle, OS_CONTEXT);

    if (!context || !context->base.open)
        return NULL;
    os_object_ref(&context->base);
    return context;
}

uint32_t belfry_os_context_times(uint32_t hHwContext, uint64_t quantum, uint64_t grace_same,
                                 uint64_t grace_lower)
{
    struct os_context *context = find(hHwContext);
    NTSTATUS status;

    if (!context)
        return (uint32_t)STATUS_INVALID_PARAMETER;
    context->schedule.told.quantum = quantum;
    context->schedule.told.gracePeriodSamePriority = grace_same;
    context->schedule.told.gracePeriodLowerPriority = grace_lower;
    context->schedule.is_told = false;
    status = os_sched_apply(context);
    os_object_unref(context);
    return (uint32_t)status;
}

void belfry_os_privilege(uint32_t process, bool held)
{
    struct os_process *found =
        process ? os_process_by_id(process) : os_thread_self()->process;

    if (found)
        found->privileged = held;
}

void belfry_os_focus(uint32_t process)
{
    os_sched_focus(process ? os_process_by_id(process) : NULL);
}

uint32_t belfry_os_update_context(uint32_t hHwContext, uint32_t priority, bool suspended,
                                  bool interrupt)
{
    struct os_context *context = find(hHwContext);
    NTSTATUS status;

    if (!context)
        return (uint32_t)STATUS_INVALID_PARAMETER;
    status = os_sched_update(context, priority, suspended, interrupt);
    os_object_unref(context);
    return (uint32_t)status;
}

uint32_t belfry_os_switch(uint32_t node, uint32_t first, uint32_t second)
{
    struct os_context *one = first ? find(first) : NULL, *two = second ? find(second) : NULL;
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    if ((one || !first) && (two || !second))
        status = os_sched_switch(node, one, two);
    os_object_unref(two);
    os_object_unref(one);
    return (uint32_t)status;
}

bool belfry_context(uint32_t hHwContext, struct belfry_context_info *info)
{
    const struct os_context *context = os_object_peek(hHwContext, OS_CONTEXT);

    if (!context || !context->base.open)
        return false;
    *info = (struct belfry_context_info){
        .node = context->node,
        .band = context->schedule.is_told ? (int)context->schedule.told.priorityBand : -1,
        .realtime_level = context->schedule.told.realtimeBandPriorityLevel,
        .in_process = context->schedule.told.inProcessPriority,
        .suspended = context->suspended,
        .listed = os_sched_may_run(context),
    };
    return true;
}

uint32_t belfry_os_sched_log(uint32_t node, uint32_t entries, uint32_t interrupt_entry)
{
    return (uint32_t)os_sched_log(node, entries, interrupt_entry);
}

void belfry_sched_log(uint32_t node, struct belfry_sched_log *log)
{
    memset(log, 0, sizeof(*log));
    if (node >= os_adapter.node_count)
        return;
    os_sched_log_read(node);
    os_sched_log_counts(node, &log->taken, &log->lost, &log->interrupts);
}
