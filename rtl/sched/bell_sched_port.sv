// SPDX-License-Identifier: MIT
//
// Holds an access to a queue's register file until sched can look at that queue.
//
// Timing  valid_o one clock after req_i; late_o from the second clock on.
// Reset   no access is held.

module bell_sched_port (
  input  logic clk_i,
  input  logic rst_ni,

  // From regs; a pulse, not before the one before it was taken.
  input  logic        req_i,
  input  logic        req_write_i,
  input  logic [16:0] req_addr_i,
  input  logic [63:0] req_data_i,

  // The access.
  input  logic                take_i,
  output logic                valid_o,
  output logic                late_o,   // It was not taken at once.
  output logic                write_o,
  output bell_pkg::queue_id_t queue_o,
  output logic [3:0]          word_o,   // Of the register file.
  output logic [63:0]         data_o
);

  localparam int unsigned AddrLsb = $clog2(bell_formats_pkg::QueueStride);

  logic                valid_q, late_q, write_q;
  bell_pkg::queue_id_t queue_q;
  logic [3:0]          word_q;
  logic [63:0]         data_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      late_q  <= 1'b0;
    end else begin
      valid_q <= req_i || (valid_q && !take_i);
      late_q  <= valid_q && !take_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (req_i) begin
      write_q <= req_write_i;
      queue_q <= req_addr_i[AddrLsb +: 10];
      word_q  <= req_addr_i[AddrLsb-1:3];
      data_q  <= req_data_i;
    end
  end

  assign valid_o = valid_q;
  assign late_o  = late_q;
  assign write_o = write_q;
  assign queue_o = queue_q;
  assign word_o  = word_q;
  assign data_o  = data_q;

endmodule : bell_sched_port
