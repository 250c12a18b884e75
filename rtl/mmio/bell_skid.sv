// SPDX-License-Identifier: MIT
//
// Skid buffer: cuts the ready path of a channel without costing a clock.
//
// A word passes through in the clock in which it comes. Only a word that the other side does not
// take is kept, and ready_o is low until it is gone; so ready_o comes from a flop.
//
// Timing  0 clocks when empty; one word per clock sustained.
// Reset   empty.

module bell_skid #(
  parameter int unsigned Width = 8
) (
  input  logic             clk_i,
  input  logic             rst_ni,

  input  logic             valid_i,
  output logic             ready_o,
  input  logic [Width-1:0] data_i,

  output logic             valid_o,
  input  logic             take_i,   // Only while valid_o.
  output logic [Width-1:0] data_o
);

  logic             held_q;
  logic [Width-1:0] data_q;

  assign ready_o = !held_q;
  assign valid_o = held_q || valid_i;
  assign data_o  = held_q ? data_q : data_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      held_q <= 1'b0;
    end else begin
      held_q <= valid_o && !take_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_i && !held_q) begin
      data_q <= data_i;
    end
  end

endmodule : bell_skid
