// SPDX-License-Identifier: MIT
/*
 * Hardware queues (DB-QUE-01 .. -04, -06): the user-mode submission flag, what it closes and what it does
 * not, and the progress fence. `um` is a user-mode queue; `km` a kernel-mode one, in the same context.
 */
#include "rig.h"

#include <stdio.h>

#include "d3dkmddi.h"

enum {
    ENTRIES = 64,
    NODE = 0,
    WAIT = 400000,
    BUFFER_BYTES = 4 * BELL_PACKET_BYTES,
    BUFFERS = 512, /* Of a rig's command memory that are used in turn. */
};

/* A kernel-mode queue in a context of its maker, with the memory of a rig. */
struct kernel_queue {
    struct rig memory;
    D3DKMT_CREATEHWQUEUE queue;
    volatile uint64_t *progress;
    uint64_t built; /* Buffers so far. */
    uint64_t last;  /* Fence value of the last one. */
};

static struct rig um;
static struct kernel_queue km;

static void km_open(struct kernel_queue *kernel, const struct rig *beside, D3DKMT_HANDLE context)
{
    memset(kernel, 0, sizeof(*kernel));
    rig_open_beside(&kernel->memory, beside, ENTRIES);
    REQUIRE_OK(rig_try_queue(context, false, &kernel->queue));
    kernel->progress = kernel->queue.HwQueueProgressFenceCPUVirtualAddress;
}

static void km_close(struct kernel_queue *kernel)
{
    rig_destroy_queue(kernel->queue.hHwQueue);
    rig_close_beside(&kernel->memory);
}

static void make_both(void)
{
    rig_make(&um, ENTRIES, NODE);
    km_open(&km, &um, um.context);
}

static void close_both(void)
{
    km_close(&km);
    rig_close(&um);
}

static void begin(struct kernel_queue *kernel, struct bell_umd_commands *list)
{
    REQUIRE_OK(bell_umd_commands_begin(list, &kernel->memory.commands,
                                       kernel->built++ % BUFFERS * BUFFER_BYTES, BUFFER_BYTES));
}

static NTSTATUS try_submit(struct kernel_queue *kernel, struct bell_umd_commands *list,
                           D3DKMT_HANDLE queue, uint64_t value)
{
    D3DKMT_SUBMITCOMMANDTOHWQUEUE submit = {
        .hHwQueue = queue,
        .HwQueueProgressFenceId = value,
        .CommandBuffer = list->gpu,
        .CommandLength =
            bell_umd_commands_end(list, kernel->queue.HwQueueProgressFenceGPUVirtualAddress, value,
                                  true),
    };
    NTSTATUS status = D3DKMTSubmitCommandToHwQueue(&submit);

    if (NT_SUCCESS(status))
        kernel->last = value;
    return status;
}

static void km_submit(struct kernel_queue *kernel, uint32_t word, uint64_t value, uint64_t clocks)
{
    struct bell_umd_commands list;

    begin(kernel, &list);
    bell_umd_cmd_work(&list, clocks);
    bell_umd_cmd_write64(&list, kernel->memory.data.gpu + 8 * (uint64_t)word, value);
    REQUIRE_OK(try_submit(kernel, &list, kernel->queue.hHwQueue, kernel->last + 1));
}

static void km_wait(const struct kernel_queue *kernel)
{
    uint64_t end = belfry_now() + WAIT;

    while (*kernel->progress < kernel->last) {
        if (belfry_now() > end)
            belfry_fail("kernel-mode fence is %llu after %d cycles, expected %llu",
                        (unsigned long long)*kernel->progress, WAIT,
                        (unsigned long long)kernel->last);
        belfry_sleep(16);
    }
}

static void um_submit(struct rig *rig, uint32_t word, uint64_t value, uint64_t clocks)
{
    rig_append_work(rig, word, value, clocks);
    rig_ring(rig);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (*rig->status == D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY) {
        REQUIRE_OK(rig_connect(rig));
        rig_ring(rig);
    }
}

static void run(int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    rig_run(&config, body);
}

/* --- DB-QUE-01 ------------------------------------------------------------------------------------ */

static UINT flags_seen_by_driver(size_t from)
{
    size_t at = rig_expect(from, BELFRY_DDI_ENTER, "DxgkDdiCreateHwQueue");
    DXGKARG_CREATEHWQUEUE args;

    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiCreateHwQueue"), 1);
    memcpy(&args, belfry_record_at(at)->args, sizeof(args));
    return args.Flags.Value;
}

static void create_with(D3DKMT_HANDLE context, UINT flags)
{
    size_t from = belfry_record_count();
    D3DKMT_CREATEHWQUEUE queue = { .hHwContext = context, .Flags.Value = flags };

    REQUIRE_OK(D3DKMTCreateHwQueue(&queue));
    REQUIRE_EQ(flags_seen_by_driver(from), flags);
    rig_destroy_queue(queue.hHwQueue);
}

static int flag_reaches_driver(int argc, char **argv)
{
    const UINT um_bit = 1u << 4, no_timeout_bit = 1u << 0;
    D3DKMT_CREATEHWQUEUE queue = { 0 };

    (void)argc, (void)argv;
    queue.Flags.UserModeSubmission = 1;
    REQUIRE_EQ(queue.Flags.Value, um_bit);
    rig_open(&um, ENTRIES);
    um.context = rig_make_context(&um, NODE);
    create_with(um.context, um_bit);
    create_with(um.context, um_bit | no_timeout_bit);
    create_with(um.context, no_timeout_bit);
    create_with(um.context, 0);
    rig_close(&um);
    return 0;
}

static void DB_QUE_01_flag_reaches_the_driver(void **state)
{
    (void)state;
    run(flag_reaches_driver);
}

/* --- DB-QUE-02 ------------------------------------------------------------------------------------ */

static NTSTATUS try_wait(D3DKMT_HANDLE queue)
{
    D3DKMT_HANDLE fence = km.queue.hHwQueueProgressFence;
    UINT64 value = 0;

    return D3DKMTSubmitWaitForSyncObjectsToHwQueue(&(D3DKMT_SUBMITWAITFORSYNCOBJECTSTOHWQUEUE){
        .hHwQueue = queue, .ObjectCount = 1, .ObjectHandleArray = &fence,
        .FenceValueArray = &value });
}

static NTSTATUS try_signal(const D3DKMT_HANDLE *queues, ULONG count)
{
    D3DKMT_HANDLE fence = km.queue.hHwQueueProgressFence;
    UINT64 value = 1;

    return D3DKMTSubmitSignalSyncObjectsToHwQueue(&(D3DKMT_SUBMITSIGNALSYNCOBJECTSTOHWQUEUE){
        .BroadcastHwQueueCount = count, .BroadcastHwQueueArray = queues, .ObjectCount = 1,
        .ObjectHandleArray = &fence, .FenceValueArray = &value });
}

static NTSTATUS try_present(const D3DKMT_HANDLE *queues, ULONG count)
{
    D3DKMT_SUBMITPRESENTTOHWQUEUE present = { .hHwQueues = queues };

    present.PrivatePresentData.hDevice = um.device->device;
    present.PrivatePresentData.BroadcastContextCount = count - 1;
    return D3DKMTSubmitPresentToHwQueue(&present);
}

/* A buffer that is good in every other way; it must not run. */
static NTSTATUS try_command(D3DKMT_HANDLE queue, uint32_t word)
{
    struct bell_umd_commands list;

    begin(&km, &list);
    bell_umd_cmd_write64(&list, km.memory.data.gpu + 8 * (uint64_t)word, 0xBAD);
    return try_submit(&km, &list, queue, km.last + 1);
}

static void require_kernel_path_closed(void)
{
    const D3DKMT_HANDLE mixed[] = { km.queue.hHwQueue, um.queue };
    size_t from = belfry_record_count();

    REQUIRE_STATUS(try_command(um.queue, 1), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(try_wait(um.queue), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(try_signal(&um.queue, 1), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(try_signal(mixed, 2), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(try_present(&um.queue, 1), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(try_present(mixed, 2), STATUS_INVALID_PARAMETER);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, NULL), 0);
}

static int kernel_path_is_closed(int argc, char **argv)
{
    size_t from;

    (void)argc, (void)argv;
    make_both();
    require_kernel_path_closed(); /* Not connected yet. */
    REQUIRE_OK(rig_connect(&um));
    require_kernel_path_closed();
    um_submit(&um, 0, 5, 0);
    rig_wait(&um, 1, WAIT);
    rig_settle(WAIT / 100);
    REQUIRE_EQ(km.memory.data.cpu[1], 0);
    REQUIRE_EQ(*km.progress, 0);
    REQUIRE_EQ(um.data.cpu[0], 5); /* The refusals did the queue no harm. */

    from = belfry_record_count(); /* The very same calls are no nonsense elsewhere. */
    REQUIRE_OK(try_command(km.queue.hHwQueue, 1));
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiSubmitCommandToHwQueue"), 1);
    REQUIRE_STATUS(try_wait(km.queue.hHwQueue), STATUS_NOT_SUPPORTED);
    REQUIRE_STATUS(try_signal(&km.queue.hHwQueue, 1), STATUS_NOT_SUPPORTED);
    REQUIRE_STATUS(try_present(&km.queue.hHwQueue, 1), STATUS_NOT_SUPPORTED);
    km_wait(&km);
    REQUIRE_EQ(km.memory.data.cpu[1], 0xBAD);
    close_both();
    return 0;
}

static void DB_QUE_02_kernel_path_is_closed_on_um_queues(void **state)
{
    (void)state;
    run(kernel_path_is_closed);
}

/* --- DB-QUE-03 ------------------------------------------------------------------------------------ */

static int no_doorbell_without_flag(int argc, char **argv)
{
    unsigned doorbells, mappings;
    size_t from;

    (void)argc, (void)argv;
    make_both();
    doorbells = belfry_live_objects("doorbell");
    mappings = belfry_live_objects("mapping");
    from = belfry_record_count();
    km.memory.create = (D3DKMT_CREATE_DOORBELL){
        .hHwQueue = km.queue.hHwQueue,
        .hRingBuffer = km.memory.ring.allocation,
        .hRingBufferControl = km.memory.control.allocation,
    };
    REQUIRE_STATUS(rig_try_doorbell(&km.memory), STATUS_INVALID_PARAMETER);
    REQUIRE_EQ(km.memory.create.hDoorbell, 0);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, NULL), 0);
    REQUIRE_EQ(belfry_live_objects("doorbell"), doorbells);
    REQUIRE_EQ(belfry_live_objects("mapping"), mappings);
    km_submit(&km, 0, 9, 0);
    km_wait(&km);
    REQUIRE_EQ(km.memory.data.cpu[0], 9);
    close_both();
    return 0;
}

static void DB_QUE_03_no_doorbell_on_a_kernel_mode_queue(void **state)
{
    (void)state;
    run(no_doorbell_without_flag);
}

/* --- DB-QUE-04 ------------------------------------------------------------------------------------ */

enum { PAIRS = 32, CLOCKS = 300 };

/* Buffers finished on NODE after `from`, by hardware queue `hw` or by the others; how often they took turns. */
static void count_finished(size_t from, uint64_t hw, unsigned *its, unsigned *others, unsigned *turns)
{
    bool was_its = false;
    size_t at = from;

    *its = *others = *turns = 0;
    while ((at = belfry_record_find(at, BELFRY_FINISH, NULL)) != (size_t)-1) {
        const struct belfry_record *record = belfry_record_at(at++);
        bool is_its = record->value2 == hw;

        REQUIRE_EQ(record->value3, NODE);
        *turns += (*its + *others != 0) && is_its != was_its;
        *its += is_its;
        *others += !is_its;
        was_its = is_its;
    }
}

static void require_pairs_done(const struct rig *user, const struct kernel_queue *kernel)
{
    for (uint32_t i = 0; i < PAIRS; i++) {
        REQUIRE_EQ(user->data.cpu[i], 2 * i + 1);
        REQUIRE_EQ(kernel->memory.data.cpu[i], 2 * i + 2);
    }
}

static int interleave(int argc, char **argv)
{
    unsigned user, kernel, turns;
    size_t from;

    (void)argc, (void)argv;
    make_both();
    from = belfry_record_count();
    for (uint32_t i = 0; i < PAIRS; i++) {
        um_submit(&um, i, 2 * i + 1, CLOCKS);
        km_submit(&km, i, 2 * i + 2, CLOCKS);
    }
    REQUIRE(*um.progress < PAIRS && *km.progress < PAIRS); /* Both have work at one time. */
    rig_wait(&um, PAIRS, WAIT);
    km_wait(&km);
    rig_settle(WAIT / 100);
    require_pairs_done(&um, &km);
    count_finished(from, um.blob.queue_token, &user, &kernel, &turns);
    REQUIRE_EQ(user, PAIRS);
    REQUIRE_EQ(kernel, PAIRS);
    REQUIRE(turns >= PAIRS / 2); /* Neither waited for the other to run dry. */

    km_close(&km); /* Support is per queue: neither needs the other. */
    um_submit(&um, 0, 77, 0);
    rig_wait(&um, PAIRS + 1, WAIT);
    km_open(&km, &um, um.context);
    REQUIRE_OK(rig_destroy_doorbell(&um));
    rig_destroy_queue(um.queue);
    um.queue = 0;
    km_submit(&km, 0, 78, 0);
    km_wait(&km);
    REQUIRE_EQ(um.data.cpu[0], 77);
    REQUIRE_EQ(km.memory.data.cpu[0], 78);
    close_both();
    return 0;
}

static void DB_QUE_04_both_models_interleaved_in_one_context(void **state)
{
    (void)state;
    run(interleave);
}

static void submit_kernel_pairs(void *arg)
{
    for (uint32_t i = 0; i < PAIRS; i++) {
        km_submit(arg, i, 2 * i + 2, 1 + belfry_random(CLOCKS));
        belfry_sleep(1 + belfry_random(CLOCKS));
    }
}

/* Process of two threads, one for each model; with another process alike and one slot for both. */
static int both_at_once(int argc, char **argv)
{
    struct belfry_thread *thread;
    struct rig user;
    struct kernel_queue kernel;

    (void)argc, (void)argv;
    rig_make(&user, ENTRIES, NODE);
    km_open(&kernel, &user, user.context);
    thread = belfry_thread_start("kernel mode", submit_kernel_pairs, &kernel);
    for (uint32_t i = 0; i < PAIRS; i++) {
        um_submit(&user, i, 2 * i + 1, 1 + belfry_random(CLOCKS));
        belfry_sleep(1 + belfry_random(CLOCKS));
    }
    belfry_thread_join(thread);
    rig_wait(&user, PAIRS, WAIT);
    km_wait(&kernel);
    require_pairs_done(&user, &kernel);
    km_close(&kernel);
    rig_close(&user);
    return 0;
}

static void DB_QUE_04_both_models_from_threads_of_two_processes(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    config.slots = 1;
    rig_open_machine(&config);
    assert_non_null(belfry_spawn("first", both_at_once, 0, NULL));
    assert_non_null(belfry_spawn("second", both_at_once, 0, NULL));
    rig_finish_machine();
}

/* --- DB-QUE-06 ------------------------------------------------------------------------------------ */

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
    struct sampler samplers[2] = { { .final = PAIRS }, { .final = PAIRS } };
    struct belfry_thread *threads[2];

    (void)argc, (void)argv;
    make_both();
    REQUIRE_EQ(*um.progress, 0);
    REQUIRE_EQ(*km.progress, 0);
    samplers[0].fence = um.progress;
    samplers[1].fence = km.progress;
    for (unsigned i = 0; i < 2; i++)
        threads[i] = belfry_thread_start("watcher", watch_fence, &samplers[i]);
    for (uint32_t i = 0; i < PAIRS; i++) {
        um_submit(&um, i, 2 * i + 1, CLOCKS);
        km_submit(&km, i, 2 * i + 2, CLOCKS);
    }
    for (unsigned i = 0; i < 2; i++) {
        belfry_thread_join(threads[i]);
        REQUIRE_EQ(*samplers[i].fence, PAIRS);
        REQUIRE_EQ(samplers[i].moves, PAIRS); /* One step a submission, each one seen. */
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
    begin(&km, &list);
    REQUIRE_OK(try_submit(&km, &list, km.queue.hHwQueue, 7)); /* Gaps are allowed. */
    from = belfry_record_count();
    for (size_t i = 0; i < sizeof(stale) / sizeof(stale[0]); i++) {
        begin(&km, &list);
        REQUIRE_STATUS(try_submit(&km, &list, km.queue.hHwQueue, stale[i]),
                       STATUS_INVALID_PARAMETER);
    }
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiSubmitCommandToHwQueue"), 0);
    km_wait(&km);
    REQUIRE_EQ(*km.progress, 7);
    begin(&km, &list);
    REQUIRE_OK(try_submit(&km, &list, km.queue.hHwQueue, 8));
    km_wait(&km);
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
        um_submit(&um, i, i, 0);
    rig_wait(&um, 3, WAIT); /* Written. */
    begin(&km, &list);
    bell_umd_cmd_copy(&list, km.memory.data.gpu, um.progress_gpu, 8);
    REQUIRE_OK(try_submit(&km, &list, km.queue.hHwQueue, 1));
    km_wait(&km);
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
    km_open(&km, &um, um.context);
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

/* --- DB-QUE-06: PASSIVE, class zero ------------------------------------------------------------------ */

enum { PROCESSES = 2, THREADS = 2, ROUNDS = 6, MAX_PROCESS_ID = 8, STAY = 40 };

static DXGKDDI_CREATEHWQUEUE *real_create;
static DXGKDDI_DESTROYHWQUEUE *real_destroy;
static unsigned inside[MAX_PROCESS_ID + 1], inside_all, most_of_one, most_of_all;

static uint32_t enter(void)
{
    /* The OS has just recorded the call of this very thread. */
    const struct belfry_record *call = belfry_record_at(belfry_record_count() - 1);
    uint32_t process = call->process;

    REQUIRE_EQ(call->kind, BELFRY_DDI_ENTER);
    REQUIRE_EQ(call->irql, PASSIVE_LEVEL);
    REQUIRE(process >= 1 && process <= MAX_PROCESS_ID);
    inside_all++;
    inside[process]++;
    if (inside[process] > most_of_one)
        most_of_one = inside[process];
    if (inside_all > most_of_all)
        most_of_all = inside_all;
    belfry_sleep(STAY);
    return process;
}

static NTSTATUS leave(uint32_t process, NTSTATUS status)
{
    belfry_sleep(STAY);
    inside[process]--;
    inside_all--;
    return status;
}

static NTSTATUS slow_create(HANDLE context, DXGKARG_CREATEHWQUEUE *args)
{
    uint32_t process = enter();

    return leave(process, real_create(context, args));
}

static NTSTATUS slow_destroy(HANDLE queue)
{
    uint32_t process = enter();

    return leave(process, real_destroy(queue));
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
    inside_all = most_of_one = most_of_all = 0;
    belfry_hook_driver(slow_down);
    rig_open_machine(&config);
    for (unsigned i = 0; i < PROCESSES; i++)
        assert_non_null(belfry_spawn("creators", create_at_once, 0, NULL));
    rig_finish_machine();
    assert_int_equal(most_of_one, 1); /* not two threads of one process, .. */
    assert_int_equal(most_of_all, PROCESSES); /* .. but two processes. */
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
        cmocka_unit_test(DB_QUE_01_flag_reaches_the_driver),
        cmocka_unit_test(DB_QUE_02_kernel_path_is_closed_on_um_queues),
        cmocka_unit_test(DB_QUE_03_no_doorbell_on_a_kernel_mode_queue),
        cmocka_unit_test(DB_QUE_04_both_models_interleaved_in_one_context),
        cmocka_unit_test(DB_QUE_04_both_models_from_threads_of_two_processes),
        cmocka_unit_test(DB_QUE_06_progress_never_goes_back),
        cmocka_unit_test(DB_QUE_06_kernel_values_strictly_rise),
        cmocka_unit_test(DB_QUE_06_device_reads_and_writes_the_fence),
        cmocka_unit_test(DB_QUE_06_user_store_to_the_fence_faults),
        cmocka_unit_test_teardown(DB_QUE_06_create_and_destroy_are_class_zero, unhook),
    };

    return cmocka_run_group_tests_name("queues", tests, NULL, NULL);
}
