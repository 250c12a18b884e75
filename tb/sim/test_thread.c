/* SPDX-License-Identifier: MIT */
/*
 * Coroutines, scheduler and time:
 *   - same seed, same interleaving; another seed, another one
 *   - time passes only at scheduling points, and exactly as asked
 *   - a run that cannot go on says who waits for what
 */
#include "sim_test.h"

#include "bell_thread.h"

#include <errno.h>
#include <fenv.h>

static uint64_t clock_now;
static uint64_t longest_step;

static uint64_t step(void *ctx, uint64_t cycles)
{
    (void)ctx;
    clock_now += cycles;
    if (cycles > longest_step)
        longest_step = cycles;
    return cycles;
}

static uint64_t now(void *ctx)
{
    (void)ctx;
    return clock_now;
}

static void start(uint64_t seed)
{
    struct bell_sim_config config = {.seed = seed, .spin_seconds = 5, .step = step, .now = now};

    clock_now = 0;
    longest_step = 0;
    bell_sim_init(&config);
}

static int teardown(void **state)
{
    (void)state;
    bell_sim_cleanup();
    return 0;
}

/* --- interleaving --- */

static uint64_t order_hash;
static char order[64];

static void walker(void *arg)
{
    for (unsigned i = 0; i < 200; i++) {
        order_hash = (order_hash ^ (uintptr_t)arg ^ bell_sim_now()) * UINT64_C(0x100000001B3);
        bell_thread_point();
    }
}

static uint64_t interleaving(uint64_t seed)
{
    start(seed);
    order_hash = UINT64_C(0xCBF29CE484222325);
    for (uintptr_t i = 1; i <= 5; i++)
        bell_thread_create("walker", 0, false, NULL, walker, (void *)i);
    assert_int_equal(bell_sim_run(), BELL_SIM_DONE);
    return order_hash;
}

static void same_seed_same_order(void **state)
{
    (void)state;
    assert_true(interleaving(7) == interleaving(7));
    assert_true(interleaving(7) != interleaving(8));
    assert_true(interleaving(0) != interleaving(1));
}

static void note_name(void *arg)
{
    (void)arg;
    strcat(order, bell_thread_name(bell_thread_self()));
}

/* Threads that are ready in one cycle run in an order that the seed decides. */
static void the_seed_picks(void **state)
{
    unsigned last_first = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        start(seed);
        order[0] = '\0';
        bell_thread_create("a", 0, false, NULL, note_name, NULL);
        bell_thread_create("b", 0, false, NULL, note_name, NULL);
        bell_thread_create("c", 0, false, NULL, note_name, NULL);
        assert_int_equal(bell_sim_run(), BELL_SIM_DONE);
        assert_int_equal(strlen(order), 3);
        last_first += order[0] == 'c';
    }
    assert_in_range(last_first, 5, 25);
}

/* --- time --- */

static uint64_t seen[8];

static void sleeper(void *arg)
{
    (void)arg;
    seen[0] = bell_sim_now();
    bell_thread_sleep(1);
    seen[1] = bell_sim_now();
    bell_thread_sleep(1000000);
    seen[2] = bell_sim_now();
    for (volatile unsigned i = 0; i < 1000; i++) {
    }
    seen[3] = bell_sim_now();
    bell_thread_point();
    seen[4] = bell_sim_now();
}

static void time_is_exact(void **state)
{
    (void)state;
    start(1);
    bell_thread_create("sleeper", 0, false, NULL, sleeper, NULL);
    assert_int_equal(bell_sim_run(), BELL_SIM_DONE);
    assert_int_equal(seen[0], 0);
    assert_int_equal(seen[1], 1);
    assert_int_equal(seen[2], 1000001);
    assert_int_equal(seen[3], 1000001);
    assert_in_range(seen[4] - seen[3], 2, 12);
    assert_true(longest_step >= 999999); /* No clock by clock. */
}

/* --- waiting --- */

static struct bell_waitq queue;
static bool results[8];

static void waiter(void *arg)
{
    uintptr_t timeout = (uintptr_t)arg;

    results[timeout != 0] = bell_thread_wait(&queue, timeout, "the bell to ring");
    seen[timeout != 0] = bell_sim_now();
    strcat(order, bell_thread_name(bell_thread_self()));
}

static void ringer(void *arg)
{
    bell_thread_sleep(500);
    if (arg == NULL)
        bell_thread_wake_one(&queue);
    else
        bell_thread_wake_all(&queue);
}

static void wake_and_time_out(void **state)
{
    (void)state;
    start(3);
    memset(&queue, 0, sizeof(queue));
    memset(results, 0, sizeof(results));
    bell_thread_create("w", 0, false, NULL, waiter, NULL);
    bell_thread_create("t", 0, false, NULL, waiter, (void *)100);
    bell_thread_create("ringer", 0, false, NULL, ringer, NULL);
    assert_int_equal(bell_sim_run(), BELL_SIM_DONE);
    assert_true(results[0]);
    assert_false(results[1]);
    assert_in_range(seen[0], 502, 512);
    assert_int_equal(seen[1], 100);
    assert_null(queue.head);
}

static void a_woken_thread_does_not_time_out(void **state)
{
    (void)state;
    start(3);
    memset(&queue, 0, sizeof(queue));
    bell_thread_create("t", 0, false, NULL, waiter, (void *)501);
    bell_thread_create("ringer", 0, false, NULL, ringer, NULL);
    assert_int_equal(bell_sim_run(), BELL_SIM_DONE);
    assert_true(results[1]);
}

static void wake_all_wakes_all(void **state)
{
    (void)state;
    start(4);
    memset(&queue, 0, sizeof(queue));
    order[0] = '\0';
    for (unsigned i = 0; i < 6; i++)
        bell_thread_create("x", 0, false, NULL, waiter, NULL);
    bell_thread_create("ringer", 0, false, NULL, ringer, order);
    assert_int_equal(bell_sim_run(), BELL_SIM_DONE);
    assert_string_equal(order, "xxxxxx");
}

/* --- ends --- */

static void stuck_names_the_waiters(void **state)
{
    (void)state;
    start(5);
    memset(&queue, 0, sizeof(queue));
    bell_thread_create("alice", 3, false, NULL, waiter, NULL);
    bell_thread_create("bob", 0, true, NULL, waiter, NULL);
    assert_int_equal(bell_sim_run(), BELL_SIM_STUCK);
    assert_contains(bell_sim_failure(), "stuck");
    assert_contains(bell_sim_failure(), "'alice' (cpu 3): waits since cycle 0 for the bell "
                                        "to ring");
    assert_contains(bell_sim_failure(), "'bob' (cpu 0, daemon)");
    assert_int_equal(bell_sim_run(), BELL_SIM_STUCK);
}

static bool device_idle;

static bool idle(void *ctx)
{
    (void)ctx;
    return device_idle;
}

static uint64_t step_then_wake(void *ctx, uint64_t cycles)
{
    uint64_t chunk = cycles < 1000 ? cycles : 1000;

    clock_now += chunk;
    if (clock_now >= 50000)
        bell_thread_wake_all(ctx);
    return chunk;
}

/* A device that does something later is not a stuck one; one that never does is. */
static void stuck_waits_for_the_device(void **state)
{
    struct bell_sim_config config = {.seed = 1, .stuck_cycles = 100000, .step = step_then_wake,
                                     .now = now, .idle = idle, .ctx = &queue};

    (void)state;
    device_idle = true;
    clock_now = 0;
    memset(&queue, 0, sizeof(queue));
    bell_sim_init(&config);
    bell_thread_create("alice", 0, false, NULL, waiter, NULL);
    assert_int_equal(bell_sim_run(), BELL_SIM_DONE);

    config.stuck_cycles = 20000;
    clock_now = 0;
    bell_sim_init(&config);
    bell_thread_create("alice", 0, false, NULL, waiter, NULL);
    assert_int_equal(bell_sim_run(), BELL_SIM_STUCK);
    assert_int_equal(clock_now, 20000);

    device_idle = false; /* At work: as long as it takes. */
    memset(&queue, 0, sizeof(queue));
    clock_now = 0;
    bell_sim_init(&config);
    bell_thread_create("alice", 0, false, NULL, waiter, NULL);
    assert_int_equal(bell_sim_run(), BELL_SIM_DONE);
}

static void cycle_limit(void **state)
{
    struct bell_sim_config config = {.max_cycles = 5000, .step = step, .now = now};

    (void)state;
    clock_now = 0;
    bell_sim_init(&config);
    bell_thread_create("sleeper", 0, false, NULL, sleeper, NULL);
    assert_int_equal(bell_sim_run(), BELL_SIM_FAILED);
    assert_contains(bell_sim_failure(), "limit of 5000 cycles");
    assert_contains(bell_sim_failure(), "'sleeper' (cpu 0): goes on at cycle 1000001");
    assert_int_equal(clock_now, 5001);
}

static void failer(void *arg)
{
    bell_thread_sleep(10);
    bell_sim_fail("number %u", 1u);
    *(bool *)arg = true;
}

static void fail_stops_the_thread(void **state)
{
    bool went_on = false;

    (void)state;
    start(1);
    bell_thread_create("failer", 0, false, NULL, failer, &went_on);
    assert_int_equal(bell_sim_run(), BELL_SIM_FAILED);
    assert_false(went_on);
    bell_sim_fail("number %u", 2u);
    assert_string_equal(bell_sim_failure(), "number 1");
}

static void for_ever(void *arg)
{
    (void)arg;
    for (;;)
        bell_thread_point();
}

static void daemons_do_not_keep_the_run_alive(void **state)
{
    (void)state;
    start(1);
    bell_thread_create("daemon", 0, true, NULL, for_ever, NULL);
    assert_int_equal(bell_sim_run(), BELL_SIM_DONE);
    bell_thread_create("sleeper", 0, false, NULL, sleeper, NULL);
    assert_int_equal(bell_sim_run(), BELL_SIM_DONE);
    assert_true(bell_sim_now() > 1000000);
}

/* --- kill --- */

static struct bell_thread *victims[3];

static void killer(void *arg)
{
    (void)arg;
    bell_thread_sleep(50);
    for (unsigned i = 0; i < 3; i++) {
        results[i] = bell_thread_alive(victims[i]);
        bell_thread_kill(victims[i]);
        bell_thread_kill(victims[i]); /* Again: nothing. */
        results[3 + i] = bell_thread_alive(victims[i]);
    }
    bell_thread_sleep(5);
    bell_thread_kill(bell_thread_self());
    results[6] = true;
}

static void kill_in_every_state(void **state)
{
    (void)state;
    start(9);
    memset(&queue, 0, sizeof(queue));
    memset(results, 0, sizeof(results));
    victims[0] = bell_thread_create("waits", 0, false, NULL, waiter, NULL);
    victims[1] = bell_thread_create("sleeps", 0, false, NULL, sleeper, NULL);
    victims[2] = bell_thread_create("runs", 0, false, NULL, for_ever, NULL);
    bell_thread_create("killer", 0, false, NULL, killer, NULL);
    assert_int_equal(bell_sim_run(), BELL_SIM_DONE);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(results[i]);
        assert_false(results[3 + i]);
    }
    assert_false(results[6]);
    assert_null(queue.head);
    assert_in_range(bell_sim_now(), 55, 70);
}

/* --- what belongs to each coroutine --- */

static void errno_keeper(void *arg)
{
    int mine = (int)(uintptr_t)arg;

    errno = mine;
    fesetround(mine == 1 ? FE_UPWARD : FE_DOWNWARD);
    for (unsigned i = 0; i < 50; i++) {
        bell_thread_point();
        if (errno != mine || fegetround() != (mine == 1 ? FE_UPWARD : FE_DOWNWARD))
            results[0] = false;
    }
}

static void errno_and_rounding_are_kept(void **state)
{
    (void)state;
    start(2);
    results[0] = true;
    bell_thread_create("a", 0, false, NULL, errno_keeper, (void *)1);
    bell_thread_create("b", 0, false, NULL, errno_keeper, (void *)2);
    assert_int_equal(bell_sim_run(), BELL_SIM_DONE);
    assert_true(results[0]);
    assert_int_equal(fegetround(), FE_TONEAREST);
}

/* --- named points --- */

static void passer(void *arg)
{
    (void)arg;
    bell_thread_named_point("umd.lqv-to-wptr");
    seen[0] = bell_sim_now();
}

static void releaser(void *arg)
{
    (void)arg;
    bell_thread_sleep(300);
    seen[1] = bell_point_waiting("umd.lqv-to-wptr");
    bell_point_release("umd.lqv-to-wptr");
}

static void a_held_point_blocks(void **state)
{
    (void)state;
    start(2);
    bell_point_hold("umd.lqv-to-wptr");
    bell_thread_create("passer", 0, false, NULL, passer, NULL);
    bell_thread_create("passer", 0, false, NULL, passer, NULL);
    assert_int_equal(bell_sim_run(), BELL_SIM_STUCK);
    assert_contains(bell_sim_failure(), "release of delay point umd.lqv-to-wptr");

    start(2);
    bell_point_hold("umd.lqv-to-wptr");
    bell_thread_create("passer", 0, false, NULL, passer, NULL);
    bell_thread_create("releaser", 0, false, NULL, releaser, NULL);
    assert_int_equal(bell_sim_run(), BELL_SIM_DONE);
    assert_in_range(seen[0], 302, 312);
    assert_int_equal(seen[1], 1);
    assert_int_equal(bell_point_passed("umd.lqv-to-wptr"), 1);
    assert_int_equal(bell_point_passed("umd.wptr-to-ring"), 0);
}

/* --- guards --- */

static void spins(void *arg)
{
    (void)arg;
    for (volatile unsigned i = 0;; i++) {
    }
}

static void spin_body(void)
{
    struct bell_sim_config config = {.spin_seconds = 1, .step = step, .now = now};

    bell_sim_init(&config);
    bell_thread_create("looper", 0, false, NULL, spins, NULL);
    bell_sim_run();
}

static void a_spin_is_named(void **state)
{
    char text[CHILD_TEXT_BYTES];
    int status = in_child(spin_body, text);

    (void)state;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), BELL_SPIN_STATUS);
    assert_contains(text, "'looper'");
    assert_contains(text, "test_thread");
}

/* Goes down page by page to the stack's lowest bytes, where the canary is. */
__attribute__((no_sanitize("address", "undefined"), noinline)) static void
overwrite_canary(void *arg)
{
    const uint64_t canary = UINT64_C(0xBE11F0E5CA4A417E); /* As in bell_coroutine.c. */
    volatile char here = 0;
    uintptr_t address = (uintptr_t)&here;

    (void)arg;
    for (address &= ~(uintptr_t)4095; *(volatile uint64_t *)address != canary; address -= 4096) {
    }
    *(volatile uint64_t *)address = 0;
    bell_thread_point();
}

static void canary_body(void)
{
    start(1);
    bell_thread_create("deep", 0, false, NULL, overwrite_canary, NULL);
    bell_sim_run();
}

__attribute__((no_sanitize("address", "undefined"), noinline)) static unsigned
recurse(volatile unsigned depth)
{
    volatile char frame[1024];

    frame[0] = (char)depth;
    return depth == 0 ? 0 : recurse(depth + 1) + (unsigned)frame[0];
}

static void recurser(void *arg)
{
    (void)arg;
    recurse(1);
}

static void overflow_body(void)
{
    signal(SIGSEGV, SIG_DFL);
    start(1);
    bell_thread_create("deep", 0, false, NULL, recurser, NULL);
    bell_sim_run();
}

static void overflow_is_seen(void **state)
{
    char text[CHILD_TEXT_BYTES];
    int status = in_child(canary_body, text);

    (void)state;
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_contains(text, "'deep' overflowed its stack");
    status = in_child(overflow_body, text);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(same_seed_same_order, teardown),
        cmocka_unit_test_teardown(the_seed_picks, teardown),
        cmocka_unit_test_teardown(time_is_exact, teardown),
        cmocka_unit_test_teardown(wake_and_time_out, teardown),
        cmocka_unit_test_teardown(a_woken_thread_does_not_time_out, teardown),
        cmocka_unit_test_teardown(wake_all_wakes_all, teardown),
        cmocka_unit_test_teardown(stuck_names_the_waiters, teardown),
        cmocka_unit_test_teardown(stuck_waits_for_the_device, teardown),
        cmocka_unit_test_teardown(cycle_limit, teardown),
        cmocka_unit_test_teardown(fail_stops_the_thread, teardown),
        cmocka_unit_test_teardown(daemons_do_not_keep_the_run_alive, teardown),
        cmocka_unit_test_teardown(kill_in_every_state, teardown),
        cmocka_unit_test_teardown(errno_and_rounding_are_kept, teardown),
        cmocka_unit_test_teardown(a_held_point_blocks, teardown),
        cmocka_unit_test_teardown(a_spin_is_named, teardown),
        cmocka_unit_test_teardown(overflow_is_seen, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
