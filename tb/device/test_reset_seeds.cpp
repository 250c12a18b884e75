// SPDX-License-Identifier: MIT
//
// Every flop and memory word starts with a random value, another one a seed: what is not reset must
// not show. One run through all that the device can do, for several seeds: equal to the last clock,
// address, data word and interrupt. For the kind in BELL_DEVICE, or both.

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
    void add(uint64_t word) { words.push_back(word); }
};

void take_events(Host &host, Log &log)
{
    for (;;) {
        const uint64_t word0 = host.value(BELL_EVENT0_OFFSET);
        log.add(word0);
        if (!(word0 & BELL_EVENT0_VALID_MASK))
            return;
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
                        BELL_ACCESSES_REFUSED_OFFSET, BELL_SATURATED_OFFSET})
        log.add(host.value(at));
    for (uint32_t slot = 0; slot < kSlots; slot++) {
        log.add(host.value(BELL_SLOT_OWNER_OFFSET(slot)));
        log.add(host.value(BELL_SLOT_DRAIN_OFFSET(slot)));
    }
    // STATE of every queue, also of those never opened; contexts mean nothing until written.
    for (uint32_t queue = 0; queue < bell_device_num_queues(host.device); queue++)
        log.add(host.value(BELL_QUEUE_STATE_OFFSET(queue)));
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
}

struct Run {
    uint64_t hash;
    std::vector<uint64_t> words;
    std::vector<bell_device_event> events;
    std::vector<uint8_t> memory;
};

Run run(const char *kind, uint64_t seed)
{
    Log log;
    Host host(kind, config(seed));
    once(host, log);
    bell_device_reset(host.device); // With everything still in the flops.
    std::fill(host.memory.begin(), host.memory.end(), 0);
    once(host, log);
    return {bell_device_event_hash(host.device), log.words, host.events, host.memory};
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
