// SPDX-License-Identifier: MIT
//
// Which ready queue goes next: round robin over nodes; there, the highest level that has a ready
// queue; there, round robin over its ready queues.
//
// Ready bits are words of 32 queues, one row of words a level, shared by the nodes: a queue is of
// one node. A summary bit a word, node and level, and one a level and node, keep a pick at one
// summary and two words whatever the number of queues; the highest level is known beforehand. The
// order is private to this module: sched only tells which queues are ready and asks for one.
//
// The word arrays have one writer and no reset: a bit of the next summary says whether a word means
// something.
//
//   keep  the queue goes first on its node in the next pick there, unless one of a higher level is
//         ready or it stops being ready
//   lift  level 1 goes before level 2 on this node
//
// Fairness  with n queues of a level ready at a node, each is picked at least once in n picks of
//           that level there, not counting picks of a kept queue; with m nodes that want one and
//           have one, each node is served at least once in m picks.
//
// Timing    a change of a ready bit counts for the pick one clock later; when it leaves the highest
//           level of a node empty, that node is picked for again two clocks later. The pick is
//           combinational and may change until it is taken.
// Reset     no queue is ready.

module bell_sched_picker #(
  parameter int unsigned NumQueues = 64,  // 1 .. 1024.
  parameter int unsigned NumNodes  = 3    // 1 .. 4.
) (
  input  logic clk_i,
  input  logic rst_ni,

  // A queue becomes ready or stops being so.
  input  logic                put_valid_i,
  input  bell_pkg::node_id_t  put_node_i,
  input  bell_pkg::level_t    put_level_i,
  input  bell_pkg::queue_id_t put_queue_i,
  input  logic                put_ready_i,
  input  logic                put_keep_i,   // With ready.
  output logic                put_was_o,    // It was ready at that level.

  // A queue that is not ready moves to put_node_i.
  input  logic                own_valid_i,

  // A queue for one of these nodes.
  input  logic [NumNodes-1:0] want_i,
  input  logic [NumNodes-1:0] lift_i,
  output logic                pick_valid_o,
  output bell_pkg::node_id_t  pick_node_o,
  output bell_pkg::queue_id_t pick_queue_o,
  output logic                pick_kept_o,
  input  logic                pick_take_i,

  // Levels that have a ready queue, by node, and the highest of them.
  output logic             [NumNodes-1:0][bell_pkg::NumLevels-1:0] some_o,
  output logic             [NumNodes-1:0]                          top_valid_o,
  output bell_pkg::level_t [NumNodes-1:0]                          top_o,
  output logic                                                     busy_o  // Looks for a highest level.
);

  localparam int unsigned NumLevels = bell_pkg::NumLevels;
  localparam int unsigned NumWords  = (NumQueues + 31) / 32;
  localparam int unsigned WordBits  = (NumWords > 1) ? $clog2(NumWords) : 1;
  localparam int unsigned NumRows   = NumLevels * NumWords;
  localparam int unsigned RowBits   = $clog2(NumRows);
  localparam int unsigned NumSums   = NumNodes * NumLevels;
  localparam int unsigned SumBits   = $clog2(NumSums);
  localparam int unsigned NodeBits  = (NumNodes > 1) ? $clog2(NumNodes) : 1;

  typedef logic [RowBits-1:0]  row_t;
  typedef logic [SumBits-1:0]  sum_t;
  typedef logic [WordBits-1:0] word_t;

  // Lowest bit set of a word that is not zero, by halving.
  function automatic logic [4:0] first_set(input logic [31:0] bits);
    logic [15:0] b16;
    logic [7:0]  b8;
    logic [3:0]  b4;
    first_set[4] = bits[15:0] == '0;
    b16          = first_set[4] ? bits[31:16] : bits[15:0];
    first_set[3] = b16[7:0] == '0;
    b8           = first_set[3] ? b16[15:8] : b16[7:0];
    first_set[2] = b8[3:0] == '0;
    b4           = first_set[2] ? b8[7:4] : b8[3:0];
    first_set[1] = b4[1:0] == '0;
    first_set[0] = first_set[1] ? !b4[2] : !b4[0];
  endfunction

  // Highest bit set of a set of levels that is not empty.
  function automatic bell_pkg::level_t last_set(input logic [NumLevels-1:0] bits);
    logic [31:0] low, back;
    back = '0;
    low  = bits[31:0];
    for (int unsigned b = 0; b < 32; b++) begin
      back[b] = low[31 - b];
    end
    last_set = {1'b0, ~first_set(back)};
    for (int unsigned b = 32; b < NumLevels; b++) begin
      if (bits[b]) begin
        last_set = bell_pkg::level_t'(b);
      end
    end
  endfunction

  function automatic row_t row_of(input bell_pkg::level_t level, input logic [4:0] word);
    row_of = row_t'(32'(level) * NumWords + 32'(word));
  endfunction

  function automatic sum_t sum_of(input bell_pkg::node_id_t node, input bell_pkg::level_t level);
    sum_of = sum_t'(32'(node) * NumLevels + 32'(level));
  endfunction

  // Word arrays.
  logic [31:0] ready_ram [NumRows];   // Ready queues of a level.
  logic [31:0] any_ram   [NumSums];   // Bit w: word w has a ready queue of this node and level.
  logic [9:0]  last_ram  [NumSums];   // Queue picked last.
  logic [31:0] home0_ram [NumWords];  // Node of each queue, low bit,
  logic [31:0] home1_ram [NumWords];  // high bit.

  // What of them means something.
  logic [NumLevels-1:0] used_q [NumWords];                // Bit l: the row's word was written.
  logic [NumNodes-1:0][NumLevels-1:0] some_q, picked_q;   // By node; of any_ram, of last_ram.

  logic             [NumNodes-1:0] top_valid_q;
  bell_pkg::level_t [NumNodes-1:0] top_q;
  logic                            search_q;  // The highest level of this node is not known:
  logic [NodeBits-1:0]             search_node_q;

  // ------------------------------------------------------------- ready bits

  logic [NodeBits-1:0] put_index;
  word_t               put_word;
  row_t                put_row;
  sum_t                put_sum;
  logic [31:0]         word_old, word_new, word_mine, any_new, home0, home1;
  logic                level_new;

  assign put_index = put_node_i[NodeBits-1:0];
  assign put_word  = word_t'(put_queue_i[9:5]);

  always_comb begin
    put_row   = '0;
    put_sum   = '0;
    word_old  = '0;
    word_new  = '0;
    word_mine = '0;
    any_new   = '0;
    home0     = '0;
    home1     = '0;
    level_new = 1'b0;
    if (put_valid_i || own_valid_i) begin
      home0 = home0_ram[put_word];
      home1 = home1_ram[put_word];
    end
    if (put_valid_i) begin
      put_row = row_of(put_level_i, put_queue_i[9:5]);
      put_sum = sum_of(put_node_i, put_level_i);
      if (used_q[put_word][put_level_i]) begin
        word_old = ready_ram[put_row];
      end
      word_new = word_old;
      word_new[put_queue_i[4:0]] = put_ready_i;
      word_mine = word_new & (home0 ^ {32{!put_node_i[0]}}) & (home1 ^ {32{!put_node_i[1]}});
      if (some_q[put_index][put_level_i]) begin
        any_new = any_ram[put_sum];
      end
      any_new[put_queue_i[9:5]] = word_mine != '0;
      level_new = any_new != '0;
    end
  end

  assign put_was_o = word_old[put_queue_i[4:0]];

  always_ff @(posedge clk_i) begin
    if (put_valid_i) begin
      ready_ram[put_row] <= word_new;
      any_ram[put_sum]   <= any_new;
    end
    if (own_valid_i) begin
      home0_ram[put_word] <= (home0 & ~(32'd1 << put_queue_i[4:0]))
                             | (32'(put_node_i[0]) << put_queue_i[4:0]);
      home1_ram[put_word] <= (home1 & ~(32'd1 << put_queue_i[4:0]))
                             | (32'(put_node_i[1]) << put_queue_i[4:0]);
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      some_q <= '0;
      for (int unsigned w = 0; w < NumWords; w++) begin
        used_q[w] <= '0;
      end
    end else if (put_valid_i) begin
      used_q[put_word][put_level_i]  <= 1'b1;
      some_q[put_index][put_level_i] <= level_new;
    end
  end

  // ----------------------------------------------------------- highest level

  logic [NumLevels-1:0] found_some;
  logic                 put_search, known_valid;
  bell_pkg::level_t     found, known;

  assign put_search = search_q && (search_node_q == put_index);

  always_comb begin
    found_some  = '0;
    found       = '0;
    known_valid = 1'b0;
    known       = '0;
    if (search_q) begin
      found_some = some_q[search_node_q];
      found      = last_set(found_some);
    end
    if (put_valid_i) begin
      known_valid = put_search ? (found_some != '0) : top_valid_q[put_index];
      known       = put_search ? found : top_q[put_index];
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      top_valid_q   <= '0;
      top_q         <= '0;
      search_q      <= 1'b0;
      search_node_q <= '0;
    end else begin
      if (search_q) begin
        search_q                   <= 1'b0;
        top_valid_q[search_node_q] <= found_some != '0;
        top_q[search_node_q]       <= found;
      end
      if (put_valid_i && put_ready_i) begin
        top_valid_q[put_index] <= 1'b1;
        top_q[put_index]       <= (known_valid && (known > put_level_i)) ? known : put_level_i;
      end else if (put_valid_i && !level_new && known_valid && (known == put_level_i)) begin
        search_q      <= 1'b1;
        search_node_q <= put_index;
      end
    end
  end

  always_comb begin
    top_valid_o = top_valid_q;
    if (search_q) begin
      top_valid_o[search_node_q] = 1'b0;
    end
  end

  assign top_o  = top_q;
  assign some_o = some_q;
  assign busy_o = search_q;

  // ------------------------------------------------------------- kept queue

  logic             [NumNodes-1:0]      keep_q;
  logic             [NumNodes-1:0][9:0] keep_queue_q;
  bell_pkg::level_t [NumNodes-1:0]      keep_level_q;
  logic                                 found_node;
  logic [NodeBits-1:0]                  node_index;

  for (genvar n = 0; n < int'(NumNodes); n++) begin : g_keep
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        keep_q[n]       <= 1'b0;
        keep_queue_q[n] <= '0;
        keep_level_q[n] <= '0;
      end else if (put_valid_i && put_keep_i && (put_node_i == 2'(n))) begin
        keep_q[n]       <= 1'b1;
        keep_queue_q[n] <= put_queue_i;
        keep_level_q[n] <= put_level_i;
      end else if ((pick_take_i && found_node && (32'(node_index) == 32'(n)))
                   || (put_valid_i && !put_ready_i && (put_queue_i == keep_queue_q[n]))) begin
        keep_q[n] <= 1'b0;
      end
    end
  end

  // ------------------------------------------------------------------- pick

  logic [NumNodes-1:0] ask, grant_unused;

  assign ask = want_i & top_valid_o;

  bell_rr_arb #(.NumReqs(NumNodes)) u_node (
    .clk_i, .rst_ni, .req_i(ask), .take_i(pick_take_i), .valid_o(found_node),
    .grant_o(grant_unused), .index_o(node_index)
  );

  bell_pkg::node_id_t node;
  bell_pkg::level_t   level;
  sum_t               sum;
  logic [9:0]         last;
  logic [31:0]        any, any_later, rest, bits, mine0, mine1;
  logic [4:0]         word;
  logic               kept;

  assign node = 2'(node_index);

  // The word of the last pick, beyond it; then the words after; then from the start, that word
  // last.
  always_comb begin
    level     = '0;
    sum       = '0;
    last      = '0;
    any       = '0;
    rest      = '0;
    any_later = '0;
    word      = '0;
    bits      = '0;
    mine0     = {32{!node[0]}};
    mine1     = {32{!node[1]}};
    kept      = 1'b0;
    if (found_node) begin
      level = top_q[node_index];
      if (lift_i[node_index] && (level == bell_pkg::LevelFocus)
          && some_q[node_index][bell_pkg::LevelNormal]) begin
        level = bell_pkg::LevelNormal;
      end
      sum  = sum_of(node, level);
      kept = keep_q[node_index] && (keep_level_q[node_index] == level);
      last = 10'(NumQueues - 1);
      if (picked_q[node_index][level]) begin
        last = last_ram[sum];
      end
      any = any_ram[sum];
      if (any[last[9:5]]) begin
        rest = ready_ram[row_of(level, last[9:5])] & (32'hffff_fffe << last[4:0])
               & (home0_ram[word_t'(last[9:5])] ^ mine0) & (home1_ram[word_t'(last[9:5])] ^ mine1);
      end
      any_later = any & (32'hffff_fffe << last[9:5]);
      word      = first_set((any_later != '0) ? any_later : any);
      bits      = ready_ram[row_of(level, word)]
                  & (home0_ram[word_t'(word)] ^ mine0) & (home1_ram[word_t'(word)] ^ mine1);
      if (rest != '0) begin
        word = last[9:5];
        bits = rest;
      end
    end
  end

  assign pick_valid_o = found_node;
  assign pick_node_o  = node;
  assign pick_queue_o = kept ? keep_queue_q[node_index] : {word, found_node ? first_set(bits) : 5'd0};
  assign pick_kept_o  = kept;

  always_ff @(posedge clk_i) begin
    if (pick_take_i && !kept) begin
      last_ram[sum] <= pick_queue_o;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      picked_q <= '0;
    end else if (pick_take_i && !kept) begin
      picked_q[node_index][level] <= 1'b1;
    end
  end

endmodule : bell_sched_picker
