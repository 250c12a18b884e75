/* SPDX-License-Identifier: MIT */
/*
 * The wake-up that the published disconnect order loses.
 *
 * The pages about disconnecting a doorbell list: call the driver, rotate the page to a dummy, write
 * RETRY. Between the last two steps a program's ring goes to the dummy page while its status still
 * reads CONNECTED: the program believes that the hardware knows of its work, and nobody ever looks.
 * The shipped order writes the status first.
 *
 *     cc -shared -fPIC published_order.c $(pkg-config --cflags --libs belfry) -o published_order.so
 *     belfry run --explore seeds:1..40,sweep:0..61 published_order.so
 *     belfry run --os disconnect=published --explore seeds:1..40,sweep:0..61 published_order.so
 *
 * The exploration slides the submission over every clock of the OS's disconnect. It fails at the
 * offsets where the wake-up is lost, and prints the line that shows one of them again; add
 * --waves lost.fst --trace lost.json to that line to look at it.
 */
#include <belfry/belfry.h>
#include <belfry/bell_umd.h>
#include <belfry/observe.h>

#include <inttypes.h>
#include <stdio.h>

enum { SETTLE_CLOCKS = 3000, LOST_CLOCKS = 100000 };

static struct bell_umd_queue *queue;

/* The OS takes the doorbell back, as a power transition would. */
static void disconnect(void *arg)
{
    (void)arg;
    belfry_os_disconnect(bell_umd_queue_doorbell(queue));
}

static NTSTATUS submit(struct bell_umd_memory *memory, UINT64 offset, UINT64 *fence)
{
    struct bell_umd_commands list;
    NTSTATUS status = bell_umd_commands_begin(&list, memory, offset, 128);

    bell_umd_cmd_nop(&list);
    return NT_SUCCESS(status) ? bell_umd_submit(queue, &list, fence) : status;
}

static int race(struct bell_umd_memory *memory)
{
    struct belfry_thread *os;
    UINT64 fence = 0, end;

    /* Connect, and let everything come to rest. */
    if (!NT_SUCCESS(submit(memory, 0, &fence)) || !NT_SUCCESS(bell_umd_wait(queue, fence)))
        return 1;
    belfry_sleep(SETTLE_CLOCKS);

    /* A thread of the OS may be interrupted anywhere: here between rotating and writing RETRY. */
    belfry_point_hold("disconnect.rotate-to-status");
    os = belfry_thread_start("os disconnect", disconnect, NULL);
    belfry_sleep(1 + belfry_sweep());
    if (!NT_SUCCESS(submit(memory, 128, &fence)))
        return 1;
    belfry_point_release("disconnect.rotate-to-status");
    belfry_thread_join(os);

    /* bell_umd_submit() has returned: the work must run without any further call. */
    for (end = belfry_now() + LOST_CLOCKS; bell_umd_progress(queue) < fence; belfry_sleep(50))
        if (belfry_now() > end) {
            printf("lost wake-up at offset %" PRIu64 ": submission %" PRIu64 " is in memory, its "
                   "ring went to the dummy page while the status read CONNECTED, and %d clocks "
                   "later it has not run\n", belfry_sweep(), (uint64_t)fence, LOST_CLOCKS);
            return 1;
        }
    return 0;
}

int umd_main(int argc, char **argv)
{
    struct bell_umd_queue_desc desc = {.ring_entries = 16};
    struct bell_umd_device *device = NULL;
    struct bell_umd_memory memory = {0};
    int code = 1;

    (void)argc;
    (void)argv;
    if (NT_SUCCESS(bell_umd_open((LUID){0}, &device)) &&
        NT_SUCCESS(bell_umd_alloc(device, 4096, &memory)) &&
        NT_SUCCESS(bell_umd_queue_create(device, &desc, &queue)))
        code = race(&memory);
    bell_umd_queue_destroy(queue);
    bell_umd_free(device, &memory);
    bell_umd_close(device);
    return code;
}
