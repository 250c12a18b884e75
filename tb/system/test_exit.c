/* SPDX-License-Identifier: MIT */
/* How processes end: queues, rings and doorbells they leave behind. */
#include "power.h"

enum { ENTRIES = 16 };

static struct rig gone, neighbour;

static void crash(void)
{
    volatile uintptr_t nowhere = 16;

    *(volatile uint64_t *)nowhere = 1;
}

static int neighbour_body(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&neighbour, ENTRIES, 0);
    REQUIRE_OK(rig_connect(&neighbour));
    for (int i = 1; i <= 120; i++) {
        rig_submit(&neighbour, 0, i, 200);
        rig_wait(&neighbour, i, 2000000);
    }
    REQUIRE_EQ(*neighbour.status, D3DDDI_DOORBELLSTATUS_CONNECTED);
    rig_close(&neighbour);
    return 0;
}

/* Run `body` beside a neighbour (DB-TRM-04), which must not notice. */
static void run(int (*body)(int argc, char **argv), enum belfry_exit expected)
{
    struct belfry_config config = rig_config();
    struct belfry_process *first, *second;

    rig_open_machine(&config);
    first = belfry_spawn("gone", body, 0, NULL);
    second = belfry_spawn("neighbour", neighbour_body, 0, NULL);
    if (belfry_run() != BELFRY_DONE)
        fail_msg("%s", belfry_failure());
    assert_int_equal(belfry_process_exit(first), expected);
    assert_int_equal(belfry_process_exit(second), BELFRY_EXIT_NORMAL);
    assert_int_equal(belfry_process_code(second), 0);
}

static size_t must(size_t at)
{
    assert_true(at != POWER_NONE);
    return at;
}

static size_t ddi(enum belfry_record_kind kind, const char *name, uint64_t object)
{
    return must(power_find(0, kind, name, object));
}

/* DestroyDoorbell, DestroyHwQueue, DestroyAllocation of the ring (DB-RES-02, A-24). */
static void check_destroy_order(void)
{
    size_t doorbell = ddi(BELFRY_DDI_EXIT, "DxgkDdiDestroyDoorbell", gone.doorbell);
    size_t queue = ddi(BELFRY_DDI_ENTER, "DxgkDdiDestroyHwQueue", gone.queue);
    size_t ring = ddi(BELFRY_DDI_ENTER, "DxgkDdiDestroyAllocation", gone.ring.allocation);

    assert_true(doorbell < queue && queue < ring);
}

static unsigned finished(uint64_t hw_queue)
{
    return power_hardware(0, BELFRY_FINISH, hw_queue);
}

/* --- DB-TRM-01, -05 --------------------------------------------------------------------------- */

static int leave_with_work(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&gone, ENTRIES, 0);
    REQUIRE_OK(rig_connect(&gone));
    for (int i = 1; i <= 6; i++)
        rig_append_work(&gone, i, i, 2000);
    rig_ring(&gone);
    return 0; /* Nothing is closed. */
}

static void DB_TRM_01_normal_exit_finishes_the_work(void **state)
{
    size_t disconnect, destroy;

    (void)state;
    run(leave_with_work, BELFRY_EXIT_NORMAL);
    disconnect = ddi(BELFRY_DDI_EXIT, "DxgkDdiDisconnectDoorbell", gone.doorbell);
    destroy = ddi(BELFRY_DDI_EXIT, "DxgkDdiDestroyDoorbell", gone.doorbell);
    assert_int_equal(finished(gone.blob.queue_token), 6);
    assert_true(disconnect < destroy);
    assert_true(power_find(0, BELFRY_DDI_ENTER, "DxgkDdiSuspendContext", gone.context) ==
                POWER_NONE);
    for (size_t at = 0, i = 0; i < 6; at++) {
        at = must(belfry_record_find(at, BELFRY_FINISH, NULL));
        if (belfry_record_at(at)->value2 == gone.blob.queue_token) {
            i++;
            assert_true(at < destroy);
        }
    }
    check_destroy_order();
    rig_finish_machine();
}

/* Swallowed ring: victimized, appended, rung into the dummy page, gone without a retry. */
static int leave_unheard(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&gone, ENTRIES, 0);
    REQUIRE_OK(rig_connect(&gone));
    REQUIRE_OK((NTSTATUS)belfry_os_disconnect(gone.doorbell));
    rig_settle(2000);
    rig_append(&gone, 0, 1);
    rig_append(&gone, 0, 2);
    rig_ring(&gone);
    return 0;
}

static void DB_TRM_05_swallowed_ring_completes(void **state)
{
    (void)state;
    run(leave_unheard, BELFRY_EXIT_NORMAL);
    assert_int_equal(finished(gone.blob.queue_token), 2);
    rig_finish_machine();
}

/* The same in F1 and in D3: exit wakes what it needs. */
static int leave_in_f1(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&gone, ENTRIES, 1);
    REQUIRE_OK(rig_connect(&gone));
    REQUIRE_OK((NTSTATUS)belfry_engine_f1(1));
    rig_append(&gone, 0, 1);
    rig_ring(&gone);
    return 0;
}

static void DB_TRM_05_swallowed_ring_completes_from_f1(void **state)
{
    (void)state;
    run(leave_in_f1, BELFRY_EXIT_NORMAL);
    assert_int_equal(finished(gone.blob.queue_token), 1);
    rig_finish_machine();
}

static int leave_in_d3(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&gone, ENTRIES, 1);
    REQUIRE_OK(rig_connect(&gone));
    REQUIRE_OK((NTSTATUS)belfry_os_power_down(true));
    rig_append(&gone, 0, 1);
    rig_ring(&gone);
    return 0;
}

static void DB_TRM_05_swallowed_ring_completes_from_d3(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    rig_run(&config, leave_in_d3);
}

/* --- DB-TRM-02 -------------------------------------------------------------------------------- */

enum { DELAY = 50000, POLL = 2000 };

static void check_abnormal_after(size_t from, uint64_t least, uint64_t most)
{
    size_t suspend = must(power_find(from, BELFRY_DDI_ENTER, "DxgkDdiSuspendContext",
                                     gone.context));
    uint64_t waited = belfry_record_at(suspend)->cycle - belfry_record_at(from)->cycle;

    assert_true(waited >= least);
    assert_true(waited <= most);
    assert_true(power_find(0, BELFRY_POWER, "tdr-reset", gone.blob.queue_token) == POWER_NONE);
}

static void scale(void)
{
    const struct belfry_tdr tdr = {.delay = DELAY};

    belfry_os_tdr(&tdr);
}

/* Work that nothing will run: only the bound ends this. */
static int leave_with_stopped_work(int argc, char **argv)
{
    (void)argc, (void)argv;
    scale();
    rig_make(&gone, ENTRIES, 1);
    REQUIRE_OK(rig_connect(&gone));
    REQUIRE_OK((NTSTATUS)belfry_os_suspend(gone.context));
    rig_submit(&gone, 0, 1, 0);
    return 0;
}

static void DB_TRM_02_the_wait_is_bounded(void **state)
{
    size_t disconnect;

    (void)state;
    run(leave_with_stopped_work, BELFRY_EXIT_NORMAL);
    disconnect = ddi(BELFRY_DDI_EXIT, "DxgkDdiDisconnectDoorbell", gone.doorbell);
    check_abnormal_after(disconnect, DELAY, 2 * DELAY);
    rig_finish_machine();
}

/* TdrDelay is millions of clocks here; the hardware shows that there is nothing to wait for. */
static int leave_with_a_lie(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&gone, ENTRIES, 1);
    REQUIRE_OK(rig_connect(&gone));
    rig_submit(&gone, 0, 1, 0);
    rig_wait(&gone, 1, 20000);
    *gone.last_queued = UINT64_MAX;
    return 0;
}

static void DB_TRM_02_a_lie_ends_the_wait_at_once(void **state)
{
    size_t disconnect;

    (void)state;
    run(leave_with_a_lie, BELFRY_EXIT_NORMAL);
    disconnect = ddi(BELFRY_DDI_EXIT, "DxgkDdiDisconnectDoorbell", gone.doorbell);
    check_abnormal_after(disconnect, 0, POLL);
    rig_finish_machine();
}

/* One queue lies, the other works: its work is done before the wait ends. */
static struct rig liar;

static int leave_with_both(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&gone, ENTRIES, 1);
    rig_open_beside(&liar, &gone, ENTRIES);
    rig_make_queue(&liar, 1);
    rig_make_doorbell(&liar);
    REQUIRE_OK(rig_connect(&gone));
    REQUIRE_OK(rig_connect(&liar));
    *liar.last_queued = UINT64_MAX;
    for (int i = 1; i <= 6; i++)
        rig_append_work(&gone, i, i, 3000);
    rig_ring(&gone);
    return 0;
}

static void DB_TRM_02_a_lie_does_not_cut_short_the_work_beside_it(void **state)
{
    size_t last;

    (void)state;
    run(leave_with_both, BELFRY_EXIT_NORMAL);
    assert_int_equal(finished(gone.blob.queue_token), 6);
    last = 0;
    while (power_hardware(last + 1, BELFRY_FINISH, gone.blob.queue_token) > 0)
        last = must(belfry_record_find(last + 1, BELFRY_FINISH, NULL));
    check_abnormal_after(last, 0, POLL);
    rig_finish_machine();
}

/* --- DB-TRM-03, -04 --------------------------------------------------------------------------- */

static int crash_with_work(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&gone, ENTRIES, 0);
    REQUIRE_OK(rig_connect(&gone));
    for (int i = 1; i <= 8; i++)
        rig_append_work(&gone, i, i, 4000);
    rig_ring(&gone);
    belfry_sleep(6000);
    crash();
    return 0;
}

/* rig_finish_machine() without its demand that every process ended well. */
static void close_machine(void)
{
    struct belfry_ledger ledger;

    belfry_ledger(&ledger);
    assert_true(belfry_ledger_balanced(&ledger));
    assert_int_equal(ledger.owed, 0);
    assert_int_equal(belfry_close(), 0);
}

/* Marked, suspended, acknowledged, disconnected, destroyed; no work after the acknowledgement. A
 * reset disconnects too, before that: the last disconnect counts. */
static void check_abnormal_order(void)
{
    size_t aborted = 0, suspend = ddi(BELFRY_DDI_ENTER, "DxgkDdiSuspendContext", gone.context);
    size_t ack = must(power_interrupt(suspend, DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED));
    size_t disconnect = must(power_find(ack, BELFRY_DDI_ENTER, "DxgkDdiDisconnectDoorbell",
                                        gone.doorbell));

    while (belfry_record_at(aborted)->kind != BELFRY_STATUS ||
           belfry_record_at(aborted)->object != gone.doorbell ||
           belfry_record_at(aborted)->value != D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT)
        assert_true(++aborted < belfry_record_count());
    assert_true(aborted < suspend && ack < disconnect);
    assert_int_equal(power_hardware(ack, BELFRY_START, gone.blob.queue_token), 0);
    check_destroy_order();
}

static void DB_TRM_03_abnormal_exit_preempts(void **state)
{
    (void)state;
    run(crash_with_work, BELFRY_EXIT_FAULT);
    check_abnormal_order();
    assert_true(finished(gone.blob.queue_token) < 8);
    assert_true(power_find(0, BELFRY_POWER, "tdr-reset", 0) == POWER_NONE);
    assert_int_equal(power_hardware(0, BELFRY_FINISH, gone.blob.queue_token),
                     power_hardware(0, BELFRY_START, gone.blob.queue_token)); /* No half. */
    assert_int_equal(belfry_dma_refused(), 0);
    close_machine();
}

static int crash_with_hang(int argc, char **argv)
{
    const struct belfry_tdr tdr = {.delay = 50000};

    (void)argc, (void)argv;
    belfry_os_tdr(&tdr);
    rig_make(&gone, ENTRIES, 0);
    REQUIRE_OK(rig_connect(&gone));
    power_append_hang(&gone);
    rig_ring(&gone);
    belfry_sleep(2000);
    crash();
    return 0;
}

static void DB_TRM_04_neighbour_goes_on_beside_a_hang(void **state)
{
    (void)state;
    run(crash_with_hang, BELFRY_EXIT_FAULT);
    must(power_find(0, BELFRY_POWER, "tdr-reset", 0));
    check_abnormal_order();
    close_machine();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(DB_TRM_01_normal_exit_finishes_the_work),
        cmocka_unit_test(DB_TRM_02_the_wait_is_bounded),
        cmocka_unit_test(DB_TRM_02_a_lie_ends_the_wait_at_once),
        cmocka_unit_test(DB_TRM_02_a_lie_does_not_cut_short_the_work_beside_it),
        cmocka_unit_test(DB_TRM_03_abnormal_exit_preempts),
        cmocka_unit_test(DB_TRM_04_neighbour_goes_on_beside_a_hang),
        cmocka_unit_test(DB_TRM_05_swallowed_ring_completes),
        cmocka_unit_test(DB_TRM_05_swallowed_ring_completes_from_f1),
        cmocka_unit_test(DB_TRM_05_swallowed_ring_completes_from_d3),
    };

    return cmocka_run_group_tests_name("exit", tests, NULL, NULL);
}
