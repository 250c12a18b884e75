// SPDX-License-Identifier: MIT
// irq: an event queue that drops nothing, and the interrupt line.

#include "bell_model.h"

bool bell_model_irq_push(struct bell_model *model, enum bell_cause cause, uint32_t node,
                         uint32_t queue, uint64_t data)
{
    struct bell_model_irq *irq = &model->irq;
    struct bell_model_event *event = &irq->queue[(irq->first + irq->count) % BELL_MODEL_EVENTS];

    if (irq->count == BELL_MODEL_EVENTS)
        return false;
    event->word0 = BELL_FIELD_PUT(BELL_EVENT0_CAUSE, cause) |
                   BELL_FIELD_PUT(BELL_EVENT0_NODE, node) |
                   BELL_FIELD_PUT(BELL_EVENT0_QUEUE, queue) | BELL_EVENT0_VALID_MASK;
    event->word1 = data;
    irq->count++;
    return true;
}

bool bell_model_irq_post(struct bell_model *model, struct bell_model_node *node,
                         enum bell_cause cause, uint64_t data)
{
    const uint32_t index = bell_model_node_index(model, node);

    if (model->oracle) {
        model->oracle->event(model->oracle->ctx, index, cause, data);
        return true;
    }
    if (!bell_model_irq_push(model, cause, index, node->queue, data)) {
        node->blocked = true;
        node->at = BELL_MODEL_NEVER;
        return false;
    }
    model->irq.last_node = index;
    return true;
}

static void wake_blocked(struct bell_model *model)
{
    for (unsigned n = 0; n < BELL_MODEL_NODES; n++)
        if (model->nodes[n].blocked) {
            model->nodes[n].blocked = false;
            model->nodes[n].at = model->cycle + 1;
        }
}

void bell_model_irq_pop(struct bell_model *model)
{
    struct bell_model_irq *irq = &model->irq;

    if (!irq->count)
        return;
    irq->first = (irq->first + 1) % BELL_MODEL_EVENTS;
    irq->count--;
    wake_blocked(model);
    bell_model_watch_room(model);
    bell_model_report_room(model);
    bell_model_log_room(model);
}

uint64_t bell_model_irq_word0(const struct bell_model *model)
{
    return model->irq.count ? model->irq.queue[model->irq.first].word0 : 0;
}

uint64_t bell_model_irq_word1(const struct bell_model *model)
{
    return model->irq.count ? model->irq.queue[model->irq.first].word1 : 0;
}

static bool wanted_level(const struct bell_model *model)
{
    return model->irq.enable && model->irq.count;
}

/* After a reset the line has still to fall. */
uint64_t bell_model_irq_next(const struct bell_model *model)
{
    return wanted_level(model) == model->irq.level ? BELL_MODEL_NEVER : model->cycle;
}

void bell_model_irq_update(struct bell_model *model)
{
    const bool level = wanted_level(model);

    if (level == model->irq.level)
        return;
    model->irq.level = level;
    model->stop = true;
    model->hash = bell_hash_action(model->hash, BELL_HASH_IRQ, model->cycle, level, 0);
    bell_model_observe(model, (struct bell_device_event){.kind = BELL_DEV_IRQ, .value = level});
    model->host.irq(model->host.ctx, level);
}
