/* SPDX-License-Identifier: MIT */
/*
 * The ring really crosses the hardware. The same program must fail on a device that drops one ring,
 * loses the pending bit when it is set and taken in one clock, or routes slot n to queue n + 1
 * (tb/scripts/test_mutants.sh runs it on those three).
 */
#include "rig.h"

enum { RINGERS = 8, RINGS = 1250, BUFFERS = 64 };

static struct rig rig;
static unsigned rings_done;

static void ringer(void *arg)
{
    int i;

    (void)arg;
    for (i = 0; i < RINGS; i++) {
        *rig.page = rig.wptr;
        rings_done++;
    }
}

/* DB-MOD-08: a burst of 10,000 rings from eight CPUs while the queue works: none is lost, each ends
 * in exactly one bucket. Collisions of "set" and "taken" are certain at this density. */
static int burst_body(int argc, char **argv)
{
    struct belfry_thread *threads[RINGERS];
    struct belfry_ledger ledger;
    unsigned i;

    (void)argc;
    (void)argv;
    rig_make(&rig, 128, 0);
    REQUIRE_OK(rig_connect(&rig));
    rings_done = 0;
    for (i = 0; i < RINGERS; i++)
        threads[i] = belfry_thread_start("ringer", ringer, NULL);
    for (i = 0; i < BUFFERS; i++) {
        rig_append(&rig, i, i + 1);
        rig_ring(&rig);
        belfry_sleep(1 + belfry_random(200));
    }
    for (i = 0; i < RINGERS; i++)
        belfry_thread_join(threads[i]);
    rig_wait(&rig, BUFFERS, 200000);
    rig_settle(5000);
    belfry_ledger(&ledger);
    REQUIRE_EQ(ledger.accepted, RINGERS * RINGS + BUFFERS);
    REQUIRE_EQ(ledger.unowned + ledger.rejected, 0);
    REQUIRE_EQ(ledger.owed, 0);
    REQUIRE_EQ(ledger.accepted, ledger.sampled + ledger.coalesced);
    for (i = 0; i < BUFFERS; i++)
        REQUIRE_EQ(rig.data.cpu[i], i + 1);
    rig_close(&rig);
    return 0;
}

static void DB_MOD_08_burst_of_rings(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    config.post_delay_max = 1;
    rig_run(&config, burst_body);
}

/* One ring, after connect has long settled: nothing but this ring can start the work. */
static int lone_ring_body(int argc, char **argv)
{
    size_t from;
    int i;

    (void)argc;
    (void)argv;
    rig_make(&rig, 16, 1);
    REQUIRE_OK(rig_connect(&rig));
    for (i = 1; i <= 8; i++) {
        rig_settle(3000);
        from = belfry_record_count();
        rig_append(&rig, 0, (uint64_t)i * 3);
        rig_settle(3000);
        REQUIRE_EQ(*rig.progress, i - 1); /* WPTR alone starts nothing. */
        REQUIRE_EQ(rig_count(from, BELFRY_SAMPLE, NULL), 0);
        rig_ring(&rig);
        rig_wait(&rig, i, 20000);
        REQUIRE_EQ(rig_count(from, BELFRY_SAMPLE, NULL), 1);
        REQUIRE_EQ(rig.data.cpu[0], i * 3);
    }
    rig_close(&rig);
    return 0;
}

static void DB_MOD_01_each_ring_wakes_its_queue(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    rig_run(&config, lone_ring_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(DB_MOD_01_each_ring_wakes_its_queue),
        RIG_ON_SLOTS(DB_MOD_08_burst_of_rings),
    };

    return cmocka_run_group_tests_name("ring_crossing", tests, NULL, NULL);
}
