// SPDX-License-Identifier: MIT
// proof: unbounded
// says: A waiter of a native fence that went to sleep is never left asleep once the signal that
//       it waits for is complete: either the device raises the interrupt, or the waiter sees the
//       value before it sleeps. Whatever the order in which memory performs posted writes and
//       reads.
//
// The protocol alone (rows NF-SYN of the contract), as two sides over one memory.
//
//   device   signal: write Current; wait for the answer B; read Monitored; interrupt when
//            Current reached it
//   host     wait for a value: store Monitored; barrier; read Current; asleep when it is not
//            reached; wakes on an interrupt and looks again
//
// A write is performed at memory at any time after it is issued; its answer comes after that. A
// read takes effect at any time between its request and its answer.

module f_wakeup (
  input logic       clk_i,
  input logic       rst_ni,
  input logic       device_steps_i,
  input logic       host_steps_i,
  input logic       memory_does_current_i,
  input logic       memory_does_monitored_i,
  input logic       interrupt_arrives_i,
  input logic       host_waits_i,    // The host begins to wait,
  input logic [1:0] host_value_i,    // for this value.
  input logic       device_signals_i
);

  typedef enum logic [2:0] {DevIdle, DevWritten, DevAnswered, DevRead, DevRaise} device_e;
  typedef enum logic [2:0] {HostRuns, HostStored, HostFenced, HostRead, HostSleeps} host_e;

  device_e    device_q;
  host_e      host_q;
  logic [1:0] current_q, monitored_q;            // As memory has them.
  logic [1:0] current_due_q, monitored_due_q;    // As written.
  logic       current_wait_q, monitored_wait_q;  // The write is issued and not performed.
  logic [1:0] device_read_q, host_read_q;
  logic [1:0] want_q;
  logic       interrupt_q;
  logic       started_q = 1'b0;

  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
  end

  // Memory performs writes when it likes.
  logic do_current, do_monitored;

  assign do_current   = current_wait_q && memory_does_current_i;
  assign do_monitored = monitored_wait_q && memory_does_monitored_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      current_q   <= '0;
      monitored_q <= '1;
    end else begin
      if (do_current) begin
        current_q <= current_due_q;
      end
      if (do_monitored) begin
        monitored_q <= monitored_due_q;
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      device_q       <= DevIdle;
      current_due_q  <= '0;
      current_wait_q <= 1'b0;
      device_read_q  <= '0;
      interrupt_q    <= 1'b0;
    end else begin
      current_wait_q <= current_wait_q && !do_current;
      interrupt_q    <= interrupt_q && !interrupt_arrives_i;
      case (device_q)
        DevIdle: begin
          if (device_signals_i && (current_due_q != 2'd3)) begin
            current_due_q  <= current_due_q + 1'b1;
            current_wait_q <= 1'b1;
            device_q       <= DevWritten;
          end
        end
        DevWritten: if (device_steps_i && !current_wait_q) device_q <= DevAnswered;
        DevAnswered: begin
          if (device_steps_i) begin
            device_read_q <= monitored_q;
            device_q      <= DevRead;
          end
        end
        DevRead: device_q <= (current_due_q >= device_read_q) ? DevRaise : DevIdle;
        default: begin
          if (device_steps_i) begin
            interrupt_q <= 1'b1;
            device_q    <= DevIdle;
          end
        end
      endcase
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      host_q           <= HostRuns;
      want_q           <= '0;
      host_read_q      <= '0;
      monitored_due_q  <= '0;
      monitored_wait_q <= 1'b0;
    end else begin
      monitored_wait_q <= monitored_wait_q && !do_monitored;
      case (host_q)
        HostRuns: begin
          if (host_waits_i) begin
            want_q           <= host_value_i;
            monitored_due_q  <= host_value_i;
            monitored_wait_q <= 1'b1;
            host_q           <= HostStored;
          end
        end
        HostStored: if (host_steps_i && !monitored_wait_q) host_q <= HostFenced;
        HostFenced: begin
          if (host_steps_i) begin
            host_read_q <= current_q;
            host_q      <= HostRead;
          end
        end
        HostRead: host_q <= (host_read_q >= want_q) ? HostRuns : HostSleeps;
        default:  if (interrupt_q && interrupt_arrives_i) host_q <= HostFenced;
      endcase
    end
  end

  always_comb begin
    if (!started_q) begin
      assume (!rst_ni);
    end
    if (rst_ni) begin
      no_missed_wakeup: assert ((host_q != HostSleeps) || (current_q < want_q)
                                || (device_q != DevIdle) || interrupt_q);
    end
  end

endmodule : f_wakeup
