/* SPDX-License-Identifier: MIT */
/* Engines that the OS sends to F1 of its own accord, at the TDR cadence. */
#include "power.h"

enum { PATIENCE = 400000, TDR = 4000000, IDLE = 20000 };

static struct rig a, b, other; /* a and b on node 0, other on node 1. */

static void run(int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    rig_run(&config, body);
}

static void make_all(uint64_t idle)
{
    const struct belfry_tdr tdr = {.idle = idle};

    rig_make(&a, 16, 0);
    rig_open_beside(&b, &a, 16);
    rig_make_queue(&b, 0);
    rig_make_doorbell(&b);
    rig_open_beside(&other, &a, 16);
    rig_make_queue(&other, 1);
    rig_make_doorbell(&other);
    REQUIRE_OK(rig_connect(&a));
    REQUIRE_OK(rig_connect(&b));
    REQUIRE_OK(rig_connect(&other));
    belfry_os_tdr(&tdr);
}

static void close_all(void)
{
    rig_close_beside(&other);
    rig_close_beside(&b);
    rig_close(&a);
}

static bool node0_in_f1(void)
{
    return belfry_power_f(0) == 1;
}

static void work(struct rig *rig, uint64_t clocks)
{
    rig_submit(rig, 0, rig->wptr + 1, clocks);
    rig_wait(rig, rig->wptr, PATIENCE);
}

/* --- The unscaled cadence, no word of the driver ----------------------------------------------- */

static int cadence(int argc, char **argv)
{
    uint64_t start;

    (void)argc, (void)argv;
    make_all(0);
    work(&a, 0);
    start = belfry_now();
    power_await(node0_in_f1, 2 * TDR, "F1");
    REQUIRE(belfry_now() - start >= TDR - TDR / 4); /* Seen alive by the look after. */
    REQUIRE(belfry_now() - start <= TDR + TDR / 2);
    REQUIRE_EQ(power_interrupts(0, DXGK_INTERRUPT_GPU_ENGINE_STATE_CHANGE), 0);
    REQUIRE_EQ(*a.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    REQUIRE_EQ(*b.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    REQUIRE_EQ(rig_count(0, BELFRY_POWER, "tdr-suspect"), 0);
    rig_settle(TDR); /* The others. */
    start = belfry_record_count();
    rig_settle(4 * TDR);
    REQUIRE_EQ(rig_count(start, BELFRY_DDI_ENTER, NULL), 0); /* All are down: nobody looks. */
    work(&a, 0);
    power_expect(start, BELFRY_POWER, "F0", 0);
    close_all();
    return 0;
}

static void DB_FST_01_the_os_looks_at_the_tdr_cadence(void **state)
{
    (void)state;
    run(cadence);
}

/* --- Signs of life ------------------------------------------------------------------------------ */

static int alive(int argc, char **argv)
{
    (void)argc, (void)argv;
    make_all(IDLE);
    for (int i = 0; i < 12; i++) {
        work(&a, 100);
        rig_settle(IDLE / 3);
        REQUIRE_EQ(belfry_power_f(0), 0);
    }
    REQUIRE_EQ(belfry_power_f(1), 1); /* Nobody used that one. */
    REQUIRE_EQ(*a.status, D3DDDI_DOORBELLSTATUS_CONNECTED);
    REQUIRE_EQ(power_find(0, BELFRY_POWER, "F-idle", 0), POWER_NONE);
    close_all();
    return 0;
}

static void DB_FST_01_a_used_engine_stays(void **state)
{
    (void)state;
    run(alive);
}

/* Neither a fence nor a count moves: a connect is a sign of life. */
static int connect_only(int argc, char **argv)
{
    (void)argc, (void)argv;
    make_all(IDLE);
    for (int i = 0; i < 4; i++) {
        power_await(node0_in_f1, PATIENCE, "F1");
        rig_settle(2 * IDLE + 777 * i);
        REQUIRE_OK(rig_connect(&a));
        rig_settle(IDLE / 2);
        REQUIRE_EQ(belfry_power_f(0), 0);
        REQUIRE_EQ(*a.status, D3DDDI_DOORBELLSTATUS_CONNECTED);
    }
    close_all();
    return 0;
}

static void DB_FST_03_a_connect_is_a_sign_of_life(void **state)
{
    (void)state;
    run(connect_only);
}

/* No fence moves for many cadences: the hardware has work. */
static int long_work(int argc, char **argv)
{
    (void)argc, (void)argv;
    make_all(IDLE);
    work(&a, 6 * IDLE);
    REQUIRE_EQ(*b.status, D3DDDI_DOORBELLSTATUS_CONNECTED);
    REQUIRE_EQ(power_find(0, BELFRY_POWER, "F-idle", 0), POWER_NONE);
    close_all();
    return 0;
}

static void DB_FST_01_long_work_is_no_idleness(void **state)
{
    (void)state;
    run(long_work);
}

/* Rung and appended at every distance from the descent: nothing is lost (DB-FST-04). */
static int ring_near_the_descent(int argc, char **argv)
{
    unsigned descents;

    (void)argc, (void)argv;
    make_all(IDLE);
    for (int i = 0; i < 80; i++) {
        rig_settle(IDLE + 137 * i);
        work(&a, 0);
        REQUIRE_EQ(a.data.cpu[0], i + 1);
    }
    descents = (unsigned)rig_count(0, BELFRY_POWER, "F-idle");
    REQUIRE(descents > 20);
    REQUIRE_EQ(power_hardware(0, BELFRY_START, a.blob.queue_token), 80);
    close_all();
    return 0;
}

static void DB_FST_04_work_near_the_os_descent(void **state)
{
    (void)state;
    run(ring_near_the_descent);
}

/* --- A user's word does not keep an engine up, nor suspended work ------------------------------- */

static int liar(int argc, char **argv)
{
    (void)argc, (void)argv;
    make_all(IDLE);
    *a.last_queued = UINT64_MAX;
    REQUIRE_OK((NTSTATUS)belfry_os_suspend(b.context));
    rig_append(&b, 0, 5);
    power_ring(&b);
    power_await(node0_in_f1, PATIENCE, "F1");
    REQUIRE_OK((NTSTATUS)belfry_os_resume(b.context));
    rig_wait(&b, 1, PATIENCE);
    close_all();
    return 0;
}

static void DB_FST_01_neither_a_lie_nor_suspended_work_keeps_it(void **state)
{
    (void)state;
    run(liar);
}

/* A kernel-mode queue on node 2 has no doorbell; its submission wakes. */
static int kernel_queue(int argc, char **argv)
{
    static struct rig_kernel kernel;
    D3DKMT_HANDLE context;

    (void)argc, (void)argv;
    make_all(IDLE);
    context = rig_make_context(&a, 2);
    rig_kernel_open(&kernel, &a, context);
    for (int i = 0; i < 6; i++) {
        rig_settle(2 * IDLE);
        REQUIRE_EQ(belfry_power_f(2), 1);
        rig_kernel_submit(&kernel, 0, i, 10);
        rig_kernel_wait(&kernel, PATIENCE);
    }
    rig_kernel_close(&kernel);
    rig_destroy_context(context);
    close_all();
    return 0;
}

static void DB_FST_01_kernel_submission_wakes(void **state)
{
    (void)state;
    run(kernel_queue);
}

/* --- A hang beside a descent -------------------------------------------------------------------- */

static void go_f1(void *arg)
{
    *(uint32_t *)arg = belfry_engine_f1(0);
}

/* The engine hangs and is on its way to F1: the reset that the suspend asks for cancels that. */
static int hang_in_the_descent(int argc, char **argv)
{
    const struct belfry_tdr tdr = {.delay = 50000, .idle = UINT64_MAX};
    struct belfry_thread *thread;
    uint32_t status = 0;

    (void)argc, (void)argv;
    make_all(0);
    belfry_os_tdr(&tdr);
    power_append_hang(&a);
    power_ring(&a);
    rig_settle(2000);
    belfry_point_hold("power.disconnected-to-gate");
    thread = belfry_thread_start("power", go_f1, &status);
    power_await_point("power.disconnected-to-gate", 1);
    REQUIRE_OK((NTSTATUS)belfry_os_suspend(a.context));
    power_expect(0, BELFRY_POWER, "tdr-reset", 0);
    REQUIRE_EQ(*a.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT);
    belfry_point_release("power.disconnected-to-gate");
    belfry_thread_join(thread);
    REQUIRE_STATUS(status, STATUS_CANCELLED);
    close_all();
    return 0;
}

static void DB_SUS_03_reset_cancels_a_descent_to_f1(void **state)
{
    (void)state;
    run(hang_in_the_descent);
}

/* The adapter goes to D3 and finds an engine that hangs. */
static int hang_before_d3(int argc, char **argv)
{
    const struct belfry_tdr tdr = {.delay = 50000};
    size_t reset;

    (void)argc, (void)argv;
    make_all(0);
    belfry_os_tdr(&tdr);
    power_append_hang(&a);
    power_ring(&a);
    rig_settle(2000);
    REQUIRE_OK((NTSTATUS)belfry_os_power_down(false));
    reset = power_expect(0, BELFRY_POWER, "tdr-reset", 0);
    REQUIRE(reset < power_expect(reset, BELFRY_POWER, "D3", 0));
    REQUIRE_EQ(*a.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT);
    belfry_os_power_up();
    close_all();
    return 0;
}

static void DB_SUS_03_hang_on_the_way_to_d3(void **state)
{
    (void)state;
    run(hang_before_d3);
}

/* --- The other policy --------------------------------------------------------------------------- */

static int only_the_driver(int argc, char **argv)
{
    (void)argc, (void)argv;
    make_all(IDLE);
    rig_settle(10 * IDLE);
    REQUIRE_EQ(belfry_power_f(0), 0);
    REQUIRE_EQ(*a.status, D3DDDI_DOORBELLSTATUS_CONNECTED);
    belfry_engine_limits(0, 3000, 0, false);
    power_await(node0_in_f1, PATIENCE, "F1");
    close_all();
    return 0;
}

static void DB_FST_01_policy_idle_driver(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    config.idle_by_driver = true;
    rig_run(&config, only_the_driver);
}

/* --- The same with every clock evaluated --------------------------------------------------------- */

static uint64_t hash;

static int three_descents(int argc, char **argv)
{
    (void)argc, (void)argv;
    make_all(3000);
    for (int i = 0; i < 3; i++) {
        work(&a, 50);
        rig_settle(9000);
        REQUIRE_EQ(belfry_power_f(0), 1);
    }
    hash = belfry_event_hash();
    close_all();
    return 0;
}

static void DB_FST_01_the_same_without_idle_skip(void **state)
{
    struct belfry_config config = rig_config();
    uint64_t skipped;

    (void)state;
    rig_run(&config, three_descents);
    skipped = hash;
    config.no_idle_skip = true;
    rig_run(&config, three_descents);
    assert_true(hash == skipped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(DB_FST_01_the_os_looks_at_the_tdr_cadence),
        cmocka_unit_test(DB_FST_01_a_used_engine_stays),
        cmocka_unit_test(DB_FST_01_long_work_is_no_idleness),
        cmocka_unit_test(DB_FST_01_neither_a_lie_nor_suspended_work_keeps_it),
        cmocka_unit_test(DB_FST_01_kernel_submission_wakes),
        cmocka_unit_test(DB_FST_01_policy_idle_driver),
        cmocka_unit_test(DB_FST_01_the_same_without_idle_skip),
        cmocka_unit_test(DB_FST_03_a_connect_is_a_sign_of_life),
        cmocka_unit_test(DB_FST_04_work_near_the_os_descent),
        cmocka_unit_test(DB_SUS_03_reset_cancels_a_descent_to_f1),
        cmocka_unit_test(DB_SUS_03_hang_on_the_way_to_d3),
    };

    return cmocka_run_group_tests_name("idle", tests, NULL, NULL);
}
