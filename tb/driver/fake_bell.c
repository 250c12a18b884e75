/* SPDX-License-Identifier: MIT */
/* Registers and Dxgk callbacks of the fake. */
#include "fake_bell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct fake_bell fake;
DRIVER_INITIALIZATION_DATA fake_ddi;
HANDLE fake_adapter;

static UINT64 bar0[BELL_REGS_BYTES / 8];
static _Alignas(PAGE_SIZE) UINT64 bar2[2 * BELL_SECONDARY_BYTES / 8];
static CM_RESOURCE_LIST resources;
static int os_device; /* Its address is the DeviceHandle. */

static void log_op(enum fake_op_kind kind, UINT32 offset, UINT64 value)
{
    assert_true(fake.op_count < FAKE_OPS);
    fake.ops[fake.op_count].kind = kind;
    fake.ops[fake.op_count].offset = offset;
    fake.ops[fake.op_count].value = value;
    fake.op_count++;
}

static UINT32 offset_of(volatile ULONG64 *reg)
{
    UINT32 offset = (UINT32)((volatile UCHAR *)reg - (volatile UCHAR *)bar0);

    assert_true(offset < BELL_REGS_BYTES && offset % 8 == 0);
    return offset;
}

static UINT64 read_state(UINT32 queue)
{
    UINT64 state = (fake.open[queue] ? BELL_QUEUE_STATE_OPEN_MASK : 0) |
                   (fake.listed[queue] ? BELL_QUEUE_STATE_LISTED_MASK : 0) | fake.busy[queue];

    if (fake.running_reads != 0)
        state |= BELL_QUEUE_STATE_RUNNING_MASK;
    if (fake.running_reads > 0)
        fake.running_reads--;
    return state;
}

static UINT64 read_slot(UINT32 offset)
{
    UINT32 slot = (offset - BELL_SLOT_OWNER_OFFSET(0)) / BELL_SLOT_STRIDE;

    assert_true(slot < fake.slots);
    if (offset == BELL_SLOT_OWNER_OFFSET(slot))
        return fake.owner[slot];
    if (fake.in_flight_reads == 0)
        return 0;
    if (fake.in_flight_reads > 0)
        fake.in_flight_reads--;
    return BELL_FIELD_PUT(BELL_SLOT_DRAIN_IN_FLIGHT, 1);
}

static bool is_token(UINT32 offset)
{
    return offset >= BELL_TOKEN_LISTEN_OFFSET(0) && offset < BELL_TOKEN_LISTEN_OFFSET(BELL_TOKEN_MAX);
}

/* Where a register of the scheduling logs is kept; NULL: another register. */
static UINT64 *log_word(UINT32 offset)
{
    UINT32 word = (offset - BELL_LOG_BASE0_OFFSET) / 8;

    return offset >= BELL_LOG_BASE0_OFFSET && word < 12 ? &fake.logs[word / 4][word % 4] : NULL;
}

static UINT64 read_log_busy(void)
{
    if (fake.log_busy_reads == 0)
        return 0;
    if (fake.log_busy_reads > 0)
        fake.log_busy_reads--;
    return BELL_STATUS_LOG_BUSY_MASK;
}

static UINT64 read_node_busy(void)
{
    if (fake.node_busy_reads == 0)
        return 0;
    if (fake.node_busy_reads > 0)
        fake.node_busy_reads--;
    return BELL_STATUS_NODE_BUSY_MASK;
}

static UINT64 device_read(UINT32 offset)
{
    const UINT64 *event = fake.events[fake.event_tail % 1024];
    bool has_event = fake.event_head != fake.event_tail;

    if (is_token(offset)) {
        UINT32 queue = (offset - BELL_TOKEN_LISTEN_OFFSET(0)) / BELL_TOKEN_STRIDE;

        assert_true(queue < fake.queues && offset == BELL_TOKEN_LISTEN_OFFSET(queue));
        return fake.listen[queue];
    }
    if (offset >= BELL_QUEUE_BASE_OFFSET(0)) {
        UINT32 queue = (offset - BELL_QUEUE_BASE_OFFSET(0)) / BELL_QUEUE_STRIDE;

        assert_true(queue < fake.queues);
        if (offset == BELL_QUEUE_CONFIG_OFFSET(queue))
            return fake.context[queue][2];
        if (offset == BELL_QUEUE_RPTR_OFFSET(queue))
            return fake.rptr[queue];
        if (offset == BELL_QUEUE_RESUME0_OFFSET(queue))
            return fake.schedule[queue].resume[0];
        if (offset == BELL_QUEUE_RESUME1_OFFSET(queue))
            return fake.schedule[queue].resume[1];
        if (offset == BELL_QUEUE_WAIT_LOG_INDEX_OFFSET(queue))
            return fake.schedule[queue].logs[2];
        if (offset == BELL_QUEUE_SIGNAL_LOG_INDEX_OFFSET(queue))
            return fake.schedule[queue].logs[3];
        assert_true(offset == BELL_QUEUE_STATE_OFFSET(queue));
        return read_state(queue);
    }
    if (offset >= BELL_SLOT_OWNER_OFFSET(0))
        return read_slot(offset);
    if (offset >= BELL_IDLE_LIMIT0_OFFSET && offset <= BELL_HUNG_LIMIT3_OFFSET)
        return fake.limits[(offset - BELL_IDLE_LIMIT0_OFFSET) / 8];
    if (log_word(offset) != NULL)
        return *log_word(offset);
    switch (offset) {
    case BELL_CTRL_OFFSET:
        return fake.ctrl;
    case BELL_ID_OFFSET:
        return fake.id;
    case BELL_CAPS_OFFSET:
        return BELL_FIELD_PUT(BELL_CAPS_SLOTS, fake.slots) |
               BELL_FIELD_PUT(BELL_CAPS_QUEUES, fake.queues) |
               BELL_FIELD_PUT(BELL_CAPS_NODES, fake.nodes) |
               BELL_FIELD_PUT(BELL_CAPS_LAYOUTS, fake.layouts) |
               BELL_FIELD_PUT(BELL_CAPS_SECONDARY, fake.secondary) |
               BELL_FIELD_PUT(BELL_CAPS_DOORBELL_BYTES, 8);
    case BELL_DOORBELLS_OFFSET:
        return BELL_FIELD_PUT(BELL_DOORBELLS_LAYOUT, fake.layout) |
               BELL_FIELD_PUT(BELL_DOORBELLS_IN_FORCE, fake.refuse_layout ? 0 : fake.layout);
    case BELL_STATUS_OFFSET:
        return BELL_STATUS_IDLE_MASK | read_log_busy() | read_node_busy();
    case BELL_TIME_OFFSET:
        return fake.time;
    case BELL_EVENT0_OFFSET:
        return has_event ? event[0] : 0;
    case BELL_EVENT1_OFFSET:
        return has_event ? event[1] : 0;
    default:
        fail_msg("read of a register that the driver has no business with: 0x%x", offset);
        return 0;
    }
}

ULONG64 READ_REGISTER_ULONG64(volatile ULONG64 *reg)
{
    UINT32 offset = offset_of(reg);
    UINT64 value = fake.gone ? UINT64_MAX : device_read(offset);

    log_op(FAKE_READ, offset, value);
    return value;
}

static void command(UINT32 queue, UINT64 value)
{
    UINT64 op = BELL_FIELD_GET(value, BELL_QUEUE_CMD_OP);

    fake.now[queue] = (value & BELL_QUEUE_CMD_NOW_MASK) != 0;
    assert_true(!fake.now[queue] || op == BELL_QUEUE_CMD_REMOVE || op == BELL_QUEUE_CMD_SUSPEND);
    switch (op) {
    case BELL_QUEUE_CMD_OPEN:
        assert_false(fake.open[queue]);
        fake.open[queue] = !fake.refuse_open;
        break;
    case BELL_QUEUE_CMD_CLOSE:
        fake.open[queue] = fake.running_reads != 0 && fake.open[queue];
        if (!fake.open[queue])
            fake.busy[queue] &= ~(UINT64)BELL_QUEUE_STATE_FAULTED_MASK;
        fake.listed[queue] = false;
        break;
    case BELL_QUEUE_CMD_ADD:
        fake.listed[queue] = fake.open[queue];
        break;
    case BELL_QUEUE_CMD_REMOVE:
    case BELL_QUEUE_CMD_SUSPEND:
        fake.listed[queue] = false;
        break;
    case BELL_QUEUE_CMD_KICK:
        fake.kicks[queue]++;
        break;
    default:
        fail_msg("unknown queue command %u", (unsigned)op);
    }
}

/* Of an open queue: only while it cannot be at an entry. */
static UINT64 *fence_log_word(UINT32 word, UINT32 queue)
{
    assert_true(!fake.open[queue] || (!fake.listed[queue] && fake.running_reads == 0));
    return &fake.schedule[queue].logs[word];
}

/* Where the words from SCHED to HANDLE are kept; NULL: another register. */
static UINT64 *schedule_word(UINT32 offset, UINT32 queue)
{
    struct fake_schedule *schedule = &fake.schedule[queue];

    if (offset == BELL_QUEUE_SCHED_OFFSET(queue))
        return &schedule->sched;
    if (offset == BELL_QUEUE_QUANTUM_OFFSET(queue))
        return &schedule->quantum;
    if (offset == BELL_QUEUE_GRACE_OFFSET(queue))
        return &schedule->grace;
    if (offset >= BELL_QUEUE_WAIT_LOG_OFFSET(queue) &&
        offset <= BELL_QUEUE_SIGNAL_LOG_INDEX_OFFSET(queue))
        return fence_log_word((offset - BELL_QUEUE_WAIT_LOG_OFFSET(queue)) / 8, queue);
    assert_false(fake.open[queue]); /* The others: before OPEN only. */
    if (offset == BELL_QUEUE_RESUME0_OFFSET(queue))
        return &schedule->resume[0];
    if (offset == BELL_QUEUE_RESUME1_OFFSET(queue))
        return &schedule->resume[1];
    return offset == BELL_QUEUE_HANDLE_OFFSET(queue) ? &schedule->handle : NULL;
}

static void write_queue(UINT32 offset, UINT64 value)
{
    UINT64 *kept;

    UINT32 queue = (offset - BELL_QUEUE_BASE_OFFSET(0)) / BELL_QUEUE_STRIDE;
    UINT32 word = (offset - BELL_QUEUE_BASE_OFFSET(queue)) / 8;

    assert_true(queue < fake.queues);
    if (offset == BELL_QUEUE_CMD_OFFSET(queue)) {
        command(queue, value);
        return;
    }
    kept = schedule_word(offset, queue);
    if (kept != NULL) {
        *kept = value;
        return;
    }
    assert_true(word < 4 && !fake.open[queue]);
    fake.context[queue][word] = value;
}

static void device_write(UINT32 offset, UINT64 value)
{
    if (is_token(offset)) {
        UINT32 queue = (offset - BELL_TOKEN_LISTEN_OFFSET(0)) / BELL_TOKEN_STRIDE;

        assert_true(queue < fake.queues && offset == BELL_TOKEN_LISTEN_OFFSET(queue));
        fake.listen[queue] = value;
    } else if (offset >= BELL_QUEUE_BASE_OFFSET(0)) {
        write_queue(offset, value);
    } else if (offset >= BELL_SLOT_OWNER_OFFSET(0)) {
        UINT32 slot = (offset - BELL_SLOT_OWNER_OFFSET(0)) / BELL_SLOT_STRIDE;

        assert_true(slot < fake.slots && offset == BELL_SLOT_OWNER_OFFSET(slot));
        fake.owner[slot] = value;
    } else if (offset >= BELL_IDLE_LIMIT0_OFFSET && offset <= BELL_HUNG_LIMIT3_OFFSET) {
        fake.limits[(offset - BELL_IDLE_LIMIT0_OFFSET) / 8] = value;
    } else if (log_word(offset) != NULL) {
        /* Shape and index: only while there is no log. */
        assert_true(offset <= BELL_LOG_BASE3_OFFSET ||
                    fake.logs[0][(offset - BELL_LOG_BASE0_OFFSET) / 8 % 4] == 0);
        *log_word(offset) = value;
    } else if (offset == BELL_BANDS_OFFSET) {
        fake.bands = value;
    } else if (offset == BELL_TIME_OFFSET) {
        fake.time = value;
    } else if (offset == BELL_IRQ_CTRL_OFFSET) {
        fake.irq_enabled = value != 0;
    } else if (offset == BELL_CTRL_OFFSET) {
        fake.enabled = value != 0;
        fake.ctrl = value;
    } else if (offset == BELL_EVENT_POP_OFFSET) {
        assert_true(fake.event_head != fake.event_tail);
        fake.event_tail++;
    } else if (offset == BELL_REPORT_ARM_OFFSET) {
        fake.report_arm = value;
    } else if (offset == BELL_DOORBELLS_OFFSET) {
        fake.layout = (UINT32)value;
    } else if (offset == BELL_FENCE_WAKE_OFFSET) {
        fake.wakes++;
    } else if (offset == BELL_NODE_ABORT_OFFSET) {
        fake.running_reads = fake.running_reads == -1 ? 0 : fake.running_reads;
    } else {
        fail_msg("write of a register that the driver has no business with: 0x%x", offset);
    }
}

VOID WRITE_REGISTER_ULONG64(volatile ULONG64 *reg, ULONG64 value)
{
    UINT32 offset = offset_of(reg);

    log_op(FAKE_WRITE, offset, value);
    device_write(offset, value);
}

/* ---- Callbacks ---------------------------------------------------------------------------- */

static NTSTATUS get_device_information(HANDLE device, DXGK_DEVICE_INFO *info)
{
    assert_ptr_equal(device, &os_device);
    info->TranslatedResourceList = &resources;
    return STATUS_SUCCESS;
}

static NTSTATUS map_memory(HANDLE device, PHYSICAL_ADDRESS address, ULONG length, BOOLEAN io,
                           BOOLEAN user, MEMORY_CACHING_TYPE cache, PVOID *mapped)
{
    assert_ptr_equal(device, &os_device);
    assert_false(io || user || length == 0);
    assert_int_equal(cache, MmNonCached);
    if (fake.fail_map == 0) {
        fake.fail_map = -1;
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    fake.fail_map -= fake.fail_map > 0;
    fake.live_maps++;
    *mapped = address.QuadPart == 0 ? (PVOID)bar0 : (PVOID)bar2;
    return STATUS_SUCCESS;
}

static NTSTATUS unmap_memory(HANDLE device, PVOID address)
{
    assert_ptr_equal(device, &os_device);
    assert_true(address == (PVOID)bar0 || address == (PVOID)bar2);
    fake.live_maps--;
    return STATUS_SUCCESS;
}

static BOOLEAN queue_dpc(HANDLE device)
{
    BOOLEAN was = fake.dpc_queued;

    assert_ptr_equal(device, &os_device);
    fake.dpc_queued = true;
    fake.dpcs_queued++;
    return !was;
}

static VOID notify_interrupt(HANDLE adapter, const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data)
{
    assert_ptr_equal(adapter, &os_device);
    assert_int_equal(fake.irql, BELL_DIRQL);
    assert_true(fake.notify_count < FAKE_NOTIFIES);
    fake.notifies[fake.notify_count++] = *data;
    if (data->InterruptType == DXGK_INTERRUPT_NATIVE_FENCE_SIGNALED)
        fake.notify_fence = data->NativeFenceSignaled.SignaledNativeFenceCount != 0
                                ? data->NativeFenceSignaled.pSignaledNativeFenceArray[0] : NULL;
}

static VOID notify_dpc(HANDLE adapter)
{
    assert_ptr_equal(adapter, &os_device);
    assert_int_equal(fake.irql, DISPATCH_LEVEL);
    fake.notify_dpcs++;
}

static NTSTATUS synchronize(HANDLE device, PKSYNCHRONIZE_ROUTINE routine, PVOID context,
                            ULONG message, BOOLEAN *result)
{
    KIRQL old = fake.irql;

    assert_ptr_equal(device, &os_device);
    assert_int_equal(message, 0);
    assert_true(old < BELL_DIRQL);
    fake.irql = BELL_DIRQL;
    *result = routine(context);
    fake.irql = old;
    return STATUS_SUCCESS;
}

static VOID *get_handle_data(const DXGKARGCB_GETHANDLEDATA *args)
{
    assert_true(fake.irql < DISPATCH_LEVEL);
    return args->hObject < FAKE_HANDLES ? fake.handles[args->hObject] : NULL;
}

static NTSTATUS disconnect_doorbell(const DXGKARGCB_DISCONNECTDOORBELL *args)
{
    assert_int_equal(fake.irql, PASSIVE_LEVEL);
    assert_int_equal(args->Flags.Value, 0);
    if (fake.on_disconnect != NULL)
        fake.on_disconnect(args);
    log_op(FAKE_CALLBACK, 0, (UINT64)args->DisconnectReason);
    if (NT_SUCCESS(fake.disconnect_status))
        fake.disconnects[fake.disconnect_count++] = *args;
    return fake.disconnect_status;
}

static NTSTATUS invalidate(const DXGKARGCB_INVALIDATEHWCONTEXT *args)
{
    assert_int_equal(fake.irql, PASSIVE_LEVEL);
    fake.invalidated = *args;
    fake.invalidate_count++;
    return STATUS_SUCCESS;
}

static NTSTATUS is_feature_enabled(HANDLE adapter, DXGKARGCB_ISFEATUREENABLED *args)
{
    assert_ptr_equal(adapter, &os_device);
    assert_true(args->FeatureId == DXGK_FEATURE_USER_MODE_SUBMISSION ||
                args->FeatureId == DXGK_FEATURE_NATIVE_FENCE);
    args->Result.Enabled = !fake.feature_off;
    return STATUS_SUCCESS;
}

NTSTATUS DxgkInitialize(PDRIVER_OBJECT driver, PUNICODE_STRING registry,
                        DRIVER_INITIALIZATION_DATA *data)
{
    UNREFERENCED_PARAMETER(driver);
    UNREFERENCED_PARAMETER(registry);
    assert_int_equal(data->Version, DXGKDDI_INTERFACE_VERSION);
    fake_ddi = *data;
    return STATUS_SUCCESS;
}

/* ---- Control ------------------------------------------------------------------------------ */

void fake_reset(void)
{
    memset(&fake, 0, sizeof(fake));
    fake.slots = 2;
    fake.queues = 64;
    fake.nodes = 3;
    fake.id = BELL_FIELD_PUT(BELL_ID_MAGIC, BELL_ID_MAGIC_RESET) |
              BELL_FIELD_PUT(BELL_ID_MAJOR, BELL_ID_MAJOR_RESET);
    fake.fail_alloc = -1;
    fake.fail_map = -1;
}

static void add_memory(UINT64 start, ULONG length)
{
    CM_PARTIAL_RESOURCE_LIST *list = &resources.List[0].PartialResourceList;
    CM_PARTIAL_RESOURCE_DESCRIPTOR *entry = &list->PartialDescriptors[list->Count++];

    entry->Type = CmResourceTypeMemory;
    entry->u.Memory.Start.QuadPart = (LONGLONG)start;
    entry->u.Memory.Length = length;
}

NTSTATUS fake_start(void)
{
    DXGK_START_INFO info = {0};
    DXGKRNL_INTERFACE dxgk = {
        .Size = sizeof(dxgk),
        .DeviceHandle = &os_device,
        .DxgkCbGetDeviceInformation = get_device_information,
        .DxgkCbMapMemory = map_memory,
        .DxgkCbUnmapMemory = unmap_memory,
        .DxgkCbQueueDpc = queue_dpc,
        .DxgkCbNotifyInterrupt = notify_interrupt,
        .DxgkCbNotifyDpc = notify_dpc,
        .DxgkCbSynchronizeExecution = synchronize,
        .DxgkCbGetHandleData = get_handle_data,
        .DxgkCbDisconnectDoorbell = disconnect_doorbell,
        .DxgkCbIsFeatureEnabled = is_feature_enabled,
        .DxgkCbInvalidateHwContext = invalidate,
    };
    static WCHAR path[] = {'k', 'e', 'y'};
    UNICODE_STRING registry_path = {sizeof(path), sizeof(path), path};
    ULONG sources = 1, children = 1;
    NTSTATUS status;

    memset(&resources, 0, sizeof(resources));
    resources.Count = 1;
    add_memory(0, sizeof(bar0));
    add_memory(sizeof(bar0),
               fake.bar2_bytes != 0 ? fake.bar2_bytes : fake.slots * BELL_DOORBELL_BYTES);
    assert_int_equal(DriverEntry(NULL, &registry_path), STATUS_SUCCESS);
    assert_int_equal(fake_ddi.DxgkDdiAddDevice(NULL, &fake_adapter), STATUS_SUCCESS);
    status = fake_ddi.DxgkDdiStartDevice(fake_adapter, &info, &dxgk, &sources, &children);
    assert_int_equal(sources, 0);
    assert_int_equal(children, 0);
    fake_clear_ops();
    return status;
}

void fake_stop(void)
{
    assert_int_equal(fake_ddi.DxgkDdiStopDevice(fake_adapter), STATUS_SUCCESS);
    assert_int_equal(fake_ddi.DxgkDdiRemoveDevice(fake_adapter), STATUS_SUCCESS);
    assert_int_equal(fake.live_pool, 0);
    assert_int_equal(fake.live_contiguous, 0);
    assert_int_equal(fake.live_maps, 0);
    assert_int_equal(fake.live_locks, 0);
    assert_int_equal(fake.irql, PASSIVE_LEVEL);
}
