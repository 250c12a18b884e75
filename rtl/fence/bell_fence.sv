// SPDX-License-Identifier: MIT
//
// Fence writes of one node, and the account of all other writes of its engine: a fence value leaves
// only after every earlier write of the buffer was answered.
//
//   from engine  one pulse per write burst issued; a fence, held until done or until err_o
//   to engine    settled: no write is unanswered; err: the first write that failed
//   to dma_mux   write unit 2, one beat a fence
//
// A failed write stays in err_o until clear_i (start of the next buffer), and no fence is written
// while it stands. err_o is final once settled_o is high.
//
// Timing  a fence that finds everything settled is requested from the mux in the same clock.

module bell_fence #(
  parameter int unsigned MaxWrites = 8  // Write bursts unanswered at most; a power of two.
) (
  input  logic clk_i,
  input  logic rst_ni,

  // From and to engine: writes of the mover.
  input  logic            issue_i,      // A burst was taken by the mux in this clock.
  input  bell_pkg::addr_t issue_addr_i,
  output logic            can_issue_o,
  input  logic            resp_valid_i, // One answer, in the order of issue.
  input  logic [1:0]      resp_i,

  // From and to engine: fences.
  input  logic             fence_valid_i,  // Held with its operands until fence_done_o.
  input  bell_pkg::addr_t  fence_addr_i,
  input  logic [63:0]      fence_value_i,
  input  bell_pkg::pasid_t pasid_i,
  output logic             fence_done_o,   // Pulse: the fence write was answered.

  input  logic             clear_i,
  output logic             settled_o,
  output logic             err_o,
  output bell_pkg::cause_t err_cause_o,
  output bell_pkg::addr_t  err_addr_o,

  // To dma_mux.
  output logic                 wr_req_valid_o,
  input  logic                 wr_req_ready_i,
  output bell_pkg::dma_req_t   wr_req_o,
  output logic                 wr_data_valid_o,
  input  logic                 wr_data_ready_i,
  output bell_pkg::dma_wdata_t wr_data_o,
  input  logic                 wr_resp_valid_i,
  input  logic [1:0]           wr_resp_i,

  output logic busy_o
);

  typedef enum logic [1:0] {Idle, Request, Data, Response} state_e;

  state_e           state_q;
  logic             err_q;
  bell_pkg::cause_t err_cause_q;
  bell_pkg::addr_t  err_addr_q, resp_addr;
  logic             track_full, track_empty;
  logic [$clog2(MaxWrites):0] unused_count;
  logic             go, bad_write, bad_fence, refused;

  bell_fifo #(.Width($bits(bell_pkg::addr_t)), .Depth(MaxWrites)) u_track (
    .clk_i, .rst_ni, .clear_i(1'b0),
    .push_i(issue_i), .data_i(issue_addr_i), .full_o(track_full),
    .pop_i(resp_valid_i && !track_empty), .data_o(resp_addr), .empty_o(track_empty),
    .count_o(unused_count)
  );

  assign can_issue_o = !track_full;
  assign settled_o   = track_empty && (state_q == Idle);
  assign go          = (state_q == Idle) && fence_valid_i && track_empty && !err_q;

  assign wr_req_valid_o  = go || (state_q == Request);

  always_comb begin
    wr_req_o = '0;
    if (wr_req_valid_o) begin
      wr_req_o = {fence_addr_i, 4'd0, pasid_i};
    end
  end

  assign wr_data_valid_o = state_q == Data;
  assign wr_data_o       = {fence_value_i, 1'b1};
  assign fence_done_o    = (state_q == Response) && wr_resp_valid_i;
  assign busy_o          = wr_req_valid_o || wr_data_valid_o;

  assign bad_write = resp_valid_i && (resp_i != bell_pkg::RespOkay);
  assign bad_fence = fence_done_o && (wr_resp_i != bell_pkg::RespOkay);
  assign refused   = (bad_write ? resp_i : wr_resp_i) == bell_pkg::RespDecErr;

  assign err_o       = err_q;
  assign err_cause_o = err_cause_q;
  assign err_addr_o  = err_addr_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= Idle;
    end else begin
      case (state_q)
        Idle:     if (go) state_q <= wr_req_ready_i ? Data : Request;
        Request:  if (wr_req_ready_i) state_q <= Data;
        Data:     if (wr_data_ready_i) state_q <= Response;
        Response: if (wr_resp_valid_i) state_q <= Idle;
        default:  state_q <= Idle;
      endcase
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      err_q       <= 1'b0;
      err_cause_q <= bell_formats_pkg::CauseNone;
      err_addr_q  <= '0;
    end else if (clear_i) begin
      err_q <= 1'b0;
    end else if (!err_q && (bad_write || bad_fence)) begin
      err_q       <= 1'b1;
      err_cause_q <= refused ? bell_formats_pkg::CausePageFault : bell_formats_pkg::CauseBusError;
      err_addr_q  <= bad_write ? resp_addr : fence_addr_i;
    end
  end

endmodule : bell_fence
