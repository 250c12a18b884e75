// SPDX-License-Identifier: MIT
//
// Command reader: reads command buffers ahead of the executor, across buffers.
//
//   from fetch   buffers, in order; whole packets at their own alignment
//   to dma_mux   read unit 1, bursts of up to 16 beats, as many outstanding as the word FIFO holds
//   to executor  the buffer to start next, and the words of the packets
//
// A burst is whole packets inside 4 KiB. It is asked for when a full one has room in the FIFO; one
// of a single packet, when that has.
// A read error travels with its word and is met when its packet is: commands before it still run.
// The contents of a buffer must be final before WPTR covers its entry, since it may be read early.
//
// Timing  a buffer accepted by an idle reader is requested from the mux in the same clock; a word can
//         be used in the clock in which it comes.
// Reset   no buffer is held.

module bell_engine_cmd #(
  parameter int unsigned Words   = 64,  // Word FIFO, 64-bit words; a power of two, 32 or more.
  parameter int unsigned Buffers = 16   // Buffers held at most; a power of two.
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic flush_i,  // Level: forget everything; hold it until empty_o.
  output logic empty_o,  // No buffer, no word, no read outstanding.

  // From fetch.
  input  logic              buf_valid_i,
  output logic              buf_ready_o,
  input  bell_pkg::buffer_t buf_i,

  // To dma_mux.
  output logic                 rd_req_valid_o,
  input  logic                 rd_req_ready_i,
  output bell_pkg::dma_req_t   rd_req_o,
  input  logic                 rd_data_valid_i,
  input  bell_pkg::dma_rdata_t rd_data_i,

  // To executor.
  output logic              head_valid_o,  // Oldest buffer not yet taken.
  input  logic              head_ready_i,
  output bell_pkg::buffer_t head_o,
  output logic              word_valid_o,  // Oldest word not yet taken:
  input  logic              word_ready_i,
  output logic [63:0]       word_o,
  output logic [1:0]        word_resp_o,

  output logic busy_o
);

  localparam int unsigned CountBits   = $clog2(Words) + 1;
  localparam int unsigned PacketWords = bell_formats_pkg::PacketBytes / 8;
  localparam int unsigned BurstWords  = 16;  // At most.

  // Reads. Bursts and what is left are in packets.
  bell_pkg::addr_t      next_addr_q, addr;
  logic                 more_q;        // Some of the buffer is not yet requested:
  logic [26:0]          left_q, left;  // so many packets.
  bell_pkg::pasid_t     pasid_q;
  logic                 single, last;         // One is left; this burst is the last.
  logic [2:0]           want, room, atmost;
  logic [1:0]           burst;                // Less one.
  (* keep *) logic [2:0] some;                // Of what is left, by parts.
  logic                  full;
  (* keep *) logic [35:0] next_page;          // Ready to be chosen: no carry behind the burst.
  (* keep *) logic [24:0] fewer;
  logic [7:0]           in_page;              // Packet in its 4 KiB after the burst.
  logic [2:0]           rest;                 // Low part of what is left then, and no borrow.
  logic [CountBits-1:0] reserved_q, outstanding_q;  // Words in the FIFO or on their way to it.
  logic [CountBits-1:0] burst_words;
  logic                 fits, take_buf, request, pop_word;

  // Buffers for the executor.
  logic bufs_full, bufs_empty;

  logic        words_empty;
  logic [65:0] oldest;

  // Room is reserved beforehand and beats are counted, so these say nothing new.
  logic                       unused_full, unused_last;
  logic [$clog2(Buffers):0]   unused_bufs;
  logic [CountBits-1:0]       unused_words;

  assign unused_last = rd_data_i.last;

  assign buf_ready_o = !more_q && !bufs_full && !flush_i;
  assign take_buf    = buf_valid_i && buf_ready_o;

  assign addr   = more_q ? next_addr_q : buf_i.addr;
  assign left   = more_q ? left_q : buf_i.bytes[31:5];
  assign single = left[26:1] == '0;

  // Bit n: more than n + 1 packets are left, or fit in front of the 4-KiB boundary.
  assign some   = {|left[26:19], |left[18:11], |left[10:3]};
  assign full   = (some != '0) || left[2];
  assign want   = {full, full || (&left[1:0]), full || left[1]};
  assign room   = (&addr[11:7]) ? {addr[6:5] == '0, !addr[6], !(&addr[6:5])} : '1;
  assign atmost = want & room;
  assign burst  = {atmost[1], atmost[2] || (atmost[0] && !atmost[1])};
  assign last   = (some == '0) && (!left[2] || (left[1:0] == '0)) && ((want & ~room) == '0);

  always_comb begin
    next_page = '0;
    fewer     = '0;
    in_page   = '0;
    rest      = '0;
    if (rd_req_valid_o) begin
      next_page = addr[47:12] + 36'd1;
      fewer     = left[26:2] - 25'd1;
      in_page   = {1'b0, addr[11:5]} + 8'(burst) + 8'd1;
      rest      = {1'b0, left[1:0]} + {1'b0, ~burst};
    end
  end

  assign burst_words = CountBits'({burst, 2'd3}) + CountBits'(1);

  assign fits = (reserved_q <= CountBits'(Words - BurstWords)) ||
                (single && (reserved_q <= CountBits'(Words - PacketWords)));

  assign rd_req_valid_o = fits && ((more_q && !flush_i) || (buf_valid_i && buf_ready_o));

  always_comb begin
    rd_req_o = '0;
    if (rd_req_valid_o) begin
      rd_req_o = {addr, burst, 2'd3, more_q ? pasid_q : buf_i.pasid};
    end
  end

  assign request = rd_req_valid_o && rd_req_ready_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      next_addr_q <= '0;
      more_q      <= 1'b0;
      left_q      <= '0;
      pasid_q     <= '0;
    end else if (flush_i) begin
      more_q <= 1'b0;
    end else if (take_buf || request) begin
      more_q      <= !(request && last);
      left_q      <= left;
      next_addr_q <= addr;
      if (request) begin
        left_q             <= {rest[2] ? left[26:2] : fewer, rest[1:0]};
        next_addr_q[11:5]  <= in_page[6:0];
        next_addr_q[47:12] <= in_page[7] ? next_page : addr[47:12];
      end
      if (take_buf) begin
        pasid_q <= buf_i.pasid;
      end
    end
  end

  // Beats are taken as they come: their room was reserved with the request.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      reserved_q    <= '0;
      outstanding_q <= '0;
    end else begin
      if (flush_i) begin
        reserved_q <= '0;
      end else if (request) begin
        reserved_q <= reserved_q - CountBits'(pop_word) + burst_words;
      end else if (pop_word) begin
        reserved_q <= reserved_q - 1'b1;
      end
      if (request) begin
        outstanding_q <= outstanding_q - CountBits'(rd_data_valid_i) + burst_words;
      end else if (rd_data_valid_i) begin
        outstanding_q <= outstanding_q - 1'b1;
      end
    end
  end

  bell_fifo #(.Width($bits(bell_pkg::buffer_t)), .Depth(Buffers)) u_bufs (
    .clk_i, .rst_ni, .clear_i(flush_i),
    .push_i(take_buf), .data_i(buf_i), .full_o(bufs_full),
    .pop_i(head_valid_o && head_ready_i), .data_o(head_o), .empty_o(bufs_empty),
    .count_o(unused_bufs)
  );

  bell_fifo #(.Width(66), .Depth(Words)) u_words (
    .clk_i, .rst_ni, .clear_i(flush_i),
    .push_i(rd_data_valid_i && !(words_empty && pop_word)),
    .data_i({rd_data_i.resp, rd_data_i.data}), .full_o(unused_full),
    .pop_i(pop_word && !words_empty), .data_o(oldest), .empty_o(words_empty),
    .count_o(unused_words)
  );

  // A word that can be used the clock it comes goes past the FIFO.
  assign word_valid_o = !words_empty || rd_data_valid_i;
  assign pop_word     = word_valid_o && word_ready_i;
  assign head_valid_o = !bufs_empty && !flush_i;

  always_comb begin
    {word_resp_o, word_o} = oldest;
    if (words_empty) begin
      {word_resp_o, word_o} = {rd_data_i.resp, rd_data_i.data};
    end
  end

  assign empty_o = !more_q && (outstanding_q == '0) && words_empty && bufs_empty;
  assign busy_o  = rd_req_valid_o || take_buf || (!words_empty && (flush_i || word_ready_i)) ||
                   (flush_i && (more_q || !bufs_empty));

endmodule : bell_engine_cmd
