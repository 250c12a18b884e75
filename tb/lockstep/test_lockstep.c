// SPDX-License-Identifier: MIT
// Lockstep sees every kind of difference. The RTL is sound: what it is said to have done is altered
// on the way to the comparison, one action in one place, and the report must name the class, the
// cycle of that action and both sides. Broken hardware: tb/mutants, tb/scripts/test_mutants.sh.

#include "model_bench.h"

#include "bell_lockstep.h"
#include "bell_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LATENCY 20u
#define SLOT 3u
#define QUEUE 5u
#define OTHER 9u
#define PASID 2u
#define DATA (PASID * BENCH_MIB + 0x90000)
#define BUFFERS 5u

static struct bench bench;
static struct bench_queue queue;

/* ------------------------------------------------------------------ a run with a bit of all */

static void buffer(const struct bell_packet *packets, unsigned count)
{
    bench_append(&queue, queue.buffers + 0x1000 * (queue.wptr % BUFFERS), packets, count);
}

static void work(void)
{
    static const struct bell_packet moves[] = {
        {BELL_OP_FILL, DATA, 200, 0x1111},
        {BELL_OP_COPY, DATA + 0x2000, 200, DATA},
        {BELL_OP_FENCE, DATA + 0x4000, 7, 0},
        {BELL_OP_IRQ, 0x77, 0, 0},
    };
    static const struct bell_packet words[] = {
        {BELL_OP_WRITE64, DATA + 0x4008, 0x1234, 0},
        {BELL_OP_IRQ, 0x78, 0, 0},
        {BELL_OP_WORK, 300, 0, 0},
    };
    static const struct bell_packet bad = {.head = BELL_OP_FAULT};

    buffer(moves, 4);
    buffer(words, 3);
    buffer(words, 3);
    bench_ring(&bench, SLOT);
    bench_ring(&bench, SLOT);
    bench_settle(&bench);
    buffer(words, 3);
    buffer(&bad, 1);
    bench_ring(&bench, SLOT);
    bench_settle(&bench);
}

static bool removing;

/* Removed in the first of its buffers: the others stay. */
static void removed(void)
{
    static const struct bell_packet work[] = {{BELL_OP_WORK, 200, 0, 0}};

    bench_command(&bench, QUEUE, BELL_QUEUE_CMD_CLOSE);
    queue = bench_queue_open(&bench, QUEUE, 0, PASID, 8, 0);
    for (unsigned i = 0; i < 3; i++)
        buffer(work, 1);
    bench_ring(&bench, SLOT);
    bench_run(&bench, 100);
    bench_command(&bench, QUEUE, BELL_QUEUE_CMD_SUSPEND);
    removing = true;
    bench_settle(&bench);
    removing = false;
    bench_ring(&bench, SLOT);
    bench_command(&bench, QUEUE, BELL_QUEUE_CMD_CLOSE);
    bench_read(&bench, BELL_LAST_REJECT_OFFSET);
}

static void software(void)
{
    bench_read(&bench, BELL_LEDGER_COALESCED_OFFSET);
    bench_read(&bench, BELL_QUEUE_RPTR_OFFSET(QUEUE));
    bench_state(&bench, QUEUE);
    bench_try_read(&bench, BELL_EVENT_POP_OFFSET);
    bench_try_write(&bench, BELL_CAPS_OFFSET, 0, 8);
    bench_try_write(&bench, BELL_CTRL_OFFSET + 4, 0, 4);
    bench_try_write(&bench, BELL_DEVICE_BAR2 + 8, 0, 8);
    while (BELL_FIELD_GET(bench_read(&bench, BELL_EVENT0_OFFSET), BELL_EVENT0_VALID)) {
        bench_read(&bench, BELL_EVENT1_OFFSET);
        bench_write(&bench, BELL_EVENT_POP_OFFSET, BELL_EVENT_POP_POP_MASK);
    }
    bench_run(&bench, 6000);
    bench_read(&bench, BELL_CTRL_OFFSET);
}

static void whole_run(void)
{
    bench_open(&bench, 64, LATENCY);
    bench.expects_difference = true;
    bench_write(&bench, BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
    bench_write(&bench, BELL_IRQ_CTRL_OFFSET, BELL_IRQ_CTRL_ENABLE_MASK);
    bench_own(&bench, SLOT, QUEUE);
    queue = bench_queue_open(&bench, QUEUE, 0, PASID, 8, 0);
    work();
    removed();
    software();
    bench_close(&bench);
}

/* ------------------------------------------------------------------ plants */

typedef struct bell_lockstep_action action;

/* Change the action, or leave it out: false. */
typedef bool plant(action *what);

static struct {
    enum bell_lockstep_kind kind;
    int unit; /* Of memory accesses; -1: any. */
    unsigned skip;
    bool (*fits)(const action *what);
    plant *change;
    uint64_t cycle; /* Of the altered action; 0: none was. */
    uint64_t actions;
} planted;

static bool alter(void *ctx, action *what)
{
    (void)ctx;
    planted.actions++;
    if (planted.cycle || what->kind != planted.kind || !planted.change ||
        (planted.unit >= 0 && what->unit != (uint32_t)planted.unit) ||
        (planted.fits && !planted.fits(what)) || planted.skip-- != 0)
        return true;
    planted.cycle = what->cycle;
    return planted.change(what);
}

static bool data(action *what) { what->data[0] ^= 4; return true; }
static bool zero(action *what) { what->data[0] = 0; return true; }
static bool pasid(action *what) { what->pasid ^= 1; return true; }
static bool addr(action *what) { what->addr ^= 0x40; return true; }
static bool first_entry(action *what) { what->addr &= ~UINT64_C(0x10); return true; }
static bool refused(action *what) { what->resp = BELL_RESP_DECERR; return true; }
static bool value(action *what) { what->value ^= 1; return true; }
static bool next_event(action *what) { what->value = 0x78; return true; }
static bool cause(action *what) { what->cause = BELL_CAUSE_BAD_PACKET; return true; }
static bool wrong_queue(action *what) { what->queue = OTHER; return true; }
static bool flipped(action *what)
{
    what->resp = what->resp == BELL_RESP_OKAY ? BELL_RESP_SLVERR : BELL_RESP_OKAY;
    return true;
}
static bool bucket(action *what) { what->bucket = BELL_RING_UNOWNED; return true; }
static bool ring_cause(action *what) { what->cause = BELL_REJECT_NARROW; return true; }
static bool left_out(action *what) { (void)what; return false; }
static bool turn_end(action *what) { what->kind = BELL_SAW_TURN_END; return true; }
static bool as_aborted(action *what) { what->cause = BELL_CAUSE_ABORTED; return true; }

/* Asked for before the answer to what it must follow. */
static bool early(action *what)
{
    what->cycle -= LATENCY;
    planted.cycle = what->cycle;
    return true;
}
static bool another_buffer(action *what)
{
    what->kind = BELL_SAW_START;
    what->queue = QUEUE;
    what->value = 1;
    return true;
}

static bool is_removed(const action *what) { (void)what; return removing; }
static bool is_read(const action *what) { return !what->write; }
static bool is_refused(const action *what) { return what->resp != BELL_RESP_OKAY; }
static bool is_write(const action *what) { return what->write; }
static bool is_refused_read(const action *what) { return is_read(what) && is_refused(what); }
static bool is_refused_write(const action *what) { return is_write(what) && is_refused(what); }
static bool is_rejected(const action *what) { return what->bucket == BELL_RING_REJECTED; }
static bool is_entry(const action *what) { return what->size == BELL_ENTRY_BYTES; }
static bool is_burst(const action *what) { return what->size > 8; }

static const struct {
    const char *name;
    enum bell_lockstep_kind kind;
    int unit;
    unsigned skip;
    bool (*fits)(const action *what);
    plant *change;
    bool late;         /* Reported with the cycle of a later action that shows it. */
    const char *what;  /* Class in the report. */
    const char *rtl;   /* In the line of that side. */
    const char *model;
} plants[] = {
    {"fence value", BELL_SAW_WRITE, BELL_WRITES_FENCE, 0, NULL, data, false,
     "fence write", ": 0x3", "writes 0x7 at 0x294000 for PASID 2"},
    {"fence address", BELL_SAW_WRITE, BELL_WRITES_FENCE, 0, NULL, addr, false,
     "fence write", "0x294040", "0x294000"},
    {"fence PASID", BELL_SAW_WRITE, BELL_WRITES_FENCE, 0, NULL, pasid, false,
     "fence write", "PASID 3", "PASID 2"},
    {"fence left out", BELL_SAW_WRITE, BELL_WRITES_FENCE, 0, NULL, left_out, true,
     "event", "posts cause 1", "fence write of 8 bytes at 0x294000"},
    {"fence too early", BELL_SAW_WRITE, BELL_WRITES_FENCE, 0, NULL, early, false,
     "fence write", "0x294000", "waits for the answer to its last write"},
    {"copy too early", BELL_SAW_READ, BELL_READS_COPY, 0, NULL, early, false,
     "copy read", "0x290000", "once the writes before it are answered"},
    {"removed queue runs on", BELL_SAW_TURN_END, -1, 0, is_removed, another_buffer, false,
     "buffer start", "starts buffer 1", "none: the queue left the run list"},
    {"RPTR", BELL_SAW_WRITE, BELL_WRITES_RPTR, 1, NULL, data, false,
     "RPTR write", ": 0x6", "writes 0x2"},
    {"RPTR PASID", BELL_SAW_WRITE, BELL_WRITES_RPTR, 0, NULL, pasid, false,
     "RPTR write", "PASID 3", "PASID 2"},
    {"RPTR left out", BELL_SAW_WRITE, BELL_WRITES_RPTR, 2, NULL, left_out, true,
     "RPTR write", "ends the turn", "first writes 0x3"},
    {"memory write data", BELL_SAW_WRITE, BELL_WRITES_DATA, 0, NULL, data, false,
     "memory write", "0x1115", "writes 0x1111"},
    {"memory write address", BELL_SAW_WRITE, BELL_WRITES_DATA, 0, NULL, addr, false,
     "memory write", "0x290040", "0x290000"},
    {"memory write PASID", BELL_SAW_WRITE, BELL_WRITES_DATA, 1, is_burst, pasid, false,
     "memory write", "PASID 3", "PASID 2"},
    {"memory write left out", BELL_SAW_WRITE, BELL_WRITES_DATA, 3, NULL, left_out, true,
     "fence write", "0x294000", "memory write of"},
    {"memory write refused unseen", BELL_SAW_WRITE, BELL_WRITES_DATA, 4, NULL, refused, true,
     "event", "cause 1", "posts cause 2"},
    {"RPTR refused unseen", BELL_SAW_WRITE, BELL_WRITES_RPTR, 2, NULL, refused, true,
     "turn end", "ends the turn", "faults: its write at 0x280008 failed"},
    {"copied word", BELL_SAW_READ, BELL_READS_COPY, 0, NULL, data, true,
     "memory write", "0x1111", "writes 0x1115"},
    {"copy read address", BELL_SAW_READ, BELL_READS_COPY, 0, NULL, addr, false,
     "copy read", "0x290040", "reads at 0x290000"},
    {"WPTR read address", BELL_SAW_READ, BELL_READS_RING, 0, NULL, addr, false,
     "ring read", "0x280040", "reads at 0x280000"},
    {"WPTR read PASID", BELL_SAW_READ, BELL_READS_RING, 0, NULL, pasid, false,
     "ring read", "PASID 3", "PASID 2"},
    {"entry read address", BELL_SAW_READ, BELL_READS_RING, 1, is_entry, addr, false,
     "ring read", "0x200050", "reads at 0x200010"},
    {"good entry read again", BELL_SAW_READ, BELL_READS_RING, 1, is_entry, first_entry, false,
     "ring read", "0x200000", "reads at 0x200010"},
    {"bad early entry not read again", BELL_SAW_READ, BELL_READS_RING, 0, is_entry, data, false,
     "ring read", "0x200000", "again: the copy that was read beside WPTR"},
    {"zero early entry not read again", BELL_SAW_READ, BELL_READS_RING, 0, is_entry, zero, false,
     "ring read", "0x200000", "again: the copy that was read beside WPTR"},
    {"entry too early", BELL_SAW_READ, BELL_READS_RING, 1, is_entry, early, false,
     "ring read", "0x200010", "once it knows WPTR"},
    {"command read address", BELL_SAW_READ, BELL_READS_COMMANDS, 0, NULL, addr, false,
     "command read", "0x281040", "reads at 0x281000"},
    {"command read PASID", BELL_SAW_READ, BELL_READS_COMMANDS, 1, NULL, pasid, false,
     "command read", "PASID 3", "PASID 2"},
    {"user event data", BELL_SAW_EVENT, -1, 0, NULL, value, false,
     "event", "data 0x76", "data 0x77"},
    {"event queue", BELL_SAW_EVENT, -1, 0, NULL, wrong_queue, false,
     "event", "queue 9", "queue 5"},
    {"event cause", BELL_SAW_EVENT, -1, 4, NULL, cause, false,
     "event", "cause 6", "cause 7"},
    {"abort nobody asked for", BELL_SAW_EVENT, -1, 4, NULL, as_aborted, false,
     "event", "cause 8", "no abort was asked for"},
    {"event left out", BELL_SAW_EVENT, -1, 0, NULL, left_out, true,
     "interrupt line", "drives the line to 1", "leaves it at 0"},
    {"second event left out", BELL_SAW_EVENT, -1, 1, NULL, left_out, true,
     "buffer end", "RPTR 2", "posts cause 1"},
    {"fault event left out", BELL_SAW_EVENT, -1, 4, NULL, left_out, true,
     "turn end", "ends the turn", "posts cause 7"},
    {"order of events", BELL_SAW_EVENT, -1, 0, NULL, next_event, false,
     "event", "data 0x78", "data 0x77"},
    {"buffer count", BELL_SAW_START, -1, 1, NULL, value, false,
     "buffer start", "starts buffer 0", "starts buffer 1"},
    {"buffer start left out", BELL_SAW_START, -1, 0, NULL, left_out, true,
     "memory write", "writes", "starts buffer 0"},
    {"buffer end count", BELL_SAW_DONE, -1, 1, NULL, value, false,
     "buffer end", "RPTR 3", "RPTR 2"},
    {"buffer end left out", BELL_SAW_DONE, -1, 1, NULL, left_out, true,
     "buffer start", "starts buffer 2", "finishes a buffer, RPTR 2"},
    {"turn ends early", BELL_SAW_START, -1, 1, NULL, turn_end, false,
     "turn end", "ends the turn", "starts buffer 1"},
    {"illegal turn", BELL_SAW_TURN, -1, 0, NULL, wrong_queue, false,
     "turn", "gives queue 9", "no turn for queue 9: the queue is not open"},
    {"turn beside another", BELL_SAW_TURN_END, -1, 0, NULL, left_out, true,
     "turn", "gives queue 5", "the node has a turn"},
    {"turn left out", BELL_SAW_TURN, -1, 1, NULL, left_out, true,
     "read", "reads 8 bytes at 0x280000", "without a turn"},
    {"ledger bucket", BELL_SAW_RING, -1, 0, NULL, bucket, false,
     "ring", "bucket 2", "bucket 0"},
    {"coalesced ring", BELL_SAW_RING, -1, 1, NULL, bucket, false,
     "ring", "bucket 2", "bucket"},
    {"cause of a reject", BELL_SAW_RING, -1, 0, is_rejected, ring_cause, false,
     "ring", "cause 1", "cause 2"},
    {"ring left out", BELL_SAW_RING, -1, 0, NULL, left_out, true,
     "ring", "answers a write", "judges the store at 0x1003000"},
    {"refused read", BELL_SAW_ANSWER, -1, 0, is_refused_read, flipped, false,
     "answer to a register read", "OKAY", "answers 0x40 with response 2"},
    {"refused write", BELL_SAW_ANSWER, -1, 0, is_refused_write, flipped, false,
     "answer to a register write", "OKAY", "answers 0x8 with response 2"},
    {"narrow write", BELL_SAW_ANSWER, -1, 1, is_refused_write, flipped, false,
     "answer to a register write", "OKAY", "answers 0x14 with response 2"},
    {"refused doorbell", BELL_SAW_ANSWER, -1, 2, is_refused_write, flipped, false,
     "answer to a doorbell store", "OKAY", "answers 0x1000008 with response 2"},
    {"good write", BELL_SAW_ANSWER, -1, 0, is_write, flipped, false,
     "answer to a register write", "SLVERR", "answers 0x10 with response 0"},
    {"register data", BELL_SAW_ANSWER, -1, 0, is_read, value, false,
     "register data", "answers a read", "reads 0x"},
    {"write that takes no effect", BELL_SAW_PERFORM, -1, 0, NULL, left_out, true,
     "register write", "answers a write OKAY", "performs the write at 0x10"},
    {"interrupt line", BELL_SAW_IRQ, -1, 0, NULL, left_out, true,
     "interrupt line", "does nothing of the kind", "drives it to 1"},
    {"level of the line", BELL_SAW_IRQ, -1, 1, NULL, value, true,
     "interrupt line", "does nothing of the kind", "drives it to 0"},
};

/* One line of the report, that begins with `side`. */
static bool side_has(const char *report, const char *side, const char *part)
{
    const char *line = strstr(report, side);
    char text[1024] = "";

    if (!line)
        return false;
    snprintf(text, sizeof text, "%.*s", (int)strcspn(line, "\n"), line);
    return strstr(text, part) != NULL;
}

/* @return why it is not the report that is expected, or NULL. */
static const char *judge_report(unsigned p)
{
    char head[128];
    const char *at;

    snprintf(head, sizeof head, "differ: %s, cycle ", plants[p].what);
    at = strstr(bench.difference, head);
    if (!planted.cycle)
        return "there was nothing to alter";
    if (!at)
        return "another class is expected";
    at += strlen(head);
    if (plants[p].late ? strtoull(at, NULL, 10) < planted.cycle
                       : strtoull(at, NULL, 10) != planted.cycle)
        return "the cycle is wrong";
    if (!side_has(bench.difference, "  rtl: ", plants[p].rtl))
        return "the side of the RTL is wrong";
    return side_has(bench.difference, "  model: ", plants[p].model)
               ? NULL
               : "the side of the model is wrong";
}

static bool is_reported(unsigned p)
{
    const char *why;

    memset(&planted, 0, sizeof planted);
    planted.kind = plants[p].kind;
    planted.unit = plants[p].unit;
    planted.skip = plants[p].skip;
    planted.fits = plants[p].fits;
    planted.change = plants[p].change;
    whole_run();
    why = judge_report(p);
    if (why)
        print_error("%s, cycle %llu: %s: \"%s\"\n", plants[p].name,
                    (unsigned long long)planted.cycle, why, bench.difference);
    return !why;
}

static void every_planted_difference_is_reported(void **state)
{
    unsigned missed = 0;

    (void)state;
    for (unsigned p = 0; p < sizeof plants / sizeof plants[0]; p++)
        missed += !is_reported(p);
    assert_int_equal(missed, 0);
}

static void sound_hardware_does_not_differ(void **state)
{
    (void)state;
    memset(&planted, 0, sizeof planted);
    whole_run();
    if (bench.difference[0])
        fail_msg("%s", bench.difference);
    assert_in_range(planted.actions, 100, 100000);
}

/* A node that never takes its turn: nothing happens, and that is what differs. */
static bool idle_nodes(void *ctx, action *what)
{
    (void)ctx;
    return what->kind > BELL_SAW_EVENT;
}

static void turn_that_is_owed_is_missed(void **state)
{
    (void)state;
    bell_lockstep_alter(idle_nodes, NULL);
    bench_open(&bench, 64, LATENCY);
    bench.expects_difference = true;
    bench_write(&bench, BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
    bench_own(&bench, SLOT, QUEUE);
    queue = bench_queue_open(&bench, QUEUE, 0, PASID, 8, 0);
    bench_ring(&bench, SLOT);
    bench_run(&bench, 1000);
    bench_read(&bench, BELL_CTRL_OFFSET);
    assert_string_equal(bench.difference, "");
    bench_run(&bench, 20000);
    bench_read(&bench, BELL_CTRL_OFFSET);
    bench_close(&bench);
    bell_lockstep_alter(alter, NULL);
    assert_non_null(strstr(bench.difference, "differ: turn, cycle"));
    assert_non_null(strstr(bench.difference, "model: gives queue 5 a turn: ready since cycle"));
}

/* The report is made once: what follows a difference means nothing. */
static void only_the_first_difference_is_reported(void **state)
{
    char first[sizeof bench.difference];

    (void)state;
    memset(&planted, 0, sizeof planted);
    planted.kind = BELL_SAW_WRITE;
    planted.unit = BELL_WRITES_FENCE;
    planted.change = data;
    whole_run();
    snprintf(first, sizeof first, "%s", bench.difference);
    memset(&planted, 0, sizeof planted);
    planted.kind = BELL_SAW_WRITE;
    planted.unit = -1;
    planted.change = data;
    whole_run();
    assert_string_not_equal(first, bench.difference);
    assert_non_null(strstr(bench.difference, "memory write"));
}

static int setup(void **state)
{
    (void)state;
    bell_lockstep_alter(alter, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bell_lockstep_alter(NULL, NULL);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_hardware_does_not_differ),
        cmocka_unit_test(every_planted_difference_is_reported),
        cmocka_unit_test(turn_that_is_owed_is_missed),
        cmocka_unit_test(only_the_first_difference_is_reported),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
