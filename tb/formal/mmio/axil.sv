// SPDX-License-Identifier: MIT
// proof: unbounded
// says: AXI4-Lite target: an answer once valid stays, unchanged, until it is taken; there is
//       never an answer without its access, and each access is answered once; with a host that
//       takes its answers at once every access is answered within 12 clocks. Every write to the
//       doorbell pages becomes one ring, with its own address, data and strobes, in order.
//
// The host does as it likes within the rules of the bus (what it offers stays until taken); the
// registers answer within 6 clocks, as those of bell_regs do with the scheduler behind them.

module f_axil (
  input logic        clk_i,
  input logic        rst_ni,
  input logic [10:0] slots_i,
  input logic [24:0] awaddr_i,
  input logic        awvalid_i,
  input logic [63:0] wdata_i,
  input logic [7:0]  wstrb_i,
  input logic        wvalid_i,
  input logic        bready_i,
  input logic [24:0] araddr_i,
  input logic        arvalid_i,
  input logic        rready_i,
  input logic        ring_refuse_i,
  input logic        regs_awready_i,
  input logic        regs_wready_i,
  input logic [1:0]  regs_bresp_i,
  input logic        regs_bvalid_i,
  input logic        regs_arready_i,
  input logic [63:0] regs_rdata_i,
  input logic [1:0]  regs_rresp_i,
  input logic        regs_rvalid_i
);

  localparam int unsigned Answer  = 12;  // Clocks, what rtl/README.md promises.
  localparam int unsigned RegWait = 6;

  logic            awready, wready, bvalid, arready, rvalid, ring_valid;
  logic [1:0]      bresp, rresp;
  logic [63:0]     rdata;
  bell_pkg::ring_t ring;
  logic            regs_awvalid, regs_wvalid, regs_bready, regs_arvalid, regs_rready;

  bell_mmio #(.NumQueues(4)) dut (
    .clk_i, .rst_ni, .slots_i,
    .s_axil_awaddr(awaddr_i), .s_axil_awvalid(awvalid_i), .s_axil_awready(awready),
    .s_axil_wdata(wdata_i), .s_axil_wstrb(wstrb_i), .s_axil_wvalid(wvalid_i),
    .s_axil_wready(wready), .s_axil_bresp(bresp), .s_axil_bvalid(bvalid), .s_axil_bready(bready_i),
    .s_axil_araddr(araddr_i), .s_axil_arvalid(arvalid_i), .s_axil_arready(arready),
    .s_axil_rdata(rdata), .s_axil_rresp(rresp), .s_axil_rvalid(rvalid), .s_axil_rready(rready_i),
    .ring_valid_o(ring_valid), .ring_o(ring), .ring_refuse_i,
    .regs_awaddr_o(), .regs_awvalid_o(regs_awvalid), .regs_awready_i, .regs_wdata_o(),
    .regs_wvalid_o(regs_wvalid), .regs_wready_i, .regs_bresp_i, .regs_bvalid_i,
    .regs_bready_o(regs_bready), .regs_araddr_o(), .regs_arvalid_o(regs_arvalid),
    .regs_arready_i, .regs_rdata_i, .regs_rresp_i, .regs_rvalid_i, .regs_rready_o(regs_rready),
    .busy_o()
  );

  // ------------------------------------------------------- host and registers

  logic        started_q = 1'b0;
  logic        aw_held_q, w_held_q, ar_held_q, b_held_q, r_held_q;
  logic [24:0] awaddr_q, araddr_q;
  logic [63:0] wdata_q, rdata_q;
  logic [7:0]  wstrb_q;
  logic [1:0]  bresp_q, rresp_q;
  logic        regs_write_q, regs_read_q;  // An access is with the registers.
  logic [2:0]  regs_write_age_q, regs_read_age_q;

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    awaddr_q  <= awaddr_i;
    araddr_q  <= araddr_i;
    wdata_q   <= wdata_i;
    wstrb_q   <= wstrb_i;
    rdata_q   <= rdata;
    bresp_q   <= bresp;
    rresp_q   <= rresp;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      aw_held_q        <= 1'b0;
      w_held_q         <= 1'b0;
      ar_held_q        <= 1'b0;
      b_held_q         <= 1'b0;
      r_held_q         <= 1'b0;
      regs_write_q     <= 1'b0;
      regs_read_q      <= 1'b0;
      regs_write_age_q <= '0;
      regs_read_age_q  <= '0;
    end else begin
      aw_held_q        <= awvalid_i && !awready;
      w_held_q         <= wvalid_i && !wready;
      ar_held_q        <= arvalid_i && !arready;
      b_held_q         <= bvalid && !bready_i;
      r_held_q         <= rvalid && !rready_i;
      regs_write_q     <= (regs_awvalid && regs_awready_i) || (regs_write_q
                          && !(regs_bvalid_i && regs_bready));
      regs_read_q      <= (regs_arvalid && regs_arready_i) || (regs_read_q
                          && !(regs_rvalid_i && regs_rready));
      regs_write_age_q <= (regs_write_q && !regs_bvalid_i) ? regs_write_age_q + 1'b1 : '0;
      regs_read_age_q  <= (regs_read_q && !regs_rvalid_i) ? regs_read_age_q + 1'b1 : '0;
    end
  end

  always_comb begin
    if (!started_q) begin
      assume (!rst_ni);
    end
    assume (!aw_held_q || (awvalid_i && (awaddr_i == awaddr_q)));
    assume (!w_held_q || (wvalid_i && (wdata_i == wdata_q) && (wstrb_i == wstrb_q)));
    assume (!ar_held_q || (arvalid_i && (araddr_i == araddr_q)));
    assume (!regs_bvalid_i || regs_write_q);
    assume (!regs_rvalid_i || regs_read_q);
    assume (32'(regs_write_age_q) < RegWait);
    assume (32'(regs_read_age_q) < RegWait);
    // bell_regs takes an access whenever it has none of that kind.
    assume (regs_awready_i == !regs_write_q);
    assume (regs_wready_i == !regs_write_q);
    assume (regs_arready_i == !regs_read_q);
  end

  // --------------------------------------------------------------- accounting

  logic [3:0]  aw_q, w_q, ar_q;        // Accepted and not answered.
  logic [4:0]  write_age_q, read_age_q;  // Since an access waits for nobody but the device.
  logic        write_waits, read_waits;

  assign write_waits = (aw_q != '0) && (w_q != '0) && !bvalid;
  assign read_waits  = (ar_q != '0) && !rvalid;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      aw_q        <= '0;
      w_q         <= '0;
      ar_q        <= '0;
      write_age_q <= '0;
      read_age_q  <= '0;
    end else begin
      aw_q        <= aw_q + 4'(awvalid_i && awready) - 4'(bvalid && bready_i);
      w_q         <= w_q + 4'(wvalid_i && wready) - 4'(bvalid && bready_i);
      ar_q        <= ar_q + 4'(arvalid_i && arready) - 4'(rvalid && rready_i);
      write_age_q <= write_waits ? write_age_q + 1'b1 : '0;
      read_age_q  <= read_waits ? read_age_q + 1'b1 : '0;
    end
  end

  // The oldest address and data that became neither ring nor register access: at most one is held.
  logic        has_addr_q, has_data_q;
  logic [24:0] addr_q;
  logic [63:0] data_q;
  logic [7:0]  strb_q;
  logic [23:0] ring_address;
  logic [63:0] ring_data;
  logic [7:0]  ring_strobes;
  logic        ring_page;

  assign ring_address = has_addr_q ? addr_q[23:0] : awaddr_i[23:0];
  assign ring_page    = has_addr_q ? addr_q[24] : awaddr_i[24];
  assign ring_data    = has_data_q ? data_q : wdata_i;
  assign ring_strobes = has_data_q ? strb_q : wstrb_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      has_addr_q <= 1'b0;
      has_data_q <= 1'b0;
      addr_q     <= '0;
      data_q     <= '0;
      strb_q     <= '0;
    end else begin
      if (awvalid_i && awready) begin
        addr_q <= awaddr_i;
      end
      if (wvalid_i && wready) begin
        data_q <= wdata_i;
        strb_q <= wstrb_i;
      end
      has_addr_q <= (has_addr_q || awvalid_i) && !dut.write_take;
      has_data_q <= (has_data_q || wvalid_i) && !dut.write_take;
    end
  end

  always_comb begin
    if (rst_ni && started_q) begin
      b_stays: assert (!b_held_q || (bvalid && (bresp == bresp_q)));
      r_stays: assert (!r_held_q || (rvalid && (rresp == rresp_q) && (rdata == rdata_q)));
      b_has_its_write: assert (!bvalid || ((aw_q != '0) && (w_q != '0)));
      r_has_its_read: assert (!rvalid || (ar_q != '0));
      few_writes_open: assert ((aw_q <= 4'd5) && (w_q <= 4'd5));
      few_reads_open: assert (ar_q <= 4'd4);
      write_answered: assert (32'(write_age_q) < Answer);
      read_answered: assert (32'(read_age_q) < Answer);
      whole_ring: assert (!ring_valid || ((ring.addr == ring_address) && (ring.data == ring_data)
                          && (ring.strb == ring_strobes)));
      one_ring_each: assert (ring_valid == (dut.write_take && ring_page));
      ring_for_doorbells_only: assert (!ring_valid || ring_page);
    end
  end

endmodule : f_axil
