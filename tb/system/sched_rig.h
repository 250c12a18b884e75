/* SPDX-License-Identifier: MIT */
/* What the scheduling tests share: several connected queues on one device. User code. */
#ifndef BELL_SCHED_TEST_H
#define BELL_SCHED_TEST_H

#include "power.h"

#define SCHED_PATIENCE 2000000u
/* Clocks of a time as the OS gives it. */
#define SCHED_CLOCKS(time) ((time) * (uint64_t)BELL_CLOCKS_PER_100NS)

/* `count` rigs on `node`, the first with the device; all connected. */
static inline void sched_open(struct rig *rigs, unsigned count, uint32_t entries, uint32_t node)
{
    for (unsigned i = 0; i < count; i++) {
        if (i == 0)
            rig_open(&rigs[i], entries);
        else
            rig_open_beside(&rigs[i], &rigs[0], entries);
        rig_make_queue(&rigs[i], node);
        rig_make_doorbell(&rigs[i]);
        REQUIRE_OK(rig_connect(&rigs[i]));
    }
}

static inline void sched_close(struct rig *rigs, unsigned count)
{
    for (unsigned i = count; i-- > 1;)
        rig_close_beside(&rigs[i]);
    rig_close(&rigs[0]);
}

static inline void sched_priority(const struct rig *rig, INT priority)
{
    REQUIRE_OK(D3DKMTSetContextSchedulingPriority(&(D3DKMT_SETCONTEXTSCHEDULINGPRIORITY){
        .hContext = rig->context, .Priority = priority }));
}

static inline void sched_realtime(const struct rig *rig, INT level)
{
    sched_priority(rig, D3DKMT_SETCONTEXTSCHEDULINGPRIORITY_ABSOLUTE | level);
}

static inline void sched_in_process(const struct rig *rig, INT priority)
{
    REQUIRE_OK(D3DKMTSetContextInProcessSchedulingPriority(
        &(D3DKMT_SETCONTEXTINPROCESSSCHEDULINGPRIORITY){ .hContext = rig->context,
                                                         .Priority = priority }));
}

/* FINISH is recorded after the fence: wait for both. */
static inline void sched_wait_all(struct rig *rigs, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        rig_wait(&rigs[i], rigs[i].base + rigs[i].wptr, SCHED_PATIENCE);
    rig_settle(2000);
}

/* Everything of a node stands still / runs by bands. */
static inline void sched_hold(uint32_t node)
{
    REQUIRE_OK((NTSTATUS)belfry_os_switch(node, 0, 0));
}

static inline void sched_release(void)
{
    struct belfry_bands bands;

    belfry_default_bands(&bands);
    REQUIRE_OK((NTSTATUS)belfry_os_bands(&bands));
}

/* Buffers of this queue that finished in records [from, to). */
static inline unsigned sched_finished(size_t from, size_t to, const struct rig *rig)
{
    unsigned count = 0;

    while ((from = belfry_record_find(from, BELFRY_FINISH, NULL)) < to) {
        count += belfry_record_at(from)->value2 == rig->blob.queue_token;
        from++;
    }
    return count;
}

/* The nth FINISH record from `from` on is this queue's. */
static inline void sched_expect_order(size_t from, const struct rig *const *order, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        from = rig_expect(from, BELFRY_FINISH, NULL);
        if (belfry_record_at(from)->value2 != order[i]->blob.queue_token)
            belfry_fail("buffer %u of the order is of hardware queue %llu, expected %llu", i,
                        (unsigned long long)belfry_record_at(from)->value2,
                        (unsigned long long)order[i]->blob.queue_token);
        from++;
    }
}

static inline uint64_t sched_finish_cycle(size_t from, const struct rig *rig)
{
    while ((from = rig_expect(from, BELFRY_FINISH, NULL)) != POWER_NONE &&
           belfry_record_at(from)->value2 != rig->blob.queue_token)
        from++;
    return belfry_record_at(from)->cycle;
}

#endif
