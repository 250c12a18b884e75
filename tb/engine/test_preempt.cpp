// SPDX-License-Identifier: MIT
//
// Preemption and resume of one node: every clock and byte of a buffer once, wherever it is stopped.
// top: dma_node_tb tb/common/dma_node_tb.sv

#include "dma_node_bench.h"

#include "bell_regs.h"
#include "rtl_test.h"

using namespace bell_tb;

namespace {

constexpr uint64_t kA = 0x200000, kB = 0x300000, kFence = 0x400000, kNative = 0x500000;
constexpr uint64_t kFillBytes = 1200, kCopyBytes = 904, kWork = 57;
constexpr uint64_t kSource = kA + 0xf80 + 744; // Half of it is filled before, half differs word by word.

// A buffer of everything that can be stopped, and of what cannot.
std::vector<Packet> mixed(uint64_t n)
{
    return {{BELL_OP_NOP},
            {BELL_OP_WORK, kWork},
            {BELL_OP_FILL, kA + 0xf80, kFillBytes, 0xf111 + n},
            {BELL_OP_COPY, kB + 0xfa8, kCopyBytes, kSource},
            {BELL_OP_WRITE64, kB + 0x3000 + 8 * n, 0x7777},
            {BELL_OP_FENCE, kFence + 8 * n, n + 1},
            {BELL_OP_SIGNAL, kNative, n + 1, kNative + 64},
            {BELL_OP_WAIT, kNative, n + 1},
            {BELL_OP_IRQ, 0x1110 + n},
            {BELL_OP_WORK, kWork}};
}

uint64_t source_word(uint64_t addr, uint64_t n)
{
    return addr < kA + 0xf80 + kFillBytes ? 0xf111 + n : addr;
}

constexpr unsigned kBuffers = 2;
constexpr uint64_t kWorkClocks = 2 * kBuffers * kWork;

unsigned count_events(const NodeBench &t, unsigned cause)
{
    unsigned n = 0;
    for (const Event &e : t.events)
        n += e.cause == cause;
    return n;
}

// What two mixed buffers leave behind, however often they were stopped; each word written once.
void check_all(NodeBench &t)
{
    CHECK_EQ(t.rptr, kBuffers);
    CHECK_EQ(t.rptr_in_memory(), kBuffers);
    CHECK_EQ(t.done_counts.size(), kBuffers);
    CHECK_EQ(t.timer_clocks, kWorkClocks);
    CHECK_EQ(count_events(t, BELL_CAUSE_USER_IRQ), kBuffers);
    CHECK_EQ(count_events(t, BELL_CAUSE_FENCE_SIGNALED), kBuffers);
    CHECK_EQ(t.events.size(), 2 * kBuffers);
    CHECK_EQ(t.signals.size(), kBuffers);
    uint64_t data_words = 0;
    for (const Access &a : t.memory.log)
        data_words += a.write && a.id == kDataWrite ? a.beats : 0;
    CHECK_EQ(data_words, kBuffers * (kFillBytes / 8 + kCopyBytes / 8 + 1));
    CHECK_EQ(t.count(true, kFenceWrite), 2 * kBuffers);
    for (uint64_t i = 0; i < kFillBytes; i += 8)
        CHECK_EQ(t.memory.word(kA + 0xf80 + i), 0xf111 + kBuffers - 1);
    for (uint64_t i = 0; i < kCopyBytes; i += 8)
        CHECK_EQ(t.memory.word(kB + 0xfa8 + i), source_word(kSource + i, kBuffers - 1));
    CHECK_EQ(t.memory.word(kA + 0xf80 + kFillBytes), kA + 0xf80 + kFillBytes);
    CHECK_EQ(t.memory.word(kB + 0xfa8 + kCopyBytes), 0u);
    for (unsigned n = 0; n < kBuffers; n++)
        CHECK_EQ(t.memory.word(kFence + 8 * n), n + 1u);
    CHECK_EQ(t.clean(), true);
}

void append_all(NodeBench &t)
{
    for (uint64_t addr = kA + 0xf80 + kFillBytes; addr < kSource + kCopyBytes; addr += 8)
        t.memory.words[addr] = addr;
    for (unsigned n = 0; n < kBuffers; n++)
        t.append(mixed(n));
}

// Turns until the ring is empty.
void finish(NodeBench &t)
{
    for (unsigned i = 0; i < 10 && t.rptr != kBuffers; i++)
        t.turn();
}

void finish_one(NodeBench &t)
{
    for (unsigned i = 0; i < 3 && t.rptr != 1; i++)
        t.turn();
}

// A promise of the end of a turn that was preempted.
void check_stopped(const NodeBench &t)
{
    CHECK_EQ(t.end.ended, true);
    CHECK_EQ(t.end.fault, false);
    CHECK_EQ(t.end.blocked, false);
    CHECK_EQ(t.end.work, t.end.rptr != kBuffers);
    CHECK_EQ(t.end.offset % 32, 0u);
    CHECK_EQ(t.end.rptr == kBuffers ? t.end.offset : 0, 0u);
    CHECK_EQ(t.rptr_in_memory(), t.end.rptr);
    CHECK_EQ(t.memory.quiet(), true);
}

} // namespace

// HS-PRI-02, design 4. Preempted at every clock of two mixed buffers: each byte and clock once.
RTL_TEST(preempt, at_every_clock)
{
    bool inside_work = false, inside_move = false, between = false;
    unsigned last = 1;
    for (unsigned at = 0; at < last; at++) {
        NodeBench t(at + 1);
        t.memory.stall_percent = at % 3 * 15;
        append_all(t);
        t.give_turn();
        t.run(at);
        last = t.end.ended ? last : at + 2;
        t.dut->preempt_i = 1;
        t.wait_end(400);
        t.dut->preempt_i = 0;
        check_stopped(t);
        const unsigned packet = t.end.offset / 32;
        inside_work |= t.end.done && (packet == 1 || packet == 9);
        inside_move |= t.end.done && (packet == 2 || packet == 3);
        between |= !t.end.done && packet;
        CHECK_EQ(t.end.done == 0 || packet == 1 || packet == 2 || packet == 3 || packet == 9, true);
        finish(t);
        check_all(t);
    }
    CHECK_EQ(last > 400, true);
    CHECK_EQ(inside_work && inside_move && between, true);
}

// Stopped again and again, at random: still once, and something is done in every turn.
RTL_TEST(preempt, many_times)
{
    for (unsigned seed = 1; seed <= 60; seed++) {
        NodeBench t(seed);
        Random random(seed);
        t.memory.latency = 1 + unsigned(random.below(30));
        t.memory.stall_percent = seed % 3 * 20;
        t.skip = seed % 2;
        append_all(t);
        unsigned turns = 0;
        for (; turns < 400 && t.rptr != kBuffers; turns++) {
            t.give_turn();
            const unsigned at = unsigned(random.below(200));
            for (unsigned i = 0; i < 3000 && !t.end.ended; i++) {
                t.dut->preempt_i = i >= at;
                t.dut->event_ready_i = random.percent(seed % 4 * 30 + 10);
                t.dut->end_ready_i = random.percent(60);
                t.step();
            }
            t.dut->preempt_i = 0;
            t.wait_end(0);
            check_stopped(t);
        }
        check_all(t);
        CHECK_EQ(turns > 3, true);
    }
}

// How long a stop takes: a burst, the answers to what is out, a fence on its way. Not the packet.
RTL_TEST(preempt, is_prompt)
{
    for (const Packet &p : {Packet{BELL_OP_WORK, 1000000}, Packet{BELL_OP_FILL, kA, 1 << 20, 1},
                            Packet{BELL_OP_COPY, kA, 1 << 19, kB}}) {
        NodeBench t;
        t.memory.latency = 40;
        t.append({p});
        t.give_turn();
        t.run(400);
        const uint64_t from = t.cycle;
        t.dut->preempt_i = 1;
        t.wait_end(300);
        t.dut->preempt_i = 0;
        CHECK_EQ(t.end.ended, true);
        CHECK_EQ(t.end.rptr, 0u);
        CHECK_EQ(t.end.offset, 0u);
        CHECK_EQ(t.end.done > 0, true);
        CHECK_EQ(t.cycle - from <= 16 + 40 + 3 * 16 + 20, true);
    }
}

// A stop of one clock is enough: once the engine gives the buffer up the turn ends.
RTL_TEST(preempt, short_pulse)
{
    for (unsigned at = 0; at < 500; at += 3) {
        NodeBench t(at + 1);
        append_all(t);
        t.give_turn();
        t.run(at);
        t.dut->preempt_i = 1;
        t.step();
        t.dut->preempt_i = 0;
        t.wait_end(3000);
        check_stopped(t);
        finish(t);
        check_all(t);
    }
}

// A long WORK in skipped time: stopped at the very clock, and the rest is exact.
RTL_TEST(preempt, work_in_skipped_time)
{
    NodeBench t;
    t.skip = true;
    t.append({{BELL_OP_WORK, 5000000}});
    t.give_turn();
    for (unsigned i = 0; i < 1000 && !t.dut->timer_valid_o; i++)
        t.step();
    t.run(2);
    const uint64_t ran = t.timer_clocks;
    CHECK_EQ(ran > 1000000, true);
    t.dut->preempt_i = 1;
    t.wait_end(100);
    t.dut->preempt_i = 0;
    CHECK_EQ(t.end.done, ran + 1); // The clock of the stop counts.
    CHECK_EQ(t.timer_clocks, ran + 1);
    t.turn();
    CHECK_EQ(t.rptr, 1u);
    CHECK_EQ(t.timer_clocks, 5000000u);
}

// Yield, then preempt: the grace period is over while the buffer runs.
RTL_TEST(preempt, yield_then_preempt)
{
    for (unsigned at = 0; at < 400; at += 7) {
        NodeBench t(at + 1);
        append_all(t);
        t.give_turn();
        t.run(at);
        t.dut->yield_i = 1;
        t.run(30);
        t.dut->preempt_i = 1;
        t.wait_end(400);
        t.dut->yield_i = t.dut->preempt_i = 0;
        check_stopped(t);
        finish(t);
        check_all(t);
    }
}

// A yield alone keeps the resume point of a buffer that it did not let start.
RTL_TEST(preempt, yield_keeps_the_resume_point)
{
    NodeBench t;
    append_all(t);
    t.offset = 32;
    t.done = 20;
    t.give_turn();
    t.dut->yield_i = 1;
    t.wait_end();
    t.dut->yield_i = 0;
    CHECK_EQ(t.starts.size(), 0u);
    CHECK_EQ(t.end.offset, 32u);
    CHECK_EQ(t.end.done, 20u);
    t.done = 0;
    finish(t);
    check_all(t);
}

// An abort wins over a preemption, whenever it comes, and leaves no resume point.
RTL_TEST(preempt, abort_while_preempting)
{
    for (unsigned at = 0; at < 450; at += 5) {
        for (unsigned later : {0u, 1u, 2u, 9u, 25u}) {
            NodeBench t(at + 1);
            append_all(t);
            t.give_turn();
            t.run(at);
            t.dut->preempt_i = 1;
            t.run(later);
            const bool late = t.end.ended || t.dut->end_valid_o;
            t.dut->abort_i = 1;
            t.step();
            t.dut->abort_i = 0;
            t.wait_end(400);
            t.dut->preempt_i = 0;
            CHECK_EQ(t.end.ended, true);
            CHECK_EQ(late && t.end.fault, false);
            if (t.end.fault) {
                CHECK_EQ(t.end.cause, unsigned(BELL_CAUSE_ABORTED));
                CHECK_EQ(t.end.offset, 0u);
                CHECK_EQ(t.end.done, 0u);
            }
            CHECK_EQ(t.end.blocked, false);
            CHECK_EQ(t.rptr_in_memory(), t.end.rptr);
            CHECK_EQ(t.memory.quiet() && t.clean(), true);
        }
    }
}

// A write that fails while the mover is being stopped is a fault, not a resume point.
RTL_TEST(preempt, fault_while_preempting)
{
    unsigned faults = 0;
    for (unsigned at = 0; at < 300; at++) {
        NodeBench t(at + 1);
        t.append({{BELL_OP_FILL, kA, 2048, 1}, {BELL_OP_COPY, kB, 2048, kA}});
        t.memory.bad_writes[kA + 1024] = kDecErr;
        t.give_turn();
        t.run(at);
        t.dut->preempt_i = 1;
        t.wait_end(400);
        t.dut->preempt_i = 0;
        CHECK_EQ(t.end.ended, true);
        if (!t.end.fault)
            t.turn();
        else
            faults += t.events.size() == 1 && t.events[0].cycle >= at;
        CHECK_EQ(t.end.cause, unsigned(BELL_CAUSE_PAGE_FAULT));
        CHECK_EQ(t.events[0].data, kA + 1024);
        CHECK_EQ(t.end.offset, 0u);
        CHECK_EQ(t.memory.word(kB), 0u);
        CHECK_EQ(t.clean(), true);
    }
    CHECK_EQ(faults > 0, true);
}

// USER_IRQ that finds no room is taken back, at any clock around the one in which room comes; it is
// posted once, whether the stop was before or after.
RTL_TEST(preempt, irq_without_room)
{
    bool before = false, after = false;
    for (unsigned at = 0; at < 12; at++) {
        for (unsigned room = 0; room < 12; room++) {
            NodeBench t;
            t.append({{BELL_OP_IRQ, 1}, {BELL_OP_FENCE, kFence, 1}});
            t.dut->event_ready_i = 0;
            t.turn(100);
            CHECK_EQ(t.end.ended, false);
            for (unsigned i = 0; i < 40 && !t.end.ended; i++) {
                t.dut->preempt_i = i >= at;
                t.dut->event_ready_i = i >= room;
                t.step();
            }
            CHECK_EQ(t.end.ended, true);
            t.dut->preempt_i = 0;
            t.dut->event_ready_i = 1;
            t.rptr = t.end.rptr;
            t.offset = t.end.offset;
            before |= t.events.empty();
            after |= !t.events.empty();
            CHECK_EQ(t.events.size(), size_t(t.rptr == 1 || t.offset == 32));
            finish_one(t);
            CHECK_EQ(t.events.size(), 1u);
            CHECK_EQ(t.memory.word(kFence), 1u);
            CHECK_EQ(t.clean(), true);
        }
    }
    CHECK_EQ(before && after, true);

    NodeBench full; // No room at all: the node is free all the same.
    full.append({{BELL_OP_IRQ, 1}});
    full.dut->event_ready_i = 0;
    full.turn(100);
    full.dut->preempt_i = 1;
    full.wait_end(10);
    CHECK_EQ(full.end.ended, true);
    CHECK_EQ(full.dut->event_valid_o, 0u);
}

// HANG is not left for a preemption.
RTL_TEST(preempt, hang_stays)
{
    NodeBench t;
    t.append({{BELL_OP_HANG}});
    t.give_turn();
    t.dut->preempt_i = 0;
    t.run(200);
    t.dut->preempt_i = 1;
    t.wait_end(1000);
    CHECK_EQ(t.end.ended, false);
    t.dut->abort_i = 1;
    t.step();
    t.dut->abort_i = 0;
    t.wait_end(100);
    CHECK_EQ(t.end.cause, unsigned(BELL_CAUSE_ABORTED));
}

// Resume points that cannot be: outside the buffer is a fault, too much done is all of it.
RTL_TEST(preempt, foreign_resume_points)
{
    for (uint32_t offset : {64u, 96u, 16u, 0xffffffe0u}) {
        NodeBench t;
        t.append({{BELL_OP_FENCE, kFence, 1}, {BELL_OP_FENCE, kFence, 2}});
        t.offset = offset;
        t.turn();
        CHECK_EQ(t.end.cause, unsigned(BELL_CAUSE_BAD_ENTRY));
        CHECK_EQ(t.memory.word(kFence), 0u);
    }
    for (const Packet &p : {Packet{BELL_OP_WORK, 100}, Packet{BELL_OP_FILL, kA, 64, 9},
                            Packet{BELL_OP_COPY, kA, 64, kB}}) {
        for (uint64_t done : {uint64_t(64), uint64_t(100), UINT64_MAX}) {
            NodeBench t;
            t.memory.words[kB] = 5;
            t.append({p, {BELL_OP_FENCE, kFence, 3}});
            t.done = done;
            t.turn();
            CHECK_EQ(t.rptr, 1u);
            CHECK_EQ(t.memory.word(kFence), 3u);
            CHECK_EQ(t.memory.word(kA), 0u);
            CHECK_EQ(t.timer_clocks, p.head == BELL_OP_WORK && done == 64 ? 36u : 0u);
        }
    }
    NodeBench word; // One word is not divisible.
    word.append({{BELL_OP_WRITE64, kA, 7}});
    word.done = 8;
    word.turn();
    CHECK_EQ(word.memory.word(kA), 7u);
}
