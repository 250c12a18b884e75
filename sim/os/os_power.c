/* SPDX-License-Identifier: MIT */
#include "os_power.h"

#include <string.h>

/** Clocks that a state may stay "on the way" while others wait for it. */
#define TRANSITION_TIMEOUT OS_LOCK_TIMEOUT
/** The driver is asked this often whether an engine is idle, with so many clocks between. */
#define GATE_TRIES 16u
#define GATE_PAUSE 500u
/** Rounds of suspending before the OS gives up: contexts that others resume, or new ones. */
#define DOWN_TRIES 64u
#define COMPONENT_F0 0u
#define COMPONENT_F1 1u

enum d_state { D0, D_GOING_DOWN, D_COMMITTED, D3, D_GOING_UP };
enum f_state { F0, F_GOING_DOWN, F1 };

static struct {
    struct os_lock lock;
    enum d_state d;
    enum f_state f[OS_MAX_NODES];
    struct bell_waitq changed;
    bool alone;
    bool off; /**< No register may be touched. */
    unsigned inside;
    struct bell_waitq gate;
    bool resetting[OS_MAX_NODES];
    bool idle_noted[OS_MAX_NODES], hung_noted[OS_MAX_NODES];
} power;

void os_power_init(void)
{
    memset(&power, 0, sizeof(power));
    os_lock_init(&power.lock, "power", OS_RANK_POWER);
}

static void note(const char *name, UINT node)
{
    os_trace(BELFRY_POWER, name, node);
}

/* --- The driver to oneself -------------------------------------------------------------------- */

void os_power_enter_driver(void)
{
    while (power.alone)
        if (!bell_thread_wait(&power.gate, TRANSITION_TIMEOUT, "a power or reset DDI to return") &&
            power.alone)
            bell_sim_fail("driver: a power or reset DDI did not return within %u clocks",
                          TRANSITION_TIMEOUT);
    power.inside++;
}

bool os_power_try_enter_driver(void)
{
    if (power.alone)
        return false;
    power.inside++;
    return true;
}

void os_power_leave_driver(void)
{
    power.inside--;
    bell_thread_wake_all(&power.gate);
}

static void wait_for(bool (*done)(void), uint64_t patience, const char *who)
{
    uint64_t end = bell_sim_now() + patience;

    while (!done()) {
        if (bell_sim_now() >= end)
            bell_sim_fail("contract DB-TDR-04: %s: %u threads still in the driver after %llu "
                          "clocks", who, power.inside, (unsigned long long)patience);
        bell_thread_wait(&power.gate, end - bell_sim_now(), who);
    }
}

static bool nobody_is_alone(void)
{
    return !power.alone;
}

static bool nobody_is_inside(void)
{
    return power.inside == 0;
}

void os_power_alone(uint64_t patience, const char *who)
{
    wait_for(nobody_is_alone, TRANSITION_TIMEOUT, who);
    power.alone = true;
    wait_for(nobody_is_inside, patience, who);
}

void os_power_together(void)
{
    power.alone = false;
    bell_thread_wake_all(&power.gate);
}

bool os_power_is_off(void)
{
    return power.off;
}

/* --- Engines ---------------------------------------------------------------------------------- */

/* Under the power lock. */
static NTSTATUS set_component(UINT node, UINT state)
{
    struct { UINT node, state; } args = { node, state };

    return OS_DDI(SetPowerComponentFState, node, &args, PASSIVE_LEVEL,
                  os_adapter.ddi.DxgkDdiSetPowerComponentFState(os_adapter.miniport, node, state));
}

/* Under the power lock, in D0. */
static void wake_engine(UINT node)
{
    if (power.f[node] == F1) {
        os_must_succeed(set_component(node, COMPONENT_F0), "DxgkDdiSetPowerComponentFState",
                        "DB-FST-03");
        note("F0", node);
    } else if (power.f[node] == F_GOING_DOWN) {
        note("F-cancelled", node);
    }
    power.f[node] = F0;
}

void os_power_disconnect(UINT node)
{
    struct os_doorbell *doorbell, *next;

    for (doorbell = os_object_next(NULL, OS_DOORBELL, NULL, NULL); doorbell; doorbell = next) {
        const struct os_queue *queue = (const struct os_queue *)doorbell->base.parent;

        os_object_ref(&doorbell->base);
        if (node == OS_ALL_NODES || queue->node == node)
            os_doorbell_disconnect(doorbell);
        next = os_object_next(doorbell, OS_DOORBELL, NULL, NULL);
        os_object_unref(doorbell);
    }
}

/* Under the power lock: decided and done in one hold. STATUS_DEVICE_BUSY: ask again. */
static NTSTATUS gate(UINT node, bool last)
{
    NTSTATUS status;

    if (power.f[node] != F_GOING_DOWN)
        return STATUS_CANCELLED;
    status = power.d == D0 ? set_component(node, COMPONENT_F1) : STATUS_CANCELLED;
    if (status == STATUS_SUCCESS) {
        power.f[node] = F1;
        note("F1", node);
    } else if (status != STATUS_DEVICE_BUSY || last) {
        power.f[node] = F0;
        note("F-cancelled", node);
        status = STATUS_CANCELLED;
    }
    return status;
}

static NTSTATUS begin_idle(UINT node)
{
    NTSTATUS status = STATUS_CANCELLED;

    if (node >= os_adapter.node_count)
        return STATUS_INVALID_PARAMETER;
    if (!os_adapter.ddi.DxgkDdiSetPowerComponentFState)
        return STATUS_NOT_SUPPORTED;
    if (os_adapter.lost)
        return STATUS_DEVICE_REMOVED;
    os_lock_acquire(&power.lock);
    if (power.d == D0 && power.f[node] == F1)
        status = STATUS_SUCCESS;
    if (power.d == D0 && power.f[node] == F0 && !power.resetting[node]) {
        power.f[node] = F_GOING_DOWN;
        note("F-going-down", node);
        status = STATUS_PENDING;
    }
    os_lock_release(&power.lock);
    return status;
}

NTSTATUS os_power_idle(UINT node)
{
    NTSTATUS status = begin_idle(node);

    if (status != STATUS_PENDING)
        return status;
    os_power_disconnect(node);
    bell_os_point("power.disconnected-to-gate");
    for (unsigned tries = 1;; tries++) {
        os_lock_acquire(&power.lock);
        status = gate(node, tries == GATE_TRIES);
        os_lock_release(&power.lock);
        if (status != STATUS_DEVICE_BUSY)
            return status;
        bell_thread_sleep(GATE_PAUSE);
    }
}

/* --- Adapter ---------------------------------------------------------------------------------- */

static NTSTATUS set_device(DEVICE_POWER_STATE state)
{
    NTSTATUS status;

    if (state == PowerDeviceD0)
        os_monitor_device_power(true);
    status = OS_DDI(SetPowerState, 0, &state, PASSIVE_LEVEL,
                    os_adapter.ddi.DxgkDdiSetPowerState(os_adapter.miniport, DISPLAY_ADAPTER_HW_ID,
                                                        state, PowerActionNone));
    if (state == PowerDeviceD3)
        os_monitor_device_power(false);
    return status;
}

void os_power_reset_function(void)
{
    os_monitor_device_power(false);
    bell_bus_drain_all();
    power.off = true;
    bell_bus_reset();
    power.off = false;
    os_monitor_device_power(true);
}

void os_power_restarted(void)
{
    memset(power.f, 0, sizeof(power.f));
}

static void set_d(enum d_state d)
{
    os_lock_acquire(&power.lock);
    power.d = d;
    os_lock_release(&power.lock);
    bell_thread_wake_all(&power.changed);
}

static void enter_d3(void)
{
    os_power_alone(TRANSITION_TIMEOUT, "D3: threads to leave the driver");
    os_must_succeed(set_device(PowerDeviceD3), "DxgkDdiSetPowerState", "DB-DST-01");
    bell_bus_drain_all();
    power.off = true;
    bell_bus_reset();
    note("D3", 0);
    os_power_together();
    set_d(D3);
}

static void leave_d3(void)
{
    os_power_alone(TRANSITION_TIMEOUT, "D0: threads to leave the driver");
    power.off = false;
    memset(power.f, 0, sizeof(power.f));
    if (set_device(PowerDeviceD0) != STATUS_SUCCESS)
        os_reset_alone("DxgkDdiSetPowerState to D0 failed");
    note("D0", 0);
    os_power_page_in();
    os_power_together();
    set_d(D0);
}

static void stop_contexts(void)
{
    struct os_context *context, *next;

    for (context = os_object_next(NULL, OS_CONTEXT, NULL, NULL); context; context = next) {
        os_object_ref(&context->base);
        os_context_stop(context);
        next = os_object_next(context, OS_CONTEXT, NULL, NULL);
        os_object_unref(context);
    }
}

static bool contexts_are_stopped(void)
{
    const struct os_context *context = NULL;

    while ((context = os_object_next(context, OS_CONTEXT, NULL, NULL)) != NULL)
        if (context->base.open && !context->suspended)
            return false;
    return true;
}

void os_power_resume_all(void)
{
    struct os_context *context, *next;

    for (context = os_object_next(NULL, OS_CONTEXT, NULL, NULL); context; context = next) {
        os_object_ref(&context->base);
        if (!context->held)
            os_context_start(context);
        next = os_object_next(context, OS_CONTEXT, NULL, NULL);
        os_object_unref(context);
    }
}

/* STATUS_PENDING: once more, a context runs (again). */
static NTSTATUS commit(bool evict)
{
    NTSTATUS status = STATUS_PENDING;

    os_lock_acquire(&power.lock);
    if (os_adapter.lost) {
        power.d = D0;
        status = STATUS_DEVICE_REMOVED;
    } else if (power.d != D_GOING_DOWN) {
        status = STATUS_CANCELLED;
    } else if (contexts_are_stopped()) {
        if (evict)
            os_power_page_out();
        power.d = D_COMMITTED;
        status = STATUS_SUCCESS;
    }
    os_lock_release(&power.lock);
    return status;
}

static NTSTATUS begin_down(void)
{
    NTSTATUS status = STATUS_CANCELLED;

    os_lock_acquire(&power.lock);
    if (power.d == D3)
        status = STATUS_SUCCESS;
    if (power.d == D0) {
        power.d = D_GOING_DOWN;
        note("D-going-down", 0);
        status = STATUS_PENDING;
    }
    os_lock_release(&power.lock);
    return status;
}

NTSTATUS os_power_down(bool evict)
{
    NTSTATUS status;

    if (!os_adapter.ddi.DxgkDdiSetPowerState)
        return STATUS_NOT_SUPPORTED;
    if (os_adapter.lost)
        return STATUS_DEVICE_REMOVED;
    status = begin_down();
    for (unsigned tries = 1; status == STATUS_PENDING; tries++) {
        if (tries > DOWN_TRIES)
            bell_sim_fail("contract DB-DST-01: a context still runs after %u rounds of "
                          "SuspendContext for all", DOWN_TRIES);
        stop_contexts();
        os_power_disconnect(OS_ALL_NODES);
        bell_os_point("power.disconnected-to-gate");
        status = commit(evict);
        if (status == STATUS_SUCCESS)
            enter_d3();
        if (status == STATUS_CANCELLED)
            os_power_resume_all();
    }
    return status;
}

/* Under the power lock, which is let go meanwhile. */
static void wait_for_rest(void)
{
    uint64_t end = bell_sim_now() + TRANSITION_TIMEOUT;

    while (power.d == D_COMMITTED || power.d == D_GOING_UP) {
        os_lock_release(&power.lock);
        if (bell_sim_now() >= end)
            bell_sim_fail("power: the adapter was on its way between D0 and D3 for %u clocks",
                          TRANSITION_TIMEOUT);
        bell_thread_wait(&power.changed, OS_POLL_CYCLES, "the adapter to reach D0 or D3");
        os_lock_acquire(&power.lock);
    }
}

bool os_power_up(UINT node)
{
    bool mine;

    if (os_adapter.lost)
        return false;
    os_lock_acquire(&power.lock);
    wait_for_rest();
    mine = power.d == D3;
    if (mine) {
        power.d = D_GOING_UP;
    } else {
        if (power.d == D_GOING_DOWN)
            note("D-cancelled", 0);
        power.d = D0;
        wake_engine(node);
    }
    os_lock_release(&power.lock);
    if (mine)
        leave_d3();
    for (UINT each = 0; each < os_adapter.node_count; each++)
        if (mine || each == node)
            os_idle_touch(each);
    return mine;
}

void os_power_wake(UINT node)
{
    if (os_power_up(node))
        os_power_resume_all();
}

void os_power_stop(void)
{
    os_idle_stop();
    os_lock_acquire(&power.lock);
    wait_for_rest();
    os_lock_release(&power.lock);
    if (power.d == D3 && !os_adapter.lost)
        leave_d3();
}

bool os_power_runs(UINT node)
{
    return power.d == D0 && power.f[node] == F0 && !os_adapter.lost;
}

bool os_power_begin_reset(UINT node)
{
    bool powered;

    os_lock_acquire(&power.lock);
    powered = (power.d == D0 || power.d == D_GOING_DOWN) && power.f[node] != F1;
    if (powered && power.d == D0)
        wake_engine(node);
    power.resetting[node] = powered;
    os_lock_release(&power.lock);
    return powered;
}

void os_power_end_reset(UINT node)
{
    power.resetting[node] = false;
}

unsigned os_power_d(void)
{
    return power.d == D3 ? 3 : 0;
}

unsigned os_power_f(UINT node)
{
    return power.f[node] == F1 ? 1 : 0;
}

/* --- Engine state changes --------------------------------------------------------------------- */

void os_power_interrupt(UINT node, UINT engine, DXGK_ENGINE_STATE state)
{
    if (node >= os_adapter.node_count || engine != 0) {
        os_violation("HS-TMO-01", 0, "node %u, engine %u are reported; there are %u nodes with one "
                     "engine each", node, engine, os_adapter.node_count);
        return;
    }
    power.idle_noted[node] |= state == DXGK_ENGINE_STATE_TRANSITION_TO_F1;
    power.hung_noted[node] |= state == DXGK_ENGINE_STATE_HUNG;
}

static void idle_work(void *arg)
{
    os_power_idle((UINT)(uintptr_t)arg);
}

void os_power_idle_later(UINT node)
{
    os_work_queue(idle_work, (void *)(uintptr_t)node);
}

static void hung_work(void *arg)
{
    os_tdr_reset((UINT)(uintptr_t)arg, "the driver reports that the engine hangs");
}

void os_power_dpc(void)
{
    for (UINT node = 0; node < OS_MAX_NODES; node++) {
        if (power.hung_noted[node])
            os_work_queue(hung_work, (void *)(uintptr_t)node);
        if (power.idle_noted[node])
            os_power_idle_later(node);
        power.hung_noted[node] = false;
        power.idle_noted[node] = false;
    }
}
