/* SPDX-License-Identifier: MIT */
/**
 * @file bell_memory.h
 * @brief Host memory: physical pages, their CPU mappings, the IOMMU, and trapped windows.
 *
 * Physical memory is one memfd arena; a page's device address under PASID 0 is its arena offset.
 * CPU mappings are real mmaps in this host process: user code uses plain loads and stores.
 *
 * A call that breaks a rule below (free of a free page, unaligned address, range outside the arena)
 * changes nothing and fails the run with a message (bell_sim_fail(): does not return to a thread).
 */
#ifndef BELL_MEMORY_H
#define BELL_MEMORY_H

#include "bell_device.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BELL_PAGE 4096u

/** What a device may do with a page. */
enum bell_access { BELL_READ = 1, BELL_WRITE = 2 };

void bell_memory_init(size_t arena_bytes); /**< Fails the process with a message when refused. */
void bell_memory_cleanup(void);

/**
 * Allocate contiguous physical pages, zeroed.
 * @return Arena offset (page aligned, never 0), or 0 when memory is exhausted.
 */
uint64_t bell_phys_alloc(size_t pages);
/** Free them; every byte is poisoned (BELL_POISON). Windows and IOMMU mappings must be gone. */
void bell_phys_free(uint64_t phys, size_t pages);
#define BELL_POISON 0xDEu
/** Kernel alias, always readable and writable, of an arena address. NULL outside the arena. */
void *bell_phys_ptr(uint64_t phys);
size_t bell_phys_pages_used(void);
/** True when this byte lies in an allocated page. */
bool bell_phys_is_used(uint64_t phys);

/* --- CPU windows (user or kernel virtual addresses) -------------------------------------- */

enum bell_window_kind {
    BELL_WINDOW_DEAD,   /**< No access: a store or load is the program's fault. */
    BELL_WINDOW_MEMORY, /**< Plain memory, no trap. */
    BELL_WINDOW_TRAPPED,/**< Memory, but every access traps (traces, --trap-loads). */
    BELL_WINDOW_MMIO,   /**< Leads to the device: every access goes through the handler. */
};

/** One window; `base` is constant from reserve to the end of the run (never reused). */
struct bell_window {
    char *base;
    size_t pages;
    enum bell_window_kind kind;
    uint64_t target; /**< MEMORY, TRAPPED: arena address. MMIO: device address (bell_device.h). */
    bool writable;   /**< User stores allowed (MEMORY, TRAPPED). */
    const char *name; /**< For messages and the trace: "status", "lqv", "ring", "doorbell" ... */
    uint64_t object;  /**< For the trace: OS object number. */
};

/** Reserve addresses; kind DEAD. `name` must outlive the run. */
struct bell_window *bell_window_reserve(size_t pages, const char *name, uint64_t object);
/**
 * Re-point a window, all at once ("rotate"). Replaces what it led to before. `target` is page
 * aligned and, for MEMORY and TRAPPED, allocated; `target` and `writable` mean nothing for DEAD.
 */
void bell_window_point(struct bell_window *window, enum bell_window_kind kind, uint64_t target,
                       bool writable);
/** Window that holds this address, or NULL. */
struct bell_window *bell_window_find(const void *address);

/* --- IOMMU --------------------------------------------------------------------------------- */

/**
 * Map `pages` at device address `va` of `pasid`; replaces older mappings. access 0 = unmap. PASID 0
 * is the kernel: every allocated page is there at its arena address; va == phys changes nothing.
 */
void bell_iommu_map(uint32_t pasid, uint64_t va, uint64_t phys, size_t pages, unsigned access);
void bell_iommu_unmap(uint32_t pasid, uint64_t va, size_t pages);
void bell_iommu_drop(uint32_t pasid); /**< Unmap all of it. */
/** DMA as the device does it: OKAY, or DECERR when any byte is refused (then nothing is moved). */
enum bell_resp bell_iommu_read(uint32_t pasid, uint64_t va, void *data, size_t size);
enum bell_resp bell_iommu_write(uint32_t pasid, uint64_t va, const void *data, size_t size);
/** Arena address behind `va` (any byte, whatever its access), or 0. */
uint64_t bell_iommu_lookup(uint32_t pasid, uint64_t va);

#ifdef __cplusplus
}
#endif
#endif
