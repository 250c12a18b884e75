// SPDX-License-Identifier: MIT
//
// The share of level 1 while level 2 would take all of a node: a debt, in clocks times 100.
//
//   grows    by percent a clock while level 2 runs and a queue of level 1 is ready
//   shrinks  by 100 - percent a clock while level 1 runs lifted
//   is 0     when nothing of level 1 is ready or runs
//
// At `slice` clocks of level 1 it is due: lift, until the debt is paid. So of the time that the two
// levels share, level 1 gets percent / 100; what it ran too long, because a buffer was long, comes
// off the next share.
//
// Timing  timer_o is at most the number of clocks to the edge at which lift changes.
// Clock   must run while wake_o.

module bell_sched_share #(
  parameter int unsigned NumNodes = 3  // 1 .. 4.
) (
  input  logic clk_i,
  input  logic rst_ni,

  input  logic [31:0] advance_i,

  input  logic [6:0]  percent_i,  // At most 100.
  input  logic [38:0] slice_i,    // Clocks times 100, more than 0.

  input  logic             [NumNodes-1:0]                          running_i,
  input  bell_pkg::level_t [NumNodes-1:0]                          level_i,
  input  logic             [NumNodes-1:0][bell_pkg::NumLevels-1:0] some_i,

  output logic [NumNodes-1:0] lift_o,
  output logic                wake_o,
  output logic                timer_valid_o,
  output logic [63:0]         timer_o
);

  localparam int unsigned DebtBits = 48;
  localparam logic [6:0]  Whole    = 7'd100;

  typedef logic signed [DebtBits-1:0] debt_t;

  logic [6:0]          others;
  debt_t               due, grows, shrinks;  // The last two: in this clock.
  logic [NumNodes-1:0] lift_q, waiting, growing, shrinking, unsettled_q, settle;
  debt_t               debt_q [NumNodes];

  assign others = Whole - percent_i;
  assign due    = debt_t'({1'b0, slice_i});
  assign lift_o = lift_q;

  always_comb begin
    grows   = '0;
    shrinks = '0;
    if (|(growing | shrinking)) begin
      grows   = debt_t'(64'(percent_i) * 64'(advance_i));
      shrinks = debt_t'(64'(others) * 64'(advance_i));
    end
  end

  for (genvar n = 0; n < int'(NumNodes); n++) begin : g_node
    assign waiting[n]   = some_i[n][bell_pkg::LevelNormal];
    assign growing[n]   = running_i[n] && (level_i[n] == bell_pkg::LevelFocus) && waiting[n]
                          && (percent_i != '0);
    assign shrinking[n] = running_i[n] && (level_i[n] == bell_pkg::LevelNormal) && lift_q[n];

    assign settle[n]    = unsettled_q[n] && !growing[n] && !shrinking[n]
                          && ((percent_i == '0) || (!waiting[n] && !(running_i[n]
                              && (level_i[n] == bell_pkg::LevelNormal))));

    // It stops at its largest value; a clock adds less than that.
    logic full;

    assign full = debt_q[n][DebtBits-1:DebtBits-2] == 2'b01;

    // One sum of three: a sum that is compared afterwards would be twice as deep in logic.
    debt_t past;

    always_comb begin
      past = '0;
      if (growing[n]) begin
        past = debt_q[n] + grows - due;
      end
    end

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        debt_q[n]      <= '0;
        lift_q[n]      <= 1'b0;
        unsettled_q[n] <= 1'b0;
      end else if (growing[n]) begin
        debt_q[n]      <= full ? debt_q[n] : debt_q[n] + grows;
        lift_q[n]      <= lift_q[n] || !past[DebtBits-1];
        unsettled_q[n] <= 1'b1;
      end else if (shrinking[n]) begin
        debt_q[n] <= debt_q[n] - shrinks;
        lift_q[n] <= debt_q[n] > shrinks;
      end else if (settle[n]) begin
        debt_q[n]      <= '0;
        lift_q[n]      <= 1'b0;
        unsettled_q[n] <= 1'b0;
      end
    end
  end

  assign wake_o = |(growing | shrinking | settle);

  // The rates are at most 100 a clock, less than 128.
  logic [63:0] left;
  debt_t       owed;

  always_comb begin
    left          = '1;
    owed          = '0;
    timer_valid_o = 1'b0;
    timer_o       = '1;
    for (int unsigned n = 0; n < NumNodes; n++) begin
      left = '1;
      owed = shrinking[n] ? debt_q[n] : due - debt_q[n];
      if ((growing[n] && !lift_q[n]) || shrinking[n]) begin
        left = 64'(owed) >> 7;
      end
      if ((growing[n] && !lift_q[n]) || shrinking[n]) begin
        timer_valid_o = 1'b1;
        if (left < timer_o) begin
          timer_o = (left == '0) ? 64'd1 : left;
        end
      end
    end
  end

endmodule : bell_sched_share
