/* SPDX-License-Identifier: MIT */
/*
 * What the library does when its doorbell is taken away: reconnect and make the pending WPTR known,
 * or give the queue up and go on in kernel mode (DB-STA-06, DB-UMD-05). Work runs once, or is
 * reported lost.
 */
#include "rig.h"

#include "d3dkmddi.h"

enum { ENTRIES = 16, NODE = 0, ROUNDS = 24, WAIT = 400000, TRANSIENT = 5 };

static DRIVER_INITIALIZATION_DATA real; /* The driver's own table. */
static DXGKRNL_INTERFACE os;            /* What the OS gave it. */
static struct rig_library library;

static NTSTATUS connect_answer; /* What the planted connect fails with ... */
static unsigned connect_fails;  /* ... and how often. */
static HANDLE os_queue, os_doorbell; /* The newest ones, as the driver knows them. */

static NTSTATUS start_device(PVOID context, DXGK_START_INFO *info, DXGKRNL_INTERFACE *table,
                             ULONG *sources, ULONG *children)
{
    os = *table;
    return real.DxgkDdiStartDevice(context, info, table, sources, children);
}

static NTSTATUS create_queue(HANDLE context, DXGKARG_CREATEHWQUEUE *args)
{
    os_queue = args->hHwQueue;
    return real.DxgkDdiCreateHwQueue(context, args);
}

static NTSTATUS create_doorbell(DXGKARG_CREATEDOORBELL *args)
{
    os_doorbell = args->hDoorbell;
    return real.DxgkDdiCreateDoorbell(args);
}

static NTSTATUS connect(DXGKARG_CONNECTDOORBELL *args)
{
    if (connect_fails == 0)
        return real.DxgkDdiConnectDoorbell(args);
    connect_fails--;
    return connect_answer;
}

/* Stands for a driver that gives one queue up for good. */
static NTSTATUS notify_aborts(const DXGKARG_NOTIFYWORKSUBMISSION *args)
{
    DXGKARGCB_DISCONNECTDOORBELL abort_args = {
        .hHwQueue = os_queue,
        .hDoorbell = os_doorbell,
        .DisconnectReason = D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT,
    };

    UNREFERENCED_PARAMETER(args);
    return os.DxgkCbDisconnectDoorbell(&abort_args);
}

static void plant(DRIVER_INITIALIZATION_DATA *table)
{
    real = *table;
    table->DxgkDdiStartDevice = start_device;
    table->DxgkDdiCreateHwQueue = create_queue;
    table->DxgkDdiCreateDoorbell = create_doorbell;
    table->DxgkDdiConnectDoorbell = connect;
    table->DxgkDdiNotifyWorkSubmission = notify_aborts;
}

static void run(int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    connect_fails = 0;
    config.trace_stores = true;
    belfry_hook_driver(plant);
    rig_run(&config, body);
}

static int clean(void **state)
{
    (void)state;
    belfry_hook_driver(NULL);
    (void)belfry_close(); /* A failed check leaves it open. */
    return 0;
}

static NTSTATUS submit(UINT64 n, UINT64 *fence)
{
    return rig_library_submit(&library, (uint32_t)n, (uint32_t)n, n * 9, 0, fence);
}

static void submit_and_wait(UINT64 n)
{
    UINT64 fence;

    REQUIRE_OK(submit(n, &fence));
    REQUIRE_EQ(fence, n);
    REQUIRE_OK(bell_umd_wait(library.queue, fence));
    REQUIRE_EQ(library.data.cpu[n], n * 9);
}

static struct bell_umd_stats stats(void)
{
    struct bell_umd_stats now;

    bell_umd_queue_stats(library.queue, &now);
    return now;
}

/* --- RETRY ------------------------------------------------------------------------------------ */

/* Stores to the queue's ring: two words an entry. A second append of the same work would show. */
static size_t entry_words(size_t from)
{
    size_t count = 0;

    for (; (from = belfry_record_find(from, BELFRY_STORE, NULL)) != (size_t)-1; from++)
        count += belfry_record_at(from)->object == library.queue->ring_memory.allocation;
    return count;
}

static int retry_body(int argc, char **argv)
{
    size_t from, at;
    UINT64 n;

    (void)argc, (void)argv;
    rig_library_open(&library, ENTRIES, NODE);
    from = belfry_record_count();
    for (n = 1; n <= ROUNDS; n++) {
        REQUIRE_OK((NTSTATUS)belfry_os_disconnect(bell_umd_queue_doorbell(library.queue)));
        at = belfry_record_count();
        submit_and_wait(n);
        REQUIRE_EQ(entry_words(at), 2);
        REQUIRE_EQ(rig_count(at, BELFRY_KMT_ENTER, "D3DKMTConnectDoorbell"), 1);
        REQUIRE_EQ(*library.queue->status, D3DDDI_DOORBELLSTATUS_CONNECTED);
    }
    REQUIRE_EQ(rig_count(from, BELFRY_START, NULL), ROUNDS); /* Each once. */
    REQUIRE_EQ(stats().fallbacks, 0);
    rig_library_close(&library);
    return 0;
}

static void DB_STA_06_retry_appends_once(void **state)
{
    (void)state;
    run(retry_body);
}

/* --- Connects that fail ----------------------------------------------------------------------- */

static int transient_body(int argc, char **argv)
{
    static const NTSTATUS answers[] = {STATUS_DEVICE_NOT_READY, STATUS_NO_MEMORY,
                                       STATUS_INSUFFICIENT_RESOURCES};
    UINT64 n;

    (void)argc, (void)argv;
    rig_library_open(&library, ENTRIES, NODE);
    for (n = 1; n <= 3; n++) {
        UINT64 connects = stats().connects, rings = stats().rings;

        REQUIRE_OK((NTSTATUS)belfry_os_disconnect(bell_umd_queue_doorbell(library.queue)));
        connect_answer = answers[n - 1];
        connect_fails = TRANSIENT;
        submit_and_wait(n);
        REQUIRE_EQ(connect_fails, 0);
        REQUIRE_EQ(stats().connects - connects, TRANSIENT + 1);
        REQUIRE_EQ(stats().rings - rings, 2);
    }
    REQUIRE_EQ(stats().fallbacks, 0);
    rig_library_close(&library);
    return 0;
}

static void DB_UMD_05_transient_failures_are_repeated(void **state)
{
    (void)state;
    rig_breaks("DB-CON-06");
    run(transient_body);
}

/* The queue lives on in kernel mode; numbers go on; what was lost is said to be. */
static void require_fallback(UINT64 lost)
{
    UINT64 n;

    REQUIRE_EQ(stats().fallbacks, 1);
    REQUIRE(bell_umd_queue_is_kernel_mode(library.queue));
    REQUIRE_EQ(bell_umd_queue_doorbell(library.queue), 0);
    REQUIRE_OK(bell_umd_wait(library.queue, lost - 1));
    REQUIRE_STATUS(bell_umd_wait(library.queue, lost), STATUS_DEVICE_REMOVED);
    for (n = lost + 1; n <= ROUNDS; n++)
        submit_and_wait(n);
    REQUIRE_EQ(stats().fallbacks, 1);
}

static int failed_connect_body(int argc, char **argv)
{
    UINT64 fence;

    (void)argc, (void)argv;
    rig_library_open(&library, ENTRIES, NODE);
    submit_and_wait(1);
    REQUIRE_OK((NTSTATUS)belfry_os_disconnect(bell_umd_queue_doorbell(library.queue)));
    connect_answer = STATUS_INVALID_DEVICE_STATE;
    connect_fails = 1;
    REQUIRE_STATUS(submit(2, &fence), STATUS_DEVICE_REMOVED);
    REQUIRE_EQ(fence, 2);
    REQUIRE_EQ(stats().connects, 2); /* An error is not tried again. */
    require_fallback(2);
    rig_library_close(&library);
    return 0;
}

static void DB_STA_06_failed_connect_falls_back(void **state)
{
    (void)state;
    rig_breaks("DB-CON-06");
    run(failed_connect_body);
}

/* --- ABORT ------------------------------------------------------------------------------------ */

static int abort_body(int argc, char **argv)
{
    D3DKMT_NOTIFY_WORK_SUBMISSION notify = {0};
    UINT64 fence, rings;

    (void)argc, (void)argv;
    rig_library_open(&library, ENTRIES, NODE);
    submit_and_wait(1);
    rings = stats().rings;
    notify.hDoorbell = bell_umd_queue_doorbell(library.queue);
    REQUIRE_OK(D3DKMTNotifyWorkSubmission(&notify)); /* The planted driver aborts the queue. */
    REQUIRE_EQ(*library.queue->status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT);
    REQUIRE_STATUS(submit(2, &fence), STATUS_DEVICE_REMOVED);
    REQUIRE_EQ(fence, 2);
    REQUIRE_EQ(stats().connects, 1); /* ABORT is final: no connect is tried. */
    REQUIRE(stats().rings <= rings + 1);
    require_fallback(2);
    rig_library_close(&library);
    return 0;
}

static void DB_STA_06_abort_falls_back(void **state)
{
    (void)state;
    run(abort_body);
}

/* The whole device is lost; a new queue can be made on it (DB-TDR-02). */
static int lost_body(int argc, char **argv)
{
    UINT64 fence;

    (void)argc, (void)argv;
    rig_library_open(&library, ENTRIES, NODE);
    submit_and_wait(1);
    belfry_device_lost();
    REQUIRE_STATUS(submit(2, &fence), STATUS_DEVICE_REMOVED);
    REQUIRE_EQ(stats().connects, 1);
    require_fallback(2);
    rig_library_close(&library);
    return 0;
}

static void DB_STA_06_lost_device_falls_back(void **state)
{
    (void)state;
    run(lost_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(DB_STA_06_retry_appends_once, clean),
        cmocka_unit_test_teardown(DB_UMD_05_transient_failures_are_repeated, clean),
        cmocka_unit_test_teardown(DB_STA_06_failed_connect_falls_back, clean),
        cmocka_unit_test_teardown(DB_STA_06_abort_falls_back, clean),
        cmocka_unit_test_teardown(DB_STA_06_lost_device_falls_back, clean),
    };

    return cmocka_run_group_tests_name("umd_recovery", tests, NULL, NULL);
}
