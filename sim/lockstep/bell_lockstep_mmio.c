// SPDX-License-Identifier: MIT
// Register accesses, doorbell stores, the interrupt line.
//
// A register may change while it is read: the answer must be a value that it had between the clock
// in which the read was accepted and the one in which it was answered.

#include "bell_lockstep_inside.h"

#define ADDR_MASK (BELL_DEVICE_BAR2 * UINT64_C(2) - 1)

static struct bell_lockstep_access *access_at(struct bell_lockstep *lockstep, unsigned index)
{
    return &lockstep->accesses[(lockstep->access_first + index) % BELL_LOCKSTEP_ACCESSES];
}

static bool is_doorbell(const struct bell_lockstep_access *access)
{
    return (access->addr & BELL_DEVICE_BAR2) != 0;
}

/* ------------------------------------------------------------------ reads */

static void take_value(struct bell_lockstep *lockstep, struct bell_lockstep_access *access)
{
    uint64_t data = 0;

    access->resp = is_doorbell(access)
                       ? BELL_RESP_OKAY
                       : bell_model_regs_read(lockstep->model, access->addr, &data);
    if (access->resp != BELL_RESP_OKAY)
        data = 0;
    if (access->values &&
        access->value[(access->values - 1) % BELL_LOCKSTEP_VALUES] == data)
        return;
    access->value[access->values++ % BELL_LOCKSTEP_VALUES] = data;
}

void bell_lockstep_watch(struct bell_lockstep *lockstep)
{
    const struct bell_model_irq *irq = &lockstep->model->irq;
    const bool wanted = irq->enable && irq->count;

    if (wanted != lockstep->irq_wanted) {
        lockstep->irq_wanted = wanted;
        lockstep->irq_since = lockstep->model->cycle;
    }
    for (unsigned i = 0; lockstep->reads_open && i < lockstep->access_count; i++)
        if (!access_at(lockstep, i)->write)
            take_value(lockstep, access_at(lockstep, i));
}

static bool is_log_index(uint64_t addr)
{
    return addr >= BELL_LOG_INDEX0_OFFSET && addr <= BELL_LOG_INDEX3_OFFSET;
}

/* One entry further; at the end of the log the index goes back to 0. */
static bool follows(uint64_t before, uint64_t after)
{
    const uint64_t wraps = BELL_FIELD_GET(after, BELL_LOG_INDEX0_WRAPS);

    return after == before + 1 || (BELL_FIELD_GET(after, BELL_LOG_INDEX0_INDEX) == 0 &&
                                   wraps == BELL_FIELD_GET(before, BELL_LOG_INDEX0_WRAPS) + 1);
}

static bool waits_for_others(uint64_t state)
{
    const uint64_t block = BELL_FIELD_GET(state, BELL_QUEUE_STATE_BLOCK);

    return block == BELL_BLOCK_LEVEL || block == BELL_BLOCK_PEER || block == BELL_BLOCK_TURN;
}

/* A signal wakes the queues of its key one after the other: this one may still be blocked. A signal
 * of about when its turn was given counts for that turn, or not. */
static uint64_t wake_free(const struct bell_lockstep *lockstep,
                          const struct bell_model_queue *queue, uint64_t value, uint64_t data)
{
    const uint64_t raised_at = lockstep->model->sched.raised_at[queue->key];
    const uint64_t wake = BELL_MODEL_WAKE_CLOCKS + 2 * (uint64_t)lockstep->model->config.dma_latency;
    const bool blocked = data & BELL_QUEUE_STATE_BLOCKED_MASK;
    const uint64_t since = blocked ? lockstep->now->cycle : queue->given_at;
    const uint64_t state = blocked ? data : value; /* Where it is blocked. */

    if (!raised_at || since > raised_at + wake ||
        !((value ^ data) & BELL_QUEUE_STATE_BLOCKED_MASK))
        return 0;
    return BELL_QUEUE_STATE_BLOCKED_MASK |
           (BELL_FIELD_GET(state, BELL_QUEUE_STATE_BLOCK) == BELL_BLOCK_FENCE
                ? BELL_QUEUE_STATE_BLOCK_MASK : 0);
}

/* When the share of level 1 is due is not compared, hence neither for whom levels 1 and 2 wait. */
static uint64_t reason_free(const struct bell_lockstep *lockstep, uint64_t addr, uint64_t value,
                            uint64_t data)
{
    const uint64_t offset = addr - BELL_QUEUE_STATE_OFFSET(0);
    const struct bell_model_queue *queue =
        &lockstep->model->sched.queues[offset / BELL_QUEUE_STRIDE % BELL_MODEL_QUEUES];
    const uint32_t level = bell_model_sched_place_of(queue).level;
    uint64_t free;

    if (addr < BELL_QUEUE_STATE_OFFSET(0) || offset % BELL_QUEUE_STRIDE ||
        offset / BELL_QUEUE_STRIDE >= BELL_MODEL_QUEUES)
        return 0;
    free = wake_free(lockstep, queue, value, data);
    if (BELL_FIELD_GET(lockstep->model->sched.bands, BELL_BANDS_NORMAL_PERCENT) &&
        (level == BELL_MODEL_LEVEL_NORMAL || level == BELL_MODEL_LEVEL_FOCUS) &&
        waits_for_others(value) && waits_for_others(data))
        free |= BELL_QUEUE_STATE_BLOCK_MASK;
    return free;
}

/* The ledger counts a sample some clocks after its turn was given. */
static bool counts_late(const struct bell_lockstep *lockstep,
                        const struct bell_lockstep_access *access, uint64_t data)
{
    const uint64_t value = access->value[0];
    const uint64_t late = access->addr == BELL_LEDGER_SAMPLED_OFFSET ? value - data
                          : access->addr == BELL_LEDGER_OWED_OFFSET  ? data - value
                                                                     : BELL_MODEL_NODES + 1;
    uint64_t given = 0;

    for (uint32_t n = 0; n < BELL_MODEL_NODES; n++)
        given += lockstep->nodes[n].given_at >= bell_lockstep_early(access->cycle);
    return late <= given;
}

static bool had_value(const struct bell_lockstep *lockstep,
                      const struct bell_lockstep_access *access, uint64_t data)
{
    const unsigned kept =
        access->values < BELL_LOCKSTEP_VALUES ? access->values : BELL_LOCKSTEP_VALUES;
    /* A turn that is about to be given counts as work under way; the model does not see it. */
    const bool status = access->addr == BELL_STATUS_OFFSET;
    const uint64_t idle = data & BELL_STATUS_IDLE_MASK ? 0 : BELL_STATUS_IDLE_MASK;
    /* Writes of the log are seen when memory has them, not when they are asked for or answered. */
    const uint64_t free = status ? idle | BELL_STATUS_LOG_BUSY_MASK
                          : access->addr == BELL_REPORT_ARM_OFFSET
                              ? bell_lockstep_report_free(lockstep) : 0;

    if (access->addr == BELL_TIME_OFFSET)
        return bell_lockstep_clock_of(lockstep, data, bell_lockstep_early(access->cycle),
                                      lockstep->now->cycle + BELL_LOCKSTEP_SETTLE) !=
               BELL_MODEL_NEVER;
    for (unsigned i = 0; i < kept; i++)
        if (((access->value[i] ^ data) &
             ~(free | reason_free(lockstep, access->addr, access->value[i], data))) == 0)
            return true;
    return counts_late(lockstep, access, data) ||
           (is_log_index(access->addr) && follows(data, access->value[0]));
}

/* ------------------------------------------------------------------ accesses */

void bell_lockstep_offer(struct bell_lockstep *lockstep)
{
    lockstep->offered = true;
    lockstep->offered_write = lockstep->now->write;
    lockstep->offered_addr = lockstep->now->addr & ADDR_MASK;
    lockstep->port_at = lockstep->now->cycle;
}

void bell_lockstep_accept(struct bell_lockstep *lockstep)
{
    const struct bell_lockstep_action *now = lockstep->now;
    struct bell_lockstep_access *access;

    if (lockstep->access_count == BELL_LOCKSTEP_ACCESSES) {
        bell_lockstep_differ(lockstep, "register access", "answers one of %u first",
                             BELL_LOCKSTEP_ACCESSES);
        return;
    }
    access = access_at(lockstep, lockstep->access_count++);
    *access = (struct bell_lockstep_access){
        .write = now->write,
        .lanes = now->lanes,
        .addr = now->addr & ADDR_MASK,
        .data = now->value,
        .cycle = now->cycle,
    };
    lockstep->reads_open += !now->write;
    lockstep->offered = false;
    lockstep->port_at = now->cycle;
}

static void perform(struct bell_lockstep *lockstep, struct bell_lockstep_access *access)
{
    for (uint32_t n = 0; n < BELL_MODEL_NODES; n++) {
        if (access->addr == BELL_CTRL_OFFSET) {
            lockstep->nodes[n].free_at = lockstep->now->cycle;
            lockstep->model->sched.slices[n].must_keep = false; /* A turn may be withdrawn. */
        }
    }
    bell_lockstep_log_moves(lockstep, access->addr, access->data);
    access->known = true;
    access->resp = bell_model_regs_write(lockstep->model, access->addr, access->data,
                                         access->lanes);
    bell_lockstep_limits(lockstep);
    bell_lockstep_time_set(lockstep, false);
    if (access->resp != BELL_RESP_OKAY)
        bell_model_report_note(lockstep->model, BELL_MODEL_REFUSED, 1, (uint32_t)access->addr);
    else if (access->addr == BELL_REPORT_ARM_OFFSET)
        bell_lockstep_report_make(lockstep);
    bell_lockstep_watches_written(lockstep);
    bell_lockstep_orders(lockstep);
}

void bell_lockstep_perform(struct bell_lockstep *lockstep)
{
    for (unsigned i = 0; i < lockstep->access_count; i++) {
        struct bell_lockstep_access *access = access_at(lockstep, i);

        if (!access->write || access->known || is_doorbell(access))
            continue;
        perform(lockstep, access);
        return;
    }
    bell_lockstep_differ(lockstep, "register write", "no such write was accepted");
}

/* A refused write never reaches the registers. */
static void judge_refused(struct bell_lockstep *lockstep, struct bell_lockstep_access *access)
{
    perform(lockstep, access);
    if (access->resp == BELL_RESP_OKAY && lockstep->now->resp == BELL_RESP_OKAY)
        bell_lockstep_differ(lockstep, "register write", "performs the write at 0x%llx",
                             (unsigned long long)access->addr);
}

static void compare_answer(struct bell_lockstep *lockstep, struct bell_lockstep_access *access)
{
    const struct bell_lockstep_action *now = lockstep->now;
    const char *what = is_doorbell(access) ? "answer to a doorbell store"
                       : access->write     ? "answer to a register write"
                                           : "answer to a register read";

    if (access->write && !access->known && is_doorbell(access))
        bell_lockstep_differ(lockstep, "ring", "judges the store at 0x%llx before that",
                             (unsigned long long)access->addr);
    else if (access->write && !access->known)
        judge_refused(lockstep, access);
    if (now->resp != access->resp)
        bell_lockstep_differ(lockstep, what, "answers 0x%llx with response %u",
                             (unsigned long long)access->addr, access->resp);
    else if (!access->write && !had_value(lockstep, access, now->value))
        bell_lockstep_differ(lockstep, "register data",
                             "0x%llx reads 0x%llx (one of %u values while it was read)",
                             (unsigned long long)access->addr,
                             (unsigned long long)
                                 access->value[(access->values - 1) % BELL_LOCKSTEP_VALUES],
                             access->values);
    else if (!access->write && access->resp != BELL_RESP_OKAY)
        bell_model_report_note(lockstep->model, BELL_MODEL_REFUSED, 0, (uint32_t)access->addr);
}

void bell_lockstep_answer(struct bell_lockstep *lockstep)
{
    struct bell_lockstep_access *access = access_at(lockstep, 0);

    if (!lockstep->access_count || access->write != lockstep->now->write) {
        bell_lockstep_differ(lockstep, "register access", "no such access is under way");
        return;
    }
    compare_answer(lockstep, access);
    lockstep->reads_open -= !access->write;
    lockstep->access_first = (lockstep->access_first + 1) % BELL_LOCKSTEP_ACCESSES;
    lockstep->access_count--;
    lockstep->port_at = lockstep->now->cycle;
}

/* What the port waits for otherwise is memory, for the sake of a scheduling log. */
#define PORT_CLOCKS 1024u

void bell_lockstep_port_owed(struct bell_lockstep *lockstep)
{
    const struct bell_lockstep_access *access = access_at(lockstep, 0);
    const uint64_t since =
        lockstep->port_at > lockstep->log_at ? lockstep->port_at : lockstep->log_at;
    const uint64_t bound = PORT_CLOCKS + 2 * (uint64_t)lockstep->model->config.dma_latency;

    if ((!lockstep->access_count && !lockstep->offered) ||
        lockstep->now->cycle <= since + bound)
        return;
    if (lockstep->access_count)
        bell_lockstep_differ(lockstep, "register access", "answers the %s at 0x%llx",
                             access->write ? "write" : "read", (unsigned long long)access->addr);
    else
        bell_lockstep_differ(lockstep, "register access", "accepts the %s at 0x%llx",
                             lockstep->offered_write ? "write" : "read",
                             (unsigned long long)lockstep->offered_addr);
}

/* ------------------------------------------------------------------ rings */

void bell_lockstep_ring(struct bell_lockstep *lockstep)
{
    const struct bell_lockstep_action *now = lockstep->now;
    struct bell_model_doorbell *doorbell = &lockstep->model->doorbell;
    const struct bell_device_event *ring = &lockstep->ring;
    struct bell_lockstep_access *access = NULL;

    for (unsigned i = 0; !access && i < lockstep->access_count; i++) {
        access = access_at(lockstep, i);
        if (!access->write || access->known || !is_doorbell(access))
            access = NULL;
    }
    if (!access) {
        bell_lockstep_differ(lockstep, "ring", "no doorbell store is under way");
        return;
    }
    access->known = true;
    access->resp = bell_model_doorbell_store(lockstep->model,
                                             (uint32_t)(access->addr - BELL_DEVICE_BAR2),
                                             access->data, access->lanes);
    bell_lockstep_watch(lockstep);
    doorbell->pipe[doorbell->pipe_first].at = now->cycle;
    bell_model_doorbell_run(lockstep->model);
    if (ring->bucket != now->bucket || ring->cause != now->cause || ring->slot != now->slot ||
        ring->queue != now->queue)
        bell_lockstep_differ(lockstep, "ring", "bucket %u, cause %u, slot %u, queue %u",
                             ring->bucket, ring->cause, ring->slot, ring->queue);
}

/* ------------------------------------------------------------------ interrupt line */

static bool irq_is_wrong(const struct bell_lockstep *lockstep)
{
    return lockstep->irq != lockstep->irq_wanted &&
           lockstep->now->cycle > lockstep->irq_since + BELL_LOCKSTEP_SETTLE;
}

void bell_lockstep_irq_owed(struct bell_lockstep *lockstep)
{
    if (irq_is_wrong(lockstep))
        bell_lockstep_differ(lockstep, "interrupt line", "drives it to %u since cycle %llu",
                             lockstep->irq_wanted, (unsigned long long)lockstep->irq_since);
}

void bell_lockstep_irq(struct bell_lockstep *lockstep)
{
    lockstep->irq = lockstep->now->value != 0;
    if (irq_is_wrong(lockstep))
        bell_lockstep_differ(lockstep, "interrupt line", "leaves it at %u",
                             lockstep->irq_wanted);
}
