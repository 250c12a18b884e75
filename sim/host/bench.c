/* SPDX-License-Identifier: MIT */
/* belfry bench: latencies in clocks on three machines, one after another. */
#include "bench.h"

#include <stdio.h>
#include <string.h>

static const struct bench_job jobs[] = {
    {.title = "Idle", .queues = 1, .burst_max = 1, .rest_min = 500, .rest_max = 1000},
    {.title = "Busy", .queues = 8, .burst_max = 16, .rest_min = 1, .rest_max = 50},
    {.title = "Scarce", .queues = 8, .slots = 2, .burst_max = 8, .rest_min = 1, .rest_max = 2000},
};
enum { IDLE, BUSY, SCARCE, JOBS };

static void plan(const struct bench_job *job)
{
    memset(bench_queues, 0, sizeof(bench_queues));
    for (unsigned i = 0; i < BENCH_QUEUES; i++) {
        bench_queues[i].index = i;
        bench_queues[i].token = UINT64_MAX;
        snprintf(bench_queues[i].name, sizeof(bench_queues[i].name), "queue %u", i);
    }
    bench_current = job;
}

static bool well_done(enum belfry_result result)
{
    bool good = result == BELFRY_DONE;

    if (!good)
        fprintf(stderr, "belfry bench: the run failed: %s\n", belfry_failure());
    for (unsigned i = 0; i < bench_current->queues; i++)
        if (!bench_queues[i].done) {
            fprintf(stderr, "belfry bench: %s\n", bench_queues[i].error);
            good = false;
        }
    return good;
}

static int run(const struct belfry_config *config, const struct bench_job *job,
               struct bench_result *result)
{
    static char *argv[] = {(char *)"bench", NULL};
    struct belfry_config used = *config;
    char error[8192];
    bool good;

    plan(job);
    used.slots = job->slots;
    used.dma_latency = BENCH_LATENCY;
    if (belfry_open(&used, error, sizeof(error)) != 0) {
        fprintf(stderr, "belfry: %s\n", error);
        return 2;
    }
    belfry_spawn("bench", bench_process_main, 1, argv);
    good = well_done(belfry_run());
    bench_collect(result);
    good = belfry_close() == 0 && good;
    return good ? 0 : 1;
}

int belfry_bench(const struct belfry_config *config)
{
    struct bench_result results[JOBS] = {0};
    int code = 0;

    printf("Belfry bench: device %s, seed %llu; all figures are device clocks or counts\n",
           config->device, (unsigned long long)config->seed);
    for (unsigned i = 0; i < JOBS && code == 0; i++) {
        code = run(config, &jobs[i], &results[i]);
        if (code == 0)
            bench_report(&jobs[i], &results[i]);
    }
    if (code == 0)
        bench_budgets(&results[IDLE], &results[BUSY], &results[SCARCE]);
    for (unsigned i = 0; i < JOBS; i++)
        bench_result_free(&results[i]);
    return code;
}
