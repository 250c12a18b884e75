/* SPDX-License-Identifier: MIT */
/**
 * @file os_kmd.h
 * @brief Which kernel-mode driver the machine runs (sim/os/README.md, "Bring your own driver").
 */
#ifndef BELL_OS_KMD_H
#define BELL_OS_KMD_H

#include "os_internal.h"

typedef NTSTATUS os_driver_entry(PDRIVER_OBJECT driver, PUNICODE_STRING registry);

/**
 * Load the driver of the next machine; NULL = the built-in one. A name without '/' means the
 * working directory. Loaded anew for each machine: its static data is as in the file.
 * @return false with a sentence in `error`: no such file, no shared object, no DriverEntry.
 */
bool os_kmd_load(const char *path, char *error, size_t error_size);
os_driver_entry *os_kmd_entry(void);
/** None of its code runs any more. */
void os_kmd_unload(void);

#endif
