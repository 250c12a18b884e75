// SPDX-License-Identifier: MIT
// Native fences of the device: SIGNAL and WAIT packets of queues on two nodes, monitored value,
// events, errors.

#include "model_bench.h"

#include <string.h>

#define LATENCY 60u
#define WAITER 5u /* Queues, and the slots that ring them; on nodes 0 and 1. */
#define RAISER 6u
#define PASID 1u /* Of the waiter. */
#define KERNEL 0u /* Of the raiser: may touch all memory. */
#define DATA (PASID * BENCH_MIB + 0x90000)
#define CURRENT (DATA + 0x1000)
#define MONITORED (DATA + 0x2000)
#define SIGNALS UINT64_C(0x71b000) /* Log. */
#define ENTRIES 84u

static struct bench bench;
static struct bench_queue waiter, raiser;

static int setup(void **state)
{
    (void)state;
    bench_open(&bench, 64, LATENCY);
    bench_write(&bench, BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
    bench_own(&bench, WAITER, WAITER);
    bench_own(&bench, RAISER, RAISER);
    waiter = bench_queue_open(&bench, WAITER, 0, PASID, 8, 0);
    raiser = bench_queue_open(&bench, RAISER, 1, KERNEL, 8, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_close(&bench);
    return 0;
}

static void submit(struct bench_queue *queue, const struct bell_packet *packets, unsigned count)
{
    bench_append(queue, queue->buffers, packets, count);
    bench_ring(&bench, queue->index);
}

static uint64_t rptr(const struct bench_queue *queue)
{
    return bench_load(&bench, queue->control + BELL_CONTROL_RPTR_OFFSET);
}

static void await_rptr(const struct bench_queue *queue, uint64_t value)
{
    for (unsigned clocks = 0; rptr(queue) != value; clocks++) {
        if (clocks > 20000)
            fail_msg("queue %u: RPTR is %llu after 20000 clocks, expected %llu", queue->index,
                     (unsigned long long)rptr(queue), (unsigned long long)value);
        bench_step(&bench, 1);
    }
}

static uint64_t events(void)
{
    return bench_read(&bench, BELL_IRQ_LEVEL_OFFSET);
}

/* NF-INT-01: an event exactly when the value is above the monitored one, or there is none. */
static void the_event_is_for_values_above_the_monitored_one(void **state)
{
    static const struct {
        uint64_t value;
        uint64_t monitored;
        bool event;
    } cases[] = {
        {1, 0, true}, {2, 2, false}, {3, 4, false}, {4, UINT64_MAX, false}, {UINT64_MAX, 9, true},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct bell_packet packet = {BELL_OP_SIGNAL, CURRENT, cases[i].value, MONITORED};

        bench_store(&bench, MONITORED, cases[i].monitored);
        submit(&waiter, &packet, 1);
        bench_settle(&bench);
        assert_int_equal(bench_load(&bench, CURRENT), cases[i].value);
        if (cases[i].event)
            bench_expect_event(&bench, BELL_CAUSE_FENCE_SIGNALED, 0, WAITER, CURRENT);
        assert_int_equal(events(), 0);
    }
    submit(&waiter, &(struct bell_packet){BELL_OP_SIGNAL, CURRENT, 0, 0}, 1);
    bench_settle(&bench);
    bench_expect_event(&bench, BELL_CAUSE_FENCE_SIGNALED, 0, WAITER, CURRENT);
}

/* NF-SYN-01: a waiter that came at any clock sees the value, or the event comes. */
static void no_wake_up_is_missed(void **state)
{
    unsigned seen = 0, told = 0;

    (void)state;
    for (unsigned at = 0; at < 700; at += 3) {
        const uint64_t value = at + 2;
        bool sees;

        bench_store(&bench, MONITORED, UINT64_MAX);
        submit(&waiter, &(struct bell_packet){BELL_OP_SIGNAL, CURRENT, value, MONITORED}, 1);
        if (at)
            bench_run(&bench, at);
        bench_store(&bench, MONITORED, value - 1);
        sees = bench_load(&bench, CURRENT) == value;
        bench_settle(&bench);
        seen += sees;
        told += events() != 0;
        if (!sees || events())
            bench_expect_event(&bench, BELL_CAUSE_FENCE_SIGNALED, 0, WAITER, CURRENT);
    }
    assert_true(seen > 20 && told > 20);
}

/* A wait on one node goes on when another node raises the fence, at whatever moment. */
static void a_wait_ends_when_the_fence_is_raised(void **state)
{
    const struct bell_packet waits[] = {
        {BELL_OP_WAIT | UINT64_C(77) << 32, CURRENT, 0, 0}, {BELL_OP_WRITE64, DATA, 0, 0}};

    (void)state;
    bench_store(&bench, MONITORED, UINT64_MAX);
    for (uint64_t n = 1; n <= 60; n++) {
        struct bell_packet packets[2];
        const struct bell_packet raise = {BELL_OP_SIGNAL, CURRENT, n, MONITORED};

        memcpy(packets, waits, sizeof packets);
        packets[0].arg2 = n;
        packets[1].arg2 = n;
        submit(&waiter, packets, 2);
        bench_run(&bench, 1 + n * 7);
        assert_int_not_equal(bench_load(&bench, DATA), n);
        submit(&raiser, &raise, 1);
        await_rptr(&waiter, n);
        assert_int_equal(bench_load(&bench, DATA), n);
    }
}

/* What is already reached does not stop a buffer; its own signal counts. */
static void a_reached_value_does_not_stop(void **state)
{
    const struct bell_packet packets[] = {{BELL_OP_SIGNAL, CURRENT, 3, MONITORED},
                                          {BELL_OP_WAIT, CURRENT, 3, 0},
                                          {BELL_OP_WAIT, CURRENT, 2, 0},
                                          {BELL_OP_WRITE64, DATA, 1, 0}};

    (void)state;
    bench_store(&bench, MONITORED, UINT64_MAX);
    submit(&waiter, packets, 4);
    bench_settle(&bench);
    assert_int_equal(rptr(&waiter), 1);
    assert_int_equal(bench_load(&bench, DATA), 1);
    assert_int_equal(bench.counts[BELL_DEV_START], 1);
}

static void expect_fault(uint64_t data, enum bell_cause cause)
{
    bench_settle(&bench);
    assert_true(bench_state(&bench, WAITER) & BELL_QUEUE_STATE_FAULTED_MASK);
    bench_expect_event(&bench, cause, 0, WAITER, data);
    bench_command(&bench, WAITER, BELL_QUEUE_CMD_CLOSE);
    waiter = bench_queue_open(&bench, WAITER, 0, PASID, 8, 0);
}

/* A refused access is the queue's fault; a value that memory has was told before. */
static void refused_accesses_are_faults(void **state)
{
    const uint64_t foreign = 3 * BENCH_MIB;

    (void)state;
    submit(&waiter, &(struct bell_packet){BELL_OP_SIGNAL, foreign, 1, 0}, 1);
    expect_fault(foreign, BELL_CAUSE_PAGE_FAULT);
    submit(&waiter, &(struct bell_packet){BELL_OP_WAIT, foreign, 0, 0}, 1);
    expect_fault(foreign, BELL_CAUSE_PAGE_FAULT);

    submit(&waiter, &(struct bell_packet){BELL_OP_SIGNAL, CURRENT, 7, foreign}, 1);
    bench_settle(&bench);
    assert_int_equal(bench_load(&bench, CURRENT), 7);
    bench_expect_event(&bench, BELL_CAUSE_FENCE_SIGNALED, 0, WAITER, CURRENT);
    expect_fault(foreign, BELL_CAUSE_PAGE_FAULT);

    bench.bad_page = CURRENT;
    submit(&waiter, &(struct bell_packet){BELL_OP_WAIT, CURRENT, 0, 0}, 1);
    expect_fault(CURRENT, BELL_CAUSE_BUS_ERROR);
    submit(&waiter, &(struct bell_packet){BELL_OP_SIGNAL, CURRENT, 9, 0}, 1);
    expect_fault(CURRENT, BELL_CAUSE_BUS_ERROR);
    assert_int_equal(bench_load(&bench, CURRENT), 7);
}

static void log_signals(void)
{
    bench_write(&bench, BELL_QUEUE_SIGNAL_LOG_OFFSET(WAITER),
                SIGNALS | BELL_QUEUE_SIGNAL_LOG_ENABLE_MASK);
}

/* NF-LOG-01: whoever sees the event sees the entry and its index. */
static void the_event_follows_the_log(void **state)
{
    (void)state;
    log_signals();
    for (uint64_t n = 1; n <= 100; n++) {
        const uint64_t monitored = n % 2 ? MONITORED : 0;

        bench_store(&bench, MONITORED, n - 1);
        submit(&waiter, &(struct bell_packet){BELL_OP_SIGNAL, CURRENT, n, monitored}, 1);
        for (unsigned clocks = 0; !events(); clocks++)
            assert_true(clocks < 20000);
        assert_int_equal(bench_load(&bench, SIGNALS), n / ENTRIES << 32 | n % ENTRIES);
        assert_int_equal(bench_load(&bench, SIGNALS + 40 + (n - 1) % ENTRIES * 48), n);
        bench_expect_event(&bench, BELL_CAUSE_FENCE_SIGNALED, 0, WAITER, CURRENT);
        bench_settle(&bench);
    }
}

/* The event comes all the same, before the fault; that names the log, whatever else is refused. */
static void a_refused_log_costs_no_event(void **state)
{
    const uint64_t foreign = 3 * BENCH_MIB;
    const uint64_t monitored[] = {MONITORED, 0, foreign};

    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        const struct bell_packet packet = {BELL_OP_SIGNAL, CURRENT, i + 1, monitored[i / 2]};

        log_signals();
        bench.readonly_page = SIGNALS;
        bench_store(&bench, MONITORED, i % 2 ? UINT64_MAX : i);
        submit(&waiter, &packet, 1);
        bench_settle(&bench);
        assert_int_equal(bench_load(&bench, CURRENT), i + 1);
        if (i != 1)
            bench_expect_event(&bench, BELL_CAUSE_FENCE_SIGNALED, 0, WAITER, CURRENT);
        expect_fault(SIGNALS + 40, BELL_CAUSE_PAGE_FAULT);
        assert_int_equal(events(), 0);
        assert_int_equal(bench_load(&bench, SIGNALS), 0);
        bench_write(&bench, BELL_QUEUE_SIGNAL_LOG_INDEX_OFFSET(WAITER), 0);
    }
}

/* A signal follows every earlier write of its buffer. */
static void a_signal_follows_the_data(void **state)
{
    const struct bell_packet packets[] = {{BELL_OP_FILL, DATA, 0x800, 5},
                                          {BELL_OP_SIGNAL, CURRENT, 1, 0}};

    (void)state;
    submit(&waiter, packets, 2);
    for (unsigned clocks = 0; bench_load(&bench, CURRENT) != 1; clocks++) {
        assert_true(clocks < 5000);
        bench_step(&bench, 1);
    }
    assert_int_equal(bench_load(&bench, DATA + 0x7f8), 5);
}

#define FENCE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FENCE_TEST(the_event_is_for_values_above_the_monitored_one),
        FENCE_TEST(no_wake_up_is_missed),
        FENCE_TEST(a_wait_ends_when_the_fence_is_raised),
        FENCE_TEST(a_reached_value_does_not_stop),
        FENCE_TEST(refused_accesses_are_faults),
        FENCE_TEST(the_event_follows_the_log),
        FENCE_TEST(a_refused_log_costs_no_event),
        FENCE_TEST(a_signal_follows_the_data),
    };

    return cmocka_run_group_tests_name("model_fence", tests, NULL, NULL);
}
