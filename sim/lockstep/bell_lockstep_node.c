// SPDX-License-Identifier: MIT
// Turns: whatever the RTL does in one, the model's node is stepped until it does the same.
//
// A node's actions have one order, but for two: its RPTR write may come later than what follows it,
// and STOPPED is posted after the turn. Reads are compared when the model makes them.

#include "bell_lockstep_inside.h"

#define MOST_STEPS (1u << 24) /* Of the model between two actions: packets that do nothing visible. */

static const char *const writer_names[BELL_WRITERS] = {"RPTR write", "memory write", "fence write"};

static struct bell_model_node *model_node(struct bell_lockstep *lockstep)
{
    return &lockstep->model->nodes[lockstep->now->node];
}

static struct bell_lockstep_node *own_node(struct bell_lockstep *lockstep)
{
    return &lockstep->nodes[lockstep->now->node];
}

static const char *name_of(const struct bell_lockstep_action *action)
{
    switch (action->kind) {
    case BELL_SAW_TURN_END: return "turn end";
    case BELL_SAW_START: return "buffer start";
    case BELL_SAW_DONE: return "buffer end";
    case BELL_SAW_EVENT: return "event";
    case BELL_SAW_WRITE: return action->unit < BELL_WRITERS ? writer_names[action->unit] : "write";
    default: return "turn";
    }
}

/* ------------------------------------------------------------------ what the model does */

/* True when this is what it is stepped for. */
static bool is_wanted(struct bell_lockstep *lockstep, enum bell_lockstep_kind kind, unsigned unit)
{
    const struct bell_lockstep_action *now = lockstep->now;

    if (lockstep->found || now->kind != kind || (kind == BELL_SAW_WRITE && now->unit != unit))
        return false;
    lockstep->found = true;
    return true;
}

static void model_reads(void *ctx, uint32_t n, enum bell_model_reader unit, uint32_t pasid,
                        uint64_t addr, uint32_t size)
{
    struct bell_lockstep_node *node = &((struct bell_lockstep *)ctx)->nodes[n];

    if (unit == BELL_READS_COPY && node->copy_next != addr)
        node->copy_after = node->answered_at;
    node->asked.open = true;
    node->asked.unit = unit;
    node->asked.pasid = pasid;
    node->asked.addr = addr;
    node->asked.size = size;
}

static void model_writes(void *ctx, uint32_t n, enum bell_model_writer unit, uint32_t pasid,
                         uint64_t addr, const void *data, uint32_t size)
{
    struct bell_lockstep *lockstep = ctx;
    struct bell_lockstep_node *node = &lockstep->nodes[n];

    for (uint32_t at = 0; at < size; at += sizeof(uint64_t)) {
        struct bell_lockstep_word word = {.addr = addr + at, .pasid = pasid};

        __builtin_memcpy(&word.data, (const unsigned char *)data + at, sizeof word.data);
        word.last = at + sizeof word.data == size;
        bell_lockstep_push(&node->due[unit], word);
    }
    if (unit == BELL_WRITES_RPTR)
        lockstep->model->nodes[n].writes--;
    else if (!is_wanted(lockstep, BELL_SAW_WRITE, unit))
        bell_lockstep_differ(lockstep, name_of(lockstep->now),
                             "does a %s of %u bytes at 0x%llx for PASID %u before that",
                             writer_names[unit], size, (unsigned long long)addr, pasid);
    if (unit == BELL_WRITES_RPTR)
        is_wanted(lockstep, BELL_SAW_WRITE, unit);
}

static void model_posts(void *ctx, uint32_t n, enum bell_cause cause, uint64_t data)
{
    struct bell_lockstep *lockstep = ctx;
    struct bell_lockstep_node *node = &lockstep->nodes[n];
    const struct bell_lockstep_action *now = lockstep->now;
    const uint32_t queue = lockstep->model->nodes[n].queue;

    if (cause == BELL_CAUSE_STOPPED) {
        node->stopped_due = true;
        node->stopped_rptr = data;
        node->stopped_queue = queue;
        return;
    }
    if (is_wanted(lockstep, BELL_SAW_EVENT, 0) && now->cause == cause && now->queue == queue &&
        now->value == data)
        return;
    bell_lockstep_differ(lockstep, name_of(now),
                         "posts cause %u, node %u, queue %u, data 0x%llx", cause, n, queue,
                         (unsigned long long)data);
}

/* The clocks an order takes to reach a node have passed. */
static bool is_over(const struct bell_lockstep *lockstep, uint64_t since)
{
    return since != BELL_MODEL_NEVER && lockstep->now->cycle > since + BELL_LOCKSTEP_SETTLE;
}

static bool turn_ends(void *ctx, uint32_t n)
{
    struct bell_lockstep *lockstep = ctx;

    return lockstep->now->kind == BELL_SAW_TURN_END && bell_lockstep_may_yield(lockstep, n);
}

const struct bell_model_oracle bell_lockstep_oracle = {
    .read = model_reads,
    .write = model_writes,
    .event = model_posts,
    .ends = turn_ends,
    .refusal = bell_lockstep_refusal,
};

static void observed_buffer(struct bell_lockstep *lockstep, const struct bell_device_event *event)
{
    const bool start = event->kind == BELL_DEV_START;
    const struct bell_lockstep_action *now = lockstep->now;

    if (start)
        lockstep->nodes[event->node].next_command = 0;
    if (is_wanted(lockstep, start ? BELL_SAW_START : BELL_SAW_DONE, 0) &&
        now->value == event->rptr && now->queue == event->queue)
        return;
    bell_lockstep_differ(lockstep, name_of(now),
                         start ? "starts buffer %llu of queue %u"
                               : "finishes a buffer, RPTR %llu of queue %u",
                         (unsigned long long)event->rptr, event->queue);
}

void bell_lockstep_observed(void *ctx, const struct bell_device_event *event)
{
    struct bell_lockstep *lockstep = ctx;

    if (event->kind == BELL_DEV_RING)
        lockstep->ring = *event;
    else if (event->kind == BELL_DEV_START || event->kind == BELL_DEV_DONE)
        observed_buffer(lockstep, event);
}

/* ------------------------------------------------------------------ stepping */

/* A write that failed is noticed where all writes must be answered. */
static void tell_failure(struct bell_lockstep *lockstep)
{
    struct bell_lockstep_node *own = own_node(lockstep);
    struct bell_model_node *node = model_node(lockstep);

    if (!own->failed.is || own->failed.unit == BELL_WRITES_RPTR || !node->draining)
        return;
    own->failed.is = false;
    node->write_resp = own->failed.resp;
    node->write_addr = own->failed.addr;
}

uint64_t bell_lockstep_asked_at(const struct bell_lockstep *lockstep, uint64_t cycle)
{
    const uint64_t half = lockstep->model->config.dma_latency / 2;

    return cycle < half ? 0 : cycle - half;
}

/* What follows a barrier was done before the writes in front of it were answered. */
static bool is_early(struct bell_lockstep *lockstep)
{
    const struct bell_lockstep_action *now = lockstep->now;
    uint64_t done = now->cycle;

    if (now->kind == BELL_SAW_WRITE)
        done = bell_lockstep_asked_at(lockstep, done);
    return done <= own_node(lockstep)->answered_at;
}

/* @return false: the model cannot go on; reported. */
static bool may_step(struct bell_lockstep *lockstep)
{
    struct bell_lockstep_node *own = own_node(lockstep);
    struct bell_model_node *node = model_node(lockstep);
    const char *what = name_of(lockstep->now);

    if (node->state == BELL_MODEL_IDLE) {
        bell_lockstep_differ(lockstep, what, "the node has no turn");
    } else if (own->asked.open && !bell_lockstep_answer_read(lockstep, lockstep->now->node)) {
        bell_lockstep_differ(lockstep, what, "first reads %u bytes at 0x%llx for PASID %u",
                             own->asked.size, (unsigned long long)own->asked.addr,
                             own->asked.pasid);
    } else if (node->draining && !node->writes && is_early(lockstep)) {
        bell_lockstep_differ(lockstep, what, "waits for the answer to its last write, cycle %llu",
                             (unsigned long long)own->answered_at);
    } else if (node->draining && node->writes) {
        const struct bell_lockstep_words *due = &own->due[BELL_WRITES_DATA];

        if (!due->count)
            due = &own->due[BELL_WRITES_FENCE];
        bell_lockstep_differ(lockstep, what, "waits until its write at 0x%llx is answered",
                             due->count ? (unsigned long long)bell_lockstep_at(due, 0)->addr : 0);
    } else if (node->state == BELL_MODEL_HANG) {
        bell_lockstep_differ(lockstep, what, "hangs until it is aborted");
    }
    return !lockstep->over;
}

void bell_lockstep_step(struct bell_lockstep *lockstep)
{
    struct bell_model_node *node = model_node(lockstep);
    unsigned steps = 0;

    lockstep->found = false;
    while (!lockstep->found && !lockstep->over && may_step(lockstep)) {
        tell_failure(lockstep);
        bell_model_node_run(lockstep->model, node);
        if (lockstep->now->kind == BELL_SAW_TURN_END && node->state == BELL_MODEL_IDLE)
            lockstep->found = true;
        if (++steps == MOST_STEPS)
            bell_lockstep_differ(lockstep, name_of(lockstep->now), "does nothing visible");
    }
}

/* It has words to copy: those that were read can be its own. */
static bool is_copying(const struct bell_model_node *node)
{
    return node->state == BELL_MODEL_COPIED || (node->state == BELL_MODEL_COPY && node->bytes);
}

void bell_lockstep_reach_copy(struct bell_lockstep *lockstep)
{
    const struct bell_model_node *node = model_node(lockstep);

    lockstep->found = false;
    while (own_node(lockstep)->reads[BELL_READS_COPY].count && !lockstep->over &&
           node->cause == BELL_CAUSE_NONE && !is_copying(node) && may_step(lockstep)) {
        tell_failure(lockstep);
        bell_model_node_run(lockstep->model, model_node(lockstep));
    }
}

/* ------------------------------------------------------------------ turns and buffers */

void bell_lockstep_turn(struct bell_lockstep *lockstep)
{
    struct bell_lockstep_node *own = own_node(lockstep);
    const struct bell_lockstep_action *now = lockstep->now;
    const char *refusal = "there is no such queue";

    if (now->queue < BELL_MODEL_QUEUES)
        refusal = bell_model_sched_refusal(lockstep->model, now->node, now->queue);
    if (refusal) {
        bell_lockstep_differ(lockstep, "turn", "no turn for queue %u: %s", now->queue, refusal);
        return;
    }
    own->early = now->queue == model_node(lockstep)->queue && own->left ? own->left : 1;
    bell_model_sched_give(lockstep->model, now->node, now->queue);
    bell_lockstep_served(lockstep);
    own->running = true;
    own->given_at = now->cycle;
    own->unlisted_at = own->abort_at = BELL_MODEL_NEVER;
    own->leave_at = own->stop_at = BELL_MODEL_NEVER;
    own->rival = own->shares = false;
    own->asked.open = own->failed.is = own->sampled = own->reread = false;
    own->first = model_node(lockstep)->rptr;
    own->offset = model_node(lockstep)->resume.offset;
    own->entries = own->next_command = own->copy_next = own->answered_at = 0;
}

static bool is_in_buffer(const struct bell_model_node *node)
{
    return node->state >= BELL_MODEL_PACKET && node->state < BELL_MODEL_BUFFER_DONE;
}

/* Packet that the node is at. */
static uint64_t offset_of(const struct bell_model_node *node)
{
    const bool next = node->state == BELL_MODEL_PACKET || node->state == BELL_MODEL_PACKETS;

    return node->packet_addr - node->buffer_addr - (next ? 0 : BELL_PACKET_BYTES);
}

/* The RTL stopped inside a buffer: what it says of how far it came must be where the model can be. */
static void stop_inside(struct bell_lockstep *lockstep)
{
    const struct bell_lockstep_action *now = lockstep->now;
    struct bell_model_node *node = model_node(lockstep);

    lockstep->found = false;
    while (is_in_buffer(node) && offset_of(node) < now->value && may_step(lockstep)) {
        tell_failure(lockstep);
        bell_model_node_run(lockstep->model, node);
    }
    if (lockstep->over || !is_in_buffer(node))
        return;
    if (offset_of(node) != now->value) {
        bell_lockstep_differ(lockstep, "turn end", "stops at offset %llu, not %llu",
                             (unsigned long long)offset_of(node), (unsigned long long)now->value);
    } else if (now->data[0] || own_node(lockstep)->reads[BELL_READS_COPY].count) {
        /* That packet began. */
        while ((node->state == BELL_MODEL_PACKET || node->state == BELL_MODEL_PACKETS) &&
               may_step(lockstep))
            bell_model_node_run(lockstep->model, node);
    }
    if (lockstep->over || !is_in_buffer(node))
        return;
    if (node->state == BELL_MODEL_WORK) {
        if (now->data[0] > node->total)
            bell_lockstep_differ(lockstep, "turn end", "a WORK of %llu clocks",
                                 (unsigned long long)node->total);
        bell_model_engine_stop(lockstep->model, node, true, now->data[0]);
    } else {
        node->preempt = node->state != BELL_MODEL_WAIT ||
                        !own_node(lockstep)->reads[BELL_READS_COPY].count;
    }
}

/* Where to go on, and what the time of a first look was, is the RTL's to say. */
static void take_resume(struct bell_lockstep *lockstep, uint32_t queue, bool inside)
{
    const struct bell_lockstep_action *now = lockstep->now;
    struct bell_model_resume *resume = &lockstep->model->sched.queues[queue].resume;

    if (resume->offset != now->value)
        bell_lockstep_differ(lockstep, "turn end", "leaves its buffer at offset %u", resume->offset);
    else if (inside)
        resume->done = now->data[0];
    else if (resume->done != now->data[0])
        bell_lockstep_differ(lockstep, "turn end", "has done %llu of its packet",
                             (unsigned long long)resume->done);
}

void bell_lockstep_turn_end(struct bell_lockstep *lockstep)
{
    const uint32_t queue = model_node(lockstep)->queue;
    struct bell_lockstep_node *own = own_node(lockstep);
    struct bell_model_node *node = model_node(lockstep);
    const bool faulted = node->cause != BELL_CAUSE_NONE;

    if (own->stopped_due)
        bell_lockstep_differ(lockstep, "event", "still owes STOPPED of queue %u",
                             own->stopped_queue);
    if (own->failed.is && !faulted)
        bell_lockstep_differ(lockstep, "turn end", "faults: its write at 0x%llx failed",
                             (unsigned long long)own->failed.addr);
    if (!faulted && !lockstep->now->cause && bell_lockstep_may_stop(lockstep, lockstep->now->node))
        stop_inside(lockstep);
    if (!lockstep->over && node->state != BELL_MODEL_IDLE)
        bell_lockstep_step(lockstep);
    bell_lockstep_ring_left(lockstep, lockstep->now->node);
    if (!lockstep->over)
        take_resume(lockstep, queue, node->waits);
    for (unsigned u = 0; u < BELL_WRITERS && !lockstep->over; u++)
        if (own->due[u].count)
            bell_lockstep_differ(lockstep, writer_names[u], "first writes 0x%llx at 0x%llx",
                                 (unsigned long long)bell_lockstep_at(&own->due[u], 0)->data,
                                 (unsigned long long)bell_lockstep_at(&own->due[u], 0)->addr);
    if (!lockstep->over)
        bell_lockstep_leftovers(lockstep, lockstep->now->node);
    for (unsigned u = 0; u < BELL_READERS; u++)
        bell_lockstep_clear(&own->reads[u]);
    own->failed.is = false;
    own->free_at = lockstep->now->cycle;
    bell_lockstep_long_turn(lockstep);
}

void bell_lockstep_buffer(struct bell_lockstep *lockstep)
{
    const struct bell_lockstep_node *own = own_node(lockstep);
    const bool start = lockstep->now->kind == BELL_SAW_START;

    if (start && is_over(lockstep, own->unlisted_at))
        bell_lockstep_differ(lockstep, "buffer start", "none: the queue left the run list at "
                             "cycle %llu", (unsigned long long)own->unlisted_at);
    else if (start && is_over(lockstep, own->abort_at))
        bell_lockstep_differ(lockstep, "buffer start", "none: the turn was aborted at cycle %llu",
                             (unsigned long long)own->abort_at);
    else if (start && is_over(lockstep, own->leave_at))
        bell_lockstep_differ(lockstep, "buffer start", "none: a queue of a higher level waits at "
                             "cycle %llu", (unsigned long long)own->leave_at);
    else if (own->stop_at != BELL_MODEL_NEVER &&
             lockstep->now->cycle > own->stop_at + BELL_LOCKSTEP_OWED)
        bell_lockstep_differ(lockstep, "turn end", "the turn is to stop inside its buffer since "
                             "cycle %llu", (unsigned long long)own->stop_at);
    else
        bell_lockstep_step(lockstep);
}

void bell_lockstep_orders(struct bell_lockstep *lockstep)
{
    for (unsigned n = 0; n < BELL_MODEL_NODES; n++) {
        const struct bell_model_node *node = &lockstep->model->nodes[n];
        struct bell_lockstep_node *own = &lockstep->nodes[n];

        if (node->state == BELL_MODEL_IDLE)
            continue;
        if (own->unlisted_at == BELL_MODEL_NEVER &&
            !lockstep->model->sched.queues[node->queue].listed)
            own->unlisted_at = lockstep->now->cycle;
        /* In the clock that gives the turn, it meets a node without one. */
        if (own->abort_at == BELL_MODEL_NEVER && node->abort &&
            lockstep->now->cycle != own->given_at)
            own->abort_at = lockstep->now->cycle;
        lockstep->model->nodes[n].abort = false;
    }
}

/* ------------------------------------------------------------------ memory */

void bell_lockstep_read(struct bell_lockstep *lockstep)
{
    const struct bell_lockstep_action *now = lockstep->now;
    struct bell_lockstep_node *own = own_node(lockstep);

    if (now->unit >= BELL_READERS || model_node(lockstep)->state == BELL_MODEL_IDLE) {
        bell_lockstep_differ(lockstep, "read", "the node reads nothing without a turn");
        return;
    }
    if (now->unit == BELL_READS_RING)
        bell_lockstep_ring_read(lockstep, now->node);
    for (uint32_t i = 0; i < now->size / sizeof now->data[0]; i++)
        bell_lockstep_push(&own->reads[now->unit], (struct bell_lockstep_word){
                                                       .addr = now->addr + 8 * i,
                                                       .data = now->data[i],
                                                       .cycle = now->cycle,
                                                       .pasid = now->pasid,
                                                       .resp = (uint8_t)now->resp,
                                                   });
}

/* A SIGNAL wakes queues when its value is in memory, not when the model gets to its next step. */
static void wake(struct bell_lockstep *lockstep)
{
    const struct bell_model_node *node = model_node(lockstep);

    if (lockstep->now->unit != BELL_WRITES_FENCE || node->state != BELL_MODEL_SIGNALED)
        return;
    own_node(lockstep)->fence_at = lockstep->now->cycle;
    bell_model_sched_raise(lockstep->model, UINT64_C(1) << (node->fence.arg1 >> 6 & 63));
}

void bell_lockstep_write(struct bell_lockstep *lockstep)
{
    const struct bell_lockstep_action *now = lockstep->now;
    struct bell_lockstep_node *own = own_node(lockstep);

    if (now->unit == BELL_WRITERS && now->node == 0) {
        bell_lockstep_log(lockstep);
        return;
    }
    if (now->unit >= BELL_WRITERS) {
        bell_lockstep_differ(lockstep, "write", "a node has no such writer");
        return;
    }
    for (uint32_t i = 0; i < now->size / sizeof now->data[0]; i++) {
        struct bell_lockstep_word word;

        if (!own->due[now->unit].count)
            bell_lockstep_step(lockstep);
        if (lockstep->over)
            return;
        word = bell_lockstep_pop(&own->due[now->unit]);
        if (word.last && now->unit != BELL_WRITES_RPTR)
            model_node(lockstep)->writes--;
        if (word.addr == now->addr + 8 * i && word.pasid == now->pasid &&
            (word.data == now->data[i] ||
             bell_lockstep_is_fence_time(lockstep, i, word.data)))
            continue;
        bell_lockstep_differ(lockstep, writer_names[now->unit],
                             "writes 0x%llx at 0x%llx for PASID %u",
                             (unsigned long long)word.data, (unsigned long long)word.addr,
                             word.pasid);
        return;
    }
    wake(lockstep);
    if (now->unit != BELL_WRITES_RPTR)
        own->answered_at = bell_lockstep_asked_at(lockstep, now->cycle) +
                           lockstep->model->config.dma_latency;
    if (now->resp == BELL_RESP_OKAY || own->failed.is)
        return;
    own->failed.is = true;
    own->failed.unit = (enum bell_model_writer)now->unit;
    own->failed.resp = now->resp;
    own->failed.addr = now->addr;
}
