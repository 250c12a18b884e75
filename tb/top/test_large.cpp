// SPDX-License-Identifier: MIT
//
// The whole device at its largest: the last doorbell and the last queue of each node reach memory,
// in the same clocks as in a small build.
// top: bell_top -GNumSlots=1024 -GNumQueues=1024 -GNumNodes=4

#include "Vbell_top.h"
#include "bell_formats.h"
#include "bell_regs.h"
#include "rtl_test.h"

namespace {

constexpr uint32_t kBar2 = 1u << 24;
constexpr unsigned kQueues = 1024;
constexpr unsigned kNodes = 4;
constexpr unsigned kPatience = 16;
constexpr unsigned kRingToRead = 4; // Clocks from an accepted store to the WPTR read on the bus.

struct Device : rtl_test::Bench<Vbell_top> {
    Device()
    {
        dut.strap_slots_i = kQueues;
        dut.advance_i = 1;
        dut.s_axil_bready = 1;
        dut.s_axil_rready = 1;
        dut.m_axi_arready = 1;
        settle();
    }
    void write(uint32_t addr, uint64_t data)
    {
        dut.s_axil_awaddr = addr;
        dut.s_axil_wdata = data;
        dut.s_axil_wstrb = 0xff;
        dut.s_axil_awvalid = 1;
        dut.s_axil_wvalid = 1;
        for (unsigned i = 0; i < kPatience; i++) {
            tick();
            dut.s_axil_awvalid = 0;
            dut.s_axil_wvalid = 0;
            settle();
            if (dut.s_axil_bvalid) {
                CHECK_EQ(dut.s_axil_bresp, 0);
                tick();
                return;
            }
        }
        rtl_test::fail(__FILE__, __LINE__, "no answer to the write of " + rtl_test::shown(addr));
    }
    void open(unsigned queue, unsigned node)
    {
        write(BELL_QUEUE_BASE_OFFSET(queue), 0x10000);
        write(BELL_QUEUE_CONTROL_OFFSET(queue), 0x1000000 + 16 * queue);
        write(BELL_QUEUE_CONFIG_OFFSET(queue), 4 | node << BELL_QUEUE_CONFIG_NODE_SHIFT);
        write(BELL_QUEUE_RPTR_OFFSET(queue), 0);
        write(BELL_QUEUE_CMD_OFFSET(queue), BELL_QUEUE_CMD_OPEN);
        write(BELL_QUEUE_CMD_OFFSET(queue), BELL_QUEUE_CMD_ADD);
        write(BELL_SLOT_OWNER_OFFSET(queue), queue | BELL_SLOT_OWNER_VALID_MASK);
    }
    /// Clocks from the store to the read of the queue's WPTR.
    unsigned ring(unsigned queue)
    {
        dut.s_axil_awaddr = kBar2 | queue * BELL_DOORBELL_BYTES;
        dut.s_axil_wdata = 1;
        dut.s_axil_wstrb = 0xff;
        dut.s_axil_awvalid = 1;
        dut.s_axil_wvalid = 1;
        for (unsigned clock = 0; clock < kPatience; clock++) {
            settle();
            if (dut.m_axi_arvalid) {
                CHECK_EQ(dut.m_axi_araddr, 0x1000000 + 16 * queue + BELL_CONTROL_WPTR_OFFSET);
                tick();
                return clock;
            }
            tick();
            dut.s_axil_awvalid = 0;
            dut.s_axil_wvalid = 0;
        }
        rtl_test::fail(__FILE__, __LINE__, "no read for queue " + std::to_string(queue));
    }
};

RTL_TEST(large, last_doorbells_reach_memory)
{
    Device t;
    t.write(BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
    for (unsigned n = 0; n < kNodes; n++) {
        t.open(kQueues - 1 - n, n);
    }
    for (unsigned n = 0; n < kNodes; n++) {
        CHECK_EQ(t.ring(kQueues - 1 - n), kRingToRead);
        for (unsigned i = 0; i < 8; i++) {
            t.tick();
        }
    }
    CHECK_EQ(t.dut.sample_valid_o, 0);
}

} // namespace
