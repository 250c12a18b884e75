// SPDX-License-Identifier: MIT
//
// The stated bound on waiting (rtl/README.md), with every queue of a build ready on one node.

#ifndef TB_SCHED_BOUND_H
#define TB_SCHED_BOUND_H

#include "sched_bench.h"

namespace {

constexpr unsigned kQuantum = 24;
constexpr unsigned kGrace = 10;
constexpr unsigned kStep = 5;    // Clocks from preempt to the end of the turn.
constexpr unsigned kSwitch = 10; // Clocks from the end of a turn to the next, when all ring.

/// Runs `rounds` times n turns with a ring of a random queue in every clock; every wait is checked.
void check_bound(unsigned quantum, unsigned rounds)
{
    Sched t;
    std::mt19937_64 random(kQueues + quantum);
    std::vector<uint64_t> since(kQueues), picks(kQueues);

    t.dut.enable_i = 0;
    for (unsigned q = 0; q < kQueues; q++) {
        t.start(q, 0);
        t.place(q, 1);
        t.allow(q, quantum, kGrace, 0);
        t.ring(q);
        t.command(q, BELL_QUEUE_CMD_KICK); // Software wants it as well.
    }
    const unsigned most = quantum ? quantum + kGrace + kStep : kStep;
    const uint64_t bound = (uint64_t)(kQueues - 1) * (most + kSwitch);
    t.dut.enable_i = 1;
    const uint64_t start = t.clock;
    since.assign(kQueues, start);
    for (unsigned turn = 0; turn < rounds * kQueues; turn++) {
        t.dut.turn_ready_i = 1;
        t.until(kSwitch, [&] {
            t.offer((unsigned)(random() % kQueues));
            return t.dut.turn_valid_o == 1;
        });
        const unsigned q = (unsigned)t.turn().queue;
        CHECK(t.clock - since[q] <= bound);
        CHECK(turn - picks[q] <= kQueues);
        t.step();
        t.dut.turn_ready_i = 0;
        const uint64_t given = t.clock;
        unsigned steps = 0;
        while (quantum ? steps < kStep : t.clock < given + kStep) {
            t.offer((unsigned)(random() % kQueues));
            steps += t.dut.preempt_o;
            t.step();
            CHECK(t.clock - given <= most + 4);
        }
        t.offer((unsigned)(random() % kQueues));
        t.offer_end(0, q, turn, true);
        t.until(4, [&] { return !(t.dut.end_valid_i & 1); });
        since[q] = t.clock;
        picks[q] = turn;
    }
    for (unsigned q = 0; q < kQueues; q++) {
        CHECK(t.clock - since[q] <= bound);
        CHECK(rounds * kQueues - picks[q] <= kQueues);
    }
}

RTL_TEST(bound, every_ready_queue_waits_at_most_n_minus_1_quanta)
{
    check_bound(kQuantum, 3);
}

RTL_TEST(bound, without_quantum_at_most_n_minus_1_turns)
{
    check_bound(0, 4);
}

// Two queues take turns while a ring comes in every clock, each for another queue that is owed
// nothing and cannot run: none of those is in the way of a turn.
RTL_TEST(bound, first_rings_of_others_hold_no_turn_up)
{
    Sched t;
    for (unsigned q = 2; q < kQueues; q++) {
        t.context(q, q % kNodes);
        t.command(q, BELL_QUEUE_CMD_OPEN);
    }
    t.dut.enable_i = 0;
    for (unsigned q = 0; q < 2; q++) {
        t.start(q, 0);
        t.place(q, 1);
        t.ring(q);
    }
    t.dut.enable_i = 1;
    unsigned ring = 2, turns = 0;
    const auto offer_next = [&] {
        if (ring < kQueues) {
            CHECK(!t.offer(ring++).coalesced);
        }
    };
    while (ring < kQueues) {
        t.dut.turn_ready_i = 1;
        t.until(kSwitch, [&] {
            offer_next();
            return t.dut.turn_valid_o == 1;
        });
        const unsigned q = (unsigned)t.turn().queue;
        t.step();
        t.dut.turn_ready_i = 0;
        for (unsigned i = 0; i < kStep; i++) {
            offer_next();
            t.step();
        }
        offer_next();
        t.offer_end(0, q, turns++, true);
        t.until(4, [&] { return !(t.dut.end_valid_i & 1); });
    }
    CHECK(turns >= (kQueues - 2) / (kSwitch + kStep + 5));
}

// One credit per clock is taken without end, whatever else goes on, and every queue gets ready.
RTL_TEST(bound, a_ring_of_every_queue_back_to_back)
{
    Sched t;
    for (unsigned q = 0; q < kQueues; q++) {
        t.start(q, q % kNodes);
    }
    t.dut.turn_ready_i = 3;
    std::vector<bool> ran(kQueues);
    int running[kNodes] = {-1, -1};
    unsigned left = kQueues;
    for (unsigned clock = 0; left; clock++) {
        CHECK(clock < 40 * kQueues);
        if (clock < kQueues) {
            const Credit credit = t.offer(clock);
            CHECK(!credit.coalesced && !credit.closed);
        }
        for (unsigned n = 0; n < kNodes; n++) {
            if (running[n] >= 0 && !(t.dut.end_valid_i >> n & 1) && clock % 3 == 0) {
                t.offer_end(n, (unsigned)running[n], 0, false);
            }
        }
        t.settle();
        const unsigned given = t.dut.turn_valid_o & t.dut.turn_ready_i;
        const unsigned ended = t.dut.end_valid_i & t.dut.end_ready_o;
        const unsigned queue = given ? (unsigned)t.turn().queue : 0;
        t.step();
        for (unsigned n = 0; n < kNodes; n++) {
            if (ended >> n & 1) {
                running[n] = -1;
            }
            if (given >> n & 1) {
                CHECK(!ran[queue]);
                ran[queue] = true;
                running[n] = (int)queue;
                left--;
            }
        }
    }
    CHECK_EQ(t.sampled, kQueues);
}

} // namespace

#endif
