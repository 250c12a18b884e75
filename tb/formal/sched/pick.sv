// SPDX-License-Identifier: MIT
// proof: bmc 14
// says: What may be given to a free node was found for it by a search that began after the last turn
//       of the node was served, or came directly from the end of a turn, and so was every turn that
//       is served: what the picker promises of searches holds for turns. One that is taken and not
//       served, or withdrawn, changes no place.
//
// Around the block is what sched does: an end or an offer is taken, read and changed in three clocks, and
// all may stand still; a turn becomes one only when its node is free, and lasts four clocks. Puts are as
// anybody likes.

module f_pick #(
  parameter int unsigned Queues = 4,
  parameter int unsigned Nodes  = 2
) (
  input logic               clk_i,
  input logic               rst_ni,
  input bell_pkg::node_id_t watch_i,
  input logic [Nodes-1:0]   active_i,
  input logic [Nodes-1:0]   lift_i,
  input logic               hold_i,
  input logic [Nodes-1:0]   take_i,
  input logic               end_i,        // The end of a turn is taken,
  input bell_pkg::node_id_t end_node_i,   // of this node.
  input logic               put_valid_i,
  input bell_pkg::node_id_t put_node_i,
  input bell_pkg::level_t   put_level_i,
  input logic [1:0]         put_queue_i,
  input bell_pkg::place_t   put_place_i,
  input logic               put_ready_i,
  input logic               pass_i,       // What was taken still goes first.
  input logic               direct_i,
  input logic               kept_i,
  input logic               quick_i       // A queue gets its turn without being offered.
);

  typedef struct packed {
    logic               give;
    logic               ends;
    logic               kept;
    logic               sound;   // Found since the last serving, or direct.
    bell_pkg::node_id_t node;
    logic [1:0]         queue;
  } op_t;

  op_t                              read_q, now_q, op;
  logic [Nodes-1:0]                 busy_q, early, ending, next_valid, next_kept, none;
  bell_pkg::queue_id_t [Nodes-1:0]  next_queue;
  logic                             direct, done, served, gives, quick;

  bell_sched_pick #(.NumQueues(Queues), .NumNodes(Nodes)) dut (
    .clk_i, .rst_ni, .active_i, .busy_i(busy_q), .early_i(early), .ending_i(ending), .lift_i,
    .look_i(put_valid_i || direct || done || quick), .put_valid_i, .put_node_i, .put_level_i,
    .put_queue_i({8'd0, put_queue_i}), .put_place_i, .put_ready_i, .later_o(),
    .direct_i(direct), .kept_i, .next_valid_o(next_valid), .next_queue_o(next_queue),
    .next_kept_o(next_kept), .next_take_i(take_i), .done_valid_i(done),
    .done_node_i(now_q.node), .served_i(served), .some_o(), .top_valid_o(), .top_o(),
    .loses_o(), .serve_o(), .none_o(none), .busy_o()
  );

  // ------------------------------------------------------------------- sched

  logic               started_q = 1'b0;
  logic [Nodes-1:0][1:0] age_q;  // Of the turn, clocks.
  bell_pkg::node_id_t watch_q;
  logic               index;

  assign index  = watch_q[0];
  assign done   = now_q.give && !hold_i;
  assign gives  = done && pass_i && !busy_q[now_q.node[0]] && active_i[now_q.node[0]];
  assign quick  = quick_i && !hold_i && !now_q.give && !now_q.ends && !busy_q[put_node_i[0]]
                  && none[put_node_i[0]];
  assign served = (gives && !now_q.kept) || quick;
  assign direct = direct_i && now_q.ends && !hold_i;

  always_comb begin
    early  = '0;
    ending = '0;
    for (int unsigned n = 0; n < Nodes; n++) begin
      early[n]  = read_q.ends && (read_q.node == 2'(n));
      ending[n] = early[n] || (now_q.ends && (now_q.node == 2'(n)));
    end
  end

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!started_q) begin
      watch_q <= watch_i;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      read_q <= '0;
      now_q  <= '0;
      busy_q <= '0;
      age_q  <= '0;
    end else begin
      for (int unsigned n = 0; n < Nodes; n++) begin
        age_q[n] <= !busy_q[n] ? '0 : age_q[n] + 2'(age_q[n] != '1);
      end
      if (!hold_i) begin
        read_q <= op;
        now_q  <= read_q;
        if (served && (now_q.give ? now_q.node : put_node_i) == read_q.node) begin
          now_q.sound <= read_q.sound && !read_q.give;
        end
      end
      if (gives) begin
        busy_q[now_q.node[0]] <= 1'b1;
      end else if (quick) begin
        busy_q[put_node_i[0]] <= 1'b1;
      end else if (now_q.ends && !hold_i) begin
        busy_q[now_q.node[0]] <= 1'b0;
      end
    end
  end

  // ------------------------------------------------------- searches of a node

  logic       finds, serves, answers;
  logic       valid2_q, valid3_q, valid4_q;  // Nothing was served since the search began.
  logic       sound_q;                       // What is offered is that of such a search, or direct.
  logic [1:0] sound_queue_q;

  assign finds   = dut.find && (2'(dut.find_index) == watch_q);
  assign serves  = served && (put_node_i == watch_q);
  assign answers = dut.answer && (dut.found_node == watch_q);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid2_q <= 1'b0;
      valid3_q <= 1'b0;
      valid4_q <= 1'b0;
      sound_q  <= 1'b0;
    end else begin
      valid2_q <= finds && !serves;
      valid3_q <= valid2_q && !serves;
      valid4_q <= valid3_q && !serves;
      if (direct && (put_node_i == watch_q)) begin
        sound_q       <= 1'b1;
        sound_queue_q <= put_queue_i;
      end else if (answers && dut.found && valid4_q && !serves && !next_valid[index]) begin
        sound_q       <= 1'b1;
        sound_queue_q <= dut.found_queue[1:0];
      end else if (serves) begin
        sound_q <= 1'b0;
      end
    end
  end

  always_comb begin
    op = '0;
    for (int unsigned n = 0; n < Nodes; n++) begin
      if (take_i[n]) begin
        op.give  = 1'b1;
        op.kept  = next_kept[n];
        op.node  = 2'(n);
        op.queue = next_queue[n][1:0];
        op.sound = sound_q && (sound_queue_q == next_queue[n][1:0]) && !serves;
      end
    end
    if (end_i) begin
      op.ends = 1'b1;
      op.node = end_node_i;
    end
  end

  always_comb begin
    if (!started_q) begin
      assume (!rst_ni);
      assume (32'(watch_i) < Nodes);
    end
    assume ((32'(put_node_i) < Nodes) && (32'(end_node_i) < Nodes)
            && (32'(put_level_i) < bell_pkg::NumLevels));
    assume (((take_i & ~next_valid) == '0) && (take_i != '1) && (!hold_i || (take_i == '0)));
    assume (!end_i || (!hold_i && (take_i == '0) && busy_q[end_node_i[0]]
                       && !ending[end_node_i[0]]));
    // A turn reads memory, which takes four clocks at least.
    assume (!end_i || (age_q[end_node_i[0]] == '1));
    // What changes is the queue that was read.
    assume (!now_q.give || (put_node_i == now_q.node));
    assume (!done || (put_queue_i == now_q.queue));
    assume (!now_q.ends || (put_node_i == now_q.node));
  end

  // ------------------------------------------------------------------- proofs

  always_comb begin
    if (started_q) begin
      inv_watch: assert (32'(watch_q) < Nodes);
    end
    if (rst_ni && started_q) begin
      offer_is_sound: assert (!next_valid[index] || busy_q[index]
                              || (sound_q && (sound_queue_q == next_queue[index][1:0])));
      served_is_sound: assert (!serves || quick || now_q.sound);
      place_is_kept: assert (dut.u_picker.served_valid_i == served);
    end
  end

endmodule : f_pick
