/* SPDX-License-Identifier: MIT */
/*
 * Doorbells under watch: what must hold at every instant for status word, mapping, slot and ring,
 * however connects, disconnects and victimizations run into one another.
 *
 *   sampler  a thread that looks at the status word, the mapping and the hardware's slot table, as
 *            often as the scheduler lets it, while the test holds others at delay points;
 *   replay   goes through all records afterwards and misses nothing between two scheduling points.
 *
 * Both fail the run with a sentence. All functions: user code only.
 */
#ifndef BELL_WATCH_H
#define BELL_WATCH_H

#include "rig.h"

#define WATCH_MAX 64u /* Rigs watched at once; hardware queues and slots of the build, too. */

struct watch {
    struct rig *const *rigs; /* With doorbells, which live until the watch has stopped. */
    unsigned count;
    uint64_t samples;   /* Taken so far. */
    uint64_t swallowed; /* Samples of "status 0 or 1, and a ring does not reach the queue". */
    bool tolerant;      /* Count those instead of failing the run. */
    bool stop;
    struct belfry_thread *thread;
};

/*
 * Sample until watch_stop(). Invariant I1 and DB-CON-05: status 0 or 1 only with a mapping to a
 * slot that routes to this queue; no slot mapped twice; the status word is 0 .. 3 in all 64 bits.
 * Set the first two fields (and `tolerant`) before.
 */
void watch_start(struct watch *watch);
void watch_stop(struct watch *watch);

/*
 * Judge everything that has happened since the machine started:
 *  - status 0 or 1 only while the VA maps a slot; ABORT never leaves; no slot mapped twice;
 *  - SLOT.OWNER is rewritten only when nobody maps the slot, its owner's callback (if there is one)
 *    has returned (DB-VIC-03), and every store translated to the slot has been credited;
 *  - each such store is credited to the queue of the doorbell that made it, once (DB-VIC-04).
 * The machine has settled, no ring is under way; the doorbells still live.
 */
void watch_replay(struct rig *const *rigs, unsigned count);

enum belfry_mapping watch_mapping(const struct rig *rig);
/* Slot that the doorbell maps; the run fails if it maps none. */
uint32_t watch_slot(const struct rig *rig);
/* Require this status word and this mapping. */
void watch_require(const struct rig *rig, uint64_t status, enum belfry_mapping mapping);
/* Require that the hardware routes the slot to the rig's queue. */
void watch_require_route(const struct rig *rig, uint32_t slot);

/* Wait until `threads` threads are blocked at a delay point; bounded. */
void watch_await_point(const char *name, unsigned threads);
/* Wait until another thread or process has set the flag; bounded. `what` names it. */
void watch_await(const volatile bool *flag, const char *what);

/* rig_make() for rigs[0], the others beside it on the same device; and the reverse. */
void watch_make(struct rig *const *rigs, unsigned count, uint32_t entries, uint32_t node);
void watch_close(struct rig *const *rigs, unsigned count);
/* watch_replay(), then watch_close(). */
void watch_end(struct rig *const *rigs, unsigned count);

/* Handles as the driver got them: OS handle of the queue, KMD handle of the doorbell. */
uint64_t watch_os_queue(const struct rig *rig);
struct belfry_doorbell_info watch_info(const struct rig *rig);

#endif
