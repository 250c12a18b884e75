// SPDX-License-Identifier: MIT
//
// Which queues are ready, and which one of a level goes next.
//
// A bit a ready queue, in words of 32 queues, one row of words a node and level. A summary bit a
// word, and one a level and node, keep a search at one summary and two words whatever the number
// of queues; the highest level of each node is known beforehand.
//
// The word arrays have one writer and no reset: a bit of the next summary says whether a word means
// something.
//
// Promises, when puts are at most one a clock and tell the truth, and served queues were ready:
//   found_o says that found_queue_o was ready at that node and level in the search: a put that was
//           made before find_valid_i counts, one of the two clocks after may;
//   order   it is the first such queue after the one served last at that node and level, by number,
//           and from the start again. So if n queues stay ready, each is found before any other is
//           served twice: within n servings;
//   some    levels that have a ready queue, and from the clock after its put one that gets ready;
//           top the highest of those that count.
// A search always ends; it finds nothing when nothing is ready or what was has gone meanwhile.
//
// Timing    a put counts for some, top and searches from two clocks later on; when it leaves the
//           highest level of a node empty, top_valid_o is low for one clock more. A search may
//           start every clock and answers three clocks after find_valid_i.
// Reset     no queue is ready, no search is under way.

module bell_sched_picker #(
  parameter int unsigned NumQueues = 64,  // 1 .. 1024.
  parameter int unsigned NumNodes  = 3    // 1 .. 4.
) (
  input  logic clk_i,
  input  logic rst_ni,

  // A queue becomes ready or stops being so. look_i: one may; node, level and queue are those.
  input  logic                look_i,
  input  logic                put_valid_i,
  input  bell_pkg::node_id_t  put_node_i,
  input  bell_pkg::level_t    put_level_i,
  input  bell_pkg::queue_id_t put_queue_i,
  input  logic                put_ready_i,

  // A search.
  input  logic                find_valid_i,
  input  bell_pkg::node_id_t  find_node_i,
  input  bell_pkg::level_t    find_level_i,
  output logic                answer_o,       // Of the search of three clocks ago:
  output logic                found_o,
  output bell_pkg::node_id_t  found_node_o,
  output bell_pkg::queue_id_t found_queue_o,

  // This queue was served; the next search begins after it.
  input  logic                served_valid_i,
  input  bell_pkg::node_id_t  served_node_i,
  input  bell_pkg::level_t    served_level_i,
  input  bell_pkg::queue_id_t served_queue_i,

  output logic             [NumNodes-1:0][bell_pkg::NumLevels-1:0] some_o,
  output logic             [NumNodes-1:0]                          top_valid_o,
  output bell_pkg::level_t [NumNodes-1:0]                          top_o,
  output logic [NumNodes-1:0] none_o,   // Nothing is ready, also of what was put.
  output logic [NumNodes-1:0] loses_o,  // A put that does not count yet takes one away.
  output logic                busy_o
);

  localparam int unsigned NumLevels = bell_pkg::NumLevels;
  localparam int unsigned NumWords  = (NumQueues + 31) / 32;
  localparam int unsigned NumRows   = NumNodes * NumLevels * NumWords;
  localparam int unsigned RowBits   = (NumRows > 1) ? $clog2(NumRows) : 1;
  localparam int unsigned NumSums   = NumNodes * (1 << $bits(bell_pkg::level_t));
  localparam int unsigned SumBits   = $clog2(NumSums);
  localparam int unsigned NodeBits  = (NumNodes > 1) ? $clog2(NumNodes) : 1;

  typedef logic [RowBits-1:0]  row_t;
  typedef logic [SumBits-1:0]  sum_t;
  typedef logic [NodeBits-1:0] node_t;

  // Highest bit set of a set of levels that is not empty.
  function automatic bell_pkg::level_t last_set(input logic [NumLevels-1:0] bits);
    logic [31:0] low, back;
    back = '0;
    low  = bits[31:0];
    for (int unsigned b = 0; b < 32; b++) begin
      back[b] = low[31 - b];
    end
    last_set = {1'b0, ~bell_pkg::first_set(back)};
    if (bits[NumLevels-1:32] != '0) begin
      last_set = {4'b1000, bits[34] ? 2'd2 : {1'b0, bits[33]}};
    end
  endfunction

  function automatic row_t row_of(input bell_pkg::node_id_t node, input bell_pkg::level_t level,
                                  input logic [4:0] word);
    row_of = row_t'((32'(node) * NumLevels + 32'(level)) * NumWords + 32'(word));
  endfunction

  function automatic sum_t sum_of(input bell_pkg::node_id_t node, input bell_pkg::level_t level);
    sum_of = sum_t'({node, level});
  endfunction

  // A search. 2: the word of the queue served last, and which word comes next; 3: that word; 4: its
  // queue.
  logic               find2_q, find3_q, find4_q, rest_some_q;
  bell_pkg::node_id_t node2_q, node3_q, node4_q;
  bell_pkg::level_t   level2_q, level3_q;
  logic [9:0]         last2_q;
  logic [31:0]        any2_q, after2, mask3_q, bits3_q, rest3, rest4_q, bits4_q, bits4;
  logic [4:0]         next2, last3_q, word3_q, word4_q, first, first_after;
  logic               last_word3_q, some3_q, some4_q;
  node_t              find_index, served_index;

  // Word arrays.
  logic [31:0] ready_ram [NumRows];  // Ready queues of a node and level.
  logic [31:0] any_ram   [NumSums];  // Bit w: word w of them is not zero; else it means nothing.
  logic [9:0]  last_ram  [NumSums];  // Queue served last.

  // What of them means something.
  logic [NumLevels-1:0] some_q   [NumNodes];  // Of any_ram,
  logic [NumLevels-1:0] served_q [NumNodes];  // of last_ram.

  logic             [NumNodes-1:0] top_valid_q;
  bell_pkg::level_t [NumNodes-1:0] top_q;
  logic                            search_q;  // The highest level of this node is not known:
  logic [NodeBits-1:0]             search_node_q;

  // ------------------------------------------------- ready bits: read, change

  logic                put_q, put_ready_q, same_row_q;
  bell_pkg::level_t    put_level_q;
  bell_pkg::queue_id_t put_queue_q;
  row_t                put_row, put_row_q;
  sum_t                put_sum, put_sum_q;
  node_t               look_index, put_index_q;
  logic [31:0]         word_q, kept_q, any_q, word_old, word_new, any_new;
  logic                word_some, level_new;
  logic [NumLevels-1:0] some_new;

  assign look_index = put_node_i[NodeBits-1:0];

  always_comb begin
    put_row = '0;
    put_sum = '0;
    if (look_i) begin
      put_row = row_of(put_node_i, put_level_i, put_queue_i[9:5]);
      put_sum = sum_of(put_node_i, put_level_i);
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      put_q <= 1'b0;
    end else begin
      put_q <= put_valid_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (look_i) begin
      word_q <= ready_ram[put_row];
    end
    if (look_i) begin
      put_index_q <= look_index;
      put_level_q <= put_level_i;
      put_queue_q <= put_queue_i;
      put_ready_q <= put_ready_i;
      put_row_q   <= put_row;
      put_sum_q   <= put_sum;
      // What is written in this clock is not read.
      same_row_q <= put_q && (put_row_q == put_row);
      kept_q     <= word_new;
      if (put_q && (put_sum_q == put_sum)) begin
        any_q <= any_new;
      end else begin
        any_q <= some_q[look_index][put_level_i] ? any_ram[put_sum] : '0;
      end
    end
  end

  always_comb begin
    word_old  = '0;
    word_new  = '0;
    any_new   = '0;
    word_some = 1'b0;
    level_new = 1'b0;
    some_new  = '0;
    if (put_q) begin
      if (any_q[put_queue_q[9:5]]) begin
        word_old = same_row_q ? kept_q : word_q;
      end
      word_new  = word_old & ~(32'd1 << put_queue_q[4:0]);
      word_some = (word_new != '0) || put_ready_q;
      any_new   = any_q & ~(32'd1 << put_queue_q[9:5]);
      level_new = (any_new != '0) || word_some;
      if (put_ready_q) begin
        word_new[put_queue_q[4:0]] = 1'b1;
      end
      any_new[put_queue_q[9:5]] = word_some;
      some_new = some_q[put_index_q];
      some_new[put_level_q] = level_new;
    end
  end

  always_ff @(posedge clk_i) begin
    if (put_q) begin
      ready_ram[put_row_q] <= word_new;
      any_ram[put_sum_q]   <= any_new;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      for (int unsigned n = 0; n < NumNodes; n++) begin
        some_q[n] <= '0;
      end
    end else if (put_q) begin
      some_q[put_index_q] <= some_new;
    end
  end

  // ----------------------------------------------------------- highest level

  logic [NumLevels-1:0] found_some;
  logic                 put_search;
  bell_pkg::level_t     found;

  assign put_search = search_q && (search_node_q == put_index_q);

  // With what gets ready there in this clock.
  always_comb begin
    found_some = '0;
    found      = '0;
    if (search_q) begin
      found_some = some_q[search_node_q];
      if (put_q && put_ready_q && put_search) begin
        found_some[put_level_q] = 1'b1;
      end
      found = last_set(found_some);
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
      if (put_q && put_ready_q && !put_search) begin
        top_valid_q[put_index_q] <= 1'b1;
        if (!top_valid_q[put_index_q] || (top_q[put_index_q] < put_level_q)) begin
          top_q[put_index_q] <= put_level_q;
        end
      end
      if (put_q && !put_ready_q && !level_new
          && (put_search || (top_q[put_index_q] == put_level_q))) begin
        search_q      <= 1'b1;
        search_node_q <= put_index_q;
      end
    end
  end

  always_comb begin
    top_valid_o = top_valid_q;
    none_o      = ~top_valid_q;
    loses_o     = '0;
    if (search_q) begin
      top_valid_o[search_node_q] = 1'b0;
    end
    if (put_q) begin
      none_o[put_index_q]  = none_o[put_index_q] && !put_ready_q;
      loses_o[put_index_q] = !put_ready_q;
    end
  end

  // So that a queue is never neither running nor ready between two turns.
  always_comb begin
    for (int unsigned n = 0; n < NumNodes; n++) begin
      some_o[n] = some_q[n];
    end
    if (put_q && put_ready_q) begin
      some_o[put_index_q][put_level_q] = 1'b1;
    end
  end

  assign top_o  = top_q;
  assign busy_o = search_q || put_q || find2_q || find3_q || find4_q;

  // ------------------------------------------------------------------ search

  assign find_index   = find_node_i[NodeBits-1:0];
  assign served_index = served_node_i[NodeBits-1:0];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      find2_q <= 1'b0;
      find3_q <= 1'b0;
      find4_q <= 1'b0;
    end else begin
      find2_q <= find_valid_i;
      find3_q <= find2_q;
      find4_q <= find3_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (find_valid_i) begin
      node2_q  <= find_node_i;
      level2_q <= find_level_i;
      any2_q   <= some_q[find_index][find_level_i] ? any_ram[sum_of(find_node_i, find_level_i)]
                                                   : '0;
      last2_q  <= served_q[find_index][find_level_i] ? last_ram[sum_of(find_node_i, find_level_i)]
                                                     : 10'(NumQueues - 1);
    end
  end

  always_comb begin
    after2      = '0;
    first       = '0;
    first_after = '0;
    next2       = '0;
    if (find2_q) begin
      after2      = any2_q & (32'hffff_fffe << last2_q[9:5]);
      first       = bell_pkg::first_set(any2_q);
      first_after = bell_pkg::first_set(after2);
      next2       = (after2 != '0) ? first_after : first;
    end
  end

  always_ff @(posedge clk_i) begin
    if (find2_q) begin
      bits3_q      <= ready_ram[row_of(node2_q, level2_q, last2_q[9:5])];
      node3_q      <= node2_q;
      level3_q     <= level2_q;
      last3_q      <= last2_q[9:5];
      last_word3_q <= any2_q[last2_q[9:5]];
      mask3_q      <= 32'hffff_fffe << last2_q[4:0];
      word3_q      <= next2;
      some3_q      <= any2_q != '0;
    end
  end

  always_comb begin
    rest3 = '0;
    if (find3_q && last_word3_q) begin
      rest3 = bits3_q & mask3_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (find3_q) begin
      bits4_q     <= ready_ram[row_of(node3_q, level3_q, word3_q)];
      node4_q     <= node3_q;
      rest4_q     <= rest3;
      rest_some_q <= rest3 != '0;
      some4_q     <= some3_q;
      word4_q     <= (rest3 != '0) ? last3_q : word3_q;
    end
  end

  always_comb begin
    bits4 = '0;
    if (find4_q && (rest_some_q || some4_q)) begin
      bits4 = rest_some_q ? rest4_q : bits4_q;
    end
  end

  assign answer_o      = find4_q;
  assign found_o       = bits4 != '0;
  assign found_node_o  = node4_q;
  assign found_queue_o = {word4_q, find4_q ? bell_pkg::first_set(bits4) : 5'd0};

  // ------------------------------------------------------------------ served

  always_ff @(posedge clk_i) begin
    if (served_valid_i) begin
      last_ram[sum_of(served_node_i, served_level_i)] <= served_queue_i;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      for (int unsigned n = 0; n < NumNodes; n++) begin
        served_q[n] <= '0;
      end
    end else if (served_valid_i) begin
      served_q[served_index] <= served_q[served_index] | (NumLevels'(1) << served_level_i);
    end
  end

endmodule : bell_sched_picker
