// SPDX-License-Identifier: MIT
// Lockstep sees every kind of difference in who gets a node, for how long, where a turn stops, who
// waits for a fence, and what the logs say. See test_lockstep.c.

#include "plants.h"

#include "bell_model.h"

#define LOG UINT64_C(0x708000)
#define FENCES UINT64_C(0x70a000)
#define VALUE (3 * BENCH_MIB + 0x90000)

#define SET UINT64_C(1000000) /* A time that is written. */

static struct bench bench;
static uint64_t set_at; /* Clock of the first write of TIME. */
static uint64_t unset; /* A time, but for the last write of TIME: so much more; 0: there is none. */

/* ------------------------------------------------------------------ runs */

/* Queue `index` of node 0 with `count` buffers of one WORK; owed a sample. */
static struct bench_queue submit(uint32_t index, unsigned count, uint64_t clocks)
{
    const struct bell_packet packets[] = {{BELL_OP_WORK, clocks, 0, 0}, {BELL_OP_NOP, 0, 0, 0}};
    struct bench_queue queue = bench_queue_open(&bench, index, 0, index, 6, 0);

    bench_write(&bench, BELL_QUEUE_HANDLE_OFFSET(index), 0xc0de00 + index);
    for (unsigned i = 0; i < count; i++)
        bench_append(&queue, queue.buffers, packets, 2);
    bench_command(&bench, index, BELL_QUEUE_CMD_KICK);
    return queue;
}

static void place(uint32_t index, uint64_t level, uint64_t group, uint64_t priority)
{
    bench_write(&bench, BELL_QUEUE_SCHED_OFFSET(index),
                BELL_FIELD_PUT(BELL_QUEUE_SCHED_LEVEL, level) |
                    BELL_FIELD_PUT(BELL_QUEUE_SCHED_GROUP, group) |
                    BELL_FIELD_PUT(BELL_QUEUE_SCHED_PRIORITY, priority));
}

static void go(void)
{
    bench_run(&bench, 200);
    bench_write(&bench, BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
}

/* 1 below 2; 3 and 4 are one group. */
static void begin_order(void)
{
    place(2, 9, 0, 0);
    place(3, 4, 7, 2);
    place(4, 4, 7, 5);
    for (uint32_t q = 1; q <= 4; q++)
        submit(q, 3, 100);
    go();
}

static void order(void)
{
    begin_order();
    bench_settle(&bench);
}

/* 1 has a share of the node under 2, that comes due several times. */
static void share(void)
{
    bench_write(&bench, BELL_BANDS_OFFSET, BELL_FIELD_PUT(BELL_BANDS_NORMAL_PERCENT, 30) |
                                               BELL_FIELD_PUT(BELL_BANDS_NORMAL_SLICE, 700));
    place(1, BELL_MODEL_LEVEL_NORMAL, 0, 0);
    place(2, BELL_MODEL_LEVEL_FOCUS, 0, 0);
    submit(1, 60, 100);
    submit(2, 60, 150);
    go();
    bench_settle(&bench);
}

/* 1 has a quantum for all of its turns, 2 is of its level. */
static void quantum(void)
{
    bench_write(&bench, BELL_QUEUE_QUANTUM_OFFSET(1), 100000);
    submit(1, 30, 100);
    submit(2, 3, 100);
    go();
    bench_settle(&bench);
}

/* A higher queue gets ready while 1 runs, which may finish its buffer. */
static void yield(void)
{
    place(2, 9, 0, 0);
    bench_write(&bench, BELL_QUEUE_GRACE_OFFSET(1), UINT64_MAX);
    submit(1, 3, 1000);
    go();
    bench_run(&bench, 300);
    submit(2, 1, 100);
    bench_settle(&bench);
}

/* The same without grace. */
static void preempt(void)
{
    place(2, 9, 0, 0);
    submit(1, 1, 20000);
    go();
    bench_run(&bench, 300);
    submit(2, 1, 100);
    bench_settle(&bench);
}

static void set_first(void)
{
    unset = 0;
    bench_write(&bench, BELL_TIME_OFFSET, SET);
    set_at = bench_cycle(&bench);
}

static void set_back(void)
{
    bench_write(&bench, BELL_TIME_OFFSET, 0);
    unset = SET + bench_cycle(&bench) - set_at;
}

/* 3 waits for a fence; 5 runs meanwhile; in the end 4 signals it. Both keep fence logs. */
static void fences_after(void (*last)(void))
{
    static const struct bell_packet wait = {BELL_OP_WAIT, VALUE, 5, 0};
    static const struct bell_packet raise = {BELL_OP_SIGNAL, VALUE, 5, 0};
    struct bench_queue waiter = bench_queue_open(&bench, 3, 0, 3, 4, 0);
    struct bench_queue raiser = bench_queue_open(&bench, 4, 0, 0, 4, 0);

    bench_write(&bench, BELL_QUEUE_WAIT_LOG_OFFSET(3), FENCES | BELL_QUEUE_WAIT_LOG_ENABLE_MASK);
    bench_write(&bench, BELL_QUEUE_SIGNAL_LOG_OFFSET(4),
                (FENCES + 0x1000) | BELL_QUEUE_SIGNAL_LOG_ENABLE_MASK);
    go();
    bench_append(&waiter, waiter.buffers, &wait, 1);
    bench_command(&bench, 3, BELL_QUEUE_CMD_KICK);
    bench_run(&bench, 1000);
    submit(5, 1, 100);
    bench_settle(&bench);
    if (last)
        last();
    bench_append(&raiser, raiser.buffers, &raise, 1);
    bench_command(&bench, 4, BELL_QUEUE_CMD_KICK);
    bench_settle(&bench);
}

static void fences(void) { fences_after(NULL); }

/* What waits has met its fence at a later time. */
static void fences_set_back(void)
{
    set_first();
    fences_after(set_back);
}

static void begin_log(void)
{
    bench_write(&bench, BELL_LOG_CONFIG0_OFFSET, BELL_FIELD_PUT(BELL_LOG_CONFIG0_ENTRIES, 16));
    bench_write(&bench, BELL_LOG_BASE0_OFFSET, LOG | BELL_LOG_BASE0_ENABLE_MASK);
}

static void log_states(void)
{
    begin_log();
    order();
}

/* While entries are on their way. */
static void log_set_back(void)
{
    set_first();
    begin_log();
    begin_order();
    bench_run(&bench, 300);
    set_back();
    bench_settle(&bench);
}

static void set_and_read(void)
{
    set_first();
    bench_run(&bench, 100);
    set_back();
    bench_run(&bench, 100);
    bench_read(&bench, BELL_TIME_OFFSET);
}

/* ------------------------------------------------------------------ lies */

static uint64_t last_time; /* Of the entry before. */

static bool one(action *what) { what->queue = 1; return true; }
static bool two(action *what) { what->queue = 2; return true; }
static bool three(action *what) { what->queue = 3; return true; }
static bool left_out(action *what) { (void)what; return false; }

/* The turn ends here: so far in its buffer. */
static bool ended_at(action *what, uint64_t offset, uint64_t done)
{
    what->kind = BELL_SAW_TURN_END;
    what->cause = 0;
    what->value = offset;
    what->data[0] = done;
    return true;
}

static bool ended(action *what) { return ended_at(what, 0, 0); }
static bool ended_inside(action *what) { return ended_at(what, BELL_PACKET_BYTES, 0); }
static bool elsewhere(action *what) { what->value += 16; return true; }
static bool beyond(action *what) { what->data[0] = 20001; return true; }

static bool next_buffer(action *what)
{
    what->kind = BELL_SAW_START;
    what->queue = 1;
    what->value = 1;
    return true;
}

static bool finished_late(action *what)
{
    what->kind = BELL_SAW_DONE;
    what->queue = 1;
    what->value = 1;
    what->cycle += 5000;
    return true;
}

static bool handle(action *what) { what->data[2] ^= 1; return true; }
static bool state(action *what) { what->data[3] = 0; return true; }
static bool address(action *what) { what->addr += 32; return true; }
static bool index_word(action *what) { what->data[0]++; return true; }
static bool before(action *what) { what->data[0] -= 10; return true; }
static bool after(action *what) { what->data[0] += 65; return true; }
static bool back(action *what) { what->data[0] = last_time - 1; return true; }
static bool not_set(action *what) { what->data[0] += unset; return true; }
static bool reads_not_set(action *what) { what->value += unset; return true; }
static bool ended_not_set(action *what) { what->data[5] += unset; return true; }
static bool seen_set(action *what) { what->data[3] -= unset; return true; }
static bool seen_early(action *what) { what->data[3] = 1; return true; }
static bool met_late(action *what)
{
    what->data[3] += 10; /* Each is near enough to the access to the value. */
    what->data[5] = what->data[3] - 2;
    return true;
}

static bool ended_early(action *what) { what->data[5] -= 50; return true; }
static bool ended_late(action *what) { what->data[5] += 50; return true; }
static bool fence_value(action *what) { what->data[0]++; return true; }
static bool told_before(action *what)
{
    what->kind = BELL_SAW_EVENT;
    what->cause = BELL_CAUSE_FENCE_SIGNALED;
    what->queue = 4;
    what->value = VALUE;
    return true;
}

/* ------------------------------------------------------------------ what they fit */

static bool is_first_of(const action *what) { return what->value == 1; }
static bool is_five(const action *what) { return what->queue == 5; }
static bool is_inside(const action *what) { return what->data[0] != 0; }
static bool is_entry(const action *what) { return what->size == 32; }
static bool is_running(const action *what) { return is_entry(what) && what->data[3] == 1; }
/* Right after another: a little less would still be its own time. */
static bool is_close(const action *what)
{
    const uint64_t since = what->data[0] - last_time;

    if (is_entry(what))
        last_time = what->data[0];
    if (!is_entry(what) || since > 5)
        return false;
    last_time = what->data[0] - since;
    return true;
}

static bool is_set_back(const action *what) { return is_running(what) && unset; }
static bool is_answer(const action *what) { return !what->write && unset; }
static bool is_word(const action *what) { return what->size == 8; }
static bool is_fence_entry(const action *what) { return what->size == 48; }
static bool is_fence_index(const action *what) { return what->addr == FENCES + 0x1000; }

#define LOGS BELL_WRITERS /* Unit of the scheduling logs. */

static const struct plant plants[] = {
    {"lower level first", order, BELL_SAW_TURN, -1, 0, NULL, one, false,
     "turn", "gives queue 1", "a queue of a higher level waits"},
    {"share that is not due", share, BELL_SAW_TURN, -1, 0, NULL, one, false,
     "turn", "gives queue 1", "a queue of a higher level waits"},
    {"lower priority first", order, BELL_SAW_TURN, -1, 1, NULL, three, false,
     "turn", "gives queue 3", "of its group with a higher priority"},
    {"quantum cut short", quantum, BELL_SAW_TURN, -1, 1, NULL, two, false,
     "turn", "gives queue 2", "some of its quantum left"},
    {"waiting queue runs", fences, BELL_SAW_TURN, -1, 0, is_five, three, false,
     "turn", "gives queue 3", "waits for a native fence"},
    {"turn ends for a lower level", order, BELL_SAW_START, -1, 0, is_first_of, ended, false,
     "turn end", "ends the turn", "starts buffer 1 of queue 2"},
    {"turn ends within its quantum", quantum, BELL_SAW_START, -1, 0, is_first_of, ended, false,
     "turn end", "ends the turn", "starts buffer 1 of queue 1"},
    {"turn stops within its grace", yield, BELL_SAW_DONE, -1, 0, NULL, ended_inside, false,
     "turn end", "ends the turn", "finishes a buffer, RPTR 1 of queue 1"},
    {"turn goes on before a higher level", yield, BELL_SAW_TURN_END, -1, 0, NULL, next_buffer,
     false, "buffer start", "starts buffer 1", "none: a queue of a higher level waits"},
    {"buffer is not stopped", preempt, BELL_SAW_TURN_END, -1, 0, NULL, finished_late, false,
     "turn end", "finishes a buffer", "the turn is to stop inside its buffer"},
    {"resume point between packets", preempt, BELL_SAW_TURN_END, -1, 0, NULL, elsewhere, false,
     "turn end", "ends the turn", "offset"},
    {"more done than there is", preempt, BELL_SAW_TURN_END, -1, 0, is_inside, beyond, false,
     "turn end", "ends the turn", "a WORK of 20000 clocks"},
    {"log: handle", log_states, BELL_SAW_WRITE, LOGS, 0, is_running, handle, false,
     "scheduling log", "writes 32 bytes", "nothing to log of handle"},
    {"log: state", log_states, BELL_SAW_WRITE, LOGS, 0, is_running, state, false,
     "scheduling log", "writes 32 bytes", "writes state 1"},
    {"log: address", log_states, BELL_SAW_WRITE, LOGS, 2, is_entry, address, false,
     "scheduling log", "writes 32 bytes", "at 0x708060"},
    {"log: too early", log_states, BELL_SAW_WRITE, LOGS, 3, is_running, before, false,
     "scheduling log", "writes 32 bytes", "changes state at time"},
    {"log: too late", log_states, BELL_SAW_WRITE, LOGS, 3, is_running, after, false,
     "scheduling log", "writes 32 bytes", "changes state at time"},
    {"log: time goes back", log_states, BELL_SAW_WRITE, LOGS, 0, is_close, back, false,
     "scheduling log", "writes 32 bytes", "changes state at time"},
    {"log: time goes on in spite of a write", log_set_back, BELL_SAW_WRITE, LOGS, 0, is_set_back,
     not_set, false, "scheduling log", "writes 32 bytes", "changes state at time"},
    {"time: it is not set", set_and_read, BELL_SAW_ANSWER, -1, 0, is_answer, reads_not_set, false,
     "register data", "answers a read", "0x208 reads"},
    {"log: entry left out", log_states, BELL_SAW_WRITE, LOGS, 0, is_running, left_out, true,
     "scheduling log", "writes 8 bytes", "writes the entry first"},
    {"log: word left out", log_states, BELL_SAW_WRITE, LOGS, 1, is_word, left_out, true,
     "scheduling log", "writes 32 bytes", "writes 0x2 at 0x708000 first"},
    {"log: index", log_states, BELL_SAW_WRITE, LOGS, 1, is_word, index_word, false,
     "scheduling log", "0x3", "writes 0x2 at 0x708000"},
    {"fence log: value", fences, BELL_SAW_WRITE, BELL_WRITES_FENCE, 0, is_fence_entry, fence_value,
     false, "fence write", "writes 48 bytes", "writes 0x5"},
    {"fence log: the event before the entry", fences, BELL_SAW_WRITE, BELL_WRITES_FENCE, 0,
     is_fence_entry, told_before, false, "event", "posts cause 13", "fence write of 48 bytes"},
    {"fence log: the event before the index", fences, BELL_SAW_WRITE, BELL_WRITES_FENCE, 0,
     is_fence_index, told_before, false, "event", "posts cause 13", "fence write of 8 bytes"},
    {"fence log: index left out", fences, BELL_SAW_WRITE, BELL_WRITES_FENCE, 0, is_fence_index,
     left_out, true, "event", "posts cause 13", "fence write of 8 bytes at 0x70b000"},
    {"fence log: met before its turn", fences, BELL_SAW_WRITE, BELL_WRITES_FENCE, 0, is_fence_entry,
     seen_early, false, "fence write", "writes 48 bytes", "at 0x70b040"},
    {"fence log: met at another time", fences, BELL_SAW_WRITE, BELL_WRITES_FENCE, 1, is_fence_entry,
     seen_early, false, "fence write", "writes 48 bytes", "at 0x70a040"},
    {"fence log: over before it was there", fences, BELL_SAW_WRITE, BELL_WRITES_FENCE, 0,
     is_fence_entry, ended_early, false, "fence write", "writes 48 bytes", "at 0x70b050"},
    {"fence log: over before it was met", fences, BELL_SAW_WRITE, BELL_WRITES_FENCE, 0,
     is_fence_entry, met_late, false, "fence write", "writes 48 bytes", "at 0x70b050"},
    {"fence log: over after the entry", fences, BELL_SAW_WRITE, BELL_WRITES_FENCE, 0,
     is_fence_entry, ended_late, false, "fence write", "writes 48 bytes", "at 0x70b050"},
    {"fence log: time goes on in spite of a write", fences_set_back, BELL_SAW_WRITE,
     BELL_WRITES_FENCE, 0, is_fence_entry, ended_not_set, false, "fence write", "writes 48 bytes",
     "at 0x70b050"},
    {"fence log: met in the time after a write", fences_set_back, BELL_SAW_WRITE,
     BELL_WRITES_FENCE, 1, is_fence_entry, seen_set, false, "fence write", "writes 48 bytes",
     "at 0x70a040"},
};

/* ------------------------------------------------------------------ tests */

static void every_planted_difference_is_reported(void **unused)
{
    (void)unused;
    plants_require_all(&bench, plants, sizeof plants / sizeof plants[0]);
}

static void sound_hardware_does_not_differ(void **unused)
{
    (void)unused;
    for (unsigned p = 0; p < sizeof plants / sizeof plants[0]; p++) {
        plants_run(&bench, NULL, plants[p].run);
        if (bench.difference[0])
            fail_msg("%s: %s", plants[p].name, bench.difference);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_hardware_does_not_differ),
        cmocka_unit_test(every_planted_difference_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
