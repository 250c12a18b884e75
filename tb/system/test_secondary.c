// SPDX-License-Identifier: MIT
/* Secondary doorbell (DB-SEC-01 .. -04, A-58): a second register of the same doorbell. */
#include "rig.h"

#include "d3dkmddi.h"

enum { ENTRIES = 16, NODE = 0, WAIT = 200000 };

static struct rig rig, rival;

static void run_slots(uint32_t slots, int (*body)(int argc, char **argv))
{
    rig_run_on(slots, body);
}

static void make(struct rig *made, bool second)
{
    rig_make_queue(made, NODE);
    made->create.Flags.RequireSecondaryCpuVA = second;
    rig_make_doorbell(made);
}

/* RequireSecondaryAddress of the last connect DDI since `from`. */
static bool asked_for_second(size_t from)
{
    size_t at = rig_expect(from, BELFRY_DDI_ENTER, "DxgkDdiConnectDoorbell");

    return (belfry_record_at(at)->args[1] & 1) != 0;
}

static const struct belfry_record *answer_of_connect(size_t from)
{
    return belfry_record_at(rig_expect(from, BELFRY_DDI_EXIT, "DxgkDdiConnectDoorbell"));
}

/* --- DB-SEC-01, -02 --------------------------------------------------------------------------- */

static void ring_second(struct rig *of)
{
    *of->second = rig_ring_value(of);
}

static int first_and_later_connects(int argc, char **argv)
{
    volatile uint64_t *second;

    (void)argc, (void)argv;
    rig_open(&rig, ENTRIES);
    make(&rig, true);
    second = rig.second;
    REQUIRE(second != NULL && second != rig.page);
    for (unsigned i = 1; i <= 3; i++) {
        size_t from = belfry_record_count();
        struct belfry_doorbell_info info;

        REQUIRE_OK(rig_connect(&rig));
        REQUIRE(asked_for_second(from));
        REQUIRE(answer_of_connect(from)->args[2] != 0);
        REQUIRE(answer_of_connect(from)->args[3] != 0);
        REQUIRE(answer_of_connect(from)->args[3] != answer_of_connect(from)->args[2]);
        REQUIRE(belfry_doorbell(rig.doorbell, &info));
        REQUIRE(info.second_va == (const void *)(uintptr_t)second);
        REQUIRE_EQ(info.bar2_second, info.bar2 + BELL_SECONDARY_FIRST);
        rig_append(&rig, 0, i);
        ring_second(&rig); /* That register alone. */
        rig_wait(&rig, i, WAIT);
        REQUIRE_STATUS(belfry_os_disconnect(rig.doorbell), STATUS_SUCCESS);
    }
    rig_close(&rig);
    return 0;
}

static void DB_SEC_01_flag_is_set_in_every_connect(void **state)
{
    (void)state;
    run_slots(0, first_and_later_connects);
}

static int without_the_flag(int argc, char **argv)
{
    size_t from;

    (void)argc, (void)argv;
    rig_open(&rig, ENTRIES);
    rig_make_queue(&rig, NODE);
    rig.create.DoorbellSecondaryCPUVirtualAddress = &rig; /* Overwritten. */
    rig_make_doorbell(&rig);
    REQUIRE(rig.create.DoorbellSecondaryCPUVirtualAddress == NULL);
    from = belfry_record_count();
    REQUIRE_OK(rig_connect(&rig));
    REQUIRE(!asked_for_second(from));
    rig_close(&rig);
    return 0;
}

/* What the driver answers in the second field; 0 = leave it, 1 = NULL, 2 = garbage, 3 = elsewhere. */
static int spoil;
static DXGKDDI_CONNECTDOORBELL *real_connect;

static NTSTATUS spoiled_connect(DXGKARG_CONNECTDOORBELL *args)
{
    NTSTATUS status = real_connect(args);
    char *first = args->KernelCpuVirtualAddress;

    if (NT_SUCCESS(status) && spoil == 1)
        args->SecondaryKernelCpuVirtualAddress = NULL;
    if (NT_SUCCESS(status) && spoil == 2)
        args->SecondaryKernelCpuVirtualAddress = &spoil;
    if (NT_SUCCESS(status) && spoil == 3)
        args->SecondaryKernelCpuVirtualAddress = first + 8; /* Another offset in the page. */
    return status;
}

static void hook_connect(DRIVER_INITIALIZATION_DATA *table)
{
    real_connect = table->DxgkDdiConnectDoorbell;
    table->DxgkDdiConnectDoorbell = spoiled_connect;
}

static int unhook(void **state)
{
    (void)rig_anywhere(state);
    belfry_hook_driver(NULL);
    spoil = 0;
    return 0;
}

static void DB_SEC_02_without_the_flag_the_field_is_ignored(void **state)
{
    (void)state;
    belfry_hook_driver(hook_connect);
    spoil = 2;
    run_slots(0, without_the_flag);
}

static int bad_answers(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_open(&rig, ENTRIES);
    make(&rig, true);
    for (spoil = 1; spoil <= 3; spoil++) {
        size_t from = belfry_record_count();

        REQUIRE_STATUS(rig_connect(&rig), STATUS_UNSUCCESSFUL);
        REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiDisconnectDoorbell"), 1);
        REQUIRE_EQ(rig_count(from, BELFRY_MAP, NULL), 0);
        REQUIRE_EQ(*rig.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    }
    spoil = 0;
    REQUIRE_OK(rig_connect(&rig));
    rig_close(&rig);
    return 0;
}

static void DB_SEC_02_bad_second_address_fails_the_connect(void **state)
{
    (void)state;
    rig_breaks("DB-SEC-02");
    belfry_hook_driver(hook_connect);
    run_slots(0, bad_answers);
}

/* --- DB-SEC-03 -------------------------------------------------------------------------------- */

static void require_mapping(enum belfry_mapping mapping, uint64_t status)
{
    struct belfry_doorbell_info info;

    REQUIRE(belfry_doorbell(rig.doorbell, &info));
    REQUIRE_EQ(info.mapping, mapping);
    REQUIRE_EQ(*rig.status, status);
}

/* Every re-pointing of the one is followed by the same of the other, with nothing in between. */
static void require_pairs(size_t from)
{
    for (size_t at = from; (at = belfry_record_find(at, BELFRY_MAP, "doorbell")) != (size_t)-1;
         at++) {
        const struct belfry_record *first = belfry_record_at(at);
        const struct belfry_record *second = belfry_record_at(at + 1);

        if (first->object != rig.doorbell)
            continue;
        REQUIRE(second->kind == BELFRY_MAP && strcmp(second->name, "secondary") == 0);
        REQUIRE_EQ(second->object, first->object);
        REQUIRE_EQ(second->value, first->value);
    }
}

static int victim_loses_both(int argc, char **argv)
{
    struct belfry_ledger before, after;
    size_t from = belfry_record_count();

    (void)argc, (void)argv;
    rig_open(&rig, ENTRIES);
    make(&rig, true);
    rig_open_beside(&rival, &rig, ENTRIES);
    make(&rival, false);
    *rig.second = 1; /* Dummy before the first connect. */
    REQUIRE_OK(rig_connect(&rig));
    require_mapping(BELFRY_MAPPED_SLOT, D3DDDI_DOORBELLSTATUS_CONNECTED);
    REQUIRE_OK(rig_connect(&rival));
    require_mapping(BELFRY_MAPPED_DUMMY, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    belfry_ledger(&before);
    *rig.page = 3;
    *rig.second = 3;
    rig_settle(1000);
    belfry_ledger(&after);
    REQUIRE_EQ(after.accepted, before.accepted);
    REQUIRE_OK(rig_connect(&rig));
    require_mapping(BELFRY_MAPPED_SLOT, D3DDDI_DOORBELLSTATUS_CONNECTED);
    *rig.page = 3;
    *rig.second = 3;
    rig_settle(1000);
    belfry_ledger(&after);
    REQUIRE_EQ(after.accepted, before.accepted + 2); /* Counted like any other ring. */
    REQUIRE_EQ(after.rejected, 0);
    require_pairs(from);
    rig_close_beside(&rival);
    rig_close(&rig);
    return 0;
}

static void DB_SEC_03_both_rotate_together(void **state)
{
    (void)state;
    run_slots(1, victim_loses_both);
}

static int store_after_destroy(int argc, char **argv)
{
    unsigned mappings;

    (void)argc, (void)argv;
    rig_open(&rig, ENTRIES);
    rig_make_queue(&rig, NODE);
    mappings = belfry_live_objects("mapping");
    rig.create.Flags.RequireSecondaryCpuVA = 1;
    rig_make_doorbell(&rig);
    REQUIRE_EQ(belfry_live_objects("mapping"), mappings + 4);
    REQUIRE_OK(rig_connect(&rig));
    REQUIRE_OK(rig_destroy_doorbell(&rig));
    REQUIRE_EQ(belfry_live_objects("mapping"), mappings);
    *rig.second = 1;
    belfry_fail("a store to a freed secondary doorbell went unnoticed");
    return 0;
}

static void DB_SEC_03_both_are_freed_together(void **state)
{
    struct belfry_config config = rig_config();
    struct belfry_process *process;

    (void)state;
    rig_open_machine(&config);
    process = belfry_spawn("test", store_after_destroy, 0, NULL);
    assert_int_equal(belfry_run(), BELFRY_DONE);
    assert_int_equal(belfry_process_exit(process), BELFRY_EXIT_FAULT);
    assert_int_equal(belfry_close(), 0);
}

/* --- DB-SEC-04 -------------------------------------------------------------------------------- */

static DXGKDDI_QUERYADAPTERINFO *real_query;

static NTSTATUS query_without_second(HANDLE adapter, const DXGKARG_QUERYADAPTERINFO *args)
{
    NTSTATUS status = real_query(adapter, args);
    DXGK_USERMODESUBMISSION_CAPS *caps = args->pOutputData;

    if (NT_SUCCESS(status) && args->Type == DXGKQAITYPE_USERMODESUBMISSION_CAPS) {
        caps->Flags.Value = 0;
        caps->SecondaryDoorbellSizeInBytes = 0;
    }
    return status;
}

static void hide_second(DRIVER_INITIALIZATION_DATA *table)
{
    real_query = table->DxgkDdiQueryAdapterInfo;
    table->DxgkDdiQueryAdapterInfo = query_without_second;
}

static int not_supported(int argc, char **argv)
{
    size_t from;

    (void)argc, (void)argv;
    rig_open(&rig, ENTRIES);
    rig_make_queue(&rig, NODE);
    rig.create.Flags.RequireSecondaryCpuVA = 1;
    from = belfry_record_count();
    REQUIRE_STATUS(rig_try_doorbell(&rig), STATUS_NOT_SUPPORTED);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, NULL), 0);
    rig.create.Flags.RequireSecondaryCpuVA = 0;
    rig_make_doorbell(&rig);
    rig_close(&rig);
    return 0;
}

static void DB_SEC_04_refused_without_the_cap(void **state)
{
    (void)state;
    belfry_hook_driver(hide_second);
    run_slots(0, not_supported);
}

/* --- The library ------------------------------------------------------------------------------ */

static int library_rings_both(int argc, char **argv)
{
    struct bell_umd_queue_desc desc = { .ring_entries = ENTRIES, .second_doorbell = true };
    struct bell_umd_commands list;
    struct bell_umd_memory memory;
    struct bell_umd_device *device;
    struct bell_umd_queue *queue;
    struct belfry_doorbell_info info;
    UINT64 fence;
    size_t from, first, second;

    (void)argc, (void)argv;
    REQUIRE_OK(bell_umd_open((LUID){0}, &device));
    REQUIRE_OK(bell_umd_alloc(device, 4096, &memory));
    REQUIRE_OK(bell_umd_queue_create(device, &desc, &queue));
    for (unsigned i = 0; i < 2; i++) {
        from = belfry_record_count();
        REQUIRE_OK(bell_umd_commands_begin(&list, &memory, i * 128, 128));
        REQUIRE_OK(bell_umd_submit(queue, &list, &fence));
        REQUIRE_OK(bell_umd_wait(queue, fence));
    }
    REQUIRE(belfry_doorbell(bell_umd_queue_doorbell(queue), &info));
    second = rig_expect(from, BELFRY_STORE, "doorbell");
    first = rig_expect(second + 1, BELFRY_STORE, "doorbell");
    REQUIRE_EQ(rig_count(from, BELFRY_STORE, "doorbell"), 2);
    REQUIRE_EQ(belfry_record_at(first)->value2, belfry_record_at(second)->value2);
    REQUIRE_EQ(rig_count(from, BELFRY_RING, NULL), 2);
    REQUIRE_EQ(queue->stats.rings, 6); /* Two on the dummy, then two after each of two. */
    bell_umd_queue_destroy(queue);
    bell_umd_free(device, &memory);
    bell_umd_close(device);
    return 0;
}

static void A_58_library_rings_the_secondary_first(void **state)
{
    (void)state;
    run_slots(0, library_rings_both);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, unhook)
#define ON_SLOTS(name) cmocka_unit_test_setup_teardown(name, rig_on_slots, unhook)
    const struct CMUnitTest tests[] = {
        TEST(DB_SEC_01_flag_is_set_in_every_connect),
        TEST(DB_SEC_02_without_the_flag_the_field_is_ignored),
        TEST(DB_SEC_02_bad_second_address_fails_the_connect),
        ON_SLOTS(DB_SEC_03_both_rotate_together),
        TEST(DB_SEC_03_both_are_freed_together),
        TEST(DB_SEC_04_refused_without_the_cap),
        TEST(A_58_library_rings_the_secondary_first),
    };

    return cmocka_run_group_tests_name("secondary", tests, NULL, NULL);
}
