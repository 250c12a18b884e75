/* SPDX-License-Identifier: MIT */
/* Buffers stopped inside: suspend, D3, bystanders of a reset. Nothing is lost, nothing done twice. */
#include "sched_rig.h"

enum { NODE = 0, ENTRIES = 16, LONG_WORK = 300000, SOON = 3000, BYTES = 65536, DELAY = 60000 };

static struct rig rigs[2];
static struct bell_umd_memory from_memory, to_memory;

static void run(int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    rig_run(&config, body);
}

/* --- Work ------------------------------------------------------------------------------------ */

static int suspend_inside(int argc, char **argv)
{
    uint64_t begun, asked, stopped = 0;
    size_t from;

    (void)argc, (void)argv;
    sched_open(rigs, 1, ENTRIES, NODE);
    from = belfry_record_count();
    begun = belfry_now();
    rig_submit(&rigs[0], 2, 22, LONG_WORK);
    for (int i = 0; i < 4; i++) {
        rig_settle(LONG_WORK / 8);
        asked = belfry_now();
        REQUIRE_OK((NTSTATUS)belfry_os_suspend(rigs[0].context));
        REQUIRE(belfry_now() - asked < SOON); /* Acknowledged long before the work is done. */
        REQUIRE_EQ(sched_finished(from, belfry_record_count(), &rigs[0]), 0);
        REQUIRE_EQ(rig_rptr(&rigs[0]), 0);
        rig_settle(50000);
        REQUIRE_EQ(*rigs[0].progress, 0);
        REQUIRE_OK((NTSTATUS)belfry_os_resume(rigs[0].context));
        stopped += belfry_now() - asked;
    }
    sched_wait_all(rigs, 1);
    begun = sched_finish_cycle(from, &rigs[0]) - begun - stopped;
    REQUIRE(begun > LONG_WORK - 4 * SOON && begun < LONG_WORK + 4 * SOON); /* Its clocks, once. */
    REQUIRE_EQ(rigs[0].data.cpu[2], 22);
    REQUIRE_EQ(rig_count(from, BELFRY_POWER, "tdr-reset"), 0);
    sched_close(rigs, 1);
    return 0;
}

static void DB_SUS_01_inside_long_work(void **state)
{
    (void)state;
    run(suspend_inside);
}

/* --- Copies ---------------------------------------------------------------------------------- */

static void open_copy(void)
{
    REQUIRE_OK(bell_umd_alloc(rigs[0].device, BYTES, &from_memory));
    REQUIRE_OK(bell_umd_alloc(rigs[0].device, BYTES, &to_memory));
    for (unsigned i = 0; i < BYTES / 8; i++)
        from_memory.cpu[i] = UINT64_C(0x0101010101010101) * (i & 0xFF) + i;
}

static void close_copy(void)
{
    bell_umd_free(rigs[0].device, &to_memory);
    bell_umd_free(rigs[0].device, &from_memory);
}

/* One buffer: a fill of the target and a copy over it, or the fill alone. */
static void submit_copy(struct rig *rig, bool copy)
{
    uint64_t offset = rig->wptr * POWER_COMMAND_BYTES;
    struct bell_umd_commands list;

    rig_append(rig, 0, 0);
    REQUIRE_OK(bell_umd_commands_begin(&list, &rig->commands, offset, POWER_COMMAND_BYTES));
    bell_umd_cmd_fill(&list, to_memory.gpu, BYTES, 0xF1F1F1F1F1F1F1F1);
    if (copy)
        bell_umd_cmd_copy(&list, to_memory.gpu, from_memory.gpu, BYTES);
    rig->ring.cpu[(rig->wptr - 1) % rig->entries * (BELL_ENTRY_BYTES / 8) + 1] =
        bell_umd_commands_end(&list, rig->progress_gpu, rig->base + rig->wptr, false);
    power_ring(rig);
}

/* Words of the target that are as the copy leaves them; the rest must be as the fill does. */
static unsigned copied(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < BYTES / 8; i++) {
        if (to_memory.cpu[i] == from_memory.cpu[i])
            count++;
        else
            REQUIRE(to_memory.cpu[i] == 0xF1F1F1F1F1F1F1F1 || to_memory.cpu[i] == 0);
    }
    return count;
}

static void wait_half_copied(void)
{
    uint64_t end = belfry_now() + SCHED_PATIENCE;

    while (copied() < BYTES / 8 / 4) {
        REQUIRE(belfry_now() < end);
        belfry_sleep(200);
    }
    REQUIRE(copied() < BYTES / 8);
}

static int suspended_copy(int argc, char **argv)
{
    unsigned seen;

    (void)argc, (void)argv;
    sched_open(rigs, 1, ENTRIES, NODE);
    open_copy();
    submit_copy(&rigs[0], true);
    wait_half_copied();
    REQUIRE_OK((NTSTATUS)belfry_os_suspend(rigs[0].context));
    seen = copied();
    REQUIRE(seen < BYTES / 8);
    rig_settle(20000);
    REQUIRE_EQ(copied(), seen); /* Frozen (DB-SUS-04). */
    memset((void *)(uintptr_t)to_memory.cpu, 0, 8); /* Restarted or continued, both are right. */
    REQUIRE_OK((NTSTATUS)belfry_os_resume(rigs[0].context));
    sched_wait_all(rigs, 1);
    REQUIRE(to_memory.cpu[0] == 0 || to_memory.cpu[0] == from_memory.cpu[0]);
    to_memory.cpu[0] = from_memory.cpu[0];
    REQUIRE_EQ(copied(), BYTES / 8);
    close_copy();
    sched_close(rigs, 1);
    return 0;
}

static void DB_SUS_04_inside_a_copy(void **state)
{
    (void)state;
    run(suspended_copy);
}

static int copy_through_d3(int argc, char **argv)
{
    (void)argc, (void)argv;
    sched_open(rigs, 1, ENTRIES, NODE);
    open_copy();
    submit_copy(&rigs[0], true);
    wait_half_copied();
    REQUIRE_OK((NTSTATUS)belfry_os_power_down(true));
    REQUIRE(copied() < BYTES / 8);
    REQUIRE_EQ(belfry_power_d(), 3);
    belfry_os_power_up();
    sched_wait_all(rigs, 1); /* On its own: nobody rings. */
    REQUIRE_EQ(copied(), BYTES / 8);
    close_copy();
    sched_close(rigs, 1);
    return 0;
}

static void DB_DST_04_half_a_copy_goes_on_after_d3(void **state)
{
    (void)state;
    run(copy_through_d3);
}

/* --- Bystanders of a reset ------------------------------------------------------------------- */

static volatile bool half_done, hung;

/* Its copy or fill is stopped half done by the other process's real-time queue, which hangs. */
static int bystander(int argc, char **argv)
{
    size_t from = belfry_record_count();

    (void)argv;
    sched_open(rigs, 1, ENTRIES, NODE);
    open_copy();
    submit_copy(&rigs[0], argc == 0);
    if (argc == 0) {
        wait_half_copied();
    } else {
        while (to_memory.cpu[BYTES / 32] == 0)
            belfry_sleep(100);
        REQUIRE_EQ(to_memory.cpu[BYTES / 8 - 1], 0);
    }
    half_done = true;
    while (!hung)
        belfry_sleep(100);
    REQUIRE_EQ(*rigs[0].progress, 0);
    sched_wait_all(rigs, 1);
    power_expect(from, BELFRY_POWER, "tdr-resumed", NODE); /* There was a reset in between. */
    REQUIRE_EQ(copied(), argc == 0 ? BYTES / 8 : 0);
    for (unsigned i = 0; i < BYTES / 8 && argc != 0; i++)
        REQUIRE_EQ(to_memory.cpu[i], 0xF1F1F1F1F1F1F1F1);
    REQUIRE(*rigs[0].status != D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT);
    close_copy();
    rig_submit(&rigs[0], 1, 11, 0);
    sched_wait_all(rigs, 1);
    REQUIRE_EQ(rigs[0].data.cpu[1], 11);
    sched_close(rigs, 1);
    return 0;
}

static int culprit(int argc, char **argv)
{
    const struct belfry_tdr tdr = { .delay = DELAY };

    (void)argc, (void)argv;
    belfry_os_tdr(&tdr);
    belfry_os_privilege(0, true);
    sched_open(&rigs[1], 1, ENTRIES, NODE);
    sched_realtime(&rigs[1], 0);
    while (!half_done)
        belfry_sleep(20);
    power_append_hang(&rigs[1]);
    power_ring(&rigs[1]);
    rig_settle(5000);
    hung = true;
    while (*rigs[1].status != D3DDDI_DOORBELLSTATUS_DISCONNECTED_ABORT)
        belfry_sleep(500);
    sched_close(&rigs[1], 1);
    return 0;
}

static void reset_with(bool copy)
{
    struct belfry_config config = rig_config();
    static char name[] = "fill";
    char *args[] = { name, NULL };

    half_done = hung = false;
    rig_open_machine(&config);
    assert_non_null(belfry_spawn("bystander", bystander, copy ? 0 : 1, copy ? NULL : args));
    assert_non_null(belfry_spawn("culprit", culprit, 0, NULL));
    rig_finish_machine();
}

static void A_54_bystander_with_half_a_copy(void **state)
{
    (void)state;
    reset_with(true);
}

static void A_54_bystander_with_half_a_fill(void **state)
{
    (void)state;
    reset_with(false);
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(DB_SUS_01_inside_long_work),
        T(DB_SUS_04_inside_a_copy),
        T(DB_DST_04_half_a_copy_goes_on_after_d3),
        T(A_54_bystander_with_half_a_copy),
        T(A_54_bystander_with_half_a_fill),
    };

    return cmocka_run_group_tests_name("sched_preempt", tests, NULL, NULL);
}
