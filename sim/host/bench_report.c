/* SPDX-License-Identifier: MIT */
/* What a person reads of a benchmark: histograms in clocks, and the budgets with both sides. */
#include "bench.h"

#include <inttypes.h>
#include <stdio.h>

enum { ROWS = 12, BAR = 48 };

static const char *const phase_names[BENCH_PHASES] = {
    [BENCH_STORE_TO_RING] = "store executed -> ring accepted",
    [BENCH_RING_TO_READ] = "ring accepted -> WPTR read asked of memory",
    [BENCH_RING_TO_RUNNING] = "ring accepted -> command running",
    [BENCH_STORE_TO_FENCE] = "store executed -> progress fence visible",
};

static uint64_t at_percent(const struct bench_series *series, unsigned percent)
{
    return series->count == 0 ? 0 : series->values[(series->count - 1) * percent / 100];
}

static void print_bar(uint64_t first, uint64_t last, size_t count, size_t most)
{
    const size_t length = most == 0 ? 0 : (count * BAR + most - 1) / most;
    char range[32];

    if (first == last)
        snprintf(range, sizeof(range), "%" PRIu64, first);
    else
        snprintf(range, sizeof(range), "%" PRIu64 "..%" PRIu64, first, last);
    printf("    %15s %6zu  ", range, count);
    for (size_t i = 0; i < length; i++)
        putchar('#');
    putchar('\n');
}

/* Rows of equal width, a whole number of clocks; every sample is in one of them. */
static void print_histogram(const struct bench_series *series)
{
    const uint64_t low = at_percent(series, 0), high = at_percent(series, 100);
    const uint64_t width = (high - low) / ROWS + 1;
    size_t counts[ROWS] = {0}, most = 0;
    unsigned rows = 0;

    for (size_t i = 0; i < series->count; i++) {
        const unsigned row = (unsigned)((series->values[i] - low) / width);

        counts[row]++;
        most = counts[row] > most ? counts[row] : most;
        rows = row + 1 > rows ? row + 1 : rows;
    }
    for (unsigned row = 0; row < rows; row++)
        print_bar(low + row * width, low + (row + 1) * width - 1, counts[row], most);
}

void bench_report(const struct bench_job *job, struct bench_result *result)
{
    printf("\n%s: %u queue%s, %u submissions each, %s%.0u doorbells\n", job->title, job->queues,
           job->queues == 1 ? "" : "s", BENCH_SUBMISSIONS, job->slots == 0 ? "all" : "", job->slots);
    for (unsigned i = 0; i < BENCH_PHASES; i++) {
        const struct bench_series *series = &result->phase[i];

        printf("\n  %s, clocks: %zu samples, min %" PRIu64 ", median %" PRIu64 ", p99 %" PRIu64
               ", max %" PRIu64 "\n", phase_names[i], series->count, at_percent(series, 0),
               at_percent(series, 50), at_percent(series, 99), at_percent(series, 100));
        print_histogram(series);
    }
}

static void budget(const char *what, double measured, double reach, double aim)
{
    printf("  %-58s %8.2f %8.2f %8.2f  %s\n", what, measured, reach, aim,
           measured <= aim ? "aim" : measured <= reach ? "reached" : "MISSED");
}

void bench_budgets(struct bench_result *idle, const struct bench_result *busy,
                   const struct bench_result *scarce)
{
    const uint64_t latency = BENCH_LATENCY;

    printf("\nBudgets, memory latency L = %" PRIu64 " clocks\n\n  %-58s %8s %8s %8s\n", latency, "",
           "measured", "reach", "aim");
    budget("ring accepted to first memory read, idle, clocks (max)",
           (double)at_percent(&idle->phase[BENCH_RING_TO_READ], 100), 4, 2);
    budget("ring accepted to command running, idle, clocks (median)",
           (double)at_percent(&idle->phase[BENCH_RING_TO_RUNNING], 50), (double)(2 * latency + 12),
           (double)(latency + 8));
    budget("victimization, MMIO operations (max)", (double)scarce->victim_mmio_max, 8, 4);
    budget("doorbell stores a submission while connected",
           (double)idle->stores / (double)idle->submissions, 1.01, 1);
    budget("kernel calls a submission while connected",
           (double)idle->kernel_calls / (double)idle->submissions, 0, 0);
    printf("\n  With progress fences: one buffer every %.1f clocks (%" PRIu64 " in %" PRIu64
           "), %" PRIu64 " connects took another's doorbell in the scarce run.\n",
           busy->buffers == 0 ? 0.0 : (double)busy->span / (double)busy->buffers, busy->buffers,
           busy->span, scarce->victims);
}
