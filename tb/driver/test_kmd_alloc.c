/* SPDX-License-Identifier: MIT */
/* Allocations of the KMD. Each test is named after the row it proves. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "fake_bell.h"

#define ITEMS 3

static BELL_ALLOCATION_PRIVATE wanted[ITEMS];
static BELL_REQUEST_PRIVATE request;
static DXGK_ALLOCATIONINFO infos[ITEMS];
static DXGKARG_CREATEALLOCATION args;

static int setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    fake_reset();
    assert_int_equal(fake_start(), STATUS_SUCCESS);
    memset(infos, 0, sizeof(infos));
    memset(&args, 0, sizeof(args));
    memset(wanted, 0, sizeof(wanted));
    memset(&request, 0, sizeof(request));
    for (int i = 0; i < ITEMS; i++) {
        wanted[i].magic = BELL_ALLOCATION_MAGIC;
        wanted[i].version = BELL_INTERFACE_VERSION;
        wanted[i].size = 5000u * (UINT64)(i + 1);
        wanted[i].flags = BELL_ALLOCATION_CPU_VISIBLE;
        infos[i].pPrivateDriverData = &wanted[i];
        infos[i].PrivateDriverDataSize = sizeof(wanted[i]);
        infos[i].hAllocation = &infos[i]; /* Must survive a failure. */
    }
    args.NumAllocations = ITEMS;
    args.pAllocationInfo = infos;
    return 0;
}

static int teardown(void **state)
{
    UNREFERENCED_PARAMETER(state);
    fake_stop();
    return 0;
}

static NTSTATUS create(void)
{
    return fake_ddi.DxgkDdiCreateAllocation(fake_adapter, &args);
}

static void destroy(bool resource)
{
    HANDLE list[ITEMS];
    DXGKARG_DESTROYALLOCATION destroy_args = {args.NumAllocations, list, args.hResource, {{{0}}}};

    for (UINT i = 0; i < args.NumAllocations; i++)
        list[i] = infos[i].hAllocation;
    destroy_args.Flags.DestroyResource = resource;
    assert_int_equal(fake_ddi.DxgkDdiDestroyAllocation(fake_adapter, &destroy_args),
                     STATUS_SUCCESS);
}

/* The call fails with `status` and changes nothing. */
static void refused(NTSTATUS status)
{
    DXGK_ALLOCATIONINFO before[ITEMS];
    HANDLE resource = args.hResource;
    int pool = fake.live_pool;

    memcpy(before, infos, sizeof(before));
    assert_int_equal(create(), status);
    assert_memory_equal(before, infos, sizeof(before));
    assert_ptr_equal(args.hResource, resource);
    assert_int_equal(fake.live_pool, pool);
}

static void AL_CRE_02_four_codes(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(create(), STATUS_SUCCESS);
    destroy(false);
    fake.fail_alloc = 0;
    assert_int_equal(create(), STATUS_NO_MEMORY);
    wanted[0].version++;
    assert_int_equal(create(), STATUS_GRAPHICS_DRIVER_MISMATCH);
    args.NumAllocations = 0;
    assert_int_equal(create(), STATUS_INVALID_PARAMETER);
}

static void AL_CRE_03_arguments(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_ddi.DxgkDdiCreateAllocation(fake_adapter, NULL),
                     STATUS_INVALID_PARAMETER);
    args.NumAllocations = 0;
    refused(STATUS_INVALID_PARAMETER);
    args.NumAllocations = ITEMS;
    args.pAllocationInfo = NULL;
    refused(STATUS_INVALID_PARAMETER);
    args.pAllocationInfo = infos;
    args.Flags.Reserved = 1;
    refused(STATUS_INVALID_PARAMETER);
    args.Flags.Value = 0;
    args.hResource = &args; /* Without the flag. */
    refused(STATUS_INVALID_PARAMETER);
    args.Flags.Resource = 1; /* With it, but not one of ours. */
    refused(STATUS_INVALID_PARAMETER);
    args.hResource = NULL;
    args.Flags.Value = 0;
    infos[2].PrivateDriverDataSize--;
    refused(STATUS_INVALID_PARAMETER);
    infos[2].pPrivateDriverData = NULL;
    refused(STATUS_INVALID_PARAMETER);
}

static void AL_CRE_03_private_words(void **state)
{
    const UINT64 sizes[] = {0, UINT64_MAX, UINT64_MAX - 4095, (UINT64_C(1) << 47) + 1};

    UNREFERENCED_PARAMETER(state);
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        wanted[1].size = sizes[i];
        refused(STATUS_INVALID_PARAMETER);
    }
    wanted[1].size = 4096;
    wanted[1].alignment = 3;
    refused(STATUS_INVALID_PARAMETER);
    wanted[1].alignment = 0x20000;
    refused(STATUS_INVALID_PARAMETER);
    wanted[1].alignment = 0;
    wanted[1].segment_set = 2;
    refused(STATUS_INVALID_PARAMETER);
    wanted[1].segment_set = 0;
    wanted[1].reserved = 1;
    refused(STATUS_INVALID_PARAMETER);
    wanted[1].reserved = 0;
    wanted[1].flags = 0x80000000u;
    refused(STATUS_INVALID_PARAMETER);
    wanted[1].flags = 0;
    wanted[1].width = 1; /* No surface. */
    refused(STATUS_INVALID_PARAMETER);
}

static void AL_CRE_04_no_leak_at_any_step(void **state)
{
    int step = 0;

    UNREFERENCED_PARAMETER(state);
    args.Flags.Resource = 1;
    for (;; step++) {
        fake.fail_alloc = step;
        if (step == ITEMS + 1)
            break;
        refused(STATUS_NO_MEMORY);
    }
    assert_int_equal(create(), STATUS_SUCCESS); /* Three items and the resource: four steps. */
    fake.fail_alloc = -1;
    destroy(true);
}

static void AL_CRE_05_mismatch(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wanted[2].magic ^= 1;
    refused(STATUS_GRAPHICS_DRIVER_MISMATCH);
    assert_false(NT_SUCCESS(STATUS_GRAPHICS_DRIVER_MISMATCH)); /* */
    wanted[2].magic ^= 1;
    args.pPrivateDriverData = &request;
    args.PrivateDriverDataSize = sizeof(request);
    refused(STATUS_GRAPHICS_DRIVER_MISMATCH);
    request.magic = BELL_REQUEST_MAGIC;
    request.version = BELL_INTERFACE_VERSION;
    args.PrivateDriverDataSize = 8;
    refused(STATUS_INVALID_PARAMETER);
    args.PrivateDriverDataSize = sizeof(request);
    assert_int_equal(create(), STATUS_SUCCESS);
    destroy(false);
}

static void AL_CRE_06_fuzzed_private_data(void **state)
{
    UINT64 seed = 12345;

    UNREFERENCED_PARAMETER(state);
    args.NumAllocations = 1;
    for (int round = 0; round < 20000; round++) {
        NTSTATUS status;

        seed = seed * 6364136223846793005u + 1442695040888963407u;
        memset(&wanted[0], 0, sizeof(wanted[0]));
        wanted[0].magic = BELL_ALLOCATION_MAGIC;
        wanted[0].version = BELL_INTERFACE_VERSION;
        wanted[0].size = 4096;
        ((UCHAR *)&wanted[0])[seed >> 33 & 0x1F] = (UCHAR)(seed >> 40);
        ((UCHAR *)&wanted[0])[(seed >> 50) % sizeof(wanted[0])] ^= (UCHAR)(seed >> 25);
        status = create();
        if (status == STATUS_SUCCESS) {
            assert_true(infos[0].Size != 0);
            destroy(false);
        } else {
            assert_true(status == STATUS_INVALID_PARAMETER ||
                        status == STATUS_GRAPHICS_DRIVER_MISMATCH);
        }
    }
}

static void AL_CRE_07_fields(void **state)
{
    UNREFERENCED_PARAMETER(state);
    memset(&infos[0].Alignment, 0xEE, sizeof(infos[0]) - offsetof(DXGK_ALLOCATIONINFO, Alignment));
    wanted[1].alignment = 0x10000;
    assert_int_equal(create(), STATUS_SUCCESS);
    for (int i = 0; i < ITEMS; i++) {
        assert_non_null(infos[i].hAllocation);
        assert_int_equal(infos[i].Size, wanted[i].size);
        assert_int_equal(infos[i].Alignment, i == 1 ? 0x10000 : PAGE_SIZE);
        assert_int_equal(infos[i].SupportedWriteSegmentSet, 1);
        assert_int_equal(infos[i].PreferredSegment.SegmentId0, 1); /* AL-CRE-08. */
        assert_int_equal(infos[i].EvictionSegmentSet, 0);
        assert_int_equal(infos[i].PitchAlignedSize, 0);
        assert_int_equal(infos[i].AllocationPriority, D3DDDI_ALLOCATIONPRIORITY_NORMAL);
        assert_int_equal(infos[i].FlagsWddm2.Value, 1);
        assert_int_equal(infos[i].Flags2.Value, 0);
    }
    assert_null(args.hResource);
    destroy(false);
}

static void AL_CRE_09_resource_round_trip(void **state)
{
    HANDLE resource;

    UNREFERENCED_PARAMETER(state);
    args.Flags.Resource = 1;
    assert_int_equal(create(), STATUS_SUCCESS);
    resource = args.hResource;
    assert_non_null(resource);
    destroy(false); /* The items only. */
    assert_int_equal(create(), STATUS_SUCCESS);
    assert_ptr_equal(args.hResource, resource);
    destroy(true);
}

static void AL_CRE_10_outlives_device(void **state)
{
    struct fake_process a = fake_process_make(1), b = fake_process_make(2);
    DXGK_OPENALLOCATIONINFO item = {.hAllocation = 4};
    DXGKARG_OPENALLOCATION open_args = {.NumAllocations = 1, .pOpenAllocation = &item};
    DXGKARG_CLOSEALLOCATION close_args = {1, &item.hDeviceSpecificAllocation};
    DXGKARG_DESCRIBEALLOCATION describe = {0};

    UNREFERENCED_PARAMETER(state);
    args.NumAllocations = 1;
    assert_int_equal(create(), STATUS_SUCCESS);
    fake.handles[4] = infos[0].hAllocation;
    assert_int_equal(fake_ddi.DxgkDdiOpenAllocation(a.device, &open_args), STATUS_SUCCESS);
    assert_int_equal(fake_ddi.DxgkDdiCloseAllocation(a.device, &close_args), STATUS_SUCCESS);
    fake_process_free(&a);
    assert_int_equal(fake_ddi.DxgkDdiOpenAllocation(b.device, &open_args), STATUS_SUCCESS);
    describe.hAllocation = infos[0].hAllocation;
    assert_int_equal(fake_ddi.DxgkDdiDescribeAllocation(fake_adapter, &describe), STATUS_SUCCESS);
    assert_int_equal(fake_ddi.DxgkDdiCloseAllocation(b.device, &close_args), STATUS_SUCCESS);
    fake_process_free(&b);
    destroy(false);
}

static void AL_CRE_12_surface(void **state)
{
    DXGKARG_DESCRIBEALLOCATION describe;

    UNREFERENCED_PARAMETER(state);
    args.NumAllocations = 1;
    wanted[0].flags |= BELL_ALLOCATION_SURFACE;
    wanted[0].width = 100;
    wanted[0].height = 30;
    wanted[0].pitch = 512;
    wanted[0].format = 21;
    refused(STATUS_INVALID_PARAMETER); /* Size says something else. */
    wanted[0].size = 0;
    assert_int_equal(create(), STATUS_SUCCESS);
    assert_int_equal(infos[0].Size, 512 * 30);

    memset(&describe, 0xFF, sizeof(describe)); /* AL-DSC-01. */
    describe.hAllocation = infos[0].hAllocation;
    assert_int_equal(fake_ddi.DxgkDdiDescribeAllocation(fake_adapter, &describe), STATUS_SUCCESS);
    assert_int_equal(describe.Width, 100);
    assert_int_equal(describe.Height, 30);
    assert_int_equal(describe.Format, 21);
    assert_int_equal(describe.MultisampleMethod.NumSamples, 1);
    assert_int_equal(describe.PrivateDriverFormatAttribute, 0);
    destroy(false);
}

static void AL_CRE_13_history_buffer(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wanted[0].flags = BELL_ALLOCATION_HISTORY;
    assert_int_equal(create(), STATUS_SUCCESS);
    assert_int_equal(infos[0].FlagsWddm2.Value, 0x4000 | 0x4 | 0x1);
    destroy(false);
    wanted[0].flags = BELL_ALLOCATION_HISTORY | BELL_ALLOCATION_ACCESSED_PHYSICALLY;
    refused(STATUS_INVALID_PARAMETER);
}

static void AL_CRE_14_flag_rules(void **state)
{
    UNREFERENCED_PARAMETER(state);
    wanted[0].flags = BELL_ALLOCATION_EXPLICIT_RESIDENCY;
    refused(STATUS_INVALID_PARAMETER);
    wanted[0].flags = BELL_ALLOCATION_APERTURE_CPU_VISIBLE;
    refused(STATUS_INVALID_PARAMETER);
    wanted[0].flags = BELL_ALLOCATION_CACHED;
    refused(STATUS_INVALID_PARAMETER);
    wanted[0].flags = BELL_ALLOCATION_EXPLICIT_RESIDENCY | BELL_ALLOCATION_ACCESSED_PHYSICALLY;
    assert_int_equal(create(), STATUS_SUCCESS);
    assert_true(infos[0].FlagsWddm2.ExplicitResidencyNotification);
    assert_true(infos[0].FlagsWddm2.AccessedPhysically);
    destroy(false);
}

static void AL_HND_01_stale_handle(void **state)
{
    struct fake_process process = fake_process_make(1);
    DXGK_OPENALLOCATIONINFO items[2] = {{.hAllocation = 4}, {.hAllocation = 9}};
    DXGKARG_OPENALLOCATION open_args = {.NumAllocations = 2, .pOpenAllocation = items};
    int before;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(create(), STATUS_SUCCESS);
    fake.handles[4] = infos[0].hAllocation;
    before = fake.live_pool;
    assert_int_equal(fake_ddi.DxgkDdiOpenAllocation(process.device, &open_args),
                     STATUS_INVALID_HANDLE);
    assert_null(items[0].hDeviceSpecificAllocation);
    assert_int_equal(fake.live_pool, before);
    destroy(false);
    fake_process_free(&process);
}

static void AL_OPN_01_all_or_nothing(void **state)
{
    struct fake_process process = fake_process_make(1);
    DXGK_OPENALLOCATIONINFO items[2] = {{.hAllocation = 4}, {.hAllocation = 5}};
    DXGKARG_OPENALLOCATION open_args = {.NumAllocations = 2, .pOpenAllocation = items};
    HANDLE opened[2];
    DXGKARG_CLOSEALLOCATION close_args = {2, opened};

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(create(), STATUS_SUCCESS);
    fake.handles[4] = infos[0].hAllocation;
    fake.handles[5] = infos[1].hAllocation;
    for (int step = 0; step < 2; step++) {
        int before = fake.live_pool;

        fake.fail_alloc = step;
        assert_int_equal(fake_ddi.DxgkDdiOpenAllocation(process.device, &open_args),
                         STATUS_NO_MEMORY);
        assert_int_equal(fake.live_pool, before);
        assert_null(items[0].hDeviceSpecificAllocation);
    }
    assert_int_equal(fake_ddi.DxgkDdiOpenAllocation(process.device, &open_args), STATUS_SUCCESS);
    opened[0] = items[0].hDeviceSpecificAllocation;
    opened[1] = items[1].hDeviceSpecificAllocation;
    assert_true(opened[0] != NULL && opened[1] != NULL && opened[0] != opened[1]);
    assert_int_equal(fake_ddi.DxgkDdiCloseAllocation(process.device, &close_args),
                     STATUS_SUCCESS); /* AL-CLS-01. */
    destroy(false);
    fake_process_free(&process);
}

static void AL_DST_01_bad_handle_frees_nothing(void **state)
{
    HANDLE list[2];
    DXGKARG_DESTROYALLOCATION destroy_args = {2, list, NULL, {{{0}}}};
    int before;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(create(), STATUS_SUCCESS);
    before = fake.live_pool;
    list[0] = infos[0].hAllocation;
    list[1] = NULL;
    assert_int_equal(fake_ddi.DxgkDdiDestroyAllocation(fake_adapter, &destroy_args),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(fake.live_pool, before);
    destroy(false);
}

static void A_04_mapping_is_noted_and_forgotten(void **state)
{
    struct fake_process process = fake_process_make(3);
    HANDLE allocation = fake_allocation_make(8192);
    int before = fake.live_pool;

    UNREFERENCED_PARAMETER(state);
    fake_map(allocation, process.process, 0x4000, 8192, true);
    fake_map(allocation, process.process, 0x4000, 8192, true);
    assert_int_equal(fake.live_pool, before + 1);
    fake_map(allocation, process.process, 0x4000, 8192, false);
    fake_map(allocation, process.process, 0x4000, 8192, false);
    assert_int_equal(fake.live_pool, before);
    fake_map(allocation, process.process, 0x9000, 8192, true);
    fake_allocation_free(allocation); /* Takes its notes along. */
    fake_process_free(&process);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(AL_CRE_02_four_codes),
        T(AL_CRE_03_arguments),
        T(AL_CRE_03_private_words),
        T(AL_CRE_04_no_leak_at_any_step),
        T(AL_CRE_05_mismatch),
        T(AL_CRE_06_fuzzed_private_data),
        T(AL_CRE_07_fields),
        T(AL_CRE_09_resource_round_trip),
        T(AL_CRE_10_outlives_device),
        T(AL_CRE_12_surface),
        T(AL_CRE_13_history_buffer),
        T(AL_CRE_14_flag_rules),
        T(AL_HND_01_stale_handle),
        T(AL_OPN_01_all_or_nothing),
        T(AL_DST_01_bad_handle_frees_nothing),
        T(A_04_mapping_is_noted_and_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
