// SPDX-License-Identifier: MIT
//
// The bell device as it stands on a board: bell_top whose clock edges all count for one clock. The
// pin that only a simulator reads, next_deadline_o, is open, and so is what only feeds it.
// This is what scripts/synth.py measures; everything else is said in bell_top.
//
// Taps    pass through, for a logic analyser; leave them open and they cost nothing.
// Reset   as bell_top.

module bell_board #(
  parameter int unsigned NumSlots  = 64,  // Physical doorbells, 1 .. 1024.
  parameter int unsigned NumQueues = 64,  // Hardware queues, 1 .. 1024.
  parameter int unsigned NumNodes  = 3    // Nodes, 1 .. 4.
) (
  input  logic clk_i,
  input  logic rst_ni,

  input  logic [10:0] strap_slots_i,  // Doorbells fitted, at most NumSlots; from the next clock.

  // Host: AXI4-Lite target.
  input  logic [24:0] s_axil_awaddr,
  input  logic [2:0]  s_axil_awprot,
  input  logic        s_axil_awvalid,
  output logic        s_axil_awready,
  input  logic [63:0] s_axil_wdata,
  input  logic [7:0]  s_axil_wstrb,
  input  logic        s_axil_wvalid,
  output logic        s_axil_wready,
  output logic [1:0]  s_axil_bresp,
  output logic        s_axil_bvalid,
  input  logic        s_axil_bready,
  input  logic [24:0] s_axil_araddr,
  input  logic [2:0]  s_axil_arprot,
  input  logic        s_axil_arvalid,
  output logic        s_axil_arready,
  output logic [63:0] s_axil_rdata,
  output logic [1:0]  s_axil_rresp,
  output logic        s_axil_rvalid,
  input  logic        s_axil_rready,

  // Memory: AXI4 master. AxUSER is the PASID.
  output logic [3:0]  m_axi_arid,
  output logic [47:0] m_axi_araddr,
  output logic [7:0]  m_axi_arlen,
  output logic [2:0]  m_axi_arsize,
  output logic [1:0]  m_axi_arburst,
  output logic        m_axi_arlock,
  output logic [3:0]  m_axi_arcache,
  output logic [2:0]  m_axi_arprot,
  output logic [3:0]  m_axi_arqos,
  output logic [3:0]  m_axi_arregion,
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
  output logic        m_axi_awlock,
  output logic [3:0]  m_axi_awcache,
  output logic [2:0]  m_axi_awprot,
  output logic [3:0]  m_axi_awqos,
  output logic [3:0]  m_axi_awregion,
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

  output logic        irq_o,            // Level.
  output logic        idle_o,           // Without input, nothing but timers changes.

  // Taps, one-clock pulses.
  output logic                   ring_valid_o,    // A store is credited, or not:
  output logic [9:0]             ring_slot_o,     // 0 for a store that names none.
  output logic [9:0]             ring_queue_o,    // Owner; 0 when not routed.
  output logic [2:0]             ring_bucket_o,   // bell_pkg::bucket_t.
  output logic [7:0]             ring_cause_o,    // bell_reject_e.
  output logic [NumNodes-1:0]    sample_valid_o,  // A WPTR read is requested.
  output logic [NumNodes*10-1:0] sample_queue_o,
  output logic [NumNodes-1:0]    start_valid_o,   // A command buffer starts.
  output logic [NumNodes*10-1:0] start_queue_o,
  output logic [NumNodes*64-1:0] start_rptr_o,    // Count of its entry.
  output logic [NumNodes-1:0]    done_valid_o,    // A command buffer is finished.
  output logic [NumNodes*10-1:0] done_queue_o,
  output logic [NumNodes*64-1:0] done_rptr_o      // Count of its entry, plus one.
);

  logic [63:0] deadline_unused;

  bell_top #(.NumSlots(NumSlots), .NumQueues(NumQueues), .NumNodes(NumNodes)) u_top (
    .clk_i, .rst_ni, .advance_i(32'd1), .next_deadline_o(deadline_unused), .strap_slots_i,
    .s_axil_awaddr, .s_axil_awprot, .s_axil_awvalid,
    .s_axil_awready, .s_axil_wdata, .s_axil_wstrb, .s_axil_wvalid, .s_axil_wready, .s_axil_bresp,
    .s_axil_bvalid, .s_axil_bready, .s_axil_araddr, .s_axil_arprot, .s_axil_arvalid,
    .s_axil_arready, .s_axil_rdata, .s_axil_rresp, .s_axil_rvalid, .s_axil_rready, .m_axi_arid,
    .m_axi_araddr, .m_axi_arlen, .m_axi_arsize, .m_axi_arburst, .m_axi_arlock, .m_axi_arcache,
    .m_axi_arprot, .m_axi_arqos, .m_axi_arregion, .m_axi_aruser, .m_axi_arvalid, .m_axi_arready,
    .m_axi_rid, .m_axi_rdata, .m_axi_rresp, .m_axi_rlast, .m_axi_rvalid, .m_axi_rready,
    .m_axi_awid, .m_axi_awaddr, .m_axi_awlen, .m_axi_awsize, .m_axi_awburst, .m_axi_awlock,
    .m_axi_awcache, .m_axi_awprot, .m_axi_awqos, .m_axi_awregion, .m_axi_awuser, .m_axi_awvalid,
    .m_axi_awready, .m_axi_wdata, .m_axi_wstrb, .m_axi_wlast, .m_axi_wvalid, .m_axi_wready,
    .m_axi_bid, .m_axi_bresp, .m_axi_bvalid, .m_axi_bready, .irq_o, .idle_o, .ring_valid_o,
    .ring_slot_o, .ring_queue_o, .ring_bucket_o, .ring_cause_o, .sample_valid_o, .sample_queue_o,
    .start_valid_o, .start_queue_o, .start_rptr_o, .done_valid_o, .done_queue_o, .done_rptr_o
  );

endmodule : bell_board
