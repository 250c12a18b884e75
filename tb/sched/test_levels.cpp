// SPDX-License-Identifier: MIT
//
// Unit test of rtl/sched: levels, groups, quantum and grace, the share of level 1.
// top: bell_sched -GNumQueues=96 -GNumNodes=2

#include "sched_bench.h"

namespace {

constexpr unsigned kNormal = 1;
constexpr unsigned kFocus = 2;
constexpr unsigned kLook = 7;    // Clocks from a ring to what it changes for a turn.
constexpr unsigned kPass = 7;    // Clocks to the next queue when one is passed over.

/// Ready queues 1, 2, .. of node 0, one a level of the list; none runs.
void ready(Sched &t, const std::vector<unsigned> &levels)
{
    t.dut.enable_i = 0;
    for (unsigned i = 0; i < levels.size(); i++) {
        t.start(i + 1, 0);
        t.place(i + 1, levels[i]);
        t.ring(i + 1);
    }
    t.step();
}

// The highest level goes first, whatever the numbers of the queues; levels beyond 34 count as 34.
RTL_TEST(levels, higher_goes_first)
{
    Sched t;
    ready(t, {0, 34, 1, 3, 2, 33, 63});
    t.dut.enable_i = 1;
    std::vector<unsigned> order;
    for (unsigned i = 0; i < 7; i++) {
        order.push_back(t.take(0));
        t.end(0, order.back());
    }
    CHECK(order == (std::vector<unsigned>{2, 7, 6, 4, 5, 3, 1}));
    CHECK(t.quiet());
}

// A level may be rewritten at any time: ready, running and idle queues move at once.
RTL_TEST(levels, change_counts_from_the_next_decision)
{
    Sched t;
    ready(t, {5, 6, 7});
    t.place(1, 8);
    t.place(3, 0);
    t.dut.enable_i = 1;
    CHECK_EQ(t.take(0), 1);
    CHECK_EQ(BELL_FIELD_GET(t.global(false, BELL_NODE_RUN0_OFFSET), BELL_NODE_RUN0_LEVEL), 8);
    t.place(1, 1);
    CHECK_EQ(t.global(false, BELL_NODE_RUN0_OFFSET),
             1 | BELL_NODE_RUN0_VALID_MASK | BELL_FIELD_PUT(BELL_NODE_RUN0_LEVEL, 1));
    t.end(0, 1, 0, true);
    CHECK_EQ(t.take(0), 2);
    CHECK_EQ(t.reason(1), BELL_BLOCK_LEVEL);
    t.end(0, 2);
    CHECK_EQ(t.take(0), 1);
    t.end(0, 1);
    CHECK_EQ(t.take(0), 3);
    CHECK_EQ(t.global(false, BELL_NODE_RUN1_OFFSET), 0);
}

// Every reason not to run, in order; and the whole of STATE for each queue stays readable.
RTL_TEST(levels, STATE_says_why_a_queue_does_not_run)
{
    Sched t;
    CHECK_EQ(t.reason(1), BELL_BLOCK_CLOSED);
    t.context(1, 0);
    t.command(1, BELL_QUEUE_CMD_OPEN);
    CHECK_EQ(t.reason(1), BELL_BLOCK_UNLISTED);
    t.command(1, BELL_QUEUE_CMD_ADD);
    CHECK_EQ(t.reason(1), BELL_BLOCK_NO_WORK);
    t.dut.enable_i = 0;
    t.ring(1);
    CHECK_EQ(t.reason(1), BELL_BLOCK_DISABLED);
    t.dut.gated_i = 1;
    t.dut.enable_i = 1;
    CHECK_EQ(t.reason(1), BELL_BLOCK_GATED);
    t.dut.gated_i = 0;
    CHECK_EQ(t.take(0), 1);
    CHECK_EQ(t.reason(1), BELL_BLOCK_NONE);
    t.start(2, 0);
    t.place(2, 0, 4, 3);
    t.ring(2);
    CHECK_EQ(t.reason(2), BELL_BLOCK_TURN);
    t.place(1, 9);
    CHECK_EQ(t.reason(2), BELL_BLOCK_LEVEL);
    t.place(1, 0);
    t.start(3, 0);
    t.place(3, 0, 4, 5);
    t.ring(3);
    t.until(8, [&] { return !t.dut.busy_o; });
    CHECK_EQ(t.reason(2), BELL_BLOCK_PEER);
    t.block(0, 1, 7);
    CHECK_EQ(t.take(0, kGivePatience + kPass), 3);
    CHECK_EQ(t.reason(1), BELL_BLOCK_FENCE);
    t.end(0, 3, 0, false, BELL_CAUSE_BUS_ERROR);
    CHECK_EQ(t.reason(3), BELL_BLOCK_FAULTED);
}

// In-process priority: within a group the highest first, also when it gets ready last; queues of
// other groups and of none take their turns all the same.
RTL_TEST(levels, priority_orders_a_group)
{
    Sched t;
    t.dut.enable_i = 0;
    for (unsigned q = 1; q <= 4; q++) {
        t.start(q, 0);
        t.place(q, 1, 9, q);
        t.ring(q);
    }
    t.start(5, 0);
    t.place(5, 1);
    t.ring(5);
    t.dut.enable_i = 1;
    std::vector<unsigned> order;
    for (unsigned i = 0; i < 10; i++) {
        order.push_back(t.take(0, kGivePatience + 3 * kPass));
        t.end(0, order.back(), i, i < 5);
    }
    // As long as all have work, only 4 of the group runs, in turns with 5.
    CHECK(order[0] + order[1] == 9 && order[2] + order[3] == 9);
    CHECK(order[0] != order[1] && order[2] != order[3]);
    unsigned last = 4;
    for (unsigned i = 5; i < 10; i++) {
        if (order[i] != 5) {
            CHECK(order[i] <= last);
            last = order[i] - 1;
        }
    }
    CHECK(t.quiet());
}

// A queue keeps its node turn after turn until its quantum is over; then its peer has its own.
RTL_TEST(levels, quantum_keeps_the_node)
{
    Sched t;
    ready(t, {1, 1});
    t.allow(1, 100);
    t.allow(2, 50);
    t.dut.enable_i = 1;
    CHECK_EQ(t.take(0), 1);
    const uint64_t first = t.clock;
    while (t.clock + 12 < first + 100) {
        for (unsigned i = 0; i < 6; i++) {
            t.step();
        }
        CHECK_EQ(t.dut.yield_o, 0);
        t.end(0, 1, 0, true);
        CHECK_EQ(t.take(0), 1);
    }
    const unsigned left = t.until(40, [&] { return t.dut.yield_o != 0; });
    CHECK(left > 0);
    CHECK(t.clock >= first + 100 && t.clock <= first + 102);
    t.end(0, 1, 0, true);
    CHECK_EQ(t.take(0), 2);
    t.end(0, 2, 0, true);
    CHECK_EQ(t.take(0), 2);
}

// Quantum 0: never cut for a peer, and not kept.
RTL_TEST(levels, no_quantum_is_one_turn)
{
    Sched t;
    ready(t, {1, 1});
    t.dut.enable_i = 1;
    const unsigned first = t.take(0);
    for (unsigned i = 0; i < 300; i++) {
        t.step();
        CHECK_EQ(t.dut.yield_o, 0);
    }
    t.end(0, first, 0, true);
    CHECK_EQ(t.take(0), 3 - first);
}

// Quantum over and a peer ready: yield, and after the grace for the same level preempt; alone the
// queue goes on for ever.
RTL_TEST(levels, grace_then_preempt_for_a_peer)
{
    Sched t;
    ready(t, {1});
    t.allow(1, 20, 30, 5);
    t.dut.enable_i = 1;
    t.take(0);
    for (unsigned i = 0; i < 200; i++) {
        t.step();
        CHECK_EQ(t.dut.yield_o, 0);
    }
    t.start(2, 0);
    t.place(2, 1);
    t.ring(2);
    const uint64_t ready_at = t.clock;
    t.until(kLook, [&] { return t.dut.yield_o == 1; });
    CHECK_EQ(t.dut.preempt_o, 0);
    t.until(40, [&] { return t.dut.preempt_o == 1; });
    CHECK(t.clock >= ready_at + 30 && t.clock <= ready_at + 30 + kLook);
    t.end(0, 1, 0, true);
    CHECK_EQ(t.dut.yield_o, 0);
    CHECK_EQ(t.dut.preempt_o, 0);
    CHECK_EQ(t.take(0), 2);
}

// A higher level does not wait for the quantum, and its grace is the shorter of the two.
RTL_TEST(levels, higher_level_preempts_after_its_grace)
{
    for (bool over : {false, true}) {
        Sched t;
        ready(t, {1, 1});
        for (unsigned q : {1u, 2u}) {
            t.allow(q, over ? 5 : 100000, 5000, 12);
        }
        t.dut.enable_i = 1;
        const unsigned first = t.take(0);
        if (over) {
            t.until(20, [&] { return t.dut.yield_o == 1; });
        }
        t.start(9, 0);
        t.place(9, 20);
        t.ring(9);
        const uint64_t ready_at = t.clock;
        t.until(kLook, [&] { return t.dut.yield_o == 1; });
        t.until(20, [&] { return t.dut.preempt_o == 1; });
        CHECK(t.clock >= ready_at + 12 && t.clock <= ready_at + 12 + kLook);
        t.end(0, first, 0, true);
        CHECK_EQ(t.take(0), 9);
    }
}

// Neither a lower level nor one on another node takes a node away; a gated node is left alone.
RTL_TEST(levels, who_may_not_have_the_node_does_not_preempt)
{
    Sched t;
    ready(t, {5});
    t.dut.enable_i = 1;
    t.take(0);
    t.start(2, 0);
    t.place(2, 4);
    t.ring(2);
    t.start(3, 1);
    t.place(3, 30);
    t.ring(3);
    t.dut.gated_i = 1;
    t.start(4, 0);
    t.place(4, 30);
    t.ring(4);
    for (unsigned i = 0; i < 20; i++) {
        t.step();
        CHECK_EQ(t.dut.yield_o, 0);
    }
    t.dut.gated_i = 0;
    t.until(kLook, [&] { return t.dut.yield_o == 1; });
}

// CMD.NOW: the turn stops inside its buffer, with SUSPEND and REMOVE; without it, after that.
RTL_TEST(levels, NOW_preempts)
{
    for (unsigned op : {BELL_QUEUE_CMD_REMOVE, BELL_QUEUE_CMD_SUSPEND}) {
        for (bool now : {false, true}) {
            Sched t;
            ready(t, {1});
            t.dut.enable_i = 1;
            t.take(0);
            t.command(1, op | (now ? (unsigned)BELL_QUEUE_CMD_NOW_MASK : 0));
            t.step();
            CHECK_EQ(t.dut.yield_o, 1);
            CHECK_EQ(t.dut.preempt_o, now);
            t.end(0, 1, 4, true);
            CHECK_EQ(t.dut.preempt_o, 0);
        }
    }
}

// One edge that stands for many clocks ends a timer at the same time as many edges; the deadline
// is exact.
RTL_TEST(levels, timers_count_what_an_edge_stands_for)
{
    for (uint32_t skip : {1u, 7u, 90u}) {
        Sched t;
        ready(t, {1, 1});
        t.allow(1, 1000, 500);
        t.allow(2, 1000, 500);
        t.dut.enable_i = 1;
        t.take(0);
        const uint64_t start = t.dut.time_o;
        uint64_t yield_at = 0;
        while (!t.dut.preempt_o) {
            t.settle();
            CHECK(t.dut.timer_valid_o || t.dut.busy_o);
            const uint64_t most = t.dut.busy_o ? 1 : t.dut.timer_o;
            t.dut.advance_i = (uint32_t)std::min<uint64_t>(skip, most);
            t.step();
            yield_at = yield_at || !t.dut.yield_o ? yield_at : t.dut.time_o;
            CHECK(t.dut.time_o < start + 2000);
        }
        CHECK_EQ(t.dut.time_o - yield_at, 500);
        CHECK_EQ(yield_at - start, 1000);
        t.dut.advance_i = 1;
    }
}

/// Clocks of level 1 among `clocks`, with queues 1 (level 1) and 2 (level 2) that always have work.
double normal_share(unsigned percent, unsigned clocks)
{
    Sched t;
    ready(t, {kNormal, kFocus});
    for (unsigned q : {1u, 2u}) {
        t.allow(q, 100, 0, 0);
    }
    t.global(true, BELL_BANDS_OFFSET, BELL_FIELD_PUT(BELL_BANDS_NORMAL_PERCENT, percent) |
                                          BELL_FIELD_PUT(BELL_BANDS_NORMAL_SLICE, 100));
    t.dut.enable_i = 1;
    uint64_t normal = 0, all = 0;
    while (t.clock < clocks) {
        const unsigned q = t.take(0, 2 * kGivePatience); // Twice, when the share comes due then.
        const uint64_t from = t.clock;
        t.until(clocks, [&] { return t.dut.preempt_o || t.clock > from + 40; });
        t.end(0, q, 0, true);
        normal += q == 1 ? t.clock - from : 0;
        all += t.clock - from;
    }
    return 100.0 * (double)normal / (double)all;
}

// HS-PRI-01: starved by focus, level 1 gets its share of the node; 0 is none.
RTL_TEST(levels, HS_PRI_01_normal_gets_its_share)
{
    CHECK(normal_share(0, 20000) == 0);
    for (unsigned percent : {10u, 25u, 50u}) {
        const double share = normal_share(percent, 60000);
        CHECK(share > percent - 2.0 && share < percent + 2.0);
    }
}

// While level 1 has its share, the other one is the level that waits.
RTL_TEST(levels, STATE_says_who_goes_first_while_the_share_is_due)
{
    Sched t;
    ready(t, {kNormal, kNormal, kFocus, kFocus});
    t.global(true, BELL_BANDS_OFFSET, BELL_FIELD_PUT(BELL_BANDS_NORMAL_PERCENT, 50) |
                                          BELL_FIELD_PUT(BELL_BANDS_NORMAL_SLICE, 200));
    t.dut.enable_i = 1;
    const unsigned focus = t.take(0);
    CHECK(focus >= 3);
    CHECK_EQ(t.reason(1), BELL_BLOCK_LEVEL);
    CHECK_EQ(t.reason(7 - focus), BELL_BLOCK_TURN);
    for (unsigned i = 0; i < 400; i++)
        t.step();
    CHECK_EQ(t.reason(1), BELL_BLOCK_TURN);
    CHECK_EQ(t.reason(7 - focus), BELL_BLOCK_LEVEL);
    t.end(0, focus, 0, true);
    const unsigned normal = t.take(0, 2 * kGivePatience);
    CHECK(normal <= 2);
    CHECK_EQ(t.reason(3 - normal), BELL_BLOCK_TURN);
    CHECK_EQ(t.reason(3), BELL_BLOCK_LEVEL);
    CHECK_EQ(t.reason(4), BELL_BLOCK_LEVEL);
}

// A buffer of level 2 that cannot be stopped runs for longer than can be counted: what is owed to
// level 1 stays the most that there is.
RTL_TEST(levels, debt_stops_at_its_largest)
{
    Sched t;
    t.start(1, 0);
    t.place(1, 1);
    t.start(2, 0);
    t.place(2, 2);
    t.global(true, BELL_BANDS_OFFSET, 50 | BELL_FIELD_PUT(BELL_BANDS_NORMAL_SLICE, 10));
    t.ring(2);
    CHECK_EQ(t.take(0), 2);
    t.ring(1);
    for (unsigned i = 0; i < 20; i++)
        t.step();
    t.dut.advance_i = 0xffffffff;
    for (unsigned i = 0; i < 1000; i++) // 50 % of them are beyond 2^47.
        t.step();
    t.dut.advance_i = 1;
    t.end(0, 2, 0, true);
    for (unsigned i = 0; i < 5; i++) {
        CHECK_EQ(t.take(0, 2 * kGivePatience), 1);
        for (unsigned clock = 0; clock < 50; clock++)
            t.step();
        t.end(0, 1, 0, true);
    }
}

// Real time gives nothing away, and owes nothing.
RTL_TEST(levels, real_time_owes_no_share)
{
    Sched t;
    ready(t, {kNormal, 3});
    t.allow(1, 50);
    t.allow(2, 50);
    t.global(true, BELL_BANDS_OFFSET, 50 | BELL_FIELD_PUT(BELL_BANDS_NORMAL_SLICE, 10));
    t.dut.enable_i = 1;
    for (unsigned i = 0; i < 200; i++) {
        CHECK_EQ(t.take(0), 2);
        for (unsigned k = 0; k < 10; k++) {
            t.step();
        }
        t.end(0, 2, 0, true);
    }
}

// GPU time is what was written in the clock after the write, counts on from there, and moves no timer.
RTL_TEST(levels, time_goes_on_from_what_is_written)
{
    for (uint64_t value : {UINT64_C(0x123456789abcdef0), UINT64_C(0), ~UINT64_C(2)}) {
        Sched t;
        ready(t, {1, 1});
        t.allow(1, 1000, 500);
        t.dut.enable_i = 1;
        t.take(0);
        const uint64_t start = t.clock;
        for (unsigned i = 0; i < 300; i++) {
            t.step();
        }
        t.global(true, BELL_TIME_OFFSET, value);
        CHECK_EQ(t.dut.time_o, value);
        t.step();
        CHECK_EQ(t.dut.time_o, value + 1);
        t.dut.advance_i = 90;
        t.step();
        t.dut.advance_i = 1;
        CHECK_EQ(t.dut.time_o, value + 91);
        const uint64_t read = t.global(false, BELL_TIME_OFFSET);
        CHECK(read - value >= 91 && read - value <= 93);
        while (!t.dut.yield_o) {
            t.step();
            CHECK(t.clock < start + 2000);
        }
        CHECK_EQ(t.clock - start, 1000 - 89);
    }
}

} // namespace
