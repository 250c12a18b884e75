// SPDX-License-Identifier: MIT
/*
 * What the scheduler promises (rtl/README.md): with n queues ready on a node each gets one of every
 * n turns of that node, and a turn is at most 8 buffers. User-mode and kernel-mode queues alike
 * (DB-QUE-04): both are queues of one node.
 */
#include "rig.h"

enum { NODE = 0, ENTRIES = 64, TURN = 8, TURNS = 3, EACH = TURN * TURNS + 3, MOST = 6,
       PLUG_CLOCKS = 60000, WAIT = 2000000 };

static struct rig plug, users[MOST];
static struct rig_kernel kernels[MOST];
static unsigned user_count, kernel_count;

/* The order in which the queues finished buffers, as numbers 0 .. ready-1. */
static unsigned order[MOST * EACH], finished;

static void note_order(size_t from)
{
    uint64_t seen[MOST];
    unsigned known = 0;

    finished = 0;
    while ((from = belfry_record_find(from, BELFRY_FINISH, NULL)) != (size_t)-1) {
        uint64_t hw = belfry_record_at(from++)->value2;
        unsigned i = 0;

        if (hw == plug.blob.queue_token)
            continue;
        while (i < known && seen[i] != hw)
            i++;
        REQUIRE(i < MOST && finished < MOST * EACH);
        if (i == known)
            seen[known++] = hw;
        order[finished++] = i;
    }
    REQUIRE_EQ(known, user_count + kernel_count);
}

/* While all have work, runs of one queue are turns: at most 8 long, and n of them are n queues. */
static void check_turns(unsigned ready)
{
    unsigned length = 0, turn = 0, done[MOST] = { 0 }, last[MOST] = { 0 };

    REQUIRE_EQ(finished, ready * EACH);
    for (unsigned i = 0; i < finished; i++) {
        bool starts = i == 0 || order[i] != order[i - 1];

        if (starts) {
            turn++;
            REQUIRE(last[order[i]] == 0 || turn - last[order[i]] == ready);
            last[order[i]] = turn;
        }
        length = starts ? 1 : length + 1;
        REQUIRE(length <= TURN);
        if (++done[order[i]] == EACH)
            break; /* Fewer are ready from here on. */
    }
    REQUIRE(turn > ready * (TURNS - 1));
}

static void submit_to_all(void)
{
    for (uint32_t n = 0; n < EACH; n++) {
        for (unsigned i = 0; i < user_count; i++)
            rig_submit(&users[i], n, n + 1, 20);
        for (unsigned i = 0; i < kernel_count; i++)
            rig_kernel_submit(&kernels[i], n, n + 1, 20);
    }
}

static int share_the_node(int argc, char **argv)
{
    size_t from;

    (void)argc, (void)argv;
    rig_make(&plug, ENTRIES, NODE);
    for (unsigned i = 0; i < user_count; i++) {
        rig_open_beside(&users[i], &plug, ENTRIES);
        rig_make_queue(&users[i], NODE);
        rig_make_doorbell(&users[i]);
    }
    for (unsigned i = 0; i < kernel_count; i++)
        rig_kernel_open(&kernels[i], &plug, plug.context);
    from = belfry_record_count();
    rig_submit(&plug, 0, 1, PLUG_CLOCKS); /* All become ready behind it. */
    submit_to_all();
    REQUIRE_EQ(*plug.progress, 0);
    for (unsigned i = 0; i < user_count; i++)
        rig_wait(&users[i], EACH, WAIT);
    for (unsigned i = 0; i < kernel_count; i++)
        rig_kernel_wait(&kernels[i], WAIT);
    rig_settle(2000);
    note_order(from);
    check_turns(user_count + kernel_count);
    for (unsigned i = kernel_count; i-- > 0;)
        rig_kernel_close(&kernels[i]);
    for (unsigned i = user_count; i-- > 0;)
        rig_close_beside(&users[i]);
    rig_close(&plug);
    return 0;
}

static void share(unsigned um, unsigned km)
{
    struct belfry_config config = rig_config();

    user_count = um;
    kernel_count = km;
    memset(users, 0, sizeof(users));
    memset(kernels, 0, sizeof(kernels));
    memset(&plug, 0, sizeof(plug));
    rig_run(&config, share_the_node);
}

static void DB_QUE_04_two_models_get_alternate_turns(void **state)
{
    (void)state;
    share(1, 1);
}

static void DB_QUE_04_each_of_n_gets_every_nth_turn(void **state)
{
    (void)state;
    share(2, 0);
    share(3, 2);
    share(5, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(DB_QUE_04_two_models_get_alternate_turns),
        cmocka_unit_test(DB_QUE_04_each_of_n_gets_every_nth_turn),
    };

    return cmocka_run_group_tests_name("turns", tests, NULL, NULL);
}
