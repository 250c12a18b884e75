// SPDX-License-Identifier: MIT
//
// Puts four words together to a packet, and judges each as it comes: what the executor acts upon is
// in registers alone.
//
//   bad   unknown opcode; reserved bits of the head set; an address or byte count that is no multiple
//         of 8 or wider than 48 bits
//
// Timing  a packet is valid one clock after its fourth word came, and the next one four clocks after it
//         was taken: its first word comes in the clock in which it is taken.
// Reset   no word is here.

module bell_engine_packet (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic flush_i,  // Level: forget what is here.

  // From the reader: the oldest word.
  input  logic        word_valid_i,
  output logic        word_ready_o,
  input  logic [63:0] word_i,
  input  logic [1:0]  word_resp_i,

  // To executor.
  output logic        valid_o,
  input  logic        ready_i,
  output logic        soon_o,    // A packet is valid in this clock or in the next.
  output logic        good_o,    // Neither bad nor unreadable.
  output logic [3:0]  op_o,      // Means something if not bad, like the flags:
  output logic        native_o,  // SIGNAL or WAIT;
  output logic        fence_o,   // one of these, or FENCE.
  output logic [31:0] name_o,
  output logic [63:0] arg1_o,
  output logic [63:0] arg2_o,
  output logic [63:0] arg3_o,
  output logic [1:0]  resp_o,       // First answer in the packet that is not OKAY.
  output logic [1:0]  resp_word_o,  // The word that it belongs to.
  output logic        some_o        // Words are here.
);

  logic        valid_q;
  logic [1:0]  index_q, resp_q, resp_word_q;
  logic [63:0] arg1_q, arg2_q, arg3_q;
  logic [31:0] name_q;
  logic [3:0]  op_q;
  logic        bad_q, native_q, fence_q;
  logic [2:0]  even_q;  // Arguments that must be even, the next one first.
  logic        take, bad_head, bad_arg, native;
  logic [2:0]  even;

  assign word_ready_o = !flush_i && (!valid_q || ready_i);
  assign take         = word_valid_i && word_ready_o;

  assign valid_o     = valid_q;
  assign soon_o      = valid_q || ((index_q == 2'd3) && word_valid_i);
  assign good_o      = !bad_q && (resp_q == bell_pkg::RespOkay);
  assign op_o        = op_q;
  assign native_o    = native_q;
  assign fence_o     = fence_q;
  assign name_o      = name_q;
  assign arg1_o      = arg1_q;
  assign arg2_o      = arg2_q;
  assign arg3_o      = arg3_q;
  assign resp_o      = resp_q;
  assign resp_word_o = resp_word_q;
  assign some_o      = valid_q || (index_q != '0);

  always_comb begin : judge
    even     = '0;
    bad_head = 1'b0;
    bad_arg  = 1'b0;
    native   = 1'b0;
    if (word_valid_i && (index_q == '0)) begin
      native = (word_i[7:0] == bell_formats_pkg::OpSignal) ||
               (word_i[7:0] == bell_formats_pkg::OpWait);
      case (word_i[7:0])
        bell_formats_pkg::OpNop,
        bell_formats_pkg::OpWork,
        bell_formats_pkg::OpIrq,
        bell_formats_pkg::OpFault,
        bell_formats_pkg::OpHang:   even = 3'b000;
        bell_formats_pkg::OpFill:   even = 3'b011;
        bell_formats_pkg::OpCopy:   even = 3'b111;
        bell_formats_pkg::OpWrite64,
        bell_formats_pkg::OpFence,
        bell_formats_pkg::OpWait:   even = 3'b001;
        bell_formats_pkg::OpSignal: even = 3'b101;
        default:                    bad_head = 1'b1;
      endcase
      if ((word_i[31:8] != '0) || (!native && (word_i[63:32] != '0))) begin
        bad_head = 1'b1;
      end
    end else if (word_valid_i) begin
      bad_arg = even_q[0] && ((word_i[2:0] != '0) || (word_i[63:48] != '0));
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q     <= 1'b0;
      index_q     <= '0;
      resp_q      <= bell_pkg::RespOkay;
      resp_word_q <= '0;
      op_q        <= '0;
      native_q    <= 1'b0;
      fence_q     <= 1'b0;
      bad_q       <= 1'b0;
      even_q      <= '0;
      name_q      <= '0;
      arg1_q      <= '0;
      arg2_q      <= '0;
      arg3_q      <= '0;
    end else if (flush_i) begin
      valid_q <= 1'b0;
      index_q <= '0;
    end else if (take) begin
      valid_q <= index_q == 2'd3;
      index_q <= index_q + 1'b1;
      if (index_q == '0) begin
        op_q     <= word_i[3:0];
        name_q   <= word_i[63:32];
        native_q <= native;
        fence_q  <= native || (word_i[7:0] == bell_formats_pkg::OpFence);
        bad_q    <= bad_head;
        even_q   <= even;
      end else begin
        bad_q  <= bad_q || bad_arg;
        even_q <= even_q >> 1;
      end
      if ((index_q == '0) || (resp_q == bell_pkg::RespOkay)) begin
        resp_q      <= word_resp_i;
        resp_word_q <= index_q;
      end
      case (index_q)
        2'd1:    arg1_q <= word_i;
        2'd2:    arg2_q <= word_i;
        2'd3:    arg3_q <= word_i;
        default: ;
      endcase
    end else if (ready_i) begin
      valid_q <= 1'b0;
    end
  end

endmodule : bell_engine_packet
