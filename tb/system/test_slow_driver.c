/* SPDX-License-Identifier: MIT */
/* Threads that stay in the driver when an engine must be reset: TdrDdiDelay. */
#include "power.h"

enum { PATIENCE = 600000, DELAY = 20000, DDI_DELAY = 60000 };

static struct rig culprit;
static uint64_t stay; /* Clocks that the slow DDI stays on after the reset has begun. */
static DXGKDDI_NOTIFYWORKSUBMISSION *real_notify;

static NTSTATUS slow_notify(const DXGKARG_NOTIFYWORKSUBMISSION *args)
{
    while (power_find(0, BELFRY_POWER, "tdr-reset", 0) == POWER_NONE)
        belfry_sleep(100);
    belfry_sleep(stay);
    return real_notify(args);
}

static void change(DRIVER_INITIALIZATION_DATA *table)
{
    real_notify = table->DxgkDdiNotifyWorkSubmission;
    table->DxgkDdiNotifyWorkSubmission = slow_notify;
}

static int unhook(void **state)
{
    (void)state;
    belfry_hook_driver(NULL);
    return 0;
}

static void notify(void *arg)
{
    (void)arg;
    REQUIRE_OK(D3DKMTNotifyWorkSubmission(
        &(D3DKMT_NOTIFY_WORK_SUBMISSION){ .hDoorbell = culprit.doorbell }));
}

static bool is_dead(void)
{
    return *culprit.status == D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT;
}

/* On node 0, whose engine hangs while a thread of the same process is in the driver. */
static int hang_beside_a_slow_ddi(int argc, char **argv)
{
    const struct belfry_tdr tdr = {.delay = DELAY, .ddi_delay = DDI_DELAY};
    struct belfry_thread *slow;

    (void)argc, (void)argv;
    belfry_os_tdr(&tdr);
    rig_make(&culprit, 16, 0);
    REQUIRE_OK(rig_connect(&culprit));
    power_append_hang(&culprit);
    power_ring(&culprit);
    while (power_find(0, BELFRY_POWER, "tdr-suspect", 0) == POWER_NONE)
        belfry_sleep(100);
    rig_settle(DELAY / 2); /* The suspend DDI is through; its acknowledgement will not come. */
    slow = belfry_thread_start("slow", notify, NULL);
    power_await(is_dead, PATIENCE, "ABORT");
    belfry_thread_join(slow);
    REQUIRE(rig_expect(0, BELFRY_DDI_EXIT, "DxgkDdiNotifyWorkSubmission") <
            rig_expect(0, BELFRY_DDI_ENTER, "DxgkDdiResetHwEngine"));
    rig_settle(2000);
    rig_close(&culprit);
    return 0;
}

static void DB_TDR_04_reset_waits_for_a_slow_ddi(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    stay = DDI_DELAY / 2;
    belfry_hook_driver(change);
    rig_run(&config, hang_beside_a_slow_ddi);
}

/* VIDEO_TDR_FAILURE on a real system. */
static void DB_TDR_04_a_ddi_beyond_ddi_delay_is_fatal(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    stay = 4 * DDI_DELAY;
    belfry_hook_driver(change);
    rig_open_machine(&config);
    assert_non_null(belfry_spawn("test", hang_beside_a_slow_ddi, 0, NULL));
    rig_finish_failing("contract DB-TDR-04: TDR: threads to leave the driver: 1 threads still in "
                       "the driver after 60000 clocks");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(DB_TDR_04_reset_waits_for_a_slow_ddi, unhook),
        cmocka_unit_test_teardown(DB_TDR_04_a_ddi_beyond_ddi_delay_is_fatal, unhook),
    };

    return cmocka_run_group_tests_name("slow_driver", tests, NULL, NULL);
}
