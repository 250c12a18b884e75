// SPDX-License-Identifier: MIT
/*
 * The OS model's objects, against the real driver: races of the protocol held open at their delay
 * points,
 * driver errors planted through the driver table, device loss, and bad pointers.
 */
#include "rig.h"

#include <stdio.h>

#include "d3dkmddi.h"

enum { ENTRIES = 16, NODE = 0, WAIT = 200000, SETTLE = 500 };
#define RETRY D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY
#define ABORT D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT
#define CONNECTED D3DDDI_DOORBELLSTATUS_CONNECTED

static struct rig a, b;

static enum belfry_mapping mapping_of(const struct rig *rig)
{
    struct belfry_doorbell_info info;

    REQUIRE(belfry_doorbell(rig->doorbell, &info));
    return info.mapping;
}

static void await_point(const char *name, unsigned threads)
{
    uint64_t end = belfry_now() + WAIT;

    while (belfry_point_waiting(name) != threads) {
        if (belfry_now() > end)
            belfry_fail("%u threads wait at %s, expected %u", belfry_point_waiting(name), name,
                        threads);
        belfry_sleep(10);
    }
}

static void make_two(void)
{
    rig_make(&a, ENTRIES, NODE);
    rig_open_beside(&b, &a, ENTRIES);
    rig_make_queue(&b, NODE);
    rig_make_doorbell(&b);
}

static void run(struct belfry_config config, int (*body)(int argc, char **argv))
{
    rig_run(&config, body);
}

static int unhook(void **state)
{
    (void)state;
    belfry_hook_driver(NULL);
    return 0;
}

static struct belfry_config one_slot(void)
{
    struct belfry_config config = rig_config();

    config.slots = 1;
    return config;
}

/* --- DB-CON-13: the victim is still being connected ------------------------------------------- */

static void connect_a(void *arg)
{
    *(NTSTATUS *)arg = rig_connect(&a);
}

static void connect_b(void *arg)
{
    *(NTSTATUS *)arg = rig_connect(&b);
}

static int disconnect_while_connecting(int argc, char **argv)
{
    NTSTATUS status_a = STATUS_UNSUCCESSFUL, status_b = STATUS_UNSUCCESSFUL;
    struct belfry_thread *thread_a, *thread_b;

    (void)argc, (void)argv;
    make_two();
    belfry_point_hold("connect.ddi-to-map");
    thread_a = belfry_thread_start("connects a", connect_a, &status_a);
    await_point("connect.ddi-to-map", 1);
    thread_b = belfry_thread_start("connects b", connect_b, &status_b);
    await_point("connect.ddi-to-map", 2); /* b has evicted a and waits where a waits. */
    REQUIRE_EQ(rig_count(0, BELFRY_CB_EXIT, "DxgkCbDisconnectDoorbell"), 1);
    belfry_point_release("connect.ddi-to-map");
    belfry_thread_join(thread_a);
    belfry_thread_join(thread_b);
    REQUIRE_OK(status_a);
    REQUIRE_OK(status_b);
    REQUIRE_EQ(*a.status, RETRY);
    REQUIRE_EQ(mapping_of(&a), BELFRY_MAPPED_DUMMY);
    REQUIRE_EQ(*b.status, CONNECTED);
    REQUIRE_EQ(mapping_of(&b), BELFRY_MAPPED_SLOT);
    return 0;
}

static void DB_CON_13_disconnect_wins_over_mapping(void **state)
{
    (void)state;
    run(one_slot(), disconnect_while_connecting);
}

/* --- DB-CON-03 -------------------------------------------------------------------------------- */

static DXGKDDI_CONNECTDOORBELL *real_connect;
static unsigned spoil;
enum { SPOILS = 6 };

static NTSTATUS spoiled_connect(DXGKARG_CONNECTDOORBELL *args)
{
    NTSTATUS status = real_connect(args);
    char *address = args->KernelCpuVirtualAddress;

    switch (spoil) {
    case 1:
        args->KernelCpuVirtualAddress = NULL;
        break;
    case 2:
        args->KernelCpuVirtualAddress = address + 64;
        break;
    case 3:
        args->KernelCpuVirtualAddress = &spoil;
        break;
    case 4:
        args->Status = RETRY;
        break;
    case 5:
        args->Status = (D3DDDI_DOORBELLSTATUS)17;
        break;
    default:
        break;
    }
    return status;
}

static void plant_connect(DRIVER_INITIALIZATION_DATA *table)
{
    real_connect = table->DxgkDdiConnectDoorbell;
    table->DxgkDdiConnectDoorbell = spoiled_connect;
}

static int bad_outputs(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&a, ENTRIES, NODE);
    for (spoil = 1; spoil < SPOILS; spoil++) {
        size_t from = belfry_record_count();

        REQUIRE_STATUS(rig_connect(&a), STATUS_UNSUCCESSFUL);
        REQUIRE_EQ(*a.status, RETRY);
        REQUIRE_EQ(mapping_of(&a), BELFRY_MAPPED_DUMMY);
        REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiDisconnectDoorbell"), 1);
        rig_settle(SETTLE);
        REQUIRE_EQ(rig_owned_slots(1), 0);
    }
    spoil = 0;
    REQUIRE_OK(rig_connect(&a));
    REQUIRE_EQ(*a.status, CONNECTED);
    return 0;
}

static void DB_CON_03_bad_outputs_are_undone(void **state)
{
    (void)state;
    belfry_hook_driver(plant_connect);
    rig_breaks("DB-CON-03 DB-VA-04");
    run(one_slot(), bad_outputs);
}

/* --- ABORT is sticky -------------------------------------------------------------------------- */

static int lose_device(int argc, char **argv)
{
    (void)argc, (void)argv;
    make_two();
    REQUIRE_OK(rig_connect(&a));
    belfry_device_lost();
    REQUIRE_EQ(*a.status, ABORT);
    REQUIRE_EQ(*b.status, ABORT);
    REQUIRE_EQ(mapping_of(&a), BELFRY_MAPPED_DUMMY);
    REQUIRE_OK((NTSTATUS)belfry_os_disconnect(a.doorbell));
    REQUIRE_EQ(*a.status, ABORT);
    REQUIRE_STATUS(rig_connect(&a), STATUS_DEVICE_REMOVED);
    REQUIRE_EQ(*a.status, ABORT);
    rig_settle(SETTLE);
    REQUIRE_EQ(rig_owned_slots(1), 0);
    REQUIRE_OK(rig_destroy_doorbell(&a));
    REQUIRE_STATUS(rig_try_doorbell(&a), STATUS_DEVICE_REMOVED);
    a.doorbell = 0;
    REQUIRE_OK(D3DKMTDestroyHwQueue(&(D3DKMT_DESTROYHWQUEUE){ .hHwQueue = a.queue }));
    REQUIRE_OK(D3DKMTDestroyHwContext(&(D3DKMT_DESTROYHWCONTEXT){ .hHwContext = a.context }));
    rig_make_queue(&a, NODE); /* DB-TDR-02: re-creation works. */
    rig_make_doorbell(&a);
    REQUIRE_OK(rig_connect(&a));
    REQUIRE_EQ(*a.status, CONNECTED);
    return 0;
}

static void DB_CON_08_abort_is_final(void **state)
{
    (void)state;
    run(one_slot(), lose_device);
}

/* A loss while the connect is between its DDI and its mapping. */
static int lose_while_connecting(int argc, char **argv)
{
    NTSTATUS status = STATUS_SUCCESS;
    struct belfry_thread *thread;

    (void)argc, (void)argv;
    rig_make(&a, ENTRIES, NODE);
    belfry_point_hold("connect.ddi-to-map");
    belfry_point_hold("disconnect.rotate-to-return");
    thread = belfry_thread_start("connects a", connect_a, &status);
    await_point("connect.ddi-to-map", 1);
    struct belfry_thread *loser =
        belfry_thread_start("loses", (void (*)(void *))(void (*)(void))belfry_device_lost, NULL);
    await_point("disconnect.rotate-to-return", 1);
    REQUIRE_EQ(*a.status, ABORT); /* Did not wait for the transition lock. */
    belfry_point_release("connect.ddi-to-map");
    belfry_point_release("disconnect.rotate-to-return");
    belfry_thread_join(thread);
    belfry_thread_join(loser);
    REQUIRE_STATUS(status, STATUS_DEVICE_REMOVED);
    REQUIRE_EQ(*a.status, ABORT);
    REQUIRE_EQ(mapping_of(&a), BELFRY_MAPPED_DUMMY);
    rig_settle(SETTLE);
    REQUIRE_EQ(rig_owned_slots(1), 0);
    return 0;
}

static void DB_TDR_03_loss_beats_connect(void **state)
{
    (void)state;
    run(one_slot(), lose_while_connecting);
}

/* --- Faults of the hardware ------------------------------------------------------------------- */

static NTSTATUS wait_cpu(const struct rig *rig, uint64_t value)
{
    D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU wait = {
        .hDevice = rig->device->device,
        .ObjectCount = 1,
        .ObjectHandleArray = &rig->progress_handle,
        .FenceValueArray = &value,
    };

    return D3DKMTWaitForSynchronizationObjectFromCpu(&wait);
}

static int page_fault(int argc, char **argv)
{
    (void)argc, (void)argv;
    make_two();
    REQUIRE_OK(rig_connect(&a));
    REQUIRE_OK(rig_connect(&b));
    rig_append(&a, 1, 1);
    rig_ring(&a);
    REQUIRE_OK(wait_cpu(&a, 1));
    REQUIRE_OK(D3DKMTEvict(&(D3DKMT_EVICT){ .hDevice = a.device->device, .NumAllocations = 1,
                                            .AllocationList = &a.data.allocation }));
    rig_append(&a, 1, 2);
    rig_ring(&a);
    REQUIRE_STATUS(wait_cpu(&a, 2), STATUS_DEVICE_REMOVED);
    rig_settle(WAIT);
    REQUIRE_EQ(*a.status, ABORT);
    REQUIRE_EQ(*b.status, ABORT);
    REQUIRE_EQ(rig_owned_slots(8), 0);
    return 0;
}

static void DB_TDR_01_page_fault_aborts_the_device(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    config.slots = 8;
    run(config, page_fault);
}

static int never_reached(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&a, ENTRIES, NODE);
    REQUIRE_STATUS(wait_cpu(&a, 1), STATUS_IO_TIMEOUT);
    *a.last_queued = UINT64_MAX; /* DB-TRM-02: the exit ends all the same. */
    return 0;
}

static void waits_are_bounded(void **state)
{
    (void)state;
    run(one_slot(), never_reached);
}

static int hang(int argc, char **argv)
{
    volatile uint64_t *packet;

    (void)argc, (void)argv;
    rig_make(&a, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&a));
    packet = a.commands.cpu;
    rig_append(&a, 1, 1);
    packet[0] = BELL_OP_HANG;
    packet[1] = packet[2] = packet[3] = 0;
    rig_ring(&a);
    rig_settle(2000);
    return 0;
}

static void hung_queue_does_not_stop_the_exit(void **state)
{
    (void)state;
    run(one_slot(), hang);
}

/* --- Ring memory outlives its handle (DB-RES-02) ---------------------------------------------- */

static NTSTATUS destroy_allocation(const struct rig *rig, D3DKMT_HANDLE handle)
{
    return D3DKMTDestroyAllocation2(&(D3DKMT_DESTROYALLOCATION2){
        .hDevice = rig->device->device, .phAllocationList = &handle, .AllocationCount = 1 });
}

static int destroy_ring_first(int argc, char **argv)
{
    struct belfry_alloc_info info;
    size_t from;

    (void)argc, (void)argv;
    rig_make(&a, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&a));
    from = belfry_record_count();
    REQUIRE_OK(destroy_allocation(&a, a.ring.allocation));
    REQUIRE(belfry_alloc(a.ring.allocation, &info) && info.destroyed && info.references == 1);
    REQUIRE_STATUS(destroy_allocation(&a, a.ring.allocation), STATUS_INVALID_PARAMETER);
    rig_append(&a, 3, 33);
    rig_ring(&a);
    rig_wait(&a, 1, WAIT);
    REQUIRE_EQ(a.data.cpu[3], 33);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiDestroyAllocation"), 0);
    REQUIRE_OK(rig_destroy_doorbell(&a));
    REQUIRE(rig_expect(from, BELFRY_DDI_EXIT, "DxgkDdiDestroyDoorbell") <
            rig_expect(from, BELFRY_DDI_ENTER, "DxgkDdiDestroyAllocation"));
    REQUIRE(!belfry_alloc(a.ring.allocation, &info));
    return 0;
}

static void DB_RES_02_destroyed_ring_stays(void **state)
{
    (void)state;
    run(one_slot(), destroy_ring_first);
}

/* --- The published order loses a wake-up (A-06) ----------------------------------------------- */

static void disconnect_a(void *arg)
{
    (void)arg;
    REQUIRE_OK((NTSTATUS)belfry_os_disconnect(a.doorbell));
}

static int lose_wake_up(int argc, char **argv)
{
    struct belfry_thread *thread;

    (void)argc, (void)argv;
    rig_make(&a, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&a));
    belfry_point_hold("disconnect.rotate-to-status");
    thread = belfry_thread_start("disconnects a", disconnect_a, NULL);
    await_point("disconnect.rotate-to-status", 1);
    rig_settle(SETTLE); /* The final sample of the disconnect is over. */
    rig_append(&a, 1, 1);
    rig_ring(&a);
    REQUIRE_EQ(*a.status, CONNECTED); /* "Done", thinks the user. */
    belfry_point_release("disconnect.rotate-to-status");
    belfry_thread_join(thread);
    rig_settle(WAIT);
    REQUIRE_EQ(*a.progress, 0); /* Nobody looked. */
    REQUIRE_OK(rig_connect(&a));
    rig_wait(&a, 1, WAIT); /* Connect counts as a ring. */
    return 0;
}

static void published_order_loses_a_wake_up(void **state)
{
    struct belfry_config config = one_slot();

    (void)state;
    config.disconnect_published = true;
    run(config, lose_wake_up);
}

/* --- Trapped pages behave as plain ones ------------------------------------------------------- */

static int submit_some(int argc, char **argv)
{
    (void)argc, (void)argv;
    make_two();
    for (unsigned i = 0; i < 4; i++) {
        REQUIRE_OK(rig_connect(&a));
        rig_append(&a, i, i + 1);
        rig_ring(&a);
        rig_wait(&a, i + 1, WAIT);
        REQUIRE_OK(rig_connect(&b));
    }
    return 0;
}

static void trapped_windows_work(void **state)
{
    struct belfry_config config = one_slot();

    (void)state;
    config.trap_loads = true;
    config.trace_stores = true;
    run(config, submit_some);
}

/* --- Bad pointers and handles ----------------------------------------------------------------- */

static int bad_pointers(int argc, char **argv)
{
    void *const bad = (void *)(uintptr_t)0x10;
    NTSTATUS (*const calls[])(void *) = {
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTOpenAdapterFromLuid,
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTCloseAdapter,
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTQueryAdapterInfo,
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTCreateDevice,
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTDestroyDevice,
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTCreatePagingQueue,
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTDestroyPagingQueue,
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTCreateAllocation2,
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTDestroyAllocation2,
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTMapGpuVirtualAddress,
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTFreeGpuVirtualAddress,
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTMakeResident,
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTEvict,
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTLock2,
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTUnlock2,
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTCreateHwContext,
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTDestroyHwContext,
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTCreateHwQueue,
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTDestroyHwQueue,
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTSubmitCommandToHwQueue,
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTSubmitWaitForSyncObjectsToHwQueue,
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTSubmitSignalSyncObjectsToHwQueue,
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTSubmitPresentToHwQueue,
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTWaitForSynchronizationObjectFromCpu,
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTCreateDoorbell,
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTConnectDoorbell,
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTDestroyDoorbell,
        (NTSTATUS (*)(void *))(void (*)(void))D3DKMTNotifyWorkSubmission,
    };

    (void)argc, (void)argv;
    rig_make(&a, ENTRIES, NODE);
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        REQUIRE_STATUS(calls[i](NULL), STATUS_INVALID_PARAMETER);
        REQUIRE_STATUS(calls[i](bad), STATUS_INVALID_PARAMETER);
        /* Zeroes are readable, but every handle in them is bad. */
        if (i != 0)
            REQUIRE_STATUS(calls[i]((uint64_t[32]){ 0 }), STATUS_INVALID_PARAMETER);
    }
    return 0;
}

static void bad_arguments_are_refused(void **state)
{
    (void)state;
    run(one_slot(), bad_pointers);
}

static int read_only_arguments(int argc, char **argv)
{
    unsigned doorbells, mappings, queues = belfry_live_objects("hwqueue");
    D3DKMT_CREATE_DOORBELL *in_status;

    (void)argc, (void)argv;
    rig_open(&a, ENTRIES);
    rig_make_queue(&a, NODE);
    REQUIRE_EQ(belfry_live_objects("hwqueue"), queues + 1);
    doorbells = belfry_live_objects("doorbell");
    mappings = belfry_live_objects("mapping");
    /* The private data can be read, not written: the doorbell is undone (DB-CRE-01). */
    a.create.PrivateDriverData = (void *)(uintptr_t)a.progress;
    REQUIRE_STATUS(rig_try_doorbell(&a), STATUS_INVALID_PARAMETER);
    REQUIRE_EQ(belfry_live_objects("doorbell"), doorbells);
    REQUIRE_EQ(belfry_live_objects("mapping"), mappings);
    a.create.PrivateDriverData = &a.blob;
    /* So is one whose argument structure cannot be written back. */
    in_status = (D3DKMT_CREATE_DOORBELL *)(uintptr_t)a.progress;
    REQUIRE_STATUS(D3DKMTCreateDoorbell(in_status), STATUS_INVALID_PARAMETER);
    rig_make_doorbell(&a);
    return 0;
}

static void DB_CRE_01_failed_copy_out_leaves_nothing(void **state)
{
    (void)state;
    run(one_slot(), read_only_arguments);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_ON_SLOTS(DB_CON_13_disconnect_wins_over_mapping),
        cmocka_unit_test_teardown(DB_CON_03_bad_outputs_are_undone, unhook),
        cmocka_unit_test(DB_CON_08_abort_is_final),
        cmocka_unit_test(DB_TDR_03_loss_beats_connect),
        cmocka_unit_test(DB_TDR_01_page_fault_aborts_the_device),
        cmocka_unit_test(waits_are_bounded),
        cmocka_unit_test(hung_queue_does_not_stop_the_exit),
        cmocka_unit_test(DB_RES_02_destroyed_ring_stays),
        cmocka_unit_test(published_order_loses_a_wake_up),
        cmocka_unit_test(trapped_windows_work),
        cmocka_unit_test(bad_arguments_are_refused),
        cmocka_unit_test(DB_CRE_01_failed_copy_out_leaves_nothing),
    };

    return cmocka_run_group_tests_name("objects", tests, NULL, NULL);
}
