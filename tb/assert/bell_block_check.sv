// SPDX-License-Identifier: MIT
//
// What the small blocks promise, and what they demand of those who use them. Bound to every
// instance of each block by bell_bind.sv. A broken rule is an $error "BLOCK: rule NAME: ...".

// bell_fifo: never over- nor underflows.
module bell_fifo_check #(
  parameter int Depth = 4,
  parameter int CountBits = 3
) (
  input logic                 clk_i,
  input logic                 rst_ni,
  input logic                 clear_i,
  input logic                 push_i,
  input logic                 full_o,
  input logic                 pop_i,
  input logic                 empty_o,
  input logic [CountBits-1:0] count_o
);

  always @(posedge clk_i) begin
    if (rst_ni) begin
      if (push_i && full_o && !clear_i) $error("fifo: rule OVERFLOW: push into a full queue");
      if (pop_i && empty_o && !clear_i) $error("fifo: rule UNDERFLOW: pop of an empty queue");
      if ((32'(count_o) > Depth) || (full_o != (32'(count_o) == Depth))
          || (empty_o != (count_o == '0)))
        $error("fifo: rule LEVEL: %0d words of %0d, full %b, empty %b", count_o, Depth, full_o,
               empty_o);
    end
  end

endmodule : bell_fifo_check

// bell_rr_arb: one grant, to one who asks.
module bell_rr_arb_check #(
  parameter int NumReqs = 3
) (
  input logic               clk_i,
  input logic               rst_ni,
  input logic [NumReqs-1:0] req_i,
  input logic               valid_o,
  input logic [NumReqs-1:0] grant_o
);

  always @(posedge clk_i) begin
    if (rst_ni) begin
      if ((grant_o & (grant_o - 1'b1)) != '0) $error("arb: rule ONE_HOT: grants %b", grant_o);
      if ((grant_o & ~req_i) != '0) $error("arb: rule ASKED: grants %b of %b", grant_o, req_i);
      if ((valid_o != (|req_i)) || (valid_o != (|grant_o)))
        $error("arb: rule SERVES: requests %b, grants %b", req_i, grant_o);
    end
  end

endmodule : bell_rr_arb_check

// bell_skid: a word is taken only when there is one, and is not lost before.
module bell_skid_check #(
  parameter int Width = 8
) (
  input logic             clk_i,
  input logic             rst_ni,
  input logic             valid_o,
  input logic             take_i,
  input logic [Width-1:0] data_o
);

  logic             wait_q;
  logic [Width-1:0] data_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      wait_q <= 1'b0;
    end else begin
      wait_q <= valid_o && !take_i;
    end
  end

  always_ff @(posedge clk_i) begin
    data_q <= data_o;
  end

  always @(posedge clk_i) begin
    if (rst_ni) begin
      if (take_i && !valid_o) $error("skid: rule TAKE: nothing is there to take");
      if (wait_q && (!valid_o || (data_o != data_q))) $error("skid: rule HELD: a word was lost");
    end
  end

endmodule : bell_skid_check

// bell_sat_count: never goes back.
module bell_sat_count_check (
  input logic        clk_i,
  input logic        rst_ni,
  input logic [1:0]  add_i,
  input logic [63:0] count_o,
  input logic        saturated_o
);

  logic [63:0] count_q;
  logic [1:0]  add_q;
  logic        saturated_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      count_q     <= '0;
      add_q       <= '0;
      saturated_q <= 1'b0;
    end else begin
      count_q     <= count_o;
      add_q       <= add_i;
      saturated_q <= saturated_o;
    end
  end

  always @(posedge clk_i) begin
    if (rst_ni) begin
      if (count_o < count_q) $error("count: rule WRAPS: from %0d to %0d", count_q, count_o);
      if (!saturated_o && (count_o != count_q + 64'(add_q)))
        $error("count: rule EXACT: %0d and %0d make %0d", count_q, add_q, count_o);
      if (saturated_q && !saturated_o) $error("count: rule STICKY: forgets that it saturated");
    end
  end

endmodule : bell_sat_count_check
