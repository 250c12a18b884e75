// SPDX-License-Identifier: MIT
//
// Who may wake which queue by its token: one register a hardware queue, written by the KMD.
//
// A store carries no process id, but the host maps each process a global page of its own; a queue
// listens to one page, or to none.
//
// Timing  the answers to a store are combinational. A register access is answered one clock after
//         req_i; a write of LISTEN holds for stores accepted after the clock of its answer.
// Reset   rst_ni asserts asynchronously; no queue listens.

module bell_tokens #(
  parameter int unsigned NumQueues = 64  // 1 .. 1024.
) (
  input  logic        clk_i,
  input  logic        rst_ni,

  // A store to a global page.
  input  logic        look_i,   // There is one; else the answers are 0.
  input  logic [63:0] token_i,
  input  logic [bell_formats_pkg::TokenListenPageMsb:0] page_i,
  output logic        known_o,  // The token is the number of a hardware queue.
  output logic        heard_o,  // And that queue listens to the page.

  // From regs; req_i is a pulse.
  input  logic        req_i,
  input  logic        req_write_i,
  input  logic [12:0] req_addr_i,
  input  logic [63:0] req_data_i,
  output logic        ack_read_o,
  output logic [63:0] ack_data_o,
  output logic        ack_write_o
);

  localparam int unsigned QueueBits = (NumQueues > 1) ? $clog2(NumQueues) : 1;
  localparam int unsigned NumWords  = (NumQueues + 31) / 32;
  localparam int unsigned WordBits  = (NumWords > 1) ? $clog2(NumWords) : 1;
  localparam int unsigned AddrLsb   = $clog2(bell_formats_pkg::TokenStride);
  localparam int unsigned PageBits  = bell_formats_pkg::TokenListenPageMsb + 1;

  typedef logic [QueueBits-1:0] index_t;
  typedef logic [WordBits-1:0]  word_t;

  logic [PageBits-1:0] page_ram [NumQueues];  // Not reset: means nothing while valid_q is 0.
  logic [31:0]         valid_q  [NumWords];

  index_t req_queue_q, queue;
  logic   req_q, req_write_q, valid_new_q;
  logic [PageBits-1:0] page_new_q;

  assign queue = token_i[QueueBits-1:0];

  // An access is kept for a clock, so that a RAM is between two flops.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      req_q <= 1'b0;
    end else begin
      req_q <= req_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (req_i) begin
      req_write_q <= req_write_i;
      req_queue_q <= req_addr_i[AddrLsb +: QueueBits];
      valid_new_q <= req_data_i[bell_formats_pkg::TokenListenValidLsb];
      page_new_q  <= req_data_i[bell_formats_pkg::TokenListenPageMsb
                                :bell_formats_pkg::TokenListenPageLsb];
    end
  end

  assign ack_read_o  = req_q && !req_write_q;
  assign ack_write_o = req_q && req_write_q;

  always_comb begin
    known_o = 1'b0;
    heard_o = 1'b0;
    if (look_i && (token_i < 64'(NumQueues))) begin
      known_o = 1'b1;
      heard_o = valid_q[word_t'(10'(queue) >> 5)][5'(queue)] && (page_ram[queue] == page_i);
    end
  end

  always_comb begin
    ack_data_o = '0;
    if (req_q && valid_q[word_t'(10'(req_queue_q) >> 5)][5'(req_queue_q)]) begin
      ack_data_o[bell_formats_pkg::TokenListenValidLsb] = 1'b1;
      ack_data_o[bell_formats_pkg::TokenListenPageMsb:bell_formats_pkg::TokenListenPageLsb]
          = page_ram[req_queue_q];
    end
  end

  always_ff @(posedge clk_i) begin
    if (ack_write_o) begin
      page_ram[req_queue_q] <= page_new_q;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      for (int unsigned w = 0; w < NumWords; w++) begin
        valid_q[w] <= '0;
      end
    end else if (ack_write_o) begin
      valid_q[word_t'(10'(req_queue_q) >> 5)][5'(req_queue_q)] <= valid_new_q;
    end
  end

endmodule : bell_tokens
