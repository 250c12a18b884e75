// SPDX-License-Identifier: MIT
//
// Bench around dma_node_tb: one node, the DMA mux, a memory with a ring and command buffers.

#ifndef TB_COMMON_DMA_NODE_BENCH_H
#define TB_COMMON_DMA_NODE_BENCH_H

#include "Vdma_node_tb.h"
#include "bell_formats.h"
#include "dma_memory.h"

#include <algorithm>
#include <memory>

namespace bell_tb {

struct Packet {
    uint64_t head, arg1 = 0, arg2 = 0, arg3 = 0;
};

struct TurnEnd {
    bool ended = false; // False: the bench gave up waiting.
    unsigned queue = 0, cause = 0;
    uint64_t rptr = 0;
    bool work = false, fault = false;
    uint32_t offset = 0; // Resume point.
    uint64_t done = 0;
    bool blocked = false;
    unsigned key = 0;
};

struct Event {
    uint64_t cycle;
    unsigned cause, node, queue;
    uint64_t data;
};

// AXI ids of the units of node 0.
enum ReadId : unsigned { kRingRead = 0, kCmdRead = 1, kDataRead = 2 };
enum WriteId : unsigned { kRptrWrite = 0, kDataWrite = 1, kFenceWrite = 2 };

class NodeBench {
public:
    static constexpr uint64_t kBase = 0x10000, kControl = 0x8000, kCommands = 0x100000;
    static constexpr unsigned kQueue = 37, kPasid = 0x54321;

    explicit NodeBench(uint64_t seed = 1)
        : dut(std::make_unique<Vdma_node_tb>()), memory(*dut, seed)
    {
        dut->advance_i = 1;
        dut->event_ready_i = 1;
        dut->end_ready_i = 1;
        dut->log_ready_i = 1;
        dut->rst_ni = 0;
        dut->clk_i = 0;
        dut->eval();
        dut->clk_i = 1;
        dut->eval();
        dut->rst_ni = 1;
    }

    std::unique_ptr<Vdma_node_tb> dut;
    DmaMemory<Vdma_node_tb> memory;
    uint64_t cycle = 0;
    bool skip = false; // Let one edge stand for a whole quiet stretch.

    unsigned log2_entries = 4;
    bool kernel_ring = false;
    uint64_t rptr = 0, wptr = 0; // The queue, as software sees it.
    uint32_t offset = 0;         // Resume point that the next turn gets.
    uint64_t done = 0;
    uint64_t next_command = kCommands;

    std::vector<Event> events;
    std::vector<uint64_t> samples, starts, dones; // Cycles.
    std::vector<uint64_t> start_counts, done_counts;
    std::vector<std::pair<uint64_t, unsigned>> signals; // Cycle and key.
    struct Log {
        bool enable = false;
        uint64_t addr = 0;
        uint32_t index = 0, wraps = 0;
    } logs[2];                   // Of waits and of signals; the scheduler's part.
    uint64_t timer_clocks = 0;   // Clocks in which a WORK timer ran.
    TurnEnd end;
    unsigned edges = 0;
    std::string wrong; // Broken promise of busy_o.

    uint64_t entry_addr(uint64_t count) const
    {
        return kBase + (count & ((1u << log2_entries) - 1)) * BELL_ENTRY_BYTES;
    }

    void put_entry(uint64_t count, uint64_t word0, uint64_t word1)
    {
        memory.words[entry_addr(count)] = word0;
        memory.words[entry_addr(count) + 8] = word1;
    }

    // Append a buffer of these packets; its address.
    uint64_t append(const std::vector<Packet> &packets)
    {
        const uint64_t addr = next_command;
        put_packets(addr, packets);
        put_entry(wptr, addr | (wptr << 48), packets.size() * BELL_PACKET_BYTES);
        memory.words[kControl] = ++wptr;
        next_command += packets.size() * BELL_PACKET_BYTES;
        return addr;
    }

    void put_packets(uint64_t addr, const std::vector<Packet> &packets)
    {
        for (const Packet &p : packets) {
            memory.words[addr] = p.head;
            memory.words[addr + 8] = p.arg1;
            memory.words[addr + 16] = p.arg2;
            memory.words[addr + 24] = p.arg3;
            addr += BELL_PACKET_BYTES;
        }
    }

    // Offer a turn and wait until the node takes it.
    void give_turn()
    {
        end = TurnEnd();
        dut->turn_valid_i = 1;
        dut->turn_queue_i = kQueue;
        dut->turn_base_i = kBase;
        dut->turn_control_i = kControl;
        dut->turn_log2_entries_i = log2_entries;
        dut->turn_kernel_ring_i = kernel_ring;
        dut->turn_pasid_i = kPasid;
        dut->turn_rptr_i = rptr;
        dut->turn_offset_i = offset;
        dut->turn_done_i = done;
        bool taken = false;
        for (unsigned i = 0; i < 100 && !taken; i++)
            taken = step();
        dut->turn_valid_i = 0;
    }

    void wait_end(unsigned bound = 20000)
    {
        for (unsigned i = 0; i < bound && !end.ended; i++)
            step();
        if (end.ended) {
            rptr = end.rptr;
            offset = end.offset;
            done = end.done;
        }
    }

    void turn(unsigned bound = 20000)
    {
        give_turn();
        wait_end(bound);
    }

    // One edge; true when the turn was taken by it.
    bool step()
    {
        dut->clk_i = 0;
        memory.drive(cycle);
        dut->advance_i = 1;
        dut->time_i = cycle + 1;
        offer_log();
        dut->eval();
        if (dut->log_valid_o) { // Which log is known now.
            offer_log();
            dut->eval();
        }
        const bool quiet = !dut->busy_o && !dut->m_axi_rvalid && !dut->m_axi_bvalid;
        const bool inputs = dut->turn_valid_i || dut->abort_i || dut->yield_i ||
                            dut->preempt_i;
        if (quiet && !inputs && skip && memory.quiet() && dut->timer_valid_o) {
            dut->advance_i = uint32_t(std::min<uint64_t>(dut->timer_o, 1000000));
            dut->eval();
        }
        const bool last_clock = dut->timer_valid_o && dut->timer_o <= dut->advance_i;
        const uint64_t before = face();
        look();
        memory.sample(cycle);
        const bool taken = dut->turn_valid_i && dut->turn_ready_o;
        cycle += dut->advance_i;
        edges++;
        dut->clk_i = 1;
        dut->eval();
        if (quiet && !inputs && !last_clock && face() != before && wrong.empty())
            wrong = "quiet, but an output changed at cycle " + std::to_string(cycle);
        return taken;
    }

    void run(unsigned edges_to_go)
    {
        for (unsigned i = 0; i < edges_to_go; i++)
            step();
    }

    // Index in the log of the first access of this kind; -1 = none.
    int find(bool write, unsigned id, unsigned nth = 0) const
    {
        for (size_t i = 0; i < memory.log.size(); i++)
            if (memory.log[i].write == write && memory.log[i].id == id && nth-- == 0)
                return int(i);
        return -1;
    }

    const Access &access(bool write, unsigned id, unsigned nth = 0) const
    {
        static const Access none{};
        const int i = find(write, id, nth);
        return i < 0 ? none : memory.log[size_t(i)];
    }

    unsigned count(bool write, unsigned id) const
    {
        unsigned n = 0;
        for (const Access &a : memory.log)
            n += a.write == write && a.id == id;
        return n;
    }

    uint64_t rptr_in_memory() const { return memory.word(kControl + BELL_CONTROL_RPTR_OFFSET); }
    bool clean() const { return memory.broken.empty() && wrong.empty(); }

private:
    // What a neighbour sees without an input of its own.
    uint64_t face() const
    {
        return dut->m_axi_arvalid | dut->m_axi_awvalid << 1 | dut->m_axi_wvalid << 2 |
               dut->end_valid_o << 3 | dut->event_valid_o << 4 | dut->start_valid_o << 5 |
               dut->done_valid_o << 6 | dut->sample_valid_o << 7 | dut->busy_o << 8 |
               dut->turn_ready_o << 9 | dut->timer_valid_o << 10 | dut->signal_valid_o << 11 |
               dut->log_valid_o << 12;
    }

    void offer_log()
    {
        const Log &log = logs[dut->log_signals_o];
        dut->log_enable_i = log.enable;
        dut->log_addr_i = log.addr;
        dut->log_index_i = log.index;
        dut->log_wraps_i = log.wraps;
    }

    void take_log()
    {
        Log &log = logs[dut->log_signals_o];
        if (!log.enable)
            return;
        log.wraps += log.index == 83;
        log.index = log.index == 83 ? 0 : log.index + 1;
    }

    void look()
    {
        if (dut->event_valid_o && dut->event_ready_i)
            events.push_back({cycle, dut->event_cause_o, dut->event_node_o, dut->event_queue_o,
                              dut->event_data_o});
        if (dut->signal_valid_o)
            signals.push_back({cycle, dut->signal_key_o});
        if (dut->log_valid_o && dut->log_ready_i)
            take_log();
        if (dut->timer_valid_o)
            timer_clocks += std::min<uint64_t>(dut->advance_i, dut->timer_o);
        if (dut->sample_valid_o)
            samples.push_back(cycle);
        if (dut->start_valid_o) {
            starts.push_back(cycle);
            start_counts.push_back(dut->start_rptr_o);
        }
        if (dut->done_valid_o) {
            dones.push_back(cycle);
            done_counts.push_back(dut->done_rptr_o);
        }
        if (dut->end_valid_o && dut->end_ready_i)
            end = {true, dut->end_queue_o, dut->end_cause_o, dut->end_rptr_o,
                   bool(dut->end_work_o), bool(dut->end_fault_o), dut->end_offset_o,
                   dut->end_done_o, bool(dut->end_blocked_o), dut->end_key_o};
    }
};

} // namespace bell_tb

#endif
