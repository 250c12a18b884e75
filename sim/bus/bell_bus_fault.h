/* SPDX-License-Identifier: MIT */
/**
 * @file bell_bus_fault.h
 * @brief Faults of the host bridge: switched on by class, chosen by the seed, counted. Off at start.
 *
 * Stores to BAR2 can be hit by most classes: registers (BAR0) are read and written by a driver that
 * may count on them, so that there only errors and a removal make sense.
 */
#ifndef BELL_BUS_FAULT_H
#define BELL_BUS_FAULT_H

#include "bell_device.h"

#ifdef __cplusplus
extern "C" {
#endif

enum bell_bus_fault {
    BELL_BUS_NO_FAULT,
    BELL_BUS_DUPLICATE, /**< A store to BAR2 arrives twice. */
    BELL_BUS_DROP,      /**< A store to BAR2 does not arrive; its writer hears nothing. */
    BELL_BUS_TEAR,      /**< A 64-bit store to BAR2 arrives as two of 32 bits. */
    BELL_BUS_MERGE,     /**< Of two stores of one CPU to one BAR2 address, both still in the bridge,
                             only the later arrives (write combining). */
    BELL_BUS_ERROR,     /**< An access to BAR0 or BAR2 ends in an error and does not arrive: a read
                             gives all ones, a store is counted as refused. */
    BELL_BUS_REMOVED,   /**< The device is pulled out: every read gives all ones, no store arrives.
                             What it was at goes on: let it come to rest first. */
    BELL_BUS_NO_DMA,    /**< A memory access of the device is refused as by the IOMMU. */
    BELL_BUS_FAULTS
};

/** From now on each access that the class can hit is hit with a chance of 1 in `one_in` (seeded;
 *  REMOVED hits all); 0 = off. One class at a time: another call replaces it. */
void bell_bus_fault_set(enum bell_bus_fault fault, uint32_t one_in);
/** Accesses hit since the machine was made. */
uint64_t bell_bus_fault_count(void);
/** Off, and the count 0. */
void bell_bus_fault_reset(void);

/** For the bridge: what happens to this access? Draws, and counts what it hits. `followed`: a later
 *  store to the same address is behind it. */
enum bell_bus_fault bell_bus_fault_of(uint64_t addr, bool read, unsigned size, bool followed);
/** For the device's host: is this memory access refused? */
bool bell_bus_fault_refuses_dma(void);

#ifdef __cplusplus
}
#endif
#endif
