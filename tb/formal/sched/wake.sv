// SPDX-License-Identifier: MIT
// proof: induction 1
// says: A queue that waits for a native fence is never forgotten: while it is blocked on a key that
//       was signalled after it read the fence, it is being woken, or a sweep is on its way to it,
//       or the next sweep knows the key; and it is woken, or its block ends, within two sweeps,
//       wherever in the sweeps the signal came, whatever the others do. A wake-up goes only to a
//       queue that waits, and only by the end of a turn, or a change, that ends its block is it
//       taken back. A sweep ends: of the words and queues that it has yet to look at there are fewer
//       after every clock in which no wake-up waits. Nothing is under way while it says idle.
//
// The watched queue and key are any; everything else does as it likes: signals of all nodes and of
// software, turns given and ended, queues blocked and unblocked, wake-ups taken late. The fence is
// read at any time after its turn was given; the turn ends after that. Sched ends the block of a
// queue that was woken at any time after it took the wake-up.

module f_wake #(
  parameter int unsigned Queues = 64,  // In two words.
  parameter int unsigned Nodes  = 2
) (
  input logic                             clk_i,
  input logic                             rst_ni,
  input logic [9:0]                       watch_i,
  input bell_pkg::fence_key_t             key_i,
  input logic [Nodes-1:0]                 signal_valid_i,
  input bell_pkg::fence_key_t [Nodes-1:0] signal_key_i,
  input logic                             poke_valid_i,
  input logic                             poke_all_i,
  input bell_pkg::fence_key_t             poke_key_i,
  input logic                             give_valid_i,
  input bell_pkg::node_id_t               give_node_i,
  input logic                             give_watched_i,  // The watched queue is given.
  input logic                             read_i,          // Its turn reads a fence of the key.
  input logic                             end_valid_i,  // Asked for: it ends in the next clock.
  input bell_pkg::node_id_t               end_node_i,
  input bell_pkg::fence_key_t             end_key_i,
  input logic                             end_i,          // It does.
  input logic                             put_valid_i,
  input bell_pkg::queue_id_t              put_queue_i,
  input logic                             put_blocked_i,
  input logic                             put_new_i,
  input logic                             take_i
);

  logic                seen, wake_valid, busy;
  logic                 asked_q, seen_q;  // In the clock before.
  bell_pkg::node_id_t   asked_node_q;
  bell_pkg::fence_key_t asked_key_q;
  bell_pkg::queue_id_t wake_queue;
  logic [9:0]          watch_q;
  bell_pkg::fence_key_t key_q;

  bell_sched_wake #(.NumQueues(Queues), .NumNodes(Nodes)) dut (
    .clk_i, .rst_ni, .signal_valid_i, .signal_key_i, .poke_valid_i, .poke_all_i, .poke_key_i,
    .give_valid_i, .give_node_i, .end_valid_i, .end_node_i, .end_key_i, .end_seen_o(seen),
    .put_valid_i, .put_queue_i, .put_blocked_i, .put_new_i, .put_key_i(asked_key_q),
    .wake_valid_o(wake_valid), .wake_queue_o(wake_queue), .wake_take_i(take_i), .busy_o(busy)
  );

  // -------------------------------------------------------- the watched queue

  logic started_q = 1'b0;
  logic running_q, read_q;     // It has a turn; which has read a fence of the key.
  logic late_q;                // The key was signalled since.
  bell_pkg::node_id_t node_q;
  logic blocked_q, mine_q;     // It is blocked; on the key.
  logic unserved_q;            // The key was signalled since it read the fence.
  logic taken_q;               // Its wake-up was taken; sched is about to end its block.
  logic [1:0] sweeps_q;        // Sweeps ended since it is so.
  logic signalled, puts, ends, blocks, unblocks, sweeping_q, sweep_ends;

  always_comb begin
    signalled = poke_valid_i && (poke_all_i || (poke_key_i == key_q));
    for (int unsigned n = 0; n < Nodes; n++) begin
      signalled = signalled || (signal_valid_i[n] && (signal_key_i[n] == key_q));
    end
  end

  assign puts       = put_valid_i && (put_queue_i == watch_q);
  assign ends       = end_i && asked_q && running_q && (asked_node_q == node_q);
  assign blocks     = puts && put_blocked_i && put_new_i;
  assign unblocks   = puts && !put_blocked_i;
  assign sweep_ends = sweeping_q && !dut.sweep_q;

  always_ff @(posedge clk_i) begin
    started_q    <= 1'b1;
    asked_node_q <= end_node_i;
    asked_key_q  <= end_key_i;
    if (!started_q) begin
      watch_q <= watch_i;
      key_q   <= key_i;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      running_q  <= 1'b0;
      read_q     <= 1'b0;
      late_q     <= 1'b0;
      node_q     <= '0;
      blocked_q  <= 1'b0;
      mine_q     <= 1'b0;
      unserved_q <= 1'b0;
      taken_q    <= 1'b0;
      sweeps_q   <= '0;
      sweeping_q <= 1'b0;
      asked_q    <= 1'b0;
      seen_q     <= 1'b0;
    end else begin
      asked_q    <= end_valid_i;
      seen_q     <= seen;
      sweeping_q <= dut.sweep_q;
      if (give_valid_i && give_watched_i) begin
        running_q <= 1'b1;
        node_q    <= give_node_i;
        read_q    <= 1'b0;
        late_q    <= 1'b0;
      end else if (ends) begin
        running_q <= 1'b0;
      end else if (running_q && read_i) begin
        read_q <= 1'b1;
        late_q <= signalled;  // Memory had the value before, or it was read before.
      end else if (running_q && read_q) begin
        late_q <= late_q || signalled;
      end
      if (blocks) begin
        blocked_q  <= 1'b1;
        mine_q     <= asked_key_q == key_q;
        unserved_q <= (asked_key_q == key_q) && (late_q || signalled);
        taken_q    <= 1'b0;
      end else if (unblocks) begin
        blocked_q  <= 1'b0;
        unserved_q <= 1'b0;
        taken_q    <= 1'b0;
      end else if (blocked_q) begin
        unserved_q <= unserved_q || (mine_q && signalled);
        taken_q    <= taken_q || (wake_valid && take_i && (wake_queue == watch_q));
      end
      sweeps_q <= !unserved_q ? '0 : sweeps_q + 2'(sweep_ends && (sweeps_q != '1));
    end
  end

  // What sched does within its contract.
  always_comb begin
    if (!started_q) begin
      assume (!rst_ni);
      assume (32'(watch_i) < Queues);
    end
    assume (32'(put_queue_i) < Queues);
    assume ((32'(give_node_i) < Nodes) && (32'(end_node_i) < Nodes));
    assume (!take_i || wake_valid);
    // One turn of a node at a time, and one of a queue.
    assume (!give_valid_i || !running_q || ((give_node_i != node_q) && !give_watched_i));
    assume (!give_watched_i || (give_valid_i && !blocked_q));
    assume (!read_i || (running_q && !(end_valid_i && (end_node_i == node_q)) && !ends));
    // It blocks at the end of a turn, which read the fence, unless the key was seen.
    assume (!put_new_i || (end_i && asked_q));
    assume (!(put_new_i && put_valid_i && put_blocked_i) || !seen_q);
    assume (!blocks || (ends && ((asked_key_q != key_q) || read_q)));
    assume (!ends || !put_valid_i || puts);
    // Otherwise a change leaves a block, or ends it.
    assume (!puts || !put_blocked_i || put_new_i || blocked_q);
  end

  // ------------------------------------------------------------------- proofs

  // The sweep for the keys of sweep_keys_q still comes by.
  logic        in_sweep, in_ram, has_key, knows, moved_q;
  logic [6:0]  rank, rank_q;
  logic [31:0] word_now;

  assign word_now = dut.blocked_ram[watch_q[5]];
  assign in_ram   = dut.any_q[{4'd0, watch_q[5]}] && word_now[watch_q[4:0]];
  assign has_key  = dut.key_ram[watch_q[5:0]] == key_q;
  assign in_sweep = dut.sweep_q && (dut.words_q[{4'd0, watch_q[5]}]
                    || (dut.left_q[watch_q[4:0]] && (dut.word_q == watch_q[9:5]))
                    || (dut.at_valid_q && (dut.at_q == watch_q)));
  assign knows    = dut.pending_q[key_q];

  // Clocks that the sweep has before it, at most, beside those in which a wake-up waits.
  always_comb begin
    rank = 7'd33 * (7'(dut.words_q[0]) + 7'(dut.words_q[1])) + 7'd1;
    for (int unsigned b = 0; b < 32; b++) begin
      rank = rank + 7'(dut.left_q[b]);
    end
    if (dut.at_valid_q || (dut.left_q != '0) || (dut.words_q != '0)) begin
      rank = rank + 7'd1;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      moved_q <= 1'b0;
      rank_q  <= '0;
    end else begin
      moved_q <= dut.sweep_q && !wake_valid;
      rank_q  <= rank;
    end
  end

  always_comb begin
    if (started_q) begin
      inv_watch: assert (32'(watch_q) < Queues);
    end
    if (rst_ni && started_q) begin
      never_forgotten: assert (!unserved_q || taken_q || knows
                               || (wake_valid && (wake_queue == watch_q))
                               || (in_sweep && dut.sweep_keys_q[key_q]));
      goes_on: assert (!unserved_q || taken_q || busy);
      within_two_sweeps: assert (!unserved_q || taken_q || (sweeps_q < 2'd2));
      sweep_gets_on: assert (!moved_q || !dut.sweep_q || (rank < rank_q));
      sweep_is_short: assert (!dut.sweep_q || (rank <= 7'(33 * (Queues / 32) + 1)));
      wakes_a_queue: assert (!wake_valid || (32'(wake_queue) < Queues));
      wakes_who_waits: assert (!wake_valid || (wake_queue != watch_q) || blocked_q);
      blocked_is_known: assert (!blocked_q || in_ram);

      inv_asked: assert (!asked_q || !running_q || (asked_node_q != node_q) || seen_q
                         || (asked_key_q != key_q) || !read_q || !late_q);
      inv_seen: assert (!running_q || !read_q || !late_q || dut.seen_q[node_q[0]][key_q]);
      inv_node: assert (!running_q || (32'(node_q) < Nodes));
      inv_blocked: assert (in_ram == blocked_q);
      inv_not_running: assert (!running_q || !blocked_q);
      inv_mine: assert (!blocked_q || (has_key == mine_q));
      inv_unserved: assert (!unserved_q || (blocked_q && mine_q));
      inv_taken: assert (!taken_q || blocked_q);
      inv_words: assert ((dut.any_q[31:2] == '0) && (dut.words_q[31:2] == '0)
                         && ((dut.left_q == '0) || (dut.word_q[4:1] == '0))
                         && (!dut.at_valid_q || (dut.at_q[9:6] == '0)));
      inv_second_sweep: assert (!unserved_q || taken_q || (sweeps_q == '0)
                                || (wake_valid && (wake_queue == watch_q))
                                || (in_sweep && dut.sweep_keys_q[key_q])
                                || (knows && !dut.sweep_q));
      inv_second_goes_on: assert (!unserved_q || taken_q || (sweeps_q == '0) || !sweep_ends);
      inv_left: assert (!dut.left_q[watch_q[4:0]] || (dut.word_q != watch_q[9:5]) || blocked_q);
      inv_at_waits: assert (!dut.at_valid_q || (dut.at_q != watch_q) || blocked_q);
      inv_at: assert (!dut.wake_valid_q || dut.sweep_q);
      inv_idle: assert (dut.sweep_q || (!dut.at_valid_q && !dut.wake_valid_q
                                        && (dut.left_q == '0) && (dut.words_q == '0)));
    end
  end

endmodule : f_wake
