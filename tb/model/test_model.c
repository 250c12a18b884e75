// SPDX-License-Identifier: MIT
// The device under seeded random traffic: rings on right, wrong and changing slots, queues leaving
// and joining the run list, being closed and opened, aborts, faults, a slow reader of events.
//
//   - the ledger adds up at every look, and agrees with what was observed
//   - every command buffer is finished exactly once, in order, and its fence value is in memory
//   - nothing that was appended is left over, once every queue is listed and kicked
//   - equal seeds give equal event hashes, however the host slices time

#include "model_bench.h"

#include <string.h>

#define QUEUES 6u /* Queue q lives in PASID q + 1, on node q % 3. */
#define SLOTS 4u
#define LOG2_ENTRIES 3u
#define ENTRIES (1u << LOG2_ENTRIES)
#define OPERATIONS 1500u
#define BUFFER_BYTES 0x100u

struct traffic {
    struct bench bench;
    struct bench_queue queues[QUEUES];
    uint64_t finished[QUEUES]; /* Count that the next DONE must have, less one. */
    bool listed[QUEUES];
    uint64_t random;
    uint64_t scanned; /* Observations already judged. */
    uint64_t faults;
};

static struct traffic traffic;

static uint64_t pick(struct traffic *t, uint64_t below)
{
    return (bench_random(&t->random) >> 11) % below;
}

static uint64_t fence_of(const struct bench_queue *queue)
{
    return queue->base + 0x90000;
}

/* Every DONE must be the next of its queue, its fence written. */
static void judge_observations(struct traffic *t)
{
    assert_true(t->bench.logged - t->scanned <= BENCH_LOG);
    for (; t->scanned < t->bench.logged; t->scanned++) {
        const struct bell_device_event *event = &t->bench.log[t->scanned % BENCH_LOG];

        if (event->kind != BELL_DEV_DONE)
            continue;
        assert_int_equal(event->rptr, t->finished[event->queue] + 1);
        t->finished[event->queue]++;
        assert_true(bench_load(&t->bench, fence_of(&t->queues[event->queue])) >= event->rptr);
    }
}

/* ------------------------------------------------------------------ operations */

static void ring(struct traffic *t, uint32_t slot, bool wait)
{
    bench_post_write(&t->bench, BELL_DEVICE_BAR2 + slot * BELL_DOORBELL_BYTES, slot);
    if (wait)
        bench_wait_answers(&t->bench);
}

static void append(struct traffic *t, uint32_t q)
{
    struct bench_queue *queue = &t->queues[q];
    const uint64_t buffer = queue->buffers + queue->wptr % ENTRIES * BUFFER_BYTES;
    const uint64_t data = queue->base + 0xa0000;
    struct bell_packet packets[BUFFER_BYTES / BELL_PACKET_BYTES];
    unsigned count = 0;

    judge_observations(t);
    if (queue->wptr - t->finished[q] >= ENTRIES)
        return;
    if (pick(t, 2))
        packets[count++] = (struct bell_packet){BELL_OP_WORK, pick(t, 300), 0, 0};
    if (pick(t, 3) == 0)
        packets[count++] = (struct bell_packet){BELL_OP_FILL, data + 8 * pick(t, 512),
                                                8 * pick(t, 200), pick(t, 99)};
    if (pick(t, 3) == 0)
        packets[count++] = (struct bell_packet){BELL_OP_COPY, data + 0x4000 + 8 * pick(t, 512),
                                                8 * pick(t, 200), data + 8 * pick(t, 512)};
    if (pick(t, 20) == 0)
        packets[count++] = (struct bell_packet){.head = BELL_OP_FAULT};
    packets[count++] = (struct bell_packet){BELL_OP_FENCE, fence_of(queue), queue->wptr + 1, 0};
    if (pick(t, 4) == 0)
        packets[count++] = (struct bell_packet){BELL_OP_IRQ, queue->wptr, 0, 0};
    bench_append(queue, buffer, packets, count);
}

/* Open the queue again where it stopped; past the buffer that did it, unless that was cut short. */
static void reopen(struct traffic *t, uint32_t q, bool skip)
{
    struct bench_queue *queue = &t->queues[q];
    const uint64_t wptr = queue->wptr;

    bench_await_state(&t->bench, q, BELL_QUEUE_STATE_RUNNING_MASK, 0);
    judge_observations(t);
    assert_int_equal(bench_read(&t->bench, BELL_QUEUE_RPTR_OFFSET(q)), t->finished[q]);
    bench_command(&t->bench, q, BELL_QUEUE_CMD_CLOSE);
    assert_int_equal(bench_state(&t->bench, q), 0);
    t->finished[q] += skip;
    *queue = bench_queue_open(&t->bench, q, q % 3, q + 1, LOG2_ENTRIES, t->finished[q]);
    queue->wptr = wptr;
    bench_store(&t->bench, queue->control + BELL_CONTROL_WPTR_OFFSET, wptr);
    bench_command(&t->bench, q, BELL_QUEUE_CMD_KICK); /* Connect counts as a ring. */
    t->listed[q] = true;
}

static bool service_event(struct traffic *t)
{
    const uint64_t word0 = bench_read(&t->bench, BELL_EVENT0_OFFSET);
    const uint32_t queue = (uint32_t)BELL_FIELD_GET(word0, BELL_EVENT0_QUEUE);
    const uint64_t cause = BELL_FIELD_GET(word0, BELL_EVENT0_CAUSE);

    if (!(word0 & BELL_EVENT0_VALID_MASK))
        return false;
    bench_write(&t->bench, BELL_EVENT_POP_OFFSET, 1);
    if (cause == BELL_CAUSE_USER_IRQ)
        return true;
    assert_true(cause == BELL_CAUSE_ABORTED || cause == BELL_CAUSE_DELIBERATE_FAULT);
    t->faults++;
    reopen(t, queue, cause == BELL_CAUSE_DELIBERATE_FAULT);
    return true;
}

static void toggle_listed(struct traffic *t, uint32_t q)
{
    t->listed[q] = !t->listed[q];
    bench_command(&t->bench, q, t->listed[q] ? BELL_QUEUE_CMD_ADD : BELL_QUEUE_CMD_REMOVE);
}

/* Closed in working order, with whatever it owes, and opened again. */
static void close_and_open(struct traffic *t, uint32_t q)
{
    if (pick(t, 3) || bench_state(&t->bench, q) & BELL_QUEUE_STATE_FAULTED_MASK)
        return;
    bench_command(&t->bench, q, BELL_QUEUE_CMD_REMOVE);
    bench_await_state(&t->bench, q, BELL_QUEUE_STATE_RUNNING_MASK, 0);
    if (!(bench_state(&t->bench, q) & BELL_QUEUE_STATE_FAULTED_MASK))
        reopen(t, q, false);
}

static void abort_nodes(struct traffic *t)
{
    if (pick(t, 4) == 0)
        bench_write(&t->bench, BELL_NODE_ABORT_OFFSET, 1 + pick(t, 7));
}

static void ring_often(struct traffic *t, uint32_t slot)
{
    for (uint64_t left = pick(t, 9); left; left--)
        ring(t, slot, false);
}

static void change_owner(struct traffic *t)
{
    const uint32_t slot = (uint32_t)pick(t, SLOTS);

    bench_write(&t->bench, BELL_SLOT_OWNER_OFFSET(slot),
                BELL_FIELD_PUT(BELL_SLOT_OWNER_QUEUE, pick(t, QUEUES + 1)) |
                    (pick(t, 8) ? BELL_SLOT_OWNER_VALID_MASK : 0));
}

/* The registers are read one by one: nothing may be sampled in between. */
static void check_ledger_held(struct traffic *t)
{
    bench_write(&t->bench, BELL_CTRL_OFFSET, 0);
    bench_check_ledger(&t->bench);
    bench_write(&t->bench, BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
}

static void operate(struct traffic *t)
{
    const uint32_t q = (uint32_t)pick(t, QUEUES);
    const uint32_t slot = (uint32_t)pick(t, SLOTS + 1); /* The last one is not fitted. */

    switch (pick(t, 16)) {
    case 0: case 1: case 2: append(t, q); break;
    case 3: case 4: ring(t, slot, true); break;
    case 5: ring_often(t, slot); break;
    case 6: bench_try_write(&t->bench, BELL_DEVICE_BAR2 + 8 * pick(t, 9), 0, 4); break;
    case 7: toggle_listed(t, q); break;
    case 8: bench_command(&t->bench, q, BELL_QUEUE_CMD_KICK); break;
    case 9: change_owner(t); break;
    case 10: service_event(t); break;
    case 11: close_and_open(t, q); break;
    case 12: abort_nodes(t); break;
    case 13: check_ledger_held(t); break;
    default: bench_run(&t->bench, 1 + pick(t, 400)); break;
    }
    bench_wait_answers(&t->bench);
}

/* ------------------------------------------------------------------ runs */

static void start(struct traffic *t, uint64_t seed, uint64_t step)
{
    *t = (struct traffic){.random = seed};
    bench_open(&t->bench, SLOTS, 1 + (uint32_t)(seed % 60));
    t->bench.step = step;
    bench_write(&t->bench, BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
    bench_write(&t->bench, BELL_IRQ_CTRL_OFFSET, BELL_IRQ_CTRL_ENABLE_MASK);
    for (uint32_t q = 0; q < QUEUES; q++) {
        t->queues[q] = bench_queue_open(&t->bench, q, q % 3, q + 1, LOG2_ENTRIES, 0);
        t->listed[q] = true;
    }
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        bench_own(&t->bench, slot, slot);
}

static bool all_finished(struct traffic *t)
{
    judge_observations(t);
    for (uint32_t q = 0; q < QUEUES; q++)
        if (t->finished[q] != t->queues[q].wptr)
            return false;
    return true;
}

/* With every queue listed and kicked, all that was appended gets done. */
static void finish(struct traffic *t)
{
    const uint64_t limit = bench_cycle(&t->bench) + BENCH_TIMEOUT;

    for (uint32_t q = 0; q < QUEUES; q++) {
        bench_command(&t->bench, q, BELL_QUEUE_CMD_ADD);
        bench_command(&t->bench, q, BELL_QUEUE_CMD_KICK);
    }
    while (service_event(t) || !all_finished(t)) {
        bench_run(&t->bench, 100);
        if (bench_cycle(&t->bench) > limit)
            fail_msg("test waited %u clocks for all queues to finish", BENCH_TIMEOUT);
    }
    do
        bench_run(&t->bench, 10000);
    while (service_event(t));
    bench_run(&t->bench, 16);
    assert_true(t->bench.device->ops->idle(t->bench.device));
    bench_check_ledger(&t->bench);
    assert_int_equal(bench_read(&t->bench, BELL_LEDGER_OWED_OFFSET), 0);
}

static uint64_t play(uint64_t seed, uint64_t step)
{
    struct traffic *t = &traffic;
    uint64_t hash;

    start(t, seed, step);
    for (unsigned i = 0; i < OPERATIONS; i++)
        operate(t);
    finish(t);
    hash = t->bench.device->ops->event_hash(t->bench.device);
    bench_close(&t->bench);
    return hash;
}

static void random_traffic_balances_and_finishes(void **state)
{
    uint64_t faults = 0;
    uint64_t buckets[4] = {0};

    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        print_message("seed %llu\n", (unsigned long long)seed);
        play(seed, 0);
        faults += traffic.faults;
        for (unsigned b = 0; b < 4; b++)
            buckets[b] += traffic.bench.buckets[b];
    }
    /* The traffic is worth its name. */
    assert_true(faults > 100);
    for (unsigned b = 0; b < 4; b++)
        assert_true(buckets[b] > 100);
}

static void equal_seeds_give_equal_hashes(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        const uint64_t hash = play(seed, 0);

        assert_int_equal(play(seed, 0), hash);
        assert_int_equal(play(seed, 1), hash);
        assert_int_equal(play(seed, 7), hash);
        assert_int_not_equal(play(seed + 100, 0), hash);
    }
}

static void create_refuses_what_it_cannot_be(void **state)
{
    static const struct bell_device_config bad[] = {
        {.slots = 0, .dma_latency = 1},
        {.slots = 65, .dma_latency = 1},
        {.slots = 1, .dma_latency = 0},
        {.slots = 1, .dma_latency = BELL_DEVICE_MAX_DMA_LATENCY + 1},
        {.slots = 1, .dma_latency = 1, .waves = "x.fst"},
    };
    const struct bell_device_host host = {0};

    (void)state;
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char error[128] = "";

        assert_null(bell_model_create(&bad[i], &host, error, sizeof error));
        assert_non_null(strstr(error, "expected") ? error : strstr(error, "only"));
        assert_null(bell_model_create(&bad[i], &host, NULL, 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_traffic_balances_and_finishes),
        cmocka_unit_test(equal_seeds_give_equal_hashes),
        cmocka_unit_test(create_refuses_what_it_cannot_be),
    };

    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
