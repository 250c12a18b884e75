// SPDX-License-Identifier: MIT
//
// Native fences: which blocked queues look again, and that no signal is missed.
//
// A fence is known by its key only, so a wake-up may be for another fence: the queue runs, reads
// its fence and blocks again. Two things make sure that none is missed:
//
//   seen   keys signalled since the turn of a node was given. The turn reads its fence after it was
//          given; if it ends blocked on a key that was seen, the queue is not blocked at all.
//   sweep  a key signalled is remembered until a sweep over the blocked queues begins that takes it
//          along; signals during a sweep make another one.
//
// Timing  a sweep takes one clock for a blocked queue and one for a word of 32 queues that has one,
//         and waits while sched changes other queues; a queue is ready at the latest two sweeps
//         after its signal.
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

  // A turn is given to a node.
  input  logic                give_valid_i,
  input  bell_pkg::node_id_t  give_node_i,

  // Was this key signalled since the turn of the node was given?
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

  // Lowest bit set of a word that is not zero.
  function automatic logic [4:0] first_set(input logic [31:0] bits);
    logic [31:0] one;
    one       = bits & (~bits + 32'd1);
    first_set = '0;
    for (int unsigned b = 0; b < 32; b++) begin
      if (one[b]) begin
        first_set = first_set | 5'(b);
      end
    end
  endfunction

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

  assign end_seen_o = end_valid_i && (seen_q[end_node_i[NodeBits-1:0]][end_key_i] || now[end_key_i]);

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

  logic [31:0] put_old, put_new;
  word_t       put_word;

  assign put_word = word_t'(put_queue_i[9:5]);

  always_comb begin
    put_old = '0;
    put_new = '0;
    if (put_valid_i) begin
      if (any_q[put_queue_i[9:5]]) begin
        put_old = blocked_ram[put_word];
      end
      put_new = put_old;
      put_new[put_queue_i[4:0]] = put_blocked_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (put_valid_i) begin
      blocked_ram[put_word] <= put_new;
    end
    if (put_valid_i && put_new_i) begin
      key_ram[index_t'(put_queue_i)] <= put_key_i;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      any_q <= '0;
    end else if (put_valid_i) begin
      any_q[put_queue_i[9:5]] <= put_new != '0;
    end
  end

  // -------------------------------------------------------------- sweep

  logic               sweep_q;    // A sweep for the keys of sweep_keys_q is at
  logic [4:0]         word_q;     // this word and
  logic [31:0]        left_q;     // these queues of it.
  logic [NumKeys-1:0] sweep_keys_q;
  logic [31:0]        rest, words_later;
  logic [4:0]         bit_now;
  logic               hit, move, start, step;

  assign start = !sweep_q && (pending_q != '0);

  // A queue that blocked during the sweep may be in the word or not: its signal is seen or pending.
  always_comb begin
    rest        = '0;
    words_later = '0;
    bit_now     = '0;
    hit         = 1'b0;
    if (sweep_q) begin
      if (any_q[word_q]) begin
        rest = left_q & blocked_ram[word_t'(word_q)];
      end
      words_later = any_q & (32'hffff_fffe << word_q);
      bit_now     = first_set(rest);
      hit         = (rest != '0) && sweep_keys_q[key_ram[index_t'({word_q, bit_now})]];
    end
  end

  assign wake_valid_o = hit;
  assign wake_queue_o = {word_q, bit_now};
  assign step         = (rest != '0) && (!hit || wake_take_i);
  assign move         = sweep_q && (rest == '0);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      pending_q    <= '0;
      sweep_q      <= 1'b0;
      sweep_keys_q <= '0;
      word_q       <= '0;
      left_q       <= '0;
    end else if (start) begin
      pending_q    <= now;
      sweep_q      <= any_q != '0;
      sweep_keys_q <= pending_q;
      word_q       <= first_set(any_q);
      left_q       <= '1;
    end else begin
      if (signals) begin
        pending_q <= pending_q | now;
      end
      if (step) begin
        left_q <= 32'hffff_fffe << bit_now;
      end
      if (move) begin
        sweep_q <= words_later != '0;
        word_q  <= first_set(words_later);
        left_q  <= '1;
      end
    end
  end

  assign busy_o = sweep_q || start || signals;

endmodule : bell_sched_wake
