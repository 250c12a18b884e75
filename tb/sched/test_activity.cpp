// SPDX-License-Identifier: MIT
//
// Unit test of rtl/sched: what a context does, made up from what its queues do.
// top: bell_sched_activity -GNumQueues=64 -GNumNodes=2

#include "Vbell_sched_activity.h"
#include "rtl_test.h"

#include <array>
#include <random>

namespace {

enum Doing : uint64_t { kIdle, kRunning, kReady };

constexpr unsigned kQueues = 12;
constexpr unsigned kNodes = 2;
constexpr unsigned kContexts = 64; // The number 64 counts as well.
constexpr unsigned kStateBits = 2;
constexpr unsigned kHandle = kStateBits;
constexpr unsigned kTime = kHandle + 64;
constexpr unsigned kNode = kTime + 64;

struct Queue {
    unsigned context; ///< 0: its own.
    unsigned node;
    Doing does;
};

struct Activity : rtl_test::Bench<Vbell_sched_activity> {
    std::array<Queue, kQueues> queues{};
    uint64_t time = 1000;

    /// The context of a queue runs while one of its queues does, else is ready while one is.
    Doing context_of(unsigned queue) const
    {
        Doing does = kIdle;
        for (unsigned q = 0; q < kQueues; q++) {
            const bool same = q == queue || (queues[queue].context
                                             && queues[q].context == queues[queue].context);
            if (same && queues[q].does == kRunning)
                return kRunning;
            if (same && queues[q].does == kReady)
                does = kReady;
        }
        return does;
    }

    bool node_runs(unsigned node) const
    {
        for (const Queue &queue : queues)
            if (queue.node == node && queue.does == kRunning)
                return true;
        return false;
    }

    void offer(unsigned queue, Doing before, Doing after, bool logged)
    {
        dut.change_i = 1;
        dut.logged_i = logged;
        dut.node_i = queues[queue].node;
        dut.ctx_i = queues[queue].context;
        dut.was_ready_i = before == kReady;
        dut.was_running_i = before == kRunning;
        dut.ready_i = after == kReady;
        dut.running_i = after == kRunning;
        dut.time_i = time++;
        dut.handle_i = 0x7000 + queue;
        tick();
        dut.change_i = dut.logged_i = 0;
        settle();
    }

    /// A change of a queue; what is told of its context is checked.
    void change(unsigned queue, Doing after, bool logged)
    {
        const Doing before = queues[queue].does;
        const Doing was = context_of(queue);

        offer(queue, before, after, logged);
        queues[queue].does = after;
        expect(queue, was, logged);
    }

    void expect(unsigned queue, Doing was, bool logged)
    {
        const Doing now = context_of(queue);

        CHECK_EQ(dut.push_o, logged && was != now);
        if (!dut.push_o)
            return;
        CHECK_EQ(rtl_test::get_bits(&dut.entry_o[0], 0, kStateBits), now);
        CHECK_EQ(rtl_test::get_bits(&dut.entry_o[0], kHandle, 64), 0x7000 + queue);
        CHECK_EQ(rtl_test::get_bits(&dut.entry_o[0], kTime, 64), time - 1);
        CHECK_EQ(rtl_test::get_bits(&dut.entry_o[0], kNode, 2), queues[queue].node);
    }
};

void random_changes(Activity &t, std::mt19937 &random, unsigned steps)
{
    for (unsigned i = 0; i < steps; i++) {
        const unsigned queue = random() % kQueues;
        const Doing before = t.queues[queue].does;
        const bool logged = random() % 4 != 0;
        const unsigned way = random() % 3;

        if (before == kReady && way == 1 && !t.node_runs(t.queues[queue].node))
            t.change(queue, kRunning, logged);
        else
            t.change(queue, way ? kReady : kIdle, logged);
        if (random() % 3 == 0)
            t.tick();
    }
}

} // namespace

// HS-LOG-02: each change of state of a context is an entry, and nothing else is.
RTL_TEST(activity, context_does_what_its_queues_do)
{
    static const unsigned contexts[kQueues] = {1, 1, 1, 0, 0, kContexts, kContexts, 40, 40, 40, 33, 0};
    for (unsigned seed = 0; seed < 20; seed++) {
        std::mt19937 random(seed);
        Activity t;
        for (unsigned q = 0; q < kQueues; q++)
            t.queues[q] = {contexts[q], contexts[q] / 32 % kNodes, kIdle};
        random_changes(t, random, 2000);
        t.reset(); // Whatever the counts are now, nothing is ready any more.
        for (Queue &queue : t.queues)
            queue.does = kIdle;
        random_changes(t, random, 2000);
    }
}

// Two queues of a context that runs and gets ready: only what the context does is told.
RTL_TEST(activity, ready_beside_a_running_one_is_no_change)
{
    Activity t;
    t.queues[0] = t.queues[1] = {5, 0, kIdle};
    t.change(0, kReady, true);
    CHECK_EQ(t.dut.push_o, 1);
    t.change(0, kRunning, true);
    CHECK_EQ(t.dut.push_o, 1);
    t.change(1, kReady, true);
    CHECK_EQ(t.dut.push_o, 0);
    t.change(0, kIdle, true);
    CHECK_EQ(t.dut.push_o, 1);
    CHECK_EQ(rtl_test::get_bits(&t.dut.entry_o[0], 0, kStateBits), kReady);
    t.change(1, kRunning, true);
    t.change(1, kIdle, true);
    CHECK_EQ(rtl_test::get_bits(&t.dut.entry_o[0], 0, kStateBits), kIdle);
}
