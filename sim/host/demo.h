/* SPDX-License-Identifier: MIT */
/* The main job, in three pieces: what the processes do, what the trace says, what a person reads. */
#ifndef BELL_DEMO_H
#define BELL_DEMO_H

#include "belfry/belfry.h"
#include "belfry/observe.h"
#include "bell_umd.h"

enum {
    DEMO_PROCESSES = 3,
    DEMO_USER_QUEUES = 8,
    DEMO_QUEUES = DEMO_USER_QUEUES + 1, /* The last one is submitted by kernel calls. */
    DEMO_BUFFERS = 200,                 /* Command buffers a queue. */
    DEMO_REGION = 1024,                 /* Bytes that one buffer may write. */
    DEMO_RING = 32,                     /* Entries. */
};

/* One queue: what it was asked to do, and what came of it. Written by its thread. */
struct demo_queue {
    unsigned index;   /* 0 .. DEMO_QUEUES - 1. */
    unsigned process; /* 0 .. DEMO_PROCESSES - 1. */
    uint32_t node;
    bool kernel_mode;
    char name[32];    /* Also its thread's name in the trace. */
    uint64_t token;   /* Hardware queue number; UINT64_MAX until known. */
    struct bell_umd_stats stats;
    unsigned finished;    /* Buffers whose fence was seen. */
    uint64_t wrong_bytes;
    uint64_t checked_bytes;
    bool done;
    char error[96];
};

/* Latency samples of one queue, clocks. */
struct demo_latency {
    unsigned fetch_count, fence_count;
    uint64_t fetch[DEMO_BUFFERS]; /* Store to first fetch of the buffer. */
    uint64_t fence[DEMO_BUFFERS]; /* Store to fence. */
};

extern struct demo_queue demo_queues[DEMO_QUEUES];

/* demo_work.c: one simulated process a call; argv[1] is its number. */
int demo_process_main(int argc, char **argv);
unsigned demo_finished(void); /* Buffers finished over all queues. */

/* demo_trace.c */
void demo_trace_tokens(void); /* Find the kernel-mode queue's hardware number. */
void demo_trace_latency(const struct demo_queue *queue, struct demo_latency *latency);
void demo_trace_story(void);
void demo_trace_victim(void);

/* demo_report.c: true when every byte, fence and the ledger are right. */
bool demo_report(const struct belfry_config *config, const struct belfry_ledger *ledger);

#endif
