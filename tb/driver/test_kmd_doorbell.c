/* SPDX-License-Identifier: MIT */
/* Doorbells of the KMD on a fake register bus. Each test is named after the row it proves. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "fake_bell.h"

static void DB_CRE_02_create_touches_no_register(void **state)
{
    struct fake_queue queues[5];

    UNREFERENCED_PARAMETER(state);
    fake_clear_ops();
    for (int i = 0; i < 5; i++) /* More doorbells than slots. */
        queues[i] = fake_queue_make(&fake_first, 0, true);
    assert_int_equal(fake.op_count, 0);
    for (int i = 0; i < 5; i++)
        fake_queue_free(&queues[i]);
}

static NTSTATUS try_create(struct fake_queue *queue, HANDLE ring, HANDLE control, UINT size,
                           VOID *data, UINT flags, HANDLE *out)
{
    DXGKARG_CREATEDOORBELL args;
    NTSTATUS status;

    memset(&args, 0, sizeof(args));
    args.hHwQueue = queue->queue;
    args.hDoorbell = queue;
    args.hRingBuffer = ring;
    args.hRingBufferControl = control;
    args.PrivateDriverDataSize = size;
    args.PrivateDriverData = data;
    args.Flags.Value = flags;
    status = fake_ddi.DxgkDdiCreateDoorbell(&args);
    if (NT_SUCCESS(status))
        *out = args.hDoorbell;
    else
        assert_ptr_equal(args.hDoorbell, queue);
    return status;
}

/* A user-mode queue without a doorbell, but with mapped ring and control. */
static struct fake_queue bare_queue(void)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 0, true);
    DXGKARG_DESTROYDOORBELL args = {.hDoorbell = queue.doorbell};

    assert_int_equal(fake_ddi.DxgkDdiDestroyDoorbell(&args), STATUS_SUCCESS);
    queue.doorbell = NULL;
    return queue;
}

static void DB_CRE_06_control_is_optional(void **state)
{
    struct fake_queue queue = bare_queue();
    UINT64 ring, control, config;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(try_create(&queue, queue.ring, NULL, 0, NULL, 0, &queue.doorbell),
                     STATUS_SUCCESS);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    ring = fake.context[queue.hw_id][0];
    control = fake.context[queue.hw_id][1];
    config = fake.context[queue.hw_id][2];
    assert_int_equal(BELL_FIELD_GET(config, BELL_QUEUE_CONFIG_LOG2_ENTRIES), 7);
    assert_int_equal(control, ring + 128 * BELL_ENTRY_BYTES);
    fake_queue_free(&queue);
}

static void DB_CRE_08_private_data(void **state)
{
    struct fake_queue queue = bare_queue();
    UCHAR data[17];

    UNREFERENCED_PARAMETER(state);
    memset(data, 0x5A, sizeof(data));
    assert_int_equal(try_create(&queue, queue.ring, queue.control, 17, data, 0, &queue.doorbell),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(try_create(&queue, queue.ring, queue.control, 16, NULL, 0, &queue.doorbell),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(data[0], 0x5A);
    assert_int_equal(try_create(&queue, queue.ring, queue.control, 16, data, 0, &queue.doorbell),
                     STATUS_SUCCESS);
    assert_int_equal(((BELL_DOORBELL_PRIVATE *)data)->version, BELL_INTERFACE_VERSION);
    assert_int_equal(data[16], 0x5A);
    fake_queue_free(&queue);
}

static void DB_CRE_01_failure_leaves_nothing(void **state)
{
    struct fake_queue queue = bare_queue();
    int before = fake.live_pool;

    UNREFERENCED_PARAMETER(state);
    fake.fail_alloc = 0;
    assert_int_equal(try_create(&queue, queue.ring, queue.control, 0, NULL, 0, &queue.doorbell),
                     STATUS_NO_MEMORY);
    assert_int_equal(try_create(&queue, queue.ring, queue.control, 0, NULL, 2, &queue.doorbell),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(try_create(&queue, NULL, queue.control, 0, NULL, 0, &queue.doorbell),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(fake.live_pool, before);
    fake_queue_free(&queue);
}

static void DB_CRE_11_one_doorbell_per_queue(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 0, true);
    HANDLE second = NULL;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(try_create(&queue, queue.ring, queue.control, 0, NULL, 0, &second),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    fake_queue_free(&queue);
}

static void DB_CRE_12_ring_comes_from_own_objects(void **state)
{
    struct fake_process other = fake_process_make(9);
    struct fake_queue queue = bare_queue();
    HANDLE foreign = fake_allocation_make(4096);
    UINT64 address = 0x700000;

    UNREFERENCED_PARAMETER(state);
    /* Mapped for another process only, then too little of it, then all of it. */
    fake_map(foreign, other.process, address, 4096, true);
    assert_int_equal(try_create(&queue, foreign, queue.control, 0, NULL, 0, &queue.doorbell),
                     STATUS_INVALID_PARAMETER);
    fake_map(foreign, fake_first.process, address, 0, true);
    assert_int_equal(try_create(&queue, foreign, queue.control, 0, NULL, 0, &queue.doorbell),
                     STATUS_INVALID_PARAMETER);
    fake_map(foreign, fake_first.process, address, 4096, true);
    assert_int_equal(try_create(&queue, foreign, queue.control, 0, NULL, 0, &queue.doorbell),
                     STATUS_SUCCESS);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    assert_int_equal(fake.context[queue.hw_id][0], address);
    assert_int_equal(
        BELL_FIELD_GET(fake.context[queue.hw_id][2], BELL_QUEUE_CONFIG_PASID), 7);
    assert_int_equal(
        BELL_FIELD_GET(fake.context[queue.hw_id][2], BELL_QUEUE_CONFIG_KERNEL_RING), 0);
    fake_queue_free(&queue);
    fake_allocation_free(foreign);
    fake_process_free(&other);
}

static void DB_CON_02_slot_routes_to_queue(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 1, true);
    VOID *address = NULL;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_connect(&queue, &address), STATUS_SUCCESS);
    assert_true(fake_slot_belongs_to(0, queue.hw_id));
    assert_true(fake.open[queue.hw_id] && fake.listed[queue.hw_id]);
    assert_int_equal((UINT_PTR)address % BELL_DOORBELL_BYTES, BELL_DOORBELL_RING_OFFSET);
    fake_queue_free(&queue);
}

static void DB_CON_10_connect_counts_as_ring(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 0, true);
    int routed;

    UNREFERENCED_PARAMETER(state);
    for (int i = 0; i < 3; i++) {
        fake_clear_ops();
        assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
        routed = fake_find_route(0, 0, queue.hw_id);
        assert_true(routed >= 0);
        assert_true(fake_find_kick((unsigned)routed, queue.hw_id) > routed);
        assert_int_equal(fake_disconnect(&queue), STATUS_SUCCESS);
    }
    fake_queue_free(&queue);
}

static void DB_CON_11_connect_while_suspended(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 0, true);
    DXGKARG_SUSPENDCONTEXT suspend = {queue.context, 1};
    DXGKARG_RESUMECONTEXT resume = {queue.context};
    int added;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_ddi.DxgkDdiSuspendContext(fake_adapter, &suspend), STATUS_PENDING);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    assert_true(fake_slot_belongs_to(0, queue.hw_id));
    assert_true(fake.open[queue.hw_id] && !fake.listed[queue.hw_id]);

    fake_clear_ops();
    assert_int_equal(fake_ddi.DxgkDdiResumeContext(fake_adapter, &resume), STATUS_SUCCESS);
    added = fake_find_write(0, BELL_QUEUE_CMD_OFFSET(queue.hw_id), UINT64_MAX,
                            BELL_QUEUE_CMD_ADD);
    assert_true(added >= 0 && fake_find_kick(0, queue.hw_id) > added); /* */
    fake_queue_free(&queue);
}

static void DB_CON_12_failed_connect_leaks_no_slot(void **state)
{
    struct fake_queue a, b;

    UNREFERENCED_PARAMETER(state);
    fake.refuse_open = true;
    a = fake_queue_make(&fake_first, 0, true);
    assert_int_equal(fake_connect(&a, NULL), STATUS_UNSUCCESSFUL);
    fake.refuse_open = false;
    assert_int_equal(fake_connect(&a, NULL), STATUS_SUCCESS);

    b = fake_queue_make(&fake_first, 0, true);
    assert_int_equal(fake_connect(&b, NULL), STATUS_SUCCESS);
    assert_int_equal(fake.disconnect_count, 0); /* Two slots, two owners: none was lost. */
    fake_queue_free(&a);
    fake_queue_free(&b);
}

static void DB_CON_12_undrained_victim(void **state)
{
    struct fake_queue queues[3];

    UNREFERENCED_PARAMETER(state);
    for (int i = 0; i < 3; i++)
        queues[i] = fake_queue_make(&fake_first, 0, true);
    assert_int_equal(fake_connect(&queues[0], NULL), STATUS_SUCCESS);
    assert_int_equal(fake_connect(&queues[1], NULL), STATUS_SUCCESS);
    fake.in_flight_reads = -1;
    assert_int_equal(fake_connect(&queues[2], NULL), STATUS_IO_TIMEOUT);
    assert_int_equal(fake.disconnect_count, 1);
    assert_false((fake.owner[0] & BELL_SLOT_OWNER_VALID_MASK) != 0);
    assert_int_equal(fake_connect(&queues[2], NULL), STATUS_IO_TIMEOUT);
    assert_int_equal(fake.disconnect_count, 1); /* Nobody else suffers for the stuck slot. */
    fake.in_flight_reads = 0;
    fake_clear_ops();
    assert_int_equal(fake_connect(&queues[2], NULL), STATUS_SUCCESS);
    assert_true(fake_slot_belongs_to(0, queues[2].hw_id));
    for (int i = 0; i < 3; i++)
        fake_queue_free(&queues[i]);
}

static void DB_CON_06_all_slots_taken(void **state)
{
    struct fake_queue queues[40];

    UNREFERENCED_PARAMETER(state);
    for (int i = 0; i < 40; i++)
        queues[i] = fake_queue_make(&fake_first, i % 2, true);
    for (int i = 0; i < 40; i++)
        assert_int_equal(fake_connect(&queues[i], NULL), STATUS_SUCCESS);
    assert_int_equal(fake.disconnect_count, 38);
    for (int i = 0; i < 40; i++)
        fake_queue_free(&queues[i]);
}

static void DB_DIS_01_always_succeeds(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 0, true);

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    fake.in_flight_reads = -1; /* Even if the slot does not drain. */
    assert_int_equal(fake_disconnect(&queue), STATUS_SUCCESS);
    fake.in_flight_reads = 0;
    assert_int_equal(fake_disconnect(&queue), STATUS_SUCCESS);
    fake.gone = true;
    assert_int_equal(fake_disconnect(&queue), STATUS_SUCCESS);
    fake.gone = false;
    fake_queue_free(&queue);
}

static void DB_DIS_03_reconnect_keeps_everything(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 0, true);

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    assert_int_equal(fake_disconnect(&queue), STATUS_SUCCESS);
    assert_false((fake.owner[0] & BELL_SLOT_OWNER_VALID_MASK) != 0); /* DB-DIS-02. */
    assert_true(fake.open[queue.hw_id] && fake.listed[queue.hw_id]); /* DB-DIS-07. */
    fake_clear_ops();
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    assert_true(fake_slot_belongs_to(0, queue.hw_id));
    assert_int_equal(fake_find_write(0, BELL_QUEUE_RPTR_OFFSET(queue.hw_id), 0, 0), -1);
    fake_queue_free(&queue);
}

static void DB_DIS_05_sample_before_release(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 0, true);
    int kicked, freed;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_connect(&queue, NULL), STATUS_SUCCESS);
    fake.in_flight_reads = 3;
    fake_clear_ops();
    assert_int_equal(fake_disconnect(&queue), STATUS_SUCCESS);
    kicked = fake_find_kick(0, queue.hw_id);
    freed = fake_find_write(0, BELL_SLOT_OWNER_OFFSET(0), BELL_SLOT_OWNER_VALID_MASK, 0);
    assert_int_equal(kicked, 4); /* After the read that saw the slot drained. */
    assert_true(freed > kicked);
    fake_queue_free(&queue);
}

static void DB_DIS_05_sample_without_slot(void **state)
{
    struct fake_queue never = fake_queue_make(&fake_first, 0, true);
    unsigned kicks;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_disconnect(&never), STATUS_SUCCESS); /* */
    assert_true(fake.open[never.hw_id] && fake.listed[never.hw_id]);
    kicks = fake.kicks[never.hw_id];
    assert_true(kicks > 0);
    assert_int_equal(fake_disconnect(&never), STATUS_SUCCESS);
    assert_int_equal(fake.kicks[never.hw_id], kicks + 1);
    fake_queue_free(&never);
}

static void DB_VA_04_offset_is_constant(void **state)
{
    struct fake_queue a = fake_queue_make(&fake_first, 0, true);
    struct fake_queue b = fake_queue_make(&fake_first, 0, true);
    VOID *address = NULL;

    UNREFERENCED_PARAMETER(state);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(fake_connect(i % 3 == 0 ? &b : &a, &address), STATUS_SUCCESS);
        assert_int_equal((UINT_PTR)address & (PAGE_SIZE - 1), 0);
        assert_int_equal(fake_disconnect(i % 2 == 0 ? &a : &b), STATUS_SUCCESS);
    }
    fake_queue_free(&a);
    fake_queue_free(&b);
}

static void DB_MOD_01_every_queue_its_own_slot(void **state)
{
    struct fake_queue a = fake_queue_make(&fake_first, 0, true);
    struct fake_queue b = fake_queue_make(&fake_first, 1, true);
    VOID *first = NULL, *second = NULL;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(fake_connect(&a, &first), STATUS_SUCCESS);
    assert_int_equal(fake_connect(&b, &second), STATUS_SUCCESS);
    assert_int_equal((char *)second - (char *)first, BELL_DOORBELL_BYTES);
    assert_true(fake_slot_belongs_to(0, a.hw_id)); /* DB-CON-05. */
    assert_true(fake_slot_belongs_to(1, b.hw_id));
    fake_queue_free(&a);
    fake_queue_free(&b);
}

static void DB_SEC_04_secondary_is_refused(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 0, true);
    DXGKARG_CONNECTDOORBELL args;

    UNREFERENCED_PARAMETER(state);
    memset(&args, 0, sizeof(args));
    args.hDoorbell = queue.doorbell;
    args.Flags.RequireSecondaryAddress = 1;
    assert_int_equal(fake_ddi.DxgkDdiConnectDoorbell(&args), STATUS_NOT_SUPPORTED);
    fake_queue_free(&queue);
}

static void DB_CON_06_lost_device(void **state)
{
    struct fake_queue queue = fake_queue_make(&fake_first, 0, true);

    UNREFERENCED_PARAMETER(state);
    fake.gone = true;
    assert_int_equal(fake_connect(&queue, NULL), STATUS_DEVICE_REMOVED);
    fake_clear_ops();
    assert_int_equal(fake_connect(&queue, NULL), STATUS_DEVICE_REMOVED);
    assert_int_equal(fake.op_count, 0);
    fake_queue_free(&queue);
    fake.gone = false;
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(DB_CRE_01_failure_leaves_nothing),
        T(DB_CRE_02_create_touches_no_register),
        T(DB_CRE_06_control_is_optional),
        T(DB_CRE_08_private_data),
        T(DB_CRE_11_one_doorbell_per_queue),
        T(DB_CRE_12_ring_comes_from_own_objects),
        T(DB_CON_02_slot_routes_to_queue),
        T(DB_CON_06_all_slots_taken),
        T(DB_CON_06_lost_device),
        T(DB_CON_10_connect_counts_as_ring),
        T(DB_CON_11_connect_while_suspended),
        T(DB_CON_12_failed_connect_leaks_no_slot),
        T(DB_CON_12_undrained_victim),
        T(DB_DIS_01_always_succeeds),
        T(DB_DIS_03_reconnect_keeps_everything),
        T(DB_DIS_05_sample_before_release),
        T(DB_DIS_05_sample_without_slot),
        T(DB_VA_04_offset_is_constant),
        T(DB_MOD_01_every_queue_its_own_slot),
        T(DB_SEC_04_secondary_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
