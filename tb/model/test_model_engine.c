// SPDX-License-Identifier: MIT
// Packets of the device: what each does to memory, in which order it becomes visible, which are
// bad, how abort ends them; and the event queue behind them.

#include "model_bench.h"

#include <string.h>

#define LATENCY 100u /* Long enough for an order mistake to show in memory. */
#define SLOT 3u
#define QUEUE 5u
#define PASID 1u
#define DATA (PASID * BENCH_MIB + 0x90000) /* Free memory of the queue's process. */

static struct bench bench;
static struct bench_queue queue;

static int setup(void **state)
{
    (void)state;
    bench_open(&bench, 64, LATENCY);
    bench_write(&bench, BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
    bench_own(&bench, SLOT, QUEUE);
    queue = bench_queue_open(&bench, QUEUE, 0, PASID, 8, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_close(&bench);
    return 0;
}

static void submit(const struct bell_packet *packets, unsigned count)
{
    bench_append(&queue, queue.buffers, packets, count);
    bench_ring(&bench, SLOT);
}

static void run(const struct bell_packet *packets, unsigned count)
{
    submit(packets, count);
    bench_settle(&bench);
}

static void reopen(void)
{
    bench_command(&bench, QUEUE, BELL_QUEUE_CMD_CLOSE);
    queue = bench_queue_open(&bench, QUEUE, 0, PASID, 8, 0);
}

static uint64_t memory_rptr(void)
{
    return bench_load(&bench, queue.control + BELL_CONTROL_RPTR_OFFSET);
}

/* The queue faulted and said so; it is opened anew. */
static void expect_fault(enum bell_cause cause, uint64_t data)
{
    const uint64_t state = bench_state(&bench, QUEUE);

    assert_true(state & BELL_QUEUE_STATE_FAULTED_MASK);
    assert_int_equal(BELL_FIELD_GET(state, BELL_QUEUE_STATE_CAUSE), cause);
    bench_expect_event(&bench, cause, 0, QUEUE, data);
    reopen();
}

/* ------------------------------------------------------------------ packets */

static void fill_writes_its_bytes_and_no_others(void **state)
{
    static const uint64_t sizes[] = {8, 16, 120, 128, 136, 4096, 5000};

    (void)state;
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const uint64_t dst = DATA + 4096 - 24;
        const struct bell_packet packet = {BELL_OP_FILL, dst, sizes[i], 0x1122334455667788 + i};

        run(&packet, 1);
        for (uint64_t at = 0; at < sizes[i]; at += 8)
            assert_int_equal(bench_load(&bench, dst + at), packet.arg3);
        assert_int_equal(bench_load(&bench, dst - 8), 0);
        assert_int_equal(bench_load(&bench, dst + sizes[i]), 0);
    }
}

static void copy_moves_its_bytes_and_no_others(void **state)
{
    static const struct {
        uint64_t to, from, size;
    } moves[] = {
        {0x10000, 0, 8}, {0x10008, 0x18, 4096}, {0x10ff8, 0xf80, 136}, {0x10040, 0xff8, 9000},
    };

    (void)state;
    for (uint64_t at = 0; at < 0x4000; at += 8)
        bench_store(&bench, DATA + at, at * 0x9e3779b97f4a7c15 + 1);
    for (unsigned i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        const uint64_t dst = DATA + moves[i].to;
        const struct bell_packet packet = {BELL_OP_COPY, dst, moves[i].size, DATA + moves[i].from};

        memset(bench.memory + DATA + 0x10000, 0, 0x8000);
        run(&packet, 1);
        assert_memory_equal(bench.memory + dst, bench.memory + DATA + moves[i].from, moves[i].size);
        assert_int_equal(bench_load(&bench, dst - 8), 0);
        assert_int_equal(bench_load(&bench, dst + moves[i].size), 0);
    }
}

static void packets_run_in_order(void **state)
{
    const struct bell_packet packets[] = {
        {BELL_OP_FILL, DATA, 64, 3},          {BELL_OP_WRITE64, DATA + 8, 4, 0},
        {BELL_OP_COPY, DATA + 64, 64, DATA},  {BELL_OP_NOP, 0, 0, 0},
        {BELL_OP_FILL, DATA, 8, 9},           {BELL_OP_WRITE64, DATA, 10, 0},
    };

    (void)state;
    run(packets, 6);
    assert_int_equal(bench_load(&bench, DATA), 10);
    assert_int_equal(bench_load(&bench, DATA + 64), 3);
    assert_int_equal(bench_load(&bench, DATA + 72), 4);
    assert_int_equal(memory_rptr(), 1);
}

static void empty_moves_do_nothing(void **state)
{
    const struct bell_packet packets[] = {
        {BELL_OP_FILL, DATA, 0, 3}, {BELL_OP_COPY, DATA, 0, DATA + 64}, {BELL_OP_WORK, 0, 0, 0},
    };

    (void)state;
    run(packets, 3);
    assert_int_equal(memory_rptr(), 1);
    assert_int_equal(bench.writes, 1); /* RPTR. */
}

static void work_takes_its_clocks(void **state)
{
    uint64_t took[2];

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        const struct bell_packet packet = {.head = BELL_OP_WORK, .arg1 = 100 + 900 * i};
        uint64_t start = 0;

        run(&packet, 1);
        for (unsigned e = 0; e < bench.logged; e++)
            if (bench.log[e].kind == BELL_DEV_START)
                start = bench.log[e].cycle;
            else if (bench.log[e].kind == BELL_DEV_DONE)
                took[i] = bench.log[e].cycle - start;
    }
    assert_int_equal(took[1] - took[0], 900);
}

/* Two nodes fill at once: one word a clock is all that the one port to memory takes. */
static void nodes_share_the_port_to_memory(void **state)
{
    struct bench_queue other = bench_queue_open(&bench, 6, 1, 2, 4, 0);
    const struct bell_packet mine = {BELL_OP_FILL, DATA, 0x4000, 1};
    const struct bell_packet theirs = {BELL_OP_FILL, other.base + 0x90000, 0x4000, 1};
    uint64_t start = 0;

    (void)state;
    bench_append(&other, other.buffers, &theirs, 1);
    bench_command(&bench, 6, BELL_QUEUE_CMD_KICK);
    run(&mine, 1);
    for (unsigned e = 0; e < bench.logged; e++)
        if (bench.log[e].kind == BELL_DEV_START && !start)
            start = bench.log[e].cycle;
        else if (bench.log[e].kind == BELL_DEV_DONE)
            assert_in_range(bench.log[e].cycle - start, 2 * 0x4000 / 8 - 200, 4 * 0x4000 / 8);
}

/* A buffer of more than a page, with packets on both sides of every burst boundary. */
static void long_buffers_are_read_to_their_end(void **state)
{
    struct bell_packet packets[300];

    (void)state;
    for (unsigned i = 0; i < 300; i++)
        packets[i] = (struct bell_packet){BELL_OP_WRITE64, DATA + 8 * i, i + 1, 0};
    run(packets, 300);
    for (unsigned i = 0; i < 300; i++)
        assert_int_equal(bench_load(&bench, DATA + 8 * i), i + 1);
}

/* ------------------------------------------------------------------ order of visibility */

static void data_then_fence_then_rptr(void **state)
{
    const struct bell_packet packets[] = {
        {BELL_OP_FILL, DATA, 1024, 7},
        {BELL_OP_FENCE, DATA + 0x2000, 1, 0},
        {BELL_OP_FILL, DATA + 0x1000, 8, 7},
        {BELL_OP_FENCE, DATA + 0x2000, 2, 0},
    };
    const uint64_t *order = bench.write_addr;

    (void)state;
    run(packets, 4);
    assert_int_equal(bench.writes, 8 + 1 + 1 + 1 + 1);
    assert_int_equal(order[7], DATA + 1024 - 128);
    assert_int_equal(order[8], DATA + 0x2000);
    assert_int_equal(order[9], DATA + 0x1000);
    assert_int_equal(order[10], DATA + 0x2000);
    assert_int_equal(order[11], queue.control + BELL_CONTROL_RPTR_OFFSET);
    assert_int_equal(bench_load(&bench, DATA + 0x2000), 2);
}

static void no_fence_after_a_failed_write(void **state)
{
    const struct bell_packet packets[] = {
        {BELL_OP_WRITE64, 2 * BENCH_MIB, 7, 0}, {BELL_OP_FENCE, DATA, 1, 0},
    };

    (void)state;
    run(packets, 2);
    assert_int_equal(bench_load(&bench, DATA), 0);
    assert_int_equal(memory_rptr(), 0);
    expect_fault(BELL_CAUSE_PAGE_FAULT, 2 * BENCH_MIB);
}

/* The interrupt never overtakes the data it announces. */
static void user_irq_comes_after_the_data(void **state)
{
    const struct bell_packet packets[] = {
        {BELL_OP_FILL, DATA, 4096, 7}, {BELL_OP_IRQ, 42, 0, 0}, {BELL_OP_HANG, 0, 0, 0},
    };

    (void)state;
    bench_write(&bench, BELL_IRQ_CTRL_OFFSET, BELL_IRQ_CTRL_ENABLE_MASK);
    submit(packets, 3);
    for (unsigned clocks = 0; !bench.irq; clocks++) {
        assert_true(clocks < 5000);
        bench_step(&bench, 1);
    }
    assert_int_equal(bench_load(&bench, DATA + 4088), 7);
    bench_expect_event(&bench, BELL_CAUSE_USER_IRQ, 0, QUEUE, 42);
    assert_false(bench.irq);
}

/* ------------------------------------------------------------------ faults */

static void bad_packets_are_faults(void **state)
{
    static const struct bell_packet bad[] = {
        {11, 0, 0, 0},
        {255, 0, 0, 0},
        {BELL_OP_NOP | 1u << 8, 0, 0, 0},
        {BELL_OP_NOP | UINT64_C(1) << 63, 0, 0, 0},
        {BELL_OP_WAIT | UINT64_C(1) << 8, DATA, 0, 0},
        {BELL_OP_WAIT, DATA + 4, 0, 0},
        {BELL_OP_SIGNAL, DATA + 1, 0, 0},
        {BELL_OP_SIGNAL, DATA, 0, DATA + 4},
        {BELL_OP_SIGNAL, DATA, 0, UINT64_C(1) << 48},
        {BELL_OP_FILL, DATA + 4, 8, 0},
        {BELL_OP_FILL, DATA, 12, 0},
        {BELL_OP_FILL, UINT64_C(1) << 48, 8, 0},
        {BELL_OP_COPY, DATA + 1, 8, DATA},
        {BELL_OP_COPY, DATA, 7, DATA},
        {BELL_OP_COPY, DATA, 8, DATA + 2},
        {BELL_OP_WRITE64, DATA + 4, 0, 0},
        {BELL_OP_FENCE, DATA + 1, 0, 0},
        {BELL_OP_FENCE, UINT64_C(1) << 63, 0, 0},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct bell_packet packets[] = {{BELL_OP_WRITE64, DATA, i + 1, 0}, bad[i],
                                              {BELL_OP_WRITE64, DATA, 99, 0}};

        run(packets, 3);
        assert_int_equal(bench_load(&bench, DATA), i + 1);
        expect_fault(BELL_CAUSE_BAD_PACKET, queue.buffers + 32);
    }
}

static void refused_data_accesses_are_faults_at_their_address(void **state)
{
    static const struct {
        struct bell_packet packet;
        enum bell_cause cause;
        uint64_t addr;
    } refused[] = {
        {{BELL_OP_FILL, 2 * BENCH_MIB - 40, 4096, 1}, BELL_CAUSE_PAGE_FAULT, 2 * BENCH_MIB},
        {{BELL_OP_COPY, DATA, 4096, 2 * BENCH_MIB - 40}, BELL_CAUSE_PAGE_FAULT, 2 * BENCH_MIB},
        {{BELL_OP_COPY, 2 * BENCH_MIB, 64, DATA}, BELL_CAUSE_PAGE_FAULT, 2 * BENCH_MIB},
        {{BELL_OP_FENCE, 0x1000, 1, 0}, BELL_CAUSE_PAGE_FAULT, 0x1000},
        {{BELL_OP_WRITE64, 0x1000, 1, 0}, BELL_CAUSE_PAGE_FAULT, 0x1000},
        {{BELL_OP_FILL, DATA + 0xff0, 64, 1}, BELL_CAUSE_BUS_ERROR, DATA + 0x1000},
        {{BELL_OP_COPY, DATA, 64, DATA + 0x1008}, BELL_CAUSE_BUS_ERROR, DATA + 0x1008},
    };

    (void)state;
    bench.bad_page = DATA + 0x1000;
    for (unsigned i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        run(&refused[i].packet, 1);
        assert_int_equal(memory_rptr(), 0);
        expect_fault(refused[i].cause, refused[i].addr);
    }
    assert_int_equal(bench_load(&bench, 2 * BENCH_MIB), 0);
}

static void fault_packet_faults(void **state)
{
    const struct bell_packet packet = {.head = BELL_OP_FAULT};

    (void)state;
    run(&packet, 1);
    expect_fault(BELL_CAUSE_DELIBERATE_FAULT, queue.buffers);
}

static void abort_ends_hang_and_work(void **state)
{
    static const struct bell_packet stuck[] = {
        {BELL_OP_HANG, 0, 0, 0}, {BELL_OP_WORK, UINT64_MAX, 0, 0}, {BELL_OP_WORK, 1u << 30, 0, 0},
    };
    const struct bell_packet nop = {.head = BELL_OP_NOP};

    (void)state;
    for (unsigned i = 0; i < sizeof stuck / sizeof stuck[0]; i++) {
        run(&nop, 1);
        run(&stuck[i], 1);
        assert_true(bench.device->ops->idle(bench.device));
        assert_true(bench_state(&bench, QUEUE) & BELL_QUEUE_STATE_RUNNING_MASK);
        bench_write(&bench, BELL_NODE_ABORT_OFFSET, BELL_NODE_ABORT_NODE1_MASK);
        bench_settle(&bench);
        assert_true(bench_state(&bench, QUEUE) & BELL_QUEUE_STATE_RUNNING_MASK);
        bench_write(&bench, BELL_NODE_ABORT_OFFSET, BELL_NODE_ABORT_NODE0_MASK);
        bench_settle(&bench);
        assert_int_equal(memory_rptr(), 1);
        expect_fault(BELL_CAUSE_ABORTED, 1);
    }
}

static void abort_cuts_a_long_copy_short(void **state)
{
    const struct bell_packet packet = {BELL_OP_COPY, DATA, 0x40000, DATA + 0x20000};

    (void)state;
    submit(&packet, 1);
    bench_run(&bench, 1000);
    bench_write(&bench, BELL_NODE_ABORT_OFFSET, BELL_NODE_ABORT_NODE0_MASK);
    bench_settle(&bench);
    assert_in_range(bench.writes, 1, 100);
    expect_fault(BELL_CAUSE_ABORTED, 0);
}

static void abort_of_an_idle_node_does_nothing(void **state)
{
    const struct bell_packet nop = {.head = BELL_OP_NOP};

    (void)state;
    bench_write(&bench, BELL_NODE_ABORT_OFFSET, 15);
    run(&nop, 1);
    assert_int_equal(memory_rptr(), 1);
    assert_int_equal(bench_read(&bench, BELL_IRQ_LEVEL_OFFSET), 0);
}

/* ------------------------------------------------------------------ event queue */

#define POSTS 100u /* More than the event queue holds. */

static void submit_posts(struct bench_queue *to)
{
    struct bell_packet packets[POSTS];

    for (unsigned i = 0; i < POSTS; i++)
        packets[i] = (struct bell_packet){BELL_OP_IRQ, i, 0, 0};
    bench_append(to, to->buffers, packets, POSTS);
    bench_command(&bench, to->index, BELL_QUEUE_CMD_KICK);
}

/* Two nodes post a hundred events each into a queue of 64: none is lost, all are in order. */
static void a_full_event_queue_holds_its_sources_up(void **state)
{
    struct bench_queue other = bench_queue_open(&bench, 6, 1, 2, 4, 0);
    uint64_t seen[2] = {0, 0};

    (void)state;
    submit_posts(&queue);
    submit_posts(&other);
    bench_settle(&bench);
    assert_int_equal(bench_read(&bench, BELL_IRQ_LEVEL_OFFSET), 64);
    for (unsigned i = 0; i < 2 * POSTS; i++) {
        const uint64_t word0 = bench_read(&bench, BELL_EVENT0_OFFSET);
        const uint64_t node = BELL_FIELD_GET(word0, BELL_EVENT0_NODE);

        assert_in_range(node, 0, 1);
        bench_expect_event(&bench, BELL_CAUSE_USER_IRQ, (uint32_t)node, node ? 6 : QUEUE,
                           seen[node]++);
    }
    bench_settle(&bench);
    assert_int_equal(bench_read(&bench, BELL_EVENT0_OFFSET), 0);
    assert_int_equal(bench_read(&bench, BELL_EVENT1_OFFSET), 0);
    assert_int_equal(bench_load(&bench, other.control + BELL_CONTROL_RPTR_OFFSET), 1);
}

static void abort_of_a_held_up_node_still_reports(void **state)
{
    uint64_t word0 = 0;

    (void)state;
    submit_posts(&queue);
    bench_settle(&bench);
    bench_write(&bench, BELL_NODE_ABORT_OFFSET, BELL_NODE_ABORT_NODE0_MASK);
    bench_settle(&bench);
    assert_int_equal(bench_read(&bench, BELL_IRQ_LEVEL_OFFSET), 64);
    for (unsigned i = 0; i < 65; i++) {
        word0 = bench_read(&bench, BELL_EVENT0_OFFSET);
        bench_write(&bench, BELL_EVENT_POP_OFFSET, 1);
    }
    assert_int_equal(BELL_FIELD_GET(word0, BELL_EVENT0_CAUSE), BELL_CAUSE_ABORTED);
    assert_int_equal(bench_read(&bench, BELL_IRQ_LEVEL_OFFSET), 0);
}

static void the_line_follows_enable_and_level(void **state)
{
    const struct bell_packet packets[] = {{BELL_OP_IRQ, 1, 0, 0}, {BELL_OP_IRQ, 2, 0, 0}};

    (void)state;
    run(packets, 2);
    assert_false(bench.irq);
    bench_write(&bench, BELL_IRQ_CTRL_OFFSET, 1);
    assert_true(bench.irq);
    bench_write(&bench, BELL_EVENT_POP_OFFSET, 0);
    bench_write(&bench, BELL_EVENT_POP_OFFSET, 1);
    assert_true(bench.irq);
    bench_write(&bench, BELL_IRQ_CTRL_OFFSET, 0);
    assert_false(bench.irq);
    bench_write(&bench, BELL_IRQ_CTRL_OFFSET, 1);
    assert_true(bench.irq);
    bench_write(&bench, BELL_EVENT_POP_OFFSET, 1);
    assert_false(bench.irq);
    bench_write(&bench, BELL_EVENT_POP_OFFSET, 1);
    assert_int_equal(bench_read(&bench, BELL_IRQ_LEVEL_OFFSET), 0);
}

#define ENGINE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(fill_writes_its_bytes_and_no_others),
        ENGINE_TEST(copy_moves_its_bytes_and_no_others),
        ENGINE_TEST(packets_run_in_order),
        ENGINE_TEST(empty_moves_do_nothing),
        ENGINE_TEST(work_takes_its_clocks),
        ENGINE_TEST(nodes_share_the_port_to_memory),
        ENGINE_TEST(long_buffers_are_read_to_their_end),
        ENGINE_TEST(data_then_fence_then_rptr),
        ENGINE_TEST(no_fence_after_a_failed_write),
        ENGINE_TEST(user_irq_comes_after_the_data),
        ENGINE_TEST(bad_packets_are_faults),
        ENGINE_TEST(refused_data_accesses_are_faults_at_their_address),
        ENGINE_TEST(fault_packet_faults),
        ENGINE_TEST(abort_ends_hang_and_work),
        ENGINE_TEST(abort_cuts_a_long_copy_short),
        ENGINE_TEST(abort_of_an_idle_node_does_nothing),
        ENGINE_TEST(a_full_event_queue_holds_its_sources_up),
        ENGINE_TEST(abort_of_a_held_up_node_still_reports),
        ENGINE_TEST(the_line_follows_enable_and_level),
    };

    return cmocka_run_group_tests_name("model_engine", tests, NULL, NULL);
}
