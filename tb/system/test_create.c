// SPDX-License-Identifier: MIT
/*
 * D3DKMTCreateDoorbell (DB-CRE-02 .. -04, -08, -09): a success takes nothing from the hardware;
 * what user mode and the driver get to see. Failures are in test_create_failures.c, checks of the
 * handles in test_create_handles.c.
 */
#include "rig.h"

#include "d3dkmddi.h"

enum { ENTRIES = 16, NODE = 0, WAIT = 200000, SLOTS = 2, PRIVATE_MAX = 16 };
#define RETRY D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY
#define CONNECTED D3DDDI_DOORBELLSTATUS_CONNECTED

static struct rig a, b;

/* --- A driver entry point that looks at what it is given, and may answer otherwise ------------ */

static DXGKDDI_CREATEDOORBELL *real_create;
static struct {
    bool invert;        /* Answer with the private data inverted. */
    HANDLE in, out;     /* Handles of the last call. */
    UINT size;
    unsigned char data[PRIVATE_MAX]; /* Private data as the driver got it. */
} planted;

static NTSTATUS planted_create(DXGKARG_CREATEDOORBELL *args)
{
    NTSTATUS status;

    planted.in = args->hDoorbell;
    planted.size = args->PrivateDriverDataSize;
    if (planted.size <= PRIVATE_MAX && args->PrivateDriverData != NULL)
        memcpy(planted.data, args->PrivateDriverData, planted.size);
    status = real_create(args);
    planted.out = args->hDoorbell;
    for (UINT i = 0; planted.invert && i < planted.size; i++)
        ((unsigned char *)args->PrivateDriverData)[i] = (unsigned char)~planted.data[i];
    return status;
}

static void plant(DRIVER_INITIALIZATION_DATA *table)
{
    real_create = table->DxgkDdiCreateDoorbell;
    table->DxgkDdiCreateDoorbell = planted_create;
}

static int unplant(void **state)
{
    (void)rig_anywhere(state);
    belfry_hook_driver(NULL);
    memset(&planted, 0, sizeof(planted));
    return 0;
}

static void run(struct belfry_config config, int (*body)(int argc, char **argv))
{
    memset(&planted, 0, sizeof(planted));
    belfry_hook_driver(plant);
    rig_run(&config, body);
}

static struct belfry_config few_slots(void)
{
    struct belfry_config config = rig_config();

    config.slots = SLOTS;
    return config;
}

/* --- DB-CRE-02: no slot is taken -------------------------------------------------------------- */

enum { MANY = 8 };

static void read_slots(uint64_t owners[SLOTS])
{
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        owners[slot] = rig_slot_owner(slot);
}

static int create_more_than_slots(int argc, char **argv)
{
    static struct rig many[MANY];
    uint64_t before[SLOTS], after[SLOTS];
    size_t from;

    (void)argc, (void)argv;
    rig_make(&a, ENTRIES, NODE);
    rig_open_beside(&b, &a, ENTRIES);
    rig_make_queue(&b, NODE);
    rig_make_doorbell(&b);
    REQUIRE_OK(rig_connect(&a));
    for (unsigned i = 0; i < MANY; i++) {
        if (i == MANY / 2)
            REQUIRE_OK(rig_connect(&b)); /* One slot free so far, none from here on. */
        rig_open_beside(&many[i], &a, ENTRIES);
        rig_make_queue(&many[i], NODE);
        read_slots(before);
        from = belfry_record_count();
        rig_make_doorbell(&many[i]);
        REQUIRE_EQ(rig_count(from, BELFRY_MMIO_WRITE, NULL), 0); /* Nothing is programmed. */
        REQUIRE_EQ(rig_count(from, BELFRY_CB_ENTER, "DxgkCbDisconnectDoorbell"), 0);
        read_slots(after);
        REQUIRE(memcmp(before, after, sizeof(before)) == 0);
        REQUIRE_EQ(*a.status, CONNECTED);
        REQUIRE_EQ(*b.status, i < MANY / 2 ? RETRY : CONNECTED);
    }
    from = belfry_record_count(); /* Each of them gets one when it asks. */
    REQUIRE_OK(rig_connect(&many[MANY - 1]));
    REQUIRE(rig_count(from, BELFRY_MMIO_WRITE, NULL) > 0);
    REQUIRE_EQ(rig_count(from, BELFRY_CB_ENTER, "DxgkCbDisconnectDoorbell"), 1);
    for (unsigned i = 0; i < MANY; i++)
        rig_close_beside(&many[i]);
    rig_close_beside(&b);
    rig_close(&a);
    return 0;
}

static void DB_CRE_02_create_takes_no_slot(void **state)
{
    (void)state;
    run(few_slots(), create_more_than_slots);
}

/* --- DB-CRE-03: disconnected at first --------------------------------------------------------- */

static int starts_disconnected(int argc, char **argv)
{
    struct belfry_doorbell_info info;
    struct belfry_ledger ledger;
    size_t from, left, wrote, mapped;

    (void)argc, (void)argv;
    rig_open(&a, ENTRIES);
    rig_make_queue(&a, NODE);
    from = belfry_record_count();
    rig_make_doorbell(&a);
    left = rig_expect(from, BELFRY_KMT_EXIT, "D3DKMTCreateDoorbell");
    wrote = rig_expect(from, BELFRY_STATUS, NULL);
    mapped = rig_expect(from, BELFRY_MAP, NULL);
    REQUIRE(wrote < left && mapped < left);
    REQUIRE_EQ(belfry_record_at(wrote)->value, RETRY);
    REQUIRE_EQ(belfry_record_at(mapped)->value, BELFRY_MAPPED_DUMMY);
    REQUIRE_EQ(*a.status, 2); /* All 64 bits. */
    REQUIRE(belfry_doorbell(a.doorbell, &info));
    REQUIRE_EQ(info.mapping, BELFRY_MAPPED_DUMMY);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiConnectDoorbell"), 0);

    rig_append(&a, 0, 5);
    for (int i = 0; i < 8; i++)
        rig_ring(&a);
    rig_settle(WAIT / 100);
    REQUIRE_EQ(rig_count(from, BELFRY_RING, NULL), 0);
    REQUIRE_EQ(rig_count(from, BELFRY_SAMPLE, NULL), 0);
    belfry_ledger(&ledger);
    REQUIRE_EQ(ledger.accepted, 0);
    REQUIRE_EQ(*a.progress, 0);
    REQUIRE_OK(rig_connect(&a)); /* The same store, connected, is a ring. */
    rig_ring(&a);
    rig_wait(&a, 1, WAIT);
    REQUIRE_EQ(rig_count(from, BELFRY_RING, NULL), 1);
    rig_close(&a);
    return 0;
}

static void DB_CRE_03_a_new_doorbell_is_disconnected(void **state)
{
    (void)state;
    run(few_slots(), starts_disconnected);
}

/* --- DB-CRE-04: outputs ----------------------------------------------------------------------- */

static void *const untouched = (void *)(uintptr_t)0x5A5A5A5A;

static void poison_outputs(void)
{
    a.create.DoorbellCPUVirtualAddress = untouched;
    a.create.DoorbellSecondaryCPUVirtualAddress = untouched;
    a.create.DoorbellStatusCPUVirtualAddress = untouched;
    a.create.HwQueueProgressFenceLastQueuedValueCPUVirtualAddress = untouched;
    a.create.hDoorbell = 0x5A5A5A5A;
}

static bool is_address(const void *given)
{
    return given != NULL && given != untouched;
}

static int fills_outputs(int argc, char **argv)
{
    const D3DKMT_CREATE_DOORBELL *out = &a.create;
    struct belfry_doorbell_info info;
    size_t from;

    (void)argc, (void)argv;
    rig_open(&a, ENTRIES);
    rig_make_queue(&a, NODE);
    poison_outputs();
    a.create.Flags.Reserved = 1;
    from = belfry_record_count();
    REQUIRE_STATUS(D3DKMTCreateDoorbell(&a.create), STATUS_INVALID_PARAMETER);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, NULL), 0);
    REQUIRE_EQ(out->hDoorbell, 0x5A5A5A5A); /* A failure changes nothing. */
    REQUIRE(out->DoorbellCPUVirtualAddress == untouched);

    a.create.Flags.Reserved = 0; /* The secondary doorbell: see test_secondary.c. */
    rig_make_doorbell(&a);
    REQUIRE(is_address(out->DoorbellCPUVirtualAddress));
    REQUIRE(is_address(out->DoorbellStatusCPUVirtualAddress));
    REQUIRE(is_address(out->HwQueueProgressFenceLastQueuedValueCPUVirtualAddress));
    REQUIRE(out->DoorbellSecondaryCPUVirtualAddress == NULL);
    REQUIRE(out->hDoorbell != 0 && out->hDoorbell != 0x5A5A5A5A);
    REQUIRE(belfry_doorbell(out->hDoorbell, &info));
    REQUIRE(info.user_va == out->DoorbellCPUVirtualAddress);
    REQUIRE_EQ(info.hw_queue_handle, a.queue);
    *a.last_queued = 3; /* Three places, and user mode may write this one. */
    REQUIRE_EQ(*a.last_queued, 3);
    *a.last_queued = 0;
    REQUIRE_EQ(*a.status, RETRY);
    rig_close(&a);
    return 0;
}

static void DB_CRE_04_outputs_are_filled_in(void **state)
{
    (void)state;
    run(few_slots(), fills_outputs);
}

/* --- DB-CRE-08: private data ------------------------------------------------------------------ */

enum { GUARD = 0x77, BUFFER = PRIVATE_MAX + 8 };

static void round_trip(UINT size)
{
    unsigned char data[BUFFER];

    for (unsigned i = 0; i < BUFFER; i++)
        data[i] = i < size ? (unsigned char)(0x10 + i * 7) : GUARD;
    a.create.PrivateDriverData = data;
    a.create.PrivateDriverDataSize = size;
    rig_make_doorbell(&a);
    REQUIRE_EQ(planted.size, size);
    for (unsigned i = 0; i < BUFFER; i++) {
        unsigned char sent = (unsigned char)(0x10 + i * 7);

        if (i < size)
            REQUIRE_EQ(planted.data[i], sent);
        REQUIRE_EQ(data[i], i < size ? (unsigned char)~sent : GUARD);
    }
    REQUIRE_OK(rig_destroy_doorbell(&a));
}

static void refuse_private(void *data, UINT size)
{
    unsigned doorbells = belfry_live_objects("doorbell");
    size_t from = belfry_record_count();

    a.create.PrivateDriverData = data;
    a.create.PrivateDriverDataSize = size;
    REQUIRE_STATUS(D3DKMTCreateDoorbell(&a.create), STATUS_INVALID_PARAMETER);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, NULL), 0);
    REQUIRE_EQ(belfry_live_objects("doorbell"), doorbells);
}

static int private_data(int argc, char **argv)
{
    unsigned char big[64] = { 0 };

    (void)argc, (void)argv;
    rig_open(&a, ENTRIES);
    rig_make_queue(&a, NODE);
    refuse_private(big, 17);
    refuse_private(big, sizeof(big));
    refuse_private(big, UINT32_MAX);
    refuse_private(NULL, 1);
    refuse_private(NULL, PRIVATE_MAX);
    refuse_private(NULL, 17);
    refuse_private((void *)(uintptr_t)0x10, PRIVATE_MAX); /* Unreadable. */
    planted.invert = true;
    for (UINT size = 0; size <= PRIVATE_MAX; size++)
        round_trip(size);
    a.create.PrivateDriverData = NULL; /* None at all. */
    a.create.PrivateDriverDataSize = 0;
    rig_make_doorbell(&a);
    REQUIRE_EQ(planted.size, 0);
    rig_close(&a);
    return 0;
}

static void DB_CRE_08_private_data_makes_a_round_trip(void **state)
{
    (void)state;
    run(few_slots(), private_data);
}

/* --- DB-CRE-09: whose handle where ------------------------------------------------------------ */

/* First word of the arguments of the next such driver call: the handle it is about. */
static uint64_t handle_in(size_t from, const char *ddi)
{
    return belfry_record_at(rig_expect(from, BELFRY_DDI_ENTER, ddi))->args[0];
}

static HANDLE os_queue_handle(size_t from)
{
    return (HANDLE)(uintptr_t)handle_in(from, "DxgkDdiCreateHwQueue");
}

static void require_callback(size_t from, HANDLE queue, uint64_t doorbell)
{
    size_t at = rig_expect(from, BELFRY_CB_EXIT, "DxgkCbDisconnectDoorbell");
    DXGKARGCB_DISCONNECTDOORBELL args;

    memcpy(&args, belfry_record_at(at)->args, sizeof(args));
    REQUIRE(args.hHwQueue == queue);
    REQUIRE_EQ((uintptr_t)args.hDoorbell, doorbell);
    REQUIRE_EQ(belfry_record_at(at)->status, STATUS_SUCCESS);
}

static int handles_both_ways(int argc, char **argv)
{
    struct belfry_doorbell_info info;
    HANDLE queue;
    size_t from;

    (void)argc, (void)argv;
    rig_open(&a, ENTRIES);
    from = belfry_record_count();
    rig_make_queue(&a, NODE);
    queue = os_queue_handle(from);
    rig_make_doorbell(&a);
    REQUIRE(belfry_doorbell(a.doorbell, &info));
    REQUIRE_EQ((uintptr_t)planted.in, info.os_handle);
    REQUIRE_EQ((uintptr_t)planted.out, info.kmd_handle);
    REQUIRE(planted.in != planted.out && planted.in != NULL);

    from = belfry_record_count();
    REQUIRE_OK(rig_connect(&a));
    REQUIRE_EQ(handle_in(from, "DxgkDdiConnectDoorbell"), info.kmd_handle);
    REQUIRE_OK((NTSTATUS)belfry_os_disconnect(a.doorbell));
    REQUIRE_EQ(handle_in(from, "DxgkDdiDisconnectDoorbell"), info.kmd_handle);
    REQUIRE_OK(rig_connect(&a));

    rig_open_beside(&b, &a, ENTRIES); /* The driver evicts a: one slot. */
    rig_make_queue(&b, NODE);
    rig_make_doorbell(&b);
    from = belfry_record_count();
    REQUIRE_OK(rig_connect(&b));
    require_callback(from, queue, info.os_handle);
    REQUIRE_EQ(*a.status, RETRY);

    from = belfry_record_count();
    REQUIRE_OK(rig_destroy_doorbell(&a));
    REQUIRE_EQ(handle_in(from, "DxgkDdiDestroyDoorbell"), info.kmd_handle);
    rig_close_beside(&b);
    rig_close(&a);
    return 0;
}

static void DB_CRE_09_driver_s_handle_in_and_os_handle_back(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    config.slots = 1;
    run(config, handles_both_ways);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, unplant)
#define ON_SLOTS(name) cmocka_unit_test_setup_teardown(name, rig_on_slots, unplant)
    const struct CMUnitTest tests[] = {
        ON_SLOTS(DB_CRE_02_create_takes_no_slot),
        TEST(DB_CRE_03_a_new_doorbell_is_disconnected),
        TEST(DB_CRE_04_outputs_are_filled_in),
        ON_SLOTS(DB_CRE_08_private_data_makes_a_round_trip),
        ON_SLOTS(DB_CRE_09_driver_s_handle_in_and_os_handle_back),
    };

    return cmocka_run_group_tests_name("create", tests, NULL, NULL);
}
