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
// work that does not wait for a native fence. Which one goes next is found by level, then in turns
// (bell_sched_pick), and looked at again when its turn is given: then it must still be ready and of
// the highest level of a free node that may have turns. Else it is looked for again, and has not
// lost its place; a queue that is passed over because a ready one of its group has a higher
// priority has. Giving a turn clears the owed sample: the node reads WPTR after that, so a ring
// that comes later, or in the same clock, is owed anew. A queue that leaves the run list after it
// was picked and before the turn is given keeps what it is owed.
//
// One queue changes per clock, so that every array has one writer, in three steps:
//   select  which and why (bell_sched_select); never one that is being read
//   read    its state and context
//   change  it, all at once; a queue whose place changes goes out of the old one first, and into
//           the new one in the next clock
// A queue that a ring or a signal makes ready, and whose node has nothing else to do, is given its
// turn in the same step; not while its node has a scheduling log, which names both steps.
//
// A credit is counted in its clock whatever goes on. Where a credit and a give meet, the sample is
// owed anew; CLOSE turns the ring away. While the log has no room, all steps stand still.
//
// Timing  credited in clock n: turn_valid_o in n+2 when a node is free and nothing else is ready
//         or changes. A node without a turn must be ready for one, and stay so. From the clock in
//         which an end is taken to turn_valid_o of the next turn: 6 clocks for a queue that goes
//         on, 8 for another one, if no other queue changes. A register access is answered at the
//         latest 6 clocks after req_i, a write 5; two less when no other queue changes.
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

  // To nodes.
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
  output logic [63:0]         time_o,       // GPU time.
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

  // ------------------------------------------------------------------ select

  logic                ask, ask_write, ask_late, ask_moves, ask_take;
  bell_pkg::queue_id_t ask_queue;
  logic [3:0]          ask_word, ask_op;
  logic [63:0]         ask_data;
  logic                late_valid, late_many, late_take, credit_fresh, credit_take;
  logic                wake_valid, wake_take;
  bell_pkg::queue_id_t late_queue, wake_queue;
  logic                room, hold, stuck, skip, select_busy;
  logic [NumNodes-1:0] active, next_valid, next_kept, next_take, turn_valid_q, ready_q;
  bell_pkg::queue_id_t [NumNodes-1:0] run_queue, next_queue;
  bell_pkg::sched_op_t read, next;
  bell_pkg::turn_end_t turn_end;

  // The change step.
  bell_pkg::sched_op_t    now_q;
  bell_pkg::queue_id_t    queue;
  logic                   now_open_q, again_q, may_move_q;
  bell_pkg::queue_state_t now_state_q;

  assign active    = enable_i ? ~gated_i : '0;
  // Never, if the nodes keep to it. One that is ready stays so until it has a turn, so a clock ago
  // tells as well, and has no path from the nodes.
  assign stuck     = |(turn_valid_q & ~ready_q);
  assign hold      = now_q.valid && !now_q.place && !room;
  assign ask_op    = ask_data[bell_formats_pkg::QueueCmdOpMsb:bell_formats_pkg::QueueCmdOpLsb];
  assign ask_moves = ask_write && ((ask_word == WordSched) || ((ask_word == WordCmd)
                     && (({4'd0, ask_op} == bell_formats_pkg::QueueCmdAdd)
                         || ({4'd0, ask_op} == bell_formats_pkg::QueueCmdAddRt))));

  bell_sched_port u_port (
    .clk_i, .rst_ni, .req_i, .req_write_i, .req_addr_i, .req_data_i, .take_i(ask_take),
    .valid_o(ask), .late_o(ask_late), .write_o(ask_write), .queue_o(ask_queue),
    .word_o(ask_word), .data_o(ask_data)
  );

  bell_sched_select #(.NumNodes(NumNodes)) u_select (
    .clk_i, .rst_ni, .hold_i(hold), .room_i(room), .move_i(may_move_q),
    .end_hold_i(event_valid_o || read.ends || (now_q.ends && now_state_q.notify)),
    .give_hold_i(late_many || stuck),
    .req_valid_i(ask), .req_late_i(ask_late), .req_move_i(ask_moves), .req_queue_i(ask_queue),
    .req_take_o(ask_take),
    .run_queue_i(run_queue), .end_valid_i, .end_ready_o, .end_i,
    .give_valid_i(next_valid), .give_queue_i(next_queue), .give_kept_i(next_kept),
    .give_take_o(next_take),
    .place_valid_i, .place_signal_i, .place_ready_i(place_ready_o),
    .wake_valid_i(wake_valid), .wake_queue_i(wake_queue), .wake_take_o(wake_take),
    .late_valid_i(late_valid), .late_queue_i(late_queue), .late_take_o(late_take),
    .credit_valid_i(credit_fresh), .credit_queue_i(credit_i.queue), .credit_take_o(credit_take),
    .now_valid_i(now_q.valid), .now_queue_i(queue), .skip_o(skip),
    .op_o(read), .end_o(turn_end), .busy_o(select_busy)
  );

  // -------------------------------------------------------------------- read

  logic                   reads, moves, was;
  bell_pkg::queue_id_t    read_queue;
  bell_pkg::queue_state_t state_d;

  assign reads      = (read.valid || skip) && !hold && !moves;
  assign read_queue = read.valid ? read.queue : credit_i.queue;

  always_comb begin
    next = read;
    if (skip) begin
      next       = '0;
      next.valid = 1'b1;
      next.ring  = 1'b1;
      next.queue = credit_i.queue;
    end
  end

  // Nothing is being read when a queue moves.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      now_q      <= '0;
      again_q    <= 1'b0;
      may_move_q <= 1'b0;
    end else if (!hold) begin
      again_q <= moves;
      if (!moves) begin
        now_q      <= next;
        may_move_q <= read.req && ask_moves;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (reads) begin
      now_open_q  <= open_q[word_t'(read_queue >> 5)][read_queue[4:0]];
      now_state_q <= state_q[index_t'(read_queue)];
    end else if (moves) begin
      now_state_q <= state_d;
    end
  end

  // ------------------------------------------------------------------ change

  bell_pkg::queue_state_t state, state_next;
  bell_pkg::place_t       place;
  bell_pkg::level_t       level;
  bell_pkg::node_id_t     context_node;
  logic [NodeBits-1:0]    node;
  logic go, open, open_d, kick, kick_d, kick_next, ring, no_ring_d, no_ring_next;
  logic ready_d, ready_next, command, closing, sane, seen, seen_q, blocked_d, later;
  logic change, put_valid;
  logic free, quick, give, pass, gives, kept, direct;
  logic [31:0] open_word;

  logic [NumNodes-1:0] node_busy, lift, top_valid, may_keep, none, loses, log_enable;
  bell_pkg::level_t [NumNodes-1:0] top, serve, run_level;
  logic [NumNodes-1:0][bell_pkg::NumLevels-1:0] some;

  assign go    = now_q.valid && !hold;
  assign queue = now_q.queue;
  assign open  = now_open_q;
  assign state = now_state_q;
  assign node  = state.node[NodeBits-1:0];
  assign level = bell_pkg::level_of(place.level, state.urgent);

  assign command   = now_q.req && !again_q && ask_write && (ask_word == WordCmd);
  assign blocked_d = turn_end.blocked && turn_end.work && !turn_end.fault && !seen_q;

  bell_sched_next u_next (
    .end_i(now_q.ends), .turn_end_i(turn_end), .blocked_i(blocked_d),
    .command_i(command), .op_i(ask_op), .give_i(now_q.give), .wake_i(now_q.wake),
    .open_i(open), .state_i(state), .kick_i(kick), .sane_i(sane), .node_i(context_node),
    .open_o(open_d), .state_o(state_next), .kick_o(kick_next), .no_ring_o(no_ring_next)
  );

  assign ready_next = open_d && state_next.listed && !state_next.running && !state_next.faulted
                      && (kick_next || (ring && !no_ring_next)
                          || (state_next.work && !state_next.blocked));
  assign was        = open && state.ready;

  // Its place changes: out first, in again in the next clock.
  assign moves = go && open && now_q.req && !again_q && ask_write
                 && ((ask_word == WordSched) || (command && (state_next.urgent != state.urgent)));

  // Its turn is given: it was picked; or it gets ready while its node has nothing else to do.
  assign free  = active[node] && !node_busy[node] && !stuck && !late_many;
  assign pass  = now_q.give && go && state.ready && open && (state.node == now_q.node) && free
                 && top_valid[node] && (level == serve[node]);
  assign give  = pass && !later;
  assign quick = (now_q.ring || now_q.wake) && open && state.listed && !state.running
                 && !state.faulted && !state.ready
                 && (kick || ring || (state.work && (!state.blocked || now_q.wake)))
                 && free && none[node] && !log_enable[node];
  assign gives = give || (quick && go);
  assign kept  = now_q.give && now_q.kept;

  // Nothing changes but by these.
  assign change = go && (now_q.ends || now_q.wake || now_q.ring || command || again_q || moves
                         || give);

  always_comb begin
    state_d       = state_next;
    kick_d        = kick_next;
    no_ring_d     = no_ring_next;
    ready_d       = ready_next && !moves && !quick;
    state_d.ready = ready_d;
    if (quick) begin
      state_d.running = 1'b1;
      state_d.blocked = 1'b0;
      kick_d          = 1'b0;
      no_ring_d       = 1'b1;
    end
    state_d.wants = open_d && !state_d.running && !state_d.faulted
                    && (kick_d || (ring && !no_ring_d) || state_d.work);
  end

  assign put_valid = change && (was != ready_d);
  assign closing   = go && command && open && !open_d;

  // A queue that stays on its node, or whose level nothing else is ready of, needs no search.
  assign direct = go && now_q.ends && ready_d
                  && (may_keep[node] || none[node]
                      || (top_valid[node] && (level > top[node]) && !lift[node]));

  always_ff @(posedge clk_i) begin
    if (change) begin
      state_q[index_t'(queue)] <= state_d;
    end
  end

  always_comb begin
    open_word = '0;
    if (command) begin
      open_word = open_q[word_t'(queue >> 5)];
      open_word[queue[4:0]] = open_d;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      for (int unsigned w = 0; w < NumWords; w++) begin
        open_q[w] <= '0;
      end
    end else if (go && command) begin
      open_q[word_t'(queue >> 5)] <= open_word;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      sampled_o <= 1'b0;
      forgone_o <= 1'b0;
    end else begin
      sampled_o <= gives && ring;
      forgone_o <= closing && ring;
    end
  end

  // ------------------------------------------------------------------ credit

  logic credit_open;

  always_comb begin
    credit_open = 1'b0;
    if (credit_valid_i) begin
      credit_open = open_q[word_t'(credit_i.queue >> 5)][credit_i.queue[4:0]];
    end
  end

  bell_sched_owed #(.NumQueues(NumQueues)) u_owed (
    .clk_i, .rst_ni,
    .credit_valid_i, .credit_queue_i(credit_i.queue), .credit_open_i(credit_open),
    .credit_coalesced_o, .credit_closed_o, .credit_fresh_o(credit_fresh),
    .credit_taken_i(credit_take),
    .read_i(reads), .read_queue_i(read_queue), .queue_i(queue), .kick_o(kick), .ring_o(ring),
    .write_i(change), .kick_i(kick_d), .no_ring_i(no_ring_d), .give_i(gives), .close_i(closing),
    .late_valid_o(late_valid), .late_queue_o(late_queue), .late_take_i(late_take),
    .many_o(late_many)
  );

  // -------------------------------------------------------------- pick, turn

  logic                [NumNodes-1:0] early, ending, place_now, given;
  logic                 pick_busy;
  bell_pkg::turn_t      turn, turn_q;
  bell_pkg::allowance_t allowance;

  always_comb begin
    early     = '0;
    ending    = '0;
    place_now = '0;
    for (int unsigned n = 0; n < NumNodes; n++) begin
      early[n]     = read.ends && (read.node == 2'(n));
      ending[n]    = early[n] || (now_q.ends && (now_q.node == 2'(n)));
      place_now[n] = now_q.place && (now_q.node == 2'(n));
    end
  end

  bell_sched_pick #(.NumQueues(NumQueues), .NumNodes(NumNodes)) u_pick (
    .clk_i, .rst_ni, .active_i(active), .busy_i(node_busy), .early_i(early), .ending_i(ending),
    .lift_i(lift),
    .look_i(now_q.valid), .put_valid_i(put_valid), .put_node_i(state.node), .put_level_i(level),
    .put_queue_i(queue), .put_place_i(place), .put_ready_i(ready_d), .later_o(later),
    .direct_i(direct), .kept_i(may_keep[node]),
    .next_valid_o(next_valid), .next_queue_o(next_queue), .next_kept_o(next_kept),
    .next_take_i(next_take),
    .done_valid_i(go && now_q.give), .done_node_i(now_q.node),
    .served_i((pass || (quick && go)) && !kept),
    .some_o(some), .top_valid_o(top_valid), .top_o(top), .serve_o(serve), .none_o(none),
    .loses_o(loses), .busy_o(pick_busy)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      turn_valid_q <= '0;
      turn_q       <= '0;
      ready_q      <= '1;
    end else begin
      ready_q      <= turn_ready_i;
      turn_valid_q <= (turn_valid_q & ~turn_ready_i) | given;
      if (gives) begin
        turn_q <= turn;
      end
    end
  end

  always_comb begin
    given = '0;
    if (gives) begin
      given[node] = 1'b1;
    end
  end

  assign turn_valid_o  = turn_valid_q;
  assign turn_o        = turn_q;
  assign place_ready_o = place_now;

  // ------------------------------------------------------------ state of nodes

  logic [NumNodes-1:0] leaves, slice_yield;
  logic                leave, stop_now;

  assign leave    = go && command && open && state.running;
  assign stop_now = leave && !state_d.listed && ask_data[bell_formats_pkg::QueueCmdNowLsb];

  bell_sched_nodes #(.NumNodes(NumNodes)) u_nodes (
    .clk_i, .rst_ni,
    .queue_i(queue), .level_i(level), .node_i(state.node), .give_i(gives),
    .end_i(go && now_q.ends), .leave_i(leave), .listed_i(state_d.listed),
    .move_i(again_q && go && state.running), .notify_i(state.notify), .rptr_i(turn_end.rptr),
    .busy_o(node_busy), .queue_o(run_queue), .level_o(run_level), .leave_o(leaves),
    .event_valid_o, .event_ready_i, .event_o
  );

  // The node has its turn one clock after it is given.
  assign others_o    = top_valid;
  assign yield_o     = leaves | slice_yield;
  assign node_busy_o = node_busy & ~turn_valid_q;

  // ----------------------------------------------------- time, native fences

  // Signals up to the clock before the change; those of its clock find the queue blocked.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      seen_q <= 1'b0;
    end else begin
      seen_q <= seen || (hold && seen_q);
    end
  end

  logic [6:0]           percent;
  logic [38:0]          slice;
  logic [63:0]          time_data;
  logic                 time_set, slice_busy, slice_wake, wake_busy, poke_valid, poke_all, regs_busy;
  bell_pkg::fence_key_t poke_key;

  bell_sched_slice #(.NumNodes(NumNodes)) u_slice (
    .clk_i, .clk_timer_i, .rst_ni, .advance_i,
    .time_set_i(time_set), .time_data_i(time_data),
    .active_i(active), .percent_i(percent), .slice_i(slice),
    .give_valid_i(gives), .give_node_i(state.node), .give_kept_i(kept),
    .give_allowance_i(allowance),
    .end_valid_i(go && now_q.ends), .end_node_i(state.node),
    .stop_valid_i(stop_now), .stop_node_i(state.node),
    .running_i(node_busy & ~loses), .level_i(run_level), .some_i(some), .top_valid_i(top_valid),
    .top_i(top),
    .yield_o(slice_yield), .preempt_o, .keep_o(may_keep), .lift_o(lift), .time_o,
    .busy_o(slice_busy), .wake_o(slice_wake), .timer_valid_o, .timer_o
  );

  bell_sched_wake #(.NumQueues(NumQueues), .NumNodes(NumNodes)) u_wake (
    .clk_i, .rst_ni, .signal_valid_i, .signal_key_i,
    .poke_valid_i(poke_valid), .poke_all_i(poke_all), .poke_key_i(poke_key),
    .give_valid_i(gives), .give_node_i(state.node),
    .end_valid_i(hold ? now_q.ends : read.ends), .end_node_i(hold ? now_q.node : read.node),
    .end_key_i(turn_end.key), .end_seen_o(seen),
    .put_valid_i(change && open && (state.blocked || state_d.blocked)), .put_queue_i(queue),
    .put_blocked_i(state_d.blocked && open_d), .put_key_i(turn_end.key), .put_new_i(now_q.ends),
    .wake_valid_o(wake_valid), .wake_queue_o(wake_queue), .wake_take_i(wake_take),
    .busy_o(wake_busy)
  );

  // ----------------------------------------------------------- register ports

  logic        answer, fixed, write_context;
  logic [63:0] context_data, state_data, handle;  // Of the queue, for its node's log.

  assign answer = go && now_q.req && !again_q;

  // A queue that was read before the first log was switched on is not logged: its handle is not here.
  logic read_handle, handle_q;

  assign read_handle = read.req || read.place || (|log_enable);

  always_ff @(posedge clk_i) begin
    if (reads) begin
      handle_q <= read_handle;
    end
  end

  bell_sched_view #(.NumNodes(NumNodes)) u_view (
    .valid_i(answer && !ask_write && (ask_word == WordState)), .open_i(open), .state_i(state),
    .pending_i(kick || ring), .level_i(level), .later_i(later), .enable_i, .gated_i,
    .running_i(node_busy), .run_level_i(run_level), .lift_i(lift), .ready_i(top_valid),
    .serve_i(serve), .data_o(state_data)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      ack_read_o <= 1'b0;
    end else begin
      ack_read_o <= answer && !ask_write;
    end
  end

  always_ff @(posedge clk_i) begin
    if (answer && !ask_write) begin
      ack_data_o <= (ask_word == WordState) ? state_data : context_data;
    end
  end

  assign ack_write_o = answer && ask_write;

  // BASE .. RPTR and the resume point are fixed while the queue is open.
  assign fixed         = (ask_word <= WordRptr) || (ask_word == WordResume0)
                         || (ask_word == WordResume1);
  assign write_context = ack_write_o && !command && !(open && fixed);

  bell_sched_context #(.NumQueues(NumQueues), .NumNodes(NumNodes)) u_context (
    .clk_i, .rst_ni,
    .read_i(reads), .read_logs_i(read_handle),
    .read_queue_i(read_queue), .queue_i(queue),
    .write_i(write_context), .write_word_i(ask_word), .write_data_i(ask_data),
    .open_i(open),
    .end_i(go && now_q.ends), .end_rptr_i(turn_end.rptr), .end_resume_i(turn_end.resume),
    .close_i(closing), .entry_i(now_q.place), .entry_signal_i(now_q.signals),
    .data_valid_i(answer && !ask_write), .data_word_i(ask_word), .data_o(context_data),
    .sane_o(sane), .node_o(context_node), .place_o(place), .handle_o(handle), .log_o(place_o),
    .turn_valid_i(now_q.give || now_q.ring || now_q.wake), .turn_o(turn), .allowance_o(allowance)
  );

  logic            [NumNodes-1:0]       log_advance, log_lost;
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
    .time_set_o(time_set), .time_data_o(time_data),
    .poke_valid_o(poke_valid), .poke_all_o(poke_all), .poke_key_o(poke_key),
    .running_i(node_busy), .queue_i(run_queue), .level_i(run_level),
    .log_enable_o(log_enable), .log_addr_o(log_addr), .log_entries_o(log_entries),
    .log_interrupt_o(log_interrupt), .log_index_o(log_index),
    .log_advance_i(log_advance), .log_next_i(log_next), .log_lost_i(log_lost),
    .busy_o(regs_busy)
  );

  // --------------------------------------------------------------------- log

  logic                 log_busy, push, activity_busy;
  bell_pkg::log_entry_t entry;

  bell_sched_activity #(.NumQueues(NumQueues), .NumNodes(NumNodes)) u_activity (
    .clk_i, .rst_ni,
    .change_i(change && open), .logged_i(change && open && handle_q && log_enable[node]),
    .node_i(state.node), .ctx_i(place.ctx), .was_ready_i(state.wants), .ready_i(state_d.wants),
    .was_running_i(state.running), .running_i(state_d.running), .time_i(time_o),
    .handle_i(handle), .push_o(push), .entry_o(entry), .busy_o(activity_busy)
  );

  bell_sched_log #(.NumNodes(NumNodes)) u_log (
    .clk_i, .rst_ni,
    .push_i(push), .entry_i(entry), .room_o(room),
    .enable_i(log_enable), .addr_i(log_addr), .entries_i(log_entries),
    .interrupt_i(log_interrupt), .index_i(log_index), .advance_o(log_advance),
    .next_o(log_next), .lost_o(log_lost), .writing_o(log_writing_o),
    .event_valid_o(log_event_valid_o), .event_ready_i(log_event_ready_i),
    .event_o(log_event_o),
    .wr_req_valid_o, .wr_req_ready_i, .wr_req_o, .wr_data_valid_o, .wr_data_ready_i, .wr_data_o,
    .wr_resp_valid_i, .wr_resp_i, .busy_o(log_busy)
  );

  assign wake_o = slice_wake || wr_resp_valid_i;
  assign busy_o = select_busy || now_q.valid || ack_read_o || sampled_o || forgone_o
                  || (|turn_valid_q) || pick_busy || activity_busy || log_busy || credit_valid_i
                  || slice_busy || wake_busy || regs_busy;

endmodule : bell_sched
