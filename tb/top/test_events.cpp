// SPDX-License-Identifier: MIT
//
// No fault, drop or refusal without an event, on a device whose event queue holds one event and
// whose counters have five bits; and no event ever holds up a ring.
// top: bell_top -GNumSlots=4 -GNumQueues=4 -GNumNodes=2 -GEventDepth=1 -GLedgerBits=5 -F tb/assert/assert.f

#include "top_bench.h"

namespace {

using namespace top_tb;

constexpr unsigned kMost = 31; // Of a counter.
constexpr uint64_t kArmAll = BELL_REPORT_ARM_REJECTED_MASK | BELL_REPORT_ARM_UNOWNED_MASK |
                             BELL_REPORT_ARM_REFUSED_MASK;

void check_report(const Event &e, unsigned cause, uint64_t count, uint64_t addr, unsigned code)
{
    CHECK_EQ(e.cause, cause);
    CHECK_EQ(e.node, 0);
    CHECK_EQ(e.queue, 0);
    CHECK_EQ(BELL_FIELD_GET(e.data, BELL_REPORT_WORD_COUNT), count);
    CHECK_EQ(BELL_FIELD_GET(e.data, BELL_REPORT_WORD_ADDR), addr);
    CHECK_EQ(BELL_FIELD_GET(e.data, BELL_REPORT_WORD_CODE), code);
}

Event one_event(Top &t)
{
    t.wait("an event", [&] { return t.read(BELL_IRQ_LEVEL_OFFSET) != 0; });
    const std::vector<Event> events = t.take_events();
    CHECK_EQ(events.size(), 1);
    return events[0];
}

/// A turn on node q that posts `irqs` events.
void put_irqs(Top &t, unsigned q, unsigned irqs)
{
    const Place p = {q};
    for (unsigned i = 0; i < irqs; i++)
        t.put_packet(p.buffer(0) + 32 * i, BELL_OP_IRQ, 1000 * (q + 1) + i);
    t.put_packet(p.buffer(0) + 32 * irqs, BELL_OP_FAULT);
    t.put_entry(q, 0, p.buffer(0), irqs + 1);
    t.open(q);
}

/// The one place is taken.
void fill(Top &t)
{
    t.write(BELL_REPORT_ARM_OFFSET, BELL_REPORT_ARM_UNOWNED_MASK);
    t.ring(3);
    t.wait("an event", [&] { return t.read(BELL_IRQ_LEVEL_OFFSET) != 0; });
}

/// One WORK of queue q on `node`, from its start to its end.
void work(Top &t, unsigned q, unsigned node, unsigned clocks)
{
    const Place p = {q};
    t.put_packet(p.buffer(0), BELL_OP_WORK, clocks);
    t.put_entry(q, 0, p.buffer(0), 1);
    t.open(q, node);
    t.ring(q);
    t.run(clocks + 500);
    CHECK_EQ(t.memory->word(p.control() + 8), 1);
}

const Event kFilled = {BELL_CAUSE_RING_UNOWNED, 0, 0, uint64_t(3 * BELL_DOORBELL_BYTES) << 40 | 1};

void check_events(Top &t, const std::vector<Event> &expected)
{
    const std::vector<Event> events = t.take_events();
    CHECK_EQ(events.size(), expected.size());
    for (size_t i = 0; i < events.size(); i++) {
        CHECK_EQ(events[i].cause, expected[i].cause);
        CHECK_EQ(events[i].node, expected[i].node);
        CHECK_EQ(events[i].queue, expected[i].queue);
        CHECK_EQ(events[i].data, expected[i].data);
    }
}

} // namespace

// Off after reset: what is refused is counted and raises nothing.
RTL_TEST(top, refusals_are_silent_until_armed)
{
    Top t(1);
    t.write(BELL_IRQ_CTRL_OFFSET, 1);
    t.ring(0);
    t.ring(kSlots);
    CHECK_EQ(t.write(BELL_ID_OFFSET, 1), kSlvErr);
    t.run(50);
    CHECK_EQ(t.dut.irq_o, 0);
    CHECK_EQ(t.read(BELL_REPORT_ARM_OFFSET), 0);
    CHECK_EQ(t.read(BELL_IRQ_LEVEL_OFFSET), 0);
    CHECK_EQ(t.read(BELL_ACCESSES_REFUSED_OFFSET), 1);
}

// Each way to be refused is told with its cause, its number and where it was first.
RTL_TEST(top, every_refusal_has_its_event)
{
    for (unsigned stall : {0u, 40u}) {
        Top t(2, stall);
        const auto arm = [&](uint64_t bits) { CHECK_EQ(t.write(BELL_REPORT_ARM_OFFSET, bits), kOkay); };
        t.write(BELL_IRQ_CTRL_OFFSET, 1);
        arm(kArmAll);
        CHECK_EQ(t.read(BELL_REPORT_ARM_OFFSET), kArmAll);
        CHECK_EQ(t.write(kBar2 | 0x1234, 1, 0x0f), kSlvErr);
        check_report(one_event(t), BELL_CAUSE_RING_REJECTED, 1, 0x1234, BELL_REJECT_NARROW);
        CHECK_EQ(t.read(BELL_REPORT_ARM_OFFSET), kArmAll & ~BELL_REPORT_ARM_REJECTED_MASK);
        t.ring(2);
        check_report(one_event(t), BELL_CAUSE_RING_UNOWNED, 1, 2 * BELL_DOORBELL_BYTES, 0);
        CHECK_EQ(t.write(BELL_CTRL_OFFSET, 1, 0xfe), kSlvErr);
        check_report(one_event(t), BELL_CAUSE_ACCESS_REFUSED, 1, BELL_CTRL_OFFSET, 1);
        CHECK_EQ(t.read(BELL_REPORT_ARM_OFFSET), 0);

        // By mmio, by the registers, by the queues; reads as well.
        const uint32_t reads[] = {0x6, 0xfff00, 0x8000, uint32_t(BELL_EVENT_POP_OFFSET),
                                  uint32_t(BELL_QUEUE_CMD_OFFSET(0)),
                                  uint32_t(BELL_SLOT_OWNER_OFFSET(kSlots))};
        for (uint32_t addr : reads) {
            arm(BELL_REPORT_ARM_REFUSED_MASK);
            t.read(addr, kSlvErr);
            check_report(one_event(t), BELL_CAUSE_ACCESS_REFUSED, 1, addr, 0);
        }
        for (uint32_t addr : {uint32_t(BELL_ID_OFFSET), uint32_t(BELL_STATUS_OFFSET), 0x8000u}) {
            arm(BELL_REPORT_ARM_REFUSED_MASK);
            CHECK_EQ(t.write(addr, 1), kSlvErr);
            check_report(one_event(t), BELL_CAUSE_ACCESS_REFUSED, 1, addr, 1);
        }
        CHECK_EQ(t.read(BELL_ACCESSES_REFUSED_OFFSET), 10);

        // A ring for a closed queue, and one that CLOSE takes the sample away from.
        t.open(1);
        arm(BELL_REPORT_ARM_REJECTED_MASK);
        t.ring(1);
        t.write(BELL_QUEUE_CMD_OFFSET(1), BELL_QUEUE_CMD_CLOSE);
        check_report(one_event(t), BELL_CAUSE_RING_REJECTED, 1, 0, BELL_REJECT_QUEUE_CLOSED);
        t.ring(1);
        t.ring(1);
        arm(BELL_REPORT_ARM_REJECTED_MASK);
        check_report(one_event(t), BELL_CAUSE_RING_REJECTED, 2, BELL_DOORBELL_BYTES,
                     BELL_REJECT_QUEUE_CLOSED);
        t.check_ledger();
    }
}

// Nobody else moves: the refusal itself brings its event to the interrupt, whatever else stands
// still, and arming one that was counted before does.
RTL_TEST(top, refusal_raises_the_interrupt_by_itself)
{
    for (bool armed_before : {true, false}) {
        Top t(6);
        t.write(BELL_IRQ_CTRL_OFFSET, 1);
        if (armed_before)
            t.write(BELL_REPORT_ARM_OFFSET, BELL_REPORT_ARM_UNOWNED_MASK);
        t.ring(1);
        if (!armed_before)
            t.write(BELL_REPORT_ARM_OFFSET, BELL_REPORT_ARM_UNOWNED_MASK);
        for (unsigned i = 0; i < 10; i++)
            t.step();
        CHECK_EQ(t.dut.irq_o, 1);
        CHECK_EQ(t.dut.idle_o, 1);
    }
}

// A user who rings what is not his in every clock: each store is taken at once and answered, the
// device owes software one event, and all stores are in the sum of two events.
RTL_TEST(top, flood_of_refused_rings_is_one_event)
{
    constexpr unsigned kStores = 300;
    Top t(3);
    t.write(BELL_REPORT_ARM_OFFSET, kArmAll);
    for (unsigned i = 0; i < kStores; i++)
        t.host->write({kBar2 | ((i % 2 ? 3 : kSlots + 1) * BELL_DOORBELL_BYTES), 1, 0xff});
    const uint64_t from = t.clock;
    t.wait("all answers", [&] { return t.host->writes.size() == kStores + 1; });
    CHECK(t.clock - from < kStores + 10);
    std::vector<Event> events = t.take_events();
    CHECK_EQ(events.size(), 2);
    check_report(events[0], BELL_CAUSE_RING_REJECTED, 1, (kSlots + 1) * BELL_DOORBELL_BYTES,
                 BELL_REJECT_NO_SLOT);
    check_report(events[1], BELL_CAUSE_RING_UNOWNED, 1, 3 * BELL_DOORBELL_BYTES, 0);
    t.write(BELL_REPORT_ARM_OFFSET, kArmAll);
    t.run(50);
    events = t.take_events();
    CHECK_EQ(events.size(), 2);
    check_report(events[0], BELL_CAUSE_RING_REJECTED, kStores / 2 - 1,
                 (kSlots + 1) * BELL_DOORBELL_BYTES, BELL_REJECT_NO_SLOT);
    check_report(events[1], BELL_CAUSE_RING_UNOWNED, kStores / 2 - 1, 3 * BELL_DOORBELL_BYTES, 0);
}

// All sources at once, one place in the queue, software that comes late: nodes (interrupts and a
// fault each), watches, a suspended queue, refusals. Everything is told once, each source in order,
// and rings are taken all the while.
RTL_TEST(top, all_sources_fire_into_one_place)
{
    for (unsigned late : {0u, 7u, 400u}) {
        Top t(4 + late, 20);
        constexpr unsigned kIrqs = 6;
        for (unsigned q = 0; q < 2; q++)
            put_irqs(t, q, kIrqs);
        t.write(BELL_QUEUE_CMD_OFFSET(0), BELL_QUEUE_CMD_REMOVE);
        t.write(BELL_QUEUE_CMD_OFFSET(0), BELL_QUEUE_CMD_ADD);
        t.write(BELL_REPORT_ARM_OFFSET, kArmAll);
        t.write(BELL_IDLE_LIMIT0_OFFSET, 4);
        t.write(BELL_HUNG_LIMIT1_OFFSET, 60);
        t.enable();
        t.ring(0);
        t.ring(1);
        t.run(300);
        t.write(BELL_QUEUE_CMD_OFFSET(1), BELL_QUEUE_CMD_SUSPEND);
        for (unsigned i = 0; i < 4; i++) {
            t.ring(3);
            t.ring(kSlots);
            t.write(BELL_ID_OFFSET, 0);
        }
        CHECK_EQ(t.read(BELL_IRQ_LEVEL_OFFSET), 1);
        std::vector<Event> all;
        for (unsigned quiet = 0; quiet < 20;) {
            t.run(late + 20);
            const std::vector<Event> some = t.take_events();
            quiet = some.empty() ? quiet + 1 : 0;
            all.insert(all.end(), some.begin(), some.end());
        }
        unsigned irqs[2] = {}, seen[256] = {};
        for (const Event &e : all) {
            seen[e.cause]++;
            if (e.cause == BELL_CAUSE_USER_IRQ) {
                CHECK_EQ(e.data, 1000 * (e.queue + 1) + irqs[e.queue]);
                irqs[e.queue]++;
            } else if (e.cause == BELL_CAUSE_DELIBERATE_FAULT) {
                CHECK_EQ(irqs[e.queue], kIrqs); // Behind its own interrupts.
            }
        }
        CHECK_EQ(irqs[0], kIrqs);
        CHECK_EQ(irqs[1], kIrqs);
        CHECK_EQ(seen[BELL_CAUSE_DELIBERATE_FAULT], 2);
        CHECK_EQ(seen[BELL_CAUSE_STOPPED], 1);
        CHECK(seen[BELL_CAUSE_ENGINE_IDLE] >= 1);
        CHECK(seen[BELL_CAUSE_ENGINE_HUNG] >= 1);
        CHECK_EQ(seen[BELL_CAUSE_RING_REJECTED], 1);
        CHECK_EQ(seen[BELL_CAUSE_RING_UNOWNED], 1);
        CHECK_EQ(seen[BELL_CAUSE_ACCESS_REFUSED], 1);
        t.check_ledger();
    }
}

// A scheduling log tells of every entry, each log fills at once, and nobody takes an event: the log
// goes on, registers are answered as ever, and what there was no room for is told in fewer events.
RTL_TEST(top, a_log_that_cannot_tell_holds_nothing_up)
{
    constexpr uint64_t kLog = 0x90000;
    constexpr unsigned kTurns = 40;
    constexpr unsigned kAnswer = 64; // Clocks; bounded by memory, which is awaited for the log.
    Top t(6);
    for (unsigned n = 0; n < 2; n++) {
        t.open(n); // Its turns find nothing to do.
        t.write(BELL_LOG_CONFIG0_OFFSET + 8 * n, 1); // One entry, which interrupts.
        t.write(BELL_LOG_BASE0_OFFSET + 8 * n, (kLog + 64 * n) | BELL_LOG_BASE0_ENABLE_MASK);
    }
    t.enable();
    for (unsigned i = 0; i < kTurns; i++)
        for (unsigned q = 0; q < 2; q++) {
            const uint64_t from = t.clock;
            t.write(BELL_QUEUE_CMD_OFFSET(q), BELL_QUEUE_CMD_KICK);
            t.state(q);
            CHECK(t.clock - from < 2 * kAnswer);
        }
    t.wait("the logs", [&] { return (t.read(BELL_STATUS_OFFSET) & BELL_STATUS_LOG_BUSY_MASK) == 0; });
    CHECK_EQ(t.read(BELL_IRQ_LEVEL_OFFSET), 1);
    const uint64_t index[] = {t.read(BELL_LOG_INDEX0_OFFSET), t.read(BELL_LOG_INDEX1_OFFSET)};
    uint64_t told[2] = {};
    unsigned logs = 0;
    for (unsigned quiet = 0; quiet < 3; quiet++) {
        t.run(20);
        for (const Event &e : t.take_events())
            if (e.cause == BELL_CAUSE_SCHED_LOG) {
                CHECK(e.data > told[e.node]);
                told[e.node] = e.data;
                logs++;
            }
    }
    for (unsigned n = 0; n < 2; n++) {
        CHECK(BELL_FIELD_GET(index[n], BELL_LOG_INDEX0_WRAPS) > kTurns);
        CHECK_EQ(told[n], index[n]); // The last one tells all.
    }
    CHECK(logs <= 4);
}

// Two packets hang one after the other while nothing is taken: both are told, with their queues.
RTL_TEST(top, each_hung_queue_has_its_event)
{
    for (unsigned stall : {0u, 30u}) {
        Top t(7, stall);
        t.enable();
        fill(t);
        t.write(BELL_HUNG_LIMIT0_OFFSET, 200);
        work(t, 0, 0, 1000);
        work(t, 2, 0, 1000);
        check_events(t, {kFilled, {BELL_CAUSE_ENGINE_HUNG, 0, 0, 200},
                         {BELL_CAUSE_ENGINE_HUNG, 0, 2, 200}});
    }
}

// The queue that runs when the event is taken has not hung, and the limit is another one.
RTL_TEST(top, the_queue_that_hung_is_named)
{
    Top t(8, 30);
    t.enable();
    fill(t);
    t.write(BELL_HUNG_LIMIT0_OFFSET, 200);
    work(t, 0, 0, 1000);
    t.write(BELL_HUNG_LIMIT0_OFFSET, 700);
    work(t, 2, 0, 10);
    check_events(t, {kFilled, {BELL_CAUSE_ENGINE_HUNG, 0, 0, 200}});
}

// A lower timer fires while an event waits: that stays as it is, and nothing is left to do until
// software takes one. The checkers of tb/assert see a payload that moves.
RTL_TEST(top, events_of_watches_wait_quietly)
{
    Top t(9);
    t.enable();
    fill(t);
    t.write(BELL_HUNG_LIMIT1_OFFSET, 200);
    work(t, 1, 1, 1000);
    CHECK_EQ(t.dut.idle_o, 1);
    t.write(BELL_IDLE_LIMIT0_OFFSET, 50);
    t.run(20);
    CHECK_EQ(t.dut.idle_o, 1);
    CHECK(t.dut.next_deadline_o <= 50);
    t.run(100);
    CHECK_EQ(t.dut.idle_o, 1);
    check_events(t, {kFilled, {BELL_CAUSE_ENGINE_HUNG, 1, 1, 200},
                     {BELL_CAUSE_ENGINE_IDLE, 0, 0, 50}});
    t.run(10);
    CHECK_EQ(t.dut.idle_o, 1);
}

// Counters stop at their largest value and say so; those without the bit are exact.
RTL_TEST(top, counters_saturate_and_say_so)
{
    Top t(5);
    for (unsigned i = 0; i < 20; i++) {
        t.ring(3);
        t.write(kBar2 | 8, 1);
    }
    CHECK_EQ(t.read(BELL_SATURATED_OFFSET), BELL_SATURATED_ACCEPTED_MASK);
    CHECK_EQ(t.read(BELL_LEDGER_ACCEPTED_OFFSET), kMost);
    CHECK_EQ(t.read(BELL_LEDGER_UNOWNED_OFFSET), 20);
    CHECK_EQ(t.read(BELL_LEDGER_REJECTED_OFFSET), 20);
    for (unsigned i = 0; i < kMost + 1; i++)
        t.write(BELL_ID_OFFSET, 0);
    CHECK_EQ(t.read(BELL_ACCESSES_REFUSED_OFFSET), kMost);
    CHECK_EQ(t.read(BELL_SATURATED_OFFSET),
             BELL_SATURATED_ACCEPTED_MASK | BELL_SATURATED_REFUSED_MASK);
    t.restart();
    CHECK_EQ(t.read(BELL_SATURATED_OFFSET), 0);
    CHECK_EQ(t.read(BELL_ACCESSES_REFUSED_OFFSET), 0);
}
