// SPDX-License-Identifier: MIT
/*
 * DB-DES-06: connect, notify, the driver's callback and destroy race for the same doorbells. The
 * records of the run are then walked: no driver call may carry a doorbell outside its life, none
 * may overlap its destroy, and whoever came too late was told INVALID_PARAMETER.
 */
#include "rig.h"

#include "d3dkmddi.h"

enum { ENTRIES = 32, NODE = 0, SLOTS = 2, QUEUES = 3, THREADS = 4, TURNS = 60, PAUSE = 150,
       SETTLE = 5000, MAX_DOORBELLS = 1024 };

/* --- Lives of doorbells, from the records ----------------------------------------------------- */

struct life {
    uint64_t handle, kmd;
    enum { MAKING, ALIVE, DYING, DEAD } phase;
    unsigned calls; /* Driver calls under way. */
};

static struct life lives[MAX_DOORBELLS];
static unsigned life_count;

static struct life *life_of(uint64_t handle)
{
    for (unsigned i = 0; i < life_count; i++)
        if (lives[i].handle == handle)
            return &lives[i];
    REQUIRE(life_count < MAX_DOORBELLS);
    lives[life_count] = (struct life){ .handle = handle };
    return &lives[life_count++];
}

static bool is(const struct belfry_record *record, enum belfry_record_kind kind, const char *name)
{
    return record->kind == kind && strcmp(record->name, name) == 0;
}

static void check_call(const struct belfry_record *record, bool carries_doorbell)
{
    struct life *life = life_of(record->object);

    if (record->kind == BELFRY_DDI_EXIT) {
        life->calls--;
        return;
    }
    if (life->phase != ALIVE || life->calls != 0)
        belfry_fail("record %llu: %s on doorbell 0x%llx in phase %d with %u calls under way",
                    (unsigned long long)record->seq, record->name,
                    (unsigned long long)record->object, (int)life->phase, life->calls);
    if (carries_doorbell)
        REQUIRE_EQ(record->args[0], life->kmd);
    life->calls++;
}

static void check_life(const struct belfry_record *record)
{
    struct life *life = life_of(record->object);

    if (is(record, BELFRY_DDI_EXIT, "DxgkDdiCreateDoorbell")) {
        life->kmd = record->args[1]; /* hDoorbell, out. */
        life->phase = ALIVE;
    } else if (is(record, BELFRY_DDI_ENTER, "DxgkDdiDestroyDoorbell")) {
        REQUIRE(life->phase == ALIVE && life->calls == 0);
        REQUIRE_EQ(record->args[0], life->kmd);
        life->phase = DYING;
    } else if (is(record, BELFRY_DDI_EXIT, "DxgkDdiDestroyDoorbell")) {
        REQUIRE_EQ(record->status, STATUS_SUCCESS);
        life->phase = DEAD;
    }
}

/* The driver may be told "no" only about a doorbell that is on its way out. */
static void check_callback(const struct belfry_record *record)
{
    const struct life *life = life_of((uint32_t)record->object);

    if (record->status == STATUS_SUCCESS)
        REQUIRE(life->phase == ALIVE || life->phase == DYING);
    else
        REQUIRE(record->status == (uint32_t)STATUS_INVALID_PARAMETER && life->phase == DEAD);
}

static void check_record(const struct belfry_record *record)
{
    static const char *const calls[] = { "DxgkDdiConnectDoorbell", "DxgkDdiDisconnectDoorbell",
                                         "DxgkDdiNotifyWorkSubmission" };
    bool driver = record->kind == BELFRY_DDI_ENTER || record->kind == BELFRY_DDI_EXIT;

    if (is(record, BELFRY_CB_EXIT, "DxgkCbDisconnectDoorbell"))
        check_callback(record);
    if (!driver)
        return;
    for (unsigned i = 0; i < 3; i++)
        if (strcmp(record->name, calls[i]) == 0)
            check_call(record, i < 2); /* Notify carries the queue. */
    if (strstr(record->name, "Doorbell") != NULL)
        check_life(record);
}

static void check_lives(void)
{
    life_count = 0;
    for (size_t i = 0; i < belfry_record_count(); i++)
        check_record(belfry_record_at(i));
}

/* --- Stress ----------------------------------------------------------------------------------- */

/* Handles are shared among the threads without a lock, and often stale: that is the point. */
struct crowd {
    struct rig rigs[QUEUES];
    unsigned destroyed, refused, connected, notified;
};

static void require_known(NTSTATUS status, struct crowd *crowd, unsigned *done)
{
    if (status == STATUS_SUCCESS)
        ++*done;
    else if (status == STATUS_INVALID_PARAMETER)
        crowd->refused++;
    else
        belfry_fail("a racing call returned 0x%08x", (unsigned)status);
}

/* The one thread whose destroy succeeded makes the next doorbell, with work to be cut short. */
static void make_another(struct rig *rig)
{
    rig->base += rig->wptr;
    rig->wptr = 0;
    rig->control.cpu[0] = 0;
    rig_make_doorbell(rig);
    for (uint32_t i = 0; i < 4; i++)
        rig_append_work(rig, i, i, 200);
}

static void destroy(struct crowd *crowd, struct rig *rig, D3DKMT_HANDLE doorbell)
{
    D3DKMT_DESTROY_DOORBELL args = { .hDoorbell = doorbell };
    NTSTATUS status = D3DKMTDestroyDoorbell(&args);

    require_known(status, crowd, &crowd->destroyed);
    if (status == STATUS_SUCCESS)
        make_another(rig);
}

static void meddle(void *arg)
{
    struct crowd *crowd = arg;

    for (unsigned i = 0; i < TURNS; i++) {
        struct rig *rig = &crowd->rigs[belfry_random(QUEUES)];
        D3DKMT_HANDLE doorbell = rig->doorbell;
        D3DKMT_CONNECT_DOORBELL connect = { .hDoorbell = doorbell };
        D3DKMT_NOTIFY_WORK_SUBMISSION notify = { .hDoorbell = doorbell };

        switch (belfry_random(8)) {
        case 0:
            destroy(crowd, rig, doorbell);
            break;
        case 1:
            (void)belfry_os_disconnect(doorbell);
            break;
        case 2:
            require_known(D3DKMTNotifyWorkSubmission(&notify), crowd, &crowd->notified);
            break;
        default:
            require_known(D3DKMTConnectDoorbell(&connect), crowd, &crowd->connected);
        }
        if (belfry_random(2) == 0)
            belfry_sleep(1 + belfry_random(PAUSE));
    }
}

static int crowd_body(int argc, char **argv)
{
    struct crowd crowd = { .destroyed = 0 };
    struct belfry_thread *threads[THREADS];

    (void)argc, (void)argv;
    rig_make(&crowd.rigs[0], ENTRIES, NODE);
    for (unsigned i = 1; i < QUEUES; i++) {
        rig_open_beside(&crowd.rigs[i], &crowd.rigs[0], ENTRIES);
        rig_make_queue(&crowd.rigs[i], i % 2);
        rig_make_doorbell(&crowd.rigs[i]);
    }
    for (unsigned i = 0; i < THREADS; i++)
        threads[i] = belfry_thread_start("meddles", meddle, &crowd);
    for (unsigned i = 0; i < THREADS; i++)
        belfry_thread_join(threads[i]);
    REQUIRE(crowd.destroyed > TURNS / 8 && crowd.connected > TURNS / 2);
    REQUIRE(crowd.notified > 0 && crowd.refused > 0);
    for (unsigned i = QUEUES; i-- > 1;)
        rig_close_beside(&crowd.rigs[i]);
    rig_close(&crowd.rigs[0]);
    rig_settle(SETTLE);
    check_lives();
    REQUIRE(life_count > 2 * QUEUES);
    REQUIRE_EQ(belfry_dma_refused(), 0);
    return 0;
}

static void DB_DES_06_no_driver_call_outside_a_doorbells_life(void **state)
{
    struct belfry_config config = rig_config();

    config.slots = SLOTS;
    config.destroy_direct = *(const bool *)*state;
    rig_open_machine(&config);
    belfry_spawn("first", crowd_body, 0, NULL);
    belfry_spawn("second", crowd_body, 0, NULL);
    rig_finish_machine();
}

/* --- One connect under way, others waiting behind it, then destroy ---------------------------- */

static struct rig rig;
static D3DKMT_HANDLE doomed;
static NTSTATUS first_connect, second_connect, notified, disconnected, destroyed;

static void connect_first(void *arg)
{
    (void)arg;
    first_connect = rig_connect(&rig);
}

static void connect_second(void *arg)
{
    (void)arg;
    second_connect = rig_connect(&rig);
}

static void notify_it(void *arg)
{
    (void)arg;
    notified = D3DKMTNotifyWorkSubmission(&(D3DKMT_NOTIFY_WORK_SUBMISSION){ .hDoorbell = doomed });
}

static void disconnect_it(void *arg)
{
    (void)arg;
    disconnected = (NTSTATUS)belfry_os_disconnect(doomed);
}

static void destroy_it(void *arg)
{
    (void)arg;
    destroyed = D3DKMTDestroyDoorbell(&(D3DKMT_DESTROY_DOORBELL){ .hDoorbell = doomed });
}

static void require_only_the_first_came_in(void)
{
    REQUIRE_STATUS(first_connect, STATUS_SUCCESS);
    REQUIRE_STATUS(second_connect, STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(notified, STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(disconnected, STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(destroyed, STATUS_SUCCESS);
    REQUIRE_EQ(rig_count(0, BELFRY_DDI_ENTER, "DxgkDdiConnectDoorbell"), 1);
    REQUIRE_EQ(rig_count(0, BELFRY_DDI_ENTER, "DxgkDdiNotifyWorkSubmission"), 0);
    REQUIRE(rig_expect(0, BELFRY_KMT_EXIT, "D3DKMTConnectDoorbell") <
            rig_expect(0, BELFRY_KMT_EXIT, "D3DKMTDestroyDoorbell"));
    REQUIRE_EQ(rig_owned_slots(SLOTS), 0);
    check_lives();
}

static int destroy_behind_connect(int argc, char **argv)
{
    static void (*const actors[])(void *) = { connect_first, connect_second, notify_it,
                                              disconnect_it, destroy_it };
    enum { ACTORS = sizeof(actors) / sizeof(actors[0]) };
    struct belfry_thread *threads[ACTORS];

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    doomed = rig.doorbell;
    belfry_point_hold("connect.ddi-to-map");
    for (unsigned i = 0; i < ACTORS; i++) {
        threads[i] = belfry_thread_start("acts", actors[i], NULL);
        rig_settle(SETTLE);
        REQUIRE_EQ(belfry_point_waiting("connect.ddi-to-map"), 1);
    }
    REQUIRE_EQ(rig_count(0, BELFRY_DDI_ENTER, "DxgkDdiDestroyDoorbell"), 0);
    REQUIRE_STATUS(rig_connect(&rig), STATUS_INVALID_PARAMETER); /* The handle is closed by now. */
    belfry_point_release("connect.ddi-to-map");
    for (unsigned i = 0; i < ACTORS; i++)
        belfry_thread_join(threads[i]);
    require_only_the_first_came_in();
    rig.doorbell = 0;
    rig_close(&rig);
    return 0;
}

static void DB_DES_06_waits_for_the_connect_under_way(void **state)
{
    struct belfry_config config = rig_config();

    config.slots = SLOTS;
    config.destroy_direct = *(const bool *)*state;
    rig_run(&config, destroy_behind_connect);
}

/* --- The driver calls back about a doorbell that is being destroyed, or is gone --------------- */

static DXGKRNL_INTERFACE callbacks;
static DXGKDDI_START_DEVICE *real_start;
static DXGKDDI_DESTROYDOORBELL *real_destroy;
static DXGKDDI_NOTIFYWORKSUBMISSION *real_notify;
static DXGKARGCB_DISCONNECTDOORBELL late; /* hDoorbell 0: call nothing. */
static NTSTATUS before_destroy, after_destroy, after_death;

static NTSTATUS call_back(void)
{
    return late.hDoorbell != NULL ? callbacks.DxgkCbDisconnectDoorbell(&late) : STATUS_SUCCESS;
}

static NTSTATUS start_and_remember(PVOID context, DXGK_START_INFO *info, DXGKRNL_INTERFACE *table,
                                   ULONG *sources, ULONG *children)
{
    callbacks = *table;
    return real_start(context, info, table, sources, children);
}

static NTSTATUS destroy_with_callbacks(const DXGKARG_DESTROYDOORBELL *args)
{
    NTSTATUS status;

    before_destroy = call_back();
    status = real_destroy(args);
    after_destroy = call_back();
    return status;
}

static NTSTATUS notify_with_callback(const DXGKARG_NOTIFYWORKSUBMISSION *args)
{
    after_death = call_back();
    return real_notify(args);
}

static void plant_callbacks(DRIVER_INITIALIZATION_DATA *table)
{
    real_start = table->DxgkDdiStartDevice;
    real_destroy = table->DxgkDdiDestroyDoorbell;
    real_notify = table->DxgkDdiNotifyWorkSubmission;
    table->DxgkDdiStartDevice = start_and_remember;
    table->DxgkDdiDestroyDoorbell = destroy_with_callbacks;
    table->DxgkDdiNotifyWorkSubmission = notify_with_callback;
}

/* What the OS told the driver of a queue, then of its doorbell. */
static void remember_os_handles(const struct rig *of)
{
    size_t at = rig_expect(0, BELFRY_DDI_ENTER, "DxgkDdiCreateHwQueue");
    struct belfry_doorbell_info info;

    REQUIRE(belfry_doorbell(of->doorbell, &info));
    late = (DXGKARGCB_DISCONNECTDOORBELL){
        .hHwQueue = (HANDLE)(uintptr_t)belfry_record_at(at)->args[0],
        .hDoorbell = (HANDLE)(uintptr_t)info.os_handle,
        .DisconnectReason = D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT,
    };
}

static int late_callbacks(int argc, char **argv)
{
    static struct rig other;
    D3DKMT_NOTIFY_WORK_SUBMISSION notify;
    size_t from;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    remember_os_handles(&rig);
    REQUIRE_OK(rig_connect(&rig));
    REQUIRE_STATUS(rig_destroy_doorbell(&rig), STATUS_SUCCESS);
    REQUIRE_STATUS(before_destroy, STATUS_SUCCESS); /* Finishes first. */
    REQUIRE(after_destroy == STATUS_SUCCESS || after_destroy == STATUS_INVALID_PARAMETER);

    rig_open_beside(&other, &rig, ENTRIES);
    rig_make_queue(&other, NODE);
    rig_make_doorbell(&other);
    REQUIRE_OK(rig_connect(&other));
    notify = (D3DKMT_NOTIFY_WORK_SUBMISSION){ .hDoorbell = other.doorbell };
    from = belfry_record_count();
    REQUIRE_OK(D3DKMTNotifyWorkSubmission(&notify));
    REQUIRE_STATUS(after_death, STATUS_INVALID_PARAMETER);
    REQUIRE_EQ(rig_count(from, BELFRY_STATUS, NULL) + rig_count(from, BELFRY_MAP, NULL), 0);
    REQUIRE_EQ(*other.status, D3DDDI_DOORBELLSTATUS_CONNECTED);
    late.hDoorbell = NULL;
    rig_close_beside(&other);
    rig_close(&rig);
    return 0;
}

static void DB_DES_06_callback_finishes_first_or_is_refused(void **state)
{
    struct belfry_config config;

    rig_breaks("DB-VIC-02"); /* The late callback. */
    config = rig_config();
    config.destroy_direct = *(const bool *)*state;
    belfry_hook_driver(plant_callbacks);
    rig_run(&config, late_callbacks);
}

static int unhook(void **state)
{
    (void)state;
    belfry_hook_driver(NULL);
    late.hDoorbell = NULL;
    return 0;
}

static bool policies[] = { false, true };
#define BOTH(test)                                                                                 \
    { #test " (disconnect first)", test, NULL, unhook, &policies[0] },                             \
    { #test " (direct)", test, NULL, unhook, &policies[1] }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(DB_DES_06_no_driver_call_outside_a_doorbells_life),
        BOTH(DB_DES_06_waits_for_the_connect_under_way),
        BOTH(DB_DES_06_callback_finishes_first_or_is_refused),
    };

    return cmocka_run_group_tests_name("destroy_races", tests, NULL, NULL);
}
