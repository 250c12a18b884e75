/* SPDX-License-Identifier: MIT */
/*
 * Engines that nobody uses go to F1 (DB-FST-01). The driver may ask for it early; otherwise the OS
 * looks at the TDR cadence, by the counts in memory and no register. They are its guess only: the
 * descent is the same as the driver's, and the gate refuses when the hardware shows work.
 * Suspended work does not keep an engine up: resume wakes it.
 */
#include "os_power.h"

#include <string.h>

static struct {
    bool on;
    struct {
        uint64_t progress, since; /**< Of all its queues, and the cycle of the last sign of life. */
    } node[OS_MAX_NODES];
} idle;

void os_idle_start(void)
{
    memset(&idle, 0, sizeof(idle));
    idle.on = !os_adapter.idle_by_driver && os_adapter.ddi.DxgkDdiSetPowerComponentFState;
    for (UINT node = 0; node < os_adapter.node_count; node++)
        idle.node[node].since = bell_sim_now();
    os_tdr_arm();
}

void os_idle_stop(void)
{
    idle.on = false;
}

void os_idle_touch(UINT node)
{
    idle.node[node].since = bell_sim_now();
    os_tdr_arm();
}

uint64_t os_idle_time(void)
{
    return os_tdr.idle ? os_tdr.idle : os_tdr.delay;
}

bool os_idle_is_armed(void)
{
    for (UINT node = 0; node < os_adapter.node_count; node++)
        if (idle.on && os_power_runs(node))
            return true;
    return false;
}

/* Suspended, and the hardware has let go. */
static bool is_quiet(const struct os_context *context)
{
    return context->suspended && context->suspend_acked >= context->suspend_fence;
}

/* Sum of what its queues have done. @return false: one of them can go on. */
static bool look_at_queues(UINT node, uint64_t *progress)
{
    const struct os_queue *queue = NULL;
    bool rests = true;

    *progress = 0;
    while ((queue = os_object_next(queue, OS_QUEUE, NULL, NULL)) != NULL) {
        if (queue->node != node || queue->dead)
            continue;
        rests = rests && (is_quiet(os_queue_context(queue)) || !os_queue_has_work(queue));
        *progress += os_fence_read(queue->fence);
    }
    return rests;
}

void os_idle_look(void)
{
    uint64_t now = bell_sim_now();

    for (UINT node = 0; node < os_adapter.node_count; node++) {
        uint64_t progress;
        bool rests = look_at_queues(node, &progress);

        if (!rests || progress != idle.node[node].progress)
            idle.node[node].since = now;
        idle.node[node].progress = progress;
        if (!idle.on || !os_power_runs(node) || now - idle.node[node].since < os_idle_time())
            continue;
        idle.node[node].since = now; /* Refused: once more after as long. */
        os_trace(BELFRY_POWER, "F-idle", node);
        os_power_idle_later(node);
    }
}
