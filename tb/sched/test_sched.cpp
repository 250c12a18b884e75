// SPDX-License-Identifier: MIT
//
// Unit test of rtl/sched: queue state, commands, turns.
// top: bell_sched -GNumQueues=96 -GNumNodes=2

#include "sched_bench.h"

namespace {

/// Queue 5 gets ready on node 0: by a ring, with its turn at once, or to be looked for.
void get_ready(Sched &t, bool at_once)
{
    if (at_once) {
        t.ring(5);
        return;
    }
    t.dut.enable_i = 0;
    t.ring(5);
    t.until(8, [&] { return !t.dut.busy_o; });
    t.dut.enable_i = 1;
}

// Budget "ring accepted to first read": credited in clock n, the turn is valid in n+2, whole.
RTL_TEST(sched, credit_gives_a_turn_two_clocks_later)
{
    Sched t;
    t.start(70, 1);
    t.until(2, [&] { return !t.dut.busy_o; });
    t.ring(70);
    CHECK_EQ(t.dut.turn_valid_o, 0);
    t.step();
    CHECK_EQ(t.dut.turn_valid_o, 2);
    const Turn turn = t.turn();
    CHECK_EQ(turn.queue, 70);
    CHECK_EQ(turn.base, 0x100000 + 70 * 0x1000);
    CHECK_EQ(turn.control, 0x800000 + 70 * 16);
    CHECK_EQ(turn.log2_entries, 4);
    CHECK_EQ(turn.kernel_ring, 0);
    CHECK_EQ(turn.pasid, 0x500 + 70);
    CHECK_EQ(turn.rptr, 70000);
    CHECK_EQ(t.take(1), 70);
    CHECK_EQ(t.sampled, 1);
    CHECK(t.has(70, BELL_QUEUE_STATE_RUNNING_MASK));
    CHECK(!t.has(70, BELL_QUEUE_STATE_PENDING_MASK));
}

// Law 1: a ring in the clock in which the queue's turn is given, one before it is valid, or later is
// owed anew, not lost or coalesced. One before that is in the sample of the turn.
RTL_TEST(sched, ring_at_any_offset_of_the_turn)
{
    for (bool at_once : {false, true}) {
        unsigned before = 0;
        for (unsigned offset = 1; offset < 16; offset++) {
            Sched t;
            t.start(5, 0);
            get_ready(t, at_once);
            t.dut.turn_ready_i = 1;
            Credit credit = {};
            unsigned valid_at = 0;
            for (unsigned clock = 1; clock < 24; clock++) {
                if (clock == offset) {
                    credit = t.offer(5);
                }
                valid_at = t.dut.turn_valid_o == 1 ? clock : valid_at;
                CHECK_EQ(t.dut.sampled_o, t.dut.turn_valid_o == 1);
                t.step();
            }
            const bool anew = offset + 1 >= valid_at;
            before += !anew;
            CHECK_EQ(credit.coalesced, !anew);
            CHECK_EQ(credit.closed, 0);
            CHECK_EQ(t.has(5, BELL_QUEUE_STATE_PENDING_MASK), anew);
            CHECK(t.has(5, BELL_QUEUE_STATE_RUNNING_MASK));
            t.dut.turn_ready_i = 0;
            t.end(0, 5);
            if (anew) {
                CHECK_EQ(t.take(0), 5);
            }
            CHECK(t.quiet());
            CHECK_EQ(t.sampled, 1u + anew);
        }
        CHECK(at_once || before > 2);
    }
}

// Rings on an owed sample are coalesced: one turn for all of them.
RTL_TEST(sched, rings_on_an_owed_sample_coalesce)
{
    Sched t;
    t.start(5, 0);
    t.dut.enable_i = 0;
    CHECK_EQ(t.ring(5).coalesced, 0);
    for (int i = 0; i < 10; i++) {
        CHECK_EQ(t.ring(5).coalesced, 1);
    }
    t.dut.enable_i = 1;
    CHECK_EQ(t.take(0), 5);
    t.end(0, 5);
    CHECK(t.quiet());
    CHECK_EQ(t.sampled, 1);
}

// REMOVE in every clock around the pick: the turn is given and the queue asked to leave, or it is
// not and nothing is forgotten. Both happen.
RTL_TEST(sched, remove_at_any_offset_of_the_pick)
{
    for (bool at_once : {false, true}) {
        unsigned kept = 0, given = 0;
        for (unsigned offset = 0; offset < 16; offset++) {
            Sched t;
            t.start(5, 0);
            t.dut.turn_ready_i = 1;
            get_ready(t, at_once);
            bool turn = false;
            t.dut.req_write_i = 1;
            t.dut.req_addr_i = BELL_QUEUE_CMD_OFFSET(5) - BELL_QUEUE_BASE_OFFSET(0);
            t.dut.req_data_i = BELL_QUEUE_CMD_REMOVE;
            for (unsigned i = 0; i < 32; i++) {
                t.dut.req_i = offset == i;
                turn |= t.dut.turn_valid_o == 1;
                t.step();
            }
            CHECK_EQ(t.sampled, turn);
            CHECK_EQ(t.state(5), BELL_QUEUE_STATE_OPEN_MASK |
                                     (turn ? BELL_QUEUE_STATE_RUNNING_MASK
                                           : BELL_QUEUE_STATE_PENDING_MASK));
            CHECK_EQ(t.dut.yield_o, turn);
            given += turn;
            kept += !turn;
            if (!turn) {
                t.dut.turn_ready_i = 0;
                t.command(5, BELL_QUEUE_CMD_ADD);
                CHECK_EQ(t.take(0), 5);
                CHECK_EQ(t.sampled, 1);
            }
        }
        CHECK(given > 0 && (at_once || kept > 0));
    }
}

// Law 2: CLOSE with a sample owed to a ring says so once; rings afterwards are turned away.
RTL_TEST(sched, close_forgoes_the_owed_ring)
{
    Sched t;
    t.start(5, 0);
    t.command(5, BELL_QUEUE_CMD_REMOVE);
    t.ring(5);
    t.ring(5);
    t.command(5, BELL_QUEUE_CMD_CLOSE);
    CHECK_EQ(t.state(5), 0);
    CHECK_EQ(t.forgone, 1);
    CHECK_EQ(t.ring(5).closed, 1);
    t.command(5, BELL_QUEUE_CMD_CLOSE);
    CHECK_EQ(t.forgone, 1);
    t.command(5, BELL_QUEUE_CMD_OPEN);
    t.command(5, BELL_QUEUE_CMD_ADD);
    CHECK(t.quiet());
}

// A ring in the clock of CLOSE is turned away.
RTL_TEST(sched, ring_in_the_clock_of_close_is_closed)
{
    Sched t;
    t.start(5, 0);
    t.dut.req_i = 1;
    t.dut.req_write_i = 1;
    t.dut.req_addr_i = BELL_QUEUE_CMD_OFFSET(5) - BELL_QUEUE_BASE_OFFSET(0);
    t.dut.req_data_i = BELL_QUEUE_CMD_CLOSE;
    t.step();
    t.until(kAckPatience, [&] { return t.dut.ack_write_o == 1; });
    CHECK_EQ(t.offer(5).closed, 1);
    t.step();
    CHECK_EQ(t.forgone, 0);
    CHECK_EQ(t.state(5), 0);
}

// KICK owes a sample and is no ring; a ring on it coalesces and is not counted sampled.
RTL_TEST(sched, kick_is_not_a_ring)
{
    Sched t;
    t.start(5, 0);
    t.dut.enable_i = 0;
    t.command(5, BELL_QUEUE_CMD_KICK);
    CHECK_EQ(t.ring(5).coalesced, 1);
    t.dut.enable_i = 1;
    CHECK_EQ(t.take(0), 5);
    t.end(0, 5);
    CHECK_EQ(t.sampled, 0);
    t.dut.enable_i = 0;
    t.ring(5);
    t.command(5, BELL_QUEUE_CMD_KICK);
    t.dut.enable_i = 1;
    CHECK_EQ(t.take(0), 5);
    CHECK_EQ(t.sampled, 1);
    t.end(0, 5);
    CHECK(t.quiet());
}

// A queue that is not open takes no command but OPEN.
RTL_TEST(sched, commands_on_a_closed_queue_do_nothing)
{
    Sched t;
    t.context(5, 0);
    for (unsigned op : {BELL_QUEUE_CMD_ADD, BELL_QUEUE_CMD_KICK, BELL_QUEUE_CMD_REMOVE}) {
        t.command(5, op);
        CHECK_EQ(t.state(5), 0);
    }
    CHECK_EQ(t.ring(5).closed, 1);
    t.command(5, BELL_QUEUE_CMD_OPEN);
    CHECK_EQ(t.state(5), BELL_QUEUE_STATE_OPEN_MASK);
}

// OPEN is ignored when the context makes no sense.
RTL_TEST(sched, open_checks_the_context)
{
    Sched t;
    const struct {
        uint32_t offset;
        uint64_t value;
    } bad[] = {
        {BELL_QUEUE_BASE_OFFSET(5), 0x100010},
        {BELL_QUEUE_CONTROL_OFFSET(5), 0x800008},
        {BELL_QUEUE_CONFIG_OFFSET(5), BELL_FIELD_PUT(BELL_QUEUE_CONFIG_LOG2_ENTRIES, 0)},
        {BELL_QUEUE_CONFIG_OFFSET(5), BELL_FIELD_PUT(BELL_QUEUE_CONFIG_LOG2_ENTRIES, 17)},
        {BELL_QUEUE_CONFIG_OFFSET(5), BELL_FIELD_PUT(BELL_QUEUE_CONFIG_LOG2_ENTRIES, 4) |
                                          BELL_FIELD_PUT(BELL_QUEUE_CONFIG_NODE, kNodes)},
    };
    for (const auto &b : bad) {
        t.context(5, 0);
        t.write(b.offset, b.value);
        t.command(5, BELL_QUEUE_CMD_OPEN);
        CHECK_EQ(t.state(5), 0);
    }
    for (unsigned log2_entries : {1u, 16u}) {
        t.context(5, 1, log2_entries);
        t.command(5, BELL_QUEUE_CMD_OPEN);
        CHECK_EQ(t.state(5), BELL_QUEUE_STATE_OPEN_MASK);
        t.command(5, BELL_QUEUE_CMD_CLOSE);
    }
}

// Context words read back; while the queue is open a write is ignored; RPTR follows the turns.
RTL_TEST(sched, context_is_fixed_while_open)
{
    Sched t;
    t.start(90, 1);
    t.write(BELL_QUEUE_BASE_OFFSET(90), 0);
    t.write(BELL_QUEUE_RPTR_OFFSET(90), 5);
    CHECK_EQ(t.read(BELL_QUEUE_BASE_OFFSET(90)), 0x100000 + 90 * 0x1000);
    CHECK_EQ(t.read(BELL_QUEUE_CONTROL_OFFSET(90)), 0x800000 + 90 * 16);
    CHECK_EQ(t.read(BELL_QUEUE_CONFIG_OFFSET(90)),
             4 | 1ull << BELL_QUEUE_CONFIG_NODE_SHIFT |
                 (0x500ull + 90) << BELL_QUEUE_CONFIG_PASID_SHIFT);
    CHECK_EQ(t.read(BELL_QUEUE_RPTR_OFFSET(90)), 90000);
    t.ring(90);
    t.take(1);
    t.end(1, 90, 0x123456789abcdef0);
    CHECK_EQ(t.read(BELL_QUEUE_RPTR_OFFSET(90)), 0x123456789abcdef0);
    t.ring(90);
    t.until(kGivePatience, [&] { return t.dut.turn_valid_o == 2; });
    CHECK_EQ(t.turn().rptr, 0x123456789abcdef0);
}

// A turn that ends with known work makes the queue ready again without a ring; not counted sampled.
RTL_TEST(sched, known_work_is_ready_without_a_ring)
{
    Sched t;
    t.start(5, 0);
    t.ring(5);
    t.take(0);
    t.end(0, 5, 4, true);
    CHECK(t.has(5, BELL_QUEUE_STATE_WORK_MASK));
    CHECK_EQ(t.take(0), 5);
    t.end(0, 5, 8, false);
    CHECK(t.quiet());
    CHECK_EQ(t.sampled, 1);
}

// DB: REMOVE of a running queue asks the node to yield; STATE.RUNNING reads 0 when that is done.
RTL_TEST(sched, remove_while_running_yields)
{
    Sched t;
    t.start(5, 1);
    t.ring(5);
    t.take(1);
    CHECK_EQ(t.dut.yield_o, 0);
    t.command(5, BELL_QUEUE_CMD_REMOVE);
    CHECK_EQ(t.dut.yield_o, 2);
    CHECK(t.has(5, BELL_QUEUE_STATE_RUNNING_MASK));
    t.command(5, BELL_QUEUE_CMD_CLOSE);
    CHECK(t.has(5, BELL_QUEUE_STATE_OPEN_MASK));
    t.end(1, 5, 1, true);
    CHECK_EQ(t.dut.yield_o, 0);
    CHECK_EQ(t.state(5), BELL_QUEUE_STATE_OPEN_MASK | BELL_QUEUE_STATE_WORK_MASK);
    CHECK(t.quiet());
    t.command(5, BELL_QUEUE_CMD_ADD);
    CHECK_EQ(t.take(1), 5);
    t.command(5, BELL_QUEUE_CMD_REMOVE);
    t.command(5, BELL_QUEUE_CMD_ADD);
    CHECK_EQ(t.dut.yield_o, 0);
}

// A fault stops its queue alone, until CLOSE and OPEN.
RTL_TEST(sched, fault_stops_the_queue_until_reopened)
{
    Sched t;
    t.start(5, 0);
    t.start(6, 0);
    t.ring(5);
    t.take(0);
    t.end(0, 5, 3, true, BELL_CAUSE_PAGE_FAULT);
    t.ring(5);
    CHECK(t.quiet());
    const uint64_t state = t.state(5);
    CHECK_EQ(BELL_FIELD_GET(state, BELL_QUEUE_STATE_FAULTED), 1);
    CHECK_EQ(BELL_FIELD_GET(state, BELL_QUEUE_STATE_CAUSE), BELL_CAUSE_PAGE_FAULT);
    t.ring(6);
    CHECK_EQ(t.take(0), 6);
    t.end(0, 6);
    t.command(5, BELL_QUEUE_CMD_CLOSE);
    t.step();
    CHECK_EQ(t.forgone, 1);
    t.command(5, BELL_QUEUE_CMD_OPEN);
    t.command(5, BELL_QUEUE_CMD_ADD);
    t.command(5, BELL_QUEUE_CMD_KICK);
    CHECK_EQ(t.take(0), 5);
}

// CTRL.ENABLE = 0 or GATED: nothing new starts, nothing is forgotten, also when that falls in any
// clock around the pick.
RTL_TEST(sched, disable_at_any_offset_of_the_pick)
{
    for (bool at_once : {false, true}) {
        for (unsigned offset = 0; offset < 16; offset++) {
            Sched t;
            t.start(5, 0);
            t.dut.turn_ready_i = 3;
            get_ready(t, at_once);
            unsigned turns = 0;
            for (unsigned i = 0; i < 32; i++) {
                if (i == offset) {
                    (offset % 2 ? t.dut.enable_i : t.dut.gated_i) = offset % 2 ? 0 : 3;
                }
                turns += t.dut.turn_valid_o == 1;
                CHECK(!t.dut.turn_valid_o || i <= offset);
                t.step();
            }
            CHECK_EQ(t.dut.busy_o, 0);
            CHECK(turns <= 1);
            t.dut.turn_ready_i = 0;
            t.dut.enable_i = 1;
            t.dut.gated_i = 0;
            if (!turns) {
                CHECK_EQ(t.take(0), 5);
            }
            CHECK_EQ(t.sampled, 1);
            CHECK(t.quiet());
        }
    }
}

// A queue that was picked and not given its turn, because turns stopped or it was not ready for a
// moment, keeps its place in the round.
RTL_TEST(sched, a_turn_that_is_withdrawn_keeps_its_place)
{
    for (bool remove : {false, true}) {
        for (unsigned offset = 0; offset < 16; offset++) {
            Sched t;
            t.dut.enable_i = 0;
            for (unsigned q : {5u, 6u, 40u}) {
                t.start(q, 0);
                t.ring(q);
            }
            t.until(8, [&] { return !t.dut.busy_o; });
            t.dut.enable_i = 1;
            for (unsigned i = 0; i < offset; i++) {
                t.step();
            }
            if (remove) {
                t.dut.gated_i = 1;
                t.command(5, BELL_QUEUE_CMD_REMOVE);
                t.command(5, BELL_QUEUE_CMD_ADD);
            } else {
                t.dut.enable_i = 0;
                t.step();
            }
            t.dut.gated_i = 0;
            t.dut.enable_i = 1;
            for (unsigned q : {5u, 6u, 40u}) {
                CHECK_EQ(t.take(0), q);
                t.end(0, q);
            }
            CHECK(t.quiet());
        }
    }
}

// From the end of a turn to the next one of the node (rtl/README.md).
RTL_TEST(sched, clocks_of_a_change_of_turns)
{
    Sched t;
    for (unsigned q : {5u, 40u}) {
        t.start(q, 0);
        t.ring(q);
    }
    CHECK_EQ(t.take(0), 5);
    t.offer_end(0, 5, 0, false);
    CHECK_EQ(t.until(20, [&] { return t.dut.turn_valid_o == 1; }), 8);
    CHECK_EQ(t.take(0), 40);
    t.offer_end(0, 40, 0, true);
    CHECK_EQ(t.until(20, [&] { return t.dut.turn_valid_o == 1; }), 6);
    CHECK_EQ(t.take(0), 40);
    t.end(0, 40);
    t.dut.enable_i = 0;
    t.ring(5);
    t.until(8, [&] { return !t.dut.busy_o; });
    t.dut.enable_i = 1;
    CHECK_EQ(t.until(20, [&] { return t.dut.turn_valid_o == 1; }), 7);
}

// One pick a clock: nodes that get free together get their turns in consecutive clocks.
RTL_TEST(sched, free_nodes_get_turns_in_consecutive_clocks)
{
    Sched t;
    t.dut.enable_i = 0;
    t.dut.turn_ready_i = 3;
    for (unsigned q : {5u, 40u, 6u, 41u}) {
        t.start(q, q >= 40);
        t.ring(q);
    }
    t.until(8, [&] { return !t.dut.busy_o; });
    for (unsigned round = 0; round < 2; round++) {
        t.dut.enable_i = 1;
        CHECK_EQ(t.until(20, [&] { return t.dut.turn_valid_o != 0; }), 7);
        const unsigned first = t.dut.turn_valid_o;
        CHECK(first == 1 || first == 2);
        t.step();
        CHECK_EQ(t.dut.turn_valid_o, 3 - first);
        t.step();
        t.dut.enable_i = 0;
        for (unsigned node : {0u, 1u}) {
            t.end(node, (node ? 40 : 5) + round);
        }
        t.until(8, [&] { return !t.dut.busy_o; });
    }
}

// Reset closes every queue.
RTL_TEST(sched, reset_closes_every_queue)
{
    Sched t;
    t.start(5, 0);
    t.start(95, 1);
    t.ring(95);
    t.reset();
    CHECK(t.quiet());
    CHECK_EQ(t.state(5), 0);
    CHECK_EQ(t.state(95), 0);
}

} // namespace
