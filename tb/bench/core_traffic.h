/* SPDX-License-Identifier: MIT */
/**
 * @file core_traffic.h
 * @brief The work that the speed of the core, of the engine and of its TLM face is measured with.
 */
#ifndef CORE_TRAFFIC_H
#define CORE_TRAFFIC_H

#include "device_host.h"

#include <algorithm>
#include <chrono>
#include <string>

namespace bench {

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

inline double seconds()
{
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count();
}

inline void require(bool condition, const char *what)
{
    if (condition)
        return;
    std::printf("FAIL bench: %s\n", what);
    std::exit(1);
}

inline bell_device_config config()
{
    bell_device_config config = {};
    config.slots = kQueues;
    config.dma_latency = kLatency;
    config.reset_seed = 1;
    return config;
}

inline Queue queue_of(unsigned i)
{
    return {i, i % kNodes};
}

inline void set_up(Host &host)
{
    test::enable(host);
    for (unsigned i = 0; i < kQueues; i++)
        queue_of(i).open(host, i);
    host.record = false;
}

inline std::vector<bell_packet> fill_and_fence(const Queue &queue, uint64_t at)
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

inline void finish(Host &host, unsigned queues, uint64_t fence)
{
    host.run(kTail);
    for (unsigned i = 0; i < queues; i++)
        require(host.load(Queue{i}.fence()) == fence, "a fence value is missing");
}

struct Run {
    double rate; // Clocks a second.
    uint64_t hash;
};

inline Run engine(bool skip, uint64_t rounds, uint64_t clocks, unsigned queues)
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

} // namespace bench
#endif
