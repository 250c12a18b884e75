// SPDX-License-Identifier: MIT
//
// The device on busy buses: random handshakes on all ten channels, strobes, narrow and misaligned
// accesses, an error on any beat, reset at any clock.
// top: bell_top -GNumSlots=4 -GNumQueues=4 -GNumNodes=2 -F tb/assert/assert.f

#include "top_bench.h"

namespace {

using namespace top_tb;

constexpr unsigned kNodes = 2;

void do_jobs(Top &t)
{
    for (unsigned q = 0; q < kNodes; q++) {
        t.put_job(q);
        t.open(q);
    }
    t.enable();
    for (unsigned q = 0; q < kNodes; q++)
        t.ring(q);
    t.wait("both jobs", [&] { return t.job_done(0) && t.job_done(1); });
    for (unsigned q = 0; q < kNodes; q++)
        t.check_job(q);
}

// What the host may do, and what it must hear. Registers are only read where they stay as they are.
struct Access {
    uint32_t addr;
    unsigned strobes; // All ones for a read.
    unsigned resp;    // kByFit: depends on what is fitted.
};

constexpr unsigned kByFit = 1;

unsigned random_strobes(Random &random)
{
    static const unsigned kSome[] = {0xff, 0xff, 0xff, 0x0f, 0xf0, 0x01, 0x80, 0x3c, 0x00, 0xfe};
    return kSome[random.below(10)];
}

Access random_write(Random &random)
{
    const unsigned strobes = random_strobes(random);
    const unsigned off = random.percent(20) ? 1 + unsigned(random.below(7)) : 0;
    const bool whole = strobes == 0xff && off == 0;
    switch (random.below(5)) {
    case 0: { // A doorbell, fitted or not.
        const unsigned slot = unsigned(random.below(kSlots + 2));
        return {kBar2 | (slot * BELL_DOORBELL_BYTES + off), strobes,
                whole && slot < kSlots ? kOkay : kSlvErr};
    }
    case 1: // Somewhere in a doorbell page.
        return {kBar2 | (8 + 8 * unsigned(random.below(500))), strobes, kSlvErr};
    case 2: return {uint32_t(BELL_CTRL_OFFSET) + off, strobes, whole ? kOkay : kSlvErr};
    case 3: return {uint32_t(BELL_ID_OFFSET) + off, strobes, kSlvErr};
    default:
        return {uint32_t(BELL_SLOT_OWNER_OFFSET(random.below(8))), strobes, kByFit};
    }
}

Access random_read(Random &random)
{
    const unsigned off = random.percent(20) ? 1 + unsigned(random.below(7)) : 0;
    switch (random.below(4)) {
    case 0: return {kBar2 | unsigned(random.below(1 << 24)), 0xff, kOkay};
    case 1: return {uint32_t(BELL_ID_OFFSET) + off, 0xff, off ? kSlvErr : kOkay};
    case 2: return {0xf000 + 8 * unsigned(random.below(100)), 0xff, kSlvErr};
    default: return {uint32_t(BELL_QUEUE_STATE_OFFSET(random.below(8))), 0xff, kByFit};
    }
}

unsigned expected(const Access &a)
{
    if (a.resp != kByFit)
        return a.resp;
    if (a.strobes != 0xff)
        return kSlvErr;
    const bool slot = a.addr < BELL_QUEUE_BASE_OFFSET(0);
    const uint64_t index = slot ? (a.addr - BELL_SLOT_OWNER_OFFSET(0)) / BELL_SLOT_STRIDE
                                : (a.addr - BELL_QUEUE_BASE_OFFSET(0)) / BELL_QUEUE_STRIDE;
    return index < 4 ? kOkay : kSlvErr;
}

// Every input of both ports, with its width.
template <class Each> void each_input(Vbell_top &dut, Each each)
{
    each(dut.s_axil_awaddr, 25);
    each(dut.s_axil_awprot, 3);
    each(dut.s_axil_awvalid, 1);
    each(dut.s_axil_wdata, 64);
    each(dut.s_axil_wstrb, 8);
    each(dut.s_axil_wvalid, 1);
    each(dut.s_axil_bready, 1);
    each(dut.s_axil_araddr, 25);
    each(dut.s_axil_arprot, 3);
    each(dut.s_axil_arvalid, 1);
    each(dut.s_axil_rready, 1);
    each(dut.m_axi_arready, 1);
    each(dut.m_axi_rid, 4);
    each(dut.m_axi_rdata, 64);
    each(dut.m_axi_rresp, 2);
    each(dut.m_axi_rlast, 1);
    each(dut.m_axi_rvalid, 1);
    each(dut.m_axi_awready, 1);
    each(dut.m_axi_wready, 1);
    each(dut.m_axi_bid, 4);
    each(dut.m_axi_bresp, 2);
    each(dut.m_axi_bvalid, 1);
}

// Every output of both ports that is not a constant of bell_top.
std::map<std::string, uint64_t> outputs(const Vbell_top &dut)
{
#define OUTPUT(name) {#name, dut.name}
    return {OUTPUT(s_axil_awready), OUTPUT(s_axil_wready), OUTPUT(s_axil_bresp),
            OUTPUT(s_axil_bvalid), OUTPUT(s_axil_arready), OUTPUT(s_axil_rdata),
            OUTPUT(s_axil_rresp), OUTPUT(s_axil_rvalid), OUTPUT(m_axi_arid),
            OUTPUT(m_axi_araddr), OUTPUT(m_axi_arlen), OUTPUT(m_axi_arsize),
            OUTPUT(m_axi_arburst), OUTPUT(m_axi_aruser), OUTPUT(m_axi_arvalid),
            OUTPUT(m_axi_rready), OUTPUT(m_axi_awid), OUTPUT(m_axi_awaddr),
            OUTPUT(m_axi_awlen), OUTPUT(m_axi_awsize), OUTPUT(m_axi_awburst),
            OUTPUT(m_axi_awuser), OUTPUT(m_axi_awvalid), OUTPUT(m_axi_wdata),
            OUTPUT(m_axi_wstrb), OUTPUT(m_axi_wlast), OUTPUT(m_axi_wvalid),
            OUTPUT(m_axi_bready)};
#undef OUTPUT
}

// Other inputs in the same clock leave every output as it is.
void check_outputs_are_held(Top &t, Random &random)
{
    const std::map<std::string, uint64_t> before = outputs(t.dut);
    std::vector<uint64_t> kept;
    each_input(t.dut, [&](auto &input, unsigned) { kept.push_back(input); });
    for (unsigned turn = 0; turn < 4; turn++) {
        each_input(t.dut, [&](auto &input, unsigned width) {
            input = std::decay_t<decltype(input)>(random.next() >> (64 - width));
        });
        t.settle();
        for (const auto &[name, value] : outputs(t.dut))
            rtl_test::check_eq(__FILE__, __LINE__, name.c_str(), value, before.at(name));
    }
    auto next = kept.begin();
    each_input(t.dut, [&](auto &input, unsigned) {
        input = std::decay_t<decltype(input)>(*next++);
    });
    t.settle();
}

} // namespace

// AXI A3.2.1: no output of a port hangs on an input of the same clock.
RTL_TEST(top, no_path_from_input_to_output)
{
    for (unsigned stall : {0u, 30u, 70u}) {
        Top t(stall + 1, stall);
        Random random(stall + 1);
        t.look = [&] { check_outputs_are_held(t, random); };
        do_jobs(t);
        t.check_ledger();
        t.take_events();
    }
}

// Every access has one answer, in order, that fits it, whatever the handshakes; every store is in
// the ledger; what was refused changed nothing.
RTL_TEST(top, host_port_under_random_handshakes)
{
    for (unsigned stall : {0u, 30u, 70u, 95u}) {
        Top t(10 + stall, stall);
        Random random(stall + 1);
        std::vector<Access> writes, reads;
        unsigned stores = 0;
        for (unsigned i = 0; i < 600; i++) {
            const Access w = random_write(random);
            const Access r = random_read(random);
            // CTRL is written as it is, so that nothing starts.
            t.host->write({w.addr, w.addr == BELL_CTRL_OFFSET ? 0 : random.next(), w.strobes});
            t.host->read(r.addr);
            writes.push_back(w);
            reads.push_back(r);
            stores += w.addr >> 24;
        }
        t.wait("all answers", [&] {
            return t.host->writes.size() == writes.size() && t.host->reads.size() == reads.size();
        });
        for (size_t i = 0; i < writes.size(); i++)
            CHECK_EQ(t.host->writes[i].resp, expected(writes[i]));
        for (size_t i = 0; i < reads.size(); i++) {
            CHECK_EQ(t.host->reads[i].resp, expected(reads[i]));
            if (expected(reads[i]) != kOkay || reads[i].addr >> 24)
                CHECK_EQ(t.host->reads[i].data, 0);
        }
        CHECK_EQ(t.read(BELL_LEDGER_ACCEPTED_OFFSET), stores);
        CHECK_EQ(t.read(BELL_CTRL_OFFSET), 0);
        CHECK_EQ(BELL_FIELD_GET(t.read(BELL_ID_OFFSET), BELL_ID_MAGIC), BELL_ID_MAGIC_RESET);
        t.check_ledger();
        t.run(100);
        CHECK_EQ(t.host->writes.size(), writes.size()); // Nothing is answered twice.
    }
}

// AWREADY does not wait for WVALID, nor WREADY for AWVALID, while the device is free: either
// channel may be first, by any time, and a store is one ring.
RTL_TEST(top, address_or_data_first)
{
    for (unsigned gap = 0; gap < 6; gap++) {
        for (bool data_first : {false, true}) {
            Top t(1);
            t.dut.s_axil_bready = 1;
            t.dut.s_axil_awaddr = kBar2;
            t.dut.s_axil_wstrb = 0xff;
            CHECK_EQ(t.dut.s_axil_awready, 1);
            CHECK_EQ(t.dut.s_axil_wready, 1);
            for (unsigned turn = 0; turn < 2; turn++) {
                const bool data = (turn == 0) == data_first;
                (data ? t.dut.s_axil_wvalid : t.dut.s_axil_awvalid) = 1;
                t.settle();
                CHECK_EQ(data ? t.dut.s_axil_wready : t.dut.s_axil_awready, 1);
                t.tick();
                t.dut.s_axil_wvalid = t.dut.s_axil_awvalid = 0;
                t.settle();
                for (unsigned i = 0; turn == 0 && i < gap; i++) {
                    CHECK_EQ(t.dut.s_axil_bvalid, 0);
                    t.tick();
                }
            }
            CHECK_EQ(t.dut.s_axil_bvalid, 1);
            t.tick();
            t.settle();
            CHECK_EQ(t.dut.s_axil_bvalid, 0);
            CHECK_EQ(t.read(BELL_LEDGER_ACCEPTED_OFFSET), 1);
        }
    }
}

// A host that takes no answers holds up the next accesses and nothing else: rings already taken
// are worked on, and all answers come when it takes them.
RTL_TEST(top, answers_not_taken)
{
    Top t(2);
    t.put_job(0);
    t.open(0);
    t.enable();
    t.host->stall_percent = 100; // No new VALID either: the ring goes by hand.
    t.host->drive();
    t.dut.s_axil_awaddr = kBar2;
    t.dut.s_axil_wstrb = 0xff;
    t.dut.s_axil_araddr = BELL_ID_OFFSET;
    t.dut.s_axil_awvalid = t.dut.s_axil_wvalid = t.dut.s_axil_arvalid = 1;
    t.dut.s_axil_bready = t.dut.s_axil_rready = 0;
    t.tick();
    t.wait("the job", [&] { return t.job_done(0); });
    CHECK_EQ(t.dut.s_axil_bvalid, 1);
    CHECK_EQ(t.dut.s_axil_rvalid, 1);
    CHECK_EQ(BELL_FIELD_GET(t.dut.s_axil_rdata, BELL_ID_MAGIC), BELL_ID_MAGIC_RESET);
    t.check_job(0);
}

// The jobs come out right however memory answers.
RTL_TEST(top, memory_port_under_random_handshakes)
{
    for (unsigned stall : {0u, 20u, 50u, 80u}) {
        for (unsigned latency : {1u, 3u, 40u}) {
            Top t(100 * stall + latency, stall);
            t.memory->latency = latency;
            do_jobs(t);
            t.check_ledger();
        }
    }
}

// SLVERR and DECERR on each beat that a job reads, and on each burst that it writes: the queue
// faults with the right cause, its neighbour does its job, and the queue works again after CLOSE.
RTL_TEST(top, error_on_any_beat)
{
    std::set<uint64_t> read, written;
    {
        Top t(3);
        do_jobs(t);
        for (const bell_tb::Access &a : t.memory->log)
            for (unsigned i = 0; i < a.beats; i++)
                (a.write ? written : read).insert(a.addr + 8 * i);
    }
    unsigned faults = 0;
    for (bool write : {false, true}) {
        for (uint64_t addr : write ? written : read) {
            if (addr >= Place{1}.home())
                continue;
            for (unsigned resp : {unsigned(kSlvErr), unsigned(kDecErr)}) {
                Top t(addr + resp, resp == kSlvErr ? 0 : 25);
                (write ? t.memory->bad_writes : t.memory->bad_reads)[addr] = resp;
                for (unsigned q = 0; q < kNodes; q++) {
                    t.put_job(q);
                    t.open(q);
                }
                t.enable();
                t.ring(0);
                t.ring(1);
                t.wait("the neighbour", [&] { return t.job_done(1); });
                t.wait("the queue to stop", [&] {
                    return (t.state(0) & (BELL_QUEUE_STATE_RUNNING_MASK | BELL_QUEUE_STATE_WORK_MASK |
                                          BELL_QUEUE_STATE_PENDING_MASK)) == 0 ||
                           (t.state(0) & BELL_QUEUE_STATE_FAULTED_MASK);
                });
                t.check_job(1);
                const unsigned cause = resp == kSlvErr ? BELL_CAUSE_BUS_ERROR : BELL_CAUSE_PAGE_FAULT;
                unsigned seen = 0;
                for (const Event &e : t.take_events()) {
                    if (e.cause == BELL_CAUSE_USER_IRQ)
                        continue;
                    CHECK_EQ(e.cause, cause);
                    CHECK_EQ(e.queue, 0);
                    CHECK_EQ(e.node, 0);
                    seen++;
                }
                CHECK_EQ(seen, 1);
                CHECK_EQ(BELL_FIELD_GET(t.state(0), BELL_QUEUE_STATE_CAUSE), cause);
                CHECK(t.state(0) & BELL_QUEUE_STATE_FAULTED_MASK);
                faults++;
                t.memory->bad_reads.clear();
                t.memory->bad_writes.clear();
                t.write(BELL_QUEUE_CMD_OFFSET(0), BELL_QUEUE_CMD_CLOSE);
                t.put_job(0);
                t.open(0);
                t.ring(0);
                t.wait("the job again", [&] { return t.job_done(0); });
                t.check_job(0);
                t.check_ledger();
            }
        }
    }
    CHECK_EQ(faults, 2 * (std::distance(read.begin(), read.lower_bound(Place{1}.home())) +
                          std::distance(written.begin(), written.lower_bound(Place{1}.home()))));
    CHECK(faults > 200);
}

// Reset at each clock of the jobs, also between the beats of a burst: no VALID is left, nothing of
// before comes after, and the jobs then run as on a new device.
RTL_TEST(top, reset_at_any_clock)
{
    for (unsigned stall : {0u, 40u}) {
        unsigned clocks = 0;
        {
            Top t(4, stall);
            do_jobs(t);
            clocks = unsigned(t.clock);
        }
        for (unsigned at = 0; at < clocks; at++) {
            Top t(4, stall);
            for (unsigned q = 0; q < kNodes; q++) {
                t.put_job(q);
                for (const auto &[addr, data] :
                     {std::pair<uint32_t, uint64_t>{BELL_QUEUE_BASE_OFFSET(q), Place{q}.ring()},
                      {BELL_QUEUE_CONTROL_OFFSET(q), Place{q}.control()},
                      {BELL_QUEUE_CONFIG_OFFSET(q),
                       BELL_FIELD_PUT(BELL_QUEUE_CONFIG_LOG2_ENTRIES, 2) |
                           BELL_FIELD_PUT(BELL_QUEUE_CONFIG_NODE, q)},
                      {BELL_QUEUE_RPTR_OFFSET(q), 0},
                      {BELL_QUEUE_CMD_OFFSET(q), BELL_QUEUE_CMD_OPEN},
                      {BELL_QUEUE_CMD_OFFSET(q), BELL_QUEUE_CMD_ADD},
                      {BELL_SLOT_OWNER_OFFSET(q), BELL_FIELD_PUT(BELL_SLOT_OWNER_QUEUE, q) |
                                                      BELL_SLOT_OWNER_VALID_MASK},
                      {BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK},
                      {kBar2 | q * BELL_DOORBELL_BYTES, 1}})
                    t.host->write({addr, data, 0xff});
                t.host->read(BELL_QUEUE_STATE_OFFSET(q));
            }
            t.run(at);
            t.restart(at % 3); // Also a pulse between two edges.
            CHECK_EQ(t.dut.m_axi_arvalid | t.dut.m_axi_awvalid | t.dut.m_axi_wvalid, 0);
            CHECK_EQ(t.dut.s_axil_bvalid | t.dut.s_axil_rvalid, 0);
            CHECK_EQ(t.dut.irq_o, 0);
            CHECK_EQ(t.read(BELL_LEDGER_ACCEPTED_OFFSET), 0);
            CHECK_EQ(t.read(BELL_IRQ_LEVEL_OFFSET), 0);
            const size_t before = t.memory->log.size();
            t.run(20);
            CHECK_EQ(t.memory->log.size(), before);
            do_jobs(t);
            t.check_ledger();
            CHECK_EQ(t.take_events().size(), kNodes * kBuffers);
        }
    }
}
