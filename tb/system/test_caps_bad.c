// SPDX-License-Identifier: MIT
/* Caps that make no sense, queries that make no sense, and the feature switch (DB-CAP-06 .. -08). */
#include "rig.h"

#include "d3dkmddi.h"

enum { ENTRIES = 16, NODES = 3, CANARY = 0xC3 };

static struct rig rig;
static DXGKDDI_QUERYADAPTERINFO *real_query;
static DXGKDDI_GETNODEMETADATA *real_metadata;
static HANDLE adapter;
static DXGK_USERMODESUBMISSION_CAPS planted; /* Given to the OS in place of the driver's. */
static bool plant, plant_flag; /* The flag: user-mode submission on every node. */

static NTSTATUS planted_query(HANDLE hAdapter, const DXGKARG_QUERYADAPTERINFO *args)
{
    adapter = hAdapter;
    if (args->Type != DXGKQAITYPE_USERMODESUBMISSION_CAPS || !plant)
        return real_query(hAdapter, args);
    memcpy(args->pOutputData, &planted, sizeof(planted));
    return STATUS_SUCCESS;
}

static NTSTATUS planted_metadata(HANDLE hAdapter, UINT node, DXGKARG_GETNODEMETADATA *args)
{
    NTSTATUS status = real_metadata(hAdapter, node, args);

    if (NT_SUCCESS(status) && plant_flag)
        args->Flags.UserModeSubmission = 1;
    return status;
}

static void hook(DRIVER_INITIALIZATION_DATA *table)
{
    real_query = table->DxgkDdiQueryAdapterInfo;
    table->DxgkDdiQueryAdapterInfo = planted_query;
    real_metadata = table->DxgkDdiGetNodeMetadata;
    table->DxgkDdiGetNodeMetadata = planted_metadata;
}

static int unhook(void **state)
{
    (void)state;
    belfry_hook_driver(NULL);
    plant = plant_flag = false;
    return 0;
}

static void run(bool ums_disabled, int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    config.ums_disabled = ums_disabled;
    belfry_hook_driver(hook);
    rig_run(&config, body);
}

/* --- DB-CAP-06, A-41 -------------------------------------------------------------------------- */

static void require_um(NTSTATUS wanted)
{
    D3DKMT_HANDLE context = rig_make_context(&rig, 0);
    D3DKMT_CREATEHWQUEUE queue;
    size_t from = belfry_record_count();

    REQUIRE_STATUS(rig_try_queue(context, true, &queue), wanted);
    if (NT_SUCCESS(wanted))
        rig_destroy_queue(queue.hHwQueue);
    else
        REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, NULL), 0);
    REQUIRE_OK(rig_try_queue(context, false, &queue)); /* Kernel mode works in any case. */
    rig_destroy_queue(queue.hHwQueue);
    rig_destroy_context(context);
}

static int no_um_queue(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_open(&rig, ENTRIES);
    require_um(STATUS_INVALID_PARAMETER);
    rig_close(&rig);
    return 0;
}

static int um_queue(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_open(&rig, ENTRIES);
    require_um(STATUS_SUCCESS);
    rig_close(&rig);
    return 0;
}

static DXGK_USERMODESUBMISSION_CAPS caps(UINT flags, UINT size, UINT second)
{
    DXGK_USERMODESUBMISSION_CAPS made = { .DoorbellSizeInBytes = size,
                                          .SecondaryDoorbellSizeInBytes = second };

    made.Flags.Value = flags;
    return made;
}

static void with_caps(DXGK_USERMODESUBMISSION_CAPS made, bool good)
{
    planted = made;
    plant = true;
    if (!good)
        rig_breaks("DB-CAP-04 DB-CAP-06");
    run(false, good ? um_queue : no_um_queue);
}

static void DB_CAP_06_A_41_bad_sizes_turn_user_mode_submission_off(void **state)
{
    static const UINT bad[] = { 0, 1, 2, 3, 5, 12, 4095, 4097, 8192, 0x80000000u, UINT32_MAX };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        with_caps(caps(0, bad[i], 0), false);
        with_caps(caps(1, 8, bad[i]), false);
    }
}

static void DB_CAP_06_A_41_good_sizes_are_taken(void **state)
{
    (void)state;
    for (UINT size = 4; size <= 4096; size *= 4) {
        with_caps(caps(0, size, 0), true);
        with_caps(caps(1, 8, size), true);
    }
}

static void DB_CAP_06_reserved_bits_turn_it_off(void **state)
{
    DXGK_USERMODESUBMISSION_CAPS made = caps(0, 8, 0);

    (void)state;
    with_caps(caps(2, 8, 0), false);
    with_caps(caps(0x80000000u, 8, 0), false);
    with_caps(caps(3, 8, 8), false);
    for (size_t i = 0; i < sizeof(made.Reserved); i += sizeof(made.Reserved) - 1) {
        made = caps(0, 8, 0);
        made.Reserved[i] = 1;
        with_caps(made, false);
    }
}

/* --- DB-CAP-07 -------------------------------------------------------------------------------- */

static NTSTATUS ask(UINT type, void *data, UINT size)
{
    DXGKARG_QUERYADAPTERINFO query = {
        .Type = (DXGK_QUERYADAPTERINFOTYPE)type, .pOutputData = data, .OutputDataSize = size
    };

    return real_query(adapter, &query);
}

static void require_exact_size(UINT type, UINT bytes)
{
    unsigned char data[512];

    for (UINT size = 0; size < bytes; size++) {
        memset(data, CANARY, sizeof(data));
        REQUIRE_STATUS(ask(type, data, size), STATUS_INVALID_PARAMETER);
        for (size_t i = 0; i < sizeof(data); i++)
            REQUIRE_EQ(data[i], CANARY);
    }
    REQUIRE_STATUS(ask(type, NULL, bytes), STATUS_INVALID_PARAMETER);
    for (UINT size = bytes; size <= sizeof(data); size += sizeof(data) - bytes) {
        memset(data, CANARY, sizeof(data));
        REQUIRE_STATUS(ask(type, data, size), STATUS_SUCCESS);
        for (size_t i = bytes; i < sizeof(data); i++)
            REQUIRE_EQ(data[i], CANARY);
    }
}

static int odd_queries(int argc, char **argv)
{
    static const UINT unknown[] = { 0, 2, 3, 36, 39, 100, 0x7fffffff, UINT32_MAX };
    unsigned char data[512];

    (void)argc, (void)argv;
    REQUIRE(sizeof(DXGK_DRIVERCAPS) < sizeof(data));
    require_exact_size(DXGKQAITYPE_USERMODESUBMISSION_CAPS, 28);
    require_exact_size(DXGKQAITYPE_DRIVERCAPS, sizeof(DXGK_DRIVERCAPS));
    require_exact_size(DXGKQAITYPE_UMDRIVERPRIVATE, sizeof(BELL_UMD_CAPS));
    memset(data, CANARY, sizeof(data));
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        if (unknown[i] == DXGKQAITYPE_UMDRIVERPRIVATE)
            continue;
        REQUIRE_STATUS(ask(unknown[i], data, sizeof(data)), STATUS_NOT_SUPPORTED);
        REQUIRE_EQ(data[0], CANARY);
    }
    REQUIRE_STATUS(real_query(adapter, NULL), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(real_query(NULL, &(DXGKARG_QUERYADAPTERINFO){ 0 }), STATUS_INVALID_PARAMETER);
    return 0;
}

static void DB_CAP_07_short_buffers_and_unknown_types(void **state)
{
    (void)state;
    run(false, odd_queries);
}

/* --- DB-CAP-08, A-42 -------------------------------------------------------------------------- */

static int feature_off(int argc, char **argv)
{
    unsigned char data[28];

    (void)argc, (void)argv;
    rig_open(&rig, ENTRIES);
    memset(data, CANARY, sizeof(data));
    REQUIRE_STATUS(ask(DXGKQAITYPE_USERMODESUBMISSION_CAPS, data, sizeof(data)),
                   STATUS_NOT_SUPPORTED);
    REQUIRE_EQ(data[0], CANARY);
    for (UINT node = 0; node < NODES; node++) {
        D3DKMT_NODEMETADATA meta = { .NodeOrdinalAndAdapterIndex = node };
        D3DKMT_QUERYADAPTERINFO query = {
            .hAdapter = rig.device->adapter,
            .Type = KMTQAITYPE_NODEMETADATA,
            .pPrivateDriverData = &meta,
            .PrivateDriverDataSize = sizeof(meta),
        };

        REQUIRE_OK(D3DKMTQueryAdapterInfo(&query));
        REQUIRE_EQ(meta.NodeData.Flags.UserModeSubmission, 0);
    }
    REQUIRE_EQ(bell_umd_caps(rig.device)->um_node_mask, 0);
    require_um(STATUS_INVALID_PARAMETER);
    /* The driver asked before it answered. */
    REQUIRE(rig_expect(0, BELFRY_CB_ENTER, "DxgkCbIsFeatureEnabled") <
            rig_expect(0, BELFRY_DDI_ENTER, "DxgkDdiGetNodeMetadata"));
    rig_close(&rig);
    return 0;
}

static void DB_CAP_08_A_42_feature_off_takes_flag_and_caps_away(void **state)
{
    (void)state;
    run(true, feature_off);
}

/* A driver that advertises all the same gets nothing for it. */
static void DB_CAP_08_advertised_against_the_switch(void **state)
{
    (void)state;
    planted = caps(0, 8, 0);
    plant = plant_flag = true;
    rig_breaks("DB-CAP-08");
    run(true, no_um_queue);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, unhook)
    const struct CMUnitTest tests[] = {
        TEST(DB_CAP_06_A_41_bad_sizes_turn_user_mode_submission_off),
        TEST(DB_CAP_06_A_41_good_sizes_are_taken),
        TEST(DB_CAP_06_reserved_bits_turn_it_off),
        TEST(DB_CAP_07_short_buffers_and_unknown_types),
        TEST(DB_CAP_08_A_42_feature_off_takes_flag_and_caps_away),
        TEST(DB_CAP_08_advertised_against_the_switch),
    };

    return cmocka_run_group_tests_name("caps-bad", tests, NULL, NULL);
}
