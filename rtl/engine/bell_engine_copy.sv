// SPDX-License-Identifier: MIT
//
// Mover: fills or copies whole 64-bit words.
//
//   from executor  one command at a time; stop
//   to dma_mux     read unit 2 (copy), write unit 1
//   to fence       one pulse per write burst
//
// Bursts stop at 4-KiB boundaries of either side. Read data is gathered before its write is
// requested, so the shared W channel never waits for a read. After a read error or stop_i no new
// burst is started; done comes when nothing of the command is left on the read side or on W, and
// left_o then says how many words were not written.
// Source and destination of a copy must not overlap.
//
// Timing  a fill's first write is requested one clock after start_i.

module bell_engine_copy (
  input  logic clk_i,
  input  logic rst_ni,

  // From and to executor.
  input  logic             start_i,     // Only while idle: no command since reset, or after done_o.
  input  logic             is_copy_i,
  input  bell_pkg::addr_t  dst_i,
  input  bell_pkg::addr_t  src_i,
  input  logic [44:0]      words_i,
  input  logic [63:0]      pattern_i,
  input  bell_pkg::pasid_t pasid_i,
  input  logic             stop_i,      // Level; once seen it stands until done_o.
  output logic             done_o,      // Pulse.
  output logic [44:0]      left_o,      // Words not written; stays until the next start_i.
  output logic             err_o,       // With done_o: a read failed.
  output logic [1:0]       err_resp_o,
  output bell_pkg::addr_t  err_addr_o,

  // To fence.
  input  logic            can_issue_i,
  output logic            issue_o,
  output bell_pkg::addr_t issue_addr_o,

  // To dma_mux.
  output logic                 rd_req_valid_o,
  input  logic                 rd_req_ready_i,
  output bell_pkg::dma_req_t   rd_req_o,
  input  logic                 rd_data_valid_i,
  output logic                 rd_data_ready_o,
  input  bell_pkg::dma_rdata_t rd_data_i,
  output logic                 wr_req_valid_o,
  input  logic                 wr_req_ready_i,
  output bell_pkg::dma_req_t   wr_req_o,
  output logic                 wr_data_valid_o,
  input  logic                 wr_data_ready_i,
  output bell_pkg::dma_wdata_t wr_data_o,

  output logic busy_o
);

  localparam int unsigned Words    = 32;  // Copy buffer: two full bursts.
  localparam logic [4:0]  MaxBurst = 5'd16;

  logic             active_q, is_copy_q, stop_q, stop;
  logic [63:0]      pattern_q;
  bell_pkg::pasid_t pasid_q;

  // Read side.
  bell_pkg::addr_t rd_addr_q, resp_addr_q;
  logic [44:0]     rd_left_q;
  logic [9:0]      rd_room;
  logic [4:0]      rd_want, rd_burst;
  logic [5:0]      reserved_q, outstanding_q, rd_add;
  logic            rd_request, rd_bad, beat;
  logic            err_q;
  logic [1:0]      err_resp_q;
  bell_pkg::addr_t err_addr_q;

  // Write side.
  bell_pkg::addr_t wr_addr_q;
  logic [44:0]     wr_left_q;
  logic [9:0]      wr_room;
  logic [4:0]      wr_want, wr_burst, beats_q;
  logic            wr_request, wr_beat;

  logic [5:0]  fifo_count;
  logic [63:0] fifo_word;

  // Room is reserved beforehand and beats are counted, so these say nothing new.
  logic unused_full, unused_empty, unused_last;

  assign unused_last = rd_data_i.last;

  assign stop = stop_q || stop_i;

  // Bursts: up to 16 beats, within what is left, within 4 KiB.
  assign rd_room  = 10'd512 - {1'b0, rd_addr_q[11:3]};
  assign rd_want  = (rd_left_q > 45'(MaxBurst)) ? MaxBurst : rd_left_q[4:0];
  assign rd_burst = (10'(rd_want) > rd_room) ? rd_room[4:0] : rd_want;
  assign wr_room  = 10'd512 - {1'b0, wr_addr_q[11:3]};
  assign wr_want  = (wr_left_q > 45'(MaxBurst)) ? MaxBurst : wr_left_q[4:0];
  assign wr_burst = (10'(wr_want) > wr_room) ? wr_room[4:0] : wr_want;

  assign rd_req_valid_o  = (rd_left_q != '0) && !stop &&
                           (reserved_q + 6'(rd_burst) <= 6'(Words));

  always_comb begin
    rd_req_o = '0;
    wr_req_o = '0;
    if (rd_req_valid_o) begin
      rd_req_o = {rd_addr_q, rd_burst[3:0] - 4'd1, pasid_q};
    end
    if (wr_req_valid_o) begin
      wr_req_o = {wr_addr_q, wr_burst[3:0] - 4'd1, pasid_q};
    end
  end

  assign rd_request      = rd_req_valid_o && rd_req_ready_i;
  assign rd_add          = rd_request ? 6'(rd_burst) : '0;
  assign rd_data_ready_o = 1'b1;  // Room was reserved with the request.
  assign beat            = rd_data_valid_i && active_q && is_copy_q;  // Else it is the fence's.
  assign rd_bad          = beat && (rd_data_i.resp != bell_pkg::RespOkay);

  assign wr_req_valid_o  = (wr_left_q != '0) && (beats_q == '0) && !stop && can_issue_i &&
                           (!is_copy_q || (fifo_count >= 6'(wr_burst)));
  assign wr_request      = wr_req_valid_o && wr_req_ready_i;
  assign issue_o         = wr_request;
  assign issue_addr_o    = wr_addr_q;
  assign wr_data_valid_o = beats_q != '0;
  assign wr_data_o       = {is_copy_q ? fifo_word : pattern_q, beats_q == 5'd1};
  assign wr_beat         = wr_data_valid_o && wr_data_ready_i;

  assign done_o     = active_q && (beats_q == '0) && (outstanding_q == '0) &&
                      ((wr_left_q == '0) || stop);
  assign left_o     = wr_left_q;
  assign err_o      = err_q;
  assign err_resp_o = err_resp_q;
  assign err_addr_o = err_addr_q;

  bell_fifo #(.Width(64), .Depth(Words)) u_fifo (
    .clk_i, .rst_ni, .clear_i(done_o),
    .push_i(beat), .data_i(rd_data_i.data), .full_o(unused_full),
    .pop_i(wr_beat && is_copy_q), .data_o(fifo_word), .empty_o(unused_empty), .count_o(fifo_count)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      active_q  <= 1'b0;
      is_copy_q <= 1'b0;
      stop_q    <= 1'b0;
      pattern_q <= '0;
      pasid_q   <= '0;
    end else if (start_i) begin
      active_q  <= 1'b1;
      is_copy_q <= is_copy_i;
      stop_q    <= 1'b0;
      pattern_q <= pattern_i;
      pasid_q   <= pasid_i;
    end else if (active_q) begin
      active_q <= !done_o;
      stop_q   <= stop || rd_bad;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      rd_addr_q     <= '0;
      resp_addr_q   <= '0;
      rd_left_q     <= '0;
      reserved_q    <= '0;
      outstanding_q <= '0;
      err_q         <= 1'b0;
      err_resp_q    <= bell_pkg::RespOkay;
      err_addr_q    <= '0;
    end else if (start_i) begin
      rd_addr_q   <= src_i;
      resp_addr_q <= src_i;
      rd_left_q   <= is_copy_i ? words_i : '0;
      reserved_q  <= '0;
      err_q       <= 1'b0;
    end else if (active_q && is_copy_q) begin
      if (rd_request) begin
        rd_addr_q <= rd_addr_q + {40'd0, rd_burst, 3'd0};
        rd_left_q <= rd_left_q - 45'(rd_burst);
      end
      reserved_q    <= reserved_q + rd_add - 6'(wr_beat);
      outstanding_q <= outstanding_q + rd_add - 6'(beat);
      if (beat) begin
        resp_addr_q <= resp_addr_q + 48'd8;
      end
      if (rd_bad && !err_q) begin
        err_q      <= 1'b1;
        err_resp_q <= rd_data_i.resp;
        err_addr_q <= resp_addr_q;
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      wr_addr_q <= '0;
      wr_left_q <= '0;
      beats_q   <= '0;
    end else if (start_i) begin
      wr_addr_q <= dst_i;
      wr_left_q <= words_i;
    end else if (wr_request) begin
      wr_addr_q <= wr_addr_q + {40'd0, wr_burst, 3'd0};
      wr_left_q <= wr_left_q - 45'(wr_burst);
      beats_q   <= wr_burst;
    end else if (wr_beat) begin
      beats_q <= beats_q - 1'b1;
    end
  end

  assign busy_o = rd_req_valid_o || wr_req_valid_o || wr_data_valid_o || done_o;

endmodule : bell_engine_copy
