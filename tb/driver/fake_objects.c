/* SPDX-License-Identifier: MIT */
/* Processes, allocations and queues of the fake, made as the OS would. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "fake_bell.h"

#define RING_BYTES 4096u

static char os_objects[1024]; /* Addresses serve as OS handles. */
static unsigned os_object_count;
static UINT64 next_address = 0x100000;

static HANDLE os_handle(void)
{
    return &os_objects[os_object_count++ % sizeof(os_objects)];
}

struct fake_process fake_process_make(ULONG pasid)
{
    DXGKARG_CREATEPROCESS process = {.hDxgkProcess = os_handle(), .NumPasid = 1, .pPasid = &pasid};
    DXGKARG_CREATEDEVICE device = {.hDevice = os_handle()};
    struct fake_process made;

    assert_int_equal(fake_ddi.DxgkDdiCreateProcess(fake_adapter, &process), STATUS_SUCCESS);
    device.hKmdProcess = process.hKmdProcess;
    assert_int_equal(fake_ddi.DxgkDdiCreateDevice(fake_adapter, &device), STATUS_SUCCESS);
    made.process = process.hKmdProcess;
    made.device = device.hDevice;
    return made;
}

void fake_process_free(struct fake_process *process)
{
    assert_int_equal(fake_ddi.DxgkDdiDestroyDevice(process->device), STATUS_SUCCESS);
    assert_int_equal(fake_ddi.DxgkDdiDestroyProcess(fake_adapter, process->process),
                     STATUS_SUCCESS);
}

struct fake_process fake_first;

int fake_begin(void)
{
    assert_int_equal(fake_start(), STATUS_SUCCESS);
    fake_first = fake_process_make(7);
    fake_clear_ops();
    return 0;
}

int fake_setup(void **state)
{
    UNREFERENCED_PARAMETER(state);
    fake_reset();
    return fake_begin();
}

int fake_teardown(void **state)
{
    UNREFERENCED_PARAMETER(state);
    fake_process_free(&fake_first);
    fake_stop();
    return 0;
}

HANDLE fake_allocation_make(UINT64 bytes)
{
    BELL_ALLOCATION_PRIVATE wanted = {.magic = BELL_ALLOCATION_MAGIC,
                                      .version = BELL_INTERFACE_VERSION,
                                      .size = bytes,
                                      .flags = BELL_ALLOCATION_CPU_VISIBLE};
    DXGK_ALLOCATIONINFO info = {.pPrivateDriverData = &wanted,
                                .PrivateDriverDataSize = sizeof(wanted)};
    DXGKARG_CREATEALLOCATION args = {.NumAllocations = 1, .pAllocationInfo = &info};

    assert_int_equal(fake_ddi.DxgkDdiCreateAllocation(fake_adapter, &args), STATUS_SUCCESS);
    assert_non_null(info.hAllocation);
    return info.hAllocation;
}

void fake_allocation_free(HANDLE allocation)
{
    DXGKARG_DESTROYALLOCATION args = {.NumAllocations = 1, .pAllocationList = &allocation};

    assert_int_equal(fake_ddi.DxgkDdiDestroyAllocation(fake_adapter, &args), STATUS_SUCCESS);
}

void fake_map(HANDLE allocation, HANDLE process, UINT64 address, UINT64 bytes, bool valid)
{
    DXGK_PTE pte = {{{.Valid = valid}}, 0};
    DXGKARG_BUILDPAGINGBUFFER args = {.Operation = DXGK_OPERATION_UPDATE_PAGE_TABLE};

    args.UpdatePageTable.hAllocation = allocation;
    args.UpdatePageTable.FirstPteVirtualAddress = address;
    args.UpdatePageTable.NumPageTableEntries = (UINT)((bytes + PAGE_SIZE - 1) >> PAGE_SHIFT);
    args.UpdatePageTable.Flags.Repeat = 1;
    args.UpdatePageTable.pPageTableEntries = &pte;
    args.UpdatePageTable.hProcess = process;
    assert_int_equal(fake_ddi.DxgkDdiBuildPagingBuffer(fake_adapter, &args), STATUS_SUCCESS);
}

void fake_doorbell_make(struct fake_process *process, struct fake_queue *made)
{
    BELL_DOORBELL_PRIVATE private_data;
    DXGKARG_CREATEDOORBELL args;

    made->ring = fake_allocation_make(RING_BYTES);
    made->control = fake_allocation_make(PAGE_SIZE);
    fake_map(made->ring, process->process, next_address, RING_BYTES, true);
    fake_map(made->control, process->process, next_address + RING_BYTES, PAGE_SIZE, true);
    next_address += RING_BYTES + PAGE_SIZE;

    memset(&private_data, 0xFF, sizeof(private_data));
    memset(&args, 0, sizeof(args));
    made->os_doorbell = os_handle();
    args.hHwQueue = made->queue;
    args.hDoorbell = made->os_doorbell;
    args.hRingBuffer = made->ring;
    args.hRingBufferControl = made->control;
    args.PrivateDriverData = &private_data;
    args.PrivateDriverDataSize = sizeof(private_data);
    assert_int_equal(fake_ddi.DxgkDdiCreateDoorbell(&args), STATUS_SUCCESS);
    made->doorbell = args.hDoorbell;
    made->hw_id = (UINT32)private_data.queue_token;
}

struct fake_queue fake_queue_make(struct fake_process *process, UINT node, bool user_mode)
{
    DXGKARG_CREATEHWCONTEXT context = {
        .hHwContext = os_handle(), .NodeOrdinal = node, .EngineAffinity = 1};
    DXGKARG_CREATEHWQUEUE queue = {.hHwQueue = os_handle(),
                                   .HwQueueProgressFenceCPUVirtualAddress = &fake.progress};
    struct fake_queue made;

    memset(&made, 0, sizeof(made));
    made.os_context = context.hHwContext;
    made.os_queue = queue.hHwQueue;
    assert_int_equal(fake_ddi.DxgkDdiCreateHwContext(process->device, &context), STATUS_SUCCESS);
    made.context = context.hHwContext;
    queue.Flags.UserModeSubmission = user_mode;
    assert_int_equal(fake_ddi.DxgkDdiCreateHwQueue(made.context, &queue), STATUS_SUCCESS);
    made.queue = queue.hHwQueue;
    if (user_mode) {
        fake_doorbell_make(process, &made);
        return made;
    }
    for (UINT32 i = 0; i < fake.queues; i++) {
        if (fake.open[i])
            made.hw_id = i;
    }
    return made;
}

void fake_queue_free(struct fake_queue *queue)
{
    DXGKARG_DESTROYDOORBELL args = {.hDoorbell = queue->doorbell};

    if (queue->doorbell != NULL)
        assert_int_equal(fake_ddi.DxgkDdiDestroyDoorbell(&args), STATUS_SUCCESS);
    assert_int_equal(fake_ddi.DxgkDdiDestroyHwQueue(queue->queue), STATUS_SUCCESS);
    assert_int_equal(fake_ddi.DxgkDdiDestroyHwContext(queue->context), STATUS_SUCCESS);
    if (queue->ring != NULL) {
        fake_allocation_free(queue->ring);
        fake_allocation_free(queue->control);
    }
}

NTSTATUS fake_connect(struct fake_queue *queue, VOID **address)
{
    DXGKARG_CONNECTDOORBELL args;
    NTSTATUS status;

    memset(&args, 0xFF, sizeof(args));
    args.hDoorbell = queue->doorbell;
    args.Flags.Value = 0;
    status = fake_ddi.DxgkDdiConnectDoorbell(&args);
    if (NT_SUCCESS(status)) {
        assert_int_equal(args.Status, D3DDDI_DOORBELLSTATUS_CONNECTED);
        assert_non_null(args.KernelCpuVirtualAddress);
        if (address != NULL)
            *address = args.KernelCpuVirtualAddress;
    }
    return status;
}

NTSTATUS fake_disconnect(struct fake_queue *queue)
{
    DXGKARG_DISCONNECTDOORBELL args = {.hDoorbell = queue->doorbell};

    return fake_ddi.DxgkDdiDisconnectDoorbell(&args);
}

bool fake_is_realtime(UINT32 hw_id)
{
    return fake.listed[hw_id] &&
           BELL_FIELD_GET(fake.schedule[hw_id].sched, BELL_QUEUE_SCHED_LEVEL) >= 3;
}

bool fake_slot_belongs_to(UINT32 slot, UINT32 hw_id)
{
    return (fake.owner[slot] & BELL_SLOT_OWNER_VALID_MASK) != 0 &&
           BELL_FIELD_GET(fake.owner[slot], BELL_SLOT_OWNER_QUEUE) == hw_id;
}

int fake_find_route(unsigned from, UINT32 slot, UINT32 hw_id)
{
    return fake_find_write(from, BELL_SLOT_OWNER_OFFSET(slot),
                           BELL_SLOT_OWNER_VALID_MASK | BELL_SLOT_OWNER_QUEUE_MASK,
                           BELL_SLOT_OWNER_VALID_MASK | hw_id);
}

int fake_find_kick(unsigned from, UINT32 hw_id)
{
    return fake_find_write(from, BELL_QUEUE_CMD_OFFSET(hw_id), UINT64_MAX, BELL_QUEUE_CMD_KICK);
}
