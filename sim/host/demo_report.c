/* SPDX-License-Identifier: MIT */
/* What a person reads at the end of the main job. */
#include "demo.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct summary {
    uint64_t min, median, p99, max;
};

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static struct summary summarise(uint64_t *values, unsigned count)
{
    struct summary result = {0};

    if (count == 0)
        return result;
    qsort(values, count, sizeof(values[0]), compare);
    result.min = values[0];
    result.median = values[count / 2];
    result.p99 = values[(count - 1) * 99 / 100];
    result.max = values[count - 1];
    return result;
}

static void print_summary(struct summary s)
{
    printf(" | %5" PRIu64 " %6" PRIu64 " %6" PRIu64 " %7" PRIu64, s.min, s.median, s.p99, s.max);
}

static void print_row(const struct demo_queue *queue)
{
    struct demo_latency latency;

    demo_trace_latency(queue, &latency);
    printf("  %-12s %4" PRIu64 "  %4" PRIu64 " %5" PRIu64 " %5" PRIu64 " %6" PRIu64, queue->name,
           queue->token, queue->stats.submissions, queue->stats.rings, queue->stats.connects,
           queue->stats.victimized);
    print_summary(summarise(latency.fetch, latency.fetch_count));
    print_summary(summarise(latency.fence, latency.fence_count));
    printf("\n");
}

static void print_table(void)
{
    unsigned i;

    printf("\nEvery queue (latencies in clocks, from the store)\n\n");
    printf("  %-12s %4s  %4s %5s %5s %6s | %-27s | %s\n", "", "hw", "sub-", "", "con-", "victim",
           "to first fetch", "to fence");
    printf("  %-12s %4s  %4s %5s %5s %6s | %5s %6s %6s %7s | %5s %6s %6s %7s\n", "queue", "que.",
           "mits", "rings", "nects", "-ized", "min", "median", "p99", "max", "min", "median", "p99",
           "max");
    for (i = 0; i < DEMO_QUEUES; i++)
        print_row(&demo_queues[i]);
    printf("\n  %s goes through the kernel: the driver stores WPTR and rings for it.\n",
           demo_queues[DEMO_USER_QUEUES].name);
}

static bool print_ledger(const struct belfry_ledger *ledger)
{
    uint64_t rings = 0;
    bool balanced = belfry_ledger_balanced(ledger);
    unsigned i;

    for (i = 0; i < DEMO_USER_QUEUES; i++)
        rings += demo_queues[i].stats.rings;
    printf("\nRing ledger (counted by the hardware)\n\n");
    printf("  %6" PRIu64 "  doorbell stores by programs\n", rings);
    printf("  %6" PRIu64 "  of them went to a dummy page: their doorbell had been taken away\n",
           rings > ledger->accepted ? rings - ledger->accepted : 0);
    printf("  %6" PRIu64 "  accepted by the device\n", ledger->accepted);
    printf("  %6" PRIu64 "    = sampled: WPTR was read because of it\n", ledger->sampled);
    printf("  %6" PRIu64 "    + coalesced: a sample was already owed\n", ledger->coalesced);
    printf("  %6" PRIu64 "    + unowned slot\n", ledger->unowned);
    printf("  %6" PRIu64 "    + rejected\n", ledger->rejected);
    printf("  %6" PRIu64 "    + still owed\n", ledger->owed);
    printf("  The ledger %s.\n", balanced ? "balances" : "DOES NOT BALANCE");
    return balanced && ledger->accepted <= rings;
}

static bool print_verdict(void)
{
    uint64_t checked = 0, wrong = 0, buffers = 0;
    bool good = true;
    unsigned i;

    for (i = 0; i < DEMO_QUEUES; i++) {
        const struct demo_queue *queue = &demo_queues[i];

        checked += queue->checked_bytes;
        wrong += queue->wrong_bytes;
        buffers += queue->finished;
        if (!queue->done || queue->finished != DEMO_BUFFERS) {
            printf("  %s stopped after %u of %d buffers. %s\n", queue->name, queue->finished,
                   DEMO_BUFFERS, queue->error);
            good = false;
        }
    }
    printf("\n  %" PRIu64 " command buffers done, %" PRIu64 " bytes checked, %" PRIu64 " wrong.\n",
           buffers, checked, wrong);
    return good && wrong == 0;
}

static void print_files(const struct belfry_config *config)
{
    printf("\nLook at it\n\n");
    if (config->waves != NULL)
        printf("  waves     gtkwave %s\n", config->waves);
    else
        printf("  waves     belfry demo --waves demo.fst, then: gtkwave demo.fst\n");
    if (config->trace != NULL)
        printf("  timeline  open %s in ui.perfetto.dev or chrome://tracing\n", config->trace);
    else
        printf("  timeline  belfry demo --trace demo.json, then open it in ui.perfetto.dev\n");
}

bool demo_report(const struct belfry_config *config, const struct belfry_ledger *ledger)
{
    bool good;

    demo_trace_tokens();
    demo_trace_story();
    demo_trace_victim();
    print_table();
    good = print_ledger(ledger);
    good = print_verdict() && good;
    print_files(config);
    return good;
}
