// SPDX-License-Identifier: MIT
//
// Every flop and memory word starts with a random value, another one a seed: what is not reset must
// not show. One run through rings, packets, faults, native fences, levels, stops inside a buffer
// and logs, which has to reach each of them, for several seeds: equal to the last clock, address,
// data word and interrupt. For the kind in BELL_DEVICE, or both.

#include "device_host.h"

#include <set>
#include <string>
#include <tuple>

namespace {

using test::doorbell;
using test::Host;
using test::Queue;

constexpr uint32_t kSlots = 8;
constexpr unsigned kSeeds = 8;
constexpr unsigned kQueues = 6;

bell_device_config config(uint64_t seed)
{
    bell_device_config config = {};
    config.slots = kSlots;
    config.dma_latency = 13;
    config.reset_seed = seed;
    return config;
}

/// What software sees, in order.
struct Log {
    std::vector<uint64_t> words;
    std::set<uint64_t> causes; ///< Of events.
    std::string missing;       ///< What the run was to do and did not.
    void add(uint64_t word) { words.push_back(word); }
    void did(bool it, const char *what)
    {
        if (!it && missing.empty())
            missing = what;
    }
};

void take_events(Host &host, Log &log)
{
    for (;;) {
        const uint64_t word0 = host.value(BELL_EVENT0_OFFSET);
        log.add(word0);
        if (!(word0 & BELL_EVENT0_VALID_MASK))
            return;
        log.causes.insert(BELL_FIELD_GET(word0, BELL_EVENT0_CAUSE));
        log.add(host.value(BELL_EVENT1_OFFSET));
        host.write(BELL_EVENT_POP_OFFSET, 1);
    }
}

void look(Host &host, Log &log)
{
    take_events(host, log);
    for (uint32_t at : {BELL_CAPS_OFFSET, BELL_CTRL_OFFSET, BELL_STATUS_OFFSET, BELL_IRQ_LEVEL_OFFSET,
                        BELL_DOORBELLS_OFFSET, BELL_LEDGER_ACCEPTED_OFFSET,
                        BELL_LEDGER_SAMPLED_OFFSET, BELL_LEDGER_COALESCED_OFFSET,
                        BELL_LEDGER_UNOWNED_OFFSET, BELL_LEDGER_REJECTED_OFFSET,
                        BELL_LEDGER_OWED_OFFSET, BELL_LAST_REJECT_OFFSET, BELL_REPORT_ARM_OFFSET,
                        BELL_ACCESSES_REFUSED_OFFSET, BELL_SATURATED_OFFSET, BELL_BANDS_OFFSET,
                        BELL_TIME_OFFSET, BELL_NODE_RUN0_OFFSET, BELL_NODE_RUN1_OFFSET,
                        BELL_NODE_RUN2_OFFSET, BELL_LOG_BASE0_OFFSET, BELL_LOG_BASE1_OFFSET,
                        BELL_LOG_CONFIG0_OFFSET, BELL_LOG_CONFIG1_OFFSET, BELL_LOG_INDEX0_OFFSET,
                        BELL_LOG_INDEX1_OFFSET})
        log.add(host.value(at));
    for (uint32_t slot = 0; slot < kSlots; slot++) {
        log.add(host.value(BELL_SLOT_OWNER_OFFSET(slot)));
        log.add(host.value(BELL_SLOT_DRAIN_OFFSET(slot)));
    }
    // STATE of every queue, also of those never opened, and what reads 0 until written; the first
    // words of a context mean nothing until then.
    for (uint32_t queue = 0; queue < bell_device_num_queues(host.device); queue++)
        for (uint32_t at = BELL_QUEUE_STATE_OFFSET(queue);
             at <= BELL_QUEUE_SIGNAL_LOG_INDEX_OFFSET(queue); at += 8)
            log.add(host.value(at));
}

bool blocked(Host &host, const Queue &queue)
{
    return host.value(BELL_QUEUE_STATE_OFFSET(queue.index)) & BELL_QUEUE_STATE_BLOCKED_MASK;
}

bool finished(const Host &host, const Queue &queue, uint64_t count)
{
    return host.load(queue.control() + BELL_CONTROL_RPTR_OFFSET) == count;
}

void place(Host &host, const Queue &queue, uint64_t level, uint64_t group = 0,
           uint64_t priority = 0)
{
    host.write(BELL_QUEUE_SCHED_OFFSET(queue.index),
               BELL_FIELD_PUT(BELL_QUEUE_SCHED_LEVEL, level) |
                   BELL_FIELD_PUT(BELL_QUEUE_SCHED_GROUP, group) |
                   BELL_FIELD_PUT(BELL_QUEUE_SCHED_PRIORITY, priority));
}

/// The first (or last) start of a buffer of the queue among the events from `since` on.
uint64_t started(const Host &host, size_t since, const Queue &queue, bool last = false)
{
    uint64_t at = 0;
    for (size_t i = since; i < host.events.size(); i++)
        if (host.events[i].kind == BELL_DEV_START && host.events[i].queue == queue.index &&
            (last || at == 0))
            at = host.events[i].cycle;
    return at;
}

std::vector<bell_packet> job(const Queue &queue, uint64_t value)
{
    return {{BELL_OP_FILL, queue.fence() + 0x100, 0x88, value},
            {BELL_OP_COPY, queue.fence() + 0x800, 0x110, queue.fence() + 0xf8},
            {BELL_OP_WORK, 40 + value, 0, 0},
            {BELL_OP_WRITE64, queue.fence() + 8, value, 0},
            queue.fence_packet(value),
            {BELL_OP_IRQ, value, 0, 0}};
}

void ring_all(Host &host)
{
    for (unsigned i = 0; i < kQueues; i++)
        host.write(doorbell(i), 1);
    host.write(doorbell(6), 1);          // Nobody's.
    host.write(doorbell(kSlots), 1);     // Not fitted.
    host.write(doorbell(1) + 8, 1);      // Not its place,
    host.write(doorbell(1), 1, 4);       // nor its width.
    host.write(BELL_STATUS_OFFSET, 1);
    host.read(BELL_ID_OFFSET + 4);
}

// Native fences and their logs. A queue waits for one of another node, then for one of software;
// another waits for good.
void fences(Host &host, Log &log)
{
    const Queue waiter = {36, 0}, raiser = {37, 1}, asleep = {4, 2};
    const uint64_t native = raiser.fence() + 0xc0, own = waiter.fence() + 0x140;
    const uint64_t waits = waiter.home() + 0xd000, signals = raiser.home() + 0xe000;
    constexpr uint64_t kLast = 83; // Of the entries of a page.
    waiter.open(host, 0);
    raiser.open(host, 1);
    asleep.open(host, 3);
    host.write(BELL_QUEUE_WAIT_LOG_OFFSET(waiter.index), waits | BELL_QUEUE_WAIT_LOG_ENABLE_MASK);
    host.write(BELL_QUEUE_WAIT_LOG_INDEX_OFFSET(waiter.index), kLast);
    host.write(BELL_QUEUE_SIGNAL_LOG_OFFSET(raiser.index),
               signals | BELL_QUEUE_SIGNAL_LOG_ENABLE_MASK);
    asleep.submit(host, 0, {{BELL_OP_WAIT, asleep.fence(), 1, 0}});
    waiter.submit(host, 0,
                  {{BELL_OP_WAIT | UINT64_C(0xabc) << 32, native, 1, 0},
                   {BELL_OP_WRITE64, own + 8, 5, 0},
                   {BELL_OP_WAIT, own, 2, 0}});
    host.write(doorbell(3), 1);
    host.write(doorbell(0), 1);
    host.run(400);
    log.did(blocked(host, waiter) && blocked(host, asleep), "a WAIT blocks");
    raiser.submit(host, 0, {{BELL_OP_SIGNAL | UINT64_C(0xdef) << 32, native, 1, native + 0x40}});
    host.write(doorbell(1), 1);
    host.run(600);
    log.did(host.load(own + 8) == 5, "a SIGNAL wakes");
    log.did(host.load(signals) == 1, "a SIGNAL is logged");
    log.did(host.load(waits) == UINT64_C(1) << 32, "the log of WAITs wraps");
    log.did(blocked(host, waiter) && blocked(host, asleep), "the next WAIT blocks");
    host.store(own, 2);
    host.write(BELL_FENCE_WAKE_OFFSET, own >> 6 & BELL_FENCE_WAKE_KEY_MASK);
    host.run(400);
    log.did(finished(host, waiter, 1), "FENCE_WAKE wakes");
    host.write(BELL_FENCE_WAKE_OFFSET, BELL_FENCE_WAKE_ALL_MASK);
    host.run(400);
    log.did(blocked(host, asleep), "a wake-up for nothing");
    look(host, log);
    log.did(log.causes.count(BELL_CAUSE_FENCE_SIGNALED), "FENCE_SIGNALED");
}

// Levels, the share of the normal band, quantum and grace, groups, and the log of it all.
void levels(Host &host, Log &log)
{
    const Queue urgent = {38}, focus = {39}, normal = {40}, later = {41}, sooner = {42};
    const uint64_t states = urgent.home() + 0xd000;
    const size_t since = host.events.size();
    host.write(BELL_BANDS_OFFSET, BELL_FIELD_PUT(BELL_BANDS_NORMAL_PERCENT, 30) |
                                      BELL_FIELD_PUT(BELL_BANDS_NORMAL_SLICE, 300));
    host.write(BELL_LOG_CONFIG0_OFFSET, BELL_FIELD_PUT(BELL_LOG_CONFIG0_ENTRIES, 12) |
                                            BELL_FIELD_PUT(BELL_LOG_CONFIG0_INTERRUPT_ENTRY, 5));
    host.write(BELL_LOG_BASE0_OFFSET, states | BELL_LOG_BASE0_ENABLE_MASK);
    const Queue *queues[] = {&urgent, &focus, &normal, &later, &sooner};
    for (unsigned i = 0; i < 5; i++)
        queues[i]->open(host, i);
    place(host, urgent, 9);
    place(host, focus, 2);
    place(host, normal, 1);
    place(host, later, 1, 5, 3);
    place(host, sooner, 1, 5, 9);
    host.write(BELL_QUEUE_HANDLE_OFFSET(focus.index), 0xc0de);
    host.write(BELL_QUEUE_QUANTUM_OFFSET(normal.index), 500);
    host.write(BELL_QUEUE_GRACE_OFFSET(normal.index),
               BELL_FIELD_PUT(BELL_QUEUE_GRACE_HIGHER, 60) |
                   BELL_FIELD_PUT(BELL_QUEUE_GRACE_SAME, 60));
    for (unsigned n = 0; n < 15; n++)
        focus.submit(host, n, {{BELL_OP_WORK, 300, 0, 0}});
    for (unsigned n = 0; n < 3; n++) {
        normal.submit(host, n, {{BELL_OP_WORK, 400, 0, 0}});
        later.submit(host, n, {{BELL_OP_WORK, 90, 0, 0}});
        sooner.submit(host, n, {{BELL_OP_WORK, 90, 0, 0}});
    }
    urgent.submit(host, 0, {{BELL_OP_WORK, 500, 0, 0}});
    for (unsigned slot = 1; slot < 5; slot++)
        host.write(doorbell(slot), 1);
    host.run(600);
    host.write(doorbell(0), 1);
    host.run(200);
    const uint64_t stopped = host.value(BELL_QUEUE_RESUME1_OFFSET(focus.index));
    log.add(stopped);
    log.did(stopped > 0 && stopped < 300, "a higher level stops a WORK");
    look(host, log);
    host.run(4000);
    look(host, log);
    host.run(6000);
    log.did(finished(host, urgent, 1) && finished(host, focus, 15) && finished(host, normal, 3) &&
                finished(host, later, 3) && finished(host, sooner, 3),
            "what was stopped goes on");
    log.did(started(host, since, normal) < started(host, since, focus, true) &&
                started(host, since, normal),
            "the normal band has a share");
    log.did(started(host, since, sooner, true) < started(host, since, later), "a group is ordered");
    log.did(host.load(states) >> 32, "the log of states wraps");
    look(host, log);
    log.did(log.causes.count(BELL_CAUSE_SCHED_LOG), "SCHED_LOG");
}

// Two queues far apart get ready together at each real-time level: who goes first there depends on
// who was served last, at first nobody.
void turns(Host &host, Log &log)
{
    const Queue low = {0}, high = {62};
    unsigned lowest = 0;
    low.open(host, 0);
    high.open(host, 1);
    for (unsigned n = 0; n < 32; n++) {
        const size_t since = host.events.size();
        host.write(BELL_CTRL_OFFSET, 0);
        for (const Queue &queue : {high, low}) {
            place(host, queue, 3 + n);
            queue.submit(host, n, {{BELL_OP_NOP, 0, 0, 0}});
            host.write(BELL_QUEUE_CMD_OFFSET(queue.index), BELL_QUEUE_CMD_KICK);
        }
        host.write(BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
        host.run(400);
        const uint64_t first = started(host, since, low), second = started(host, since, high);
        lowest += first && first < second;
        take_events(host, log);
    }
    // Of two levels a queue between them was served before.
    log.did(lowest == 30, "the lowest queue of a level goes first");
}

// A buffer is stopped inside WORK, FILL and COPY, and goes on.
void stops(Host &host, Log &log)
{
    const Queue queue = {14, 2};
    const uint64_t data = queue.home() + 0xd000;
    std::set<uint64_t> inside;
    queue.open(host, 5);
    queue.submit(host, 0,
                 {{BELL_OP_WORK, 300, 0, 0},
                  {BELL_OP_FILL, data, 0x800, 0xf111},
                  {BELL_OP_COPY, data + 0x1000, 0x800, data}});
    host.write(doorbell(5), 1);
    for (unsigned n = 0; n < 20; n++) {
        host.run(100);
        const uint64_t leave = n % 2 ? BELL_QUEUE_CMD_SUSPEND : BELL_QUEUE_CMD_REMOVE;
        host.write(BELL_QUEUE_CMD_OFFSET(queue.index), leave | BELL_QUEUE_CMD_NOW_MASK);
        host.run(90);
        const uint64_t packet = host.value(BELL_QUEUE_RESUME0_OFFSET(queue.index)) / 32;
        const uint64_t done = host.value(BELL_QUEUE_RESUME1_OFFSET(queue.index));
        log.add(packet);
        log.add(done);
        if (done)
            inside.insert(packet);
        host.write(BELL_QUEUE_CMD_OFFSET(queue.index), BELL_QUEUE_CMD_ADD);
    }
    host.run(400);
    log.did(inside.size() == 3, "WORK, FILL and COPY are stopped inside");
    log.did(finished(host, queue, 1) && host.load(data + 0x17f8) == 0xf111, "the buffer goes on");
    look(host, log);
    log.did(log.causes.count(BELL_CAUSE_STOPPED), "STOPPED");
}

void once(Host &host, Log &log)
{
    const Queue queues[kQueues] = {{0, 0}, {1, 1}, {2, 2}, {3, 0}, {13, 1}, {5, 2}};
    look(host, log);
    test::enable(host);
    host.write(BELL_REPORT_ARM_OFFSET, 7);
    host.write(BELL_IDLE_LIMIT0_OFFSET, 300);
    host.write(BELL_HUNG_LIMIT1_OFFSET, 500);
    for (unsigned i = 0; i < kQueues; i++) {
        queues[i].open(host, i);
        for (unsigned n = 0; n < 3; n++)
            queues[i].submit(host, n, job(queues[i], 10 * i + n));
    }
    ring_all(host);
    host.run(700);
    look(host, log);
    // A fault of each kind, a hang that is aborted, a queue suspended in its work.
    queues[0].submit(host, 3, {{BELL_OP_FAULT, 0, 0, 0}});
    queues[1].submit(host, 3, {{BELL_OP_HANG, 0, 0, 0}});
    queues[2].submit(host, 3, {{99, 0, 0, 0}});
    queues[3].submit(host, 3, {{BELL_OP_WRITE64, test::kMemory + 64, 1, 0}});
    queues[5].submit(host, 3, {{BELL_OP_WORK, 900, 0, 0}, {BELL_OP_IRQ, 7, 0, 0}});
    host.run(2000);
    ring_all(host);
    host.run(600);
    host.write(BELL_QUEUE_CMD_OFFSET(queues[5].index), BELL_QUEUE_CMD_SUSPEND);
    host.write(BELL_NODE_ABORT_OFFSET, BELL_NODE_ABORT_NODE1_MASK);
    host.run(1500);
    look(host, log);
    // Other layouts, a queue used again, real time.
    for (unsigned i = 0; i < kQueues; i++)
        host.write(BELL_QUEUE_CMD_OFFSET(queues[i].index), BELL_QUEUE_CMD_CLOSE);
    host.write(BELL_REPORT_ARM_OFFSET, 7);
    host.write(BELL_DOORBELLS_OFFSET, BELL_LAYOUT_GLOBAL);
    const Queue again = {1};
    again.open(host, 2);
    host.write(BELL_QUEUE_CMD_OFFSET(1), BELL_QUEUE_CMD_ADD_RT);
    again.submit(host, 0, job(again, 77));
    host.write(BELL_DEVICE_BAR2 + BELL_GLOBAL_FIRST, 1);
    host.write(BELL_DEVICE_BAR2 + BELL_GLOBAL_FIRST, 1000);
    host.run(1000);
    host.write(BELL_DOORBELLS_OFFSET, BELL_LAYOUT_PACKED);
    again.submit(host, 1, job(again, 78));
    host.write(BELL_DEVICE_BAR2 + BELL_PACKED_FIRST + 2 * BELL_PACKED_BYTES, 1);
    host.run(1000);
    look(host, log);
    log.add(host.load(again.fence()));
    fences(host, log);
    levels(host, log);
    turns(host, log);
    stops(host, log);
    for (uint64_t at = 0; at < test::kMemory; at += 8)
        log.add(host.load(at));
    // Left behind: one that waits, one that is stopped, one that runs, and the log of its states.
    const Queue stopped = {9, 2}, runs = {10, 0};
    for (const Queue &queue : {stopped, runs}) {
        queue.open(host, 6);
        queue.submit(host, 0, {{BELL_OP_WORK, 5000, 0, 0}});
        host.write(doorbell(6), 1);
    }
    host.run(100);
    host.write(BELL_QUEUE_CMD_OFFSET(stopped.index),
               BELL_QUEUE_CMD_SUSPEND | BELL_QUEUE_CMD_NOW_MASK);
    host.run(100);
}

struct Run {
    uint64_t hash;
    std::vector<uint64_t> words;
    std::vector<bell_device_event> events;
    std::vector<uint8_t> memory;
    std::string missing;
};

Run run(const char *kind, uint64_t seed)
{
    Log log;
    Host host(kind, config(seed));
    once(host, log);
    bell_device_reset(host.device); // With everything still in the flops.
    std::fill(host.memory.begin(), host.memory.end(), 0);
    once(host, log);
    return {bell_device_event_hash(host.device), log.words, host.events, host.memory, log.missing};
}

uint64_t leftovers(const char *kind, uint64_t seed)
{
    Host host(kind, config(seed));
    return host.value(BELL_QUEUE_RPTR_OFFSET(9));
}

bool report(const char *kind, const char *name, const std::string &wrong)
{
    std::printf("%s reset_seeds.%s.%s %s\n", wrong.empty() ? "PASS" : "FAIL", kind, name,
                wrong.c_str());
    return wrong.empty();
}

bool same(const bell_device_event &one, const bell_device_event &other)
{
    const auto fields = [](const bell_device_event &e) {
        return std::tie(e.kind, e.cycle, e.slot, e.queue, e.node, e.bucket, e.cause, e.rptr, e.value);
    };
    return fields(one) == fields(other);
}

std::string differs(const Run &one, const Run &other)
{
    for (size_t i = 0; i < one.words.size() && i < other.words.size(); i++)
        if (one.words[i] != other.words[i])
            return "register word " + std::to_string(i) + " read";
    for (size_t i = 0; i < one.events.size() && i < other.events.size(); i++)
        if (!same(one.events[i], other.events[i]))
            return "event at cycle " + std::to_string(one.events[i].cycle);
    if (one.memory != other.memory)
        return "memory";
    return one.hash == other.hash ? "" : "hash";
}

// Equal for all seeds; what differs first is named.
bool invisible(const char *kind)
{
    const Run first = run(kind, 1);
    std::string wrong;
    if (first.events.size() < 60)
        wrong = "the run does too little: " + std::to_string(first.events.size()) + " events";
    for (uint64_t seed = 2; seed <= kSeeds && wrong.empty(); seed++) {
        const std::string what = differs(first, run(kind, seed));
        if (!what.empty())
            wrong = "seeds 1 and " + std::to_string(seed) + " differ first in: " + what;
    }
    if (wrong.empty() && !first.missing.empty())
        wrong = "the run lacks: " + first.missing;
    return report(kind, "invisible", wrong);
}

// The seeds are real: what is documented not to be reset differs from seed to seed, and is the same
// for the same seed.
bool real(const char *kind)
{
    std::set<uint64_t> values;
    for (uint64_t seed = 1; seed <= kSeeds; seed++)
        values.insert(leftovers(kind, seed));
    std::string wrong;
    if (values.size() != kSeeds)
        wrong = "expected " + std::to_string(kSeeds) + " different contexts, got " +
                std::to_string(values.size());
    else if (leftovers(kind, 3) != leftovers(kind, 3))
        wrong = "the same seed gives different contexts";
    return report(kind, "real", wrong);
}

bool run_all(const char *kind)
{
    const bool good = invisible(kind);
    return (std::string(kind) != "rtl" || real(kind)) && good; // The model has no flops.
}

} // namespace

int main(int argc, char **argv)
{
    const char *kind = argc > 1 ? argv[1] : std::getenv("BELL_DEVICE");
    if (kind != nullptr)
        return run_all(kind) ? 0 : 1;
    const bool rtl = run_all("rtl");
    return run_all("model") && rtl ? 0 : 1;
}
