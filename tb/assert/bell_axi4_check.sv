// SPDX-License-Identifier: MIT
//
// Rules of AXI4 on the port m_axi_*, both sides of it. Bound to bell_top by bell_bind.sv.
//
// A broken rule is an $error that begins "m_axi: rule NAME:", once in every clock that breaks it.
//
//   xx_VALID, xx_PAYLOAD     what is offered stays, unchanged, until it is taken
//   RESET_DEVICE, _MEMORY    no VALID in reset, nor at the first edge after it
//   xx_LEN, xx_SIZE,         a burst as this device makes them: INCR, at most MaxBeats, whole
//   xx_BURST, xx_ALIGN,      aligned words (stricter than AXI4), and
//   xx_4K                    inside 4 KiB
//   xx_CACHE, xx_LOCK        no reserved memory type; never exclusive
//   W_LAST                   on the last beat of its burst and on no other, W before AW or after
//   W_STRB                   whole words (stricter than AXI4)
//   W_LATE                   the beats of a burst that was asked for come
//   B_ID, R_ID               an answer belongs to a request of that id, one to each
//   B_EARLY                  not before the last beat was taken
//   R_LAST                   on the last beat of its burst and on no other
//   B_RESP, R_RESP           never EXOKAY
//   TOO_MANY                 more than Depth bursts open: this checker would lose count
//   UNKNOWN                  no X on a handshake, nor on a payload that is offered

module bell_axi4_check #(
  parameter int MaxBeats = 16,
  parameter int Depth    = 64,   // Bursts open each way; a power of two.
  parameter int MaxWait  = 8192  // Clocks until a beat follows, memory being ready.
) (
  input logic        clk_i,
  input logic        rst_ni,
  input logic [3:0]  m_axi_arid,
  input logic [47:0] m_axi_araddr,
  input logic [7:0]  m_axi_arlen,
  input logic [2:0]  m_axi_arsize,
  input logic [1:0]  m_axi_arburst,
  input logic        m_axi_arlock,
  input logic [3:0]  m_axi_arcache,
  input logic [2:0]  m_axi_arprot,
  input logic [3:0]  m_axi_arqos,
  input logic [3:0]  m_axi_arregion,
  input logic [19:0] m_axi_aruser,
  input logic        m_axi_arvalid,
  input logic        m_axi_arready,
  input logic [3:0]  m_axi_rid,
  input logic [63:0] m_axi_rdata,
  input logic [1:0]  m_axi_rresp,
  input logic        m_axi_rlast,
  input logic        m_axi_rvalid,
  input logic        m_axi_rready,
  input logic [3:0]  m_axi_awid,
  input logic [47:0] m_axi_awaddr,
  input logic [7:0]  m_axi_awlen,
  input logic [2:0]  m_axi_awsize,
  input logic [1:0]  m_axi_awburst,
  input logic        m_axi_awlock,
  input logic [3:0]  m_axi_awcache,
  input logic [2:0]  m_axi_awprot,
  input logic [3:0]  m_axi_awqos,
  input logic [3:0]  m_axi_awregion,
  input logic [19:0] m_axi_awuser,
  input logic        m_axi_awvalid,
  input logic        m_axi_awready,
  input logic [63:0] m_axi_wdata,
  input logic [7:0]  m_axi_wstrb,
  input logic        m_axi_wlast,
  input logic        m_axi_wvalid,
  input logic        m_axi_wready,
  input logic [3:0]  m_axi_bid,
  input logic [1:0]  m_axi_bresp,
  input logic        m_axi_bvalid,
  input logic        m_axi_bready
);

  localparam logic [1:0] ExOkay    = 2'b01;
  localparam logic [1:0] Incr      = 2'b01;
  localparam logic [2:0] EightBytes = 3'd3;
  localparam int IndexBits = $clog2(Depth);

  logic aw, w, b, ar, r, active, fresh_q;

  assign aw = m_axi_awvalid && m_axi_awready;
  assign w  = m_axi_wvalid && m_axi_wready;
  assign b  = m_axi_bvalid && m_axi_bready;
  assign ar = m_axi_arvalid && m_axi_arready;
  assign r  = m_axi_rvalid && m_axi_rready;

  // --------------------------------------------------- offered and not taken

  localparam int AxBits = 101;

  logic              aw_wait_q, w_wait_q, b_wait_q, ar_wait_q, r_wait_q;
  logic [AxBits-1:0] aw_all, ar_all, aw_q, ar_q;
  logic [72:0]       w_q;
  logic [5:0]        b_q;
  logic [70:0]       r_q;

  assign aw_all = {m_axi_awid, m_axi_awaddr, m_axi_awlen, m_axi_awsize, m_axi_awburst,
                   m_axi_awlock, m_axi_awcache, m_axi_awprot, m_axi_awqos, m_axi_awregion,
                   m_axi_awuser};
  assign ar_all = {m_axi_arid, m_axi_araddr, m_axi_arlen, m_axi_arsize, m_axi_arburst,
                   m_axi_arlock, m_axi_arcache, m_axi_arprot, m_axi_arqos, m_axi_arregion,
                   m_axi_aruser};

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      fresh_q   <= 1'b1;
      aw_wait_q <= 1'b0;
      w_wait_q  <= 1'b0;
      b_wait_q  <= 1'b0;
      ar_wait_q <= 1'b0;
      r_wait_q  <= 1'b0;
    end else if (active) begin
      fresh_q   <= 1'b0;
      aw_wait_q <= m_axi_awvalid && !m_axi_awready;
      w_wait_q  <= m_axi_wvalid && !m_axi_wready;
      b_wait_q  <= m_axi_bvalid && !m_axi_bready;
      ar_wait_q <= m_axi_arvalid && !m_axi_arready;
      r_wait_q  <= m_axi_rvalid && !m_axi_rready;
    end
  end

  always_ff @(posedge clk_i) begin
    if (m_axi_awvalid) aw_q <= aw_all;
    if (m_axi_wvalid)  w_q  <= {m_axi_wdata, m_axi_wstrb, m_axi_wlast};
    if (m_axi_bvalid)  b_q  <= {m_axi_bid, m_axi_bresp};
    if (m_axi_arvalid) ar_q <= ar_all;
    if (m_axi_rvalid)  r_q  <= {m_axi_rid, m_axi_rdata, m_axi_rresp, m_axi_rlast};
  end

  always @(posedge clk_i) begin
    if (rst_ni && active) begin
      if (aw_wait_q && !m_axi_awvalid) $error("m_axi: rule AW_VALID: AWVALID fell before AWREADY");
      if (aw_wait_q && m_axi_awvalid && (aw_q != aw_all))
        $error("m_axi: rule AW_PAYLOAD: changed before AWREADY, address %h", m_axi_awaddr);
      if (w_wait_q && !m_axi_wvalid) $error("m_axi: rule W_VALID: WVALID fell before WREADY");
      if (w_wait_q && m_axi_wvalid && (w_q != {m_axi_wdata, m_axi_wstrb, m_axi_wlast}))
        $error("m_axi: rule W_PAYLOAD: changed before WREADY, data %h", m_axi_wdata);
      if (b_wait_q && !m_axi_bvalid) $error("m_axi: rule B_VALID: BVALID fell before BREADY");
      if (b_wait_q && m_axi_bvalid && (b_q != {m_axi_bid, m_axi_bresp}))
        $error("m_axi: rule B_PAYLOAD: changed before BREADY, id %0d", m_axi_bid);
      if (ar_wait_q && !m_axi_arvalid) $error("m_axi: rule AR_VALID: ARVALID fell before ARREADY");
      if (ar_wait_q && m_axi_arvalid && (ar_q != ar_all))
        $error("m_axi: rule AR_PAYLOAD: changed before ARREADY, address %h", m_axi_araddr);
      if (r_wait_q && !m_axi_rvalid) $error("m_axi: rule R_VALID: RVALID fell before RREADY");
      if (r_wait_q && m_axi_rvalid && (r_q != {m_axi_rid, m_axi_rdata, m_axi_rresp, m_axi_rlast}))
        $error("m_axi: rule R_PAYLOAD: changed before RREADY, id %0d", m_axi_rid);
    end
    if ((!rst_ni || fresh_q) && (m_axi_awvalid || m_axi_wvalid || m_axi_arvalid))
      $error("m_axi: rule RESET_DEVICE: AWVALID, WVALID or ARVALID in or right after reset");
    if ((!rst_ni || fresh_q) && (m_axi_bvalid || m_axi_rvalid))
      $error("m_axi: rule RESET_MEMORY: BVALID or RVALID in or right after reset");
  end

  // -------------------------------------------------------- shape of a request

  function automatic logic crosses(input logic [47:0] addr, input logic [7:0] len);
    return (16'(addr[11:0]) + ((16'(len) + 16'd1) << EightBytes)) > 16'd4096;
  endfunction

  // Upper two bits ask for a modifiable type.
  function automatic logic reserved(input logic [3:0] cache);
    return !cache[1] && (cache[3:2] != '0);
  endfunction

  always @(posedge clk_i) begin
    if (rst_ni && m_axi_awvalid) begin
      if (32'(m_axi_awlen) >= MaxBeats) $error("m_axi: rule AW_LEN: %0d beats", m_axi_awlen + 9'd1);
      if (m_axi_awsize != EightBytes) $error("m_axi: rule AW_SIZE: AWSIZE %0d", m_axi_awsize);
      if (m_axi_awburst != Incr) $error("m_axi: rule AW_BURST: AWBURST %0d", m_axi_awburst);
      if (m_axi_awaddr[2:0] != '0) $error("m_axi: rule AW_ALIGN: address %h", m_axi_awaddr);
      if (crosses(m_axi_awaddr, m_axi_awlen))
        $error("m_axi: rule AW_4K: %0d beats at %h", m_axi_awlen + 9'd1, m_axi_awaddr);
      if (reserved(m_axi_awcache)) $error("m_axi: rule AW_CACHE: AWCACHE %b", m_axi_awcache);
      if (m_axi_awlock) $error("m_axi: rule AW_LOCK: exclusive write at %h", m_axi_awaddr);
    end
    if (rst_ni && m_axi_arvalid) begin
      if (32'(m_axi_arlen) >= MaxBeats) $error("m_axi: rule AR_LEN: %0d beats", m_axi_arlen + 9'd1);
      if (m_axi_arsize != EightBytes) $error("m_axi: rule AR_SIZE: ARSIZE %0d", m_axi_arsize);
      if (m_axi_arburst != Incr) $error("m_axi: rule AR_BURST: ARBURST %0d", m_axi_arburst);
      if (m_axi_araddr[2:0] != '0) $error("m_axi: rule AR_ALIGN: address %h", m_axi_araddr);
      if (crosses(m_axi_araddr, m_axi_arlen))
        $error("m_axi: rule AR_4K: %0d beats at %h", m_axi_arlen + 9'd1, m_axi_araddr);
      if (reserved(m_axi_arcache)) $error("m_axi: rule AR_CACHE: ARCACHE %b", m_axi_arcache);
      if (m_axi_arlock) $error("m_axi: rule AR_LOCK: exclusive read at %h", m_axi_araddr);
    end
  end

  // ------------------------------------------------------------------- writes
  // Bursts are numbered twice: as their addresses come, and as their data end. An answer is judged
  // by what was taken at earlier edges.

  logic [31:0] aw_num, wl_num;                // Addresses taken; bursts whose data are complete.
  logic [7:0]  aw_len [Depth];
  logic [3:0]  aw_id [Depth];
  logic [8:0]  wl_beats [Depth];              // Of bursts complete before their address came.
  logic [8:0]  w_beat;                        // Beats taken of burst wl_num.
  logic [15:0] asked [16], written [16];      // Of an id, not answered: asked for; complete.
  logic [31:0] w_late;

  function automatic logic [IndexBits-1:0] at(input logic [31:0] number);
    return IndexBits'(number);
  endfunction

  always @(posedge clk_i or negedge rst_ni) begin : writes
    if (!rst_ni) begin
      aw_num = 0;
      wl_num = 0;
      w_beat = 0;
      w_late = 0;
      for (int i = 0; i < 16; i++) begin
        asked[i]   = 0;
        written[i] = 0;
      end
    end else if (active) begin
      if (m_axi_bvalid && !fresh_q) begin
        if (asked[m_axi_bid] == 0) begin
          $error("m_axi: rule B_ID: no write of id %0d is open", m_axi_bid);
        end else if (written[m_axi_bid] == 0) begin
          $error("m_axi: rule B_EARLY: id %0d answered before its last beat", m_axi_bid);
        end
        if (m_axi_bresp == ExOkay) $error("m_axi: rule B_RESP: EXOKAY, id %0d", m_axi_bid);
        if (b && (asked[m_axi_bid] != 0)) asked[m_axi_bid]--;
        if (b && (written[m_axi_bid] != 0)) written[m_axi_bid]--;
      end
      if (aw) take_address();
      if (w) take_beat();
      w_late = (($signed(aw_num - wl_num) > 0) && !m_axi_wvalid) ? w_late + 1 : 0;
      if (w_late == MaxWait) $error("m_axi: rule W_LATE: no WVALID for %0d clocks", MaxWait);
    end
  end

  task automatic take_address;
    aw_len[at(aw_num)] = m_axi_awlen;
    aw_id[at(aw_num)]  = m_axi_awid;
    asked[m_axi_awid]++;
    if ($signed(wl_num - aw_num) > 0) begin
      written[m_axi_awid]++;
      if (wl_beats[at(aw_num)] != 9'(m_axi_awlen) + 1)
        $error("m_axi: rule W_LAST: %0d beats for AWLEN %0d", wl_beats[at(aw_num)], m_axi_awlen);
    end else if ((wl_num == aw_num) && (w_beat > 9'(m_axi_awlen))) begin
      $error("m_axi: rule W_LAST: missing on beat %0d", m_axi_awlen);
    end
    aw_num++;
    if ($signed(aw_num - wl_num) > $signed(Depth))
      $error("m_axi: rule TOO_MANY: %0d writes without data", Depth);
  endtask

  task automatic take_beat;
    logic known, last;
    known = $signed(aw_num - wl_num) > 0;
    last  = known ? w_beat >= 9'(aw_len[at(wl_num)]) : m_axi_wlast;
    w_beat++;
    if (last != m_axi_wlast)
      $error("m_axi: rule W_LAST: WLAST is %b on beat %0d", m_axi_wlast, w_beat - 9'd1);
    if (m_axi_wstrb != '1) $error("m_axi: rule W_STRB: WSTRB %b", m_axi_wstrb);
    if (last) begin
      wl_beats[at(wl_num)] = w_beat;
      w_beat = 0;
      if (known) written[aw_id[at(wl_num)]]++;
      wl_num++;
    end
    if ($signed(wl_num - aw_num) > $signed(Depth))
      $error("m_axi: rule TOO_MANY: %0d bursts of data without address", Depth);
  endtask

  // -------------------------------------------------------------------- reads

  logic [15:0] ar_open [16];      // Requests of an id that are open; the oldest is at ar_head.
  logic [15:0] ar_head [16];
  logic [7:0]  r_beat [16];       // Beats taken of the oldest.
  logic [7:0]  ar_len [16*Depth];

  function automatic logic [IndexBits+3:0] slot(input logic [3:0] id, input logic [15:0] number);
    return {id, IndexBits'(number)};
  endfunction

  always @(posedge clk_i or negedge rst_ni) begin : reads
    if (!rst_ni) begin
      for (int i = 0; i < 16; i++) begin
        ar_open[i] = 0;
        ar_head[i] = 0;
        r_beat[i]  = 0;
      end
    end else begin
      if (m_axi_rvalid && !fresh_q) take_data();
      if (ar) begin
        ar_len[slot(m_axi_arid, ar_head[m_axi_arid] + ar_open[m_axi_arid])] = m_axi_arlen;
        ar_open[m_axi_arid]++;
        if (ar_open[m_axi_arid] > 16'(Depth))
          $error("m_axi: rule TOO_MANY: %0d reads of id %0d", Depth, m_axi_arid);
      end
    end
  end

  task automatic take_data;
    logic last;
    last = r_beat[m_axi_rid] == ar_len[slot(m_axi_rid, ar_head[m_axi_rid])];
    if (m_axi_rresp == ExOkay) $error("m_axi: rule R_RESP: EXOKAY, id %0d", m_axi_rid);
    if (ar_open[m_axi_rid] == 0) begin
      $error("m_axi: rule R_ID: no read of id %0d is open", m_axi_rid);
    end else begin
      if (m_axi_rlast != last)
        $error("m_axi: rule R_LAST: RLAST is %b on beat %0d, id %0d", m_axi_rlast,
               r_beat[m_axi_rid], m_axi_rid);
      if (r) begin
        r_beat[m_axi_rid]  = last ? '0 : r_beat[m_axi_rid] + 1;
        ar_head[m_axi_rid] = ar_head[m_axi_rid] + 16'(last);
        ar_open[m_axi_rid] = ar_open[m_axi_rid] - 16'(last);
      end
    end
  endtask

  // Always false where the simulator knows two values only.
  always @(posedge clk_i) begin
    if (rst_ni && (((^{m_axi_awvalid, m_axi_awready, m_axi_wvalid, m_axi_wready,
                    m_axi_bvalid, m_axi_bready, m_axi_arvalid, m_axi_arready,
                    m_axi_rvalid, m_axi_rready}) === 1'bx)
                   || (m_axi_awvalid && ((^aw_all) === 1'bx))
                   || (m_axi_wvalid && ((^{m_axi_wdata, m_axi_wstrb, m_axi_wlast}) === 1'bx))
                   || (m_axi_bvalid && ((^{m_axi_bid, m_axi_bresp}) === 1'bx))
                   || (m_axi_arvalid && ((^ar_all) === 1'bx))
                   || (m_axi_rvalid && ((^{m_axi_rid, m_axi_rdata, m_axi_rresp,
                                        m_axi_rlast}) === 1'bx))))
      $error("m_axi: rule UNKNOWN: X on a handshake, or on a payload that is offered");
  end

  assign active = m_axi_awvalid || m_axi_wvalid || m_axi_bvalid || m_axi_arvalid || m_axi_rvalid
                  || aw_wait_q || w_wait_q || b_wait_q || ar_wait_q || r_wait_q || fresh_q
                  || (aw_num != wl_num);

endmodule : bell_axi4_check
