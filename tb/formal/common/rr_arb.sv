// SPDX-License-Identifier: MIT
// proof: unbounded
// says: The arbiter grants exactly one requester whenever there is one, and only one that asks;
//       its index is that of the grant; a requester that goes on asking is served at the latest
//       in the sixth of six grants taken.

module f_rr_arb #(
  parameter int unsigned Reqs = 6
) (
  input logic            clk_i,
  input logic            rst_ni,
  input logic [Reqs-1:0] req_i,
  input logic            take_i,
  input logic [2:0]      watch_i  // Any requester, for good.
);

  logic            valid;
  logic [Reqs-1:0] grant;
  logic [2:0]      index;

  bell_rr_arb #(.NumReqs(Reqs)) dut (
    .clk_i, .rst_ni, .req_i, .take_i, .valid_o(valid), .grant_o(grant), .index_o(index)
  );

  logic       started_q = 1'b0;
  logic [2:0] watch_q, others_q;  // Grants to others since the watched one asks.

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!started_q) begin
      watch_q <= watch_i;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      others_q <= '0;
    end else if (!req_i[watch_q] || (take_i && grant[watch_q])) begin
      others_q <= '0;
    end else if (take_i && valid) begin
      others_q <= others_q + 1'b1;
    end
  end

  always_comb begin
    if (!started_q) begin
      assume (!rst_ni);
      assume (32'(watch_i) < Reqs);
    end
    if (rst_ni) begin
      one_at_a_time: assert ((grant & (grant - 1'b1)) == '0);
      only_who_asks: assert ((grant & ~req_i) == '0);
      never_idle: assert ((grant != '0) == (req_i != '0));
      valid_means_grant: assert (valid == (grant != '0));
      index_of_grant: assert (!valid || grant[index]);
      bounded_wait: assert (32'(others_q) < Reqs);
    end
  end

endmodule : f_rr_arb
