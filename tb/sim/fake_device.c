/* SPDX-License-Identifier: MIT */
#include "fake_device.h"

#include "bell_bus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_device fake;

struct bell_device *fake_reset(uint64_t latency)
{
    memset(&fake, 0, sizeof(fake));
    fake.latency = latency;
    return (struct bell_device *)&fake;
}

static uint64_t *reg_of(uint64_t addr)
{
    return &fake.reg[addr / 8 % FAKE_REGS];
}

static void offer(uint64_t addr, uint64_t data, unsigned size, uint64_t tag)
{
    struct fake_entry *entry = &fake.log[fake.offered % FAKE_LOG];

    if (fake.offered - fake.answered == FAKE_LOG) {
        fprintf(stderr, "fake device: more than %u accesses under way\n", FAKE_LOG);
        abort();
    }
    *entry = (struct fake_entry){fake.cycle, addr, data, size};
    fake.tag[fake.offered++ % FAKE_LOG] = tag;
}

void bell_device_mmio_write(struct bell_device *device, uint64_t addr, uint64_t data,
                            unsigned size, uint64_t tag)
{
    (void)device;
    offer(addr, data, size, tag);
}

void bell_device_mmio_read(struct bell_device *device, uint64_t addr, uint64_t tag)
{
    (void)device;
    offer(addr, 0, 0, tag);
}

static void answer(const struct fake_entry *entry, uint64_t tag)
{
    bool refused = fake.refuse_addr != 0 && entry->addr == fake.refuse_addr;

    if (entry->size != 0 && !refused)
        *reg_of(entry->addr) = entry->data;
    bell_bus_mmio_done(NULL, tag, entry->size == 0 && !refused ? *reg_of(entry->addr) : 0,
                       refused ? BELL_RESP_SLVERR : BELL_RESP_OKAY);
}

uint64_t bell_device_step(struct bell_device *device, uint64_t cycles)
{
    const struct fake_entry *next = &fake.log[fake.answered % FAKE_LOG];
    uint64_t due;

    (void)device;
    if (fake.mute || fake.answered == fake.offered) {
        fake.cycle += cycles;
        return cycles;
    }
    due = next->cycle + fake.latency > fake.cycle ? next->cycle + fake.latency - fake.cycle : 1;
    if (due > cycles) {
        fake.cycle += cycles;
        return cycles;
    }
    fake.cycle += due;
    answer(next, fake.tag[fake.answered++ % FAKE_LOG]);
    return due;
}

uint64_t bell_device_cycle(const struct bell_device *device)
{
    (void)device;
    return fake.cycle;
}

bool bell_device_idle(const struct bell_device *device)
{
    (void)device;
    return fake.answered == fake.offered;
}

void bell_device_reset(struct bell_device *device)
{
    (void)device;
}
