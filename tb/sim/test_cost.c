/* SPDX-License-Identifier: MIT */
/*
 * What a trapped store costs beside a direct call of the bus, both with their scheduling point and
 * the fake device behind. Prints the ratio (design page, budget "trapped plain store"); fails only
 * when one of the stores is missing, for a time is no verdict on a shared machine.
 */
#include "sim_test.h"

#include "bell_bus.h"
#include "bell_thread.h"
#include "bell_trap.h"
#include "fake_device.h"

#include <time.h>

#define STORES 100000u

static struct bell_window *door;

static void direct(void *arg)
{
    (void)arg;
    for (uint64_t i = 0; i < STORES; i++)
        bell_bus_write(0x1000, i, 8);
    bell_bus_drain_all();
}

static void trapped(void *arg)
{
    (void)arg;
    for (uint64_t i = 0; i < STORES; i++)
        *(volatile uint64_t *)(void *)door->base = i;
    bell_bus_drain_all();
}

static double host_seconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static double cost_of(void (*body)(void *arg))
{
    double begin;

    fake_reset(2);
    bell_thread_create("user", 1, false, NULL, body, NULL);
    begin = host_seconds();
    assert_int_equal(bell_sim_run(), BELL_SIM_DONE);
    begin = host_seconds() - begin;
    assert_int_equal(fake.answered, STORES);
    return begin / STORES;
}

static void trapped_against_direct(void **state)
{
    struct bell_sim_config sim = {.seed = 1, .spin_seconds = 60, .step = bell_bus_step,
                                  .now = bell_bus_now, .idle = bell_bus_idle};
    struct bell_bus_config bus = {0};
    struct bell_trap_hooks hooks = {0};
    double direct_cost;
    double trapped_cost;

    (void)state;
    bell_sim_init(&sim);
    bell_memory_init(4 * BELL_PAGE);
    bell_bus_init(&bus, fake_reset(2));
    bell_trap_init(&hooks);
    door = bell_window_reserve(1, "doorbell", 1);
    bell_window_point(door, BELL_WINDOW_MMIO, 0x1000, true);
    direct_cost = cost_of(direct);
    trapped_cost = cost_of(trapped);
    print_message("one store: trapped %.2f us, direct %.2f us, ratio %.1f\n", trapped_cost * 1e6,
                  direct_cost * 1e6, trapped_cost / direct_cost);
    bell_trap_cleanup();
    bell_bus_cleanup();
    bell_memory_cleanup();
    bell_sim_cleanup();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(trapped_against_direct)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
