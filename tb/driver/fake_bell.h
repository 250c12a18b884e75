/* SPDX-License-Identifier: MIT */
/*
 * A fake register bus, pool, locks and Dxgk callbacks for tests of the KMD: one thread, no
 * simulator.
 *
 * Registers behave as rtl/regs/bell.rdl says, as far as the driver looks. Every access and callback
 * is written to fake.ops in order, with its IRQL. Rules that the OS would enforce fail the test at
 * once: IRQL of a service, a lock taken twice or left held, a free of unknown memory.
 */
#ifndef FAKE_BELL_H
#define FAKE_BELL_H

#include <stdbool.h>

#include "bell_formats.h"
#include "bell_private.h"
#include "bell_regs.h"
#include "d3dkmddi.h"

#define FAKE_OPS 65536
#define FAKE_NOTIFIES 512
#define FAKE_HANDLES 32
#define FAKE_MAX_SLOTS 64
#define FAKE_MAX_QUEUES 256

enum fake_op_kind { FAKE_READ, FAKE_WRITE, FAKE_CALLBACK };

struct fake_op {
    enum fake_op_kind kind;
    UINT32 offset; /* BAR0; 0 for a callback. */
    UINT64 value;
};

struct fake_schedule {
    UINT64 sched, quantum, grace, resume[2], handle, logs[4];
};

struct fake_bell {
    /* Set by the test, before fake_start unless stated. */
    UINT32 slots, queues, nodes;
    UINT64 id;
    UINT32 layouts;            /* CAPS.LAYOUTS. */
    bool secondary;            /* CAPS.SECONDARY. */
    UINT32 layout_setting;     /* Registry value DoorbellLayout. */
    UINT32 report_setting;     /* Registry value ReportRefusals. */
    bool refuse_layout;        /* The device stays in layout page. */
    ULONG bar2_bytes;          /* As the OS says; 0: pages of the slots only. */
    bool feature_off;          /* OS feature 4. */
    int fail_alloc;            /* This pool allocation from now (0 = the next) fails; -1 none. */
    int fail_map;              /* The same for DxgkCbMapMemory. */
    bool fail_contiguous;
    bool refuse_open;          /* The device ignores CMD.OPEN. */
    bool gone;                 /* Every read returns all ones. */
    int in_flight_reads;       /* Reads of DRAIN that see a ring in flight; -1 = for ever. */
    int running_reads;         /* Reads of STATE that see RUNNING; -1 until NODE_ABORT, -2 ever. */
    UINT64 rptr[FAKE_MAX_QUEUES]; /* What the hardware's RPTR reads. */
    UINT64 busy[FAKE_MAX_QUEUES]; /* More bits of STATE. */
    UINT64 progress;           /* Progress fence of every queue. */
    NTSTATUS disconnect_status; /* What DxgkCbDisconnectDoorbell returns. */
    void (*on_disconnect)(const DXGKARGCB_DISCONNECTDOORBELL *args);
    void (*on_yield)(void);
    void (*on_unlock)(void);   /* After a mutex was released; plays another thread. */
    void (*on_barrier)(void);  /* In KeMemoryBarrier; plays the engine or another processor. */

    /* Seen by the test. */
    struct fake_op ops[FAKE_OPS];
    unsigned op_count;
    DXGKARGCB_NOTIFY_INTERRUPT_DATA notifies[FAKE_NOTIFIES];
    unsigned notify_count;
    HANDLE notify_fence; /* First native fence that the last report of one names; NULL: none. */
    unsigned notify_dpcs, dpcs_queued;
    bool dpc_queued;
    DXGKARGCB_DISCONNECTDOORBELL disconnects[FAKE_NOTIFIES];
    unsigned disconnect_count;
    int live_pool, live_contiguous, live_maps, live_locks;
    unsigned yields;
    unsigned wakes; /* Writes of FENCE_WAKE. */
    KIRQL irql;

    /* Device. */
    UINT64 owner[FAKE_MAX_SLOTS];
    UINT64 listen[FAKE_MAX_QUEUES];
    UINT64 context[FAKE_MAX_QUEUES][4]; /* BASE, CONTROL, CONFIG, RPTR. */
    bool open[FAKE_MAX_QUEUES], listed[FAKE_MAX_QUEUES];
    bool now[FAKE_MAX_QUEUES]; /* The last command had CMD.NOW. */
    struct fake_schedule schedule[FAKE_MAX_QUEUES];
    unsigned kicks[FAKE_MAX_QUEUES];
    UINT64 events[1024][2];
    unsigned event_head, event_tail;
    bool irq_enabled, enabled;
    UINT64 report_arm;
    UINT64 ctrl;
    UINT64 limits[8]; /* Idle, then hung. */
    UINT64 bands;
    UINT64 time;         /* GPU time stands still. */
    UINT64 logs[3][4];   /* LOG_BASE, LOG_CONFIG, LOG_INDEX of each node. */
    int node_busy_reads; /* Reads of STATUS that see every node busy; -1 = for ever. */
    int log_busy_reads;  /* Reads of STATUS that see a log write under way; -1 = for ever. */
    DXGKARGCB_INVALIDATEHWCONTEXT invalidated;
    unsigned invalidate_count;
    UINT32 layout;

    VOID *handles[FAKE_HANDLES]; /* OS handle -> KMD object. */
};

extern struct fake_bell fake;
extern DRIVER_INITIALIZATION_DATA fake_ddi; /* What DriverEntry handed in. */
extern HANDLE fake_adapter;

/* Defaults: 2 slots, 64 queues, 3 nodes, nothing fails. */
void fake_reset(void);
/* DriverEntry, AddDevice, StartDevice; the log is empty afterwards. Status of StartDevice. */
NTSTATUS fake_start(void);
/* StopDevice, RemoveDevice; then fails the test if anything is left: memory, mappings, locks. */
void fake_stop(void);

void fake_clear_ops(void);
/* Index of the first write of `value` under `mask` to `offset` from op `from` on; -1 if none. */
int fake_find_write(unsigned from, UINT32 offset, UINT64 mask, UINT64 value);
int fake_find_callback(unsigned from);
/* The queue is listed at a real-time level. */
bool fake_is_realtime(UINT32 hw_id);
unsigned fake_count(enum fake_op_kind kind);

/* An event appears in the hardware. STOPPED: STATE does not read RUNNING any more; a fault: it reads
   FAULTED until CLOSE. */
void fake_post_event(unsigned cause, unsigned node, unsigned queue, UINT64 data);
/* Interrupt routine at DIRQL while the line is high, once. Its return value. */
BOOLEAN fake_interrupt(void);
/* The DPC, if one is queued. */
void fake_run_dpc(void);

/* ---- Objects, made through the DDIs; a failure fails the test. ---------------------------- */

struct fake_process {
    HANDLE process, device;
};

struct fake_queue {
    HANDLE context, queue;
    HANDLE os_queue, os_context;
    UINT32 hw_id;
    HANDLE ring, control;
    HANDLE doorbell, os_doorbell;
};

struct fake_process fake_process_make(ULONG pasid);
void fake_process_free(struct fake_process *process);
HANDLE fake_allocation_make(UINT64 bytes);
void fake_allocation_free(HANDLE allocation);
void fake_map(HANDLE allocation, HANDLE process, UINT64 address, UINT64 bytes, bool valid);
/* Context and queue on a node; with user_mode a ring (256 entries), control and a doorbell. */
struct fake_queue fake_queue_make(struct fake_process *process, UINT node, bool user_mode);
/* Another ring, control and doorbell of a user-mode queue whose first ones are gone. */
void fake_doorbell_make(struct fake_process *process, struct fake_queue *queue);
void fake_queue_free(struct fake_queue *queue);
NTSTATUS fake_connect(struct fake_queue *queue, VOID **address);
NTSTATUS fake_disconnect(struct fake_queue *queue);

/* cmocka set-up and tear-down around a started device with one process. fake_begin() is
   fake_setup() after a fake_reset() and changes of one's own. */
extern struct fake_process fake_first;
int fake_setup(void **state);
int fake_begin(void);
int fake_teardown(void **state);

/* The slot routes to the hardware queue. */
bool fake_slot_belongs_to(UINT32 slot, UINT32 hw_id);
/* Index of the write, from op `from` on, that routes the slot there / that kicks the queue. */
int fake_find_route(unsigned from, UINT32 slot, UINT32 hw_id);
int fake_find_kick(unsigned from, UINT32 hw_id);

#endif /* FAKE_BELL_H */
