/* SPDX-License-Identifier: MIT */
/* Layouts, second registers and notify mode of the KMD on a fake register bus. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "bell_kmd.h"
#include "fake_bell.h"

enum { BAR2_BYTES = 2 * BELL_SECONDARY_BYTES, ALL_LAYOUTS = 7 };

static struct fake_process process;

static void start(UINT32 layout, UINT32 slots)
{
    fake_reset();
    fake.layouts = ALL_LAYOUTS;
    fake.secondary = true;
    fake.bar2_bytes = BAR2_BYTES;
    fake.layout_setting = layout;
    fake.slots = slots;
    for (unsigned i = 0; i < FAKE_MAX_QUEUES; i++)
        fake.listen[i] = BELL_TOKEN_LISTEN_VALID_MASK; /* Whatever the device comes up with. */
    assert_int_equal(fake_start(), STATUS_SUCCESS);
    assert_int_equal(fake.layout, layout);
    process = fake_process_make(7);
    fake_clear_ops();
}

static void stop(void)
{
    fake_process_free(&process);
    fake_stop();
}

static NTSTATUS try_start(UINT32 layout, UINT32 fitted, ULONG bar2_bytes)
{
    NTSTATUS status;

    fake_reset();
    fake.layouts = fitted;
    fake.layout_setting = layout;
    fake.bar2_bytes = bar2_bytes;
    status = fake_start();
    fake_stop();
    return status;
}

static void layout_that_is_not_there_stops_the_start(void **state)
{
    UNREFERENCED_PARAMETER(state);
    assert_int_equal(try_start(0, 0, 0), STATUS_SUCCESS); /* Page always is. */
    assert_int_equal(try_start(1, 5, BAR2_BYTES), STATUS_NOT_SUPPORTED);
    assert_int_equal(try_start(2, 3, BAR2_BYTES), STATUS_NOT_SUPPORTED);
    assert_int_equal(try_start(3, 15, BAR2_BYTES), STATUS_NOT_SUPPORTED);
    assert_int_equal(try_start(UINT32_MAX, 7, BAR2_BYTES), STATUS_NOT_SUPPORTED);
    assert_int_equal(try_start(1, 7, BELL_PACKED_FIRST), STATUS_INVALID_PARAMETER);
    assert_int_equal(try_start(2, 7, BELL_GLOBAL_FIRST), STATUS_INVALID_PARAMETER);
    assert_int_equal(try_start(0, 7, BELL_DOORBELL_BYTES), STATUS_INVALID_PARAMETER);
    fake_reset();
    fake.layouts = ALL_LAYOUTS;
    fake.layout_setting = 1;
    fake.bar2_bytes = BAR2_BYTES;
    fake.refuse_layout = true; /* The device does not do as it says. */
    assert_int_equal(fake_start(), STATUS_NOT_SUPPORTED);
    fake_stop();
}

static void DB_VA_04_A_37_only_slots_of_the_offset(void **state)
{
    struct fake_queue queues[10];
    VOID *address, *before;

    UNREFERENCED_PARAMETER(state);
    start(1, 16);
    for (unsigned i = 0; i < 10; i++)
        queues[i] = fake_queue_make(&process, 0, true);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(fake_connect(&queues[i], &before), STATUS_SUCCESS);
        assert_int_equal(fake_disconnect(&queues[i]), STATUS_SUCCESS);
        assert_int_equal(fake_connect(&queues[(i + 8) % 10], NULL), STATUS_SUCCESS);
        assert_int_equal(fake_connect(&queues[i], &address), STATUS_SUCCESS);
        assert_int_equal((UINT_PTR)address % PAGE_SIZE, (UINT_PTR)before % PAGE_SIZE);
        assert_int_equal((UINT_PTR)address % BELL_PACKED_BYTES, 0);
    }
    for (unsigned i = 0; i < 10; i++)
        fake_queue_free(&queues[i]);
    stop();
}

/* Four slots in one page, three of another process: all three leave, each asked once. */
static void A_38_whole_page_changes_process(void **state)
{
    struct fake_process other;
    struct fake_queue first[3], second;

    UNREFERENCED_PARAMETER(state);
    start(1, 4);
    other = fake_process_make(9);
    for (unsigned i = 0; i < 3; i++) {
        first[i] = fake_queue_make(&process, 0, true);
        assert_int_equal(fake_connect(&first[i], NULL), STATUS_SUCCESS);
    }
    assert_int_equal(fake.disconnect_count, 0);
    second = fake_queue_make(&other, 0, true);
    assert_int_equal(fake_connect(&second, NULL), STATUS_SUCCESS);
    assert_int_equal(fake.disconnect_count, 3);
    for (unsigned i = 0; i < 3; i++)
        for (unsigned slot = 0; slot < 4; slot++)
            assert_false(fake_slot_belongs_to(slot, first[i].hw_id));
    fake_queue_free(&second);
    for (unsigned i = 0; i < 3; i++)
        fake_queue_free(&first[i]);
    fake_process_free(&other);
    stop();
}

/* The OS is taking one of them down: the connect does not go on without it. */
static void A_38_nobody_is_left_in_the_page(void **state)
{
    struct fake_process other;
    struct fake_queue first, second;

    UNREFERENCED_PARAMETER(state);
    start(1, 2);
    other = fake_process_make(9);
    first = fake_queue_make(&process, 0, true);
    second = fake_queue_make(&other, 0, true);
    assert_int_equal(fake_connect(&first, NULL), STATUS_SUCCESS);
    fake.disconnect_status = STATUS_INVALID_PARAMETER;
    assert_int_equal(fake_connect(&second, NULL), STATUS_IO_TIMEOUT);
    fake.disconnect_status = STATUS_SUCCESS;
    assert_int_equal(fake_connect(&second, NULL), STATUS_SUCCESS);
    fake_queue_free(&second);
    fake_queue_free(&first);
    fake_process_free(&other);
    stop();
}

static void DB_VIC_11_global_has_one_address_and_no_victims(void **state)
{
    struct fake_queue queues[5];
    VOID *first, *address;

    UNREFERENCED_PARAMETER(state);
    start(2, 1);
    for (unsigned i = 0; i < 5; i++) {
        queues[i] = fake_queue_make(&process, 0, true);
        assert_int_equal(fake_connect(&queues[i], &address), STATUS_SUCCESS);
        if (i == 0)
            first = address;
        assert_ptr_equal(address, first);
        assert_int_equal(fake.kicks[queues[i].hw_id], 1); /* Connect counts as a ring. */
    }
    assert_int_equal(fake.disconnect_count, 0);
    assert_int_equal(fake.owner[0], 0);
    assert_int_equal(fake_disconnect(&queues[0]), STATUS_SUCCESS);
    assert_int_equal(fake.kicks[queues[0].hw_id], 2); /* The final sample. */
    assert_int_equal(fake_connect(&queues[0], &address), STATUS_SUCCESS);
    assert_ptr_equal(address, first);
    for (unsigned i = 0; i < 5; i++)
        fake_queue_free(&queues[i]);
    stop();
}

static UINT64 listening(const VOID *address)
{
    UINT64 place = (UINT64)(UINT_PTR)address / BELL_GLOBAL_BYTES;

    return BELL_TOKEN_LISTEN_VALID_MASK | BELL_FIELD_PUT(BELL_TOKEN_LISTEN_PAGE, place);
}

/* BAR2 of the fake starts at a multiple of all global pages, so that the low bits are the page. */
static void A_39_queue_listens_to_its_process_only(void **state)
{
    struct fake_process other;
    struct fake_queue mine[2], foreign;
    VOID *address[2], *elsewhere;

    UNREFERENCED_PARAMETER(state);
    start(2, 1);
    for (unsigned i = 0; i < FAKE_MAX_QUEUES; i++)
        assert_int_equal(fake.listen[i], 0);
    other = fake_process_make(9);
    for (unsigned i = 0; i < 2; i++) {
        mine[i] = fake_queue_make(&process, 0, true);
        assert_int_equal(fake.listen[mine[i].hw_id], 0); /* Not before it is connected. */
        assert_int_equal(fake_connect(&mine[i], &address[i]), STATUS_SUCCESS);
    }
    foreign = fake_queue_make(&other, 0, true);
    assert_int_equal(fake_connect(&foreign, &elsewhere), STATUS_SUCCESS);
    assert_ptr_equal(address[0], address[1]);
    assert_int_not_equal((UINT_PTR)elsewhere / PAGE_SIZE, (UINT_PTR)address[0] / PAGE_SIZE);
    assert_int_not_equal(fake.listen[foreign.hw_id], fake.listen[mine[0].hw_id]);
    assert_int_equal(fake.listen[mine[0].hw_id] - fake.listen[foreign.hw_id],
                     listening(address[0]) - listening(elsewhere));
    assert_int_equal(fake_disconnect(&mine[0]), STATUS_SUCCESS);
    assert_int_equal(fake.listen[mine[0].hw_id], 0);
    assert_int_not_equal(fake.listen[mine[1].hw_id], 0); /* The other sharer rings on. */
    fake_queue_free(&mine[1]); /* Destroyed while connected. */
    assert_int_equal(fake.listen[mine[1].hw_id], 0);
    fake_queue_free(&mine[0]);
    fake_queue_free(&foreign);
    fake_process_free(&other);
    stop();
}

/* A page is given again when its process is gone, and not before; without any, page 0 it is. */
static void A_39_pages_of_dead_processes_are_used_again(void **state)
{
    struct fake_process one;
    struct fake_queue queue, held;
    VOID *first = NULL, *kept, *address;

    UNREFERENCED_PARAMETER(state);
    start(2, 1);
    held = fake_queue_make(&process, 0, true);
    assert_int_equal(fake_connect(&held, &kept), STATUS_SUCCESS);
    for (unsigned i = 0; i < 3u * BELL_KMD_GLOBAL_PAGES; i++) {
        one = fake_process_make(9);
        queue = fake_queue_make(&one, 0, true);
        assert_int_equal(fake_connect(&queue, &address), STATUS_SUCCESS);
        assert_ptr_not_equal(address, kept);
        first = i == 0 ? address : first;
        assert_ptr_equal(address, first);
        fake_queue_free(&queue);
        fake_process_free(&one);
    }
    fake_queue_free(&held);
    stop();
}

static void A_39_processes_beyond_the_pages_share_one(void **state)
{
    static struct fake_process many[BELL_KMD_GLOBAL_PAGES + 2];
    VOID *last = NULL, *address;

    UNREFERENCED_PARAMETER(state);
    start(2, 1);
    for (unsigned i = 0; i < BELL_KMD_GLOBAL_PAGES + 2; i++) {
        struct fake_queue queue;

        many[i] = fake_process_make(20 + i);
        queue = fake_queue_make(&many[i], 0, true);
        assert_int_equal(fake_connect(&queue, &address), STATUS_SUCCESS);
        if (i < BELL_KMD_GLOBAL_PAGES)
            assert_ptr_not_equal(address, last);
        else
            assert_ptr_equal(address, last);
        last = address;
        fake_queue_free(&queue);
    }
    for (unsigned i = 0; i < BELL_KMD_GLOBAL_PAGES + 2; i++)
        fake_process_free(&many[i]);
    stop();
}

/* A device that is gone by then: the connect says so, and the doorbell stays disconnected. */
static void A_39_listen_sees_a_lost_device(void **state)
{
    struct fake_queue queue;

    UNREFERENCED_PARAMETER(state);
    start(2, 1);
    queue = fake_queue_make(&process, 0, true);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    assert_int_equal(fake_disconnect(&queue), STATUS_SUCCESS);
    fake.gone = true; /* The queue is open: LISTEN is the first register read. */
    assert_int_equal(fake_connect(&queue, NULL), STATUS_DEVICE_REMOVED);
    fake.gone = false;
    fake_queue_free(&queue);
    stop();
}

static void DB_SEC_02_both_addresses(void **state)
{
    UNREFERENCED_PARAMETER(state);
    for (UINT32 layout = 0; layout < 3; layout++) {
        DXGKARG_CONNECTDOORBELL args = {0};
        struct fake_queue queue;

        start(layout, 4);
        queue = fake_queue_make(&process, 0, true);
        args.hDoorbell = queue.doorbell;
        args.Flags.RequireSecondaryAddress = 1;
        assert_int_equal(fake_ddi.DxgkDdiConnectDoorbell(&args), STATUS_SUCCESS);
        assert_int_equal((char *)args.SecondaryKernelCpuVirtualAddress -
                             (char *)args.KernelCpuVirtualAddress, BELL_SECONDARY_FIRST);
        args.Flags.RequireSecondaryAddress = 0;
        assert_int_equal(fake_ddi.DxgkDdiConnectDoorbell(&args), STATUS_SUCCESS);
        assert_null(args.SecondaryKernelCpuVirtualAddress);
        fake_queue_free(&queue);
        stop();
    }
}

/* A BAR2 without its upper half has no second registers. */
static void DB_SEC_04_caps_follow_the_bar(void **state)
{
    DXGK_USERMODESUBMISSION_CAPS caps;
    DXGKARG_QUERYADAPTERINFO query = {
        .Type = DXGKQAITYPE_USERMODESUBMISSION_CAPS,
        .pOutputData = &caps,
        .OutputDataSize = sizeof(caps),
    };

    UNREFERENCED_PARAMETER(state);
    for (int whole = 0; whole < 2; whole++) {
        fake_reset();
        fake.secondary = true;
        fake.bar2_bytes = whole ? BAR2_BYTES : BELL_SECONDARY_FIRST;
        assert_int_equal(fake_start(), STATUS_SUCCESS);
        assert_int_equal(fake_ddi.DxgkDdiQueryAdapterInfo(fake_adapter, &query), STATUS_SUCCESS);
        assert_int_equal(caps.Flags.Value, whole);
        assert_int_equal(caps.SecondaryDoorbellSizeInBytes, whole ? 8 : 0);
        fake_stop();
    }
}

static void DB_NTF_02_notify_acts_only_in_notify_mode(void **state)
{
    BELL_ESCAPE blob = {BELL_ESCAPE_MAGIC, BELL_INTERFACE_VERSION, BELL_ESCAPE_SET_NOTIFY, 1};
    DXGKARG_ESCAPE escape = {.pPrivateDriverData = &blob, .PrivateDriverDataSize = sizeof(blob)};
    DXGKARG_CONNECTDOORBELL connect = {0};
    DXGKARG_NOTIFYWORKSUBMISSION notify = {0};
    struct fake_queue queue;

    UNREFERENCED_PARAMETER(state);
    start(0, 2);
    queue = fake_queue_make(&process, 0, true);
    notify.hHwQueue = queue.queue;
    connect.hDoorbell = queue.doorbell;
    escape.hContext = queue.context;
    assert_int_equal(fake_ddi.DxgkDdiConnectDoorbell(&connect), STATUS_SUCCESS);
    assert_int_equal(connect.Status, D3DDDI_DOORBELLSTATUS_CONNECTED);
    assert_int_equal(fake_ddi.DxgkDdiNotifyWorkSubmission(&notify), STATUS_SUCCESS);
    assert_false(fake.realtime[queue.hw_id]);

    assert_int_equal(fake_ddi.DxgkDdiEscape(fake_adapter, &escape), STATUS_SUCCESS);
    assert_int_equal(fake.disconnect_count, 1);
    assert_int_equal(fake.disconnects[0].DisconnectReason,
                     D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    assert_int_equal(fake_ddi.DxgkDdiConnectDoorbell(&connect), STATUS_SUCCESS);
    assert_int_equal(connect.Status, D3DDDI_DOORBELLSTATUS_CONNECTED_NOTIFY_KMD);
    assert_int_equal(fake_ddi.DxgkDdiNotifyWorkSubmission(&notify), STATUS_SUCCESS);
    assert_true(fake.realtime[queue.hw_id]);
    fake_queue_free(&queue);
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layout_that_is_not_there_stops_the_start),
        cmocka_unit_test(DB_VA_04_A_37_only_slots_of_the_offset),
        cmocka_unit_test(A_38_whole_page_changes_process),
        cmocka_unit_test(A_38_nobody_is_left_in_the_page),
        cmocka_unit_test(DB_VIC_11_global_has_one_address_and_no_victims),
        cmocka_unit_test(A_39_queue_listens_to_its_process_only),
        cmocka_unit_test(A_39_pages_of_dead_processes_are_used_again),
        cmocka_unit_test(A_39_processes_beyond_the_pages_share_one),
        cmocka_unit_test(A_39_listen_sees_a_lost_device),
        cmocka_unit_test(DB_SEC_02_both_addresses),
        cmocka_unit_test(DB_SEC_04_caps_follow_the_bar),
        cmocka_unit_test(DB_NTF_02_notify_acts_only_in_notify_mode),
    };

    return cmocka_run_group_tests_name("kmd-layout", tests, NULL, NULL);
}
