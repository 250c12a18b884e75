/* SPDX-License-Identifier: MIT */
#include "os_objects.h"

#include <stdlib.h>

/* Above 4 GiB, so that a truncated address is never valid; 47 bits below the device's 48. */
#define FIRST_VA 0x100000000ull
#define LAST_VA 0x800000000000ull

/* The link that a new mapping at [va, va + bytes) goes into, or NULL when it overlaps one. */
static struct os_gpuva **place(struct os_process *process, uint64_t va, uint64_t bytes)
{
    struct os_gpuva **link = &process->gpuvas;

    while (*link && (*link)->va + (*link)->pages * BELL_PAGE <= va)
        link = &(*link)->next;
    return !*link || va + bytes <= (*link)->va ? link : NULL;
}

static uint64_t align_up(uint64_t va, uint64_t alignment)
{
    return (va + alignment - 1) & ~(alignment - 1);
}

static uint64_t first_fit(const struct os_process *process, uint64_t from, uint64_t bytes,
                          uint64_t alignment)
{
    uint64_t va = from;

    for (const struct os_gpuva *m = process->gpuvas; m; m = m->next) {
        uint64_t end = m->va + m->pages * BELL_PAGE;

        if (end <= va)
            continue;
        if (va + bytes <= m->va)
            break;
        va = align_up(end, alignment);
    }
    return va;
}

static bool choose(struct os_process *process, const struct os_gpuva_want *want, uint64_t *va)
{
    uint64_t bytes = want->pages * BELL_PAGE;
    uint64_t last = want->maximum && want->maximum < LAST_VA ? want->maximum : LAST_VA;
    uint64_t from = want->minimum > FIRST_VA ? want->minimum : FIRST_VA;

    uint64_t alignment = want->alignment > BELL_PAGE ? want->alignment : BELL_PAGE;

    from = align_up(from, alignment);
    *va = want->base ? want->base : first_fit(process, from, bytes, alignment);
    return bytes && *va % BELL_PAGE == 0 && *va >= (want->base ? FIRST_VA : from) &&
           *va < last && bytes <= last - *va;
}

static void iommu_apply(const struct os_process *process, const struct os_gpuva *gpuva)
{
    if (!gpuva->allocation || gpuva->allocation->resident)
        bell_iommu_map(process->pasid, gpuva->va, gpuva->phys, gpuva->pages, gpuva->access);
    else
        bell_iommu_unmap(process->pasid, gpuva->va, gpuva->pages);
}

/* The driver takes note of where an allocation lies. */
static NTSTATUS tell_driver(struct os_process *process, const struct os_gpuva *gpuva, bool valid)
{
    DXGK_PTE pte = { .PageAddress = gpuva->phys / BELL_PAGE };
    DXGKARG_BUILDPAGINGBUFFER args = { .Operation = DXGK_OPERATION_UPDATE_PAGE_TABLE };
    NTSTATUS status;

    if (!gpuva->allocation)
        return STATUS_SUCCESS;
    pte.Valid = valid;
    pte.ReadOnly = !(gpuva->access & BELL_WRITE);
    args.UpdatePageTable.hAllocation = gpuva->allocation->backing->kmd;
    args.UpdatePageTable.FirstPteVirtualAddress = gpuva->va;
    args.UpdatePageTable.AllocationOffsetInBytes = gpuva->offset;
    args.UpdatePageTable.NumPageTableEntries = (UINT)gpuva->pages;
    args.UpdatePageTable.Flags.Repeat = 1;
    args.UpdatePageTable.pPageTableEntries = &pte;
    args.UpdatePageTable.hProcess = process->kmd;
    os_driver_enter(process);
    status = OS_DDI(BuildPagingBuffer, gpuva->allocation->base.name, &args, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiBuildPagingBuffer(os_adapter.miniport, &args));
    os_driver_leave(process);
    return status;
}

NTSTATUS os_gpuva_map(struct os_process *process, const struct os_gpuva_want *want, uint64_t *va)
{
    struct os_gpuva *gpuva, **link;
    NTSTATUS status;

    if (!choose(process, want, va) || !place(process, *va, want->pages * BELL_PAGE))
        return STATUS_INVALID_PARAMETER;
    gpuva = calloc(1, sizeof(*gpuva));
    if (!gpuva)
        return STATUS_NO_MEMORY;
    *gpuva = (struct os_gpuva){ .va = *va, .pages = want->pages, .phys = want->phys,
                                .access = want->access, .allocation = want->allocation,
                                .offset = want->offset };
    link = place(process, gpuva->va, gpuva->pages * BELL_PAGE);
    gpuva->next = *link;
    *link = gpuva;
    status = tell_driver(process, gpuva, true);
    if (!NT_SUCCESS(status)) {
        for (link = &process->gpuvas; *link != gpuva;)
            link = &(*link)->next;
        *link = gpuva->next;
        free(gpuva);
        return status;
    }
    iommu_apply(process, gpuva);
    return STATUS_SUCCESS;
}

static void remove_at(struct os_process *process, struct os_gpuva **link)
{
    struct os_gpuva *gpuva = *link;

    *link = gpuva->next;
    bell_iommu_unmap(process->pasid, gpuva->va, gpuva->pages);
    os_must_succeed(tell_driver(process, gpuva, false), "DxgkDdiBuildPagingBuffer", "A-04");
    free(gpuva);
}

bool os_gpuva_unmap(struct os_process *process, uint64_t va, size_t pages)
{
    struct os_gpuva **link = &process->gpuvas;

    while (*link && (*link)->va != va)
        link = &(*link)->next;
    if (!*link || (*link)->pages != pages)
        return false;
    remove_at(process, link);
    return true;
}

void os_gpuva_unmap_allocation(struct os_allocation *allocation)
{
    struct os_gpuva **link = &allocation->base.process->gpuvas;

    while (*link) {
        if ((*link)->allocation == allocation)
            remove_at(allocation->base.process, link);
        else
            link = &(*link)->next;
    }
}

void os_gpuva_refresh(struct os_allocation *allocation)
{
    for (const struct os_gpuva *m = allocation->base.process->gpuvas; m; m = m->next)
        if (m->allocation == allocation)
            iommu_apply(allocation->base.process, m);
}

uint64_t os_gpuva_of(const struct os_allocation *allocation)
{
    for (const struct os_gpuva *m = allocation->base.process->gpuvas; m; m = m->next)
        if (m->allocation == allocation)
            return m->va;
    return 0;
}
