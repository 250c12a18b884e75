// SPDX-License-Identifier: MIT
// What an event of the watches may tell: a limit and a queue of when its timer ended.

#include "bell_lockstep_inside.h"

void bell_lockstep_limits(struct bell_lockstep *lockstep)
{
    for (unsigned t = 0; t < BELL_MODEL_TIMERS; t++) {
        struct bell_lockstep_limit *own = &lockstep->limits[t];
        const unsigned at = own->count % BELL_LOCKSTEP_LIMITS;

        if (own->value == lockstep->model->watch.timers[t].limit)
            continue;
        own->last[at].value = own->value;
        own->last[at].ended_at = lockstep->now->cycle;
        own->count++;
        own->value = lockstep->model->watch.timers[t].limit;
    }
}

static unsigned limits_known(const struct bell_lockstep_limit *own)
{
    return own->count < BELL_LOCKSTEP_LIMITS ? (unsigned)own->count : BELL_LOCKSTEP_LIMITS;
}

/* The smallest one that was in force; NEVER: it was always off. */
static uint64_t smallest(const struct bell_lockstep_limit *own)
{
    uint64_t limit = own->value ? own->value : BELL_MODEL_NEVER;

    for (unsigned i = 0; i < limits_known(own); i++)
        if (own->last[i].value && own->last[i].value < limit)
            limit = own->last[i].value;
    return limit;
}

void bell_lockstep_long_turn(struct bell_lockstep *lockstep)
{
    const uint32_t n = lockstep->now->node;
    const uint64_t clocks = lockstep->now->cycle - lockstep->nodes[n].given_at;
    struct bell_lockstep_turns *turns = &lockstep->nodes[n].turns;
    const unsigned at = turns->count % BELL_LOCKSTEP_TURNS;

    lockstep->nodes[n].running = false;
    if (clocks < smallest(&lockstep->limits[BELL_MODEL_NODES + n]))
        return;
    turns->last[at].queue = model_node(lockstep)->queue;
    turns->last[at].clocks = clocks;
    turns->last[at].ended_at = lockstep->now->cycle;
    turns->count++;
}

bool bell_lockstep_was_full(const struct bell_lockstep *lockstep)
{
    return lockstep->full_at && /* Once, at least. */
           lockstep->now->cycle <= lockstep->full_at + BELL_LOCKSTEP_LATE;
}

/* An event that was due in clock `at` may come now. */
static bool may_wait(const struct bell_lockstep *lockstep, uint64_t at)
{
    return lockstep->now->cycle <= at + BELL_LOCKSTEP_LATE || bell_lockstep_was_full(lockstep);
}

static bool may_have_limit(const struct bell_lockstep *lockstep,
                           const struct bell_lockstep_limit *own, uint32_t limit)
{
    if (!limit || limit == own->value)
        return limit != 0;
    for (unsigned i = 0; i < limits_known(own); i++)
        if (own->last[i].value == limit && may_wait(lockstep, own->last[i].ended_at))
            return true;
    return own->count > BELL_LOCKSTEP_LIMITS && bell_lockstep_was_full(lockstep);
}

/* It had a turn that was as long as the limit. */
static bool may_have_hung(struct bell_lockstep *lockstep, uint32_t queue, uint32_t limit)
{
    const struct bell_lockstep_node *own = own_node(lockstep);

    if (own->running && model_node(lockstep)->queue == queue &&
        lockstep->now->cycle - own->given_at >= limit)
        return true;
    for (unsigned i = 0; i < BELL_LOCKSTEP_TURNS && i < own->turns.count; i++)
        if (own->turns.last[i].queue == queue && own->turns.last[i].clocks >= limit &&
            may_wait(lockstep, own->turns.last[i].ended_at))
            return true;
    return own->turns.count > BELL_LOCKSTEP_TURNS && bell_lockstep_was_full(lockstep);
}

bool bell_lockstep_may_tell(struct bell_lockstep *lockstep)
{
    const struct bell_lockstep_action *now = lockstep->now;
    const bool idle = now->cause == BELL_CAUSE_ENGINE_IDLE;
    const struct bell_lockstep_limit *own =
        &lockstep->limits[now->node + (idle ? 0 : BELL_MODEL_NODES)];
    const uint32_t limit = (uint32_t)BELL_FIELD_GET(now->value, BELL_WATCH_WORD_LIMIT);
    const uint64_t more = BELL_FIELD_GET(now->value, BELL_WATCH_WORD_MORE);

    return now->value == (BELL_FIELD_PUT(BELL_WATCH_WORD_LIMIT, limit) |
                          BELL_FIELD_PUT(BELL_WATCH_WORD_MORE, more)) &&
           may_have_limit(lockstep, own, limit) &&
           (idle ? now->queue == 0 : may_have_hung(lockstep, now->queue, limit)) &&
           (!more || bell_lockstep_was_full(lockstep) || smallest(own) < BELL_LOCKSTEP_LATE);
}
