// SPDX-License-Identifier: MIT
/*
 * Connect under way: what is visible when, what runs without a ring, what a failure leaves, and who
 * wins against a disconnect. The races are held open at delay points.
 */
#include "hooks.h"

enum { ENTRIES = 16, NODE = 0, WAIT = 200000, SETTLE = 3000, LATE = 2000 };
#define CONNECTED D3DDDI_DOORBELLSTATUS_CONNECTED
#define RETRY D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY
#define CONNECT_DDI "DxgkDdiConnectDoorbell"
#define CALLBACK "DxgkCbDisconnectDoorbell"

static struct rig a, b;
static struct rig *const pair[] = { &a, &b };

static void connect_thread(void *arg)
{
    REQUIRE_OK(rig_connect(arg));
}

/* --- DB-CON-04 -------------------------------------------------------------------------------- */

static int map_then_status(int argc, char **argv)
{
    struct watch watch = { .rigs = pair, .count = 1 };
    struct belfry_thread *thread;
    size_t from;
    unsigned i;

    (void)argc, (void)argv;
    rig_make(&a, ENTRIES, NODE);
    watch_start(&watch);
    belfry_point_hold("connect.ddi-to-map");
    from = belfry_record_count();
    thread = belfry_thread_start("connects", connect_thread, &a);
    watch_await_point("connect.ddi-to-map", 1);
    watch_require_route(&a, 0); /* The hardware is ready, ... */
    watch_require(&a, RETRY, BELFRY_MAPPED_DUMMY); /* ... the user is not told. */
    rig_ring(&a);
    rig_settle(SETTLE);
    REQUIRE_EQ(rig_count(from, BELFRY_RING, NULL), 0);
    belfry_point_release("connect.ddi-to-map");
    belfry_thread_join(thread);
    watch_require(&a, CONNECTED, BELFRY_MAPPED_SLOT);
    REQUIRE(rig_expect(from, BELFRY_DDI_EXIT, CONNECT_DDI) < rig_expect(from, BELFRY_MAP, NULL));
    REQUIRE(rig_expect(from, BELFRY_MAP, NULL) < rig_expect(from, BELFRY_STATUS, NULL));
    for (i = 0; i < 40; i++) {
        REQUIRE_OK((NTSTATUS)belfry_os_disconnect(a.doorbell));
        belfry_sleep(1 + belfry_random(100));
        REQUIRE_OK(rig_connect(&a));
        rig_ring(&a);
    }
    watch_stop(&watch);
    rig_settle(SETTLE);
    watch_replay(pair, 1);
    rig_close(&a);
    return 0;
}

static void DB_CON_04_map_before_status(void **state)
{
    (void)state;
    rig_run_on(1, map_then_status);
}

/* --- DB-CON-10 -------------------------------------------------------------------------------- */

static int connect_as_ring(int argc, char **argv)
{
    unsigned i;

    (void)argc, (void)argv;
    watch_make(pair, 2, ENTRIES, NODE);
    for (i = 1; i <= 6; i++) {
        if (i % 2 == 0) /* After an OS disconnect, or a victimization, or none yet. */
            REQUIRE_OK((NTSTATUS)belfry_os_disconnect(a.doorbell));
        rig_settle(SETTLE);
        rig_append(&a, i, 10 * i);
        rig_settle(SETTLE);
        REQUIRE_EQ(*a.progress, i - 1); /* Nobody has looked. */
        REQUIRE_OK(rig_connect(&a));
        rig_wait(&a, i, WAIT);
        REQUIRE_EQ(a.data.cpu[i], 10 * i);
        REQUIRE_OK(rig_connect(&b));
    }
    REQUIRE_EQ(rig_count(0, BELFRY_RING, NULL), 0);
    watch_end(pair, 2);
    return 0;
}

static void DB_CON_10_connect_counts_as_a_ring(void **state)
{
    (void)state;
    rig_run_on(1, connect_as_ring);
}

/* --- DB-CON-11 -------------------------------------------------------------------------------- */

static int connect_suspended(int argc, char **argv)
{
    size_t from;

    (void)argc, (void)argv;
    rig_make(&a, ENTRIES, NODE);
    REQUIRE_OK((NTSTATUS)belfry_os_suspend(a.context));
    from = belfry_record_count();
    rig_append(&a, 1, 11);
    REQUIRE_OK(rig_connect(&a));
    watch_require(&a, CONNECTED, BELFRY_MAPPED_SLOT);
    watch_require_route(&a, watch_slot(&a));
    rig_append(&a, 2, 22);
    rig_ring(&a);
    rig_settle(WAIT);
    REQUIRE_EQ(rig_queue_state(a.blob.queue_token) & BELL_QUEUE_STATE_LISTED_MASK, 0);
    REQUIRE_EQ(rig_count(from, BELFRY_START, NULL) + rig_rptr(&a) + *a.progress, 0);
    REQUIRE_OK((NTSTATUS)belfry_os_resume(a.context));
    rig_wait(&a, 2, WAIT);
    REQUIRE_EQ(a.data.cpu[2], 22);
    rig_close(&a);
    return 0;
}

static void DB_CON_11_suspended_queue_gets_a_slot_only(void **state)
{
    (void)state;
    rig_run_on(1, connect_suspended);
}

static void resume_thread(void *arg)
{
    struct rig *rig = arg;

    REQUIRE_OK((NTSTATUS)belfry_os_resume(rig->context));
}

/* Resumed on one processor, suspended on the next: writes of the first must not come last. */
static int suspended_elsewhere(int argc, char **argv)
{
    unsigned i;

    (void)argc, (void)argv;
    rig_make(&a, ENTRIES, NODE);
    for (i = 1; i <= 10; i++) {
        REQUIRE_OK((NTSTATUS)belfry_os_suspend(a.context));
        REQUIRE_OK(rig_connect(&a));
        belfry_thread_join(belfry_thread_start("resumes", resume_thread, &a));
        REQUIRE_OK((NTSTATUS)belfry_os_suspend(a.context));
        rig_append(&a, i, i);
        rig_ring(&a);
        rig_settle(3 * LATE);
        REQUIRE_EQ(*a.progress, i - 1);
        REQUIRE_OK((NTSTATUS)belfry_os_resume(a.context));
        rig_wait(&a, i, WAIT);
    }
    rig_close(&a);
    return 0;
}

static void DB_CON_11_last_suspend_counts(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    config.slots = 1;
    config.post_delay_max = LATE;
    rig_run(&config, suspended_elsewhere);
}

/* --- DB-CON-12 -------------------------------------------------------------------------------- */

static NTSTATUS fail_at_once(DXGKARG_CONNECTDOORBELL *args)
{
    (void)args;
    return STATUS_NO_MEMORY;
}

/* The victim is gone before the driver notices that it cannot go on. */
static NTSTATUS fail_late(DXGKARG_CONNECTDOORBELL *args)
{
    DXGKARG_DISCONNECTDOORBELL undo = { .hDoorbell = args->hDoorbell };

    REQUIRE_OK(hooks.real_connect(args));
    REQUIRE_OK(hooks.real_disconnect(&undo));
    return STATUS_IO_TIMEOUT;
}

static NTSTATUS refuse(const DXGKARGCB_DISCONNECTDOORBELL *args)
{
    (void)args;
    return STATUS_INVALID_PARAMETER;
}

static void require_works(struct rig *rig)
{
    uint64_t value = rig->wptr + 1;

    REQUIRE_OK(rig_connect(rig));
    rig_append(rig, (uint32_t)value, value);
    rig_ring(rig);
    rig_wait(rig, value, WAIT);
}

static int failed_connects(int argc, char **argv)
{
    size_t from;

    (void)argc, (void)argv;
    watch_make(pair, 2, ENTRIES, NODE);
    require_works(&a);

    from = belfry_record_count();
    hooks.connect = fail_at_once;
    REQUIRE_STATUS(rig_connect(&b), STATUS_NO_MEMORY);
    hooks.callback = refuse; /* The OS lets no victim go: the driver itself gives up in the end. */
    hooks.connect = NULL;
    REQUIRE_STATUS(rig_connect(&b), STATUS_IO_TIMEOUT);
    hooks.callback = NULL;
    REQUIRE_EQ(rig_count(from, BELFRY_STATUS, NULL) + rig_count(from, BELFRY_MAP, NULL), 0);
    watch_require(&a, CONNECTED, BELFRY_MAPPED_SLOT);
    watch_require(&b, RETRY, BELFRY_MAPPED_DUMMY);
    watch_require_route(&a, 0);
    require_works(&a);

    hooks.connect = fail_late;
    REQUIRE_STATUS(rig_connect(&b), STATUS_IO_TIMEOUT);
    hooks.connect = NULL;
    watch_require(&a, RETRY, BELFRY_MAPPED_DUMMY);
    watch_require(&b, RETRY, BELFRY_MAPPED_DUMMY);
    rig_settle(SETTLE);
    REQUIRE_EQ(rig_owned_slots(1), 0);
    require_works(&a);
    require_works(&b);
    REQUIRE_EQ(rig_owned_slots(1), 1);
    watch_end(pair, 2);
    return 0;
}

static void DB_CON_12_failed_connect_leaks_no_slot(void **state)
{
    (void)state;
    rig_run_on(1, failed_connects);
}

/* --- DB-CON-13 -------------------------------------------------------------------------------- */

static int lose_before_map(int argc, char **argv)
{
    struct watch watch = { .rigs = pair, .count = 2 };
    struct belfry_thread *first, *second;
    size_t from;

    (void)argc, (void)argv;
    watch_make(pair, 2, ENTRIES, NODE);
    rig_append(&a, 1, 1);
    watch_start(&watch);
    belfry_point_hold("connect.ddi-to-map");
    from = belfry_record_count();
    first = belfry_thread_start("connects a", connect_thread, &a);
    watch_await_point("connect.ddi-to-map", 1);
    second = belfry_thread_start("connects b", connect_thread, &b);
    watch_await_point("connect.ddi-to-map", 2); /* b has evicted a and waits where a waits. */
    REQUIRE_EQ(rig_count(from, BELFRY_CB_EXIT, CALLBACK), 1);
    belfry_point_release("connect.ddi-to-map");
    belfry_thread_join(first);
    belfry_thread_join(second);
    watch_require(&a, RETRY, BELFRY_MAPPED_DUMMY);
    watch_require(&b, CONNECTED, BELFRY_MAPPED_SLOT);
    rig_wait(&a, 1, WAIT); /* Its connect counted as a ring all the same. */
    REQUIRE_OK(rig_connect(&a));
    watch_stop(&watch);
    watch_end(pair, 2);
    return 0;
}

static void DB_CON_13_disconnect_beats_mapping(void **state)
{
    (void)state;
    rig_run_on(1, lose_before_map);
}

/* The same, but the eviction falls into the DDI itself, after the driver has let go of its lock:
 * the generation must have been copied before the call. The evictor is another process. */
static volatile bool in_tail, evicted;

static NTSTATUS slow_return(DXGKARG_CONNECTDOORBELL *args)
{
    NTSTATUS status = hooks.real_connect(args);

    if (!in_tail) {
        in_tail = true;
        watch_await(&evicted, "the eviction of a doorbell whose connect is on its way back");
    }
    return status;
}

static int slow_process(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&a, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&a));
    watch_require(&a, RETRY, BELFRY_MAPPED_DUMMY);
    require_works(&a);
    rig_close(&a);
    return 0;
}

static int evicting_process(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&b, ENTRIES, NODE);
    watch_await(&in_tail, "the other process to be connecting");
    REQUIRE_OK(rig_connect(&b));
    watch_require(&b, CONNECTED, BELFRY_MAPPED_SLOT);
    evicted = true;
    rig_settle(SETTLE);
    rig_close(&b);
    return 0;
}

static void DB_CON_13_generation_from_before_the_ddi(void **state)
{
    struct belfry_config config;

    (void)state;
    rig_breaks("DB-VIC-06 DB-CON-05"); /* To the monitor, a victim in its connect. */
    config = rig_config();
    in_tail = evicted = false;
    hooks.connect = slow_return;
    config.slots = 1;
    rig_open_machine(&config);
    belfry_spawn("slow", slow_process, 0, NULL);
    belfry_spawn("evicts", evicting_process, 0, NULL);
    rig_finish_machine();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(DB_CON_04_map_before_status),
        cmocka_unit_test(DB_CON_10_connect_counts_as_a_ring),
        cmocka_unit_test(DB_CON_11_suspended_queue_gets_a_slot_only),
        cmocka_unit_test(DB_CON_11_last_suspend_counts),
        cmocka_unit_test_setup_teardown(DB_CON_12_failed_connect_leaks_no_slot, hooks_setup,
                                        hooks_teardown),
        cmocka_unit_test_setup_teardown(DB_CON_13_disconnect_beats_mapping, hooks_setup,
                                        hooks_teardown),
        cmocka_unit_test_setup_teardown(DB_CON_13_generation_from_before_the_ddi, hooks_setup,
                                        hooks_teardown),
    };

    (void)rig_on_slots(NULL); /* All of it is about slots and who has them. */
    return cmocka_run_group_tests_name("connect_races", tests, NULL, NULL);
}
