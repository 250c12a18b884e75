/* SPDX-License-Identifier: MIT */
/* Who goes before whom: bands, levels, priorities, context lists; and how soon. */
#include "sched_rig.h"

enum { NODE = 0, ENTRIES = 64, WORK = 500, LONG_WORK = 200000, LATENCY = 3000 };

static struct rig rigs[5];

static void run(int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    rig_run(&config, body);
}

/* Two buffers each, submitted in the order of the array while nothing runs. */
static void submit_held(unsigned count)
{
    for (int round = 0; round < 2; round++)
        for (unsigned i = 0; i < count; i++)
            rig_submit(&rigs[i], 0, 1, WORK);
    rig_settle(3000);
    for (unsigned i = 0; i < count; i++)
        REQUIRE_EQ(*rigs[i].progress, 0);
}

/* The last rig first, each with both buffers before the next. */
static void expect_last_first(size_t from, unsigned count)
{
    const struct rig *order[2 * 5];

    for (unsigned i = 0; i < count; i++)
        order[2 * i] = order[2 * i + 1] = &rigs[count - 1 - i];
    sched_expect_order(from, order, 2 * count);
}

static int bands(int argc, char **argv)
{
    size_t from;

    (void)argc, (void)argv;
    belfry_os_privilege(1, true);
    sched_open(rigs, 5, ENTRIES, NODE);
    sched_priority(&rigs[0], -1);
    sched_priority(&rigs[2], 1);
    sched_realtime(&rigs[3], 0);
    sched_realtime(&rigs[4], 31);
    sched_hold(NODE);
    submit_held(5);
    from = belfry_record_count();
    sched_release();
    sched_wait_all(rigs, 5);
    expect_last_first(from, 5); /* Real time 31, 0, focus, normal, idle. */
    sched_close(rigs, 5);
    return 0;
}

static void HS_PRI_02_bands_and_levels_in_order(void **state)
{
    (void)state;
    run(bands);
}

static int in_process(int argc, char **argv)
{
    size_t from;

    (void)argc, (void)argv;
    sched_open(rigs, 3, ENTRIES, NODE);
    sched_in_process(&rigs[0], -7);
    sched_in_process(&rigs[2], 7);
    sched_hold(NODE);
    submit_held(3);
    from = belfry_record_count();
    sched_release();
    sched_wait_all(rigs, 3);
    expect_last_first(from, 3);
    sched_close(rigs, 3);
    return 0;
}

static void HS_PRI_02_priority_within_a_process(void **state)
{
    (void)state;
    run(in_process);
}

/* A change made while everything runs counts from the next decision. */
static int change(int argc, char **argv)
{
    size_t from;

    (void)argc, (void)argv;
    belfry_os_privilege(1, true);
    sched_open(rigs, 2, ENTRIES, NODE);
    for (int i = 0; i < 30; i++) {
        rig_submit(&rigs[0], 0, 1, WORK);
        rig_submit(&rigs[1], 0, 1, WORK);
    }
    rig_settle(6000);
    REQUIRE(*rigs[0].progress < 30 && *rigs[1].progress < 30);
    sched_priority(&rigs[1], 1);
    from = belfry_record_count();
    rig_wait(&rigs[1], 30, SCHED_PATIENCE);
    /* At most what was under way, and its share (10 %). */
    REQUIRE(sched_finished(from, belfry_record_count(), &rigs[0]) <= 5);
    sched_wait_all(rigs, 2);
    sched_close(rigs, 2);
    return 0;
}

static void HS_PRI_02_a_change_counts_from_the_next_decision(void **state)
{
    (void)state;
    run(change);
}

/* Real time stops what runs inside its buffer; that goes on where it was. */
static int latency(int argc, char **argv)
{
    uint64_t begun, rung, finished;
    size_t from;

    (void)argc, (void)argv;
    belfry_os_privilege(1, true);
    sched_open(rigs, 2, ENTRIES, NODE);
    sched_realtime(&rigs[1], 5);
    from = belfry_record_count();
    begun = belfry_now();
    rig_submit(&rigs[0], 3, 77, LONG_WORK);
    rig_settle(20000);
    for (int i = 1; i <= 3; i++) {
        rung = belfry_now();
        rig_submit(&rigs[1], 0, 1, 100);
        rig_wait(&rigs[1], i, LATENCY);
        REQUIRE(belfry_now() - rung < LATENCY);
    }
    REQUIRE_EQ(*rigs[0].progress, 0);
    sched_wait_all(rigs, 2);
    finished = sched_finish_cycle(from, &rigs[0]);
    REQUIRE(finished - begun >= LONG_WORK + 3 * 100); /* All of its clocks, */
    REQUIRE(finished - begun < LONG_WORK + 3 * LATENCY + 3000); /* and none twice. */
    REQUIRE_EQ(rigs[0].data.cpu[3], 77);
    sched_close(rigs, 2);
    return 0;
}

static void HS_PRI_02_real_time_does_not_wait_for_long_work(void **state)
{
    (void)state;
    run(latency);
}

/* n queues of one level: none waits longer than the others' quanta, graces and one step each. */
static int bound(int argc, char **argv)
{
    enum { QUEUES = 5, STEP = 1500 };
    struct belfry_bands times;
    uint64_t turn, start;

    (void)argc, (void)argv;
    belfry_default_bands(&times);
    for (int band = 0; band < 4; band++)
        times.process_quantum[band] = 1000; /* 10,000 clocks, five queues of one process. */
    sched_open(rigs, QUEUES, ENTRIES, NODE);
    REQUIRE_OK((NTSTATUS)belfry_os_bands(&times));
    turn = SCHED_CLOCKS(1000) / QUEUES + SCHED_CLOCKS(100) + STEP;
    for (int i = 1; i < QUEUES; i++)
        for (int k = 0; k < 3; k++)
            rig_submit(&rigs[i], 0, 1, LONG_WORK / 4); /* Far beyond a quantum. */
    for (int i = 1; i <= 5; i++) {
        rig_settle(777);
        start = belfry_now();
        rig_submit(&rigs[0], 0, 1, 10);
        rig_wait(&rigs[0], i, (QUEUES - 1) * turn);
        REQUIRE(belfry_now() - start <= (QUEUES - 1) * turn);
    }
    sched_wait_all(rigs, QUEUES);
    sched_close(rigs, QUEUES);
    return 0;
}

static void HS_PRI_01_a_ready_queue_waits_no_longer_than_stated(void **state)
{
    (void)state;
    run(bound);
}

/* First preempts at once, Second runs only while First has nothing. */
static int lists(int argc, char **argv)
{
    const struct rig *order[4] = { &rigs[1], &rigs[1], &rigs[2], &rigs[2] };
    uint64_t start;
    size_t from;

    (void)argc, (void)argv;
    sched_open(rigs, 3, ENTRIES, NODE);
    rig_submit(&rigs[0], 5, 55, LONG_WORK);
    rig_settle(5000);
    REQUIRE(rig_queue_state(rigs[0].blob.queue_token) & BELL_QUEUE_STATE_RUNNING_MASK);
    sched_hold(NODE); /* Idle means now, not after the buffer. */
    rig_settle(2000);
    REQUIRE(!(rig_queue_state(rigs[0].blob.queue_token) & BELL_QUEUE_STATE_RUNNING_MASK));
    sched_release();
    rig_settle(5000);
    from = belfry_record_count();
    REQUIRE_OK((NTSTATUS)belfry_os_switch(NODE, rigs[1].context, rigs[2].context));
    for (int i = 0; i < 2; i++) { /* Second is rung first. */
        rig_submit(&rigs[2], 0, 1, i == 0 ? LONG_WORK : WORK);
        rig_settle(2000);
        start = belfry_now();
        rig_submit(&rigs[1], 0, 1, WORK);
        rig_wait(&rigs[1], i + 1, LATENCY);
        REQUIRE(belfry_now() - start < LATENCY);
    }
    rig_wait(&rigs[2], 2, SCHED_PATIENCE);
    rig_settle(2000);
    sched_expect_order(from, order, 4);
    REQUIRE_EQ(*rigs[0].progress, 0);
    sched_release();
    rig_wait(&rigs[0], 1, LONG_WORK + 5000);
    REQUIRE_EQ(rigs[0].data.cpu[5], 55);
    sched_close(rigs, 3);
    return 0;
}

static void HS_SWI_01_first_now_second_when_first_is_idle(void **state)
{
    (void)state;
    run(lists);
}

/* The registers say who waits for what. */
static int reasons(int argc, char **argv)
{
    char text[1024];

    (void)argc, (void)argv;
    belfry_os_privilege(1, true);
    sched_open(rigs, 4, ENTRIES, NODE);
    sched_priority(&rigs[1], -1);
    rig_submit(&rigs[0], 0, 1, LONG_WORK);
    rig_submit(&rigs[1], 0, 1, WORK);
    rig_settle(3000);
    REQUIRE(strstr(belfry_block_reason((uint32_t)rigs[0].blob.queue_token), "it runs") != NULL);
    REQUIRE(strstr(belfry_block_reason((uint32_t)rigs[1].blob.queue_token), "higher level") != NULL);
    REQUIRE(strstr(belfry_block_reason((uint32_t)rigs[2].blob.queue_token), "no work") != NULL);
    REQUIRE_EQ(belfry_explain(text, sizeof(text)), 1);
    REQUIRE(strstr(text, "node 0: RPTR 0, WPTR 1: a queue of a higher level") != NULL);
    REQUIRE_OK((NTSTATUS)belfry_os_suspend(rigs[3].context));
    REQUIRE_EQ(belfry_explain(text, sizeof(text)), 1); /* It has no work. */
    REQUIRE(strstr(belfry_block_reason((uint32_t)rigs[3].blob.queue_token), "run list") != NULL);
    REQUIRE(strstr(belfry_block_reason(63), "closed") != NULL);
    rig_append(&rigs[2], 0, 1); /* And nobody rang for this one. */
    rig_submit(&rigs[3], 0, 1, WORK);
    REQUIRE_EQ(belfry_explain(text, sizeof(text)), 3);
    REQUIRE(strstr(text, "run list") != NULL && strstr(text, "nothing was rung") != NULL);
    rig_ring(&rigs[2]);
    REQUIRE_OK((NTSTATUS)belfry_os_resume(rigs[3].context));
    sched_wait_all(rigs, 4);
    REQUIRE_EQ(belfry_explain(text, sizeof(text)), 0);
    REQUIRE_EQ(text[0], '\0');
    sched_close(rigs, 4);
    return 0;
}

static void block_reasons_in_words(void **state)
{
    (void)state;
    run(reasons);
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(HS_PRI_02_bands_and_levels_in_order),
        T(HS_PRI_02_priority_within_a_process),
        T(HS_PRI_02_a_change_counts_from_the_next_decision),
        T(HS_PRI_02_real_time_does_not_wait_for_long_work),
        T(HS_PRI_01_a_ready_queue_waits_no_longer_than_stated),
        T(HS_SWI_01_first_now_second_when_first_is_idle),
        T(block_reasons_in_words),
    };

    return cmocka_run_group_tests_name("sched_order", tests, NULL, NULL);
}
