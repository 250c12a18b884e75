/* SPDX-License-Identifier: MIT */
#include "bell_random.h"

uint64_t bell_random_next(struct bell_random *random)
{
    uint64_t mixed;

    random->state += UINT64_C(0x9E3779B97F4A7C15);
    mixed = random->state;
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94D049BB133111EB);
    return mixed ^ (mixed >> 31);
}

uint64_t bell_random_below(struct bell_random *random, uint64_t bound)
{
    uint64_t biased; /* Values below this would favour small results. */
    uint64_t bits;

    if (bound == 0)
        return 0;
    biased = -bound % bound;
    do {
        bits = bell_random_next(random);
    } while (bits < biased);
    return bits % bound;
}
