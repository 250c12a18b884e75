// SPDX-License-Identifier: MIT
// What should have happened and did not. Looked for every few clocks, also when nothing happens.

#include "bell_lockstep_inside.h"

void bell_lockstep_note_full(struct bell_lockstep *lockstep)
{
    if (lockstep->model->irq.count == BELL_MODEL_EVENTS)
        lockstep->full_at = lockstep->model->cycle;
}

bool bell_lockstep_is_overdue(const struct bell_lockstep *lockstep, uint64_t since)
{
    const uint64_t from = since > lockstep->full_at ? since : lockstep->full_at;

    return lockstep->now->cycle > from + BELL_LOCKSTEP_POSTED;
}

/* Each queue of the model is looked at: not every time. */
static void look_for_turns(struct bell_lockstep *lockstep)
{
    const struct bell_model *model = lockstep->model;

    lockstep->turns_at = model->cycle + BELL_LOCKSTEP_OWED;
    for (uint32_t q = 0; q < BELL_MODEL_QUEUES; q++) {
        const struct bell_model_queue *queue = &model->sched.queues[q];

        if (!queue->ready || queue->ready_at + BELL_LOCKSTEP_OWED > model->cycle ||
            lockstep->nodes[queue->node].free_at + BELL_LOCKSTEP_OWED > model->cycle ||
            bell_model_sched_refusal(model, queue->node, q))
            continue;
        bell_lockstep_differ(lockstep, "turn", "gives queue %u a turn: ready since cycle %llu", q,
                             (unsigned long long)queue->ready_at);
        return;
    }
}

const uint64_t *bell_lockstep_look_at(const struct bell_lockstep *lockstep)
{
    return &lockstep->look_at;
}

void bell_lockstep_look(struct bell_lockstep *lockstep, uint64_t cycle)
{
    const struct bell_lockstep_action silence = {.kind = BELL_SAW_SILENCE, .cycle = cycle};

    if (lockstep->over)
        return;
    lockstep->look_at = cycle + BELL_LOCKSTEP_LOOK;
    lockstep->now = &silence;
    bell_lockstep_timers(lockstep);
    bell_lockstep_note_full(lockstep);
    bell_lockstep_irq_owed(lockstep);
    bell_lockstep_port_owed(lockstep);
    bell_lockstep_report_owed(lockstep);
    bell_lockstep_log_owed(lockstep);
    bell_lockstep_watches_owed(lockstep);
    if (bell_lockstep_log_waits(lockstep))
        lockstep->turns_at = cycle + BELL_LOCKSTEP_OWED; /* It may hold up the schedule. */
    else if (cycle >= lockstep->turns_at)
        look_for_turns(lockstep);
    lockstep->now = NULL;
}
