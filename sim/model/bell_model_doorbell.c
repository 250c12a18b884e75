// SPDX-License-Identifier: MIT
// doorbell: a store to BAR2 goes through a short pipe and ends in exactly one ledger bucket.

#include "bell_model.h"

#define ALL_STROBES 0xffu
#define GLOBAL_PAGES ((BELL_TOKEN_LISTEN_PAGE_MASK >> BELL_TOKEN_LISTEN_PAGE_SHIFT) + 1)

enum bell_layout bell_model_layout(const struct bell_model *model)
{
    const uint32_t layout = model->doorbell.layout;

    return layout <= BELL_LAYOUT_GLOBAL ? (enum bell_layout)layout : BELL_LAYOUT_PAGE;
}

/* What the address of a store names; the upper half of BAR2 is the lower once more. */
struct target {
    uint32_t slot;
    bool on_slot;
    bool token;   /* The value names the queue, which listens to: */
    uint32_t page;
    bool aligned;
};

static struct target aim(const struct bell_model *model, uint32_t addr)
{
    const enum bell_layout layout = bell_model_layout(model);
    const uint32_t place = addr % BELL_SECONDARY_BYTES;
    struct target target = { .aligned = place % BELL_DOORBELL_BYTES == 0 };

    if (layout == BELL_LAYOUT_GLOBAL) {
        target.page = (place - BELL_GLOBAL_FIRST) / BELL_GLOBAL_BYTES;
        target.token = place >= BELL_GLOBAL_FIRST && target.page < GLOBAL_PAGES;
    } else if (place < BELL_SLOT_MAX * BELL_DOORBELL_BYTES) {
        target.on_slot = true;
        target.slot = place / BELL_DOORBELL_BYTES;
    } else if (layout == BELL_LAYOUT_PACKED &&
               place - BELL_PACKED_FIRST < BELL_SLOT_MAX * BELL_PACKED_BYTES) {
        target.on_slot = true;
        target.slot = (place - BELL_PACKED_FIRST) / BELL_PACKED_BYTES;
        target.aligned = place % BELL_PACKED_BYTES == 0;
    }
    return target;
}

static bool hears(const struct bell_model *model, uint64_t queue, uint32_t page)
{
    const uint64_t listen = model->doorbell.listen[queue];

    return (listen & BELL_TOKEN_LISTEN_VALID_MASK) &&
           BELL_FIELD_GET(listen, BELL_TOKEN_LISTEN_PAGE) == page;
}

static enum bell_reject judge(const struct bell_model *model, const struct target *target,
                              uint64_t data, uint8_t strobes)
{
    if (strobes != ALL_STROBES)
        return BELL_REJECT_NARROW;
    if (!target->aligned)
        return BELL_REJECT_OFFSET;
    if (!target->token && (!target->on_slot || target->slot >= model->config.slots))
        return BELL_REJECT_NO_SLOT;
    if (target->token && data >= BELL_MODEL_QUEUES)
        return BELL_REJECT_BAD_TOKEN;
    if (target->token && !hears(model, data, target->page))
        return BELL_REJECT_FOREIGN_TOKEN;
    return BELL_REJECT_NONE;
}

enum bell_resp bell_model_doorbell_store(struct bell_model *model, uint32_t addr, uint64_t data,
                                         uint8_t strobes)
{
    struct bell_model_doorbell *doorbell = &model->doorbell;
    const struct target target = aim(model, addr);
    struct bell_model_ring ring = {
        .at = model->cycle + BELL_MODEL_RING_CLOCKS,
        .addr = addr,
        .slot = target.slot,
        .reject = judge(model, &target, data, strobes),
    };

    if (ring.reject == BELL_REJECT_NONE && target.token) {
        ring.owner = BELL_SLOT_OWNER_VALID_MASK | BELL_FIELD_PUT(BELL_SLOT_OWNER_QUEUE, data);
    } else if (ring.reject == BELL_REJECT_NONE) {
        ring.owner = doorbell->owner[ring.slot];
        ring.on_slot = true;
        doorbell->in_flight[ring.slot]++;
    }
    doorbell->ledger.accepted++;
    doorbell->pipe[(doorbell->pipe_first + doorbell->pipe_count) % BELL_MODEL_RINGS] = ring;
    doorbell->pipe_count++;
    return ring.reject == BELL_REJECT_NONE ? BELL_RESP_OKAY : BELL_RESP_SLVERR;
}

uint64_t bell_model_doorbell_next(const struct bell_model *model)
{
    const struct bell_model_doorbell *doorbell = &model->doorbell;

    return doorbell->pipe_count ? doorbell->pipe[doorbell->pipe_first].at : BELL_MODEL_NEVER;
}

void bell_model_doorbell_reject(struct bell_model *model, enum bell_reject cause, uint32_t addr)
{
    model->doorbell.ledger.rejected++;
    model->doorbell.last_reject = BELL_FIELD_PUT(BELL_LAST_REJECT_CAUSE, cause) |
                                  BELL_FIELD_PUT(BELL_LAST_REJECT_ADDR, addr);
    bell_model_report_note(model, BELL_MODEL_REJECTED, cause, addr);
}

static enum bell_ring_bucket settle(struct bell_model *model, struct bell_model_ring *ring,
                                    uint32_t queue)
{
    enum bell_ring_bucket bucket;

    if (ring->reject != BELL_REJECT_NONE) {
        bell_model_doorbell_reject(model, ring->reject, ring->addr);
        return BELL_RING_REJECTED;
    }
    if (ring->on_slot)
        model->doorbell.in_flight[ring->slot]--;
    if (!(ring->owner & BELL_SLOT_OWNER_VALID_MASK)) {
        model->doorbell.ledger.unowned++;
        bell_model_report_note(model, BELL_MODEL_UNOWNED, BELL_REJECT_NONE, ring->addr);
        return BELL_RING_UNOWNED;
    }
    bucket = bell_model_sched_credit(model, queue);
    if (bucket == BELL_RING_REJECTED) {
        ring->reject = BELL_REJECT_QUEUE_CLOSED;
        bell_model_doorbell_reject(model, ring->reject, ring->addr);
    }
    return bucket;
}

void bell_model_doorbell_run(struct bell_model *model)
{
    struct bell_model_doorbell *doorbell = &model->doorbell;
    struct bell_model_ring ring;
    enum bell_ring_bucket bucket;
    uint32_t queue;

    if (bell_model_doorbell_next(model) > model->cycle)
        return;
    ring = doorbell->pipe[doorbell->pipe_first];
    doorbell->pipe_first = (doorbell->pipe_first + 1) % BELL_MODEL_RINGS;
    doorbell->pipe_count--;
    queue = (uint32_t)BELL_FIELD_GET(ring.owner, BELL_SLOT_OWNER_QUEUE);
    bucket = settle(model, &ring, queue);
    bell_model_observe(model, (struct bell_device_event){
                                  .kind = BELL_DEV_RING,
                                  .slot = ring.slot,
                                  .queue = bucket == BELL_RING_UNOWNED ? 0 : queue,
                                  .bucket = bucket,
                                  .cause = ring.reject,
                              });
}
