// SPDX-License-Identifier: MIT
//
// Invariants between stages, at the ports of the stages alone. Bound by bell_bind.sv. A broken rule
// is an $error "STAGE: rule NAME: ...".

// bell_ledger: no store is lost or counted twice, in any clock.
module bell_ledger_check (
  input logic        clk_i,
  input logic        rst_ni,
  input logic [63:0] accepted,
  input logic [63:0] sampled,
  input logic [63:0] coalesced,
  input logic [63:0] unowned,
  input logic [63:0] rejected,
  input logic [63:0] owed,
  input logic        saturated  // Of accepted.
);

  localparam logic [63:0] MostOwed = 64'd1024 + 64'd4;  // A ring a queue, and those in the pipe.

  always @(posedge clk_i) begin
    if (rst_ni) begin
      if (!saturated && (accepted != sampled + coalesced + unowned + rejected + owed))
        $error("ledger: rule SUM: %0d accepted, but %0d + %0d + %0d + %0d + %0d", accepted, sampled,
               coalesced, unowned, rejected, owed);
      if (owed > MostOwed) $error("ledger: rule OWED: %0d rings", owed);
    end
  end

endmodule : bell_ledger_check

// bell_doorbell: a ring is decided one clock after it comes, once, and a credit is for a queue.
module bell_doorbell_check #(
  parameter int NumQueues = 64
) (
  input logic       clk_i,
  input logic       rst_ni,
  input logic       ring_valid_i,
  input logic       ring_refuse_o,
  input logic       credit_valid_o,
  input logic [9:0] credit_queue,
  input logic       tap_valid_o,
  input logic [2:0] tap_bucket_o,
  input logic [7:0] tap_cause_o
);

  localparam logic [2:0] Rejected = 3'd3;

  logic ring_q, refuse_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      ring_q   <= 1'b0;
      refuse_q <= 1'b0;
    end else begin
      ring_q   <= ring_valid_i;
      refuse_q <= ring_refuse_o;
    end
  end

  always @(posedge clk_i) begin
    if (rst_ni) begin
      if (tap_valid_o != ring_q)
        $error("doorbell: rule DECIDED: ring %b, a clock later decided %b", ring_q, tap_valid_o);
      if (ring_refuse_o && !ring_valid_i) $error("doorbell: rule REFUSE: there is no store");
      if (tap_valid_o && refuse_q && (tap_bucket_o != Rejected))
        $error("doorbell: rule ANSWER: answered SLVERR, counted in bucket %0d", tap_bucket_o);
      if (tap_valid_o && ((tap_bucket_o == Rejected) != (tap_cause_o != '0)))
        $error("doorbell: rule CAUSE: bucket %0d, cause %0d", tap_bucket_o, tap_cause_o);
      if (credit_valid_o && (!tap_valid_o || (32'(credit_queue) >= NumQueues)))
        $error("doorbell: rule CREDIT: queue %0d of %0d, ring %b", credit_queue, NumQueues,
               tap_valid_o);
    end
  end

endmodule : bell_doorbell_check

// bell_sched: who has a turn, and who may have one.
module bell_sched_check #(
  parameter int NumNodes  = 3,
  parameter int NumQueues = 64
) (
  input logic                   clk_i,
  input logic                   rst_ni,
  input logic                   enable_i,
  input logic [NumNodes-1:0]    gated_i,
  input logic                   credit_valid_i,
  input logic [9:0]             credit_queue,
  input logic                   credit_coalesced_o,
  input logic                   credit_closed_o,
  input logic                   sampled_o,
  input logic                   forgone_o,
  input logic [NumNodes-1:0]    turn_valid_o,
  input logic [NumNodes-1:0]    turn_ready_i,
  input logic [9:0]             turn_queue,
  input logic [NumNodes-1:0]    end_valid_i,
  input logic [NumNodes-1:0]    end_ready_o,
  input logic [NumNodes*10-1:0] end_queues
);

  logic [NumNodes-1:0]      busy;                  // The node has a turn,
  logic [NumNodes-1:0][9:0] owner;                 // of this queue.
  logic                     running [1024];
  logic [NumNodes-1:0]      waiting;               // An end was offered and not taken.
  logic [NumNodes-1:0]      give, allowed;
  logic                     enable_q;
  logic [NumNodes-1:0]      gated_q;

  // A turn was given one clock before it is valid.
  assign give    = turn_valid_o & turn_ready_i;
  assign allowed = enable_q ? ~gated_q : '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      enable_q <= 1'b0;
      gated_q  <= '0;
    end else begin
      enable_q <= enable_i;
      gated_q  <= gated_i;
    end
  end

  always @(posedge clk_i or negedge rst_ni) begin : turns
    if (!rst_ni) begin
      busy    = '0;
      waiting = '0;
      for (int q = 0; q < 1024; q++) running[q] = 1'b0;
    end else begin
      if ((turn_valid_o & (turn_valid_o - 1'b1)) != '0)
        $error("sched: rule ONE_HOT: turn for nodes %b", turn_valid_o);
      if ((turn_valid_o & ~allowed) != '0)
        $error("sched: rule ALLOWED: turn for nodes %b, enable %b, gated %b", turn_valid_o,
               enable_q, gated_q);
      if ((turn_valid_o & ~busy & ~turn_ready_i) != '0)
        $error("sched: rule READY: turn for nodes %b, ready %b", turn_valid_o, turn_ready_i);
      if ((give & busy) != '0)
        $error("sched: rule BUSY: nodes %b have a turn, a new one for %b", busy, give);
      if ((give != '0) && running[turn_queue])
        $error("sched: rule TWICE: queue %0d has a turn already", turn_queue);
      if ((give != '0) && (32'(turn_queue) >= NumQueues))
        $error("sched: rule RANGE: queue %0d of %0d", turn_queue, NumQueues);
      if ((waiting & ~end_valid_i) != '0)
        $error("sched: rule END_HELD: nodes %b withdrew the end of their turn",
               waiting & ~end_valid_i);
      if ((end_valid_i & ~busy) != '0)
        $error("sched: rule END: nodes %b end turns they do not have", end_valid_i & ~busy);
      if ((end_ready_o & ~end_valid_i) != '0)
        $error("sched: rule END_READY: nodes %b", end_ready_o & ~end_valid_i);
      if (credit_valid_i && credit_closed_o && credit_coalesced_o)
        $error("sched: rule WORTH: a credit is closed and coalesced");
      if (credit_valid_i && credit_closed_o && running[credit_queue])
        $error("sched: rule RUNNING_OPEN: queue %0d has a turn and is closed", credit_queue);
      if (sampled_o && (give == '0)) $error("sched: rule SAMPLED: no turn is given");
      if (sampled_o && forgone_o) $error("sched: rule FORGONE: sampled as well");
      follow();
    end
  end

  task automatic follow;
    for (int n = 0; n < NumNodes; n++) begin
      waiting[n] = end_valid_i[n] && !end_ready_o[n];
      if (end_valid_i[n] && busy[n] && (end_queues[n*10 +: 10] != owner[n]))
        $error("sched: rule END_QUEUE: node %0d has queue %0d and ends %0d", n, owner[n],
               end_queues[n*10 +: 10]);
      if (end_valid_i[n] && end_ready_o[n] && busy[n]) begin
        busy[n] = 1'b0;
        running[owner[n]] = 1'b0;
      end
      if (give[n]) begin
        busy[n]  = 1'b1;
        owner[n] = turn_queue;
        running[turn_queue] = 1'b1;
      end
    end
  endtask

endmodule : bell_sched_check

// The queues of the turns that end, for bell_sched_check.
module bell_end_queues #(
  parameter int NumNodes = 3
) (
  input bell_pkg::turn_end_t [NumNodes-1:0] ends_i
);

  logic [NumNodes*10-1:0] queues;

  for (genvar n = 0; n < NumNodes; n++) begin : g_node
    bell_pkg::turn_end_t ended;

    assign ended              = ends_i[n];
    assign queues[n*10 +: 10] = ended.queue;
  end

endmodule : bell_end_queues

// bell_irq: sources hold what they offer, one is served, the line follows the queue.
module bell_irq_check #(
  parameter int NumSources = 3,
  parameter int EventBits  = 84,
  parameter int LevelBits  = 7
) (
  input logic                            clk_i,
  input logic                            rst_ni,
  input logic [NumSources-1:0]           event_valid_i,
  input logic [NumSources-1:0]           event_ready_o,
  input logic [NumSources*EventBits-1:0] event_i,
  input logic                            enable_i,
  input logic                            valid_o,
  input logic [LevelBits-1:0]            level_o,
  input logic                            irq_o
);

  logic [NumSources-1:0]           wait_q;
  logic [NumSources*EventBits-1:0] event_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      wait_q <= '0;
    end else if ((wait_q | event_valid_i) != '0) begin
      wait_q <= event_valid_i & ~event_ready_o;
    end
  end

  always_ff @(posedge clk_i) begin
    if (event_valid_i != '0) event_q <= event_i;
  end

  always @(posedge clk_i) begin
    if (rst_ni) begin
      if ((wait_q & ~event_valid_i) != '0)
        $error("irq: rule EVENT_VALID: sources %b withdrew an event", wait_q & ~event_valid_i);
      for (int s = 0; s < NumSources; s++) begin
        // A node takes USER_IRQ back when its turn is stopped first.
        if (wait_q[s] && event_valid_i[s]
            && (event_q[s*EventBits+EventBits-8 +: 8] != 8'd1)
            && (event_i[s*EventBits +: EventBits] != event_q[s*EventBits +: EventBits]))
          $error("irq: rule EVENT_PAYLOAD: source %0d changed an event", s);
        if (event_valid_i[s] && (event_i[s*EventBits+EventBits-8 +: 8] == '0))
          $error("irq: rule EVENT_CAUSE: source %0d gives none", s);
      end
      if ((event_ready_o & (event_ready_o - 1'b1)) != '0)
        $error("irq: rule ONE_SERVED: %b", event_ready_o);
      if ((irq_o != (enable_i && (level_o != '0))) || (valid_o != (level_o != '0)))
        $error("irq: rule LINE: %b with %0d events, enable %b", irq_o, level_o, enable_i);
    end
  end

endmodule : bell_irq_check

// bell_report: one event an arming, held until taken.
module bell_report_check (
  input logic       clk_i,
  input logic       rst_ni,
  input logic [2:0] arm_i,
  input logic [2:0] disarm_o,
  input logic       event_valid_o,
  input logic       event_ready_i
);

  logic held_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      held_q <= 1'b0;
    end else begin
      held_q <= (event_valid_o && !event_ready_i) || (disarm_o != '0);
    end
  end

  always @(posedge clk_i) begin
    if (rst_ni) begin
      if ((disarm_o & ~arm_i) != '0) $error("report: rule ARMED: kinds %b are not", disarm_o);
      if ((disarm_o != '0) && event_valid_o) $error("report: rule ONE: an event waits already");
      if (held_q != event_valid_o)
        $error("report: rule MADE: an event %s", event_valid_o ? "of nothing" : "was lost");
    end
  end

endmodule : bell_report_check
