/* SPDX-License-Identifier: MIT */
/* Shares of an engine's time, measured in finished buffers of equal length. */
#include "sched_rig.h"

enum { NODE = 0, ENTRIES = 64, DEPTH = 24, WORK = 400, WINDOW = 400000, QUANTUM = 200,
       LONG_WORK = 50000 };

static struct rig rigs[4];
static uint64_t quantum = QUANTUM;

static void run(int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    rig_run(&config, body);
}

static void set_bands(uint32_t percent)
{
    struct belfry_bands bands;

    belfry_default_bands(&bands);
    for (int band = 0; band < 4; band++)
        bands.process_quantum[band] = quantum;
    bands.normal_percent = percent;
    REQUIRE_OK((NTSTATUS)belfry_os_bands(&bands));
}

/* Keep every queue supplied until `end`. */
static void feed(struct rig *some, unsigned count, uint64_t end)
{
    while (belfry_now() < end) {
        for (unsigned i = 0; i < count; i++)
            while (some[i].wptr - *some[i].progress < DEPTH)
                rig_submit(&some[i], 0, 1, WORK);
        belfry_sleep(1000);
    }
}

/* Buffers of each that finish in a window. */
static void measure(unsigned count, uint64_t *done)
{
    for (unsigned i = 0; i < count; i++)
        done[i] = *rigs[i].progress;
    feed(rigs, count, belfry_now() + WINDOW);
    for (unsigned i = 0; i < count; i++)
        done[i] = *rigs[i].progress - done[i];
}

/* `part` of `all` is `percent`, give or take `points`. */
static void require_share(uint64_t part, uint64_t all, uint64_t percent, uint64_t points)
{
    uint64_t seen = (200 * part + all) / (2 * all);

    if (seen + points < percent || seen > percent + points)
        belfry_fail("share of %llu buffers in %llu is %llu %%; expected %llu %% +- %llu",
                    (unsigned long long)part, (unsigned long long)all, (unsigned long long)seen,
                    (unsigned long long)percent, (unsigned long long)points);
}

static void open_bands(void)
{
    belfry_os_privilege(1, true);
    sched_open(rigs, 3, ENTRIES, NODE);
    sched_priority(&rigs[0], 1);  /* Focus, */
    sched_priority(&rigs[2], -1); /* normal between them, idle. */
}

static int starved(int argc, char **argv)
{
    const uint32_t percents[] = { 10, 0, 25, 50, 10 };
    uint64_t done[3];

    (void)argc, (void)argv;
    open_bands();
    for (unsigned i = 0; i < sizeof(percents) / sizeof(percents[0]); i++) {
        set_bands(percents[i]); /* While all run. */
        feed(rigs, 3, belfry_now() + 20000);
        measure(3, done);
        require_share(done[1], done[0] + done[1], percents[i], 3);
        REQUIRE_EQ(done[2], 0); /* Idle: only when nothing else is ready. */
    }
    sched_wait_all(rigs, 3);
    sched_close(rigs, 3);
    return 0;
}

static void HS_PRI_01_normal_share_under_focus(void **state)
{
    (void)state;
    run(starved);
}

/* Turns that one long buffer of the focus band takes, beside normal work, until it is done. */
static unsigned turns_under(uint64_t normal_grace)
{
    struct belfry_bands bands;
    size_t from = belfry_record_count();
    unsigned turns = 0;

    belfry_default_bands(&bands);
    bands.grace[1] = normal_grace;
    bands.normal_percent = 50;
    REQUIRE_OK((NTSTATUS)belfry_os_bands(&bands));
    sched_hold(NODE);
    rig_submit(&rigs[0], 0, 1, LONG_WORK);
    for (int i = 0; i < 8; i++)
        rig_submit(&rigs[1], 0, 1, WORK);
    REQUIRE_OK((NTSTATUS)belfry_os_bands(&bands)); /* Go. */
    sched_wait_all(rigs, 2);
    for (size_t at = from; (at = belfry_record_find(at, BELFRY_START, NULL)) != POWER_NONE; at++)
        turns += belfry_record_at(at)->value2 == rigs[0].blob.queue_token;
    return turns;
}

static int grace_of_the_share(int argc, char **argv)
{
    (void)argc, (void)argv;
    belfry_os_privilege(1, true);
    sched_open(rigs, 2, ENTRIES, NODE);
    sched_priority(&rigs[0], 1);
    REQUIRE(turns_under(0) > 1); /* Stopped inside when the share is due. */
    REQUIRE_EQ(turns_under(LONG_WORK), 1);
    sched_close(rigs, 2);
    return 0;
}

static void HS_PRI_01_grace_when_the_normal_share_is_due(void **state)
{
    (void)state;
    run(grace_of_the_share);
}

/* What real time takes is nobody's share; and nobody takes it from real time. */
static int real_time(int argc, char **argv)
{
    uint64_t done[3];

    (void)argc, (void)argv;
    open_bands();
    sched_realtime(&rigs[2], 0);
    set_bands(50);
    feed(rigs, 3, belfry_now() + 20000);
    measure(3, done);
    require_share(done[2], done[0] + done[1] + done[2], 100, 0);
    sched_wait_all(rigs, 3);
    sched_close(rigs, 3);
    return 0;
}

static void HS_PRI_01_real_time_is_not_shared(void **state)
{
    (void)state;
    run(real_time);
}

/* The weights of the contexts of one process. */
static int weights(int argc, char **argv)
{
    uint64_t done[2];

    (void)argc, (void)argv;
    sched_open(rigs, 2, ENTRIES, NODE);
    set_bands(10);
    for (int i = 0; i < 2; i++)
        REQUIRE_OK((NTSTATUS)belfry_os_context_times(rigs[i].context, i == 0 ? 3000 : 1000, 0, 0));
    feed(rigs, 2, belfry_now() + 20000);
    measure(2, done);
    require_share(done[0], done[0] + done[1], 75, 8);
    for (int i = 0; i < 2; i++)
        REQUIRE_OK((NTSTATUS)belfry_os_context_times(rigs[i].context, 1000, 0, 0));
    measure(2, done);
    require_share(done[0], done[0] + done[1], 50, 4);
    sched_wait_all(rigs, 2);
    sched_close(rigs, 2);
    return 0;
}

static void HS_PRI_02_context_quantum_is_a_weight(void **state)
{
    (void)state;
    run(weights);
}

/* --- Two processes --------------------------------------------------------------------------- */

static volatile unsigned ready;
static volatile uint64_t window_end;

static void take_part(struct rig *mine, unsigned count)
{
    sched_open(mine, count, ENTRIES, NODE);
    ready++;
    while (ready < 2)
        belfry_sleep(100);
    if (window_end == 0) {
        set_bands(10);
        window_end = belfry_now() + WINDOW;
    }
    feed(mine, count, window_end);
}

static int three_queues(int argc, char **argv)
{
    (void)argc, (void)argv;
    take_part(rigs, 3);
    sched_wait_all(rigs, 3);
    sched_close(rigs, 3);
    return 0;
}

static uint64_t of_three, of_one;

static int one_queue(int argc, char **argv)
{
    (void)argc, (void)argv;
    take_part(&rigs[3], 1);
    of_three = *rigs[0].progress + *rigs[1].progress + *rigs[2].progress;
    of_one = *rigs[3].progress;
    sched_wait_all(&rigs[3], 1);
    sched_close(&rigs[3], 1);
    require_share(of_one, of_one + of_three, 50, 6);
    return 0;
}

static void HS_PRI_01_processes_share_whatever_their_queues(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    ready = 0;
    window_end = 0;
    quantum = 10 * QUANTUM; /* A third of it is many buffers: a turn ends after a whole one. */
    rig_open_machine(&config);
    assert_non_null(belfry_spawn("three", three_queues, 0, NULL));
    assert_non_null(belfry_spawn("one", one_queue, 0, NULL));
    rig_finish_machine();
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(HS_PRI_01_normal_share_under_focus),
        T(HS_PRI_01_grace_when_the_normal_share_is_due),
        T(HS_PRI_01_real_time_is_not_shared),
        T(HS_PRI_02_context_quantum_is_a_weight),
        T(HS_PRI_01_processes_share_whatever_their_queues),
    };

    return cmocka_run_group_tests_name("sched_share", tests, NULL, NULL);
}
