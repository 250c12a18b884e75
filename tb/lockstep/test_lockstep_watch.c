// SPDX-License-Identifier: MIT
// Lockstep sees what the events of the idle detectors and watchdogs may not tell, with room for
// them and without. See test_lockstep.c.

#include "plants.h"

#include "bell_model.h"

#define LIMIT 200u
#define OTHER_LIMIT 260u
#define LONG 1000u
#define SHORT 10u

static struct bench bench;

/* ------------------------------------------------------------------ runs */

static void work(uint32_t index, uint64_t clocks)
{
    const struct bell_packet packet = {BELL_OP_WORK, clocks, 0, 0};
    struct bench_queue queue = bench_queue_open(&bench, index, 0, index, 4, 0);

    bench_append(&queue, queue.buffers, &packet, 1);
    bench_command(&bench, index, BELL_QUEUE_CMD_KICK);
    bench_run(&bench, 3 * LONG);
}

/* 1 and 3 hang, by different limits, and 2 does not. */
static void three(void)
{
    bench_write(&bench, BELL_HUNG_LIMIT0_OFFSET, LIMIT);
    work(1, LONG);
    work(2, SHORT);
    bench_write(&bench, BELL_HUNG_LIMIT0_OFFSET, OTHER_LIMIT);
    work(3, LONG);
}

static void with_room(void)
{
    bench_write(&bench, BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
    three();
    bench_write(&bench, BELL_IDLE_LIMIT0_OFFSET, LIMIT);
    bench_run(&bench, LONG);
}

static void full(void)
{
    static struct bell_packet packets[BELL_MODEL_EVENTS];
    struct bench_queue queue = bench_queue_open(&bench, 50, 1, 7, 4, 0);

    for (unsigned i = 0; i < BELL_MODEL_EVENTS; i++)
        packets[i] = (struct bell_packet){BELL_OP_IRQ, i, 0, 0};
    bench_append(&queue, queue.buffers, packets, BELL_MODEL_EVENTS);
    bench_write(&bench, BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
    bench_command(&bench, 50, BELL_QUEUE_CMD_KICK);
    bench_settle(&bench);
    three();
    for (unsigned i = 0; i < 20; i++) { /* Many turns, many limits. */
        bench_write(&bench, BELL_HUNG_LIMIT0_OFFSET, LIMIT + i);
        work(4 + i % 2, i % 2 ? LONG : LIMIT - 1);
    }
    for (unsigned i = 0; i < BELL_MODEL_EVENTS + 3; i++) {
        bench_run(&bench, 100);
        bench_write(&bench, BELL_EVENT_POP_OFFSET, BELL_EVENT_POP_POP_MASK);
    }
}

static void (*const runs[])(void) = {with_room, full};

/* ------------------------------------------------------------------ plants */

static bool is_hung(const action *what) { return what->cause == BELL_CAUSE_ENGINE_HUNG; }
static bool is_idle(const action *what) { return what->cause == BELL_CAUSE_ENGINE_IDLE; }

static bool queue_2(action *what) { what->queue = 2; return true; }
static bool queue_1(action *what) { what->queue = 1; return true; }
static bool queue_9(action *what) { what->queue = 9; return true; }
static bool no_limit(action *what) { what->value = 0; return true; }
static bool limit(action *what) { what->value ^= 1 << 20; return true; }
static bool old_limit(action *what) { what->value = LIMIT; return true; }
static bool more(action *what) { what->value |= UINT64_C(1) << 32; return true; }
static bool above(action *what) { what->value |= UINT64_C(1) << 40; return true; }

static const struct plant plants[] = {
    {"innocent queue", with_room, BELL_SAW_EVENT, -1, 0, is_hung, queue_2, false,
     "event", "queue 2, data 0xc8", "cause 11, node 0, queue 1, data 0xc8"},
    {"queue of long ago", with_room, BELL_SAW_EVENT, -1, 1, is_hung, queue_1, false,
     "event", "queue 1, data 0x104", "queue 3, data 0x104"},
    {"limit", with_room, BELL_SAW_EVENT, -1, 0, is_hung, limit, false,
     "event", "data 0x1000c8", "data 0xc8"},
    {"limit of long ago", with_room, BELL_SAW_EVENT, -1, 1, is_hung, old_limit, false,
     "event", "data 0xc8", "data 0x104"},
    {"limit that is off", with_room, BELL_SAW_EVENT, -1, 0, is_hung, no_limit, false,
     "event", "data 0x0", "data 0xc8"},
    {"more with room", with_room, BELL_SAW_EVENT, -1, 0, is_hung, more, false,
     "event", "data 0x1000000c8", "data 0xc8"},
    {"beyond the count", with_room, BELL_SAW_EVENT, -1, 0, is_hung, above, false,
     "event", "data 0x100000000c8", "data 0xc8"},
    {"idle of a queue", with_room, BELL_SAW_EVENT, -1, 0, is_idle, queue_1, false,
     "event", "cause 10, node 0, queue 1", "cause 10, node 0, queue 0, data 0xc8"},
    {"idle with a limit", with_room, BELL_SAW_EVENT, -1, 0, is_idle, limit, false,
     "event", "data 0x1000c8", "data 0xc8"},
    {"innocent queue without room", full, BELL_SAW_EVENT, -1, 0, is_hung, queue_2, false,
     "event", "queue 2, data 0xc8", "cause 11, node 0"},
    {"queue that had no turn, without room", full, BELL_SAW_EVENT, -1, 1, is_hung, queue_9, false,
     "event", "queue 9", "cause 11, node 0"},
    {"limit that is off, without room", full, BELL_SAW_EVENT, -1, 1, is_hung, no_limit, false,
     "event", "data 0x0", "cause 11, node 0"},
};

static void every_planted_difference_is_reported(void **state)
{
    (void)state;
    plants_require_all(&bench, plants, sizeof plants / sizeof plants[0]);
}

static void sound_hardware_does_not_differ(void **state)
{
    (void)state;
    for (unsigned r = 0; r < sizeof runs / sizeof runs[0]; r++) {
        plants_run(&bench, NULL, runs[r]);
        assert_string_equal(bench.difference, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_hardware_does_not_differ),
        cmocka_unit_test(every_planted_difference_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
