/* SPDX-License-Identifier: MIT */
/**
 * @file belfry_machine.h
 * @brief Inside libbelfry only: the one machine, and the seams between its files.
 */
#ifndef BELFRY_MACHINE_H
#define BELFRY_MACHINE_H

#include "bell_device.h"
#include "bell_trap.h"
#include "belfry/belfry.h"
#include "belfry/observe.h"

struct belfry_machine {
    bool open;
    struct belfry_config config; /**< With the defaults filled in. */
    struct bell_device *device;
    uint64_t dma_refused; /**< Accesses that the IOMMU refused. */
    bool differed;        /**< Lockstep found a difference that belfry_run() has not returned. */
    char *trace_path; /**< Or NULL. */
    char *trace_part; /**< Written first, then renamed to trace_path. */
};
extern struct belfry_machine belfry_machine;

/* --- Processes (belfry_process.c) ------------------------------------------------------------ */
void belfry_processes_cleanup(void);
/** `fault` of bell_trap_hooks. */
void belfry_user_fault(const void *address, const void *pc, bool store, const char *reason);
/** Name of a process by its OS number, or NULL. */
const char *belfry_process_name(uint32_t id);

/* --- Stuck queues (belfry_explain.c) --------------------------------------------------------- */
struct os_process;
void belfry_explain_begin(void);
/** The process has no threads any more, and still all of its objects. */
void belfry_explain_process(const struct os_process *process, bool badly);
void belfry_explain_run(void); /**< It failed. */

/* --- Observation (belfry_observe.c) ---------------------------------------------------------- */
/** Register accesses of belfry_register() and its like carry tags from here on. */
#define BELFRY_TAG_FIRST (UINT64_C(1) << 62)
void belfry_observe_init(void);
/** @return false when the tag is not ours. */
bool belfry_observe_mmio_done(uint64_t tag, uint64_t data, enum bell_resp resp);
/** `event` of bell_device_host. */
void belfry_observe_event(void *ctx, const struct bell_device_event *event);
/** `access` of bell_trap_hooks. */
void belfry_observe_access(const struct bell_trap_access *access);

/* --- Timeline (belfry_trace.c) --------------------------------------------------------------- */
/**
 * Check that the timeline can be written there; leaves no file.
 * @return false with a sentence in `error`.
 */
bool belfry_trace_open(const char *path, char *error, size_t error_size);
/** Write all records and put the file in place. @return false after a message on stderr. */
bool belfry_trace_write(void);
/** Forget the paths. */
void belfry_trace_drop(void);

#endif
