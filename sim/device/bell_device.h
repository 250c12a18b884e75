/* SPDX-License-Identifier: MIT */
/**
 * @file bell_device.h
 * @brief The device as its host sees it: register accesses in, memory accesses and interrupt out.
 *
 * Two implementations: sim/device (the Verilated RTL) and sim/model (the reference). Time is device
 * clocks. Nothing happens outside bell_device_step(); all host functions are called from inside it.
 * From a host function, new register accesses may be offered (they begin with the next clock) and
 * state may be asked for; step, reset and destroy are not allowed there.
 * Not thread-safe: the simulation is the only caller.
 */
#ifndef BELL_DEVICE_H
#define BELL_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Byte address of BAR2 (doorbell pages) on the device's one MMIO port; BAR0 starts at 0. */
#define BELL_DEVICE_BAR2 0x1000000u
/** Bytes decoded for each BAR. BAR2: bell_formats.h says where the doorbells of each layout are. */
#define BELL_DEVICE_BAR0_BYTES 0x100000u
#define BELL_DEVICE_BAR2_BYTES 0x1000000u

/** Answers on both buses; values as on AXI. */
enum bell_resp {
    BELL_RESP_OKAY = 0,
    BELL_RESP_SLVERR = 2, /**< Bus error; on MMIO: refused access. */
    BELL_RESP_DECERR = 3, /**< DMA only: the IOMMU refused it. */
};

/** What became of a doorbell store; as the RTL tap ring_bucket_o. */
enum bell_ring_bucket {
    BELL_RING_CREDITED = 0, /**< Set its queue's pending bit. */
    BELL_RING_COALESCED = 1,
    BELL_RING_UNOWNED = 2,
    BELL_RING_REJECTED = 3,
};

enum bell_device_event_kind {
    BELL_DEV_RING,   /**< A doorbell store was accepted and judged. */
    BELL_DEV_SAMPLE, /**< A node asked memory for a queue's WPTR. */
    BELL_DEV_START,  /**< A command buffer starts; rptr = its count. */
    BELL_DEV_DONE,   /**< A command buffer finished; rptr = its count + 1. */
    BELL_DEV_IRQ,    /**< The interrupt line changed; level in `value`. */
};

/** One observation; delivered in clock order. Fields that do not apply are 0. */
struct bell_device_event {
    enum bell_device_event_kind kind;
    uint64_t cycle;
    uint32_t slot;
    uint32_t queue;
    uint32_t node;
    uint32_t bucket; /**< enum bell_ring_bucket. */
    uint32_t cause;  /**< enum bell_reject_e of bell_regs.h. */
    uint64_t rptr;
    uint64_t value;
};

/** What the device may do to its host. `ctx` is handed back. */
struct bell_device_host {
    void *ctx;
    /**
     * Read `size` bytes (8..128, a multiple of 8, inside 4 KiB) at `addr` for `pasid`. On an error
     * `data` is not used, and every beat of the burst carries the error.
     */
    enum bell_resp (*dma_read)(void *ctx, uint32_t pasid, uint64_t addr, void *data, size_t size);
    /** Write likewise. On an error nothing was written. */
    enum bell_resp (*dma_write)(void *ctx, uint32_t pasid, uint64_t addr, const void *data,
                                size_t size);
    /** A register access given to bell_device_mmio_*() was answered. */
    void (*mmio_done)(void *ctx, uint64_t tag, uint64_t data, enum bell_resp resp);
    /** The interrupt line changed. */
    void (*irq)(void *ctx, bool level);
    /** An observation for traces; may be NULL. */
    void (*event)(void *ctx, const struct bell_device_event *event);
    /** With config.lockstep: RTL and model differ; `text` has both sides. At most once. */
    void (*differs)(void *ctx, const char *text);
};

struct bell_device_config {
    uint32_t slots;       /**< Doorbells fitted, 1 .. the build's NumSlots. */
    uint32_t dma_latency; /**< Clocks, request to answer, 1 .. 4096; memory touched half way. */
    const char *waves;    /**< FST file, or NULL. RTL only. */
    uint64_t waves_from;  /**< First cycle to record. */
    uint64_t waves_to;    /**< Last cycle to record; 0 = no end. */
    uint64_t reset_seed;  /**< Seed of random register values before reset (RTL). */
    bool lockstep;        /**< Hold every visible action of the RTL against the model (RTL). */
};

struct bell_device; /**< Opaque. */

/**
 * Make a device, reset it, leave it idle at cycle 0.
 * @param kind   "rtl" or "model".
 * @param error  Receives a sentence on failure (what, where, what was expected).
 * @return NULL on failure: unknown kind, slots out of range, wave file not writable.
 */
struct bell_device *bell_device_create(const char *kind, const struct bell_device_config *config,
                                       const struct bell_device_host *host, char *error,
                                       size_t error_size);
void bell_device_destroy(struct bell_device *device);

/** Largest number of doorbells / queues / nodes of this build. */
uint32_t bell_device_max_slots(void);
uint32_t bell_device_num_queues(const struct bell_device *device);

/**
 * Hardware reset, in no time: all state lost, memory accesses under way forgotten. In the next step
 * register accesses not yet answered are answered SLVERR, and the interrupt line falls. The cycle
 * count goes on.
 */
void bell_device_reset(struct bell_device *device);

/**
 * Offer a register access. Accesses are performed in the order given, one write a clock when the
 * device takes them. mmio_done() is called with `tag` when it is answered. `size` is 1, 2, 4 or 8
 * at any alignment: `addr` selects the byte lanes of its 8-byte word (bytes beyond the word are cut
 * off), and the device judges it.
 */
void bell_device_mmio_write(struct bell_device *device, uint64_t addr, uint64_t data,
                            unsigned size, uint64_t tag);
void bell_device_mmio_read(struct bell_device *device, uint64_t addr, uint64_t tag);

/**
 * Let time pass: at most `cycles` clocks (>= 1). Stops early, after a whole clock, when an access
 * was answered or the interrupt line changed. Idle time is skipped exactly when idle skip is on.
 * @return Clocks that really passed (>= 1).
 */
uint64_t bell_device_step(struct bell_device *device, uint64_t cycles);

uint64_t bell_device_cycle(const struct bell_device *device);
/**
 * True when no register or memory access is under way and no state will change until a timer or an
 * access. May still be false for one clock after the last answer.
 */
bool bell_device_idle(const struct bell_device *device);
/** On by default. Off: every clock is evaluated; results are the same to the bit. */
void bell_device_set_idle_skip(struct bell_device *device, bool on);

/**
 * Hash over every externally visible action with its cycle (register accesses accepted and
 * answered, DMA accesses with address, data and PASID, interrupt edges, resets).
 * Equal runs have equal hashes.
 */
uint64_t bell_device_event_hash(const struct bell_device *device);

/** Write out wave data so far. */
void bell_device_flush_waves(struct bell_device *device);

#ifdef __cplusplus
}
#endif
#endif
