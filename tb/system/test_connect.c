// SPDX-License-Identifier: MIT
/*
 * D3DKMTConnectDoorbell and DxgkDdiConnectDoorbell: who calls whom, with what, and what a connect
 * leaves alone. Order, lost work and failures are in test_connect_races.c, contention in
 * test_contend.c.
 */
#include "hooks.h"

enum { ENTRIES = 16, NODE = 0, WAIT = 200000, SETTLE = 3000, MANY = 8, FEW = 4 };
#define CONNECTED D3DDDI_DOORBELLSTATUS_CONNECTED
#define RETRY D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY
#define ABORT D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT
#define CONNECT_DDI "DxgkDdiConnectDoorbell"
#define DISCONNECT_DDI "DxgkDdiDisconnectDoorbell"
#define CALLBACK "DxgkCbDisconnectDoorbell"

static struct rig a, b, many[MANY];
static struct rig *const pair[] = { &a, &b };

static void connect_thread(void *arg)
{
    REQUIRE_OK(rig_connect(arg));
}

static size_t ddi_calls(size_t from)
{
    return rig_count(from, BELFRY_DDI_ENTER, CONNECT_DDI);
}

/* --- DB-CON-01 -------------------------------------------------------------------------------- */

static void require_one_connect(size_t from)
{
    size_t call = rig_expect(from, BELFRY_KMT_ENTER, "D3DKMTConnectDoorbell");
    size_t enter = rig_expect(from, BELFRY_DDI_ENTER, CONNECT_DDI);
    size_t exit = rig_expect(from, BELFRY_DDI_EXIT, CONNECT_DDI);
    size_t back = rig_expect(from, BELFRY_KMT_EXIT, "D3DKMTConnectDoorbell");

    REQUIRE(call < enter && enter < exit && exit < back);
    REQUIRE_EQ(ddi_calls(from), 1);
    REQUIRE_EQ(belfry_record_at(enter)->args[0], watch_info(&a).kmd_handle);
    REQUIRE_EQ(belfry_record_at(enter)->irql, PASSIVE_LEVEL);
    REQUIRE_EQ(belfry_record_at(exit)->status, STATUS_SUCCESS);
}

static int connect_on_request(int argc, char **argv)
{
    unsigned i;

    (void)argc, (void)argv;
    rig_make(&a, ENTRIES, NODE);
    for (i = 1; i <= 3; i++) {
        size_t from = belfry_record_count();

        REQUIRE_OK(rig_connect(&a));
        require_one_connect(from);
        watch_require(&a, CONNECTED, BELFRY_MAPPED_SLOT);
        rig_append(&a, i, i);
        rig_ring(&a);
        rig_wait(&a, 2 * i - 1, WAIT);
        REQUIRE_OK((NTSTATUS)belfry_os_disconnect(a.doorbell));

        /* Nothing else connects: no ring, no suspend, no resume. */
        from = belfry_record_count();
        rig_append(&a, i, i);
        rig_ring(&a);
        REQUIRE_OK((NTSTATUS)belfry_os_suspend(a.context));
        REQUIRE_OK((NTSTATUS)belfry_os_resume(a.context));
        rig_settle(WAIT);
        REQUIRE_EQ(ddi_calls(from), 0);
        watch_require(&a, RETRY, BELFRY_MAPPED_DUMMY);
        rig_wait(&a, 2 * i, WAIT); /* The resume has sampled. */
    }
    rig_close(&a);
    return 0;
}

static void DB_CON_01_connect_is_one_ddi_call(void **state)
{
    (void)state;
    rig_run_on(1, connect_on_request);
}

/* --- DB-CON-02 -------------------------------------------------------------------------------- */

static const struct rig *connecting;
static unsigned routed; /* Slots that route to `connecting` when its DDI returns. */

static NTSTATUS look_at_slots(DXGKARG_CONNECTDOORBELL *args)
{
    NTSTATUS status = hooks.real_connect(args);
    uint64_t state = rig_queue_state(connecting->blob.queue_token);
    uint32_t slot;

    routed = 0;
    for (slot = 0; slot < 2; slot++) {
        uint64_t owner = rig_slot_owner(slot);

        routed += (owner & BELL_SLOT_OWNER_VALID_MASK) != 0 &&
                  BELL_FIELD_GET(owner, BELL_SLOT_OWNER_QUEUE) == connecting->blob.queue_token;
    }
    REQUIRE((state & BELL_QUEUE_STATE_OPEN_MASK) != 0);
    REQUIRE((state & BELL_QUEUE_STATE_LISTED_MASK) != 0);
    REQUIRE(args->KernelCpuVirtualAddress != NULL);
    REQUIRE_EQ(args->Status, CONNECTED);
    return status;
}

static int routed_on_return(int argc, char **argv)
{
    struct rig *rigs[] = { &many[0], &many[1], &many[2] };
    unsigned i;

    (void)argc, (void)argv;
    hooks.connect = look_at_slots;
    watch_make(rigs, 3, ENTRIES, NODE);
    for (i = 0; i < 3; i++) {
        size_t from = belfry_record_count();

        connecting = rigs[i];
        REQUIRE_OK(rig_connect(rigs[i]));
        REQUIRE_EQ(routed, 1);
        watch_require_route(rigs[i], watch_slot(rigs[i]));
        REQUIRE_EQ(rig_count(from, BELFRY_CB_ENTER, CALLBACK), i == 2); /* None was free. */
    }
    REQUIRE_EQ(watch_slot(rigs[2]), 0);
    watch_replay(rigs, 3);
    watch_close(rigs, 3);
    return 0;
}

static void DB_CON_02_slot_routes_when_the_ddi_returns(void **state)
{
    (void)state;
    rig_run_on(2, routed_on_return);
}

/* --- DB-CON-03 -------------------------------------------------------------------------------- */

static unsigned spoil;
enum { SPOILS = 8 };

static NTSTATUS spoil_outputs(DXGKARG_CONNECTDOORBELL *args)
{
    NTSTATUS status = hooks.real_connect(args);
    char *address = args->KernelCpuVirtualAddress;
    VOID *const addresses[SPOILS] = { address, NULL, &spoil, address + 64, address + (1 << 30),
                                      address, address, address };
    const int statuses[SPOILS] = { CONNECTED, CONNECTED, CONNECTED, CONNECTED, CONNECTED,
                                   RETRY, ABORT, 4 };

    args->KernelCpuVirtualAddress = addresses[spoil];
    args->Status = (D3DDDI_DOORBELLSTATUS)statuses[spoil];
    return status;
}

static int bad_outputs(int argc, char **argv)
{
    (void)argc, (void)argv;
    hooks.connect = spoil_outputs;
    rig_make(&a, ENTRIES, NODE);
    for (spoil = 1; spoil < SPOILS; spoil++) {
        size_t from = belfry_record_count(), undo;

        REQUIRE(!NT_SUCCESS(rig_connect(&a)));
        undo = rig_expect(from, BELFRY_DDI_ENTER, DISCONNECT_DDI);
        REQUIRE(undo > rig_expect(from, BELFRY_DDI_EXIT, CONNECT_DDI));
        REQUIRE_EQ(belfry_record_at(undo)->args[0], watch_info(&a).kmd_handle);
        REQUIRE_EQ(rig_count(from, BELFRY_STATUS, NULL) + rig_count(from, BELFRY_MAP, NULL), 0);
        watch_require(&a, RETRY, BELFRY_MAPPED_DUMMY);
        rig_settle(SETTLE);
        REQUIRE_EQ(rig_owned_slots(1), 0);
    }
    spoil = 0;
    REQUIRE_OK(rig_connect(&a));
    watch_require(&a, CONNECTED, BELFRY_MAPPED_SLOT);
    rig_close(&a);
    return 0;
}

static void DB_CON_03_bad_outputs_fail_the_call(void **state)
{
    (void)state;
    rig_breaks("DB-CON-03 DB-VA-04");
    rig_run_on(1, bad_outputs);
}

/* --- DB-CON-05 -------------------------------------------------------------------------------- */

/* After a connect: at most one doorbell has lost its slot, and that one by a callback. */
static void require_reserved(struct rig *const *rigs, const struct belfry_doorbell_info *before,
                             const struct rig *connected, size_t from)
{
    size_t victim = belfry_record_find(from, BELFRY_CB_ENTER, CALLBACK);
    unsigned i;

    REQUIRE(rig_count(from, BELFRY_CB_ENTER, CALLBACK) <= 1);
    for (i = 0; i < MANY; i++) {
        struct belfry_doorbell_info now = watch_info(rigs[i]);

        if (rigs[i] == connected) {
            REQUIRE_EQ(now.status, CONNECTED);
        } else if (victim != (size_t)-1 && belfry_record_at(victim)->object == now.os_handle) {
            REQUIRE_EQ(before[i].mapping, BELFRY_MAPPED_SLOT);
            watch_require(rigs[i], RETRY, BELFRY_MAPPED_DUMMY);
        } else {
            REQUIRE_EQ(now.status, before[i].status);
            REQUIRE_EQ(now.bar2, before[i].bar2);
        }
        if (now.mapping == BELFRY_MAPPED_SLOT)
            watch_require_route(rigs[i], watch_slot(rigs[i]));
    }
}

static int no_double_grant(int argc, char **argv)
{
    struct rig *rigs[MANY];
    struct watch watch = { .rigs = rigs, .count = MANY };
    struct belfry_doorbell_info before[MANY];
    unsigned i, step;

    (void)argc, (void)argv;
    for (i = 0; i < MANY; i++)
        rigs[i] = &many[i];
    watch_make(rigs, MANY, ENTRIES, NODE);
    watch_start(&watch);
    for (step = 0; step < 60; step++) {
        struct rig *chosen = rigs[belfry_random(MANY)];
        size_t from = belfry_record_count();
        bool full = rig_owned_slots(FEW) == FEW;
        bool connected = *chosen->status == CONNECTED;

        for (i = 0; i < MANY; i++)
            before[i] = watch_info(rigs[i]);
        if (step > 20 && belfry_random(3) == 0) {
            REQUIRE_OK((NTSTATUS)belfry_os_disconnect(chosen->doorbell));
            rig_settle(SETTLE); /* Its write is posted: the look at the slots may not pass it. */
            continue;
        }
        REQUIRE_OK(rig_connect(chosen));
        REQUIRE_EQ(rig_count(from, BELFRY_CB_ENTER, CALLBACK), full && !connected);
        require_reserved(rigs, before, chosen, from);
    }
    watch_stop(&watch);
    watch_replay(rigs, MANY);
    watch_close(rigs, MANY);
    return 0;
}

static void DB_CON_05_slot_is_reserved_until_disconnect(void **state)
{
    (void)state;
    rig_run_on(FEW, no_double_grant);
}

/* --- DB-CON-07 -------------------------------------------------------------------------------- */

static int connect_twice(int argc, char **argv)
{
    struct belfry_thread *first, *second;
    size_t from;

    (void)argc, (void)argv;
    watch_make(pair, 2, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&a));
    from = belfry_record_count();
    REQUIRE_OK(rig_connect(&a));
    REQUIRE_OK(rig_connect(&a));
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, NULL), 0);
    REQUIRE_EQ(rig_count(from, BELFRY_STATUS, NULL) + rig_count(from, BELFRY_MAP, NULL), 0);
    REQUIRE_EQ(rig_owned_slots(1), 1);

    /* Two threads at once: one call of the driver, both succeed. */
    belfry_point_hold("connect.ddi-to-map");
    first = belfry_thread_start("connects", connect_thread, &b);
    watch_await_point("connect.ddi-to-map", 1);
    second = belfry_thread_start("connects too", connect_thread, &b);
    rig_settle(SETTLE);
    REQUIRE_EQ(ddi_calls(from), 1);
    belfry_point_release("connect.ddi-to-map");
    belfry_thread_join(first);
    belfry_thread_join(second);
    REQUIRE_EQ(ddi_calls(from), 1);
    REQUIRE_EQ(rig_count(from, BELFRY_CB_ENTER, CALLBACK), 1);
    watch_require(&b, CONNECTED, BELFRY_MAPPED_SLOT);
    watch_end(pair, 2);
    return 0;
}

static void DB_CON_07_connecting_again_changes_nothing(void **state)
{
    (void)state;
    rig_run_on(1, connect_twice);
}

/* --- DB-CON-08, DB-CON-09 --------------------------------------------------------------------- */

static int connect_aborted(int argc, char **argv)
{
    size_t from;

    (void)argc, (void)argv;
    watch_make(pair, 2, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&a));
    belfry_device_lost();
    from = belfry_record_count();
    REQUIRE_STATUS(rig_connect(&a), STATUS_DEVICE_REMOVED); /* Was connected. */
    REQUIRE_STATUS(rig_connect(&b), STATUS_DEVICE_REMOVED); /* Never was. */
    REQUIRE_OK((NTSTATUS)belfry_os_disconnect(a.doorbell));
    REQUIRE_STATUS(rig_connect(&a), STATUS_DEVICE_REMOVED);
    REQUIRE_EQ(ddi_calls(from), 0);
    watch_require(&a, ABORT, BELFRY_MAPPED_DUMMY);
    watch_require(&b, ABORT, BELFRY_MAPPED_DUMMY);
    watch_end(pair, 2);
    return 0;
}

static void DB_CON_08_aborted_doorbell_stays_dead(void **state)
{
    (void)state;
    rig_run_on(1, connect_aborted);
}

static D3DKMT_HANDLE foreign;
static volatile bool foreign_ready, foreign_done;

static int owner_process(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&a, ENTRIES, NODE);
    foreign = a.doorbell;
    foreign_ready = true;
    watch_await(&foreign_done, "the other process to try the handle");
    watch_require(&a, RETRY, BELFRY_MAPPED_DUMMY);
    rig_close(&a);
    return 0;
}

static NTSTATUS connect_handle(D3DKMT_HANDLE handle, UINT flags)
{
    D3DKMT_CONNECT_DOORBELL args = { .hDoorbell = handle };

    args.Flags.Value = flags;
    return D3DKMTConnectDoorbell(&args);
}

static int stranger(int argc, char **argv)
{
    D3DKMT_HANDLE own;

    (void)argc, (void)argv;
    rig_make(&b, ENTRIES, NODE);
    watch_await(&foreign_ready, "the other process to make a doorbell");
    own = b.doorbell;
    REQUIRE_STATUS(connect_handle(0, 0), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(connect_handle(0xDEAD, 0), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(connect_handle(b.queue, 0), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(connect_handle(foreign, 0), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(connect_handle(own, 1), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(connect_handle(own, 1u << 31), STATUS_INVALID_PARAMETER);
    watch_require(&b, RETRY, BELFRY_MAPPED_DUMMY);
    REQUIRE_OK(rig_destroy_doorbell(&b));
    REQUIRE_STATUS(connect_handle(own, 0), STATUS_INVALID_PARAMETER);
    REQUIRE_EQ(ddi_calls(0), 0);
    foreign_done = true;
    rig_close(&b);
    return 0;
}

static void DB_CON_09_bad_arguments_reach_no_driver(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    foreign_ready = foreign_done = false;
    rig_open_machine(&config);
    belfry_spawn("owner", owner_process, 0, NULL);
    belfry_spawn("stranger", stranger, 0, NULL);
    rig_finish_machine();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(DB_CON_01_connect_is_one_ddi_call),
        cmocka_unit_test_setup_teardown(DB_CON_02_slot_routes_when_the_ddi_returns, hooks_setup,
                                        hooks_teardown),
        cmocka_unit_test_setup_teardown(DB_CON_03_bad_outputs_fail_the_call, hooks_setup,
                                        hooks_teardown),
        RIG_ON_PAGES(DB_CON_05_slot_is_reserved_until_disconnect),
        cmocka_unit_test(DB_CON_07_connecting_again_changes_nothing),
        cmocka_unit_test(DB_CON_08_aborted_doorbell_stays_dead),
        cmocka_unit_test(DB_CON_09_bad_arguments_reach_no_driver),
    };

    (void)rig_on_slots(NULL); /* All of it is about slots and who has them. */
    return cmocka_run_group_tests_name("connect", tests, NULL, NULL);
}
