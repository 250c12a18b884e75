/* SPDX-License-Identifier: MIT */
/**
 * @file bell_device_impl.h
 * @brief What an implementation of bell_device.h provides: a table of its functions.
 *
 * An implementation derives its own struct by putting struct bell_device first, fills `ops`, and
 * exports one create function. bell_device.c checks what all kinds share (NULL arguments, latency
 * range) before it calls create, and forwards every other call unchanged.
 */
#ifndef BELL_DEVICE_IMPL_H
#define BELL_DEVICE_IMPL_H

#include "bell_device.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Longest dma_latency a configuration may ask for, in clocks. */
#define BELL_DEVICE_MAX_DMA_LATENCY 4096u

/** One function per call of bell_device.h, with the same contract; none may be NULL. */
struct bell_device_ops {
    void (*destroy)(struct bell_device *device);
    uint32_t (*num_queues)(const struct bell_device *device);
    void (*reset)(struct bell_device *device);
    void (*mmio_write)(struct bell_device *device, uint64_t addr, uint64_t data, unsigned size,
                       uint64_t tag);
    void (*mmio_read)(struct bell_device *device, uint64_t addr, uint64_t tag);
    uint64_t (*step)(struct bell_device *device, uint64_t cycles);
    uint64_t (*cycle)(const struct bell_device *device);
    bool (*idle)(const struct bell_device *device);
    void (*set_idle_skip)(struct bell_device *device, bool on);
    uint64_t (*event_hash)(const struct bell_device *device);
    void (*flush_waves)(struct bell_device *device);
};

struct bell_device {
    const struct bell_device_ops *ops;
};

/**
 * Make a device of one kind. `config` and `host` are never NULL and are copied; `config->waves`
 * need not outlive the call. On failure NULL, with a sentence in `error` (which may be NULL when
 * `error_size` is 0), and nothing is left behind.
 */
struct bell_device *bell_rtl_create(const struct bell_device_config *config,
                                    const struct bell_device_host *host, char *error,
                                    size_t error_size);
struct bell_device *bell_model_create(const struct bell_device_config *config,
                                      const struct bell_device_host *host, char *error,
                                      size_t error_size);

/** Largest number of doorbells of the build; both kinds agree, so the RTL build defines it. */
uint32_t bell_rtl_max_slots(void);

#ifdef __cplusplus
}
#endif
#endif
