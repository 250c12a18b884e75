/* SPDX-License-Identifier: MIT */
/* The main job: 3 processes, 8 user-mode queues on few doorbells, 1 kernel-mode queue beside them. */
#include "demo.h"

#include "belfry_demo.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PROGRESS_CLOCKS = 20000 };

static void plan_queues(void)
{
    static const unsigned process_of[DEMO_QUEUES] = {0, 0, 0, 1, 1, 1, 2, 2, 2};
    unsigned i;

    memset(demo_queues, 0, sizeof(demo_queues));
    for (i = 0; i < DEMO_QUEUES; i++) {
        struct demo_queue *queue = &demo_queues[i];

        queue->index = i;
        queue->process = process_of[i];
        queue->kernel_mode = i == DEMO_USER_QUEUES;
        queue->node = queue->kernel_mode ? 2 : i % 2;
        queue->token = UINT64_MAX;
        snprintf(queue->name, sizeof(queue->name), "%c%u %s", 'A' + (char)queue->process, i,
                 queue->kernel_mode ? "kernel" : queue->node == 0 ? "compute" : "copy");
    }
}

static void show_progress(void)
{
    fprintf(stderr, "\r  %u of %d command buffers, cycle %" PRIu64 " ", demo_finished(),
            DEMO_QUEUES * DEMO_BUFFERS, belfry_now());
}

static void spawn_all(void)
{
    static char numbers[DEMO_PROCESSES][2] = {"0", "1", "2"};
    static char *argv[DEMO_PROCESSES][3];
    static char name[DEMO_PROCESSES][16];
    unsigned i;

    for (i = 0; i < DEMO_PROCESSES; i++) {
        snprintf(name[i], sizeof(name[i]), "process %c", 'A' + (char)i);
        argv[i][0] = name[i];
        argv[i][1] = numbers[i];
        belfry_spawn(name[i], demo_process_main, 2, argv[i]);
    }
}

int belfry_demo(const struct belfry_config *config)
{
    struct belfry_config used = *config;
    struct belfry_ledger ledger;
    enum belfry_result result;
    char error[8192];
    bool good;

    if (used.slots == 0)
        used.slots = 2;
    plan_queues();
    if (belfry_open(&used, error, sizeof(error)) != 0) {
        fprintf(stderr, "belfry: %s\n", error);
        return 2;
    }
    printf("Belfry: %d programs, %d user-mode queues, %u physical doorbell%s, device %s, seed %" PRIu64
           "\n", DEMO_PROCESSES, DEMO_USER_QUEUES, used.slots, used.slots == 1 ? "" : "s",
           used.device, used.seed);
    spawn_all();
    if (isatty(STDERR_FILENO))
        belfry_set_progress(show_progress, PROGRESS_CLOCKS);
    result = belfry_run();
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%60s\r", "");
    belfry_ledger(&ledger);
    good = demo_report(&used, &ledger);
    if (result != BELFRY_DONE)
        printf("\n  The run failed: %s\n", belfry_failure());
    good = belfry_close() == 0 && good && result == BELFRY_DONE;
    printf("\n%s\n", good ? "All right: every byte, every fence and the ledger." : "FAILED.");
    return good ? 0 : 1;
}
