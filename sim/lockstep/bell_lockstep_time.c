// SPDX-License-Identifier: MIT
// GPU time. Software sets it as it likes, back and forth, while logs are on: times are compared as
// the clocks that they are of.

#include "bell_lockstep_inside.h"

static void push(struct bell_lockstep *lockstep)
{
    const uint64_t at = lockstep->zeros.count++ % BELL_LOCKSTEP_ZEROS;

    lockstep->zeros.last[at].zero = lockstep->model->time_zero;
    lockstep->zeros.last[at].since = lockstep->model->cycle;
}

void bell_lockstep_time_set(struct bell_lockstep *lockstep, bool reset)
{
    const uint64_t newest = (lockstep->zeros.count - 1) % BELL_LOCKSTEP_ZEROS;

    if (reset)
        lockstep->zeros.count = 0;
    if (reset || lockstep->zeros.last[newest].zero != lockstep->model->time_zero)
        push(lockstep);
}

uint64_t bell_lockstep_clock_of(const struct bell_lockstep *lockstep, uint64_t time, uint64_t from,
                                uint64_t to)
{
    const uint64_t count = lockstep->zeros.count;
    const uint64_t kept = count < BELL_LOCKSTEP_ZEROS ? count : BELL_LOCKSTEP_ZEROS;
    uint64_t since = 0, until = BELL_MODEL_NEVER - BELL_LOCKSTEP_SETTLE, found = BELL_MODEL_NEVER;

    for (uint64_t i = 1; i <= kept; i++) {
        const uint64_t at = (count - i) % BELL_LOCKSTEP_ZEROS;
        const uint64_t clock = time + lockstep->zeros.last[at].zero;

        since = lockstep->zeros.last[at].since;
        if (clock >= from && clock <= to && clock >= bell_lockstep_early(since) &&
            clock <= until + BELL_LOCKSTEP_SETTLE && clock < found)
            found = clock;
        until = since;
    }
    return count > kept && from < since ? from : found;
}
