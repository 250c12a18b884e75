// SPDX-License-Identifier: MIT
// Turns of the device: who runs when, pointers and their bounds, ring entries, refused accesses of
// fetch, and that a fault stays with its queue.

#include "model_bench.h"

#define LATENCY 20u
#define SLOT 3u
#define QUEUE 5u

static const struct bell_packet nop = {.head = BELL_OP_NOP};
static const struct bell_packet hang = {.head = BELL_OP_HANG};

static struct bench bench;

static int setup(void **state)
{
    (void)state;
    bench_open(&bench, 64, LATENCY);
    bench_write(&bench, BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_close(&bench);
    return 0;
}

static struct bench_queue open_queue(unsigned log2_entries, uint64_t start)
{
    bench_own(&bench, SLOT, QUEUE);
    return bench_queue_open(&bench, QUEUE, 0, 1, log2_entries, start);
}

static uint64_t memory_rptr(const struct bench_queue *queue)
{
    return bench_load(&bench, queue->control + BELL_CONTROL_RPTR_OFFSET);
}

static void expect_faulted(enum bell_cause cause)
{
    const uint64_t state = bench_state(&bench, QUEUE);

    assert_true(state & BELL_QUEUE_STATE_FAULTED_MASK);
    assert_false(state & BELL_QUEUE_STATE_RUNNING_MASK);
    assert_int_equal(BELL_FIELD_GET(state, BELL_QUEUE_STATE_CAUSE), cause);
}

/* ------------------------------------------------------------------ pointers */

/* The ring is lapped five times while the 64-bit counts and the 16-bit tags wrap. */
static void pointers_wrap(void **state)
{
    struct bench_queue queue = open_queue(2, UINT64_MAX - 7);

    (void)state;
    for (unsigned batch = 0; batch < 7; batch++) {
        for (unsigned i = 0; i < 3; i++)
            bench_append(&queue, queue.buffers + 64 * i, &nop, 1);
        bench_ring(&bench, SLOT);
        bench_settle(&bench);
        assert_int_equal(memory_rptr(&queue), queue.wptr);
        assert_int_equal(bench_read(&bench, BELL_QUEUE_RPTR_OFFSET(QUEUE)), queue.wptr);
    }
    assert_int_equal(queue.wptr, 13);
    assert_int_equal(bench.counts[BELL_DEV_DONE], 21);
    assert_int_equal(bench_read(&bench, BELL_IRQ_LEVEL_OFFSET), 0);
}

static void a_full_ring_runs(void **state)
{
    struct bench_queue queue = open_queue(4, 100);

    (void)state;
    for (unsigned i = 0; i < 16; i++)
        bench_append(&queue, queue.buffers, &nop, 1);
    bench_ring(&bench, SLOT);
    bench_settle(&bench);
    assert_int_equal(memory_rptr(&queue), 116);
    assert_int_equal(bench.counts[BELL_DEV_SAMPLE], 1); /* Nobody waits: all in one turn. */
}

static void wptr_beyond_the_ring_is_a_fault(void **state)
{
    static const uint64_t ahead[] = {9, 1000, UINT64_MAX};

    (void)state;
    for (unsigned i = 0; i < sizeof ahead / sizeof ahead[0]; i++) {
        struct bench_queue queue = open_queue(3, 100);

        bench_store(&bench, queue.control + BELL_CONTROL_WPTR_OFFSET, 100 + ahead[i]);
        bench_ring(&bench, SLOT);
        bench_settle(&bench);
        expect_faulted(BELL_CAUSE_PTR_BOUNDS);
        assert_int_equal(memory_rptr(&queue), 100);
        bench_expect_event(&bench, BELL_CAUSE_PTR_BOUNDS, 0, QUEUE, 100 + ahead[i]);
        bench_command(&bench, QUEUE, BELL_QUEUE_CMD_CLOSE);
    }
    assert_int_equal(bench.counts[BELL_DEV_START], 0);
}

static void bad_entries_are_faults(void **state)
{
    static const struct {
        uint64_t flip0, word1;
    } bad[] = {
        {UINT64_C(1) << 48, 32}, {UINT64_C(1) << 63, 32}, {16, 32}, {1, 32},
        {0, 0},                  {0, 33},                 {0, 16},  {0, 32 | UINT64_C(1) << 32},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct bench_queue queue = open_queue(4, 77);

        bench_append(&queue, queue.buffers, &nop, 1);
        bench_append_entry(&queue, bench_word0(&queue, queue.buffers) ^ bad[i].flip0, bad[i].word1);
        bench_ring(&bench, SLOT);
        bench_settle(&bench);
        expect_faulted(BELL_CAUSE_BAD_ENTRY);
        assert_int_equal(memory_rptr(&queue), 78);
        bench_expect_event(&bench, BELL_CAUSE_BAD_ENTRY, 0, QUEUE, 78);
        bench_command(&bench, QUEUE, BELL_QUEUE_CMD_CLOSE);
    }
}

/* ------------------------------------------------------------------ refused accesses of fetch */

static void expect_refused(enum bell_cause cause, uint64_t addr)
{
    bench_ring(&bench, SLOT);
    bench_settle(&bench);
    expect_faulted(cause);
    bench_expect_event(&bench, cause, 0, QUEUE, addr);
}

static void refused_wptr_is_a_page_fault(void **state)
{
    struct bench_queue queue = open_queue(4, 0);

    (void)state;
    bench_command(&bench, QUEUE, BELL_QUEUE_CMD_CLOSE);
    bench_write(&bench, BELL_QUEUE_CONTROL_OFFSET(QUEUE), 3 * BENCH_MIB);
    bench_command(&bench, QUEUE, BELL_QUEUE_CMD_OPEN);
    bench_command(&bench, QUEUE, BELL_QUEUE_CMD_ADD);
    (void)queue;
    expect_refused(BELL_CAUSE_PAGE_FAULT, 3 * BENCH_MIB);
}

static void failed_wptr_is_a_bus_error(void **state)
{
    struct bench_queue queue = open_queue(4, 0);

    (void)state;
    bench.bad_page = queue.control;
    expect_refused(BELL_CAUSE_BUS_ERROR, queue.control);
}

static void failed_entry_is_a_bus_error(void **state)
{
    struct bench_queue queue = open_queue(4, 3);

    (void)state;
    bench_append(&queue, queue.buffers, &nop, 1);
    bench.bad_page = queue.base;
    expect_refused(BELL_CAUSE_BUS_ERROR, queue.base + 3 * BELL_ENTRY_BYTES);
}

static void refused_rptr_write_is_a_page_fault(void **state)
{
    struct bench_queue queue = open_queue(4, 3);

    (void)state;
    bench_append(&queue, queue.buffers, &nop, 1);
    bench.readonly_page = queue.control;
    expect_refused(BELL_CAUSE_PAGE_FAULT, queue.control + BELL_CONTROL_RPTR_OFFSET);
    assert_int_equal(bench_read(&bench, BELL_QUEUE_RPTR_OFFSET(QUEUE)), 4); /* It was consumed. */
}

static void refused_command_buffer_is_a_page_fault(void **state)
{
    struct bench_queue queue = open_queue(4, 0);

    (void)state;
    bench_append_entry(&queue, bench_word0(&queue, 2 * BENCH_MIB - 32), 64);
    expect_refused(BELL_CAUSE_PAGE_FAULT, 2 * BENCH_MIB);
}

static void kernel_ring_is_read_as_pasid_0(void **state)
{
    struct bench_queue queue = open_queue(4, 0);

    (void)state;
    bench_command(&bench, QUEUE, BELL_QUEUE_CMD_CLOSE);
    bench_write(&bench, BELL_QUEUE_CONFIG_OFFSET(QUEUE),
                BELL_FIELD_PUT(BELL_QUEUE_CONFIG_LOG2_ENTRIES, 4) |
                    BELL_QUEUE_CONFIG_KERNEL_RING_MASK |
                    BELL_FIELD_PUT(BELL_QUEUE_CONFIG_PASID, 2));
    bench_command(&bench, QUEUE, BELL_QUEUE_CMD_OPEN);
    bench_command(&bench, QUEUE, BELL_QUEUE_CMD_ADD);
    bench_append(&queue, 2 * BENCH_MIB, &nop, 1);
    bench_ring(&bench, SLOT);
    bench_settle(&bench);
    assert_int_equal(memory_rptr(&queue), 1);
    for (unsigned i = 0; i < bench.reads; i++)
        assert_int_equal(bench.read_pasid[i], i + 1 == bench.reads ? 2 : 0);
}

/* ------------------------------------------------------------------ run list */

static void remove_ends_the_turn_after_its_buffer_and_add_resumes(void **state)
{
    const struct bell_packet work = {.head = BELL_OP_WORK, .arg1 = 500};
    struct bench_queue queue = open_queue(4, 0);
    uint64_t done;

    (void)state;
    for (unsigned i = 0; i < 3; i++)
        bench_append(&queue, queue.buffers, &work, 1);
    bench_ring(&bench, SLOT);
    bench_run(&bench, 300);
    bench_command(&bench, QUEUE, BELL_QUEUE_CMD_REMOVE);
    bench_await_state(&bench, QUEUE, BELL_QUEUE_STATE_RUNNING_MASK, 0);
    assert_int_equal(bench.counts[BELL_DEV_DONE], 1);
    assert_int_equal(bench_state(&bench, QUEUE),
                     BELL_QUEUE_STATE_OPEN_MASK | BELL_QUEUE_STATE_WORK_MASK);
    bench_settle(&bench);
    done = bench.counts[BELL_DEV_DONE];
    assert_int_equal(done, 1);
    bench_command(&bench, QUEUE, BELL_QUEUE_CMD_ADD);
    bench_settle(&bench);
    assert_int_equal(memory_rptr(&queue), 3);
    assert_int_equal(bench_read(&bench, BELL_LEDGER_SAMPLED_OFFSET), 1);
}

static void a_ring_during_the_turn_is_owed_anew(void **state)
{
    const struct bell_packet work = {.head = BELL_OP_WORK, .arg1 = 500};
    struct bench_queue queue = open_queue(4, 0);

    (void)state;
    bench_append(&queue, queue.buffers, &work, 1);
    bench_ring(&bench, SLOT);
    bench_run(&bench, 200);
    bench_append(&queue, queue.buffers, &work, 1);
    bench_ring(&bench, SLOT);
    assert_true(bench_state(&bench, QUEUE) & BELL_QUEUE_STATE_PENDING_MASK);
    bench_settle(&bench);
    assert_int_equal(memory_rptr(&queue), 2);
    assert_int_equal(bench_read(&bench, BELL_LEDGER_SAMPLED_OFFSET), 2);
    bench_check_ledger(&bench);
}

static void close_is_ignored_while_the_queue_runs(void **state)
{
    struct bench_queue queue = open_queue(4, 0);

    (void)state;
    bench_append(&queue, queue.buffers, &hang, 1);
    bench_ring(&bench, SLOT);
    bench_settle(&bench);
    bench_command(&bench, QUEUE, BELL_QUEUE_CMD_CLOSE);
    assert_true(bench_state(&bench, QUEUE) & BELL_QUEUE_STATE_OPEN_MASK);
    assert_true(bench_state(&bench, QUEUE) & BELL_QUEUE_STATE_RUNNING_MASK);
}

/* Three queues with sixteen buffers each on one node: turns of eight, in order, until all is done. */
static void queues_of_a_node_take_turns(void **state)
{
    unsigned starts = 0;

    (void)state;
    bench_write(&bench, BELL_CTRL_OFFSET, 0);
    for (uint32_t q = 0; q < 3; q++) {
        struct bench_queue queue = bench_queue_open(&bench, 10 * q + 1, 1, q + 1, 4, 0);

        for (unsigned i = 0; i < 16; i++)
            bench_append(&queue, queue.buffers, &nop, 1);
        bench_command(&bench, 10 * q + 1, BELL_QUEUE_CMD_KICK);
    }
    bench_write(&bench, BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
    bench_settle(&bench);
    for (unsigned i = 0; i < bench.logged; i++)
        if (bench.log[i].kind == BELL_DEV_START) {
            assert_int_equal(bench.log[i].queue, 10 * (starts / 8 % 3) + 1);
            assert_int_equal(bench.log[i].node, 1);
            assert_int_equal(bench.log[i].rptr, starts / 24 * 8 + starts % 8);
            starts++;
        }
    assert_int_equal(starts, 48);
}

static void nodes_run_side_by_side(void **state)
{
    struct bench_queue stuck = bench_queue_open(&bench, 1, 0, 1, 4, 0);
    struct bench_queue other = bench_queue_open(&bench, 2, 1, 2, 4, 0);

    (void)state;
    bench_append(&stuck, stuck.buffers, &hang, 1);
    bench_append(&other, other.buffers, &nop, 1);
    bench_command(&bench, 1, BELL_QUEUE_CMD_KICK);
    bench_settle(&bench);
    bench_command(&bench, 2, BELL_QUEUE_CMD_KICK);
    bench_settle(&bench);
    assert_int_equal(memory_rptr(&other), 1);
    assert_int_equal(bench_read(&bench, BELL_STATUS_OFFSET), 1u << BELL_STATUS_NODE_BUSY_SHIFT);
}

static void a_fault_stays_with_its_queue_until_it_is_closed(void **state)
{
    const struct bell_packet fault = {.head = BELL_OP_FAULT};
    struct bench_queue queue = open_queue(4, 0);
    struct bench_queue neighbour = bench_queue_open(&bench, 6, 0, 2, 4, 0);

    (void)state;
    bench_append(&queue, queue.buffers, &fault, 1);
    for (unsigned i = 0; i < 9; i++)
        bench_append(&neighbour, neighbour.buffers, &nop, 1);
    bench_ring(&bench, SLOT);
    bench_command(&bench, 6, BELL_QUEUE_CMD_KICK);
    bench_settle(&bench);
    assert_int_equal(memory_rptr(&neighbour), 9);
    expect_faulted(BELL_CAUSE_DELIBERATE_FAULT);
    assert_int_equal(memory_rptr(&queue), 0);

    bench_ring(&bench, SLOT);
    bench_settle(&bench);
    assert_int_equal(bench.counts[BELL_DEV_START], 10); /* No second try. */
    assert_int_equal(bench_read(&bench, BELL_LEDGER_OWED_OFFSET), 1);

    bench_command(&bench, QUEUE, BELL_QUEUE_CMD_CLOSE);
    bench_check_ledger(&bench);
    queue = open_queue(4, 0);
    bench_append(&queue, queue.buffers, &nop, 1);
    bench_ring(&bench, SLOT);
    bench_settle(&bench);
    assert_int_equal(memory_rptr(&queue), 1);
}

/* A long wait costs no more host steps than a short one. */
static void idle_time_is_skipped(void **state)
{
    const struct bell_packet work = {.head = BELL_OP_WORK, .arg1 = UINT64_C(1000000000)};
    struct bench_queue queue = open_queue(4, 0);
    uint64_t start;

    (void)state;
    bench_append(&queue, queue.buffers, &work, 1);
    bench_ring(&bench, SLOT);
    bench_run(&bench, 500);
    assert_true(bench.device->ops->idle(bench.device));
    start = bench_cycle(&bench);
    assert_int_equal(bench_step(&bench, UINT64_C(1000000000)), UINT64_C(1000000000));
    assert_int_equal(bench_cycle(&bench), start + UINT64_C(1000000000));
    assert_int_equal(memory_rptr(&queue), 1);
}

#define SCHED_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCHED_TEST(pointers_wrap),
        SCHED_TEST(a_full_ring_runs),
        SCHED_TEST(wptr_beyond_the_ring_is_a_fault),
        SCHED_TEST(bad_entries_are_faults),
        SCHED_TEST(refused_wptr_is_a_page_fault),
        SCHED_TEST(failed_wptr_is_a_bus_error),
        SCHED_TEST(failed_entry_is_a_bus_error),
        SCHED_TEST(refused_rptr_write_is_a_page_fault),
        SCHED_TEST(refused_command_buffer_is_a_page_fault),
        SCHED_TEST(kernel_ring_is_read_as_pasid_0),
        SCHED_TEST(remove_ends_the_turn_after_its_buffer_and_add_resumes),
        SCHED_TEST(a_ring_during_the_turn_is_owed_anew),
        SCHED_TEST(close_is_ignored_while_the_queue_runs),
        SCHED_TEST(queues_of_a_node_take_turns),
        SCHED_TEST(nodes_run_side_by_side),
        SCHED_TEST(a_fault_stays_with_its_queue_until_it_is_closed),
        SCHED_TEST(idle_time_is_skipped),
    };

    return cmocka_run_group_tests_name("model_sched", tests, NULL, NULL);
}
