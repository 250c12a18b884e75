/* SPDX-License-Identifier: MIT */
/**
 * @file bell_sched.h
 * @brief Inside sim/thread only: the thread record, the ready set and the timers.
 *
 * A live thread is in exactly one of: running, the ready set, or parked. A parked thread is on the
 * timer heap (sleeping, or waiting with a time-out), on a wait queue, or both.
 */
#ifndef BELL_SCHED_H
#define BELL_SCHED_H

#include "bell_coroutine.h"
#include "bell_thread.h"

#include <stddef.h>

#define BELL_THREAD_NAME_BYTES 48u
#define BELL_NOT_THERE SIZE_MAX

struct bell_thread {
    uint64_t id; /* 1, 2, ... in order of creation. */
    char name[BELL_THREAD_NAME_BYTES];
    unsigned cpu;
    bool daemon;
    bool ended;
    void *owner;
    void (*entry)(void *arg);
    void *arg;
    struct bell_coroutine coroutine;

    size_t ready_index; /* BELL_NOT_THERE: not in the ready set. */
    size_t timer_index; /* BELL_NOT_THERE: not on the heap. */
    uint64_t due;       /* Cycle at which the timer fires. */

    struct bell_waitq *queue; /* NULL: not waiting. */
    struct bell_thread *next;
    struct bell_thread *prev;
    const char *what;
    uint64_t since; /* Cycle at which it parked. */
    bool timed_out;

    struct bell_thread *all_next; /* Order of creation. */
};

/* --- the run (bell_sim.c) --- */
void bell_sched_add(struct bell_thread *thread);
/** Give up the processor; returns when scheduled again. The caller parked the thread before. */
void bell_sched_switch(void);
/** Called by a thread that has ended; does not return. */
_Noreturn void bell_sched_leave(void);
/** Bookkeeping of a thread that ended now, whoever ended it. */
void bell_sched_ended(struct bell_thread *thread);
struct bell_thread *bell_sched_current(void);
/** Counts scheduling points; for the watchdog. */
uint64_t bell_sched_points(void);
/** Seeded clocks that one scheduling point costs. */
uint64_t bell_sched_cost(void);
/** A mistake in the simulator itself: message, then abort. */
_Noreturn void bell_sched_panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* --- ready set and timers (bell_ready.c) --- */
void bell_ready_add(struct bell_thread *thread);
/** Take one by seed; NULL when nobody is ready. */
struct bell_thread *bell_ready_take(void);
void bell_timer_add(struct bell_thread *thread, uint64_t due);
/** Earliest thread, still on the heap; NULL when there is none. */
struct bell_thread *bell_timer_first(void);
/** Take the thread out of both. */
void bell_ready_forget(struct bell_thread *thread);
void bell_timer_forget(struct bell_thread *thread);
void bell_ready_cleanup(void);

/* --- wait queues (bell_thread.c) --- */
void bell_waitq_remove(struct bell_thread *thread);

/* --- named points (bell_point.c) --- */
void bell_point_cleanup(void);

/* --- watchdog (bell_watchdog.c) --- */
void bell_watchdog_start(uint32_t seconds);
void bell_watchdog_stop(void);

#endif
