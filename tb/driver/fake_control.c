/* SPDX-License-Identifier: MIT */
/* The test's side of the fake: what was done, and what the hardware does of itself. */
#include "fake_bell.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

void fake_clear_ops(void)
{
    fake.op_count = 0;
}

int fake_find_write(unsigned from, UINT32 offset, UINT64 mask, UINT64 value)
{
    for (unsigned i = from; i < fake.op_count; i++) {
        if (fake.ops[i].kind == FAKE_WRITE && fake.ops[i].offset == offset &&
            (fake.ops[i].value & mask) == value)
            return (int)i;
    }
    return -1;
}

int fake_find_callback(unsigned from)
{
    for (unsigned i = from; i < fake.op_count; i++) {
        if (fake.ops[i].kind == FAKE_CALLBACK)
            return (int)i;
    }
    return -1;
}

unsigned fake_count(enum fake_op_kind kind)
{
    unsigned count = 0;

    for (unsigned i = 0; i < fake.op_count; i++)
        count += fake.ops[i].kind == kind;
    return count;
}

void fake_post_event(unsigned cause, unsigned node, unsigned queue, UINT64 data)
{
    UINT64 *event = fake.events[fake.event_head++ % 1024];

    event[0] = BELL_FIELD_PUT(BELL_EVENT0_CAUSE, cause) | BELL_FIELD_PUT(BELL_EVENT0_NODE, node) |
               BELL_FIELD_PUT(BELL_EVENT0_QUEUE, queue) | BELL_EVENT0_VALID_MASK;
    event[1] = data;
    if (cause == BELL_CAUSE_STOPPED)
        fake.running_reads = 0;
    if (cause >= BELL_CAUSE_PAGE_FAULT && cause <= BELL_CAUSE_ABORTED && queue < fake.queues)
        fake.busy[queue] |= BELL_QUEUE_STATE_FAULTED_MASK;
}

BOOLEAN fake_interrupt(void)
{
    BOOLEAN ours;

    if (!fake.irq_enabled || fake.event_head == fake.event_tail)
        return FALSE;
    fake.irql = BELL_DIRQL;
    ours = fake_ddi.DxgkDdiInterruptRoutine(fake_adapter, 0);
    fake.irql = PASSIVE_LEVEL;
    return ours;
}

void fake_run_dpc(void)
{
    if (!fake.dpc_queued)
        return;
    fake.dpc_queued = false;
    fake.irql = DISPATCH_LEVEL;
    fake_ddi.DxgkDdiDpcRoutine(fake_adapter);
    fake.irql = PASSIVE_LEVEL;
}
