// SPDX-License-Identifier: MIT
//
// Who is owed a WPTR sample: by KICK (software), or by a ring, which the ledger has to know.
//
// The flag of a ring has two writers and is kept as two arrays, of which it is the difference:
// sched makes them equal, a credit makes them differ. Where a credit and the start of a turn meet
// the same queue, the sample is owed anew.
//
// A credit that finds sched busy with another queue is remembered in a FIFO: sched looks at its
// queue later. A queue is there twice only when its turn was given meanwhile, or when it was closed
// and opened again; sched gives no turn while many_o. So there is always room.
//
// Timing  reads are combinational, writes count one clock later.
// Reset   the FIFO is empty. The flags mean something while a queue is open; OPEN clears them.

module bell_sched_owed #(
  parameter int unsigned NumQueues = 64  // 1 .. 1024.
) (
  input  logic clk_i,
  input  logic rst_ni,

  // Credits; never held up. What one was worth: same clock.
  input  logic                credit_valid_i,
  input  bell_pkg::queue_id_t credit_queue_i,
  input  logic                credit_open_i,
  output logic                credit_coalesced_o,
  output logic                credit_closed_o,
  output logic                credit_fresh_o,  // A sample is owed now, unless sched closes the queue.
  input  logic                credit_taken_i,  // With fresh: sched looks at the queue now.

  // The queue that sched looks at.
  input  logic                look_i,
  input  bell_pkg::queue_id_t queue_i,
  output logic                kick_o,
  output logic                ring_o,    // As before this clock's credit.
  input  logic                write_i,
  input  logic                kick_i,
  input  logic                no_ring_i,
  input  logic                give_i,    // Its turn is given.
  input  logic                close_i,   // It is closed.

  // Queues to look at later.
  output logic                late_valid_o,
  output bell_pkg::queue_id_t late_queue_o,
  input  logic                late_take_i,
  output logic                many_o
);

  localparam int unsigned QueueBits = (NumQueues > 1) ? $clog2(NumQueues) : 1;
  localparam int unsigned Depth     = 2 * ((NumQueues > 8) ? (1 << QueueBits) : 8);
  localparam int unsigned Many      = 8;

  typedef logic [QueueBits-1:0] index_t;

  logic kick_q   [NumQueues];
  logic ring_a_q [NumQueues];  // Written by sched,
  logic ring_b_q [NumQueues];  // by credits.

  logic owed, same, credit_new, late_empty, unused_full;
  logic [$clog2(Depth):0] late_count;

  always_comb begin
    kick_o = 1'b0;
    ring_o = 1'b0;
    if (look_i) begin
      kick_o = kick_q[index_t'(queue_i)];
      ring_o = ring_a_q[index_t'(queue_i)] ^ ring_b_q[index_t'(queue_i)];
    end
  end

  always_comb begin
    owed = 1'b0;
    same = 1'b0;
    if (credit_valid_i) begin
      owed = kick_q[index_t'(credit_queue_i)]
             || (ring_a_q[index_t'(credit_queue_i)] ^ ring_b_q[index_t'(credit_queue_i)]);
      same = queue_i == credit_queue_i;
    end
  end

  assign credit_fresh_o     = credit_valid_i && credit_open_i && !owed;
  assign credit_closed_o    = credit_valid_i && (!credit_open_i || (close_i && same));
  assign credit_coalesced_o = owed && !credit_closed_o && !(give_i && same);
  assign credit_new         = credit_valid_i && !credit_closed_o && !credit_coalesced_o;

  always_ff @(posedge clk_i) begin
    if (write_i) begin
      kick_q[index_t'(queue_i)] <= kick_i;
      if (no_ring_i) begin
        ring_a_q[index_t'(queue_i)] <= ring_b_q[index_t'(queue_i)];
      end
    end
    // It was equal, or the start of a turn makes a what b is now: either way b changes.
    if (credit_new) begin
      ring_b_q[index_t'(credit_queue_i)] <= !ring_b_q[index_t'(credit_queue_i)];
    end
  end

  bell_fifo #(.Width(10), .Depth(Depth)) u_late (
    .clk_i, .rst_ni, .clear_i(1'b0),
    .push_i(credit_new && !credit_taken_i), .data_i(credit_queue_i), .full_o(unused_full),
    .pop_i(late_take_i), .data_o(late_queue_o), .empty_o(late_empty), .count_o(late_count)
  );

  assign late_valid_o = !late_empty;
  assign many_o       = late_count >= ($clog2(Depth) + 1)'(Many);

endmodule : bell_sched_owed
