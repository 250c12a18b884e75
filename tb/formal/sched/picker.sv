// SPDX-License-Identifier: MIT
// proof: induction 1
// says: A search answers in three clocks. What it finds is ready at the node and level asked for. It
//       never passes over a queue: from the one served last on, by number and from the start
//       again, what it finds comes no later than any queue that stays ready. So no queue is served
//       twice while another of its level stays ready and is not served: with n ready queues each
//       goes within n servings, whatever is put meanwhile. A level with a ready queue is known as
//       one, and the highest known level of a node is not below it.
//
// The watched queue, node, level and the queue that must not go twice are any; puts and searches are
// as anybody likes. What is served was found by a search that began after the last serving of that
// node and level, or went next, or was served, while no other of them was ready, or is the one
// served last (it keeps its node). tb/formal/sched/pick.sv has that.

module f_picker #(
  parameter int unsigned Queues = 64,  // In two words.
  parameter int unsigned Nodes  = 2
) (
  input logic                clk_i,
  input logic                rst_ni,
  input logic [5:0]          watch_i,
  input logic [5:0]          other_i,
  input bell_pkg::node_id_t  node_i,
  input bell_pkg::level_t    level_i,
  input logic                look_i,
  input logic                put_valid_i,
  input bell_pkg::node_id_t  put_node_i,
  input bell_pkg::level_t    put_level_i,
  input logic [5:0]          put_queue_i,
  input logic                put_ready_i,
  input logic                find_valid_i,
  input bell_pkg::node_id_t  find_node_i,
  input bell_pkg::level_t    find_level_i,
  input logic                alone_i,        // A queue goes next without a search: no other of the
  input logic [5:0]          alone_queue_i,  // watched node and level is ready.
  input logic                served_valid_i,
  input bell_pkg::node_id_t  served_node_i,
  input bell_pkg::level_t    served_level_i,
  input logic [5:0]          served_queue_i
);

  localparam int unsigned NumLevels = bell_pkg::NumLevels;

  logic                             answer, found;
  bell_pkg::node_id_t               found_node;
  bell_pkg::queue_id_t              found_queue;
  logic [Nodes-1:0][NumLevels-1:0]  some;
  logic [Nodes-1:0]                 top_valid, none;
  bell_pkg::level_t [Nodes-1:0]     top;

  bell_sched_picker #(.NumQueues(Queues), .NumNodes(Nodes)) dut (
    .clk_i, .rst_ni, .look_i, .put_valid_i, .put_node_i, .put_level_i,
    .put_queue_i({4'd0, put_queue_i}), .put_ready_i, .find_valid_i, .find_node_i, .find_level_i,
    .answer_o(answer), .found_o(found), .found_node_o(found_node),
    .found_queue_o(found_queue), .served_valid_i, .served_node_i, .served_level_i,
    .served_queue_i({4'd0, served_queue_i}), .some_o(some), .top_valid_o(top_valid), .top_o(top),
    .none_o(none), .loses_o(), .busy_o()
  );

  // ------------------------------------------------------------ what is watched

  logic               started_q = 1'b0;
  logic [5:0]         watch_q, other_q;
  bell_pkg::node_id_t node_q;
  bell_pkg::level_t   level_q;
  logic               index;

  assign index = node_q[0];

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!started_q) begin
      watch_q <= watch_i;
      other_q <= other_i;
      node_q  <= node_i;
      level_q <= level_i;
    end
  end

  // By number from the one served last: 0 is the next.
  function automatic logic [5:0] after(input logic [5:0] last, input logic [5:0] queue);
    after = queue - last - 6'd1;
  endfunction

  logic       puts, finds, serves;
  logic       ready_q, ready2_q, ready3_q, ready4_q;  // As it was put; one, two, three clocks ago.
  logic       search2_q, search3_q, search4_q;  // Searches at the watched node and level.
  logic       stays2_q, stays3_q, stays4_q;     // It has been ready from before the search.
  logic       calm2_q, calm3_q, calm4_q;        // No queue there stopped being ready meanwhile.
  logic       leaves_q;
  logic       valid2_q, valid3_q, valid4_q;     // Nothing was served there since the search began.
  logic [5:0] last_q, from2_q, from3_q, from4_q;
  logic       chosen_q;                         // Found, and may be served.
  logic [5:0] chosen_queue_q;
  logic       once_q;                           // The other was served since the watched is ready.

  assign puts   = put_valid_i && (put_node_i == node_q) && (put_level_i == level_q)
                  && (put_queue_i == watch_q);
  assign finds  = find_valid_i && (find_node_i == node_q) && (find_level_i == level_q);
  assign serves = served_valid_i && (served_node_i == node_q) && (served_level_i == level_q);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      ready_q   <= 1'b0;
      ready2_q  <= 1'b0;
      ready3_q  <= 1'b0;
      ready4_q  <= 1'b0;
      search2_q <= 1'b0;
      search3_q <= 1'b0;
      search4_q <= 1'b0;
      stays2_q  <= 1'b0;
      stays3_q  <= 1'b0;
      stays4_q  <= 1'b0;
      calm2_q   <= 1'b0;
      calm3_q   <= 1'b0;
      calm4_q   <= 1'b0;
      leaves_q  <= 1'b0;
      valid2_q  <= 1'b0;
      valid3_q  <= 1'b0;
      valid4_q  <= 1'b0;
      last_q    <= '1;
      chosen_q  <= 1'b0;
      once_q    <= 1'b0;
    end else begin
      ready_q   <= puts ? put_ready_i : ready_q;
      ready2_q  <= ready_q;
      ready3_q  <= ready2_q;
      ready4_q  <= ready3_q;
      search2_q <= finds;
      search3_q <= search2_q;
      search4_q <= search3_q;
      // A put counts two clocks later.
      stays2_q  <= ready2_q && ready_q;
      stays3_q  <= stays2_q && ready_q;
      stays4_q  <= stays3_q && ready_q;
      leaves_q  <= put_valid_i && !put_ready_i && (put_node_i == node_q)
                   && (put_level_i == level_q);
      calm2_q   <= finds && !leaves_q;
      calm3_q   <= calm2_q && !leaves_q;
      calm4_q   <= calm3_q;
      valid2_q  <= finds && !serves;
      valid3_q  <= valid2_q && !serves;
      valid4_q  <= valid3_q && !serves;
      if (serves) begin
        last_q <= served_queue_i;
      end
      if (serves) begin
        chosen_q <= 1'b0;
      end else if (alone_i) begin
        chosen_q       <= 1'b1;
        chosen_queue_q <= alone_queue_i;
      end else if (valid4_q && found) begin
        chosen_q       <= 1'b1;
        chosen_queue_q <= found_queue[5:0];
      end
      if (!ready_q || (serves && (served_queue_i == watch_q))) begin
        once_q <= 1'b0;
      end else if (serves && (served_queue_i == other_q)) begin
        once_q <= 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    from2_q <= last_q;
    from3_q <= from2_q;
    from4_q <= from3_q;
  end

  always_comb begin
    if (!started_q) begin
      assume (!rst_ni);
      assume (watch_i != other_i);
      assume ((32'(node_i) < Nodes) && (32'(level_i) < NumLevels));
    end
    assume ((32'(put_node_i) < Nodes) && (32'(put_level_i) < NumLevels));
    assume ((32'(find_node_i) < Nodes) && (32'(find_level_i) < NumLevels));
    assume ((32'(served_node_i) < Nodes) && (32'(served_level_i) < NumLevels));
`ifdef BELL_FORMAL_BUG
    // A bug shows sooner when less is free.
    assume ((put_level_i < 6'd2) && (find_level_i == '0) && (served_level_i == '0));
    assume ((find_node_i == '0) && (served_node_i == '0) && (node_i == '0) && (level_i < 6'd2));
    assume (rst_ni == started_q);
`endif
    assume (!put_valid_i || look_i);
    assume (!serves || (chosen_q && (served_queue_i == chosen_queue_q))
            || (served_queue_i == last_q) || (served_queue_i == watch_q) || !ready_q);
    assume (!alone_i || (alone_queue_i == watch_q) || !ready_q);
  end

  // ------------------------------------------------------------------- proofs

  // What the arrays say of the watched queue, and a put that is not in them yet.
  localparam int unsigned SumBits = $clog2(Nodes * 64);

  logic [SumBits-1:0] sum;
  logic [7:0]         row;
  logic [31:0]        any_now, word_now, word_0, word_1;
  logic [4:0]         word_bit;
  logic               in_any, in_word, on_way, same_sum;

  assign sum      = SumBits'({node_q, level_q});
  assign row      = 8'((32'(node_q) * NumLevels + 32'(level_q)) * 2 + 32'(watch_q[5]));
  assign any_now  = dut.some_q[index][level_q] ? dut.any_ram[sum] : '0;
  assign word_0   = dut.ready_ram[{row[7:1], 1'b0}];
  assign word_1   = dut.ready_ram[{row[7:1], 1'b1}];
  assign word_now = watch_q[5] ? word_1 : word_0;
  assign word_bit = {4'd0, watch_q[5]};
  assign in_any   = any_now[{4'd0, watch_q[5]}];
  assign in_word  = word_now[watch_q[4:0]];
  assign same_sum = dut.put_q && (dut.put_sum_q == sum);
  assign on_way   = same_sum && (dut.put_queue_q == {4'd0, watch_q});

  always_comb begin
    if (started_q) begin
      inv_watch: assert ((watch_q != other_q) && (32'(node_q) < Nodes)
                         && (32'(level_q) < NumLevels));
    end
    if (rst_ni && started_q) begin
      answers_in_three: assert (!search4_q || (answer && (found_node == node_q)));
      found_is_a_queue: assert (!found || (32'(found_queue) < Queues) || !search4_q);
      found_is_ready: assert (!search4_q || !found || (found_queue[5:0] != watch_q)
                              || ready3_q || ready4_q);
      finds_when_ready: assert (!search4_q || !stays4_q || !calm4_q || found);
      passes_over_none: assert (!search4_q || !stays4_q || !found || (after(from4_q, found_queue[5:0])
                                                            <= after(from4_q, watch_q)));
      never_twice: assert (!serves || (served_queue_i != other_q) || (served_queue_i == last_q)
                           || !once_q || !ready_q);
      level_is_known: assert (!ready_q || some[index][level_q]);
      highest_is_not_below: assert (!ready2_q || !ready_q || !top_valid[index]
                                    || (top[index] >= level_q));
      none_is_none: assert (!none[index] || !ready_q);

      inv_bit: assert (ready2_q == (in_any && in_word));
      inv_ready: assert (on_way || (ready_q == ready2_q));
      inv_on_way: assert (!on_way || (dut.put_ready_q == ready_q));
      inv_put: assert (!dut.put_q || ((dut.put_sum_q == SumBits'({dut.put_index_q,
                                                                   dut.put_level_q}))
               && (dut.put_row_q == 8'((32'(dut.put_index_q) * NumLevels
                                        + 32'(dut.put_level_q)) * 2 + 32'(dut.put_queue_q[5])))
               && (32'(dut.put_level_q) < NumLevels) && (dut.put_queue_q[9:6] == '0)));
      inv_any: assert (!same_sum || (dut.any_q == any_now));
      inv_leaves: assert (leaves_q == (same_sum && !dut.put_ready_q));
      inv_words: assert (any_now[31:2] == '0);
      inv_word: assert (!(dut.put_q && (dut.put_row_q == row) && in_any)
                        || (in_word == (dut.same_row_q ? dut.kept_q[watch_q[4:0]]
                                                       : dut.word_q[watch_q[4:0]])));
      inv_top: assert (!dut.some_q[index][level_q] || (dut.top_valid_q[index]
                       && ((dut.search_q && (dut.search_node_q == index))
                           || (dut.top_q[index] >= level_q))));
      inv_last: assert (dut.served_q[index][level_q] ? (dut.last_ram[sum] == {4'd0, last_q})
                                                     : (last_q == '1));
      inv_once: assert (!once_q || (ready2_q && (after(last_q, watch_q)
                                                 <= after(other_q, watch_q))));
      inv_stays: assert (!once_q || ((!valid2_q || stays2_q || !ready2_q)
                         && (!valid3_q || stays3_q) && (!valid4_q || stays4_q)));
      inv_from: assert ((!valid2_q || (from2_q == last_q)) && (!valid3_q || (from3_q == last_q))
                        && (!valid4_q || (from4_q == last_q)));
      inv_not_empty: assert ((!any_now[0] || (word_0 != '0)) && (!any_now[1] || (word_1 != '0)));
      inv_2: assert (!search2_q || (dut.find2_q && (dut.node2_q == node_q)
             && (dut.level2_q == level_q) && (dut.last2_q == {4'd0, from2_q})
             && (dut.any2_q[31:2] == '0)));
      inv_2_stays: assert (!stays2_q || !search2_q || (dut.any2_q[word_bit] && ready2_q));
      inv_2_kept: assert (!search2_q || !dut.any2_q[word_bit] || in_any || !in_word);
      inv_2_calm: assert (!search2_q || !calm2_q || ((dut.any2_q & ~any_now) == '0));
      inv_3: assert (!search3_q || (dut.find3_q && (dut.node3_q == node_q)
             && (dut.level3_q == level_q) && (dut.last3_q == {4'd0, from3_q[5]})
             && (dut.mask3_q == (32'hffff_fffe << from3_q[4:0]))
             && (!dut.some3_q || (dut.word3_q[4:1] == '0))
             && (dut.some3_q || !dut.last_word3_q)));
      inv_3_stays: assert (!stays3_q || !search3_q || (dut.some3_q && ready2_q
                           && ((from3_q[5] == watch_q[5])
                               ? (dut.last_word3_q && dut.bits3_q[watch_q[4:0]])
                               : (dut.word3_q == word_bit))));
      inv_3_kept: assert (!search3_q || !dut.some3_q || (dut.word3_q != word_bit) || in_any
                          || !in_word);
      inv_3_calm: assert (!search3_q || !calm3_q || !dut.some3_q || any_now[dut.word3_q]);
      inv_3_ready: assert (!search3_q || !dut.last_word3_q || (from3_q[5] != watch_q[5])
                           || !dut.bits3_q[watch_q[4:0]] || ready3_q);
      inv_4: assert (!search4_q || (dut.find4_q && (dut.node4_q == node_q)
             && (dut.rest_some_q == (dut.rest4_q != '0))
             && ((dut.rest4_q & ~(32'hffff_fffe << from4_q[4:0])) == '0)
             && (dut.rest_some_q ? (dut.word4_q == {4'd0, from4_q[5]})
                                 : (!dut.some4_q || (dut.word4_q[4:1] == '0)))));
      inv_4_stays: assert (!stays4_q || !search4_q || (dut.some4_q
                           && ((from4_q[5] == watch_q[5])
                               ? ((watch_q[4:0] <= from4_q[4:0]) || dut.rest4_q[watch_q[4:0]])
                               : (dut.rest_some_q || (dut.word4_q == word_bit)))
                           && (dut.rest_some_q || (dut.word4_q != word_bit)
                               || dut.bits4_q[watch_q[4:0]])));
      inv_4_calm: assert (!search4_q || !calm4_q || dut.rest_some_q || !dut.some4_q
                          || (dut.bits4_q != '0));
      inv_4_ready: assert (!search4_q || (dut.rest_some_q
                           ? ((from4_q[5] != watch_q[5]) || !dut.rest4_q[watch_q[4:0]] || ready4_q)
                           : (!dut.some4_q || (dut.word4_q != word_bit)
                              || !dut.bits4_q[watch_q[4:0]] || ready3_q)));
      inv_valid: assert ((!valid2_q || search2_q) && (!valid3_q || search3_q)
                         && (!valid4_q || search4_q));
      inv_chosen: assert (!chosen_q || !once_q || (after(last_q, chosen_queue_q)
                                                   <= after(last_q, watch_q)));
    end
  end

endmodule : f_picker
