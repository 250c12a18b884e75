/* SPDX-License-Identifier: MIT */
/* Scheduling logs in memory. Form, order of time and one-at-a-time are checked by the OS model. */
#include "sched_rig.h"

enum { NODE = 0, ENTRIES = 32, WORK = 400, MANY = 0xFFFE };

static struct rig rigs[3];

static void run(int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    rig_run(&config, body);
}

static void open_logged(unsigned count, uint32_t entries, uint32_t interrupt_entry)
{
    sched_open(rigs, count, ENTRIES, NODE);
    rig_settle(3000);
    REQUIRE_OK((NTSTATUS)belfry_os_sched_log(NODE, entries, interrupt_entry));
}

static void work(unsigned count, unsigned buffers)
{
    for (unsigned k = 0; k < buffers; k++)
        for (unsigned i = 0; i < count; i++) {
            rig_submit(&rigs[i], 0, 1, WORK);
            if (rigs[i].wptr - *rigs[i].progress >= ENTRIES / 2)
                rig_wait(&rigs[i], rigs[i].wptr - ENTRIES / 4, SCHED_PATIENCE);
        }
    sched_wait_all(rigs, count);
}

/* The nth entry about this context from record `from` on, or NULL. */
static const struct belfry_record *entry(size_t from, D3DKMT_HANDLE context, unsigned nth)
{
    while ((from = power_find(from, BELFRY_SCHED, NULL, context)) != POWER_NONE && nth-- > 0)
        from++;
    return from == POWER_NONE ? NULL : belfry_record_at(from);
}

static void require_state(size_t from, const struct rig *rig, unsigned nth, const char *name)
{
    const struct belfry_record *found = entry(from, rig->context, nth);

    if (found == NULL || strcmp(found->name, name) != 0)
        belfry_fail("entry %u about context 0x%x is \"%s\", expected \"%s\"", nth, rig->context,
                    found != NULL ? found->name : "missing", name);
}

/* One context alone: ready, runs, idle. A second one waits for its turn in between. */
static int content(int argc, char **argv)
{
    struct belfry_sched_log log;
    uint64_t begun;
    size_t from;

    (void)argc, (void)argv;
    open_logged(2, 256, MANY);
    from = belfry_record_count();
    begun = belfry_register(BELL_TIME_OFFSET);
    work(1, 1);
    belfry_sched_log(NODE, &log);
    require_state(from, &rigs[0], 0, "ready");
    require_state(from, &rigs[0], 1, "running");
    require_state(from, &rigs[0], 2, "idle");
    REQUIRE(entry(from, rigs[0].context, 3) == NULL);
    REQUIRE(entry(from, rigs[1].context, 0) == NULL);
    REQUIRE(entry(from, rigs[0].context, 0)->value >= begun);
    REQUIRE(entry(from, rigs[0].context, 2)->value <= belfry_register(BELL_TIME_OFFSET));
    REQUIRE(entry(from, rigs[0].context, 2)->value - entry(from, rigs[0].context, 1)->value >= WORK);
    REQUIRE_EQ(entry(from, rigs[0].context, 0)->value2, NODE);
    REQUIRE_EQ(entry(from, rigs[0].context, 2)->value3, 2);
    work(2, 6);
    belfry_sched_log(NODE, &log);
    REQUIRE(entry(from, rigs[1].context, 2) != NULL);
    REQUIRE_EQ(log.lost, 0);
    REQUIRE_EQ(log.interrupts, 0); /* No such entry. */
    REQUIRE_EQ(log.taken, rig_count(from, BELFRY_SCHED, NULL));
    sched_close(rigs, 2);
    return 0;
}

static void HS_LOG_02_each_change_is_an_entry(void **state)
{
    (void)state;
    run(content);
}

/* A second queue in the context of the first. */
static void open_beside(struct rig *rig, const struct rig *first)
{
    rig_open_beside(rig, first, ENTRIES);
    rig_make_queue_beside(rig, first);
    rig_make_doorbell(rig);
    REQUIRE_OK(rig_connect(rig));
}

/* Ready, runs, ready, runs .. idle: what the context does, not what each of its queues does. */
static void require_alternates(size_t from, const struct rig *rig, uint64_t entries)
{
    REQUIRE(entries >= 5 && entries % 2 == 1);
    for (unsigned i = 0; i + 1 < entries; i++)
        require_state(from, rig, i, i % 2 == 0 ? "ready" : "running");
    require_state(from, rig, (unsigned)entries - 1, "idle");
}

static int one_context(int argc, char **argv)
{
    enum { LONG = 20 * WORK };
    struct belfry_sched_log log;
    size_t from;

    (void)argc, (void)argv;
    sched_open(rigs, 1, ENTRIES, NODE);
    open_beside(&rigs[1], &rigs[0]);
    rig_settle(3000);
    REQUIRE_OK((NTSTATUS)belfry_os_sched_log(NODE, 256, MANY));
    from = belfry_record_count();
    rig_submit(&rigs[0], 0, 1, LONG);
    rig_settle(LONG / 4);
    rig_submit(&rigs[1], 0, 1, LONG); /* While the first one runs. */
    sched_wait_all(rigs, 2);
    belfry_sched_log(NODE, &log);
    require_alternates(from, &rigs[0], log.taken);
    for (unsigned k = 0; k < 80; k++) { /* The second gets ready about when the first ends. */
        rig_submit(&rigs[0], 0, 1, WORK);
        rig_settle(WORK / 2 + 5 * k);
        rig_submit(&rigs[1], 0, 1, WORK / 4);
        sched_wait_all(rigs, 2);
        belfry_sched_log(NODE, &log); /* The OS model looks at the order. */
    }
    REQUIRE_EQ(log.lost, 0);
    rig_close_beside(&rigs[1]);
    rig_close(&rigs[0]);
    return 0;
}

static void HS_LOG_02_queues_of_one_context_are_one(void **state)
{
    (void)state;
    run(one_context);
}

/* Index and wrap count go together; each time entry 3 is written there is an interrupt. */
static int wrap(int argc, char **argv)
{
    enum { ROOM = 8, CHOSEN = 3 };
    struct belfry_sched_log log;
    uint64_t written;

    (void)argc, (void)argv;
    open_logged(2, ROOM, CHOSEN);
    for (int i = 0; i < 30; i++)
        work(2, 1);
    belfry_sched_log(NODE, &log);
    written = log.taken + log.lost;
    REQUIRE(written > 10 * ROOM);
    REQUIRE_EQ(log.interrupts, (written + ROOM - 1 - CHOSEN) / ROOM);
    REQUIRE_EQ(log.taken, belfry_record_number(BELFRY_SCHED, NULL));
    sched_close(rigs, 2);
    return 0;
}

static void HS_LOG_02_wraps_and_interrupts_on_the_chosen_entry(void **state)
{
    (void)state;
    run(wrap);
}

/* Changed again and again while all run: the OS model looks whether the log before stays as it is. */
static int replaced(int argc, char **argv)
{
    struct belfry_sched_log log;
    size_t from;

    (void)argc, (void)argv;
    open_logged(3, 64, MANY);
    for (int i = 0; i < 12; i++) {
        for (int k = 0; k < 3; k++)
            rig_submit(&rigs[k], 0, 1, WORK);
        rig_settle(300 + 37 * (uint64_t)i);
        REQUIRE_OK((NTSTATUS)belfry_os_sched_log(NODE, 64, MANY));
    }
    sched_wait_all(rigs, 3);
    belfry_sched_log(NODE, &log);
    REQUIRE(log.taken > 12);
    REQUIRE_OK((NTSTATUS)belfry_os_sched_log(NODE, 0, 0));
    from = belfry_record_count();
    work(3, 2);
    belfry_sched_log(NODE, &log);
    REQUIRE_EQ(rig_count(from, BELFRY_SCHED, NULL), 0); /* Off. */
    sched_close(rigs, 3);
    return 0;
}

static void HS_LOG_01_the_log_before_is_frozen(void **state)
{
    (void)state;
    run(replaced);
}

/* GPU time and the log's index go on. */
static int across_d3(int argc, char **argv)
{
    struct belfry_sched_log log;

    (void)argc, (void)argv;
    open_logged(2, 64, MANY);
    for (unsigned round = 0; round < 6; round++) {
        size_t from = belfry_record_count();
        uint64_t before;
        unsigned entries;

        work(2, 2);
        before = belfry_register(BELL_TIME_OFFSET);
        if (round % 2 == 0)
            belfry_sched_log(NODE, &log);
        if (round >= 2) /* Stopped inside its work: it is ready all the while. */
            rig_submit(&rigs[round % 2], 0, 1, 20 * WORK);
        rig_settle(round < 4 ? 8 * WORK : 0);
        REQUIRE_OK((NTSTATUS)belfry_os_power_down(round % 3 == 0));
        belfry_os_power_up();
        REQUIRE(belfry_register(BELL_TIME_OFFSET) >= before);
        work(2, 2);
        belfry_sched_log(NODE, &log);
        REQUIRE_EQ(log.lost, 0);
        REQUIRE_EQ(log.taken, belfry_record_number(BELFRY_SCHED, NULL));
        for (unsigned i = 0; i < 2; i++) {
            for (entries = 0; entry(from, rigs[i].context, entries) != NULL; entries++)
                continue;
            REQUIRE(entries >= 6); /* Twice ready, running, idle. */
            require_state(from, &rigs[i], entries - 1, "idle");
        }
    }
    sched_close(rigs, 2);
    return 0;
}

static void HS_LOG_01_goes_on_after_d3_on_the_machine(void **state)
{
    (void)state;
    run(across_d3);
}

static int refused(int argc, char **argv)
{
    (void)argc, (void)argv;
    REQUIRE_STATUS(belfry_os_sched_log(9, 8, 0), STATUS_INVALID_PARAMETER);
    REQUIRE_STATUS(belfry_os_sched_log(0, 65535, 0), STATUS_INVALID_PARAMETER);
    return 0;
}

static void HS_LOG_01_bad_arguments(void **state)
{
    (void)state;
    run(refused);
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(HS_LOG_02_each_change_is_an_entry),
        T(HS_LOG_02_queues_of_one_context_are_one),
        T(HS_LOG_02_wraps_and_interrupts_on_the_chosen_entry),
        T(HS_LOG_01_the_log_before_is_frozen),
        T(HS_LOG_01_goes_on_after_d3_on_the_machine),
        T(HS_LOG_01_bad_arguments),
    };

    return cmocka_run_group_tests_name("sched_log", tests, NULL, NULL);
}
