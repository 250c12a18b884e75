// SPDX-License-Identifier: MIT
// proof: induction 1
// says: Until ACCEPTED saturates, accepted = sampled + coalesced + unowned + rejected + owed in
//       every clock, whatever comes in the same clock; a counter that is not marked saturated moved
//       by exactly what was reported, one that is marked stands at its largest value for good; OWED
//       is always exact.
//
// Counters of 4 bits, so that their end is near. Samples, buckets and rings given up are those of
// rings that are owed.

module f_ledger #(
  parameter int unsigned Width = 4
) (
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

  localparam logic [63:0] Largest = (64'd1 << Width) - 64'd1;

  bell_pkg::ledger_t ledger, before_q;
  logic [7:0]        last_cause;
  bell_pkg::saturated_t saturated, saturated_q;
  logic [23:0]       last_addr;

  bell_ledger #(.Width(Width)) dut (
    .clk_i, .rst_ni, .accept_i, .credit_i, .bucket_i, .cause_i, .addr_i, .sampled_i, .forgone_i,
    .ledger_o(ledger), .saturated_o(saturated), .last_cause_o(last_cause), .last_addr_o(last_addr),
    .rejected_o(), .unowned_o()
  );

  logic       started_q = 1'b0;
  logic       ran_q;  // The clock before was no reset: its inputs are these.
  logic       accept_q, coalesced_q, unowned_q, refused_q, sampled_q, forgone_q;
  logic [7:0] cause_q;
  logic [1:0] settled, settled_q;

  always_ff @(posedge clk_i) begin
    started_q   <= 1'b1;
    ran_q       <= rst_ni;
    before_q    <= ledger;
    saturated_q <= saturated;
    accept_q    <= accept_i;
    coalesced_q <= credit_i && (bucket_i == bell_pkg::BucketCoalesced);
    unowned_q   <= credit_i && (bucket_i == bell_pkg::BucketUnowned);
    refused_q   <= credit_i && (bucket_i == bell_pkg::BucketRejected);
    sampled_q   <= sampled_i;
    forgone_q   <= forgone_i;
    cause_q     <= cause_i;
    settled_q   <= settled;
  end

  assign settled = 2'(credit_i && (bucket_i != bell_pkg::BucketNew)) + 2'(sampled_i)
                   + 2'(forgone_i);

  always_comb begin
    if (!started_q) begin
      assume (!rst_ni);
    end
    assume (bucket_i <= bell_pkg::BucketRejected);
    assume (64'(settled) <= ledger.owed);
    // A ring a queue, and those on their way.
    assume (!accept_i || (ledger.owed < 64'(bell_pkg::MaxQueues + 2)));
    if (rst_ni) begin
      sum: assert (saturated.accepted || (ledger.accepted == ledger.sampled + ledger.coalesced
                   + ledger.unowned + ledger.rejected + ledger.owed));
      others_saturate_later: assert (saturated.accepted || (saturated == '0));
      owed_is_bounded: assert (ledger.owed <= 64'(bell_pkg::MaxQueues + 2));
      marked_is_largest: assert ((!saturated.accepted || (ledger.accepted == Largest))
                                 && (!saturated.sampled || (ledger.sampled == Largest))
                                 && (!saturated.coalesced || (ledger.coalesced == Largest))
                                 && (!saturated.unowned || (ledger.unowned == Largest))
                                 && (!saturated.rejected || (ledger.rejected == Largest)));
      counters_end: assert ((ledger.accepted <= Largest) && (ledger.sampled <= Largest)
                            && (ledger.coalesced <= Largest)
                            && (ledger.unowned <= Largest)
                            && (ledger.rejected <= Largest));
    end
    if (rst_ni && started_q && ran_q) begin
      sticky: assert ((saturated_q & ~saturated) == '0);
      accepted_moves: assert (saturated.accepted
                              || (ledger.accepted == before_q.accepted + 64'(accept_q)));
      sampled_moves: assert (saturated.sampled
                             || (ledger.sampled == before_q.sampled + 64'(sampled_q)));
      coalesced_moves: assert (saturated.coalesced
                               || (ledger.coalesced == before_q.coalesced + 64'(coalesced_q)));
      unowned_moves: assert (saturated.unowned
                             || (ledger.unowned == before_q.unowned + 64'(unowned_q)));
      rejected_moves: assert (saturated.rejected || (ledger.rejected == before_q.rejected
                              + 64'(refused_q) + 64'(forgone_q)));
      owed_moves: assert (ledger.owed == before_q.owed + 64'(accept_q) - 64'(settled_q));
      cause_is_last: assert (!refused_q || (last_cause == cause_q));
    end
  end

endmodule : f_ledger
