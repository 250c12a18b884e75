// SPDX-License-Identifier: MIT
//
// Rule UNKNOWN of both port checkers, for a simulator with four values: +plant=N puts an X on one
// signal for a clock; 0 puts none. tb/scripts/test_unknown.sh runs all of them.

module unknown_tb;

  reg clk_i = 0;
  reg rst_ni = 0;
  integer plant;

  // Of each port: {valid, ready} of R, AR, B, W, AW, and one bit of each payload.
  wire [9:0] lite_shake, full_shake;
  wire [4:0] lite_dirty, full_dirty;

  // Plants 1 .. 15 are on the AXI4-Lite port, 16 .. 30 on the AXI4 port.
  wire        on = clk_count == 4;
  integer     clk_count = 0;
  wire [9:0]  shake_x = (plant % 15 != 0 && (plant - 1) % 15 < 10) ? 10'd1 << ((plant - 1) % 15) : 0;
  wire [4:0]  dirty_x = ((plant - 1) % 15 >= 10) ? 5'd1 << ((plant - 1) % 15 - 10) : 0;
  wire        lite = (plant >= 1) && (plant <= 15);
  wire        full = plant >= 16;

  // A payload counts only while it is offered: VALID is up then, and READY with it.
  wire [9:0] offered = on ? {{2{dirty_x[4]}}, {2{dirty_x[3]}}, {2{dirty_x[2]}}, {2{dirty_x[1]}},
                             {2{dirty_x[0]}}} : 10'd0;
  assign lite_shake = lite ? (offered ^ ((on ? shake_x : 10'd0) & 10'bx)) : 10'd0;
  assign full_shake = full ? (offered ^ ((on ? shake_x : 10'd0) & 10'bx)) : 10'd0;
  // Not offered, a payload may be anything: it is X in every other clock.
  assign lite_dirty = ((lite && on) ? dirty_x : (plant == 0) ? 5'h1f : 5'd0) & 5'bx;
  assign full_dirty = ((full && on) ? dirty_x : (plant == 0) ? 5'h1f : 5'd0) & 5'bx;

  bell_axil_check u_lite (
    .clk_i(clk_i), .rst_ni(rst_ni),
    .s_axil_awaddr({24'd0, lite_dirty[0]}), .s_axil_awprot(3'd0),
    .s_axil_awvalid(lite_shake[1]), .s_axil_awready(lite_shake[0]),
    .s_axil_wdata({63'd0, lite_dirty[1]}), .s_axil_wstrb(8'hff),
    .s_axil_wvalid(lite_shake[3]), .s_axil_wready(lite_shake[2]),
    .s_axil_bresp({lite_dirty[2], 1'b0}),
    .s_axil_bvalid(lite_shake[5]), .s_axil_bready(lite_shake[4]),
    .s_axil_araddr({24'd0, lite_dirty[3]}), .s_axil_arprot(3'd0),
    .s_axil_arvalid(lite_shake[7]), .s_axil_arready(lite_shake[6]),
    .s_axil_rdata({63'd0, lite_dirty[4]}), .s_axil_rresp(2'd0),
    .s_axil_rvalid(lite_shake[9]), .s_axil_rready(lite_shake[8])
  );

  bell_axi4_check u_full (
    .clk_i(clk_i), .rst_ni(rst_ni),
    .m_axi_awid(4'd0), .m_axi_awaddr(48'd0), .m_axi_awlen(8'd0), .m_axi_awsize(3'd3),
    .m_axi_awburst(2'd1), .m_axi_awlock(1'b0), .m_axi_awcache(4'd2), .m_axi_awprot(3'd0),
    .m_axi_awqos(4'd0), .m_axi_awregion(4'd0), .m_axi_awuser({19'd0, full_dirty[0]}),
    .m_axi_awvalid(full_shake[1]), .m_axi_awready(full_shake[0]),
    .m_axi_wdata({63'd0, full_dirty[1]}), .m_axi_wstrb(8'hff), .m_axi_wlast(1'b1),
    .m_axi_wvalid(full_shake[3]), .m_axi_wready(full_shake[2]),
    .m_axi_bid(4'd0), .m_axi_bresp({full_dirty[2], 1'b0}),
    .m_axi_bvalid(full_shake[5]), .m_axi_bready(full_shake[4]),
    .m_axi_arid(4'd0), .m_axi_araddr(48'd0), .m_axi_arlen(8'd0), .m_axi_arsize(3'd3),
    .m_axi_arburst(2'd1), .m_axi_arlock(1'b0), .m_axi_arcache(4'd2), .m_axi_arprot(3'd0),
    .m_axi_arqos(4'd0), .m_axi_arregion(4'd0), .m_axi_aruser({19'd0, full_dirty[3]}),
    .m_axi_arvalid(full_shake[7]), .m_axi_arready(full_shake[6]),
    .m_axi_rid(4'd0), .m_axi_rdata({63'd0, full_dirty[4]}), .m_axi_rresp(2'd0),
    .m_axi_rlast(1'b1), .m_axi_rvalid(full_shake[9]), .m_axi_rready(full_shake[8])
  );

  always #5 clk_i = !clk_i;
  always @(negedge clk_i) clk_count <= clk_count + 1;

  initial begin
    if (!$value$plusargs("plant=%d", plant)) plant = 0;
    #12 rst_ni = 1;
    #100 $finish;
  end

endmodule
