// SPDX-License-Identifier: MIT
//
// Unit test of rtl/sched: scheduling logs, and what is written of whom when they go on and off.
// top: bell_sched -GNumQueues=96 -GNumNodes=2

#include "sched_bench.h"

namespace {

constexpr uint64_t kLog = 0x4000;
constexpr uint32_t kHandle = 0x777;
constexpr unsigned kBeats = 4; // Of an entry; an index has one.

/// Memory that takes everything at once, and answers when it is told to.
struct Memory {
    explicit Memory(Sched &t) : t_(t)
    {
        t.dut.wr_req_ready_i = t.dut.wr_data_ready_i = 1;
    }

    std::vector<uint64_t> handles; ///< Of the entries that were written.
    bool answers = true;

    void step()
    {
        t_.settle();
        const bool data = t_.dut.wr_data_valid_o;
        const bool last = data && rtl_test::get_bits(&t_.dut.wr_data_o[0], 0, 1);
        if (data && beat_++ == 2)
            handles.push_back(rtl_test::get_bits(&t_.dut.wr_data_o[0], 1, 64));
        if (last)
            beat_ = 0;
        owed_ += last;
        t_.dut.wr_resp_valid_i = answers && owed_ && !last;
        t_.dut.wr_resp_i = 0;
        owed_ -= t_.dut.wr_resp_valid_i;
        t_.step();
        t_.dut.wr_resp_valid_i = 0;
    }

  private:
    Sched &t_;
    unsigned beat_ = 0;
    unsigned owed_ = 0;
};

void open_log(Sched &t, unsigned node)
{
    t.global(true, BELL_LOG_CONFIG0_OFFSET + 8 * node, 0xffff0010);
}
void switch_log(Sched &t, unsigned node, bool on)
{
    t.global(true, BELL_LOG_BASE0_OFFSET + 8 * node,
             (kLog + 0x1000 * node) | (on ? BELL_LOG_BASE0_ENABLE_MASK : 0));
}

} // namespace

// HS-LOG-02: a queue that changes while the first log is switched on is logged as itself, or not.
RTL_TEST(log, first_entry_names_its_own_queue)
{
    unsigned entries = 0;
    for (unsigned early = 0; early < 12; early++) {
        Sched t;
        Memory memory(t);
        for (unsigned q : {1u, 2u}) {
            t.start(q, 0);
            t.write(BELL_QUEUE_HANDLE_OFFSET(q), kHandle + q);
        }
        open_log(t, 0); // Queue 2 was touched last.
        t.dut.glob_write_i = 1;
        t.dut.glob_addr_i = BELL_LOG_BASE0_OFFSET - BELL_BANDS_OFFSET;
        t.dut.glob_data_i = kLog | BELL_LOG_BASE0_ENABLE_MASK;
        for (unsigned clock = 0; clock < 60; clock++) {
            if (clock == early)
                t.offer(1);
            t.dut.glob_req_i = clock == 6;
            memory.step();
        }
        for (const uint64_t handle : memory.handles)
            CHECK_EQ(handle, kHandle + 1);
        entries += (unsigned)memory.handles.size();
    }
    CHECK(entries >= 4);
}

// HS-LOG-01: a log that was switched off is busy for as long as one of its entries waits.
RTL_TEST(log, busy_while_an_entry_waits_behind_another_node)
{
    Sched t;
    Memory memory(t);
    for (unsigned q : {1u, 2u}) {
        t.start(q, q % 2); // Queue 2 is of node 0.
        t.write(BELL_QUEUE_HANDLE_OFFSET(q), kHandle + q);
    }
    for (unsigned n = 0; n < 2; n++) {
        open_log(t, n);
        switch_log(t, n, true);
    }
    memory.answers = false;
    t.offer(1);
    for (unsigned i = 0; i < 30; i++)
        memory.step();
    t.offer(2);
    for (unsigned i = 0; i < 30; i++)
        memory.step();
    CHECK_EQ(t.dut.log_writing_o, 3);
    switch_log(t, 0, false);
    for (unsigned i = 0; i < 30; i++)
        memory.step();
    CHECK_EQ(t.dut.log_writing_o, 3);
    memory.answers = true;
    for (unsigned i = 0; i < 60; i++)
        memory.step();
    CHECK_EQ(t.dut.log_writing_o, 0);
    for (const uint64_t handle : memory.handles)
        CHECK_EQ(handle, kHandle + 1); // What waited was dropped.
}
