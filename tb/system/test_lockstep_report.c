/* SPDX-License-Identifier: MIT */
/*
 * The model in lockstep, seen from a whole machine: a difference stops the run with a replay line,
 * and a machine with it runs exactly as one without.
 */
#include "rig.h"

#include "bell_lockstep.h"
#include "bell_model.h"

#include <stdio.h>

enum { ENTRIES = 8, BUFFERS = 20 };

static bool is_rtl(void)
{
    return strcmp(rig_config().device, "rtl") == 0;
}

static int submit_some(int argc, char **argv)
{
    struct rig rig = {0};

    (void)argc;
    (void)argv;
    rig_make(&rig, ENTRIES, 0);
    REQUIRE_OK(rig_connect(&rig));
    for (uint32_t i = 0; i < BUFFERS; i++) {
        rig_submit(&rig, i, i + 1, 50);
        rig_wait(&rig, rig.base + i + 1, 100000);
    }
    rig_close(&rig);
    return 0;
}

/* The third fence value of the hardware is said to be another. */
static unsigned fences;
static uint64_t altered_at;

static bool third_fence(void *ctx, struct bell_lockstep_action *action)
{
    (void)ctx;
    if (action->kind == BELL_SAW_WRITE && action->unit == BELL_WRITES_FENCE && ++fences == 3) {
        action->data[0]++;
        altered_at = action->cycle;
    }
    return true;
}

static void difference_stops_the_run(void **state)
{
    struct belfry_config config = rig_config();
    char head[128];

    (void)state;
    fences = 0;
    altered_at = 0;
    config.replay = "belfry again";
    config.lockstep_off = false;
    bell_lockstep_alter(third_fence, NULL);
    rig_open_machine(&config);
    assert_non_null(belfry_spawn("differs", submit_some, 0, NULL));
    assert_int_equal(belfry_run(), is_rtl() ? BELFRY_FAILED : BELFRY_DONE);
    bell_lockstep_alter(NULL, NULL);
    assert_int_equal(altered_at != 0, is_rtl()); /* The model alone is compared with nothing. */
    if (!is_rtl()) {
        assert_int_equal(belfry_close(), 0);
        return;
    }
    snprintf(head, sizeof(head), "differ: fence write, cycle %llu\n",
             (unsigned long long)altered_at);
    assert_non_null(strstr(belfry_failure(), head));
    assert_non_null(strstr(belfry_failure(), "  rtl:   writes 8 bytes at"));
    assert_non_null(strstr(belfry_failure(), "  model: writes 0x"));
    assert_non_null(strstr(belfry_failure(), "  replay: belfry again"));
    assert_int_equal(belfry_close(), 0);
}

/* A difference that shows only after the run is not lost. */
static bool every_answer(void *ctx, struct bell_lockstep_action *action)
{
    (void)ctx;
    if (action->kind == BELL_SAW_ANSWER && !action->write)
        action->value ^= 1;
    return true;
}

static void difference_after_the_run_counts(void **state)
{
    struct belfry_config config = rig_config();

    (void)state;
    config.lockstep_off = false;
    rig_open_machine(&config);
    assert_non_null(belfry_spawn("is fine", submit_some, 0, NULL));
    assert_int_equal(belfry_run(), BELFRY_DONE);
    bell_lockstep_alter(every_answer, NULL);
    belfry_register(BELL_ID_OFFSET);
    bell_lockstep_alter(NULL, NULL);
    assert_int_equal(belfry_close(), is_rtl());
}

static uint64_t hash_of_a_run(bool off)
{
    struct belfry_config config = rig_config();
    uint64_t hash;

    config.lockstep_off = off;
    rig_open_machine(&config);
    assert_non_null(belfry_spawn("same", submit_some, 0, NULL));
    assert_int_equal(belfry_run(), BELFRY_DONE);
    hash = belfry_event_hash();
    assert_int_equal(belfry_close(), 0);
    return hash;
}

static unsigned seen;

static bool count(void *ctx, struct bell_lockstep_action *action)
{
    (void)ctx;
    (void)action;
    seen++;
    return true;
}

static void runs_are_the_same_with_and_without(void **state)
{
    uint64_t with, without;

    (void)state;
    bell_lockstep_alter(count, NULL);
    seen = 0;
    with = hash_of_a_run(false);
    assert_int_equal(seen > 100, is_rtl());
    seen = 0;
    without = hash_of_a_run(true);
    assert_int_equal(seen, 0);
    bell_lockstep_alter(NULL, NULL);
    assert_true(with == without);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(difference_stops_the_run),
        cmocka_unit_test(difference_after_the_run_counts),
        cmocka_unit_test(runs_are_the_same_with_and_without),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
