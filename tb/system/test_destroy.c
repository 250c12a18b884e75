// SPDX-License-Identifier: MIT
/*
 * Destroying a doorbell (DB-DES-01 .. -05, -07), each under both readings of the published order
 * the OS disconnects first, or leaves that to the driver's destroy. Races are in
 * test_destroy_races.c.
 */
#include "rig.h"

#include <stdio.h>

#include "d3dkmddi.h"

enum { ENTRIES = 32, NODE = 0, OTHER_NODE = 1, WAIT = 400000, SETTLE = 5000 };

static bool direct;
static struct rig rig, other;

static void run(void **state, uint32_t slots, int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    direct = *(const bool *)*state;
    config.slots = slots;
    config.destroy_direct = direct;
    rig_run(&config, body);
}

static void open_beside(uint32_t node)
{
    rig_open_beside(&other, &rig, ENTRIES);
    rig_make_queue(&other, node);
    rig_make_doorbell(&other);
}

static NTSTATUS destroy_handle(D3DKMT_HANDLE doorbell)
{
    return D3DKMTDestroyDoorbell(&(D3DKMT_DESTROY_DOORBELL){ .hDoorbell = doorbell });
}

static struct belfry_doorbell_info info_of(D3DKMT_HANDLE doorbell)
{
    struct belfry_doorbell_info info;

    REQUIRE(belfry_doorbell(doorbell, &info));
    return info;
}

static struct belfry_alloc_info alloc_of(const struct bell_umd_memory *memory)
{
    struct belfry_alloc_info info;

    REQUIRE(belfry_alloc(memory->allocation, &info));
    return info;
}

static void require_queue_closed(const struct rig *closed)
{
    REQUIRE_EQ(rig_queue_state(closed->blob.queue_token) & BELL_QUEUE_STATE_OPEN_MASK, 0);
}

/* --- DB-DES-01 -------------------------------------------------------------------------------- */

static void stay_created(void)
{
}

static void get_connected(void)
{
    REQUIRE_OK(rig_connect(&rig));
}

static void get_disconnected(void)
{
    get_connected();
    REQUIRE_OK((NTSTATUS)belfry_os_disconnect(rig.doorbell));
}

static void get_victimized(void)
{
    get_connected();
    open_beside(NODE);
    REQUIRE_OK(rig_connect(&other));
    REQUIRE_EQ(*rig.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
}

static void get_busy(void)
{
    get_connected();
    rig_append_work(&rig, 0, 1, WAIT / 10);
    rig_append(&rig, 0, 2);
    rig_ring(&rig);
    rig_settle(SETTLE);
}

static void get_aborted(void)
{
    get_connected();
    belfry_device_lost();
    REQUIRE_EQ(*rig.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT);
}

static void (*const ways[])(void) = { stay_created,   get_connected, get_disconnected,
                                      get_victimized, get_busy,      get_aborted };
static void (*reach_state)(void);

static void require_refused(D3DKMT_HANDLE handle)
{
    D3DKMT_CONNECT_DOORBELL connect = { .hDoorbell = handle };
    D3DKMT_NOTIFY_WORK_SUBMISSION notify = { .hDoorbell = handle };
    size_t from = belfry_record_count();

    REQUIRE_STATUS(destroy_handle(handle), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(D3DKMTConnectDoorbell(&connect), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(D3DKMTNotifyWorkSubmission(&notify), STATUS_INVALID_PARAMETER);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, NULL), 0);
}

static int destroy_once(int argc, char **argv)
{
    D3DKMT_HANDLE dead;

    (void)argc, (void)argv;
    memset(&other, 0, sizeof(other));
    rig_make(&rig, ENTRIES, NODE);
    dead = rig.doorbell;
    reach_state();
    REQUIRE_STATUS(rig_destroy_doorbell(&rig), STATUS_SUCCESS);
    require_refused(dead);
    if (other.device != NULL)
        rig_close_beside(&other);
    rig_close(&rig);
    return 0;
}

static void DB_DES_01_succeeds_in_every_state_and_only_once(void **state)
{
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        reach_state = ways[i];
        run(state, 1, destroy_once);
    }
}

static enum { OWNER, STRANGER, OWNER_AGAIN } turn;

static void await_turn(int whose)
{
    while ((int)turn != whose)
        belfry_sleep(100);
}

static int stranger(int argc, char **argv)
{
    (void)argc, (void)argv;
    await_turn(STRANGER);
    require_refused(rig.doorbell);
    turn = OWNER_AGAIN;
    return 0;
}

static int refuse_handles(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&rig));
    require_refused(0);
    require_refused(~0u);
    require_refused(rig.queue);
    require_refused(rig.ring.allocation);
    require_refused(rig.doorbell + 1);
    REQUIRE_STATUS(D3DKMTDestroyDoorbell(NULL), STATUS_INVALID_PARAMETER);
    turn = STRANGER;
    await_turn(OWNER_AGAIN);
    REQUIRE_EQ(info_of(rig.doorbell).mapping, BELFRY_MAPPED_SLOT);
    rig_append(&rig, 0, 77);
    rig_ring(&rig);
    rig_wait(&rig, 1, WAIT);
    REQUIRE_EQ(rig.data.cpu[0], 77);
    rig_close(&rig);
    return 0;
}

static void DB_DES_01_refuses_what_is_not_the_callers_doorbell(void **state)
{
    struct belfry_config config = rig_config();

    config.destroy_direct = *(const bool *)*state;
    turn = OWNER;
    rig_open_machine(&config);
    belfry_spawn("owner", refuse_handles, 0, NULL);
    belfry_spawn("stranger", stranger, 0, NULL);
    rig_finish_machine();
}

/* --- DB-DES-02 -------------------------------------------------------------------------------- */

static int undo_everything(int argc, char **argv)
{
    unsigned mappings, fences;
    uint64_t kmd_handle;
    D3DKMT_HANDLE dead;
    size_t from, at;

    (void)argc, (void)argv;
    rig_open(&rig, ENTRIES);
    rig_make_queue(&rig, NODE);
    mappings = belfry_live_objects("mapping");
    fences = belfry_live_objects("fence");
    rig_make_doorbell(&rig);
    dead = rig.doorbell;
    kmd_handle = info_of(dead).kmd_handle;
    REQUIRE_EQ(belfry_live_objects("mapping"), mappings + 3); /* Doorbell, status, last queued. */
    REQUIRE_EQ(alloc_of(&rig.ring).references, 1);
    REQUIRE_EQ(alloc_of(&rig.control).references, 1);
    REQUIRE_OK(rig_connect(&rig));
    from = belfry_record_count();
    REQUIRE_OK(rig_destroy_doorbell(&rig));

    REQUIRE_EQ(belfry_live_objects("mapping"), mappings);
    REQUIRE_EQ(belfry_live_objects("fence"), fences);
    REQUIRE_EQ(belfry_live_objects("doorbell"), 0);
    REQUIRE_EQ(alloc_of(&rig.ring).references, 0);
    REQUIRE_EQ(alloc_of(&rig.control).references, 0);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiDestroyDoorbell"), 1);
    at = rig_expect(from, BELFRY_DDI_ENTER, "DxgkDdiDestroyDoorbell");
    REQUIRE_EQ(belfry_record_at(at)->args[0], kmd_handle);
    at = rig_expect(at, BELFRY_MAP, NULL);
    REQUIRE_EQ(belfry_record_at(at)->value, BELFRY_MAPPED_NONE);
    REQUIRE_EQ(belfry_record_at(at)->object, dead);
    rig_close(&rig);
    return 0;
}

static void DB_DES_02_references_mappings_and_driver_object_go(void **state)
{
    run(state, 1, undo_everything);
}

static volatile uint64_t *(*dead_address)(void);
static bool by_store;

static volatile uint64_t *status_page(void)
{
    return rig.status;
}

static volatile uint64_t *last_queued_page(void)
{
    return rig.last_queued;
}

static int touch_dead_page(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&rig));
    REQUIRE_OK(rig_destroy_doorbell(&rig));
    if (by_store)
        *dead_address() = 1;
    else
        (void)*dead_address();
    belfry_fail("a page of a destroyed doorbell can still be %s", by_store ? "written" : "read");
    return 0;
}

static void expect_fault(void **state, volatile uint64_t *(*address)(void), bool store,
                         const char *page)
{
    struct belfry_config config = rig_config();
    struct belfry_process *process;
    enum belfry_exit how;
    char fault[256];

    dead_address = address;
    by_store = store;
    config.destroy_direct = *(const bool *)*state;
    rig_open_machine(&config);
    process = belfry_spawn("late", touch_dead_page, 0, NULL);
    assert_int_equal(belfry_run(), BELFRY_DONE);
    how = belfry_process_exit(process);
    snprintf(fault, sizeof(fault), "%s", belfry_process_fault(process));
    assert_int_equal(belfry_close(), 0);
    assert_int_equal(how, BELFRY_EXIT_FAULT);
    assert_non_null(strstr(fault, page));
}

static void DB_DES_02_old_status_and_lqv_addresses_fault(void **state)
{
    expect_fault(state, status_page, false, "\"status\"");
    expect_fault(state, last_queued_page, true, "\"lqv\"");
}

/* --- DB-DES-03 -------------------------------------------------------------------------------- */

enum { ROUNDS = 24, BURST = 20 };

static void free_all(struct rig *done)
{
    bell_umd_free(done->device, &done->ring);
    bell_umd_free(done->device, &done->control);
    bell_umd_free(done->device, &done->commands);
    bell_umd_free(done->device, &done->data);
}

/* In this order: no ring any more, hardware quiet, addresses gone, memory let go. */
static void require_order(D3DKMT_HANDLE doorbell, size_t from)
{
    size_t destroy = rig_expect(from, BELFRY_DDI_ENTER, "DxgkDdiDestroyDoorbell");
    size_t quiet = rig_expect(destroy, BELFRY_DDI_EXIT, "DxgkDdiDestroyDoorbell");
    size_t dummy = rig_expect(from, BELFRY_MAP, NULL);
    size_t gone = rig_expect(dummy + 1, BELFRY_MAP, NULL);
    size_t release = rig_expect(from, BELFRY_ALLOC, "release");

    REQUIRE_EQ(belfry_record_at(dummy)->value, BELFRY_MAPPED_DUMMY);
    REQUIRE_EQ(belfry_record_at(gone)->value, BELFRY_MAPPED_NONE);
    REQUIRE_EQ(belfry_record_at(gone)->object, doorbell);
    REQUIRE(dummy < destroy && quiet < gone && gone < release);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiDisconnectDoorbell"), direct ? 0 : 1);
    if (!direct)
        REQUIRE(rig_expect(from, BELFRY_DDI_EXIT, "DxgkDdiDisconnectDoorbell") < destroy);
}

/* Nothing of this queue happens behind the driver's destroy, however late one looks. */
static void require_silence(uint64_t hw_queue, size_t from)
{
    static const enum belfry_record_kind kinds[] = { BELFRY_SAMPLE, BELFRY_START, BELFRY_FINISH };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        for (size_t at = belfry_record_find(from, kinds[i], NULL); at != (size_t)-1;
             at = belfry_record_find(at + 1, kinds[i], NULL))
            REQUIRE(belfry_record_at(at)->value2 != hw_queue);
}

static void destroy_in_full_run(uint32_t node)
{
    D3DKMT_HANDLE doorbell;
    size_t from, quiet;

    rig_open_beside(&other, &rig, ENTRIES);
    rig_make_queue(&other, node);
    rig_make_doorbell(&other);
    REQUIRE_OK(rig_connect(&other));
    for (uint32_t i = 0; i < BURST; i++) {
        rig_append_work(&other, i, i + 1, belfry_random(200));
        rig_ring(&other);
    }
    belfry_sleep(1 + belfry_random(BURST * 100));
    doorbell = other.doorbell;
    from = belfry_record_count();
    rig_ring(&other); /* On its way when the destroy begins. */
    REQUIRE_OK(rig_destroy_doorbell(&other));
    free_all(&other);
    quiet = rig_expect(from, BELFRY_DDI_EXIT, "DxgkDdiDestroyDoorbell");
    require_order(doorbell, from);
    rig_settle(SETTLE);
    REQUIRE_EQ(belfry_dma_refused(), 0);
    require_silence(other.blob.queue_token, quiet);
    rig_close_beside(&other);
}

static int free_rings_at_once(int argc, char **argv)
{
    unsigned cut_short = 0;

    (void)argc, (void)argv;
    rig_open(&rig, ENTRIES);
    for (unsigned i = 0; i < ROUNDS; i++) {
        size_t from = belfry_record_count();

        destroy_in_full_run(i % 2 ? OTHER_NODE : NODE);
        cut_short += rig_count(from, BELFRY_FINISH, NULL) < BURST;
    }
    REQUIRE(cut_short > ROUNDS / 4); /* Else the hardware was idle anyway. */
    rig_close(&rig);
    return 0;
}

static void DB_DES_03_no_read_of_a_freed_ring(void **state)
{
    run(state, 1, free_rings_at_once);
}

/* --- DB-DES-04 -------------------------------------------------------------------------------- */

static int free_the_slot(int argc, char **argv)
{
    size_t from, at;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    open_beside(OTHER_NODE);
    REQUIRE_OK(rig_connect(&rig));
    REQUIRE_EQ(rig_owned_slots(1), 1);
    from = belfry_record_count();
    REQUIRE_OK(rig_destroy_doorbell(&rig));
    at = rig_expect(from, BELFRY_DDI_EXIT, "DxgkDdiDestroyDoorbell");
    REQUIRE_EQ(belfry_record_at(at)->status, STATUS_SUCCESS);
    REQUIRE_EQ(belfry_record_at(at)->irql, PASSIVE_LEVEL);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiDisconnectDoorbell"), direct ? 0 : 1);
    REQUIRE_EQ(rig_owned_slots(1), 0);
    require_queue_closed(&rig);
    REQUIRE_OK(rig_connect(&other)); /* The slot is really free: nobody needs to be evicted. */
    REQUIRE_EQ(rig_count(from, BELFRY_CB_ENTER, "DxgkCbDisconnectDoorbell"), 0);
    rig_append(&other, 3, 33);
    rig_ring(&other);
    rig_wait(&other, 1, WAIT);
    rig_close_beside(&other);
    rig_close(&rig);
    return 0;
}

static void DB_DES_04_driver_frees_the_slot_of_a_connected_one(void **state)
{
    run(state, 1, free_the_slot);
}

/* --- DB-DES-05 -------------------------------------------------------------------------------- */

static void require_alive(const struct bell_umd_memory *memory)
{
    struct belfry_alloc_info info = alloc_of(memory);

    REQUIRE(info.resident && !info.destroyed);
    REQUIRE_EQ(info.gpu_va, memory->gpu);
}

static int keep_the_rings(int argc, char **argv)
{
    enum { MARK_AT = 4 };
    size_t from = belfry_record_count();

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&rig));
    rig.ring.cpu[MARK_AT] = 0xABCD;
    REQUIRE_OK(rig_destroy_doorbell(&rig));
    require_alive(&rig.ring);
    require_alive(&rig.control);
    REQUIRE_EQ(rig.ring.cpu[MARK_AT], 0xABCD);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiDestroyAllocation"), 0);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiCloseAllocation"), 0);
    rig_make_doorbell(&rig); /* The same allocations serve again. */
    REQUIRE_OK(rig_connect(&rig));
    rig_append(&rig, 0, 5);
    rig_ring(&rig);
    rig_wait(&rig, 1, WAIT);
    REQUIRE_EQ(rig.data.cpu[0], 5);
    rig_close(&rig);
    return 0;
}

static void DB_DES_05_ring_allocations_stay(void **state)
{
    run(state, 1, keep_the_rings);
}

/* --- DB-DES-07 -------------------------------------------------------------------------------- */

static void destroy_queue(void)
{
    rig_destroy_queue(rig.queue);
    rig.queue = 0;
}

static void destroy_context(void)
{
    rig_destroy_context(rig.context);
    rig.queue = rig.context = 0;
}

static void (*destroy_parent)(void);

static int destroy_above(int argc, char **argv)
{
    D3DKMT_HANDLE dead;
    size_t from, destroy;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    get_busy();
    dead = rig.doorbell;
    from = belfry_record_count();
    destroy_parent();
    destroy = rig_expect(from, BELFRY_DDI_ENTER, "DxgkDdiDestroyDoorbell");
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiDisconnectDoorbell"), direct ? 0 : 1);
    if (!direct)
        REQUIRE(rig_expect(from, BELFRY_DDI_EXIT, "DxgkDdiDisconnectDoorbell") < destroy);
    REQUIRE(rig_expect(destroy, BELFRY_DDI_EXIT, "DxgkDdiDestroyDoorbell") <
            rig_expect(from, BELFRY_DDI_ENTER, "DxgkDdiDestroyHwQueue"));
    require_order(dead, from);
    require_refused(dead);
    rig.doorbell = 0;
    REQUIRE_EQ(belfry_live_objects("doorbell") + belfry_live_objects("hwqueue"), 0);
    REQUIRE_EQ(alloc_of(&rig.ring).references + alloc_of(&rig.control).references, 0);
    REQUIRE_EQ(rig_owned_slots(1), 0);
    rig_close(&rig);
    REQUIRE_EQ(belfry_dma_refused(), 0);
    return 0;
}

static void DB_DES_07_queue_takes_its_doorbell_along(void **state)
{
    destroy_parent = destroy_queue;
    run(state, 1, destroy_above);
    destroy_parent = destroy_context;
    run(state, 1, destroy_above);
}

static bool policies[] = { false, true };
#define BOTH(test)                                                                                 \
    { #test " (disconnect first)", test, NULL, NULL, &policies[0] },                               \
    { #test " (direct)", test, NULL, NULL, &policies[1] }
#define BOTH_ON_SLOTS(test)                                                                        \
    { #test " (disconnect first)", test, rig_on_slots, rig_anywhere, &policies[0] },               \
    { #test " (direct)", test, rig_on_slots, rig_anywhere, &policies[1] }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH_ON_SLOTS(DB_DES_01_succeeds_in_every_state_and_only_once),
        BOTH(DB_DES_01_refuses_what_is_not_the_callers_doorbell),
        BOTH(DB_DES_02_references_mappings_and_driver_object_go),
        BOTH(DB_DES_02_old_status_and_lqv_addresses_fault),
        BOTH(DB_DES_03_no_read_of_a_freed_ring),
        BOTH_ON_SLOTS(DB_DES_04_driver_frees_the_slot_of_a_connected_one),
        BOTH(DB_DES_05_ring_allocations_stay),
        BOTH(DB_DES_07_queue_takes_its_doorbell_along),
    };

    return cmocka_run_group_tests_name("destroy", tests, NULL, NULL);
}
