// SPDX-License-Identifier: MIT
//
// First in, first out; storage in a word array, so a deep one maps to LUT RAM.
//
// Timing  a word pushed is visible one clock later. Push and pop in one clock are both done.
// Reset   empty. clear_i empties it and wins over a push in the same clock.
// Contract: push only while !full_o, pop only while !empty_o.

module bell_fifo #(
  parameter int unsigned Width = 64,
  parameter int unsigned Depth = 4,  // 1 or more; a power of two is the cheapest.
  localparam int unsigned CountBits = $clog2(Depth + 1),
  localparam int unsigned PtrBits   = (Depth > 1) ? $clog2(Depth) : 1
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic             clear_i,

  input  logic             push_i,
  input  logic [Width-1:0] data_i,
  output logic             full_o,

  input  logic             pop_i,
  output logic [Width-1:0] data_o,  // Oldest word; meaningless while empty_o.
  output logic             empty_o,

  output logic [CountBits-1:0] count_o
);

  logic [Width-1:0]   words [Depth];
  logic [CountBits-1:0] count_q;
  logic [PtrBits-1:0] head_q, tail_q, head_next, tail_next;


  // Where the width does not wrap by itself.
  if ((Depth > 1) && ((Depth & (Depth - 1)) == 0)) begin : g_wraps
    assign head_next = head_q + 1'b1;
    assign tail_next = tail_q + 1'b1;
  end else begin : g_compares
    assign head_next = (head_q == PtrBits'(Depth - 1)) ? '0 : head_q + 1'b1;
    assign tail_next = (tail_q == PtrBits'(Depth - 1)) ? '0 : tail_q + 1'b1;
  end

  assign full_o  = count_q == CountBits'(Depth);
  assign empty_o = count_q == '0;
  assign data_o  = words[head_q];
  assign count_o = count_q;

  always_ff @(posedge clk_i) begin
    if (push_i) begin
      words[tail_q] <= data_i;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      count_q <= '0;
      head_q  <= '0;
      tail_q  <= '0;
    end else if (clear_i) begin
      count_q <= '0;
      head_q  <= '0;
      tail_q  <= '0;
    end else begin
      if (push_i) begin
        tail_q <= tail_next;
      end
      if (pop_i) begin
        head_q <= head_next;
      end
      if (push_i && !pop_i) begin
        count_q <= count_q + 1'b1;
      end else if (!push_i && pop_i) begin
        count_q <= count_q - 1'b1;
      end
    end
  end

endmodule : bell_fifo
