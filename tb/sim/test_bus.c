/* SPDX-License-Identifier: MIT */
/*
 * Host bridge on a fake device:
 *   - posted writes of one CPU arrive in order, after their delay; CPUs overtake each other
 *   - a read pushes its own CPU's writes, and only those; a drain pushes all
 *   - every wait ends, and its message names address, waiter and cycle
 */
#include "sim_test.h"

#include "bell_bus.h"
#include "bell_thread.h"
#include "fake_device.h"

#define CPU_OF(addr) ((unsigned)((addr) >> 12))

static void start(uint64_t seed, struct bell_bus_config config)
{
    struct bell_sim_config sim = {.seed = seed, .stuck_cycles = 1000000, .step = bell_bus_step,
                                  .now = bell_bus_now, .idle = bell_bus_idle};
    struct bell_device *device = fake_reset(4);

    bell_sim_init(&sim);
    bell_bus_init(&config, device);
}

static int teardown(void **state)
{
    (void)state;
    bell_bus_cleanup();
    bell_sim_cleanup();
    return 0;
}

static struct bell_thread *spawn(unsigned cpu, void (*entry)(void *arg))
{
    return bell_thread_create("cpu", cpu, false, NULL, entry, (void *)(uintptr_t)cpu);
}

/* CPU n writes to 0x1000 n + 8 i the value i. */
static void writer(void *arg)
{
    for (uint64_t i = 0; i < 100; i++)
        bell_bus_write((uintptr_t)arg * 0x1000 + 8 * i, i, 8);
    bell_bus_drain_all();
}

static uint64_t log_hash(void)
{
    uint64_t hash = 1;

    for (unsigned i = 0; i < fake.offered; i++)
        hash = (hash ^ fake.log[i].addr ^ fake.log[i].cycle << 32) * UINT64_C(0x100000001B3);
    return hash;
}

static uint64_t write_run(uint64_t seed)
{
    start(seed, (struct bell_bus_config){0});
    for (unsigned cpu = 1; cpu <= 4; cpu++)
        spawn(cpu, writer);
    assert_int_equal(bell_sim_run(), BELL_SIM_DONE);
    return log_hash();
}

static void order_is_kept_per_cpu(void **state)
{
    uint64_t next[5] = {0};
    unsigned changes = 0;

    (void)state;
    write_run(11);
    assert_int_equal(fake.offered, 400);
    for (unsigned i = 0; i < fake.offered; i++) {
        unsigned cpu = CPU_OF(fake.log[i].addr);

        assert_int_equal(fake.log[i].data, next[cpu]++);
        changes += i != 0 && cpu != CPU_OF(fake.log[i - 1].addr);
    }
    assert_true(changes > 50); /* They do interleave. */
    assert_int_equal(bell_bus_posted(), 0);
}

static void same_seed_same_arrival(void **state)
{
    (void)state;
    assert_true(write_run(5) == write_run(5));
    assert_true(write_run(5) != write_run(6));
}

static uint64_t posted_at;

static void one_write(void *arg)
{
    (void)arg;
    bell_thread_sleep(100);
    posted_at = bell_sim_now();
    bell_bus_write(0x40, 0x1122334455667788, 4);
}

static void a_write_waits_its_delay(void **state)
{
    (void)state;
    start(1, (struct bell_bus_config){.delay_min = 30, .delay_max = 33});
    spawn(1, one_write);
    assert_int_equal(bell_sim_run(), BELL_SIM_DONE);
    assert_int_equal(bell_bus_posted(), 1); /* Posted: the writer did not wait. */
    while (bell_bus_posted() != 0)
        bell_bus_step(NULL, 1000);
    assert_in_range(fake.log[0].cycle - posted_at, 30, 33);
    assert_int_equal(fake.log[0].data, 0x55667788);
    assert_int_equal(fake.log[0].size, 4);
}

static uint64_t read_value;
static uint64_t foreign_done; /* Foreign writes that had arrived when the read was answered. */
static uint64_t read_took;

static void foreign_writer(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < 5; i++)
        bell_bus_write(0x2000, i, 8);
}

static void own_writer_then_reader(void *arg)
{
    uint64_t begin;

    (void)arg;
    bell_thread_sleep(100);
    bell_bus_write(0x1000, 7, 8);
    bell_bus_write(0x1000, 8, 8);
    begin = bell_sim_now();
    read_value = bell_bus_read(0x1000);
    read_took = bell_sim_now() - begin;
    foreign_done = 0;
    for (unsigned i = 0; i < fake.offered; i++)
        foreign_done += fake.log[i].addr == 0x2000;
}

static void a_read_pushes_its_own_writes_only(void **state)
{
    (void)state;
    start(3, (struct bell_bus_config){.delay_min = 5000, .delay_max = 5000});
    spawn(1, own_writer_then_reader);
    spawn(2, foreign_writer);
    assert_int_equal(bell_sim_run(), BELL_SIM_DONE);
    assert_int_equal(read_value, 8);
    assert_in_range(read_took, 4, 40);
    assert_int_equal(foreign_done, 0);
}

static unsigned arrived;
static unsigned left;

static void drainer(void *arg)
{
    (void)arg;
    bell_thread_sleep(200);
    bell_bus_drain_all();
    arrived = fake.answered;
    left = bell_bus_posted();
}

static void a_drain_pushes_all(void **state)
{
    (void)state;
    start(3, (struct bell_bus_config){.delay_min = 5000, .delay_max = 5000});
    spawn(1, foreign_writer);
    spawn(2, foreign_writer);
    spawn(3, drainer);
    assert_int_equal(bell_sim_run(), BELL_SIM_DONE);
    assert_int_equal(arrived, 10);
    assert_int_equal(left, 0);
    assert_true(bell_sim_now() < 1000);
}

static void refused_access(void *arg)
{
    (void)arg;
    bell_bus_write(0x88, 1, 8);
    bell_bus_write(0x90, 1, 8);
    read_value = bell_bus_read(0x88);
    posted_at = bell_bus_read(0x90);
}

static void refusals_are_seen(void **state)
{
    (void)state;
    start(3, (struct bell_bus_config){0});
    fake.refuse_addr = 0x88;
    spawn(1, refused_access);
    assert_int_equal(bell_sim_run(), BELL_SIM_DONE);
    assert_int_equal(bell_bus_refused(), 1);
    assert_true(read_value == UINT64_MAX);
    assert_int_equal(posted_at, 1);
}

static void lone_reader(void *arg)
{
    (void)arg;
    read_value = bell_bus_read(BELL_DEVICE_BAR2 + 0x3000);
}

static void a_read_times_out(void **state)
{
    (void)state;
    start(3, (struct bell_bus_config){.read_timeout = 1234});
    fake.mute = true;
    spawn(6, lone_reader);
    assert_int_equal(bell_sim_run(), BELL_SIM_FAILED);
    assert_contains(bell_sim_failure(), "cycle 1234: read of BAR2 + 0x3000 by thread 'cpu' "
                                        "(cpu 6)");
    assert_contains(bell_sim_failure(), "with the device");
}

static void drain_times_out(void **state)
{
    (void)state;
    start(3, (struct bell_bus_config){.read_timeout = 1000});
    fake.mute = true;
    spawn(1, one_write);
    spawn(2, drainer);
    assert_int_equal(bell_sim_run(), BELL_SIM_FAILED);
    assert_contains(bell_sim_failure(), "write of 0x55667788 to BAR0 + 0x40 by cpu 1, posted in "
                                        "cycle 100, is not answered");
}

static void a_full_bridge_blocks(void **state)
{
    (void)state;
    start(3, (struct bell_bus_config){.delay_min = 3000, .delay_max = 3000});
    spawn(1, writer);
    assert_int_equal(bell_sim_run(), BELL_SIM_DONE);
    assert_int_equal(fake.offered, 100);
    assert_int_equal(fake.log[0].cycle, 3000); /* Not pushed earlier: the drain came later. */

    start(3, (struct bell_bus_config){.delay_min = 3000, .delay_max = 3000, .read_timeout = 50});
    spawn(1, writer);
    assert_int_equal(bell_sim_run(), BELL_SIM_FAILED);
    assert_contains(bell_sim_failure(), "got no room in the bridge for an access to BAR0 + 0x1200");
}

static void late_drainer(void *arg)
{
    (void)arg;
    bell_thread_sleep(1500);
    bell_bus_drain_all();
    arrived = fake.answered;
}

/* the store that waits for room is translated already; a drain must not miss it. */
static void a_drain_waits_for_a_blocked_store(void **state)
{
    (void)state;
    start(3, (struct bell_bus_config){.delay_min = 3000, .delay_max = 3000});
    spawn(1, writer);
    spawn(2, late_drainer);
    assert_int_equal(bell_sim_run(), BELL_SIM_DONE);
    assert_true(arrived >= BELL_BUS_DEPTH + 1);
}

#define READERS 20u

static void kill_readers(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < READERS; i++) {
        struct bell_thread *reader = spawn(1, lone_reader);

        bell_thread_sleep(5);
        bell_thread_kill(reader);
        read_value = bell_bus_read(0x10);
    }
}

static void a_killed_reader_leaves_nothing(void **state)
{
    (void)state;
    start(3, (struct bell_bus_config){0});
    fake.latency = 50;
    spawn(2, kill_readers);
    fake.reg[2] = 99;
    assert_int_equal(bell_sim_run(), BELL_SIM_DONE);
    assert_int_equal(fake.offered, 2 * READERS);
    for (unsigned i = 0; i < fake.offered; i++)
        assert_in_range(fake.tag[i], 0, 3); /* Their records were used again. */
    assert_int_equal(read_value, 99);
    assert_true(bell_bus_idle(NULL));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
    const struct CMUnitTest tests[] = {
        TEST(order_is_kept_per_cpu), TEST(same_seed_same_arrival), TEST(a_write_waits_its_delay),
        TEST(a_read_pushes_its_own_writes_only), TEST(a_drain_pushes_all), TEST(refusals_are_seen),
        TEST(a_read_times_out), TEST(drain_times_out), TEST(a_full_bridge_blocks),
        TEST(a_drain_waits_for_a_blocked_store),
        TEST(a_killed_reader_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
