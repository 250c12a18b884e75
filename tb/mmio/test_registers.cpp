// SPDX-License-Identifier: MIT
//
// Registers of the whole device, through its bus: identity, directions, holes, ledger, rings.
// Memory answers nothing here, so a queue that starts stays running.
// top: bell_top -GNumSlots=8 -GNumQueues=8 -GNumNodes=3

#include "Vbell_top.h"
#include "bell_formats.h"
#include "bell_regs.h"
#include "rtl_test.h"

namespace {

constexpr uint32_t kBar2 = 1u << 24;
constexpr unsigned kFitted = 6;
constexpr unsigned kOkay = 0;
constexpr unsigned kSlvErr = 2;
constexpr unsigned kPatience = 12;     // Clocks in which every register access is answered.
constexpr unsigned kEnableToTurn = 8;  // Clocks to the turn of a queue that was ready before.
constexpr unsigned kRingToRead = 4;    // Clocks from an accepted store to the WPTR read on the bus.

struct Device : rtl_test::Bench<Vbell_top> {
    Device()
    {
        dut.strap_slots_i = kFitted;
        dut.advance_i = 1;
        dut.s_axil_bready = 1;
        dut.s_axil_rready = 1;
        settle();
    }

    unsigned write(uint32_t addr, uint64_t data, unsigned strobes = 0xff)
    {
        dut.s_axil_awaddr = addr;
        dut.s_axil_wdata = data;
        dut.s_axil_wstrb = strobes;
        dut.s_axil_awvalid = 1;
        dut.s_axil_wvalid = 1;
        for (unsigned i = 0; i < kPatience; i++) {
            tick();
            dut.s_axil_awvalid = 0;
            dut.s_axil_wvalid = 0;
            settle();
            if (dut.s_axil_bvalid) {
                const unsigned resp = dut.s_axil_bresp;
                tick();
                return resp;
            }
        }
        rtl_test::fail(__FILE__, __LINE__, "no answer to the write of " + rtl_test::shown(addr));
    }
    unsigned read_answer(uint32_t addr, uint64_t *data)
    {
        dut.s_axil_araddr = addr;
        dut.s_axil_arvalid = 1;
        for (unsigned i = 0; i < kPatience; i++) {
            tick();
            dut.s_axil_arvalid = 0;
            settle();
            if (dut.s_axil_rvalid) {
                *data = dut.s_axil_rdata;
                const unsigned resp = dut.s_axil_rresp;
                tick();
                return resp;
            }
        }
        rtl_test::fail(__FILE__, __LINE__, "no answer to the read of " + rtl_test::shown(addr));
    }
    uint64_t read(uint32_t addr)
    {
        uint64_t data = 0;
        CHECK_EQ(read_answer(addr, &data), kOkay);
        return data;
    }
    unsigned ring(unsigned slot) { return write(kBar2 | slot * BELL_DOORBELL_BYTES, 1); }

    void start(unsigned queue, unsigned node, unsigned slot)
    {
        write(BELL_QUEUE_BASE_OFFSET(queue), 0x10000);
        write(BELL_QUEUE_CONTROL_OFFSET(queue), 0x20000 + 16 * queue);
        write(BELL_QUEUE_CONFIG_OFFSET(queue),
              BELL_FIELD_PUT(BELL_QUEUE_CONFIG_LOG2_ENTRIES, 4) |
                  BELL_FIELD_PUT(BELL_QUEUE_CONFIG_NODE, node) |
                  BELL_FIELD_PUT(BELL_QUEUE_CONFIG_PASID, 9));
        write(BELL_QUEUE_RPTR_OFFSET(queue), 0);
        write(BELL_QUEUE_CMD_OFFSET(queue), BELL_QUEUE_CMD_OPEN);
        write(BELL_QUEUE_CMD_OFFSET(queue), BELL_QUEUE_CMD_ADD);
        write(BELL_SLOT_OWNER_OFFSET(slot), BELL_FIELD_PUT(BELL_SLOT_OWNER_QUEUE, queue) |
                                                BELL_SLOT_OWNER_VALID_MASK);
    }
    void check_ledger()
    {
        CHECK_EQ(read(BELL_LEDGER_ACCEPTED_OFFSET),
                 read(BELL_LEDGER_SAMPLED_OFFSET) + read(BELL_LEDGER_COALESCED_OFFSET) +
                     read(BELL_LEDGER_UNOWNED_OFFSET) + read(BELL_LEDGER_REJECTED_OFFSET) +
                     read(BELL_LEDGER_OWED_OFFSET));
    }
};

RTL_TEST(mmio, identity_and_capabilities)
{
    Device t;
    const uint64_t id = t.read(BELL_ID_OFFSET);
    CHECK_EQ(BELL_FIELD_GET(id, BELL_ID_MAGIC), BELL_ID_MAGIC_RESET);
    CHECK_EQ(BELL_FIELD_GET(id, BELL_ID_MAJOR), BELL_ID_MAJOR_RESET);
    const uint64_t caps = t.read(BELL_CAPS_OFFSET);
    CHECK_EQ(BELL_FIELD_GET(caps, BELL_CAPS_SLOTS), kFitted);
    CHECK_EQ(BELL_FIELD_GET(caps, BELL_CAPS_QUEUES), 8);
    CHECK_EQ(BELL_FIELD_GET(caps, BELL_CAPS_NODES), 3);
    CHECK_EQ(BELL_FIELD_GET(caps, BELL_CAPS_DOORBELL_BYTES), 8);
    t.dut.strap_slots_i = 1024;
    CHECK_EQ(BELL_FIELD_GET(t.read(BELL_CAPS_OFFSET), BELL_CAPS_SLOTS), 8);
}

// Every register in both directions: what it may not do is SLVERR and changes nothing.
RTL_TEST(mmio, directions_and_holes)
{
    Device t;
    const struct {
        uint32_t offset;
        bool readable, writable;
        uint64_t kept; // Bits that read back after a write of all ones.
    } registers[] = {
        {BELL_ID_OFFSET, true, false, 0},
        {BELL_CAPS_OFFSET, true, false, 0},
        {BELL_CTRL_OFFSET, true, true, BELL_CTRL_ENABLE_MASK | BELL_CTRL_GATED_MASK},
        {BELL_STATUS_OFFSET, true, false, 0},
        {BELL_IRQ_CTRL_OFFSET, true, true, BELL_IRQ_CTRL_ENABLE_MASK},
        {BELL_IRQ_LEVEL_OFFSET, true, false, 0},
        {BELL_EVENT0_OFFSET, true, false, 0},
        {BELL_EVENT1_OFFSET, true, false, 0},
        {BELL_EVENT_POP_OFFSET, false, true, 0},
        {BELL_NODE_ABORT_OFFSET, false, true, 0},
        {BELL_DOORBELLS_OFFSET, true, true, BELL_DOORBELLS_LAYOUT_MASK}, // 3: PAGE is in force.
        {BELL_DOORBELLS_OFFSET + 8, false, false, 0},
        {BELL_LEDGER_ACCEPTED_OFFSET, true, false, 0},
        {BELL_LEDGER_OWED_OFFSET, true, false, 0},
        {BELL_LAST_REJECT_OFFSET, true, false, 0},
        {BELL_LAST_REJECT_OFFSET + 8, false, false, 0},
        {BELL_REPORT_ARM_OFFSET, true, true,
         BELL_REPORT_ARM_REJECTED_MASK | BELL_REPORT_ARM_UNOWNED_MASK}, // REFUSED fires at once.
        {BELL_SATURATED_OFFSET, true, false, 0},
        {BELL_SATURATED_OFFSET + 8, false, false, 0},
        {BELL_IDLE_LIMIT0_OFFSET, true, true, BELL_IDLE_LIMIT0_CLOCKS_MASK},
        {BELL_HUNG_LIMIT3_OFFSET, true, true,
         BELL_HUNG_LIMIT3_CLOCKS_MASK | BELL_HUNG_LIMIT3_LONG_WORK_MASK},
        {BELL_HUNG_LIMIT3_OFFSET + 8, false, false, 0},
        {0x8000, false, false, 0},
        {BELL_SLOT_OWNER_OFFSET(0), true, true,
         BELL_SLOT_OWNER_QUEUE_MASK | BELL_SLOT_OWNER_VALID_MASK | BELL_SLOT_OWNER_GENERATION_MASK},
        {BELL_SLOT_OWNER_OFFSET(kFitted), false, false, 0},
        {BELL_SLOT_DRAIN_OFFSET(0), true, false, 0},
        {BELL_TOKEN_LISTEN_OFFSET(7), true, true,
         BELL_TOKEN_LISTEN_PAGE_MASK | BELL_TOKEN_LISTEN_VALID_MASK},
        {BELL_TOKEN_LISTEN_OFFSET(8), false, false, 0},
        {BELL_TOKEN_LISTEN_OFFSET(BELL_TOKEN_MAX - 1), false, false, 0},
        {BELL_TOKEN_LISTEN_OFFSET(BELL_TOKEN_MAX), false, false, 0},
        {BELL_QUEUE_BASE_OFFSET(7), true, true, BELL_QUEUE_BASE_ADDR_MASK},
        {BELL_QUEUE_CONTROL_OFFSET(7), true, true, BELL_QUEUE_CONTROL_ADDR_MASK},
        {BELL_QUEUE_CONFIG_OFFSET(7), true, true,
         BELL_QUEUE_CONFIG_LOG2_ENTRIES_MASK | BELL_QUEUE_CONFIG_KERNEL_RING_MASK |
             BELL_QUEUE_CONFIG_NODE_MASK | BELL_QUEUE_CONFIG_PASID_MASK},
        {BELL_QUEUE_RPTR_OFFSET(7), true, true, BELL_QUEUE_RPTR_COUNT_MASK},
        {BELL_QUEUE_CMD_OFFSET(7), false, true, 0},
        {BELL_QUEUE_STATE_OFFSET(7), true, false, 0},
        {BELL_QUEUE_SCHED_OFFSET(7), true, true,
         BELL_QUEUE_SCHED_LEVEL_MASK | BELL_QUEUE_SCHED_PRIORITY_MASK |
             BELL_QUEUE_SCHED_GROUP_MASK | BELL_QUEUE_SCHED_CONTEXT_MASK},
        {BELL_QUEUE_QUANTUM_OFFSET(7), true, true, BELL_QUEUE_QUANTUM_CLOCKS_MASK},
        {BELL_QUEUE_GRACE_OFFSET(7), true, true,
         BELL_QUEUE_GRACE_SAME_MASK | BELL_QUEUE_GRACE_HIGHER_MASK},
        {BELL_QUEUE_RESUME0_OFFSET(7), true, true, BELL_QUEUE_RESUME0_OFFSET_MASK},
        {BELL_QUEUE_RESUME1_OFFSET(7), true, true, BELL_QUEUE_RESUME1_DONE_MASK},
        {BELL_QUEUE_HANDLE_OFFSET(7), true, true, BELL_QUEUE_HANDLE_VALUE_MASK},
        {BELL_QUEUE_WAIT_LOG_OFFSET(7), true, true,
         BELL_QUEUE_WAIT_LOG_ADDR_MASK | BELL_QUEUE_WAIT_LOG_ENABLE_MASK},
        {BELL_QUEUE_SIGNAL_LOG_OFFSET(7), true, true,
         BELL_QUEUE_SIGNAL_LOG_ADDR_MASK | BELL_QUEUE_SIGNAL_LOG_ENABLE_MASK},
        {BELL_QUEUE_WAIT_LOG_INDEX_OFFSET(7), true, true, ~0ull},
        {BELL_QUEUE_SIGNAL_LOG_INDEX_OFFSET(7), true, true, ~0ull},
        {BELL_QUEUE_BASE_OFFSET(8), false, false, 0},
        {BELL_BANDS_OFFSET, true, true,
         BELL_BANDS_NORMAL_PERCENT_MASK | BELL_BANDS_NORMAL_SLICE_MASK},
        {BELL_FENCE_WAKE_OFFSET, false, true, 0},
        {BELL_NODE_RUN0_OFFSET, true, false, 0},
        {BELL_NODE_RUN3_OFFSET, true, false, 0},
        {BELL_LOG_BASE0_OFFSET, true, true,
         BELL_LOG_BASE0_ADDR_MASK | BELL_LOG_BASE0_ENABLE_MASK},
        {BELL_LOG_BASE3_OFFSET, true, true,
         BELL_LOG_BASE3_ADDR_MASK | BELL_LOG_BASE3_ENABLE_MASK},
        {BELL_LOG_CONFIG0_OFFSET, true, true,
         BELL_LOG_CONFIG0_ENTRIES_MASK | BELL_LOG_CONFIG0_INTERRUPT_ENTRY_MASK},
        {BELL_LOG_INDEX3_OFFSET, true, true, ~0ull},
        {BELL_BANDS_OFFSET + 0xa0, false, false, 0},
    };
    CHECK_EQ(t.read(BELL_BANDS_OFFSET),
             BELL_FIELD_PUT(BELL_BANDS_NORMAL_PERCENT, BELL_BANDS_NORMAL_PERCENT_RESET) |
                 BELL_FIELD_PUT(BELL_BANDS_NORMAL_SLICE, BELL_BANDS_NORMAL_SLICE_RESET));
    CHECK_EQ(t.read(BELL_QUEUE_QUANTUM_OFFSET(3)), 0); // Whatever the memory holds.
    CHECK_EQ(t.read(BELL_QUEUE_SIGNAL_LOG_INDEX_OFFSET(3)), 0);
    for (const auto &r : registers) {
        uint64_t before = 0, after = 0;
        CHECK_EQ(t.read_answer(r.offset, &before), r.readable ? kOkay : kSlvErr);
        CHECK_EQ(t.write(r.offset, ~0ull), r.writable ? kOkay : kSlvErr);
        if (r.readable) {
            CHECK_EQ(t.read_answer(r.offset, &after), kOkay);
            CHECK_EQ(after, r.writable ? r.kept : before);
        }
    }
}

// A narrow write of a register is refused and changes nothing.
RTL_TEST(mmio, narrow_register_write_changes_nothing)
{
    Device t;
    CHECK_EQ(t.write(BELL_CTRL_OFFSET, 1, 0x0f), kSlvErr);
    CHECK_EQ(t.write(BELL_CTRL_OFFSET + 4, 1, 0xf0), kSlvErr);
    CHECK_EQ(t.read(BELL_CTRL_OFFSET), 0);
}

// Budget "ring accepted to first memory read issued, idle scheduler".
RTL_TEST(mmio, ring_to_first_read)
{
    Device t;
    t.start(3, 1, 5);
    t.write(BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
    t.dut.s_axil_awaddr = kBar2 | 5 * BELL_DOORBELL_BYTES;
    t.dut.s_axil_wstrb = 0xff;
    t.dut.s_axil_awvalid = 1;
    t.dut.s_axil_wvalid = 1;
    t.settle();
    unsigned clocks = 0;
    while (!t.dut.m_axi_arvalid && clocks < 20) {
        t.tick();
        t.dut.s_axil_awvalid = 0;
        t.dut.s_axil_wvalid = 0;
        t.settle();
        clocks++;
    }
    CHECK_EQ(clocks, kRingToRead);
    CHECK_EQ(t.dut.m_axi_araddr, 0x20000 + 16 * 3);
    CHECK_EQ(t.dut.m_axi_aruser, 9);
}

// Law 2, end to end: each kind of store ends in its bucket, and the sum holds at every look.
RTL_TEST(mmio, ledger_adds_up)
{
    Device t;
    t.start(1, 0, 0);
    CHECK_EQ(t.ring(0), kOkay);
    CHECK_EQ(t.read(BELL_LEDGER_OWED_OFFSET), 1);
    CHECK_EQ(t.ring(0), kOkay);
    CHECK_EQ(t.ring(1), kOkay);
    CHECK_EQ(t.ring(kFitted), kSlvErr);
    CHECK_EQ(t.write(kBar2 | 8, 1), kSlvErr);
    CHECK_EQ(t.write(kBar2, 1, 0x0f), kSlvErr);
    t.check_ledger();
    CHECK_EQ(t.read(BELL_LAST_REJECT_OFFSET), BELL_REJECT_NARROW);
    t.write(BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
    for (unsigned i = 0; i < kEnableToTurn; i++) {
        t.tick();
    }
    CHECK_EQ(t.read(BELL_LEDGER_SAMPLED_OFFSET), 1);
    CHECK_EQ(t.read(BELL_LEDGER_COALESCED_OFFSET), 1);
    CHECK_EQ(t.read(BELL_LEDGER_UNOWNED_OFFSET), 1);
    CHECK_EQ(t.read(BELL_LEDGER_REJECTED_OFFSET), 3);
    CHECK_EQ(t.read(BELL_LEDGER_OWED_OFFSET), 0);
    CHECK_EQ(t.ring(0), kOkay);
    CHECK_EQ(t.read(BELL_LEDGER_OWED_OFFSET), 1);
    t.check_ledger();
    CHECK_EQ(t.read(BELL_STATUS_OFFSET), 1u << BELL_STATUS_NODE_BUSY_SHIFT);
}

// CLOSE of a queue that owes a ring its sample counts that ring rejected.
RTL_TEST(mmio, close_counts_the_owed_ring_rejected)
{
    Device t;
    t.start(1, 0, 0);
    t.ring(0);
    t.write(BELL_QUEUE_CMD_OFFSET(1), BELL_QUEUE_CMD_CLOSE);
    CHECK_EQ(t.read(BELL_LEDGER_OWED_OFFSET), 0);
    CHECK_EQ(t.read(BELL_LEDGER_REJECTED_OFFSET), 1);
    t.ring(0);
    CHECK_EQ(t.read(BELL_LEDGER_REJECTED_OFFSET), 2);
    CHECK_EQ(BELL_FIELD_GET(t.read(BELL_LAST_REJECT_OFFSET), BELL_LAST_REJECT_CAUSE),
             BELL_REJECT_QUEUE_CLOSED);
    t.check_ledger();
}

// Idle: after reset, and while only memory is awaited; not while a store is on its way.
RTL_TEST(mmio, idle_output)
{
    Device t;
    CHECK_EQ(t.dut.idle_o, 1);
    CHECK_EQ(t.dut.next_deadline_o, ~0ull);
    t.dut.s_axil_awaddr = kBar2;
    t.dut.s_axil_awvalid = 1;
    t.settle();
    CHECK_EQ(t.dut.idle_o, 0);
    t.tick();
    t.dut.s_axil_awvalid = 0;
    t.settle();
    CHECK_EQ(t.dut.idle_o, 0);
    t.dut.s_axil_wstrb = 0xff;
    t.dut.s_axil_wvalid = 1;
    t.tick();
    t.dut.s_axil_wvalid = 0;
    t.settle();
    CHECK_EQ(t.dut.idle_o, 0);
    for (int i = 0; i < 3; i++) {
        t.tick();
    }
    CHECK_EQ(t.dut.idle_o, 1);
}

} // namespace
