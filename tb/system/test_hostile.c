// SPDX-License-Identifier: MIT
/*
 * Hostile user code, one attack after the other, each beside a victim in another process on the same
 * node (and on the only slot, where there are slots). The sentence that every test checks: nothing is
 * lost or delayed without bound for anybody else. The victim's submissions each complete within
 * BOUND clocks, run once and in order; its queue never faults and never reads ABORT; and the attacker
 * does not keep the machine from ending (DB-TRM-04, DB-MOD-06, DB-PF-03, DB-CRE-12, DB-RES-02).
 */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

#include "d3dkmddi.h"

enum { NODE = 0, ENTRIES = 16, BOUND = 60000, LEAST = 40, ATTACKERS = 14, FLOOD = 600, START = 3000,
       EXIT_STEP = 230, PACE = 150 };

static struct rig victim;
static bool victim_is_up;
static unsigned attackers, over;

/* --- The victim ------------------------------------------------------------------------------- */

static void require_unharmed(uint64_t count)
{
    uint64_t state = rig_queue_state(victim.blob.queue_token);

    REQUIRE_EQ(state & BELL_QUEUE_STATE_FAULTED_MASK, 0);
    REQUIRE(*victim.status <= D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    REQUIRE_EQ(*victim.progress, count);
    REQUIRE(rig_rptr(&victim) == count || rig_rptr(&victim) + 1 == count);
}

static unsigned times_run(uint64_t hw_queue)
{
    unsigned count = 0;

    for (size_t r = 0; (r = belfry_record_find(r, BELFRY_FINISH, NULL)) != (size_t)-1; r++)
        count += belfry_record_at(r)->value2 == hw_queue;
    return count;
}

static int victim_body(int argc, char **argv)
{
    uint64_t n;

    (void)argc, (void)argv;
    rig_make(&victim, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&victim));
    victim_is_up = true;
    for (n = 1; n <= LEAST || over < attackers; n++) {
        rig_submit(&victim, 0, n * 7, 30);
        rig_wait(&victim, n, BOUND);
        REQUIRE_EQ(victim.data.cpu[0], n * 7);
        require_unharmed(n);
        belfry_sleep(PACE);
    }
    rig_settle(3000);
    REQUIRE_EQ(times_run(victim.blob.queue_token), n - 1);
    rig_close(&victim);
    return 0;
}

static void beside(const char *doorbells, int (*attack)(int argc, char **argv), unsigned count)
{
    struct belfry_config config = rig_config();
    char *arguments[] = { "attack", NULL, NULL };
    char number[12];

    config.doorbells = doorbells;
    config.slots = 1;
    victim_is_up = false;
    attackers = count;
    over = 0;
    memset(&victim, 0, sizeof(victim));
    rig_open_machine(&config);
    belfry_spawn("victim", victim_body, 0, NULL);
    for (unsigned i = 0; i < count; i++) {
        snprintf(number, sizeof(number), "%u", i);
        arguments[1] = number;
        belfry_spawn("attacker", attack, 2, arguments);
    }
    if (belfry_run() != BELFRY_DONE)
        fail_msg("layout %s: %s", doorbells, belfry_failure());
    assert_int_equal(belfry_close(), 0);
}

static void everywhere(int (*attack)(int argc, char **argv))
{
    beside("page", attack, 1);
    beside("packed", attack, 1);
    beside("global", attack, 1);
}

static void await_victim(void)
{
    while (!victim_is_up)
        belfry_sleep(100);
}

/* --- Forged private data ---------------------------------------------------------------------- */

static void forge(void *blob, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        ((unsigned char *)blob)[i] = (unsigned char)belfry_random(256);
}

/* Doorbells made with forged blobs: the driver reads none of it, also one that names the victim. */
static int forges(int argc, char **argv)
{
    struct rig own;

    (void)argc, (void)argv;
    await_victim();
    rig_open(&own, ENTRIES);
    rig_make_queue(&own, NODE);
    for (unsigned i = 0; i < 12; i++) {
        struct rig again = own;

        forge(&again.blob, sizeof(again.blob));
        if (i % 2 == 0)
            again.blob = victim.blob;
        again.create.PrivateDriverData = &again.blob;
        rig_make_doorbell(&again);
        REQUIRE(again.blob.queue_token != victim.blob.queue_token);
        own.control.cpu[0] = own.control.cpu[1] = 0;
        rig_submit(&again, 0, i + 1, 0);
        rig_wait(&again, again.base + 1, BOUND);
        REQUIRE_OK(rig_destroy_doorbell(&again));
        own.base = again.base + 1;
    }
    over++;
    rig_close(&own);
    return 0;
}

static void hostile_forged_private_data(void **state)
{
    (void)state;
    everywhere(forges);
}

/* --- Floods ----------------------------------------------------------------------------------- */

static uint64_t rejected(void)
{
    struct belfry_ledger ledger;

    belfry_ledger(&ledger);
    return ledger.rejected;
}

/* In the layout of tokens all but its own are refused. */
static int floods(int argc, char **argv)
{
    uint64_t before, foreign = 0;
    struct rig own;
    bool tokens;

    (void)argc, (void)argv;
    await_victim();
    rig_make(&own, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&own));
    tokens = bell_umd_caps(own.device)->doorbell_layout == BELL_DOORBELLS_GLOBAL;
    before = rejected();
    for (unsigned i = 0; i < FLOOD; i++) {
        static const uint64_t bad[] = { 64, 1023, 1024, 0xffff, UINT64_C(1) << 32, UINT64_MAX };

        uint64_t value = i % 3 == 0 ? victim.blob.queue_token
                                    : i % 3 == 1 ? belfry_random(64) : bad[i % 6];

        *own.page = value;
        foreign += value != own.blob.queue_token;
        if (i % 50 == 0)
            (void)rig_connect(&own);
    }
    rig_settle(500);
    REQUIRE_EQ(rejected() - before, tokens ? foreign : 0);
    over++;
    rig_close(&own);
    return 0;
}

static void hostile_token_flood(void **state)
{
    (void)state;
    everywhere(floods);
}

/* --- LQV and WPTR ------------------------------------------------------------------------------ */

static int claims_all(int argc, char **argv)
{
    struct rig own;

    (void)argc, (void)argv;
    await_victim();
    rig_make(&own, ENTRIES, NODE);
    rig_submit(&own, 0, 1, 0);
    *own.last_queued = UINT64_MAX;
    over++;
    return 0; /* The exit cannot wait for it (DB-TRM-02). */
}

static void hostile_last_queued_value(void **state)
{
    (void)state;
    everywhere(claims_all);
}

/* Events of this cause about the queue, as the driver took them. */
static unsigned events_of(size_t from, uint64_t hw_queue, enum bell_cause cause)
{
    unsigned count = 0;

    for (; (from = belfry_record_find(from, BELFRY_MMIO_READ, NULL)) != (size_t)-1; from++) {
        const struct belfry_record *record = belfry_record_at(from);

        count += record->value == BELL_EVENT0_OFFSET &&
                 BELL_FIELD_GET(record->value2, BELL_EVENT0_VALID) != 0 &&
                 BELL_FIELD_GET(record->value2, BELL_EVENT0_QUEUE) == hw_queue &&
                 BELL_FIELD_GET(record->value2, BELL_EVENT0_CAUSE) == (uint64_t)cause;
    }
    return count;
}

static int moves_wptr(int argc, char **argv)
{
    static const int64_t moves[] = { ENTRIES + 1, -1, -ENTRIES, INT64_MAX, 1 << 20 };

    (void)argc, (void)argv;
    await_victim();
    for (unsigned i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
        struct rig own;
        size_t from;

        memset(&own, 0, sizeof(own));
        rig_make(&own, ENTRIES, NODE);
        rig_submit(&own, 0, 1, 0);
        rig_wait(&own, 1, BOUND);
        rig_settle(500);
        from = belfry_record_count();
        own.control.cpu[0] += (uint64_t)moves[i];
        *own.page = own.blob.queue_token;
        (void)rig_connect(&own); /* The victim may have its slot: a connect samples too. */
        rig_settle(2000); /* PTR_BOUNDS: the end of this queue, and of no other. */
        REQUIRE((rig_queue_state(own.blob.queue_token) & BELL_QUEUE_STATE_FAULTED_MASK) != 0 ||
                *own.status == D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT);
        REQUIRE_EQ(events_of(from, own.blob.queue_token, BELL_CAUSE_PTR_BOUNDS), 1);
        REQUIRE_EQ(*own.progress, 1);
        rig_close(&own);
    }
    over++;
    return 0;
}

static void hostile_write_pointer(void **state)
{
    (void)state;
    everywhere(moves_wptr);
}

/* --- Ring freed under a live doorbell ----------------------------------------------------------- */

static int frees_rings(int argc, char **argv)
{
    struct rig own;

    (void)argc, (void)argv;
    await_victim();
    rig_make(&own, ENTRIES, NODE);
    rig_submit(&own, 0, 1, 0);
    rig_wait(&own, 1, BOUND);
    rig_append(&own, 0, 2);
    bell_umd_free(own.device, &own.ring);
    bell_umd_free(own.device, &own.control);
    for (unsigned i = 0; i < 50; i++) {
        *own.page = own.blob.queue_token;
        if (i % 10 == 0)
            (void)rig_connect(&own);
    }
    rig_wait(&own, 2, BOUND); /* The doorbell holds them: it is there to be run (DB-RES-02). */
    over++;
    rig_close(&own);
    return 0;
}

static void hostile_ring_freed_under_its_doorbell(void **state)
{
    (void)state;
    everywhere(frees_rings);
}

/* --- Handles of another process ---------------------------------------------------------------- */

static int takes_handles(int argc, char **argv)
{
    const struct rig *at = &victim;
    D3DKMT_CREATE_DOORBELL create;
    struct rig own;

    (void)argc, (void)argv;
    await_victim();
    rig_make(&own, ENTRIES, NODE);
    for (unsigned i = 0; i < 5; i++) {
        D3DKMT_HANDLE allocation = i % 2 == 0 ? at->ring.allocation : at->control.allocation;

        REQUIRE_STATUS(D3DKMTConnectDoorbell(&(D3DKMT_CONNECT_DOORBELL){.hDoorbell = at->doorbell}),
                       STATUS_INVALID_PARAMETER);
        REQUIRE_STATUS(D3DKMTDestroyDoorbell(&(D3DKMT_DESTROY_DOORBELL){.hDoorbell = at->doorbell}),
                       STATUS_INVALID_PARAMETER);
        REQUIRE_STATUS(D3DKMTNotifyWorkSubmission(
                           &(D3DKMT_NOTIFY_WORK_SUBMISSION){.hDoorbell = at->doorbell}),
                       STATUS_INVALID_PARAMETER);
        REQUIRE_STATUS(D3DKMTDestroyHwQueue(&(D3DKMT_DESTROYHWQUEUE){.hHwQueue = at->queue}),
                       STATUS_INVALID_PARAMETER);
        REQUIRE_STATUS(D3DKMTDestroyHwContext(
                           &(D3DKMT_DESTROYHWCONTEXT){.hHwContext = at->context}),
                       STATUS_INVALID_PARAMETER);
        REQUIRE_STATUS(D3DKMTDestroyAllocation2(&(D3DKMT_DESTROYALLOCATION2){
                           .hDevice = own.device->device,
                           .phAllocationList = &allocation, .AllocationCount = 1}),
                       STATUS_INVALID_PARAMETER);
        create = own.create;
        create.hRingBuffer = at->ring.allocation;
        REQUIRE(!NT_SUCCESS(D3DKMTCreateDoorbell(&create)));
        belfry_sleep(200);
    }
    rig_submit(&own, 0, 1, 0);
    rig_wait(&own, 1, BOUND);
    over++;
    rig_close(&own);
    return 0;
}

static void hostile_handles_of_another_process(void **state)
{
    (void)state;
    everywhere(takes_handles);
}

/* --- Exit at any point ------------------------------------------------------------------------- */

/* Lives as fast as it can, all of its life again and again. */
static void lives(void *arg)
{
    (void)arg;
    for (;;) {
        struct bell_umd_queue_desc desc = { .node = NODE, .ring_entries = 4, .realtime = true };
        struct bell_umd_commands list;
        struct bell_umd_memory memory;
        struct bell_umd_device *device;
        struct bell_umd_queue *queue;
        UINT64 fence = 0;

        REQUIRE_OK(bell_umd_open((LUID){0}, &device));
        REQUIRE_OK(bell_umd_alloc(device, 4096, &memory));
        REQUIRE_OK(bell_umd_queue_create(device, &desc, &queue));
        for (unsigned i = 0; i < 6; i++) {
            REQUIRE_OK(bell_umd_commands_begin(&list, &memory, i % 4 * 128, 128));
            bell_umd_cmd_work(&list, 40);
            REQUIRE_OK(bell_umd_submit(queue, &list, &fence));
            if (i == 3)
                REQUIRE_OK(bell_umd_queue_resize(queue, 8));
        }
        REQUIRE_OK(bell_umd_wait(queue, fence));
        bell_umd_queue_destroy(queue);
        bell_umd_free(device, &memory);
        bell_umd_close(device);
    }
}

static volatile char *volatile wild = (volatile char *)16;

static int exits(int argc, char **argv)
{
    unsigned number = (unsigned)atoi(argv[1]);

    (void)argc;
    await_victim();
    (void)belfry_thread_start("life", lives, NULL);
    belfry_sleep(START + number * EXIT_STEP);
    over++;
    if (number % 2 == 1)
        *wild = 1; /* The abnormal way out. */
    return 0;
}

static void hostile_exit_at_any_point(void **state)
{
    (void)state;
    beside("page", exits, ATTACKERS);
    beside("packed", exits, ATTACKERS);
    beside("global", exits, ATTACKERS);
}

static int clean(void **state)
{
    (void)state;
    (void)belfry_close(); /* A failed check leaves it open. */
    return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, clean)
    const struct CMUnitTest tests[] = {
        TEST(hostile_forged_private_data),
        TEST(hostile_token_flood),
        TEST(hostile_last_queued_value),
        TEST(hostile_write_pointer),
        TEST(hostile_ring_freed_under_its_doorbell),
        TEST(hostile_handles_of_another_process),
        TEST(hostile_exit_at_any_point),
    };

    return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}
