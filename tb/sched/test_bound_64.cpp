// SPDX-License-Identifier: MIT
//
// Unit test of rtl/sched: how long a ready queue can wait, with 64 queues.
// top: bell_sched -GNumQueues=64 -GNumNodes=2

#define TB_QUEUES 64
#include "bound.h"
