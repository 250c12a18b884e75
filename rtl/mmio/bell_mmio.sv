// SPDX-License-Identifier: MIT
//
// AXI4-Lite target of the device: sorts accesses into registers and doorbells.
//
//   address bit 24 = 0  BAR0: registers, forwarded to bell_regs or answered SLVERR here
//   address bit 24 = 1  BAR2: a write is a ring for the doorbell stage; a read gives zero
//
// Writes are done and answered in order. A doorbell store is never held up by what becomes of its
// ring; it waits only for room for its answer. It is answered SLVERR when the doorbell stage
// refuses it at sight, else OKAY, also when the ring is lost later (unowned slot, closed queue).
//
// Timing  doorbell store: ring_valid_o in the clock in which address and data are both there,
//         answer one clock later, one store per clock sustained. Register access: answered within
//         12 clocks. All while the answer channel is taken at once. A refusal is told to report one
//         clock after it is decided.
// Reset   rst_ni asserts asynchronously; nothing is under way after it.

module bell_mmio #(
  parameter int unsigned NumQueues = 64  // 1 .. 1024.
) (
  input  logic        clk_i,
  input  logic        rst_ni,

  input  logic [10:0] slots_i,  // Doorbells fitted.

  // Host.
  input  logic [24:0] s_axil_awaddr,
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
  input  logic        s_axil_arvalid,
  output logic        s_axil_arready,
  output logic [63:0] s_axil_rdata,
  output logic [1:0]  s_axil_rresp,
  output logic        s_axil_rvalid,
  input  logic        s_axil_rready,

  // To doorbell; never held up.
  output logic            ring_valid_o,
  output bell_pkg::ring_t ring_o,
  input  logic            ring_refuse_i,  // Same clock: answer it SLVERR.

  // To bell_regs, AXI4-Lite with the address inside BAR0.
  output logic [bell_regs_pkg::BELL_REGS_MIN_ADDR_WIDTH-1:0] regs_awaddr_o,
  output logic        regs_awvalid_o,
  input  logic        regs_awready_i,
  output logic [63:0] regs_wdata_o,
  output logic        regs_wvalid_o,
  input  logic        regs_wready_i,
  input  logic [1:0]  regs_bresp_i,
  input  logic        regs_bvalid_i,
  output logic        regs_bready_o,
  output logic [bell_regs_pkg::BELL_REGS_MIN_ADDR_WIDTH-1:0] regs_araddr_o,
  output logic        regs_arvalid_o,
  input  logic        regs_arready_i,
  input  logic [63:0] regs_rdata_i,
  input  logic [1:0]  regs_rresp_i,
  input  logic        regs_rvalid_i,
  output logic        regs_rready_o,

  output bell_pkg::refusal_t refused_o,  // Register accesses answered SLVERR, to report.

  output logic        busy_o  // An access is under way or at the door.
);

  // ------------------------------------------------------------------ writes

  logic        aw_valid, w_valid, write_take;
  logic [24:0] aw_addr;
  logic [63:0] w_data;
  logic [7:0]  w_strb;
  logic        write_here, write_ok, ring_take, hold_take, refuse_take, regs_take;
  logic        held_q;        // A register write is on its way to the decoder; so are these:
  logic [23:0] held_addr_q;
  logic [63:0] held_data_q;
  logic [7:0]  held_strb_q;
  logic        regs_write_q;  // A write is with bell_regs; later writes wait for its answer.
  logic        b_push, b_full, b_empty;
  logic [1:0]  b_push_resp;
  logic        strb_ready_unused, strb_valid_unused;

  bell_skid #(.Width(25)) u_aw (
    .clk_i, .rst_ni,
    .valid_i(s_axil_awvalid), .ready_o(s_axil_awready), .data_i(s_axil_awaddr),
    .valid_o(aw_valid), .take_i(write_take), .data_o(aw_addr)
  );

  bell_skid #(.Width(64)) u_w (
    .clk_i, .rst_ni,
    .valid_i(s_axil_wvalid), .ready_o(s_axil_wready), .data_i(s_axil_wdata),
    .valid_o(w_valid), .take_i(write_take), .data_o(w_data)
  );

  bell_skid #(.Width(8)) u_strb (
    .clk_i, .rst_ni,
    .valid_i(s_axil_wvalid), .ready_o(strb_ready_unused), .data_i(s_axil_wstrb),
    .valid_o(strb_valid_unused), .take_i(write_take), .data_o(w_strb)
  );

  assign write_here = aw_valid && w_valid && !held_q && !regs_write_q && !b_full;
  assign ring_take  = write_here && aw_addr[24];
  assign hold_take  = write_here && !aw_addr[24];
  assign write_take = write_here;

  assign ring_valid_o = ring_take;

  always_comb begin
    ring_o = '0;
    if (ring_take) begin
      ring_o = {aw_addr[23:0], w_strb, w_data};
    end
  end

  // A register write is held for a clock, so that no path leads from the bus to its decoder.
  bell_mmio_decode #(.NumQueues(NumQueues)) u_write_decode (
    .valid_i(held_q), .addr_i(held_addr_q), .write_i(1'b1), .strb_i(held_strb_q),
    .slots_i, .ok_o(write_ok)
  );

  assign refuse_take = held_q && !write_ok && !b_full;
  assign regs_take   = held_q && write_ok && regs_awready_i && regs_wready_i;

  assign regs_awaddr_o  = held_addr_q[bell_regs_pkg::BELL_REGS_MIN_ADDR_WIDTH-1:0];
  assign regs_wdata_o   = held_data_q;
  assign regs_awvalid_o = regs_take;
  assign regs_wvalid_o  = regs_take;
  assign regs_bready_o  = regs_write_q && !b_full;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      held_q       <= 1'b0;
      regs_write_q <= 1'b0;
    end else begin
      held_q <= hold_take || (held_q && !refuse_take && !regs_take);
      if (regs_take) begin
        regs_write_q <= 1'b1;
      end else if (regs_bvalid_i && regs_bready_o) begin
        regs_write_q <= 1'b0;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (hold_take) begin
      held_addr_q <= aw_addr[23:0];
      held_data_q <= w_data;
      held_strb_q <= w_strb;
    end
  end

  // ----------------------------------------------------------- write answers

  always_comb begin
    b_push      = ring_take || refuse_take || (regs_bvalid_i && regs_bready_o);
    b_push_resp = regs_bresp_i;
    if (refuse_take || (ring_take && ring_refuse_i)) begin
      b_push_resp = bell_pkg::RespSlvErr;
    end else if (ring_take) begin
      b_push_resp = bell_pkg::RespOkay;
    end
  end

  logic [1:0] b_unused;

  bell_fifo #(.Width(2), .Depth(2)) u_b (
    .clk_i, .rst_ni, .clear_i(1'b0),
    .push_i(b_push), .data_i(b_push_resp), .full_o(b_full),
    .pop_i(s_axil_bvalid && s_axil_bready), .data_o(s_axil_bresp), .empty_o(b_empty),
    .count_o(b_unused)
  );

  assign s_axil_bvalid = !b_empty;

  // ------------------------------------------------------------------- reads

  logic        ar_valid, ar_take, read_ok, read_here, read_local;
  logic [24:0] ar_addr;
  logic        ar_full, ar_empty;
  logic [1:0]  ar_count_unused;
  logic        regs_read_q;  // A read is with bell_regs.
  logic        r_valid_q;
  logic [63:0] r_data_q;
  logic [1:0]  r_resp_q;

  bell_fifo #(.Width(25), .Depth(2)) u_ar (
    .clk_i, .rst_ni, .clear_i(1'b0),
    .push_i(s_axil_arvalid && s_axil_arready), .data_i(s_axil_araddr), .full_o(ar_full),
    .pop_i(ar_take), .data_o(ar_addr), .empty_o(ar_empty), .count_o(ar_count_unused)
  );

  assign s_axil_arready = !ar_full;
  assign ar_valid       = !ar_empty;

  bell_mmio_decode #(.NumQueues(NumQueues)) u_read_decode (
    .valid_i(read_here && !ar_addr[24]), .addr_i(ar_addr[23:0]), .write_i(1'b0), .strb_i('1),
    .slots_i, .ok_o(read_ok)
  );

  assign read_here      = ar_valid && !regs_read_q && !r_valid_q;
  assign read_local     = read_here && (ar_addr[24] || !read_ok);
  assign regs_arvalid_o = read_here && !ar_addr[24] && read_ok;
  assign regs_araddr_o  = ar_addr[bell_regs_pkg::BELL_REGS_MIN_ADDR_WIDTH-1:0];
  assign ar_take        = read_local || (regs_arvalid_o && regs_arready_i);
  assign regs_rready_o  = regs_read_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      regs_read_q <= 1'b0;
      r_valid_q   <= 1'b0;
    end else begin
      if (regs_arvalid_o && regs_arready_i) begin
        regs_read_q <= 1'b1;
      end else if (regs_rvalid_i && regs_rready_o) begin
        regs_read_q <= 1'b0;
      end
      if (read_local || (regs_rvalid_i && regs_rready_o)) begin
        r_valid_q <= 1'b1;
      end else if (s_axil_rready) begin
        r_valid_q <= 1'b0;
      end
    end
  end

  // A refused read, or one of a doorbell page, gives away nothing.
  always_ff @(posedge clk_i) begin
    if (read_local) begin
      r_data_q <= '0;
      r_resp_q <= ar_addr[24] ? bell_pkg::RespOkay : bell_pkg::RespSlvErr;
    end else if (regs_rvalid_i && regs_rready_o) begin
      r_data_q <= (regs_rresp_i == bell_pkg::RespOkay) ? regs_rdata_i : '0;
      r_resp_q <= regs_rresp_i;
    end
  end

  // --------------------------------------------------------------- refusals

  logic               write_refused, read_refused, regs_read_refused;
  logic [23:0]        read_addr_q;  // Of the read that is with bell_regs.
  bell_pkg::refusal_t refused_q;

  always_ff @(posedge clk_i) begin
    if (regs_arvalid_o && regs_arready_i) begin
      read_addr_q <= ar_addr[23:0];
    end
  end

  assign write_refused     = refuse_take
                             || (regs_bvalid_i && regs_bready_o
                                 && (regs_bresp_i != bell_pkg::RespOkay));
  assign regs_read_refused = regs_rvalid_i && regs_rready_o
                             && (regs_rresp_i != bell_pkg::RespOkay);
  assign read_refused      = (read_local && !ar_addr[24]) || regs_read_refused;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      refused_q <= '0;
    end else if (write_refused) begin
      refused_q <= {2'd1 + 2'(read_refused), held_addr_q, 8'd1};
    end else if (read_refused) begin
      refused_q <= {2'd1, regs_read_refused ? read_addr_q : ar_addr[23:0], 8'd0};
    end else if (refused_q.count != '0) begin
      refused_q <= '0;
    end
  end

  assign refused_o = refused_q;

  assign s_axil_rvalid = r_valid_q;
  assign s_axil_rdata  = r_data_q;
  assign s_axil_rresp  = r_resp_q;

  assign busy_o = aw_valid || w_valid || s_axil_arvalid || ar_valid || held_q || regs_write_q
                  || regs_read_q || !b_empty || r_valid_q || (refused_q.count != '0);

endmodule : bell_mmio
