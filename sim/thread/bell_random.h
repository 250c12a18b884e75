/* SPDX-License-Identifier: MIT */
/**
 * @file bell_random.h
 * @brief The seeded generator behind every random choice: splitmix64 (a counter and a mixer).
 */
#ifndef BELL_RANDOM_H
#define BELL_RANDOM_H

#include <stdint.h>

struct bell_random {
    uint64_t state;
};

/** Next 64 random bits. Any initial state is a good seed. */
uint64_t bell_random_next(struct bell_random *random);
/** Without bias below `bound`; bound 0 gives 0. */
uint64_t bell_random_below(struct bell_random *random, uint64_t bound);

#endif
