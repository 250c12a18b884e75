// SPDX-License-Identifier: MIT
// What the RTL does in a turn: the model's node is stepped until it does the same.
//
// A node's actions have one order, but for two: its RPTR write may come later than what follows it,
// and STOPPED is posted after the turn. Reads are compared when the model makes them.

#include "bell_lockstep_inside.h"

#define MOST_STEPS (1u << 24) /* Of the model between two actions: packets that do nothing visible. */

const char *const bell_lockstep_writers[BELL_WRITERS] = {"RPTR write", "memory write",
                                                         "fence write"};

static const char *name_of(const struct bell_lockstep_action *action)
{
    switch (action->kind) {
    case BELL_SAW_TURN_END: return "turn end";
    case BELL_SAW_START: return "buffer start";
    case BELL_SAW_DONE: return "buffer end";
    case BELL_SAW_EVENT: return "event";
    case BELL_SAW_WRITE:
        return action->unit < BELL_WRITERS ? bell_lockstep_writers[action->unit] : "write";
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
                             bell_lockstep_writers[unit], size, (unsigned long long)addr, pasid);
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

void bell_lockstep_tell_failure(struct bell_lockstep *lockstep)
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

bool bell_lockstep_may_step(struct bell_lockstep *lockstep)
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
    while (!lockstep->found && !lockstep->over && bell_lockstep_may_step(lockstep)) {
        bell_lockstep_tell_failure(lockstep);
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
           node->cause == BELL_CAUSE_NONE && !is_copying(node) &&
           bell_lockstep_may_step(lockstep)) {
        bell_lockstep_tell_failure(lockstep);
        bell_model_node_run(lockstep->model, model_node(lockstep));
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

/* A SIGNAL wakes queues when its value is in memory, not when the model gets to its next step; the
 * RTL does when that was answered. */
static void wake(struct bell_lockstep *lockstep)
{
    const struct bell_model_node *node = model_node(lockstep);

    if (lockstep->now->unit != BELL_WRITES_FENCE || node->state != BELL_MODEL_SIGNALED)
        return;
    own_node(lockstep)->fence_at = lockstep->now->cycle;
    if (lockstep->now->resp == BELL_RESP_OKAY)
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
            (word.data == now->data[i] || bell_lockstep_is_fence_time(lockstep, i)))
            continue;
        bell_lockstep_differ(lockstep, bell_lockstep_writers[now->unit],
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
