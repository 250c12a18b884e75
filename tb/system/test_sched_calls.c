/* SPDX-License-Identifier: MIT */
/* Scheduling calls at the border of OS and driver: who may ask, what the driver is told, and when. */
#include "power.h"

enum { PATIENCE = 400000, LONG_WORK = 20000 };

static struct rig rig, other;

/* --- Helpers --------------------------------------------------------------------------------- */

static NTSTATUS set_priority(D3DKMT_HANDLE context, INT priority)
{
    return D3DKMTSetContextSchedulingPriority(
        &(D3DKMT_SETCONTEXTSCHEDULINGPRIORITY){ .hContext = context, .Priority = priority });
}

static NTSTATUS set_in_process(D3DKMT_HANDLE context, INT priority)
{
    return D3DKMTSetContextInProcessSchedulingPriority(
        &(D3DKMT_SETCONTEXTINPROCESSSCHEDULINGPRIORITY){ .hContext = context,
                                                         .Priority = priority });
}

static void require_band(D3DKMT_HANDLE context, int band, int level, int in_process)
{
    struct belfry_context_info info;

    REQUIRE(belfry_context(context, &info));
    REQUIRE_EQ(info.band, band);
    REQUIRE_EQ(info.realtime_level, level);
    REQUIRE_EQ(info.in_process, in_process);
}

/* How often the driver was told about a context since `from`. */
static unsigned told(size_t from)
{
    return rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiSetContextSchedulingProperties");
}

static void run(int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    rig_run(&config, body);
}

/* --- Bands and properties -------------------------------------------------------------------- */

static int bands_before_work(int argc, char **argv)
{
    size_t bands = rig_expect(0, BELFRY_DDI_ENTER, "DxgkDdiSetupPriorityBands");
    const DXGKARG_SETUPPRIORITYBANDS *seen =
        (const DXGKARG_SETUPPRIORITYBANDS *)(const void *)belfry_record_at(bands)->args;
    struct belfry_bands changed;

    (void)argc, (void)argv;
    REQUIRE(rig_expect(0, BELFRY_DDI_EXIT, "DxgkDdiStartDevice") < bands);
    REQUIRE_EQ(rig_count(0, BELFRY_DDI_ENTER, "DxgkDdiCreateHwContext"), 0);
    REQUIRE(seen->processQuantumForBand[DXGK_SCHEDULING_PRIORITY_BAND_NORMAL] > 0);
    belfry_default_bands(&changed);
    REQUIRE_EQ(changed.normal_percent, 10);
    REQUIRE_EQ(changed.grace[3], 0); /* Real time waits for nobody. */
    changed.normal_percent = 51;
    REQUIRE_STATUS(belfry_os_bands(&changed), STATUS_INVALID_PARAMETER);
    changed.normal_percent = 50;
    REQUIRE_OK((NTSTATUS)belfry_os_bands(&changed)); /* At any time. */
    return 0;
}

static void HS_PRI_01_bands_are_set_up_before_any_work(void **state)
{
    (void)state;
    run(bands_before_work);
}

static int properties_first(int argc, char **argv)
{
    size_t from, made, set;

    (void)argc, (void)argv;
    rig_open(&rig, 16);
    from = belfry_record_count();
    rig_make_queue(&rig, 0);
    made = rig_expect(from, BELFRY_DDI_EXIT, "DxgkDdiCreateHwContext");
    set = rig_expect(from, BELFRY_DDI_ENTER, "DxgkDdiSetContextSchedulingProperties");
    REQUIRE(made < set && set < rig_expect(from, BELFRY_DDI_ENTER, "DxgkDdiCreateHwQueue"));
    REQUIRE(set < rig_expect(from, BELFRY_KMT_EXIT, "D3DKMTCreateHwContext"));
    require_band(rig.context, DXGK_SCHEDULING_PRIORITY_BAND_NORMAL, 0, 0);
    rig_close(&rig);
    return 0;
}

static void HS_PRI_02_properties_before_the_first_submission(void **state)
{
    (void)state;
    run(properties_first);
}

static int priorities(int argc, char **argv)
{
    D3DKMT_GETCONTEXTSCHEDULINGPRIORITY get = { 0 };
    D3DKMT_GETCONTEXTINPROCESSSCHEDULINGPRIORITY get_in = { 0 };
    size_t from;

    (void)argc, (void)argv;
    rig_make(&rig, 16, 0);
    REQUIRE_OK(set_priority(rig.context, -3));
    require_band(rig.context, DXGK_SCHEDULING_PRIORITY_BAND_IDLE, 0, 0);
    get.hContext = get_in.hContext = rig.context;
    REQUIRE_OK(D3DKMTGetContextSchedulingPriority(&get));
    REQUIRE_EQ(get.Priority, -3);
    from = belfry_record_count();
    REQUIRE_OK(set_priority(rig.context, -7)); /* The same band: nothing new for the driver. */
    REQUIRE_EQ(told(from), 0);
    for (INT priority = -7; priority <= 7; priority += 7) {
        REQUIRE_OK(set_in_process(rig.context, priority));
        require_band(rig.context, DXGK_SCHEDULING_PRIORITY_BAND_IDLE, 0, priority);
        REQUIRE_OK(D3DKMTGetContextInProcessSchedulingPriority(&get_in));
        REQUIRE_EQ(get_in.Priority, priority);
    }
    REQUIRE_EQ(told(from), 3);
    REQUIRE_STATUS(set_in_process(rig.context, 8), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(set_in_process(rig.context, -8), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(set_priority(rig.context, -8), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(set_priority(rig.queue, -1), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(set_in_process(rig.queue, 1), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(D3DKMTSetContextSchedulingPriority(NULL), STATUS_INVALID_PARAMETER);
    REQUIRE_EQ(told(from), 3);
    rig_close(&rig);
    return 0;
}

static void HS_PRI_02_priorities_reach_the_driver(void **state)
{
    (void)state;
    run(priorities);
}

static int privilege(int argc, char **argv)
{
    const INT realtime = D3DKMT_SETCONTEXTSCHEDULINGPRIORITY_ABSOLUTE;
    D3DKMT_SCHEDULINGPRIORITYCLASS level;
    size_t from;

    (void)argc, (void)argv;
    rig_make(&rig, 16, 0);
    from = belfry_record_count();
    REQUIRE_STATUS(set_priority(rig.context, 1), STATUS_PRIVILEGE_NOT_HELD);
    REQUIRE_STATUS(set_priority(rig.context, realtime), STATUS_PRIVILEGE_NOT_HELD);
    REQUIRE_STATUS(set_priority(rig.context, realtime | 32), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(set_priority(rig.context, 8), STATUS_INVALID_PARAMETER);
    for (int i = D3DKMT_SCHEDULINGPRIORITYCLASS_HIGH; i <= D3DKMT_SCHEDULINGPRIORITYCLASS_REALTIME;
         i++)
        REQUIRE_STATUS(D3DKMTSetProcessSchedulingPriorityClass(
                           BELL_CURRENT_PROCESS, (D3DKMT_SCHEDULINGPRIORITYCLASS)i),
                       STATUS_PRIVILEGE_NOT_HELD);
    REQUIRE_EQ(told(from), 0);
    require_band(rig.context, DXGK_SCHEDULING_PRIORITY_BAND_NORMAL, 0, 0);

    belfry_os_privilege(1, true);
    REQUIRE_OK(set_priority(rig.context, 1));
    require_band(rig.context, DXGK_SCHEDULING_PRIORITY_BAND_FOCUS, 0, 0);
    REQUIRE_OK(set_priority(rig.context, realtime | 31));
    require_band(rig.context, DXGK_SCHEDULING_PRIORITY_BAND_REALTIME, 31, 0);
    REQUIRE_OK(set_priority(rig.context, 0));
    REQUIRE_OK(D3DKMTSetProcessSchedulingPriorityClass(BELL_CURRENT_PROCESS,
                                                       D3DKMT_SCHEDULINGPRIORITYCLASS_REALTIME));
    require_band(rig.context, DXGK_SCHEDULING_PRIORITY_BAND_REALTIME, 0, 0);
    REQUIRE_OK(D3DKMTGetProcessSchedulingPriorityClass(BELL_CURRENT_PROCESS, &level));
    REQUIRE_EQ(level, D3DKMT_SCHEDULINGPRIORITYCLASS_REALTIME);
    belfry_os_privilege(1, false);
    REQUIRE_OK(D3DKMTSetProcessSchedulingPriorityClass(BELL_CURRENT_PROCESS,
                                                       D3DKMT_SCHEDULINGPRIORITYCLASS_IDLE));
    require_band(rig.context, DXGK_SCHEDULING_PRIORITY_BAND_IDLE, 0, 0);
    REQUIRE_STATUS(D3DKMTSetProcessSchedulingPriorityClass(NULL,
                                                           D3DKMT_SCHEDULINGPRIORITYCLASS_IDLE),
                   STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(D3DKMTSetProcessSchedulingPriorityClass(BELL_CURRENT_PROCESS,
                                                           (D3DKMT_SCHEDULINGPRIORITYCLASS)6),
                   STATUS_INVALID_PARAMETER);
    rig_close(&rig);
    return 0;
}

static void HS_PRI_03_focus_and_real_time_take_a_privilege(void **state)
{
    (void)state;
    run(privilege);
}

static int focus(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&rig, 16, 0);
    rig_open_beside(&other, &rig, 16);
    rig_make_queue(&other, 1);
    REQUIRE_OK(set_priority(other.context, -1));
    belfry_os_focus(1);
    require_band(rig.context, DXGK_SCHEDULING_PRIORITY_BAND_FOCUS, 0, 0);
    require_band(other.context, DXGK_SCHEDULING_PRIORITY_BAND_IDLE, 0, 0); /* By its own wish. */
    belfry_os_focus(0);
    require_band(rig.context, DXGK_SCHEDULING_PRIORITY_BAND_NORMAL, 0, 0);
    rig_close_beside(&other);
    rig_close(&rig);
    return 0;
}

static void HS_PRI_03_the_focus_is_given_by_the_os(void **state)
{
    (void)state;
    run(focus);
}

/* --- State and lists ------------------------------------------------------------------------- */

static size_t report_after(size_t from)
{
    return power_interrupt(from, DXGK_INTERRUPT_HWCONTEXTLIST_SWITCH_COMPLETED);
}

static int update_state(int argc, char **argv)
{
    size_t from, report;
    uint64_t before;

    (void)argc, (void)argv;
    rig_make(&rig, 16, 0);
    REQUIRE_OK(rig_connect(&rig));
    rig_append_work(&rig, 0, 1, LONG_WORK);
    power_ring(&rig);
    rig_settle(2000);
    from = belfry_record_count();
    REQUIRE_OK((NTSTATUS)belfry_os_update_context(rig.context, 0, true, true));
    report = report_after(from);
    REQUIRE(report != POWER_NONE);
    REQUIRE_EQ(power_interrupts(from, DXGK_INTERRUPT_HWCONTEXTLIST_SWITCH_COMPLETED), 1);
    REQUIRE_EQ(belfry_record_at(report)->args[1], 0); /* Node 0, engine 0, */
    REQUIRE_EQ(belfry_record_at(report)->args[2], 1); /* and the first fence value. */
    REQUIRE_EQ(power_interrupts(from, DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED), 0);
    before = rig_rptr(&rig);
    rig_submit(&rig, 1, 2, 0);
    rig_settle(20000);
    REQUIRE_EQ(rig_rptr(&rig), before);
    from = belfry_record_count();
    REQUIRE_OK((NTSTATUS)belfry_os_update_context(rig.context, 0, false, false));
    rig_wait(&rig, 2, PATIENCE);
    REQUIRE(report_after(from) == POWER_NONE); /* Nobody asked. */
    REQUIRE_STATUS(belfry_os_update_context(rig.context, 33, false, false),
                   STATUS_INVALID_PARAMETER);
    rig_close(&rig);
    return 0;
}

static void HS_UPD_01_state_fence_and_interrupt(void **state)
{
    (void)state;
    run(update_state);
}

/* A priority given by UpdateHwContextState is over with the next properties: the monitor looks. */
static int properties_after_state(int argc, char **argv)
{
    size_t from;

    (void)argc, (void)argv;
    rig_make(&rig, 16, 0);
    REQUIRE_OK(rig_connect(&rig));
    REQUIRE_OK((NTSTATUS)belfry_os_update_context(rig.context, 5, false, false));
    from = belfry_record_count();
    REQUIRE_OK(set_priority(rig.context, -1));
    REQUIRE_EQ(told(from), 1);
    rig_close(&rig);
    return 0;
}

static void HS_PRI_02_properties_after_state(void **state)
{
    (void)state;
    run(properties_after_state);
}

static int one_list_at_a_time(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&rig, 16, 0);
    rig_open_beside(&other, &rig, 16);
    rig_make_queue(&other, 0);
    rig_make_doorbell(&other);
    REQUIRE_OK(rig_connect(&rig));
    REQUIRE_OK(rig_connect(&other));
    REQUIRE_OK((NTSTATUS)belfry_os_switch(0, 0, 0)); /* Idle. */
    rig_submit(&rig, 0, 1, 100);
    rig_submit(&other, 0, 1, 100);
    rig_settle(20000);
    REQUIRE_EQ(*rig.progress, 0);
    REQUIRE_EQ(*other.progress, 0);
    REQUIRE_OK((NTSTATUS)belfry_os_switch(0, other.context, 0));
    rig_wait(&other, 1, PATIENCE);
    rig_settle(20000);
    REQUIRE_EQ(*rig.progress, 0);
    REQUIRE_OK((NTSTATUS)belfry_os_switch(0, other.context, rig.context));
    rig_wait(&rig, 1, PATIENCE); /* Second, for First is idle. */
    REQUIRE_STATUS(belfry_os_switch(0, 0, rig.context), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(belfry_os_switch(1, rig.context, 0), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(belfry_os_switch(9, 0, 0), STATUS_INVALID_PARAMETER);
    rig_close_beside(&other);
    rig_submit(&rig, 1, 2, 100); /* The list still holds the other half. */
    rig_wait(&rig, 2, PATIENCE);
    rig_close(&rig);
    return 0;
}

static void HS_SWI_01_only_the_list_runs(void **state)
{
    (void)state;
    run(one_list_at_a_time);
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(HS_PRI_01_bands_are_set_up_before_any_work),
        T(HS_PRI_02_properties_before_the_first_submission),
        T(HS_PRI_02_priorities_reach_the_driver),
        T(HS_PRI_03_focus_and_real_time_take_a_privilege),
        T(HS_PRI_03_the_focus_is_given_by_the_os),
        T(HS_UPD_01_state_fence_and_interrupt),
        T(HS_PRI_02_properties_after_state),
        T(HS_SWI_01_only_the_list_runs),
    };

    return cmocka_run_group_tests_name("sched_calls", tests, NULL, NULL);
}
