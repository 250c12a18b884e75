// SPDX-License-Identifier: MIT
//
// Unit test of rtl/sched: how long a ready queue can wait, with 1024 queues.
// top: bell_sched -GNumQueues=1024 -GNumNodes=2

#define TB_QUEUES 1024
#include "bound.h"
