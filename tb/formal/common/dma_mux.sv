// SPDX-License-Identifier: MIT
// proof: induction 1
// says: AXI4 master: an address or data beat once valid stays, unchanged, until it is taken;
//       every burst is 8-byte INCR, stays in its 4 KiB and has at most 16 beats; write data comes
//       in the order of the addresses, each burst with its own number of beats and WLAST on its
//       last and only there; at most 2 addresses wait in the device; an answer goes to one unit,
//       or to the logs, by its id.
//
// The logs are one more writer. Units keep the contract of bell_pkg: a request stays until taken and
// stays in its 4 KiB, data beats end with `last` on the last one. Memory does as it likes.

module f_dma_mux #(
  parameter int unsigned Nodes = 1
) (
  input logic                               clk_i,
  input logic                               rst_ni,
  input logic                 [Nodes*3-1:0] rd_req_valid_i,
  input bell_pkg::dma_req_t   [Nodes*3-1:0] rd_req_i,
  input logic                 [Nodes*3:0]   wr_req_valid_i,
  input bell_pkg::dma_req_t   [Nodes*3:0]   wr_req_i,
  input logic                 [Nodes*3:0]   wr_data_valid_i,
  input bell_pkg::dma_wdata_t [Nodes*3:0]   wr_data_i,
  input logic                               arready_i,
  input logic                 [3:0]         rid_i,
  input logic                               rvalid_i,
  input logic                               awready_i,
  input logic                               wready_i,
  input logic                 [3:0]         bid_i,
  input logic                               bvalid_i
);

  localparam int unsigned Reqs    = Nodes * 3;
  localparam int unsigned Writers = Reqs + 1;  // The last one: the scheduling logs.

  typedef struct packed {
    logic [3:0]  id;
    logic [47:0] addr;
    logic [7:0]  len;
    logic [2:0]  size;
    logic [1:0]  burst;
    logic [19:0] user;
  } address_t;

  address_t             ar, aw, ar_q, aw_q;
  logic                 arvalid, awvalid, wvalid, wlast, wlast_q;
  logic [63:0]          wdata, wdata_q;
  logic [7:0]           wstrb;
  logic [Reqs-1:0]      rd_req_ready, rd_data_valid;
  logic [Writers-1:0]   wr_req_ready, wr_data_ready, wr_resp_valid;

  bell_dma_mux #(.NumNodes(Nodes)) dut (
    .clk_i, .rst_ni, .rd_req_valid_i, .rd_req_ready_o(rd_req_ready), .rd_req_i,
    .rd_data_valid_o(rd_data_valid), .rd_data_o(),
    .wr_req_valid_i(wr_req_valid_i[Reqs-1:0]), .wr_req_ready_o(wr_req_ready[Reqs-1:0]),
    .wr_req_i(wr_req_i[Reqs-1:0]), .wr_data_valid_i(wr_data_valid_i[Reqs-1:0]),
    .wr_data_ready_o(wr_data_ready[Reqs-1:0]), .wr_data_i(wr_data_i[Reqs-1:0]),
    .wr_resp_valid_o(wr_resp_valid[Reqs-1:0]), .wr_resp_o(),
    .log_req_valid_i(wr_req_valid_i[Reqs]), .log_req_ready_o(wr_req_ready[Reqs]),
    .log_req_i(wr_req_i[Reqs]), .log_data_valid_i(wr_data_valid_i[Reqs]),
    .log_data_ready_o(wr_data_ready[Reqs]), .log_data_i(wr_data_i[Reqs]),
    .log_resp_valid_o(wr_resp_valid[Reqs]),
    .m_axi_arid(ar.id), .m_axi_araddr(ar.addr), .m_axi_arlen(ar.len), .m_axi_arsize(ar.size),
    .m_axi_arburst(ar.burst), .m_axi_aruser(ar.user), .m_axi_arvalid(arvalid),
    .m_axi_arready(arready_i), .m_axi_rid(rid_i), .m_axi_rdata('0), .m_axi_rresp('0),
    .m_axi_rlast(1'b0), .m_axi_rvalid(rvalid_i), .m_axi_rready(),
    .m_axi_awid(aw.id), .m_axi_awaddr(aw.addr), .m_axi_awlen(aw.len), .m_axi_awsize(aw.size),
    .m_axi_awburst(aw.burst), .m_axi_awuser(aw.user), .m_axi_awvalid(awvalid),
    .m_axi_awready(awready_i), .m_axi_wdata(wdata), .m_axi_wstrb(wstrb), .m_axi_wlast(wlast),
    .m_axi_wvalid(wvalid), .m_axi_wready(wready_i), .m_axi_bid(bid_i), .m_axi_bresp('0),
    .m_axi_bvalid(bvalid_i), .m_axi_bready(), .busy_o()
  );

  // -------------------------------------------------------------------- units

  logic                                  started_q = 1'b0;
  logic               [Reqs-1:0]         rd_held_q;
  logic               [Writers-1:0]      wr_held_q, writing_q;
  bell_pkg::dma_req_t [Reqs-1:0]         rd_q;
  bell_pkg::dma_req_t [Writers-1:0]      wr_q;
  logic               [Writers-1:0][3:0] left_q;  // Beats after the next one.

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    rd_q      <= rd_req_i;
    wr_q      <= wr_req_i;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      rd_held_q <= '0;
      wr_held_q <= '0;
      writing_q <= '0;
      left_q    <= '0;
    end else begin
      rd_held_q <= rd_req_valid_i & ~rd_req_ready;
      wr_held_q <= wr_req_valid_i & ~wr_req_ready;
      for (int unsigned r = 0; r < Writers; r++) begin
        if (wr_req_valid_i[r] && wr_req_ready[r]) begin
          writing_q[r] <= 1'b1;
          left_q[r]    <= wr_req_i[r].beats;
        end else if (wr_data_valid_i[r] && wr_data_ready[r]) begin
          writing_q[r] <= left_q[r] != '0;
          left_q[r]    <= left_q[r] - 1'b1;
        end
      end
    end
  end

  function automatic logic in_page(input logic [47:0] addr, input logic [3:0] beats);
    in_page = (addr[2:0] == '0) && (13'(addr[11:0]) + 13'({beats, 3'b111}) < 13'd4096);
  endfunction

  always_comb begin
    if (!started_q) begin
      assume (!rst_ni);
    end
    for (int unsigned r = 0; r < Reqs; r++) begin
      assume (!rd_held_q[r] || (rd_req_valid_i[r] && (rd_req_i[r] == rd_q[r])));
      assume (in_page(rd_req_i[r].addr, rd_req_i[r].beats));
    end
    for (int unsigned r = 0; r < Writers; r++) begin
      assume (!wr_held_q[r] || (wr_req_valid_i[r] && (wr_req_i[r] == wr_q[r])));
      assume (in_page(wr_req_i[r].addr, wr_req_i[r].beats));
      assume (!wr_req_valid_i[r] || !writing_q[r]);
      assume (!wr_data_valid_i[r] || (writing_q[r] && (wr_data_i[r].last == (left_q[r] == '0))));
    end
  end

  // ------------------------------------------------------------- on the bus

  logic            ar_held_q, aw_held_q, w_held_q;
  logic [2:0][3:0] lens_q;     // Bursts whose address was granted and whose data is not all out,
  logic [1:0]      bursts_q;   // so many, oldest first.
  logic [3:0]      beat_q;     // Beats of the oldest that left.
  logic            grant, w_out, w_done;
  logic [3:0]      grant_len;

  assign grant  = (wr_req_valid_i & wr_req_ready) != '0;
  assign w_out  = wvalid && wready_i;
  assign w_done = w_out && wlast;

  always_comb begin
    grant_len = '0;
    for (int unsigned r = 0; r < Writers; r++) begin
      if (wr_req_valid_i[r] && wr_req_ready[r]) begin
        grant_len = wr_req_i[r].beats;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    ar_q    <= ar;
    aw_q    <= aw;
    wdata_q <= wdata;
    wlast_q <= wlast;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      ar_held_q <= 1'b0;
      aw_held_q <= 1'b0;
      w_held_q  <= 1'b0;
      lens_q    <= '0;
      bursts_q  <= '0;
      beat_q    <= '0;
    end else begin
      ar_held_q <= arvalid && !arready_i;
      aw_held_q <= awvalid && !awready_i;
      w_held_q  <= wvalid && !wready_i;
      bursts_q  <= bursts_q + 2'(grant) - 2'(w_done);
      beat_q    <= w_done ? '0 : beat_q + 4'(w_out);
      if (w_done) begin
        lens_q <= {4'd0, lens_q[2:1]};
      end
      if (grant) begin
        lens_q[bursts_q - 2'(w_done)] <= grant_len;
      end
    end
  end

  function automatic logic legal(input address_t a);
    legal = (a.len < 8'd16) && (a.size == 3'd3) && (a.burst == 2'b01)
            && in_page(a.addr, a.len[3:0]);
  endfunction

  always_comb begin
    if (rst_ni && started_q) begin
      ar_stays: assert (!ar_held_q || (arvalid && (ar == ar_q)));
      aw_stays: assert (!aw_held_q || (awvalid && (aw == aw_q)));
      w_stays: assert (!w_held_q || (wvalid && (wdata == wdata_q) && (wlast == wlast_q)));
      ar_legal: assert (!arvalid || legal(ar));
      aw_legal: assert (!awvalid || legal(aw));
      w_belongs_to_a_burst: assert (!wvalid || ((bursts_q != '0) && (wstrb == 8'hff)));
      w_last_is_last: assert (!wvalid || (wlast == (beat_q == lens_q[0])));
      few_bursts: assert (bursts_q <= 2'd3);
      r_to_one_unit: assert ((rd_data_valid & (rd_data_valid - 1'b1)) == '0);
      b_to_one_unit: assert ((wr_resp_valid & (wr_resp_valid - 1'b1)) == '0);
      r_by_id: assert (!rvalid_i || (32'(rid_i) >= Reqs) || rd_data_valid[rid_i[1:0]]);
      b_of_log: assert (wr_resp_valid[Reqs] == (bvalid_i && (bid_i == 4'd3)));
      one_write_granted: assert ((wr_req_valid_i & wr_req_ready & ((wr_req_valid_i & wr_req_ready)
                                                                   - 1'b1)) == '0);
      b_by_id: assert (!bvalid_i || (32'(bid_i) >= Reqs) || wr_resp_valid[bid_i[1:0]]);
      one_read_granted: assert ((rd_req_ready & (rd_req_ready - 1'b1)) == '0);
    end
  end

  // What the module holds agrees with what is seen from outside; these carry the induction.
  localparam int unsigned AddressBits = 4 + $bits(bell_pkg::dma_req_t);

  function automatic logic legal_word(input logic [AddressBits-1:0] word);
    legal_word = in_page(word[71:24], word[23:20]);
  endfunction

  // Follow the data beats that wait, oldest first, through the bursts that are open.
  logic [1:0] at_burst;
  logic [3:0] at_beat;
  logic       lasts_right, slot;
  logic [3:0] left;
  logic       fifos_right, words_legal;
  logic [Writers-1:0] owner;

  assign owner = {dut.w_log_q, dut.w_owner_q};

  always_comb begin
    at_burst    = '0;
    at_beat     = beat_q;
    lasts_right = 1'b1;
    slot        = dut.u_w.head_q;
    for (int unsigned n = 0; n < 2; n++) begin
      if (dut.u_w.count_q > 2'(n)) begin
        lasts_right = lasts_right && (dut.u_w.words[slot][0] == (at_beat == lens_q[at_burst]));
        if (dut.u_w.words[slot][0]) begin
          at_burst = at_burst + 1'b1;
          at_beat  = '0;
        end else begin
          at_beat = at_beat + 1'b1;
        end
      end
      slot = !slot;
    end
    left = '0;
    for (int unsigned r = 0; r < Writers; r++) begin
      left = left | (writing_q[r] ? left_q[r] : '0);
    end
    fifos_right = (dut.u_w.count_q <= 2'd2) && (dut.u_ar.count_q <= 2'd2)
                  && (dut.u_aw.count_q <= 2'd2)
                  && (dut.u_w.tail_q == (dut.u_w.head_q ^ dut.u_w.count_q[0]))
                  && (dut.u_ar.tail_q == (dut.u_ar.head_q ^ dut.u_ar.count_q[0]))
                  && (dut.u_aw.tail_q == (dut.u_aw.head_q ^ dut.u_aw.count_q[0]));
    words_legal = 1'b1;
    for (int unsigned n = 0; n < 2; n++) begin
      if ((dut.u_ar.count_q == 2'd2) || ((dut.u_ar.count_q == 2'd1)
          && (dut.u_ar.head_q == 1'(n)))) begin
        words_legal = words_legal && legal_word(dut.u_ar.words[n]);
      end
      if ((dut.u_aw.count_q == 2'd2) || ((dut.u_aw.count_q == 2'd1)
          && (dut.u_aw.head_q == 1'(n)))) begin
        words_legal = words_legal && legal_word(dut.u_aw.words[n]);
      end
    end
    if (rst_ni && started_q) begin
      inv_queues_right: assert (fifos_right);
      inv_queued_is_legal: assert (words_legal);
      inv_queued_lasts: assert (lasts_right);
      inv_one_writer: assert ((owner & (owner - 1'b1)) == '0);
      inv_writer_is_owner: assert (writing_q == (dut.w_locked_q ? owner : '0));
      inv_locked_has_owner: assert (!dut.w_locked_q || (owner != '0));
      inv_open_burst: assert (!dut.w_locked_q || ((bursts_q != '0) && (at_burst == bursts_q - 1'b1)
                          && (at_beat <= lens_q[at_burst])
                          && (left == lens_q[at_burst] - at_beat)));
      inv_no_open_burst: assert (dut.w_locked_q || ((at_burst == bursts_q) && (at_beat == '0)));
      inv_held_is_valid: assert ((!ar_held_q || arvalid) && (!aw_held_q || awvalid)
                             && (!w_held_q || wvalid));
    end
  end

endmodule : f_dma_mux
