// SPDX-License-Identifier: MIT
/* Another ring for the same queue (DB-RSZ-01 .. -03, A-28, A-29, DB-PF-05). */
#include "rig.h"

#include "d3dkmddi.h"

enum { ENTRIES = 4, MORE = 32, NODE = 0, WAIT = 200000 };

static struct rig rig;

static void run(int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    rig_run(&config, body);
}

/* Flags of the create DDI that came last since `from`. */
static UINT ddi_flags(size_t from)
{
    size_t at = rig_expect(from, BELFRY_DDI_ENTER, "DxgkDdiCreateDoorbell");

    return (UINT)belfry_record_at(at)->args[6];
}

/* The same queue, a new ring and control area of `entries`; the old ones are returned. */
static void replace_ring(uint32_t entries, bool flag, struct bell_umd_memory *old_ring,
                         struct bell_umd_memory *old_control)
{
    *old_ring = rig.ring;
    *old_control = rig.control;
    REQUIRE_OK(bell_umd_alloc(rig.device, (uint64_t)entries * BELL_ENTRY_BYTES, &rig.ring));
    REQUIRE_OK(bell_umd_alloc(rig.device, BELL_CONTROL_BYTES, &rig.control));
    rig.create.hRingBuffer = rig.ring.allocation;
    rig.create.hRingBufferControl = rig.control.allocation;
    rig.create.Flags.ResizeRingBufferOperation = flag;
    rig.base += rig.wptr;
    rig.wptr = 0;
    rig.entries = entries;
}

static void require_runs(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        rig_submit(&rig, 0, 100 + i, 0);
        rig_wait(&rig, rig.base + rig.wptr, WAIT);
        REQUIRE_EQ(rig.data.cpu[0], 100 + i);
    }
}

/* --- DB-RSZ-01 -------------------------------------------------------------------------------- */

static int flag_arrives(int argc, char **argv)
{
    struct bell_umd_memory ring, control;
    size_t from = belfry_record_count();

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    REQUIRE_EQ(ddi_flags(from), 0);
    REQUIRE_OK(rig_destroy_doorbell(&rig));
    replace_ring(MORE, true, &ring, &control);
    from = belfry_record_count();
    rig_make_doorbell(&rig);
    REQUIRE_EQ(ddi_flags(from), 1);
    bell_umd_free(rig.device, &ring);
    bell_umd_free(rig.device, &control);
    REQUIRE_OK(rig_destroy_doorbell(&rig));
    replace_ring(ENTRIES, false, &ring, &control);
    from = belfry_record_count();
    rig_make_doorbell(&rig);
    REQUIRE_EQ(ddi_flags(from), 0);
    bell_umd_free(rig.device, &ring);
    bell_umd_free(rig.device, &control);
    rig_close(&rig);
    return 0;
}

static void DB_RSZ_01_flag_reaches_the_driver(void **state)
{
    (void)state;
    run(flag_arrives);
}

/* on a queue that never had a doorbell the flag is a hint without effect; and while the old
 * doorbell lives it is no licence for a second one. */
static int hint_without_effect(int argc, char **argv)
{
    D3DKMT_HANDLE first;

    (void)argc, (void)argv;
    rig_open(&rig, ENTRIES);
    rig_make_queue(&rig, NODE);
    rig.create.Flags.ResizeRingBufferOperation = 1;
    rig_make_doorbell(&rig);
    require_runs(3);
    first = rig.doorbell;
    REQUIRE_STATUS(rig_try_doorbell(&rig), STATUS_INVALID_PARAMETER);
    rig.doorbell = first;
    require_runs(2);
    rig_close(&rig);
    return 0;
}

static void DB_RSZ_01_A_28_flag_on_a_first_doorbell_is_a_hint(void **state)
{
    (void)state;
    run(hint_without_effect);
}

/* --- DB-RSZ-02 -------------------------------------------------------------------------------- */

static int numbers_go_on(int argc, char **argv)
{
    struct bell_umd_memory ring, control;
    const volatile uint64_t *old_lqv;
    uint64_t seen = 0;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    require_runs(ENTRIES + 3);
    REQUIRE_EQ(*rig.progress, ENTRIES + 3);
    REQUIRE_EQ(*rig.last_queued, ENTRIES + 3);
    old_lqv = rig.last_queued;
    REQUIRE_OK(rig_destroy_doorbell(&rig));
    replace_ring(MORE, true, &ring, &control);
    rig_make_doorbell(&rig);
    REQUIRE(rig.last_queued != old_lqv);          /* New mapping, .. */
    REQUIRE_EQ(*rig.last_queued, ENTRIES + 3);    /* .. same value. */
    REQUIRE_EQ(*rig.progress, ENTRIES + 3);
    for (unsigned i = 0; i < 2 * MORE + 1; i++) {
        seen = *rig.progress;
        require_runs(1);
        REQUIRE_EQ(*rig.progress, seen + 1);
    }
    bell_umd_free(rig.device, &ring);
    bell_umd_free(rig.device, &control);
    rig_close(&rig);
    return 0;
}

static void DB_RSZ_02_DB_PF_05_numbers_go_on(void **state)
{
    (void)state;
    run(numbers_go_on);
}

static int library_resizes(int argc, char **argv)
{
    static const uint32_t sizes[] = { 64, 2, 8, 8, 256 };
    struct bell_umd_queue_desc desc = { .node = NODE, .ring_entries = ENTRIES };
    struct bell_umd_memory commands, data;
    struct bell_umd_device *device;
    struct bell_umd_queue *queue;
    struct bell_umd_stats stats;
    UINT64 fence = 0, count = 0;

    (void)argc, (void)argv;
    REQUIRE_OK(bell_umd_open((LUID){0}, &device));
    REQUIRE_OK(bell_umd_alloc(device, 512 * 128, &commands));
    REQUIRE_OK(bell_umd_alloc(device, 4096, &data));
    REQUIRE_OK(bell_umd_queue_create(device, &desc, &queue));
    REQUIRE_STATUS(bell_umd_queue_resize(queue, 3), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(bell_umd_queue_resize(queue, 1u << 20), STATUS_INVALID_PARAMETER);
    for (unsigned s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        D3DKMT_HANDLE handle = bell_umd_queue_handle(queue);

        REQUIRE_OK(bell_umd_queue_resize(queue, sizes[s])); /* The last few are still under way. */
        REQUIRE_EQ(bell_umd_queue_handle(queue), handle);
        REQUIRE_EQ(bell_umd_progress(queue), count);
        for (unsigned i = 0; i < 20; i++) {
            struct bell_umd_commands list;

            REQUIRE_OK(bell_umd_commands_begin(&list, &commands, count % 512 * 128, 128));
            bell_umd_cmd_write64(&list, data.gpu, count + 1);
            REQUIRE_OK(bell_umd_submit(queue, &list, &fence));
            REQUIRE_EQ(fence, ++count);
        }
    }
    REQUIRE_OK(bell_umd_wait(queue, fence));
    REQUIRE_EQ(data.cpu[0], count);
    bell_umd_queue_stats(queue, &stats);
    REQUIRE_EQ(stats.resizes, sizeof(sizes) / sizeof(sizes[0]));
    REQUIRE_EQ(stats.submissions, count);
    REQUIRE_EQ(stats.fallbacks, 0);
    rig_settle(2000);
    REQUIRE_EQ(rig_count(0, BELFRY_FINISH, NULL), count); /* Each ran once. */
    bell_umd_queue_destroy(queue);
    bell_umd_free(device, &data);
    bell_umd_free(device, &commands);
    bell_umd_close(device);
    return 0;
}

static void DB_RSZ_02_library_drains_and_goes_on(void **state)
{
    (void)state;
    run(library_resizes);
}

/* A resize that the device refuses leaves the queue with its old size; one after ABORT falls back. */
static int refuse_creates;
static DXGKDDI_CREATEDOORBELL *real_create;

static NTSTATUS failing_create(DXGKARG_CREATEDOORBELL *args)
{
    return refuse_creates-- > 0 ? STATUS_NO_MEMORY : real_create(args);
}

static void hook_create(DRIVER_INITIALIZATION_DATA *table)
{
    real_create = table->DxgkDdiCreateDoorbell;
    table->DxgkDdiCreateDoorbell = failing_create;
}

static int unhook(void **state)
{
    (void)state;
    belfry_hook_driver(NULL);
    refuse_creates = 0;
    return 0;
}

static void submit_one(struct bell_umd_queue *queue, struct bell_umd_memory *memory)
{
    struct bell_umd_commands list;
    UINT64 fence;

    REQUIRE_OK(bell_umd_commands_begin(&list, memory, 0, 128));
    REQUIRE_OK(bell_umd_submit(queue, &list, &fence));
    REQUIRE_OK(bell_umd_wait(queue, fence));
}

static int failed_resizes(int argc, char **argv)
{
    struct bell_umd_queue_desc desc = { .node = NODE, .ring_entries = ENTRIES };
    struct bell_umd_memory commands;
    struct bell_umd_device *device;
    struct bell_umd_queue *queue;

    (void)argc, (void)argv;
    REQUIRE_OK(bell_umd_open((LUID){0}, &device));
    REQUIRE_OK(bell_umd_alloc(device, 4096, &commands));
    REQUIRE_OK(bell_umd_queue_create(device, &desc, &queue));
    submit_one(queue, &commands);
    refuse_creates = 1;
    REQUIRE_STATUS(bell_umd_queue_resize(queue, MORE), STATUS_NO_MEMORY);
    REQUIRE(!bell_umd_queue_is_kernel_mode(queue));
    submit_one(queue, &commands);
    refuse_creates = 2;
    REQUIRE_STATUS(bell_umd_queue_resize(queue, MORE), STATUS_DEVICE_REMOVED);
    REQUIRE(bell_umd_queue_is_kernel_mode(queue));
    submit_one(queue, &commands);
    REQUIRE_STATUS(bell_umd_queue_resize(queue, MORE), STATUS_INVALID_PARAMETER);
    bell_umd_queue_destroy(queue);
    bell_umd_free(device, &commands);
    bell_umd_close(device);
    return 0;
}

static void failed_resize_loses_no_submission(void **state)
{
    (void)state;
    belfry_hook_driver(hook_create);
    run(failed_resizes);
}

/* --- DB-RSZ-03 -------------------------------------------------------------------------------- */

/*
 * Not drained: entries that were not fetched are abandoned. The old ring is destroyed at
 * once: an access to it after that would be refused and counted.
 */
static int undrained(int argc, char **argv)
{
    struct bell_umd_memory ring, control;
    uint64_t refused, at;

    (void)argc, (void)argv;
    rig_make(&rig, MORE, NODE);
    REQUIRE_OK(rig_connect(&rig));
    for (unsigned i = 0; i < 20; i++)
        rig_append_work(&rig, i, 1, 2000);
    rig_ring(&rig);
    rig_wait(&rig, 2, WAIT);
    REQUIRE_OK(rig_destroy_doorbell(&rig));
    at = *rig.progress;
    REQUIRE(at < 20);
    refused = belfry_dma_refused();
    replace_ring(ENTRIES, true, &ring, &control);
    bell_umd_free(rig.device, &ring);
    bell_umd_free(rig.device, &control);
    rig_make_doorbell(&rig);
    REQUIRE_EQ(*rig.last_queued, 20);
    rig_settle(20000);
    REQUIRE_EQ(*rig.progress, at); /* Not advanced for them. */
    require_runs(3 * ENTRIES + 1); /* The wrap is the new size's. */
    rig_settle(2000); /* The read pointer is written after the fence. */
    REQUIRE_EQ(belfry_dma_refused(), refused);
    REQUIRE_EQ(rig_rptr(&rig), rig.wptr);
    rig_close(&rig);
    return 0;
}

static void DB_RSZ_03_A_28_no_access_to_the_old_ring(void **state)
{
    (void)state;
    run(undrained);
}

/* The context names the new base, size and control area. */
static int context_is_new(int argc, char **argv)
{
    struct bell_umd_memory ring, control;
    uint64_t queue, base, where, config;

    (void)argc, (void)argv;
    rig_make(&rig, ENTRIES, NODE);
    require_runs(2);
    queue = rig.blob.queue_token;
    REQUIRE_OK(rig_destroy_doorbell(&rig));
    replace_ring(MORE, true, &ring, &control);
    rig_make_doorbell(&rig);
    REQUIRE_EQ(rig.blob.queue_token, queue);
    require_runs(1);
    base = belfry_register(BELL_QUEUE_BASE_OFFSET(queue));
    where = belfry_register(BELL_QUEUE_CONTROL_OFFSET(queue));
    config = belfry_register(BELL_QUEUE_CONFIG_OFFSET(queue));
    REQUIRE_EQ(base, rig.ring.gpu);
    REQUIRE_EQ(where, rig.control.gpu);
    REQUIRE_EQ(1u << BELL_FIELD_GET(config, BELL_QUEUE_CONFIG_LOG2_ENTRIES), MORE);
    REQUIRE_EQ(control.cpu[1], 2); /* The old control area was left alone. */
    bell_umd_free(rig.device, &ring);
    bell_umd_free(rig.device, &control);
    rig_close(&rig);
    return 0;
}

static void DB_RSZ_03_context_is_the_new_ring_s(void **state)
{
    (void)state;
    run(context_is_new);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, unhook)
    const struct CMUnitTest tests[] = {
        TEST(DB_RSZ_01_flag_reaches_the_driver),
        TEST(DB_RSZ_01_A_28_flag_on_a_first_doorbell_is_a_hint),
        TEST(DB_RSZ_02_DB_PF_05_numbers_go_on),
        TEST(DB_RSZ_02_library_drains_and_goes_on),
        TEST(failed_resize_loses_no_submission),
        TEST(DB_RSZ_03_A_28_no_access_to_the_old_ring),
        TEST(DB_RSZ_03_context_is_the_new_ring_s),
    };

    return cmocka_run_group_tests_name("resize", tests, NULL, NULL);
}
