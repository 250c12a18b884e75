// SPDX-License-Identifier: MIT
//
// Native fences: which blocked queues look again, and that no signal is missed.
//
// A fence is known by its key only, so a wake-up may be for another fence: the queue runs, reads
// its fence and blocks again. Two things make sure that none is missed:
//
//   seen   keys signalled since the turn of a node was given, up to the clock in which it is asked.
//          The turn reads its fence after it was given; if it ends blocked on a key that was seen,
//          the queue is not blocked at all. Else the put that blocks it comes in the next clock.
//   sweep  a key signalled is remembered until a sweep over the blocked queues begins that takes it
//          along; signals during a sweep make another one.
//
// A wake-up that is taken ends the block by a put, at any time after. Until then a sweep may wake
// the queue once more, which does no harm.
//
// Timing  a sweep takes one clock for a word of 32 queues that has a blocked one, one for a blocked
//         queue, one more for a queue that it wakes, and two; it waits while wake_valid_o does; a
//         queue is woken at the latest two sweeps after its signal. The first is woken 4 clocks
//         after the signal when there was no sweep.
// Reset   nothing is blocked, no key is remembered. The word and key arrays are not reset.

module bell_sched_wake #(
  parameter int unsigned NumQueues = 64,  // 1 .. 1024.
  parameter int unsigned NumNodes  = 3    // 1 .. 4.
) (
  input  logic clk_i,
  input  logic rst_ni,

  // A native fence of this key was raised: by a node, by software.
  input  logic                 [NumNodes-1:0] signal_valid_i,
  input  bell_pkg::fence_key_t [NumNodes-1:0] signal_key_i,
  input  logic                                poke_valid_i,
  input  logic                                poke_all_i,  // Of every key.
  input  bell_pkg::fence_key_t                poke_key_i,

  // A turn was given to a node, which has not read a fence yet.
  input  logic                give_valid_i,
  input  bell_pkg::node_id_t  give_node_i,

  // Was this key signalled since the turn of the node was given? In the clock before its end.
  input  logic                 end_valid_i,
  input  bell_pkg::node_id_t   end_node_i,
  input  bell_pkg::fence_key_t end_key_i,
  output logic                 end_seen_o,

  // A queue gets blocked, or is so no longer.
  input  logic                 put_valid_i,
  input  bell_pkg::queue_id_t  put_queue_i,
  input  logic                 put_blocked_i,
  input  logic                 put_new_i,     // With blocked: by this key.
  input  bell_pkg::fence_key_t put_key_i,

  // This queue must look again; held until taken, or until put takes its block away.
  output logic                wake_valid_o,
  output bell_pkg::queue_id_t wake_queue_o,
  input  logic                wake_take_i,

  output logic busy_o
);

  localparam int unsigned NumKeys   = 64;
  localparam int unsigned NumWords  = (NumQueues + 31) / 32;
  localparam int unsigned WordBits  = (NumWords > 1) ? $clog2(NumWords) : 1;
  localparam int unsigned QueueBits = (NumQueues > 1) ? $clog2(NumQueues) : 1;
  localparam int unsigned NodeBits  = (NumNodes > 1) ? $clog2(NumNodes) : 1;

  typedef logic [WordBits-1:0]  word_t;
  typedef logic [QueueBits-1:0] index_t;

  logic [31:0]          blocked_ram [NumWords];  // Bit q: blocked, and where:
  bell_pkg::fence_key_t key_ram     [NumQueues];
  logic [31:0]          any_q;                   // Bit w: word w is not zero; else it means nothing.

  // -------------------------------------------------------------- keys

  logic [NumKeys-1:0] now, pending_q;
  logic [NumKeys-1:0] seen_q [NumNodes];
  logic               signals;

  assign signals = (|signal_valid_i) || poke_valid_i;

  always_comb begin
    now = '0;
    if (signals) begin
      for (int unsigned n = 0; n < NumNodes; n++) begin
        if (signal_valid_i[n]) begin
          now[signal_key_i[n]] = 1'b1;
        end
      end
      if (poke_valid_i) begin
        now = poke_all_i ? '1 : (now | (NumKeys'(1) << poke_key_i));
      end
    end
  end

  // A signal in the next clock is pending when the queue is blocked.
  assign end_seen_o = end_valid_i && (seen_q[end_node_i[NodeBits-1:0]][end_key_i]
                                      || now[end_key_i]);

  for (genvar n = 0; n < int'(NumNodes); n++) begin : g_seen
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        seen_q[n] <= '0;
      end else if (give_valid_i && (give_node_i == 2'(n))) begin
        seen_q[n] <= now;
      end else if (signals) begin
        seen_q[n] <= seen_q[n] | now;
      end
    end
  end

  // ------------------------------------------------------- blocked queues

  logic [31:0] put_old, put_others, put_bit, put_word_bit;
  word_t       put_word;

  assign put_word = word_t'(put_queue_i[9:5]);

  always_comb begin
    put_old      = '0;
    put_bit      = '0;
    put_word_bit = '0;
    if (put_valid_i) begin
      put_bit[put_queue_i[4:0]]      = 1'b1;
      put_word_bit[put_queue_i[9:5]] = 1'b1;
      if (any_q[put_queue_i[9:5]]) begin
        put_old = blocked_ram[put_word];
      end
    end
    put_others = put_old & ~put_bit;
  end

  always_ff @(posedge clk_i) begin
    if (put_valid_i) begin
      blocked_ram[put_word] <= put_blocked_i ? (put_others | put_bit) : put_others;
    end
    if (put_valid_i && put_new_i) begin
      key_ram[index_t'(put_queue_i)] <= put_key_i;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      any_q <= '0;
    end else if (put_valid_i) begin
      any_q <= (put_blocked_i || (put_others != '0)) ? (any_q | put_word_bit)
                                                     : (any_q & ~put_word_bit);
    end
  end

  // -------------------------------------------------------------- sweep

  logic               sweep_q;       // A sweep for the keys of sweep_keys_q has yet to look at
  logic [31:0]        words_q;       // these words,
  logic [4:0]         word_q;        // of this word
  logic [31:0]        left_q;        // at these queues, and
  logic               at_valid_q;    // at this queue.
  bell_pkg::queue_id_t at_q;
  logic               wake_valid_q;  // This queue is to be woken.
  bell_pkg::queue_id_t wake_q;
  logic [NumKeys-1:0] sweep_keys_q;

  logic        start, move, load, hit, ends, ends_at, ends_next;
  logic [31:0] words, words_d, loaded, left, left_d;
  logic [4:0]  word_next, bit_next;

  assign start = !sweep_q && (pending_q != '0);
  assign move  = sweep_q && !wake_valid_q;
  assign load  = start || (move && (left_q == '0));
  assign words = sweep_q ? words_q : any_q;

  // What blocks from now on has its signal seen or pending: it may be looked at or not. What no
  // longer waits for the key it is in the sweep for is not woken.
  assign ends      = put_valid_i && (!put_blocked_i || put_new_i);
  assign ends_at   = ends && (put_queue_i == at_q);
  assign ends_next = ends && (put_queue_i == {word_q, bit_next});

  always_comb begin
    word_next = '0;
    bit_next  = '0;
    loaded    = '0;
    words_d   = words_q;
    left      = left_q;
    hit       = 1'b0;
    if (sweep_q || start) begin
      word_next = bell_pkg::first_set(words);
      bit_next  = bell_pkg::first_set(left_q);
      if (load) begin
        words_d = words & ~(32'd1 << word_next);
        if (any_q[word_next] && (words != '0)) begin
          loaded = blocked_ram[word_t'(word_next)];
        end
        left = loaded;
      end else if (move) begin
        left = left_q & ~(32'd1 << bit_next);
      end
      hit = at_valid_q && sweep_keys_q[key_ram[index_t'(at_q)]];
    end
    left_d = left;
    if (ends && (put_queue_i[9:5] == (load ? word_next : word_q))) begin
      left_d = left & ~put_bit;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      pending_q    <= '0;
      sweep_q      <= 1'b0;
      sweep_keys_q <= '0;
      words_q      <= '0;
      word_q       <= '0;
      left_q       <= '0;
      at_valid_q   <= 1'b0;
      at_q         <= '0;
      wake_valid_q <= 1'b0;
      wake_q       <= '0;
    end else begin
      if (start) begin
        pending_q    <= now;
        sweep_keys_q <= pending_q;
      end else if (signals) begin
        pending_q <= pending_q | now;
      end
      if (sweep_q || start) begin
        sweep_q <= start || wake_valid_q || at_valid_q || (left_q != '0) || (words_q != '0);
        words_q <= words_d;
        left_q  <= left_d;
        if (load) begin
          word_q <= word_next;
        end
        if (move) begin
          at_valid_q   <= (left_q != '0) && !ends_next;
          at_q         <= {word_q, bit_next};
          wake_valid_q <= hit && !ends_at;
          wake_q       <= at_q;
        end else begin
          at_valid_q   <= at_valid_q && !ends_at;
          wake_valid_q <= wake_valid_q && !wake_take_i && !(ends && (put_queue_i == wake_q));
        end
      end
    end
  end

  assign wake_valid_o = wake_valid_q;
  assign wake_queue_o = wake_q;
  assign busy_o       = sweep_q || (pending_q != '0) || signals;

endmodule : bell_sched_wake
