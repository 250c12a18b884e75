// SPDX-License-Identifier: MIT
//
// Queue contexts: where a queue's ring is, how far it has been consumed, its place among others.
//
// One RAM per word, with one writer and two read ports: one for the queue that sched changes or
// software asks for, one for the queue that was picked. BASE .. RPTR mean nothing until written.
// The other words read 0 until written: a mask per queue says which were, and a bit per queue that
// the mask means something.
//
// Timing  reads are combinational, and do no work while not valid; a write is readable one clock
//         later.

module bell_sched_context #(
  parameter int unsigned NumQueues = 64,  // 1 .. 1024.
  parameter int unsigned NumNodes  = 3    // 1 .. 4.
) (
  input  logic clk_i,
  input  logic rst_ni,

  // The queue that sched looks at. Of these writes at most one a clock.
  input  logic                port_valid_i,
  input  bell_pkg::queue_id_t port_queue_i,
  input  logic                write_i,       // Software writes a word,
  input  logic [3:0]          write_word_i,  // of the queue's register file.
  input  logic [63:0]         write_data_i,
  input  logic                end_i,         // A turn ended there.
  input  bell_pkg::count_t    end_rptr_i,
  input  bell_pkg::resume_t   end_resume_i,
  input  logic                close_i,       // The resume point becomes 0.
  input  logic                entry_i,       // A place in a fence log is taken,
  input  logic                entry_signal_i, // in that of signals.

  input  logic                   port_read_i,     // Software reads a word.
  input  logic [3:0]             port_word_i,
  output logic [63:0]            port_data_o,     // As the register reads.
  output logic                   port_sane_o,     // With port_read_i: the context may be opened.
  output bell_pkg::node_id_t     port_node_o,     // Likewise.
  output bell_pkg::place_t       port_place_o,    // LEVEL as it is written.
  input  logic                   port_handle_i,   // HANDLE is asked for.
  output logic [63:0]            port_handle_o,
  output bell_pkg::fence_log_t   port_log_o,      // With entry_i: the place.

  // The queue that was picked.
  input  logic                 pick_valid_i,
  input  bell_pkg::queue_id_t  pick_queue_i,
  output bell_pkg::turn_t      pick_turn_o,
  output bell_pkg::place_t     pick_place_o,
  output bell_pkg::allowance_t pick_allowance_o
);

  localparam int unsigned QueueBits = (NumQueues > 1) ? $clog2(NumQueues) : 1;

  localparam logic [3:0] WordBase    = 4'(bell_formats_pkg::QueueBaseOffset / 8);
  localparam logic [3:0] WordControl = 4'(bell_formats_pkg::QueueControlOffset / 8);
  localparam logic [3:0] WordConfig  = 4'(bell_formats_pkg::QueueConfigOffset / 8);
  localparam logic [3:0] WordRptr    = 4'(bell_formats_pkg::QueueRptrOffset / 8);
  localparam logic [3:0] WordSched   = 4'(bell_formats_pkg::QueueSchedOffset / 8);
  localparam logic [3:0] WordQuantum = 4'(bell_formats_pkg::QueueQuantumOffset / 8);
  localparam logic [3:0] WordGrace   = 4'(bell_formats_pkg::QueueGraceOffset / 8);
  localparam logic [3:0] WordResume0 = 4'(bell_formats_pkg::QueueResume0Offset / 8);
  localparam logic [3:0] WordResume1 = 4'(bell_formats_pkg::QueueResume1Offset / 8);
  localparam logic [3:0] WordHandle  = 4'(bell_formats_pkg::QueueHandleOffset / 8);
  localparam logic [3:0] WordWait    = 4'(bell_formats_pkg::QueueWaitLogOffset / 8);
  localparam logic [3:0] WordSignal  = 4'(bell_formats_pkg::QueueSignalLogOffset / 8);
  localparam logic [3:0] WordWaitIx  = 4'(bell_formats_pkg::QueueWaitLogIndexOffset / 8);
  localparam logic [3:0] WordSignIx  = 4'(bell_formats_pkg::QueueSignalLogIndexOffset / 8);

  localparam logic [15:0] ResumeMask = (16'd1 << WordResume0) | (16'd1 << WordResume1);
  localparam logic [4:0]  MaxLog2Entries = 5'd16;

  localparam int unsigned NumWords  = (NumQueues + 31) / 32;
  localparam int unsigned WordBits  = (NumWords > 1) ? $clog2(NumWords) : 1;

  typedef logic [QueueBits-1:0] index_t;
  typedef logic [WordBits-1:0]  word_t;

  typedef struct packed {
    bell_pkg::pasid_t   pasid;
    bell_pkg::node_id_t node;
    logic               kernel_ring;
    logic [4:0]         log2_entries;
  } config_t;

  typedef struct packed {
    logic            enable;
    bell_pkg::addr_t addr;
  } log_t;

  bell_pkg::addr_t  base_ram        [NumQueues];
  bell_pkg::addr_t  control_ram     [NumQueues];
  config_t          config_ram      [NumQueues];
  bell_pkg::count_t rptr_ram        [NumQueues];
  bell_pkg::place_t place_ram       [NumQueues];
  logic [31:0]      quantum_ram     [NumQueues];
  logic [63:0]      grace_ram       [NumQueues];
  logic [31:0]      offset_ram      [NumQueues];
  logic [63:0]      done_ram        [NumQueues];
  logic [63:0]      handle_ram      [NumQueues];
  log_t             wait_ram        [NumQueues];
  log_t             signal_ram      [NumQueues];
  logic [63:0]      wait_index_ram  [NumQueues];
  logic [63:0]      signal_index_ram[NumQueues];

  // Bit w of a queue's mask: word w was written.
  logic [15:0] mask_ram [NumQueues];
  logic [31:0] mask_q   [NumWords];   // Bit q: the mask means something.

  // ------------------------------------------------------------------ writes

  index_t      port_index, pick_index;
  logic [15:0] mask, pick_mask, mask_d;
  config_t     write_config;
  logic [63:0] index_now, index_next;
  log_t        log_now;

  assign port_index = index_t'(port_queue_i);
  assign pick_index = index_t'(pick_queue_i);

  assign write_config = {
    write_data_i[bell_formats_pkg::QueueConfigPasidMsb:bell_formats_pkg::QueueConfigPasidLsb],
    write_data_i[bell_formats_pkg::QueueConfigNodeMsb:bell_formats_pkg::QueueConfigNodeLsb],
    write_data_i[bell_formats_pkg::QueueConfigKernelRingLsb],
    write_data_i[bell_formats_pkg::QueueConfigLog2EntriesMsb
                 :bell_formats_pkg::QueueConfigLog2EntriesLsb]
  };

  always_comb begin
    mask = '0;
    if (port_valid_i && mask_q[word_t'(port_queue_i >> 5)][port_queue_i[4:0]]) begin
      mask = mask_ram[port_index];
    end
  end

  always_comb begin
    mask_d = '0;
    if (end_i) begin
      mask_d = mask | ResumeMask;
    end else if (close_i) begin
      mask_d = mask & ~ResumeMask;
    end else if (write_i) begin
      mask_d = mask | (16'd1 << write_word_i);
    end else if (entry_i) begin
      mask_d = mask | (16'(log_now.enable) << (entry_signal_i ? WordSignIx : WordWaitIx));
    end
  end

  always_ff @(posedge clk_i) begin
    if (end_i || close_i || write_i || entry_i) begin
      mask_ram[port_index] <= mask_d;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      for (int unsigned w = 0; w < NumWords; w++) begin
        mask_q[w] <= '0;
      end
    end else if (end_i || close_i || write_i || entry_i) begin
      mask_q[word_t'(port_queue_i >> 5)][port_queue_i[4:0]] <= 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (end_i) begin
      rptr_ram[port_index]   <= end_rptr_i;
      offset_ram[port_index] <= end_resume_i.offset;
      done_ram[port_index]   <= end_resume_i.done;
    end else if (write_i) begin
      case (write_word_i)
        WordRptr:    rptr_ram[port_index]   <= write_data_i;
        WordResume0: offset_ram[port_index] <= write_data_i[31:0];
        WordResume1: done_ram[port_index]   <= write_data_i;
        default: ;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    if (write_i) begin
      case (write_word_i)
        WordBase:    base_ram[port_index]    <= write_data_i[47:0];
        WordControl: control_ram[port_index] <= write_data_i[47:0];
        WordConfig:  config_ram[port_index]  <= write_config;
        WordQuantum: quantum_ram[port_index] <= write_data_i[31:0];
        WordGrace:   grace_ram[port_index]   <= write_data_i;
        WordHandle:  handle_ram[port_index]  <= write_data_i;
        WordWait:    wait_ram[port_index]    <= {write_data_i[63], write_data_i[47:0]};
        WordSignal:  signal_ram[port_index]  <= {write_data_i[63], write_data_i[47:0]};
        WordSched:   place_ram[port_index]   <= {
          write_data_i[bell_formats_pkg::QueueSchedLevelMsb:bell_formats_pkg::QueueSchedLevelLsb],
          write_data_i[bell_formats_pkg::QueueSchedPriorityMsb
                       :bell_formats_pkg::QueueSchedPriorityLsb],
          write_data_i[bell_formats_pkg::QueueSchedGroupMsb:bell_formats_pkg::QueueSchedGroupLsb]};
        default: ;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    if (entry_i && log_now.enable && !entry_signal_i) begin
      wait_index_ram[port_index] <= index_next;
    end else if (write_i && (write_word_i == WordWaitIx)) begin
      wait_index_ram[port_index] <= write_data_i;
    end
    if (entry_i && log_now.enable && entry_signal_i) begin
      signal_index_ram[port_index] <= index_next;
    end else if (write_i && (write_word_i == WordSignIx)) begin
      signal_index_ram[port_index] <= write_data_i;
    end
  end

  // -------------------------------------------------------------- fence logs

  always_comb begin
    log_now    = '0;
    index_now  = '0;
    index_next = '0;
    if (entry_i) begin
      if (entry_signal_i ? mask[WordSignal] : mask[WordWait]) begin
        log_now = entry_signal_i ? signal_ram[port_index] : wait_ram[port_index];
      end
      if (entry_signal_i ? mask[WordSignIx] : mask[WordWaitIx]) begin
        index_now = entry_signal_i ? signal_index_ram[port_index] : wait_index_ram[port_index];
      end
      index_next = {index_now[63:32], index_now[31:0] + 32'd1};
      if (index_now[31:0] >= bell_pkg::FenceLogEntries - 32'd1) begin
        index_next = {index_now[63:32] + 32'd1, 32'd0};
      end
      if (!log_now.enable) begin
        index_next = index_now;
      end
    end
    port_log_o = {log_now.enable, log_now.addr, index_now[31:0], index_now[63:32]};
  end

  // ---------------------------------------------------- software and commands

  bell_pkg::addr_t port_base, port_control;
  config_t         port_config;

  always_comb begin
    port_base    = '0;
    port_control = '0;
    port_config  = '0;
    if (port_read_i) begin
      port_base    = base_ram[port_index];
      port_control = control_ram[port_index];
      port_config  = config_ram[port_index];
    end
  end

  assign port_node_o  = port_config.node;
  assign port_sane_o  = (port_base[11:0] == '0) && (port_control[3:0] == '0)
                        && (port_config.log2_entries != '0)
                        && (port_config.log2_entries <= MaxLog2Entries)
                        && (3'(port_config.node) < 3'(NumNodes));

  always_comb begin
    port_place_o = '0;
    if (mask[WordSched]) begin
      port_place_o = place_ram[port_index];
    end
    port_handle_o = '0;
    if (port_handle_i && mask[WordHandle]) begin
      port_handle_o = handle_ram[port_index];
    end
  end

  // Words that are not reset are always there.
  logic word_there;

  assign word_there = mask[port_word_i] || (port_word_i <= WordRptr);

  always_comb begin
    port_data_o = '0;
    case ((port_read_i && word_there) ? port_word_i : '1)
      WordBase:    port_data_o[47:0] = port_base;
      WordControl: port_data_o[47:0] = port_control;
      WordConfig: begin
        port_data_o[bell_formats_pkg::QueueConfigPasidMsb:bell_formats_pkg::QueueConfigPasidLsb]
            = port_config.pasid;
        port_data_o[bell_formats_pkg::QueueConfigNodeMsb:bell_formats_pkg::QueueConfigNodeLsb]
            = port_config.node;
        port_data_o[bell_formats_pkg::QueueConfigKernelRingLsb] = port_config.kernel_ring;
        port_data_o[bell_formats_pkg::QueueConfigLog2EntriesMsb
                    :bell_formats_pkg::QueueConfigLog2EntriesLsb] = port_config.log2_entries;
      end
      WordRptr: port_data_o = rptr_ram[port_index];
      WordSched: begin
        port_data_o[bell_formats_pkg::QueueSchedLevelMsb:bell_formats_pkg::QueueSchedLevelLsb]
            = port_place_o.level;
        port_data_o[bell_formats_pkg::QueueSchedPriorityMsb
                    :bell_formats_pkg::QueueSchedPriorityLsb] = port_place_o.prio;
        port_data_o[bell_formats_pkg::QueueSchedGroupMsb:bell_formats_pkg::QueueSchedGroupLsb]
            = port_place_o.group;
      end
      WordQuantum: port_data_o[31:0] = quantum_ram[port_index];
      WordGrace:   port_data_o       = grace_ram[port_index];
      WordResume0: port_data_o[31:0] = offset_ram[port_index];
      WordResume1: port_data_o       = done_ram[port_index];
      WordHandle:  port_data_o       = handle_ram[port_index];
      WordWait:    {port_data_o[63], port_data_o[47:0]} = wait_ram[port_index];
      WordSignal:  {port_data_o[63], port_data_o[47:0]} = signal_ram[port_index];
      WordWaitIx:  port_data_o = wait_index_ram[port_index];
      WordSignIx:  port_data_o = signal_index_ram[port_index];
      default: ;
    endcase
    // The last word has the code of "none".
    if (!(port_read_i && word_there)) begin
      port_data_o = '0;
    end
  end

  // --------------------------------------------------------------------- pick

  config_t           pick_config;
  bell_pkg::resume_t pick_resume;

  always_comb begin
    pick_mask        = '0;
    pick_config      = '0;
    pick_resume      = '0;
    pick_turn_o      = '0;
    pick_place_o     = '0;
    pick_allowance_o = '0;
    if (pick_valid_i) begin
      if (mask_q[word_t'(pick_queue_i >> 5)][pick_queue_i[4:0]]) begin
        pick_mask = mask_ram[pick_index];
      end
      pick_config = config_ram[pick_index];
      if (pick_mask[WordResume0]) begin
        pick_resume.offset = offset_ram[pick_index];
      end
      if (pick_mask[WordResume1]) begin
        pick_resume.done = done_ram[pick_index];
      end
      if (pick_mask[WordSched]) begin
        pick_place_o = place_ram[pick_index];
      end
      if (pick_mask[WordQuantum]) begin
        pick_allowance_o.quantum = quantum_ram[pick_index];
      end
      if (pick_mask[WordGrace]) begin
        {pick_allowance_o.higher, pick_allowance_o.same} = grace_ram[pick_index];
      end
      pick_turn_o = {pick_queue_i, base_ram[pick_index],
                     control_ram[pick_index], pick_config.log2_entries,
                     pick_config.kernel_ring, pick_config.pasid,
                     rptr_ram[pick_index], pick_resume};
    end
  end

endmodule : bell_sched_context
