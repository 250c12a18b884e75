// SPDX-License-Identifier: MIT
// mmio, second half: what each register of BAR0 answers and does. Layout: rtl/regs/bell.rdl.

#include "bell_model.h"

#define ALL_STROBES 0xffu
#define SLOTS_FIRST BELL_SLOT_OWNER_OFFSET(0)
#define SLOTS_END (SLOTS_FIRST + BELL_SLOT_MAX * BELL_SLOT_STRIDE)
#define QUEUES_FIRST BELL_QUEUE_BASE_OFFSET(0)
#define QUEUES_END (QUEUES_FIRST + BELL_QUEUE_MAX * BELL_QUEUE_STRIDE)
#define TOKENS_FIRST BELL_TOKEN_LISTEN_OFFSET(0)
#define TOKENS_END (TOKENS_FIRST + BELL_TOKEN_MAX * BELL_TOKEN_STRIDE)
#define OWNER_MASK \
    (BELL_SLOT_OWNER_QUEUE_MASK | BELL_SLOT_OWNER_VALID_MASK | BELL_SLOT_OWNER_GENERATION_MASK)
#define CONFIG_MASK                                                         \
    (BELL_QUEUE_CONFIG_LOG2_ENTRIES_MASK | BELL_QUEUE_CONFIG_KERNEL_RING_MASK | \
     BELL_QUEUE_CONFIG_NODE_MASK | BELL_QUEUE_CONFIG_PASID_MASK)

#define FENCE_LOG_MASK (BELL_QUEUE_WAIT_LOG_ADDR_MASK | BELL_QUEUE_WAIT_LOG_ENABLE_MASK)

static uint64_t read_id(void)
{
    return BELL_FIELD_PUT(BELL_ID_MAGIC, BELL_ID_MAGIC_RESET) |
           BELL_FIELD_PUT(BELL_ID_MAJOR, BELL_ID_MAJOR_RESET);
}

static uint64_t read_caps(const struct bell_model *model)
{
    return BELL_FIELD_PUT(BELL_CAPS_SLOTS, model->config.slots) |
           BELL_FIELD_PUT(BELL_CAPS_QUEUES, BELL_MODEL_QUEUES) |
           BELL_FIELD_PUT(BELL_CAPS_NODES, BELL_MODEL_NODES) |
           BELL_FIELD_PUT(BELL_CAPS_DOORBELL_BYTES, sizeof(uint64_t)) |
           BELL_FIELD_PUT(BELL_CAPS_LAYOUTS, BELL_CAPS_LAYOUTS_MASK >> BELL_CAPS_LAYOUTS_SHIFT) |
           BELL_FIELD_PUT(BELL_CAPS_SECONDARY, 1);
}

static uint64_t read_status(const struct bell_model *model)
{
    uint64_t busy = 0;

    for (unsigned n = 0; n < BELL_MODEL_NODES; n++)
        if (model->nodes[n].state != BELL_MODEL_IDLE)
            busy |= UINT64_C(1) << n;
    return BELL_FIELD_PUT(BELL_STATUS_IDLE, !busy && !model->doorbell.pipe_count) |
           BELL_FIELD_PUT(BELL_STATUS_NODE_BUSY, busy) |
           BELL_FIELD_PUT(BELL_STATUS_LOG_BUSY, bell_model_log_busy(model));
}

/* Index of the watch whose limit is at `addr`, idle detectors first; false: another register. */
static bool is_limit(uint64_t addr, uint32_t *index)
{
    const uint64_t hung = addr - BELL_HUNG_LIMIT0_OFFSET;

    *index = (uint32_t)((addr - BELL_IDLE_LIMIT0_OFFSET) / sizeof(uint64_t));
    if (addr < BELL_IDLE_LIMIT0_OFFSET || addr > BELL_HUNG_LIMIT3_OFFSET)
        return false;
    if (addr >= BELL_HUNG_LIMIT0_OFFSET)
        *index = BELL_MODEL_LIMITS + (uint32_t)(hung / sizeof(uint64_t));
    return true;
}

static uint64_t read_limit(const struct bell_model *model, uint32_t index)
{
    return model->limits[index];
}

static void write_limit(struct bell_model *model, uint32_t index, uint64_t data)
{
    const uint32_t node = index % BELL_MODEL_LIMITS;
    const bool hung = index >= BELL_MODEL_LIMITS;

    model->limits[index] = data & (BELL_HUNG_LIMIT0_CLOCKS_MASK |
                                   (hung ? BELL_HUNG_LIMIT0_LONG_WORK_MASK : 0));
    if (node >= BELL_MODEL_NODES)
        return;
    if (hung)
        model->watch.long_work[node] = (data & BELL_HUNG_LIMIT0_LONG_WORK_MASK) != 0;
    bell_model_watch_limit(model, node + (hung ? BELL_MODEL_NODES : 0), (uint32_t)data);
}

static uint64_t read_doorbells(const struct bell_model *model)
{
    return BELL_FIELD_PUT(BELL_DOORBELLS_LAYOUT, model->doorbell.layout) |
           BELL_FIELD_PUT(BELL_DOORBELLS_IN_FORCE, bell_model_layout(model));
}

static enum bell_resp read_global(const struct bell_model *model, uint64_t addr, uint64_t *data)
{
    const struct bell_model_ledger *ledger = &model->doorbell.ledger;
    uint32_t limit;

    if (bell_model_sched_read(model, addr, data))
        return BELL_RESP_OKAY;
    if (is_limit(addr, &limit)) {
        *data = read_limit(model, limit);
        return BELL_RESP_OKAY;
    }
    switch (addr) {
    case BELL_ID_OFFSET: *data = read_id(); break;
    case BELL_CAPS_OFFSET: *data = read_caps(model); break;
    case BELL_CTRL_OFFSET: *data = model->mmio.ctrl; break;
    case BELL_STATUS_OFFSET: *data = read_status(model); break;
    case BELL_IRQ_CTRL_OFFSET: *data = model->irq.enable; break;
    case BELL_IRQ_LEVEL_OFFSET: *data = model->irq.count; break;
    case BELL_EVENT0_OFFSET: *data = bell_model_irq_word0(model); break;
    case BELL_EVENT1_OFFSET: *data = bell_model_irq_word1(model); break;
    case BELL_DOORBELLS_OFFSET: *data = read_doorbells(model); break;
    case BELL_LEDGER_ACCEPTED_OFFSET: *data = ledger->accepted; break;
    case BELL_LEDGER_SAMPLED_OFFSET: *data = ledger->sampled; break;
    case BELL_LEDGER_COALESCED_OFFSET: *data = ledger->coalesced; break;
    case BELL_LEDGER_UNOWNED_OFFSET: *data = ledger->unowned; break;
    case BELL_LEDGER_REJECTED_OFFSET: *data = ledger->rejected; break;
    case BELL_LEDGER_OWED_OFFSET: *data = ledger->owed + model->doorbell.pipe_count; break;
    case BELL_REPORT_ARM_OFFSET: *data = model->report.arm; break;
    case BELL_ACCESSES_REFUSED_OFFSET: *data = model->report.refused; break;
    case BELL_SATURATED_OFFSET: *data = 0; break; /* No run counts to 2^64. */
    case BELL_LAST_REJECT_OFFSET: *data = model->doorbell.last_reject; break;
    default: return BELL_RESP_SLVERR;
    }
    return BELL_RESP_OKAY;
}

static enum bell_resp write_global(struct bell_model *model, uint64_t addr, uint64_t data)
{
    uint64_t before;
    uint32_t limit;

    if (bell_model_sched_write(model, addr, data))
        return BELL_RESP_OKAY;
    if (is_limit(addr, &limit)) {
        write_limit(model, limit, data);
        return BELL_RESP_OKAY;
    }
    switch (addr) {
    case BELL_CTRL_OFFSET:
        before = model->mmio.ctrl;
        model->mmio.ctrl = data & (BELL_CTRL_ENABLE_MASK | BELL_CTRL_GATED_MASK);
        bell_model_watch_gates(model, before);
        for (unsigned n = 0; n < BELL_MODEL_NODES; n++)
            bell_model_slice_look(model, n);
        bell_model_sched_wake(model);
        break;
    case BELL_IRQ_CTRL_OFFSET:
        model->irq.enable = BELL_FIELD_GET(data, BELL_IRQ_CTRL_ENABLE) != 0;
        break;
    case BELL_EVENT_POP_OFFSET:
        if (data & BELL_EVENT_POP_POP_MASK)
            bell_model_irq_pop(model);
        break;
    case BELL_DOORBELLS_OFFSET:
        model->doorbell.layout = (uint32_t)BELL_FIELD_GET(data, BELL_DOORBELLS_LAYOUT);
        break;
    case BELL_REPORT_ARM_OFFSET: bell_model_report_arm(model, data); break;
    case BELL_NODE_ABORT_OFFSET:
        for (unsigned n = 0; n < BELL_MODEL_NODES; n++)
            if (data & (BELL_NODE_ABORT_NODE0_MASK << n))
                bell_model_node_abort(model, &model->nodes[n]);
        break;
    default:
        return BELL_RESP_SLVERR;
    }
    return BELL_RESP_OKAY;
}

static enum bell_resp read_slot(const struct bell_model *model, uint32_t offset, uint64_t *data)
{
    const uint32_t slot = offset / BELL_SLOT_STRIDE;

    if (slot >= model->config.slots)
        return BELL_RESP_SLVERR;
    if (offset == BELL_SLOT_OWNER_OFFSET(slot) - SLOTS_FIRST)
        *data = model->doorbell.owner[slot];
    else
        *data = model->doorbell.in_flight[slot];
    return BELL_RESP_OKAY;
}

static enum bell_resp write_slot(struct bell_model *model, uint32_t offset, uint64_t data)
{
    const uint32_t slot = offset / BELL_SLOT_STRIDE;

    if (slot >= model->config.slots || offset != BELL_SLOT_OWNER_OFFSET(slot) - SLOTS_FIRST)
        return BELL_RESP_SLVERR;
    model->doorbell.owner[slot] = data & OWNER_MASK;
    return BELL_RESP_OKAY;
}

static enum bell_resp read_token(const struct bell_model *model, uint32_t offset, uint64_t *data)
{
    const uint32_t queue = offset / BELL_TOKEN_STRIDE;

    if (queue >= BELL_MODEL_QUEUES)
        return BELL_RESP_SLVERR;
    *data = model->doorbell.listen[queue];
    return BELL_RESP_OKAY;
}

/* The page of a queue that does not listen reads as 0. */
static enum bell_resp write_token(struct bell_model *model, uint32_t offset, uint64_t data)
{
    const uint32_t queue = offset / BELL_TOKEN_STRIDE;
    const bool valid = (data & BELL_TOKEN_LISTEN_VALID_MASK) != 0;

    if (queue >= BELL_MODEL_QUEUES)
        return BELL_RESP_SLVERR;
    model->doorbell.listen[queue] =
        valid ? data & (BELL_TOKEN_LISTEN_VALID_MASK | BELL_TOKEN_LISTEN_PAGE_MASK) : 0;
    return BELL_RESP_OKAY;
}

static enum bell_resp read_queue(const struct bell_model *model, uint32_t offset, uint64_t *data)
{
    const uint32_t index = offset / BELL_QUEUE_STRIDE;
    const struct bell_model_queue *queue;

    if (index >= BELL_MODEL_QUEUES)
        return BELL_RESP_SLVERR;
    queue = &model->sched.queues[index];
    switch (offset % BELL_QUEUE_STRIDE + QUEUES_FIRST) {
    case BELL_QUEUE_BASE_OFFSET(0): *data = queue->base; break;
    case BELL_QUEUE_CONTROL_OFFSET(0): *data = queue->control; break;
    case BELL_QUEUE_CONFIG_OFFSET(0): *data = queue->config; break;
    case BELL_QUEUE_RPTR_OFFSET(0): *data = queue->rptr; break;
    case BELL_QUEUE_STATE_OFFSET(0): *data = bell_model_sched_state(model, index); break;
    case BELL_QUEUE_SCHED_OFFSET(0): *data = queue->sched; break;
    case BELL_QUEUE_QUANTUM_OFFSET(0): *data = queue->quantum; break;
    case BELL_QUEUE_GRACE_OFFSET(0): *data = queue->grace; break;
    case BELL_QUEUE_RESUME0_OFFSET(0): *data = queue->resume.offset; break;
    case BELL_QUEUE_RESUME1_OFFSET(0): *data = queue->resume.done; break;
    case BELL_QUEUE_HANDLE_OFFSET(0): *data = queue->handle; break;
    case BELL_QUEUE_WAIT_LOG_OFFSET(0): *data = queue->logs[0]; break;
    case BELL_QUEUE_SIGNAL_LOG_OFFSET(0): *data = queue->logs[1]; break;
    case BELL_QUEUE_WAIT_LOG_INDEX_OFFSET(0): *data = queue->log_indices[0]; break;
    case BELL_QUEUE_SIGNAL_LOG_INDEX_OFFSET(0): *data = queue->log_indices[1]; break;
    default: return BELL_RESP_SLVERR;
    }
    return BELL_RESP_OKAY;
}

/* A context is frozen while its queue is open. */
static void write_context(const struct bell_model_queue *queue, uint64_t *word, uint64_t data)
{
    if (!queue->open)
        *word = data;
}

/* These may change at any time. */
static enum bell_resp write_tuning(struct bell_model_queue *queue, uint32_t offset, uint64_t data)
{
    switch (offset) {
    case BELL_QUEUE_QUANTUM_OFFSET(0): queue->quantum = data & BELL_QUEUE_QUANTUM_CLOCKS_MASK; break;
    case BELL_QUEUE_GRACE_OFFSET(0): queue->grace = data; break;
    case BELL_QUEUE_HANDLE_OFFSET(0): queue->handle = data; break;
    case BELL_QUEUE_WAIT_LOG_OFFSET(0): queue->logs[0] = data & FENCE_LOG_MASK; break;
    case BELL_QUEUE_SIGNAL_LOG_OFFSET(0): queue->logs[1] = data & FENCE_LOG_MASK; break;
    case BELL_QUEUE_WAIT_LOG_INDEX_OFFSET(0): queue->log_indices[0] = data; break;
    case BELL_QUEUE_SIGNAL_LOG_INDEX_OFFSET(0): queue->log_indices[1] = data; break;
    default: return BELL_RESP_SLVERR;
    }
    return BELL_RESP_OKAY;
}

static enum bell_resp write_queue(struct bell_model *model, uint32_t offset, uint64_t data)
{
    const uint32_t index = offset / BELL_QUEUE_STRIDE;
    struct bell_model_queue *queue;

    if (index >= BELL_MODEL_QUEUES)
        return BELL_RESP_SLVERR;
    queue = &model->sched.queues[index];
    switch (offset % BELL_QUEUE_STRIDE + QUEUES_FIRST) {
    case BELL_QUEUE_BASE_OFFSET(0):
        write_context(queue, &queue->base, data & BELL_QUEUE_BASE_ADDR_MASK);
        break;
    case BELL_QUEUE_CONTROL_OFFSET(0):
        write_context(queue, &queue->control, data & BELL_QUEUE_CONTROL_ADDR_MASK);
        break;
    case BELL_QUEUE_CONFIG_OFFSET(0):
        write_context(queue, &queue->config, data & CONFIG_MASK);
        break;
    case BELL_QUEUE_RPTR_OFFSET(0): write_context(queue, &queue->rptr, data); break;
    case BELL_QUEUE_RESUME0_OFFSET(0):
        if (!queue->open)
            queue->resume.offset = (uint32_t)data;
        break;
    case BELL_QUEUE_RESUME1_OFFSET(0): write_context(queue, &queue->resume.done, data); break;
    case BELL_QUEUE_CMD_OFFSET(0): bell_model_sched_command(model, index, data); break;
    case BELL_QUEUE_SCHED_OFFSET(0): bell_model_sched_place(model, index, data); break;
    default: return write_tuning(queue, offset % BELL_QUEUE_STRIDE + QUEUES_FIRST, data);
    }
    return BELL_RESP_OKAY;
}

enum bell_resp bell_model_regs_read(struct bell_model *model, uint64_t addr, uint64_t *data)
{
    if (addr % sizeof(uint64_t))
        return BELL_RESP_SLVERR;
    if (addr >= SLOTS_FIRST && addr < SLOTS_END)
        return read_slot(model, (uint32_t)(addr - SLOTS_FIRST), data);
    if (addr >= QUEUES_FIRST && addr < QUEUES_END)
        return read_queue(model, (uint32_t)(addr - QUEUES_FIRST), data);
    if (addr >= TOKENS_FIRST && addr < TOKENS_END)
        return read_token(model, (uint32_t)(addr - TOKENS_FIRST), data);
    return read_global(model, addr, data);
}

enum bell_resp bell_model_regs_write(struct bell_model *model, uint64_t addr, uint64_t data,
                                     uint8_t strobes)
{
    if (addr % sizeof(uint64_t) || strobes != ALL_STROBES)
        return BELL_RESP_SLVERR;
    if (addr >= SLOTS_FIRST && addr < SLOTS_END)
        return write_slot(model, (uint32_t)(addr - SLOTS_FIRST), data);
    if (addr >= QUEUES_FIRST && addr < QUEUES_END)
        return write_queue(model, (uint32_t)(addr - QUEUES_FIRST), data);
    if (addr >= TOKENS_FIRST && addr < TOKENS_END)
        return write_token(model, (uint32_t)(addr - TOKENS_FIRST), data);
    return write_global(model, addr, data);
}
