/* SPDX-License-Identifier: MIT */
/**
 * @file plain_run.h
 * @brief The same accesses at the same cycles through the C API alone, for comparison.
 *
 * Knows nothing of SystemC.
 */
#ifndef PLAIN_RUN_H
#define PLAIN_RUN_H

#include "bell_device.h"

#include <cstdint>
#include <vector>

/// DMA from this address on is refused, in both runs.
constexpr uint64_t refuse_from = 0x80000;

/// One register access; `at` is the core's cycle when it was offered.
struct access_record {
    uint64_t at;
    bool write;
    uint64_t addr;
    uint64_t data;
    unsigned size;
};

/// A store of the program to its own memory, done before the core performs clock `at`.
struct store_record {
    uint64_t at;
    uint64_t addr;
    uint64_t value;
};

/// Run to `end` and return the event hash. 64-bit words of memory not stored read 0.
uint64_t plain_run(const char *kind, const struct bell_device_config &config,
                   const std::vector<access_record> &accesses,
                   const std::vector<store_record> &stores, uint64_t end);

#endif
