// SPDX-License-Identifier: MIT
// The device at its MMIO port: which accesses are refused, what becomes of a doorbell store, what
// the queue commands do. rtl/regs/bell.rdl says what is expected.

#include "model_bench.h"

#define LATENCY 20u

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

static uint64_t doorbell(uint64_t slot)
{
    return BELL_DEVICE_BAR2 + slot * BELL_DOORBELL_BYTES;
}

static uint64_t ledger(uint64_t offset)
{
    return bench_read(&bench, offset);
}

static void identity_and_capabilities(void **state)
{
    const uint64_t caps = bench_read(&bench, BELL_CAPS_OFFSET);

    (void)state;
    assert_int_equal(bench_read(&bench, BELL_ID_OFFSET), UINT64_C(0x000100004c4c4542));
    assert_int_equal(BELL_FIELD_GET(caps, BELL_CAPS_SLOTS), 64);
    assert_int_equal(BELL_FIELD_GET(caps, BELL_CAPS_QUEUES), 64);
    assert_int_equal(BELL_FIELD_GET(caps, BELL_CAPS_NODES), 3);
    assert_int_equal(BELL_FIELD_GET(caps, BELL_CAPS_DOORBELL_BYTES), 8);
    assert_int_equal(bench_read(&bench, BELL_STATUS_OFFSET), BELL_STATUS_IDLE_MASK);
}

static void holes_are_refused_both_ways(void **state)
{
    static const uint64_t holes[] = {
        0x58, 0x78, 0xb8, 0x2a0, 0x2f8, 0x300, 0xfff8,
        0x14000, BELL_TOKEN_LISTEN_OFFSET(64), BELL_TOKEN_LISTEN_OFFSET(1023), BELL_REGS_BYTES,
        BELL_DEVICE_BAR0_BYTES, 0xfffff8,
    };

    (void)state;
    for (unsigned i = 0; i < sizeof holes / sizeof holes[0]; i++) {
        assert_int_equal(bench_try_read(&bench, holes[i]), BELL_RESP_SLVERR);
        assert_int_equal(bench.data, 0);
        assert_int_equal(bench_try_write(&bench, holes[i], 1, 8), BELL_RESP_SLVERR);
    }
}

static void wrong_direction_is_refused(void **state)
{
    static const uint64_t read_only[] = {
        BELL_ID_OFFSET, BELL_CAPS_OFFSET, BELL_STATUS_OFFSET, BELL_IRQ_LEVEL_OFFSET,
        BELL_EVENT0_OFFSET, BELL_EVENT1_OFFSET, BELL_LEDGER_ACCEPTED_OFFSET,
        BELL_LEDGER_SAMPLED_OFFSET, BELL_LEDGER_COALESCED_OFFSET, BELL_LEDGER_UNOWNED_OFFSET,
        BELL_LEDGER_REJECTED_OFFSET, BELL_LEDGER_OWED_OFFSET, BELL_LAST_REJECT_OFFSET,
        BELL_SLOT_DRAIN_OFFSET(0), BELL_QUEUE_STATE_OFFSET(0),
    };
    static const uint64_t write_only[] = {
        BELL_EVENT_POP_OFFSET, BELL_NODE_ABORT_OFFSET, BELL_QUEUE_CMD_OFFSET(0),
    };

    (void)state;
    for (unsigned i = 0; i < sizeof read_only / sizeof read_only[0]; i++) {
        assert_int_equal(bench_try_read(&bench, read_only[i]), BELL_RESP_OKAY);
        assert_int_equal(bench_try_write(&bench, read_only[i], 0, 8), BELL_RESP_SLVERR);
    }
    for (unsigned i = 0; i < sizeof write_only / sizeof write_only[0]; i++) {
        assert_int_equal(bench_try_read(&bench, write_only[i]), BELL_RESP_SLVERR);
        assert_int_equal(bench_try_write(&bench, write_only[i], 0, 8), BELL_RESP_OKAY);
    }
}

static void narrow_or_misaligned_register_access_changes_nothing(void **state)
{
    (void)state;
    bench_write(&bench, BELL_SLOT_OWNER_OFFSET(1), 5);
    for (unsigned size = 1; size < 8; size *= 2)
        assert_int_equal(bench_try_write(&bench, BELL_SLOT_OWNER_OFFSET(1), 0, size),
                         BELL_RESP_SLVERR);
    assert_int_equal(bench_try_write(&bench, BELL_SLOT_OWNER_OFFSET(1) + 4, 0, 8),
                     BELL_RESP_SLVERR);
    assert_int_equal(bench_try_read(&bench, BELL_SLOT_OWNER_OFFSET(1) + 4), BELL_RESP_SLVERR);
    assert_int_equal(bench_read(&bench, BELL_SLOT_OWNER_OFFSET(1)), 5);
}

static void only_what_is_fitted_answers(void **state)
{
    (void)state;
    bench_close(&bench);
    bench_open(&bench, 2, LATENCY);
    assert_int_equal(BELL_FIELD_GET(bench_read(&bench, BELL_CAPS_OFFSET), BELL_CAPS_SLOTS), 2);
    bench_write(&bench, BELL_SLOT_OWNER_OFFSET(1), 1);
    assert_int_equal(bench_try_write(&bench, BELL_SLOT_OWNER_OFFSET(2), 1, 8), BELL_RESP_SLVERR);
    assert_int_equal(bench_try_read(&bench, BELL_SLOT_DRAIN_OFFSET(2)), BELL_RESP_SLVERR);
    assert_int_equal(bench_try_read(&bench, BELL_QUEUE_STATE_OFFSET(63)), BELL_RESP_OKAY);
    assert_int_equal(bench_try_read(&bench, BELL_QUEUE_STATE_OFFSET(64)), BELL_RESP_SLVERR);
    assert_int_equal(bench_try_write(&bench, doorbell(2), 1, 8), BELL_RESP_SLVERR);
}

/* in layout GLOBAL a queue hears its own page only; TOKEN.LISTEN is one word a queue. */
static void tokens_are_heard_through_one_page(void **state)
{
    const uint64_t listen = BELL_TOKEN_LISTEN_VALID_MASK | BELL_FIELD_PUT(BELL_TOKEN_LISTEN_PAGE, 9);
    const uint32_t own = BELL_DEVICE_BAR2 + BELL_GLOBAL_FIRST + 9 * BELL_GLOBAL_BYTES;

    (void)state;
    bench_write(&bench, BELL_DOORBELLS_OFFSET, BELL_LAYOUT_GLOBAL);
    assert_int_equal(bench_try_write(&bench, own, 5, 8), BELL_RESP_SLVERR);
    bench_write(&bench, BELL_TOKEN_LISTEN_OFFSET(5), UINT64_MAX & ~UINT64_C(0xf6));
    assert_int_equal(bench_read(&bench, BELL_TOKEN_LISTEN_OFFSET(5)), listen);
    assert_int_equal(bench_try_write(&bench, own, 5, 8), BELL_RESP_OKAY);
    assert_int_equal(bench_try_write(&bench, own, 4, 8), BELL_RESP_SLVERR);
    assert_int_equal(bench_try_write(&bench, own, 64, 8), BELL_RESP_SLVERR);
    assert_int_equal(BELL_FIELD_GET(bench_read(&bench, BELL_LAST_REJECT_OFFSET),
                                    BELL_LAST_REJECT_CAUSE), BELL_REJECT_BAD_TOKEN);
    assert_int_equal(bench_try_write(&bench, own + BELL_GLOBAL_BYTES, 5, 8), BELL_RESP_SLVERR);
    assert_int_equal(bench_read(&bench, BELL_LAST_REJECT_OFFSET),
                     BELL_FIELD_PUT(BELL_LAST_REJECT_CAUSE, BELL_REJECT_FOREIGN_TOKEN) |
                         BELL_FIELD_PUT(BELL_LAST_REJECT_ADDR,
                                        own + BELL_GLOBAL_BYTES - BELL_DEVICE_BAR2));
    bench_write(&bench, BELL_TOKEN_LISTEN_OFFSET(5), 9);
    assert_int_equal(bench_read(&bench, BELL_TOKEN_LISTEN_OFFSET(5)), 0);
    assert_int_equal(bench_try_write(&bench, own, 5, 8), BELL_RESP_SLVERR);
    assert_int_equal(bench_try_read(&bench, BELL_TOKEN_LISTEN_OFFSET(64)), BELL_RESP_SLVERR);
    assert_int_equal(bench_try_write(&bench, BELL_TOKEN_LISTEN_OFFSET(64), 0, 8), BELL_RESP_SLVERR);
}

static void registers_keep_only_their_fields(void **state)
{
    (void)state;
    bench_write(&bench, BELL_SLOT_OWNER_OFFSET(3), UINT64_MAX);
    assert_int_equal(bench_read(&bench, BELL_SLOT_OWNER_OFFSET(3)), UINT64_C(0xffffffff8000ffff));
    bench_write(&bench, BELL_QUEUE_CONFIG_OFFSET(3), UINT64_MAX);
    assert_int_equal(bench_read(&bench, BELL_QUEUE_CONFIG_OFFSET(3)), UINT64_C(0x000fffff0003011f));
    bench_write(&bench, BELL_QUEUE_BASE_OFFSET(3), UINT64_MAX);
    assert_int_equal(bench_read(&bench, BELL_QUEUE_BASE_OFFSET(3)), UINT64_C(0xffffffffffff));
}

/* ------------------------------------------------------------------ doorbell stores */

static void expect_reject(enum bell_reject cause, uint64_t addr, unsigned size)
{
    const uint64_t rejected = ledger(BELL_LEDGER_REJECTED_OFFSET);
    uint64_t last;

    assert_int_equal(bench_try_write(&bench, addr, 1, size), BELL_RESP_SLVERR);
    last = bench_read(&bench, BELL_LAST_REJECT_OFFSET);
    assert_int_equal(BELL_FIELD_GET(last, BELL_LAST_REJECT_CAUSE), cause);
    assert_int_equal(BELL_FIELD_GET(last, BELL_LAST_REJECT_ADDR), addr - BELL_DEVICE_BAR2);
    assert_int_equal(ledger(BELL_LEDGER_REJECTED_OFFSET), rejected + 1);
}

static void refused_stores_are_counted_with_their_cause(void **state)
{
    (void)state;
    bench_own(&bench, 3, 5);
    expect_reject(BELL_REJECT_NARROW, doorbell(3), 4);
    expect_reject(BELL_REJECT_NARROW, doorbell(3) + 4, 4);
    expect_reject(BELL_REJECT_NARROW, doorbell(3) + 1, 8);
    expect_reject(BELL_REJECT_NARROW, doorbell(64) + 8, 1);
    expect_reject(BELL_REJECT_OFFSET, doorbell(3) + 8, 8);
    expect_reject(BELL_REJECT_OFFSET, doorbell(64) + 4088, 8);
    expect_reject(BELL_REJECT_NO_SLOT, doorbell(64), 8);
    expect_reject(BELL_REJECT_NO_SLOT, doorbell(4095), 8);
    bench_check_ledger(&bench);
}

static void reads_of_doorbell_pages_give_zero(void **state)
{
    (void)state;
    bench_own(&bench, 3, 5);
    assert_int_equal(bench_read(&bench, doorbell(3)), 0);
    assert_int_equal(bench_read(&bench, doorbell(4095) + 4088), 0);
    assert_int_equal(ledger(BELL_LEDGER_ACCEPTED_OFFSET), 0);
}

static void ring_without_owner_is_unowned(void **state)
{
    (void)state;
    bench_queue_open(&bench, 0, 0, 1, 4, 0);
    bench_ring(&bench, 3);
    assert_int_equal(ledger(BELL_LEDGER_UNOWNED_OFFSET), 1);
    assert_int_equal(bench.resp, BELL_RESP_OKAY);
    bench_check_ledger(&bench);
}

static void ring_for_a_closed_queue_is_rejected(void **state)
{
    uint64_t last;

    (void)state;
    bench_own(&bench, 3, 5);
    bench_own(&bench, 4, 999);
    bench_ring(&bench, 3);
    last = bench_read(&bench, BELL_LAST_REJECT_OFFSET);
    assert_int_equal(BELL_FIELD_GET(last, BELL_LAST_REJECT_CAUSE), BELL_REJECT_QUEUE_CLOSED);
    assert_int_equal(BELL_FIELD_GET(last, BELL_LAST_REJECT_ADDR), 3 * BELL_DOORBELL_BYTES);
    bench_ring(&bench, 4);
    assert_int_equal(ledger(BELL_LEDGER_REJECTED_OFFSET), 2);
    bench_check_ledger(&bench);
}

static void rings_coalesce_while_a_sample_is_owed(void **state)
{
    (void)state;
    bench_queue_open(&bench, 5, 0, 1, 4, 0);
    bench_own(&bench, 3, 5);
    bench_command(&bench, 5, BELL_QUEUE_CMD_REMOVE);
    for (unsigned i = 0; i < 4; i++)
        bench_ring(&bench, 3);
    assert_int_equal(ledger(BELL_LEDGER_COALESCED_OFFSET), 3);
    assert_int_equal(ledger(BELL_LEDGER_OWED_OFFSET), 1);
    assert_int_equal(bench_state(&bench, 5),
                     BELL_QUEUE_STATE_OPEN_MASK | BELL_QUEUE_STATE_PENDING_MASK);
    bench_check_ledger(&bench);
    bench_command(&bench, 5, BELL_QUEUE_CMD_ADD);
    bench_settle(&bench);
    assert_int_equal(ledger(BELL_LEDGER_SAMPLED_OFFSET), 1);
    assert_int_equal(ledger(BELL_LEDGER_OWED_OFFSET), 0);
    bench_check_ledger(&bench);
}

static void a_kick_is_no_ring(void **state)
{
    (void)state;
    bench_queue_open(&bench, 5, 0, 1, 4, 0);
    bench_own(&bench, 3, 5);
    bench_command(&bench, 5, BELL_QUEUE_CMD_REMOVE);
    bench_command(&bench, 5, BELL_QUEUE_CMD_KICK);
    assert_int_equal(ledger(BELL_LEDGER_ACCEPTED_OFFSET), 0);
    assert_int_equal(ledger(BELL_LEDGER_OWED_OFFSET), 0);
    bench_ring(&bench, 3);
    assert_int_equal(ledger(BELL_LEDGER_COALESCED_OFFSET), 1);
    bench_command(&bench, 5, BELL_QUEUE_CMD_ADD);
    bench_settle(&bench);
    assert_int_equal(bench.counts[BELL_DEV_SAMPLE], 1);
    assert_int_equal(ledger(BELL_LEDGER_SAMPLED_OFFSET), 0);
    bench_check_ledger(&bench);
}

static void a_kick_does_not_take_a_ring_out_of_the_ledger(void **state)
{
    (void)state;
    bench_queue_open(&bench, 5, 0, 1, 4, 0);
    bench_own(&bench, 3, 5);
    bench_command(&bench, 5, BELL_QUEUE_CMD_REMOVE);
    bench_ring(&bench, 3);
    bench_command(&bench, 5, BELL_QUEUE_CMD_KICK);
    assert_int_equal(ledger(BELL_LEDGER_OWED_OFFSET), 1);
    bench_command(&bench, 5, BELL_QUEUE_CMD_ADD);
    bench_settle(&bench);
    assert_int_equal(ledger(BELL_LEDGER_SAMPLED_OFFSET), 1);
    bench_check_ledger(&bench);
}

static void close_rejects_the_ring_it_owes(void **state)
{
    (void)state;
    bench_queue_open(&bench, 5, 0, 1, 4, 0);
    bench_own(&bench, 3, 5);
    bench_command(&bench, 5, BELL_QUEUE_CMD_REMOVE);
    bench_ring(&bench, 3);
    bench_command(&bench, 5, BELL_QUEUE_CMD_CLOSE);
    assert_int_equal(bench_state(&bench, 5), 0);
    assert_int_equal(ledger(BELL_LEDGER_REJECTED_OFFSET), 1);
    assert_int_equal(ledger(BELL_LEDGER_OWED_OFFSET), 0);
    bench_check_ledger(&bench);
}

/* Posted in a row, each behind the other: every ring goes to the owner of its own time. */
static void a_new_owner_gets_later_rings_only(void **state)
{
    const uint64_t next = BELL_FIELD_PUT(BELL_SLOT_OWNER_GENERATION, 7) |
                          BELL_SLOT_OWNER_VALID_MASK | BELL_FIELD_PUT(BELL_SLOT_OWNER_QUEUE, 6);

    (void)state;
    bench_queue_open(&bench, 5, 0, 1, 4, 0);
    bench_queue_open(&bench, 6, 0, 2, 4, 0);
    bench_own(&bench, 3, 5);
    bench_post_write(&bench, doorbell(3), 1);
    bench_post_write(&bench, BELL_SLOT_OWNER_OFFSET(3), next);
    bench_post_write(&bench, doorbell(3), 1);
    bench_wait_answers(&bench);
    bench_settle(&bench);
    assert_int_equal(bench.counts[BELL_DEV_RING], 2);
    assert_int_equal(bench.counts[BELL_DEV_SAMPLE], 2);
    for (unsigned i = 0, rings = 0; i < bench.logged; i++)
        if (bench.log[i].kind == BELL_DEV_RING)
            assert_int_equal(bench.log[i].queue, 5 + rings++);
    assert_int_equal(bench_read(&bench, BELL_SLOT_DRAIN_OFFSET(3)), 0);
}

static void doorbells_take_one_store_a_clock(void **state)
{
    uint64_t start;

    (void)state;
    bench_queue_open(&bench, 5, 0, 1, 4, 0);
    bench_own(&bench, 3, 5);
    start = bench_cycle(&bench);
    for (unsigned i = 0; i < 1000; i++)
        bench_post_write(&bench, doorbell(3), i);
    bench_wait_answers(&bench);
    assert_in_range(bench_cycle(&bench) - start, 1000, 1010);
    bench_settle(&bench);
    assert_int_equal(ledger(BELL_LEDGER_ACCEPTED_OFFSET), 1000);
    bench_check_ledger(&bench);
}

/* ------------------------------------------------------------------ queue commands */

static void open_refuses_a_context_that_makes_no_sense(void **state)
{
    static const struct {
        uint64_t base, control, log2_entries, node;
        bool good;
    } contexts[] = {
        {0x1000, 0x2000, 1, 0, true},   {0x1000, 0x2010, 16, 2, true},
        {0x1008, 0x2000, 4, 0, false},  {0x1000, 0x2008, 4, 0, false},
        {0x1000, 0x2000, 0, 0, false},  {0x1000, 0x2000, 17, 0, false},
        {0x1000, 0x2000, 4, 3, false},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof contexts / sizeof contexts[0]; i++) {
        bench_write(&bench, BELL_QUEUE_BASE_OFFSET(i), contexts[i].base);
        bench_write(&bench, BELL_QUEUE_CONTROL_OFFSET(i), contexts[i].control);
        bench_write(&bench, BELL_QUEUE_CONFIG_OFFSET(i),
                    BELL_FIELD_PUT(BELL_QUEUE_CONFIG_LOG2_ENTRIES, contexts[i].log2_entries) |
                        BELL_FIELD_PUT(BELL_QUEUE_CONFIG_NODE, contexts[i].node));
        bench_command(&bench, i, BELL_QUEUE_CMD_OPEN);
        assert_int_equal(bench_state(&bench, i), contexts[i].good ? BELL_QUEUE_STATE_OPEN_MASK : 0);
    }
}

static void an_open_context_is_frozen(void **state)
{
    const struct bench_queue queue = bench_queue_open(&bench, 5, 0, 1, 4, 9);

    (void)state;
    bench_write(&bench, BELL_QUEUE_BASE_OFFSET(5), 0);
    bench_write(&bench, BELL_QUEUE_RPTR_OFFSET(5), 0);
    assert_int_equal(bench_read(&bench, BELL_QUEUE_BASE_OFFSET(5)), queue.base);
    assert_int_equal(bench_read(&bench, BELL_QUEUE_RPTR_OFFSET(5)), 9);
}

static void commands_to_a_closed_queue_do_nothing(void **state)
{
    (void)state;
    for (uint32_t op = 0; op < 16; op++)
        if (op != BELL_QUEUE_CMD_OPEN) {
            bench_command(&bench, 5, (enum bell_queue_cmd)op);
            assert_int_equal(bench_state(&bench, 5), 0);
        }
}

static void disabled_nothing_starts(void **state)
{
    const struct bell_packet nop = {.head = BELL_OP_NOP};
    struct bench_queue queue = bench_queue_open(&bench, 5, 0, 1, 4, 0);

    (void)state;
    bench_write(&bench, BELL_CTRL_OFFSET, 0);
    bench_own(&bench, 3, 5);
    bench_append(&queue, queue.buffers, &nop, 1);
    bench_ring(&bench, 3);
    bench_settle(&bench);
    assert_int_equal(bench.counts[BELL_DEV_SAMPLE], 0);
    bench_write(&bench, BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
    bench_settle(&bench);
    assert_int_equal(bench.counts[BELL_DEV_DONE], 1);
}

static void reset_loses_everything_and_answers_what_was_queued(void **state)
{
    (void)state;
    bench_queue_open(&bench, 5, 0, 1, 4, 0);
    bench_own(&bench, 3, 5);
    bench_post_write(&bench, BELL_SLOT_OWNER_OFFSET(1), 1);
    bench_step(&bench, 1);
    for (unsigned i = 0; i < 20; i++)
        bench_post_write(&bench, doorbell(3), 1);
    bench.device->ops->reset(bench.device);
    assert_false(bench.device->ops->idle(bench.device));
    bench_wait_answers(&bench);
    assert_int_equal(bench.resp, BELL_RESP_SLVERR);
    assert_int_equal(ledger(BELL_LEDGER_ACCEPTED_OFFSET), 0);
    assert_int_equal(bench_state(&bench, 5), 0);
    assert_int_equal(bench_read(&bench, BELL_SLOT_OWNER_OFFSET(3)), 0);
    assert_int_equal(bench_read(&bench, BELL_CTRL_OFFSET), 0);
}

#define REGS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REGS_TEST(identity_and_capabilities),
        REGS_TEST(holes_are_refused_both_ways),
        REGS_TEST(wrong_direction_is_refused),
        REGS_TEST(narrow_or_misaligned_register_access_changes_nothing),
        REGS_TEST(only_what_is_fitted_answers),
        REGS_TEST(tokens_are_heard_through_one_page),
        REGS_TEST(registers_keep_only_their_fields),
        REGS_TEST(refused_stores_are_counted_with_their_cause),
        REGS_TEST(reads_of_doorbell_pages_give_zero),
        REGS_TEST(ring_without_owner_is_unowned),
        REGS_TEST(ring_for_a_closed_queue_is_rejected),
        REGS_TEST(rings_coalesce_while_a_sample_is_owed),
        REGS_TEST(a_kick_is_no_ring),
        REGS_TEST(a_kick_does_not_take_a_ring_out_of_the_ledger),
        REGS_TEST(close_rejects_the_ring_it_owes),
        REGS_TEST(a_new_owner_gets_later_rings_only),
        REGS_TEST(doorbells_take_one_store_a_clock),
        REGS_TEST(open_refuses_a_context_that_makes_no_sense),
        REGS_TEST(an_open_context_is_frozen),
        REGS_TEST(commands_to_a_closed_queue_do_nothing),
        REGS_TEST(disabled_nothing_starts),
        REGS_TEST(reset_loses_everything_and_answers_what_was_queued),
    };

    return cmocka_run_group_tests_name("model_regs", tests, NULL, NULL);
}
