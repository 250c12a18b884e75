// SPDX-License-Identifier: MIT
// Who has to leave a node, and when: quantum, grace, levels, the share of level 1.
//
// The model's timers run along, from the clocks in which the RTL gave and ended turns. An end that
// they do not ask for is a difference, but for a few clocks, and but for levels 1 and 2 between
// each other: when the share of level 1 is due depends on every clock since it was last paid.

#include "bell_lockstep_inside.h"

void bell_lockstep_timers(struct bell_lockstep *lockstep)
{
    struct bell_model *model = lockstep->model;
    const uint64_t now = lockstep->now->cycle;
    const uint64_t before = model->cycle;
    uint64_t next;

    while ((next = bell_model_slice_next(model)) < now) {
        model->cycle = next > before ? next : before;
        bell_model_slice_run(model);
    }
    model->cycle = now;
}

static bool has_ready(const struct bell_model *model, uint32_t node, uint32_t level)
{
    return model->sched.levels[node][level].count != 0;
}

/* The running queue is of level 1 or 2, and one of the other of them is ready. */
static bool shares(const struct bell_model *model, uint32_t node)
{
    const uint32_t level = model->sched.slices[node].level;

    if (!BELL_FIELD_GET(model->sched.bands, BELL_BANDS_NORMAL_PERCENT))
        return false;
    return (level == BELL_MODEL_LEVEL_NORMAL && has_ready(model, node, BELL_MODEL_LEVEL_FOCUS)) ||
           (level == BELL_MODEL_LEVEL_FOCUS && has_ready(model, node, BELL_MODEL_LEVEL_NORMAL));
}

/* A queue of a higher level is ready for so long that the RTL must know. */
static bool is_outdone(const struct bell_model *model, uint32_t node)
{
    const uint32_t level = model->sched.slices[node].level;

    for (uint32_t q = 0; q < BELL_MODEL_QUEUES; q++) {
        const struct bell_model_queue *queue = &model->sched.queues[q];

        if (queue->ready && queue->node == node && queue->place.level > level &&
            queue->ready_at + BELL_MODEL_TURN_SLACK < model->cycle)
            return true;
    }
    return false;
}

static void look(struct bell_lockstep *lockstep, uint32_t node)
{
    const struct bell_model *model = lockstep->model;
    const struct bell_model_slice *slice = &model->sched.slices[node];
    struct bell_lockstep_node *own = &lockstep->nodes[node];

    own->rival = own->rival || bell_model_sched_others(model, node);
    own->shares = own->shares || shares(model, node);
    if (own->leave_at == BELL_MODEL_NEVER && !own->shares && bell_model_slice_yields(model, node) &&
        is_outdone(model, node))
        own->leave_at = model->cycle;
    if (own->stop_at != BELL_MODEL_NEVER && model->irq.count == BELL_MODEL_EVENTS)
        own->stop_at = model->cycle;
    if (own->stop_at == BELL_MODEL_NEVER && slice->phase == BELL_MODEL_STOP && !own->shares)
        own->stop_at = model->cycle;
}

void bell_lockstep_rivals(struct bell_lockstep *lockstep)
{
    for (unsigned n = 0; n < BELL_MODEL_NODES; n++)
        if (lockstep->model->nodes[n].state != BELL_MODEL_IDLE)
            look(lockstep, n);
}

/* Clocks of model and RTL are not quite the same. */
static bool is_due(const struct bell_lockstep *lockstep, uint64_t at)
{
    return at != BELL_MODEL_NEVER && at <= lockstep->now->cycle + BELL_LOCKSTEP_SETTLE;
}

bool bell_lockstep_may_yield(const struct bell_lockstep *lockstep, uint32_t node)
{
    const struct bell_lockstep_node *own = &lockstep->nodes[node];
    const struct bell_model_slice *slice = &lockstep->model->sched.slices[node];

    return own->unlisted_at != BELL_MODEL_NEVER || own->shares ||
           bell_model_slice_yields(lockstep->model, node) ||
           (own->rival && slice->timed && is_due(lockstep, slice->quantum_at)) ||
           (own->rival && lockstep->model->nodes[node].buffers >= BELL_MODEL_TURN_BUFFERS);
}

bool bell_lockstep_may_stop(const struct bell_lockstep *lockstep, uint32_t node)
{
    const struct bell_lockstep_node *own = &lockstep->nodes[node];
    const struct bell_model_slice *slice = &lockstep->model->sched.slices[node];
    const uint64_t grace = BELL_FIELD_GET(slice->grace, BELL_QUEUE_GRACE_SAME);

    return own->shares || slice->phase == BELL_MODEL_STOP ||
           (slice->phase == BELL_MODEL_GRACE && is_due(lockstep, slice->at)) ||
           (own->rival && slice->timed && is_due(lockstep, slice->quantum_at + grace));
}

/* A queue of the level waits for so long that it was there when this turn was picked. */
static bool waits(const struct bell_model *model, uint32_t node, uint32_t level)
{
    for (uint32_t q = 0; has_ready(model, node, level) && q < BELL_MODEL_QUEUES; q++) {
        const struct bell_model_queue *queue = &model->sched.queues[q];

        if (queue->ready && queue->node == node && queue->place.level == level &&
            queue->ready_at + BELL_MODEL_TURN_SLACK < model->cycle)
            return true;
    }
    return false;
}

void bell_lockstep_served(struct bell_lockstep *lockstep)
{
    struct bell_model *model = lockstep->model;
    const uint32_t node = lockstep->now->node;
    const uint32_t level = model->sched.slices[node].level;

    if (level == BELL_MODEL_LEVEL_NORMAL && waits(model, node, BELL_MODEL_LEVEL_FOCUS))
        bell_model_slice_lifted(model, node, true);
    else if (level == BELL_MODEL_LEVEL_FOCUS && waits(model, node, BELL_MODEL_LEVEL_NORMAL))
        bell_model_slice_lifted(model, node, false);
}
