// SPDX-License-Identifier: MIT
// Refusals as events. The model counts what is refused; the RTL says by its events how many of them
// it took together. An event is made when its kind is armed and there is something to tell, within
// a few clocks; it is posted later, when the event queue has room.

#include "bell_lockstep_inside.h"

static bool has_some(const struct bell_lockstep *lockstep, unsigned kind)
{
    const struct bell_lockstep_refusals *own = &lockstep->report.kinds[kind];

    return own->seen > own->told;
}

static void make(struct bell_lockstep *lockstep, unsigned kind)
{
    lockstep->report.made = true;
    lockstep->report.kind = kind;
    lockstep->report.made_at = lockstep->model->cycle;
    lockstep->model->report.arm &= ~(UINT64_C(1) << kind);
}

static bool is_due(const struct bell_lockstep *lockstep, unsigned kind)
{
    return (lockstep->model->report.arm >> kind & 1) && has_some(lockstep, kind);
}

void bell_lockstep_report_make(struct bell_lockstep *lockstep)
{
    for (unsigned kind = 0; !lockstep->report.made && kind < BELL_MODEL_REFUSALS; kind++)
        if (is_due(lockstep, kind))
            make(lockstep, kind);
}

void bell_lockstep_refusal(void *ctx, enum bell_model_refusal kind, uint32_t code, uint32_t addr)
{
    struct bell_lockstep *lockstep = ctx;
    struct bell_lockstep_refusals *own = &lockstep->report.kinds[kind];
    const unsigned at = own->seen % BELL_LOCKSTEP_REFUSALS;

    own->last[at].code = code;
    own->last[at].addr = addr;
    own->last[at].cycle = lockstep->model->cycle;
    if (own->seen++ == own->told) {
        own->first_code = code;
        own->first_addr = addr;
        own->first_known = true;
    }
    bell_lockstep_report_make(lockstep);
}

/* The clock of a refusal by its number; of one that is not known any more, 0. */
static uint64_t cycle_of(const struct bell_lockstep_refusals *own, uint64_t number)
{
    return own->seen - number > BELL_LOCKSTEP_REFUSALS
               ? 0 : own->last[number % BELL_LOCKSTEP_REFUSALS].cycle;
}

/* It holds all that was refused when it was made, give or take a few clocks. */
static bool is_count(const struct bell_lockstep *lockstep,
                     const struct bell_lockstep_refusals *own, uint64_t count)
{
    const uint64_t made_at = lockstep->report.made_at;

    if (count == 0 || count > own->seen - own->told)
        return false;
    if (cycle_of(own, own->told + count - 1) > made_at + BELL_LOCKSTEP_SETTLE)
        return false;
    return count == own->seen - own->told ||
           cycle_of(own, own->told + count) + BELL_LOCKSTEP_SETTLE >= made_at;
}

static void tell(struct bell_lockstep_refusals *own, uint64_t count)
{
    const unsigned next = (own->told + count) % BELL_LOCKSTEP_REFUSALS;

    own->told += count;
    own->first_known = own->seen - own->told <= BELL_LOCKSTEP_REFUSALS;
    own->first_code = own->last[next].code;
    own->first_addr = own->last[next].addr;
}

/* Of two kinds that are due in one clock or nearly so, the RTL may have made the other one first. */
static void change_kind(struct bell_lockstep *lockstep, unsigned kind)
{
    const uint64_t made_at = lockstep->report.made_at;

    if (!lockstep->report.made || lockstep->report.kind == kind || !is_due(lockstep, kind))
        return;
    lockstep->model->report.arm |= UINT64_C(1) << lockstep->report.kind;
    make(lockstep, kind);
    lockstep->report.made_at = made_at;
}

void bell_lockstep_report_event(struct bell_lockstep *lockstep)
{
    const struct bell_lockstep_action *now = lockstep->now;
    const unsigned kind = now->cause - BELL_CAUSE_RING_REJECTED;
    struct bell_lockstep_refusals *own = &lockstep->report.kinds[kind];
    const uint64_t count = BELL_FIELD_GET(now->value, BELL_REPORT_WORD_COUNT);

    change_kind(lockstep, kind);
    if (!lockstep->report.made || lockstep->report.kind != kind)
        bell_lockstep_differ(lockstep, "event", "%s", has_some(lockstep, kind)
                                 ? "no refusals of that kind are to be told"
                                 : "nothing of that kind was refused");
    else if (now->node != 0 || now->queue != 0 || !is_count(lockstep, own, count) ||
             (own->first_known &&
              (BELL_FIELD_GET(now->value, BELL_REPORT_WORD_CODE) != own->first_code ||
               BELL_FIELD_GET(now->value, BELL_REPORT_WORD_ADDR) !=
                   (own->first_addr & 0xffffff))))
        bell_lockstep_differ(lockstep, "event",
                             "tells %llu refusals, the first of them at 0x%x with code %u",
                             (unsigned long long)(own->seen - own->told), own->first_addr,
                             own->first_code);
    else
        tell(own, count);
    lockstep->report.made = false;
}

void bell_lockstep_report_owed(struct bell_lockstep *lockstep)
{
    if (lockstep->report.made && bell_lockstep_is_overdue(lockstep, lockstep->report.made_at))
        bell_lockstep_differ(lockstep, "event", "posts cause %u since cycle %llu",
                             BELL_CAUSE_RING_REJECTED + lockstep->report.kind,
                             (unsigned long long)lockstep->report.made_at);
}

uint64_t bell_lockstep_report_free(const struct bell_lockstep *lockstep)
{
    uint64_t bits = 0;

    for (unsigned kind = 0; kind < BELL_MODEL_REFUSALS; kind++)
        bits |= (uint64_t)has_some(lockstep, kind) << kind;
    return bits;
}
