// SPDX-License-Identifier: MIT
//
// Submissions a second of the RTL, of the RTL with the model in lockstep, and of the model: the same
// traffic through the same interface. Prints `name value unit` lines; rates compare within one run.

#include "device_host.h"

#include <algorithm>
#include <ctime>

namespace {

using test::doorbell;
using test::Host;
using test::Queue;

constexpr unsigned kQueues = 8;
constexpr unsigned kNodes = 3;
constexpr uint64_t kRounds = 400;
constexpr uint64_t kRoundClocks = 1500;
constexpr uint64_t kModelTimes = 20; // So that the model, too, runs long enough to be timed.
constexpr unsigned kRepeats = 3;     // The fastest counts.
constexpr double kFaster = 20;       // Budget: model over RTL.
constexpr double kCost = 1.3;        // Budget: RTL in lockstep over RTL.

// Of this process: others on the machine do not count.
double seconds()
{
    timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

struct Run {
    double rate;
    uint64_t hash;
};

Run submissions(const char *kind, bool lockstep, uint64_t rounds)
{
    bell_device_config config = {};
    config.slots = kQueues;
    config.dma_latency = 64;
    config.reset_seed = 1;
    config.lockstep = lockstep;
    Host host(kind, config);
    host.record = false;
    test::enable(host);
    for (unsigned i = 0; i < kQueues; i++)
        Queue{i, i % kNodes}.open(host, i);
    const double start = seconds();
    for (uint64_t at = 0; at < rounds; at++) {
        for (unsigned i = 0; i < kQueues; i++) {
            const Queue queue = {i, i % kNodes};
            queue.submit(host, at, {{BELL_OP_FILL, queue.fence() + 256, 64, at},
                                    queue.fence_packet(at + 1)});
            bell_device_mmio_write(host.device, doorbell(i), at, 8, ++host.asked);
        }
        host.run(kRoundClocks);
    }
    const double time = seconds() - start;
    for (unsigned i = 0; i < kQueues; i++)
        if (host.load(Queue{i, i % kNodes}.fence()) != rounds) {
            std::printf("FAIL bench.model: %s did not finish queue %u\n", kind, i);
            std::exit(1);
        }
    return {static_cast<double>(rounds * kQueues) / time, bell_device_event_hash(host.device)};
}

Run fastest(const char *kind, bool lockstep, uint64_t rounds)
{
    Run best = {0, 0};
    for (unsigned i = 0; i < kRepeats; i++) {
        const Run run = submissions(kind, lockstep, rounds);
        best = {std::max(best.rate, run.rate), run.hash};
    }
    return best;
}

} // namespace

int main()
{
    const Run rtl = fastest("rtl", false, kRounds);
    const Run lockstep = fastest("rtl", true, kRounds);
    const Run model = fastest("model", false, kRounds * kModelTimes);
    const double faster = model.rate / rtl.rate;
    const double cost = rtl.rate / lockstep.rate;
    std::printf("model.rtl %.0f submissions/s\n", rtl.rate);
    std::printf("model.rtl_in_lockstep %.0f submissions/s\n", lockstep.rate);
    std::printf("model.model %.0f submissions/s\n", model.rate);
    std::printf("model.model_to_rtl %.1f ratio  (budget %.0f)\n", faster, kFaster);
    std::printf("model.cost_of_lockstep %.3f ratio  (budget %.1f)\n", cost, kCost);
    if (rtl.hash != lockstep.hash) {
        std::printf("FAIL bench.model: the run differs with the model in lockstep\n");
        return 1;
    }
    return faster >= kFaster && cost <= kCost ? 0 : 1;
}
