/* SPDX-License-Identifier: MIT */
/**
 * @file bell_model.h
 * @brief Inside of the reference model: state and the calls between its stages.
 *
 * The model has the RTL's stages under the RTL's names. It is transaction-accurate: every answer,
 * memory access, ledger count and event is the device's; the clock of each is plausible, not equal.
 * Nothing is evaluated clock by clock. Each actor (mmio, doorbell, sched, dma, each node) keeps the
 * cycle at which it next does something, BELL_MODEL_NEVER when it waits for another actor; time
 * jumps to the earliest.
 */
#ifndef BELL_MODEL_H
#define BELL_MODEL_H

#include "bell_device_hash.h"
#include "bell_device_impl.h"
#include "bell_formats.h"
#include "bell_model_report.h"
#include "bell_regs.h"

/* Size of the build; as the parameters of bell_top. */
#ifndef BELL_MODEL_SLOTS
#define BELL_MODEL_SLOTS 64u
#endif
#ifndef BELL_MODEL_QUEUES
#define BELL_MODEL_QUEUES 64u
#endif
#ifndef BELL_MODEL_NODES
#define BELL_MODEL_NODES 3u
#endif

#define BELL_MODEL_NEVER UINT64_MAX
#define BELL_MODEL_TURN_SLACK 64u  /**< Clocks in which a pick may be overtaken: it was made before. */
#define BELL_MODEL_WAKE_CLOCKS 512u /**< Clocks from a signal in memory to the last queue it wakes. */
#define BELL_MODEL_EVENTS 64u      /**< Depth of the event queue. */
#define BELL_MODEL_TURN_BUFFERS 8u  /**< Command buffers a queue runs while others wait for it, */
#define BELL_MODEL_MAX_BUFFERS 64u  /**< and while none does. */
#define BELL_MODEL_BURST_BYTES 128u
#define BELL_MODEL_PAGE_BYTES 4096u    /**< No burst crosses this. */
#define BELL_MODEL_NODE_WRITES 8u      /**< Write bursts a node keeps outstanding. */
#define BELL_MODEL_MAX_LOG2_ENTRIES 16u
#define BELL_MODEL_ADDR_MASK BELL_QUEUE_BASE_ADDR_MASK

/* Clocks of each step. */
#define BELL_MODEL_REG_CLOCKS 2u    /**< Register access accepted to performed. */
#define BELL_MODEL_ANSWER_CLOCKS 1u /**< Register performed, or store accepted, to answered. */
#define BELL_MODEL_RING_CLOCKS 2u   /**< Doorbell store accepted to credited. */
#define BELL_MODEL_TURN_CLOCKS 2u   /**< Pick to first request; turn end to free node. */
#define BELL_MODEL_PACKET_CLOCKS 2u /**< Decode of one packet. */

struct bell_model;

/* oracle ----------------------------------------------------------------------------------- */

/** Who in a node makes an access; numbers as in rtl/common/bell_node.sv. */
enum bell_model_reader { BELL_READS_RING, BELL_READS_COMMANDS, BELL_READS_COPY, BELL_READERS };
enum bell_model_writer { BELL_WRITES_RPTR, BELL_WRITES_DATA, BELL_WRITES_FENCE, BELL_WRITERS };

/**
 * What a model that does not run by itself is given instead of memory, event queue and schedule
 * (sim/lockstep): it is stepped with bell_model_node_run(), in no time, and its accesses go here.
 */
struct bell_model_oracle {
    void *ctx;
    /** A node asks; bell_model_node_answer() is owed, also with fewer bytes than asked for. */
    void (*read)(void *ctx, uint32_t node, enum bell_model_reader unit, uint32_t pasid,
                 uint64_t addr, uint32_t size);
    /** A node stores; it counts among node->writes until the oracle takes it off. */
    void (*write)(void *ctx, uint32_t node, enum bell_model_writer unit, uint32_t pasid,
                  uint64_t addr, const void *data, uint32_t size);
    /** A node posts an event. The oracle puts it into the queue, bell_model_irq_push(). */
    void (*event)(void *ctx, uint32_t node, enum bell_cause cause, uint64_t data);
    /** There is another entry and the node may run it: does the turn end here all the same? */
    bool (*ends)(void *ctx, uint32_t node);
    /** Something was refused. The oracle makes the events of refusals, and takes from REPORT_ARM. */
    void (*refusal)(void *ctx, enum bell_model_refusal kind, uint32_t code, uint32_t addr);
};

/* mmio ------------------------------------------------------------------------------------- */

struct bell_model_access {
    uint64_t addr;
    uint64_t data;
    uint64_t tag;
    uint8_t strobes; /**< Byte lanes of the 8-byte word; 0 for a read. */
    bool write;
};

struct bell_model_answer {
    uint64_t at;
    uint64_t tag;
    uint64_t data;
    enum bell_resp resp;
    bool write;
};

#define BELL_MODEL_ANSWERS 8u /**< More than can be under way at one accept a clock. */

struct bell_model_mmio {
    struct bell_model_access *queue; /**< Offered, not accepted: a ring of `capacity`. */
    size_t capacity;
    size_t first;
    size_t count;
    size_t refuse;       /**< So many of the first `count` were lost by a reset. */
    uint64_t accept_at;  /**< Earliest clock that may accept the next one. */
    uint64_t perform_at; /**< Register access under way. */
    struct bell_model_access current;
    struct bell_model_answer answers[BELL_MODEL_ANSWERS]; /**< In order of `at`. */
    unsigned answer_first;
    unsigned answer_count;
    uint64_t ctrl;
};

/* doorbell --------------------------------------------------------------------------------- */

struct bell_model_ring {
    uint64_t at;      /**< Clock of its credit. */
    uint32_t addr;    /**< BAR2 byte address. */
    uint32_t slot;    /**< 0 when it names none. */
    bool on_slot;     /**< Counts as in flight on `slot`. */
    uint64_t owner;   /**< SLOT.OWNER when it was accepted; of a token, what it would be. */
    uint32_t reject;  /**< enum bell_reject; not NONE: refused at the door. */
};

#define BELL_MODEL_RINGS 8u /**< More than RING_CLOCKS. */

struct bell_model_ledger {
    uint64_t accepted;
    uint64_t sampled;
    uint64_t coalesced;
    uint64_t unowned;
    uint64_t rejected;
    uint64_t owed; /**< Ring-set pending bits. Rings in the pipe come on top. */
};

struct bell_model_doorbell {
    uint32_t layout; /**< enum bell_layout as written; what is in force: bell_model_layout(). */
    uint64_t owner[BELL_MODEL_SLOTS];
    uint64_t listen[BELL_MODEL_QUEUES]; /**< TOKEN.LISTEN. */
    uint16_t in_flight[BELL_MODEL_SLOTS];
    struct bell_model_ring pipe[BELL_MODEL_RINGS];
    unsigned pipe_first;
    unsigned pipe_count;
    struct bell_model_ledger ledger;
    uint64_t last_reject;
};

/* sched ------------------------------------------------------------------------------------ */

/** Where in a command buffer to go on. */
struct bell_model_resume {
    uint32_t offset; /**< Bytes: the next packet. */
    uint64_t done;   /**< Of it: clocks of WORK, bytes of FILL and COPY, first look of WAIT. */
};

/** A place in a fence log. */
struct bell_model_fence_log {
    uint64_t addr; /**< Header, under PASID 0. */
    uint32_t index;
    uint32_t wraps;
};

/** Place of a queue among those of its node. */
struct bell_model_place {
    uint8_t level; /**< That counts: ADD_RT may have raised it. */
    uint8_t group;
    uint8_t priority;
};

struct bell_model_queue {
    uint64_t base;
    uint64_t control;
    uint64_t config;
    uint64_t rptr;
    uint64_t sched; /**< SCHED as it reads; so the next ones. */
    uint64_t quantum;
    uint64_t grace;
    struct bell_model_resume resume; /**< In the buffer of entry rptr. */
    uint64_t handle;
    uint64_t logs[2]; /**< WAIT_LOG, SIGNAL_LOG. */
    uint64_t log_indices[2];
    bool open;
    bool listed;
    bool realtime; /**< By ADD_RT, when listed. */
    bool ready;
    struct bell_model_place place; /**< While ready: where. */
    uint64_t ready_at;   /**< Clock since which it is ready at this level. */
    uint64_t given_at;   /**< Clock of its newest turn, */
    uint8_t given_level; /**< and its level then. */
    bool pending;
    bool pending_by_ring;
    bool notify; /**< The end of the turn posts STOPPED. */
    bool running;
    bool work;
    bool blocked; /**< Its next packet waits for a native fence */
    uint8_t key;  /**< of this key. */
    uint8_t logged; /**< What it does, as its context was told. */
    bool faulted;
    uint8_t cause;
    uint8_t node;
};

#define BELL_MODEL_READY_WORDS ((BELL_MODEL_QUEUES + 63u) / 64u)
#define BELL_MODEL_LEVELS 35u
#define BELL_MODEL_LEVEL_NORMAL 1u
#define BELL_MODEL_LEVEL_FOCUS 2u
#define BELL_MODEL_LEVEL_REALTIME 3u
#define BELL_MODEL_GROUPS 64u
#define BELL_MODEL_PRIORITIES 16u

struct bell_model_level {
    uint64_t ready[BELL_MODEL_READY_WORDS]; /**< Bit per queue. */
    uint32_t count;
    uint32_t next; /**< Round robin: first queue to look at. */
};

/** How long the queue that runs keeps its node. Phases as in rtl/sched/bell_sched_slice.sv. */
enum bell_model_phase {
    BELL_MODEL_NO_TURN,
    BELL_MODEL_RUN,
    BELL_MODEL_OVER,
    BELL_MODEL_GRACE,
    BELL_MODEL_STOP,
};

struct bell_model_slice {
    enum bell_model_phase phase;
    uint8_t level; /**< Of the queue that runs. */
    bool timed;    /**< It has a quantum. */
    bool hurry;    /**< The grace is that for a higher level. */
    uint64_t at;   /**< Clock at which quantum or grace end; NEVER. */
    uint64_t quantum_at;
    uint64_t grace;    /**< GRACE of the queue that runs. */
    bool kept;         /**< The next turn goes to `keep`, if it can. */
    uint32_t keep;     /**< The queue that ran last: */
    uint64_t ended_at; /**< in this clock its turn ended. */
    bool may_keep;     /**< By the clocks of the RTL, which may be others, it can be kept, */
    bool must_keep;    /**< it has to be. */
    bool lift;         /**< Level 1 goes before level 2. */
    int64_t debt;      /**< To level 1: clocks times 100, */
    uint64_t debt_at;  /**< at this clock, */
    int64_t rate;      /**< and how it grows a clock. */
    uint64_t share_at; /**< Clock at which lift changes; NEVER. */
};

#define BELL_MODEL_LOGS 4u /**< Scheduling logs with registers, fitted or not. */
#define BELL_MODEL_FENCE_LOG_ENTRIES 84u

struct bell_model_sched_log {
    uint64_t base; /**< LOG_BASE as it reads; so the next ones. */
    uint64_t config;
    uint64_t index;
    bool lost; /**< A write was refused: it counts as disabled. */
    uint64_t set_at; /**< Clock in which `base` was written. */
};

/** Rows of contexts: their numbers count modulo this, a power of two. */
#define BELL_MODEL_CONTEXTS                                                                        \
    (BELL_MODEL_QUEUES <= 64u    ? 64u                                                              \
     : BELL_MODEL_QUEUES <= 256u ? 256u                                                             \
                                 : 1024u)

/** Queues of one context. */
struct bell_model_context {
    uint32_t ready;      /**< So many are. */
    uint64_t changed_at; /**< Clock in which one of them got ready, ran or went idle last. */
};

/** What a node runs, of contexts with a number. */
struct bell_model_runs {
    bool valid;
    uint32_t context;
};

/** A change of state that is not in its log yet. */
struct bell_model_log_entry {
    uint32_t node;
    uint64_t time;
    uint64_t cycle; /**< The clock of that time. */
    uint64_t slack; /**< Clocks by which the RTL may come to it later. */
    uint64_t handle;
    uint64_t state; /**< DXGK_SCHEDULING_LOG_CONTEXT_STATE. */
    bool shared;    /**< Its context may have other queues. */
};

enum bell_model_log_state {
    BELL_MODEL_LOG_IDLE,
    BELL_MODEL_LOG_ENTRY, /**< The entry is written, */
    BELL_MODEL_LOG_WORD,  /**< the word of index and wraps is. */
};

/** Writer of the scheduling logs. */
struct bell_model_log {
    uint64_t at; /**< Clock of the next step; NEVER. */
    enum bell_model_log_state state;
    struct bell_model_log_entry *entries; /**< A ring of `capacity`. */
    size_t capacity;
    size_t first;
    size_t count;
    uint32_t node;  /**< Of the entry under way. */
    uint32_t here;  /**< Its index. */
    uint64_t addr;  /**< Of the write under way. */
    uint64_t next;  /**< LOG_INDEX after it. */
    uint32_t reached; /**< Nodes with a SCHED_LOG to make, */
    uint32_t lost;    /**< and a SCHED_LOG_LOST, with its */
    uint64_t lost_addr[BELL_MODEL_LOGS];
    bool told;        /**< A notice is made, and waits for room: */
    enum bell_cause cause;
    uint32_t told_node;
    uint64_t data;
};

struct bell_model_sched {
    uint64_t at; /**< Clock of the next pick. */
    struct bell_model_queue queues[BELL_MODEL_QUEUES];
    struct bell_model_level levels[BELL_MODEL_NODES][BELL_MODEL_LEVELS];
    uint32_t peers[BELL_MODEL_GROUPS][BELL_MODEL_PRIORITIES]; /**< Ready queues. */
    /** Clock since which there is none. */
    uint64_t peers_gone[BELL_MODEL_GROUPS][BELL_MODEL_PRIORITIES];
    struct bell_model_slice slices[BELL_MODEL_NODES];
    uint64_t seen[BELL_MODEL_NODES]; /**< Keys signalled since the turn was given. */
    uint64_t raised_at[64];          /**< Clock of the newest signal of each key; 0: none. */
    uint64_t bands;                  /**< BANDS as it reads. */
    struct bell_model_sched_log logs[BELL_MODEL_LOGS];
    struct bell_model_context contexts[BELL_MODEL_CONTEXTS];
    struct bell_model_runs runs[BELL_MODEL_NODES];
};

/* dma -------------------------------------------------------------------------------------- */

struct bell_model_dma_access {
    uint64_t touch_at;
    uint64_t answer_at;
    uint64_t addr;
    uint32_t pasid;
    uint32_t node;
    uint32_t size;
    bool write;
    enum bell_resp resp;
    unsigned char data[BELL_MODEL_BURST_BYTES];
};

/** Each node has at most its writes, one read and one RPTR or fence write under way. */
#define BELL_MODEL_DMA_ACCESSES (BELL_MODEL_NODES * (BELL_MODEL_NODE_WRITES + 4u) + 1u)
#define BELL_MODEL_DMA_LOG BELL_MODEL_NODES /**< Node of the scheduling logs' writes. */

/** One port, one request a time; answers come in the order of the requests. */
struct bell_model_dma {
    struct bell_model_dma_access queue[BELL_MODEL_DMA_ACCESSES];
    unsigned first;
    unsigned count;
    unsigned touched; /**< So many of the first `count` have touched memory. */
    uint64_t free_at; /**< First clock at which the port takes a request. */
};

/* fetch and engine of one node ------------------------------------------------------------- */

enum bell_model_state {
    BELL_MODEL_IDLE,
    BELL_MODEL_SAMPLE,      /**< Asks for WPTR. */
    BELL_MODEL_SAMPLED,     /**< WPTR is there. */
    BELL_MODEL_ENTRY,       /**< Asks for a ring entry. */
    BELL_MODEL_ENTERED,     /**< Ring entry is there. */
    BELL_MODEL_PACKET,      /**< Decodes a packet, or asks for more of them. */
    BELL_MODEL_PACKETS,     /**< Packets are there. */
    BELL_MODEL_WORK,        /**< Timer runs. */
    BELL_MODEL_HANG,
    BELL_MODEL_FILL,
    BELL_MODEL_COPY,        /**< Asks for source data. */
    BELL_MODEL_COPIED,      /**< Source data is there. */
    BELL_MODEL_STORE,       /**< WRITE64, and FENCE once drained. */
    BELL_MODEL_WAIT,        /**< Drained; asks for the current value of a native fence. */
    BELL_MODEL_WAITED,      /**< It is there. */
    BELL_MODEL_SIGNAL,      /**< Drained; writes the current value. */
    BELL_MODEL_SIGNALED,    /**< Its write is answered. */
    BELL_MODEL_FENCE_LOG,   /**< Writes an entry of a fence log, if there is one. */
    BELL_MODEL_LOG_INDEX,   /**< Entry is answered; writes the index. */
    BELL_MODEL_LOGGED,      /**< Index is answered; a signal asks for the monitored value. */
    BELL_MODEL_MONITORED,   /**< It is there. */
    BELL_MODEL_NOTIFY,      /**< FENCE_SIGNALED goes to the event queue. */
    BELL_MODEL_POST_IRQ,    /**< Drained; USER_IRQ goes to the event queue. */
    BELL_MODEL_BUFFER_DONE, /**< Drained; the buffer is finished. */
    BELL_MODEL_RPTR,        /**< RPTR write is answered. */
    BELL_MODEL_POST_FAULT,  /**< Drained; the fault goes to the event queue. */
    BELL_MODEL_TURN_END,
};

struct bell_model_node {
    uint64_t at; /**< Clock of the next step; NEVER while it waits for memory or software. */
    enum bell_model_state state;
    bool reading;    /**< A read is under way. */
    bool draining;   /**< `state` is entered when no write is outstanding. */
    bool blocked;    /**< Waits for room in the event queue; to post its fault, or its USER_IRQ. */
    bool abort;      /**< NODE_ABORT was written during this turn. */
    bool barrier;    /**< STORE is that of a FENCE. */
    bool preempt;    /**< The turn stops where its buffer can be resumed. */
    bool waits;      /**< The turn ends at a WAIT whose value is not reached, */
    uint8_t key;     /**< for fences of this key: address bits 11 .. 6. */
    unsigned writes; /**< Outstanding write bursts. */

    uint32_t queue;
    uint32_t ring_pasid;
    uint32_t pasid;
    unsigned buffers; /**< Finished in this turn. */
    uint64_t wptr;
    uint64_t rptr;

    uint64_t buffer_addr;
    struct bell_model_resume resume; /**< Of the buffer of entry rptr, as far as it is known. */
    uint64_t total;                  /**< Of the packet under way: clocks or bytes. */
    struct bell_packet fence;        /**< SIGNAL or WAIT under way. */
    bool known;                      /**< An earlier turn has met the WAIT. */
    uint64_t seen;                   /**< GPU time at which it was first met, */
    uint64_t ended;                  /**< and at which its value was reached or visible. */
    struct bell_model_fence_log log;

    uint64_t packet_addr; /**< Next packet. */
    uint64_t packet_end;
    uint64_t cache_addr;  /**< Packets held in `cache`. */
    uint32_t cache_bytes;
    unsigned char cache[BELL_MODEL_BURST_BYTES];

    uint64_t dst;
    uint64_t src;
    uint64_t bytes;
    uint64_t value;

    enum bell_resp read_resp;
    uint64_t read_addr;
    uint32_t read_bytes;
    unsigned char read_data[BELL_MODEL_BURST_BYTES];
    enum bell_resp write_resp; /**< First error among the writes of this turn. */
    uint64_t write_addr;

    uint8_t cause; /**< enum bell_cause; not NONE: the turn ends with this fault. */
    uint64_t cause_data;
};

/* irq -------------------------------------------------------------------------------------- */

struct bell_model_event {
    uint64_t word0;
    uint64_t word1;
};

struct bell_model_irq {
    struct bell_model_event queue[BELL_MODEL_EVENTS];
    unsigned first;
    unsigned count;
    uint32_t last_node; /**< Newest poster: the others go first. */
    bool enable;
    bool level;
};

/* watch ------------------------------------------------------------------------------------ */

#define BELL_MODEL_TIMERS (2u * BELL_MODEL_NODES) /**< Idle detectors, then watchdogs. */

#define BELL_MODEL_LIMITS 4u /**< Limit registers of each kind, fitted or not. */

struct bell_model_timer {
    uint32_t limit;
    uint64_t at; /**< Clock at which it ends; NEVER: it does not count. */
    bool fired;  /**< An event is not offered yet: */
    uint32_t fired_queue;
    uint32_t fired_limit;
    uint32_t more; /**< so often it ended again. */
};

struct bell_model_watch {
    struct bell_model_timer timers[BELL_MODEL_TIMERS];
    bool long_work[BELL_MODEL_NODES];
    bool used; /**< A limit is not 0. */
    struct {
        bool valid; /**< An event is offered: */
        enum bell_cause cause;
        uint32_t node;
        uint32_t queue;
        uint64_t data;
    } held;
    uint32_t next; /**< Round robin: first timer to look at. */
    uint64_t retry_at;
};

/* all -------------------------------------------------------------------------------------- */

struct bell_model {
    struct bell_device device; /**< First: the handle is the model. */
    struct bell_device_config config;
    struct bell_device_host host;
    uint64_t cycle;
    uint64_t time_zero; /**< Clock at which TIME was 0, modulo 2^64. */
    uint64_t hash;
    bool in_step;
    bool stop; /**< An access was answered or the interrupt changed in this clock. */

    struct bell_model_mmio mmio;
    struct bell_model_doorbell doorbell;
    struct bell_model_sched sched;
    struct bell_model_log log;
    struct bell_model_dma dma;
    struct bell_model_node nodes[BELL_MODEL_NODES];
    struct bell_model_irq irq;
    struct bell_model_watch watch;
    struct bell_model_report report;
    const struct bell_model_oracle *oracle; /**< NULL: it runs by itself. */
    uint64_t limits[2 * BELL_MODEL_LIMITS]; /**< IDLE_LIMITn, then HUNG_LIMITn, as they read. */
};

/** A model that is stepped: see struct bell_model_oracle. NULL: no memory. Frees: device.ops. */
struct bell_model *bell_model_create_stepped(const struct bell_device_config *config,
                                             const struct bell_device_host *host,
                                             const struct bell_model_oracle *oracle);

/** GPU time: clocks since reset, or on from what software wrote. */
static inline uint64_t bell_model_time(const struct bell_model *model)
{
    return model->cycle - model->time_zero;
}

/** Hand an observation to the host; the cycle is filled in. */
void bell_model_observe(struct bell_model *model, struct bell_device_event event);

/* Each *_next() gives the actor's next clock, each *_run() does what is due in the current one. */

void bell_model_mmio_offer(struct bell_model *model, struct bell_model_access access);
/** Hardware reset: what is offered or under way is answered SLVERR in the next clock, in order. */
void bell_model_mmio_reset(struct bell_model *model);
uint64_t bell_model_mmio_next(const struct bell_model *model);
void bell_model_mmio_accept(struct bell_model *model);
void bell_model_mmio_answer(struct bell_model *model);

/** Perform a register access. */
enum bell_resp bell_model_regs_read(struct bell_model *model, uint64_t addr, uint64_t *data);
enum bell_resp bell_model_regs_write(struct bell_model *model, uint64_t addr, uint64_t data,
                                     uint8_t strobes);

/** A store to BAR2 was accepted. @return Its answer. */
enum bell_resp bell_model_doorbell_store(struct bell_model *model, uint32_t addr, uint64_t data,
                                         uint8_t strobes);
/** Layout in force. */
enum bell_layout bell_model_layout(const struct bell_model *model);
uint64_t bell_model_doorbell_next(const struct bell_model *model);
void bell_model_doorbell_run(struct bell_model *model);
/** Count a refused store and remember it. */
void bell_model_doorbell_reject(struct bell_model *model, enum bell_reject cause, uint32_t addr);

/** Set the pending bit of a queue because of a ring. @return The ring's bucket. */
enum bell_ring_bucket bell_model_sched_credit(struct bell_model *model, uint32_t queue);
/** Where the queue belongs among those of its node. */
struct bell_model_place bell_model_sched_place_of(const struct bell_model_queue *queue);
/** A ready queue of its group goes first. */
bool bell_model_sched_peer(const struct bell_model *model, struct bell_model_place place);
/** Perform CMD; an OP that does not fit the queue's state, or an unknown one, changes nothing. */
void bell_model_sched_command(struct bell_model *model, uint32_t queue, uint64_t command);
uint64_t bell_model_sched_state(const struct bell_model *model, uint32_t queue);
/** Write SCHED. */
void bell_model_sched_place(struct bell_model *model, uint32_t queue, uint64_t sched);
/** Native fences of these keys were raised, and memory has it: queues that wait for one look again. */
void bell_model_sched_raise(struct bell_model *model, uint64_t keys);
/** Take the next place in the log of waits or of signals. @return false: none is kept. */
bool bell_model_sched_fence_log(struct bell_model *model, uint32_t queue, bool signals,
                                struct bell_model_fence_log *log);
/** Registers from BANDS on. @return false: another register, or the wrong direction. */
bool bell_model_sched_read(const struct bell_model *model, uint64_t addr, uint64_t *data);
bool bell_model_sched_write(struct bell_model *model, uint64_t addr, uint64_t data);
void bell_model_sched_reset(struct bell_model *model);

/** It may have changed: its context is looked at. */
void bell_model_log_look(struct bell_model *model, struct bell_model_queue *queue);

/** Clocks by which the RTL may log a change later. */
uint64_t bell_model_log_slack(const struct bell_model *model);

/** Its context has a number, so that other queues may be of it. */
static inline bool bell_model_log_is_shared(const struct bell_model_queue *queue)
{
    return (queue->sched & BELL_QUEUE_SCHED_CONTEXT_MASK) != 0;
}

/** Row of its context, if that has a number. */
static inline uint32_t bell_model_log_context(const struct bell_model_queue *queue)
{
    return (uint32_t)BELL_FIELD_GET(queue->sched, BELL_QUEUE_SCHED_CONTEXT) % BELL_MODEL_CONTEXTS;
}
void bell_model_log_reset(struct bell_model *model);
void bell_model_log_run(struct bell_model *model);
/** A write of the log was answered; there is room in the event queue. */
void bell_model_log_answer(struct bell_model *model, enum bell_resp resp);
void bell_model_log_room(struct bell_model *model);
/** Nodes whose log has a write under way, a bit each. */
uint64_t bell_model_log_busy(const struct bell_model *model);

/** A turn begins; whether its queue stays on the node was decided by slice_end(). */
void bell_model_slice_give(struct bell_model *model, uint32_t node, uint32_t queue);
/** The turn is over. @return whether its queue, which is ready again, goes on. */
bool bell_model_slice_end(struct bell_model *model, uint32_t node);
/** The turn stops at once. */
void bell_model_slice_stop(struct bell_model *model, uint32_t node);
/** What is ready on the node, or what it runs, has changed. */
void bell_model_slice_look(struct bell_model *model, uint32_t node);
/** The turn that runs on the node is to end after its buffer. */
bool bell_model_slice_yields(const struct bell_model *model, uint32_t node);
uint64_t bell_model_slice_next(const struct bell_model *model);
void bell_model_slice_run(struct bell_model *model);
/** By the clocks of the RTL, which may be others, level 1 can go before level 2. */
bool bell_model_slice_may_lift(const struct bell_model *model, uint32_t node);
/** Level 1 was served before level 2 (`lift`), or the other way round. */
void bell_model_slice_lifted(struct bell_model *model, uint32_t node, bool lift);
/** Level that is served next on the node; LEVELS when none has a ready queue. */
uint32_t bell_model_slice_level(const struct bell_model *model, uint32_t node);
/** A queue of `level` goes before one of `other` on the node: it is higher, or 1, lifted, against 2. */
bool bell_model_slice_outranks(const struct bell_model *model, uint32_t node, uint32_t level,
                               uint32_t other);
/** Something changed that may let a node start. */
void bell_model_sched_wake(struct bell_model *model);
void bell_model_sched_run(struct bell_model *model);
/** Give `node` a turn on `queue`. */
void bell_model_sched_give(struct bell_model *model, uint32_t node, uint32_t queue);
/** Why a turn may not be given so now; NULL: it may. Tolerates picks TURN_SLACK clocks old. */
const char *bell_model_sched_refusal(const struct bell_model *model, uint32_t node,
                                     uint32_t queue);
/** The node's turn is over; takes over its pointers and its fault. */
void bell_model_sched_turn_end(struct bell_model *model, struct bell_model_node *node, bool work);
/** Another queue of the node is ready. */
bool bell_model_sched_others(const struct bell_model *model, uint32_t node);

/** Read or write 8 .. BURST_BYTES bytes inside one page; bell_model_node_answer() follows. */
void bell_model_dma_read(struct bell_model *model, struct bell_model_node *node,
                         enum bell_model_reader unit, uint32_t pasid, uint64_t addr,
                         uint32_t size);
void bell_model_dma_write(struct bell_model *model, struct bell_model_node *node,
                          enum bell_model_writer unit, uint32_t pasid, uint64_t addr,
                          const void *data, uint32_t size);
/** The same for the scheduling logs, under PASID 0; bell_model_log_answer() follows. */
void bell_model_dma_log(struct bell_model *model, uint64_t addr, const void *data, uint32_t size);
/** Largest burst that starts at `addr` and has at most `left` bytes. */
uint32_t bell_model_dma_burst(uint64_t addr, uint64_t left);
uint64_t bell_model_dma_next(const struct bell_model *model);
void bell_model_dma_run(struct bell_model *model);

/** fetch: begin a turn on `queue`. */
void bell_model_node_start(struct bell_model *model, struct bell_model_node *node,
                           uint32_t queue);
/** An access of the node was answered. */
void bell_model_node_answer(struct bell_model *model, struct bell_model_node *node,
                            const struct bell_model_dma_access *access);
void bell_model_node_abort(struct bell_model *model, struct bell_model_node *node);
/** Whether a ring entry, the one of count `rptr`, names a command buffer with a packet at `offset`. */
bool bell_model_entry_is_good(const struct bell_ring_entry *entry, uint64_t rptr, uint32_t offset);
/** Address of the ring entry of count `rptr`. */
uint64_t bell_model_entry_addr(const struct bell_model_queue *queue, uint64_t rptr);
/** End the turn where its buffer can be resumed; from now on, until the turn ends. */
void bell_model_node_preempt(struct bell_model *model, struct bell_model_node *node);
void bell_model_node_run(struct bell_model *model, struct bell_model_node *node);
/** Enter `state` after `clocks`. */
void bell_model_node_goto(struct bell_model *model, struct bell_model_node *node,
                          enum bell_model_state state, uint32_t clocks);
/** Enter `state` when every outstanding write is answered; a failed write becomes a fault. */
void bell_model_node_drain(struct bell_model *model, struct bell_model_node *node,
                           enum bell_model_state state);
/**
 * End the turn with a fault, once the writes are answered. If one of them failed, which came
 * before, that is reported in its place.
 */
void bell_model_node_fault(struct bell_model *model, struct bell_model_node *node,
                           enum bell_cause cause, uint64_t data);
/** Fault as an error answer to an access at `addr` demands. */
void bell_model_node_refused(struct bell_model *model, struct bell_model_node *node,
                             enum bell_resp resp, uint64_t addr);
uint32_t bell_model_node_index(const struct bell_model *model, const struct bell_model_node *node);

/** Leave the buffer unfinished, `done` of its next packet; of the one before it if `inside`. */
void bell_model_engine_stop(struct bell_model *model, struct bell_model_node *node, bool inside,
                            uint64_t done);
/** A packet is finished: the next one. */
void bell_model_engine_next(struct bell_model *model, struct bell_model_node *node);
/** An abort, or a preemption before the packet under way, ends the turn. @return whether. */
bool bell_model_engine_stops(struct bell_model *model, struct bell_model_node *node);
/** fence: begin a SIGNAL or WAIT packet; run one. @return false: not its state. */
void bell_model_fence_start(struct bell_model *model, struct bell_model_node *node,
                            const struct bell_packet *packet);
bool bell_model_fence_run(struct bell_model *model, struct bell_model_node *node);
/** fence: a refused write does not end the packet here; its fault comes after the event. */
bool bell_model_fence_goes_on(const struct bell_model_node *node);

/** engine: run the command buffer in packet_addr .. packet_end. @return false: not its state. */
bool bell_model_engine_run(struct bell_model *model, struct bell_model_node *node);

/** @return false when the queue is full: the node is woken when there is room. */
bool bell_model_irq_post(struct bell_model *model, struct bell_model_node *node,
                         enum bell_cause cause, uint64_t data);
/** The same for events of no node's turn; nobody is woken. */
bool bell_model_irq_push(struct bell_model *model, enum bell_cause cause, uint32_t node,
                         uint32_t queue, uint64_t data);
void bell_model_irq_pop(struct bell_model *model);
uint64_t bell_model_irq_word0(const struct bell_model *model);
uint64_t bell_model_irq_word1(const struct bell_model *model);
uint64_t bell_model_irq_next(const struct bell_model *model);
void bell_model_watch_reset(struct bell_model *model);
/** Set a limit; a changed one starts its timer anew. */
void bell_model_watch_limit(struct bell_model *model, uint32_t index, uint32_t limit);
/** A turn begins; a packet began or ended (`work`: a WORK packet runs now); the turn is over. */
void bell_model_watch_turn(struct bell_model *model, uint32_t node);
void bell_model_watch_progress(struct bell_model *model, uint32_t node, bool work);
void bell_model_watch_turn_end(struct bell_model *model, uint32_t node);
/** CTRL was written, it read `before`. */
void bell_model_watch_gates(struct bell_model *model, uint64_t before);
uint64_t bell_model_watch_next(const struct bell_model *model);
void bell_model_watch_run(struct bell_model *model);
/** The event queue has room again. */
void bell_model_watch_room(struct bell_model *model);
/** Drive the interrupt line from its state; once at the end of a clock. */
void bell_model_irq_update(struct bell_model *model);

#endif
