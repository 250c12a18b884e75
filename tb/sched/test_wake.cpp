// SPDX-License-Identifier: MIT
//
// Unit test of rtl/sched: queues that wait for native fences. No wake-up is missed.
// top: bell_sched -GNumQueues=96 -GNumNodes=2

#include "sched_bench.h"

namespace {

constexpr unsigned kKey = 13;

/// Queue 5 runs on node 0.
void run(Sched &t)
{
    t.start(5, 0);
    t.ring(5);
    CHECK_EQ(t.take(0), 5);
}

// A queue that ended blocked is not ready, says so, and is after a signal of its key only.
RTL_TEST(wake, blocked_until_its_key_is_signalled)
{
    Sched t;
    run(t);
    t.block(0, 5, kKey);
    CHECK(t.quiet());
    CHECK(t.has(5, BELL_QUEUE_STATE_BLOCKED_MASK));
    CHECK(t.has(5, BELL_QUEUE_STATE_WORK_MASK));
    CHECK_EQ(t.dut.busy_o, 0);
    for (unsigned key = 0; key < 64; key++) {
        if (key != kKey) {
            t.signal(1, key);
        }
    }
    CHECK(t.quiet(40));
    t.signal(1, kKey);
    CHECK_EQ(t.take(0), 5);
    CHECK(!t.has(5, BELL_QUEUE_STATE_BLOCKED_MASK));
    t.end(0, 5);
    CHECK(t.quiet());
}

// A signal in any clock from the one in which the turn is given to long after its end is not
// missed.
RTL_TEST(wake, no_wake_up_is_missed_at_any_offset)
{
    for (unsigned offset = 0; offset < 24; offset++) {
        for (bool software : {false, true}) {
            Sched t;
            t.start(5, 0);
            t.ring(5);
            t.until(kGivePatience, [&] { return t.dut.turn_valid_o == 1; });
            t.dut.turn_ready_i = 1;
            for (unsigned clock = 0; clock < 24; clock++) {
                t.dut.signal_valid_i = 0;
                if (clock == offset && software) {
                    t.dut.glob_req_i = 1;
                    t.dut.glob_write_i = 1;
                    t.dut.glob_addr_i = BELL_FENCE_WAKE_OFFSET - BELL_BANDS_OFFSET;
                    t.dut.glob_data_i = kKey;
                } else if (clock == offset) {
                    t.dut.signal_valid_i = 2;
                    t.dut.signal_key_i = kKey << 6;
                }
                if (clock == 8) {
                    t.offer_blocked(0, 5, kKey);
                }
                t.step();
                t.dut.glob_req_i = 0;
                t.dut.turn_ready_i = 0;
            }
            t.dut.signal_valid_i = 0;
            CHECK_EQ(t.take(0), 5);
        }
    }
}

// Every waiting queue of the key, wherever it is; those of other keys stay. FENCE_WAKE.ALL wakes
// all.
RTL_TEST(wake, every_queue_of_the_key_and_no_other)
{
    Sched t;
    const unsigned queues[] = {0, 1, 31, 32, 40, 63, 64, 95};
    for (unsigned q : queues) {
        t.start(q, 0);
        t.ring(q);
        CHECK_EQ(t.take(0), q);
        t.block(0, q, q % 2 ? 7 : 8);
    }
    t.signal(0, 7);
    for (unsigned i = 0; i < 3; i++) {
        const unsigned q = t.take(0, 24);
        CHECK(q % 2 == 1);
        t.end(0, q);
    }
    CHECK_EQ(t.take(0, 24), 95);
    t.end(0, 95);
    CHECK(t.quiet(20));
    t.global(true, BELL_FENCE_WAKE_OFFSET, BELL_FENCE_WAKE_ALL_MASK);
    for (unsigned i = 0; i < 4; i++) {
        const unsigned q = t.take(0, 24);
        CHECK(q % 2 == 0);
        t.end(0, q);
    }
    CHECK(t.quiet(20));
}

// A signal every clock, of a different key each: all queues wake up, within two sweeps, each of which
// looks at 64 queues in 2 words and takes two clocks beside, and one for each queue woken.
RTL_TEST(wake, signals_every_clock_are_all_kept)
{
    Sched t;
    for (unsigned q = 0; q < 64; q++) {
        t.start(q, 0);
        t.ring(q);
        CHECK_EQ(t.take(0), q);
        t.block(0, q, 63 - q);
    }
    t.dut.enable_i = 0;
    for (unsigned key = 0; key < 64; key += 2) {
        t.dut.signal_valid_i = 3;
        t.dut.signal_key_i = key | (key + 1) << 6;
        t.step();
    }
    t.dut.signal_valid_i = 0;
    t.until(2 * (64 + 2 + 2) + 64, [&] { return !t.dut.busy_o; });
    for (unsigned q = 0; q < 64; q++) {
        CHECK(!t.has(q, BELL_QUEUE_STATE_BLOCKED_MASK));
    }
}

// A ring or KICK makes a blocked queue ready as any other; CLOSE forgets that it was blocked.
RTL_TEST(wake, a_sample_owed_goes_before_the_block)
{
    for (bool kick : {false, true}) {
        Sched t;
        run(t);
        t.block(0, 5, kKey);
        CHECK(t.quiet());
        if (kick) {
            t.command(5, BELL_QUEUE_CMD_KICK);
        } else {
            t.ring(5);
        }
        CHECK_EQ(t.take(0), 5);
        t.block(0, 5, kKey);
        CHECK(t.quiet());
        t.command(5, BELL_QUEUE_CMD_CLOSE);
        t.signal(0, kKey);
        CHECK(t.quiet());
        t.start(5, 0);
        CHECK(!t.has(5, BELL_QUEUE_STATE_BLOCKED_MASK));
        CHECK(t.quiet());
    }
}

// The resume point goes through the context: kept by the end, given with the next turn, gone with
// CLOSE.
RTL_TEST(wake, resume_point_is_kept_until_close)
{
    Sched t;
    run(t);
    t.offer_blocked(0, 5, kKey);
    rtl_test::put_bits(t.dut.end_i, 7, 64, 0x123456789abcdef0);
    rtl_test::put_bits(t.dut.end_i, 71, 32, 0x60);
    t.step();
    CHECK_EQ(t.read(BELL_QUEUE_RESUME0_OFFSET(5)), 0x60);
    CHECK_EQ(t.read(BELL_QUEUE_RESUME1_OFFSET(5)), 0x123456789abcdef0);
    t.signal(0, kKey);
    t.until(8, [&] { return t.dut.turn_valid_o == 1; });
    CHECK_EQ(rtl_test::get_bits(t.dut.turn_o, 0, 64), 0x123456789abcdef0);
    CHECK_EQ(rtl_test::get_bits(t.dut.turn_o, 64, 32), 0x60);
    CHECK_EQ(t.take(0), 5);
    t.end(0, 5);
    CHECK_EQ(t.read(BELL_QUEUE_RESUME1_OFFSET(5)), 0);
    t.write(BELL_QUEUE_RESUME0_OFFSET(5), 32); // Not while open.
    CHECK_EQ(t.read(BELL_QUEUE_RESUME0_OFFSET(5)), 0);
    t.command(5, BELL_QUEUE_CMD_CLOSE);
    t.write(BELL_QUEUE_RESUME0_OFFSET(5), 32);
    CHECK_EQ(t.read(BELL_QUEUE_RESUME0_OFFSET(5)), 32);
    t.command(5, BELL_QUEUE_CMD_OPEN);
    t.command(5, BELL_QUEUE_CMD_CLOSE);
    CHECK_EQ(t.read(BELL_QUEUE_RESUME0_OFFSET(5)), 0);
}

// Places in a fence log: given to the queue that runs, advanced, wrapped after 84; none when off.
RTL_TEST(wake, fence_log_places_advance_and_wrap)
{
    Sched t;
    run(t);
    for (bool signals : {false, true}) {
        t.dut.place_signal_i = signals;
        t.dut.place_valid_i = 1;
        t.until(2, [&] { return t.dut.place_ready_o == 1; });
        CHECK_EQ(rtl_test::get_bits(t.dut.place_o, 112, 1), 0);
        t.step();
        t.dut.place_valid_i = 0;
        const uint32_t log = signals ? BELL_QUEUE_SIGNAL_LOG_OFFSET(5)
                                     : BELL_QUEUE_WAIT_LOG_OFFSET(5);
        const uint32_t index = signals ? BELL_QUEUE_SIGNAL_LOG_INDEX_OFFSET(5)
                                       : BELL_QUEUE_WAIT_LOG_INDEX_OFFSET(5);
        t.write(log, 0x7000 | BELL_QUEUE_WAIT_LOG_ENABLE_MASK);
        t.write(index, 82 | 5ull << 32);
        for (uint64_t expected : {82 | 5ull << 32, 83 | 5ull << 32, 6ull << 32, 1 | 6ull << 32}) {
            t.dut.place_valid_i = 1;
            t.until(2, [&] { return t.dut.place_ready_o == 1; });
            CHECK_EQ(rtl_test::get_bits(t.dut.place_o, 112, 1), 1);
            CHECK_EQ(rtl_test::get_bits(t.dut.place_o, 64, 48), 0x7000);
            CHECK_EQ(rtl_test::get_bits(t.dut.place_o, 32, 32), expected & 0xffffffff);
            CHECK_EQ(rtl_test::get_bits(t.dut.place_o, 0, 32), expected >> 32);
            t.step();
            t.dut.place_valid_i = 0;
        }
        CHECK_EQ(t.read(index), 2 | 6ull << 32);
    }
}

} // namespace
