// SPDX-License-Identifier: MIT
//
// Refusals as events: rings rejected, rings without owner, register accesses answered SLVERR.
//
// Whoever can reach a doorbell can have a ring refused in every clock, so refusals are counted here
// and told in sum: software arms a kind, the next refusal of it (or those since the last event)
// posts one event and takes the arm away. Nothing waits for that: a ring is never held up, and
// what comes meanwhile is in the next event.
//
// Timing  refusal in clock n, event offered in n+2. Data as in bell_formats.rdl, REPORT.
// Reset   nothing counted.

module bell_report #(
  parameter int unsigned CountBits = 32  // Of the count in an event, 2 .. 32; stops at its largest.
) (
  input  logic clk_i,
  input  logic rst_ni,

  // Kinds: 0 rejected, 1 unowned, 2 refused.
  input  bell_pkg::refusal_t [2:0] refusal_i,
  input  logic               [2:0] arm_i,     // From regs,
  output logic               [2:0] disarm_o,  // and back: pulse, the event is made.

  // To irq, held until taken.
  output logic             event_valid_o,
  input  logic             event_ready_i,
  output bell_pkg::event_t event_o,

  output logic busy_o  // An event is to be made.
);

  localparam int unsigned NumKinds = 3;

  logic [NumKinds-1:0]    due, make;
  logic [NumKinds*64-1:0] words;  // Of each kind, what its event would tell now.
  logic                   valid_q;
  bell_pkg::event_t       event_q;

  for (genvar k = 0; k < int'(NumKinds); k++) begin : g_kind
    bell_pkg::refusal_t refusal;
    logic [CountBits-1:0] count_q, kept;
    logic [CountBits:0]   sum;
    logic [31:0]          first_q;  // Address and code.

    assign refusal = refusal_i[k];
    assign kept    = make[k] ? '0 : count_q;
    assign sum     = {1'b0, kept} + (CountBits + 1)'(refusal.count);
    assign due[k]  = arm_i[k] && (count_q != '0);

    assign words[k*64 +: 64] = {first_q, 32'(count_q)};

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        count_q <= '0;
      end else if (make[k] || (refusal.count != '0)) begin
        count_q <= sum[CountBits] ? '1 : sum[CountBits-1:0];
      end
    end

    always_ff @(posedge clk_i) begin
      if ((refusal.count != '0) && (kept == '0)) begin
        first_q <= {refusal.addr, refusal.code};
      end
    end
  end

  // One at a time, the lowest first: an arming is one event, so none is passed over for long.
  assign make     = valid_q ? '0 : due & (~due + 1'b1);
  assign disarm_o = make;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
    end else if (|make) begin
      valid_q <= 1'b1;
    end else if (event_ready_i) begin
      valid_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned k = 0; k < NumKinds; k++) begin
      if (make[k]) begin
        event_q <= {bell_formats_pkg::CauseRingRejected + 8'(k), 2'd0, 10'd0, words[k*64 +: 64]};
      end
    end
  end

  assign event_valid_o = valid_q;
  assign event_o       = valid_q ? event_q : '0;
  assign busy_o        = |make;

endmodule : bell_report
