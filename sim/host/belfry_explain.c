/* SPDX-License-Identifier: MIT */
/* Queues that are stuck: which have work and do not run, and why, as the hardware says. */
#include "belfry_machine.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bell_formats.h"
#include "bell_memory.h"
#include "bell_regs.h"
#include "os_objects.h"

#define ALL_PROCESSES UINT32_MAX
#define KEPT 16384u /* Bytes of explanations, over all ends of a run. */

static char explained[KEPT];

struct queue {
    uint32_t number;
    uint64_t state, config, rptr, wptr;
    bool wptr_known;
};

static void look(struct queue *queue)
{
    uint64_t control;
    uint32_t pasid;

    queue->wptr_known = false;
    queue->state = belfry_register(BELL_QUEUE_STATE_OFFSET(queue->number));
    if (queue->state == UINT64_MAX || !(queue->state & BELL_QUEUE_STATE_OPEN_MASK))
        return;
    queue->config = belfry_register(BELL_QUEUE_CONFIG_OFFSET(queue->number));
    queue->rptr = belfry_register(BELL_QUEUE_RPTR_OFFSET(queue->number));
    control = belfry_register(BELL_QUEUE_CONTROL_OFFSET(queue->number));
    pasid = queue->config & BELL_QUEUE_CONFIG_KERNEL_RING_MASK
                ? 0 : (uint32_t)BELL_FIELD_GET(queue->config, BELL_QUEUE_CONFIG_PASID);
    queue->wptr_known = bell_iommu_read(pasid, control + BELL_CONTROL_WPTR_OFFSET, &queue->wptr,
                                        sizeof(queue->wptr)) == BELL_RESP_OKAY;
}

static bool has_work(const struct queue *queue)
{
    const uint64_t work = BELL_QUEUE_STATE_PENDING_MASK | BELL_QUEUE_STATE_WORK_MASK;

    return queue->state != UINT64_MAX && (queue->state & BELL_QUEUE_STATE_OPEN_MASK) != 0 &&
           ((queue->state & work) != 0 || (queue->wptr_known && queue->wptr != queue->rptr));
}

static uint32_t pasid_of(const struct queue *queue)
{
    return (uint32_t)BELL_FIELD_GET(queue->config, BELL_QUEUE_CONFIG_PASID);
}

static const struct os_process *owner_of(const struct queue *queue)
{
    const struct os_process *process = os_objects.processes;

    while (process != NULL && process->pasid != pasid_of(queue))
        process = process->next;
    return process;
}

static void print_queue(FILE *out, const struct queue *queue)
{
    const struct os_process *owner = owner_of(queue);

    fprintf(out, "  queue %" PRIu32 " of %s, node %u: RPTR %" PRIu64, queue->number,
            owner != NULL ? owner->name : "no process",
            (unsigned)BELL_FIELD_GET(queue->config, BELL_QUEUE_CONFIG_NODE), queue->rptr);
    if (queue->wptr_known)
        fprintf(out, ", WPTR %" PRIu64, queue->wptr);
    fprintf(out, ": %s", belfry_block_reason(queue->number));
    if ((queue->state & BELL_QUEUE_STATE_FAULTED_MASK) != 0)
        fprintf(out, " (cause %u)", (unsigned)BELL_FIELD_GET(queue->state, BELL_QUEUE_STATE_CAUSE));
    fputc('\n', out);
}

/** Those of one process, or all. @return how many are stuck. */
static unsigned print_stuck(FILE *out, uint32_t pasid)
{
    const uint64_t count = BELL_FIELD_GET(belfry_register(BELL_CAPS_OFFSET), BELL_CAPS_QUEUES);
    unsigned stuck = 0;

    for (struct queue queue = { 0 }; queue.number < count; queue.number++) {
        look(&queue);
        if (!has_work(&queue) || (queue.state & BELL_QUEUE_STATE_RUNNING_MASK) != 0 ||
            (pasid != ALL_PROCESSES && pasid_of(&queue) != pasid))
            continue;
        print_queue(out, &queue);
        stuck++;
    }
    return stuck;
}

unsigned belfry_explain(char *text, size_t size)
{
    FILE *out = fmemopen(text, size, "w");
    unsigned stuck;

    text[0] = '\0';
    if (out == NULL)
        return 0;
    stuck = print_stuck(out, ALL_PROCESSES);
    fclose(out);
    text[size - 1] = '\0';
    return stuck;
}

/* Nothing is added when nothing is stuck. */
static void keep(const char *when, const char *name, uint32_t pasid)
{
    size_t used = strlen(explained);
    FILE *out = fmemopen(explained + used, KEPT - used, "w");
    unsigned stuck;

    if (out == NULL)
        return;
    fprintf(out, "queues with work that do not run, when %s%s (cycle %" PRIu64 "):\n", when, name,
            belfry_now());
    stuck = print_stuck(out, pasid);
    fclose(out);
    if (stuck == 0)
        explained[used] = '\0';
    explained[KEPT - 1] = '\0';
}

void belfry_explain_begin(void)
{
    explained[0] = '\0';
}

void belfry_explain_process(const struct os_process *process, bool badly)
{
    if (belfry_machine.config.explain == BELFRY_EXPLAIN_ENDS ||
        (belfry_machine.config.explain == BELFRY_EXPLAIN_FAILURES && badly))
        keep("the process ended: ", process->name, process->pasid);
}

void belfry_explain_run(void)
{
    if (belfry_machine.config.explain != BELFRY_EXPLAIN_NOTHING)
        keep("the run failed", "", ALL_PROCESSES);
}

const char *belfry_explanation(void)
{
    return explained;
}
