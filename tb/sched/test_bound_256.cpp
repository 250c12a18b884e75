// SPDX-License-Identifier: MIT
//
// Unit test of rtl/sched: how long a ready queue can wait, with 256 queues.
// top: bell_sched -GNumQueues=256 -GNumNodes=2

#define TB_QUEUES 256
#include "bound.h"
