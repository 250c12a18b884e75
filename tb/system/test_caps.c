// SPDX-License-Identifier: MIT
/*
 * Discovery (DB-CAP-01 .. -05): what the driver says of its nodes and doorbells, what the OS makes
 * of it. The driver's own entry points are kept at registration and asked directly where the OS
 * never would.
 */
#include "rig.h"

#include "d3dkmddi.h"

enum { ENTRIES = 16, UM_NODE = 0, KERNEL_NODE = 2, WAIT = 200000, UM_FLAG_BIT = 3 };

/* As rtl is built: compute and copy take user-mode submission, the last node does not. */
static const bool takes_um[] = { true, true, false };
enum { NODES = sizeof(takes_um) / sizeof(takes_um[0]) };

static struct rig rig;

/* --- The driver's own answers ----------------------------------------------------------------- */

static DXGKDDI_GETNODEMETADATA *real_metadata;
static DXGKDDI_QUERYADAPTERINFO *real_query;
static HANDLE adapter;
static uint32_t hide_um_node;   /* Bit n: node n is reported without the flag. */
static UINT doorbell_bytes;     /* Reported instead of the driver's own; 0 = as it is. */

static NTSTATUS seen_metadata(HANDLE hAdapter, UINT node, DXGKARG_GETNODEMETADATA *args)
{
    NTSTATUS status = real_metadata(hAdapter, node, args);

    adapter = hAdapter;
    if (NT_SUCCESS(status) && (hide_um_node >> node & 1))
        args->Flags.UserModeSubmission = 0;
    return status;
}

static NTSTATUS seen_query(HANDLE hAdapter, const DXGKARG_QUERYADAPTERINFO *args)
{
    NTSTATUS status = real_query(hAdapter, args);

    if (NT_SUCCESS(status) && args->Type == DXGKQAITYPE_USERMODESUBMISSION_CAPS &&
        doorbell_bytes != 0)
        ((DXGK_USERMODESUBMISSION_CAPS *)args->pOutputData)->DoorbellSizeInBytes = doorbell_bytes;
    return status;
}

static void watch(DRIVER_INITIALIZATION_DATA *table)
{
    real_metadata = table->DxgkDdiGetNodeMetadata;
    real_query = table->DxgkDdiQueryAdapterInfo;
    table->DxgkDdiGetNodeMetadata = seen_metadata;
    table->DxgkDdiQueryAdapterInfo = seen_query;
}

static void run(int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    belfry_hook_driver(watch);
    rig_run(&config, body);
}

static int unhook(void **state)
{
    (void)state;
    belfry_hook_driver(NULL);
    hide_um_node = 0;
    doorbell_bytes = 0;
    return 0;
}

static uint32_t hardware_nodes(void)
{
    return (uint32_t)BELL_FIELD_GET(belfry_register(BELL_CAPS_OFFSET), BELL_CAPS_NODES);
}

static void require_passive(const char *ddi)
{
    size_t at = rig_expect(0, BELFRY_DDI_ENTER, ddi);

    for (; at != (size_t)-1; at = belfry_record_find(at + 1, BELFRY_DDI_ENTER, ddi))
        REQUIRE_EQ(belfry_record_at(at)->irql, PASSIVE_LEVEL);
}

/* --- DB-CAP-01 -------------------------------------------------------------------------------- */

static bool flag_in(const DXGK_NODEMETADATA *data)
{
    return (data->Flags.Value >> UM_FLAG_BIT & 1) != 0;
}

/* What user mode is told through the OS. */
static bool flag_told(uint32_t node)
{
    D3DKMT_NODEMETADATA data = { .NodeOrdinalAndAdapterIndex = node };
    D3DKMT_QUERYADAPTERINFO query = {
        .hAdapter = rig.device->adapter,
        .Type = KMTQAITYPE_NODEMETADATA,
        .pPrivateDriverData = &data,
        .PrivateDriverDataSize = sizeof(data),
    };

    REQUIRE_OK(D3DKMTQueryAdapterInfo(&query));
    return flag_in(&data.NodeData);
}

static int ask_every_node(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_open(&rig, ENTRIES);
    REQUIRE_EQ(hardware_nodes(), NODES);
    REQUIRE_EQ(rig_count(0, BELFRY_DDI_ENTER, "DxgkDdiGetNodeMetadata"),
               NODES + 1); /* One that does not exist (DB-CAP-02). */
    for (uint32_t node = 0; node < NODES; node++) {
        DXGKARG_GETNODEMETADATA data;

        memset(&data, 0xA5, sizeof(data)); /* A flag that is merely not written shows. */
        REQUIRE_STATUS(real_metadata(adapter, node, &data), STATUS_SUCCESS);
        REQUIRE_EQ(flag_in(&data), takes_um[node]);
        REQUIRE_EQ(flag_told(node), takes_um[node]);
        REQUIRE_EQ(bell_umd_caps(rig.device)->um_node_mask >> node & 1, takes_um[node]);
    }
    rig_close(&rig);
    return 0;
}

static void DB_CAP_01_flag_on_the_nodes_that_take_user_mode_work(void **state)
{
    (void)state;
    run(ask_every_node);
}

/* --- DB-CAP-02 -------------------------------------------------------------------------------- */

static void refused_untouched(HANDLE handle, UINT node)
{
    DXGKARG_GETNODEMETADATA data, before;

    memset(&data, 0x5A, sizeof(data));
    before = data;
    REQUIRE_STATUS(real_metadata(handle, node, &data), STATUS_INVALID_PARAMETER);
    REQUIRE(memcmp(&data, &before, sizeof(data)) == 0);
}

static int ask_wrongly(int argc, char **argv)
{
    static unsigned char stranger[2 * PAGE_SIZE]; /* Larger than any object of the driver. */
    struct belfry_doorbell_info info;
    UINT count = hardware_nodes();
    UINT bad[] = { count, count + 1, 31, 32, 0xFFFF, 0x10000, 0x10001, 0x80000000u, UINT32_MAX };

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, UM_NODE);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        refused_untouched(adapter, bad[i]);
    REQUIRE(belfry_doorbell(rig.doorbell, &info));
    memset(stranger, 0x11, sizeof(stranger));
    for (UINT node = 0; node < count; node++) {
        refused_untouched(NULL, node);
        refused_untouched((HANDLE)stranger, node);
        refused_untouched((HANDLE)(uintptr_t)info.kmd_handle, node); /* A handle of another kind. */
        REQUIRE_STATUS(real_metadata(adapter, node, NULL), STATUS_INVALID_PARAMETER);
    }
    require_passive("DxgkDdiGetNodeMetadata");
    rig_close(&rig);
    return 0;
}

static void DB_CAP_02_bad_metadata_queries_are_refused(void **state)
{
    (void)state;
    run(ask_wrongly);
}

/* --- DB-CAP-03 -------------------------------------------------------------------------------- */

/* The OS refuses both steps on its own: no driver call for either. */
static void require_no_um_queue(uint32_t node)
{
    D3DKMT_HANDLE context = rig_make_context(&rig, node);
    size_t from = belfry_record_count();
    unsigned queues = belfry_live_objects("hwqueue"), fences = belfry_live_objects("fence");
    D3DKMT_CREATEHWQUEUE queue;

    REQUIRE_STATUS(rig_try_queue(context, true, &queue), STATUS_INVALID_PARAMETER);
    REQUIRE_EQ(queue.hHwQueue, 0);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, NULL), 0);
    REQUIRE_EQ(belfry_live_objects("hwqueue"), queues);
    REQUIRE_EQ(belfry_live_objects("fence"), fences);

    REQUIRE_OK(rig_try_queue(context, false, &queue)); /* A kernel-mode queue is welcome there. */
    from = belfry_record_count();
    rig.create.hHwQueue = queue.hHwQueue;
    REQUIRE_STATUS(rig_try_doorbell(&rig), STATUS_INVALID_PARAMETER);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, NULL), 0);
    rig_destroy_queue(queue.hHwQueue);
    rig_destroy_context(context);
}

static void require_um_queue(uint32_t node)
{
    D3DKMT_HANDLE context = rig_make_context(&rig, node);
    size_t from = belfry_record_count();
    D3DKMT_CREATEHWQUEUE queue;

    REQUIRE_OK(rig_try_queue(context, true, &queue));
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiCreateHwQueue"), 1);
    rig_destroy_queue(queue.hHwQueue);
    rig_destroy_context(context);
}

static int um_queues_where_flagged(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_open(&rig, ENTRIES);
    rig.create.hRingBuffer = rig.ring.allocation;
    rig.create.hRingBufferControl = rig.control.allocation;
    for (uint32_t node = 0; node < NODES; node++) {
        if (takes_um[node] && !(hide_um_node >> node & 1))
            require_um_queue(node);
        else
            require_no_um_queue(node);
    }
    rig_close(&rig);
    return 0;
}

static void DB_CAP_03_um_queues_only_on_flagged_nodes(void **state)
{
    (void)state;
    run(um_queues_where_flagged);
}

/* The driver would make the queue: the flag it gave at discovery alone makes the OS refuse. */
static void DB_CAP_03_the_flag_decides_not_the_driver(void **state)
{
    (void)state;
    hide_um_node = 1u << UM_NODE;
    run(um_queues_where_flagged);
}

/* --- DB-CAP-04 -------------------------------------------------------------------------------- */

#define CANARY 0xC3

static int read_caps(int argc, char **argv)
{
    unsigned char answer[sizeof(DXGK_USERMODESUBMISSION_CAPS) + 8];
    DXGK_USERMODESUBMISSION_CAPS caps;
    DXGKARG_QUERYADAPTERINFO query = {
        .Type = DXGKQAITYPE_USERMODESUBMISSION_CAPS,
        .pOutputData = answer,
        .OutputDataSize = sizeof(caps),
    };

    (void)argc, (void)argv;
    REQUIRE_EQ(sizeof(caps), 28);
    REQUIRE_EQ(query.Type, 38);
    memset(answer, CANARY, sizeof(answer));
    REQUIRE_STATUS(real_query(adapter, &query), STATUS_SUCCESS);
    memcpy(&caps, answer, sizeof(caps));
    REQUIRE_EQ(caps.DoorbellSizeInBytes,
               BELL_FIELD_GET(belfry_register(BELL_CAPS_OFFSET), BELL_CAPS_DOORBELL_BYTES));
    REQUIRE_EQ(caps.Flags.Value,
               BELL_FIELD_GET(belfry_register(BELL_CAPS_OFFSET), BELL_CAPS_SECONDARY));
    REQUIRE_EQ(caps.Flags.SecondaryDoorbellSupported, 1);
    REQUIRE_EQ(caps.SecondaryDoorbellSizeInBytes, caps.DoorbellSizeInBytes);
    for (size_t i = 0; i < sizeof(caps.Reserved); i++)
        REQUIRE_EQ(caps.Reserved[i], 0);
    for (size_t i = sizeof(caps); i < sizeof(answer); i++)
        REQUIRE_EQ(answer[i], CANARY);
    require_passive("DxgkDdiQueryAdapterInfo");
    return 0;
}

static void DB_CAP_04_caps_are_the_hardware_s(void **state)
{
    (void)state;
    run(read_caps);
}

/* --- DB-CAP-05 -------------------------------------------------------------------------------- */

/* Record of the first successful caps query. */
static size_t caps_query(void)
{
    size_t at = rig_expect(0, BELFRY_DDI_EXIT, "DxgkDdiQueryAdapterInfo");

    while (at != (size_t)-1) {
        const struct belfry_record *record = belfry_record_at(at);

        if ((uint32_t)record->args[0] == DXGKQAITYPE_USERMODESUBMISSION_CAPS &&
            record->status == STATUS_SUCCESS)
            return at;
        at = belfry_record_find(at + 1, BELFRY_DDI_EXIT, "DxgkDdiQueryAdapterInfo");
    }
    belfry_fail("the OS never asked for the user-mode submission caps");
    return 0;
}

static void require_mapping(enum belfry_mapping mapping)
{
    struct belfry_doorbell_info info;

    REQUIRE(belfry_doorbell(rig.doorbell, &info));
    REQUIRE_EQ(info.mapping, mapping);
    REQUIRE_EQ(info.dummy_bytes, BELL_DOORBELL_BYTES); /* Any legal size rounds up to one page. */
    REQUIRE(info.user_va == (const void *)(uintptr_t)rig.page);
    REQUIRE_EQ((uintptr_t)info.user_va % PAGE_SIZE, 0);
}

static int caps_come_first(int argc, char **argv)
{
    volatile uint64_t *last;
    struct belfry_ledger ledger;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, UM_NODE);
    REQUIRE(caps_query() < rig_expect(0, BELFRY_DDI_ENTER, "DxgkDdiCreateDoorbell"));
    require_mapping(BELFRY_MAPPED_DUMMY);
    last = rig.page + PAGE_SIZE / sizeof(*last) - 1;
    *last = 1; /* The dummy page reaches to its end .. */
    REQUIRE_OK(rig_connect(&rig));
    require_mapping(BELFRY_MAPPED_SLOT);
    belfry_ledger(&ledger);
    REQUIRE_EQ(ledger.accepted, 0);
    *last = 1; /* .. and so does the slot's, where the device turns this store down. */
    rig_append(&rig, 0, 7);
    rig_ring(&rig);
    rig_wait(&rig, 1, WAIT);
    rig_settle(WAIT / 100);
    belfry_ledger(&ledger);
    REQUIRE_EQ(ledger.accepted, 2);
    REQUIRE_EQ(ledger.rejected, 1);
    REQUIRE_EQ(rig.data.cpu[0], 7);
    rig_close(&rig);
    return 0;
}

static void with_size(UINT bytes)
{
    doorbell_bytes = bytes;
    run(caps_come_first);
}

static void DB_CAP_05_caps_before_the_first_doorbell(void **state)
{
    (void)state;
    with_size(0);
}

static void DB_CAP_05_small_sizes_round_up_to_a_page(void **state)
{
    (void)state;
    with_size(4);
    with_size(64);
    with_size(4096);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, unhook)
    const struct CMUnitTest tests[] = {
        TEST(DB_CAP_01_flag_on_the_nodes_that_take_user_mode_work),
        TEST(DB_CAP_02_bad_metadata_queries_are_refused),
        TEST(DB_CAP_03_um_queues_only_on_flagged_nodes),
        TEST(DB_CAP_03_the_flag_decides_not_the_driver),
        TEST(DB_CAP_04_caps_are_the_hardware_s),
        TEST(DB_CAP_05_caps_before_the_first_doorbell),
        TEST(DB_CAP_05_small_sizes_round_up_to_a_page),
    };

    return cmocka_run_group_tests_name("caps", tests, NULL, NULL);
}
