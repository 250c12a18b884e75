// SPDX-License-Identifier: MIT
/*
 * A-39 in the global layout: each process has a page of its own, and the hardware is deaf to tokens
 * of unknown, disconnected, aborted or another process's queues: refused with a cause, counted,
 * without a trace at the queue (DB-MOD-02, -06).
 */
#include "rig.h"

#include "d3dkmddi.h"

enum { ENTRIES = 16, NODE = 0, OTHER_NODE = 1, WAIT = 400000, FLOOD = 400, SUBMISSIONS = 12,
       MOST_STORES = 20000 };

static struct rig victim, thief;
static bool victim_ready, thief_done;

static void open_global(void)
{
    struct belfry_config config = rig_config();

    config.doorbells = "global";
    victim_ready = thief_done = false;
    rig_open_machine(&config);
}

static uint64_t last_reject(void)
{
    return belfry_register(BELL_LAST_REJECT_OFFSET);
}

static uint64_t place_of(const struct rig *of)
{
    struct belfry_doorbell_info info;

    REQUIRE(belfry_doorbell(of->doorbell, &info));
    REQUIRE_EQ(info.mapping, BELFRY_MAPPED_SLOT);
    return info.bar2;
}

static uint64_t rejected(void)
{
    struct belfry_ledger ledger;

    belfry_ledger(&ledger);
    REQUIRE_EQ(ledger.accepted, ledger.sampled + ledger.coalesced + ledger.unowned +
                                    ledger.rejected + ledger.owed);
    return ledger.rejected;
}

/* Samples of the queue's write pointer since record `from`: what a wake-up leaves. */
static unsigned samples(size_t from, uint64_t queue)
{
    unsigned count = 0;

    for (size_t r = from; r < belfry_record_count(); r++) {
        const struct belfry_record *record = belfry_record_at(r);

        count += record->kind == BELFRY_SAMPLE && record->value2 == queue;
    }
    return count;
}

static void submit_and_wait(struct rig *to, uint64_t value)
{
    rig_submit(to, 0, value, 0);
    rig_wait(to, to->base + to->wptr, WAIT);
    REQUIRE_EQ(to->data.cpu[0], value);
}

/* --- A foreign token through the thief's own page ---------------------------------------------- */

static int robbed(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&victim, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&victim));
    rig_settle(2000); /* The connect counts as a ring. */
    rig_append(&victim, 0, 77); /* Work that a spurious wake-up would run. */
    victim_ready = true;
    while (!thief_done)
        belfry_sleep(100);
    REQUIRE_EQ(rig_rptr(&victim), 0);
    REQUIRE_EQ(*victim.progress, 0);
    rig_ring(&victim);
    rig_wait(&victim, 1, WAIT);
    rig_settle(500); /* The read pointer follows the fence. */
    REQUIRE_EQ(victim.data.cpu[0], 77);
    REQUIRE_EQ(rig_rptr(&victim), 1);
    rig_close(&victim);
    return 0;
}

static int robs(int argc, char **argv)
{
    uint64_t before;
    size_t from;

    (void)argc, (void)argv;
    rig_make(&thief, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&thief));
    while (!victim_ready)
        belfry_sleep(100);
    REQUIRE(place_of(&thief) / PAGE_SIZE != place_of(&victim) / PAGE_SIZE);
    rig_settle(2000);
    before = rejected();
    from = belfry_record_count();
    for (unsigned i = 0; i < FLOOD; i++)
        *thief.page = victim.blob.queue_token;
    rig_settle(2000);
    REQUIRE_EQ(rejected() - before, FLOOD);
    REQUIRE_EQ(BELL_FIELD_GET(last_reject(), BELL_LAST_REJECT_CAUSE), BELL_REJECT_FOREIGN_TOKEN);
    REQUIRE_EQ(BELL_FIELD_GET(last_reject(), BELL_LAST_REJECT_ADDR), place_of(&thief));
    REQUIRE_EQ(samples(from, victim.blob.queue_token), 0);
    thief_done = true;
    submit_and_wait(&thief, 9); /* Its own token still rings. */
    REQUIRE_EQ(BELL_FIELD_GET(last_reject(), BELL_LAST_REJECT_CAUSE), BELL_REJECT_FOREIGN_TOKEN);
    rig_close(&thief);
    return 0;
}

static void A_39_token_through_a_foreign_page_is_refused(void **state)
{
    (void)state;
    open_global();
    belfry_spawn("victim", robbed, 0, NULL);
    belfry_spawn("thief", robs, 0, NULL);
    rig_finish_machine();
}

/* --- Timing: the victim's own run beside a flood of its token, or of a token of nobody --------- */

static bool flood_foreign;
static uint64_t clocks_of[SUBMISSIONS];

static int timed(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&victim, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&victim));
    while (!victim_ready)
        belfry_sleep(100);
    for (unsigned i = 0; i < SUBMISSIONS; i++) {
        uint64_t start = belfry_now();

        submit_and_wait(&victim, i + 1);
        clocks_of[i] = belfry_now() - start;
    }
    thief_done = true;
    rig_close(&victim);
    return 0;
}

static int floods(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&thief, ENTRIES, OTHER_NODE);
    REQUIRE_OK(rig_connect(&thief));
    while (victim.doorbell == 0 || *victim.status != D3DDDI_DOORBELLSTATUS_CONNECTED)
        belfry_sleep(100);
    rig_settle(2000);
    victim_ready = true;
    for (unsigned i = 0; !thief_done; i++) {
        REQUIRE(i < MOST_STORES);
        *thief.page = flood_foreign ? victim.blob.queue_token : UINT64_C(1) << 40;
    }
    rig_close(&thief);
    return 0;
}

static void time_it(bool foreign)
{
    flood_foreign = foreign;
    memset(&victim, 0, sizeof(victim));
    open_global();
    belfry_spawn("victim", timed, 0, NULL);
    belfry_spawn("thief", floods, 0, NULL);
    rig_finish_machine();
}

static void A_39_foreign_tokens_cost_the_victim_no_clock(void **state)
{
    uint64_t beside_nothing[SUBMISSIONS];

    (void)state;
    time_it(false);
    memcpy(beside_nothing, clocks_of, sizeof(clocks_of));
    time_it(true);
    for (unsigned i = 0; i < SUBMISSIONS; i++)
        assert_int_equal(clocks_of[i], beside_nothing[i]);
}

/* --- Own process, but the queue is not connected, or aborted ----------------------------------- */

static int own_but_deaf(int argc, char **argv)
{
    struct rig second;
    uint64_t before;
    size_t from;

    (void)argc, (void)argv;
    rig_make(&victim, ENTRIES, NODE);
    rig_open_beside(&second, &victim, ENTRIES);
    rig_make_queue(&second, NODE);
    rig_make_doorbell(&second);
    REQUIRE_OK(rig_connect(&victim));
    REQUIRE_OK(rig_connect(&second));
    REQUIRE_EQ(place_of(&victim), place_of(&second)); /* One page a process (DB-MOD-02). */
    rig_settle(2000);
    *victim.page = second.blob.queue_token; /* Its own to wake. */
    rig_settle(500);
    REQUIRE_EQ(rejected(), 0);
    REQUIRE_STATUS(belfry_os_disconnect(second.doorbell), STATUS_SUCCESS);
    rig_settle(2000); /* The final sample. */
    before = rejected();
    from = belfry_record_count();
    *victim.page = second.blob.queue_token;
    rig_settle(500);
    REQUIRE_EQ(rejected() - before, 1);
    REQUIRE_EQ(BELL_FIELD_GET(last_reject(), BELL_LAST_REJECT_CAUSE), BELL_REJECT_FOREIGN_TOKEN);
    REQUIRE_EQ(samples(from, second.blob.queue_token), 0);
    submit_and_wait(&victim, 3); /* The other sharer rings on (DB-MOD-05). */
    submit_and_wait(&second, 4); /* And this one, connected again. */
    rig_close_beside(&second);
    rig_close(&victim);
    return 0;
}

static void A_39_token_of_a_disconnected_queue_is_refused(void **state)
{
    (void)state;
    open_global();
    belfry_spawn("own", own_but_deaf, 0, NULL);
    rig_finish_machine();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(A_39_token_through_a_foreign_page_is_refused),
        cmocka_unit_test(A_39_foreign_tokens_cost_the_victim_no_clock),
        cmocka_unit_test(A_39_token_of_a_disconnected_queue_is_refused),
    };

    return cmocka_run_group_tests_name("tokens", tests, NULL, NULL);
}
