/* SPDX-License-Identifier: MIT */
/*
 * The user-mode library on the whole machine: full rings, many threads, no kernel calls while
 * connected, doorbells that are taken away again and again, and queues that are given up.
 */
#include "rig.h"

enum { NODE = 0, WAIT = 400000, SETTLE = 4000, CLOCKS = 400 };

static struct rig_library library, other;

static struct belfry_config traced(void)
{
    struct belfry_config config = rig_config();

    config.trace_stores = true;
    return config;
}

static size_t kernel_calls(size_t from)
{
    return rig_count(from, BELFRY_KMT_ENTER, NULL) + rig_count(from, BELFRY_DDI_ENTER, NULL);
}

/* Command buffers that the hardware queue started. */
static uint64_t started(size_t from, uint64_t token)
{
    uint64_t count = 0;

    while ((from = belfry_record_find(from, BELFRY_START, NULL)) != (size_t)-1)
        count += belfry_record_at(from++)->value2 == token;
    return count;
}

static void require_data(const struct rig_library *queue, uint64_t last)
{
    uint64_t n;

    for (n = 1; n <= last; n++)
        REQUIRE_EQ(queue->data.cpu[n], n * 3);
}

/* --- DB-UMD-01 -------------------------------------------------------------------------------- */

enum { SMALL_RING = 8, TEN_RINGS = 10 * SMALL_RING };

/* Each entry was stored after a load of RPTR that showed its place to be free. */
static void require_room_before_entry(size_t from)
{
    const struct bell_umd_queue *queue = library.queue;
    uint64_t words = 0, rptr = 0;
    size_t at;

    for (at = from; at < belfry_record_count(); at++) {
        const struct belfry_record *record = belfry_record_at(at);

        if (record->kind == BELFRY_LOAD && record->object == queue->control_memory.allocation &&
            record->value == BELL_CONTROL_RPTR_OFFSET)
            rptr = record->value2;
        if (record->kind == BELFRY_STORE && record->object == queue->ring_memory.allocation)
            REQUIRE(words++ / 2 - rptr < SMALL_RING);
    }
    REQUIRE_EQ(words, 2 * TEN_RINGS);
}

static int full_ring_body(int argc, char **argv)
{
    struct bell_umd_stats stats;
    UINT64 fence, n;
    size_t from;

    (void)argc, (void)argv;
    rig_library_open(&library, SMALL_RING, NODE);
    from = belfry_record_count();
    for (n = 1; n <= TEN_RINGS; n++) {
        REQUIRE_OK(rig_library_submit(&library, (uint32_t)n, (uint32_t)n, n * 3, CLOCKS, &fence));
        REQUIRE_EQ(fence, n);
    }
    REQUIRE_OK(bell_umd_wait(library.queue, TEN_RINGS));
    bell_umd_queue_stats(library.queue, &stats);
    REQUIRE(stats.full_waits >= TEN_RINGS - 2 * SMALL_RING);
    REQUIRE_EQ(started(from, library.queue->token), TEN_RINGS);
    require_data(&library, TEN_RINGS);
    require_room_before_entry(from);
    rig_library_close(&library);
    return 0;
}

static void DB_UMD_01_ten_rings_full(void **state)
{
    struct belfry_config config = traced();

    (void)state;
    rig_run(&config, full_ring_body);
}

/* A full ring waits as long as the GPU takes, not a fixed time; its end is noticed soon. */
static int slow_ring_body(int argc, char **argv)
{
    enum { LONG = 300000, SOON = 4000 };
    uint64_t begin, end;
    UINT64 fence;
    int n;

    (void)argc, (void)argv;
    rig_library_open(&library, 2, NODE);
    begin = belfry_now();
    for (n = 1; n <= 3; n++)
        REQUIRE_OK(rig_library_submit(&library, (uint32_t)n, (uint32_t)n, (uint64_t)n * 3,
                                      n == 1 ? LONG : 0, &fence));
    end = belfry_now();
    REQUIRE(end - begin >= LONG && end - begin < LONG + SOON);
    REQUIRE_OK(bell_umd_wait(library.queue, 3));
    require_data(&library, 3);
    rig_library_close(&library);
    return 0;
}

static void DB_UMD_01_full_ring_waits_on_rptr(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    rig_run(&config, slow_ring_body);
}

/* --- DB-UMD-02, DB-UMD-04 --------------------------------------------------------------------- */

enum { THREADS = 8, EACH = 25, ALL = THREADS * EACH };

static UINT64 taken_by[ALL + 1];

static void submit_many(void *arg)
{
    uint32_t first = *(const uint32_t *)arg;
    uint32_t i;

    for (i = first; i < first + EACH; i++) {
        UINT64 fence;

        REQUIRE_OK(rig_library_submit(&library, i, i + 1, (i + 1) * 3, 0, &fence));
        REQUIRE(fence >= 1 && fence <= ALL);
        REQUIRE_EQ(taken_by[fence], 0);
        taken_by[fence] = i + 1;
        if (belfry_random(3) == 0)
            belfry_sleep(1 + belfry_random(100));
    }
}

/* What a submission stores, in order: LQV, two entry words, WPTR; then it rings. */
static unsigned step_of(const struct belfry_record *record)
{
    const struct bell_umd_queue *queue = library.queue;

    if (record->object == bell_umd_queue_doorbell(queue))
        return strcmp(record->name, "lqv") == 0 ? 1 : 5;
    if (record->object == queue->ring_memory.allocation)
        return record->value % BELL_ENTRY_BYTES == BELL_ENTRY_WORD1_OFFSET ? 2 : 3;
    return record->object == queue->control_memory.allocation ? 4 : 0;
}

/* Submissions come whole, one after the other, whichever thread; every ring is one 64-bit store. */
static void require_whole_submissions(size_t from)
{
    uint64_t n = 0;
    unsigned last = 5;
    size_t at;

    for (at = from; at < belfry_record_count(); at++) {
        const struct belfry_record *record = belfry_record_at(at);
        unsigned step = record->kind == BELFRY_STORE ? step_of(record) : 0;

        if (step == 0)
            continue;
        REQUIRE(step == last + 1 || (last == 5 && (step == 1 || step == 5)));
        n += step == 1;
        if (step == 1 || step == 4 || step == 5)
            REQUIRE_EQ(record->value2, n);
        if (step == 3)
            REQUIRE_EQ(record->value2 >> BELL_ENTRY_WORD0_TAG_SHIFT, n - 1);
        REQUIRE_EQ(record->value3, 8);
        last = step;
    }
    REQUIRE_EQ(n, ALL);
}

/* The hardware ran entries 0 .. ALL-1 once each, in order. */
static void require_gapless(size_t from)
{
    uint64_t next = 0;

    for (; (from = belfry_record_find(from, BELFRY_START, NULL)) != (size_t)-1; from++)
        REQUIRE_EQ(belfry_record_at(from)->value, next++);
    REQUIRE_EQ(next, ALL);
}

static void watch_progress(void *arg)
{
    UINT64 seen = 0;

    (void)arg;
    while (seen < ALL) {
        UINT64 now = bell_umd_progress(library.queue);

        REQUIRE(now >= seen);
        for (seen++; seen <= now; seen++) /* A fence passed means: this buffer is done. */
            REQUIRE(taken_by[seen] == 0 ||
                    library.data.cpu[taken_by[seen]] == taken_by[seen] * 3);
        seen = now;
        belfry_sleep(8);
    }
}

static int eight_threads_body(int argc, char **argv)
{
    struct belfry_thread *threads[THREADS + 1];
    uint32_t first[THREADS];
    size_t from;
    unsigned i;

    (void)argc, (void)argv;
    memset(taken_by, 0, sizeof(taken_by));
    rig_library_open(&library, 64, NODE);
    from = belfry_record_count();
    for (i = 0; i < THREADS; i++) {
        first[i] = i * EACH;
        threads[i] = belfry_thread_start("submits", submit_many, &first[i]);
    }
    threads[THREADS] = belfry_thread_start("watches", watch_progress, NULL);
    for (i = 0; i <= THREADS; i++)
        belfry_thread_join(threads[i]);
    REQUIRE_EQ(bell_umd_progress(library.queue), ALL);
    for (i = 1; i <= ALL; i++)
        REQUIRE(taken_by[i] != 0);
    require_data(&library, ALL);
    require_whole_submissions(from);
    require_gapless(from);
    rig_library_close(&library);
    return 0;
}

static void DB_UMD_02_eight_threads_one_queue(void **state)
{
    struct belfry_config config = traced();

    (void)state;
    rig_run(&config, eight_threads_body);
}

/* At the moment of the ring, WPTR and the entry it covers are in memory. */
static void submit_one(void *arg)
{
    UINT64 fence;

    REQUIRE_OK(rig_library_submit(&library, 1, 1, 3, 0, &fence));
    *(UINT64 *)arg = fence;
}

static int published_body(int argc, char **argv)
{
    struct belfry_thread *thread;
    UINT64 fence = 0;
    size_t from;

    (void)argc, (void)argv;
    rig_library_open(&library, 16, NODE);
    from = belfry_record_count();
    belfry_point_hold("umd.wptr-to-ring");
    thread = belfry_thread_start("submits", submit_one, &fence);
    rig_wait_point("umd.wptr-to-ring", WAIT);
    REQUIRE_EQ(library.queue->control[BELL_CONTROL_WPTR_OFFSET / 8], 1);
    REQUIRE_EQ(library.queue->ring[0].word0,
               library.commands.gpu + RIG_LIBRARY_BUFFER_BYTES); /* Tag 0. */
    REQUIRE_EQ(library.queue->ring[0].word1, 2 * BELL_PACKET_BYTES);
    REQUIRE_EQ(rig_count(from, BELFRY_STORE, "dummy"), 0);
    belfry_point_release("umd.wptr-to-ring");
    belfry_thread_join(thread);
    REQUIRE_OK(bell_umd_wait(library.queue, fence));
    rig_library_close(&library);
    return 0;
}

static void DB_UMD_04_entry_and_wptr_before_the_ring(void **state)
{
    struct belfry_config config = traced();

    (void)state;
    rig_run(&config, published_body);
}

/* --- DB-UMD-03 -------------------------------------------------------------------------------- */

static int fast_path_body(int argc, char **argv)
{
    enum { SUBMISSIONS = 100 };
    struct bell_umd_stats before, after;
    UINT64 fence = 0, n;
    size_t from;

    (void)argc, (void)argv;
    rig_library_open(&library, 256, NODE);
    REQUIRE_OK(rig_library_submit(&library, 0, 0, 1, 0, &fence)); /* Connects. */
    REQUIRE_OK(bell_umd_wait(library.queue, fence));
    rig_settle(SETTLE);
    bell_umd_queue_stats(library.queue, &before);
    from = belfry_record_count();
    for (n = 1; n <= SUBMISSIONS; n++)
        REQUIRE_OK(rig_library_submit(&library, (uint32_t)n, (uint32_t)n, n * 3, 0, &fence));
    REQUIRE_OK(bell_umd_wait(library.queue, fence));
    rig_settle(SETTLE);
    REQUIRE_EQ(kernel_calls(from), 0);
    REQUIRE_EQ(rig_count(from, BELFRY_STORE, "doorbell"), SUBMISSIONS);
    REQUIRE_EQ(rig_count(from, BELFRY_RING, NULL), SUBMISSIONS);
    REQUIRE_EQ(rig_count(from, BELFRY_MMIO_WRITE, NULL), 0);
    bell_umd_queue_stats(library.queue, &after);
    REQUIRE_EQ(after.rings - before.rings, SUBMISSIONS);
    REQUIRE_EQ(after.connects, before.connects);
    REQUIRE_EQ(after.notifies, 0);
    require_data(&library, SUBMISSIONS);
    rig_library_close(&library);
    return 0;
}

static void DB_UMD_03_no_kernel_call_while_connected(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    rig_run(&config, fast_path_body);
}

/* --- DB-UMD-05 -------------------------------------------------------------------------------- */

enum { VICTIMIZATIONS = 1000 };

/* The submission is over after at most one connect and two rings, and its work runs. */
static void submit_as_victim(struct rig_library *victim, UINT64 number)
{
    struct bell_umd_stats before, after;
    UINT64 fence;

    bell_umd_queue_stats(victim->queue, &before);
    REQUIRE_OK(rig_library_submit(victim, number % RIG_LIBRARY_BUFFERS, number % 64, number, 0,
                                  &fence));
    REQUIRE_EQ(fence, number);
    bell_umd_queue_stats(victim->queue, &after);
    REQUIRE_EQ(after.connects - before.connects, 1);
    REQUIRE_EQ(after.rings - before.rings, 2);
    REQUIRE_OK(bell_umd_wait(victim->queue, fence));
    REQUIRE_EQ(victim->data.cpu[number % 64], number);
}

static int victim_body(int argc, char **argv)
{
    struct bell_umd_stats one, two;
    UINT64 n;
    size_t from;

    (void)argc, (void)argv;
    rig_library_open(&library, 16, 0);
    rig_library_open_beside(&other, &library, 16, 1);
    from = belfry_record_count();
    for (n = 1; n <= VICTIMIZATIONS / 2 + 1; n++) {
        submit_as_victim(&library, n);
        submit_as_victim(&other, n);
    }
    bell_umd_queue_stats(library.queue, &one);
    bell_umd_queue_stats(other.queue, &two);
    REQUIRE_EQ(one.victimized + two.victimized, VICTIMIZATIONS);
    REQUIRE_EQ(rig_count(from, BELFRY_CB_EXIT, "DxgkCbDisconnectDoorbell"), VICTIMIZATIONS + 1);
    REQUIRE_EQ(started(from, library.queue->token), VICTIMIZATIONS / 2 + 1);
    REQUIRE_EQ(started(from, other.queue->token), VICTIMIZATIONS / 2 + 1);
    rig_library_close_beside(&other);
    rig_library_close(&library);
    return 0;
}

static void DB_UMD_05_thousand_victimizations(void **state)
{
    (void)state;
    rig_run_on(1, victim_body);
}

enum { EAGER = 100 };

static void submit_eagerly(void *arg)
{
    struct rig_library *queue = arg;
    UINT64 fence, n;

    for (n = 1; n <= EAGER; n++)
        REQUIRE_OK(rig_library_submit(queue, (uint32_t)n, (uint32_t)n, n * 3, 0, &fence));
    REQUIRE_OK(bell_umd_wait(queue->queue, EAGER));
}

static int eager_body(int argc, char **argv)
{
    struct belfry_thread *one, *two;
    struct bell_umd_stats stats[2];

    (void)argc, (void)argv;
    rig_library_open(&library, 16, 0);
    rig_library_open_beside(&other, &library, 16, 0);
    one = belfry_thread_start("eager", submit_eagerly, &library);
    two = belfry_thread_start("eager too", submit_eagerly, &other);
    belfry_thread_join(one);
    belfry_thread_join(two);
    require_data(&library, EAGER);
    require_data(&other, EAGER);
    bell_umd_queue_stats(library.queue, &stats[0]);
    bell_umd_queue_stats(other.queue, &stats[1]);
    REQUIRE(stats[0].victimized > 0 && stats[1].victimized > 0);
    REQUIRE_EQ(stats[0].fallbacks + stats[1].fallbacks, 0);
    rig_library_close_beside(&other);
    rig_library_close(&library);
    return 0;
}

static void DB_UMD_05_two_eager_queues_one_slot(void **state)
{
    (void)state;
    rig_run_on(1, eager_body);
}

/* victimized again between its second ring and its look at the status, it still returns. */
static int again_body(int argc, char **argv)
{
    struct belfry_thread *thread;
    UINT64 fence = 0;
    size_t from;

    (void)argc, (void)argv;
    rig_library_open(&library, 16, NODE);
    from = belfry_record_count();
    belfry_point_hold("umd.ring-to-status");
    thread = belfry_thread_start("submits", submit_one, &fence);
    rig_wait_point("umd.ring-to-status", WAIT);
    belfry_point_release("umd.ring-to-status");
    belfry_point_hold("connect.ddi-to-map"); /* The first look at the status is over there. */
    rig_wait_point("connect.ddi-to-map", WAIT);
    belfry_point_hold("umd.ring-to-status");
    belfry_point_release("connect.ddi-to-map");
    rig_wait_point("umd.ring-to-status", WAIT);
    REQUIRE_OK((NTSTATUS)belfry_os_disconnect(bell_umd_queue_doorbell(library.queue)));
    REQUIRE_EQ(*library.queue->status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    belfry_point_release("umd.ring-to-status");
    belfry_thread_join(thread);
    REQUIRE_EQ(rig_count(from, BELFRY_KMT_ENTER, "D3DKMTConnectDoorbell"), 1);
    REQUIRE_EQ(*library.queue->status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    REQUIRE_OK(bell_umd_wait(library.queue, fence));
    REQUIRE_EQ(library.data.cpu[1], 3);
    rig_library_close(&library);
    return 0;
}

static void DB_UMD_05_one_connect_and_one_ring_is_enough(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    rig_run(&config, again_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(DB_UMD_01_ten_rings_full),
        cmocka_unit_test(DB_UMD_01_full_ring_waits_on_rptr),
        RIG_ON_SLOTS(DB_UMD_02_eight_threads_one_queue),
        cmocka_unit_test(DB_UMD_03_no_kernel_call_while_connected),
        cmocka_unit_test(DB_UMD_04_entry_and_wptr_before_the_ring),
        RIG_ON_SLOTS(DB_UMD_05_thousand_victimizations),
        RIG_ON_SLOTS(DB_UMD_05_two_eager_queues_one_slot),
        cmocka_unit_test(DB_UMD_05_one_connect_and_one_ring_is_enough),
    };

    return cmocka_run_group_tests_name("umd_system", tests, NULL, NULL);
}
