/* SPDX-License-Identifier: MIT */
#include "os_sched.h"

#include <string.h>

#include "os_power.h"

/* Defaults, in units of 100 ns; a simulated run is short, so these are far below a desktop's. */
#define PROCESS_QUANTUM 1000u
#define PROCESS_GRACE 100u
#define BAND_GRACE 100u
#define CONTEXT_QUANTUM 1000u
#define GRACE_SAME 100u
#define GRACE_LOWER 50u
#define NORMAL_PERCENT 10u
#define REALTIME_LEVEL_MASK 31

static uint32_t focused; /**< Process id, 0 = none. */

/* --- Bands ------------------------------------------------------------------------------------ */

void os_sched_default_bands(DXGKARG_SETUPPRIORITYBANDS *bands)
{
    memset(bands, 0, sizeof(*bands));
    for (int band = 0; band < DXGK_SCHEDULING_PRIORITY_BAND_COUNT; band++) {
        bands->processQuantumForBand[band] = PROCESS_QUANTUM;
        bands->processGracePeriodForBand[band] = PROCESS_GRACE;
        bands->gracePeriodForBand[band] = BAND_GRACE;
    }
    bands->gracePeriodForBand[DXGK_SCHEDULING_PRIORITY_BAND_REALTIME] = 0;
    bands->targetNormalBandPercentage = NORMAL_PERCENT;
}

NTSTATUS os_sched_bands(const DXGKARG_SETUPPRIORITYBANDS *bands)
{
    NTSTATUS status;

    if (!os_adapter.ddi.DxgkDdiSetupPriorityBands)
        return STATUS_NOT_SUPPORTED;
    if (bands->targetNormalBandPercentage > 50)
        return STATUS_INVALID_PARAMETER;
    os_power_enter_driver();
    os_sched_lists_clear();
    status = OS_DDI(SetupPriorityBands, 0, bands, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiSetupPriorityBands(os_adapter.miniport, bands));
    os_power_leave_driver();
    return status;
}

void os_sched_start(void)
{
    DXGKARG_SETUPPRIORITYBANDS bands;

    focused = 0;
    os_sched_lists_clear();
    os_sched_log_reset();
    os_sched_default_bands(&bands);
    (void)os_sched_bands(&bands);
}

void os_sched_stop(void)
{
    os_sched_log_stop();
}

/* --- Contexts --------------------------------------------------------------------------------- */

static DXGK_SCHEDULING_PRIORITY_BAND process_band(const struct os_process *process)
{
    switch (process->priority_class) {
    case D3DKMT_SCHEDULINGPRIORITYCLASS_IDLE:
        return DXGK_SCHEDULING_PRIORITY_BAND_IDLE;
    case D3DKMT_SCHEDULINGPRIORITYCLASS_HIGH:
        return DXGK_SCHEDULING_PRIORITY_BAND_FOCUS;
    case D3DKMT_SCHEDULINGPRIORITYCLASS_REALTIME:
        return DXGK_SCHEDULING_PRIORITY_BAND_REALTIME;
    default:
        return process->id == focused ? DXGK_SCHEDULING_PRIORITY_BAND_FOCUS
                                      : DXGK_SCHEDULING_PRIORITY_BAND_NORMAL;
    }
}

static void fill(const struct os_context *context, DXGKARG_SETCONTEXTSCHEDULINGPROPERTIES *args)
{
    INT priority = context->schedule.priority;

    *args = context->schedule.told;
    args->hContext = context->kmd;
    args->realtimeBandPriorityLevel = 0;
    args->inProcessPriority = context->schedule.in_process;
    if (priority & D3DKMT_SETCONTEXTSCHEDULINGPRIORITY_ABSOLUTE && priority > 0) {
        args->priorityBand = DXGK_SCHEDULING_PRIORITY_BAND_REALTIME;
        args->realtimeBandPriorityLevel = priority & REALTIME_LEVEL_MASK;
    } else if (priority != 0) {
        args->priorityBand = priority < 0 ? DXGK_SCHEDULING_PRIORITY_BAND_IDLE
                                          : DXGK_SCHEDULING_PRIORITY_BAND_FOCUS;
    } else {
        args->priorityBand = process_band(context->base.process);
    }
}

static bool is_new(const struct os_schedule *schedule,
                   const DXGKARG_SETCONTEXTSCHEDULINGPROPERTIES *args)
{
    const DXGKARG_SETCONTEXTSCHEDULINGPROPERTIES *told = &schedule->told;

    return !schedule->is_told || told->priorityBand != args->priorityBand ||
           told->realtimeBandPriorityLevel != args->realtimeBandPriorityLevel ||
           told->inProcessPriority != args->inProcessPriority;
}

/* In the driver. */
static NTSTATUS tell(struct os_context *context)
{
    DXGKARG_SETCONTEXTSCHEDULINGPROPERTIES args;
    NTSTATUS status;

    fill(context, &args);
    if (!is_new(&context->schedule, &args))
        return STATUS_SUCCESS;
    status = OS_DDI(SetContextSchedulingProperties, context->base.name, &args, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiSetContextSchedulingProperties(os_adapter.miniport,
                                                                         &args));
    if (NT_SUCCESS(status)) {
        context->schedule.told = args;
        context->schedule.is_told = true;
    }
    return status;
}

NTSTATUS os_sched_apply(struct os_context *context)
{
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    if (!os_adapter.ddi.DxgkDdiSetContextSchedulingProperties)
        return STATUS_NOT_SUPPORTED;
    os_driver_enter(context->base.process);
    if (!context->base.retired && context->kmd)
        status = tell(context);
    os_driver_leave(context->base.process);
    return status;
}

void os_sched_context_made(struct os_context *context)
{
    struct os_schedule *schedule = &context->schedule;

    schedule->logged = -1;
    schedule->told.quantum = CONTEXT_QUANTUM;
    schedule->told.gracePeriodSamePriority = GRACE_SAME;
    schedule->told.gracePeriodLowerPriority = GRACE_LOWER;
    (void)os_sched_apply(context);
}

void os_sched_apply_all(const struct os_process *process)
{
    struct os_context *context, *next;

    for (context = os_object_next(NULL, OS_CONTEXT, process, NULL); context; context = next) {
        os_object_ref(&context->base);
        (void)os_sched_apply(context);
        next = os_object_next(context, OS_CONTEXT, process, NULL);
        os_object_unref(context);
    }
}

void os_sched_focus(struct os_process *process)
{
    const struct os_process *before = os_process_by_id(focused);

    focused = os_process_id(process);
    if (before)
        os_sched_apply_all(before);
    if (process)
        os_sched_apply_all(process);
}

const struct os_process *os_sched_focused(void)
{
    return focused ? os_process_by_id(focused) : NULL;
}
