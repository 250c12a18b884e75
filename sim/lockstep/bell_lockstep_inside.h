/* SPDX-License-Identifier: MIT */
/**
 * @file bell_lockstep_inside.h
 * @brief Inside of sim/lockstep: state, and the calls between its files.
 */
#ifndef BELL_LOCKSTEP_INSIDE_H
#define BELL_LOCKSTEP_INSIDE_H

#include "bell_lockstep.h"
#include "bell_model.h"

#define BELL_LOCKSTEP_SETTLE 8u  /**< Clocks that an order to a node may take to reach it. */
#define BELL_LOCKSTEP_OWED 4096u /**< Clocks in which a free node serves a ready queue. */
#define BELL_LOCKSTEP_LOOK 64u   /**< Clocks between two looks for what is due. */
#define BELL_LOCKSTEP_POSTED 256u /**< Clocks in which an event is posted, once there is room:
                                       other sources go first. */
#define BELL_LOCKSTEP_EARLY 16u  /**< Entries that a turn reads before it knows WPTR, at most. */
#define BELL_LOCKSTEP_VALUES 16u /**< Values that a register may have had during one read. */
#define BELL_LOCKSTEP_ZEROS 16u /**< The newest writes of TIME that are known one by one. */

/** One word that was read, or that is to be written. */
struct bell_lockstep_word {
    uint64_t addr;
    uint64_t data;
    uint64_t cycle; /**< Of the read. */
    uint32_t pasid;
    uint8_t resp;
    bool last; /**< Of a burst of the model. */
};

/** A queue of them; grows. */
struct bell_lockstep_words {
    struct bell_lockstep_word *ring;
    size_t capacity; /**< A power of two, or 0. */
    size_t first;
    size_t count;
};

void bell_lockstep_push(struct bell_lockstep_words *words, struct bell_lockstep_word word);
struct bell_lockstep_word bell_lockstep_pop(struct bell_lockstep_words *words);
const struct bell_lockstep_word *bell_lockstep_at(const struct bell_lockstep_words *words,
                                                  size_t index);
void bell_lockstep_clear(struct bell_lockstep_words *words);

#define BELL_LOCKSTEP_LATE 64u /**< Clocks that an event may wait while there is room. */
#define BELL_LOCKSTEP_TURNS 32u
#define BELL_LOCKSTEP_LIMITS 8u

/** Turns of a node in which the watchdog may have ended; the newest, at number modulo size. */
struct bell_lockstep_turns {
    uint64_t count;
    struct {
        uint32_t queue;
        uint64_t clocks; /**< That it lasted. */
        uint64_t ended_at;
    } last[BELL_LOCKSTEP_TURNS];
};

/** Limit of a timer of the watches, and those before it; the newest, as above. */
struct bell_lockstep_limit {
    uint32_t value;
    uint64_t count;
    struct {
        uint32_t value;
        uint64_t ended_at;
    } last[BELL_LOCKSTEP_LIMITS];
};

struct bell_lockstep_node {
    struct bell_lockstep_words reads[BELL_READERS]; /**< By the RTL, not yet by the model. */
    struct bell_lockstep_words due[BELL_WRITERS];   /**< By the model, not yet by the RTL. */
    struct {
        bool open; /**< The model waits for a read: */
        enum bell_model_reader unit;
        uint32_t pasid;
        uint64_t addr;
        uint32_t size;
    } asked;
    struct {
        bool is; /**< A write failed, of which the model does not know yet: */
        enum bell_model_writer unit;
        enum bell_resp resp;
        uint64_t addr;
    } failed;
    uint64_t first;     /**< RPTR at the start of the turn, */
    uint32_t offset;    /**< and where it goes on in the buffer of that entry. */
    uint64_t entries;   /**< Ring entries the model has read in this turn. */
    bool sampled;       /**< It has read WPTR, */
    uint64_t sampled_at; /**< in this clock. */
    uint64_t early;     /**< Entries that the RTL may read before it knows WPTR. */
    bool reread;        /**< It read some of them again. */
    uint64_t left;      /**< Entries that the last turn of the node left. */
    uint64_t next_command; /**< Behind the last command word it read of this buffer; 0: none. */
    uint64_t answered_at;  /**< Earliest clock in which its fills, copies, words are all answered. */
    uint64_t copy_next;    /**< Where the read after the last one of a copy would be; 0: none. */
    uint64_t copy_after;   /**< The copy may have asked for words after this clock only. */
    bool stopped_due; /**< STOPPED is to be posted. */
    uint64_t stopped_rptr;
    uint32_t stopped_queue;
    bool running; /**< It has a turn, */
    uint64_t given_at; /**< since this clock. */
    struct bell_lockstep_turns turns;
    uint64_t free_at;     /**< Clock of the end of its last turn. */
    uint64_t unlisted_at; /**< The queue left the run list during the turn; NEVER: it did not. */
    bool rival;           /**< Another queue of the node was ready during the turn, */
    bool shares;          /**< of level 1 or 2, and the turn is of the other of them. */
    uint64_t leave_at;    /**< A higher level waits, and the RTL knows; NEVER: none does. */
    uint64_t stop_at;     /**< The turn must stop inside its buffer; NEVER: it need not. */
    uint64_t fence_at;    /**< Clock of the newest access to the value of a native fence. */
    uint64_t abort_at;    /**< NODE_ABORT was performed during the turn; NEVER: it was not. */
};

struct bell_lockstep_access {
    bool write;
    bool known; /**< A write was performed, a store judged: `resp` is what is due. */
    uint8_t lanes;
    enum bell_resp resp;
    uint64_t addr;
    uint64_t data;
    uint64_t cycle;  /**< It was accepted. */
    unsigned values; /**< Of a read: so many different values since it was accepted. */
    uint64_t value[BELL_LOCKSTEP_VALUES];
};

#define BELL_LOCKSTEP_REFUSALS 64u /**< The newest of a kind that are known one by one. */

struct bell_lockstep_refusals {
    uint64_t seen; /**< Since reset; */
    uint64_t told; /**< so many of them in events. */
    struct {
        uint32_t code;
        uint32_t addr;
        uint64_t cycle;
    } last[BELL_LOCKSTEP_REFUSALS]; /**< The newest, at their number modulo the size; and */
    uint32_t first_code, first_addr; /**< the first that is not told, */
    bool first_known;               /**< if it was still among them when it became the first. */
};

/** What a scheduling log has to tell by an event. */
struct bell_lockstep_notice {
    unsigned count;
    bool must;            /**< One of them has to be told; else it is not known whether. */
    uint64_t first, last; /**< DATA of the oldest and the newest. */
    uint64_t made_at;     /**< Clock of the oldest; */
    uint64_t must_at;     /**< of the oldest that has to be. */
};

/** A timer of the watches, by the clocks that can be seen. */
struct bell_lockstep_timer {
    uint32_t limit;
    uint64_t from;    /**< It has not counted for longer than since then; NEVER: it does not. */
    uint64_t last;    /**< The last sign of a start anew. */
    bool armed;       /**< It counts. */
    uint64_t owed_at; /**< It ended in this clock and was not told; NEVER. */
    uint64_t told_at; /**< Clock of its last event. */
    uint64_t ended;   /**< Times that it may have ended, not told, before the last start or stop. */
};

struct bell_lockstep_watch {
    struct bell_lockstep_timer idle, hung;
    bool running;     /**< The node has a turn, */
    bool working;     /**< in which a WORK packet runs, */
    uint64_t work_at; /**< since this clock. */
    bool long_work, gated;
};

#define BELL_LOCKSTEP_ACCESSES 64u /**< Accepted and not answered: more than the bus can hold. */

struct bell_lockstep {
    struct bell_model *model;
    struct bell_model_oracle oracle;
    void (*differs)(void *ctx, const char *text);
    void *ctx;
    bool over; /**< A difference was reported. */
    bool found; /**< The model did what it is stepped for. */
    const struct bell_lockstep_action *now;
    struct bell_lockstep_node nodes[BELL_MODEL_NODES];
    struct bell_device_event ring; /**< The model's judgement of a doorbell store. */
    struct bell_lockstep_access accesses[BELL_LOCKSTEP_ACCESSES];
    unsigned access_first;
    unsigned access_count;
    unsigned reads_open; /**< Accesses that are reads. */
    bool offered;      /**< An access is on the pins, not accepted. */
    bool offered_write;
    uint64_t offered_addr;
    uint64_t port_at;  /**< Clock in which the register port last did something. */
    struct bell_lockstep_watch watches[BELL_MODEL_NODES];
    uint64_t look_at;  /**< Clock of the next look for what is due; */
    uint64_t turns_at; /**< for turns that are. */
    uint64_t full_at;  /**< Clock in which the event queue was last full. */
    uint64_t log_at;   /**< Clock of the newest write of a scheduling log. */
    struct bell_lockstep_limit limits[BELL_MODEL_TIMERS];
    /** What GPU time was and is counted from: at a reset, and at each write of TIME. */
    struct {
        uint64_t count;
        struct {
            uint64_t zero;  /**< Clock of time 0, modulo 2^64, */
            uint64_t since; /**< from this clock on. */
        } last[BELL_LOCKSTEP_ZEROS]; /**< The newest, at their number modulo the size. */
    } zeros;
    /** Clock of the time of the newest entry of each scheduling log; */
    uint64_t logged_at[BELL_MODEL_NODES];
    uint8_t log_does[BELL_MODEL_CONTEXTS]; /**< State in that of each context with a number; */
    struct {
        uint64_t base;
        uint64_t config;
        uint64_t on_at; /**< Clock of the last change while it was on; 0: none. */
    } log_before[BELL_MODEL_NODES]; /**< Its registers, before their last change; */
    /** An index is to be told; a log is lost. */
    struct bell_lockstep_notice notices[BELL_MODEL_NODES][2];
    bool log_open[BELL_MODEL_NODES];     /**< its index is not written yet. */
    struct {
        struct bell_lockstep_refusals kinds[BELL_MODEL_REFUSALS];
        bool made;          /**< An event of refusals is to be posted: */
        unsigned kind;      /**< of this kind, */
        uint64_t made_at;   /**< made in this clock. */
    } report;
    bool irq;
    bool irq_wanted;
    uint64_t irq_since; /**< Clock of the last change of what is wanted. */
};

/** Report; `model` is what the model does in place of lockstep->now. */
void bell_lockstep_differ(struct bell_lockstep *lockstep, const char *what, const char *model,
                          ...) __attribute__((format(printf, 3, 4)));

/* bell_lockstep_turn.c: turns and buffers. Each compares lockstep->now. */
void bell_lockstep_turn(struct bell_lockstep *lockstep);
void bell_lockstep_turn_end(struct bell_lockstep *lockstep);
void bell_lockstep_buffer(struct bell_lockstep *lockstep);
/** A register write was performed: look what it means to running turns. */
void bell_lockstep_orders(struct bell_lockstep *lockstep);

/* bell_lockstep_node.c: what a node does in a turn. */
extern const char *const bell_lockstep_writers[BELL_WRITERS];
void bell_lockstep_read(struct bell_lockstep *lockstep);
void bell_lockstep_write(struct bell_lockstep *lockstep);
/** Words of a copy were read: go there. Up to it the packets did nothing that shows. */
void bell_lockstep_reach_copy(struct bell_lockstep *lockstep);
/** Until the model does what lockstep->now says. */
void bell_lockstep_step(struct bell_lockstep *lockstep);
/** One step of the node may follow. @return false: the model cannot go on; reported. */
bool bell_lockstep_may_step(struct bell_lockstep *lockstep);
/** Before a step: a write that failed is noticed where all writes must be answered. */
void bell_lockstep_tell_failure(struct bell_lockstep *lockstep);
/** Clock in which an access that touched memory in clock `cycle` was asked for. */
uint64_t bell_lockstep_asked_at(const struct bell_lockstep *lockstep, uint64_t cycle);

/* bell_lockstep_slice.c: how long a queue keeps its node. */
/** The model's timers, up to the clock of lockstep->now. */
void bell_lockstep_timers(struct bell_lockstep *lockstep);
/** Something changed that may make queues ready: running turns may have to end. */
void bell_lockstep_rivals(struct bell_lockstep *lockstep);
/** The turn may end between two buffers; it may stop inside one. */
bool bell_lockstep_may_yield(const struct bell_lockstep *lockstep, uint32_t node);
bool bell_lockstep_may_stop(const struct bell_lockstep *lockstep, uint32_t node);
/** A turn was given: whether level 1 goes before level 2 is known now. */
void bell_lockstep_served(struct bell_lockstep *lockstep);

/** A write of a scheduling log: bell_lockstep_log.c. */
void bell_lockstep_log(struct bell_lockstep *lockstep);
void bell_lockstep_log_event(struct bell_lockstep *lockstep);
void bell_lockstep_log_owed(struct bell_lockstep *lockstep);
/** An event waits for room. */
bool bell_lockstep_log_waits(const struct bell_lockstep *lockstep);
/** The register at `addr` is about to be written. */
void bell_lockstep_log_moves(struct bell_lockstep *lockstep, uint64_t addr, uint64_t data);

/* bell_lockstep_time.c: GPU time, which software may set. */
/** A reset, or TIME may have been written. */
void bell_lockstep_time_set(struct bell_lockstep *lockstep, bool reset);
/**
 * The first clock, of those from `from` to `to`, in which GPU time was `time`; NEVER: in none. A few
 * clocks about a write of TIME, both times are right.
 */
uint64_t bell_lockstep_clock_of(const struct bell_lockstep *lockstep, uint64_t time, uint64_t from,
                                uint64_t to);
/** That clock, less what an order may take. */
static inline uint64_t bell_lockstep_early(uint64_t cycle)
{
    return cycle > BELL_LOCKSTEP_SETTLE ? cycle - BELL_LOCKSTEP_SETTLE : 0;
}

/** Word `index` of the write is a time of a fence log, and may be what it is. */
bool bell_lockstep_is_fence_time(const struct bell_lockstep *lockstep, uint32_t index);
void bell_lockstep_observed(void *ctx, const struct bell_device_event *event);
extern const struct bell_model_oracle bell_lockstep_oracle;

/* bell_lockstep_reads.c: what the model reads is what the RTL read. */
/** Answer the read that is open. @return false: the RTL did not read it; nothing is reported. */
bool bell_lockstep_answer_read(struct bell_lockstep *lockstep, uint32_t node);
/** WPTR or an entry is read: is it early, or read once more, such that it may be? */
void bell_lockstep_ring_read(struct bell_lockstep *lockstep, uint32_t node);
/** The model's turn has ended: what its successor may read early. */
void bell_lockstep_ring_left(struct bell_lockstep *lockstep, uint32_t node);
/** At the end of a turn: reads that came to nothing were such as the turn may make. */
void bell_lockstep_leftovers(struct bell_lockstep *lockstep, uint32_t node);
bool bell_lockstep_copy_failed(const struct bell_lockstep_node *node);

/* bell_lockstep_event.c */
void bell_lockstep_event(struct bell_lockstep *lockstep);

/* bell_lockstep_watches.c: idle detectors and watchdogs. */
void bell_lockstep_watches_reset(struct bell_lockstep *lockstep);
/** Something happened: timers may start or stop. */
void bell_lockstep_watches_saw(struct bell_lockstep *lockstep);
/** A register was written. */
void bell_lockstep_watches_written(struct bell_lockstep *lockstep);
void bell_lockstep_watches_event(struct bell_lockstep *lockstep);
void bell_lockstep_watches_owed(struct bell_lockstep *lockstep);

/* bell_lockstep_owed.c: what should have happened and did not. */
/** The event queue may be full. */
void bell_lockstep_note_full(struct bell_lockstep *lockstep);
/** Nothing was posted, though there was room for so long. */
bool bell_lockstep_is_overdue(const struct bell_lockstep *lockstep, uint64_t since);

/* bell_lockstep_report.c: refusals as events. */
void bell_lockstep_refusal(void *ctx, enum bell_model_refusal kind, uint32_t code, uint32_t addr);
/** REPORT_ARM was written, or an event posted: the next one may be made. */
void bell_lockstep_report_make(struct bell_lockstep *lockstep);
static inline bool bell_lockstep_is_refusal(uint32_t cause)
{
    return cause >= BELL_CAUSE_RING_REJECTED &&
           cause - BELL_CAUSE_RING_REJECTED < BELL_MODEL_REFUSALS;
}
void bell_lockstep_report_event(struct bell_lockstep *lockstep);
/** An event that is made is posted when there is room. */
void bell_lockstep_report_owed(struct bell_lockstep *lockstep);
/** Bits of REPORT_ARM that are not compared. */
uint64_t bell_lockstep_report_free(const struct bell_lockstep *lockstep);

/* bell_lockstep_mmio.c: register accesses and rings. */
void bell_lockstep_offer(struct bell_lockstep *lockstep);
void bell_lockstep_accept(struct bell_lockstep *lockstep);
void bell_lockstep_perform(struct bell_lockstep *lockstep);
void bell_lockstep_ring(struct bell_lockstep *lockstep);
void bell_lockstep_answer(struct bell_lockstep *lockstep);
/** An access has waited for too long. */
void bell_lockstep_port_owed(struct bell_lockstep *lockstep);
void bell_lockstep_irq(struct bell_lockstep *lockstep);
void bell_lockstep_irq_owed(struct bell_lockstep *lockstep);
/** Something happened: registers that are being read may have another value now. */
void bell_lockstep_watch(struct bell_lockstep *lockstep);
/** An event of a watch says what was true when its timer ended. */
bool bell_lockstep_may_tell(struct bell_lockstep *lockstep);
/** Events have waited for room. */
bool bell_lockstep_was_full(const struct bell_lockstep *lockstep);
/** For the events of the watches: a register was written; a turn ends. */
void bell_lockstep_limits(struct bell_lockstep *lockstep);
void bell_lockstep_long_turn(struct bell_lockstep *lockstep);

/** The node of the action, in the model and here. */
static inline struct bell_model_node *model_node(const struct bell_lockstep *lockstep)
{
    return &lockstep->model->nodes[lockstep->now->node];
}
static inline struct bell_lockstep_node *own_node(struct bell_lockstep *lockstep)
{
    return &lockstep->nodes[lockstep->now->node];
}

#endif
