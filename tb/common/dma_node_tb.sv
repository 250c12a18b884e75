// SPDX-License-Identifier: MIT
//
// One node and the DMA mux with flat ports, for tests in C++.

module dma_node_tb (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [31:0] advance_i,

  input  logic        turn_valid_i,
  output logic        turn_ready_o,
  input  logic [9:0]  turn_queue_i,
  input  logic [47:0] turn_base_i,
  input  logic [47:0] turn_control_i,
  input  logic [4:0]  turn_log2_entries_i,
  input  logic        turn_kernel_ring_i,
  input  logic [19:0] turn_pasid_i,
  input  logic [63:0] turn_rptr_i,
  input  logic [31:0] turn_offset_i,
  input  logic [63:0] turn_done_i,

  output logic        end_valid_o,
  input  logic        end_ready_i,
  output logic [9:0]  end_queue_o,
  output logic [63:0] end_rptr_o,
  output logic        end_work_o,
  output logic        end_fault_o,
  output logic [7:0]  end_cause_o,
  output logic [31:0] end_offset_o,
  output logic [63:0] end_done_o,
  output logic        end_blocked_o,
  output logic [5:0]  end_key_o,
  input  logic        yield_i,
  input  logic        others_i,
  input  logic        preempt_i,
  input  logic        abort_i,

  output logic        signal_valid_o,
  output logic [5:0]  signal_key_o,
  output logic        log_valid_o,
  output logic        log_signals_o,
  input  logic        log_ready_i,
  input  logic        log_enable_i,
  input  logic [47:0] log_addr_i,
  input  logic [31:0] log_index_i,
  input  logic [31:0] log_wraps_i,
  input  logic [63:0] time_i,

  output logic        event_valid_o,
  input  logic        event_ready_i,
  output logic [7:0]  event_cause_o,
  output logic [1:0]  event_node_o,
  output logic [9:0]  event_queue_o,
  output logic [63:0] event_data_o,

  output logic        busy_o,
  output logic        progress_o,
  output logic        timer_valid_o,
  output logic [63:0] timer_o,
  output logic        sample_valid_o,
  output logic        start_valid_o,
  output logic [63:0] start_rptr_o,
  output logic        done_valid_o,
  output logic [63:0] done_rptr_o,
  output logic [9:0]  queue_o,

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
  output logic        m_axi_bready
);

  bell_pkg::turn_t            turn;
  bell_pkg::turn_end_t        turn_end;
  bell_pkg::event_t           node_event;
  logic                 [2:0] rd_req_valid, rd_req_ready, rd_data_valid;
  logic                 [2:0] wr_req_valid, wr_req_ready, wr_data_valid, wr_data_ready;
  logic                 [2:0] wr_resp_valid;
  logic                 [1:0] wr_resp;
  bell_pkg::dma_req_t   [2:0] rd_req, wr_req;
  bell_pkg::dma_wdata_t [2:0] wr_data;
  bell_pkg::dma_rdata_t       rd_data;
  logic                       node_busy, mux_busy;

  assign turn = {turn_queue_i, turn_base_i, turn_control_i, turn_log2_entries_i, turn_kernel_ring_i,
                 turn_pasid_i, turn_rptr_i, turn_offset_i, turn_done_i};
  assign {end_queue_o, end_rptr_o, end_work_o, end_fault_o, end_cause_o, end_offset_o, end_done_o,
          end_blocked_o, end_key_o} = turn_end;
  assign {event_cause_o, event_node_o, event_queue_o, event_data_o} = node_event;
  assign busy_o = node_busy || mux_busy;

  bell_node #(.NodeId(0)) u_node (
    .clk_i, .rst_ni, .advance_i,
    .turn_valid_i, .turn_ready_o, .turn_i(turn),
    .end_valid_o, .end_ready_i, .end_o(turn_end),
    .yield_i, .others_i, .preempt_i, .abort_i,
    .signal_valid_o, .signal_key_o, .log_valid_o, .log_signals_o, .log_ready_i,
    .log_i({log_enable_i, log_addr_i, log_index_i, log_wraps_i}), .time_i,
    .event_valid_o, .event_ready_i, .event_o(node_event),
    .rd_req_valid_o(rd_req_valid), .rd_req_ready_i(rd_req_ready), .rd_req_o(rd_req),
    .rd_data_valid_i(rd_data_valid), .rd_data_i(rd_data),
    .wr_req_valid_o(wr_req_valid), .wr_req_ready_i(wr_req_ready), .wr_req_o(wr_req),
    .wr_data_valid_o(wr_data_valid), .wr_data_ready_i(wr_data_ready), .wr_data_o(wr_data),
    .wr_resp_valid_i(wr_resp_valid), .wr_resp_i(wr_resp),
    .busy_o(node_busy), .progress_o, .timer_valid_o, .timer_o,
    .sample_valid_o, .start_valid_o, .start_rptr_o, .done_valid_o, .done_rptr_o, .queue_o
  );

  // No scheduling log here.
  logic [2:0] unused_log;

  bell_dma_mux #(.NumNodes(1)) u_mux (
    .clk_i, .rst_ni,
    .rd_req_valid_i(rd_req_valid), .rd_req_ready_o(rd_req_ready), .rd_req_i(rd_req),
    .rd_data_valid_o(rd_data_valid), .rd_data_o(rd_data),
    .wr_req_valid_i(wr_req_valid), .wr_req_ready_o(wr_req_ready), .wr_req_i(wr_req),
    .wr_data_valid_i(wr_data_valid), .wr_data_ready_o(wr_data_ready), .wr_data_i(wr_data),
    .wr_resp_valid_o(wr_resp_valid), .wr_resp_o(wr_resp),
    .log_req_valid_i(1'b0), .log_req_ready_o(unused_log[0]), .log_req_i('0),
    .log_data_valid_i(1'b0), .log_data_ready_o(unused_log[1]), .log_data_i('0),
    .log_resp_valid_o(unused_log[2]),
    .m_axi_arid, .m_axi_araddr, .m_axi_arlen, .m_axi_arsize, .m_axi_arburst, .m_axi_aruser,
    .m_axi_arvalid, .m_axi_arready,
    .m_axi_rid, .m_axi_rdata, .m_axi_rresp, .m_axi_rlast, .m_axi_rvalid, .m_axi_rready,
    .m_axi_awid, .m_axi_awaddr, .m_axi_awlen, .m_axi_awsize, .m_axi_awburst, .m_axi_awuser,
    .m_axi_awvalid, .m_axi_awready,
    .m_axi_wdata, .m_axi_wstrb, .m_axi_wlast, .m_axi_wvalid, .m_axi_wready,
    .m_axi_bid, .m_axi_bresp, .m_axi_bvalid, .m_axi_bready,
    .busy_o(mux_busy)
  );

endmodule : dma_node_tb
