// SPDX-License-Identifier: MIT
// slice: how long a queue keeps its node (quantum, grace), and the share of level 1 under level 2.

#include "bell_model.h"

#define WHOLE 100
#define MOST_DEBT (INT64_C(1) << 46) /* It stops there. */

static bool is_active(const struct bell_model *model, uint32_t node)
{
    return (model->mmio.ctrl & BELL_CTRL_ENABLE_MASK) &&
           !(BELL_FIELD_GET(model->mmio.ctrl, BELL_CTRL_GATED) >> node & 1);
}

static bool has_ready(const struct bell_model *model, uint32_t node, uint32_t level)
{
    return model->sched.levels[node][level].count != 0;
}

uint32_t bell_model_slice_level(const struct bell_model *model, uint32_t node)
{
    for (uint32_t level = BELL_MODEL_LEVELS; level-- > 0;) {
        if (!has_ready(model, node, level))
            continue;
        if (level == BELL_MODEL_LEVEL_FOCUS && model->sched.slices[node].lift &&
            has_ready(model, node, BELL_MODEL_LEVEL_NORMAL))
            return BELL_MODEL_LEVEL_NORMAL;
        return level;
    }
    return BELL_MODEL_LEVELS;
}

/* Level 1, lifted, ranks between level 2 and level 3. */
static uint32_t rank_of(const struct bell_model_slice *slice, uint32_t level)
{
    return 2 * level + (slice->lift && level == BELL_MODEL_LEVEL_NORMAL ? 3 : 0);
}

bool bell_model_slice_outranks(const struct bell_model *model, uint32_t node, uint32_t level,
                               uint32_t other)
{
    const struct bell_model_slice *slice = &model->sched.slices[node];

    return rank_of(slice, level) > rank_of(slice, other);
}

static bool is_outdone(const struct bell_model *model, uint32_t node)
{
    const struct bell_model_slice *slice = &model->sched.slices[node];
    const uint32_t level = bell_model_slice_level(model, node);

    return level != BELL_MODEL_LEVELS && is_active(model, node) &&
           rank_of(slice, level) > rank_of(slice, slice->level);
}

/* ------------------------------------------------------------------ share of level 1 */

static int64_t percent_of(const struct bell_model *model)
{
    const int64_t percent = (int64_t)BELL_FIELD_GET(model->sched.bands, BELL_BANDS_NORMAL_PERCENT);

    return percent < WHOLE ? percent : WHOLE;
}

static int64_t due_of(const struct bell_model *model)
{
    const int64_t clocks = (int64_t)BELL_FIELD_GET(model->sched.bands, BELL_BANDS_NORMAL_SLICE);

    return WHOLE * (clocks ? clocks : 1);
}

static bool runs(const struct bell_model *model, uint32_t node, uint32_t level)
{
    const struct bell_model_slice *slice = &model->sched.slices[node];

    return slice->phase != BELL_MODEL_NO_TURN && slice->level == level && is_active(model, node);
}

static void count_debt(struct bell_model *model, struct bell_model_slice *slice)
{
    slice->debt += slice->rate * (int64_t)(model->cycle - slice->debt_at);
    if (slice->debt > MOST_DEBT)
        slice->debt = MOST_DEBT;
    slice->debt_at = model->cycle;
    if (slice->rate > 0 && slice->debt >= due_of(model))
        slice->lift = true;
    else if (slice->rate < 0 && slice->debt <= 0)
        slice->lift = false;
}

static uint64_t clocks_to(int64_t distance, int64_t rate)
{
    return distance > 0 ? (uint64_t)((distance + rate - 1) / rate) : 1;
}

static void share(struct bell_model *model, uint32_t node)
{
    struct bell_model_slice *slice = &model->sched.slices[node];
    const bool waits = has_ready(model, node, BELL_MODEL_LEVEL_NORMAL);
    const int64_t percent = percent_of(model);

    count_debt(model, slice);
    slice->rate = 0;
    slice->share_at = BELL_MODEL_NEVER;
    if (percent && waits && runs(model, node, BELL_MODEL_LEVEL_FOCUS)) {
        slice->rate = percent;
        if (!slice->lift)
            slice->share_at = model->cycle + clocks_to(due_of(model) - slice->debt, percent);
    } else if (slice->lift && runs(model, node, BELL_MODEL_LEVEL_NORMAL)) {
        slice->rate = percent - WHOLE;
        if (slice->rate)
            slice->share_at = model->cycle + clocks_to(slice->debt, -slice->rate);
    } else if (!percent || (!waits && !runs(model, node, BELL_MODEL_LEVEL_NORMAL))) {
        slice->debt = 0;
        slice->lift = false;
    }
}

/* The debt of the RTL is another one by some clocks a turn. */
bool bell_model_slice_may_lift(const struct bell_model *model, uint32_t node)
{
    const struct bell_model_slice *slice = &model->sched.slices[node];
    const int64_t slack = due_of(model) / 4 + WHOLE * (int64_t)BELL_MODEL_TURN_SLACK;
    const int64_t debt =
        slice->debt + slice->rate * (int64_t)(model->cycle - slice->debt_at);

    if (!percent_of(model))
        return false;
    return slice->lift || debt + slack >= due_of(model) ||
           (slice->level == BELL_MODEL_LEVEL_NORMAL && debt <= slack);
}

void bell_model_slice_lifted(struct bell_model *model, uint32_t node, bool lift)
{
    struct bell_model_slice *slice = &model->sched.slices[node];

    if (slice->lift == lift)
        return;
    count_debt(model, slice);
    slice->lift = lift;
    if (slice->debt > due_of(model) / 2)
        slice->debt = due_of(model) - !lift;
    else
        slice->debt = lift;
    share(model, node);
}

/* ------------------------------------------------------------------ quantum and grace */

static void stop(struct bell_model *model, uint32_t node)
{
    model->sched.slices[node].phase = BELL_MODEL_STOP;
    model->sched.slices[node].at = BELL_MODEL_NEVER;
    if (!model->oracle)
        bell_model_node_preempt(model, &model->nodes[node]);
}

static void hurry(struct bell_model *model, struct bell_model_slice *slice)
{
    const uint64_t at = model->cycle + BELL_FIELD_GET(slice->grace, BELL_QUEUE_GRACE_HIGHER);

    if (slice->phase != BELL_MODEL_GRACE || at < slice->at)
        slice->at = at;
    slice->phase = BELL_MODEL_GRACE;
    slice->hurry = true;
}

void bell_model_slice_look(struct bell_model *model, uint32_t node)
{
    struct bell_model_slice *slice = &model->sched.slices[node];

    share(model, node);
    if (slice->phase == BELL_MODEL_NO_TURN || slice->phase == BELL_MODEL_STOP)
        return;
    if (is_outdone(model, node)) {
        if (slice->phase != BELL_MODEL_GRACE || !slice->hurry)
            hurry(model, slice);
    } else if (slice->phase == BELL_MODEL_OVER && is_active(model, node) &&
               has_ready(model, node, slice->level)) {
        slice->phase = BELL_MODEL_GRACE;
        slice->at = model->cycle + BELL_FIELD_GET(slice->grace, BELL_QUEUE_GRACE_SAME);
    }
    if (slice->phase == BELL_MODEL_GRACE && slice->at <= model->cycle)
        stop(model, node);
}

void bell_model_slice_give(struct bell_model *model, uint32_t node, uint32_t index)
{
    struct bell_model_slice *slice = &model->sched.slices[node];
    const struct bell_model_queue *queue = &model->sched.queues[index];

    count_debt(model, slice);
    slice->phase = BELL_MODEL_RUN;
    slice->hurry = false;
    slice->level = queue->place.level;
    slice->grace = queue->grace;
    if (!slice->kept || slice->keep != index) {
        slice->timed = queue->quantum != 0;
        slice->quantum_at = model->cycle + queue->quantum;
    }
    slice->kept = false;
    slice->at = slice->timed ? slice->quantum_at : BELL_MODEL_NEVER;
}

bool bell_model_slice_end(struct bell_model *model, uint32_t node)
{
    struct bell_model_slice *slice = &model->sched.slices[node];
    const bool keeps = slice->phase == BELL_MODEL_RUN && slice->timed && !is_outdone(model, node);

    slice->ended_at = model->cycle;
    slice->may_keep = slice->timed && model->cycle < slice->quantum_at + BELL_MODEL_TURN_SLACK;
    slice->must_keep = keeps && model->cycle + BELL_MODEL_TURN_SLACK < slice->quantum_at;
    count_debt(model, slice);
    slice->phase = BELL_MODEL_NO_TURN;
    slice->at = BELL_MODEL_NEVER;
    return keeps;
}

void bell_model_slice_stop(struct bell_model *model, uint32_t node)
{
    if (model->sched.slices[node].phase != BELL_MODEL_STOP)
        stop(model, node);
}

bool bell_model_slice_yields(const struct bell_model *model, uint32_t node)
{
    return model->sched.slices[node].phase == BELL_MODEL_GRACE ||
           model->sched.slices[node].phase == BELL_MODEL_STOP;
}

uint64_t bell_model_slice_next(const struct bell_model *model)
{
    uint64_t next = BELL_MODEL_NEVER;

    for (unsigned n = 0; n < BELL_MODEL_NODES; n++) {
        const struct bell_model_slice *slice = &model->sched.slices[n];
        const uint64_t at = slice->at < slice->share_at ? slice->at : slice->share_at;

        if (at < next)
            next = at;
    }
    return next;
}

void bell_model_slice_run(struct bell_model *model)
{
    for (unsigned n = 0; n < BELL_MODEL_NODES; n++) {
        struct bell_model_slice *slice = &model->sched.slices[n];

        if (slice->at <= model->cycle && slice->phase == BELL_MODEL_RUN) {
            slice->phase = BELL_MODEL_OVER;
            slice->at = BELL_MODEL_NEVER;
        }
        if (slice->at <= model->cycle || slice->share_at <= model->cycle ||
            slice->phase == BELL_MODEL_OVER)
            bell_model_slice_look(model, n);
    }
}
