// SPDX-License-Identifier: MIT
// Scheduling logs in memory: entry, answer, word of index and wraps, answer, next entry.

#include "bell_model.h"

#include <stdlib.h>

#define HEADER_BYTES 32u
#define FIRST_CAPACITY 64u

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

void bell_model_log_push(struct bell_model *model, uint32_t node, uint64_t handle, uint64_t state)
{
    struct bell_model_log *log = &model->log;

    if (!is_on(model, node))
        return;
    if (log->count == log->capacity && !grow(log))
        abort(); /* An entry is never lost. */
    log->entries[(log->first + log->count++) % log->capacity] = (struct bell_model_log_entry){
        .node = node,
        .time = bell_model_time(model),
        .handle = handle,
        .state = state,
    };
    if (log->at == BELL_MODEL_NEVER && log->state == BELL_MODEL_LOG_IDLE)
        log->at = model->cycle + 1;
}

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

static void post(struct bell_model *model)
{
    struct bell_model_log *log = &model->log;
    const uint64_t data = log->cause == BELL_CAUSE_SCHED_LOG ? log->next : log->addr;

    log->state = BELL_MODEL_LOG_POST;
    if (!bell_model_irq_push(model, log->cause, log->node, 0, data))
        return;
    log->state = BELL_MODEL_LOG_IDLE;
    log->at = model->cycle + 1;
}

void bell_model_log_run(struct bell_model *model)
{
    struct bell_model_log *log = &model->log;

    log->at = BELL_MODEL_NEVER;
    if (log->state == BELL_MODEL_LOG_POST) {
        post(model);
        return;
    }
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

    if (resp != BELL_RESP_OKAY) {
        regs->lost = true;
        log->cause = BELL_CAUSE_SCHED_LOG_LOST;
        post(model);
    } else if (log->state == BELL_MODEL_LOG_ENTRY) {
        log->state = BELL_MODEL_LOG_WORD;
        log->addr = BELL_FIELD_GET(regs->base, BELL_LOG_BASE0_ADDR) / HEADER_BYTES * HEADER_BYTES;
        bell_model_dma_log(model, log->addr, &log->next, sizeof log->next);
    } else {
        regs->index = log->next;
        log->state = BELL_MODEL_LOG_IDLE;
        log->at = model->cycle + 1;
        log->cause = BELL_CAUSE_SCHED_LOG;
        if (BELL_FIELD_GET(regs->config, BELL_LOG_CONFIG0_INTERRUPT_ENTRY) == log->here)
            post(model);
    }
}

void bell_model_log_room(struct bell_model *model)
{
    if (model->log.state == BELL_MODEL_LOG_POST)
        model->log.at = model->cycle + 1;
}

uint64_t bell_model_log_busy(const struct bell_model *model)
{
    const bool writes = model->log.state == BELL_MODEL_LOG_ENTRY ||
                        model->log.state == BELL_MODEL_LOG_WORD;

    return writes ? UINT64_C(1) << model->log.node : 0;
}
