/* SPDX-License-Identifier: MIT */
/* What the KMD does with events of refusals, on a fake register bus. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "bell_kmd.h"
#include "fake_bell.h"

enum { ALL = 7 };

static void start(UINT32 setting)
{
    fake_reset();
    fake.report_setting = setting;
    assert_int_equal(fake_start(), STATUS_SUCCESS);
}

static UINT64 report(UINT64 count, UINT64 code, UINT64 addr)
{
    return BELL_FIELD_PUT(BELL_REPORT_WORD_COUNT, count) |
           BELL_FIELD_PUT(BELL_REPORT_WORD_CODE, code) |
           BELL_FIELD_PUT(BELL_REPORT_WORD_ADDR, addr);
}

static const struct bell_refusals *refusals(unsigned cause)
{
    return &((struct bell_adapter *)fake_adapter)->refusals[cause - BELL_CAUSE_RING_REJECTED];
}

static void nothing_is_armed_unless_the_registry_says_so(void **state)
{
    UNREFERENCED_PARAMETER(state);
    fake_reset();
    fake.report_arm = UINT64_MAX;
    assert_int_equal(fake_start(), STATUS_SUCCESS);
    assert_true(fake.report_arm == UINT64_MAX); /* Never written. */
    fake_stop();
    for (UINT32 setting = 1; setting <= ALL; setting++) {
        start(setting);
        assert_int_equal(fake.report_arm, setting);
        fake_stop();
    }
}

static void refusals_are_counted_and_armed_again_by_the_dpc(void **state)
{
    UNREFERENCED_PARAMETER(state);
    start(ALL);
    fake.report_arm = 0; /* As the device clears it. */
    fake_post_event(BELL_CAUSE_RING_REJECTED, 0, 0, report(5, BELL_REJECT_NARROW, 0x1000));
    fake_post_event(BELL_CAUSE_ACCESS_REFUSED, 0, 0, report(1, 1, 0x10));
    assert_true(fake_interrupt());
    assert_int_equal(fake.report_arm, 0); /* The interrupt routine ends, whatever users do. */
    fake_run_dpc();
    assert_int_equal(fake.report_arm, ALL);
    assert_int_equal(refusals(BELL_CAUSE_RING_REJECTED)->count, 5);
    assert_int_equal(refusals(BELL_CAUSE_RING_UNOWNED)->count, 0);
    assert_int_equal(refusals(BELL_CAUSE_ACCESS_REFUSED)->count, 1);
    assert_true(refusals(BELL_CAUSE_RING_REJECTED)->newest ==
                report(5, BELL_REJECT_NARROW, 0x1000));
    fake_post_event(BELL_CAUSE_RING_REJECTED, 0, 0, report(UINT32_MAX, 0, 0));
    assert_true(fake_interrupt());
    fake_run_dpc();
    assert_true(refusals(BELL_CAUSE_RING_REJECTED)->count == 5 + (UINT64)UINT32_MAX);
    fake_stop();
}

/* Queue 0 exists: an event of refusals carries its number and is not its fault. */
static void refusals_are_no_queues_fault_and_not_reported(void **state)
{
    struct fake_process process;
    struct fake_queue queue;

    UNREFERENCED_PARAMETER(state);
    start(ALL);
    process = fake_process_make(7);
    queue = fake_queue_make(&process, 0, true);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    fake.notify_count = 0;
    for (unsigned cause = BELL_CAUSE_RING_REJECTED; cause <= BELL_CAUSE_ACCESS_REFUSED; cause++)
        fake_post_event(cause, 0, queue.hw_id, report(3, 0, 0));
    assert_true(fake_interrupt());
    fake_run_dpc();
    assert_int_equal(fake.notify_count, 0);
    assert_int_equal(fake.notify_dpcs, 1);
    assert_int_equal(fake_disconnect(&queue), STATUS_SUCCESS);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS); /* Not faulted. */
    fake_queue_free(&queue);
    fake_process_free(&process);
    fake_stop();
}

static void other_events_arm_nothing(void **state)
{
    UNREFERENCED_PARAMETER(state);
    start(ALL);
    fake.report_arm = 0;
    fake_post_event(BELL_CAUSE_ENGINE_IDLE, 0, 0, 0);
    assert_true(fake_interrupt());
    fake_run_dpc();
    assert_int_equal(fake.report_arm, 0);
    fake_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_armed_unless_the_registry_says_so),
        cmocka_unit_test(refusals_are_counted_and_armed_again_by_the_dpc),
        cmocka_unit_test(refusals_are_no_queues_fault_and_not_reported),
        cmocka_unit_test(other_events_arm_nothing),
    };

    return cmocka_run_group_tests_name("kmd_refusals", tests, NULL, NULL);
}
