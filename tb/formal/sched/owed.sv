// SPDX-License-Identifier: MIT
// proof: unbounded
// says: Every credit is worth one thing: a sample owed anew, coalesced into one that is still owed,
//       or closed. What is owed to a ring stays so until sched starts a turn of the queue or opens
//       or closes it; what is owed to KICK until sched takes it. A sample is not owed to a ring
//       twice. A queue that came to be owed one while sched was busy is looked at later: it waits
//       in the queue of those until then, which always has room.
//
// Whatever sched does within its contract: it looks at one queue a clock, which it read in the clock
// before, or earlier when it stands still, and never reads the one it looks at; it clears what is
// owed at the start of a turn, at OPEN and CLOSE, gives no turn while many wait, and between two
// OPENs takes one that waits, if any does.

module f_owed #(
  parameter int unsigned Queues = 2
) (
  input logic                clk_i,
  input logic                rst_ni,
  input bell_pkg::queue_id_t watch_i,
  input logic                credit_valid_i,
  input bell_pkg::queue_id_t credit_queue_i,
  input logic                taken_i,  // Sched will look at a queue because of a fresh credit.
  input logic                read_i,
  input bell_pkg::queue_id_t read_queue_i,
  input logic                hold_i,   // Sched stands still.
  input logic                write_i,
  input logic                kick_i,
  input logic                give_i,
  input logic                open_i,
  input logic                close_i,
  input logic                late_take_i
);

  logic                coalesced, closed, fresh, kick, ring, late_valid, many;
  bell_pkg::queue_id_t late_queue;
  logic [Queues-1:0]   open_q;
  logic                credit_open, no_ring, look_q;
  bell_pkg::queue_id_t queue_q;

  assign credit_open = open_q[credit_queue_i[0]];
  assign no_ring     = give_i || open_i;

  bell_sched_owed #(.NumQueues(Queues)) dut (
    .clk_i, .rst_ni, .credit_valid_i, .credit_queue_i,
    .credit_open_i(credit_valid_i && credit_open), .credit_coalesced_o(coalesced),
    .credit_closed_o(closed), .credit_fresh_o(fresh), .credit_taken_i(taken_i),
    .read_i, .read_queue_i, .queue_i(queue_q), .kick_o(kick), .ring_o(ring),
    .write_i, .kick_i, .no_ring_i(no_ring), .give_i, .close_i,
    .late_valid_o(late_valid), .late_queue_o(late_queue), .late_take_i, .many_o(many)
  );

  logic       started_q = 1'b0;
  logic       watch_q;
  logic       kicked_q, ringed_q;  // The watched queue is owed a sample: to KICK, to a ring.
  logic       due_q;               // Since it is owed one to a ring, sched has not looked at it.
  logic       credits, looks, anew;
  logic [4:0] late_q;              // Queues that wait to be looked at.
  logic       opened_q;            // Since an OPEN no queue that waits was looked at.

  assign credits = credit_valid_i && (credit_queue_i[0] == watch_q);
  assign looks   = look_q && (queue_q[0] == watch_q);
  assign anew    = credits && !coalesced && !closed;

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!started_q) begin
      watch_q <= watch_i[0];
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      open_q   <= '0;
      kicked_q <= 1'b0;
      ringed_q <= 1'b0;
      due_q    <= 1'b0;
      late_q   <= '0;
      opened_q <= 1'b0;
      look_q   <= 1'b0;
      queue_q  <= '0;
    end else begin
      if (!hold_i) begin
        look_q <= read_i;
      end
      if (read_i) begin
        queue_q <= read_queue_i;
      end
      if (open_i) begin
        open_q[queue_q[0]] <= 1'b1;
      end
      if (close_i) begin
        open_q[queue_q[0]] <= 1'b0;
      end
      opened_q <= open_i || (opened_q && !late_take_i && late_valid);
      late_q <= late_q + 5'(credit_valid_i && !coalesced && !closed && !taken_i)
                - 5'(late_take_i);
      due_q  <= (anew && !taken_i) || (due_q && !(late_take_i && (late_queue[0] == watch_q)));
      if (looks && write_i) begin
        kicked_q <= kick_i;
      end
      ringed_q <= anew || (ringed_q && !(looks && (no_ring || close_i)));
    end
  end

  always_comb begin
    if (!started_q) begin
      assume (!rst_ni);
      assume (32'(watch_i) < Queues);
    end
    assume ((32'(credit_queue_i) < Queues) && (32'(read_queue_i) < Queues));
    assume (!read_i || (!hold_i && !(look_q && (queue_q == read_queue_i))));
    assume ((look_q && !hold_i) || !write_i);
    assume (write_i || !(give_i || open_i || close_i));
    assume (32'(give_i) + 32'(open_i) + 32'(close_i) <= 1);
    assume (!open_i || (!open_q[queue_q[0]] && !kick_i));
    assume (!open_i || !opened_q || !late_valid);
    assume (!close_i || open_q[queue_q[0]]);
    assume (!give_i || (open_q[queue_q[0]] && !many && !kick_i));
    assume (!taken_i || (fresh && !late_valid));
    assume (!late_take_i || (late_valid && !taken_i));
    if (rst_ni && started_q) begin
      one_worth: assert (!coalesced || !closed);
      worth_of_a_credit: assert (credit_valid_i || !(coalesced || closed || fresh));
      closed_when_closed: assert (!credits || (closed == (!open_q[watch_q]
                                                          || (looks && close_i))));
      coalesces_into_what_is_owed: assert (!credits || !coalesced
                                           || ((kicked_q || ringed_q) && !(looks && give_i)));
      anew_when_not_owed: assert (!anew || (looks && give_i) || !(kicked_q || ringed_q));
      fresh_when_not_owed: assert (!credits || !open_q[watch_q]
                                   || (fresh == !(kicked_q || ringed_q)));
      shows_what_is_owed: assert (!looks || !open_q[watch_q]
                                  || ((kick == kicked_q) && (ring == ringed_q)));
      waits_to_be_looked_at: assert (!due_q || late_valid);
      always_room: assert (late_q <= 5'd16);
      counts_what_waits: assert (late_valid == (late_q != '0));
    end
  end

endmodule : f_owed
