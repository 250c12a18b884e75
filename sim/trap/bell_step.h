/* SPDX-License-Identifier: MIT */
/**
 * @file bell_step.h
 * @brief Inside sim/trap only: run one instruction of user code with TRAPPED windows open.
 *
 * For instructions that have no decoded operands. The processor's single-step flag brings control
 * back after the instruction; nothing else runs while windows are open.
 */
#ifndef BELL_STEP_H
#define BELL_STEP_H

#include "bell_memory.h"

#include <stdbool.h>
#include <ucontext.h>

/** Open this TRAPPED window (one more, if a step is under way), arm the step. False: too many. */
bool bell_step_begin(struct bell_window *window, ucontext_t *machine);
bool bell_step_active(void);
/** Close all opened windows and disarm. False when no step was under way. */
bool bell_step_end(ucontext_t *machine);

#endif
