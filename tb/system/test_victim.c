// SPDX-License-Identifier: MIT
/*
 * Disconnect by the driver, rows DB-VIC-01 .. -04, -06, -09 and -10 of the contract: what the
 * callback does and refuses, and how a slot changes hands. DB-VIC-05 is in test_contend.c.
 */
#include "hooks.h"

enum { ENTRIES = 16, NODE = 0, WAIT = 200000, SETTLE = 3000, SLOTS = 4, QUEUES = 7, ROUNDS = 30,
       LATE = 2000 };
#define CONNECTED D3DDDI_DOORBELLSTATUS_CONNECTED
#define NOTIFY D3DDDI_DOORBELLSTATUS_CONNECTED_NOTIFY_KMD
#define RETRY D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY
#define ABORT D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT
#define CONNECT_DDI "DxgkDdiConnectDoorbell"
#define CALLBACK "DxgkCbDisconnectDoorbell"

static struct rig a, b, many[QUEUES];
static struct rig *const pair[] = { &a, &b };

/* The callback, as a thread of the driver would make it. */
static NTSTATUS take_away(uint64_t queue, uint64_t doorbell, int reason)
{
    return hooks.real_callback(&(DXGKARGCB_DISCONNECTDOORBELL){
        .hHwQueue = (HANDLE)(uintptr_t)queue,
        .hDoorbell = (HANDLE)(uintptr_t)doorbell,
        .DisconnectReason = (D3DDDI_DOORBELLSTATUS)reason,
    });
}

static NTSTATUS take_rig(const struct rig *rig, D3DDDI_DOORBELLSTATUS reason)
{
    return take_away(watch_os_queue(rig), watch_info(rig).os_handle, (int)reason);
}

/* --- DB-VIC-01 -------------------------------------------------------------------------------- */

static int reason_and_mapping(int argc, char **argv)
{
    const struct belfry_record *call;
    DXGKARGCB_DISCONNECTDOORBELL args;
    size_t from, enter, exit;

    (void)argc, (void)argv;
    watch_make(pair, 2, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&a));
    from = belfry_record_count();
    REQUIRE_OK(rig_connect(&b)); /* The driver's own: RETRY, with the OS's handles. */
    enter = rig_expect(from, BELFRY_CB_ENTER, CALLBACK);
    exit = rig_expect(from, BELFRY_CB_EXIT, CALLBACK);
    call = belfry_record_at(enter);
    memcpy(&args, call->args, sizeof(args));
    REQUIRE_EQ((uintptr_t)args.hDoorbell, watch_info(&a).os_handle);
    REQUIRE_EQ((uintptr_t)args.hHwQueue, watch_os_queue(&a));
    REQUIRE_EQ(args.DisconnectReason, RETRY);
    REQUIRE_EQ(call->irql, PASSIVE_LEVEL);
    REQUIRE(rig_expect(from, BELFRY_STATUS, NULL) > enter);
    REQUIRE(rig_expect(from, BELFRY_STATUS, NULL) < rig_expect(from, BELFRY_MAP, NULL));
    REQUIRE(rig_expect(from, BELFRY_MAP, NULL) < exit);
    watch_require(&a, RETRY, BELFRY_MAPPED_DUMMY);

    REQUIRE_STATUS(take_rig(&b, ABORT), STATUS_SUCCESS);
    watch_require(&b, ABORT, BELFRY_MAPPED_DUMMY);
    watch_end(pair, 2);
    return 0;
}

static void DB_VIC_01_reason_and_dummy_page(void **state)
{
    (void)state;
    rig_run_on(1, reason_and_mapping);
}

/* --- DB-VIC-02 -------------------------------------------------------------------------------- */

static void require_refused(uint64_t queue, uint64_t doorbell, int reason)
{
    size_t from = belfry_record_count();

    REQUIRE_STATUS(take_away(queue, doorbell, reason), STATUS_INVALID_PARAMETER);
    REQUIRE_EQ(rig_count(from, BELFRY_STATUS, NULL) + rig_count(from, BELFRY_MAP, NULL), 0);
}

static int refused_arguments(int argc, char **argv)
{
    uint64_t queue, doorbell, other;
    struct belfry_doorbell_info info;

    (void)argc, (void)argv;
    watch_make(pair, 2, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&a));
    REQUIRE_OK(rig_connect(&b));
    info = watch_info(&a);
    doorbell = info.os_handle;
    queue = watch_os_queue(&a);
    other = watch_os_queue(&b);
    require_refused(queue, 0, RETRY);
    require_refused(0, doorbell, RETRY);
    require_refused(other, doorbell, RETRY);        /* Each known, not a pair. */
    require_refused(doorbell, queue, RETRY);
    require_refused(queue, info.kmd_handle, RETRY); /* */
    require_refused(queue, a.doorbell, RETRY);
    require_refused(queue, doorbell, CONNECTED);
    require_refused(queue, doorbell, NOTIFY);
    require_refused(queue, doorbell, 4);
    require_refused(queue, doorbell, -1);
    REQUIRE_STATUS(hooks.real_callback(NULL), STATUS_INVALID_PARAMETER);
    watch_require(&a, CONNECTED, BELFRY_MAPPED_SLOT);
    watch_require(&b, CONNECTED, BELFRY_MAPPED_SLOT);

    REQUIRE_STATUS(take_away(queue, doorbell, RETRY), STATUS_SUCCESS);
    REQUIRE_STATUS(take_away(queue, doorbell, RETRY), STATUS_SUCCESS); /* Already. */
    watch_require(&a, RETRY, BELFRY_MAPPED_DUMMY);
    watch_require(&b, CONNECTED, BELFRY_MAPPED_SLOT);
    watch_replay(pair, 2);
    REQUIRE_OK(rig_destroy_doorbell(&a));
    require_refused(queue, doorbell, RETRY); /* Unknown by now. */
    rig_close_beside(&b);
    rig_close(&a);
    return 0;
}

static void DB_VIC_02_unknown_pairs_are_refused(void **state)
{
    (void)state;
    rig_breaks("DB-VIC-02");
    rig_run_on(2, refused_arguments);
}

/* --- DB-VIC-03 -------------------------------------------------------------------------------- */

static void connect_b(void *arg)
{
    (void)arg;
    REQUIRE_OK(rig_connect(&b));
}

/* First rewrite of SLOT[0].OWNER from record `from` on. */
static size_t find_route(size_t from)
{
    size_t at = from;

    do {
        at = rig_expect(at, BELFRY_MMIO_WRITE, NULL);
    } while (belfry_record_at(at++)->value != BELL_SLOT_OWNER_OFFSET(0));
    return at - 1;
}

static int routed_until_the_callback_returns(int argc, char **argv)
{
    struct belfry_thread *thread;
    size_t from;

    (void)argc, (void)argv;
    watch_make(pair, 2, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&a));
    rig_settle(SETTLE);
    from = belfry_record_count();
    belfry_point_hold("disconnect.status-to-rotate");
    belfry_point_hold("disconnect.rotate-to-return");
    thread = belfry_thread_start("connects b", connect_b, NULL);
    watch_await_point("disconnect.status-to-rotate", 1);
    watch_require_route(&a, 0);
    rig_append(&a, 1, 1);
    rig_ring(&a); /* It reads RETRY next; its ring counts all the same. */
    rig_wait(&a, 1, WAIT);
    belfry_point_release("disconnect.status-to-rotate");
    watch_await_point("disconnect.rotate-to-return", 1);
    rig_settle(SETTLE);
    watch_require_route(&a, 0);
    REQUIRE_EQ(rig_count(from, BELFRY_CB_EXIT, CALLBACK), 0);
    belfry_point_release("disconnect.rotate-to-return");
    belfry_thread_join(thread);
    REQUIRE(find_route(from) > rig_expect(from, BELFRY_CB_EXIT, CALLBACK));
    watch_require_route(&b, 0);
    watch_end(pair, 2);
    return 0;
}

static void DB_VIC_03_slot_is_rerouted_after_the_callback(void **state)
{
    (void)state;
    rig_run_on(1, routed_until_the_callback_returns);
}

/* --- DB-VIC-04 -------------------------------------------------------------------------------- */

static bool ringing;

static void ringer(void *arg)
{
    struct rig *rig = arg;

    while (ringing) {
        rig_ring(rig);
        belfry_yield(); /* A store to the dummy page takes no time. */
    }
}

/*
 * Two queues take one slot from each other while two processors ring for each, with rings that wait
 * long in the bridge. watch_replay() looks for each ring where it was credited.
 */
static int rings_stay_with_their_queue(int argc, char **argv)
{
    struct watch watch = { .rigs = pair, .count = 2 };
    struct belfry_thread *threads[4];
    unsigned i;

    (void)argc, (void)argv;
    watch_make(pair, 2, ENTRIES, NODE);
    watch_start(&watch);
    ringing = true;
    for (i = 0; i < 4; i++)
        threads[i] = belfry_thread_start("rings", ringer, pair[i % 2]);
    for (i = 1; i <= ROUNDS; i++) {
        REQUIRE_OK(rig_connect(&a));
        belfry_sleep(1 + belfry_random(LATE));
        rig_append(&a, i, i);
        REQUIRE_OK(rig_connect(&b));
        belfry_sleep(1 + belfry_random(LATE));
        rig_append(&b, i, i);
    }
    ringing = false;
    for (i = 0; i < 4; i++)
        belfry_thread_join(threads[i]);
    REQUIRE_OK(rig_connect(&a));
    REQUIRE_OK(rig_connect(&b));
    rig_wait(&a, ROUNDS, WAIT);
    rig_wait(&b, ROUNDS, WAIT);
    watch_stop(&watch);
    rig_settle(SETTLE);
    REQUIRE(rig_count(0, BELFRY_RING, NULL) > 2 * ROUNDS);
    watch_end(pair, 2);
    return 0;
}

static void DB_VIC_04_rings_are_credited_to_the_victim(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    config.slots = 1;
    config.post_delay_max = LATE;
    rig_run(&config, rings_stay_with_their_queue);
}

/* The victim's last write pointer is sampled: appended, never rung, evicted, done. */
static int victim_is_sampled(int argc, char **argv)
{
    unsigned i;

    (void)argc, (void)argv;
    watch_make(pair, 2, ENTRIES, NODE);
    for (i = 1; i <= 4; i++) {
        REQUIRE_OK(rig_connect(&a));
        rig_settle(SETTLE);
        rig_append(&a, i, i);
        rig_settle(SETTLE);
        REQUIRE_EQ(*a.progress, i - 1);
        REQUIRE_OK(rig_connect(&b));
        rig_wait(&a, i, WAIT);
        watch_require(&a, RETRY, BELFRY_MAPPED_DUMMY);
    }
    REQUIRE_EQ(rig_count(0, BELFRY_RING, NULL), 0);
    watch_end(pair, 2);
    return 0;
}

static void DB_VIC_04_victims_last_sample(void **state)
{
    (void)state;
    rig_run_on(1, victim_is_sampled);
}

/* --- DB-VIC-06 -------------------------------------------------------------------------------- */

static void require_victim(struct rig *connects, const struct rig *victim)
{
    uint32_t slot = watch_slot(victim);
    size_t from = belfry_record_count(), call;

    REQUIRE_OK(rig_connect(connects));
    call = rig_expect(from, BELFRY_CB_ENTER, CALLBACK);
    REQUIRE_EQ(belfry_record_at(call)->object, watch_info(victim).os_handle);
    REQUIRE_EQ(rig_count(from, BELFRY_CB_ENTER, CALLBACK), 1);
    REQUIRE_EQ(watch_slot(connects), slot);
    watch_require(victim, RETRY, BELFRY_MAPPED_DUMMY);
}

static int oldest_goes_first(int argc, char **argv)
{
    struct rig *rigs[QUEUES];
    unsigned i;

    (void)argc, (void)argv;
    for (i = 0; i < QUEUES; i++)
        rigs[i] = &many[i];
    watch_make(rigs, QUEUES, ENTRIES, NODE);
    for (i = 0; i < SLOTS; i++)
        REQUIRE_OK(rig_connect(rigs[i]));
    REQUIRE_EQ(rig_count(0, BELFRY_CB_ENTER, CALLBACK), 0);
    require_victim(rigs[4], rigs[0]);
    require_victim(rigs[5], rigs[1]);
    require_victim(rigs[0], rigs[2]);
    /* Used last: 0, 5, 4, 3. A notification is a use (DB-NTF-01). */
    REQUIRE_OK(D3DKMTNotifyWorkSubmission(
        &(D3DKMT_NOTIFY_WORK_SUBMISSION){ .hDoorbell = rigs[3]->doorbell }));
    require_victim(rigs[6], rigs[4]);
    require_victim(rigs[1], rigs[5]);
    require_victim(rigs[2], rigs[0]);
    require_victim(rigs[4], rigs[3]);
    require_victim(rigs[5], rigs[6]);
    watch_replay(rigs, QUEUES);
    watch_close(rigs, QUEUES);
    return 0;
}

static void DB_VIC_06_least_recently_used_is_the_victim(void **state)
{
    (void)state;
    rig_run_on(SLOTS, oldest_goes_first);
}

/* --- DB-VIC-09, DB-VIC-10 --------------------------------------------------------------------- */

static NTSTATUS abort_victims(const DXGKARGCB_DISCONNECTDOORBELL *args)
{
    DXGKARGCB_DISCONNECTDOORBELL changed = *args;

    changed.DisconnectReason = ABORT;
    return hooks.real_callback(&changed);
}

static int aborted_by_the_driver(int argc, char **argv)
{
    size_t from;

    (void)argc, (void)argv;
    watch_make(pair, 2, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&a));
    hooks.callback = abort_victims;
    REQUIRE_OK(rig_connect(&b));
    hooks.callback = NULL;
    watch_require(&a, ABORT, BELFRY_MAPPED_DUMMY);
    from = belfry_record_count();
    REQUIRE_STATUS(rig_connect(&a), STATUS_DEVICE_REMOVED);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, CONNECT_DDI), 0);
    watch_require(&b, CONNECTED, BELFRY_MAPPED_SLOT); /* Only the one named. */
    REQUIRE_OK(rig_destroy_doorbell(&b));
    REQUIRE_STATUS(rig_connect(&a), STATUS_DEVICE_REMOVED); /* Not with a free slot either. */
    watch_require(&a, ABORT, BELFRY_MAPPED_DUMMY);
    rig_close_beside(&b);
    rig_close(&a);
    return 0;
}

static void DB_VIC_09_driver_may_abort(void **state)
{
    (void)state;
    rig_run_on(1, aborted_by_the_driver);
}

static int abort_stays(int argc, char **argv)
{
    (void)argc, (void)argv;
    watch_make(pair, 2, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&a));
    REQUIRE_STATUS(take_rig(&a, RETRY), STATUS_SUCCESS);
    REQUIRE_STATUS(take_rig(&a, ABORT), STATUS_SUCCESS); /* RETRY becomes ABORT. */
    watch_require(&a, ABORT, BELFRY_MAPPED_DUMMY);
    REQUIRE_STATUS(take_rig(&a, RETRY), STATUS_SUCCESS);
    watch_require(&a, ABORT, BELFRY_MAPPED_DUMMY);
    REQUIRE_OK((NTSTATUS)belfry_os_disconnect(a.doorbell));
    watch_require(&a, ABORT, BELFRY_MAPPED_DUMMY);

    REQUIRE_STATUS(take_rig(&b, ABORT), STATUS_SUCCESS); /* Never connected. */
    REQUIRE_STATUS(take_rig(&b, RETRY), STATUS_SUCCESS);
    watch_require(&b, ABORT, BELFRY_MAPPED_DUMMY);
    REQUIRE_STATUS(rig_connect(&b), STATUS_DEVICE_REMOVED);
    watch_end(pair, 2);
    return 0;
}

static void DB_VIC_10_abort_never_becomes_retry(void **state)
{
    (void)state;
    rig_run_on(2, abort_stays);
}

#define WITH_HOOKS(test) cmocka_unit_test_setup_teardown(test, hooks_setup, hooks_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HOOKS(DB_VIC_01_reason_and_dummy_page),
        WITH_HOOKS(DB_VIC_02_unknown_pairs_are_refused),
        cmocka_unit_test(DB_VIC_03_slot_is_rerouted_after_the_callback),
        cmocka_unit_test(DB_VIC_04_rings_are_credited_to_the_victim),
        cmocka_unit_test(DB_VIC_04_victims_last_sample),
        RIG_ON_PAGES(DB_VIC_06_least_recently_used_is_the_victim),
        WITH_HOOKS(DB_VIC_09_driver_may_abort),
        WITH_HOOKS(DB_VIC_10_abort_never_becomes_retry),
    };

    (void)rig_on_slots(NULL); /* All of it is about slots and who has them. */
    return cmocka_run_group_tests_name("victim", tests, NULL, NULL);
}
