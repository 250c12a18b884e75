/* SPDX-License-Identifier: MIT */
/* What the programs of the benchmark do: short command buffers, in bursts, each queue a thread. */
#include "bench.h"

#include "belfry/observe.h"
#include "bell_umd.h"

#include <stdio.h>

enum { COMMAND_BYTES = 128, RING_ENTRIES = 64 };

struct bench_queue bench_queues[BENCH_QUEUES];
const struct bench_job *bench_current;

static NTSTATUS submit_one(struct bell_umd_queue *umd, const struct bell_umd_memory *commands,
                           unsigned number, UINT64 *fence)
{
    struct bell_umd_commands list;
    NTSTATUS status = bell_umd_commands_begin(&list, commands, (UINT64)number * COMMAND_BYTES,
                                              COMMAND_BYTES);

    if (!NT_SUCCESS(status))
        return status;
    bell_umd_cmd_work(&list, BENCH_WORK);
    return bell_umd_submit(umd, &list, fence);
}

static NTSTATUS submit_all(struct bell_umd_queue *umd, const struct bell_umd_memory *commands)
{
    unsigned number = 0;

    while (number < BENCH_SUBMISSIONS) {
        unsigned burst = 1 + (unsigned)belfry_random(bench_current->burst_max);
        UINT64 fence = 0;
        NTSTATUS status = STATUS_SUCCESS;

        for (; burst > 0 && number < BENCH_SUBMISSIONS && NT_SUCCESS(status); burst--)
            status = submit_one(umd, commands, number++, &fence);
        if (NT_SUCCESS(status))
            status = bell_umd_wait(umd, fence);
        if (!NT_SUCCESS(status))
            return status;
        belfry_sleep(bench_current->rest_min + belfry_random(bench_current->rest_max -
                                                              bench_current->rest_min));
    }
    return STATUS_SUCCESS;
}

static NTSTATUS run_queue(struct bench_queue *queue, struct bell_umd_device *device)
{
    struct bell_umd_queue_desc desc = {.node = queue->index % 2, .ring_entries = RING_ENTRIES};
    struct bell_umd_memory commands = {0};
    struct bell_umd_queue *umd = NULL;
    NTSTATUS status = bell_umd_alloc(device, BENCH_SUBMISSIONS * COMMAND_BYTES, &commands);

    if (NT_SUCCESS(status))
        status = bell_umd_queue_create(device, &desc, &umd);
    if (NT_SUCCESS(status)) {
        queue->token = bell_umd_queue_token(umd);
        status = submit_all(umd, &commands);
    }
    bell_umd_queue_destroy(umd);
    bell_umd_free(device, &commands);
    return status;
}

static void queue_thread(void *arg)
{
    struct bench_queue *queue = arg;
    struct bell_umd_device *device = NULL;
    NTSTATUS status = bell_umd_open((LUID){0}, &device);

    if (NT_SUCCESS(status))
        status = run_queue(queue, device);
    if (device != NULL)
        bell_umd_close(device);
    queue->done = NT_SUCCESS(status);
    if (!queue->done)
        snprintf(queue->error, sizeof(queue->error), "queue %s: status 0x%08x", queue->name,
                 (unsigned)status);
}

int bench_process_main(int argc, char **argv)
{
    struct belfry_thread *threads[BENCH_QUEUES] = {0};
    int code = 0;

    (void)argc;
    (void)argv;
    for (unsigned i = 0; i < bench_current->queues; i++)
        threads[i] = belfry_thread_start(bench_queues[i].name, queue_thread, &bench_queues[i]);
    for (unsigned i = 0; i < bench_current->queues; i++) {
        belfry_thread_join(threads[i]);
        code |= bench_queues[i].done ? 0 : 1;
    }
    return code;
}
