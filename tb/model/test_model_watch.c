// SPDX-License-Identifier: MIT
// Events of the idle detectors and watchdogs that find no room: what they tell is what was true
// when their timer fired, and none is lost. Of the model and, as rtl-test_model_watch, of the RTL.

#include "model_bench.h"

#define ROOM 64u    /* Events that the queue holds. */
#define LIMIT 200u
#define LONG 1000u  /* Clocks of a packet that hangs, by LIMIT, */
#define SHORT 10u   /* and of one that does not. */
#define POSTER 50u  /* Queue whose interrupts fill the event queue. */
#define POSTER_NODE 2u

static struct bench bench;

static int setup(void **state)
{
    (void)state;
    bench_open(&bench, 64, 20);
    bench_write(&bench, BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_close(&bench);
    return 0;
}

static uint64_t told(uint64_t limit, uint64_t more)
{
    return limit | more << 32;
}

static void fill_events(void)
{
    static struct bell_packet packets[ROOM];
    struct bench_queue queue = bench_queue_open(&bench, POSTER, POSTER_NODE, 7, 4, 0);

    for (unsigned i = 0; i < ROOM; i++)
        packets[i] = (struct bell_packet){BELL_OP_IRQ, i, 0, 0};
    bench_append(&queue, queue.buffers, packets, ROOM);
    bench_command(&bench, POSTER, BELL_QUEUE_CMD_KICK);
    bench_settle(&bench);
    assert_int_equal(bench_read(&bench, BELL_IRQ_LEVEL_OFFSET), ROOM);
}

static void empty_events(void)
{
    for (unsigned i = 0; i < ROOM; i++)
        bench_expect_event(&bench, BELL_CAUSE_USER_IRQ, POSTER_NODE, POSTER, i);
}

static void expect_none(void)
{
    bench_run(&bench, 100);
    assert_int_equal(bench_read(&bench, BELL_IRQ_LEVEL_OFFSET), 0);
}

/* One WORK of queue `index`, from its start to its end. */
static void work(uint32_t index, uint32_t node, uint64_t clocks)
{
    const struct bell_packet packet = {BELL_OP_WORK, clocks, 0, 0};
    struct bench_queue queue = bench_queue_open(&bench, index, node, index, 4, 0);

    bench_append(&queue, queue.buffers, &packet, 1);
    bench_command(&bench, index, BELL_QUEUE_CMD_KICK);
    bench_run(&bench, 3 * LONG);
}

static void each_queue_that_hung_is_told(void **state)
{
    (void)state;
    fill_events();
    bench_write(&bench, BELL_HUNG_LIMIT0_OFFSET, LIMIT);
    work(1, 0, LONG);
    work(2, 0, LONG);
    empty_events();
    bench_expect_event(&bench, BELL_CAUSE_ENGINE_HUNG, 0, 1, told(LIMIT, 0));
    bench_expect_event(&bench, BELL_CAUSE_ENGINE_HUNG, 0, 2, told(LIMIT, 0));
    expect_none();
}

/* The first waits for the queue, the next one keeps its place and counts the others. */
static void what_has_no_place_is_counted(void **state)
{
    (void)state;
    fill_events();
    bench_write(&bench, BELL_HUNG_LIMIT0_OFFSET, LIMIT);
    for (uint32_t q = 1; q <= 5; q++)
        work(q, 0, LONG);
    empty_events();
    bench_expect_event(&bench, BELL_CAUSE_ENGINE_HUNG, 0, 1, told(LIMIT, 0));
    bench_expect_event(&bench, BELL_CAUSE_ENGINE_HUNG, 0, 2, told(LIMIT, 3));
    expect_none();
    work(6, 0, LONG); /* Counted anew. */
    bench_expect_event(&bench, BELL_CAUSE_ENGINE_HUNG, 0, 6, told(LIMIT, 0));
    expect_none();
}

static void the_count_stops_at_its_largest_value(void **state)
{
    (void)state;
    fill_events();
    bench_write(&bench, BELL_IDLE_LIMIT0_OFFSET, 1);
    for (unsigned i = 0; i < 300; i++) {
        bench_write(&bench, BELL_IDLE_LIMIT0_OFFSET, 2);
        bench_write(&bench, BELL_IDLE_LIMIT0_OFFSET, 1);
        bench_run(&bench, 10);
    }
    empty_events();
    bench_expect_event(&bench, BELL_CAUSE_ENGINE_IDLE, 0, 0, told(1, 0));
    bench_expect_event(&bench, BELL_CAUSE_ENGINE_IDLE, 0, 0, told(2, 255));
    expect_none();
}

static void another_queue_and_limit_change_nothing(void **state)
{
    (void)state;
    fill_events();
    bench_write(&bench, BELL_HUNG_LIMIT0_OFFSET, LIMIT);
    work(1, 0, LONG);
    work(2, 0, SHORT);
    bench_write(&bench, BELL_HUNG_LIMIT0_OFFSET, 3 * LIMIT);
    work(3, 0, LONG);
    work(4, 0, SHORT);
    bench_write(&bench, BELL_HUNG_LIMIT0_OFFSET, 0);
    bench_run(&bench, 100);
    empty_events();
    bench_expect_event(&bench, BELL_CAUSE_ENGINE_HUNG, 0, 1, told(LIMIT, 0));
    bench_expect_event(&bench, BELL_CAUSE_ENGINE_HUNG, 0, 3, told(3 * LIMIT, 0));
    expect_none();
}

/* Whoever waits first is told first; then one after the other. */
static void the_one_that_waits_goes_first(void **state)
{
    (void)state;
    fill_events();
    bench_write(&bench, BELL_HUNG_LIMIT1_OFFSET, LIMIT);
    work(1, 1, LONG);
    bench_write(&bench, BELL_IDLE_LIMIT0_OFFSET, 30);
    bench_write(&bench, BELL_IDLE_LIMIT1_OFFSET, 40);
    bench_run(&bench, 100);
    work(2, 1, LONG);
    bench_write(&bench, BELL_IDLE_LIMIT1_OFFSET, 0);
    empty_events();
    bench_expect_event(&bench, BELL_CAUSE_ENGINE_HUNG, 1, 1, told(LIMIT, 0));
    bench_expect_event(&bench, BELL_CAUSE_ENGINE_IDLE, 0, 0, told(30, 0));
    bench_expect_event(&bench, BELL_CAUSE_ENGINE_IDLE, 1, 0, told(40, 1));
    bench_expect_event(&bench, BELL_CAUSE_ENGINE_HUNG, 1, 2, told(LIMIT, 0));
    expect_none();
}

/* Events wait, and timers run: the device is idle, and jumps over that time are not seen. */
static uint64_t waiting_run(bool skip)
{
    uint64_t hash;

    setup(NULL);
    bench.device->ops->set_idle_skip(bench.device, skip);
    bench_write(&bench, BELL_IRQ_CTRL_OFFSET, BELL_IRQ_CTRL_ENABLE_MASK);
    fill_events();
    bench_write(&bench, BELL_HUNG_LIMIT0_OFFSET, LIMIT);
    work(1, 0, LONG);
    bench_write(&bench, BELL_IDLE_LIMIT0_OFFSET, 5000);
    bench_write(&bench, BELL_IDLE_LIMIT1_OFFSET, 2100);
    bench_run(&bench, 1000);
    assert_true(bench.device->ops->idle(bench.device));
    bench_run(&bench, 3000); /* One more waits, */
    assert_true(bench.device->ops->idle(bench.device));
    bench_run(&bench, 3000); /* and another. */
    assert_true(bench.device->ops->idle(bench.device));
    work(2, 0, LONG);
    empty_events();
    bench_expect_event(&bench, BELL_CAUSE_ENGINE_HUNG, 0, 1, told(LIMIT, 0));
    for (unsigned i = 0; i < 8; i++) {
        bench_run(&bench, 1000);
        bench_read(&bench, BELL_EVENT1_OFFSET);
        bench_write(&bench, BELL_EVENT_POP_OFFSET, 1);
    }
    expect_none();
    bench_run(&bench, 100);
    assert_true(bench.device->ops->idle(bench.device));
    hash = bench.device->ops->event_hash(bench.device);
    teardown(NULL);
    return hash;
}

static void the_device_is_idle_while_events_wait(void **state)
{
    (void)state;
    assert_true(waiting_run(true) == waiting_run(false));
}

/* What waited before it is gone. */
static void reset_forgets_what_waits(void **state)
{
    (void)state;
    fill_events();
    bench_write(&bench, BELL_HUNG_LIMIT0_OFFSET, LIMIT);
    work(1, 0, LONG);
    work(2, 0, LONG);
    bench.device->ops->reset(bench.device);
    bench_run(&bench, 5 * LONG);
    assert_int_equal(bench_read(&bench, BELL_IRQ_LEVEL_OFFSET), 0);
    bench_write(&bench, BELL_IDLE_LIMIT2_OFFSET, 70);
    bench_run(&bench, 200);
    bench_expect_event(&bench, BELL_CAUSE_ENGINE_IDLE, 2, 0, told(70, 0));
    expect_none();
}

#define WATCH_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WATCH_TEST(each_queue_that_hung_is_told),
        WATCH_TEST(what_has_no_place_is_counted),
        WATCH_TEST(the_count_stops_at_its_largest_value),
        WATCH_TEST(another_queue_and_limit_change_nothing),
        WATCH_TEST(the_one_that_waits_goes_first),
        cmocka_unit_test(the_device_is_idle_while_events_wait),
        WATCH_TEST(reset_forgets_what_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
