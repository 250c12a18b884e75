// SPDX-License-Identifier: MIT
//
// Register accesses a second through the C API, one after the other, half of them writes.
// scripts/bench_peer.sh holds them against cocotb.

#include "core_traffic.h"

int main()
{
    using namespace bench;
    constexpr unsigned kPairs = 100000;
    double fastest = 0;
    for (unsigned i = 0; i < kRepeats; i++) {
        Host host("rtl", config());
        host.record = false;
        host.answers.reserve(2 * kPairs);
        const double start = seconds();
        for (unsigned at = 0; at < kPairs; at++) {
            host.write(BELL_CTRL_OFFSET, at & 1);
            require((host.value(BELL_CTRL_OFFSET) & 1) == (at & 1), "a register lost its value");
        }
        fastest = std::max(fastest, 2 * kPairs / (seconds() - start));
    }
    std::printf("mmio.engine %.0f accesses/s\n", fastest);
    return 0;
}
