/* SPDX-License-Identifier: MIT */
/**
 * @file bell_copy.h
 * @brief Inside sim/trap only: the fault handler's side of bell_copy_*_user().
 */
#ifndef BELL_COPY_H
#define BELL_COPY_H

/** When a guarded copy is under way, end it with "false" (does not return); otherwise nothing. */
void bell_copy_faulted(void);

#endif
