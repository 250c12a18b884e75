// SPDX-License-Identifier: MIT
/*
 * Faults of the host bridge, switched on one class at a time: each is detected, or recovered from,
 * and nothing hangs. A ring is only a hint (law 1), so that one lost or mangled on the bus is made
 * good by the next; every store that arrives is accounted for (law 2).
 */
#include "rig.h"

#include "d3dkmddi.h"

enum { ENTRIES = 64, NODE = 0, ROUNDS = 40, WAIT = 400000, REST = 2500 };

static struct rig rig, neighbour;
static struct rig_library library;

static void run(int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    memset(&rig, 0, sizeof(rig));
    memset(&neighbour, 0, sizeof(neighbour));
    rig_run(&config, body);
}

static struct belfry_ledger ledger(void)
{
    struct belfry_ledger now;

    belfry_ledger(&now);
    REQUIRE(belfry_ledger_balanced(&now));
    return now;
}

static void open_connected(void)
{
    rig_make(&rig, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&rig));
    rig_settle(REST);
}

static void close_whole(uint64_t count)
{
    rig_settle(REST);
    REQUIRE_EQ(rig_rptr(&rig), count);
    REQUIRE_EQ(rig_count(0, BELFRY_START, NULL), count); /* Each once. */
    rig_close(&rig);
}

/* --- Recovered by the hardware ------------------------------------------------------------------ */

static int duplicate(int argc, char **argv)
{
    struct belfry_ledger before, after;

    (void)argc, (void)argv;
    open_connected();
    before = ledger();
    belfry_bus_fault(BELFRY_RING_DUPLICATE, 2);
    for (unsigned n = 1; n <= ROUNDS; n++) {
        rig_append(&rig, 0, n);
        rig_ring(&rig);
        rig_wait(&rig, n, WAIT);
    }
    belfry_bus_fault(BELFRY_BUS_GOOD, 0);
    rig_settle(REST);
    after = ledger();
    REQUIRE(belfry_bus_fault_count() > ROUNDS / 4);
    REQUIRE(belfry_bus_fault_count() < ROUNDS);
    REQUIRE_EQ(after.accepted - before.accepted, ROUNDS + belfry_bus_fault_count());
    REQUIRE_EQ(after.rejected, before.rejected);
    close_whole(ROUNDS);
    return 0;
}

static void bus_duplicate_rings_run_nothing_twice(void **state)
{
    (void)state;
    run(duplicate);
}

static int merge(int argc, char **argv)
{
    struct belfry_ledger before, after;

    (void)argc, (void)argv;
    open_connected();
    before = ledger();
    belfry_bus_fault(BELFRY_RING_MERGE, 1);
    for (unsigned n = 1; n <= ROUNDS; n++) {
        rig_append(&rig, 0, n);
        rig_ring(&rig);
    }
    rig_wait(&rig, ROUNDS, WAIT); /* The last one is never merged away. */
    belfry_bus_fault(BELFRY_BUS_GOOD, 0);
    rig_settle(REST);
    after = ledger();
    REQUIRE(belfry_bus_fault_count() > 0);
    REQUIRE_EQ(after.accepted - before.accepted, ROUNDS - belfry_bus_fault_count());
    close_whole(ROUNDS);
    return 0;
}

static void bus_merged_rings_lose_no_work(void **state)
{
    (void)state;
    run(merge);
}

/* --- Seen, and made good by the next ring -------------------------------------------------------- */

/* Rings `count` entries one by one under the fault; how many of them did not run by themselves. */
static unsigned ring_under(enum belfry_bus_fault fault, uint32_t one_in, unsigned count)
{
    unsigned missed = 0;

    for (unsigned n = 1; n <= count; n++) {
        rig_append(&rig, 0, n);
        belfry_bus_fault(fault, one_in);
        rig_ring(&rig);
        rig_settle(REST);
        belfry_bus_fault(BELFRY_BUS_GOOD, 0);
        if (*rig.progress == n)
            continue;
        REQUIRE_EQ(*rig.progress, n - 1);
        missed++;
        rig_ring(&rig);
        rig_wait(&rig, n, WAIT);
    }
    return missed;
}

static int drop(int argc, char **argv)
{
    struct belfry_ledger before, after;
    unsigned missed;

    (void)argc, (void)argv;
    open_connected();
    before = ledger();
    missed = ring_under(BELFRY_RING_DROP, 3, ROUNDS);
    after = ledger();
    REQUIRE(missed > 0 && missed < ROUNDS);
    REQUIRE_EQ(missed, belfry_bus_fault_count());
    REQUIRE_EQ(after.accepted - before.accepted, ROUNDS); /* Each got through once. */
    close_whole(ROUNDS);
    return 0;
}

static void bus_dropped_ring_is_made_good_by_the_next(void **state)
{
    (void)state;
    run(drop);
}

static int tear(int argc, char **argv)
{
    struct belfry_ledger before, after;
    unsigned missed;

    (void)argc, (void)argv;
    open_connected();
    before = ledger();
    missed = ring_under(BELFRY_RING_TEAR, 3, ROUNDS);
    after = ledger();
    REQUIRE(missed > 0);
    REQUIRE_EQ(missed, belfry_bus_fault_count());
    REQUIRE_EQ(after.rejected - before.rejected, 2 * missed); /* Both halves, with the cause. */
    REQUIRE_EQ(BELL_FIELD_GET(belfry_register(BELL_LAST_REJECT_OFFSET), BELL_LAST_REJECT_CAUSE),
               BELL_REJECT_NARROW);
    close_whole(ROUNDS);
    return 0;
}

static void bus_torn_ring_is_refused_with_its_cause(void **state)
{
    (void)state;
    run(tear);
}

static int error(int argc, char **argv)
{
    struct belfry_ledger before, after;
    unsigned missed;

    (void)argc, (void)argv;
    open_connected();
    before = ledger();
    missed = ring_under(BELFRY_BUS_ERROR, 3, ROUNDS);
    after = ledger();
    REQUIRE(missed > 0);
    REQUIRE_EQ(missed, belfry_bus_fault_count());
    REQUIRE_EQ(after.accepted - before.accepted, ROUNDS);
    close_whole(ROUNDS);
    return 0;
}

static void bus_error_on_a_ring_is_made_good_by_the_next(void **state)
{
    (void)state;
    run(error);
}

/* --- The device is gone --------------------------------------------------------------------------- */

static enum belfry_bus_fault death;

/* The driver reads all ones when it connects: the connect fails, the library says so, at once. An
 * error hits reads alone, so that the connect's sample may still be taken. */
static int removed(int argc, char **argv)
{
    uint64_t began;
    UINT64 fence;

    (void)argc, (void)argv;
    rig_library_open(&library, ENTRIES, NODE);
    REQUIRE_OK(rig_library_submit(&library, 0, 0, 1, 0, &fence));
    REQUIRE_OK(bell_umd_wait(library.queue, fence));
    REQUIRE_STATUS(belfry_os_disconnect(bell_umd_queue_doorbell(library.queue)), STATUS_SUCCESS);
    rig_settle(REST); /* The disconnect's own sample is taken: what comes now stays unseen. */
    began = belfry_now();
    belfry_bus_fault(death, 1);
    REQUIRE_STATUS(rig_library_submit(&library, 1, 0, 2, 0, &fence), STATUS_DEVICE_REMOVED);
    REQUIRE(bell_umd_wait(library.queue, fence) == STATUS_DEVICE_REMOVED ||
            (death == BELFRY_BUS_ERROR && library.data.cpu[0] == 2));
    REQUIRE_STATUS(rig_library_submit(&library, 2, 0, 3, 0, &fence), STATUS_DEVICE_REMOVED);
    REQUIRE(belfry_now() - began < WAIT);
    REQUIRE(belfry_bus_fault_count() > 0);
    belfry_bus_fault(BELFRY_BUS_GOOD, 0);
    REQUIRE(library.data.cpu[0] == 1 || death == BELFRY_BUS_ERROR);
    REQUIRE(library.data.cpu[0] != 3);
    rig_library_close(&library);
    return 0;
}

static void bus_removed_device_is_named_and_nothing_hangs(void **state)
{
    (void)state;
    death = BELFRY_BUS_REMOVED;
    run(removed);
}

static void bus_errors_on_reads_end_like_a_removal(void **state)
{
    (void)state;
    death = BELFRY_BUS_ERROR;
    run(removed);
}

/* --- Memory ---------------------------------------------------------------------------------------- */

static bool victim_up, struck;

/* Its fetch is refused: a page fault of this queue, which the OS gives up. */
static int struck_body(int argc, char **argv)
{
    (void)argc, (void)argv;
    open_connected();
    while (!victim_up)
        belfry_sleep(100);
    rig_append(&rig, 0, 1);
    belfry_bus_fault(BELFRY_DMA_REFUSED, 1);
    rig_ring(&rig);
    rig_settle(REST);
    belfry_bus_fault(BELFRY_BUS_GOOD, 0);
    rig_settle(REST);
    REQUIRE(belfry_bus_fault_count() > 0);
    REQUIRE(belfry_dma_refused() >= belfry_bus_fault_count());
    REQUIRE_EQ(*rig.progress, 0);
    REQUIRE_EQ(*rig.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT);
    struck = true;
    rig_close(&rig);
    return 0;
}

static int neighbour_body(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&neighbour, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&neighbour));
    rig_settle(REST);
    victim_up = true;
    while (!struck)
        belfry_sleep(100);
    for (unsigned n = 1; n <= ROUNDS; n++) {
        rig_submit(&neighbour, 0, n, 0);
        rig_wait(&neighbour, n, WAIT);
    }
    rig_close(&neighbour);
    return 0;
}

static void bus_refused_memory_access_is_one_queues_fault(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    victim_up = struck = false;
    memset(&rig, 0, sizeof(rig));
    memset(&neighbour, 0, sizeof(neighbour));
    rig_open_machine(&config);
    belfry_spawn("struck", struck_body, 0, NULL);
    belfry_spawn("neighbour", neighbour_body, 0, NULL);
    rig_finish_machine();
}

/* --- The same seed, the same faults ----------------------------------------------------------------- */

static void bus_faults_follow_the_seed(void **state)
{
    uint64_t hash[3];

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct belfry_config config = rig_config();

        config.seed += i / 2;
        memset(&rig, 0, sizeof(rig));
        rig_open_machine(&config);
        belfry_spawn("drop", drop, 0, NULL);
        assert_int_equal(belfry_run(), BELFRY_DONE);
        hash[i] = belfry_event_hash();
        assert_int_equal(belfry_close(), 0);
    }
    assert_int_equal(hash[0], hash[1]);
    assert_true(hash[1] != hash[2]);
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
        TEST(bus_duplicate_rings_run_nothing_twice),
        TEST(bus_merged_rings_lose_no_work),
        TEST(bus_dropped_ring_is_made_good_by_the_next),
        TEST(bus_torn_ring_is_refused_with_its_cause),
        TEST(bus_error_on_a_ring_is_made_good_by_the_next),
        TEST(bus_removed_device_is_named_and_nothing_hangs),
        TEST(bus_errors_on_reads_end_like_a_removal),
        TEST(bus_refused_memory_access_is_one_queues_fault),
        TEST(bus_faults_follow_the_seed),
    };

    return cmocka_run_group_tests_name("bus_faults", tests, NULL, NULL);
}
