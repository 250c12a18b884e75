// SPDX-License-Identifier: MIT
//
// Event queue: collects events of all sources (nodes, scheduler, watches, report) in order and
// raises the interrupt.
//
// Nothing is dropped: a full queue holds its sources up until software consumes an event. One event
// is taken per clock, round robin over sources.
//
// Timing  an event taken is readable, and irq_o high, one clock later. irq_o is a level: high while
//         enabled and not empty.
// Reset   empty.

module bell_irq #(
  parameter int unsigned NumSources = 3,  // 1 .. 7.
  parameter int unsigned Depth      = 64  // Events, 1 or more.
) (
  input  logic clk_i,
  input  logic rst_ni,

  // From sources, held until taken.
  input  logic             [NumSources-1:0] event_valid_i,
  output logic             [NumSources-1:0] event_ready_o,
  input  bell_pkg::event_t [NumSources-1:0] event_i,

  // From and to regs.
  input  logic                   enable_i,
  input  logic                   pop_i,    // Pulse; ignored when empty.
  output logic                   valid_o,  // There is an oldest event:
  output bell_pkg::event_t       event_o,  // zero when there is none.
  output logic [$clog2(Depth+1)-1:0] level_o,

  output logic irq_o
);

  localparam int unsigned EventBits = $bits(bell_pkg::event_t);

  logic                 any, push, full, empty;
  logic [NumSources-1:0]  grant;
  logic [EventBits-1:0] incoming, oldest;

  bell_rr_arb #(.NumReqs(NumSources)) u_arb (
    .clk_i, .rst_ni, .req_i(event_valid_i), .take_i(push), .valid_o(any), .grant_o(grant),
    .index_o()
  );

  // One-hot selection: a dynamic index into wide packed elements simulates badly.
  always_comb begin
    incoming = '0;
    if (push) begin
      for (int n = 0; n < int'(NumSources); n++) begin
        if (grant[n]) begin
          incoming = event_i[n];
        end
      end
    end
  end

  assign push          = any && !full;
  assign event_ready_o = full ? '0 : grant;

  bell_fifo #(.Width(EventBits), .Depth(Depth)) u_fifo (
    .clk_i, .rst_ni, .clear_i(1'b0),
    .push_i(push), .data_i(incoming), .full_o(full),
    .pop_i(pop_i && !empty), .data_o(oldest), .empty_o(empty), .count_o(level_o)
  );

  assign valid_o = !empty;
  assign event_o = empty ? '0 : oldest;
  assign irq_o   = enable_i && !empty;

endmodule : bell_irq
