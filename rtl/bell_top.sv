// SPDX-License-Identifier: MIT
//
// The bell device: wiring only, stages in the order of a ring.
//
//   host store -> mmio -> doorbell -> sched -> node (fetch, engine, fence) -> dma_mux -> memory
//                                                \-> irq -> host
//
// One AXI4-Lite target (address bit 24: 0 = registers, 1 = doorbell pages), one AXI4 master, one
// interrupt. See README.md of this folder for the flow, and rtl/regs/bell.rdl for the registers.
//
// Time    advance_i says how many clocks an edge stands for: 1, or more when the surroundings skip
//         idle time. They may skip up to next_deadline_o - 1 clocks while idle_o is high and no
//         input changes; idle_o stays high while only answers from memory are awaited.
// Reset   rst_ni asserts asynchronously and releases synchronously; queue contexts are not cleared.

module bell_top #(
  parameter int unsigned NumSlots  = 64,  // Physical doorbells, 1 .. 1024.
  parameter int unsigned NumQueues = 64,  // Hardware queues, 1 .. 1024.
  parameter int unsigned NumNodes  = 3,   // Nodes, 1 .. 4.
  parameter logic [2:0]  Layouts   = '1,  // Bit n: bell_layout_e n is fitted. PAGE always is.
  parameter int unsigned EventDepth = 64, // Events that the event queue holds, 1 .. 1024.
  parameter int unsigned LedgerBits = 64  // Width of the counters of stores and refusals, 2 .. 64.
) (
  input  logic clk_i,
  input  logic rst_ni,

  input  logic [10:0] strap_slots_i,  // Doorbells fitted, at most NumSlots; from the next clock.
  input  logic [31:0] advance_i,      // Clocks that this edge stands for, 1 or more.

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
  output logic [63:0] next_deadline_o,  // Clocks to the first end of a timer; all ones: none.

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

  localparam int unsigned NumUnits   = 3;  // DMA units of a node, each way.

  // Gated clock, see bell_clock_gate: all but the nodes and dma_mux,
  // which gate their own, and the watches, which count while nothing else moves.
  logic clk;

  logic [10:0] slots, slots_q;

  assign slots = (strap_slots_i > 11'(NumSlots)) ? 11'(NumSlots) : strap_slots_i;

  always_ff @(posedge clk or negedge rst_ni) begin
    if (!rst_ni) begin
      slots_q <= '0;
    end else begin
      slots_q <= slots;
    end
  end

  // ------------------------------------------------------------------ mmio

  bell_pkg::refusal_t ring_rejected, ring_unowned, access_refused;

  logic            ring_valid, ring_refuse, mmio_busy;
  bell_pkg::ring_t ring;

  logic [bell_regs_pkg::BELL_REGS_MIN_ADDR_WIDTH-1:0] regs_awaddr, regs_araddr;
  logic [63:0] regs_wdata, regs_rdata;
  logic [1:0]  regs_bresp, regs_rresp;
  logic        regs_awvalid, regs_awready, regs_wvalid, regs_wready, regs_bvalid, regs_bready;
  logic        regs_arvalid, regs_arready, regs_rvalid, regs_rready;

  bell_mmio #(.NumQueues(NumQueues)) u_mmio (
    .clk_i(clk), .rst_ni, .slots_i(slots_q),
    .s_axil_awaddr, .s_axil_awvalid, .s_axil_awready,
    .s_axil_wdata, .s_axil_wstrb, .s_axil_wvalid, .s_axil_wready,
    .s_axil_bresp, .s_axil_bvalid, .s_axil_bready,
    .s_axil_araddr, .s_axil_arvalid, .s_axil_arready,
    .s_axil_rdata, .s_axil_rresp, .s_axil_rvalid, .s_axil_rready,
    .ring_valid_o(ring_valid), .ring_o(ring), .ring_refuse_i(ring_refuse), .refused_o(access_refused),
    .regs_awaddr_o(regs_awaddr), .regs_awvalid_o(regs_awvalid), .regs_awready_i(regs_awready),
    .regs_wdata_o(regs_wdata), .regs_wvalid_o(regs_wvalid), .regs_wready_i(regs_wready),
    .regs_bresp_i(regs_bresp), .regs_bvalid_i(regs_bvalid), .regs_bready_o(regs_bready),
    .regs_araddr_o(regs_araddr), .regs_arvalid_o(regs_arvalid), .regs_arready_i(regs_arready),
    .regs_rdata_i(regs_rdata), .regs_rresp_i(regs_rresp), .regs_rvalid_i(regs_rvalid),
    .regs_rready_o(regs_rready),
    .busy_o(mmio_busy)
  );

  // ------------------------------------------------------------- registers

  bell_regs_pkg::bell__in_t  hw;
  bell_regs_pkg::bell__out_t sw;

  bell_regs u_regs (
    .clk(clk), .arst_n(rst_ni),
    .s_axil_awready(regs_awready), .s_axil_awvalid(regs_awvalid), .s_axil_awaddr(regs_awaddr),
    .s_axil_awprot, .s_axil_wready(regs_wready), .s_axil_wvalid(regs_wvalid),
    .s_axil_wdata(regs_wdata), .s_axil_wstrb('1), .s_axil_bready(regs_bready),
    .s_axil_bvalid(regs_bvalid), .s_axil_bresp(regs_bresp),
    .s_axil_arready(regs_arready), .s_axil_arvalid(regs_arvalid), .s_axil_araddr(regs_araddr),
    .s_axil_arprot, .s_axil_rready(regs_rready), .s_axil_rvalid(regs_rvalid),
    .s_axil_rdata(regs_rdata), .s_axil_rresp(regs_rresp),
    .hwif_in(hw), .hwif_out(sw)
  );

  // -------------------------------------------------------------- doorbell

  logic              credit_valid, credit_coalesced, credit_closed, sampled, forgone;
  logic              doorbell_busy;
  logic [1:0]        layout;
  bell_pkg::credit_t credit;
  bell_pkg::ledger_t ledger;
  bell_pkg::saturated_t saturated;

  localparam logic [3:0] Fitted = {1'b0, Layouts} | (4'd1 << bell_formats_pkg::LayoutPage);

  assign layout = Fitted[sw.DOORBELLS.LAYOUT.value] ? sw.DOORBELLS.LAYOUT.value
                                                    : 2'(bell_formats_pkg::LayoutPage);

  bell_doorbell #(
    .NumSlots(NumSlots), .NumQueues(NumQueues), .LedgerBits(LedgerBits)
  ) u_doorbell (
    .clk_i(clk), .rst_ni, .slots_i(slots_q), .layout_i(layout),
    .ring_valid_i(ring_valid), .ring_i(ring), .ring_refuse_o(ring_refuse),
    .credit_valid_o(credit_valid), .credit_o(credit), .credit_coalesced_i(credit_coalesced),
    .credit_closed_i(credit_closed), .sampled_i(sampled), .forgone_i(forgone),
    .req_i(sw.SLOTS.req), .req_write_i(sw.SLOTS.req_is_wr), .req_addr_i(sw.SLOTS.addr),
    .req_data_i(sw.SLOTS.wr_data), .ack_read_o(hw.SLOTS.rd_ack), .ack_data_o(hw.SLOTS.rd_data),
    .ack_write_o(hw.SLOTS.wr_ack),
    .token_req_i(sw.TOKENS.req), .token_req_write_i(sw.TOKENS.req_is_wr),
    .token_req_addr_i(sw.TOKENS.addr), .token_req_data_i(sw.TOKENS.wr_data),
    .token_ack_read_o(hw.TOKENS.rd_ack), .token_ack_data_o(hw.TOKENS.rd_data),
    .token_ack_write_o(hw.TOKENS.wr_ack),
    .ledger_o(ledger), .saturated_o(saturated),
    .rejected_o(ring_rejected), .unowned_o(ring_unowned), .last_cause_o(hw.LAST_REJECT.CAUSE.next),
    .last_addr_o(hw.LAST_REJECT.ADDR.next),
    .busy_o(doorbell_busy),
    .tap_valid_o(ring_valid_o), .tap_slot_o(ring_slot_o), .tap_queue_o(ring_queue_o),
    .tap_bucket_o(ring_bucket_o), .tap_cause_o(ring_cause_o)
  );

  // ----------------------------------------------------------------- sched

  logic                [NumNodes-1:0] turn_valid, turn_ready, yield, abort, end_valid, end_ready;
  logic                [NumNodes-1:0] others;
  logic                [NumNodes-1:0] node_running;
  bell_pkg::turn_t                    turn;
  bell_pkg::turn_end_t [NumNodes-1:0] turn_end;
  logic                               sched_busy, sched_wake, stop_valid, stop_ready, sched_timer_valid;
  logic                        [63:0] sched_timer;
  bell_pkg::event_t                   stop_event;
  logic                 [NumNodes-1:0] preempt, signal_valid, place_valid, place_signal, place_ready;
  bell_pkg::fence_key_t [NumNodes-1:0] signal_key;
  bell_pkg::fence_log_t                place;
  logic                         [63:0] gpu_time;
  logic                 [NumNodes-1:0] log_writing;
  logic                                log_valid, log_ready, log_req_valid, log_req_ready;
  logic                                log_data_valid, log_data_ready, log_resp_valid;
  bell_pkg::event_t                    log_event;
  bell_pkg::dma_req_t                  log_req;
  bell_pkg::dma_wdata_t                log_data;
  logic                          [1:0] wr_resp;

  bell_sched #(.NumQueues(NumQueues), .NumNodes(NumNodes)) u_sched (
    .clk_i(clk), .clk_timer_i(clk_i), .rst_ni, .advance_i, .enable_i(sw.CTRL.ENABLE.value),
    .gated_i(NumNodes'(sw.CTRL.GATED.value)),
    .credit_valid_i(credit_valid), .credit_i(credit), .credit_coalesced_o(credit_coalesced),
    .credit_closed_o(credit_closed), .sampled_o(sampled), .forgone_o(forgone),
    .req_i(sw.QUEUES.req), .req_write_i(sw.QUEUES.req_is_wr), .req_addr_i(sw.QUEUES.addr),
    .req_data_i(sw.QUEUES.wr_data), .ack_read_o(hw.QUEUES.rd_ack), .ack_data_o(hw.QUEUES.rd_data),
    .ack_write_o(hw.QUEUES.wr_ack),
    .glob_req_i(sw.SCHED.req), .glob_write_i(sw.SCHED.req_is_wr), .glob_addr_i(sw.SCHED.addr),
    .glob_data_i(sw.SCHED.wr_data), .glob_ack_read_o(hw.SCHED.rd_ack),
    .glob_ack_data_o(hw.SCHED.rd_data), .glob_ack_write_o(hw.SCHED.wr_ack),
    .turn_valid_o(turn_valid), .turn_ready_i(turn_ready), .turn_o(turn), .yield_o(yield),
    .others_o(others),
    .preempt_o(preempt), .end_valid_i(end_valid), .end_ready_o(end_ready), .end_i(turn_end),
    .signal_valid_i(signal_valid), .signal_key_i(signal_key),
    .place_valid_i(place_valid), .place_signal_i(place_signal), .place_ready_o(place_ready),
    .place_o(place),
    .event_valid_o(stop_valid), .event_ready_i(stop_ready), .event_o(stop_event),
    .log_event_valid_o(log_valid), .log_event_ready_i(log_ready), .log_event_o(log_event),
    .wr_req_valid_o(log_req_valid), .wr_req_ready_i(log_req_ready), .wr_req_o(log_req),
    .wr_data_valid_o(log_data_valid), .wr_data_ready_i(log_data_ready), .wr_data_o(log_data),
    .wr_resp_valid_i(log_resp_valid), .wr_resp_i(wr_resp), .log_writing_o(log_writing),
    .node_busy_o(node_running), .time_o(gpu_time), .busy_o(sched_busy), .wake_o(sched_wake),
    .timer_valid_o(sched_timer_valid), .timer_o(sched_timer)
  );

  // ----------------------------------------------------------------- nodes

  logic                 [NumNodes-1:0]            node_busy, timer_valid, event_valid, event_ready;
  logic                 [NumNodes-1:0]            progress;
  logic                 [NumNodes*10-1:0]         node_queue;
  logic                 [NumNodes*64-1:0]         timer;
  bell_pkg::event_t     [NumNodes-1:0]            node_event;
  logic                 [NumNodes*NumUnits-1:0]   rd_req_valid, rd_req_ready;
  logic                 [NumNodes*NumUnits-1:0]   rd_data_valid;
  bell_pkg::dma_req_t   [NumNodes*NumUnits-1:0]   rd_req, wr_req;
  bell_pkg::dma_rdata_t                           rd_data;
  logic                 [NumNodes*NumUnits-1:0]   wr_req_valid, wr_req_ready;
  logic                 [NumNodes*NumUnits-1:0]   wr_data_valid, wr_data_ready, wr_resp_valid;
  bell_pkg::dma_wdata_t [NumNodes*NumUnits-1:0]   wr_data;

  assign abort = node_running & NumNodes'({sw.NODE_ABORT.NODE3.value, sw.NODE_ABORT.NODE2.value,
                                           sw.NODE_ABORT.NODE1.value, sw.NODE_ABORT.NODE0.value});

  for (genvar n = 0; n < int'(NumNodes); n++) begin : g_node
    bell_pkg::queue_id_t queue;

    bell_node #(.NodeId(n)) u_node (
      .clk_i, .rst_ni, .advance_i,
      .turn_valid_i(turn_valid[n]), .turn_ready_o(turn_ready[n]), .turn_i(turn),
      .end_valid_o(end_valid[n]), .end_ready_i(end_ready[n]), .end_o(turn_end[n]),
      .yield_i(yield[n]), .others_i(others[n]), .preempt_i(preempt[n]), .abort_i(abort[n]),
      .signal_valid_o(signal_valid[n]), .signal_key_o(signal_key[n]),
      .log_valid_o(place_valid[n]), .log_signals_o(place_signal[n]),
      .log_ready_i(place_ready[n]), .log_i(place), .time_i(gpu_time),
      .event_valid_o(event_valid[n]), .event_ready_i(event_ready[n]), .event_o(node_event[n]),
      .rd_req_valid_o(rd_req_valid[n*NumUnits +: NumUnits]),
      .rd_req_ready_i(rd_req_ready[n*NumUnits +: NumUnits]),
      .rd_req_o(rd_req[n*NumUnits +: NumUnits]),
      .rd_data_valid_i(rd_data_valid[n*NumUnits +: NumUnits]),
      .rd_data_i(rd_data),
      .wr_req_valid_o(wr_req_valid[n*NumUnits +: NumUnits]),
      .wr_req_ready_i(wr_req_ready[n*NumUnits +: NumUnits]),
      .wr_req_o(wr_req[n*NumUnits +: NumUnits]),
      .wr_data_valid_o(wr_data_valid[n*NumUnits +: NumUnits]),
      .wr_data_ready_i(wr_data_ready[n*NumUnits +: NumUnits]),
      .wr_data_o(wr_data[n*NumUnits +: NumUnits]),
      .wr_resp_valid_i(wr_resp_valid[n*NumUnits +: NumUnits]),
      .wr_resp_i(wr_resp),
      .busy_o(node_busy[n]), .progress_o(progress[n]),
      .timer_valid_o(timer_valid[n]), .timer_o(timer[n*64 +: 64]),
      .sample_valid_o(sample_valid_o[n]),
      .start_valid_o(start_valid_o[n]), .start_rptr_o(start_rptr_o[n*64 +: 64]),
      .done_valid_o(done_valid_o[n]), .done_rptr_o(done_rptr_o[n*64 +: 64]),
      .queue_o(queue)
    );

    // A turn's first sample is asked for in the clock that hands it over.
    assign sample_queue_o[n*10 +: 10] = (turn_valid[n] && turn_ready[n]) ? turn.queue : queue;
    assign start_queue_o[n*10 +: 10]  = queue;
    assign done_queue_o[n*10 +: 10]   = queue;
    assign node_queue[n*10 +: 10]     = queue;
  end

  // ---------------------------------------------------------------- watches

  logic             watch_busy, watch_timer_valid, watch_valid, watch_ready;
  logic [63:0]      watch_timer;
  bell_pkg::event_t watch_event;

  bell_watch #(.NumNodes(NumNodes)) u_watch (
    .clk_i, .rst_ni, .advance_i,
    .idle_limit_i((NumNodes*32)'({
      sw.IDLE_LIMIT3.CLOCKS.value, sw.IDLE_LIMIT2.CLOCKS.value, sw.IDLE_LIMIT1.CLOCKS.value,
      sw.IDLE_LIMIT0.CLOCKS.value})),
    .hung_limit_i((NumNodes*32)'({
      sw.HUNG_LIMIT3.CLOCKS.value, sw.HUNG_LIMIT2.CLOCKS.value, sw.HUNG_LIMIT1.CLOCKS.value,
      sw.HUNG_LIMIT0.CLOCKS.value})),
    .long_work_i(NumNodes'({
      sw.HUNG_LIMIT3.LONG_WORK.value, sw.HUNG_LIMIT2.LONG_WORK.value, sw.HUNG_LIMIT1.LONG_WORK.value,
      sw.HUNG_LIMIT0.LONG_WORK.value})),
    .gated_i(NumNodes'(sw.CTRL.GATED.value)),
    .running_i(node_running), .progress_i(progress), .working_i(timer_valid),
    .queue_i(node_queue),
    .event_valid_o(watch_valid), .event_ready_i(watch_ready), .event_o(watch_event),
    .busy_o(watch_busy), .timer_valid_o(watch_timer_valid), .timer_o(watch_timer)
  );

  // --------------------------------------------------------------- dma_mux

  logic dma_busy;

  bell_dma_mux #(.NumNodes(NumNodes)) u_dma_mux (
    .clk_i, .rst_ni,
    .rd_req_valid_i(rd_req_valid), .rd_req_ready_o(rd_req_ready), .rd_req_i(rd_req),
    .rd_data_valid_o(rd_data_valid), .rd_data_o(rd_data),
    .wr_req_valid_i(wr_req_valid), .wr_req_ready_o(wr_req_ready), .wr_req_i(wr_req),
    .wr_data_valid_i(wr_data_valid), .wr_data_ready_o(wr_data_ready), .wr_data_i(wr_data),
    .wr_resp_valid_o(wr_resp_valid), .wr_resp_o(wr_resp),
    .log_req_valid_i(log_req_valid), .log_req_ready_o(log_req_ready), .log_req_i(log_req),
    .log_data_valid_i(log_data_valid), .log_data_ready_o(log_data_ready), .log_data_i(log_data),
    .log_resp_valid_o(log_resp_valid),
    .m_axi_arid, .m_axi_araddr, .m_axi_arlen, .m_axi_arsize, .m_axi_arburst, .m_axi_aruser,
    .m_axi_arvalid, .m_axi_arready,
    .m_axi_rid, .m_axi_rdata, .m_axi_rresp, .m_axi_rlast, .m_axi_rvalid, .m_axi_rready,
    .m_axi_awid, .m_axi_awaddr, .m_axi_awlen, .m_axi_awsize, .m_axi_awburst, .m_axi_awuser,
    .m_axi_awvalid, .m_axi_awready,
    .m_axi_wdata, .m_axi_wstrb, .m_axi_wlast, .m_axi_wvalid, .m_axi_wready,
    .m_axi_bid, .m_axi_bresp, .m_axi_bvalid, .m_axi_bready,
    .busy_o(dma_busy)
  );

  // The same for every access. Not bufferable: B comes from the memory itself, which the order of
  // fences relies on. Not secure, not privileged, data.
  localparam logic [3:0] CacheNonBufferable = 4'b0010;
  localparam logic [2:0] ProtNonSecureData  = 3'b010;

  assign {m_axi_arlock, m_axi_arqos, m_axi_arregion} = '0;
  assign {m_axi_awlock, m_axi_awqos, m_axi_awregion} = '0;
  assign m_axi_arcache = CacheNonBufferable;
  assign m_axi_awcache = CacheNonBufferable;
  assign m_axi_arprot  = ProtNonSecureData;
  assign m_axi_awprot  = ProtNonSecureData;

  // ---------------------------------------------------------------- report

  logic [63:0]      refused_count;
  logic             refused_saturated, report_valid, report_ready, report_busy;
  logic [2:0]       disarm;
  bell_pkg::event_t report_event;

  bell_sat_count #(.Width(LedgerBits)) u_refused (
    .clk_i(clk), .rst_ni, .add_i(access_refused.count),
    .count_o(refused_count), .saturated_o(refused_saturated)
  );

  bell_report u_report (
    .clk_i(clk), .rst_ni, .refusal_i({access_refused, ring_unowned, ring_rejected}),
    .arm_i({sw.REPORT_ARM.REFUSED.value, sw.REPORT_ARM.UNOWNED.value,
            sw.REPORT_ARM.REJECTED.value}),
    .disarm_o(disarm),
    .event_valid_o(report_valid), .event_ready_i(report_ready), .event_o(report_event),
    .busy_o(report_busy)
  );

  // ------------------------------------------------------------------- irq

  logic                            oldest_valid, event_taken;
  bell_pkg::event_t                oldest;
  logic [$clog2(EventDepth+1)-1:0] level;

  localparam int unsigned NumSources = NumNodes + 4;

  logic             [NumSources-1:0] source_valid, source_ready;
  bell_pkg::event_t [NumSources-1:0] source_event;

  assign source_valid = {report_valid, watch_valid, log_valid, stop_valid, event_valid};
  assign {report_ready, watch_ready, log_ready, stop_ready, event_ready} = source_ready;
  assign event_taken = |(source_valid & source_ready);

  always_comb begin
    source_event = '0;
    if (|source_valid) begin
      source_event = {report_event, watch_event, log_event, stop_event, node_event};
    end
  end

  bell_irq #(.NumSources(NumSources), .Depth(EventDepth)) u_irq (
    .clk_i(clk), .rst_ni,
    .event_valid_i(source_valid), .event_ready_o(source_ready), .event_i(source_event),
    .enable_i(sw.IRQ_CTRL.ENABLE.value), .pop_i(sw.EVENT_POP.POP.value),
    .valid_o(oldest_valid), .event_o(oldest), .level_o(level), .irq_o
  );

  // ---------------------------------------------------------------- status

  assign hw.CAPS.SLOTS.next            = 16'(slots_q);
  assign hw.CAPS.QUEUES.next           = 16'(NumQueues);
  assign hw.CAPS.NODES.next            = 8'(NumNodes);
  assign hw.CAPS.DOORBELL_BYTES.next   = 16'(bell_formats_pkg::DoorbellRingBytes);
  assign hw.CAPS.LAYOUTS.next          = Fitted[2:0];
  assign hw.CAPS.SECONDARY.next        = 1'b1;
  assign hw.DOORBELLS.IN_FORCE.next    = layout;
  assign hw.STATUS.IDLE.next           = !(|node_running || doorbell_busy || sched_busy || stop_valid
                                           || log_valid);
  assign hw.STATUS.NODE_BUSY.next      = 8'(node_running);
  assign hw.STATUS.LOG_BUSY.next       = 8'(log_writing);
  assign hw.IRQ_LEVEL.COUNT.next       = 16'(level);
  assign hw.EVENT0.CAUSE.next          = oldest.cause;
  assign hw.EVENT0.NODE.next           = 8'(oldest.node);
  assign hw.EVENT0.QUEUE.next          = 16'(oldest.queue);
  assign hw.EVENT0.VALID.next          = oldest_valid;
  assign hw.EVENT1.DATA.next           = oldest.data;
  assign hw.LEDGER_ACCEPTED.COUNT.next  = ledger.accepted;
  assign hw.LEDGER_SAMPLED.COUNT.next   = ledger.sampled;
  assign hw.LEDGER_COALESCED.COUNT.next = ledger.coalesced;
  assign hw.LEDGER_UNOWNED.COUNT.next   = ledger.unowned;
  assign hw.LEDGER_REJECTED.COUNT.next  = ledger.rejected;
  assign hw.LEDGER_OWED.COUNT.next      = ledger.owed;
  assign hw.ACCESSES_REFUSED.COUNT.next = refused_count;
  assign hw.SATURATED.ACCEPTED.next     = saturated.accepted;
  assign hw.SATURATED.SAMPLED.next      = saturated.sampled;
  assign hw.SATURATED.COALESCED.next    = saturated.coalesced;
  assign hw.SATURATED.UNOWNED.next      = saturated.unowned;
  assign hw.SATURATED.REJECTED.next     = saturated.rejected;
  assign hw.SATURATED.REFUSED.next      = refused_saturated;
  assign hw.REPORT_ARM.REJECTED.hwclr   = disarm[0];
  assign hw.REPORT_ARM.UNOWNED.hwclr    = disarm[1];
  assign hw.REPORT_ARM.REFUSED.hwclr    = disarm[2];

  // ------------------------------------------------------------------- clock

  bell_clock_gate u_clock (
    .clk_i, .clk_o(clk),
    .enable_i(mmio_busy || doorbell_busy || sched_busy || sched_wake || (|source_valid)
              || report_busy || (slots != slots_q))
  );

  // ------------------------------------------------------ idle and deadline

  // An event for which there is no room waits quietly.
  assign idle_o = !(mmio_busy || doorbell_busy || sched_busy || dma_busy || (|node_busy)
                    || watch_busy || report_busy || event_taken);

  always_comb begin
    next_deadline_o = watch_timer_valid ? watch_timer : '1;
    if (sched_timer_valid && (sched_timer < next_deadline_o)) begin
      next_deadline_o = sched_timer;
    end
    for (int unsigned n = 0; n < NumNodes; n++) begin
      if (timer_valid[n] && (timer[n*64 +: 64] < next_deadline_o)) begin
        next_deadline_o = timer[n*64 +: 64];
      end
    end
  end

endmodule : bell_top
