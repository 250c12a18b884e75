// SPDX-License-Identifier: MIT
// Preemption inside the model, at every clock of a mixed buffer: each byte, clock and event once.
// The model alone: the call that the scheduler makes. The RTL's is tb/engine/test_preempt.cpp.

#include "bell_model.h"
#include "model_bench.h"

#include <string.h>

#define SLOT 3u
#define QUEUE 5u
#define PASID 1u
#define DATA (PASID * BENCH_MIB + 0x90000)
#define COPY_AT (DATA + 0x4fa8)
#define FENCE_AT (DATA + 0x8000)
#define NATIVE_AT (DATA + 0x9000)
#define BYTES 1200u
#define CLOCKS 57u

static struct bench bench;
static struct bench_queue queue;

static const struct bell_packet mixed[] = {
    {BELL_OP_WORK, CLOCKS, 0, 0},
    {BELL_OP_FILL, DATA + 0xf80, BYTES, 0x5a5a},
    {BELL_OP_COPY, COPY_AT, BYTES, DATA + 0xf80},
    {BELL_OP_FENCE, FENCE_AT, 1, 0},
    {BELL_OP_SIGNAL, NATIVE_AT, 1, 0},
    {BELL_OP_WAIT, NATIVE_AT, 1, 0},
    {BELL_OP_IRQ, 42, 0, 0},
    {BELL_OP_WORK, CLOCKS, 0, 0},
};

static struct bell_model *model(void)
{
    return (struct bell_model *)bench.device;
}

static void start(void)
{
    bench_open(&bench, 64, 20);
    bench_write(&bench, BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
    bench_own(&bench, SLOT, QUEUE);
    queue = bench_queue_open(&bench, QUEUE, 0, PASID, 8, 0);
    bench_append(&queue, queue.buffers, mixed, sizeof mixed / sizeof mixed[0]);
    bench_ring(&bench, SLOT);
}

static uint64_t rptr(void)
{
    return bench_load(&bench, queue.control + BELL_CONTROL_RPTR_OFFSET);
}

/* `writes`: of a run that nobody stops. Bursts end where they would have ended. */
static void check_all(uint64_t writes)
{
    for (uint64_t i = 0; i < BYTES; i += 8)
        assert_int_equal(bench_load(&bench, COPY_AT + i), 0x5a5a);
    assert_int_equal(bench_load(&bench, COPY_AT + BYTES), 0);
    assert_int_equal(bench_load(&bench, FENCE_AT), 1);
    assert_int_equal(rptr(), 1);
    assert_int_equal(bench.counts[BELL_DEV_DONE], 1);
    bench_expect_event(&bench, BELL_CAUSE_FENCE_SIGNALED, 0, QUEUE, NATIVE_AT);
    bench_expect_event(&bench, BELL_CAUSE_USER_IRQ, 0, QUEUE, 42);
    assert_int_equal(bench_read(&bench, BELL_IRQ_LEVEL_OFFSET), 0);
    assert_int_equal(bench.writes, writes);
}

static uint64_t writes_of_a_plain_run(void)
{
    uint64_t writes;

    start();
    bench_settle(&bench);
    writes = bench.writes;
    bench_close(&bench);
    return writes;
}

/* Stopped once at each clock; the number of clocks spent in WORK is what the packets say. */
static void at_every_clock(void **state)
{
    const uint64_t writes = writes_of_a_plain_run();
    bool inside_work = false, inside_move = false;
    bool running = true;

    (void)state;
    for (unsigned at = 0; running; at++) {
        struct bell_model_node *node;
        uint64_t work_left = 0;

        start();
        if (at)
            bench_run(&bench, at);
        node = &model()->nodes[0];
        running = rptr() == 0;
        if (node->state == BELL_MODEL_WORK)
            work_left = node->at - bench_cycle(&bench);
        bell_model_node_preempt(model(), node);
        if (node->state == BELL_MODEL_TURN_END && node->resume.done) {
            inside_work = true;
            assert_int_equal(node->resume.done, CLOCKS - work_left);
        }
        for (unsigned i = 0; i < 20000 && rptr() == 0; i++) {
            bench_step(&bench, 1);
            inside_move |= model()->sched.queues[QUEUE].resume.offset / 32 == 2 &&
                           model()->sched.queues[QUEUE].resume.done;
        }
        bench_settle(&bench);
        check_all(writes);
        bench_close(&bench);
    }
    assert_true(inside_work && inside_move);
}

/* Again and again: something is done in every turn, and nothing twice. */
static void many_times(void **state)
{
    const uint64_t writes = writes_of_a_plain_run();

    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        uint64_t random = seed;

        start();
        for (unsigned i = 0; i < 400 && rptr() == 0; i++) {
            bench_run(&bench, 60 + bench_random(&random) % 120);
            bell_model_node_preempt(model(), &model()->nodes[0]);
        }
        bench_settle(&bench);
        check_all(writes);
        bench_close(&bench);
    }
}

/* A WAIT keeps the time at which it was first met. */
static void a_wait_remembers_its_first_look(void **state)
{
    uint64_t first;

    (void)state;
    bench_open(&bench, 64, 20);
    bench_write(&bench, BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
    queue = bench_queue_open(&bench, QUEUE, 0, PASID, 8, 0);
    bench_append(&queue, queue.buffers, &mixed[5], 1);
    bench_command(&bench, QUEUE, BELL_QUEUE_CMD_KICK);
    for (unsigned i = 0; i < 1000 && !model()->sched.queues[QUEUE].resume.done; i++)
        bench_step(&bench, 1);
    first = model()->sched.queues[QUEUE].resume.done;
    assert_true(first > 0 && first <= bell_model_time(model()));
    bench_run(&bench, 2000);
    assert_int_equal(model()->sched.queues[QUEUE].resume.done, first);
    bench_store(&bench, NATIVE_AT, 1);
    bench_command(&bench, QUEUE, BELL_QUEUE_CMD_KICK);
    bench_run(&bench, 2000);
    assert_int_equal(rptr(), 1);
    assert_int_equal(model()->sched.queues[QUEUE].resume.done, 0);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_every_clock),
        cmocka_unit_test(many_times),
        cmocka_unit_test(a_wait_remembers_its_first_look),
    };

    return cmocka_run_group_tests_name("model_preempt", tests, NULL, NULL);
}
