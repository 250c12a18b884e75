/* SPDX-License-Identifier: MIT */
/* What the power, suspend, timeout and exit tests share. User code unless stated. */
#ifndef BELL_POWER_TEST_H
#define BELL_POWER_TEST_H

#include "rig.h"

#include "d3dkmddi.h"

#define POWER_NONE ((size_t)-1)
/* Bytes of a command buffer of the rig. */
#define POWER_COMMAND_BYTES 128u
#define POWER_COMMAND_SLOTS 512u

/* Append a buffer that never ends. */
static inline void power_append_hang(struct rig *rig)
{
    uint64_t offset = rig->wptr % POWER_COMMAND_SLOTS * POWER_COMMAND_BYTES;

    rig_append(rig, 0, 0);
    rig->commands.cpu[offset / 8] = BELL_OP_HANG;
}

/* As rig_submit(), for a buffer already appended. */
static inline void power_ring(struct rig *rig)
{
    rig_ring(rig);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (*rig->status == D3DDDI_DOORBELLSTATUS_DISCONNECTED_RETRY) {
        REQUIRE_OK(rig_connect(rig));
        rig_ring(rig);
    }
}

/* Records of one kind and name about one object from `from` on. */
static inline size_t power_find(size_t from, enum belfry_record_kind kind, const char *name,
                                uint64_t object)
{
    while ((from = belfry_record_find(from, kind, name)) != POWER_NONE &&
           belfry_record_at(from)->object != object)
        from++;
    return from;
}

/* The same; the run fails when there is none. */
static inline size_t power_expect(size_t from, enum belfry_record_kind kind, const char *name,
                                  uint64_t object)
{
    size_t at = power_find(from, kind, name, object);

    if (at == POWER_NONE)
        belfry_fail("no %s about 0x%llx was recorded", name, (unsigned long long)object);
    return at;
}

/* Last record of this kind and name. */
static inline size_t power_last(size_t from, enum belfry_record_kind kind, const char *name)
{
    size_t last = POWER_NONE;

    for (size_t at = from; (at = belfry_record_find(at, kind, name)) != POWER_NONE; at++)
        last = at;
    return last;
}

/* DxgkCbNotifyInterrupt of this type from `from` on, or POWER_NONE. */
static inline size_t power_interrupt(size_t from, DXGK_INTERRUPT_TYPE type)
{
    while ((from = belfry_record_find(from, BELFRY_CB_ENTER, "DxgkCbNotifyInterrupt")) !=
               POWER_NONE &&
           belfry_record_at(from)->value != (uint64_t)type)
        from++;
    return from;
}

static inline unsigned power_interrupts(size_t from, DXGK_INTERRUPT_TYPE type)
{
    unsigned count = 0;

    while ((from = power_interrupt(from, type)) != POWER_NONE) {
        count++;
        from++;
    }
    return count;
}

/* What the hardware did for a queue: START or FINISH records from `from` on. */
static inline unsigned power_hardware(size_t from, enum belfry_record_kind kind, uint64_t hw_queue)
{
    unsigned count = 0;

    while ((from = belfry_record_find(from, kind, NULL)) != POWER_NONE) {
        count += belfry_record_at(from)->value2 == hw_queue;
        from++;
    }
    return count;
}

static inline void power_await(bool (*done)(void), uint64_t cycles, const char *what)
{
    uint64_t end = belfry_now() + cycles;

    while (!done()) {
        if (belfry_now() > end)
            belfry_fail("%s: not within %llu cycles", what, (unsigned long long)cycles);
        belfry_sleep(64);
    }
}

/* A wait for a count of threads at a delay point. */
static inline void power_await_point(const char *name, unsigned threads)
{
    uint64_t end = belfry_now() + 200000;

    while (belfry_point_waiting(name) < threads) {
        if (belfry_now() > end)
            belfry_fail("no thread at delay point %s", name);
        belfry_sleep(16);
    }
}

#endif
