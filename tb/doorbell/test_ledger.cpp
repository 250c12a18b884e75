// SPDX-License-Identifier: MIT
//
// Unit test of rtl/doorbell/bell_ledger.sv with counters of four bits: they stop and say so.
// top: bell_ledger -GWidth=4

#include "Vbell_ledger.h"
#include "bell_regs.h"
#include "rtl_test.h"

#include <random>

namespace {

constexpr unsigned kMost = 15;
enum Bucket { kNew, kCoalesced, kUnowned, kRejected };
// Fields of ledger_t, lowest first; of saturated_t, by bit.
enum Field { kOwed, kRejections, kUnownedRings, kCoalescedRings, kSampled, kAccepted };
enum Bit { kBitAccepted, kBitSampled, kBitCoalesced, kBitUnowned, kBitRejected };

struct Ledger : rtl_test::Bench<Vbell_ledger> {
    uint64_t at(Field field) { return rtl_test::get_bits(dut.ledger_o, 64 * field, 64); }
    void step()
    {
        tick();
        dut.accept_i = dut.credit_i = dut.sampled_i = dut.forgone_i = 0;
        settle();
    }
    void ring(Bucket bucket)
    {
        dut.accept_i = 1;
        step();
        dut.credit_i = 1;
        dut.bucket_i = bucket;
        dut.cause_i = BELL_REJECT_OFFSET;
        dut.addr_i = 0xabc;
        settle();
    }
    uint64_t sum()
    {
        return at(kOwed) + at(kRejections) + at(kUnownedRings) + at(kCoalescedRings) + at(kSampled);
    }
};

} // namespace

// Every counter stops at its largest value; its bit tells that counts were lost, not that it is
// full; the others stay exact.
RTL_TEST(doorbell, ledger_counters_saturate_and_say_so)
{
    const struct {
        Bucket bucket;
        Field field;
        Bit bit;
    } rows[] = {
        {kCoalesced, kCoalescedRings, kBitCoalesced},
        {kUnowned, kUnownedRings, kBitUnowned},
        {kRejected, kRejections, kBitRejected},
    };
    for (const auto &row : rows) {
        Ledger t;
        for (unsigned i = 1; i <= kMost; i++) {
            t.ring(row.bucket);
            t.step();
            CHECK_EQ(t.at(row.field), i);
            CHECK_EQ(t.at(kAccepted), i);
            CHECK_EQ(t.sum(), t.at(kAccepted));
        }
        CHECK_EQ(t.dut.saturated_o, 0); // Full, and exact.
        t.ring(row.bucket);
        t.step();
        CHECK_EQ(t.dut.saturated_o, 1u << row.bit | 1u << kBitAccepted);
        CHECK_EQ(t.at(row.field), kMost);
        CHECK_EQ(t.at(kAccepted), kMost);
        CHECK_EQ(t.at(kOwed), 0);
        t.ring(kUnowned == row.bucket ? kRejected : kUnowned);
        t.step();
        CHECK_EQ(t.at(kUnowned == row.bucket ? kRejections : kUnownedRings), 1);
        CHECK_EQ(t.dut.saturated_o, 1u << row.bit | 1u << kBitAccepted); // Sticky.
        t.reset();
        CHECK_EQ(t.dut.saturated_o, 0);
        CHECK_EQ(t.at(kAccepted), 0);
    }
}

// Sampled, and owed, which is exact beyond the width of the others.
RTL_TEST(doorbell, ledger_owed_is_exact_when_accepted_saturates)
{
    Ledger t;
    for (unsigned i = 0; i < 100; i++) {
        t.ring(kNew);
        t.step();
    }
    CHECK_EQ(t.at(kOwed), 100);
    CHECK_EQ(t.dut.saturated_o, 1u << kBitAccepted);
    for (unsigned i = 1; i <= 100; i++) {
        t.dut.sampled_i = 1;
        t.step();
        CHECK_EQ(t.at(kOwed), 100 - i);
        CHECK_EQ(t.at(kSampled), i < kMost ? i : kMost);
    }
    CHECK_EQ(t.dut.saturated_o, 1u << kBitAccepted | 1u << kBitSampled);
}

// Two rejections in one clock meet the end of the counter: it stops at its largest value.
RTL_TEST(doorbell, ledger_two_at_once_do_not_wrap)
{
    for (unsigned before : {kMost - 1, kMost}) {
        Ledger t;
        for (unsigned i = 0; i < before; i++) {
            t.ring(kRejected);
            t.step();
        }
        t.ring(kNew);
        t.step();
        t.ring(kRejected);
        t.dut.forgone_i = 1;
        t.settle();
        CHECK_EQ(rtl_test::get_bits((const EData *)&t.dut.rejected_o, 32, 2), 2);
        t.step();
        CHECK_EQ(t.at(kRejections), kMost);
        CHECK(t.dut.saturated_o >> kBitRejected & 1);
        CHECK_EQ(t.at(kOwed), 0);
    }
}

// What it tells report: address and cause of a store, of a ring lost to CLOSE neither.
RTL_TEST(doorbell, ledger_tells_refusals)
{
    Ledger t;
    const auto field = [](uint64_t refusal, unsigned lsb, unsigned width) {
        return refusal >> lsb & ((1ull << width) - 1);
    };
    t.ring(kRejected);
    CHECK_EQ(field(t.dut.rejected_o, 32, 2), 1);
    CHECK_EQ(field(t.dut.rejected_o, 8, 24), 0xabc);
    CHECK_EQ(field(t.dut.rejected_o, 0, 8), BELL_REJECT_OFFSET);
    CHECK_EQ(field(t.dut.unowned_o, 32, 2), 0);
    t.step();
    CHECK_EQ(field(t.dut.rejected_o, 32, 2), 0);
    t.dut.forgone_i = 1;
    t.settle();
    CHECK_EQ(field(t.dut.rejected_o, 32, 2), 1);
    CHECK_EQ(field(t.dut.rejected_o, 8, 24), 0);
    CHECK_EQ(field(t.dut.rejected_o, 0, 8), BELL_REJECT_QUEUE_CLOSED);
    t.step();
    t.ring(kUnowned);
    CHECK_EQ(field(t.dut.unowned_o, 32, 2), 1);
    CHECK_EQ(field(t.dut.unowned_o, 8, 24), 0xabc);
    CHECK_EQ(field(t.dut.rejected_o, 32, 2), 0);
}

// All that can happen in one clock, in every combination: each is counted, and the sum holds.
RTL_TEST(doorbell, ledger_every_combination_in_one_clock)
{
    for (unsigned mix = 0; mix < 2 * 5 * 2 * 2; mix++) {
        const unsigned accept = mix % 2, decided = mix / 2 % 5, sampled = mix / 10 % 2,
                       forgone = mix / 20;
        Ledger t;
        for (unsigned i = 0; i < 3; i++) { // Two owed a sample, one in the pipe.
            t.dut.accept_i = 1;
            t.step();
        }
        t.dut.accept_i = accept;
        t.dut.credit_i = decided < 4;
        t.dut.bucket_i = decided % 4;
        t.dut.sampled_i = sampled;
        t.dut.forgone_i = forgone;
        t.step();
        CHECK_EQ(t.at(kAccepted), 3 + accept);
        CHECK_EQ(t.at(kSampled), sampled);
        CHECK_EQ(t.at(kCoalescedRings), decided == kCoalesced);
        CHECK_EQ(t.at(kUnownedRings), decided == kUnowned);
        CHECK_EQ(t.at(kRejections), (decided == kRejected) + forgone);
        CHECK_EQ(t.sum(), t.at(kAccepted));
    }
}
