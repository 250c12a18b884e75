// SPDX-License-Identifier: MIT
//
// Unit test of rtl/fence/bell_fence.sv.
// top: bell_fence -GMaxWrites=4

#include "Vbell_fence.h"
#include "bell_regs.h"
#include "rtl_test.h"

namespace {

constexpr unsigned kOkay = 0, kSlvErr = 2, kDecErr = 3;
constexpr uint64_t kFence = 0x7000, kValue = 0x123456789abcdef0;

struct Fence : rtl_test::Bench<Vbell_fence> {
    void issue(uint64_t addr)
    {
        dut.issue_i = 1;
        dut.issue_addr_i = addr;
        tick();
        dut.issue_i = 0;
        settle();
    }
    void answer(unsigned resp)
    {
        dut.resp_valid_i = 1;
        dut.resp_i = resp;
        tick();
        dut.resp_valid_i = 0;
        settle();
    }
    void want_fence()
    {
        dut.fence_valid_i = 1;
        dut.fence_addr_i = kFence;
        dut.fence_value_i = kValue;
        dut.pasid_i = 0xabcde;
        settle();
    }
    // Request and data taken at once; the fence write is on its way.
    void send_fence()
    {
        dut.wr_req_ready_i = 1;
        dut.wr_data_ready_i = 1;
        tick();
        tick();
        settle();
    }
    void answer_fence(unsigned resp)
    {
        dut.wr_resp_valid_i = 1;
        dut.wr_resp_i = resp;
        settle();
    }
};

} // namespace

// Design 4 (fence). The fence write leaves strictly after the answer to every earlier write.
RTL_TEST(fence, waits_for_every_earlier_answer)
{
    Fence t;
    for (uint64_t i = 0; i < 3; i++)
        t.issue(0x100 * i);
    t.want_fence();
    t.dut.wr_req_ready_i = 1;
    for (unsigned i = 0; i < 3; i++) {
        for (unsigned wait = 0; wait < 5; wait++) {
            CHECK_EQ(t.dut.wr_req_valid_o, 0u);
            CHECK_EQ(t.dut.settled_o, 0u);
            CHECK_EQ(t.dut.busy_o, 0u);
            t.tick();
        }
        t.answer(kOkay);
    }
    CHECK_EQ(t.dut.wr_req_valid_o, 1u);
}

// One 8-byte beat with the value, under the buffer's PASID; done with its answer, not before.
RTL_TEST(fence, one_beat_then_done)
{
    Fence t;
    t.want_fence();
    CHECK_EQ(t.dut.wr_req_valid_o, 1u);
    CHECK_EQ(rtl_test::get_bits(t.dut.wr_req_o, 24, 48), kFence);
    CHECK_EQ(rtl_test::get_bits(t.dut.wr_req_o, 20, 4), 0u);
    CHECK_EQ(rtl_test::get_bits(t.dut.wr_req_o, 0, 20), 0xabcdeu);
    t.tick();
    CHECK_EQ(t.dut.wr_req_valid_o, 1u); // Not taken yet.
    CHECK_EQ(t.dut.wr_data_valid_o, 0u);
    t.dut.wr_req_ready_i = 1;
    t.tick();
    CHECK_EQ(t.dut.wr_req_valid_o, 0u);
    CHECK_EQ(t.dut.wr_data_valid_o, 1u);
    CHECK_EQ(rtl_test::get_bits(t.dut.wr_data_o, 1, 64), kValue);
    CHECK_EQ(rtl_test::get_bits(t.dut.wr_data_o, 0, 1), 1u);
    t.dut.wr_data_ready_i = 1;
    t.tick();
    for (unsigned wait = 0; wait < 5; wait++) {
        CHECK_EQ(t.dut.fence_done_o, 0u);
        CHECK_EQ(t.dut.settled_o, 0u);
        t.tick();
    }
    t.answer_fence(kOkay);
    CHECK_EQ(t.dut.fence_done_o, 1u);
    t.dut.fence_valid_i = 0;
    t.tick();
    t.dut.wr_resp_valid_i = 0;
    t.settle();
    CHECK_EQ(t.dut.settled_o, 1u);
    CHECK_EQ(t.dut.err_o, 0u);
}

// After a failed write no fence value is written; cause and address are those of the first failure.
RTL_TEST(fence, failed_write_blocks_fence)
{
    for (unsigned resp : {kSlvErr, kDecErr}) {
        Fence t;
        t.issue(0x1000);
        t.issue(0x2000);
        t.issue(0x3000);
        t.want_fence();
        t.answer(kOkay);
        t.answer(resp);
        t.answer(resp == kSlvErr ? kDecErr : kSlvErr);
        for (unsigned wait = 0; wait < 5; wait++) {
            CHECK_EQ(t.dut.wr_req_valid_o, 0u);
            t.tick();
        }
        CHECK_EQ(t.dut.settled_o, 1u);
        CHECK_EQ(t.dut.err_o, 1u);
        CHECK_EQ(t.dut.err_cause_o,
                 unsigned(resp == kDecErr ? BELL_CAUSE_PAGE_FAULT : BELL_CAUSE_BUS_ERROR));
        CHECK_EQ(t.dut.err_addr_o, 0x2000u);

        t.dut.fence_valid_i = 0;
        t.dut.clear_i = 1;
        t.tick();
        t.dut.clear_i = 0;
        t.want_fence();
        CHECK_EQ(t.dut.err_o, 0u);
        CHECK_EQ(t.dut.wr_req_valid_o, 1u);
    }
}

// A refused fence write is an error with the fence's address.
RTL_TEST(fence, failed_fence_is_reported)
{
    for (unsigned resp : {kSlvErr, kDecErr}) {
        Fence t;
        t.want_fence();
        t.send_fence();
        t.answer_fence(resp);
        t.tick();
        CHECK_EQ(t.dut.err_o, 1u);
        CHECK_EQ(t.dut.err_cause_o,
                 unsigned(resp == kDecErr ? BELL_CAUSE_PAGE_FAULT : BELL_CAUSE_BUS_ERROR));
        CHECK_EQ(t.dut.err_addr_o, kFence);
    }
}

// No more writes are let out than answers can be accounted for.
RTL_TEST(fence, bounded_number_of_writes)
{
    Fence t;
    for (uint64_t i = 0; i < 4; i++) {
        CHECK_EQ(t.dut.can_issue_o, 1u);
        t.issue(8 * i);
    }
    CHECK_EQ(t.dut.can_issue_o, 0u);
    t.answer(kOkay);
    CHECK_EQ(t.dut.can_issue_o, 1u);
}

// Reset in the middle of a fence leaves nothing.
RTL_TEST(fence, reset_forgets)
{
    Fence t;
    t.issue(0x1000);
    t.answer(kSlvErr);
    t.issue(0x1000);
    t.reset();
    CHECK_EQ(t.dut.settled_o, 1u);
    CHECK_EQ(t.dut.err_o, 0u);
}
