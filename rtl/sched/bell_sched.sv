// SPDX-License-Identifier: MIT
//
// Scheduler: keeps the state of every hardware queue and gives ready ones to nodes, a turn at a
// time.
//
//   from doorbell  credits: a queue is owed a WPTR sample; one per clock, never held up
//   from regs      contexts and commands
//   to node        turn; back: its end
//
// A queue is ready while open, listed, not faulted, not running, and owed a sample or known to have
// work. A ready queue of the real-time list goes before all others of its node, but a turn that was
// given is not taken back for it. Giving a turn clears the owed sample: the node reads WPTR after that, so a ring that comes
// later, or in the same clock, is owed anew. A queue that leaves the run list after it was picked
// and before the turn is given keeps what it is owed.
//
// Two things change queue state in a clock: a credit, and one of {end, command, turn given}. Where
// both meet the same queue, set wins over clear, except that CLOSE turns the ring away.
//
// Timing  credited in clock n: picked in n+1, turn_valid_o in n+2 when a node is free. One pick per
//         clock. A register access is answered at the latest 2 clocks after req_i.
// Reset   rst_ni asserts asynchronously; every queue is closed. Contexts are not cleared.

module bell_sched #(
  parameter int unsigned NumQueues = 64,  // 1 .. 1024.
  parameter int unsigned NumNodes  = 3    // 1 .. 4.
) (
  input  logic clk_i,
  input  logic rst_ni,

  input  logic                enable_i,  // Turns may be given,
  input  logic [NumNodes-1:0] gated_i,   // but not to these nodes.

  // From doorbell; queue below NumQueues. What the credit was worth: same clock.
  input  logic              credit_valid_i,
  input  bell_pkg::credit_t credit_i,
  output logic              credit_coalesced_o,
  output logic              credit_closed_o,

  // To doorbell, pulses: what became of a sample owed to a ring.
  output logic sampled_o,
  output logic forgone_o,

  // From regs: one queue's register file; req_i is a pulse, answered by one ack.
  input  logic        req_i,
  input  logic        req_write_i,
  input  logic [16:0] req_addr_i,
  input  logic [63:0] req_data_i,
  output logic        ack_read_o,
  output logic [63:0] ack_data_o,
  output logic        ack_write_o,

  // To nodes. A valid turn may be withdrawn before it is taken.
  output logic [NumNodes-1:0] turn_valid_o,
  input  logic [NumNodes-1:0] turn_ready_i,
  output bell_pkg::turn_t     turn_o,  // Shared.
  output logic [NumNodes-1:0] yield_o, // Level: the queue left the run list.
  output logic [NumNodes-1:0] others_o, // Level: another queue of the node is ready.

  // From nodes.
  input  logic                [NumNodes-1:0] end_valid_i,
  output logic                [NumNodes-1:0] end_ready_o,
  input  bell_pkg::turn_end_t [NumNodes-1:0] end_i,

  // To irq: the turn that CMD.SUSPEND met has ended. Held until taken; ends wait meanwhile.
  output logic             event_valid_o,
  input  logic             event_ready_i,
  output bell_pkg::event_t event_o,

  output logic [NumNodes-1:0] node_busy_o,  // A turn was given and has not ended.
  output logic                busy_o        // Something changes without further input.
);

  localparam int unsigned QueueBits = (NumQueues > 1) ? $clog2(NumQueues) : 1;
  localparam int unsigned NodeBits  = (NumNodes > 1) ? $clog2(NumNodes) : 1;
  localparam int unsigned NumWords  = (NumQueues + 31) / 32;
  localparam int unsigned WordBits  = (NumWords > 1) ? $clog2(NumWords) : 1;
  localparam int unsigned AddrLsb   = $clog2(bell_formats_pkg::QueueStride);

  localparam logic [3:0] WordRptr  = 4'(bell_formats_pkg::QueueRptrOffset / 8);
  localparam logic [3:0] WordCmd   = 4'(bell_formats_pkg::QueueCmdOffset / 8);
  localparam logic [3:0] WordState = 4'(bell_formats_pkg::QueueStateOffset / 8);

  typedef logic [QueueBits-1:0] index_t;
  typedef logic [WordBits-1:0]  word_t;

  typedef struct packed {
    logic               listed;
    logic               notify;   // Post STOPPED when it stops running.
    logic               urgent;   // On the real-time list. Means nothing unless listed.
    logic               running;
    logic               work;
    logic               faulted;
    bell_pkg::cause_t   cause;
    bell_pkg::node_id_t node;
  } state_t;

  // Only open_q is reset; the rest means something while the queue is open, and OPEN sets it.
  logic [31:0] open_q    [NumWords];
  state_t      state_q   [NumQueues];
  logic        pending_q [NumQueues];
  logic        ring_q    [NumQueues];  // The owed sample is owed to a ring.

  // -------------------------------------------------- who changes a queue now

  // Ends go first. Software waits for one clock at most, so it cannot be starved.
  logic                req_q, req_write_q, req_late_q;
  logic [9:0]          req_queue_q;
  logic [3:0]          req_word_q;
  logic [63:0]         req_data_q;
  logic                turn_valid_q;
  bell_pkg::node_id_t  turn_node_q;
  bell_pkg::turn_t     turn_q;
  logic                end_any, do_end, do_req, may_give, do_give;
  logic [NodeBits-1:0] end_node;
  bell_pkg::turn_end_t turn_end;
  logic                event_valid_q;
  bell_pkg::event_t    event_q;
  logic                put_valid;
  bell_pkg::queue_id_t put_queue;

  assign end_any  = |end_valid_i && !event_valid_q;
  assign do_req   = req_q && (req_late_q || !(end_any || turn_valid_q));
  assign do_end   = end_any && !do_req;
  assign may_give = turn_valid_q && enable_i && !gated_i[turn_node_q[NodeBits-1:0]] && !end_any
                    && !do_req;

  always_comb begin
    end_node = '0;
    for (int n = int'(NumNodes) - 1; n >= 0; n--) begin
      if (end_valid_i[n]) begin
        end_node = NodeBits'(n);
      end
    end
  end

  always_comb begin
    end_ready_o  = '0;
    turn_valid_o = '0;
    if (do_end) begin
      end_ready_o[end_node] = 1'b1;
    end
    if (may_give) begin
      turn_valid_o[turn_node_q[NodeBits-1:0]] = 1'b1;
    end
  end

  always_comb begin
    turn_end = '0;
    for (int n = 0; n < int'(NumNodes); n++) begin
      if (do_end && (end_node == NodeBits'(n))) begin
        turn_end = end_i[n];
      end
    end
  end

  logic unused_resume;

  assign unused_resume = ^{turn_end.resume, turn_end.blocked, turn_end.key};

  assign do_give  = |(turn_valid_o & turn_ready_i);
  assign turn_o   = turn_q;

  // ------------------------------------------------------- that queue, changed

  bell_pkg::queue_id_t queue;
  logic                open, pending, ring;
  state_t              state;
  logic                open_d, pending_d, ring_d, ready_d;
  state_t              state_d;
  logic                command, closing, sane;
  bell_pkg::node_id_t  context_node;

  always_comb begin
    queue   = '0;
    open    = 1'b0;
    state   = '0;
    pending = 1'b0;
    ring    = 1'b0;
    if (do_end || do_req || may_give) begin
      queue   = do_end ? turn_end.queue : (do_req ? req_queue_q : turn_q.queue);
      open    = open_q[word_t'(queue >> 5)][queue[4:0]];
      state   = state_q[index_t'(queue)];
      pending = pending_q[index_t'(queue)];
      ring    = ring_q[index_t'(queue)];
    end
  end

  assign command = do_req && req_write_q && (req_word_q == WordCmd);

  always_comb begin
    open_d    = open;
    pending_d = pending;
    ring_d    = ring;
    state_d   = state;
    if (do_end) begin
      state_d.running = 1'b0;
      state_d.notify  = 1'b0;
      state_d.work    = turn_end.work;
      state_d.faulted = turn_end.fault;
      state_d.cause   = turn_end.fault ? turn_end.cause : bell_formats_pkg::CauseNone;
    end else if (command) begin
      case ({4'd0, req_data_q[bell_formats_pkg::QueueCmdOpMsb:bell_formats_pkg::QueueCmdOpLsb]})
        bell_formats_pkg::QueueCmdOpen: begin
          if (!open && sane) begin
            open_d       = 1'b1;
            pending_d    = 1'b0;
            ring_d       = 1'b0;
            state_d      = '0;
            state_d.node = context_node;
          end
        end
        bell_formats_pkg::QueueCmdClose:  open_d = open && state.running;
        bell_formats_pkg::QueueCmdAdd: begin
          state_d.listed = 1'b1;
          state_d.urgent = 1'b0;
          state_d.notify = 1'b0;
        end
        bell_formats_pkg::QueueCmdAddRt: begin
          state_d.listed = 1'b1;
          state_d.urgent = 1'b1;
          state_d.notify = 1'b0;
        end
        bell_formats_pkg::QueueCmdRemove: state_d.listed = 1'b0;
        bell_formats_pkg::QueueCmdSuspend: begin
          state_d.listed = 1'b0;
          state_d.notify = state.running;
        end
        bell_formats_pkg::QueueCmdKick: begin
          pending_d = 1'b1;
          ring_d    = pending && ring;
        end
        default: ;
      endcase
    end else if (do_give) begin
      state_d.running = 1'b1;
      pending_d       = 1'b0;
      ring_d          = 1'b0;
    end
  end

  assign closing   = command && open && !open_d;
  assign sampled_o = do_give && pending && ring;
  assign forgone_o = closing && pending && ring;

  assign ready_d   = open_d && state_d.listed && !state_d.running && !state_d.faulted
                     && (pending_d || state_d.work);
  assign put_valid = do_end || do_give || (command && (open || open_d));
  assign put_queue = queue;

  // ------------------------------------------------------------------ credit

  bell_pkg::queue_id_t credit_queue;
  logic                credit_open, credit_same, credit_new, credit_ready;
  state_t              credit_state;

  assign credit_queue = credit_i.queue;

  always_comb begin
    credit_open        = 1'b0;
    credit_same        = 1'b0;
    credit_state       = '0;
    credit_closed_o    = 1'b0;
    credit_coalesced_o = 1'b0;
    if (credit_valid_i) begin
      credit_open  = open_q[word_t'(credit_queue >> 5)][credit_queue[4:0]];
      credit_same  = put_valid && (put_queue == credit_queue);
      credit_state = credit_same ? state_d : state_q[index_t'(credit_queue)];

      credit_closed_o    = !credit_open || (credit_same && !open_d);
      credit_coalesced_o = !credit_closed_o && pending_q[index_t'(credit_queue)]
                           && !(credit_same && do_give);
    end
  end

  assign credit_new   = credit_valid_i && !credit_closed_o && !credit_coalesced_o;
  assign credit_ready = credit_new && credit_state.listed && !credit_state.running
                        && !credit_state.faulted;

  always_ff @(posedge clk_i) begin
    if (put_valid) begin
      state_q[index_t'(queue)]   <= state_d;
      pending_q[index_t'(queue)] <= pending_d;
      ring_q[index_t'(queue)]    <= ring_d;
    end
    if (credit_new) begin
      pending_q[index_t'(credit_queue)] <= 1'b1;
      ring_q[index_t'(credit_queue)]    <= 1'b1;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      for (int unsigned w = 0; w < NumWords; w++) begin
        open_q[w] <= '0;
      end
    end else if (command) begin
      open_q[word_t'(queue >> 5)][queue[4:0]] <= open_d;
    end
  end

  // -------------------------------------------------------------- pick a turn

  logic [NumNodes-1:0] want, node_busy_q;
  logic                pick_valid, pick_take, pick_stale;
  bell_pkg::node_id_t  pick_node;
  bell_pkg::queue_id_t pick_queue;
  bell_pkg::turn_t     pick_turn;

  always_comb begin
    want = enable_i ? ~(node_busy_q | gated_i) : '0;
    if (turn_valid_q) begin
      want[turn_node_q[NodeBits-1:0]] = 1'b0;
    end
  end

  logic                rt_valid, all_valid;
  logic [NumNodes-1:0] rt_some, all_some;
  bell_pkg::node_id_t  rt_node, all_node;
  bell_pkg::queue_id_t rt_queue, all_queue;

  bell_sched_picker #(.NumQueues(NumQueues), .NumNodes(NumNodes)) u_picker_rt (
    .clk_i, .rst_ni,
    .set_valid_i(credit_ready && credit_state.urgent), .set_node_i(credit_state.node),
    .set_queue_i(credit_queue),
    .put_valid_i(put_valid), .put_node_i(state_d.node), .put_queue_i(put_queue),
    .put_ready_i(ready_d && state_d.urgent),
    .want_i(want), .pick_valid_o(rt_valid), .pick_node_o(rt_node), .pick_queue_o(rt_queue),
    .pick_take_i(pick_take && rt_valid), .some_o(rt_some)
  );

  bell_sched_picker #(.NumQueues(NumQueues), .NumNodes(NumNodes)) u_picker (
    .clk_i, .rst_ni,
    .set_valid_i(credit_ready && !credit_state.urgent), .set_node_i(credit_state.node),
    .set_queue_i(credit_queue),
    .put_valid_i(put_valid), .put_node_i(state_d.node), .put_queue_i(put_queue),
    .put_ready_i(ready_d && !state_d.urgent),
    .want_i(want), .pick_valid_o(all_valid), .pick_node_o(all_node), .pick_queue_o(all_queue),
    .pick_take_i(pick_take && !rt_valid), .some_o(all_some)
  );

  assign pick_valid = rt_valid || all_valid;
  assign pick_node  = rt_valid ? rt_node : all_node;
  assign pick_queue = rt_valid ? rt_queue : all_queue;

  assign pick_stale = put_valid && !ready_d && (put_queue == pick_queue);
  assign pick_take  = pick_valid && !pick_stale && (!turn_valid_q || do_give);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      turn_valid_q <= 1'b0;
      turn_node_q  <= '0;
      turn_q       <= '0;
    end else if (pick_take) begin
      turn_valid_q <= 1'b1;
      turn_node_q  <= pick_node;
      turn_q       <= pick_turn;
    end else if (!enable_i || gated_i[turn_node_q[NodeBits-1:0]] || do_give
                 || (put_valid && !ready_d && (put_queue == turn_q.queue))) begin
      turn_valid_q <= 1'b0;
    end
  end

  // ------------------------------------------------------------ state of nodes

  logic [NumNodes-1:0] yield_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      node_busy_q <= '0;
      yield_q     <= '0;
    end else if (do_give) begin
      node_busy_q[turn_node_q[NodeBits-1:0]] <= 1'b1;
    end else if (do_end) begin
      node_busy_q[end_node] <= 1'b0;
      yield_q[end_node]     <= 1'b0;
    end else if (command && open && state.running) begin
      yield_q[state.node[NodeBits-1:0]] <= !state_d.listed;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      event_valid_q <= 1'b0;
      event_q       <= '0;
    end else if (do_end && state.notify) begin
      event_valid_q <= 1'b1;
      event_q       <= {bell_formats_pkg::CauseStopped, 2'(end_node), queue, turn_end.rptr};
    end else if (event_ready_i) begin
      event_valid_q <= 1'b0;
    end
  end

  assign event_valid_o = event_valid_q;
  assign event_o       = event_q;
  assign yield_o     = yield_q;
  assign others_o    = rt_some | all_some;
  assign node_busy_o = node_busy_q;

  // ------------------------------------------------------------ register port

  logic [63:0] context_data, state_data;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      req_q      <= 1'b0;
      req_late_q <= 1'b0;
    end else begin
      req_q      <= req_i || (req_q && !do_req);
      req_late_q <= req_q && !do_req;
    end
  end

  always_ff @(posedge clk_i) begin
    if (req_i) begin
      req_write_q <= req_write_i;
      req_queue_q <= req_addr_i[AddrLsb +: 10];
      req_word_q  <= req_addr_i[AddrLsb-1:3];
      req_data_q  <= req_data_i;
    end
  end

  always_comb begin
    state_data = '0;
    if (open && do_req) begin
      state_data[bell_formats_pkg::QueueStateOpenLsb]    = 1'b1;
      state_data[bell_formats_pkg::QueueStateListedLsb]  = state.listed;
      state_data[bell_formats_pkg::QueueStatePendingLsb] = pending;
      state_data[bell_formats_pkg::QueueStateRunningLsb] = state.running;
      state_data[bell_formats_pkg::QueueStateWorkLsb]    = state.work;
      state_data[bell_formats_pkg::QueueStateFaultedLsb] = state.faulted;
      state_data[bell_formats_pkg::QueueStateRealtimeLsb] = state.listed && state.urgent;
      state_data[bell_formats_pkg::QueueStateCauseMsb:bell_formats_pkg::QueueStateCauseLsb]
          = state.cause;
    end
  end

  assign ack_read_o  = do_req && !req_write_q;
  assign ack_write_o = do_req && req_write_q;
  assign ack_data_o  = (req_word_q == WordState) ? state_data : context_data;

  logic write_context;

  assign write_context = do_req && req_write_q && !command && !open;

  bell_sched_context #(.NumQueues(NumQueues), .NumNodes(NumNodes)) u_context (
    .clk_i,
    .write_i(do_end || write_context), .write_queue_i(queue),
    .write_word_i(do_end ? WordRptr : req_word_q),
    .write_data_i(do_end ? turn_end.rptr : req_data_q),
    .port_valid_i(do_req), .port_queue_i(req_queue_q), .port_word_i(req_word_q),
    .port_data_o(context_data), .port_sane_o(sane), .port_node_o(context_node),
    .pick_valid_i(pick_take), .pick_queue_i(pick_queue), .pick_turn_o(pick_turn)
  );

  assign busy_o = req_q || turn_valid_q || pick_valid || (|end_valid_i)
                  || event_valid_q || credit_valid_i;

endmodule : bell_sched
