/* SPDX-License-Identifier: MIT */
/* The KMD's native fences on a fake register bus: objects, values, reports. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "fake_bell.h"

enum { PASID = 7, OTHER_PASID = PASID + 64 /* Of the same bucket. */, CURRENT = 0x40000, MONITORED = 0x50000, STRIDE = 64 };

static struct fake_process process;
/* Memory of the OS, which the fake maps where it is. */
static _Alignas(PAGE_SIZE) UINT64 current_page[PAGE_SIZE / 8], monitored_page[PAGE_SIZE / 8];
static int os_global[4], os_local[4]; /* Their addresses are handles of the OS. */

static int setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    fake_reset();
    memset(current_page, 0, sizeof(current_page));
    memset(monitored_page, 0xFF, sizeof(monitored_page));
    assert_int_equal(fake_start(), STATUS_SUCCESS);
    process = fake_process_make(PASID);
    fake_clear_ops();
    return 0;
}

static int teardown(void **state)
{
    UNREFERENCED_PARAMETER(state);
    fake.on_barrier = NULL;
    fake_process_free(&process);
    fake_stop();
    return 0;
}

/* --- Objects ---------------------------------------------------------------------------------- */

static UINT64 address_of(const UINT64 *page, unsigned n)
{
    return (UINT64)(UINT_PTR)page + n * STRIDE;
}

static DXGKARG_CREATENATIVEFENCE creation(unsigned n)
{
    return (DXGKARG_CREATENATIVEFENCE){
        .hGlobalNativeFence = &os_global[n],
        .CurrentValueSystemProcessGpuVa = address_of(current_page, n),
        .MonitoredValueSystemProcessGpuVa = address_of(monitored_page, n),
    };
}

static NTSTATUS create(DXGKARG_CREATENATIVEFENCE *args)
{
    return fake_ddi.DxgkDdiCreateNativeFence(fake_adapter, args);
}

static HANDLE make(unsigned n)
{
    DXGKARG_CREATENATIVEFENCE args = creation(n);

    assert_int_equal(create(&args), STATUS_SUCCESS);
    assert_ptr_not_equal(args.hGlobalNativeFence, &os_global[n]);
    return args.hGlobalNativeFence;
}

static NTSTATUS destroy(HANDLE fence)
{
    return fake_ddi.DxgkDdiDestroyNativeFence(
        fake_adapter, &(DXGKARG_DESTROYNATIVEFENCE){.hGlobalNativeFence = fence});
}

static DXGKARG_OPENNATIVEFENCE opening(HANDLE fence, unsigned n)
{
    return (DXGKARG_OPENNATIVEFENCE){
        .hGlobalNativeFence = fence,
        .hLocalNativeFence = &os_local[n],
        .hDevice = process.device,
        .CurrentValueGpuVa = CURRENT + n * STRIDE,
        .MonitoredValueGpuVa = MONITORED + n * STRIDE,
    };
}

static NTSTATUS try_open(DXGKARG_OPENNATIVEFENCE *args)
{
    return fake_ddi.DxgkDdiOpenNativeFence(fake_adapter, args);
}

static HANDLE open_fence(HANDLE fence, unsigned n)
{
    DXGKARG_OPENNATIVEFENCE args = opening(fence, n);

    assert_int_equal(try_open(&args), STATUS_SUCCESS);
    return args.hLocalNativeFence;
}

static NTSTATUS close_fence(HANDLE local)
{
    return fake_ddi.DxgkDdiCloseNativeFence(
        fake_adapter, &(DXGKARG_CLOSENATIVEFENCE){.hLocalNativeFence = local});
}

static void NF_CAP_01_stride_and_mapping(void **state)
{
    DXGK_NATIVE_FENCE_CAPS caps;
    DXGKARG_QUERYADAPTERINFO query = {.Type = DXGKQAITYPE_NATIVE_FENCE_CAPS, .pOutputData = &caps,
                                      .OutputDataSize = sizeof(caps)};

    UNREFERENCED_PARAMETER(state);
    memset(&caps, 0xEE, sizeof(caps));
    assert_int_equal(fake_ddi.DxgkDdiQueryAdapterInfo(fake_adapter, &query), STATUS_SUCCESS);
    assert_int_equal(caps.MonitoredValueStride, STRIDE);
    assert_true(caps.MapToGpuSystemProcess);
    assert_int_equal(caps.MinimumAddress, 0);
    assert_int_equal(caps.MaximumAddress, 0);
    for (unsigned i = 0; i < sizeof(caps.Reserved); i++)
        assert_int_equal(caps.Reserved[i], 0);
    query.OutputDataSize = sizeof(caps) - 1;
    assert_false(NT_SUCCESS(fake_ddi.DxgkDdiQueryAdapterInfo(fake_adapter, &query)));
}

static void NF_CAP_01_nothing_when_the_feature_is_off(void **state)
{
    DXGK_NATIVE_FENCE_CAPS caps;
    DXGKARG_QUERYADAPTERINFO query = {.Type = DXGKQAITYPE_NATIVE_FENCE_CAPS, .pOutputData = &caps,
                                      .OutputDataSize = sizeof(caps)};
    DXGKARG_CREATENATIVEFENCE args = creation(0);

    UNREFERENCED_PARAMETER(state);
    fake_reset();
    fake.feature_off = true;
    assert_int_equal(fake_start(), STATUS_SUCCESS);
    assert_false(NT_SUCCESS(fake_ddi.DxgkDdiQueryAdapterInfo(fake_adapter, &query)));
    assert_int_equal(create(&args), STATUS_NOT_SUPPORTED);
    assert_ptr_equal(args.hGlobalNativeFence, &os_global[0]);
    fake_stop();
}

static void NF_LIF_01_lives_until_closed_and_destroyed(void **state)
{
    int pool = fake.live_pool, maps = fake.live_contiguous;
    HANDLE fence = make(0), local[2];

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake.live_pool, pool + 1);
    assert_int_equal(fake.live_contiguous, maps + 1);
    for (unsigned i = 0; i < 2; i++)
        local[i] = open_fence(fence, i);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(destroy(fence), STATUS_INVALID_PARAMETER); /* It is open. */
        assert_int_equal(close_fence(local[i]), STATUS_SUCCESS);
    }
    assert_int_equal(fake.live_pool, pool + 1);
    assert_int_equal(destroy(fence), STATUS_SUCCESS);
    assert_int_equal(fake.live_pool, pool);
    assert_int_equal(fake.live_contiguous, maps);
    assert_int_equal(fake.op_count, 0); /* The hardware knows nothing of it. */
}

static void NF_LIF_01_refused_arguments(void **state)
{
    const UINT64 bad[] = {0, address_of(current_page, 0) + 4, UINT64_C(1) << 48};
    int pool = fake.live_pool, maps = fake.live_contiguous;
    DXGKARG_CREATENATIVEFENCE args;
    DXGKARG_OPENNATIVEFENCE at;
    HANDLE fence;

    UNREFERENCED_PARAMETER(state);
    for (unsigned i = 0; i < 8; i++) {
        args = creation(0);
        if (i < 3)
            args.CurrentValueSystemProcessGpuVa = bad[i];
        else if (i < 6)
            args.MonitoredValueSystemProcessGpuVa = bad[i - 3];
        else if (i == 6)
            args.Flags.Value = 1;
        else
            args.Type = D3DDDI_NATIVEFENCE_TYPE_INTRA_GPU + 1;
        assert_int_equal(create(&args), STATUS_INVALID_PARAMETER);
        assert_ptr_equal(args.hGlobalNativeFence, &os_global[0]);
    }
    assert_int_equal(create(NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(fake.live_pool, pool);
    assert_int_equal(fake.live_contiguous, maps);
    fence = make(0);
    for (unsigned i = 0; i < 9; i++) {
        at = opening(fence, 0);
        if (i < 3)
            at.CurrentValueGpuVa = bad[i];
        else if (i < 6)
            at.MonitoredValueGpuVa = bad[i - 3];
        else if (i == 6)
            at.Flags.Value = 1;
        else if (i == 7)
            at.hDevice = process.process; /* Of another kind. */
        else
            at.hGlobalNativeFence = process.device;
        assert_int_equal(try_open(&at), STATUS_INVALID_PARAMETER);
        assert_ptr_equal(at.hLocalNativeFence, &os_local[0]);
    }
    assert_int_equal(close_fence(fence), STATUS_INVALID_PARAMETER); /* A global handle. */
    assert_int_equal(destroy(process.device), STATUS_INVALID_PARAMETER);
    assert_int_equal(destroy(fence), STATUS_SUCCESS); /* Nobody has it open. */
}

/* Each step of making and opening one fails once, and leaves nothing behind. */
static void NF_LIF_01_failures_leave_nothing(void **state)
{
    int pool = fake.live_pool, maps = fake.live_contiguous;
    DXGKARG_CREATENATIVEFENCE args = creation(0);
    DXGKARG_OPENNATIVEFENCE at;
    HANDLE fence;

    UNREFERENCED_PARAMETER(state);
    fake.fail_alloc = 0;
    assert_int_equal(create(&args), STATUS_NO_MEMORY);
    fake.fail_contiguous = true; /* The mapping of the value. */
    assert_int_equal(create(&args), STATUS_NO_MEMORY);
    fake.fail_contiguous = false;
    assert_ptr_equal(args.hGlobalNativeFence, &os_global[0]);
    assert_int_equal(fake.live_pool, pool);
    assert_int_equal(fake.live_contiguous, maps);
    fence = make(0);
    at = opening(fence, 0);
    fake.fail_alloc = 0;
    assert_int_equal(try_open(&at), STATUS_NO_MEMORY);
    assert_ptr_equal(at.hLocalNativeFence, &os_local[0]);
    assert_int_equal(destroy(fence), STATUS_SUCCESS); /* Not counted as open. */
    assert_int_equal(fake.live_pool, pool);
}

/* --- Values ----------------------------------------------------------------------------------- */

static NTSTATUS monitor(HANDLE *fences, UINT64 *values, VOID **addresses, UINT count, UINT flags)
{
    DXGKARG_UPDATEMONITOREDVALUES args = {fences, values, addresses, count, {{{0}}}, {0}};
    NTSTATUS status;

    args.Flags.Value = flags;
    fake.irql = BELL_DIRQL;
    status = fake_ddi.DxgkDdiUpdateMonitoredValues(fake_adapter, &args);
    fake.irql = PASSIVE_LEVEL;
    return status;
}

static NTSTATUS raise_to(HANDLE *fences, UINT64 *values, VOID **addresses, UINT count, bool notify)
{
    DXGKARG_UPDATECURRENTVALUESFROMCPU args = {.NativeFenceArray = fences,
                                               .UpdatedValueArray = values,
                                               .CurrentValueKernelCpuVa = addresses,
                                               .NumFences = count};

    args.Flags.NotificationOnly = notify;
    return fake_ddi.DxgkDdiUpdateCurrentValuesFromCpu(fake_adapter, &args);
}

static unsigned barriers;
static UINT64 seen_at_barrier;

/* The engine, which wrote 9 and read the monitored value just before ours was there. */
static void engine_passes(void)
{
    barriers++;
    seen_at_barrier = monitored_page[0];
    current_page[0] = 9;
}

/* NF-SYN-01: the monitored value is stored, then the barrier, then the current value is read. */
static void NF_SYN_01_store_barrier_read(void **state)
{
    HANDLE fence = make(0);
    VOID *address = monitored_page;
    UINT64 value = 4;

    UNREFERENCED_PARAMETER(state);
    barriers = 0;
    fake.on_barrier = engine_passes;
    assert_int_equal(monitor(&fence, &value, &address, 1, 0), STATUS_SUCCESS);
    fake.on_barrier = NULL;
    assert_int_equal(barriers, 1);
    assert_int_equal(seen_at_barrier, 4);
    assert_int_equal(fake.notify_count, 1); /* It was read behind the barrier. */
    assert_int_equal(fake.notifies[0].InterruptType, DXGK_INTERRUPT_NATIVE_FENCE_SIGNALED);
    assert_int_equal(fake.notifies[0].NativeFenceSignaled.SignaledNativeFenceCount, 1);
    assert_true(fake.dpc_queued);
    fake_run_dpc();
    assert_int_equal(destroy(fence), STATUS_SUCCESS);
}

/* Reported when the current value is above the monitored one; each fence by itself. */
static void NF_INT_01_reported_above_the_monitored_value(void **state)
{
    HANDLE fences[3] = {make(0), make(1), make(2)};
    VOID *addresses[3] = {&monitored_page[0], &monitored_page[8], &monitored_page[16]};
    UINT64 values[3] = {4, 5, 6};

    UNREFERENCED_PARAMETER(state);
    current_page[0] = 4, current_page[8] = 6, current_page[16] = 5;
    assert_int_equal(monitor(fences, values, addresses, 3, 0), STATUS_SUCCESS);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(monitored_page[8 * i], values[i]);
    assert_int_equal(monitored_page[1], UINT64_MAX); /* 64 bits, and no more. */
    assert_int_equal(fake.notify_count, 1);
    assert_ptr_equal(fake.notify_fence, &os_global[1]);
    assert_true(fake.dpc_queued);
    fake_run_dpc();
    values[1] = UINT64_MAX; /* Nobody waits any more. */
    assert_int_equal(monitor(fences, values, addresses, 3, 0), STATUS_SUCCESS);
    assert_int_equal(fake.notify_count, 1);
    assert_false(fake.dpc_queued);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(destroy(fences[i]), STATUS_SUCCESS);
}

static void NF_INT_01_refused_updates_change_nothing(void **state)
{
    HANDLE fence = make(0), wrong[2] = {fence, process.device};
    VOID *addresses[2] = {&monitored_page[0], NULL};
    UINT64 values[2] = {4, 5};

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(monitor(&fence, values, addresses, 1, 1), STATUS_INVALID_PARAMETER);
    assert_int_equal(monitor(wrong, values, addresses, 2, 0), STATUS_INVALID_PARAMETER);
    addresses[1] = &monitored_page[8];
    assert_int_equal(monitor(wrong, values, addresses, 2, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(monitor(NULL, values, addresses, 1, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(monitor(&fence, NULL, addresses, 1, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(monitor(&fence, values, NULL, 1, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(raise_to(wrong, values, addresses, 2, false), STATUS_INVALID_PARAMETER);
    assert_int_equal(monitor(NULL, NULL, NULL, 0, 0), STATUS_SUCCESS);
    assert_int_equal(monitored_page[0], UINT64_MAX);
    assert_int_equal(fake.wakes, 0);
    assert_int_equal(destroy(fence), STATUS_SUCCESS);
}

static UINT64 current_at_barrier;
static unsigned wakes_at_barrier;

static void look_at_barrier(void)
{
    current_at_barrier = current_page[0];
    wakes_at_barrier = fake.wakes;
}

/* NF-SYN-01: who is woken sees the value: stored, barrier, FENCE_WAKE with the address's key. */
static void NF_SYN_01_value_before_wake(void **state)
{
    HANDLE fence = make(0);
    VOID *address = current_page;
    UINT64 value = 6;
    int at;

    UNREFERENCED_PARAMETER(state);
    fake.on_barrier = look_at_barrier;
    assert_int_equal(raise_to(&fence, &value, &address, 1, false), STATUS_SUCCESS);
    fake.on_barrier = NULL;
    assert_int_equal(current_at_barrier, 6);
    assert_int_equal(wakes_at_barrier, 0);
    assert_int_equal(fake.wakes, 1);
    at = fake_find_write(0, BELL_FENCE_WAKE_OFFSET, UINT64_MAX,
                         BELL_FIELD_PUT(BELL_FENCE_WAKE_KEY, (UINT64)(UINT_PTR)current_page >> 6));
    assert_int_not_equal(at, -1);
    assert_true((unsigned)at + 1 < fake.op_count); /* And a read, which takes it there. */
    assert_int_equal(fake.ops[at + 1].kind, FAKE_READ);
    assert_int_equal(destroy(fence), STATUS_SUCCESS);
}

/* A lower value never goes in; NotificationOnly stores none; in D3 no register is touched. */
static void NF_OBJ_01_current_value_rises_only(void **state)
{
    HANDLE fence = make(0);
    VOID *address = current_page;
    UINT64 value = 6;

    UNREFERENCED_PARAMETER(state);
    current_page[0] = 8;
    assert_int_equal(raise_to(&fence, &value, &address, 1, false), STATUS_SUCCESS);
    assert_int_equal(current_page[0], 8);
    value = 12;
    assert_int_equal(raise_to(&fence, &value, &address, 1, true), STATUS_SUCCESS);
    assert_int_equal(current_page[0], 8);
    assert_int_equal(fake.wakes, 2); /* They look all the same. */
    assert_int_equal(fake_ddi.DxgkDdiSetPowerState(fake_adapter, DISPLAY_ADAPTER_HW_ID,
                                                   PowerDeviceD3, PowerActionNone),
                     STATUS_SUCCESS);
    fake_clear_ops();
    assert_int_equal(raise_to(&fence, &value, &address, 1, false), STATUS_SUCCESS);
    assert_int_equal(current_page[0], 12);
    assert_int_equal(fake.op_count, 0);
    assert_int_equal(fake_ddi.DxgkDdiSetPowerState(fake_adapter, DISPLAY_ADAPTER_HW_ID,
                                                   PowerDeviceD0, PowerActionNone),
                     STATUS_SUCCESS);
    assert_int_equal(destroy(fence), STATUS_SUCCESS);
}

/* No hardware remembers that all waits of a fence are over and its signals void. */
static void NF_OBJ_01_always_signaled_is_refused(void **state)
{
    HANDLE fence = make(0);
    VOID *address = current_page;
    UINT64 value = UINT32_MAX;
    DXGKARG_UPDATECURRENTVALUESFROMCPU args = {.NativeFenceArray = &fence,
                                               .UpdatedValueArray = &value,
                                               .CurrentValueKernelCpuVa = &address,
                                               .NumFences = 1};

    UNREFERENCED_PARAMETER(state);
    current_page[0] = 8;
    args.Flags.AlwaysSignaled = 1;
    fake_clear_ops();
    for (unsigned notify = 0; notify < 2; notify++) {
        args.Flags.NotificationOnly = notify;
        assert_int_equal(fake_ddi.DxgkDdiUpdateCurrentValuesFromCpu(fake_adapter, &args),
                         STATUS_NOT_SUPPORTED);
    }
    assert_int_equal(current_page[0], 8);
    assert_int_equal(fake.wakes, 0);
    assert_int_equal(fake.op_count, 0);
    assert_int_equal(destroy(fence), STATUS_SUCCESS);
}

/* --- Reports of the engine -------------------------------------------------------------------- */

/* One event, and whose fence the driver says it was: NULL, anybody's. */
static HANDLE reported(UINT32 hw_id, UINT64 address)
{
    const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data = &fake.notifies[fake.notify_count];
    unsigned before = fake.notify_count;

    fake_post_event(BELL_CAUSE_FENCE_SIGNALED, 1, hw_id, address);
    assert_true(fake_interrupt());
    assert_int_equal(fake.notify_count, before + 1);
    assert_int_equal(data->InterruptType, DXGK_INTERRUPT_NATIVE_FENCE_SIGNALED);
    assert_int_equal(data->NativeFenceSignaled.NodeOrdinal, 1);
    fake_run_dpc();
    return fake.notify_fence;
}

static void NF_INT_02_named_by_process_and_address(void **state)
{
    struct fake_queue queue = fake_queue_make(&process, 1, true);
    struct fake_process other = fake_process_make(OTHER_PASID);
    struct fake_queue foreign = fake_queue_make(&other, 1, true);
    HANDLE fence = make(0), local[2] = {open_fence(fence, 0), open_fence(fence, 1)};

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    assert_int_equal(fake_connect(&foreign, NULL), STATUS_SUCCESS);
    fake.notify_count = 0;
    assert_ptr_equal(reported(queue.hw_id, CURRENT), &os_global[0]);
    assert_ptr_equal(reported(queue.hw_id, CURRENT + STRIDE), &os_global[0]);
    assert_null(reported(queue.hw_id, CURRENT + 2 * STRIDE));        /* No opening. */
    assert_null(reported(queue.hw_id, CURRENT + 64 * STRIDE));       /* Of the same bucket. */
    assert_null(reported(foreign.hw_id, CURRENT));                   /* Not of that process. */
    assert_null(reported(fake.queues - 1, CURRENT));                 /* A queue that is gone. */
    assert_int_equal(close_fence(local[0]), STATUS_SUCCESS);
    assert_null(reported(queue.hw_id, CURRENT));
    assert_ptr_equal(reported(queue.hw_id, CURRENT + STRIDE), &os_global[0]);
    assert_int_equal(close_fence(local[1]), STATUS_SUCCESS);
    assert_int_equal(destroy(fence), STATUS_SUCCESS);
    fake_queue_free(&foreign);
    fake_queue_free(&queue);
    fake_process_free(&other);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(NF_CAP_01_stride_and_mapping),
        cmocka_unit_test(NF_CAP_01_nothing_when_the_feature_is_off),
        T(NF_LIF_01_lives_until_closed_and_destroyed),
        T(NF_LIF_01_refused_arguments),
        T(NF_LIF_01_failures_leave_nothing),
        T(NF_SYN_01_store_barrier_read),
        T(NF_INT_01_reported_above_the_monitored_value),
        T(NF_INT_01_refused_updates_change_nothing),
        T(NF_SYN_01_value_before_wake),
        T(NF_OBJ_01_current_value_rises_only),
        T(NF_OBJ_01_always_signaled_is_refused),
        T(NF_INT_02_named_by_process_and_address),
    };

    return cmocka_run_group_tests_name("kmd_native_fence", tests, NULL, NULL);
}
