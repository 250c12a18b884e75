// SPDX-License-Identifier: MIT
//
// Where each checker looks. The design does not know of any of them.

bind bell_top bell_axil_check u_axil_check (.*);
bind bell_top bell_axi4_check u_axi4_check (.*);

bind bell_fifo bell_fifo_check #(.Depth(Depth), .CountBits(CountBits)) u_check (.*);
bind bell_rr_arb bell_rr_arb_check #(.NumReqs(NumReqs)) u_check (.*);
bind bell_skid bell_skid_check #(.Width(Width)) u_check (.*);
bind bell_sat_count bell_sat_count_check u_check (.*);

bind bell_ledger bell_ledger_check u_check (
  .clk_i, .rst_ni,
  .accepted(ledger_o.accepted), .sampled(ledger_o.sampled), .coalesced(ledger_o.coalesced),
  .unowned(ledger_o.unowned), .rejected(ledger_o.rejected), .owed(ledger_o.owed),
  .saturated(saturated_o.accepted)
);

bind bell_doorbell bell_doorbell_check #(.NumQueues(NumQueues)) u_check (
  .clk_i, .rst_ni, .ring_valid_i, .ring_refuse_o, .credit_valid_o, .credit_queue(credit_o.queue),
  .tap_valid_o, .tap_bucket_o, .tap_cause_o
);

// Nodes run on clk_i, the scheduler on a clock that stands still while it has nothing to do: no
// turn starts or ends in such a clock.
bind bell_sched bell_sched_check #(.NumNodes(NumNodes), .NumQueues(NumQueues)) u_check (
  .clk_i, .rst_ni, .enable_i, .gated_i, .credit_valid_i, .credit_queue(credit_i.queue),
  .credit_coalesced_o, .credit_closed_o, .sampled_o, .forgone_o, .turn_valid_o, .turn_ready_i,
  .turn_queue(turn_o.queue), .end_valid_i, .end_ready_o, .end_queues(u_ends.queues)
);
bind bell_sched bell_end_queues #(.NumNodes(NumNodes)) u_ends (.ends_i(end_i));

bind bell_irq bell_irq_check #(
  .NumSources(NumSources), .EventBits($bits(bell_pkg::event_t)), .LevelBits($clog2(Depth+1))
) u_check (.*);
bind bell_report bell_report_check u_check (.*);
