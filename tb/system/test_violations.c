// SPDX-License-Identifier: MIT
/*
 * The contract monitor against drivers that break one rule each (tb/violations): the run must stop,
 * and the monitor must name that rule and no other. One case a driver; the good one must pass.
 */
#include "rig.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ENTRIES = 16, NODE = 0, WAIT = 400000, HUNG_CLOCKS = 5000, MAX_CASES = 256 };

static struct rig a, b, c;

/* --- The workload: every DDI and every kind of report, once or twice -------------------------- */

static void allocation_blob(BELL_ALLOCATION_PRIVATE *blob)
{
    *blob = (BELL_ALLOCATION_PRIVATE){
        .magic = BELL_ALLOCATION_MAGIC,
        .version = BELL_INTERFACE_VERSION,
        .size = PAGE_SIZE,
        .flags = BELL_ALLOCATION_CPU_VISIBLE,
    };
}

/* Two allocations in a resource. */
static NTSTATUS make_resource(D3DKMT_CREATEALLOCATION *create, D3DDDI_ALLOCATIONINFO2 items[2])
{
    static BELL_ALLOCATION_PRIVATE blobs[2];

    for (unsigned i = 0; i < 2; i++) {
        allocation_blob(&blobs[i]);
        items[i] = (D3DDDI_ALLOCATIONINFO2){
            .pPrivateDriverData = &blobs[i],
            .PrivateDriverDataSize = sizeof(blobs[i]),
        };
    }
    *create = (D3DKMT_CREATEALLOCATION){
        .hDevice = a.device->device,
        .NumAllocations = 2,
        .pAllocationInfo2 = items,
        .Flags.CreateResource = 1,
    };
    return D3DKMTCreateAllocation2(create);
}

static void use_resources(void)
{
    D3DDDI_ALLOCATIONINFO2 items[2];
    D3DKMT_CREATEALLOCATION create;

    for (int k = 0; k < 3; k++) {
        belfry_fail_pool(k);
        REQUIRE_STATUS(make_resource(&create, items), STATUS_NO_MEMORY);
    }
    belfry_fail_pool(-1);
    REQUIRE_OK(make_resource(&create, items));
    REQUIRE_OK(D3DKMTDestroyAllocation2(&(D3DKMT_DESTROYALLOCATION2){
        .hDevice = a.device->device, .hResource = create.hResource }));
}

/* It is described as soon as it exists. */
static void make_a_primary(void)
{
    static BELL_ALLOCATION_PRIVATE blob = {.width = 64, .height = 32, .pitch = 256, .format = 21};
    D3DDDI_ALLOCATIONINFO2 item = {
        .pPrivateDriverData = &blob,
        .PrivateDriverDataSize = sizeof(blob),
        .Flags.Primary = 1,
    };
    D3DKMT_CREATEALLOCATION create = {
        .hDevice = a.device->device, .NumAllocations = 1, .pAllocationInfo2 = &item };

    blob.magic = BELL_ALLOCATION_MAGIC;
    blob.version = BELL_INTERFACE_VERSION;
    blob.flags = BELL_ALLOCATION_CPU_VISIBLE | BELL_ALLOCATION_SURFACE;
    REQUIRE_OK(D3DKMTCreateAllocation2(&create));
    REQUIRE_OK(D3DKMTDestroyAllocation2(&(D3DKMT_DESTROYALLOCATION2){
        .hDevice = a.device->device, .AllocationCount = 1, .phAllocationList = &item.hAllocation }));
}

static void use_kernel_queue(void)
{
    static struct rig_kernel kernel;
    D3DKMT_HANDLE context = rig_make_context(&a, 2);

    rig_kernel_open(&kernel, &a, context);
    for (uint64_t i = 0; i < 3; i++)
        rig_kernel_submit(&kernel, 0, i, 10);
    rig_kernel_wait(&kernel, WAIT);
    rig_kernel_close(&kernel);
    rig_destroy_context(context);
}

static void make_doorbells(void)
{
    rig_make(&a, ENTRIES, NODE);
    rig_open_beside(&b, &a, ENTRIES);
    rig_make_queue(&b, NODE);
    rig_open_beside(&c, &a, ENTRIES);
    rig_make_queue(&c, 1);
    belfry_fail_pool(0);
    REQUIRE_STATUS(rig_try_doorbell(&b), STATUS_NO_MEMORY);
    belfry_fail_pool(-1);
    rig_make_doorbell(&b);
    c.create.Flags.RequireSecondaryCpuVA = 1;
    rig_make_doorbell(&c);
}

/* Three queues, two slots. */
static void submit_in_turns(void)
{
    for (unsigned i = 0; i < 2; i++) {
        rig_submit(&a, 0, i, 20);
        rig_submit(&b, 0, i, 20);
        rig_submit(&c, 0, i, 20);
    }
    rig_wait(&a, 2, WAIT);
    rig_wait(&b, 2, WAIT);
    rig_wait(&c, 2, WAIT);
}

static void disconnect_with_work(void)
{
    REQUIRE_OK((NTSTATUS)belfry_os_disconnect(a.doorbell));
    rig_append(&c, 1, 3); /* Never rung: the last sample must find it. */
    REQUIRE_OK((NTSTATUS)belfry_os_disconnect(c.doorbell));
    rig_wait(&c, 3, WAIT);
}

static void suspend_and_resume(void)
{
    REQUIRE_OK((NTSTATUS)belfry_os_suspend(a.context));
    REQUIRE_OK((NTSTATUS)belfry_os_suspend(a.context));
    REQUIRE_OK(rig_connect(&a));
    rig_append(&a, 1, 3);
    rig_ring(&a);
    REQUIRE_OK((NTSTATUS)belfry_os_resume(a.context));
    rig_wait(&a, 3, WAIT);
    REQUIRE_OK(D3DKMTNotifyWorkSubmission(
        &(D3DKMT_NOTIFY_WORK_SUBMISSION){ .hDoorbell = a.doorbell }));
}

/* A context list, priorities, and both ways of a switch report. */
static void schedule(void)
{
    const D3DKMT_SETCONTEXTSCHEDULINGPRIORITY low = { .hContext = a.context, .Priority = -1 };
    const D3DKMT_SETCONTEXTSCHEDULINGPRIORITY usual = { .hContext = a.context };
    struct belfry_bands bands;

    REQUIRE_OK(D3DKMTSetContextSchedulingPriority(&low));
    REQUIRE_OK(D3DKMTSetContextSchedulingPriority(&usual));
    REQUIRE_OK((NTSTATUS)belfry_os_switch(NODE, b.context, 0));
    REQUIRE_OK((NTSTATUS)belfry_os_switch(NODE, a.context, b.context));
    belfry_default_bands(&bands);
    REQUIRE_OK((NTSTATUS)belfry_os_bands(&bands));
    REQUIRE_OK((NTSTATUS)belfry_os_update_context(a.context, 0, true, true));
    REQUIRE_OK((NTSTATUS)belfry_os_update_context(a.context, 0, false, false));
}

/* Two logs, one after the other, while two contexts work. */
static void log_changes(void)
{
    for (unsigned round = 0; round < 3; round++) {
        REQUIRE_OK((NTSTATUS)belfry_os_sched_log(NODE, round < 2 ? 16 : 0, 3));
        for (unsigned i = 0; i < 3; i++) {
            rig_submit(&a, 0, i, 300);
            rig_submit(&b, 0, i, 300);
        }
        rig_wait(&a, a.base + a.wptr, WAIT);
        rig_wait(&b, b.base + b.wptr, WAIT);
    }
}

static struct rig_library native;
static struct bell_umd_fence raised, beside;

static void signal_by_gpu(unsigned buffer, UINT64 value)
{
    struct bell_umd_commands list;
    UINT64 number;

    REQUIRE_OK(bell_umd_commands_begin(&list, &native.commands, 256 * buffer, 256));
    bell_umd_cmd_work(&list, 4000);
    bell_umd_cmd_fence_signal(&list, &raised, value);
    bell_umd_cmd_fence_wait(&list, &raised, value);
    REQUIRE_OK(bell_umd_submit(native.queue, &list, &number));
}

/* Signals of both processors, waits before and after, a native progress fence, logs that move. */
static void use_native_fences(void)
{
    const struct rig_library on = { .device = a.device };
    D3DKMT_CREATEHWQUEUE queue = { .hHwContext = a.context, .Flags.UserModeSubmission = 1,
                                   .Flags.NativeProgressFence = 1 };
    struct belfry_fence_logs logs;
    const UINT64 past = 1;

    rig_library_open_beside(&native, &on, ENTRIES, NODE);
    REQUIRE_OK(bell_umd_fence_create(a.device, 0, false, &beside));
    REQUIRE_OK(bell_umd_fence_create(a.device, 0, false, &raised));
    signal_by_gpu(0, 1);
    REQUIRE_OK(bell_umd_fence_wait(a.device, &raised, 1));
    REQUIRE_OK(bell_umd_fence_signal(a.device, &raised, 3));
    REQUIRE_OK(D3DKMTWaitForSynchronizationObjectFromCpu(
        &(D3DKMT_WAITFORSYNCHRONIZATIONOBJECTFROMCPU){
            .hDevice = a.device->device, .ObjectCount = 1, .ObjectHandleArray = &raised.handle,
            .FenceValueArray = &past }));
    REQUIRE_OK(D3DKMTCreateHwQueue(&queue));
    rig_destroy_queue(queue.hHwQueue);
    rig_settle(3000);
    REQUIRE(belfry_fence_logs(bell_umd_queue_handle(native.queue), &logs));
    REQUIRE_EQ(logs.signals, 1);
    REQUIRE_EQ(logs.waits, 1);
    REQUIRE_OK((NTSTATUS)belfry_os_move_fence_logs(bell_umd_queue_handle(native.queue)));
    signal_by_gpu(1, 4);
    REQUIRE_OK(bell_umd_fence_wait(a.device, &raised, 4));
    rig_settle(3000);
    bell_umd_fence_close(&raised);
    bell_umd_fence_close(&beside);
    rig_library_close_beside(&native);
}

/* A queue on a device of its own, with one buffer of this one packet. */
static void submit_packet(struct rig *victim, void (*packet)(struct bell_umd_commands *commands))
{
    volatile uint64_t *entry;
    struct bell_umd_commands list;

    rig_make(victim, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(victim));
    REQUIRE_OK(bell_umd_commands_begin(&list, &victim->commands, 0, 128));
    packet(&list);
    entry = victim->ring.cpu;
    entry[1] = bell_umd_commands_end(&list, victim->progress_gpu, 1, false);
    entry[0] = list.gpu;
    victim->control.cpu[0] = victim->wptr = 1;
    rig_ring(victim);
}

/* On a node where kernel submission has had work done. */
static void hang_a_queue(void)
{
    static struct rig_kernel kernel;
    static struct rig victim;

    rig_kernel_open(&kernel, &a, a.context);
    rig_kernel_submit(&kernel, 0, 1, 10);
    rig_kernel_wait(&kernel, WAIT);
    submit_packet(&victim, bell_umd_cmd_hang);
    rig_settle(1000);
    REQUIRE_OK((NTSTATUS)belfry_os_suspend(victim.context)); /* Only after an engine reset. */
    rig_close(&victim);
    rig_kernel_close(&kernel);
}

/* The device is lost by it. */
static void lose_a_device(void (*packet)(struct bell_umd_commands *commands))
{
    static struct rig victim;
    uint64_t end = belfry_now() + WAIT;

    submit_packet(&victim, packet);
    while (*victim.status != D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT) {
        REQUIRE(belfry_now() < end);
        belfry_sleep(16);
    }
    rig_settle(1000);
    rig_close(&victim);
}

/* The hardware tells it: an engine reset while the context is to run. */
static void hang_an_engine(void)
{
    belfry_engine_limits(NODE, 0, HUNG_CLOCKS, true);
    lose_a_device(bell_umd_cmd_hang);
    belfry_engine_limits(NODE, 0, 0, true);
}

static int workload(int argc, char **argv)
{
    (void)argc, (void)argv;
    make_doorbells();
    use_resources();
    make_a_primary();
    use_kernel_queue();
    submit_in_turns();
    disconnect_with_work();
    suspend_and_resume();
    schedule();
    log_changes();
    use_native_fences();
    lose_a_device(bell_umd_cmd_fault);
    hang_a_queue();
    hang_an_engine();
    rig_close_beside(&c);
    rig_close_beside(&b);
    REQUIRE_OK(rig_connect(&a));
    rig_close(&a);
    return 0;
}

/* --- One driver ------------------------------------------------------------------------------ */

struct plant {
    char path[1024];
    char name[64]; /* DB_CON_10_no_sample */
    char id[32];   /* DB-CON-10 */
};
static struct plant plants[MAX_CASES];
static struct CMUnitTest tests[MAX_CASES + 2];
static size_t plant_count;

/* It knows the contexts in a scheduling log by their handles. */
static bool confuses_lockstep(const char *path)
{
    return strstr(path, "/HS_LOG_02_one_handle.so") != NULL;
}

/* @return the failure text or "". The machine is closed. */
static const char *run_driver(const char *path, bool warn)
{
    static char failure[8192];
    struct belfry_config config = rig_config();

    config.slots = 2;
    config.kmd = path;
    config.lockstep_off |= confuses_lockstep(path);
    config.destroy_direct = true;
    config.monitor_warn = warn;
    failure[0] = '\0';
    if (belfry_open(&config, failure, sizeof(failure)) != 0)
        return failure;
    belfry_spawn("workload", workload, 0, NULL);
    if (belfry_run() != BELFRY_DONE)
        snprintf(failure, sizeof(failure), "%s", belfry_failure());
    if (belfry_close() != 0 && failure[0] == '\0')
        snprintf(failure, sizeof(failure), "something leaked");
    return failure;
}

static void violation_is_named(void **state)
{
    const struct plant *plant = *state;
    const char *failure = run_driver(plant->path, false);
    const struct belfry_violation *seen = belfry_violations(0);

    if (seen == NULL)
        fail_msg("%s: the monitor saw nothing; expected %s. The run: %s", plant->name, plant->id,
                 failure[0] != '\0' ? failure : "went well");
    if (belfry_violation_count() != 1 || strcmp(seen->id, plant->id) != 0)
        fail_msg("%s: expected %s alone; the first of %zu is: %s", plant->name, plant->id,
                 belfry_violation_count(), seen->text);
    assert_non_null(strstr(seen->text, seen->sentence));
    assert_non_null(strstr(seen->text, "last calls:"));
    assert_non_null(strstr(seen->text, "replay: "));
}

static void good_driver_is_silent(void **state)
{
    assert_string_equal(run_driver(*state, false), "");
    assert_int_equal(belfry_violation_count(), 0);
}

/* The driver that loses user interrupts does no more harm than that: the run goes on to its end. */
static void warn_goes_on_and_counts(void **state)
{
    assert_string_equal(run_driver(*state, true), "");
    assert_int_equal(belfry_violation_count(), 1);
    assert_string_equal(belfry_violations(0)->id, "DB-INT-02");
    assert_true(belfry_violations(0)->count > 1);
}

/* --- All of them ----------------------------------------------------------------------------- */

static void set_id(struct plant *plant)
{
    size_t at = 0, parts = 0;
    size_t wanted = strncmp(plant->name, "A_", 2) == 0 ? 2 : 3;

    for (; plant->name[at] != '\0'; at++) {
        if (plant->name[at] == '_' && ++parts == wanted)
            break;
        plant->id[at] = plant->name[at] == '_' ? '-' : plant->name[at];
    }
    plant->id[at] = '\0';
}

static void add_plant(const char *path)
{
    struct plant *plant = &plants[plant_count];
    const char *name = strrchr(path, '/') + 1;

    snprintf(plant->path, sizeof(plant->path), "%s", path);
    snprintf(plant->name, sizeof(plant->name), "%.*s", (int)(strlen(name) - 3), name);
    set_id(plant);
    tests[plant_count++] =
        (struct CMUnitTest){ plant->name, violation_is_named, NULL, NULL, plant };
}

static void find_plants(const char *folder, const char *good)
{
    char pattern[1100];
    glob_t found;

    snprintf(pattern, sizeof(pattern), "%s/*.so", folder);
    if (glob(pattern, 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc && plant_count < MAX_CASES; i++)
        if (strcmp(found.gl_pathv[i], good) != 0)
            add_plant(found.gl_pathv[i]);
    globfree(&found);
}

static bool is_planted(const char *id)
{
    for (size_t i = 0; i < plant_count; i++)
        if (strcmp(plants[i].id, id) == 0)
            return true;
    return false;
}

static void list_rules_without_plant(void)
{
    const char *id, *sentence;
    size_t rules = 0, without = 0;

    for (; belfry_monitor_rule(rules, &id, &sentence); rules++)
        if (!is_planted(id)) {
            fprintf(stderr, "no driver breaks %s: %s\n", id, sentence);
            without++;
        }
    fprintf(stderr, "%zu rules, %zu planted violations, %zu rules without one\n", rules,
            plant_count, without);
}

int main(void)
{
    static char folder[1000], good[1024], lossy[1024];
    ssize_t length = readlink("/proc/self/exe", folder, sizeof(folder) - 1);
    size_t count;

    folder[length > 0 ? length : 0] = '\0';
    *strrchr(folder, '/') = '\0';
    snprintf(strrchr(folder, '/'), 16, "/violations");
    snprintf(good, sizeof(good), "%s/good.so", folder);
    snprintf(lossy, sizeof(lossy), "%s/DB_INT_02_lost.so", folder);
    find_plants(folder, good);
    list_rules_without_plant();
    count = plant_count;
    tests[count++] =
        (struct CMUnitTest){ "good_driver_is_silent", good_driver_is_silent, NULL, NULL, good };
    tests[count++] = (struct CMUnitTest){ "warn_goes_on_and_counts", warn_goes_on_and_counts, NULL,
                                          NULL, lossy };
    (void)rig_on_pages(NULL); /* The plants break what the layout "page" has. */
    return _cmocka_run_group_tests("violations", tests, count, NULL, NULL);
}
