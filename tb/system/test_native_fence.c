// SPDX-License-Identifier: MIT
/* Native fences: who may have them, what they are made of, how they come and go. */
#include "native.h"

#include "d3dkmddi.h"

static struct bell_umd_fence other;

/* --- Capabilities ----------------------------------------------------------------------------- */

static int without_the_feature(int argc, char **argv)
{
    struct bell_umd_device *device;

    (void)argc, (void)argv;
    REQUIRE_OK(bell_umd_open((LUID){0}, &device));
    REQUIRE_STATUS(bell_umd_fence_create(device, 0, false, &fence), STATUS_NOT_SUPPORTED);
    REQUIRE_EQ(fence.handle, 0);
    bell_umd_close(device);
    REQUIRE_EQ(rig_count(0, BELFRY_DDI_ENTER, "DxgkDdiCreateNativeFence"), 0);
    return 0;
}

static void NF_CAP_01_nothing_without_the_feature(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    config.native_disabled = true;
    rig_run(&config, without_the_feature);
}

/* The driver asks before it is asked. */
static int with_the_feature(int argc, char **argv)
{
    size_t asked = 0;

    (void)argc, (void)argv;
    while ((asked = belfry_record_find(asked, BELFRY_CB_EXIT, "DxgkCbIsFeatureEnabled")) !=
               (size_t)-1 &&
           belfry_record_at(asked)->object != DXGK_FEATURE_NATIVE_FENCE)
        asked++;
    REQUIRE(asked < rig_expect(0, BELFRY_DDI_ENTER, "DxgkDdiQueryAdapterInfo"));
    return 0;
}

static void NF_CAP_01_asked_before_advertised(void **state)
{
    (void)state;
    run(with_the_feature);
}

static DXGKDDI_QUERYADAPTERINFO *real_query;

static NTSTATUS boast(HANDLE adapter, const DXGKARG_QUERYADAPTERINFO *args)
{
    NTSTATUS status = real_query(adapter, args);

    if (NT_SUCCESS(status) && args->Type == DXGKQAITYPE_DRIVERCAPS)
        ((DXGK_DRIVERCAPS *)args->pOutputData)->SchedulingCaps.NativeGpuFence = 1;
    return status;
}

static NTSTATUS no_caps(HANDLE adapter, const DXGKARG_QUERYADAPTERINFO *args)
{
    return args->Type == DXGKQAITYPE_NATIVE_FENCE_CAPS ? STATUS_NOT_SUPPORTED
                                                       : real_query(adapter, args);
}

static DXGKDDI_QUERYADAPTERINFO *planted_query;

static void hook_query(DRIVER_INITIALIZATION_DATA *table)
{
    real_query = table->DxgkDdiQueryAdapterInfo;
    table->DxgkDdiQueryAdapterInfo = planted_query;
}

static void does_not_start(DXGKDDI_QUERYADAPTERINFO *query, bool disabled)
{
    struct belfry_config config = rig_config();
    char error[4096];

    config.native_disabled = disabled;
    config.monitor_warn = true;
    planted_query = query;
    belfry_hook_driver(hook_query);
    assert_int_not_equal(belfry_open(&config, error, sizeof(error)), 0);
    belfry_hook_driver(NULL);
    assert_non_null(strstr(error, "NF-CAP-01"));
    assert_int_equal(belfry_violation_count(), 1);
    assert_string_equal(belfry_violations(0)->id, "NF-CAP-01");
}

static void NF_CAP_01_adapter_start_fails(void **state)
{
    (void)state;
    does_not_start(boast, true);
    does_not_start(no_caps, false);
}

/* --- Values ----------------------------------------------------------------------------------- */

static int values_and_mappings(int argc, char **argv)
{
    struct belfry_native_fence_info info;
    struct bell_umd_commands list;
    uint64_t refused;

    (void)argc, (void)argv;
    rig_library_open(&a, ENTRIES, 0);
    REQUIRE_OK(bell_umd_fence_create(a.device, 7, false, &fence));
    look(&info);
    REQUIRE_EQ(info.current, 7);
    REQUIRE_EQ(info.monitored, UINT64_MAX);
    REQUIRE_EQ(bell_umd_fence_value(&fence), 7);
    REQUIRE_EQ(fence.current_gpu, info.current_gpu_va);
    REQUIRE_EQ(fence.monitored_gpu, info.monitored_gpu_va);
    REQUIRE_OK(bell_umd_fence_signal(a.device, &fence, 9));
    REQUIRE_EQ(bell_umd_fence_value(&fence), 9);
    REQUIRE_STATUS(bell_umd_fence_signal(a.device, &fence, 8), STATUS_INVALID_PARAMETER);
    REQUIRE_EQ(bell_umd_fence_value(&fence), 9);

    refused = belfry_dma_refused(); /* The monitored value is the kernel's. */
    begin(&a, 0, &list);
    bell_umd_cmd_write64(&list, fence.monitored_gpu, 0);
    (void)submit(&a, &list);
    rig_settle(3000);
    REQUIRE_EQ(belfry_dma_refused(), refused + 1);
    look(&info);
    REQUIRE_EQ(info.monitored, UINT64_MAX);
    bell_umd_fence_close(&fence);
    rig_library_close(&a);
    return 0;
}

static void NF_OBJ_01_values(void **state)
{
    (void)state;
    run(values_and_mappings);
}

/* User mode's store to the current value is a fault of the program. */
static int store_to_the_value(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_library_open(&a, ENTRIES, 0);
    REQUIRE_OK(bell_umd_fence_create(a.device, 7, false, &fence));
    *(volatile UINT64 *)(uintptr_t)fence.current = 8;
    belfry_fail("the store went through");
    return 0;
}

static void NF_OBJ_01_user_mode_only_reads(void **state)
{
    struct belfry_config config = rig_config();
    struct belfry_process *process;

    (void)state;
    rig_open_machine(&config);
    process = belfry_spawn("writer", store_to_the_value, 0, NULL);
    assert_int_equal(belfry_run(), BELFRY_DONE);
    assert_non_null(belfry_process_fault(process));
    assert_int_equal(belfry_close(), 0);
}

/* Least waited value less one; back to UINT64_MAX. */
static int monitored_follows_the_waiters(int argc, char **argv)
{
    static UINT64 values[] = { 9, 5, 6, 12 };
    struct belfry_native_fence_info info;
    struct belfry_thread *threads[4];

    (void)argc, (void)argv;
    awake = 0;
    rig_library_open(&a, ENTRIES, 0);
    REQUIRE_OK(bell_umd_fence_create(a.device, 0, false, &fence));
    for (unsigned i = 0; i < 4; i++) {
        threads[i] = belfry_thread_start("waiter", wait_for, &values[i]);
        until_waiters(i + 1);
        look(&info);
        REQUIRE_EQ(info.monitored, i == 0 ? 8 : 4);
    }
    (void)signal_after(&a, 0, 0, 4); /* Nobody waits for that. */
    rig_settle(5000);
    REQUIRE_EQ(awake, 0);
    (void)signal_after(&a, 1, 0, 10);
    until_waiters(1);
    look(&info);
    REQUIRE_EQ(info.monitored, 11);
    REQUIRE_EQ(awake, 3);
    (void)signal_after(&a, 2, 0, 20);
    for (unsigned i = 0; i < 4; i++)
        belfry_thread_join(threads[i]);
    look(&info);
    REQUIRE_EQ(info.monitored, UINT64_MAX);
    REQUIRE_EQ(info.waiters, 0);
    bell_umd_fence_close(&fence);
    rig_library_close(&a);
    return 0;
}

static void NF_OBJ_01_monitored_value(void **state)
{
    (void)state;
    run(monitored_follows_the_waiters);
}

/* --- Processes -------------------------------------------------------------------------------- */

static HANDLE name;
static unsigned stage; /* 1: named, 2: opened, 3: signaled, 4: the maker closed it. */

static void until_stage(unsigned wanted)
{
    uint64_t end = belfry_now() + 2000000;

    while (stage < wanted) {
        REQUIRE(belfry_now() < end);
        belfry_sleep(64);
    }
}

static int maker(int argc, char **argv)
{
    struct belfry_native_fence_info info;
    UINT64 done;

    (void)argc, (void)argv;
    rig_library_open(&a, ENTRIES, 0);
    REQUIRE_OK(bell_umd_fence_create(a.device, 0, true, &fence));
    name = fence.name;
    stage = 1;
    until_stage(2);
    look(&info);
    REQUIRE_EQ(info.opens, 2);
    (void)signal_after(&a, 0, WORK, 1);
    done = copy_after(&a, 1, 2, a.data.gpu, 3); /* Until the other has answered. */
    wait_done(&a, done);
    bell_umd_fence_close(&fence);
    REQUIRE_EQ(rig_count(0, BELFRY_DDI_ENTER, "DxgkDdiDestroyNativeFence"), 0);
    stage = 4;
    rig_library_close(&a);
    return 0;
}

static int taker(int argc, char **argv)
{
    struct bell_umd_commands list;

    (void)argc, (void)argv;
    rig_library_open(&b, ENTRIES, 1);
    until_stage(1);
    REQUIRE_OK(bell_umd_fence_open(b.device, name, &other));
    stage = 2;
    begin(&b, 0, &list);
    bell_umd_cmd_fence_wait(&list, &other, 1);
    bell_umd_cmd_fence_signal(&list, &other, 2);
    (void)submit(&b, &list);
    REQUIRE_OK(bell_umd_fence_wait(b.device, &other, 2));
    until_stage(4);
    REQUIRE_EQ(bell_umd_fence_value(&other), 2);
    bell_umd_fence_close(&other);
    REQUIRE_STATUS(bell_umd_fence_open(b.device, name, &other), STATUS_INVALID_PARAMETER);
    rig_library_close(&b);
    return 0;
}

/* The order of DDIs, and that one outlives its maker. */
static void NF_LIF_01_across_processes(void **state)
{
    struct belfry_config config = rig_config();
    size_t create, first, second, close, destroy;

    (void)state;
    stage = 0;
    rig_open_machine(&config);
    belfry_spawn("maker", maker, 0, NULL);
    belfry_spawn("taker", taker, 0, NULL);
    assert_int_equal(belfry_run(), BELFRY_DONE);
    create = belfry_record_find(0, BELFRY_DDI_EXIT, "DxgkDdiCreateNativeFence");
    first = belfry_record_find(create, BELFRY_DDI_EXIT, "DxgkDdiOpenNativeFence");
    second = belfry_record_find(first + 1, BELFRY_DDI_EXIT, "DxgkDdiOpenNativeFence");
    close = belfry_record_find(second, BELFRY_DDI_EXIT, "DxgkDdiCloseNativeFence");
    close = belfry_record_find(close + 1, BELFRY_DDI_EXIT, "DxgkDdiCloseNativeFence");
    destroy = belfry_record_find(0, BELFRY_DDI_ENTER, "DxgkDdiDestroyNativeFence");
    assert_true(create < first && first < second && second < close && close < destroy);
    assert_true(destroy != (size_t)-1);
    assert_int_equal(belfry_record_number(BELFRY_DDI_ENTER, "DxgkDdiCreateNativeFence"), 1);
    for (size_t at = create; at <= destroy; at++)
        if (strstr(belfry_record_at(at)->name, "NativeFence") != NULL &&
            belfry_record_at(at)->kind == BELFRY_DDI_ENTER &&
            strstr(belfry_record_at(at)->name, "Log") == NULL)
            assert_int_equal(belfry_record_at(at)->irql, PASSIVE_LEVEL);
    assert_int_equal(belfry_close(), 0);
}

/* Whoever does not tidy up leaves nothing; who waits is let go. */
static int exits_with_all_open(int argc, char **argv)
{
    static UINT64 value = 100;

    (void)argc, (void)argv;
    rig_library_open(&a, ENTRIES, 0);
    REQUIRE_OK(bell_umd_fence_create(a.device, 0, true, &fence));
    REQUIRE_OK(bell_umd_fence_open(a.device, fence.name, &other));
    (void)belfry_thread_start("waiter", wait_for, &value);
    until_waiters(1);
    return 0;
}

static void NF_LIF_01_exit_closes_all(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    rig_open_machine(&config);
    belfry_spawn("sloven", exits_with_all_open, 0, NULL);
    assert_int_equal(belfry_run(), BELFRY_DONE);
    assert_int_equal(belfry_record_number(BELFRY_DDI_ENTER, "DxgkDdiCloseNativeFence"), 2);
    assert_int_equal(belfry_record_number(BELFRY_DDI_ENTER, "DxgkDdiDestroyNativeFence"), 1);
    assert_int_equal(belfry_close(), 0);
}

static unsigned removed;

static void wait_removed(void *arg)
{
    (void)arg;
    REQUIRE_STATUS(bell_umd_fence_wait(a.device, &fence, 1), STATUS_DEVICE_REMOVED);
    removed++;
}

static int closing_ends_waits(int argc, char **argv)
{
    struct bell_umd_fence closed;
    struct belfry_thread *thread;

    (void)argc, (void)argv;
    removed = 0;
    rig_library_open(&a, ENTRIES, 0);
    REQUIRE_OK(bell_umd_fence_create(a.device, 0, true, &fence));
    thread = belfry_thread_start("waiter", wait_removed, NULL);
    until_waiters(1);
    closed = fence;
    bell_umd_fence_close(&closed);
    belfry_thread_join(thread);
    REQUIRE_EQ(removed, 1);
    rig_library_close(&a);
    return 0;
}

static void NF_LIF_01_close_ends_waits(void **state)
{
    (void)state;
    run(closing_ends_waits);
}

/* --- Progress fences -------------------------------------------------------------------------- */

static int native_progress(int argc, char **argv)
{
    static struct rig rig;
    struct belfry_native_fence_info info;
    D3DKMT_CREATEHWQUEUE create = { 0 };
    struct bell_umd_commands list;
    volatile uint64_t *entry;
    UINT64 one = 1;

    (void)argc, (void)argv;
    rig_open(&rig, ENTRIES);
    rig_make_queue(&rig, 0);
    rig_destroy_queue(rig.queue); /* Another in its place. */
    create.hHwContext = rig.context;
    create.Flags.UserModeSubmission = 1;
    create.Flags.NativeProgressFence = 1;
    REQUIRE_OK(D3DKMTCreateHwQueue(&create));
    rig.queue = rig.create.hHwQueue = create.hHwQueue;
    REQUIRE(belfry_native_fence(create.hHwQueueProgressFence, &info));
    REQUIRE_EQ(info.current_gpu_va, create.HwQueueProgressFenceGPUVirtualAddress);
    REQUIRE_STATUS(D3DKMTDestroySynchronizationObject(&(D3DKMT_DESTROYSYNCHRONIZATIONOBJECT){
                       .hSyncObject = create.hHwQueueProgressFence }),
                   STATUS_INVALID_PARAMETER);
    rig_make_doorbell(&rig);
    REQUIRE_OK(rig_connect(&rig));
    REQUIRE_OK(bell_umd_commands_begin(&list, &rig.commands, 0, 256));
    bell_umd_cmd_work(&list, WORK);
    bell_umd_cmd_fence_signal(
        &list, &(struct bell_umd_fence){ .current_gpu = info.current_gpu_va,
                                         .monitored_gpu = info.monitored_gpu_va }, 1);
    *rig.last_queued = 1;
    entry = rig.ring.cpu;
    entry[1] = list.used * BELL_PACKET_BYTES;
    entry[0] = list.gpu;
    rig.control.cpu[0] = rig.wptr = 1;
    rig_ring(&rig);
    REQUIRE_OK(D3DKMTWaitForSynchronizationObjectFromCpu(
        &(D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU){
            .hDevice = rig.device->device,
            .ObjectCount = 1,
            .ObjectHandleArray = &create.hHwQueueProgressFence,
            .FenceValueArray = &one,
        }));
    REQUIRE_EQ(*(volatile uint64_t *)create.HwQueueProgressFenceCPUVirtualAddress, 1);
    rig_close(&rig);
    return 0;
}

static void NF_QUE_01_native_progress_fence(void **state)
{
    (void)state;
    run(native_progress);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(NF_CAP_01_nothing_without_the_feature),
        cmocka_unit_test(NF_CAP_01_asked_before_advertised),
        cmocka_unit_test(NF_CAP_01_adapter_start_fails),
        cmocka_unit_test(NF_OBJ_01_values),
        cmocka_unit_test(NF_OBJ_01_user_mode_only_reads),
        cmocka_unit_test(NF_OBJ_01_monitored_value),
        cmocka_unit_test(NF_LIF_01_across_processes),
        cmocka_unit_test(NF_LIF_01_exit_closes_all),
        cmocka_unit_test(NF_LIF_01_close_ends_waits),
        cmocka_unit_test(NF_QUE_01_native_progress_fence),
    };

    return cmocka_run_group_tests_name("native_fence", tests, NULL, NULL);
}
