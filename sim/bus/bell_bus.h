/* SPDX-License-Identifier: MIT */
/**
 * @file bell_bus.h
 * @brief Host bridge: MMIO of many CPUs to one device, DMA and interrupt back.
 *
 * Writes are posted: the caller goes on, the write reaches the device after a seeded delay, in
 * order per CPU. A read first pushes the earlier writes of its own CPU only, then waits for
 * its answer. All of this happens from coroutines (bell_thread.h).
 */
#ifndef BELL_BUS_H
#define BELL_BUS_H

#include "bell_device.h"

#ifdef __cplusplus
extern "C" {
#endif

struct bell_bus_config {
    uint32_t delay_min;    /**< Clocks a posted write waits in the bridge, at least ... */
    uint32_t delay_max;    /**< ... and at most (seeded per write). Both 0 = 1 and 40. */
    uint64_t read_timeout; /**< Clocks until a wait on the bus gives up; 0 = 100000. The run fails
                                with a message that names address, waiter and cycle. */
};

/** Posted writes that wait in the bridge for one CPU; the next one blocks its thread. */
#define BELL_BUS_DEPTH 64u

void bell_bus_init(const struct bell_bus_config *config, struct bell_device *device);
void bell_bus_cleanup(void);

/**
 * Post a write of `size` bytes (1, 2, 4, 8) from the calling thread's CPU, then a scheduling point.
 * Blocks while BELL_BUS_DEPTH writes of that CPU wait in the bridge.
 */
void bell_bus_write(uint64_t addr, uint64_t value, unsigned size);
/**
 * Read 8 bytes; blocks the thread. Earlier writes of this CPU go to the device at once, before the
 * read; writes of other CPUs stay where they are. All ones when the device answers with an error.
 */
uint64_t bell_bus_read(uint64_t addr);
/**
 * Wait until every write posted so far by every CPU has been answered (A-70: all initiators). What
 * waits in the bridge goes to the device at once.
 */
void bell_bus_drain_all(void);
/** Writes posted and not yet answered, over all CPUs. */
unsigned bell_bus_posted(void);
/** Reset the device: all its state is lost. Nothing may be posted (bell_bus_drain_all()). */
void bell_bus_reset(void);
/** Posted writes that the device refused (SLVERR). */
uint64_t bell_bus_refused(void);
/** Nothing on the bus, and the device idle; the `idle` of bell_sim_config. */
bool bell_bus_idle(void *ctx);
/** The device's cycle; the `now` of bell_sim_config. */
uint64_t bell_bus_now(void *ctx);

/** Called by the device's host hooks; wired by the machine (sim/host). */
void bell_bus_mmio_done(void *ctx, uint64_t tag, uint64_t data, enum bell_resp resp);
/** Clocks until the bridge itself has something to hand over; UINT64_MAX = nothing. */
uint64_t bell_bus_next(void);
/** Hand over what is due, then step the device; the `step` of bell_sim_config. */
uint64_t bell_bus_step(void *ctx, uint64_t cycles);

#ifdef __cplusplus
}
#endif
#endif
