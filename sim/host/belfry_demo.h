/* SPDX-License-Identifier: MIT */
#ifndef BELFRY_DEMO_H
#define BELFRY_DEMO_H

#include "belfry/belfry.h"

/** Run the main job and print its story. slots 0 = 2 doorbells.
 *  @return exit code: 0 all right, 1 something was wrong, 2 the machine could not be built. */
int belfry_demo(const struct belfry_config *config);

#endif
