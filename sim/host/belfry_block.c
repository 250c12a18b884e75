/* SPDX-License-Identifier: MIT */
/* Why a hardware queue does not run, in words: STATE.BLOCK of bell_regs.h. */
#include <belfry/observe.h>

#include "bell_regs.h"

const char *belfry_block_reason(uint32_t hw_queue)
{
    static const char *const words[] = {
        [BELL_BLOCK_NONE] = "it runs",
        [BELL_BLOCK_CLOSED] = "it is closed",
        [BELL_BLOCK_FAULTED] = "a fault stopped it until it is closed",
        [BELL_BLOCK_UNLISTED] = "it is not on the run list: suspended, or not in the context list",
        [BELL_BLOCK_NO_WORK] = "it has no work: nothing was rung since its last entry",
        [BELL_BLOCK_FENCE] = "its next packet waits for a native fence",
        [BELL_BLOCK_DISABLED] = "the scheduler is disabled",
        [BELL_BLOCK_GATED] = "its engine is gated: F1, or between reset and resume",
        [BELL_BLOCK_LEVEL] = "a queue of a higher level goes first",
        [BELL_BLOCK_PEER] = "a queue of its own process has a higher priority",
        [BELL_BLOCK_TURN] = "it waits for its turn among queues of its level",
    };
    uint64_t state;

    if (hw_queue >= BELL_QUEUE_MAX)
        return "there is no such hardware queue";
    state = belfry_register(BELL_QUEUE_STATE_OFFSET(hw_queue));
    if (state == UINT64_MAX)
        return "the device does not say";
    state = BELL_FIELD_GET(state, BELL_QUEUE_STATE_BLOCK);
    return state < sizeof(words) / sizeof(words[0]) ? words[state] : "for a reason without name";
}
