/* SPDX-License-Identifier: MIT */
#include "os_native.h"
#include "os_power.h"

#include <stdlib.h>

#define FIRST_PASID 1u
#define MAX_PROCESSES 1023u

void os_objects_init(void)
{
    os_objects = (struct os_objects){ .first = NULL };
    os_lock_init(&os_objects.handles, "handle tables", OS_RANK_HANDLES);
}

static void free_process(struct os_process *process)
{
    free(process->slots);
    free(process);
}

/* Only memory: the run is over, the driver is gone. */
void os_objects_cleanup(void)
{
    os_object_drop_all();
    while (os_objects.processes) {
        struct os_process *process = os_objects.processes;

        os_objects.processes = process->next;
        while (process->gpuvas) {
            struct os_gpuva *gpuva = process->gpuvas;

            process->gpuvas = gpuva->next;
            free(gpuva);
        }
        free_process(process);
    }
    os_native_cleanup();
}

struct os_process *os_process_by_id(uint32_t id)
{
    struct os_process *process = os_objects.processes;

    while (process && process->id != id)
        process = process->next;
    return process;
}

uint32_t os_process_id(const struct os_process *process)
{
    return process ? process->id : 0;
}

void os_process_lock(struct os_process *process)
{
    os_lock_acquire(&process->lock);
}

void os_process_unlock(struct os_process *process)
{
    os_lock_release(&process->lock);
}

void os_driver_enter(struct os_process *process)
{
    os_lock_acquire(&process->driver);
    os_power_enter_driver();
}

void os_driver_leave(struct os_process *process)
{
    os_power_leave_driver();
    os_lock_release(&process->driver);
}

void os_must_succeed(NTSTATUS status, const char *ddi, const char *requirement)
{
    if (status != STATUS_SUCCESS)
        os_violation(requirement, 0, "%s returned 0x%08X; it must return STATUS_SUCCESS", ddi,
                     (unsigned)status);
}

static size_t dummy_pages(void)
{
    uint32_t bytes = os_adapter.ums ? os_adapter.caps.DoorbellSizeInBytes : BELL_PAGE;

    if (os_adapter.ums && os_adapter.caps.Flags.SecondaryDoorbellSupported &&
        os_adapter.caps.SecondaryDoorbellSizeInBytes > bytes)
        bytes = os_adapter.caps.SecondaryDoorbellSizeInBytes;
    return (bytes + BELL_PAGE - 1) / BELL_PAGE;
}

static NTSTATUS create_in_driver(struct os_process *process)
{
    DXGKARG_CREATEPROCESS args = {
        .hDxgkProcess = (HANDLE)(uintptr_t)(0x0BE2000000000000ull | process->id),
        .NumPasid = 1,
        .pPasid = &process->pasid,
    };
    NTSTATUS status = OS_DDI(CreateProcess, process->id, &args, PASSIVE_LEVEL,
                             os_adapter.ddi.DxgkDdiCreateProcess(os_adapter.miniport, &args));

    process->kmd = args.hKmdProcess;
    return status;
}

struct os_process *os_process_create(const char *name)
{
    struct os_process *process = calloc(1, sizeof(*process));
    struct os_process **end = &os_objects.processes;

    if (!process || os_objects.last_process == MAX_PROCESSES)
        goto fail;
    process->id = ++os_objects.last_process;
    process->pasid = FIRST_PASID + process->id - 1;
    process->name = name;
    process->priority_class = D3DKMT_SCHEDULINGPRIORITYCLASS_NORMAL;
    os_lock_init(&process->lock, "process objects", OS_RANK_PROCESS);
    os_lock_init(&process->driver, "process in driver", OS_RANK_DRIVER);
    process->dummy_pages = dummy_pages();
    process->dummy = bell_phys_alloc(process->dummy_pages);
    if (!process->dummy)
        goto fail;
    if (create_in_driver(process) != STATUS_SUCCESS)
        goto free_dummy;
    while (*end)
        end = &(*end)->next;
    *end = process;
    return process;

free_dummy:
    bell_phys_free(process->dummy, process->dummy_pages);
fail:
    free(process);
    return NULL;
}

void os_window_point(struct bell_window *window, enum bell_window_kind kind, uint64_t target,
                     bool writable)
{
    os_objects.windows += (kind != BELL_WINDOW_DEAD);
    os_objects.windows -= (window->kind != BELL_WINDOW_DEAD);
    bell_window_point(window, kind, target, writable);
}

enum bell_window_kind os_window_rw(void)
{
    return os_adapter.trace_stores ? BELL_WINDOW_TRAPPED : BELL_WINDOW_MEMORY;
}

enum bell_window_kind os_window_ro(void)
{
    return os_adapter.trap_loads ? BELL_WINDOW_TRAPPED : BELL_WINDOW_MEMORY;
}
