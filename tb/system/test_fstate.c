/* SPDX-License-Identifier: MIT */
/* Engines going to F1 and back. */
#include "power.h"

enum { PATIENCE = 400000, IDLE_CLOCKS = 3000 };
static const char gate_point[] = "power.disconnected-to-gate";

static struct rig a, b, other; /* a and b on node 0, other on node 1. */
static uint32_t f1_status;

static void run(int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    rig_run(&config, body);
}

static void make_all(void)
{
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

/* --- DB-FST-01, DB-INT-01 --------------------------------------------------------------------- */

static int early(int argc, char **argv)
{
    size_t from, report, dpc, ddi;
    uint64_t start;

    (void)argc, (void)argv;
    make_all();
    rig_settle(10 * IDLE_CLOCKS);
    REQUIRE_EQ(power_interrupts(0, DXGK_INTERRUPT_GPU_ENGINE_STATE_CHANGE), 0); /* Off. */
    start = belfry_now();
    from = belfry_record_count();
    belfry_engine_limits(0, IDLE_CLOCKS, 0, false);
    power_await(node0_in_f1, PATIENCE, "F1");
    REQUIRE(belfry_now() - start < 10 * IDLE_CLOCKS); /* Far below the TDR cadence. */
    report = power_interrupt(from, DXGK_INTERRUPT_GPU_ENGINE_STATE_CHANGE);
    REQUIRE(belfry_record_at(report)->cycle - start >= IDLE_CLOCKS);
    REQUIRE_EQ(belfry_record_at(report)->args[1], 0); /* Node 0, engine 0. */
    REQUIRE_EQ(belfry_record_at(report)->args[2] & UINT32_MAX, DXGK_ENGINE_STATE_TRANSITION_TO_F1);
    REQUIRE_EQ(belfry_record_at(report)->irql, BELL_DIRQL);
    dpc = rig_expect(report, BELFRY_CB_ENTER, "DxgkCbNotifyDpc");
    REQUIRE_EQ(belfry_record_at(dpc)->irql, DISPATCH_LEVEL);
    ddi = rig_expect(from, BELFRY_DDI_ENTER, "DxgkDdiDisconnectDoorbell");
    REQUIRE(dpc < ddi);
    REQUIRE_EQ(belfry_record_at(ddi)->irql, PASSIVE_LEVEL);
    REQUIRE(strcmp(belfry_record_at(ddi)->thread, "worker") == 0);
    close_all();
    return 0;
}

static void DB_FST_01_early_f1(void **state)
{
    (void)state;
    run(early);
}

static void DB_INT_01_report_dpc_worker(void **state)
{
    (void)state;
    run(early);
}

/* --- DB-FST-02 -------------------------------------------------------------------------------- */

static int all_of_the_engine(int argc, char **argv)
{
    size_t from, down, gate;

    (void)argc, (void)argv;
    make_all();
    from = belfry_record_count();
    REQUIRE_OK((NTSTATUS)belfry_engine_f1(0));
    down = power_expect(from, BELFRY_POWER, "F-going-down", 0);
    gate = rig_expect(from, BELFRY_DDI_ENTER, "DxgkDdiSetPowerComponentFState");
    REQUIRE(down < power_expect(from, BELFRY_DDI_ENTER, "DxgkDdiDisconnectDoorbell", a.doorbell));
    REQUIRE(power_expect(from, BELFRY_DDI_EXIT, "DxgkDdiDisconnectDoorbell", a.doorbell) < gate);
    REQUIRE(power_expect(from, BELFRY_DDI_EXIT, "DxgkDdiDisconnectDoorbell", b.doorbell) < gate);
    REQUIRE_EQ(*a.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    REQUIRE_EQ(*b.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    REQUIRE_EQ(*other.status, D3DDDI_DOORBELLSTATUS_CONNECTED);
    REQUIRE_EQ(BELL_FIELD_GET(belfry_register(BELL_CTRL_OFFSET), BELL_CTRL_GATED), 1);
    REQUIRE_EQ(belfry_power_f(1), 0);
    rig_submit(&other, 0, 1, 0); /* Untouched. */
    rig_wait(&other, 1, PATIENCE);
    close_all();
    return 0;
}

static void DB_FST_02_all_doorbells_of_the_engine(void **state)
{
    (void)state;
    run(all_of_the_engine);
}

/* --- DB-FST-03 -------------------------------------------------------------------------------- */

static int wake(int argc, char **argv)
{
    size_t from;

    (void)argc, (void)argv;
    make_all();
    REQUIRE_OK((NTSTATUS)belfry_engine_f1(0));
    rig_append(&b, 1, 2); /* Nobody rings for it: the wake samples. */
    from = belfry_record_count();
    rig_submit(&a, 0, 1, 0);
    rig_wait(&a, 1, PATIENCE);
    rig_wait(&b, 1, PATIENCE);
    REQUIRE(power_expect(from, BELFRY_POWER, "F0", 0) <
            power_expect(from, BELFRY_DDI_ENTER, "DxgkDdiConnectDoorbell", a.doorbell));
    REQUIRE_EQ(*b.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    REQUIRE_EQ(belfry_power_f(0), 0);
    close_all();
    return 0;
}

static void DB_FST_03_connect_wakes_first(void **state)
{
    (void)state;
    run(wake);
}

/* --- DB-FST-04 -------------------------------------------------------------------------------- */

static void go_f1(void *arg)
{
    (void)arg;
    f1_status = belfry_engine_f1(0);
}

/* A ring accepted before the disconnect: its user saw CONNECTED and will do nothing more. */
static int ring_before_disconnect(int argc, char **argv)
{
    (void)argc, (void)argv;
    make_all();
    for (int delay = 0; delay < 400; delay += 7) {
        struct belfry_thread *thread;

        rig_append(&a, 0, delay + 1);
        power_ring(&a);
        belfry_sleep(1 + delay);
        thread = belfry_thread_start("power", go_f1, NULL);
        belfry_thread_join(thread);
        rig_wait(&a, a.wptr, PATIENCE); /* Cancelled, or done before the gate: never lost. */
        REQUIRE_EQ(a.data.cpu[0], delay + 1);
        REQUIRE_OK(rig_connect(&a));
    }
    close_all();
    return 0;
}

/* Appended, not rung, then the disconnect: the final sample must find it before the gate. */
static int long_work_refuses_the_gate(int argc, char **argv)
{
    (void)argc, (void)argv;
    make_all();
    rig_append_work(&a, 0, 1, 60000);
    REQUIRE_STATUS(belfry_engine_f1(0), STATUS_CANCELLED);
    REQUIRE_EQ(belfry_power_f(0), 0);
    power_expect(0, BELFRY_POWER, "F-cancelled", 0);
    rig_wait(&a, 1, PATIENCE);
    REQUIRE_OK((NTSTATUS)belfry_engine_f1(0));
    close_all();
    return 0;
}

/* a connect between the last disconnect and the gate. */
static int connect_cancels(int argc, char **argv)
{
    struct belfry_thread *thread;

    (void)argc, (void)argv;
    make_all();
    belfry_point_hold(gate_point);
    thread = belfry_thread_start("power", go_f1, NULL);
    power_await_point(gate_point, 1);
    rig_submit(&a, 0, 1, 0);
    REQUIRE_EQ(*a.status, D3DDDI_DOORBELLSTATUS_CONNECTED);
    belfry_point_release(gate_point);
    belfry_thread_join(thread);
    REQUIRE_STATUS(f1_status, STATUS_CANCELLED);
    REQUIRE_EQ(belfry_power_f(0), 0);
    rig_wait(&a, 1, PATIENCE);
    rig_submit(&a, 0, 2, 0); /* Still connected: a plain ring. */
    rig_wait(&a, 2, PATIENCE);
    close_all();
    return 0;
}

/* resume over an engine in F1, whose work was rung while suspended. */
static int resume_wakes(int argc, char **argv)
{
    (void)argc, (void)argv;
    make_all();
    REQUIRE_OK((NTSTATUS)belfry_os_suspend(a.context));
    rig_append(&a, 0, 1);
    power_ring(&a);
    REQUIRE_OK((NTSTATUS)belfry_engine_f1(0)); /* Suspended work does not forbid it. */
    REQUIRE_EQ(belfry_power_f(0), 1);
    rig_settle(5000);
    REQUIRE_EQ(*a.progress, 0);
    REQUIRE_OK((NTSTATUS)belfry_os_resume(a.context));
    rig_wait(&a, 1, PATIENCE);
    REQUIRE_EQ(belfry_power_f(0), 0);
    close_all();
    return 0;
}

static void DB_FST_04_ring_before_the_disconnect(void **state)
{
    (void)state;
    run(ring_before_disconnect);
}

static void DB_FST_04_pending_work_refuses_the_gate(void **state)
{
    (void)state;
    run(long_work_refuses_the_gate);
}

static void DB_FST_04_connect_cancels_the_descent(void **state)
{
    (void)state;
    run(connect_cancels);
}

static void DB_FST_04_resume_wakes_the_engine(void **state)
{
    (void)state;
    run(resume_wakes);
}

/* --- DB-FST-05 -------------------------------------------------------------------------------- */

static int hung(int argc, char **argv)
{
    size_t from = belfry_record_count(), report, reset;
    uint64_t start;

    (void)argc, (void)argv;
    make_all();
    belfry_engine_limits(0, 0, 5000, true);
    rig_submit(&b, 0, 1, 20000); /* Long work: the limit says that it is. */
    rig_wait(&b, 1, PATIENCE);
    REQUIRE_EQ(power_interrupts(from, DXGK_INTERRUPT_GPU_ENGINE_STATE_CHANGE), 0);
    power_append_hang(&a);
    power_ring(&a);
    start = belfry_now();
    while (*a.status != D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT && belfry_now() < start + 100000)
        belfry_sleep(100);
    REQUIRE_EQ(*a.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT);
    report = power_interrupt(from, DXGK_INTERRUPT_GPU_ENGINE_STATE_CHANGE);
    REQUIRE_EQ(belfry_record_at(report)->args[2] & UINT32_MAX, DXGK_ENGINE_STATE_HUNG);
    reset = power_expect(report, BELFRY_POWER, "tdr-reset", 0);
    REQUIRE(belfry_record_at(reset)->cycle - start < 50000); /* TdrDelay is millions. */
    REQUIRE_EQ(power_find(from, BELFRY_POWER, "tdr-suspect", 0), POWER_NONE);
    close_all();
    return 0;
}

static void DB_FST_05_hung_starts_recovery_at_once(void **state)
{
    (void)state;
    run(hung);
}

/* WORK beyond the limit is a hang unless the limit says otherwise. */
static int long_work_counts(int argc, char **argv)
{
    (void)argc, (void)argv;
    make_all();
    belfry_engine_limits(0, 0, 5000, false);
    rig_submit(&a, 0, 1, 20000);
    rig_settle(30000);
    REQUIRE_EQ(*a.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT);
    close_all();
    return 0;
}

static void DB_FST_05_long_work_without_leave_is_a_hang(void **state)
{
    (void)state;
    run(long_work_counts);
}

/* --- DB-INT-02 -------------------------------------------------------------------------------- */

static int two_causes(int argc, char **argv)
{
    size_t from, first, second;

    (void)argc, (void)argv;
    make_all();
    from = belfry_record_count();
    belfry_engine_limits(1, 4000, 0, false);
    belfry_engine_limits(2, 3990, 0, false);
    belfry_engine_limits(0, 3980, 0, false);
    rig_settle(20000);
    REQUIRE_EQ(power_interrupts(from, DXGK_INTERRUPT_GPU_ENGINE_STATE_CHANGE), 3);
    first = power_interrupt(from, DXGK_INTERRUPT_GPU_ENGINE_STATE_CHANGE);
    second = power_interrupt(first + 1, DXGK_INTERRUPT_GPU_ENGINE_STATE_CHANGE);
    /* Both in one call of the interrupt routine, one after the other. */
    REQUIRE(belfry_record_find(first, BELFRY_DDI_EXIT, "DxgkDdiInterruptRoutine") > second);
    REQUIRE(belfry_record_find(first, BELFRY_CB_EXIT, "DxgkCbNotifyInterrupt") < second);
    for (uint32_t node = 0; node < 3; node++)
        REQUIRE_EQ(belfry_power_f(node), 1);
    close_all();
    return 0;
}

static void DB_INT_02_causes_that_come_together(void **state)
{
    (void)state;
    run(two_causes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(DB_FST_01_early_f1),
        cmocka_unit_test(DB_FST_02_all_doorbells_of_the_engine),
        cmocka_unit_test(DB_FST_03_connect_wakes_first),
        cmocka_unit_test(DB_FST_04_ring_before_the_disconnect),
        cmocka_unit_test(DB_FST_04_pending_work_refuses_the_gate),
        cmocka_unit_test(DB_FST_04_connect_cancels_the_descent),
        cmocka_unit_test(DB_FST_04_resume_wakes_the_engine),
        cmocka_unit_test(DB_FST_05_hung_starts_recovery_at_once),
        cmocka_unit_test(DB_FST_05_long_work_without_leave_is_a_hang),
        cmocka_unit_test(DB_INT_01_report_dpc_worker),
        cmocka_unit_test(DB_INT_02_causes_that_come_together),
    };

    return cmocka_run_group_tests_name("fstate", tests, NULL, NULL);
}
