// SPDX-License-Identifier: MIT
//
// Who is owed a WPTR sample: by KICK (software), or by a ring, which the ledger has to know.
//
// The flag of a ring has two writers and is kept as two arrays, of which it is the difference:
// sched makes them equal, a credit makes them differ. Where a credit and the start of a turn meet
// the same queue, the sample is owed anew.
//
// A queue is read one clock before sched looks at it, or earlier if sched stands still; a credit
// that comes between counts.
//
// A credit that finds sched busy with another queue is remembered in a FIFO: sched looks at its
// queue later. A queue is there twice only when its turn was given meanwhile, or when it was closed
// and opened again; sched gives no turn while many_o. So there is always room. It takes a ring for
// another queue in every clock, and turns that leave none over, to get that far.
//
// Timing  what a credit is worth is combinational, writes count one clock later.
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
  output logic                credit_fresh_o,  // A sample is owed now, unless sched closes it.
  input  logic                credit_taken_i,  // With fresh: sched will look at the queue.

  // The queue that sched looks at from the next clock on; not the one it looks at now.
  input  logic                read_i,
  input  bell_pkg::queue_id_t read_queue_i,

  // The queue that sched looks at.
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
  localparam int unsigned Many      = (Depth > 48) ? Depth / 2 - 16 : 8;

  typedef logic [QueueBits-1:0] index_t;

  logic kick_ram   [NumQueues];
  logic ring_a_ram [NumQueues];  // Written by sched,
  logic ring_b_ram [NumQueues];  // by credits.

  logic owed, same, credit_b, credit_new, late_empty, unused_full;
  logic kick_q, ring_a_q, ring_q;  // Of the queue that sched looks at.
  logic [$clog2(Depth):0] late_count;

  always_comb begin
    owed     = 1'b0;
    same     = 1'b0;
    credit_b = 1'b0;
    if (credit_valid_i) begin
      credit_b = ring_b_ram[index_t'(credit_queue_i)];
      owed = kick_ram[index_t'(credit_queue_i)]
             || (ring_a_ram[index_t'(credit_queue_i)] ^ credit_b);
      same = queue_i == credit_queue_i;
    end
  end

  assign credit_fresh_o     = credit_valid_i && credit_open_i && !owed;
  assign credit_closed_o    = credit_valid_i && (!credit_open_i || (close_i && same));
  assign credit_coalesced_o = owed && !credit_closed_o && !(give_i && same);
  assign credit_new         = credit_valid_i && !credit_closed_o && !credit_coalesced_o;

  always_ff @(posedge clk_i) begin
    if (write_i) begin
      kick_ram[index_t'(queue_i)] <= kick_i;
      if (no_ring_i) begin
        ring_a_ram[index_t'(queue_i)] <= ring_a_q ^ ring_q;
      end
    end
    // It was equal, or the start of a turn makes a what b is now: either way b changes.
    if (credit_new) begin
      ring_b_ram[index_t'(credit_queue_i)] <= !credit_b;
    end
  end

  always_ff @(posedge clk_i) begin
    if (read_i) begin
      kick_q   <= kick_ram[index_t'(read_queue_i)];
      ring_a_q <= ring_a_ram[index_t'(read_queue_i)];
      ring_q   <= (ring_a_ram[index_t'(read_queue_i)] ^ ring_b_ram[index_t'(read_queue_i)])
                  || (credit_new && (credit_queue_i == read_queue_i));
    end else if (credit_new && same) begin
      ring_q <= 1'b1;
    end
  end

  assign kick_o = kick_q;
  assign ring_o = ring_q;

  bell_fifo #(.Width(10), .Depth(Depth)) u_late (
    .clk_i, .rst_ni, .clear_i(1'b0),
    .push_i(credit_new && !credit_taken_i), .data_i(credit_queue_i), .full_o(unused_full),
    .pop_i(late_take_i), .data_o(late_queue_o), .empty_o(late_empty), .count_o(late_count)
  );

  assign late_valid_o = !late_empty;
  assign many_o       = late_count >= ($clog2(Depth) + 1)'(Many);

endmodule : bell_sched_owed
