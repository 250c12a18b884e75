/* SPDX-License-Identifier: MIT */
/*
 * How an entry gets into a ring, whoever owns it. The device may read the entry at WPTR before WPTR
 * covers it, and takes it for the new one when word 0 has its tag. So word 0 is stored behind
 * all else of the entry, and until then has another tag: that of a lap ago, or what a new ring
 * begins with.
 */
#ifndef BELL_RING_H
#define BELL_RING_H

#include <stdatomic.h>

#include "bell_formats.h"
#include "bell_wdk.h"

/* A new ring, before the device knows it: whatever memory held, no place has the tag of its first
 * entry yet. Counts start at 0, and zeros have the tag of that one. */
static inline VOID bell_ring_begin(volatile struct bell_ring_entry *ring, UINT64 entries)
{
    ring[0].word0 = BELL_ENTRY_WORD0_TAG_MASK;
    for (UINT64 i = 1; i < entries; i++)
        ring[i].word0 = 0;
}

/* Store the entry of that count. The place is free; WPTR, stored after a barrier, covers it. */
static inline VOID bell_ring_store(volatile struct bell_ring_entry *entry, UINT64 count,
                                   UINT64 address, UINT32 bytes)
{
    entry->word1 = bytes; /* FLAGS are 0. */
    atomic_thread_fence(memory_order_release);
    entry->word0 = (address & BELL_ENTRY_WORD0_ADDR_MASK) | count << BELL_ENTRY_WORD0_TAG_SHIFT;
}

#endif /* BELL_RING_H */
