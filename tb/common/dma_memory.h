// SPDX-License-Identifier: MIT
//
// Memory behind an AXI4 master under test (ports m_axi_*): answers with a latency and random
// stalls, refuses what it is told to refuse, checks the AXI rules, keeps a log of every access.
//
// Use, once a clock:  clk low, drive(), eval, look, sample(), clk high, eval.

#ifndef TB_COMMON_DMA_MEMORY_H
#define TB_COMMON_DMA_MEMORY_H

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace bell_tb {

// Deterministic on every host.
class Random {
public:
    explicit Random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 1) {}

    uint64_t next()
    {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return state_;
    }
    uint64_t below(uint64_t n) { return (next() >> 11) % n; }
    bool percent(unsigned p) { return below(100) < p; }

private:
    uint64_t state_;
};

enum Resp : unsigned { kOkay = 0, kSlvErr = 2, kDecErr = 3 };

struct Access {
    bool write;
    unsigned id;
    uint64_t addr;
    unsigned beats;
    uint32_t pasid;
    uint64_t asked;    // Cycle of the address handshake.
    uint64_t touched;  // Cycle in which memory was read or written.
    uint64_t answered; // Cycle of the last R beat or of B; 0 = not yet.
    unsigned resp;     // Worst answer.
    std::vector<uint64_t> data;
};

template <class Dut> class DmaMemory {
public:
    DmaMemory(Dut &dut, uint64_t seed) : dut_(dut), random_(seed) {}

    unsigned latency = 8;       // Clocks from address to answer.
    unsigned stall_percent = 0; // Chance that a ready or valid stays low for a clock.
    unsigned write_stall_percent = 0; // The same for AWREADY and WREADY alone, on top.
    std::map<uint64_t, uint64_t> words;
    std::map<uint64_t, unsigned> bad_reads;  // 8-byte address -> answer of that beat.
    std::map<uint64_t, unsigned> bad_writes; // 8-byte address -> answer of a burst that has it.
    std::set<uint64_t> late_reads;           // Bursts here are read when answered, not half way.
    std::vector<Access> log;
    std::string broken; // First AXI rule broken; empty = none.

    uint64_t word(uint64_t addr) const
    {
        auto it = words.find(addr);
        return it == words.end() ? 0 : it->second;
    }

    bool quiet() const { return reads_.empty() && writes_.empty(); }
    unsigned max_outstanding(unsigned id) const
    {
        auto it = most_.find(id);
        return it == most_.end() ? 0 : it->second;
    }

    void drive(uint64_t cycle)
    {
        touch(cycle);
        dut_.m_axi_arready = !random_.percent(stall_percent);
        const unsigned write_stall = std::max(stall_percent, write_stall_percent);
        dut_.m_axi_awready = !random_.percent(write_stall);
        dut_.m_axi_wready = !random_.percent(write_stall);
        if (!r_valid_)
            choose_read(cycle);
        if (!b_valid_)
            choose_answer(cycle);
        dut_.m_axi_rvalid = r_valid_;
        dut_.m_axi_bvalid = b_valid_;
    }

    void sample(uint64_t cycle)
    {
        check_stable();
        if (dut_.m_axi_arvalid && dut_.m_axi_arready)
            take_read(cycle);
        if (dut_.m_axi_awvalid && dut_.m_axi_awready)
            take_write(cycle);
        if (dut_.m_axi_wvalid && dut_.m_axi_wready)
            take_beat(cycle);
        if (r_valid_ && dut_.m_axi_rready)
            finish_beat(cycle);
        if (b_valid_ && dut_.m_axi_bready)
            finish_write(cycle);
    }

private:
    struct Read {
        size_t log;
        uint64_t due;
        unsigned next = 0;
        bool touched = false;
    };
    struct Write {
        size_t log;
        uint64_t due = 0;
        bool whole = false;
        bool touched = false;
    };

    void rule(bool ok, const char *what)
    {
        if (!ok && broken.empty())
            broken = what;
    }

    void check_stable()
    {
        const uint64_t ar =
            dut_.m_axi_araddr | uint64_t(dut_.m_axi_arid) << 60 | uint64_t(dut_.m_axi_arlen) << 48;
        const uint64_t aw =
            dut_.m_axi_awaddr | uint64_t(dut_.m_axi_awid) << 60 | uint64_t(dut_.m_axi_awlen) << 48;
        rule(!ar_wait_ || (dut_.m_axi_arvalid && ar == ar_was_), "AR changed before ready");
        rule(!aw_wait_ || (dut_.m_axi_awvalid && aw == aw_was_), "AW changed before ready");
        rule(!w_wait_ || (dut_.m_axi_wvalid && dut_.m_axi_wdata == w_was_),
             "W changed before ready");
        ar_wait_ = dut_.m_axi_arvalid && !dut_.m_axi_arready;
        aw_wait_ = dut_.m_axi_awvalid && !dut_.m_axi_awready;
        w_wait_ = dut_.m_axi_wvalid && !dut_.m_axi_wready;
        ar_was_ = ar;
        aw_was_ = aw;
        w_was_ = dut_.m_axi_wdata;
    }

    void check_burst(uint64_t addr, unsigned beats, unsigned size, unsigned burst)
    {
        rule(addr % 8 == 0, "address not 8-byte aligned");
        rule(beats <= 16, "more than 16 beats");
        rule((addr >> 12) == ((addr + beats * 8 - 1) >> 12), "burst crosses 4 KiB");
        rule(size == 3 && burst == 1, "not an INCR burst of 8-byte beats");
    }

    void take_read(uint64_t cycle)
    {
        const unsigned beats = dut_.m_axi_arlen + 1u;
        check_burst(dut_.m_axi_araddr, beats, dut_.m_axi_arsize, dut_.m_axi_arburst);
        log.push_back({false, dut_.m_axi_arid, dut_.m_axi_araddr, beats, dut_.m_axi_aruser, cycle,
                       0, 0, kOkay, {}});
        reads_.push_back({log.size() - 1, cycle + latency});
        unsigned open = 0;
        for (const Read &r : reads_)
            open += log[r.log].id == dut_.m_axi_arid;
        if (open > most_[dut_.m_axi_arid])
            most_[dut_.m_axi_arid] = open;
    }

    void take_write(uint64_t cycle)
    {
        const unsigned beats = dut_.m_axi_awlen + 1u;
        check_burst(dut_.m_axi_awaddr, beats, dut_.m_axi_awsize, dut_.m_axi_awburst);
        log.push_back({true, dut_.m_axi_awid, dut_.m_axi_awaddr, beats, dut_.m_axi_awuser, cycle,
                       0, 0, kOkay, {}});
        writes_.push_back({log.size() - 1});
        merge(cycle);
    }

    void take_beat(uint64_t cycle)
    {
        rule(dut_.m_axi_wstrb == 0xff, "strobes not all ones");
        beats_.push_back({dut_.m_axi_wdata, bool(dut_.m_axi_wlast)});
        merge(cycle);
    }

    // W beats may come before their AW.
    void merge(uint64_t cycle)
    {
        for (Write &w : writes_) {
            Access &a = log[w.log];
            while (!w.whole && !beats_.empty()) {
                a.data.push_back(beats_.front().first);
                w.whole = a.data.size() == a.beats;
                rule(beats_.front().second == w.whole, "WLAST not on the last beat");
                beats_.pop_front();
                w.due = cycle + latency;
            }
            if (!w.whole)
                return;
        }
    }

    // Memory is read and written half way between request and answer.
    void touch(uint64_t cycle)
    {
        for (Read &r : reads_) {
            Access &a = log[r.log];
            if (r.touched || cycle + (late_reads.count(a.addr) ? 0 : latency / 2) < r.due)
                continue;
            r.touched = true;
            a.touched = cycle;
            for (unsigned i = 0; i < a.beats; i++)
                a.data.push_back(word(a.addr + 8 * i));
        }
        for (Write &w : writes_) {
            Access &a = log[w.log];
            if (!w.whole || w.touched || cycle + latency / 2 < w.due)
                continue;
            w.touched = true;
            a.touched = cycle;
            for (unsigned i = 0; i < a.beats; i++)
                if (bad_writes.count(a.addr + 8 * i))
                    a.resp = bad_writes[a.addr + 8 * i];
            for (unsigned i = 0; a.resp == kOkay && i < a.beats; i++)
                words[a.addr + 8 * i] = a.data[i];
        }
    }

    // Any id whose oldest answer is due; beats of different ids mix.
    void choose_read(uint64_t cycle)
    {
        std::vector<size_t> ready;
        unsigned seen = 0;
        for (size_t i = 0; i < reads_.size(); i++) {
            const unsigned bit = 1u << log[reads_[i].log].id;
            if (!(seen & bit) && reads_[i].due <= cycle && reads_[i].touched)
                ready.push_back(i);
            seen |= bit;
        }
        if (ready.empty() || random_.percent(stall_percent))
            return;
        r_index_ = ready[random_.below(ready.size())];
        const Read &r = reads_[r_index_];
        const Access &a = log[r.log];
        auto bad = bad_reads.find(a.addr + 8 * r.next);
        r_valid_ = true;
        dut_.m_axi_rid = a.id;
        dut_.m_axi_rdata = bad == bad_reads.end() ? a.data[r.next] : 0xdeaddeaddeaddead;
        dut_.m_axi_rresp = bad == bad_reads.end() ? unsigned(kOkay) : bad->second;
        dut_.m_axi_rlast = r.next + 1 == a.beats;
    }

    void finish_beat(uint64_t cycle)
    {
        Read &r = reads_[r_index_];
        Access &a = log[r.log];
        if (dut_.m_axi_rresp)
            a.resp = dut_.m_axi_rresp;
        r_valid_ = false;
        if (++r.next == a.beats) {
            a.answered = cycle;
            reads_.erase(reads_.begin() + long(r_index_));
        }
    }

    void choose_answer(uint64_t cycle)
    {
        std::vector<size_t> ready;
        unsigned seen = 0;
        for (size_t i = 0; i < writes_.size(); i++) {
            const unsigned bit = 1u << log[writes_[i].log].id;
            if (!(seen & bit) && writes_[i].touched && writes_[i].due <= cycle)
                ready.push_back(i);
            seen |= bit;
        }
        if (ready.empty() || random_.percent(stall_percent))
            return;
        b_index_ = ready[random_.below(ready.size())];
        b_valid_ = true;
        dut_.m_axi_bid = log[writes_[b_index_].log].id;
        dut_.m_axi_bresp = log[writes_[b_index_].log].resp;
    }

    void finish_write(uint64_t cycle)
    {
        log[writes_[b_index_].log].answered = cycle;
        writes_.erase(writes_.begin() + long(b_index_));
        b_valid_ = false;
    }

    Dut &dut_;
    Random random_;
    std::vector<Read> reads_;
    std::vector<Write> writes_;
    std::deque<std::pair<uint64_t, bool>> beats_;
    std::map<unsigned, unsigned> most_;
    bool r_valid_ = false, b_valid_ = false;
    size_t r_index_ = 0, b_index_ = 0;
    bool ar_wait_ = false, aw_wait_ = false, w_wait_ = false;
    uint64_t ar_was_ = 0, aw_was_ = 0, w_was_ = 0;
};

} // namespace bell_tb

#endif
