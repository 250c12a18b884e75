// SPDX-License-Identifier: MIT
/*
 * AL-CRE-10, open against last close, every interleaving on purpose: one side stands inside a DDI
 * until the other has come as far as it can. An open gets the whole resource or nothing, and never an
 * object that is being destroyed.
 */
#include "alloc_rig.h"

enum { WAIT = 2000000, PAUSE = 3000, ROUNDS = 8, OFFSETS = 160, STEP = 8 };

/* Where the closer or the opener stands. */
static volatile bool in_destroy, in_open, tried, ready, leave;
static bool stand_in_destroy, stand_in_open;
static volatile D3DKMT_HANDLE share;
static unsigned won, too_late, met;

static void await(const volatile bool *flag, const char *what)
{
    uint64_t end = belfry_now() + WAIT;

    while (!*flag) {
        if (belfry_now() > end)
            belfry_fail("%s did not happen within %u clocks", what, (unsigned)WAIT);
        belfry_sleep(20);
    }
}

/* Stands there until the other side has come back, or a while when that has to wait for this. */
static void stand(volatile bool *standing)
{
    uint64_t end = belfry_now() + PAUSE;

    *standing = true;
    while (!tried && belfry_now() < end)
        belfry_sleep(10);
    *standing = false;
}

static NTSTATUS standing_destroy(HANDLE adapter, const DXGKARG_DESTROYALLOCATION *args)
{
    if (stand_in_destroy)
        stand(&in_destroy);
    return alloc_driver.real.DxgkDdiDestroyAllocation(adapter, args);
}

static NTSTATUS standing_open(HANDLE device, const DXGKARG_OPENALLOCATION *args)
{
    NTSTATUS status = alloc_driver.real.DxgkDdiOpenAllocation(device, args);

    if (stand_in_open && !args->Flags.Create)
        stand(&in_open);
    return status;
}

static void check_whole(D3DKMT_HANDLE resource)
{
    for (UINT i = 0; i < SHARED_ITEMS; i++) {
        D3DKMT_HANDLE child = alloc_driver.dxgk.DxgkCbEnumHandleChildren(
            &(DXGKARGCB_ENUMHANDLECHILDREN){resource, i});

        REQUIRE(alloc_opening_data(child) != NULL);
        REQUIRE(alloc_data(child) != NULL);
    }
}

/* One try; true when it got the resource, which it then closes. */
static bool try_open(struct bell_umd_device *device)
{
    struct alloc_opening opening;
    NTSTATUS status;

    alloc_prepare_open(&opening, device->device, share);
    status = D3DKMTOpenResource2(&opening.args);
    tried = true;
    if (status == STATUS_INVALID_PARAMETER)
        return false;
    REQUIRE_OK(status);
    check_whole(opening.args.hResource);
    REQUIRE_OK(alloc_destroy_resource(device->device, opening.args.hResource));
    return true;
}

/* --- The open comes while the driver destroys what was last closed: nothing is there ------------ */

static int closes(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();
    struct alloc_request request;

    (void)argc, (void)argv;
    alloc_driver.destroy = standing_destroy;
    alloc_driver.open = standing_open;
    for (unsigned i = 0; i < ROUNDS; i++) {
        alloc_create_shared(&request, device->device);
        share = request.args.hGlobalShare;
        tried = false;
        ready = true;
        if (stand_in_open)
            await(&in_open, "an open that stands in its DDI");
        REQUIRE_OK(alloc_destroy_resource(device->device, request.args.hResource));
        tried = true; /* For an opener that stands. */
        await(&leave, "the end of the opener's round");
        leave = false;
    }
    bell_umd_close(device);
    return 0;
}

static int opens(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();

    (void)argc, (void)argv;
    for (unsigned i = 0; i < ROUNDS; i++) {
        bool got;

        await(&ready, "creation");
        ready = false;
        if (stand_in_destroy) {
            await(&in_destroy, "a destroy that stands in its DDI");
            met += in_destroy;
        }
        got = try_open(device);
        won += got;
        too_late += !got;
        leave = true;
    }
    bell_umd_close(device);
    return 0;
}

static void race(int (*closer)(int argc, char **argv), int (*opener)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    ready = leave = in_destroy = in_open = tried = false;
    won = too_late = met = 0;
    rig_open_machine(&config);
    assert_non_null(belfry_spawn("closer", closer, 0, NULL));
    assert_non_null(belfry_spawn("opener", opener, 0, NULL));
    rig_finish_machine();
}

static void AL_CRE_10_open_during_the_last_destroy_gets_nothing(void **state)
{
    (void)state;
    stand_in_destroy = true;
    stand_in_open = false;
    race(closes, opens);
    assert_int_equal(met, ROUNDS); /* The race took place, each time. */
    assert_int_equal(too_late, ROUNDS);
    assert_int_equal(won, 0);
}

/* --- The last close comes while an open is in the driver: the open keeps it alive --------------- */

static void AL_CRE_10_close_during_an_open_leaves_it_whole(void **state)
{
    (void)state;
    stand_in_destroy = false;
    stand_in_open = true;
    race(closes, opens);
    assert_int_equal(won, ROUNDS);
    assert_int_equal(too_late, 0);
}

/* --- And at every offset ------------------------------------------------------------------------ */

static unsigned offset;

static int closes_at_an_offset(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();
    struct alloc_request request;

    (void)argc, (void)argv;
    for (offset = 0; offset < OFFSETS; offset += STEP) {
        alloc_create_shared(&request, device->device);
        share = request.args.hGlobalShare;
        ready = true;
        belfry_sleep(OFFSETS / 2);
        REQUIRE_OK(alloc_destroy_resource(device->device, request.args.hResource));
        await(&leave, "the end of the opener's round");
        leave = false;
    }
    share = 0;
    ready = true;
    bell_umd_close(device);
    return 0;
}

static int opens_at_an_offset(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();

    (void)argc, (void)argv;
    for (;;) {
        bool got;

        while (!ready)
            belfry_sleep(1);
        ready = false;
        if (share == 0)
            break;
        belfry_sleep(1 + offset);
        got = try_open(device);
        won += got;
        too_late += !got;
        leave = true;
    }
    bell_umd_close(device);
    return 0;
}

static void AL_CRE_10_open_slides_past_the_last_close(void **state)
{
    (void)state;
    stand_in_destroy = stand_in_open = false;
    race(closes_at_an_offset, opens_at_an_offset);
    assert_int_equal(won + too_late, OFFSETS / STEP);
    assert_true(won > 0 && too_late > 0); /* From before it to behind it. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ALLOC_TEST(AL_CRE_10_open_during_the_last_destroy_gets_nothing),
        ALLOC_TEST(AL_CRE_10_close_during_an_open_leaves_it_whole),
        ALLOC_TEST(AL_CRE_10_open_slides_past_the_last_close),
    };

    return cmocka_run_group_tests_name("sharing_race", tests, NULL, NULL);
}
