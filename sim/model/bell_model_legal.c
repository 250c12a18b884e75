// SPDX-License-Identifier: MIT
// Which turns may be given: what the contract says of the order, whatever the clocks of a device.

#include "bell_model.h"

/* Clock since which nothing but the turns of others keeps a ready queue from its own. */
static uint64_t waits_from(const struct bell_model *model, const struct bell_model_queue *queue)
{
    const struct bell_model_place place = queue->place;
    uint64_t from = queue->ready_at;

    for (unsigned p = place.priority + 1u; place.group && p < BELL_MODEL_PRIORITIES; p++)
        if (model->sched.peers_gone[place.group][p] > from)
            from = model->sched.peers_gone[place.group][p];
    return from;
}

/* A queue of the level that was ready before `clock`, slack taken off, and still is. */
static bool waits_since(const struct bell_model *model, uint32_t node, uint32_t level,
                        uint64_t clock)
{
    for (uint32_t word = 0; word < BELL_MODEL_READY_WORDS; word++)
        for (uint64_t bits = model->sched.levels[node][level].ready[word]; bits;
             bits &= bits - 1) {
            const struct bell_model_queue *queue =
                &model->sched.queues[word * 64 + (uint32_t)__builtin_ctzll(bits)];

            if (waits_from(model, queue) + BELL_MODEL_TURN_SLACK < clock &&
                !bell_model_sched_peer(model, queue->place))
                return true;
        }
    return false;
}

/* The clocks of turns are the RTL's: so is the clock in which level 1 is due before level 2. */
static bool is_lifted(const struct bell_model *model, uint32_t node, uint32_t level)
{
    return level == BELL_MODEL_LEVEL_NORMAL && bell_model_slice_may_lift(model, node);
}

static bool higher_waits(const struct bell_model *model, uint32_t node, uint32_t level)
{
    uint32_t above = is_lifted(model, node, level) ? BELL_MODEL_LEVEL_REALTIME : level + 1;

    for (; above < BELL_MODEL_LEVELS; above++)
        if (waits_since(model, node, above, model->cycle))
            return true;
    return false;
}

/* A queue of its group that has a higher priority is ready, and was so when it was picked. */
static bool peer_waits(const struct bell_model *model, struct bell_model_place place)
{
    if (!bell_model_sched_peer(model, place))
        return false;
    for (uint32_t q = 0; q < BELL_MODEL_QUEUES; q++) {
        const struct bell_model_queue *peer = &model->sched.queues[q];

        if (peer->ready && peer->place.group == place.group &&
            peer->place.priority > place.priority &&
            peer->ready_at + BELL_MODEL_TURN_SLACK < model->cycle)
            return true;
    }
    return false;
}

/* Blocked, and its fence was not signalled about when its last turn began, or later. */
static bool is_blocked(const struct bell_model *model, const struct bell_model_queue *queue)
{
    const uint64_t raised_at = model->sched.raised_at[queue->key];

    return queue->blocked && !queue->pending &&
           (!raised_at || raised_at + BELL_MODEL_WAKE_CLOCKS < queue->given_at);
}

/* The queue that ran last has clocks of its quantum left, and another one of its level goes. */
static bool is_kept_from(const struct bell_model *model, uint32_t node, uint32_t index)
{
    const struct bell_model_slice *slice = &model->sched.slices[node];
    const struct bell_model_queue *keep = &model->sched.queues[slice->keep];

    return slice->must_keep && slice->keep != index && keep->ready && keep->node == node &&
           keep->place.level == bell_model_sched_place_of(&model->sched.queues[index]).level &&
           !bell_model_sched_peer(model, keep->place) && waits_from(model, keep) <= slice->ended_at;
}

static const char *order_refusal(const struct bell_model *model, uint32_t node, uint32_t index)
{
    const struct bell_model_queue *queue = &model->sched.queues[index];
    const struct bell_model_slice *slice = &model->sched.slices[node];
    const struct bell_model_place place = bell_model_sched_place_of(queue);

    if (higher_waits(model, node, place.level))
        return "a queue of a higher level waits";
    if (peer_waits(model, place))
        return "a queue of its group with a higher priority waits";
    if (is_kept_from(model, node, index))
        return "the queue that ran last has some of its quantum left";
    if (slice->may_keep && slice->keep == index)
        return NULL;
    if (queue->given_at && queue->ready && queue->given_level == place.level &&
        waits_since(model, node, place.level, queue->given_at))
        return "a queue that waits since before its last turn goes first";
    return NULL;
}

const char *bell_model_sched_refusal(const struct bell_model *model, uint32_t node,
                                     uint32_t index)
{
    const struct bell_model_queue *queue = &model->sched.queues[index];

    if (!(model->mmio.ctrl & BELL_CTRL_ENABLE_MASK))
        return "CTRL.ENABLE is off";
    if (model->nodes[node].state != BELL_MODEL_IDLE)
        return "the node has a turn";
    if (BELL_FIELD_GET(model->mmio.ctrl, BELL_CTRL_GATED) >> node & 1)
        return "the node is gated";
    if (!queue->open)
        return "the queue is not open";
    if (queue->node != node)
        return "the queue belongs to another node";
    if (queue->running)
        return "the queue runs already";
    if (queue->faulted)
        return "the queue has faulted";
    if (!queue->listed)
        return "the queue is not on a run list";
    if (!queue->pending && !queue->work)
        return "the queue is owed no sample and has no work";
    if (is_blocked(model, queue))
        return "the queue waits for a native fence";
    return order_refusal(model, node, index);
}
