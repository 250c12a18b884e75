// SPDX-License-Identifier: MIT
//
// Unit test of rtl/engine/bell_watch.sv: limits to the clock, once each, off means still.
// top: bell_watch -GNumNodes=2

#include "Vbell_watch.h"
#include "bell_regs.h"
#include "rtl_test.h"

namespace {

constexpr unsigned kCauseLsb = 76; // Of event_o: data 64, queue 10, node 2, cause 8.

struct Watch : rtl_test::Bench<Vbell_watch> {
    Watch()
    {
        dut.advance_i = 1;
        dut.event_ready_i = 0;
        dut.idle_limit_i = dut.hung_limit_i = 0;
        dut.long_work_i = dut.gated_i = dut.running_i = dut.progress_i = dut.working_i = 0;
        dut.queue_i = 5u << 10 | 3u;
        settle();
    }
    void step(uint32_t clocks = 1)
    {
        dut.advance_i = clocks;
        settle();
        tick();
        dut.progress_i = 0;
        settle();
    }
    unsigned cause() { return dut.event_o[kCauseLsb / 32] >> (kCauseLsb % 32) & 0xff; }
    unsigned node() { return dut.event_o[2] >> 10 & 3; }
    unsigned queue() { return dut.event_o[2] & 0x3ff; }
    uint64_t data() { return rtl_test::get_bits(dut.event_o, 0, 64); }
    /// Clocks until an event, one at a time; at most `most`.
    unsigned count(unsigned most)
    {
        for (unsigned n = 0; n < most; n++) {
            if (dut.event_valid_o)
                return n;
            step();
        }
        return most;
    }
    void take()
    {
        dut.event_ready_i = 1;
        step();
        dut.event_ready_i = 0;
        settle();
    }
};

} // namespace

RTL_TEST(watch, off_is_still)
{
    Watch t;
    for (unsigned i = 0; i < 50; i++) {
        CHECK_EQ(t.dut.timer_valid_o, 0);
        CHECK_EQ(t.dut.busy_o, 0);
        t.dut.running_i = i & 3;
        t.step();
    }
    CHECK_EQ(t.dut.event_valid_o, 0);
}

RTL_TEST(watch, idle_once_a_period)
{
    Watch t;
    t.dut.idle_limit_i = 20; // Node 0.
    t.step();                // The limit is taken.
    CHECK_EQ(t.dut.timer_valid_o, 1);
    CHECK_EQ(t.dut.timer_o, 20);
    CHECK_EQ(t.count(100), 20);
    CHECK_EQ(t.cause(), BELL_CAUSE_ENGINE_IDLE);
    CHECK_EQ(t.node(), 0);
    CHECK_EQ(t.dut.busy_o, 1);
    t.take();
    CHECK_EQ(t.count(100), 100); // Not again,
    t.dut.running_i = 1;
    t.step(3);
    t.dut.running_i = 0;
    CHECK_EQ(t.count(100), 20); // but after a turn.
    t.take();
    t.dut.gated_i = 1;
    t.step();
    CHECK_EQ(t.count(100), 100); // Idle by order.
    t.dut.gated_i = 0;
    CHECK_EQ(t.count(100), 20);
}

RTL_TEST(watch, hung_from_the_last_progress)
{
    Watch t;
    t.dut.hung_limit_i = 30ull << 32; // Node 1.
    t.dut.running_i = 2;
    t.step();
    t.step(25);
    t.dut.progress_i = 2;
    t.step();
    CHECK_EQ(t.dut.timer_o, 30);
    CHECK_EQ(t.count(100), 30);
    CHECK_EQ(t.cause(), BELL_CAUSE_ENGINE_HUNG);
    CHECK_EQ(t.node(), 1);
    CHECK_EQ(t.queue(), 5);
    t.take();
    CHECK_EQ(t.count(100), 100);
    t.dut.running_i = 0;
    t.step();
    t.dut.running_i = 2;
    t.dut.working_i = 2;
    t.dut.long_work_i = 2; // WORK does not count.
    CHECK_EQ(t.count(100), 100);
    CHECK_EQ(t.dut.timer_valid_o, 0);
    t.dut.long_work_i = 0;
    CHECK_EQ(t.count(100), 30);
}

RTL_TEST(watch, skipped_clocks_count)
{
    Watch t;
    t.dut.idle_limit_i = 1000ull << 32 | 600;
    t.step();
    CHECK_EQ(t.dut.timer_o, 600); // The first of two.
    t.step(599);
    CHECK_EQ(t.dut.event_valid_o, 0);
    CHECK_EQ(t.dut.timer_o, 1);
    t.step();
    CHECK_EQ(t.dut.event_valid_o, 1);
    CHECK_EQ(t.node(), 0);
    t.take();
    CHECK_EQ(t.dut.timer_o, 1000 - 600 - 1);
    t.step(399);
    CHECK_EQ(t.dut.event_valid_o, 1);
    CHECK_EQ(t.node(), 1);
}


namespace {

constexpr unsigned kLimit = 30;

/// Node 1 hangs once: its queue is `queue`.
void hang(Watch &t, unsigned queue)
{
    t.dut.queue_i = queue << 10 | 3u;
    t.dut.running_i = 2;
    t.dut.progress_i = 2;
    t.step();
    t.step(kLimit);
}

void check_hung(Watch &t, unsigned queue, uint64_t more)
{
    CHECK_EQ(t.dut.event_valid_o, 1);
    CHECK_EQ(t.cause(), BELL_CAUSE_ENGINE_HUNG);
    CHECK_EQ(t.node(), 1);
    CHECK_EQ(t.queue(), queue);
    CHECK_EQ(t.data(), more << 32 | kLimit);
}

} // namespace

// Queue, limit and other timers change while the event waits: it does not.
RTL_TEST(watch, event_stays_as_it_fired)
{
    Watch t;
    t.dut.hung_limit_i = uint64_t(kLimit) << 32;
    hang(t, 5);
    check_hung(t, 5, 0);
    t.dut.queue_i = 9u << 10 | 4u;
    t.dut.idle_limit_i = 10;
    t.step();
    check_hung(t, 5, 0);
    t.dut.hung_limit_i = 77ull << 32;
    t.dut.running_i = 0;
    t.step(5);
    t.step(20); // Node 0 has been idle.
    check_hung(t, 5, 0);
    t.dut.hung_limit_i = t.dut.idle_limit_i = 0;
    t.step(5);
    check_hung(t, 5, 0);
    t.take();
    CHECK_EQ(t.cause(), BELL_CAUSE_ENGINE_IDLE);
    CHECK_EQ(t.node(), 0);
    CHECK_EQ(t.data(), 10);
    t.take();
    CHECK_EQ(t.count(100), 100);
}

// Fired in the first clock of the turn that it names, and in the last.
RTL_TEST(watch, queue_is_that_of_the_clock)
{
    Watch t;
    t.dut.hung_limit_i = 1ull << 32;
    t.step(2);
    t.dut.queue_i = 7u << 10;
    t.dut.running_i = 2;
    t.step();
    t.dut.queue_i = 8u << 10;
    t.dut.running_i = 0;
    t.settle();
    CHECK_EQ(t.dut.event_valid_o, 1);
    CHECK_EQ(t.queue(), 7);
    t.take();
    CHECK_EQ(t.dut.event_valid_o, 0);
}

// An event that is offered keeps the first of two, the timer's next one the second, with the number
// of those after it.
RTL_TEST(watch, nothing_is_lost_without_room)
{
    Watch t;
    t.dut.hung_limit_i = uint64_t(kLimit) << 32;
    for (unsigned more : {0u, 1u, 254u, 255u, 256u, 300u}) {
        hang(t, 1);
        hang(t, 2);
        for (unsigned i = 0; i < more; i++)
            hang(t, 3 + i % 2);
        check_hung(t, 1, 0);
        t.take();
        check_hung(t, 2, more < 255 ? more : 255);
        t.take();
        CHECK_EQ(t.dut.event_valid_o, 0);
    }
    // Taken in the clock in which it fires again.
    hang(t, 1);
    hang(t, 2);
    t.step();
    t.dut.progress_i = 2;
    t.step();
    t.step(kLimit - 1);
    t.take();
    check_hung(t, 2, 1);
    t.take();
    CHECK_EQ(t.dut.event_valid_o, 0);
    hang(t, 1);
    t.dut.progress_i = 2;
    t.step();
    t.step(kLimit - 1);
    check_hung(t, 1, 0);
    t.take();
    check_hung(t, 1, 0);
    t.take();
    CHECK_EQ(t.dut.event_valid_o, 0);
}

// The timer's event gets to the output in the clock in which it fires again.
RTL_TEST(watch, moves_in_the_clock_in_which_it_fires_again)
{
    Watch t;
    t.dut.hung_limit_i = uint64_t(kLimit) << 32;
    hang(t, 1);
    hang(t, 2);
    hang(t, 3);
    t.dut.queue_i = 4u << 10;
    t.dut.progress_i = 2;
    t.step();
    t.step(kLimit - 2);
    t.take();
    t.step();
    check_hung(t, 2, 1);
    t.take();
    check_hung(t, 4, 0);
    t.take();
    CHECK_EQ(t.dut.event_valid_o, 0);
}

// Taken at once: never in the way of the next.
RTL_TEST(watch, taken_in_the_clock_in_which_it_fires_again)
{
    Watch t;
    t.dut.hung_limit_i = 1ull << 32;
    t.dut.running_i = 2;
    t.dut.event_ready_i = 1;
    unsigned events = 0;
    for (unsigned i = 0; i < 20; i++) {
        t.dut.progress_i = i % 2 ? 2 : 0;
        t.settle();
        if (t.dut.event_valid_o) {
            CHECK_EQ(t.data(), 1);
            events++;
        }
        t.step();
    }
    CHECK_EQ(events, 9); // The limit is taken in the first clock.
}

// Without room nothing changes but the timers: nobody is busy.
RTL_TEST(watch, waits_quietly)
{
    Watch t;
    t.dut.hung_limit_i = uint64_t(kLimit) << 32;
    t.dut.idle_limit_i = 500;
    hang(t, 5);
    CHECK_EQ(t.dut.busy_o, 1);
    t.step();
    CHECK_EQ(t.dut.busy_o, 0);
    CHECK_EQ(t.dut.timer_valid_o, 1);
    t.step(t.dut.timer_o);
    CHECK_EQ(t.dut.busy_o, 0);
    t.take();
    CHECK_EQ(t.cause(), BELL_CAUSE_ENGINE_IDLE);
    CHECK_EQ(t.dut.busy_o, 1);
    t.take();
    CHECK_EQ(t.dut.busy_o, 0);
}

// A timer that fires again and again takes one turn in two.
RTL_TEST(watch, no_timer_starves)
{
    Watch t;
    t.dut.hung_limit_i = uint64_t(kLimit) << 32;
    t.dut.idle_limit_i = 1;
    hang(t, 5);
    for (unsigned i = 0, taken = 0; taken < 3; i++) {
        t.dut.running_i = 2 | (i & 1);
        t.dut.event_ready_i = i % 10 == 9;
        t.settle();
        if (t.dut.event_ready_i && t.dut.event_valid_o) {
            if (t.cause() == BELL_CAUSE_ENGINE_HUNG)
                return;
            taken++;
        }
        t.step();
    }
    CHECK(!"the hung node is told");
}
