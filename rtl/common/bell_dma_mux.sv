// SPDX-License-Identifier: MIT
//
// Joins the DMA units of all nodes to one AXI4 master.
//
//   requester r = 3 * node + unit, see bell_node; AxID = {node, unit}; AxUSER = PASID
//   writes have one more, the scheduling logs, with the id of unit 3 of node 0; it goes first, and
//   asks again only after an answer
//
// Round robin over requesters, one read and one write granted per clock at most. The W channel
// belongs to the granted writer until its last beat. Answers are routed by id alone, so a unit's
// answers come in the order of its requests (AXI4 keeps order within an id).
//
// Timing  AR, AW and W leave through a FIFO of two: valid one clock after the request or the beat,
//         and what is ready on the bus has no path to a unit. R and B pass through and are always
//         taken. No output of the bus hangs on an input of it in the same clock.
// Reset   nothing is held after rst_ni.

module bell_dma_mux #(
  parameter int unsigned NumNodes = 3  // 1 .. 4.
) (
  input  logic clk_i,
  input  logic rst_ni,

  // Reads of the units.
  input  logic               [NumNodes*3-1:0] rd_req_valid_i,
  output logic               [NumNodes*3-1:0] rd_req_ready_o,
  input  bell_pkg::dma_req_t [NumNodes*3-1:0] rd_req_i,
  output logic               [NumNodes*3-1:0] rd_data_valid_o,  // Always taken.
  output bell_pkg::dma_rdata_t                rd_data_o,  // Shared.

  // Writes of the units.
  input  logic                 [NumNodes*3-1:0] wr_req_valid_i,
  output logic                 [NumNodes*3-1:0] wr_req_ready_o,
  input  bell_pkg::dma_req_t   [NumNodes*3-1:0] wr_req_i,
  input  logic                 [NumNodes*3-1:0] wr_data_valid_i,
  output logic                 [NumNodes*3-1:0] wr_data_ready_o,
  input  bell_pkg::dma_wdata_t [NumNodes*3-1:0] wr_data_i,
  output logic                 [NumNodes*3-1:0] wr_resp_valid_o,
  output logic                            [1:0] wr_resp_o,  // Shared.

  // Writes of the scheduling logs.
  input  logic                 log_req_valid_i,
  output logic                 log_req_ready_o,
  input  bell_pkg::dma_req_t   log_req_i,
  input  logic                 log_data_valid_i,
  output logic                 log_data_ready_o,
  input  bell_pkg::dma_wdata_t log_data_i,
  output logic                 log_resp_valid_o,

  // AXI4 master, 64-bit data.
  output logic [3:0]  m_axi_arid,
  output logic [47:0] m_axi_araddr,
  output logic [7:0]  m_axi_arlen,
  output logic [2:0]  m_axi_arsize,
  output logic [1:0]  m_axi_arburst,
  output logic [19:0] m_axi_aruser,
  output logic        m_axi_arvalid,
  input  logic        m_axi_arready,
  input  logic [3:0]  m_axi_rid,
  input  logic [63:0] m_axi_rdata,
  input  logic [1:0]  m_axi_rresp,
  input  logic        m_axi_rlast,
  input  logic        m_axi_rvalid,
  output logic        m_axi_rready,
  output logic [3:0]  m_axi_awid,
  output logic [47:0] m_axi_awaddr,
  output logic [7:0]  m_axi_awlen,
  output logic [2:0]  m_axi_awsize,
  output logic [1:0]  m_axi_awburst,
  output logic [19:0] m_axi_awuser,
  output logic        m_axi_awvalid,
  input  logic        m_axi_awready,
  output logic [63:0] m_axi_wdata,
  output logic [7:0]  m_axi_wstrb,
  output logic        m_axi_wlast,
  output logic        m_axi_wvalid,
  input  logic        m_axi_wready,
  input  logic [3:0]  m_axi_bid,
  input  logic [1:0]  m_axi_bresp,
  input  logic        m_axi_bvalid,
  output logic        m_axi_bready,

  output logic busy_o  // An address or data beat waits to leave.
);

  localparam int unsigned NumReqs   = NumNodes * 3;
  localparam int unsigned IndexBits = $clog2(NumReqs);

  localparam logic [3:0] LogId = 4'd3;

  localparam logic [2:0] Size8Bytes = 3'd3;
  localparam logic [1:0] BurstIncr  = 2'b01;

  logic clk;

  // Write side.
  logic                 aw_full, aw_empty, w_full, w_empty, aw_free, aw_grant_valid, w_beat;
  logic [NumReqs-1:0]   aw_grant, b_match;
  logic [NumReqs-1:0]   w_owner_q;  // One-hot, or zero: the log.
  logic                 w_log_q, aw_units, log_take;
  logic [IndexBits-1:0] unused_ar_index, unused_aw_index;
  logic [3:0]           aw_id;
  bell_pkg::dma_req_t   aw_sel, aw;
  logic                 w_locked_q;
  bell_pkg::dma_wdata_t w_sel, w;
  logic [1:0]           aw_count_unused, w_count_unused, ar_count_unused;

  // Reads.
  logic               ar_full, ar_empty, ar_free, ar_grant_valid;
  logic [NumReqs-1:0] ar_grant, r_match;
  logic [3:0]         ar_id;
  bell_pkg::dma_req_t ar_sel, ar;

  bell_clock_gate u_clock (
    .clk_i, .enable_i(busy_o || (|rd_req_valid_i) || (|wr_req_valid_i) || log_req_valid_i), .clk_o(clk)
  );

  assign ar_free        = !ar_full;
  assign rd_req_ready_o = ar_free ? ar_grant : '0;

  bell_rr_arb #(.NumReqs(NumReqs)) u_ar_arb (
    .clk_i(clk), .rst_ni,
    .req_i(rd_req_valid_i), .take_i(ar_free),
    .valid_o(ar_grant_valid), .grant_o(ar_grant), .index_o(unused_ar_index)
  );

  // Requester of an AxID, one-hot; zero, if it is none.
  function automatic logic [NumReqs-1:0] unit_of(input logic [3:0] id);
    unit_of = '0;
    if (id[1:0] != 2'd3) begin
      unit_of = NumReqs'(12'd1 << (4'd3 * 4'(id[3:2]) + 4'(id[1:0])));
    end
  endfunction

  // Choose by one-hot grant. AxID of a requester: node in the upper two bits, unit in the lower.
  always_comb begin
    ar_id   = '0;
    aw_id   = '0;
    ar_sel  = '0;
    aw_sel  = '0;
    w_sel   = '0;
    for (int unsigned r = 0; r < NumReqs; r++) begin
      if (ar_grant[r]) begin
        ar_id  = 4'((r / 3) * 4 + r % 3);
        ar_sel = rd_req_i[r];
      end
      if (aw_grant[r]) begin
        aw_id  = 4'((r / 3) * 4 + r % 3);
        aw_sel = wr_req_i[r];
      end
      if (w_owner_q[r]) begin
        w_sel = wr_data_i[r];
      end
    end
    if (log_req_valid_i) begin
      aw_id  = LogId;
      aw_sel = log_req_i;
    end
    if (w_log_q) begin
      w_sel = log_data_i;
    end
  end

  always_comb begin
    r_match   = '0;
    b_match   = '0;
    rd_data_o = '0;
    if (m_axi_rvalid) begin
      rd_data_o = {m_axi_rdata, m_axi_rlast, m_axi_rresp};
      r_match   = unit_of(m_axi_rid);
    end
    if (m_axi_bvalid) begin
      b_match = unit_of(m_axi_bid);
    end
  end

  bell_fifo #(.Width(4 + $bits(bell_pkg::dma_req_t)), .Depth(2)) u_ar (
    .clk_i(clk), .rst_ni, .clear_i(1'b0),
    .push_i(ar_free && ar_grant_valid), .data_i({ar_id, ar_sel}), .full_o(ar_full),
    .pop_i(m_axi_arvalid && m_axi_arready), .data_o({m_axi_arid, ar}), .empty_o(ar_empty),
    .count_o(ar_count_unused)
  );

  assign m_axi_arvalid = !ar_empty;
  assign m_axi_araddr  = ar.addr;
  assign m_axi_arlen   = {4'd0, ar.beats};
  assign m_axi_arsize  = Size8Bytes;
  assign m_axi_arburst = BurstIncr;
  assign m_axi_aruser  = ar.pasid;

  assign rd_data_valid_o = r_match;
  assign m_axi_rready    = 1'b1;

  // Writes: the writer keeps W until its last beat has left it.
  assign w_beat         = w_locked_q && !w_full && (((wr_data_valid_i & w_owner_q) != '0)
                                                    || (w_log_q && log_data_valid_i));
  assign aw_free        = !aw_full && (!w_locked_q || (w_beat && w_sel.last));
  assign aw_units       = aw_free && !log_req_valid_i;
  assign log_take       = aw_free && log_req_valid_i;
  assign wr_req_ready_o = aw_units ? aw_grant : '0;

  assign log_req_ready_o = aw_free;

  bell_rr_arb #(.NumReqs(NumReqs)) u_aw_arb (
    .clk_i(clk), .rst_ni,
    .req_i(wr_req_valid_i), .take_i(aw_units),
    .valid_o(aw_grant_valid), .grant_o(aw_grant), .index_o(unused_aw_index)
  );

  always_ff @(posedge clk or negedge rst_ni) begin
    if (!rst_ni) begin
      w_locked_q <= 1'b0;
      w_log_q    <= 1'b0;
      w_owner_q  <= '0;
    end else if (log_take) begin
      w_locked_q <= 1'b1;
      w_log_q    <= 1'b1;
      w_owner_q  <= '0;
    end else if (aw_units && aw_grant_valid) begin
      w_locked_q <= 1'b1;
      w_log_q    <= 1'b0;
      w_owner_q  <= aw_grant;
    end else if (w_beat && w_sel.last) begin
      w_locked_q <= 1'b0;
    end
  end

  bell_fifo #(.Width(4 + $bits(bell_pkg::dma_req_t)), .Depth(2)) u_aw (
    .clk_i(clk), .rst_ni, .clear_i(1'b0),
    .push_i(log_take || (aw_units && aw_grant_valid)), .data_i({aw_id, aw_sel}), .full_o(aw_full),
    .pop_i(m_axi_awvalid && m_axi_awready), .data_o({m_axi_awid, aw}), .empty_o(aw_empty),
    .count_o(aw_count_unused)
  );

  assign m_axi_awvalid = !aw_empty;
  assign m_axi_awaddr  = aw.addr;
  assign m_axi_awlen   = {4'd0, aw.beats};
  assign m_axi_awsize  = Size8Bytes;
  assign m_axi_awburst = BurstIncr;
  assign m_axi_awuser  = aw.pasid;

  assign wr_data_ready_o  = (w_locked_q && !w_full) ? w_owner_q : '0;
  assign log_data_ready_o = w_log_q && w_locked_q && !w_full;

  bell_fifo #(.Width($bits(bell_pkg::dma_wdata_t)), .Depth(2)) u_w (
    .clk_i(clk), .rst_ni, .clear_i(1'b0),
    .push_i(w_beat), .data_i(w_sel), .full_o(w_full),
    .pop_i(m_axi_wvalid && m_axi_wready), .data_o(w), .empty_o(w_empty), .count_o(w_count_unused)
  );

  assign m_axi_wvalid = !w_empty;
  assign m_axi_wdata  = w.data;
  assign m_axi_wlast  = w.last;
  assign m_axi_wstrb  = '1;

  assign wr_resp_valid_o  = b_match;
  assign log_resp_valid_o = m_axi_bvalid && (m_axi_bid == LogId);
  assign wr_resp_o       = m_axi_bresp;
  assign m_axi_bready    = 1'b1;

  assign busy_o = !ar_empty || !aw_empty || !w_empty || w_locked_q;

endmodule : bell_dma_mux
