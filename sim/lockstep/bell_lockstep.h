/* SPDX-License-Identifier: MIT */
/**
 * @file bell_lockstep.h
 * @brief The reference model beside the RTL: every visible action of the hardware is predicted.
 *
 * The hardware decides when something happens: who gets a turn, what each of its reads returned,
 * where a removed queue stops, when an abort bites. All else follows from that and from the
 * registers, and is worked out by the code of sim/model: README.md says what is compared and what is
 * free. The caller tells what the RTL did with bell_lockstep_saw(), in the order of clocks; within
 * one clock: turn ends, turns given, rings, buffer starts and ends, WORK, events, register writes
 * performed, register accesses answered, accepted, memory reads, memory writes, interrupt line.
 * What should have happened and did not is found by bell_lockstep_look(). The first difference is
 * reported and ends the comparison.
 */
#ifndef BELL_LOCKSTEP_H
#define BELL_LOCKSTEP_H

#include "bell_device.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What the RTL did, and which fields of the action say more. `node` and `queue` where marked. */
enum bell_lockstep_kind {
    BELL_SAW_TURN,     /**< Gave a turn: node, queue. */
    BELL_SAW_TURN_END, /**< node. */
    BELL_SAW_START,    /**< A command buffer starts: node, queue, value = its count. */
    BELL_SAW_DONE,     /**< It is finished: node, queue, value = its count + 1. */
    BELL_SAW_WORK,     /**< A WORK packet runs from now on, or no more: node, value. */
    BELL_SAW_READ,     /**< Memory is read: node, unit (enum bell_model_reader), pasid, addr, size,
                            resp, data. */
    BELL_SAW_WRITE,    /**< Memory is written: node, unit (enum bell_model_writer), likewise. */
    BELL_SAW_EVENT,    /**< An event enters the event queue: cause, node, queue, value. */
    BELL_SAW_IRQ,      /**< The interrupt line changed: value. */
    BELL_SAW_RING,     /**< A doorbell store was judged: slot, queue, bucket, cause. */
    BELL_SAW_OFFER,    /**< A register access or doorbell store is on the pins: write, addr. */
    BELL_SAW_ACCEPT,   /**< A register access or doorbell store was accepted: write, addr, value,
                            lanes. */
    BELL_SAW_PERFORM,  /**< The oldest register write accepted takes effect. */
    BELL_SAW_ANSWER,   /**< The oldest access of its direction is answered: write, resp, value. */
    BELL_SAW_RESET,    /**< Hardware reset: everything under way is forgotten. */
    BELL_SAW_SILENCE,  /**< Not told: what was due has not happened. */
    BELL_SAW_KINDS
};

#define BELL_LOCKSTEP_WORDS 16u /**< Longest burst. */

struct bell_lockstep_action {
    enum bell_lockstep_kind kind;
    bool write;
    uint8_t lanes;
    uint64_t cycle;
    uint32_t node, queue, slot, unit, pasid, bucket, cause, size;
    enum bell_resp resp;
    uint64_t addr, value;
    uint64_t data[BELL_LOCKSTEP_WORDS]; /**< Only the first `size` bytes count. */
};

struct bell_lockstep; /**< Opaque. */

/**
 * @param differs  Called at most once, from bell_lockstep_saw() or bell_lockstep_look(): several
 *                 lines that give the class of the action, cycle, node, queue, and both sides.
 *                 `text` lives until it returns.
 * @return NULL: no memory.
 */
struct bell_lockstep *bell_lockstep_create(const struct bell_device_config *config,
                                           void (*differs)(void *ctx, const char *text),
                                           void *ctx);
void bell_lockstep_destroy(struct bell_lockstep *lockstep);

void bell_lockstep_saw(struct bell_lockstep *lockstep, const struct bell_lockstep_action *action);

/**
 * The clock from which bell_lockstep_look() is to be called, as it is now. A clock that passes
 * costs the caller this comparison.
 */
const uint64_t *bell_lockstep_look_at(const struct bell_lockstep *lockstep);

/** Clock `cycle` came and everything before it was told: has all happened that was due? */
void bell_lockstep_look(struct bell_lockstep *lockstep, uint64_t cycle);

/**
 * For tests: `alter` sees each action of every lockstep before it is compared, and may change it:
 * a lie about what the RTL did. false: the action is left out. NULL ends that.
 */
void bell_lockstep_alter(bool (*alter)(void *ctx, struct bell_lockstep_action *action),
                         void *ctx);

#ifdef __cplusplus
}
#endif
#endif
