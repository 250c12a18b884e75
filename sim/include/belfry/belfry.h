/* SPDX-License-Identifier: MIT */
/**
 * @file belfry.h
 * @brief libbelfry: make a machine (device, driver, OS model), run user processes on it.
 *
 * One machine exists at a time in a host process; several may follow one another. All functions
 * are called from one host thread. "User code" is code of a simulated process: it runs in a
 * coroutine, calls D3DKMT* (d3dkmthk.h), and rings doorbells by plain stores.
 */
#ifndef BELFRY_H
#define BELFRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BELFRY_VERSION_MAJOR 0
#define BELFRY_VERSION_MINOR 1

struct belfry_process; /**< A simulated process; lives until belfry_close(). */
struct belfry_thread;  /**< A thread of one. */

/** When the hardware is asked which queues are stuck; that takes time on the bus. */
enum belfry_explain_when {
    BELFRY_EXPLAIN_NOTHING,
    BELFRY_EXPLAIN_FAILURES, /**< A process ends by a fault or with another code than 0; a run fails. */
    BELFRY_EXPLAIN_ENDS,     /**< Any process ends; a run fails. */
};

/** Start from BELFRY_CONFIG_DEFAULT and change what you need. */
struct belfry_config {
    uint32_t size;         /**< sizeof(struct belfry_config): lets the struct grow. */
    const char *device;    /**< "rtl" (default) or "model". */
    uint32_t slots;        /**< Physical doorbells fitted; 0 = all of the build. */
    uint64_t seed;         /**< Same build, same seed: same run to the bit. */
    const char *waves;     /**< FST file or NULL. RTL only. */
    const char *trace;     /**< Chrome/Perfetto JSON file or NULL. */
    bool trap_loads;       /**< User loads of fence and status pages are scheduling points. */
    bool trace_stores;     /**< User stores to ring, control, LQV and dummy pages are recorded. */
    bool no_idle_skip;     /**< Evaluate every clock. */
    uint32_t dma_latency;  /**< Clocks; 0 = default (32). */
    uint32_t post_delay_max; /**< Clocks a posted write may wait; 0 = default (40). */
    uint64_t max_cycles;   /**< Fail the run beyond this; 0 = default. */
    uint32_t memory_mib;   /**< Host memory; 0 = default (256). */
    bool disconnect_published; /**< OS policy disconnect=published instead of safe (A-06). */
    bool destroy_direct;       /**< OS policy destroy=direct instead of disconnect-first (A-25). */
    bool suspend_disconnect;   /**< OS policy suspend=disconnect instead of keep (A-33). */
    uint64_t sweep;            /**< What belfry_sweep() returns: the offset that an exploration varies. */
    const char *doorbells;     /**< "page", "packed" or "global": the driver's setting; NULL = page. */
    bool ums_disabled;         /**< The OS feature user-mode submission is off (A-42). */
    const char *kmd;       /**< Shared object with DriverEntry; NULL = the built-in driver. */
    bool monitor_warn;     /**< A contract violation is printed and counted, not fatal. */
    bool lockstep_off;     /**< rtl without the model that predicts its every action. */
    const char *replay;    /**< Command line that repeats this run, for reports; NULL = made up. */
    bool idle_by_driver;   /**< OS policy idle=driver: an engine goes to F1 only when the driver asks,
                                not also at the TDR cadence (DB-FST-01). */
    bool native_disabled;  /**< The OS feature native fences is off (NF-CAP-01). */
    uint32_t report_refusals; /**< The driver's setting ReportRefusals: bits of REPORT_ARM. */
    uint32_t explain;      /**< enum belfry_explain_when: what belfry_explanation() tells. */
};
#define BELFRY_CONFIG_DEFAULT                                                                      \
    { .size = sizeof(struct belfry_config), .device = "rtl", .seed = 1, .doorbells = "page" }

/**
 * Build the machine and start the driver (DriverEntry .. StartDevice, caps queries).
 * @param error  Receives a sentence that names what, where and what was expected.
 * @return 0, or -1 and nothing is left behind.
 */
int belfry_open(const struct belfry_config *config, char *error, size_t error_size);

/**
 * Add a process that will run `entry`; its exit code is what `entry` returns. `argv` is copied.
 * When `entry` returns, the other threads of the process end too.
 */
struct belfry_process *belfry_spawn(const char *name, int (*entry)(int argc, char **argv), int argc,
                                    char **argv);

/**
 * Have `show` called about every `cycles` clocks while belfry_run() runs, outside user code. It
 * must only look: the run is the same with and without it. NULL = none; reset by belfry_close().
 */
void belfry_set_progress(void (*show)(void), uint64_t cycles);

/** How a run ended. */
enum belfry_result {
    BELFRY_DONE = 0,   /**< Every process ended and was cleaned up. */
    BELFRY_FAILED = 1, /**< See belfry_failure(). */
};
/** Run until every spawned process ended (threads gone, objects destroyed) or something failed. */
enum belfry_result belfry_run(void);
/** Text of the failure, or "". Valid until belfry_close(). */
const char *belfry_failure(void);
/**
 * Stop the driver, free everything; write the timeline. After a failure nothing can be stopped in
 * order any more: everything is dropped, and leaks are not looked for.
 * @return Number of leaks (objects, pool, memory) reported on stderr, plus one for an unwritable
 *         timeline, a driver that could not be stopped, or a difference that lockstep found after
 *         belfry_run().
 */
int belfry_close(void);

/** How a process ended. */
enum belfry_exit { BELFRY_EXIT_RUNNING, BELFRY_EXIT_NORMAL, BELFRY_EXIT_FAULT };
enum belfry_exit belfry_process_exit(const struct belfry_process *process);
int belfry_process_code(const struct belfry_process *process);
/** Why it ended abnormally (address, instruction, reason), or "". */
const char *belfry_process_fault(const struct belfry_process *process);

/* --- For user code ---------------------------------------------------------------------------- */

/** Start another thread in the calling process. */
struct belfry_thread *belfry_thread_start(const char *name, void (*entry)(void *arg), void *arg);
void belfry_thread_join(struct belfry_thread *thread);
/** Let others run (YieldProcessor ends here). */
void belfry_yield(void);
void belfry_sleep(uint64_t cycles);
uint64_t belfry_now(void); /**< Device clocks since power-on. */
uint64_t belfry_random(uint64_t bound); /**< Seeded. */
/** The value of `--explore sweep:` in this run (config.sweep); 0 without it. */
uint64_t belfry_sweep(void);
/** Stop the run with a message; does not return in user code. */
void belfry_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#ifdef __cplusplus
}
#endif
#endif
