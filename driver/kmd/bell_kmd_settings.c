/* SPDX-License-Identifier: MIT */
#include "bell_kmd_settings.h"

#include <string.h>

/* Longest registry path, without its end. */
#define MAX_PATH_CHARS 255u

struct bell_settings bell_kmd_settings;

static RTL_QUERY_REGISTRY_TABLE direct(WCHAR *name, UINT32 *value)
{
    RTL_QUERY_REGISTRY_TABLE entry;

    memset(&entry, 0, sizeof(entry));
    entry.Flags = RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK;
    entry.Name = name;
    entry.EntryContext = value;
    entry.DefaultType = (REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT) | REG_NONE;
    return entry;
}

static NTSTATUS query(const WCHAR *path)
{
    static WCHAR layout[] = {'D', 'o', 'o', 'r', 'b', 'e', 'l', 'l', 'L', 'a', 'y', 'o', 'u', 't', 0};
    static WCHAR report[] = {'R', 'e', 'p', 'o', 'r', 't', 'R', 'e', 'f', 'u', 's', 'a', 'l', 's', 0};
    RTL_QUERY_REGISTRY_TABLE table[3];
    NTSTATUS status;

    memset(table, 0, sizeof(table));
    table[0] = direct(layout, &bell_kmd_settings.doorbell_layout);
    table[1] = direct(report, &bell_kmd_settings.report_refusals);
    status = RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, path, table, NULL, NULL);
    return status == STATUS_OBJECT_NAME_NOT_FOUND ? STATUS_SUCCESS : status;
}

NTSTATUS bell_kmd_settings_read(const UNICODE_STRING *path)
{
    WCHAR copy[MAX_PATH_CHARS + 1] = {0};

    memset(&bell_kmd_settings, 0, sizeof(bell_kmd_settings));
    if (path == NULL || path->Length == 0)
        return STATUS_SUCCESS;
    if (path->Length > MAX_PATH_CHARS * sizeof(copy[0]))
        return STATUS_INVALID_PARAMETER;
    memcpy(copy, path->Buffer, path->Length);
    return query(copy);
}
