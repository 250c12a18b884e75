// SPDX-License-Identifier: MIT
//
// Speed of the engine against a bare loop over the same Verilated core, idle skip, and clocks from
// ring to first read. Prints `name value unit` lines; rates compare only within one run.
//
// The bare loop replays, clock by clock, the input pins that the engine drove in an earlier run of
// the same traffic, and does nothing else: two evaluations a clock. That both did the same is
// checked by a sum over the output pins.

#include "Vbell_top.h"
#include "bell_device_hash.h"
#include "bell_rtl.h"
#include "device_host.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <type_traits>

namespace {

using test::doorbell;
using test::Host;
using test::Queue;

constexpr unsigned kQueues = 8;
constexpr unsigned kNodes = 3;
constexpr uint32_t kLatency = 64;
constexpr uint64_t kRounds = 150;
constexpr uint64_t kRoundClocks = 2000;
constexpr uint64_t kGapRounds = 60;
constexpr uint64_t kGap = 10000;
constexpr uint64_t kTail = 20000; // Clocks that let the last buffers end.
constexpr unsigned kRepeats = 3;  // The fastest counts.

double seconds()
{
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count();
}

void require(bool condition, const char *what)
{
    if (condition)
        return;
    std::printf("FAIL bench.core: %s\n", what);
    std::exit(1);
}

bell_device_config config()
{
    bell_device_config config = {};
    config.slots = kQueues;
    config.dma_latency = kLatency;
    config.reset_seed = 1;
    return config;
}

Queue queue_of(unsigned i)
{
    return {i, i % kNodes};
}

void set_up(Host &host)
{
    test::enable(host);
    for (unsigned i = 0; i < kQueues; i++)
        queue_of(i).open(host, i);
    host.record = false;
}

std::vector<bell_packet> fill_and_fence(const Queue &queue, uint64_t at)
{
    return {{BELL_OP_FILL, queue.fence() + 256, 512, at},
            {BELL_OP_WORK, 100, 0, 0},
            queue.fence_packet(at + 1)};
}

// One ring on each queue, `clocks` clocks, and so on; `step` lets at most so many clocks pass.
// A single queue gets a fence write alone.
template <typename Step>
void traffic(Host &host, uint64_t rounds, uint64_t clocks, unsigned queues, Step step)
{
    const uint64_t start = bell_device_cycle(host.device);
    for (uint64_t at = 0; at < rounds; at++) {
        for (unsigned i = 0; i < queues; i++) {
            const Queue queue = queue_of(i);
            if (queues == 1)
                queue.submit(host, at, {queue.fence_packet(at + 1)});
            else
                queue.submit(host, at, fill_and_fence(queue, at));
            bell_device_mmio_write(host.device, doorbell(i), at, 8, ++host.asked);
        }
        const uint64_t end = start + (at + 1) * clocks;
        while (bell_device_cycle(host.device) < end)
            step(end - bell_device_cycle(host.device));
    }
}

void finish(Host &host, unsigned queues, uint64_t fence)
{
    host.run(kTail);
    for (unsigned i = 0; i < queues; i++)
        require(host.load(Queue{i}.fence()) == fence, "a fence value is missing");
}

struct Run {
    double rate; // Clocks a second.
    uint64_t hash;
};

Run engine(bool skip, uint64_t rounds, uint64_t clocks, unsigned queues)
{
    Host host("rtl", config());
    set_up(host);
    bell_device_set_idle_skip(host.device, skip);
    const double start = seconds();
    traffic(host, rounds, clocks, queues,
            [&](uint64_t most) { bell_device_step(host.device, most); });
    const double time = seconds() - start;
    finish(host, queues, rounds);
    return {static_cast<double>(rounds * clocks) / time, bell_device_event_hash(host.device)};
}

#define INPUTS(X) \
    X(s_axil_awaddr) X(s_axil_awvalid) X(s_axil_wdata) X(s_axil_wstrb) X(s_axil_wvalid) \
    X(s_axil_araddr) X(s_axil_arvalid) X(m_axi_arready) X(m_axi_rid) X(m_axi_rdata) \
    X(m_axi_rresp) X(m_axi_rlast) X(m_axi_rvalid) X(m_axi_awready) X(m_axi_wready) \
    X(m_axi_bid) X(m_axi_bresp) X(m_axi_bvalid)

// All inputs, as they are from clock `cycle` until the next record.
struct Pins {
    uint64_t cycle;
#define X(pin) uint64_t pin;
    INPUTS(X)
#undef X
};

Pins sample(const Vbell_top &top, uint64_t cycle)
{
    Pins pins;
    pins.cycle = cycle;
#define X(pin) pins.pin = top.pin;
    INPUTS(X)
#undef X
    return pins;
}

bool same(const Pins &a, const Pins &b)
{
#define X(pin) \
    if (a.pin != b.pin) \
        return false;
    INPUTS(X)
#undef X
    return true;
}

inline void apply(Vbell_top &top, const Pins &pins)
{
#define X(pin) top.pin = static_cast<std::remove_reference_t<decltype(top.pin)>>(pins.pin);
    INPUTS(X)
#undef X
}

uint64_t sum_outputs(uint64_t sum, const Vbell_top &top)
{
    // What is not valid may be anything.
    sum = bell_hash_word(sum, (top.m_axi_arvalid ? top.m_axi_araddr : 0) ^
                                  (top.m_axi_awvalid ? top.m_axi_awaddr : 0) << 1 ^
                                  (top.m_axi_wvalid ? top.m_axi_wdata : 0));
    return bell_hash_word(sum, top.irq_o | top.idle_o << 1 | top.m_axi_arvalid << 2 |
                                   top.m_axi_wvalid << 3 | top.s_axil_bvalid << 4);
}

struct Recording {
    std::vector<Pins> pins;
    uint64_t timed_from;
    uint64_t end;
    uint64_t sum = 0;
};

Recording record()
{
    Recording recording;
    Host host("rtl", config());
    bell_device_set_idle_skip(host.device, false);
    const Vbell_top &top = bell_rtl_top(host.device);
    const auto clock = [&](uint64_t) {
        const uint64_t cycle = bell_device_cycle(host.device);
        bell_device_step(host.device, 1);
        const Pins pins = sample(top, cycle);
        if (recording.pins.empty() || !same(pins, recording.pins.back()))
            recording.pins.push_back(pins);
        recording.sum = sum_outputs(recording.sum, top);
    };
    host.each_clock = clock;
    set_up(host);
    recording.timed_from = bell_device_cycle(host.device);
    traffic(host, kRounds, kRoundClocks, kQueues, clock);
    recording.end = bell_device_cycle(host.device);
    host.each_clock = nullptr;
    finish(host, kQueues, kRounds);
    return recording;
}

void reset(Vbell_top &top)
{
    top.strap_slots_i = kQueues;
    top.advance_i = 1;
    top.s_axil_bready = top.s_axil_rready = 1;
    for (unsigned i = 0; i < 8200; i++) {
        top.rst_ni = i == 0 || i > 4;
        top.clk_i = 0;
        top.eval();
        top.clk_i = 1;
        top.eval();
    }
    require(top.idle_o, "the bare core is not idle after reset");
}

template <bool Sum>
double bare(const Recording &recording, uint64_t *sum)
{
    VerilatedContext context;
    const auto top = std::make_unique<Vbell_top>(&context);
    reset(*top);
    const Pins *next = recording.pins.data();
    const Pins *const last = next + recording.pins.size();
    double start = 0;
    for (uint64_t cycle = 0; cycle < recording.end; cycle++) {
        if (cycle == recording.timed_from)
            start = seconds();
        if (next != last && next->cycle == cycle)
            apply(*top, *next++);
        top->clk_i = 0;
        top->eval();
        top->clk_i = 1;
        top->eval();
        if (Sum)
            *sum = sum_outputs(*sum, *top);
    }
    return static_cast<double>(recording.end - recording.timed_from) / (seconds() - start);
}

void ratio_to_bare_loop()
{
    const Recording recording = record();
    uint64_t sum = 0;
    bare<true>(recording, &sum);
    require(sum == recording.sum, "the bare loop did not do what the engine did");
    double fastest_bare = 0, fastest_engine = 0;
    for (unsigned i = 0; i < kRepeats; i++) {
        fastest_bare = std::max(fastest_bare, bare<false>(recording, nullptr));
        const double rate = engine(false, kRounds, kRoundClocks, kQueues).rate;
        fastest_engine = std::max(fastest_engine, rate);
    }
    std::printf("core.bare_loop %.0f cycles/s\n", fastest_bare);
    std::printf("core.engine %.0f cycles/s\n", fastest_engine);
    std::printf("core.engine_to_bare_loop %.3f ratio\n", fastest_engine / fastest_bare);
}

void idle_skip()
{
    Run on = {0, 0};
    for (unsigned i = 0; i < kRepeats; i++) {
        const Run run = engine(true, kGapRounds, kGap, 1);
        on = {std::max(on.rate, run.rate), run.hash};
    }
    const Run off = engine(false, kGapRounds, kGap, 1);
    require(on.hash == off.hash, "event hashes differ with idle skip on and off");
    std::printf("core.idle_skip_on %.0f cycles/s\n", on.rate);
    std::printf("core.idle_skip_off %.0f cycles/s\n", off.rate);
    std::printf("core.idle_skip_at_10000_gaps %.1f ratio\n", on.rate / off.rate);
}

// On the pins as well: from the clock that takes the store to the clock with the first request.
void ring_to_first_read()
{
    Host host("rtl", config());
    bell_device_set_idle_skip(host.device, false);
    test::enable(host);
    queue_of(0).open(host, 0);
    queue_of(0).submit(host, 0, {queue_of(0).fence_packet(1)});
    host.run(100);
    host.events.clear();
    host.accesses.clear();
    const uint64_t stored = bell_device_cycle(host.device);
    host.write(doorbell(0), 1);
    host.run_until("the first read", [&] { return !host.accesses.empty(); });
    uint64_t ring = 0, sampled = 0;
    for (const bell_device_event &event : host.events) {
        ring = event.kind == BELL_DEV_RING ? event.cycle : ring;
        sampled = event.kind == BELL_DEV_SAMPLE ? event.cycle : sampled;
    }
    require(ring != 0 && sampled != 0, "ring or sample was not seen");
    std::printf("core.ring_tap_to_sample_tap %llu clocks\n",
                static_cast<unsigned long long>(sampled - ring));
    std::printf("core.store_on_pins_to_read_on_pins %llu clocks\n",
                static_cast<unsigned long long>(host.accesses.front().cycle - kLatency / 2 -
                                                stored));
}

} // namespace

// usage: bench_core [--active CLOCKS]     only that many clocks of traffic, for counting instructions
int main(int argc, char **argv)
{
    if (argc == 3 && std::string(argv[1]) == "--active") {
        engine(false, std::strtoull(argv[2], nullptr, 0) / kRoundClocks, kRoundClocks, kQueues);
        return 0;
    }
    ratio_to_bare_loop();
    idle_skip();
    ring_to_first_read();
    return 0;
}
