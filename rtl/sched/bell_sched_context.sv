// SPDX-License-Identifier: MIT
//
// Queue contexts: where a queue's ring is, how far it has been consumed, its place among others.
//
// One RAM per word, with one writer and one read port: all words of a queue are read one clock
// before sched looks at it, or earlier if sched stands still; they stay until the next read. BASE
// .. RPTR mean nothing until written. The other words read 0 until written: a mask per queue says
// which were, and a bit per queue that the mask means something.
//
// Timing  a write is seen by a read one clock later; PLACE that is written also at once in place_o.

module bell_sched_context #(
  parameter int unsigned NumQueues = 64,  // 1 .. 1024.
  parameter int unsigned NumNodes  = 3    // 1 .. 4.
) (
  input  logic clk_i,
  input  logic rst_ni,

  // The queue that sched looks at from the next clock on.
  input  logic                read_i,
  input  logic                read_logs_i,  // Also HANDLE, and what only software reads.
  input  bell_pkg::queue_id_t read_queue_i,

  // The queue that sched looks at. Of these writes at most one a clock.
  input  bell_pkg::queue_id_t queue_i,
  input  logic                write_i,       // Software writes a word,
  input  logic [3:0]          write_word_i,  // of the queue's register file.
  input  logic [63:0]         write_data_i,
  input  logic                open_i,        // Its place in a context stays as it is.
  input  logic                end_i,         // A turn ended there.
  input  bell_pkg::count_t    end_rptr_i,
  input  bell_pkg::resume_t   end_resume_i,
  input  logic                close_i,       // The resume point becomes 0.
  input  logic                entry_i,       // A place in a fence log is taken,
  input  logic                entry_signal_i, // in that of signals.

  input  logic                 data_valid_i,  // Software reads
  input  logic [3:0]           data_word_i,   // this word.
  output logic [63:0]          data_o,        // As the register reads; else 0.
  output logic                 sane_o,        // The context may be opened.
  output bell_pkg::node_id_t   node_o,
  output bell_pkg::place_t     place_o,       // LEVEL as it is written.
  output logic [63:0]          handle_o,      // With read_logs_i.
  output bell_pkg::fence_log_t log_o,         // With entry_i: the place.
  input  logic                 turn_valid_i,  // It may be given a turn:
  output bell_pkg::turn_t      turn_o,        // this one,
  output bell_pkg::allowance_t allowance_o    // for so long.
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

  // No word is read and written in one clock.
  (* no_rw_check *) bell_pkg::addr_t  base_ram        [NumQueues];
  (* no_rw_check *) bell_pkg::addr_t  control_ram     [NumQueues];
  (* no_rw_check *) config_t          config_ram      [NumQueues];
  (* no_rw_check *) bell_pkg::count_t rptr_ram        [NumQueues];
  (* no_rw_check *) bell_pkg::place_t place_ram       [NumQueues];
  (* no_rw_check *) logic [31:0]      quantum_ram     [NumQueues];
  (* no_rw_check *) logic [63:0]      grace_ram       [NumQueues];
  (* no_rw_check *) logic [31:0]      offset_ram      [NumQueues];
  (* no_rw_check *) logic [63:0]      done_ram        [NumQueues];
  (* no_rw_check *) logic [63:0]      handle_ram      [NumQueues];
  (* no_rw_check *) log_t             wait_ram        [NumQueues];
  (* no_rw_check *) log_t             signal_ram      [NumQueues];
  (* no_rw_check *) logic [63:0]      wait_index_ram  [NumQueues];
  (* no_rw_check *) logic [63:0]      signal_index_ram[NumQueues];

  // Bit w of a queue's mask: word w was written.
  (* no_rw_check *) logic [15:0] mask_ram [NumQueues];
  logic [31:0] mask_q   [NumWords];   // Bit q: the mask means something.

  // ------------------------------------------------------------------- reads

  index_t           index, read_index;
  config_t          write_config, config_q;
  bell_pkg::place_t write_place, place_q;
  logic [15:0]      written_q;
  bell_pkg::addr_t  base_q, control_q;
  bell_pkg::count_t rptr_q;
  logic [31:0]      quantum_q, offset_q;
  logic [63:0]      grace_q, done_q, handle_q, wait_index_q, signal_index_q;
  log_t             wait_q, signal_q;

  assign index      = index_t'(queue_i);
  assign read_index = index_t'(read_queue_i);

  assign write_config = {
    write_data_i[bell_formats_pkg::QueueConfigPasidMsb:bell_formats_pkg::QueueConfigPasidLsb],
    write_data_i[bell_formats_pkg::QueueConfigNodeMsb:bell_formats_pkg::QueueConfigNodeLsb],
    write_data_i[bell_formats_pkg::QueueConfigKernelRingLsb],
    write_data_i[bell_formats_pkg::QueueConfigLog2EntriesMsb
                 :bell_formats_pkg::QueueConfigLog2EntriesLsb]
  };
  assign write_place = {
    write_data_i[bell_formats_pkg::QueueSchedLevelMsb:bell_formats_pkg::QueueSchedLevelLsb],
    write_data_i[bell_formats_pkg::QueueSchedPriorityMsb:bell_formats_pkg::QueueSchedPriorityLsb],
    write_data_i[bell_formats_pkg::QueueSchedGroupMsb:bell_formats_pkg::QueueSchedGroupLsb],
    open_i ? place_o.ctx : write_data_i[bell_formats_pkg::QueueSchedContextMsb
                                        :bell_formats_pkg::QueueSchedContextLsb]
  };

  always_ff @(posedge clk_i) begin
    if (read_i) begin
      written_q <= mask_ram[read_index]
                   & {16{mask_q[word_t'(read_queue_i >> 5)][read_queue_i[4:0]]}};
      base_q    <= base_ram[read_index];
      control_q <= control_ram[read_index];
      config_q  <= config_ram[read_index];
      rptr_q    <= rptr_ram[read_index];
      quantum_q <= quantum_ram[read_index];
      grace_q   <= grace_ram[read_index];
      offset_q  <= offset_ram[read_index];
      done_q    <= done_ram[read_index];
    end else if (write_i && (write_word_i == WordSched)) begin
      written_q[WordSched] <= 1'b1;
    end
    if (read_i) begin
      place_q <= place_ram[read_index];
    end else if (write_i && (write_word_i == WordSched)) begin
      place_q <= write_place;
    end
    if (read_i && read_logs_i) begin
      handle_q       <= handle_ram[read_index];
      wait_q         <= wait_ram[read_index];
      signal_q       <= signal_ram[read_index];
      wait_index_q   <= wait_index_ram[read_index];
      signal_index_q <= signal_index_ram[read_index];
    end
  end

  // ------------------------------------------------------------------ writes

  logic        change;
  logic [15:0] mask_d;
  logic [31:0] mask_word;
  logic [63:0] index_now, index_next;
  log_t        log_now;

  assign change = end_i || close_i || write_i || entry_i;

  always_comb begin
    mask_d    = written_q;
    mask_word = '0;
    if (change) begin
      mask_word = mask_q[word_t'(queue_i >> 5)] | (32'd1 << queue_i[4:0]);
    end
    if (end_i) begin
      mask_d = written_q | ResumeMask;
    end else if (close_i) begin
      mask_d = written_q & ~ResumeMask;
    end else if (write_i) begin
      mask_d = written_q | (16'd1 << write_word_i);
    end else if (entry_i) begin
      mask_d = written_q | (16'(log_now.enable) << (entry_signal_i ? WordSignIx : WordWaitIx));
    end
  end

  always_ff @(posedge clk_i) begin
    if (change) begin
      mask_ram[index] <= mask_d;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      for (int unsigned w = 0; w < NumWords; w++) begin
        mask_q[w] <= '0;
      end
    end else if (change) begin
      mask_q[word_t'(queue_i >> 5)] <= mask_word;
    end
  end

  always_ff @(posedge clk_i) begin
    if (end_i) begin
      rptr_ram[index]   <= end_rptr_i;
      offset_ram[index] <= end_resume_i.offset;
      done_ram[index]   <= end_resume_i.done;
    end else if (write_i) begin
      case (write_word_i)
        WordRptr:    rptr_ram[index]   <= write_data_i;
        WordResume0: offset_ram[index] <= write_data_i[31:0];
        WordResume1: done_ram[index]   <= write_data_i;
        default: ;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    if (write_i) begin
      case (write_word_i)
        WordBase:    base_ram[index]    <= write_data_i[47:0];
        WordControl: control_ram[index] <= write_data_i[47:0];
        WordConfig:  config_ram[index]  <= write_config;
        WordQuantum: quantum_ram[index] <= write_data_i[31:0];
        WordGrace:   grace_ram[index]   <= write_data_i;
        WordHandle:  handle_ram[index]  <= write_data_i;
        WordWait:    wait_ram[index]    <= {write_data_i[63], write_data_i[47:0]};
        WordSignal:  signal_ram[index]  <= {write_data_i[63], write_data_i[47:0]};
        WordSched:   place_ram[index]   <= write_place;
        default: ;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    if (entry_i && log_now.enable && !entry_signal_i) begin
      wait_index_ram[index] <= index_next;
    end else if (write_i && (write_word_i == WordWaitIx)) begin
      wait_index_ram[index] <= write_data_i;
    end
    if (entry_i && log_now.enable && entry_signal_i) begin
      signal_index_ram[index] <= index_next;
    end else if (write_i && (write_word_i == WordSignIx)) begin
      signal_index_ram[index] <= write_data_i;
    end
  end

  // -------------------------------------------------------------- fence logs

  always_comb begin
    log_now    = '0;
    index_now  = '0;
    index_next = '0;
    if (entry_i) begin
      if (entry_signal_i ? written_q[WordSignal] : written_q[WordWait]) begin
        log_now = entry_signal_i ? signal_q : wait_q;
      end
      if (entry_signal_i ? written_q[WordSignIx] : written_q[WordWaitIx]) begin
        index_now = entry_signal_i ? signal_index_q : wait_index_q;
      end
      index_next = {index_now[63:32], index_now[31:0] + 32'd1};
      if (index_now[31:0] >= bell_pkg::FenceLogEntries - 32'd1) begin
        index_next = {index_now[63:32] + 32'd1, 32'd0};
      end
    end
    log_o = {log_now.enable, log_now.addr, index_now[31:0], index_now[63:32]};
  end

  // ---------------------------------------------------- software and commands

  logic word_there;

  assign node_o      = config_q.node;
  assign sane_o      = (base_q[11:0] == '0) && (control_q[3:0] == '0)
                       && (config_q.log2_entries != '0)
                       && (config_q.log2_entries <= MaxLog2Entries)
                       && (3'(config_q.node) < 3'(NumNodes));
  assign place_o     = written_q[WordSched] ? place_q : '0;
  assign handle_o    = written_q[WordHandle] ? handle_q : '0;
  // Words that are not reset are always there.
  assign word_there  = written_q[data_word_i] || (data_word_i <= WordRptr);

  always_comb begin
    data_o = '0;
    if (data_valid_i && word_there) begin
      case (data_word_i)
        WordBase:    data_o[47:0] = base_q;
        WordControl: data_o[47:0] = control_q;
        WordConfig: begin
          data_o[bell_formats_pkg::QueueConfigPasidMsb:bell_formats_pkg::QueueConfigPasidLsb]
              = config_q.pasid;
          data_o[bell_formats_pkg::QueueConfigNodeMsb:bell_formats_pkg::QueueConfigNodeLsb]
              = config_q.node;
          data_o[bell_formats_pkg::QueueConfigKernelRingLsb] = config_q.kernel_ring;
          data_o[bell_formats_pkg::QueueConfigLog2EntriesMsb
                 :bell_formats_pkg::QueueConfigLog2EntriesLsb] = config_q.log2_entries;
        end
        WordRptr: data_o = rptr_q;
        WordSched: begin
          data_o[bell_formats_pkg::QueueSchedLevelMsb:bell_formats_pkg::QueueSchedLevelLsb]
              = place_o.level;
          data_o[bell_formats_pkg::QueueSchedPriorityMsb:bell_formats_pkg::QueueSchedPriorityLsb]
              = place_o.prio;
          data_o[bell_formats_pkg::QueueSchedGroupMsb:bell_formats_pkg::QueueSchedGroupLsb]
              = place_o.group;
          data_o[bell_formats_pkg::QueueSchedContextMsb:bell_formats_pkg::QueueSchedContextLsb]
              = place_o.ctx;
        end
        WordQuantum: data_o[31:0] = quantum_q;
        WordGrace:   data_o       = grace_q;
        WordResume0: data_o[31:0] = offset_q;
        WordResume1: data_o       = done_q;
        WordHandle:  data_o       = handle_q;
        WordWait:    {data_o[63], data_o[47:0]} = wait_q;
        WordSignal:  {data_o[63], data_o[47:0]} = signal_q;
        WordWaitIx:  data_o = wait_index_q;
        WordSignIx:  data_o = signal_index_q;
        default: ;
      endcase
    end
  end

  // --------------------------------------------------------------------- turn

  bell_pkg::resume_t resume;

  always_comb begin
    resume      = '0;
    turn_o      = '0;
    allowance_o = '0;
    if (turn_valid_i) begin
      resume.offset       = written_q[WordResume0] ? offset_q : '0;
      resume.done         = written_q[WordResume1] ? done_q : '0;
      allowance_o.quantum = written_q[WordQuantum] ? quantum_q : '0;
      {allowance_o.higher, allowance_o.same} = written_q[WordGrace] ? grace_q : '0;
      turn_o = {queue_i, base_q, control_q, config_q.log2_entries, config_q.kernel_ring,
                config_q.pasid, rptr_q, resume};
    end
  end

endmodule : bell_sched_context
