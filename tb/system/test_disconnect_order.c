// SPDX-License-Identifier: MIT
/*
 * Disconnect by the OS: status, barrier, rotate, and only then the driver (DB-DIS-04, A-06, A-68).
 * No ring is swallowed while the status says connected, none hits the next owner.
 */
#include "hooks.h"

enum { ENTRIES = 16, NODE = 0, WAIT = 200000, SETTLE = 3000, ROUNDS = 40, RINGERS = 3,
       LATE = 2000 };
#define CONNECTED D3DDDI_DOORBELLSTATUS_CONNECTED
#define RETRY D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY
#define ABORT D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT
#define DISCONNECT_DDI "DxgkDdiDisconnectDoorbell"

static struct rig a;
static struct rig *const only[] = { &a };

static struct belfry_config one_slot(void)
{
    struct belfry_config config = rig_config();

    config.slots = 1;
    return config;
}

static void run(int (*body)(int argc, char **argv))
{
    struct belfry_config config = one_slot();

    rig_run(&config, body);
}

static void disconnect(struct rig *rig)
{
    REQUIRE_OK((NTSTATUS)belfry_os_disconnect(rig->doorbell));
}

static void disconnect_thread(void *arg)
{
    disconnect(arg);
}

static uint64_t generation_of(uint32_t slot)
{
    return BELL_FIELD_GET(rig_slot_owner(slot), BELL_SLOT_OWNER_GENERATION);
}

static void require_order(size_t from)
{
    size_t status = rig_expect(from, BELFRY_STATUS, NULL), map = rig_expect(from, BELFRY_MAP, NULL);

    REQUIRE_EQ(belfry_record_at(status)->value, RETRY);
    REQUIRE_EQ(belfry_record_at(map)->value, BELFRY_MAPPED_DUMMY);
    REQUIRE(status < map && map < rig_expect(from, BELFRY_DDI_ENTER, DISCONNECT_DDI));
    REQUIRE_EQ(rig_count(from, BELFRY_STATUS, NULL), 1); /* The second pass changed nothing. */
    REQUIRE_EQ(rig_count(from, BELFRY_MAP, NULL), 1);
}

static int status_rotate_call(int argc, char **argv)
{
    struct watch watch = { .rigs = only, .count = 1 };
    struct belfry_thread *thread;
    uint64_t generation;
    size_t from;

    (void)argc, (void)argv;
    rig_make(&a, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&a));
    rig_settle(SETTLE);
    generation = generation_of(0);
    watch_start(&watch);
    from = belfry_record_count();

    belfry_point_hold("disconnect.status-to-rotate");
    belfry_point_hold("disconnect.rotate-to-return");
    thread = belfry_thread_start("disconnects", disconnect_thread, &a);
    watch_await_point("disconnect.status-to-rotate", 1);
    watch_require(&a, RETRY, BELFRY_MAPPED_SLOT);
    rig_append(&a, 1, 11);
    rig_ring(&a); /* Still heard. */
    rig_wait(&a, 1, WAIT);
    REQUIRE_EQ(rig_count(from, BELFRY_RING, NULL), 1);

    belfry_point_release("disconnect.status-to-rotate");
    watch_await_point("disconnect.rotate-to-return", 1);
    watch_require(&a, RETRY, BELFRY_MAPPED_DUMMY);
    REQUIRE_EQ(generation_of(0), generation);
    watch_require_route(&a, 0); /* The slot is not freed before. */
    rig_append(&a, 2, 22);
    rig_ring(&a); /* Swallowed, but the status says so. */
    rig_settle(SETTLE);
    REQUIRE_EQ(rig_count(from, BELFRY_RING, NULL), 1);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, DISCONNECT_DDI), 0);

    belfry_point_release("disconnect.rotate-to-return");
    belfry_thread_join(thread);
    require_order(from);
    rig_wait(&a, 2, WAIT); /* By the final sample. */
    watch_stop(&watch);
    watch_replay(only, 1);
    rig_close(&a);
    return 0;
}

static void DB_DIS_04_status_then_rotate_then_driver(void **state)
{
    (void)state;
    run(status_rotate_call);
}

static bool ringing;

static void ringer(void *arg)
{
    struct rig *rig = arg;

    while (ringing) {
        rig_ring(rig);
        belfry_yield(); /* A store to the dummy page takes no time. */
    }
}

/* Rings wait long in the bridges of three processors while the doorbell comes and goes. */
static int rings_in_flight(int argc, char **argv)
{
    struct watch watch = { .rigs = only, .count = 1 };
    struct belfry_thread *threads[RINGERS];
    unsigned i;

    (void)argc, (void)argv;
    rig_make(&a, ENTRIES, NODE);
    watch_start(&watch);
    ringing = true;
    for (i = 0; i < RINGERS; i++)
        threads[i] = belfry_thread_start("rings", ringer, &a);
    for (i = 1; i <= ROUNDS; i++) {
        REQUIRE_OK(rig_connect(&a));
        belfry_sleep(1 + belfry_random(LATE));
        rig_append(&a, i, i);
        disconnect(&a);
        rig_wait(&a, i, WAIT);
    }
    ringing = false;
    for (i = 0; i < RINGERS; i++)
        belfry_thread_join(threads[i]);
    watch_stop(&watch);
    rig_settle(SETTLE);
    REQUIRE(rig_count(0, BELFRY_RING, NULL) > ROUNDS);
    watch_replay(only, 1);
    rig_close(&a);
    return 0;
}

static void DB_DIS_04_no_ring_is_swallowed_unseen(void **state)
{
    struct belfry_config config = one_slot();

    (void)state;
    config.post_delay_max = LATE;
    rig_run(&config, rings_in_flight);
}

/* The published order, for study: the sampler must see what it is there for. */
static int published_order(int argc, char **argv)
{
    struct watch watch = { .rigs = only, .count = 1, .tolerant = true };
    struct belfry_thread *thread;

    (void)argc, (void)argv;
    rig_make(&a, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&a));
    watch_start(&watch);
    belfry_point_hold("disconnect.rotate-to-status");
    thread = belfry_thread_start("disconnects", disconnect_thread, &a);
    watch_await_point("disconnect.rotate-to-status", 1);
    rig_settle(SETTLE);
    REQUIRE(watch.swallowed > 0);
    belfry_point_release("disconnect.rotate-to-status");
    belfry_thread_join(thread);
    watch_stop(&watch);
    watch_require(&a, RETRY, BELFRY_MAPPED_DUMMY);
    rig_close(&a);
    return 0;
}

static void DB_DIS_04_published_order_shows_its_gap(void **state)
{
    struct belfry_config config = one_slot();

    (void)state;
    config.disconnect_published = true;
    rig_run(&config, published_order);
}

static NTSTATUS wait_for_abort(const DXGKARG_DISCONNECTDOORBELL *args)
{
    uint64_t end = belfry_now() + WAIT;

    while (watch_info(&a).status != ABORT && belfry_now() < end)
        belfry_sleep(10);
    return hooks.real_disconnect(args);
}

static void lose_device(void *arg)
{
    (void)arg;
    belfry_device_lost();
}

/* the second pass comes after a loss that fell into the driver's call. */
static int lost_during_the_call(int argc, char **argv)
{
    struct belfry_thread *disconnects, *loses;
    size_t from;

    (void)argc, (void)argv;
    rig_make(&a, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&a));
    hooks.disconnect = wait_for_abort;
    from = belfry_record_count();
    disconnects = belfry_thread_start("disconnects", disconnect_thread, &a);
    while (belfry_record_find(from, BELFRY_DDI_ENTER, DISCONNECT_DDI) == (size_t)-1)
        belfry_sleep(10);
    loses = belfry_thread_start("loses", lose_device, NULL);
    belfry_thread_join(disconnects);
    belfry_thread_join(loses);
    watch_require(&a, ABORT, BELFRY_MAPPED_DUMMY);
    watch_replay(only, 1);
    rig_close(&a);
    return 0;
}

static void DB_DIS_04_second_pass_keeps_abort(void **state)
{
    (void)state;
    run(lost_during_the_call);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(DB_DIS_04_status_then_rotate_then_driver),
        cmocka_unit_test(DB_DIS_04_no_ring_is_swallowed_unseen),
        cmocka_unit_test(DB_DIS_04_published_order_shows_its_gap),
        cmocka_unit_test_setup_teardown(DB_DIS_04_second_pass_keeps_abort, hooks_setup,
                                        hooks_teardown),
    };

    (void)rig_on_slots(NULL); /* All of it is about slots and who has them. */
    return cmocka_run_group_tests_name("disconnect_order", tests, NULL, NULL);
}
