// SPDX-License-Identifier: MIT
//
// Round-robin arbiter: the requester after the one served last comes first, so each of n waiting
// requesters is served at least once in n grants.
//
// Timing  combinational grant; the order moves when take_i is high at the edge.
// A grant may go to another requester from clock to clock until it is taken.

module bell_rr_arb #(
  parameter int unsigned NumReqs = 3,
  localparam int unsigned IndexBits = (NumReqs > 1) ? $clog2(NumReqs) : 1
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  logic [NumReqs-1:0]   req_i,
  input  logic                 take_i,   // The grant of this clock is used.
  output logic                 valid_o,  // Some request is granted.
  output logic [NumReqs-1:0]   grant_o,  // One-hot, or zero.
  output logic [IndexBits-1:0] index_o   // Of the grant; 0 when there is none.
);

  logic [NumReqs-1:0] later_q;  // Requesters after the one served last.
  logic [NumReqs-1:0] later;

  assign valid_o = |req_i;

  always_comb begin
    later   = '0;
    grant_o = '0;
    index_o = '0;
    if (valid_o) begin
      later   = req_i & later_q;
      grant_o = (|later) ? later & (~later + 1'b1) : req_i & (~req_i + 1'b1);
      for (int unsigned r = 0; r < NumReqs; r++) begin
        if (grant_o[r]) begin
          index_o = IndexBits'(r);
        end
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      later_q <= '1;
    end else if (take_i && valid_o) begin
      later_q <= ~(grant_o | (grant_o - 1'b1));
    end
  end

endmodule : bell_rr_arb
