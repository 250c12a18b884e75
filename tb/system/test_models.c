/* SPDX-License-Identifier: MIT */
/*
 * Dedicated doorbells: each connected queue has a slot of its own, however few slots there are, and
 * a ring names its queue by the slot it lands on. What a ring says beyond that is not believed, and
 * no ring is lost because somebody is busy. (One ring alone, and a burst: test_ring_crossing.c.)
 */
#include "rig.h"

enum { ENTRIES = 16, QUEUES = 24, ROUNDS = 4, WAIT = 2000000, SETTLE = 4000 };

static struct rig rigs[QUEUES];

static void make_all(unsigned queues)
{
    unsigned q;

    rig_make(&rigs[0], ENTRIES, 0);
    for (q = 1; q < queues; q++) {
        rig_open_beside(&rigs[q], &rigs[0], ENTRIES);
        rig_make_queue(&rigs[q], q % 2);
        rig_make_doorbell(&rigs[q]);
    }
}

static void close_all(unsigned queues)
{
    while (--queues > 0)
        rig_close_beside(&rigs[queues]);
    rig_close(&rigs[0]);
}

static const struct rig *rig_of_doorbell(uint64_t doorbell)
{
    unsigned q;

    for (q = 0; q < QUEUES; q++)
        if (rigs[q].doorbell == doorbell)
            return &rigs[q];
    belfry_fail("a store to the doorbell %llu, which is nobody's", (unsigned long long)doorbell);
    return NULL;
}

/* --- DB-MOD-01 -------------------------------------------------------------------------------- */

static uint32_t slots_fitted;

static void submit(struct rig *rig, uint64_t value)
{
    rig_append(rig, (uint32_t)value, value * 11);
    rig_ring(rig);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (*rig->status != D3DDDI_DOORBELLSTATUS_CONNECTED) {
        REQUIRE_OK(rig_connect(rig));
        rig_ring(rig);
    }
}

/* One thread rings, so rings come in the order of its stores: the n-th belongs to the queue of the
 * n-th store, although slots change their owners. */
static void require_rings_find_their_queues(size_t from)
{
    size_t store = from, ring = from;
    bool used[QUEUES] = {false};
    unsigned rings = 0, slots = 0;

    while ((store = belfry_record_find(store, BELFRY_STORE, "doorbell")) != (size_t)-1) {
        const struct rig *rig = rig_of_doorbell(belfry_record_at(store)->object);
        const struct belfry_record *record;

        ring = belfry_record_find(ring, BELFRY_RING, NULL);
        REQUIRE(ring != (size_t)-1);
        record = belfry_record_at(ring);
        REQUIRE_EQ(record->value2, rig->blob.queue_token);
        REQUIRE(record->value < slots_fitted);
        slots += !used[record->value];
        used[record->value] = true;
        rings++;
        store++;
        ring++;
    }
    REQUIRE(rings >= QUEUES * ROUNDS);
    REQUIRE_EQ(slots, slots_fitted);
}

/* No slot has two owners, no owner two slots: connected doorbells and owned slots match. */
static void require_slots_match_doorbells(void)
{
    struct belfry_doorbell_info info;
    unsigned q, connected = 0;

    for (q = 0; q < QUEUES; q++) {
        REQUIRE(belfry_doorbell(rigs[q].doorbell, &info));
        REQUIRE_EQ(info.mapping == BELFRY_MAPPED_SLOT,
                   *rigs[q].status == D3DDDI_DOORBELLSTATUS_CONNECTED);
        if (info.mapping != BELFRY_MAPPED_SLOT)
            continue;
        connected++;
        REQUIRE_EQ(BELL_FIELD_GET(rig_slot_owner(rig_slot_at(info.bar2)),
                                  BELL_SLOT_OWNER_QUEUE),
                   rigs[q].blob.queue_token);
    }
    REQUIRE_EQ(connected, slots_fitted);
    REQUIRE_EQ(rig_owned_slots(slots_fitted), slots_fitted);
}

static int few_slots_body(int argc, char **argv)
{
    size_t from;
    uint64_t n;
    unsigned q;

    (void)argc, (void)argv;
    make_all(QUEUES);
    from = belfry_record_count();
    for (n = 1; n <= ROUNDS; n++) {
        for (q = 0; q < QUEUES; q++)
            submit(&rigs[q], n);
        require_slots_match_doorbells();
    }
    for (q = 0; q < QUEUES; q++) {
        rig_wait(&rigs[q], ROUNDS, WAIT);
        for (n = 1; n <= ROUNDS; n++)
            REQUIRE_EQ(rigs[q].data.cpu[n], n * 11);
    }
    rig_settle(SETTLE);
    require_rings_find_their_queues(from);
    close_all(QUEUES);
    return 0;
}

static void DB_MOD_01_many_queues_few_slots(void **state)
{
    static const uint32_t counts[] = {1, 4, 16};
    struct belfry_config config = rig_config();
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        config.slots = slots_fitted = counts[i];
        rig_run(&config, few_slots_body);
    }
}

/* --- DB-MOD-07 -------------------------------------------------------------------------------- */

enum { SLOT = 0, OKAY = 0, REFUSED = 2 };

static uint64_t rejected(void)
{
    return belfry_register(BELL_LEDGER_REJECTED_OFFSET);
}

static void require_refused(uint64_t offset, unsigned size, uint64_t cause)
{
    uint64_t before = rejected();
    size_t from = belfry_record_count();

    REQUIRE_EQ(belfry_bar2_store(offset, 1, size), REFUSED);
    REQUIRE_EQ(rejected(), before + 1);
    REQUIRE_EQ(BELL_FIELD_GET(belfry_register(BELL_LAST_REJECT_OFFSET), BELL_LAST_REJECT_CAUSE),
               cause);
    rig_settle(200);
    REQUIRE_EQ(rig_count(from, BELFRY_SAMPLE, NULL), 0);
}

static int full_width_body(int argc, char **argv)
{
    struct belfry_doorbell_info info;
    unsigned size, offset;

    (void)argc, (void)argv;
    rig_make(&rigs[0], ENTRIES, 0);
    REQUIRE_OK(rig_connect(&rigs[0]));
    rig_settle(SETTLE);
    REQUIRE(belfry_doorbell(rigs[0].doorbell, &info));
    rig_append(&rigs[0], 0, 5);
    for (size = 1; size < 8; size *= 2)
        for (offset = 0; offset < 8; offset += size)
            require_refused(info.bar2 + offset, size, BELL_REJECT_NARROW);
    require_refused(info.bar2 + 8, 8, BELL_REJECT_OFFSET);
    require_refused(info.bar2 + 4088, 8, BELL_REJECT_OFFSET);
    REQUIRE_EQ(*rigs[0].progress, 0);
    REQUIRE_EQ(belfry_bar2_store(info.bar2, 1, 8), OKAY);
    rig_wait(&rigs[0], 1, WAIT);
    REQUIRE_EQ(rigs[0].data.cpu[0], 5);
    rig_close(&rigs[0]);
    return 0;
}

static void DB_MOD_07_only_full_width_stores_ring(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    rig_run(&config, full_width_body);
}

/* Entries started, from `from` on; each once and in order. */
static uint64_t started_in_order(size_t from, uint64_t token)
{
    uint64_t next = 0;

    for (; (from = belfry_record_find(from, BELFRY_START, NULL)) != (size_t)-1; from++)
        if (belfry_record_at(from)->value2 == token)
            REQUIRE_EQ(belfry_record_at(from)->value, next++);
    return next;
}

/* Every value that a late, early or hostile thread could ring. */
static int stale_body(int argc, char **argv)
{
    enum { VALUES = 6 };
    struct rig *rig = &rigs[0];
    size_t from = belfry_record_count();
    uint64_t n;
    unsigned i;

    (void)argc, (void)argv;
    rig_make(rig, ENTRIES, 0);
    REQUIRE_OK(rig_connect(rig));
    for (n = 1; n <= 40; n++) {
        const uint64_t values[VALUES] = {n - 1, 0, n + 1, n + ENTRIES + 1, UINT64_MAX,
                                         UINT64_C(1) << 63};

        rig_append_work(rig, (uint32_t)n, n * 7, 300);
        rig_ring(rig);
        for (i = 0; i < VALUES; i++)
            *rig->page = values[(n + i) % VALUES];
        rig_wait(rig, n, WAIT); /* Not one more, not one less. */
        rig_settle(SETTLE / 4);
        REQUIRE_EQ(*rig->progress, n);
        REQUIRE_EQ(rig_rptr(rig), n);
        REQUIRE_EQ(rig_queue_state(rig->blob.queue_token) & BELL_QUEUE_STATE_FAULTED_MASK, 0);
        REQUIRE_EQ(belfry_register(BELL_QUEUE_RPTR_OFFSET(rig->blob.queue_token)), n);
    }
    REQUIRE_EQ(started_in_order(from, rig->blob.queue_token), 40);
    rig_close(rig);
    return 0;
}

static void DB_MOD_07_old_and_wrong_values_move_nothing(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    rig_run(&config, stale_body);
}

/* Two threads race: each rings the value it read a while ago. */
static bool stop_racing;

static void ring_late(void *arg)
{
    struct rig *rig = arg;

    while (!stop_racing) {
        uint64_t value = rig->control.cpu[0];

        belfry_sleep(1 + belfry_random(300));
        *rig->page = value;
    }
}

static int race_body(int argc, char **argv)
{
    struct belfry_thread *racers[2];
    struct rig *rig = &rigs[0];
    size_t from = belfry_record_count();
    uint64_t n;

    (void)argc, (void)argv;
    rig_make(rig, 64, 0);
    REQUIRE_OK(rig_connect(rig));
    stop_racing = false;
    racers[0] = belfry_thread_start("races", ring_late, rig);
    racers[1] = belfry_thread_start("races too", ring_late, rig);
    for (n = 1; n <= 60; n++) {
        rig_append(rig, (uint32_t)n, n * 7);
        rig_ring(rig);
        belfry_sleep(1 + belfry_random(200));
    }
    rig_wait(rig, 60, WAIT);
    stop_racing = true;
    belfry_thread_join(racers[0]);
    belfry_thread_join(racers[1]);
    rig_settle(SETTLE);
    REQUIRE_EQ(started_in_order(from, rig->blob.queue_token), 60);
    REQUIRE_EQ(rig_rptr(rig), 60);
    for (n = 1; n <= 60; n++)
        REQUIRE_EQ(rig->data.cpu[n], n * 7);
    rig_close(rig);
    return 0;
}

static void DB_MOD_07_racing_rings_never_go_back(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    rig_run(&config, race_body);
}

/* --- DB-MOD-08 -------------------------------------------------------------------------------- */

enum { BUSY_QUEUES = 16, RINGERS = 8, RINGS = 1250, LONG_WORK = 100000 };

static void ring_all(void *arg)
{
    int i;

    (void)arg;
    for (i = 0; i < RINGS; i++)
        *rigs[i % BUSY_QUEUES].page = 0;
}

/* Both engines are busy for long; what is rung meanwhile is kept, the newest WPTR of each queue. */
static int busy_body(int argc, char **argv)
{
    struct belfry_thread *ringers[RINGERS];
    struct belfry_ledger before, after;
    unsigned i, q;

    (void)argc, (void)argv;
    make_all(BUSY_QUEUES);
    for (q = 0; q < BUSY_QUEUES; q++)
        REQUIRE_OK(rig_connect(&rigs[q]));
    rig_settle(SETTLE);
    belfry_ledger(&before);
    for (q = 0; q < BUSY_QUEUES; q++) {
        rig_append_work(&rigs[q], 1, 100 + q, LONG_WORK);
        rig_ring(&rigs[q]);
    }
    for (i = 0; i < RINGERS; i++)
        ringers[i] = belfry_thread_start("rings", ring_all, NULL);
    for (i = 0; i < RINGERS; i++)
        belfry_thread_join(ringers[i]);
    REQUIRE_EQ(*rigs[0].progress + *rigs[BUSY_QUEUES - 1].progress, 0);
    for (q = 0; q < BUSY_QUEUES; q++) {
        rig_append(&rigs[q], 2, 200 + q);
        rig_ring(&rigs[q]);
    }
    for (q = 0; q < BUSY_QUEUES; q++) {
        rig_wait(&rigs[q], 2, BUSY_QUEUES * LONG_WORK);
        REQUIRE_EQ(rigs[q].data.cpu[1], 100 + q);
        REQUIRE_EQ(rigs[q].data.cpu[2], 200 + q);
    }
    rig_settle(SETTLE);
    belfry_ledger(&after);
    REQUIRE_EQ(after.accepted - before.accepted, RINGERS * RINGS + 2 * BUSY_QUEUES);
    REQUIRE_EQ(after.accepted, after.sampled + after.coalesced);
    REQUIRE_EQ(after.owed + after.rejected + after.unowned, 0);
    REQUIRE(after.coalesced - before.coalesced > RINGERS * RINGS / 2);
    close_all(BUSY_QUEUES);
    return 0;
}

static void DB_MOD_08_rings_to_busy_engines_are_kept(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    config.post_delay_max = 1;
    rig_run(&config, busy_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_ON_SLOTS(DB_MOD_01_many_queues_few_slots),
        RIG_ON_SLOTS(DB_MOD_07_only_full_width_stores_ring),
        cmocka_unit_test(DB_MOD_07_old_and_wrong_values_move_nothing),
        cmocka_unit_test(DB_MOD_07_racing_rings_never_go_back),
        cmocka_unit_test(DB_MOD_08_rings_to_busy_engines_are_kept),
    };

    return cmocka_run_group_tests_name("models", tests, NULL, NULL);
}
