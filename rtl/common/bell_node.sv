// SPDX-License-Identifier: MIT
//
// One node: takes a queue for a turn, runs its command buffers, tells what became of it.
//
//   from sched  turn: the queue's context; yield: end it after the buffer that runs; preempt: inside
//               that buffer; abort: stop at once, for good
//   to sched    end: entries consumed and where the next one goes on, whether known work is left,
//               whether the queue faulted or waits for a native fence; signal: a native fence was
//               raised; log: wants a place in a fence log of the queue
//   to irq      events, held until taken
//   to dma_mux  units, for reads and writes apart; answers of one unit come back in order
//                 reads   0 ring (WPTR, entries)   1 command buffers   2 copy sources, fences
//                 writes  0 RPTR                   1 fill, copy, word  2 fences and their logs
//
// Timing  WPTR read requested in the clock in which the turn is accepted. Answers from memory are
//         taken at once, always, and reach their unit one clock later.
// Reset   rst_ni asserts asynchronously; no turn is held after it.
// Quiet   busy_o is low when nothing but an input or the WORK timer can change the state: also
//         while the node waits for an answer from memory. timer_o is then the exact number of
//         clocks to the edge at which the timer ends.
// Clock   fetch, engine and fence stand still, but for the timer, in clocks that cannot change
//         them.

module bell_node #(
  parameter int unsigned NodeId     = 0,
  parameter int unsigned MinBuffers = 8,  // Buffers in one turn, while others wait for the node,
  parameter int unsigned MaxBuffers = 64  // and while none does; 1 .. 127.
) (
  input  logic clk_i,
  input  logic rst_ni,

  input  logic [31:0] advance_i,  // Clocks that this edge stands for, 1 or more.

  // From and to sched.
  input  logic                turn_valid_i,
  output logic                turn_ready_o,
  input  bell_pkg::turn_t     turn_i,
  output logic                end_valid_o,
  input  logic                end_ready_i,
  output bell_pkg::turn_end_t end_o,
  input  logic                yield_i,    // Level: end the turn after the buffer that runs.
  input  logic                others_i,   // Level: another queue of the node is ready.
  input  logic                preempt_i,  // Level: end it where that buffer can be resumed.
  input  logic                abort_i,    // Pulse; no effect without a turn.

  output logic                 signal_valid_o,  // Pulse: a native fence was raised, visibly.
  output bell_pkg::fence_key_t signal_key_o,
  output logic                 log_valid_o,     // A place in a fence log of queue_o is wanted:
  output logic                 log_signals_o,   // in that of signals; else of waits.
  input  logic                 log_ready_i,     // log_i is the place, and it is taken.
  input  bell_pkg::fence_log_t log_i,
  input  logic [63:0]          time_i,          // GPU time, for fence logs.

  // To irq.
  output logic             event_valid_o,
  input  logic             event_ready_i,
  output bell_pkg::event_t event_o,

  // To dma_mux: reads.
  output logic                [2:0] rd_req_valid_o,
  input  logic                [2:0] rd_req_ready_i,
  output bell_pkg::dma_req_t  [2:0] rd_req_o,
  input  logic                [2:0] rd_data_valid_i,  // Always taken.
  input  bell_pkg::dma_rdata_t      rd_data_i,  // Shared by the three units.

  // To dma_mux: writes.
  output logic                [2:0] wr_req_valid_o,
  input  logic                [2:0] wr_req_ready_i,
  output bell_pkg::dma_req_t  [2:0] wr_req_o,
  output logic                [2:0] wr_data_valid_o,
  input  logic                [2:0] wr_data_ready_i,
  output bell_pkg::dma_wdata_t [2:0] wr_data_o,
  input  logic                [2:0] wr_resp_valid_i,  // Always taken.
  input  logic                [1:0] wr_resp_i,        // Shared by the three units.

  // Quiet and deadline.
  output logic        busy_o,
  output logic        progress_o,  // Pulse: a packet is done with, or a longer one starts or ends.
  output logic        timer_valid_o,
  output logic [63:0] timer_o,  // Clocks left of a WORK packet.

  // Taps, one-clock pulses. Start: the count of its ring entry. Done: that count plus one.
  output logic              sample_valid_o,  // The WPTR read is on its way.
  output logic              start_valid_o,
  output bell_pkg::count_t  start_rptr_o,
  output logic              done_valid_o,
  output bell_pkg::count_t  done_rptr_o,
  output bell_pkg::queue_id_t queue_o        // Queue of sample, start and done.
);

  // Answers of memory, one clock after the pins. Units take them when they come: they asked for no
  // more than they have room for.
  logic                 clk, awake, answer, quiet_end;
  logic           [2:0] rd_valid_q, wr_valid_q;
  logic           [1:0] wr_resp_q;
  bell_pkg::dma_rdata_t rd_data_q;

  assign answer = (|rd_valid_q) || (|wr_valid_q);
  assign awake  = busy_o || (|rd_data_valid_i) || (|wr_resp_valid_i) || turn_valid_i || abort_i ||
                  yield_i || preempt_i || quiet_end;

  bell_clock_gate u_clock (.clk_i, .enable_i(awake), .clk_o(clk));

  always_ff @(posedge clk or negedge rst_ni) begin
    if (!rst_ni) begin
      rd_valid_q <= '0;
      wr_valid_q <= '0;
    end else begin
      rd_valid_q <= rd_data_valid_i;
      wr_valid_q <= wr_resp_valid_i;
    end
  end

  always_ff @(posedge clk) begin
    if (|rd_data_valid_i) begin
      rd_data_q <= rd_data_i;
    end
    if (|wr_resp_valid_i) begin
      wr_resp_q <= wr_resp_i;
    end
  end

  // fetch <-> engine
  logic                  buf_valid, buf_ready, flush, abort, running, start, empty;
  logic                  buf_end_valid, buf_end_ready;
  bell_pkg::buffer_t     buffer;
  bell_pkg::buffer_end_t buf_end;
  bell_pkg::resume_t     resume;
  logic [31:0]           buf_offset;
  logic [63:0]           buf_done;

  // engine <-> fence
  logic             can_issue, issue, fence_valid, fence_done, clear, settled, err;
  logic             fence_active, fence_blocked;
  bell_pkg::addr_t  issue_addr, fence_addr, fence_monitored, err_addr;
  logic [63:0]      fence_value, fence_met, fence_seen;
  logic [31:0]      fence_name;
  bell_pkg::fence_kind_t fence_kind;
  bell_pkg::pasid_t pasid;
  bell_pkg::cause_t err_cause;

  // One struct a unit.
  bell_pkg::dma_req_t   ring_req, cmd_req, data_req, fence_rd_req;
  bell_pkg::dma_req_t   rptr_wr_req, data_wr_req, fence_wr_req;
  bell_pkg::dma_wdata_t rptr_wr_data, data_wr_data, fence_wr_data;

  // Read unit 2 is the fence's while a fence is under way: the mover has nothing to do then.
  logic data_rd_valid, fence_rd_valid;

  assign rd_req_valid_o[2] = data_rd_valid || fence_rd_valid;

  // Zero unless one of them counts: no work for a node that asks for nothing.
  always_comb begin
    rd_req_o  = '0;
    wr_req_o  = '0;
    wr_data_o = '0;
    if (|rd_req_valid_o) begin
      rd_req_o = {fence_rd_valid ? fence_rd_req : data_req, cmd_req, ring_req};
    end
    if (|wr_req_valid_o) begin
      wr_req_o = {fence_wr_req, data_wr_req, rptr_wr_req};
    end
    if (|wr_data_valid_o) begin
      wr_data_o = {fence_wr_data, data_wr_data, rptr_wr_data};
    end
  end

  // Events: one of the units offers one at a time; it waits here for irq, which tells it afterwards.
  // So what irq has room for has no path into a unit. USER_IRQ can be taken back until irq has it.
  logic             fault_valid, irq_valid, signaled_valid, event_take, event_cancel, event_valid_q;
  logic       [2:0] event_from_q, event_taken_q;  // Fault, USER_IRQ, FENCE_SIGNALED; one-hot.
  bell_pkg::cause_t fault_cause;
  logic [63:0]      fault_data, irq_data;
  bell_pkg::addr_t  signaled_addr;
  bell_pkg::event_t event_q;

  assign event_take    = (fault_valid || irq_valid || signaled_valid) && !event_valid_q &&
                         (event_taken_q == '0);
  assign event_cancel  = event_from_q[1] && (preempt_i || !irq_valid);
  assign event_valid_o = event_valid_q;
  assign event_o       = event_q;

  always_ff @(posedge clk or negedge rst_ni) begin
    if (!rst_ni) begin
      event_valid_q <= 1'b0;
      event_taken_q <= '0;
    end else begin
      event_valid_q <= event_take || (event_valid_q && !event_ready_i && !event_cancel);
      event_taken_q <= (event_valid_q && event_ready_i) ? event_from_q : '0;
    end
  end

  always_ff @(posedge clk) begin
    if (event_take) begin
      event_from_q  <= {fault_valid, irq_valid && !fault_valid,
                        signaled_valid && !irq_valid && !fault_valid};
      event_q.node  <= 2'(NodeId);
      event_q.queue <= queue_o;
      event_q.cause <= fault_valid ? fault_cause :
                       irq_valid ? bell_formats_pkg::CauseUserIrq :
                       bell_formats_pkg::CauseFenceSignaled;
      event_q.data  <= fault_valid ? fault_data : irq_valid ? irq_data : {16'd0, signaled_addr};
    end
  end

  logic fetch_busy, engine_busy, fence_busy;

  assign busy_o = |{fetch_busy, engine_busy, fence_busy, answer, event_take, event_taken_q,
                    event_valid_q && (event_ready_i || event_cancel)};

  bell_pkg::count_t rptr;

  assign start_valid_o = start;

  always_comb begin
    start_rptr_o = '0;
    done_rptr_o  = '0;
    if (start_valid_o) begin
      start_rptr_o = rptr;
    end
    if (done_valid_o) begin
      done_rptr_o = bell_pkg::next_count(rptr);
    end
  end

  bell_fetch #(.MinBuffers(MinBuffers), .MaxBuffers(MaxBuffers)) u_fetch (
    .clk_i(clk), .rst_ni,
    .turn_valid_i, .turn_ready_o, .turn_i, .end_valid_o, .end_ready_i, .end_o,
    .yield_i, .others_i, .preempt_i, .abort_i,
    .buf_valid_o(buf_valid), .buf_ready_i(buf_ready), .buf_o(buffer), .resume_o(resume),
    .flush_o(flush), .abort_o(abort), .running_i(running), .empty_i(empty),
    .buf_end_valid_i(buf_end_valid), .buf_end_ready_o(buf_end_ready), .buf_end_i(buf_end),
    .buf_offset_i(buf_offset), .buf_done_i(buf_done),
    .event_valid_o(fault_valid), .event_ready_i(event_taken_q[2]), .event_cause_o(fault_cause),
    .event_data_o(fault_data),
    .rd_req_valid_o(rd_req_valid_o[0]), .rd_req_ready_i(rd_req_ready_i[0]), .rd_req_o(ring_req),
    .rd_data_valid_i(rd_valid_q[0]), .rd_data_i(rd_data_q),
    .wr_req_valid_o(wr_req_valid_o[0]), .wr_req_ready_i(wr_req_ready_i[0]),
    .wr_req_o(rptr_wr_req),
    .wr_data_valid_o(wr_data_valid_o[0]), .wr_data_ready_i(wr_data_ready_i[0]),
    .wr_data_o(rptr_wr_data),
    .wr_resp_valid_i(wr_valid_q[0]), .wr_resp_i(wr_resp_q),
    .busy_o(fetch_busy), .sample_valid_o, .done_valid_o, .rptr_o(rptr), .queue_o
  );

  bell_engine u_engine (
    .clk_i(clk), .clk_timer_i(clk_i), .rst_ni, .advance_i,
    .buf_valid_i(buf_valid), .buf_ready_o(buf_ready), .buf_i(buffer), .resume_i(resume),
    .flush_i(flush), .abort_i(abort), .preempt_i,
    .start_o(start), .running_o(running), .empty_o(empty),
    .end_valid_o(buf_end_valid), .end_ready_i(buf_end_ready), .end_o(buf_end),
    .end_offset_o(buf_offset), .end_done_o(buf_done),
    .event_valid_o(irq_valid), .event_ready_i(event_taken_q[1]), .event_busy_i(event_valid_q),
    .event_data_o(irq_data),
    .can_issue_i(can_issue), .issue_o(issue), .issue_addr_o(issue_addr),
    .fence_valid_o(fence_valid), .fence_kind_o(fence_kind), .fence_addr_o(fence_addr),
    .fence_value_o(fence_value), .fence_monitored_o(fence_monitored), .fence_name_o(fence_name),
    .fence_seen_o(fence_met), .pasid_o(pasid), .fence_active_i(fence_active),
    .fence_done_i(fence_done), .fence_blocked_i(fence_blocked), .fence_seen_i(fence_seen),
    .clear_o(clear), .settled_i(settled),
    .err_i(err), .err_cause_i(err_cause), .err_addr_i(err_addr),
    .cmd_req_valid_o(rd_req_valid_o[1]), .cmd_req_ready_i(rd_req_ready_i[1]),
    .cmd_req_o(cmd_req),
    .cmd_data_valid_i(rd_valid_q[1]),
    .rd_req_valid_o(data_rd_valid), .rd_req_ready_i(rd_req_ready_i[2]), .rd_req_o(data_req),
    .rd_data_valid_i(rd_valid_q[2]), .rd_data_i(rd_data_q),
    .wr_req_valid_o(wr_req_valid_o[1]), .wr_req_ready_i(wr_req_ready_i[1]),
    .wr_req_o(data_wr_req),
    .wr_data_valid_o(wr_data_valid_o[1]), .wr_data_ready_i(wr_data_ready_i[1]),
    .wr_data_o(data_wr_data),
    .busy_o(engine_busy), .progress_o, .timer_end_o(quiet_end), .timer_valid_o, .timer_o
  );

  bell_fence u_fence (
    .clk_i(clk), .rst_ni, .time_i,
    .issue_i(issue), .issue_addr_i(issue_addr), .can_issue_o(can_issue),
    .resp_valid_i(wr_valid_q[1]), .resp_i(wr_resp_q),
    .fence_valid_i(fence_valid), .fence_kind_i(fence_kind), .fence_addr_i(fence_addr),
    .fence_value_i(fence_value), .fence_monitored_i(fence_monitored), .fence_name_i(fence_name),
    .fence_seen_i(fence_met), .pasid_i(pasid), .fence_active_o(fence_active),
    .fence_done_o(fence_done), .fence_blocked_o(fence_blocked), .fence_seen_o(fence_seen),
    .clear_i(clear), .settled_o(settled), .err_o(err), .err_cause_o(err_cause),
    .err_addr_o(err_addr),
    .signal_valid_o, .signal_key_o, .log_valid_o, .log_signals_o, .log_ready_i, .log_i,
    .event_valid_o(signaled_valid), .event_ready_i(event_taken_q[0]),
    .event_addr_o(signaled_addr),
    .rd_req_valid_o(fence_rd_valid), .rd_req_ready_i(rd_req_ready_i[2]), .rd_req_o(fence_rd_req),
    .rd_data_valid_i(rd_valid_q[2]), .rd_data_i(rd_data_q),
    .wr_req_valid_o(wr_req_valid_o[2]), .wr_req_ready_i(wr_req_ready_i[2]),
    .wr_req_o(fence_wr_req),
    .wr_data_valid_o(wr_data_valid_o[2]), .wr_data_ready_i(wr_data_ready_i[2]),
    .wr_data_o(fence_wr_data),
    .wr_resp_valid_i(wr_valid_q[2]), .wr_resp_i(wr_resp_q),
    .busy_o(fence_busy)
  );

endmodule : bell_node
