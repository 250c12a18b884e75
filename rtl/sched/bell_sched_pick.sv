// SPDX-License-Identifier: MIT
//
// The next turn: picked, its context read, held until a node takes it.
//
// A turn that is held is dropped, and its queue keeps its place, when the queue stops being ready
// or moves; when turns may not be given to its node; and when a ready queue of its group has a
// higher priority: it is passed over then, and the next one of its level is picked.
//
// Timing  a queue that becomes ready in clock n is picked in n+1 and held in n+2. One pick per
//         clock.
// Reset   nothing is held.

module bell_sched_pick #(
  parameter int unsigned NumQueues = 64,  // 1 .. 1024.
  parameter int unsigned NumNodes  = 3    // 1 .. 4.
) (
  input  logic clk_i,
  input  logic rst_ni,

  input  logic [NumNodes-1:0] active_i,  // Turns may be given to the node.
  input  logic [NumNodes-1:0] busy_i,    // It has one.
  input  logic [NumNodes-1:0] lift_i,    // Level 1 goes before level 2.

  // A queue becomes ready or stops being so; see bell_sched_picker.
  input  logic                put_valid_i,
  input  bell_pkg::node_id_t  put_node_i,
  input  bell_pkg::level_t    put_level_i,
  input  bell_pkg::queue_id_t put_queue_i,
  input  bell_pkg::place_t    put_place_i,
  input  logic                put_ready_i,
  input  logic                put_keep_i,
  output logic                put_was_o,
  output logic                put_later_o,  // A ready queue of its group goes first.
  input  logic                own_valid_i,

  // Context of the queue that is picked.
  output logic                 read_valid_o,
  output bell_pkg::queue_id_t  read_queue_o,
  input  bell_pkg::turn_t      read_turn_i,
  input  bell_pkg::place_t     read_place_i,
  input  bell_pkg::allowance_t read_allowance_i,

  // The turn that is held.
  output logic                 turn_valid_o,
  output logic                 turn_pass_o,  // It is passed over.
  output bell_pkg::node_id_t   turn_node_o,
  output logic                 turn_kept_o,  // The queue stays on its node.
  output bell_pkg::turn_t      turn_o,
  output bell_pkg::allowance_t turn_allowance_o,
  input  logic                 give_i,       // A node takes it.

  output logic             [NumNodes-1:0][bell_pkg::NumLevels-1:0] some_o,
  output logic             [NumNodes-1:0]                          top_valid_o,
  output bell_pkg::level_t [NumNodes-1:0]                          top_o,
  output logic                                                     busy_o
);

  localparam int unsigned NodeBits = (NumNodes > 1) ? $clog2(NumNodes) : 1;

  logic                 turn_valid_q, turn_kept_q;
  bell_pkg::node_id_t   turn_node_q;
  bell_pkg::turn_t      turn_q;
  bell_pkg::place_t     turn_place_q;
  bell_pkg::allowance_t turn_allowance_q;

  logic [NumNodes-1:0] want;
  logic [NodeBits-1:0] turn_node;
  logic                pick_valid, pick_kept, stale, pick_stale, search;
  bell_pkg::node_id_t  pick_node;

  assign turn_node = turn_node_q[NodeBits-1:0];

  always_comb begin
    want = active_i & ~busy_i;
    if (turn_valid_q) begin
      want[turn_node] = 1'b0;
    end
  end

  bell_sched_picker #(.NumQueues(NumQueues), .NumNodes(NumNodes)) u_picker (
    .clk_i, .rst_ni,
    .put_valid_i, .put_node_i, .put_level_i, .put_queue_i, .put_ready_i, .put_keep_i, .put_was_o,
    .own_valid_i, .want_i(want), .lift_i, .pick_valid_o(pick_valid), .pick_node_o(pick_node),
    .pick_queue_o(read_queue_o), .pick_kept_o(pick_kept), .pick_take_i(read_valid_o),
    .some_o, .top_valid_o, .top_o, .busy_o(search)
  );

  bell_sched_peers u_peers (
    .clk_i, .rst_ni,
    .put_valid_i(put_valid_i && (put_was_o != put_ready_i)), .put_ready_i, .put_place_i,
    .ask_place_i(put_place_i), .ask_later_o(put_later_o),
    .turn_place_i(turn_place_q), .turn_later_o(turn_pass_o)
  );

  assign stale        = put_valid_i && !put_ready_i && (put_queue_i == turn_q.queue);
  assign pick_stale   = put_valid_i && !put_ready_i && (put_queue_i == read_queue_o);
  assign read_valid_o = pick_valid && !pick_stale && (!turn_valid_q || give_i);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      turn_valid_q     <= 1'b0;
      turn_node_q      <= '0;
      turn_kept_q      <= 1'b0;
      turn_q           <= '0;
      turn_place_q     <= '0;
      turn_allowance_q <= '0;
    end else if (read_valid_o) begin
      turn_valid_q     <= 1'b1;
      turn_node_q      <= pick_node;
      turn_kept_q      <= pick_kept;
      turn_q           <= read_turn_i;
      turn_place_q     <= read_place_i;
      turn_allowance_q <= read_allowance_i;
    end else if (!active_i[turn_node] || give_i || turn_pass_o || stale) begin
      turn_valid_q <= 1'b0;
    end
  end

  assign turn_valid_o     = turn_valid_q;
  assign turn_node_o      = turn_node_q;
  assign turn_kept_o      = turn_kept_q;
  assign turn_o           = turn_q;
  assign turn_allowance_o = turn_allowance_q;
  assign busy_o           = turn_valid_q || pick_valid || search;

endmodule : bell_sched_pick
