// SPDX-License-Identifier: MIT
//
// Unit test of rtl/sched: the real-time run list.
// top: bell_sched -GNumQueues=96 -GNumNodes=2

#include "sched_bench.h"

#include <set>

namespace {

void busy_node(Sched &t)
{
    t.start(0, 0);
    t.ring(0);
    CHECK_EQ(t.take(0), 0);
}

// DB-NTF-02: listed there, a queue goes before all others of its node, whatever its number.
RTL_TEST(realtime, DB_NTF_02_goes_before_ordinary_queues)
{
    for (unsigned urgent : {1u, 40u, 95u}) {
        Sched t;
        busy_node(t);
        for (unsigned q : {2u, 33u, 64u}) {
            t.start(q, 0);
            t.ring(q);
        }
        t.start(urgent, 0);
        CHECK(!t.has(urgent, BELL_QUEUE_STATE_REALTIME_MASK));
        t.ring(urgent); // Ready on the ordinary list first, then moved.
        t.command(urgent, BELL_QUEUE_CMD_ADD_RT);
        CHECK(t.has(urgent, BELL_QUEUE_STATE_REALTIME_MASK));
        CHECK(t.has(urgent, BELL_QUEUE_STATE_LISTED_MASK));
        t.end(0, 0);
        for (unsigned i = 0; i < 3; i++) { // As long as it has work.
            CHECK_EQ(t.take(0), urgent);
            t.end(0, urgent, i, i < 2);
        }
        std::set<unsigned> rest;
        for (unsigned i = 0; i < 3; i++) {
            const unsigned q = t.take(0);
            rest.insert(q);
            t.end(0, q);
        }
        CHECK(rest == (std::set<unsigned>{2, 33, 64}));
        CHECK(t.quiet());
    }
}

// Several of them take turns; the other node does not care.
RTL_TEST(realtime, fair_among_themselves)
{
    Sched t;
    busy_node(t);
    for (unsigned q : {5u, 6u, 70u, 80u}) {
        t.start(q, 0);
        t.ring(q);
    }
    for (unsigned q : {6u, 80u}) {
        t.command(q, BELL_QUEUE_CMD_ADD_RT);
    }
    t.start(50, 1);
    t.ring(50);
    CHECK_EQ(t.take(1), 50);
    t.end(0, 0);
    for (unsigned i = 0; i < 4; i++) {
        const unsigned first = t.take(0);
        t.end(0, first, i, true);
        const unsigned second = t.take(0);
        t.end(0, second, i, true);
        CHECK(first != second);
        CHECK((first == 6 || first == 80) && (second == 6 || second == 80));
    }
}

// ADD takes it back, REMOVE takes it off, and a ring finds it on the list it is on.
RTL_TEST(realtime, back_to_the_ordinary_list)
{
    Sched t;
    busy_node(t);
    t.start(7, 0);
    t.command(7, BELL_QUEUE_CMD_ADD_RT);
    t.start(3, 0);
    t.ring(3);
    t.ring(7);
    t.command(7, BELL_QUEUE_CMD_REMOVE);
    CHECK(!t.has(7, BELL_QUEUE_STATE_REALTIME_MASK));
    t.end(0, 0);
    CHECK_EQ(t.take(0), 3);
    CHECK(t.has(7, BELL_QUEUE_STATE_PENDING_MASK)); // Kept.
    t.command(7, BELL_QUEUE_CMD_ADD);
    CHECK(!t.has(7, BELL_QUEUE_STATE_REALTIME_MASK));
    t.ring(3);
    t.start(5, 0);
    t.ring(5);
    t.until(8, [&] { return !t.dut.busy_o; });
    t.end(0, 3);
    CHECK_EQ(t.take(0), 5); // Round robin after 3.
    t.end(0, 5);
    CHECK_EQ(t.take(0), 7);
    t.end(0, 7);
    CHECK_EQ(t.take(0), 3);
}

// CLOSE and OPEN start over on the ordinary list; a closed queue is on none.
RTL_TEST(realtime, reopened_queue_is_ordinary)
{
    Sched t;
    t.start(9, 1);
    t.command(9, BELL_QUEUE_CMD_ADD_RT);
    t.command(9, BELL_QUEUE_CMD_CLOSE);
    CHECK_EQ(t.state(9), 0);
    t.command(9, BELL_QUEUE_CMD_ADD_RT);
    CHECK_EQ(t.state(9), 0);
    t.start(9, 1);
    CHECK(!t.has(9, BELL_QUEUE_STATE_REALTIME_MASK));
    t.ring(9);
    CHECK_EQ(t.take(1), 9);
    CHECK(t.quiet());
}

} // namespace
