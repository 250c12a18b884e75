/* SPDX-License-Identifier: MIT */
/* D3DKMTMakeResident and D3DKMTEvict with long lists: counted by mention, all or nothing. */
#include "rig.h"

enum { MOST = 1024, PATIENCE = 400000 };

static struct rig rig;
static D3DKMT_HANDLE list[MOST];

static NTSTATUS evict(UINT count)
{
    return D3DKMTEvict(&(D3DKMT_EVICT){
        .hDevice = rig.device->device, .NumAllocations = count, .AllocationList = list });
}

static NTSTATUS make_resident(UINT count)
{
    return D3DKMTMakeResident(&(D3DDDI_MAKERESIDENT){
        .hPagingQueue = rig.device->paging, .NumAllocations = count, .AllocationList = list });
}

static bool is_resident(D3DKMT_HANDLE allocation)
{
    struct belfry_alloc_info info;

    REQUIRE(belfry_alloc(allocation, &info));
    return info.resident;
}

/* Ring and data in turns; both are resident once. */
static void fill_list(void)
{
    for (UINT i = 0; i < MOST; i++)
        list[i] = i % 2 ? rig.data.allocation : rig.ring.allocation;
}

static int by_mention(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&rig, 16, 0);
    fill_list();
    REQUIRE_STATUS(evict(3), STATUS_INVALID_PARAMETER); /* The ring twice. */
    REQUIRE(is_resident(rig.ring.allocation) && is_resident(rig.data.allocation));
    REQUIRE_OK(make_resident(MOST)); /* Now each 513 times. */
    REQUIRE_OK(evict(MOST));
    REQUIRE(is_resident(rig.ring.allocation) && is_resident(rig.data.allocation));
    REQUIRE_STATUS(evict(MOST), STATUS_INVALID_PARAMETER);
    REQUIRE_OK(evict(2));
    REQUIRE(!is_resident(rig.ring.allocation) && !is_resident(rig.data.allocation));
    REQUIRE_STATUS(evict(1), STATUS_INVALID_PARAMETER);
    REQUIRE_OK(make_resident(2));
    REQUIRE_OK(rig_connect(&rig));
    rig_submit(&rig, 0, 7, 0);
    rig_wait(&rig, 1, PATIENCE);
    REQUIRE_EQ(rig.data.cpu[0], 7);
    rig_close(&rig);
    return 0;
}

static void evict_counts_each_mention(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    rig_run(&config, by_mention);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evict_counts_each_mention),
    };

    return cmocka_run_group_tests_name("evict", tests, NULL, NULL);
}
