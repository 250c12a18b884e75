// SPDX-License-Identifier: MIT
//
// Command reader: turns command buffers into packets, reading ahead of the executor across buffers.
//
//   from fetch   buffers, in order
//   to dma_mux   read unit 1, bursts of up to 16 beats, as many outstanding as the word FIFO holds
//   to executor  the buffer to start next, then its packets
//
// A read error travels with its word and is met when its packet is: commands before it still run.
// The contents of a buffer must be final before WPTR covers its entry, since it may be read early.
//
// Timing  a buffer accepted by an idle reader is requested from the mux in the same clock.

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
  output logic                 rd_data_ready_o,
  input  bell_pkg::dma_rdata_t rd_data_i,

  // To executor.
  output logic              head_valid_o,  // Oldest buffer not yet taken.
  input  logic              head_ready_i,
  output bell_pkg::buffer_t head_o,
  output logic              pkt_valid_o,
  input  logic              pkt_ready_i,
  output logic [63:0]       pkt_head_o,
  output logic [63:0]       pkt_arg1_o,
  output logic [63:0]       pkt_arg2_o,
  output logic [63:0]       pkt_arg3_o,
  output logic [1:0]        pkt_resp_o,    // First answer in the packet that is not OKAY.
  output logic [1:0]        pkt_word_o,    // The word that it belongs to.

  output logic busy_o
);

  localparam int unsigned CountBits = $clog2(Words) + 1;
  localparam logic [4:0]  MaxBurst  = 5'd16;  // Beats.

  // Reads.
  bell_pkg::addr_t      next_addr_q, addr;
  logic [28:0]          left_q, left;      // Beats of the buffer not yet requested.
  bell_pkg::pasid_t     pasid_q;
  logic [9:0]           room;              // Beats up to the 4-KiB boundary.
  logic [4:0]           want, burst;       // Beats of this request, before and after that limit.
  logic [CountBits-1:0] reserved_q;        // Words in the FIFO or on their way to it.
  logic [CountBits-1:0] reserved_add, outstanding_q;
  logic                 take_buf, request;

  // Buffers for the executor.
  logic bufs_full, bufs_empty;

  // Words and packets.
  logic        words_empty, word_valid, pop_word;
  logic [65:0] word, oldest;
  logic [63:0] part0_q, part1_q, part2_q;
  logic [1:0]  index_q, resp_q, word_q;

  // Room is reserved beforehand and beats are counted, so these say nothing new.
  logic                       unused_full, unused_last;
  logic [$clog2(Buffers):0]   unused_bufs;
  logic [CountBits-1:0]       unused_words;

  assign unused_last = rd_data_i.last;

  assign buf_ready_o = (left_q == '0) && !bufs_full && !flush_i;
  assign take_buf    = buf_valid_i && buf_ready_o;

  assign addr  = (left_q == '0) ? buf_i.addr : next_addr_q;
  assign left  = (left_q == '0) ? buf_i.bytes[31:3] : left_q;
  assign room  = 10'd512 - {1'b0, addr[11:3]};
  assign want  = (left > 29'(MaxBurst)) ? MaxBurst : left[4:0];
  assign burst = (10'(want) > room) ? room[4:0] : want;

  assign rd_req_valid_o = !flush_i && (take_buf || (left_q != '0)) &&
                          (reserved_q + CountBits'(burst) <= CountBits'(Words));

  always_comb begin
    rd_req_o = '0;
    if (rd_req_valid_o) begin
      rd_req_o = {addr, burst[3:0] - 4'd1, (left_q == '0) ? buf_i.pasid : pasid_q};
    end
  end

  assign request        = rd_req_valid_o && rd_req_ready_i;
  assign reserved_add   = request ? CountBits'(burst) : '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      next_addr_q <= '0;
      left_q      <= '0;
      pasid_q     <= '0;
    end else if (flush_i) begin
      left_q <= '0;
    end else if (take_buf || request) begin
      next_addr_q <= request ? addr + {40'd0, burst, 3'd0} : addr;
      left_q      <= request ? left - 29'(burst) : left;
      if (take_buf) begin
        pasid_q <= buf_i.pasid;
      end
    end
  end

  // Beats are taken as they come: their room was reserved with the request.
  assign rd_data_ready_o = 1'b1;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      reserved_q    <= '0;
      outstanding_q <= '0;
    end else begin
      if (flush_i) begin
        reserved_q <= '0;
      end else if (request || pop_word) begin
        reserved_q <= reserved_q + reserved_add - CountBits'(pop_word);
      end
      if (request || rd_data_valid_i) begin
        outstanding_q <= outstanding_q + reserved_add - CountBits'(rd_data_valid_i);
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
  assign word_valid = !words_empty || rd_data_valid_i;
  assign word       = words_empty ? {rd_data_i.resp, rd_data_i.data} : oldest;

  // Three words are put aside; with the fourth at hand the packet is whole.
  assign head_valid_o = !bufs_empty && !flush_i;
  assign pkt_valid_o  = (index_q == 2'd3) && word_valid && !flush_i;
  assign pop_word     = word_valid && !flush_i && ((index_q != 2'd3) || pkt_ready_i);
  assign pkt_head_o   = part0_q;
  assign pkt_arg1_o   = part1_q;
  assign pkt_arg2_o   = part2_q;
  assign pkt_arg3_o   = word[63:0];
  assign pkt_resp_o   = (resp_q != bell_pkg::RespOkay) ? resp_q : word[65:64];
  assign pkt_word_o   = (resp_q != bell_pkg::RespOkay) ? word_q : 2'd3;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      index_q <= '0;
      resp_q  <= bell_pkg::RespOkay;
      word_q  <= '0;
      part0_q <= '0;
      part1_q <= '0;
      part2_q <= '0;
    end else if (flush_i) begin
      index_q <= '0;
      resp_q  <= bell_pkg::RespOkay;
    end else if (pop_word) begin
      index_q <= index_q + 1'b1;
      case (index_q)
        2'd0:    part0_q <= word[63:0];
        2'd1:    part1_q <= word[63:0];
        2'd2:    part2_q <= word[63:0];
        default: ;
      endcase
      if (index_q == 2'd3) begin
        resp_q <= bell_pkg::RespOkay;
      end else if (resp_q == bell_pkg::RespOkay) begin
        resp_q <= word[65:64];
        word_q <= index_q;
      end
    end
  end

  assign empty_o = (left_q == '0) && (outstanding_q == '0) && words_empty && bufs_empty &&
                   (index_q == '0);
  assign busy_o  = rd_req_valid_o || take_buf ||
                   (!words_empty && (flush_i || (index_q != 2'd3))) ||
                   (flush_i && ((left_q != '0) || !bufs_empty || (index_q != '0)));

endmodule : bell_engine_cmd
