// SPDX-License-Identifier: MIT
/*
 * Notify mode (DB-NTF-01 .. -06, DB-VIC-08, A-17, A-18): who calls whom when the driver wants to hear
 * of each submission, and what it does about it.
 */
#include "rig.h"

#include "d3dkmddi.h"

enum { ENTRIES = 16, NODE = 0, WAIT = 200000, CLOCKS = 3000 };

static struct rig rig;

static BELL_QUEUE_PRIVATE realtime_blob(void)
{
    return (BELL_QUEUE_PRIVATE){
        .magic = BELL_QUEUE_MAGIC, .version = BELL_INTERFACE_VERSION, .flags = BELL_QUEUE_REALTIME
    };
}

static NTSTATUS try_realtime_queue(D3DKMT_HANDLE context, BELL_QUEUE_PRIVATE *blob, UINT size,
                                   bool user_mode, D3DKMT_CREATEHWQUEUE *queue)
{
    *queue = (D3DKMT_CREATEHWQUEUE){
        .hHwContext = context, .PrivateDriverDataSize = size, .pPrivateDriverData = blob
    };
    queue->Flags.UserModeSubmission = user_mode;
    return D3DKMTCreateHwQueue(queue);
}

/* As rig_make_queue(), in notify mode. */
static void make_realtime(struct rig *made)
{
    BELL_QUEUE_PRIVATE blob = realtime_blob();
    D3DKMT_CREATEHWQUEUE queue;

    made->context = rig_make_context(made, NODE);
    REQUIRE_OK(try_realtime_queue(made->context, &blob, sizeof(blob), true, &queue));
    made->queue = queue.hHwQueue;
    made->progress = queue.HwQueueProgressFenceCPUVirtualAddress;
    made->progress_gpu = queue.HwQueueProgressFenceGPUVirtualAddress;
    made->create = (D3DKMT_CREATE_DOORBELL){
        .hHwQueue = made->queue,
        .hRingBuffer = made->ring.allocation,
        .hRingBufferControl = made->control.allocation,
        .PrivateDriverDataSize = sizeof(made->blob),
        .PrivateDriverData = &made->blob,
    };
    rig_make_doorbell(made);
}

static NTSTATUS try_notify(D3DKMT_HANDLE doorbell, UINT flags)
{
    D3DKMT_NOTIFY_WORK_SUBMISSION args = { .hDoorbell = doorbell };

    args.Flags.Value = flags;
    return D3DKMTNotifyWorkSubmission(&args);
}

static NTSTATUS set_notify(const struct rig *of, UINT32 on)
{
    BELL_ESCAPE blob = { BELL_ESCAPE_MAGIC, BELL_INTERFACE_VERSION, BELL_ESCAPE_SET_NOTIFY, on };
    D3DKMT_ESCAPE escape = {
        .hAdapter = of->device->adapter,
        .Type = D3DKMT_ESCAPE_DRIVERPRIVATE,
        .pPrivateDriverData = &blob,
        .PrivateDriverDataSize = sizeof(blob),
        .hContext = of->context,
    };

    return D3DKMTEscape(&escape);
}

static size_t pings(size_t from)
{
    return rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiNotifyWorkSubmission");
}

static void run(int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    rig_run(&config, body);
}

/* --- DB-NTF-01, -02 --------------------------------------------------------------------------- */

static DXGKDDI_CREATEHWQUEUE *real_create_queue;
static HANDLE kmd_queue;

static NTSTATUS seen_create_queue(HANDLE context, DXGKARG_CREATEHWQUEUE *args)
{
    NTSTATUS status = real_create_queue(context, args);

    kmd_queue = args->hHwQueue;
    return status;
}

static void watch_queue(DRIVER_INITIALIZATION_DATA *table)
{
    real_create_queue = table->DxgkDdiCreateHwQueue;
    table->DxgkDdiCreateHwQueue = seen_create_queue;
}

static int unhook(void **state)
{
    (void)state;
    belfry_hook_driver(NULL);
    return 0;
}

static int one_ping(int argc, char **argv)
{
    const struct belfry_record *record;
    size_t from, at;

    (void)argc, (void)argv;
    rig_open(&rig, ENTRIES);
    make_realtime(&rig);
    REQUIRE_OK(rig_connect(&rig));
    from = belfry_record_count();
    REQUIRE_STATUS(try_notify(rig.doorbell, 0), STATUS_SUCCESS);
    REQUIRE_EQ(pings(from), 1);
    at = rig_expect(from, BELFRY_DDI_ENTER, "DxgkDdiNotifyWorkSubmission");
    record = belfry_record_at(at);
    REQUIRE_EQ(record->args[0], (uintptr_t)kmd_queue);
    REQUIRE_EQ(record->args[1] & UINT32_MAX, 0);
    REQUIRE_EQ(record->irql, PASSIVE_LEVEL);
    at = rig_expect(from, BELFRY_DDI_EXIT, "DxgkDdiNotifyWorkSubmission");
    REQUIRE_EQ(belfry_record_at(at)->status, STATUS_SUCCESS);
    rig_close(&rig);
    return 0;
}

static void DB_NTF_01_notify_reaches_the_driver_with_its_queue(void **state)
{
    (void)state;
    belfry_hook_driver(watch_queue);
    run(one_ping);
}

/* Hardware queue of the nth command buffer that started since `from`. */
static uint64_t started(size_t from, unsigned nth)
{
    size_t at = rig_expect(from, BELFRY_START, NULL);

    while (nth-- > 0)
        at = rig_expect(at + 1, BELFRY_START, NULL);
    return belfry_record_at(at)->value2;
}

static void append_and_ring(struct rig *to, uint64_t value, uint64_t clocks)
{
    rig_append_work(to, 0, value, clocks);
    rig_ring(to);
}

/*
 * The node is busy; then three ordinary queues get work, and at last the real-time one, which the
 * round robin would serve last. With a notification it goes first.
 */
static struct rig busy, normal[3];

static void order_of_work(bool notify, unsigned place)
{
    size_t from = belfry_record_count();

    append_and_ring(&busy, 1, CLOCKS);
    while (rig_count(from, BELFRY_START, NULL) == 0)
        belfry_sleep(16);
    for (unsigned i = 0; i < 3; i++)
        append_and_ring(&normal[i], 2, 100);
    append_and_ring(&rig, 3, 100);
    if (notify)
        REQUIRE_OK(try_notify(rig.doorbell, 0));
    rig_wait(&rig, rig.wptr, WAIT);
    for (unsigned i = 0; i < 3; i++)
        rig_wait(&normal[i], normal[i].wptr, WAIT);
    REQUIRE_EQ(started(from, 0), busy.blob.queue_token);
    REQUIRE_EQ(started(from, place), rig.blob.queue_token);
}

static void make_ordinary(struct rig *made)
{
    rig_open_beside(made, &rig, ENTRIES);
    rig_make_queue(made, NODE);
    rig_make_doorbell(made);
    REQUIRE_OK(rig_connect(made));
}

/* What the driver did was posted: give it time to arrive. */
static bool is_realtime(void)
{
    rig_settle(200);
    return (rig_queue_state(rig.blob.queue_token) & BELL_QUEUE_STATE_REALTIME_MASK) != 0;
}

static int realtime_first(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_open(&rig, ENTRIES);
    make_ordinary(&busy);
    for (unsigned i = 0; i < 3; i++)
        make_ordinary(&normal[i]);
    make_realtime(&rig); /* Last: the highest number. */
    REQUIRE_OK(rig_connect(&rig));
    REQUIRE(!is_realtime());
    order_of_work(false, 4);
    REQUIRE(!is_realtime());
    order_of_work(true, 1);
    REQUIRE(is_realtime());
    order_of_work(false, 1); /* It stays there. */
    for (unsigned i = 0; i < 3; i++)
        rig_close_beside(&normal[i]);
    rig_close_beside(&busy);
    rig_close(&rig);
    return 0;
}

static void DB_NTF_02_notified_queue_runs_before_ordinary_ones(void **state)
{
    (void)state;
    run(realtime_first);
}

/* A ping does not submit: without a new write pointer nothing runs. */
static int ping_is_no_submission(int argc, char **argv)
{
    size_t from;

    (void)argc, (void)argv;
    rig_open(&rig, ENTRIES);
    make_realtime(&rig);
    REQUIRE_OK(rig_connect(&rig));
    append_and_ring(&rig, 1, 0);
    rig_wait(&rig, 1, WAIT);
    from = belfry_record_count();
    for (unsigned i = 0; i < 5; i++)
        REQUIRE_STATUS(try_notify(rig.doorbell, 0), STATUS_SUCCESS);
    rig_settle(2000);
    REQUIRE_EQ(rig_count(from, BELFRY_START, NULL), 0);
    REQUIRE_EQ(rig_count(from, BELFRY_RING, NULL), 0);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiSubmitCommandToHwQueue"), 0);
    REQUIRE_EQ(rig_rptr(&rig), 1);
    rig_close(&rig);
    return 0;
}

static void DB_NTF_02_ping_submits_nothing(void **state)
{
    (void)state;
    run(ping_is_no_submission);
}

/* --- DB-NTF-03 -------------------------------------------------------------------------------- */

static D3DKMT_HANDLE foreign;
static bool foreign_done;

static int bad_arguments(int argc, char **argv)
{
    size_t from;

    (void)argc, (void)argv;
    rig_open(&rig, ENTRIES);
    make_realtime(&rig);
    REQUIRE_OK(rig_connect(&rig));
    from = belfry_record_count();
    for (unsigned bit = 0; bit < 32; bit++)
        REQUIRE_STATUS(try_notify(rig.doorbell, 1u << bit), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(try_notify(0, 0), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(try_notify(rig.queue, 0), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(try_notify(rig.doorbell ^ 0x40000000u, 0), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(D3DKMTNotifyWorkSubmission(NULL), STATUS_INVALID_PARAMETER);
    foreign = rig.doorbell;
    while (!foreign_done)
        belfry_sleep(100);
    REQUIRE_OK(rig_destroy_doorbell(&rig));
    REQUIRE_STATUS(try_notify(foreign, 0), STATUS_INVALID_PARAMETER);
    REQUIRE_EQ(pings(from), 0);
    rig_close(&rig);
    return 0;
}

static int notify_of_another(int argc, char **argv)
{
    (void)argc, (void)argv;
    while (foreign == 0)
        belfry_sleep(100);
    REQUIRE_STATUS(try_notify(foreign, 0), STATUS_INVALID_PARAMETER);
    foreign_done = true;
    return 0;
}

static void DB_NTF_03_bad_notifications_are_refused(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    foreign = 0;
    foreign_done = false;
    rig_open_machine(&config);
    belfry_spawn("owner", bad_arguments, 0, NULL);
    belfry_spawn("other", notify_of_another, 0, NULL);
    rig_finish_machine();
}

/* --- DB-NTF-04, -05 --------------------------------------------------------------------------- */

static void submit_some(struct bell_umd_queue *queue, struct bell_umd_memory *memory,
                        unsigned count)
{
    UINT64 fence = 0;

    for (unsigned i = 0; i < count; i++) {
        struct bell_umd_commands list;

        REQUIRE_OK(bell_umd_commands_begin(&list, memory, i % 32 * 128, 128));
        bell_umd_cmd_nop(&list);
        REQUIRE_OK(bell_umd_submit(queue, &list, &fence));
        if (i % 8 == 7)
            REQUIRE_OK(bell_umd_wait(queue, fence));
    }
    REQUIRE_OK(bell_umd_wait(queue, fence));
}

static void library_counts(struct bell_umd_device *device, bool realtime)
{
    enum { SUBMISSIONS = 20 };
    struct bell_umd_queue_desc desc = { .node = NODE, .ring_entries = ENTRIES,
                                        .realtime = realtime };
    struct bell_umd_memory memory;
    struct bell_umd_queue *queue;
    struct bell_umd_stats stats;
    struct belfry_ledger before, after;
    size_t from = belfry_record_count();

    belfry_ledger(&before);
    REQUIRE_OK(bell_umd_alloc(device, 4096, &memory));
    REQUIRE_OK(bell_umd_queue_create(device, &desc, &queue));
    submit_some(queue, &memory, SUBMISSIONS);
    bell_umd_queue_stats(queue, &stats);
    rig_settle(1000);
    belfry_ledger(&after);
    REQUIRE_EQ(stats.submissions, SUBMISSIONS);
    REQUIRE_EQ(stats.notifies, realtime ? SUBMISSIONS : 0);
    REQUIRE_EQ(pings(from), realtime ? SUBMISSIONS : 0);
    /* The first store went to the dummy page; all others reached the hardware. */
    REQUIRE_EQ(stats.rings, SUBMISSIONS + 1);
    REQUIRE_EQ(after.accepted - before.accepted, SUBMISSIONS);
    bell_umd_queue_destroy(queue);
    bell_umd_free(device, &memory);
}

static int library_notifies(int argc, char **argv)
{
    struct bell_umd_device *device;

    (void)argc, (void)argv;
    REQUIRE_OK(bell_umd_open((LUID){0}, &device));
    library_counts(device, false);
    library_counts(device, true);
    bell_umd_close(device);
    return 0;
}

static void DB_NTF_04_library_notifies_each_submission(void **state)
{
    (void)state;
    run(library_notifies);
}

/* The ring wakes the queue by itself: the notification never comes. */
static int ring_without_ping(int argc, char **argv)
{
    struct belfry_ledger before, after;

    (void)argc, (void)argv;
    rig_open(&rig, ENTRIES);
    make_realtime(&rig);
    REQUIRE_OK(rig_connect(&rig));
    REQUIRE_EQ(*rig.status, D3DDDI_DOORBELLSTATUS_CONNECTED_NOTIFY_KMD);
    rig_settle(2000);
    belfry_ledger(&before);
    for (unsigned i = 1; i <= 5; i++) {
        append_and_ring(&rig, i, 0);
        rig_wait(&rig, i, WAIT);
    }
    belfry_ledger(&after);
    REQUIRE_EQ(after.sampled - before.sampled, 5);
    REQUIRE_EQ(pings(0), 0);
    rig_close(&rig);
    return 0;
}

static void DB_NTF_05_ring_reaches_the_hardware_in_notify_mode(void **state)
{
    (void)state;
    run(ring_without_ping);
}

/* --- DB-NTF-06 -------------------------------------------------------------------------------- */

static int in_every_state(int argc, char **argv)
{
    size_t from;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE); /* An ordinary queue: forwarded all the same. */
    from = belfry_record_count();
    REQUIRE_STATUS(try_notify(rig.doorbell, 0), STATUS_SUCCESS); /* Never connected: RETRY. */
    REQUIRE_EQ(pings(from), 1);
    REQUIRE_OK(rig_connect(&rig));
    REQUIRE_STATUS(try_notify(rig.doorbell, 0), STATUS_SUCCESS);
    REQUIRE_EQ(pings(from), 2);
    REQUIRE_EQ(rig_queue_state(rig.blob.queue_token) & BELL_QUEUE_STATE_REALTIME_MASK, 0);
    REQUIRE_STATUS(belfry_os_disconnect(rig.doorbell), STATUS_SUCCESS);
    REQUIRE_STATUS(try_notify(rig.doorbell, 0), STATUS_SUCCESS);
    REQUIRE_EQ(pings(from), 3);
    belfry_device_lost();
    REQUIRE_EQ(*rig.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT);
    REQUIRE_STATUS(try_notify(rig.doorbell, 0), STATUS_DEVICE_REMOVED);
    REQUIRE_EQ(pings(from), 3);
    rig_close(&rig);
    return 0;
}

static void DB_NTF_06_A_17_A_18_only_abort_stops_a_notification(void **state)
{
    (void)state;
    run(in_every_state);
}

/* The doorbell is taken away between the look at the status and the call. */
static int status_moves_on(int argc, char **argv)
{
    size_t from;

    (void)argc, (void)argv;
    rig_open(&rig, ENTRIES);
    make_realtime(&rig);
    REQUIRE_OK(rig_connect(&rig));
    append_and_ring(&rig, 1, 0);
    REQUIRE_EQ(*rig.status, D3DDDI_DOORBELLSTATUS_CONNECTED_NOTIFY_KMD);
    from = belfry_record_count();
    REQUIRE_STATUS(belfry_os_disconnect(rig.doorbell), STATUS_SUCCESS);
    REQUIRE_STATUS(try_notify(rig.doorbell, 0), STATUS_SUCCESS);
    REQUIRE_EQ(pings(from), 1);
    REQUIRE(is_realtime());
    rig_wait(&rig, 1, WAIT);
    rig_close(&rig);
    return 0;
}

static void DB_NTF_06_ping_is_not_lost_when_the_status_moves_on(void **state)
{
    (void)state;
    run(status_moves_on);
}

/* --- DB-VIC-08 -------------------------------------------------------------------------------- */

static void require_status_walk(size_t from, const uint64_t *values, unsigned count)
{
    size_t at = belfry_record_find(from, BELFRY_STATUS, NULL);

    for (unsigned i = 0; i < count; i++) {
        REQUIRE(at != (size_t)-1);
        REQUIRE_EQ(belfry_record_at(at)->value, values[i]);
        at = belfry_record_find(at + 1, BELFRY_STATUS, NULL);
    }
    REQUIRE(at == (size_t)-1);
}

static int there_and_back(int argc, char **argv)
{
    static const uint64_t walk[] = { 0, 2, 1, 2, 0 };
    size_t from;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    from = belfry_record_count();
    REQUIRE_OK(rig_connect(&rig));
    REQUIRE_OK(set_notify(&rig, 1));
    REQUIRE_EQ(*rig.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    rig_settle(200);
    REQUIRE_EQ(rig_owned_slots(64), 0); /* Free for others meanwhile. */
    rig_append(&rig, 0, 5);
    REQUIRE_OK(rig_connect(&rig));
    REQUIRE_EQ(*rig.status, D3DDDI_DOORBELLSTATUS_CONNECTED_NOTIFY_KMD);
    REQUIRE_OK(try_notify(rig.doorbell, 0));
    REQUIRE(is_realtime());
    REQUIRE_OK(set_notify(&rig, 1)); /* It is so already: nothing happens. */
    REQUIRE_EQ(*rig.status, D3DDDI_DOORBELLSTATUS_CONNECTED_NOTIFY_KMD);
    REQUIRE_OK(set_notify(&rig, 0));
    REQUIRE(!is_realtime());
    REQUIRE_OK(rig_connect(&rig));
    rig_append(&rig, 1, 6);
    rig_ring(&rig);
    rig_wait(&rig, 2, WAIT);
    require_status_walk(from, walk, 5);
    REQUIRE_EQ(rig_count(from, BELFRY_CB_ENTER, "DxgkCbDisconnectDoorbell"), 2);
    rig_close(&rig);
    return 0;
}

static void DB_VIC_08_forced_renotify_and_back(void **state)
{
    (void)state;
    run(there_and_back);
}

/* A ring on its way when the mode changes is not lost. */
static int ring_across_the_change(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&rig));
    for (unsigned i = 1; i <= 10; i++) {
        append_and_ring(&rig, i, 0);
        REQUIRE_OK(set_notify(&rig, i % 2));
        REQUIRE_EQ(*rig.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
        rig_wait(&rig, i, WAIT);
        REQUIRE_OK(rig_connect(&rig));
    }
    rig_close(&rig);
    return 0;
}

static void DB_VIC_08_no_ring_is_lost_by_it(void **state)
{
    (void)state;
    run(ring_across_the_change);
}

/* --- Private data ----------------------------------------------------------------------------- */

static int forged_blobs(int argc, char **argv)
{
    BELL_QUEUE_PRIVATE blob = realtime_blob();
    D3DKMT_CREATEHWQUEUE queue;
    unsigned queues;

    (void)argc, (void)argv;
    rig_open(&rig, ENTRIES);
    rig.context = rig_make_context(&rig, NODE);
    queues = belfry_live_objects("hwqueue");
    REQUIRE_STATUS(try_realtime_queue(rig.context, &blob, sizeof(blob), false, &queue),
                   STATUS_INVALID_PARAMETER);
    blob.flags = 2;
    REQUIRE_STATUS(try_realtime_queue(rig.context, &blob, sizeof(blob), true, &queue),
                   STATUS_INVALID_PARAMETER);
    blob = realtime_blob();
    blob.version++;
    REQUIRE_STATUS(try_realtime_queue(rig.context, &blob, sizeof(blob), true, &queue),
                   STATUS_GRAPHICS_DRIVER_MISMATCH);
    REQUIRE_EQ(belfry_live_objects("hwqueue"), queues);
    REQUIRE_STATUS(set_notify(&rig, 2), STATUS_INVALID_PARAMETER);
    rig_destroy_context(rig.context);
    REQUIRE_STATUS(set_notify(&rig, 1), STATUS_INVALID_PARAMETER);
    rig.context = 0;
    REQUIRE_STATUS(set_notify(&rig, 1), STATUS_INVALID_PARAMETER);
    rig_close(&rig);
    return 0;
}

static void forged_notify_data_is_refused(void **state)
{
    (void)state;
    run(forged_blobs);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, unhook)
    const struct CMUnitTest tests[] = {
        TEST(DB_NTF_01_notify_reaches_the_driver_with_its_queue),
        TEST(DB_NTF_02_notified_queue_runs_before_ordinary_ones),
        TEST(DB_NTF_02_ping_submits_nothing),
        TEST(DB_NTF_03_bad_notifications_are_refused),
        TEST(DB_NTF_04_library_notifies_each_submission),
        TEST(DB_NTF_05_ring_reaches_the_hardware_in_notify_mode),
        TEST(DB_NTF_06_A_17_A_18_only_abort_stops_a_notification),
        TEST(DB_NTF_06_ping_is_not_lost_when_the_status_moves_on),
        TEST(DB_VIC_08_forced_renotify_and_back),
        TEST(DB_VIC_08_no_ring_is_lost_by_it),
        TEST(forged_notify_data_is_refused),
    };

    return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
