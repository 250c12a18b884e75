/* SPDX-License-Identifier: MIT */
/*
 * Timeout detection and recovery, by the scaled clock.
 *
 * Suspicion  a queue that can run has queued more than its fence shows, and the fence stood still for
 *            TdrDelay. The queued value is the user's word, so this alone proves nothing.
 * Proof      the context is asked to suspend. It acknowledges: nothing of it was stuck in hardware;
 *            it is resumed. It does not within TdrDelay: the engine is reset (DB-SUS-03).
 */
#include "os_power.h"
#include "os_sched.h"

#include <stdio.h>
#include <string.h>

#define DDI_DELAY (OS_TDR_CYCLES / 2 * 5)
#define LIMIT_TIME (OS_TDR_CYCLES / 2 * 60ull)
#define LIMIT_COUNT 5u
/** Looks in a TdrDelay. */
#define LOOKS 4u
#define ENGINE_ORDINAL 0u
#define MAX_LIMIT 64u

struct os_tdr os_tdr;

static const char leave_driver[] = "TDR: threads to leave the driver";

static struct {
    struct bell_waitq armed_wait, done_wait, changed;
    bool resetting;
    uint64_t resets[MAX_LIMIT]; /**< Cycles of the newest, round. */
    unsigned reset_count;
} state;

/* --- Reset ------------------------------------------------------------------------------------ */

static void count_reset(UINT node, const char *why)
{
    uint64_t now = bell_sim_now();
    unsigned recent = 1;

    for (unsigned i = 0; i < state.reset_count && i < MAX_LIMIT; i++)
        recent += now - state.resets[i] < os_tdr.limit_time;
    state.resets[state.reset_count++ % MAX_LIMIT] = now;
    if (recent > os_tdr.limit)
        bell_sim_fail("TDR: reset %u of node %u within %llu clocks, at most %u are allowed; last "
                      "reason: %s", recent, node, (unsigned long long)os_tdr.limit_time,
                      os_tdr.limit, why);
}

static void lose_invalidated(void)
{
    struct os_context *context, *next;

    for (context = os_object_next(NULL, OS_CONTEXT, NULL, NULL); context; context = next) {
        struct os_device *device = (struct os_device *)context->base.parent;

        os_object_ref(&context->base);
        if (context->hit) {
            context->hit = false;
            os_device_lose(device);
        }
        next = os_object_next(context, OS_CONTEXT, NULL, NULL);
        os_object_unref(context);
    }
}

/* For the record: whatever the answer, the engine is reset. */
static void query_in_driver(UINT node)
{
    DXGKARG_QUERYENGINESTATUS args = { .NodeOrdinal = node, .EngineOrdinal = ENGINE_ORDINAL };

    if (os_adapter.ddi.DxgkDdiQueryEngineStatus)
        OS_DDI(QueryEngineStatus, node, &args, PASSIVE_LEVEL,
               os_adapter.ddi.DxgkDdiQueryEngineStatus(os_adapter.miniport, &args));
}

static NTSTATUS reset_in_driver(UINT node)
{
    DXGKARG_RESETHWENGINE args = { .NodeOrdinal = node, .EngineOrdinal = ENGINE_ORDINAL };

    return OS_DDI(ResetHwEngine, node, &args, PASSIVE_LEVEL,
                  os_adapter.ddi.DxgkDdiResetHwEngine(os_adapter.miniport, &args));
}

static NTSTATUS resume_in_driver(UINT node)
{
    DXGKARG_RESUMEHWENGINE args = { .NodeOrdinal = node, .EngineOrdinal = ENGINE_ORDINAL };

    return OS_DDI(ResumeHwEngine, node, &args, PASSIVE_LEVEL,
                  os_adapter.ddi.DxgkDdiResumeHwEngine(os_adapter.miniport, &args));
}

/* A driver of the packet model: what it aborts it reports as a fault. */
static NTSTATUS reset_packet_engine(UINT node)
{
    DXGKARG_RESETENGINE args = { .NodeOrdinal = node, .EngineOrdinal = ENGINE_ORDINAL };

    if (!os_adapter.ddi.DxgkDdiResetEngine)
        return STATUS_NOT_SUPPORTED;
    return OS_DDI(ResetEngine, node, &args, PASSIVE_LEVEL,
                  os_adapter.ddi.DxgkDdiResetEngine(os_adapter.miniport, &args));
}

/* HS-RST-02: when it fails, all of the adapter is reset. */
static NTSTATUS reset(UINT node)
{
    NTSTATUS status;

    os_power_alone(os_tdr.ddi_delay, leave_driver); /* Who stays holds up the disconnects as well. */
    query_in_driver(node);
    os_power_together();
    os_power_disconnect(node); /* RETRY for all; ABORT follows for the devices in error. */
    os_power_alone(os_tdr.ddi_delay, leave_driver);
    if (!os_adapter.ddi.DxgkDdiResetHwEngine || !os_adapter.ddi.DxgkDdiResumeHwEngine) {
        status = reset_packet_engine(node);
        os_power_together();
        return status;
    }
    status = reset_in_driver(node);
    os_power_together();
    lose_invalidated();
    return NT_SUCCESS(status) ? resume_in_driver(node) : status;
}

void os_tdr_reset(UINT node, const char *why)
{
    while (state.resetting)
        bell_thread_wait(&state.done_wait, OS_LOCK_TIMEOUT, "another engine reset to end");
    if (os_adapter.lost || !os_power_begin_reset(node))
        return;
    state.resetting = true;
    os_trace(BELFRY_POWER, "tdr-reset", node);
    count_reset(node, why);
    if (!NT_SUCCESS(reset(node)))
        os_reset_adapter(why);
    os_trace(BELFRY_POWER, "tdr-resumed", node);
    os_power_end_reset(node);
    state.resetting = false;
    bell_thread_wake_all(&state.done_wait);
}

NTSTATUS os_cb_invalidate_hw_context(const DXGKARGCB_INVALIDATEHWCONTEXT *args)
{
    struct os_context *context = os_object_from_token(args->hHwContext, OS_CONTEXT);

    if (!context || args->Flags.Reserved || !os_thread_self()->in_ddi ||
        strcmp(os_thread_self()->in_ddi, "DxgkDdiResetHwEngine") != 0)
        return STATUS_INVALID_PARAMETER;
    context->invalidated = context->hit = true;
    return STATUS_SUCCESS;
}

/* --- Detection -------------------------------------------------------------------------------- */

static bool can_hang(const struct os_queue *queue)
{
    return !queue->dead && queue->base.open && !queue->flags.DisableGpuTimeout &&
           !os_queue_context(queue)->suspended && os_sched_may_run(os_queue_context(queue)) &&
           os_power_runs(queue->node); /* DB-TDR-05 */
}

/* True when the queue has given no sign of life for TdrDelay. */
static bool is_suspect(struct os_queue *queue)
{
    uint64_t now = bell_sim_now();
    uint64_t value = os_fence_read(queue->fence);

    if (!can_hang(queue) || value >= os_queue_last_queued(queue) || value != queue->tdr_seen ||
        queue->tdr_since == 0) {
        queue->tdr_seen = value;
        queue->tdr_since = now;
        return false;
    }
    return now - queue->tdr_since >= os_tdr.delay;
}

static void question(struct os_queue *queue)
{
    struct os_context *context = os_queue_context(queue);

    os_trace(BELFRY_POWER, "tdr-suspect", queue->node);
    queue->tdr_since = bell_sim_now();
    os_object_ref(&context->base);
    if (os_context_stop(context) != STATUS_INVALID_PARAMETER && !context->held &&
        os_power_runs(context->node))
        os_context_start(context);
    os_object_unref(context);
}

static void look(void)
{
    struct os_queue *queue, *next;

    for (queue = os_object_next(NULL, OS_QUEUE, NULL, NULL); queue; queue = next) {
        os_object_ref(&queue->base);
        if (is_suspect(queue))
            question(queue);
        next = os_object_next(queue, OS_QUEUE, NULL, NULL);
        os_object_unref(queue);
    }
}

/* A connected doorbell can bring work that the OS does not see. */
static bool is_armed(void)
{
    const struct os_queue *queue = NULL;

    while ((queue = os_object_next(queue, OS_QUEUE, NULL, NULL)) != NULL)
        if (!queue->dead && ((queue->doorbell && queue->doorbell->kmd_connected) ||
                             os_fence_read(queue->fence) < os_queue_last_queued(queue)))
            return true;
    return false;
}

static uint64_t period(void)
{
    uint64_t shorter = os_tdr.delay < os_idle_time() ? os_tdr.delay : os_idle_time();

    return shorter / LOOKS + 1;
}

static void wait_for_next_look(void)
{
    uint64_t last = bell_sim_now();

    while (bell_sim_now() - last < period())
        bell_thread_wait(&state.changed, last + period() - bell_sim_now(), "the next look");
}

static void tdr_thread(void *arg)
{
    (void)arg;
    for (;;) {
        while (!is_armed() && !os_idle_is_armed())
            bell_thread_wait(&state.armed_wait, 0, "work to watch");
        wait_for_next_look();
        look();
        os_idle_look();
    }
}

void os_tdr_changed(void)
{
    bell_thread_wake_all(&state.changed);
}

void os_tdr_arm(void)
{
    bell_thread_wake_all(&state.armed_wait);
}

void os_tdr_init(void)
{
    memset(&state, 0, sizeof(state));
    os_tdr = (struct os_tdr){ .delay = OS_TDR_CYCLES, .ddi_delay = DDI_DELAY,
                              .limit_time = LIMIT_TIME, .limit = LIMIT_COUNT };
    os_thread_create("tdr", OS_CPU_SYSTEM, true, NULL, PASSIVE_LEVEL, tdr_thread, NULL);
}
