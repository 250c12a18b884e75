// SPDX-License-Identifier: MIT
// Scheduling logs: each change of state of a context, in its order, and the word of index and wraps.
//
// The model notes what is to be logged; the RTL writes it later. What a context of several queues
// does between their changes depends on clocks: when it is idle and when ready is free there, when
// it runs is not. The times of a log never go back, but by a write of TIME. An entry's is at most
// SETTLE clocks before the change that the model noted, and at most as many after it as struct
// bell_model_log_entry gives.

#include "bell_lockstep_inside.h"

#include <string.h>

#define HEADER_BYTES 32u
#define ENTRY_BYTES 32u

/* DXGK_SCHEDULING_LOG_CONTEXT_STATE. */
#define IDLE 0u
#define RUNNING 1u
#define UNKNOWN 0xffu

static uint64_t base_of(uint64_t base)
{
    return BELL_FIELD_GET(base, BELL_LOG_BASE0_ADDR) / HEADER_BYTES * HEADER_BYTES;
}

static bool is_in(uint64_t addr, uint64_t base, uint64_t config)
{
    const uint64_t bytes =
        HEADER_BYTES + ENTRY_BYTES * BELL_FIELD_GET(config, BELL_LOG_CONFIG0_ENTRIES);

    return addr >= base_of(base) && addr < base_of(base) + bytes;
}

/* What is under way when the log is moved goes to the old place. */
static struct bell_model_sched_log log_at(const struct bell_lockstep *lockstep, uint32_t node)
{
    struct bell_model_sched_log log = lockstep->model->sched.logs[node];

    if (!is_in(lockstep->now->addr, log.base, log.config)) {
        log.base = lockstep->log_before[node].base;
        log.config = lockstep->log_before[node].config;
    }
    return log;
}

/* Node whose log the write is in; NODES: none. */
static uint32_t node_of(const struct bell_lockstep *lockstep)
{
    uint32_t node = 0;

    for (; node < BELL_MODEL_NODES; node++) {
        const struct bell_model_sched_log log = log_at(lockstep, node);

        if (is_in(lockstep->now->addr, log.base, log.config))
            break;
    }
    return node;
}

/* Clocks from a change of a queue to when it is told here. */
#define CHANGE_CLOCKS 3u

static struct bell_model_log_entry *entry_at(struct bell_model_log *log, size_t index)
{
    return &log->entries[(log->first + index) % log->capacity];
}

static void drop(struct bell_model_log *log, size_t index)
{
    for (; index > 0; index--)
        *entry_at(log, index) = *entry_at(log, index - 1);
    log->first = (log->first + 1) % log->capacity;
    log->count--;
}

#define QUIET_CLOCKS 256u /* From a write of a log to the next, with one that waits, and memory. */

/* The log is switched off: what the RTL has not changed by now is not logged, and does not wait. It is
 * switched on again: what waited was dropped, if no log was written of late. */
static void cut(struct bell_lockstep *lockstep, uint32_t node, bool was_on, bool on)
{
    struct bell_model_log *log = &lockstep->model->log;
    const uint64_t now = lockstep->now->cycle;
    const uint64_t latency = lockstep->model->config.dma_latency;
    const bool quiet = now > lockstep->log_at + QUIET_CLOCKS + 2 * latency;

    for (size_t i = 0; i < log->count; i++) {
        struct bell_model_log_entry *entry = entry_at(log, i);

        if (entry->node != node)
            continue;
        if (!on && entry->cycle + entry->slack > now + CHANGE_CLOCKS)
            entry->slack = now + CHANGE_CLOCKS - entry->cycle;
        if (!was_on && on && quiet)
            drop(log, i--);
    }
}

void bell_lockstep_log_moves(struct bell_lockstep *lockstep, uint64_t addr, uint64_t data)
{
    for (uint32_t n = 0; n < BELL_MODEL_NODES; n++) {
        const struct bell_model_sched_log *log = &lockstep->model->sched.logs[n];

        if (addr == BELL_LOG_BASE0_OFFSET + 8 * n || addr == BELL_LOG_CONFIG0_OFFSET + 8 * n) {
            lockstep->log_before[n].base = log->base;
            lockstep->log_before[n].config = log->config;
            if (log->base & BELL_LOG_BASE0_ENABLE_MASK)
                lockstep->log_before[n].on_at = lockstep->now->cycle;
            memset(lockstep->log_does, UNKNOWN, sizeof lockstep->log_does);
            if (addr == BELL_LOG_BASE0_OFFSET + 8 * n)
                cut(lockstep, n, log->base & BELL_LOG_BASE0_ENABLE_MASK,
                    data & BELL_LOG_BASE0_ENABLE_MASK);
        }
    }
}

/* The next entry of a context from one on; the number of entries: none. */
static size_t find(struct bell_model_log *log, size_t from, uint32_t node, uint64_t handle)
{
    while (from < log->count &&
           (entry_at(log, from)->node != node || entry_at(log, from)->handle != handle))
        from++;
    return from;
}

/* Clock of the entry's time; NEVER: it cannot have been that time. */
static uint64_t clock_of(const struct bell_lockstep *lockstep, uint32_t node,
                         const struct bell_model_log_entry *due)
{
    const uint64_t before = lockstep->logged_at[node];
    const uint64_t from = bell_lockstep_early(due->cycle);
    const uint64_t to = due->cycle + due->slack;
    const uint64_t now = lockstep->now->cycle;

    return bell_lockstep_clock_of(lockstep, lockstep->now->data[0], from > before ? from : before,
                                  to < now ? to : now);
}

static bool is_time(const struct bell_lockstep *lockstep, uint32_t node,
                    const struct bell_model_log_entry *due)
{
    return clock_of(lockstep, node, due) != BELL_MODEL_NEVER;
}

static bool fits(const struct bell_lockstep *lockstep, uint32_t node,
                 const struct bell_model_log_entry *due)
{
    return lockstep->now->data[3] == due->state && is_time(lockstep, node, due);
}

static bool is_before(const struct bell_model_sched_log *log,
                      const struct bell_model_log_entry *due)
{
    return due->cycle <= log->set_at + CHANGE_CLOCKS;
}

/* One behind it, noted since the log was switched, fits better: to the clock, or with a later one. */
static bool fits_another(const struct bell_lockstep *lockstep,
                         const struct bell_model_sched_log *regs, uint32_t node, size_t index)
{
    struct bell_model_log *log = &lockstep->model->log;
    const uint64_t handle = lockstep->now->data[2];
    const uint64_t clock = clock_of(lockstep, node, entry_at(log, index));

    while ((index = find(log, index + 1, node, handle)) < log->count) {
        const struct bell_model_log_entry *other = entry_at(log, index);
        const uint64_t theirs = clock_of(lockstep, node, other);

        if (!is_before(regs, other) && fits(lockstep, node, other) &&
            (theirs > clock || theirs <= other->cycle + BELL_LOCKSTEP_SETTLE))
            return true;
    }
    return false;
}

/* What waited when the log was switched off was dropped, or not; a change under way when it was
 * switched on is in it, or not. What a context of several queues did between changes is free. */
static bool may_skip(const struct bell_lockstep *lockstep, const struct bell_model_sched_log *log,
                     uint32_t node, size_t index)
{
    const struct bell_model_log_entry *due = entry_at(&lockstep->model->log, index);

    if (fits(lockstep, node, due))
        return is_before(log, due) && fits_another(lockstep, log, node, index);
    return is_before(log, due) || (due->shared && due->state != RUNNING);
}

/* A queue of the context; NULL: of one that has no number, or is not known. */
static const struct bell_model_queue *shared_queue(const struct bell_lockstep *lockstep,
                                                   uint32_t node)
{
    for (uint32_t q = 0; q < BELL_MODEL_QUEUES; q++) {
        const struct bell_model_queue *queue = &lockstep->model->sched.queues[q];

        if (queue->handle == lockstep->now->data[2] && queue->node == node &&
            bell_model_log_is_shared(queue))
            return queue;
    }
    return NULL;
}

/*
 * Idle or ready for a moment, because one of its queues changed before the other. When it ran, it
 * must have stopped in the model as well: `first` is what is to be logged of it first.
 */
static bool is_between(const struct bell_lockstep *lockstep, uint32_t node,
                       const struct bell_model_log_entry *first, struct bell_model_log_entry *due)
{
    const struct bell_model_queue *queue = shared_queue(lockstep, node);
    const uint64_t state = lockstep->now->data[3];
    const uint64_t before = lockstep->logged_at[node];
    const struct bell_model_context *context;

    if (!queue || state == RUNNING)
        return false;
    context = &lockstep->model->sched.contexts[bell_model_log_context(queue)];
    if (lockstep->log_does[bell_model_log_context(queue)] != RUNNING)
        *due = (struct bell_model_log_entry){
            .cycle = context->changed_at < before ? context->changed_at : before,
            .slack = bell_model_log_slack(lockstep->model) +
                     (context->changed_at < before ? 0 : context->changed_at - before)};
    else if (first && first->state != RUNNING)
        *due = *first;
    else
        return false;
    due->state = state;
    return is_time(lockstep, node, due);
}

/* The context was in another state before, and is ready before it runs; `known` is that, unless the
 * log was switched since. */
static void check_order(struct bell_lockstep *lockstep, uint32_t node, bool known)
{
    const struct bell_model_queue *queue = shared_queue(lockstep, node);
    const uint64_t state = lockstep->now->data[3];
    uint8_t *does;

    if (!queue)
        return;
    does = &lockstep->log_does[bell_model_log_context(queue)];
    if (known && (state == *does || (state == RUNNING && *does == IDLE)))
        bell_lockstep_differ(lockstep, "scheduling log", "has written state %u of it before", *does);
    *does = known ? (uint8_t)state : UNKNOWN;
}

/* Takes what the RTL writes out of what is to be logged. @return false: it is not. */
static bool take_entry(struct bell_lockstep *lockstep, const struct bell_model_sched_log *regs,
                       uint32_t node, struct bell_model_log_entry *due)
{
    struct bell_model_log *log = &lockstep->model->log;
    const uint64_t *words = lockstep->now->data;
    const size_t first = find(log, 0, node, words[2]);
    struct bell_model_log_entry *oldest = first < log->count ? entry_at(log, first) : NULL;
    struct bell_model_log_entry between;
    size_t at = first, i;

    while (at < log->count && may_skip(lockstep, regs, node, at))
        at = find(log, at + 1, node, words[2]);
    if (at < log->count)
        *due = *entry_at(log, at);
    if ((at == log->count || !fits(lockstep, node, due)) &&
        is_between(lockstep, node, oldest, &between)) {
        *due = between;
        return true;
    }
    if (at == log->count)
        return false;
    do {
        i = find(log, 0, node, words[2]);
        drop(log, i);
    } while (i != at--);
    return true;
}

static uint64_t next_index(const struct bell_model_sched_log *log)
{
    const uint64_t index = BELL_FIELD_GET(log->index, BELL_LOG_INDEX0_INDEX);
    const uint64_t wraps = BELL_FIELD_GET(log->index, BELL_LOG_INDEX0_WRAPS);
    const bool wrap = index + 1 >= BELL_FIELD_GET(log->config, BELL_LOG_CONFIG0_ENTRIES);

    return BELL_FIELD_PUT(BELL_LOG_INDEX0_INDEX, wrap ? 0 : index + 1) |
           BELL_FIELD_PUT(BELL_LOG_INDEX0_WRAPS, wraps + wrap);
}

static void entry(struct bell_lockstep *lockstep, uint32_t node)
{
    const struct bell_lockstep_action *now = lockstep->now;
    const struct bell_model_sched_log log = log_at(lockstep, node);
    const uint64_t index = BELL_FIELD_GET(log.index, BELL_LOG_INDEX0_INDEX);
    const uint64_t last = BELL_FIELD_GET(log.config, BELL_LOG_CONFIG0_ENTRIES) - 1;
    const uint64_t addr =
        base_of(log.base) + HEADER_BYTES + ENTRY_BYTES * (index < last ? index : last);
    struct bell_model_log_entry due = {0};
    const bool found = take_entry(lockstep, &log, node, &due);

    if (found && !is_time(lockstep, node, &due)) {
        bell_lockstep_differ(lockstep, "scheduling log", "changes state at time %llu, %llu clocks "
                             "later at most, cycle %llu, the entry before it is of cycle %llu",
                             (unsigned long long)due.time, (unsigned long long)due.slack,
                             (unsigned long long)due.cycle,
                             (unsigned long long)lockstep->logged_at[node]);
        return;
    }
    if (lockstep->log_open[node]) {
        bell_lockstep_differ(lockstep, "scheduling log", "writes 0x%llx at 0x%llx first",
                             (unsigned long long)next_index(&log),
                             (unsigned long long)base_of(log.base));
        return;
    }
    if (found)
        lockstep->logged_at[node] = clock_of(lockstep, node, &due);
    lockstep->log_open[node] = now->resp == BELL_RESP_OKAY;
    if (!found)
        bell_lockstep_differ(lockstep, "scheduling log", "nothing to log of handle 0x%llx",
                             (unsigned long long)now->data[2]);
    else if (now->addr != addr || now->data[1] || now->data[3] != due.state)
        bell_lockstep_differ(lockstep, "scheduling log", "writes state %llu of it at 0x%llx",
                             (unsigned long long)due.state, (unsigned long long)addr);
    else
        check_order(lockstep, node, due.cycle > log.set_at + CHANGE_CLOCKS);
}

/* An event is to be posted; `must`: it is known that it is. */
static void notice(struct bell_lockstep *lockstep, uint32_t node, bool lost, uint64_t data,
                   bool must)
{
    struct bell_lockstep_notice *own = &lockstep->notices[node][lost];

    if (!own->count) {
        own->first = data;
        own->made_at = lockstep->now->cycle;
    }
    if (must && !own->must)
        own->must_at = lockstep->now->cycle;
    own->last = data;
    own->must = own->must || must;
    own->count++;
}

#define ENTRY_CLOCKS 1024u /* From the start of an entry, besides memory. */

/* Whether an entry is told was decided when it was started: not known if its log has changed. */
static void told(struct bell_lockstep *lockstep, uint32_t node,
                 const struct bell_model_sched_log *log, uint64_t next)
{
    const uint64_t last = BELL_FIELD_GET(log->config, BELL_LOG_CONFIG0_ENTRIES) - 1;
    const uint64_t index = BELL_FIELD_GET(log->index, BELL_LOG_INDEX0_INDEX);
    const uint64_t changed_at = lockstep->log_before[node].on_at;
    const bool sure = !changed_at ||
                      lockstep->now->cycle > changed_at + ENTRY_CLOCKS +
                                                 2 * (uint64_t)lockstep->model->config.dma_latency;

    if (!sure || BELL_FIELD_GET(log->config, BELL_LOG_CONFIG0_INTERRUPT_ENTRY) ==
                     (index < last ? index : last))
        notice(lockstep, node, false, next, sure);
}

static void word(struct bell_lockstep *lockstep, uint32_t node)
{
    const struct bell_lockstep_action *now = lockstep->now;
    const struct bell_model_sched_log log = log_at(lockstep, node);
    const uint64_t next = next_index(&log);

    if (!lockstep->log_open[node])
        bell_lockstep_differ(lockstep, "scheduling log", "writes the entry first");
    lockstep->log_open[node] = false;
    if (now->addr != base_of(log.base) || now->data[0] != next)
        bell_lockstep_differ(lockstep, "scheduling log", "writes 0x%llx at 0x%llx",
                             (unsigned long long)next, (unsigned long long)base_of(log.base));
    if (now->resp != BELL_RESP_OKAY)
        return;
    lockstep->model->sched.logs[node].index = next;
    told(lockstep, node, &log, next);
}

void bell_lockstep_log(struct bell_lockstep *lockstep)
{
    const struct bell_lockstep_action *now = lockstep->now;
    const uint32_t node = node_of(lockstep);

    if (node == BELL_MODEL_NODES || now->pasid) {
        bell_lockstep_differ(lockstep, "scheduling log", "no log is there");
        return;
    }
    lockstep->log_at = now->cycle;
    if (now->size == ENTRY_BYTES)
        entry(lockstep, node);
    else
        word(lockstep, node);
    if (now->resp == BELL_RESP_OKAY)
        return;
    lockstep->model->sched.logs[node].lost = true;
    notice(lockstep, node, true, now->addr, true);
}

static bool was_full(const struct bell_lockstep *lockstep, const struct bell_lockstep_notice *own)
{
    return own->count && lockstep->full_at >= own->made_at;
}

/* Without room it tells one for several, and may tell how far the log came then. */
static bool may_tell(const struct bell_lockstep *lockstep, const struct bell_lockstep_notice *own)
{
    const struct bell_lockstep_action *now = lockstep->now;
    const uint64_t index = lockstep->model->sched.logs[now->node].index;

    if (now->queue != 0 || now->value == own->first || now->value == own->last)
        return now->queue == 0;
    return now->cause == BELL_CAUSE_SCHED_LOG && now->value > own->first &&
           (now->value < own->last || (was_full(lockstep, own) && now->value <= index));
}

/* Without room one is made and waits, those behind it are merged: one more may come, or must. */
static void told_one(const struct bell_lockstep *lockstep, struct bell_lockstep_notice *own,
                     bool lost)
{
    const struct bell_lockstep_action *now = lockstep->now;
    const bool last = now->value == own->last || (!lost && now->value > own->last);
    const bool full = was_full(lockstep, own);

    own->must_at = now->cycle;
    if (!last && !lost)
        own->first = now->value;
    if (full && own->count > 1)
        own->count--;
    else if (last || full)
        own->count = 0;
    own->must = own->must && own->count && !last;
}

void bell_lockstep_log_event(struct bell_lockstep *lockstep)
{
    const struct bell_lockstep_action *now = lockstep->now;
    const bool lost = now->cause == BELL_CAUSE_SCHED_LOG_LOST;
    struct bell_lockstep_notice *own = &lockstep->notices[now->node][lost];
    struct bell_lockstep_notice *other = &lockstep->notices[now->node][!lost];

    if (!own->count)
        bell_lockstep_differ(lockstep, "event", lost ? "no write of the log was refused"
                                                     : "no index of the log is to be told");
    else if (!may_tell(lockstep, own))
        bell_lockstep_differ(lockstep, "event", "tells 0x%llx of the log",
                             (unsigned long long)own->last);
    if (was_full(lockstep, other))
        other->must = false;
    told_one(lockstep, own, lost);
}

void bell_lockstep_log_owed(struct bell_lockstep *lockstep)
{
    for (uint32_t n = 0; n < BELL_MODEL_NODES; n++)
        for (unsigned lost = 0; lost < 2; lost++) {
            struct bell_lockstep_notice *own = &lockstep->notices[n][lost];
            const uint64_t latency = lockstep->model->config.dma_latency;

            if (own->count && !own->must &&
                bell_lockstep_is_overdue(lockstep, own->made_at + latency))
                own->count = 0; /* It was merged, or not to be told. */
            if (own->must && bell_lockstep_is_overdue(lockstep, own->must_at + latency))
                bell_lockstep_differ(lockstep, "event",
                                     "posts cause %u, node %u, data 0x%llx since cycle %llu",
                                     lost ? BELL_CAUSE_SCHED_LOG_LOST : BELL_CAUSE_SCHED_LOG, n,
                                     (unsigned long long)own->last,
                                     (unsigned long long)own->must_at);
        }
}

bool bell_lockstep_log_waits(const struct bell_lockstep *lockstep)
{
    bool waits = false;

    for (uint32_t n = 0; n < BELL_MODEL_NODES; n++)
        waits = waits || lockstep->notices[n][0].must || lockstep->notices[n][1].must;
    return waits && lockstep->model->irq.count == BELL_MODEL_EVENTS;
}

/* ------------------------------------------------------------------ fence logs */

#define FENCE_ENTRY_BYTES 48u
#define SEEN_WORD 3u
#define ENDED_WORD 5u

/* Clock of the time at which this turn met it, 0: an earlier one did. */
static uint64_t met_at(const struct bell_lockstep *lockstep)
{
    const struct bell_lockstep_node *own = &lockstep->nodes[lockstep->now->node];

    if (model_node(lockstep)->known)
        return 0;
    return bell_lockstep_clock_of(lockstep, lockstep->now->data[SEEN_WORD],
                                  bell_lockstep_early(own->given_at),
                                  own->fence_at + BELL_LOCKSTEP_SETTLE);
}

/*
 * The fence was met before its value was read or written, and after the turn was given, unless an
 * earlier turn met it: then that time is known, and may be anything that software wrote. It ended
 * when that access was answered, and not before it was met.
 */
bool bell_lockstep_is_fence_time(const struct bell_lockstep *lockstep, uint32_t index)
{
    const struct bell_lockstep_action *now = lockstep->now;
    const struct bell_lockstep_node *own = &lockstep->nodes[now->node];
    uint64_t met, ended;

    if (now->unit != BELL_WRITES_FENCE || now->size != FENCE_ENTRY_BYTES)
        return false;
    met = met_at(lockstep);
    if (index == SEEN_WORD)
        return met != 0 && met != BELL_MODEL_NEVER;
    if (index != ENDED_WORD)
        return false;
    ended = bell_lockstep_early(own->fence_at);
    return bell_lockstep_clock_of(lockstep, now->data[index], ended > met ? ended : met,
                                  bell_lockstep_asked_at(lockstep, now->cycle) +
                                      BELL_LOCKSTEP_SETTLE) != BELL_MODEL_NEVER;
}
