// SPDX-License-Identifier: MIT
// Random traffic on all nodes, with watches, logs, gates, aborts, levels, refused writes and a full
// event queue: sound hardware does not differ. Latencies are those of near and of far memory.

#include "model_bench.h"

#include "bell_lockstep.h"
#include "bell_model.h"

#include <stdlib.h>

#define SEEDS 32u
#define STEPS 400u
#define QUEUES 6u /* 1 .. QUEUES; queue n is of node n % NODES. */
#define LOG(node) (UINT64_C(0x708000) + UINT64_C(0x1000) * (node))
#define SHARED_LOG 2u /* Node. */
#define FENCE_LOG(queue) (UINT64_C(0x710000) + UINT64_C(0x2000) * (queue)) /* Waits, then signals. */

static struct bench bench;
static struct bench_queue queues[QUEUES + 1];
static uint64_t seed;
static unsigned told[256]; /* Events by cause. */

static uint64_t below(uint64_t limit)
{
    return bench_random(&seed) % limit;
}

static bool count(void *ctx, struct bell_lockstep_action *what)
{
    (void)ctx;
    if (what->kind == BELL_SAW_EVENT)
        told[what->cause]++;
    return true;
}

static void pop(unsigned most)
{
    while (most-- && BELL_FIELD_GET(bench_read(&bench, BELL_EVENT0_OFFSET), BELL_EVENT0_VALID))
        bench_write(&bench, BELL_EVENT_POP_OFFSET, BELL_EVENT_POP_POP_MASK);
}

static void open_queue(uint32_t index)
{
    bench_write(&bench, BELL_QUEUE_WAIT_LOG_OFFSET(index),
                FENCE_LOG(index) | BELL_QUEUE_WAIT_LOG_ENABLE_MASK);
    bench_write(&bench, BELL_QUEUE_SIGNAL_LOG_OFFSET(index),
                (FENCE_LOG(index) + 0x1000) | BELL_QUEUE_SIGNAL_LOG_ENABLE_MASK);
    queues[index] = bench_queue_open(&bench, index, index % BELL_MODEL_NODES, index, 8, 0);
}

/* All queues of a node are of one context, or each has its own. */
static void choose_contexts(void)
{
    const bool shared = below(2);

    for (uint32_t q = 1; q <= QUEUES; q++) {
        const uint64_t context = shared ? 1 + q % BELL_MODEL_NODES : 0;

        bench_write(&bench, BELL_QUEUE_SCHED_OFFSET(q),
                    BELL_FIELD_PUT(BELL_QUEUE_SCHED_CONTEXT, context));
        bench_write(&bench, BELL_QUEUE_HANDLE_OFFSET(q),
                    shared ? 0xc0ffee00 + context : 0xc0de00 + q);
    }
}

static void start(void)
{
    choose_contexts();
    bench_write(&bench, BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
    bench_write(&bench, BELL_IRQ_CTRL_OFFSET, BELL_IRQ_CTRL_ENABLE_MASK);
    bench_write(&bench, BELL_BANDS_OFFSET, BELL_FIELD_PUT(BELL_BANDS_NORMAL_PERCENT, 30) |
                                               BELL_FIELD_PUT(BELL_BANDS_NORMAL_SLICE, 700));
    for (uint32_t q = 1; q <= QUEUES; q++) {
        open_queue(q);
        bench_write(&bench, BELL_QUEUE_SCHED_OFFSET(q),
                    BELL_FIELD_PUT(BELL_QUEUE_SCHED_LEVEL, below(4)));
        bench_write(&bench, BELL_QUEUE_QUANTUM_OFFSET(q), 200 + below(3000));
    }
    /* Never off: of the clock that switches the first log on, the handle is not the queue's. */
    bench_write(&bench, BELL_LOG_CONFIG0_OFFSET + 8 * SHARED_LOG,
                BELL_FIELD_PUT(BELL_LOG_CONFIG0_ENTRIES, 5));
    bench_write(&bench, BELL_LOG_BASE0_OFFSET + 8 * SHARED_LOG,
                LOG(SHARED_LOG) | BELL_LOG_BASE0_ENABLE_MASK);
}

static struct bell_packet packet(uint64_t data)
{
    switch (below(11)) {
    case 0: return (struct bell_packet){BELL_OP_WORK, below(2048), 0, 0};
    case 1: return (struct bell_packet){BELL_OP_WORK, below(256), 0, 0};
    case 2: return (struct bell_packet){BELL_OP_FILL, data, below(64) * 64, 7};
    case 3: return (struct bell_packet){BELL_OP_COPY, data + 0x2000, below(64) * 64, data};
    case 4: return (struct bell_packet){BELL_OP_FENCE, data + 0x4000, below(1000), 0};
    case 5: return (struct bell_packet){BELL_OP_WRITE64, data + 0x5000, below(1000), 0};
    case 6: return (struct bell_packet){BELL_OP_IRQ, below(256), 0, 0};
    case 7: return (struct bell_packet){below(8) ? BELL_OP_NOP : BELL_OP_HANG, 0, 0, 0};
    case 8: return (struct bell_packet){BELL_OP_SIGNAL, data + 0x6000, below(1000), 0};
    case 9: return (struct bell_packet){BELL_OP_WAIT, data + 0x6000, below(1000), 0};
    default: return (struct bell_packet){BELL_OP_NOP, 0, 0, 0};
    }
}

static void submit(uint32_t index)
{
    struct bench_queue *queue = &queues[index];
    const uint64_t rptr = bench_load(&bench, queue->control + BELL_CONTROL_RPTR_OFFSET);
    const unsigned packets = 1 + (unsigned)below(5);
    struct bell_packet list[5];

    if (queue->wptr - rptr > 200)
        return;
    for (unsigned i = 0; i < packets; i++)
        list[i] = packet(index * BENCH_MIB + 0xb0000);
    bench_append(queue, queue->buffers + 0x100 * (queue->wptr % 256), list, packets);
    bench_command(&bench, index, BELL_QUEUE_CMD_KICK);
}

static void abort_turns(void)
{
    bench_write(&bench, BELL_NODE_ABORT_OFFSET, 1 + below(7));
    for (uint32_t q = 1; q <= QUEUES; q++) {
        if (!(bench_state(&bench, q) & BELL_QUEUE_STATE_FAULTED_MASK))
            continue;
        bench_command(&bench, q, BELL_QUEUE_CMD_CLOSE);
        open_queue(q);
    }
}

static void log_node(uint32_t node)
{
    bench_write(&bench, BELL_LOG_BASE0_OFFSET + 8 * node, LOG(node));
    bench_run(&bench, 2000);
    bench_write(&bench, BELL_LOG_CONFIG0_OFFSET + 8 * node,
                BELL_FIELD_PUT(BELL_LOG_CONFIG0_ENTRIES, 2 + below(8)) |
                    BELL_FIELD_PUT(BELL_LOG_CONFIG0_INTERRUPT_ENTRY, below(4)));
    bench_write(&bench, BELL_LOG_BASE0_OFFSET + 8 * node,
                LOG(node) | (below(8) ? BELL_LOG_BASE0_ENABLE_MASK : 0));
}

/* Forth, back, over the end, now and then very often; read while it is written. */
static void set_time(void)
{
    const uint64_t now = bench_read(&bench, BELL_TIME_OFFSET);
    const uint64_t times[] = {0, now + below(1000), now - below(1000), now + below(24),
                              below(10000), 0 - below(1000)};

    for (uint64_t i = 1 + below(below(4) ? 4 : 60); i-- > 0;)
        bench_post_write(&bench, BELL_TIME_OFFSET, times[below(6)]);
    bench_read(&bench, BELL_TIME_OFFSET);
}

static void raise_fence(uint32_t index)
{
    bench_store(&bench, index * BENCH_MIB + 0xb6000, 1000);
    bench_write(&bench, BELL_FENCE_WAKE_OFFSET, BELL_FENCE_WAKE_ALL_MASK);
}

/* A log of scheduling, or one of signals. */
static void refuse_a_log(uint32_t node, uint32_t queue)
{
    const uint64_t page = below(2) ? LOG(node) : FENCE_LOG(queue) + 0x1000;

    bench.readonly_page = below(4) ? BENCH_NO_PAGE : page;
}

static void step(void)
{
    const uint32_t queue = 1 + (uint32_t)below(QUEUES);
    const uint32_t node = (uint32_t)below(BELL_MODEL_NODES);
    const uint64_t limit = below(4) ? below(1024) : 0;

    switch (below(16)) {
    case 2: raise_fence(queue); break;
    case 6:
        bench_write(&bench, BELL_HUNG_LIMIT0_OFFSET + 8 * node,
                    limit | (below(2) ? BELL_HUNG_LIMIT0_LONG_WORK_MASK : 0));
        break;
    case 7: bench_write(&bench, BELL_IDLE_LIMIT0_OFFSET + 8 * node, limit); break;
    case 8: abort_turns(); break;
    case 9:
        bench_write(&bench, BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK |
                        BELL_FIELD_PUT(BELL_CTRL_GATED, below(4) ? 0 : below(8)));
        break;
    case 10: log_node(node % SHARED_LOG); break;
    case 11: refuse_a_log(node % SHARED_LOG, queue); break;
    case 12: pop(70); break;
    case 13: bench_run(&bench, 1 + below(16384)); break;
    case 14: bench_command(&bench, queue, BELL_QUEUE_CMD_ADD); break;
    case 15: bench_command(&bench, queue, BELL_QUEUE_CMD_SUSPEND); break;
    case 0: bench_write(&bench, BELL_IRQ_CTRL_OFFSET, below(2)); break;
    case 1: set_time(); break;
    default: submit(queue); break;
    }
    bench_run(&bench, 1 + below(512));
    if (bench_read(&bench, BELL_IRQ_LEVEL_OFFSET) < 40 + below(25))
        return;
    bench_run(&bench, 1 + below(3000));
    pop(below(2) ? 70 : 2);
}

static void run(unsigned number)
{
    static const uint32_t latencies[] = {1, 20, 100, 300};

    seed = number * UINT64_C(7919) + 1;
    bell_lockstep_alter(count, NULL);
    bench_open(&bench, 64, latencies[number % 4]);
    bench.expects_difference = true;
    start();
    for (unsigned i = 0; i < STEPS && !bench.difference[0]; i++)
        step();
    for (unsigned i = 0; i < 2; i++) {
        pop(BELL_MODEL_EVENTS * 4);
        bench_run(&bench, 20000);
    }
    bench_close(&bench);
    bell_lockstep_alter(NULL, NULL);
}

static void random_traffic_does_not_differ(void **unused)
{
    static const enum bell_cause causes[] = {
        BELL_CAUSE_USER_IRQ,    BELL_CAUSE_ABORTED,     BELL_CAUSE_STOPPED,
        BELL_CAUSE_ENGINE_IDLE, BELL_CAUSE_ENGINE_HUNG, BELL_CAUSE_SCHED_LOG,
        BELL_CAUSE_SCHED_LOG_LOST};
    const char *seeds = getenv("LOCKSTEP_SEEDS");
    const unsigned most = seeds ? (unsigned)strtoul(seeds, NULL, 10) : SEEDS;

    (void)unused;
    for (unsigned number = 1; number <= most; number++) {
        run(number);
        if (bench.difference[0])
            fail_msg("seed %u: %s", number, bench.difference);
    }
    for (unsigned i = 0; i < sizeof causes / sizeof causes[0]; i++)
        if (told[causes[i]] < 10)
            fail_msg("%u events of cause %u", told[causes[i]], causes[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_traffic_does_not_differ),
    };

    return cmocka_run_group_tests_name("lockstep_random", tests, NULL, NULL);
}
