// SPDX-License-Identifier: MIT
//
// Unit test of rtl/irq/bell_report.sv: refusals are told in sum, one event an arming.
// top: bell_report -GCountBits=4

#include "Vbell_report.h"
#include "bell_formats.h"
#include "bell_regs.h"
#include "rtl_test.h"

namespace {

constexpr unsigned kRejected = 0, kUnowned = 1, kRefused = 2;
constexpr unsigned kRefusalBits = 34; // count 2, address 24, code 8
constexpr unsigned kMost = 15;

struct Report : rtl_test::Bench<Vbell_report> {
    unsigned events = 0;
    uint64_t last = 0;
    unsigned last_cause = 0;

    Report() { dut.event_ready_i = 1; }

    void refuse(unsigned kind, unsigned count, uint32_t addr, unsigned code)
    {
        rtl_test::put_bits(dut.refusal_i, kind * kRefusalBits, 8, code);
        rtl_test::put_bits(dut.refusal_i, kind * kRefusalBits + 8, 24, addr);
        rtl_test::put_bits(dut.refusal_i, kind * kRefusalBits + 32, 2, count);
    }
    /// One clock; the register REPORT_ARM is played here.
    void step()
    {
        settle();
        if (dut.event_valid_o && dut.event_ready_i) {
            events++;
            last = rtl_test::get_bits(dut.event_o, 0, 64);
            last_cause = unsigned(rtl_test::get_bits(dut.event_o, 76, 8));
            CHECK_EQ(rtl_test::get_bits(dut.event_o, 64, 12), 0);
        }
        const unsigned disarm = dut.disarm_o;
        tick();
        dut.arm_i &= ~disarm;
        for (unsigned kind = 0; kind < 3; kind++)
            refuse(kind, 0, 0xdead, 0xee);
        settle();
    }
    void run(unsigned clocks)
    {
        for (unsigned i = 0; i < clocks; i++)
            step();
    }
    uint64_t count() { return BELL_FIELD_GET(last, BELL_REPORT_WORD_COUNT); }
    uint64_t addr() { return BELL_FIELD_GET(last, BELL_REPORT_WORD_ADDR); }
    uint64_t code() { return BELL_FIELD_GET(last, BELL_REPORT_WORD_CODE); }
};

// Armed: the refusal is an event two clocks later, and the arm is gone.
RTL_TEST(report, armed_kind_posts_one_event)
{
    const unsigned causes[] = {BELL_CAUSE_RING_REJECTED, BELL_CAUSE_RING_UNOWNED,
                               BELL_CAUSE_ACCESS_REFUSED};
    for (unsigned kind : {kRejected, kUnowned, kRefused}) {
        Report t;
        t.dut.arm_i = 1u << kind;
        t.refuse(kind, 1, 0x123456, 7);
        t.step();
        CHECK_EQ(t.dut.event_valid_o, 0);
        CHECK_EQ(t.dut.busy_o, 1);
        t.step();
        CHECK_EQ(t.dut.event_valid_o, 1);
        CHECK_EQ(t.dut.arm_i, 0);
        CHECK_EQ(t.dut.busy_o, 0);
        t.step();
        CHECK_EQ(t.events, 1);
        CHECK_EQ(t.last_cause, causes[kind]);
        CHECK_EQ(t.count(), 1);
        CHECK_EQ(t.addr(), 0x123456);
        CHECK_EQ(t.code(), 7);
        CHECK_EQ(t.dut.event_valid_o, 0);
    }
}

// Not armed: nothing is posted, and the next arming tells the sum and the first.
RTL_TEST(report, unarmed_refusals_wait_for_the_arming)
{
    Report t;
    for (unsigned i = 0; i < 3; i++) {
        t.refuse(kRejected, 1 + (i == 1), 0x100 + i, 1 + i);
        t.step();
        t.run(2);
    }
    CHECK_EQ(t.events, 0);
    CHECK_EQ(t.dut.busy_o, 0);
    t.dut.arm_i = 1;
    t.run(10);
    CHECK_EQ(t.events, 1);
    CHECK_EQ(t.count(), 4);
    CHECK_EQ(t.addr(), 0x100);
    CHECK_EQ(t.code(), 1);
    t.dut.arm_i = 1; // Nothing new: it stays armed.
    t.run(10);
    CHECK_EQ(t.events, 1);
    CHECK_EQ(t.dut.arm_i, 1);
}

// A flood is one event an arming, and no refusal is missing from the sum of all events.
RTL_TEST(report, flood_is_one_event_an_arming)
{
    Report t;
    uint64_t told = 0;
    unsigned sent = 0;
    for (unsigned arming = 1; arming <= 20; arming++) {
        t.dut.arm_i = 1u << kUnowned;
        for (unsigned i = 0; i < 12; i++) {
            t.refuse(kUnowned, 1, sent, 0);
            sent++;
            const unsigned before = t.events;
            t.step();
            told += t.events != before ? t.count() : 0;
        }
        CHECK_EQ(t.events, arming);
    }
    t.dut.arm_i = 1u << kUnowned;
    t.run(5);
    CHECK_EQ(told + t.count(), sent);
}

// A refusal in the clock in which the event is made is the first of the next one.
RTL_TEST(report, refusal_while_the_event_is_made)
{
    Report t;
    t.dut.arm_i = 1;
    t.refuse(kRejected, 1, 1, 1);
    t.step();
    CHECK_EQ(t.dut.disarm_o, 1);
    t.refuse(kRejected, 2, 2, 2);
    t.step();
    t.run(3);
    CHECK_EQ(t.count(), 1);
    t.dut.arm_i = 1;
    t.run(5);
    CHECK_EQ(t.events, 2);
    CHECK_EQ(t.count(), 2);
    CHECK_EQ(t.addr(), 2);
}

// No room: the event stays as it is, later refusals are for the next one.
RTL_TEST(report, event_is_held_until_taken)
{
    Report t;
    t.dut.event_ready_i = 0;
    t.dut.arm_i = 7;
    t.refuse(kRefused, 1, 3, 1);
    t.step();
    t.step();
    for (unsigned i = 0; i < 10; i++) {
        CHECK_EQ(t.dut.event_valid_o, 1);
        CHECK_EQ(rtl_test::get_bits(t.dut.event_o, 0, 32), 1);
        t.refuse(kRefused, 1, 4, 0);
        t.refuse(kRejected, 1, 5, 2);
        t.step();
    }
    CHECK_EQ(t.dut.busy_o, 0); // It waits quietly.
    t.dut.event_ready_i = 1;
    t.step();
    CHECK_EQ(t.last_cause, BELL_CAUSE_ACCESS_REFUSED);
    t.run(5);
    CHECK_EQ(t.events, 2);
    CHECK_EQ(t.last_cause, BELL_CAUSE_RING_REJECTED);
    CHECK_EQ(t.count(), 10);
    t.dut.arm_i = 4;
    t.run(5);
    CHECK_EQ(t.events, 3);
    CHECK_EQ(t.count(), 10);
    CHECK_EQ(t.addr(), 4);
}

// The count of an event stops at its largest value.
RTL_TEST(report, count_does_not_wrap)
{
    Report t;
    for (unsigned i = 0; i < 4 * kMost; i++) {
        t.refuse(kRejected, 2, i, 1);
        t.step();
    }
    t.dut.arm_i = 1;
    t.run(5);
    CHECK_EQ(t.count(), kMost);
    CHECK_EQ(t.addr(), 0);
}

} // namespace
