// SPDX-License-Identifier: MIT
// proof: induction 1
// says: A sum in blocks is the sum, with its carry; nothing when it is not enabled.

module f_sum #(
  parameter int unsigned Width = 64
) (
  input logic             clk_i,
  input logic             rst_ni,
  input logic             enable_i,
  input logic [Width-1:0] a_i,
  input logic [Width-1:0] b_i,
  input logic             carry_i
);

  logic [Width-1:0] sum;
  logic             carry;
  logic             started_q = 1'b0;

  bell_sum #(.Width(Width), .Block(16)) dut (
    .enable_i, .a_i, .b_i, .carry_i, .sum_o(sum), .carry_o(carry)
  );

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
  end

  always_comb begin
    if (!started_q) begin
      assume (!rst_ni);
    end
    if (rst_ni) begin
      is_the_sum: assert (!enable_i || ({carry, sum} == {1'b0, a_i} + {1'b0, b_i}
                                        + (Width + 1)'(carry_i)));
      else_nothing: assert (enable_i || ({carry, sum} == '0));
    end
  end

endmodule : f_sum
