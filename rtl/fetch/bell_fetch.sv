// SPDX-License-Identifier: MIT
//
// Ring side of one node. A turn: sample WPTR, read entries, hand buffers to the engine in order,
// write RPTR after each, tell the scheduler what is left.
//
//   bell_fetch_sample   WPTR: the read, the bounds, how many buffers it covers
//   bell_fetch_entries  entries: reads ahead, judgement, buffers to the engine
//   here                the turn, RPTR, faults
//
//   Idle  -> Run    turn accepted (the WPTR read is requested in the same clock)
//   Run   -> Post   fault: everything issued is answered, nothing is left in the engine
//   Run   -> End    the same without a fault
//   Post  -> End    the event is taken by irq
//   End   -> Idle   the end is taken by sched
//
// A turn ends after MaxBuffers buffers, after MinBuffers as soon as others wait for the node, when
// RPTR reaches the sampled WPTR, on yield_i after the buffer that runs, on preempt_i where the engine
// stops inside it, when a WAIT stops it, on a fault, or on abort_i. yield_i and preempt_i never cut the
// WPTR sample short.
//
// A turn starts inside the buffer of entry RPTR at the resume point that came with it, and ends with
// the one to go on at; 0 when that buffer was not begun, or its queue faulted.
//
// The first entry is read together with WPTR, and with it those that the queue's last turn left, if
// that was the last one of this node; none, if the ring is so large that the tag cannot tell this lap
// from the last. If such an early copy is not good, its word 0 is zero, or WPTR does not cover it, it
// counts for nothing: entries are read again after the sample, from the first that is not with the
// engine by then. So word 1 of an entry must be written before word 0, a burst must be read in order
// or at once, and a ring must be zeroed before its counts start anew.
//
// Faults: refused or failed access to WPTR, entry, RPTR (data: address); WPTR out of bounds
// (data: WPTR); bad entry or a resume point outside it, abort (data: RPTR); those of the engine.
//
// Timing  end_valid_o and end_o come from registers; a fault takes two clocks more than an end.
// Reset   no turn is held.

module bell_fetch #(
  parameter int unsigned MinBuffers = 8,   // In one turn, while others wait for the node,
  parameter int unsigned MaxBuffers = 64,  // and while none does; 1 .. 127.
  parameter int unsigned NumEntries = 16   // Read ahead; a power of two, 2 .. 64.
) (
  input  logic clk_i,
  input  logic rst_ni,

  // From and to sched.
  input  logic                turn_valid_i,
  output logic                turn_ready_o,
  input  bell_pkg::turn_t     turn_i,
  output logic                end_valid_o,
  input  logic                end_ready_i,
  output bell_pkg::turn_end_t end_o,
  input  logic                yield_i,
  input  logic                others_i,   // Level: another queue of the node is ready.
  input  logic                preempt_i,  // Level; goes to the engine as well.
  input  logic                abort_i,    // Pulse; counts from the clock that accepts the turn.

  // From and to engine.
  output logic                  buf_valid_o,
  input  logic                  buf_ready_i,
  output bell_pkg::buffer_t     buf_o,
  output bell_pkg::resume_t     resume_o,      // Of the first buffer of the turn.
  output logic                  flush_o,
  output logic                  abort_o,
  input  logic                  running_i,
  input  logic                  empty_i,
  input  logic                  buf_end_valid_i,
  output logic                  buf_end_ready_o,
  input  bell_pkg::buffer_end_t buf_end_i,
  input  logic [31:0]           buf_offset_i,  // Resume point of a buffer that was stopped.
  input  logic [63:0]           buf_done_i,

  // To irq.
  output logic             event_valid_o,
  input  logic             event_ready_i,
  output bell_pkg::cause_t event_cause_o,
  output logic [63:0]      event_data_o,

  // To dma_mux.
  output logic                 rd_req_valid_o,
  input  logic                 rd_req_ready_i,
  output bell_pkg::dma_req_t   rd_req_o,
  input  logic                 rd_data_valid_i,
  input  bell_pkg::dma_rdata_t rd_data_i,
  output logic                 wr_req_valid_o,
  input  logic                 wr_req_ready_i,
  output bell_pkg::dma_req_t   wr_req_o,
  output logic                 wr_data_valid_o,
  input  logic                 wr_data_ready_i,
  output bell_pkg::dma_wdata_t wr_data_o,
  input  logic                 wr_resp_valid_i,
  input  logic [1:0]           wr_resp_i,

  output logic                busy_o,
  output logic                sample_valid_o,
  output logic                done_valid_o,
  output bell_pkg::count_t    rptr_o,   // Entries consumed.
  output bell_pkg::queue_id_t queue_o
);

  typedef enum logic [1:0] {Idle, Run, Post, End} state_e;

  state_e               state_q;
  bell_pkg::turn_t      turn_q;
  logic [15:0]          mask_q;   // Entries of the ring less one.
  bell_pkg::count_t     rptr_q;
  logic                 stop_q;   // Yield, or a buffer was stopped: no further one.
  bell_pkg::resume_t    resume_q; // In the buffer of entry rptr_q.
  logic                 blocked_q;
  bell_pkg::fence_key_t key_q;
  logic                 abort_q;
  logic                 fault_q;
  bell_pkg::cause_t     cause_q;
  logic [63:0]          data_q;
  logic [6:0]           early_q;  // Known entries that the last turn left, NumEntries at most.

  logic taking, hold;

  // The scheduler opens no ring that is not aligned to 4 KiB, and no control area that is not to 16.
  logic unused_bits;

  assign unused_bits = ^{turn_q.log2_entries, turn_q.base[11:0]};

  assign taking       = (state_q == Idle) && turn_valid_i;
  assign turn_ready_o = state_q == Idle;
  assign queue_o      = turn_q.queue;
  assign resume_o     = turn_q.resume;
  assign rptr_o       = rptr_q;

  // ---------------------------------------------------------------------------------------------
  // Reads: WPTR first, then entries. The first answer of a turn is WPTR.

  bell_pkg::pasid_t ring_pasid;
  bell_pkg::addr_t  entry_addr, control;
  bell_pkg::cause_t resp_cause, bad_cause;
  bell_pkg::addr_t  bad_addr;
  bell_pkg::count_t wptr;
  logic [1:0]       sample_resp;
  logic             ask_sample, ask_entry, sample_wait, sample_judge, known, sample_fault, sample_beyond;
  logic             entries_open, entries_again, bad;
  logic [6:0]       limit, handed;
  logic [16:0]      left;  // Entries up to WPTR.
  logic             buf_done, buf_stopped;

  bell_fetch_sample #(.MaxBuffers(MaxBuffers)) u_sample (
    .clk_i, .rst_ni, .take_i(taking), .rptr_i(turn_q.rptr), .mask_i(mask_q), .done_i(buf_done),
    .ask_o(ask_sample), .ready_i(rd_req_ready_i), .wait_o(sample_wait),
    .beat_i(rd_data_valid_i), .rdata_i(rd_data_i),
    .judge_o(sample_judge), .known_o(known), .fault_o(sample_fault), .beyond_o(sample_beyond),
    .resp_o(sample_resp), .wptr_o(wptr), .limit_o(limit), .left_o(left)
  );

  bell_fetch_entries #(.MinBuffers(MinBuffers), .NumEntries(NumEntries)) u_entries (
    .clk_i, .rst_ni,
    .take_i(taking), .first_i(turn_i.rptr[15:0]),
    .early_i(((turn_i.queue == turn_q.queue) && (early_q != '0)) ? early_q : 7'd1),
    .page_i(turn_q.base[47:12]), .mask_i(mask_q), .pasid_i(turn_q.pasid),
    .offset_i(turn_q.resume.offset), .run_i((state_q == Run) && !hold), .others_i,
    .known_i(known), .limit_i(limit),
    .ask_o(ask_entry), .ready_i(rd_req_ready_i && !ask_sample), .addr_o(entry_addr),
    .beat_i(rd_data_valid_i && !sample_wait), .rdata_i(rd_data_i),
    .open_o(entries_open), .again_o(entries_again),
    .buf_valid_o, .buf_ready_i, .buf_o, .handed_o(handed),
    .bad_o(bad), .bad_cause_o(bad_cause), .bad_addr_o(bad_addr)
  );

  // Without a turn the next one shows already, taken or not.
  assign control    = (state_q == Idle) ? turn_i.control : turn_q.control;
  assign ring_pasid = (state_q == Idle) ? (turn_i.kernel_ring ? '0 : turn_i.pasid)
                                        : (turn_q.kernel_ring ? '0 : turn_q.pasid);

  assign rd_req_valid_o = ask_sample || ask_entry;
  assign sample_valid_o = ask_sample && rd_req_ready_i;
  assign resp_cause     = (sample_resp == bell_pkg::RespDecErr) ?
                          bell_formats_pkg::CausePageFault : bell_formats_pkg::CauseBusError;

  always_comb begin
    rd_req_o = '0;
    if (ask_sample) begin
      rd_req_o = {control | 48'(bell_formats_pkg::ControlWptrOffset), 4'd0, ring_pasid};
    end else if (ask_entry) begin
      rd_req_o = {entry_addr, 4'(bell_formats_pkg::EntryBytes / 8 - 1), ring_pasid};
    end
  end

  // ---------------------------------------------------------------------------------------------
  // Buffer ends and RPTR writes: one write a buffer, several unanswered at most.

  logic       wr_req_due_q, wr_data_due_q;
  logic [6:0] done_q, acked_q;  // Buffers finished; RPTR writes answered.
  bell_pkg::addr_t rptr_addr;

  assign buf_end_ready_o = !wr_req_due_q && !wr_data_due_q;
  assign buf_done        = buf_end_valid_i && buf_end_ready_o && !buf_end_i.fault &&
                           !buf_end_i.stopped;
  assign buf_stopped     = buf_end_valid_i && buf_end_ready_o && !buf_end_i.fault &&
                           buf_end_i.stopped;
  assign done_valid_o    = buf_done;

  assign rptr_addr       = turn_q.control | 48'(bell_formats_pkg::ControlRptrOffset);
  assign wr_req_valid_o  = wr_req_due_q;
  assign wr_data_valid_o = wr_data_due_q && !wr_req_due_q;
  assign wr_data_o       = {rptr_q, 1'b1};

  always_comb begin
    wr_req_o = '0;
    if (wr_req_valid_o) begin
      wr_req_o = {rptr_addr, 4'd0, ring_pasid};
    end
  end

  // ---------------------------------------------------------------------------------------------
  // End of the turn.

  logic engine_clear, finished, bad_due, enough;

  // The last buffer of a turn that others wait for runs, or none does at the moment.
  assign enough = others_i && ((done_q >= 7'(MinBuffers)) ||
                               (running_i && (done_q == 7'(MinBuffers - 1))));

  // The engine starts nothing while it is flushed, so from this clock on no further buffer.
  assign hold         = |{stop_q, abort_q, fault_q};
  assign abort_o      = abort_q;
  assign flush_o      = hold && !running_i && !empty_i;
  assign engine_clear = !running_i && empty_i;

  // A bad entry counts once every buffer before it is done and its RPTR write answered.
  assign bad_due  = bad && (done_q == handed) && (acked_q == done_q);
  assign finished = (state_q == Run) && known && !entries_open && engine_clear &&
                    !wr_req_due_q && !wr_data_due_q && (acked_q == done_q) &&
                    (hold || (done_q == limit));

  assign event_valid_o = state_q == Post;
  assign event_cause_o = cause_q;
  assign event_data_o  = data_q;
  assign end_valid_o   = state_q == End;

  always_comb begin
    end_o = '0;
    if (end_valid_o) begin
      end_o = {turn_q.queue, rptr_q, left != '0, fault_q, cause_q,
               fault_q ? bell_pkg::resume_t'(0) : resume_q, blocked_q && !fault_q, key_q};
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= Idle;
    end else begin
      case (state_q)
        Idle:    if (turn_valid_i) state_q <= Run;
        Run:     if (finished) state_q <= (fault_q || abort_q) ? Post : End;
        Post:    if (event_ready_i) state_q <= End;
        End:     if (end_ready_i) state_q <= Idle;
        default: state_q <= Idle;
      endcase
    end
  end

  // What is known of the turn.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      turn_q  <= '0;
      mask_q  <= '0;
      early_q <= '0;
    end else if (taking) begin
      turn_q  <= turn_i;
      mask_q  <= ~(16'hffff << turn_i.log2_entries);
    end else if (end_valid_o) begin
      early_q <= (left > 17'(NumEntries)) ? 7'(NumEntries) : left[6:0];
    end
  end

  // Buffers done and RPTR.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      rptr_q        <= '0;
      done_q        <= '0;
      acked_q       <= '0;
      wr_req_due_q  <= 1'b0;
      wr_data_due_q <= 1'b0;
    end else if (taking) begin
      rptr_q  <= turn_i.rptr;
      done_q  <= '0;
      acked_q <= '0;
    end else begin
      if (buf_done) begin
        rptr_q        <= bell_pkg::next_count(rptr_q);
        done_q        <= done_q + 1'b1;
        wr_req_due_q  <= 1'b1;
        wr_data_due_q <= 1'b1;
      end
      if (wr_req_valid_o && wr_req_ready_i) begin
        wr_req_due_q <= 1'b0;
      end
      if (wr_data_valid_o && wr_data_ready_i) begin
        wr_data_due_q <= 1'b0;
      end
      if (wr_resp_valid_i) begin
        acked_q <= acked_q + 1'b1;
      end
    end
  end

  // Resume point.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      resume_q  <= '0;
      blocked_q <= 1'b0;
      key_q     <= '0;
    end else if (taking) begin
      resume_q  <= turn_i.resume;
      blocked_q <= 1'b0;
    end else if (buf_done) begin
      resume_q <= '0;
    end else if (buf_stopped) begin
      resume_q  <= {buf_offset_i, buf_done_i};
      blocked_q <= buf_end_i.blocked;
      key_q     <= buf_end_i.key;
    end
  end

  // Reasons to stop; the first fault stands.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      stop_q  <= 1'b0;
      abort_q <= 1'b0;
    end else if (taking) begin
      stop_q  <= 1'b0;
      abort_q <= abort_i;
    end else if ((state_q == Run) && !finished) begin
      stop_q  <= stop_q || yield_i || preempt_i || buf_stopped || enough;
      abort_q <= abort_q || abort_i;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      fault_q <= 1'b0;
      cause_q <= bell_formats_pkg::CauseNone;
      data_q  <= '0;
    end else if (taking) begin
      fault_q <= 1'b0;
      cause_q <= bell_formats_pkg::CauseNone;
    end else if ((state_q == Run) && !fault_q) begin
      if (sample_fault) begin
        fault_q <= 1'b1;
        cause_q <= sample_beyond ? bell_formats_pkg::CausePtrBounds : resp_cause;
        data_q  <= sample_beyond ? wptr : {16'd0, turn_q.control};
      end else if (wr_resp_valid_i && (wr_resp_i != bell_pkg::RespOkay)) begin
        fault_q <= 1'b1;
        cause_q <= (wr_resp_i == bell_pkg::RespDecErr) ? bell_formats_pkg::CausePageFault :
                   bell_formats_pkg::CauseBusError;
        data_q  <= {16'd0, rptr_addr};
      end else if (buf_end_valid_i && buf_end_ready_o && buf_end_i.fault) begin
        fault_q <= 1'b1;
        cause_q <= buf_end_i.cause;
        data_q  <= (buf_end_i.cause == bell_formats_pkg::CauseAborted) ? rptr_q : buf_end_i.data;
      end else if (bad_due) begin
        fault_q <= 1'b1;
        cause_q <= bad_cause;
        data_q  <= (bad_cause == bell_formats_pkg::CauseBadEntry) ? rptr_q : {16'd0, bad_addr};
      end else if (finished && abort_q) begin
        fault_q <= 1'b1;
        cause_q <= bell_formats_pkg::CauseAborted;
        data_q  <= rptr_q;
      end
    end
  end

  // Quiet: waits for memory, for the engine, or for a neighbour that is not ready.
  always_comb begin
    case (state_q)
      Idle: busy_o = taking;
      Run:  busy_o = |{rd_req_valid_o, wr_req_valid_o, wr_data_valid_o, entries_again,
                       sample_judge, bad_due, finished, buf_valid_o && buf_ready_i};
      Post: busy_o = event_ready_i;
      End:  busy_o = end_ready_i;
      default: busy_o = 1'b1;
    endcase
  end

endmodule : bell_fetch
