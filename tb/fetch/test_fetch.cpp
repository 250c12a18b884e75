// SPDX-License-Identifier: MIT
//
// Unit test of rtl/fetch/bell_fetch.sv inside one node.
// top: dma_node_tb tb/common/dma_node_tb.sv

#include "dma_node_bench.h"

#include "bell_regs.h"
#include "rtl_test.h"

using namespace bell_tb;

namespace {

const Packet kNop = {BELL_OP_NOP};
constexpr uint64_t kData = 0x200000;

Packet fence(uint64_t addr, uint64_t value) { return {BELL_OP_FENCE, addr, value}; }

} // namespace

// Design 4 (fetch), DB-CON-10. A turn samples WPTR, runs what it covers and writes RPTR.
RTL_TEST(fetch, one_buffer_from_sample_to_rptr)
{
    NodeBench t;
    t.append({fence(kData, 7)});
    t.turn();

    CHECK_EQ(t.end.ended, true);
    CHECK_EQ(t.end.fault, false);
    CHECK_EQ(t.end.work, false);
    CHECK_EQ(t.end.rptr, 1u);
    CHECK_EQ(t.end.queue, NodeBench::kQueue);
    CHECK_EQ(t.memory.word(kData), 7u);
    CHECK_EQ(t.rptr_in_memory(), 1u);
    CHECK_EQ(t.start_counts.size(), 1u);
    CHECK_EQ(t.start_counts[0], 0u);
    CHECK_EQ(t.done_counts[0], 1u);
    CHECK_EQ(t.clean(), true);
}

// Design 9: ring accepted to first memory read. AR is valid one clock after the turn is taken.
RTL_TEST(fetch, sample_leaves_in_the_next_clock)
{
    NodeBench t;
    t.append({kNop});
    t.run(3);
    const uint64_t taken = t.cycle;
    t.give_turn();
    t.wait_end();

    CHECK_EQ(t.cycle > taken, true);
    CHECK_EQ(t.samples[0], taken);
    CHECK_EQ(t.access(false, kRingRead).asked, taken + 1);
    CHECK_EQ(t.access(false, kRingRead).addr, uint64_t(NodeBench::kControl));
    // The first entry is asked for right behind it.
    CHECK_EQ(t.access(false, kRingRead, 1).asked, taken + 2);
}

// A turn without work reads WPTR, moves nothing and writes nothing.
RTL_TEST(fetch, empty_ring_changes_nothing)
{
    NodeBench t;
    t.rptr = t.wptr = 5;
    t.memory.words[NodeBench::kControl] = 5;
    t.turn();

    CHECK_EQ(t.end.ended, true);
    CHECK_EQ(t.end.fault, false);
    CHECK_EQ(t.end.work, false);
    CHECK_EQ(t.end.rptr, 5u);
    CHECK_EQ(t.count(true, kRptrWrite), 0u);
    CHECK_EQ(t.starts.size(), 0u);
}

// Good entries that WPTR does not cover yet do not run, though they may have been read.
RTL_TEST(fetch, wptr_is_the_truth)
{
    for (uint64_t covered : {0u, 1u, 2u}) {
        NodeBench t;
        for (unsigned i = 0; i < 3; i++)
            t.append({fence(kData + 8 * i, 1)});
        t.memory.words[NodeBench::kControl] = covered;
        t.turn();
        CHECK_EQ(t.end.rptr, covered);
        CHECK_EQ(t.end.work, false);
        for (unsigned i = 0; i < 3; i++)
            CHECK_EQ(t.memory.word(kData + 8 * i), uint64_t(i < covered));
    }
}

// Entries wrap at the end of the ring; RPTR and tags go on counting, past 16 bits too.
RTL_TEST(fetch, wraps_at_ring_end)
{
    for (uint64_t first : {uint64_t(14), uint64_t(0xfffe), uint64_t(0xfffffffffffffffe)}) {
        NodeBench t;
        t.rptr = t.wptr = first;
        for (unsigned i = 0; i < 4; i++)
            t.append({fence(kData + 8 * i, 100 + i)});
        t.turn();

        CHECK_EQ(t.end.fault, false);
        CHECK_EQ(t.end.rptr, first + 4);
        for (unsigned i = 0; i < 4; i++)
            CHECK_EQ(t.memory.word(kData + 8 * i), 100u + i);
        CHECK_EQ(t.rptr_in_memory(), first + 4);
        CHECK_EQ(t.clean(), true);
    }
}

// Several entry reads and command reads are under way at once.
RTL_TEST(fetch, entry_reads_overlap)
{
    NodeBench t;
    t.memory.latency = 64;
    for (unsigned i = 0; i < 4; i++)
        t.append({kNop});
    t.turn();

    CHECK_EQ(t.end.rptr, 4u);
    CHECK_EQ(t.memory.max_outstanding(kRingRead) >= 3, true);
    CHECK_EQ(t.memory.max_outstanding(kCmdRead) >= 3, true);
    CHECK_EQ(t.memory.max_outstanding(kRingRead) <= 17, true);
}

// A turn runs 64 buffers and says that known work is left.
RTL_TEST(fetch, turn_ends_after_max_buffers)
{
    NodeBench t;
    t.log2_entries = 7;
    for (unsigned i = 0; i < 66; i++)
        t.append({kNop});
    t.turn();
    CHECK_EQ(t.end.rptr, 64u);
    CHECK_EQ(t.end.work, true);
    CHECK_EQ(t.rptr_in_memory(), 64u);
    CHECK_EQ(t.count(true, kRptrWrite), 64u);

    t.turn();
    CHECK_EQ(t.end.rptr, 66u);
    CHECK_EQ(t.end.work, false);
}

// While another queue of the node is ready a turn has 8 buffers; from that moment on, if it has had
// them already. No buffer is cut off.
RTL_TEST(fetch, turn_is_short_while_others_wait)
{
    for (unsigned at = 0; at < 700; at += 3) {
        NodeBench t(at + 1);
        t.memory.stall_percent = at % 2 * 20;
        t.log2_entries = 5;
        for (unsigned i = 0; i < 30; i++)
            t.append({{BELL_OP_WORK, 3}, fence(kData + 8 * i, 1)});
        t.give_turn();
        t.run(at);
        const size_t started = t.starts.size();
        t.dut->others_i = 1;
        t.wait_end();
        CHECK_EQ(t.end.fault, false);
        CHECK_EQ(t.end.offset, 0u);
        CHECK_EQ(t.end.rptr >= 8, true);
        CHECK_EQ(t.end.rptr <= std::max(size_t(8), started + 1), true);
        CHECK_EQ(t.starts.size(), size_t(t.end.rptr));
        CHECK_EQ(t.memory.quiet(), true);
        while (t.rptr != 30) {
            const uint64_t before = t.rptr;
            t.turn();
            CHECK_EQ(t.rptr, std::min<uint64_t>(before + 8, 30));
        }
        CHECK_EQ(t.starts.size(), 30u);
        CHECK_EQ(t.clean(), true);
    }
    NodeBench t; // Nothing is read ahead for nothing.
    t.dut->others_i = 1;
    t.log2_entries = 5;
    for (unsigned i = 0; i < 30; i++)
        t.append({kNop});
    t.turn();
    CHECK_EQ(t.rptr, 8u);
    CHECK_EQ(t.count(false, kRingRead), 9u);
    CHECK_EQ(t.count(false, kCmdRead), 8u);
}

// Design 4: wptr - rptr <= size. A full ring is good, one more is a fault of the queue.
RTL_TEST(fetch, bounds_exactly_at_ring_size)
{
    NodeBench full;
    full.rptr = full.wptr = 3;
    for (unsigned i = 0; i < 16; i++)
        full.append({kNop});
    full.turn();
    CHECK_EQ(full.end.fault, false);
    CHECK_EQ(full.end.rptr, 19u);
    CHECK_EQ(full.end.work, false);

    for (uint64_t wptr : {uint64_t(3 + 17), uint64_t(2), uint64_t(1) << 40}) {
        NodeBench over;
        over.rptr = 3;
        over.memory.words[NodeBench::kControl] = wptr;
        over.turn();
        CHECK_EQ(over.end.ended, true);
        CHECK_EQ(over.end.fault, true);
        CHECK_EQ(over.end.cause, unsigned(BELL_CAUSE_PTR_BOUNDS));
        CHECK_EQ(over.end.rptr, 3u);
        CHECK_EQ(over.events.size(), 1u);
        CHECK_EQ(over.events[0].cause, unsigned(BELL_CAUSE_PTR_BOUNDS));
        CHECK_EQ(over.events[0].data, wptr);
        CHECK_EQ(over.events[0].queue, NodeBench::kQueue);
        CHECK_EQ(over.starts.size(), 0u);
    }
}

// Stale tag, misaligned address, bad length, flags: BAD_ENTRY with RPTR, after the good ones.
RTL_TEST(fetch, bad_entries)
{
    for (unsigned where : {0u, 2u}) {
        for (unsigned what = 0; what < 5; what++) {
            NodeBench t;
            for (unsigned i = 0; i < 4; i++)
                t.append({fence(kData + 8 * i, 1)});
            const uint64_t addr = t.entry_addr(where);
            switch (what) {
            case 0: t.memory.words[addr] ^= uint64_t(1) << 52; break;
            case 1: t.memory.words[addr] |= 16; break;
            case 2: t.memory.words[addr + 8] = 0; break;
            case 3: t.memory.words[addr + 8] = 40; break;
            default: t.memory.words[addr + 8] |= uint64_t(1) << 63; break;
            }
            t.turn();
            CHECK_EQ(t.end.ended, true);
            CHECK_EQ(t.end.cause, unsigned(BELL_CAUSE_BAD_ENTRY));
            CHECK_EQ(t.end.rptr, uint64_t(where));
            CHECK_EQ(t.rptr_in_memory(), uint64_t(where));
            CHECK_EQ(t.events.size(), 1u);
            CHECK_EQ(t.events[0].data, uint64_t(where));
            CHECK_EQ(t.memory.word(kData + 8 * where), 0u);
            CHECK_EQ(t.clean(), true);
        }
    }
}

// An entry read before the sample that turns out stale is read again, never believed.
RTL_TEST(fetch, early_entry_is_read_again)
{
    for (unsigned at = 0; at < 40; at++) {
        NodeBench t;
        t.memory.latency = 20;
        t.memory.late_reads.insert(NodeBench::kControl); // So the entry is read before WPTR.
        t.rptr = t.wptr = 16;
        t.put_entry(0, NodeBench::kCommands, 32); // The lap before: tag 0 where 16 is due.
        t.memory.words[NodeBench::kControl] = 16;
        t.give_turn();
        t.run(at);
        t.append({fence(kData, 9)});
        t.wait_end();
        CHECK_EQ(t.end.fault, false);
        if (t.end.rptr == 16)
            t.turn(); // WPTR was sampled before; a ring would cause this second turn.

        CHECK_EQ(t.end.fault, false);
        CHECK_EQ(t.end.rptr, 17u);
        CHECK_EQ(t.memory.word(kData), 9u);
        CHECK_EQ(t.starts.size(), 1u);
    }
}

// A-73 in a ring never written: what is all zero has the tag of count 0 and address 0. Word 1 is
// there when the entry is read early, word 0 and WPTR only before WPTR is read.
RTL_TEST(fetch, zero_is_no_early_entry)
{
    for (uint64_t first : {uint64_t(0), uint64_t(0x30000)}) {
        unsigned early = 0;
        for (unsigned at = 0; at < 40; at++) {
            NodeBench t;
            t.memory.latency = 20;
            t.memory.late_reads.insert(NodeBench::kControl);
            t.rptr = t.memory.words[NodeBench::kControl] = first;
            t.put_packets(0, {fence(kData + 8, 1)});
            t.put_packets(NodeBench::kCommands, {fence(kData, 9)});
            t.memory.words[t.entry_addr(0) + 8] = BELL_PACKET_BYTES;
            t.give_turn();
            t.run(at);
            const Access &entry = t.access(false, kRingRead, 1);
            early += entry.touched && !t.access(false, kRingRead, 0).touched;
            t.memory.words[t.entry_addr(0)] = NodeBench::kCommands;
            t.memory.words[NodeBench::kControl] = first + 1;
            t.wait_end();
            CHECK_EQ(t.end.fault, false);
            if (t.end.rptr == first)
                t.turn(); // As above.

            CHECK_EQ(t.end.fault, false);
            CHECK_EQ(t.end.rptr, first + 1);
            CHECK_EQ(t.memory.word(kData), 9u);
            CHECK_EQ(t.memory.word(kData + 8), 0u);
            CHECK_EQ(t.starts.size(), 1u);
            CHECK_EQ(t.clean(), true);
        }
        CHECK_EQ(early > 0, true);
    }
}

// A buffer at address 0 is as good as any: its entry of tag 0 is read again and runs, be it the
// first or one that the last turn left.
RTL_TEST(fetch, buffer_at_address_0_runs)
{
    NodeBench one;
    one.put_packets(0, {fence(kData, 1)});
    one.put_entry(0, 0, BELL_PACKET_BYTES);
    one.memory.words[NodeBench::kControl] = 1;
    one.turn();
    CHECK_EQ(one.end.fault, false);
    CHECK_EQ(one.end.rptr, 1u);
    CHECK_EQ(one.memory.word(kData), 1u);
    CHECK_EQ(one.count(false, kRingRead), 3u);

    for (unsigned at = 0; at < 3; at++) {
        NodeBench t;
        t.rptr = t.wptr = 0xfffc;
        for (unsigned i = 0; i < 8; i++)
            t.append({fence(kData + 8 * i, 1)});
        t.put_packets(0, {fence(kData + 8 * 4, 1)});
        t.memory.words[t.entry_addr(0x10000)] = 0;
        t.give_turn();
        while (t.starts.size() <= at)
            t.step();
        t.dut->yield_i = 1;
        t.wait_end();
        t.dut->yield_i = 0;
        CHECK_EQ(t.rptr < 0x10000, true);
        t.turn();
        CHECK_EQ(t.end.fault, false);
        CHECK_EQ(t.rptr, t.wptr);
        for (unsigned i = 0; i < 8; i++)
            CHECK_EQ(t.memory.word(kData + 8 * i), 1u);
        CHECK_EQ(t.starts.size(), 8u);
        CHECK_EQ(t.clean(), true);
    }
}

// Entries that the queue's last turn left are asked for beside WPTR, when it runs again at once.
RTL_TEST(fetch, known_entries_are_read_early)
{
    NodeBench t;
    t.memory.latency = 64;
    t.log2_entries = 7;
    for (unsigned i = 0; i < 80; i++)
        t.append({kNop});
    t.turn();
    CHECK_EQ(t.rptr, 64u);
    const unsigned before = t.count(false, kRingRead);
    t.turn();
    CHECK_EQ(t.rptr, 80u);
    const Access &sample = t.access(false, kRingRead, before);
    CHECK_EQ(sample.addr, uint64_t(NodeBench::kControl));
    for (unsigned i = 0; i < 16; i++) {
        const Access &entry = t.access(false, kRingRead, before + 1 + i);
        CHECK_EQ(entry.addr, t.entry_addr(64 + i));
        CHECK_EQ(entry.asked > sample.asked && entry.asked < sample.answered, true);
    }
    CHECK_EQ(t.count(false, kRingRead), before + 17);
}

// A-73 for these: whatever they were when they were read, what WPTR covers runs as it is then. Some
// good and some stale, a WPTR that covers some, at any clock.
RTL_TEST(fetch, early_entries_are_read_again)
{
    unsigned again = 0;
    for (unsigned at = 0; at < 60; at++) {
        for (unsigned good : {0u, 1u, 3u, 6u}) {
            NodeBench t(at + 1);
            t.memory.latency = 20;
            t.memory.late_reads.insert(NodeBench::kControl);
            for (unsigned i = 0; i < 8; i++)
                t.append({fence(kData + 8 * i, 1)});
            t.give_turn();
            while (t.starts.empty())
                t.step();
            t.dut->yield_i = 1;
            t.wait_end();
            t.dut->yield_i = 0;
            const uint64_t first = t.rptr;
            CHECK_EQ(first >= 1 && first < 4, true);

            // Software takes them back and writes others, as after CLOSE and OPEN.
            const uint64_t written = 4 + good % 4;
            t.memory.words[NodeBench::kControl] = first;
            for (unsigned i = unsigned(first) + good; i < 8; i++)
                t.memory.words[t.entry_addr(i)] ^= uint64_t(0x10) << 48;
            t.give_turn();
            t.run(at);
            for (unsigned i = unsigned(first) + good; i < written; i++)
                t.memory.words[t.entry_addr(i)] ^= uint64_t(0x10) << 48;
            t.memory.words[NodeBench::kControl] = written;
            const unsigned reads = t.count(false, kRingRead);
            t.wait_end();
            again += t.count(false, kRingRead) > reads;
            CHECK_EQ(t.end.fault, false);
            CHECK_EQ(t.rptr == first || t.rptr == written, true);
            t.turn();
            CHECK_EQ(t.end.fault, false);
            CHECK_EQ(t.rptr, written);
            for (unsigned i = 0; i < 8; i++)
                CHECK_EQ(t.memory.word(kData + 8 * i), uint64_t(i < written));
            CHECK_EQ(t.starts.size(), size_t(written));
            CHECK_EQ(t.clean(), true);
        }
    }
    CHECK_EQ(again > 20, true);
}

// The largest ring: tags of two laps are equal, so nothing is read before the sample.
RTL_TEST(fetch, no_early_entry_when_tag_is_ambiguous)
{
    NodeBench t;
    t.log2_entries = 16;
    t.rptr = t.wptr = 0x10000;
    t.put_entry(0, NodeBench::kCommands, 32);
    t.memory.words[NodeBench::kControl] = 0x10000;
    t.turn();
    CHECK_EQ(t.count(false, kRingRead), 1u);

    t.append({fence(kData, 3)});
    t.turn();
    CHECK_EQ(t.end.rptr, 0x10001u);
    CHECK_EQ(t.memory.word(kData), 3u);
}

// Every refused or failed ring access ends in the right cause, the address, and an ended turn.
RTL_TEST(fetch, errors_of_ring_accesses)
{
    for (unsigned stall : {0u, 40u}) {
        for (unsigned resp : {unsigned(kDecErr), unsigned(kSlvErr)}) {
            for (unsigned what = 0; what < 5; what++) {
                NodeBench t(what + 1);
                t.memory.stall_percent = stall;
                for (unsigned i = 0; i < 3; i++)
                    t.append({kNop});
                uint64_t addr = NodeBench::kControl;
                uint64_t done = 0;
                if (what == 1 || what == 2)
                    addr = t.entry_addr(0) + 8 * (what - 1);
                if (what == 3) {
                    addr = t.entry_addr(2) + 8;
                    done = 2;
                }
                if (what == 4) {
                    addr = NodeBench::kControl + 8;
                    t.memory.bad_writes[addr] = resp;
                } else {
                    t.memory.bad_reads[addr] = resp;
                }
                t.turn();

                const unsigned cause =
                    resp == kDecErr ? BELL_CAUSE_PAGE_FAULT : BELL_CAUSE_BUS_ERROR;
                CHECK_EQ(t.end.ended, true);
                CHECK_EQ(t.end.fault, true);
                CHECK_EQ(t.end.cause, cause);
                CHECK_EQ(t.events.size(), 1u);
                CHECK_EQ(t.events[0].cause, cause);
                CHECK_EQ(t.events[0].data, addr);
                if (what != 4)
                    CHECK_EQ(t.end.rptr, done);
                CHECK_EQ(t.memory.quiet(), true);
                CHECK_EQ(t.clean(), true);

                // The node is whole: the next queue runs.
                t.memory.bad_reads.clear();
                t.memory.bad_writes.clear();
                t.events.clear();
                t.rptr = 0;
                t.turn();
                CHECK_EQ(t.end.fault, false);
                CHECK_EQ(t.end.rptr, 3u);
            }
        }
    }
}

// Of two faults the one earlier in the order of the ring is reported.
RTL_TEST(fetch, failed_rptr_write_comes_before_bad_entry)
{
    NodeBench t;
    t.append({kNop});
    t.append({kNop});
    t.memory.words[t.entry_addr(1) + 8] = 0;
    t.memory.bad_writes[NodeBench::kControl + 8] = kSlvErr;
    t.turn();
    CHECK_EQ(t.end.cause, unsigned(BELL_CAUSE_BUS_ERROR));
    CHECK_EQ(t.events.size(), 1u);
    CHECK_EQ(t.events[0].data, NodeBench::kControl + 8);
}

// Ring accesses of a kernel ring go out under PASID 0, command buffers never do.
RTL_TEST(fetch, pasid_of_every_access)
{
    for (bool kernel : {false, true}) {
        NodeBench t;
        t.kernel_ring = kernel;
        t.append({{BELL_OP_WRITE64, kData, 1},
                  {BELL_OP_COPY, kData + 64, 64, kData},
                  fence(kData + 8, 2)});
        t.turn();
        const uint32_t ring = kernel ? 0 : NodeBench::kPasid;
        for (const Access &a : t.memory.log)
            CHECK_EQ(a.pasid, (a.id & 3) == 0 ? ring : uint32_t(NodeBench::kPasid));
        CHECK_EQ(t.end.rptr, 1u);
    }
}

// Yield ends the turn after the buffer that runs; work left is reported; nothing of it ran.
RTL_TEST(fetch, yield_ends_after_current_buffer)
{
    for (unsigned at = 0; at < 120; at++) {
        NodeBench t;
        for (unsigned i = 0; i < 4; i++)
            t.append({{BELL_OP_WORK, 10}, fence(kData + 8 * i, 1)});
        t.give_turn();
        t.run(at);
        const size_t started = t.starts.size();
        t.dut->yield_i = 1;
        t.wait_end();
        t.dut->yield_i = 0;

        CHECK_EQ(t.end.ended, true);
        CHECK_EQ(t.end.fault, false);
        CHECK_EQ(t.starts.size() <= started + 1, true); // One may start in the clock of the yield.
        CHECK_EQ(t.end.rptr, uint64_t(t.starts.size()));
        CHECK_EQ(t.rptr_in_memory(), t.end.rptr);
        CHECK_EQ(t.end.work, t.end.rptr != 4);
        for (unsigned i = 0; i < 4; i++)
            CHECK_EQ(t.memory.word(kData + 8 * i), uint64_t(i < t.end.rptr));
        t.turn();
        CHECK_EQ(t.rptr, 4u);
        CHECK_EQ(t.starts.size(), 4u);
        CHECK_EQ(t.clean(), true);
    }
}

// An abort at any clock ends the turn with ABORTED, or comes too late; nothing runs twice.
RTL_TEST(fetch, abort_at_every_clock)
{
    for (unsigned at = 0; at < 160; at++) {
        NodeBench t(at + 1);
        t.memory.stall_percent = at % 2 ? 30 : 0;
        for (unsigned i = 0; i < 3; i++)
            t.append({{BELL_OP_FILL, kData + 0x1000 * i, 256, i + 1u}, {BELL_OP_WORK, 5},
                      {BELL_OP_COPY, kData + 0x8000 + 0x1000 * i, 256, kData + 0x1000 * i}});
        t.give_turn();
        t.run(at);
        const bool late = t.end.ended, early = t.dones.size() < 3;
        t.dut->abort_i = 1;
        t.step();
        t.dut->abort_i = 0;
        t.wait_end(2000);

        CHECK_EQ(t.end.ended, true);
        if (late || early)
            CHECK_EQ(t.end.fault, early);
        CHECK_EQ(t.events.size(), size_t(t.end.fault));
        if (t.end.fault) {
            CHECK_EQ(t.end.cause, unsigned(BELL_CAUSE_ABORTED));
            CHECK_EQ(t.events[0].cause, unsigned(BELL_CAUSE_ABORTED));
            CHECK_EQ(t.events[0].data, t.end.rptr);
        }
        CHECK_EQ(t.dones.size(), size_t(t.end.rptr));
        CHECK_EQ(t.memory.quiet(), true);

        // The next turn is not touched by it.
        const uint64_t left = 3 - t.end.rptr;
        const size_t before = t.dones.size();
        t.turn();
        CHECK_EQ(t.end.fault, false);
        CHECK_EQ(t.dones.size() - before, size_t(left));
        CHECK_EQ(t.memory.word(kData + 0x8000 + 0x2000 + 248), 3u);
        CHECK_EQ(t.clean(), true);
    }
}

// A fault event that nobody takes holds the turn; nothing is dropped and nothing else happens.
RTL_TEST(fetch, fault_event_waits_for_room)
{
    NodeBench t;
    t.append({{BELL_OP_FAULT}});
    t.dut->event_ready_i = 0;
    t.turn(500);
    CHECK_EQ(t.end.ended, false);
    CHECK_EQ(t.dut->event_valid_o, 1u);
    CHECK_EQ(t.dut->busy_o, 0u);
    t.dut->event_ready_i = 1;
    t.wait_end(10);
    CHECK_EQ(t.end.ended, true);
    CHECK_EQ(t.events.size(), 1u);
}

// The end of a turn waits for the scheduler.
RTL_TEST(fetch, end_waits_for_sched)
{
    NodeBench t;
    t.append({kNop});
    t.dut->end_ready_i = 0;
    t.turn(300);
    CHECK_EQ(t.end.ended, false);
    CHECK_EQ(t.dut->end_valid_o, 1u);
    CHECK_EQ(t.dut->turn_ready_o, 0u);
    t.dut->end_ready_i = 1;
    t.wait_end(2);
    CHECK_EQ(t.end.rptr, 1u);
}

// Errors, aborts, yields, full neighbours and stalls at random: every turn ends, every fault has
// one event, nothing runs twice or out of order, and a clean turn afterwards finishes the work.
RTL_TEST(fetch, random_trouble)
{
    for (unsigned seed = 1; seed <= 300; seed++) {
        NodeBench t(seed);
        Random random(seed * 31);
        t.memory.latency = 1 + unsigned(random.below(40));
        t.memory.stall_percent = seed % 3 * 20;
        t.log2_entries = 1 + seed % 6;
        t.rptr = t.wptr = random.below(2) ? random.next() : random.below(70000);
        const uint64_t first = t.rptr;
        const unsigned buffers = 1 + unsigned(random.below(1u << t.log2_entries));
        for (unsigned i = 0; i < buffers; i++)
            t.append({{BELL_OP_FILL, kData + 0x1000, 256, i}, {BELL_OP_WORK, random.below(9)},
                      {BELL_OP_COPY, kData + 0x2000, 200, kData + 0x1000},
                      fence(kData + 8 * i, i + 1), {BELL_OP_IRQ, i}});

        for (unsigned n = 0; n < 40 && t.rptr != t.wptr; n++) {
            const bool trouble = n < 4;
            if (trouble && random.percent(60)) {
                const uint64_t where[] = {NodeBench::kControl, t.entry_addr(t.rptr) + 8,
                                          t.entry_addr(t.rptr + 1),
                                          NodeBench::kCommands + 8 * random.below(100),
                                          kData + 0x1000 + 8 * random.below(32)};
                t.memory.bad_reads[where[random.below(5)]] = random.below(2) ? kDecErr : kSlvErr;
            }
            if (trouble && random.percent(20))
                t.memory.bad_writes[kData + 8 * random.below(4)] = kDecErr;
            const uint64_t before = t.rptr;
            const size_t starts = t.starts.size(), dones = t.dones.size();
            const unsigned yield_at = trouble ? unsigned(random.below(400)) : 0;
            const unsigned abort_at = trouble ? unsigned(random.below(800)) : 0;
            t.events.clear();
            t.give_turn();
            for (unsigned c = 1; c < 30000 && !t.end.ended; c++) {
                t.dut->yield_i = trouble && c >= yield_at;
                t.dut->abort_i = trouble && c == abort_at;
                t.dut->event_ready_i = random.percent(50);
                t.dut->end_ready_i = random.percent(50);
                t.step();
            }
            t.dut->yield_i = t.dut->abort_i = 0;
            t.rptr = t.end.rptr;

            CHECK_EQ(t.end.ended, true);
            CHECK_EQ(t.dones.size() - dones, size_t(t.rptr - before));
            CHECK_EQ(t.starts.size() - starts - (t.dones.size() - dones) <= size_t(t.end.fault),
                     true);
            unsigned faults = 0;
            for (const Event &e : t.events)
                faults += e.cause != BELL_CAUSE_USER_IRQ;
            CHECK_EQ(faults, unsigned(t.end.fault));
            CHECK_EQ(t.memory.quiet(), true);
            CHECK_EQ(t.clean(), true);
            for (unsigned i = 0; i < t.rptr - first; i++)
                CHECK_EQ(t.memory.word(kData + 8 * i), uint64_t(i + 1));
            t.memory.bad_reads.clear();
            t.memory.bad_writes.clear();
        }
        CHECK_EQ(t.rptr, t.wptr);
        CHECK_EQ(t.rptr_in_memory(), t.wptr);
    }
}

// RPTR is written after the fence of its buffer was answered.
RTL_TEST(fetch, rptr_follows_fence)
{
    for (unsigned stall : {0u, 30u, 60u}) {
        NodeBench t(stall + 1);
        t.memory.stall_percent = stall;
        for (unsigned i = 0; i < 4; i++)
            t.append({{BELL_OP_FILL, kData + 0x100, 128, 1}, fence(kData, i + 1)});
        t.turn();
        CHECK_EQ(t.end.rptr, 4u);
        for (unsigned i = 0; i < 4; i++) {
            const Access &value = t.access(true, kFenceWrite, i);
            const Access &rptr = t.access(true, kRptrWrite, i);
            CHECK_EQ(value.data[0], uint64_t(i + 1));
            CHECK_EQ(rptr.data[0], uint64_t(i + 1));
            CHECK_EQ(rptr.asked > value.answered, true);
        }
        CHECK_EQ(t.clean(), true);
    }
}

// One RPTR write a buffer, each with its own value, however slow the write channel is.
RTL_TEST(fetch, every_rptr_is_written)
{
    for (unsigned seed = 1; seed <= 10; seed++) {
        NodeBench t(seed);
        t.memory.write_stall_percent = 95;
        for (unsigned i = 0; i < 4; i++)
            t.append({kNop});
        t.turn();
        CHECK_EQ(t.end.rptr, 4u);
        CHECK_EQ(t.count(true, kRptrWrite), 4u);
        for (unsigned i = 0; i < 4; i++)
            CHECK_EQ(t.access(true, kRptrWrite, i).data[0], uint64_t(i + 1));
        CHECK_EQ(t.clean(), true);
    }
}

// Design 9: turn taken to the first command; 3 clocks less than from the ring (tb/device, reach: 2L +
// 12). The address of a command is in the entry, so two reads one after the other are needed.
RTL_TEST(fetch, turn_to_first_command)
{
    for (unsigned latency : {1u, 16u, 64u, 256u}) {
        NodeBench t;
        t.memory.latency = latency;
        t.append({kNop});
        const uint64_t from = t.cycle;
        t.turn();
        CHECK_EQ(t.starts[0] - from <= 2 * latency + 9, true);
    }
}

// Design 9: no-op buffers, memory latency 64. Printed, and bounded so that a loss is noticed.
RTL_TEST(fetch, noop_buffer_rate)
{
    NodeBench t;
    t.memory.latency = 64;
    t.log2_entries = 8;
    for (unsigned i = 0; i < 200; i++)
        t.append({kNop});
    const uint64_t from = t.cycle;
    while (t.rptr != 200)
        t.turn();
    printf("  no-op buffers, one node, L = 64: %u clocks each\n", unsigned(t.cycle - from) / 200);
    CHECK_EQ((t.cycle - from) / 200 <= 16, true);
}
