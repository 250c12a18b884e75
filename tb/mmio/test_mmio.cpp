// SPDX-License-Identifier: MIT
//
// Unit test of rtl/mmio: doorbell stores, order of answers, back-pressure. The test plays host,
// doorbell and registers.
// top: bell_mmio -GNumQueues=8

#include "Vbell_mmio.h"
#include "bell_regs.h"
#include "rtl_test.h"

#include <deque>
#include <random>

namespace {

constexpr uint32_t kBar2 = 1u << 24;
constexpr unsigned kFitted = 4;
constexpr unsigned kOkay = 0;
constexpr unsigned kSlvErr = 2;
constexpr unsigned kPatience = 12; // Clocks in which every access is answered.

struct Ring {
    uint32_t addr;
    unsigned strobes;
    uint64_t data;
};

struct Mmio : rtl_test::Bench<Vbell_mmio> {
    std::vector<Ring> rings;       ///< As the doorbell stage saw them.
    std::vector<uint32_t> written; ///< Addresses of writes that reached the registers.
    std::vector<unsigned> answers; ///< Write answers taken by the host.
    unsigned regs_delay = 2;       ///< Clocks until the registers answer.
    unsigned regs_resp = kOkay;

    Mmio()
    {
        dut.slots_i = kFitted;
        dut.s_axil_bready = 1;
        dut.s_axil_rready = 1;
        settle();
    }

    /// One clock; takes the channels that were ready off the wires.
    void step()
    {
        dut.regs_awready_i = !write_busy_;
        dut.regs_wready_i = !write_busy_;
        dut.regs_arready_i = !read_busy_;
        dut.regs_bvalid_i = write_busy_ && write_left_ == 0;
        dut.regs_bresp_i = regs_resp;
        dut.regs_rvalid_i = read_busy_ && read_left_ == 0;
        dut.regs_rdata_i = 0x1122334455667788;
        settle();
        const bool aw = dut.s_axil_awvalid && dut.s_axil_awready;
        const bool w = dut.s_axil_wvalid && dut.s_axil_wready;
        const bool ar = dut.s_axil_arvalid && dut.s_axil_arready;
        look();
        tick();
        dut.s_axil_awvalid = dut.s_axil_awvalid && !aw;
        dut.s_axil_wvalid = dut.s_axil_wvalid && !w;
        dut.s_axil_arvalid = dut.s_axil_arvalid && !ar;
        settle();
    }

    void put_address(uint32_t addr)
    {
        dut.s_axil_awaddr = addr;
        dut.s_axil_awvalid = 1;
        settle();
    }
    void put_data(uint64_t data, unsigned strobes = 0xff)
    {
        dut.s_axil_wdata = data;
        dut.s_axil_wstrb = strobes;
        dut.s_axil_wvalid = 1;
        settle();
    }
    unsigned write(uint32_t addr, uint64_t data = 1, unsigned strobes = 0xff)
    {
        const size_t before = answers.size();
        put_address(addr);
        put_data(data, strobes);
        for (unsigned i = 0; i < kPatience; i++) {
            step();
            if (answers.size() > before) {
                return answers.back();
            }
        }
        rtl_test::fail(__FILE__, __LINE__, "no answer to the write of " + rtl_test::shown(addr));
    }
    unsigned read(uint32_t addr, uint64_t *data)
    {
        dut.s_axil_araddr = addr;
        dut.s_axil_arvalid = 1;
        for (unsigned i = 0; i < kPatience; i++) {
            step();
            if (dut.s_axil_rvalid) {
                *data = dut.s_axil_rdata;
                const unsigned resp = dut.s_axil_rresp;
                step();
                return resp;
            }
        }
        rtl_test::fail(__FILE__, __LINE__, "no answer to the read of " + rtl_test::shown(addr));
    }

  private:
    bool write_busy_ = false, read_busy_ = false;
    unsigned write_left_ = 0, read_left_ = 0;

    void look()
    {
        if (dut.ring_valid_o) {
            rings.push_back({(uint32_t)rtl_test::get_bits(dut.ring_o, 72, 24),
                             (unsigned)rtl_test::get_bits(dut.ring_o, 64, 8),
                             rtl_test::get_bits(dut.ring_o, 0, 64)});
        }
        if (dut.s_axil_bvalid && dut.s_axil_bready) {
            answers.push_back(dut.s_axil_bresp);
        }
        if (dut.regs_bvalid_i && dut.regs_bready_o) {
            write_busy_ = false;
        }
        if (dut.regs_rvalid_i && dut.regs_rready_o) {
            read_busy_ = false;
        }
        write_left_ -= write_left_ > 0;
        read_left_ -= read_left_ > 0;
        if (dut.regs_awvalid_o && dut.regs_awready_i) {
            CHECK_EQ(dut.regs_wvalid_o, 1);
            written.push_back(dut.regs_awaddr_o);
            write_busy_ = true;
            write_left_ = regs_delay;
        }
        if (dut.regs_arvalid_o && dut.regs_arready_i) {
            read_busy_ = true;
            read_left_ = regs_delay;
        }
    }
};

// A store crosses in the clock in which it comes, whole, and is answered in the next.
RTL_TEST(mmio, store_crosses_without_a_clock)
{
    Mmio t;
    t.put_address(kBar2 | 0x3000);
    t.put_data(0x1234);
    CHECK_EQ(t.dut.ring_valid_o, 1);
    t.step();
    CHECK_EQ(t.dut.s_axil_bvalid, 1);
    CHECK_EQ(t.dut.s_axil_bresp, kOkay);
    t.step();
    CHECK_EQ(t.rings.size(), 1);
    CHECK_EQ(t.rings[0].addr, 0x3000);
    CHECK_EQ(t.rings[0].strobes, 0xff);
    CHECK_EQ(t.rings[0].data, 0x1234);
    CHECK_EQ(t.dut.busy_o, 0);
}

// Budget "rings accepted per clock, sustained: 1".
RTL_TEST(mmio, one_store_per_clock_sustained)
{
    Mmio t;
    for (unsigned i = 0; i < 500; i++) {
        t.put_address(kBar2 | (i % kFitted) << 12);
        t.put_data(i);
        CHECK_EQ(t.dut.s_axil_awready, 1);
        CHECK_EQ(t.dut.s_axil_wready, 1);
        t.step();
        CHECK_EQ(t.rings.size(), i + 1);
    }
    t.step();
    CHECK_EQ(t.answers.size(), 500);
}

// Address and data may come apart, in either order.
RTL_TEST(mmio, address_and_data_come_apart)
{
    for (bool address_first : {true, false}) {
        Mmio t;
        if (address_first) {
            t.put_address(kBar2);
        } else {
            t.put_data(7);
        }
        for (int i = 0; i < 3; i++) {
            t.step();
            CHECK_EQ(t.rings.size(), 0);
            CHECK_EQ(t.dut.busy_o, 1);
        }
        if (address_first) {
            t.put_data(7);
        } else {
            t.put_address(kBar2);
        }
        t.step();
        CHECK_EQ(t.rings.size(), 1);
        CHECK_EQ(t.rings[0].data, 7);
    }
}

// What the doorbell stage refuses at sight is answered SLVERR; it sees strobes and address as they
// are.
RTL_TEST(mmio, refused_store_is_answered_slverr)
{
    Mmio t;
    t.dut.ring_refuse_i = 1;
    CHECK_EQ(t.write(kBar2 | 0x1004, 5, 0xf0), kSlvErr);
    CHECK_EQ(t.rings[0].addr, 0x1004);
    CHECK_EQ(t.rings[0].strobes, 0xf0);
    t.dut.ring_refuse_i = 0;
    CHECK_EQ(t.write(kBar2 | 0x1000), kOkay);
}

// A read of a doorbell page is OKAY and gives away nothing.
RTL_TEST(mmio, doorbell_pages_read_as_zero)
{
    Mmio t;
    uint64_t data = 1;
    CHECK_EQ(t.read(kBar2 | 0x3000, &data), kOkay);
    CHECK_EQ(data, 0);
    CHECK_EQ(t.rings.size(), 0);
}

// BAR0 writes that the registers cannot refuse by themselves never reach them.
RTL_TEST(mmio, bad_register_accesses_are_refused)
{
    Mmio t;
    uint64_t data;
    const uint32_t bad[] = {
        BELL_CTRL_OFFSET + 4,           // Misaligned.
        BELL_REGS_BYTES,                // Beyond the registers.
        0xffff8,                        // End of BAR0.
        0x100000 | BELL_CTRL_OFFSET,    // Beyond BAR0: no alias.
        0xf00000 | BELL_CTRL_OFFSET,
        BELL_SLOT_OWNER_OFFSET(kFitted),
        BELL_SLOT_OWNER_OFFSET(1023),
        BELL_QUEUE_BASE_OFFSET(8),
        BELL_QUEUE_BASE_OFFSET(1023),
        BELL_BANDS_OFFSET + 0xa0, // Hole in the scheduler's registers.
        BELL_BANDS_OFFSET + 0xf8,
    };
    for (uint32_t addr : bad) {
        CHECK_EQ(t.write(addr), kSlvErr);
        CHECK_EQ(t.read(addr, &data), kSlvErr);
        CHECK_EQ(data, 0);
    }
    for (uint32_t addr : {BELL_SLOT_DRAIN_OFFSET(0), BELL_QUEUE_STATE_OFFSET(7),
                          BELL_NODE_RUN3_OFFSET}) {
        CHECK_EQ(t.write(addr), kSlvErr);
        CHECK_EQ(t.read(addr, &data), kOkay);
    }
    CHECK_EQ(t.read(BELL_QUEUE_CMD_OFFSET(7), &data), kSlvErr);
    for (unsigned strobes : {0x00u, 0x0fu, 0xf0u, 0x7fu}) {
        CHECK_EQ(t.write(BELL_CTRL_OFFSET, 1, strobes), kSlvErr);
    }
    CHECK_EQ(t.written.size(), 0);
    CHECK_EQ(t.write(BELL_QUEUE_CMD_OFFSET(7)), kOkay);
    CHECK_EQ(t.write(BELL_SLOT_OWNER_OFFSET(3)), kOkay);
    CHECK_EQ(t.written.size(), 2);
}

// Errors of the registers reach the host; the data of a failed read does not.
RTL_TEST(mmio, register_errors_pass_through)
{
    Mmio t;
    t.regs_resp = kSlvErr;
    t.dut.regs_rresp_i = kSlvErr;
    uint64_t data = 1;
    CHECK_EQ(t.write(BELL_ID_OFFSET), kSlvErr);
    CHECK_EQ(t.read(BELL_EVENT_POP_OFFSET, &data), kSlvErr);
    CHECK_EQ(data, 0);
}

// Posted writes stay in order: a ring behind a register write waits for its answer.
RTL_TEST(mmio, ring_stays_behind_a_register_write)
{
    Mmio t;
    t.regs_delay = 6;
    t.regs_resp = kSlvErr;
    t.put_address(BELL_CTRL_OFFSET);
    t.put_data(1);
    t.step();
    t.put_address(kBar2);
    t.put_data(2);
    for (int i = 0; i < 6; i++) {
        t.step();
        CHECK_EQ(t.rings.size(), 0);
    }
    for (int i = 0; i < 4; i++) {
        t.step();
    }
    CHECK_EQ(t.rings.size(), 1);
    CHECK_EQ(t.answers.size(), 2);
    CHECK_EQ(t.answers[0], kSlvErr);
    CHECK_EQ(t.answers[1], kOkay);
}

// Host that takes answers when it likes: no store is lost, doubled or reordered, answers match.
RTL_TEST(mmio, slow_host_loses_nothing)
{
    Mmio t;
    std::mt19937_64 random(7);
    std::vector<uint32_t> sent;
    std::vector<unsigned> expected;
    unsigned addresses = 0, words = 0;

    for (int clock = 0; clock < 20000; clock++) {
        if (!t.dut.s_axil_awvalid && addresses < words + 2 && random() % 2) {
            const uint32_t addr = (addresses * 0x1000) % 0x1000000;
            t.put_address(kBar2 | addr);
            sent.push_back(addr);
            addresses++;
        }
        if (!t.dut.s_axil_wvalid && words < addresses + 2 && random() % 2) {
            t.put_data(words);
            words++;
        }
        t.dut.s_axil_bready = random() % 3 != 0;
        t.dut.ring_refuse_i = random() % 2;
        const size_t before = t.rings.size();
        t.step();
        if (t.rings.size() > before) {
            expected.push_back(t.dut.ring_refuse_i ? kSlvErr : kOkay);
        }
    }
    CHECK(t.rings.size() > 3000);
    for (size_t i = 0; i < t.rings.size(); i++) {
        CHECK_EQ(t.rings[i].addr, sent[i]);
        CHECK_EQ(t.rings[i].data, i);
    }
    CHECK(t.answers.size() + 2 >= t.rings.size());
    for (size_t i = 0; i < t.answers.size(); i++) {
        CHECK_EQ(t.answers[i], expected[i]);
    }
}

} // namespace
