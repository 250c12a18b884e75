// SPDX-License-Identifier: MIT
/*
 * Hardware queues (DB-QUE-01 .. -04): the user-mode submission flag, what it closes and what it
 * does not. `um` is a user-mode queue; `km` a kernel-mode one, in the same context.
 */
#include "rig.h"

#include "d3dkmddi.h"

enum { ENTRIES = 64, NODE = 0, WAIT = 400000 };

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

/* --- DB-QUE-01 -------------------------------------------------------------------------------- */

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

/* --- DB-QUE-02 -------------------------------------------------------------------------------- */

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

    rig_kernel_begin(&km, &list);
    bell_umd_cmd_write64(&list, km.memory.data.gpu + 8 * (uint64_t)word, 0xBAD);
    return rig_kernel_try(&km, &list, queue, km.last + 1);
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
    rig_submit(&um, 0, 5, 0);
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
    rig_kernel_wait(&km, WAIT);
    REQUIRE_EQ(km.memory.data.cpu[1], 0xBAD);
    close_both();
    return 0;
}

static void DB_QUE_02_kernel_path_is_closed_on_um_queues(void **state)
{
    (void)state;
    run(kernel_path_is_closed);
}

/* --- DB-QUE-03 -------------------------------------------------------------------------------- */

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
    rig_kernel_submit(&km, 0, 9, 0);
    rig_kernel_wait(&km, WAIT);
    REQUIRE_EQ(km.memory.data.cpu[0], 9);
    close_both();
    return 0;
}

static void DB_QUE_03_no_doorbell_on_a_kernel_mode_queue(void **state)
{
    (void)state;
    run(no_doorbell_without_flag);
}

/* --- DB-QUE-04 -------------------------------------------------------------------------------- */

enum { PAIRS = 32, CLOCKS = 300 };

/* Buffers finished after `from` by hardware queue `hw` and by others; changes between the two. */
static void count_finished(size_t from, uint64_t hw, unsigned *its, unsigned *others,
                           unsigned *turns)
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

static void require_pairs_done(const struct rig *user, const struct rig_kernel *kernel)
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
        rig_submit(&um, i, 2 * i + 1, CLOCKS);
        rig_kernel_submit(&km, i, 2 * i + 2, CLOCKS);
    }
    REQUIRE(*um.progress < PAIRS && *km.progress < PAIRS); /* Both have work at one time. */
    rig_wait(&um, PAIRS, WAIT);
    rig_kernel_wait(&km, WAIT);
    rig_settle(WAIT / 100);
    require_pairs_done(&um, &km);
    count_finished(from, um.blob.queue_token, &user, &kernel, &turns);
    REQUIRE_EQ(user, PAIRS);
    REQUIRE_EQ(kernel, PAIRS);
    REQUIRE(turns > 0); /* Neither waited for the other to run dry; the bound: test_turns.c. */

    rig_kernel_close(&km); /* Support is per queue: neither needs the other. */
    rig_submit(&um, 0, 77, 0);
    rig_wait(&um, PAIRS + 1, WAIT);
    rig_kernel_open(&km, &um, um.context);
    REQUIRE_OK(rig_destroy_doorbell(&um));
    rig_destroy_queue(um.queue);
    um.queue = 0;
    rig_kernel_submit(&km, 0, 78, 0);
    rig_kernel_wait(&km, WAIT);
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
        rig_kernel_submit(arg, i, 2 * i + 2, 1 + belfry_random(CLOCKS));
        belfry_sleep(1 + belfry_random(CLOCKS));
    }
}

/* Process of two threads, one for each model; with another process alike and one slot for both. */
static int both_at_once(int argc, char **argv)
{
    struct belfry_thread *thread;
    struct rig user;
    struct rig_kernel kernel;

    (void)argc, (void)argv;
    rig_make(&user, ENTRIES, NODE);
    rig_kernel_open(&kernel, &user, user.context);
    thread = belfry_thread_start("kernel mode", submit_kernel_pairs, &kernel);
    for (uint32_t i = 0; i < PAIRS; i++) {
        rig_submit(&user, i, 2 * i + 1, 1 + belfry_random(CLOCKS));
        belfry_sleep(1 + belfry_random(CLOCKS));
    }
    belfry_thread_join(thread);
    rig_wait(&user, PAIRS, WAIT);
    rig_kernel_wait(&kernel, WAIT);
    require_pairs_done(&user, &kernel);
    rig_kernel_close(&kernel);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(DB_QUE_01_flag_reaches_the_driver),
        cmocka_unit_test(DB_QUE_02_kernel_path_is_closed_on_um_queues),
        cmocka_unit_test(DB_QUE_03_no_doorbell_on_a_kernel_mode_queue),
        cmocka_unit_test(DB_QUE_04_both_models_interleaved_in_one_context),
        cmocka_unit_test(DB_QUE_04_both_models_from_threads_of_two_processes),
    };

    return cmocka_run_group_tests_name("queues", tests, NULL, NULL);
}
