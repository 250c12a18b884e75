/* SPDX-License-Identifier: MIT */
/* The plan: levels, groups, quanta and grace periods of all queues, from what the OS said. */
#include <string.h>

#include "bell_kmd_sched.h"

#include "bell_private.h"

#define PRIORITY_ZERO 7 /* The hardware counts -7 .. +7 from 0. */
#define NO_LIMIT UINT64_MAX

/* What competes on one node. */
struct rivals {
    UINT32 queues[BELL_LEVEL_COUNT];
    const struct bell_process *process[BELL_LEVEL_COUNT]; /* One of those there. */
    bool processes[BELL_LEVEL_COUNT];                     /* There are several. */
};

UINT64 bell_kmd_sched_clocks(UINT64 time)
{
    return time < UINT32_MAX / BELL_CLOCKS_PER_100NS ? time * BELL_CLOCKS_PER_100NS : UINT32_MAX;
}

static DXGK_SCHEDULING_PRIORITY_BAND band_of(UINT32 level)
{
    return level >= BELL_LEVEL_REALTIME ? DXGK_SCHEDULING_PRIORITY_BAND_REALTIME
                                        : (DXGK_SCHEDULING_PRIORITY_BAND)level;
}

static UINT32 context_level(const struct bell_context *context)
{
    const struct bell_context_list *list = &context->device->adapter->lists[context->node];
    const struct bell_schedule *schedule = &context->schedule;

    if (list->in_force)
        return list->first == context ? BELL_LEVEL_COUNT - 1 : BELL_LEVEL_COUNT - 2;
    if (schedule->list_priority != 0)
        return BELL_LEVEL_REALTIME + schedule->list_priority - 1;
    if (schedule->band == DXGK_SCHEDULING_PRIORITY_BAND_REALTIME)
        return BELL_LEVEL_REALTIME + (UINT32)schedule->realtime_level;
    return (UINT32)schedule->band;
}

static UINT32 queue_level(const struct bell_queue *queue, UINT32 of_context)
{
    return queue->boosted && of_context < BELL_LEVEL_REALTIME ? BELL_LEVEL_REALTIME : of_context;
}

/* ---- Who is there ------------------------------------------------------------------------- */

static bool takes_part(const struct bell_queue *queue)
{
    return queue->planned && bell_kmd_sched_may_run(queue->context);
}

/* Its queues that take part and are not boosted. */
static UINT32 listed(const struct bell_context *context)
{
    UINT32 count = 0;

    for (const struct bell_queue *queue = context->queues; queue != NULL; queue = queue->next)
        count += takes_part(queue) && !queue->boosted;
    return count;
}

static VOID count_rival(struct rivals *rivals, UINT32 level, const struct bell_process *process)
{
    rivals->processes[level] |= rivals->queues[level] != 0 && rivals->process[level] != process;
    rivals->process[level] = process;
    rivals->queues[level]++;
}

/* The first that has a queue, from this one on. Contexts without are any number, queues are few. */
static struct bell_context *with_queues(struct bell_context *context)
{
    while (context != NULL && context->queues == NULL)
        context = context->next;
    return context;
}

static VOID find_rivals(struct bell_adapter *adapter, struct rivals *nodes)
{
    memset(nodes, 0, BELL_KMD_NODES * sizeof(*nodes));
    for (struct bell_context *context = with_queues(adapter->contexts); context != NULL;
         context = with_queues(context->next)) {
        UINT32 level = context_level(context);

        for (struct bell_queue *queue = context->queues; queue != NULL; queue = queue->next)
            if (takes_part(queue))
                count_rival(&nodes[context->node], queue_level(queue, level),
                            context->device->process);
    }
}

static bool has_stranger(const struct rivals *rivals, UINT32 level,
                         const struct bell_process *process)
{
    return rivals->processes[level] ||
           (rivals->queues[level] != 0 && rivals->process[level] != process);
}

/* ---- Contexts of one process, node and level ---------------------------------------------- */

static bool are_peers(const struct bell_context *one, const struct bell_context *other)
{
    return one->device->process == other->device->process && one->node == other->node &&
           context_level(one) == context_level(other) && listed(other) != 0;
}

struct peers {
    UINT64 weight; /* Of those with the same priority. */
    bool differ;   /* In priority. */
};

static UINT64 weight_of(const struct bell_context *context)
{
    UINT64 quantum = context->schedule.quantum;

    return quantum == 0 ? 1 : quantum < UINT32_MAX ? quantum : UINT32_MAX;
}

static struct peers find_peers(const struct bell_context *context)
{
    struct peers peers = {0, false};

    for (struct bell_context *other = with_queues(context->device->adapter->contexts);
         other != NULL; other = with_queues(other->next)) {
        if (!are_peers(context, other))
            continue;
        if (other->schedule.priority == context->schedule.priority)
            peers.weight += weight_of(other);
        else
            peers.differ = true;
    }
    return peers;
}

/* ---- Groups ------------------------------------------------------------------------------- */

static bool owns(const struct bell_group *group, const struct bell_context *context)
{
    return group->process == context->device->process && group->node == context->node &&
           group->level == context_level(context);
}

static UINT32 group_of(struct bell_adapter *adapter, const struct bell_context *context)
{
    UINT32 found = 0;

    for (UINT32 i = 1; i < BELL_KMD_GROUPS; i++) {
        if (owns(&adapter->groups[i], context)) {
            found = i;
            break;
        }
        if (found == 0 && adapter->groups[i].process == NULL)
            found = i;
    }
    if (found == 0)
        return 0;
    adapter->groups[found].process = context->device->process;
    adapter->groups[found].node = context->node;
    adapter->groups[found].level = context_level(context);
    adapter->groups[found].wanted = true;
    return found;
}

/* Numbers that nobody wants any more become free before others look for one. */
static VOID release_groups(struct bell_adapter *adapter)
{
    for (UINT32 i = 1; i < BELL_KMD_GROUPS; i++)
        adapter->groups[i].wanted = false;
    for (struct bell_context *context = with_queues(adapter->contexts); context != NULL;
         context = with_queues(context->next)) {
        for (UINT32 i = 1; i < BELL_KMD_GROUPS; i++)
            if (owns(&adapter->groups[i], context) && listed(context) != 0 &&
                find_peers(context).differ)
                adapter->groups[i].wanted = true;
    }
    for (UINT32 i = 1; i < BELL_KMD_GROUPS; i++)
        if (!adapter->groups[i].wanted)
            adapter->groups[i].process = NULL;
}

/* ---- Grace -------------------------------------------------------------------------------- */

/* The shortest that one allows which may take the node from a queue: */
struct grace {
    UINT64 same;   /* When its quantum is over, */
    UINT64 higher; /* at any time. */
};

static VOID at_most(UINT64 *value, UINT64 limit)
{
    if (*value > limit)
        *value = limit;
}

static bool stands_at(const struct bell_context *context, UINT32 level)
{
    UINT32 own_level = context_level(context);

    for (const struct bell_queue *queue = context->queues; queue != NULL; queue = queue->next)
        if (takes_part(queue) && queue_level(queue, own_level) == level)
            return true;
    return false;
}

/* What another context of its process allows: of the same level, or of a higher one in real time. */
static VOID ask_context(const struct bell_context *context, const struct bell_context *other,
                        UINT32 level, struct grace *grace)
{
    const struct bell_schedule *theirs = &other->schedule;

    if (level >= BELL_LEVEL_REALTIME && context_level(other) > level && listed(other) != 0)
        at_most(&grace->higher, theirs->grace_lower);
    if (theirs->priority < context->schedule.priority || !stands_at(other, level))
        return;
    at_most(&grace->same, theirs->priority == context->schedule.priority ? theirs->grace_same
                                                                         : theirs->grace_lower);
}

static VOID ask_process(const struct bell_context *context, UINT32 level, struct grace *grace)
{
    for (const struct bell_context *other = with_queues(context->device->adapter->contexts);
         other != NULL; other = with_queues(other->next))
        if (other != context && other->node == context->node &&
            other->device->process == context->device->process)
            ask_context(context, other, level, grace);
}

/* What other processes allow within the band. */
static VOID ask_strangers(const struct bell_bands *bands, const struct rivals *rivals, UINT32 level,
                          const struct bell_process *process, struct grace *grace)
{
    if (has_stranger(rivals, level, process))
        at_most(&grace->same, bands->process_grace[band_of(level)]);
    for (UINT32 other = level + 1; other < BELL_LEVEL_COUNT; other++)
        if (band_of(other) == band_of(level) && has_stranger(rivals, other, process))
            at_most(&grace->higher, bands->process_grace[band_of(level)]);
}

/* Its share takes the normal band before the focus band (BELL_BANDS). */
static bool is_lifted(const struct bell_bands *bands, UINT32 other, UINT32 level)
{
    return level == BELL_LEVEL_FOCUS && other == BELL_LEVEL_NORMAL && bands->normal_percent != 0;
}

/* What other bands allow. */
static VOID ask_bands(const struct bell_bands *bands, const struct rivals *rivals, UINT32 level,
                      struct grace *grace)
{
    for (UINT32 other = 0; other < BELL_LEVEL_COUNT; other++)
        if (rivals->queues[other] != 0 &&
            (band_of(other) > band_of(level) || is_lifted(bands, other, level)))
            at_most(&grace->higher, bands->grace[band_of(other)]);
}

static UINT64 grace_clocks(UINT64 grace)
{
    return grace != NO_LIMIT ? bell_kmd_sched_clocks(grace) : 0;
}

static UINT64 grace_word(const struct bell_context *context, const struct rivals *rivals,
                         UINT32 level)
{
    const struct bell_adapter *adapter = context->device->adapter;
    struct grace grace = {NO_LIMIT, NO_LIMIT};

    ask_process(context, level, &grace);
    ask_strangers(&adapter->bands, rivals, level, context->device->process, &grace);
    ask_bands(&adapter->bands, rivals, level, &grace);
    if (adapter->lists[context->node].in_force) /* First takes the node from Second at once. */
        grace.higher = 0;
    return BELL_FIELD_PUT(BELL_QUEUE_GRACE_SAME, grace_clocks(grace.same)) |
           BELL_FIELD_PUT(BELL_QUEUE_GRACE_HIGHER, grace_clocks(grace.higher));
}

/* ---- Words -------------------------------------------------------------------------------- */

static UINT64 quantum_clocks(const struct bell_context *context, UINT32 level,
                             const struct peers *peers, UINT32 queues)
{
    UINT64 clocks = bell_kmd_sched_clocks(context->device->adapter->bands.process_quantum[band_of(level)]);

    if (clocks == 0) /* The queue leaves after each turn. */
        return 0;
    if (peers->weight != 0)
        clocks = clocks * weight_of(context) / peers->weight;
    clocks /= queues != 0 ? queues : 1;
    return clocks != 0 ? clocks : 1;
}

static bool plan_context(struct bell_context *context, const struct rivals *rivals,
                         bool (*write)(struct bell_queue *queue, const struct bell_words *words))
{
    bool changed = false;
    struct bell_adapter *adapter = context->device->adapter;
    bool list = adapter->lists[context->node].in_force;
    struct peers peers = find_peers(context);
    UINT32 queues = listed(context);
    UINT32 own_level = context_level(context);
    UINT32 group = peers.differ && queues != 0 && !list ? group_of(adapter, context) : 0;

    for (struct bell_queue *queue = context->queues; queue != NULL; queue = queue->next) {
        UINT32 level = queue_level(queue, own_level);
        bool alone = level != own_level; /* Boosted: none of the context's group. */
        struct peers none = {0, false};
        struct bell_words words;

        if (!queue->planned)
            continue;
        words.sched = BELL_FIELD_PUT(BELL_QUEUE_SCHED_LEVEL, level) |
                      BELL_FIELD_PUT(BELL_QUEUE_SCHED_PRIORITY,
                                     context->schedule.priority + PRIORITY_ZERO) |
                      BELL_FIELD_PUT(BELL_QUEUE_SCHED_GROUP, alone ? 0 : group) |
                      BELL_FIELD_PUT(BELL_QUEUE_SCHED_CONTEXT, context->number);
        words.quantum = BELL_FIELD_PUT(
            BELL_QUEUE_QUANTUM_CLOCKS,
            quantum_clocks(context, level, alone ? &none : &peers, alone ? 1 : queues));
        words.grace = grace_word(context, rivals, level);
        changed |= write(queue, &words);
    }
    return changed;
}

bool bell_kmd_sched_compute(struct bell_adapter *adapter,
                            bool (*write)(struct bell_queue *queue,
                                          const struct bell_words *words))
{
    struct rivals nodes[BELL_KMD_NODES];
    bool changed = false;

    find_rivals(adapter, nodes);
    release_groups(adapter);
    for (struct bell_context *context = with_queues(adapter->contexts); context != NULL;
         context = with_queues(context->next))
        changed |= plan_context(context, &nodes[context->node], write);
    return changed;
}
