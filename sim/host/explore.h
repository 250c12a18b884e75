/* SPDX-License-Identifier: MIT */
/* Exploration: the same program again and again, each time with another seed or offset. */
#ifndef BELFRY_EXPLORE_H
#define BELFRY_EXPLORE_H

#include "belfry/belfry.h"

/** Values FROM..TO, inclusive. */
struct belfry_range {
    bool given;
    uint64_t from, to;
};

/** What to vary, from `--explore`: "seeds:FROM..TO", "sweep:FROM..TO", or both with a comma. */
struct belfry_explore {
    struct belfry_range seeds; /**< config.seed. */
    struct belfry_range sweep; /**< config.sweep; for each seed. */
};

/** @return false, with a message on stderr, for any other text. */
bool belfry_explore_parse(const char *text, struct belfry_explore *explore);

/**
 * Run `one` in a process of its own for each pair of values (so that a run cannot disturb the next), with
 * config.seed or config.sweep set. Output of good runs is dropped, of the first bad one shown.
 * @param replay  Prints the command that does a bad run again.
 * @return exit code: 0 all good, 1 at least one failed, 2 the run could not be started.
 */
int belfry_explore_run(const struct belfry_explore *explore, const struct belfry_config *config,
                       int (*one)(const struct belfry_config *config, void *ctx),
                       void (*replay)(const struct belfry_config *config, void *ctx), void *ctx);

#endif
