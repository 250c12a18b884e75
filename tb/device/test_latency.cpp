// SPDX-License-Identifier: MIT
//
// Design 9 on the pins of the device: clocks from an accepted ring to the command that runs, for
// short and long memory latencies, and clocks a no-op buffer when queues are ready. The RTL keeps
// the budgets; the model, whose clocks are only plausible, must do the same work.

#include "device_host.h"

#include <string>

namespace {

using test::doorbell;
using test::Host;
using test::Queue;

const char *kind = "rtl";
unsigned failed_checks = 0;

bool is_rtl()
{
    return std::string(kind) == "rtl";
}

void check(bool ok, const char *what, uint64_t got, uint64_t most)
{
    if (ok)
        return;
    failed_checks++;
    std::printf("  %s: %llu, expected at most %llu\n", what,
                static_cast<unsigned long long>(got), static_cast<unsigned long long>(most));
}

bell_device_config config(uint32_t latency)
{
    bell_device_config config = {};
    config.slots = 16;
    config.dma_latency = latency;
    config.reset_seed = 3;
    return config;
}

uint64_t last(const Host &host, bell_device_event_kind what)
{
    uint64_t cycle = 0;
    for (const bell_device_event &event : host.events)
        cycle = event.kind == what ? event.cycle : cycle;
    return cycle;
}

unsigned count(const Host &host, bell_device_event_kind what)
{
    unsigned found = 0;
    for (const bell_device_event &event : host.events)
        found += event.kind == what;
    return found;
}

// A node that is idle, a queue that is new to it. Accepted is one clock before the ring is credited.
void ring_to_command(uint32_t latency)
{
    Host host(kind, config(latency));
    const Queue queue = {2, 1};
    test::enable(host);
    queue.open(host, 0);
    queue.submit(host, 0, {queue.fence_packet(1)});
    host.run(2 * latency + 200);
    host.events.clear();
    host.write(doorbell(0), 1);
    host.run_until("the fence", [&] { return host.load(queue.fence()) == 1; });
    const uint64_t clocks = last(host, BELL_DEV_START) - (last(host, BELL_DEV_RING) - 1);
    if (!is_rtl())
        return;
    std::printf("  L = %u: ring accepted to command running %llu clocks, budget %u\n", latency,
                static_cast<unsigned long long>(clocks), 2 * latency + 12);
    check(clocks <= 2 * latency + 12, "ring accepted to command running", clocks, 2 * latency + 12);
}

// `each` no-op buffers in every queue; clocks from the first ring to the last RPTR, each buffer.
double noop_clocks(unsigned queues, unsigned nodes, unsigned each)
{
    Host host(kind, config(64));
    test::enable(host);
    for (unsigned i = 0; i < queues; i++) {
        const Queue queue = {i, i % nodes, 9};
        queue.open(host, i);
        for (unsigned n = 0; n < each; n++)
            queue.submit(host, n, {{BELL_OP_NOP, 0, 0, 0}});
    }
    host.events.clear();
    const uint64_t from = bell_device_cycle(host.device);
    for (unsigned i = 0; i < queues; i++)
        bell_device_mmio_write(host.device, doorbell(i), 1, 8, ++host.asked);
    host.run_until("all buffers", [&] { return count(host, BELL_DEV_DONE) == queues * each; });
    for (unsigned i = 0; i < queues; i++) {
        const uint64_t rptr = Queue{i}.control() + BELL_CONTROL_RPTR_OFFSET;
        host.run_until("RPTR in memory", [&] { return host.load(rptr) == each; });
    }
    const uint64_t clocks = bell_device_cycle(host.device) - from;
    return static_cast<double>(clocks) / (queues * each);
}

void noop_rate()
{
    struct Case {
        const char *what;
        unsigned queues, nodes, each, budget;
    };
    // One data bus: a buffer is an entry of two words and a packet of four, so 6 clocks at best.
    for (const Case &c : {Case{"1 queue, 1 node", 1, 1, 400, 16},
                          Case{"3 queues, 3 nodes", 3, 3, 400, 8},
                          Case{"12 queues in turns, 3 nodes", 12, 3, 200, 16}}) {
        const double clocks = noop_clocks(c.queues, c.nodes, is_rtl() ? c.each : 20);
        if (!is_rtl())
            continue;
        std::printf("  L = 64, %s: %.1f clocks a no-op buffer, budget %u\n", c.what, clocks,
                    c.budget);
        check(clocks <= c.budget, c.what, static_cast<uint64_t>(clocks), c.budget);
    }
}

} // namespace

int main(int argc, char **argv)
{
    const char *wanted = argc > 1 ? argv[1] : std::getenv("BELL_DEVICE");
    for (const char *each : {"rtl", "model"}) {
        if (wanted && std::string(wanted) != each)
            continue;
        kind = each;
        for (uint32_t latency : {1u, 16u, 64u, 256u})
            ring_to_command(latency);
        noop_rate();
        std::printf("%s device.latency %s\n", failed_checks ? "FAIL" : "PASS", kind);
    }
    return failed_checks != 0;
}
