/* SPDX-License-Identifier: MIT */
/* The registry key of the driver: a few numbers, set before it starts. */
#include "os_internal.h"

#include <string.h>

#define MAX_VALUES 8u
#define MAX_PATH 80u

static const char path_ascii[] =
    "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\bell";

static struct {
    WCHAR path[MAX_PATH];
    UNICODE_STRING path_string;
    struct {
        const char *name;
        uint32_t value;
    } values[MAX_VALUES];
    unsigned count;
} registry;

UNICODE_STRING *os_registry_path(void)
{
    size_t length = sizeof(path_ascii) - 1;

    for (size_t i = 0; i < length; i++)
        registry.path[i] = (WCHAR)path_ascii[i];
    registry.path_string = (UNICODE_STRING){
        .Length = (USHORT)(length * sizeof(WCHAR)),
        .MaximumLength = (USHORT)(length * sizeof(WCHAR)),
        .Buffer = registry.path,
    };
    return &registry.path_string;
}

void os_registry_init(void)
{
    memset(&registry, 0, sizeof(registry));
}

void os_registry_set(const char *name, uint32_t value)
{
    if (registry.count == MAX_VALUES)
        bell_sim_fail("registry: no room for value \"%s\"", name);
    registry.values[registry.count].name = name;
    registry.values[registry.count++].value = value;
}

static bool same(const WCHAR *wide, const char *ascii)
{
    while (*ascii && *wide == (WCHAR)*ascii) {
        wide++;
        ascii++;
    }
    return *wide == 0 && *ascii == '\0';
}

static void store(const RTL_QUERY_REGISTRY_TABLE *entry)
{
    for (unsigned i = 0; i < registry.count; i++)
        if (same(entry->Name, registry.values[i].name))
            memcpy(entry->EntryContext, &registry.values[i].value, sizeof(uint32_t));
}

NTSTATUS RtlQueryRegistryValues(ULONG RelativeTo, const WCHAR *Path,
                                PRTL_QUERY_REGISTRY_TABLE QueryTable, PVOID Context,
                                PVOID Environment)
{
    const ULONG wanted = RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK;

    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Environment);
    os_require_irql(PASSIVE_LEVEL, "RtlQueryRegistryValues", "DB-THR-01");
    if (RelativeTo != RTL_REGISTRY_ABSOLUTE || Path == NULL || !same(Path, path_ascii))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    for (; QueryTable->Name != NULL; QueryTable++) {
        if (QueryTable->QueryRoutine != NULL || QueryTable->Flags != wanted ||
            QueryTable->DefaultType >> RTL_QUERY_REGISTRY_TYPECHECK_SHIFT != REG_DWORD)
            return STATUS_NOT_SUPPORTED;
        store(QueryTable);
    }
    return STATUS_SUCCESS;
}
