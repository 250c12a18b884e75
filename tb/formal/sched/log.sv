// SPDX-License-Identifier: MIT
// proof: unbounded
// says: A scheduling log waits for memory alone: while memory takes and answers what is written,
//       there is room again, and nothing waits any more, within a bounded number of clocks, whether
//       or not anybody takes an event. An entry that is to be told, and a refused write, has an
//       event; what is offered stays as it is until it is taken.
//
// One node is watched. Every entry of it is to be told: its log has one entry.

module f_log #(
  parameter int unsigned NumNodes = 2,
  parameter int unsigned Depth    = 2,
  parameter int unsigned Slow     = 1,   // Clocks for which memory may let the log wait, each time.
  parameter int unsigned Bound    = 40,  // Clocks without room.
  parameter int unsigned Told     = 12   // Clocks to an event, while none waits.
) (
  input logic                                 clk_i,
  input logic                                 rst_ni,
  input logic                                 push_i,
  input bell_pkg::node_id_t                   node_i,
  input logic                                 watch_i,   // The node.
  input logic            [NumNodes-1:0]       enable_i,
  input logic            [NumNodes-1:0][63:0] index_i,
  input logic                                 event_ready_i,
  input logic                                 wr_req_ready_i,
  input logic                                 wr_data_ready_i,
  input logic                                 wr_resp_valid_i,
  input logic [1:0]                           wr_resp_i
);

  logic                  started_q = 1'b0;
  logic                  watch_q, room, event_valid, req, data;
  logic [NumNodes-1:0]   advance, lost, writing;
  bell_pkg::event_t      told;
  bell_pkg::dma_wdata_t  wdata;

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!started_q) begin
      watch_q <= watch_i;
    end
  end

  bell_sched_log #(.NumNodes(NumNodes), .Depth(Depth)) dut (
    .clk_i, .rst_ni, .push_i, .entry_i({node_i, 130'd0}), .room_o(room),
    .enable_i, .addr_i('0), .entries_i({NumNodes{16'd1}}), .interrupt_i('0), .index_i,
    .advance_o(advance), .next_o(), .lost_o(lost), .writing_o(writing),
    .event_valid_o(event_valid), .event_ready_i, .event_o(told),
    .wr_req_valid_o(req), .wr_req_ready_i, .wr_req_o(), .wr_data_valid_o(data), .wr_data_ready_i,
    .wr_data_o(wdata), .wr_resp_valid_i, .wr_resp_i, .busy_o()
  );

  // ------------------------------------------------------------------- memory

  logic       open_q;  // A write has its data and no answer.
  logic [2:0] waits_q;
  logic       awaited;

  assign awaited = (req && !wr_req_ready_i) || (data && !wr_data_ready_i)
                   || (open_q && !wr_resp_valid_i);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      open_q  <= 1'b0;
      waits_q <= '0;
    end else begin
      open_q  <= (data && wr_data_ready_i && wdata.last) || (open_q && !wr_resp_valid_i);
      waits_q <= awaited ? waits_q + 1'b1 : '0;
    end
  end

  // -------------------------------------------------------------------- bound

  logic       room_q;
  logic [5:0] full_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      room_q <= 1'b0;
      full_q <= '0;
    end else begin
      room_q <= room;
      full_q <= room ? '0 : full_q + 1'b1;
    end
  end

  // ------------------------------------------------------------------- events

  logic             held_q, reached_q, lost_q, made, is_reached, is_lost;
  logic [3:0]       late_q;
  bell_pkg::event_t told_q;

  assign made       = event_valid && !held_q && (told.node == 2'(watch_q));
  assign is_reached = made && (told.cause == bell_formats_pkg::CauseSchedLog);
  assign is_lost    = made && (told.cause == bell_formats_pkg::CauseSchedLogLost);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      held_q    <= 1'b0;
      reached_q <= 1'b0;
      lost_q    <= 1'b0;
      late_q    <= '0;
    end else begin
      held_q    <= event_valid && !event_ready_i;
      reached_q <= advance[watch_q] || (reached_q && !is_reached);
      lost_q    <= lost[watch_q] || (lost_q && !is_lost);
      late_q    <= ((reached_q && !is_reached) || (lost_q && !is_lost)) && !held_q
                   ? late_q + 1'b1 : '0;
    end
  end

  always_ff @(posedge clk_i) begin
    told_q <= told;
  end

  always_comb begin
    if (!started_q) begin
      assume (!rst_ni);
    end
    assume (!push_i || room_q);  // It changed a clock ago.
    assume (32'(node_i) < NumNodes);
    assume (!wr_resp_valid_i || open_q);
    assume (!awaited || (waits_q < 3'(Slow)));
    if (rst_ni && started_q) begin
      room_returns: assert (full_q < 6'(Bound));
      event_stays: assert (!held_q || (event_valid && (told == told_q)));
      told_when_due: assert (late_q < 4'(Told));
      told_of_a_log: assert (!event_valid || (told.queue == '0));
    end
  end

endmodule : f_log
