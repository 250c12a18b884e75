/* SPDX-License-Identifier: MIT */
/* Enter and exit of every DDI: the rules that all have, and which has more. */
#include "os_objects.h"

#include <string.h>

static uint64_t last_serial;

static void adapter_stop_enter(struct os_monitor_call *call)
{
    (void)call;
    os_device_forget_grants();
}

static void queue_closing(struct os_monitor_call *call)
{
    struct os_queue *queue = os_object_peek((D3DKMT_HANDLE)call->object, OS_QUEUE);

    if (queue != NULL)
        queue->monitor_closing = true;
}

/** Destroy DDIs whose argument is the driver's handle itself. */
static void check_freed(struct os_monitor_call *call, NTSTATUS status)
{
    HANDLE object = *(const HANDLE *)call->args;

    if (status == STATUS_SUCCESS && os_monitor_not_freed(object))
        os_violation(call->ddi->must, call->object, "the driver's object %p was not freed", object);
    os_monitor_handle_gone(object);
}

static void process_freed(struct os_monitor_call *call, NTSTATUS status)
{
    HANDLE process = *(const HANDLE *)call->args;

    if (status == STATUS_SUCCESS && os_pool_is_block(process))
        os_violation("DB-TRM-01", call->object, "the driver's object %p was not freed", process);
}

static const struct os_ddi ddis[] = {
    {"DxgkDdiStopDevice", "DB-THR-01", NULL, NULL, adapter_stop_enter, NULL},
    {"DxgkDdiInterruptRoutine", "DB-INT-01", NULL, NULL, NULL, os_interrupt_exit},
    {"DxgkDdiDpcRoutine", "DB-INT-01", NULL, NULL, NULL, os_dpc_exit},
    {"DxgkDdiGetNodeMetadata", "DB-CAP-02", NULL, NULL, NULL, NULL},
    {"DxgkDdiQueryAdapterInfo", "DB-CAP-04", NULL, NULL, NULL, NULL},
    {"DxgkDdiCreateProcess", "DB-THR-01", NULL, "DB-TRM-01", NULL, NULL},
    {"DxgkDdiDestroyProcess", "DB-THR-01", "DB-TRM-01", NULL, NULL, process_freed},
    {"DxgkDdiCreateDevice", "DB-THR-01", NULL, "HS-CTX-01", NULL, os_device_create_exit},
    {"DxgkDdiDestroyDevice", "DB-THR-01", "HS-CTX-01", NULL, NULL, check_freed},
    {"DxgkDdiCreateAllocation", "AL-CRE-01", NULL, "AL-CRE-04", os_alloc_create_enter,
     os_alloc_create_exit},
    {"DxgkDdiDestroyAllocation", "AL-DST-01", "AL-DST-01", NULL, NULL, os_alloc_destroy_exit},
    {"DxgkDdiDescribeAllocation", "AL-DSC-01", NULL, NULL, NULL, NULL},
    {"DxgkDdiOpenAllocation", "AL-OPN-01", NULL, "AL-OPN-01", NULL, os_alloc_open_exit},
    {"DxgkDdiCloseAllocation", "AL-CLS-01", "AL-CLS-01", NULL, NULL, os_alloc_close_exit},
    {"DxgkDdiBuildPagingBuffer", "DB-THR-01", NULL, "A-04", NULL, os_alloc_page_exit},
    {"DxgkDdiCreateHwContext", "DB-THR-01", NULL, "HS-CTX-01", NULL, os_context_create_exit},
    {"DxgkDdiDestroyHwContext", "DB-THR-01", "HS-CTX-01", NULL, NULL, check_freed},
    {"DxgkDdiCreateHwQueue", "DB-QUE-06", NULL, "DB-QUE-06", NULL, os_queue_create_exit},
    {"DxgkDdiDestroyHwQueue", "DB-QUE-06", "DB-QUE-06", NULL, queue_closing, check_freed},
    {"DxgkDdiSuspendContext", "DB-THR-01", NULL, NULL, NULL, os_context_suspend_exit},
    {"DxgkDdiResumeContext", "DB-THR-01", NULL, NULL, NULL, os_context_resume_exit},
    {"DxgkDdiCreateDoorbell", "DB-THR-01", NULL, "DB-CRE-01", NULL, os_doorbell_create_exit},
    {"DxgkDdiConnectDoorbell", "DB-THR-01", NULL, "DB-CON-12", os_doorbell_connect_enter,
     os_doorbell_connect_exit},
    {"DxgkDdiDisconnectDoorbell", "DB-THR-01", "DB-DIS-01", NULL, os_doorbell_disconnect_enter,
     os_doorbell_disconnect_exit},
    {"DxgkDdiDestroyDoorbell", "DB-THR-01", "DB-DES-04", NULL, os_doorbell_destroy_enter,
     os_doorbell_destroy_exit},
    {"DxgkDdiNotifyWorkSubmission", "DB-THR-01", "DB-NTF-02", NULL, NULL, NULL},
    {"DxgkDdiResetEngine", "DB-THR-01", NULL, NULL, os_packet_reset_enter, os_packet_reset_exit},
    {"DxgkDdiResetHwEngine", "DB-THR-01", NULL, NULL, NULL, os_engine_reset_exit},
    {"DxgkDdiResumeHwEngine", "DB-THR-01", NULL, NULL, os_engine_resume_enter,
     os_engine_resume_exit},
    {"DxgkDdiQueryEngineStatus", "DB-THR-01", "HS-RST-04", NULL, NULL, NULL},
    {"DxgkDdiUpdateHwContextState", "DB-THR-01", "HS-UPD-01", NULL, NULL, os_sched_update_exit},
    {"DxgkDdiSwitchToHwContextList", "DB-THR-01", "HS-SWI-01", NULL, NULL, os_sched_switch_exit},
    {"DxgkDdiSetupPriorityBands", "DB-THR-01", "HS-PRI-01", NULL, NULL, NULL},
    {"DxgkDdiSetContextSchedulingProperties", "DB-THR-01", "HS-PRI-02", NULL, NULL,
     os_sched_properties_exit},
    {"DxgkDdiSetSchedulingLogBuffer", "DB-THR-01", "HS-LOG-01", NULL, NULL, NULL},
    {"DxgkDdiCreateNativeFence", "NF-LIF-01", NULL, "NF-LIF-01", os_native_create_enter,
     os_native_create_exit},
    {"DxgkDdiDestroyNativeFence", "NF-LIF-01", "NF-LIF-01", NULL, NULL, os_native_destroy_exit},
    {"DxgkDdiOpenNativeFence", "NF-LIF-01", NULL, "NF-LIF-01", os_native_open_enter,
     os_native_open_exit},
    {"DxgkDdiCloseNativeFence", "NF-LIF-01", "NF-LIF-01", NULL, NULL, os_native_close_exit},
    {"DxgkDdiUpdateMonitoredValues", "NF-SYN-01", "NF-SYN-01", NULL, os_native_monitored_enter,
     os_native_monitored_exit},
    {"DxgkDdiUpdateCurrentValuesFromCpu", "DB-THR-01", "NF-OBJ-01", NULL, NULL,
     os_native_current_exit},
    {"DxgkDdiSetNativeFenceLogBuffer", "NF-LOG-01", "NF-LOG-01", NULL, NULL, NULL},
    {"DxgkDdiUpdateNativeFenceLogs", "NF-LOG-01", "NF-LOG-01", NULL, NULL, NULL},
};

static const struct os_ddi *find(const char *name)
{
    for (size_t i = 0; i < sizeof(ddis) / sizeof(ddis[0]); i++)
        if (strcmp(ddis[i].name, name) == 0)
            return &ddis[i];
    return NULL;
}

const char *os_monitor_irql_rule(const char *ddi)
{
    const struct os_ddi *found = ddi != NULL ? find(ddi) : NULL;

    return found != NULL ? found->irql : "DB-THR-01";
}

void os_monitor_ddi_enter(const char *name, uint64_t object, const void *args)
{
    struct os_monitor_call *call = os_monitor_call();

    *call = (struct os_monitor_call){.serial = ++last_serial,
                                     .ddi = find(name),
                                     .name = name,
                                     .object = object,
                                     .begun = os_monitor_tick(),
                                     .args = args,
                                     .stolen_slot = OS_NO_SLOT};
    if (call->ddi != NULL && call->ddi->enter != NULL)
        call->ddi->enter(call);
}

/* --- Exit ------------------------------------------------------------------------------------ */

static void check_level(const char *name)
{
    struct os_thread *self = os_thread_self();

    if (self->irql == self->ddi_irql)
        return;
    os_violation(os_monitor_irql_rule(name), self->monitor.object, "%s returned at IRQL %u; it was "
                 "called at %u", name, self->irql, self->ddi_irql);
    self->irql = self->ddi_irql;
}

static void check_held(const char *name)
{
    struct os_thread *self = os_thread_self();

    if (self->held == self->ddi_held)
        return;
    os_violation("DB-THR-03", self->monitor.object, "%s returned holding \"%s\"; expected every "
                 "lock of the driver released", name,
                 self->held > self->ddi_held ? self->locks[self->held - 1]->name : "fewer locks");
    while (self->held > self->ddi_held)
        os_lock_release((struct os_lock *)(uintptr_t)self->locks[self->held - 1]);
}

/** AL-HND-01. */
static void check_null_data(const struct os_monitor_call *call, NTSTATUS status)
{
    if (call->null_data != 0 && status != STATUS_INVALID_HANDLE)
        os_violation("AL-HND-01", call->object, "DxgkCbGetHandleData gave NULL, and %s returned "
                     "0x%08X", call->name, (unsigned)status);
}

/** What a call made that failed must be gone again. */
static void check_failure(const struct os_monitor_call *call, NTSTATUS status)
{
    unsigned blocks;

    if (call->ddi == NULL)
        return;
    if (call->ddi->must != NULL && status != STATUS_SUCCESS)
        os_violation(call->ddi->must, call->object, "%s returned 0x%08X; it must return "
                     "STATUS_SUCCESS", call->name, (unsigned)status);
    if (call->ddi->leak == NULL || NT_SUCCESS(status))
        return;
    blocks = os_pool_of_call(call->serial);
    if (blocks != 0)
        os_violation(call->ddi->leak, call->object, "%s returned 0x%08X and left %u pool block%s",
                     call->name, (unsigned)status, blocks, blocks == 1 ? "" : "s");
}

void os_monitor_ddi_exit(const char *name, uint64_t object, const void *args, NTSTATUS status)
{
    struct os_monitor_call *call = os_monitor_call();

    (void)object;
    (void)args;
    check_level(name);
    check_held(name);
    check_null_data(call, status);
    check_failure(call, status);
    if (call->ddi != NULL && call->ddi->exit != NULL)
        call->ddi->exit(call, status);
    os_monitor_status_words();
    call->serial = 0;
    call->object = 0;
    call->name = "";
}

/* --- Callbacks and locks --------------------------------------------------------------------- */

void os_monitor_handle_data(const DXGKARGCB_GETHANDLEDATA *args, const void *found)
{
    struct os_monitor_call *call = os_monitor_call();

    if (args != NULL && args->Flags.DeviceSpecific && args->Type != DXGK_HANDLE_ALLOCATION)
        os_violation("AL-HND-02", args->hObject, "DxgkCbGetHandleData: DeviceSpecific with type %d",
                     (int)args->Type);
    call->null_data += found == NULL && call->serial != 0;
}

#define MAX_ORDERS 4096u
static struct {
    const char *first, *second;
} orders[MAX_ORDERS];
static unsigned order_count;

static bool is_known(const char *first, const char *second)
{
    for (unsigned i = 0; i < order_count; i++)
        if (orders[i].first == first && orders[i].second == second)
            return true;
    return false;
}

void os_monitor_lock(const char *held, const char *wanted)
{
    if (is_known(held, wanted))
        return;
    if (is_known(wanted, held))
        os_violation("DB-THR-03", 0, "\"%s\" is acquired while \"%s\" is held; before, they were "
                     "acquired in the other order: two threads may wait for each other", wanted,
                     held);
    if (order_count < MAX_ORDERS) {
        orders[order_count].first = held;
        orders[order_count].second = wanted;
        order_count++;
    }
}

void os_monitor_locks_init(void)
{
    order_count = 0;
}

/* --- At the end ------------------------------------------------------------------------------ */

void os_monitor_leaks(void)
{
    const char *from;
    unsigned blocks = os_pool_live_from(&from);

    if (blocks != 0)
        os_violation("WDK-POOL-02", 0, "%u pool block%s live after the driver was unloaded; the "
                     "newest was made in %s", blocks, blocks == 1 ? " is" : "s are", from);
    if (os_adapter.mapped != 0)
        os_violation("WDK-MAP-01", 0, "%u mapping%s live after the driver was unloaded",
                     os_adapter.mapped, os_adapter.mapped == 1 ? " is" : "s are");
}
