// SPDX-License-Identifier: MIT
//
// Fences of one node, and the account of all other writes of its engine: a fence value leaves only
// after every earlier write of the buffer was answered, and a fence is read only then.
//
//   from engine  one pulse per write burst issued; a fence packet, held until fence_done_o
//   to engine    settled: no write is unanswered, no fence is under way; err: the first access that
//                failed
//   to sched     signal: a native fence was raised; request for a place in a fence log
//   to irq       FENCE_SIGNALED, held until taken
//   to dma_mux   write unit 2; read unit 2, which the mover leaves alone meanwhile
//
//   plain   Request Data Response                                          value
//   signal  Request Data Response, the log, Read ReadWait, then Notify     value; monitored value
//   wait    Read ReadWait, then the log, or blocked                        current value
//   log     Log, Request Data Response twice                               entry; index
//
// A signal asks for the monitored value after the answer to its write, never before (NF-SYN-01): so
// either it sees what the CPU stored there, or the CPU, which stores first and reads the current
// value after, sees the new value. The log is answered before that read: who is told by the event
// finds the entry (NF-LOG-01). signal_valid_o comes with the answer to the value, for the waits of
// other queues. Values rise only: that is the user's part; a lower one is written as it is.
//
// A fence that went on its way is finished, also when the engine gives up its packet. If the log
// cannot be written the monitored value is read and the event posted all the same, before the
// fault; the event as well if the monitored value cannot be read.
// A failed access stays in err_o until clear_i (start of the next buffer), and no fence starts
// while it stands. err_o is final once settled_o is high.
//
// Timing  a fence that finds everything settled is requested from the mux in the same clock.

module bell_fence #(
  parameter int unsigned MaxWrites = 8  // Write bursts unanswered at most; a power of two.
) (
  input  logic clk_i,
  input  logic rst_ni,

  input  logic [63:0] time_i,  // GPU time, for the logs.

  // From and to engine: writes of the mover.
  input  logic            issue_i,      // A burst was taken by the mux in this clock.
  input  bell_pkg::addr_t issue_addr_i,
  output logic            can_issue_o,
  input  logic            resp_valid_i, // One answer, in the order of issue.
  input  logic [1:0]      resp_i,

  // From and to engine: fences. Operands stay from fence_valid_i until fence_done_o or settled_o.
  input  logic                  fence_valid_i,
  input  bell_pkg::fence_kind_t fence_kind_i,
  input  bell_pkg::addr_t       fence_addr_i,
  input  logic [63:0]           fence_value_i,
  input  bell_pkg::addr_t       fence_monitored_i,  // Signal: 0 = there is none.
  input  logic [31:0]           fence_name_i,       // What the logs call it.
  input  logic [63:0]           fence_seen_i,       // Wait: time it was first met; 0 = now.
  input  bell_pkg::pasid_t      pasid_i,
  output logic                  fence_active_o,     // It is on its way; cannot be taken back.
  output logic                  fence_done_o,       // Pulse: nothing is left to do, or err_o follows.
  output logic                  fence_blocked_o,    // Instead: a wait whose value is not reached.
  output logic [63:0]           fence_seen_o,       // Time the wait was first met.

  input  logic             clear_i,
  output logic             settled_o,
  output logic             err_o,
  output bell_pkg::cause_t err_cause_o,
  output bell_pkg::addr_t  err_addr_o,

  // To sched.
  output logic                 signal_valid_o,  // Pulse: the new value is visible.
  output bell_pkg::fence_key_t signal_key_o,
  output logic                 log_valid_o,     // A place in a log of the queue that runs.
  output logic                 log_signals_o,   // Log of signals; else of waits.
  input  logic                 log_ready_i,     // log_i is that place.
  input  bell_pkg::fence_log_t log_i,

  // To irq.
  output logic            event_valid_o,
  input  logic            event_ready_i,
  output bell_pkg::addr_t event_addr_o,

  // To dma_mux.
  output logic                 rd_req_valid_o,
  input  logic                 rd_req_ready_i,
  output bell_pkg::dma_req_t   rd_req_o,
  input  logic                 rd_data_valid_i,  // One beat: always taken.
  input  bell_pkg::dma_rdata_t rd_data_i,
  output logic                 wr_req_valid_o,
  input  logic                 wr_req_ready_i,
  output bell_pkg::dma_req_t   wr_req_o,
  output logic                 wr_data_valid_o,
  input  logic                 wr_data_ready_i,
  output bell_pkg::dma_wdata_t wr_data_o,
  input  logic                 wr_resp_valid_i,
  input  logic [1:0]           wr_resp_i,

  output logic busy_o
);

  typedef enum logic [3:0] {Idle, Request, Data, Response, Read, ReadWait, Notify, Log, Done} state_e;
  typedef enum logic [1:0] {Value, Entry, Index} what_e;  // What the write is.

  localparam logic [11:0] HeaderBytes = 12'd40;
  localparam logic [2:0]  LastBeat    = 3'd5;  // Of an entry.

  state_e               state_q, state_d;
  what_e                what_q;
  logic                 err_q;
  bell_pkg::cause_t     err_cause_q;
  bell_pkg::addr_t      err_addr_q, resp_addr;
  logic                 track_full, track_empty;
  logic [63:0]          seen_q, end_q;
  bell_pkg::fence_log_t log_q;
  logic [2:0]           beat_q;
  logic                 last_entry;
  logic [$clog2(MaxWrites):0] unused_count;

  logic is_signal, is_wait, go, answered, read_back, last_beat;
  logic bad_write, bad_fence, bad_read, reached, above;
  logic goes_on, reached_well;  // The fence goes on after this answer.

  bell_fifo #(.Width($bits(bell_pkg::addr_t)), .Depth(MaxWrites)) u_track (
    .clk_i, .rst_ni, .clear_i(1'b0),
    .push_i(issue_i), .data_i(issue_addr_i), .full_o(track_full),
    .pop_i(resp_valid_i && !track_empty), .data_o(resp_addr), .empty_o(track_empty),
    .count_o(unused_count)
  );

  logic unused_bits;

  assign unused_bits = ^{rd_data_i.last, log_q.enable, log_q.addr[11:0]};

  assign can_issue_o    = !track_full;
  assign settled_o      = track_empty && (state_q == Idle);
  assign fence_active_o = state_q != Idle;

  assign is_signal = fence_kind_i == bell_pkg::FenceSignal;
  assign is_wait   = fence_kind_i == bell_pkg::FenceWait;
  assign go        = (state_q == Idle) && fence_valid_i && track_empty && !err_q;
  assign answered  = (state_q == Response) && wr_resp_valid_i;
  assign read_back = (state_q == ReadWait) && rd_data_valid_i;
  assign last_beat = (what_q != Entry) || (beat_q == LastBeat);
  assign last_entry = log_q.index >= bell_pkg::FenceLogEntries - 32'd1;

  assign bad_write = resp_valid_i && (resp_i != bell_pkg::RespOkay);
  assign bad_fence = answered && (wr_resp_i != bell_pkg::RespOkay);
  assign bad_read  = read_back && (rd_data_i.resp != bell_pkg::RespOkay);
  assign goes_on = is_signal ? !bad_fence || (what_q != Value) : !bad_fence && (what_q == Entry);
  assign reached_well = !bad_read && reached;
  assign reached   = rd_data_i.data >= fence_value_i;
  assign above     = fence_value_i > rd_data_i.data;

  // -------------------------------------------------------------------------------------- sequence

  state_e after_log;

  always_comb begin
    after_log = Done;
    if (is_signal) begin
      after_log = (fence_monitored_i != '0) ? Read : Notify;
    end
  end

  always_comb begin
    state_d = state_q;
    case (state_q)
      Idle: begin
        if (go && is_wait) begin
          state_d = rd_req_ready_i ? ReadWait : Read;
        end else if (go) begin
          state_d = wr_req_ready_i ? Data : Request;
        end
      end
      Request: if (wr_req_ready_i) state_d = Data;
      Data:    if (wr_data_ready_i && last_beat) state_d = Response;
      Response: begin
        if (answered) begin
          state_d = !goes_on ? Idle : (what_q == Value) ? Log :
                    ((what_q == Entry) && !bad_fence) ? Request : after_log;
        end
      end
      Read: if (rd_req_ready_i) state_d = ReadWait;
      ReadWait: begin
        if (read_back) begin
          if (is_signal) begin
            state_d = (bad_read || above) ? Notify : Done;
          end else begin
            state_d = reached_well ? Log : Idle;
          end
        end
      end
      Notify:  if (event_ready_i) state_d = Done;
      Log:     if (log_ready_i) state_d = log_i.enable ? Request : after_log;
      default: state_d = Idle;
    endcase
  end

  // From flops alone, so that no ready of a neighbour has a path into the engine; nor has the compare
  // one to what goes on with the next packet.
  assign fence_done_o    = (answered && !goes_on) || (bad_read && is_wait) || (state_q == Done);
  assign fence_blocked_o = read_back && is_wait && !bad_read && !reached;
  assign fence_seen_o    = seen_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= Idle;
      what_q  <= Value;
      beat_q  <= '0;
    end else begin
      state_q <= state_d;
      if (state_q == Idle) begin
        what_q <= Value;
      end else if (state_q == Log) begin
        what_q <= Entry;
        beat_q <= '0;
      end else if (answered) begin
        what_q <= Index;
      end else if ((state_q == Data) && wr_data_ready_i) begin
        beat_q <= beat_q + 1'b1;
      end
    end
  end

  // Times: first met; value visible, or found reached.
  always_ff @(posedge clk_i) begin
    if (go) begin
      seen_q <= (is_wait && (fence_seen_i != '0)) ? fence_seen_i : time_i;
    end
    if ((answered && (what_q == Value)) || (read_back && is_wait)) begin
      end_q <= time_i;
    end
    if (log_valid_o && log_ready_i) begin
      log_q <= log_i;
    end else if (answered && (what_q == Entry)) begin
      log_q.index <= last_entry ? '0 : log_q.index + 32'd1;  // For the header.
      log_q.wraps <= log_q.wraps + 32'(last_entry);
    end
  end

  // ------------------------------------------------------------------------------- sched and irq

  assign signal_valid_o = answered && !bad_fence && is_signal && (what_q == Value);
  assign signal_key_o   = fence_addr_i[11:6];
  assign log_valid_o    = state_q == Log;
  assign log_signals_o  = is_signal;
  assign event_valid_o  = state_q == Notify;
  assign event_addr_o   = fence_addr_i;

  // --------------------------------------------------------------------------------------- memory

  bell_pkg::addr_t read_addr, write_addr;
  logic [6:0]      entry;
  logic [11:0]     entry_at;

  assign read_addr  = is_signal ? fence_monitored_i : fence_addr_i;

  // An index that is none writes the last entry, and a log starts with its page: nothing leaves it.
  assign entry    = last_entry ? 7'(bell_pkg::FenceLogEntries - 32'd1) : log_q.index[6:0];
  assign entry_at = HeaderBytes + {1'b0, entry, 4'd0} + {entry[6:0], 5'd0};

  assign rd_req_valid_o  = (go && is_wait) || (state_q == Read);
  assign wr_req_valid_o  = (go && !is_wait) || (state_q == Request);
  assign wr_data_valid_o = state_q == Data;

  always_comb begin
    rd_req_o   = '0;
    wr_req_o   = '0;
    wr_data_o  = '0;
    write_addr = fence_addr_i;
    if (what_q != Value) begin
      write_addr = {log_q.addr[47:12], 12'd0};
    end
    if (what_q == Entry) begin
      write_addr[11:0] = entry_at;
    end
    if (rd_req_valid_o) begin
      rd_req_o = {read_addr, 4'd0, pasid_i};
    end
    if (wr_req_valid_o) begin
      wr_req_o = (state_q == Idle) ? {fence_addr_i, 4'd0, pasid_i} :
                 (what_q == Value) ? {write_addr, 4'd0, pasid_i} :
                 {write_addr, (what_q == Entry) ? 4'(LastBeat) : 4'd0, bell_pkg::pasid_t'(0)};
    end
    if (wr_data_valid_o) begin
      wr_data_o.last = last_beat;
      case (what_q)
        Entry: begin
          case (beat_q)
            3'd0:    wr_data_o.data = fence_value_i;
            3'd1:    wr_data_o.data = {31'd0, is_wait, fence_name_i};
            3'd3:    wr_data_o.data = seen_q;
            3'd5:    wr_data_o.data = end_q;
            default: wr_data_o.data = '0;
          endcase
        end
        Index:   wr_data_o.data = {log_q.wraps, log_q.index};
        default: wr_data_o.data = fence_value_i;
      endcase
    end
  end

  // --------------------------------------------------------------------------------------- errors

  logic [1:0] bad_resp;

  assign bad_resp    = bad_write ? resp_i : bad_read ? rd_data_i.resp : wr_resp_i;
  assign err_o       = err_q;
  assign err_cause_o = err_cause_q;
  assign err_addr_o  = err_addr_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      err_q       <= 1'b0;
      err_cause_q <= bell_formats_pkg::CauseNone;
      err_addr_q  <= '0;
    end else if (clear_i) begin
      err_q <= 1'b0;
    end else if (!err_q && (bad_write || bad_fence || bad_read)) begin
      err_q       <= 1'b1;
      err_cause_q <= (bad_resp == bell_pkg::RespDecErr) ? bell_formats_pkg::CausePageFault :
                     bell_formats_pkg::CauseBusError;
      err_addr_q  <= bad_write ? resp_addr : bad_read ? read_addr : write_addr;
    end
  end

  assign busy_o = rd_req_valid_o || wr_req_valid_o || wr_data_valid_o ||
                  (event_valid_o && event_ready_i) || (log_valid_o && log_ready_i) ||
                  (state_q == Done);

endmodule : bell_fence
