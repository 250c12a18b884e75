/* SPDX-License-Identifier: MIT */
/* What the trace says of a benchmark run: one pass over the records. */
#include "bench.h"

#include "belfry/observe.h"

#include <stdlib.h>
#include <string.h>

/* A queue on its way through the trace. */
struct progress {
    uint64_t stores[BENCH_SUBMISSIONS]; /* Cycle of each hand-over. */
    unsigned handed;
    uint64_t ring;       /* Cycle of the ring that waits for its sample; 0 = none. */
    uint64_t first_ring; /* Of the ring that the next buffer to start answers; 0 = none. */
    bool connecting, took_another;
    bool opened; /* Has been connected before: its hardware queue is open. */
    uint64_t mmio; /* Driver accesses of the connect under way. */
};

static void add(struct bench_series *series, uint64_t value)
{
    if (series->count == series->room) {
        size_t room = series->room ? 2 * series->room : 256;
        uint64_t *values = realloc(series->values, room * sizeof(*values));

        if (values == NULL)
            abort();
        series->values = values;
        series->room = room;
    }
    series->values[series->count++] = value;
}

static struct progress *by_token(struct progress *all, uint64_t token)
{
    for (unsigned i = 0; i < bench_current->queues; i++)
        if (bench_queues[i].token == token)
            return &all[i];
    return NULL;
}

static struct progress *by_thread(struct progress *all, const char *thread)
{
    for (unsigned i = 0; i < bench_current->queues; i++)
        if (strcmp(bench_queues[i].name, thread) == 0)
            return &all[i];
    return NULL;
}

static void see_hardware(const struct belfry_record *record, struct progress *queue,
                         struct bench_result *result)
{
    switch (record->kind) {
    case BELFRY_RING:
        /* The first submission meets the sample that its own connect asked for. */
        if (record->status != 0 || queue->handed < 2)
            return;
        queue->ring = record->cycle;
        add(&result->phase[BENCH_STORE_TO_RING], record->cycle - queue->stores[queue->handed - 1]);
        return;
    case BELFRY_SAMPLE:
        if (queue->ring != 0)
            add(&result->phase[BENCH_RING_TO_READ], record->cycle - queue->ring);
        queue->first_ring = queue->ring;
        queue->ring = 0;
        return;
    case BELFRY_START:
        if (queue->first_ring != 0)
            add(&result->phase[BENCH_RING_TO_RUNNING], record->cycle - queue->first_ring);
        queue->first_ring = 0;
        if (result->span == 0)
            result->span = record->cycle;
        return;
    case BELFRY_FINISH:
        if (record->value == 0 || record->value > queue->handed)
            return;
        add(&result->phase[BENCH_STORE_TO_FENCE],
            record->cycle - queue->stores[record->value - 1]);
        result->buffers++;
        return;
    default: return;
    }
}

static void see_connect(const struct belfry_record *record, struct progress *queue,
                        struct bench_result *result)
{
    const bool connect = strcmp(record->name, "D3DKMTConnectDoorbell") == 0;

    if (record->kind == BELFRY_KMT_ENTER && connect) {
        queue->connecting = true;
        queue->took_another = false;
        queue->mmio = 0;
        result->connects++;
    } else if (record->kind == BELFRY_KMT_ENTER && queue->handed > 0 &&
               queue->handed < BENCH_SUBMISSIONS) {
        result->kernel_calls++;
    } else if (record->kind == BELFRY_KMT_EXIT && connect) {
        if (queue->took_another) {
            result->victims++;
            if (queue->opened && queue->mmio > result->victim_mmio_max)
                result->victim_mmio_max = queue->mmio;
        }
        queue->opened = true;
        queue->connecting = false;
    }
}

static void see_software(const struct belfry_record *record, struct progress *queue,
                         struct bench_result *result)
{
    switch (record->kind) {
    case BELFRY_POINT:
        if (strcmp(record->name, "umd.wptr-to-ring") == 0 && queue->handed < BENCH_SUBMISSIONS) {
            queue->stores[queue->handed++] = record->cycle;
            result->submissions++;
        }
        return;
    case BELFRY_STORE:
        if (strcmp(record->name, "doorbell") == 0)
            result->stores++;
        return;
    case BELFRY_CB_ENTER: queue->took_another = true; return;
    case BELFRY_MMIO_READ:
    case BELFRY_MMIO_WRITE: queue->mmio += queue->connecting; return;
    default: see_connect(record, queue, result); return;
    }
}

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

void bench_collect(struct bench_result *result)
{
    static struct progress all[BENCH_QUEUES];
    uint64_t last = 0;

    memset(all, 0, sizeof(all));
    memset(result, 0, sizeof(*result));
    for (size_t at = 0; at < belfry_record_count(); at++) {
        const struct belfry_record *record = belfry_record_at(at);
        const bool hardware = record->thread[0] == '\0';
        struct progress *queue = hardware ? by_token(all, record->value2)
                                          : by_thread(all, record->thread);

        if (queue == NULL)
            continue;
        if (hardware)
            see_hardware(record, queue, result);
        else
            see_software(record, queue, result);
        if (record->kind == BELFRY_FINISH)
            last = record->cycle;
    }
    result->span = last - result->span;
    for (unsigned i = 0; i < BENCH_PHASES; i++)
        if (result->phase[i].count != 0)
            qsort(result->phase[i].values, result->phase[i].count, sizeof(uint64_t), compare);
}

void bench_result_free(struct bench_result *result)
{
    for (unsigned i = 0; i < BENCH_PHASES; i++)
        free(result->phase[i].values);
    memset(result, 0, sizeof(*result));
}
