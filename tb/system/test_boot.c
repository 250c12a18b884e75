/* SPDX-License-Identifier: MIT */
/* The machine boots, runs processes, notices what the driver does wrong, and ends without leaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bell_regs.h"
#include "bell_umd.h"
#include "belfry/belfry.h"
#include "belfry/observe.h"
#include "d3dkmddi.h"

#define TAG 0x74736574u

static char error_text[512];

static struct belfry_config model(void)
{
    struct belfry_config config = BELFRY_CONFIG_DEFAULT;

    config.device = getenv("BELL_DEVICE") != NULL ? getenv("BELL_DEVICE") : "model";
    return config;
}

static int open_with(const struct belfry_config *config)
{
    return belfry_open(config, error_text, sizeof(error_text));
}

static void open_model(void)
{
    struct belfry_config config = model();

    if (open_with(&config) != 0)
        fail_msg("%s", error_text);
}

static int close_machine(void **state)
{
    (void)state;
    belfry_hook_driver(NULL);
    belfry_close();
    return 0;
}

/* --- Open and close -------------------------------------------------------------------------- */

static void boot_and_close_leak_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        open_model();
        assert_int_equal(belfry_record_number(BELFRY_DDI_ENTER, "DxgkDdiStartDevice"), 1);
        assert_int_equal(belfry_close(), 0);
    }
}

static void caps_are_queried_at_start(void **state)
{
    (void)state;
    open_model();
    assert_true(belfry_record_find(0, BELFRY_DDI_ENTER, "DxgkDdiQueryAdapterInfo") != (size_t)-1);
    assert_int_equal(belfry_record_number(BELFRY_DDI_ENTER, "DxgkDdiGetNodeMetadata"),
                     3 + 1); /* Each node, and one that does not exist. */
    assert_int_equal(belfry_close(), 0);
}

static void expect_refusal(const struct belfry_config *config, const char *what)
{
    assert_int_equal(open_with(config), -1);
    assert_non_null(strstr(error_text, what));
    assert_int_equal(belfry_close(), 0);
}

static void bad_kind_is_refused(void **state)
{
    struct belfry_config config = model();

    (void)state;
    config.device = "toaster";
    expect_refusal(&config, "toaster");
    assert_non_null(strstr(error_text, "expected"));
}

static void too_many_slots_are_refused(void **state)
{
    struct belfry_config config = model();

    (void)state;
    config.slots = 4097;
    expect_refusal(&config, "4097");
}

static void bad_configuration_size_is_refused(void **state)
{
    struct belfry_config config = model();

    (void)state;
    config.size = 0;
    expect_refusal(&config, "size");
    config.size = sizeof(config) + 8;
    expect_refusal(&config, "size");
}

static void unwritable_trace_is_refused(void **state)
{
    struct belfry_config config = model();

    (void)state;
    config.trace = "/nonexistent/folder/trace.json";
    expect_refusal(&config, config.trace);
}

static void second_machine_is_refused(void **state)
{
    struct belfry_config config = model();

    (void)state;
    open_model();
    assert_int_equal(open_with(&config), -1);
    assert_non_null(strstr(error_text, "open already"));
    assert_int_equal(belfry_close(), 0);
}

static void refused_open_leaves_no_trace_file(void **state)
{
    struct belfry_config config = model();
    char path[] = "/tmp/belfry-test-XXXXXX";
    char trace[64], part[80];

    (void)state;
    assert_non_null(mkdtemp(path));
    snprintf(trace, sizeof(trace), "%s/t.json", path);
    snprintf(part, sizeof(part), "%s.part", trace);
    config.trace = trace;
    config.slots = 4097;
    expect_refusal(&config, "4097");
    assert_int_not_equal(access(trace, F_OK), 0);
    assert_int_not_equal(access(part, F_OK), 0);
    config.slots = 0;
    assert_int_equal(open_with(&config), 0);
    assert_int_equal(belfry_close(), 0);
    assert_int_equal(access(trace, F_OK), 0);
    assert_int_not_equal(access(part, F_OK), 0);
    remove(trace);
    rmdir(path);
}

/* --- Processes ------------------------------------------------------------------------------- */

static int return_argument(int argc, char **argv)
{
    return argc == 2 ? atoi(argv[1]) : -1;
}

static void process_runs_and_ends(void **state)
{
    char *argv[] = {"program", "7"};
    struct belfry_process *process;

    (void)state;
    open_model();
    process = belfry_spawn("program", return_argument, 2, argv);
    assert_int_equal(belfry_process_exit(process), BELFRY_EXIT_RUNNING);
    assert_int_equal(belfry_run(), BELFRY_DONE);
    assert_int_equal(belfry_process_exit(process), BELFRY_EXIT_NORMAL);
    assert_int_equal(belfry_process_code(process), 7);
    assert_int_equal(belfry_record_number(BELFRY_DDI_ENTER, "DxgkDdiCreateProcess"), 1);
    assert_int_equal(belfry_record_number(BELFRY_DDI_ENTER, "DxgkDdiDestroyProcess"), 1);
    assert_int_equal(belfry_close(), 0);
}

static void count_up(void *arg)
{
    for (int i = 0; i < 10; i++) {
        int seen = *(int *)arg;

        belfry_yield();
        *(int *)arg = seen + 1;
    }
}

static int two_threads(int argc, char **argv)
{
    int counts[2] = {0, 0};
    struct belfry_thread *threads[2];

    (void)argc;
    (void)argv;
    for (int i = 0; i < 2; i++)
        threads[i] = belfry_thread_start("counter", count_up, &counts[i]);
    for (int i = 0; i < 2; i++)
        belfry_thread_join(threads[i]);
    return counts[0] + counts[1];
}

static void threads_start_and_join(void **state)
{
    struct belfry_process *process;

    (void)state;
    open_model();
    process = belfry_spawn("program", two_threads, 0, NULL);
    assert_int_equal(belfry_run(), BELFRY_DONE);
    assert_int_equal(belfry_process_code(process), 20);
    assert_int_equal(belfry_close(), 0);
}

static int wild_store(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    belfry_sleep(100);
    *(volatile uint64_t *)(uintptr_t)0x1000 = 1;
    return 0;
}

static void sleep_on(void *arg)
{
    (void)arg;
    for (;;)
        belfry_sleep(1000);
}

static int wild_beside_sleeper(int argc, char **argv)
{
    belfry_thread_start("sleeper", sleep_on, NULL);
    return wild_store(argc, argv);
}

static void fault_ends_only_its_process(void **state)
{
    char *argv[] = {"program", "3"};
    struct belfry_process *bad, *good;

    (void)state;
    open_model();
    bad = belfry_spawn("bad", wild_beside_sleeper, 0, NULL);
    good = belfry_spawn("good", return_argument, 2, argv);
    assert_int_equal(belfry_run(), BELFRY_DONE);
    assert_int_equal(belfry_process_exit(bad), BELFRY_EXIT_FAULT);
    assert_non_null(strstr(belfry_process_fault(bad), "0x1000"));
    assert_int_equal(belfry_process_exit(good), BELFRY_EXIT_NORMAL);
    assert_int_equal(belfry_process_code(good), 3);
    assert_int_equal(belfry_record_number(BELFRY_DDI_ENTER, "DxgkDdiDestroyProcess"), 2);
    assert_int_equal(belfry_close(), 0);
}

static struct bell_umd_device *gpu;
static struct bell_umd_queue *queue;
static D3DKMT_HANDLE gpu_device, progress;

/* Device, memory and a queue that is busy with one buffer of `clocks` clocks, or hangs (0). */
static UINT64 make_busy(bool kernel_mode, UINT64 clocks)
{
    struct bell_umd_queue_desc desc = {.node = kernel_mode ? 2 : 0, .kernel_mode = kernel_mode};
    struct bell_umd_memory memory;
    struct bell_umd_commands list;
    UINT64 fence = 0;

    if (bell_umd_open((LUID){0}, &gpu) != 0 || bell_umd_alloc(gpu, 4096, &memory) != 0 ||
        bell_umd_queue_create(gpu, &desc, &queue) != 0 ||
        bell_umd_commands_begin(&list, &memory, 0, 4096) != 0)
        belfry_fail("set-up");
    if (clocks == 0)
        bell_umd_cmd_hang(&list);
    else
        bell_umd_cmd_work(&list, clocks);
    if (bell_umd_submit(queue, &list, &fence) != 0)
        belfry_fail("submit");
    return fence;
}

static int wild_with_busy_queue(int argc, char **argv)
{
    make_busy(false, 5000);
    return wild_store(argc, argv);
}

static int wild_with_hung_queue(int argc, char **argv)
{
    make_busy(false, 0);
    return wild_store(argc, argv);
}

static void wait_in_kernel(void *arg)
{
    UINT64 value = 1;
    D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU wait = {.hDevice = gpu_device,
                                                       .ObjectCount = 1,
                                                       .ObjectHandleArray = &progress,
                                                       .FenceValueArray = &value};

    (void)arg;
    D3DKMTWaitForSynchronizationObjectFromCpu(&wait);
    belfry_fail("the waiting thread came back to user mode");
}

/* A fence that nobody ever signals: a queue without work. */
static void make_idle_fence(void)
{
    D3DKMT_OPENADAPTERFROMLUID open = {.AdapterLuid = {0}};
    D3DKMT_CREATEDEVICE device = {0};
    D3DKMT_CREATEHWCONTEXT context = {.NodeOrdinal = 2, .EngineAffinity = 1};
    D3DKMT_CREATEHWQUEUE made = {0};

    if (D3DKMTOpenAdapterFromLuid(&open) != 0)
        belfry_fail("D3DKMTOpenAdapterFromLuid");
    device.hAdapter = open.hAdapter;
    if (D3DKMTCreateDevice(&device) != 0)
        belfry_fail("D3DKMTCreateDevice");
    context.hDevice = gpu_device = device.hDevice;
    if (D3DKMTCreateHwContext(&context) != 0)
        belfry_fail("D3DKMTCreateHwContext");
    made.hHwContext = context.hHwContext;
    if (D3DKMTCreateHwQueue(&made) != 0)
        belfry_fail("D3DKMTCreateHwQueue");
    progress = made.hHwQueueProgressFence;
}

static int wild_beside_waiter(int argc, char **argv)
{
    make_idle_fence();
    belfry_thread_start("waiter", wait_in_kernel, NULL);
    belfry_sleep(2000);
    return wild_store(argc, argv);
}

static int return_beside_waiter(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    make_idle_fence();
    belfry_thread_start("waiter", wait_in_kernel, NULL);
    belfry_thread_start("sleeper", sleep_on, NULL);
    belfry_sleep(2000);
    return 9;
}

static void expect_end(int (*entry)(int argc, char **argv), enum belfry_exit how, int code)
{
    struct belfry_process *process;

    open_model();
    process = belfry_spawn("program", entry, 0, NULL);
    if (belfry_run() != BELFRY_DONE)
        fail_msg("%s", belfry_failure());
    assert_int_equal(belfry_process_exit(process), how);
    assert_int_equal(belfry_process_code(process), code);
    assert_int_equal(belfry_close(), 0);
}

static void fault_with_busy_queue_leaks_nothing(void **state)
{
    (void)state;
    expect_end(wild_with_busy_queue, BELFRY_EXIT_FAULT, 0);
}

static void fault_with_hung_queue_leaks_nothing(void **state)
{
    (void)state;
    expect_end(wild_with_hung_queue, BELFRY_EXIT_FAULT, 0);
}

static void fault_ends_a_thread_inside_the_kernel(void **state)
{
    (void)state;
    expect_end(wild_beside_waiter, BELFRY_EXIT_FAULT, 0);
}

static void return_ends_the_other_threads(void **state)
{
    (void)state;
    expect_end(return_beside_waiter, BELFRY_EXIT_NORMAL, 9);
}

static int give_up(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    belfry_fail("gave up after %d", 42);
    return 0;
}

static void belfry_fail_stops_the_run(void **state)
{
    (void)state;
    open_model();
    belfry_spawn("program", give_up, 0, NULL);
    assert_int_equal(belfry_run(), BELFRY_FAILED);
    assert_string_equal(belfry_failure(), "gave up after 42");
    assert_int_equal(belfry_close(), 0);
}

/* --- Observation ----------------------------------------------------------------------------- */

static uint64_t seen_id;

static int read_id(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    seen_id = belfry_register(BELL_ID_OFFSET);
    return belfry_bar2_store(0, 1, 4);
}

static void registers_answer_inside_and_outside(void **state)
{
    struct belfry_process *process;
    struct belfry_ledger ledger;

    (void)state;
    open_model();
    assert_int_equal(belfry_register(BELL_ID_OFFSET) & BELL_ID_MAGIC_MASK, BELL_ID_MAGIC_RESET);
    process = belfry_spawn("program", read_id, 0, NULL);
    assert_int_equal(belfry_run(), BELFRY_DONE);
    assert_int_equal(seen_id, belfry_register(BELL_ID_OFFSET));
    assert_int_equal(belfry_process_code(process), 2);
    assert_int_equal(belfry_bar2_store(8, 1, 8), 2);
    assert_int_equal(belfry_bar2_store(0, 1, 8), 0);
    belfry_ledger(&ledger);
    assert_int_equal(ledger.rejected, 2);
    assert_int_equal(ledger.unowned, 1);
    assert_true(belfry_ledger_balanced(&ledger));
    assert_int_equal(belfry_register(0x8000), UINT64_MAX);
    assert_int_equal(belfry_close(), 0);
}

static int work_and_wait(int argc, char **argv)
{
    UINT64 fence = make_busy(false, 50000);

    (void)argc;
    (void)argv;
    if (bell_umd_wait(queue, fence) != 0)
        belfry_fail("wait");
    bell_umd_queue_destroy(queue);
    return 0;
}

static uint64_t hash_of_run(uint64_t seed, bool no_idle_skip)
{
    struct belfry_config config = model();
    uint64_t hash;

    config.seed = seed;
    config.no_idle_skip = no_idle_skip;
    assert_int_equal(open_with(&config), 0);
    belfry_spawn("one", two_threads, 0, NULL);
    belfry_spawn("two", work_and_wait, 0, NULL);
    if (belfry_run() != BELFRY_DONE)
        fail_msg("%s", belfry_failure());
    hash = belfry_event_hash();
    assert_int_equal(belfry_close(), 0);
    return hash;
}

static void same_seed_same_run(void **state)
{
    uint64_t first = hash_of_run(5, false);

    (void)state;
    assert_int_equal(first, hash_of_run(5, false));
    assert_int_not_equal(first, hash_of_run(6, false));
}

static void idle_skip_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(hash_of_run(5, false), hash_of_run(5, true));
}

/* --- The monitor ----------------------------------------------------------------------------- */

static DXGKDDI_CREATEPROCESS *real_create_process;
static KSPIN_LOCK spin_lock;
static KMUTEX mutex;

static NTSTATUS create_raised(HANDLE adapter, DXGKARG_CREATEPROCESS *args)
{
    KIRQL old;
    NTSTATUS status = real_create_process(adapter, args);

    KeInitializeSpinLock(&spin_lock);
    KeAcquireSpinLock(&spin_lock, &old);
    return status;
}

static NTSTATUS create_holding(HANDLE adapter, DXGKARG_CREATEPROCESS *args)
{
    NTSTATUS status = real_create_process(adapter, args);

    KeInitializeMutex(&mutex, 0);
    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL);
    return status;
}

static NTSTATUS create_waiting_raised(HANDLE adapter, DXGKARG_CREATEPROCESS *args)
{
    KIRQL old;

    KeInitializeSpinLock(&spin_lock);
    KeInitializeMutex(&mutex, 0);
    KeAcquireSpinLock(&spin_lock, &old);
    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL);
    return real_create_process(adapter, args);
}

static NTSTATUS create_leaking(HANDLE adapter, DXGKARG_CREATEPROCESS *args)
{
    if (ExAllocatePool2(POOL_FLAG_NON_PAGED, 24, TAG) == NULL)
        return STATUS_NO_MEMORY;
    return real_create_process(adapter, args);
}

static NTSTATUS create_overrunning(HANDLE adapter, DXGKARG_CREATEPROCESS *args)
{
    char *block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 24, TAG);

    block[24] = 0;
    ExFreePoolWithTag(block, TAG);
    return real_create_process(adapter, args);
}

static NTSTATUS create_wild(HANDLE adapter, DXGKARG_CREATEPROCESS *args)
{
    *(volatile uint64_t *)(uintptr_t)0x2000 = 1;
    return real_create_process(adapter, args);
}

static NTSTATUS (*planted)(HANDLE adapter, DXGKARG_CREATEPROCESS *args);

static void plant(DRIVER_INITIALIZATION_DATA *table)
{
    real_create_process = table->DxgkDdiCreateProcess;
    table->DxgkDdiCreateProcess = planted;
}

static enum belfry_result run_planted(DXGKDDI_CREATEPROCESS *fault)
{
    char *argv[] = {"program", "0"};

    planted = fault;
    belfry_hook_driver(plant);
    open_model();
    belfry_spawn("program", return_argument, 2, argv);
    return belfry_run();
}

static void expect_report(DXGKDDI_CREATEPROCESS *fault, const char *requirement, const char *where)
{
    assert_int_equal(run_planted(fault), BELFRY_FAILED);
    if (strstr(belfry_failure(), requirement) == NULL || strstr(belfry_failure(), where) == NULL)
        fail_msg("expected %s and %s in: %s", requirement, where, belfry_failure());
    assert_int_equal(belfry_close(), 0);
}

static void raised_irql_is_reported(void **state)
{
    (void)state;
    expect_report(create_raised, "DB-THR-01", "DxgkDdiCreateProcess");
}

static void held_mutex_is_reported(void **state)
{
    (void)state;
    expect_report(create_holding, "DB-THR-03", "DxgkDdiCreateProcess");
}

static void waiting_at_dispatch_is_reported(void **state)
{
    (void)state;
    expect_report(create_waiting_raised, "DB-THR-01", "KeWaitForSingleObject");
}

static void overrun_is_reported(void **state)
{
    (void)state;
    expect_report(create_overrunning, "ExFreePoolWithTag", "behind its end");
}

static void kernel_fault_is_reported(void **state)
{
    (void)state;
    expect_report(create_wild, "kernel fault", "0x2000");
}

static void pool_leak_is_counted(void **state)
{
    (void)state;
    assert_int_equal(run_planted(create_leaking), BELFRY_DONE);
    assert_int_equal(belfry_close(), 1);
}

static void pool_failure_is_injected(void **state)
{
    char *argv[] = {"program", "0"};

    (void)state;
    planted = create_leaking;
    belfry_hook_driver(plant);
    open_model();
    belfry_fail_pool(0);
    belfry_spawn("program", return_argument, 2, argv);
    assert_int_equal(belfry_run(), BELFRY_FAILED);
    assert_non_null(strstr(belfry_failure(), "DxgkDdiCreateProcess"));
    assert_int_equal(belfry_close(), 0);
}

static void drop_connect(DRIVER_INITIALIZATION_DATA *table)
{
    table->DxgkDdiConnectDoorbell = NULL;
}

static void missing_entry_point_is_refused(void **state)
{
    struct belfry_config config = model();

    (void)state;
    belfry_hook_driver(drop_connect);
    expect_refusal(&config, "DxgkDdiConnectDoorbell");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, close_machine)
    const struct CMUnitTest tests[] = {
        TEST(boot_and_close_leak_nothing),
        TEST(caps_are_queried_at_start),
        TEST(bad_kind_is_refused),
        TEST(too_many_slots_are_refused),
        TEST(bad_configuration_size_is_refused),
        TEST(unwritable_trace_is_refused),
        TEST(second_machine_is_refused),
        TEST(refused_open_leaves_no_trace_file),
        TEST(process_runs_and_ends),
        TEST(threads_start_and_join),
        TEST(fault_ends_only_its_process),
        TEST(fault_with_busy_queue_leaks_nothing),
        TEST(fault_with_hung_queue_leaks_nothing),
        TEST(fault_ends_a_thread_inside_the_kernel),
        TEST(return_ends_the_other_threads),
        TEST(belfry_fail_stops_the_run),
        TEST(registers_answer_inside_and_outside),
        TEST(same_seed_same_run),
        TEST(idle_skip_changes_nothing),
        TEST(raised_irql_is_reported),
        TEST(held_mutex_is_reported),
        TEST(waiting_at_dispatch_is_reported),
        TEST(overrun_is_reported),
        TEST(kernel_fault_is_reported),
        TEST(pool_leak_is_counted),
        TEST(pool_failure_is_injected),
        TEST(missing_entry_point_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
