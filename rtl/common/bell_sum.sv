// SPDX-License-Identifier: MIT
//
// Sum of two wide words without a long carry: blocks are added for both carries, then each takes the
// one that comes in. Else a mapper that looks at area first makes one chain of all bits; the
// attributes keep it from that where there is no carry logic.
//
// Timing  combinational. A simulator adds at once, which tb/formal/common/sum.sv shows to be the same.

module bell_sum #(
  parameter int unsigned Width = 64,
  parameter int unsigned Block = 16   // Bits added at once; Width is a multiple.
) (
  input  logic             enable_i,  // 0: the sum is 0, and costs a simulator nothing.
  input  logic [Width-1:0] a_i,
  input  logic [Width-1:0] b_i,
  input  logic             carry_i,
  output logic [Width-1:0] sum_o,
  output logic             carry_o
);

  if (Width % Block != 0) begin : g_check
    $error("Width is no multiple of Block");
  end

`ifdef VERILATOR
  always_comb begin
    {carry_o, sum_o} = '0;
    if (enable_i) begin
      {carry_o, sum_o} = {1'b0, a_i} + {1'b0, b_i} + (Width + 1)'(carry_i);
    end
  end
`else
  localparam int unsigned Blocks = Width / Block;

  (* keep *) logic [Blocks-1:0][Block:0] plain, next;  // Without and with a carry in.

  always_comb begin : blocks
    logic carry;

    sum_o = '0;
    carry = carry_i;
    for (int unsigned n = 0; n < Blocks; n++) begin
      plain[n] = {1'b0, a_i[n*Block +: Block]} + {1'b0, b_i[n*Block +: Block]};
      next[n]  = {1'b0, a_i[n*Block +: Block]} + {1'b0, b_i[n*Block +: Block]} + 1'b1;
      if (enable_i) begin
        sum_o[n*Block +: Block] = carry ? next[n][Block-1:0] : plain[n][Block-1:0];
      end
      carry = carry ? next[n][Block] : plain[n][Block];
    end
    carry_o = enable_i && carry;
  end
`endif

endmodule : bell_sum
