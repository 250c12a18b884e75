/* SPDX-License-Identifier: MIT */
/**
 * @file bell_memory_map.h
 * @brief Inside sim/memory only: what the three files tell each other.
 */
#ifndef BELL_MEMORY_MAP_H
#define BELL_MEMORY_MAP_H

#include "bell_memory.h"

/** Device addresses are this wide. */
#define BELL_VA_BITS 48u

/** The memfd behind the arena; -1 when there is none. */
int bell_phys_file(void);
/** True when these pages are aligned and allocated. */
bool bell_phys_range_used(uint64_t phys, size_t pages);
/** The IOMMU counts its mappings of a page, so that a free of a mapped page is seen. */
void bell_phys_device_ref(uint64_t phys, int change);

/** Window that leads to any of these pages, or NULL. */
const struct bell_window *bell_window_leading_to(uint64_t phys, size_t pages);
void bell_window_cleanup(void);
void bell_iommu_cleanup(void);

#endif
