// SPDX-License-Identifier: MIT
// Turns and buffers: who gets a turn, what starts and ends in it, where it stops.

#include "bell_lockstep_inside.h"

/* The clocks an order takes to reach a node have passed. */
static bool is_over(const struct bell_lockstep *lockstep, uint64_t since)
{
    return since != BELL_MODEL_NEVER && lockstep->now->cycle > since + BELL_LOCKSTEP_SETTLE;
}

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
    while (is_in_buffer(node) && offset_of(node) < now->value &&
           bell_lockstep_may_step(lockstep)) {
        bell_lockstep_tell_failure(lockstep);
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
               bell_lockstep_may_step(lockstep))
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
            bell_lockstep_differ(lockstep, bell_lockstep_writers[u],
                                 "first writes 0x%llx at 0x%llx",
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
