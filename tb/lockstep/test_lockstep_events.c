// SPDX-License-Identifier: MIT
// Lockstep knows when a watch and a scheduling log have something to tell: an event that is not due
// is reported at once, one that does not come after a while. See test_lockstep.c.

#include "plants.h"

#include "bell_model.h"

#define LOG UINT64_C(0x708000)
#define LIMIT 200u
#define LONG_WORK BELL_HUNG_LIMIT0_LONG_WORK_MASK
#define NEVER_TOLD 0xffffu
#define EACH_ENTRY 2u /* INTERRUPT_ENTRY. */

static struct bench bench;

static uint64_t gated(uint64_t nodes)
{
    return BELL_CTRL_ENABLE_MASK | BELL_FIELD_PUT(BELL_CTRL_GATED, nodes);
}

static void pop_all(void)
{
    while (BELL_FIELD_GET(bench_read(&bench, BELL_EVENT0_OFFSET), BELL_EVENT0_VALID)) {
        bench_read(&bench, BELL_EVENT1_OFFSET);
        bench_write(&bench, BELL_EVENT_POP_OFFSET, BELL_EVENT_POP_POP_MASK);
    }
}

/* ------------------------------------------------------------------ watches */

/* A queue of node 0 with `count` buffers: WORK, NOP, IRQ. */
static struct bench_queue submit(uint32_t index, unsigned count, uint64_t clocks)
{
    const struct bell_packet packets[] = {
        {BELL_OP_WORK, clocks, 0, 0}, {BELL_OP_NOP, 0, 0, 0}, {BELL_OP_IRQ, index, 0, 0}};
    struct bench_queue queue = bench_queue_open(&bench, index, 0, index, 6, 0);

    for (unsigned i = 0; i < count; i++)
        bench_append(&queue, queue.buffers, packets, 3);
    bench_command(&bench, index, BELL_QUEUE_CMD_KICK);
    return queue;
}

static void watch(uint64_t hung, uint64_t idle)
{
    bench_run(&bench, 1);
    bench_write(&bench, BELL_HUNG_LIMIT0_OFFSET, hung);
    bench_write(&bench, BELL_IDLE_LIMIT0_OFFSET, idle);
    bench_write(&bench, BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
    submit(1, 2, 5000);
    bench_run(&bench, 20000);
}

static void unwatched(void) { watch(0, 0); }
static void hung(void) { watch(LIMIT, 0); }
static void long_work(void) { watch(LIMIT | LONG_WORK, 0); }
static void idle(void) { watch(0, LIMIT); }

/* Its own time is over long before; then it stands still. */
static void hangs(void)
{
    static const struct bell_packet packets[] = {{BELL_OP_WORK, 50, 0, 0}, {BELL_OP_HANG, 0, 0, 0}};
    struct bench_queue queue;

    bench_write(&bench, BELL_HUNG_LIMIT0_OFFSET, LIMIT | LONG_WORK);
    bench_write(&bench, BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
    queue = bench_queue_open(&bench, 1, 0, 1, 6, 0);
    bench_append(&queue, queue.buffers, packets, 2);
    bench_command(&bench, 1, BELL_QUEUE_CMD_KICK);
    bench_run(&bench, 5000);
    bench_write(&bench, BELL_NODE_ABORT_OFFSET, 1);
    bench_settle(&bench);
}

static void gates(uint64_t ctrl)
{
    bench_write(&bench, BELL_IDLE_LIMIT0_OFFSET, LIMIT);
    bench_write(&bench, BELL_CTRL_OFFSET, ctrl);
    bench_run(&bench, 5000);
}

static void gated_node(void) { gates(gated(1)); }
static void open_node(void) { gates(gated(2)); }

/* Limits, gates and packets of all kinds, each again and again; sometimes nobody takes events. */
static void restless(void)
{
    static const struct bell_packet moves[] = {
        {BELL_OP_FILL, BENCH_MIB + 0x90000, 4096, 7},
        {BELL_OP_COPY, BENCH_MIB + 0x92000, 4096, BENCH_MIB + 0x90000},
        {BELL_OP_FENCE, BENCH_MIB + 0x94000, 1, 0},
        {BELL_OP_NOP, 0, 0, 0},
        {BELL_OP_WORK, 150, 0, 0},
        {BELL_OP_IRQ, 1, 0, 0},
    };
    struct bench_queue queue = bench_queue_open(&bench, 1, 0, 1, 6, 0);
    uint64_t seed = 7;

    bench_write(&bench, BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
    for (unsigned i = 0; i < 300; i++) {
        const uint64_t dice = bench_random(&seed);
        const uint64_t limit = dice >> 8 & 3 ? dice >> 16 & 255 : dice >> 16 & 7;

        if (i % 3 == 0) {
            bench_append(&queue, queue.buffers, moves, dice & 1 ? 6 : 5);
            bench_command(&bench, 1, BELL_QUEUE_CMD_KICK);
        }
        if (i % 5 == 1)
            bench_write(&bench, BELL_HUNG_LIMIT0_OFFSET, limit | (dice & 4 ? LONG_WORK : 0));
        if (i % 5 == 2)
            bench_write(&bench, BELL_IDLE_LIMIT0_OFFSET, limit);
        if (i % 7 == 0)
            bench_write(&bench, BELL_CTRL_OFFSET, gated(dice >> 4 & 1));
        bench_run(&bench, 1 + (dice >> 32 & 511));
        if (i % 60 == 59)
            pop_all();
        while (i % 3 == 2 && queue.wptr - bench_load(&bench, queue.control + 8) > 50) {
            bench_write(&bench, BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
            bench_run(&bench, 500);
            pop_all();
        }
    }
    bench_write(&bench, BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
    for (unsigned i = 0; i < 20; i++) {
        bench_run(&bench, 5000);
        pop_all();
    }
}

/* ------------------------------------------------------------------ logs */

static void log_on(uint64_t told)
{
    bench_write(&bench, BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
    bench_write(&bench, BELL_LOG_CONFIG0_OFFSET,
                BELL_FIELD_PUT(BELL_LOG_CONFIG0_ENTRIES, 4) |
                    BELL_FIELD_PUT(BELL_LOG_CONFIG0_INTERRUPT_ENTRY, told));
    bench_write(&bench, BELL_LOG_BASE0_OFFSET, LOG | BELL_LOG_BASE0_ENABLE_MASK);
}

static void log_of(uint64_t told, unsigned buffers)
{
    log_on(told);
    for (unsigned i = 0; i < buffers; i++) {
        submit(1, 1, 500);
        bench_settle(&bench);
        bench_command(&bench, 1, BELL_QUEUE_CMD_CLOSE);
    }
}

static void log_told(void) { log_of(EACH_ENTRY, 8); }
static void log_untold(void) { log_of(NEVER_TOLD, 8); }
static void log_short(void) { log_of(NEVER_TOLD, 1); }

/* The log is refused from its first entry on. */
static void log_lost(void)
{
    bench.readonly_page = LOG;
    log_of(NEVER_TOLD, 2);
}

/* What is to be told finds the event queue full, again and again. */
static void log_full(void)
{
    static const struct bell_packet packets[] = {{BELL_OP_IRQ, 1, 0, 0}};
    static const struct bell_packet work[] = {{BELL_OP_WORK, 100, 0, 0}};
    struct bench_queue fills = bench_queue_open(&bench, 2, 1, 2, 8, 0);
    struct bench_queue logged = bench_queue_open(&bench, 1, 0, 1, 6, 0);

    log_on(0);
    for (unsigned i = 0; i < 6; i++) {
        for (unsigned k = 0; k < 70 && i % 3 == 0; k++)
            bench_append(&fills, fills.buffers, packets, 1);
        bench_command(&bench, 2, BELL_QUEUE_CMD_KICK);
        bench_run(&bench, 20000);
        for (unsigned k = 0; k < 3; k++) {
            bench_append(&logged, logged.buffers + 0x1000, work, 1);
            bench_command(&bench, 1, BELL_QUEUE_CMD_KICK);
            bench_run(&bench, 2000);
        }
        pop_all();
        bench_run(&bench, 2000);
        pop_all();
    }
}

/* ------------------------------------------------------------------ lies */

static bool left_out(action *what) { (void)what; return false; }
static bool refused(action *what) { what->resp = BELL_RESP_DECERR; return true; }
static bool granted(action *what) { what->resp = BELL_RESP_OKAY; return true; }
static bool value(action *what) { what->value ^= 1; return true; }
static bool limit(action *what) { what->value = LIMIT; return true; }
static bool no_limit(action *what) { what->value = 0; return true; }
static bool longer(action *what) { what->value = 2 * LIMIT; return true; }
static bool with_work(action *what) { what->value = LIMIT | LONG_WORK; return true; }
static bool is_gated(action *what) { what->value = gated(1); return true; }
static bool is_open(action *what) { what->value = gated(0); return true; }
static bool other_node(action *what) { what->node = 1; return true; }

static bool once_more(action *what)
{
    what->cause = BELL_CAUSE_ENGINE_HUNG;
    what->value = LIMIT;
    return true;
}

static bool idle_event(action *what)
{
    what->cause = BELL_CAUSE_ENGINE_IDLE;
    what->queue = 0;
    what->value = LIMIT;
    return true;
}

static bool tells(action *what, uint64_t entry)
{
    what->value = (what->value & ~BELL_LOG_CONFIG0_INTERRUPT_ENTRY_MASK) |
                  BELL_FIELD_PUT(BELL_LOG_CONFIG0_INTERRUPT_ENTRY, entry);
    return true;
}

static bool untold(action *what) { return tells(what, NEVER_TOLD); }
static bool told(action *what) { return tells(what, EACH_ENTRY); }
static bool told_later(action *what) { return tells(what, EACH_ENTRY + 1); }

static bool is_hung_limit(const action *what) { return what->addr == BELL_HUNG_LIMIT0_OFFSET; }
static bool is_idle_limit(const action *what) { return what->addr == BELL_IDLE_LIMIT0_OFFSET; }
static bool is_ctrl(const action *what) { return what->addr == BELL_CTRL_OFFSET; }
static bool is_config(const action *what) { return what->addr == BELL_LOG_CONFIG0_OFFSET; }
static bool is_packet(const action *what) { return what->cause == BELL_CAUSE_USER_IRQ; }
static bool is_idle(const action *what) { return what->cause == BELL_CAUSE_ENGINE_IDLE; }
static bool is_told(const action *what) { return what->cause == BELL_CAUSE_SCHED_LOG; }
static bool is_lost(const action *what) { return what->cause == BELL_CAUSE_SCHED_LOG_LOST; }
static bool is_third_word(const action *what) { return what->size == 8 && what->data[0] == 3; }

#define SEEN BELL_SAW_EVENT, -1
#define WRITTEN BELL_SAW_ACCEPT, -1, 0
#define LOGGED BELL_SAW_WRITE, BELL_WRITERS, 0

static const struct plant plants[] = {
    {"hung: the RTL does not watch", unwatched, WRITTEN, is_hung_limit, limit, true,
     "event", "does nothing", "posts cause 11, node 0, queue 1, data 0xc8 since"},
    {"hung: the model does not watch", hung, WRITTEN, is_hung_limit, no_limit, true,
     "event", "posts cause 11", "posts nothing: the timer does not count"},
    {"hung: too early", hung, WRITTEN, is_hung_limit, longer, true,
     "event", "posts cause 11", "posts nothing: the timer has not ended"},
    {"hung: WORK counts for the RTL", hung, WRITTEN, is_hung_limit, with_work, true,
     "event", "posts cause 11", "posts nothing: the timer does not count"},
    {"hung: WORK counts for the model", long_work, WRITTEN, is_hung_limit, limit, true,
     "event", "does nothing", "posts cause 11, node 0, queue 1, data 0xc8 since"},
    {"hung: left out", hung, SEEN, 0, NULL, left_out, true,
     "event", "does nothing", "posts cause 11, node 0, queue 1, data 0xc8 since"},
    {"hung: the second left out", hung, SEEN, 2, NULL, left_out, true,
     "event", "does nothing", "posts cause 11, node 0, queue 1, data 0xc8 since"},
    {"hung: after WORK left out", hangs, SEEN, 0, NULL, left_out, true,
     "event", "does nothing", "posts cause 11, node 0, queue 1, data 0xc8 since"},
    {"hung: once more", hung, SEEN, 0, is_packet, once_more, false,
     "event", "posts cause 11", "posts nothing: the timer has not ended"},
    {"hung: limit", hung, SEEN, 0, NULL, value, false,
     "event", "data 0xc9", "posts cause 11, node 0, queue 1, data 0xc8"},
    {"hung: node", hung, SEEN, 0, NULL, other_node, false,
     "event", "node 1", "posts nothing: the timer does not count"},
    {"idle: the RTL does not watch", unwatched, WRITTEN, is_idle_limit, limit, true,
     "event", "does nothing", "posts cause 10, node 0, queue 0, data 0xc8 since"},
    {"idle: the model does not watch", idle, WRITTEN, is_idle_limit, no_limit, true,
     "event", "posts cause 10", "posts nothing: the timer does not count"},
    {"idle: too early", idle, WRITTEN, is_idle_limit, longer, true,
     "event", "posts cause 10", "posts nothing: the timer has not ended"},
    {"idle: gated for the model", open_node, WRITTEN, is_ctrl, is_gated, true,
     "event", "posts cause 10", "posts nothing: the timer does not count"},
    {"idle: gated for the RTL", gated_node, WRITTEN, is_ctrl, is_open, true,
     "event", "does nothing", "posts cause 10, node 0, queue 0, data 0xc8 since"},
    {"idle: left out", idle, SEEN, 0, is_idle, left_out, true,
     "event", "does nothing", "posts cause 10, node 0, queue 0, data 0xc8 since"},
    {"idle: during a turn", unwatched, SEEN, 0, is_packet, idle_event, false,
     "event", "posts cause 10", "posts nothing: the timer does not count"},
    {"log: told by the RTL alone", log_told, WRITTEN, is_config, untold, true,
     "event", "posts cause 12", "no index of the log is to be told"},
    {"log: told by the model alone", log_untold, WRITTEN, is_config, told, true,
     "event", "does nothing", "posts cause 12, node 0, data 0x3 since"},
    {"log: told of another entry", log_told, WRITTEN, is_config, told_later, true,
     "event", "posts cause 12", "no index of the log is to be told"},
    {"log: event left out", log_told, SEEN, 1, is_told, left_out, true,
     "event", "does nothing", "posts cause 12, node 0, data 0x"},
    {"log: index in the event", log_told, SEEN, 1, is_told, value, false,
     "event", "posts cause 12", "of the log"},
    {"log: loss left out", log_lost, SEEN, 0, is_lost, left_out, true,
     "event", "does nothing", "posts cause 14, node 0, data 0x708020 since"},
    {"log: place of the loss", log_lost, SEEN, 0, is_lost, value, false,
     "event", "posts cause 14", "tells 0x708020 of the log"},
    {"log: lost by the RTL alone", log_lost, LOGGED, NULL, granted, true,
     "event", "posts cause 14", "no write of the log was refused"},
    {"log: lost by the model alone", log_short, LOGGED, is_third_word, refused, true,
     "event", "does nothing", "posts cause 14, node 0, data 0x708000 since"},
};

/* ------------------------------------------------------------------ tests */

static void every_planted_difference_is_reported(void **unused)
{
    (void)unused;
    plants_require_all(&bench, plants, sizeof plants / sizeof plants[0]);
}

static void sound_hardware_does_not_differ(void **unused)
{
    void (*const runs[])(void) = {unwatched, hung,     long_work, idle,    hangs,    gated_node,
                                  open_node, restless, log_told,  log_lost, log_full, log_untold};

    (void)unused;
    for (unsigned i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        plants_run(&bench, NULL, runs[i]);
        if (bench.difference[0])
            fail_msg("run %u: %s", i, bench.difference);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_hardware_does_not_differ),
        cmocka_unit_test(every_planted_difference_is_reported),
    };

    return cmocka_run_group_tests_name("lockstep_events", tests, NULL, NULL);
}
