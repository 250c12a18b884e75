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

struct journey {
    const struct demo_queue *queue;
    unsigned buffer;
    size_t store, ring, sample, start, finish; /* Record indices; ring == NONE: not a clean one. */
};

/* One submission that no other shares: its own ring was credited, sampled, and started its buffer. */
static struct journey follow(const struct demo_queue *queue, unsigned buffer, size_t store)
{
    struct journey j = {queue, buffer, store, NONE, NONE, NONE, NONE};
    size_t next = find_hand_over(queue, store + 1);

    j.start = find_of_queue(store, BELFRY_START, queue->token, buffer);
    j.sample = find_of_queue(store, BELFRY_SAMPLE, queue->token, UINT64_MAX);
    j.finish = find_of_queue(store, BELFRY_FINISH, queue->token, (uint64_t)buffer + 1);
    if (next == NONE || j.start == NONE || j.sample == NONE || j.finish == NONE ||
        j.sample > j.start || j.start > next)
        return j;
    j.ring = find_of_queue(store, BELFRY_RING, queue->token, UINT64_MAX);
    if (j.ring != NONE && (j.ring > j.sample || belfry_record_at(j.ring)->status != 0))
        j.ring = NONE;
    return j;
}

/* The quickest of them: nobody else was in its way. */
static struct journey find_quickest(void)
{
    struct journey best = {.ring = NONE};
    uint64_t best_clocks = UINT64_MAX;
    unsigned i, n;

    for (i = 0; i < DEMO_USER_QUEUES; i++) {
        size_t at = 0;

        for (n = 0; n < DEMO_BUFFERS && (at = find_hand_over(&demo_queues[i], at)) != NONE; n++) {
            struct journey j = follow(&demo_queues[i], n, at);
            uint64_t clocks = j.ring == NONE ? UINT64_MAX
                                             : belfry_record_at(j.finish)->cycle -
                                                   belfry_record_at(at)->cycle;

            if (clocks < best_clocks) {
                best_clocks = clocks;
                best = j;
            }
            at++;
        }
    }
    return best;
}

void demo_trace_story(void)
{
    struct journey j = find_quickest();
    const struct belfry_record *ring, *sample;
    char text[160];
    uint64_t start;

    if (j.ring == NONE)
        return;
    start = belfry_record_at(j.store)->cycle;
    ring = belfry_record_at(j.ring);
    sample = belfry_record_at(j.sample);
    printf("\nOne submission, step by step (%s, command buffer %u; clocks since power-on)\n\n",
           j.queue->name, j.buffer);
    line(start, start, "UMD", "entry and WPTR are in memory; one 64-bit store to the doorbell page");
    snprintf(text, sizeof(text), "slot %" PRIu64 " takes the ring: hardware queue %" PRIu64
             " is owed a sample", ring->value, ring->value2);
    line(ring->cycle, start, "doorbell", text);
    snprintf(text, sizeof(text), "node %" PRIu64 " picks the queue and asks memory for WPTR",
             sample->value3);
    line(sample->cycle, start, "sched", text);
    line(belfry_record_at(j.start)->cycle, start, "fetch",
         "the ring entry is here; its command buffer starts");
    line(belfry_record_at(j.finish)->cycle, start, "fence",
         "work and progress fence are visible in memory; RPTR moves on");
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
