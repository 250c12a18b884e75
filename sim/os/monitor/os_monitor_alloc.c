/* SPDX-License-Identifier: MIT */
/* Rules of allocations, and of the driver's objects in pool. */
#include "os_objects.h"

#include <inttypes.h>
#include <string.h>

#define SEGMENT_ID_BITS 5u
#define SEGMENT_GROUP_BITS 6u
#define SEGMENT_GROUPS 5u

/* --- One item -------------------------------------------------------------------------------- */

static bool preference_is_supported(const DXGK_ALLOCATIONINFO *info)
{
    for (unsigned i = 0; i < SEGMENT_GROUPS; i++) {
        UINT id = (info->PreferredSegment.Value >> (i * SEGMENT_GROUP_BITS)) &
                  ((1u << SEGMENT_ID_BITS) - 1);

        if (id && !(info->SupportedWriteSegmentSet & (1u << (id - 1))))
            return false;
    }
    return true;
}

/** AL-CRE-08. @return what is wrong, or NULL. */
static const char *wrong_value(const DXGK_ALLOCATIONINFO *info, unsigned segments)
{
    if (!info->Size || info->Size > SIZE_MAX - BELL_PAGE)
        return "Size is 0 or overflows a page";
    if (info->PitchAlignedSize && info->PitchAlignedSize < info->Size)
        return "PitchAlignedSize is below Size";
    if (info->Alignment & (info->Alignment - 1))
        return "Alignment is no power of two";
    if (!info->AllocationPriority)
        return "AllocationPriority is 0; 0x78000000 is normal";
    if (!info->SupportedWriteSegmentSet)
        return "SupportedWriteSegmentSet is empty";
    if (info->EvictionSegmentSet & ~segments)
        return "EvictionSegmentSet has a segment that is no aperture";
    if (!preference_is_supported(info))
        return "PreferredSegment is not in SupportedWriteSegmentSet";
    return NULL;
}

/** AL-CRE-13, AL-CRE-14. @return the rule, and in `wrong` what is wrong; or NULL. */
static const char *wrong_flags(DXGK_ALLOCATIONINFOFLAGS_WDDM2_0 flags, const char **wrong)
{
    DXGK_ALLOCATIONINFOFLAGS_WDDM2_0 rest = flags;

    rest.CpuVisible = 0;
    rest.Cached = 0;
    rest.HistoryBuffer = 0;
    *wrong = "HistoryBuffer without CpuVisible and Cached, or with other flags";
    if (flags.HistoryBuffer && (!flags.CpuVisible || !flags.Cached || rest.Value))
        return "AL-CRE-13";
    *wrong = "ExplicitResidencyNotification without AccessedPhysically";
    if (flags.ExplicitResidencyNotification && !flags.AccessedPhysically)
        return "AL-CRE-14";
    *wrong = "MapApertureCpuVisible without its cap";
    return flags.MapApertureCpuVisible ? "AL-CRE-14" : NULL;
}

bool os_monitor_alloc_info(const DXGK_ALLOCATIONINFO *info, unsigned segments, uint64_t object)
{
    const char *value = wrong_value(info, segments), *flags, *id;

    id = wrong_flags(info->FlagsWddm2, &flags);
    if (info->hAllocation == NULL)
        os_violation("AL-CRE-07", object, "hAllocation of an item is NULL");
    else if (value != NULL)
        os_violation("AL-CRE-08", object, "%s", value);
    else if (id != NULL)
        os_violation(id, object, "allocation flags 0x%x: %s", info->FlagsWddm2.Value, flags);
    else
        return true;
    return false;
}

/* --- Create ---------------------------------------------------------------------------------- */

static uint64_t digest(const void *data, size_t bytes)
{
    const unsigned char *at = data;
    uint64_t sum = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < bytes; i++)
        sum = (sum ^ at[i]) * UINT64_C(0x100000001b3);
    return sum;
}

static uint64_t digest_items(const DXGKARG_CREATEALLOCATION *args)
{
    return digest(args->pAllocationInfo, args->NumAllocations * sizeof(*args->pAllocationInfo));
}

void os_alloc_create_enter(struct os_monitor_call *call)
{
    const DXGKARG_CREATEALLOCATION *args = call->args;

    call->resource = args->hResource;
    call->infos = digest_items(args);
}

static bool is_listed_status(NTSTATUS status)
{
    return status == STATUS_SUCCESS || status == STATUS_INVALID_PARAMETER ||
           status == STATUS_NO_MEMORY || status == STATUS_GRAPHICS_DRIVER_MISMATCH;
}

/** AL-CRE-10: does the object's memory hold a pointer to something that belongs to a device? */
static void check_device_data(HANDLE handle, uint64_t name)
{
    size_t bytes = os_pool_block_size(handle);
    const uint64_t *words = handle;

    for (size_t i = 0; i < bytes / sizeof(*words); i++) {
        const struct os_object *object;

        if (words[i] == 0 || words[i] == (uint64_t)(uintptr_t)handle)
            continue;
        for (object = os_objects.first; object != NULL; object = object->next) {
            const struct os_device *device = (const struct os_device *)object;
            const struct os_allocation *allocation = (const struct os_allocation *)object;

            if (object->gone ||
                !((object->kind == OS_DEVICE &&
                   ((uint64_t)(uintptr_t)device->kmd == words[i] ||
                    (uint64_t)(uintptr_t)os_object_token(object) == words[i])) ||
                  (object->kind == OS_ALLOCATION &&
                   (uint64_t)(uintptr_t)allocation->opened == words[i])))
                continue;
            os_violation("AL-CRE-10", name, "the driver's object %p holds at byte %zu the %s",
                         handle, i * sizeof(*words),
                         object->kind == OS_DEVICE ? "handle of a device"
                                                   : "device-specific handle of OpenAllocation");
        }
    }
}

static void check_items(const struct os_monitor_call *call, const DXGKARG_CREATEALLOCATION *args)
{
    for (UINT i = 0; i < args->NumAllocations; i++) {
        HANDLE made = args->pAllocationInfo[i].hAllocation;

        os_monitor_new_handle("AL-CRE-07", call->object, made, "hAllocation");
        for (UINT k = 0; k < i; k++)
            if (args->pAllocationInfo[k].hAllocation == made && made != NULL)
                os_violation("AL-CRE-07", call->object, "items %u and %u have the same hAllocation",
                             k, i);
        check_device_data(made, call->object);
    }
    if (!args->Flags.Resource && args->hResource != NULL)
        os_violation("AL-CRE-09", call->object, "hResource is set; Flags.Resource is not");
    check_device_data(args->hResource, call->object);
}

void os_alloc_create_exit(struct os_monitor_call *call, NTSTATUS status)
{
    const DXGKARG_CREATEALLOCATION *args = call->args;

    if (!is_listed_status(status))
        os_violation("AL-CRE-02", call->object, "it returned 0x%08X", (unsigned)status);
    else if (status == STATUS_SUCCESS)
        check_items(call, args);
    else if (args->hResource != call->resource || digest_items(args) != call->infos)
        os_violation("AL-CRE-04", call->object, "it returned 0x%08X and changed %s",
                     (unsigned)status,
                     args->hResource != call->resource ? "hResource" : "pAllocationInfo");
}

/* --- Open, close, destroy, paging ------------------------------------------------------------ */

void os_alloc_open_exit(struct os_monitor_call *call, NTSTATUS status)
{
    const DXGKARG_OPENALLOCATION *args = call->args;

    if (!is_listed_status(status) && status != STATUS_INVALID_HANDLE)
        os_violation("AL-OPN-01", call->object, "it returned 0x%08X", (unsigned)status);
    for (UINT i = 0; i < args->NumAllocations && status == STATUS_SUCCESS; i++) {
        const struct os_allocation *allocation =
            os_object_peek(args->pOpenAllocation[i].hAllocation, OS_ALLOCATION);

        if (args->pOpenAllocation[i].hDeviceSpecificAllocation == NULL)
            os_violation("AL-OPN-01", call->object, "hDeviceSpecificAllocation of item %u is NULL",
                         i);
        if (allocation != NULL)
            check_device_data(allocation->backing->kmd, allocation->base.name);
    }
}

void os_alloc_close_exit(struct os_monitor_call *call, NTSTATUS status)
{
    const DXGKARG_CLOSEALLOCATION *args = call->args;

    for (UINT i = 0; i < args->NumAllocations && status == STATUS_SUCCESS; i++)
        if (os_pool_is_block(args->pOpenHandleList[i]))
            os_violation("AL-CLS-01", call->object, "the device-specific object %p was not freed",
                         args->pOpenHandleList[i]);
}

void os_alloc_destroy_exit(struct os_monitor_call *call, NTSTATUS status)
{
    const DXGKARG_DESTROYALLOCATION *args = call->args;

    for (UINT i = 0; i < args->NumAllocations && status == STATUS_SUCCESS; i++)
        if (os_monitor_not_freed(args->pAllocationList[i]))
            os_violation("AL-DST-01", call->object, "the allocation object %p was not freed",
                         args->pAllocationList[i]);
    if (status == STATUS_SUCCESS && args->Flags.DestroyResource && args->hResource != NULL &&
        os_monitor_not_freed(args->hResource))
        os_violation("AL-DST-01", call->object, "the resource object %p was not freed",
                     args->hResource);
}

void os_alloc_page_exit(struct os_monitor_call *call, NTSTATUS status)
{
    const DXGKARG_BUILDPAGINGBUFFER *args = call->args;

    if (args->Operation == DXGK_OPERATION_UPDATE_PAGE_TABLE && status != STATUS_SUCCESS &&
        status != STATUS_NO_MEMORY)
        os_violation("A-04", call->object, "UPDATE_PAGE_TABLE returned 0x%08X", (unsigned)status);
}

/* --- Free ------------------------------------------------------------------------------------ */

struct owned {
    enum os_kind kind;
    const char *ddi; /**< The only one that may free it. */
    const char *id;
};

static void check_early(const struct os_object *object)
{
    static const struct owned all[] = {
        {OS_DOORBELL, "DxgkDdiDestroyDoorbell", "DB-DIS-03"},
        {OS_QUEUE, "DxgkDdiDestroyHwQueue", "DB-QUE-06"},
        {OS_CONTEXT, "DxgkDdiDestroyHwContext", "HS-CTX-01"},
        {OS_DEVICE, "DxgkDdiDestroyDevice", "HS-CTX-01"},
        {OS_ALLOCATION, "DxgkDdiDestroyAllocation", "AL-CLS-01"},
        {OS_RESOURCE, "DxgkDdiDestroyAllocation", "AL-DST-01"},
    };
    const DXGKARG_DESTROYALLOCATION *args = os_monitor_call()->args;

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i].kind != object->kind)
            continue;
        if (!os_monitor_in(all[i].ddi))
            os_violation(all[i].id, object->name, "the driver frees the object; only %s may",
                         all[i].ddi);
        else if (object->kind == OS_RESOURCE && !args->Flags.DestroyResource)
            os_violation("AL-DST-01", object->name, "the driver frees the resource; "
                         "Flags.DestroyResource is not set");
    }
}

void os_monitor_free(const void *block)
{
    const struct os_object *owner = os_monitor_owner(block);

    if (owner == NULL)
        return;
    check_early(owner);
    os_monitor_handle_gone(block);
}
