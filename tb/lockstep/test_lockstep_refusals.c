// SPDX-License-Identifier: MIT
// Lockstep and refusals as events: what a sound device tells is predicted, also in a flood, with a
// full event queue and of several kinds at once; what is told wrongly is reported.

#include "plants.h"

#define FREE_SLOT 7u
#define ALL UINT64_C(7)
#define FLOOD 300u

static struct bench bench;

static uint64_t doorbell(uint32_t slot)
{
    return BELL_DEVICE_BAR2 + (uint64_t)slot * BELL_DOORBELL_BYTES;
}

static void pop_all(void)
{
    while (BELL_FIELD_GET(bench_read(&bench, BELL_EVENT0_OFFSET), BELL_EVENT0_VALID)) {
        bench_read(&bench, BELL_EVENT1_OFFSET);
        bench_write(&bench, BELL_EVENT_POP_OFFSET, BELL_EVENT_POP_POP_MASK);
    }
}

/* Of each kind some, one after the other. */
static void each_kind(void)
{
    bench_write(&bench, BELL_REPORT_ARM_OFFSET, ALL);
    for (unsigned i = 0; i < 5; i++)
        bench_try_write(&bench, doorbell(1) + 8 * (i + 1), 1, 8);
    for (unsigned i = 0; i < 3; i++)
        bench_try_write(&bench, doorbell(FREE_SLOT + i), 1, 8);
    bench_try_read(&bench, BELL_EVENT_POP_OFFSET);
    bench_try_write(&bench, BELL_ID_OFFSET, 1, 8);
    bench_read(&bench, BELL_REPORT_ARM_OFFSET);
    pop_all();
    for (unsigned i = 0; i < 3; i++) {
        bench_write(&bench, BELL_REPORT_ARM_OFFSET, ALL);
        bench_run(&bench, 600);
        bench_read(&bench, BELL_REPORT_ARM_OFFSET);
        bench_read(&bench, BELL_ACCESSES_REFUSED_OFFSET);
    }
    pop_all();
}

/* Stores of all kinds as fast as the bus takes them; armed again and again, and disarmed. */
static void flood(void)
{
    uint64_t seed = 5;

    for (unsigned i = 0; i < FLOOD; i++) {
        bench_post_write(&bench, doorbell((uint32_t)bench_random(&seed) % 12) + 8 * (i % 3), i);
        if (i % 9 == 0)
            bench_post_write(&bench, BELL_REPORT_ARM_OFFSET, i % 4 == 0 ? 2 : ALL);
        if (i % 7 == 0)
            bench_post_write(&bench, BELL_CAPS_OFFSET, 1);
        if (i % 11 == 0)
            bench_try_read(&bench, i % 2 ? BELL_EVENT_POP_OFFSET : BELL_REPORT_ARM_OFFSET);
        if (i == FLOOD / 2)
            pop_all(); /* It was full for a while: more than 64 armings. */
    }
    bench_wait_answers(&bench);
    pop_all();
    bench_write(&bench, BELL_REPORT_ARM_OFFSET, ALL);
    bench_run(&bench, 600);
    pop_all();
}

static bool too_many(action *what) { what->value += 2; return true; }
static bool addr(action *what) { what->value ^= UINT64_C(8) << 40; return true; }
static bool code(action *what) { what->value ^= UINT64_C(1) << BELL_REPORT_WORD_CODE_SHIFT; return true; }
static bool queue(action *what) { what->queue = 1; return true; }
static bool node(action *what) { what->node = 1; return true; }
static bool other_kind(action *what) { what->cause++; return true; }
static bool left_out(action *what) { (void)what; return false; }
static bool fewer(action *what) { what->value -= 3; return true; }
static bool none(action *what) { what->value &= ~BELL_REPORT_WORD_COUNT_MASK; return true; }
static bool is_sum(const action *what)
{
    return BELL_FIELD_GET(what->value, BELL_REPORT_WORD_COUNT) >= 4;
}

static const struct plant plants[] = {
    {"report: too many", each_kind, BELL_SAW_EVENT, -1, 0, NULL, too_many, false,
     "event", "cause 16", "refusals, the first of them at 0x1008 with code 2"},
    {"report: address", each_kind, BELL_SAW_EVENT, -1, 1, NULL, addr, false,
     "event", "cause 17", "refusals, the first of them at 0x7000 with code 0"},
    {"report: code", each_kind, BELL_SAW_EVENT, -1, 2, NULL, code, false,
     "event", "cause 18", "refusals, the first of them at 0x"},
    {"report: queue", each_kind, BELL_SAW_EVENT, -1, 0, NULL, queue, false,
     "event", "queue 1", "refusals, the first of them at 0x1008 with code 2"},
    {"report: node", each_kind, BELL_SAW_EVENT, -1, 0, NULL, node, false,
     "event", "node 1", "refusals, the first of them at 0x1008 with code 2"},
    {"report: kind", each_kind, BELL_SAW_EVENT, -1, 0, NULL, other_kind, false,
     "event", "cause 17", "nothing of that kind was refused"},
    {"report: forgets some", each_kind, BELL_SAW_EVENT, -1, 0, is_sum, fewer, false,
     "event", "data 0x", "refusals, the first of them at 0x1010 with code 2"},
    {"report: of nothing", each_kind, BELL_SAW_EVENT, -1, 0, NULL, none, false,
     "event", "cause 16", "refusals, the first of them at 0x1008 with code 2"},
    {"report: left out", each_kind, BELL_SAW_EVENT, -1, 3, NULL, left_out, true,
     "event", "", "posts cause 16 since cycle"},
};

static void every_planted_difference_is_reported(void **unused)
{
    (void)unused;
    plants_require_all(&bench, plants, sizeof plants / sizeof plants[0]);
}

static void sound_hardware_does_not_differ(void **unused)
{
    void (*const runs[])(void) = {each_kind, flood};

    (void)unused;
    for (unsigned i = 0; i < 2; i++) {
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

    return cmocka_run_group_tests_name("lockstep_refusals", tests, NULL, NULL);
}
