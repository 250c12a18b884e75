/* SPDX-License-Identifier: MIT */
/* What belongs to the adapter, not to a device: resources, memory, sharing (AL-CRE-10). */
#include "os_objects.h"

#include <stdlib.h>
#include <string.h>

/* Global handles look like Windows': both top bits set, never a handle of a process. */
#define SHARE_TAG 0xC0000000u
#define SHARE_STEP 0x40u

/* --- Groups --------------------------------------------------------------------------------- */

struct os_group *os_group_create(void)
{
    struct os_group *group = calloc(1, sizeof(*group));

    if (!group)
        return NULL;
    os_lock_init(&group->lock, "resource", OS_RANK_GROUP);
    group->refs = 1;
    return group;
}

void os_group_unref(struct os_group *group)
{
    struct os_group **link = &os_objects.groups;

    if (!group || --group->refs)
        return;
    while (*link && *link != group)
        link = &(*link)->next;
    if (*link)
        *link = group->next;
    free(group->private_data);
    free(group->runtime_data);
    free(group);
}

void os_group_share(struct os_group *group)
{
    os_objects.last_share += SHARE_STEP;
    group->share = SHARE_TAG | os_objects.last_share;
    group->next = os_objects.groups;
    os_objects.groups = group;
}

struct os_group *os_group_find(D3DKMT_HANDLE share)
{
    struct os_group *group = os_objects.groups;

    while (group && group->share != share)
        group = group->next;
    return group && group->handles ? group : NULL;
}

UINT os_group_count(const struct os_group *group)
{
    UINT count = 0;

    for (const struct os_backing *b = group->first; b; b = b->next)
        count++;
    return count;
}

size_t os_group_private_bytes(const struct os_group *group)
{
    size_t bytes = 0;

    for (const struct os_backing *b = group->first; b; b = b->next)
        bytes += b->private_size;
    return bytes;
}

/* --- Memory --------------------------------------------------------------------------------- */

static size_t pages_of(const struct os_backing *backing)
{
    return backing->size / BELL_PAGE;
}

struct os_backing *os_backing_create(const DXGK_ALLOCATIONINFO *info, struct os_group *group,
                                     uint32_t creator)
{
    struct os_backing *backing = calloc(1, sizeof(*backing));

    if (!backing)
        return NULL;
    *backing = (struct os_backing){
        .kmd = info->hAllocation,
        .size = (info->Size + BELL_PAGE - 1) & ~(uint64_t)(BELL_PAGE - 1),
        .alignment = info->Alignment,
        .flags = info->FlagsWddm2,
        .creator = creator,
        .opens = 1,
        .refs = 1,
        .group = group,
    };
    backing->phys = bell_phys_alloc(pages_of(backing));
    if (!backing->phys) {
        free(backing);
        return NULL;
    }
    if (group)
        group->refs++;
    return backing;
}

void os_backing_join(struct os_backing *backing)
{
    struct os_group *group = backing->group;
    struct os_backing **end;

    if (!group)
        return;
    for (end = &group->first; *end; end = &(*end)->next)
        ;
    *end = backing;
    group->in_driver++;
}

void os_backing_free(struct os_backing *backing)
{
    bell_phys_free(backing->phys, pages_of(backing));
    backing->phys = 0;
}

void os_backing_unref(struct os_backing *backing)
{
    if (--backing->refs)
        return;
    os_group_unref(backing->group);
    free(backing->private_data);
    free(backing);
}

static void leave_group(struct os_backing *backing)
{
    struct os_backing **link = &backing->group->first;

    while (*link && *link != backing)
        link = &(*link)->next;
    if (*link)
        *link = backing->next;
}

/* --- Destroy (A-24, A-52) ------------------------------------------------------------------- */

void os_ddi_destroy_allocations(struct os_process *process, D3DKMT_HANDLE name, const HANDLE *list,
                                UINT count, struct os_group *group, bool destroy_resource)
{
    DXGKARG_DESTROYALLOCATION args = { .NumAllocations = count, .pAllocationList = list,
                                       .hResource = group ? group->kmd : NULL };
    NTSTATUS status;

    args.Flags.DestroyResource = destroy_resource;
    os_driver_enter(process);
    status = OS_DDI(DestroyAllocation, name, &args, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiDestroyAllocation(os_adapter.miniport, &args));
    os_driver_leave(process);
    os_must_succeed(status, "DxgkDdiDestroyAllocation", "AL-DST-01");
    os_objects.kmd_allocations -= count;
    if (group && destroy_resource)
        group->destroyed = true;
    else if (group)
        group->kmd = args.hResource;
}

/* The driver frees the resource together with its last allocation, once no handle of it is left. */
bool os_backing_close(struct os_backing *backing, struct os_process *process, D3DKMT_HANDLE name)
{
    struct os_group *group = backing->group;

    if (--backing->opens)
        return false;
    if (group) {
        leave_group(backing);
        os_lock_acquire(&group->lock);
    }
    os_ddi_destroy_allocations(process, name, &backing->kmd, 1, group,
                               group && !group->handles && group->in_driver == 1);
    if (group) {
        group->in_driver--;
        os_lock_release(&group->lock);
    }
    os_backing_free(backing);
    return true;
}

/* --- Resource handles ----------------------------------------------------------------------- */

static void release_resource(struct os_object *object)
{
    os_group_unref(((struct os_resource *)object)->group);
    free(object);
}

NTSTATUS os_resource_create(struct os_device *device, struct os_group *group,
                            struct os_resource **resource)
{
    struct os_resource *made = calloc(1, sizeof(*made));

    if (!made || !os_object_init(&made->base, OS_RESOURCE, device->base.process, &device->base,
                                 release_resource)) {
        free(made);
        return STATUS_NO_MEMORY;
    }
    made->group = group;
    group->handles++;
    *resource = made;
    return STATUS_SUCCESS;
}

static struct os_allocation *next_of(const struct os_resource *resource,
                                     struct os_allocation *after)
{
    do
        after = os_object_next(after, OS_ALLOCATION, resource->base.process, NULL);
    while (after && after->resource != resource);
    return after;
}

void os_resource_destroy(struct os_resource *resource)
{
    struct os_group *group = resource->group;
    struct os_allocation *next;

    group->handles--;
    for (struct os_allocation *allocation = next_of(resource, NULL); allocation;
         allocation = next) {
        next = next_of(resource, allocation);
        if (os_object_close(&allocation->base))
            os_allocation_destroy(allocation);
    }
    os_lock_acquire(&group->lock);
    if (!group->handles && !group->in_driver && !group->destroyed)
        os_ddi_destroy_allocations(resource->base.process, resource->base.name, NULL, 0, group,
                                   true);
    os_lock_release(&group->lock);
    os_object_finish(&resource->base);
}

/* --- Open by another device ----------------------------------------------------------------- */

static DXGK_OPENALLOCATIONINFO *describe_openings(struct os_allocation *const *made, UINT count)
{
    DXGK_OPENALLOCATIONINFO *infos = calloc(count, sizeof(*infos));

    for (UINT i = 0; infos && i < count; i++) {
        const struct os_backing *backing = made[i]->backing;

        infos[i].hAllocation = made[i]->base.name;
        infos[i].pPrivateDriverData = backing->private_data;
        infos[i].PrivateDriverDataSize = backing->private_size;
    }
    return infos;
}

static NTSTATUS open_in_driver(struct os_device *device, const struct os_group *group,
                               struct os_allocation **made, UINT count)
{
    DXGKARG_OPENALLOCATION args = { .NumAllocations = count,
                                    .pOpenAllocation = describe_openings(made, count),
                                    .pPrivateDriverData = group->private_data,
                                    .PrivateDriverSize = group->private_size };
    NTSTATUS status = STATUS_NO_MEMORY;

    if (args.pOpenAllocation)
        status = os_allocations_open(device, &args, made);
    free(args.pOpenAllocation);
    return status;
}

/* One object per backing, each counted as an opening before anything can yield. */
static NTSTATUS make_openings(struct os_device *device, struct os_resource *resource,
                              struct os_allocation **made, UINT *count)
{
    UINT n = 0;

    for (struct os_backing *b = resource->group->first; b; b = b->next) {
        made[n] = os_allocation_new(device, b, resource);
        if (!made[n])
            break;
        b->opens++;
        n++;
    }
    *count = n;
    return n == os_group_count(resource->group) ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

static void drop_openings(struct os_allocation **made, UINT count)
{
    while (count-- > 0) {
        os_backing_close(made[count]->backing, made[count]->base.process, made[count]->base.name);
        os_allocation_finish(made[count]);
    }
}

NTSTATUS os_resource_open(struct os_device *device, struct os_group *group,
                          struct os_resource **resource, struct os_allocation **made)
{
    UINT count = 0;
    NTSTATUS status;

    group->refs++;
    status = os_resource_create(device, group, resource);
    if (!NT_SUCCESS(status)) {
        os_group_unref(group);
        return status;
    }
    status = make_openings(device, *resource, made, &count);
    if (NT_SUCCESS(status) && count)
        status = open_in_driver(device, group, made, count);
    if (!NT_SUCCESS(status)) {
        drop_openings(made, count);
        os_resource_destroy(*resource);
        *resource = NULL;
        return status;
    }
    for (UINT i = 0; i < count; i++)
        os_object_publish(&made[i]->base);
    os_object_publish(&(*resource)->base);
    return status;
}
