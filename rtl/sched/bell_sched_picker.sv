// SPDX-License-Identifier: MIT
//
// Which ready queue goes next: round robin over nodes, then over the ready queues of the node.
//
// It keeps one ready bit per queue and node, in words, and a summary bit per word, so that a pick
// looks at one summary and two words whatever the number of queues. The order is private to this
// module: sched only tells which queues are ready and asks for one.
//
// Fairness  with n queues ready at a node, each is picked at least once in n picks of that node;
//           with m nodes that want one and have one, each node is served at least once in m picks.
//
// Timing    a change of a ready bit counts for the pick one clock later. The pick is combinational
//           and may change until it is taken. set_* and put_* may name the same queue: set_* wins.
// Reset     no queue is ready.

module bell_sched_picker #(
  parameter int unsigned NumQueues = 64,  // 1 .. 1024.
  parameter int unsigned NumNodes  = 3    // 1 .. 4.
) (
  input  logic clk_i,
  input  logic rst_ni,

  // A queue becomes ready.
  input  logic                set_valid_i,
  input  bell_pkg::node_id_t  set_node_i,
  input  bell_pkg::queue_id_t set_queue_i,

  // A queue becomes ready or stops being so.
  input  logic                put_valid_i,
  input  bell_pkg::node_id_t  put_node_i,
  input  bell_pkg::queue_id_t put_queue_i,
  input  logic                put_ready_i,

  // A queue for one of these nodes.
  input  logic [NumNodes-1:0] want_i,
  output logic                pick_valid_o,
  output bell_pkg::node_id_t  pick_node_o,
  output bell_pkg::queue_id_t pick_queue_o,
  input  logic                pick_take_i,

  output logic [NumNodes-1:0] some_o  // The node has a ready queue.
);

  localparam int unsigned NumWords = (NumQueues + 31) / 32;
  localparam int unsigned NumRows  = NumNodes * NumWords;
  localparam int unsigned RowBits  = (NumRows > 1) ? $clog2(NumRows) : 1;
  localparam int unsigned NodeBits = (NumNodes > 1) ? $clog2(NumNodes) : 1;

  typedef logic [RowBits-1:0] row_t;

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

  function automatic row_t row_of(input bell_pkg::node_id_t node, input logic [4:0] word);
    row_of = row_t'(32'(node) * NumWords + 32'(word));
  endfunction

  logic [31:0] ready_q [NumRows];   // Row = node, word.
  logic [31:0] any_q   [NumNodes];  // Bit w: word w of the node is not zero.
  logic [NumNodes-1:0] some_q;      // Bit n: the node has a ready queue.
  logic [9:0]  last_q  [NumNodes];  // Queue picked last.

  // ------------------------------------------------------------- ready bits

  row_t        set_row, put_row;
  logic [31:0] set_word, put_word, put_any;
  logic        same_row;

  always_comb begin
    put_row  = '0;
    set_row  = '0;
    put_word = '0;
    put_any  = '0;
    set_word = '0;
    same_row = 1'b0;
    if (put_valid_i) begin
      put_row  = row_of(put_node_i, put_queue_i[9:5]);
      put_word = ready_q[put_row];
      put_word[put_queue_i[4:0]] = put_ready_i;
      put_any = any_q[put_node_i[NodeBits-1:0]];
      put_any[put_queue_i[9:5]] = put_word != '0;
    end
    if (set_valid_i) begin
      set_row  = row_of(set_node_i, set_queue_i[9:5]);
      same_row = put_valid_i && (set_row == put_row);
      set_word = same_row ? put_word : ready_q[set_row];
      set_word[set_queue_i[4:0]] = 1'b1;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      some_q <= '0;
      for (int unsigned n = 0; n < NumNodes; n++) begin
        any_q[n] <= '0;
        for (int unsigned w = 0; w < NumWords; w++) begin
          ready_q[n * NumWords + w] <= '0;
        end
      end
    end else begin
      if (put_valid_i) begin
        ready_q[put_row] <= put_word;
        any_q[put_node_i[NodeBits-1:0]]  <= put_any;
        some_q[put_node_i[NodeBits-1:0]] <= put_any != '0;
      end
      if (set_valid_i) begin
        ready_q[set_row] <= set_word;
        any_q[set_node_i[NodeBits-1:0]][set_queue_i[9:5]] <= 1'b1;
        some_q[set_node_i[NodeBits-1:0]] <= 1'b1;
      end
    end
  end

  // ------------------------------------------------------------------- pick

  logic [NumNodes-1:0] some;
  logic                found;
  bell_pkg::node_id_t  node;
  logic [NumNodes-1:0] grant_unused;

  assign some   = want_i & some_q;
  assign some_o = some_q;

  logic [NodeBits-1:0] node_index;

  bell_rr_arb #(.NumReqs(NumNodes)) u_node (
    .clk_i, .rst_ni, .req_i(some), .take_i(pick_take_i), .valid_o(found), .grant_o(grant_unused),
    .index_o(node_index)
  );

  assign node = 2'(node_index);

  logic [9:0]  last;
  logic [31:0] any, any_later, rest, bits;
  logic [4:0]  word;

  // The word of the last pick, beyond it; then the words after; then from the start, that word
  // last.
  always_comb begin
    last      = '0;
    any       = '0;
    rest      = '0;
    any_later = '0;
    word      = '0;
    bits      = '0;
    if (found) begin
      last      = last_q[node_index];
      any       = any_q[node_index];
      rest      = ready_q[row_of(node, last[9:5])] & (32'hffff_fffe << last[4:0]);
      any_later = any & (32'hffff_fffe << last[9:5]);
      word      = first_set((any_later != '0) ? any_later : any);
      bits      = ready_q[row_of(node, word)];
      if (rest != '0) begin
        word = last[9:5];
        bits = rest;
      end
    end
  end

  assign pick_valid_o = found;
  assign pick_node_o  = node;
  assign pick_queue_o = {word, found ? first_set(bits) : 5'd0};

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      for (int unsigned n = 0; n < NumNodes; n++) begin
        last_q[n] <= 10'(NumQueues - 1);
      end
    end else if (pick_take_i) begin
      last_q[node_index] <= pick_queue_o;
    end
  end

endmodule : bell_sched_picker
