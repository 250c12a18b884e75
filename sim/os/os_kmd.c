/* SPDX-License-Identifier: MIT */
/* The driver under test: the built-in one, or DriverEntry of a shared object. */
#define _GNU_SOURCE
#include "os_kmd.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

/* Its own symbols first: libbelfry has a driver with the same names. The address sanitizer does not
 * know the flag; a driver linked with -Bsymbolic does not need it. */
#ifdef __SANITIZE_ADDRESS__
#define OWN_SYMBOLS_FIRST 0
#else
#define OWN_SYMBOLS_FIRST RTLD_DEEPBIND
#endif

static void *loaded;
static os_driver_entry *entry = DriverEntry;

/** dlsym() also looks into what the object depends on: libbelfry has a DriverEntry too. */
static bool is_its_own(void *object, void *symbol)
{
    struct link_map *map;
    Dl_info info;

    return dlinfo(object, RTLD_DI_LINKMAP, &map) == 0 && dladdr(symbol, &info) != 0 &&
           (uintptr_t)info.dli_fbase == map->l_addr;
}

bool os_kmd_load(const char *path, char *error, size_t error_size)
{
    char here[4096];
    void *symbol;

    entry = DriverEntry;
    if (path == NULL)
        return true;
    snprintf(here, sizeof(here), "%s%s", strchr(path, '/') != NULL ? "" : "./", path);
    loaded = dlopen(here, RTLD_NOW | RTLD_LOCAL | OWN_SYMBOLS_FIRST);
    if (loaded == NULL) {
        snprintf(error, error_size, "driver \"%s\": cannot be loaded: %s; expected a shared object",
                 path, dlerror());
        return false;
    }
    symbol = dlsym(loaded, "DriverEntry");
    if (symbol == NULL || !is_its_own(loaded, symbol)) {
        snprintf(error, error_size, "driver \"%s\": has no function DriverEntry; expected "
                 "`NTSTATUS DriverEntry(PDRIVER_OBJECT, PUNICODE_STRING)`", path);
        os_kmd_unload();
        return false;
    }
    *(void **)&entry = symbol;
    return true;
}

os_driver_entry *os_kmd_entry(void)
{
    return entry;
}

void os_kmd_unload(void)
{
    if (loaded != NULL)
        dlclose(loaded);
    loaded = NULL;
    entry = DriverEntry;
}
