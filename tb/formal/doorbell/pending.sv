// SPDX-License-Identifier: MIT
// proof: induction 1
// free: bell_sched_picker bell_sched_peers bell_sched_slice bell_sched_log bell_sched_wake
//       bell_sched_regs
// says: Every accepted store is decided in the next clock, in one bucket. One that makes a queue
//       owed a sample stays owed until a turn is given to that queue, then counts as sampled,
//       once; or until the queue is closed, then counts as rejected, once; one that coalesces
//       does so into a sample still owed. A sample given while the queue is owed nothing counts
//       for no ring. A queue opened again owes nothing to rings of before. The ledger's OWED is
//       the number of rings that were owed or on their way a clock ago.
//
// The doorbell stage with the scheduler; software, stores and nodes do as they like within their
// handshakes. So does what chooses among ready queues, ends turns early, wakes blocked ones and
// logs: but a queue that is found (picker: found_is_a_queue) or woken (wake: wakes_a_queue) is a
// fitted one, and there is room for one that waits to be looked at (owed: always_room).

module f_pending #(
  parameter int unsigned Slots  = 2,
  parameter int unsigned Queues = 2,
  parameter int unsigned Nodes  = 2
) (
  input logic                            clk_i,
  input logic                            rst_ni,
  input logic [10:0]                     slots_i,
  input logic [1:0]                      layout_i,
  input logic                            enable_i,
  input logic [Nodes-1:0]                gated_i,
  input logic                            ring_valid_i,
  input bell_pkg::ring_t                 ring_i,
  input logic                            slot_req_i,
  input logic                            slot_write_i,
  input logic [13:0]                     slot_addr_i,
  input logic [63:0]                     slot_data_i,
  input logic                            queue_req_i,
  input logic                            queue_write_i,
  input logic [16:0]                     queue_addr_i,
  input logic [63:0]                     queue_data_i,
  input logic                            glob_req_i,
  input logic                            glob_write_i,
  input logic [7:0]                      glob_addr_i,
  input logic [63:0]                     glob_data_i,
  input logic [31:0]                     advance_i,
  input logic [Nodes-1:0]                signal_valid_i,
  input bell_pkg::fence_key_t [Nodes-1:0] signal_key_i,
  input logic [Nodes-1:0]                place_valid_i,
  input logic [Nodes-1:0]                place_signal_i,
  input logic                            log_event_ready_i,
  input logic                            wr_req_ready_i,
  input logic                            wr_data_ready_i,
  input logic                            wr_resp_valid_i,
  input logic [1:0]                      wr_resp_i,
  input logic [Nodes-1:0]                turn_ready_i,
  input logic [Nodes-1:0]                end_valid_i,
  input bell_pkg::turn_end_t [Nodes-1:0] end_i,
  input logic                            event_ready_i,
  input logic                            token_req_i,
  input logic                            token_write_i,
  input logic [12:0]                     token_addr_i,
  input logic [63:0]                     token_data_i
);

  logic                      credit_valid, coalesced, closed, sampled, forgone;
  bell_pkg::credit_t         credit;
  bell_pkg::ledger_t         ledger;
  logic                      tap_valid;
  bell_pkg::queue_id_t       tap_queue;
  bell_pkg::bucket_t         tap_bucket;
  logic                      ack_read, ack_write;
  logic [Nodes-1:0]          turn_valid, end_ready, yield, node_busy;
  bell_pkg::turn_t           turn;
  logic                      event_valid;
  bell_pkg::event_t          event_out;

  bell_doorbell #(.NumSlots(Slots), .NumQueues(Queues)) u_doorbell (
    .clk_i, .rst_ni, .slots_i, .layout_i, .ring_valid_i, .ring_i, .ring_refuse_o(),
    .credit_valid_o(credit_valid), .credit_o(credit), .credit_coalesced_i(coalesced),
    .credit_closed_i(closed), .sampled_i(sampled), .forgone_i(forgone),
    .req_i(slot_req_i), .req_write_i(slot_write_i), .req_addr_i(slot_addr_i),
    .req_data_i(slot_data_i), .ack_read_o(), .ack_data_o(), .ack_write_o(),
    .token_req_i, .token_req_write_i(token_write_i), .token_req_addr_i(token_addr_i),
    .token_req_data_i(token_data_i), .token_ack_read_o(), .token_ack_data_o(),
    .token_ack_write_o(), .saturated_o(), .rejected_o(), .unowned_o(),
    .ledger_o(ledger), .last_cause_o(), .last_addr_o(), .busy_o(),
    .tap_valid_o(tap_valid), .tap_slot_o(), .tap_queue_o(tap_queue), .tap_bucket_o(tap_bucket),
    .tap_cause_o()
  );

  bell_sched #(.NumQueues(Queues), .NumNodes(Nodes)) u_sched (
    .clk_i, .clk_timer_i(clk_i), .rst_ni, .advance_i, .enable_i, .gated_i, .credit_valid_i(credit_valid), .credit_i(credit),
    .credit_coalesced_o(coalesced), .credit_closed_o(closed), .sampled_o(sampled),
    .forgone_o(forgone), .req_i(queue_req_i), .req_write_i(queue_write_i),
    .req_addr_i(queue_addr_i), .req_data_i(queue_data_i), .ack_read_o(ack_read), .ack_data_o(),
    .ack_write_o(ack_write), .glob_req_i, .glob_write_i, .glob_addr_i, .glob_data_i,
    .glob_ack_read_o(), .glob_ack_data_o(), .glob_ack_write_o(),
    .turn_valid_o(turn_valid), .turn_ready_i, .turn_o(turn),
    .yield_o(yield), .preempt_o(), .others_o(), .end_valid_i, .end_ready_o(end_ready), .end_i,
    .event_valid_o(event_valid), .event_ready_i, .event_o(event_out), .node_busy_o(node_busy),
    .signal_valid_i, .signal_key_i, .place_valid_i, .place_signal_i, .place_ready_o(), .place_o(),
    .log_event_valid_o(), .log_event_ready_i, .log_event_o(), .wr_req_valid_o(), .wr_req_ready_i,
    .wr_req_o(), .wr_data_valid_o(), .wr_data_ready_i, .wr_data_o(), .wr_resp_valid_i, .wr_resp_i,
    .log_writing_o(), .time_o(), .wake_o(), .timer_valid_o(), .timer_o(), .busy_o()
  );

  // ------------------------------------------------------------- surroundings

  logic started_q = 1'b0;

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
  end

  logic                req_open_q, req_cmd_q;  // A register access is under way.
  logic [63:0]         req_data_q;
  logic [9:0]          req_queue_q;
  logic [Nodes-1:0]    at_work_q, ending_q;
  bell_pkg::queue_id_t works_on_q [Nodes];
  bell_pkg::turn_end_t end_q [Nodes];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      req_open_q <= 1'b0;
      at_work_q  <= '0;
      ending_q   <= '0;
    end else begin
      req_open_q <= queue_req_i || (req_open_q && !ack_read && !ack_write);
      for (int unsigned n = 0; n < Nodes; n++) begin
        ending_q[n] <= end_valid_i[n] && !end_ready[n];
        end_q[n]    <= end_i[n];
        if (turn_valid[n] && turn_ready_i[n]) begin
          at_work_q[n]  <= 1'b1;
          works_on_q[n] <= turn.queue;
        end else if (end_valid_i[n] && end_ready[n]) begin
          at_work_q[n] <= 1'b0;
        end
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (queue_req_i) begin
      req_queue_q <= queue_addr_i[$clog2(bell_formats_pkg::QueueStride) +: 10];
      req_cmd_q   <= queue_write_i && (32'(queue_addr_i[$clog2(bell_formats_pkg::QueueStride)-1:0])
                                       == bell_formats_pkg::QueueCmdOffset);
      req_data_q  <= queue_data_i;
    end
  end

  always_comb begin
    if (!started_q) begin
      assume (!rst_ni);
    end
    assume (32'(slots_i) <= Slots);
    assume (8'(layout_i) <= bell_formats_pkg::LayoutGlobal);
    // What bell_mmio lets through: fitted slots and queues, whole words, one access at a time.
    assume (!slot_req_i || (32'(slot_addr_i) < Slots * bell_formats_pkg::SlotStride));
    assume (!slot_write_i || !slot_addr_i[3]);
    assume (!queue_req_i || (!req_open_q && (queue_addr_i[2:0] == '0)
                             && (32'(queue_addr_i) < Queues * bell_formats_pkg::QueueStride)));
    assume (advance_i != '0);
    assume (!u_sched.u_owed.u_late.push_i || !u_sched.u_owed.u_late.full_o);
    assume (32'(u_sched.wake_queue) < Queues);
    assume (32'(u_sched.u_pick.found_queue) < Queues);
    for (int unsigned n = 0; n < Nodes; n++) begin
      assume (!place_valid_i[n] || at_work_q[n]);
      assume (!end_valid_i[n] || (at_work_q[n] && (end_i[n].queue == works_on_q[n])));
      assume (!ending_q[n] || (end_valid_i[n] && (end_i[n] == end_q[n])));
      assume (turn_ready_i[n] == !at_work_q[n]);  // Without a turn it is ready, and stays so.
    end
  end

  // ------------------------------------------------- the queues, from outside

  logic [Queues-1:0] credited, coalesces, given, closing, kicking;
  logic [Queues-1:0] busy;    // At work: not closed by a CLOSE.
  logic [Queues-1:0] owed_q;  // Owed a sample to a ring.
  logic              due_q;   // A ring was accepted in the clock before.
  logic              sample_q, forgo_q;  // Then a turn was given, a queue closed, that was owed one.
  logic [Queues-1:0] kicked_q;  // Owed a sample to software.
  logic              close, kick;
  logic [7:0]        op;
  logic [63:0]       owed_sum, owed_sum_q;

  assign op    = 8'(req_data_q[bell_formats_pkg::QueueCmdOpMsb:bell_formats_pkg::QueueCmdOpLsb]);
  assign close = ack_write && req_cmd_q && (op == bell_formats_pkg::QueueCmdClose);
  assign kick  = ack_write && req_cmd_q && (op == bell_formats_pkg::QueueCmdKick);

  always_comb begin
    busy     = '0;
    owed_sum = 64'(tap_valid) + 64'(sampled) + 64'(forgone);
    for (int unsigned q = 0; q < Queues; q++) begin
      for (int unsigned n = 0; n < Nodes; n++) begin
        busy[q] = busy[q] || (at_work_q[n] && (works_on_q[n] == 10'(q)));
      end
      credited[q] = tap_valid && (tap_bucket == bell_pkg::BucketNew) && (tap_queue == 10'(q));
      coalesces[q] = tap_valid && (tap_bucket == bell_pkg::BucketCoalesced)
                     && (tap_queue == 10'(q));
      kicking[q]  = kick && (req_queue_q == 10'(q)) && u_sched.open_q[0][q];
      given[q]    = u_sched.gives && (u_sched.queue == 10'(q));
      closing[q]  = close && (req_queue_q == 10'(q)) && !busy[q];
      owed_sum    = owed_sum + 64'(owed_q[q]);
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      owed_q   <= '0;
      kicked_q <= '0;
      due_q    <= 1'b0;
      owed_sum_q <= '0;
      sample_q <= 1'b0;
      forgo_q  <= 1'b0;
    end else begin
      kicked_q <= kicking | (kicked_q & ~given & ~closing);
      owed_q   <= credited | (owed_q & ~given & ~closing);
      due_q    <= ring_valid_i;
      owed_sum_q <= owed_sum;
      sample_q <= (given & owed_q) != '0;
      forgo_q  <= (closing & owed_q) != '0;
    end
  end

  always_comb begin
    if (rst_ni) begin
      decided_next_clock: assert (tap_valid == due_q);
      in_one_bucket: assert (!tap_valid || (tap_bucket <= bell_pkg::BucketRejected));
      new_goes_to_a_queue: assert (!tap_valid || (tap_bucket != bell_pkg::BucketNew)
                                   || (credited != '0));
      owed_once: assert ((credited & owed_q & ~given) == '0);
      coalesces_into_what_is_owed: assert ((coalesces & ~((owed_q | kicked_q) & ~given & ~closing))
                                           == '0);
      sampled_when_owed: assert (sampled == sample_q);
      forgone_when_owed: assert (forgone == forgo_q);
      no_credit_to_closing: assert ((credited & closing) == '0);
      owed_is_what_was_owed: assert (ledger.owed == owed_sum_q);
    end
  end

  // ------------------------------------------------------------ inner state

  bell_pkg::sched_op_t op_q, now_q;
  logic [Queues-1:0]   open, kicked, ringed;
  logic                node_op, node_now, one_phase, runs, turns, op_ends, now_ends;
  logic [4:0]          late_count;
  logic [3:0]          late_head;
  logic                late_fitted, next_fitted, node_fitted, running;

  assign op_q  = u_sched.u_select.op_q;
  assign now_q = u_sched.now_q;
  assign open  = u_sched.open_q[0][Queues-1:0];

  always_comb begin
    next_fitted = 1'b1;
    one_phase   = 1'b1;
    runs        = 1'b1;
    turns       = 1'b1;
    op_ends     = !op_q.ends || (32'(op_q.node) < Nodes);
    now_ends    = !now_q.ends || (32'(now_q.node) < Nodes);
    for (int unsigned n = 0; n < Nodes; n++) begin
      next_fitted = next_fitted && (32'(u_sched.next_queue[n]) < Queues);
      node_op  = op_q.ends && (op_q.node == 2'(n));
      node_now = now_q.ends && (now_q.node == 2'(n));
      one_phase = one_phase && (32'(turn_valid[n]) + 32'(at_work_q[n]) + 32'(node_op)
                                + 32'(node_now) == 32'(u_sched.node_busy[n]));
      runs      = runs && (!u_sched.node_busy[n]
                           || ((32'(u_sched.run_queue[n]) < Queues)
                               && open[u_sched.run_queue[n][0]]
                               && u_sched.state_q[u_sched.run_queue[n][0]].running
                               && (u_sched.state_q[u_sched.run_queue[n][0]].node == 2'(n))));
      turns     = turns
                  && (!turn_valid[n] || ((turn.queue == u_sched.run_queue[n])
                                         && !(now_q.valid && (now_q.queue == turn.queue))))
                  && (!at_work_q[n] || (works_on_q[n] == u_sched.run_queue[n]));
      op_ends   = op_ends && (!node_op || (op_q.queue == u_sched.run_queue[n]));
      now_ends  = now_ends && (!node_now || (now_q.queue == u_sched.run_queue[n]));
    end
  end

  // Of the queue of those that wait to be looked at.
  assign late_count = u_sched.u_owed.u_late.count_q;
  assign late_head  = u_sched.u_owed.u_late.head_q;

  always_comb begin
    late_fitted = 1'b1;
    for (int unsigned i = 0; i < 16; i++) begin
      late_fitted = late_fitted && ((5'(4'(4'(i) - late_head)) >= late_count)
                                    || (32'(u_sched.u_owed.u_late.words[i]) < Queues));
    end
  end

  always_comb begin
    node_fitted = 1'b1;
    running     = 1'b1;
    for (int unsigned q = 0; q < Queues; q++) begin
      kicked[q]   = u_sched.u_owed.kick_ram[q];
      ringed[q]   = u_sched.u_owed.ring_a_ram[q] ^ u_sched.u_owed.ring_b_ram[q];
      node_fitted = node_fitted && (!open[q] || (32'(u_sched.state_q[q].node) < Nodes));
      running     = running
                    && (!open[q] || !u_sched.state_q[q].running
                        || (u_sched.node_busy[u_sched.state_q[q].node[0]]
                            && (u_sched.run_queue[u_sched.state_q[q].node[0]] == 10'(q))));
    end
  end

  always_comb begin
    if (rst_ni) begin
      // What is read, what changes.
      inv_op_why: assert ($countones({op_q.req, op_q.ends, op_q.give, op_q.place, op_q.wake,
                                      op_q.ring}) == 32'(op_q.valid));
      inv_now_why: assert ($countones({now_q.req, now_q.ends, now_q.give, now_q.place, now_q.wake,
                                       now_q.ring}) == 32'(now_q.valid));
      inv_op_fitted: assert (!op_q.valid || (32'(op_q.queue) < Queues));
      inv_now_fitted: assert (!now_q.valid || (32'(now_q.queue) < Queues));
      inv_op_another: assert (!op_q.valid || !now_q.valid || (op_q.queue != now_q.queue));
      inv_now_is_state: assert (!now_q.valid
                                || ((u_sched.now_open_q == open[now_q.queue[0]])
                                    && (u_sched.now_state_q == u_sched.state_q[now_q.queue[0]])));
      inv_now_is_owed: assert (!now_q.valid
          || ((u_sched.u_owed.kick_q == u_sched.u_owed.kick_ram[now_q.queue[0]])
              && (u_sched.u_owed.ring_a_q == u_sched.u_owed.ring_a_ram[now_q.queue[0]])
              && (u_sched.u_owed.ring_q == (u_sched.u_owed.ring_a_ram[now_q.queue[0]]
                                            ^ u_sched.u_owed.ring_b_ram[now_q.queue[0]]))));
      // A register access.
      inv_one_access: assert (32'(u_sched.u_port.valid_q) + 32'(op_q.req)
                              + 32'(now_q.req && !u_sched.again_q)
                              == 32'(req_open_q && !ack_read));
      inv_access: assert (!req_open_q
                          || ((req_queue_q == u_sched.ask_queue)
                              && (32'(req_queue_q) < Queues) && (req_data_q == u_sched.ask_data)
                              && (req_cmd_q == (u_sched.ask_write
                                                && (u_sched.ask_word == u_sched.WordCmd)))));
      inv_op_access: assert (!op_q.req || (op_q.queue == req_queue_q));
      inv_now_access: assert (!now_q.req || u_sched.again_q || (now_q.queue == req_queue_q));
      inv_moves: assert (!now_q.req || u_sched.again_q
                         || (u_sched.may_move_q == u_sched.ask_moves));
      inv_moves_alone: assert (!u_sched.may_move_q || (now_q.req && !op_q.valid));
      inv_again: assert (!u_sched.again_q || u_sched.may_move_q);
      // Turns.
      inv_one_phase: assert (one_phase);
      inv_runs: assert (runs);
      inv_turn: assert (turns);
      inv_op_ends: assert (op_ends);
      inv_now_ends: assert (now_ends);
      // Queues that wait to be looked at.
      inv_late_count: assert ((late_count <= 5'd16)
                              && (4'(late_head + late_count[3:0]) == u_sched.u_owed.u_late.tail_q));
      inv_late_fitted: assert (late_fitted);
      // Queues.
      inv_next_fitted: assert (next_fitted);
      inv_node_fitted: assert (node_fitted);
      inv_running: assert (running);
      inv_owed: assert (owed_q == (open & ringed));
      inv_kicked: assert (kicked_q == (open & kicked));
      inv_ledger: assert (owed_sum == 64'(u_doorbell.u_ledger.owed_q
                                          + 16'(u_doorbell.u_ledger.accept_i)
                                          - 16'(u_doorbell.u_ledger.settled)));
    end
  end

endmodule : f_pending
