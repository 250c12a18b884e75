/* SPDX-License-Identifier: MIT */
/*
 * What the driver keeps about scheduling: types only, see bell_kmd_sched.h. Times are the OS's, in
 * units of 100 ns, unless they are called clocks.
 */
#ifndef BELL_KMD_SCHEDULE_H
#define BELL_KMD_SCHEDULE_H

#include <stdbool.h>

#include "d3dkmddi.h"

/* Group numbers that the hardware tells apart; 0 is none. */
#define BELL_KMD_GROUPS 64u

/* QUEUE.SCHED.LEVEL. */
enum bell_level {
    BELL_LEVEL_IDLE = 0,
    BELL_LEVEL_NORMAL = 1,
    BELL_LEVEL_FOCUS = 2,
    BELL_LEVEL_REALTIME = 3, /* Real-time level 0; the highest is 31 more. */
    BELL_LEVEL_COUNT = BELL_LEVEL_REALTIME + 32
};

/* Of the adapter: SetupPriorityBands. */
struct bell_bands {
    UINT64 grace[DXGK_SCHEDULING_PRIORITY_BAND_COUNT];
    UINT64 process_quantum[DXGK_SCHEDULING_PRIORITY_BAND_COUNT];
    UINT64 process_grace[DXGK_SCHEDULING_PRIORITY_BAND_COUNT];
    UINT32 normal_percent;
};

/* Of a context: SetContextSchedulingProperties, UpdateHwContextState. */
struct bell_schedule {
    DXGK_SCHEDULING_PRIORITY_BAND band;
    INT realtime_level;
    INT priority;        /* In its process, -7 .. +7. */
    UINT64 quantum;
    UINT64 grace_same;
    UINT64 grace_lower;
    UINT list_priority;  /* Of UpdateHwContextState; 0: the band says. */
};

/* Of a queue: what QUEUE.SCHED, QUANTUM and GRACE hold. */
struct bell_words {
    UINT64 sched, quantum, grace;
};

/* Who has a group number. */
struct bell_group {
    const VOID *process; /* NULL: free. */
    UINT32 node;
    UINT32 level;
    bool wanted; /* Found in use by the plan under way. */
};

/* SetSchedulingLogBuffer of a node, as the hardware has it. */
struct bell_log {
    UINT64 base; /* 0: no log. */
    UINT64 config;
    UINT64 index; /* At the next start. */
    const DXGK_SCHEDULING_LOG_HEADER *header; /* Kernel address. */
};

/* SwitchToHwContextList of a node. */
struct bell_context_list {
    bool in_force; /* Otherwise the bands are. */
    struct bell_context *first, *second; /* Or NULL. */
};

#endif /* BELL_KMD_SCHEDULE_H */
