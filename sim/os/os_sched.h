/* SPDX-License-Identifier: MIT */
/**
 * @file os_sched.h
 * @brief The OS's side of hardware scheduling: bands, priorities, context lists, scheduling log.
 *
 * A context is in the band that its own priority says, or, with priority 0, the one of its process:
 * by priority class, and focus instead of normal for the process that has the focus. Focus and
 * real time by the caller's own wish take a privilege (HS-PRI-03); the focus is the OS's to give.
 *
 * A driver without these entry points (NULL) is scheduled as it likes.
 */
#ifndef BELL_OS_SCHED_H
#define BELL_OS_SCHED_H

#include "os_objects.h"

/* --- Bands and contexts (os_sched.c) ---------------------------------------------------------- */

/** After StartDevice and the caps: the default bands (HS-PRI-01). */
void os_sched_start(void);
/** Before StopDevice: log off. */
void os_sched_stop(void);
/** STATUS_NOT_SUPPORTED, or what the driver says. */
NTSTATUS os_sched_bands(const DXGKARG_SETUPPRIORITYBANDS *bands);
void os_sched_default_bands(DXGKARG_SETUPPRIORITYBANDS *bands);
/** A new context gets its properties before anybody can submit (HS-PRI-02). */
void os_sched_context_made(struct os_context *context);
/** Its driver's object goes: no list holds it any more. */
void os_sched_forget(const struct os_context *context);
/**
 * Tell the driver, when something changed.
 * @retval STATUS_INVALID_PARAMETER  It is being destroyed.
 */
NTSTATUS os_sched_apply(struct os_context *context);
/** All contexts of a process. */
void os_sched_apply_all(const struct os_process *process);
/** Process that has the focus; NULL = none. */
void os_sched_focus(struct os_process *process);
const struct os_process *os_sched_focused(void);

/* --- Context lists (os_sched_list.c) ---------------------------------------------------------- */

/**
 * UpdateHwContextState. With `interrupt`, waits for HWCONTEXTLIST_SWITCH_COMPLETED with its fence.
 * @retval STATUS_CANCELLED   Somebody resumed it meanwhile.
 * @retval STATUS_IO_TIMEOUT  The report did not come within TdrDelay.
 */
NTSTATUS os_sched_update(struct os_context *context, UINT priority, bool suspended, bool interrupt);
/** SwitchToHwContextList; both or the second may be NULL. Bands are back with os_sched_bands(). */
NTSTATUS os_sched_switch(UINT node, struct os_context *first, struct os_context *second);
/** The node is under bands, or the context is in its list. */
bool os_sched_may_run(const struct os_context *context);
bool os_sched_has_list(UINT node);
void os_sched_lists_clear(void);
/** DIRQL. */
void os_sched_switched(UINT node, uint64_t fence);

/* --- Scheduling log (os_sched_log.c) ---------------------------------------------------------- */

/**
 * Log changes of state on a node from now on, in new memory; 0 entries = stop. The log before is
 * read to its end and must not change any more (HS-LOG-01).
 */
NTSTATUS os_sched_log(UINT node, UINT entries, UINT interrupt_entry);
/** Take what is new, check it (HS-LOG-02), record it as BELFRY_SCHED. */
void os_sched_log_read(UINT node);
void os_sched_log_read_all(void);
/** Entries taken, entries overwritten unread, interrupts. */
void os_sched_log_counts(UINT node, uint64_t *taken, uint64_t *lost, uint64_t *interrupts);
/** Start without logs. */
void os_sched_log_reset(void);
/** The hardware was reset as it was: what runs was not logged to its end. */
void os_sched_log_cut(void);
void os_sched_log_stop(void);
/** The driver's object of this context goes. */
void os_sched_log_forget(const struct os_context *context);
void os_sched_log_interrupt(UINT node); /**< DIRQL. */
void os_sched_dpc(void);                /**< DISPATCH_LEVEL. */

#endif
