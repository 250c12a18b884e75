/* SPDX-License-Identifier: MIT */
/**
 * @file os_pool_arena.h
 * @brief Memory of the driver's pool, at addresses that are the same in every run.
 */
#ifndef BELL_OS_POOL_ARENA_H
#define BELL_OS_POOL_ARENA_H

#include <stddef.h>

/** Memory with any content, aligned to 64 bytes; NULL: 1 GiB is in use. */
void *os_pool_arena_take(size_t bytes);
/** Give it back; `bytes` as it was asked for. */
void os_pool_arena_give(void *block, size_t bytes);
/** All of it is free; the next run begins. */
void os_pool_arena_reset(void);

#endif
