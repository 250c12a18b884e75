// SPDX-License-Identifier: MIT
/*
 * The library's shared memory: made in one process, opened in others, closed in any order
 * (AL-CRE-10, -15, AL-OPN-01, AL-CLS-01, AL-DST-02), and what is refused.
 */
#include "rig.h"

enum { ENTRIES = 16, NODE = 1, WAIT = 2000000, WORDS = 2 * PAGE_SIZE / 8, OPENINGS = 5 };

static D3DKMT_HANDLE name;
static bool opened, maker_exits;

static void await(const bool *flag)
{
    uint64_t end = belfry_now() + WAIT;

    while (!*flag) {
        REQUIRE(belfry_now() < end);
        belfry_sleep(100);
    }
}

/* The GPU copies all of the shared memory to `to`, by an opening's own address. */
static void copy_out(struct rig_library *library, const struct bell_umd_shared *shared,
                     const struct bell_umd_memory *to)
{
    struct bell_umd_commands list;
    UINT64 fence;

    REQUIRE_OK(bell_umd_commands_begin(&list, &library->commands, 0, 128));
    bell_umd_cmd_copy(&list, to->gpu, shared->memory.gpu, shared->memory.bytes);
    REQUIRE_OK(bell_umd_submit(library->queue, &list, &fence));
    REQUIRE_OK(bell_umd_wait(library->queue, fence));
}

static int maker(int argc, char **argv)
{
    struct bell_umd_device *device;
    struct bell_umd_shared shared;

    (void)argc, (void)argv;
    REQUIRE_OK(bell_umd_open((LUID){0}, &device));
    REQUIRE_OK(bell_umd_shared_create(device, PAGE_SIZE + 1, &shared));
    REQUIRE_EQ(shared.memory.bytes, 2 * PAGE_SIZE);
    for (UINT i = 0; i < WORDS; i++) {
        REQUIRE_EQ(shared.memory.cpu[i], 0);
        shared.memory.cpu[i] = ~(UINT64)i;
    }
    name = shared.share;
    await(&opened);
    if (maker_exits)
        return 0;
    bell_umd_shared_close(device, &shared);
    REQUIRE(shared.resource == 0 && shared.share == 0 && shared.memory.allocation == 0);
    bell_umd_shared_close(device, &shared); /* Zeroed: nothing to do. */
    bell_umd_close(device);
    return 0;
}

static int user(int argc, char **argv)
{
    struct bell_umd_shared shared[OPENINGS];
    struct rig_library library;
    struct bell_umd_memory copy;

    (void)argc, (void)argv;
    rig_library_open(&library, ENTRIES, NODE);
    REQUIRE_OK(bell_umd_alloc(library.device, WORDS * 8, &copy));
    while (name == 0)
        belfry_sleep(100);
    for (unsigned i = 0; i < OPENINGS; i++) {
        REQUIRE_OK(bell_umd_shared_open(library.device, name, &shared[i]));
        REQUIRE_EQ(shared[i].share, name);
        REQUIRE_EQ(shared[i].memory.bytes, 2 * PAGE_SIZE);
        REQUIRE(shared[i].memory.cpu == NULL);
        REQUIRE(i == 0 || shared[i].memory.gpu != shared[0].memory.gpu);
    }
    opened = true;
    belfry_sleep(20000); /* The maker closes, or exits. */
    for (unsigned i = 0; i < OPENINGS; i++) { /* Each closed one leaves the later ones whole. */
        memset((void *)(uintptr_t)copy.cpu, 0, WORDS * 8);
        copy_out(&library, &shared[i], &copy);
        for (UINT word = 0; word < WORDS; word++)
            REQUIRE_EQ(copy.cpu[word], ~(UINT64)word);
        bell_umd_shared_close(library.device, &shared[i]);
    }
    REQUIRE_STATUS(bell_umd_shared_open(library.device, name, &shared[0]),
                   STATUS_INVALID_PARAMETER); /* The last opening is closed. */
    REQUIRE(shared[0].share == 0 && shared[0].resource == 0);
    bell_umd_free(library.device, &copy);
    rig_library_close(&library);
    return 0;
}

static void share(bool exits)
{
    struct belfry_config config = rig_config();

    name = 0;
    opened = false;
    maker_exits = exits;
    rig_open_machine(&config);
    belfry_spawn("maker", maker, 0, NULL);
    belfry_spawn("user", user, 0, NULL);
    rig_finish_machine();
}

static void AL_CRE_10_shared_memory_outlives_its_maker(void **state)
{
    (void)state;
    share(false);
    share(true);
}

static void run(int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    rig_run(&config, body);
}

static void make_two(struct bell_umd_device *device, D3DKMT_CREATEALLOCATION *create)
{
    static BELL_ALLOCATION_PRIVATE blobs[2];
    static D3DDDI_ALLOCATIONINFO2 items[2];

    for (unsigned i = 0; i < 2; i++) {
        blobs[i] = (BELL_ALLOCATION_PRIVATE){.magic = BELL_ALLOCATION_MAGIC,
                                             .version = BELL_INTERFACE_VERSION,
                                             .size = PAGE_SIZE};
        items[i] = (D3DDDI_ALLOCATIONINFO2){.pPrivateDriverData = &blobs[i],
                                            .PrivateDriverDataSize = sizeof(blobs[i])};
    }
    *create = (D3DKMT_CREATEALLOCATION){.hDevice = device->device,
                                        .NumAllocations = 2,
                                        .pAllocationInfo2 = items,
                                        .Flags.CreateResource = 1,
                                        .Flags.CreateShared = 1};
    REQUIRE_OK(D3DKMTCreateAllocation2(create));
}

/* Sizes, names and shapes that are refused; nothing stays behind. */
static int refused(int argc, char **argv)
{
    D3DKMT_CREATEALLOCATION two;
    struct bell_umd_shared shared;
    struct bell_umd_device *device;
    unsigned before;

    (void)argc, (void)argv;
    REQUIRE_OK(bell_umd_open((LUID){0}, &device));
    before = belfry_live_objects("allocation") + belfry_live_objects("resource");
    REQUIRE_STATUS(bell_umd_shared_create(device, 0, &shared), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(bell_umd_shared_create(device, UINT64_MAX, &shared), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(bell_umd_shared_open(device, 0, &shared), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(bell_umd_shared_open(device, device->device, &shared),
                   STATUS_INVALID_PARAMETER);
    make_two(device, &two);
    REQUIRE_STATUS(bell_umd_shared_open(device, two.hGlobalShare, &shared),
                   STATUS_GRAPHICS_DRIVER_MISMATCH);
    REQUIRE(shared.share == 0 && shared.resource == 0);
    REQUIRE_OK(D3DKMTDestroyAllocation2(&(D3DKMT_DESTROYALLOCATION2){.hDevice = device->device,
                                                                     .hResource = two.hResource}));
    REQUIRE_EQ(belfry_live_objects("allocation") + belfry_live_objects("resource"), before);
    bell_umd_close(device);
    return 0;
}

static void AL_CRE_03_refused_shares_leave_nothing(void **state)
{
    (void)state;
    run(refused);
}

/* Each pool allocation of the driver fails once, at create and at open: all or nothing. */
static int fails_at_each_step(int argc, char **argv)
{
    struct bell_umd_shared made, opening;
    struct bell_umd_device *device;
    unsigned failures = 0;
    int k = 0;

    (void)argc, (void)argv;
    REQUIRE_OK(bell_umd_open((LUID){0}, &device));
    for (k = 0;; k++) {
        unsigned before = belfry_live_objects("resource") + belfry_live_objects("kmd-allocation");
        NTSTATUS status;

        belfry_fail_pool(k);
        status = bell_umd_shared_create(device, 100, &made);
        if (NT_SUCCESS(status))
            break;
        REQUIRE_STATUS(status, STATUS_NO_MEMORY);
        REQUIRE_EQ(belfry_live_objects("resource") + belfry_live_objects("kmd-allocation"), before);
        failures++;
    }
    for (k = 0;; k++) {
        unsigned before = belfry_live_objects("resource");
        NTSTATUS status;

        belfry_fail_pool(k);
        status = bell_umd_shared_open(device, made.share, &opening);
        if (NT_SUCCESS(status))
            break;
        REQUIRE_STATUS(status, STATUS_NO_MEMORY);
        REQUIRE_EQ(belfry_live_objects("resource"), before);
        failures++;
    }
    belfry_fail_pool(-1);
    REQUIRE(failures >= 3);
    bell_umd_shared_close(device, &opening);
    bell_umd_shared_close(device, &made);
    bell_umd_close(device);
    return 0;
}

static void AL_CRE_04_share_is_all_or_nothing(void **state)
{
    (void)state;
    run(fails_at_each_step);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(AL_CRE_10_shared_memory_outlives_its_maker),
        cmocka_unit_test(AL_CRE_03_refused_shares_leave_nothing),
        cmocka_unit_test(AL_CRE_04_share_is_all_or_nothing),
    };

    return cmocka_run_group_tests_name("umd-shared", tests, NULL, NULL);
}
