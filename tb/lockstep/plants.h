/* SPDX-License-Identifier: MIT */
/**
 * @file plants.h
 * @brief Planted differences: one action of a sound run is altered on its way to the comparison.
 */
#ifndef PLANTS_H
#define PLANTS_H

#include "model_bench.h"

#include "bell_lockstep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct bell_lockstep_action action;

struct plant {
    const char *name;
    void (*run)(void);
    enum bell_lockstep_kind kind;
    int unit; /**< Of memory accesses; -1: any. */
    unsigned skip;
    bool (*fits)(const action *what);
    bool (*change)(action *what); /**< false: the action is left out. */
    bool late;        /**< Reported with the cycle of a later action that shows it. */
    const char *what; /**< Class in the report. */
    const char *rtl;  /**< In the line of that side. */
    const char *model;
};

static struct {
    const struct plant *plant;
    unsigned skip;
    uint64_t cycle; /**< Of the altered action; 0: none was. */
} planted;

static bool plants_alter(void *ctx, action *what)
{
    const struct plant *plant = planted.plant;
    bool kept;

    (void)ctx;
    if (!plant || planted.cycle || what->kind != plant->kind ||
        (plant->unit >= 0 && what->unit != (uint32_t)plant->unit) ||
        (plant->fits && !plant->fits(what)) || planted.skip-- != 0)
        return true;
    kept = plant->change(what);
    planted.cycle = what->cycle;
    return kept;
}

/* One line of the report, that begins with `side`. */
static bool plants_side_has(const char *report, const char *side, const char *part)
{
    const char *line = strstr(report, side);
    char text[1024] = "";

    if (!line)
        return false;
    snprintf(text, sizeof text, "%.*s", (int)strcspn(line, "\n"), line);
    return strstr(text, part) != NULL;
}

/* @return why it is not the report that is expected, or NULL. */
static const char *plants_judge(const struct plant *plant, const char *report)
{
    char head[128];
    const char *at;
    uint64_t cycle;

    snprintf(head, sizeof head, "differ: %s, cycle ", plant->what);
    at = strstr(report, head);
    if (!planted.cycle)
        return "there was nothing to alter";
    if (!at)
        return "another class is expected";
    cycle = strtoull(at + strlen(head), NULL, 10);
    if (plant->late ? cycle < planted.cycle : cycle != planted.cycle)
        return "the cycle is wrong";
    if (!plants_side_has(report, "  rtl: ", plant->rtl))
        return "the side of the RTL is wrong";
    return plants_side_has(report, "  model: ", plant->model) ? NULL
                                                              : "the side of the model is wrong";
}

/* NULL: nothing is altered. */
static void plants_run(struct bench *bench, const struct plant *plant, void (*run)(void))
{
    planted.plant = plant;
    planted.skip = plant ? plant->skip : 0;
    planted.cycle = 0;
    bell_lockstep_alter(plants_alter, NULL);
    bench_open(bench, 64, 20);
    bench->expects_difference = true;
    run();
    bench_close(bench);
    bell_lockstep_alter(NULL, NULL);
}

/* @return whether it is missed. */
static bool plants_missed(struct bench *bench, const struct plant *plant)
{
    const char *why;

    plants_run(bench, plant, plant->run);
    why = plants_judge(plant, bench->difference);
    if (why)
        print_error("%s, cycle %llu: %s: \"%s\"\n", plant->name,
                    (unsigned long long)planted.cycle, why, bench->difference);
    return why != NULL;
}

static void plants_require_all(struct bench *bench, const struct plant *plants, size_t count)
{
    unsigned missed = 0;

    for (size_t p = 0; p < count; p++)
        missed += plants_missed(bench, &plants[p]);
    assert_int_equal(missed, 0);
}

#endif
