/* SPDX-License-Identifier: MIT */
/*
 * The smallest whole program: a user process that makes the GPU fill memory, rung by one store.
 *
 *     cc -shared -fPIC fill.c $(pkg-config --cflags --libs belfry) -o fill.so
 *     belfry run fill.so 42
 *
 * belfry run loads this file as a process of the simulated machine and calls umd_main().
 */
#include <belfry/belfry.h>
#include <belfry/bell_umd.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define FILL_BYTES 65536u

/* Print which step failed and with what NTSTATUS; a process exits by returning from umd_main(). */
static int failed(const char *step, NTSTATUS status)
{
    fprintf(stderr, "fill: %s: status 0x%08x\n", step, (unsigned)status);
    return 1;
}

/* Append one command buffer (fill the target), ring the doorbell, wait for the fence. */
static int run(struct bell_umd_queue *queue, const struct bell_umd_memory *commands,
               const struct bell_umd_memory *target, UINT64 pattern)
{
    struct bell_umd_commands list;
    UINT64 fence = 0, began = belfry_now();
    NTSTATUS status = bell_umd_commands_begin(&list, commands, 0, commands->bytes);

    bell_umd_cmd_fill(&list, target->gpu, FILL_BYTES, pattern);

    /* The first submission finds the doorbell disconnected and connects it; later ones would
     * cost one store and no kernel call. */
    status = bell_umd_submit(queue, &list, &fence);
    if (!NT_SUCCESS(status))
        return failed("submit", status);
    status = bell_umd_wait(queue, fence);
    if (!NT_SUCCESS(status))
        return failed("wait", status);

    for (unsigned word = 0; word < FILL_BYTES / 8; word++)
        if (target->cpu[word] != pattern) {
            fprintf(stderr, "fill: word %u is wrong\n", word);
            return 1;
        }
    printf("filled %u bytes with 0x%" PRIx64 " in %" PRIu64 " clocks\n", FILL_BYTES, pattern,
           belfry_now() - began);
    return 0;
}

int umd_main(int argc, char **argv)
{
    UINT64 pattern = argc > 1 ? strtoull(argv[1], NULL, 0) : 0x0123456789abcdefu;
    struct bell_umd_queue_desc desc = {.node = 0, .ring_entries = 16};
    struct bell_umd_device *device = NULL;
    struct bell_umd_queue *queue = NULL;
    struct bell_umd_memory commands = {0}, target = {0};
    NTSTATUS status = bell_umd_open((LUID){0}, &device);
    int code;

    if (!NT_SUCCESS(status))
        return failed("open", status);
    status = bell_umd_alloc(device, 4096, &commands);
    if (NT_SUCCESS(status))
        status = bell_umd_alloc(device, FILL_BYTES, &target);
    if (NT_SUCCESS(status))
        status = bell_umd_queue_create(device, &desc, &queue);
    code = NT_SUCCESS(status) ? run(queue, &commands, &target, pattern)
                              : failed("set-up", status);

    bell_umd_queue_destroy(queue);
    bell_umd_free(device, &target);
    bell_umd_free(device, &commands);
    bell_umd_close(device);
    return code;
}
