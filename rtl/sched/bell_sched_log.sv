// SPDX-License-Identifier: MIT
//
// Scheduling logs in memory: an entry for each change of a context's state, then the header's word of
// index and wrap count; the next entry only after that word was answered.
//
//   Idle -> Entry -> EntryAnswer -> Index -> IndexAnswer -> Idle
//
// No entry is lost: while room_o is low, sched changes no queue. Entries that wait when their log
// is switched off are dropped. When memory refuses a write, the log of that node stops.
//
// Only memory holds the log up: software makes room in the event queue through registers that may
// wait for room here. So a notice waits beside it, one of a kind and node; one that comes while it
// waits is merged into it, and it tells the index, or the last address refused, of when it is made.
//
// Timing  quiet while an answer of memory is awaited.
// Reset   nothing is under way.

module bell_sched_log #(
  parameter int unsigned NumNodes = 3,  // 1 .. 4.
  parameter int unsigned Depth    = 16  // Entries that wait; a power of two.
) (
  input  logic clk_i,
  input  logic rst_ni,

  // From activity, of a change while room_o.
  input  logic                 push_i,
  input  bell_pkg::log_entry_t entry_i,
  output logic                 room_o,  // One that is under way has room as well.

  // From and to regs.
  input  logic            [NumNodes-1:0]       enable_i,
  input  bell_pkg::addr_t [NumNodes-1:0]       addr_i,
  input  logic            [NumNodes-1:0][15:0] entries_i,
  input  logic            [NumNodes-1:0][15:0] interrupt_i,
  input  logic            [NumNodes-1:0][63:0] index_i,    // Wraps, index.
  output logic            [NumNodes-1:0]       advance_o,  // Pulse: the word is next_o now.
  output logic                          [63:0] next_o,
  output logic            [NumNodes-1:0]       lost_o,     // Pulse.
  output logic            [NumNodes-1:0]       writing_o,  // An entry waits, or is being written.

  // To irq, held until taken, even when its log is switched off.
  output logic             event_valid_o,
  input  logic             event_ready_i,
  output bell_pkg::event_t event_o,

  // To dma_mux.
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

  localparam logic [47:0] HeaderBytes = 48'd32;
  localparam logic [1:0]  LastBeat    = 2'd3;  // Of an entry.
  localparam int unsigned NodeBits    = (NumNodes > 1) ? $clog2(NumNodes) : 1;

  typedef enum logic [2:0] {Idle, Entry, EntryAnswer, Index, IndexAnswer} state_e;

  state_e      state_q;
  logic        asked_q;  // The mux has the address.
  logic [1:0]  beat_q;
  bell_pkg::log_entry_t head;
  logic        empty, unused_full, pop, start, drop, last, answered, refused, notify_q;
  logic [$clog2(Depth):0] count;

  logic [NodeBits-1:0] node;
  bell_pkg::addr_t     base, entry_addr, last_addr, addr_q;
  logic [15:0]         entries, interrupt;
  logic [16:0]         unused_distance;
  logic [63:0]         word, next_q;
  logic                below, wraps, notify;

  bell_fifo #(.Width($bits(bell_pkg::log_entry_t)), .Depth(Depth)) u_entries (
    .clk_i, .rst_ni, .clear_i(1'b0),
    .push_i, .data_i(entry_i), .full_o(unused_full),
    .pop_i(pop),
    .data_o(head), .empty_o(empty), .count_o(count)
  );

  assign pop = drop || ((state_q == Entry) && wr_data_valid_o && wr_data_ready_i && last);

  // The node of the entry under way; it has left the FIFO when its index is written.
  logic [NodeBits-1:0] node_q;

  assign room_o = 32'(count) < Depth - 1;
  assign start  = (state_q == Idle) && !empty && enable_i[head.node[NodeBits-1:0]];
  assign drop   = (state_q == Idle) && !empty && !enable_i[head.node[NodeBits-1:0]];
  assign node   = (state_q == Idle) ? head.node[NodeBits-1:0] : node_q;

  // An index beyond the entries counts as the last. Both addresses are made before it is known
  // which one counts; the header is as long as an entry.
  always_comb begin
    base       = '0;
    entries    = '0;
    interrupt  = '0;
    word       = '0;
    below      = 1'b0;
    unused_distance = '0;
    wraps      = 1'b0;
    notify     = 1'b0;
    entry_addr = '0;
    last_addr  = '0;
    if (start) begin
      base       = {addr_i[node][47:5], 5'd0};
      entries    = entries_i[node];
      interrupt  = interrupt_i[node];
      word       = index_i[node];
      {below, unused_distance} = 18'(word[15:0]) + 18'd1 - 18'(entries);
      wraps      = (word[31:16] != '0) || !below;
      notify     = wraps ? (interrupt == entries - 16'd1) : (interrupt == word[15:0]);
      entry_addr = base + {27'd0, word[15:0], 5'd0} + HeaderBytes;
      last_addr  = base + {27'd0, entries, 5'd0};
    end
  end

  assign last     = (state_q != Entry) || (beat_q == LastBeat);
  assign answered = wr_resp_valid_i && ((state_q == EntryAnswer) || (state_q == IndexAnswer));
  assign refused  = answered && (wr_resp_i != bell_pkg::RespOkay);

  assign wr_req_valid_o  = ((state_q == Entry) || (state_q == Index)) && !asked_q;
  assign wr_data_valid_o = ((state_q == Entry) || (state_q == Index)) && asked_q;

  always_comb begin
    wr_req_o  = '0;
    wr_data_o = '0;
    if (wr_req_valid_o) begin
      wr_req_o = {addr_q, (state_q == Entry) ? 4'(LastBeat) : 4'd0, bell_pkg::pasid_t'(0)};
    end
    if (wr_data_valid_o) begin
      wr_data_o.last = last;
      wr_data_o.data = next_q;
      if (state_q == Entry) begin
        case (beat_q)
          2'd0:    wr_data_o.data = head.gpu_time;
          2'd1:    wr_data_o.data = '0;
          2'd2:    wr_data_o.data = head.handle;
          default: wr_data_o.data = {62'd0, head.state};
        endcase
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= Idle;
      asked_q <= 1'b0;
      beat_q  <= '0;
    end else begin
      if (wr_req_valid_o && wr_req_ready_i) begin
        asked_q <= 1'b1;
        beat_q  <= '0;
      end else if (wr_data_valid_o && wr_data_ready_i) begin
        asked_q <= !last;
        beat_q  <= beat_q + 1'b1;
      end
      case (state_q)
        Idle:        if (start) state_q <= Entry;
        Entry:       if (wr_data_valid_o && wr_data_ready_i && last) state_q <= EntryAnswer;
        EntryAnswer: if (answered) state_q <= refused ? Idle : Index;
        Index:       if (wr_data_valid_o && wr_data_ready_i) state_q <= IndexAnswer;
        IndexAnswer: if (answered) state_q <= Idle;
        default:     state_q <= Idle;
      endcase
    end
  end

  logic [47:0] base_q;

  always_ff @(posedge clk_i) begin
    if (start) begin
      node_q   <= node;
      base_q   <= base;
      addr_q   <= wraps ? last_addr : entry_addr;
      next_q   <= wraps ? {word[63:32] + 32'd1, 32'd0} : {word[63:32], word[31:0] + 32'd1};
      notify_q <= notify;
    end else if (answered) begin
      addr_q <= base_q;
    end
  end

  for (genvar n = 0; n < int'(NumNodes); n++) begin : g_node
    logic                   here_now, comes, goes;
    logic [$clog2(Depth):0] waiting_q;

    assign here_now     = 32'(node_q) == 32'(n);
    assign advance_o[n] = here_now && (state_q == IndexAnswer) && answered && !refused;
    assign lost_o[n]    = here_now && refused;
    assign writing_o[n] = (here_now && (state_q != Idle)) || (waiting_q != '0);

    assign comes = push_i && (entry_i.node == 2'(n));
    assign goes  = pop && (head.node == 2'(n));

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        waiting_q <= '0;
      end else if (push_i || pop) begin
        waiting_q <= waiting_q + ($clog2(Depth) + 1)'(comes) - ($clog2(Depth) + 1)'(goes);
      end
    end
  end

  assign next_o = next_q;

  // ----------------------------------------------------------------- notices

  logic [NumNodes-1:0] reached_q, lost_q, reached_made, lost_made;
  bell_pkg::addr_t     lost_addr_q [NumNodes];
  bell_pkg::event_t    event_d, event_q;
  logic                event_valid_q, makes;

  assign makes = !event_valid_q && ((|reached_q) || (|lost_q));

  always_comb begin
    event_d      = '0;
    reached_made = '0;
    lost_made    = '0;
    if (makes) begin
      for (int n = int'(NumNodes) - 1; n >= 0; n--) begin
        if (reached_q[n]) begin
          event_d       = '0;
          event_d.cause = bell_formats_pkg::CauseSchedLog;
          event_d.node  = 2'(n);
          event_d.data  = index_i[n];
          {lost_made, reached_made} = '0;
          reached_made[n]           = 1'b1;
        end else if (lost_q[n]) begin
          event_d       = '0;
          event_d.cause = bell_formats_pkg::CauseSchedLogLost;
          event_d.node  = 2'(n);
          event_d.data  = {16'd0, lost_addr_q[n]};
          {lost_made, reached_made} = '0;
          lost_made[n]              = 1'b1;
        end
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      reached_q     <= '0;
      lost_q        <= '0;
      event_valid_q <= 1'b0;
    end else begin
      if (makes || answered) begin
        reached_q <= (reached_q & ~reached_made) | (notify_q ? advance_o : '0);
        lost_q    <= (lost_q & ~lost_made) | lost_o;
      end
      if (makes || event_ready_i) begin
        event_valid_q <= makes;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (refused) begin
      lost_addr_q[node_q] <= addr_q;
    end
    if (makes) begin
      event_q <= event_d;
    end
  end

  assign event_valid_o = event_valid_q;
  assign event_o       = event_valid_q ? event_q : '0;

  assign busy_o = push_i || ((state_q == Idle) && !empty) || wr_req_valid_o
                  || wr_data_valid_o || makes;

endmodule : bell_sched_log
