// SPDX-License-Identifier: MIT
// report: what was refused becomes an event, one an arming.

#include "bell_model.h"

#define ARM_MASK \
    (BELL_REPORT_ARM_REJECTED_MASK | BELL_REPORT_ARM_UNOWNED_MASK | BELL_REPORT_ARM_REFUSED_MASK)

/* The lowest kind that is armed and has something to tell; false: none. */
static bool make(struct bell_model_report *report)
{
    for (unsigned kind = 0; kind < BELL_MODEL_REFUSALS; kind++) {
        if (!(report->arm >> kind & 1) || report->kinds[kind].count == 0)
            continue;
        report->arm &= ~(UINT64_C(1) << kind);
        report->cause = BELL_CAUSE_RING_REJECTED + kind;
        report->data = BELL_FIELD_PUT(BELL_REPORT_WORD_COUNT, report->kinds[kind].count) |
                       BELL_FIELD_PUT(BELL_REPORT_WORD_CODE, report->kinds[kind].code) |
                       BELL_FIELD_PUT(BELL_REPORT_WORD_ADDR, report->kinds[kind].addr);
        report->kinds[kind].count = 0;
        return true;
    }
    return false;
}

static void post(struct bell_model *model)
{
    struct bell_model_report *report = &model->report;

    while (report->made || make(report)) {
        report->made = !bell_model_irq_push(model, (enum bell_cause)report->cause, 0, 0,
                                            report->data);
        if (report->made)
            return;
    }
}

void bell_model_report_note(struct bell_model *model, enum bell_model_refusal kind, uint32_t code,
                            uint32_t addr)
{
    struct bell_model_report *report = &model->report;

    if (kind == BELL_MODEL_REFUSED)
        report->refused++;
    if (model->oracle) {
        model->oracle->refusal(model->oracle->ctx, kind, code, addr);
        return;
    }
    if (report->kinds[kind].count == 0) {
        report->kinds[kind].code = (uint8_t)code;
        report->kinds[kind].addr = addr;
    }
    if (report->kinds[kind].count != UINT32_MAX)
        report->kinds[kind].count++;
    post(model);
}

void bell_model_report_arm(struct bell_model *model, uint64_t arm)
{
    model->report.arm = arm & ARM_MASK;
    post(model);
}

void bell_model_report_room(struct bell_model *model)
{
    post(model);
}
