// SPDX-License-Identifier: MIT
//
// Ring side of one node. A turn: sample WPTR, read entries, hand buffers to the engine in order,
// write RPTR after each, tell the scheduler what is left.
//
//   Idle  -> Run    turn accepted (the WPTR read is requested in the same clock)
//   Run   -> Post   fault: everything issued is answered, nothing is left in the engine
//   Run   -> End    the same without a fault
//   Post  -> End    the event is taken by irq
//   End   -> Idle   the end is taken by sched
//
// A turn ends after MaxBuffers buffers, after MinBuffers as soon as others wait for the node, when RPTR reaches the sampled WPTR, on yield_i after the
// buffer that runs, on preempt_i where the engine stops inside it, when a WAIT stops it, on a fault,
// or on abort_i. yield_i and preempt_i never cut the WPTR sample short.
//
// A turn starts inside the buffer of entry RPTR at the resume point that came with it, and ends with
// the one to go on at; 0 when that buffer was not begun, or its queue faulted.
//
// The first entry is read together with WPTR, and with it those that the queue's last turn left, if
// that was the last one of this node; none, if the ring is so large that the tag cannot tell this lap
// from the last. If such an early copy is not good, or WPTR does not cover it, it counts for nothing:
// entries are read again after the sample, from the first that is not with the engine by then. So
// word 1 of an entry must be written before word 0.
//
// Faults: refused or failed access to WPTR, entry, RPTR (data: address); WPTR out of bounds
// (data: WPTR); bad entry or a resume point outside it, abort (data: RPTR); those of the engine.

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
  output logic                 rd_data_ready_o,
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

  localparam int unsigned TagBits  = bell_formats_pkg::EntryWord0TagMsb -
                                     bell_formats_pkg::EntryWord0TagLsb + 1;
  localparam int unsigned SlotBits = $clog2(NumEntries);

  typedef logic [6:0] step_t;  // Entries from the start of the turn.
  typedef enum logic [1:0] {Idle, Run, Post, End} state_e;

  localparam step_t MaxSteps = step_t'(MaxBuffers);

  state_e           state_q;
  bell_pkg::turn_t  turn_q;
  bell_pkg::count_t rptr_q, wptr_q;
  logic             sample_due_q;  // The WPTR read is still to be requested.
  logic             sampled_q;     // WPTR is known.
  logic             redo_q;        // Drain the entry reads, then start over with them.
  logic             stop_q;        // Yield, or a buffer was stopped: no further one.
  bell_pkg::resume_t resume_q;     // In the buffer of entry rptr_q.
  logic             blocked_q;
  bell_pkg::fence_key_t key_q;
  logic             abort_q;
  logic             fault_q;
  bell_pkg::cause_t cause_q;
  logic [63:0]      data_q;

  // Entries, as steps: asked for >= received >= handed to the engine.
  step_t limit_q, asked_q, received_q, handed_q;
  step_t early_q;        // So many were asked for before the sample was there;
  step_t early_limit_q;  // so many may be.
  step_t left_q;         // Known entries that the last turn left, NumEntries at most.
  logic  open_reads;

  logic taking, hold;

  assign taking       = (state_q == Idle) && turn_valid_i;
  assign turn_ready_o = state_q == Idle;
  assign queue_o      = turn_q.queue;
  assign resume_o     = turn_q.resume;
  assign rptr_o       = rptr_q;

  // ---------------------------------------------------------------------------------------------
  // Reads: WPTR first, then entries.

  bell_pkg::pasid_t ring_pasid;
  bell_pkg::addr_t  entry_addr, control_addr;
  logic [15:0]      ask_index, index_mask;
  logic             ask_sample, ask_entry, ask_early;

  assign control_addr = taking ? turn_i.control : turn_q.control;
  assign ring_pasid   = (taking ? turn_i.kernel_ring : turn_q.kernel_ring) ? '0 :
                        (taking ? turn_i.pasid : turn_q.pasid);
  assign index_mask   = 16'hffff >> (5'd16 - turn_q.log2_entries);
  assign ask_index    = (turn_q.rptr[15:0] + {9'd0, asked_q}) & index_mask;
  assign entry_addr   = turn_q.base + {28'd0, ask_index, 4'd0};

  // WPTR on its way, the first entries may follow at once.
  assign ask_early  = !sampled_q && (asked_q < early_limit_q) && !sample_due_q &&
                      (turn_q.log2_entries < 5'(TagBits));
  assign ask_sample = taking || sample_due_q;
  assign ask_entry  = (state_q == Run) && !ask_sample && !redo_q && !hold &&
                      (ask_early ||
                       (sampled_q && (asked_q < limit_q) &&
                        !(others_i && (asked_q >= step_t'(MinBuffers))) &&
                        (step_t'(asked_q - handed_q) < step_t'(NumEntries))));

  assign rd_req_valid_o = ask_sample || ask_entry;

  always_comb begin
    rd_req_o = '0;
    if (ask_sample) begin
      rd_req_o = {control_addr + 48'(bell_formats_pkg::ControlWptrOffset), 4'd0, ring_pasid};
    end else if (ask_entry) begin
      rd_req_o = {entry_addr, 4'(bell_formats_pkg::EntryBytes / 8 - 1), ring_pasid};
    end
  end

  assign sample_valid_o = ask_sample && rd_req_ready_i;

  // ---------------------------------------------------------------------------------------------
  // Answers: the first of a turn is WPTR, then two beats an entry.

  logic             second_q;  // The next beat is the second of an entry.
  logic             got_sample, bad_resp, beat_entry, entry_done, first_ok_q, bad_early;
  logic [63:0]      word0_q;
  bell_pkg::addr_t  entry_error;
  bell_pkg::cause_t resp_cause;
  bell_pkg::count_t ahead;
  logic             out_of_bounds;
  step_t            new_limit;
  logic             sample_wait_q;  // The WPTR answer is the next one.
  logic             unused_last;    // Beats are counted.

  assign unused_last = rd_data_i.last;

  assign rd_data_ready_o = 1'b1;
  assign got_sample      = rd_data_valid_i && sample_wait_q;
  assign beat_entry      = rd_data_valid_i && !sample_wait_q;
  assign entry_done      = beat_entry && second_q;
  assign bad_resp        = rd_data_i.resp != bell_pkg::RespOkay;
  assign resp_cause      = (rd_data_i.resp == bell_pkg::RespDecErr) ?
                           bell_formats_pkg::CausePageFault : bell_formats_pkg::CauseBusError;

  assign ahead         = rd_data_i.data - turn_q.rptr;
  assign out_of_bounds = ahead > (64'd1 << turn_q.log2_entries);
  assign new_limit     = (ahead > 64'(MaxBuffers)) ? MaxSteps : ahead[6:0];

  // Judge an entry when its second word comes.
  logic [15:0] due_tag;
  logic        entry_good, resumes, resume_good;
  bell_pkg::cause_t entry_cause, cause0_q;

  // The first entry may go on inside its buffer.
  assign resumes     = (received_q == '0) && (turn_q.resume.offset != '0);
  assign resume_good = (turn_q.resume.offset < rd_data_i.data[31:0]) &&
                       (turn_q.resume.offset[4:0] == '0);

  assign due_tag     = turn_q.rptr[15:0] + {9'd0, received_q};
  assign entry_good  = entry_done && (word0_q[63:48] == due_tag) && (word0_q[4:0] == '0) &&
                       (rd_data_i.data[4:0] == '0) && (rd_data_i.data[31:0] != '0) &&
                       (rd_data_i.data[63:32] == '0) && (!resumes || resume_good);
  assign entry_cause = !first_ok_q ? cause0_q : bad_resp ? resp_cause :
                       entry_good ? bell_formats_pkg::CauseNone : bell_formats_pkg::CauseBadEntry;

  always_comb begin
    entry_error = '0;
    if (entry_done) begin
      entry_error = turn_q.base + {28'd0, due_tag & index_mask, 4'd0} +
                    (first_ok_q ? 48'd8 : 48'd0);
    end
  end

  assign bad_early   = entry_done && (received_q < early_q) &&
                       (entry_cause != bell_formats_pkg::CauseNone);
  assign open_reads  = sample_wait_q || (asked_q != received_q);

  // ---------------------------------------------------------------------------------------------
  // Entry store.

  logic [47:0]         slot_addr  [NumEntries];
  logic [31:0]         slot_bytes [NumEntries];
  bell_pkg::cause_t    slot_cause [NumEntries];
  bell_pkg::addr_t     slot_error [NumEntries];
  logic [SlotBits-1:0] in_slot, out_slot;
  logic                head_valid, head_good, live;

  assign in_slot    = received_q[SlotBits-1:0];
  assign out_slot   = handed_q[SlotBits-1:0];
  assign head_valid = (state_q == Run) && sampled_q && !redo_q && (received_q != handed_q) &&
                      (handed_q < limit_q);
  assign head_good  = slot_cause[out_slot] == bell_formats_pkg::CauseNone;

  always_ff @(posedge clk_i) begin
    if (entry_done) begin
      slot_addr[in_slot]  <= word0_q[47:0] + (resumes ? {16'd0, turn_q.resume.offset} : '0);
      slot_bytes[in_slot] <= rd_data_i.data[31:0] - (resumes ? turn_q.resume.offset : '0);
      slot_cause[in_slot] <= entry_cause;
      slot_error[in_slot] <= entry_error;
    end
  end

  // An entry that is due the clock it comes goes to the engine past the store, but not past the sum.
  assign live = entry_done && sampled_q && !redo_q && (received_q == handed_q) && !resumes &&
                (handed_q < limit_q) && (entry_cause == bell_formats_pkg::CauseNone);

  assign buf_valid_o = (live || (head_valid && head_good)) && !hold;

  always_comb begin
    buf_o = '0;
    if (live) begin
      buf_o = {word0_q[47:0], rd_data_i.data[31:0], turn_q.pasid, handed_q == '0};
    end else if (head_valid) begin
      buf_o = {slot_addr[out_slot], slot_bytes[out_slot], turn_q.pasid, handed_q == '0};
    end
  end

  // ---------------------------------------------------------------------------------------------
  // Buffer ends and RPTR writes: one write a buffer, several unanswered at most.

  logic  wr_req_due_q, wr_data_due_q;
  step_t done_q, acked_q;  // Buffers finished; RPTR writes answered.
  logic  buf_done, buf_stopped;

  assign buf_end_ready_o = !wr_req_due_q && !wr_data_due_q;
  assign buf_done        = buf_end_valid_i && buf_end_ready_o && !buf_end_i.fault &&
                           !buf_end_i.stopped;
  assign buf_stopped     = buf_end_valid_i && buf_end_ready_o && !buf_end_i.fault &&
                           buf_end_i.stopped;
  assign done_valid_o    = buf_done;

  assign wr_req_valid_o  = wr_req_due_q;
  assign wr_data_valid_o = wr_data_due_q && !wr_req_due_q;
  assign wr_data_o       = {rptr_q, 1'b1};

  always_comb begin
    wr_req_o = '0;
    if (wr_req_valid_o) begin
      wr_req_o = {turn_q.control + 48'(bell_formats_pkg::ControlRptrOffset), 4'd0, ring_pasid};
    end
  end

  // ---------------------------------------------------------------------------------------------
  // End of the turn.

  logic engine_clear, finished, redo_ready, bad_head, enough;

  // The last buffer of a turn that others wait for runs, or none does at the moment.
  assign enough = others_i && ((done_q >= step_t'(MinBuffers)) ||
                               (running_i && (done_q == step_t'(MinBuffers - 1))));

  // The engine starts nothing while it is flushed, so from this clock on no further buffer.
  assign hold         = stop_q || abort_q || fault_q;
  assign abort_o      = abort_q;
  assign flush_o      = hold && !running_i && !empty_i;
  assign engine_clear = !running_i && empty_i;
  assign redo_ready   = redo_q && !open_reads && !second_q;

  // A bad entry counts once every buffer before it is done and its RPTR write answered.
  assign bad_head = head_valid && !head_good && (done_q == handed_q) && (acked_q == done_q) &&
                    !hold;
  assign finished = (state_q == Run) && sampled_q && !open_reads && !second_q && engine_clear &&
                    !wr_req_due_q && !wr_data_due_q && (acked_q == done_q) && !redo_q &&
                    (hold || (done_q == limit_q));

  bell_pkg::count_t known;

  assign known         = end_valid_o ? wptr_q - rptr_q : '0;
  assign event_valid_o = state_q == Post;
  assign event_cause_o = cause_q;
  assign event_data_o  = data_q;
  assign end_valid_o   = state_q == End;

  always_comb begin
    end_o = '0;
    if (end_valid_o) begin
      end_o = {turn_q.queue, rptr_q, known != '0, fault_q, cause_q,
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
      turn_q        <= '0;
      wptr_q        <= '0;
      limit_q       <= '0;
      sample_due_q  <= 1'b0;
      sample_wait_q <= 1'b0;
      sampled_q     <= 1'b0;
    end else if (taking) begin
      turn_q        <= turn_i;
      wptr_q        <= turn_i.rptr;
      limit_q       <= '0;
      sample_due_q  <= !rd_req_ready_i;
      sample_wait_q <= 1'b1;
      sampled_q     <= 1'b0;
    end else begin
      if (rd_req_ready_i) begin
        sample_due_q <= 1'b0;
      end
      if (got_sample) begin
        sample_wait_q <= 1'b0;
        sampled_q     <= 1'b1;
        if (!bad_resp && !out_of_bounds) begin
          wptr_q  <= rd_data_i.data;
          limit_q <= new_limit;
        end
      end
    end
  end

  // Entry reads.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      asked_q       <= '0;
      received_q    <= '0;
      handed_q      <= '0;
      early_q       <= '0;
      early_limit_q <= '0;
      left_q        <= '0;
      redo_q        <= 1'b0;
    end else if (taking) begin
      asked_q       <= '0;
      received_q    <= '0;
      handed_q      <= '0;
      early_q       <= '0;
      early_limit_q <= ((turn_i.queue == turn_q.queue) && (left_q != '0)) ? left_q : step_t'(1);
      redo_q        <= 1'b0;
    end else if (redo_ready) begin
      asked_q    <= handed_q;
      received_q <= handed_q;
      early_q    <= '0;
      redo_q     <= 1'b0;
    end else begin
      if (ask_entry && rd_req_ready_i) begin
        asked_q <= asked_q + 1'b1;
        if (!sampled_q) begin
          early_q <= asked_q + 1'b1;
        end
      end
      if (end_valid_o) begin
        left_q <= (known > 64'(NumEntries)) ? step_t'(NumEntries) : known[6:0];
      end
      if (entry_done) begin
        received_q <= received_q + 1'b1;
      end
      if (buf_valid_o && buf_ready_i) begin
        handed_q <= handed_q + 1'b1;
      end
      if (bad_early) begin
        redo_q <= 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      second_q   <= 1'b0;
      first_ok_q <= 1'b0;
      word0_q    <= '0;
      cause0_q   <= bell_formats_pkg::CauseNone;
    end else if (beat_entry) begin
      second_q <= !second_q;
      if (!second_q) begin
        first_ok_q <= !bad_resp;
        word0_q    <= rd_data_i.data;
        cause0_q   <= resp_cause;
      end
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
        rptr_q        <= rptr_q + 64'd1;
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
      if (got_sample && (bad_resp || out_of_bounds)) begin
        fault_q <= 1'b1;
        cause_q <= bad_resp ? resp_cause : bell_formats_pkg::CausePtrBounds;
        data_q  <= bad_resp ? {16'd0, turn_q.control} : rd_data_i.data;
      end else if (wr_resp_valid_i && (wr_resp_i != bell_pkg::RespOkay)) begin
        fault_q <= 1'b1;
        cause_q <= (wr_resp_i == bell_pkg::RespDecErr) ? bell_formats_pkg::CausePageFault :
                   bell_formats_pkg::CauseBusError;
        data_q  <= {16'd0, turn_q.control + 48'(bell_formats_pkg::ControlRptrOffset)};
      end else if (buf_end_valid_i && buf_end_ready_o && buf_end_i.fault) begin
        fault_q <= 1'b1;
        cause_q <= buf_end_i.cause;
        data_q  <= (buf_end_i.cause == bell_formats_pkg::CauseAborted) ? rptr_q : buf_end_i.data;
      end else if (bad_head) begin
        fault_q <= 1'b1;
        cause_q <= slot_cause[out_slot];
        data_q  <= (slot_cause[out_slot] == bell_formats_pkg::CauseBadEntry) ? rptr_q :
                   {16'd0, slot_error[out_slot]};
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
      Run:  busy_o = rd_req_valid_o || wr_req_valid_o || wr_data_valid_o || redo_ready ||
                     bad_head || finished || (buf_valid_o && buf_ready_i);
      Post: busy_o = event_ready_i;
      End:  busy_o = end_ready_i;
      default: busy_o = 1'b1;
    endcase
  end

endmodule : bell_fetch
