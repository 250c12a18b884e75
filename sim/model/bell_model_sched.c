// SPDX-License-Identifier: MIT
// sched: state of the queues, commands, and a round robin over the ready queues of each node.

#include "bell_model.h"

/* Keeps the ready bit of a queue equal to what its state says. */
static void update_ready(struct bell_model *model, uint32_t index)
{
    struct bell_model_queue *queue = &model->sched.queues[index];
    const uint64_t bit = UINT64_C(1) << (index % 64);
    const bool ready = queue->open && queue->listed && !queue->faulted && !queue->running &&
                       (queue->pending || queue->work);
    const unsigned list = queue->realtime ? 0 : 1;
    uint64_t *word = &model->sched.lists[queue->node][list].ready[index / 64];

    model->sched.lists[queue->node][1 - list].ready[index / 64] &= ~bit;
    if (ready && !queue->ready)
        queue->ready_at = model->cycle;
    queue->ready = ready;
    if (ready) {
        *word |= bit;
        bell_model_sched_wake(model);
    } else {
        *word &= ~bit;
    }
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
    queue->faulted = false;
    queue->cause = BELL_CAUSE_NONE;
}

void bell_model_sched_command(struct bell_model *model, uint32_t index, uint32_t op)
{
    struct bell_model_queue *queue = &model->sched.queues[index];

    switch (op) {
    case BELL_QUEUE_CMD_OPEN: open_queue(model, index); break;
    case BELL_QUEUE_CMD_CLOSE: close_queue(model, index); break;
    case BELL_QUEUE_CMD_ADD:
    case BELL_QUEUE_CMD_ADD_RT:
        queue->listed = queue->open;
        queue->realtime = op == BELL_QUEUE_CMD_ADD_RT;
        queue->notify = false;
        break;
    case BELL_QUEUE_CMD_REMOVE: queue->listed = false; break;
    case BELL_QUEUE_CMD_SUSPEND:
        queue->listed = false;
        queue->notify = queue->running;
        break;
    case BELL_QUEUE_CMD_KICK: queue->pending = queue->open; break;
    default: break;
    }
    update_ready(model, index);
}

uint64_t bell_model_sched_state(const struct bell_model *model, uint32_t index)
{
    const struct bell_model_queue *queue = &model->sched.queues[index];

    return BELL_FIELD_PUT(BELL_QUEUE_STATE_OPEN, queue->open) |
           BELL_FIELD_PUT(BELL_QUEUE_STATE_LISTED, queue->listed) |
           BELL_FIELD_PUT(BELL_QUEUE_STATE_PENDING, queue->pending) |
           BELL_FIELD_PUT(BELL_QUEUE_STATE_RUNNING, queue->running) |
           BELL_FIELD_PUT(BELL_QUEUE_STATE_WORK, queue->work) |
           BELL_FIELD_PUT(BELL_QUEUE_STATE_FAULTED, queue->faulted) |
           BELL_FIELD_PUT(BELL_QUEUE_STATE_REALTIME, queue->listed && queue->realtime) |
           BELL_FIELD_PUT(BELL_QUEUE_STATE_CAUSE, queue->cause);
}

/* The first ready queue of a list at or after its round-robin position, wrapping. */
static bool pick_from(const uint64_t *ready, uint32_t next, uint32_t *queue)
{
    uint32_t word = next / 64;
    uint64_t bits = ready[word] & (UINT64_MAX << (next % 64));

    for (unsigned looked = 0; looked <= BELL_MODEL_READY_WORDS; looked++) {
        if (bits) {
            *queue = word * 64 + (uint32_t)__builtin_ctzll(bits);
            return true;
        }
        word = (word + 1) % BELL_MODEL_READY_WORDS;
        bits = ready[word];
    }
    return false;
}

static bool pick(struct bell_model *model, unsigned node, uint32_t *queue)
{
    for (unsigned list = 0; list < 2; list++) {
        uint32_t *next = &model->sched.lists[node][list].next;

        if (!pick_from(model->sched.lists[node][list].ready, *next, queue))
            continue;
        *next = (*queue + 1) % BELL_MODEL_QUEUES;
        return true;
    }
    return false;
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
    queue->given_at = model->cycle;
    update_ready(model, index);
    bell_model_node_start(model, &model->nodes[node], index);
}

static bool may_start(const struct bell_model *model, uint32_t node)
{
    return (model->mmio.ctrl & BELL_CTRL_ENABLE_MASK) &&
           !(BELL_FIELD_GET(model->mmio.ctrl, BELL_CTRL_GATED) >> node & 1) &&
           model->nodes[node].state == BELL_MODEL_IDLE;
}

/* A queue of the list that was ready before `clock`, slack taken off, and still is. */
static bool waits_since(const struct bell_model *model, uint32_t node, unsigned list,
                        uint64_t clock)
{
    for (uint32_t word = 0; word < BELL_MODEL_READY_WORDS; word++)
        for (uint64_t bits = model->sched.lists[node][list].ready[word]; bits; bits &= bits - 1)
            if (model->sched.queues[word * 64 + (uint32_t)__builtin_ctzll(bits)].ready_at +
                    BELL_MODEL_TURN_SLACK < clock)
                return true;
    return false;
}

const char *bell_model_sched_refusal(const struct bell_model *model, uint32_t node,
                                     uint32_t index)
{
    const struct bell_model_queue *queue = &model->sched.queues[index];

    if (!(model->mmio.ctrl & BELL_CTRL_ENABLE_MASK))
        return "CTRL.ENABLE is off";
    if (model->nodes[node].state != BELL_MODEL_IDLE)
        return "the node has a turn";
    if (!may_start(model, node))
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
    if (!queue->ready)
        return "the queue is owed no sample and has no work";
    if (!queue->realtime && waits_since(model, node, 0, model->cycle))
        return "a queue of the real-time list waits";
    if (queue->given_at && waits_since(model, node, queue->realtime ? 0 : 1, queue->given_at))
        return "a queue that waits since before its last turn goes first";
    return NULL;
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

    queue->running = false;
    queue->notify = false;
    queue->work = work;
    queue->rptr = node->rptr;
    if (node->cause != BELL_CAUSE_NONE) {
        queue->faulted = true;
        queue->cause = node->cause;
    }
    update_ready(model, node->queue);
    bell_model_sched_wake(model);
}

bool bell_model_sched_others(const struct bell_model *model, uint32_t node)
{
    for (unsigned list = 0; list < 2; list++)
        for (unsigned w = 0; w < BELL_MODEL_READY_WORDS; w++)
            if (model->sched.lists[node][list].ready[w])
                return true;
    return false;
}

/* A queue that waits is ready all the same: it looks again with each turn. */
void bell_model_sched_signal(struct bell_model *model, uint32_t node, uint8_t key)
{
    (void)model;
    (void)node;
    (void)key;
}

bool bell_model_sched_fence_log(struct bell_model *model, uint32_t queue, bool signals,
                                struct bell_model_fence_log *log)
{
    (void)model;
    (void)queue;
    (void)signals;
    (void)log;
    return false;
}
