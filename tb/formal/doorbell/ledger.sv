// SPDX-License-Identifier: MIT
// proof: induction 1
// arithmetic: integer
// says: In every clock accepted = sampled + coalesced + unowned + rejected + owed, whatever comes in
//       the same clock; and each count moves by exactly what was reported.
//
// The sum is that of the whole 64-bit counters, overflow included.

module f_ledger (
  input logic              clk_i,
  input logic              rst_ni,
  input logic              accept_i,
  input logic              credit_i,
  input bell_pkg::bucket_t bucket_i,
  input logic [7:0]        cause_i,
  input logic [23:0]       addr_i,
  input logic              sampled_i,
  input logic              forgone_i
);

  bell_pkg::ledger_t ledger, before_q;
  logic [7:0]        last_cause;
  logic [23:0]       last_addr;

  bell_ledger dut (
    .clk_i, .rst_ni, .accept_i, .credit_i, .bucket_i, .cause_i, .addr_i, .sampled_i, .forgone_i,
    .ledger_o(ledger), .last_cause_o(last_cause), .last_addr_o(last_addr)
  );

  logic       started_q = 1'b0;
  logic       ran_q;  // The clock before was no reset: its inputs are these.
  logic       accept_q, coalesced_q, unowned_q, refused_q, sampled_q, forgone_q;
  logic [7:0] cause_q;

  always_ff @(posedge clk_i) begin
    started_q   <= 1'b1;
    ran_q       <= rst_ni;
    before_q    <= ledger;
    accept_q    <= accept_i;
    coalesced_q <= credit_i && (bucket_i == bell_pkg::BucketCoalesced);
    unowned_q   <= credit_i && (bucket_i == bell_pkg::BucketUnowned);
    refused_q   <= credit_i && (bucket_i == bell_pkg::BucketRejected);
    sampled_q   <= sampled_i;
    forgone_q   <= forgone_i;
    cause_q     <= cause_i;
  end

  always_comb begin
    if (!started_q) begin
      assume (!rst_ni);
    end
    assume (bucket_i <= bell_pkg::BucketRejected);
    if (rst_ni) begin
      sum: assert (ledger.accepted == ledger.sampled + ledger.coalesced + ledger.unowned
                   + ledger.rejected + ledger.owed);
    end
    if (rst_ni && started_q && ran_q) begin
      accepted_moves: assert (ledger.accepted == before_q.accepted + 64'(accept_q));
      sampled_moves: assert (ledger.sampled == before_q.sampled + 64'(sampled_q));
      coalesced_moves: assert (ledger.coalesced == before_q.coalesced + 64'(coalesced_q));
      unowned_moves: assert (ledger.unowned == before_q.unowned + 64'(unowned_q));
      rejected_moves: assert (ledger.rejected == before_q.rejected + 64'(refused_q)
                              + 64'(forgone_q));
      cause_is_last: assert (!refused_q || (last_cause == cause_q));
    end
  end

endmodule : f_ledger
