// SPDX-License-Identifier: MIT
/*
 * Many queues, one slot: connects never fail for lack of slots (DB-CON-06), every queue gets its
 * work done in bounded time (DB-CON-14, A-20), and connects that evict one another from several
 * threads and processes, against disconnects by the OS, come to an end (DB-VIC-05, A-14, A-76).
 */
#include "watch.h"

enum { ENTRIES = 16, WAIT = 400000, SETTLE = 5000, ALL = 64, EAGER = 32, PROCESSES = 2, ROUNDS = 8,
       CROSSINGS = 150, PAUSE = 200, PER_BUFFER = 400 };
#define CONNECTED D3DDDI_DOORBELLSTATUS_CONNECTED
#define CALLBACK "DxgkCbDisconnectDoorbell"

static struct rig rigs[ALL];
static struct rig *all[ALL];

/* Wait until all processes have come here. */
static void meet(unsigned *arrived)
{
    uint64_t end = belfry_now() + 10 * WAIT;

    ++*arrived;
    while (*arrived < PROCESSES) {
        if (belfry_now() > end)
            belfry_fail("%u of %d processes met", *arrived, PROCESSES);
        belfry_sleep(PAUSE);
    }
}

static struct belfry_config one_slot(void)
{
    struct belfry_config config = rig_config();
    unsigned i;

    config.slots = 1;
    for (i = 0; i < ALL; i++)
        all[i] = &rigs[i];
    return config;
}

/* --- DB-CON-06 -------------------------------------------------------------------------------- */

static int connect_all(int argc, char **argv)
{
    unsigned i, round;

    (void)argc, (void)argv;
    watch_make(all, ALL, ENTRIES, 0);
    for (round = 1; round <= 3; round++)
        for (i = 0; i < ALL; i++) {
            REQUIRE_STATUS(rig_connect(all[i]), STATUS_SUCCESS);
            watch_require(all[i], CONNECTED, BELFRY_MAPPED_SLOT);
            watch_require_route(all[i], 0);
            rig_append(all[i], round, i);
            rig_ring(all[i]);
        }
    REQUIRE_EQ(rig_count(0, BELFRY_CB_EXIT, CALLBACK), 3 * ALL - 1);
    for (i = 0; i < ALL; i++)
        rig_wait(all[i], 3, WAIT);
    rig_settle(SETTLE);
    watch_replay(all, ALL);
    watch_close(all, ALL);
    return 0;
}

static void DB_CON_06_64_queues_on_one_slot(void **state)
{
    struct belfry_config config = one_slot();

    (void)state;
    rig_run(&config, connect_all);
}

/* --- DB-CON-14 -------------------------------------------------------------------------------- */

static bool never_ring;

/* What a user-mode driver does: one connect when the status asks for it, then it is done. */
static void submit_eagerly(void *arg)
{
    struct rig *rig = arg;
    uint64_t i;

    for (i = 1; i <= ROUNDS; i++) {
        rig_append(rig, (uint32_t)i, 100 * i);
        rig_ring(rig);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        if (*rig->status == CONNECTED)
            continue;
        REQUIRE_STATUS(rig_connect(rig), STATUS_SUCCESS);
        rig_ring(rig);
    }
}

/* Until no sample is owed or under way: what is appended now, nobody has seen. */
static void await_quiet(const struct rig *rig)
{
    const uint64_t busy = BELL_QUEUE_STATE_PENDING_MASK | BELL_QUEUE_STATE_RUNNING_MASK |
                          BELL_QUEUE_STATE_WORK_MASK;
    uint64_t end = belfry_now() + WAIT;

    while ((rig_queue_state(rig->blob.queue_token) & busy) != 0 && belfry_now() < end)
        belfry_sleep(PAUSE);
}

/* The slot is lost before each append and again before any ring: the connect alone must do. */
static void connect_only(void *arg)
{
    struct rig *rig = arg;
    uint64_t i;

    for (i = 1; i <= ROUNDS; i++) {
        REQUIRE_OK((NTSTATUS)belfry_os_disconnect(rig->doorbell));
        await_quiet(rig);
        rig_append(rig, (uint32_t)i, 100 * i);
        REQUIRE_STATUS(rig_connect(rig), STATUS_SUCCESS);
    }
}

static struct rig **share_of(int argc, char **argv)
{
    REQUIRE_EQ(argc, 1);
    return all + (EAGER / PROCESSES) * (argv[0][0] - '0');
}

static unsigned finished, replayed; /* Processes that have. */
static uint64_t started_at;

static int compete(int argc, char **argv)
{
    struct rig **mine = share_of(argc, argv);
    struct belfry_thread *threads[EAGER / PROCESSES];
    uint64_t bound = (uint64_t)EAGER * ROUNDS * PER_BUFFER;
    unsigned i, round;

    watch_make(mine, EAGER / PROCESSES, ENTRIES, 0);
    if (started_at == 0)
        started_at = belfry_now();
    for (i = 0; i < EAGER / PROCESSES; i++)
        threads[i] = belfry_thread_start(
            "eager", never_ring ? connect_only : submit_eagerly, mine[i]);
    for (i = 0; i < EAGER / PROCESSES; i++)
        belfry_thread_join(threads[i]);
    for (i = 0; i < EAGER / PROCESSES; i++) {
        rig_wait(mine[i], ROUNDS, bound);
        for (round = 1; round <= ROUNDS; round++)
            REQUIRE_EQ(mine[i]->data.cpu[round], 100 * round);
    }
    if (belfry_now() - started_at > bound)
        belfry_fail("%u buffers took %llu cycles, expected at most %llu", EAGER * ROUNDS,
                    (unsigned long long)(belfry_now() - started_at), (unsigned long long)bound);
    meet(&finished);
    rig_settle(SETTLE);
    watch_replay(all, EAGER);
    meet(&replayed);
    watch_close(mine, EAGER / PROCESSES);
    return 0;
}

static void compete_on_one_slot(bool ring)
{
    struct belfry_config config = one_slot();
    char *first[] = { "0" }, *second[] = { "1" };

    never_ring = !ring;
    finished = replayed = 0;
    started_at = 0;
    rig_open_machine(&config);
    belfry_spawn("first", compete, 1, first);
    belfry_spawn("second", compete, 1, second);
    rig_finish_machine();
}

static void DB_CON_14_32_eager_queues_on_one_slot(void **state)
{
    (void)state;
    compete_on_one_slot(true);
}

static void DB_CON_14_progress_without_a_ring(void **state)
{
    (void)state;
    compete_on_one_slot(false);
}

/* --- DB-VIC-05 -------------------------------------------------------------------------------- */

static bool crossing;

static void connect_often(void *arg)
{
    struct rig *rig = arg;
    unsigned i;

    for (i = 1; i <= CROSSINGS; i++) {
        REQUIRE_STATUS(rig_connect(rig), STATUS_SUCCESS);
        rig_ring(rig);
        if (i % ENTRIES == 0) {
            rig_append(rig, i, i);
            REQUIRE_STATUS(rig_connect(rig), STATUS_SUCCESS);
            rig_ring(rig);
        }
    }
}

static void disconnect_often(void *arg)
{
    struct rig *const *pair = arg;

    while (crossing) {
        REQUIRE_OK((NTSTATUS)belfry_os_disconnect(pair[belfry_random(2)]->doorbell));
        belfry_sleep(1 + belfry_random(PAUSE));
    }
}

/* Two queues of each process, against each other, the other process's, and the OS. */
static int cross(int argc, char **argv)
{
    struct rig **mine = all + 2 * (argv[0][0] - '0');
    struct watch watch = { .rigs = mine, .count = 2 };
    struct belfry_thread *connects[2], *disconnects;
    unsigned i;

    (void)argc;
    watch_make(mine, 2, ENTRIES, 0);
    watch_start(&watch);
    crossing = true;
    for (i = 0; i < 2; i++)
        connects[i] = belfry_thread_start("connects", connect_often, mine[i]);
    disconnects = belfry_thread_start("disconnects", disconnect_often, mine);
    for (i = 0; i < 2; i++)
        belfry_thread_join(connects[i]);
    meet(&finished);
    crossing = false;
    belfry_thread_join(disconnects);
    for (i = 0; i < 2; i++)
        rig_wait(mine[i], CROSSINGS / ENTRIES, WAIT);
    rig_settle(SETTLE);
    watch_stop(&watch);
    watch_replay(all, 2 * PROCESSES);
    meet(&replayed);
    watch_close(mine, 2);
    return 0;
}

static void DB_VIC_05_crossed_connects_end(void **state)
{
    struct belfry_config config = one_slot();
    char *first[] = { "0" }, *second[] = { "1" };

    (void)state;
    finished = replayed = 0;
    rig_open_machine(&config);
    belfry_spawn("first", cross, 1, first);
    belfry_spawn("second", cross, 1, second);
    rig_finish_machine();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(DB_CON_06_64_queues_on_one_slot),
        cmocka_unit_test(DB_CON_14_32_eager_queues_on_one_slot),
        cmocka_unit_test(DB_CON_14_progress_without_a_ring),
        cmocka_unit_test(DB_VIC_05_crossed_connects_end),
    };

    (void)rig_on_slots(NULL); /* All of it is about slots and who has them. */
    return cmocka_run_group_tests_name("contend", tests, NULL, NULL);
}
