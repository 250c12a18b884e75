// SPDX-License-Identifier: MIT
//
// In-process priority: of the ready queues of one group, does one have a higher priority?
//
// It counts ready queues by group and priority. Group 0 is no group: nothing is counted.
//
// Timing  a change counts one clock later. The answers are combinational.
// Reset   no queue is ready. The counts have one writer and no reset: some_q says which mean
//         something.

module bell_sched_peers (
  input  logic clk_i,
  input  logic rst_ni,

  // A queue of this place becomes ready, or stops being so.
  input  logic             put_valid_i,
  input  logic             put_ready_i,
  input  bell_pkg::place_t put_place_i,

  // Does a ready queue of the group go before one of this place?
  input  bell_pkg::place_t ask_place_i,
  output logic             ask_later_o,
  input  bell_pkg::place_t turn_place_i,
  output logic             turn_later_o
);

  localparam int unsigned NumGroups = 64;

  logic [10:0] count_ram [NumGroups * 16];  // Up to 1024; by group, priority.
  logic [15:0] some_q    [NumGroups];       // Bit p: the count of priority p is not 0.

  logic        count;
  logic [9:0]  row;
  logic [10:0] count_old, count_new;

  assign count = put_valid_i && (put_place_i.group != '0);

  always_comb begin
    row       = '0;
    count_old = '0;
    count_new = '0;
    if (count) begin
      row = {put_place_i.group, put_place_i.prio};
      if (some_q[put_place_i.group][put_place_i.prio]) begin
        count_old = count_ram[row];
      end
      count_new = put_ready_i ? count_old + 11'd1 : count_old - 11'd1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (count) begin
      count_ram[row] <= count_new;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      for (int unsigned g = 0; g < NumGroups; g++) begin
        some_q[g] <= '0;
      end
    end else if (count) begin
      some_q[put_place_i.group][put_place_i.prio] <= count_new != '0;
    end
  end

  always_comb begin
    ask_later_o = 1'b0;
    if (ask_place_i.group != '0) begin
      ask_later_o = |(some_q[ask_place_i.group] & (16'hfffe << ask_place_i.prio));
    end
  end

  always_comb begin
    turn_later_o = 1'b0;
    if (turn_place_i.group != '0) begin
      turn_later_o = |(some_q[turn_place_i.group] & (16'hfffe << turn_place_i.prio));
    end
  end

endmodule : bell_sched_peers
