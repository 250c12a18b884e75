/* SPDX-License-Identifier: MIT */
/*
 * What the tests of allocations share: a request that is right until a test spoils it, a count of
 * all that could leak, and a driver whose calls a test may bend (belfry_hook_driver).
 */
#ifndef BELL_ALLOC_RIG_H
#define BELL_ALLOC_RIG_H

#include "bell_private.h"
#include "d3dkmddi.h"
#include "rig.h"

#define ALLOC_ITEMS 4

struct alloc_request {
    BELL_ALLOCATION_PRIVATE wanted[ALLOC_ITEMS];
    D3DDDI_ALLOCATIONINFO2 items[ALLOC_ITEMS];
    BELL_REQUEST_PRIVATE blob;
    D3DKMT_CREATEALLOCATION args;
};

/* `count` CPU-visible allocations of one page, two pages, ... */
static inline void alloc_prepare(struct alloc_request *request, D3DKMT_HANDLE device, UINT count)
{
    memset(request, 0, sizeof(*request));
    for (UINT i = 0; i < count; i++) {
        request->wanted[i] = (BELL_ALLOCATION_PRIVATE){
            .magic = BELL_ALLOCATION_MAGIC,
            .version = BELL_INTERFACE_VERSION,
            .size = (UINT64)(i + 1) * PAGE_SIZE,
            .flags = BELL_ALLOCATION_CPU_VISIBLE,
        };
        request->items[i].pPrivateDriverData = &request->wanted[i];
        request->items[i].PrivateDriverDataSize = sizeof(request->wanted[i]);
    }
    request->blob = (BELL_REQUEST_PRIVATE){BELL_REQUEST_MAGIC, BELL_INTERFACE_VERSION, 7};
    request->args.hDevice = device;
    request->args.NumAllocations = count;
    request->args.pAllocationInfo2 = request->items;
    request->args.pPrivateDriverData = &request->blob;
    request->args.PrivateDriverDataSize = sizeof(request->blob);
}

static inline NTSTATUS alloc_create(struct alloc_request *request)
{
    return D3DKMTCreateAllocation2(&request->args);
}

static inline NTSTATUS alloc_destroy_list(D3DKMT_HANDLE device, const D3DKMT_HANDLE *list,
                                          UINT count)
{
    return D3DKMTDestroyAllocation2(&(D3DKMT_DESTROYALLOCATION2){
        .hDevice = device, .phAllocationList = list, .AllocationCount = count});
}

static inline NTSTATUS alloc_destroy_resource(D3DKMT_HANDLE device, D3DKMT_HANDLE resource)
{
    return D3DKMTDestroyAllocation2(
        &(D3DKMT_DESTROYALLOCATION2){.hDevice = device, .hResource = resource});
}

/* The request's allocations; its resource, if any, stays. */
static inline void alloc_destroy(const struct alloc_request *request)
{
    D3DKMT_HANDLE list[ALLOC_ITEMS];

    for (UINT i = 0; i < request->args.NumAllocations; i++)
        list[i] = request->items[i].hAllocation;
    REQUIRE_OK(alloc_destroy_list(request->args.hDevice, list, request->args.NumAllocations));
}

/* All that a call could leave behind. */
struct alloc_live {
    unsigned pool, pages, kmd, allocations, resources, mappings;
};

static inline struct alloc_live alloc_count(void)
{
    return (struct alloc_live){belfry_live_objects("pool"),       belfry_live_objects("page"),
                               belfry_live_objects("kmd-allocation"),
                               belfry_live_objects("allocation"), belfry_live_objects("resource"),
                               belfry_live_objects("mapping")};
}

#define REQUIRE_NOTHING_LEFT(before)                                                               \
    do {                                                                                           \
        struct alloc_live now_ = alloc_count();                                                    \
        REQUIRE_EQ(now_.pool, (before).pool);                                                      \
        REQUIRE_EQ(now_.pages, (before).pages);                                                    \
        REQUIRE_EQ(now_.kmd, (before).kmd);                                                        \
        REQUIRE_EQ(now_.allocations, (before).allocations);                                        \
        REQUIRE_EQ(now_.resources, (before).resources);                                            \
        REQUIRE_EQ(now_.mappings, (before).mappings);                                              \
    } while (0)

/* The call fails with `wanted`, writes nothing to its caller, leaves nothing behind. */
#define REQUIRE_REFUSED(request, wanted)                                                           \
    do {                                                                                           \
        struct alloc_request copy_ = *(request);                                                   \
        struct alloc_live before_ = alloc_count();                                                 \
        REQUIRE_STATUS(alloc_create(request), wanted);                                             \
        REQUIRE(memcmp(&copy_, (request), sizeof(copy_)) == 0);                                    \
        REQUIRE_NOTHING_LEFT(before_);                                                             \
    } while (0)

/* --- A driver to bend ------------------------------------------------------------------------- */

struct alloc_driver {
    DRIVER_INITIALIZATION_DATA real; /* As the driver gave it. */
    HANDLE miniport;                 /* Of the machine that started last; its callbacks: */
    DXGKRNL_INTERFACE dxgk;
    /* Called instead of the driver's entry point; NULL: the real one. */
    NTSTATUS (*create)(HANDLE adapter, DXGKARG_CREATEALLOCATION *args);
    NTSTATUS (*destroy)(HANDLE adapter, const DXGKARG_DESTROYALLOCATION *args);
    NTSTATUS (*open)(HANDLE device, const DXGKARG_OPENALLOCATION *args);
};
static struct alloc_driver alloc_driver;

static inline NTSTATUS alloc_start_device(PVOID context, DXGK_START_INFO *info,
                                          DXGKRNL_INTERFACE *dxgk, ULONG *sources, ULONG *children)
{
    alloc_driver.miniport = context;
    alloc_driver.dxgk = *dxgk;
    return alloc_driver.real.DxgkDdiStartDevice(context, info, dxgk, sources, children);
}

static inline NTSTATUS alloc_bent_create(HANDLE adapter, DXGKARG_CREATEALLOCATION *args)
{
    return (alloc_driver.create ? alloc_driver.create
                                : alloc_driver.real.DxgkDdiCreateAllocation)(adapter, args);
}

static inline NTSTATUS alloc_bent_destroy(HANDLE adapter, const DXGKARG_DESTROYALLOCATION *args)
{
    return (alloc_driver.destroy ? alloc_driver.destroy
                                 : alloc_driver.real.DxgkDdiDestroyAllocation)(adapter, args);
}

static inline NTSTATUS alloc_bent_open(HANDLE device, const DXGKARG_OPENALLOCATION *args)
{
    return (alloc_driver.open ? alloc_driver.open : alloc_driver.real.DxgkDdiOpenAllocation)(device,
                                                                                          args);
}

static inline void alloc_bend(DRIVER_INITIALIZATION_DATA *table)
{
    alloc_driver = (struct alloc_driver){.real = *table};
    table->DxgkDdiStartDevice = alloc_start_device;
    table->DxgkDdiCreateAllocation = alloc_bent_create;
    table->DxgkDdiDestroyAllocation = alloc_bent_destroy;
    table->DxgkDdiOpenAllocation = alloc_bent_open;
}

static inline int alloc_setup(void **state)
{
    (void)state;
    belfry_hook_driver(alloc_bend);
    return 0;
}

static inline int alloc_teardown(void **state)
{
    (void)state;
    belfry_hook_driver(NULL);
    return 0;
}

#define ALLOC_TEST(name) cmocka_unit_test_setup_teardown(name, alloc_setup, alloc_teardown)

/* --- One process on the machine --------------------------------------------------------------- */

static inline struct bell_umd_device *alloc_open_device(void)
{
    struct bell_umd_device *device;

    REQUIRE_OK(bell_umd_open((LUID){0}, &device));
    return device;
}

static inline VOID *alloc_handle_data(D3DKMT_HANDLE handle, DXGK_HANDLE_TYPE type, bool of_device)
{
    DXGKARGCB_GETHANDLEDATA args = {.hObject = handle, .Type = type};

    args.Flags.DeviceSpecific = of_device;
    return alloc_driver.dxgk.DxgkCbGetHandleData(&args);
}

/* --- A shared resource, and one opening of it ------------------------------------------------- */

enum { SHARED_ITEMS = 3 };

struct alloc_opening {
    D3DDDI_OPENALLOCATIONINFO2 items[SHARED_ITEMS + 1];
    BELL_ALLOCATION_PRIVATE privates[SHARED_ITEMS + 1];
    BELL_REQUEST_PRIVATE blob;
    char runtime[8];
    D3DKMT_OPENRESOURCE args;
};

static inline void alloc_prepare_open(struct alloc_opening *opening, D3DKMT_HANDLE device,
                                      D3DKMT_HANDLE share)
{
    memset(opening, 0, sizeof(*opening));
    opening->args = (D3DKMT_OPENRESOURCE){
        .hDevice = device,
        .hGlobalShare = share,
        .NumAllocations = SHARED_ITEMS,
        .pOpenAllocationInfo2 = opening->items,
        .pPrivateRuntimeData = opening->runtime,
        .PrivateRuntimeDataSize = sizeof(opening->runtime),
        .pResourcePrivateDriverData = &opening->blob,
        .ResourcePrivateDriverDataSize = sizeof(opening->blob),
        .pTotalPrivateDriverDataBuffer = opening->privates,
        .TotalPrivateDriverDataBufferSize = sizeof(opening->privates),
    };
}

static inline void alloc_create_shared(struct alloc_request *shared, D3DKMT_HANDLE device)
{
    alloc_prepare(shared, device, SHARED_ITEMS);
    shared->args.Flags.CreateResource = 1;
    shared->args.Flags.CreateShared = 1;
    shared->args.pPrivateRuntimeData = "runtime";
    shared->args.PrivateRuntimeDataSize = 8;
    REQUIRE_OK(alloc_create(shared));
    REQUIRE(shared->args.hGlobalShare != 0);
}

static inline VOID *alloc_data(D3DKMT_HANDLE handle)
{
    return alloc_handle_data(handle, DXGK_HANDLE_ALLOCATION, false);
}

static inline VOID *alloc_opening_data(D3DKMT_HANDLE handle)
{
    return alloc_handle_data(handle, DXGK_HANDLE_ALLOCATION, true);
}

static inline VOID *alloc_resource_data(D3DKMT_HANDLE handle)
{
    return alloc_handle_data(handle, DXGK_HANDLE_RESOURCE, false);
}

static inline void alloc_run(int (*body)(int argc, char **argv))
{
    struct belfry_config config = rig_config();

    rig_run(&config, body);
}

#endif
