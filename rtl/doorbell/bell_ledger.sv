// SPDX-License-Identifier: MIT
//
// Counts every accepted doorbell store, and what became of it.
//
// In every clock: accepted = sampled + coalesced + unowned + rejected + owed. Owed is counted up
// and down by itself, not computed from the others, so that the sum can be wrong and a test can see
// it.
//
// Timing  a store shows one clock after accept_i, its bucket one clock after credit_i.
// Reset   all zero.

module bell_ledger (
  input  logic clk_i,
  input  logic rst_ni,

  input  logic              accept_i,   // A store is accepted.
  input  logic              credit_i,   // An accepted ring is decided:
  input  bell_pkg::bucket_t bucket_i,
  input  logic [7:0]        cause_i,    // Of a rejection.
  input  logic [23:0]       addr_i,     // Of the store, in BAR2.
  input  logic              sampled_i,  // A sample owed to a ring is taken.
  input  logic              forgone_i,  // A sample owed to a ring will never be taken.

  output bell_pkg::ledger_t ledger_o,
  output logic [7:0]        last_cause_o,
  output logic [23:0]       last_addr_o
);

  bell_pkg::count_t accepted_q, sampled_q, coalesced_q, unowned_q, rejected_q, owed_q;
  logic             coalesced, unowned, refused;
  logic [1:0]       rejected, settled;
  logic [7:0]       last_cause_q;
  logic [23:0]      last_addr_q;

  assign coalesced = credit_i && (bucket_i == bell_pkg::BucketCoalesced);
  assign unowned   = credit_i && (bucket_i == bell_pkg::BucketUnowned);
  assign refused   = credit_i && (bucket_i == bell_pkg::BucketRejected);
  assign rejected  = 2'(refused) + 2'(forgone_i);
  assign settled   = 2'(coalesced || unowned || refused) + 2'(sampled_i) + 2'(forgone_i);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      accepted_q   <= '0;
      sampled_q    <= '0;
      coalesced_q  <= '0;
      unowned_q    <= '0;
      rejected_q   <= '0;
      owed_q       <= '0;
      last_cause_q <= bell_formats_pkg::RejectNone;
      last_addr_q  <= '0;
    end else if (accept_i || credit_i || sampled_i || forgone_i) begin
      accepted_q  <= accepted_q + 64'(accept_i);
      sampled_q   <= sampled_q + 64'(sampled_i);
      coalesced_q <= coalesced_q + 64'(coalesced);
      unowned_q   <= unowned_q + 64'(unowned);
      rejected_q  <= rejected_q + 64'(rejected);
      owed_q      <= owed_q + 64'(accept_i) - 64'(settled);
      if (refused) begin
        last_cause_q <= cause_i;
        last_addr_q  <= addr_i;
      end
    end
  end

  assign ledger_o     = {accepted_q, sampled_q, coalesced_q, unowned_q, rejected_q, owed_q};
  assign last_cause_o = last_cause_q;
  assign last_addr_o  = last_addr_q;

endmodule : bell_ledger
