/* SPDX-License-Identifier: MIT */
/*
 * What the device knows from the driver's register writes: slots, hardware queues, run list. The
 * only file of the monitor with register names; with other hardware, this one is written anew.
 */
#include "os_objects.h"

#include <inttypes.h>
#include <string.h>

#include "bell_regs.h"

#define FIRST_REALTIME_LEVEL 3u /* Below: a level is a band. */

struct slot {
    bool valid;
    uint16_t hw;
    uint64_t routed;      /**< Time of the last write of OWNER. */
    uint64_t drain_tried; /**< Time of the last read of DRAIN. */
    uint64_t drained;     /**< The last one that read zero. */
    uint32_t grantee;
    uint64_t victimized;  /**< Time of the callback's return; 0 = no drain is owed. */
    int victim;           /**< Hardware queue of that doorbell, or -1. */
};

struct hardware_queue {
    uint64_t base, control, config, sched;
    bool open, listed;
    uint32_t queue;
    uint64_t kicked, added;
};

static struct {
    struct slot slots[BELL_SLOT_MAX];
    struct hardware_queue queues[BELL_QUEUE_MAX];
    unsigned queues_used;
    uint32_t gates; /**< Nodes whose gate is closed. */
    uint64_t woken[BELL_FENCE_WAKE_KEY_MASK + 1]; /**< By key. */
    bool gone;
    bool off; /**< In D3. */
} device;

void os_monitor_device_init(void)
{
    memset(&device, 0, sizeof(device));
}

void os_monitor_device_power(bool on)
{
    if (!on) {
        os_monitor_device_init();
        os_monitor_reset_init();
    }
    device.off = !on;
}

bool os_device_off(void)
{
    return device.off;
}

uint32_t os_device_gates(void)
{
    return device.gates;
}

bool os_device_gone(void)
{
    return device.gone;
}

/* --- Queries --------------------------------------------------------------------------------- */

int os_device_queue_of(uint32_t queue)
{
    for (unsigned hw = 0; hw < device.queues_used; hw++)
        if (device.queues[hw].open && device.queues[hw].queue == queue)
            return (int)hw;
    return -1;
}

int os_device_last_queue_of(uint32_t queue)
{
    for (unsigned hw = 0; hw < device.queues_used; hw++)
        if (device.queues[hw].queue == queue)
            return (int)hw;
    return -1;
}

bool os_device_listed(int hw)
{
    return hw >= 0 && device.queues[hw].listed;
}

unsigned os_device_level(unsigned hw)
{
    return (unsigned)BELL_FIELD_GET(device.queues[hw].sched, BELL_QUEUE_SCHED_LEVEL);
}

unsigned os_device_realtime_level(unsigned level)
{
    return FIRST_REALTIME_LEVEL + level;
}

uint64_t os_device_kicked(int hw)
{
    return hw >= 0 ? device.queues[hw].kicked : 0;
}

uint64_t os_device_added(int hw)
{
    return hw >= 0 ? device.queues[hw].added : 0;
}

uint32_t os_device_queue(unsigned hw)
{
    return device.queues[hw].open ? device.queues[hw].queue : 0;
}

unsigned os_device_queues(void)
{
    return device.queues_used;
}

bool os_device_routes(uint32_t slot, int hw)
{
    return slot != OS_NO_SLOT && hw >= 0 && device.slots[slot].valid &&
           device.slots[slot].hw == hw;
}

uint32_t os_device_slot_to(int hw)
{
    for (uint32_t slot = 0; slot < BELL_SLOT_MAX; slot++)
        if (os_device_routes(slot, hw))
            return slot;
    return OS_NO_SLOT;
}

uint32_t os_device_slot_at(uint64_t bar2)
{
    return bar2 / BELL_PAGE < os_adapter.slots ? (uint32_t)(bar2 / BELL_PAGE) : OS_NO_SLOT;
}

uint64_t os_device_routed(uint32_t slot)
{
    return device.slots[slot].routed;
}

uint64_t os_device_drain_tried(uint32_t slot)
{
    return device.slots[slot].drain_tried;
}

/* --- Grants ---------------------------------------------------------------------------------- */

uint32_t os_device_grantee(uint32_t slot)
{
    return device.slots[slot].grantee;
}

uint32_t os_device_granted(uint32_t doorbell)
{
    for (uint32_t slot = 0; slot < BELL_SLOT_MAX; slot++)
        if (device.slots[slot].grantee == doorbell)
            return slot;
    return OS_NO_SLOT;
}

void os_device_grant(uint32_t slot, uint32_t doorbell)
{
    device.slots[slot].grantee = doorbell;
    if (doorbell != 0)
        device.slots[slot].victimized = 0; /* It has its slot back. */
}

void os_device_forget_grants(void)
{
    for (uint32_t slot = 0; slot < BELL_SLOT_MAX; slot++) {
        device.slots[slot].grantee = 0;
        device.slots[slot].victimized = 0;
    }
}

void os_device_victimized(uint32_t doorbell)
{
    uint32_t slot = os_device_granted(doorbell);

    if (slot == OS_NO_SLOT)
        return;
    device.slots[slot].grantee = 0;
    device.slots[slot].victim = device.slots[slot].valid ? device.slots[slot].hw : -1;
    device.slots[slot].victimized = os_monitor_tick();
}

/* --- Slots change hands ---------------------------------------------------------------------- */

static bool is_dead(int hw)
{
    const struct os_queue *queue =
        hw >= 0 ? os_object_peek(device.queues[hw].queue, OS_QUEUE) : NULL;

    return queue == NULL || queue->dead || !device.queues[hw].open;
}

/** DB-VIC-04. */
static void check_drained(uint32_t number, bool valid)
{
    struct slot *slot = &device.slots[number];
    uint64_t since = slot->victimized;
    uint32_t queue = slot->victim >= 0 ? device.queues[slot->victim].queue : 0;

    slot->victimized = 0;
    if (since == 0 || device.gone)
        return;
    if ((valid ? slot->drained : slot->drain_tried) < since)
        os_violation("DB-VIC-04", queue, "slot %u is routed %s at a time when its victim's rings "
                     "may be in flight: since the callback returned, %s", number,
                     valid ? "anew" : "nowhere",
                     slot->drain_tried < since ? "SLOT.DRAIN was not read"
                                               : "SLOT.DRAIN never read zero");
    else if (!is_dead(slot->victim) && device.queues[slot->victim].kicked < since)
        os_violation("DB-VIC-04", queue, "slot %u is routed %s, but hardware queue %d of its "
                     "victim got no KICK since the callback returned", number,
                     valid ? "anew" : "nowhere", slot->victim);
}

/** DB-CON-05, DB-VIC-03: which of the two shows when the callback comes, or does not. */
static void check_grant(uint32_t number)
{
    struct os_monitor_call *call = os_monitor_call();
    uint32_t grantee = device.slots[number].grantee;
    const struct os_doorbell *doorbell = os_object_peek(grantee, OS_DOORBELL);

    if (grantee == 0 || doorbell == NULL || doorbell->monitor.destroying ||
        (call->serial != 0 && call->object == grantee))
        return;
    if (doorbell->monitor.leaving != 0)
        os_violation("DB-VIC-03", grantee, "slot %u is written while DxgkCbDisconnectDoorbell for "
                     "its doorbell has not returned", number);
    call->stolen_slot = number;
    call->stolen_from = grantee;
}

static void write_owner(uint32_t number, uint64_t value)
{
    struct slot *slot = &device.slots[number];
    bool valid = (value & BELL_SLOT_OWNER_VALID_MASK) != 0;

    if (os_monitor_in("DxgkDdiCreateDoorbell"))
        os_violation("DB-CRE-02", os_monitor_call()->object, "SLOT[%u].OWNER is written: 0x%"
                     PRIx64, number, value);
    check_grant(number);
    check_drained(number, valid);
    slot->valid = valid;
    slot->hw = (uint16_t)BELL_FIELD_GET(value, BELL_SLOT_OWNER_QUEUE);
    slot->routed = os_monitor_tick();
}

/* --- Hardware queues ------------------------------------------------------------------------- */

/** Is [at, at + bytes) memory of this allocation, as its process sees it? */
static bool inside(const struct os_allocation *allocation, uint64_t at, uint64_t bytes)
{
    const struct os_gpuva *map;

    if (allocation == NULL)
        return false;
    for (map = allocation->base.process->gpuvas; map != NULL; map = map->next)
        if (map->allocation == allocation && at >= map->va &&
            at + bytes <= map->va + map->pages * BELL_PAGE)
            return true;
    return false;
}

static bool is_ring_of(const struct hardware_queue *hw, const struct os_doorbell *doorbell)
{
    uint64_t bytes = UINT64_C(16) << BELL_FIELD_GET(hw->config, BELL_QUEUE_CONFIG_LOG2_ENTRIES);

    return (hw->config & BELL_QUEUE_CONFIG_KERNEL_RING_MASK) == 0 &&
           BELL_FIELD_GET(hw->config, BELL_QUEUE_CONFIG_PASID) == doorbell->base.process->pasid &&
           inside(doorbell->ring, hw->base, bytes) &&
           inside(doorbell->control != NULL ? doorbell->control : doorbell->ring, hw->control, 16);
}

/** Doorbell whose ring the context words name. */
static const struct os_doorbell *doorbell_of(const struct hardware_queue *hw)
{
    const struct os_doorbell *doorbell = NULL;

    while ((doorbell = os_object_next(doorbell, OS_DOORBELL, NULL, NULL)) != NULL)
        if (is_ring_of(hw, doorbell))
            return doorbell;
    return NULL;
}

/** Command buffers of a kernel-mode queue. */
static void check_pasid(unsigned number, const struct os_queue *queue)
{
    uint64_t config = device.queues[number].config;

    if (BELL_FIELD_GET(config, BELL_QUEUE_CONFIG_PASID) != queue->base.process->pasid)
        os_violation("DB-CRE-12", queue->base.name, "hardware queue %u is opened with config 0x%"
                     PRIx64 "; its process has PASID %u", number, config,
                     (unsigned)queue->base.process->pasid);
}

static void open_queue(unsigned number)
{
    struct hardware_queue *hw = &device.queues[number];
    const struct os_monitor_call *call = os_monitor_call();
    const struct os_doorbell *doorbell = os_object_peek((D3DKMT_HANDLE)call->object, OS_DOORBELL);

    if (hw->open)
        return;
    hw->open = true;
    hw->listed = false;
    if (doorbell != NULL) {
        hw->queue = doorbell->base.parent->name;
        if (!is_ring_of(hw, doorbell))
            os_violation("DB-CRE-12", call->object, "hardware queue %u is opened with base 0x%"
                         PRIx64 ", control 0x%" PRIx64 ", config 0x%" PRIx64 ", which is not the "
                         "memory of the doorbell's ring in PASID %u", number, hw->base, hw->control,
                         hw->config, (unsigned)doorbell->base.process->pasid);
    } else if (os_object_peek((D3DKMT_HANDLE)call->object, OS_QUEUE) != NULL) {
        hw->queue = (uint32_t)call->object;
        check_pasid(number, os_object_peek(hw->queue, OS_QUEUE));
    } else if ((doorbell = doorbell_of(hw)) != NULL) {
        hw->queue = doorbell->base.parent->name;
    }
}

static void add_queue(struct hardware_queue *hw)
{
    const struct os_queue *queue = os_object_peek(hw->queue, OS_QUEUE);

    hw->listed = hw->open;
    hw->added = os_monitor_tick();
    if (queue != NULL && os_monitor_in("DxgkDdiConnectDoorbell") && !queue->dead &&
        os_queue_context(queue)->suspended)
        os_violation("DB-CON-11", os_monitor_call()->object, "the queue is added to the run list "
                     "while its context 0x%08X is suspended", os_queue_context(queue)->base.name);
}

/** DB-DIS-07: the queue of the doorbell that is being disconnected is stopped. */
static void check_stop(const struct hardware_queue *hw, const char *how)
{
    const struct os_monitor_call *call = os_monitor_call();
    const struct os_doorbell *doorbell = os_object_peek((D3DKMT_HANDLE)call->object, OS_DOORBELL);

    if (doorbell != NULL && os_monitor_in("DxgkDdiDisconnectDoorbell") && hw->open &&
        hw->queue == doorbell->base.parent->name)
        os_violation("DB-DIS-07", call->object, "its queue gets the command %s", how);
}

static void command(unsigned number, uint64_t op)
{
    struct hardware_queue *hw = &device.queues[number];

    if (number >= device.queues_used)
        device.queues_used = number + 1;
    switch (op) {
    case BELL_QUEUE_CMD_OPEN:
        open_queue(number);
        break;
    case BELL_QUEUE_CMD_CLOSE:
        check_stop(hw, "CLOSE");
        hw->open = hw->listed = false;
        break;
    case BELL_QUEUE_CMD_ADD:
    case BELL_QUEUE_CMD_ADD_RT:
        add_queue(hw);
        os_monitor_invalidated(number);
        break;
    case BELL_QUEUE_CMD_REMOVE:
    case BELL_QUEUE_CMD_SUSPEND:
        check_stop(hw, op == BELL_QUEUE_CMD_REMOVE ? "REMOVE" : "SUSPEND");
        hw->listed = false;
        break;
    case BELL_QUEUE_CMD_KICK:
        hw->kicked = os_monitor_tick();
        break;
    default:
        break;
    }
}

static void write_queue(unsigned number, uint64_t offset, uint64_t value)
{
    struct hardware_queue *hw = &device.queues[number];

    if (offset == BELL_QUEUE_CMD_OFFSET(number))
        command(number, BELL_FIELD_GET(value, BELL_QUEUE_CMD_OP));
    else if (offset == BELL_QUEUE_SCHED_OFFSET(number))
        hw->sched = value;
    else if (hw->open)
        return;
    else if (offset == BELL_QUEUE_BASE_OFFSET(number))
        hw->base = value;
    else if (offset == BELL_QUEUE_CONTROL_OFFSET(number))
        hw->control = value;
    else if (offset == BELL_QUEUE_CONFIG_OFFSET(number))
        hw->config = value;
}

/* --- Decoding -------------------------------------------------------------------------------- */

static bool is_slot_word(uint64_t address, uint32_t *number)
{
    *number = (uint32_t)((address - BELL_SLOT_OWNER_OFFSET(0)) / BELL_SLOT_STRIDE);
    return address >= BELL_SLOT_OWNER_OFFSET(0) && *number < BELL_SLOT_MAX;
}

static void write_wake(uint64_t value)
{
    uint64_t now = os_monitor_tick();

    for (uint64_t key = 0; key <= BELL_FENCE_WAKE_KEY_MASK; key++)
        if ((value & BELL_FENCE_WAKE_ALL_MASK) != 0 ||
            BELL_FIELD_GET(value, BELL_FENCE_WAKE_KEY) == key)
            device.woken[key] = now;
}

uint64_t os_device_woken(uint32_t offset)
{
    return device.woken[offset >> 6 & BELL_FENCE_WAKE_KEY_MASK];
}

static void write_control(uint64_t value)
{
    device.gates = value & BELL_CTRL_ENABLE_MASK ? (uint32_t)BELL_FIELD_GET(value, BELL_CTRL_GATED)
                                                 : UINT32_MAX;
    os_monitor_gates(device.gates);
}

void os_monitor_write(uint64_t address, uint64_t value)
{
    uint64_t first = BELL_QUEUE_BASE_OFFSET(0);
    uint32_t number;

    if (address == BELL_EVENT_POP_OFFSET)
        os_monitor_event_popped();
    else if (address == BELL_CTRL_OFFSET)
        write_control(value);
    else if (address == BELL_FENCE_WAKE_OFFSET)
        write_wake(value);
    else if (is_slot_word(address, &number)) {
        if (address == BELL_SLOT_OWNER_OFFSET(number))
            write_owner(number, value);
    } else if (address >= first &&
               address < first + (uint64_t)BELL_QUEUE_MAX * BELL_QUEUE_STRIDE)
        write_queue((unsigned)((address - first) / BELL_QUEUE_STRIDE), address, value);
}

void os_monitor_read(uint64_t address, uint64_t value)
{
    uint32_t number;

    device.gone |= value == UINT64_MAX;
    if (address == BELL_EVENT0_OFFSET)
        os_monitor_event_seen(value);
    else if (address == BELL_EVENT1_OFFSET)
        os_monitor_event_data(value);
    if (!is_slot_word(address, &number) || address != BELL_SLOT_DRAIN_OFFSET(number))
        return;
    device.slots[number].drain_tried = os_monitor_tick();
    if ((value & BELL_SLOT_DRAIN_IN_FLIGHT_MASK) == 0)
        device.slots[number].drained = os_monitor_tick();
}
