/* SPDX-License-Identifier: MIT */
/*
 * Generated from rtl/regs/bell_formats.rdl by scripts/gen_regs.py: do not edit.
 * systemrdl-compiler 1.33.0, peakrdl-regblock 1.3.1
 *
 * Layouts in memory that hardware and software share; the doorbells of BAR2.
 * Little endian. Offsets and sizes are bytes; a _MASK is in place.
 */
#ifndef BELL_FORMATS_H
#define BELL_FORMATS_H

#include <stdint.h>

enum bell_op {
    BELL_OP_NOP     = 0, /* Nothing. */
    BELL_OP_WORK    = 1, /* Occupy the engine. ARG1: clocks. */
    BELL_OP_FILL    = 2, /* ARG1: destination, ARG2: bytes, ARG3: 64-bit pattern. */
    BELL_OP_COPY    = 3, /* ARG1: destination, ARG2: bytes, ARG3: source. */
    BELL_OP_WRITE64 = 4, /* ARG1: destination, ARG2: value. */
    BELL_OP_FENCE   = 5, /* As WRITE64, after all earlier writes of the buffer are visible. */
    BELL_OP_IRQ     = 6, /* Post USER_IRQ after all earlier writes are visible. ARG1: data. */
    BELL_OP_FAULT   = 7, /* Fault the queue with DELIBERATE_FAULT. */
    BELL_OP_HANG    = 8, /* Never finish; cannot be stopped inside. */
    /* Raise a native fence after all earlier writes of the buffer are visible. ARG1: address of its current value, ARG2: value, ARG3: address of its monitored value. */
    BELL_OP_SIGNAL  = 9,
    /* Go on when a native fence is at ARG2 or more. ARG1: address of its current value. The queue gives its turn away meanwhile. */
    BELL_OP_WAIT    = 10,
};

/* Ring control area */
struct bell_ring_control {
    uint64_t wptr;
    uint64_t rptr;
};

#define BELL_CONTROL_BYTES 16u
#define BELL_CONTROL_WPTR_OFFSET 0u
/* Entries appended, free-running. User mode writes. */
#define   BELL_CONTROL_WPTR_COUNT_SHIFT 0
#define   BELL_CONTROL_WPTR_COUNT_MASK UINT64_C(0xffffffffffffffff)
#define BELL_CONTROL_RPTR_OFFSET 8u
/* Entries consumed, free-running. Hardware writes. */
#define   BELL_CONTROL_RPTR_COUNT_SHIFT 0
#define   BELL_CONTROL_RPTR_COUNT_MASK UINT64_C(0xffffffffffffffff)

/* Ring entry */
struct bell_ring_entry {
    uint64_t word0;
    uint64_t word1;
};

#define BELL_ENTRY_BYTES 16u
#define BELL_ENTRY_WORD0_OFFSET 0u
/* Command buffer, device address, 32-byte aligned. */
#define   BELL_ENTRY_WORD0_ADDR_SHIFT 0
#define   BELL_ENTRY_WORD0_ADDR_MASK UINT64_C(0x0000ffffffffffff)
/* Low 16 bits of the entry's own count. */
#define   BELL_ENTRY_WORD0_TAG_SHIFT 48
#define   BELL_ENTRY_WORD0_TAG_MASK UINT64_C(0xffff000000000000)
#define BELL_ENTRY_WORD1_OFFSET 8u
/* Bytes, a multiple of 32, not 0. */
#define   BELL_ENTRY_WORD1_LENGTH_SHIFT 0
#define   BELL_ENTRY_WORD1_LENGTH_MASK UINT64_C(0x00000000ffffffff)
/* Must be 0. */
#define   BELL_ENTRY_WORD1_FLAGS_SHIFT 32
#define   BELL_ENTRY_WORD1_FLAGS_MASK UINT64_C(0xffffffff00000000)

/* Command packet */
struct bell_packet {
    uint64_t head;
    uint64_t arg1;
    uint64_t arg2;
    uint64_t arg3;
};

#define BELL_PACKET_BYTES 32u
#define BELL_PACKET_HEAD_OFFSET 0u
/* What to do. */
#define   BELL_PACKET_HEAD_OPCODE_SHIFT 0
#define   BELL_PACKET_HEAD_OPCODE_MASK UINT64_C(0x00000000000000ff)
/* Must be 0. */
#define   BELL_PACKET_HEAD_RESERVED_SHIFT 8
#define   BELL_PACKET_HEAD_RESERVED_MASK UINT64_C(0x00000000ffffff00)
/* SIGNAL and WAIT: what the fence logs call the fence. Else 0. */
#define   BELL_PACKET_HEAD_FENCE_SHIFT 32
#define   BELL_PACKET_HEAD_FENCE_MASK UINT64_C(0xffffffff00000000)
#define BELL_PACKET_ARG1_OFFSET 8u
/* See bell_op_e. */
#define   BELL_PACKET_ARG1_VALUE_SHIFT 0
#define   BELL_PACKET_ARG1_VALUE_MASK UINT64_C(0xffffffffffffffff)
#define BELL_PACKET_ARG2_OFFSET 16u
/* See bell_op_e. */
#define   BELL_PACKET_ARG2_VALUE_SHIFT 0
#define   BELL_PACKET_ARG2_VALUE_MASK UINT64_C(0xffffffffffffffff)
#define BELL_PACKET_ARG3_OFFSET 24u
/* See bell_op_e. */
#define   BELL_PACKET_ARG3_VALUE_SHIFT 0
#define   BELL_PACKET_ARG3_VALUE_MASK UINT64_C(0xffffffffffffffff)

/* Data of the events RING_REJECTED, RING_UNOWNED, ACCESS_REFUSED */

#define BELL_REPORT_BYTES 8u
#define BELL_REPORT_WORD_OFFSET 0u
/* Refusals since the last such event; stays at its largest value. */
#define   BELL_REPORT_WORD_COUNT_SHIFT 0
#define   BELL_REPORT_WORD_COUNT_MASK UINT64_C(0x00000000ffffffff)
/* Of the first of them: see bell_cause_e. */
#define   BELL_REPORT_WORD_CODE_SHIFT 32
#define   BELL_REPORT_WORD_CODE_MASK UINT64_C(0x000000ff00000000)
/* Of the first of them: byte address in its BAR; 0 = a ring lost to CLOSE. */
#define   BELL_REPORT_WORD_ADDR_SHIFT 40
#define   BELL_REPORT_WORD_ADDR_MASK UINT64_C(0xffffff0000000000)

/* Data of the events ENGINE_IDLE, ENGINE_HUNG */

#define BELL_WATCH_BYTES 8u
#define BELL_WATCH_WORD_OFFSET 0u
/* IDLE_LIMIT or HUNG_LIMIT when the timer ended; so the queue of the event. */
#define   BELL_WATCH_WORD_LIMIT_SHIFT 0
#define   BELL_WATCH_WORD_LIMIT_MASK UINT64_C(0x00000000ffffffff)
/* So often it ended again while this event waited behind another for room, and had no event of
 * its own; stays at its largest value. */
#define   BELL_WATCH_WORD_MORE_SHIFT 32
#define   BELL_WATCH_WORD_MORE_MASK UINT64_C(0x000000ff00000000)

/* Doorbell page of BAR2, one per slot; layouts PAGE and PACKED */

#define BELL_DOORBELL_BYTES 4096u
#define BELL_DOORBELL_FIRST UINT32_C(0x0)
#define BELL_DOORBELL_RING_OFFSET 0u
/* Any value: a 64-bit store is a ring. */
#define   BELL_DOORBELL_RING_VALUE_SHIFT 0
#define   BELL_DOORBELL_RING_VALUE_MASK UINT64_C(0xffffffffffffffff)

/* The same doorbells several to a page; layout PACKED */

#define BELL_PACKED_BYTES 512u
#define BELL_PACKED_FIRST UINT32_C(0x400000)
#define BELL_PACKED_RING_OFFSET 0u
/* Any value: a 64-bit store is a ring. */
#define   BELL_PACKED_RING_VALUE_SHIFT 0
#define   BELL_PACKED_RING_VALUE_MASK UINT64_C(0xffffffffffffffff)

/* The one doorbell of layout GLOBAL, in as many pages as processes can be told apart */

#define BELL_GLOBAL_BYTES 4096u
#define BELL_GLOBAL_FIRST UINT32_C(0x500000)
#define BELL_GLOBAL_RING_OFFSET 0u
/* Hardware queue that the ring wakes; it must listen to this page (TOKEN). */
#define   BELL_GLOBAL_RING_TOKEN_SHIFT 0
#define   BELL_GLOBAL_RING_TOKEN_MASK UINT64_C(0xffffffffffffffff)

/* Upper half of BAR2: second register of each doorbell, at the same place as the first */

#define BELL_SECONDARY_BYTES 8388608u
#define BELL_SECONDARY_FIRST UINT32_C(0x800000)
#define BELL_SECONDARY_RING_OFFSET 0u
/* As the first. */
#define   BELL_SECONDARY_RING_VALUE_SHIFT 0
#define   BELL_SECONDARY_RING_VALUE_MASK UINT64_C(0xffffffffffffffff)

#endif
