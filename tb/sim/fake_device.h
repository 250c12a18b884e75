/* SPDX-License-Identifier: MIT */
/**
 * @file fake_device.h
 * @brief A device of 8-byte registers behind bell_device.h, for tests of what lies around it.
 *
 * Every access is answered `latency` clocks after it was offered, in order. It keeps what it was
 * given, with the cycle.
 */
#ifndef FAKE_DEVICE_H
#define FAKE_DEVICE_H

#include "bell_device.h"

#define FAKE_LOG 4096u
#define FAKE_REGS 1024u

struct fake_entry {
    uint64_t cycle;
    uint64_t addr;
    uint64_t data;
    unsigned size; /* 0: a read. */
};

struct fake_device {
    uint64_t cycle;
    uint64_t latency;
    bool mute;            /* Answers nothing. */
    uint64_t refuse_addr; /* This register answers SLVERR; 0 = none does. */
    uint64_t reg[FAKE_REGS];
    struct fake_entry log[FAKE_LOG];
    unsigned offered;
    unsigned answered;
    uint64_t tag[FAKE_LOG];
};

extern struct fake_device fake;

/** Forget everything; cycle 0. */
struct bell_device *fake_reset(uint64_t latency);

#endif
