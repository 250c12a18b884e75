// SPDX-License-Identifier: MIT
/*
 * The status word (DB-STA-01 .. -04). A user store to the status page is in test_bad_access.c.
 */
#include "rig.h"

#include "d3dkmddi.h"

enum { ENTRIES = 64, NODE = 0, OTHER_NODE = 1, WAIT = 400000, SETTLE = 3000 };

static struct rig rig, other;

static void run(uint32_t slots, bool trap_loads, int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    config.slots = slots;
    config.trap_loads = trap_loads;
    rig_run(&config, body);
}

static struct belfry_doorbell_info info_of(const struct rig *of)
{
    struct belfry_doorbell_info info;

    REQUIRE(belfry_doorbell(of->doorbell, &info));
    return info;
}

/* --- A driver that connects with another status, or gives a doorbell up ----------------------- */

static DXGKRNL_INTERFACE callbacks;
static DXGKDDI_START_DEVICE *real_start;
static DXGKDDI_CONNECTDOORBELL *real_connect;
static DXGKDDI_NOTIFYWORKSUBMISSION *real_notify;
static D3DDDI_DOORBELLSTATUS connect_status;
static DXGKARGCB_DISCONNECTDOORBELL at_notify; /* hDoorbell NULL: nothing. */

static NTSTATUS start_and_remember(PVOID context, DXGK_START_INFO *info, DXGKRNL_INTERFACE *table,
                                   ULONG *sources, ULONG *children)
{
    callbacks = *table;
    return real_start(context, info, table, sources, children);
}

static NTSTATUS connect_as_told(DXGKARG_CONNECTDOORBELL *args)
{
    NTSTATUS status = real_connect(args);

    if (NT_SUCCESS(status))
        args->Status = connect_status;
    return status;
}

static NTSTATUS notify_with_callback(const DXGKARG_NOTIFYWORKSUBMISSION *args)
{
    if (at_notify.hDoorbell != NULL)
        (void)callbacks.DxgkCbDisconnectDoorbell(&at_notify);
    return real_notify(args);
}

static void plant(DRIVER_INITIALIZATION_DATA *table)
{
    real_start = table->DxgkDdiStartDevice;
    real_connect = table->DxgkDdiConnectDoorbell;
    real_notify = table->DxgkDdiNotifyWorkSubmission;
    table->DxgkDdiStartDevice = start_and_remember;
    table->DxgkDdiConnectDoorbell = connect_as_told;
    table->DxgkDdiNotifyWorkSubmission = notify_with_callback;
}

static int setup(void **state)
{
    (void)state;
    connect_status = D3DDDI_DOORBELLSTATUS_CONNECTED;
    at_notify.hDoorbell = NULL;
    belfry_hook_driver(plant);
    return 0;
}

static int unhook(void **state)
{
    (void)state;
    belfry_hook_driver(NULL);
    return 0;
}

/* The first queue of the run is the rig's. */
static void disconnect_by_driver(D3DDDI_DOORBELLSTATUS reason)
{
    size_t at = rig_expect(0, BELFRY_DDI_ENTER, "DxgkDdiCreateHwQueue");

    at_notify = (DXGKARGCB_DISCONNECTDOORBELL){
        .hHwQueue = (HANDLE)(uintptr_t)belfry_record_at(at)->args[0],
        .hDoorbell = (HANDLE)(uintptr_t)info_of(&rig).os_handle,
        .DisconnectReason = reason,
    };
    REQUIRE_OK(D3DKMTNotifyWorkSubmission(
        &(D3DKMT_NOTIFY_WORK_SUBMISSION){ .hDoorbell = rig.doorbell }));
    at_notify.hDoorbell = NULL;
}

/* --- DB-STA-01 -------------------------------------------------------------------------------- */

_Static_assert(D3DDDI_DOORBELLSTATUS_CONNECTED == 0, "DB-STA-01");
_Static_assert(D3DDDI_DOORBELLSTATUS_CONNECTED_NOTIFY_KMD == 1, "DB-STA-01");
_Static_assert(D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY == 2, "DB-STA-01");
_Static_assert(D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT == 3, "DB-STA-01");

static int see_every_number(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    REQUIRE_EQ(*rig.status, 2);
    REQUIRE_OK(rig_connect(&rig));
    REQUIRE_EQ(*rig.status, 0);
    REQUIRE_OK((NTSTATUS)belfry_os_disconnect(rig.doorbell));
    REQUIRE_EQ(*rig.status, 2);
    connect_status = (D3DDDI_DOORBELLSTATUS)1;
    REQUIRE_OK(rig_connect(&rig));
    REQUIRE_EQ(*rig.status, 1);
    disconnect_by_driver((D3DDDI_DOORBELLSTATUS)3);
    REQUIRE_EQ(*rig.status, 3);
    rig_close(&rig);
    return 0;
}

static void DB_STA_01_numbers(void **state)
{
    (void)state;
    run(1, false, see_every_number);
}

/* --- DB-STA-02 -------------------------------------------------------------------------------- */

enum { TURNS = 60 };

static bool stop;
static unsigned seen[4];

/* With trapped loads each load is a place where others run: it really meets writes. */
static void sample_status(void *arg)
{
    (void)arg;
    while (!stop) {
        uint64_t word = *rig.status;

        if (word > D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT)
            belfry_fail("the status word reads 0x%llx", (unsigned long long)word);
        seen[word]++;
        belfry_sleep(7);
    }
}

static void require_rest_of_page_empty(void)
{
    for (size_t i = 1; i < 4096 / 8; i++)
        REQUIRE_EQ(rig.status[i], 0);
}

static int sample_all_words(int argc, char **argv)
{
    struct belfry_thread *sampler;

    (void)argc, (void)argv;
    memset(seen, 0, sizeof(seen));
    stop = false;
    rig_make(&rig, ENTRIES, NODE);
    sampler = belfry_thread_start("samples", sample_status, NULL);
    for (unsigned i = 0; i < TURNS; i++) {
        connect_status = i % 2 ? D3DDDI_DOORBELLSTATUS_CONNECTED_NOTIFY_KMD
                               : D3DDDI_DOORBELLSTATUS_CONNECTED;
        REQUIRE_OK(rig_connect(&rig));
        belfry_sleep(1 + belfry_random(50));
        REQUIRE_OK((NTSTATUS)belfry_os_disconnect(rig.doorbell));
    }
    belfry_device_lost();
    belfry_sleep(SETTLE);
    stop = true;
    belfry_thread_join(sampler);
    for (unsigned i = 0; i < 4; i++)
        REQUIRE(seen[i] > 0);
    require_rest_of_page_empty();
    rig_close(&rig);
    return 0;
}

static void DB_STA_02_whole_word_upper_half_zero(void **state)
{
    (void)state;
    run(1, true, sample_all_words);
}

static int submit_by_library(int argc, char **argv)
{
    struct bell_umd_queue_desc desc = { .node = NODE, .ring_entries = ENTRIES };
    struct bell_umd_device *device;
    struct bell_umd_memory memory;
    struct bell_umd_queue *queue;
    struct bell_umd_commands list;
    unsigned loads = 0;
    uint64_t fence;

    (void)argc, (void)argv;
    REQUIRE_OK(bell_umd_open((LUID){ 0 }, &device));
    REQUIRE_OK(bell_umd_alloc(device, 4096, &memory));
    REQUIRE_OK(bell_umd_queue_create(device, &desc, &queue));
    for (unsigned i = 0; i < TURNS; i++) {
        REQUIRE_OK(bell_umd_commands_begin(&list, &memory, 0, 128));
        REQUIRE_OK(bell_umd_submit(queue, &list, &fence));
        REQUIRE_OK(bell_umd_wait(queue, fence));
    }
    for (size_t at = belfry_record_find(0, BELFRY_LOAD, "status"); at != (size_t)-1;
         at = belfry_record_find(at + 1, BELFRY_LOAD, "status"), loads++) {
        REQUIRE_EQ(belfry_record_at(at)->value, 0);
        REQUIRE_EQ(belfry_record_at(at)->value3, 8); /* Bytes: one load for the whole word. */
    }
    REQUIRE(loads >= TURNS);
    bell_umd_queue_destroy(queue);
    bell_umd_free(device, &memory);
    bell_umd_close(device);
    return 0;
}

static void DB_STA_02_library_reads_one_word(void **state)
{
    (void)state;
    run(1, true, submit_by_library);
}

/* --- DB-STA-03 -------------------------------------------------------------------------------- */

/* Have the OS write through a user pointer; have the hardware write there. */
static int attack_status(int argc, char **argv)
{
    struct bell_umd_commands list;
    D3DKMT_CREATE_DOORBELL create;
    volatile uint64_t *entry;
    size_t from;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&rig));
    rig_open_beside(&other, &rig, ENTRIES);
    rig_make_queue(&other, OTHER_NODE);
    from = belfry_record_count();
    create = other.create;
    create.PrivateDriverData = (void *)(uintptr_t)rig.status;
    REQUIRE_STATUS(D3DKMTCreateDoorbell(&create), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(D3DKMTCreateDoorbell((D3DKMT_CREATE_DOORBELL *)(uintptr_t)rig.status),
                   STATUS_INVALID_PARAMETER);
    REQUIRE_EQ(rig_count(from, BELFRY_STATUS, NULL), 1); /* RETRY of the one that was undone. */
    REQUIRE_EQ(*rig.status, D3DDDI_DOORBELLSTATUS_CONNECTED);

    REQUIRE_OK(bell_umd_commands_begin(&list, &rig.commands, 0, 128));
    bell_umd_cmd_write64(&list, (uintptr_t)rig.status, 0xDEAD);
    entry = rig.ring.cpu;
    entry[1] = bell_umd_commands_end(&list, rig.progress_gpu, 1, false);
    entry[0] = list.gpu; /* Tag 0: the first entry. */
    rig.wptr = 1;
    rig.control.cpu[0] = 1;
    rig_ring(&rig);
    rig_settle(WAIT);
    REQUIRE_EQ(*rig.progress, 0);
    REQUIRE_EQ(belfry_dma_refused(), 1);
    REQUIRE_EQ(*rig.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT); /* By the OS, as it must. */
    require_rest_of_page_empty();
    rig_close_beside(&other);
    rig_close(&rig);
    return 0;
}

static void DB_STA_03_only_the_os_writes_it(void **state)
{
    (void)state;
    run(2, false, attack_status);
}

/* --- DB-STA-04 -------------------------------------------------------------------------------- */

/* Exactly one status write since `from`, of this value, between the two records. */
static void require_write(size_t from, uint64_t value, size_t after, size_t before)
{
    size_t at = rig_expect(from, BELFRY_STATUS, NULL);

    REQUIRE_EQ(belfry_record_at(at)->object, rig.doorbell);
    REQUIRE_EQ(belfry_record_at(at)->value, value);
    REQUIRE(after < at && at < before);
    REQUIRE_EQ(rig_count(from, BELFRY_STATUS, NULL), 1);
    REQUIRE_EQ(*rig.status, value);
}

static void connect_writes(D3DDDI_DOORBELLSTATUS status)
{
    size_t from = belfry_record_count();

    connect_status = status;
    REQUIRE_OK(rig_connect(&rig));
    require_write(from, (uint64_t)status,
                  rig_expect(from, BELFRY_DDI_EXIT, "DxgkDdiConnectDoorbell"),
                  rig_expect(from, BELFRY_KMT_EXIT, "D3DKMTConnectDoorbell"));
}

static void os_disconnect_writes_retry(void)
{
    size_t from = belfry_record_count();

    REQUIRE_OK((NTSTATUS)belfry_os_disconnect(rig.doorbell));
    require_write(from, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY, from - 1,
                  rig_expect(from, BELFRY_DDI_ENTER, "DxgkDdiDisconnectDoorbell"));
}

static void driver_writes(D3DDDI_DOORBELLSTATUS reason)
{
    size_t from = belfry_record_count();

    disconnect_by_driver(reason);
    require_write(from, (uint64_t)reason,
                  rig_expect(from, BELFRY_CB_ENTER, "DxgkCbDisconnectDoorbell"),
                  rig_expect(from, BELFRY_CB_EXIT, "DxgkCbDisconnectDoorbell"));
}

static int each_writer(int argc, char **argv)
{
    size_t from;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    connect_writes(D3DDDI_DOORBELLSTATUS_CONNECTED);
    os_disconnect_writes_retry();
    connect_writes(D3DDDI_DOORBELLSTATUS_CONNECTED_NOTIFY_KMD);
    driver_writes(D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    connect_writes(D3DDDI_DOORBELLSTATUS_CONNECTED);
    driver_writes(D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT);
    from = belfry_record_count();
    REQUIRE_OK((NTSTATUS)belfry_os_disconnect(rig.doorbell)); /* ABORT is not overwritten. */
    REQUIRE_STATUS(rig_connect(&rig), STATUS_DEVICE_REMOVED);
    REQUIRE_EQ(rig_count(from, BELFRY_STATUS, NULL), 0);
    rig_close(&rig);
    return 0;
}

static void DB_STA_04_connect_disconnect_and_callback(void **state)
{
    (void)state;
    run(1, false, each_writer);
}

static void lose_device(void)
{
    belfry_device_lost();
}

static void stop_on_fault(void)
{
    rig_append(&rig, 0, 1);
    rig.ring.cpu[1] = 8; /* No length of a command buffer. */
    rig_ring(&rig);
    rig_settle(WAIT);
    REQUIRE(rig_queue_state(rig.blob.queue_token) & BELL_QUEUE_STATE_FAULTED_MASK);
}

static void (*loss)(void);

static int lost_writes_abort(int argc, char **argv)
{
    size_t from;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&rig));
    from = belfry_record_count();
    loss();
    require_write(from, D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT, from - 1, belfry_record_count());
    REQUIRE_EQ(info_of(&rig).mapping, BELFRY_MAPPED_DUMMY);
    rig_close(&rig);
    return 0;
}

static void DB_STA_04_lost_or_stopped_writes_abort(void **state)
{
    (void)state;
    loss = lose_device;
    run(1, false, lost_writes_abort);
    loss = stop_on_fault;
    run(1, false, lost_writes_abort);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(DB_STA_01_numbers, setup, unhook),
        cmocka_unit_test_setup_teardown(DB_STA_02_whole_word_upper_half_zero, setup, unhook),
        cmocka_unit_test_setup_teardown(DB_STA_02_library_reads_one_word, setup, unhook),
        cmocka_unit_test_setup_teardown(DB_STA_03_only_the_os_writes_it, setup, unhook),
        cmocka_unit_test_setup_teardown(DB_STA_04_connect_disconnect_and_callback, setup, unhook),
        cmocka_unit_test_setup_teardown(DB_STA_04_lost_or_stopped_writes_abort, setup, unhook),
    };

    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
