// SPDX-License-Identifier: MIT
/*
 * RETRY and ABORT at any point of the submit loop (DB-UMD-02, -05, DB-STA-06, A-13, A-55): several
 * threads use one queue, in notify mode and with resizes under way, while the OS disconnects the
 * doorbell, loses the device, or does both, at every offset of a window and at every delay point.
 *
 * Every buffer copies its mark before it sets it, so that a second run of it shows. A submission
 * whose wait succeeded ran once; one that was said to be lost ran at most once; all calls return.
 * And from the records: whoever read ABORT has not connected, nor called it a success; without an
 * ABORT nobody has given the queue up. The ring is shorter than there are threads: one waits for room.
 *
 * BELL_WIDE=1 looks at nine times the offsets, at more seeds, and with trapped loads.
 */
#include "rig.h"

#include <stdlib.h>

enum { NODE = 0, THREADS = 3, EACH = 4, ENTRIES = 2, OTHER_ENTRIES = 4, MARK_BYTES = 16,
       BUFFER_BYTES = 256, WINDOW = 900, STEP = 45, WIDE_STEP = 5,
       NARROW_SEEDS = 1, WIDE_SEEDS = 4,
       HOLD = 400000, STANDS = 20000, ROUND_CLOCKS = 3000000 };

enum event { RETRY = 1, ABORT = 2, BOTH = RETRY | ABORT };

struct mode {
    bool notify, resize, trap_loads;
};

static struct mode mode;
static enum event event;
static struct bell_umd_device *device;
static struct bell_umd_memory commands, marks;
static struct bell_umd_queue *queue;
static unsigned lost, done, retries, aborts, fallbacks, full_waits;
static unsigned workers = THREADS;
static size_t round_from; /* First record of the round. */

static bool is_wide(void)
{
    const char *wide = getenv("BELL_WIDE");

    return wide != NULL && wide[0] == '1';
}

/* --- One submission --------------------------------------------------------------------------- */

static volatile UINT64 *mark_of(unsigned n)
{
    return marks.cpu + n * (MARK_BYTES / 8);
}

static NTSTATUS submit(unsigned n, UINT64 *fence)
{
    UINT64 mark = marks.gpu + n * MARK_BYTES;
    struct bell_umd_commands list;

    REQUIRE_OK(bell_umd_commands_begin(&list, &commands, n * BUFFER_BYTES, BUFFER_BYTES));
    bell_umd_cmd_copy(&list, mark + 8, mark, 8);
    bell_umd_cmd_write64(&list, mark, n + 1);
    return bell_umd_submit(queue, &list, fence);
}

static void check_ran(unsigned n, bool must)
{
    if (must)
        REQUIRE_EQ(mark_of(n)[0], n + 1);
    REQUIRE(mark_of(n)[0] == 0 || mark_of(n)[0] == n + 1);
    REQUIRE_EQ(mark_of(n)[1], 0); /* Not twice. */
}

/* The queue's doorbell, whose status the point "umd.ring-to-status" at record `end` is about, read
 * ABORT there. One is made at a time, and the last one counts. */
static bool was_aborted(size_t end)
{
    uint64_t doorbell = 0;
    bool aborted = false;

    for (size_t i = round_from; i < end; i++) {
        const struct belfry_record *record = belfry_record_at(i);

        if (record->kind == BELFRY_KMT_EXIT && NT_SUCCESS((NTSTATUS)record->status) &&
            strcmp(record->name, "D3DKMTCreateDoorbell") == 0) {
            doorbell = record->object;
            aborted = false;
        }
        aborted |= record->kind == BELFRY_STATUS && record->object == doorbell &&
                   record->value == D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT;
    }
    return aborted;
}

/* What this thread read as the status, as often as it did since record `from`. */
static void judge(size_t from, const char *thread, bool success)
{
    bool aborted = false;

    for (size_t i = from; i < belfry_record_count(); i++) {
        const struct belfry_record *record = belfry_record_at(i);

        if (strcmp(record->thread, thread) != 0)
            continue;
        if (record->kind == BELFRY_POINT && strcmp(record->name, "umd.ring-to-status") == 0)
            aborted = was_aborted(i);
        REQUIRE(!aborted || record->kind != BELFRY_KMT_ENTER ||
                strcmp(record->name, "D3DKMTConnectDoorbell") != 0);
    }
    REQUIRE(!aborted || !success);
}

static void one(unsigned n, const char *thread)
{
    size_t from = belfry_record_count();
    UINT64 fence = 0;
    NTSTATUS status = submit(n, &fence);

    REQUIRE(NT_SUCCESS(status) || (status == STATUS_DEVICE_REMOVED && (event & ABORT) != 0));
    judge(from, thread, NT_SUCCESS(status));
    REQUIRE(fence > 0);
    status = bell_umd_wait(queue, fence); /* The last word, also when the submission failed. */
    REQUIRE(NT_SUCCESS(status) || (status == STATUS_DEVICE_REMOVED && (event & ABORT) != 0));
    check_ran(n, NT_SUCCESS(status));
    if (NT_SUCCESS(status))
        done++;
    else
        lost++;
}

static const char *const names[THREADS] = { "worker 0", "worker 1", "worker 2" };

static void worker(void *arg)
{
    unsigned number = *(unsigned *)arg;

    for (unsigned i = 0; i < EACH; i++)
        one(number * EACH + i, names[number]);
}

static void resizer(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < 3; i++) {
        NTSTATUS status = bell_umd_queue_resize(queue, i % 2 == 0 ? OTHER_ENTRIES : ENTRIES);

        REQUIRE(NT_SUCCESS(status) || status == STATUS_DEVICE_REMOVED ||
                (status == STATUS_INVALID_PARAMETER && bell_umd_queue_is_kernel_mode(queue)));
        belfry_sleep(40);
    }
}

/* --- One round -------------------------------------------------------------------------------- */

static void open_queue(void)
{
    struct bell_umd_queue_desc desc = {
        .node = NODE, .ring_entries = ENTRIES, .realtime = mode.notify};

    round_from = belfry_record_count();
    REQUIRE_OK(bell_umd_alloc(device, THREADS * EACH * BUFFER_BYTES, &commands));
    REQUIRE_OK(bell_umd_alloc(device, PAGE_SIZE, &marks));
    REQUIRE_OK(bell_umd_queue_create(device, &desc, &queue));
}

static void close_queue(void)
{
    struct bell_umd_stats stats;

    rig_settle(3000);
    bell_umd_queue_stats(queue, &stats);
    fallbacks += (unsigned)stats.fallbacks;
    full_waits += (unsigned)stats.full_waits;
    REQUIRE(stats.fallbacks <= 1 && (stats.fallbacks == 0 || (event & ABORT) != 0));
    for (unsigned n = 0; n < THREADS * EACH; n++)
        check_ran(n, false); /* Also later than its wait. */
    bell_umd_queue_destroy(queue);
    queue = NULL;
    bell_umd_free(device, &marks);
    bell_umd_free(device, &commands);
}

static void strike(void)
{
    D3DKMT_HANDLE doorbell = bell_umd_queue_doorbell(queue);

    if ((event & RETRY) != 0 && doorbell != 0) /* It may be gone by a resize: refused then. */
        retries += belfry_os_disconnect(doorbell) == (uint32_t)STATUS_SUCCESS;
    if ((event & ABORT) != 0) {
        belfry_device_lost();
        aborts++;
    }
}

struct crew {
    struct belfry_thread *threads[THREADS + 1];
    unsigned numbers[THREADS];
    unsigned count;
};

static void start(struct crew *crew)
{
    crew->count = 0;
    for (unsigned i = 0; i < workers; i++) {
        crew->numbers[i] = i;
        crew->threads[crew->count++] = belfry_thread_start(names[i], worker, &crew->numbers[i]);
    }
    if (mode.resize)
        crew->threads[crew->count++] = belfry_thread_start("resizer", resizer, NULL);
}

static void join(struct crew *crew, uint64_t began)
{
    for (unsigned i = 0; i < crew->count; i++)
        belfry_thread_join(crew->threads[i]);
    REQUIRE(belfry_now() - began < ROUND_CLOCKS);
}

static void round_at(unsigned offset)
{
    uint64_t began = belfry_now();
    struct crew crew;

    open_queue();
    start(&crew);
    belfry_sleep(1 + offset);
    strike();
    join(&crew, began);
    close_queue();
}

static int slide(int argc, char **argv)
{
    unsigned step = is_wide() ? WIDE_STEP : STEP;

    (void)argc, (void)argv;
    REQUIRE_OK(bell_umd_open((LUID){0}, &device));
    for (unsigned offset = 0; offset < WINDOW; offset += step)
        round_at(offset);
    bell_umd_close(device);
    return 0;
}

/* A thread stands at the point when the OS strikes; RETRY can come at most once more than ABORT. */
static void round_in(const char *point)
{
    uint64_t began = belfry_now();
    struct crew crew;

    open_queue();
    belfry_point_hold(point);
    start(&crew);
    rig_wait_point(point, HOLD);
    strike();
    belfry_sleep(200);
    belfry_point_release(point);
    join(&crew, began);
    close_queue();
}

static int stand(int argc, char **argv)
{
    static const char *const points[] = {"umd.lqv-to-wptr", "umd.wptr-to-ring",
                                         "umd.ring-to-status"};

    (void)argc, (void)argv;
    REQUIRE_OK(bell_umd_open((LUID){0}, &device));
    for (unsigned i = 0; i < sizeof(points) / sizeof(points[0]); i++)
        round_in(points[i]);
    bell_umd_close(device);
    return 0;
}

/* --- The OS's own points: the device is lost while a connect or a disconnect stands there ------- */

static void disconnect(void *arg)
{
    (void)arg;
    (void)belfry_os_disconnect(bell_umd_queue_doorbell(queue));
}

static void lose(void *arg)
{
    (void)arg;
    belfry_device_lost();
    aborts++;
}

static void lost_while_in(const char *point, bool in_disconnect)
{
    struct belfry_thread *os = NULL, *loser;
    uint64_t began = belfry_now();
    struct crew crew;

    open_queue();
    if (in_disconnect)
        one(0, "test"); /* Connected: there is something to disconnect. */
    for (unsigned i = 0; in_disconnect && i < 2; i++)
        mark_of(0)[i] = 0;
    belfry_point_hold(point);
    if (in_disconnect)
        os = belfry_thread_start("os", disconnect, NULL);
    else
        start(&crew);
    rig_wait_point(point, HOLD);
    if (in_disconnect)
        start(&crew);
    belfry_sleep(100);
    loser = belfry_thread_start("loser", lose, NULL);
    belfry_sleep(500); /* Only leaf locks are in its way: it is done with the status. */
    REQUIRE_EQ(*queue->status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT);
    belfry_point_release(point);
    belfry_thread_join(loser);
    if (os != NULL)
        belfry_thread_join(os);
    join(&crew, began);
    close_queue();
}

static int stand_in_the_os(int argc, char **argv)
{
    (void)argc, (void)argv;
    REQUIRE_OK(bell_umd_open((LUID){0}, &device));
    lost_while_in("connect.ddi-to-map", false);
    lost_while_in("disconnect.status-to-rotate", true);
    lost_while_in("disconnect.rotate-to-return", true);
    bell_umd_close(device);
    return 0;
}

/* --- The GPU stands still: whoever waits, for room or for a fence, hears of the ABORT ------------ */

static int lost_while_it_stands(int argc, char **argv)
{
    struct crew crew;
    uint64_t began;

    (void)argc, (void)argv;
    REQUIRE_OK(bell_umd_open((LUID){0}, &device));
    open_queue();
    one(0, "test"); /* Connected. */
    for (unsigned i = 0; i < 2; i++)
        mark_of(0)[i] = 0;
    REQUIRE_OK((NTSTATUS)belfry_os_suspend(queue->context));
    began = belfry_now();
    start(&crew);
    belfry_sleep(STANDS);
    REQUIRE_EQ(bell_umd_progress(queue), 1);
    lost = 0;
    strike();
    join(&crew, began);
    /* Those in the ring, and the one that waits for room, or that comes next. */
    REQUIRE_EQ(lost, workers == 1 ? 2 : ENTRIES + 1);
    close_queue();
    bell_umd_close(device);
    return 0;
}

/* --- Runs ------------------------------------------------------------------------------------- */

static void run(int (*body)(int argc, char **argv), struct mode how, enum event what)
{
    struct belfry_config config = rig_config();

    mode = how;
    event = what;
    config.trap_loads = how.trap_loads;
    config.max_cycles = UINT64_C(4) * 1000 * 1000 * 1000;
    for (unsigned i = 0; i < (is_wide() ? WIDE_SEEDS : NARROW_SEEDS); i++, config.seed++)
        rig_run(&config, body);
}

static void everywhere(int (*body)(int argc, char **argv), enum event what)
{
    lost = done = retries = aborts = fallbacks = full_waits = 0;
    for (unsigned bits = 0; bits < 8; bits++) {
        struct mode how = {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0};

        if (how.trap_loads && !is_wide() && bits != 6)
            continue;
        run(body, how, what);
    }
    assert_true((what & RETRY) == 0 || retries > 0);
    assert_true((what & ABORT) == 0 || aborts > 0);
    assert_true((what & ABORT) != 0 || lost == 0);
    assert_true((what & ABORT) == 0 || fallbacks > 0);
    assert_true(done > 0);
}

static void DB_UMD_05_retry_at_any_offset(void **state)
{
    (void)state;
    everywhere(slide, RETRY);
    assert_true(full_waits > 0);
}

static void DB_STA_06_abort_at_any_offset(void **state)
{
    (void)state;
    everywhere(slide, ABORT);
    assert_true(lost > 0);
    assert_true(full_waits > 0);
}

static void DB_STA_06_retry_then_abort_at_any_offset(void **state)
{
    (void)state;
    everywhere(slide, BOTH);
    assert_true(lost > 0);
}

static void DB_UMD_05_retry_at_each_point(void **state)
{
    (void)state;
    everywhere(stand, RETRY);
}

static void DB_STA_06_abort_at_each_point(void **state)
{
    (void)state;
    everywhere(stand, ABORT);
    assert_true(lost > 0); /* The one that stood there cannot have rung. */
}

static void DB_STA_06_retry_then_abort_at_each_point(void **state)
{
    (void)state;
    everywhere(stand, BOTH);
}

static void DB_STA_06_abort_while_the_gpu_stands_still(void **state)
{
    (void)state;
    lost = done = retries = aborts = fallbacks = full_waits = 0;
    for (unsigned notify = 0; notify < 2; notify++) {
        run(lost_while_it_stands, (struct mode){ .notify = notify }, ABORT);
        assert_true(full_waits > notify);
        workers = 1; /* It waits for its fence, and nobody submits. */
        run(lost_while_it_stands, (struct mode){ .notify = notify }, ABORT);
        workers = THREADS;
    }
}

static void A_67_lost_device_inside_connect_and_disconnect(void **state)
{
    (void)state;
    everywhere(stand_in_the_os, ABORT);
}

static int clean(void **state)
{
    (void)state;
    (void)belfry_close(); /* A failed check leaves it open. */
    workers = THREADS;
    return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, clean)
    const struct CMUnitTest tests[] = {
        TEST(DB_UMD_05_retry_at_any_offset),
        TEST(DB_STA_06_abort_at_any_offset),
        TEST(DB_STA_06_retry_then_abort_at_any_offset),
        TEST(DB_UMD_05_retry_at_each_point),
        TEST(DB_STA_06_abort_at_each_point),
        TEST(DB_STA_06_retry_then_abort_at_each_point),
        TEST(DB_STA_06_abort_while_the_gpu_stands_still),
        TEST(A_67_lost_device_inside_connect_and_disconnect),
    };

    return cmocka_run_group_tests_name("umd_sweep", tests, NULL, NULL);
}
