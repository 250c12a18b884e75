// SPDX-License-Identifier: MIT
/*
 * Resources: the driver's handle of one, what the OS's handles lead to, and what an open hands over
 * (AL-CRE-09, AL-HND-02, -03, AL-OPN-01).
 */
#include "alloc_rig.h"

static struct alloc_request request;

/* --- AL-CRE-09 -------------------------------------------------------------------------------- */

/* Gives the OS another handle of the resource after each call; knows the real one behind it. */
static HANDLE real_resource, wanted_in;
static char tokens[8];
static unsigned next_token;
static bool fail_after;

static NTSTATUS renaming_create(HANDLE adapter, DXGKARG_CREATEALLOCATION *args)
{
    NTSTATUS status;

    REQUIRE_EQ(args->Flags.Value, 1);
    REQUIRE(args->hResource == wanted_in);
    args->hResource = real_resource;
    status = alloc_driver.real.DxgkDdiCreateAllocation(adapter, args);
    real_resource = args->hResource;
    args->hResource = &tokens[next_token++];
    if (fail_after) { /* What it says about the resource now must not count. */
        HANDLE list[ALLOC_ITEMS];

        for (UINT i = 0; i < args->NumAllocations; i++)
            list[i] = args->pAllocationInfo[i].hAllocation;
        REQUIRE_OK(alloc_driver.real.DxgkDdiDestroyAllocation(
            adapter, &(DXGKARG_DESTROYALLOCATION){args->NumAllocations, list, NULL, {{{0}}}}));
        return STATUS_NO_MEMORY;
    }
    return status;
}

static NTSTATUS renaming_destroy(HANDLE adapter, const DXGKARG_DESTROYALLOCATION *args)
{
    DXGKARG_DESTROYALLOCATION real = *args;
    NTSTATUS status;

    REQUIRE(args->hResource == wanted_in);
    real.hResource = real_resource;
    status = alloc_driver.real.DxgkDdiDestroyAllocation(adapter, &real);
    if (!args->Flags.DestroyResource) /* It may change it here too (AL-DST-01). */
        wanted_in = ((DXGKARG_DESTROYALLOCATION *)args)->hResource = &tokens[next_token++];
    return status;
}

static int renamed(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();
    struct alloc_live before = alloc_count();
    D3DKMT_HANDLE resource, list[2];

    (void)argc, (void)argv;
    real_resource = wanted_in = NULL;
    next_token = 0;
    fail_after = false;
    alloc_driver.create = renaming_create;
    alloc_driver.destroy = renaming_destroy;
    alloc_prepare(&request, device->device, 2);
    request.args.Flags.CreateResource = 1;
    REQUIRE_OK(alloc_create(&request));
    resource = request.args.hResource;
    REQUIRE(alloc_resource_data(resource) == &tokens[0]);
    list[0] = request.items[0].hAllocation;
    list[1] = request.items[1].hAllocation;

    wanted_in = &tokens[0];
    alloc_prepare(&request, device->device, 1);
    request.args.Flags.CreateResource = 1;
    request.args.hResource = resource;
    REQUIRE_OK(alloc_create(&request));
    REQUIRE_EQ(request.args.hResource, resource);
    REQUIRE(alloc_resource_data(resource) == &tokens[1]);

    wanted_in = &tokens[1];
    fail_after = true;
    alloc_prepare(&request, device->device, 1);
    request.args.Flags.CreateResource = 1;
    request.args.hResource = resource;
    REQUIRE_REFUSED(&request, STATUS_NO_MEMORY);
    REQUIRE(alloc_resource_data(resource) == &tokens[1]);

    REQUIRE_OK(alloc_destroy_list(device->device, list, 2));
    REQUIRE(alloc_resource_data(resource) == &tokens[4]);
    REQUIRE_OK(alloc_destroy_resource(device->device, resource));
    REQUIRE_NOTHING_LEFT(before);
    bell_umd_close(device);
    return 0;
}

static NTSTATUS no_resource(HANDLE adapter, DXGKARG_CREATEALLOCATION *args)
{
    NTSTATUS status;

    REQUIRE_EQ(args->Flags.Value, 0);
    REQUIRE(args->hResource == NULL);
    status = alloc_driver.real.DxgkDdiCreateAllocation(adapter, args);
    REQUIRE(args->hResource == NULL);
    return status;
}

static int ungrouped(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();

    (void)argc, (void)argv;
    alloc_driver.create = no_resource;
    alloc_prepare(&request, device->device, 2);
    REQUIRE_OK(alloc_create(&request));
    REQUIRE_EQ(request.args.hResource, 0);
    REQUIRE_EQ(request.args.hGlobalShare, 0);
    alloc_destroy(&request);
    bell_umd_close(device);
    return 0;
}

static void AL_CRE_09_handle_round_trip(void **state)
{
    (void)state;
    rig_breaks("AL-CRE-04");
    alloc_run(renamed);
    alloc_run(ungrouped);
}

/* --- AL-HND-02, -03 --------------------------------------------------------------------------- */

static HANDLE stored[SHARED_ITEMS];

static NTSTATUS watched_open(HANDLE device, const DXGKARG_OPENALLOCATION *args)
{
    NTSTATUS status = alloc_driver.real.DxgkDdiOpenAllocation(device, args);

    for (UINT i = 0; i < args->NumAllocations; i++)
        stored[i] = args->pOpenAllocation[i].hDeviceSpecificAllocation;
    return status;
}

static int both_forms(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();
    D3DKMT_HANDLE resource, first;
    DXGKARGCB_GETHANDLEDATA strange = {.Type = DXGK_HANDLE_ALLOCATION};

    (void)argc, (void)argv;
    alloc_driver.open = watched_open;
    alloc_create_shared(&request, device->device);
    resource = request.args.hResource;
    first = request.items[0].hAllocation;
    for (UINT i = 0; i < SHARED_ITEMS; i++) {
        REQUIRE(stored[i] != NULL);
        REQUIRE(alloc_opening_data(request.items[i].hAllocation) == stored[i]);
        REQUIRE(alloc_data(request.items[i].hAllocation) != NULL);
        REQUIRE(alloc_data(request.items[i].hAllocation) != stored[i]);
    }
    REQUIRE(alloc_resource_data(resource) != NULL);
    REQUIRE(alloc_handle_data(resource, DXGK_HANDLE_RESOURCE, true) == NULL);
    REQUIRE(alloc_data(resource) == NULL); /* Type and handle do not match. */
    REQUIRE(alloc_resource_data(first) == NULL);
    REQUIRE(alloc_handle_data(first, (DXGK_HANDLE_TYPE)3, false) == NULL);
    strange.hObject = first;
    strange.Flags.Reserved = 1;
    REQUIRE(alloc_driver.dxgk.DxgkCbGetHandleData(&strange) == NULL);
    REQUIRE_OK(alloc_destroy_resource(device->device, resource));
    REQUIRE(alloc_resource_data(resource) == NULL);
    REQUIRE(alloc_opening_data(first) == NULL);
    bell_umd_close(device);
    return 0;
}

static void AL_HND_02_types_and_device_specific(void **state)
{
    (void)state;
    rig_breaks("AL-HND-02");
    alloc_run(both_forms);
}

static D3DKMT_HANDLE child(D3DKMT_HANDLE resource, UINT index)
{
    DXGKARGCB_ENUMHANDLECHILDREN args = {resource, index};

    return alloc_driver.dxgk.DxgkCbEnumHandleChildren(&args);
}

static int children(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();
    struct alloc_opening other;
    D3DKMT_HANDLE resource;

    (void)argc, (void)argv;
    alloc_create_shared(&request, device->device);
    resource = request.args.hResource;
    for (UINT i = 0; i < SHARED_ITEMS; i++)
        REQUIRE_EQ(child(resource, i), request.items[i].hAllocation);
    REQUIRE_EQ(child(resource, SHARED_ITEMS), 0); /* */
    REQUIRE_EQ(child(resource, SHARED_ITEMS + 1), 0);
    REQUIRE_EQ(child(resource, UINT32_MAX), 0);
    REQUIRE_EQ(child(request.items[0].hAllocation, 0), 0);
    REQUIRE_EQ(child(0, 0), 0);

    alloc_prepare_open(&other, device->device, request.args.hGlobalShare);
    REQUIRE_OK(D3DKMTOpenResource2(&other.args)); /* Each handle has its own children. */
    REQUIRE_EQ(child(resource, SHARED_ITEMS), 0);
    for (UINT i = 0; i < SHARED_ITEMS; i++)
        REQUIRE_EQ(child(other.args.hResource, i), other.items[i].hAllocation);
    REQUIRE_EQ(child(other.args.hResource, SHARED_ITEMS), 0);

    REQUIRE_OK(alloc_destroy_list(device->device, &request.items[1].hAllocation, 1));
    REQUIRE_EQ(child(resource, 1), request.items[2].hAllocation);
    REQUIRE_EQ(child(resource, SHARED_ITEMS - 1), 0);
    REQUIRE_OK(alloc_destroy_resource(device->device, resource));
    REQUIRE_EQ(child(resource, 0), 0);
    REQUIRE_OK(alloc_destroy_resource(device->device, other.args.hResource));
    bell_umd_close(device);
    return 0;
}

static void AL_HND_03_children(void **state)
{
    (void)state;
    alloc_run(children);
}

/* --- AL-OPN-01 -------------------------------------------------------------------------------- */

static UINT open_flags;

/* Sees what the creator's request held, and fills nothing beforehand. */
static NTSTATUS judging_open(HANDLE device, const DXGKARG_OPENALLOCATION *args)
{
    REQUIRE_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    REQUIRE_EQ(args->Flags.Value, open_flags);
    REQUIRE_EQ(args->NumAllocations, SHARED_ITEMS);
    REQUIRE_EQ(args->PrivateDriverSize, sizeof(request.blob));
    REQUIRE(memcmp(args->pPrivateDriverData, &request.blob, sizeof(request.blob)) == 0);
    for (UINT i = 0; i < SHARED_ITEMS; i++) {
        const DXGK_OPENALLOCATIONINFO *info = &args->pOpenAllocation[i];

        REQUIRE(info->hDeviceSpecificAllocation == NULL);
        REQUIRE_EQ(info->PrivateDriverDataSize, sizeof(request.wanted[i]));
        REQUIRE(memcmp(info->pPrivateDriverData, &request.wanted[i],
                       sizeof(request.wanted[i])) == 0);
    }
    return watched_open(device, args);
}

static int opened_fields(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device(), *second = alloc_open_device();
    struct alloc_opening other, copy;
    struct alloc_live before;

    (void)argc, (void)argv;
    alloc_driver.open = judging_open;
    open_flags = 1; /* Create. */
    alloc_create_shared(&request, device->device);
    open_flags = 0;
    before = alloc_count();
    alloc_prepare_open(&other, second->device, request.args.hGlobalShare);
    copy = other;
    for (int step = 0; step < SHARED_ITEMS; step++) { /* All or nothing. */
        belfry_fail_pool(step);
        REQUIRE_STATUS(D3DKMTOpenResource2(&other.args), STATUS_NO_MEMORY);
        REQUIRE(memcmp(&other, &copy, sizeof(other)) == 0);
        REQUIRE_NOTHING_LEFT(before);
    }
    belfry_fail_pool(SHARED_ITEMS);
    REQUIRE_OK(D3DKMTOpenResource2(&other.args));
    belfry_fail_pool(-1);
    for (UINT i = 0; i < SHARED_ITEMS; i++) {
        const D3DDDI_OPENALLOCATIONINFO2 *item = &other.items[i];
        D3DKMT_HANDLE first = request.items[i].hAllocation;

        REQUIRE(stored[i] != NULL);
        REQUIRE(alloc_opening_data(item->hAllocation) == stored[i]);
        REQUIRE(alloc_opening_data(item->hAllocation) != alloc_opening_data(first));
        REQUIRE(alloc_data(item->hAllocation) == alloc_data(first));
        REQUIRE(item->pPrivateDriverData == &other.privates[i]);
        REQUIRE(memcmp(&other.privates[i], &request.wanted[i], sizeof(request.wanted[i])) == 0);
    }
    REQUIRE(alloc_resource_data(other.args.hResource) ==
            alloc_resource_data(request.args.hResource));
    REQUIRE_EQ(other.args.TotalPrivateDriverDataBufferSize,
               SHARED_ITEMS * sizeof(request.wanted[0]));
    REQUIRE(memcmp(&other.blob, &request.blob, sizeof(request.blob)) == 0);
    REQUIRE(strcmp(other.runtime, "runtime") == 0);
    bell_umd_close(second);
    bell_umd_close(device);
    return 0;
}

enum opn_bend { OPN_NO_SHARED_ITEMS, OPN_NULL_INFO, OPN_RESERVED, OPN_BENDS };
static int opn_bend;

static NTSTATUS bent_open(HANDLE device, const DXGKARG_OPENALLOCATION *args)
{
    DXGKARG_OPENALLOCATION bent = *args;

    if (opn_bend == OPN_NO_SHARED_ITEMS)
        bent.NumAllocations = 0;
    if (opn_bend == OPN_NULL_INFO)
        bent.pOpenAllocation = NULL;
    if (opn_bend == OPN_RESERVED)
        bent.Flags.Value |= 4;
    return alloc_driver.real.DxgkDdiOpenAllocation(device, &bent);
}

static int refused_opens(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();
    struct alloc_opening other;
    struct alloc_live before;
    D3DKMT_QUERYRESOURCEINFO query = {.hDevice = device->device};
    const UINT total = SHARED_ITEMS * sizeof(request.wanted[0]);

    (void)argc, (void)argv;
    alloc_create_shared(&request, device->device);
    before = alloc_count();
    alloc_driver.open = bent_open;
    for (opn_bend = 0; opn_bend < OPN_BENDS; opn_bend++) {
        alloc_prepare_open(&other, device->device, request.args.hGlobalShare);
        REQUIRE_STATUS(D3DKMTOpenResource2(&other.args), STATUS_INVALID_PARAMETER);
        REQUIRE_NOTHING_LEFT(before);
    }
    alloc_driver.open = NULL;
    for (int bad = 0; bad < 8; bad++) { /* By the user. */
        alloc_prepare_open(&other, device->device, request.args.hGlobalShare);
        switch (bad) {
        case 0: other.args.hDevice = request.args.hResource; break;
        case 1: other.args.hGlobalShare++; break;
        case 2: other.args.hGlobalShare = request.args.hResource; break;
        case 3: other.args.NumAllocations--; break;
        case 4: other.args.NumAllocations++; break;
        case 5: other.args.TotalPrivateDriverDataBufferSize = total - 1; break;
        case 6: other.args.ResourcePrivateDriverDataSize = 0; break;
        default: other.args.pOpenAllocationInfo2 = (D3DDDI_OPENALLOCATIONINFO2 *)8; break;
        }
        REQUIRE_STATUS(D3DKMTOpenResource2(&other.args), STATUS_INVALID_PARAMETER);
        REQUIRE_NOTHING_LEFT(before);
    }
    REQUIRE_STATUS(D3DKMTOpenResource2(NULL), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(D3DKMTQueryResourceInfo(&query), STATUS_INVALID_PARAMETER);
    query.hGlobalShare = request.args.hGlobalShare;
    REQUIRE_OK(D3DKMTQueryResourceInfo(&query));
    REQUIRE_EQ(query.NumAllocations, SHARED_ITEMS);
    REQUIRE_EQ(query.TotalPrivateDriverDataSize, total);
    REQUIRE_EQ(query.ResourcePrivateDriverDataSize, sizeof(request.blob));
    REQUIRE_EQ(query.PrivateRuntimeDataSize, 8);
    REQUIRE_OK(alloc_destroy_resource(device->device, request.args.hResource));
    REQUIRE_STATUS(D3DKMTQueryResourceInfo(&query), STATUS_INVALID_PARAMETER);
    bell_umd_close(device);
    return 0;
}

static void AL_OPN_01_open_by_another_device(void **state)
{
    (void)state;
    alloc_run(opened_fields);
    alloc_run(refused_opens);
}

/* What the driver writes to: an item's private data, or the request's. */
static bool write_item;

static NTSTATUS writing_open(HANDLE device, const DXGKARG_OPENALLOCATION *args)
{
    NTSTATUS status = alloc_driver.real.DxgkDdiOpenAllocation(device, args);

    if (write_item)
        ((BELL_ALLOCATION_PRIVATE *)args->pOpenAllocation[1].pPrivateDriverData)->size += 99;
    else
        ((BELL_REQUEST_PRIVATE *)args->pPrivateDriverData)->cookie += 99;
    return status;
}

static int written_request(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();

    (void)argc, (void)argv;
    alloc_driver.open = writing_open;
    alloc_create_shared(&request, device->device);
    return 0;
}

/* At creation the item's data travels back to the user; at a later open it is fixed. */
/* At creation an item's data travels back to the user; whoever opens later sees it too. */
static int written_item(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();
    struct alloc_opening other;

    (void)argc, (void)argv;
    alloc_driver.open = writing_open;
    alloc_create_shared(&request, device->device);
    REQUIRE_EQ(request.wanted[1].size, 2 * PAGE_SIZE + 99);
    REQUIRE_EQ(request.wanted[2].size, 3 * PAGE_SIZE);
    alloc_driver.open = NULL;
    alloc_prepare_open(&other, device->device, request.args.hGlobalShare);
    REQUIRE_OK(D3DKMTOpenResource2(&other.args));
    REQUIRE_EQ(other.privates[1].size, 2 * PAGE_SIZE + 99);
    bell_umd_close(device);
    return 0;
}

static int written_item_late(int argc, char **argv)
{
    struct bell_umd_device *device = alloc_open_device();
    struct alloc_opening other;

    (void)argc, (void)argv;
    alloc_create_shared(&request, device->device);
    alloc_driver.open = writing_open;
    alloc_prepare_open(&other, device->device, request.args.hGlobalShare);
    (void)D3DKMTOpenResource2(&other.args);
    return 0;
}

static void fails_the_run(int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    rig_open_machine(&config);
    assert_non_null(belfry_spawn("writes", body, 0, NULL));
    rig_finish_failing("AL-OPN-01");
}

static void AL_OPN_01_read_only_data(void **state)
{
    (void)state;
    write_item = false;
    fails_the_run(written_request);
    write_item = true;
    fails_the_run(written_item_late);
    alloc_run(written_item);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ALLOC_TEST(AL_CRE_09_handle_round_trip),
        ALLOC_TEST(AL_HND_02_types_and_device_specific),
        ALLOC_TEST(AL_HND_03_children),
        ALLOC_TEST(AL_OPN_01_open_by_another_device),
        ALLOC_TEST(AL_OPN_01_read_only_data),
    };

    return cmocka_run_group_tests_name("resources", tests, NULL, NULL);
}
