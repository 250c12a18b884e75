// SPDX-License-Identifier: MIT
//
// What each node runs, whether its queue has to leave, and the event that CMD.SUSPEND asked for.
//
// Timing  a change shows one clock later.
// Reset   nothing runs.

module bell_sched_nodes #(
  parameter int unsigned NumNodes = 3  // 1 .. 4.
) (
  input  logic clk_i,
  input  logic rst_ni,

  // The queue that sched changes, and how; at most one of the four.
  input  bell_pkg::queue_id_t queue_i,
  input  bell_pkg::level_t    level_i,
  input  bell_pkg::node_id_t  node_i,
  input  logic                give_i,   // Its turn is given.
  input  logic                end_i,    // Its turn has ended.
  input  logic                leave_i,  // It runs, and is told whether it may go on:
  input  logic                listed_i,
  input  logic                move_i,   // It runs, at another level.

  input  logic                notify_i, // With end: post STOPPED.
  input  bell_pkg::count_t    rptr_i,

  output logic                [NumNodes-1:0] busy_o,
  output bell_pkg::queue_id_t [NumNodes-1:0] queue_o,
  output bell_pkg::level_t    [NumNodes-1:0] level_o,
  output logic                [NumNodes-1:0] leave_o,

  // To irq; held until taken.
  output logic             event_valid_o,
  input  logic             event_ready_i,
  output bell_pkg::event_t event_o
);

  logic             event_valid_q;
  bell_pkg::event_t event_q;

  for (genvar n = 0; n < int'(NumNodes); n++) begin : g_node
    logic                busy_q, leave_q, here;
    bell_pkg::queue_id_t queue_q;
    bell_pkg::level_t    level_q;

    assign here       = node_i == 2'(n);
    assign busy_o[n]  = busy_q;
    assign leave_o[n] = leave_q;
    assign queue_o[n] = queue_q;
    assign level_o[n] = level_q;

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        busy_q  <= 1'b0;
        leave_q <= 1'b0;
        queue_q <= '0;
        level_q <= '0;
      end else if (here && give_i) begin
        busy_q  <= 1'b1;
        queue_q <= queue_i;
        level_q <= level_i;
      end else if (here && end_i) begin
        busy_q  <= 1'b0;
        leave_q <= 1'b0;
      end else if (here && leave_i) begin
        leave_q <= !listed_i;
      end else if (here && move_i) begin
        level_q <= level_i;
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      event_valid_q <= 1'b0;
      event_q       <= '0;
    end else if (end_i && notify_i) begin
      event_valid_q <= 1'b1;
      event_q       <= {bell_formats_pkg::CauseStopped, node_i, queue_i, rptr_i};
    end else if (event_ready_i) begin
      event_valid_q <= 1'b0;
    end
  end

  assign event_valid_o = event_valid_q;
  assign event_o       = event_q;

endmodule : bell_sched_nodes
