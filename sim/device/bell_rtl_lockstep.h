/* SPDX-License-Identifier: MIT */
/**
 * @file bell_rtl_lockstep.h
 * @brief Tells sim/lockstep what the Verilated core does, from its pins, taps and a few signals.
 *
 * It only looks: with and without it, a run is the same. Without a lockstep every call does nothing.
 */
#ifndef BELL_RTL_LOCKSTEP_H
#define BELL_RTL_LOCKSTEP_H

#include "Vbell_top.h"
#include "Vbell_top___024root.h"
#include "bell_lockstep.h"

#include <cstring>

namespace bell {

class Lockstep {
  public:
    ~Lockstep() { bell_lockstep_destroy(lockstep_); }
    Lockstep() = default;
    Lockstep(const Lockstep &) = delete;
    Lockstep &operator=(const Lockstep &) = delete;

    /// False: no memory.
    bool open(const struct bell_device_config &config, const struct bell_device_host &host)
    {
        lockstep_ = bell_lockstep_create(&config, host.differs, host.ctx);
        if (on())
            look_at_ = bell_lockstep_look_at(lockstep_);
        return on();
    }

    bool on() const { return lockstep_ != nullptr; }

    /// An access is on the pins.
    void offered(uint64_t cycle, bool write, uint64_t addr)
    {
        if (!on())
            return;
        bell_lockstep_action action = make(BELL_SAW_OFFER, cycle);
        action.write = write;
        action.addr = addr;
        bell_lockstep_saw(lockstep_, &action);
    }

    void accepted(uint64_t cycle, bool write, uint64_t addr, uint64_t data, uint8_t lanes)
    {
        if (!on())
            return;
        bell_lockstep_action action = make(BELL_SAW_ACCEPT, cycle);
        action.write = write;
        action.addr = addr;
        action.value = data;
        action.lanes = lanes;
        bell_lockstep_saw(lockstep_, &action);
    }

    void answered(uint64_t cycle, bool write, uint64_t data, unsigned resp)
    {
        if (!on())
            return;
        bell_lockstep_action action = make(BELL_SAW_ANSWER, cycle);
        action.write = write;
        action.value = data;
        action.resp = static_cast<enum bell_resp>(resp);
        bell_lockstep_saw(lockstep_, &action);
    }

    /// Memory was touched; `id` as on AXI: node, unit.
    void touched(uint64_t cycle, bool write, unsigned id, uint32_t pasid, uint64_t addr,
                 unsigned resp, const uint64_t *data, unsigned beats)
    {
        if (!on())
            return;
        bell_lockstep_action action = make(write ? BELL_SAW_WRITE : BELL_SAW_READ, cycle);
        action.node = id >> 2;
        action.unit = id & 3;
        action.pasid = pasid;
        action.addr = addr;
        action.resp = static_cast<enum bell_resp>(resp);
        action.size = 8 * (beats < BELL_LOCKSTEP_WORDS ? beats : BELL_LOCKSTEP_WORDS);
        std::memcpy(action.data, data, action.size);
        bell_lockstep_saw(lockstep_, &action);
    }

    void irq(uint64_t cycle, bool level)
    {
        if (!on())
            return;
        bell_lockstep_action action = make(BELL_SAW_IRQ, cycle);
        action.value = level;
        bell_lockstep_saw(lockstep_, &action);
    }

    void reset(uint64_t cycle)
    {
        running_ = working_ = 0;
        if (!on())
            return;
        const bell_lockstep_action action = make(BELL_SAW_RESET, cycle);
        bell_lockstep_saw(lockstep_, &action);
    }

    /// Everything before this clock was told: has all happened that was due?
    void look(uint64_t cycle)
    {
        if (on() && cycle >= *look_at_)
            bell_lockstep_look(lockstep_, cycle);
    }

    /// Within the clock, pins settled: everything that is not on the buses.
    void observe(const Vbell_top &top, uint64_t cycle)
    {
        if (!on())
            return;
        look(cycle);
        const Vbell_top___024root &root = *top.rootp;
        const unsigned running = root.bell_top__DOT__node_running;
        const unsigned given = root.bell_top__DOT__u_sched__DOT__given;
        if (running_ != running || given)
            turns(top, cycle, running, given);
        running_ = running;
        if (top.ring_valid_o)
            ring(top, cycle);
        if (top.start_valid_o | top.done_valid_o)
            buffers(top, cycle);
        if (working_ != root.bell_top__DOT__timer_valid)
            work(cycle, root.bell_top__DOT__timer_valid);
        if (root.bell_top__DOT__u_irq__DOT__push)
            event(root.bell_top__DOT__u_irq__DOT__incoming, cycle);
        if (root.bell_top__DOT__u_regs__DOT__cpuif_wr_ack)
            saw(BELL_SAW_PERFORM, cycle, 0, 0, 0);
    }

  private:
    static constexpr unsigned kNodes = Vbell_top___024root::bell_top__DOT__NumNodes;

    static bell_lockstep_action make(bell_lockstep_kind kind, uint64_t cycle)
    {
        bell_lockstep_action action;
        // The data words only count as far as `size` says.
        std::memset(&action, 0, offsetof(bell_lockstep_action, data));
        action.kind = kind;
        action.cycle = cycle;
        return action;
    }

    template <typename Vector> static uint32_t queue_of(const Vector &vector, unsigned node)
    {
        return static_cast<uint32_t>((vector >> (10 * node)) & 0x3ff);
    }
    static uint64_t count_of(uint64_t vector, unsigned) { return vector; }
    template <std::size_t Words>
    static uint64_t count_of(const VlWide<Words> &vector, unsigned node)
    {
        return vector.at(2 * node) | static_cast<uint64_t>(vector.at(2 * node + 1)) << 32;
    }

    void saw(bell_lockstep_kind kind, uint64_t cycle, unsigned node, uint32_t queue,
             uint64_t value)
    {
        bell_lockstep_action action = make(kind, cycle);
        action.node = node;
        action.queue = queue;
        action.value = value;
        bell_lockstep_saw(lockstep_, &action);
    }

    // A turn counts from the clock in which sched gives it, one before its node has it. The end of
    // one shows one clock late.
    void turns(const Vbell_top &top, uint64_t cycle, unsigned running, unsigned given)
    {
        for (unsigned node = 0; node < kNodes; node++)
            if ((running_ & ~running) >> node & 1)
                turn_end(top, cycle, node);
        for (unsigned node = 0; node < kNodes; node++)
            if (given >> node & 1)
                saw(BELL_SAW_TURN, cycle, node, top.rootp->bell_top__DOT__u_sched__DOT__queue, 0);
    }

    // With the resume point and the fault that its queue has now. queue_state_t of bell_pkg: node
    // 2, cause 8, faulted.
    void turn_end(const Vbell_top &top, uint64_t cycle, unsigned node)
    {
        const Vbell_top___024root &root = *top.rootp;
        const uint32_t queue = queue_of(top.start_queue_o, node);
        bell_lockstep_action action = make(BELL_SAW_TURN_END, cycle);
        action.node = node;
        action.value = root.bell_top__DOT__u_sched__DOT__u_context__DOT__offset_ram[queue];
        action.data[0] = root.bell_top__DOT__u_sched__DOT__u_context__DOT__done_ram[queue];
        const uint32_t state = root.bell_top__DOT__u_sched__DOT__state_q[queue];
        action.cause = (state >> 2 & 0xff) * (state >> 10 & 1);
        bell_lockstep_saw(lockstep_, &action);
    }

    void ring(const Vbell_top &top, uint64_t cycle)
    {
        bell_lockstep_action action = make(BELL_SAW_RING, cycle);
        action.slot = top.ring_slot_o;
        action.queue = top.ring_queue_o;
        action.bucket = top.ring_bucket_o;
        action.cause = top.ring_cause_o;
        bell_lockstep_saw(lockstep_, &action);
    }

    void buffers(const Vbell_top &top, uint64_t cycle)
    {
        for (unsigned node = 0; node < kNodes; node++) {
            if (top.done_valid_o >> node & 1)
                saw(BELL_SAW_DONE, cycle, node, queue_of(top.done_queue_o, node),
                    count_of(top.done_rptr_o, node));
            if (top.start_valid_o >> node & 1)
                saw(BELL_SAW_START, cycle, node, queue_of(top.start_queue_o, node),
                    count_of(top.start_rptr_o, node));
        }
    }

    void work(uint64_t cycle, unsigned working)
    {
        for (unsigned node = 0; node < kNodes; node++)
            if ((working_ ^ working) >> node & 1)
                saw(BELL_SAW_WORK, cycle, node, 0, working >> node & 1);
        working_ = working;
    }

    // event_t of bell_pkg: cause 8, node 2, queue 10, data 64.
    void event(const VlWide<3> &incoming, uint64_t cycle)
    {
        bell_lockstep_action action = make(BELL_SAW_EVENT, cycle);
        action.value = incoming.at(0) | static_cast<uint64_t>(incoming.at(1)) << 32;
        action.queue = incoming.at(2) & 0x3ff;
        action.node = incoming.at(2) >> 10 & 3;
        action.cause = incoming.at(2) >> 12 & 0xff;
        bell_lockstep_saw(lockstep_, &action);
    }

    struct bell_lockstep *lockstep_ = nullptr;
    const uint64_t *look_at_ = nullptr;
    unsigned running_ = 0; // Nodes with a turn, a clock ago;
    unsigned working_ = 0; // with a WORK packet.
};

} // namespace bell
#endif
