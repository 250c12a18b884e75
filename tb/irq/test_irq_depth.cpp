// SPDX-License-Identifier: MIT
//
// Event queues of depth 1 to 64 with all sources firing: a full queue stalls its sources, and
// nothing is lost, doubled or out of order.
// top: irq_depth_tb -Wno-UNUSEDSIGNAL -Wno-CMPCONST tb/irq/irq_depth_tb.sv

#include "Virq_depth_tb.h"
#include "rtl_test.h"

#include <random>

namespace {

constexpr uint64_t kAll = ~0ull;

struct Depths : rtl_test::Bench<Virq_depth_tb> {
    void check()
    {
        CHECK_EQ(dut.wrong_o, 0);
        CHECK_EQ(dut.over_o, 0);
        CHECK_EQ(dut.moved_o, 0);
    }
    void drain()
    {
        dut.offer_i = 0;
        dut.pop_i = kAll;
        for (int i = 0; i < 100 && dut.empty_o != kAll; i++) {
            tick();
            settle();
        }
        CHECK_EQ(dut.empty_o, kAll);
        check();
    }
};

} // namespace

// Consumed slower than made: every queue fills, whatever its depth.
RTL_TEST(irq, every_depth_stalls_and_loses_nothing)
{
    Depths t;
    std::mt19937_64 random(5);
    for (unsigned percent : {5u, 30u, 90u}) {
        for (int i = 0; i < 3000; i++) {
            t.dut.offer_i = uint32_t(random());
            t.dut.pop_i = 0;
            for (unsigned d = 0; d < 64; d++)
                t.dut.pop_i |= uint64_t(random() % 100 < percent) << d;
            t.tick();
        }
        t.check();
        CHECK_EQ(t.dut.was_full_o, kAll);
        t.drain();
    }
    CHECK(t.dut.taken_o > 3000);
}

// Not consumed at all: the sources wait for as long as it takes.
RTL_TEST(irq, every_depth_waits_for_software)
{
    Depths t;
    t.dut.offer_i = ~0u;
    for (int i = 0; i < 2000; i++)
        t.tick();
    CHECK_EQ(t.dut.was_full_o, kAll);
    t.drain();
    CHECK_EQ(t.dut.taken_o, 64 + 7);
}
