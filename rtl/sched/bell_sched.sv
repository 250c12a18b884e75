// SPDX-License-Identifier: MIT
//
// Scheduler: keeps the state of every hardware queue and gives ready ones to nodes, a turn at a
// time.
//
//   from doorbell  credits: a queue is owed a WPTR sample; one per clock, never held up
//   from regs      contexts and commands
//   to node        turn, yield, preempt; back: its end, signals of native fences
//
// A queue is ready while open, listed, not faulted, not running, and owed a sample or known to have
// work that does not wait for a native fence. The picker chooses by level, then in turns; a queue
// that was picked is passed over while a ready one of its group has a higher priority. Giving a
// turn clears the owed sample: the node reads WPTR after that, so a ring that comes later, or in
// the same clock, is owed anew. A queue that leaves the run list after it was picked and before the
// turn is given keeps what it is owed.
//
// One queue changes per clock, so that every array has one writer:
//   again    it was taken out at its old place in the clock before, and comes back at its new one
//   request  software: a command, a word of the context
//   end      of a turn
//   give     a turn
//   place    in a fence log, for the queue that runs on a node
//   wake     its fence was signalled
//   late     a ring made it owed a sample while others changed
//   credit   a ring does so now
// A credit is counted in its clock whatever goes on. Where a credit and a give meet, the sample is
// owed anew; CLOSE turns the ring away.
//
// Timing  credited in clock n: picked in n+1, turn_valid_o in n+2 when a node is free and no other
//         queue changes. One pick per clock. A register access is answered at the latest 3 clocks
//         after req_i.
// Reset   rst_ni asserts asynchronously; every queue is closed.

module bell_sched #(
  parameter int unsigned NumQueues = 64,  // 1 .. 1024.
  parameter int unsigned NumNodes  = 3    // 1 .. 4.
) (
  input  logic clk_i,
  input  logic clk_timer_i,  // The same clock, never gated.
  input  logic rst_ni,

  input  logic [31:0] advance_i,  // Clocks that this edge stands for, 1 or more.

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

  // From regs: registers of the whole scheduler, likewise.
  input  logic        glob_req_i,
  input  logic        glob_write_i,
  input  logic [7:0]  glob_addr_i,
  input  logic [63:0] glob_data_i,
  output logic        glob_ack_read_o,
  output logic [63:0] glob_ack_data_o,
  output logic        glob_ack_write_o,

  // To nodes. A valid turn may be withdrawn before it is taken.
  output logic [NumNodes-1:0] turn_valid_o,
  input  logic [NumNodes-1:0] turn_ready_i,
  output bell_pkg::turn_t     turn_o,     // Shared.
  output logic [NumNodes-1:0] yield_o,    // Level: end the turn after the buffer that runs.
  output logic [NumNodes-1:0] preempt_o,  // Level: end the turn inside it.
  output logic [NumNodes-1:0] others_o,   // Level: another queue of the node is ready.

  // From nodes.
  input  logic                 [NumNodes-1:0] end_valid_i,
  output logic                 [NumNodes-1:0] end_ready_o,
  input  bell_pkg::turn_end_t  [NumNodes-1:0] end_i,
  input  logic                 [NumNodes-1:0] signal_valid_i,  // Pulse: a native fence was raised.
  input  bell_pkg::fence_key_t [NumNodes-1:0] signal_key_i,
  input  logic                 [NumNodes-1:0] place_valid_i,   // A place in a fence log is wanted,
  input  logic                 [NumNodes-1:0] place_signal_i,  // in that of signals.
  output logic                 [NumNodes-1:0] place_ready_o,
  output bell_pkg::fence_log_t                place_o,         // Shared.

  // To irq: the turn that CMD.SUSPEND met has ended. Held until taken; ends wait meanwhile.
  output logic             event_valid_o,
  input  logic             event_ready_i,
  output bell_pkg::event_t event_o,

  // To irq: a scheduling log; likewise.
  output logic             log_event_valid_o,
  input  logic             log_event_ready_i,
  output bell_pkg::event_t log_event_o,

  // To dma_mux: writes of the scheduling logs.
  output logic                 wr_req_valid_o,
  input  logic                 wr_req_ready_i,
  output bell_pkg::dma_req_t   wr_req_o,
  output logic                 wr_data_valid_o,
  input  logic                 wr_data_ready_i,
  output bell_pkg::dma_wdata_t wr_data_o,
  input  logic                 wr_resp_valid_i,
  input  logic [1:0]           wr_resp_i,
  output logic [NumNodes-1:0]  log_writing_o,  // A write of this node's log is not answered.

  output logic [NumNodes-1:0] node_busy_o,  // A turn was given and has not ended.
  output logic [63:0]         time_o,       // Clocks since reset.
  output logic                busy_o,       // Something changes without further input,
  output logic                wake_o,       // or because of time: clk_i must run.
  output logic                timer_valid_o,
  output logic [63:0]         timer_o       // Clocks to the end of the first timer, or less.
);

  localparam int unsigned QueueBits = (NumQueues > 1) ? $clog2(NumQueues) : 1;
  localparam int unsigned NodeBits  = (NumNodes > 1) ? $clog2(NumNodes) : 1;
  localparam int unsigned NumWords  = (NumQueues + 31) / 32;
  localparam int unsigned WordBits  = (NumWords > 1) ? $clog2(NumWords) : 1;

  localparam logic [3:0] WordCmd     = 4'(bell_formats_pkg::QueueCmdOffset / 8);
  localparam logic [3:0] WordState   = 4'(bell_formats_pkg::QueueStateOffset / 8);
  localparam logic [3:0] WordSched   = 4'(bell_formats_pkg::QueueSchedOffset / 8);
  localparam logic [3:0] WordRptr    = 4'(bell_formats_pkg::QueueRptrOffset / 8);
  localparam logic [3:0] WordResume0 = 4'(bell_formats_pkg::QueueResume0Offset / 8);
  localparam logic [3:0] WordResume1 = 4'(bell_formats_pkg::QueueResume1Offset / 8);

  typedef logic [QueueBits-1:0] index_t;
  typedef logic [WordBits-1:0]  word_t;
  typedef logic [NodeBits-1:0]  node_t;

  // Only open_q is reset; the rest means something while the queue is open, and OPEN sets it.
  logic [31:0]            open_q  [NumWords];
  bell_pkg::queue_state_t state_q [NumQueues];

  // -------------------------------------------------- who changes a queue now

  logic                ask, ask_write, ask_late;
  logic [9:0]          ask_queue;
  logic [3:0]          ask_word;
  logic [63:0]         ask_data;
  logic                again_q, again_ready_q;
  bell_pkg::queue_id_t again_queue_q;
  logic                turn_valid, turn_kept, turn_pass;
  bell_pkg::node_id_t  turn_to;
  bell_pkg::allowance_t turn_allowance;
  logic                late_valid, late_many;
  bell_pkg::queue_id_t late_queue, wake_queue, credit_queue;
  logic                wake_valid, credit_fresh;

  logic  end_any, may_give, do_again, do_req, do_end, do_give, do_place, do_wake, do_late, do_credit;
  logic  free, room;
  logic [NumNodes-1:0] active;
  node_t end_node, place_node, turn_node;
  bell_pkg::turn_end_t turn_end;
  bell_pkg::queue_id_t [NumNodes-1:0] run_queue;
  bell_pkg::level_t    [NumNodes-1:0] run_level;

  assign turn_node = turn_to[NodeBits-1:0];
  assign active    = enable_i ? ~gated_i : '0;

  // Ends go first. Software waits for one clock at most, so it cannot be starved; neither can what
  // comes after a give, since a node has to end its turn before the next.
  assign end_any   = |end_valid_i && !event_valid_o && room;
  assign do_again  = again_q;
  assign do_req    = ask && !do_again && room && (ask_late || !(end_any || turn_valid));
  assign do_end    = end_any && !do_again && !do_req;
  assign may_give  = turn_valid && active[turn_node] && !turn_pass && !do_again
                     && !do_req && !end_any && !late_many && room;
  assign do_give   = may_give && turn_ready_i[turn_node];
  assign free      = !(do_again || do_req || do_end || do_give);
  assign do_place  = free && (|place_valid_i);
  assign do_wake   = free && !do_place && room && wake_valid;
  assign do_late   = free && !do_place && room && !wake_valid && late_valid;
  assign do_credit = free && !do_place && room && !wake_valid && !late_valid && credit_fresh;

  always_comb begin
    end_node   = '0;
    place_node = '0;
    for (int n = int'(NumNodes) - 1; n >= 0; n--) begin
      if (end_valid_i[n]) begin
        end_node = node_t'(n);
      end
      if (place_valid_i[n]) begin
        place_node = node_t'(n);
      end
    end
  end

  always_comb begin
    end_ready_o   = '0;
    turn_valid_o  = '0;
    place_ready_o = '0;
    if (do_end) begin
      end_ready_o[end_node] = 1'b1;
    end
    if (may_give) begin
      turn_valid_o[turn_node] = 1'b1;
    end
    if (do_place) begin
      place_ready_o[place_node] = 1'b1;
    end
  end

  always_comb begin
    turn_end = '0;
    for (int n = 0; n < int'(NumNodes); n++) begin
      if (do_end && (end_node == node_t'(n))) begin
        turn_end = end_i[n];
      end
    end
  end

  // ------------------------------------------------------- that queue, changed

  bell_pkg::queue_id_t    queue;
  bell_pkg::queue_state_t state, state_d;
  bell_pkg::place_t       place;
  logic                   look, open, open_d, kick, kick_d, ring, no_ring, ready_d, blocked_d;
  logic                   command, closing, moves, sane, put_valid, put_ready, put_was, seen;
  bell_pkg::node_id_t     context_node;

  assign look = do_again || do_req || do_end || do_give || do_place || do_wake || do_late
                || do_credit;

  always_comb begin
    queue = '0;
    open  = 1'b0;
    state = '0;
    if (look) begin
      case (1'b1)
        do_again: queue = again_queue_q;
        do_req:   queue = ask_queue;
        do_end:   queue = turn_end.queue;
        do_give:  queue = turn_o.queue;
        do_place: queue = run_queue[place_node];
        do_wake:  queue = wake_queue;
        do_late:  queue = late_queue;
        default:  queue = credit_queue;
      endcase
      open  = open_q[word_t'(queue >> 5)][queue[4:0]];
      state = state_q[index_t'(queue)];
    end
  end

  assign command   = do_req && ask_write && (ask_word == WordCmd);
  assign blocked_d = turn_end.blocked && turn_end.work && !turn_end.fault && !seen;

  bell_sched_next u_next (
    .end_i(do_end), .turn_end_i(turn_end), .blocked_i(blocked_d),
    .command_i(command),
    .op_i(ask_data[bell_formats_pkg::QueueCmdOpMsb:bell_formats_pkg::QueueCmdOpLsb]),
    .give_i(do_give), .wake_i(do_wake),
    .open_i(open), .state_i(state), .kick_i(kick), .sane_i(sane), .node_i(context_node),
    .open_o(open_d), .state_o(state_d), .kick_o(kick_d), .no_ring_o(no_ring)
  );

  assign closing   = command && open && !open_d;
  assign sampled_o = do_give && ring;
  assign forgone_o = closing && ring;

  // Its place changes: out first, in again in the next clock.
  assign moves     = open && ((command && (state_d.urgent != state.urgent))
                              || (do_req && ask_write && (ask_word == WordSched)));

  assign ready_d   = open_d && state_d.listed && !state_d.running && !state_d.faulted
                     && (kick_d || (ring && !no_ring) || (state_d.work && !state_d.blocked));
  assign put_valid = open && (do_again || do_end || do_give || do_wake || do_late || do_credit
                              || command || moves);
  assign put_ready = ready_d && !moves;

  always_ff @(posedge clk_i) begin
    if (put_valid || command) begin
      state_q[index_t'(queue)] <= state_d;
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

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      again_q       <= 1'b0;
      again_queue_q <= '0;
      again_ready_q <= 1'b0;
    end else begin
      again_q <= moves;
      if (moves) begin
        again_queue_q <= queue;
        again_ready_q <= put_was;
      end
    end
  end

  // ------------------------------------------------------------------ credit

  logic credit_open, owed_ring;

  assign credit_queue = credit_i.queue;

  always_comb begin
    credit_open = 1'b0;
    if (credit_valid_i) begin
      credit_open = open_q[word_t'(credit_queue >> 5)][credit_queue[4:0]];
    end
  end

  bell_sched_owed #(.NumQueues(NumQueues)) u_owed (
    .clk_i, .rst_ni,
    .credit_valid_i, .credit_queue_i(credit_queue), .credit_open_i(credit_open),
    .credit_coalesced_o, .credit_closed_o, .credit_fresh_o(credit_fresh),
    .credit_taken_i(do_credit),
    .look_i(look), .queue_i(queue), .kick_o(kick), .ring_o(owed_ring),
    .write_i(put_valid || command), .kick_i(kick_d), .no_ring_i(no_ring), .give_i(do_give),
    .close_i(closing),
    .late_valid_o(late_valid), .late_queue_o(late_queue), .late_take_i(do_late),
    .many_o(late_many)
  );

  assign ring = owed_ring || do_credit;

  // -------------------------------------------------------------- pick a turn

  logic [NumNodes-1:0]  node_busy, lift, top_valid, may_keep;
  logic                 pick_valid, pick_busy, later;
  bell_pkg::queue_id_t  pick_queue;
  bell_pkg::turn_t      pick_turn;
  bell_pkg::place_t     pick_place;
  bell_pkg::allowance_t pick_allowance;
  bell_pkg::level_t     level;
  bell_pkg::level_t [NumNodes-1:0] top;
  logic [NumNodes-1:0][bell_pkg::NumLevels-1:0] some;

  assign level  = bell_pkg::level_of(place.level, state.urgent);

  bell_sched_pick #(.NumQueues(NumQueues), .NumNodes(NumNodes)) u_pick (
    .clk_i, .rst_ni, .active_i(active), .busy_i(node_busy), .lift_i(lift),
    .put_valid_i(put_valid), .put_node_i((command && !open) ? context_node : state.node),
    .put_level_i(level), .put_queue_i(queue), .put_place_i(place), .put_ready_i(put_ready),
    .put_keep_i(put_ready && do_end && may_keep[end_node]), .put_was_o(put_was),
    .put_later_o(later), .own_valid_i(command && !open && open_d),
    .read_valid_o(pick_valid), .read_queue_o(pick_queue), .read_turn_i(pick_turn),
    .read_place_i(pick_place), .read_allowance_i(pick_allowance),
    .turn_valid_o(turn_valid), .turn_pass_o(turn_pass), .turn_node_o(turn_to),
    .turn_kept_o(turn_kept), .turn_o(turn_o), .turn_allowance_o(turn_allowance), .give_i(do_give),
    .some_o(some), .top_valid_o(top_valid), .top_o(top), .busy_o(pick_busy)
  );

  // ------------------------------------------------------------ state of nodes

  logic [NumNodes-1:0] leaves, slice_yield;
  logic                leave, stop_now;

  assign leave    = command && open && state.running;
  assign stop_now = leave && !state_d.listed && ask_data[bell_formats_pkg::QueueCmdNowLsb];

  bell_sched_nodes #(.NumNodes(NumNodes)) u_nodes (
    .clk_i, .rst_ni,
    .queue_i(queue), .level_i(level), .node_i(state.node), .give_i(do_give), .end_i(do_end),
    .leave_i(leave), .listed_i(state_d.listed), .move_i(do_again && state.running),
    .notify_i(state.notify), .rptr_i(turn_end.rptr),
    .busy_o(node_busy), .queue_o(run_queue), .level_o(run_level), .leave_o(leaves),
    .event_valid_o, .event_ready_i, .event_o
  );

  assign others_o    = top_valid;
  assign yield_o     = leaves | slice_yield;
  assign node_busy_o = node_busy;

  // ----------------------------------------------------- time, native fences

  logic [6:0]           percent;
  logic [31:0]          slice;
  logic                 slice_busy, slice_wake, wake_busy, poke_valid, poke_all, regs_busy;
  bell_pkg::fence_key_t poke_key;

  bell_sched_slice #(.NumNodes(NumNodes)) u_slice (
    .clk_i, .clk_timer_i, .rst_ni, .advance_i,
    .active_i(active), .percent_i(percent), .slice_i(slice),
    .give_valid_i(do_give), .give_node_i(turn_to), .give_kept_i(turn_kept),
    .give_allowance_i(turn_allowance),
    .end_valid_i(do_end), .end_node_i(state.node),
    .stop_valid_i(stop_now), .stop_node_i(state.node),
    .running_i(node_busy), .level_i(run_level), .some_i(some), .top_valid_i(top_valid),
    .top_i(top),
    .yield_o(slice_yield), .preempt_o, .keep_o(may_keep), .lift_o(lift), .time_o,
    .busy_o(slice_busy), .wake_o(slice_wake), .timer_valid_o, .timer_o
  );

  bell_sched_wake #(.NumQueues(NumQueues), .NumNodes(NumNodes)) u_wake (
    .clk_i, .rst_ni, .signal_valid_i, .signal_key_i,
    .poke_valid_i(poke_valid), .poke_all_i(poke_all), .poke_key_i(poke_key),
    .give_valid_i(do_give), .give_node_i(turn_to),
    .end_valid_i(do_end), .end_node_i(state.node), .end_key_i(turn_end.key), .end_seen_o(seen),
    .put_valid_i(put_valid && (state.blocked || state_d.blocked)), .put_queue_i(queue),
    .put_blocked_i(state_d.blocked && open_d), .put_key_i(turn_end.key), .put_new_i(do_end),
    .wake_valid_o(wake_valid), .wake_queue_o(wake_queue), .wake_take_i(do_wake),
    .busy_o(wake_busy)
  );

  // ----------------------------------------------------------- register ports

  logic [63:0] context_data, state_data;
  logic        outdone;

  bell_sched_port u_port (
    .clk_i, .rst_ni, .req_i, .req_write_i, .req_addr_i, .req_data_i, .take_i(do_req),
    .valid_o(ask), .late_o(ask_late), .write_o(ask_write), .queue_o(ask_queue),
    .word_o(ask_word), .data_o(ask_data)
  );

  bell_sched_view #(.NumNodes(NumNodes)) u_view (
    .valid_i(do_req && !ask_write && (ask_word == WordState)), .open_i(open), .state_i(state),
    .pending_i(kick || ring), .level_i(level), .later_i(later), .enable_i, .gated_i,
    .running_i(node_busy), .run_level_i(run_level), .top_valid_i(top_valid), .top_i(top),
    .outdone_o(outdone), .data_o(state_data)
  );

  assign ack_read_o  = do_req && !ask_write;
  assign ack_write_o = do_req && ask_write;
  assign ack_data_o  = (ask_word == WordState) ? state_data : context_data;

  // BASE .. RPTR and the resume point are fixed while the queue is open.
  logic        fixed, write_context, log_any;
  logic [63:0] handle;  // Of the queue, for its node's log.

  assign fixed         = (ask_word <= WordRptr) || (ask_word == WordResume0)
                         || (ask_word == WordResume1);
  assign write_context = do_req && ask_write && !command && !(open && fixed);

  bell_sched_context #(.NumQueues(NumQueues), .NumNodes(NumNodes)) u_context (
    .clk_i, .rst_ni,
    .port_valid_i(look), .port_queue_i(queue),
    .write_i(write_context), .write_word_i(ask_word), .write_data_i(ask_data),
    .end_i(do_end), .end_rptr_i(turn_end.rptr), .end_resume_i(turn_end.resume),
    .close_i(closing), .entry_i(do_place), .entry_signal_i(place_signal_i[place_node]),
    .port_read_i(do_req), .port_word_i(ask_word), .port_data_o(context_data),
    .port_sane_o(sane), .port_node_o(context_node), .port_place_o(place),
    .port_handle_i(log_any), .port_handle_o(handle), .port_log_o(place_o),
    .pick_valid_i(pick_valid), .pick_queue_i(pick_queue), .pick_turn_o(pick_turn),
    .pick_place_o(pick_place), .pick_allowance_o(pick_allowance)
  );

  logic            [NumNodes-1:0]       log_enable, log_advance, log_lost;
  bell_pkg::addr_t [NumNodes-1:0]       log_addr;
  logic            [NumNodes-1:0][15:0] log_entries, log_interrupt;
  logic            [NumNodes-1:0][63:0] log_index;
  logic                          [63:0] log_next;

  bell_sched_regs #(.NumNodes(NumNodes)) u_regs (
    .clk_i, .rst_ni,
    .req_i(glob_req_i), .req_write_i(glob_write_i), .req_addr_i(glob_addr_i),
    .req_data_i(glob_data_i), .ack_read_o(glob_ack_read_o), .ack_data_o(glob_ack_data_o),
    .ack_write_o(glob_ack_write_o),
    .percent_o(percent), .slice_o(slice), .time_i(time_o),
    .poke_valid_o(poke_valid), .poke_all_o(poke_all), .poke_key_o(poke_key),
    .running_i(node_busy), .queue_i(run_queue), .level_i(run_level),
    .log_enable_o(log_enable), .log_addr_o(log_addr), .log_entries_o(log_entries),
    .log_interrupt_o(log_interrupt), .log_index_o(log_index),
    .log_advance_i(log_advance), .log_next_i(log_next), .log_lost_i(log_lost),
    .busy_o(regs_busy)
  );

  // --------------------------------------------------------------------- log

  logic log_busy;

  bell_sched_log #(.NumNodes(NumNodes)) u_log (
    .clk_i, .rst_ni,
    .look_i(put_valid && !moves), .node_i(state.node), .was_running_i(state.running),
    .was_ready_i(do_again ? again_ready_q : put_was), .running_i(state_d.running),
    .ready_i(put_ready), .standby_i(later || outdone), .time_i(time_o), .handle_i(handle),
    .handle_o(log_any), .room_o(room),
    .enable_i(log_enable), .addr_i(log_addr), .entries_i(log_entries),
    .interrupt_i(log_interrupt), .index_i(log_index), .advance_o(log_advance),
    .next_o(log_next), .lost_o(log_lost), .writing_o(log_writing_o),
    .event_valid_o(log_event_valid_o), .event_ready_i(log_event_ready_i),
    .event_o(log_event_o),
    .wr_req_valid_o, .wr_req_ready_i, .wr_req_o, .wr_data_valid_o, .wr_data_ready_i, .wr_data_o,
    .wr_resp_valid_i, .wr_resp_i, .busy_o(log_busy)
  );

  assign wake_o = slice_wake || wr_resp_valid_i;
  assign busy_o = log_busy || ask || again_q || pick_busy || (|end_valid_i)
                  || event_valid_o || credit_valid_i || late_valid || slice_busy
                  || wake_busy || (|place_valid_i) || regs_busy;

endmodule : bell_sched
