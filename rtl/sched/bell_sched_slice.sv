// SPDX-License-Identifier: MIT
//
// GPU time, and how long a queue keeps its node: quantum, grace, and the share of level 1.
//
//   Idle   no turn
//   Run    the quantum is not used up; the queue is kept on its node after a turn
//   Over   it is; the queue goes on until another one of its level, or of a higher one, is ready
//   Grace  the turn must end: yield; a grace period runs
//   Stop   that is over, or software said so: preempt
//
// A queue of a higher level that is ready takes Run and Over to Grace at once. What is decided for
// a turn stays so until its end. With quantum 0 a turn stays in Run and its queue is not kept.
//
// What is left of a quantum or a grace period is counted down, so that its end is a look at one
// counter. A kept queue's quantum goes on between its turns.
//
// Timing  a change of what is ready shows in yield_o one clock later. timer_o is the number of
//         clocks to the edge at which the first timer ends, or less.
// Clock   clk_timer_i is clk_i, never gated; only time and what is left run on it. clk_i must run
//         while busy_o or wake_o; no time may be skipped while busy_o.

module bell_sched_slice #(
  parameter int unsigned NumNodes = 3  // 1 .. 4.
) (
  input  logic clk_i,
  input  logic clk_timer_i,
  input  logic rst_ni,

  input  logic [31:0] advance_i,  // Clocks that this edge stands for, 1 or more.

  // From regs.
  input  logic                time_set_i,  // Time goes on from this.
  input  logic [63:0]         time_data_i,
  input  logic [NumNodes-1:0] active_i,   // The node may be given turns.
  input  logic [6:0]          percent_i,  // Share of level 1, at most 100,
  input  logic [38:0]         slice_i,    // clocks of it at once, times 100.

  // Turns.
  input  logic                 give_valid_i,
  input  bell_pkg::node_id_t   give_node_i,
  input  logic                 give_kept_i,  // The quantum goes on.
  input  bell_pkg::allowance_t give_allowance_i,
  input  logic                 end_valid_i,
  input  bell_pkg::node_id_t   end_node_i,
  input  logic                 stop_valid_i,  // Preempt at once.
  input  bell_pkg::node_id_t   stop_node_i,

  // What runs, what is ready.
  input  logic             [NumNodes-1:0]                          running_i,
  input  bell_pkg::level_t [NumNodes-1:0]                          level_i,
  input  logic             [NumNodes-1:0][bell_pkg::NumLevels-1:0] some_i,
  input  logic             [NumNodes-1:0]                          top_valid_i,
  input  bell_pkg::level_t [NumNodes-1:0]                          top_i,

  output logic [NumNodes-1:0] yield_o,
  output logic [NumNodes-1:0] preempt_o,
  output logic [NumNodes-1:0] keep_o,  // A queue whose turn ends now stays on its node.
  output logic [NumNodes-1:0] lift_o,  // Level 1 goes before level 2.

  output logic [63:0] time_o,  // GPU time.
  output logic        busy_o,
  output logic        wake_o,  // This edge ends a timer, or counts.
  output logic        timer_valid_o,
  output logic [63:0] timer_o
);

  typedef enum logic [2:0] {Idle, Run, Over, Grace, Stop} phase_e;

  logic [63:0] time_q;

  assign time_o = time_q;

  always_ff @(posedge clk_timer_i or negedge rst_ni) begin
    if (!rst_ni) begin
      time_q <= '0;
    end else begin
      time_q <= time_set_i ? time_data_i : time_q + 64'(advance_i);
    end
  end

  // ---------------------------------------------------------------- rivals

  logic [NumNodes-1:0] lift, higher, same, armed, fires, busy;
  logic [NumNodes-1:0] load_quantum, load_higher, load_same;

  // Clocks of the quantum or of the grace period, down to 0; counts_q: more than that.
  logic [NumNodes-1:0]       counts_q;
  logic [NumNodes-1:0][31:0] left_q, higher_clocks, same_clocks;

  assign lift_o = lift;

  for (genvar n = 0; n < int'(NumNodes); n++) begin : g_node
    phase_e               phase_q;
    logic                 timed_q;  // A quantum was given.
    logic                 hurry_q;  // Grace is that for a higher level.
    bell_pkg::allowance_t allowance_q;
    logic                 give, over, stop, order;

    assign give  = give_valid_i && (give_node_i == 2'(n));
    assign over  = end_valid_i && (end_node_i == 2'(n));
    assign stop  = stop_valid_i && (stop_node_i == 2'(n));
    assign order = busy[n] && !give && !over && !stop;

    always_comb begin
      higher[n] = 1'b0;
      same[n]   = 1'b0;
      if (running_i[n] && active_i[n] && top_valid_i[n]) begin
        higher[n] = top_i[n] > level_i[n];
        if (lift[n] && (level_i[n] == bell_pkg::LevelNormal)) begin
          higher[n] = top_i[n] > bell_pkg::LevelFocus;
        end else if (lift[n] && (level_i[n] == bell_pkg::LevelFocus)
                     && some_i[n][bell_pkg::LevelNormal]) begin
          higher[n] = 1'b1;
        end
        same[n] = some_i[n][level_i[n]];
      end
    end

    assign armed[n]    = ((phase_q == Run) && timed_q) || (phase_q == Grace);
    assign busy[n]     = (higher[n] && ((phase_q == Run) || (phase_q == Over)
                                        || ((phase_q == Grace) && !hurry_q)))
                         || (same[n] && (phase_q == Over));

    assign yield_o[n]   = (phase_q == Grace) || (phase_q == Stop);
    assign preempt_o[n] = phase_q == Stop;
    assign keep_o[n]    = (phase_q == Run) && timed_q && !higher[n];

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        phase_q     <= Idle;
        timed_q     <= 1'b0;
        hurry_q     <= 1'b0;
        allowance_q <= '0;
      end else if (give) begin
        phase_q     <= Run;
        hurry_q     <= 1'b0;
        allowance_q <= give_allowance_i;
        if (!give_kept_i) begin
          timed_q <= give_allowance_i.quantum != '0;
        end
      end else if (over) begin
        phase_q <= Idle;
      end else if (stop) begin
        phase_q <= Stop;
      end else if (busy[n]) begin
        phase_q <= Grace;
        hurry_q <= higher[n];
      end else if (fires[n]) begin
        phase_q <= (phase_q == Run) ? Over : Stop;
      end
    end

    // A grace period that runs may only get shorter.
    assign load_quantum[n]  = give && !give_kept_i;
    assign load_higher[n]   = order && higher[n]
                              && ((phase_q != Grace) || (left_q[n] > allowance_q.higher));
    assign load_same[n]     = order && !higher[n] && (phase_q != Grace);
    assign higher_clocks[n] = allowance_q.higher;
    assign same_clocks[n]   = allowance_q.same;
  end

  always_comb begin
    fires = '0;
    if (|armed) begin
      for (int unsigned n = 0; n < NumNodes; n++) begin
        fires[n] = armed[n] && (left_q[n] <= advance_i);
      end
    end
  end

  always_ff @(posedge clk_timer_i or negedge rst_ni) begin
    if (!rst_ni) begin
      left_q   <= '0;
      counts_q <= '0;
    end else if (give_valid_i || (|busy) || (|counts_q)) begin
      for (int unsigned n = 0; n < NumNodes; n++) begin
        if (load_quantum[n]) begin
          left_q[n]   <= give_allowance_i.quantum;
          counts_q[n] <= give_allowance_i.quantum != '0;
        end else if (load_higher[n]) begin
          left_q[n]   <= higher_clocks[n];
          counts_q[n] <= higher_clocks[n] != '0;
        end else if (load_same[n]) begin
          left_q[n]   <= same_clocks[n];
          counts_q[n] <= same_clocks[n] != '0;
        end else if (counts_q[n]) begin
          left_q[n]   <= (left_q[n] > advance_i) ? left_q[n] - advance_i : '0;
          counts_q[n] <= left_q[n] > advance_i;
        end
      end
    end
  end

  // ------------------------------------------------------------------ share

  logic        share_timer_valid, share_wake;
  logic [63:0] share_timer;

  bell_sched_share #(.NumNodes(NumNodes)) u_share (
    .clk_i, .rst_ni, .advance_i, .percent_i, .slice_i,
    .running_i(running_i & active_i), .level_i, .some_i, .lift_o(lift),
    .wake_o(share_wake), .timer_valid_o(share_timer_valid), .timer_o(share_timer)
  );

  // --------------------------------------------------------- quiet, deadline

  assign busy_o = |busy;
  assign wake_o = (|fires) || share_wake;

  always_comb begin
    timer_valid_o = share_timer_valid;
    timer_o       = share_timer;
    if (|armed) begin
      timer_valid_o = 1'b1;
      for (int unsigned n = 0; n < NumNodes; n++) begin
        if (armed[n] && !counts_q[n]) begin
          timer_o = 64'd1;
        end else if (armed[n] && (64'(left_q[n]) < timer_o)) begin
          timer_o = 64'(left_q[n]);
        end
      end
    end
  end

endmodule : bell_sched_slice
