// SPDX-License-Identifier: MIT
//
// Unit test of rtl/engine inside one node.
// top: dma_node_tb tb/common/dma_node_tb.sv

#include "dma_node_bench.h"

#include "bell_regs.h"
#include "rtl_test.h"

using namespace bell_tb;

namespace {

const Packet kNop = {BELL_OP_NOP};
constexpr uint64_t kA = 0x200000, kB = 0x300000;

Packet fill(uint64_t dst, uint64_t bytes, uint64_t pattern)
{
    return {BELL_OP_FILL, dst, bytes, pattern};
}
Packet copy(uint64_t dst, uint64_t bytes, uint64_t src) { return {BELL_OP_COPY, dst, bytes, src}; }
Packet write64(uint64_t dst, uint64_t value) { return {BELL_OP_WRITE64, dst, value}; }
Packet fence(uint64_t dst, uint64_t value) { return {BELL_OP_FENCE, dst, value}; }
Packet work(uint64_t clocks) { return {BELL_OP_WORK, clocks}; }

// Clocks from start to done of one buffer.
uint64_t clocks_of(const std::vector<Packet> &packets)
{
    NodeBench t;
    t.append(packets);
    t.turn(100000);
    return t.dones.empty() ? 0 : t.dones[0] - t.starts[0];
}

struct Fault {
    unsigned cause;
    uint64_t data;
};

// Run one buffer that is expected to fault; cause 0 when it did not, or did not end cleanly.
Fault fault_of(NodeBench &t)
{
    t.turn();
    const bool good = t.end.ended && t.end.fault && t.events.size() == 1 && t.rptr == 0 &&
                      t.events[0].cause == t.end.cause && t.memory.quiet() && t.clean();
    return good ? Fault{t.end.cause, t.events[0].data} : Fault{0, 0};
}

// What a random buffer should leave behind.
void apply(const Packet &p, std::map<uint64_t, uint64_t> &words, std::vector<uint64_t> &irqs)
{
    switch (p.head) {
    case BELL_OP_FILL:
        for (uint64_t i = 0; i < p.arg2; i += 8)
            words[p.arg1 + i] = p.arg3;
        break;
    case BELL_OP_COPY:
        for (uint64_t i = 0; i < p.arg2; i += 8)
            words[p.arg1 + i] = words.count(p.arg3 + i) ? words[p.arg3 + i] : 0;
        break;
    case BELL_OP_WRITE64:
    case BELL_OP_FENCE:
        words[p.arg1] = p.arg2;
        break;
    case BELL_OP_IRQ:
        irqs.push_back(p.arg1);
        break;
    default:
        break;
    }
}

Packet random_packet(Random &random)
{
    const uint64_t lower = kA + 8 * random.below(1024), upper = kB + 8 * random.below(1024);
    const bool up = random.percent(50);
    const uint64_t bytes = 8 * random.below(random.percent(20) ? 700 : 40);
    switch (random.below(8)) {
    case 0: return kNop;
    case 1: return work(random.below(20));
    case 2: return fill(up ? upper : lower, bytes, random.next());
    case 3:
    case 4: return copy(up ? upper : lower, bytes, up ? lower : upper);
    case 5: return write64(up ? upper : lower, random.next());
    case 6: return fence(up ? upper : lower, random.next());
    default: return {BELL_OP_IRQ, random.next()};
    }
}

} // namespace

// Every opcode does what the format says, in the order of the packets.
RTL_TEST(engine, every_opcode)
{
    NodeBench t;
    t.append({kNop, fill(kA, 32, 0x1111), copy(kB, 32, kA), write64(kB + 8, 0x2222), work(3),
              fence(kB + 24, 0x3333), {BELL_OP_IRQ, 0x4444}});
    t.turn();
    CHECK_EQ(t.end.fault, false);
    CHECK_EQ(t.end.rptr, 1u);
    CHECK_EQ(t.memory.word(kA + 24), 0x1111u);
    CHECK_EQ(t.memory.word(kA + 32), 0u);
    CHECK_EQ(t.memory.word(kB), 0x1111u);
    CHECK_EQ(t.memory.word(kB + 8), 0x2222u);
    CHECK_EQ(t.memory.word(kB + 24), 0x3333u);
    CHECK_EQ(t.events.size(), 1u);
    CHECK_EQ(t.events[0].cause, unsigned(BELL_CAUSE_USER_IRQ));
    CHECK_EQ(t.events[0].data, 0x4444u);
    CHECK_EQ(t.events[0].queue, NodeBench::kQueue);
    CHECK_EQ(t.clean(), true);
}

// Unknown opcodes and reserved bits of the head: BAD_PACKET with the packet's address.
RTL_TEST(engine, bad_heads)
{
    for (uint64_t head : {uint64_t(11), uint64_t(255), uint64_t(BELL_OP_NOP) | 0x100,
                          uint64_t(BELL_OP_WORK) | uint64_t(1) << 63,
                          uint64_t(BELL_OP_WAIT) | uint64_t(1) << 31}) {
        NodeBench t;
        const uint64_t addr = t.append({kNop, {head, 8, 8, 8}, fence(kA, 1)});
        const Fault f = fault_of(t);
        CHECK_EQ(f.cause, unsigned(BELL_CAUSE_BAD_PACKET));
        CHECK_EQ(f.data, addr + 32);
        CHECK_EQ(t.memory.word(kA), 0u);
    }
}

// Addresses and byte counts that are no multiple of 8, or wider than 48 bits.
RTL_TEST(engine, bad_arguments)
{
    const uint64_t high = uint64_t(1) << 48;
    const std::vector<Packet> bad = {
        fill(kA + 4, 8, 0),      fill(kA, 12, 0),         fill(kA | high, 8, 0),
        fill(kA, high, 0),       copy(kA + 1, 8, kB),     copy(kA, 9, kB),
        copy(kA, 8, kB + 2),     copy(kA, 8, kB | high),  write64(kA + 4, 0),
        write64(kA | high, 0),   fence(kA + 7, 0),        fence(kA | high << 15, 0),
    };
    for (const Packet &p : bad) {
        NodeBench t;
        const uint64_t addr = t.append({p});
        const Fault f = fault_of(t);
        CHECK_EQ(f.cause, unsigned(BELL_CAUSE_BAD_PACKET));
        CHECK_EQ(f.data, addr);
        CHECK_EQ(t.count(true, kDataWrite) + t.count(true, kFenceWrite), 0u);
    }
}

// FAULT names its packet; earlier writes are done, later packets are not.
RTL_TEST(engine, deliberate_fault)
{
    NodeBench t;
    const uint64_t addr = t.append({write64(kA, 1), {BELL_OP_FAULT}, write64(kA + 8, 2)});
    const Fault f = fault_of(t);
    CHECK_EQ(f.cause, unsigned(BELL_CAUSE_DELIBERATE_FAULT));
    CHECK_EQ(f.data, addr + 32);
    CHECK_EQ(t.memory.word(kA), 1u);
    CHECK_EQ(t.memory.word(kA + 8), 0u);
}

// WORK n takes n clocks more than NOP, for each n, also when it is not the last packet.
RTL_TEST(engine, work_takes_exact_clocks)
{
    const uint64_t nop = clocks_of({kNop});
    for (uint64_t n : {0u, 1u, 2u, 3u, 17u, 1000u})
        CHECK_EQ(clocks_of({work(n)}), nop + n);
    CHECK_EQ(clocks_of({work(50), fence(kA, 1)}) - clocks_of({work(20), fence(kA, 1)}), 30u);
}

// Idle skip: edges that stand for many clocks change no cycle number; a long WORK costs few edges.
RTL_TEST(engine, skip_is_exact)
{
    NodeBench plain(3), fast(3);
    fast.skip = true;
    for (NodeBench *t : {&plain, &fast}) {
        t->append({work(5000), fence(kA, 1), work(1), work(777)});
        t->append({work(3), {BELL_OP_IRQ, 5}, work(2048)});
        t->turn(100000);
    }
    CHECK_EQ(fast.end.rptr, 2u);
    CHECK_EQ(fast.cycle, plain.cycle);
    CHECK_EQ(fast.edges < 400, true);
    CHECK_EQ(plain.memory.log.size(), fast.memory.log.size());
    for (size_t i = 0; i < plain.memory.log.size(); i++) {
        CHECK_EQ(fast.memory.log[i].asked, plain.memory.log[i].asked);
        CHECK_EQ(fast.memory.log[i].answered, plain.memory.log[i].answered);
    }
    CHECK_EQ(fast.events[0].cycle, plain.events[0].cycle);
    CHECK_EQ(fast.clean(), true);
}

// The deadline is right: an edge for part of the time leaves the rest.
RTL_TEST(engine, timer_counts_advance)
{
    NodeBench t;
    t.append({work(1000)});
    t.give_turn();
    for (unsigned i = 0; i < 200 && !t.dut->timer_valid_o; i++)
        t.step();
    t.run(60); // Everything else comes to rest.
    const uint64_t left = t.dut->timer_o;
    CHECK_EQ(t.dut->busy_o, 0u);
    t.dut->advance_i = 300;
    t.dut->clk_i = 0;
    t.dut->eval();
    t.dut->clk_i = 1;
    t.dut->eval();
    CHECK_EQ(t.dut->timer_o, left - 300);
    CHECK_EQ(t.dut->timer_valid_o, 1u);
}

// HANG waits without being busy, until an abort.
RTL_TEST(engine, hang_until_abort)
{
    NodeBench t;
    t.append({write64(kA, 1), {BELL_OP_HANG}, write64(kA, 2)});
    t.append({write64(kA, 3)});
    t.turn(3000);
    CHECK_EQ(t.end.ended, false);
    CHECK_EQ(t.dut->busy_o, 0u);
    CHECK_EQ(t.dut->timer_valid_o, 0u);
    t.dut->abort_i = 1;
    t.step();
    t.dut->abort_i = 0;
    t.wait_end(100);
    CHECK_EQ(t.end.ended, true);
    CHECK_EQ(t.end.cause, unsigned(BELL_CAUSE_ABORTED));
    CHECK_EQ(t.end.rptr, 0u);
    CHECK_EQ(t.end.work, true);
    CHECK_EQ(t.memory.word(kA), 1u);
}

// A long WORK and a long fill are left soon after an abort.
RTL_TEST(engine, abort_is_prompt)
{
    for (const Packet &p : {work(1000000), fill(kA, 1 << 20, 1), copy(kA, 1 << 19, kB)}) {
        NodeBench t;
        t.append({p});
        t.give_turn();
        t.run(300);
        t.dut->abort_i = 1;
        t.step();
        t.dut->abort_i = 0;
        t.wait_end(200);
        CHECK_EQ(t.end.cause, unsigned(BELL_CAUSE_ABORTED));
        CHECK_EQ(t.memory.quiet(), true);
        CHECK_EQ(t.clean(), true);
    }
}

// Fills and copies around 4-KiB boundaries of either side: right words, no burst across one.
RTL_TEST(engine, splits_at_4k_boundaries)
{
    for (uint64_t before : {8u, 24u, 128u, 136u}) {
        for (uint64_t bytes : {8u, 16u, 136u, 264u, 8200u}) {
            NodeBench t;
            for (uint64_t i = 0; i < bytes; i += 8)
                t.memory.words[kA + 0x1000 - before + i] = 0xa000000 + i;
            t.append({copy(kB + 0x2000 - before / 8 * 16, bytes, kA + 0x1000 - before),
                      fill(kB + 0x9000 - before, bytes, 0xf1)});
            t.turn();
            CHECK_EQ(t.end.rptr, 1u);
            for (uint64_t i = 0; i < bytes; i += 8) {
                CHECK_EQ(t.memory.word(kB + 0x2000 - before / 8 * 16 + i), 0xa000000 + i);
                CHECK_EQ(t.memory.word(kB + 0x9000 - before + i), 0xf1u);
            }
            CHECK_EQ(t.memory.word(kB + 0x2000 - before / 8 * 16 + bytes), 0u);
            CHECK_EQ(t.memory.word(kB + 0x9000 - before - 8), 0u);
            CHECK_EQ(t.memory.broken.empty(), true);
        }
    }
}

// Nothing to move is nothing done.
RTL_TEST(engine, zero_bytes)
{
    NodeBench t;
    t.append({fill(kA, 0, 5), copy(kB, 0, kA), fence(kA + 8, 1)});
    t.turn();
    CHECK_EQ(t.end.rptr, 1u);
    CHECK_EQ(t.count(true, kDataWrite), 0u);
    CHECK_EQ(t.count(false, kDataRead), 0u);
    CHECK_EQ(t.memory.word(kA + 8), 1u);
}

// A command buffer across a 4-KiB boundary and far longer than the word FIFO; reads overlap.
RTL_TEST(engine, long_command_buffer)
{
    NodeBench t;
    t.memory.latency = 40;
    t.next_command = 0x100fc0;
    std::vector<Packet> packets;
    for (unsigned i = 0; i < 300; i++)
        packets.push_back(write64(kA + 8 * i, i + 1));
    t.append(packets);
    t.turn();
    CHECK_EQ(t.end.rptr, 1u);
    for (unsigned i = 0; i < 300; i++)
        CHECK_EQ(t.memory.word(kA + 8 * i), uint64_t(i + 1));
    CHECK_EQ(t.memory.max_outstanding(kCmdRead) >= 2, true);
    CHECK_EQ(t.clean(), true);
}

// Refused and failed accesses of the engine: cause, address, no hang, no fence value after it.
RTL_TEST(engine, errors_of_engine_accesses)
{
    for (unsigned stall : {0u, 40u}) {
        for (unsigned resp : {unsigned(kDecErr), unsigned(kSlvErr)}) {
            for (unsigned what = 0; what < 6; what++) {
                NodeBench t(what + 7);
                t.memory.stall_percent = stall;
                const uint64_t commands =
                    t.append({fill(kA, 512, 3), copy(kB, 512, kA), write64(kB + 0x800, 4),
                              fence(kB + 0x1000, 5), fence(kB + 0x1008, 6), kNop});
                uint64_t addr = 0;
                switch (what) {
                case 0: addr = commands; break;
                case 1: addr = commands + 5 * 32 + 16; break; // Second word of the last packet.
                case 2: addr = kA + 264; break;               // Copy source.
                case 3: addr = kA + 128; break;               // Start of the second fill burst.
                case 4: addr = kB + 0x800; break;
                default: addr = kB + 0x1000; break;
                }
                if (what <= 2)
                    t.memory.bad_reads[addr] = resp;
                else
                    t.memory.bad_writes[addr] = resp;
                const Fault f = fault_of(t);
                CHECK_EQ(f.cause, unsigned(resp == kDecErr ? BELL_CAUSE_PAGE_FAULT
                                                           : BELL_CAUSE_BUS_ERROR));
                CHECK_EQ(f.data, addr);
                CHECK_EQ(t.memory.word(kB + 0x1000), what == 1 ? 5u : 0u);
                CHECK_EQ(t.memory.word(kB + 0x1008), what == 1 ? 6u : 0u);
                CHECK_EQ(t.rptr_in_memory(), 0u);
                if (what == 2)
                    CHECK_EQ(t.memory.word(kB + 264), 0u); // The failed word went nowhere.
            }
        }
    }
}

// An error in words read ahead counts only when its packet is reached.
RTL_TEST(engine, read_ahead_error_waits_for_its_packet)
{
    NodeBench t;
    const uint64_t commands = t.append({fence(kA, 1), {BELL_OP_FAULT}, kNop});
    t.memory.bad_reads[commands + 64] = kDecErr;
    const Fault f = fault_of(t);
    CHECK_EQ(f.cause, unsigned(BELL_CAUSE_DELIBERATE_FAULT));
    CHECK_EQ(t.memory.word(kA), 1u);
}

// What a fault leaves read ahead never runs: neither the rest of the buffer nor the next one.
RTL_TEST(engine, nothing_runs_after_a_fault)
{
    for (unsigned latency : {1u, 8u, 50u}) {
        NodeBench t;
        t.memory.latency = latency;
        t.append({{BELL_OP_FAULT}, write64(kA, 1), write64(kA, 1), write64(kA, 1)});
        t.append({write64(kA, 2)});
        t.append({write64(kA, 3)});
        const Fault f = fault_of(t);
        CHECK_EQ(f.cause, unsigned(BELL_CAUSE_DELIBERATE_FAULT));
        CHECK_EQ(t.memory.word(kA), 0u);

        t.events.clear();
        t.rptr = t.wptr = 3;
        t.append({write64(kA, 4)});
        t.turn();
        CHECK_EQ(t.end.rptr, 4u);
        CHECK_EQ(t.memory.word(kA), 4u);
    }
}

// Design 4 (irq). An interrupt never overtakes the data it announces; nor does the end of a buffer.
RTL_TEST(engine, irq_and_end_follow_writes)
{
    for (unsigned stall : {0u, 50u}) {
        NodeBench t(stall + 1);
        t.memory.latency = 30;
        t.memory.stall_percent = stall;
        t.append({fill(kA, 512, 1), {BELL_OP_IRQ, 1}, write64(kB, 2), {BELL_OP_IRQ, 2},
                  write64(kB, 3)});
        t.turn();
        CHECK_EQ(t.events.size(), 2u);
        CHECK_EQ(t.count(true, kDataWrite), 6u);
        CHECK_EQ(t.events[0].cycle > t.access(true, kDataWrite, 3).answered, true);
        CHECK_EQ(t.events[0].cycle < t.access(true, kDataWrite, 4).asked, true);
        CHECK_EQ(t.events[1].cycle > t.access(true, kDataWrite, 4).answered, true);
        CHECK_EQ(t.dones[0] > t.access(true, kDataWrite, 5).answered, true);
        CHECK_EQ(t.access(true, kRptrWrite).asked > t.access(true, kDataWrite, 5).answered, true);
    }
}

// USER_IRQ is held while the event queue is full, and nothing overtakes it.
RTL_TEST(engine, irq_waits_for_room)
{
    NodeBench t;
    t.append({{BELL_OP_IRQ, 1}, fence(kA, 1), {BELL_OP_IRQ, 2}});
    t.dut->event_ready_i = 0;
    t.turn(500);
    CHECK_EQ(t.end.ended, false);
    CHECK_EQ(t.dut->busy_o, 0u);
    CHECK_EQ(t.memory.word(kA), 0u);
    t.dut->event_ready_i = 1;
    t.wait_end(500);
    CHECK_EQ(t.events.size(), 2u);
    CHECK_EQ(t.events[1].data, 2u);
    CHECK_EQ(t.end.rptr, 1u);
}

// Random buffers under random stalls leave the memory and the events that the packets say.
RTL_TEST(engine, random_buffers_match_reference)
{
    for (unsigned seed = 1; seed <= 60; seed++) {
        NodeBench t(seed);
        Random random(seed * 77);
        std::map<uint64_t, uint64_t> expected;
        std::vector<uint64_t> irqs;
        t.memory.latency = 1 + unsigned(random.below(30));
        t.memory.stall_percent = seed % 3 * 25;
        t.skip = seed % 2;
        for (unsigned i = 0; i < 512; i++)
            t.memory.words[kA + 8 * i] = expected[kA + 8 * i] = random.next();
        for (unsigned b = 0; b < 8; b++) {
            std::vector<Packet> packets;
            for (uint64_t n = 1 + random.below(12); n; n--) {
                packets.push_back(random_packet(random));
                apply(packets.back(), expected, irqs);
            }
            t.append(packets);
        }
        for (unsigned i = 0; i < 8 && t.rptr < 8; i++)
            t.turn(100000);

        CHECK_EQ(t.rptr, 8u);
        CHECK_EQ(t.end.fault, false);
        for (const auto &e : expected)
            CHECK_EQ(t.memory.word(e.first), e.second);
        CHECK_EQ(t.events.size(), irqs.size());
        for (size_t i = 0; i < irqs.size(); i++)
            CHECK_EQ(t.events[i].data, irqs[i]);
        CHECK_EQ(t.memory.quiet(), true);
        CHECK_EQ(t.clean(), true);
    }
}
