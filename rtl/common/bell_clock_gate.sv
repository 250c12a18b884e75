// SPDX-License-Identifier: MIT
//
// Clock gate: passes the high phase of clk_i when enable_i is high at its rising edge.
//
// The latch holds the decision while clk_i is high, so clk_o has no short pulse. enable_i may come
// straight from inputs: it must be stable before the rising edge, like any input of a flop. Replace
// this module by the cell of the technology. Where there is none (FPGA, proofs) define BELL_UNGATED:
// a gated block keeps its state without clock, and would keep it with clock.
//
// Async reset of the block does not need the clock.

module bell_clock_gate (
  input  logic clk_i,
  input  logic enable_i,  // The edge matters to the block.
  output logic clk_o
);

`ifdef BELL_UNGATED
  logic enable_unused;

  assign enable_unused = enable_i;
  assign clk_o         = clk_i;
`else
  logic open;

  always_latch begin
    if (!clk_i) begin
      open = enable_i;
    end
  end

  assign clk_o = clk_i & open;
`endif

endmodule : bell_clock_gate
