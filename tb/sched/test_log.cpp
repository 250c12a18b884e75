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

    std::vector<uint64_t> handles; ///< Of the entries that were written,
    std::vector<uint64_t> states;  ///< and what they say.
    bool answers = true;

    void step()
    {
        t_.settle();
        const bool data = t_.dut.wr_data_valid_o;
        const bool last = data && rtl_test::get_bits(&t_.dut.wr_data_o[0], 0, 1);
        if (data && beat_++ >= 2)
            (beat_ == 3 ? handles : states)
                .push_back(rtl_test::get_bits(&t_.dut.wr_data_o[0], 1, 64));
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

/// Queues 1 and 2 on node 0, which has a log; each change has the time it needs to get there.
struct Logged {
    Sched t;
    Memory memory{t};

    Logged()
    {
        for (unsigned q : {1u, 2u}) {
            t.start(q, 0);
            t.write(BELL_QUEUE_HANDLE_OFFSET(q), kHandle + q);
        }
        t.command(2, BELL_QUEUE_CMD_CLOSE);
    }
    void open_second(uint64_t sched)
    {
        t.write(BELL_QUEUE_SCHED_OFFSET(2), sched);
        t.command(2, BELL_QUEUE_CMD_OPEN);
        t.command(2, BELL_QUEUE_CMD_ADD);
        open_log(t, 0);
        switch_log(t, 0, true);
    }
    void wait()
    {
        for (unsigned i = 0; i < 60; i++)
            memory.step();
    }
    void ring(unsigned queue)
    {
        t.offer(queue);
        wait();
    }
    void take(unsigned queue)
    {
        CHECK_EQ(t.take(0), queue);
        wait();
    }
    void end(unsigned queue)
    {
        t.end(0, queue);
        wait();
    }
    void expect(const std::vector<std::pair<unsigned, uint64_t>> &entries)
    {
        CHECK_EQ(memory.states.size(), entries.size());
        for (size_t i = 0; i < entries.size(); i++) {
            CHECK_EQ(memory.handles[i], kHandle + entries[i].first);
            CHECK_EQ(memory.states[i], entries[i].second);
        }
    }
};

enum State : uint64_t { kIdle, kRunning, kReady };

uint64_t in_context(unsigned context)
{
    return BELL_FIELD_PUT(BELL_QUEUE_SCHED_CONTEXT, context);
}

} // namespace

// HS-LOG-02: who goes before it is no state of a queue: it stays ready, without another entry.
RTL_TEST(log, ready_behind_a_higher_level_is_ready)
{
    Logged log;
    log.open_second(BELL_FIELD_PUT(BELL_QUEUE_SCHED_LEVEL, 5));
    log.ring(2);
    log.take(2);
    log.ring(1);
    log.ring(2); // Owed again, and still first.
    log.end(2);
    log.take(2);
    log.end(2);
    log.take(1);
    log.end(1);
    log.expect({{2, kReady}, {2, kRunning}, {1, kReady}, {2, kReady}, {2, kRunning},
                {2, kIdle}, {1, kRunning}, {1, kIdle}});
}

// HS-LOG-02: idle is who has nothing to do, not who waits for a fence or is on no run list.
RTL_TEST(log, ready_is_what_has_work_and_waits)
{
    Logged log;
    log.open_second(0);
    log.ring(2);
    log.take(2);
    log.t.block(0, 2, 9); // It met a WAIT.
    log.wait();
    log.t.signal(1, 9);
    log.wait();
    log.take(2);
    log.t.command(2, BELL_QUEUE_CMD_REMOVE);
    log.t.end(0, 2, 0, true); // Stopped inside its work.
    log.wait();
    log.t.command(1, BELL_QUEUE_CMD_REMOVE);
    log.ring(1);
    log.t.command(2, BELL_QUEUE_CMD_ADD);
    log.wait();
    log.take(2);
    log.end(2);
    log.t.command(1, BELL_QUEUE_CMD_CLOSE);
    log.wait();
    log.expect({{2, kReady}, {2, kRunning}, {2, kReady}, {2, kRunning}, {2, kReady}, {1, kReady},
                {2, kRunning}, {2, kIdle}, {1, kIdle}});
}

RTL_TEST(log, a_faulted_queue_is_idle)
{
    Logged log;
    log.open_second(0);
    log.ring(2);
    log.take(2);
    log.ring(2);
    log.t.end(0, 2, 0, true, BELL_CAUSE_BAD_PACKET);
    log.wait();
    log.expect({{2, kReady}, {2, kRunning}, {2, kIdle}});
}

// HS-LOG-02: an entry is for a change of a context, whatever its queues do.
RTL_TEST(log, queues_of_one_context_are_one)
{
    Logged log;
    log.t.command(1, BELL_QUEUE_CMD_CLOSE);
    log.t.write(BELL_QUEUE_SCHED_OFFSET(1), in_context(7));
    log.t.command(1, BELL_QUEUE_CMD_OPEN);
    log.t.command(1, BELL_QUEUE_CMD_ADD);
    log.open_second(in_context(7));
    log.ring(1);
    log.take(1);
    log.ring(2); // The context runs.
    log.end(1);
    log.take(2);
    log.ring(1);
    log.end(2);
    log.take(1);
    log.end(1);
    log.expect({{1, kReady}, {1, kRunning}, {1, kReady}, {2, kRunning}, {2, kReady},
                {1, kRunning}, {1, kIdle}});
}

RTL_TEST(log, context_is_fixed_while_the_queue_is_open)
{
    Logged log;
    log.open_second(in_context(9));
    log.t.write(BELL_QUEUE_SCHED_OFFSET(2), in_context(3) | 5);
    CHECK_EQ(log.t.read(BELL_QUEUE_SCHED_OFFSET(2)), in_context(9) | 5);
    log.t.command(2, BELL_QUEUE_CMD_CLOSE);
    log.t.write(BELL_QUEUE_SCHED_OFFSET(2), in_context(3) | 4);
    CHECK_EQ(log.t.read(BELL_QUEUE_SCHED_OFFSET(2)), in_context(3) | 4);
}

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
