// SPDX-License-Identifier: MIT
// proof: induction 1
// says: A waiter on the CPU that stores a monitored value, fences, reads the current value, finds it
//       too low and sleeps is never left asleep: when the current value in memory has reached what
//       it waits for, the signal has yet to look at the monitored value, or its event is on its
//       way; also when memory refuses an access, and when the engine gives up its packet. The
//       scheduler hears of a signal once, when memory has the value and before the fence is done.
//       When its event comes, what the log of signals got of it was answered, and that is entry and
//       index unless one was refused. A fence is asked for only when every earlier write was
//       answered. A wait goes on only when the value in memory was reached, and is blocked only
//       when it was not.
//
// Memory performs a write at any time between its last beat and its answer, a read at any time
// between request and answer. The CPU's store is posted: memory has it at any time before the
// barrier ends. Values of the fence rise (the user's part). Other packets, writes and logs are
// beside: they do not touch the two words. What the CPU waits for is any value above 0.

module f_race (
  input logic                  clk_i,
  input logic                  rst_ni,
  input bell_pkg::addr_t       current_i,
  input bell_pkg::addr_t       monitored_i,
  // Engine.
  input logic                  issue_i,
  input bell_pkg::addr_t       issue_addr_i,
  input logic                  resp_valid_i,
  input logic [1:0]            resp_i,
  input logic                  fence_valid_i,
  input bell_pkg::fence_kind_t fence_kind_i,
  input bell_pkg::addr_t       fence_addr_i,
  input logic [63:0]           fence_value_i,
  input bell_pkg::addr_t       fence_monitored_i,
  input logic                  clear_i,
  // Scheduler, irq.
  input logic                  log_ready_i,
  input bell_pkg::fence_log_t  log_i,
  input logic                  event_ready_i,
  // Memory.
  input logic                  rd_req_ready_i,
  input logic                  rd_sample_i,
  input logic [63:0]           rd_other_i,
  input logic                  rd_refuse_i,
  input logic                  rd_answer_i,
  input logic                  wr_req_ready_i,
  input logic                  wr_data_ready_i,
  input logic                  wr_perform_i,
  input logic                  wr_refuse_i,
  input logic                  wr_answer_i,
  // CPU.
  input logic                  cpu_steps_i,
  input logic [63:0]           cpu_value_i,
  input logic                  cpu_store_i,
  input logic                  interrupt_i
);

  logic                 can_issue, active, done, blocked, settled, signal_valid, log_valid;
  logic                 event_valid, rd_req_valid, wr_req_valid, wr_data_valid;
  bell_pkg::fence_key_t signal_key;
  bell_pkg::addr_t      event_addr;
  bell_pkg::dma_req_t   rd_req, wr_req;
  bell_pkg::dma_wdata_t wr_data;
  bell_pkg::dma_rdata_t rd_data;
  logic                 rd_valid, wr_valid;
  logic [1:0]           wr_resp;

  bell_fence #(.MaxWrites(2)) dut (
    .clk_i, .rst_ni, .time_i(64'd0), .issue_i, .issue_addr_i, .can_issue_o(can_issue),
    .resp_valid_i, .resp_i, .fence_valid_i, .fence_kind_i, .fence_addr_i, .fence_value_i,
    .fence_monitored_i, .fence_name_i('0), .fence_seen_i('0), .pasid_i('0),
    .fence_active_o(active), .fence_done_o(done), .fence_blocked_o(blocked), .fence_seen_o(),
    .clear_i, .settled_o(settled), .err_o(), .err_cause_o(), .err_addr_o(),
    .signal_valid_o(signal_valid), .signal_key_o(signal_key), .log_valid_o(log_valid),
    .log_signals_o(), .log_ready_i, .log_i, .event_valid_o(event_valid), .event_ready_i,
    .event_addr_o(event_addr), .rd_req_valid_o(rd_req_valid), .rd_req_ready_i, .rd_req_o(rd_req),
    .rd_data_valid_i(rd_valid), .rd_data_i(rd_data), .wr_req_valid_o(wr_req_valid),
    .wr_req_ready_i, .wr_req_o(wr_req), .wr_data_valid_o(wr_data_valid), .wr_data_ready_i,
    .wr_data_o(wr_data), .wr_resp_valid_i(wr_valid), .wr_resp_i(wr_resp), .busy_o()
  );

  // ------------------------------------------------------------------- memory

  typedef enum logic [1:0] {None, Asked, Ready, Done} access_e;  // Ready: memory may perform it.

  logic            started_q = 1'b0;
  bell_pkg::addr_t cur_addr_q, mon_addr_q, wr_addr_q, rd_addr_q;
  logic [63:0]     cur_q, mon_q, wr_data_q, rd_data_q;
  access_e         wr_q, rd_q;
  logic [63:0]     want_q;  // What the CPU waits for.
  logic            wr_refused_q, rd_refused_q, performs, cpu_performs;

  assign performs = (wr_q == Ready) && wr_perform_i;
  assign wr_valid = (wr_q == Done) && wr_answer_i;
  assign wr_resp  = wr_refused_q ? bell_pkg::RespDecErr : bell_pkg::RespOkay;
  assign rd_valid = (rd_q == Done) && rd_answer_i;
  assign rd_data  = {rd_data_q, 1'b1, rd_refused_q ? bell_pkg::RespSlvErr : bell_pkg::RespOkay};

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!started_q) begin
      cur_addr_q <= current_i;
      mon_addr_q <= monitored_i;
    end
    if (wr_req_valid && wr_req_ready_i) begin
      wr_addr_q <= wr_req.addr;
    end
    if (wr_data_valid && wr_data_ready_i && (wr_req.beats == '0)) begin
      wr_data_q <= wr_data.data;
    end
    if (rd_req_valid && rd_req_ready_i) begin
      rd_addr_q <= rd_req.addr;
    end
    if ((rd_q == Ready) && rd_sample_i) begin
      rd_refused_q <= rd_refuse_i;
      rd_data_q    <= rd_refuse_i ? rd_other_i : (rd_addr_q == cur_addr_q) ? cur_q :
                      (rd_addr_q == mon_addr_q) ? mon_q : rd_other_i;
    end
    if (performs) begin
      wr_refused_q <= wr_refuse_i;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      wr_q  <= None;
      rd_q  <= None;
      cur_q <= '0;
      mon_q <= '1;
    end else begin
      if (wr_req_valid && wr_req_ready_i) begin
        wr_q <= Asked;
      end else if (wr_data_valid && wr_data_ready_i && wr_data.last) begin
        wr_q <= Ready;
      end else if (performs) begin
        wr_q <= Done;
      end else if (wr_valid) begin
        wr_q <= None;
      end
      if (rd_req_valid && rd_req_ready_i) begin
        rd_q <= Ready;
      end else if ((rd_q == Ready) && rd_sample_i) begin
        rd_q <= Done;
      end else if (rd_valid) begin
        rd_q <= None;
      end
      if (performs && !wr_refuse_i && (wr_addr_q == cur_addr_q)) begin
        cur_q <= wr_data_q;
      end
      if (cpu_performs) begin
        mon_q <= want_q - 64'd1;
      end
    end
  end

  // ---------------------------------------------------------------------- CPU

  typedef enum logic [2:0] {Runs, Stored, Fenced, Looked, Asleep} cpu_e;

  cpu_e        cpu_q;
  logic        posted_q;  // Memory does not have its store of the monitored value yet.
  logic        low_q;     // What it read is below.
  logic        event_q;   // An event of the fence is in the queue of irq.
  logic        again_q;   // It came: the CPU has to look again before it sleeps on.

  assign cpu_performs = posted_q && cpu_store_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      cpu_q    <= Runs;
      want_q   <= '0;
      posted_q <= 1'b0;
      low_q    <= 1'b0;
      event_q  <= 1'b0;
      again_q  <= 1'b0;
    end else begin
      posted_q <= posted_q && !cpu_performs;
      event_q  <= (event_valid && event_ready_i && (event_addr == cur_addr_q))
                  || (event_q && !interrupt_i);
      again_q  <= (event_q && interrupt_i) || again_q;
      if (cpu_steps_i) begin
        case (cpu_q)
          Runs: begin
            if (cpu_value_i != '0) begin
              want_q   <= cpu_value_i;
              posted_q <= 1'b1;
              cpu_q    <= Stored;
            end
          end
          Stored: if (!posted_q) cpu_q <= Fenced;
          Fenced: begin
            low_q   <= cur_q < want_q;
            again_q <= event_q && interrupt_i;
            cpu_q   <= Looked;
          end
          Looked:  cpu_q <= low_q ? Asleep : Runs;
          default: if (again_q) cpu_q <= Fenced;
        endcase
      end
    end
  end

  // ------------------------------------------------------------- surroundings

  logic                  kept_q;    // The packet of the clock before still stands.
  bell_pkg::fence_kind_t kind_q;
  bell_pkg::addr_t       addr_q, monitored_q;
  logic [63:0]           value_q;
  logic [1:0]            open_q;    // Writes of the mover that are not answered.
  logic                  ours;

  assign ours = (fence_kind_i == bell_pkg::FenceSignal) && (fence_addr_i == cur_addr_q);

  always_ff @(posedge clk_i) begin
    kind_q      <= fence_kind_i;
    addr_q      <= fence_addr_i;
    monitored_q <= fence_monitored_i;
    value_q     <= fence_value_i;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      kept_q <= 1'b0;
      open_q <= '0;
    end else begin
      kept_q <= (active || rd_req_valid || wr_req_valid) && !done;
      open_q <= open_q + 2'(issue_i) - 2'(resp_valid_i);
    end
  end

  always_comb begin
    if (!started_q) begin
      assume (!rst_ni);
      assume (current_i[47:12] != monitored_i[47:12]);
      assume ((current_i != '0) && (monitored_i != '0));
    end
    assume (!issue_i || can_issue);
    assume (!resp_valid_i || (open_q != '0));
    assume (!clear_i || settled);
    assume (!kept_q || ((fence_kind_i == kind_q) && (fence_addr_i == addr_q)
                        && (fence_monitored_i == monitored_q) && (fence_value_i == value_q)));
    assume (fence_kind_i <= bell_pkg::FenceWait);
    // The fence is raised by signals that know its monitored value, or that it has none, and rises.
    assume ((fence_addr_i != mon_addr_q) && ((fence_addr_i != cur_addr_q)
            || (fence_kind_i != bell_pkg::FencePlain)));
    assume (!ours || (fence_monitored_i == mon_addr_q) || (fence_monitored_i == '0));
    assume (!ours || (fence_value_i >= cur_q));
    assume (!log_ready_i || ((log_i.addr[47:12] != cur_addr_q[47:12])
                             && (log_i.addr[47:12] != mon_addr_q[47:12])));
  end

  // ------------------------------------------------------------------- proofs

  // On its way to the event: memory has the value, and the log is still to be written, or the
  // monitored value to be read, or it was found to be below.
  // States of bell_fence.
  localparam logic [3:0] AtIdle = 4'd0, AtRequest = 4'd1, AtData = 4'd2, AtResponse = 4'd3,
                         AtRead = 4'd4, AtReadWait = 4'd5, AtNotify = 4'd6, AtLog = 4'd7,
                         AtDone = 4'd8;

  logic written, logs, looks, tells, comes, told_q, over, low, is_signal, is_wait, waits_here;
  logic at_write, at_log_write, at_log, after_value, after_log, read_well, logged;
  logic asked_q, has_log_q, entered_q, indexed_q, lost_q;  // What this signal's log has.

  assign written = ours && (dut.state_q == AtResponse) && (dut.what_q == 2'd0)
                   && (wr_q == Done) && !wr_refused_q;
  assign logs    = ours && ((dut.state_q == AtLog) || at_log_write);
  assign looks   = ours && ((dut.state_q == AtRead)
                   || ((dut.state_q == AtReadWait) && (rd_q == Ready)));
  assign tells   = ours && ((dut.state_q == AtNotify)
                   || ((dut.state_q == AtReadWait) && (rd_q == Done)
                       && (rd_refused_q || (fence_value_i > rd_data_q))));
  assign comes   = written || logs || looks || tells || event_q || again_q;
  assign low     = ((cpu_q == Looked) && low_q) || (cpu_q == Asleep);

  assign is_signal  = fence_kind_i == bell_pkg::FenceSignal;
  assign is_wait    = fence_kind_i == bell_pkg::FenceWait;
  assign waits_here = is_wait && (fence_addr_i == cur_addr_q);
  assign over       = done && waits_here && (dut.state_q != AtReadWait);

  assign at_write    = (dut.state_q == AtRequest) || (dut.state_q == AtData)
                       || (dut.state_q == AtResponse);
  assign at_log_write = at_write && (dut.what_q != 2'd0);
  assign at_log      = (dut.state_q == AtLog) || (dut.state_q == AtDone) || at_log_write;
  assign after_value = at_log || (dut.state_q == AtRead) || (dut.state_q == AtReadWait)
                       || (dut.state_q == AtNotify);
  assign after_log   = (dut.state_q == AtDone) || (is_signal && ((dut.state_q == AtRead)
                       || (dut.state_q == AtReadWait) || (dut.state_q == AtNotify)));
  assign logged      = asked_q && (!has_log_q || lost_q || (entered_q && indexed_q));
  assign read_well   = (dut.state_q == AtReadWait) && (rd_q == Done) && !rd_refused_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      told_q <= 1'b0;
    end else begin
      told_q <= (signal_valid || told_q) && !done;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {asked_q, has_log_q, entered_q, indexed_q, lost_q} <= '0;
    end else if (dut.state_q == AtIdle) begin
      {asked_q, has_log_q, entered_q, indexed_q, lost_q} <= '0;
    end else begin
      asked_q   <= (log_valid && log_ready_i) || asked_q;
      has_log_q <= (log_valid && log_ready_i && log_i.enable) || has_log_q;
      if (has_log_q && wr_valid) begin
        entered_q <= (!wr_refused_q && (wr_addr_q[11:0] != '0)) || entered_q;
        indexed_q <= (!wr_refused_q && (wr_addr_q[11:0] == '0)) || indexed_q;
        lost_q    <= wr_refused_q || lost_q;
      end
    end
  end

  always_comb begin
    if (started_q) begin
      inv_words: assert ((cur_addr_q[47:12] != mon_addr_q[47:12]) && (cur_addr_q != '0)
                         && (mon_addr_q != '0));
    end
    if (rst_ni && started_q) begin
      never_left_asleep: assert ((cpu_q != Asleep) || (cur_q < want_q) || comes);
      told_once: assert (!signal_valid || !told_q);
      told_when_visible: assert (!signal_valid || !ours || (cur_q == fence_value_i));
      told_the_key: assert (!signal_valid || (signal_key == fence_addr_i[11:6]));
      told_before_done: assert (!done || !ours || told_q || wr_refused_q);
      logged_before_event: assert (!event_valid || logged);
      asked_when_settled: assert (active || !(rd_req_valid || wr_req_valid) || (open_q == '0));
      wait_is_over: assert (!over || (cur_q >= fence_value_i));
      wait_is_not_over: assert (!blocked || !waits_here || (cur_q < fence_value_i));

      inv_low: assert (!low || (cur_q < want_q) || comes);
      inv_posted: assert (!posted_q || (cpu_q == Stored));
      inv_monitored: assert ((cpu_q == Runs) || posted_q || (mon_q == want_q - 64'd1));
      inv_want: assert ((cpu_q == Runs) || (want_q != '0));
      inv_cpu: assert (cpu_q <= Asleep);
      inv_kept: assert ((dut.state_q == AtIdle) || kept_q);
      inv_state: assert ((dut.state_q <= AtDone) && (dut.what_q <= 2'd2));
      inv_open: assert (dut.u_track.count_q == open_q);
      inv_few: assert (open_q <= 2'd2);
      inv_write: assert ((wr_q == None) == !((dut.state_q == AtData)
                                             || (dut.state_q == AtResponse)));
      inv_asked: assert ((wr_q == Asked) == (dut.state_q == AtData));
      inv_read: assert ((rd_q == None) == (dut.state_q != AtReadWait));
      inv_read_asked: assert (rd_q != Asked);
      inv_kind: assert (!(at_write && (dut.what_q == 2'd0)) || !is_wait);
      inv_reads: assert (!((dut.state_q == AtRead) || (dut.state_q == AtReadWait)) || is_wait
                         || (is_signal && (fence_monitored_i != '0)));
      inv_tells: assert ((dut.state_q != AtNotify) || is_signal);
      inv_logs: assert (!at_log || is_signal || is_wait);
      inv_address: assert (!(at_write && (wr_q != None) && (dut.what_q == 2'd0))
                           || (wr_addr_q == fence_addr_i));
      inv_data: assert (!((dut.state_q == AtResponse) && (dut.what_q == 2'd0))
                        || (wr_data_q == fence_value_i));
      inv_log: assert (!(at_write && (dut.what_q != 2'd0))
                       || ((dut.log_q.addr[47:12] != cur_addr_q[47:12])
                           && (dut.log_q.addr[47:12] != mon_addr_q[47:12])));
      inv_log_address: assert (!(at_write && (wr_q != None) && (dut.what_q != 2'd0))
                               || (wr_addr_q[47:12] == dut.log_q.addr[47:12]));
      inv_read_address: assert ((dut.state_q != AtReadWait) || (rd_addr_q == (is_signal
                                ? fence_monitored_i : fence_addr_i)));
      inv_visible: assert (!(ours && (after_value || written)) || (cur_q == fence_value_i));
      inv_told: assert (!is_signal || !after_value || told_q);
      inv_not_told: assert (!told_q || (is_signal && after_value));
      inv_sees: assert (!read_well || (rd_addr_q != cur_addr_q) || (rd_data_q == cur_q));
      inv_logged: assert (!after_log || !is_signal || logged);
      inv_logging: assert (!at_log_write || (asked_q && has_log_q && !lost_q
                                             && ((dut.what_q == 2'd1) || entered_q)));
      inv_not_logged: assert (at_log_write || after_log || (dut.state_q == AtIdle)
                              || !(asked_q || has_log_q || entered_q || indexed_q || lost_q));
      inv_entry: assert (!at_log_write || (wr_q == None)
                         || ((wr_addr_q[11:0] != '0) == (dut.what_q == 2'd1)));
      inv_over: assert (!waits_here || !at_log || (cur_q >= fence_value_i));
    end
  end

endmodule : f_race
