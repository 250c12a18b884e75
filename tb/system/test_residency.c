// SPDX-License-Identifier: MIT
/*
 * Who owns the ring memory and for how long (DB-RES-01 .. -04), and the last queued value, which
 * the OS reads but must not trust (DB-PF-03, DB-PF-05).
 */
#include "rig.h"

enum { ENTRIES = 32, NODE = 0, OTHER_NODE = 1, WAIT = 400000, SETTLE = 5000 };

static struct rig rig;

static void run(bool direct, int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    config.slots = 1;
    config.destroy_direct = direct;
    rig_run(&config, body);
}

static struct belfry_alloc_info alloc_of(D3DKMT_HANDLE allocation)
{
    struct belfry_alloc_info info;

    REQUIRE(belfry_alloc(allocation, &info));
    return info;
}

static NTSTATUS destroy_allocation(D3DKMT_HANDLE allocation)
{
    return D3DKMTDestroyAllocation2(&(D3DKMT_DESTROYALLOCATION2){
        .hDevice = rig.device->device, .phAllocationList = &allocation, .AllocationCount = 1 });
}

/* Index of the first record of this kind and name about `object`. */
static size_t expect_about(size_t from, enum belfry_record_kind kind, const char *name,
                           uint64_t object)
{
    size_t at = from;

    while ((at = rig_expect(at, kind, name)) != (size_t)-1) {
        if (belfry_record_at(at)->object == object)
            return at;
        at++;
    }
    return at;
}

/* --- DB-RES-01 -------------------------------------------------------------------------------- */

/* D3DKMT_CREATE_DOORBELL: hHwQueue, hRingBuffer; hRingBufferControl, Flags. */
static void rings_of_create(size_t at, D3DKMT_HANDLE rings[2])
{
    const struct belfry_record *record = belfry_record_at(at);

    rings[0] = (D3DKMT_HANDLE)(record->args[0] >> 32);
    rings[1] = (D3DKMT_HANDLE)record->args[1];
}

static int library_owns_its_rings(int argc, char **argv)
{
    struct bell_umd_queue_desc desc = { .node = NODE, .ring_entries = ENTRIES };
    struct bell_umd_device *device;
    struct bell_umd_queue *queue;
    D3DKMT_HANDLE rings[2];
    unsigned before;
    size_t create, from;

    (void)argc, (void)argv;
    REQUIRE_OK(bell_umd_open((LUID){ 0 }, &device));
    before = belfry_live_objects("allocation");
    REQUIRE_OK(bell_umd_queue_create(device, &desc, &queue));
    create = rig_expect(0, BELFRY_KMT_ENTER, "D3DKMTCreateDoorbell");
    rings_of_create(create, rings);
    REQUIRE(rings[0] != 0 && rings[1] != 0);
    for (unsigned i = 0; i < 2; i++) {
        REQUIRE(alloc_of(rings[i]).resident);
        REQUIRE(expect_about(0, BELFRY_ALLOC, "resident", rings[i]) < create);
    }
    from = belfry_record_count();
    bell_umd_queue_destroy(queue);
    REQUIRE(rig_expect(from, BELFRY_KMT_EXIT, "D3DKMTDestroyDoorbell") <
            rig_expect(from, BELFRY_KMT_ENTER, "D3DKMTDestroyAllocation2"));
    REQUIRE_EQ(belfry_live_objects("allocation"), before);
    bell_umd_close(device);
    return 0;
}

static void DB_RES_01_library_makes_resident_and_frees(void **state)
{
    (void)state;
    run(false, library_owns_its_rings);
}

static NTSTATUS evict(D3DKMT_HANDLE allocation)
{
    return D3DKMTEvict(&(D3DKMT_EVICT){
        .hDevice = rig.device->device, .NumAllocations = 1, .AllocationList = &allocation });
}

static NTSTATUS make_resident(D3DKMT_HANDLE allocation)
{
    return D3DKMTMakeResident(&(D3DDDI_MAKERESIDENT){
        .hPagingQueue = rig.device->paging, .NumAllocations = 1,
        .AllocationList = &allocation });
}

static int create_while_evicted(int argc, char **argv)
{
    D3DKMT_HANDLE rings[2];

    (void)argc, (void)argv;
    rig_open(&rig, ENTRIES);
    rig_make_queue(&rig, NODE);
    rings[0] = rig.ring.allocation;
    rings[1] = rig.control.allocation;
    for (unsigned i = 0; i < 2; i++) {
        REQUIRE_OK(evict(rings[i]));
        REQUIRE_STATUS(rig_try_doorbell(&rig), STATUS_INVALID_PARAMETER);
        REQUIRE_EQ(rig_count(0, BELFRY_DDI_ENTER, "DxgkDdiCreateDoorbell"), 0);
        REQUIRE_EQ(alloc_of(rings[0]).references + alloc_of(rings[1]).references, 0);
        REQUIRE_OK(make_resident(rings[i]));
    }
    rig_make_doorbell(&rig);
    rig_close(&rig);
    return 0;
}

static void DB_RES_01_evicted_ring_is_refused(void **state)
{
    (void)state;
    run(false, create_while_evicted);
}

/* --- DB-RES-02 -------------------------------------------------------------------------------- */

enum { BURST = 16, CLOCKS = 2000 };

static void require_freed_behind(size_t from, D3DKMT_HANDLE allocation)
{
    size_t close = expect_about(from, BELFRY_DDI_ENTER, "DxgkDdiCloseAllocation", allocation);
    size_t destroy = expect_about(from, BELFRY_DDI_ENTER, "DxgkDdiDestroyAllocation", allocation);
    size_t release = expect_about(from, BELFRY_ALLOC, "release", allocation);

    REQUIRE(rig_expect(from, BELFRY_DDI_EXIT, "DxgkDdiDestroyDoorbell") < release);
    REQUIRE(release < close && close < destroy);
    REQUIRE(destroy < expect_about(from, BELFRY_ALLOC, "free", allocation));
}

static void destroy_both_rings(const D3DKMT_HANDLE *rings)
{
    size_t from = belfry_record_count();

    for (unsigned i = 0; i < 2; i++) {
        REQUIRE_STATUS(destroy_allocation(rings[i]), STATUS_SUCCESS); /* */
        REQUIRE_STATUS(destroy_allocation(rings[i]), STATUS_INVALID_PARAMETER);
        REQUIRE(alloc_of(rings[i]).destroyed);
        REQUIRE_EQ(alloc_of(rings[i]).references, 1);
    }
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiCloseAllocation"), 0);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiDestroyAllocation"), 0);
}

/* The hardware is still in the middle of the ring when its owner destroys it. */
static int pull_the_ring_away(int argc, char **argv)
{
    D3DKMT_HANDLE rings[2];
    size_t from;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    rings[0] = rig.ring.allocation;
    rings[1] = rig.control.allocation;
    REQUIRE_OK(rig_connect(&rig));
    for (uint32_t i = 0; i < BURST; i++)
        rig_append_work(&rig, i, i + 1, CLOCKS);
    rig_ring(&rig);
    rig_wait(&rig, 1, WAIT);
    from = belfry_record_count();
    destroy_both_rings(rings);
    REQUIRE(*rig.progress < BURST);
    rig_wait(&rig, BURST, WAIT);
    for (uint32_t i = 0; i < BURST; i++)
        REQUIRE_EQ(rig.data.cpu[i], i + 1);
    REQUIRE_EQ(belfry_dma_refused(), 0);
    REQUIRE_OK(rig_destroy_doorbell(&rig));
    for (unsigned i = 0; i < 2; i++) {
        struct belfry_alloc_info info;

        require_freed_behind(from, rings[i]);
        REQUIRE(!belfry_alloc(rings[i], &info));
    }
    rig.ring = rig.control = (struct bell_umd_memory){ .allocation = 0 };
    rig_close(&rig);
    REQUIRE_EQ(belfry_dma_refused(), 0);
    return 0;
}

static void DB_RES_02_destroyed_ring_waits_for_its_doorbell(void **state)
{
    (void)state;
    run(false, pull_the_ring_away);
    run(true, pull_the_ring_away);
}

/* --- DB-RES-03 -------------------------------------------------------------------------------- */

/* Append in this state; the words are really in the ring memory. */
static void append_and_look(void)
{
    uint64_t at = rig.wptr % ENTRIES * (BELL_ENTRY_BYTES / 8);

    rig_append(&rig, (uint32_t)rig.wptr, rig.wptr + 100);
    REQUIRE(rig.ring.cpu[at] >> BELL_ENTRY_WORD0_TAG_SHIFT == rig.wptr - 1);
    REQUIRE_EQ(rig.control.cpu[0], rig.wptr);
}

static int append_in_every_state(int argc, char **argv)
{
    uint64_t before, after;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    append_and_look(); /* Created. */
    REQUIRE_OK(rig_connect(&rig));
    append_and_look();
    REQUIRE_OK((NTSTATUS)belfry_os_suspend(rig.context));
    append_and_look();
    REQUIRE_OK((NTSTATUS)belfry_os_disconnect(rig.doorbell));
    append_and_look();
    REQUIRE_OK((NTSTATUS)belfry_os_resume(rig.context));
    append_and_look();
    REQUIRE_OK(rig_connect(&rig));
    rig_wait(&rig, rig.wptr, WAIT);
    for (uint32_t i = 0; i < rig.wptr; i++)
        REQUIRE_EQ(rig.data.cpu[i], i + 100);
    before = *rig.progress;
    belfry_device_lost();
    append_and_look(); /* ABORTED: the last sample may still see it, and it may run, or not. */
    REQUIRE_OK(rig_destroy_doorbell(&rig));
    after = *rig.progress;
    REQUIRE(after == before || after == before + 1);
    rig.last_queued = NULL;
    append_and_look(); /* No doorbell at all: nothing moves any more. */
    rig_settle(SETTLE);
    REQUIRE_EQ(*rig.progress, after);
    rig_close(&rig);
    return 0;
}

static void DB_RES_03_ring_can_be_written_in_every_state(void **state)
{
    (void)state;
    run(false, append_in_every_state);
    run(true, append_in_every_state);
}

/* --- DB-RES-04 -------------------------------------------------------------------------------- */

static unsigned allocations(void)
{
    REQUIRE_EQ(belfry_live_objects("allocation"), belfry_live_objects("kmd-allocation"));
    return belfry_live_objects("allocation");
}

static int only_the_device_takes_them(int argc, char **argv)
{
    unsigned all;
    size_t from;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    all = allocations();
    REQUIRE_OK(rig_connect(&rig));
    REQUIRE_OK((NTSTATUS)belfry_os_disconnect(rig.doorbell));
    REQUIRE_EQ(allocations(), all);
    belfry_device_lost();
    REQUIRE_EQ(allocations(), all);
    REQUIRE_OK(rig_destroy_doorbell(&rig));
    rig_destroy_queue(rig.queue);
    rig_destroy_context(rig.context);
    rig_settle(SETTLE);
    REQUIRE_EQ(allocations(), all);
    REQUIRE(alloc_of(rig.ring.allocation).resident && alloc_of(rig.control.allocation).resident);
    from = belfry_record_count();
    bell_umd_close(rig.device);
    REQUIRE_EQ(allocations(), 0);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiDestroyAllocation"), all);
    return 0;
}

static void DB_RES_04_only_device_termination_destroys_rings(void **state)
{
    (void)state;
    run(false, only_the_device_takes_them);
    run(true, only_the_device_takes_them);
}

/* --- DB-PF-03 --------------------------------------------------------------------------------- */

enum { LIARS = 3, REAL = 4, STEPS = 60, STEP_PAUSE = 20, EXIT_BOUND = 200000 };

static struct rig liar[LIARS];
static bool liars_left;

static void lie(struct rig *one, bool connect)
{
    if (connect)
        REQUIRE_OK(rig_connect(one));
    for (uint32_t i = 0; i < REAL; i++)
        rig_append_work(one, i, i + 1, CLOCKS);
    if (connect)
        rig_ring(one);
    *one->last_queued = UINT64_MAX;
}

/* Connected and running; in RETRY with work that nobody rang for; without any work. */
static int hostile(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&liar[0], ENTRIES, NODE);
    for (unsigned i = 1; i < LIARS; i++) {
        rig_open_beside(&liar[i], &liar[0], ENTRIES);
        rig_make_queue(&liar[i], OTHER_NODE);
        rig_make_doorbell(&liar[i]);
    }
    lie(&liar[0], true);
    lie(&liar[1], false);
    *liar[2].last_queued = UINT64_MAX;
    liars_left = true;
    return 0; /* The OS has to clean up. */
}

static unsigned finished_between(size_t from, size_t to, uint64_t hw_queue)
{
    unsigned count = 0;

    for (size_t i = from; i < to; i++)
        count += belfry_record_at(i)->kind == BELFRY_FINISH &&
                 belfry_record_at(i)->value2 == hw_queue;
    return count;
}

/* From the liar's return to the end of its last object: far less than TdrDelay, and no idle
 * time for others. */
static void check_hostile_exit(void)
{
    size_t left = rig_expect(0, BELFRY_PROCESS, "exit");
    size_t gone = rig_expect(left, BELFRY_DDI_ENTER, "DxgkDdiDestroyProcess");

    REQUIRE_EQ(belfry_record_at(gone)->object, belfry_record_at(left)->process);
    REQUIRE(belfry_record_at(gone)->cycle - belfry_record_at(left)->cycle < EXIT_BOUND);
    REQUIRE(finished_between(left, gone, rig.blob.queue_token) > 2);
    for (unsigned i = 0; i < 2; i++) /* What they really queued has run. */
        REQUIRE_EQ(finished_between(0, gone, liar[i].blob.queue_token), REAL);
    REQUIRE_EQ(belfry_dma_refused(), 0);
}

static int neighbour(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&rig));
    while (!liars_left)
        belfry_sleep(100);
    for (uint32_t i = 0; i < STEPS; i++) {
        rig_append(&rig, i, i);
        rig_ring(&rig);
        rig_wait(&rig, i + 1, WAIT);
        rig_settle(STEP_PAUSE);
    }
    check_hostile_exit();
    rig_close(&rig);
    return 0;
}

static void lie_and_leave(bool direct)
{
    struct belfry_config config = rig_config();

    config.destroy_direct = direct;
    liars_left = false;
    rig_open_machine(&config);
    belfry_spawn("hostile", hostile, 0, NULL);
    belfry_spawn("neighbour", neighbour, 0, NULL);
    rig_finish_machine();
}

static void DB_PF_03_hostile_value_does_not_hold_the_exit(void **state)
{
    (void)state;
    lie_and_leave(false);
    lie_and_leave(true);
}

/* Destroying never waits for the value; a value that is too small only hurts its owner. */
static int destroy_with_wrong_value(int argc, char **argv)
{
    static const uint64_t values[] = { UINT64_MAX, 0, UINT64_C(1) << 63 };
    uint64_t start;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        rig.control.cpu[0] = rig.wptr = 0;
        REQUIRE_OK(rig_connect(&rig));
        rig_append_work(&rig, 0, 1, CLOCKS);
        rig_ring(&rig);
        *rig.last_queued = values[i];
        start = belfry_now();
        REQUIRE_OK(rig_destroy_doorbell(&rig));
        REQUIRE(belfry_now() - start < WAIT);
        rig_make_doorbell(&rig);
    }
    *rig.last_queued = 0;
    rig.control.cpu[0] = rig.wptr = 0;
    rig_append_work(&rig, 0, 1, WAIT);
    *rig.last_queued = 0;
    REQUIRE_OK(rig_connect(&rig));
    return 0; /* The exit believes that nothing is queued. */
}

static void DB_PF_03_wrong_values_hurt_nobody_else(void **state)
{
    (void)state;
    run(false, destroy_with_wrong_value);
    run(true, destroy_with_wrong_value);
}

/* --- DB-PF-05 --------------------------------------------------------------------------------- */

static void run_some(uint64_t more)
{
    for (uint64_t i = 0; i < more; i++) {
        rig_append(&rig, (uint32_t)i, rig.base + i);
        rig_ring(&rig);
    }
    rig_wait(&rig, rig.base + rig.wptr, WAIT);
    REQUIRE_EQ(*rig.last_queued, rig.base + rig.wptr);
}

static int recreate_doorbell(int argc, char **argv)
{
    const volatile uint64_t *old;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    REQUIRE_EQ(*rig.last_queued, 0);
    REQUIRE_EQ(*rig.progress, 0);
    for (unsigned life = 0; life < 4; life++) {
        REQUIRE_OK(rig_connect(&rig));
        run_some(3);
        old = rig.last_queued;
        REQUIRE_OK(rig_destroy_doorbell(&rig));
        rig.base += rig.wptr;
        rig.control.cpu[0] = rig.wptr = 0; /* A fresh ring; the queue goes on. */
        rig_make_doorbell(&rig);
        REQUIRE(rig.last_queued != old);
        REQUIRE_EQ(*rig.last_queued, rig.base);
        REQUIRE_EQ(*rig.progress, rig.base);
    }
    rig_destroy_queue(rig.queue); /* Takes the doorbell along. */
    rig_destroy_context(rig.context);
    rig_make_queue(&rig, NODE);
    rig_make_doorbell(&rig);
    REQUIRE_EQ(*rig.last_queued, 0); /* Another queue begins anew. */
    rig_close(&rig);
    return 0;
}

static void DB_PF_05_value_belongs_to_the_queue(void **state)
{
    (void)state;
    run(false, recreate_doorbell);
    run(true, recreate_doorbell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(DB_RES_01_library_makes_resident_and_frees),
        cmocka_unit_test(DB_RES_01_evicted_ring_is_refused),
        cmocka_unit_test(DB_RES_02_destroyed_ring_waits_for_its_doorbell),
        cmocka_unit_test(DB_RES_03_ring_can_be_written_in_every_state),
        cmocka_unit_test(DB_RES_04_only_device_termination_destroys_rings),
        cmocka_unit_test(DB_PF_03_hostile_value_does_not_hold_the_exit),
        cmocka_unit_test(DB_PF_03_wrong_values_hurt_nobody_else),
        cmocka_unit_test(DB_PF_05_value_belongs_to_the_queue),
    };

    return cmocka_run_group_tests_name("residency", tests, NULL, NULL);
}
