// SPDX-License-Identifier: MIT
// Scheduling logs: what contexts do; and in memory: entry, answer, word of index and wraps, answer,
// next entry.

#include "bell_model.h"

#include <stdlib.h>

#define HEADER_BYTES 32u
#define FIRST_CAPACITY 64u

/* DXGK_SCHEDULING_LOG_CONTEXT_STATE; nothing is ever in READY_STANDBY. */
enum activity { IDLE, RUNNING, READY };

/* DXGK_SCHEDULING_LOG_ENTRY; operation 0 is a change of state. */
struct memory_entry {
    uint64_t time;
    uint64_t operation;
    uint64_t handle;
    uint64_t state;
};

static uint64_t entries_of(const struct bell_model_sched_log *log)
{
    return BELL_FIELD_GET(log->config, BELL_LOG_CONFIG0_ENTRIES);
}

static bool is_on(const struct bell_model *model, uint32_t node)
{
    const struct bell_model_sched_log *log = &model->sched.logs[node];

    return (log->base & BELL_LOG_BASE0_ENABLE_MASK) && !log->lost && entries_of(log) != 0;
}

static bool grow(struct bell_model_log *log)
{
    const size_t capacity = log->capacity ? 2 * log->capacity : FIRST_CAPACITY;
    struct bell_model_log_entry *entries = malloc(capacity * sizeof *entries);

    if (!entries)
        return false;
    for (size_t i = 0; i < log->count; i++)
        entries[i] = log->entries[(log->first + i) % log->capacity];
    free(log->entries);
    log->entries = entries;
    log->capacity = capacity;
    log->first = 0;
    return true;
}

/* Changes wait while the writer has no room. */
uint64_t bell_model_log_slack(const struct bell_model *model)
{
    const uint64_t write = model->config.dma_latency + BELL_MODEL_TURN_SLACK;

    return BELL_MODEL_TURN_SLACK + 2 * write * model->log.count;
}

static void push(struct bell_model *model, const struct bell_model_queue *queue, uint64_t state)
{
    struct bell_model_log *log = &model->log;

    if (!is_on(model, queue->node))
        return;
    if (log->count == log->capacity && !grow(log))
        abort(); /* An entry is never lost. */
    log->entries[(log->first + log->count++) % log->capacity] = (struct bell_model_log_entry){
        .node = queue->node,
        .time = bell_model_time(model),
        .cycle = model->cycle,
        .slack = bell_model_log_slack(model),
        .handle = queue->handle,
        .state = state,
        .shared = bell_model_log_is_shared(queue),
    };
    if (log->at == BELL_MODEL_NEVER && log->state == BELL_MODEL_LOG_IDLE)
        log->at = model->cycle + 1;
}

/* ------------------------------------------------------------------ contexts */

/* What its context does, as far as it was told. */
static enum activity activity_of(const struct bell_model *model,
                                 const struct bell_model_queue *queue)
{
    const uint32_t context = bell_model_log_context(queue);
    const struct bell_model_runs *runs = &model->sched.runs[queue->node];

    if (!bell_model_log_is_shared(queue))
        return queue->logged;
    if (runs->valid && runs->context == context)
        return RUNNING;
    return model->sched.contexts[context].ready ? READY : IDLE;
}

static void tell_context(struct bell_model *model, struct bell_model_queue *queue,
                         enum activity now)
{
    struct bell_model_context *context = &model->sched.contexts[bell_model_log_context(queue)];
    struct bell_model_runs *runs = &model->sched.runs[queue->node];

    if (bell_model_log_is_shared(queue)) {
        context->ready += (now == READY) - (queue->logged == READY);
        context->changed_at = model->cycle;
        if (now == RUNNING || queue->logged == RUNNING)
            *runs = (struct bell_model_runs){now == RUNNING, bell_model_log_context(queue)};
    }
    queue->logged = (uint8_t)now;
}

void bell_model_log_look(struct bell_model *model, struct bell_model_queue *queue)
{
    const bool wants = queue->open && !queue->faulted && (queue->pending || queue->work);
    const enum activity now = queue->running ? RUNNING : (wants ? READY : IDLE);
    const enum activity was = activity_of(model, queue);

    if (now == queue->logged)
        return;
    tell_context(model, queue, now);
    if (activity_of(model, queue) != was)
        push(model, queue, activity_of(model, queue));
}

/* ------------------------------------------------------------------ writer */

void bell_model_log_reset(struct bell_model *model)
{
    struct bell_model_log *log = &model->log;

    *log = (struct bell_model_log){
        .at = BELL_MODEL_NEVER, .entries = log->entries, .capacity = log->capacity};
}

static void write_entry(struct bell_model *model, const struct bell_model_log_entry *entry)
{
    struct bell_model_log *log = &model->log;
    const struct bell_model_sched_log *regs = &model->sched.logs[entry->node];
    const uint64_t index = BELL_FIELD_GET(regs->index, BELL_LOG_INDEX0_INDEX);
    const uint64_t wraps = BELL_FIELD_GET(regs->index, BELL_LOG_INDEX0_WRAPS);
    const uint64_t last = entries_of(regs) - 1;
    const bool wrap = index >= last;
    const struct memory_entry words = {
        .time = entry->time, .handle = entry->handle, .state = entry->state};

    log->node = entry->node;
    log->here = (uint32_t)(wrap ? last : index);
    log->next = BELL_FIELD_PUT(BELL_LOG_INDEX0_INDEX, wrap ? 0 : index + 1) |
                BELL_FIELD_PUT(BELL_LOG_INDEX0_WRAPS, wraps + wrap);
    log->addr = BELL_FIELD_GET(regs->base, BELL_LOG_BASE0_ADDR) / HEADER_BYTES * HEADER_BYTES +
                HEADER_BYTES + log->here * sizeof words;
    log->state = BELL_MODEL_LOG_ENTRY;
    bell_model_dma_log(model, log->addr, &words, sizeof words);
}

/* The lowest node's first: as the device, one at a time. */
static bool make_notice(struct bell_model *model)
{
    struct bell_model_log *log = &model->log;

    for (uint32_t n = 0; n < BELL_MODEL_LOGS; n++) {
        const uint32_t bit = UINT32_C(1) << n;

        if (!((log->reached | log->lost) & bit))
            continue;
        log->told = true;
        log->told_node = n;
        log->cause = log->reached & bit ? BELL_CAUSE_SCHED_LOG : BELL_CAUSE_SCHED_LOG_LOST;
        log->data = log->reached & bit ? model->sched.logs[n].index : log->lost_addr[n];
        if (log->reached & bit)
            log->reached &= ~bit;
        else
            log->lost &= ~bit;
        return true;
    }
    return false;
}

/* A notice never holds the log up: those for which there is no room are merged. */
static void post(struct bell_model *model)
{
    struct bell_model_log *log = &model->log;

    while (log->told || make_notice(model)) {
        if (!bell_model_irq_push(model, log->cause, log->told_node, 0, log->data))
            return;
        log->told = false;
    }
}

void bell_model_log_run(struct bell_model *model)
{
    struct bell_model_log *log = &model->log;

    log->at = BELL_MODEL_NEVER;
    post(model);
    while (log->state == BELL_MODEL_LOG_IDLE && log->count) {
        const struct bell_model_log_entry entry = log->entries[log->first];

        log->first = (log->first + 1) % log->capacity;
        log->count--;
        if (is_on(model, entry.node))
            write_entry(model, &entry);
    }
}

void bell_model_log_answer(struct bell_model *model, enum bell_resp resp)
{
    struct bell_model_log *log = &model->log;
    struct bell_model_sched_log *regs = &model->sched.logs[log->node];

    if (resp == BELL_RESP_OKAY && log->state == BELL_MODEL_LOG_ENTRY) {
        log->state = BELL_MODEL_LOG_WORD;
        log->addr = BELL_FIELD_GET(regs->base, BELL_LOG_BASE0_ADDR) / HEADER_BYTES * HEADER_BYTES;
        bell_model_dma_log(model, log->addr, &log->next, sizeof log->next);
        return;
    }
    if (resp != BELL_RESP_OKAY) {
        regs->lost = true;
        log->lost |= UINT32_C(1) << log->node;
        log->lost_addr[log->node] = log->addr;
    } else {
        regs->index = log->next;
        if (BELL_FIELD_GET(regs->config, BELL_LOG_CONFIG0_INTERRUPT_ENTRY) == log->here)
            log->reached |= UINT32_C(1) << log->node;
    }
    log->state = BELL_MODEL_LOG_IDLE;
    log->at = model->cycle + 1;
}

void bell_model_log_room(struct bell_model *model)
{
    if (model->log.told)
        model->log.at = model->cycle + 1;
}

uint64_t bell_model_log_busy(const struct bell_model *model)
{
    const struct bell_model_log *log = &model->log;
    uint64_t busy = log->state == BELL_MODEL_LOG_IDLE ? 0 : UINT64_C(1) << log->node;

    for (size_t i = 0; i < log->count; i++)
        busy |= UINT64_C(1) << log->entries[(log->first + i) % log->capacity].node;
    return busy;
}
