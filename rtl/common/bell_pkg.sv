// SPDX-License-Identifier: MIT
//
// Types that pass between stages. Layouts of registers and memory come from rtl/regs/gen.
//
// Index types have the width of the largest configuration; a smaller one uses the low part.

package bell_pkg;

  parameter int unsigned MaxSlots  = 1024;
  parameter int unsigned MaxQueues = 1024;
  parameter int unsigned MaxNodes  = 4;

  typedef logic [9:0]  slot_id_t;
  typedef logic [9:0]  queue_id_t;
  typedef logic [1:0]  node_id_t;
  typedef logic [19:0] pasid_t;
  typedef logic [47:0] addr_t;   // Device address, bytes.
  typedef logic [63:0] count_t;  // Ring entries, free-running.
  typedef logic [7:0]  cause_t;  // bell_cause_e.

  // A count plus one, without a carry through all of it.
  function automatic count_t next_count(input count_t count);
    next_count[15:0]  = count[15:0] + 16'd1;
    next_count[31:16] = (&count[15:0]) ? count[31:16] + 16'd1 : count[31:16];
    next_count[47:32] = (&count[31:0]) ? count[47:32] + 16'd1 : count[47:32];
    next_count[63:48] = (&count[47:0]) ? count[63:48] + 16'd1 : count[63:48];
  endfunction

  // mmio -> doorbell: one accepted store to BAR2, whatever it is worth.
  typedef struct packed {
    logic [23:0] addr;  // BAR2 byte address.
    logic [7:0]  strb;
    logic [63:0] data;
  } ring_t;

  // doorbell -> sched: a ring credited to a queue.
  typedef struct packed {
    queue_id_t queue;
  } credit_t;

  // What became of an accepted ring, when it is credited.
  typedef logic [2:0] bucket_t;
  parameter bucket_t BucketNew       = 3'd0;  // A sample is owed now.
  parameter bucket_t BucketCoalesced = 3'd1;
  parameter bucket_t BucketUnowned   = 3'd2;
  parameter bucket_t BucketRejected  = 3'd3;

  // doorbell and mmio -> report: what was refused in this clock.
  typedef struct packed {
    logic [1:0]  count;
    logic [23:0] addr;   // Of the first, in its BAR.
    logic [7:0]  code;   // Of the first: bell_reject_e; of a register access 1 = write.
  } refusal_t;

  // Rings since reset: accepted is the sum of the others in every clock, until it saturates.
  typedef struct packed {
    count_t accepted;
    count_t sampled;
    count_t coalesced;
    count_t unowned;
    count_t rejected;
    count_t owed;
  } ledger_t;

  // Counters of the ledger that lost counts.
  typedef struct packed {
    logic rejected;
    logic unowned;
    logic coalesced;
    logic sampled;
    logic accepted;
  } saturated_t;

  // Where in a command buffer to go on.
  typedef struct packed {
    logic [31:0] offset;  // Bytes: the next packet.
    logic [63:0] done;    // Of that packet: clocks of WORK, bytes of FILL and COPY, time of WAIT.
  } resume_t;

  // Native fences whose current values are at the same place of a page, in any address space.
  typedef logic [5:0] fence_key_t;  // Address bits 11:6.

  // Place of a queue among those of its node.
  typedef logic [5:0] level_t;  // 0 idle, 1 normal, 2 focus, 3 .. 34 real time; higher goes first.
  typedef logic [10:0] ctx_t;  // Context of a queue, 1 .. number of queues; 0: its own.
  typedef struct packed {
    level_t     level;
    logic [3:0] prio;      // Within its group.
    logic [5:0] group;     // 0: of none.
    ctx_t       ctx;
  } place_t;

  parameter int unsigned NumLevels     = 35;
  parameter level_t      LevelNormal   = 6'd1;
  parameter level_t      LevelFocus    = 6'd2;
  parameter level_t      LevelRealtime = 6'd3;
  parameter level_t      LevelTop      = 6'd34;

  // The level that counts: that of SCHED, but for ADD_RT and numbers there is no level for.
  function automatic level_t level_of(input level_t written, input logic urgent);
    level_of = written;
    if ((written > LevelTop) || (urgent && (written < LevelRealtime))) begin
      level_of = LevelTop;
    end
  endfunction

  // How long a queue may keep its node, clocks.
  typedef struct packed {
    logic [31:0] quantum;  // 0: one turn.
    logic [31:0] higher;   // Grace when a queue of a higher level is ready,
    logic [31:0] same;     // when one of its level is and the quantum is over.
  } allowance_t;

  // What sched knows of a queue beside its context. Means something while the queue is open.
  typedef struct packed {
    logic     ready;    // As the picker was told.
    logic     listed;
    logic     notify;   // Post STOPPED when it stops running.
    logic     urgent;   // ADD_RT.
    logic     running;
    logic     work;
    logic     blocked;  // Waits for a native fence.
    logic     wants;    // Has work or is owed a sample, and does not run: as activity was told.
    logic     faulted;
    cause_t   cause;
    node_id_t node;
  } queue_state_t;

  // Of a scheduling log.
  typedef struct packed {
    node_id_t    node;
    logic [63:0] gpu_time;
    logic [63:0] handle;
    logic [1:0]  state;  // Idle, running, ready.
  } log_entry_t;

  // Why sched looks at a queue; one of the first six. See bell_sched_select.
  typedef struct packed {
    logic      valid;
    logic      req;
    logic      ends;
    logic      give;
    logic      place;
    logic      wake;
    logic      ring;
    logic      kept;     // With give: the queue stays on its node.
    logic      signals;  // With place: in the log of signals.
    node_id_t  node;     // With ends, give, place.
    queue_id_t queue;
  } sched_op_t;

  // sched -> fetch of one node: work on this queue for one turn.
  typedef struct packed {
    queue_id_t   queue;
    addr_t       base;
    addr_t       control;
    logic [4:0]  log2_entries;
    logic        kernel_ring;
    pasid_t      pasid;
    count_t      rptr;
    resume_t     resume;  // In the buffer of entry rptr.
  } turn_t;

  // fetch of one node -> sched: the turn is over.
  typedef struct packed {
    queue_id_t queue;
    count_t    rptr;   // Entries consumed so far.
    logic      work;   // Sampled WPTR is ahead of rptr.
    logic      fault;  // Stop the queue; cause says why. The event is already posted.
    cause_t    cause;
    resume_t   resume;   // In the buffer of entry rptr.
    logic      blocked;  // The packet there is a WAIT for a native fence
    fence_key_t key;     // of this key.
  } turn_end_t;

  // fetch -> engine: run one command buffer.
  typedef struct packed {
    addr_t       addr;    // Of the first packet to run, and
    logic [31:0] bytes;   // bytes from there on.
    pasid_t      pasid;
    logic        resumed; // The turn's resume point is in this buffer; its offset is counted in.
  } buffer_t;

  // engine -> fetch: the buffer is finished, or stopped; all its writes are visible.
  typedef struct packed {
    logic        fault;
    cause_t      cause;
    logic [63:0] data;     // Second word of the event.
    logic        stopped;  // No fault, but not finished either: it goes on at the resume point.
    logic        blocked;  // Stopped by a WAIT
    fence_key_t  key;      // for a fence of this key.
  } buffer_end_t;

  // What a fence packet does.
  typedef logic [1:0] fence_kind_t;
  parameter fence_kind_t FencePlain  = 2'd0;  // Write.
  parameter fence_kind_t FenceSignal = 2'd1;  // Write, then compare with the monitored value.
  parameter fence_kind_t FenceWait   = 2'd2;  // Read and compare.

  // sched -> node: a fence log of the queue that runs, as it was before the entry that was asked for.
  typedef struct packed {
    logic        enable;  // 0: there is no log, and no entry was taken.
    addr_t       addr;    // Header, under PASID 0.
    logic [31:0] index;   // Entry to write.
    logic [31:0] wraps;
  } fence_log_t;

  parameter logic [31:0] FenceLogEntries = 32'd84;  // In 4 KiB, behind a header of 40 bytes.

  // Any stage -> irq.
  typedef struct packed {
    cause_t      cause;
    node_id_t    node;
    queue_id_t   queue;
    logic [63:0] data;
  } event_t;

  // DMA requests of the units inside a node; answers come back in order per unit.
  typedef struct packed {
    addr_t      addr;   // 8-byte aligned; the burst stays inside 4 KiB.
    logic [3:0] beats;  // Beats less one.
    pasid_t     pasid;
  } dma_req_t;

  typedef struct packed {
    logic [63:0] data;
    logic        last;
    logic [1:0]  resp;
  } dma_rdata_t;

  typedef struct packed {
    logic [63:0] data;
    logic        last;
  } dma_wdata_t;

  // AXI responses.
  parameter logic [1:0] RespOkay   = 2'b00;
  parameter logic [1:0] RespSlvErr = 2'b10;  // Bus error.
  parameter logic [1:0] RespDecErr = 2'b11;  // Refused by the IOMMU.

  // Lowest bit set of a word that is not zero, by halving.
  function automatic logic [4:0] first_set(input logic [31:0] bits);
    logic [15:0] b16;
    logic [7:0]  b8;
    logic [3:0]  b4;
    first_set[4] = bits[15:0] == '0;
    b16          = first_set[4] ? bits[31:16] : bits[15:0];
    first_set[3] = b16[7:0] == '0;
    b8           = first_set[3] ? b16[15:8] : b16[7:0];
    first_set[2] = b8[3:0] == '0;
    b4           = first_set[2] ? b8[7:4] : b8[3:0];
    first_set[1] = b4[1:0] == '0;
    first_set[0] = first_set[1] ? !b4[2] : !b4[0];
  endfunction

endpackage : bell_pkg
