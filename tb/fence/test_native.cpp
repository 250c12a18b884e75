// SPDX-License-Identifier: MIT
//
// Native fences of one node: order of a signal, monitored value, waits, logs, errors.
// top: dma_node_tb tb/common/dma_node_tb.sv

#include "dma_node_bench.h"

#include "bell_regs.h"
#include "rtl_test.h"

using namespace bell_tb;

namespace {

constexpr uint64_t kCurrent = 0x500740, kMonitored = 0x600000, kData = 0x200000;
constexpr unsigned kKey = kCurrent >> 6 & 63;
constexpr uint64_t kWaits = 0x700000, kSignals = 0x701000, kHeader = 40, kEntry = 48;
constexpr unsigned kEntries = 84;

Packet signal(uint64_t value, uint64_t monitored = kMonitored, uint32_t name = 0)
{
    return {BELL_OP_SIGNAL | uint64_t(name) << 32, kCurrent, value, monitored};
}
Packet wait(uint64_t value, uint32_t name = 0)
{
    return {BELL_OP_WAIT | uint64_t(name) << 32, kCurrent, value};
}

unsigned signaled(const NodeBench &t)
{
    unsigned n = 0;
    for (const Event &e : t.events) {
        if (e.cause != BELL_CAUSE_FENCE_SIGNALED)
            continue;
        CHECK_EQ(e.data, kCurrent);
        CHECK_EQ(e.queue, NodeBench::kQueue);
        n++;
    }
    return n;
}

void enable_logs(NodeBench &t)
{
    t.logs[0].enable = t.logs[1].enable = true;
    t.logs[0].addr = kWaits;
    t.logs[1].addr = kSignals;
}

} // namespace

// NF-SYN-01. Earlier writes, value, answer, wake pulse, monitored value, event: in that order.
RTL_TEST(native, order_of_a_signal)
{
    for (unsigned stall : {0u, 40u}) {
        NodeBench t(stall + 1);
        t.memory.latency = 30;
        t.memory.stall_percent = stall;
        t.append({{BELL_OP_FILL, kData, 512, 1}, signal(5), {BELL_OP_WRITE64, kData, 2}});
        t.turn();
        const Access &value = t.access(true, kFenceWrite), &read = t.access(false, kDataRead);
        CHECK_EQ(t.rptr, 1u);
        CHECK_EQ(value.addr, kCurrent);
        CHECK_EQ(value.data[0], 5u);
        CHECK_EQ(value.pasid, NodeBench::kPasid);
        CHECK_EQ(read.addr, kMonitored);
        CHECK_EQ(read.beats, 1u);
        CHECK_EQ(read.pasid, NodeBench::kPasid);
        for (unsigned i = 0; i < 4; i++)
            CHECK_EQ(t.access(true, kDataWrite, i).answered < value.asked, true);
        CHECK_EQ(t.signals.size(), 1u);
        CHECK_EQ(t.signals[0].first, value.answered + 1);
        CHECK_EQ(t.signals[0].second, kKey);
        CHECK_EQ(read.asked > value.answered, true);
        CHECK_EQ(signaled(t), 1u);
        CHECK_EQ(t.events[0].cycle > read.answered, true);
        CHECK_EQ(t.access(true, kDataWrite, 4).asked > t.events[0].cycle, true);
        CHECK_EQ(t.count(true, kFenceWrite), 1u); // No log, no entry.
        CHECK_EQ(t.clean(), true);
    }
}

// NF-LOG-01. Who is told by the event finds the entry and its index: both were answered before the
// monitored value was asked for. Other queues are woken before.
RTL_TEST(native, event_follows_the_log)
{
    for (uint64_t monitored : {kMonitored, uint64_t(0)}) {
        NodeBench t;
        t.memory.latency = 20;
        enable_logs(t);
        t.append({signal(5, monitored, 7)});
        t.turn();
        const Access &entry = t.access(true, kFenceWrite, 1), &index = t.access(true, kFenceWrite, 2);
        CHECK_EQ(t.signals[0].first < entry.asked, true);
        CHECK_EQ(entry.addr, kSignals + kHeader);
        CHECK_EQ(index.addr, kSignals);
        CHECK_EQ(index.asked > entry.answered, true);
        CHECK_EQ(signaled(t), 1u);
        CHECK_EQ(t.events[0].cycle > index.answered, true);
        CHECK_EQ(t.count(false, kDataRead), monitored ? 1u : 0u);
        if (monitored)
            CHECK_EQ(t.access(false, kDataRead).asked > index.answered, true);
        CHECK_EQ(t.clean(), true);
    }
}

// A log that memory refuses costs no event: the monitored value is read all the same. The fault comes
// after it, and names the write of the log, also when the monitored value is refused as well.
RTL_TEST(native, event_comes_before_the_fault_of_a_log)
{
    struct Case {
        uint64_t refused, monitored;
        bool unreadable, event;
    };
    for (uint64_t refused : {kSignals + kHeader, kSignals})
        for (const Case &c : {Case{refused, 4, false, true}, Case{refused, 5, false, false},
                              Case{refused, 5, true, true}}) {
            NodeBench t;
            enable_logs(t);
            t.memory.words[kMonitored] = c.monitored;
            t.memory.bad_writes[c.refused] = kDecErr;
            if (c.unreadable)
                t.memory.bad_reads[kMonitored] = kSlvErr;
            t.append({signal(5)});
            t.turn();
            CHECK_EQ(t.memory.word(kCurrent), 5u);
            CHECK_EQ(t.signals.size(), 1u);
            CHECK_EQ(t.count(false, kDataRead), 1u);
            CHECK_EQ(signaled(t), unsigned(c.event));
            CHECK_EQ(t.events.size(), size_t(c.event) + 1);
            CHECK_EQ(t.events.front().cause,
                     unsigned(c.event ? BELL_CAUSE_FENCE_SIGNALED : BELL_CAUSE_PAGE_FAULT));
            CHECK_EQ(t.events.back().cause, unsigned(BELL_CAUSE_PAGE_FAULT));
            CHECK_EQ(t.events.back().data, c.refused);
            CHECK_EQ(t.end.fault, true);
            CHECK_EQ(t.rptr, 0u);
            CHECK_EQ(t.memory.quiet() && t.clean(), true);
        }
}

// NF-INT-01, NF-OBJ-01. An event when the new value is above the monitored one, unsigned, and only
// then; without a monitored value always.
RTL_TEST(native, event_above_the_monitored_value)
{
    struct Case {
        uint64_t value, monitored;
        bool event;
    };
    for (const Case &c : {Case{5, 4, true}, Case{5, 5, false}, Case{5, 6, false}, Case{1, 0, true},
                          Case{0, 0, false}, Case{UINT64_MAX, UINT64_MAX, false},
                          Case{UINT64_MAX, UINT64_MAX - 1, true}, Case{3, UINT64_MAX, false},
                          Case{uint64_t(1) << 63, 7, true}}) {
        NodeBench t;
        t.memory.words[kMonitored] = c.monitored;
        t.append({signal(c.value)});
        t.turn();
        CHECK_EQ(signaled(t), unsigned(c.event));
        CHECK_EQ(t.memory.word(kCurrent), c.value);
        CHECK_EQ(t.signals.size(), 1u);
    }
    NodeBench t;
    t.append({signal(0, 0)});
    t.turn();
    CHECK_EQ(signaled(t), 1u);
    CHECK_EQ(t.count(false, kDataRead), 0u);
}

// NF-INT-01, NF-SYN-01, the race. The CPU stores a new monitored value and reads the current one
// after it, at any clock: it sees the new value, or the event comes.
RTL_TEST(native, no_wake_up_is_missed)
{
    unsigned seen = 0, told = 0;
    for (unsigned at = 0; at < 200; at++) {
        for (unsigned latency : {4u, 17u}) {
            NodeBench t(at + 1);
            if (at / 2 % 2)
                enable_logs(t);
            if (at / 4 % 2)
                t.memory.bad_writes[kSignals + kHeader] = kDecErr;
            t.memory.latency = latency;
            t.memory.stall_percent = at % 2 * 30;
            t.memory.words[kCurrent] = 6;
            t.memory.words[kMonitored] = UINT64_MAX;
            t.append({signal(7)});
            t.give_turn();
            t.run(at);
            t.memory.words[kMonitored] = 6; // A waiter for 7.
            const bool sees = t.memory.word(kCurrent) == 7;
            t.wait_end();
            CHECK_EQ(sees || signaled(t), true);
            seen += sees;
            told += signaled(t);
        }
    }
    CHECK_EQ(seen > 50 && told > 50, true);
}

// A wait whose value is reached goes on, also when the buffer itself raised it just before.
RTL_TEST(native, wait_goes_on)
{
    for (uint64_t value : {uint64_t(8), uint64_t(9), UINT64_MAX}) {
        NodeBench t;
        t.memory.words[kCurrent] = value;
        t.append({wait(8), {BELL_OP_WRITE64, kData, 1}});
        t.turn();
        CHECK_EQ(t.rptr, 1u);
        CHECK_EQ(t.memory.word(kData), 1u);
        CHECK_EQ(t.access(true, kDataWrite).asked > t.access(false, kDataRead).answered, true);
    }
    NodeBench own;
    own.memory.latency = 50;
    own.append({{BELL_OP_WRITE64, kCurrent, 3}, wait(3), {BELL_OP_WRITE64, kData, 1}});
    own.turn();
    CHECK_EQ(own.rptr, 1u);
    CHECK_EQ(own.memory.word(kData), 1u);
}

// A wait whose value is not reached gives the turn away, says for what, and is looked at again when
// the queue runs next; what came before it does not run again.
RTL_TEST(native, wait_blocks)
{
    NodeBench t;
    t.memory.words[kCurrent] = 7;
    t.append({{BELL_OP_IRQ, 1}, wait(8), {BELL_OP_WRITE64, kData, 1}});
    t.append({{BELL_OP_WRITE64, kData, 2}});
    for (unsigned i = 0; i < 3; i++) {
        t.turn();
        CHECK_EQ(t.end.blocked, true);
        CHECK_EQ(t.end.fault, false);
        CHECK_EQ(t.end.work, true);
        CHECK_EQ(t.end.key, kKey);
        CHECK_EQ(t.end.offset, 32u);
        CHECK_EQ(t.rptr, 0u);
        CHECK_EQ(t.count(false, kDataRead), i + 1);
        CHECK_EQ(t.count(true, kDataWrite), 0u);
    }
    CHECK_EQ(t.count(true, kRptrWrite), 0u);
    t.memory.words[kCurrent] = 8;
    t.turn();
    CHECK_EQ(t.end.blocked, false);
    CHECK_EQ(t.rptr, 2u);
    CHECK_EQ(t.memory.word(kData), 2u);
    CHECK_EQ(t.events.size(), 1u);
    CHECK_EQ(t.clean(), true);
}

// The current value is read after the turn was given: what was raised before that is seen.
RTL_TEST(native, wait_reads_after_the_turn_is_given)
{
    NodeBench t;
    t.append({wait(1)});
    t.turn();
    CHECK_EQ(t.end.blocked, true);
    t.memory.words[kCurrent] = 1;
    t.turn();
    CHECK_EQ(t.rptr, 1u);
}

// NF-LOG-01. Entry, answer, then index and wrap count in one word; PASID 0; layout of the entry.
RTL_TEST(native, log_entries)
{
    NodeBench t;
    t.memory.latency = 20;
    enable_logs(t);
    t.append({signal(1, 0, 0xaaaa), wait(1, 0xbbbb), signal(2, kMonitored, 0xcccc)});
    t.turn();
    CHECK_EQ(t.rptr, 1u);
    CHECK_EQ(t.memory.word(kSignals), 2u);
    CHECK_EQ(t.memory.word(kWaits), 1u);
    uint64_t last = 0;
    struct Line {
        uint64_t at, value, name;
    };
    for (const Line &line : {Line{kSignals, 1, 0xaaaa}, Line{kWaits, 1, 0xbbbb | uint64_t(1) << 32},
                             Line{kSignals + kEntry, 2, 0xcccc}}) {
        const uint64_t at = line.at + kHeader;
        CHECK_EQ(t.memory.word(at), line.value);
        CHECK_EQ(t.memory.word(at + 8), line.name);
        CHECK_EQ(t.memory.word(at + 16), 0u);
        CHECK_EQ(t.memory.word(at + 32), 0u);
        const uint64_t seen = t.memory.word(at + 24), end = t.memory.word(at + 40);
        CHECK_EQ(seen > last && end >= seen, true);
        last = end;
    }
    for (unsigned i = 0; i < t.count(true, kFenceWrite); i++) {
        const Access &a = t.access(true, kFenceWrite, i);
        const bool log = a.addr >> 12 == kWaits >> 12 || a.addr >> 12 == kSignals >> 12;
        CHECK_EQ(a.pasid, log ? 0u : unsigned(NodeBench::kPasid));
        if (a.addr % 4096 == 0)
            CHECK_EQ(a.asked > t.access(true, kFenceWrite, i - 1).answered, true);
    }
    // The end of a signal is when its value was visible.
    CHECK_EQ(t.memory.word(kSignals + kHeader + 40), t.signals[0].first + 1);
    CHECK_EQ(t.clean(), true);
}

// A wait that blocked was first met in an earlier turn, and ended in a later one.
RTL_TEST(native, log_of_a_wait_that_blocked)
{
    NodeBench t;
    enable_logs(t);
    t.append({wait(1)});
    t.turn();
    const uint64_t first = t.cycle;
    t.run(500);
    t.turn();
    CHECK_EQ(t.memory.word(kWaits), 0u);
    t.memory.words[kCurrent] = 1;
    const uint64_t again = t.cycle;
    t.turn();
    CHECK_EQ(t.memory.word(kWaits), 1u);
    CHECK_EQ(t.memory.word(kWaits + kHeader + 24) < first, true);
    CHECK_EQ(t.memory.word(kWaits + kHeader + 24) > 0, true);
    CHECK_EQ(t.memory.word(kWaits + kHeader + 40) > again, true);
}

// The last entry of the page is followed by the first; the wrap count says so. An index that is
// none stays in the page.
RTL_TEST(native, log_wraps)
{
    NodeBench t;
    enable_logs(t);
    t.logs[1].index = kEntries - 2;
    t.logs[1].wraps = 6;
    t.append({signal(1), signal(2), signal(3)});
    t.turn();
    CHECK_EQ(t.memory.word(kSignals), 1u | uint64_t(7) << 32);
    CHECK_EQ(t.memory.word(kSignals + kHeader + (kEntries - 2) * kEntry), 1u);
    CHECK_EQ(t.memory.word(kSignals + kHeader + (kEntries - 1) * kEntry), 2u);
    CHECK_EQ(t.memory.word(kSignals + kHeader), 3u);

    for (uint32_t index : {84u, 127u, 128u, 0xffffffffu}) {
        NodeBench odd;
        enable_logs(odd);
        odd.logs[1].index = index;
        odd.append({signal(9)});
        odd.turn();
        CHECK_EQ(odd.rptr, 1u);
        CHECK_EQ(odd.access(true, kFenceWrite, 1).addr, kSignals + kHeader + 83 * kEntry);
        CHECK_EQ(odd.memory.word(kSignals), uint64_t(1) << 32);
    }
}

// A log starts with its page, whatever is written to the low bits of its address.
RTL_TEST(native, log_starts_with_its_page)
{
    NodeBench t;
    enable_logs(t);
    t.logs[1].addr = kSignals + 0xff8;
    t.logs[1].index = kEntries - 1;
    t.append({signal(9)});
    t.turn();
    CHECK_EQ(t.access(true, kFenceWrite, 1).addr, kSignals + kHeader + (kEntries - 1) * kEntry);
    CHECK_EQ(t.access(true, kFenceWrite, 2).addr, kSignals);
    CHECK_EQ(t.memory.word(kSignals), uint64_t(1) << 32);
    CHECK_EQ(t.clean(), true);
}

// The scheduler may take its time to name the place; nothing spins meanwhile.
RTL_TEST(native, log_place_is_waited_for)
{
    NodeBench t;
    enable_logs(t);
    t.append({signal(1)});
    t.dut->log_ready_i = 0;
    t.turn(500);
    CHECK_EQ(t.end.ended, false);
    CHECK_EQ(t.dut->log_valid_o, 1u);
    CHECK_EQ(t.dut->busy_o, 0u);
    t.dut->log_ready_i = 1;
    t.wait_end(500);
    CHECK_EQ(t.rptr, 1u);
    CHECK_EQ(t.memory.word(kSignals), 1u);
}

// An error answer at each access: cause and address, and what was already true is told.
RTL_TEST(native, errors_at_each_access)
{
    struct Case {
        uint64_t addr;
        bool write, pulse, event;
    };
    const uint64_t entry = kHeader;
    for (unsigned resp : {unsigned(kDecErr), unsigned(kSlvErr)}) {
        for (const Case &c : {Case{kCurrent, true, false, false},
                              Case{kMonitored, false, true, true},
                              Case{kSignals + entry + 40, true, true, true},
                              Case{kSignals, true, true, true},
                              Case{kCurrent, false, true, true},
                              Case{kWaits + entry, true, true, true},
                              Case{kWaits, true, true, true}}) {
            NodeBench t;
            enable_logs(t);
            (c.write ? t.memory.bad_writes : t.memory.bad_reads)[c.addr] = resp;
            t.append({signal(1), wait(1), {BELL_OP_WRITE64, kData, 1}});
            t.turn();
            CHECK_EQ(t.end.ended, true);
            CHECK_EQ(t.end.fault, true);
            CHECK_EQ(t.end.blocked, false);
            const unsigned cause =
                resp == kDecErr ? BELL_CAUSE_PAGE_FAULT : BELL_CAUSE_BUS_ERROR;
            CHECK_EQ(t.end.cause, cause);
            CHECK_EQ(t.events.back().cause, cause);
            // A burst is reported by its first address.
            CHECK_EQ(t.events.back().data,
                     c.addr == kSignals + entry + 40 ? kSignals + entry : c.addr);
            CHECK_EQ(t.signals.size(), size_t(c.pulse));
            CHECK_EQ(signaled(t), unsigned(c.event));
            CHECK_EQ(t.memory.word(kData), 0u);
            if (c.addr == kSignals + entry + 40)
                CHECK_EQ(t.memory.word(kSignals), 0u); // No index over an entry that failed.
            CHECK_EQ(t.memory.quiet() && t.clean(), true);

            // The node is whole.
            t.memory.bad_reads.clear();
            t.memory.bad_writes.clear();
            t.turn();
            CHECK_EQ(t.end.fault, false);
            CHECK_EQ(t.memory.word(kData), 1u);
        }
    }
}

// Misaligned or too wide addresses.
RTL_TEST(native, bad_packets)
{
    const uint64_t high = uint64_t(1) << 48;
    for (const Packet &p : {Packet{BELL_OP_SIGNAL, kCurrent + 4, 1, 0},
                            Packet{BELL_OP_SIGNAL, kCurrent | high, 1, 0},
                            Packet{BELL_OP_SIGNAL, kCurrent, 1, kMonitored + 1},
                            Packet{BELL_OP_SIGNAL, kCurrent, 1, high},
                            Packet{BELL_OP_WAIT, kCurrent + 2, 1}, Packet{BELL_OP_WAIT, high, 1}}) {
        NodeBench t;
        const uint64_t addr = t.append({p});
        t.turn();
        CHECK_EQ(t.end.cause, unsigned(BELL_CAUSE_BAD_PACKET));
        CHECK_EQ(t.events[0].data, addr);
        CHECK_EQ(t.count(true, kFenceWrite) + t.count(false, kDataRead), 0u);
    }
}

// FENCE_SIGNALED is held while the event queue is full; nothing overtakes it, nobody is busy.
RTL_TEST(native, event_waits_for_room)
{
    NodeBench t;
    t.append({signal(1), {BELL_OP_WRITE64, kData, 1}});
    t.dut->event_ready_i = 0;
    t.turn(500);
    CHECK_EQ(t.end.ended, false);
    CHECK_EQ(t.dut->event_valid_o, 1u);
    CHECK_EQ(t.dut->busy_o, 0u);
    CHECK_EQ(t.memory.word(kData), 0u);
    t.dut->event_ready_i = 1;
    t.wait_end(500);
    CHECK_EQ(signaled(t), 1u);
    CHECK_EQ(t.rptr, 1u);
}

// Aborted or preempted at any clock: a value that memory has was told to the scheduler and to the
// CPU, once; a preempted signal is not written twice.
RTL_TEST(native, stopped_at_every_clock)
{
    unsigned last = 1;
    for (unsigned at = 0; at < last; at++) {
        for (bool abort : {false, true}) {
            NodeBench t(at + 1);
            t.memory.stall_percent = at % 2 * 30;
            enable_logs(t);
            t.append({{BELL_OP_FILL, kData, 256, 1}, signal(4), wait(4), signal(5)});
            t.give_turn();
            t.run(at);
            last = t.end.ended ? last : at + 2;
            t.dut->abort_i = abort;
            t.dut->preempt_i = !abort;
            t.step();
            t.dut->abort_i = 0;
            t.wait_end(1000);
            t.dut->preempt_i = 0;
            CHECK_EQ(t.end.ended, true);
            const uint64_t value = t.memory.word(kCurrent);
            const unsigned signals = value == 5 ? 2 : value == 4 ? 1 : 0;
            CHECK_EQ(t.signals.size(), signals);
            CHECK_EQ(signaled(t), signals);
            CHECK_EQ(t.memory.word(kSignals), signals);
            if (abort)
                continue;
            CHECK_EQ(t.end.fault, false);
            while (t.rptr != 1)
                t.turn();
            CHECK_EQ(t.signals.size(), 2u);
            CHECK_EQ(signaled(t), 2u);
            CHECK_EQ(t.memory.word(kSignals), 2u);
            CHECK_EQ(t.memory.word(kWaits), 1u);
            CHECK_EQ(t.clean(), true);
        }
    }
    CHECK_EQ(last > 200, true);
}
