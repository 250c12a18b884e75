// SPDX-License-Identifier: MIT
//
// The whole device between a host and a memory that both take their time: every VALID and READY
// of both ports comes by chance. The checkers of tb/assert are bound in; a broken rule ends the
// program with its name.

#ifndef TB_TOP_TOP_BENCH_H
#define TB_TOP_TOP_BENCH_H

#include "Vbell_top.h"
#include "bell_formats.h"
#include "bell_regs.h"
#include "dma_memory.h"
#include "rtl_test.h"

#include <functional>
#include <memory>
#include <tuple>

namespace top_tb {

using bell_tb::DmaMemory;
using bell_tb::kDecErr;
using bell_tb::kOkay;
using bell_tb::kSlvErr;
using bell_tb::Random;

constexpr uint32_t kBar2 = 1u << 24;
constexpr unsigned kSlots = 4;
constexpr unsigned kPatience = 20000; // Clocks that a wait may take.

/// AXI4-Lite host: the three channels out are independent of each other, answers are kept.
class AxilHost {
  public:
    struct Write {
        uint32_t addr;
        uint64_t data;
        unsigned strobes;
    };
    struct Answer {
        unsigned resp;
        uint64_t data;
    };

    AxilHost(Vbell_top &dut, uint64_t seed) : dut_(dut), random_(seed) {}

    unsigned stall_percent = 0;
    std::vector<Answer> writes, reads; ///< Answers so far.

    void write(const Write &w)
    {
        aw_.push_back(w);
        w_.push_back(w);
    }
    void read(uint32_t addr) { ar_.push_back(addr); }

    void drive()
    {
        raise(aw_up_, !aw_.empty());
        raise(w_up_, !w_.empty());
        raise(ar_up_, !ar_.empty());
        dut_.s_axil_awvalid = aw_up_;
        dut_.s_axil_wvalid = w_up_;
        dut_.s_axil_arvalid = ar_up_;
        dut_.s_axil_awaddr = aw_up_ ? aw_.front().addr : uint32_t(random_.next() & 0x1ffffff);
        dut_.s_axil_wdata = w_up_ ? w_.front().data : random_.next();
        dut_.s_axil_wstrb = w_up_ ? w_.front().strobes : random_.next() & 0xff;
        dut_.s_axil_araddr = ar_up_ ? ar_.front() : uint32_t(random_.next() & 0x1ffffff);
        dut_.s_axil_bready = !random_.percent(stall_percent);
        dut_.s_axil_rready = !random_.percent(stall_percent);
    }

    void sample()
    {
        if (aw_up_ && dut_.s_axil_awready) {
            aw_.pop_front();
            aw_up_ = false;
        }
        if (w_up_ && dut_.s_axil_wready) {
            w_.pop_front();
            w_up_ = false;
        }
        if (ar_up_ && dut_.s_axil_arready) {
            ar_.pop_front();
            ar_up_ = false;
        }
        if (dut_.s_axil_bvalid && dut_.s_axil_bready)
            writes.push_back({dut_.s_axil_bresp, 0});
        if (dut_.s_axil_rvalid && dut_.s_axil_rready)
            reads.push_back({dut_.s_axil_rresp, dut_.s_axil_rdata});
    }

    bool sent() const { return aw_.empty() && w_.empty() && ar_.empty(); }

  private:
    void raise(bool &up, bool wanted)
    {
        if (!up && wanted)
            up = !random_.percent(stall_percent);
    }

    Vbell_top &dut_;
    Random random_;
    std::deque<Write> aw_, w_;
    std::deque<uint32_t> ar_;
    bool aw_up_ = false, w_up_ = false, ar_up_ = false;
};

struct Event {
    unsigned cause, node, queue;
    uint64_t data;
    bool operator==(const Event &other) const
    {
        return std::tie(cause, node, queue, data) ==
               std::tie(other.cause, other.node, other.queue, other.data);
    }
};

/// Where queue q keeps its things. Buffers cross pages and burst lengths.
struct Place {
    unsigned q;
    uint64_t home() const { return 0x100000 * (1 + uint64_t(q)); }
    uint64_t ring() const { return home(); }
    uint64_t control() const { return home() + 0x4000; }
    uint64_t fence() const { return home() + 0x5000; }
    uint64_t buffer(unsigned n) const { return home() + 0x8f80 + 0x1000 * n; }
    uint64_t source() const { return home() + 0x20f60; }
    uint64_t filled() const { return home() + 0x30fc8; }
    uint64_t copied() const { return home() + 0x40fa8; }
};

constexpr unsigned kBuffers = 2;
constexpr unsigned kFillBytes = 0x88; // 17 beats: two bursts and a page boundary.
constexpr unsigned kCopyBytes = 0x120;

struct Top : rtl_test::Bench<Vbell_top> {
    explicit Top(uint64_t seed, unsigned stall = 0) : seed_(seed), stall_(stall) { restart(); }

    std::unique_ptr<AxilHost> host;
    std::unique_ptr<DmaMemory<Vbell_top>> memory;
    std::function<void()> look; // In each clock, before its edge.

    /// Reset of device, host and memory in the middle of a clock, for `clocks`; contents stay.
    void restart(unsigned clocks = 1)
    {
        std::map<uint64_t, uint64_t> words;
        if (memory)
            words = memory->words;
        host = std::make_unique<AxilHost>(dut, ++seed_);
        memory = std::make_unique<DmaMemory<Vbell_top>>(dut, ++seed_);
        memory->words = words;
        memory->stall_percent = stall_;
        host->stall_percent = stall_;
        dut.s_axil_awvalid = dut.s_axil_wvalid = dut.s_axil_arvalid = 0;
        dut.m_axi_rvalid = dut.m_axi_bvalid = 0;
        dut.rst_ni = 0;
        settle();
        for (unsigned i = 0; i < clocks; i++)
            tick();
        dut.rst_ni = 1;
        dut.strap_slots_i = kSlots;
        dut.advance_i = 1;
        tick(); // Nobody may raise VALID before this edge.
    }

    void step()
    {
        memory->drive(clock);
        host->drive();
        settle();
        if (look)
            look();
        memory->sample(clock);
        host->sample();
        tick();
        if (!memory->broken.empty())
            rtl_test::fail(__FILE__, __LINE__, "memory: " + memory->broken);
    }
    void run(unsigned clocks)
    {
        for (unsigned i = 0; i < clocks; i++)
            step();
    }
    template <class Condition> void wait(const char *what, Condition condition)
    {
        for (unsigned i = 0; i < kPatience; i++) {
            if (condition())
                return;
            step();
        }
        rtl_test::fail(__FILE__, __LINE__, std::string("waited too long for ") + what);
    }

    unsigned write(uint32_t addr, uint64_t data, unsigned strobes = 0xff)
    {
        const size_t before = host->writes.size();
        host->write({addr, data, strobes});
        wait("an answer to a write", [&] { return host->writes.size() > before; });
        return host->writes.back().resp;
    }
    uint64_t read(uint32_t addr, unsigned resp = kOkay)
    {
        const size_t before = host->reads.size();
        host->read(addr);
        wait("an answer to a read", [&] { return host->reads.size() > before; });
        CHECK_EQ(host->reads.back().resp, resp);
        return host->reads.back().data;
    }

    /// Context, OPEN, ADD; slot q wakes queue q, which runs on node q.
    void open(unsigned q) { open(q, q); }
    void open(unsigned q, unsigned node)
    {
        const Place p = {q};
        write(BELL_QUEUE_BASE_OFFSET(q), p.ring());
        write(BELL_QUEUE_CONTROL_OFFSET(q), p.control());
        write(BELL_QUEUE_CONFIG_OFFSET(q), BELL_FIELD_PUT(BELL_QUEUE_CONFIG_LOG2_ENTRIES, 2) |
                                               BELL_FIELD_PUT(BELL_QUEUE_CONFIG_NODE, node) |
                                               BELL_FIELD_PUT(BELL_QUEUE_CONFIG_PASID, q + 1));
        write(BELL_QUEUE_RPTR_OFFSET(q), 0);
        write(BELL_QUEUE_CMD_OFFSET(q), BELL_QUEUE_CMD_OPEN);
        write(BELL_QUEUE_CMD_OFFSET(q), BELL_QUEUE_CMD_ADD);
        write(BELL_SLOT_OWNER_OFFSET(q),
              BELL_FIELD_PUT(BELL_SLOT_OWNER_QUEUE, q) | BELL_SLOT_OWNER_VALID_MASK);
    }
    void enable() { write(BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK); }
    void ring(unsigned q) { write(kBar2 | q * BELL_DOORBELL_BYTES, 1); }

    void put_packet(uint64_t addr, uint64_t op, uint64_t a = 0, uint64_t b = 0, uint64_t c = 0)
    {
        const uint64_t packet[] = {op, a, b, c};
        for (unsigned i = 0; i < 4; i++)
            memory->words[addr + 8 * i] = packet[i];
    }
    void put_entry(unsigned q, uint64_t count, uint64_t buffer, unsigned packets)
    {
        const Place p = {q};
        const uint64_t entry = p.ring() + count % 4 * BELL_ENTRY_BYTES;
        memory->words[entry] = buffer | BELL_FIELD_PUT(BELL_ENTRY_WORD0_TAG, count);
        memory->words[entry + 8] = packets * BELL_PACKET_BYTES;
        memory->words[p.control()] = count + 1;
    }

    /// The job: buffers that fill, copy, store, fence and interrupt.
    void put_job(unsigned q)
    {
        const Place p = {q};
        for (unsigned i = 0; i < kCopyBytes / 8; i++)
            memory->words[p.source() + 8 * i] = 0x1000 * (q + 1) + i;
        for (unsigned i = 0; i < 0x200; i += 8) {
            memory->words.erase(p.filled() + i);
            memory->words.erase(p.copied() + i);
        }
        memory->words.erase(p.fence());
        memory->words.erase(p.fence() + 8);
        memory->words.erase(p.control() + 8);
        for (unsigned n = 0; n < kBuffers; n++) {
            const uint64_t at = p.buffer(n);
            put_packet(at, BELL_OP_FILL, p.filled(), kFillBytes, 0xf0 + q);
            put_packet(at + 32, BELL_OP_COPY, p.copied(), kCopyBytes, p.source());
            put_packet(at + 64, BELL_OP_WORK, 3);
            put_packet(at + 96, BELL_OP_WRITE64, p.fence() + 8, 70 + n);
            put_packet(at + 128, BELL_OP_FENCE, p.fence(), n + 1);
            put_packet(at + 160, BELL_OP_IRQ, 50 + n);
            put_entry(q, n, at, 6);
        }
    }
    bool job_done(unsigned q)
    {
        return memory->word(Place{q}.control() + 8) == kBuffers;
    }
    void check_job(unsigned q)
    {
        const Place p = {q};
        for (unsigned i = 0; i < kFillBytes / 8; i++)
            CHECK_EQ(memory->word(p.filled() + 8 * i), 0xf0 + q);
        CHECK_EQ(memory->word(p.filled() + kFillBytes), 0);
        for (unsigned i = 0; i < kCopyBytes / 8; i++)
            CHECK_EQ(memory->word(p.copied() + 8 * i), 0x1000 * (q + 1) + i);
        CHECK_EQ(memory->word(p.copied() + kCopyBytes), 0);
        CHECK_EQ(memory->word(p.fence()), kBuffers);
        CHECK_EQ(memory->word(p.fence() + 8), 70 + kBuffers - 1);
        CHECK_EQ(memory->word(p.control() + 8), kBuffers);
    }

    std::vector<Event> take_events()
    {
        std::vector<Event> events;
        for (;;) {
            const uint64_t word0 = read(BELL_EVENT0_OFFSET);
            if (!(word0 & BELL_EVENT0_VALID_MASK))
                return events;
            events.push_back({unsigned(BELL_FIELD_GET(word0, BELL_EVENT0_CAUSE)),
                              unsigned(BELL_FIELD_GET(word0, BELL_EVENT0_NODE)),
                              unsigned(BELL_FIELD_GET(word0, BELL_EVENT0_QUEUE)),
                              read(BELL_EVENT1_OFFSET)});
            write(BELL_EVENT_POP_OFFSET, 1);
        }
    }
    uint64_t state(unsigned q) { return read(BELL_QUEUE_STATE_OFFSET(q)); }
    void check_ledger()
    {
        CHECK_EQ(read(BELL_LEDGER_ACCEPTED_OFFSET),
                 read(BELL_LEDGER_SAMPLED_OFFSET) + read(BELL_LEDGER_COALESCED_OFFSET) +
                     read(BELL_LEDGER_UNOWNED_OFFSET) + read(BELL_LEDGER_REJECTED_OFFSET) +
                     read(BELL_LEDGER_OWED_OFFSET));
    }

  private:
    uint64_t seed_;
    unsigned stall_;
};

} // namespace top_tb

#endif
