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

