// SPDX-License-Identifier: MIT
// Scheduling logs: each change of state of a queue, in its order, and the word of index and wraps.
//
// The model notes what is to be logged; the RTL writes it later. When a queue gets ready, whether
// another goes first depends on clocks: ready and ready-standby are taken for each other.

#include "bell_lockstep_inside.h"

#define HEADER_BYTES 32u
#define ENTRY_BYTES 32u
#define READY UINT64_C(2)
#define STANDBY UINT64_C(3)

static uint64_t base_of(const struct bell_model_sched_log *log)
{
    return BELL_FIELD_GET(log->base, BELL_LOG_BASE0_ADDR) / HEADER_BYTES * HEADER_BYTES;
}

/* Node whose log the address is in; NODES: none. */
static uint32_t node_of(const struct bell_model *model, uint64_t addr)
{
    uint32_t node = 0;

    for (; node < BELL_MODEL_NODES; node++) {
        const struct bell_model_sched_log *log = &model->sched.logs[node];
        const uint64_t bytes = HEADER_BYTES +
                               ENTRY_BYTES * BELL_FIELD_GET(log->config, BELL_LOG_CONFIG0_ENTRIES);

        if (addr >= base_of(log) && addr < base_of(log) + bytes)
            break;
    }
    return node;
}

static bool same_state(uint64_t a, uint64_t b)
{
    return a == b || (a + b == READY + STANDBY && (a == READY || a == STANDBY));
}

/* Takes the oldest entry of that queue out of what is to be logged. */
static bool take_entry(struct bell_model_log *log, uint32_t node, uint64_t handle,
                       struct bell_model_log_entry *entry)
{
    size_t i = 0;

    for (; i < log->count; i++) {
        *entry = log->entries[(log->first + i) % log->capacity];
        if (entry->node == node && entry->handle == handle)
            break;
    }
    if (i == log->count)
        return false;
    for (; i > 0; i--)
        log->entries[(log->first + i) % log->capacity] =
            log->entries[(log->first + i - 1) % log->capacity];
    log->first = (log->first + 1) % log->capacity;
    log->count--;
    return true;
}

static void entry(struct bell_lockstep *lockstep, uint32_t node)
{
    const struct bell_lockstep_action *now = lockstep->now;
    const struct bell_model_sched_log *log = &lockstep->model->sched.logs[node];
    const uint64_t index = BELL_FIELD_GET(log->index, BELL_LOG_INDEX0_INDEX);
    const uint64_t last = BELL_FIELD_GET(log->config, BELL_LOG_CONFIG0_ENTRIES) - 1;
    const uint64_t addr = base_of(log) + HEADER_BYTES + ENTRY_BYTES * (index < last ? index : last);
    struct bell_model_log_entry due;

    bool found = take_entry(&lockstep->model->log, node, now->data[2], &due);

    /* What waited when the log was switched off was dropped, or not. */
    while (found && due.time <= log->set_at && !same_state(now->data[3], due.state))
        found = take_entry(&lockstep->model->log, node, now->data[2], &due);
    if (!found)
        bell_lockstep_differ(lockstep, "scheduling log", "nothing to log of handle 0x%llx",
                             (unsigned long long)now->data[2]);
    else if (now->addr != addr || now->data[1] || !same_state(now->data[3], due.state))
        bell_lockstep_differ(lockstep, "scheduling log", "writes state %llu of it at 0x%llx",
                             (unsigned long long)due.state, (unsigned long long)addr);
}

static void word(struct bell_lockstep *lockstep, uint32_t node)
{
    const struct bell_lockstep_action *now = lockstep->now;
    struct bell_model_sched_log *log = &lockstep->model->sched.logs[node];
    const uint64_t index = BELL_FIELD_GET(log->index, BELL_LOG_INDEX0_INDEX);
    const uint64_t wraps = BELL_FIELD_GET(log->index, BELL_LOG_INDEX0_WRAPS);
    const bool wrap = index + 1 >= BELL_FIELD_GET(log->config, BELL_LOG_CONFIG0_ENTRIES);
    const uint64_t next = BELL_FIELD_PUT(BELL_LOG_INDEX0_INDEX, wrap ? 0 : index + 1) |
                          BELL_FIELD_PUT(BELL_LOG_INDEX0_WRAPS, wraps + wrap);

    if (now->addr != base_of(log) || now->data[0] != next)
        bell_lockstep_differ(lockstep, "scheduling log", "writes 0x%llx at 0x%llx",
                             (unsigned long long)next, (unsigned long long)base_of(log));
    if (now->resp == BELL_RESP_OKAY)
        log->index = next;
}

void bell_lockstep_log(struct bell_lockstep *lockstep)
{
    const struct bell_lockstep_action *now = lockstep->now;
    const uint32_t node = node_of(lockstep->model, now->addr);

    if (node == BELL_MODEL_NODES || now->pasid) {
        bell_lockstep_differ(lockstep, "scheduling log", "no log is there");
        return;
    }
    if (now->size == ENTRY_BYTES)
        entry(lockstep, node);
    else
        word(lockstep, node);
    if (now->resp != BELL_RESP_OKAY)
        lockstep->model->sched.logs[node].lost = true;
}

/* When it comes is not compared. */
void bell_lockstep_log_event(struct bell_lockstep *lockstep)
{
    const struct bell_lockstep_action *now = lockstep->now;
    const struct bell_model_sched_log *log = &lockstep->model->sched.logs[now->node];
    const bool lost = now->cause == BELL_CAUSE_SCHED_LOG_LOST;

    if (now->queue || (lost && !log->lost) || (!lost && now->value != log->index))
        bell_lockstep_differ(lockstep, "event", "log index 0x%llx, %s",
                             (unsigned long long)log->index, log->lost ? "lost" : "not lost");
}
