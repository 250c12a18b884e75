// SPDX-License-Identifier: MIT
//
// May this BAR0 access go to the registers? Combinational; no work while there is no access.
//
// Refuses what the generated registers cannot refuse: accesses that are not one aligned 64-bit
// word, addresses beyond the registers, and, inside the arrays and the block that answer for
// themselves, elements that are not fitted, words that do not exist, and the wrong direction.
// Arrays lie where a multiple of their size is: the upper bits of an address name the array, the lower
// ones the element.

module bell_mmio_decode #(
  parameter int unsigned NumQueues = 64
) (
  input  logic        valid_i,
  input  logic [23:0] addr_i,
  input  logic        write_i,
  input  logic [7:0]  strb_i,         // All ones for a read.
  input  logic [10:0] slots_i,        // Doorbells fitted.
  output logic        ok_o
);

  localparam int unsigned SlotBits  = $clog2(bell_formats_pkg::SlotStride);
  localparam int unsigned QueueBits = $clog2(bell_formats_pkg::QueueStride);
  localparam int unsigned TokenBits = $clog2(bell_formats_pkg::TokenStride);
  localparam int unsigned SlotArray  = bell_formats_pkg::SlotStride * bell_formats_pkg::SlotMax;
  localparam int unsigned QueueArray = bell_formats_pkg::QueueStride * bell_formats_pkg::QueueMax;

  localparam int unsigned TokenArray = bell_formats_pkg::TokenStride * bell_formats_pkg::TokenMax;
  localparam int unsigned SlotTop    = $clog2(SlotArray);
  localparam int unsigned QueueTop   = $clog2(QueueArray);
  localparam int unsigned TokenTop   = $clog2(TokenArray);
  localparam int unsigned SchedTop   = $clog2(bell_formats_pkg::SchedStride);

  localparam logic [23:0] SlotFirst  = 24'(bell_formats_pkg::SlotFirst);
  localparam logic [23:0] QueueFirst = 24'(bell_formats_pkg::QueueFirst);
  localparam logic [23:0] SchedFirst = 24'(bell_formats_pkg::SchedFirst);
  localparam logic [23:0] TokenFirst = 24'(bell_formats_pkg::TokenFirst);
  localparam logic [23:0] RegsEnd    = 24'(bell_regs_pkg::BELL_REGS_SIZE);

  localparam int unsigned SchedWords = bell_formats_pkg::SchedStride / 8;

  if ((SlotFirst[SlotTop-1:0] != '0) || (QueueFirst[QueueTop-1:0] != '0)
      || (TokenFirst[TokenTop-1:0] != '0) || (SchedFirst[SchedTop-1:0] != '0)) begin : g_aligned
    $error("an array of registers is not aligned to its size");
  end

  logic in_slots, in_queues, in_tokens, in_sched;
  logic [SlotTop-SlotBits-1:0]   slot;
  logic [QueueTop-QueueBits-1:0] queue;
  logic [TokenTop-TokenBits-1:0] token;
  logic [SchedWords-1:0]             sched_mask;
  logic [(1 << (SlotBits - 3))-1:0]  slot_mask;
  logic [(1 << (QueueBits - 3))-1:0] queue_mask;

  always_comb begin
    slot       = addr_i[SlotTop-1:SlotBits];
    queue      = addr_i[QueueTop-1:QueueBits];
    token      = addr_i[TokenTop-1:TokenBits];
    in_slots   = addr_i[23:SlotTop] == SlotFirst[23:SlotTop];
    in_queues  = addr_i[23:QueueTop] == QueueFirst[23:QueueTop];
    in_tokens  = addr_i[23:TokenTop] == TokenFirst[23:TokenTop];
    in_sched   = addr_i[23:SchedTop] == SchedFirst[23:SchedTop];
    slot_mask  = write_i ? bell_formats_pkg::SlotWriteMask : bell_formats_pkg::SlotReadMask;
    queue_mask = write_i ? bell_formats_pkg::QueueWriteMask : bell_formats_pkg::QueueReadMask;
    sched_mask = write_i ? bell_formats_pkg::SchedWriteMask : bell_formats_pkg::SchedReadMask;
    ok_o       = 1'b0;
    if (valid_i && (addr_i[2:0] == '0) && (&strb_i) && (addr_i < RegsEnd)) begin
      if (in_queues) begin
        ok_o = (16'(queue) < 16'(NumQueues)) && queue_mask[addr_i[QueueBits-1:3]];
      end else if (in_tokens) begin
        ok_o = 16'(token) < 16'(NumQueues);
      end else if (in_slots) begin
        ok_o = (16'(slot) < 16'(slots_i)) && slot_mask[addr_i[SlotBits-1:3]];
      end else if (in_sched) begin
        ok_o = sched_mask[addr_i[$clog2(SchedWords)+2:3]];
      end else begin
        ok_o = 1'b1;
      end
    end
  end

endmodule : bell_mmio_decode
