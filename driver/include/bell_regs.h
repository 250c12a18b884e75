/* SPDX-License-Identifier: MIT */
/*
 * Generated from rtl/regs/bell.rdl by scripts/gen_regs.py: do not edit.
 * systemrdl-compiler 1.33.0, peakrdl-regblock 1.3.1
 *
 * BAR0. Offsets and strides are bytes. A _MASK is in place: (value & MASK) >> SHIFT is the field.
 * Every register takes aligned 64-bit accesses only.
 */
#ifndef BELL_REGS_H
#define BELL_REGS_H

#include <stdint.h>

/* Field of a register value; name without _MASK, e.g. BELL_CAPS_SLOTS. */
#define BELL_FIELD_GET(value, name) (((uint64_t)(value) & name##_MASK) >> name##_SHIFT)
/* A register value with only this field set. Bits beyond the field are cut off. */
#define BELL_FIELD_PUT(name, field) (((uint64_t)(field) << name##_SHIFT) & name##_MASK)

enum bell_cause {
    BELL_CAUSE_NONE             = 0, /* No event. */
    BELL_CAUSE_USER_IRQ         = 1, /* An IRQ packet was executed. Data: its argument. */
    BELL_CAUSE_PAGE_FAULT       = 2, /* The IOMMU refused an access. Data: address. */
    BELL_CAUSE_BUS_ERROR        = 3, /* Memory answered with an error. Data: address. */
    /* WPTR is not within one ring size ahead of RPTR. Data: WPTR. */
    BELL_CAUSE_PTR_BOUNDS       = 4,
    /* Ring entry with a stale tag, a bad length or address. Data: RPTR. */
    BELL_CAUSE_BAD_ENTRY        = 5,
    /* Unknown opcode or misaligned argument. Data: packet address. */
    BELL_CAUSE_BAD_PACKET       = 6,
    BELL_CAUSE_DELIBERATE_FAULT = 7, /* A FAULT packet was executed. Data: packet address. */
    /* Software aborted the node while the queue ran. Data: RPTR. */
    BELL_CAUSE_ABORTED          = 8,
    /* The turn that CMD.SUSPEND met has ended. Data: RPTR, which memory has too. */
    BELL_CAUSE_STOPPED          = 9,
    /* The node gave nobody a turn for IDLE_LIMIT clocks. Data: WATCH. */
    BELL_CAUSE_ENGINE_IDLE      = 10,
    /* No packet ended for HUNG_LIMIT clocks of a turn of the queue. Data: WATCH. */
    BELL_CAUSE_ENGINE_HUNG      = 11,
    /* The entry chosen by LOG_CONFIG of the scheduling log was written, once or, without room for this event, more often. Data: index and wrap count when it was made. */
    BELL_CAUSE_SCHED_LOG        = 12,
    /* A SIGNAL packet took a native fence beyond its monitored value. Data: address of its current value. */
    BELL_CAUSE_FENCE_SIGNALED   = 13,
    /* Memory refused a write of the scheduling log: LOG_BASE.ENABLE counts as 0 until LOG_BASE is written. Data: the last such address. */
    BELL_CAUSE_SCHED_LOG_LOST   = 14,
    /* Doorbell stores were rejected. Data: REPORT, code of the first: bell_reject_e. */
    BELL_CAUSE_RING_REJECTED    = 16,
    BELL_CAUSE_RING_UNOWNED     = 17, /* Rings came on slots without owner. Data: REPORT, code 0. */
    /* BAR0 accesses were answered SLVERR. Data: REPORT, code of the first: 1 = write. */
    BELL_CAUSE_ACCESS_REFUSED   = 18,
};

enum bell_layout {
    BELL_LAYOUT_PAGE   = 0, /* One 4-KiB page a slot. */
    /* Several slots a page, each with its own offset; the pages of PAGE as well. */
    BELL_LAYOUT_PACKED = 1,
    /* One doorbell in many pages; the value stored is the number of a hardware queue. */
    BELL_LAYOUT_GLOBAL = 2,
};

enum bell_reject {
    BELL_REJECT_NONE          = 0, /* No ring was rejected. */
    BELL_REJECT_NARROW        = 1, /* Write strobes were not all ones. */
    BELL_REJECT_OFFSET        = 2, /* Not the doorbell's own offset in the page, or misaligned. */
    /* No doorbell: beyond those fitted, or not of the layout in force. */
    BELL_REJECT_NO_SLOT       = 3,
    /* The queue was closed, or closed before its ring was sampled. */
    BELL_REJECT_QUEUE_CLOSED  = 4,
    /* Global layout: the value is not the number of a hardware queue. */
    BELL_REJECT_BAD_TOKEN     = 5,
    /* Global layout: the queue does not listen to the page of the store. */
    BELL_REJECT_FOREIGN_TOKEN = 6,
};

enum bell_queue_cmd {
    /* Use the context words. Ignored when they make no sense: read STATE.OPEN. */
    BELL_QUEUE_CMD_OPEN    = 1,
    /* Forget the queue, with its fault, pending and resume point. Ignored while STATE.RUNNING. */
    BELL_QUEUE_CMD_CLOSE   = 2,
    BELL_QUEUE_CMD_ADD     = 3, /* Put on the run list. */
    BELL_QUEUE_CMD_REMOVE  = 4, /* Take off the run list. Done when STATE.RUNNING reads 0. */
    BELL_QUEUE_CMD_KICK    = 5, /* Owe a WPTR sample, as a ring would. Not counted in the ledger. */
    BELL_QUEUE_CMD_ADD_RT  = 6, /* As ADD; while listed so, a LEVEL below 3 counts as 34. */
    /* As REMOVE; while STATE.RUNNING, the end of the turn posts STOPPED unless ADD or ADD_RT comes before. */
    BELL_QUEUE_CMD_SUSPEND = 7,
};

enum bell_block {
    BELL_BLOCK_NONE     = 0, /* It runs. */
    BELL_BLOCK_CLOSED   = 1, /* Not open. */
    BELL_BLOCK_FAULTED  = 2, /* Stopped by a fault until CLOSE. */
    BELL_BLOCK_UNLISTED = 3, /* Not on the run list. */
    BELL_BLOCK_NO_WORK  = 4, /* No known entry, and no sample is owed. */
    BELL_BLOCK_FENCE    = 5, /* Its next packet waits for a native fence. */
    BELL_BLOCK_DISABLED = 6, /* CTRL.ENABLE is 0. */
    BELL_BLOCK_GATED    = 7, /* Its node is gated. */
    /* Ready; a queue of another level goes first on its node: of a higher one, or of 1, when its share is due, before 2. */
    BELL_BLOCK_LEVEL    = 8,
    BELL_BLOCK_PEER     = 9, /* Ready; a queue of its own group has a higher priority. */
    BELL_BLOCK_TURN     = 10, /* Ready; waits for its turn among queues of its level. */
};

/* Identity. A device that answers anything else is not this one. */
#define BELL_ID_OFFSET UINT32_C(0x0)
/* 'BELL' in ASCII, little endian. */
#define   BELL_ID_MAGIC_SHIFT 0
#define   BELL_ID_MAGIC_MASK UINT64_C(0x00000000ffffffff)
#define   BELL_ID_MAGIC_RESET UINT64_C(0x4c4c4542)
/* Minor interface version. */
#define   BELL_ID_MINOR_SHIFT 32
#define   BELL_ID_MINOR_MASK UINT64_C(0x0000ffff00000000)
/* Major interface version. */
#define   BELL_ID_MAJOR_SHIFT 48
#define   BELL_ID_MAJOR_MASK UINT64_C(0xffff000000000000)
#define   BELL_ID_MAJOR_RESET UINT64_C(0x1)

/* What is fitted. */
#define BELL_CAPS_OFFSET UINT32_C(0x8)
/* Physical doorbells fitted (strap). */
#define   BELL_CAPS_SLOTS_SHIFT 0
#define   BELL_CAPS_SLOTS_MASK UINT64_C(0x000000000000ffff)
/* Hardware queues. */
#define   BELL_CAPS_QUEUES_SHIFT 16
#define   BELL_CAPS_QUEUES_MASK UINT64_C(0x00000000ffff0000)
/* Nodes. */
#define   BELL_CAPS_NODES_SHIFT 32
#define   BELL_CAPS_NODES_MASK UINT64_C(0x000000ff00000000)
/* Bytes a physical doorbell answers to, from its first. */
#define   BELL_CAPS_DOORBELL_BYTES_SHIFT 40
#define   BELL_CAPS_DOORBELL_BYTES_MASK UINT64_C(0x00ffff0000000000)
/* Layouts fitted: bit n is bell_layout_e n. */
#define   BELL_CAPS_LAYOUTS_SHIFT 56
#define   BELL_CAPS_LAYOUTS_MASK UINT64_C(0x0700000000000000)
/* 1 = each doorbell has a second register in the upper half of BAR2. */
#define   BELL_CAPS_SECONDARY_SHIFT 59
#define   BELL_CAPS_SECONDARY_MASK UINT64_C(0x0800000000000000)

/* Global enable. */
#define BELL_CTRL_OFFSET UINT32_C(0x10)
/* 1 = the scheduler may pick queues. 0 = nothing new starts. */
#define   BELL_CTRL_ENABLE_SHIFT 0
#define   BELL_CTRL_ENABLE_MASK UINT64_C(0x0000000000000001)
/* One bit a node: 1 = it is given no turns (F1, or between reset and resume). */
#define   BELL_CTRL_GATED_SHIFT 8
#define   BELL_CTRL_GATED_MASK UINT64_C(0x0000000000000f00)

/* Whole-device status. */
#define BELL_STATUS_OFFSET UINT32_C(0x18)
/* 1 = no queue is running and no ring is on its way. */
#define   BELL_STATUS_IDLE_SHIFT 0
#define   BELL_STATUS_IDLE_MASK UINT64_C(0x0000000000000001)
/* One bit a node: it works on a queue. */
#define   BELL_STATUS_NODE_BUSY_SHIFT 8
#define   BELL_STATUS_NODE_BUSY_MASK UINT64_C(0x000000000000ff00)
/* One bit a node: an entry of its scheduling log waits, or is being written. 0 after
 * LOG_BASE.ENABLE was cleared: nothing more will be written. */
#define   BELL_STATUS_LOG_BUSY_SHIFT 16
#define   BELL_STATUS_LOG_BUSY_MASK UINT64_C(0x0000000000ff0000)

/* Interrupt enable. */
#define BELL_IRQ_CTRL_OFFSET UINT32_C(0x20)
/* 1 = the interrupt is high while the event queue is not empty. */
#define   BELL_IRQ_CTRL_ENABLE_SHIFT 0
#define   BELL_IRQ_CTRL_ENABLE_MASK UINT64_C(0x0000000000000001)

/* Event queue level. */
#define BELL_IRQ_LEVEL_OFFSET UINT32_C(0x28)
/* Events waiting. */
#define   BELL_IRQ_LEVEL_COUNT_SHIFT 0
#define   BELL_IRQ_LEVEL_COUNT_MASK UINT64_C(0x000000000000ffff)

/* Oldest event, first word. Reading does not consume it. */
#define BELL_EVENT0_OFFSET UINT32_C(0x30)
/* What happened. */
#define   BELL_EVENT0_CAUSE_SHIFT 0
#define   BELL_EVENT0_CAUSE_MASK UINT64_C(0x00000000000000ff)
/* Node. */
#define   BELL_EVENT0_NODE_SHIFT 8
#define   BELL_EVENT0_NODE_MASK UINT64_C(0x000000000000ff00)
/* Hardware queue. */
#define   BELL_EVENT0_QUEUE_SHIFT 16
#define   BELL_EVENT0_QUEUE_MASK UINT64_C(0x00000000ffff0000)
/* 1 = there is an event; 0 = the other fields read 0. */
#define   BELL_EVENT0_VALID_SHIFT 63
#define   BELL_EVENT0_VALID_MASK UINT64_C(0x8000000000000000)

/* Oldest event, second word. */
#define BELL_EVENT1_OFFSET UINT32_C(0x38)
/* Depends on the cause. */
#define   BELL_EVENT1_DATA_SHIFT 0
#define   BELL_EVENT1_DATA_MASK UINT64_C(0xffffffffffffffff)

/* Consume the oldest event. */
#define BELL_EVENT_POP_OFFSET UINT32_C(0x40)
/* Write 1; ignored when the queue is empty. */
#define   BELL_EVENT_POP_POP_SHIFT 0
#define   BELL_EVENT_POP_POP_MASK UINT64_C(0x0000000000000001)

/* Abort what a node runs: its queue faults with ABORTED, the node takes the next queue. */
#define BELL_NODE_ABORT_OFFSET UINT32_C(0x48)
/* Node 0; no effect when idle. */
#define   BELL_NODE_ABORT_NODE0_SHIFT 0
#define   BELL_NODE_ABORT_NODE0_MASK UINT64_C(0x0000000000000001)
/* Node 1; no effect when idle. */
#define   BELL_NODE_ABORT_NODE1_SHIFT 1
#define   BELL_NODE_ABORT_NODE1_MASK UINT64_C(0x0000000000000002)
/* Node 2; no effect when idle. */
#define   BELL_NODE_ABORT_NODE2_SHIFT 2
#define   BELL_NODE_ABORT_NODE2_MASK UINT64_C(0x0000000000000004)
/* Node 3; no effect when idle. */
#define   BELL_NODE_ABORT_NODE3_SHIFT 3
#define   BELL_NODE_ABORT_NODE3_MASK UINT64_C(0x0000000000000008)

/* Where the doorbells are in BAR2. Holds for stores accepted after the write is answered. */
#define BELL_DOORBELLS_OFFSET UINT32_C(0x50)
/* Layout asked for. */
#define   BELL_DOORBELLS_LAYOUT_SHIFT 0
#define   BELL_DOORBELLS_LAYOUT_MASK UINT64_C(0x0000000000000003)
/* Layout in force: PAGE when the one asked for is not fitted. */
#define   BELL_DOORBELLS_IN_FORCE_SHIFT 8
#define   BELL_DOORBELLS_IN_FORCE_MASK UINT64_C(0x0000000000000300)

/* Doorbell stores accepted since reset. Equals the sum of the next five registers while
 * SATURATED.ACCEPTED is 0. */
#define BELL_LEDGER_ACCEPTED_OFFSET UINT32_C(0x80)
/* Stores. */
#define   BELL_LEDGER_ACCEPTED_COUNT_SHIFT 0
#define   BELL_LEDGER_ACCEPTED_COUNT_MASK UINT64_C(0xffffffffffffffff)

/* Rings whose WPTR sample was taken. */
#define BELL_LEDGER_SAMPLED_OFFSET UINT32_C(0x88)
/* Rings. */
#define   BELL_LEDGER_SAMPLED_COUNT_SHIFT 0
#define   BELL_LEDGER_SAMPLED_COUNT_MASK UINT64_C(0xffffffffffffffff)

/* Rings that found a sample already owed to their queue. */
#define BELL_LEDGER_COALESCED_OFFSET UINT32_C(0x90)
/* Rings. */
#define   BELL_LEDGER_COALESCED_COUNT_SHIFT 0
#define   BELL_LEDGER_COALESCED_COUNT_MASK UINT64_C(0xffffffffffffffff)

/* Rings on a slot without owner. */
#define BELL_LEDGER_UNOWNED_OFFSET UINT32_C(0x98)
/* Rings. */
#define   BELL_LEDGER_UNOWNED_COUNT_SHIFT 0
#define   BELL_LEDGER_UNOWNED_COUNT_MASK UINT64_C(0xffffffffffffffff)

/* Doorbell stores refused with a cause. */
#define BELL_LEDGER_REJECTED_OFFSET UINT32_C(0xa0)
/* Stores. */
#define   BELL_LEDGER_REJECTED_COUNT_SHIFT 0
#define   BELL_LEDGER_REJECTED_COUNT_MASK UINT64_C(0xffffffffffffffff)

/* Rings accepted whose bucket is not decided yet: in flight, or owed a sample. */
#define BELL_LEDGER_OWED_OFFSET UINT32_C(0xa8)
/* Rings. */
#define   BELL_LEDGER_OWED_COUNT_SHIFT 0
#define   BELL_LEDGER_OWED_COUNT_MASK UINT64_C(0xffffffffffffffff)

/* The newest store that was refused when it arrived; one lost to CLOSE is only counted. */
#define BELL_LAST_REJECT_OFFSET UINT32_C(0xb0)
/* Why. */
#define   BELL_LAST_REJECT_CAUSE_SHIFT 0
#define   BELL_LAST_REJECT_CAUSE_MASK UINT64_C(0x00000000000000ff)
/* BAR2 byte address. */
#define   BELL_LAST_REJECT_ADDR_SHIFT 32
#define   BELL_LAST_REJECT_ADDR_MASK UINT64_C(0x00ffffff00000000)

/* Which refusals are told as events: one event an arming, so that nobody can flood software. */
#define BELL_REPORT_ARM_OFFSET UINT32_C(0xc0)
/* 1 = the next event of RING_REJECTED is due; its posting clears the bit. */
#define   BELL_REPORT_ARM_REJECTED_SHIFT 0
#define   BELL_REPORT_ARM_REJECTED_MASK UINT64_C(0x0000000000000001)
/* The same for RING_UNOWNED. */
#define   BELL_REPORT_ARM_UNOWNED_SHIFT 1
#define   BELL_REPORT_ARM_UNOWNED_MASK UINT64_C(0x0000000000000002)
/* The same for ACCESS_REFUSED. */
#define   BELL_REPORT_ARM_REFUSED_SHIFT 2
#define   BELL_REPORT_ARM_REFUSED_MASK UINT64_C(0x0000000000000004)

/* Accesses to BAR0 answered SLVERR since reset. */
#define BELL_ACCESSES_REFUSED_OFFSET UINT32_C(0xc8)
/* Accesses. */
#define   BELL_ACCESSES_REFUSED_COUNT_SHIFT 0
#define   BELL_ACCESSES_REFUSED_COUNT_MASK UINT64_C(0xffffffffffffffff)

/* Counters that lost counts: each stands at its largest value until reset. The others are exact. */
#define BELL_SATURATED_OFFSET UINT32_C(0xd0)
/* LEDGER_ACCEPTED. */
#define   BELL_SATURATED_ACCEPTED_SHIFT 0
#define   BELL_SATURATED_ACCEPTED_MASK UINT64_C(0x0000000000000001)
/* LEDGER_SAMPLED. */
#define   BELL_SATURATED_SAMPLED_SHIFT 1
#define   BELL_SATURATED_SAMPLED_MASK UINT64_C(0x0000000000000002)
/* LEDGER_COALESCED. */
#define   BELL_SATURATED_COALESCED_SHIFT 2
#define   BELL_SATURATED_COALESCED_MASK UINT64_C(0x0000000000000004)
/* LEDGER_UNOWNED. */
#define   BELL_SATURATED_UNOWNED_SHIFT 3
#define   BELL_SATURATED_UNOWNED_MASK UINT64_C(0x0000000000000008)
/* LEDGER_REJECTED. */
#define   BELL_SATURATED_REJECTED_SHIFT 4
#define   BELL_SATURATED_REJECTED_MASK UINT64_C(0x0000000000000010)
/* ACCESSES_REFUSED. */
#define   BELL_SATURATED_REFUSED_SHIFT 5
#define   BELL_SATURATED_REFUSED_MASK UINT64_C(0x0000000000000020)

/* Idle detector of node 0: one ENGINE_IDLE after so many clocks without a turn, not gated. */
#define BELL_IDLE_LIMIT0_OFFSET UINT32_C(0x100)
/* Clocks; 0 = off. A changed value starts the count again. */
#define   BELL_IDLE_LIMIT0_CLOCKS_SHIFT 0
#define   BELL_IDLE_LIMIT0_CLOCKS_MASK UINT64_C(0x00000000ffffffff)

/* Idle detector of node 1: one ENGINE_IDLE after so many clocks without a turn, not gated. */
#define BELL_IDLE_LIMIT1_OFFSET UINT32_C(0x108)
/* Clocks; 0 = off. A changed value starts the count again. */
#define   BELL_IDLE_LIMIT1_CLOCKS_SHIFT 0
#define   BELL_IDLE_LIMIT1_CLOCKS_MASK UINT64_C(0x00000000ffffffff)

/* Idle detector of node 2: one ENGINE_IDLE after so many clocks without a turn, not gated. */
#define BELL_IDLE_LIMIT2_OFFSET UINT32_C(0x110)
/* Clocks; 0 = off. A changed value starts the count again. */
#define   BELL_IDLE_LIMIT2_CLOCKS_SHIFT 0
#define   BELL_IDLE_LIMIT2_CLOCKS_MASK UINT64_C(0x00000000ffffffff)

/* Idle detector of node 3: one ENGINE_IDLE after so many clocks without a turn, not gated. */
#define BELL_IDLE_LIMIT3_OFFSET UINT32_C(0x118)
/* Clocks; 0 = off. A changed value starts the count again. */
#define   BELL_IDLE_LIMIT3_CLOCKS_SHIFT 0
#define   BELL_IDLE_LIMIT3_CLOCKS_MASK UINT64_C(0x00000000ffffffff)

/* Progress watchdog of node 0: one ENGINE_HUNG a packet that does not end. */
#define BELL_HUNG_LIMIT0_OFFSET UINT32_C(0x120)
/* Clocks; 0 = off. A changed value starts the count again. */
#define   BELL_HUNG_LIMIT0_CLOCKS_SHIFT 0
#define   BELL_HUNG_LIMIT0_CLOCKS_MASK UINT64_C(0x00000000ffffffff)
/* 1 = the clocks of a WORK packet do not count. */
#define   BELL_HUNG_LIMIT0_LONG_WORK_SHIFT 63
#define   BELL_HUNG_LIMIT0_LONG_WORK_MASK UINT64_C(0x8000000000000000)

/* Progress watchdog of node 1: one ENGINE_HUNG a packet that does not end. */
#define BELL_HUNG_LIMIT1_OFFSET UINT32_C(0x128)
/* Clocks; 0 = off. A changed value starts the count again. */
#define   BELL_HUNG_LIMIT1_CLOCKS_SHIFT 0
#define   BELL_HUNG_LIMIT1_CLOCKS_MASK UINT64_C(0x00000000ffffffff)
/* 1 = the clocks of a WORK packet do not count. */
#define   BELL_HUNG_LIMIT1_LONG_WORK_SHIFT 63
#define   BELL_HUNG_LIMIT1_LONG_WORK_MASK UINT64_C(0x8000000000000000)

/* Progress watchdog of node 2: one ENGINE_HUNG a packet that does not end. */
#define BELL_HUNG_LIMIT2_OFFSET UINT32_C(0x130)
/* Clocks; 0 = off. A changed value starts the count again. */
#define   BELL_HUNG_LIMIT2_CLOCKS_SHIFT 0
#define   BELL_HUNG_LIMIT2_CLOCKS_MASK UINT64_C(0x00000000ffffffff)
/* 1 = the clocks of a WORK packet do not count. */
#define   BELL_HUNG_LIMIT2_LONG_WORK_SHIFT 63
#define   BELL_HUNG_LIMIT2_LONG_WORK_MASK UINT64_C(0x8000000000000000)

/* Progress watchdog of node 3: one ENGINE_HUNG a packet that does not end. */
#define BELL_HUNG_LIMIT3_OFFSET UINT32_C(0x138)
/* Clocks; 0 = off. A changed value starts the count again. */
#define   BELL_HUNG_LIMIT3_CLOCKS_SHIFT 0
#define   BELL_HUNG_LIMIT3_CLOCKS_MASK UINT64_C(0x00000000ffffffff)
/* 1 = the clocks of a WORK packet do not count. */
#define   BELL_HUNG_LIMIT3_LONG_WORK_SHIFT 63
#define   BELL_HUNG_LIMIT3_LONG_WORK_MASK UINT64_C(0x8000000000000000)

/* Shares of the bands. */
#define BELL_BANDS_OFFSET UINT32_C(0x200)
/* Share of a node's time that level 1 (normal) gets while it is ready and level 2 (focus) would
 * take all, 0 .. 100; 0 = none. Real time is not affected. */
#define   BELL_BANDS_NORMAL_PERCENT_SHIFT 0
#define   BELL_BANDS_NORMAL_PERCENT_MASK UINT64_C(0x000000000000007f)
#define   BELL_BANDS_NORMAL_PERCENT_RESET UINT64_C(0xa)
/* Clocks of that share that are given at once; 0 counts as 1. */
#define   BELL_BANDS_NORMAL_SLICE_SHIFT 32
#define   BELL_BANDS_NORMAL_SLICE_MASK UINT64_C(0xffffffff00000000)
#define   BELL_BANDS_NORMAL_SLICE_RESET UINT64_C(0x4000)

/* GPU time. A write sets it: after a loss of power it goes on from where it was, so that times
 * in logs never go back. */
#define BELL_TIME_OFFSET UINT32_C(0x208)
/* Clocks since reset, or since it was set, and what was written then. */
#define   BELL_TIME_CLOCKS_SHIFT 0
#define   BELL_TIME_CLOCKS_MASK UINT64_C(0xffffffffffffffff)

/* Software raised a native fence: queues that wait for one of this key look again. */
#define BELL_FENCE_WAKE_OFFSET UINT32_C(0x210)
/* Address bits 11:6 of its current value. */
#define   BELL_FENCE_WAKE_KEY_SHIFT 0
#define   BELL_FENCE_WAKE_KEY_MASK UINT64_C(0x000000000000003f)
/* 1 = of every key. */
#define   BELL_FENCE_WAKE_ALL_SHIFT 8
#define   BELL_FENCE_WAKE_ALL_MASK UINT64_C(0x0000000000000100)

/* What node 0 runs. */
#define BELL_NODE_RUN0_OFFSET UINT32_C(0x220)
/* Hardware queue; 0 when it runs none. */
#define   BELL_NODE_RUN0_QUEUE_SHIFT 0
#define   BELL_NODE_RUN0_QUEUE_MASK UINT64_C(0x000000000000ffff)
/* 1 = it runs a queue. */
#define   BELL_NODE_RUN0_VALID_SHIFT 31
#define   BELL_NODE_RUN0_VALID_MASK UINT64_C(0x0000000080000000)
/* Level of that queue. */
#define   BELL_NODE_RUN0_LEVEL_SHIFT 40
#define   BELL_NODE_RUN0_LEVEL_MASK UINT64_C(0x00003f0000000000)

/* What node 1 runs. */
#define BELL_NODE_RUN1_OFFSET UINT32_C(0x228)
/* Hardware queue; 0 when it runs none. */
#define   BELL_NODE_RUN1_QUEUE_SHIFT 0
#define   BELL_NODE_RUN1_QUEUE_MASK UINT64_C(0x000000000000ffff)
/* 1 = it runs a queue. */
#define   BELL_NODE_RUN1_VALID_SHIFT 31
#define   BELL_NODE_RUN1_VALID_MASK UINT64_C(0x0000000080000000)
/* Level of that queue. */
#define   BELL_NODE_RUN1_LEVEL_SHIFT 40
#define   BELL_NODE_RUN1_LEVEL_MASK UINT64_C(0x00003f0000000000)

/* What node 2 runs. */
#define BELL_NODE_RUN2_OFFSET UINT32_C(0x230)
/* Hardware queue; 0 when it runs none. */
#define   BELL_NODE_RUN2_QUEUE_SHIFT 0
#define   BELL_NODE_RUN2_QUEUE_MASK UINT64_C(0x000000000000ffff)
/* 1 = it runs a queue. */
#define   BELL_NODE_RUN2_VALID_SHIFT 31
#define   BELL_NODE_RUN2_VALID_MASK UINT64_C(0x0000000080000000)
/* Level of that queue. */
#define   BELL_NODE_RUN2_LEVEL_SHIFT 40
#define   BELL_NODE_RUN2_LEVEL_MASK UINT64_C(0x00003f0000000000)

/* What node 3 runs. */
#define BELL_NODE_RUN3_OFFSET UINT32_C(0x238)
/* Hardware queue; 0 when it runs none. */
#define   BELL_NODE_RUN3_QUEUE_SHIFT 0
#define   BELL_NODE_RUN3_QUEUE_MASK UINT64_C(0x000000000000ffff)
/* 1 = it runs a queue. */
#define   BELL_NODE_RUN3_VALID_SHIFT 31
#define   BELL_NODE_RUN3_VALID_MASK UINT64_C(0x0000000080000000)
/* Level of that queue. */
#define   BELL_NODE_RUN3_LEVEL_SHIFT 40
#define   BELL_NODE_RUN3_LEVEL_MASK UINT64_C(0x00003f0000000000)

/* Scheduling log of node 0: a header of 32 bytes and entries of 32 bytes, under PASID 0. */
#define BELL_LOG_BASE0_OFFSET UINT32_C(0x240)
/* Device address of the header, bytes, 32-byte aligned. */
#define   BELL_LOG_BASE0_ADDR_SHIFT 0
#define   BELL_LOG_BASE0_ADDR_MASK UINT64_C(0x0000ffffffffffff)
/* 1 = changes of state of the node's queues are logged. */
#define   BELL_LOG_BASE0_ENABLE_SHIFT 63
#define   BELL_LOG_BASE0_ENABLE_MASK UINT64_C(0x8000000000000000)

/* Scheduling log of node 1: a header of 32 bytes and entries of 32 bytes, under PASID 0. */
#define BELL_LOG_BASE1_OFFSET UINT32_C(0x248)
/* Device address of the header, bytes, 32-byte aligned. */
#define   BELL_LOG_BASE1_ADDR_SHIFT 0
#define   BELL_LOG_BASE1_ADDR_MASK UINT64_C(0x0000ffffffffffff)
/* 1 = changes of state of the node's queues are logged. */
#define   BELL_LOG_BASE1_ENABLE_SHIFT 63
#define   BELL_LOG_BASE1_ENABLE_MASK UINT64_C(0x8000000000000000)

/* Scheduling log of node 2: a header of 32 bytes and entries of 32 bytes, under PASID 0. */
#define BELL_LOG_BASE2_OFFSET UINT32_C(0x250)
/* Device address of the header, bytes, 32-byte aligned. */
#define   BELL_LOG_BASE2_ADDR_SHIFT 0
#define   BELL_LOG_BASE2_ADDR_MASK UINT64_C(0x0000ffffffffffff)
/* 1 = changes of state of the node's queues are logged. */
#define   BELL_LOG_BASE2_ENABLE_SHIFT 63
#define   BELL_LOG_BASE2_ENABLE_MASK UINT64_C(0x8000000000000000)

/* Scheduling log of node 3: a header of 32 bytes and entries of 32 bytes, under PASID 0. */
#define BELL_LOG_BASE3_OFFSET UINT32_C(0x258)
/* Device address of the header, bytes, 32-byte aligned. */
#define   BELL_LOG_BASE3_ADDR_SHIFT 0
#define   BELL_LOG_BASE3_ADDR_MASK UINT64_C(0x0000ffffffffffff)
/* 1 = changes of state of the node's queues are logged. */
#define   BELL_LOG_BASE3_ENABLE_SHIFT 63
#define   BELL_LOG_BASE3_ENABLE_MASK UINT64_C(0x8000000000000000)

/* Shape of the scheduling log of node 0. Not to be changed while LOG_BASE0.ENABLE. */
#define BELL_LOG_CONFIG0_OFFSET UINT32_C(0x260)
/* Entries; 0 = no entry is written. */
#define   BELL_LOG_CONFIG0_ENTRIES_SHIFT 0
#define   BELL_LOG_CONFIG0_ENTRIES_MASK UINT64_C(0x000000000000ffff)
/* SCHED_LOG is posted when the entry of this index was written; none of an index beyond. */
#define   BELL_LOG_CONFIG0_INTERRUPT_ENTRY_SHIFT 16
#define   BELL_LOG_CONFIG0_INTERRUPT_ENTRY_MASK UINT64_C(0x00000000ffff0000)
#define   BELL_LOG_CONFIG0_INTERRUPT_ENTRY_RESET UINT64_C(0xffff)

/* Shape of the scheduling log of node 1. Not to be changed while LOG_BASE1.ENABLE. */
#define BELL_LOG_CONFIG1_OFFSET UINT32_C(0x268)
/* Entries; 0 = no entry is written. */
#define   BELL_LOG_CONFIG1_ENTRIES_SHIFT 0
#define   BELL_LOG_CONFIG1_ENTRIES_MASK UINT64_C(0x000000000000ffff)
/* SCHED_LOG is posted when the entry of this index was written; none of an index beyond. */
#define   BELL_LOG_CONFIG1_INTERRUPT_ENTRY_SHIFT 16
#define   BELL_LOG_CONFIG1_INTERRUPT_ENTRY_MASK UINT64_C(0x00000000ffff0000)
#define   BELL_LOG_CONFIG1_INTERRUPT_ENTRY_RESET UINT64_C(0xffff)

/* Shape of the scheduling log of node 2. Not to be changed while LOG_BASE2.ENABLE. */
#define BELL_LOG_CONFIG2_OFFSET UINT32_C(0x270)
/* Entries; 0 = no entry is written. */
#define   BELL_LOG_CONFIG2_ENTRIES_SHIFT 0
#define   BELL_LOG_CONFIG2_ENTRIES_MASK UINT64_C(0x000000000000ffff)
/* SCHED_LOG is posted when the entry of this index was written; none of an index beyond. */
#define   BELL_LOG_CONFIG2_INTERRUPT_ENTRY_SHIFT 16
#define   BELL_LOG_CONFIG2_INTERRUPT_ENTRY_MASK UINT64_C(0x00000000ffff0000)
#define   BELL_LOG_CONFIG2_INTERRUPT_ENTRY_RESET UINT64_C(0xffff)

/* Shape of the scheduling log of node 3. Not to be changed while LOG_BASE3.ENABLE. */
#define BELL_LOG_CONFIG3_OFFSET UINT32_C(0x278)
/* Entries; 0 = no entry is written. */
#define   BELL_LOG_CONFIG3_ENTRIES_SHIFT 0
#define   BELL_LOG_CONFIG3_ENTRIES_MASK UINT64_C(0x000000000000ffff)
/* SCHED_LOG is posted when the entry of this index was written; none of an index beyond. */
#define   BELL_LOG_CONFIG3_INTERRUPT_ENTRY_SHIFT 16
#define   BELL_LOG_CONFIG3_INTERRUPT_ENTRY_MASK UINT64_C(0x00000000ffff0000)
#define   BELL_LOG_CONFIG3_INTERRUPT_ENTRY_RESET UINT64_C(0xffff)

/* First word of the header of node 0's scheduling log, as it is written next to each entry. */
#define BELL_LOG_INDEX0_OFFSET UINT32_C(0x280)
/* First free entry. */
#define   BELL_LOG_INDEX0_INDEX_SHIFT 0
#define   BELL_LOG_INDEX0_INDEX_MASK UINT64_C(0x00000000ffffffff)
/* Times the index went back to 0. */
#define   BELL_LOG_INDEX0_WRAPS_SHIFT 32
#define   BELL_LOG_INDEX0_WRAPS_MASK UINT64_C(0xffffffff00000000)

/* First word of the header of node 1's scheduling log, as it is written next to each entry. */
#define BELL_LOG_INDEX1_OFFSET UINT32_C(0x288)
/* First free entry. */
#define   BELL_LOG_INDEX1_INDEX_SHIFT 0
#define   BELL_LOG_INDEX1_INDEX_MASK UINT64_C(0x00000000ffffffff)
/* Times the index went back to 0. */
#define   BELL_LOG_INDEX1_WRAPS_SHIFT 32
#define   BELL_LOG_INDEX1_WRAPS_MASK UINT64_C(0xffffffff00000000)

/* First word of the header of node 2's scheduling log, as it is written next to each entry. */
#define BELL_LOG_INDEX2_OFFSET UINT32_C(0x290)
/* First free entry. */
#define   BELL_LOG_INDEX2_INDEX_SHIFT 0
#define   BELL_LOG_INDEX2_INDEX_MASK UINT64_C(0x00000000ffffffff)
/* Times the index went back to 0. */
#define   BELL_LOG_INDEX2_WRAPS_SHIFT 32
#define   BELL_LOG_INDEX2_WRAPS_MASK UINT64_C(0xffffffff00000000)

/* First word of the header of node 3's scheduling log, as it is written next to each entry. */
#define BELL_LOG_INDEX3_OFFSET UINT32_C(0x298)
/* First free entry. */
#define   BELL_LOG_INDEX3_INDEX_SHIFT 0
#define   BELL_LOG_INDEX3_INDEX_MASK UINT64_C(0x00000000ffffffff)
/* Times the index went back to 0. */
#define   BELL_LOG_INDEX3_WRAPS_SHIFT 32
#define   BELL_LOG_INDEX3_WRAPS_MASK UINT64_C(0xffffffff00000000)

/* Which queue a ring on this slot wakes. Written by the KMD at connect and disconnect. */
#define BELL_SLOT_STRIDE UINT32_C(0x10)
#define BELL_SLOT_MAX 1024u

/* Owner of the slot. Takes effect for rings accepted after the write is answered. */
#define BELL_SLOT_OWNER_OFFSET(slot) (UINT32_C(0x10000) + (uint32_t)(slot) * BELL_SLOT_STRIDE)
/* Hardware queue that a ring wakes, 0 .. NumQueues-1. */
#define   BELL_SLOT_OWNER_QUEUE_SHIFT 0
#define   BELL_SLOT_OWNER_QUEUE_MASK UINT64_C(0x000000000000ffff)
/* 1 = rings are routed. 0 = rings are counted as unowned. */
#define   BELL_SLOT_OWNER_VALID_SHIFT 31
#define   BELL_SLOT_OWNER_VALID_MASK UINT64_C(0x0000000080000000)
/* Assignment count, written by software; logged with each ring. */
#define   BELL_SLOT_OWNER_GENERATION_SHIFT 32
#define   BELL_SLOT_OWNER_GENERATION_MASK UINT64_C(0xffffffff00000000)

/* Rings accepted on this slot and not yet credited to a queue. */
#define BELL_SLOT_DRAIN_OFFSET(slot) (UINT32_C(0x10008) + (uint32_t)(slot) * BELL_SLOT_STRIDE)
/* The KMD waits for 0 before it gives the slot away. */
#define   BELL_SLOT_DRAIN_IN_FLIGHT_SHIFT 0
#define   BELL_SLOT_DRAIN_IN_FLIGHT_MASK UINT64_C(0x000000000000ffff)

/* Layout GLOBAL: who may wake the queue. Written by the KMD at connect and disconnect. */
#define BELL_TOKEN_STRIDE UINT32_C(0x8)
#define BELL_TOKEN_MAX 1024u

/* Global page that the queue listens to. Holds for stores accepted after the write is answered. */
#define BELL_TOKEN_LISTEN_OFFSET(token) (UINT32_C(0x30000) + (uint32_t)(token) * BELL_TOKEN_STRIDE)
/* Number of the page; each process is mapped one of its own. */
#define   BELL_TOKEN_LISTEN_PAGE_SHIFT 0
#define   BELL_TOKEN_LISTEN_PAGE_MASK UINT64_C(0x00000000000000ff)
/* 1 = a store of the token through PAGE is a ring. 0 = none is. */
#define   BELL_TOKEN_LISTEN_VALID_SHIFT 31
#define   BELL_TOKEN_LISTEN_VALID_MASK UINT64_C(0x0000000080000000)

/* BASE .. RPTR and RESUME0, RESUME1 are written before CMD.OPEN; while STATE.OPEN, a write is
 * ignored. The others may be written at any time and count from the next decision. BASE .. RPTR
 * are not reset, the others read 0 until written. */
#define BELL_QUEUE_STRIDE UINT32_C(0x80)
#define BELL_QUEUE_MAX 1024u

/* Ring of entries. */
#define BELL_QUEUE_BASE_OFFSET(queue) (UINT32_C(0x40000) + (uint32_t)(queue) * BELL_QUEUE_STRIDE)
/* Device address of entry 0, bytes, 4-KiB aligned. */
#define   BELL_QUEUE_BASE_ADDR_SHIFT 0
#define   BELL_QUEUE_BASE_ADDR_MASK UINT64_C(0x0000ffffffffffff)

/* Control area: WPTR at +0, RPTR at +8. */
#define BELL_QUEUE_CONTROL_OFFSET(queue) (UINT32_C(0x40008) + (uint32_t)(queue) * BELL_QUEUE_STRIDE)
/* Device address, bytes, 16-byte aligned. */
#define   BELL_QUEUE_CONTROL_ADDR_SHIFT 0
#define   BELL_QUEUE_CONTROL_ADDR_MASK UINT64_C(0x0000ffffffffffff)

/* Shape and home of the queue. */
#define BELL_QUEUE_CONFIG_OFFSET(queue) (UINT32_C(0x40010) + (uint32_t)(queue) * BELL_QUEUE_STRIDE)
/* log2 of the ring size in entries, 1 .. 16. */
#define   BELL_QUEUE_CONFIG_LOG2_ENTRIES_SHIFT 0
#define   BELL_QUEUE_CONFIG_LOG2_ENTRIES_MASK UINT64_C(0x000000000000001f)
/* 1 = ring and control area are read under PASID 0. */
#define   BELL_QUEUE_CONFIG_KERNEL_RING_SHIFT 8
#define   BELL_QUEUE_CONFIG_KERNEL_RING_MASK UINT64_C(0x0000000000000100)
/* Node that runs the queue, 0 .. NumNodes-1. */
#define   BELL_QUEUE_CONFIG_NODE_SHIFT 16
#define   BELL_QUEUE_CONFIG_NODE_MASK UINT64_C(0x0000000000030000)
/* Address space of the command buffers. */
#define   BELL_QUEUE_CONFIG_PASID_SHIFT 32
#define   BELL_QUEUE_CONFIG_PASID_MASK UINT64_C(0x000fffff00000000)

/* Entries consumed, free-running. Software sets it before OPEN; hardware advances it. */
#define BELL_QUEUE_RPTR_OFFSET(queue) (UINT32_C(0x40018) + (uint32_t)(queue) * BELL_QUEUE_STRIDE)
/* Entries. */
#define   BELL_QUEUE_RPTR_COUNT_SHIFT 0
#define   BELL_QUEUE_RPTR_COUNT_MASK UINT64_C(0xffffffffffffffff)

/* Command to the scheduler. */
#define BELL_QUEUE_CMD_OFFSET(queue) (UINT32_C(0x40020) + (uint32_t)(queue) * BELL_QUEUE_STRIDE)
/* What to do. */
#define   BELL_QUEUE_CMD_OP_SHIFT 0
#define   BELL_QUEUE_CMD_OP_MASK UINT64_C(0x000000000000000f)
/* With REMOVE and SUSPEND: 1 = the turn that runs stops inside its buffer (RESUME0), 0 = after
 * it. */
#define   BELL_QUEUE_CMD_NOW_SHIFT 8
#define   BELL_QUEUE_CMD_NOW_MASK UINT64_C(0x0000000000000100)

/* What the hardware says about the queue. */
#define BELL_QUEUE_STATE_OFFSET(queue) (UINT32_C(0x40028) + (uint32_t)(queue) * BELL_QUEUE_STRIDE)
/* Between OPEN and CLOSE. */
#define   BELL_QUEUE_STATE_OPEN_SHIFT 0
#define   BELL_QUEUE_STATE_OPEN_MASK UINT64_C(0x0000000000000001)
/* On the run list. */
#define   BELL_QUEUE_STATE_LISTED_SHIFT 1
#define   BELL_QUEUE_STATE_LISTED_MASK UINT64_C(0x0000000000000002)
/* A WPTR sample is owed. */
#define   BELL_QUEUE_STATE_PENDING_SHIFT 2
#define   BELL_QUEUE_STATE_PENDING_MASK UINT64_C(0x0000000000000004)
/* A node works on it. */
#define   BELL_QUEUE_STATE_RUNNING_SHIFT 3
#define   BELL_QUEUE_STATE_RUNNING_MASK UINT64_C(0x0000000000000008)
/* Known entries are not yet consumed. */
#define   BELL_QUEUE_STATE_WORK_SHIFT 4
#define   BELL_QUEUE_STATE_WORK_MASK UINT64_C(0x0000000000000010)
/* Stopped by a fault until CLOSE. */
#define   BELL_QUEUE_STATE_FAULTED_SHIFT 5
#define   BELL_QUEUE_STATE_FAULTED_MASK UINT64_C(0x0000000000000020)
/* LISTED, and its level is a real-time one. */
#define   BELL_QUEUE_STATE_REALTIME_SHIFT 6
#define   BELL_QUEUE_STATE_REALTIME_MASK UINT64_C(0x0000000000000040)
/* Its next packet waits for a native fence. */
#define   BELL_QUEUE_STATE_BLOCKED_SHIFT 7
#define   BELL_QUEUE_STATE_BLOCKED_MASK UINT64_C(0x0000000000000080)
/* Why it is FAULTED. */
#define   BELL_QUEUE_STATE_CAUSE_SHIFT 8
#define   BELL_QUEUE_STATE_CAUSE_MASK UINT64_C(0x000000000000ff00)
/* Why it is not running. */
#define   BELL_QUEUE_STATE_BLOCK_SHIFT 16
#define   BELL_QUEUE_STATE_BLOCK_MASK UINT64_C(0x00000000000f0000)

/* Place among the queues of its node. Counts from the next decision of the scheduler. */
#define BELL_QUEUE_SCHED_OFFSET(queue) (UINT32_C(0x40030) + (uint32_t)(queue) * BELL_QUEUE_STRIDE)
/* 0 idle, 1 normal, 2 focus, 3 .. 34 real time 0 .. 31; higher goes first. More counts as 34. */
#define   BELL_QUEUE_SCHED_LEVEL_SHIFT 0
#define   BELL_QUEUE_SCHED_LEVEL_MASK UINT64_C(0x000000000000003f)
/* 0 .. 14, in-process priority -7 .. +7: the queue waits while one of its GROUP and LEVEL with
 * more is ready. */
#define   BELL_QUEUE_SCHED_PRIORITY_SHIFT 8
#define   BELL_QUEUE_SCHED_PRIORITY_MASK UINT64_C(0x0000000000000f00)
/* Queues of one process, level and node; 0 = of none. */
#define   BELL_QUEUE_SCHED_GROUP_SHIFT 16
#define   BELL_QUEUE_SCHED_GROUP_MASK UINT64_C(0x00000000003f0000)
/* 1 .. number of queues: queues of one context, all of one node, which scheduling logs take as
 * one. More counts modulo that number, rounded up to a power of two. 0 = it has a context of its
 * own. Fixed while the queue is open. */
#define   BELL_QUEUE_SCHED_CONTEXT_SHIFT 32
#define   BELL_QUEUE_SCHED_CONTEXT_MASK UINT64_C(0x000007ff00000000)

/* How long its turns may last together while a queue of the same level is ready. */
#define BELL_QUEUE_QUANTUM_OFFSET(queue) (UINT32_C(0x40038) + (uint32_t)(queue) * BELL_QUEUE_STRIDE)
/* Clocks; 0 = the queue leaves its node after each turn, which is never cut for a queue of its
 * level. */
#define   BELL_QUEUE_QUANTUM_CLOCKS_SHIFT 0
#define   BELL_QUEUE_QUANTUM_CLOCKS_MASK UINT64_C(0x00000000ffffffff)

/* How long the queue may go on, from the moment another should run instead, before it is stopped
 * inside its buffer. */
#define BELL_QUEUE_GRACE_OFFSET(queue) (UINT32_C(0x40040) + (uint32_t)(queue) * BELL_QUEUE_STRIDE)
/* Its quantum is over and one of its level is ready. Clocks. */
#define   BELL_QUEUE_GRACE_SAME_SHIFT 0
#define   BELL_QUEUE_GRACE_SAME_MASK UINT64_C(0x00000000ffffffff)
/* A queue of a higher level is ready. Clocks. */
#define   BELL_QUEUE_GRACE_HIGHER_SHIFT 32
#define   BELL_QUEUE_GRACE_HIGHER_MASK UINT64_C(0xffffffff00000000)

/* Where the buffer of entry RPTR goes on. Software sets both words before OPEN (0: from its
 * start); hardware keeps them; CLOSE makes them 0. */
#define BELL_QUEUE_RESUME0_OFFSET(queue) (UINT32_C(0x40048) + (uint32_t)(queue) * BELL_QUEUE_STRIDE)
/* Bytes: offset of the next packet. */
#define   BELL_QUEUE_RESUME0_OFFSET_SHIFT 0
#define   BELL_QUEUE_RESUME0_OFFSET_MASK UINT64_C(0x00000000ffffffff)

/* How much of that packet is done: clocks of WORK, bytes of FILL and COPY; of a WAIT, when its
 * fence was first met too low. */
#define BELL_QUEUE_RESUME1_OFFSET(queue) (UINT32_C(0x40050) + (uint32_t)(queue) * BELL_QUEUE_STRIDE)
/* Clocks or bytes; of a WAIT the TIME of then. */
#define   BELL_QUEUE_RESUME1_DONE_SHIFT 0
#define   BELL_QUEUE_RESUME1_DONE_MASK UINT64_C(0xffffffffffffffff)

/* What the scheduling log calls the queue's context. */
#define BELL_QUEUE_HANDLE_OFFSET(queue) (UINT32_C(0x40058) + (uint32_t)(queue) * BELL_QUEUE_STRIDE)
/* Any value of the driver. */
#define   BELL_QUEUE_HANDLE_VALUE_SHIFT 0
#define   BELL_QUEUE_HANDLE_VALUE_MASK UINT64_C(0xffffffffffffffff)

/* Native fence log of waits, 4 KiB. */
#define BELL_QUEUE_WAIT_LOG_OFFSET(queue) (UINT32_C(0x40060) + (uint32_t)(queue) * BELL_QUEUE_STRIDE)
/* Device address of its header under PASID 0, 4-KiB aligned. */
#define   BELL_QUEUE_WAIT_LOG_ADDR_SHIFT 0
#define   BELL_QUEUE_WAIT_LOG_ADDR_MASK UINT64_C(0x0000ffffffffffff)
/* 1 = waits are logged. */
#define   BELL_QUEUE_WAIT_LOG_ENABLE_SHIFT 63
#define   BELL_QUEUE_WAIT_LOG_ENABLE_MASK UINT64_C(0x8000000000000000)

/* Native fence log of signals, 4 KiB. */
#define BELL_QUEUE_SIGNAL_LOG_OFFSET(queue) (UINT32_C(0x40068) + (uint32_t)(queue) * BELL_QUEUE_STRIDE)
/* Device address of its header under PASID 0, 4-KiB aligned. */
#define   BELL_QUEUE_SIGNAL_LOG_ADDR_SHIFT 0
#define   BELL_QUEUE_SIGNAL_LOG_ADDR_MASK UINT64_C(0x0000ffffffffffff)
/* 1 = signals are logged. */
#define   BELL_QUEUE_SIGNAL_LOG_ENABLE_SHIFT 63
#define   BELL_QUEUE_SIGNAL_LOG_ENABLE_MASK UINT64_C(0x8000000000000000)

/* First free entry and wrap count of the log of waits, as its header has them. */
#define BELL_QUEUE_WAIT_LOG_INDEX_OFFSET(queue) (UINT32_C(0x40070) + (uint32_t)(queue) * BELL_QUEUE_STRIDE)
/* Entries. */
#define   BELL_QUEUE_WAIT_LOG_INDEX_INDEX_SHIFT 0
#define   BELL_QUEUE_WAIT_LOG_INDEX_INDEX_MASK UINT64_C(0x00000000ffffffff)
/* Times the index went back to 0. */
#define   BELL_QUEUE_WAIT_LOG_INDEX_WRAPS_SHIFT 32
#define   BELL_QUEUE_WAIT_LOG_INDEX_WRAPS_MASK UINT64_C(0xffffffff00000000)

/* First free entry and wrap count of the log of signals, as its header has them. */
#define BELL_QUEUE_SIGNAL_LOG_INDEX_OFFSET(queue) (UINT32_C(0x40078) + (uint32_t)(queue) * BELL_QUEUE_STRIDE)
/* Entries. */
#define   BELL_QUEUE_SIGNAL_LOG_INDEX_INDEX_SHIFT 0
#define   BELL_QUEUE_SIGNAL_LOG_INDEX_INDEX_MASK UINT64_C(0x00000000ffffffff)
/* Times the index went back to 0. */
#define   BELL_QUEUE_SIGNAL_LOG_INDEX_WRAPS_SHIFT 32
#define   BELL_QUEUE_SIGNAL_LOG_INDEX_WRAPS_MASK UINT64_C(0xffffffff00000000)

#define BELL_REGS_BYTES UINT32_C(0x60000)

#endif
