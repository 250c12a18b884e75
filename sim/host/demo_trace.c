/* SPDX-License-Identifier: MIT */
/* What the trace says of the main job: latencies, one submission step by step, one victimization. */
#include "demo.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NONE ((size_t)-1)

static const struct demo_queue *queue_by_token(uint64_t token)
{
    unsigned i;

    for (i = 0; i < DEMO_QUEUES; i++)
        if (demo_queues[i].token == token)
            return &demo_queues[i];
    return NULL;
}

void demo_trace_tokens(void)
{
    size_t at = 0;

    while ((at = belfry_record_find(at, BELFRY_START, NULL)) != NONE) {
        uint64_t token = belfry_record_at(at++)->value2;

        if (queue_by_token(token) == NULL) {
            demo_queues[DEMO_USER_QUEUES].token = token;
            return;
        }
    }
}

/* The record that stands for "software handed over buffer n": its ring store, or the kernel call. */
static size_t find_hand_over(const struct demo_queue *queue, size_t from)
{
    size_t at = from;

    for (;;) {
        at = queue->kernel_mode
                 ? belfry_record_find(at, BELFRY_KMT_ENTER, "D3DKMTSubmitCommandToHwQueue")
                 : belfry_record_find(at, BELFRY_POINT, "umd.wptr-to-ring");
        if (at == NONE || strcmp(belfry_record_at(at)->thread, queue->name) == 0)
            return at;
        at++;
    }
}

static uint64_t since(uint64_t cycle, uint64_t start)
{
    return cycle > start ? cycle - start : 0;
}

static void collect_hardware(const struct demo_queue *queue, const uint64_t *stores,
                             struct demo_latency *latency)
{
    size_t count = belfry_record_count(), at;

    for (at = 0; at < count; at++) {
        const struct belfry_record *record = belfry_record_at(at);

        if (record->value2 != queue->token)
            continue;
        if (record->kind == BELFRY_START && record->value < DEMO_BUFFERS)
            latency->fetch[latency->fetch_count++] = since(record->cycle, stores[record->value]);
        if (record->kind == BELFRY_FINISH && record->value - 1 < DEMO_BUFFERS)
            latency->fence[latency->fence_count++] =
                since(record->cycle, stores[record->value - 1]);
        if (latency->fence_count == DEMO_BUFFERS)
            return;
    }
}

void demo_trace_latency(const struct demo_queue *queue, struct demo_latency *latency)
{
    uint64_t stores[DEMO_BUFFERS] = {0};
    size_t at = 0;
    unsigned n;

    memset(latency, 0, sizeof(*latency));
    for (n = 0; n < DEMO_BUFFERS; n++) {
        at = find_hand_over(queue, at);
        if (at == NONE)
            break;
        stores[n] = belfry_record_at(at++)->cycle;
    }
    collect_hardware(queue, stores, latency);
}

static void line(uint64_t cycle, uint64_t start, const char *who, const char *what)
{
    printf("  %10" PRIu64 "  +%-6" PRIu64 " %-10s %s\n", cycle, since(cycle, start), who, what);
}

static size_t find_of_queue(size_t from, enum belfry_record_kind kind, uint64_t token,
                            uint64_t value)
{
    size_t at = from;

    while ((at = belfry_record_find(at, kind, NULL)) != NONE) {
        const struct belfry_record *record = belfry_record_at(at);

        if (record->value2 == token && (value == UINT64_MAX || record->value == value))
            return at;
        at++;
    }
    return NONE;
}

/* The first submission whose ring went straight to hardware and was credited. */
static size_t find_clean_ring(const struct demo_queue *queue, unsigned *buffer)
{
    size_t at = 0, next, ring;

    for (*buffer = 0; *buffer + 1 < DEMO_BUFFERS; (*buffer)++) {
        at = find_hand_over(queue, at);
        if (at == NONE)
            return NONE;
        next = find_hand_over(queue, at + 1);
        ring = find_of_queue(at, BELFRY_RING, queue->token, UINT64_MAX);
        if (next != NONE && ring != NONE && ring < next && belfry_record_at(ring)->status == 0 &&
            find_of_queue(at, BELFRY_START, queue->token, *buffer) < next)
            return at;
        at++;
    }
    return NONE;
}

void demo_trace_story(void)
{
    const struct demo_queue *queue = &demo_queues[0];
    const struct belfry_record *record;
    unsigned buffer = 0;
    uint64_t start;
    char text[160];
    size_t at, ring;

    for (at = NONE; at == NONE && queue < &demo_queues[DEMO_USER_QUEUES]; queue++)
        at = find_clean_ring(queue, &buffer);
    queue--;
    if (at == NONE)
        return;
    start = belfry_record_at(at)->cycle;
    printf("\nOne submission, step by step (%s, command buffer %u; clocks since power-on)\n\n",
           queue->name, buffer);
    line(start, start, "UMD", "entry and WPTR are in memory; one 64-bit store to the doorbell page");
    ring = find_of_queue(at, BELFRY_RING, queue->token, UINT64_MAX);
    record = belfry_record_at(ring);
    snprintf(text, sizeof(text), "slot %" PRIu64 " takes the ring: hardware queue %" PRIu64
             " is now pending", record->value, record->value2);
    line(record->cycle, start, "doorbell", text);
    at = find_of_queue(ring, BELFRY_SAMPLE, queue->token, UINT64_MAX);
    if (at != NONE) {
        record = belfry_record_at(at);
        snprintf(text, sizeof(text), "node %" PRIu64 " is free: it picks the queue and reads WPTR "
                 "from memory", record->value3);
        line(record->cycle, start, "sched", text);
    }
    at = find_of_queue(ring, BELFRY_START, queue->token, buffer);
    if (at != NONE)
        line(belfry_record_at(at)->cycle, start, "fetch", "the ring entry is here; its command "
             "buffer starts");
    at = find_of_queue(ring, BELFRY_FINISH, queue->token, (uint64_t)buffer + 1);
    if (at != NONE)
        line(belfry_record_at(at)->cycle, start, "fence", "work and progress fence are visible in "
             "memory; RPTR moves on");
    printf("\n  No kernel call, no driver code, no interrupt on this path.\n");
}

static const struct demo_queue *queue_by_thread(const char *thread)
{
    unsigned i;

    for (i = 0; i < DEMO_QUEUES; i++)
        if (strcmp(demo_queues[i].name, thread) == 0)
            return &demo_queues[i];
    return NULL;
}

/* One line for what happened to the victim or the winner in the connecting thread. */
static bool tell(const struct belfry_record *record, uint64_t start)
{
    static const char *const status[] = {"CONNECTED", "CONNECTED_NOTIFY_KMD", "DISCONNECTED_RETRY",
                                         "DISCONNECTED_ABORT"};
    char text[160];

    switch (record->kind) {
    case BELFRY_CB_ENTER:
        line(record->cycle, start, "KMD", "no slot is free: the least recently used doorbell is "
             "the victim (DxgkCbDisconnectDoorbell)");
        return true;
    case BELFRY_STATUS:
        snprintf(text, sizeof(text), "doorbell 0x%" PRIx64 ": status word = %s", record->object,
                 record->value < 4 ? status[record->value] : "?");
        line(record->cycle, start, "OS", text);
        return true;
    case BELFRY_MAP:
        snprintf(text, sizeof(text), "doorbell 0x%" PRIx64 ": its page now leads to %s",
                 record->object,
                 record->value == BELFRY_MAPPED_SLOT ? "a physical slot" : "the dummy page");
        line(record->cycle, start, "OS", text);
        return true;
    case BELFRY_CB_EXIT:
        line(record->cycle, start, "KMD", "callback returned: drain the slot, sample the victim's "
             "WPTR, give the slot away");
        return true;
    default:
        return false;
    }
}

void demo_trace_victim(void)
{
    size_t at = belfry_record_find(0, BELFRY_CB_ENTER, "DxgkCbDisconnectDoorbell");
    size_t count = belfry_record_count();
    const struct belfry_record *first;
    uint64_t start;

    if (at == NONE)
        return;
    first = belfry_record_at(at);
    start = first->cycle;
    printf("\nOne victimization (thread %s wants a doorbell, all are taken)\n\n",
           queue_by_thread(first->thread) ? first->thread : "?");
    for (; at < count; at++) {
        const struct belfry_record *record = belfry_record_at(at);

        if (strcmp(record->thread, first->thread) != 0)
            continue;
        tell(record, start);
        if (record->kind == BELFRY_KMT_EXIT)
            break;
    }
    line(belfry_record_at(at < count ? at : count - 1)->cycle, start, "UMD",
         "connect returned; the victim's program will find RETRY after its next ring and reconnect");
}
