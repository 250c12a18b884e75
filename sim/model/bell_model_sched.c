// SPDX-License-Identifier: MIT
// sched: state of the queues, commands, and who goes next: by level, then in turns.

#include "bell_model.h"

#define LEVEL_TOP (BELL_MODEL_LEVELS - 1u)
#define PLACE_MASK                                                                                 \
    (BELL_QUEUE_SCHED_LEVEL_MASK | BELL_QUEUE_SCHED_PRIORITY_MASK | BELL_QUEUE_SCHED_GROUP_MASK |  \
     BELL_QUEUE_SCHED_CONTEXT_MASK)

struct bell_model_place bell_model_sched_place_of(const struct bell_model_queue *queue)
{
    const uint64_t level = BELL_FIELD_GET(queue->sched, BELL_QUEUE_SCHED_LEVEL);
    const bool top =
        level > LEVEL_TOP || (queue->realtime && level < BELL_MODEL_LEVEL_REALTIME);

    return (struct bell_model_place){
        .level = (uint8_t)(top ? LEVEL_TOP : level),
        .group = (uint8_t)BELL_FIELD_GET(queue->sched, BELL_QUEUE_SCHED_GROUP),
        .priority = (uint8_t)BELL_FIELD_GET(queue->sched, BELL_QUEUE_SCHED_PRIORITY),
    };
}

static bool is_same_place(struct bell_model_place a, struct bell_model_place b)
{
    return a.level == b.level && a.group == b.group && a.priority == b.priority;
}

static bool is_pending_or_work(const struct bell_model_queue *queue)
{
    return queue->pending || (queue->work && !queue->blocked);
}

bool bell_model_sched_peer(const struct bell_model *model, struct bell_model_place place)
{
    if (!place.group)
        return false;
    for (unsigned p = place.priority + 1u; p < BELL_MODEL_PRIORITIES; p++)
        if (model->sched.peers[place.group][p])
            return true;
    return false;
}

/* Out of its place, for whatever time: it is not kept on its node. */
static void unkeep(struct bell_model *model, uint32_t index)
{
    struct bell_model_slice *slice = &model->sched.slices[model->sched.queues[index].node];

    if (slice->keep == index)
        slice->must_keep = false;
}

static void count_ready(struct bell_model *model, uint32_t index, uint32_t one)
{
    struct bell_model_queue *queue = &model->sched.queues[index];
    struct bell_model_level *level = &model->sched.levels[queue->node][queue->place.level];

    level->ready[index / 64] ^= UINT64_C(1) << (index % 64);
    level->count += one;
    model->sched.peers[queue->place.group][queue->place.priority] += one;
    if (!model->sched.peers[queue->place.group][queue->place.priority])
        model->sched.peers_gone[queue->place.group][queue->place.priority] = model->cycle;
}

/* A queue of a level that goes first is ready on its node, or runs there. */
static bool is_outdone(const struct bell_model *model, const struct bell_model_queue *queue)
{
    const uint8_t level = bell_model_sched_place_of(queue).level;
    const struct bell_model_slice *slice = &model->sched.slices[queue->node];

    for (uint32_t l = BELL_MODEL_LEVEL_NORMAL; l < BELL_MODEL_LEVELS; l++)
        if (model->sched.levels[queue->node][l].count &&
            bell_model_slice_outranks(model, queue->node, l, level))
            return true;
    return slice->phase != BELL_MODEL_NO_TURN &&
           bell_model_slice_outranks(model, queue->node, slice->level, level);
}

/* Keeps the ready bit of a queue, and where it is, equal to what its state says. */
static void count_again(struct bell_model *model, uint32_t index)
{
    struct bell_model_queue *queue = &model->sched.queues[index];
    const bool ready = queue->open && queue->listed && !queue->faulted && !queue->running &&
                       is_pending_or_work(queue);

    if (queue->ready)
        count_ready(model, index, UINT32_MAX);
    if (queue->ready && !(ready && is_same_place(queue->place, bell_model_sched_place_of(queue))))
        unkeep(model, index);
    if (ready && (!queue->ready || !is_same_place(queue->place, bell_model_sched_place_of(queue))))
        queue->ready_at = model->cycle;
    queue->ready = ready;
    if (ready) {
        queue->place = bell_model_sched_place_of(queue);
        count_ready(model, index, 1);
        bell_model_sched_wake(model);
    }
    bell_model_log_look(model, queue);
}

static void update_ready(struct bell_model *model, uint32_t index)
{
    count_again(model, index);
    if (model->sched.queues[index].open)
        bell_model_slice_look(model, model->sched.queues[index].node);
}

void bell_model_sched_place(struct bell_model *model, uint32_t index, uint64_t sched)
{
    struct bell_model_queue *queue = &model->sched.queues[index];
    const uint64_t fixed = queue->open ? BELL_QUEUE_SCHED_CONTEXT_MASK : 0;

    queue->sched = (queue->sched & fixed) | (sched & PLACE_MASK & ~fixed);
    if (queue->running)
        model->sched.slices[queue->node].level = bell_model_sched_place_of(queue).level;
    update_ready(model, index);
}

void bell_model_sched_wake(struct bell_model *model)
{
    if (model->sched.at == BELL_MODEL_NEVER && (model->mmio.ctrl & BELL_CTRL_ENABLE_MASK))
        model->sched.at = model->cycle + 1;
}

enum bell_ring_bucket bell_model_sched_credit(struct bell_model *model, uint32_t index)
{
    struct bell_model_queue *queue;

    if (index >= BELL_MODEL_QUEUES || !model->sched.queues[index].open)
        return BELL_RING_REJECTED;
    queue = &model->sched.queues[index];
    if (queue->pending) {
        model->doorbell.ledger.coalesced++;
        return BELL_RING_COALESCED;
    }
    queue->pending = true;
    queue->pending_by_ring = true;
    model->doorbell.ledger.owed++;
    update_ready(model, index);
    return BELL_RING_CREDITED;
}

static bool is_sane(const struct bell_model_queue *queue)
{
    const uint64_t log2_entries = BELL_FIELD_GET(queue->config, BELL_QUEUE_CONFIG_LOG2_ENTRIES);

    return queue->base % BELL_MODEL_PAGE_BYTES == 0 && queue->control % BELL_CONTROL_BYTES == 0 &&
           log2_entries >= 1 && log2_entries <= BELL_MODEL_MAX_LOG2_ENTRIES &&
           BELL_FIELD_GET(queue->config, BELL_QUEUE_CONFIG_NODE) < BELL_MODEL_NODES;
}

static void open_queue(struct bell_model *model, uint32_t index)
{
    struct bell_model_queue *queue = &model->sched.queues[index];

    if (queue->open || !is_sane(queue))
        return;
    queue->open = true;
    queue->realtime = false;
    queue->blocked = false;
    queue->node = (uint8_t)BELL_FIELD_GET(queue->config, BELL_QUEUE_CONFIG_NODE);
}

static void close_queue(struct bell_model *model, uint32_t index)
{
    struct bell_model_queue *queue = &model->sched.queues[index];

    if (queue->running)
        return;
    if (queue->pending && queue->pending_by_ring) {
        model->doorbell.ledger.owed--;
        model->doorbell.ledger.rejected++; /* No flaw of the store: LAST_REJECT stays. */
        bell_model_report_note(model, BELL_MODEL_REJECTED, BELL_REJECT_QUEUE_CLOSED, 0);
    }
    queue->open = false;
    queue->listed = false;
    queue->pending = false;
    queue->pending_by_ring = false;
    queue->notify = false;
    queue->work = false;
    queue->blocked = false;
    queue->faulted = false;
    queue->cause = BELL_CAUSE_NONE;
    queue->resume = (struct bell_model_resume){0};
}

static void leave_list(struct bell_model *model, struct bell_model_queue *queue, uint64_t command)
{
    queue->listed = false;
    if (queue->running && (command & BELL_QUEUE_CMD_NOW_MASK))
        bell_model_slice_stop(model, queue->node);
}

void bell_model_sched_command(struct bell_model *model, uint32_t index, uint64_t command)
{
    struct bell_model_queue *queue = &model->sched.queues[index];
    const uint64_t op = BELL_FIELD_GET(command, BELL_QUEUE_CMD_OP);

    switch (op) {
    case BELL_QUEUE_CMD_OPEN: open_queue(model, index); break;
    case BELL_QUEUE_CMD_CLOSE: close_queue(model, index); break;
    case BELL_QUEUE_CMD_ADD:
    case BELL_QUEUE_CMD_ADD_RT:
        queue->listed = queue->open;
        queue->realtime = op == BELL_QUEUE_CMD_ADD_RT;
        queue->notify = false;
        if (queue->running)
            model->sched.slices[queue->node].level = bell_model_sched_place_of(queue).level;
        break;
    case BELL_QUEUE_CMD_REMOVE: leave_list(model, queue, command); break;
    case BELL_QUEUE_CMD_SUSPEND:
        queue->notify = queue->running;
        leave_list(model, queue, command);
        break;
    case BELL_QUEUE_CMD_KICK: queue->pending = queue->open; break;
    default: break;
    }
    update_ready(model, index);
}

static enum bell_block block_of(const struct bell_model *model,
                                const struct bell_model_queue *queue)
{
    if (!queue->open)
        return BELL_BLOCK_CLOSED;
    if (queue->running)
        return BELL_BLOCK_NONE;
    if (queue->faulted)
        return BELL_BLOCK_FAULTED;
    if (!queue->listed)
        return BELL_BLOCK_UNLISTED;
    if (!queue->pending && !queue->work)
        return BELL_BLOCK_NO_WORK;
    if (!is_pending_or_work(queue))
        return BELL_BLOCK_FENCE;
    if (!(model->mmio.ctrl & BELL_CTRL_ENABLE_MASK))
        return BELL_BLOCK_DISABLED;
    if (BELL_FIELD_GET(model->mmio.ctrl, BELL_CTRL_GATED) >> queue->node & 1)
        return BELL_BLOCK_GATED;
    if (is_outdone(model, queue))
        return BELL_BLOCK_LEVEL;
    return bell_model_sched_peer(model, bell_model_sched_place_of(queue)) ? BELL_BLOCK_PEER
                                                                          : BELL_BLOCK_TURN;
}

uint64_t bell_model_sched_state(const struct bell_model *model, uint32_t index)
{
    const struct bell_model_queue *queue = &model->sched.queues[index];
    const bool realtime =
        queue->listed && bell_model_sched_place_of(queue).level >= BELL_MODEL_LEVEL_REALTIME;

    return BELL_FIELD_PUT(BELL_QUEUE_STATE_OPEN, queue->open) |
           BELL_FIELD_PUT(BELL_QUEUE_STATE_LISTED, queue->listed) |
           BELL_FIELD_PUT(BELL_QUEUE_STATE_PENDING, queue->pending) |
           BELL_FIELD_PUT(BELL_QUEUE_STATE_RUNNING, queue->running) |
           BELL_FIELD_PUT(BELL_QUEUE_STATE_WORK, queue->work) |
           BELL_FIELD_PUT(BELL_QUEUE_STATE_FAULTED, queue->faulted) |
           BELL_FIELD_PUT(BELL_QUEUE_STATE_REALTIME, realtime) |
           BELL_FIELD_PUT(BELL_QUEUE_STATE_BLOCKED, queue->blocked) |
           BELL_FIELD_PUT(BELL_QUEUE_STATE_CAUSE, queue->cause) |
           BELL_FIELD_PUT(BELL_QUEUE_STATE_BLOCK, block_of(model, queue));
}

/* ------------------------------------------------------------------ native fences */

void bell_model_sched_raise(struct bell_model *model, uint64_t keys)
{
    for (unsigned n = 0; n < BELL_MODEL_NODES; n++)
        model->sched.seen[n] |= keys;
    for (uint64_t left = keys; left; left &= left - 1)
        model->sched.raised_at[__builtin_ctzll(left)] = model->cycle;
    for (uint32_t q = 0; q < BELL_MODEL_QUEUES; q++) {
        struct bell_model_queue *queue = &model->sched.queues[q];

        if (!queue->blocked || !(keys >> queue->key & 1))
            continue;
        queue->blocked = false;
        update_ready(model, q);
        queue->ready_at += BELL_MODEL_WAKE_CLOCKS;
    }
}

bool bell_model_sched_fence_log(struct bell_model *model, uint32_t index, bool signals,
                                struct bell_model_fence_log *log)
{
    struct bell_model_queue *queue = &model->sched.queues[index];
    uint64_t *word = &queue->log_indices[signals];

    if (!(queue->logs[signals] & BELL_QUEUE_WAIT_LOG_ENABLE_MASK))
        return false;
    log->addr = BELL_FIELD_GET(queue->logs[signals], BELL_QUEUE_WAIT_LOG_ADDR) & ~UINT64_C(0xfff);
    log->index = (uint32_t)BELL_FIELD_GET(*word, BELL_QUEUE_WAIT_LOG_INDEX_INDEX);
    log->wraps = (uint32_t)BELL_FIELD_GET(*word, BELL_QUEUE_WAIT_LOG_INDEX_WRAPS);
    if (log->index + 1 < BELL_MODEL_FENCE_LOG_ENTRIES)
        *word = BELL_FIELD_PUT(BELL_QUEUE_WAIT_LOG_INDEX_INDEX, log->index + 1) |
                BELL_FIELD_PUT(BELL_QUEUE_WAIT_LOG_INDEX_WRAPS, log->wraps);
    else
        *word = BELL_FIELD_PUT(BELL_QUEUE_WAIT_LOG_INDEX_WRAPS, log->wraps + 1);
    return true;
}

/* ------------------------------------------------------------------ turns */

/* The first queue of a level at or after its round-robin position, wrapping, whose peers let it. */
static bool pick_from(const struct bell_model *model, const struct bell_model_level *level,
                      uint32_t *queue)
{
    uint32_t word = level->next / 64;
    uint64_t bits = level->ready[word] & (UINT64_MAX << (level->next % 64));

    for (unsigned looked = 0; looked <= BELL_MODEL_READY_WORDS; looked++) {
        for (; bits; bits &= bits - 1) {
            *queue = word * 64 + (uint32_t)__builtin_ctzll(bits);
            if (!bell_model_sched_peer(model, model->sched.queues[*queue].place))
                return true;
        }
        word = (word + 1) % BELL_MODEL_READY_WORDS;
        bits = level->ready[word];
    }
    return false;
}

static bool pick(struct bell_model *model, unsigned node, uint32_t *queue)
{
    struct bell_model_slice *slice = &model->sched.slices[node];
    const struct bell_model_queue *keep = &model->sched.queues[slice->keep];
    const uint32_t served = bell_model_slice_level(model, node);
    struct bell_model_level *level;

    if (served == BELL_MODEL_LEVELS)
        return false;
    slice->kept = slice->kept && keep->ready && keep->node == node &&
                  keep->place.level == served && !bell_model_sched_peer(model, keep->place);
    *queue = slice->keep;
    if (slice->kept)
        return true;
    level = &model->sched.levels[node][served];
    if (!pick_from(model, level, queue))
        return false;
    level->next = (*queue + 1) % BELL_MODEL_QUEUES;
    return true;
}

/* The pending bit goes before the WPTR read: a ring from here on is new work. */
void bell_model_sched_give(struct bell_model *model, uint32_t node, uint32_t index)
{
    struct bell_model_queue *queue = &model->sched.queues[index];

    if (queue->pending && queue->pending_by_ring) {
        model->doorbell.ledger.owed--;
        model->doorbell.ledger.sampled++;
    }
    queue->pending = false;
    queue->pending_by_ring = false;
    queue->running = true;
    queue->blocked = false;
    queue->given_at = model->cycle;
    model->sched.seen[node] = 0;
    count_again(model, index); /* It runs with the same clock: its level has not gone. */
    queue->place = bell_model_sched_place_of(queue);
    queue->given_level = queue->place.level;
    bell_model_slice_give(model, node, index);
    bell_model_node_start(model, &model->nodes[node], index);
    bell_model_slice_look(model, node);
}

static bool may_start(const struct bell_model *model, uint32_t node)
{
    return (model->mmio.ctrl & BELL_CTRL_ENABLE_MASK) &&
           !(BELL_FIELD_GET(model->mmio.ctrl, BELL_CTRL_GATED) >> node & 1) &&
           model->nodes[node].state == BELL_MODEL_IDLE;
}

/* One pick a clock. */
void bell_model_sched_run(struct bell_model *model)
{
    uint32_t queue;

    model->sched.at = BELL_MODEL_NEVER;
    if (!(model->mmio.ctrl & BELL_CTRL_ENABLE_MASK))
        return;
    for (unsigned n = 0; n < BELL_MODEL_NODES; n++)
        if (may_start(model, n) && pick(model, n, &queue)) {
            bell_model_sched_give(model, n, queue);
            bell_model_sched_wake(model);
            return;
        }
}

void bell_model_sched_turn_end(struct bell_model *model, struct bell_model_node *node, bool work)
{
    struct bell_model_queue *queue = &model->sched.queues[node->queue];
    const uint32_t index = bell_model_node_index(model, node);
    const bool seen = model->sched.seen[index] >> node->key & 1;
    bool keep;

    queue->running = false;
    queue->notify = false;
    queue->work = work;
    queue->rptr = node->rptr;
    queue->blocked = node->waits && work && node->cause == BELL_CAUSE_NONE && !seen;
    queue->key = node->key;
    if (node->cause != BELL_CAUSE_NONE) {
        queue->faulted = true;
        queue->cause = node->cause;
    }
    keep = bell_model_slice_end(model, index);
    update_ready(model, node->queue);
    if (node->waits && seen) /* The RTL may hear of the signal later, and block it until then. */
        queue->ready_at += BELL_MODEL_WAKE_CLOCKS;
    model->sched.slices[index].kept = keep && queue->ready;
    if (!queue->ready || !queue->work) /* A ring may have come as the turn ended. */
        model->sched.slices[index].must_keep = false;
    model->sched.slices[index].keep = node->queue;
    bell_model_sched_wake(model);
}

bool bell_model_sched_others(const struct bell_model *model, uint32_t node)
{
    return bell_model_slice_level(model, node) != BELL_MODEL_LEVELS;
}
