/* SPDX-License-Identifier: MIT */
/* The part of observe.h that looks at, or pokes, the OS model's objects. */
#include "os_power.h"

#include <string.h>

bool belfry_doorbell(uint32_t hDoorbell, struct belfry_doorbell_info *info)
{
    const struct os_doorbell *doorbell = os_object_peek(hDoorbell, OS_DOORBELL);

    if (!doorbell || !doorbell->base.open)
        return false;
    *info = (struct belfry_doorbell_info){
        .status = *doorbell->status,
        .mapping = doorbell->mapping,
        .bar2 = doorbell->bar2.first,
        .bar2_second = doorbell->bar2.second,
        .hw_queue_handle = doorbell->base.parent->name,
        .os_handle = (uint64_t)(uintptr_t)os_object_token(&doorbell->base),
        .kmd_handle = (uint64_t)(uintptr_t)doorbell->kmd,
        .dummy_bytes = doorbell->base.process->dummy_pages * BELL_PAGE,
        .user_va = os_doorbell_address(doorbell),
        .second_va = os_doorbell_second_address(doorbell),
    };
    return true;
}

bool belfry_alloc(uint32_t hAllocation, struct belfry_alloc_info *info)
{
    const struct os_allocation *allocation = NULL;

    do
        allocation = os_object_next(allocation, OS_ALLOCATION, NULL, NULL);
    while (allocation && allocation->base.name != hAllocation);
    if (!allocation)
        return false;
    *info = (struct belfry_alloc_info){
        .references = allocation->doorbells,
        .resident = allocation->resident > 0,
        .destroyed = allocation->destroyed,
        .gpu_va = os_gpuva_of(allocation),
        .size = allocation->backing->size,
    };
    return true;
}

static unsigned count_objects(enum os_kind kind)
{
    const struct os_object *object = NULL;
    unsigned count = 0;

    while ((object = os_object_next(object, kind, NULL, NULL)) != NULL)
        count += !object->retired;
    return count;
}

static unsigned count_processes(void)
{
    unsigned count = 0;

    for (const struct os_process *p = os_objects.processes; p; p = p->next)
        count++;
    return count;
}

unsigned belfry_live_objects(const char *kind)
{
    static const struct {
        const char *name;
        enum os_kind kind;
    } kinds[] = {
        { "doorbell", OS_DOORBELL }, { "allocation", OS_ALLOCATION }, { "resource", OS_RESOURCE },
        { "hwqueue", OS_QUEUE },     { "hwcontext", OS_CONTEXT },     { "device", OS_DEVICE },
        { "adapter", OS_ADAPTER },   { "fence", OS_FENCE },
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(kind, kinds[i].name) == 0)
            return count_objects(kinds[i].kind);
    if (strcmp(kind, "kmd-allocation") == 0)
        return os_objects.kmd_allocations;
    if (strcmp(kind, "page") == 0)
        return (unsigned)bell_phys_pages_used();
    if (strcmp(kind, "process") == 0)
        return count_processes();
    if (strcmp(kind, "mapping") == 0)
        return os_objects.windows;
    if (strcmp(kind, "pool") == 0)
        return os_pool_live();
    bell_sim_fail("belfry_live_objects(\"%s\"): no such kind", kind);
    return 0;
}

void belfry_device_lost(void)
{
    os_devices_lose();
}

uint32_t belfry_os_disconnect(uint32_t hDoorbell)
{
    struct os_doorbell *doorbell = os_object_peek(hDoorbell, OS_DOORBELL);
    NTSTATUS status;

    if (!doorbell || !doorbell->base.open)
        return (uint32_t)STATUS_INVALID_PARAMETER;
    os_object_ref(&doorbell->base);
    status = os_doorbell_disconnect(doorbell);
    os_object_unref(doorbell);
    return (uint32_t)status;
}

static uint32_t with_context(uint32_t handle, NTSTATUS (*act)(struct os_context *context))
{
    struct os_context *context = os_object_peek(handle, OS_CONTEXT);
    NTSTATUS status;

    if (!context || !context->base.open)
        return (uint32_t)STATUS_INVALID_PARAMETER;
    os_object_ref(&context->base);
    status = act(context);
    os_object_unref(context);
    return (uint32_t)status;
}

uint32_t belfry_os_suspend(uint32_t hHwContext)
{
    return with_context(hHwContext, os_context_suspend);
}

uint32_t belfry_os_resume(uint32_t hHwContext)
{
    return with_context(hHwContext, os_context_resume);
}

uint32_t belfry_os_power_down(bool evict)
{
    return (uint32_t)os_power_down(evict);
}

void belfry_os_power_up(void)
{
    os_power_wake(0);
}

uint32_t belfry_engine_f1(uint32_t node)
{
    return (uint32_t)os_power_idle(node);
}

unsigned belfry_power_d(void)
{
    return os_power_d();
}

unsigned belfry_power_f(uint32_t node)
{
    return os_power_f(node);
}

void belfry_os_tdr(const struct belfry_tdr *tdr)
{
    if (tdr->delay)
        os_tdr.delay = tdr->delay;
    if (tdr->ddi_delay)
        os_tdr.ddi_delay = tdr->ddi_delay;
    if (tdr->limit_time)
        os_tdr.limit_time = tdr->limit_time;
    if (tdr->limit)
        os_tdr.limit = tdr->limit;
    if (tdr->idle)
        os_tdr.idle = tdr->idle;
    os_tdr_changed();
}

/* --- Callbacks of the driver that look at handles --------------------------------------------- */

static bool may_see(const struct os_object *object)
{
    const struct os_process *caller = os_thread_self()->process;

    return object && (!caller || object->process == caller);
}

VOID *os_cb_get_handle_data(const DXGKARGCB_GETHANDLEDATA *args)
{
    struct os_allocation *allocation;
    struct os_resource *resource;

    if (args->Flags.Reserved)
        return NULL;
    if (args->Type == DXGK_HANDLE_RESOURCE && !args->Flags.DeviceSpecific) {
        resource = os_object_peek(args->hObject, OS_RESOURCE);
        return resource && may_see(&resource->base) ? resource->group->kmd : NULL;
    }
    if (args->Type != DXGK_HANDLE_ALLOCATION)
        return NULL;
    allocation = os_object_peek(args->hObject, OS_ALLOCATION);
    if (!allocation || !may_see(&allocation->base))
        return NULL;
    return args->Flags.DeviceSpecific ? allocation->opened : allocation->backing->kmd;
}

D3DKMT_HANDLE os_cb_enum_handle_children(const DXGKARGCB_ENUMHANDLECHILDREN *args)
{
    struct os_resource *resource = os_object_peek(args->hObject, OS_RESOURCE);
    struct os_allocation *allocation = NULL;
    UINT index = 0;

    if (!resource || !may_see(&resource->base))
        return 0;
    while ((allocation = os_object_next(allocation, OS_ALLOCATION, NULL, NULL)) != NULL) {
        if (allocation->resource != resource || allocation->base.retired)
            continue;
        if (index++ == args->Index)
            return allocation->base.name;
    }
    return 0;
}
