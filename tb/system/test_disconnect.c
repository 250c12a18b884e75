// SPDX-License-Identifier: MIT
/*
 * Disconnect by the OS: always possible, and neither work nor memory is lost with the slot. The
 * order of status, mapping and driver call (DB-DIS-04) is in test_disconnect_order.c.
 */
#include "hooks.h"

enum { ENTRIES = 16, NODE = 0, WAIT = 200000, SETTLE = 3000, CLOCKS = 5000 };
#define CONNECTED D3DDDI_DOORBELLSTATUS_CONNECTED
#define RETRY D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY
#define ABORT D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT
#define CONNECT_DDI "DxgkDdiConnectDoorbell"
#define DISCONNECT_DDI "DxgkDdiDisconnectDoorbell"
#define CALLBACK "DxgkCbDisconnectDoorbell"

static struct rig a, b;
static struct rig *const pair[] = { &a, &b };

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

/* --- DB-DIS-01 -------------------------------------------------------------------------------- */

static void require_one_call(const struct rig *rig)
{
    size_t from = belfry_record_count(), enter, exit;

    REQUIRE_OK((NTSTATUS)belfry_os_disconnect(rig->doorbell));
    enter = rig_expect(from, BELFRY_DDI_ENTER, DISCONNECT_DDI);
    exit = rig_expect(from, BELFRY_DDI_EXIT, DISCONNECT_DDI);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, DISCONNECT_DDI), 1);
    REQUIRE_EQ(belfry_record_at(enter)->irql, PASSIVE_LEVEL);
    REQUIRE_EQ(belfry_record_at(enter)->args[0], watch_info(rig).kmd_handle);
    REQUIRE_EQ(belfry_record_at(exit)->status, STATUS_SUCCESS);
}

static int disconnect_in_every_state(int argc, char **argv)
{
    (void)argc, (void)argv;
    watch_make(pair, 2, ENTRIES, NODE);
    require_one_call(&a); /* Never connected. */
    REQUIRE_OK(rig_connect(&a));
    require_one_call(&a);
    require_one_call(&a); /* Disconnected already: by the OS, ... */
    REQUIRE_OK(rig_connect(&a));
    REQUIRE_OK(rig_connect(&b));
    require_one_call(&a); /* ... as a victim. */
    watch_require(&a, RETRY, BELFRY_MAPPED_DUMMY);
    watch_require(&b, CONNECTED, BELFRY_MAPPED_SLOT); /* Not b's slot. */
    watch_require_route(&b, 0);
    belfry_device_lost();
    require_one_call(&a);
    watch_require(&a, ABORT, BELFRY_MAPPED_DUMMY);
    watch_end(pair, 2);
    return 0;
}

static void DB_DIS_01_always_succeeds(void **state)
{
    (void)state;
    run(disconnect_in_every_state);
}

static NTSTATUS refuse(const DXGKARG_DISCONNECTDOORBELL *args)
{
    REQUIRE_OK(hooks.real_disconnect(args));
    return STATUS_INVALID_PARAMETER;
}

static struct rig cut_short; /* Its memory stays reachable: nobody frees it. */

static int refused_disconnect(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&cut_short, ENTRIES, NODE);
    hooks.disconnect = refuse;
    disconnect(&cut_short);
    return 0;
}

static void DB_DIS_01_refusal_is_a_driver_error(void **state)
{
    struct belfry_config config = one_slot();

    (void)state;
    rig_open_machine(&config);
    belfry_spawn("test", refused_disconnect, 0, NULL);
    rig_finish_failing("DB-DIS-01");
}

/* --- DB-DIS-02, DB-DIS-03 --------------------------------------------------------------------- */

static int slot_comes_free(int argc, char **argv)
{
    struct belfry_ledger before, after;
    size_t from;

    (void)argc, (void)argv;
    watch_make(pair, 2, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&a));
    disconnect(&a);
    rig_settle(SETTLE);
    REQUIRE_EQ(rig_owned_slots(1), 0);

    /* A ring that somebody still gets there wakes nobody. */
    from = belfry_record_count();
    belfry_ledger(&before);
    REQUIRE_EQ(belfry_bar2_store(0, 1, 8), 0);
    rig_settle(SETTLE);
    belfry_ledger(&after);
    REQUIRE_EQ(after.unowned, before.unowned + 1);
    REQUIRE_EQ(rig_count(from, BELFRY_SAMPLE, NULL), 0);

    from = belfry_record_count();
    REQUIRE_OK(rig_connect(&b));
    REQUIRE_EQ(rig_count(from, BELFRY_CB_ENTER, CALLBACK), 0); /* Nobody had to go for it. */
    watch_require_route(&b, watch_slot(&b));
    rig_close_beside(&b);
    rig_close(&a);
    return 0;
}

static void DB_DIS_02_slot_is_free_afterwards(void **state)
{
    (void)state;
    run(slot_comes_free);
}

static int reconnect(int argc, char **argv)
{
    struct belfry_doorbell_info first;
    size_t from;
    unsigned i;

    (void)argc, (void)argv;
    rig_make(&a, ENTRIES, NODE);
    first = watch_info(&a);
    from = belfry_record_count();
    for (i = 1; i <= 3 * ENTRIES; i++) { /* The ring goes round: its state is kept. */
        size_t connect = belfry_record_count();

        REQUIRE_OK(rig_connect(&a));
        connect = rig_expect(connect, BELFRY_DDI_ENTER, CONNECT_DDI);
        REQUIRE_EQ(belfry_record_at(connect)->args[0], first.kmd_handle);
        rig_append(&a, i, 7 * i);
        rig_ring(&a);
        rig_wait(&a, i, WAIT);
        REQUIRE_EQ(a.data.cpu[i], 7 * i);
        disconnect(&a);
        rig_settle(SETTLE);
        REQUIRE_EQ(rig_rptr(&a), i);
        REQUIRE(watch_info(&a).user_va == first.user_va);
    }
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiCreateDoorbell"), 0);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiDestroyDoorbell"), 0);
    watch_replay(pair, 1);
    rig_close(&a);
    return 0;
}

static void DB_DIS_03_doorbell_survives(void **state)
{
    (void)state;
    run(reconnect);
}

/* --- DB-DIS-05 -------------------------------------------------------------------------------- */

static int final_sample(int argc, char **argv)
{
    uint64_t done = 0;

    (void)argc, (void)argv;
    watch_make(pair, 2, ENTRIES, NODE);
    rig_append(&a, 1, 1); /* Never connected. */
    disconnect(&a);
    rig_wait(&a, ++done, WAIT);

    REQUIRE_OK(rig_connect(&a)); /* Connected. */
    rig_settle(SETTLE);
    rig_append(&a, 2, 2);
    rig_append(&a, 3, 3);
    rig_settle(SETTLE);
    REQUIRE_EQ(*a.progress, done);
    disconnect(&a);
    rig_wait(&a, done += 2, WAIT);

    rig_append(&a, 4, 4); /* Disconnected. */
    disconnect(&a);
    rig_wait(&a, ++done, WAIT);

    REQUIRE_OK(rig_connect(&a)); /* A victim, with another queue in its slot. */
    REQUIRE_OK(rig_connect(&b));
    rig_settle(SETTLE);
    rig_append(&a, 5, 5);
    disconnect(&a);
    rig_wait(&a, ++done, WAIT);

    REQUIRE_OK(rig_connect(&a)); /* Not runnable: as soon as it is. */
    REQUIRE_OK((NTSTATUS)belfry_os_suspend(a.context));
    rig_append(&a, 6, 6);
    disconnect(&a);
    rig_settle(WAIT);
    REQUIRE_EQ(*a.progress, done);
    REQUIRE_OK((NTSTATUS)belfry_os_resume(a.context));
    rig_wait(&a, ++done, WAIT);

    REQUIRE_EQ(rig_count(0, BELFRY_RING, NULL), 0);
    REQUIRE_EQ(rig_count(0, BELFRY_DDI_ENTER, CONNECT_DDI), 4); /* None by itself. */
    watch_end(pair, 2);
    return 0;
}

static void DB_DIS_05_unrung_work_completes(void **state)
{
    (void)state;
    run(final_sample);
}

/* --- DB-DIS-06 -------------------------------------------------------------------------------- */

static void require_memory(const struct bell_umd_memory *memory, uint64_t gpu)
{
    struct belfry_alloc_info info;

    REQUIRE(belfry_alloc(memory->allocation, &info));
    REQUIRE_EQ(info.references, 1);
    REQUIRE(info.resident && !info.destroyed);
    REQUIRE_EQ(info.gpu_va, gpu);
}

static int ring_memory_stays(int argc, char **argv)
{
    size_t from;
    unsigned i;

    (void)argc, (void)argv;
    rig_make(&a, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&a));
    from = belfry_record_count();
    disconnect(&a);
    REQUIRE_EQ(rig_count(from, BELFRY_ALLOC, NULL), 0);
    require_memory(&a.ring, a.ring.gpu);
    require_memory(&a.control, a.control.gpu);
    for (i = 1; i < ENTRIES; i++)
        rig_append(&a, i, i);
    REQUIRE_EQ(a.control.cpu[0], ENTRIES - 1);
    REQUIRE_OK(rig_connect(&a));
    rig_wait(&a, ENTRIES - 1, WAIT);
    rig_close(&a);
    return 0;
}

static void DB_DIS_06_ring_memory_stays(void **state)
{
    (void)state;
    run(ring_memory_stays);
}

/* --- DB-DIS-07 -------------------------------------------------------------------------------- */

static int queue_goes_on(int argc, char **argv)
{
    uint64_t state, before;
    size_t from;
    unsigned i;

    (void)argc, (void)argv;
    rig_make(&a, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&a));
    for (i = 1; i <= 6; i++)
        rig_append_work(&a, i, i, CLOCKS);
    rig_ring(&a);
    rig_wait(&a, 1, WAIT);
    rig_settle(CLOCKS / 10); /* The second is under way. */
    from = belfry_record_count();
    before = belfry_now();
    disconnect(&a);
    REQUIRE(belfry_now() - before < CLOCKS); /* Did not wait for the work. */
    state = rig_queue_state(a.blob.queue_token);
    REQUIRE((state & BELL_QUEUE_STATE_OPEN_MASK) != 0);
    REQUIRE((state & BELL_QUEUE_STATE_LISTED_MASK) != 0);
    REQUIRE((state & BELL_QUEUE_STATE_FAULTED_MASK) == 0);
    REQUIRE(rig_rptr(&a) < 6);
    rig_wait(&a, 6, 8 * CLOCKS);
    rig_settle(SETTLE);
    REQUIRE_EQ(rig_rptr(&a), 6);
    REQUIRE_EQ(rig_count(from, BELFRY_FINISH, NULL), 5); /* Each once. */
    REQUIRE_EQ(rig_count(from, BELFRY_START, NULL), 4);
    rig_close(&a);
    return 0;
}

static void DB_DIS_07_work_under_way_goes_on(void **state)
{
    (void)state;
    run(queue_goes_on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(DB_DIS_01_always_succeeds),
        cmocka_unit_test_setup_teardown(DB_DIS_01_refusal_is_a_driver_error, hooks_setup,
                                        hooks_teardown),
        cmocka_unit_test(DB_DIS_02_slot_is_free_afterwards),
        cmocka_unit_test(DB_DIS_03_doorbell_survives),
        cmocka_unit_test(DB_DIS_05_unrung_work_completes),
        cmocka_unit_test(DB_DIS_06_ring_memory_stays),
        cmocka_unit_test(DB_DIS_07_work_under_way_goes_on),
    };

    (void)rig_on_slots(NULL); /* All of it is about slots and who has them. */
    return cmocka_run_group_tests_name("disconnect", tests, NULL, NULL);
}
