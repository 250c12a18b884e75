/* SPDX-License-Identifier: MIT */
/* Hardware contexts and kernel-mode submission: order, copies, fences, limits. */
#include "power.h"

enum { PATIENCE = 400000, LONG_WORK = 20000, NODE = 2, LIMIT = 3, CAP = 2 };

static struct rig rig;
static struct rig_kernel kernel;
static D3DKMT_HANDLE context;

static DRIVER_INITIALIZATION_DATA driver; /* The driver's own table. */
static struct {
    const void *data;      /* pDmaBufferPrivateData that the driver got. */
    unsigned char bytes[8];
    uint64_t most;         /* Submissions in flight, at most. */
} seen;

static NTSTATUS submit(HANDLE adapter, const DXGKARG_SUBMITCOMMANDTOHWQUEUE *args)
{
    uint64_t done = *(volatile uint64_t *)args->HwQueueProgressFenceCpuVa;

    if (args->HwQueueProgressFenceId - done > seen.most)
        seen.most = args->HwQueueProgressFenceId - done;
    seen.data = args->pDmaBufferPrivateData;
    if (args->DmaBufferPrivateDataSize == sizeof(seen.bytes))
        memcpy(seen.bytes, args->pDmaBufferPrivateData, sizeof(seen.bytes));
    return driver.DxgkDdiSubmitCommandToHwQueue(adapter, args);
}

static void watch_submissions(DRIVER_INITIALIZATION_DATA *table)
{
    driver = *table;
    memset(&seen, 0, sizeof(seen));
    table->DxgkDdiSubmitCommandToHwQueue = submit;
}

static NTSTATUS node_with_limit(HANDLE adapter, UINT node, DXGKARG_GETNODEMETADATA *metadata)
{
    NTSTATUS status = driver.DxgkDdiGetNodeMetadata(adapter, node, metadata);

    if (NT_SUCCESS(status))
        metadata->Flags.MaxInFlightHwQueueBuffers = LIMIT;
    return status;
}

static void with_limit(DRIVER_INITIALIZATION_DATA *table)
{
    watch_submissions(table);
    table->DxgkDdiGetNodeMetadata = node_with_limit;
}

static NTSTATUS caps_with_cap(HANDLE adapter, const DXGKARG_QUERYADAPTERINFO *args)
{
    NTSTATUS status = driver.DxgkDdiQueryAdapterInfo(adapter, args);

    if (NT_SUCCESS(status) && args->Type == DXGKQAITYPE_DRIVERCAPS)
        ((DXGK_DRIVERCAPS *)args->pOutputData)->SchedulingCaps.HwQueuePacketCap = CAP;
    return status;
}

static void with_cap(DRIVER_INITIALIZATION_DATA *table)
{
    with_limit(table);
    table->DxgkDdiQueryAdapterInfo = caps_with_cap;
}

static void run(void (*hook)(DRIVER_INITIALIZATION_DATA *table), int (*body)(int, char **))
{
    struct belfry_config config = rig_config();

    belfry_hook_driver(hook);
    rig_run(&config, body);
    belfry_hook_driver(NULL);
}

static void open_kernel(void)
{
    rig_open(&rig, 16);
    context = rig_make_context(&rig, NODE);
    rig_kernel_open(&kernel, &rig, context);
}

static void close_kernel(void)
{
    rig_kernel_close(&kernel);
    rig_destroy_context(context);
    rig_close(&rig);
}

/* --- Contexts -------------------------------------------------------------------------------- */

static NTSTATUS try_context(UINT node, UINT affinity)
{
    D3DKMT_CREATEHWCONTEXT create = { .hDevice = rig.device->device, .NodeOrdinal = node,
                                      .EngineAffinity = affinity };

    return D3DKMTCreateHwContext(&create);
}

static int children_first(int argc, char **argv)
{
    size_t from, queue, doorbell;

    (void)argc, (void)argv;
    rig_make(&rig, 16, 0);
    REQUIRE_OK(rig_connect(&rig));
    REQUIRE_STATUS(try_context(9, 1), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(try_context(0, 2), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(try_context(0, 0), STATUS_INVALID_PARAMETER);
    from = belfry_record_count();
    rig_destroy_context(rig.context);
    doorbell = rig_expect(from, BELFRY_DDI_EXIT, "DxgkDdiDestroyDoorbell");
    queue = rig_expect(from, BELFRY_DDI_EXIT, "DxgkDdiDestroyHwQueue");
    REQUIRE(doorbell < queue);
    REQUIRE(queue < rig_expect(from, BELFRY_DDI_ENTER, "DxgkDdiDestroyHwContext"));
    rig.context = rig.queue = rig.doorbell = 0;
    rig_close(&rig);
    return 0;
}

static void HS_CTX_01_destroyed_children_first(void **state)
{
    (void)state;
    run(NULL, children_first);
}

/* --- Submission ------------------------------------------------------------------------------ */

static int ids_in_order(int argc, char **argv)
{
    struct bell_umd_commands list;
    uint64_t start;
    size_t from;

    (void)argc, (void)argv;
    open_kernel();
    from = belfry_record_count();
    start = belfry_now();
    rig_kernel_submit(&kernel, 0, 1, LONG_WORK);
    rig_kernel_submit(&kernel, 0, 2, 10);
    REQUIRE(belfry_now() - start < LONG_WORK); /* Nobody waited for the first. */
    REQUIRE_EQ(*kernel.progress, 0);
    rig_kernel_begin(&kernel, &list); /* Not above the last one: the driver is not asked. */
    REQUIRE_STATUS(rig_kernel_try(&kernel, &list, kernel.queue.hHwQueue, 2),
                   STATUS_INVALID_PARAMETER);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiSubmitCommandToHwQueue"), 2);
    rig_kernel_submit(&kernel, 0, 3, 10);
    for (uint64_t id = 1, end = belfry_now() + PATIENCE; id <= 3;) {
        uint64_t value = *kernel.progress;

        REQUIRE(value + 1 == id || value == id); /* One after the other, none left out. */
        id += value == id;
        REQUIRE(belfry_now() < end);
        belfry_sleep(1);
    }
    REQUIRE_EQ(kernel.memory.data.cpu[0], 3);
    close_kernel();
    return 0;
}

static void HS_SUB_01_ids_rise_and_nobody_waits(void **state)
{
    (void)state;
    run(NULL, ids_in_order);
}

static int private_data(int argc, char **argv)
{
    static unsigned char mine[sizeof(seen.bytes)] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    D3DKMT_SUBMITCOMMANDTOHWQUEUE args = { .pPrivateDriverData = mine,
                                           .PrivateDriverDataSize = sizeof(mine) };
    struct bell_umd_commands list;

    (void)argc, (void)argv;
    open_kernel();
    rig_kernel_begin(&kernel, &list);
    bell_umd_cmd_work(&list, LONG_WORK);
    args.hHwQueue = kernel.queue.hHwQueue;
    args.HwQueueProgressFenceId = kernel.last = 1;
    args.CommandBuffer = list.gpu;
    args.CommandLength = bell_umd_commands_end(
        &list, kernel.queue.HwQueueProgressFenceGPUVirtualAddress, 1, true);
    REQUIRE_OK(D3DKMTSubmitCommandToHwQueue(&args));
    REQUIRE(seen.data != NULL && seen.data != mine); /* The OS's copy, which is gone by now. */
    REQUIRE(memcmp(seen.bytes, (const unsigned char[]){ 1, 2, 3, 4, 5, 6, 7, 8 },
                   sizeof(seen.bytes)) == 0);
    memset(mine, 0xFF, sizeof(mine));
    rig_kernel_wait(&kernel, PATIENCE);
    close_kernel();
    return 0;
}

static void HS_SUB_02_private_data_is_a_copy(void **state)
{
    (void)state;
    run(watch_submissions, private_data);
}

/* RingBufferFenceRelease is 0: the fence is the buffer's own last packet, and nobody else's. */
static int fence_in_the_buffer(int argc, char **argv)
{
    D3DKMT_SUBMITCOMMANDTOHWQUEUE args = { 0 };
    struct bell_umd_commands list;
    size_t from;

    (void)argc, (void)argv;
    open_kernel();
    from = belfry_record_count();
    rig_kernel_begin(&kernel, &list);
    bell_umd_cmd_work(&list, 10);
    args.hHwQueue = kernel.queue.hHwQueue;
    args.HwQueueProgressFenceId = 1;
    args.CommandBuffer = list.gpu;
    args.CommandLength = bell_umd_commands_end(
        &list, kernel.queue.HwQueueProgressFenceGPUVirtualAddress, 1, false);
    args.CommandLength -= BELL_PACKET_BYTES; /* Without its fence. */
    REQUIRE_OK(D3DKMTSubmitCommandToHwQueue(&args));
    rig_settle(5000);
    REQUIRE_EQ(rig_count(from, BELFRY_FINISH, NULL), 1);
    REQUIRE_EQ(*kernel.progress, 0);
    kernel.last = 1;
    rig_kernel_submit(&kernel, 0, 1, 10);
    rig_kernel_wait(&kernel, PATIENCE);
    REQUIRE_EQ(*kernel.progress, 2);
    close_kernel();
    return 0;
}

static void HS_SUB_03_the_buffer_writes_the_fence(void **state)
{
    (void)state;
    run(NULL, fence_in_the_buffer);
}

/* A buffer in the middle, with ids that skip: FaultedFenceId is its own. */
static int faults_with_its_id(int argc, char **argv)
{
    struct bell_umd_commands list;
    const struct belfry_record *report;
    size_t at;

    (void)argc, (void)argv;
    open_kernel();
    for (unsigned n = 0; n < 4; n++) {
        rig_kernel_begin(&kernel, &list);
        if (n == 0)
            bell_umd_cmd_work(&list, LONG_WORK);
        if (n == 2)
            bell_umd_cmd_fault(&list);
        REQUIRE_OK(rig_kernel_try(&kernel, &list, kernel.queue.hHwQueue, 7 + 10 * n));
    }
    rig_settle(2 * LONG_WORK);
    REQUIRE_EQ(*kernel.progress, 17);
    at = power_interrupt(0, DXGK_INTERRUPT_HWQUEUE_PAGE_FAULTED);
    REQUIRE(at != POWER_NONE);
    report = belfry_record_at(at);
    REQUIRE_EQ(report->args[1], 27);
    REQUIRE_EQ(report->args[2], 0); /* No address is at fault. */
    REQUIRE_EQ((UINT)report->args[7], 0); /* PageFaultFlags: the queue is valid. */
    close_kernel();
    return 0;
}

static void DB_INT_02_fault_names_its_packet(void **state)
{
    (void)state;
    run(NULL, faults_with_its_id);
}

static int many(int argc, char **argv)
{
    (void)argc, (void)argv;
    open_kernel();
    for (uint64_t i = 0; i < 12; i++)
        rig_kernel_submit(&kernel, 0, i, 500);
    rig_kernel_wait(&kernel, PATIENCE);
    close_kernel();
    return 0;
}

static void HS_SUB_04_as_many_in_flight_as_the_node_says(void **state)
{
    (void)state;
    run(with_limit, many);
    assert_int_equal(seen.most, LIMIT); /* Reached, never exceeded. */
}

static void HS_SUB_04_no_more_than_the_packet_cap(void **state)
{
    (void)state;
    run(with_cap, many);
    assert_int_equal(seen.most, CAP);
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(HS_CTX_01_destroyed_children_first),
        T(HS_SUB_01_ids_rise_and_nobody_waits),
        T(HS_SUB_02_private_data_is_a_copy),
        T(HS_SUB_03_the_buffer_writes_the_fence),
        T(DB_INT_02_fault_names_its_packet),
        T(HS_SUB_04_as_many_in_flight_as_the_node_says),
        T(HS_SUB_04_no_more_than_the_packet_cap),
    };

    return cmocka_run_group_tests_name("sched_submit", tests, NULL, NULL);
}
