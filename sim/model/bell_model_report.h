/* SPDX-License-Identifier: MIT */
/**
 * @file bell_model_report.h
 * @brief Refusals as events: counted, and told in sum once software has armed their kind.
 */
#ifndef BELL_MODEL_REPORT_H
#define BELL_MODEL_REPORT_H

#include <stdbool.h>
#include <stdint.h>

struct bell_model;

/** In the order of the causes from BELL_CAUSE_RING_REJECTED on and of the bits of REPORT_ARM. */
enum bell_model_refusal {
    BELL_MODEL_REJECTED,
    BELL_MODEL_UNOWNED,
    BELL_MODEL_REFUSED,
    BELL_MODEL_REFUSALS,
};

struct bell_model_report {
    uint64_t arm; /**< REPORT_ARM. */
    struct {
        uint32_t count; /**< Since the last event; stops at its largest value. */
        uint8_t code;   /**< Of the first of them. */
        uint32_t addr;
    } kinds[BELL_MODEL_REFUSALS];
    uint64_t refused; /**< ACCESSES_REFUSED. */
    bool made;        /**< An event waits for room in the queue: */
    uint32_t cause;
    uint64_t data;
};

/** Something was refused; `addr` in its BAR. */
void bell_model_report_note(struct bell_model *model, enum bell_model_refusal kind, uint32_t code,
                            uint32_t addr);
/** REPORT_ARM was written. */
void bell_model_report_arm(struct bell_model *model, uint64_t arm);
/** The event queue has room again. */
void bell_model_report_room(struct bell_model *model);

#endif
