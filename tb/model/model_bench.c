// SPDX-License-Identifier: MIT
// What the device tests share: host side of the device, register access, queues, ledger check.

#include "model_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef BENCH_CREATE
#define BENCH_CREATE bell_model_create
#define BENCH_LOCKSTEP false
#endif
#ifndef BENCH_LOCKSTEP
#define BENCH_LOCKSTEP true
#endif

#define CONTROL_AT UINT64_C(0x80000) /* Behind the largest ring the tests use. */
#define BUFFERS_AT UINT64_C(0x81000)

/* ------------------------------------------------------------------ host side */

static enum bell_resp judge(const struct bench *bench, uint32_t pasid, uint64_t addr, size_t size)
{
    const uint64_t first = pasid ? pasid * BENCH_MIB : 0;
    const uint64_t last = pasid ? first + BENCH_MIB : BENCH_MEMORY;

    assert_int_equal(addr % 8, 0);
    assert_true(size >= 8 && size <= 128 && size % 8 == 0);
    assert_int_equal(addr / 4096, (addr + size - 1) / 4096);
    if (pasid >= BENCH_PASIDS || addr < first || addr + size > last)
        return BELL_RESP_DECERR;
    return addr / 4096 == bench->bad_page / 4096 ? BELL_RESP_SLVERR : BELL_RESP_OKAY;
}

static enum bell_resp dma_read(void *ctx, uint32_t pasid, uint64_t addr, void *data, size_t size)
{
    struct bench *bench = ctx;
    const enum bell_resp resp = judge(bench, pasid, addr, size);

    bench->read_pasid[bench->reads++ % BENCH_WRITES] = pasid;
    if (resp == BELL_RESP_OKAY)
        memcpy(data, bench->memory + addr, size);
    return resp;
}

static enum bell_resp dma_write(void *ctx, uint32_t pasid, uint64_t addr, const void *data,
                                size_t size)
{
    struct bench *bench = ctx;
    enum bell_resp resp = judge(bench, pasid, addr, size);

    if (addr / 4096 == bench->readonly_page / 4096)
        resp = BELL_RESP_DECERR;
    bench->write_addr[bench->writes++ % BENCH_WRITES] = addr;
    if (resp == BELL_RESP_OKAY)
        memcpy(bench->memory + addr, data, size);
    return resp;
}

static void mmio_done(void *ctx, uint64_t tag, uint64_t data, enum bell_resp resp)
{
    struct bench *bench = ctx;

    assert_int_equal(tag, bench->answers); /* In the order asked. */
    bench->answers++;
    bench->data = data;
    bench->resp = resp;
}

static void irq(void *ctx, bool level)
{
    struct bench *bench = ctx;

    assert_int_not_equal(level, bench->irq);
    bench->irq = level;
}

static void event(void *ctx, const struct bell_device_event *observed)
{
    struct bench *bench = ctx;

    bench->log[bench->logged % BENCH_LOG] = *observed;
    bench->logged++;
    bench->counts[observed->kind]++;
    if (observed->kind == BELL_DEV_RING)
        bench->buckets[observed->bucket]++;
}

static void differs(void *ctx, const char *text)
{
    struct bench *bench = ctx;

    if (!bench->expects_difference)
        fail_msg("%s", text);
    snprintf(bench->difference, sizeof bench->difference, "%s", text);
}

void bench_open(struct bench *bench, uint32_t slots, uint32_t dma_latency)
{
    const struct bell_device_config config = {
        .slots = slots, .dma_latency = dma_latency, .lockstep = BENCH_LOCKSTEP};
    const struct bell_device_host host = {bench, dma_read, dma_write, mmio_done,
                                          irq,   event,    differs};
    char error[256] = "";

    memset(bench, 0, sizeof *bench);
    bench->bad_page = BENCH_NO_PAGE;
    bench->readonly_page = BENCH_NO_PAGE;
    bench->memory = calloc(1, BENCH_MEMORY);
    assert_non_null(bench->memory);
    bench->device = BENCH_CREATE(&config, &host, error, sizeof error);
    if (!bench->device)
        fail_msg("%s", error);
}

void bench_close(struct bench *bench)
{
    bench->device->ops->destroy(bench->device);
    free(bench->memory);
}

/* ------------------------------------------------------------------ accesses and time */

uint64_t bench_step(struct bench *bench, uint64_t cycles)
{
    const uint64_t most = bench->step && bench->step < cycles ? bench->step : cycles;
    const uint64_t passed = bench->device->ops->step(bench->device, most);

    assert_in_range(passed, 1, most);
    return passed;
}

uint64_t bench_cycle(const struct bench *bench)
{
    return bench->device->ops->cycle(bench->device);
}

void bench_post_write(struct bench *bench, uint64_t addr, uint64_t data)
{
    bench->device->ops->mmio_write(bench->device, addr, data, 8, bench->asked++);
}

void bench_wait_answers(struct bench *bench)
{
    uint64_t left = BENCH_TIMEOUT;

    while (bench->answers != bench->asked) {
        const uint64_t passed = bench_step(bench, left);

        left -= passed;
        if (!left)
            fail_msg("bench waited %u clocks for %llu register accesses", BENCH_TIMEOUT,
                     (unsigned long long)(bench->asked - bench->answers));
    }
}

enum bell_resp bench_try_read(struct bench *bench, uint64_t addr)
{
    bench->device->ops->mmio_read(bench->device, addr, bench->asked++);
    bench_wait_answers(bench);
    return bench->resp;
}

enum bell_resp bench_try_write(struct bench *bench, uint64_t addr, uint64_t data, unsigned size)
{
    bench->device->ops->mmio_write(bench->device, addr, data, size, bench->asked++);
    bench_wait_answers(bench);
    return bench->resp;
}

uint64_t bench_read(struct bench *bench, uint64_t addr)
{
    assert_int_equal(bench_try_read(bench, addr), BELL_RESP_OKAY);
    return bench->data;
}

void bench_write(struct bench *bench, uint64_t addr, uint64_t data)
{
    assert_int_equal(bench_try_write(bench, addr, data, 8), BELL_RESP_OKAY);
}

void bench_ring(struct bench *bench, uint32_t slot)
{
    const uint64_t rings = bench->counts[BELL_DEV_RING];

    bench_try_write(bench, BELL_DEVICE_BAR2 + (uint64_t)slot * BELL_DOORBELL_BYTES, 1, 8);
    for (unsigned clocks = 0; bench->counts[BELL_DEV_RING] == rings; clocks++) {
        if (clocks > 16)
            fail_msg("bench waited 16 clocks for the credit of a ring on slot %u", slot);
        bench_step(bench, 1);
    }
}

void bench_run(struct bench *bench, uint64_t cycles)
{
    while (cycles)
        cycles -= bench_step(bench, cycles);
}

/* Idle ends at timers, so a settled device stays idle for the longest WORK the tests use. */
void bench_settle(struct bench *bench)
{
    uint64_t quiet = 0;
    uint64_t left = BENCH_TIMEOUT;

    while (quiet < 4096) {
        const uint64_t passed = bench_step(bench, 64);

        quiet = bench->device->ops->idle(bench->device) ? quiet + passed : 0;
        left -= passed < left ? passed : left;
        if (!left)
            fail_msg("bench waited %u clocks for the device to be idle", BENCH_TIMEOUT);
    }
}

uint64_t bench_load(const struct bench *bench, uint64_t addr)
{
    uint64_t value;

    memcpy(&value, bench->memory + addr, sizeof value);
    return value;
}

void bench_store(struct bench *bench, uint64_t addr, uint64_t value)
{
    memcpy(bench->memory + addr, &value, sizeof value);
}

/* ------------------------------------------------------------------ queues */

void bench_own(struct bench *bench, uint32_t slot, uint32_t queue)
{
    bench_write(bench, BELL_SLOT_OWNER_OFFSET(slot),
                BELL_FIELD_PUT(BELL_SLOT_OWNER_QUEUE, queue) | BELL_SLOT_OWNER_VALID_MASK);
}

void bench_command(struct bench *bench, uint32_t queue, enum bell_queue_cmd op)
{
    bench_write(bench, BELL_QUEUE_CMD_OFFSET(queue), BELL_FIELD_PUT(BELL_QUEUE_CMD_OP, op));
}

uint64_t bench_state(struct bench *bench, uint32_t queue)
{
    return bench_read(bench, BELL_QUEUE_STATE_OFFSET(queue)) & ~BELL_QUEUE_STATE_BLOCK_MASK;
}

enum bell_block bench_block(struct bench *bench, uint32_t queue)
{
    return (enum bell_block)BELL_FIELD_GET(bench_read(bench, BELL_QUEUE_STATE_OFFSET(queue)),
                                           BELL_QUEUE_STATE_BLOCK);
}

void bench_await_state(struct bench *bench, uint32_t queue, uint64_t mask, uint64_t value)
{
    const uint64_t limit = bench_cycle(bench) + BENCH_TIMEOUT;

    while ((bench_state(bench, queue) & mask) != value)
        if (bench_cycle(bench) > limit)
            fail_msg("bench waited %u clocks for queue %u: state & %#llx is %#llx, expected %#llx",
                     BENCH_TIMEOUT, queue, (unsigned long long)mask,
                     (unsigned long long)(bench_state(bench, queue) & mask),
                     (unsigned long long)value);
}

struct bench_queue bench_queue_open(struct bench *bench, uint32_t index, uint32_t node,
                                    uint32_t pasid, unsigned log2_entries, uint64_t start)
{
    struct bench_queue queue = {
        .bench = bench,
        .index = index,
        .pasid = pasid,
        .log2_entries = log2_entries,
        .base = pasid * BENCH_MIB,
        .control = pasid * BENCH_MIB + CONTROL_AT,
        .buffers = pasid * BENCH_MIB + BUFFERS_AT,
        .wptr = start,
    };

    bench_store(bench, queue.control + BELL_CONTROL_WPTR_OFFSET, start);
    bench_store(bench, queue.control + BELL_CONTROL_RPTR_OFFSET, start);
    bench_write(bench, BELL_QUEUE_BASE_OFFSET(index), queue.base);
    bench_write(bench, BELL_QUEUE_CONTROL_OFFSET(index), queue.control);
    bench_write(bench, BELL_QUEUE_CONFIG_OFFSET(index),
                BELL_FIELD_PUT(BELL_QUEUE_CONFIG_LOG2_ENTRIES, log2_entries) |
                    BELL_FIELD_PUT(BELL_QUEUE_CONFIG_NODE, node) |
                    BELL_FIELD_PUT(BELL_QUEUE_CONFIG_PASID, pasid));
    bench_write(bench, BELL_QUEUE_RPTR_OFFSET(index), start);
    bench_command(bench, index, BELL_QUEUE_CMD_OPEN);
    bench_command(bench, index, BELL_QUEUE_CMD_ADD);
    return queue;
}

uint64_t bench_word0(const struct bench_queue *queue, uint64_t addr)
{
    return BELL_FIELD_PUT(BELL_ENTRY_WORD0_ADDR, addr) |
           BELL_FIELD_PUT(BELL_ENTRY_WORD0_TAG, queue->wptr);
}

void bench_append_entry(struct bench_queue *queue, uint64_t word0, uint64_t word1)
{
    const uint64_t index = queue->wptr & ((UINT64_C(1) << queue->log2_entries) - 1);
    const uint64_t entry = queue->base + index * BELL_ENTRY_BYTES;

    bench_store(queue->bench, entry + BELL_ENTRY_WORD0_OFFSET, word0);
    bench_store(queue->bench, entry + BELL_ENTRY_WORD1_OFFSET, word1);
    queue->wptr++;
    bench_store(queue->bench, queue->control + BELL_CONTROL_WPTR_OFFSET, queue->wptr);
}

void bench_append(struct bench_queue *queue, uint64_t addr, const struct bell_packet *packets,
                  unsigned count)
{
    memcpy(queue->bench->memory + addr, packets, count * sizeof *packets);
    bench_append_entry(queue, bench_word0(queue, addr), count * BELL_PACKET_BYTES);
}

/* ------------------------------------------------------------------ checks */

void bench_check_ledger(struct bench *bench)
{
    const uint64_t accepted = bench_read(bench, BELL_LEDGER_ACCEPTED_OFFSET);
    const uint64_t sampled = bench_read(bench, BELL_LEDGER_SAMPLED_OFFSET);
    const uint64_t coalesced = bench_read(bench, BELL_LEDGER_COALESCED_OFFSET);
    const uint64_t unowned = bench_read(bench, BELL_LEDGER_UNOWNED_OFFSET);
    const uint64_t rejected = bench_read(bench, BELL_LEDGER_REJECTED_OFFSET);
    const uint64_t owed = bench_read(bench, BELL_LEDGER_OWED_OFFSET);

    assert_int_equal(accepted, sampled + coalesced + unowned + rejected + owed);
    assert_int_equal(accepted, bench->counts[BELL_DEV_RING]);
    assert_int_equal(coalesced, bench->buckets[BELL_RING_COALESCED]);
    assert_int_equal(unowned, bench->buckets[BELL_RING_UNOWNED]);
    assert_true(rejected >= bench->buckets[BELL_RING_REJECTED]);
    assert_true(sampled + owed <= bench->buckets[BELL_RING_CREDITED]);
    assert_int_equal(sampled + owed + (rejected - bench->buckets[BELL_RING_REJECTED]),
                     bench->buckets[BELL_RING_CREDITED]);
}

void bench_expect_event(struct bench *bench, enum bell_cause cause, uint32_t node, uint32_t queue,
                        uint64_t data)
{
    const uint64_t word0 = bench_read(bench, BELL_EVENT0_OFFSET);

    assert_true(word0 & BELL_EVENT0_VALID_MASK);
    assert_int_equal(BELL_FIELD_GET(word0, BELL_EVENT0_CAUSE), cause);
    assert_int_equal(BELL_FIELD_GET(word0, BELL_EVENT0_NODE), node);
    assert_int_equal(BELL_FIELD_GET(word0, BELL_EVENT0_QUEUE), queue);
    assert_int_equal(bench_read(bench, BELL_EVENT1_OFFSET), data);
    bench_write(bench, BELL_EVENT_POP_OFFSET, BELL_EVENT_POP_POP_MASK);
}

/* xorshift64*. */
uint64_t bench_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}
