// SPDX-License-Identifier: MIT
// engine: executes the packets of one command buffer. FENCE, IRQ and the end of the buffer wait
// until every earlier write is answered (the RTL's fence stage). A preemption stops it between
// packets, inside WORK, and between the bursts of FILL and COPY.

#include "bell_model.h"

#include <string.h>

/* An address or a byte count: whole words, within the address space. */
static bool is_words(uint64_t value)
{
    return value % sizeof(uint64_t) == 0 && value <= BELL_MODEL_ADDR_MASK;
}

void bell_model_engine_next(struct bell_model *model, struct bell_model_node *node)
{
    node->resume.done = 0;
    bell_model_watch_progress(model, bell_model_node_index(model, node), false);
    bell_model_node_goto(model, node, BELL_MODEL_PACKET, BELL_MODEL_PACKET_CLOCKS);
}

/* Abort takes effect between packets and between bursts. */
static bool aborted(struct bell_model *model, struct bell_model_node *node)
{
    if (node->abort)
        bell_model_node_fault(model, node, BELL_CAUSE_ABORTED, node->rptr);
    return node->abort;
}

void bell_model_engine_stop(struct bell_model *model, struct bell_model_node *node, bool inside,
                            uint64_t done)
{
    const uint64_t next = node->packet_addr - (inside ? BELL_PACKET_BYTES : 0);

    node->resume.offset = (uint32_t)(next - node->buffer_addr);
    node->resume.done = done;
    bell_model_node_drain(model, node, BELL_MODEL_TURN_END);
}

bool bell_model_engine_stops(struct bell_model *model, struct bell_model_node *node)
{
    if (aborted(model, node))
        return true;
    if (node->preempt)
        bell_model_engine_stop(model, node, true, 0);
    return node->preempt;
}

static void ask_packets(struct bell_model *model, struct bell_model_node *node)
{
    node->state = BELL_MODEL_PACKETS;
    bell_model_dma_read(
        model, node, BELL_READS_COMMANDS, node->pasid, node->packet_addr,
        bell_model_dma_burst(node->packet_addr, node->packet_end - node->packet_addr));
}

static void take_packets(struct bell_model *model, struct bell_model_node *node)
{
    if (node->read_resp != BELL_RESP_OKAY) {
        bell_model_node_refused(model, node, node->read_resp, node->read_addr);
        return;
    }
    node->cache_addr = node->packet_addr;
    node->cache_bytes = node->read_bytes;
    memcpy(node->cache, node->read_data, node->read_bytes);
    bell_model_node_goto(model, node, BELL_MODEL_PACKET, BELL_MODEL_PACKET_CLOCKS);
}

/* ------------------------------------------------------------------ packets */

static bool is_good(const struct bell_packet *packet)
{
    uint64_t op = packet->head; /* All of it: a reserved bit makes it unknown. */

    switch (BELL_FIELD_GET(op, BELL_PACKET_HEAD_OPCODE)) {
    case BELL_OP_SIGNAL:
    case BELL_OP_WAIT: op &= ~BELL_PACKET_HEAD_FENCE_MASK; break;
    default: break;
    }
    switch (op) {
    case BELL_OP_NOP:
    case BELL_OP_WORK:
    case BELL_OP_IRQ:
    case BELL_OP_FAULT:
    case BELL_OP_HANG:
        return true;
    case BELL_OP_WRITE64:
    case BELL_OP_FENCE:
    case BELL_OP_WAIT:
        return is_words(packet->arg1);
    case BELL_OP_SIGNAL:
        return is_words(packet->arg1) && is_words(packet->arg3);
    case BELL_OP_FILL:
        return is_words(packet->arg1) && is_words(packet->arg2);
    case BELL_OP_COPY:
        return is_words(packet->arg1) && is_words(packet->arg2) &&
               is_words(packet->arg3);
    default:
        return false;
    }
}

static void start_work(struct bell_model *model, struct bell_model_node *node, uint64_t clocks)
{
    node->total = clocks;
    clocks -= node->resume.done < clocks ? node->resume.done : clocks;
    bell_model_watch_progress(model, bell_model_node_index(model, node), true);
    node->state = BELL_MODEL_WORK;
    node->at = clocks < BELL_MODEL_NEVER - model->cycle ? model->cycle + clocks : BELL_MODEL_NEVER;
    if (!clocks)
        node->at = model->cycle + 1;
}

static void start_move(struct bell_model *model, struct bell_model_node *node,
                       const struct bell_packet *packet, enum bell_model_state state)
{
    const uint64_t done = node->resume.done / sizeof(uint64_t) * sizeof(uint64_t);
    const uint64_t skipped = done < packet->arg2 ? done : packet->arg2;

    node->total = packet->arg2;
    node->dst = packet->arg1 + skipped;
    node->bytes = packet->arg2 - skipped;
    if (state == BELL_MODEL_COPY)
        node->src = packet->arg3 + skipped;
    else
        node->value = packet->arg3;
    bell_model_node_goto(model, node, state, 1);
}

static void start_store(struct bell_model *model, struct bell_model_node *node,
                        const struct bell_packet *packet, bool fence)
{
    node->dst = packet->arg1;
    node->value = packet->arg2;
    node->barrier = fence;
    if (fence || node->writes == BELL_MODEL_NODE_WRITES)
        bell_model_node_drain(model, node, BELL_MODEL_STORE);
    else
        bell_model_node_goto(model, node, BELL_MODEL_STORE, 1);
}

static void execute(struct bell_model *model, struct bell_model_node *node,
                    const struct bell_packet *packet, uint64_t addr)
{
    switch (BELL_FIELD_GET(packet->head, BELL_PACKET_HEAD_OPCODE)) {
    case BELL_OP_NOP: bell_model_engine_next(model, node); break;
    case BELL_OP_WORK: start_work(model, node, packet->arg1); break;
    case BELL_OP_FILL: start_move(model, node, packet, BELL_MODEL_FILL); break;
    case BELL_OP_COPY: start_move(model, node, packet, BELL_MODEL_COPY); break;
    case BELL_OP_WRITE64: start_store(model, node, packet, false); break;
    case BELL_OP_FENCE: start_store(model, node, packet, true); break;
    case BELL_OP_SIGNAL:
    case BELL_OP_WAIT: bell_model_fence_start(model, node, packet); break;
    case BELL_OP_IRQ:
        node->value = packet->arg1;
        bell_model_node_drain(model, node, BELL_MODEL_POST_IRQ);
        break;
    case BELL_OP_FAULT:
        bell_model_node_fault(model, node, BELL_CAUSE_DELIBERATE_FAULT, addr);
        break;
    case BELL_OP_HANG:
        node->state = BELL_MODEL_HANG;
        node->at = BELL_MODEL_NEVER;
        break;
    default: break;
    }
}

static void decode(struct bell_model *model, struct bell_model_node *node)
{
    const uint64_t addr = node->packet_addr;
    const uint64_t offset = addr - node->cache_addr;
    struct bell_packet packet;

    if (addr == node->packet_end) {
        bell_model_node_drain(model, node, BELL_MODEL_BUFFER_DONE);
        return;
    }
    if (aborted(model, node))
        return;
    if (node->write_resp != BELL_RESP_OKAY) {
        bell_model_node_drain(model, node, BELL_MODEL_PACKET);
        return;
    }
    if (node->preempt) {
        bell_model_engine_stop(model, node, false, node->resume.done);
        return;
    }
    if (!node->cache_bytes || offset >= node->cache_bytes) {
        ask_packets(model, node);
        return;
    }
    memcpy(&packet, &node->cache[offset], sizeof packet);
    node->packet_addr += BELL_PACKET_BYTES;
    if (!is_good(&packet))
        bell_model_node_fault(model, node, BELL_CAUSE_BAD_PACKET, addr & BELL_MODEL_ADDR_MASK);
    else
        execute(model, node, &packet, addr & BELL_MODEL_ADDR_MASK);
}

/* ------------------------------------------------------------------ fill, copy, store */

/* True when a mover may issue its next burst; otherwise its next step is arranged. */
static bool mover_goes_on(struct bell_model *model, struct bell_model_node *node)
{
    if (aborted(model, node))
        return false;
    if (node->write_resp != BELL_RESP_OKAY) {
        bell_model_node_drain(model, node, BELL_MODEL_PACKET);
        return false;
    }
    if (!node->bytes) {
        bell_model_engine_next(model, node);
        return false;
    }
    if (node->preempt)
        bell_model_engine_stop(model, node, true, node->total - node->bytes);
    return !node->preempt;
}

static void moved(struct bell_model_node *node, uint32_t size)
{
    node->dst += size;
    node->src += size;
    node->bytes -= size;
}

static void fill(struct bell_model *model, struct bell_model_node *node)
{
    uint64_t words[BELL_MODEL_BURST_BYTES / sizeof(uint64_t)];
    uint32_t size;

    if (!mover_goes_on(model, node))
        return;
    if (node->writes == BELL_MODEL_NODE_WRITES) {
        node->at = BELL_MODEL_NEVER;
        return;
    }
    size = bell_model_dma_burst(node->dst, node->bytes);
    for (unsigned i = 0; i < size / sizeof words[0]; i++)
        words[i] = node->value;
    bell_model_dma_write(model, node, BELL_WRITES_DATA, node->pasid, node->dst, words, size);
    moved(node, size);
    bell_model_node_goto(model, node, BELL_MODEL_FILL, size / sizeof(uint64_t));
}

static void copy(struct bell_model *model, struct bell_model_node *node)
{
    if (!mover_goes_on(model, node))
        return;
    node->state = BELL_MODEL_COPIED;
    bell_model_dma_read(
        model, node, BELL_READS_COPY, node->pasid, node->src,
        bell_model_dma_burst(node->src, bell_model_dma_burst(node->dst, node->bytes)));
}

static void copied(struct bell_model *model, struct bell_model_node *node)
{
    if (node->read_resp != BELL_RESP_OKAY) {
        bell_model_node_refused(model, node, node->read_resp, node->read_addr);
        return;
    }
    if (node->writes == BELL_MODEL_NODE_WRITES) {
        node->at = BELL_MODEL_NEVER;
        return;
    }
    bell_model_dma_write(model, node, BELL_WRITES_DATA, node->pasid, node->dst, node->read_data,
                         node->read_bytes);
    moved(node, node->read_bytes);
    bell_model_node_goto(model, node, BELL_MODEL_COPY, 1);
}

static void store(struct bell_model *model, struct bell_model_node *node)
{
    if (bell_model_engine_stops(model, node))
        return;
    bell_model_dma_write(model, node, node->barrier ? BELL_WRITES_FENCE : BELL_WRITES_DATA,
                         node->pasid, node->dst, &node->value, sizeof node->value);
    bell_model_engine_next(model, node);
}

static void post_irq(struct bell_model *model, struct bell_model_node *node)
{
    if (!bell_model_engine_stops(model, node) &&
        bell_model_irq_post(model, node, BELL_CAUSE_USER_IRQ, node->value))
        bell_model_engine_next(model, node);
}

bool bell_model_engine_run(struct bell_model *model, struct bell_model_node *node)
{
    switch (node->state) {
    case BELL_MODEL_PACKET: decode(model, node); break;
    case BELL_MODEL_PACKETS: take_packets(model, node); break;
    case BELL_MODEL_WORK:
    case BELL_MODEL_HANG:
        if (!aborted(model, node))
            bell_model_engine_next(model, node);
        break;
    case BELL_MODEL_FILL: fill(model, node); break;
    case BELL_MODEL_COPY: copy(model, node); break;
    case BELL_MODEL_COPIED: copied(model, node); break;
    case BELL_MODEL_STORE: store(model, node); break;
    case BELL_MODEL_POST_IRQ: post_irq(model, node); break;
    default: return bell_model_fence_run(model, node);
    }
    return true;
}
