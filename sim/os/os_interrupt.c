/* SPDX-License-Identifier: MIT */
#include "os_native.h"

#include <stdlib.h>
#include <string.h>

/** Interrupt routine calls in a row that neither lower the line nor report or queue anything. */
#define STORM_FRUITLESS 1000u
/** Interrupt routine calls in a row without the line going low, whatever they do. */
#define STORM_TOTAL 100000u
/** Clocks that ISR, DPC and worker get to come to rest at stop. */
#define REST_TIMEOUT OS_LOCK_TIMEOUT
#define REST_POLL 8u

struct work {
    struct work *next;
    void (*fn)(void *arg);
    void *arg;
};

static struct {
    bool connected;
    bool level;
    bool isr_busy;      /**< Interrupt routine or a synchronized routine runs. */
    bool dpc_queued, dpc_busy;
    bool worker_busy;
    bool notifying;     /**< Inside DxgkCbNotifyInterrupt. */
    bool fruitful;      /**< The present interrupt routine reported or queued something. */
    unsigned fruitless; /**< Calls since the last fruitful one or falling edge. */
    unsigned total;     /**< Calls since the last falling edge. */
    struct bell_waitq isr_wait, busy_wait, dpc_wait, work_wait;
    struct work *work_head, **work_tail;
} state;

void os_interrupt_line(bool level)
{
    state.level = level;
    if (level) {
        bell_thread_wake_all(&state.isr_wait);
        return;
    }
    state.fruitless = 0;
    state.total = 0;
}

bool os_interrupt_dpc_queued(void)
{
    return state.dpc_queued;
}

static void storm(void)
{
    os_violation("DB-INT-02", 0, "interrupt storm: line high through %u calls of "
                 "DxgkDdiInterruptRoutine%s; expected the driver to consume or mask the event",
                 state.total,
                 state.fruitless > STORM_FRUITLESS ? ", none reported anything" : "");
    os_monitor_give_up("the interrupt line stays high");
}

static void check_storm(void)
{
    state.fruitless = state.fruitful ? 0 : state.fruitless + 1;
    state.total++;
    if (state.fruitless > STORM_FRUITLESS || state.total > STORM_TOTAL)
        storm();
}

static void isr_lock(void)
{
    while (state.isr_busy)
        bell_thread_wait(&state.busy_wait, 0, "the interrupt routine to return");
    state.isr_busy = true;
}

static void isr_unlock(void)
{
    state.isr_busy = false;
    bell_thread_wake_all(&state.busy_wait);
}

static void call_isr(void)
{
    BOOLEAN claimed;

    isr_lock();
    if (state.connected && state.level) {
        state.fruitful = false;
        os_ddi_enter("DxgkDdiInterruptRoutine", 0, NULL, 0, BELL_DIRQL);
        claimed = os_adapter.ddi.DxgkDdiInterruptRoutine(os_adapter.miniport, 0);
        os_ddi_exit("DxgkDdiInterruptRoutine", 0, NULL, 0, claimed);
    }
    isr_unlock();
}

static void isr_thread(void *arg)
{
    (void)arg;
    for (;;) {
        while (!state.connected || !state.level)
            bell_thread_wait(&state.isr_wait, 0, "an interrupt");
        call_isr();
        if (state.level)
            check_storm();
        bell_thread_point();
    }
}

static void dpc_thread(void *arg)
{
    (void)arg;
    for (;;) {
        while (!state.dpc_queued)
            bell_thread_wait(&state.dpc_wait, 0, "a queued DPC");
        state.dpc_queued = false;
        state.dpc_busy = true;
        os_ddi_enter("DxgkDdiDpcRoutine", 0, NULL, 0, DISPATCH_LEVEL);
        os_adapter.ddi.DxgkDdiDpcRoutine(os_adapter.miniport);
        os_ddi_exit("DxgkDdiDpcRoutine", 0, NULL, 0, STATUS_SUCCESS);
        os_native_logs_dpc();
        state.dpc_busy = false;
        bell_thread_point();
    }
}

static void worker_thread(void *arg)
{
    (void)arg;
    for (;;) {
        struct work *item;

        while ((item = state.work_head) == NULL)
            bell_thread_wait(&state.work_wait, 0, "a work item");
        state.work_head = item->next;
        if (state.work_head == NULL)
            state.work_tail = &state.work_head;
        state.worker_busy = true;
        bell_os_point("dpc-to-worker");
        item->fn(item->arg);
        free(item);
        state.worker_busy = false;
    }
}

void os_interrupt_init(void)
{
    memset(&state, 0, sizeof(state));
    state.work_tail = &state.work_head;
    os_thread_create("isr", OS_CPU_INTERRUPT, true, NULL, BELL_DIRQL, isr_thread, NULL);
    os_thread_create("dpc", OS_CPU_INTERRUPT, true, NULL, DISPATCH_LEVEL, dpc_thread, NULL);
    os_thread_create("worker", OS_CPU_SYSTEM, true, NULL, PASSIVE_LEVEL, worker_thread, NULL);
}

void os_interrupt_cleanup(void)
{
    while (state.work_head != NULL) {
        struct work *next = state.work_head->next;

        free(state.work_head);
        state.work_head = next;
    }
    memset(&state, 0, sizeof(state));
    state.work_tail = &state.work_head;
}

void os_interrupt_connect(void)
{
    state.connected = true;
    bell_thread_wake_all(&state.isr_wait);
}

void os_interrupt_rest(void)
{
    uint64_t deadline = bell_sim_now() + REST_TIMEOUT;

    while (state.isr_busy || state.dpc_queued || state.dpc_busy || state.worker_busy ||
           state.work_head != NULL) {
        if (bell_sim_now() >= deadline)
            bell_sim_fail("stop: %s did not come to rest within %u clocks",
                          state.isr_busy ? "the interrupt routine"
                          : state.dpc_queued || state.dpc_busy ? "the DPC" : "the worker",
                          REST_TIMEOUT);
        bell_thread_sleep(REST_POLL);
    }
}

void os_interrupt_disconnect(void)
{
    state.connected = false;
    os_interrupt_rest();
}

void os_work_queue(void (*fn)(void *arg), void *arg)
{
    struct work *item = calloc(1, sizeof(*item));

    if (item == NULL)
        abort();
    item->fn = fn;
    item->arg = arg;
    *state.work_tail = item;
    state.work_tail = &item->next;
    bell_thread_wake_one(&state.work_wait);
}

/* --- Callbacks ------------------------------------------------------------------------------- */

BOOLEAN os_cb_queue_dpc(HANDLE device)
{
    BOOLEAN queued = !state.dpc_queued;

    os_require_device(device, "DxgkCbQueueDpc");
    os_trace(BELFRY_CB_ENTER, "DxgkCbQueueDpc", 0);
    os_monitor_queue_dpc();
    state.dpc_queued = true;
    state.fruitful = true;
    bell_thread_wake_one(&state.dpc_wait);
    os_trace(BELFRY_CB_EXIT, "DxgkCbQueueDpc", 0)->status = queued;
    return queued;
}

VOID os_cb_notify_interrupt(HANDLE adapter, const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data)
{
    os_require_device(adapter, "DxgkCbNotifyInterrupt");
    os_require_irql(BELL_DIRQL, "DxgkCbNotifyInterrupt", "DB-INT-01");
    if (data == NULL || state.notifying) {
        os_violation("DB-INT-02", 0, "DxgkCbNotifyInterrupt is %s",
                     data == NULL ? "called with NULL" : "re-entered");
        return;
    }
    state.notifying = true;
    state.fruitful = true;
    os_trace_args(BELFRY_CB_ENTER, "DxgkCbNotifyInterrupt", 0, data, sizeof(*data))->value =
        (uint64_t)data->InterruptType;
    os_monitor_interrupt(data);
    os_objects_interrupt(data);
    os_trace(BELFRY_CB_EXIT, "DxgkCbNotifyInterrupt", 0);
    state.notifying = false;
}

VOID os_cb_notify_dpc(HANDLE adapter)
{
    os_require_device(adapter, "DxgkCbNotifyDpc");
    os_require_irql(DISPATCH_LEVEL, "DxgkCbNotifyDpc", "DB-INT-01");
    os_trace(BELFRY_CB_ENTER, "DxgkCbNotifyDpc", 0);
    os_monitor_notify_dpc();
    os_objects_dpc();
    os_trace(BELFRY_CB_EXIT, "DxgkCbNotifyDpc", 0);
}

void os_interrupt_run(void (*fn)(void *arg), void *arg)
{
    struct os_thread *self = os_thread_self();
    KIRQL before = self->irql;

    isr_lock();
    self->irql = BELL_DIRQL;
    fn(arg);
    self->irql = before;
    os_monitor_synchronized();
    isr_unlock();
}

NTSTATUS os_cb_synchronize_execution(HANDLE device, PKSYNCHRONIZE_ROUTINE routine, PVOID context,
                                     ULONG message, BOOLEAN *result)
{
    struct os_thread *self = os_thread_self();
    KIRQL before = self->irql;
    BOOLEAN answer;

    os_require_device(device, "DxgkCbSynchronizeExecution");
    os_trace(BELFRY_CB_ENTER, "DxgkCbSynchronizeExecution", 0);
    if (routine == NULL || result == NULL || message != 0) {
        os_trace(BELFRY_CB_EXIT, "DxgkCbSynchronizeExecution", 0)->status =
            (uint32_t)STATUS_INVALID_PARAMETER;
        return STATUS_INVALID_PARAMETER;
    }
    if (before == BELL_DIRQL) {
        os_violation("DB-INT-01", 0, "DxgkCbSynchronizeExecution is called at DIRQL");
        os_monitor_give_up("the interrupt routine would wait for itself");
    }
    isr_lock();
    self->irql = BELL_DIRQL;
    answer = routine(context);
    self->irql = before;
    os_monitor_synchronized();
    isr_unlock();
    *result = answer;
    os_trace(BELFRY_CB_EXIT, "DxgkCbSynchronizeExecution", 0);
    return STATUS_SUCCESS;
}
