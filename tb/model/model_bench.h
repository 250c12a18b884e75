/* SPDX-License-Identifier: MIT */
/**
 * @file model_bench.h
 * @brief A device, a small memory and a record of what happened; what the device tests drive.
 *
 * PASID n owns the MiB n of the memory and nothing else; PASID 0 owns all of it. An access beyond
 * its PASID's memory or a write to `readonly_page` is refused (DECERR), one in the page `bad_page`
 * is a bus error (SLVERR).
 * The device is the model. Built with -DBENCH_CREATE=bell_rtl_create it is the RTL, with the model in
 * lockstep: the tests of tb/model must hold for both.
 * Every wait is bounded; one that runs out fails the test with the name of what it waited for.
 */
#ifndef MODEL_BENCH_H
#define MODEL_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bell_device_impl.h"
#include "bell_formats.h"
#include "bell_regs.h"

#define BENCH_MIB UINT64_C(0x100000)
#define BENCH_PASIDS 8u
#define BENCH_MEMORY (BENCH_PASIDS * BENCH_MIB)
#define BENCH_LOG 4096u
#define BENCH_WRITES 256u
#define BENCH_TIMEOUT 1000000u /**< Clocks any one wait may take. */
#define BENCH_NO_PAGE UINT64_MAX

struct bench {
    struct bell_device *device;
    unsigned char *memory;
    uint64_t bad_page;      /**< Address of a page with bus errors, or BENCH_NO_PAGE. */
    uint64_t readonly_page; /**< Likewise: a page that refuses writes. */

    uint64_t answers; /**< Accesses answered. */
    uint64_t asked;
    uint64_t data; /**< Of the newest answer. */
    enum bell_resp resp;
    bool irq;

    struct bell_device_event log[BENCH_LOG]; /**< Newest BENCH_LOG observations. */
    uint64_t logged;
    uint64_t counts[8];  /**< Observations by kind. */
    uint64_t buckets[4]; /**< RING observations by bucket. */
    uint64_t reads;      /**< DMA accesses. */
    uint64_t writes;
    uint64_t write_addr[BENCH_WRITES]; /**< Newest DMA writes; write n at n % BENCH_WRITES. */
    uint32_t read_pasid[BENCH_WRITES]; /**< PASIDs of the newest DMA reads. */
    bool expects_difference; /**< Of lockstep; else one fails the test. */
    char difference[2048];   /**< What it reported, or "". */
    uint64_t step;                     /**< Longest step taken at once; 0 = as long as may be. */
};

/** A queue of the bench: ring at its MiB's start, control area behind it, buffers after that. */
struct bench_queue {
    struct bench *bench;
    uint32_t index;
    uint32_t pasid;
    unsigned log2_entries;
    uint64_t base;
    uint64_t control;
    uint64_t buffers; /**< Memory for command buffers. */
    uint64_t wptr;
};

void bench_open(struct bench *bench, uint32_t slots, uint32_t dma_latency);
void bench_close(struct bench *bench);

/** One access, waited for. */
uint64_t bench_read(struct bench *bench, uint64_t addr);
void bench_write(struct bench *bench, uint64_t addr, uint64_t data);
enum bell_resp bench_try_read(struct bench *bench, uint64_t addr);
enum bell_resp bench_try_write(struct bench *bench, uint64_t addr, uint64_t data, unsigned size);
/** Let at most `cycles` pass. @return Clocks that did. */
uint64_t bench_step(struct bench *bench, uint64_t cycles);
/** A store to a doorbell, waited for until it is credited. */
void bench_ring(struct bench *bench, uint32_t slot);
/** Offer without waiting. */
void bench_post_write(struct bench *bench, uint64_t addr, uint64_t data);
void bench_wait_answers(struct bench *bench);
void bench_run(struct bench *bench, uint64_t cycles);
/** Until the device stays idle for longer than any WORK packet the tests use. */
void bench_settle(struct bench *bench);

uint64_t bench_load(const struct bench *bench, uint64_t addr);
void bench_store(struct bench *bench, uint64_t addr, uint64_t value);

/** Slot -> queue, valid. */
void bench_own(struct bench *bench, uint32_t slot, uint32_t queue);
/** Lay a queue out in the MiB of `pasid`, OPEN and ADD it; WPTR and RPTR start at `start`. */
struct bench_queue bench_queue_open(struct bench *bench, uint32_t index, uint32_t node,
                                    uint32_t pasid, unsigned log2_entries, uint64_t start);
void bench_command(struct bench *bench, uint32_t queue, enum bell_queue_cmd op);
/** STATE but for BLOCK. */
uint64_t bench_state(struct bench *bench, uint32_t queue);
/** Why the queue is not running. */
enum bell_block bench_block(struct bench *bench, uint32_t queue);
/** Write packets to `addr`, and a ring entry for them; advances WPTR in memory. */
void bench_append(struct bench_queue *queue, uint64_t addr, const struct bell_packet *packets,
                  unsigned count);
/** A ring entry with these words; advances WPTR in memory. */
void bench_append_entry(struct bench_queue *queue, uint64_t word0, uint64_t word1);
uint64_t bench_word0(const struct bench_queue *queue, uint64_t addr);

/** Asserts that the ledger adds up and agrees with what was observed; no ring may be taken now. */
void bench_check_ledger(struct bench *bench);
/** Asserts the oldest event and consumes it. */
void bench_expect_event(struct bench *bench, enum bell_cause cause, uint32_t node, uint32_t queue,
                        uint64_t data);

/** Run until `state & mask` of the queue is `value`. */
void bench_await_state(struct bench *bench, uint32_t queue, uint64_t mask, uint64_t value);
uint64_t bench_cycle(const struct bench *bench);
/** Seeded numbers, the same everywhere. */
uint64_t bench_random(uint64_t *state);

#endif
