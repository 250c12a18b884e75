// SPDX-License-Identifier: MIT
//
// What becomes of a queue: its state after the end of a turn, a command, or the start of a turn.
// Combinational.

module bell_sched_next (
  // What happens to the queue; at most one.
  input  logic                  end_i,
  input  bell_pkg::turn_end_t   turn_end_i,
  input  logic                  blocked_i,  // That turn ended at a fence nobody signalled since.
  input  logic                  command_i,
  input  logic [3:0]            op_i,
  input  logic                  give_i,
  input  logic                  wake_i,     // A fence of the key it waits for was signalled.

  // How it is.
  input  logic                   open_i,
  input  bell_pkg::queue_state_t state_i,
  input  logic                   kick_i,    // A sample is owed to software.
  input  logic                   sane_i,    // Its context may be opened.
  input  bell_pkg::node_id_t     node_i,    // Node of that context.

  // How it will be.
  output logic                   open_o,
  output bell_pkg::queue_state_t state_o,
  output logic                   kick_o,
  output logic                   no_ring_o  // No sample is owed to a ring.
);

  always_comb begin
    open_o    = open_i;
    state_o   = state_i;
    kick_o    = kick_i;
    no_ring_o = 1'b0;
    if (end_i) begin
      state_o.running = 1'b0;
      state_o.notify  = 1'b0;
      state_o.work    = turn_end_i.work;
      state_o.blocked = blocked_i;
      state_o.faulted = turn_end_i.fault;
      state_o.cause   = turn_end_i.fault ? turn_end_i.cause : bell_formats_pkg::CauseNone;
    end else if (give_i) begin
      state_o.running = 1'b1;
      state_o.blocked = 1'b0;
      kick_o          = 1'b0;
      no_ring_o       = 1'b1;
    end else if (wake_i) begin
      state_o.blocked = 1'b0;
    end else if (command_i) begin
      case ({4'd0, op_i})
        bell_formats_pkg::QueueCmdOpen: begin
          if (!open_i && sane_i) begin
            open_o       = 1'b1;
            kick_o       = 1'b0;
            no_ring_o    = 1'b1;
            state_o      = '0;
            state_o.node = node_i;
          end
        end
        bell_formats_pkg::QueueCmdClose: open_o = open_i && state_i.running;
        bell_formats_pkg::QueueCmdAdd,
        bell_formats_pkg::QueueCmdAddRt: begin
          state_o.listed = 1'b1;
          state_o.urgent = {4'd0, op_i} == bell_formats_pkg::QueueCmdAddRt;
          state_o.notify = 1'b0;
        end
        bell_formats_pkg::QueueCmdRemove: state_o.listed = 1'b0;
        bell_formats_pkg::QueueCmdSuspend: begin
          state_o.listed = 1'b0;
          state_o.notify = state_i.running;
        end
        bell_formats_pkg::QueueCmdKick: kick_o = 1'b1;
        default: ;
      endcase
    end
  end

endmodule : bell_sched_next
