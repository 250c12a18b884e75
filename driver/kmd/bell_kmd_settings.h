/* SPDX-License-Identifier: MIT */
/*
 * What the registry says, under the driver's own key. Read once, before the first device.
 *
 *   DoorbellLayout  REG_DWORD, enum bell_layout: where the doorbells are. Missing: 0, a page each.
 *   ReportRefusals  REG_DWORD, bits of REPORT_ARM: which refusals the device tells by interrupt, to
 *                   be counted in bell_adapter.refusals. Missing: 0, none.
 */
#ifndef BELL_KMD_SETTINGS_H
#define BELL_KMD_SETTINGS_H

#include "bell_kmd.h"

struct bell_settings {
    UINT32 doorbell_layout;
    UINT32 report_refusals;
};

/* Constant after DriverEntry. */
extern struct bell_settings bell_kmd_settings;

/* `path` is DriverEntry's RegistryPath; an empty one means: no key. PASSIVE_LEVEL.
 * STATUS_INVALID_PARAMETER: longer than 255 characters; or a failure of the registry other than a
 * missing key. */
NTSTATUS bell_kmd_settings_read(const UNICODE_STRING *path);

#endif /* BELL_KMD_SETTINGS_H */
