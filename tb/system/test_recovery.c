/* SPDX-License-Identifier: MIT */
/* Recovery that fails: full reset of the adapter, and an adapter that is lost for good. */
#include "power.h"

enum { PATIENCE = 600000, DELAY = 20000 };

static struct rig culprit, sibling, innocent; /* Sibling: same device, other engine. */
static volatile bool innocent_ready, over;

/* --- A driver that fails ------------------------------------------------------------------------ */

enum step { RESET_ENGINE = 1, RESUME_ENGINE = 2, POWER_D0 = 4, FULL_RESET = 8, RESTART = 16 };

static struct {
    unsigned failing; /* Of enum step. */
    bool after;       /* The driver does it first. */
    bool no_full_reset;
    bool gone;        /* The device does not answer during a full reset. */
    DRIVER_INITIALIZATION_DATA real;
} driver;

static NTSTATUS fails(enum step step, NTSTATUS status)
{
    return driver.failing & (unsigned)step ? STATUS_UNSUCCESSFUL : status;
}

static bool skips(enum step step)
{
    return (driver.failing & (unsigned)step) && !driver.after;
}

static NTSTATUS reset_engine(HANDLE of, const DXGKARG_RESETHWENGINE *args)
{
    return fails(RESET_ENGINE, skips(RESET_ENGINE) ? STATUS_SUCCESS
                                                   : driver.real.DxgkDdiResetHwEngine(of, args));
}

static NTSTATUS resume_engine(HANDLE of, const DXGKARG_RESUMEHWENGINE *args)
{
    return fails(RESUME_ENGINE, skips(RESUME_ENGINE)
                                    ? STATUS_SUCCESS : driver.real.DxgkDdiResumeHwEngine(of, args));
}

static NTSTATUS set_power(PVOID of, ULONG device, DEVICE_POWER_STATE state, POWER_ACTION action)
{
    if (state != PowerDeviceD0)
        return driver.real.DxgkDdiSetPowerState(of, device, state, action);
    return fails(POWER_D0, skips(POWER_D0) ? STATUS_SUCCESS
                                           : driver.real.DxgkDdiSetPowerState(of, device, state,
                                                                              action));
}

static NTSTATUS full_reset(HANDLE of)
{
    NTSTATUS status = STATUS_SUCCESS;

    belfry_bus_fault(driver.gone ? BELFRY_BUS_REMOVED : BELFRY_BUS_GOOD, driver.gone);
    if (!skips(FULL_RESET))
        status = driver.real.DxgkDdiResetFromTimeout(of);
    belfry_bus_fault(BELFRY_BUS_GOOD, 0);
    return fails(FULL_RESET, status);
}

static NTSTATUS restart(HANDLE of)
{
    return fails(RESTART, skips(RESTART) ? STATUS_SUCCESS
                                         : driver.real.DxgkDdiRestartFromTimeout(of));
}

static void change(DRIVER_INITIALIZATION_DATA *table)
{
    driver.real = *table;
    table->DxgkDdiResetHwEngine = reset_engine;
    table->DxgkDdiResumeHwEngine = resume_engine;
    table->DxgkDdiSetPowerState = set_power;
    table->DxgkDdiResetFromTimeout = driver.no_full_reset ? NULL : full_reset;
    table->DxgkDdiRestartFromTimeout = restart;
}

static int unhook(void **state)
{
    (void)state;
    belfry_hook_driver(NULL);
    memset(&driver, 0, sizeof(driver));
    return 0;
}

/* --- Two processes ------------------------------------------------------------------------------ */

static void make_pair(void)
{
    const struct belfry_tdr tdr = {.delay = DELAY, .idle = UINT64_MAX};

    belfry_os_tdr(&tdr);
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

static bool is_dead(const struct rig *rig)
{
    return *rig->status == D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT;
}

static bool culprit_is_dead(void)
{
    return is_dead(&culprit);
}

static bool innocent_is_dead(void)
{
    return is_dead(&innocent);
}

static bool is_restarted(void)
{
    return rig_count(0, BELFRY_POWER, "full-restart") != 0;
}

static bool is_lost(void)
{
    return rig_count(0, BELFRY_POWER, "adapter-lost") != 0;
}

static void hang(void)
{
    power_append_hang(&culprit);
    power_ring(&culprit);
}

/* What a program does after ABORT: queue, doorbell and ring anew (DB-TDR-02). */
static void start_again(struct rig *rig, uint32_t node)
{
    REQUIRE_OK(rig_destroy_doorbell(rig));
    rig_destroy_queue(rig->queue);
    rig_destroy_context(rig->context);
    rig->wptr = 0;
    rig->control.cpu[0] = rig->control.cpu[1] = 0;
    rig_make_queue(rig, node);
    rig_make_doorbell(rig);
    REQUIRE_OK(rig_connect(rig));
    for (int i = 1; i <= 4; i++) {
        rig_submit(rig, i, 100 + i, 50);
        rig_wait(rig, i, PATIENCE);
        REQUIRE_EQ(rig->data.cpu[i], 100 + i);
    }
}

static NTSTATUS wait_for_fence(const struct rig *rig, uint64_t value)
{
    return D3DKMTWaitForSynchronizationObjectFromCpu(&(D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU){
        .hDevice = rig->device->device, .ObjectCount = 1,
        .ObjectHandleArray = &rig->progress_handle, .FenceValueArray = &value });
}

/* Another process, other engine, whose queue runs when the adapter is reset. */
static int innocent_body(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&innocent, 16, 1);
    REQUIRE_OK(rig_connect(&innocent));
    rig_append_work(&innocent, 0, 1, 20 * PATIENCE);
    power_ring(&innocent);
    innocent_ready = true;
    REQUIRE_STATUS(wait_for_fence(&innocent, 1), STATUS_DEVICE_REMOVED); /* Ends. */
    power_await(innocent_is_dead, PATIENCE, "ABORT of another process");
    while (!over)
        belfry_sleep(100);
    start_again(&innocent, 1);
    rig_close(&innocent);
    return 0;
}

/* Nothing starts between the reset of the function and the end of the restart. */
static void check_full_reset(size_t from)
{
    size_t reset = rig_expect(from, BELFRY_DDI_ENTER, "DxgkDdiResetFromTimeout");
    size_t restart_begins = rig_expect(reset, BELFRY_DDI_ENTER, "DxgkDdiRestartFromTimeout");
    size_t restarted = rig_expect(restart_begins, BELFRY_DDI_EXIT, "DxgkDdiRestartFromTimeout");

    power_expect(restarted, BELFRY_POWER, "full-restart", 0);
    REQUIRE(belfry_record_find(reset, BELFRY_START, NULL) > restarted);
    REQUIRE_EQ(rig_count(0, BELFRY_POWER, "full-reset"), 1);
    REQUIRE_EQ(belfry_dma_refused(), 0);
}

static int culprit_body(int argc, char **argv)
{
    size_t from;

    (void)argc, (void)argv;
    make_pair();
    while (!innocent_ready)
        belfry_sleep(50);
    from = belfry_record_count();
    hang();
    power_await(culprit_is_dead, PATIENCE, "ABORT");
    power_await(is_restarted, PATIENCE, "the end of the full reset");
    REQUIRE(is_dead(&sibling));
    check_full_reset(from);
    REQUIRE_EQ(rig_owned_slots(8), 0);
    REQUIRE_STATUS(rig_connect(&sibling), STATUS_DEVICE_REMOVED);
    driver.failing = 0;
    over = true;
    start_again(&culprit, 0);
    start_again(&sibling, 1);
    close_pair();
    return 0;
}

static void run_two(unsigned failing, bool after)
{
    struct belfry_config config = rig_config();

    innocent_ready = over = false;
    driver.failing = failing;
    driver.after = after;
    belfry_hook_driver(change);
    rig_open_machine(&config);
    belfry_spawn("culprit", culprit_body, 0, NULL);
    belfry_spawn("innocent", innocent_body, 0, NULL);
    rig_finish_machine();
}

static void HS_RST_01_failed_engine_reset_is_a_full_reset(void **state)
{
    (void)state;
    run_two(RESET_ENGINE, false);
    run_two(RESET_ENGINE, true);
}

static void HS_RST_02_failed_resume_is_a_full_reset(void **state)
{
    (void)state;
    run_two(RESUME_ENGINE, false);
    run_two(RESUME_ENGINE, true);
}

/* --- One process -------------------------------------------------------------------------------- */

static void run(unsigned failing, bool after, int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    driver.failing = failing;
    driver.after = after;
    belfry_hook_driver(change);
    rig_run(&config, body);
}

/* Who waits for an acknowledgement gets an end, not a timeout. */
static int suspend_waits(int argc, char **argv)
{
    (void)argc, (void)argv;
    make_pair();
    hang();
    rig_settle(2000);
    REQUIRE_OK((NTSTATUS)belfry_os_suspend(culprit.context));
    check_full_reset(0);
    REQUIRE(is_dead(&culprit) && is_dead(&sibling));
    REQUIRE_OK((NTSTATUS)belfry_os_suspend(sibling.context));
    REQUIRE_OK((NTSTATUS)belfry_os_resume(sibling.context));
    REQUIRE_OK((NTSTATUS)belfry_os_resume(culprit.context));
    start_again(&culprit, 0);
    close_pair();
    return 0;
}

static void HS_RST_02_full_reset_ends_suspend_requests(void **state)
{
    (void)state;
    run(RESET_ENGINE, false, suspend_waits); /* No engine lets go of it before. */
    run(RESUME_ENGINE, false, suspend_waits);
}

static int no_d0(int argc, char **argv)
{
    size_t from;

    (void)argc, (void)argv;
    make_pair();
    rig_submit(&culprit, 0, 1, 0);
    rig_wait(&culprit, 1, PATIENCE);
    REQUIRE_OK((NTSTATUS)belfry_os_power_down(true));
    rig_append(&culprit, 0, 2);
    from = belfry_record_count();
    REQUIRE_STATUS(rig_connect(&culprit), STATUS_DEVICE_REMOVED);
    check_full_reset(from);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiConnectDoorbell"), 0);
    REQUIRE(is_dead(&culprit) && is_dead(&sibling));
    REQUIRE_EQ(belfry_power_d(), 0);
    driver.failing = 0;
    start_again(&culprit, 0); /* The rings are resident again. */
    start_again(&sibling, 1);
    REQUIRE_EQ(rig_count(from, BELFRY_ALLOC, "page-out"), 0);
    REQUIRE_OK((NTSTATUS)belfry_os_power_down(false)); /* And power works as before. */
    rig_submit(&sibling, 5, 7, 0);
    rig_wait(&sibling, 5, PATIENCE);
    close_pair();
    return 0;
}

static void HS_RST_02_failed_d0_is_a_full_reset(void **state)
{
    (void)state;
    run(POWER_D0, false, no_d0);
    run(POWER_D0, true, no_d0);
}

/* The log of the node goes on in its memory, and no time in it goes back: the OS model looks. */
static int logged(int argc, char **argv)
{
    struct belfry_sched_log log;
    uint64_t taken, before;

    (void)argc, (void)argv;
    make_pair();
    REQUIRE_OK((NTSTATUS)belfry_os_sched_log(0, 64, 0xFFFE));
    rig_submit(&culprit, 0, 1, 50);
    rig_wait(&culprit, 1, PATIENCE);
    REQUIRE_OK((NTSTATUS)belfry_os_power_down(false)); /* The driver saves the log's index. */
    for (unsigned n = 2; n <= 4; n++) {
        rig_submit(&culprit, 0, n, 50);
        rig_wait(&culprit, n, PATIENCE);
        rig_settle(2000);
    }
    belfry_sched_log(0, &log);
    taken = log.taken;
    REQUIRE(taken >= 4 * 3); /* Ready, running, idle. */
    before = belfry_register(BELL_TIME_OFFSET);
    hang();
    power_await(culprit_is_dead, PATIENCE, "ABORT");
    power_await(is_restarted, PATIENCE, "the end of the full reset");
    REQUIRE(belfry_register(BELL_TIME_OFFSET) >= before);
    driver.failing = 0;
    rig_make(&innocent, 16, 0); /* It runs while the context that hung is still there. */
    REQUIRE_OK(rig_connect(&innocent));
    rig_submit(&innocent, 0, 1, 50);
    rig_wait(&innocent, 1, PATIENCE);
    rig_settle(2000);
    belfry_sched_log(0, &log);
    REQUIRE(power_find(0, BELFRY_SCHED, "running", innocent.context) != POWER_NONE);
    start_again(&culprit, 0);
    rig_settle(2000);
    belfry_sched_log(0, &log);
    REQUIRE(log.taken > taken + 2); /* It hung; then four buffers in a row. */
    REQUIRE_EQ(log.lost, 0);
    REQUIRE_EQ(log.taken, rig_count(0, BELFRY_SCHED, NULL));
    start_again(&sibling, 1);
    rig_close(&innocent);
    close_pair();
    return 0;
}

static void HS_LOG_01_goes_on_after_a_full_reset(void **state)
{
    (void)state;
    run(RESET_ENGINE, true, logged);
    driver.gone = true;
    run(RESET_ENGINE, false, logged);
}

/* --- Lost for good ------------------------------------------------------------------------------ */

static NTSTATUS make_device(const struct rig *rig, D3DKMT_HANDLE *made)
{
    D3DKMT_CREATEDEVICE create = {.hAdapter = rig->device->adapter};
    NTSTATUS status = D3DKMTCreateDevice(&create);

    *made = create.hDevice;
    return status;
}

static void check_lost(void)
{
    D3DKMT_CREATEHWQUEUE queue;
    D3DKMT_HANDLE made;

    REQUIRE_EQ(rig_count(0, BELFRY_POWER, "adapter-lost"), 1);
    REQUIRE(is_dead(&culprit) && is_dead(&sibling));
    REQUIRE_STATUS(rig_connect(&culprit), STATUS_DEVICE_REMOVED);
    REQUIRE_STATUS(make_device(&culprit, &made), STATUS_DEVICE_REMOVED);
    REQUIRE_STATUS(rig_try_queue(culprit.context, true, &queue), STATUS_DEVICE_REMOVED);
    REQUIRE_STATUS(belfry_os_suspend(sibling.context), STATUS_DEVICE_REMOVED);
    REQUIRE_STATUS(belfry_os_power_down(false), STATUS_DEVICE_REMOVED);
    REQUIRE_STATUS(belfry_engine_f1(1), STATUS_DEVICE_REMOVED);
    REQUIRE_STATUS(wait_for_fence(&sibling, 9), STATUS_DEVICE_REMOVED);
}

static int lost(int argc, char **argv)
{
    (void)argc, (void)argv;
    make_pair();
    hang();
    power_await(culprit_is_dead, PATIENCE, "ABORT");
    power_await(is_lost, PATIENCE, "the loss of the adapter");
    check_lost();
    close_pair(); /* All of it can be destroyed. */
    return 0;
}

static void HS_RST_02_failed_restart_loses_the_adapter(void **state)
{
    (void)state;
    run(RESET_ENGINE | RESTART, false, lost);
    run(RESUME_ENGINE | RESTART, true, lost);
}

static void HS_RST_02_failed_full_reset_loses_the_adapter(void **state)
{
    (void)state;
    run(RESET_ENGINE | FULL_RESET, false, lost);
    run(RESUME_ENGINE | FULL_RESET, true, lost);
}

static void HS_RST_02_no_full_reset_loses_the_adapter(void **state)
{
    (void)state;
    driver.no_full_reset = true;
    run(RESUME_ENGINE, false, lost);
}

/* Who waits for an acknowledgement, or goes to D3, is told. */
static int lost_while_waiting(int argc, char **argv)
{
    (void)argc, (void)argv;
    make_pair();
    hang();
    rig_settle(2000);
    REQUIRE_STATUS(belfry_os_suspend(culprit.context), STATUS_DEVICE_REMOVED);
    check_lost();
    close_pair();
    return 0;
}

static int lost_on_the_way_down(int argc, char **argv)
{
    (void)argc, (void)argv;
    make_pair();
    hang();
    rig_settle(2000);
    REQUIRE_STATUS(belfry_os_power_down(true), STATUS_DEVICE_REMOVED);
    check_lost();
    close_pair();
    return 0;
}

static void HS_RST_02_lost_while_others_wait(void **state)
{
    (void)state;
    run(RESET_ENGINE | FULL_RESET, false, lost_while_waiting);
    run(RESET_ENGINE | FULL_RESET, false, lost_on_the_way_down);
}

static int lost_on_the_way_up(int argc, char **argv)
{
    (void)argc, (void)argv;
    make_pair();
    REQUIRE_OK((NTSTATUS)belfry_os_power_down(false));
    REQUIRE_STATUS(rig_connect(&culprit), STATUS_DEVICE_REMOVED);
    check_lost();
    close_pair();
    return 0;
}

static void HS_RST_02_lost_on_the_way_to_d0(void **state)
{
    (void)state;
    run(POWER_D0 | RESTART, false, lost_on_the_way_up);
    run(POWER_D0 | RESTART, true, lost_on_the_way_up);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(HS_RST_01_failed_engine_reset_is_a_full_reset, unhook),
        cmocka_unit_test_teardown(HS_RST_02_failed_resume_is_a_full_reset, unhook),
        cmocka_unit_test_teardown(HS_RST_02_full_reset_ends_suspend_requests, unhook),
        cmocka_unit_test_teardown(HS_RST_02_failed_d0_is_a_full_reset, unhook),
        cmocka_unit_test_teardown(HS_LOG_01_goes_on_after_a_full_reset, unhook),
        cmocka_unit_test_teardown(HS_RST_02_failed_restart_loses_the_adapter, unhook),
        cmocka_unit_test_teardown(HS_RST_02_failed_full_reset_loses_the_adapter, unhook),
        cmocka_unit_test_teardown(HS_RST_02_no_full_reset_loses_the_adapter, unhook),
        cmocka_unit_test_teardown(HS_RST_02_lost_while_others_wait, unhook),
        cmocka_unit_test_teardown(HS_RST_02_lost_on_the_way_to_d0, unhook),
    };

    return cmocka_run_group_tests_name("recovery", tests, NULL, NULL);
}
