// SPDX-License-Identifier: MIT
// proof: unbounded
// says: A store to a slot is credited, in the next clock and then never again, to the queue that
//       owned the slot when the store was accepted, and to no later owner; a slot without owner
//       gives no credit; a write of OWNER holds for the stores after it; once DRAIN reads 0 no
//       store of before is on its way.
//
// Two slots, every layout. One slot, chosen freely, is followed; its owner as software wrote it.

module f_handover #(
  parameter int unsigned Slots  = 2,
  parameter int unsigned Queues = 4
) (
  input logic            clk_i,
  input logic            rst_ni,
  input logic            watch_i,
  input logic [10:0]     slots_i,
  input logic [1:0]      layout_i,
  input logic            ring_valid_i,
  input bell_pkg::ring_t ring_i,
  input logic            coalesced_i,
  input logic            closed_i,
  input logic            req_i,
  input logic            req_write_i,
  input logic [13:0]     req_addr_i,
  input logic [63:0]     req_data_i,
  input logic            token_req_i,
  input logic            token_write_i,
  input logic [12:0]     token_addr_i,
  input logic [63:0]     token_data_i
);

  logic                credit_valid, ack_read, ack_write, tap_valid;
  bell_pkg::credit_t   credit;
  logic [63:0]         ack_data;
  bell_pkg::bucket_t   tap_bucket;
  bell_pkg::slot_id_t  tap_slot;

  bell_doorbell #(.NumSlots(Slots), .NumQueues(Queues)) dut (
    .clk_i, .rst_ni, .slots_i, .layout_i, .ring_valid_i, .ring_i, .ring_refuse_o(),
    .credit_valid_o(credit_valid), .credit_o(credit), .credit_coalesced_i(coalesced_i),
    .credit_closed_i(closed_i), .sampled_i(1'b0), .forgone_i(1'b0),
    .req_i, .req_write_i, .req_addr_i, .req_data_i, .ack_read_o(ack_read), .ack_data_o(ack_data),
    .ack_write_o(ack_write), .ledger_o(), .last_cause_o(), .last_addr_o(), .busy_o(),
    .tap_valid_o(tap_valid), .tap_slot_o(tap_slot), .tap_queue_o(), .tap_bucket_o(tap_bucket),
    .tap_cause_o()
  );

  logic started_q = 1'b0;
  logic watch_q;

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!started_q) begin
      watch_q <= watch_i;
    end
  end

  // Does the store name the followed slot? By the map of rtl/README.md.
  localparam logic [22:0] PackedFirst = 23'(bell_formats_pkg::PackedFirst);

  logic [22:0] place;
  logic        names, whole, writes, drains;

  assign place = ring_i.addr[22:0];
  assign whole = ring_i.strb == 8'hff;

  always_comb begin
    names = 1'b0;
    if (8'(layout_i) != bell_formats_pkg::LayoutGlobal) begin
      names = place == 23'(watch_q) * 23'(bell_formats_pkg::DoorbellBytes);
    end
    if (8'(layout_i) == bell_formats_pkg::LayoutPacked) begin
      names = names || (place == PackedFirst + 23'(watch_q) * 23'(bell_formats_pkg::PackedBytes));
    end
  end

  // The owner as written, and what became due by the store of the clock before.
  logic        owned_q, due_q, due_owned_q;
  logic [15:0] owner_q, due_owner_q;

  // An access counts in the clock in which it is answered.
  logic        asked_q;
  logic [13:0] addr_q;
  logic [63:0] data_q;

  always_ff @(posedge clk_i) begin
    asked_q <= req_i && rst_ni;
    addr_q <= req_addr_i;
    data_q <= req_data_i;
  end

  assign writes = ack_write && (addr_q[4] == watch_q);
  assign drains = ack_read && (addr_q[4] == watch_q) && addr_q[3];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      owned_q     <= 1'b0;
      owner_q     <= '0;
      due_q       <= 1'b0;
      due_owned_q <= 1'b0;
      due_owner_q <= '0;
    end else begin
      due_q       <= ring_valid_i && names && whole && (11'(watch_q) < slots_i);
      due_owned_q <= owned_q;
      due_owner_q <= owner_q;
      if (writes) begin
        owned_q <= data_q[bell_formats_pkg::SlotOwnerValidLsb];
        owner_q <= data_q[bell_formats_pkg::SlotOwnerQueueMsb
                          :bell_formats_pkg::SlotOwnerQueueLsb];
      end
    end
  end

  always_comb begin
    if (!started_q) begin
      assume (!rst_ni);
    end
    assume (32'(slots_i) <= Slots);
    assume (8'(layout_i) <= bell_formats_pkg::LayoutGlobal);
    assume (!req_i || ((32'(req_addr_i) < Slots * bell_formats_pkg::SlotStride)
                       && (req_addr_i[2:0] == '0)));
    assume (!req_write_i || !req_addr_i[3]);
    if (rst_ni) begin
      owner_gets_it: assert (!due_q || !due_owned_q || (32'(due_owner_q) >= Queues)
                             || (credit_valid && (16'(credit) == due_owner_q)));
      nobody_gets_it: assert (!due_q || (due_owned_q && (32'(due_owner_q) < Queues))
                              || !credit_valid);
      unowned_is_counted: assert (!due_q || due_owned_q
                                  || (tap_valid && (tap_bucket == bell_pkg::BucketUnowned)));
      no_ring_no_credit: assert (!credit_valid || tap_valid);
      credit_in_range: assert (!credit_valid || (32'(credit) < Queues));
      slot_is_named: assert (!due_q || (tap_valid && (tap_slot == 10'(watch_q))));
      answered_next_clock: assert ((ack_read || ack_write) == asked_q);
      drain_tells: assert (!drains || (ack_data[bell_formats_pkg::SlotDrainInFlightLsb] || !due_q));
    end
  end

endmodule : f_handover
