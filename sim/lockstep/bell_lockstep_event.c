// SPDX-License-Identifier: MIT
// Events: faults and packets of a node, STOPPED of the scheduler.

#include "bell_lockstep_inside.h"

/* Fill or copy ends between two bursts: what the model wrote beyond that is not due. */
static void cut_move(struct bell_lockstep *lockstep)
{
    struct bell_lockstep_node *own = own_node(lockstep);

    if (own->due[BELL_WRITES_DATA].count)
        model_node(lockstep)->writes--;
    bell_lockstep_clear(&own->due[BELL_WRITES_DATA]);
}

static void abort_turn(struct bell_lockstep *lockstep)
{
    struct bell_lockstep_node *own = own_node(lockstep);
    struct bell_model_node *node = model_node(lockstep);

    if (own->abort_at == BELL_MODEL_NEVER || node->state == BELL_MODEL_IDLE) {
        bell_lockstep_differ(lockstep, "event", "no abort was asked for");
        return;
    }
    if (!own->sampled) {
        node->abort = true;
        return;
    }
    bell_lockstep_reach_copy(lockstep);
    node->abort = true;
    cut_move(lockstep);
    own->asked.open = node->reading = false;
    if (own->failed.unit == BELL_WRITES_RPTR)
        own->failed.is = false;
    if (node->cause == BELL_CAUSE_NONE)
        bell_model_node_fault(lockstep->model, node, BELL_CAUSE_ABORTED, node->rptr);
}

/* The RTL gave the turn up for a failed access; the model learns now that one failed. */
static void fail_turn(struct bell_lockstep *lockstep)
{
    struct bell_lockstep_node *own = own_node(lockstep);
    struct bell_model_node *node = model_node(lockstep);

    if (bell_lockstep_copy_failed(own))
        cut_move(lockstep);
    if (!own->failed.is || node->state == BELL_MODEL_IDLE || node->cause != BELL_CAUSE_NONE)
        return;
    bell_lockstep_reach_copy(lockstep);
    own->failed.is = false;
    own->asked.open = node->reading = false;
    bell_model_node_refused(lockstep->model, node, own->failed.resp, own->failed.addr);
}

static bool is_of_watch(uint32_t cause)
{
    return cause == BELL_CAUSE_ENGINE_IDLE || cause == BELL_CAUSE_ENGINE_HUNG;
}

static void stopped_event(struct bell_lockstep *lockstep)
{
    struct bell_lockstep_node *own = own_node(lockstep);
    const struct bell_lockstep_action *now = lockstep->now;

    if (!own->stopped_due)
        bell_lockstep_differ(lockstep, "event", "no suspended turn has ended");
    else if (now->queue != own->stopped_queue || now->value != own->stopped_rptr)
        bell_lockstep_differ(lockstep, "event",
                             "posts cause %u, node %u, queue %u, data 0x%llx", now->cause,
                             now->node, own->stopped_queue,
                             (unsigned long long)own->stopped_rptr);
    own->stopped_due = false;
}

static void node_event(struct bell_lockstep *lockstep)
{
    const uint32_t cause = lockstep->now->cause;

    if (cause == BELL_CAUSE_ABORTED)
        abort_turn(lockstep);
    else if (cause == BELL_CAUSE_PAGE_FAULT || cause == BELL_CAUSE_BUS_ERROR)
        fail_turn(lockstep);
    if (!lockstep->over)
        bell_lockstep_step(lockstep);
}

void bell_lockstep_event(struct bell_lockstep *lockstep)
{
    const struct bell_lockstep_action *now = lockstep->now;

    if (is_of_watch(now->cause))
        bell_lockstep_watches_event(lockstep);
    else if (now->cause == BELL_CAUSE_STOPPED)
        stopped_event(lockstep);
    else if (now->cause == BELL_CAUSE_SCHED_LOG || now->cause == BELL_CAUSE_SCHED_LOG_LOST)
        bell_lockstep_log_event(lockstep);
    else if (bell_lockstep_is_refusal(now->cause))
        bell_lockstep_report_event(lockstep);
    else
        node_event(lockstep);
    if (!lockstep->over && !bell_model_irq_push(lockstep->model, (enum bell_cause)now->cause,
                                                now->node, now->queue, now->value))
        bell_lockstep_differ(lockstep, "event", "the event queue is full");
    else if (!lockstep->over && bell_lockstep_is_refusal(now->cause))
        bell_lockstep_report_make(lockstep);
}
