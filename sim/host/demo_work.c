/* SPDX-License-Identifier: MIT */
/*
 * What the processes of the main job do. Buffer i of a queue writes region i: even ones fill it with
 * a pattern, odd ones copy what the one before left. The CPU then checks every byte.
 */
#include "demo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMMAND_BYTES = 128, BURST_MAX = 12, REST_CLOCKS = 3000 };

struct work {
    struct demo_queue *queue;
    struct bell_umd_device *device;
    struct bell_umd_queue *umd;
    struct bell_umd_memory commands;
    struct bell_umd_memory data;
};

struct demo_queue demo_queues[DEMO_QUEUES];

unsigned demo_finished(void)
{
    unsigned sum = 0, i;

    for (i = 0; i < DEMO_QUEUES; i++)
        sum += demo_queues[i].finished;
    return sum;
}

static uint64_t pattern_of(const struct demo_queue *queue, unsigned buffer)
{
    return 0x0101010101010101u * (buffer & 0xff) ^ (uint64_t)(queue->index + 1) << 56 ^
           (uint64_t)buffer << 40;
}

static uint64_t bytes_of(unsigned buffer)
{
    return DEMO_REGION - 8 * (buffer / 2 % 16);
}

static void set_error(struct demo_queue *queue, const char *step, NTSTATUS status)
{
    snprintf(queue->error, sizeof(queue->error), "%s: status 0x%08x", step, (unsigned)status);
}

static NTSTATUS submit_one(struct work *work, unsigned buffer, UINT64 *fence)
{
    UINT64 region = work->data.gpu + (UINT64)buffer * DEMO_REGION;
    struct bell_umd_commands list;
    NTSTATUS status = bell_umd_commands_begin(&list, &work->commands,
                                              (UINT64)buffer * COMMAND_BYTES, COMMAND_BYTES);

    if (!NT_SUCCESS(status))
        return status;
    if (buffer % 2 == 0)
        bell_umd_cmd_fill(&list, region, bytes_of(buffer), pattern_of(work->queue, buffer));
    else
        bell_umd_cmd_copy(&list, region, region - DEMO_REGION, bytes_of(buffer));
    return bell_umd_submit(work->umd, &list, fence);
}

static NTSTATUS submit_all(struct work *work)
{
    unsigned buffer = 0;

    while (buffer < DEMO_BUFFERS) {
        unsigned burst = 1 + (unsigned)belfry_random(BURST_MAX);
        UINT64 fence = 0;
        NTSTATUS status = STATUS_SUCCESS;

        for (; burst > 0 && buffer < DEMO_BUFFERS && NT_SUCCESS(status); burst--)
            status = submit_one(work, buffer++, &fence);
        if (NT_SUCCESS(status))
            status = bell_umd_wait(work->umd, fence);
        if (!NT_SUCCESS(status))
            return status;
        work->queue->finished = buffer;
        belfry_sleep(1 + belfry_random(REST_CLOCKS));
    }
    return STATUS_SUCCESS;
}

static void check_region(struct work *work, unsigned buffer)
{
    const volatile unsigned char *seen =
        (const volatile unsigned char *)work->data.cpu + (size_t)buffer * DEMO_REGION;
    uint64_t pattern = pattern_of(work->queue, buffer & ~1u);
    uint64_t bytes = bytes_of(buffer), i;
    unsigned char want[8];

    memcpy(want, &pattern, sizeof(want));
    for (i = 0; i < DEMO_REGION; i++)
        if (seen[i] != (i < bytes ? want[i % 8] : 0))
            work->queue->wrong_bytes++;
    work->queue->checked_bytes += DEMO_REGION;
}

static NTSTATUS prepare(struct work *work)
{
    struct bell_umd_queue_desc desc = {
        .node = work->queue->node,
        .ring_entries = DEMO_RING,
        .kernel_mode = work->queue->kernel_mode,
    };
    NTSTATUS status = bell_umd_open((LUID){0}, &work->device);

    if (NT_SUCCESS(status))
        status = bell_umd_alloc(work->device, DEMO_BUFFERS * COMMAND_BYTES, &work->commands);
    if (NT_SUCCESS(status))
        status = bell_umd_alloc(work->device, DEMO_BUFFERS * DEMO_REGION, &work->data);
    if (NT_SUCCESS(status))
        status = bell_umd_queue_create(work->device, &desc, &work->umd);
    if (NT_SUCCESS(status) && !work->queue->kernel_mode)
        work->queue->token = bell_umd_queue_token(work->umd);
    return status;
}

static void release(struct work *work)
{
    if (work->device == NULL)
        return;
    bell_umd_queue_destroy(work->umd);
    bell_umd_free(work->device, &work->data);
    bell_umd_free(work->device, &work->commands);
    bell_umd_close(work->device);
}

static void queue_thread(void *arg)
{
    struct work work = {.queue = arg};
    unsigned buffer;
    NTSTATUS status = prepare(&work);

    if (!NT_SUCCESS(status)) {
        set_error(work.queue, "set-up", status);
    } else {
        status = submit_all(&work);
        if (!NT_SUCCESS(status))
            set_error(work.queue, "submission", status);
        for (buffer = 0; buffer < DEMO_BUFFERS; buffer++)
            check_region(&work, buffer);
        bell_umd_queue_stats(work.umd, &work.queue->stats);
        work.queue->done = NT_SUCCESS(status);
    }
    release(&work);
}

int demo_process_main(int argc, char **argv)
{
    unsigned process = argc > 1 ? (unsigned)atoi(argv[1]) : 0;
    struct belfry_thread *threads[DEMO_QUEUES] = {0};
    unsigned i;
    int code = 0;

    for (i = 0; i < DEMO_QUEUES; i++)
        if (demo_queues[i].process == process)
            threads[i] = belfry_thread_start(demo_queues[i].name, queue_thread, &demo_queues[i]);
    for (i = 0; i < DEMO_QUEUES; i++)
        if (threads[i] != NULL) {
            belfry_thread_join(threads[i]);
            code |= demo_queues[i].done ? 0 : 1;
        }
    return code;
}
