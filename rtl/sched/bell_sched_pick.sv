// SPDX-License-Identifier: MIT
//
// The next turn of each node: looked for when the node is free, or its turn is about to end, and
// kept until sched takes it. Sched says what became of it: served, passed over, or neither; then
// it is looked for again, and the queue has not lost its place.
//
// A queue whose turn ends and that goes first all the same (direct_i) needs no search.
//
// Timing  a queue that is put in clock n is looked for in n + 2, or later; what was found can be
//         taken four clocks after. A search may start every clock, one a node at a time.
// Reset   nothing is looked for.

module bell_sched_pick #(
  parameter int unsigned NumQueues = 64,  // 1 .. 1024.
  parameter int unsigned NumNodes  = 3    // 1 .. 4.
) (
  input  logic clk_i,
  input  logic rst_ni,

  input  logic [NumNodes-1:0] active_i,  // Turns may be given to the node.
  input  logic [NumNodes-1:0] busy_i,    // It has one;
  input  logic [NumNodes-1:0] early_i,   // its end will be known in the next clock;
  input  logic [NumNodes-1:0] ending_i,  // it is about to end.
  input  logic [NumNodes-1:0] lift_i,    // Level 1 goes before level 2.

  // A queue becomes ready or stops being so; see bell_sched_picker.
  input  logic                look_i,
  input  logic                put_valid_i,
  input  bell_pkg::node_id_t  put_node_i,
  input  bell_pkg::level_t    put_level_i,
  input  bell_pkg::queue_id_t put_queue_i,
  input  bell_pkg::place_t    put_place_i,
  input  logic                put_ready_i,
  output logic                later_o,     // A ready queue of its group goes first.
  input  logic                direct_i,    // Its turn has ended, and it goes first on its node,
  input  logic                kept_i,      // because it stays there.

  // What may be given to each node.
  output logic                [NumNodes-1:0] next_valid_o,
  output bell_pkg::queue_id_t [NumNodes-1:0] next_queue_o,
  output logic                [NumNodes-1:0] next_kept_o,
  input  logic                [NumNodes-1:0] next_take_i,

  // What was taken became a turn, or not.
  input  logic               done_valid_i,
  input  bell_pkg::node_id_t done_node_i,
  input  logic               served_i,    // The queue of put_* was served, or is passed over.

  output logic             [NumNodes-1:0][bell_pkg::NumLevels-1:0] some_o,
  output logic             [NumNodes-1:0]                          top_valid_o,
  output bell_pkg::level_t [NumNodes-1:0]                          top_o,
  output logic             [NumNodes-1:0]                          loses_o,  // See the picker.
  output bell_pkg::level_t [NumNodes-1:0] serve_o,  // This level goes first.
  output logic             [NumNodes-1:0] none_o,   // Nothing is ready or was found.
  output logic                            busy_o
);

  localparam int unsigned NodeBits = (NumNodes > 1) ? $clog2(NumNodes) : 1;

  logic [NumNodes-1:0] seek_q, next_q, kept_q, due_q;  // Looked for; found; taken.
  bell_pkg::queue_id_t [NumNodes-1:0] queue_q;

  logic [NumNodes-1:0] want, grant_unused, ready_none;
  logic [NodeBits-1:0] find_index;
  logic                find, answer, found, search;
  bell_pkg::node_id_t  found_node;
  bell_pkg::queue_id_t found_queue;

  always_comb begin
    serve_o = top_o;
    for (int unsigned n = 0; n < NumNodes; n++) begin
      if (lift_i[n] && (top_o[n] == bell_pkg::LevelFocus) && some_o[n][bell_pkg::LevelNormal]) begin
        serve_o[n] = bell_pkg::LevelNormal;
      end
    end
  end

  assign want = active_i & top_valid_o & (~busy_i | early_i) & ~seek_q & ~next_q & ~due_q;

  bell_rr_arb #(.NumReqs(NumNodes)) u_node (
    .clk_i, .rst_ni, .req_i(want), .take_i(find), .valid_o(find),
    .grant_o(grant_unused), .index_o(find_index)
  );

  bell_sched_picker #(.NumQueues(NumQueues), .NumNodes(NumNodes)) u_picker (
    .clk_i, .rst_ni,
    .look_i, .put_valid_i, .put_node_i, .put_level_i, .put_queue_i, .put_ready_i,
    .find_valid_i(find), .find_node_i(2'(find_index)), .find_level_i(serve_o[find_index]),
    .answer_o(answer), .found_o(found), .found_node_o(found_node), .found_queue_o(found_queue),
    .served_valid_i(served_i), .served_node_i(put_node_i), .served_level_i(put_level_i),
    .served_queue_i(put_queue_i),
    .some_o, .top_valid_o, .top_o, .none_o(ready_none), .loses_o, .busy_o(search)
  );

  bell_sched_peers u_peers (
    .clk_i, .rst_ni, .put_valid_i, .put_ready_i, .put_place_i,
    .ask_place_i(put_place_i), .ask_later_o(later_o)
  );

  for (genvar n = 0; n < int'(NumNodes); n++) begin : g_node
    logic here, direct;

    assign here   = answer && (found_node == 2'(n));
    assign direct = direct_i && (put_node_i == 2'(n));

    // What is found beside a direct one, or for a node that may have none, counts for nothing.
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        seek_q[n]  <= 1'b0;
        next_q[n]  <= 1'b0;
        kept_q[n]  <= 1'b0;
        due_q[n]   <= 1'b0;
        queue_q[n] <= '0;
      end else begin
        if (find && (find_index == NodeBits'(n))) begin
          seek_q[n] <= 1'b1;
        end else if (here) begin
          seek_q[n] <= 1'b0;
        end
        if (direct) begin
          next_q[n]  <= 1'b1;
          kept_q[n]  <= kept_i;
          queue_q[n] <= put_queue_i;
        end else if (here && found && !next_q[n] && !due_q[n]) begin
          next_q[n]  <= 1'b1;
          kept_q[n]  <= 1'b0;
          queue_q[n] <= found_queue;
        end else if (next_take_i[n] || !active_i[n] || (busy_i[n] && !ending_i[n])) begin
          next_q[n] <= 1'b0;
        end
        if (next_take_i[n]) begin
          due_q[n] <= 1'b1;
        end else if (done_valid_i && (done_node_i == 2'(n))) begin
          due_q[n] <= 1'b0;
        end
      end
    end
  end

  assign next_valid_o = next_q & active_i;
  assign next_queue_o = queue_q;
  assign next_kept_o  = kept_q;
  assign none_o       = ready_none & ~(seek_q | next_q | due_q);
  assign busy_o       = search || (|next_q) || (|due_q) || find;

endmodule : bell_sched_pick
