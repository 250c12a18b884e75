// SPDX-License-Identifier: MIT
//
// Which queue changes next, and why. One a clock, in this order:
//
//   request  software: a command, a word of the context
//   end      of a turn
//   give     a turn, of a queue that was picked
//   place    in a fence log, for the queue that runs on a node
//   wake     its fence was signalled
//   late     a ring made it owed a sample while others changed
//   credit   a ring does so now
//
// Software waits for two clocks at most when others are due, so it cannot be starved; neither can
// what comes after a give, since a node has to end its turn before the next.
//
// What is selected here is read in the next clock (op_o) and changes in the one after. A queue that
// is being read is not selected: nothing is read while it may change. A change of place takes two
// clocks, and nothing is selected while one may come. While nothing is read, a credit skips a step:
// it is read in its own clock (skip_o), unless its queue changes now.
//
// Timing  takes are combinational; op_o and what belongs to it one clock later, held while hold_i.
// Reset   nothing is selected.

module bell_sched_select #(
  parameter int unsigned NumNodes = 3,  // 1 .. 4.
  localparam int unsigned NodeBits = (NumNodes > 1) ? $clog2(NumNodes) : 1
) (
  input  logic clk_i,
  input  logic rst_ni,

  input  logic hold_i,      // What was selected before stands still.
  input  logic room_i,      // The log has room.
  input  logic move_i,      // A queue that changes now may change its place.
  input  logic end_hold_i,  // There may be no room for the event of an end.
  input  logic give_hold_i,

  input  logic                req_valid_i,
  input  logic                req_late_i,  // It has waited.
  input  logic                req_move_i,  // It may change a queue's place.
  input  bell_pkg::queue_id_t req_queue_i,
  output logic                req_take_o,

  input  bell_pkg::queue_id_t [NumNodes-1:0] run_queue_i,  // What runs on each node.
  input  logic                [NumNodes-1:0] end_valid_i,
  output logic                [NumNodes-1:0] end_ready_o,
  input  bell_pkg::turn_end_t [NumNodes-1:0] end_i,

  input  logic                [NumNodes-1:0] give_valid_i,
  input  bell_pkg::queue_id_t [NumNodes-1:0] give_queue_i,
  input  logic                [NumNodes-1:0] give_kept_i,
  output logic                [NumNodes-1:0] give_take_o,

  input  logic [NumNodes-1:0] place_valid_i,
  input  logic [NumNodes-1:0] place_signal_i,
  input  logic [NumNodes-1:0] place_ready_i,  // It is given in this clock.

  input  logic                wake_valid_i,
  input  bell_pkg::queue_id_t wake_queue_i,
  output logic                wake_take_o,
  input  logic                late_valid_i,
  input  bell_pkg::queue_id_t late_queue_i,
  output logic                late_take_o,
  input  logic                credit_valid_i,
  input  bell_pkg::queue_id_t credit_queue_i,
  output logic                credit_take_o,
  input  logic                now_valid_i,  // This queue changes now.
  input  bell_pkg::queue_id_t now_queue_i,
  output logic                skip_o,

  output bell_pkg::sched_op_t op_o,    // Of the clock before.
  output bell_pkg::turn_end_t end_o,   // The end that was taken last.
  output logic                busy_o
);

  typedef logic [NodeBits-1:0] node_t;

  bell_pkg::sched_op_t op_q;
  bell_pkg::turn_end_t end_q;

  logic [NumNodes-1:0] ends, places, placing_q;
  logic  door, end_any, give_any, place_any, req, ending, giving, placing, rest;
  logic  same_req, same_end, same_give, same_place, same_wake, same_late, same_credit;
  node_t end_node, give_node, place_node;

  assign ends   = end_hold_i ? '0 : end_valid_i;
  assign places = place_valid_i & ~placing_q;

  always_comb begin
    end_node   = '0;
    give_node  = '0;
    place_node = '0;
    for (int n = int'(NumNodes) - 1; n >= 0; n--) begin
      if (ends[n]) begin
        end_node = node_t'(n);
      end
      if (give_valid_i[n]) begin
        give_node = node_t'(n);
      end
      if (places[n]) begin
        place_node = node_t'(n);
      end
    end
  end

  always_comb begin
    {same_req, same_end, same_give, same_place, same_wake, same_late, same_credit} = '0;
    if (op_q.valid) begin
      same_req    = op_q.queue == req_queue_i;
      same_end    = op_q.queue == run_queue_i[end_node];
      same_give   = op_q.queue == give_queue_i[give_node];
      same_place  = op_q.queue == run_queue_i[place_node];
      same_wake   = op_q.queue == wake_queue_i;
      same_late   = op_q.queue == late_queue_i;
      same_credit = op_q.queue == credit_queue_i;
    end
  end

  assign door      = !hold_i && !move_i && !(op_q.req && req_move_i);
  assign end_any   = |ends;
  assign give_any  = (|give_valid_i) && !give_hold_i;
  assign place_any = |places;

  assign req       = req_valid_i && (req_late_i || !(end_any || give_any));
  assign ending    = end_any && !req;
  assign giving    = give_any && !req && !end_any;
  assign rest      = door && !req && !end_any && !give_any;
  assign placing   = rest && place_any && !same_place;

  assign req_take_o    = door && room_i && req && !same_req;
  assign wake_take_o   = rest && room_i && !place_any && wake_valid_i && !same_wake;
  assign late_take_o   = rest && room_i && !place_any && !wake_valid_i && late_valid_i
                         && !same_late;
  assign credit_take_o = rest && room_i && !place_any && !wake_valid_i && !late_valid_i
                         && credit_valid_i && !same_credit;

  assign skip_o = credit_take_o && !op_q.valid
                  && !(now_valid_i && (now_queue_i == credit_queue_i));

  always_comb begin
    end_ready_o = '0;
    give_take_o = '0;
    if (door && room_i && ending && !same_end) begin
      end_ready_o[end_node] = 1'b1;
    end
    if (door && room_i && giving && !same_give) begin
      give_take_o[give_node] = 1'b1;
    end
  end

  // ---------------------------------------------------------------- selected

  bell_pkg::sched_op_t op_d;

  always_comb begin
    op_d = '0;
    if (req_take_o) begin
      op_d.req   = 1'b1;
      op_d.queue = req_queue_i;
    end else if (|end_ready_o) begin
      op_d.ends  = 1'b1;
      op_d.node  = 2'(end_node);
      op_d.queue = run_queue_i[end_node];
    end else if (|give_take_o) begin
      op_d.give  = 1'b1;
      op_d.node  = 2'(give_node);
      op_d.queue = give_queue_i[give_node];
      op_d.kept  = give_kept_i[give_node];
    end else if (placing) begin
      op_d.place   = 1'b1;
      op_d.node    = 2'(place_node);
      op_d.queue   = run_queue_i[place_node];
      op_d.signals = place_signal_i[place_node];
    end else if (wake_take_o) begin
      op_d.wake  = 1'b1;
      op_d.queue = wake_queue_i;
    end else if (late_take_o) begin
      op_d.ring  = 1'b1;
      op_d.queue = late_queue_i;
    end else if (credit_take_o && !skip_o) begin
      op_d.ring  = 1'b1;
      op_d.queue = credit_queue_i;
    end
    op_d.valid = req_take_o || (|end_ready_o) || (|give_take_o) || placing || wake_take_o
                 || late_take_o || (credit_take_o && !skip_o);
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      op_q      <= '0;
      placing_q <= '0;
    end else begin
      if (!hold_i) begin
        op_q <= op_d;
      end
      if (placing) begin
        placing_q[place_node] <= 1'b1;
      end
      if (|place_ready_i) begin
        placing_q <= placing_q & ~place_ready_i;
        if (placing) begin
          placing_q[place_node] <= 1'b1;
        end
      end
    end
  end

  // One end at a time is under way.
  always_ff @(posedge clk_i) begin
    for (int unsigned n = 0; n < NumNodes; n++) begin
      if (end_ready_o[n]) begin
        end_q <= end_i[n];
      end
    end
  end

  assign op_o   = op_q;
  assign end_o  = end_q;
  assign busy_o = op_q.valid || (|end_valid_i) || (|place_valid_i) || (|give_valid_i) || req_valid_i
                  || wake_valid_i || late_valid_i || credit_valid_i;

endmodule : bell_sched_select
