// SPDX-License-Identifier: MIT
//
// Rules of AXI4-Lite on the port s_axil_*, both sides of it. Bound to bell_top by bell_bind.sv.
//
// A broken rule is an $error that begins "s_axil: rule NAME:", once in every clock that breaks it.
// VALID and payload are looked at at the rising edge. Rules of both sides: a test that drives the
// port is held to them like the device.
//
//   xx_VALID, xx_PAYLOAD    what is offered stays, unchanged, until it is taken
//   RESET_DEVICE, _HOST     no VALID in reset, nor at the first edge after it
//   B_EARLY, R_EARLY        an answer belongs to an access that was taken whole, one to each
//   B_RESP, R_RESP          OKAY, SLVERR or DECERR
//   B_LATE, R_LATE          an access is answered, whichever of address and data came first
//   UNKNOWN                 no X on a handshake, nor on a payload that is offered

module bell_axil_check #(
  parameter int MaxWait = 64  // Clocks until a complete access is answered.
) (
  input logic        clk_i,
  input logic        rst_ni,
  input logic [24:0] s_axil_awaddr,
  input logic [2:0]  s_axil_awprot,
  input logic        s_axil_awvalid,
  input logic        s_axil_awready,
  input logic [63:0] s_axil_wdata,
  input logic [7:0]  s_axil_wstrb,
  input logic        s_axil_wvalid,
  input logic        s_axil_wready,
  input logic [1:0]  s_axil_bresp,
  input logic        s_axil_bvalid,
  input logic        s_axil_bready,
  input logic [24:0] s_axil_araddr,
  input logic [2:0]  s_axil_arprot,
  input logic        s_axil_arvalid,
  input logic        s_axil_arready,
  input logic [63:0] s_axil_rdata,
  input logic [1:0]  s_axil_rresp,
  input logic        s_axil_rvalid,
  input logic        s_axil_rready
);

  localparam logic [1:0] ExOkay = 2'b01;

  // What was offered at the last edge and not taken.
  logic        aw_wait_q, w_wait_q, b_wait_q, ar_wait_q, r_wait_q;
  logic [27:0] aw_q, ar_q;
  logic [71:0] w_q;
  logic [1:0]  b_q;
  logic [65:0] r_q;

  // Taken and not answered.
  logic [15:0] aw_open_q, w_open_q, ar_open_q;
  logic [31:0] b_late_q, r_late_q;
  logic        fresh_q;  // No edge yet since reset.

  logic aw, w, b, ar, r, active, busy;

  assign aw = s_axil_awvalid && s_axil_awready;
  assign w  = s_axil_wvalid && s_axil_wready;
  assign b  = s_axil_bvalid && s_axil_bready;
  assign ar = s_axil_arvalid && s_axil_arready;
  assign r  = s_axil_rvalid && s_axil_rready;

  assign busy   = aw_wait_q || w_wait_q || b_wait_q || ar_wait_q || r_wait_q || fresh_q
                  || (aw_open_q != '0) || (w_open_q != '0) || (ar_open_q != '0);
  assign active = s_axil_awvalid || s_axil_wvalid || s_axil_bvalid || s_axil_arvalid
                  || s_axil_rvalid || busy;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      fresh_q   <= 1'b1;
      aw_wait_q <= 1'b0;
      w_wait_q  <= 1'b0;
      b_wait_q  <= 1'b0;
      ar_wait_q <= 1'b0;
      r_wait_q  <= 1'b0;
      aw_open_q <= '0;
      w_open_q  <= '0;
      ar_open_q <= '0;
      b_late_q  <= '0;
      r_late_q  <= '0;
    end else if (active) begin
      fresh_q   <= 1'b0;
      aw_wait_q <= s_axil_awvalid && !s_axil_awready;
      w_wait_q  <= s_axil_wvalid && !s_axil_wready;
      b_wait_q  <= s_axil_bvalid && !s_axil_bready;
      ar_wait_q <= s_axil_arvalid && !s_axil_arready;
      r_wait_q  <= s_axil_rvalid && !s_axil_rready;
      aw_open_q <= aw_open_q + 16'(aw) - 16'(b && (aw_open_q != '0));
      w_open_q  <= w_open_q + 16'(w) - 16'(b && (w_open_q != '0));
      ar_open_q <= ar_open_q + 16'(ar) - 16'(r && (ar_open_q != '0));
      b_late_q  <= (s_axil_bvalid || !((s_axil_awvalid || (aw_open_q != '0))
                                       && (s_axil_wvalid || (w_open_q != '0))))
                   ? '0 : b_late_q + 1;
      r_late_q  <= (s_axil_rvalid || !(s_axil_arvalid || (ar_open_q != '0))) ? '0 : r_late_q + 1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (s_axil_awvalid) aw_q <= {s_axil_awaddr, s_axil_awprot};
    if (s_axil_wvalid)  w_q  <= {s_axil_wdata, s_axil_wstrb};
    if (s_axil_bvalid)  b_q  <= s_axil_bresp;
    if (s_axil_arvalid) ar_q <= {s_axil_araddr, s_axil_arprot};
    if (s_axil_rvalid)  r_q  <= {s_axil_rdata, s_axil_rresp};
  end

  always @(posedge clk_i) begin
    if (rst_ni && active) begin
      if (aw_wait_q && !s_axil_awvalid) $error("s_axil: rule AW_VALID: AWVALID fell before AWREADY");
      if (aw_wait_q && s_axil_awvalid && (aw_q != {s_axil_awaddr, s_axil_awprot}))
        $error("s_axil: rule AW_PAYLOAD: changed before AWREADY, address %h", s_axil_awaddr);
      if (w_wait_q && !s_axil_wvalid) $error("s_axil: rule W_VALID: WVALID fell before WREADY");
      if (w_wait_q && s_axil_wvalid && (w_q != {s_axil_wdata, s_axil_wstrb}))
        $error("s_axil: rule W_PAYLOAD: changed before WREADY, data %h", s_axil_wdata);
      if (b_wait_q && !s_axil_bvalid) $error("s_axil: rule B_VALID: BVALID fell before BREADY");
      if (b_wait_q && s_axil_bvalid && (b_q != s_axil_bresp))
        $error("s_axil: rule B_PAYLOAD: BRESP changed before BREADY");
      if (ar_wait_q && !s_axil_arvalid) $error("s_axil: rule AR_VALID: ARVALID fell before ARREADY");
      if (ar_wait_q && s_axil_arvalid && (ar_q != {s_axil_araddr, s_axil_arprot}))
        $error("s_axil: rule AR_PAYLOAD: changed before ARREADY, address %h", s_axil_araddr);
      if (r_wait_q && !s_axil_rvalid) $error("s_axil: rule R_VALID: RVALID fell before RREADY");
      if (r_wait_q && s_axil_rvalid && (r_q != {s_axil_rdata, s_axil_rresp}))
        $error("s_axil: rule R_PAYLOAD: changed before RREADY, data %h", s_axil_rdata);
    end
  end

  always @(posedge clk_i) begin
    if (rst_ni && active) begin
      if (s_axil_bvalid && !fresh_q && ((aw_open_q == '0) || (w_open_q == '0)))
        $error("s_axil: rule B_EARLY: BVALID for a write that was not taken whole");
      if (s_axil_rvalid && !fresh_q && (ar_open_q == '0))
        $error("s_axil: rule R_EARLY: RVALID for a read that was not taken");
      if (s_axil_bvalid && (s_axil_bresp == ExOkay)) $error("s_axil: rule B_RESP: EXOKAY");
      if (s_axil_rvalid && (s_axil_rresp == ExOkay)) $error("s_axil: rule R_RESP: EXOKAY");
      if (b_late_q == MaxWait) $error("s_axil: rule B_LATE: no BVALID for %0d clocks", MaxWait);
      if (r_late_q == MaxWait) $error("s_axil: rule R_LATE: no RVALID for %0d clocks", MaxWait);
    end
    if ((!rst_ni || fresh_q) && (s_axil_bvalid || s_axil_rvalid))
      $error("s_axil: rule RESET_DEVICE: BVALID or RVALID in reset or at the first edge after it");
    if ((!rst_ni || fresh_q) && (s_axil_awvalid || s_axil_wvalid || s_axil_arvalid))
      $error("s_axil: rule RESET_HOST: AWVALID, WVALID or ARVALID in or right after reset");
  end

  // Always false where the simulator knows two values only.
  always @(posedge clk_i) begin
    if (rst_ni && (((^{s_axil_awvalid, s_axil_awready, s_axil_wvalid, s_axil_wready,
                    s_axil_bvalid, s_axil_bready, s_axil_arvalid, s_axil_arready,
                    s_axil_rvalid, s_axil_rready}) === 1'bx)
                   || (s_axil_awvalid && ((^{s_axil_awaddr, s_axil_awprot}) === 1'bx))
                   || (s_axil_wvalid && ((^{s_axil_wdata, s_axil_wstrb}) === 1'bx))
                   || (s_axil_bvalid && ((^s_axil_bresp) === 1'bx))
                   || (s_axil_arvalid && ((^{s_axil_araddr, s_axil_arprot}) === 1'bx))
                   || (s_axil_rvalid && ((^{s_axil_rdata, s_axil_rresp}) === 1'bx))))
      $error("s_axil: rule UNKNOWN: X on a handshake, or on a payload that is offered");
  end

endmodule : bell_axil_check
