// SPDX-License-Identifier: MIT
//
// The checkers of blocks and stages see each rule broken, and right traffic is none of them.
// top: stage_tb -F tb/assert/assert.f tb/assert/stage_tb.sv

#include "Vstage_tb.h"
#include "rule_table.h"

namespace {

constexpr unsigned kEventBits = 84;
constexpr unsigned kUnowned = 2, kRejected = 3;

struct Stages : rtl_test::Bench<Vstage_tb> {
    Stages()
    {
        dut.fifo_empty = 1;
        dut.s_enable = 1;
        tick();
    }
    void level(unsigned count)
    {
        dut.fifo_count = count;
        dut.fifo_full = count == 4;
        dut.fifo_empty = count == 0;
    }
    void give(unsigned node, unsigned queue)
    {
        dut.s_turn = dut.s_ready = 1u << node;
        dut.s_turn_queue = queue;
        tick();
        dut.s_turn = dut.s_ready = 0;
    }
    void offer_end(unsigned node, unsigned queue)
    {
        dut.s_end = 1u << node;
        dut.s_end_queues = queue << 10 * node;
    }
    void end(unsigned node, unsigned queue)
    {
        offer_end(node, queue);
        tick();
        dut.s_end_ready = dut.s_end;
        tick();
        dut.s_end = dut.s_end_ready = 0;
    }
    void event(unsigned source, unsigned cause)
    {
        dut.i_valid |= 1u << source;
        rtl_test::put_bits(dut.i_event, source * kEventBits + 76, 8, cause);
    }
    void ring(unsigned bucket, unsigned cause, bool refuse)
    {
        dut.ring_valid = 1;
        dut.ring_refuse = refuse;
        tick();
        dut.ring_valid = dut.ring_refuse = 0;
        dut.tap_valid = 1;
        dut.tap_bucket = bucket;
        dut.tap_cause = cause;
        tick();
        dut.tap_valid = 0;
    }
    /// An armed kind makes its event.
    void report()
    {
        dut.r_arm = dut.r_disarm = 1;
        tick();
        dut.r_arm = dut.r_disarm = 0;
        dut.r_valid = 1;
    }
};

void right(Stages &t)
{
    t.dut.fifo_push = 1;
    t.tick();
    t.level(4);
    t.dut.fifo_push = 0;
    t.dut.fifo_pop = 1;
    t.tick();
    t.dut.fifo_pop = 0;
    t.dut.arb_req = 6;
    t.dut.arb_valid = 1;
    t.dut.arb_grant = 4;
    t.dut.skid_valid = 1;
    t.dut.skid_data = 9;
    t.tick();
    t.dut.skid_take = 1;
    t.tick();
    t.dut.skid_valid = t.dut.skid_take = 0;
    t.dut.count_add = 2;
    t.tick();
    t.dut.count_add = 0;
    t.dut.count_value = 2;
    t.dut.accepted = 5;
    t.dut.sampled = t.dut.coalesced = t.dut.unowned = t.dut.rejected = t.dut.owed = 1;
    t.tick();
    t.dut.saturated = t.dut.count_saturated = 1;
    t.dut.owed = 7;
    t.dut.count_add = 3;
    t.tick();
    t.dut.count_add = 0;
    t.ring(kRejected, 4, true);
    t.ring(kRejected, 4, false); // Lost behind the answer.
    t.ring(0, 0, false);
    t.give(0, 3);
    t.give(1, 4);
    t.dut.s_credit = 1;
    t.dut.s_credit_queue = 3;
    t.dut.s_coalesced = 1;
    t.tick();
    t.dut.s_credit = t.dut.s_coalesced = 0;
    t.end(1, 4);
    t.end(0, 3);
    t.dut.s_credit = t.dut.s_closed = 1;
    t.tick();
    t.dut.s_credit = t.dut.s_closed = 0;
    t.dut.s_sampled = 1;
    t.dut.s_enable = 0; // It was given before that.
    t.give(0, 4);
    t.dut.s_enable = 1;
    t.dut.s_sampled = 0;
    t.event(0, 1);
    t.event(1, 2);
    t.tick();
    t.dut.i_ready = 2;
    t.tick();
    t.dut.i_valid = 1;
    t.dut.i_ready = 1;
    t.dut.i_level = t.dut.i_oldest = t.dut.i_line = t.dut.i_enable = 1;
    t.tick();
    t.dut.i_valid = t.dut.i_ready = 0;
    t.report();
    t.tick();
    t.dut.r_ready = 1;
    t.tick();
    t.dut.r_valid = 0;
}

const rtl_test::Plant<Stages> kBlocks[] = {
    {"", right},
    {"OVERFLOW", [](Stages &t) { t.level(4); t.dut.fifo_push = 1; }},
    {"UNDERFLOW", [](Stages &t) { t.dut.fifo_pop = 1; }},
    {"LEVEL", [](Stages &t) { t.level(5); }},
    {"LEVEL", [](Stages &t) { t.level(3); t.dut.fifo_full = 1; }},
    {"LEVEL", [](Stages &t) { t.level(1); t.dut.fifo_empty = 1; }},
    {"ONE_HOT", [](Stages &t) { t.dut.arb_req = t.dut.arb_grant = 3; t.dut.arb_valid = 1; }},
    {"ASKED", [](Stages &t) { t.dut.arb_req = 2; t.dut.arb_grant = 1; t.dut.arb_valid = 1; }},
    {"SERVES", [](Stages &t) { t.dut.arb_req = 2; t.dut.arb_valid = 1; }},
    {"SERVES", [](Stages &t) { t.dut.arb_req = 2; t.dut.arb_grant = 2; }},
    {"TAKE", [](Stages &t) { t.dut.skid_take = 1; }},
    {"HELD", [](Stages &t) { t.dut.skid_valid = 1; t.tick(); t.dut.skid_data = 1; }},
    {"HELD", [](Stages &t) { t.dut.skid_valid = 1; t.tick(); t.dut.skid_valid = 0; }},
    {"EXACT WRAPS",
     [](Stages &t) {
         t.dut.count_add = 2;
         t.tick();
         t.dut.count_value = 2;
         t.dut.count_add = 0;
         t.tick();
         t.dut.count_value = 1;
     }},
    {"EXACT", [](Stages &t) { t.dut.count_add = 2; t.tick(); t.dut.count_value = 1; }},
    {"STICKY", [](Stages &t) { t.dut.count_saturated = 1; t.tick(); t.dut.count_saturated = 0; }},
};

const rtl_test::Plant<Stages> kRings[] = {
    {"SUM", [](Stages &t) { t.dut.accepted = 1; }},
    {"SUM", [](Stages &t) { t.dut.rejected = 1; }},
    {"OWED", [](Stages &t) { t.dut.accepted = t.dut.owed = 1029; }},
    {"DECIDED", [](Stages &t) { t.dut.ring_valid = 1; t.tick(); t.dut.ring_valid = 0; }},
    {"DECIDED", [](Stages &t) { t.dut.tap_valid = 1; }},
    {"REFUSE", [](Stages &t) { t.dut.ring_refuse = 1; }},
    {"ANSWER", [](Stages &t) { t.ring(kUnowned, 0, true); }},
    {"CAUSE", [](Stages &t) { t.ring(kRejected, 0, true); }},
    {"CAUSE", [](Stages &t) { t.ring(kUnowned, 4, false); }},
    {"CREDIT", [](Stages &t) { t.dut.credit_valid = 1; }},
    {"CREDIT", [](Stages &t) {
         t.dut.ring_valid = 1;
         t.tick();
         t.dut.ring_valid = 0;
         t.dut.tap_valid = t.dut.credit_valid = 1;
         t.dut.credit_queue = 8;
         t.tick();
         t.dut.tap_valid = t.dut.credit_valid = 0;
     }},
};

const rtl_test::Plant<Stages> kTurns[] = {
    {"ONE_HOT", [](Stages &t) { t.dut.s_turn = t.dut.s_ready = 3; }},
    {"ALLOWED", [](Stages &t) { t.dut.s_enable = 0; t.tick(); t.give(0, 1); }},
    {"ALLOWED", [](Stages &t) { t.dut.s_gated = 2; t.tick(); t.give(1, 1); }},
    {"READY", [](Stages &t) { t.dut.s_turn = 1; }},
    {"READY", [](Stages &t) { t.dut.s_turn = 2; t.dut.s_ready = 1; }},
    {"BUSY", [](Stages &t) { t.give(0, 1); t.give(0, 2); }},
    {"TWICE", [](Stages &t) { t.give(0, 1); t.give(1, 1); }},
    {"RANGE", [](Stages &t) { t.give(0, 8); }},
    {"END_HELD", [](Stages &t) { t.give(0, 1); t.offer_end(0, 1); t.tick(); t.dut.s_end = 0; }},
    {"END", [](Stages &t) { t.offer_end(1, 0); }},
    {"END", [](Stages &t) { t.give(0, 1); t.end(0, 1); t.offer_end(0, 1); }},
    {"END_QUEUE", [](Stages &t) { t.give(0, 1); t.offer_end(0, 2); }},
    {"END_READY", [](Stages &t) { t.dut.s_end_ready = 1; }},
    {"WORTH", [](Stages &t) { t.dut.s_credit = t.dut.s_closed = t.dut.s_coalesced = 1; }},
    {"RUNNING_OPEN",
     [](Stages &t) {
         t.give(1, 5);
         t.dut.s_credit = t.dut.s_closed = 1;
         t.dut.s_credit_queue = 5;
     }},
    {"SAMPLED", [](Stages &t) { t.dut.s_sampled = 1; }},
    {"FORGONE", [](Stages &t) { t.dut.s_sampled = t.dut.s_forgone = 1; t.give(0, 1); t.dut.s_sampled = 0; }},
};

const rtl_test::Plant<Stages> kEvents[] = {
    {"EVENT_VALID", [](Stages &t) { t.event(1, 3); t.tick(); t.dut.i_valid = 0; }},
    {"EVENT_PAYLOAD", [](Stages &t) { t.event(1, 3); t.tick(); t.event(1, 4); }},
    {"EVENT_CAUSE", [](Stages &t) { t.event(0, 0); }},
    {"ONE_SERVED", [](Stages &t) { t.event(0, 1); t.event(1, 1); t.dut.i_ready = 3; t.tick(); t.dut.i_valid = t.dut.i_ready = 0; }},
    {"LINE", [](Stages &t) { t.dut.i_line = 1; }},
    {"LINE", [](Stages &t) { t.dut.i_level = t.dut.i_oldest = t.dut.i_enable = 1; }},
    {"LINE", [](Stages &t) { t.dut.i_oldest = 1; }},
    {"ARMED", [](Stages &t) { t.dut.r_disarm = 2; t.tick(); t.dut.r_disarm = 0; t.dut.r_valid = t.dut.r_ready = 1; t.tick(); t.dut.r_valid = 0; }},
    {"ONE", [](Stages &t) { t.report(); t.report(); }},
    {"MADE", [](Stages &t) { t.report(); t.dut.r_valid = 0; }},
    {"MADE", [](Stages &t) { t.report(); t.tick(); t.dut.r_valid = 0; }},
    {"MADE", [](Stages &t) { t.dut.r_valid = 1; t.dut.r_ready = 1; }},
};

} // namespace

RTL_TEST(assert, rules_of_blocks)
{
    rtl_test::run_table("blocks", kBlocks);
}

RTL_TEST(assert, rules_of_rings)
{
    rtl_test::run_table("rings", kRings);
}

RTL_TEST(assert, rules_of_turns)
{
    rtl_test::run_table("turns", kTurns);
}

RTL_TEST(assert, rules_of_events)
{
    rtl_test::run_table("events", kEvents);
}
