// SPDX-License-Identifier: MIT
//
// The scheduler's registers of the whole device: shares, time, wake-ups, what runs, logs.
//
// Timing  an access is answered one clock after req_i. A write counts from that clock.
// Reset   rst_ni asserts asynchronously; every register has its reset value.

module bell_sched_regs #(
  parameter int unsigned NumNodes = 3  // 1 .. 4.
) (
  input  logic clk_i,
  input  logic rst_ni,

  // From regs; a pulse, answered by one ack.
  input  logic        req_i,
  input  logic        req_write_i,
  input  logic [7:0]  req_addr_i,
  input  logic [63:0] req_data_i,
  output logic        ack_read_o,
  output logic [63:0] ack_data_o,
  output logic        ack_write_o,

  // Shares, as they count.
  output logic [6:0]  percent_o,  // At most 100.
  output logic [38:0] slice_o,    // Clocks times 100, more than 0.

  input  logic [63:0] time_i,
  output logic        time_set_o,   // Pulse: time goes on
  output logic [63:0] time_data_o,  // from this.

  // Wake-ups, a pulse.
  output logic                 poke_valid_o,
  output logic                 poke_all_o,
  output bell_pkg::fence_key_t poke_key_o,

  // What runs.
  input  logic                [NumNodes-1:0] running_i,
  input  bell_pkg::queue_id_t [NumNodes-1:0] queue_i,
  input  bell_pkg::level_t    [NumNodes-1:0] level_i,

  // Logs.
  output logic            [NumNodes-1:0] log_enable_o,
  output bell_pkg::addr_t [NumNodes-1:0] log_addr_o,
  output logic [NumNodes-1:0][15:0]      log_entries_o,
  output logic [NumNodes-1:0][15:0]      log_interrupt_o,
  output logic [NumNodes-1:0][63:0]      log_index_o,    // Wraps, index.
  input  logic [NumNodes-1:0]            log_advance_i,  // One pulse an entry: the next index.
  input  logic [63:0]                    log_next_i,
  input  logic [NumNodes-1:0]            log_lost_i,     // Pulse: the log stops.

  output logic busy_o
);

  localparam logic [4:0] WordBands = 5'(bell_formats_pkg::SchedBandsOffset / 8);
  localparam logic [4:0] WordTime  = 5'(bell_formats_pkg::SchedTimeOffset / 8);
  localparam logic [4:0] WordWake  = 5'(bell_formats_pkg::SchedFenceWakeOffset / 8);

  // The upper bits of a word's number name a block of one register a node.
  localparam logic [2:0] BlockRun    = 3'(bell_formats_pkg::SchedNodeRun0Offset / 32);
  localparam logic [2:0] BlockBase   = 3'(bell_formats_pkg::SchedLogBase0Offset / 32);
  localparam logic [2:0] BlockConfig = 3'(bell_formats_pkg::SchedLogConfig0Offset / 32);
  localparam logic [2:0] BlockIndex  = 3'(bell_formats_pkg::SchedLogIndex0Offset / 32);

  localparam int unsigned MaxNodes = bell_pkg::MaxNodes;

  logic        req_q, req_write_q;
  logic [4:0]  req_word_q;
  logic [63:0] req_data_q, time_q;

  localparam logic [6:0] Whole = 7'd100;

  localparam logic [6:0]  PercentReset
      = bell_formats_pkg::SchedBandsNormalPercentReset[6:0];
  localparam logic [31:0] SliceReset
      = bell_formats_pkg::SchedBandsNormalSliceReset[31:0];

  logic [6:0]      percent_q, share_q;
  logic [31:0]     slice_q;
  logic [38:0]     due_q;
  logic            [MaxNodes-1:0] enable_q, lost_q;
  bell_pkg::addr_t [MaxNodes-1:0] base_q;
  logic [MaxNodes-1:0][31:0]      config_q;
  logic [MaxNodes-1:0][63:0]      index_q;

  logic       write;
  logic [1:0] node;
  logic [2:0] block;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      req_q <= 1'b0;
    end else begin
      req_q <= req_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (req_i) begin
      req_write_q <= req_write_i;
      req_word_q  <= req_addr_i[7:3];
      req_data_q  <= req_data_i;
      time_q      <= time_i;
    end
  end

  assign write = req_q && req_write_q;
  assign node  = req_word_q[1:0];
  assign block = req_word_q[4:2];

  // ------------------------------------------------------------------ writes

  logic [6:0]  percent;
  logic [31:0] slice;

  assign percent = req_data_q[bell_formats_pkg::SchedBandsNormalPercentMsb
                              :bell_formats_pkg::SchedBandsNormalPercentLsb];
  assign slice   = req_data_q[bell_formats_pkg::SchedBandsNormalSliceMsb
                              :bell_formats_pkg::SchedBandsNormalSliceLsb];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      percent_q <= PercentReset;
      share_q   <= PercentReset;
      slice_q   <= SliceReset;
      due_q     <= 39'(Whole) * 39'(SliceReset);
      enable_q  <= '0;
      base_q    <= '0;
      config_q  <= {MaxNodes{bell_formats_pkg::SchedLogConfig0InterruptEntryReset[15:0], 16'd0}};
    end else if (write) begin
      if (req_word_q == WordBands) begin
        percent_q <= percent;
        slice_q   <= slice;
        share_q   <= (percent > Whole) ? Whole : percent;
        due_q     <= (slice == '0) ? 39'(Whole) : 39'(Whole) * 39'(slice);
      end
      if (block == BlockBase) begin
        enable_q[node] <= req_data_q[bell_formats_pkg::SchedLogBase0EnableLsb];
        base_q[node]   <= req_data_q[bell_formats_pkg::SchedLogBase0AddrMsb
                                     :bell_formats_pkg::SchedLogBase0AddrLsb];
      end
      if (block == BlockConfig) begin
        config_q[node] <= req_data_q[31:0];
      end
    end
  end

  for (genvar n = 0; n < int'(MaxNodes); n++) begin : g_index
    logic advance, lost;

    if (n < int'(NumNodes)) begin : g_fitted
      assign advance = log_advance_i[n];
      assign lost    = log_lost_i[n];
    end else begin : g_none
      assign advance = 1'b0;
      assign lost    = 1'b0;
    end

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        index_q[n] <= '0;
        lost_q[n]  <= 1'b0;
      end else begin
        if (write && (block == BlockIndex) && (node == 2'(n))) begin
          index_q[n] <= req_data_q;
        end else if (advance) begin
          index_q[n] <= log_next_i;
        end
        if (write && (block == BlockBase) && (node == 2'(n))) begin
          lost_q[n] <= 1'b0;
        end else if (lost) begin
          lost_q[n] <= 1'b1;
        end
      end
    end
  end

  assign percent_o    = share_q;
  assign slice_o      = due_q;
  assign time_set_o   = write && (req_word_q == WordTime);
  assign time_data_o  = req_data_q;
  assign poke_valid_o = write && (req_word_q == WordWake);
  assign poke_all_o   = req_data_q[bell_formats_pkg::SchedFenceWakeAllLsb];
  assign poke_key_o   = req_data_q[bell_formats_pkg::SchedFenceWakeKeyMsb
                                   :bell_formats_pkg::SchedFenceWakeKeyLsb];

  for (genvar n = 0; n < int'(NumNodes); n++) begin : g_log
    assign log_enable_o[n]    = enable_q[n] && !lost_q[n] && (config_q[n][15:0] != '0);
    assign log_addr_o[n]      = base_q[n];
    assign log_entries_o[n]   = config_q[n][15:0];
    assign log_interrupt_o[n] = config_q[n][31:16];
    assign log_index_o[n]     = index_q[n];
  end

  // ------------------------------------------------------------------- reads

  assign ack_read_o  = req_q && !req_write_q;
  assign ack_write_o = write;
  assign busy_o      = req_q;

  always_comb begin
    ack_data_o = '0;
    if (ack_read_o) begin
      case (block)
        BlockRun: begin
          for (int unsigned n = 0; n < NumNodes; n++) begin
            if ((node == 2'(n)) && running_i[n]) begin
              ack_data_o[9:0] = queue_i[n];
              ack_data_o[bell_formats_pkg::SchedNodeRun0ValidLsb] = 1'b1;
              ack_data_o[bell_formats_pkg::SchedNodeRun0LevelMsb
                         :bell_formats_pkg::SchedNodeRun0LevelLsb] = level_i[n];
            end
          end
        end
        BlockBase: begin
          ack_data_o[bell_formats_pkg::SchedLogBase0EnableLsb] = enable_q[node];
          ack_data_o[bell_formats_pkg::SchedLogBase0AddrMsb
                     :bell_formats_pkg::SchedLogBase0AddrLsb] = base_q[node];
        end
        BlockConfig: ack_data_o[31:0] = config_q[node];
        BlockIndex:  ack_data_o = index_q[node];
        default: begin
          if (req_word_q == WordBands) begin
            ack_data_o = {slice_q, 25'd0, percent_q};
          end else if (req_word_q == WordTime) begin
            ack_data_o = time_q;
          end
        end
      endcase
    end
  end

endmodule : bell_sched_regs
