// SPDX-License-Identifier: MIT
//
// Counts every accepted doorbell store, and what became of it.
//
// In every clock: accepted = sampled + coalesced + unowned + rejected + owed. Owed is counted up
// and down by itself, not computed from the others, so that the sum can be wrong and a test can see
// it.
//
// A counter stops at its largest value, and its bit in saturated_o says so; owed is always exact.
// No counter is larger than accepted, so the sum holds until accepted saturates, and then every
// counter whose bit is 0 is still exact.
//
// Timing  a store shows one clock after accept_i, its bucket one clock after credit_i.
// Reset   all zero.

module bell_ledger #(
  parameter int unsigned Width = 64  // Of each counter but owed, 2 .. 64.
) (
  input  logic clk_i,
  input  logic rst_ni,

  input  logic              accept_i,   // A store is accepted.
  input  logic              credit_i,   // An accepted ring is decided:
  input  bell_pkg::bucket_t bucket_i,
  input  logic [7:0]        cause_i,    // Of a rejection.
  input  logic [23:0]       addr_i,     // Of the store, in BAR2.
  input  logic              sampled_i,  // A sample owed to a ring is taken.
  input  logic              forgone_i,  // A sample owed to a ring will never be taken.

  output bell_pkg::ledger_t    ledger_o,
  output bell_pkg::saturated_t saturated_o,
  output logic [7:0]           last_cause_o,
  output logic [23:0]          last_addr_o,

  // To report, in the clock in which it is decided.
  output bell_pkg::refusal_t rejected_o,
  output bell_pkg::refusal_t unowned_o
);

  logic       coalesced, unowned, refused;
  logic [1:0] rejected, settled;
  logic [15:0] owed_q;
  logic [7:0]  last_cause_q;
  logic [23:0] last_addr_q;

  assign coalesced = credit_i && (bucket_i == bell_pkg::BucketCoalesced);
  assign unowned   = credit_i && (bucket_i == bell_pkg::BucketUnowned);
  assign refused   = credit_i && (bucket_i == bell_pkg::BucketRejected);
  assign rejected  = 2'(refused) + 2'(forgone_i);
  assign settled   = 2'(coalesced || unowned || refused) + 2'(sampled_i) + 2'(forgone_i);

  bell_sat_count #(.Width(Width)) u_accepted (
    .clk_i, .rst_ni, .add_i(2'(accept_i)),
    .count_o(ledger_o.accepted), .saturated_o(saturated_o.accepted)
  );
  bell_sat_count #(.Width(Width)) u_sampled (
    .clk_i, .rst_ni, .add_i(2'(sampled_i)),
    .count_o(ledger_o.sampled), .saturated_o(saturated_o.sampled)
  );
  bell_sat_count #(.Width(Width)) u_coalesced (
    .clk_i, .rst_ni, .add_i(2'(coalesced)),
    .count_o(ledger_o.coalesced), .saturated_o(saturated_o.coalesced)
  );
  bell_sat_count #(.Width(Width)) u_unowned (
    .clk_i, .rst_ni, .add_i(2'(unowned)),
    .count_o(ledger_o.unowned), .saturated_o(saturated_o.unowned)
  );
  bell_sat_count #(.Width(Width)) u_rejected (
    .clk_i, .rst_ni, .add_i(rejected),
    .count_o(ledger_o.rejected), .saturated_o(saturated_o.rejected)
  );

  // At most one ring a queue and those in the pipe: never near its end.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      owed_q       <= '0;
      last_cause_q <= bell_formats_pkg::RejectNone;
      last_addr_q  <= '0;
    end else if (accept_i || credit_i || sampled_i || forgone_i) begin
      owed_q <= owed_q + 16'(accept_i) - 16'(settled);
      if (refused) begin
        last_cause_q <= cause_i;
        last_addr_q  <= addr_i;
      end
    end
  end

  assign ledger_o.owed = 64'(owed_q);
  assign last_cause_o  = last_cause_q;
  assign last_addr_o   = last_addr_q;

  // Of a ring lost to CLOSE, the address is not known any more.
  assign unowned_o  = {2'(unowned), addr_i, bell_formats_pkg::RejectNone};
  assign rejected_o = {rejected, refused ? addr_i : 24'd0,
                       refused ? cause_i : bell_formats_pkg::RejectQueueClosed};

endmodule : bell_ledger
