/* SPDX-License-Identifier: MIT */
/* Victims and the end of doorbells. Each test is named after the row it proves. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "fake_bell.h"

static int setup_slots(UINT32 slots)
{
    fake_reset();
    fake.slots = slots;
    return fake_begin();
}

static int setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    return setup_slots(2);
}

static int setup_one_slot(void **state)
{
    UNREFERENCED_PARAMETER(state);
    return setup_slots(1);
}

static UINT64 owner_during_callback;

static void note_owner(const DXGKARGCB_DISCONNECTDOORBELL *args)
{
    UNREFERENCED_PARAMETER(args);
    owner_during_callback = fake.owner[0];
}

static void DB_VIC_03_reroute_after_callback(void **state)
{
    struct fake_queue a = fake_queue_make(&fake_first, 0, true);
    struct fake_queue b = fake_queue_make(&fake_first, 0, true);
    struct fake_queue c = fake_queue_make(&fake_first, 0, true);
    int asked, drained = -1, sampled, routed;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_connect(&a, NULL), STATUS_SUCCESS);
    assert_int_equal(fake_connect(&b, NULL), STATUS_SUCCESS);
    assert_int_equal(fake_disconnect(&c), STATUS_SUCCESS); /* Its queue is open from here on. */
    fake.on_disconnect = note_owner;
    fake.in_flight_reads = 2;
    fake_clear_ops();
    assert_int_equal(fake_connect(&c, NULL), STATUS_SUCCESS);

    assert_int_equal(BELL_FIELD_GET(owner_during_callback, BELL_SLOT_OWNER_QUEUE), a.hw_id);
    assert_true((owner_during_callback & BELL_SLOT_OWNER_VALID_MASK) != 0);
    asked = fake_find_callback(0);
    for (unsigned i = 0; i < fake.op_count; i++) {
        if (fake.ops[i].kind == FAKE_READ && fake.ops[i].offset == BELL_SLOT_DRAIN_OFFSET(0))
            drained = (int)i;
    }
    sampled = fake_find_kick(0, a.hw_id);
    routed = fake_find_route(0, 0, c.hw_id);
    assert_int_equal(fake.ops[drained].value, 0);
    assert_true(asked >= 0 && drained > asked && sampled > drained && routed > sampled);
    assert_true(fake_find_kick(0, c.hw_id) > routed);
    /* OS handles. */
    assert_ptr_equal(fake.disconnects[0].hHwQueue, a.os_queue);
    assert_ptr_equal(fake.disconnects[0].hDoorbell, a.os_doorbell);
    assert_int_equal(fake.disconnects[0].DisconnectReason,
                     D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    fake_queue_free(&a);
    fake_queue_free(&b);
    fake_queue_free(&c);
}

static void DB_VIC_04_budget_of_mmio(void **state)
{
    struct fake_queue queues[3];

    UNREFERENCED_PARAMETER(state);
    for (int i = 0; i < 3; i++) {
        queues[i] = fake_queue_make(&fake_first, 0, true);
        assert_int_equal(fake_connect(&queues[i], NULL), STATUS_SUCCESS);
    }
    fake_clear_ops();
    assert_int_equal(fake_connect(&queues[0], NULL), STATUS_SUCCESS);
    assert_int_equal(fake.disconnect_count, 2);
    assert_true(fake_count(FAKE_READ) + fake_count(FAKE_WRITE) <= 8);
    for (int i = 0; i < 3; i++)
        fake_queue_free(&queues[i]);
}

static void DB_VIC_06_least_recently_used(void **state)
{
    struct fake_queue queues[4];
    DXGKARG_NOTIFYWORKSUBMISSION notify;

    UNREFERENCED_PARAMETER(state);
    for (int i = 0; i < 4; i++)
        queues[i] = fake_queue_make(&fake_first, 0, true);
    assert_int_equal(fake_connect(&queues[0], NULL), STATUS_SUCCESS);
    assert_int_equal(fake_connect(&queues[1], NULL), STATUS_SUCCESS);
    memset(&notify, 0, sizeof(notify));
    notify.hHwQueue = queues[0].queue; /* Now 1 is the older one. */
    assert_int_equal(fake_ddi.DxgkDdiNotifyWorkSubmission(&notify), STATUS_SUCCESS);
    assert_int_equal(fake_connect(&queues[2], NULL), STATUS_SUCCESS);
    assert_ptr_equal(fake.disconnects[0].hDoorbell, queues[1].os_doorbell);
    assert_int_equal(fake_connect(&queues[3], NULL), STATUS_SUCCESS);
    assert_ptr_equal(fake.disconnects[1].hDoorbell, queues[0].os_doorbell);
    for (int i = 0; i < 4; i++)
        fake_queue_free(&queues[i]);
}

static struct fake_queue rival;

/* Another thread, in the gap between the connecting thread's unlock and its return. */
static void connect_rival(void)
{
    fake.on_unlock = NULL;
    assert_int_equal(fake_connect(&rival, NULL), STATUS_IO_TIMEOUT);
}

static void DB_VIC_06_connect_that_has_not_returned(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 0, true);

    UNREFERENCED_PARAMETER(state);
    rival = fake_queue_make(&fake_first, 0, true);
    fake.on_unlock = connect_rival;
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    assert_int_equal(fake.disconnect_count, 0);
    assert_true(fake_slot_belongs_to(0, queue.hw_id));
    assert_int_equal(fake_connect(&rival, NULL), STATUS_SUCCESS); /* Now it may. */
    assert_int_equal(fake.disconnect_count, 1);
    fake_queue_free(&queue);
    fake_queue_free(&rival);
}

static void DB_VIC_09_faulted_queue_gets_abort(void **state)
{
    struct fake_queue queues[3];

    UNREFERENCED_PARAMETER(state);
    for (int i = 0; i < 3; i++)
        queues[i] = fake_queue_make(&fake_first, 0, true);
    assert_int_equal(fake_connect(&queues[0], NULL), STATUS_SUCCESS);
    assert_int_equal(fake_connect(&queues[1], NULL), STATUS_SUCCESS);
    fake_post_event(BELL_CAUSE_BAD_PACKET, 0, queues[0].hw_id, 0x1234);
    assert_true(fake_interrupt());
    fake_run_dpc();
    assert_int_equal(fake_connect(&queues[2], NULL), STATUS_SUCCESS);
    assert_int_equal(fake.disconnects[0].DisconnectReason,
                     D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT);
    assert_int_equal(fake_connect(&queues[0], NULL), STATUS_DEVICE_REMOVED);
    for (int i = 0; i < 3; i++)
        fake_queue_free(&queues[i]);
}

static struct fake_queue dying;

static void destroy_dying(void)
{
    if (dying.doorbell == NULL)
        return;
    fake.disconnect_status = STATUS_SUCCESS;
    fake_queue_free(&dying);
    dying.doorbell = NULL;
}

static void DB_DES_06_victim_that_is_being_destroyed(void **state)
{
    struct fake_queue a, b;

    UNREFERENCED_PARAMETER(state);
    dying = fake_queue_make(&fake_first, 0, true);
    a = fake_queue_make(&fake_first, 0, true);
    b = fake_queue_make(&fake_first, 0, true);
    assert_int_equal(fake_connect(&dying, NULL), STATUS_SUCCESS);
    assert_int_equal(fake_connect(&a, NULL), STATUS_SUCCESS);
    fake.disconnect_status = STATUS_INVALID_PARAMETER;
    fake.on_yield = destroy_dying; /* The lock is free there, or the fake stops the test. */
    assert_int_equal(fake_connect(&b, NULL), STATUS_SUCCESS);
    assert_int_equal(fake.disconnect_count, 0);
    assert_true(fake_slot_belongs_to(0, b.hw_id));
    fake.on_yield = NULL;
    fake_queue_free(&a);
    fake_queue_free(&b);
}

static void DB_DES_04_destroy_while_connected(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 0, true);
    UINT32 hw_id = queue.hw_id;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    fake_queue_free(&queue);
    assert_false((fake.owner[0] & BELL_SLOT_OWNER_VALID_MASK) != 0);
    assert_false(fake.open[hw_id]);
}

static void DB_DES_04_destroy_of_a_hung_queue(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 1, true);
    UINT32 hw_id = queue.hw_id;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    fake.running_reads = -1; /* Until the node is aborted. */
    fake_queue_free(&queue);
    assert_false(fake.open[hw_id]);
    assert_true(fake_find_write(0, BELL_NODE_ABORT_OFFSET, UINT64_MAX, 2) >= 0);
}

static void DB_DES_04_number_of_a_stuck_queue_is_not_reused(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 0, true);
    UINT32 stuck = queue.hw_id;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    fake.running_reads = -2; /* For ever. */
    fake_queue_free(&queue);
    fake.running_reads = 0;
    for (UINT32 i = 0; i < 2 * fake.queues; i++) {
        queue = fake_queue_make(&fake_first, 0, true);
        assert_int_not_equal(queue.hw_id, stuck);
        fake_queue_free(&queue);
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, fake_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(DB_VIC_03_reroute_after_callback),
        T(DB_VIC_04_budget_of_mmio),
        T(DB_VIC_06_least_recently_used),
        T(DB_VIC_09_faulted_queue_gets_abort),
        T(DB_DES_04_destroy_while_connected),
        T(DB_DES_04_destroy_of_a_hung_queue),
        T(DB_DES_04_number_of_a_stuck_queue_is_not_reused),
        T(DB_DES_06_victim_that_is_being_destroyed),
        cmocka_unit_test_setup_teardown(DB_VIC_06_connect_that_has_not_returned, setup_one_slot,
                                        fake_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
