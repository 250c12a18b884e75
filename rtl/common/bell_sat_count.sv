// SPDX-License-Identifier: MIT
//
// Counter that never wraps: it stops at its largest value and says that it lost counts.
//
// Timing  counts show one clock after add_i.
// Reset   zero.

module bell_sat_count #(
  parameter int unsigned Width = 64  // 2 .. 64.
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [1:0]  add_i,
  output logic [63:0] count_o,     // Exact while not saturated.
  output logic        saturated_o  // Sticky: counts were lost.
);

  logic [Width-1:0] count_q;
  logic [Width:0]   sum;
  logic             saturated_q;

  assign sum = {1'b0, count_q} + (Width + 1)'(add_i);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      count_q     <= '0;
      saturated_q <= 1'b0;
    end else if (add_i != '0) begin
      count_q     <= sum[Width] ? '1 : sum[Width-1:0];
      saturated_q <= sum[Width];  // Once lost, every later count is lost too.
    end
  end

  assign count_o     = 64'(count_q);
  assign saturated_o = saturated_q;

endmodule : bell_sat_count
