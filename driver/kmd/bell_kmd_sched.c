/* SPDX-License-Identifier: MIT */
#include "bell_kmd_sched.h"

#include <string.h>

#include "bell_kmd_isr.h"
#include "bell_kmd_mmio.h"

#define PERCENT_MAX 50u
#define PERCENT_DEFAULT 10u
#define QUANTUM_DEFAULT 1000u /* 100 us. */
#define REALTIME_LEVELS 32
#define PRIORITY_MAX 7

/* ---- Plan and device ---------------------------------------------------------------------- */

static bool write_words(struct bell_queue *queue, const struct bell_words *words)
{
    struct bell_adapter *adapter = queue->adapter;
    UINT32 hw_id = queue->hw_id;

    if (memcmp(words, &queue->words, sizeof(*words)) == 0)
        return false;
    if (words->sched != queue->words.sched)
        bell_kmd_write(adapter, BELL_QUEUE_SCHED_OFFSET(hw_id), words->sched);
    if (words->quantum != queue->words.quantum)
        bell_kmd_write(adapter, BELL_QUEUE_QUANTUM_OFFSET(hw_id), words->quantum);
    if (words->grace != queue->words.grace)
        bell_kmd_write(adapter, BELL_QUEUE_GRACE_OFFSET(hw_id), words->grace);
    queue->words = *words;
    return true;
}

bool bell_kmd_sched_plan(struct bell_adapter *adapter)
{
    return !adapter->lost && !adapter->off && bell_kmd_sched_compute(adapter, write_words);
}

/* sched_lock held. */
static VOID plan_and_flush(struct bell_adapter *adapter)
{
    if (bell_kmd_sched_plan(adapter))
        bell_kmd_flush(adapter); /* Not overtaken by another processor's next plan. */
}

VOID bell_kmd_sched_update(struct bell_adapter *adapter)
{
    bell_kmd_lock(&adapter->sched_lock);
    plan_and_flush(adapter);
    bell_kmd_unlock(&adapter->sched_lock);
}

VOID bell_kmd_sched_restore(struct bell_adapter *adapter)
{
    const struct bell_bands *bands = &adapter->bands;
    UINT64 slice =
        bell_kmd_sched_clocks(bands->process_quantum[DXGK_SCHEDULING_PRIORITY_BAND_NORMAL]);

    if (adapter->lost || adapter->off)
        return;
    bell_kmd_write(adapter, BELL_BANDS_OFFSET,
                   BELL_FIELD_PUT(BELL_BANDS_NORMAL_PERCENT, bands->normal_percent) |
                       BELL_FIELD_PUT(BELL_BANDS_NORMAL_SLICE, slice));
}

VOID bell_kmd_sched_start(struct bell_adapter *adapter)
{
    memset(&adapter->bands, 0, sizeof(adapter->bands));
    memset(adapter->groups, 0, sizeof(adapter->groups));
    memset(adapter->lists, 0, sizeof(adapter->lists));
    memset(adapter->logs, 0, sizeof(adapter->logs));
    adapter->bands.normal_percent = PERCENT_DEFAULT;
    for (UINT band = 0; band < DXGK_SCHEDULING_PRIORITY_BAND_COUNT; band++)
        adapter->bands.process_quantum[band] = QUANTUM_DEFAULT;
}

/* ---- Contexts ----------------------------------------------------------------------------- */

VOID bell_kmd_sched_join(struct bell_context *context)
{
    struct bell_adapter *adapter = context->device->adapter;

    bell_kmd_lock(&adapter->sched_lock);
    context->schedule.band = DXGK_SCHEDULING_PRIORITY_BAND_NORMAL;
    context->barred = bell_kmd_sched_is_barred(context);
    context->next = adapter->contexts;
    context->link = &adapter->contexts;
    if (context->next != NULL)
        context->next->link = &context->next;
    adapter->contexts = context;
    bell_kmd_unlock(&adapter->sched_lock);
}

VOID bell_kmd_sched_leave(struct bell_context *context)
{
    struct bell_adapter *adapter = context->device->adapter;
    struct bell_context_list *list = &adapter->lists[context->node];

    bell_kmd_lock(&adapter->sched_lock);
    *context->link = context->next;
    if (context->next != NULL)
        context->next->link = context->link;
    if (list->first == context)
        list->first = NULL;
    if (list->second == context)
        list->second = NULL;
    if (context->queues != NULL)
        plan_and_flush(adapter);
    bell_kmd_unlock(&adapter->sched_lock);
}

VOID bell_kmd_sched_take_number(struct bell_context *context)
{
    struct bell_adapter *adapter = context->device->adapter;

    for (UINT32 i = 0; i < adapter->queue_count && context->number == 0; i++)
        if (!adapter->numbers[i]) {
            adapter->numbers[i] = true;
            context->number = i + 1;
        }
}

VOID bell_kmd_sched_drop_number(struct bell_context *context)
{
    if (context->number != 0)
        context->device->adapter->numbers[context->number - 1] = false;
    context->number = 0;
}

static bool properties_are_valid(const DXGKARG_SETCONTEXTSCHEDULINGPROPERTIES *args)
{
    bool realtime = args->priorityBand == DXGK_SCHEDULING_PRIORITY_BAND_REALTIME;

    return (UINT)args->priorityBand < DXGK_SCHEDULING_PRIORITY_BAND_COUNT &&
           (!realtime || (args->realtimeBandPriorityLevel >= 0 &&
                          args->realtimeBandPriorityLevel < REALTIME_LEVELS)) &&
           args->inProcessPriority >= -PRIORITY_MAX && args->inProcessPriority <= PRIORITY_MAX;
}

NTSTATUS bell_kmd_sched_set_context(struct bell_context *context,
                                    const DXGKARG_SETCONTEXTSCHEDULINGPROPERTIES *args)
{
    struct bell_adapter *adapter = context->device->adapter;
    struct bell_schedule *schedule = &context->schedule;

    if (!properties_are_valid(args))
        return STATUS_INVALID_PARAMETER;
    bell_kmd_lock(&adapter->sched_lock);
    schedule->band = args->priorityBand;
    schedule->realtime_level = args->realtimeBandPriorityLevel;
    schedule->priority = args->inProcessPriority;
    schedule->quantum = args->quantum;
    schedule->grace_same = args->gracePeriodSamePriority;
    schedule->grace_lower = args->gracePeriodLowerPriority;
    schedule->list_priority = 0;
    if (context->queues != NULL)
        plan_and_flush(adapter);
    bell_kmd_unlock(&adapter->sched_lock);
    return STATUS_SUCCESS;
}

NTSTATUS bell_kmd_sched_update_context(struct bell_context *context,
                                       const DXGKARG_UPDATEHWCONTEXTSTATE *args)
{
    struct bell_adapter *adapter = context->device->adapter;

    if (args->Flags.Reserved != 0 || args->Priority > REALTIME_LEVELS)
        return STATUS_INVALID_PARAMETER;
    bell_kmd_lock(&context->run_lock);
    context->suspended = args->Flags.Suspended;
    context->schedule.list_priority = args->Priority;
    bell_kmd_sched_update(adapter);
    bell_kmd_isr_update(context, args->ContextSwitchFence, args->Flags.InterruptOnSwitchCompletion);
    bell_kmd_unlock(&context->run_lock);
    return STATUS_SUCCESS;
}

VOID bell_kmd_sched_invalidate(struct bell_context *context)
{
    struct bell_adapter *adapter = context->device->adapter;

    bell_kmd_lock(&adapter->sched_lock);
    bell_kmd_isr_invalidate(context);
    plan_and_flush(adapter);
    bell_kmd_unlock(&adapter->sched_lock);
}

VOID bell_kmd_sched_boost(struct bell_queue *queue, bool boosted)
{
    struct bell_adapter *adapter = queue->adapter;

    bell_kmd_lock(&adapter->sched_lock);
    if (queue->boosted != boosted) {
        queue->boosted = boosted;
        plan_and_flush(adapter);
    }
    bell_kmd_unlock(&adapter->sched_lock);
}

/* ---- Bands and context lists -------------------------------------------------------------- */

NTSTATUS bell_kmd_sched_setup_bands(struct bell_adapter *adapter,
                                    const DXGKARG_SETUPPRIORITYBANDS *args)
{
    struct bell_bands *bands = &adapter->bands;

    if (args->targetNormalBandPercentage > PERCENT_MAX)
        return STATUS_INVALID_PARAMETER;
    bell_kmd_lock(&adapter->sched_lock);
    memcpy(bands->grace, args->gracePeriodForBand, sizeof(bands->grace));
    memcpy(bands->process_quantum, args->processQuantumForBand, sizeof(bands->process_quantum));
    memcpy(bands->process_grace, args->processGracePeriodForBand, sizeof(bands->process_grace));
    bands->normal_percent = args->targetNormalBandPercentage;
    memset(adapter->lists, 0, sizeof(adapter->lists));
    bell_kmd_sched_restore(adapter);
    bell_kmd_isr_switch(adapter);
    bell_kmd_unlock(&adapter->sched_lock);
    return STATUS_SUCCESS;
}

static bool is_of_node(const struct bell_context *context, UINT node)
{
    return context == NULL ||
           (bell_kmd_is(context, BELL_KIND_CONTEXT) && context->node == node);
}

NTSTATUS bell_kmd_sched_switch(struct bell_adapter *adapter,
                               const DXGKARG_SWITCHTOHWCONTEXTLIST *args)
{
    struct bell_context *first = args->hHwContextFirst;
    struct bell_context *second = args->hHwContextSecond;
    struct bell_context_list *list;

    if (args->NodeOrdinal >= adapter->node_count || args->EngineOrdinal != 0 ||
        !is_of_node(first, args->NodeOrdinal) || !is_of_node(second, args->NodeOrdinal) ||
        (second != NULL && (first == NULL || first == second)))
        return STATUS_INVALID_PARAMETER;
    bell_kmd_lock(&adapter->sched_lock);
    list = &adapter->lists[args->NodeOrdinal];
    list->in_force = true;
    list->first = first;
    list->second = second;
    bell_kmd_isr_switch(adapter);
    bell_kmd_unlock(&adapter->sched_lock);
    return STATUS_SUCCESS;
}
