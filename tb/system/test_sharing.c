// SPDX-License-Identifier: MIT
/*
 * A shared resource outlives the device and the process that made it; closing one opening harms no
 * other; who may lock it; how a primary is described (AL-CRE-10, -15, AL-CLS-01, AL-DST-02,
 * AL-DSC-01).
 */
#include "alloc_rig.h"

enum { WAIT = 2000000, ENTRIES = 16, NODE = 0, PAUSE = 4000, WORDS = PAGE_SIZE / 8 };

static struct alloc_request request;

static UINT64 pattern(UINT i, UINT word)
{
    return (UINT64)(i + 1) << 32 | word;
}

static volatile UINT64 *lock(D3DKMT_HANDLE device, D3DKMT_HANDLE allocation)
{
    D3DKMT_LOCK2 args = {.hDevice = device, .hAllocation = allocation};

    REQUIRE_OK(D3DKMTLock2(&args));
    return args.pData;
}

static NTSTATUS try_lock(D3DKMT_HANDLE device, D3DKMT_HANDLE allocation)
{
    NTSTATUS status = D3DKMTLock2(&(D3DKMT_LOCK2){.hDevice = device, .hAllocation = allocation});

    if (NT_SUCCESS(status))
        REQUIRE_OK(D3DKMTUnlock2(&(D3DKMT_UNLOCK2){device, allocation}));
    return status;
}

static void await(const volatile bool *flag, const char *what)
{
    uint64_t end = belfry_now() + WAIT;

    while (!*flag) {
        if (belfry_now() > end)
            belfry_fail("%s did not happen within %u clocks", what, (unsigned)WAIT);
        belfry_sleep(100);
    }
}

/* Make an allocation of any device resident and visible to the GPU. */
static D3DGPU_VIRTUAL_ADDRESS map(struct bell_umd_device *device, D3DKMT_HANDLE allocation)
{
    D3DDDI_MAKERESIDENT resident = {
        .hPagingQueue = device->paging, .NumAllocations = 1, .AllocationList = &allocation};
    D3DDDI_MAPGPUVIRTUALADDRESS mapping = {.hPagingQueue = device->paging,
                                           .hAllocation = allocation};

    mapping.Protection.Write = 1;
    REQUIRE_OK(D3DKMTMakeResident(&resident));
    REQUIRE_OK(D3DKMTMapGpuVirtualAddress(&mapping));
    return mapping.VirtualAddress;
}

/* The GPU copies the first page of `from` to the rig's data. */
static void copy_by_gpu(struct rig *rig, D3DGPU_VIRTUAL_ADDRESS from)
{
    struct bell_umd_commands list;
    uint32_t bytes;

    REQUIRE_OK(bell_umd_commands_begin(&list, &rig->commands, 0, 4 * BELL_PACKET_BYTES));
    bell_umd_cmd_copy(&list, rig->data.gpu, from, PAGE_SIZE);
    bytes = bell_umd_commands_end(&list, rig->progress_gpu, rig->wptr + 1, false);
    *rig->last_queued = rig->wptr + 1;
    rig->ring.cpu[2 * rig->wptr + 1] = bytes;
    rig->ring.cpu[2 * rig->wptr] = list.gpu | rig->wptr << BELL_ENTRY_WORD0_TAG_SHIFT;
    rig->control.cpu[0] = ++rig->wptr;
    rig_ring(rig);
    rig_wait(rig, rig->wptr, WAIT);
}

/* --- AL-CRE-10 -------------------------------------------------------------------------------- */

static volatile bool made, opened, maker_gone;
static bool maker_exits; /* Or destroys its device and stays. */

/* Fills the resource, waits for the other process, and goes. */
static int maker(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();

    (void)argc, (void)argv;
    alloc_create_shared(&request, device->device);
    for (UINT i = 0; i < SHARED_ITEMS; i++) {
        volatile UINT64 *cpu = lock(device->device, request.items[i].hAllocation);

        for (UINT word = 0; word < WORDS; word++)
            cpu[word] = pattern(i, word);
    }
    made = true;
    await(&opened, "open by the other process");
    if (maker_exits)
        return 0; /* The OS cleans up. */
    bell_umd_close(device);
    maker_gone = true;
    return 0;
}

static void await_maker_gone(void)
{
    uint64_t end = belfry_now() + WAIT;

    if (!maker_exits)
        await(&maker_gone, "destruction of the maker's device");
    while (maker_exits && belfry_live_objects("process") > 1) {
        if (belfry_now() > end)
            belfry_fail("the maker did not exit within %u clocks", (unsigned)WAIT);
        belfry_sleep(100);
    }
}

static void check_contents(struct rig *rig, const struct alloc_opening *opening)
{
    for (UINT i = 0; i < SHARED_ITEMS; i++) {
        memset((void *)(uintptr_t)rig->data.cpu, 0, PAGE_SIZE);
        copy_by_gpu(rig, map(rig->device, opening->items[i].hAllocation));
        for (UINT word = 0; word < WORDS; word++)
            REQUIRE_EQ(rig->data.cpu[word], pattern(i, word));
    }
}

static int user(int argc, char **argv)
{
    static struct alloc_opening first, second;
    struct rig rig;
    HANDLE objects[SHARED_ITEMS];
    unsigned before;
    size_t from;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&rig));
    await(&made, "creation");
    alloc_prepare_open(&first, rig.device->device, request.args.hGlobalShare);
    REQUIRE_OK(D3DKMTOpenResource2(&first.args));
    for (UINT i = 0; i < SHARED_ITEMS; i++)
        objects[i] = alloc_data(first.items[i].hAllocation);
    from = belfry_record_count();
    opened = true;
    await_maker_gone();
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_EXIT, "DxgkDdiDestroyDevice"), 1);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiCloseAllocation"), SHARED_ITEMS);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiDestroyAllocation"), 0);
    for (UINT i = 0; i < SHARED_ITEMS; i++)
        REQUIRE(alloc_data(first.items[i].hAllocation) == objects[i]);
    check_contents(&rig, &first);

    alloc_prepare_open(&second, rig.device->device, request.args.hGlobalShare);
    REQUIRE_OK(D3DKMTOpenResource2(&second.args)); /* Still shared, by whoever has it. */
    REQUIRE_OK(alloc_destroy_resource(rig.device->device, first.args.hResource));
    check_contents(&rig, &second);
    before = belfry_live_objects("kmd-allocation");
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiDestroyAllocation"), 0);
    REQUIRE_OK(alloc_destroy_resource(rig.device->device, second.args.hResource));
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiDestroyAllocation"), SHARED_ITEMS);
    REQUIRE_EQ(belfry_live_objects("kmd-allocation"), before - SHARED_ITEMS);
    REQUIRE_STATUS(D3DKMTOpenResource2(&second.args), STATUS_INVALID_PARAMETER);
    rig_close(&rig);
    return 0;
}

static void run_pair(bool exits)
{
    struct belfry_config config = rig_config();

    made = opened = maker_gone = false;
    maker_exits = exits;
    rig_open_machine(&config);
    assert_non_null(belfry_spawn("maker", maker, 0, NULL));
    assert_non_null(belfry_spawn("user", user, 0, NULL));
    rig_finish_machine();
}

static void AL_CRE_10_outlives_its_device(void **state)
{
    (void)state;
    run_pair(false);
    run_pair(true);
}

/* --- AL-CRE-10: open against close ------------------------------------------------------------ */

enum { RACERS = 3, ROUNDS = 40, RUNS = 4 };
static volatile D3DKMT_HANDLE share;
static unsigned shared_opens, creations;

/* Opens what may be going away this very moment: it gets all of it or nothing. */
static int racer(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();
    struct alloc_opening opening;

    (void)argc, (void)argv;
    for (unsigned i = 0; i < ROUNDS; i++) {
        NTSTATUS status;

        alloc_prepare_open(&opening, device->device, share);
        status = D3DKMTOpenResource2(&opening.args);
        if (status == STATUS_INVALID_PARAMETER) {
            struct alloc_request own;

            alloc_create_shared(&own, device->device);
            creations++;
            share = own.args.hGlobalShare;
            opening.args.hResource = own.args.hResource;
        } else {
            REQUIRE_OK(status);
            shared_opens++;
        }
        for (UINT k = 0; k < SHARED_ITEMS; k++)
            REQUIRE(alloc_opening_data(alloc_driver.dxgk.DxgkCbEnumHandleChildren(
                        &(DXGKARGCB_ENUMHANDLECHILDREN){opening.args.hResource, k})) != NULL);
        belfry_sleep(belfry_random(30));
        REQUIRE_OK(alloc_destroy_resource(device->device, opening.args.hResource));
    }
    bell_umd_close(device);
    return 0;
}

static NTSTATUS dawdling_destroy(HANDLE adapter, const DXGKARG_DESTROYALLOCATION *args)
{
    belfry_sleep(belfry_random(20));
    return alloc_driver.real.DxgkDdiDestroyAllocation(adapter, args);
}

static NTSTATUS dawdling_open(HANDLE device, const DXGKARG_OPENALLOCATION *args)
{
    belfry_sleep(belfry_random(20));
    return alloc_driver.real.DxgkDdiOpenAllocation(device, args);
}

static int dawdler(int argc, char **argv)
{
    alloc_driver.destroy = dawdling_destroy;
    alloc_driver.open = dawdling_open;
    return racer(argc, argv);
}

static void AL_CRE_10_open_against_last_close(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    shared_opens = creations = 0;
    for (unsigned run = 0; run < RUNS; run++, config.seed++) {
        share = 0;
        rig_open_machine(&config);
        for (unsigned i = 0; i < RACERS; i++)
            assert_non_null(belfry_spawn("racer", dawdler, 0, NULL));
        rig_finish_machine();
    }
    assert_true(shared_opens + creations == RUNS * RACERS * ROUNDS);
    assert_true(creations > 0); /* How often they meet is luck: test_sharing_race.c makes them. */
}

/* --- AL-CRE-10: two last closes at once ------------------------------------------------------- */

static unsigned destroying;
static volatile bool closing;

/* One DDI at a time names the resource: the driver may change its handle in each. */
static NTSTATUS lone_destroy(HANDLE adapter, const DXGKARG_DESTROYALLOCATION *args)
{
    NTSTATUS status;

    REQUIRE_EQ(destroying, 0);
    destroying++;
    belfry_sleep(PAUSE);
    status = alloc_driver.real.DxgkDdiDestroyAllocation(adapter, args);
    destroying--;
    return status;
}

/* Is the last to close item 0. */
static int closes_first(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();

    (void)argc, (void)argv;
    alloc_driver.destroy = lone_destroy;
    alloc_create_shared(&request, device->device);
    made = true;
    await(&opened, "open by the other process");
    REQUIRE_OK(alloc_destroy_list(device->device, &request.items[1].hAllocation, 1));
    closing = true;
    REQUIRE_OK(alloc_destroy_list(device->device, &request.items[0].hAllocation, 1));
    bell_umd_close(device);
    return 0;
}

/* Is the last to close item 1, while item 0 is being destroyed. */
static int closes_second(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();
    struct alloc_opening opening;

    (void)argc, (void)argv;
    await(&made, "creation");
    alloc_prepare_open(&opening, device->device, request.args.hGlobalShare);
    REQUIRE_OK(D3DKMTOpenResource2(&opening.args));
    REQUIRE_OK(alloc_destroy_list(device->device, &opening.items[0].hAllocation, 1));
    opened = true;
    await(&closing, "last close of item 0");
    belfry_sleep(PAUSE / 4);
    REQUIRE_EQ(destroying, 1);
    REQUIRE_OK(alloc_destroy_list(device->device, &opening.items[1].hAllocation, 1));
    bell_umd_close(device);
    return 0;
}

/* Must see neither of the two, not even the one whose destruction has to wait. */
static int looks(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();
    D3DKMT_QUERYRESOURCEINFO query = {.hDevice = device->device};

    (void)argc, (void)argv;
    await(&closing, "last close of item 0");
    belfry_sleep(PAUSE / 2);
    REQUIRE_EQ(destroying, 1);
    query.hGlobalShare = request.args.hGlobalShare;
    REQUIRE_OK(D3DKMTQueryResourceInfo(&query));
    REQUIRE_EQ(query.NumAllocations, SHARED_ITEMS - 2);
    bell_umd_close(device);
    return 0;
}

static void AL_CRE_10_two_last_closes(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    made = opened = closing = false;
    destroying = 0;
    rig_open_machine(&config);
    assert_non_null(belfry_spawn("first", closes_first, 0, NULL));
    assert_non_null(belfry_spawn("second", closes_second, 0, NULL));
    assert_non_null(belfry_spawn("looks", looks, 0, NULL));
    rig_finish_machine();
}

/* --- AL-CRE-15 -------------------------------------------------------------------------------- */

static int locks_of_maker(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device(), *second = alloc_open_device();
    struct alloc_opening opening;
    struct alloc_request unseen;

    (void)argc, (void)argv;
    alloc_prepare(&unseen, device->device, 1);
    unseen.wanted[0].flags = 0;
    REQUIRE_OK(alloc_create(&unseen));
    REQUIRE_STATUS(try_lock(device->device, unseen.items[0].hAllocation), STATUS_INVALID_PARAMETER);
    alloc_create_shared(&request, device->device);
    REQUIRE_OK(try_lock(device->device, request.items[0].hAllocation));
    alloc_prepare_open(&opening, second->device, request.args.hGlobalShare);
    REQUIRE_OK(D3DKMTOpenResource2(&opening.args)); /* Another device, but the same process. */
    REQUIRE_OK(try_lock(second->device, opening.items[0].hAllocation));
    REQUIRE_STATUS(try_lock(device->device, opening.items[0].hAllocation),
                   STATUS_INVALID_PARAMETER);
    made = true;
    await(&opened, "attempt of the other process");
    bell_umd_close(second);
    bell_umd_close(device);
    return 0;
}

static int locks_of_other(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();
    struct alloc_opening opening;

    (void)argc, (void)argv;
    await(&made, "creation");
    alloc_prepare_open(&opening, device->device, request.args.hGlobalShare);
    REQUIRE_OK(D3DKMTOpenResource2(&opening.args));
    REQUIRE_STATUS(try_lock(device->device, opening.items[0].hAllocation), STATUS_ACCESS_DENIED);
    REQUIRE_STATUS(try_lock(device->device, request.items[0].hAllocation),
                   STATUS_INVALID_PARAMETER);
    REQUIRE(alloc_data(request.items[0].hAllocation) == NULL); /* Not this process's handles. */
    REQUIRE(alloc_resource_data(request.args.hResource) == NULL);
    bell_umd_close(device);
    opened = true;
    return 0;
}

static void AL_CRE_15_who_may_lock(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    made = opened = false;
    rig_open_machine(&config);
    assert_non_null(belfry_spawn("maker", locks_of_maker, 0, NULL));
    assert_non_null(belfry_spawn("other", locks_of_other, 0, NULL));
    rig_finish_machine();
}

/* --- AL-CLS-01, AL-DST-02 --------------------------------------------------------------------- */

static int closes(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device(), *second = alloc_open_device();
    struct alloc_opening opening;
    struct alloc_live before;
    size_t from;

    (void)argc, (void)argv;
    alloc_create_shared(&request, device->device);
    before = alloc_count();
    alloc_prepare_open(&opening, second->device, request.args.hGlobalShare);
    REQUIRE_OK(D3DKMTOpenResource2(&opening.args));
    from = belfry_record_count();
    REQUIRE_OK(alloc_destroy_list(second->device, &opening.items[1].hAllocation, 1));
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiCloseAllocation"), 1);
    REQUIRE_OK(alloc_destroy_resource(second->device, opening.args.hResource));
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiCloseAllocation"), SHARED_ITEMS);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiDestroyAllocation"), 0);
    REQUIRE_EQ(rig_count(from, BELFRY_ALLOC, "close"), SHARED_ITEMS);
    REQUIRE_NOTHING_LEFT(before); /* Of the opening; the objects live on, memory and all. */
    for (UINT i = 0; i < SHARED_ITEMS; i++) {
        REQUIRE(alloc_opening_data(request.items[i].hAllocation) != NULL);
        lock(device->device, request.items[i].hAllocation)[i] = i;
        (void)map(device, request.items[i].hAllocation);
    }
    from = belfry_record_count();
    REQUIRE_OK(alloc_destroy_list(device->device, &request.items[0].hAllocation, 1));
    REQUIRE(rig_expect(from, BELFRY_DDI_EXIT, "DxgkDdiCloseAllocation") <
            rig_expect(from, BELFRY_DDI_ENTER, "DxgkDdiDestroyAllocation")); /* AL-DST-02 */
    REQUIRE_EQ(rig_count(from, BELFRY_ALLOC, "free"), 1);
    REQUIRE_OK(alloc_destroy_resource(device->device, request.args.hResource));
    bell_umd_close(second);
    bell_umd_close(device);
    return 0;
}

static void AL_CLS_01_other_device_still_works(void **state)
{
    (void)state;
    alloc_run(closes);
}

/* --- AL-DSC-01 -------------------------------------------------------------------------------- */

static int describes(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();
    const BELL_ALLOCATION_PRIVATE *wanted = &request.wanted[1];
    DXGKARG_DESCRIBEALLOCATION seen;
    size_t at;

    (void)argc, (void)argv;
    alloc_prepare(&request, device->device, 3);
    for (UINT i = 0; i < 3; i++) { /* Only the one in the middle is a primary. */
        BELL_ALLOCATION_PRIVATE *item = &request.wanted[i];

        *item = (BELL_ALLOCATION_PRIVATE){item->magic, item->version, 0, item->flags |
                                          BELL_ALLOCATION_SURFACE, 0, 640 + i, 480 + i, 2560 + i,
                                          21 + i, 0, 0, 4 + i, 2 + i, 59940 + i, 1000 + i, 77 + i,
                                          1 + i};
    }
    request.items[1].Flags.Primary = 1;
    REQUIRE_OK(alloc_create(&request));
    REQUIRE_EQ(rig_count(0, BELFRY_DDI_EXIT, "DxgkDdiDescribeAllocation"), 1);
    at = rig_expect(0, BELFRY_DDI_EXIT, "DxgkDdiDescribeAllocation");
    REQUIRE_EQ(belfry_record_at(at)->irql, PASSIVE_LEVEL);
    REQUIRE_EQ(belfry_record_at(at)->status, STATUS_SUCCESS);
    memcpy(&seen, belfry_record_at(at)->args, sizeof(seen));
    REQUIRE(seen.hAllocation == alloc_data(request.items[1].hAllocation));
    REQUIRE_EQ(seen.Width, wanted->width);
    REQUIRE_EQ(seen.Height, wanted->height);
    REQUIRE_EQ(seen.Format, wanted->format);
    REQUIRE_EQ(seen.MultisampleMethod.NumSamples, wanted->samples);
    REQUIRE_EQ(seen.MultisampleMethod.NumQualityLevels, wanted->sample_quality);
    REQUIRE_EQ(seen.RefreshRate.Numerator, wanted->refresh_num);
    REQUIRE_EQ(seen.RefreshRate.Denominator, wanted->refresh_den);
    REQUIRE_EQ(seen.PrivateDriverFormatAttribute, wanted->format_attribute);
    REQUIRE_EQ(seen.Rotation, wanted->rotation);
    alloc_destroy(&request);
    bell_umd_close(device);
    return 0;
}

static void AL_DSC_01_echoes_creation(void **state)
{
    (void)state;
    alloc_run(describes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ALLOC_TEST(AL_CRE_10_outlives_its_device),
        ALLOC_TEST(AL_CRE_10_open_against_last_close),
        ALLOC_TEST(AL_CRE_10_two_last_closes),
        ALLOC_TEST(AL_CRE_15_who_may_lock),
        ALLOC_TEST(AL_CLS_01_other_device_still_works),
        ALLOC_TEST(AL_DSC_01_echoes_creation),
    };

    return cmocka_run_group_tests_name("sharing", tests, NULL, NULL);
}
