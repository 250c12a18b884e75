/* SPDX-License-Identifier: MIT */
/*
 * Interrupt routine and DPC.
 *
 * The interrupt routine moves events from the hardware into bell_adapter.events and reports each
 * to the OS, once (DB-INT-02). When that queue is full it leaves the rest in hardware, which holds
 * them back without loss, and masks the interrupt; the DPC empties the queue and unmasks.
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

/* No event of the queue reaches the object any more; its number is free. */
VOID bell_kmd_isr_forget_queue(struct bell_queue *queue);

/* The same, but the number stays taken: the hardware did not let go of it. */
VOID bell_kmd_isr_retire_queue(struct bell_queue *queue);

/* Stop the context's queues and await their STOPPED events; with none to come, report
 * SUSPEND_CONTEXT_COMPLETED at once. run_lock held. */
VOID bell_kmd_isr_suspend(struct bell_context *context, UINT64 fence);

/* Let them run again; a report not yet made is cancelled. run_lock held. */
VOID bell_kmd_isr_resume(struct bell_context *context);

/* The device goes off or comes back (bell_adapter.off). */
VOID bell_kmd_isr_set_off(struct bell_adapter *adapter, bool off);

/* The device is off and will have been reset when it comes back: no queue is open any more, and none
 * will stop. Each is faulted. No report is made. */
VOID bell_kmd_isr_drop_queues(struct bell_adapter *adapter);

#endif /* BELL_KMD_ISR_H */
