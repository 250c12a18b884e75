// SPDX-License-Identifier: MIT
// The scheduler's registers of the whole device: shares, time, wake-ups, what runs.

#include "bell_model.h"

#define BANDS_MASK (BELL_BANDS_NORMAL_PERCENT_MASK | BELL_BANDS_NORMAL_SLICE_MASK)

void bell_model_sched_reset(struct bell_model *model)
{
    model->sched.at = BELL_MODEL_NEVER;
    model->sched.bands =
        BELL_FIELD_PUT(BELL_BANDS_NORMAL_PERCENT, BELL_BANDS_NORMAL_PERCENT_RESET) |
        BELL_FIELD_PUT(BELL_BANDS_NORMAL_SLICE, BELL_BANDS_NORMAL_SLICE_RESET);
    for (unsigned n = 0; n < BELL_MODEL_NODES; n++) {
        model->sched.slices[n].at = BELL_MODEL_NEVER;
        model->sched.slices[n].share_at = BELL_MODEL_NEVER;
        model->sched.slices[n].debt_at = model->cycle;
    }
    for (unsigned n = 0; n < BELL_MODEL_LOGS; n++)
        model->sched.logs[n].config = BELL_FIELD_PUT(BELL_LOG_CONFIG0_INTERRUPT_ENTRY,
                                                     BELL_LOG_CONFIG0_INTERRUPT_ENTRY_RESET);
}

/* Which node a register of a block of one a node is for; false: not of the block. */
static bool is_of(uint64_t addr, uint64_t first, uint32_t *node)
{
    *node = (uint32_t)((addr - first) / sizeof(uint64_t));
    return addr >= first && *node < BELL_MODEL_LOGS;
}

static uint64_t read_run(const struct bell_model *model, uint32_t node)
{
    if (node >= BELL_MODEL_NODES || model->nodes[node].state == BELL_MODEL_IDLE)
        return 0;
    return BELL_FIELD_PUT(BELL_NODE_RUN0_QUEUE, model->nodes[node].queue) |
           BELL_FIELD_PUT(BELL_NODE_RUN0_VALID, 1) |
           BELL_FIELD_PUT(BELL_NODE_RUN0_LEVEL, model->sched.slices[node].level);
}

bool bell_model_sched_read(const struct bell_model *model, uint64_t addr, uint64_t *data)
{
    uint32_t node;

    if (addr == BELL_BANDS_OFFSET)
        *data = model->sched.bands;
    else if (addr == BELL_TIME_OFFSET)
        *data = bell_model_time(model);
    else if (is_of(addr, BELL_NODE_RUN0_OFFSET, &node))
        *data = read_run(model, node);
    else if (is_of(addr, BELL_LOG_BASE0_OFFSET, &node))
        *data = model->sched.logs[node].base;
    else if (is_of(addr, BELL_LOG_CONFIG0_OFFSET, &node))
        *data = model->sched.logs[node].config;
    else if (is_of(addr, BELL_LOG_INDEX0_OFFSET, &node))
        *data = model->sched.logs[node].index;
    else
        return false;
    return true;
}

static void write_bands(struct bell_model *model, uint64_t data)
{
    for (unsigned n = 0; n < BELL_MODEL_NODES; n++)
        bell_model_slice_look(model, n);
    model->sched.bands = data & BANDS_MASK;
    for (unsigned n = 0; n < BELL_MODEL_NODES; n++)
        bell_model_slice_look(model, n);
}

static void write_base(struct bell_model *model, uint32_t node, uint64_t data)
{
    struct bell_model_sched_log *log = &model->sched.logs[node];

    log->set_at = model->cycle;
    log->base = data & (BELL_LOG_BASE0_ADDR_MASK | BELL_LOG_BASE0_ENABLE_MASK);
    log->lost = false;
}

bool bell_model_sched_write(struct bell_model *model, uint64_t addr, uint64_t data)
{
    uint32_t node;

    if (addr == BELL_BANDS_OFFSET)
        write_bands(model, data);
    else if (addr == BELL_TIME_OFFSET)
        model->time_zero = model->cycle - data;
    else if (addr == BELL_FENCE_WAKE_OFFSET)
        bell_model_sched_raise(model, data & BELL_FENCE_WAKE_ALL_MASK
                                          ? UINT64_MAX
                                          : UINT64_C(1) << BELL_FIELD_GET(data, BELL_FENCE_WAKE_KEY));
    else if (is_of(addr, BELL_LOG_BASE0_OFFSET, &node))
        write_base(model, node, data);
    else if (is_of(addr, BELL_LOG_CONFIG0_OFFSET, &node))
        model->sched.logs[node].config =
            data & (BELL_LOG_CONFIG0_ENTRIES_MASK | BELL_LOG_CONFIG0_INTERRUPT_ENTRY_MASK);
    else if (is_of(addr, BELL_LOG_INDEX0_OFFSET, &node))
        model->sched.logs[node].index = data;
    else
        return false;
    return true;
}
