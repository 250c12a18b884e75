/* SPDX-License-Identifier: MIT */
/**
 * @file bare_loop.h
 * @brief The plain Verilated core in a loop: the ceiling that every layer above it is held against.
 *
 * It replays, clock by clock, the input pins that the engine drove in an earlier run of the same
 * traffic (core_traffic.h), and does nothing else: two evaluations a clock. That both did the same
 * is checked by a sum over the output pins. Knows nothing of SystemC.
 */
#ifndef BARE_LOOP_H
#define BARE_LOOP_H

#include <memory>

namespace bench {

class BareLoop {
  public:
    BareLoop(); ///< Records the pins, checks the replay.
    ~BareLoop();

    double rate() const; ///< Runs once; clocks a second.

  private:
    struct Inside;
    std::unique_ptr<Inside> inside_;
};

} // namespace bench
#endif
