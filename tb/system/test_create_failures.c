// SPDX-License-Identifier: MIT
/*
 * Each step of D3DKMTCreateDoorbell fails in turn, and nothing is left of it (DB-CRE-01). In
 * order: a handle, a page for the status word, the driver's memory, the driver's call, the answer
 * to user mode.
 */
#include "rig.h"

#include <sys/mman.h>

#include "d3dkmddi.h"

enum { ENTRIES = 16, NODE = 0, WAIT = 200000, SLOTS = 2, MOST_HANDLES = 65536 };

static struct rig a;

static DXGKDDI_CREATEDOORBELL *real_create;
static NTSTATUS planted;      /* What the driver call fails with; STATUS_SUCCESS = it does not. */
static bool scribble_outputs; /* It changes its outputs before. */

static void scribble(DXGKARG_CREATEDOORBELL *args)
{
    args->hDoorbell = (HANDLE)(uintptr_t)0xBADBAD;
    if (args->PrivateDriverData != NULL)
        memset(args->PrivateDriverData, 0xEE, args->PrivateDriverDataSize);
}

static NTSTATUS planted_create(DXGKARG_CREATEDOORBELL *args)
{
    if (planted == STATUS_SUCCESS)
        return real_create(args);
    if (scribble_outputs)
        scribble(args);
    return planted;
}

static void plant(DRIVER_INITIALIZATION_DATA *table)
{
    real_create = table->DxgkDdiCreateDoorbell;
    table->DxgkDdiCreateDoorbell = planted_create;
}

static int unplant(void **state)
{
    (void)state;
    belfry_hook_driver(NULL);
    planted = STATUS_SUCCESS;
    return 0;
}

static void run(struct belfry_config config, int (*body)(int argc, char **argv))
{
    belfry_hook_driver(plant);
    rig_run(&config, body);
}

static struct belfry_config few_slots(void)
{
    struct belfry_config config = rig_config();

    config.slots = SLOTS;
    return config;
}

static const char *const counted[] = { "doorbell", "mapping", "pool", "fence", "allocation",
                                       "kmd-allocation", "hwqueue" };
enum { COUNTED = sizeof(counted) / sizeof(counted[0]) };

struct before {
    size_t records;
    unsigned live[COUNTED];
    struct belfry_ledger ledger;
};

static unsigned references(D3DKMT_HANDLE allocation)
{
    struct belfry_alloc_info info;

    REQUIRE(belfry_alloc(allocation, &info));
    return info.references;
}

static struct before look(void)
{
    struct before before = { .records = belfry_record_count() };

    for (unsigned i = 0; i < COUNTED; i++)
        before.live[i] = belfry_live_objects(counted[i]);
    belfry_ledger(&before.ledger);
    return before;
}

/* The create of rig a failed: everything is as it was, after `ddi` driver calls that made it. */
static void require_nothing_left(const struct before *before, unsigned ddi)
{
    struct belfry_ledger ledger;

    REQUIRE_EQ(rig_count(before->records, BELFRY_DDI_ENTER, "DxgkDdiCreateDoorbell"), ddi);
    for (unsigned i = 0; i < COUNTED; i++)
        if (belfry_live_objects(counted[i]) != before->live[i])
            belfry_fail("%u objects of kind \"%s\" after a failed create, expected %u",
                        belfry_live_objects(counted[i]), counted[i], before->live[i]);
    REQUIRE_EQ(references(a.ring.allocation), 0);
    REQUIRE_EQ(references(a.control.allocation), 0);
    REQUIRE_EQ(a.create.hDoorbell, 0);
    REQUIRE(a.create.DoorbellCPUVirtualAddress == NULL);
    REQUIRE_EQ(rig_owned_slots(SLOTS), 0);
    belfry_ledger(&ledger);
    REQUIRE(memcmp(&ledger, &before->ledger, sizeof(ledger)) == 0);
}

static void require_create_works(void)
{
    size_t from = belfry_record_count(), at;

    rig_make_doorbell(&a);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiCreateDoorbell"), 1);
    at = rig_expect(from, BELFRY_DDI_ENTER, "DxgkDdiCreateDoorbell");
    REQUIRE_EQ(belfry_record_at(at)->irql, PASSIVE_LEVEL);
    REQUIRE_EQ(references(a.ring.allocation), 1);
    REQUIRE_EQ(references(a.control.allocation), 1);
    REQUIRE_OK(rig_connect(&a));
    rig_submit(&a, 0, 42, 0);
    rig_wait(&a, a.wptr, WAIT);
    REQUIRE_EQ(a.data.cpu[0], 42);
    a.data.cpu[0] = 0;
    REQUIRE_OK(rig_destroy_doorbell(&a));
    a.control.cpu[0] = a.control.cpu[1] = a.wptr = 0; /* Both counts of a doorbell start at 0. */
    a.create.hDoorbell = 0;
    a.create.DoorbellCPUVirtualAddress = NULL;
}

/* Every allocation of the driver in turn. */
static int fail_driver_memory(int argc, char **argv)
{
    int k;

    (void)argc, (void)argv;
    rig_open(&a, ENTRIES);
    rig_make_queue(&a, NODE);
    for (k = 0; k < 16; k++) {
        struct before before = look();
        NTSTATUS status;

        belfry_fail_pool(k);
        status = D3DKMTCreateDoorbell(&a.create);
        belfry_fail_pool(-1);
        if (status == STATUS_SUCCESS)
            break;
        REQUIRE_STATUS(status, STATUS_NO_MEMORY);
        require_nothing_left(&before, 1);
    }
    REQUIRE(k >= 1 && k < 16);
    a.doorbell = a.create.hDoorbell;
    REQUIRE_OK(rig_destroy_doorbell(&a));
    a.create.hDoorbell = 0;
    a.create.DoorbellCPUVirtualAddress = NULL;
    require_create_works();
    rig_close(&a);
    return 0;
}

static void DB_CRE_01_driver_runs_out_of_memory(void **state)
{
    (void)state;
    run(few_slots(), fail_driver_memory);
}

/* The driver call itself: its status is the answer, its outputs are not. */
static int fail_driver_call(int argc, char **argv)
{
    const NTSTATUS failures[] = { STATUS_NO_MEMORY, STATUS_INVALID_PARAMETER, STATUS_UNSUCCESSFUL,
                                  STATUS_DEVICE_REMOVED, STATUS_NOT_SUPPORTED };

    (void)argc, (void)argv;
    rig_open(&a, ENTRIES);
    rig_make_queue(&a, NODE);
    a.blob.queue_token = 0x0123456789ABCDEF;
    for (size_t i = 0; i < 2 * sizeof(failures) / sizeof(failures[0]); i++) {
        struct before before = look();

        planted = failures[i / 2];
        scribble_outputs = i % 2 != 0;
        REQUIRE_STATUS(D3DKMTCreateDoorbell(&a.create), failures[i / 2]);
        require_nothing_left(&before, 1);
        REQUIRE_EQ(rig_count(before.records, BELFRY_DDI_ENTER, "DxgkDdiDestroyDoorbell"), 0);
        REQUIRE_EQ(a.blob.queue_token, 0x0123456789ABCDEF);
    }
    planted = STATUS_SUCCESS;
    require_create_works();
    rig_close(&a);
    return 0;
}

static void DB_CRE_01_driver_refuses(void **state)
{
    (void)state;
    run(few_slots(), fail_driver_call);
}

/* The OS has no page for the status word. */
static int fail_os_memory(int argc, char **argv)
{
    static struct bell_umd_memory taken[2048];
    uint64_t bytes = 64 * PAGE_SIZE;
    struct before before;
    size_t count = 0;

    (void)argc, (void)argv;
    rig_open(&a, ENTRIES);
    rig_make_queue(&a, NODE);
    while (bytes >= PAGE_SIZE) {
        REQUIRE(count < sizeof(taken) / sizeof(taken[0]));
        if (NT_SUCCESS(bell_umd_alloc(a.device, bytes, &taken[count])))
            count++;
        else
            bytes /= 2;
    }
    before = look();
    REQUIRE_STATUS(D3DKMTCreateDoorbell(&a.create), STATUS_NO_MEMORY);
    require_nothing_left(&before, 0);
    while (count > 0)
        bell_umd_free(a.device, &taken[--count]);
    require_create_works();
    rig_close(&a);
    return 0;
}

static void DB_CRE_01_os_runs_out_of_memory(void **state)
{
    struct belfry_config config = few_slots();

    (void)state;
    config.memory_mib = 4;
    run(config, fail_os_memory);
}

/* The process has no handle left: contexts have taken them all. */
static int fail_handle(int argc, char **argv)
{
    D3DKMT_CREATEHWCONTEXT context = { .NodeOrdinal = NODE, .EngineAffinity = 1 };
    struct before before;
    D3DKMT_HANDLE last = 0;
    unsigned tries = 0;

    (void)argc, (void)argv;
    rig_open(&a, ENTRIES);
    rig_make_queue(&a, NODE);
    context.hDevice = a.device->device;
    while (NT_SUCCESS(D3DKMTCreateHwContext(&context))) {
        last = context.hHwContext;
        REQUIRE(tries++ < MOST_HANDLES);
    }
    before = look();
    REQUIRE_STATUS(D3DKMTCreateDoorbell(&a.create), STATUS_NO_MEMORY);
    require_nothing_left(&before, 0);
    rig_destroy_context(last);
    require_create_works();
    rig_close(&a); /* The device takes the other contexts with it. */
    return 0;
}

static void DB_CRE_01_os_runs_out_of_handles(void **state)
{
    (void)state;
    run(few_slots(), fail_handle);
}

/* The last steps: the answer cannot be written to user memory. The driver's object goes again. */
static void fail_answer(D3DKMT_CREATE_DOORBELL *args)
{
    struct before before = look();

    REQUIRE_STATUS(D3DKMTCreateDoorbell(args), STATUS_INVALID_PARAMETER);
    require_nothing_left(&before, 1);
    REQUIRE_EQ(rig_count(before.records, BELFRY_DDI_ENTER, "DxgkDdiDestroyDoorbell"), 1);
}

static int fail_answers(int argc, char **argv)
{
    D3DKMT_CREATE_DOORBELL *fixed = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE,
                                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)argc, (void)argv;
    REQUIRE(fixed != MAP_FAILED);
    rig_open(&a, ENTRIES);
    rig_make_queue(&a, NODE);
    a.create.PrivateDriverData = (void *)(uintptr_t)a.progress; /* Read-only memory of the OS. */
    fail_answer(&a.create);
    a.create.PrivateDriverData = fixed;
    REQUIRE_EQ(mprotect(fixed, PAGE_SIZE, PROT_READ), 0); /* Read-only memory of the program. */
    fail_answer(&a.create);
    a.create.PrivateDriverData = &a.blob;
    REQUIRE_EQ(mprotect(fixed, PAGE_SIZE, PROT_READ | PROT_WRITE), 0);
    *fixed = a.create;
    REQUIRE_EQ(mprotect(fixed, PAGE_SIZE, PROT_READ), 0);
    fail_answer(fixed);
    munmap(fixed, PAGE_SIZE);
    require_create_works();
    rig_close(&a);
    return 0;
}

static void DB_CRE_01_answer_cannot_be_written(void **state)
{
    (void)state;
    run(few_slots(), fail_answers);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, unplant)
    const struct CMUnitTest tests[] = {
        TEST(DB_CRE_01_driver_runs_out_of_memory),
        TEST(DB_CRE_01_driver_refuses),
        TEST(DB_CRE_01_os_runs_out_of_memory),
        TEST(DB_CRE_01_os_runs_out_of_handles),
        TEST(DB_CRE_01_answer_cannot_be_written),
    };

    return cmocka_run_group_tests_name("create_failures", tests, NULL, NULL);
}
