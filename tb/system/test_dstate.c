/* SPDX-License-Identifier: MIT */
/* The adapter going to D3 and back. */
#include "power.h"

enum { PATIENCE = 400000, COUNT = 3 };
static const char gate_point[] = "power.disconnected-to-gate";

static struct rig rigs[COUNT];
static uint32_t d3_status;

static void run(int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    rig_run(&config, body);
}

static void make_all(void)
{
    for (unsigned i = 0; i < COUNT; i++) {
        if (i == 0)
            rig_open(&rigs[i], 16);
        else
            rig_open_beside(&rigs[i], &rigs[0], 16);
        rig_make_queue(&rigs[i], i % 2);
        rig_make_doorbell(&rigs[i]);
        REQUIRE_OK(rig_connect(&rigs[i]));
    }
}

static void close_all(void)
{
    for (unsigned i = COUNT; i-- > 1;)
        rig_close_beside(&rigs[i]);
    rig_close(&rigs[0]);
}

static void go_down(bool evict)
{
    REQUIRE_OK((NTSTATUS)belfry_os_power_down(evict));
    REQUIRE_EQ(belfry_power_d(), 3);
}

/* --- DB-DST-01, DB-RES-05 --------------------------------------------------------------------- */

static int down(int argc, char **argv)
{
    size_t from, ack, off, paged;

    (void)argc, (void)argv;
    make_all();
    from = belfry_record_count();
    go_down(true);
    ack = power_last(from, BELFRY_DDI_EXIT, "DxgkDdiSuspendContext");
    off = rig_expect(from, BELFRY_DDI_ENTER, "DxgkDdiSetPowerState");
    paged = rig_expect(from, BELFRY_ALLOC, "page-out");
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiSuspendContext"), COUNT);
    REQUIRE_EQ(power_interrupts(from, DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED), COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        size_t enter = power_expect(from, BELFRY_DDI_ENTER, "DxgkDdiDisconnectDoorbell",
                                    rigs[i].doorbell);
        size_t exit = power_expect(from, BELFRY_DDI_EXIT, "DxgkDdiDisconnectDoorbell",
                                   rigs[i].doorbell);

        REQUIRE(ack < enter && exit < paged && paged < off);
        REQUIRE_EQ(*rigs[i].status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    }
    REQUIRE(off < power_expect(from, BELFRY_POWER, "D3", 0));
    REQUIRE_EQ(rig_owned_slots(8), 0);
    close_all(); /* Works in D3: the driver touches no register. */
    REQUIRE_EQ(belfry_power_d(), 3);
    return 0;
}

static void DB_DST_01_suspend_disconnect_evict_power_down(void **state)
{
    (void)state;
    run(down);
}

/* --- DB-DST-02, -03 --------------------------------------------------------------------------- */

static int up(int argc, char **argv)
{
    size_t from, on, paged, connect, connected;

    (void)argc, (void)argv;
    make_all();
    go_down(true);
    rig_append(&rigs[1], 1, 21); /* Appended in D3; its user does not ring. */
    from = belfry_record_count();
    rig_submit(&rigs[0], 0, 11, 0);
    rig_wait(&rigs[0], 1, PATIENCE);
    rig_wait(&rigs[1], 1, PATIENCE);
    on = rig_expect(from, BELFRY_DDI_ENTER, "DxgkDdiSetPowerState");
    paged = power_last(from, BELFRY_ALLOC, "page-in");
    connect = power_expect(from, BELFRY_DDI_ENTER, "DxgkDdiConnectDoorbell", rigs[0].doorbell);
    connected = power_expect(from, BELFRY_DDI_EXIT, "DxgkDdiConnectDoorbell", rigs[0].doorbell);
    REQUIRE(on < rig_expect(from, BELFRY_ALLOC, "page-in") && paged < connect);
    REQUIRE(connected < rig_expect(from, BELFRY_DDI_ENTER, "DxgkDdiResumeContext"));
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiResumeContext"), COUNT);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiConnectDoorbell"), 1);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiCreateDoorbell"), 0);
    REQUIRE_EQ(*rigs[0].status, D3DDDI_DOORBELLSTATUS_CONNECTED);
    REQUIRE_EQ(*rigs[1].status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    REQUIRE_EQ(*rigs[2].status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    REQUIRE_EQ(rigs[0].data.cpu[0], 11);
    REQUIRE_EQ(rigs[1].data.cpu[1], 21);
    close_all();
    return 0;
}

static void DB_DST_02_power_rings_connect_resume(void **state)
{
    (void)state;
    run(up);
}

static void DB_DST_03_others_stay_disconnected_and_their_work_runs(void **state)
{
    (void)state;
    run(up);
}

/* --- DB-DST-04 -------------------------------------------------------------------------------- */

/* Down in the middle of a ring, at every phase: each entry runs once, in order. */
static int rptr_survives(int argc, char **argv)
{
    struct rig *rig = &rigs[0];

    (void)argc, (void)argv;
    make_all();
    for (int round = 0; round < 24; round++) {
        size_t from = belfry_record_count();
        uint64_t first = rig->wptr;

        for (int i = 0; i < 4; i++)
            rig_append_work(rig, i, rig->wptr + 1, 150);
        power_ring(rig);
        belfry_sleep(1 + round * 61);
        go_down(round % 2);
        REQUIRE_EQ(belfry_register(BELL_QUEUE_STATE_OFFSET(rig->blob.queue_token)) &
                       ~BELL_QUEUE_STATE_BLOCK_MASK, 0);
        belfry_os_power_up();
        rig_wait(rig, first + 4, PATIENCE);
        rig_settle(3000);
        REQUIRE_EQ(power_hardware(from, BELFRY_START, rig->blob.queue_token), 4);
        REQUIRE_EQ(rig_rptr(rig), first + 4);
    }
    REQUIRE_EQ(belfry_dma_refused(), 0);
    close_all();
    return 0;
}

static void DB_DST_04_each_entry_once_across_d3(void **state)
{
    (void)state;
    run(rptr_survives);
}

/* A queue suspended by somebody else stays so; limits of the watches come back. */
static int own_state(int argc, char **argv)
{
    (void)argc, (void)argv;
    make_all();
    belfry_engine_limits(1, 0, 123456, true);
    REQUIRE_OK((NTSTATUS)belfry_os_suspend(rigs[2].context));
    go_down(false);
    REQUIRE_EQ(belfry_register(BELL_HUNG_LIMIT1_OFFSET), 0);
    rig_append(&rigs[2], 0, 5);
    belfry_os_power_up();
    REQUIRE_EQ(belfry_register(BELL_HUNG_LIMIT1_OFFSET), 123456 | BELL_HUNG_LIMIT1_LONG_WORK_MASK);
    rig_settle(5000);
    REQUIRE_EQ(*rigs[2].progress, 0);
    REQUIRE_OK((NTSTATUS)belfry_os_resume(rigs[2].context));
    rig_wait(&rigs[2], 1, PATIENCE);
    close_all();
    return 0;
}

static void DB_DST_04_driver_restores_its_own_state(void **state)
{
    (void)state;
    run(own_state);
}

/* --- DB-DST-05 -------------------------------------------------------------------------------- */

static void submit_one(void *arg)
{
    rig_submit(arg, 0, 9, 0);
}

static int one_transition(int argc, char **argv)
{
    struct belfry_thread *threads[COUNT];
    size_t from;

    (void)argc, (void)argv;
    make_all();
    for (int round = 1; round <= 5; round++) {
        go_down(true);
        from = belfry_record_count();
        for (unsigned i = 0; i < COUNT; i++)
            threads[i] = belfry_thread_start("waker", submit_one, &rigs[i]);
        for (unsigned i = 0; i < COUNT; i++)
            belfry_thread_join(threads[i]);
        for (unsigned i = 0; i < COUNT; i++)
            rig_wait(&rigs[i], round, PATIENCE);
        REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiSetPowerState"), 1);
        REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiConnectDoorbell"), COUNT);
    }
    close_all();
    return 0;
}

static void DB_DST_05_one_transition_for_many_connects(void **state)
{
    (void)state;
    run(one_transition);
}

/* --- A-63 for D3; kernel submission ----------------------------------------------------------- */

static void power_down_thread(void *arg)
{
    (void)arg;
    d3_status = belfry_os_power_down(true);
}

static int connect_cancels(int argc, char **argv)
{
    struct belfry_thread *thread;
    size_t from = belfry_record_count();

    (void)argc, (void)argv;
    make_all();
    belfry_point_hold(gate_point);
    thread = belfry_thread_start("power", power_down_thread, NULL);
    power_await_point(gate_point, 1);
    rig_submit(&rigs[0], 0, 1, 0);
    REQUIRE_EQ(*rigs[0].status, D3DDDI_DOORBELLSTATUS_CONNECTED);
    belfry_point_release(gate_point);
    belfry_thread_join(thread);
    REQUIRE_STATUS(d3_status, STATUS_CANCELLED);
    rig_wait(&rigs[0], 1, PATIENCE);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiSetPowerState"), 0);
    close_all();
    return 0;
}

static void DB_DST_05_connect_cancels_the_descent(void **state)
{
    (void)state;
    run(connect_cancels);
}

static int kernel_queue(int argc, char **argv)
{
    static struct rig_kernel kernel;
    D3DKMT_HANDLE context;

    (void)argc, (void)argv;
    make_all();
    context = rig_make_context(&rigs[0], 2);
    rig_kernel_open(&kernel, &rigs[0], context);
    for (int i = 0; i < 4; i++) {
        rig_kernel_submit(&kernel, 0, i, 0);
        rig_kernel_wait(&kernel, PATIENCE);
        go_down(true);
    }
    rig_kernel_submit(&kernel, 0, 77, 0); /* Wakes the adapter. */
    rig_kernel_wait(&kernel, PATIENCE);
    REQUIRE_EQ(belfry_power_d(), 0);
    rig_kernel_close(&kernel);
    rig_destroy_context(context);
    close_all();
    return 0;
}

static void DB_DST_04_kernel_queue_across_d3(void **state)
{
    (void)state;
    run(kernel_queue);
}

/* --- DB-RES-05, -06 --------------------------------------------------------------------------- */

static int contents(int argc, char **argv)
{
    struct rig *rig = &rigs[0];
    size_t from, out, in;
    uint64_t copy[16 * BELL_ENTRY_BYTES / 8];

    (void)argc, (void)argv;
    make_all();
    REQUIRE_OK((NTSTATUS)belfry_os_suspend(rig->context));
    for (int i = 1; i <= 10; i++)
        rig_append(rig, i, 100 + i);
    memcpy(copy, (void *)rig->ring.cpu, sizeof(copy));
    from = belfry_record_count();
    go_down(true);
    out = power_expect(from, BELFRY_ALLOC, "page-out", rig->ring.allocation);
    REQUIRE(belfry_record_at(out)->value != belfry_record_at(out)->value2);
    REQUIRE_EQ(memcmp(copy, (void *)rig->ring.cpu, sizeof(copy)), 0); /* Readable meanwhile. */
    rig_append(rig, 11, 111);                                        /* And writable. */
    belfry_os_power_up();
    in = power_expect(from, BELFRY_ALLOC, "page-in", rig->ring.allocation);
    REQUIRE(belfry_record_at(in)->value != belfry_record_at(out)->value2); /* A new location. */
    REQUIRE_OK((NTSTATUS)belfry_os_resume(rig->context));
    rig_wait(rig, 11, PATIENCE);
    for (int i = 1; i <= 11; i++)
        REQUIRE_EQ(rig->data.cpu[i], 100 + i);
    REQUIRE_EQ(belfry_dma_refused(), 0);
    close_all();
    return 0;
}

static void DB_RES_05_evicted_after_all_are_suspended(void **state)
{
    (void)state;
    run(down);
    run(up);
}

static void DB_RES_06_contents_survive_and_move(void **state)
{
    (void)state;
    run(contents);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(DB_DST_01_suspend_disconnect_evict_power_down),
        cmocka_unit_test(DB_DST_02_power_rings_connect_resume),
        cmocka_unit_test(DB_DST_03_others_stay_disconnected_and_their_work_runs),
        cmocka_unit_test(DB_DST_04_each_entry_once_across_d3),
        cmocka_unit_test(DB_DST_04_driver_restores_its_own_state),
        cmocka_unit_test(DB_DST_04_kernel_queue_across_d3),
        cmocka_unit_test(DB_DST_05_one_transition_for_many_connects),
        cmocka_unit_test(DB_DST_05_connect_cancels_the_descent),
        cmocka_unit_test(DB_RES_05_evicted_after_all_are_suspended),
        cmocka_unit_test(DB_RES_06_contents_survive_and_move),
    };

    return cmocka_run_group_tests_name("dstate", tests, NULL, NULL);
}
