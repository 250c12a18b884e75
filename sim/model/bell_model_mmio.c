// SPDX-License-Identifier: MIT
// mmio: accesses are accepted in order, one doorbell store a clock, one register access a time.

#include "bell_model.h"

#include <stdio.h>
#include <stdlib.h>

#define MMIO_ADDR_MASK (BELL_DEVICE_BAR2 * UINT64_C(2) - 1)

static bool is_doorbell(uint64_t addr)
{
    return (addr & BELL_DEVICE_BAR2) != 0;
}

static void grow(struct bell_model_mmio *mmio)
{
    const size_t capacity = mmio->capacity ? 2 * mmio->capacity : 64;
    struct bell_model_access *queue = malloc(capacity * sizeof *queue);

    if (!queue) {
        fprintf(stderr, "model: no memory for %zu queued register accesses\n", capacity);
        abort();
    }
    for (size_t i = 0; i < mmio->count; i++)
        queue[i] = mmio->queue[(mmio->first + i) % mmio->capacity];
    free(mmio->queue);
    mmio->queue = queue;
    mmio->capacity = capacity;
    mmio->first = 0;
}

void bell_model_mmio_offer(struct bell_model *model, struct bell_model_access access)
{
    struct bell_model_mmio *mmio = &model->mmio;
    const uint64_t now = model->cycle + (model->in_step ? 1 : 0);

    if (mmio->count == mmio->capacity)
        grow(mmio);
    if (mmio->count == 0 && mmio->accept_at < now)
        mmio->accept_at = now;
    access.addr &= MMIO_ADDR_MASK;
    mmio->queue[(mmio->first + mmio->count) % mmio->capacity] = access;
    mmio->count++;
}

static struct bell_model_access take(struct bell_model_mmio *mmio)
{
    const struct bell_model_access access = mmio->queue[mmio->first];

    mmio->first = (mmio->first + 1) % mmio->capacity;
    mmio->count--;
    return access;
}

uint64_t bell_model_mmio_next(const struct bell_model *model)
{
    const struct bell_model_mmio *mmio = &model->mmio;
    uint64_t next = mmio->refuse ? model->cycle : mmio->perform_at;

    if (mmio->count && mmio->accept_at < next)
        next = mmio->accept_at;
    if (mmio->answer_count && mmio->answers[mmio->answer_first].at < next)
        next = mmio->answers[mmio->answer_first].at;
    return next;
}

static void push_answer(struct bell_model *model, const struct bell_model_access *access,
                        uint64_t at, uint64_t data, enum bell_resp resp)
{
    struct bell_model_mmio *mmio = &model->mmio;
    const unsigned slot = (mmio->answer_first + mmio->answer_count) % BELL_MODEL_ANSWERS;

    mmio->answers[slot] = (struct bell_model_answer){
        .at = at,
        .tag = access->tag,
        .data = resp == BELL_RESP_OKAY ? data : 0,
        .resp = resp,
        .write = access->write,
    };
    mmio->answer_count++;
}

static void hash_accepted(struct bell_model *model, const struct bell_model_access *access)
{
    model->hash = bell_hash_action(model->hash,
                                   access->write ? BELL_HASH_MMIO_WRITE : BELL_HASH_MMIO_READ,
                                   model->cycle, access->addr, access->data);
    model->hash = bell_hash_word(model->hash, access->strobes);
}

static void accept_doorbell(struct bell_model *model, const struct bell_model_access *access)
{
    enum bell_resp resp = BELL_RESP_OKAY;

    if (access->write)
        resp = bell_model_doorbell_store(model, (uint32_t)access->addr - BELL_DEVICE_BAR2,
                                         access->data, access->strobes);
    push_answer(model, access, model->cycle + BELL_MODEL_ANSWER_CLOCKS, 0, resp);
    model->mmio.accept_at = model->cycle + 1;
}

static void perform(struct bell_model *model)
{
    struct bell_model_mmio *mmio = &model->mmio;
    const struct bell_model_access *access = &mmio->current;
    enum bell_resp resp;
    uint64_t data = 0;

    mmio->perform_at = BELL_MODEL_NEVER;
    if (access->write)
        resp = bell_model_regs_write(model, access->addr, access->data, access->strobes);
    else
        resp = bell_model_regs_read(model, access->addr, &data);
    if (resp != BELL_RESP_OKAY)
        bell_model_report_note(model, BELL_MODEL_REFUSED, access->write, (uint32_t)access->addr);
    push_answer(model, access, model->cycle + BELL_MODEL_ANSWER_CLOCKS, data, resp);
    mmio->accept_at = model->cycle + BELL_MODEL_ANSWER_CLOCKS + 1;
}

void bell_model_mmio_accept(struct bell_model *model)
{
    struct bell_model_mmio *mmio = &model->mmio;

    if (mmio->perform_at <= model->cycle)
        perform(model);
    if (!mmio->count || mmio->refuse || mmio->accept_at > model->cycle)
        return;
    mmio->current = take(mmio);
    hash_accepted(model, &mmio->current);
    if (is_doorbell(mmio->current.addr)) {
        accept_doorbell(model, &mmio->current);
    } else {
        mmio->perform_at = model->cycle + BELL_MODEL_REG_CLOCKS;
        mmio->accept_at = BELL_MODEL_NEVER;
    }
}

static void deliver(struct bell_model *model, const struct bell_model_answer *answer)
{
    model->hash = bell_hash_action(model->hash,
                                   answer->write ? BELL_HASH_MMIO_WROTE : BELL_HASH_MMIO_DATA,
                                   model->cycle, answer->data, answer->resp);
    model->stop = true;
    model->host.mmio_done(model->host.ctx, answer->tag, answer->data, answer->resp);
}

static void pop_answer(struct bell_model *model)
{
    struct bell_model_mmio *mmio = &model->mmio;
    const struct bell_model_answer answer = mmio->answers[mmio->answer_first];

    mmio->answer_first = (mmio->answer_first + 1) % BELL_MODEL_ANSWERS;
    mmio->answer_count--;
    deliver(model, &answer);
}

void bell_model_mmio_answer(struct bell_model *model)
{
    struct bell_model_mmio *mmio = &model->mmio;

    while (mmio->answer_count && mmio->answers[mmio->answer_first].at <= model->cycle)
        pop_answer(model);
    for (; mmio->refuse; mmio->refuse--) {
        const struct bell_model_access access = take(mmio);

        push_answer(model, &access, model->cycle, 0, BELL_RESP_SLVERR);
        pop_answer(model);
    }
}

void bell_model_mmio_reset(struct bell_model *model)
{
    struct bell_model_mmio *mmio = &model->mmio;

    if (mmio->perform_at != BELL_MODEL_NEVER)
        push_answer(model, &mmio->current, model->cycle, 0, BELL_RESP_SLVERR);
    for (unsigned i = 0; i < mmio->answer_count; i++) {
        struct bell_model_answer *answer =
            &mmio->answers[(mmio->answer_first + i) % BELL_MODEL_ANSWERS];

        answer->at = model->cycle;
        answer->data = 0;
        answer->resp = BELL_RESP_SLVERR;
    }
    mmio->refuse = mmio->count;
    mmio->perform_at = BELL_MODEL_NEVER;
    mmio->accept_at = model->cycle;
    mmio->ctrl = 0;
}
