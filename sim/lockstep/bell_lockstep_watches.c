// SPDX-License-Identifier: MIT
// Idle detectors and watchdogs: an event must come once its timer has ended, and not before.
//
// Turns, gates, limits, the start of a buffer, the start and the end of WORK start a timer anew in
// a clock that can be seen. Other packets do so in a clock that cannot: near the node's reads,
// writes and events. An event is too early if its timer cannot have counted to its limit since the
// last start that was seen; it is owed if the timer must have, even from the last sign of another.

#include "bell_lockstep_inside.h"

#define SIGN_CLOCKS 1024u /* From a sign to a start, besides memory. */

void bell_lockstep_watches_reset(struct bell_lockstep *lockstep)
{
    const struct bell_lockstep_timer off = {.from = BELL_MODEL_NEVER, .owed_at = BELL_MODEL_NEVER};

    for (unsigned n = 0; n < BELL_MODEL_NODES; n++)
        lockstep->watches[n] = (struct bell_lockstep_watch){.idle = off, .hung = off};
}

static bool is_hung(const struct bell_lockstep_watch *watch,
                    const struct bell_lockstep_timer *timer)
{
    return timer == &watch->hung;
}

/* Clocks by which a start may be away from what shows it. */
static uint64_t spread(const struct bell_lockstep *lockstep,
                       const struct bell_lockstep_watch *watch,
                       const struct bell_lockstep_timer *timer)
{
    return is_hung(watch, timer) && !watch->working
               ? SIGN_CLOCKS + 2 * (uint64_t)lockstep->model->config.dma_latency : 0;
}

/* Up to now: it must have ended. */
static void end(struct bell_lockstep *lockstep, const struct bell_lockstep_watch *watch,
                struct bell_lockstep_timer *timer)
{
    const uint64_t at = timer->last + spread(lockstep, watch, timer) + timer->limit;

    if (!timer->armed || at + BELL_LOCKSTEP_SETTLE >= lockstep->now->cycle)
        return;
    timer->armed = false;
    if (timer->owed_at == BELL_MODEL_NEVER)
        timer->owed_at = at;
}

static bool may_have_ended(const struct bell_lockstep *lockstep,
                           const struct bell_lockstep_timer *timer)
{
    return timer->from != BELL_MODEL_NEVER &&
           timer->from + timer->limit <= lockstep->now->cycle + BELL_LOCKSTEP_SETTLE;
}

/* The timer counts no more; what it told, or has still to tell, stays. */
static void stop(struct bell_lockstep *lockstep, uint32_t node, struct bell_lockstep_timer *timer)
{
    end(lockstep, &lockstep->watches[node], timer);
    if (may_have_ended(lockstep, timer))
        timer->ended += (lockstep->now->cycle + BELL_LOCKSTEP_SETTLE - timer->from) / timer->limit;
    timer->from = BELL_MODEL_NEVER;
    timer->armed = false;
}

static void start(struct bell_lockstep *lockstep, uint32_t node, struct bell_lockstep_timer *timer)
{
    stop(lockstep, node, timer);
    if (timer->limit == 0)
        return;
    timer->from = timer->last = lockstep->now->cycle;
    timer->armed = true;
}

static bool is_paused(const struct bell_lockstep_watch *watch)
{
    return watch->working && watch->long_work;
}

/* A sign of the node: a packet may have begun or ended. */
static void sign(struct bell_lockstep *lockstep, uint32_t node)
{
    struct bell_lockstep_watch *watch = &lockstep->watches[node];
    struct bell_lockstep_timer *timer = &watch->hung;
    const uint64_t now = lockstep->now->cycle;

    if (!watch->running || watch->working)
        return;
    end(lockstep, watch, timer);
    timer->last = now;
    if (timer->from == BELL_MODEL_NEVER && timer->limit) {
        const uint64_t away = spread(lockstep, watch, timer);

        timer->from = now > timer->told_at + away ? now - away : timer->told_at;
    }
}

/* A stop inside WORK is no progress. */
static bool may_be_stopped(const struct bell_lockstep *lockstep, uint32_t node)
{
    return lockstep->nodes[node].abort_at != BELL_MODEL_NEVER ||
           bell_lockstep_may_stop(lockstep, node);
}

static void work(struct bell_lockstep *lockstep, uint32_t node)
{
    struct bell_lockstep_watch *watch = &lockstep->watches[node];
    struct bell_lockstep_timer *timer = &watch->hung;

    if (lockstep->now->value || !may_be_stopped(lockstep, node))
        start(lockstep, node, timer);
    watch->working = lockstep->now->value != 0;
    watch->work_at = lockstep->now->cycle;
    if (is_paused(watch))
        stop(lockstep, node, timer);
    sign(lockstep, node);
}

static void turn(struct bell_lockstep *lockstep, uint32_t node)
{
    struct bell_lockstep_watch *watch = &lockstep->watches[node];

    stop(lockstep, node, &watch->idle);
    watch->running = true;
    start(lockstep, node, &watch->hung);
}

static void turn_end(struct bell_lockstep *lockstep, uint32_t node)
{
    struct bell_lockstep_watch *watch = &lockstep->watches[node];

    stop(lockstep, node, &watch->hung);
    watch->running = watch->working = false;
    if (!watch->gated)
        start(lockstep, node, &watch->idle);
}

static bool is_of_node(const struct bell_lockstep_action *action)
{
    return action->cause == BELL_CAUSE_USER_IRQ || action->cause == BELL_CAUSE_FENCE_SIGNALED;
}

void bell_lockstep_watches_saw(struct bell_lockstep *lockstep)
{
    const struct bell_lockstep_action *now = lockstep->now;

    switch (now->kind) {
    case BELL_SAW_TURN: turn(lockstep, now->node); break;
    case BELL_SAW_TURN_END: turn_end(lockstep, now->node); break;
    case BELL_SAW_START: start(lockstep, now->node, &lockstep->watches[now->node].hung); break;
    case BELL_SAW_WORK: work(lockstep, now->node); break;
    case BELL_SAW_WRITE:
        if (now->unit == BELL_WRITERS)
            break;
        sign(lockstep, now->node);
        break;
    case BELL_SAW_DONE:
    case BELL_SAW_READ: sign(lockstep, now->node); break;
    case BELL_SAW_EVENT:
        if (is_of_node(now))
            sign(lockstep, now->node);
        break;
    default: break;
    }
}

/* ------------------------------------------------------------------ registers */

/* @return whether the limit is another one now. */
static bool take_limit(struct bell_lockstep *lockstep, uint32_t node,
                       struct bell_lockstep_timer *timer, uint32_t limit)
{
    if (timer->limit == limit)
        return false;
    stop(lockstep, node, timer);
    timer->limit = limit;
    return true;
}

/* What is left of a timer that stood still is not known. */
static void take_long_work(struct bell_lockstep *lockstep, uint32_t node)
{
    struct bell_lockstep_watch *watch = &lockstep->watches[node];
    const bool long_work = lockstep->model->watch.long_work[node];
    const bool changed = long_work != watch->long_work;

    watch->long_work = long_work;
    if (!changed || !watch->working)
        return;
    stop(lockstep, node, &watch->hung);
    if (!long_work && watch->hung.limit)
        watch->hung.from = watch->work_at;
}

void bell_lockstep_watches_written(struct bell_lockstep *lockstep)
{
    const struct bell_model *model = lockstep->model;

    for (uint32_t n = 0; n < BELL_MODEL_NODES; n++) {
        struct bell_lockstep_watch *watch = &lockstep->watches[n];
        const bool gated = (BELL_FIELD_GET(model->mmio.ctrl, BELL_CTRL_GATED) >> n & 1) != 0;
        const bool idle = take_limit(lockstep, n, &watch->idle, model->watch.timers[n].limit);
        const bool hung = take_limit(lockstep, n, &watch->hung,
                                     model->watch.timers[BELL_MODEL_NODES + n].limit);

        if (gated && !watch->gated)
            stop(lockstep, n, &watch->idle);
        if (!gated && !watch->running && (idle || watch->gated))
            start(lockstep, n, &watch->idle);
        watch->gated = gated;
        take_long_work(lockstep, n);
        if (hung && watch->running && !is_paused(watch))
            start(lockstep, n, &watch->hung);
    }
}

/* ------------------------------------------------------------------ events */

static const char *too_early(const struct bell_lockstep *lockstep,
                             const struct bell_lockstep_timer *timer)
{
    if (timer->ended || may_have_ended(lockstep, timer))
        return NULL;
    return timer->from == BELL_MODEL_NEVER ? "posts nothing: the timer does not count"
                                           : "posts nothing: the timer has not ended";
}

/* It was told. If it ended some time ago it may have been started anew since then. */
static void tell(struct bell_lockstep *lockstep, const struct bell_lockstep_watch *watch,
                 struct bell_lockstep_timer *timer)
{
    const uint64_t now = lockstep->now->cycle;
    const uint64_t told = 1 + BELL_FIELD_GET(lockstep->now->value, BELL_WATCH_WORD_MORE);

    timer->told_at = now;
    timer->owed_at = BELL_MODEL_NEVER;
    if (may_have_ended(lockstep, timer)) {
        timer->armed = false;
        if (!timer->ended && now > timer->last + spread(lockstep, watch, timer))
            timer->from = BELL_MODEL_NEVER;
        else if (!timer->ended)
            timer->from += timer->limit;
    }
    timer->ended -= bell_lockstep_was_full(lockstep) && told < timer->ended ? told : timer->ended;
}

void bell_lockstep_watches_event(struct bell_lockstep *lockstep)
{
    const struct bell_lockstep_action *now = lockstep->now;
    struct bell_lockstep_watch *watch = &lockstep->watches[now->node];
    const bool idle = now->cause == BELL_CAUSE_ENGINE_IDLE;
    struct bell_lockstep_timer *timer = idle ? &watch->idle : &watch->hung;
    const char *early = too_early(lockstep, timer);

    if (early)
        bell_lockstep_differ(lockstep, "event", "%s", early);
    else if (!bell_lockstep_may_tell(lockstep))
        bell_lockstep_differ(lockstep, "event", "posts cause %u, node %u, queue %u, data 0x%x",
                             now->cause, now->node,
                             idle ? 0 : lockstep->model->nodes[now->node].queue, timer->limit);
    tell(lockstep, watch, timer);
}

static void look(struct bell_lockstep *lockstep, uint32_t node, struct bell_lockstep_timer *timer)
{
    const struct bell_lockstep_watch *watch = &lockstep->watches[node];
    const bool hung = is_hung(watch, timer);

    end(lockstep, watch, timer);
    if (timer->owed_at == BELL_MODEL_NEVER ||
        !bell_lockstep_is_overdue(lockstep, timer->owed_at))
        return;
    bell_lockstep_differ(lockstep, "event", "posts cause %u, node %u, queue %u, data 0x%x since "
                         "cycle %llu",
                         hung ? BELL_CAUSE_ENGINE_HUNG : BELL_CAUSE_ENGINE_IDLE, node,
                         hung ? lockstep->model->nodes[node].queue : 0, timer->limit,
                         (unsigned long long)timer->owed_at);
}

void bell_lockstep_watches_owed(struct bell_lockstep *lockstep)
{
    for (uint32_t n = 0; n < BELL_MODEL_NODES; n++) {
        look(lockstep, n, &lockstep->watches[n].idle);
        look(lockstep, n, &lockstep->watches[n].hung);
    }
}
