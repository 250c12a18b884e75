// SPDX-License-Identifier: MIT
// doorbell: a store to BAR2 goes through a short pipe and ends in exactly one ledger bucket.

#include "bell_model.h"

#define ALL_STROBES 0xffu

static enum bell_reject judge(const struct bell_model *model, uint32_t addr, uint8_t strobes)
{
    if (strobes != ALL_STROBES)
        return BELL_REJECT_NARROW;
    if (addr % BELL_DOORBELL_BYTES != BELL_DOORBELL_RING_OFFSET)
        return BELL_REJECT_OFFSET;
    if (addr / BELL_DOORBELL_BYTES >= model->config.slots)
        return BELL_REJECT_NO_SLOT;
    return BELL_REJECT_NONE;
}

enum bell_resp bell_model_doorbell_store(struct bell_model *model, uint32_t addr, uint8_t strobes)
{
    struct bell_model_doorbell *doorbell = &model->doorbell;
    struct bell_model_ring ring = {
        .at = model->cycle + BELL_MODEL_RING_CLOCKS,
        .addr = addr,
        .slot = addr / BELL_DOORBELL_BYTES,
        .reject = judge(model, addr, strobes),
    };

    if (ring.reject == BELL_REJECT_NONE) {
        ring.owner = doorbell->owner[ring.slot];
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
}

static enum bell_ring_bucket settle(struct bell_model *model, struct bell_model_ring *ring,
                                    uint32_t queue)
{
    enum bell_ring_bucket bucket;

    if (ring->reject != BELL_REJECT_NONE) {
        bell_model_doorbell_reject(model, ring->reject, ring->addr);
        return BELL_RING_REJECTED;
    }
    model->doorbell.in_flight[ring->slot]--;
    if (!(ring->owner & BELL_SLOT_OWNER_VALID_MASK)) {
        model->doorbell.ledger.unowned++;
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
