// SPDX-License-Identifier: MIT
//
// Executor of one node: runs the packets of command buffers one after another.
//
//   from fetch   buffers, in order, a few ahead; flush, abort, preempt
//   to fetch     start (pulse), end of each buffer: all its writes are answered
//   to fence     fence packets; the account of other writes
//   to irq       data of USER_IRQ
//
//   bell_engine_cmd     reads command buffers ahead
//   bell_engine_packet  puts words together to packets, and judges them
//   bell_engine_copy    FILL, COPY, WRITE64
//
//   Idle  -> Run    the first packet of a buffer is there
//   Run   -> Work, Move, Hang, or stays; -> Drain after the last packet, on a fault, a stop, abort_i
//   Work  -> Run    after the given clocks exactly            Move -> Run   mover done
//   Drain -> Idle   every write answered and the end taken by fetch
//
// A stop leaves the buffer at a resume point: the packet to go on with, and how much of it is done.
// preempt_i stops between packets, inside WORK at once, inside FILL and COPY after the burst that
// goes out; a fence or event under way is finished first, HANG is not left. WAIT stops by itself when its
// value is not reached: done is then the time at which it was first met. What is done is not done
// again, so every clock and byte of a buffer happens once, whatever the number of stops.
//
// COPY waits until earlier writes are answered, so it sees what the buffer wrote before it.
// A failed write is noticed before the next packet starts, at the latest at the end of the buffer,
// and is reported rather than a fault of a later packet.
// After a fault or abort the words read ahead are still here: fetch flushes them.
//
// Timing  4 clocks a packet at best (one word a clock).
//         WORK n holds the engine n clocks more than NOP.

module bell_engine (
  input  logic clk_i,        // May stand still: see bell_node.
  input  logic clk_timer_i,  // The same clock; never stands still.
  input  logic rst_ni,

  input  logic [31:0] advance_i,  // Clocks that this edge stands for.

  // From and to fetch.
  input  logic                  buf_valid_i,
  output logic                  buf_ready_o,
  input  bell_pkg::buffer_t     buf_i,
  input  bell_pkg::resume_t     resume_i,   // Of the buffer that says resumed.
  input  logic                  flush_i,    // Level, only while not running_o: drop what is queued.
  input  logic                  abort_i,    // Level: end the running buffer with ABORTED.
  input  logic                  preempt_i,  // Level: stop inside the running buffer.
  output logic                  start_o,    // Pulse: the oldest buffer starts its first packet.
  output logic                  running_o,
  output logic                  empty_o,    // Nothing read ahead, nothing outstanding.
  output logic                  end_valid_o,
  input  logic                  end_ready_i,
  output bell_pkg::buffer_end_t end_o,
  output logic [31:0]           end_offset_o,  // Resume point of a buffer that was stopped.
  output logic [63:0]           end_done_o,

  // To irq.
  output logic        event_valid_o,
  input  logic        event_ready_i,  // It was posted.
  input  logic        event_busy_i,   // It is on its way and cannot be taken back.
  output logic [63:0] event_data_o,

  // From and to fence.
  input  logic             can_issue_i,
  output logic             issue_o,
  output bell_pkg::addr_t  issue_addr_o,
  output logic                  fence_valid_o,
  output bell_pkg::fence_kind_t fence_kind_o,
  output bell_pkg::addr_t       fence_addr_o,
  output logic [63:0]           fence_value_o,
  output bell_pkg::addr_t       fence_monitored_o,
  output logic [31:0]           fence_name_o,
  output logic [63:0]           fence_seen_o,
  output bell_pkg::pasid_t      pasid_o,
  input  logic                  fence_active_i,
  input  logic                  fence_done_i,
  input  logic                  fence_blocked_i,
  input  logic [63:0]           fence_seen_i,
  output logic             clear_o,
  input  logic             settled_i,
  input  logic             err_i,
  input  bell_pkg::cause_t err_cause_i,
  input  bell_pkg::addr_t  err_addr_i,

  // To dma_mux: command reads, data reads, data writes.
  output logic                 cmd_req_valid_o,
  input  logic                 cmd_req_ready_i,
  output bell_pkg::dma_req_t   cmd_req_o,
  input  logic                 cmd_data_valid_i,
  output logic                 rd_req_valid_o,
  input  logic                 rd_req_ready_i,
  output bell_pkg::dma_req_t   rd_req_o,
  input  logic                 rd_data_valid_i,
  input  bell_pkg::dma_rdata_t rd_data_i,  // For both readers.
  output logic                 wr_req_valid_o,
  input  logic                 wr_req_ready_i,
  output bell_pkg::dma_req_t   wr_req_o,
  output logic                 wr_data_valid_o,
  input  logic                 wr_data_ready_i,
  output bell_pkg::dma_wdata_t wr_data_o,

  output logic        busy_o,
  output logic        progress_o,    // Pulse: a packet is done with, or a longer one starts or ends.
  output logic        timer_end_o,  // The timer ends at this edge.
  output logic        timer_valid_o,
  output logic [63:0] timer_o
);

  typedef enum logic [2:0] {Idle, Run, Work, Move, Hang, Drain} state_e;

  state_e            state_q, after_last;
  logic              fault_q;
  bell_pkg::cause_t  cause_q;
  logic [63:0]       data_q;
  logic [63:0]       timer_q, timer_next;
  bell_pkg::addr_t   pkt_addr_q;
  logic [26:0]       left_q;  // Packets of the buffer not yet done.
  bell_pkg::pasid_t  pasid_q;

  // Resume point.
  bell_pkg::resume_t at_q;       // Next packet, and what an earlier turn did of it.
  logic [63:0]       total_q;    // Of the packet that was started: clocks or bytes.
  logic [63:0]       rest;       // Of these, not done.
  logic              stopped_q;
  logic              inside_q;   // Stopped inside the packet before at_q,
  logic              moving_q;   // which the mover, not the timer, was doing.
  logic              blocked_q;

  // Packet at the head, and what it is.
  logic              head_valid;
  bell_pkg::buffer_t head;
  logic              word_valid, word_ready;
  logic [63:0]       word;
  logic [1:0]        word_resp;
  logic              pkt_valid, pkt_pop, pkt_soon, pkt_good, pkt_some;
  logic [63:0]       arg1, arg2, arg3;
  logic [1:0]        pkt_resp, pkt_word;
  logic [3:0]        op;
  logic              here, is_fence, is_irq, is_copy, is_word, is_move, is_work, is_native, stuck, rests;
  logic              is_fault, is_hang, timer_start, stop_here, blocked;
  logic              unused_carry;
  logic              part_done;  // An earlier turn did some of the packet.
  logic [63:0]       differs_from, differs_by, difference;
  logic [44:0]       words, words_done, mover_left;

  logic              cmd_busy, cmd_empty;
  logic              mover_busy, mover_start, mover_done, mover_err;
  logic [1:0]        mover_resp;
  bell_pkg::addr_t   mover_addr;

  bell_engine_cmd u_cmd (
    .clk_i, .rst_ni, .flush_i, .empty_o(cmd_empty),
    .buf_valid_i, .buf_ready_o, .buf_i,
    .rd_req_valid_o(cmd_req_valid_o), .rd_req_ready_i(cmd_req_ready_i), .rd_req_o(cmd_req_o),
    .rd_data_valid_i(cmd_data_valid_i), .rd_data_i,
    .head_valid_o(head_valid), .head_ready_i(start_o), .head_o(head),
    .word_valid_o(word_valid), .word_ready_i(word_ready), .word_o(word), .word_resp_o(word_resp),
    .busy_o(cmd_busy)
  );

  bell_engine_packet u_packet (
    .clk_i, .rst_ni, .flush_i,
    .word_valid_i(word_valid), .word_ready_o(word_ready), .word_i(word), .word_resp_i(word_resp),
    .valid_o(pkt_valid), .ready_i(pkt_pop), .soon_o(pkt_soon), .good_o(pkt_good), .op_o(op), .native_o(is_native),
    .fence_o(is_fence), .name_o(fence_name_o), .arg1_o(arg1), .arg2_o(arg2), .arg3_o(arg3),
    .resp_o(pkt_resp), .resp_word_o(pkt_word), .some_o(pkt_some)
  );

  assign empty_o = cmd_empty && !pkt_some;

  bell_engine_copy u_copy (
    .clk_i, .rst_ni,
    .start_i(mover_start), .is_copy_i(is_copy),
    .dst_i(arg1[47:0]), .src_i(arg3[47:0]), .words_i(words), .skip_i(words_done),
    .pattern_i(is_word ? arg2 : arg3), .pasid_i(pasid_q),
    .stop_i(abort_i || preempt_i), .done_o(mover_done), .left_o(mover_left),
    .err_o(mover_err), .err_resp_o(mover_resp), .err_addr_o(mover_addr),
    .can_issue_i, .issue_o, .issue_addr_o,
    .rd_req_valid_o, .rd_req_ready_i, .rd_req_o, .rd_data_valid_i, .rd_data_i,
    .wr_req_valid_o, .wr_req_ready_i, .wr_req_o, .wr_data_valid_o, .wr_data_ready_i, .wr_data_o,
    .busy_o(mover_busy)
  );

  // What an earlier turn did of this packet. More than all of it is all of it.
  assign part_done  = at_q.done != '0;
  assign words      = is_word ? 45'd1 : arg2[47:3];
  assign words_done = is_word ? '0 : (at_q.done[63:48] != '0) ? '1 : at_q.done[47:3];

  // A packet is acted upon; the rest of the decode counts only while `here`.
  assign stop_here = preempt_i && !fence_active_i && !event_busy_i && !event_ready_i;
  assign here     = (state_q == Run) && pkt_valid && pkt_good && !abort_i && !err_i && !stop_here;
  assign is_copy  = op == 4'(bell_formats_pkg::OpCopy);
  assign is_word  = op == 4'(bell_formats_pkg::OpWrite64);
  assign is_move  = (is_copy && settled_i) || (op == 4'(bell_formats_pkg::OpFill)) || is_word;
  assign is_work  = op == 4'(bell_formats_pkg::OpWork);
  assign is_irq   = op == 4'(bell_formats_pkg::OpIrq);
  assign is_fault = op == 4'(bell_formats_pkg::OpFault);
  assign is_hang  = op == 4'(bell_formats_pkg::OpHang);
  assign blocked  = is_fence && fence_blocked_i;

  // Waits for a neighbour in this clock.
  assign stuck = (is_copy && !settled_i) || (is_fence && !fence_done_i) ||
                 (is_irq && !(settled_i && event_ready_i));

  // The same, but for the clock in which a fence is done: then the node has an answer to take, or the
  // fence is busy.
  assign rests = (is_copy && !settled_i) || is_fence || (is_irq && !(settled_i && event_ready_i));

  assign pkt_pop       = here && !stuck && !is_fault && !is_hang;
  assign mover_start   = here && is_move;
  assign fence_valid_o = here && is_fence;
  assign fence_addr_o  = arg1[47:0];
  assign fence_value_o = arg2;
  assign fence_kind_o  = !is_native ? bell_pkg::FencePlain :
                         (op == 4'(bell_formats_pkg::OpSignal)) ? bell_pkg::FenceSignal :
                         bell_pkg::FenceWait;
  assign fence_seen_o  = at_q.done;
  assign pasid_o       = pasid_q;
  assign fence_monitored_o = arg3[47:0];
  assign event_valid_o = here && is_irq && settled_i;
  assign event_data_o  = arg1;

  assign start_o     = (state_q == Idle) && head_valid && pkt_soon;  // Flushed: head_valid is 0.
  assign clear_o     = start_o;
  assign running_o   = state_q != Idle;
  assign end_valid_o = (state_q == Drain) && settled_i;

  // In a stop inside WORK or a move, at_q is already behind that packet.
  assign rest = moving_q ? {16'd0, mover_left, 3'd0} : timer_q;

  always_comb begin
    end_o = '0;
    if (end_valid_o) begin
      {end_o.fault, end_o.cause, end_o.data} = {fault_q, cause_q, data_q};
      if (err_i) begin
        {end_o.fault, end_o.cause, end_o.data} = {1'b1, err_cause_i, 16'd0, err_addr_i};
      end
      end_o.stopped = stopped_q;
      end_o.blocked = blocked_q;
      end_o.key     = blocked_q ? arg1[11:6] : '0;
    end
  end

  assign end_offset_o = at_q.offset - (inside_q ? 32'(bell_formats_pkg::PacketBytes) : '0);
  assign end_done_o   = inside_q ? difference : at_q.done;

  // What is left of WORK when it goes on; what is done of a packet that was stopped.
  assign differs_from = inside_q ? total_q : arg1;
  assign differs_by   = inside_q ? rest : at_q.done;

  bell_sum u_difference (
    .enable_i(end_valid_o ? inside_q : ((state_q == Run) && pkt_valid && part_done)),
    .a_i(differs_from), .b_i(~differs_by), .carry_i(1'b1), .sum_o(difference), .carry_o(unused_carry)
  );

  assign after_last  = (left_q == '0) ? Drain : Run;

  assign timer_valid_o = state_q == Work;
  assign timer_start   = here && is_work && (at_q.done < arg1);
  assign timer_o       = timer_q;
  assign progress_o    = pkt_pop || start_o || mover_done || timer_end_o;

  always_comb begin
    timer_end_o = 1'b0;
    timer_next  = '0;
    if (timer_valid_o) begin
      timer_end_o = timer_q <= {32'd0, advance_i};
      timer_next  = {(timer_q[31:0] < advance_i) ? timer_q[63:32] - 32'd1 : timer_q[63:32],
                     timer_q[31:0] - advance_i};
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= Idle;
    end else begin
      case (state_q)
        Idle: if (start_o) state_q <= Run;
        Run: begin
          if (abort_i || err_i || stop_here || blocked) begin
            state_q <= Drain;
          end else if (pkt_valid && !here) begin
            state_q <= Drain;
          end else if (here && is_fault) begin
            state_q <= Drain;
          end else if (here && is_hang) begin
            state_q <= Hang;
          end else if (mover_start) begin
            state_q <= Move;
          end else if (timer_start) begin
            state_q <= Work;
          end else if (pkt_pop && (left_q == 27'd1)) begin
            state_q <= Drain;
          end
        end
        Work: begin
          if (abort_i) begin
            state_q <= Drain;
          end else if (timer_end_o) begin
            state_q <= after_last;
          end else if (preempt_i) begin
            state_q <= Drain;
          end
        end
        Move: begin
          if (mover_done) begin
            state_q <= (abort_i || mover_err || (mover_left != '0)) ? Drain : after_last;
          end
        end
        Hang:    if (abort_i) state_q <= Drain;
        Drain:   if (end_valid_o && end_ready_i) state_q <= Idle;
        default: state_q <= Idle;
      endcase
    end
  end

  always_ff @(posedge clk_timer_i or negedge rst_ni) begin
    if (!rst_ni) begin
      timer_q <= '0;
    end else if (timer_start) begin
      timer_q <= part_done ? difference : arg1;
    end else if (timer_valid_o) begin
      timer_q <= timer_next;
    end
  end

  // Where in the buffer.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      pkt_addr_q <= '0;
      left_q     <= '0;
      pasid_q    <= '0;
      at_q       <= '0;
    end else if (start_o) begin
      pkt_addr_q <= head.addr;
      left_q     <= head.bytes[31:5];
      pasid_q    <= head.pasid;
      at_q       <= head.resumed ? resume_i : '0;
    end else if (pkt_pop) begin
      pkt_addr_q  <= pkt_addr_q + 48'(bell_formats_pkg::PacketBytes);
      left_q      <= left_q - 1'b1;
      at_q.offset <= at_q.offset + 32'(bell_formats_pkg::PacketBytes);
      at_q.done   <= '0;
    end else if (here && blocked) begin
      at_q.done <= fence_seen_i;
    end
  end

  // Stops.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      stopped_q <= 1'b0;
      inside_q  <= 1'b0;
      blocked_q <= 1'b0;
      moving_q  <= 1'b0;
      total_q   <= '0;
    end else if (start_o) begin
      stopped_q <= 1'b0;
      inside_q  <= 1'b0;
      blocked_q <= 1'b0;
    end else if (state_q == Run) begin
      stopped_q <= stop_here || blocked;
      blocked_q <= blocked;
      if (mover_start || timer_start) begin
        moving_q <= mover_start;
        total_q  <= mover_start ? {16'd0, words, 3'd0} : arg1;
      end
    end else if (((state_q == Work) && !timer_end_o && preempt_i) ||
                 ((state_q == Move) && mover_done && (mover_left != '0))) begin
      stopped_q <= 1'b1;
      inside_q  <= 1'b1;
    end
  end

  // Why the buffer ends early.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      fault_q <= 1'b0;
      cause_q <= bell_formats_pkg::CauseNone;
      data_q  <= '0;
    end else if (start_o) begin
      fault_q <= 1'b0;
      cause_q <= bell_formats_pkg::CauseNone;
      data_q  <= '0;
    end else if ((state_q == Move) && mover_done && mover_err) begin
      fault_q <= 1'b1;
      cause_q <= (mover_resp == bell_pkg::RespDecErr) ? bell_formats_pkg::CausePageFault :
                 bell_formats_pkg::CauseBusError;
      data_q  <= {16'd0, mover_addr};
    end else if (abort_i && ((state_q == Run) || (state_q == Work) || (state_q == Hang) ||
                             ((state_q == Move) && mover_done))) begin
      fault_q <= 1'b1;
      cause_q <= bell_formats_pkg::CauseAborted;
    end else if ((state_q == Run) && pkt_valid) begin
      if (pkt_resp != bell_pkg::RespOkay) begin
        fault_q <= 1'b1;
        cause_q <= (pkt_resp == bell_pkg::RespDecErr) ? bell_formats_pkg::CausePageFault :
                   bell_formats_pkg::CauseBusError;
        data_q  <= {16'd0, pkt_addr_q[47:5], pkt_word, 3'd0};
      end else if (!pkt_good) begin
        fault_q <= 1'b1;
        cause_q <= bell_formats_pkg::CauseBadPacket;
        data_q  <= {16'd0, pkt_addr_q};
      end else if (is_fault) begin
        fault_q <= 1'b1;
        cause_q <= bell_formats_pkg::CauseDeliberateFault;
        data_q  <= {16'd0, pkt_addr_q};
      end
    end
  end

  always_comb begin
    case (state_q)
      Idle:    busy_o = start_o;
      Run:     busy_o = abort_i || err_i || stop_here || (pkt_valid && !(here && rests));
      Work:    busy_o = abort_i || preempt_i;
      Hang:    busy_o = abort_i;
      Drain:   busy_o = end_valid_o && end_ready_i;
      default: busy_o = 1'b0;
    endcase
    if (cmd_busy || mover_busy || (flush_i && pkt_some)) begin
      busy_o = 1'b1;
    end
  end

endmodule : bell_engine
