// SPDX-License-Identifier: MIT
// proof: induction 1
// says: An event that a source hands over is kept until software takes it, unchanged and once,
//       and events come out in the order in which they went in; a full queue takes nothing and a
//       source without room is held up, never dropped; an empty pop changes nothing; irq_o is
//       high exactly while enabled and not empty.
//
// One event, chosen freely, is followed: how many are ahead of it, and its data.


module f_irq_order #(
  parameter int unsigned Sources = 3,
  parameter int unsigned Depth   = 4
) (
  input logic                           clk_i,
  input logic                           rst_ni,
  input logic             [Sources-1:0] event_valid_i,
  input bell_pkg::event_t [Sources-1:0] event_i,
  input logic                           enable_i,
  input logic                           pop_i,
  input logic                           follow_i   // Follow the event that is taken now.
);

  localparam int unsigned CountBits = $clog2(Depth) + 1;

  logic [Sources-1:0]   ready;
  logic                 valid, irq;
  bell_pkg::event_t     oldest;
  logic [CountBits-1:0] level;

  bell_irq #(.NumSources(Sources), .Depth(Depth)) dut (
    .clk_i, .rst_ni, .event_valid_i, .event_ready_o(ready), .event_i, .enable_i, .pop_i,
    .valid_o(valid), .event_o(oldest), .level_o(level), .irq_o(irq)
  );

  logic started_q = 1'b0;

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
  end

  // What goes in and out, seen from outside.
  logic [Sources-1:0]   taken;
  logic                 push, pop;
  bell_pkg::event_t     pushed;
  logic [CountBits-1:0] inside_q;  // Events in the queue.

  assign taken = ready & event_valid_i;
  assign push  = |taken;
  assign pop   = pop_i && (inside_q != '0);

  always_comb begin
    pushed = '0;
    for (int unsigned s = 0; s < Sources; s++) begin
      if (taken[s]) begin
        pushed = event_i[s];
      end
    end
  end

  logic                 followed_q;
  logic [CountBits-1:0] ahead_q;
  bell_pkg::event_t     carries_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      inside_q   <= '0;
      followed_q <= 1'b0;
      ahead_q    <= '0;
      carries_q  <= '0;
    end else begin
      inside_q <= inside_q + CountBits'(push) - CountBits'(pop);
      if (!followed_q) begin
        followed_q <= push && follow_i;
        ahead_q    <= inside_q - CountBits'(pop);
        carries_q  <= pushed;
      end else if (pop) begin
        followed_q <= ahead_q != '0;
        ahead_q    <= ahead_q - 1'b1;
      end
    end
  end

  always_comb begin
    if (!started_q) begin
      assume (!rst_ni);
    end
    if (rst_ni && started_q) begin
      one_at_a_time: assert ((taken & (taken - 1'b1)) == '0);
      takes_when_room: assert (push == ((event_valid_i != '0) && (inside_q < CountBits'(Depth))));
      full_stalls: assert ((inside_q < CountBits'(Depth)) || (ready == '0));
      level_is_what_is_inside: assert (level == inside_q);
      never_more_than_depth: assert (inside_q <= CountBits'(Depth));
      valid_while_inside: assert (valid == (inside_q != '0));
      irq_level: assert (irq == (enable_i && (inside_q != '0)));
      followed_is_inside: assert (!followed_q || (ahead_q < inside_q));
      inv_kept_in_its_place: assert (!followed_q || (dut.u_fifo.words[dut.u_fifo.head_q
                                 + ahead_q[CountBits-2:0]] == carries_q));
      inv_pointers_agree: assert (dut.u_fifo.tail_q == (CountBits-1)'(dut.u_fifo.head_q
                              + inside_q[CountBits-2:0]));
      in_order_and_whole: assert (!followed_q || (ahead_q != '0) || (oldest == carries_q));
    end
  end

endmodule : f_irq_order
