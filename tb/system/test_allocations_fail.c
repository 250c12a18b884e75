// SPDX-License-Identifier: MIT
/*
 * How creating allocations fails: the four codes, every bad argument, and every step
 * without memory (AL-CRE-02 .. -05). All or nothing each time.
 */
#include "alloc_rig.h"

static struct alloc_request request;

static void run(int (*body)(int argc, char **argv))
{
    alloc_run(body);
}

/* --- AL-CRE-02, -05 --------------------------------------------------------------------------- */

static int four_codes(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();

    (void)argc, (void)argv;
    alloc_prepare(&request, device->device, 2);
    REQUIRE_STATUS(alloc_create(&request), 0x00000000);
    alloc_destroy(&request);
    belfry_fail_pool(1);
    REQUIRE_REFUSED(&request, 0xC0000017);
    request.wanted[1].reserved = 1;
    REQUIRE_REFUSED(&request, 0xC000000D);
    request.wanted[1].version++;
    REQUIRE_REFUSED(&request, 0xC01E0009);
    bell_umd_close(device);
    return 0;
}

static NTSTATUS fifth_code(HANDLE adapter, DXGKARG_CREATEALLOCATION *args)
{
    (void)adapter, (void)args;
    return STATUS_INVALID_HANDLE;
}

static int fifth_code_body(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();

    (void)argc, (void)argv;
    alloc_driver.create = fifth_code;
    alloc_prepare(&request, device->device, 1);
    (void)alloc_create(&request);
    return 0;
}

static void AL_CRE_02_four_codes(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    run(four_codes);
    rig_open_machine(&config);
    assert_non_null(belfry_spawn("fifth", fifth_code_body, 0, NULL));
    rig_finish_failing("AL-CRE-02");
}

static int mismatches(int argc, char **argv)
{
    const struct bell_umd_device *device = alloc_open_device();

    (void)argc, (void)argv;
    for (UINT i = 0; i < 3; i++) {
        alloc_prepare(&request, device->device, 3);
        request.wanted[i].version = BELL_INTERFACE_VERSION + 1;
        REQUIRE_REFUSED(&request, STATUS_GRAPHICS_DRIVER_MISMATCH);
        request.wanted[i].version = BELL_INTERFACE_VERSION;
        request.wanted[i].magic = BELL_REQUEST_MAGIC; /* The other blob's. */
        REQUIRE_REFUSED(&request, STATUS_GRAPHICS_DRIVER_MISMATCH);
    }
    alloc_prepare(&request, device->device, 3);
    request.blob.version = 0;
    REQUIRE_REFUSED(&request, STATUS_GRAPHICS_DRIVER_MISMATCH);
    request.blob.version = BELL_INTERFACE_VERSION;
    request.blob.magic = BELL_ALLOCATION_MAGIC;
    REQUIRE_REFUSED(&request, STATUS_GRAPHICS_DRIVER_MISMATCH);
    REQUIRE(!NT_SUCCESS(STATUS_GRAPHICS_DRIVER_MISMATCH)); /* */
    return 0;
}

static void AL_CRE_05_driver_mismatch(void **state)
{
    (void)state;
    run(mismatches);
}

/* --- AL-CRE-03: by the user ------------------------------------------------------------------- */

enum bad_word {
    NO_SIZE, HUGE_SIZE, TOO_BIG, WRAPS_AT_PAGE, ODD_ALIGNMENT, BIG_ALIGNMENT, UNKNOWN_FLAG,
    NO_SEGMENT, TWO_SEGMENTS, RESERVED, NOT_A_SURFACE, EMPTY_SURFACE, FLAT_SURFACE, CACHED_UNSEEN,
    BAD_WORDS
};

static void spoil_word(BELL_ALLOCATION_PRIVATE *wanted, enum bad_word word)
{
    switch (word) {
    case NO_SIZE: wanted->size = 0; break;
    case HUGE_SIZE: wanted->size = UINT64_MAX; break;
    case TOO_BIG: wanted->size = (UINT64_C(1) << 47) + 1; break;
    case WRAPS_AT_PAGE: wanted->size = UINT64_MAX - PAGE_SIZE + 2; break;
    case ODD_ALIGNMENT: wanted->alignment = PAGE_SIZE + 1; break;
    case BIG_ALIGNMENT: wanted->alignment = 0x20000; break;
    case UNKNOWN_FLAG: wanted->flags |= 0x80; break;
    case NO_SEGMENT: wanted->segment_set = 2; break;
    case TWO_SEGMENTS: wanted->segment_set = 3; break;
    case RESERVED: wanted->reserved = 1; break;
    case NOT_A_SURFACE: wanted->rotation = 1; break;
    case EMPTY_SURFACE: wanted->flags |= BELL_ALLOCATION_SURFACE; break;
    case FLAT_SURFACE:
        wanted->flags |= BELL_ALLOCATION_SURFACE;
        wanted->width = wanted->pitch = 64;
        wanted->size = 0;
        break;
    case CACHED_UNSEEN: wanted->flags = BELL_ALLOCATION_CACHED; break;
    case BAD_WORDS: break;
    }
}

static int bad_words(int argc, char **argv)
{
    const struct bell_umd_device *device = alloc_open_device();

    (void)argc, (void)argv;
    for (int word = 0; word < BAD_WORDS; word++)
        for (UINT i = 0; i < 3; i++) {
            alloc_prepare(&request, device->device, 3);
            spoil_word(&request.wanted[i], (enum bad_word)word);
            REQUIRE_REFUSED(&request, STATUS_INVALID_PARAMETER);
        }
    return 0;
}

static int bad_blobs(int argc, char **argv)
{
    const struct bell_umd_device *device = alloc_open_device();
    const UINT sizes[] = { 0, 1, sizeof(BELL_ALLOCATION_PRIVATE) - 1, 0x1001, UINT32_MAX };

    (void)argc, (void)argv;
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        alloc_prepare(&request, device->device, 3);
        request.items[2].PrivateDriverDataSize = sizes[i];
        REQUIRE_REFUSED(&request, STATUS_INVALID_PARAMETER);
        if (sizes[i] == 0)
            continue; /* A request without a blob is fine. */
        alloc_prepare(&request, device->device, 1);
        request.args.PrivateDriverDataSize = sizes[i] < 0x1000 ? 15 : sizes[i];
        REQUIRE_REFUSED(&request, STATUS_INVALID_PARAMETER);
    }
    alloc_prepare(&request, device->device, 1);
    request.items[0].pPrivateDriverData = NULL;
    REQUIRE_REFUSED(&request, STATUS_INVALID_PARAMETER);
    request.items[0].pPrivateDriverData = (VOID *)8; /* Nothing is mapped there. */
    REQUIRE_REFUSED(&request, STATUS_INVALID_PARAMETER);
    alloc_prepare(&request, device->device, 1);
    request.args.pPrivateDriverData = (VOID *)8;
    REQUIRE_REFUSED(&request, STATUS_INVALID_PARAMETER);
    return 0;
}

static int bad_calls(int argc, char **argv)
{
    const struct bell_umd_device *device = alloc_open_device();

    (void)argc, (void)argv;
    alloc_prepare(&request, device->device, 0);
    REQUIRE_REFUSED(&request, STATUS_INVALID_PARAMETER);
    alloc_prepare(&request, device->device, 1);
    request.args.pAllocationInfo2 = NULL;
    REQUIRE_REFUSED(&request, STATUS_INVALID_PARAMETER);
    request.args.pAllocationInfo2 = request.items;
    request.args.NumAllocations = UINT32_MAX;
    REQUIRE_REFUSED(&request, STATUS_INVALID_PARAMETER);
    request.args.NumAllocations = 1;
    request.args.Flags.Value = 1u << 31;
    REQUIRE_REFUSED(&request, STATUS_INVALID_PARAMETER);
    request.args.Flags.Value = 0;
    request.args.Flags.CreateShared = 1; /* Only resources are shared. */
    REQUIRE_REFUSED(&request, STATUS_INVALID_PARAMETER);
    request.args.Flags.Value = 0;
    request.args.hResource = 0x40000001; /* Without the flag. */
    REQUIRE_REFUSED(&request, STATUS_INVALID_PARAMETER);
    request.args.Flags.CreateResource = 1; /* With it, but it is none. */
    REQUIRE_REFUSED(&request, STATUS_INVALID_PARAMETER);
    request.args.hResource = request.args.hDevice;
    REQUIRE_REFUSED(&request, STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(D3DKMTCreateAllocation2(NULL), STATUS_INVALID_PARAMETER);
    return 0;
}

static void AL_CRE_03_bad_requests_of_the_user(void **state)
{
    (void)state;
    run(bad_words);
    run(bad_blobs);
    run(bad_calls);
}

/* --- AL-CRE-03: what no user can make the OS pass on ------------------------------------------ */

enum bend {
    NULL_ARGS, NO_ITEMS, NULL_INFO, RESERVED_FLAG, RESOURCE_UNFLAGGED, FOREIGN_RESOURCE, NULL_BLOB,
    NULL_REQUEST, FOREIGN_ADAPTER, BENDS
};
static int bend;
static HANDLE live_resource; /* One of the driver's own. */

static NTSTATUS bent_create(HANDLE adapter, DXGKARG_CREATEALLOCATION *args)
{
    DXGK_ALLOCATIONINFO info = args->pAllocationInfo[0];
    DXGKARG_CREATEALLOCATION bent = *args;
    struct { UINT32 kind; } strange = { 0x61646170 }; /* Of an adapter, perhaps. */

    bent.pAllocationInfo = &info;
    bent.NumAllocations = 1;
    switch (bend) {
    case NULL_ARGS: return alloc_driver.real.DxgkDdiCreateAllocation(adapter, NULL);
    case NO_ITEMS: bent.NumAllocations = 0; break;
    case NULL_INFO: bent.pAllocationInfo = NULL; break;
    case RESERVED_FLAG: bent.Flags.Value = 2; break;
    case RESOURCE_UNFLAGGED: bent.hResource = live_resource; break;
    case FOREIGN_RESOURCE:
        bent.Flags.Resource = 1;
        bent.hResource = &strange;
        break;
    case NULL_BLOB: info.pPrivateDriverData = NULL; break;
    case NULL_REQUEST: bent.pPrivateDriverData = NULL; break;
    case FOREIGN_ADAPTER: adapter = NULL; break;
    default: break;
    }
    return alloc_driver.real.DxgkDdiCreateAllocation(adapter, &bent);
}

static int bent_calls(int argc, char **argv)
{
    const struct bell_umd_device *device = alloc_open_device();

    (void)argc, (void)argv;
    alloc_prepare(&request, device->device, 1);
    request.args.Flags.CreateResource = 1;
    REQUIRE_OK(alloc_create(&request));
    live_resource = alloc_resource_data(request.args.hResource);
    REQUIRE(live_resource != NULL);
    alloc_driver.create = bent_create;
    for (bend = 0; bend < BENDS; bend++) {
        alloc_prepare(&request, device->device, 1);
        REQUIRE_REFUSED(&request, STATUS_INVALID_PARAMETER);
    }
    return 0;
}

static void AL_CRE_03_bad_requests_of_the_os(void **state)
{
    (void)state;
    run(bent_calls);
}

/* --- AL-CRE-04 -------------------------------------------------------------------------------- */

/* Fail at step 0, 1, ... until the call succeeds. @return how many steps can fail. */
static int fail_each_step(struct alloc_request *made)
{
    const struct alloc_live before = alloc_count();
    struct alloc_request copy = *made;
    NTSTATUS status;
    int step;

    for (step = 0; step < 100; step++) {
        belfry_fail_pool(step);
        status = alloc_create(made);
        if (NT_SUCCESS(status))
            break;
        REQUIRE_STATUS(status, STATUS_NO_MEMORY);
        REQUIRE(memcmp(&copy, made, sizeof(copy)) == 0);
        REQUIRE_NOTHING_LEFT(before);
    }
    belfry_fail_pool(-1);
    REQUIRE_OK(status);
    return step;
}

static int no_tracking(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();
    struct alloc_request more;
    HANDLE resource;

    (void)argc, (void)argv;
    for (UINT n = 1; n <= ALLOC_ITEMS; n++) { /* An object and an opening each. */
        alloc_prepare(&request, device->device, n);
        REQUIRE_EQ(fail_each_step(&request), 2 * n);
        alloc_destroy(&request);
    }
    alloc_prepare(&request, device->device, ALLOC_ITEMS);
    request.args.Flags.CreateResource = 1; /* And the resource. */
    REQUIRE_EQ(fail_each_step(&request), 2 * ALLOC_ITEMS + 1);
    resource = alloc_handle_data(request.args.hResource, DXGK_HANDLE_RESOURCE, false);
    alloc_prepare(&more, device->device, 3);
    more.args.Flags.CreateResource = 1; /* It exists already and survives every failure. */
    more.args.hResource = request.args.hResource;
    REQUIRE_EQ(fail_each_step(&more), 2 * 3);
    REQUIRE(alloc_handle_data(request.args.hResource, DXGK_HANDLE_RESOURCE, false) == resource);
    REQUIRE_OK(alloc_destroy_resource(device->device, request.args.hResource));
    bell_umd_close(device);
    return 0;
}

/* Item k asks for more than the machine has. */
static int no_backing(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();

    (void)argc, (void)argv;
    for (UINT k = 0; k < ALLOC_ITEMS; k++)
        for (UINT resource = 0; resource < 2; resource++) {
            alloc_prepare(&request, device->device, ALLOC_ITEMS);
            request.args.Flags.CreateResource = resource;
            request.wanted[k].size = UINT64_C(1) << 47;
            REQUIRE_REFUSED(&request, STATUS_NO_MEMORY);
        }
    bell_umd_close(device);
    return 0;
}

/* No handle is left for one of the items. */
static int no_handle(int argc, char **argv)
{
    enum { MOST = 4096 };
    static D3DKMT_HANDLE made[MOST];
    struct bell_umd_device *device = alloc_open_device();
    const struct alloc_live before = alloc_count();
    UINT count = 0;

    (void)argc, (void)argv;
    for (;;) {
        struct alloc_live full = alloc_count();
        NTSTATUS status;

        alloc_prepare(&request, device->device, 3);
        for (UINT i = 0; i < 3; i++)
            request.wanted[i].size = PAGE_SIZE;
        status = alloc_create(&request);
        if (!NT_SUCCESS(status)) {
            REQUIRE_STATUS(status, STATUS_NO_MEMORY);
            REQUIRE_NOTHING_LEFT(full);
            break;
        }
        REQUIRE(count + 3 <= MOST);
        for (UINT i = 0; i < 3; i++)
            made[count++] = request.items[i].hAllocation;
    }
    REQUIRE(count > MOST / 2);
    while (count > 0)
        REQUIRE_OK(alloc_destroy_list(device->device, &made[--count], 1));
    REQUIRE_NOTHING_LEFT(before);
    bell_umd_close(device);
    return 0;
}

static void AL_CRE_04_nothing_left_at_any_step(void **state)
{
    (void)state;
    run(no_tracking);
    run(no_backing);
    run(no_handle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ALLOC_TEST(AL_CRE_02_four_codes),
        ALLOC_TEST(AL_CRE_03_bad_requests_of_the_user),
        ALLOC_TEST(AL_CRE_03_bad_requests_of_the_os),
        ALLOC_TEST(AL_CRE_04_nothing_left_at_any_step),
        ALLOC_TEST(AL_CRE_05_driver_mismatch),
    };

    return cmocka_run_group_tests_name("allocations_fail", tests, NULL, NULL);
}
