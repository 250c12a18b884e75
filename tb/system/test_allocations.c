// SPDX-License-Identifier: MIT
/*
 * Allocations on the whole machine: what the driver fills in, what the OS accepts of it, handles,
 * and the order of the end (AL-CRE-01, -07, -08, -11 .. -14, AL-HND-01, AL-DST-01, -02).
 */
#include "alloc_rig.h"

enum { ENTRIES = 16, NODE = 0, SLOW = 3000 };

static struct alloc_request request;

/* --- AL-CRE-01 -------------------------------------------------------------------------------- */

static unsigned inside, most_inside;

static NTSTATUS slow_create(HANDLE adapter, DXGKARG_CREATEALLOCATION *args)
{
    NTSTATUS status;

    REQUIRE(adapter == alloc_driver.miniport);
    REQUIRE_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    inside++;
    most_inside = inside > most_inside ? inside : most_inside;
    belfry_sleep(SLOW);
    status = alloc_driver.real.DxgkDdiCreateAllocation(adapter, args);
    inside--;
    return status;
}

static void create_one(void *arg)
{
    const struct bell_umd_device *device = arg;
    struct alloc_request own;

    alloc_prepare(&own, device->device, 1);
    REQUIRE_OK(alloc_create(&own));
    REQUIRE_EQ(belfry_record_at(rig_expect(0, BELFRY_DDI_ENTER, "DxgkDdiCreateAllocation"))->irql,
               PASSIVE_LEVEL);
    alloc_destroy(&own);
}

static int slow_process(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();

    (void)argc, (void)argv;
    alloc_driver.create = slow_create;
    create_one(device);
    bell_umd_close(device);
    return 0;
}

static int two_slow_threads(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();
    struct belfry_thread *other;

    (void)argc, (void)argv;
    alloc_driver.create = slow_create;
    other = belfry_thread_start("other", create_one, device);
    create_one(device);
    belfry_thread_join(other);
    bell_umd_close(device);
    return 0;
}

/* Two processes are in the driver at once; two threads of one process are not (class zero). */
static void AL_CRE_01_two_threads_at_once(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    most_inside = 0;
    rig_open_machine(&config);
    assert_non_null(belfry_spawn("one", slow_process, 0, NULL));
    assert_non_null(belfry_spawn("two", slow_process, 0, NULL));
    rig_finish_machine();
    assert_int_equal(most_inside, 2);

    most_inside = 0;
    alloc_run(two_slow_threads);
    assert_int_equal(most_inside, 1);
}

/* --- AL-CRE-07, -08 --------------------------------------------------------------------------- */

static DXGK_ALLOCATIONINFO seen[ALLOC_ITEMS];
static void (*spoil_info)(DXGK_ALLOCATIONINFO *info);

/* Out fields hold rubbish before the driver is called; `seen` is what it made of them. */
static NTSTATUS watched_create(HANDLE adapter, DXGKARG_CREATEALLOCATION *args)
{
    const size_t outs = offsetof(DXGK_ALLOCATIONINFO, Alignment);
    NTSTATUS status;

    for (UINT i = 0; i < args->NumAllocations; i++)
        memset((char *)&args->pAllocationInfo[i] + outs, 0xEE, sizeof(*seen) - outs);
    status = alloc_driver.real.DxgkDdiCreateAllocation(adapter, args);
    memcpy(seen, args->pAllocationInfo, args->NumAllocations * sizeof(*seen));
    if (spoil_info)
        spoil_info(&args->pAllocationInfo[args->NumAllocations - 1]);
    return status;
}

static int fields(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();

    (void)argc, (void)argv;
    alloc_driver.create = watched_create;
    spoil_info = NULL;
    alloc_prepare(&request, device->device, 3);
    request.wanted[1].alignment = 0x10000;
    request.wanted[2].flags = BELL_ALLOCATION_CPU_VISIBLE | BELL_ALLOCATION_CACHED;
    REQUIRE_OK(alloc_create(&request));
    for (UINT i = 0; i < 3; i++) {
        REQUIRE(seen[i].hAllocation != NULL);
        REQUIRE_EQ(seen[i].Size, request.wanted[i].size);
        REQUIRE_EQ(seen[i].Alignment, i == 1 ? 0x10000 : PAGE_SIZE);
        REQUIRE_EQ(seen[i].PitchAlignedSize, 0);
        REQUIRE_EQ(seen[i].SupportedReadSegmentSet, 1);
        REQUIRE_EQ(seen[i].SupportedWriteSegmentSet, 1);
        REQUIRE_EQ(seen[i].PreferredSegment.Value, 1);
        REQUIRE_EQ(seen[i].EvictionSegmentSet, 0);
        REQUIRE_EQ(seen[i].HintedBank.Value, 0);
        REQUIRE_EQ(seen[i].FlagsWddm2.Value, i == 2 ? 0x5 : 0x1);
        REQUIRE_EQ(seen[i].Flags2.Value, 0);
        REQUIRE(seen[i].pAllocationUsageHint == NULL);
        REQUIRE_EQ(seen[i].AllocationPriority, D3DDDI_ALLOCATIONPRIORITY_NORMAL);
        REQUIRE(alloc_handle_data(request.items[i].hAllocation, DXGK_HANDLE_ALLOCATION, false) ==
                seen[i].hAllocation);
    }
    REQUIRE(seen[0].hAllocation != seen[1].hAllocation);
    alloc_destroy(&request);
    bell_umd_close(device);
    return 0;
}

static void AL_CRE_07_fields(void **state)
{
    (void)state;
    alloc_run(fields);
}

static void no_size(DXGK_ALLOCATIONINFO *info) { info->Size = 0; }
static void huge_size(DXGK_ALLOCATIONINFO *info) { info->Size = (SIZE_T)-1; }
static void short_pitch(DXGK_ALLOCATIONINFO *info) { info->PitchAlignedSize = info->Size - 1; }
static void odd_alignment(DXGK_ALLOCATIONINFO *info) { info->Alignment = 3 * PAGE_SIZE; }
static void no_priority(DXGK_ALLOCATIONINFO *info) { info->AllocationPriority = 0; }
static void no_segment(DXGK_ALLOCATIONINFO *info) { info->SupportedWriteSegmentSet = 0; }
static void strange_preference(DXGK_ALLOCATIONINFO *info) { info->PreferredSegment.SegmentId3 = 2; }
static void evict_to_memory(DXGK_ALLOCATIONINFO *info) { info->EvictionSegmentSet = 2; }
static void residency_alone(DXGK_ALLOCATIONINFO *info)
{
    info->FlagsWddm2.ExplicitResidencyNotification = 1;
}
static void map_aperture(DXGK_ALLOCATIONINFO *info) { info->FlagsWddm2.MapApertureCpuVisible = 1; }
static void history_unseen(DXGK_ALLOCATIONINFO *info) { info->FlagsWddm2.Value = 0x4004; }
static void history_uncached(DXGK_ALLOCATIONINFO *info) { info->FlagsWddm2.Value = 0x4001; }
static void history_and_more(DXGK_ALLOCATIONINFO *info) { info->FlagsWddm2.Value = 0xC005; }

/* The driver's answer is wrong in a field of the last item: the whole call fails, nothing stays. */
static int validator(int argc, char **argv)
{
    static void (*const spoils[])(DXGK_ALLOCATIONINFO *info) = {
        no_size, huge_size, short_pitch, odd_alignment, no_priority, no_segment, strange_preference,
        evict_to_memory, residency_alone, map_aperture, history_unseen, history_uncached,
        history_and_more,
    };
    struct bell_umd_device *device = alloc_open_device();

    (void)argc, (void)argv;
    alloc_driver.create = watched_create;
    for (unsigned i = 0; i < sizeof(spoils) / sizeof(spoils[0]); i++) {
        spoil_info = spoils[i];
        alloc_prepare(&request, device->device, 3);
        request.args.Flags.CreateResource = i % 2;
        REQUIRE_REFUSED(&request, STATUS_UNSUCCESSFUL);
    }
    bell_umd_close(device);
    return 0;
}

static void read_set_only(DXGK_ALLOCATIONINFO *info) { info->SupportedReadSegmentSet = 0; }
static void whole_pitch(DXGK_ALLOCATIONINFO *info) { info->PitchAlignedSize = info->Size; }

/* Only the write set counts; sizes are rounded up to a page. */
static int accepted(int argc, char **argv)
{
    static void (*const harmless[])(DXGK_ALLOCATIONINFO *info) = { read_set_only, whole_pitch };
    struct bell_umd_device *device = alloc_open_device();
    struct belfry_alloc_info info;

    (void)argc, (void)argv;
    alloc_driver.create = watched_create;
    for (unsigned i = 0; i < 2; i++) {
        spoil_info = harmless[i];
        alloc_prepare(&request, device->device, 2);
        request.wanted[1].size = PAGE_SIZE + 1;
        REQUIRE_OK(alloc_create(&request));
        REQUIRE_EQ(seen[1].Size, PAGE_SIZE + 1);
        REQUIRE(belfry_alloc(request.items[0].hAllocation, &info));
        REQUIRE_EQ(info.size, PAGE_SIZE);
        REQUIRE(belfry_alloc(request.items[1].hAllocation, &info));
        REQUIRE_EQ(info.size, 2 * PAGE_SIZE);
        alloc_destroy(&request);
    }
    bell_umd_close(device);
    return 0;
}

static void AL_CRE_08_validator_of_the_os(void **state)
{
    (void)state;
    rig_breaks("AL-CRE-07 AL-CRE-08 AL-CRE-13 AL-CRE-14");
    alloc_run(validator);
    alloc_run(accepted);
}

/* --- AL-CRE-12, -13, -14 ---------------------------------------------------------------------- */

static int surfaces(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();
    BELL_ALLOCATION_PRIVATE *wanted = &request.wanted[0];
    struct belfry_alloc_info info;

    (void)argc, (void)argv;
    alloc_driver.create = watched_create;
    spoil_info = NULL;
    alloc_prepare(&request, device->device, 1);
    wanted->flags |= BELL_ALLOCATION_SURFACE;
    wanted->width = 100;
    wanted->height = 33;
    wanted->pitch = 512;
    wanted->size = 100 * 33; /* Forgets the pitch. */
    REQUIRE_REFUSED(&request, STATUS_INVALID_PARAMETER);
    wanted->size = 0;
    REQUIRE_OK(alloc_create(&request));
    REQUIRE_EQ(seen[0].Size, 512 * 33);
    REQUIRE(belfry_alloc(request.items[0].hAllocation, &info));
    REQUIRE_EQ(info.size, (512 * 33 / PAGE_SIZE + 1) * PAGE_SIZE);
    alloc_destroy(&request);
    bell_umd_close(device);
    return 0;
}

static void AL_CRE_12_size_is_pitch_times_height(void **state)
{
    (void)state;
    rig_breaks("AL-CRE-04");
    alloc_run(surfaces);
}

static int flag_words(int argc, char **argv)
{
    static const struct {
        UINT32 wanted, word; /* word 0: refused. */
    } cases[] = {
        { BELL_ALLOCATION_HISTORY, 0x4005 },
        { BELL_ALLOCATION_HISTORY | BELL_ALLOCATION_CPU_VISIBLE, 0x4005 },
        { BELL_ALLOCATION_HISTORY | BELL_ALLOCATION_SURFACE, 0 },
        { BELL_ALLOCATION_HISTORY | BELL_ALLOCATION_ACCESSED_PHYSICALLY, 0 },
        { BELL_ALLOCATION_EXPLICIT_RESIDENCY, 0 },
        { BELL_ALLOCATION_EXPLICIT_RESIDENCY | BELL_ALLOCATION_ACCESSED_PHYSICALLY, 0x18000 },
        { BELL_ALLOCATION_APERTURE_CPU_VISIBLE, 0 },
        { BELL_ALLOCATION_APERTURE_CPU_VISIBLE | BELL_ALLOCATION_CPU_VISIBLE, 0 },
    };
    struct bell_umd_device *device = alloc_open_device();

    (void)argc, (void)argv;
    alloc_driver.create = watched_create;
    spoil_info = NULL;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        alloc_prepare(&request, device->device, 1);
        request.wanted[0].flags = cases[i].wanted;
        if (cases[i].word == 0) {
            REQUIRE_REFUSED(&request, STATUS_INVALID_PARAMETER);
            continue;
        }
        REQUIRE_OK(alloc_create(&request));
        REQUIRE_EQ(seen[0].FlagsWddm2.Value, cases[i].word);
        alloc_destroy(&request);
    }
    bell_umd_close(device);
    return 0;
}

/* The OS's half of both rows is in AL_CRE_08_validator_of_the_os. */
static void AL_CRE_13_AL_CRE_14_flag_words(void **state)
{
    (void)state;
    rig_breaks("AL-CRE-04");
    alloc_run(flag_words);
}

/* --- AL-CRE-11, AL-HND-01 --------------------------------------------------------------------- */

/* One pool block per object, none beside them: there is nowhere a table could live. */
static int no_table(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();
    struct alloc_live before = alloc_count();
    D3DKMT_HANDLE stale;

    (void)argc, (void)argv;
    for (UINT round = 0; round < 64; round++) {
        alloc_prepare(&request, device->device, ALLOC_ITEMS);
        REQUIRE_OK(alloc_create(&request));
        REQUIRE_EQ(belfry_live_objects("pool"), before.pool + 2 * ALLOC_ITEMS);
        stale = request.items[0].hAllocation;
        REQUIRE(alloc_handle_data(stale, DXGK_HANDLE_ALLOCATION, false) != NULL);
        alloc_destroy(&request);
        REQUIRE_NOTHING_LEFT(before);
        REQUIRE(alloc_handle_data(stale, DXGK_HANDLE_ALLOCATION, false) == NULL);
        REQUIRE(alloc_handle_data(stale, DXGK_HANDLE_ALLOCATION, true) == NULL);
    }
    bell_umd_close(device);
    return 0;
}

static void AL_CRE_11_no_handle_table(void **state)
{
    (void)state;
    alloc_run(no_table);
}

static D3DKMT_HANDLE planted;

/* The OS names an allocation that does not exist, as the last item. */
static NTSTATUS open_planted(HANDLE device, const DXGKARG_OPENALLOCATION *args)
{
    DXGK_OPENALLOCATIONINFO *last = &args->pOpenAllocation[args->NumAllocations - 1];
    D3DKMT_HANDLE right = last->hAllocation;
    NTSTATUS status;

    last->hAllocation = planted;
    status = alloc_driver.real.DxgkDdiOpenAllocation(device, args);
    last->hAllocation = right;
    REQUIRE(last->hDeviceSpecificAllocation == NULL);
    return status;
}

static int bad_handles(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();
    D3DKMT_HANDLE bad[] = { 0, 0xFFFFFFFF, 0x40000000, 0, 0 };

    (void)argc, (void)argv;
    alloc_prepare(&request, device->device, 1);
    REQUIRE_OK(alloc_create(&request));
    bad[3] = request.items[0].hAllocation;
    bad[4] = device->device; /* Lives, but is no allocation. */
    alloc_destroy(&request);
    alloc_driver.open = open_planted;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        REQUIRE(alloc_handle_data(bad[i], DXGK_HANDLE_ALLOCATION, false) == NULL);
        REQUIRE(alloc_handle_data(bad[i], DXGK_HANDLE_RESOURCE, false) == NULL);
        planted = bad[i];
        alloc_prepare(&request, device->device, 3);
        REQUIRE_REFUSED(&request, STATUS_INVALID_HANDLE);
    }
    bell_umd_close(device);
    return 0;
}

static NTSTATUS look_up_at_dispatch(HANDLE adapter, DXGKARG_CREATEALLOCATION *args)
{
    KSPIN_LOCK lock;
    KIRQL irql;

    (void)adapter, (void)args;
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &irql);
    (void)alloc_handle_data(0, DXGK_HANDLE_ALLOCATION, false);
    KeReleaseSpinLock(&lock, irql);
    return STATUS_NO_MEMORY;
}

static int look_up_too_high(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();

    (void)argc, (void)argv;
    alloc_driver.create = look_up_at_dispatch;
    alloc_prepare(&request, device->device, 1);
    (void)alloc_create(&request);
    return 0;
}

static void AL_HND_01_bad_handles(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    alloc_run(bad_handles);
    rig_open_machine(&config);
    assert_non_null(belfry_spawn("high", look_up_too_high, 0, NULL));
    rig_finish_failing("AL-HND-01");
}

/* --- AL-DST-01, -02 --------------------------------------------------------------------------- */

static DXGKARG_DESTROYALLOCATION destroy_args(size_t at)
{
    DXGKARG_DESTROYALLOCATION args;

    memcpy(&args, belfry_record_at(at)->args, sizeof(args));
    return args;
}

static int destroys(int argc, char **argv)
{
    static const char ddi[] = "DxgkDdiDestroyAllocation";
    struct bell_umd_device *device = alloc_open_device();
    struct alloc_live before = alloc_count();
    HANDLE resource;
    size_t from;

    (void)argc, (void)argv;
    alloc_prepare(&request, device->device, ALLOC_ITEMS);
    request.args.Flags.CreateResource = 1;
    REQUIRE_OK(alloc_create(&request));
    resource = alloc_handle_data(request.args.hResource, DXGK_HANDLE_RESOURCE, false);
    REQUIRE_EQ(belfry_live_objects("kmd-allocation"), before.kmd + ALLOC_ITEMS);
    REQUIRE_EQ(belfry_live_objects("pool"), before.pool + 2 * ALLOC_ITEMS + 1);

    from = belfry_record_count();
    alloc_destroy(&request); /* All items; the resource lives on, empty. */
    for (size_t at = from; (at = belfry_record_find(at, BELFRY_DDI_ENTER, ddi)) != (size_t)-1;
         at++) {
        REQUIRE_EQ(belfry_record_at(at)->irql, PASSIVE_LEVEL);
        REQUIRE_EQ(destroy_args(at).NumAllocations, 1);
        REQUIRE_EQ(destroy_args(at).Flags.Value, 0);
        REQUIRE(destroy_args(at).hResource == resource);
    }
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, ddi), ALLOC_ITEMS);
    REQUIRE_EQ(belfry_live_objects("kmd-allocation"), before.kmd);
    REQUIRE_EQ(belfry_live_objects("pool"), before.pool + 1);

    from = belfry_record_count();
    REQUIRE_OK(alloc_destroy_resource(device->device, request.args.hResource));
    REQUIRE_EQ(destroy_args(rig_expect(from, BELFRY_DDI_ENTER, ddi)).Flags.Value, 1);
    REQUIRE_NOTHING_LEFT(before);

    alloc_prepare(&request, device->device, ALLOC_ITEMS);
    request.args.Flags.CreateResource = 1;
    REQUIRE_OK(alloc_create(&request));
    from = belfry_record_count();
    REQUIRE_OK(alloc_destroy_resource(device->device, request.args.hResource));
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, ddi), ALLOC_ITEMS);
    for (UINT i = 0; i < ALLOC_ITEMS; i++, from++) { /* The last one takes the resource along. */
        from = rig_expect(from, BELFRY_DDI_ENTER, ddi);
        REQUIRE_EQ(destroy_args(from).Flags.Value, i == ALLOC_ITEMS - 1);
    }
    REQUIRE_NOTHING_LEFT(before);
    bell_umd_close(device);
    return 0;
}

static void AL_DST_01_listed_objects_and_resource(void **state)
{
    (void)state;
    alloc_run(destroys);
}

/* The ring's handle goes at once; its object stays until the doorbell that needs it is gone. */
static int ring_of_a_doorbell(int argc, char **argv)
{
    struct rig rig;
    struct belfry_alloc_info info;
    D3DKMT_HANDLE ring;
    size_t from, close, destroy, doorbell;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&rig));
    ring = rig.ring.allocation;
    from = belfry_record_count();
    bell_umd_free(rig.device, &rig.ring);
    REQUIRE(belfry_alloc(ring, &info));
    REQUIRE(info.destroyed);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiCloseAllocation"), 0);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiDestroyAllocation"), 0);
    REQUIRE_OK(rig_destroy_doorbell(&rig));
    doorbell = rig_expect(from, BELFRY_DDI_EXIT, "DxgkDdiDestroyDoorbell");
    close = rig_expect(from, BELFRY_DDI_EXIT, "DxgkDdiCloseAllocation");
    destroy = rig_expect(from, BELFRY_DDI_ENTER, "DxgkDdiDestroyAllocation");
    REQUIRE(doorbell < close);
    REQUIRE(close < destroy);
    REQUIRE(!belfry_alloc(ring, &info));
    rig_close(&rig);
    return 0;
}

static void AL_DST_02_after_close_and_doorbell(void **state)
{
    (void)state;
    alloc_run(ring_of_a_doorbell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ALLOC_TEST(AL_CRE_01_two_threads_at_once),
        ALLOC_TEST(AL_CRE_07_fields),
        ALLOC_TEST(AL_CRE_08_validator_of_the_os),
        ALLOC_TEST(AL_CRE_11_no_handle_table),
        ALLOC_TEST(AL_CRE_12_size_is_pitch_times_height),
        ALLOC_TEST(AL_CRE_13_AL_CRE_14_flag_words),
        ALLOC_TEST(AL_HND_01_bad_handles),
        ALLOC_TEST(AL_DST_01_listed_objects_and_resource),
        ALLOC_TEST(AL_DST_02_after_close_and_doorbell),
    };

    return cmocka_run_group_tests_name("allocations", tests, NULL, NULL);
}
