// SPDX-License-Identifier: MIT
//
// Bench of rtl/sched/bell_sched.sv: plays registers, doorbell and two nodes.

#ifndef TB_SCHED_SCHED_BENCH_H
#define TB_SCHED_SCHED_BENCH_H

#include "Vbell_sched.h"
#include "bell_regs.h"
#include "rtl_test.h"

#include <random>

namespace {

#ifndef TB_QUEUES
#define TB_QUEUES 96
#endif

constexpr unsigned kQueues = TB_QUEUES;
constexpr unsigned kNodes = 2;
constexpr unsigned kEndBits = 187;   // queue 10, rptr 64, work 1, fault 1, cause 8, resume 96, blocked 1, key 6
constexpr unsigned kEndCause = 103;  // First bit of cause.
constexpr unsigned kTurnRptr = 96;   // First bit of rptr in a turn; below it resume.
constexpr unsigned kAckPatience = 7;    // Clocks; the module promises 6 after req_i.
constexpr unsigned kChange = 2;         // From the clock after an end is taken to its change.
constexpr unsigned kGivePatience = 12; // To the next turn of a free node.

struct Turn {
    uint64_t queue, base, control, log2_entries, kernel_ring, pasid, rptr;
};

struct Credit {
    bool coalesced, closed;
};

struct Sched : rtl_test::Bench<Vbell_sched> {
    uint64_t sampled = 0; ///< Pulses since the start.
    uint64_t forgone = 0;

    Sched()
    {
        dut.enable_i = 1;
        dut.gated_i = 0;
        dut.event_ready_i = 1;
        dut.advance_i = 1;
        settle();
    }

    /// Both clocks are one here.
    void tick()
    {
        settle();
        dut.clk_i = 1;
        dut.clk_timer_i = 1;
        dut.eval();
        dut.clk_i = 0;
        dut.clk_timer_i = 0;
        dut.eval();
        clock++;
    }

    /// One clock; one-clock inputs and ends that were taken go back to 0.
    void step()
    {
        settle();
        sampled += dut.sampled_o;
        forgone += dut.forgone_o;
        const unsigned ended = dut.end_valid_i & dut.end_ready_o;
        tick();
        dut.end_valid_i &= ~ended;
        dut.credit_valid_i = 0;
        dut.req_i = 0;
        settle();
    }

    // Registers.
    uint64_t access(bool write, uint32_t offset, uint64_t data)
    {
        dut.req_i = 1;
        dut.req_write_i = write;
        dut.req_addr_i = offset - BELL_QUEUE_BASE_OFFSET(0);
        dut.req_data_i = data;
        for (unsigned i = 0; i < kAckPatience; i++) {
            settle();
            if (dut.ack_read_o || dut.ack_write_o) {
                CHECK_EQ(dut.ack_write_o, write);
                const uint64_t answer = dut.ack_data_o;
                step();
                return answer;
            }
            step();
        }
        rtl_test::fail(__FILE__, __LINE__, "no answer at " + rtl_test::shown(offset));
    }
    void write(uint32_t offset, uint64_t data) { access(true, offset, data); }
    uint64_t read(uint32_t offset) { return access(false, offset, 0); }
    void command(unsigned queue, unsigned op) { write(BELL_QUEUE_CMD_OFFSET(queue), op); }
    /// All of STATE but BLOCK.
    uint64_t state(unsigned queue)
    {
        return read(BELL_QUEUE_STATE_OFFSET(queue)) & ~BELL_QUEUE_STATE_BLOCK_MASK;
    }
    /// Why the queue is not running.
    uint64_t reason(unsigned queue)
    {
        return BELL_FIELD_GET(read(BELL_QUEUE_STATE_OFFSET(queue)), BELL_QUEUE_STATE_BLOCK);
    }
    bool has(unsigned queue, uint64_t mask) { return (state(queue) & mask) != 0; }

    void context(unsigned queue, unsigned node, unsigned log2_entries = 4)
    {
        write(BELL_QUEUE_BASE_OFFSET(queue), 0x100000 + queue * 0x1000);
        write(BELL_QUEUE_CONTROL_OFFSET(queue), 0x800000 + queue * 16);
        write(BELL_QUEUE_CONFIG_OFFSET(queue),
              BELL_FIELD_PUT(BELL_QUEUE_CONFIG_LOG2_ENTRIES, log2_entries) |
                  BELL_FIELD_PUT(BELL_QUEUE_CONFIG_NODE, node) |
                  BELL_FIELD_PUT(BELL_QUEUE_CONFIG_PASID, 0x500 + queue));
        write(BELL_QUEUE_RPTR_OFFSET(queue), queue * 1000);
    }
    void place(unsigned queue, unsigned level, unsigned group = 0, unsigned priority = 0)
    {
        write(BELL_QUEUE_SCHED_OFFSET(queue), BELL_FIELD_PUT(BELL_QUEUE_SCHED_LEVEL, level) |
                                                  BELL_FIELD_PUT(BELL_QUEUE_SCHED_GROUP, group) |
                                                  BELL_FIELD_PUT(BELL_QUEUE_SCHED_PRIORITY,
                                                                 priority));
    }
    void allow(unsigned queue, uint64_t quantum, uint64_t same = 0, uint64_t higher = 0)
    {
        write(BELL_QUEUE_QUANTUM_OFFSET(queue), quantum);
        write(BELL_QUEUE_GRACE_OFFSET(queue), BELL_FIELD_PUT(BELL_QUEUE_GRACE_SAME, same) |
                                                  BELL_FIELD_PUT(BELL_QUEUE_GRACE_HIGHER, higher));
    }
    /// A register of the whole scheduler.
    uint64_t global(bool write, uint32_t offset, uint64_t data = 0)
    {
        dut.glob_req_i = 1;
        dut.glob_write_i = write;
        dut.glob_addr_i = offset - BELL_BANDS_OFFSET;
        dut.glob_data_i = data;
        step();
        dut.glob_req_i = 0;
        settle();
        CHECK_EQ(write ? dut.glob_ack_write_o : dut.glob_ack_read_o, 1);
        const uint64_t answer = dut.glob_ack_data_o;
        step();
        return answer;
    }
    /// Clocks until `condition`.
    template <class Condition> unsigned until(unsigned patience, Condition condition)
    {
        for (unsigned i = 0; i <= patience; i++) {
            settle();
            if (condition()) {
                return i;
            }
            step();
        }
        rtl_test::fail(__FILE__, __LINE__, "not in " + std::to_string(patience) + " clocks");
    }

    /// Open and on the run list.
    void start(unsigned queue, unsigned node)
    {
        context(queue, node);
        command(queue, BELL_QUEUE_CMD_OPEN);
        command(queue, BELL_QUEUE_CMD_ADD);
    }

    // Doorbell.
    Credit offer(unsigned queue)
    {
        dut.credit_valid_i = 1;
        dut.credit_i = queue;
        settle();
        return {(bool)dut.credit_coalesced_o, (bool)dut.credit_closed_o};
    }
    Credit ring(unsigned queue)
    {
        const Credit credit = offer(queue);
        step();
        return credit;
    }

    // Nodes.
    Turn turn()
    {
        const EData *w = dut.turn_o;
        return {rtl_test::get_bits(w, kTurnRptr + 186, 10),
                rtl_test::get_bits(w, kTurnRptr + 138, 48),
                rtl_test::get_bits(w, kTurnRptr + 90, 48),
                rtl_test::get_bits(w, kTurnRptr + 85, 5),
                rtl_test::get_bits(w, kTurnRptr + 84, 1),
                rtl_test::get_bits(w, kTurnRptr + 64, 20),
                rtl_test::get_bits(w, kTurnRptr, 64)};
    }
    /// Wait for a turn of the node and take it.
    unsigned take(unsigned node, unsigned patience = kGivePatience)
    {
        for (unsigned i = 0; i < patience; i++) {
            settle();
            if (dut.turn_valid_o >> node & 1) {
                const unsigned queue = (unsigned)turn().queue;
                dut.turn_ready_i = 1u << node;
                step();
                dut.turn_ready_i = 0;
                settle();
                return queue;
            }
            step();
        }
        rtl_test::fail(__FILE__, __LINE__, "no turn for node " + std::to_string(node));
    }
    bool quiet(unsigned clocks = 2 * kGivePatience)
    {
        for (unsigned i = 0; i < clocks; i++) {
            settle();
            if (dut.turn_valid_o) {
                return false;
            }
            step();
        }
        return true;
    }
    void offer_end(unsigned node, unsigned queue, uint64_t rptr, bool work, unsigned cause = 0)
    {
        const unsigned lsb = node * kEndBits;
        for (unsigned bit = 0; bit < kEndCause; bit += 32) {
            rtl_test::put_bits(dut.end_i, lsb + bit, std::min(32u, kEndCause - bit), 0);
        }
        rtl_test::put_bits(dut.end_i, lsb + kEndCause, 8, cause);
        rtl_test::put_bits(dut.end_i, lsb + kEndCause + 8, 1, cause != 0);
        rtl_test::put_bits(dut.end_i, lsb + kEndCause + 9, 1, work);
        rtl_test::put_bits(dut.end_i, lsb + kEndCause + 10, 64, rptr);
        rtl_test::put_bits(dut.end_i, lsb + kEndCause + 74, 10, queue);
        dut.end_valid_i |= 1u << node;
        settle();
    }
    /// The end of a turn that met a WAIT for a fence of this key.
    void offer_blocked(unsigned node, unsigned queue, unsigned key)
    {
        offer_end(node, queue, 0, true);
        rtl_test::put_bits(dut.end_i, node * kEndBits, 7, key | 1u << 6);
        settle();
    }
    void block(unsigned node, unsigned queue, unsigned key)
    {
        offer_blocked(node, queue, key);
        ended(node);
    }
    void signal(unsigned node, unsigned key)
    {
        dut.signal_valid_i = 1u << node;
        dut.signal_key_i = key << (6 * node);
        step();
        dut.signal_valid_i = 0;
        settle();
    }
    void end(unsigned node, unsigned queue, uint64_t rptr = 0, bool work = false,
             unsigned cause = 0)
    {
        offer_end(node, queue, rptr, work, cause);
        ended(node);
    }
    /// The end that is offered is taken, and has changed its queue and node.
    void ended(unsigned node)
    {
        until(kAckPatience, [&] { return !(dut.end_valid_i >> node & 1); });
        until(kChange, [&] { return !(dut.node_busy_o >> node & 1); });
    }
};

} // namespace

#endif
