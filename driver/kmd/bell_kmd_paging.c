/* SPDX-License-Identifier: MIT */
#include "bell_kmd_alloc.h"

/* The mapping of a process at an address, or the link where one would be added. Under map_lock. */
static struct bell_mapping **find_mapping(struct bell_allocation *allocation, UINT32 serial,
                                          D3DGPU_VIRTUAL_ADDRESS address)
{
    struct bell_mapping **link = &allocation->mappings;

    while (*link != NULL &&
           ((*link)->process_serial != serial || (*link)->address != address))
        link = &(*link)->next;
    return link;
}

static NTSTATUS note_mapping(struct bell_allocation *allocation, struct bell_process *process,
                             const DXGK_BUILDPAGINGBUFFER_UPDATEPAGETABLE *update)
{
    struct bell_adapter *adapter = allocation->adapter;
    struct bell_mapping *mapping = bell_kmd_alloc(sizeof(*mapping));
    struct bell_mapping **link;
    KIRQL irql;

    if (mapping == NULL)
        return STATUS_NO_MEMORY;
    mapping->process_serial = process->serial;
    mapping->address = update->FirstPteVirtualAddress;
    mapping->pages = update->NumPageTableEntries;

    KeAcquireSpinLock(&adapter->map_lock, &irql);
    link = find_mapping(allocation, process->serial, mapping->address);
    if (*link != NULL) {
        (*link)->pages = mapping->pages;
    } else {
        *link = mapping;
        mapping = NULL;
    }
    KeReleaseSpinLock(&adapter->map_lock, irql);
    bell_kmd_free(mapping);
    return STATUS_SUCCESS;
}

static VOID forget_mapping(struct bell_allocation *allocation, struct bell_process *process,
                           D3DGPU_VIRTUAL_ADDRESS address)
{
    struct bell_adapter *adapter = allocation->adapter;
    struct bell_mapping *mapping;
    struct bell_mapping **link;
    KIRQL irql;

    KeAcquireSpinLock(&adapter->map_lock, &irql);
    link = find_mapping(allocation, process->serial, address);
    mapping = *link;
    if (mapping != NULL)
        *link = mapping->next;
    KeReleaseSpinLock(&adapter->map_lock, irql);
    bell_kmd_free(mapping);
}

static NTSTATUS update_page_table(struct bell_adapter *adapter,
                                  const DXGK_BUILDPAGINGBUFFER_UPDATEPAGETABLE *update)
{
    struct bell_allocation *allocation = update->hAllocation;
    struct bell_process *process = update->hProcess;
    bool valid = update->pPageTableEntries != NULL && update->pPageTableEntries[0].Valid;

    if (allocation == NULL) /* Memory that no driver object describes, e.g. progress fences. */
        return STATUS_SUCCESS;
    if (!bell_kmd_is(allocation, BELL_KIND_ALLOCATION) || allocation->adapter != adapter ||
        !bell_kmd_is(process, BELL_KIND_PROCESS))
        return STATUS_INVALID_PARAMETER;
    if (update->AllocationOffsetInBytes != 0)
        return STATUS_SUCCESS;
    if (valid)
        return note_mapping(allocation, process, update);
    forget_mapping(allocation, process, update->FirstPteVirtualAddress);
    return STATUS_SUCCESS;
}

NTSTATUS bell_kmd_allocation_page(struct bell_adapter *adapter,
                                  const DXGKARG_BUILDPAGINGBUFFER *args)
{
    switch ((UINT)args->Operation) {
    case DXGK_OPERATION_UPDATE_PAGE_TABLE:
        return update_page_table(adapter, &args->UpdatePageTable);
    case DXGK_OPERATION_FLUSH_TLB:
        return STATUS_SUCCESS;
    default:
        return STATUS_NOT_SUPPORTED;
    }
}

bool bell_kmd_allocation_address(struct bell_allocation *allocation,
                                 const struct bell_process *process, UINT64 bytes,
                                 D3DGPU_VIRTUAL_ADDRESS *address)
{
    const struct bell_mapping *mapping;
    bool found = false;
    KIRQL irql;

    KeAcquireSpinLock(&allocation->adapter->map_lock, &irql);
    for (mapping = allocation->mappings; mapping != NULL && !found; mapping = mapping->next) {
        found = mapping->process_serial == process->serial &&
                mapping->pages << PAGE_SHIFT >= bytes;
        if (found)
            *address = mapping->address;
    }
    KeReleaseSpinLock(&allocation->adapter->map_lock, irql);
    return found;
}
