// SPDX-License-Identifier: MIT
//
// STATE as software reads it, with the first reason why the queue is not running. Combinational; 0
// while not asked.

module bell_sched_view #(
  parameter int unsigned NumNodes = 3  // 1 .. 4.
) (
  input  logic                   valid_i,
  input  logic                   open_i,
  input  bell_pkg::queue_state_t state_i,
  input  logic                   pending_i,
  input  bell_pkg::level_t       level_i,    // That counts.
  input  logic                   later_i,    // A peer goes first.

  input  logic                                enable_i,
  input  logic             [NumNodes-1:0]     gated_i,
  input  logic             [NumNodes-1:0]     running_i,   // Of the nodes.
  input  bell_pkg::level_t [NumNodes-1:0]     run_level_i,
  input  logic             [NumNodes-1:0]     lift_i,      // Level 1 goes before level 2.
  input  logic             [NumNodes-1:0]     ready_i,     // Some queue is,
  input  bell_pkg::level_t [NumNodes-1:0]     serve_i,     // and of this level goes first.

  output logic [63:0] data_o
);

  localparam int unsigned NodeBits = (NumNodes > 1) ? $clog2(NumNodes) : 1;

  logic [NodeBits-1:0] node;
  logic [7:0]          block;
  logic                outdone;

  assign node      = state_i.node[NodeBits-1:0];

  always_comb begin
    outdone = 1'b0;
    if (valid_i) begin
      outdone = (ready_i[node] && goes_first(lift_i[node], serve_i[node], level_i))
                || (running_i[node] && goes_first(lift_i[node], run_level_i[node], level_i));
    end
  end

  function automatic logic goes_first(input logic lift, input bell_pkg::level_t level,
                                      input bell_pkg::level_t other);
    if (lift && (other == bell_pkg::LevelFocus) && (level == bell_pkg::LevelNormal)) begin
      return 1'b1;
    end
    return (level > other) && !(lift && (other == bell_pkg::LevelNormal)
                                && (level == bell_pkg::LevelFocus));
  endfunction

  always_comb begin
    block  = bell_formats_pkg::BlockNone;
    data_o = '0;
    if (valid_i && !open_i) begin
      block = bell_formats_pkg::BlockClosed;
    end else if (valid_i) begin
      data_o[bell_formats_pkg::QueueStateOpenLsb]     = 1'b1;
      data_o[bell_formats_pkg::QueueStateListedLsb]   = state_i.listed;
      data_o[bell_formats_pkg::QueueStatePendingLsb]  = pending_i;
      data_o[bell_formats_pkg::QueueStateRunningLsb]  = state_i.running;
      data_o[bell_formats_pkg::QueueStateWorkLsb]     = state_i.work;
      data_o[bell_formats_pkg::QueueStateFaultedLsb]  = state_i.faulted;
      data_o[bell_formats_pkg::QueueStateBlockedLsb]  = state_i.blocked;
      data_o[bell_formats_pkg::QueueStateRealtimeLsb] = state_i.listed
                                                        && (level_i >= bell_pkg::LevelRealtime);
      data_o[bell_formats_pkg::QueueStateCauseMsb:bell_formats_pkg::QueueStateCauseLsb]
          = state_i.cause;
      if (state_i.running) begin
        block = bell_formats_pkg::BlockNone;
      end else if (state_i.faulted) begin
        block = bell_formats_pkg::BlockFaulted;
      end else if (!state_i.listed) begin
        block = bell_formats_pkg::BlockUnlisted;
      end else if (!pending_i && !state_i.work) begin
        block = bell_formats_pkg::BlockNoWork;
      end else if (!pending_i && state_i.blocked) begin
        block = bell_formats_pkg::BlockFence;
      end else if (!enable_i) begin
        block = bell_formats_pkg::BlockDisabled;
      end else if (gated_i[node]) begin
        block = bell_formats_pkg::BlockGated;
      end else if (outdone) begin
        block = bell_formats_pkg::BlockLevel;
      end else if (later_i) begin
        block = bell_formats_pkg::BlockPeer;
      end else begin
        block = bell_formats_pkg::BlockTurn;
      end
    end
    data_o[bell_formats_pkg::QueueStateBlockMsb:bell_formats_pkg::QueueStateBlockLsb]
        = block[3:0];
  end

endmodule : bell_sched_view
