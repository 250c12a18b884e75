/* SPDX-License-Identifier: MIT */
/*
 * Scheduling: from the OS's bands, contexts and times to the words of each hardware queue.
 *
 * The hardware knows queues, each with a level, a priority among its group, a quantum and grace
 * periods of its own. The OS speaks of what a preempting band, process or context allows the one that
 * it preempts. A queue therefore gets the shortest grace that anyone who may now preempt it allows: no
 * one waits longer than the OS said; a queue may be stopped earlier than by the one that came.
 * Another band allows gracePeriodForBand; within a band, and all of real time is one, another process
 * allows processGracePeriodForBand, another context of the process gracePeriodSamePriority, or
 * gracePeriodLowerPriority if it has the higher priority or real-time level. What only its own context
 * takes turns with has none.
 *
 * The process quantum of a band is divided over the queues of a process that are listed on one node
 * and level, by the weight (quantum) of their contexts, so that round robin among queues is round
 * robin among processes. Queues of one process, node and level share a group when their contexts
 * differ in priority; when all 63 numbers are taken, they get none and priorities do not count.
 *
 * A node runs by bands until SwitchToHwContextList; SetupPriorityBands ends every context list.
 *
 * PASSIVE_LEVEL. Takes bell_adapter.sched_lock.
 */
#ifndef BELL_KMD_SCHED_H
#define BELL_KMD_SCHED_H

#include "bell_kmd_queue.h"

/* Start: no context; default bands, which the OS sets up before the first work. */
VOID bell_kmd_sched_start(struct bell_adapter *adapter);

/* Tell a device that was reset what it shares out between bands. */
VOID bell_kmd_sched_restore(struct bell_adapter *adapter);

/* A context comes, with default properties, and goes. */
VOID bell_kmd_sched_join(struct bell_context *context);
VOID bell_kmd_sched_leave(struct bell_context *context);

/* The context gets a number by which scheduling logs know its queues for one (HS-LOG-02), before the
 * first of them is opened; and gives it back after the last was closed. It stays 0 when queues that
 * the device did not let go of have the rest. sched_lock held. */
VOID bell_kmd_sched_take_number(struct bell_context *context);
VOID bell_kmd_sched_drop_number(struct bell_context *context);

/* Clocks of a time in units of 100 ns, at most UINT32_MAX: the one place where the OS's time becomes
 * the device's. */
UINT64 bell_kmd_sched_clocks(UINT64 time);

/* Recompute, and write what changed; true: something was. sched_lock held; also at DIRQL. */
bool bell_kmd_sched_plan(struct bell_adapter *adapter);

/* The same for everybody else. */
VOID bell_kmd_sched_update(struct bell_adapter *adapter);

/* Compute the words of all planned queues (bell_kmd_sched_plan.c) and hand each to `write`, which says
 * whether they are new; true: some were. */
bool bell_kmd_sched_compute(struct bell_adapter *adapter,
                            bool (*write)(struct bell_queue *queue,
                                          const struct bell_words *words));

/* A node under bands bars nobody; one with a list, all but those in it. sched_lock held. */
static inline bool bell_kmd_sched_is_barred(const struct bell_context *context)
{
    const struct bell_context_list *list = &context->device->adapter->lists[context->node];

    return list->in_force && list->first != context && list->second != context;
}

/* Its queues belong on the run list. Its run_lock or sched_lock held. */
static inline bool bell_kmd_sched_may_run(const struct bell_context *context)
{
    return !context->suspended && !context->barred && !context->invalid;
}

/*
 * SetupPriorityBands (HS-PRI-01). Takes effect at the hardware's next decision; every node is under
 * bands afterwards.
 *
 * @retval STATUS_SUCCESS
 * @retval STATUS_INVALID_PARAMETER  More than 50 per cent. Nothing changed.
 */
NTSTATUS bell_kmd_sched_setup_bands(struct bell_adapter *adapter,
                                    const DXGKARG_SETUPPRIORITYBANDS *args);

/*
 * SetContextSchedulingProperties (HS-PRI-02). Ends a priority of UpdateHwContextState.
 *
 * @retval STATUS_SUCCESS
 * @retval STATUS_INVALID_PARAMETER  No such band, level or priority. Nothing changed.
 */
NTSTATUS bell_kmd_sched_set_context(struct bell_context *context,
                                    const DXGKARG_SETCONTEXTSCHEDULINGPROPERTIES *args);

/*
 * UpdateHwContextState (HS-UPD-01): priority (0: the band's; 1 .. 32: real-time level 0 .. 31,
 * until the next properties or update) and Suspended. With InterruptOnSwitchCompletion,
 * HWCONTEXTLIST_SWITCH_COMPLETED with the fence is reported when the state has taken effect, maybe
 * before this returns: suspended, when the last queue has left its node. A report not yet made is
 * due when a later request has taken effect, with the fence of the last that asked; ResumeContext
 * cancels it.
 *
 * @retval STATUS_SUCCESS
 * @retval STATUS_INVALID_PARAMETER  Reserved flags or priority above 32. Nothing changed.
 */
NTSTATUS bell_kmd_sched_update_context(struct bell_context *context,
                                       const DXGKARG_UPDATEHWCONTEXTSTATE *args);

/*
 * SwitchToHwContextList (HS-SWI-01): others of the node are stopped inside their buffers, First goes
 * before Second at once. Suspended contexts of the list stay suspended.
 *
 * @retval STATUS_SUCCESS            Commands have reached the device.
 * @retval STATUS_INVALID_PARAMETER  No such node or engine, a context of another node, both the same,
 *                                   or Second without First. Nothing changed.
 */
NTSTATUS bell_kmd_sched_switch(struct bell_adapter *adapter,
                               const DXGKARG_SWITCHTOHWCONTEXTLIST *args);

/* An engine reset hits the context: its queues leave the run list for good, others share its part. */
VOID bell_kmd_sched_invalidate(struct bell_context *context);

/* The queue goes before all but other real-time queues, or as its context says again. */
VOID bell_kmd_sched_boost(struct bell_queue *queue, bool boosted);

#endif /* BELL_KMD_SCHED_H */
