// SPDX-License-Identifier: MIT
/* Logs of native fences: what the hardware writes, and what the OS makes of it (NF-LOG-01). */
#include "native.h"

#include "d3dkmddi.h"

enum { PAGE_ENTRIES = 84, EACH = 5 };

static void read_logs(const struct rig_library *library, struct belfry_fence_logs *logs)
{
    REQUIRE(belfry_fence_logs(bell_umd_queue_handle(library->queue), logs));
    REQUIRE(logs->exists);
}

static const struct belfry_record *entry(size_t from, const char *kind)
{
    return belfry_record_at(rig_expect(from, BELFRY_FENCE_LOG, kind));
}

/* A wait that blocks, and one that does not. */
static int content(int argc, char **argv)
{
    struct belfry_fence_logs logs;
    const struct belfry_record *raised, *waited;
    size_t from = belfry_record_count();
    UINT64 done;

    (void)argc, (void)argv;
    open_two(0, 1);
    done = copy_after(&b, 0, 1, a.data.gpu, 1);
    rig_settle(2000);
    (void)signal_after(&a, 0, WORK, 1);
    wait_done(&b, done);
    done = copy_after(&b, 1, 1, a.data.gpu, 1);
    wait_done(&b, done);
    rig_settle(1000);
    read_logs(&a, &logs);
    REQUIRE_EQ(logs.waits, 0);
    REQUIRE_EQ(logs.signals, 1);
    read_logs(&b, &logs);
    REQUIRE_EQ(logs.waits, 2);
    REQUIRE_EQ(logs.signals, 0);

    raised = entry(from, "signal");
    REQUIRE_EQ(raised->object, bell_umd_queue_handle(a.queue));
    REQUIRE_EQ(raised->status, fence.handle);
    REQUIRE_EQ(raised->value, 1);
    waited = entry(from, "wait");
    REQUIRE_EQ(waited->object, bell_umd_queue_handle(b.queue));
    REQUIRE_EQ(waited->status, fence.handle);
    REQUIRE_EQ(waited->value, 1);
    REQUIRE(waited->value2 + WORK < waited->value3); /* Met long before it was unblocked. */
    REQUIRE(waited->value2 < raised->value2 && raised->value3 < waited->value3);
    close_two();
    return 0;
}

static void NF_LOG_01_content(void **state)
{
    (void)state;
    run(content);
}

/* What the log says of a signal, as the OS read it by itself; -1: nothing yet. */
static size_t logged(size_t from, UINT64 value)
{
    while ((from = belfry_record_find(from, BELFRY_FENCE_LOG, "signal")) != (size_t)-1 &&
           belfry_record_at(from)->value != value)
        from++;
    return from;
}

/* The DPC that follows the interrupt of a signal reads the log, and finds that signal. */
static void read_by_dpc(size_t from, UINT64 value)
{
    size_t dpc = rig_expect(from, BELFRY_CB_ENTER, "DxgkCbNotifyDpc");
    size_t entry = logged(dpc, value);

    REQUIRE(entry != (size_t)-1);
    REQUIRE_EQ(rig_count(dpc + 1, BELFRY_CB_ENTER, "DxgkCbNotifyDpc"), 0);
    REQUIRE(rig_expect(dpc, BELFRY_DDI_ENTER, "DxgkDdiUpdateNativeFenceLogs") < entry);
    REQUIRE_EQ(belfry_record_at(entry)->object, bell_umd_queue_handle(a.queue));
    REQUIRE_EQ(belfry_record_at(entry)->status, fence.handle);
}

/* Who is woken finds the entry, near memory or far; nobody asks for the log. */
static int found_by_the_woken(int argc, char **argv)
{
    static UINT64 value;

    (void)argc, (void)argv;
    rig_library_open(&a, ENTRIES, 0);
    REQUIRE_OK(bell_umd_fence_create(a.device, 0, false, &fence));
    for (value = 1; value <= 6; value++) {
        struct belfry_thread *thread = belfry_thread_start("waiter", wait_for, &value);
        size_t from;

        until_waiters(1);
        from = belfry_record_count();
        (void)signal_after(&a, (unsigned)value, 0, value);
        belfry_thread_join(thread);
        rig_settle(200); /* The DPC goes on behind the waiter. */
        read_by_dpc(from, value);
        rig_settle(20000);
    }
    bell_umd_fence_close(&fence);
    rig_library_close(&a);
    return 0;
}

static void NF_LOG_01_the_woken_finds_the_entry(void **state)
{
    static const uint32_t latencies[] = {1, 100, 1000};

    (void)state;
    for (unsigned i = 0; i < sizeof(latencies) / sizeof(latencies[0]); i++) {
        struct belfry_config config = rig_config();

        config.dma_latency = latencies[i];
        rig_run(&config, found_by_the_woken);
    }
}

/* Signals of the CPU are in no log and miss in none. */
static int of_both_processors(int argc, char **argv)
{
    struct belfry_fence_logs logs;
    static UINT64 value;

    (void)argc, (void)argv;
    open_two(0, 1);
    for (value = 1; value <= 8; value++) {
        struct belfry_thread *thread = belfry_thread_start("waiter", wait_for, &value);

        until_waiters(1);
        if (value % 2 == 0)
            REQUIRE_OK(bell_umd_fence_signal(a.device, &fence, value));
        else
            (void)signal_after(value % 4 == 1 ? &a : &b, (unsigned)value, 0, value);
        belfry_thread_join(thread);
        rig_settle(2000);
    }
    read_logs(&a, &logs);
    REQUIRE_EQ(logs.signals, 2);
    read_logs(&b, &logs);
    REQUIRE_EQ(logs.signals, 2);
    close_two();
    return 0;
}

static void NF_LOG_01_signals_of_the_cpu_are_beside(void **state)
{
    (void)state;
    run(of_both_processors);
}

/* Two buffers each for user-mode queues, none for others, both calls at DISPATCH_LEVEL. */
static int who_has_logs(int argc, char **argv)
{
    static struct rig_kernel kernel;
    struct belfry_fence_logs logs;
    size_t from = belfry_record_count();
    D3DKMT_HANDLE context;

    (void)argc, (void)argv;
    rig_library_open(&a, ENTRIES, 0);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiSetNativeFenceLogBuffer"), 2);
    REQUIRE_EQ(belfry_record_at(rig_expect(from, BELFRY_DDI_ENTER,
                                           "DxgkDdiSetNativeFenceLogBuffer"))->irql,
               DISPATCH_LEVEL);
    read_logs(&a, &logs);
    REQUIRE_EQ(belfry_record_at(rig_expect(from, BELFRY_DDI_ENTER,
                                           "DxgkDdiUpdateNativeFenceLogs"))->irql,
               DISPATCH_LEVEL);
    context = rig_make_context(&(struct rig){ .device = a.device }, 2);
    rig_kernel_open(&kernel, &(struct rig){ .device = a.device }, context);
    REQUIRE(belfry_fence_logs(kernel.queue.hHwQueue, &logs));
    REQUIRE(!logs.exists);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiSetNativeFenceLogBuffer"), 2);
    rig_kernel_close(&kernel);
    rig_destroy_context(context);
    rig_library_close(&a);
    return 0;
}

static void NF_LOG_01_user_mode_queues_only(void **state)
{
    (void)state;
    run(who_has_logs);
}

/* Signals in buffers of EACH; waits for the last. */
static void raise(unsigned buffers, UINT64 *value)
{
    UINT64 number = 0;

    for (unsigned n = 0; n < buffers; n++) {
        struct bell_umd_commands list;

        begin(&a, n, &list);
        for (unsigned i = 0; i < EACH; i++)
            bell_umd_cmd_fence_signal(&list, &fence, ++*value);
        number = submit(&a, &list);
    }
    wait_done(&a, number);
    rig_settle(500);
}

/* The log goes round: what is lost is counted, what is read is the newest, in order. */
static int overrun(int argc, char **argv)
{
    struct belfry_fence_logs logs;
    UINT64 value = 0, expected;
    size_t from;

    (void)argc, (void)argv;
    rig_library_open(&a, ENTRIES, 0);
    REQUIRE_OK(bell_umd_fence_create(a.device, 0, false, &fence));
    raise(10, &value);
    read_logs(&a, &logs);
    REQUIRE_EQ(logs.signals, 50);
    raise(6, &value);
    while (value < PAGE_ENTRIES) /* To the end, and read where index and wrap count change. */
        wait_done(&a, signal_after(&a, 0, 0, ++value));
    rig_settle(500);
    read_logs(&a, &logs);
    REQUIRE_EQ(logs.signals, PAGE_ENTRIES);
    raise(8, &value); /* Over the end, nothing lost. */
    read_logs(&a, &logs);
    REQUIRE_EQ(logs.signals, value);
    REQUIRE_EQ(logs.lost_signals, 0);
    from = belfry_record_count();
    raise(20, &value);
    read_logs(&a, &logs);
    REQUIRE_EQ(logs.lost_signals, 100 - PAGE_ENTRIES);
    REQUIRE_EQ(logs.signals, value - 100 + PAGE_ENTRIES);
    expected = value - PAGE_ENTRIES + 1;
    for (unsigned i = 0; i < PAGE_ENTRIES; i++, expected++) {
        from = rig_expect(from, BELFRY_FENCE_LOG, "signal");
        REQUIRE_EQ(belfry_record_at(from++)->value, expected);
    }
    bell_umd_fence_close(&fence);
    rig_library_close(&a);
    return 0;
}

static void NF_LOG_01_overrun_is_counted(void **state)
{
    (void)state;
    run(overrun);
}

/* A ring of another size is another hardware context: the log goes on. */
static int goes_on(int argc, char **argv)
{
    struct belfry_fence_logs logs;
    UINT64 value = 0;

    (void)argc, (void)argv;
    rig_library_open(&a, ENTRIES, 0);
    REQUIRE_OK(bell_umd_fence_create(a.device, 0, false, &fence));
    raise(2, &value);
    REQUIRE_OK(bell_umd_queue_resize(a.queue, 2 * ENTRIES));
    raise(1, &value);
    read_logs(&a, &logs);
    REQUIRE_EQ(logs.signals, 15);
    bell_umd_fence_close(&fence);
    rig_library_close(&a);
    return 0;
}

static void NF_LOG_01_goes_on_after_a_resize(void **state)
{
    (void)state;
    run(goes_on);
}

/* The values of a log from record `from` on: first .. last, each once, in order. */
static void require_values(size_t from, const char *kind, UINT64 first, UINT64 last)
{
    for (UINT64 value = first; value <= last; value++) {
        from = rig_expect(from, BELFRY_FENCE_LOG, kind);
        REQUIRE_EQ(belfry_record_at(from++)->value, value);
    }
    REQUIRE_EQ(rig_count(from, BELFRY_FENCE_LOG, kind), 0);
}

/* --- In another place -------------------------------------------------------------------------- */

/* Signals and waits without pause, and both logs go to another place again and again. */
static int moved_while_it_runs(int argc, char **argv)
{
    enum { BUFFERS = 8, MOVES = 24 };
    struct belfry_fence_logs logs;
    UINT64 value = 0, number = 0;

    (void)argc, (void)argv;
    rig_library_open(&a, ENTRIES, 0);
    REQUIRE_OK(bell_umd_fence_create(a.device, 0, false, &fence));
    for (unsigned n = 0; n < MOVES; n++) {
        if (n % 3 == 0) {
            if (number != 0)
                wait_done(&a, number);
            for (unsigned k = 0; k < BUFFERS; k++) {
                struct bell_umd_commands list;

                begin(&a, k, &list);
                for (unsigned i = 0; i < 2; i++) {
                    bell_umd_cmd_fence_signal(&list, &fence, ++value);
                    bell_umd_cmd_fence_wait(&list, &fence, value);
                }
                number = submit(&a, &list);
            }
        }
        belfry_sleep(37 * n % 101);
        REQUIRE_OK((NTSTATUS)belfry_os_move_fence_logs(bell_umd_queue_handle(a.queue)));
        if (n % 2 != 0)
            read_logs(&a, &logs);
    }
    wait_done(&a, number);
    rig_settle(500);
    read_logs(&a, &logs);
    REQUIRE_EQ(logs.lost_signals + logs.lost_waits, 0);
    REQUIRE_EQ(logs.signals, value);
    REQUIRE_EQ(logs.waits, value);
    require_values(0, "signal", 1, value);
    require_values(0, "wait", 1, value);
    bell_umd_fence_close(&fence);
    rig_library_close(&a);
    return 0;
}

static void NF_LOG_01_moved_while_the_queue_runs(void **state)
{
    (void)state;
    run(moved_while_it_runs);
}

/* A long buffer has the node: it is stopped for the call, and goes on. */
static int moved_during_long_work(int argc, char **argv)
{
    struct belfry_fence_logs logs;
    uint64_t begun;
    UINT64 done;

    (void)argc, (void)argv;
    rig_library_open(&a, ENTRIES, 0);
    REQUIRE_OK(bell_umd_fence_create(a.device, 0, false, &fence));
    done = signal_after(&a, 0, 0, 1);
    wait_done(&a, done);
    done = signal_after(&a, 1, 100 * WORK, 2);
    rig_settle(1000);
    begun = belfry_now();
    REQUIRE_OK((NTSTATUS)belfry_os_move_fence_logs(bell_umd_queue_handle(a.queue)));
    REQUIRE(belfry_now() - begun < WORK);
    REQUIRE_OK(bell_umd_wait(a.queue, done));
    rig_settle(500);
    read_logs(&a, &logs);
    REQUIRE_EQ(logs.signals, 2);
    require_values(0, "signal", 1, 2);
    bell_umd_fence_close(&fence);
    rig_library_close(&a);
    return 0;
}

static void NF_LOG_01_moved_during_long_work(void **state)
{
    (void)state;
    run(moved_during_long_work);
}

/* --- Across D3 -------------------------------------------------------------------------------- */

static void go_down_and_up(bool evict)
{
    REQUIRE_OK((NTSTATUS)belfry_os_power_down(evict));
    REQUIRE_EQ(belfry_power_d(), 3);
    belfry_os_power_up();
}

/* Read before, in and after D3, or only at the end; over the end of the page. */
static int signals_across_d3(int argc, char **argv)
{
    struct belfry_fence_logs logs;
    UINT64 value = 0;

    (void)argc, (void)argv;
    rig_library_open(&a, ENTRIES, 0);
    REQUIRE_OK(bell_umd_fence_create(a.device, 0, false, &fence));
    for (unsigned round = 0; round < 12; round++) {
        size_t from = belfry_record_count();
        UINT64 first = value + 1;

        raise(1 + round % 3, &value);
        if (round % 4 == 0)
            read_logs(&a, &logs);
        REQUIRE_OK((NTSTATUS)belfry_os_power_down(round % 2 == 0));
        if (round % 4 == 1)
            read_logs(&a, &logs); /* In D3: no register is touched. */
        REQUIRE_EQ(belfry_power_d(), 3);
        belfry_os_power_up();
        raise(2, &value);
        if (round % 5 == 4)
            go_down_and_up(true); /* Twice between two readings. */
        read_logs(&a, &logs);
        REQUIRE_EQ(logs.signals, value);
        REQUIRE_EQ(logs.lost_signals, 0);
        require_values(from, "signal", first, value);
    }
    REQUIRE(value > PAGE_ENTRIES + EACH); /* It went round. */
    bell_umd_fence_close(&fence);
    rig_library_close(&a);
    return 0;
}

static void NF_LOG_01_signals_go_on_after_d3(void **state)
{
    (void)state;
    run(signals_across_d3);
}

/* Down while the queue stands at its wait: one entry, when it is over. */
static int waits_across_d3(int argc, char **argv)
{
    struct belfry_fence_logs logs;
    UINT64 done;

    (void)argc, (void)argv;
    open_two(0, 1);
    for (UINT64 value = 1; value <= 6; value++) {
        size_t from = belfry_record_count();
        uint64_t down;

        done = copy_after(&b, (unsigned)value, value, a.data.gpu, 1);
        rig_settle(2000 + 37 * value);
        REQUIRE_EQ(bell_umd_progress(b.queue), value - 1);
        down = belfry_register(BELL_TIME_OFFSET);
        go_down_and_up(value % 2 == 0);
        rig_settle(2000);
        REQUIRE_EQ(bell_umd_progress(b.queue), value - 1);
        if (value % 3 == 0)
            REQUIRE_OK(bell_umd_fence_signal(a.device, &fence, value));
        else
            (void)signal_after(&a, (unsigned)value, WORK, value);
        wait_done(&b, done);
        rig_settle(1000);
        read_logs(&b, &logs);
        REQUIRE_EQ(logs.waits, value);
        REQUIRE_EQ(logs.signals, 0);
        REQUIRE_EQ(logs.lost_waits, 0);
        require_values(from, "wait", value, value);
        REQUIRE(entry(from, "wait")->value2 <= down); /* Met before D3. */
        REQUIRE(entry(from, "wait")->value3 > down);
        read_logs(&a, &logs);
        REQUIRE_EQ(logs.signals, value - value / 3);
    }
    close_two();
    return 0;
}

static void NF_LOG_01_waits_go_on_after_d3(void **state)
{
    (void)state;
    run(waits_across_d3);
}

/* Woken, but another queue had the node until the end: its wait was met before D3. */
static int woken_before_d3(int argc, char **argv)
{
    struct belfry_fence_logs logs;
    size_t from;
    UINT64 done, other, down;

    (void)argc, (void)argv;
    open_two(0, 0); /* The first is suspended first. */
    rig_settle(200000);
    done = copy_after(&a, 0, 1, b.data.gpu, 1);
    rig_settle(3000);
    REQUIRE_OK(rig_library_submit(&b, 0, 0, 55, 40 * WORK, &other));
    rig_settle(3000);
    REQUIRE_OK(bell_umd_fence_signal(a.device, &fence, 1));
    rig_settle(500);
    REQUIRE_EQ(bell_umd_progress(a.queue), 0);
    from = belfry_record_count();
    down = belfry_register(BELL_TIME_OFFSET);
    go_down_and_up(true);
    wait_done(&a, done);
    wait_done(&b, other);
    rig_settle(1000);
    read_logs(&a, &logs);
    REQUIRE_EQ(logs.waits, 1);
    require_values(from, "wait", 1, 1);
    REQUIRE(entry(from, "wait")->value2 < down && entry(from, "wait")->value3 > down);
    close_two();
    return 0;
}

static void NF_LOG_01_wait_woken_before_d3(void **state)
{
    (void)state;
    run(woken_before_d3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(NF_LOG_01_content),
        cmocka_unit_test(NF_LOG_01_the_woken_finds_the_entry),
        cmocka_unit_test(NF_LOG_01_signals_of_the_cpu_are_beside),
        cmocka_unit_test(NF_LOG_01_user_mode_queues_only),
        cmocka_unit_test(NF_LOG_01_overrun_is_counted),
        cmocka_unit_test(NF_LOG_01_goes_on_after_a_resize),
        cmocka_unit_test(NF_LOG_01_moved_while_the_queue_runs),
        cmocka_unit_test(NF_LOG_01_moved_during_long_work),
        cmocka_unit_test(NF_LOG_01_signals_go_on_after_d3),
        cmocka_unit_test(NF_LOG_01_waits_go_on_after_d3),
        cmocka_unit_test(NF_LOG_01_wait_woken_before_d3),
    };

    return cmocka_run_group_tests_name("native_fence_log", tests, NULL, NULL);
}
