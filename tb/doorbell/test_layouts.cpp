// SPDX-License-Identifier: MIT
//
// Unit test of rtl/doorbell: where doorbells are in each layout, tokens, second registers.
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

constexpr uint64_t kListen = BELL_TOKEN_LISTEN_VALID_MASK;
constexpr unsigned kPages =
    (BELL_TOKEN_LISTEN_PAGE_MASK >> BELL_TOKEN_LISTEN_PAGE_SHIFT) + 1;

enum Bucket { kNew = 0, kCoalesced = 1, kUnowned = 2, kRejected = 3 };

struct Doorbell : rtl_test::Bench<Vbell_doorbell> {
    explicit Doorbell(unsigned layout)
    {
        dut.slots_i = kFitted;
        dut.layout_i = layout;
        settle();
    }
    void store(uint32_t addr, uint64_t data = 1, unsigned strobes = 0xff)
    {
        rtl_test::put_bits(dut.ring_i, 72, 24, addr);
        rtl_test::put_bits(dut.ring_i, 64, 8, strobes);
        rtl_test::put_bits(dut.ring_i, 0, 64, data);
        dut.ring_valid_i = 1;
        settle();
    }
    void step()
    {
        tick();
        dut.ring_valid_i = 0;
        dut.req_i = 0;
        dut.token_req_i = 0;
        settle();
        uint64_t sum = 0;
        for (unsigned i = 0; i < 5; i++) {
            sum += rtl_test::get_bits(dut.ledger_o, i * 64, 64);
        }
        CHECK_EQ(sum, rtl_test::get_bits(dut.ledger_o, 5 * 64, 64)); // Law 2, in every clock.
    }
    void own(unsigned slot, unsigned queue)
    {
        dut.req_i = 1;
        dut.req_write_i = 1;
        dut.req_addr_i = BELL_SLOT_OWNER_OFFSET(slot) - BELL_SLOT_OWNER_OFFSET(0);
        dut.req_data_i = BELL_FIELD_PUT(BELL_SLOT_OWNER_QUEUE, queue) | BELL_SLOT_OWNER_VALID_MASK;
        step();
        step();
    }
    /// An access, to the clock in which it is answered.
    void at_token(unsigned queue, bool write, uint64_t data)
    {
        dut.token_req_i = 1;
        dut.token_req_write_i = write;
        dut.token_req_addr_i = BELL_TOKEN_LISTEN_OFFSET(queue) - BELL_TOKEN_LISTEN_OFFSET(0);
        dut.token_req_data_i = data;
        step();
        CHECK_EQ(dut.token_ack_write_o, write);
        CHECK_EQ(dut.token_ack_read_o, !write);
    }
    void listen(unsigned queue, unsigned page)
    {
        at_token(queue, true, kListen | BELL_FIELD_PUT(BELL_TOKEN_LISTEN_PAGE, page));
        step();
    }
    uint64_t listening(unsigned queue)
    {
        at_token(queue, false, 0);
        return dut.token_ack_data_o;
    }
    unsigned in_flight(unsigned slot)
    {
        dut.req_i = 1;
        dut.req_write_i = 0;
        dut.req_addr_i = BELL_SLOT_DRAIN_OFFSET(slot) - BELL_SLOT_OWNER_OFFSET(0);
        step();
        return dut.ack_data_o;
    }
    /// The store at the door is credited to `queue`.
    void expect_credit(unsigned queue)
    {
        CHECK_EQ(dut.ring_refuse_o, 0);
        step();
        CHECK_EQ(dut.credit_valid_o, 1);
        CHECK_EQ(dut.credit_o, queue);
        CHECK_EQ(dut.tap_queue_o, queue);
        CHECK_EQ(dut.tap_bucket_o, kNew);
    }
    void expect_reject(unsigned cause, uint32_t addr)
    {
        CHECK_EQ(dut.ring_refuse_o, cause != BELL_REJECT_QUEUE_CLOSED);
        step();
        CHECK_EQ(dut.credit_valid_o && !dut.credit_closed_i, 0);
        CHECK_EQ(dut.tap_bucket_o, kRejected);
        CHECK_EQ(dut.tap_cause_o, cause);
        step();
        step();
        CHECK_EQ(dut.last_cause_o, cause);
        CHECK_EQ(dut.last_addr_o, addr);
    }
};

uint32_t page(unsigned slot)
{
    return BELL_DOORBELL_FIRST + slot * BELL_DOORBELL_BYTES;
}

uint32_t packed(unsigned slot)
{
    return BELL_PACKED_FIRST + slot * BELL_PACKED_BYTES;
}

uint32_t global(unsigned number)
{
    return BELL_GLOBAL_FIRST + number * BELL_GLOBAL_BYTES;
}

// DB-MOD-04: each packed slot wakes its own owner, also by the page it has besides.
RTL_TEST(layouts, DB_MOD_04_packed_slots_are_apart)
{
    Doorbell t(BELL_LAYOUT_PACKED);
    for (unsigned slot = 0; slot < kFitted; slot++) {
        t.own(slot, kQueues - 1 - slot);
    }
    for (unsigned slot = 0; slot < kFitted; slot++) {
        for (uint32_t addr : {packed(slot), page(slot)}) {
            t.store(addr);
            t.expect_credit(kQueues - 1 - slot);
            CHECK_EQ(t.dut.tap_slot_o, slot);
            t.store(addr);
            CHECK_EQ(t.in_flight(slot), 1); // A-16, whichever address was used.
            CHECK_EQ(t.in_flight(slot), 0);
            t.store(addr);
            CHECK_EQ(t.in_flight((slot + 1) % kFitted), 0);
        }
    }
}

// Between the slots, beyond those fitted, and beyond the region.
RTL_TEST(layouts, packed_stores_beside_a_slot_are_rejected)
{
    Doorbell t(BELL_LAYOUT_PACKED);
    const struct {
        uint32_t addr;
        unsigned cause;
    } cases[] = {
        {packed(1) + 8, BELL_REJECT_OFFSET},
        {packed(1) + BELL_PACKED_BYTES / 2, BELL_REJECT_OFFSET},
        {packed(kFitted), BELL_REJECT_NO_SLOT},
        {packed(kSlots), BELL_REJECT_NO_SLOT},
        {packed(BELL_SLOT_MAX - 1), BELL_REJECT_NO_SLOT},
        {BELL_PACKED_FIRST + BELL_SLOT_MAX * BELL_PACKED_BYTES, BELL_REJECT_NO_SLOT},
        {BELL_GLOBAL_FIRST, BELL_REJECT_NO_SLOT},
        {page(kFitted), BELL_REJECT_NO_SLOT},
        {page(1) + BELL_PACKED_BYTES, BELL_REJECT_OFFSET},
    };
    for (const auto &c : cases) {
        t.store(c.addr);
        t.expect_reject(c.cause, c.addr);
    }
}

// The layout in force decides which region answers at all.
RTL_TEST(layouts, only_the_layout_in_force_answers)
{
    Doorbell t(BELL_LAYOUT_PAGE);
    for (unsigned layout : {BELL_LAYOUT_PAGE, BELL_LAYOUT_PACKED, BELL_LAYOUT_GLOBAL}) {
        t.dut.layout_i = layout;
        t.settle();
        t.own(8, 7);
        t.listen(7, 0);
        const struct {
            uint32_t addr;
            bool answers;
        } places[] = {
            {page(8), layout != BELL_LAYOUT_GLOBAL},
            {packed(8), layout == BELL_LAYOUT_PACKED},
            {BELL_GLOBAL_FIRST, layout == BELL_LAYOUT_GLOBAL},
        };
        for (const auto &place : places) {
            t.store(place.addr, 7);
            if (place.answers) {
                t.expect_credit(7);
                t.step();
            } else {
                t.expect_reject(BELL_REJECT_NO_SLOT, place.addr);
            }
        }
    }
}

// DB-MOD-02: the value names the queue; slot owners play no part.
RTL_TEST(layouts, DB_MOD_02_token_names_the_queue)
{
    Doorbell t(BELL_LAYOUT_GLOBAL);
    t.own(0, 5);
    for (unsigned queue = 0; queue < kQueues; queue++) {
        t.listen(queue, 0);
        t.store(BELL_GLOBAL_FIRST, queue);
        t.expect_credit(queue);
        t.store(BELL_GLOBAL_FIRST, queue);
        CHECK_EQ(t.in_flight(0), 0); // On no slot.
        t.step();
    }
}

// unknown tokens and closed queues are counted with a cause, and wake nobody.
RTL_TEST(layouts, DB_MOD_06_unknown_tokens_are_rejected)
{
    Doorbell t(BELL_LAYOUT_GLOBAL);
    for (uint64_t token : {uint64_t{kQueues}, uint64_t{1023}, uint64_t{1024}, uint64_t{0xffff},
                           uint64_t{0x10000}, uint64_t{1} << 32, uint64_t{1} << 63, ~uint64_t{0}}) {
        t.store(BELL_GLOBAL_FIRST, token);
        t.expect_reject(BELL_REJECT_BAD_TOKEN, BELL_GLOBAL_FIRST);
    }
    t.listen(3, 0);
    t.dut.credit_closed_i = 1;
    t.store(BELL_GLOBAL_FIRST, 3);
    t.expect_reject(BELL_REJECT_QUEUE_CLOSED, BELL_GLOBAL_FIRST);
    t.dut.credit_closed_i = 0;
    t.store(BELL_GLOBAL_FIRST, 3, 0x0f);
    t.expect_reject(BELL_REJECT_NARROW, BELL_GLOBAL_FIRST);
    t.store(BELL_GLOBAL_FIRST + 8, 3);
    t.expect_reject(BELL_REJECT_OFFSET, BELL_GLOBAL_FIRST + 8);
    for (uint32_t beside : {global(kPages), BELL_GLOBAL_FIRST - BELL_GLOBAL_BYTES}) {
        t.store(beside, 3);
        t.expect_reject(BELL_REJECT_NO_SLOT, beside);
    }
}

// a queue hears its own page and no other, and none before it is told to or after.
RTL_TEST(layouts, A_39_foreign_tokens_are_rejected)
{
    Doorbell t(BELL_LAYOUT_GLOBAL);
    const unsigned pages[] = {0, 1, 2, 3, 64, 127, 128, kPages - 1};
    for (unsigned queue : {0u, 1u, 31u, 32u, kQueues - 1}) {
        CHECK_EQ(t.listening(queue), 0); // Since reset.
        t.store(global(0), queue);
        t.expect_reject(BELL_REJECT_FOREIGN_TOKEN, global(0));
        for (unsigned own : pages) {
            t.listen(queue, own);
            CHECK_EQ(t.listening(queue), kListen | own);
            for (unsigned page : pages) {
                for (uint32_t half : {0u, static_cast<uint32_t>(BELL_SECONDARY_FIRST)}) {
                    t.store(half + global(page), queue);
                    if (page == own) {
                        t.expect_credit(queue);
                        t.step();
                    } else {
                        t.expect_reject(BELL_REJECT_FOREIGN_TOKEN, half + global(page));
                    }
                }
            }
        }
        t.at_token(queue, true, pages[7]); // Not VALID.
        t.step();
        CHECK_EQ(t.listening(queue), 0);
        t.store(global(pages[7]), queue);
        t.expect_reject(BELL_REJECT_FOREIGN_TOKEN, global(pages[7]));
    }
}

// The neighbours of a queue that is told to listen elsewhere keep their pages.
RTL_TEST(layouts, A_39_queues_listen_apart)
{
    Doorbell t(BELL_LAYOUT_GLOBAL);
    for (unsigned queue = 0; queue < kQueues; queue++) {
        t.listen(queue, 200 - queue);
    }
    for (unsigned queue = 0; queue < kQueues; queue++) {
        t.store(global(200 - queue), queue);
        t.expect_credit(queue);
        t.step();
        t.store(global(200 - queue), (queue + 1) % kQueues);
        t.expect_reject(BELL_REJECT_FOREIGN_TOKEN, global(200 - queue));
    }
}

// A write of LISTEN holds for the stores after its clock; one of that clock still goes by the old.
RTL_TEST(layouts, A_39_listen_and_store_in_one_clock)
{
    Doorbell t(BELL_LAYOUT_GLOBAL);
    t.listen(4, 1);
    t.at_token(4, true, kListen | 2);
    t.store(global(1), 4);
    t.expect_credit(4);
    t.at_token(4, true, 0);
    t.store(global(2), 4);
    t.expect_credit(4);
    t.store(global(2), 4);
    t.expect_reject(BELL_REJECT_FOREIGN_TOKEN, global(2));
}

// the second register is the same doorbell, in every layout.
RTL_TEST(layouts, A_58_second_register_rings_the_same_doorbell)
{
    const struct {
        unsigned layout;
        uint32_t addr;
    } cases[] = {
        {BELL_LAYOUT_PAGE, page(4)},
        {BELL_LAYOUT_PACKED, packed(4)},
        {BELL_LAYOUT_PACKED, page(4)},
        {BELL_LAYOUT_GLOBAL, BELL_GLOBAL_FIRST},
    };
    for (const auto &c : cases) {
        Doorbell t(c.layout);
        t.own(4, 9);
        t.listen(9, 0);
        t.store(BELL_SECONDARY_FIRST + c.addr, 9);
        t.expect_credit(9);
        t.store(c.addr, 9);
        t.dut.credit_coalesced_i = 1; // Two stores, two counts.
        t.step();
        CHECK_EQ(t.dut.tap_bucket_o, kCoalesced);
        t.step();
        CHECK_EQ(rtl_test::get_bits(t.dut.ledger_o, 5 * 64, 64), 2);
        t.dut.credit_coalesced_i = 0;
        t.store(BELL_SECONDARY_FIRST + c.addr + 8, 9);
        t.expect_reject(BELL_REJECT_OFFSET, BELL_SECONDARY_FIRST + c.addr + 8);
    }
}

// The layout holds for stores of its own clock on.
RTL_TEST(layouts, layout_changes_between_two_stores)
{
    Doorbell t(BELL_LAYOUT_PAGE);
    t.own(0, 5);
    t.listen(6, 0);
    t.store(page(0), 6);
    t.tick();
    t.dut.layout_i = BELL_LAYOUT_GLOBAL;
    t.store(BELL_GLOBAL_FIRST, 6);
    CHECK_EQ(t.dut.credit_o, 5);
    t.step();
    CHECK_EQ(t.dut.credit_o, 6);
}

// Any store in any layout ends in one bucket, and only named queues are woken.
RTL_TEST(layouts, random_stores_balance)
{
    Doorbell t(BELL_LAYOUT_PAGE);
    std::mt19937 random(7);
    for (unsigned slot = 0; slot < kFitted; slot += 2) {
        t.own(slot, slot);
        t.listen(slot, slot % 3);
    }
    for (unsigned i = 0; i < 20000; i++) {
        t.dut.layout_i = random() % 4;
        const uint32_t bases[] = {page(random() % kSlots), packed(random() % kSlots),
                                  global(random() % 4), static_cast<uint32_t>(random() & 0xffffff)};
        const uint32_t half = random() % 2 ? BELL_SECONDARY_FIRST : 0;
        t.store((bases[random() % 4] + half) & 0xffffff, random() % 64,
                random() % 8 ? 0xff : random() & 0xff);
        t.step();
        if (t.dut.credit_valid_o) {
            CHECK(t.dut.credit_o < kQueues);
        }
    }
    t.step();
    CHECK_EQ(rtl_test::get_bits(t.dut.ledger_o, 5 * 64, 64), 20000);
}

} // namespace
