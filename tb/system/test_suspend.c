/* SPDX-License-Identifier: MIT */
/* Suspend and resume of contexts, under both policies of A-33. */
#include "power.h"

enum { LONG_WORK = 20000, PATIENCE = 400000, SLOW_MEMORY = 4000 };

static struct rig rig;
static bool disconnects; /* Policy suspend=disconnect. */
static uint32_t other_status;

static void run_both(int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    for (int policy = 0; policy < 2; policy++) {
        disconnects = policy == 1;
        config.suspend_disconnect = disconnects;
        rig_run(&config, body);
    }
}

static void make_connected(void)
{
    rig_make(&rig, 16, 0);
    REQUIRE_OK(rig_connect(&rig));
}

static void suspend(void)
{
    REQUIRE_OK((NTSTATUS)belfry_os_suspend(rig.context));
}

static void resume(void)
{
    REQUIRE_OK((NTSTATUS)belfry_os_resume(rig.context));
}

static uint32_t ddi_status(size_t from, const char *name)
{
    return belfry_record_at(power_expect(from, BELFRY_DDI_EXIT, name, rig.context))->status;
}

static int status_and_interrupt(int argc, char **argv)
{
    size_t from, ack;

    (void)argc;
    (void)argv;
    make_connected();
    rig_append_work(&rig, 0, 1, LONG_WORK);
    power_ring(&rig);
    rig_settle(2000);
    from = belfry_record_count();
    suspend();
    REQUIRE_EQ(ddi_status(from, "DxgkDdiSuspendContext"), STATUS_PENDING);
    REQUIRE_EQ(power_interrupts(from, DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED), 1);
    ack = power_interrupt(from, DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED);
    REQUIRE_EQ(belfry_record_at(ack)->args[2], 1); /* The fence value given. */
    REQUIRE_EQ(belfry_record_at(ack)->irql, BELL_DIRQL);
    REQUIRE_EQ(rig_count(from, BELFRY_FINISH, NULL), 0); /* Stopped inside the buffer. */
    REQUIRE_EQ(rig_rptr(&rig), 0);
    from = belfry_record_count();
    suspend();
    REQUIRE_EQ(ddi_status(from, "DxgkDdiSuspendContext"), STATUS_SUCCESS);
    REQUIRE_EQ(power_interrupts(from, DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED), 0);
    rig_close(&rig);
    return 0;
}

static void DB_SUS_01_status_and_one_interrupt(void **state)
{
    (void)state;
    run_both(status_and_interrupt);
}

static void suspend_other(void *arg)
{
    (void)arg;
    other_status = belfry_os_suspend(rig.context);
}

/* A node that waits for memory cannot let go at once. */
static int stale_acknowledgement(int argc, char **argv)
{
    struct belfry_thread *thread;
    size_t from = belfry_record_count();

    (void)argc;
    (void)argv;
    make_connected();
    rig_append(&rig, 0, 1);
    power_ring(&rig);
    rig_settle(1000);
    thread = belfry_thread_start("first", suspend_other, NULL);
    rig_settle(1000);
    resume(); /* The first request is cancelled, A-35. */
    belfry_thread_join(thread);
    REQUIRE_STATUS(other_status, STATUS_CANCELLED);
    REQUIRE_EQ(power_interrupts(from, DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED), 0);
    suspend();
    REQUIRE_EQ(power_interrupts(from, DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED), 1);
    REQUIRE_EQ(belfry_record_at(
                   power_interrupt(from, DXGK_INTERRUPT_SUSPEND_CONTEXT_COMPLETED))->args[2], 2);
    resume();
    rig_submit(&rig, 1, 2, 0);
    rig_wait(&rig, 2, PATIENCE);
    rig_close(&rig);
    return 0;
}

static void DB_SUS_02_old_acknowledgement_counts_for_nothing(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    config.dma_latency = SLOW_MEMORY;
    rig_run(&config, stale_acknowledgement);
}

static int hang(int argc, char **argv)
{
    const struct belfry_tdr tdr = {.delay = 100000};
    size_t from = belfry_record_count();
    uint64_t start;

    (void)argc;
    (void)argv;
    belfry_os_tdr(&tdr);
    make_connected();
    power_append_hang(&rig);
    power_ring(&rig);
    rig_settle(2000);
    start = belfry_now();
    suspend();
    REQUIRE(belfry_now() - start >= tdr.delay);
    REQUIRE(belfry_now() - start < 2 * tdr.delay);
    power_expect(from, BELFRY_POWER, "tdr-reset", 0);
    rig_expect(from, BELFRY_DDI_ENTER, "DxgkDdiResetHwEngine");
    REQUIRE_EQ(*rig.status, D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT);
    rig_close(&rig);
    return 0;
}

static void DB_SUS_03_no_acknowledgement_resets_the_engine(void **state)
{
    (void)state;
    run_both(hang);
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

static int no_reference(int argc, char **argv)
{
    uint64_t refused = belfry_dma_refused();
    size_t from;

    (void)argc;
    (void)argv;
    make_connected();
    for (int i = 1; i <= 4; i++)
        rig_append_work(&rig, i, i, 3000);
    power_ring(&rig);
    rig_settle(1000);
    suspend();
    from = belfry_record_count();
    REQUIRE_OK(evict(rig.ring.allocation));
    REQUIRE_OK(evict(rig.control.allocation));
    REQUIRE_OK(evict(rig.commands.allocation));
    rig_ring(&rig);
    rig_settle(20000);
    REQUIRE_EQ(power_hardware(from, BELFRY_SAMPLE, rig.blob.queue_token), 0);
    REQUIRE_EQ(power_hardware(from, BELFRY_START, rig.blob.queue_token), 0);
    REQUIRE_EQ(belfry_dma_refused(), refused);
    REQUIRE_OK(make_resident(rig.ring.allocation));
    REQUIRE_OK(make_resident(rig.control.allocation));
    REQUIRE_OK(make_resident(rig.commands.allocation));
    resume();
    rig_wait(&rig, 4, PATIENCE);
    rig_close(&rig);
    return 0;
}

static void DB_SUS_04_no_reference_after_the_acknowledgement(void **state)
{
    (void)state;
    run_both(no_reference);
}

/* Work rung while suspended: frozen, then done on resume without a further ring. */
static int frozen(int argc, char **argv)
{
    uint64_t before;
    size_t from;

    (void)argc;
    (void)argv;
    make_connected();
    rig_submit(&rig, 0, 7, 0);
    rig_wait(&rig, 1, PATIENCE);
    suspend();
    REQUIRE_EQ(*rig.status, disconnects ? D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY
                                        : D3DDDI_DOORBELLSTATUS_CONNECTED);
    before = rig_rptr(&rig);
    for (int i = 1; i <= 5; i++)
        rig_submit(&rig, i, i, 0);
    rig_settle(20000);
    REQUIRE_EQ(rig_rptr(&rig), before);
    REQUIRE_EQ(*rig.progress, 1);
    REQUIRE_EQ(*rig.status, D3DDDI_DOORBELLSTATUS_CONNECTED); /* Again, if it was not. */
    from = belfry_record_count();
    resume();
    rig_wait(&rig, 6, PATIENCE);
    REQUIRE_EQ(rig_count(from, BELFRY_RING, NULL), 0);
    rig_close(&rig);
    return 0;
}

static void DB_SUS_05_nothing_runs_while_suspended(void **state)
{
    (void)state;
    run_both(frozen);
}

/* Index of the driver's command to the queue after `from`. */
static size_t command_at(size_t from, uint64_t op)
{
    uint64_t offset = BELL_QUEUE_CMD_OFFSET(rig.blob.queue_token);
    const struct belfry_record *record;

    do {
        from = rig_expect(from, BELFRY_MMIO_WRITE, NULL);
        record = belfry_record_at(from++);
    } while (record->value != offset || record->value2 != op);
    return from - 1;
}

static int run_list_first(int argc, char **argv)
{
    size_t from;

    (void)argc;
    (void)argv;
    make_connected();
    suspend();
    rig_append(&rig, 0, 5); /* Never rung. */
    from = belfry_record_count();
    resume();
    rig_wait(&rig, 1, PATIENCE);
    from = rig_expect(from, BELFRY_DDI_ENTER, "DxgkDdiResumeContext");
    REQUIRE(command_at(from, BELL_QUEUE_CMD_ADD) < command_at(from, BELL_QUEUE_CMD_KICK));
    rig_close(&rig);
    return 0;
}

static void DB_SUS_06_run_list_then_sample(void **state)
{
    (void)state;
    run_both(run_list_first);
}

static int starts_resumed(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    make_connected();
    rig_submit(&rig, 0, 1, 0);
    rig_wait(&rig, 1, PATIENCE);
    REQUIRE_EQ(rig_count(0, BELFRY_DDI_ENTER, "DxgkDdiResumeContext"), 0);
    rig_close(&rig);
    return 0;
}

static void DB_SUS_07_a_context_starts_resumed(void **state)
{
    (void)state;
    run_both(starts_resumed);
}

static int no_disconnect(int argc, char **argv)
{
    size_t from;

    (void)argc;
    (void)argv;
    make_connected();
    from = belfry_record_count();
    suspend();
    resume();
    REQUIRE_EQ(rig_count(from, BELFRY_DDI_ENTER, "DxgkDdiDisconnectDoorbell"), disconnects);
    rig_submit(&rig, 0, 1, 0); /* Survives RETRY. */
    rig_wait(&rig, 1, PATIENCE);
    rig_close(&rig);
    return 0;
}

static void DB_SUS_08_plain_suspend_keeps_the_connection(void **state)
{
    (void)state;
    run_both(no_disconnect);
}

static int no_hang(int argc, char **argv)
{
    const struct belfry_tdr tdr = {.delay = 50000};

    (void)argc;
    (void)argv;
    belfry_os_tdr(&tdr);
    make_connected();
    suspend();
    rig_submit(&rig, 0, 1, 0);
    rig_settle(5 * tdr.delay);
    REQUIRE_EQ(rig_count(0, BELFRY_POWER, "tdr-suspect"), 0);
    REQUIRE_EQ(rig_count(0, BELFRY_POWER, "tdr-reset"), 0);
    resume();
    rig_wait(&rig, 1, PATIENCE);
    rig_close(&rig);
    return 0;
}

static void DB_SUS_09_pending_work_of_a_suspended_context_is_no_hang(void **state)
{
    (void)state;
    run_both(no_hang);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(DB_SUS_01_status_and_one_interrupt),
        cmocka_unit_test(DB_SUS_02_old_acknowledgement_counts_for_nothing),
        cmocka_unit_test(DB_SUS_03_no_acknowledgement_resets_the_engine),
        cmocka_unit_test(DB_SUS_04_no_reference_after_the_acknowledgement),
        cmocka_unit_test(DB_SUS_05_nothing_runs_while_suspended),
        cmocka_unit_test(DB_SUS_06_run_list_then_sample),
        cmocka_unit_test(DB_SUS_07_a_context_starts_resumed),
        cmocka_unit_test(DB_SUS_08_plain_suspend_keeps_the_connection),
        cmocka_unit_test(DB_SUS_09_pending_work_of_a_suspended_context_is_no_hang),
    };

    return cmocka_run_group_tests_name("suspend", tests, NULL, NULL);
}
