// SPDX-License-Identifier: MIT
//
// May this BAR0 access go to the registers? Combinational; no work while there is no access.
//
// Refuses what the generated registers cannot refuse: accesses that are not one aligned 64-bit
// word, addresses beyond the registers, and, inside the arrays and the block that answer for
// themselves, elements that are not fitted, words that do not exist, and the wrong direction.

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

  localparam logic [23:0] SlotFirst  = 24'(bell_formats_pkg::SlotFirst);
  localparam logic [23:0] SlotEnd    = 24'(bell_formats_pkg::SlotFirst + SlotArray);
  localparam logic [23:0] QueueFirst = 24'(bell_formats_pkg::QueueFirst);
  localparam logic [23:0] QueueEnd   = 24'(bell_formats_pkg::QueueFirst + QueueArray);
  localparam logic [23:0] SchedFirst = 24'(bell_formats_pkg::SchedFirst);
  localparam logic [23:0] SchedEnd   = 24'(bell_formats_pkg::SchedFirst
                                          + bell_formats_pkg::SchedStride);
  localparam logic [23:0] TokenFirst = 24'(bell_formats_pkg::TokenFirst);  // To QueueFirst.
  localparam logic [23:0] RegsEnd    = 24'(bell_regs_pkg::BELL_REGS_SIZE);

  localparam int unsigned SchedWords = bell_formats_pkg::SchedStride / 8;

  logic [23:0] slot, queue, token;
  logic [SchedWords-1:0]             sched_mask;
  logic [(1 << (SlotBits - 3))-1:0]  slot_mask;
  logic [(1 << (QueueBits - 3))-1:0] queue_mask;

  always_comb begin
    slot       = (addr_i - SlotFirst) >> SlotBits;
    queue      = (addr_i - QueueFirst) >> QueueBits;
    token      = (addr_i - TokenFirst) >> TokenBits;
    slot_mask  = write_i ? bell_formats_pkg::SlotWriteMask : bell_formats_pkg::SlotReadMask;
    queue_mask = write_i ? bell_formats_pkg::QueueWriteMask : bell_formats_pkg::QueueReadMask;
    sched_mask = write_i ? bell_formats_pkg::SchedWriteMask : bell_formats_pkg::SchedReadMask;
    ok_o       = 1'b0;
    if (valid_i && (addr_i[2:0] == '0) && (&strb_i) && (addr_i < RegsEnd)) begin
      if ((addr_i >= QueueFirst) && (addr_i < QueueEnd)) begin
        ok_o = (queue < 24'(NumQueues)) && queue_mask[addr_i[QueueBits-1:3]];
      end else if (addr_i >= TokenFirst) begin
        ok_o = token < 24'(NumQueues);
      end else if ((addr_i >= SlotFirst) && (addr_i < SlotEnd)) begin
        ok_o = (slot < 24'(slots_i)) && slot_mask[addr_i[SlotBits-1:3]];
      end else if ((addr_i >= SchedFirst) && (addr_i < SchedEnd)) begin
        ok_o = sched_mask[addr_i[$clog2(SchedWords)+2:3]];
      end else begin
        ok_o = 1'b1;
      end
    end
  end

endmodule : bell_mmio_decode
