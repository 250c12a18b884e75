/* SPDX-License-Identifier: MIT */
/* The user-mode submission library on a fake D3DKMT: order, retry, fallback, undo. No simulator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bell_umd_internal.h"
#include "fake_kmt.h"
#include "step.h"

static struct bell_umd_device *device;
static struct bell_umd_queue *queue;
static struct bell_umd_memory memory;
static UINT64 fence;

static int set_up(void **state)
{
    (void)state;
    fake_kmt_reset();
    fake_kmt.gpu_per_yield = 1;
    assert_int_equal(bell_umd_open((LUID){0}, &device), STATUS_SUCCESS);
    assert_int_equal(bell_umd_alloc(device, 8192, &memory), STATUS_SUCCESS);
    assert_int_equal(bell_umd_queue_create(
                         device, &(struct bell_umd_queue_desc){.ring_entries = 256}, &queue),
                     STATUS_SUCCESS);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    bell_umd_queue_destroy(queue);
    bell_umd_free(device, &memory);
    bell_umd_close(device);
    assert_int_equal(fake_kmt.live, 0);
    return 0;
}

static NTSTATUS submit_nop(void)
{
    struct bell_umd_commands list;

    assert_int_equal(bell_umd_commands_begin(&list, &memory, 0, 96), STATUS_SUCCESS);
    bell_umd_cmd_nop(&list);
    return bell_umd_submit(queue, &list, &fence);
}

static char seen_order[128];

static void note_order(const char *name)
{
    size_t used = strlen(seen_order);

    snprintf(seen_order + used, sizeof(seen_order) - used, "%s lqv=%d wptr=%d entry=%d ring=%d;",
             name + 4, (int)fake_kmt.last_queued, (int)fake_kmt.control[0],
             fake_kmt.ring[0] >> BELL_ENTRY_WORD0_TAG_SHIFT == 0, (int)fake_kmt.doorbell);
}

/* DB-PF-01, DB-PF-02, DB-UMD-04: LQV, then entry and WPTR, then the ring. */
static void DB_PF_01_stores_in_order(void **state)
{
    (void)state;
    fake_kmt.status = D3DDDI_DOORBELLSTATUS_CONNECTED;
    seen_order[0] = 0;
    fake_kmt.on_point = note_order;
    assert_int_equal(submit_nop(), STATUS_SUCCESS);
    assert_string_equal(seen_order, "lqv-to-wptr lqv=1 wptr=0 entry=0 ring=0;"
                                    "wptr-to-ring lqv=1 wptr=1 entry=1 ring=0;"
                                    "ring-to-status lqv=1 wptr=1 entry=1 ring=1;");
}

static UINT64 early_count;
static unsigned early_good, early_wrong;

static void submit_longer(void)
{
    struct bell_umd_commands list;

    (void)bell_umd_commands_begin(&list, &memory, 96, 160);
    bell_umd_cmd_nop(&list);
    bell_umd_cmd_nop(&list);
    (void)bell_umd_submit(queue, &list, &fence);
}

/* As the device, beside WPTR: an entry that is good is the one that the library means. */
static void read_early(void)
{
    const volatile UINT64 *entry = fake_kmt.ring + early_count % fake_kmt.ring_entries * 2;
    UINT64 word0 = entry[0], word1 = entry[1];

    if (word0 >> BELL_ENTRY_WORD0_TAG_SHIFT != early_count || word1 == 0)
        return;
    early_good++;
    early_wrong += (word0 & BELL_ENTRY_WORD0_ADDR_MASK) != memory.gpu + 96 ||
                   word1 != 3 * BELL_PACKET_BYTES;
}

static void submit_watched(UINT64 count)
{
    fake_kmt.status = D3DDDI_DOORBELLSTATUS_CONNECTED;
    early_count = count;
    early_good = early_wrong = 0;
    assert_true(step_through(submit_longer, read_early) > 50);
    assert_int_equal(fake_kmt.control[0], count + 1);
    assert_true(early_good > 0);
    assert_int_equal(early_wrong, 0);
}

static void entry_read_early(void **state)
{
    (void)state;
    fake_kmt.status = D3DDDI_DOORBELLSTATUS_CONNECTED;
    for (unsigned i = 0; i < 256; i++)
        assert_int_equal(submit_nop(), STATUS_SUCCESS);
    fake_kmt_run_gpu(256);
    submit_watched(256);
}

/* Zeros have the tag of the very first entry. */
static void first_entry_read_early(void **state)
{
    (void)state;
    submit_watched(0);
}

static void first_entry_read_early_after_resize(void **state)
{
    (void)state;
    fake_kmt.status = D3DDDI_DOORBELLSTATUS_CONNECTED;
    assert_int_equal(submit_nop(), STATUS_SUCCESS);
    assert_int_equal(bell_umd_queue_resize(queue, 16), STATUS_SUCCESS);
    submit_watched(0);
}

/* DB-UMD-03: connected: one ring, no kernel call. */
static void DB_UMD_03_fast_path_has_no_kernel_call(void **state)
{
    struct bell_umd_stats stats;
    int calls, i;

    (void)state;
    fake_kmt.status = D3DDDI_DOORBELLSTATUS_CONNECTED;
    calls = fake_kmt.calls;
    for (i = 0; i < 100; i++)
        assert_int_equal(submit_nop(), STATUS_SUCCESS);
    assert_int_equal(fake_kmt.calls, calls);
    assert_int_equal(fake_kmt.connects + fake_kmt.notifies + fake_kmt.submits, 0);
    bell_umd_queue_stats(queue, &stats);
    assert_int_equal(stats.rings, 100);
}

/* DB-UMD-05: RETRY: one connect, one more ring, done; whatever the status reads next. */
static void DB_UMD_05_retry_connects_once(void **state)
{
    struct bell_umd_stats stats;

    (void)state;
    fake_kmt.status_after_connect = D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY;
    assert_int_equal(submit_nop(), STATUS_SUCCESS);
    bell_umd_queue_stats(queue, &stats);
    assert_int_equal(stats.connects, 1);
    assert_int_equal(stats.rings, 2);
    assert_int_equal(fake_kmt.control[0], 1);
}

static void DB_UMD_05_transient_connect_failure_repeats(void **state)
{
    (void)state;
    fake_kmt.connect_result[0] = fake_kmt.connect_result[1] = STATUS_DEVICE_NOT_READY;
    fake_kmt.connect_results = 2;
    assert_int_equal(submit_nop(), STATUS_SUCCESS);
    assert_int_equal(fake_kmt.connects, 3);
    assert_true(fake_kmt.yields >= 2);
}

/* DB-NTF-04: notify after the ring in notify mode, and only then. */
static void DB_NTF_04_notify_mode_notifies_each_submission(void **state)
{
    (void)state;
    fake_kmt.status_after_connect = D3DDDI_DOORBELLSTATUS_CONNECTED_NOTIFY_KMD;
    assert_int_equal(submit_nop(), STATUS_SUCCESS);
    assert_int_equal(fake_kmt.notifies, 1);
    assert_int_equal(submit_nop(), STATUS_SUCCESS);
    assert_int_equal(fake_kmt.notifies, 2);
    fake_kmt.status = D3DDDI_DOORBELLSTATUS_CONNECTED;
    assert_int_equal(submit_nop(), STATUS_SUCCESS);
    assert_int_equal(fake_kmt.notifies, 2);
}

/* DB-UMD-01: ten times the ring; the GPU consumes only when the library waits. */
static void DB_UMD_01_full_ring_waits_for_rptr(void **state)
{
    struct bell_umd_stats stats;
    int i;

    (void)state;
    fake_kmt.status = D3DDDI_DOORBELLSTATUS_CONNECTED;
    for (i = 0; i < 2560; i++)
        assert_int_equal(submit_nop(), STATUS_SUCCESS);
    fake_kmt_run_gpu(256);
    bell_umd_queue_stats(queue, &stats);
    assert_int_equal(stats.full_waits, 2560 - 256);
    assert_int_equal(fake_kmt.control[1], 2560);
    assert_int_equal(bell_umd_wait(queue, 2560), STATUS_SUCCESS);
}

static void DB_UMD_01_stuck_gpu_ends_in_a_timeout(void **state)
{
    int i;

    (void)state;
    fake_kmt.status = D3DDDI_DOORBELLSTATUS_CONNECTED;
    fake_kmt.gpu_per_yield = 0;
    for (i = 0; i < 256; i++)
        assert_int_equal(submit_nop(), STATUS_SUCCESS);
    assert_int_equal(submit_nop(), STATUS_IO_TIMEOUT);
    assert_int_equal(fake_kmt.control[0], 256);
    assert_int_equal(bell_umd_wait(queue, 256), STATUS_IO_TIMEOUT);
}

/* DB-STA-06, A-55: ABORT: lost work is reported, later work goes through the kernel, nothing twice. */
static void DB_STA_06_abort_falls_back_to_kernel_mode(void **state)
{
    UINT64 lost;

    (void)state;
    fake_kmt.status = D3DDDI_DOORBELLSTATUS_CONNECTED;
    assert_int_equal(submit_nop(), STATUS_SUCCESS);
    fake_kmt_run_gpu(1);
    fake_kmt.status = D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT;
    assert_int_equal(submit_nop(), STATUS_DEVICE_REMOVED);
    lost = fence;
    assert_int_equal(lost, 2);
    assert_true(bell_umd_queue_is_kernel_mode(queue));
    assert_int_equal(submit_nop(), STATUS_SUCCESS);
    assert_int_equal(fence, 3);
    assert_int_equal(bell_umd_wait(queue, 1), STATUS_SUCCESS);
    assert_int_equal(bell_umd_wait(queue, lost), STATUS_DEVICE_REMOVED);
    assert_int_equal(bell_umd_wait(queue, 3), STATUS_SUCCESS);
    assert_int_equal(fake_kmt.submits, 1);
    assert_int_equal(fake_kmt.executed_count, 2);
}

static void DB_STA_06_failed_connect_gives_the_queue_up(void **state)
{
    (void)state;
    fake_kmt.connect_result[0] = STATUS_DEVICE_REMOVED;
    fake_kmt.connect_results = 1;
    assert_int_equal(submit_nop(), STATUS_DEVICE_REMOVED);
    assert_int_equal(fake_kmt.connects, 1);
    assert_int_equal(submit_nop(), STATUS_SUCCESS);
    assert_int_equal(fake_kmt.submits, 1);
}

/* DB-STA-02: all 64 bits count; what is not known is treated like ABORT. */
static void DB_STA_02_unknown_status_is_abort(void **state)
{
    (void)state;
    fake_kmt.status = UINT64_C(0x100000000);
    assert_int_equal(submit_nop(), STATUS_DEVICE_REMOVED);
}

static void command_list_overflow_is_refused(void **state)
{
    struct bell_umd_commands list;
    int i;

    (void)state;
    assert_int_equal(bell_umd_commands_begin(&list, &memory, 32, 128), STATUS_SUCCESS);
    for (i = 0; i < 3; i++)
        bell_umd_cmd_nop(&list);
    assert_int_equal(bell_umd_submit(queue, &list, &fence), STATUS_INVALID_PARAMETER);
    assert_int_equal(fake_kmt.control[0], 0);
    assert_int_equal(bell_umd_commands_begin(&list, &memory, 8, 128), STATUS_INVALID_PARAMETER);
    assert_int_equal(bell_umd_commands_begin(&list, &memory, 0, 8224), STATUS_INVALID_PARAMETER);
    assert_int_equal(bell_umd_commands_begin(&list, &memory, 8192, 64), STATUS_INVALID_PARAMETER);
    assert_int_equal(bell_umd_submit(queue, &list, &fence), STATUS_INVALID_PARAMETER);
}

static void bad_queue_descriptions_are_refused(void **state)
{
    static const struct bell_umd_queue_desc bad[] = {
        {.node = 2, .ring_entries = 16}, {.node = 3, .ring_entries = 16},
        {.node = 0, .ring_entries = 1},  {.node = 0, .ring_entries = 48},
        {.node = 0, .ring_entries = 2048},
    };
    struct bell_umd_queue *made;
    int calls = fake_kmt.calls;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(bell_umd_queue_create(device, &bad[i], &made), STATUS_INVALID_PARAMETER);
        assert_null(made);
    }
    assert_int_equal(fake_kmt.calls, calls);
}

/* Whatever call fails, nothing stays open. */
static void every_failing_step_is_undone(void **state)
{
    struct bell_umd_device *made_device = NULL;
    struct bell_umd_queue *made;
    struct bell_umd_queue_desc desc = {.ring_entries = 16};
    int step;

    (void)state;
    for (step = 0; step < 4; step++) {
        fake_kmt_reset();
        fake_kmt.fail_at = step;
        assert_int_equal(bell_umd_open((LUID){0}, &made_device), STATUS_NO_MEMORY);
        assert_null(made_device);
        assert_int_equal(fake_kmt.live, 0);
    }
    fake_kmt_reset();
    assert_int_equal(bell_umd_open((LUID){0}, &made_device), STATUS_SUCCESS);
    for (step = 0; step < 11; step++) {
        int live = fake_kmt.live;

        fake_kmt.fail_at = fake_kmt.calls + step;
        assert_int_equal(bell_umd_queue_create(made_device, &desc, &made), STATUS_NO_MEMORY);
        assert_null(made);
        assert_int_equal(fake_kmt.live, live);
    }
    fake_kmt.fail_at = -1;
    assert_int_equal(bell_umd_queue_create(made_device, &desc, &made), STATUS_SUCCESS);
    bell_umd_queue_destroy(made);
    bell_umd_close(made_device);
    assert_int_equal(fake_kmt.live, 0);
}

/* Another thread is between two loads of fence and status when the queue is given up. */
static unsigned yields_left;
static int live_before;

static void reader_leaves(void)
{
    if (yields_left == 0)
        return;
    assert_int_equal(fake_kmt.live, live_before); /* Nothing of the queue is gone yet. */
    assert_non_null(queue->status);
    assert_true(queue->readers.closed); /* And nobody else gets in. */
    if (--yields_left == 0)
        queue->readers.inside = 0;
}

static void DB_UMD_02_fallback_waits_for_readers(void **state)
{
    (void)state;
    fake_kmt.status = D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT;
    fake_kmt.on_yield = reader_leaves;
    live_before = fake_kmt.live;
    yields_left = 3;
    queue->readers.inside = 1;
    assert_int_equal(submit_nop(), STATUS_DEVICE_REMOVED);
    assert_int_equal(yields_left, 0);
    assert_false(queue->readers.closed);
}

static void DB_UMD_02_resize_waits_for_readers(void **state)
{
    (void)state;
    fake_kmt.on_yield = reader_leaves;
    live_before = fake_kmt.live;
    yields_left = 3;
    queue->readers.inside = 1;
    assert_int_equal(bell_umd_queue_resize(queue, 16), STATUS_SUCCESS);
    assert_int_equal(yields_left, 0);
    assert_false(queue->readers.closed);
}

/* what memory held before is no entry of a ring, and no count, neither first nor resized. */
static void A_73_ring_is_empty_before_its_doorbell(void **state)
{
    (void)state;
    assert_int_equal(fake_kmt.stale, 0);
    assert_int_equal(bell_umd_queue_resize(queue, 1024), STATUS_SUCCESS);
    assert_int_equal(fake_kmt.ring_entries, 1024);
    assert_int_equal(fake_kmt.stale, 0);
}

/* The other way round: what is read while the queue is replaced is what it is afterwards. */
static void replacement_ends(void)
{
    if (yields_left > 0 && --yields_left == 0) {
        fake_kmt.progress = 7;
        queue->readers.closed = false;
    }
}

static void DB_UMD_02_readers_wait_for_the_replacement(void **state)
{
    (void)state;
    fake_kmt.on_yield = replacement_ends;
    yields_left = 4;
    queue->readers.closed = true;
    assert_int_equal(bell_umd_progress(queue), 7);
    assert_int_equal(queue->readers.inside, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(DB_PF_01_stores_in_order),
        CASE(entry_read_early),
        CASE(first_entry_read_early),
        CASE(first_entry_read_early_after_resize),
        CASE(DB_UMD_03_fast_path_has_no_kernel_call),
        CASE(DB_UMD_05_retry_connects_once),
        CASE(DB_UMD_05_transient_connect_failure_repeats),
        CASE(DB_NTF_04_notify_mode_notifies_each_submission),
        CASE(DB_UMD_01_full_ring_waits_for_rptr),
        CASE(DB_UMD_01_stuck_gpu_ends_in_a_timeout),
        CASE(DB_STA_06_abort_falls_back_to_kernel_mode),
        CASE(DB_STA_06_failed_connect_gives_the_queue_up),
        CASE(DB_STA_02_unknown_status_is_abort),
        CASE(A_73_ring_is_empty_before_its_doorbell),
        CASE(DB_UMD_02_fallback_waits_for_readers),
        CASE(DB_UMD_02_resize_waits_for_readers),
        CASE(DB_UMD_02_readers_wait_for_the_replacement),
        CASE(command_list_overflow_is_refused),
        CASE(bad_queue_descriptions_are_refused),
        cmocka_unit_test(every_failing_step_is_undone),
    };

    return cmocka_run_group_tests_name("umd", tests, NULL, NULL);
}
