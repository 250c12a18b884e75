/* SPDX-License-Identifier: MIT */
#include "bell_bus.h"

#include "../thread/bell_thread.h"
#include "bell_bus_fault.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_DELAY_MIN 1u
#define DEFAULT_DELAY_MAX 40u
#define DEFAULT_TIMEOUT 100000u
#define WHAT_BYTES 128u

/* One access from posting to answer. */
struct access {
    enum { ACCESS_FREE, ACCESS_BLOCKED, ACCESS_BRIDGE, ACCESS_DEVICE, ACCESS_DONE } state;
    bool read;
    unsigned size;
    unsigned cpu;
    uint64_t addr;
    uint64_t data;
    uint64_t order;  /* 1, 2, ... over all CPUs, as they arrived. */
    uint64_t posted; /* Cycle of arrival. */
    uint64_t due;    /* Cycle from which it may leave the bridge, once it is the oldest there. */
    enum bell_resp resp;
    uint64_t tag; /* Its place in the table; constant. */
    struct bell_thread *owner; /* While BLOCKED: waits for room. A reader: until it is DONE. */
    struct bell_waitq answered;
};

/* Accesses of one CPU in the bridge, oldest first. */
struct lane {
    struct access *fifo[BELL_BUS_DEPTH];
    unsigned head;
    unsigned count;
    struct bell_waitq room;
};

static struct {
    struct bell_bus_config config;
    struct bell_device *device;
    struct lane lane[BELL_MAX_CPUS];
    struct access **access; /* Records stay where they are; the table grows. */
    size_t access_count;
    size_t in_bridge;
    size_t reads; /* Not yet answered. */
    unsigned posted;
    uint64_t order;
    uint64_t refused;
    struct bell_waitq drained;
} bus;

void bell_bus_init(const struct bell_bus_config *config, struct bell_device *device)
{
    bell_bus_cleanup();
    bell_bus_fault_reset();
    bus.config = *config;
    bus.device = device;
    if (config->delay_min == 0 && config->delay_max == 0) {
        bus.config.delay_min = DEFAULT_DELAY_MIN;
        bus.config.delay_max = DEFAULT_DELAY_MAX;
    }
    if (bus.config.delay_max < bus.config.delay_min)
        bus.config.delay_max = bus.config.delay_min;
    if (config->read_timeout == 0)
        bus.config.read_timeout = DEFAULT_TIMEOUT;
}

void bell_bus_cleanup(void)
{
    for (size_t i = 0; i < bus.access_count; i++)
        free(bus.access[i]);
    free(bus.access);
    memset(&bus, 0, sizeof(bus));
}

static const char *bar_name(uint64_t addr)
{
    return addr >= BELL_DEVICE_BAR2 ? "BAR2" : "BAR0";
}

static uint64_t bar_offset(uint64_t addr)
{
    return addr >= BELL_DEVICE_BAR2 ? addr - BELL_DEVICE_BAR2 : addr;
}

/* A record nobody needs: free, or its owner was killed while it waited for room or its answer. */
static bool reusable(const struct access *access)
{
    return access->state == ACCESS_FREE ||
           ((access->state == ACCESS_BLOCKED || access->state == ACCESS_DONE) &&
            !bell_thread_alive(access->owner));
}

static struct access *access_new(void)
{
    size_t tag = 0;
    struct access **table;

    while (tag < bus.access_count && !reusable(bus.access[tag]))
        tag++;
    if (tag == bus.access_count) {
        table = realloc(bus.access, (tag + 1) * sizeof(struct access *));
        if (table == NULL || (table[tag] = malloc(sizeof(struct access))) == NULL)
            abort();
        bus.access = table;
        bus.access_count++;
    }
    memset(bus.access[tag], 0, sizeof(struct access));
    bus.access[tag]->tag = tag;
    return bus.access[tag];
}

static uint64_t write_delay(void)
{
    uint64_t spread = (uint64_t)bus.config.delay_max - bus.config.delay_min + 1;

    return bus.config.delay_min + bell_sim_random(spread);
}

static unsigned this_cpu(void)
{
    const struct bell_thread *self = bell_thread_self();

    return self == NULL ? 0 : bell_thread_cpu(self);
}

static void wait_for_room(struct lane *lane, uint64_t addr)
{
    while (lane->count == BELL_BUS_DEPTH) {
        char what[WHAT_BYTES];

        snprintf(what, sizeof(what), "room in the bridge for an access to %s + 0x%" PRIx64,
                 bar_name(addr), bar_offset(addr));
        if (!bell_thread_wait(&lane->room, bus.config.read_timeout, what))
            bell_sim_fail("bus: cycle %" PRIu64 ": thread '%s' (cpu %u) got no %s in %" PRIu64
                          " clocks", bell_sim_now(), bell_thread_name(bell_thread_self()),
                          this_cpu(), what, bus.config.read_timeout);
    }
}

/*
 * Put an access at the end of this CPU's lane. Its address is translated already: it has a place in
 * the order, and drains wait for it, even while it waits for room.
 */
static struct access *enqueue(uint64_t addr, bool read, uint64_t delay)
{
    struct lane *lane = &bus.lane[this_cpu()];
    struct access *access = access_new();

    access->state = ACCESS_BLOCKED;
    access->read = read;
    access->owner = bell_thread_self();
    access->cpu = this_cpu();
    access->addr = addr;
    access->order = ++bus.order;
    access->posted = bell_sim_now();
    wait_for_room(lane, addr);
    access->state = ACCESS_BRIDGE;
    access->due = bell_sim_now() + delay;
    lane->fifo[(lane->head + lane->count++) % BELL_BUS_DEPTH] = access;
    bus.in_bridge++;
    return access;
}

void bell_bus_write(uint64_t addr, uint64_t value, unsigned size)
{
    struct access *access = enqueue(addr, false, write_delay());

    access->size = size;
    access->data = size < sizeof(value) ? value & ((UINT64_C(1) << (8 * size)) - 1) : value;
    bus.posted++;
    bell_thread_point();
}

static void push(struct lane *lane)
{
    uint64_t now = bell_sim_now();

    for (unsigned i = 0; i < lane->count; i++) {
        struct access *access = lane->fifo[(lane->head + i) % BELL_BUS_DEPTH];

        if (access->due > now)
            access->due = now;
    }
}

static void read_timed_out(const struct access *access)
{
    bell_sim_fail("bus: cycle %" PRIu64 ": read of %s + 0x%" PRIx64 " by thread '%s' (cpu %u), "
                  "asked in cycle %" PRIu64 ", got no answer in %" PRIu64 " clocks; it is %s",
                  bell_sim_now(), bar_name(access->addr), bar_offset(access->addr),
                  bell_thread_name(access->owner), access->cpu, access->posted,
                  bus.config.read_timeout,
                  access->state == ACCESS_BRIDGE ? "still in the bridge" : "with the device");
}

uint64_t bell_bus_read(uint64_t addr)
{
    char what[WHAT_BYTES];
    struct access *access;

    push(&bus.lane[this_cpu()]);
    access = enqueue(addr, true, 0);
    bus.reads++;
    snprintf(what, sizeof(what), "the answer to a read of %s + 0x%" PRIx64, bar_name(addr),
             bar_offset(addr));
    if (!bell_thread_wait(&access->answered, bus.config.read_timeout, what))
        read_timed_out(access);
    access->state = ACCESS_FREE;
    return access->resp == BELL_RESP_OKAY ? access->data : UINT64_MAX;
}

/* Oldest write of all that is not yet answered; NULL when there is none. */
static const struct access *oldest_write(void)
{
    const struct access *oldest = NULL;

    for (size_t i = 0; i < bus.access_count; i++) {
        const struct access *access = bus.access[i];

        if (!access->read && !reusable(access) &&
            (oldest == NULL || access->order < oldest->order))
            oldest = access;
    }
    return oldest;
}

static void drain_timed_out(const struct access *oldest)
{
    bell_sim_fail("bus: cycle %" PRIu64 ": thread '%s' drained for %" PRIu64 " clocks; the write "
                  "of 0x%" PRIx64 " to %s + 0x%" PRIx64 " by cpu %u, posted in cycle %" PRIu64
                  ", is not answered", bell_sim_now(), bell_thread_name(bell_thread_self()),
                  bus.config.read_timeout, oldest->data, bar_name(oldest->addr),
                  bar_offset(oldest->addr), oldest->cpu, oldest->posted);
}

void bell_bus_drain_all(void)
{
    uint64_t last = bus.order;
    const struct access *oldest;

    while ((oldest = oldest_write()) != NULL && oldest->order <= last) {
        for (unsigned cpu = 0; cpu < BELL_MAX_CPUS; cpu++)
            push(&bus.lane[cpu]);
        if (!bell_thread_wait(&bus.drained, bus.config.read_timeout,
                              "posted writes of all CPUs to be answered") &&
            !reusable(oldest)) /* Its thread may have been killed. */
            drain_timed_out(oldest);
    }
}

unsigned bell_bus_posted(void)
{
    return bus.posted;
}

uint64_t bell_bus_refused(void)
{
    return bus.refused;
}

void bell_bus_mmio_done(void *ctx, uint64_t tag, uint64_t data, enum bell_resp resp)
{
    struct access *access = tag < bus.access_count ? bus.access[tag] : NULL;

    (void)ctx;
    if (access == NULL || access->state != ACCESS_DEVICE) {
        bell_sim_fail("bus: cycle %" PRIu64 ": the device answered an access that it was not given "
                      "(tag %" PRIu64 ")", bell_sim_now(), tag);
        return;
    }
    access->resp = resp;
    if (access->read) {
        access->state = ACCESS_DONE;
        access->data = data;
        bus.reads--;
        bell_thread_wake_all(&access->answered);
    } else {
        access->state = ACCESS_FREE;
        bus.refused += resp != BELL_RESP_OKAY;
        bus.posted--;
        bell_thread_wake_all(&bus.drained);
    }
}

/* The access that leaves the bridge next: earliest due, then earliest posted. */
static struct lane *next_lane(void)
{
    struct lane *best = NULL;

    if (bus.in_bridge == 0)
        return NULL;
    for (struct lane *lane = bus.lane; lane < bus.lane + BELL_MAX_CPUS; lane++) {
        const struct access *a;
        const struct access *b;

        if (lane->count == 0)
            continue;
        a = lane->fifo[lane->head];
        b = best == NULL ? NULL : best->fifo[best->head];
        if (b == NULL || a->due < b->due || (a->due == b->due && a->order < b->order))
            best = lane;
    }
    return best;
}

static void give_to_device(const struct access *access)
{
    if (access->read)
        bell_device_mmio_read(bus.device, access->addr, access->tag);
    else
        bell_device_mmio_write(bus.device, access->addr, access->data, access->size, access->tag);
}

/* A store that nobody made: `bytes` of `access` from byte `from` on. */
static void give_another(const struct access *access, unsigned from, unsigned bytes)
{
    struct access *another = access_new();
    uint64_t tag = another->tag;

    *another = *access;
    another->tag = tag;
    another->addr = access->addr + from;
    another->data = access->data >> (8 * from);
    another->size = bytes;
    bus.posted++;
    give_to_device(another);
}

static void deliver(struct access *access, enum bell_bus_fault fault)
{
    switch (fault) {
    case BELL_BUS_DUPLICATE:
        give_to_device(access);
        give_another(access, 0, access->size);
        break;
    case BELL_BUS_TEAR:
        access->size /= 2;
        give_another(access, access->size, access->size);
        access->data &= UINT32_MAX;
        give_to_device(access);
        break;
    case BELL_BUS_DROP:
    case BELL_BUS_MERGE:
        bell_bus_mmio_done(NULL, access->tag, 0, BELL_RESP_OKAY);
        break;
    case BELL_BUS_REMOVED: /* Nobody answers a read: the bridge gives all ones; stores are posted. */
        bell_bus_mmio_done(NULL, access->tag, UINT64_MAX, BELL_RESP_OKAY);
        break;
    case BELL_BUS_ERROR:
        bell_bus_mmio_done(NULL, access->tag, 0, BELL_RESP_SLVERR);
        break;
    default:
        give_to_device(access);
        break;
    }
}

/* Is the next access of this CPU a store to the same place? */
static bool is_followed(const struct lane *lane, const struct access *access)
{
    const struct access *next = lane->fifo[(lane->head + 1) % BELL_BUS_DEPTH];

    return lane->count > 1 && !next->read && next->addr == access->addr &&
           next->size == access->size;
}

static void hand_over(struct lane *lane)
{
    struct access *access = lane->fifo[lane->head];
    enum bell_bus_fault fault =
        bell_bus_fault_of(access->addr, access->read, access->size, is_followed(lane, access));

    lane->head = (lane->head + 1) % BELL_BUS_DEPTH;
    lane->count--;
    bus.in_bridge--;
    access->state = ACCESS_DEVICE;
    deliver(access, fault);
    bell_thread_wake_one(&lane->room);
}

uint64_t bell_bus_next(void)
{
    const struct lane *lane = next_lane();
    uint64_t now = bell_sim_now();
    uint64_t due;

    if (lane == NULL)
        return UINT64_MAX;
    due = lane->fifo[lane->head]->due;
    return due > now ? due - now : 0;
}

uint64_t bell_bus_step(void *ctx, uint64_t cycles)
{
    uint64_t next;

    (void)ctx;
    while ((next = bell_bus_next()) == 0)
        hand_over(next_lane());
    return bell_device_step(bus.device, next < cycles ? next : cycles);
}

void bell_bus_reset(void)
{
    bell_device_reset(bus.device);
}

bool bell_bus_idle(void *ctx)
{
    (void)ctx;
    return bus.posted == 0 && bus.reads == 0 && bell_device_idle(bus.device);
}

uint64_t bell_bus_now(void *ctx)
{
    (void)ctx;
    return bell_device_cycle(bus.device);
}
