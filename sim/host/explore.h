/* SPDX-License-Identifier: MIT */
/* Exploration: the same program again and again, each time with another seed or offset. */
#ifndef BELFRY_EXPLORE_H
#define BELFRY_EXPLORE_H

#include "belfry/belfry.h"

/** What to vary, from `--explore`: "seeds:FROM..TO" or "sweep:FROM..TO". */
struct belfry_explore {
    bool sweep;        /**< Vary belfry_sweep(); otherwise the seed. */
    uint64_t from, to; /**< Inclusive. */
};

/** @return false, with a message on stderr, for a text that is neither. */
bool belfry_explore_parse(const char *text, struct belfry_explore *explore);

/**
 * Run `one` in a process of its own for each value (so that a run cannot disturb the next), with
 * config.seed or config.sweep set. Output of good runs is dropped, of the first bad one shown.
 * @param replay  Prints the command that does a bad run again.
 * @return exit code: 0 all good, 1 at least one failed, 2 the run could not be started.
 */
int belfry_explore_run(const struct belfry_explore *explore, const struct belfry_config *config,
                       int (*one)(const struct belfry_config *config, void *ctx),
                       void (*replay)(const struct belfry_config *config, void *ctx), void *ctx);

#endif
