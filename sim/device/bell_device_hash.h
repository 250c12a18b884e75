/* SPDX-License-Identifier: MIT */
/**
 * @file bell_device_hash.h
 * @brief The event hash of bell_device_event_hash(): what goes in, and in which order.
 *
 * One call per externally visible action, in clock order. Within one clock: MMIO accepted, MMIO
 * answered, DMA accesses (reads before writes), interrupt edge. A multi-beat DMA access is one
 * action; its data is hashed word by word. Pointers and host time never go in.
 */
#ifndef BELL_DEVICE_HASH_H
#define BELL_DEVICE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum bell_hash_action {
    BELL_HASH_MMIO_WRITE = 1,  /**< Accepted: address, data lanes, strobes. */
    BELL_HASH_MMIO_READ = 2,   /**< Accepted: address. */
    BELL_HASH_MMIO_WROTE = 3,  /**< Answered: response. */
    BELL_HASH_MMIO_DATA = 4,   /**< Answered: data, response. */
    BELL_HASH_DMA_READ = 5,    /**< Memory touched: address, PASID, size, response, data. */
    BELL_HASH_DMA_WRITE = 6,   /**< Memory touched: address, PASID, size, response, data. */
    BELL_HASH_IRQ = 7,         /**< Level. */
    BELL_HASH_RESET = 8,       /**< Hardware reset. */
};

#define BELL_HASH_SEED 0x62656c6c20646576u

static inline uint64_t bell_hash_word(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ (hash >> 29);
}

static inline uint64_t bell_hash_action(uint64_t hash, enum bell_hash_action action,
                                        uint64_t cycle, uint64_t a, uint64_t b)
{
    hash = bell_hash_word(hash, (uint64_t)action);
    hash = bell_hash_word(hash, cycle);
    hash = bell_hash_word(hash, a);
    return bell_hash_word(hash, b);
}

/** Whole words of memory. */
static inline uint64_t bell_hash_memory(uint64_t hash, const void *data, size_t size)
{
    for (size_t at = 0; at + 8 <= size; at += 8) {
        uint64_t word;
        memcpy(&word, (const unsigned char *)data + at, 8);
        hash = bell_hash_word(hash, word);
    }
    return hash;
}

/** `action` is one of the two DMA kinds; `data` is left out when `resp` is not 0 (OKAY). */
static inline uint64_t bell_hash_dma(uint64_t hash, enum bell_hash_action action, uint64_t cycle,
                                     uint64_t addr, uint32_t pasid, uint32_t resp,
                                     const void *data, size_t size)
{
    hash = bell_hash_action(hash, action, cycle, addr, ((uint64_t)pasid << 32) | resp);
    hash = bell_hash_word(hash, size);
    return resp == 0 ? bell_hash_memory(hash, data, size) : hash;
}
#endif
