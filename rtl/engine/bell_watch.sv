// SPDX-License-Identifier: MIT
//
// Idle detectors and progress watchdogs of all nodes: two timers a node, one event stream.
//
//   idle  counts while the node has no turn and is not gated      ENGINE_IDLE
//   hung  counts while it has one, from the last progress pulse   ENGINE_HUNG
//
// A timer fires once, then waits for its next start: a turn (idle), progress or another turn (hung),
// or a change of its limit. Limit 0 keeps it off: nothing toggles.
//
// An event tells queue and limit as they were when its timer fired, stays until it is taken, also
// when its reason has passed, and does not change while it is offered. For want of room one waits
// at the output and one for each timer; what a timer fires while one of its own waits there is
// counted in that. Data as in bell_formats.rdl, WATCH.
//
// Timing  timer_o is the exact number of clocks to the edge at which the first timer ends, or less
//         in a clock that starts one anew: it has no path from progress_i. An event is offered in
//         the clock after that edge, unless another one is.
// Reset   off. While everything is off nothing changes.

module bell_watch #(
  parameter int unsigned NumNodes = 3  // 1 .. 4.
) (
  input  logic clk_i,
  input  logic rst_ni,

  input  logic [31:0] advance_i,  // Clocks that this edge stands for, 1 or more.

  // From regs.
  input  logic [NumNodes*32-1:0] idle_limit_i,
  input  logic [NumNodes*32-1:0] hung_limit_i,
  input  logic [NumNodes-1:0]    long_work_i,  // The clocks of a WORK packet do not count.

  input  logic [NumNodes-1:0]    gated_i,      // The node is idle by order.

  // From sched and nodes.
  input  logic [NumNodes-1:0]    running_i,    // The node has a turn.
  input  logic [NumNodes-1:0]    progress_i,   // Pulse: a packet started or ended.
  input  logic [NumNodes-1:0]    working_i,    // A WORK packet runs.
  input  logic [NumNodes*10-1:0] queue_i,      // Queue of the turn.

  // To irq, held until taken.
  output logic             event_valid_o,
  input  logic             event_ready_i,
  output bell_pkg::event_t event_o,

  output logic        busy_o,  // More than the timers changes; low while events wait for room.
  output logic        timer_valid_o,
  output logic [63:0] timer_o
);

  localparam int unsigned NumTimers = 2 * NumNodes;  // Idle first.
  localparam int unsigned MoreBits  = bell_formats_pkg::WatchWordMoreMsb
                                      - bell_formats_pkg::WatchWordMoreLsb + 1;

  logic [NumTimers-1:0]       count, restart, armed_q, changed, fires;
  logic [NumTimers-1:0][31:0] limit, limit_q, left_q;

  // Of each timer, an event that is not offered yet.
  logic [NumTimers-1:0]               pending_q, move, free;
  logic [NumTimers-1:0][MoreBits-1:0] more_q;
  logic [NumTimers-1:0][31:0]         fired_limit_q;
  logic [NumNodes-1:0][9:0]           fired_queue_q;

  for (genvar n = 0; n < int'(NumNodes); n++) begin : g_node
    assign limit[n]              = idle_limit_i[n*32 +: 32];
    assign count[n]              = !running_i[n];
    assign limit[NumNodes + n]   = hung_limit_i[n*32 +: 32];
    assign count[NumNodes + n]   = running_i[n] && !(working_i[n] && long_work_i[n]);
  end

  logic off, zero, rest_q;

  // A timer that is off has nothing to count and nothing to tell.
  assign zero = (idle_limit_i == '0) && (hung_limit_i == '0);
  assign off  = zero && rest_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      rest_q <= 1'b1;
    end else if (!off) begin
      rest_q <= zero && (limit_q == '0) && (pending_q == '0);
    end
  end

  always_comb begin
    restart = '0;
    changed = '0;
    fires   = '0;
    if (!off) begin
      restart = {~running_i | progress_i, running_i | gated_i};
      for (int unsigned t = 0; t < NumTimers; t++) begin
        changed[t] = limit[t] != limit_q[t];
        fires[t]   = armed_q[t] && count[t] && !changed[t] && !restart[t]
                     && (left_q[t] <= advance_i);
      end
    end
  end

  for (genvar t = 0; t < int'(NumTimers); t++) begin : g_timer
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        limit_q[t]   <= '0;
        left_q[t]    <= '0;
        armed_q[t]   <= 1'b0;
        pending_q[t] <= 1'b0;
        more_q[t]    <= '0;
      end else if (!off) begin
        if (changed[t] || restart[t]) begin
          limit_q[t] <= limit[t];
          left_q[t]  <= limit[t];
          armed_q[t] <= limit[t] != '0;
        end else if (armed_q[t] && count[t]) begin
          left_q[t]  <= left_q[t] - advance_i;
          armed_q[t] <= left_q[t] > advance_i;
        end
        if (fires[t] || pending_q[t]) begin
          pending_q[t] <= fires[t] || !free[t];
          if (free[t]) begin
            more_q[t] <= '0;
          end else if (fires[t] && !(&more_q[t])) begin
            more_q[t] <= more_q[t] + 1'b1;
          end
        end
      end
    end
  end

  assign free = ~pending_q | move;

  // They follow the timer until it has fired: no path from its end.
  always_ff @(posedge clk_i) begin
    if (!off) begin
      for (int unsigned t = 0; t < NumTimers; t++) begin
        if (free[t]) begin
          fired_limit_q[t] <= limit_q[t];
        end
      end
      for (int unsigned n = 0; n < NumNodes; n++) begin
        if (free[NumNodes + n]) begin
          fired_queue_q[n] <= queue_i[n*10 +: 10];
        end
      end
    end
  end

  // -------------------------------------------------------------------- output

  logic                 any, held_q;
  logic [NumTimers-1:0] grant;
  bell_pkg::event_t     next, event_q;

  bell_rr_arb #(.NumReqs(NumTimers)) u_arb (
    .clk_i, .rst_ni, .req_i(pending_q), .take_i(!held_q), .valid_o(any), .grant_o(grant), .index_o()
  );

  assign move = held_q ? '0 : grant;

  always_comb begin
    next = '0;
    if (any) begin
      for (int unsigned t = 0; t < NumTimers; t++) begin
        if (grant[t]) begin
          next.cause = (t < NumNodes) ? bell_formats_pkg::CauseEngineIdle
                                      : bell_formats_pkg::CauseEngineHung;
          next.node  = 2'(t % NumNodes);
          next.queue = (t < NumNodes) ? '0 : fired_queue_q[t % NumNodes];
          next.data  = 64'({more_q[t], fired_limit_q[t]});
        end
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      held_q <= 1'b0;
    end else if (event_valid_o) begin
      held_q <= !event_ready_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (any && !held_q) begin
      event_q <= next;
    end
  end

  assign event_valid_o = held_q || any;
  assign event_o       = held_q ? event_q : next;
  assign busy_o        = !off && ((changed & ~restart) != '0 || (any && !held_q));

  always_comb begin
    timer_valid_o = 1'b0;
    timer_o       = '1;
    if (!off) begin
      for (int unsigned t = 0; t < NumTimers; t++) begin
        if (armed_q[t] && count[t]) begin
          timer_valid_o = 1'b1;
          if (64'(left_q[t]) < timer_o) begin
            timer_o = 64'(left_q[t]);
          end
        end
      end
    end
  end

endmodule : bell_watch
