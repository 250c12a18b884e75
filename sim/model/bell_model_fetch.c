// SPDX-License-Identifier: MIT
// fetch: one turn of a node on a queue. WPTR, then entry by entry: command buffer, RPTR write-back.
//
//   SAMPLE -> SAMPLED -> ENTRY -> ENTERED -> (engine) -> BUFFER_DONE -> RPTR -> ENTRY or TURN_END
//   any fault or abort -> POST_FAULT -> TURN_END

#include "bell_model.h"

#include <string.h>

uint32_t bell_model_node_index(const struct bell_model *model, const struct bell_model_node *node)
{
    return (uint32_t)(node - model->nodes);
}

static const struct bell_model_queue *queue_of(const struct bell_model *model,
                                               const struct bell_model_node *node)
{
    return &model->sched.queues[node->queue];
}

static uint64_t ring_entries(const struct bell_model_queue *queue)
{
    return UINT64_C(1) << BELL_FIELD_GET(queue->config, BELL_QUEUE_CONFIG_LOG2_ENTRIES);
}

static void observe(struct bell_model *model, const struct bell_model_node *node,
                    enum bell_device_event_kind kind, uint64_t rptr)
{
    bell_model_observe(model, (struct bell_device_event){
                                  .kind = kind,
                                  .queue = node->queue,
                                  .node = bell_model_node_index(model, node),
                                  .rptr = rptr,
                              });
}

/* ------------------------------------------------------------------ steps of a node */

void bell_model_node_goto(struct bell_model *model, struct bell_model_node *node,
                          enum bell_model_state state, uint32_t clocks)
{
    node->state = state;
    node->at = model->cycle + clocks;
}

void bell_model_node_drain(struct bell_model *model, struct bell_model_node *node,
                           enum bell_model_state state)
{
    node->state = state;
    node->draining = true;
    node->at = node->writes ? BELL_MODEL_NEVER : model->cycle + 1;
}

void bell_model_node_fault(struct bell_model *model, struct bell_model_node *node,
                           enum bell_cause cause, uint64_t data)
{
    node->cause = (uint8_t)cause;
    node->cause_data = data;
    bell_model_node_drain(model, node, BELL_MODEL_POST_FAULT);
}

void bell_model_node_refused(struct bell_model *model, struct bell_model_node *node,
                             enum bell_resp resp, uint64_t addr)
{
    bell_model_node_fault(
        model, node, resp == BELL_RESP_DECERR ? BELL_CAUSE_PAGE_FAULT : BELL_CAUSE_BUS_ERROR, addr);
}

static void write_answer(struct bell_model *model, struct bell_model_node *node,
                         const struct bell_model_dma_access *access)
{
    node->writes--;
    if (access->resp != BELL_RESP_OKAY && node->write_resp == BELL_RESP_OKAY) {
        node->write_resp = access->resp;
        node->write_addr = access->addr;
    }
    if (node->reading || node->at != BELL_MODEL_NEVER)
        return;
    /* The node waits for this answer: to be drained, or for room to issue the next burst. */
    if (node->draining ? !node->writes
                       : node->state == BELL_MODEL_FILL || node->state == BELL_MODEL_COPIED)
        node->at = model->cycle + 1;
}

void bell_model_node_answer(struct bell_model *model, struct bell_model_node *node,
                            const struct bell_model_dma_access *access)
{
    if (access->write) {
        write_answer(model, node, access);
        return;
    }
    node->reading = false;
    node->read_resp = access->resp;
    node->read_addr = access->addr;
    node->read_bytes = access->size;
    memcpy(node->read_data, access->data, access->size);
    node->at = model->cycle + 1;
}

void bell_model_node_abort(struct bell_model *model, struct bell_model_node *node)
{
    if (node->state == BELL_MODEL_IDLE)
        return;
    node->abort = true;
    if (model->oracle)
        return;
    if (node->state == BELL_MODEL_WORK || node->state == BELL_MODEL_HANG)
        bell_model_node_goto(model, node, BELL_MODEL_HANG, 1);
}

/* WORK stops at once; the other states look when they come to a point where they can. */
void bell_model_node_preempt(struct bell_model *model, struct bell_model_node *node)
{
    if (node->state == BELL_MODEL_IDLE || node->preempt)
        return;
    node->preempt = true;
    if (node->state == BELL_MODEL_WORK && !node->abort) {
        bell_model_engine_stop(model, node, true, node->total - (node->at - model->cycle));
    } else if (node->state == BELL_MODEL_POST_IRQ && node->blocked) {
        node->blocked = false;
        node->at = model->cycle + 1;
    }
}

/* ------------------------------------------------------------------ turn */

void bell_model_node_start(struct bell_model *model, struct bell_model_node *node, uint32_t index)
{
    const struct bell_model_queue *queue = &model->sched.queues[index];

    memset(node, 0, sizeof *node);
    node->queue = index;
    node->rptr = queue->rptr;
    node->wptr = queue->rptr;
    node->resume = queue->resume;
    node->pasid = (uint32_t)BELL_FIELD_GET(queue->config, BELL_QUEUE_CONFIG_PASID);
    if (!BELL_FIELD_GET(queue->config, BELL_QUEUE_CONFIG_KERNEL_RING))
        node->ring_pasid = node->pasid;
    bell_model_watch_turn(model, bell_model_node_index(model, node));
    bell_model_node_goto(model, node, BELL_MODEL_SAMPLE, BELL_MODEL_TURN_CLOCKS);
}

static void sample(struct bell_model *model, struct bell_model_node *node)
{
    observe(model, node, BELL_DEV_SAMPLE, 0);
    node->state = BELL_MODEL_SAMPLED;
    bell_model_dma_read(model, node, BELL_READS_RING, node->ring_pasid,
                        queue_of(model, node)->control + BELL_CONTROL_WPTR_OFFSET,
                        sizeof node->wptr);
}

static bool ends_here(const struct bell_model *model, const struct bell_model_node *node)
{
    if (model->oracle)
        return model->oracle->ends(model->oracle->ctx, bell_model_node_index(model, node));
    return !queue_of(model, node)->listed ||
           bell_model_slice_yields(model, bell_model_node_index(model, node)) ||
           (node->buffers >= BELL_MODEL_TURN_BUFFERS &&
            bell_model_sched_others(model, bell_model_node_index(model, node)));
}

/* Another entry, or the end of the turn: none left, enough for now, or off the run list. */
static void next_entry(struct bell_model *model, struct bell_model_node *node)
{
    const bool more = node->rptr != node->wptr && node->buffers < BELL_MODEL_MAX_BUFFERS;
    const bool go_on = more && !node->preempt && !ends_here(model, node);

    bell_model_node_goto(model, node, go_on ? BELL_MODEL_ENTRY : BELL_MODEL_TURN_END, 1);
}

/* Between buffers, where an abort ends the turn. */
static void go_on(struct bell_model *model, struct bell_model_node *node)
{
    if (node->abort)
        bell_model_node_fault(model, node, BELL_CAUSE_ABORTED, node->rptr);
    else
        next_entry(model, node);
}

/* The sample counts also when the turn is aborted. */
static void sampled(struct bell_model *model, struct bell_model_node *node)
{
    uint64_t wptr;

    if (node->read_resp != BELL_RESP_OKAY) {
        bell_model_node_refused(model, node, node->read_resp, node->read_addr);
        return;
    }
    memcpy(&wptr, node->read_data, sizeof wptr);
    if (wptr - node->rptr > ring_entries(queue_of(model, node))) {
        bell_model_node_fault(model, node, BELL_CAUSE_PTR_BOUNDS, wptr);
        return;
    }
    node->wptr = wptr;
    go_on(model, node);
}

static void ask_entry(struct bell_model *model, struct bell_model_node *node)
{
    node->state = BELL_MODEL_ENTERED;
    bell_model_dma_read(model, node, BELL_READS_RING, node->ring_pasid,
                        bell_model_entry_addr(queue_of(model, node), node->rptr),
                        BELL_ENTRY_BYTES);
}

uint64_t bell_model_entry_addr(const struct bell_model_queue *queue, uint64_t rptr)
{
    return queue->base + (rptr & (ring_entries(queue) - 1)) * BELL_ENTRY_BYTES;
}

bool bell_model_entry_is_good(const struct bell_ring_entry *entry, uint64_t rptr,
                              uint32_t offset)
{
    const uint64_t length = BELL_FIELD_GET(entry->word1, BELL_ENTRY_WORD1_LENGTH);

    return BELL_FIELD_GET(entry->word0, BELL_ENTRY_WORD0_TAG) == (rptr & 0xffff) &&
           BELL_FIELD_GET(entry->word0, BELL_ENTRY_WORD0_ADDR) % BELL_PACKET_BYTES == 0 &&
           length != 0 && length % BELL_PACKET_BYTES == 0 &&
           offset < length && offset % BELL_PACKET_BYTES == 0 &&
           !(entry->word1 & BELL_ENTRY_WORD1_FLAGS_MASK);
}

static void entered(struct bell_model *model, struct bell_model_node *node)
{
    struct bell_ring_entry entry;

    if (node->abort) {
        bell_model_node_fault(model, node, BELL_CAUSE_ABORTED, node->rptr);
        return;
    }
    if (node->read_resp != BELL_RESP_OKAY) {
        bell_model_node_refused(model, node, node->read_resp, node->read_addr);
        return;
    }
    memcpy(&entry, node->read_data, sizeof entry);
    if (!bell_model_entry_is_good(&entry, node->rptr, node->resume.offset)) {
        bell_model_node_fault(model, node, BELL_CAUSE_BAD_ENTRY, node->rptr);
        return;
    }
    node->buffer_addr = BELL_FIELD_GET(entry.word0, BELL_ENTRY_WORD0_ADDR);
    node->packet_addr = node->buffer_addr + node->resume.offset;
    node->packet_end = node->buffer_addr + BELL_FIELD_GET(entry.word1, BELL_ENTRY_WORD1_LENGTH);
    node->cache_bytes = 0;
    observe(model, node, BELL_DEV_START, node->rptr);
    bell_model_watch_progress(model, bell_model_node_index(model, node), false);
    bell_model_node_goto(model, node, BELL_MODEL_PACKET, 1);
}

static void buffer_done(struct bell_model *model, struct bell_model_node *node)
{
    node->rptr++;
    node->resume = (struct bell_model_resume){0};
    node->buffers++;
    observe(model, node, BELL_DEV_DONE, node->rptr);
    bell_model_dma_write(model, node, BELL_WRITES_RPTR, node->ring_pasid,
                         queue_of(model, node)->control + BELL_CONTROL_RPTR_OFFSET, &node->rptr,
                         sizeof node->rptr);
    bell_model_node_drain(model, node, BELL_MODEL_RPTR);
}

static void post_fault(struct bell_model *model, struct bell_model_node *node)
{
    if (bell_model_irq_post(model, node, (enum bell_cause)node->cause, node->cause_data))
        bell_model_node_goto(model, node, BELL_MODEL_TURN_END, BELL_MODEL_TURN_CLOCKS);
}

static void turn_end(struct bell_model *model, struct bell_model_node *node)
{
    if (queue_of(model, node)->notify &&
        !bell_model_irq_post(model, node, BELL_CAUSE_STOPPED, node->rptr))
        return;
    if (node->cause != BELL_CAUSE_NONE)
        node->resume = (struct bell_model_resume){0};
    model->sched.queues[node->queue].resume = node->resume;
    bell_model_sched_turn_end(model, node, node->wptr != node->rptr);
    bell_model_watch_turn_end(model, bell_model_node_index(model, node));
    node->state = BELL_MODEL_IDLE;
    node->at = BELL_MODEL_NEVER;
}

/* Writes are answered: an error among them is met here, before what waited for them. */
static bool drained_badly(struct bell_model *model, struct bell_model_node *node)
{
    const enum bell_resp resp = node->write_resp;

    node->draining = false;
    if (resp == BELL_RESP_OKAY || bell_model_fence_goes_on(node))
        return false;
    node->write_resp = BELL_RESP_OKAY;
    bell_model_node_refused(model, node, resp, node->write_addr);
    return true;
}

void bell_model_node_run(struct bell_model *model, struct bell_model_node *node)
{
    if (node->draining && drained_badly(model, node))
        return;
    if (bell_model_engine_run(model, node))
        return;
    switch (node->state) {
    case BELL_MODEL_SAMPLE: sample(model, node); break;
    case BELL_MODEL_SAMPLED: sampled(model, node); break;
    case BELL_MODEL_ENTRY: ask_entry(model, node); break;
    case BELL_MODEL_ENTERED: entered(model, node); break;
    case BELL_MODEL_BUFFER_DONE: buffer_done(model, node); break;
    case BELL_MODEL_RPTR: go_on(model, node); break;
    case BELL_MODEL_POST_FAULT: post_fault(model, node); break;
    case BELL_MODEL_TURN_END: turn_end(model, node); break;
    default: break;
    }
}
