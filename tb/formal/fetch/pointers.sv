// SPDX-License-Identifier: MIT
// proof: induction 1
// says: A turn reads WPTR of its queue first and once. Every entry read is one whole entry inside
//       the ring. Before WPTR is known (a clock after its answer) the next entry is read at most, and
//       those the queue's last turn is known to have left, if that was the last turn of the node,
//       each once, in order; after that none at or beyond WPTR; none at all when WPTR is out of
//       bounds or unreadable. No more buffers are run than WPTR covers. RPTR is written after each
//       buffer that is finished, one up, and never passes WPTR.
//
// Memory answers in order, at any time, with any data and any error; the engine takes, runs and
// ends buffers as it likes, and drops what is not begun when flushed.

module f_pointers #(
  parameter int unsigned MinBuffers = 2,
  parameter int unsigned MaxBuffers = 3,
  parameter int unsigned NumEntries = 2
) (
  input logic                  clk_i,
  input logic                  rst_ni,
  input logic                  turn_valid_i,
  input bell_pkg::turn_t       turn_i,
  input logic                  end_ready_i,
  input logic                  yield_i,
  input logic                  others_i,
  input logic                  preempt_i,
  input logic                  abort_i,
  input logic                  buf_ready_i,
  input logic                  start_i,  // The engine begins a buffer.
  input logic                  buf_end_valid_i,
  input bell_pkg::buffer_end_t buf_end_i,
  input logic [31:0]           buf_offset_i,
  input logic [63:0]           buf_done_i,
  input logic                  event_ready_i,
  input logic                  rd_req_ready_i,
  input logic                  rd_data_valid_i,
  input bell_pkg::dma_rdata_t  rd_data_i,
  input logic                  wr_req_ready_i,
  input logic                  wr_data_ready_i,
  input logic                  wr_resp_valid_i,
  input logic [1:0]            wr_resp_i
);

  logic                 turn_ready, end_valid, buf_valid, flush, buf_end_ready;
  bell_pkg::turn_end_t  turn_end;
  logic                 rd_req_valid, wr_req_valid, wr_data_valid;
  bell_pkg::dma_req_t   rd_req, wr_req;
  bell_pkg::dma_wdata_t wr_data;
  logic                 running_q;
  logic [3:0]           queued_q;

  bell_fetch #(.MinBuffers(MinBuffers), .MaxBuffers(MaxBuffers), .NumEntries(NumEntries)) dut (
    .clk_i, .rst_ni, .turn_valid_i, .turn_ready_o(turn_ready), .turn_i, .end_valid_o(end_valid),
    .end_ready_i, .end_o(turn_end), .yield_i, .others_i, .preempt_i, .abort_i,
    .buf_valid_o(buf_valid), .buf_ready_i, .buf_o(), .resume_o(), .flush_o(flush), .abort_o(),
    .running_i(running_q), .empty_i(queued_q == '0), .buf_end_valid_i,
    .buf_end_ready_o(buf_end_ready), .buf_end_i, .buf_offset_i, .buf_done_i,
    .event_valid_o(), .event_ready_i, .event_cause_o(), .event_data_o(),
    .rd_req_valid_o(rd_req_valid), .rd_req_ready_i, .rd_req_o(rd_req), .rd_data_valid_i, .rd_data_i,
    .wr_req_valid_o(wr_req_valid), .wr_req_ready_i, .wr_req_o(wr_req),
    .wr_data_valid_o(wr_data_valid), .wr_data_ready_i, .wr_data_o(wr_data), .wr_resp_valid_i,
    .wr_resp_i, .busy_o(), .sample_valid_o(), .done_valid_o(), .rptr_o(), .queue_o()
  );

  // ------------------------------------------------------------- surroundings

  logic       started_q = 1'b0;
  logic       take, asks, ends, hands;
  logic [4:0] beats_q;   // Asked for and not answered.
  logic [3:0] writes_q;  // Written and not answered.
  logic       data_due_q;

  assign take  = turn_valid_i && turn_ready;
  assign asks  = rd_req_valid && rd_req_ready_i;
  assign hands = buf_valid && buf_ready_i;
  assign ends  = buf_end_valid_i && buf_end_ready;

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      running_q  <= 1'b0;
      queued_q   <= '0;
      beats_q    <= '0;
      writes_q   <= '0;
      data_due_q <= 1'b0;
    end else begin
      running_q  <= start_i || (running_q && !ends);
      queued_q   <= flush ? '0 : queued_q + 4'(hands) - 4'(start_i);
      beats_q    <= beats_q + (asks ? 5'(rd_req.beats) + 5'd1 : 5'd0) - 5'(rd_data_valid_i);
      writes_q   <= writes_q + 4'(wr_data_valid && wr_data_ready_i) - 4'(wr_resp_valid_i);
      data_due_q <= (wr_req_valid && wr_req_ready_i) || (data_due_q && !wr_data_ready_i);
    end
  end

  always_comb begin
    if (!started_q) begin
      assume (!rst_ni);
    end
    assume (!rd_data_valid_i || (beats_q != '0));
    assume (!wr_resp_valid_i || (writes_q != '0));
    assume (!buf_end_valid_i || running_q);
    assume (!start_i || (!running_q && (queued_q != '0) && !flush));
    // What the scheduler lets open.
    assume (!turn_valid_i || ((turn_i.base[11:0] == '0) && (turn_i.control[3:0] == '0)
                              && (turn_i.log2_entries >= 5'd1) && (turn_i.log2_entries <= 5'd16)));
  end

  // ------------------------------------------------- the turn, from outside

  bell_pkg::turn_t turn_q;
  logic            asked_q;      // WPTR is asked for.
  logic            waits_q;      // Its answer is the next one.
  logic            judge_q;      // It came in the last clock.
  logic            known_q;      // WPTR is known,
  logic [16:0]     room_q;       // and so far ahead of RPTR; 0 when it is no good.
  logic [1:0]      early_q;      // So many entries were asked for before that;
  logic [1:0]      may_q;        // so many may be.
  logic [1:0]      left_q;       // So many the last turn left, as far as WPTR was known.
  logic [3:0]      handed_q, done_q;
  logic [63:0]     ahead;
  logic [16:0]     size, index, from_rptr;
  bell_pkg::addr_t offset;

  assign size      = 17'd1 << turn_q.log2_entries;
  assign ahead     = rd_data_i.data - turn_q.rptr;
  assign offset    = rd_req.addr - turn_q.base;
  assign index     = 17'(offset >> 4);
  assign from_rptr = (index - turn_q.rptr[16:0]) & (size - 1'b1);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      turn_q   <= '0;
      asked_q  <= 1'b0;
      waits_q  <= 1'b0;
      judge_q  <= 1'b0;
      known_q  <= 1'b0;
      room_q   <= '0;
      early_q  <= '0;
      may_q    <= '0;
      left_q   <= '0;
      handed_q <= '0;
      done_q   <= '0;
    end else if (take) begin
      turn_q   <= turn_i;
      asked_q  <= asks;
      waits_q  <= 1'b1;
      judge_q  <= 1'b0;
      known_q  <= 1'b0;
      room_q   <= '0;
      early_q  <= '0;
      may_q    <= ((turn_i.queue == turn_q.queue) && (left_q != '0)) ? left_q : 2'd1;
      handed_q <= '0;
      done_q   <= '0;
    end else begin
      asked_q  <= asked_q || asks;
      early_q  <= early_q + 2'(asks && asked_q && !known_q);
      if (end_valid) begin
        left_q <= (room_q - 17'(done_q) > 17'(NumEntries)) ? 2'(NumEntries)
                  : 2'(room_q - 17'(done_q));
      end
      handed_q <= handed_q + 4'(hands);
      done_q   <= done_q + 4'(ends && !buf_end_i.fault && !buf_end_i.stopped);
      judge_q <= waits_q && rd_data_valid_i;
      known_q <= known_q || judge_q;
      if (waits_q && rd_data_valid_i) begin
        waits_q <= 1'b0;
        room_q  <= ((rd_data_i.resp != bell_pkg::RespOkay) || (ahead > 64'(size))) ? '0
                   : 17'(ahead);
      end
    end
  end

  always_comb begin
    if (rst_ni) begin
      if (asks && (take || !asked_q)) begin
        wptr_first: assert (rd_req.addr == (take ? turn_i.control : turn_q.control));
        wptr_one_word: assert (rd_req.beats == '0);
      end
      if (asks && !take && asked_q) begin
        whole_entry: assert ((rd_req.beats == 4'd1) && (offset[3:0] == '0));
        inside_ring: assert ((offset >> 4) < 48'(size));
        early_only_known: assert (known_q || ((early_q < may_q)
                                              && (from_rptr == (17'(early_q) & (size - 1'b1)))));
        never_beyond_wptr: assert (!known_q || (room_q == size) || (from_rptr < room_q));
        none_without_wptr: assert (!known_q || (room_q != '0));
      end
      covered_by_wptr: assert (17'(handed_q) + 17'(hands) <= (known_q ? room_q : '0));
      rptr_address: assert (!wr_req_valid || (wr_req.addr == turn_q.control + 48'd8));
      rptr_one_up: assert (!wr_data_valid || (wr_data.data == turn_q.rptr + 64'(done_q)));
      rptr_never_passes: assert (17'(done_q) <= room_q);
      turn_tells_rptr: assert (!end_valid || (turn_end.rptr == turn_q.rptr + 64'(done_q)));
    end
  end

  // What the module holds agrees with what is seen from outside; these carry the induction.
  logic in_turn;

  assign in_turn = 2'(dut.state_q) == 2'd1;

  always_comb begin
    if (rst_ni) begin
      inv_same_turn: assert (dut.turn_q == turn_q);
      inv_same_rptr: assert (dut.rptr_q == turn_q.rptr + 64'(done_q));
      inv_same_buffers: assert ((dut.u_entries.handed_q == 7'(handed_q)) && (dut.done_q == 7'(done_q)));
      inv_same_known: assert ((dut.u_sample.known_q == known_q) && (dut.u_sample.wait_q == waits_q));
      inv_known_or_waited: assert ((2'(known_q) + 2'(judge_q) + 2'(waits_q) <= 2'd1)
                                   && (!in_turn || known_q || judge_q || waits_q));
      inv_known_at_the_end: assert (in_turn || !(waits_q || judge_q));
      inv_same_judge: assert (dut.u_sample.judge_q == judge_q);
      inv_judged: assert (!judge_q || (({dut.u_sample.carry_q, dut.u_sample.left_q}
                          == {1'b0, dut.u_sample.wptr_q[16:0]} - {1'b0, turn_q.rptr[16:0]})
                          && (room_q == (((dut.u_sample.resp_q != bell_pkg::RespOkay)
                              || (dut.u_sample.wptr_q - turn_q.rptr > 64'(size))) ? '0
                              : 17'(dut.u_sample.wptr_q - turn_q.rptr)))));
      inv_same_mask: assert (17'(dut.mask_q) == size - 17'd1);
      inv_same_counts: assert ((dut.u_entries.ask_q == turn_q.rptr[15:0] + 16'(dut.u_entries.asked_q))
                         && (dut.u_entries.due_q == turn_q.rptr[15:0] + 16'(dut.u_entries.received_q))
                         && (dut.u_entries.hand_q == turn_q.rptr[15:0] + 16'(dut.u_entries.handed_q)));
      inv_stored: assert (dut.u_entries.stored_q
                          == (dut.u_entries.received_q != dut.u_entries.handed_q));
      inv_sample_due: assert (dut.u_sample.due_q == (waits_q && !asked_q));
      inv_asked_when_known: assert (!(known_q || judge_q) || asked_q);
      inv_same_early: assert (known_q || (dut.u_entries.early_q == 7'(early_q)));
      inv_early_is_one: assert (known_q || (dut.u_entries.asked_q == 7'(early_q)));
      inv_early_after_wptr: assert ((early_q == '0) || asked_q);
      inv_same_left: assert ((dut.early_q == 7'(left_q)) && (32'(left_q) <= NumEntries));
      inv_same_may: assert (!in_turn || known_q || (dut.u_entries.early_limit_q == 7'(may_q)));
      inv_early_few: assert ((early_q <= may_q) && (32'(may_q) <= NumEntries));
      inv_left_is_covered: assert (judge_q || (dut.u_sample.left_q == room_q - 17'(done_q)));
      inv_limit_covered: assert (17'(dut.u_sample.limit_q) <= room_q);
      inv_limit_small: assert (32'(dut.u_sample.limit_q) <= MaxBuffers);
      inv_limit_known: assert (known_q || ((dut.u_sample.limit_q == '0)
                                && (judge_q || (room_q == '0))));
      inv_handed_in_limit: assert (7'(handed_q) <= dut.u_sample.limit_q);
      inv_redo_in_turn: assert (!dut.u_entries.redo_q || (in_turn && known_q));
      inv_asked_small: assert ((32'(dut.u_entries.asked_q) <= MaxBuffers)
                           && (dut.u_entries.received_q <= dut.u_entries.asked_q)
                           && (dut.u_entries.handed_q <= dut.u_entries.received_q));
      inv_second_is_asked: assert (!dut.u_entries.second_q
                           || (dut.u_entries.received_q != dut.u_entries.asked_q));
      inv_beats_agree: assert (beats_q == 5'(waits_q && asked_q)
                           + 5'd2 * 5'(dut.u_entries.asked_q - dut.u_entries.received_q)
                           - 5'(dut.u_entries.second_q));
      inv_entries_after_wptr: assert (!(waits_q || judge_q)
                           || (!dut.u_entries.second_q && (dut.u_entries.received_q == '0)));
      inv_engine_holds_handed: assert (5'(done_q) + 5'(queued_q) + 5'(running_q) <= 5'(handed_q));
      inv_quiet_out_of_turn: assert (in_turn || ((queued_q == '0) && !running_q
                                     && (beats_q == '0)));
      inv_room_in_size: assert (room_q <= size);
      inv_early_ring_is_small: assert (known_q || (early_q == '0) || (turn_q.log2_entries < 5'd16));
      inv_log2_in_range: assert ((turn_q.log2_entries <= 5'd16)
                             && (!in_turn || (turn_q.log2_entries != '0)));
      inv_aligned: assert ((turn_q.base[11:0] == '0) && (turn_q.control[3:0] == '0));
    end
  end

endmodule : f_pointers
