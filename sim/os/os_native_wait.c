/* SPDX-License-Identifier: MIT */
/* CPU waiters of native fences: no wake-up is missed, whoever comes first (NF-INT-01, NF-SYN-01). */
#include "os_native.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct os_native_waiter {
    struct os_native *native; /**< Referenced. */
    uint64_t value;
    bool reached;
    struct os_native_waiter *next; /**< Of the fence. */
};

static struct bell_waitq sleepers; /**< Who is woken looks at its own `reached`. */

void os_native_waits_forget(void)
{
    sleepers = (struct bell_waitq){ 0 };
}

uint64_t os_native_wanted(const struct os_native *native)
{
    uint64_t least = UINT64_MAX;

    for (const struct os_native_waiter *w = native->waiters; w; w = w->next)
        if (!w->reached && w->value - 1 < least)
            least = w->value - 1;
    return least;
}

unsigned os_native_waiters(const struct os_native *native)
{
    unsigned count = 0;

    for (const struct os_native_waiter *w = native->waiters; w; w = w->next)
        count++;
    return count;
}

static uint64_t read_current(const struct os_native *native)
{
    return native->current ? __atomic_load_n(native->current, __ATOMIC_SEQ_CST) : 0;
}

/* --- The monitored value ---------------------------------------------------------------------- */

/* DIRQL: what is wanted is computed and stored before anybody else can want something else. */
static void update_at_dirql(void *arg)
{
    struct os_native *native = arg;
    uint64_t value = os_native_wanted(native);
    void *address = (void *)(uintptr_t)native->monitored;
    DXGKARG_UPDATEMONITOREDVALUES args = { .NativeFenceArray = &native->kmd,
                                           .UpdatedValueArray = &value,
                                           .MonitoredValueKernelCpuVa = &address,
                                           .NumFences = 1 };
    NTSTATUS status;

    if (!native->kmd || *native->monitored == value)
        return;
    status = OS_DDI(UpdateMonitoredValues, native->serial, &args, BELL_DIRQL,
                    os_adapter.ddi.DxgkDdiUpdateMonitoredValues(os_adapter.miniport, &args));
    os_must_succeed(status, "DxgkDdiUpdateMonitoredValues", "NF-SYN-01");
}

static void look(struct os_native *native)
{
    uint64_t current = read_current(native);

    for (struct os_native_waiter *w = native->waiters; w; w = w->next)
        if (native->current && current >= w->value)
            w->reached = true;
}

/* --- Reports ---------------------------------------------------------------------------------- */

void os_native_interrupt(const DXGKARGCB_NOTIFY_INTERRUPT_DATA *data)
{
    HANDLE *array = data->NativeFenceSignaled.pSignaledNativeFenceArray;

    if (!array) {
        for (struct os_native *native = os_native_first(); native; native = native->next)
            native->signaled = true;
        return;
    }
    for (UINT i = 0; i < data->NativeFenceSignaled.SignaledNativeFenceCount; i++) {
        struct os_native *native = os_native_from_token(array[i]);

        if (native)
            native->signaled = true;
    }
}

void os_native_dpc(void)
{
    bool any = false;

    for (struct os_native *native = os_native_first(); native; native = native->next) {
        if (!native->signaled)
            continue;
        native->signaled = false;
        look(native);
        any = true;
    }
    if (any)
        os_native_wake();
}

void os_native_wake(void)
{
    bell_thread_wake_all(&sleepers);
}

void os_native_rescan(void)
{
    for (struct os_native *native = os_native_first(); native; native = native->next)
        look(native);
    os_native_wake();
}

/* --- Wait ------------------------------------------------------------------------------------- */

struct wait {
    struct os_fence *const *fences;
    struct os_native_waiter *waiters; /* One a fence. */
    unsigned count, needed;
};

static void enlist(struct wait *wait, const uint64_t *values)
{
    for (unsigned i = 0; i < wait->count; i++) {
        struct os_native *native = wait->fences[i]->native;

        wait->waiters[i] = (struct os_native_waiter){ .native = native, .value = values[i],
                                                      .reached = values[i] == 0,
                                                      .next = native->waiters };
        native->refs++;
        native->waiters = &wait->waiters[i];
    }
}

static void unlist(struct os_native_waiter *waiter)
{
    struct os_native_waiter **link = &waiter->native->waiters;

    while (*link != waiter)
        link = &(*link)->next;
    *link = waiter->next;
}

static void update_all(const struct wait *wait)
{
    for (unsigned i = 0; i < wait->count; i++)
        os_interrupt_run(update_at_dirql, wait->waiters[i].native);
}

/* The monitored values rise, or spurious reports would go on. */
static void leave(struct wait *wait)
{
    for (unsigned i = 0; i < wait->count; i++)
        unlist(&wait->waiters[i]);
    update_all(wait);
    for (unsigned i = 0; i < wait->count; i++)
        os_native_unref(wait->waiters[i].native);
}

static bool is_over(const struct wait *wait)
{
    unsigned reached = 0;

    for (unsigned i = 0; i < wait->count; i++)
        reached += wait->waiters[i].reached;
    return reached >= wait->needed;
}

static bool is_dead(const struct wait *wait)
{
    for (unsigned i = 0; i < wait->count; i++)
        if (!wait->waiters[i].reached && wait->fences[i]->dead)
            return true;
    return os_thread_self()->dying;
}

static uint64_t progress_of(const struct wait *wait)
{
    uint64_t progress = 0;

    for (unsigned i = 0; i < wait->count; i++)
        progress += read_current(wait->waiters[i].native);
    return progress;
}

/* Nothing moved for so long: did the driver keep a signal to itself? */
static NTSTATUS give_up(const struct wait *wait)
{
    for (unsigned i = 0; i < wait->count; i++) {
        const struct os_native_waiter *waiter = &wait->waiters[i];
        uint64_t current = read_current(waiter->native);

        if (!waiter->reached && waiter->native->current && current >= waiter->value)
            os_violation("NF-INT-01", wait->fences[i]->base.name, "the fence is at %" PRIu64
                         ", a waiter for %" PRIu64 " sleeps: no report named it", current,
                         waiter->value);
    }
    return STATUS_IO_TIMEOUT;
}

static const struct os_native_waiter *first_missing(const struct wait *wait)
{
    const struct os_native_waiter *waiter = wait->waiters;

    while (waiter->reached)
        waiter++;
    return waiter;
}

static NTSTATUS sleep_until_over(struct wait *wait)
{
    uint64_t progress = progress_of(wait);
    uint64_t end = bell_sim_now() + OS_TDR_CYCLES;
    char what[96];

    while (!is_over(wait)) {
        const struct os_native_waiter *missing = first_missing(wait);

        if (is_dead(wait))
            return STATUS_DEVICE_REMOVED;
        snprintf(what, sizeof(what), "native fence %" PRIu32 " to reach %" PRIu64,
                 missing->native->serial, missing->value);
        (void)os_wait(&sleepers, end - bell_sim_now(), what);
        if (progress_of(wait) != progress)
            end = bell_sim_now() + OS_TDR_CYCLES;
        else if (bell_sim_now() >= end && !is_over(wait))
            return give_up(wait);
        progress = progress_of(wait);
    }
    return STATUS_SUCCESS;
}

NTSTATUS os_native_wait(struct os_fence *const *fences, const uint64_t *values, unsigned count,
                        bool any)
{
    struct wait wait = { .fences = fences, .count = count, .needed = any ? 1u : count };
    NTSTATUS status;

    wait.waiters = calloc(count, sizeof(*wait.waiters));
    if (!wait.waiters)
        return STATUS_NO_MEMORY;
    enlist(&wait, values);
    bell_os_point("native-wait.listed-to-monitored");
    update_all(&wait);
    bell_os_point("native-wait.monitored-to-reread");
    for (unsigned i = 0; i < count; i++)
        look(wait.waiters[i].native); /* NF-SYN-01. */
    bell_os_point("native-wait.reread-to-sleep");
    status = sleep_until_over(&wait);
    leave(&wait);
    free(wait.waiters);
    return status;
}

/* --- Signal ----------------------------------------------------------------------------------- */

static NTSTATUS signal_in_driver(struct os_fence *fence, uint64_t value)
{
    struct os_native *native = fence->native;
    void *address = (void *)(uintptr_t)native->current;
    DXGKARG_UPDATECURRENTVALUESFROMCPU args = { .NativeFenceArray = &native->kmd,
                                                .UpdatedValueArray = &value,
                                                .CurrentValueKernelCpuVa = &address,
                                                .NumFences = 1 };
    NTSTATUS status;

    os_driver_enter(fence->base.process);
    status = OS_DDI(UpdateCurrentValuesFromCpu, native->serial, &args, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiUpdateCurrentValuesFromCpu(os_adapter.miniport, &args));
    os_driver_leave(fence->base.process);
    os_must_succeed(status, "DxgkDdiUpdateCurrentValuesFromCpu", "NF-OBJ-01");
    return status;
}

NTSTATUS os_native_signal(struct os_fence *const *fences, const uint64_t *values, unsigned count)
{
    NTSTATUS status = STATUS_SUCCESS;

    for (unsigned i = 0; i < count; i++)
        if (read_current(fences[i]->native) > values[i])
            return STATUS_INVALID_PARAMETER;
    for (unsigned i = 0; i < count && NT_SUCCESS(status); i++) {
        struct os_native *native = fences[i]->native;

        os_lock_acquire(&native->lock); /* It is not destroyed meanwhile. */
        status = native->kmd ? signal_in_driver(fences[i], values[i]) : STATUS_DEVICE_REMOVED;
        look(native); /* No interrupt tells the CPU what it did itself. */
        os_lock_release(&native->lock);
    }
    os_native_wake();
    return status;
}
