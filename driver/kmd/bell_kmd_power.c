/* SPDX-License-Identifier: MIT */
#include "bell_kmd_power.h"

#include "bell_kmd_adapter.h"
#include "bell_kmd_isr.h"
#include "bell_kmd_mmio.h"
#include "bell_kmd_native_fence.h"
#include "bell_kmd_queue.h"
#include "bell_kmd_sched.h"
#include "bell_kmd_sched_log.h"
#include "bell_kmd_slot.h"

/* ---- Engines ------------------------------------------------------------------------------ */

/* The pointer is only compared with NULL here: the object may go while registers are read. */
struct bell_queue *bell_kmd_power_next(struct bell_adapter *adapter, UINT node, INT *after,
                                       UINT64 *state)
{
    while (++*after < (INT)adapter->queue_count) {
        UINT32 hw_id = (UINT32)*after;
        struct bell_queue *queue = adapter->queues[hw_id];

        if (queue == NULL)
            continue;
        *state = bell_kmd_read(adapter, BELL_QUEUE_STATE_OFFSET(hw_id));
        if ((*state & BELL_QUEUE_STATE_OPEN_MASK) != 0 &&
            BELL_FIELD_GET(bell_kmd_read(adapter, BELL_QUEUE_CONFIG_OFFSET(hw_id)),
                           BELL_QUEUE_CONFIG_NODE) == node)
            return queue;
    }
    return NULL;
}

static bool is_busy(struct bell_adapter *adapter, UINT node)
{
    const UINT64 work = BELL_QUEUE_STATE_PENDING_MASK | BELL_QUEUE_STATE_WORK_MASK;
    INT hw_id = -1;
    UINT64 state;

    while (bell_kmd_power_next(adapter, node, &hw_id, &state) != NULL) {
        bool runnable = (state & BELL_QUEUE_STATE_LISTED_MASK) != 0 &&
                        (state & BELL_QUEUE_STATE_FAULTED_MASK) == 0;

        if ((state & BELL_QUEUE_STATE_RUNNING_MASK) != 0 || (runnable && (state & work) != 0))
            return true;
    }
    return false;
}

static VOID kick_node(struct bell_adapter *adapter, UINT node)
{
    INT hw_id = -1;
    UINT64 state;

    while (bell_kmd_power_next(adapter, node, &hw_id, &state) != NULL)
        bell_kmd_queue_cmd(adapter, (UINT32)hw_id, BELL_QUEUE_CMD_KICK);
}

static VOID write_gates(struct bell_adapter *adapter)
{
    bell_kmd_write(adapter, BELL_CTRL_OFFSET,
                   BELL_CTRL_ENABLE_MASK | BELL_FIELD_PUT(BELL_CTRL_GATED, adapter->gated));
}

VOID bell_kmd_power_gate(struct bell_adapter *adapter, UINT node, bool gated)
{
    bell_kmd_lock(&adapter->power_lock);
    if (gated)
        adapter->gated |= 1u << node;
    else
        adapter->gated &= ~(1u << node);
    if (!adapter->off && !adapter->lost) {
        write_gates(adapter);
        if (!gated)
            kick_node(adapter, node);
        bell_kmd_flush(adapter);
    }
    bell_kmd_unlock(&adapter->power_lock);
}

NTSTATUS bell_kmd_power_set_engine(struct bell_adapter *adapter, UINT node, UINT state)
{
    if (node >= adapter->node_count || state > 1)
        return STATUS_INVALID_PARAMETER;
    bell_kmd_power_gate(adapter, node, state == 1);
    /* Gate first: what is seen afterwards cannot be followed by a turn. */
    if (state == 1 && !adapter->off && is_busy(adapter, node)) {
        bell_kmd_power_gate(adapter, node, false);
        return STATUS_DEVICE_BUSY;
    }
    return STATUS_SUCCESS;
}

/* ---- Adapter ------------------------------------------------------------------------------ */

bool bell_kmd_power_answers(struct bell_adapter *adapter)
{
    return BELL_FIELD_GET(bell_kmd_read(adapter, BELL_ID_OFFSET), BELL_ID_MAGIC) ==
           BELL_ID_MAGIC_RESET;
}

static VOID save_limits(struct bell_adapter *adapter)
{
    for (UINT32 i = 0; i < 2 * BELL_KMD_LIMITS; i++)
        adapter->limits[i / BELL_KMD_LIMITS][i % BELL_KMD_LIMITS] = bell_kmd_read(
            adapter, bell_kmd_limit(i >= BELL_KMD_LIMITS, i % BELL_KMD_LIMITS));
}

static VOID restore_limits(struct bell_adapter *adapter)
{
    for (UINT32 i = 0; i < 2 * BELL_KMD_LIMITS; i++)
        bell_kmd_write(adapter, bell_kmd_limit(i >= BELL_KMD_LIMITS, i % BELL_KMD_LIMITS),
                       adapter->limits[i / BELL_KMD_LIMITS][i % BELL_KMD_LIMITS]);
}

/* All queues that the table holds, saved or restored; the first failure ends it. */
static NTSTATUS each_queue(struct bell_adapter *adapter, NTSTATUS (*act)(struct bell_queue *queue))
{
    NTSTATUS status = STATUS_SUCCESS;

    for (UINT32 hw_id = 0; hw_id < adapter->queue_count && NT_SUCCESS(status); hw_id++)
        if (bell_kmd_is(adapter->queues[hw_id], BELL_KIND_QUEUE))
            status = act(adapter->queues[hw_id]);
    return status;
}

static NTSTATUS check_stopped(struct bell_queue *queue)
{
    if (queue->open && (bell_kmd_read(queue->adapter, BELL_QUEUE_STATE_OFFSET(queue->hw_id)) &
                        BELL_QUEUE_STATE_RUNNING_MASK) != 0)
        return STATUS_INVALID_DEVICE_STATE;
    return STATUS_SUCCESS;
}

static NTSTATUS go_off(struct bell_adapter *adapter)
{
    NTSTATUS status = each_queue(adapter, check_stopped);

    if (NT_SUCCESS(status))
        status = bell_kmd_sched_log_save(adapter);
    if (NT_SUCCESS(status))
        status = each_queue(adapter, bell_kmd_queue_save);
    if (!NT_SUCCESS(status))
        return status;
    save_limits(adapter);
    bell_kmd_isr_flush(adapter);
    bell_kmd_isr_set_off(adapter, true);
    return STATUS_SUCCESS;
}

static NTSTATUS come_back(struct bell_adapter *adapter)
{
    NTSTATUS status;

    bell_kmd_isr_set_off(adapter, false);
    if (!bell_kmd_power_answers(adapter)) {
        adapter->lost = true;
        return STATUS_DEVICE_REMOVED;
    }
    bell_kmd_write(adapter, BELL_TIME_OFFSET, adapter->time);
    bell_kmd_write(adapter, BELL_DOORBELLS_OFFSET,
                   BELL_FIELD_PUT(BELL_DOORBELLS_LAYOUT, adapter->layout));
    bell_kmd_adapter_enable(adapter);
    restore_limits(adapter);
    bell_kmd_sched_restore(adapter);
    status = each_queue(adapter, bell_kmd_queue_restore);
    bell_kmd_sched_log_restore(adapter); /* They know what contexts did when power went. */
    return status;
}

NTSTATUS bell_kmd_power_set_device(struct bell_adapter *adapter, DEVICE_POWER_STATE state)
{
    if (state != PowerDeviceD0 && state != PowerDeviceD3)
        return STATUS_NOT_SUPPORTED;
    if (adapter->lost)
        return state == PowerDeviceD3 ? STATUS_SUCCESS : STATUS_DEVICE_REMOVED;
    if (adapter->off == (state == PowerDeviceD3))
        return STATUS_SUCCESS;
    return state == PowerDeviceD3 ? go_off(adapter) : come_back(adapter);
}

/* Whatever the engines do: the reset to come ends it. */
VOID bell_kmd_power_reset(struct bell_adapter *adapter)
{
    if (!adapter->off && bell_kmd_power_answers(adapter)) {
        bell_kmd_adapter_quiesce(adapter);
        save_limits(adapter);
        bell_kmd_isr_flush(adapter);
    }
    bell_kmd_isr_set_off(adapter, true);
    bell_kmd_isr_drop_queues(adapter);
    bell_kmd_slot_forget_all(adapter);
    adapter->lost = false;
}

/* What the device wrote up to its reset was not asked of it: only its logs tell. */
NTSTATUS bell_kmd_power_restart(struct bell_adapter *adapter)
{
    if (!adapter->off)
        return STATUS_INVALID_DEVICE_STATE;
    bell_kmd_sched_log_recover(adapter);
    bell_kmd_native_recover_logs(adapter);
    return come_back(adapter);
}
