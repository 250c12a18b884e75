// SPDX-License-Identifier: MIT
//
// Write pointer of one turn: asks for it, judges it, and counts what is left up to it.
//
//   out of bounds  WPTR - RPTR is more than the ring has entries; then nothing is left
//
// Timing  asked for in the clock of take_i; judged one clock after its answer, and known with its
//         limit from the next one on. An entry asked for right behind it comes no earlier.
// Reset   nothing is asked for, nothing is left.

module bell_fetch_sample #(
  parameter int unsigned MaxBuffers = 64  // In one turn; 1 .. 127.
) (
  input  logic clk_i,
  input  logic rst_ni,

  // The turn.
  input  logic             take_i,  // It starts. Its pointers, from the next clock on:
  input  bell_pkg::count_t rptr_i,  // RPTR at its start;
  input  logic [15:0]      mask_i,  // entries of the ring less one.
  input  logic             done_i,  // Pulse: a buffer is finished.

  // The read.
  output logic                 ask_o,
  input  logic                 ready_i,
  output logic                 wait_o,   // Its answer is the next one.
  input  logic                 beat_i,   // An answer.
  input  bell_pkg::dma_rdata_t rdata_i,

  // What it says.
  output logic        judge_o,   // It is judged in this clock.
  output logic        known_o,
  output logic        fault_o,   // Pulse, with judge_o: it could not be read, or
  output logic        beyond_o,  // it is out of bounds:
  output logic [1:0]  resp_o,    // how it was answered,
  output bell_pkg::count_t wptr_o,  // what it is.
  output logic [6:0]  limit_o,   // Buffers that may run in this turn.
  output logic [16:0] left_o     // Entries up to WPTR, less buffers finished.
);

  localparam logic [6:0] MaxSteps = 7'(MaxBuffers);

  logic             due_q, wait_q, judge_q, known_q;
  logic             carry_q;         // Of the low parts: WPTR's is the smaller.
  logic [1:0]       resp_q;
  bell_pkg::count_t wptr_q;
  logic [6:0]       limit_q;
  logic [16:0]      left_q, ahead, size;
  logic             got, borrow, in_bounds, unused_last, unused_carry;

  assign unused_last = rdata_i.last;

  assign ask_o   = take_i || due_q;
  assign wait_o  = wait_q;
  assign judge_o = judge_q;
  assign known_o = known_q;
  assign resp_o  = resp_q;
  assign wptr_o  = wptr_q;
  assign limit_o = limit_q;
  assign left_o  = left_q;
  assign got     = beat_i && wait_q;

  bell_sum #(.Width(18), .Block(9)) u_ahead (
    .enable_i(got), .a_i({1'b0, rdata_i.data[16:0]}), .b_i({1'b1, ~rptr_i[16:0]}),
    .carry_i(1'b1), .sum_o({borrow, ahead}), .carry_o(unused_carry)
  );

  // A ring has 2^16 entries at most, so only low parts are subtracted. The upper parts must be equal,
  // or with a borrow WPTR's one more than RPTR's: bit by bit, x ^ y of y = x + carry shows the carries.
  assign size = {1'b0, mask_i} + 17'd1;

  always_comb begin : judge
    logic [46:0] ours, differs;

    ours      = '0;
    differs   = '0;
    in_bounds = 1'b0;
    if (judge_q) begin
      ours      = rptr_i[63:17];
      differs   = wptr_q[63:17] ^ ours;
      in_bounds = (differs == {differs[45:0] & ours[45:0], carry_q}) &&
                  (((left_q & ~{1'b0, mask_i}) == '0) || (left_q == size));
    end
  end

  assign beyond_o = judge_q && (resp_q == bell_pkg::RespOkay) && !in_bounds;
  assign fault_o  = judge_q && ((resp_q != bell_pkg::RespOkay) || !in_bounds);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      due_q   <= 1'b0;
      wait_q  <= 1'b0;
      judge_q <= 1'b0;
      known_q <= 1'b0;
      carry_q <= 1'b0;
      resp_q  <= bell_pkg::RespOkay;
      wptr_q  <= '0;
      limit_q <= '0;
      left_q  <= '0;
    end else if (take_i) begin
      due_q   <= !ready_i;
      wait_q  <= 1'b1;
      known_q <= 1'b0;
      limit_q <= '0;
      left_q  <= '0;
    end else begin
      if (ready_i) begin
        due_q <= 1'b0;
      end
      judge_q <= got;
      if (got) begin
        wait_q  <= 1'b0;
        carry_q <= borrow;
        resp_q  <= rdata_i.resp;
        wptr_q  <= rdata_i.data;
        left_q  <= ahead;
      end else if (judge_q) begin
        known_q <= 1'b1;
        if (fault_o) begin
          left_q <= '0;
        end else begin
          limit_q <= ((left_q[16:7] != '0) || (left_q[6:0] > MaxSteps)) ? MaxSteps : left_q[6:0];
        end
      end else if (done_i) begin
        left_q <= left_q - 1'b1;
      end
    end
  end

endmodule : bell_fetch_sample
