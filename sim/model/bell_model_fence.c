// SPDX-License-Identifier: MIT
// fence: SIGNAL and WAIT packets, and the logs of both.
//
//   SIGNAL -> SIGNALED -> FENCE_LOG -> LOG_INDEX -> LOGGED -> MONITORED -> NOTIFY
//   WAIT -> WAITED -> FENCE_LOG -> LOG_INDEX -> LOGGED, or the end of the turn when the value is not
//   reached
//
// Each state is entered when the write before it is answered. Once begun a fence is finished, also
// when the node is aborted meanwhile; a signal whose log is refused is told before the fault.

#include "bell_model.h"

#include <string.h>

#define HEADER_BYTES 40u
#define ENTRIES 84u

/* DXGK_NATIVE_FENCE_LOG_ENTRY. */
struct log_entry {
    uint64_t value;
    uint32_t fence;
    uint32_t operation; /**< 0 a signal, 1 a wait. */
    uint64_t reserved0;
    uint64_t seen;
    uint64_t reserved1;
    uint64_t ended;
};

static bool is_signal(const struct bell_model_node *node)
{
    return BELL_FIELD_GET(node->fence.head, BELL_PACKET_HEAD_OPCODE) == BELL_OP_SIGNAL;
}

static uint8_t key_of(const struct bell_model_node *node)
{
    return (uint8_t)(node->fence.arg1 >> 6 & 63);
}

void bell_model_fence_start(struct bell_model *model, struct bell_model_node *node,
                            const struct bell_packet *packet)
{
    node->fence = *packet;
    bell_model_node_drain(model, node, is_signal(node) ? BELL_MODEL_SIGNAL : BELL_MODEL_WAIT);
}

static void read_value(struct bell_model *model, struct bell_model_node *node, uint64_t addr,
                       enum bell_model_state state)
{
    node->state = state;
    bell_model_dma_read(model, node, BELL_READS_COPY, node->pasid, addr, sizeof(uint64_t));
}

static void write_words(struct bell_model *model, struct bell_model_node *node, uint32_t pasid,
                        uint64_t addr, const void *data, uint32_t size,
                        enum bell_model_state state)
{
    bell_model_dma_write(model, node, BELL_WRITES_FENCE, pasid, addr, data, size);
    bell_model_node_drain(model, node, state);
}

/* ------------------------------------------------------------------ wait */

static void wait(struct bell_model *model, struct bell_model_node *node)
{
    const uint64_t seen = node->resume.done;

    if (bell_model_engine_stops(model, node)) {
        node->resume.done = seen;
        return;
    }
    node->known = seen != 0;
    node->seen = seen ? seen : bell_model_time(model);
    read_value(model, node, node->fence.arg1, BELL_MODEL_WAITED);
}

static void waited(struct bell_model *model, struct bell_model_node *node)
{
    uint64_t value;

    if (node->read_resp != BELL_RESP_OKAY) {
        bell_model_node_refused(model, node, node->read_resp, node->read_addr);
        return;
    }
    memcpy(&value, node->read_data, sizeof value);
    node->ended = bell_model_time(model);
    if (value >= node->fence.arg2) {
        bell_model_node_goto(model, node, BELL_MODEL_FENCE_LOG, 1);
        return;
    }
    if (node->abort) {
        bell_model_node_fault(model, node, BELL_CAUSE_ABORTED, node->rptr);
        return;
    }
    node->waits = true;
    node->key = key_of(node);
    bell_model_engine_stop(model, node, true, node->seen);
}

/* ------------------------------------------------------------------ signal */

static void signal(struct bell_model *model, struct bell_model_node *node)
{
    if (bell_model_engine_stops(model, node))
        return;
    node->known = false;
    node->seen = bell_model_time(model);
    write_words(model, node, node->pasid, node->fence.arg1, &node->fence.arg2,
                sizeof node->fence.arg2, BELL_MODEL_SIGNALED);
}

static void signaled(struct bell_model *model, struct bell_model_node *node)
{
    node->ended = bell_model_time(model);
    if (!model->oracle) /* Who steps the model says when. */
        bell_model_sched_raise(model, UINT64_C(1) << key_of(node));
    bell_model_node_goto(model, node, BELL_MODEL_FENCE_LOG, 1);
}

static void compare(struct bell_model *model, struct bell_model_node *node)
{
    if (node->fence.arg3)
        read_value(model, node, node->fence.arg3, BELL_MODEL_MONITORED);
    else
        bell_model_node_goto(model, node, BELL_MODEL_NOTIFY, 1);
}

/* A refused log is told first, as it came first. */
static void signal_ends(struct bell_model *model, struct bell_model_node *node)
{
    if (node->write_resp != BELL_RESP_OKAY)
        bell_model_node_drain(model, node, BELL_MODEL_PACKET);
    else if (node->fence.arg3 && node->read_resp != BELL_RESP_OKAY)
        bell_model_node_refused(model, node, node->read_resp, node->read_addr);
    else
        bell_model_engine_next(model, node);
}

/* What cannot be read may be below: rather an event too many. */
static void monitored(struct bell_model *model, struct bell_model_node *node)
{
    uint64_t value = 0;

    if (node->read_resp == BELL_RESP_OKAY)
        memcpy(&value, node->read_data, sizeof value);
    if (node->read_resp != BELL_RESP_OKAY || node->fence.arg2 > value)
        bell_model_node_goto(model, node, BELL_MODEL_NOTIFY, 1);
    else
        signal_ends(model, node);
}

static void notify(struct bell_model *model, struct bell_model_node *node)
{
    if (bell_model_irq_post(model, node, BELL_CAUSE_FENCE_SIGNALED, node->fence.arg1))
        signal_ends(model, node);
}

/* ------------------------------------------------------------------ log */

static void logged(struct bell_model *model, struct bell_model_node *node)
{
    if (is_signal(node))
        compare(model, node);
    else
        bell_model_engine_next(model, node);
}

static void write_entry(struct bell_model *model, struct bell_model_node *node)
{
    const struct log_entry entry = {
        .value = node->fence.arg2,
        .fence = (uint32_t)BELL_FIELD_GET(node->fence.head, BELL_PACKET_HEAD_FENCE),
        .operation = !is_signal(node),
        .seen = node->seen,
        .ended = node->ended,
    };
    struct bell_model_fence_log *log = &node->log;

    if (!bell_model_sched_fence_log(model, node->queue, is_signal(node), log)) {
        logged(model, node);
        return;
    }
    if (log->index >= ENTRIES)
        log->index = ENTRIES - 1;
    write_words(model, node, 0, log->addr + HEADER_BYTES + log->index * sizeof entry, &entry,
                sizeof entry, BELL_MODEL_LOG_INDEX);
}

static void write_index(struct bell_model *model, struct bell_model_node *node)
{
    const struct bell_model_fence_log *log = &node->log;
    const bool wraps = log->index == ENTRIES - 1;
    const uint32_t words[2] = {wraps ? 0 : log->index + 1, log->wraps + wraps};

    if (node->write_resp != BELL_RESP_OKAY) {
        logged(model, node);
        return;
    }
    write_words(model, node, 0, log->addr, words, sizeof words, BELL_MODEL_LOGGED);
}

bool bell_model_fence_goes_on(const struct bell_model_node *node)
{
    return (node->state == BELL_MODEL_LOG_INDEX || node->state == BELL_MODEL_LOGGED) &&
           is_signal(node);
}

bool bell_model_fence_run(struct bell_model *model, struct bell_model_node *node)
{
    switch (node->state) {
    case BELL_MODEL_WAIT: wait(model, node); break;
    case BELL_MODEL_WAITED: waited(model, node); break;
    case BELL_MODEL_SIGNAL: signal(model, node); break;
    case BELL_MODEL_SIGNALED: signaled(model, node); break;
    case BELL_MODEL_MONITORED: monitored(model, node); break;
    case BELL_MODEL_NOTIFY: notify(model, node); break;
    case BELL_MODEL_FENCE_LOG: write_entry(model, node); break;
    case BELL_MODEL_LOG_INDEX: write_index(model, node); break;
    case BELL_MODEL_LOGGED: logged(model, node); break;
    default: return false;
    }
    return true;
}
