// SPDX-License-Identifier: MIT
//
// Speed of the engine against a bare loop over the same Verilated core, idle skip, and clocks from
// ring to first read. Prints `name value unit` lines; rates compare only within one run.

#include "bare_loop.h"
#include "core_traffic.h"

namespace {

using namespace bench;

void ratio_to_bare_loop()
{
    const BareLoop loop;
    double fastest_bare = 0, fastest_engine = 0;
    for (unsigned i = 0; i < kRepeats; i++) {
        fastest_bare = std::max(fastest_bare, loop.rate());
        const double rate = engine(false, kRounds, kRoundClocks, kQueues).rate;
        fastest_engine = std::max(fastest_engine, rate);
    }
    std::printf("core.bare_loop %.0f cycles/s\n", fastest_bare);
    std::printf("core.engine %.0f cycles/s\n", fastest_engine);
    std::printf("core.engine_to_bare_loop %.3f ratio  (budget 0.80, aim 0.95)\n",
                fastest_engine / fastest_bare);
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

// usage: bench_core [--active CLOCKS | --gaps ROUNDS]
//        only that many clocks of traffic, or rounds with an idle gap, for counting instructions
int main(int argc, char **argv)
{
    if (argc == 3 && std::string(argv[1]) == "--active") {
        engine(false, std::strtoull(argv[2], nullptr, 0) / kRoundClocks, kRoundClocks, kQueues);
        return 0;
    }
    if (argc == 3 && std::string(argv[1]) == "--gaps") {
        engine(true, std::strtoull(argv[2], nullptr, 0), kGap, 1);
        return 0;
    }
    ratio_to_bare_loop();
    idle_skip();
    ring_to_first_read();
    return 0;
}
