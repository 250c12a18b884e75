/* SPDX-License-Identifier: MIT */
#include "bell_bus_fault.h"

#include "../thread/bell_thread.h"

static struct {
    enum bell_bus_fault fault;
    uint32_t one_in;
    uint64_t count;
} now;

void bell_bus_fault_set(enum bell_bus_fault fault, uint32_t one_in)
{
    now.fault = one_in == 0 ? BELL_BUS_NO_FAULT : fault;
    now.one_in = one_in;
}

uint64_t bell_bus_fault_count(void)
{
    return now.count;
}

void bell_bus_fault_reset(void)
{
    now.fault = BELL_BUS_NO_FAULT;
    now.count = 0;
}

/* Draws only when a fault is on, so that runs without one are what they were. */
static bool strikes(void)
{
    bool hit = now.fault == BELL_BUS_REMOVED || bell_sim_random(now.one_in) == 0;

    now.count += hit;
    return hit;
}

static bool can_hit(uint64_t addr, bool read, unsigned size, bool followed)
{
    bool ring = !read && addr >= BELL_DEVICE_BAR2;

    switch (now.fault) {
    case BELL_BUS_DUPLICATE:
    case BELL_BUS_DROP:
        return ring;
    case BELL_BUS_TEAR:
        return ring && size == sizeof(uint64_t);
    case BELL_BUS_MERGE:
        return ring && followed;
    case BELL_BUS_ERROR:
        return ring || read;
    case BELL_BUS_REMOVED:
        return true;
    default:
        return false;
    }
}

enum bell_bus_fault bell_bus_fault_of(uint64_t addr, bool read, unsigned size, bool followed)
{
    return can_hit(addr, read, size, followed) && strikes() ? now.fault : BELL_BUS_NO_FAULT;
}

bool bell_bus_fault_refuses_dma(void)
{
    return now.fault == BELL_BUS_NO_DMA && strikes();
}
