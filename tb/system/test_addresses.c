// SPDX-License-Identifier: MIT
/*
 * The constant addresses of a doorbell (DB-VA-01 .. -03): what lies behind them changes, they do
 * not; a store there is harmless in every state; the dummy page is nobody else's, leads nowhere.
 */
#include "rig.h"

enum { ENTRIES = 64, NODE = 0, WAIT = 400000, SETTLE = 3000, PAGE = 4096 };

static struct belfry_doorbell_info info_of(const struct rig *of)
{
    struct belfry_doorbell_info info;

    REQUIRE(belfry_doorbell(of->doorbell, &info));
    return info;
}

/* --- DB-VA-01 --------------------------------------------------------------------------------- */

enum { QUEUES = 5, SLOTS = 3, ROUNDS = 60 };

static struct rig rigs[QUEUES];
static bool slot_used[QUEUES][SLOTS];

/* One ring through the constant address ends at the slot of the moment and wakes this queue. */
static void require_leads_to_slot(const struct rig *through, size_t from)
{
    size_t at = rig_expect(from, BELFRY_RING, NULL);

    REQUIRE_EQ(belfry_record_at(at)->value, rig_slot_at(info_of(through).bar2));
    REQUIRE_EQ(belfry_record_at(at)->value2, through->blob.queue_token);
}

static void connect_and_ring(unsigned queue)
{
    struct rig *one = &rigs[queue];
    size_t from;

    REQUIRE_OK(rig_connect(one));
    REQUIRE_EQ((uintptr_t)info_of(one).user_va, (uintptr_t)one->page);
    REQUIRE_EQ(info_of(one).mapping, BELFRY_MAPPED_SLOT);
    REQUIRE_EQ(*one->status, D3DDDI_DOORBELLSTATUS_CONNECTED);
    rig_append(one, queue, one->wptr);
    from = belfry_record_count();
    rig_ring(one);
    rig_wait(one, one->wptr, WAIT);
    rig_settle(SETTLE);
    require_leads_to_slot(one, from);
    slot_used[queue][rig_slot_at(info_of(one).bar2)] = true;
}

/* The words that the OS writes are still seen at the addresses of the create call. */
static void require_status_is_shown(void)
{
    for (unsigned q = 0; q < QUEUES; q++) {
        struct belfry_doorbell_info info = info_of(&rigs[q]);

        REQUIRE_EQ(*rigs[q].status, info.status);
        REQUIRE_EQ(info.status == D3DDDI_DOORBELLSTATUS_CONNECTED,
                   info.mapping == BELFRY_MAPPED_SLOT);
        REQUIRE_EQ((uintptr_t)info.user_va, (uintptr_t)rigs[q].create.DoorbellCPUVirtualAddress);
    }
}

static int wander_over_slots(int argc, char **argv)
{
    (void)argc, (void)argv;
    memset(slot_used, 0, sizeof(slot_used));
    rig_make(&rigs[0], ENTRIES, NODE);
    for (unsigned q = 1; q < QUEUES; q++) {
        rig_open_beside(&rigs[q], &rigs[0], ENTRIES);
        rig_make_queue(&rigs[q], q % 2);
        rig_make_doorbell(&rigs[q]);
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        connect_and_ring(i % QUEUES); /* More queues than slots: each goes round them. */
        if (i % 4 == 3)
            REQUIRE_OK((NTSTATUS)belfry_os_disconnect(rigs[belfry_random(QUEUES)].doorbell));
        require_status_is_shown();
    }
    for (unsigned q = 0; q < QUEUES; q++)
        REQUIRE(slot_used[q][0] + slot_used[q][1] + slot_used[q][2] > 1);
    for (unsigned q = QUEUES; q-- > 1;)
        rig_close_beside(&rigs[q]);
    rig_close(&rigs[0]);
    return 0;
}

static void DB_VA_01_constant_over_any_slots(void **state)
{
    (void)state;
    rig_run_on(SLOTS, wander_over_slots);
}

/* --- DB-VA-02 --------------------------------------------------------------------------------- */

static struct rig rig, other;

/* Any store at all: it is plain memory of the process. */
static void store_every_way(void)
{
    volatile char *page = (volatile char *)rig.page;

    *rig.page = rig.wptr;
    *(volatile uint32_t *)(page + 4) = 1;
    *(volatile uint16_t *)(page + 10) = 1;
    page[4095] = 1;
    __asm__ volatile("incq (%0)" : : "r"(rig.page) : "memory");
    __asm__ volatile("pxor %%xmm0, %%xmm0\n\tmovdqu %%xmm0, 16(%0)" : : "r"(rig.page)
                     : "memory", "xmm0");
}

static void require_swallowed(void)
{
    struct belfry_ledger before, after;
    size_t from = belfry_record_count();

    REQUIRE_EQ(info_of(&rig).mapping, BELFRY_MAPPED_DUMMY);
    belfry_ledger(&before);
    store_every_way();
    rig_settle(SETTLE);
    belfry_ledger(&after);
    REQUIRE_EQ(rig_count(from, BELFRY_RING, NULL), 0);
    REQUIRE_EQ(after.accepted, before.accepted);
    REQUIRE_EQ(after.rejected, before.rejected);
}

static int store_in_every_state(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    rig_open_beside(&other, &rig, ENTRIES);
    rig_make_queue(&other, NODE);
    rig_make_doorbell(&other);
    require_swallowed(); /* Created. */
    REQUIRE_OK(rig_connect(&rig));
    *rig.page = 0; /* Connected: a ring without work is harmless too. */
    REQUIRE_OK((NTSTATUS)belfry_os_disconnect(rig.doorbell));
    require_swallowed();
    REQUIRE_OK(rig_connect(&rig));
    REQUIRE_OK(rig_connect(&other));
    require_swallowed(); /* Victimized: the slot is the other's, and it hears nothing. */
    REQUIRE_EQ(info_of(&other).mapping, BELFRY_MAPPED_SLOT);
    REQUIRE_OK((NTSTATUS)belfry_os_suspend(rig.context));
    require_swallowed();
    REQUIRE_OK((NTSTATUS)belfry_os_resume(rig.context));
    rig_append(&rig, 0, 6);
    REQUIRE_OK(rig_connect(&rig));
    rig_wait(&rig, 1, WAIT);
    belfry_device_lost();
    REQUIRE_EQ(*rig.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT);
    require_swallowed();
    rig_close_beside(&other);
    rig_close(&rig);
    return 0;
}

static void DB_VA_02_a_store_is_harmless_in_every_state(void **state)
{
    (void)state;
    rig_run_on(1, store_in_every_state);
}

/* The address may lose its slot between any two stores: no fault, no store at a foreign slot. */
enum { RINGERS = 4, RINGS = 400 };

static void ring_on(void *arg)
{
    for (unsigned i = 0; i < RINGS; i++)
        *((struct rig *)arg)->page = i;
}

static int store_while_it_turns(int argc, char **argv)
{
    struct belfry_thread *threads[RINGERS];
    uint64_t token;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    rig_open_beside(&other, &rig, ENTRIES);
    rig_make_queue(&other, NODE);
    rig_make_doorbell(&other);
    token = rig.blob.queue_token;
    for (unsigned i = 0; i < RINGERS; i++)
        threads[i] = belfry_thread_start("rings", ring_on, &rig);
    for (unsigned i = 0; i < ROUNDS; i++) {
        REQUIRE_OK(rig_connect(i % 2 ? &rig : &other)); /* One slot: each evicts the other. */
        belfry_sleep(1 + belfry_random(100));
    }
    for (unsigned i = 0; i < RINGERS; i++)
        belfry_thread_join(threads[i]);
    rig_settle(SETTLE);
    for (size_t at = belfry_record_find(0, BELFRY_RING, NULL); at != (size_t)-1;
         at = belfry_record_find(at + 1, BELFRY_RING, NULL))
        REQUIRE_EQ(belfry_record_at(at)->value2, token); /* Only this one was ever rung. */
    rig_close_beside(&other);
    rig_close(&rig);
    return 0;
}

static void DB_VA_02_stores_survive_every_rotation(void **state)
{
    (void)state;
    rig_run_on(1, store_while_it_turns);
}

/* --- DB-VA-03 --------------------------------------------------------------------------------- */

#define SECRET UINT64_C(0x5ec2e75ec2e75ec2)

/* Processes of one run take turns; each holds its doorbell and its dummy page till the end. */
static unsigned turn;

static void await_turn(unsigned mine)
{
    while (turn != mine)
        belfry_sleep(100);
}

/* The doorbell may be anywhere in its page. */
static volatile uint64_t *start_of_page(const struct rig *of)
{
    return of->page - (uintptr_t)of->page % PAGE / sizeof(uint64_t);
}

static void require_dummy_holds(const struct rig *of, uint64_t word)
{
    for (unsigned i = 0; i < PAGE / 8; i++)
        REQUIRE_EQ(start_of_page(of)[i], word);
}

static void fill_dummy(const struct rig *of, uint64_t word)
{
    for (unsigned i = 0; i < PAGE / 8; i++)
        start_of_page(of)[i] = word;
}

/* Turns 0 and 2. */
static int first_holder(int argc, char **argv)
{
    static struct rig own;

    (void)argc, (void)argv;
    rig_make(&own, ENTRIES, NODE);
    require_dummy_holds(&own, 0);
    fill_dummy(&own, SECRET);
    turn = 1;
    await_turn(2);
    require_dummy_holds(&own, SECRET); /* The other's stores are not here. */
    REQUIRE_OK(rig_connect(&own));
    REQUIRE_EQ(*own.page, 0); /* The slot, not what lies behind it. */
    REQUIRE_OK((NTSTATUS)belfry_os_disconnect(own.doorbell));
    require_dummy_holds(&own, SECRET);
    rig_close(&own);
    turn = 3;
    return 0;
}

static int second_holder(int argc, char **argv)
{
    static struct rig own;

    (void)argc, (void)argv;
    await_turn(1);
    rig_make(&own, ENTRIES, NODE);
    require_dummy_holds(&own, 0);
    fill_dummy(&own, ~SECRET);
    turn = 2;
    await_turn(3);
    while (belfry_live_objects("process") > 1) /* The first one's page is free by now. */
        belfry_sleep(100);
    rig_settle(SETTLE);
    require_dummy_holds(&own, ~SECRET);
    rig_close(&own);
    return 0;
}

static int late_holder(int argc, char **argv)
{
    static struct rig own;
    struct belfry_ledger ledger;

    (void)argc, (void)argv;
    rig_make(&own, ENTRIES, NODE);
    require_dummy_holds(&own, 0);
    belfry_ledger(&ledger);
    REQUIRE_EQ(ledger.accepted + ledger.rejected, 0); /* None of 1,024 stores came to BAR2. */
    rig_close(&own);
    return 0;
}

static void DB_VA_03_dummy_page_is_private_and_leads_nowhere(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    turn = 0;
    rig_open_machine(&config);
    belfry_spawn("first", first_holder, 0, NULL);
    belfry_spawn("second", second_holder, 0, NULL);
    assert_int_equal(belfry_run(), BELFRY_DONE);
    belfry_spawn("third", late_holder, 0, NULL); /* Born into memory that both have used. */
    rig_finish_machine();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_ON_PAGES(DB_VA_01_constant_over_any_slots),
        RIG_ON_SLOTS(DB_VA_02_a_store_is_harmless_in_every_state),
        cmocka_unit_test(DB_VA_02_stores_survive_every_rotation),
        cmocka_unit_test(DB_VA_03_dummy_page_is_private_and_leads_nowhere),
    };

    return cmocka_run_group_tests_name("addresses", tests, NULL, NULL);
}
