// SPDX-License-Identifier: MIT
/*
 * What D3DKMTCreateDoorbell asks of queue and rings, and what it keeps of them (DB-CRE-05 .. -07,
 * -10, -11).
 */
#include "rig.h"

#include "d3dkmddi.h"

enum { ENTRIES = 16, NODE = 0, WAIT = 200000, SLOTS = 4 };
#define RETRY D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY
#define CONNECTED D3DDDI_DOORBELLSTATUS_CONNECTED

static struct rig a, b;

static void run(int (*body)(int argc, char **argv))
{
    rig_run_on(SLOTS, body);
}

/* rig->create as it stands is refused by the OS alone. */
static void require_refused(struct rig *rig)
{
    size_t from = belfry_record_count();
    unsigned doorbells = belfry_live_objects("doorbell");
    unsigned mappings = belfry_live_objects("mapping");

    REQUIRE_STATUS(D3DKMTCreateDoorbell(&rig->create), STATUS_INVALID_PARAMETER);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, NULL), 0);
    REQUIRE_EQ(belfry_live_objects("doorbell"), doorbells);
    REQUIRE_EQ(belfry_live_objects("mapping"), mappings);
}

/* The rig's doorbell does its work. */
static void require_works(struct rig *rig, uint64_t value)
{
    rig_submit(rig, 0, value, 0);
    rig_wait(rig, rig->wptr, WAIT);
    REQUIRE_EQ(rig->data.cpu[0], value);
}

static unsigned references(D3DKMT_HANDLE allocation)
{
    struct belfry_alloc_info info;

    REQUIRE(belfry_alloc(allocation, &info));
    return info.references;
}

static NTSTATUS destroy_allocation(const struct rig *rig, D3DKMT_HANDLE handle)
{
    return D3DKMTDestroyAllocation2(&(D3DKMT_DESTROYALLOCATION2){
        .hDevice = rig->device->device, .phAllocationList = &handle, .AllocationCount = 1 });
}

/* --- DB-CRE-05, DB-CRE-06: the rings ---------------------------------------------------------- */

static void evict(const struct rig *rig, D3DKMT_HANDLE handle)
{
    REQUIRE_OK(D3DKMTEvict(&(D3DKMT_EVICT){ .hDevice = rig->device->device, .NumAllocations = 1,
                                            .AllocationList = &handle }));
}

static void make_resident(const struct rig *rig, D3DKMT_HANDLE handle)
{
    D3DDDI_MAKERESIDENT resident = {
        .hPagingQueue = rig->device->paging,
        .NumAllocations = 1,
        .AllocationList = &handle,
    };

    REQUIRE_OK(bell_umd_paging_wait(rig->device, D3DKMTMakeResident(&resident),
                                    resident.PagingFenceValue));
}

static void unmap(const struct rig *rig, const struct bell_umd_memory *memory)
{
    REQUIRE_OK(D3DKMTFreeGpuVirtualAddress(&(D3DKMT_FREEGPUVIRTUALADDRESS){
        .hAdapter = rig->device->adapter, .BaseAddress = memory->gpu, .Size = memory->bytes }));
}

static D3DKMT_HANDLE foreign_queue, foreign_allocation, foreign_control; /* The other process's. */
static bool foreign_may_go;

/* Until the other process has done its part. */
static void await(bool (*done)(void), const char *what)
{
    uint64_t end = belfry_now() + WAIT * 100;

    while (!done()) {
        if (belfry_now() > end)
            belfry_fail("no %s within %d cycles", what, WAIT * 100);
        belfry_sleep(100);
    }
}

static bool is_lent(void)
{
    return foreign_queue != 0 && foreign_allocation != 0;
}

static bool may_go(void)
{
    return foreign_may_go;
}

/* `field` of a.create: ring or control. It holds a good allocation, and must be left with it. */
static void require_good_allocations(D3DKMT_HANDLE *field)
{
    struct bell_umd_memory spare, gone;
    D3DKMT_HANDLE good = *field;
    struct rig other;

    REQUIRE_OK(bell_umd_alloc(a.device, PAGE_SIZE, &spare));
    REQUIRE_OK(bell_umd_alloc(a.device, PAGE_SIZE, &gone));
    const D3DKMT_HANDLE bad[] = { gone.allocation, a.queue, a.context, a.device->device,
                                  a.progress_handle, UINT32_MAX, 1, good ^ 1, foreign_allocation };
    bell_umd_free(a.device, &gone);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        *field = bad[i];
        require_refused(&a);
    }
    rig_open(&other, ENTRIES); /* Another device of this process. */
    *field = other.ring.allocation;
    require_refused(&a);
    rig_close(&other);

    *field = spare.allocation;
    evict(&a, spare.allocation);
    require_refused(&a); /* Not resident, .. */
    make_resident(&a, spare.allocation);
    rig_make_doorbell(&a);
    REQUIRE_OK(rig_destroy_doorbell(&a));
    unmap(&a, &spare);
    require_refused(&a); /* .. not visible to the GPU. */
    bell_umd_free(a.device, &spare);
    *field = good;
}

static int check_rings(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_open(&a, ENTRIES);
    rig_make_queue(&a, NODE);
    await(is_lent, "handles of the other process");
    require_good_allocations(&a.create.hRingBuffer);
    require_good_allocations(&a.create.hRingBufferControl);
    a.create.hRingBuffer = 0; /* The control area alone is optional. */
    require_refused(&a);
    a.create.hRingBuffer = a.ring.allocation;
    rig_make_doorbell(&a);
    require_works(&a, 11);
    foreign_may_go = true;
    rig_close(&a);
    return 0;
}

static int lend_handles(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_open(&b, ENTRIES);
    rig_make_queue(&b, NODE);
    foreign_queue = b.queue;
    foreign_control = b.control.allocation;
    foreign_allocation = b.ring.allocation;
    await(may_go, "end of the borrower");
    rig_make_doorbell(&b); /* Nobody has used them up. */
    require_works(&b, 12);
    rig_close(&b);
    return 0;
}

static void run_with_lender(int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    foreign_allocation = foreign_queue = 0;
    foreign_may_go = false;
    rig_open_machine(&config);
    assert_non_null(belfry_spawn("lender", lend_handles, 0, NULL));
    assert_non_null(belfry_spawn("borrower", body, 0, NULL));
    rig_finish_machine();
}

static void DB_CRE_05_rings_must_be_usable(void **state)
{
    (void)state;
    run_with_lender(check_rings);
}

/* Without a control allocation the area lies behind the last entry (bell_private.h). */
static int control_in_ring(int argc, char **argv)
{
    struct bell_umd_memory control;
    uint64_t hw_queue;

    (void)argc, (void)argv;
    rig_open(&a, ENTRIES);
    bell_umd_free(a.device, &a.ring);
    REQUIRE_OK(bell_umd_alloc(a.device, ENTRIES * BELL_ENTRY_BYTES + BELL_CONTROL_BYTES, &a.ring));
    rig_make_queue(&a, NODE);
    a.create.hRingBufferControl = 0;
    rig_make_doorbell(&a);
    REQUIRE_EQ(references(a.ring.allocation), 1);
    REQUIRE_EQ(references(a.control.allocation), 0);
    control = a.control;
    a.control.cpu = a.ring.cpu + ENTRIES * BELL_ENTRY_BYTES / sizeof(*a.ring.cpu);
    for (unsigned i = 1; i <= 2 * ENTRIES + 1; i++) /* Twice round. */
        require_works(&a, i);
    hw_queue = a.blob.queue_token;
    REQUIRE_EQ(belfry_register(BELL_QUEUE_CONTROL_OFFSET(hw_queue)),
               a.ring.gpu + ENTRIES * BELL_ENTRY_BYTES);
    rig_settle(WAIT / 100);
    REQUIRE_EQ(rig_rptr(&a), 2 * ENTRIES + 1);
    a.control = control;
    rig_close(&a);
    return 0;
}

static int control_apart(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&a, ENTRIES, NODE);
    REQUIRE_EQ(references(a.control.allocation), 1);
    for (unsigned i = 1; i <= 2 * ENTRIES + 1; i++)
        require_works(&a, i);
    REQUIRE_EQ(belfry_register(BELL_QUEUE_CONTROL_OFFSET(a.blob.queue_token)), a.control.gpu);
    rig_settle(WAIT / 100);
    REQUIRE_EQ(rig_rptr(&a), 2 * ENTRIES + 1);
    rig_close(&a);
    return 0;
}

static void DB_CRE_06_control_area_is_optional(void **state)
{
    (void)state;
    run(control_in_ring);
    run(control_apart);
}

/* --- DB-CRE-07: references -------------------------------------------------------------------- */

static int holds_references(int argc, char **argv)
{
    size_t from, destroyed, freed;
    D3DKMT_HANDLE ring, control;

    (void)argc, (void)argv;
    rig_make(&a, ENTRIES, NODE);
    ring = a.ring.allocation;
    control = a.control.allocation;
    REQUIRE_EQ(references(ring), 1);
    REQUIRE_EQ(references(control), 1);
    REQUIRE_OK(rig_connect(&a));
    REQUIRE_OK((NTSTATUS)belfry_os_disconnect(a.doorbell)); /* Connected or not. */
    REQUIRE_EQ(references(ring), 1);
    REQUIRE_EQ(references(control), 1);

    rig_open_beside(&b, &a, ENTRIES); /* Each doorbell counts. */
    rig_make_queue(&b, NODE);
    b.create.hRingBufferControl = control;
    rig_make_doorbell(&b);
    REQUIRE_EQ(references(control), 2);
    REQUIRE_OK(rig_destroy_doorbell(&b));
    REQUIRE_EQ(references(control), 1);
    REQUIRE_EQ(references(b.ring.allocation), 0);
    rig_close_beside(&b);

    from = belfry_record_count();
    REQUIRE_OK(destroy_allocation(&a, ring)); /* The handles go, the memory stays. */
    REQUIRE_OK(destroy_allocation(&a, control));
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiDestroyAllocation"), 0);
    require_works(&a, 21);
    REQUIRE_OK(rig_destroy_doorbell(&a));
    destroyed = rig_expect(from, BELFRY_DDI_EXIT, "DxgkDdiDestroyDoorbell");
    freed = rig_expect(from, BELFRY_DDI_ENTER, "DxgkDdiDestroyAllocation");
    REQUIRE(destroyed < freed);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiDestroyAllocation"), 2);
    a.ring = a.control = (struct bell_umd_memory){ 0 };
    rig_close(&a);
    return 0;
}

static void DB_CRE_07_a_doorbell_holds_its_rings(void **state)
{
    (void)state;
    run(holds_references);
}

/* --- DB-CRE-10: queue and flags --------------------------------------------------------------- */

enum { FIRST_RESERVED_FLAG = 2 };

static int check_queue_and_flags(int argc, char **argv)
{
    D3DKMT_CREATEHWQUEUE kernel, gone;

    (void)argc, (void)argv;
    rig_open(&a, ENTRIES);
    rig_make_queue(&a, NODE);
    REQUIRE_OK(rig_try_queue(a.context, false, &kernel));
    REQUIRE_OK(rig_try_queue(a.context, true, &gone));
    rig_destroy_queue(gone.hHwQueue);
    await(is_lent, "handles of the other process");
    const D3DKMT_HANDLE bad[] = { 0, 1, UINT32_MAX, a.context, a.ring.allocation, kernel.hHwQueue,
                                  gone.hHwQueue, a.queue ^ 1, foreign_queue };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        a.create.hHwQueue = bad[i];
        require_refused(&a);
    }
    a.create.hHwQueue = foreign_queue; /* Everything fits, but is another process's. */
    a.create.hRingBuffer = foreign_allocation;
    a.create.hRingBufferControl = foreign_control;
    require_refused(&a);
    a.create.hHwQueue = a.queue;
    a.create.hRingBuffer = a.ring.allocation;
    a.create.hRingBufferControl = a.control.allocation;
    for (unsigned bit = FIRST_RESERVED_FLAG; bit < 32; bit++) {
        a.create.Flags.Value = 1u << bit;
        require_refused(&a);
    }
    a.create.Flags.Value = UINT32_MAX;
    require_refused(&a);
    a.create.Flags.Value = 0;
    rig_make_doorbell(&a);
    require_works(&a, 31);
    foreign_may_go = true;
    rig_destroy_queue(kernel.hHwQueue);
    rig_close(&a);
    return 0;
}

static void DB_CRE_10_queue_and_flags_are_checked(void **state)
{
    (void)state;
    run_with_lender(check_queue_and_flags);
}

/* --- DB-CRE-11: one doorbell a queue ---------------------------------------------------------- */

static int second_is_refused(int argc, char **argv)
{
    struct belfry_doorbell_info before, after;
    struct rig second;

    (void)argc, (void)argv;
    rig_make(&a, ENTRIES, NODE);
    rig_open_beside(&b, &a, ENTRIES);
    second = b; /* With rings of its own, on the queue of a. */
    second.create = a.create;
    second.create.hRingBuffer = b.ring.allocation;
    second.create.hRingBufferControl = b.control.allocation;
    require_refused(&second); /* Before the first connect .. */
    REQUIRE_OK(rig_connect(&a));
    REQUIRE(belfry_doorbell(a.doorbell, &before));
    require_refused(&second); /* .. and after it. */
    REQUIRE(belfry_doorbell(a.doorbell, &after));
    REQUIRE_EQ(after.mapping, BELFRY_MAPPED_SLOT);
    REQUIRE_EQ(after.bar2, before.bar2);
    REQUIRE_EQ(after.kmd_handle, before.kmd_handle);
    REQUIRE(after.user_va == before.user_va);
    REQUIRE_EQ(*a.status, CONNECTED);
    REQUIRE_EQ(references(b.ring.allocation), 0);
    require_works(&a, 41);
    REQUIRE_EQ(belfry_register(BELL_QUEUE_BASE_OFFSET(a.blob.queue_token)), a.ring.gpu);

    REQUIRE_OK(rig_destroy_doorbell(&a)); /* One after the other is allowed. */
    a.create.hRingBuffer = b.ring.allocation;
    rig_make_doorbell(&a);
    rig_close_beside(&b);
    rig_close(&a);
    return 0;
}

static void DB_CRE_11_second_doorbell_is_refused(void **state)
{
    (void)state;
    run(second_is_refused);
}

/* Two threads at once, while the driver takes its time. */
enum { CREATORS = 3, STAY = 300 };

static DXGKDDI_CREATEDOORBELL *real_create;

static NTSTATUS slow_create(DXGKARG_CREATEDOORBELL *args)
{
    NTSTATUS status;

    belfry_sleep(STAY);
    status = real_create(args);
    belfry_sleep(STAY);
    return status;
}

static void slow_down(DRIVER_INITIALIZATION_DATA *table)
{
    real_create = table->DxgkDdiCreateDoorbell;
    table->DxgkDdiCreateDoorbell = slow_create;
}

static int unhook(void **state)
{
    (void)rig_anywhere(state);
    belfry_hook_driver(NULL);
    return 0;
}

struct creator {
    D3DKMT_CREATE_DOORBELL create;
    NTSTATUS status;
};

static void create_one(void *arg)
{
    struct creator *creator = arg;

    creator->status = D3DKMTCreateDoorbell(&creator->create);
}

static int create_at_once(int argc, char **argv)
{
    struct creator creators[CREATORS];
    struct belfry_thread *threads[CREATORS];
    unsigned made = 0;

    (void)argc, (void)argv;
    rig_open(&a, ENTRIES);
    rig_make_queue(&a, NODE);
    a.create.PrivateDriverData = NULL;
    a.create.PrivateDriverDataSize = 0;
    for (unsigned i = 0; i < CREATORS; i++) {
        creators[i].create = a.create;
        threads[i] = belfry_thread_start("creator", create_one, &creators[i]);
    }
    for (unsigned i = 0; i < CREATORS; i++) {
        belfry_thread_join(threads[i]);
        if (creators[i].status == STATUS_SUCCESS) {
            made++;
            a.doorbell = creators[i].create.hDoorbell;
        } else {
            REQUIRE_STATUS(creators[i].status, STATUS_INVALID_PARAMETER);
        }
    }
    REQUIRE_EQ(made, 1);
    REQUIRE_EQ(rig_count(0, BELFRY_DDI_ENTER, "DxgkDdiCreateDoorbell"), 1);
    REQUIRE_EQ(belfry_live_objects("doorbell"), 1);
    REQUIRE_EQ(references(a.ring.allocation), 1);
    rig_close(&a);
    return 0;
}

static void DB_CRE_11_threads_make_one_doorbell(void **state)
{
    (void)state;
    belfry_hook_driver(slow_down);
    run(create_at_once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(DB_CRE_05_rings_must_be_usable),
        cmocka_unit_test(DB_CRE_06_control_area_is_optional),
        cmocka_unit_test(DB_CRE_07_a_doorbell_holds_its_rings),
        cmocka_unit_test(DB_CRE_10_queue_and_flags_are_checked),
        cmocka_unit_test(DB_CRE_11_second_doorbell_is_refused),
        cmocka_unit_test_setup_teardown(DB_CRE_11_threads_make_one_doorbell, rig_on_slots,
                                        unhook),
    };

    return cmocka_run_group_tests_name("create_handles", tests, NULL, NULL);
}
