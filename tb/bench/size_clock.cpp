// SPDX-License-Identifier: MIT
//
// Clocks of the bare core, for counting what they cost at different sizes: scripts/bench_size.sh.
// Idle: three queues are open, nothing is owed, the pins stand still. Active: each of the three is
// rung anew whenever its buffer has ended.

#include "top_bench.h"

namespace {

using namespace top_tb;

constexpr unsigned kQueues = 3;
constexpr unsigned kPackets = 5; // Of the job, without its interrupt.

struct Traffic {
    Top t{1};
    uint64_t count[kQueues] = {};

    Traffic()
    {
        for (unsigned q = 0; q < kQueues; q++) {
            t.put_job(q);
            t.put_entry(q, 0, Place{q}.buffer(0), kPackets);
            t.open(q);
        }
        t.enable();
        for (unsigned q = 0; q < kQueues; q++)
            submit(q);
        t.wait("the first buffers", [&] { return done(0) && done(1) && done(2); });
        t.wait("idle", [&] { return t.dut.idle_o != 0; });
    }
    bool done(unsigned q) { return t.memory->word(Place{q}.control() + 8) == count[q]; }
    void submit(unsigned q)
    {
        t.put_entry(q, count[q]++, Place{q}.buffer(0), kPackets);
        t.host->write({kBar2 | q * BELL_DOORBELL_BYTES, 1, 0xff});
    }
    void idle(unsigned clocks)
    {
        for (unsigned i = 0; i < clocks; i++)
            t.tick();
    }
    void active(unsigned clocks)
    {
        for (unsigned i = 0; i < clocks; i++) {
            for (unsigned q = 0; q < kQueues; q++) {
                if (done(q))
                    submit(q);
            }
            t.step();
        }
    }
};

constexpr unsigned kFew = 2000, kMany = 10000; // Their difference is counted: bench_size.sh.

void require_work(const Traffic &traffic, unsigned clocks)
{
    for (uint64_t buffers : traffic.count)
        CHECK(buffers > clocks / 1000);
}

} // namespace

RTL_TEST(size, idle_few)
{
    Traffic().idle(kFew);
}

RTL_TEST(size, idle_many)
{
    Traffic().idle(kMany);
}

RTL_TEST(size, active_few)
{
    Traffic traffic;
    traffic.active(kFew);
    require_work(traffic, kFew);
}

RTL_TEST(size, active_many)
{
    Traffic traffic;
    traffic.active(kMany);
    require_work(traffic, kMany);
}
