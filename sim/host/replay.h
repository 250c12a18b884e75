/* SPDX-License-Identifier: MIT */
/** @file replay.h @brief Of the belfry command: the line that repeats a run. */
#ifndef BELFRY_REPLAY_H
#define BELFRY_REPLAY_H

#include "belfry/belfry.h"

/** One line that does the same run again; lives until the program ends. */
const char *belfry_replay_line(const char *command, const struct belfry_config *config, int argc,
                               char **argv);
/** config->replay on stderr. */
void belfry_print_replay(const struct belfry_config *config);

#endif
