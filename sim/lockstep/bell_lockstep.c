// SPDX-License-Identifier: MIT
// Create, dispatch, report; the queue of words.

#include "bell_lockstep_inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool (*alter_action)(void *ctx, struct bell_lockstep_action *action);
static void *alter_ctx;

void bell_lockstep_alter(bool (*alter)(void *ctx, struct bell_lockstep_action *action), void *ctx)
{
    alter_action = alter;
    alter_ctx = ctx;
}

/* ------------------------------------------------------------------ words */

static void grow(struct bell_lockstep_words *words)
{
    const size_t capacity = words->capacity ? 2 * words->capacity : 64;
    struct bell_lockstep_word *ring = malloc(capacity * sizeof *ring);

    if (!ring) {
        fprintf(stderr, "lockstep: no memory for %zu words read ahead\n", capacity);
        abort();
    }
    for (size_t i = 0; i < words->count; i++)
        ring[i] = *bell_lockstep_at(words, i);
    free(words->ring);
    words->ring = ring;
    words->capacity = capacity;
    words->first = 0;
}

void bell_lockstep_push(struct bell_lockstep_words *words, struct bell_lockstep_word word)
{
    if (words->count == words->capacity)
        grow(words);
    words->ring[(words->first + words->count) & (words->capacity - 1)] = word;
    words->count++;
}

struct bell_lockstep_word bell_lockstep_pop(struct bell_lockstep_words *words)
{
    const struct bell_lockstep_word word = words->ring[words->first];

    words->first = (words->first + 1) & (words->capacity - 1);
    words->count--;
    return word;
}

const struct bell_lockstep_word *bell_lockstep_at(const struct bell_lockstep_words *words,
                                                  size_t index)
{
    return &words->ring[(words->first + index) & (words->capacity - 1)];
}

void bell_lockstep_clear(struct bell_lockstep_words *words)
{
    words->first = 0;
    words->count = 0;
}

/* ------------------------------------------------------------------ report */

static const char *response(enum bell_resp resp)
{
    return resp == BELL_RESP_OKAY ? "OKAY" : resp == BELL_RESP_DECERR ? "DECERR" : "SLVERR";
}

static void print_access(FILE *out, const struct bell_lockstep_action *action)
{
    fprintf(out, "%s %u bytes at 0x%llx for PASID %u, %s",
            action->kind == BELL_SAW_READ ? "reads" : "writes", action->size,
            (unsigned long long)action->addr, action->pasid, response(action->resp));
    for (unsigned i = 0; i < action->size / sizeof action->data[0] && i < BELL_LOCKSTEP_WORDS; i++)
        fprintf(out, "%s0x%llx", i ? " " : ": ", (unsigned long long)action->data[i]);
}

static void print_action(FILE *out, const struct bell_lockstep_action *action)
{
    const unsigned long long value = action->value;

    switch (action->kind) {
    case BELL_SAW_TURN: fprintf(out, "gives queue %u a turn", action->queue); break;
    case BELL_SAW_TURN_END: fprintf(out, "ends the turn"); break;
    case BELL_SAW_START: fprintf(out, "starts buffer %llu", value); break;
    case BELL_SAW_DONE: fprintf(out, "finishes a buffer, RPTR %llu", value); break;
    case BELL_SAW_READ:
    case BELL_SAW_WRITE: print_access(out, action); break;
    case BELL_SAW_EVENT:
        fprintf(out, "posts cause %u, node %u, queue %u, data 0x%llx", action->cause, action->node,
                action->queue, value);
        break;
    case BELL_SAW_IRQ: fprintf(out, "drives the line to %llu", value); break;
    case BELL_SAW_RING:
        fprintf(out, "bucket %u, cause %u, slot %u, queue %u", action->bucket, action->cause,
                action->slot, action->queue);
        break;
    case BELL_SAW_ACCEPT:
        fprintf(out, "accepts an access at 0x%llx", (unsigned long long)action->addr);
        break;
    case BELL_SAW_OFFER:
        fprintf(out, "is offered an access at 0x%llx", (unsigned long long)action->addr);
        break;
    case BELL_SAW_WORK: fprintf(out, value ? "begins a WORK" : "ends a WORK"); break;
    case BELL_SAW_SILENCE: fprintf(out, "does nothing of the kind"); break;
    case BELL_SAW_PERFORM: fprintf(out, "performs a write"); break;
    case BELL_SAW_ANSWER:
        fprintf(out, "answers a %s %s, data 0x%llx", action->write ? "write" : "read",
                response(action->resp), value);
        break;
    default: break;
    }
}

static bool has_node(const struct bell_lockstep_action *action)
{
    return action->kind <= BELL_SAW_EVENT && action->node < BELL_MODEL_NODES;
}

static void print_place(FILE *out, const struct bell_lockstep *lockstep)
{
    const struct bell_lockstep_action *action = lockstep->now;
    const struct bell_model_node *node;

    if (!has_node(action))
        return;
    node = &lockstep->model->nodes[action->node];
    fprintf(out, "node %u, queue %u", action->node, node->queue);
    if (node->state != BELL_MODEL_IDLE)
        fprintf(out, ", turn given at cycle %llu, RPTR %llu",
                (unsigned long long)lockstep->nodes[action->node].given_at,
                (unsigned long long)node->rptr);
    fputc('\n', out);
}

void bell_lockstep_differ(struct bell_lockstep *lockstep, const char *what, const char *model, ...)
{
    char *text = NULL;
    size_t size;
    FILE *out;
    va_list args;

    if (lockstep->over)
        return;
    lockstep->over = true;
    lockstep->look_at = BELL_MODEL_NEVER;
    out = open_memstream(&text, &size);
    if (!out)
        abort();
    fprintf(out, "lockstep: RTL and reference model differ: %s, cycle %llu\n", what,
            (unsigned long long)lockstep->now->cycle);
    if (has_node(lockstep->now)) {
        fprintf(out, "  where: ");
        print_place(out, lockstep);
    }
    fprintf(out, "  rtl:   ");
    print_action(out, lockstep->now);
    fprintf(out, "\n  model: ");
    va_start(args, model);
    vfprintf(out, model, args);
    va_end(args);
    fclose(out);
    lockstep->differs(lockstep->ctx, text);
    free(text);
}

/* ------------------------------------------------------------------ actions */

static void forget_nodes(struct bell_lockstep *lockstep)
{
    for (unsigned n = 0; n < BELL_MODEL_NODES; n++) {
        struct bell_lockstep_node *node = &lockstep->nodes[n];

        for (unsigned u = 0; u < BELL_READERS; u++)
            bell_lockstep_clear(&node->reads[u]);
        for (unsigned u = 0; u < BELL_WRITERS; u++)
            bell_lockstep_clear(&node->due[u]);
        node->asked.open = node->failed.is = node->stopped_due = node->running = false;
        node->free_at = lockstep->model->cycle;
        node->left = 0;
        node->turns.count = 0;
    }
}

static void reset(struct bell_lockstep *lockstep)
{
    lockstep->model->device.ops->reset(&lockstep->model->device);
    forget_nodes(lockstep);
    lockstep->access_count = lockstep->reads_open = 0;
    lockstep->offered = false;
    lockstep->full_at = 0;
    bell_lockstep_watches_reset(lockstep);
    lockstep->irq_since = lockstep->model->cycle;
    lockstep->irq_wanted = false;
    bell_lockstep_time_set(lockstep, true);
    memset(lockstep->logged_at, 0, sizeof lockstep->logged_at);
    memset(lockstep->log_open, 0, sizeof lockstep->log_open);
    memset(lockstep->notices, 0, sizeof lockstep->notices);
    memset(&lockstep->report, 0, sizeof lockstep->report);
}

static void compare(struct bell_lockstep *lockstep)
{
    switch (lockstep->now->kind) {
    case BELL_SAW_TURN: bell_lockstep_turn(lockstep); break;
    case BELL_SAW_TURN_END: bell_lockstep_turn_end(lockstep); break;
    case BELL_SAW_START:
    case BELL_SAW_DONE: bell_lockstep_buffer(lockstep); break;
    case BELL_SAW_READ: bell_lockstep_read(lockstep); break;
    case BELL_SAW_WRITE: bell_lockstep_write(lockstep); break;
    case BELL_SAW_EVENT: bell_lockstep_event(lockstep); break;
    case BELL_SAW_IRQ: bell_lockstep_irq(lockstep); break;
    case BELL_SAW_RING: bell_lockstep_ring(lockstep); break;
    case BELL_SAW_OFFER: bell_lockstep_offer(lockstep); break;
    case BELL_SAW_ACCEPT: bell_lockstep_accept(lockstep); break;
    case BELL_SAW_PERFORM: bell_lockstep_perform(lockstep); break;
    case BELL_SAW_ANSWER: bell_lockstep_answer(lockstep); break;
    case BELL_SAW_RESET: reset(lockstep); break;
    default: break;
    }
}

static bool may_change_queues(enum bell_lockstep_kind kind)
{
    return kind != BELL_SAW_READ && kind != BELL_SAW_WORK && kind != BELL_SAW_OFFER;
}

void bell_lockstep_saw(struct bell_lockstep *lockstep, const struct bell_lockstep_action *action)
{
    struct bell_lockstep_action altered;

    if (lockstep->over)
        return;
    if (alter_action) {
        altered = *action;
        if (!alter_action(alter_ctx, &altered))
            return;
        action = &altered;
    }
    lockstep->now = action;
    bell_lockstep_timers(lockstep);
    bell_lockstep_note_full(lockstep);
    if (action->node >= BELL_MODEL_NODES)
        bell_lockstep_differ(lockstep, "node", "there are %u nodes", BELL_MODEL_NODES);
    else
        compare(lockstep);
    if (!lockstep->over && may_change_queues(action->kind))
        bell_lockstep_rivals(lockstep);
    if (!lockstep->over)
        bell_lockstep_watches_saw(lockstep);
    if (!lockstep->over)
        bell_lockstep_watch(lockstep);
    bell_lockstep_note_full(lockstep);
    lockstep->now = NULL;
}

/* ------------------------------------------------------------------ create */

struct bell_lockstep *bell_lockstep_create(const struct bell_device_config *config,
                                           void (*differs)(void *ctx, const char *text), void *ctx)
{
    struct bell_lockstep *lockstep = calloc(1, sizeof *lockstep);
    struct bell_device_host host = {.event = bell_lockstep_observed};

    if (!lockstep)
        return NULL;
    host.ctx = lockstep;
    lockstep->differs = differs;
    lockstep->ctx = ctx;
    lockstep->oracle = bell_lockstep_oracle;
    lockstep->oracle.ctx = lockstep;
    lockstep->model = bell_model_create_stepped(config, &host, &lockstep->oracle);
    bell_lockstep_watches_reset(lockstep);
    if (lockstep->model) {
        bell_lockstep_time_set(lockstep, true);
        return lockstep;
    }
    free(lockstep);
    return NULL;
}

void bell_lockstep_destroy(struct bell_lockstep *lockstep)
{
    if (!lockstep)
        return;
    for (unsigned n = 0; n < BELL_MODEL_NODES; n++) {
        for (unsigned u = 0; u < BELL_READERS; u++)
            free(lockstep->nodes[n].reads[u].ring);
        for (unsigned u = 0; u < BELL_WRITERS; u++)
            free(lockstep->nodes[n].due[u].ring);
    }
    lockstep->model->device.ops->destroy(&lockstep->model->device);
    free(lockstep);
}
