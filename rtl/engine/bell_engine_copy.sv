// SPDX-License-Identifier: MIT
//
// Mover: fills or copies whole 64-bit words.
//
//   from executor  one command at a time; stop
//   to dma_mux     read unit 2 (copy), write unit 1
//   to fence       one pulse per write burst
//
// Bursts stop at 4-KiB boundaries of either side. Read data is gathered before its write is
// requested, so the shared W channel never waits for a read: a full burst of it, or all the rest. A
// read is requested when a full burst has room. After a read error or stop_i no new
// burst is started; done comes when nothing of the command is left on the read side or on W, and
// left_o then says how many words were not written.
// Source and destination of a copy must not overlap.
//
// Timing  a fill's first write is requested one clock after start_i; four, if it begins with a skip.

module bell_engine_copy (
  input  logic clk_i,
  input  logic rst_ni,

  // From and to executor.
  input  logic             start_i,     // Only while idle: no command since reset, or after done_o.
  input  logic             is_copy_i,
  input  bell_pkg::addr_t  dst_i,
  input  bell_pkg::addr_t  src_i,
  input  logic [44:0]      words_i,
  input  logic [44:0]      skip_i,      // So many are done already; all, if it is not less.
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
  input  bell_pkg::dma_rdata_t rd_data_i,
  output logic                 wr_req_valid_o,
  input  logic                 wr_req_ready_i,
  output bell_pkg::dma_req_t   wr_req_o,
  output logic                 wr_data_valid_o,
  input  logic                 wr_data_ready_i,
  output bell_pkg::dma_wdata_t wr_data_o,

  output logic busy_o
);

  localparam int unsigned Words      = 32;  // Copy buffer: two full bursts.
  localparam logic [5:0]  BurstWords = 6'd16;

  typedef logic [3:0] burst_t;  // Beats less one.

  // Skip: first what is left, then both addresses, one a clock.
  typedef enum logic [1:0] {Ready, Source, Target, Left} skip_e;

  skip_e            skip_state_q;
  logic [44:0]      skip_q, skipped;
  logic             skipping, skips_all, unused_carry;

  logic             active_q, is_copy_q, stop_q, stop;
  logic [63:0]      pattern_q;
  bell_pkg::pasid_t pasid_q;

  // Read side.
  bell_pkg::addr_t rd_addr_q, resp_addr_q;
  logic [44:0]     rd_left_q;
  burst_t          rd_want, rd_room, rd_burst;
  logic [5:0]      reserved_q, outstanding_q, rd_words;
  logic            rd_request, rd_bad, beat;
  logic            err_q;
  logic [1:0]      err_resp_q;
  bell_pkg::addr_t err_addr_q;

  // Write side.
  bell_pkg::addr_t wr_addr_q;
  logic [44:0]     wr_left_q;
  burst_t          wr_want, wr_room, wr_burst;
  logic [4:0]      beats_q;
  logic            wr_request, wr_beat, all_here;

  (* keep *) logic [35:0] rd_next, wr_next;    // Ready to be chosen: no carry behind a burst.
  (* keep *) logic [40:0] rd_fewer, wr_fewer;
  logic [9:0]             rd_place, wr_place;  // Word in its 4 KiB.
  logic [4:0]             rd_low, wr_low;

  logic [5:0]  fifo_count;
  logic [63:0] fifo_word;

  // Room is reserved beforehand and beats are counted, so these say nothing new.
  logic unused_full, unused_empty, unused_last;

  assign unused_last = rd_data_i.last;

  assign stop = stop_q || stop_i;

  // Bursts: up to 16 beats, within what is left, within 4 KiB.
  //
  // Behind a burst: a page changes at its very end only, what is left loses a 16 or a borrow.
  always_comb begin
    rd_want  = '0;
    rd_room  = '0;
    rd_burst = '0;
    rd_next  = '0;
    rd_place = '0;
    rd_fewer = '0;
    rd_low   = '0;
    wr_want  = '0;
    wr_room  = '0;
    wr_burst = '0;
    wr_next  = '0;
    wr_place = '0;
    wr_fewer = '0;
    wr_low   = '0;
    if (active_q) begin
      rd_want  = (rd_left_q[44:4] != '0) ? '1 : rd_left_q[3:0] - 4'd1;
      rd_room  = (&rd_addr_q[11:7]) ? ~rd_addr_q[6:3] : '1;
      rd_burst = (rd_room < rd_want) ? rd_room : rd_want;
      rd_next  = rd_addr_q[47:12] + 36'd1;
      rd_place = {1'b0, rd_addr_q[11:3]} + 10'(rd_burst) + 10'd1;
      rd_fewer = rd_left_q[44:4] - 41'd1;
      rd_low   = {1'b0, rd_left_q[3:0]} + {1'b0, ~rd_burst};
      wr_want  = (wr_left_q[44:4] != '0) ? '1 : wr_left_q[3:0] - 4'd1;
      wr_room  = (&wr_addr_q[11:7]) ? ~wr_addr_q[6:3] : '1;
      wr_burst = (wr_room < wr_want) ? wr_room : wr_want;
      wr_next  = wr_addr_q[47:12] + 36'd1;
      wr_place = {1'b0, wr_addr_q[11:3]} + 10'(wr_burst) + 10'd1;
      wr_fewer = wr_left_q[44:4] - 41'd1;
      wr_low   = {1'b0, wr_left_q[3:0]} + {1'b0, ~wr_burst};
    end
  end

  assign rd_req_valid_o = (rd_left_q != '0) && !stop && !skipping &&
                          (reserved_q <= 6'(Words) - BurstWords);

  always_comb begin
    rd_req_o = '0;
    wr_req_o = '0;
    if (rd_req_valid_o) begin
      rd_req_o = {rd_addr_q, rd_burst, pasid_q};
    end
    if (wr_req_valid_o) begin
      wr_req_o = {wr_addr_q, wr_burst, pasid_q};
    end
  end

  // Beats are taken as they come: their room was reserved with the request.
  assign rd_request = rd_req_valid_o && rd_req_ready_i;
  assign rd_words   = 6'(rd_burst) + 6'd1;
  assign beat       = rd_data_valid_i && active_q && is_copy_q;  // Else it is the fence's.
  assign rd_bad     = beat && (rd_data_i.resp != bell_pkg::RespOkay);

  assign all_here        = (rd_left_q == '0) && (outstanding_q == '0);
  assign wr_req_valid_o  = (wr_left_q != '0) && (beats_q == '0) && !stop && !skipping &&
                           can_issue_i && (!is_copy_q || (fifo_count >= BurstWords) || all_here);
  assign wr_request      = wr_req_valid_o && wr_req_ready_i;
  assign issue_o         = wr_request;
  assign issue_addr_o    = wr_addr_q;
  assign wr_data_valid_o = beats_q != '0;
  assign wr_data_o       = {is_copy_q ? fifo_word : pattern_q, beats_q == 5'd1};
  assign wr_beat         = wr_data_valid_o && wr_data_ready_i;

  assign done_o     = active_q && (beats_q == '0) && (outstanding_q == '0) && !skipping &&
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

  // One adder for all three.
  logic [44:0] skip_from;

  assign skipping  = skip_state_q != Ready;
  assign skip_from = (skip_state_q == Left) ? wr_left_q :
                     (skip_state_q == Target) ? wr_addr_q[47:3] : rd_addr_q[47:3];
  assign skips_all = skipping && (skip_q >= wr_left_q);

  bell_sum #(.Width(45), .Block(9)) u_skipped (
    .enable_i(skipping), .a_i(skip_from), .b_i((skip_state_q == Left) ? ~skip_q : skip_q),
    .carry_i(skip_state_q == Left), .sum_o(skipped),
    .carry_o(unused_carry)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      skip_state_q <= Ready;
      skip_q       <= '0;
    end else if (start_i) begin
      skip_state_q <= (skip_i != '0) ? Left : Ready;
      skip_q       <= skip_i;
    end else if (skipping) begin
      skip_state_q <= (skip_state_q == Left) ? Target :
                      (skip_state_q == Target) ? Source : Ready;
    end
  end

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
    end else if (skipping) begin
      if (skip_state_q == Left) begin
        rd_left_q <= (is_copy_q && !skips_all) ? skipped : '0;
      end else if (skip_state_q == Source) begin
        rd_addr_q   <= {skipped, 3'd0};
        resp_addr_q <= {skipped, 3'd0};
      end
    end else if (active_q && is_copy_q) begin
      if (rd_request) begin
        rd_addr_q     <= {rd_place[9] ? rd_next : rd_addr_q[47:12], rd_place[8:0], 3'd0};
        rd_left_q     <= {rd_low[4] ? rd_left_q[44:4] : rd_fewer, rd_low[3:0]};
        reserved_q    <= reserved_q - 6'(wr_beat) + rd_words;
        outstanding_q <= outstanding_q - 6'(beat) + rd_words;
      end else begin
        reserved_q    <= reserved_q - 6'(wr_beat);
        outstanding_q <= outstanding_q - 6'(beat);
      end
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
    end else if (skipping) begin
      if (skip_state_q == Left) begin
        wr_left_q <= skips_all ? '0 : skipped;
      end else if (skip_state_q == Target) begin
        wr_addr_q <= {skipped, 3'd0};
      end
    end else if (wr_request) begin
      wr_addr_q <= {wr_place[9] ? wr_next : wr_addr_q[47:12], wr_place[8:0], 3'd0};
      wr_left_q <= {wr_low[4] ? wr_left_q[44:4] : wr_fewer, wr_low[3:0]};
      beats_q   <= 5'(wr_burst) + 5'd1;
    end else if (wr_beat) begin
      beats_q <= beats_q - 1'b1;
    end
  end

  assign busy_o = rd_req_valid_o || wr_req_valid_o || wr_data_valid_o || done_o || skipping;

endmodule : bell_engine_copy
