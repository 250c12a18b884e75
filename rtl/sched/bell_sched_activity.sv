// SPDX-License-Identifier: MIT
//
// What the context of a queue does, for the scheduling log of its node: it runs while one of its
// queues does, else it is ready while one of them has something to do, else idle. Ready is also what
// waits for a fence or is on no run list. A queue of context 0 has one of its own. A change of a
// queue is logged when its context changes.
//
// It counts such queues by context; software keeps all queues of one on one node.
//
// Timing  a change in clock n is told in n + 1.
// Reset   no queue is ready or runs. The counts have one writer and no reset: some_q says which
//         mean something.

module bell_sched_activity #(
  parameter int unsigned NumQueues = 64,  // 1 .. 1024; contexts with a number as well.
  parameter int unsigned NumNodes  = 3    // 1 .. 4.
) (
  input  logic clk_i,
  input  logic rst_ni,

  // A queue changes.
  input  logic               change_i,
  input  logic               logged_i,       // Its node has a log, and handle_i is there.
  input  bell_pkg::node_id_t node_i,
  input  bell_pkg::ctx_t     ctx_i,
  input  logic               was_ready_i,    // It had something to do and did not run.
  input  logic               ready_i,        // Now.
  input  logic               was_running_i,
  input  logic               running_i,
  input  logic [63:0]        time_i,
  input  logic [63:0]        handle_i,

  // To log: its context has changed.
  output logic                 push_o,
  output bell_pkg::log_entry_t entry_o,

  output logic busy_o
);

  localparam int unsigned QueueBits = (NumQueues > 1) ? $clog2(NumQueues) : 1;
  localparam int unsigned NodeBits  = (NumNodes > 1) ? $clog2(NumNodes) : 1;
  localparam int unsigned NumRows   = 1 << QueueBits;
  localparam int unsigned NumWords  = (NumRows + 31) / 32;
  localparam int unsigned WordBits  = (NumWords > 1) ? $clog2(NumWords) : 1;

  // DXGK_SCHEDULING_LOG_CONTEXT_STATE. A queue that was found gets its turn at once: none is in
  // READY_STANDBY, told to be the next one and not running yet.
  localparam logic [1:0] Idle    = 2'd0;
  localparam logic [1:0] Running = 2'd1;
  localparam logic [1:0] Ready   = 2'd2;

  logic [10:0] count_ram [NumRows];   // Ready queues of context c: row c, modulo their number.
  logic [31:0] some_q    [NumWords];  // Bit c: that is not 0.

  // What runs, if it has a number.
  logic [NumNodes-1:0]                runs_q;
  logic [NumNodes-1:0][QueueBits-1:0] runs_row_q;

  logic               look_q, logged_q, shared_q;
  logic               ready_q, was_ready_q, was_running_q, running_q;
  bell_pkg::node_id_t node_q;
  bell_pkg::ctx_t     ctx_q;
  logic [63:0]        time_q, handle_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      look_q <= 1'b0;
    end else begin
      look_q <= change_i && (logged_i || (ctx_i != '0));
    end
  end

  always_ff @(posedge clk_i) begin
    if (change_i) begin
      logged_q      <= logged_i;
      shared_q      <= ctx_i != '0;
      node_q        <= node_i;
      ctx_q         <= ctx_i;
      ready_q       <= ready_i;
      was_ready_q   <= was_ready_i;
      was_running_q <= was_running_i;
      running_q     <= running_i;
    end
    if (logged_i) begin
      time_q   <= time_i;
      handle_q <= handle_i;
    end
  end

  logic [QueueBits-1:0] row;
  logic [WordBits-1:0]  word;
  logic [NodeBits-1:0]  node;
  logic [31:0]          some_word, some_next;
  logic [10:0]          count;
  logic                 shared, some, others, same_runs;
  logic [1:0]           was, now;

  assign shared = look_q && shared_q;
  assign row    = ctx_q[QueueBits-1:0];
  assign word   = WordBits'(ctx_q >> 5);
  assign node   = node_q[NodeBits-1:0];

  always_comb begin
    some_word = '0;
    count     = '0;
    some      = 1'b0;
    same_runs = 1'b0;
    if (shared) begin
      some_word = some_q[word];
      some      = some_word[ctx_q[4:0]];
      count     = count_ram[row];
      same_runs = !was_running_q && runs_q[node] && (runs_row_q[node] == row);
    end
    others = some && !(was_ready_q && (count == 11'd1));
  end

  function automatic logic [1:0] state_of(input logic runs, input logic is_ready);
    if (runs) begin
      return Running;
    end
    return is_ready ? Ready : Idle;
  endfunction

  always_comb begin
    was = Idle;
    now = Idle;
    if (look_q) begin
      was = state_of(was_running_q || same_runs, was_ready_q || others);
      now = state_of(running_q || same_runs, ready_q || others);
    end
  end

  assign push_o  = look_q && logged_q && (was != now);
  assign entry_o = {node_q, time_q, handle_q, now};
  assign busy_o  = look_q;

  // ------------------------------------------------------------------ counts

  logic put;

  assign put = shared && (was_ready_q != ready_q);

  always_comb begin
    some_next = '0;
    if (put) begin
      some_next             = some_word;
      some_next[ctx_q[4:0]] = ready_q || (count != 11'd1);
    end
  end

  always_ff @(posedge clk_i) begin
    if (put) begin
      count_ram[row] <= !ready_q ? count - 11'd1 : (some ? count + 11'd1 : 11'd1);
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      for (int unsigned w = 0; w < NumWords; w++) begin
        some_q[w] <= '0;
      end
    end else if (put) begin
      some_q[word] <= some_next;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      runs_q     <= '0;
      runs_row_q <= '0;
    end else if (shared && (was_running_q != running_q)) begin
      runs_q[node]     <= running_q;
      runs_row_q[node] <= row;
    end
  end

endmodule : bell_sched_activity
