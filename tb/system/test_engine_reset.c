/* SPDX-License-Identifier: MIT */
/* Engine resets as the driver does them: the gap without execution, who is hit, who is asked first. */
#include "power.h"

#include "bell_umd.h"

enum { PATIENCE = 600000, DELAY = 20000, GAP = 30000 };

static struct rig culprit, bystander, innocent; /* All on node 0, each a process of its own. */
static volatile bool bystander_ready, innocent_ready, hung, over;

/* --- A driver that is watched, and takes its time -------------------------------------------------- */

static DRIVER_INITIALIZATION_DATA real;
static DXGKRNL_INTERFACE os;
static uint64_t resumed_at;  /* Cycle at which the driver's own resume is called. */
static HANDLE newest;        /* The OS's handle of the context made last, */
static HANDLE newest_made;   /* and the driver's. */
static bool hits_bystander;
static HANDLE also_hit;      /* Context to invalidate as collateral damage, */
static HANDLE also_stopped;  /* and the driver's handle of it. */
static NTSTATUS reset_result; /* Of ResetEngine, once it has succeeded. */
static NTSTATUS answers[4];  /* Of DxgkCbInvalidateHwContext, wrongly called. */

static NTSTATUS invalidate(HANDLE context, UINT flags)
{
    DXGKARGCB_INVALIDATEHWCONTEXT args = {.hAdapter = os.DeviceHandle, .hHwContext = context};

    args.Flags.Value = flags;
    return os.DxgkCbInvalidateHwContext(&args);
}

static NTSTATUS start(PVOID context, DXGK_START_INFO *info, DXGKRNL_INTERFACE *dxgk,
                      ULONG *sources, ULONG *children)
{
    os = *dxgk;
    return real.DxgkDdiStartDevice(context, info, dxgk, sources, children);
}

static NTSTATUS create_context(HANDLE device, DXGKARG_CREATEHWCONTEXT *args)
{
    NTSTATUS status;

    newest = args->hHwContext;
    status = real.DxgkDdiCreateHwContext(device, args);
    newest_made = args->hHwContext;
    return status;
}

static NTSTATUS reset(HANDLE of, const DXGKARG_RESETHWENGINE *args)
{
    DXGKARG_UPDATEHWCONTEXTSTATE stop = {.hHwContext = also_stopped, .Flags.Suspended = 1};
    NTSTATUS status = real.DxgkDdiResetHwEngine(of, args);

    if (also_hit == NULL)
        return status;
    REQUIRE_OK(real.DxgkDdiUpdateHwContextState(of, &stop)); /* Off the run list. */
    answers[0] = invalidate(also_hit, 1);
    answers[1] = invalidate(also_hit, 2); /* Reserved. */
    answers[2] = invalidate((HANDLE)&os, 0); /* No context. */
    return status;
}

static NTSTATUS resume(HANDLE of, const DXGKARG_RESUMEHWENGINE *args)
{
    if (also_hit != NULL)
        answers[3] = invalidate(also_hit, 1); /* Too late. */
    belfry_sleep(GAP);
    resumed_at = belfry_now();
    return real.DxgkDdiResumeHwEngine(of, args);
}

static void watch(DRIVER_INITIALIZATION_DATA *table)
{
    real = *table;
    table->DxgkDdiStartDevice = start;
    table->DxgkDdiCreateHwContext = create_context;
    table->DxgkDdiResetHwEngine = reset;
    table->DxgkDdiResumeHwEngine = resume;
}

static void use_packet_model(DRIVER_INITIALIZATION_DATA *table)
{
    table->DxgkDdiResetHwEngine = NULL;
    table->DxgkDdiResumeHwEngine = NULL;
}

static int unhook(void **state)
{
    (void)state;
    belfry_hook_driver(NULL);
    also_hit = NULL;
    hits_bystander = false;
    reset_result = STATUS_SUCCESS;
    return 0;
}

/* --- Three processes -------------------------------------------------------------------------------- */

static void scale(void)
{
    const struct belfry_tdr tdr = {.delay = DELAY, .idle = UINT64_MAX};

    belfry_os_tdr(&tdr);
}

static bool is_dead(const struct rig *rig)
{
    return *rig->status == D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT;
}

static bool culprit_is_dead(void)
{
    return is_dead(&culprit);
}

static int culprit_body(int argc, char **argv)
{
    (void)argc, (void)argv;
    scale();
    while (!bystander_ready)
        belfry_sleep(50);
    rig_make(&culprit, 16, 0);
    REQUIRE_OK(rig_connect(&culprit));
    while (!innocent_ready)
        belfry_sleep(50);
    power_append_hang(&culprit);
    power_ring(&culprit);
    while (power_hardware(0, BELFRY_START, culprit.blob.queue_token) < 1)
        belfry_sleep(50);
    hung = true;
    power_await(culprit_is_dead, PATIENCE, "ABORT");
    while (power_find(0, BELFRY_POWER, "tdr-resumed", 0) == POWER_NONE)
        belfry_sleep(100);
    rig_settle(2000);
    over = true;
    rig_close(&culprit);
    return 0;
}

/* Work behind the hung buffer, and more that is rung for while the engine stands. */
static void work_behind_the_hang(struct rig *rig)
{
    while (!hung)
        belfry_sleep(50);
    rig_submit(rig, 1, 11, 100);
    while (rig_count(0, BELFRY_DDI_EXIT, "DxgkDdiResetHwEngine") == 0)
        belfry_sleep(50);
    rig_submit(rig, 2, 12, 100); /* Its doorbell is in RETRY: this connects. */
}

static int innocent_body(int argc, char **argv)
{
    size_t reset_at, at;

    (void)argc, (void)argv;
    while (!bystander_ready)
        belfry_sleep(50);
    rig_make(&innocent, 16, 0);
    REQUIRE_OK(rig_connect(&innocent));
    innocent_ready = true;
    work_behind_the_hang(&innocent);
    rig_wait(&innocent, 2, PATIENCE);
    REQUIRE_EQ(innocent.data.cpu[1], 11);
    REQUIRE_EQ(innocent.data.cpu[2], 12);
    reset_at = rig_expect(0, BELFRY_DDI_EXIT, "DxgkDdiResetHwEngine");
    at = rig_expect(reset_at, BELFRY_START, NULL);
    REQUIRE(belfry_record_at(at)->cycle >= resumed_at);
    REQUIRE(resumed_at - belfry_record_at(reset_at)->cycle >= GAP);
    REQUIRE(rig_expect(reset_at, BELFRY_SAMPLE, NULL) < at);
    rig_close(&innocent);
    return 0;
}

static int bystander_body(int argc, char **argv)
{
    size_t at;

    (void)argc, (void)argv;
    rig_open(&bystander, 16);
    rig_make_queue(&bystander, 0); /* The others have none yet. */
    also_hit = hits_bystander ? newest : NULL;
    also_stopped = newest_made;
    rig_make_doorbell(&bystander);
    REQUIRE_OK(rig_connect(&bystander));
    bystander_ready = true;
    while (!over)
        belfry_sleep(100);
    REQUIRE_EQ(is_dead(&bystander), hits_bystander);
    if (hits_bystander) {
        REQUIRE_STATUS(answers[0], STATUS_SUCCESS);
        for (int i = 1; i < 4; i++)
            REQUIRE_STATUS(answers[i], STATUS_INVALID_PARAMETER);
        at = power_expect(0, BELFRY_CB_ENTER, "DxgkCbInvalidateHwContext",
                          (uint64_t)(uintptr_t)also_hit);
        REQUIRE_EQ(belfry_record_at(at)->args[2] & 1, 1);
    }
    rig_close(&bystander);
    return 0;
}

static void run_hooked(void (*hook)(DRIVER_INITIALIZATION_DATA *table),
                       int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    belfry_hook_driver(hook);
    rig_run(&config, body);
}

static void run_three(void)
{
    struct belfry_config config = rig_config();

    bystander_ready = innocent_ready = hung = over = false;
    belfry_hook_driver(watch);
    rig_open_machine(&config);
    belfry_spawn("culprit", culprit_body, 0, NULL);
    belfry_spawn("bystander", bystander_body, 0, NULL);
    belfry_spawn("innocent", innocent_body, 0, NULL);
    rig_finish_machine();
}

static void HS_RST_01_nothing_runs_until_the_resume(void **state)
{
    (void)state;
    run_three();
}

/* CollateralDamage: its device is in error like the culprit's; the third loses nothing. */
static void HS_RST_01_bystander_is_lost_too(void **state)
{
    (void)state;
    hits_bystander = true;
    run_three();
}

static void HS_RST_02_resume_samples_what_was_rung_meanwhile(void **state)
{
    (void)state;
    run_three();
}

/* --- DB-INT-02 -------------------------------------------------------------------------------------- */

/* A driver that knows the context at fault, not the packet, and wants the engine reset. */
static VOID notify_context(HANDLE of, const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data)
{
    DXGKARGCB_NOTIFY_INTERRUPT_DATA changed = *data;

    if (data->InterruptType == DXGK_INTERRUPT_HWQUEUE_PAGE_FAULTED) {
        changed.HwQueuePageFaulted.FaultedFenceId = 0;
        changed.HwQueuePageFaulted.FaultedHwContext = newest;
        changed.HwQueuePageFaulted.PageFaultFlags = DXGK_PAGE_FAULT_FENCE_INVALID |
                                                    DXGK_PAGE_FAULT_HW_CONTEXT_VALID |
                                                    DXGK_PAGE_FAULT_ENGINE_RESET_REQUIRED;
    }
    os.DxgkCbNotifyInterrupt(of, &changed);
}

static NTSTATUS start_changed(PVOID context, DXGK_START_INFO *info, DXGKRNL_INTERFACE *dxgk,
                              ULONG *sources, ULONG *children)
{
    static DXGKRNL_INTERFACE changed;

    os = changed = *dxgk;
    changed.DxgkCbNotifyInterrupt = notify_context;
    return real.DxgkDdiStartDevice(context, info, &changed, sources, children);
}

static void report_contexts(DRIVER_INITIALIZATION_DATA *table)
{
    real = *table;
    table->DxgkDdiStartDevice = start_changed;
    table->DxgkDdiCreateHwContext = create_context;
}

static int context_at_fault(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&culprit, 16, 1);
    REQUIRE_OK(rig_connect(&culprit));
    rig_append(&culprit, 0, 0);
    culprit.commands.cpu[0] = BELL_OP_FAULT;
    power_ring(&culprit);
    power_await(culprit_is_dead, PATIENCE, "ABORT");
    rig_settle(4000);
    power_expect(0, BELFRY_DDI_EXIT, "DxgkDdiResumeHwEngine", 1);
    rig_close(&culprit);
    return 0;
}

static void DB_INT_02_fault_of_a_context(void **state)
{
    (void)state;
    run_hooked(report_contexts, context_at_fault);
}

/* --- A context with two queues ---------------------------------------------------------------- */

static struct rig beside;

/* Work of the other queue is behind the hang when its process is told that the device is removed. */
static int two_queues(int argc, char **argv)
{
    D3DKMT_CREATEHWQUEUE more;
    size_t from;

    (void)argc, (void)argv;
    scale();
    rig_make(&culprit, 16, 0);
    rig_open_beside(&beside, &culprit, 16);
    rig_make_queue_beside(&beside, &culprit);
    rig_make_doorbell(&beside);
    REQUIRE_OK(rig_connect(&culprit));
    REQUIRE_OK(rig_connect(&beside));
    while (!innocent_ready)
        belfry_sleep(50);
    power_append_hang(&culprit);
    power_ring(&culprit);
    while (power_hardware(0, BELFRY_START, culprit.blob.queue_token) < 1)
        belfry_sleep(50);
    rig_submit(&beside, 1, 77, 100);
    hung = true;
    power_await(culprit_is_dead, PATIENCE, "ABORT");
    while (power_find(0, BELFRY_POWER, "tdr-resumed", 0) == POWER_NONE)
        belfry_sleep(100);
    REQUIRE(is_dead(&beside));
    rig_append(&beside, 1, 78); /* The ring is still its memory. */
    while (!over)
        belfry_sleep(100);
    REQUIRE_OK((NTSTATUS)belfry_os_suspend(culprit.context));
    REQUIRE_OK((NTSTATUS)belfry_os_resume(culprit.context));
    rig_settle(20000);
    REQUIRE_EQ(*beside.progress, 0);
    REQUIRE_EQ(beside.data.cpu[1], 0);
    REQUIRE_EQ(rig_rptr(&beside), 0);
    from = belfry_record_count();
    REQUIRE_STATUS(rig_try_queue(culprit.context, true, &more), STATUS_DEVICE_REMOVED);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiCreateHwQueue"), 0);
    rig_close_beside(&beside);
    rig_close(&culprit);
    return 0;
}

static int goes_on(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&innocent, 16, 0);
    REQUIRE_OK(rig_connect(&innocent));
    innocent_ready = true;
    work_behind_the_hang(&innocent);
    rig_wait(&innocent, 2, PATIENCE);
    REQUIRE_EQ(innocent.data.cpu[2], 12);
    rig_settle(20000);
    over = true;
    rig_close(&innocent);
    return 0;
}

static void HS_RST_02_no_queue_of_the_culprit_runs_again(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    innocent_ready = hung = over = false;
    rig_open_machine(&config);
    belfry_spawn("culprit", two_queues, 0, NULL);
    belfry_spawn("innocent", goes_on, 0, NULL);
    rig_finish_machine();
}

/* --- HS-RST-04 -------------------------------------------------------------------------------------- */

static int asks_first(int argc, char **argv)
{
    size_t asked, reset_at;

    (void)argc, (void)argv;
    scale();
    rig_make(&culprit, 16, 1);
    REQUIRE_OK(rig_connect(&culprit));
    power_append_hang(&culprit);
    power_ring(&culprit);
    power_await(culprit_is_dead, PATIENCE, "ABORT");
    rig_settle(2000);
    asked = power_expect(0, BELFRY_DDI_EXIT, "DxgkDdiQueryEngineStatus", 1);
    reset_at = power_expect(0, BELFRY_DDI_ENTER, "DxgkDdiResetHwEngine", 1);
    REQUIRE(asked < reset_at);
    REQUIRE_EQ(belfry_record_at(asked)->status, STATUS_SUCCESS);
    REQUIRE_EQ(belfry_record_at(asked)->args[0], 1); /* Node 1, engine 0. */
    REQUIRE_EQ(belfry_record_at(asked)->args[1] & UINT32_MAX, 0); /* Not responsive. */
    rig_close(&culprit);
    return 0;
}

static void HS_RST_04_asks_before_the_reset(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    rig_run(&config, asks_first);
}

/* The hardware has reported the hang, long before TdrDelay; the other node works. */
static int told_by_the_watch(int argc, char **argv)
{
    size_t asked;

    (void)argc, (void)argv;
    rig_make(&innocent, 16, 0);
    rig_make(&culprit, 16, 1);
    belfry_engine_limits(1, 0, 5000, true);
    REQUIRE_OK(rig_connect(&culprit));
    power_append_hang(&culprit);
    power_ring(&culprit);
    power_await(culprit_is_dead, 50000, "ABORT");
    rig_settle(2000);
    REQUIRE_EQ(rig_count(0, BELFRY_POWER, "tdr-suspect"), 0);
    asked = power_expect(0, BELFRY_DDI_EXIT, "DxgkDdiQueryEngineStatus", 1);
    REQUIRE_EQ(belfry_record_at(asked)->args[1] & UINT32_MAX, 0);
    rig_close(&culprit);
    rig_close(&innocent);
    return 0;
}

static void HS_RST_04_told_by_the_watch(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    rig_run(&config, told_by_the_watch);
}

/* --- HS-RST-03 -------------------------------------------------------------------------------------- */

static uint64_t busy_after; /* STATUS.NODE_BUSY when ResetEngine has returned. */
static UINT last_aborted;

static NTSTATUS reset_engine(HANDLE of, DXGKARG_RESETENGINE *args)
{
    NTSTATUS status = real.DxgkDdiResetEngine(of, args);

    busy_after = BELL_FIELD_GET(belfry_register(BELL_STATUS_OFFSET), BELL_STATUS_NODE_BUSY);
    last_aborted = args->LastAbortedFenceId;
    return NT_SUCCESS(status) ? reset_result : status;
}

static void watch_packet_model(DRIVER_INITIALIZATION_DATA *table)
{
    real = *table;
    use_packet_model(table);
    table->DxgkDdiResetEngine = reset_engine;
}

/* Two buffers are done, the third hangs, the fourth waits behind it. */
static int kernel_hangs(int argc, char **argv)
{
    static struct rig_kernel kernel;
    struct bell_umd_commands list;
    D3DKMT_HANDLE context;

    (void)argc, (void)argv;
    scale();
    rig_open(&culprit, 16);
    context = rig_make_context(&culprit, 2);
    rig_kernel_open(&kernel, &culprit, context);
    for (unsigned n = 1; n <= 4; n++) {
        rig_kernel_begin(&kernel, &list);
        if (n == 3)
            bell_umd_cmd_hang(&list);
        REQUIRE_OK(rig_kernel_try(&kernel, &list, kernel.queue.hHwQueue, 10 * n));
    }
    while (power_find(0, BELFRY_POWER, "tdr-resumed", 2) == POWER_NONE)
        belfry_sleep(100);
    rig_settle(2000);
    REQUIRE_EQ(rig_count(0, BELFRY_POWER, "full-reset"), reset_result != STATUS_SUCCESS);
    REQUIRE_EQ(busy_after, 0);
    REQUIRE_EQ(last_aborted, 30);
    REQUIRE_EQ(*kernel.progress, 20);
    rig_kernel_close(&kernel);
    rig_destroy_context(context);
    rig_close(&culprit);
    return 0;
}

static void HS_RST_03_done_when_it_returns(void **state)
{
    (void)state;
    run_hooked(watch_packet_model, kernel_hangs);
}

/* A failure is no violation: all of the adapter is reset. */
static void HS_RST_03_failure_resets_the_adapter(void **state)
{
    reset_result = STATUS_IO_TIMEOUT;
    HS_RST_03_done_when_it_returns(state);
}

/* A driver without ResetHwEngine: what it aborts it reports as a fault; the others go on. */
static int packet_culprit(int argc, char **argv)
{
    (void)argc, (void)argv;
    scale();
    rig_make(&culprit, 16, 0);
    REQUIRE_OK(rig_connect(&culprit));
    while (!innocent_ready)
        belfry_sleep(50);
    power_append_hang(&culprit);
    power_ring(&culprit);
    rig_settle(1000);
    hung = true;
    power_await(culprit_is_dead, PATIENCE, "ABORT");
    rig_settle(2000);
    REQUIRE(power_expect(0, BELFRY_POWER, "tdr-reset", 0) <
            power_expect(0, BELFRY_DDI_ENTER, "DxgkDdiResetEngine", 0));
    REQUIRE(power_interrupt(0, DXGK_INTERRUPT_HWQUEUE_PAGE_FAULTED) != POWER_NONE);
    REQUIRE_EQ(rig_count(0, BELFRY_POWER, "full-reset"), 0);
    rig_close(&culprit);
    return 0;
}

static int packet_innocent(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&innocent, 16, 0);
    REQUIRE_OK(rig_connect(&innocent));
    innocent_ready = true;
    while (!hung)
        belfry_sleep(50);
    rig_submit(&innocent, 1, 11, 100);
    rig_wait(&innocent, 1, PATIENCE);
    REQUIRE(!is_dead(&innocent));
    rig_close(&innocent);
    return 0;
}

static void HS_RST_03_packet_model(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    innocent_ready = hung = false;
    belfry_hook_driver(use_packet_model);
    rig_open_machine(&config);
    belfry_spawn("culprit", packet_culprit, 0, NULL);
    belfry_spawn("innocent", packet_innocent, 0, NULL);
    rig_finish_machine();
}

/* --- HS-TMO-01 -------------------------------------------------------------------------------------- */

/* Node 2 has no user-mode submission: its hang is told by GPU_ENGINE_TIMEOUT, long before TdrDelay. */
static int timeout_of_a_kernel_node(int argc, char **argv)
{
    static struct rig_kernel kernel;
    struct bell_umd_commands list;
    D3DKMT_HANDLE context;
    uint64_t start_at, value = 1;
    size_t told;

    (void)argc, (void)argv;
    rig_make(&innocent, 16, 0);
    REQUIRE_OK(rig_connect(&innocent));
    context = rig_make_context(&innocent, 2);
    rig_kernel_open(&kernel, &innocent, context);
    belfry_engine_limits(2, 0, 5000, true);
    rig_kernel_begin(&kernel, &list);
    bell_umd_cmd_hang(&list);
    start_at = belfry_now();
    REQUIRE_OK(rig_kernel_try(&kernel, &list, kernel.queue.hHwQueue, 1));
    REQUIRE_STATUS(D3DKMTWaitForSynchronizationObjectFromCpu(
                       &(D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU){
                           .hDevice = innocent.device->device, .ObjectCount = 1,
                           .ObjectHandleArray = &kernel.queue.hHwQueueProgressFence,
                           .FenceValueArray = &value }), STATUS_DEVICE_REMOVED);
    REQUIRE(belfry_now() - start_at < 50000); /* TdrDelay is millions. */
    told = power_interrupt(0, DXGK_INTERRUPT_GPU_ENGINE_TIMEOUT);
    REQUIRE(told != POWER_NONE);
    REQUIRE_EQ(belfry_record_at(told)->args[1], 2); /* Node 2, engine 0. */
    REQUIRE_EQ(power_interrupts(0, DXGK_INTERRUPT_GPU_ENGINE_TIMEOUT), 1);
    REQUIRE_EQ(power_interrupts(0, DXGK_INTERRUPT_GPU_ENGINE_STATE_CHANGE), 0);
    power_expect(told, BELFRY_POWER, "tdr-reset", 2);
    power_expect(told, BELFRY_DDI_ENTER, "DxgkDdiResetHwEngine", 2);
    REQUIRE_EQ(rig_count(0, BELFRY_POWER, "tdr-suspect"), 0);
    rig_settle(2000);
    rig_kernel_close(&kernel);
    rig_destroy_context(context);
    rig_close(&innocent);
    return 0;
}

static void HS_TMO_01_names_the_engine_and_it_is_reset(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    rig_run(&config, timeout_of_a_kernel_node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(HS_RST_01_bystander_is_lost_too, unhook),
        cmocka_unit_test_teardown(HS_RST_02_resume_samples_what_was_rung_meanwhile, unhook),
        cmocka_unit_test(HS_RST_02_no_queue_of_the_culprit_runs_again),
        cmocka_unit_test_teardown(HS_RST_03_packet_model, unhook),
        cmocka_unit_test_teardown(HS_RST_03_done_when_it_returns, unhook),
        cmocka_unit_test_teardown(HS_RST_03_failure_resets_the_adapter, unhook),
        cmocka_unit_test_teardown(DB_INT_02_fault_of_a_context, unhook),
        cmocka_unit_test(HS_RST_04_asks_before_the_reset),
        cmocka_unit_test(HS_RST_04_told_by_the_watch),
        cmocka_unit_test(HS_TMO_01_names_the_engine_and_it_is_reset),
        cmocka_unit_test_teardown(HS_RST_01_nothing_runs_until_the_resume, unhook),
    };

    return cmocka_run_group_tests_name("engine_reset", tests, NULL, NULL);
}
