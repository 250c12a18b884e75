// SPDX-License-Identifier: MIT
//
// Unit test of rtl/doorbell: slot table, checks, credits, drain, ledger. The test plays sched.
// top: bell_doorbell -GNumSlots=40 -GNumQueues=48

#include "Vbell_doorbell.h"
#include "bell_formats.h"
#include "bell_regs.h"
#include "rtl_test.h"

#include <random>

namespace {

constexpr unsigned kSlots = 40;
constexpr unsigned kFitted = 36;
constexpr unsigned kQueues = 48;

enum Bucket { kNew = 0, kCoalesced = 1, kUnowned = 2, kRejected = 3 };

struct Ledger {
    uint64_t accepted, sampled, coalesced, unowned, rejected, owed;
};

struct Doorbell : rtl_test::Bench<Vbell_doorbell> {
    Doorbell() { fit(kFitted); }

    void fit(unsigned slots)
    {
        dut.slots_i = slots;
        settle();
    }
    /// Put a store at the door; it is accepted by the next tick.
    void store(uint32_t addr, unsigned strobes = 0xff)
    {
        rtl_test::put_bits(dut.ring_i, 72, 24, addr);
        rtl_test::put_bits(dut.ring_i, 64, 8, strobes);
        dut.ring_valid_i = 1;
        settle();
    }
    void ring(unsigned slot) { store(slot * BELL_DOORBELL_BYTES); }
    /// One clock; pulses go back to 0.
    void step()
    {
        tick();
        dut.ring_valid_i = 0;
        dut.req_i = 0;
        dut.sampled_i = 0;
        dut.forgone_i = 0;
        settle();
        check_sum();
    }
    /// An access, to the clock in which it is answered.
    void request(bool write, uint32_t offset, uint64_t data)
    {
        dut.req_i = 1;
        dut.req_write_i = write;
        dut.req_addr_i = offset - BELL_SLOT_OWNER_OFFSET(0);
        dut.req_data_i = data;
        step();
        CHECK_EQ(dut.ack_write_o, write);
        CHECK_EQ(dut.ack_read_o, !write);
    }
    void order(unsigned slot, unsigned queue, uint64_t generation = 0, bool valid = true)
    {
        request(true, BELL_SLOT_OWNER_OFFSET(slot),
                BELL_FIELD_PUT(BELL_SLOT_OWNER_QUEUE, queue) |
                    BELL_FIELD_PUT(BELL_SLOT_OWNER_VALID, valid) |
                    BELL_FIELD_PUT(BELL_SLOT_OWNER_GENERATION, generation));
    }
    void own(unsigned slot, unsigned queue, uint64_t generation = 0, bool valid = true)
    {
        order(slot, queue, generation, valid);
        step();
    }
    uint64_t read(uint32_t offset)
    {
        request(false, offset, 0);
        return dut.ack_data_o;
    }
    /// Accept the store at the door, then look at its fate.
    void expect(Bucket bucket, unsigned cause)
    {
        const bool refused = cause != BELL_REJECT_NONE && cause != BELL_REJECT_QUEUE_CLOSED;
        CHECK_EQ(dut.ring_refuse_o, refused);
        step();
        CHECK_EQ(dut.tap_valid_o, 1);
        CHECK_EQ(dut.tap_bucket_o, bucket);
        CHECK_EQ(dut.tap_cause_o, cause);
        step();
        CHECK_EQ(dut.tap_valid_o, 0);
    }
    Ledger ledger()
    {
        Ledger l;
        uint64_t *words[] = {&l.owed,      &l.rejected, &l.unowned,
                             &l.coalesced, &l.sampled,  &l.accepted};
        for (unsigned i = 0; i < 6; i++) {
            *words[i] = rtl_test::get_bits(dut.ledger_o, i * 64, 64);
        }
        return l;
    }
    /// What was decided in the clock before counts.
    Ledger counted()
    {
        step();
        return ledger();
    }
    void check_sum()
    {
        const Ledger l = ledger();
        CHECK_EQ(l.sampled + l.coalesced + l.unowned + l.rejected + l.owed, l.accepted);
    }
};

// Law 2, A-65: ring of an owned slot is credited to its owner in the next clock.
RTL_TEST(doorbell, ring_is_credited_to_the_owner)
{
    Doorbell t;
    t.own(0, 11);
    t.own(33, 47);
    for (unsigned slot : {0u, 33u}) {
        t.ring(slot);
        t.step();
        CHECK_EQ(t.dut.credit_valid_o, 1);
        CHECK_EQ(t.dut.credit_o, slot ? 47 : 11);
        CHECK_EQ(t.dut.tap_slot_o, slot);
        CHECK_EQ(t.dut.tap_queue_o, slot ? 47 : 11);
        CHECK_EQ(t.dut.tap_bucket_o, kNew);
        t.step();
        CHECK_EQ(t.dut.credit_valid_o, 0);
    }
    CHECK_EQ(t.counted().owed, 2);
}

// Law 2: each bucket counts, and only that one.
RTL_TEST(doorbell, every_bucket_counts)
{
    Doorbell t;
    t.own(1, 5);
    t.ring(1);
    t.expect(kNew, BELL_REJECT_NONE);
    t.dut.sampled_i = 1;
    t.step();
    CHECK_EQ(t.counted().sampled, 1);
    CHECK_EQ(t.counted().owed, 0);

    t.dut.credit_coalesced_i = 1;
    t.ring(1);
    t.expect(kCoalesced, BELL_REJECT_NONE);
    CHECK_EQ(t.counted().coalesced, 1);
    t.dut.credit_coalesced_i = 0;

    t.ring(2);
    t.expect(kUnowned, BELL_REJECT_NONE);
    CHECK_EQ(t.counted().unowned, 1);

    t.dut.credit_closed_i = 1;
    t.ring(1);
    t.expect(kRejected, BELL_REJECT_QUEUE_CLOSED);
    t.dut.credit_closed_i = 0;
    CHECK_EQ(t.counted().rejected, 1);

    t.ring(1);
    t.expect(kNew, BELL_REJECT_NONE);
    t.dut.forgone_i = 1;
    t.step();
    CHECK_EQ(t.counted().rejected, 2);
    CHECK_EQ(t.counted().accepted, 5);
    CHECK_EQ(t.counted().owed, 0);
}

// Three counts in one clock: a ring refused, another sampled and a third forgone.
RTL_TEST(doorbell, ledger_takes_three_decisions_in_one_clock)
{
    Doorbell t;
    t.own(1, 5);
    for (int i = 0; i < 2; i++) {
        t.ring(1);
        t.step();
    }
    t.store(BELL_DOORBELL_BYTES, 0x0f);
    t.step();
    t.dut.sampled_i = 1;
    t.dut.forgone_i = 1;
    t.step();
    const Ledger l = t.counted();
    CHECK_EQ(l.accepted, 3);
    CHECK_EQ(l.sampled, 1);
    CHECK_EQ(l.rejected, 2);
    CHECK_EQ(l.owed, 0);
}

// F: misaligned, narrow, not fitted. The lowest cause wins; the last one is kept with its address.
RTL_TEST(doorbell, flawed_stores_are_rejected_with_a_cause)
{
    Doorbell t;
    t.own(1, 5);
    const uint32_t page = BELL_DOORBELL_BYTES;
    const struct {
        uint32_t addr;
        unsigned strobes;
        unsigned cause;
    } cases[] = {
        {page, 0x0f, BELL_REJECT_NARROW},       {page, 0x7f, BELL_REJECT_NARROW},
        {page, 0x00, BELL_REJECT_NARROW},       {page + 8, 0xff, BELL_REJECT_OFFSET},
        {page + 4, 0xff, BELL_REJECT_OFFSET},   {page + 1, 0xff, BELL_REJECT_OFFSET},
        {page - 8, 0xff, BELL_REJECT_OFFSET},   {kFitted * page, 0xff, BELL_REJECT_NO_SLOT},
        {kSlots * page, 0xff, BELL_REJECT_NO_SLOT}, {0xfff000, 0xff, BELL_REJECT_NO_SLOT},
        {0xfff008, 0xff, BELL_REJECT_OFFSET},   {page + 4, 0xf0, BELL_REJECT_NARROW},
    };
    uint64_t count = 0;
    for (const auto &c : cases) {
        t.store(c.addr, c.strobes);
        t.expect(kRejected, c.cause);
        CHECK_EQ(t.counted().rejected, ++count);
        CHECK_EQ(t.dut.last_cause_o, c.cause);
        CHECK_EQ(t.dut.last_addr_o, c.addr);
    }
}

// Only fitted doorbells ring: the strap decides, also at its ends.
RTL_TEST(doorbell, strap_limits_the_slots)
{
    Doorbell t;
    t.own(kFitted - 1, 3);
    t.ring(kFitted - 1);
    t.expect(kNew, BELL_REJECT_NONE);
    t.fit(kFitted - 1);
    t.ring(kFitted - 1);
    t.expect(kRejected, BELL_REJECT_NO_SLOT);
    t.fit(0);
    t.ring(0);
    t.expect(kRejected, BELL_REJECT_NO_SLOT);
}

// An owner beyond the queues is a closed queue, and is never shown to sched.
RTL_TEST(doorbell, owner_beyond_the_queues_is_closed)
{
    Doorbell t;
    for (unsigned queue : {kQueues, 1024u + 3, 0xffffu}) {
        t.own(1, queue);
        t.ring(1);
        t.step();
        CHECK_EQ(t.dut.credit_valid_o, 0);
        CHECK_EQ(t.dut.tap_cause_o, BELL_REJECT_QUEUE_CLOSED);
        t.step();
    }
    CHECK_EQ(t.counted().rejected, 3);
}

// OWNER reads back whole; a slot never written has no owner; reset takes all owners away.
RTL_TEST(doorbell, owner_reads_back_and_is_reset)
{
    Doorbell t;
    CHECK_EQ(t.read(BELL_SLOT_OWNER_OFFSET(7)), 0);
    t.own(7, 9, 0xcafe1234);
    CHECK_EQ(t.read(BELL_SLOT_OWNER_OFFSET(7)), 0xcafe123480000009);
    CHECK_EQ(t.read(BELL_SLOT_OWNER_OFFSET(6)), 0);
    CHECK_EQ(t.read(BELL_SLOT_OWNER_OFFSET(39)), 0);
    t.reset();
    CHECK_EQ(t.read(BELL_SLOT_OWNER_OFFSET(7)), 0);
    t.ring(7);
    t.expect(kUnowned, BELL_REJECT_NONE);
}

// DB-VIC-03, -04: a store in the clock of the write's answer still goes to the old owner, the next to the
// new.
RTL_TEST(doorbell, owner_changes_for_later_stores_only)
{
    Doorbell t;
    t.own(3, 10);
    t.order(3, 20);
    t.ring(3);
    t.step();
    CHECK_EQ(t.dut.credit_o, 10);
    t.ring(3);
    t.step();
    CHECK_EQ(t.dut.credit_o, 20);
    t.step();
    t.own(3, 20, 1, false);
    t.ring(3);
    t.expect(kUnowned, BELL_REJECT_NONE);
}

// DRAIN counts a ring from its acceptance to its credit, on its own slot only.
RTL_TEST(doorbell, drain_counts_rings_in_flight)
{
    Doorbell t;
    t.own(3, 10);
    CHECK_EQ(t.read(BELL_SLOT_DRAIN_OFFSET(3)), 0);
    t.ring(3);
    CHECK_EQ(t.read(BELL_SLOT_DRAIN_OFFSET(3)), 1);
    CHECK_EQ(t.dut.busy_o, 1);
    CHECK_EQ(t.read(BELL_SLOT_DRAIN_OFFSET(3)), 0);
    CHECK_EQ(t.dut.busy_o, 1); // The ledger does not know yet.
    t.step();
    CHECK_EQ(t.dut.busy_o, 0);
    t.ring(3);
    CHECK_EQ(t.read(BELL_SLOT_DRAIN_OFFSET(4)), 0);
}

// Budget "rings accepted per clock, sustained: 1": none is lost in 1,000 clocks without a gap.
RTL_TEST(doorbell, one_ring_per_clock_sustained)
{
    Doorbell t;
    for (unsigned slot = 0; slot < kFitted; slot++) {
        t.own(slot, slot);
    }
    for (unsigned i = 0; i < 1000; i++) {
        t.ring(i % kFitted);
        t.step();
        CHECK_EQ(t.dut.credit_valid_o, 1);
        CHECK_EQ(t.dut.credit_o, i % kFitted);
    }
    t.step();
    CHECK_EQ(t.ledger().accepted, 1000);
    CHECK_EQ(t.ledger().owed, 1000);
}

} // namespace
