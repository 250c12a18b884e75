// SPDX-License-Identifier: MIT
// Lockstep sees what does not happen, also while nothing else does: an access without an answer, a
// ready queue before a free node, an interrupt line that stays. See test_lockstep.c.

#include "plants.h"

#define SLOT 3u
#define QUEUE 5u
#define PASID 2u
#define BOUND (1024u + 2 * 20u) /* Of an answer. */

static struct bench bench;
static bool quiet; /* Nothing is done any more. */

static void open_queue(void)
{
    static const struct bell_packet packets[] = {{BELL_OP_IRQ, 0x77, 0, 0}};
    struct bench_queue queue;

    bench_write(&bench, BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
    bench_write(&bench, BELL_IRQ_CTRL_OFFSET, BELL_IRQ_CTRL_ENABLE_MASK);
    bench_own(&bench, SLOT, QUEUE);
    queue = bench_queue_open(&bench, QUEUE, 0, PASID, 8, 0);
    bench_append(&queue, queue.buffers, packets, 1);
}

static void reads(void)
{
    bench_read(&bench, BELL_CAPS_OFFSET);
    bench_run(&bench, 3000);
}

static void writes(void)
{
    bench_write(&bench, BELL_BANDS_OFFSET, 0);
    bench_run(&bench, 3000);
}

static void rings(void)
{
    bench_ring(&bench, SLOT);
    bench_run(&bench, 3000);
}

static void interrupts(void)
{
    open_queue();
    bench_ring(&bench, SLOT);
    bench_settle(&bench);
}

static void acknowledges(void)
{
    interrupts();
    bench_write(&bench, BELL_EVENT_POP_OFFSET, BELL_EVENT_POP_POP_MASK);
    bench_run(&bench, 1000);
}

static void switches_off(void)
{
    interrupts();
    bench_write(&bench, BELL_IRQ_CTRL_OFFSET, 0);
    bench_run(&bench, 1000);
}

static bool left_out(action *what) { (void)what; return false; }

static const struct plant plants[] = {
    {"read without an answer", reads, BELL_SAW_ANSWER, -1, 0, NULL, left_out, true,
     "register access", "does nothing of the kind", "answers the read at 0x8"},
    {"write without an answer", writes, BELL_SAW_ANSWER, -1, 0, NULL, left_out, true,
     "register access", "does nothing of the kind", "answers the write at 0x"},
    {"store without an answer", rings, BELL_SAW_ANSWER, -1, 0, NULL, left_out, true,
     "register access", "does nothing of the kind", "answers the write at 0x1003000"},
    {"line does not rise", interrupts, BELL_SAW_IRQ, -1, 0, NULL, left_out, true,
     "interrupt line", "does nothing of the kind", "drives it to 1 since cycle"},
    {"line does not fall", acknowledges, BELL_SAW_IRQ, -1, 1, NULL, left_out, true,
     "interrupt line", "does nothing of the kind", "drives it to 0 since cycle"},
    {"line does not fall when switched off", switches_off, BELL_SAW_IRQ, -1, 1, NULL, left_out,
     true, "interrupt line", "does nothing of the kind", "drives it to 0 since cycle"},
};

static void every_planted_difference_is_reported(void **unused)
{
    (void)unused;
    plants_require_all(&bench, plants, sizeof plants / sizeof plants[0]);
}

static void sound_hardware_does_not_differ(void **unused)
{
    (void)unused;
    for (unsigned p = 0; p < sizeof plants / sizeof plants[0]; p++) {
        plants_run(&bench, NULL, plants[p].run);
        if (bench.difference[0])
            fail_msg("%s: %s", plants[p].name, bench.difference);
    }
}

/* ------------------------------------------------------------------ more than one action */

static void open_with(bool (*alter)(void *ctx, action *what))
{
    quiet = false;
    bell_lockstep_alter(alter, NULL);
    bench_open(&bench, 64, 20);
    bench.expects_difference = true;
}

static void close_with(const char *what, const char *model)
{
    bench_close(&bench);
    bell_lockstep_alter(NULL, NULL);
    if (!strstr(bench.difference, what) ||
        !plants_side_has(bench.difference, "  model: ", model) ||
        !plants_side_has(bench.difference, "  rtl: ", "does nothing of the kind"))
        fail_msg("expected %s, %s: \"%s\"", what, model, bench.difference);
}

static bool deaf(void *ctx, action *what)
{
    (void)ctx;
    return !quiet || what->kind == BELL_SAW_OFFER;
}

/* It is not even accepted. */
static void access_that_stays_on_the_pins_is_missed(void **unused)
{
    (void)unused;
    open_with(deaf);
    bench_read(&bench, BELL_CAPS_OFFSET);
    quiet = true;
    bench_read(&bench, BELL_CAPS_OFFSET);
    bench_run(&bench, BOUND - 50);
    assert_string_equal(bench.difference, "");
    bench_run(&bench, 200);
    close_with("differ: register access, cycle", "accepts the read at 0x8");
}

/* While clocks are not skipped either. */
static void answer_has_its_time(void **unused)
{
    (void)unused;
    open_with(deaf);
    bench.device->ops->set_idle_skip(bench.device, false);
    bench.device->ops->mmio_read(bench.device, BELL_CAPS_OFFSET, bench.asked++);
    bench_step(&bench, 2);
    quiet = true;
    bench_wait_answers(&bench);
    bench_run(&bench, BOUND - 50);
    assert_string_equal(bench.difference, "");
    bench_run(&bench, 200);
    close_with("differ: register access, cycle", "answers the read at 0x8");
}

static bool idle_nodes(void *ctx, action *what)
{
    (void)ctx;
    return what->kind > BELL_SAW_EVENT && what->kind != BELL_SAW_IRQ;
}

/* The node never takes its turn, and software does nothing either. */
static void turn_that_is_owed_is_missed(void **unused)
{
    (void)unused;
    open_with(idle_nodes);
    open_queue();
    bench_ring(&bench, SLOT);
    bench_run(&bench, 4000);
    assert_string_equal(bench.difference, "");
    bench_run(&bench, 5000);
    close_with("differ: turn, cycle", "gives queue 5 a turn: ready since cycle");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_hardware_does_not_differ),
        cmocka_unit_test(every_planted_difference_is_reported),
        cmocka_unit_test(access_that_stays_on_the_pins_is_missed),
        cmocka_unit_test(answer_has_its_time),
        cmocka_unit_test(turn_that_is_owed_is_missed),
    };

    return cmocka_run_group_tests_name("lockstep_silence", tests, NULL, NULL);
}
