// SPDX-License-Identifier: MIT
//
// Unit test of rtl/sched: who goes next, and long random runs.
// top: bell_sched -GNumQueues=96 -GNumNodes=2

#include "sched_bench.h"

#include <set>

namespace {

// Round robin: with n queues ready all the time, each is picked once in every n picks of its node.
RTL_TEST(sched, each_of_n_ready_queues_runs_once_in_n_turns)
{
    const std::vector<std::vector<unsigned>> sets = {
        {0, 95}, {3}, {0, 1, 2, 31, 32, 33, 63, 64, 95}, {40, 41, 42}, {31, 32}};
    for (const auto &queues : sets) {
        Sched t;
        for (unsigned q : queues) {
            t.start(q, 0);
            t.ring(q);
        }
        const unsigned n = (unsigned)queues.size();
        std::vector<unsigned> picked;
        for (unsigned i = 0; i < 4 * n; i++) {
            const unsigned q = t.take(0);
            picked.push_back(q);
            t.end(0, q, i, true);
        }
        for (unsigned i = 0; i + n <= picked.size(); i++) {
            const std::set<unsigned> window(picked.begin() + i, picked.begin() + i + n);
            CHECK_EQ(window.size(), n);
        }
    }
}

// A queue runs on its own node only; a busy node does not hold the other up.
RTL_TEST(sched, nodes_are_independent)
{
    Sched t;
    t.start(10, 0);
    t.start(11, 0);
    t.start(20, 1);
    t.ring(10);
    t.ring(11);
    t.ring(20);
    CHECK_EQ(t.take(0), 10);
    CHECK_EQ(t.take(1), 20);
    CHECK_EQ(t.dut.node_busy_o, 3);
    CHECK(t.quiet());
    t.end(1, 20, 0, true);
    CHECK_EQ(t.take(1), 20);
    t.end(0, 10);
    CHECK_EQ(t.take(0), 11);
}

// Two ends in one clock are both taken.
RTL_TEST(sched, ends_of_two_nodes_in_one_clock)
{
    Sched t;
    t.start(10, 0);
    t.start(20, 1);
    t.ring(10);
    t.ring(20);
    t.take(0);
    t.take(1);
    t.offer_end(0, 10, 7, false);
    t.end(1, 20, 9);
    CHECK_EQ(t.dut.node_busy_o, 0);
    CHECK_EQ(t.read(BELL_QUEUE_RPTR_OFFSET(10)), 7);
    CHECK_EQ(t.read(BELL_QUEUE_RPTR_OFFSET(20)), 9);
}

// A command and a ring for two neighbouring queues in one clock: both count.
RTL_TEST(sched, two_queues_change_in_one_clock)
{
    for (unsigned op : {BELL_QUEUE_CMD_ADD, BELL_QUEUE_CMD_REMOVE}) {
        Sched t;
        t.dut.enable_i = 0;
        t.start(5, 0);
        t.start(6, 0);
        t.ring(6);
        if (op == BELL_QUEUE_CMD_ADD) {
            t.command(6, BELL_QUEUE_CMD_REMOVE);
        }
        t.dut.req_i = 1;
        t.dut.req_write_i = 1;
        t.dut.req_addr_i = BELL_QUEUE_CMD_OFFSET(6) - BELL_QUEUE_BASE_OFFSET(0);
        t.dut.req_data_i = op;
        t.step();
        t.offer(5);
        t.until(kAckPatience, [&] { return t.dut.ack_write_o == 1; }); // The command goes first.
        t.until(8, [&] { return !t.dut.busy_o; });                    // Then the ring.
        t.dut.enable_i = 1;
        CHECK_EQ(t.take(0), 5);
        t.end(0, 5);
        if (op == BELL_QUEUE_CMD_ADD) {
            CHECK_EQ(t.take(0), 6);
        } else {
            CHECK(t.quiet());
        }
    }
}

/// What a queue must look like, kept beside the RTL.
struct Shadow {
    bool open, listed, running, faulted;
};

// 60,000 random clocks of rings, commands and turns: no queue runs that must not, every ring that
// is new is sampled or forgone, and in the end every queue that is owed a sample gets its turn.
RTL_TEST(sched, random_run_loses_no_ring)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        Sched t;
        std::mt19937_64 random(seed);
        Shadow shadow[kQueues] = {};
        int running[kNodes] = {-1, -1};
        uint64_t fresh = 0;
        unsigned req_queue = 0, req_op = 0;
        bool asked = false;

        for (unsigned q = 0; q < kQueues; q++) {
            t.context(q, q % kNodes);
        }
        for (int clock = 0; clock < 20000; clock++) {
            const unsigned ring = random() % kQueues;
            const bool rings = random() % 3 != 0;
            if (!asked && random() % 3 == 0) {
                req_queue = random() % kQueues;
                req_op = 1 + random() % 5;
                asked = true;
                t.dut.req_i = 1;
                t.dut.req_write_i = 1;
                t.dut.req_addr_i = BELL_QUEUE_CMD_OFFSET(req_queue) - BELL_QUEUE_BASE_OFFSET(0);
                t.dut.req_data_i = req_op;
            }
            t.dut.turn_ready_i = 3; // A node without a turn is ready for one.
            for (unsigned n = 0; n < kNodes; n++) {
                if (running[n] >= 0 && !(t.dut.end_valid_i >> n & 1) && random() % 4 == 0) {
                    t.offer_end(n, (unsigned)running[n], clock, random() % 4 == 0,
                                random() % 16 ? 0 : BELL_CAUSE_BUS_ERROR);
                }
            }
            if (rings) {
                const Credit credit = t.offer(ring);
                fresh += !credit.coalesced && !credit.closed;
            }
            t.settle();
            const unsigned given = t.dut.turn_valid_o & t.dut.turn_ready_i;
            const unsigned ended = t.dut.end_valid_i & t.dut.end_ready_o;
            const bool done = t.dut.ack_write_o;
            CHECK(given != 3);
            if (given) {
                const unsigned q = (unsigned)t.turn().queue;
                const unsigned n = given >> 1;
                CHECK_EQ(q % kNodes, n);
                CHECK(running[n] < 0);
                CHECK(shadow[q].open && shadow[q].listed && !shadow[q].running);
                CHECK(!shadow[q].faulted);
                shadow[q].running = true;
                running[n] = (int)q;
            }
            if (done) {
                Shadow &s = shadow[req_queue];
                switch (req_op) {
                case BELL_QUEUE_CMD_OPEN:
                    s = s.open ? s : Shadow{true, false, false, false};
                    break;
                case BELL_QUEUE_CMD_CLOSE:
                    s.open = s.open && s.running;
                    break;
                case BELL_QUEUE_CMD_ADD:
                case BELL_QUEUE_CMD_REMOVE:
                    s.listed = s.open && req_op == BELL_QUEUE_CMD_ADD;
                    break;
                default:
                    break;
                }
                asked = false;
            }
            const unsigned cause0 = (unsigned)rtl_test::get_bits(t.dut.end_i, 0, 8);
            const unsigned cause1 = (unsigned)rtl_test::get_bits(t.dut.end_i, kEndBits, 8);
            t.step();
            for (unsigned n = 0; n < kNodes; n++) {
                if (ended >> n & 1) {
                    shadow[running[n]].running = false;
                    shadow[running[n]].faulted = (n ? cause1 : cause0) != 0;
                    running[n] = -1;
                }
            }
        }

        // Let everything that is ready run dry.
        for (int clock = 0; clock < 2000; clock++) {
            t.dut.turn_ready_i = 3;
            t.settle();
            const unsigned given = t.dut.turn_valid_o & t.dut.turn_ready_i;
            if (given) {
                running[given >> 1] = (int)t.turn().queue;
            }
            for (unsigned n = 0; n < kNodes; n++) {
                if (running[n] >= 0 && !(given >> n & 1)) {
                    t.offer_end(n, (unsigned)running[n], 0, false);
                }
            }
            const unsigned ended = t.dut.end_valid_i & t.dut.end_ready_o;
            t.step();
            for (unsigned n = 0; n < kNodes; n++) {
                if (ended >> n & 1) {
                    running[n] = -1;
                }
            }
        }
        t.dut.turn_ready_i = 0;
        CHECK_EQ(t.dut.busy_o, 0);
        for (unsigned q = 0; q < kQueues; q++) {
            const uint64_t state = t.state(q);
            const bool runnable = (state & BELL_QUEUE_STATE_LISTED_MASK) &&
                                  !(state & BELL_QUEUE_STATE_FAULTED_MASK);
            CHECK(!runnable || !(state & BELL_QUEUE_STATE_PENDING_MASK));
            CHECK_EQ(state & BELL_QUEUE_STATE_RUNNING_MASK, 0);
            t.command(q, BELL_QUEUE_CMD_CLOSE);
        }
        t.step();
        CHECK(fresh > 1000);
        CHECK_EQ(t.sampled + t.forgone, fresh);
    }
}

} // namespace
