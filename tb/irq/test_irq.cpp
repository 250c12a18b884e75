// SPDX-License-Identifier: MIT
//
// Unit test of rtl/irq/bell_irq.sv: the event queue loses nothing and keeps order.
// top: bell_irq -GNumSources=3 -GDepth=8

#include "Vbell_irq.h"
#include "rtl_test.h"

#include <deque>
#include <random>

namespace {

constexpr unsigned kNodes = 3;
constexpr unsigned kDepth = 8;
constexpr unsigned kEventBits = 84; // cause 8, node 2, queue 10, data 64

struct Irq : rtl_test::Bench<Vbell_irq> {
    void offer(unsigned node, uint64_t data, unsigned cause = 1)
    {
        const unsigned lsb = node * kEventBits;
        rtl_test::put_bits(dut.event_i, lsb, 64, data);
        rtl_test::put_bits(dut.event_i, lsb + 64, 10, node * 10);
        rtl_test::put_bits(dut.event_i, lsb + 74, 2, node);
        rtl_test::put_bits(dut.event_i, lsb + 76, 8, cause);
        dut.event_valid_i |= 1u << node;
    }
    uint64_t data() { return rtl_test::get_bits(dut.event_o, 0, 64); }
    uint64_t field(unsigned lsb, unsigned width)
    {
        return rtl_test::get_bits(dut.event_o, lsb, width);
    }
    /// Clock once; forgets offers that were taken. Returns their nodes.
    unsigned step()
    {
        settle();
        const unsigned taken = dut.event_valid_i & dut.event_ready_o;
        tick();
        dut.event_valid_i &= ~taken;
        dut.pop_i = 0;
        settle();
        return taken;
    }
    void pop()
    {
        dut.pop_i = 1;
        step();
    }
};

// irq: readable and signalled one clock after it is taken, with every field; zero when empty.
RTL_TEST(irq, event_is_readable_next_clock)
{
    Irq t;
    CHECK_EQ(t.dut.valid_o, 0);
    CHECK_EQ(t.data(), 0);
    t.dut.enable_i = 1;
    t.offer(2, 0x123456789abcdef0, 7);
    CHECK_EQ(t.step(), 4);
    CHECK_EQ(t.dut.valid_o, 1);
    CHECK_EQ(t.dut.irq_o, 1);
    CHECK_EQ(t.data(), 0x123456789abcdef0);
    CHECK_EQ(t.field(64, 10), 20);
    CHECK_EQ(t.field(74, 2), 2);
    CHECK_EQ(t.field(76, 8), 7);
    t.pop();
    CHECK_EQ(t.dut.valid_o, 0);
    CHECK_EQ(t.data(), 0);
    CHECK_EQ(t.dut.irq_o, 0);
}

// irq: level, gated by enable only; disabling loses no event.
RTL_TEST(irq, enable_gates_the_line_only)
{
    Irq t;
    t.offer(0, 1);
    t.step();
    CHECK_EQ(t.dut.irq_o, 0);
    CHECK_EQ(t.dut.level_o, 1);
    t.dut.enable_i = 1;
    t.settle();
    CHECK_EQ(t.dut.irq_o, 1);
}

// irq: a pop of the empty queue does nothing.
RTL_TEST(irq, pop_of_empty_is_ignored)
{
    Irq t;
    t.pop();
    CHECK_EQ(t.dut.level_o, 0);
    t.offer(1, 5);
    t.step();
    CHECK_EQ(t.dut.level_o, 1);
    CHECK_EQ(t.data(), 5);
}

// irq: a full queue holds its sources up and goes on where it stopped.
RTL_TEST(irq, full_queue_holds_sources_up)
{
    Irq t;
    for (uint64_t i = 0; i < kDepth; i++) {
        t.offer(0, i);
        CHECK_EQ(t.step(), 1);
    }
    t.offer(0, kDepth);
    for (int i = 0; i < 5; i++) {
        CHECK_EQ(t.step(), 0);
        CHECK_EQ(t.dut.level_o, kDepth);
    }
    for (uint64_t i = 0; i <= kDepth; i++) {
        CHECK_EQ(t.data(), i);
        t.pop();
        t.step();
    }
    CHECK_EQ(t.dut.valid_o, 0);
}

// irq: nodes that all have events are served in turn.
RTL_TEST(irq, nodes_are_served_in_turn)
{
    Irq t;
    unsigned served[kNodes] = {};
    for (int i = 0; i < 6; i++) {
        for (unsigned n = 0; n < kNodes; n++) {
            t.offer(n, n);
        }
        const unsigned taken = t.step();
        for (unsigned n = 0; n < kNodes; n++) {
            served[n] += taken >> n & 1;
        }
    }
    for (unsigned n = 0; n < kNodes; n++) {
        CHECK_EQ(served[n], 2);
    }
}

// irq: 20,000 random clocks; everything comes out once, in the order in which it went in.
RTL_TEST(irq, random_traffic_loses_nothing)
{
    Irq t;
    std::mt19937_64 random(1);
    std::deque<uint64_t> expected;
    uint64_t next[kNodes] = {};
    uint64_t popped = 0;

    for (int i = 0; i < 20000; i++) {
        for (unsigned n = 0; n < kNodes; n++) {
            if (!(t.dut.event_valid_i >> n & 1) && random() % 4 == 0) {
                t.offer(n, (uint64_t)n << 32 | next[n]++);
            }
        }
        if (!expected.empty() && random() % 2 == 0) {
            CHECK_EQ(t.dut.valid_o, 1);
            CHECK_EQ(t.data(), expected.front());
            expected.pop_front();
            popped++;
            t.dut.pop_i = 1;
        }
        uint64_t offered[kNodes];
        for (unsigned n = 0; n < kNodes; n++) {
            offered[n] = rtl_test::get_bits(t.dut.event_i, n * kEventBits, 64);
        }
        const unsigned taken = t.step();
        for (unsigned n = 0; n < kNodes; n++) {
            if (taken >> n & 1) {
                expected.push_back(offered[n]);
            }
        }
        CHECK_EQ(t.dut.level_o, expected.size());
    }
    CHECK(popped > 5000);
}

} // namespace
