// SPDX-License-Identifier: MIT
// watch: idle detector and progress watchdog of each node. A timer fires once per start. For want
// of room one event is offered and one of each timer waits, as in rtl/engine/bell_watch.sv.

#include "bell_model.h"

#define MOST ((uint32_t)BELL_FIELD_GET(UINT64_MAX, BELL_WATCH_WORD_MORE))

static struct bell_model_timer *idle_of(struct bell_model *model, uint32_t node)
{
    return &model->watch.timers[node];
}

static struct bell_model_timer *hung_of(struct bell_model *model, uint32_t node)
{
    return &model->watch.timers[BELL_MODEL_NODES + node];
}

static bool is_gated(const struct bell_model *model, uint32_t node)
{
    return (BELL_FIELD_GET(model->mmio.ctrl, BELL_CTRL_GATED) >> node & 1) != 0;
}

static void start(const struct bell_model *model, struct bell_model_timer *timer)
{
    timer->at = timer->limit ? model->cycle + timer->limit : BELL_MODEL_NEVER;
}

void bell_model_watch_reset(struct bell_model *model)
{
    model->watch = (struct bell_model_watch){.retry_at = BELL_MODEL_NEVER};
    for (unsigned t = 0; t < BELL_MODEL_TIMERS; t++)
        model->watch.timers[t].at = BELL_MODEL_NEVER;
}

void bell_model_watch_limit(struct bell_model *model, uint32_t index, uint32_t limit)
{
    struct bell_model_timer *timer = &model->watch.timers[index];
    const bool running = model->nodes[index % BELL_MODEL_NODES].state != BELL_MODEL_IDLE;

    if (timer->limit == limit)
        return;
    timer->limit = limit;
    timer->at = BELL_MODEL_NEVER;
    model->watch.used = false;
    for (unsigned t = 0; t < BELL_MODEL_TIMERS; t++)
        model->watch.used |= model->watch.timers[t].limit != 0;
    if (index < BELL_MODEL_NODES ? !running && !is_gated(model, index) : running)
        start(model, timer);
}

void bell_model_watch_turn(struct bell_model *model, uint32_t node)
{
    idle_of(model, node)->at = BELL_MODEL_NEVER;
    start(model, hung_of(model, node));
}

void bell_model_watch_progress(struct bell_model *model, uint32_t node, bool work)
{
    start(model, hung_of(model, node));
    if (work && model->watch.long_work[node])
        hung_of(model, node)->at = BELL_MODEL_NEVER;
}

void bell_model_watch_turn_end(struct bell_model *model, uint32_t node)
{
    hung_of(model, node)->at = BELL_MODEL_NEVER;
    if (!is_gated(model, node))
        start(model, idle_of(model, node));
}

void bell_model_watch_gates(struct bell_model *model, uint64_t before)
{
    const uint64_t changed = BELL_FIELD_GET(before ^ model->mmio.ctrl, BELL_CTRL_GATED);

    for (uint32_t n = 0; n < BELL_MODEL_NODES; n++) {
        if (!(changed & UINT64_C(1) << n))
            continue;
        idle_of(model, n)->at = BELL_MODEL_NEVER;
        if (!is_gated(model, n) && model->nodes[n].state == BELL_MODEL_IDLE)
            start(model, idle_of(model, n));
    }
}

uint64_t bell_model_watch_next(const struct bell_model *model)
{
    uint64_t next = BELL_MODEL_NEVER;

    if (!model->watch.used)
        return next;
    for (unsigned t = 0; t < BELL_MODEL_TIMERS; t++)
        if (model->watch.timers[t].at < next)
            next = model->watch.timers[t].at;
    return next;
}

/* What is true now; of an event that waits already, only that there would have been another. */
static void fire(struct bell_model *model, uint32_t index)
{
    struct bell_model_timer *timer = &model->watch.timers[index];
    const uint32_t node = index % BELL_MODEL_NODES;

    timer->at = BELL_MODEL_NEVER;
    if (timer->fired) {
        if (timer->more < MOST)
            timer->more++;
        return;
    }
    timer->fired = true;
    timer->fired_queue = index < BELL_MODEL_NODES ? 0 : model->nodes[node].queue;
    timer->fired_limit = timer->limit;
    timer->more = 0;
}

/* Offer the next event, after the last one's timer first. @return false: there is none. */
static bool offer(struct bell_model_watch *watch)
{
    for (uint32_t i = 0; i < BELL_MODEL_TIMERS; i++) {
        const uint32_t index = (watch->next + i) % BELL_MODEL_TIMERS;
        struct bell_model_timer *timer = &watch->timers[index];

        if (!timer->fired)
            continue;
        timer->fired = false;
        watch->next = (index + 1) % BELL_MODEL_TIMERS;
        watch->held.valid = true;
        watch->held.cause =
            index < BELL_MODEL_NODES ? BELL_CAUSE_ENGINE_IDLE : BELL_CAUSE_ENGINE_HUNG;
        watch->held.node = index % BELL_MODEL_NODES;
        watch->held.queue = timer->fired_queue;
        watch->held.data = BELL_FIELD_PUT(BELL_WATCH_WORD_LIMIT, timer->fired_limit) |
                           BELL_FIELD_PUT(BELL_WATCH_WORD_MORE, timer->more);
        return true;
    }
    return false;
}

static void post(struct bell_model *model)
{
    struct bell_model_watch *watch = &model->watch;

    while (watch->held.valid || offer(watch)) {
        watch->held.valid = !bell_model_irq_push(model, watch->held.cause, watch->held.node,
                                                 watch->held.queue, watch->held.data);
        if (watch->held.valid)
            return;
    }
}

void bell_model_watch_run(struct bell_model *model)
{
    model->watch.retry_at = BELL_MODEL_NEVER;
    for (uint32_t t = 0; t < BELL_MODEL_TIMERS; t++)
        if (model->watch.timers[t].at <= model->cycle)
            fire(model, t);
    post(model);
}

void bell_model_watch_room(struct bell_model *model)
{
    if (model->watch.held.valid)
        model->watch.retry_at = model->cycle + 1;
}
