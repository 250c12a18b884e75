// SPDX-License-Identifier: MIT
//
// Queue contexts: the words that say where a queue's ring is and how far it has been consumed.
//
// One RAM per word, two read ports: one for software and commands, one for the queue that was
// picked. Not reset: a word means nothing until it is written.
//
// Timing  reads are combinational, and do no work while not valid; a write is readable one clock
//         later.

module bell_sched_context #(
  parameter int unsigned NumQueues = 64,  // 1 .. 1024.
  parameter int unsigned NumNodes  = 3    // 1 .. 4.
) (
  input  logic clk_i,

  // Write one word of one queue.
  input  logic                write_i,
  input  bell_pkg::queue_id_t write_queue_i,
  input  logic [3:0]          write_word_i,  // Word of the queue's register file.
  input  logic [63:0]         write_data_i,

  // Software and commands.
  input  logic                port_valid_i,
  input  bell_pkg::queue_id_t port_queue_i,
  input  logic [3:0]          port_word_i,
  output logic [63:0]         port_data_o,   // As the register reads.
  output logic                port_sane_o,   // The context may be opened.
  output bell_pkg::node_id_t  port_node_o,

  // The queue that was picked.
  input  logic                pick_valid_i,
  input  bell_pkg::queue_id_t pick_queue_i,
  output bell_pkg::turn_t     pick_turn_o
);

  localparam int unsigned QueueBits = (NumQueues > 1) ? $clog2(NumQueues) : 1;

  localparam logic [3:0] WordBase    = 4'(bell_formats_pkg::QueueBaseOffset / 8);
  localparam logic [3:0] WordControl = 4'(bell_formats_pkg::QueueControlOffset / 8);
  localparam logic [3:0] WordConfig  = 4'(bell_formats_pkg::QueueConfigOffset / 8);
  localparam logic [3:0] WordRptr    = 4'(bell_formats_pkg::QueueRptrOffset / 8);

  localparam logic [4:0] MaxLog2Entries = 5'd16;

  typedef logic [QueueBits-1:0] index_t;

  typedef struct packed {
    bell_pkg::pasid_t   pasid;
    bell_pkg::node_id_t node;
    logic               kernel_ring;
    logic [4:0]         log2_entries;
  } config_t;

  bell_pkg::addr_t  base_ram    [NumQueues];
  bell_pkg::addr_t  control_ram [NumQueues];
  config_t          config_ram  [NumQueues];
  bell_pkg::count_t rptr_ram    [NumQueues];

  config_t write_config;

  assign write_config = {
    write_data_i[bell_formats_pkg::QueueConfigPasidMsb:bell_formats_pkg::QueueConfigPasidLsb],
    write_data_i[bell_formats_pkg::QueueConfigNodeMsb:bell_formats_pkg::QueueConfigNodeLsb],
    write_data_i[bell_formats_pkg::QueueConfigKernelRingLsb],
    write_data_i[bell_formats_pkg::QueueConfigLog2EntriesMsb
                 :bell_formats_pkg::QueueConfigLog2EntriesLsb]
  };

  always_ff @(posedge clk_i) begin
    if (write_i) begin
      case (write_word_i)
        WordBase:    base_ram[index_t'(write_queue_i)]    <= write_data_i[47:0];
        WordControl: control_ram[index_t'(write_queue_i)] <= write_data_i[47:0];
        WordConfig:  config_ram[index_t'(write_queue_i)]  <= write_config;
        WordRptr:    rptr_ram[index_t'(write_queue_i)]    <= write_data_i;
        default: ;
      endcase
    end
  end

  // ---------------------------------------------------- software and commands

  bell_pkg::addr_t port_base, port_control;
  config_t         port_config;

  always_comb begin
    port_base    = '0;
    port_control = '0;
    port_config  = '0;
    if (port_valid_i) begin
      port_base    = base_ram[index_t'(port_queue_i)];
      port_control = control_ram[index_t'(port_queue_i)];
      port_config  = config_ram[index_t'(port_queue_i)];
    end
  end

  assign port_node_o  = port_config.node;
  assign port_sane_o  = (port_base[11:0] == '0) && (port_control[3:0] == '0)
                        && (port_config.log2_entries != '0)
                        && (port_config.log2_entries <= MaxLog2Entries)
                        && (3'(port_config.node) < 3'(NumNodes));

  always_comb begin
    port_data_o = '0;
    case (port_valid_i ? port_word_i : '1)
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
      WordRptr: port_data_o = rptr_ram[index_t'(port_queue_i)];
      default: ;
    endcase
  end

  // --------------------------------------------------------------------- pick

  config_t pick_config;

  always_comb begin
    pick_config = '0;
    pick_turn_o = '0;
    if (pick_valid_i) begin
      pick_config = config_ram[index_t'(pick_queue_i)];
      pick_turn_o = {pick_queue_i, base_ram[index_t'(pick_queue_i)],
                     control_ram[index_t'(pick_queue_i)], pick_config.log2_entries,
                     pick_config.kernel_ring, pick_config.pasid,
                     rptr_ram[index_t'(pick_queue_i)], bell_pkg::resume_t'('0)};
    end
  end

endmodule : bell_sched_context
