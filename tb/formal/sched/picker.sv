// SPDX-License-Identifier: MIT
// proof: induction 1
// says: The picker offers a queue exactly when a wanted node has a ready one, and only a queue
//       that is ready at that node; while a queue stays ready, no other queue of its node is
//       picked twice before it, so it waits for at most one pick of each other queue; and with
//       two nodes that want one, neither is served twice in a row while the other waits.
//
// 64 queues in two words, two nodes. Two queues of one node, chosen freely, are followed: one that
// waits, one that may go before it.

module f_picker #(
  parameter int unsigned Queues = 64,
  parameter int unsigned Nodes  = 2
) (
  input logic                clk_i,
  input logic                rst_ni,
  input logic                node_i,     // Of both followed queues.
  input bell_pkg::queue_id_t waiter_i,
  input bell_pkg::queue_id_t rival_i,
  input logic                set_valid_i,
  input bell_pkg::node_id_t  set_node_i,
  input bell_pkg::queue_id_t set_queue_i,
  input logic                put_valid_i,
  input bell_pkg::node_id_t  put_node_i,
  input bell_pkg::queue_id_t put_queue_i,
  input logic                put_ready_i,
  input logic [Nodes-1:0]    want_i,
  input logic                take_i
);

  logic                pick_valid;
  bell_pkg::node_id_t  pick_node;
  bell_pkg::queue_id_t pick_queue;

  bell_sched_picker #(.NumQueues(Queues), .NumNodes(Nodes)) dut (
    .clk_i, .rst_ni, .set_valid_i, .set_node_i, .set_queue_i, .put_valid_i, .put_node_i,
    .put_queue_i, .put_ready_i, .want_i, .pick_valid_o(pick_valid), .pick_node_o(pick_node),
    .pick_queue_o(pick_queue), .pick_take_i(take_i)
  );

  logic       started_q = 1'b0;
  logic       node_q;
  logic [5:0] waiter_q, rival_q;

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!started_q) begin
      node_q   <= node_i;
      waiter_q <= waiter_i[5:0];
      rival_q  <= rival_i[5:0];
    end
  end

  // Which queues are ready, as told.
  logic [Nodes-1:0][Queues-1:0] ready_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      ready_q <= '0;
    end else begin
      if (put_valid_i) begin
        ready_q[put_node_i[0]][put_queue_i[5:0]] <= put_ready_i;
      end
      if (set_valid_i) begin
        ready_q[set_node_i[0]][set_queue_i[5:0]] <= 1'b1;
      end
    end
  end

  logic             waits, picks_waiter, picks_rival;
  logic             passed_q;  // The rival went before the waiter, which has waited all the time.
  logic [Nodes-1:0] wanted;    // Nodes that want a queue and have one.
  logic [Nodes-1:0] jumped_q;  // The other node was served since this one waits.

  assign waits        = ready_q[node_q][waiter_q];
  assign picks_waiter = take_i && (pick_node == 2'(node_q)) && (pick_queue == 10'(waiter_q));
  assign picks_rival  = take_i && (pick_node == 2'(node_q)) && (pick_queue == 10'(rival_q));
  assign wanted       = want_i & {ready_q[1] != '0, ready_q[0] != '0};

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      passed_q <= 1'b0;
      jumped_q <= '0;
    end else begin
      passed_q <= waits && !picks_waiter && (passed_q || picks_rival);
      for (int unsigned n = 0; n < Nodes; n++) begin
        jumped_q[n] <= wanted[n] && take_i && (pick_node != 2'(n));
        if (wanted[n] && !take_i) begin
          jumped_q[n] <= jumped_q[n];
        end
      end
    end
  end

  always_comb begin
    if (!started_q) begin
      assume (!rst_ni);
      assume (32'(waiter_i) < Queues);
      assume (32'(rival_i) < Queues);
      assume (waiter_i != rival_i);
    end
    assume ((32'(set_queue_i) < Queues) && (32'(put_queue_i) < Queues));
    assume ((32'(set_node_i) < Nodes) && (32'(put_node_i) < Nodes));
    assume (!take_i || pick_valid);
    if (rst_ni && started_q) begin
      offers_when_there_is_one: assert (pick_valid == (wanted != '0));
      offers_what_is_wanted: assert (!pick_valid || ((32'(pick_node) < Nodes)
                                     && want_i[pick_node[0]]));
      offers_what_is_ready: assert (!pick_valid || ((32'(pick_queue) < Queues)
                                    && ready_q[pick_node[0]][pick_queue[5:0]]));
      rival_goes_first_once: assert (!passed_q || !waits || !picks_rival);
      nodes_in_turn: assert (((jumped_q & wanted) == '0) || !take_i || jumped_q[pick_node[0]]);
    end
  end

  // What the module holds agrees with what is seen from outside; these carry the induction.
  logic [5:0] last, to_waiter, to_rival;
  logic       same_words, summaries;

  assign last      = dut.last_q[node_q][5:0];
  assign to_waiter = waiter_q - last;
  assign to_rival  = rival_q - last;

  always_comb begin
    inv_different: assert (!started_q || (waiter_q != rival_q));
    same_words = 1'b1;
    summaries  = 1'b1;
    for (int unsigned n = 0; n < Nodes; n++) begin
      for (int unsigned w = 0; w < 2; w++) begin
        same_words = same_words && (dut.ready_q[n * 2 + w] == ready_q[n][w * 32 +: 32]);
        summaries  = summaries && (dut.any_q[n][w] == (ready_q[n][w * 32 +: 32] != '0));
      end
      summaries = summaries && (dut.any_q[n][31:2] == '0) && (dut.some_q[n] == (ready_q[n] != '0))
                  && (32'(dut.last_q[n]) < Queues);
    end
    if (rst_ni && started_q) begin
      inv_ready_bits: assert (same_words);
      inv_summary_bits: assert (summaries);
      // After the rival the order runs towards the waiter: the rival is last, or a lap away.
      inv_between: assert (!passed_q || ((to_waiter != '0)
                       && ((to_rival == '0) || (to_waiter < to_rival))));
      inv_after_node_1: assert (!jumped_q[0] || (dut.u_node.later_q == 2'b00));
      inv_after_node_0: assert (!jumped_q[1] || (dut.u_node.later_q == 2'b10));
    end
  end

endmodule : f_picker
