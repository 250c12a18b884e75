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

/* --- Two queues on the node ------------------------------------------------------------------- */

static volatile uint64_t *fences[2]; /* Progress, as the driver sees them, and what it was given. */
static uint64_t given[2];

static unsigned in_flight(unsigned which)
{
    return fences[which] == NULL ? 0 : (unsigned)(given[which] - *fences[which]);
}

static NTSTATUS submit_to_either(HANDLE adapter, const DXGKARG_SUBMITCOMMANDTOHWQUEUE *args)
{
    volatile uint64_t *fence = args->HwQueueProgressFenceCpuVa;
    unsigned which = fences[0] != NULL && fences[0] != fence;

    fences[which] = fence;
    given[which] = args->HwQueueProgressFenceId;
    if (in_flight(0) + in_flight(1) > seen.most)
        seen.most = in_flight(0) + in_flight(1);
    return driver.DxgkDdiSubmitCommandToHwQueue(adapter, args);
}

static void with_cap_for_two(DRIVER_INITIALIZATION_DATA *table)
{
    watch_submissions(table);
    fences[0] = fences[1] = NULL;
    table->DxgkDdiSubmitCommandToHwQueue = submit_to_either;
    table->DxgkDdiQueryAdapterInfo = caps_with_cap;
}

static int two_queues(int argc, char **argv)
{
    static struct rig_kernel second;

    (void)argc, (void)argv;
    open_kernel();
    rig_kernel_open(&second, &rig, context);
    for (uint64_t i = 0; i < 8; i++) {
        rig_kernel_submit(&kernel, 0, i, 500);
        rig_kernel_submit(&second, 0, i, 500);
        rig_kernel_submit(&second, 0, i, 500);
    }
    rig_kernel_wait(&kernel, PATIENCE);
    rig_kernel_wait(&second, PATIENCE);
    rig_kernel_close(&second);
    close_kernel();
    return 0;
}

static void HS_SUB_04_the_packet_cap_is_the_nodes(void **state)
{
    (void)state;
    run(with_cap_for_two, two_queues);
    assert_int_equal(seen.most, CAP);
}

/* One of them hangs: its packets are gone with its device, and the other goes on. */
static struct rig hung;
static volatile bool is_hung;

static int hangs(int argc, char **argv)
{
    static struct rig_kernel queue;
    struct bell_umd_commands list;
    D3DKMT_HANDLE node_context;

    (void)argc, (void)argv;
    belfry_os_tdr(&(struct belfry_tdr){ .delay = LONG_WORK, .idle = UINT64_MAX });
    rig_open(&hung, 16);
    node_context = rig_make_context(&hung, NODE);
    rig_kernel_open(&queue, &hung, node_context);
    for (unsigned i = 1; i <= CAP; i++) {
        rig_kernel_begin(&queue, &list);
        bell_umd_cmd_hang(&list);
        REQUIRE_OK(rig_kernel_try(&queue, &list, queue.queue.hHwQueue, i));
    }
    is_hung = true;
    while (power_find(0, BELFRY_POWER, "tdr-resumed", NODE) == POWER_NONE)
        belfry_sleep(100);
    rig_settle(2000);
    rig_kernel_close(&queue);
    rig_destroy_context(node_context);
    rig_close(&hung);
    return 0;
}

static int waits_for_room(int argc, char **argv)
{
    (void)argc, (void)argv;
    open_kernel();
    while (!is_hung)
        belfry_sleep(50);
    rig_kernel_submit(&kernel, 0, 1, 10);
    REQUIRE(power_find(0, BELFRY_POWER, "tdr-reset", NODE) != POWER_NONE);
    rig_kernel_wait(&kernel, PATIENCE);
    close_kernel();
    return 0;
}

static void HS_SUB_04_room_after_a_hang(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    is_hung = false;
    belfry_hook_driver(with_cap_for_two);
    rig_open_machine(&config);
    belfry_spawn("hangs", hangs, 0, NULL);
    belfry_spawn("waits", waits_for_room, 0, NULL);
    rig_finish_machine();
    belfry_hook_driver(NULL);
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
        T(HS_SUB_04_the_packet_cap_is_the_nodes),
        T(HS_SUB_04_room_after_a_hang),
    };

    return cmocka_run_group_tests_name("sched_submit", tests, NULL, NULL);
}
