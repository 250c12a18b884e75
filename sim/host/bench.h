/* SPDX-License-Identifier: MIT */
/* belfry bench, in three pieces: what the programs do, what the trace says, what a person reads. */
#ifndef BELL_BENCH_H
#define BELL_BENCH_H

#include "belfry/belfry.h"

#include <stddef.h>

enum {
    BENCH_QUEUES = 8,
    BENCH_SUBMISSIONS = 250, /* A queue. */
    BENCH_LATENCY = 64,      /* Clocks of a memory access. */
    BENCH_WORK = 24,         /* Clocks of a command buffer's WORK packet. */
};

/* What one machine is asked to do. */
struct bench_job {
    const char *title;
    unsigned queues;    /* 1 .. BENCH_QUEUES, on nodes 0 and 1 in turn. */
    unsigned slots;     /* Physical doorbells; 0 = all. */
    unsigned burst_max; /* Submissions in a row before a wait. */
    unsigned rest_min, rest_max; /* Clocks between bursts. */
};

struct bench_queue {
    char name[16]; /* Of its thread. */
    unsigned index;
    uint64_t token; /* Hardware queue number. */
    bool done;
    char error[96];
};

extern struct bench_queue bench_queues[BENCH_QUEUES];
extern const struct bench_job *bench_current;

/* Stretches of a submission's way, each in clocks. */
enum bench_phase {
    BENCH_STORE_TO_RING,   /* Store executed to ring accepted: the bus. */
    BENCH_RING_TO_READ,    /* To the WPTR read asked of memory. */
    BENCH_RING_TO_RUNNING, /* To the first packet of its command buffer. */
    BENCH_STORE_TO_FENCE,  /* Store to progress fence visible. */
    BENCH_PHASES
};

struct bench_series {
    uint64_t *values; /* Sorted by bench_series_sort(). */
    size_t count, room;
};

/* What a run showed. Owned by the caller: bench_result_free(). */
struct bench_result {
    struct bench_series phase[BENCH_PHASES];
    uint64_t submissions;
    uint64_t stores;          /* Doorbell stores. */
    uint64_t connects;        /* D3DKMTConnectDoorbell calls. */
    uint64_t kernel_calls;    /* Between the first and the last store of a queue, beside connects. */
    uint64_t victims;         /* Connects that took another's doorbell. */
    uint64_t victim_mmio_max; /* Driver accesses of the worst of them, not counting those of a
                                 queue's first connect, which opens the hardware queue as well. */
    uint64_t buffers, span;   /* Buffers finished in so many clocks, first start to last finish. */
};

/* bench_work.c: the one process. */
int bench_process_main(int argc, char **argv);

/* bench_trace.c */
void bench_collect(struct bench_result *result);
void bench_result_free(struct bench_result *result);

/* bench_report.c */
void bench_report(const struct bench_job *job, struct bench_result *result);
void bench_budgets(struct bench_result *idle, const struct bench_result *busy,
                   const struct bench_result *scarce);

/* bench.c. @return exit code: 0 all right, 1 a run failed, 2 a machine could not be built. */
int belfry_bench(const struct belfry_config *config);

#endif
