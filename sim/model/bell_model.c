// SPDX-License-Identifier: MIT
// Create, reset and time: jumps from one clock in which something happens to the next.

#include "bell_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bell_model *model_of(struct bell_device *device)
{
    return (struct bell_model *)device;
}

static const struct bell_model *const_model_of(const struct bell_device *device)
{
    return (const struct bell_model *)device;
}

void bell_model_observe(struct bell_model *model, struct bell_device_event event)
{
    if (!model->host.event)
        return;
    event.cycle = model->cycle;
    model->host.event(model->host.ctx, &event);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Without the timers (WORK packets, watches): what remains is what keeps the device from being idle. */
static uint64_t next_busy(const struct bell_model *model)
{
    uint64_t next = earlier(bell_model_mmio_next(model), bell_model_doorbell_next(model));

    next = earlier(next, earlier(model->sched.at, bell_model_dma_next(model)));
    next = earlier(next, model->log.at);
    next = earlier(next, earlier(bell_model_irq_next(model), model->watch.retry_at));
    for (unsigned n = 0; n < BELL_MODEL_NODES; n++)
        if (model->nodes[n].state != BELL_MODEL_WORK)
            next = earlier(next, model->nodes[n].at);
    return next;
}

static uint64_t next_event(const struct bell_model *model)
{
    uint64_t next = earlier(next_busy(model), bell_model_watch_next(model));

    next = earlier(next, bell_model_slice_next(model));

    for (unsigned n = 0; n < BELL_MODEL_NODES; n++)
        next = earlier(next, model->nodes[n].at);
    return next;
}

/* The node after the last one that posted an event goes first, so that room is shared. */
static void run_nodes(struct bell_model *model)
{
    const uint32_t last = model->irq.last_node;

    for (unsigned i = 1; i <= BELL_MODEL_NODES; i++) {
        struct bell_model_node *node = &model->nodes[(last + i) % BELL_MODEL_NODES];

        if (node->at <= model->cycle)
            bell_model_node_run(model, node);
    }
}

static void run_clock(struct bell_model *model)
{
    bell_model_mmio_accept(model);
    bell_model_doorbell_run(model);
    bell_model_mmio_answer(model);
    bell_model_dma_run(model);
    run_nodes(model);
    if (bell_model_slice_next(model) <= model->cycle)
        bell_model_slice_run(model);
    if (model->sched.at <= model->cycle)
        bell_model_sched_run(model);
    if (model->log.at <= model->cycle)
        bell_model_log_run(model);
    if (bell_model_watch_next(model) <= model->cycle || model->watch.retry_at <= model->cycle)
        bell_model_watch_run(model);
    bell_model_irq_update(model);
    model->cycle++;
}

static uint64_t model_step(struct bell_device *device, uint64_t cycles)
{
    struct bell_model *model = model_of(device);
    const uint64_t start = model->cycle;
    const uint64_t end = cycles < BELL_MODEL_NEVER - start ? start + cycles : BELL_MODEL_NEVER;

    model->in_step = true;
    model->stop = false;
    while (!model->stop && model->cycle < end) {
        const uint64_t next = next_event(model);

        if (next >= end) {
            model->cycle = end;
            break;
        }
        if (next > model->cycle)
            model->cycle = next;
        run_clock(model);
    }
    model->in_step = false;
    return model->cycle - start;
}

static void clear_state(struct bell_model *model)
{
    bell_model_mmio_reset(model);
    memset(&model->doorbell, 0, sizeof model->doorbell);
    memset(&model->sched, 0, sizeof model->sched);
    memset(&model->dma, 0, sizeof model->dma);
    memset(model->nodes, 0, sizeof model->nodes);
    memset(&model->irq, 0, sizeof model->irq);
    bell_model_watch_reset(model);
    memset(&model->report, 0, sizeof model->report);
    memset(model->limits, 0, sizeof model->limits);
    model->time_zero = model->cycle;
    bell_model_sched_reset(model);
    bell_model_log_reset(model);
    for (unsigned n = 0; n < BELL_MODEL_NODES; n++)
        model->nodes[n].at = BELL_MODEL_NEVER;
}

static void model_reset(struct bell_device *device)
{
    struct bell_model *model = model_of(device);
    const bool level = model->irq.level;

    model->hash = bell_hash_action(model->hash, BELL_HASH_RESET, model->cycle, 0, 0);
    clear_state(model);
    model->irq.level = level;
}

static void model_destroy(struct bell_device *device)
{
    struct bell_model *model = model_of(device);

    free(model->mmio.queue);
    free(model->log.entries);
    free(model);
}

static uint32_t model_num_queues(const struct bell_device *device)
{
    (void)device;
    return BELL_MODEL_QUEUES;
}

/* Lanes beyond the 8-byte word are cut off, as they do not exist on the bus. */
static void model_mmio_write(struct bell_device *device, uint64_t addr, uint64_t data,
                             unsigned size, uint64_t tag)
{
    const unsigned lane = addr & 7;
    const unsigned lanes = size >= 8 ? 0xffu : (1u << size) - 1;
    struct bell_model_access access = {
        .addr = addr,
        .data = data << (8 * lane),
        .tag = tag,
        .strobes = (uint8_t)(lanes << lane),
        .write = true,
    };

    bell_model_mmio_offer(model_of(device), access);
}

static void model_mmio_read(struct bell_device *device, uint64_t addr, uint64_t tag)
{
    bell_model_mmio_offer(model_of(device), (struct bell_model_access){.addr = addr, .tag = tag});
}

static uint64_t model_cycle(const struct bell_device *device)
{
    return const_model_of(device)->cycle;
}

static bool model_idle(const struct bell_device *device)
{
    return next_busy(const_model_of(device)) == BELL_MODEL_NEVER;
}

/* The model always skips; the results are the same by construction. */
static void model_set_idle_skip(struct bell_device *device, bool on)
{
    (void)device;
    (void)on;
}

static uint64_t model_event_hash(const struct bell_device *device)
{
    return const_model_of(device)->hash;
}

static void model_flush_waves(struct bell_device *device)
{
    (void)device;
}

static const struct bell_device_ops model_ops = {
    .destroy = model_destroy,
    .num_queues = model_num_queues,
    .reset = model_reset,
    .mmio_write = model_mmio_write,
    .mmio_read = model_mmio_read,
    .step = model_step,
    .cycle = model_cycle,
    .idle = model_idle,
    .set_idle_skip = model_set_idle_skip,
    .event_hash = model_event_hash,
    .flush_waves = model_flush_waves,
};

static bool config_is_valid(const struct bell_device_config *config, char *error, size_t size)
{
    if (config->slots < 1 || config->slots > BELL_MODEL_SLOTS) {
        snprintf(error, size, "model: slots is %u, expected 1 .. %u", config->slots,
                 BELL_MODEL_SLOTS);
        return false;
    }
    if (config->dma_latency < 1 || config->dma_latency > BELL_DEVICE_MAX_DMA_LATENCY) {
        snprintf(error, size, "model: dma_latency is %u clocks, expected 1 .. %u",
                 config->dma_latency, BELL_DEVICE_MAX_DMA_LATENCY);
        return false;
    }
    if (config->waves) {
        snprintf(error, size, "model: waves '%s' asked for, but only the rtl device has waves",
                 config->waves);
        return false;
    }
    return true;
}

static struct bell_model *make(const struct bell_device_config *config,
                               const struct bell_device_host *host)
{
    struct bell_model *model = calloc(1, sizeof *model);

    if (!model)
        return NULL;
    model->device.ops = &model_ops;
    model->config = *config;
    model->host = *host;
    model->hash = BELL_HASH_SEED;
    model->mmio.perform_at = BELL_MODEL_NEVER;
    clear_state(model);
    return model;
}

struct bell_model *bell_model_create_stepped(const struct bell_device_config *config,
                                             const struct bell_device_host *host,
                                             const struct bell_model_oracle *oracle)
{
    struct bell_model *model = make(config, host);

    if (model)
        model->oracle = oracle;
    return model;
}

struct bell_device *bell_model_create(const struct bell_device_config *config,
                                      const struct bell_device_host *host, char *error,
                                      size_t error_size)
{
    struct bell_model *model;

    if (!config_is_valid(config, error, error_size))
        return NULL;
    model = make(config, host);
    if (!model) {
        snprintf(error, error_size, "model: no memory for %zu bytes of state", sizeof *model);
        return NULL;
    }
    return &model->device;
}
