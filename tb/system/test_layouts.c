// SPDX-License-Identifier: MIT
/*
 * Doorbell layouts other than a page each: packed (DB-MOD-04, DB-VA-04, A-37, A-38) and global
 * (DB-MOD-02, -03, -05, -06, DB-VIC-11, A-39); and victims that are suspended (DB-VIC-07).
 */
#include "rig.h"

#include "d3dkmddi.h"

enum { ENTRIES = 16, NODE = 0, WAIT = 400000, QUEUES = 12, CANARY = 77 };

static struct rig rig, more[QUEUES];

static struct belfry_config config_of(const char *doorbells, uint32_t slots)
{
    struct belfry_config config = rig_config();

    config.doorbells = doorbells;
    config.slots = slots;
    return config;
}

static void run(const char *doorbells, uint32_t slots, int (*body)(int argc, char **argv))
{
    struct belfry_config config = config_of(doorbells, slots);

    rig_run(&config, body);
}

static void make_beside(struct rig *made)
{
    rig_open_beside(made, &rig, ENTRIES);
    rig_make_queue(made, NODE);
    rig_make_doorbell(made);
}

static void close_more(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        rig_close_beside(&more[i]);
}

static void submit_and_wait(struct rig *to, uint64_t value)
{
    rig_submit(to, 0, value, 0);
    rig_wait(to, to->base + to->wptr, WAIT);
    REQUIRE_EQ(to->data.cpu[0], value);
}

static uint64_t in_page(const volatile void *address)
{
    return (uintptr_t)address % PAGE_SIZE;
}

/* --- DB-VA-04, DB-MOD-04 ---------------------------------------------------------------------- */

/* Two doorbells fight for the slots of their offset, a hundred times. */
static int offset_is_kept(int argc, char **argv)
{
    struct belfry_doorbell_info info;
    uint64_t offset;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    for (unsigned i = 0; i < QUEUES; i++)
        make_beside(&more[i]);
    REQUIRE_EQ(in_page(more[0].page), more[0].blob.in_page_offset);
    REQUIRE(in_page(more[0].page) != in_page(more[1].page));
    offset = in_page(more[0].page);
    for (unsigned i = 0; i < 100; i++) {
        unsigned rival = 8 + i % 4; /* more[8] has the offset of more[0], and so on. */

        submit_and_wait(&more[0], i + 1);
        REQUIRE(belfry_doorbell(more[0].doorbell, &info));
        if (info.mapping == BELFRY_MAPPED_SLOT)
            REQUIRE_EQ(info.bar2 % PAGE_SIZE, offset);
        REQUIRE_EQ(in_page(info.user_va), offset);
        submit_and_wait(&more[rival], i + 1);
        if (i % 3 == 0)
            REQUIRE_STATUS(belfry_os_disconnect(more[0].doorbell), STATUS_SUCCESS);
    }
    REQUIRE_EQ(in_page(more[0].page), in_page(more[8].page));
    close_more(QUEUES);
    rig_close(&rig);
    return 0;
}

static void DB_VA_04_offset_never_changes(void **state)
{
    (void)state;
    run("packed", 8, offset_is_kept);
}

static int neighbours_are_apart(int argc, char **argv)
{
    struct belfry_doorbell_info a, b;
    size_t from;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    make_beside(&more[0]);
    REQUIRE_OK(rig_connect(&rig));
    REQUIRE_OK(rig_connect(&more[0]));
    REQUIRE(belfry_doorbell(rig.doorbell, &a) && belfry_doorbell(more[0].doorbell, &b));
    REQUIRE_EQ(a.bar2 / PAGE_SIZE, b.bar2 / PAGE_SIZE);
    REQUIRE(a.bar2 != b.bar2);
    rig_settle(2000); /* Each connect counts as a ring. */
    from = belfry_record_count();
    rig_append(&rig, 0, 5);
    rig_append(&more[0], 0, 6);
    rig_ring(&rig); /* Only this one. */
    rig_wait(&rig, 1, WAIT);
    rig_settle(2000);
    REQUIRE_EQ(belfry_record_at(rig_expect(from, BELFRY_RING, NULL))->value2,
               rig.blob.queue_token);
    REQUIRE_EQ(*more[0].progress, 0);
    REQUIRE_STATUS(belfry_os_disconnect(rig.doorbell), STATUS_SUCCESS);
    REQUIRE_EQ(*more[0].status, D3DDDI_DOORBELLSTATUS_CONNECTED);
    rig_ring(&more[0]);
    rig_wait(&more[0], 1, WAIT);
    close_more(1);
    rig_close(&rig);
    return 0;
}

static void DB_MOD_04_doorbells_of_a_page_are_apart(void **state)
{
    (void)state;
    run("packed", 0, neighbours_are_apart);
}

/* A doorbell whose creator takes no private data can be told no offset: it has 0, and works. */
static int untold_offset(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_open(&rig, ENTRIES);
    for (unsigned i = 0; i < 3; i++) {
        rig_open_beside(&more[i], &rig, ENTRIES);
        rig_make_queue(&more[i], NODE);
        more[i].create.PrivateDriverDataSize = 0;
        more[i].create.PrivateDriverData = NULL;
        rig_make_doorbell(&more[i]);
        REQUIRE_EQ(in_page(more[i].page), 0);
    }
    for (unsigned i = 0; i < 9; i++)
        submit_and_wait(&more[i % 3], i);
    close_more(3);
    rig_close(&rig);
    return 0;
}

static void A_37_untold_offset_is_zero(void **state)
{
    (void)state;
    run("packed", 16, untold_offset);
}

/* A driver that moves a doorbell in its page breaks the contract; the OS undoes the connect. */
static DXGKDDI_CONNECTDOORBELL *real_connect;
static UINT64 shift;

static NTSTATUS shifted_connect(DXGKARG_CONNECTDOORBELL *args)
{
    NTSTATUS status = real_connect(args);

    if (NT_SUCCESS(status))
        args->KernelCpuVirtualAddress = (char *)args->KernelCpuVirtualAddress + shift;
    return status;
}

static void hook_connect(DRIVER_INITIALIZATION_DATA *table)
{
    real_connect = table->DxgkDdiConnectDoorbell;
    table->DxgkDdiConnectDoorbell = shifted_connect;
}

static int unhook(void **state)
{
    (void)state;
    belfry_hook_driver(NULL);
    shift = 0;
    return 0;
}

static int moved_in_page(int argc, char **argv)
{
    size_t from;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    shift = BELL_PACKED_BYTES;
    from = belfry_record_count();
    REQUIRE_STATUS(rig_connect(&rig), STATUS_UNSUCCESSFUL);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiDisconnectDoorbell"), 1);
    REQUIRE_EQ(*rig.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    shift = 0;
    submit_and_wait(&rig, 3);
    rig_close(&rig);
    return 0;
}

static void A_37_driver_that_moves_a_doorbell_is_refused(void **state)
{
    (void)state;
    rig_breaks("DB-VA-04");
    belfry_hook_driver(hook_connect);
    run("packed", 0, moved_in_page);
}

/* --- a packed page is one process's ------------------------------------------------------ */

static unsigned finished;

/* Several processes, one page of slots: all work gets done, and never is the page in two. */
static int one_of_many(int argc, char **argv)
{
    struct rig own[3];

    (void)argc, (void)argv;
    rig_make(&own[0], ENTRIES, NODE);
    for (unsigned i = 1; i < 3; i++) {
        rig_open_beside(&own[i], &own[0], ENTRIES);
        rig_make_queue(&own[i], NODE);
        rig_make_doorbell(&own[i]);
    }
    for (unsigned i = 0; i < 30; i++)
        submit_and_wait(&own[i % 3], i);
    finished++;
    rig_close_beside(&own[2]);
    rig_close_beside(&own[1]);
    rig_close(&own[0]);
    return 0;
}

/* Replays all mappings: at no moment does a packed page lead into two processes. */
static void check_pages(void)
{
    enum { DOORBELLS = 64 };
    struct {
        uint64_t doorbell, page;
        uint32_t process;
    } at[DOORBELLS] = { 0 };
    unsigned known = 0;

    for (size_t r = 0; r < belfry_record_count(); r++) {
        const struct belfry_record *record = belfry_record_at(r);
        unsigned i = 0;

        if (record->kind == BELFRY_DDI_ENTER &&
            strcmp(record->name, "DxgkDdiCreateDoorbell") == 0) {
            assert_true(known < DOORBELLS);
            at[known].doorbell = record->object;
            at[known++].process = record->process;
        }
        if (record->kind != BELFRY_MAP)
            continue;
        while (i < known && at[i].doorbell != record->object)
            i++;
        if (i == known)
            continue; /* The dummy page, before the DDI. */
        at[i].page = record->value == BELFRY_MAPPED_SLOT ? record->value2 / PAGE_SIZE : 0;
        for (unsigned other = 0; at[i].page != 0 && other < known; other++)
            if (at[other].page == at[i].page)
                assert_int_equal(at[other].process, at[i].process);
    }
    assert_true(known >= 9);
}

static void A_38_packed_page_leads_into_one_process(void **state)
{
    struct belfry_config config = config_of("packed", 5);

    (void)state;
    finished = 0;
    rig_open_machine(&config);
    for (unsigned i = 0; i < 3; i++)
        belfry_spawn("one", one_of_many, 0, NULL);
    assert_int_equal(belfry_run(), BELFRY_DONE);
    assert_int_equal(finished, 3);
    check_pages();
    assert_int_equal(belfry_close(), 0);
}

/* A driver that gives two processes doorbells of one page: the second connect fails. */
static DXGKDDI_CREATEDOORBELL *real_create;
static HANDLE first_address;
static bool first_connected, second_done;

static NTSTATUS next_to_the_first(DXGKARG_CONNECTDOORBELL *args)
{
    NTSTATUS status = real_connect(args);

    if (NT_SUCCESS(status) && first_address == NULL)
        first_address = args->KernelCpuVirtualAddress;
    else if (NT_SUCCESS(status)) /* Its own offset, in the page of the first. */
        args->KernelCpuVirtualAddress =
            (HANDLE)(((uintptr_t)first_address & ~(uintptr_t)(PAGE_SIZE - 1)) +
                     ((uintptr_t)args->KernelCpuVirtualAddress & (PAGE_SIZE - 1)));
    return status;
}

static void hook_neighbour(DRIVER_INITIALIZATION_DATA *table)
{
    real_connect = table->DxgkDdiConnectDoorbell;
    real_create = table->DxgkDdiCreateDoorbell;
    table->DxgkDdiConnectDoorbell = next_to_the_first;
}

static int first_process(int argc, char **argv)
{
    static struct rig own;

    (void)argc, (void)argv;
    rig_make(&own, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&own));
    first_connected = true;
    while (!second_done)
        belfry_sleep(100);
    rig_close(&own);
    return 0;
}

static int second_process(int argc, char **argv)
{
    static struct rig own;
    size_t from;

    (void)argc, (void)argv;
    while (!first_connected)
        belfry_sleep(100);
    rig_make(&own, ENTRIES, NODE);
    from = belfry_record_count();
    /* Evicted by the shipped driver, were the page the same: it gave another. */
    REQUIRE_STATUS(rig_connect(&own), STATUS_UNSUCCESSFUL);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiDisconnectDoorbell"), 1);
    REQUIRE_EQ(*own.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    second_done = true;
    rig_close(&own);
    return 0;
}

static void A_38_OS_refuses_a_page_of_another_process(void **state)
{
    struct belfry_config config = config_of("packed", 0);

    (void)state;
    first_address = NULL;
    first_connected = second_done = false;
    belfry_hook_driver(hook_neighbour);
    rig_open_machine(&config);
    belfry_spawn("first", first_process, 0, NULL);
    belfry_spawn("second", second_process, 0, NULL);
    rig_finish_machine();
}

/* --- Global: DB-MOD-02, -03, -05, DB-VIC-11 ---------------------------------------------------- */

static int one_address(int argc, char **argv)
{
    uint64_t place = 0;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    for (unsigned i = 0; i < QUEUES; i++)
        make_beside(&more[i]);
    for (unsigned i = 0; i < QUEUES; i++) {
        struct belfry_doorbell_info info;

        REQUIRE_OK(rig_connect(&more[i]));
        REQUIRE(belfry_doorbell(more[i].doorbell, &info));
        REQUIRE(i == 0 || info.bar2 == place);
        place = info.bar2;
    }
    for (unsigned i = 0; i < QUEUES; i++)
        submit_and_wait(&more[i], 100 + i);
    close_more(QUEUES);
    rig_close(&rig);
    return 0;
}

static void DB_MOD_02_one_address_for_all_queues(void **state)
{
    (void)state;
    run("global", 1, one_address);
}

static int all_stay_connected(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    for (unsigned i = 0; i < QUEUES; i++)
        make_beside(&more[i]);
    for (unsigned round = 1; round <= 3; round++)
        for (unsigned i = 0; i < QUEUES; i++)
            submit_and_wait(&more[i], round * 100 + i);
    for (unsigned i = 0; i < QUEUES; i++)
        REQUIRE_EQ(*more[i].status, D3DDDI_DOORBELLSTATUS_CONNECTED);
    REQUIRE_EQ(rig_count(0, BELFRY_DDI_ENTER, "DxgkDdiConnectDoorbell"), QUEUES);
    REQUIRE_EQ(rig_count(0, BELFRY_CB_ENTER, "DxgkCbDisconnectDoorbell"), 0);
    close_more(QUEUES);
    rig_close(&rig);
    return 0;
}

static void DB_VIC_11_global_layout_has_no_victims(void **state)
{
    (void)state;
    run("global", 1, all_stay_connected);
}

/* Through the library, in several processes at once. */
static int library_user(int argc, char **argv)
{
    struct bell_umd_queue_desc desc = { .node = NODE, .ring_entries = ENTRIES };
    struct bell_umd_commands list;
    struct bell_umd_memory memory;
    struct bell_umd_device *device;
    struct bell_umd_queue *queue;
    struct bell_umd_stats stats;
    UINT64 fence;

    (void)argc, (void)argv;
    REQUIRE_OK(bell_umd_open((LUID){0}, &device));
    REQUIRE_OK(bell_umd_alloc(device, 8192, &memory));
    REQUIRE_OK(bell_umd_queue_create(device, &desc, &queue));
    for (unsigned i = 0; i < 40; i++) {
        REQUIRE_OK(bell_umd_commands_begin(&list, &memory, 4096 + i % 16 * 128, 128));
        bell_umd_cmd_write64(&list, memory.gpu, i + 1);
        REQUIRE_OK(bell_umd_submit(queue, &list, &fence));
        if (i % 8 == 7)
            REQUIRE_OK(bell_umd_wait(queue, fence));
    }
    REQUIRE_EQ(memory.cpu[0], 40);
    bell_umd_queue_stats(queue, &stats);
    REQUIRE_EQ(stats.connects, 1);
    REQUIRE_EQ(stats.victimized, 0);
    finished++;
    bell_umd_queue_destroy(queue);
    bell_umd_free(device, &memory);
    bell_umd_close(device);
    return 0;
}

static void DB_MOD_02_all_processes_share_it(void **state)
{
    struct belfry_config config = config_of("global", 1);

    (void)state;
    finished = 0;
    rig_open_machine(&config);
    for (unsigned i = 0; i < 4; i++)
        belfry_spawn("user", library_user, 0, NULL);
    rig_finish_machine();
    assert_int_equal(finished, 4);
}

static int sharers_are_apart(int argc, char **argv)
{
    struct belfry_ledger before, after;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    make_beside(&more[0]);
    submit_and_wait(&rig, 1);
    submit_and_wait(&more[0], 1);
    REQUIRE_STATUS(belfry_os_disconnect(more[0].doorbell), STATUS_SUCCESS);
    REQUIRE_EQ(*more[0].status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    REQUIRE_EQ(*rig.status, D3DDDI_DOORBELLSTATUS_CONNECTED);
    belfry_ledger(&before);
    rig_ring(&more[0]); /* The dummy. */
    rig_settle(1000);
    belfry_ledger(&after);
    REQUIRE_EQ(after.accepted, before.accepted);
    rig_append(&rig, 0, 2);
    rig_ring(&rig);
    rig_wait(&rig, 2, WAIT);
    REQUIRE_OK(rig_destroy_doorbell(&more[0]));
    rig_append(&rig, 0, 3);
    rig_ring(&rig);
    rig_wait(&rig, 3, WAIT);
    close_more(1);
    rig_close(&rig);
    return 0;
}

static void DB_MOD_05_disconnect_of_one_sharer(void **state)
{
    (void)state;
    run("global", 0, sharers_are_apart);
}

/* In the dedicated layout, a driver that gives all doorbells of a process one address: the OS does
 * not mind. */
static NTSTATUS same_address(DXGKARG_CONNECTDOORBELL *args)
{
    NTSTATUS status = real_connect(args);

    if (NT_SUCCESS(status) && first_address == NULL)
        first_address = args->KernelCpuVirtualAddress;
    if (NT_SUCCESS(status))
        args->KernelCpuVirtualAddress = first_address;
    return status;
}

static void hook_same(DRIVER_INITIALIZATION_DATA *table)
{
    real_connect = table->DxgkDdiConnectDoorbell;
    table->DxgkDdiConnectDoorbell = same_address;
}

static int equal_addresses(int argc, char **argv)
{
    struct belfry_doorbell_info a, b;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    make_beside(&more[0]);
    REQUIRE_OK(rig_connect(&rig));
    REQUIRE_OK(rig_connect(&more[0]));
    REQUIRE(belfry_doorbell(rig.doorbell, &a) && belfry_doorbell(more[0].doorbell, &b));
    REQUIRE_EQ(a.mapping, BELFRY_MAPPED_SLOT);
    REQUIRE_EQ(b.mapping, BELFRY_MAPPED_SLOT);
    REQUIRE_EQ(a.bar2, b.bar2);
    REQUIRE_EQ(*rig.status, D3DDDI_DOORBELLSTATUS_CONNECTED);
    REQUIRE_EQ(*more[0].status, D3DDDI_DOORBELLSTATUS_CONNECTED);
    close_more(1);
    rig_close(&rig);
    return 0;
}

static void DB_MOD_03_OS_takes_equal_addresses(void **state)
{
    (void)state;
    rig_breaks("DB-CON-05 DB-DIS-05");
    first_address = NULL;
    belfry_hook_driver(hook_same);
    run("page", 0, equal_addresses);
}

/* --- DB-MOD-06, A-39: what a hostile value can do ---------------------------------------------- */

static struct rig target;
static bool target_ready, attack_done;

static int attacked(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&target, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&target));
    rig_settle(2000); /* The connect counts as a ring. */
    rig_append(&target, 0, CANARY); /* Appended, not rung. */
    target_ready = true;
    while (!attack_done)
        belfry_sleep(100);
    REQUIRE_EQ(rig_rptr(&target), 0); /* Deaf to other processes: not even a spurious wake-up. */
    rig_ring(&target);
    rig_wait(&target, 1, WAIT);
    rig_settle(500); /* The read pointer follows the fence. */
    REQUIRE_EQ(target.data.cpu[0], CANARY);
    REQUIRE_EQ(rig_rptr(&target), 1);
    REQUIRE_EQ(rig_queue_state(target.blob.queue_token) & BELL_QUEUE_STATE_FAULTED_MASK, 0);
    submit_and_wait(&target, 5);
    rig_close(&target);
    return 0;
}

static int attacker(int argc, char **argv)
{
    const uint64_t queues = BELL_FIELD_GET(belfry_register(BELL_CAPS_OFFSET), BELL_CAPS_QUEUES);
    const uint64_t values[] = { queues - 1, queues, 1u << 12, 0x10000, UINT64_C(1) << 32,
                                UINT64_MAX };
    struct belfry_ledger before, after;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    REQUIRE_OK(rig_connect(&rig));
    while (!target_ready)
        belfry_sleep(100);
    belfry_ledger(&before);
    for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        *rig.page = values[i];
        rig_settle(200);
        REQUIRE_EQ(BELL_FIELD_GET(belfry_register(BELL_LAST_REJECT_OFFSET), BELL_LAST_REJECT_CAUSE),
                   values[i] < queues ? BELL_REJECT_FOREIGN_TOKEN : BELL_REJECT_BAD_TOKEN);
    }
    belfry_ledger(&after);
    REQUIRE_EQ(after.rejected - before.rejected, sizeof(values) / sizeof(values[0]));
    for (unsigned i = 0; i < 500; i++)
        *rig.page = target.blob.queue_token;
    rig_settle(1000);
    attack_done = true;
    submit_and_wait(&rig, 9);
    rig_close(&rig);
    return 0;
}

static void DB_MOD_06_foreign_token_moves_nothing(void **state)
{
    struct belfry_config config = config_of("global", 0);

    (void)state;
    target_ready = attack_done = false;
    rig_open_machine(&config);
    belfry_spawn("target", attacked, 0, NULL);
    belfry_spawn("attacker", attacker, 0, NULL);
    rig_finish_machine();
}

/* Without room for the token nobody could ring: refused at once. */
static int no_room_for_the_token(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_open(&rig, ENTRIES);
    rig_make_queue(&rig, NODE);
    rig.create.PrivateDriverDataSize = 8;
    REQUIRE_STATUS(rig_try_doorbell(&rig), STATUS_INVALID_PARAMETER);
    rig.create.PrivateDriverDataSize = sizeof(rig.blob);
    rig_make_doorbell(&rig);
    submit_and_wait(&rig, 1);
    rig_close(&rig);
    return 0;
}

static void A_39_doorbell_without_a_token_is_refused(void **state)
{
    (void)state;
    run("global", 0, no_room_for_the_token);
}

/* --- DB-VIC-07 -------------------------------------------------------------------------------- */

static int suspended_victim(int argc, char **argv)
{
    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    make_beside(&more[0]);
    REQUIRE_OK(rig_connect(&rig));
    REQUIRE_STATUS(belfry_os_suspend(rig.context), STATUS_SUCCESS);
    REQUIRE_EQ(*rig.status, D3DDDI_DOORBELLSTATUS_CONNECTED);
    submit_and_wait(&more[0], 1); /* Takes the only slot. */
    REQUIRE_EQ(*rig.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    rig_append(&rig, 0, 4);
    REQUIRE_OK(rig_connect(&rig)); /* While suspended still (DB-CON-11). */
    REQUIRE_EQ(*rig.status, D3DDDI_DOORBELLSTATUS_CONNECTED);
    REQUIRE_EQ(*more[0].status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY);
    rig_settle(5000);
    REQUIRE_EQ(*rig.progress, 0);
    REQUIRE_STATUS(belfry_os_resume(rig.context), STATUS_SUCCESS);
    rig_wait(&rig, 1, WAIT);
    close_more(1);
    rig_close(&rig);
    return 0;
}

static void DB_VIC_07_suspended_queue_loses_and_regains_its_doorbell(void **state)
{
    (void)state;
    run("page", 1, suspended_victim);
}

/* --- DB-QUE-05, -07, A-57 --------------------------------------------------------------------- */

static int no_present(int argc, char **argv)
{
    D3DKMT_SUBMITPRESENTTOHWQUEUE present = { 0 };
    size_t from;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    from = belfry_record_count();
    present.hHwQueues = &rig.queue;
    REQUIRE_STATUS(D3DKMTSubmitPresentToHwQueue(&present), STATUS_INVALID_PARAMETER);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, NULL), 0);
    submit_and_wait(&rig, 1);
    rig_close(&rig);
    return 0;
}

static void DB_QUE_05_no_present_on_a_user_mode_queue(void **state)
{
    (void)state;
    run("page", 0, no_present);
}

static int no_kernel_wait(int argc, char **argv)
{
    D3DKMT_SUBMITWAITFORSYNCOBJECTSTOHWQUEUE wait = { 0 };
    D3DKMT_SUBMITSIGNALSYNCOBJECTSTOHWQUEUE signal = { 0 };
    uint64_t value = 1;
    size_t from;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    from = belfry_record_count();
    wait.hHwQueue = rig.queue;
    wait.ObjectCount = 1;
    wait.ObjectHandleArray = &rig.progress_handle;
    wait.FenceValueArray = &value;
    REQUIRE_STATUS(D3DKMTSubmitWaitForSyncObjectsToHwQueue(&wait), STATUS_INVALID_PARAMETER);
    signal.BroadcastHwQueueCount = 1;
    signal.BroadcastHwQueueArray = &rig.queue;
    REQUIRE_STATUS(D3DKMTSubmitSignalSyncObjectsToHwQueue(&signal), STATUS_INVALID_PARAMETER);
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, NULL), 0);
    submit_and_wait(&rig, 1); /* The fence is reached by polling, no kernel call. */
    rig_close(&rig);
    return 0;
}

static void DB_QUE_07_A_57_no_kernel_wait_on_a_user_mode_queue(void **state)
{
    (void)state;
    run("page", 0, no_kernel_wait);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, unhook)
    const struct CMUnitTest tests[] = {
        TEST(DB_VA_04_offset_never_changes),
        TEST(DB_MOD_04_doorbells_of_a_page_are_apart),
        TEST(A_37_untold_offset_is_zero),
        TEST(A_37_driver_that_moves_a_doorbell_is_refused),
        TEST(A_38_packed_page_leads_into_one_process),
        TEST(A_38_OS_refuses_a_page_of_another_process),
        TEST(DB_MOD_02_one_address_for_all_queues),
        TEST(DB_VIC_11_global_layout_has_no_victims),
        TEST(DB_MOD_02_all_processes_share_it),
        TEST(DB_MOD_03_OS_takes_equal_addresses),
        TEST(DB_MOD_05_disconnect_of_one_sharer),
        TEST(DB_MOD_06_foreign_token_moves_nothing),
        TEST(A_39_doorbell_without_a_token_is_refused),
        TEST(DB_VIC_07_suspended_queue_loses_and_regains_its_doorbell),
        TEST(DB_QUE_05_no_present_on_a_user_mode_queue),
        TEST(DB_QUE_07_A_57_no_kernel_wait_on_a_user_mode_queue),
    };

    return cmocka_run_group_tests_name("layouts", tests, NULL, NULL);
}
