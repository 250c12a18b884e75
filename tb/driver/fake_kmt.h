/* SPDX-License-Identifier: MIT */
/*
 * A D3DKMT* of plain memory for tests of the user-mode library: no driver, no device. It counts calls
 * and live handles, fails a chosen call, and plays a GPU that consumes ring entries when the library
 * yields.
 */
#ifndef FAKE_KMT_H
#define FAKE_KMT_H

#include "bell_formats.h"
#include "bell_umd.h"

/* Word i of new memory is its last owner's: entries of a ring. */
#define FAKE_KMT_STALE(i) (UINT64_C(0x606060606060) | (UINT64)(i) / 2 << BELL_ENTRY_WORD0_TAG_SHIFT)

struct fake_kmt {
    /* Set by the test. */
    int fail_at;             /* This call (0 = the first) fails; -1 = none. */
    NTSTATUS fail_with;
    NTSTATUS connect_result[4]; /* Results of the next connects; 0 = success. */
    unsigned connect_results;
    UINT64 status_after_connect;
    unsigned gpu_per_yield;  /* Entries that the GPU consumes at a yield; 0 = it is stuck. */
    void (*on_point)(const char *name);
    void (*on_yield)(void);  /* Plays another thread. */
    /* Seen by the test. */
    int calls;
    int live;                /* Handles created and not destroyed, over all kinds. */
    unsigned connects, notifies, submits, yields;
    /* The one queue's memory. */
    UINT64 doorbell, status, last_queued, progress;
    UINT64 *ring, *control;
    UINT64 ring_entries;
    UINT64 executed[4096];   /* Fence value of each buffer that the GPU consumed, in order. */
    unsigned executed_count;
    unsigned stale; /* Counts not 0, places with their first tag, as a doorbell was created. */
    /* Native fences: what the last call of each kind asked for. */
    D3DKMT_CREATENATIVEFENCE native_create;
    D3DKMT_HANDLE native_object;
    UINT64 native_waited, native_signaled;
};

extern struct fake_kmt fake_kmt;
void fake_kmt_reset(void);
void fake_kmt_run_gpu(unsigned entries); /* Consume up to this many entries. */

#endif
