/* SPDX-License-Identifier: MIT */
/**
 * @file bell_thread.h
 * @brief Software threads as coroutines, the seeded scheduler, and the one owner of time.
 *
 * All simulated software (UMD threads, OS worker, ISR, DPC) runs in coroutines on their own stacks.
 * A coroutine runs until it calls one of the functions below ("scheduling point"); between two
 * points nothing else happens and no clock passes. The scheduler then picks, by seed, among the
 * threads that are ready at the present cycle, or steps the device.
 */
#ifndef BELL_THREAD_H
#define BELL_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bell_thread;

/** Threads blocked on one condition. Zero-initialised = empty. */
struct bell_waitq {
    struct bell_thread *head;
    struct bell_thread *tail;
};

struct bell_sim_config {
    uint64_t seed;
    uint32_t cost_min;        /**< Clocks one scheduling point costs its own thread, at least ... */
    uint32_t cost_max;        /**< ... and at most (seeded). Both 0 = 2 and 12. */
    uint64_t max_cycles;      /**< The run fails when simulated time passes this; 0 = 2^40. */
    uint64_t stuck_cycles;    /**< Idle clocks with nobody able to run before STUCK; 0 = 2^32. */
    /**
     * Host CPU seconds without a scheduling point before a diagnosis; 0 = 10. Then a message names
     * thread and instruction and the process ends with status BELL_SPIN_STATUS.
     */
    uint32_t spin_seconds;
    /** Let the device run at most `cycles`; returns clocks passed (>= 1). Required. */
    uint64_t (*step)(void *ctx, uint64_t cycles);
    uint64_t (*now)(void *ctx); /**< Required. Must be right inside step() too. */
    /** True when outside the threads nothing but device timers can happen (bell_bus_idle()). NULL:
     *  nothing at all ever happens there: without ready threads or timers a run is STUCK. */
    bool (*idle)(void *ctx);
    void *ctx;
};

/** Exit status of a process whose simulated thread spins without a scheduling point. */
#define BELL_SPIN_STATUS 3

enum bell_sim_result {
    BELL_SIM_DONE,   /**< Every non-daemon thread ended. */
    BELL_SIM_FAILED, /**< bell_sim_fail() was called; the text is in bell_sim_failure(). */
    BELL_SIM_STUCK,  /**< Nobody can ever run: each thread and what it waits for is in the text. */
};

void bell_sim_init(const struct bell_sim_config *config);
void bell_sim_cleanup(void); /**< Drops all coroutines. */
/**
 * Run until all non-daemon threads ended, or a failure. After DONE more threads may be made and
 * run; a failure stays. A thread woken by a device hook goes on when the present step ends.
 */
enum bell_sim_result bell_sim_run(void);
/** Stop the run with this text; from a coroutine it does not return. First failure wins. */
void bell_sim_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *bell_sim_failure(void);
uint64_t bell_sim_now(void);
/** Seeded random number below `bound` (> 0); one stream for the whole run. */
uint64_t bell_sim_random(uint64_t bound);

/**
 * Make a thread; it becomes ready now.
 * @param cpu     Bus initiator whose posted writes this thread's MMIO joins, 0 .. BELL_MAX_CPUS-1.
 * @param daemon  A daemon does not keep the run alive.
 * @param owner   Opaque: the OS model stores its per-thread state here (bell_thread_owner()).
 */
struct bell_thread *bell_thread_create(const char *name, unsigned cpu, bool daemon, void *owner,
                                       void (*entry)(void *arg), void *arg);
#define BELL_MAX_CPUS 64u

struct bell_thread *bell_thread_self(void); /**< NULL outside coroutines. */
const char *bell_thread_name(const struct bell_thread *thread);
unsigned bell_thread_cpu(const struct bell_thread *thread);
void *bell_thread_owner(const struct bell_thread *thread);
uint64_t bell_thread_id(const struct bell_thread *thread);

/** A scheduling point: others may run, a few clocks pass for this thread. Nothing elsewhere. */
void bell_thread_point(void);
/** Sleep exactly this many clocks (>= 1; 0 counts as 1). Only from threads. */
void bell_thread_sleep(uint64_t cycles);
/**
 * Block until woken. @param what says what is waited for, for messages ("fence 0x.. to reach 12").
 * It and the queue must stay valid while the thread waits or until it is killed. Only from threads.
 * @return false when `timeout` clocks passed first (0 = no time-out of its own).
 */
bool bell_thread_wait(struct bell_waitq *queue, uint64_t timeout, const char *what);
/** A woken thread goes on after the cost of one scheduling point. First come, first woken. */
void bell_thread_wake_one(struct bell_waitq *queue);
void bell_thread_wake_all(struct bell_waitq *queue);
/**
 * End a thread wherever it is; it never runs again. Killing oneself does not return. Its stack is
 * gone afterwards: whoever keeps pointers into it must forget them. The record stays until cleanup.
 */
void bell_thread_kill(struct bell_thread *thread);
bool bell_thread_alive(const struct bell_thread *thread);

/**
 * Named delay points (design page, section 6). bell_thread_named_point() is a scheduling point and
 * is recorded; a held point blocks every thread that reaches it until released.
 */
void bell_thread_named_point(const char *name);
void bell_point_hold(const char *name);
void bell_point_release(const char *name);
unsigned bell_point_waiting(const char *name); /**< Threads blocked there now. */
uint64_t bell_point_passed(const char *name);  /**< Times a thread went through it. */

#ifdef __cplusplus
}
#endif
#endif
