// SPDX-License-Identifier: MIT
/*
 * Progress fence of a hardware queue, and the making of queues (DB-QUE-06). `um` is a user-mode
 * queue; `km` a kernel-mode one, in the same context.
 */
#include "rig.h"

#include "d3dkmddi.h"

enum { ENTRIES = 64, NODE = 0, WAIT = 400000, BUFFERS = 32, CLOCKS = 300 };

static struct rig um;
static struct rig_kernel km;

static void make_both(void)
{
    rig_make(&um, ENTRIES, NODE);
    rig_kernel_open(&km, &um, um.context);
}

static void close_both(void)
{
    rig_kernel_close(&km);
    rig_close(&um);
}

static void run(int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    rig_run(&config, body);
}

/* --- DB-QUE-06 -------------------------------------------------------------------------------- */

struct sampler {
    volatile uint64_t *fence;
    uint64_t final;
    unsigned moves;
};

static void watch_fence(void *arg)
{
    struct sampler *sampler = arg;
    uint64_t last = 0, end = belfry_now() + WAIT;

    while (last < sampler->final && belfry_now() < end) {
        uint64_t now = *sampler->fence;

        if (now < last)
            belfry_fail("the progress fence went back from %llu to %llu", (unsigned long long)last,
                        (unsigned long long)now);
        sampler->moves += now != last;
        last = now;
        belfry_sleep(5);
    }
}

static int fences_only_rise(int argc, char **argv)
{
    struct sampler samplers[2] = { { .final = BUFFERS }, { .final = BUFFERS } };
    struct belfry_thread *threads[2];

    (void)argc, (void)argv;
    make_both();
    REQUIRE_EQ(*um.progress, 0);
    REQUIRE_EQ(*km.progress, 0);
    samplers[0].fence = um.progress;
    samplers[1].fence = km.progress;
    for (unsigned i = 0; i < 2; i++)
        threads[i] = belfry_thread_start("watcher", watch_fence, &samplers[i]);
    for (uint32_t i = 0; i < BUFFERS; i++) {
        rig_submit(&um, i, 2 * i + 1, CLOCKS);
        rig_kernel_submit(&km, i, 2 * i + 2, CLOCKS);
    }
    for (unsigned i = 0; i < 2; i++) {
        belfry_thread_join(threads[i]);
        REQUIRE_EQ(*samplers[i].fence, BUFFERS);
        REQUIRE_EQ(samplers[i].moves, BUFFERS); /* One step a submission, each one seen. */
    }
    close_both();
    return 0;
}

static void DB_QUE_06_progress_never_goes_back(void **state)
{
    (void)state;
    run(fences_only_rise);
}

static int kernel_values_rise(int argc, char **argv)
{
    const uint64_t stale[] = { 0, 1, 6, 7 };
    struct bell_umd_commands list;
    size_t from;

    (void)argc, (void)argv;
    make_both();
    rig_kernel_begin(&km, &list);
    REQUIRE_OK(rig_kernel_try(&km, &list, km.queue.hHwQueue, 7)); /* Gaps are allowed. */
    from = belfry_record_count();
    for (size_t i = 0; i < sizeof(stale) / sizeof(stale[0]); i++) {
        rig_kernel_begin(&km, &list);
        REQUIRE_STATUS(rig_kernel_try(&km, &list, km.queue.hHwQueue, stale[i]),
                       STATUS_INVALID_PARAMETER);
    }
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiSubmitCommandToHwQueue"), 0);
    rig_kernel_wait(&km, WAIT);
    REQUIRE_EQ(*km.progress, 7);
    rig_kernel_begin(&km, &list);
    REQUIRE_OK(rig_kernel_try(&km, &list, km.queue.hHwQueue, 8));
    rig_kernel_wait(&km, WAIT);
    close_both();
    return 0;
}

static void DB_QUE_06_kernel_values_strictly_rise(void **state)
{
    (void)state;
    run(kernel_values_rise);
}

/* The device may read and write a fence through its GPU address. */
static int device_reaches_fence(int argc, char **argv)
{
    struct bell_umd_commands list;

    (void)argc, (void)argv;
    make_both();
    for (uint32_t i = 0; i < 3; i++)
        rig_submit(&um, i, i, 0);
    rig_wait(&um, 3, WAIT); /* Written. */
    rig_kernel_begin(&km, &list);
    bell_umd_cmd_copy(&list, km.memory.data.gpu, um.progress_gpu, 8);
    REQUIRE_OK(rig_kernel_try(&km, &list, km.queue.hHwQueue, 1));
    rig_kernel_wait(&km, WAIT);
    REQUIRE_EQ(km.memory.data.cpu[0], 3); /* Read. */
    close_both();
    return 0;
}

static void DB_QUE_06_device_reads_and_writes_the_fence(void **state)
{
    (void)state;
    run(device_reaches_fence);
}

static int store_to_fence(int argc, char **argv)
{
    volatile uint64_t *fence;

    (void)argc;
    rig_make(&um, ENTRIES, NODE);
    rig_kernel_open(&km, &um, um.context);
    fence = argv[0][0] == 'u' ? um.progress : km.progress;
    REQUIRE_EQ(*fence, 0);
    *fence = 1;
    return 0; /* Not reached. */
}

static void require_store_faults(char *which)
{
    char *argv[] = { which };
    struct belfry_config config = rig_config();
    struct belfry_process *process;
    enum belfry_result result;
    enum belfry_exit how;
    int leaks;

    rig_open_machine(&config);
    process = belfry_spawn("offender", store_to_fence, 1, argv);
    result = belfry_run();
    how = belfry_process_exit(process);
    leaks = belfry_close();
    assert_int_equal(result, BELFRY_DONE);
    assert_int_equal(how, BELFRY_EXIT_FAULT);
    assert_int_equal(leaks, 0);
}

static void DB_QUE_06_user_store_to_the_fence_faults(void **state)
{
    char user[] = "user-mode queue", kernel[] = "kernel-mode queue";

    (void)state;
    require_store_faults(user);
    require_store_faults(kernel);
}

/* --- DB-QUE-06: PASSIVE, class zero ----------------------------------------------------------- */

enum { PROCESSES = 2, THREADS = 2, ROUNDS = 6, MAX_PROCESS_ID = 8, STAY = 40 };

static DXGKDDI_CREATEHWQUEUE *real_create;
static DXGKDDI_DESTROYHWQUEUE *real_destroy;
static unsigned inside[MAX_PROCESS_ID + 1]; /* Threads in the driver, by process. */
static unsigned most_of_one;
static unsigned calls[2], most_calls[2]; /* Under way: creates, destroys. */

/* The OS has just recorded the call of this very thread. */
static uint32_t caller(void)
{
    const struct belfry_record *call = belfry_record_at(belfry_record_count() - 1);

    REQUIRE_EQ(call->kind, BELFRY_DDI_ENTER);
    REQUIRE_EQ(call->irql, PASSIVE_LEVEL);
    REQUIRE(call->process >= 1 && call->process <= MAX_PROCESS_ID);
    return call->process;
}

static void count_up(unsigned *count, unsigned *most)
{
    ++*count;
    if (*count > *most)
        *most = *count;
}

static void enter(uint32_t process, unsigned call)
{
    count_up(&inside[process], &most_of_one);
    count_up(&calls[call], &most_calls[call]);
    belfry_sleep(STAY);
}

static NTSTATUS leave(uint32_t process, unsigned call, NTSTATUS status)
{
    belfry_sleep(STAY);
    inside[process]--;
    calls[call]--;
    return status;
}

static NTSTATUS slow_create(HANDLE context, DXGKARG_CREATEHWQUEUE *args)
{
    uint32_t process = caller();

    enter(process, 0);
    return leave(process, 0, real_create(context, args));
}

static NTSTATUS slow_destroy(HANDLE queue)
{
    uint32_t process = caller();

    enter(process, 1);
    return leave(process, 1, real_destroy(queue));
}

static void slow_down(DRIVER_INITIALIZATION_DATA *table)
{
    real_create = table->DxgkDdiCreateHwQueue;
    real_destroy = table->DxgkDdiDestroyHwQueue;
    table->DxgkDdiCreateHwQueue = slow_create;
    table->DxgkDdiDestroyHwQueue = slow_destroy;
}

static void create_and_destroy(void *arg)
{
    D3DKMT_CREATEHWQUEUE queue;

    for (unsigned i = 0; i < ROUNDS; i++) {
        REQUIRE_OK(rig_try_queue(*(D3DKMT_HANDLE *)arg, i % 2 == 0, &queue));
        rig_destroy_queue(queue.hHwQueue);
    }
}

static int create_at_once(int argc, char **argv)
{
    struct belfry_thread *threads[THREADS];
    struct rig rig;

    (void)argc, (void)argv;
    rig_open(&rig, ENTRIES);
    rig.context = rig_make_context(&rig, NODE);
    for (unsigned i = 0; i < THREADS; i++)
        threads[i] = belfry_thread_start("creator", create_and_destroy, &rig.context);
    for (unsigned i = 0; i < THREADS; i++)
        belfry_thread_join(threads[i]);
    rig_close(&rig);
    return 0;
}

static void DB_QUE_06_create_and_destroy_are_class_zero(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    memset(inside, 0, sizeof(inside));
    memset(calls, 0, sizeof(calls));
    memset(most_calls, 0, sizeof(most_calls));
    most_of_one = 0;
    belfry_hook_driver(slow_down);
    rig_open_machine(&config);
    for (unsigned i = 0; i < PROCESSES; i++)
        assert_non_null(belfry_spawn("creators", create_at_once, 0, NULL));
    rig_finish_machine();
    assert_int_equal(most_of_one, 1); /* not two threads of one process, .. */
    assert_int_equal(most_calls[0], PROCESSES); /* .. but two processes. */
    assert_int_equal(most_calls[1], PROCESSES);
}

static int unhook(void **state)
{
    (void)state;
    belfry_hook_driver(NULL);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(DB_QUE_06_progress_never_goes_back),
        cmocka_unit_test(DB_QUE_06_kernel_values_strictly_rise),
        cmocka_unit_test(DB_QUE_06_device_reads_and_writes_the_fence),
        cmocka_unit_test(DB_QUE_06_user_store_to_the_fence_faults),
        cmocka_unit_test_teardown(DB_QUE_06_create_and_destroy_are_class_zero, unhook),
    };

    return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
