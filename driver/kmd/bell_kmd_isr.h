/* SPDX-License-Identifier: MIT */
/*
 * Interrupt routine and DPC.
 *
 * The interrupt routine moves events from the hardware into bell_adapter.events and reports each
 * to the OS, once (DB-INT-02). When that queue is full it leaves the rest in hardware, which holds
 * them back without loss, and masks the interrupt; the DPC empties the queue and unmasks.
 *
 * STOPPED events bear no number. One may wait in the device while the request that it is of is
 * cancelled by a resume and another one made (A-35, DB-SUS-02). So an event only says when to look:
 * a request is fulfilled if the queue's STATE does not read RUNNING when an event of it is taken.
 *   Never too early (DB-SUS-04): requests, resumes and the taking of events exclude each other at
 *   DIRQL, and none ends before its commands have arrived. From a request until a resume is called
 *   the queue is off the run list and gets no turn: one that does not run is at rest, whichever
 *   request the event is of. STATE reads so only after RPTR was answered.
 *   Never missed: an event is awaited only if STATE read RUNNING after SUSPEND. That command met
 *   the turn then, whose end posts one, and clears RUNNING before the event can be read.
 *   A turn that ends as a resume comes has left an event, or ADD has called it off: the next
 *   request cares for neither.
 *
 * Events of faults bear a number that may have been closed, and opened again, before they are taken:
 * the device keeps them while the driver's queue is full. STATE.FAULTED does not tell an old one, for
 * the device posts the event first. So they are counted: a queue has one fault at most between OPEN
 * and CLOSE, and CLOSE finds out whether its event has been taken.
 */
#ifndef BELL_KMD_ISR_H
#define BELL_KMD_ISR_H

#include "bell_kmd.h"

struct bell_context;
struct bell_queue;

/* DIRQL. FALSE: the device had no event. */
BOOLEAN bell_kmd_isr(struct bell_adapter *adapter);

/* DISPATCH_LEVEL. Keeps the driver's own account of each event, then tells the OS. */
VOID bell_kmd_dpc(struct bell_adapter *adapter);

/* The functions below: IRQL <= DISPATCH_LEVEL, not at DIRQL. */

/* Is it an event of refusals, which concerns no queue? */
bool bell_kmd_isr_is_refusal(UINT64 cause);

/* Have the device tell the next refusals, as far as the settings want them told. After the DPC has
 * seen the last ones: however many there are, the DPC sees one event of a kind a time. */
VOID bell_kmd_isr_arm_reports(struct bell_adapter *adapter);

/* Let interrupts come, those of refusals as well. */
VOID bell_kmd_isr_enable(struct bell_adapter *adapter);

/* Take what events the hardware has now, as an interrupt would. */
VOID bell_kmd_isr_flush(struct bell_adapter *adapter);

/* The node was aborted: take what events there are; an ENGINE_HUNG of before counts no more. */
VOID bell_kmd_isr_note_reset(struct bell_adapter *adapter, UINT node);

/* The hardware queue is closed: take what events there are, and await its STOPPED no more. */
VOID bell_kmd_isr_note_closed(struct bell_queue *queue);

/* No event of the queue reaches the object any more; its number is free. */
VOID bell_kmd_isr_forget_queue(struct bell_queue *queue);

/* The same, but the number stays taken: the hardware did not let go of it. */
VOID bell_kmd_isr_retire_queue(struct bell_queue *queue);

/* Stop the context's queues and await their STOPPED events; with none to come, report
 * SUSPEND_CONTEXT_COMPLETED at once. run_lock held. */
VOID bell_kmd_isr_suspend(struct bell_context *context, UINT64 fence);

/* UpdateHwContextState: the same by bell_context.suspended, or run again; report
 * HWCONTEXTLIST_SWITCH_COMPLETED when that is done, if `asked` or still due. run_lock held. */
VOID bell_kmd_isr_update(struct bell_context *context, UINT64 fence, bool asked);

/* Bar contexts or let them run as bell_adapter.lists say now, with a new plan between. sched_lock
 * held. */
VOID bell_kmd_isr_switch(struct bell_adapter *adapter);

/* Take the context's queues off the run list for good; the turn under way goes on. An ABORTED of them
 * is the driver's own doing from now on. sched_lock held, the node gated. */
VOID bell_kmd_isr_invalidate(struct bell_context *context);

/* Let them run again; a report not yet made is cancelled. run_lock held. */
VOID bell_kmd_isr_resume(struct bell_context *context);

/* The device goes off or comes back (bell_adapter.off). */
VOID bell_kmd_isr_set_off(struct bell_adapter *adapter, bool off);

/* The device is off and will have been reset when it comes back: no queue is open any more, and none
 * will stop. Each is faulted. No report is made. */
VOID bell_kmd_isr_drop_queues(struct bell_adapter *adapter);

#endif /* BELL_KMD_ISR_H */
