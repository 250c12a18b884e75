/* SPDX-License-Identifier: MIT */
/* Device lost, hang detection, engine reset. */
#include "power.h"

enum { PATIENCE = 600000, DELAY = 60000 };

static struct rig culprit, sibling, innocent; /* Sibling: same device, other engine. */
static volatile bool innocent_ready, culprit_hung;

static void scale(void)
{
    const struct belfry_tdr tdr = {.delay = DELAY};

    belfry_os_tdr(&tdr);
}

static void run(int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    rig_run(&config, body);
}

static void make_pair(void)
{
    scale();
    rig_make(&culprit, 16, 0);
    rig_open_beside(&sibling, &culprit, 16);
    rig_make_queue(&sibling, 1);
    rig_make_doorbell(&sibling);
    REQUIRE_OK(rig_connect(&culprit));
    REQUIRE_OK(rig_connect(&sibling));
}

static void close_pair(void)
{
    rig_close_beside(&sibling);
    rig_close(&culprit);
}

static bool culprit_is_dead(void)
{
    return *culprit.status == D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT;
}

static void hang(void)
{
    power_append_hang(&culprit);
    power_ring(&culprit);
}

/* --- DB-TDR-01 .. -04, -07 -------------------------------------------------------------------- */

static int abort_all(int argc, char **argv)
{
    struct belfry_doorbell_info info;

    (void)argc, (void)argv;
    make_pair();
    hang();
    power_await(culprit_is_dead, PATIENCE, "ABORT");
    rig_settle(2000);
    REQUIRE_EQ(*sibling.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT);
    REQUIRE(belfry_doorbell(sibling.doorbell, &info));
    REQUIRE_EQ(info.mapping, BELFRY_MAPPED_DUMMY);
    REQUIRE(belfry_doorbell(culprit.doorbell, &info));
    REQUIRE_EQ(info.mapping, BELFRY_MAPPED_DUMMY);
    close_pair();
    return 0;
}

static void DB_TDR_01_abort_on_every_queue_of_the_device(void **state)
{
    (void)state;
    run(abort_all);
}

static int recreate(int argc, char **argv)
{
    (void)argc, (void)argv;
    make_pair();
    hang();
    power_await(culprit_is_dead, PATIENCE, "ABORT");
    rig_settle(2000);
    REQUIRE_OK(rig_destroy_doorbell(&culprit));
    rig_destroy_queue(culprit.queue);
    rig_destroy_context(culprit.context);
    culprit.wptr = 0;
    culprit.control.cpu[0] = culprit.control.cpu[1] = 0;
    rig_make_queue(&culprit, 0);
    rig_make_doorbell(&culprit);
    REQUIRE_OK(rig_connect(&culprit));
    rig_submit(&culprit, 0, 42, 0);
    rig_wait(&culprit, 1, PATIENCE);
    REQUIRE_EQ(culprit.data.cpu[0], 42);
    close_pair();
    return 0;
}

static void DB_TDR_02_destroy_and_create_again(void **state)
{
    (void)state;
    run(recreate);
}

static int sticky(int argc, char **argv)
{
    (void)argc, (void)argv;
    make_pair();
    belfry_device_lost();
    for (int i = 0; i < 2; i++) {
        REQUIRE_OK((NTSTATUS)belfry_engine_f1(0));
        REQUIRE_EQ(*culprit.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT);
        REQUIRE_STATUS(rig_connect(&culprit), STATUS_DEVICE_REMOVED);
        REQUIRE_OK((NTSTATUS)belfry_os_power_down(i));
        REQUIRE_STATUS(rig_connect(&culprit), STATUS_DEVICE_REMOVED);
        REQUIRE_EQ(belfry_power_d(), 3); /* A dead doorbell wakes nobody. */
        belfry_os_power_up();
        REQUIRE_OK((NTSTATUS)belfry_os_suspend(sibling.context));
        REQUIRE_OK((NTSTATUS)belfry_os_resume(sibling.context));
        REQUIRE_EQ(*culprit.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT);
        REQUIRE_EQ(*sibling.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT);
    }
    close_pair();
    return 0;
}

static void DB_TDR_03_abort_survives_power_and_suspend(void **state)
{
    (void)state;
    run(sticky);
}

static void lose(void *arg)
{
    (void)arg;
    belfry_device_lost();
}

static void connect_once(void *arg)
{
    *(uint32_t *)arg = (uint32_t)rig_connect(&culprit);
}

/* lost while a connect is between its DDI and the mapping, holding the transition lock. */
static int lost_while_connecting(int argc, char **argv)
{
    struct belfry_thread *connecting, *losing;
    uint32_t status = 0;

    (void)argc, (void)argv;
    make_pair();
    REQUIRE_OK((NTSTATUS)belfry_os_disconnect(culprit.doorbell));
    belfry_point_hold("connect.ddi-to-map");
    connecting = belfry_thread_start("connect", connect_once, &status);
    power_await_point("connect.ddi-to-map", 1);
    losing = belfry_thread_start("lose", lose, NULL);
    power_await(culprit_is_dead, 20000, "ABORT beside a connect under way");
    belfry_point_release("connect.ddi-to-map");
    belfry_thread_join(connecting);
    belfry_thread_join(losing);
    REQUIRE_STATUS(status, STATUS_DEVICE_REMOVED);
    REQUIRE(culprit_is_dead());
    close_pair();
    return 0;
}

static void DB_TDR_03_device_lost_waits_for_no_connect(void **state)
{
    (void)state;
    run(lost_while_connecting);
}

static int timing(int argc, char **argv)
{
    size_t from = belfry_record_count(), suspect, reset;
    uint64_t start;

    (void)argc, (void)argv;
    make_pair();
    start = belfry_now();
    hang();
    power_await(culprit_is_dead, PATIENCE, "ABORT");
    suspect = power_expect(from, BELFRY_POWER, "tdr-suspect", 0);
    reset = power_expect(from, BELFRY_POWER, "tdr-reset", 0);
    REQUIRE(belfry_record_at(suspect)->cycle - start >= DELAY / 2);
    REQUIRE(belfry_record_at(suspect)->cycle - start <= 2 * DELAY);
    REQUIRE(belfry_record_at(reset)->cycle - belfry_record_at(suspect)->cycle >= DELAY);
    REQUIRE(belfry_record_at(reset)->cycle - start <= 3 * DELAY + DELAY / 2);
    REQUIRE(power_find(suspect, BELFRY_DDI_ENTER, "DxgkDdiSuspendContext", culprit.context) < reset);
    rig_settle(2000);
    close_pair();
    return 0;
}

static void DB_TDR_04_suspect_preempt_reset(void **state)
{
    (void)state;
    run(timing);
}

static int too_many(int argc, char **argv)
{
    const struct belfry_tdr tdr = {.delay = 10000, .limit = 2};

    (void)argc, (void)argv;
    for (int i = 0; i < 4; i++) {
        rig_make(&culprit, 16, 0);
        belfry_os_tdr(&tdr);
        REQUIRE_OK(rig_connect(&culprit));
        hang();
        power_await(culprit_is_dead, PATIENCE, "ABORT");
        rig_settle(5000);
        rig_close(&culprit);
    }
    return 0;
}

static void DB_TDR_04_too_many_resets_are_fatal(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    rig_open_machine(&config);
    assert_non_null(belfry_spawn("test", too_many, 0, NULL));
    rig_finish_failing("TDR: reset 3");
}

/* --- DB-TDR-05 -------------------------------------------------------------------------------- */

/* Value queued far ahead of the fence, but nothing of it in hardware; then in F1, then in D3. */
static int no_false_alarm(int argc, char **argv)
{
    (void)argc, (void)argv;
    make_pair();
    *culprit.last_queued = UINT64_MAX;
    rig_settle(4 * DELAY);
    REQUIRE(rig_count(0, BELFRY_POWER, "tdr-suspect") > 0); /* Looked at, and found innocent. */
    REQUIRE_OK((NTSTATUS)belfry_engine_f1(0));
    rig_settle(4 * DELAY);
    REQUIRE_OK((NTSTATUS)belfry_os_power_down(true));
    rig_settle(4 * DELAY);
    REQUIRE_EQ(rig_count(0, BELFRY_POWER, "tdr-reset"), 0);
    rig_submit(&culprit, 0, 1, 0);
    rig_wait(&culprit, 1, PATIENCE);
    close_pair();
    return 0;
}

static void DB_TDR_05_only_queues_that_can_run(void **state)
{
    (void)state;
    run(no_false_alarm);
}

/* --- DB-TDR-06 -------------------------------------------------------------------------------- */

static int innocent_body(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&innocent, 16, 0);
    REQUIRE_OK(rig_connect(&innocent));
    innocent_ready = true;
    while (!culprit_hung)
        belfry_sleep(50);
    for (int i = 1; i <= 8; i++)
        rig_submit(&innocent, i, 10 * i, 100); /* Behind the hung queue of another process. */
    rig_wait(&innocent, 8, 2 * PATIENCE);
    for (int i = 1; i <= 8; i++)
        REQUIRE_EQ(innocent.data.cpu[i], 10 * i);
    REQUIRE(*innocent.status != D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT);
    REQUIRE_EQ(power_hardware(0, BELFRY_START, innocent.blob.queue_token), 8);
    /* RETRY before the reset, not ABORT. */
    REQUIRE(power_expect(power_expect(0, BELFRY_POWER, "tdr-reset", 0), BELFRY_DDI_ENTER,
                         "DxgkDdiDisconnectDoorbell", innocent.doorbell) <
            rig_expect(0, BELFRY_DDI_ENTER, "DxgkDdiResetHwEngine"));
    rig_close(&innocent);
    return 0;
}

static int culprit_body(int argc, char **argv)
{
    (void)argc, (void)argv;
    scale();
    rig_make(&culprit, 16, 0);
    REQUIRE_OK(rig_connect(&culprit));
    while (!innocent_ready)
        belfry_sleep(50);
    rig_submit(&culprit, 0, 1, 0);
    rig_wait(&culprit, 1, PATIENCE);
    hang();
    while (power_hardware(0, BELFRY_START, culprit.blob.queue_token) < 2)
        belfry_sleep(50);
    culprit_hung = true; /* Sooner, and the innocent may be done before there is a reset. */
    power_await(culprit_is_dead, PATIENCE, "ABORT");
    rig_settle(2000);
    rig_close(&culprit);
    return 0;
}

static void run_two(void)
{
    struct belfry_config config = rig_config();
    struct belfry_process *first, *second;

    innocent_ready = culprit_hung = false;
    rig_open_machine(&config);
    first = belfry_spawn("culprit", culprit_body, 0, NULL);
    second = belfry_spawn("innocent", innocent_body, 0, NULL);
    if (belfry_run() != BELFRY_DONE)
        fail_msg("%s", belfry_failure());
    assert_int_equal(belfry_process_exit(first), BELFRY_EXIT_NORMAL);
    assert_int_equal(belfry_process_exit(second), BELFRY_EXIT_NORMAL);
    rig_finish_machine();
}

static void DB_TDR_06_innocent_queue_loses_nothing(void **state)
{
    (void)state;
    run_two();
}

static int gap(int argc, char **argv)
{
    size_t reset, resumed, from;

    (void)argc, (void)argv;
    make_pair();
    hang();
    power_await(culprit_is_dead, PATIENCE, "ABORT");
    rig_settle(2000);
    reset = rig_expect(0, BELFRY_DDI_ENTER, "DxgkDdiResetHwEngine");
    from = rig_expect(reset, BELFRY_CB_ENTER, "DxgkCbInvalidateHwContext");
    REQUIRE(from < rig_expect(reset, BELFRY_DDI_EXIT, "DxgkDdiResetHwEngine"));
    REQUIRE_EQ(belfry_record_at(from)->args[2] & 1, 0); /* The culprit, no bystander. */
    resumed = rig_expect(reset, BELFRY_DDI_ENTER, "DxgkDdiResumeHwEngine");
    REQUIRE(belfry_record_find(reset, BELFRY_START, NULL) > resumed);
    close_pair();
    return 0;
}

static void DB_TDR_06_culprit_is_invalidated(void **state)
{
    (void)state;
    run(gap);
}

/* --- DB-TDR-07 -------------------------------------------------------------------------------- */

static int dead_slots(int argc, char **argv)
{
    struct belfry_doorbell_info info;
    uint64_t bar2;

    (void)argc, (void)argv;
    make_pair();
    REQUIRE(belfry_doorbell(culprit.doorbell, &info));
    bar2 = info.bar2;
    hang();
    power_await(culprit_is_dead, PATIENCE, "ABORT");
    rig_settle(5000);
    REQUIRE_EQ(rig_owned_slots(8), 0);
    {
        size_t from = belfry_record_count();

        bool deaf = bar2 >= BELL_GLOBAL_FIRST; /* The token is refused; else: unowned slot. */

        REQUIRE_EQ(belfry_bar2_store(bar2, rig_ring_value(&culprit), 8), deaf ? 2 : 0);
        rig_settle(5000); /* It was a late ring. */
        REQUIRE_EQ(belfry_record_at(rig_expect(from, BELFRY_RING, NULL))->status, deaf ? 3 : 2);
        REQUIRE_EQ(power_hardware(from, BELFRY_SAMPLE, culprit.blob.queue_token), 0);
    }
    close_pair();
    return 0;
}

static void DB_TDR_07_no_slot_routes_to_a_dead_queue(void **state)
{
    (void)state;
    run(dead_slots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(DB_TDR_01_abort_on_every_queue_of_the_device),
        cmocka_unit_test(DB_TDR_02_destroy_and_create_again),
        cmocka_unit_test(DB_TDR_03_abort_survives_power_and_suspend),
        cmocka_unit_test(DB_TDR_03_device_lost_waits_for_no_connect),
        cmocka_unit_test(DB_TDR_04_suspect_preempt_reset),
        cmocka_unit_test(DB_TDR_04_too_many_resets_are_fatal),
        cmocka_unit_test(DB_TDR_05_only_queues_that_can_run),
        cmocka_unit_test(DB_TDR_06_innocent_queue_loses_nothing),
        cmocka_unit_test(DB_TDR_06_culprit_is_invalidated),
        cmocka_unit_test(DB_TDR_07_no_slot_routes_to_a_dead_queue),
    };

    return cmocka_run_group_tests_name("tdr", tests, NULL, NULL);
}
