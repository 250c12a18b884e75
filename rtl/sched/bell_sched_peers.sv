// SPDX-License-Identifier: MIT
//
// In-process priority: of the ready queues of one group, does one have a higher priority?
//
// It counts ready queues by group and priority. Group 0 is no group: nothing is counted.
//
// Timing  a change counts two clocks later. The answer is combinational.
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
  output logic             ask_later_o
);

  localparam int unsigned NumGroups = 64;

  logic [10:0] count_ram [NumGroups * 16];  // Up to 1024; by group, priority.
  logic [15:0] some_q    [NumGroups];       // Bit p: the count of priority p is not 0.

  logic        put_q, ready_q, known;
  logic [5:0]  group_q;
  logic [3:0]  prio_q;
  logic [9:0]  row;
  logic [10:0] count_old, count_new;
  logic [15:0] some_new;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      put_q <= 1'b0;
    end else begin
      put_q <= put_valid_i && (put_place_i.group != '0);
    end
  end

  always_ff @(posedge clk_i) begin
    if (put_valid_i) begin
      ready_q <= put_ready_i;
      group_q <= put_place_i.group;
      prio_q  <= put_place_i.prio;
    end
  end

  always_comb begin
    row       = '0;
    some_new  = '0;
    known     = 1'b0;
    count_old = '0;
    count_new = '0;
    if (put_q) begin
      row       = {group_q, prio_q};
      some_new  = some_q[group_q];
      known     = some_new[prio_q];
      count_old = count_ram[row];
      count_new = ready_q ? (known ? count_old + 11'd1 : 11'd1) : count_old - 11'd1;
      some_new[prio_q] = ready_q || (count_old != 11'd1);
    end
  end

  always_ff @(posedge clk_i) begin
    if (put_q) begin
      count_ram[row] <= count_new;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      for (int unsigned g = 0; g < NumGroups; g++) begin
        some_q[g] <= '0;
      end
    end else if (put_q) begin
      some_q[group_q] <= some_new;
    end
  end

  always_comb begin
    ask_later_o = 1'b0;
    if (ask_place_i.group != '0) begin
      ask_later_o = |(some_q[ask_place_i.group] & (16'hfffe << ask_place_i.prio));
    end
  end

endmodule : bell_sched_peers
