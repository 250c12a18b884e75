// SPDX-License-Identifier: MIT
//
// The checkers of blocks and stages, each with inputs of its own: the test plays the stage.

module stage_tb #(
  localparam int NumNodes = 2,
  localparam int EventBits = 84
) (
  input logic clk_i,
  input logic rst_ni,

  input logic       fifo_clear, fifo_push, fifo_full, fifo_pop, fifo_empty,
  input logic [2:0] fifo_count,

  input logic [2:0] arb_req, arb_grant,
  input logic       arb_valid,

  input logic       skid_valid, skid_take,
  input logic [7:0] skid_data,

  input logic [1:0]  count_add,
  input logic [63:0] count_value,
  input logic        count_saturated,

  input logic [63:0] accepted, sampled, coalesced, unowned, rejected, owed,
  input logic        saturated,

  input logic       ring_valid, ring_refuse, credit_valid, tap_valid,
  input logic [9:0] credit_queue,
  input logic [2:0] tap_bucket,
  input logic [7:0] tap_cause,

  input logic                   s_enable, s_credit, s_coalesced, s_closed, s_sampled, s_forgone,
  input logic [NumNodes-1:0]    s_gated, s_turn, s_ready, s_end, s_end_ready,
  input logic [9:0]             s_credit_queue, s_turn_queue,
  input logic [NumNodes*10-1:0] s_end_queues,

  input logic [1:0]             i_valid, i_ready,
  input logic [2*EventBits-1:0] i_event,
  input logic                   i_enable, i_oldest, i_line,
  input logic [2:0]             i_level,

  input logic [2:0] r_arm, r_disarm,
  input logic       r_valid, r_ready
);

  bell_fifo_check #(.Depth(4), .CountBits(3)) u_fifo (
    .clk_i, .rst_ni, .clear_i(fifo_clear), .push_i(fifo_push), .full_o(fifo_full),
    .pop_i(fifo_pop), .empty_o(fifo_empty), .count_o(fifo_count)
  );
  bell_rr_arb_check #(.NumReqs(3)) u_arb (
    .clk_i, .rst_ni, .req_i(arb_req), .valid_o(arb_valid), .grant_o(arb_grant)
  );
  bell_skid_check #(.Width(8)) u_skid (
    .clk_i, .rst_ni, .valid_o(skid_valid), .take_i(skid_take), .data_o(skid_data)
  );
  bell_sat_count_check u_count (
    .clk_i, .rst_ni, .add_i(count_add), .count_o(count_value), .saturated_o(count_saturated)
  );
  bell_ledger_check u_ledger (
    .clk_i, .rst_ni, .accepted, .sampled, .coalesced, .unowned, .rejected, .owed, .saturated
  );
  bell_doorbell_check #(.NumQueues(8)) u_doorbell (
    .clk_i, .rst_ni, .ring_valid_i(ring_valid), .ring_refuse_o(ring_refuse),
    .credit_valid_o(credit_valid), .credit_queue, .tap_valid_o(tap_valid),
    .tap_bucket_o(tap_bucket), .tap_cause_o(tap_cause)
  );
  bell_sched_check #(.NumNodes(NumNodes), .NumQueues(8)) u_sched (
    .clk_i, .rst_ni, .enable_i(s_enable), .gated_i(s_gated), .credit_valid_i(s_credit),
    .credit_queue(s_credit_queue), .credit_coalesced_o(s_coalesced), .credit_closed_o(s_closed),
    .sampled_o(s_sampled), .forgone_o(s_forgone), .turn_valid_o(s_turn), .turn_ready_i(s_ready),
    .turn_queue(s_turn_queue), .end_valid_i(s_end), .end_ready_o(s_end_ready),
    .end_queues(s_end_queues)
  );
  bell_irq_check #(.NumSources(2), .EventBits(EventBits), .LevelBits(3)) u_irq (
    .clk_i, .rst_ni, .event_valid_i(i_valid), .event_ready_o(i_ready), .event_i(i_event),
    .enable_i(i_enable), .valid_o(i_oldest), .level_o(i_level), .irq_o(i_line)
  );
  bell_report_check u_report (
    .clk_i, .rst_ni, .arm_i(r_arm), .disarm_o(r_disarm), .event_valid_o(r_valid),
    .event_ready_i(r_ready)
  );

endmodule : stage_tb
