// SPDX-License-Identifier: MIT
// Scheduling as software sees it: levels, groups, reasons, what runs, time, the scheduling log.

#include "model_bench.h"

#define LATENCY 20u
#define LOG UINT64_C(0x708000)
#define LOG_HEADER 32u
#define LOG_ENTRY 32u
#define PATIENCE 20000u
#define EVENTS 64u /* Places in the event queue. */

enum { STATE_IDLE, STATE_RUNNING, STATE_READY };

static struct bench bench;

static int setup(void **state)
{
    (void)state;
    bench_open(&bench, 64, LATENCY);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_close(&bench);
    return 0;
}

/* Queue `index` on node 0 with one buffer of `clocks`, rung; its PASID is its number. */
static struct bench_queue submit(uint32_t index, uint64_t clocks)
{
    struct bench_queue queue = bench_queue_open(&bench, index, 0, index, 4, 0);
    const struct bell_packet packet = {.head = BELL_OP_WORK, .arg1 = clocks};

    bench_write(&bench, BELL_QUEUE_HANDLE_OFFSET(index), 0xc0de00 + index);
    bench_append(&queue, queue.buffers, &packet, 1);
    bench_command(&bench, index, BELL_QUEUE_CMD_KICK);
    return queue;
}

static void place(uint32_t index, uint64_t level, uint64_t group, uint64_t priority)
{
    bench_write(&bench, BELL_QUEUE_SCHED_OFFSET(index),
                BELL_FIELD_PUT(BELL_QUEUE_SCHED_LEVEL, level) |
                    BELL_FIELD_PUT(BELL_QUEUE_SCHED_GROUP, group) |
                    BELL_FIELD_PUT(BELL_QUEUE_SCHED_PRIORITY, priority));
}

static void enable(void)
{
    bench_write(&bench, BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
}

/* Queues in the order in which their buffers started. */
static void expect_order(const uint32_t *queues, unsigned count)
{
    unsigned found = 0;

    for (uint64_t i = 0; i < bench.logged && found < count; i++)
        if (bench.log[i].kind == BELL_DEV_START)
            assert_int_equal(bench.log[i].queue, queues[found++]);
    assert_int_equal(found, count);
}

static void HS_PRI_02_levels_and_priorities_order_queues(void **state)
{
    static const uint32_t order[] = {4, 6, 3, 2, 5, 1};

    (void)state;
    for (uint32_t q = 1; q <= 6; q++)
        submit(q, 200);
    place(1, 0, 0, 0);
    place(2, 1, 7, 9);
    place(3, 2, 0, 0);
    place(4, 34, 0, 0);
    place(5, 1, 7, 2);
    place(6, 3, 0, 0);
    assert_int_equal(bench_block(&bench, 4), BELL_BLOCK_DISABLED);
    enable();
    bench_settle(&bench);
    expect_order(order, 6);
    assert_int_equal(bench_block(&bench, 1), BELL_BLOCK_NO_WORK);
}

static void reasons_and_what_runs(void **state)
{
    (void)state;
    for (uint32_t q = 1; q <= 4; q++)
        submit(q, 3000);
    place(1, 9, 0, 0);
    place(2, 1, 5, 1);
    place(3, 9, 5, 4);
    place(4, 9, 5, 3);
    enable();
    bench_run(&bench, 200);
    for (uint32_t q = 1; q <= 4; q++)
        if (q != 2 && bench_block(&bench, q) == BELL_BLOCK_NONE)
            assert_int_equal(bench_read(&bench, BELL_NODE_RUN0_OFFSET),
                             q | BELL_NODE_RUN0_VALID_MASK |
                                 BELL_FIELD_PUT(BELL_NODE_RUN0_LEVEL, 9));
    assert_int_equal(bench_block(&bench, 1), BELL_BLOCK_NONE);
    assert_int_equal(bench_block(&bench, 2), BELL_BLOCK_LEVEL);
    assert_int_equal(bench_block(&bench, 3), BELL_BLOCK_TURN);
    assert_int_equal(bench_block(&bench, 4), BELL_BLOCK_PEER);
    assert_int_equal(bench_read(&bench, BELL_NODE_RUN1_OFFSET), 0);
    bench_settle(&bench);
    assert_int_equal(bench_read(&bench, BELL_NODE_RUN0_OFFSET), 0);
}

static void TIME_counts_clocks_since_reset(void **state)
{
    uint64_t time;

    (void)state;
    time = bench_read(&bench, BELL_TIME_OFFSET);
    bench_run(&bench, 5000);
    assert_in_range(bench_read(&bench, BELL_TIME_OFFSET) - time, 5000, 5050);
}

/* Forward, back, and over the end. */
static void TIME_goes_on_from_what_is_written(void **state)
{
    static const uint64_t values[] = {UINT64_C(1) << 40, 3, UINT64_MAX - 100, 0};

    (void)state;
    for (unsigned i = 0; i < sizeof values / sizeof values[0]; i++) {
        bench_write(&bench, BELL_TIME_OFFSET, values[i]);
        assert_in_range(bench_read(&bench, BELL_TIME_OFFSET) - values[i], 0, 50);
        bench_run(&bench, 5000);
        assert_in_range(bench_read(&bench, BELL_TIME_OFFSET) - values[i], 5000, 5100);
    }
}

/* Quantum and level reach what runs: a queue with eight long buffers is left after one of them. */
static void a_higher_level_takes_the_node_after_the_buffer(void **state)
{
    struct bench_queue low = submit(1, 1000);
    const struct bell_packet work = {.head = BELL_OP_WORK, .arg1 = 1000};
    static const uint32_t order[] = {1, 2};

    (void)state;
    place(2, 20, 0, 0);
    bench_write(&bench, BELL_QUEUE_GRACE_OFFSET(1), UINT64_MAX);
    for (unsigned i = 0; i < 4; i++)
        bench_append(&low, low.buffers + 64 * (i + 1), &work, 1);
    enable();
    bench_run(&bench, 500);
    submit(2, 100);
    bench_settle(&bench);
    expect_order(order, 2);
    assert_int_equal(bench.counts[BELL_DEV_DONE], 6);
}

/* A higher level, or CMD.NOW, stops WORK, FILL and COPY inside: nothing is done twice or left out. */
static void preempted_buffers_are_whole(void **state)
{
    (void)state;
    enable();
    for (unsigned round = 0; round < 60; round++) {
        struct bench_queue low = bench_queue_open(&bench, 1, 0, 1, 4, 0);
        const uint64_t data = low.buffers + 0x4000;
        const struct bell_packet packets[] = {
            {BELL_OP_WORK, 70, 0, 0},           {BELL_OP_FILL, data, 800, round + 1},
            {BELL_OP_NOP, 0, 0, 0},             {BELL_OP_COPY, data + 0x1000, 800, data},
            {BELL_OP_WRITE64, data + 800, round, 0}, {BELL_OP_FENCE, data + 808, round, 0},
        };
        const unsigned before = (unsigned)bench.counts[BELL_DEV_DONE];

        place(1, 1, 0, 0);
        bench_append(&low, low.buffers, packets, sizeof packets / sizeof packets[0]);
        bench_command(&bench, 1, BELL_QUEUE_CMD_KICK);
        bench_run(&bench, 5 + 11 * round);
        if (round % 2) {
            bench_write(&bench, BELL_QUEUE_CMD_OFFSET(1),
                        BELL_QUEUE_CMD_REMOVE | BELL_QUEUE_CMD_NOW_MASK);
            bench_await_state(&bench, 1, BELL_QUEUE_STATE_RUNNING_MASK, 0);
            bench_command(&bench, 1, BELL_QUEUE_CMD_ADD);
        } else {
            submit(2, 50);
            place(2, 30, 0, 0);
        }
        bench_settle(&bench);
        assert_int_equal(bench.counts[BELL_DEV_DONE] - before, round % 2 ? 1 : 2);
        for (unsigned i = 0; i < 800; i += 8) {
            assert_int_equal(bench_load(&bench, data + i), round + 1);
            assert_int_equal(bench_load(&bench, data + 0x1000 + i), round + 1);
        }
        assert_int_equal(bench_load(&bench, data + 808), round);
        bench_command(&bench, 1, BELL_QUEUE_CMD_CLOSE);
        bench_command(&bench, 2, BELL_QUEUE_CMD_CLOSE);
    }
}

/* ------------------------------------------------------------------ scheduling log */

static void start_log(uint64_t entries, uint64_t interrupt)
{
    bench_write(&bench, BELL_LOG_CONFIG0_OFFSET,
                BELL_FIELD_PUT(BELL_LOG_CONFIG0_ENTRIES, entries) |
                    BELL_FIELD_PUT(BELL_LOG_CONFIG0_INTERRUPT_ENTRY, interrupt));
    bench_write(&bench, BELL_LOG_BASE0_OFFSET, LOG | BELL_LOG_BASE0_ENABLE_MASK);
}

static uint64_t word(unsigned entry, unsigned index)
{
    return bench_load(&bench, LOG + LOG_HEADER + entry * LOG_ENTRY + 8 * index);
}

static void expect_entry(unsigned entry, uint64_t handle, uint64_t state, uint64_t *time)
{
    assert_int_equal(word(entry, 1), 0);
    assert_int_equal(word(entry, 2), handle);
    assert_int_equal(word(entry, 3), state);
    assert_true(word(entry, 0) >= *time);
    *time = word(entry, 0);
}

/* Every change of state is an entry, in order, with time and the driver's handle. */
static void HS_LOG_02_each_change_of_state_is_an_entry(void **state)
{
    static const struct {
        uint32_t queue;
        uint64_t state;
    } expected[] = {
        {1, STATE_READY}, {2, STATE_READY}, {3, STATE_READY},
        {2, STATE_RUNNING}, {2, STATE_IDLE}, {1, STATE_RUNNING}, {1, STATE_IDLE},
        {3, STATE_RUNNING}, {3, STATE_IDLE},
    };
    const unsigned count = sizeof expected / sizeof expected[0];
    uint64_t time = 0;

    (void)state;
    bench_write(&bench, BELL_QUEUE_SCHED_OFFSET(1), 5);
    bench_write(&bench, BELL_QUEUE_SCHED_OFFSET(2), 6);
    start_log(16, 0xffff);
    for (uint32_t q = 1; q <= 3; q++)
        submit(q, 400);
    enable();
    bench_settle(&bench);
    for (unsigned i = 0; i < count; i++)
        expect_entry(i, 0xc0de00 + expected[i].queue, expected[i].state, &time);
    assert_int_equal(bench_load(&bench, LOG), count);
    assert_int_equal(bench_read(&bench, BELL_LOG_INDEX0_OFFSET), count);
    assert_int_equal(bench_read(&bench, BELL_IRQ_LEVEL_OFFSET), 0);
    assert_true(time <= bench_read(&bench, BELL_TIME_OFFSET));
}

/* Index and wrap count are one word; the event comes with the chosen entry, each time round. */
static void the_log_wraps_and_interrupts_on_its_entry(void **state)
{
    (void)state;
    start_log(4, 2);
    bench_write(&bench, BELL_LOG_INDEX0_OFFSET, 3 | 8ull << 32);
    enable();
    for (uint32_t q = 1; q <= 3; q++) {
        submit(q, 100);
        bench_settle(&bench);
    }
    assert_int_equal(bench_load(&bench, LOG), 0 | 11ull << 32);
    assert_int_equal(bench_load(&bench, LOG + LOG_HEADER + 4 * LOG_ENTRY), 0);
    bench_expect_event(&bench, BELL_CAUSE_SCHED_LOG, 0, 0, 3 | 9ull << 32);
    bench_expect_event(&bench, BELL_CAUSE_SCHED_LOG, 0, 0, 3 | 10ull << 32);
    assert_int_equal(bench_read(&bench, BELL_IRQ_LEVEL_OFFSET), 0);
}

/* HS-LOG-01: once ENABLE was cleared and LOG_BUSY read 0, the old buffer is frozen. */
static void HS_LOG_01_a_log_switched_off_is_frozen(void **state)
{
    uint64_t frozen;

    (void)state;
    for (unsigned clocks = 0; clocks < 60; clocks += 7) {
        start_log(64, 0xffff);
        enable();
        submit(1 + clocks % 3, 300);
        bench_run(&bench, clocks);
        bench_write(&bench, BELL_LOG_BASE0_OFFSET, LOG);
        while (bench_read(&bench, BELL_STATUS_OFFSET) & BELL_STATUS_LOG_BUSY_MASK)
            bench_run(&bench, 1);
        frozen = bench_load(&bench, LOG);
        assert_int_equal(frozen, bench_read(&bench, BELL_LOG_INDEX0_OFFSET));
        for (unsigned entry = (unsigned)frozen; entry < 64; entry++)
            assert_int_equal(word(entry, 0), 0);
        bench_settle(&bench);
        assert_int_equal(bench_load(&bench, LOG), frozen);
        for (uint32_t q = 1; q <= 3; q++)
            bench_command(&bench, q, BELL_QUEUE_CMD_CLOSE);
    }
}

/* A refused write is an event; the log stays off until it is set up again; queues run on. */
static void a_refused_log_write_is_told(void **state)
{
    (void)state;
    bench.readonly_page = LOG;
    start_log(16, 0xffff);
    enable();
    submit(1, 100);
    bench_settle(&bench);
    bench_expect_event(&bench, BELL_CAUSE_SCHED_LOG_LOST, 0, 0, LOG + LOG_HEADER);
    assert_int_equal(bench_read(&bench, BELL_IRQ_LEVEL_OFFSET), 0);
    assert_int_equal(bench.counts[BELL_DEV_DONE], 1);
    bench.readonly_page = BENCH_NO_PAGE;
    submit(2, 100);
    bench_settle(&bench);
    assert_int_equal(bench_read(&bench, BELL_LOG_INDEX0_OFFSET), 0);
    start_log(16, 0xffff);
    submit(3, 100);
    bench_settle(&bench);
    assert_int_equal(bench_read(&bench, BELL_LOG_INDEX0_OFFSET), 3);
}

/* More changes than the writer can keep up with: all are there, in order. */
static void no_entry_is_lost_under_load(void **state)
{
    const unsigned rounds = 40;
    uint64_t time = 0;

    (void)state;
    start_log(1000, 0xffff);
    submit(1, 1);
    for (unsigned i = 0; i < rounds; i++) {
        bench_post_write(&bench, BELL_QUEUE_CMD_OFFSET(1), BELL_QUEUE_CMD_CLOSE);
        bench_post_write(&bench, BELL_QUEUE_CMD_OFFSET(1), BELL_QUEUE_CMD_OPEN);
        bench_post_write(&bench, BELL_QUEUE_CMD_OFFSET(1), BELL_QUEUE_CMD_KICK);
    }
    bench_wait_answers(&bench);
    bench_settle(&bench);
    assert_int_equal(bench_load(&bench, LOG), 1 + 2 * rounds);
    for (unsigned i = 0; i < 1 + 2 * rounds; i++)
        expect_entry(i, 0xc0de01, i % 2 ? STATE_IDLE : STATE_READY, &time);
}

/* Each entry interrupts and nobody takes an event: the log goes on, the last event tells all. */
static void a_log_without_room_for_events_goes_on(void **state)
{
    const unsigned rounds = 60;
    uint64_t index, told = 0;
    unsigned events = 0;

    (void)state;
    start_log(1, 0);
    submit(1, 1);
    for (unsigned i = 0; i < rounds; i++) {
        bench_write(&bench, BELL_QUEUE_CMD_OFFSET(1), BELL_QUEUE_CMD_CLOSE);
        bench_write(&bench, BELL_QUEUE_CMD_OFFSET(1), BELL_QUEUE_CMD_OPEN);
        bench_write(&bench, BELL_QUEUE_CMD_OFFSET(1), BELL_QUEUE_CMD_KICK);
    }
    bench_settle(&bench);
    assert_int_equal(bench_read(&bench, BELL_IRQ_LEVEL_OFFSET), EVENTS);
    index = bench_read(&bench, BELL_LOG_INDEX0_OFFSET);
    assert_int_equal(index, BELL_FIELD_PUT(BELL_LOG_INDEX0_WRAPS, 1 + 2 * rounds));
    for (; bench_read(&bench, BELL_EVENT0_OFFSET) & BELL_EVENT0_VALID_MASK; events++) {
        assert_true(bench_read(&bench, BELL_EVENT1_OFFSET) > told);
        told = bench_read(&bench, BELL_EVENT1_OFFSET);
        bench_write(&bench, BELL_EVENT_POP_OFFSET, 1);
        bench_run(&bench, 20);
    }
    assert_int_equal(told, index);
    assert_int_equal(events, EVENTS + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(HS_PRI_02_levels_and_priorities_order_queues, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(reasons_and_what_runs, setup, teardown),
        cmocka_unit_test_setup_teardown(TIME_counts_clocks_since_reset, setup, teardown),
        cmocka_unit_test_setup_teardown(TIME_goes_on_from_what_is_written, setup, teardown),
        cmocka_unit_test_setup_teardown(a_higher_level_takes_the_node_after_the_buffer, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(preempted_buffers_are_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(HS_LOG_02_each_change_of_state_is_an_entry, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_log_wraps_and_interrupts_on_its_entry, setup, teardown),
        cmocka_unit_test_setup_teardown(HS_LOG_01_a_log_switched_off_is_frozen, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refused_log_write_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(no_entry_is_lost_under_load, setup, teardown),
        cmocka_unit_test_setup_teardown(a_log_without_room_for_events_goes_on, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
