/* SPDX-License-Identifier: MIT */
/*
 * Levels and locks: which IRQL every call between OS and driver has, which calls may run at once,
 * and that the two lock orders that could cross do not. (Broken drivers: test_threads_planted.c.)
 */
#include "rig.h"

#include "d3dkmddi.h"

enum { ENTRIES = 32, QUEUES = 3, ROUNDS = 12, WAIT = 400000, PAUSE = 200 };

static DRIVER_INITIALIZATION_DATA real; /* The driver's own table. */

static int unhook(void **state)
{
    (void)state;
    belfry_hook_driver(NULL);
    (void)belfry_close(); /* A failed check leaves it open. */
    return 0;
}

/* --- DB-THR-01: every call of a long life is at its level ------------------------------------- */

struct level {
    const char *name;
    uint32_t irql;
};

static const struct level levels[] = {
    {"DxgkDdiCreateDoorbell", PASSIVE_LEVEL},  {"DxgkDdiConnectDoorbell", PASSIVE_LEVEL},
    {"DxgkDdiDisconnectDoorbell", PASSIVE_LEVEL}, {"DxgkDdiDestroyDoorbell", PASSIVE_LEVEL},
    {"DxgkDdiNotifyWorkSubmission", PASSIVE_LEVEL}, {"DxgkDdiInterruptRoutine", BELL_DIRQL},
    {"DxgkDdiDpcRoutine", DISPATCH_LEVEL},     {"DxgkCbDisconnectDoorbell", PASSIVE_LEVEL},
    {"DxgkCbNotifyInterrupt", BELL_DIRQL},     {"DxgkCbQueueDpc", BELL_DIRQL},
    {"DxgkCbNotifyDpc", DISPATCH_LEVEL},
    {"DxgkDdiSetNativeFenceLogBuffer", DISPATCH_LEVEL},
};
enum { LEVELS = sizeof(levels) / sizeof(levels[0]) };

static bool is_driver_call(enum belfry_record_kind kind)
{
    return kind == BELFRY_DDI_ENTER || kind == BELFRY_DDI_EXIT || kind == BELFRY_CB_ENTER ||
           kind == BELFRY_CB_EXIT || kind == BELFRY_KMT_ENTER || kind == BELFRY_KMT_EXIT;
}

static uint32_t level_of(const char *name)
{
    unsigned i;

    for (i = 0; i < LEVELS; i++)
        if (strcmp(levels[i].name, name) == 0)
            return levels[i].irql;
    return PASSIVE_LEVEL; /* DxgkCbSynchronizeExecution and GetHandleData: <= DISPATCH, below. */
}

static bool may_be_raised(const char *name)
{
    return strcmp(name, "DxgkCbSynchronizeExecution") == 0 ||
           strcmp(name, "DxgkCbGetHandleData") == 0;
}

static void require_levels(void)
{
    unsigned seen[LEVELS] = {0};
    unsigned i;
    size_t at;

    for (at = 0; at < belfry_record_count(); at++) {
        const struct belfry_record *record = belfry_record_at(at);

        if (!is_driver_call(record->kind))
            continue;
        if (may_be_raised(record->name))
            REQUIRE(record->irql <= DISPATCH_LEVEL);
        else if (record->irql != level_of(record->name))
            belfry_fail("%s at IRQL %u in thread %s, expected %u", record->name, record->irql,
                        record->thread, level_of(record->name));
        for (i = 0; i < LEVELS; i++)
            seen[i] += strcmp(levels[i].name, record->name) == 0;
    }
    for (i = 0; i < LEVELS; i++)
        if (seen[i] == 0)
            belfry_fail("%s was never called: this test proves nothing about it", levels[i].name);
}

static void make_rigs(struct rig *rigs)
{
    unsigned q;

    rig_make(&rigs[0], ENTRIES, 0);
    for (q = 1; q < QUEUES; q++) {
        rig_open_beside(&rigs[q], &rigs[0], ENTRIES);
        rig_make_queue(&rigs[q], q % 2);
        rig_make_doorbell(&rigs[q]);
    }
}

static void close_rigs(struct rig *rigs)
{
    unsigned q;

    for (q = 1; q < QUEUES; q++)
        rig_close_beside(&rigs[q]);
    rig_close(&rigs[0]);
}

static NTSTATUS notify(const struct rig *rig)
{
    return D3DKMTNotifyWorkSubmission(
        &(D3DKMT_NOTIFY_WORK_SUBMISSION){.hDoorbell = rig->doorbell});
}

/* One submission on a kernel-mode queue: it ends in an interrupt. */
static void submit_in_kernel_mode(struct rig *rig)
{
    struct bell_umd_queue_desc desc = {.node = 2, .ring_entries = 16, .kernel_mode = true};
    struct bell_umd_commands list;
    struct bell_umd_queue *queue;
    UINT64 fence;

    REQUIRE_OK(bell_umd_queue_create(rig->device, &desc, &queue));
    REQUIRE_OK(bell_umd_commands_begin(&list, &rig->commands, 0, 128));
    REQUIRE_OK(bell_umd_submit(queue, &list, &fence));
    REQUIRE_OK(bell_umd_wait(queue, fence));
    belfry_sleep(WAIT / 100); /* Interrupt, DPC, worker. */
    bell_umd_queue_destroy(queue);
}

static int whole_life_body(int argc, char **argv)
{
    struct rig rigs[QUEUES];
    unsigned q, n;

    (void)argc, (void)argv;
    make_rigs(rigs);
    for (n = 1; n <= ROUNDS; n++)
        for (q = 0; q < QUEUES; q++) {
            rig_append(&rigs[q], n, n);
            REQUIRE_OK(rig_connect(&rigs[q])); /* Evicts. */
            REQUIRE_OK(notify(&rigs[q]));
        }
    for (q = 0; q < QUEUES; q++)
        rig_wait(&rigs[q], ROUNDS, WAIT);
    REQUIRE_OK((NTSTATUS)belfry_os_disconnect(rigs[0].doorbell));
    submit_in_kernel_mode(&rigs[0]);
    close_rigs(rigs);
    require_levels();
    return 0;
}

static void DB_THR_01_every_call_at_its_level(void **state)
{
    (void)state;
    rig_run_on(1, whole_life_body);
}

/* --- DB-THR-02 -------------------------------------------------------------------------------- */

enum { MAX_INSIDE = 8 };

/* Doorbell calls that are in the driver now. */
static struct {
    HANDLE doorbell[MAX_INSIDE];
    uint32_t process[MAX_INSIDE];
    unsigned count, most;
    const char *wrong;
} inside;

/* The process of the calling thread, from the newest record: this call's own DDI_ENTER. */
static uint32_t calling_process(void)
{
    return belfry_record_at(belfry_record_count() - 1)->process;
}

static void enter(HANDLE doorbell)
{
    uint32_t process = calling_process();
    unsigned i;

    for (i = 0; i < inside.count; i++) {
        if (inside.doorbell[i] == doorbell)
            inside.wrong = "two calls about one doorbell are in the driver";
        else if (inside.process[i] == process)
            inside.wrong = "two calls of one process are in the driver";
    }
    if (inside.count == MAX_INSIDE)
        belfry_fail("more than %u calls in the driver", (unsigned)MAX_INSIDE);
    inside.doorbell[inside.count] = doorbell;
    inside.process[inside.count] = process;
    if (++inside.count > inside.most)
        inside.most = inside.count;
    belfry_sleep(1 + belfry_random(PAUSE));
}

static void leave(HANDLE doorbell)
{
    unsigned i = 0;

    while (i < inside.count && inside.doorbell[i] != doorbell)
        i++;
    for (inside.count--; i < inside.count; i++) {
        inside.doorbell[i] = inside.doorbell[i + 1];
        inside.process[i] = inside.process[i + 1];
    }
}

static NTSTATUS slow_connect(DXGKARG_CONNECTDOORBELL *args)
{
    HANDLE doorbell = args->hDoorbell;
    NTSTATUS status;

    enter(doorbell);
    status = real.DxgkDdiConnectDoorbell(args);
    leave(doorbell);
    return status;
}

static NTSTATUS slow_disconnect(const DXGKARG_DISCONNECTDOORBELL *args)
{
    NTSTATUS status;

    enter(args->hDoorbell);
    status = real.DxgkDdiDisconnectDoorbell(args);
    leave(args->hDoorbell);
    return status;
}

static void plant_slow(DRIVER_INITIALIZATION_DATA *table)
{
    real = *table;
    table->DxgkDdiConnectDoorbell = slow_connect;
    table->DxgkDdiDisconnectDoorbell = slow_disconnect;
}

static void connect_often(void *arg)
{
    unsigned n;

    for (n = 0; n < ROUNDS; n++) {
        REQUIRE_OK(rig_connect(arg));
        belfry_sleep(1 + belfry_random(PAUSE));
        if (n % 3 == 2)
            REQUIRE_OK((NTSTATUS)belfry_os_disconnect(((struct rig *)arg)->doorbell));
    }
}

/* From the connect DDI of one thread until its D3DKMTConnectDoorbell returns, no other thread is in
 * the driver about this doorbell. */
static void require_whole_connects(const struct rig *rig)
{
    const char *owner = NULL; /* The thread in between. */
    size_t at;

    for (at = 0; at < belfry_record_count(); at++) {
        const struct belfry_record *record = belfry_record_at(at);

        if (record->object != rig->doorbell)
            continue;
        if (record->kind == BELFRY_DDI_ENTER && owner != NULL &&
            strcmp(owner, record->thread) != 0)
            belfry_fail("thread %s calls %s while thread %s connects the same doorbell",
                        record->thread, record->name, owner);
        if (record->kind == BELFRY_DDI_EXIT &&
            strcmp(record->name, "DxgkDdiConnectDoorbell") == 0)
            owner = record->thread;
        else if (record->kind == BELFRY_KMT_EXIT && owner != NULL &&
                 strcmp(owner, record->thread) == 0)
            owner = NULL;
    }
}

/* Two threads a doorbell, three doorbells a process. */
static int crowd_body(int argc, char **argv)
{
    struct belfry_thread *threads[2 * QUEUES];
    struct rig rigs[QUEUES];
    unsigned q;

    (void)argc, (void)argv;
    make_rigs(rigs);
    for (q = 0; q < 2 * QUEUES; q++)
        threads[q] = belfry_thread_start(q % 2 ? "second" : "first", connect_often, &rigs[q / 2]);
    for (q = 0; q < 2 * QUEUES; q++)
        belfry_thread_join(threads[q]);
    for (q = 0; q < QUEUES; q++)
        require_whole_connects(&rigs[q]);
    close_rigs(rigs);
    return 0;
}

static void DB_THR_02_reentrant_but_one_call_a_doorbell(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    memset(&inside, 0, sizeof(inside));
    belfry_hook_driver(plant_slow);
    config.slots = 2;
    rig_open_machine(&config);
    belfry_spawn("one", crowd_body, 0, NULL);
    belfry_spawn("two", crowd_body, 0, NULL);
    belfry_spawn("three", crowd_body, 0, NULL);
    rig_finish_machine();
    if (inside.wrong != NULL)
        fail_msg("%s", inside.wrong);
    assert_int_equal(inside.count, 0);
    assert_true(inside.most >= 2); /* Otherwise nothing was shown. */
}

/* --- DB-THR-03: the two ways of that could lock up ------------------------------ */

static struct rig a, b;

static void disconnect_a(void *arg)
{
    (void)arg;
    REQUIRE_OK((NTSTATUS)belfry_os_disconnect(a.doorbell));
}

static void connect_b(void *arg)
{
    (void)arg;
    REQUIRE_OK(rig_connect(&b));
}

/* The OS disconnects A (transition lock of A held); B's connect evicts A (driver's lock held,
 * callback about A). Both stand inside at the same time: neither waits for the other's lock. */
static int crossed_body(int argc, char **argv)
{
    static const char point[] = "disconnect.rotate-to-return";
    struct belfry_thread *one, *two;
    uint64_t end;

    (void)argc, (void)argv;
    rig_make(&a, ENTRIES, 0);
    rig_open_beside(&b, &a, ENTRIES);
    rig_make_queue(&b, 0);
    rig_make_doorbell(&b);
    REQUIRE_OK(rig_connect(&a));
    belfry_point_hold(point);
    one = belfry_thread_start("disconnects", disconnect_a, NULL);
    rig_wait_point(point, WAIT);
    two = belfry_thread_start("connects", connect_b, NULL);
    end = belfry_now() + WAIT / 10;
    while (belfry_point_waiting(point) < 2 && belfry_now() < end)
        belfry_sleep(16);
    REQUIRE_EQ(belfry_point_waiting(point), 2);
    belfry_point_release(point);
    belfry_thread_join(one);
    belfry_thread_join(two);
    REQUIRE_EQ(*a.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    REQUIRE_EQ(*b.status, D3DDDI_DOORBELLSTATUS_CONNECTED);
    rig_close_beside(&b);
    rig_close(&a);
    return 0;
}

static void DB_THR_03_disconnect_against_eviction(void **state)
{
    (void)state;
    rig_run_on(1, crossed_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(DB_THR_01_every_call_at_its_level, unhook),
        cmocka_unit_test_teardown(DB_THR_02_reentrant_but_one_call_a_doorbell, unhook),
        cmocka_unit_test_teardown(DB_THR_03_disconnect_against_eviction, unhook),
    };

    (void)rig_on_slots(NULL); /* Victims are needed. */
    return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
