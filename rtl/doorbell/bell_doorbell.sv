// SPDX-License-Identifier: MIT
//
// Physical doorbells: turns an accepted store to BAR2 into "queue q is owed a WPTR sample".
//
// Which queue: in layouts PAGE and PACKED the owner of the slot that the address names, in layout
// GLOBAL the one that the value names, if it listens to the page of the store (bell_tokens): a token
// that another process stores through its own page is rejected. The upper half of BAR2 holds the
// second registers of the same doorbells: a store there is a ring like any other.
//
//   from mmio   one store per clock, never held up
//   from regs   slot table: which queue a slot wakes; token table: which page wakes a queue
//   to sched    one credit per clock, never held up
//
// Clock n     the store is accepted, checked, and its slot looked up.
// Clock n+1   the credit is with sched, which says what it was worth.
//             The queue is pending in clock n+2.
// Clock n+2   the ledger counts it.
//
// A register access is answered one clock after req_i. A write of OWNER holds for stores accepted
// after the clock of its answer; a store in that clock still goes to the old owner. A ring counts as
// in flight (DRAIN) in clock n+1 only: it is credited by its end.
//
// Reset   rst_ni asserts asynchronously; no slot has an owner and the ledger is zero.

module bell_doorbell #(
  parameter int unsigned NumSlots  = 64,  // 1 .. 1024.
  parameter int unsigned NumQueues = 64,  // 1 .. 1024.
  parameter int unsigned LedgerBits = 64  // Width of the ledger's counters.
) (
  input  logic        clk_i,
  input  logic        rst_ni,

  input  logic [10:0] slots_i,   // Doorbells fitted, 0 .. NumSlots.
  input  logic [1:0]  layout_i,  // bell_layout_e; holds for stores of the same clock.

  // From mmio.
  input  logic            ring_valid_i,
  input  bell_pkg::ring_t ring_i,
  output logic            ring_refuse_o,  // Same clock: the store has a flaw of its own.

  // To sched; what the credit was worth comes in the same clock.
  output logic              credit_valid_o,
  output bell_pkg::credit_t credit_o,
  input  logic              credit_coalesced_i,  // The queue was owed a sample already.
  input  logic              credit_closed_i,     // The queue is not open.

  // From sched: what became of samples owed to rings. Pulses.
  input  logic              sampled_i,   // Taken.
  input  logic              forgone_i,   // The queue was closed before.

  // From regs: slot table; req_i is a pulse.
  input  logic        req_i,
  input  logic        req_write_i,
  input  logic [13:0] req_addr_i,
  input  logic [63:0] req_data_i,
  output logic        ack_read_o,
  output logic [63:0] ack_data_o,
  output logic        ack_write_o,

  // From regs: token table.
  input  logic        token_req_i,
  input  logic        token_req_write_i,
  input  logic [12:0] token_req_addr_i,
  input  logic [63:0] token_req_data_i,
  output logic        token_ack_read_o,
  output logic [63:0] token_ack_data_o,
  output logic        token_ack_write_o,

  // To regs: ledger.
  output bell_pkg::ledger_t    ledger_o,
  output bell_pkg::saturated_t saturated_o,
  output logic [7:0]        last_cause_o,
  output logic [23:0]       last_addr_o,

  // To report.
  output bell_pkg::refusal_t rejected_o,
  output bell_pkg::refusal_t unowned_o,

  output logic        busy_o,  // A ring is on its way.

  // Taps: the fate of a ring, in the clock in which it is credited.
  output logic                tap_valid_o,
  output bell_pkg::slot_id_t  tap_slot_o,    // 0 for a store that names none.
  output bell_pkg::queue_id_t tap_queue_o,
  output bell_pkg::bucket_t   tap_bucket_o,
  output logic [7:0]          tap_cause_o
);

  localparam int unsigned SlotBits = (NumSlots > 1) ? $clog2(NumSlots) : 1;
  localparam int unsigned NumWords = (NumSlots + 31) / 32;
  localparam int unsigned WordBits = (NumWords > 1) ? $clog2(NumWords) : 1;
  localparam int unsigned AddrLsb  = $clog2(bell_formats_pkg::SlotStride);

  // Addresses without the bit that tells the second register from the first.
  localparam int unsigned PlaceBits   = $clog2(bell_formats_pkg::SecondaryBytes);
  localparam int unsigned PageLsb     = $clog2(bell_formats_pkg::DoorbellBytes);
  localparam int unsigned PageBits    = $clog2(bell_formats_pkg::PackedFirst);
  localparam int unsigned PackedLsb   = $clog2(bell_formats_pkg::PackedBytes);
  localparam int unsigned PackedBits  = PackedLsb + 10;
  localparam int unsigned PackedPlace = bell_formats_pkg::PackedFirst >> PackedBits;
  localparam int unsigned TokenBits   = bell_formats_pkg::TokenListenPageMsb + 1;
  localparam int unsigned GlobalBits  = PageLsb + TokenBits;
  localparam int unsigned GlobalPlace = bell_formats_pkg::GlobalFirst >> GlobalBits;

  typedef logic [SlotBits-1:0] index_t;
  typedef logic [WordBits-1:0] word_t;

  // ------------------------------------------------ where the store points

  logic [PlaceBits-1:0] place;
  logic                 in_pages, in_packed, in_global, by_token, aligned;
  bell_pkg::slot_id_t   ring_slot_id;

  assign place     = ring_i.addr[PlaceBits-1:0];
  assign by_token  = 8'(layout_i) == bell_formats_pkg::LayoutGlobal;

  // No work without a ring.
  always_comb begin
    in_pages  = 1'b0;
    in_packed = 1'b0;
    in_global = 1'b0;
    aligned   = 1'b0;
    if (ring_valid_i) begin
      in_pages  = (place[PlaceBits-1:PageBits] == '0) && !by_token;
      in_packed = (place[PlaceBits-1:PackedBits] == (PlaceBits-PackedBits)'(PackedPlace))
                  && (8'(layout_i) == bell_formats_pkg::LayoutPacked);
      in_global = (place[PlaceBits-1:GlobalBits] == (PlaceBits-GlobalBits)'(GlobalPlace))
                  && by_token;
      aligned   = (place[PackedLsb-1:0] == '0)
                  && (in_packed || (place[PageLsb-1:PackedLsb] == '0));
    end
  end

  always_comb begin
    ring_slot_id = '0;
    if (in_packed) begin
      ring_slot_id = place[PackedLsb +: 10];
    end else if (in_pages) begin
      ring_slot_id = place[PageLsb +: 10];
    end
  end

  // ------------------------------------------------------------- slot table

  typedef struct packed {
    logic [31:0] generation;
    logic        valid;
    logic [15:0] queue;
  } owner_t;

  // What a store needs of it.
  typedef struct packed {
    logic        valid;
    logic [10:0] queue;  // 1024 and more: there is none.
  } route_t;

  // The RAMs are not reset: a slot not written since reset reads as zero. Software has one access
  // at a time, so no word of owner_ram is read and written in one clock.
  (* no_rw_check *) owner_t owner_ram [NumSlots];
  route_t      route_ram [NumSlots];
  logic [31:0] written_q [NumWords];

  index_t req_slot, req_slot_q, ring_slot;
  owner_t req_owner, req_owner_q, read_owner_q;
  route_t req_route, ring_route;
  logic   owner_write, drain_read_q, req_q, req_write_q;

  // An access is kept for a clock, so that a RAM is between two flops.
  assign req_slot    = req_addr_i[AddrLsb +: SlotBits];
  assign ring_slot   = index_t'(ring_slot_id);
  assign owner_write = req_q && req_write_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      req_q <= 1'b0;
    end else begin
      req_q <= req_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (req_i) begin
      read_owner_q <= owner_ram[req_slot];
      req_write_q  <= req_write_i;
      req_slot_q   <= req_slot;
      drain_read_q <= req_addr_i[AddrLsb-1:0] == AddrLsb'(bell_formats_pkg::SlotDrainOffset);
      req_owner_q  <= {
        req_data_i[bell_formats_pkg::SlotOwnerGenerationMsb
                   :bell_formats_pkg::SlotOwnerGenerationLsb],
        req_data_i[bell_formats_pkg::SlotOwnerValidLsb],
        req_data_i[bell_formats_pkg::SlotOwnerQueueMsb:bell_formats_pkg::SlotOwnerQueueLsb]
      };
    end
  end

  always_comb begin
    req_owner  = '0;
    req_route  = '0;
    ring_route = '0;
    if (req_q && written_q[word_t'(10'(req_slot_q) >> 5)][5'(req_slot_q)]) begin
      req_owner = read_owner_q;
    end
    if (owner_write) begin
      req_route = {req_owner_q.valid, |req_owner_q.queue[15:10], req_owner_q.queue[9:0]};
    end
    if (ring_valid_i && written_q[word_t'(10'(ring_slot) >> 5)][5'(ring_slot)]) begin
      ring_route = route_ram[ring_slot];
    end
  end

  always_ff @(posedge clk_i) begin
    if (owner_write) begin
      owner_ram[req_slot_q] <= req_owner_q;
      route_ram[req_slot_q] <= req_route;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      for (int unsigned w = 0; w < NumWords; w++) begin
        written_q[w] <= '0;
      end
    end else if (owner_write) begin
      written_q[word_t'(10'(req_slot_q) >> 5)][5'(req_slot_q)] <= 1'b1;
    end
  end

  // ------------------------------------------------ clock n: check and look up

  logic       known_slot, known_token, heard_token;
  logic [7:0] ring_cause;

  assign known_slot = (in_pages || in_packed) && (11'(ring_slot_id) < slots_i);

  bell_tokens #(.NumQueues(NumQueues)) u_tokens (
    .clk_i, .rst_ni,
    .look_i(ring_valid_i && in_global), .token_i(ring_i.data), .page_i(place[PageLsb +: TokenBits]),
    .known_o(known_token), .heard_o(heard_token),
    .req_i(token_req_i), .req_write_i(token_req_write_i), .req_addr_i(token_req_addr_i),
    .req_data_i(token_req_data_i), .ack_read_o(token_ack_read_o), .ack_data_o(token_ack_data_o),
    .ack_write_o(token_ack_write_o)
  );

  always_comb begin
    if (!ring_valid_i) begin
      ring_cause = bell_formats_pkg::RejectNone;
    end else if (!(&ring_i.strb)) begin
      ring_cause = bell_formats_pkg::RejectNarrow;
    end else if (!aligned) begin
      ring_cause = bell_formats_pkg::RejectOffset;
    end else if (!known_slot && !in_global) begin
      ring_cause = bell_formats_pkg::RejectNoSlot;
    end else if (in_global && !known_token) begin
      ring_cause = bell_formats_pkg::RejectBadToken;
    end else if (in_global && !heard_token) begin
      ring_cause = bell_formats_pkg::RejectForeignToken;
    end else begin
      ring_cause = bell_formats_pkg::RejectNone;
    end
  end

  assign ring_refuse_o = ring_cause != bell_formats_pkg::RejectNone;

  logic               valid_q;
  logic [23:0]        addr_q;
  bell_pkg::slot_id_t slot_q;
  logic               on_slot_q;
  logic [7:0]         cause_q;
  logic               owned_q;
  logic [10:0]        queue_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
    end else begin
      valid_q <= ring_valid_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (ring_valid_i) begin
      addr_q    <= ring_i.addr;
      slot_q    <= ring_slot_id;
      on_slot_q <= in_pages || in_packed;
      cause_q   <= ring_cause;
      owned_q   <= ring_route.valid || in_global;
      queue_q   <= in_global ? {|ring_i.data[15:10], ring_i.data[9:0]} : ring_route.queue;
    end
  end

  // ------------------------------------------------------ clock n+1: credit

  logic                routed, closed;
  bell_pkg::bucket_t   bucket;
  logic [7:0]          cause;

  assign routed = valid_q && (cause_q == bell_formats_pkg::RejectNone) && owned_q;
  assign closed = (queue_q >= 11'(NumQueues)) || credit_closed_i;

  assign credit_valid_o = routed && (queue_q < 11'(NumQueues));
  assign credit_o       = queue_q[9:0];

  always_comb begin
    bucket = bell_pkg::BucketNew;
    cause  = cause_q;
    if (!valid_q) begin
      cause = bell_formats_pkg::RejectNone;
    end else if (cause_q != bell_formats_pkg::RejectNone) begin
      bucket = bell_pkg::BucketRejected;
    end else if (!owned_q) begin
      bucket = bell_pkg::BucketUnowned;
    end else if (closed) begin
      bucket = bell_pkg::BucketRejected;
      cause  = bell_formats_pkg::RejectQueueClosed;
    end else if (credit_coalesced_i) begin
      bucket = bell_pkg::BucketCoalesced;
    end
  end

  // ------------------------------------------------------ clock n+2: ledger

  // What sched says of a ring comes through its arrays; a wide counter does not fit behind them.
  typedef struct packed {
    logic accept;
    logic credit;
    logic sampled;
    logic forgone;
  } count_t;

  count_t            count, count_q;
  bell_pkg::bucket_t count_bucket_q;
  logic [7:0]        count_cause_q;
  logic [23:0]       count_addr_q;

  assign count = {ring_valid_i, valid_q, sampled_i, forgone_i};

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      count_q <= '0;
    end else begin
      count_q <= count;
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_q) begin
      count_bucket_q <= bucket;
      count_cause_q  <= cause;
      count_addr_q   <= addr_q;
    end
  end

  bell_ledger #(.Width(LedgerBits)) u_ledger (
    .clk_i, .rst_ni,
    .accept_i(count_q.accept), .credit_i(count_q.credit), .bucket_i(count_bucket_q),
    .cause_i(count_cause_q), .addr_i(count_addr_q), .sampled_i(count_q.sampled),
    .forgone_i(count_q.forgone), .ledger_o, .saturated_o, .last_cause_o, .last_addr_o,
    .rejected_o, .unowned_o
  );

  assign busy_o       = valid_q || (count_q != '0);
  assign tap_valid_o  = valid_q;
  assign tap_slot_o   = slot_q;
  assign tap_queue_o  = routed ? queue_q[9:0] : '0;
  assign tap_bucket_o = bucket;
  assign tap_cause_o  = cause;

  // ---------------------------------------------------------- register port

  logic in_flight;

  assign in_flight   = valid_q && on_slot_q && (slot_q == 10'(req_slot_q));
  assign ack_read_o  = req_q && !req_write_q;
  assign ack_write_o = owner_write;

  always_comb begin
    ack_data_o = '0;
    if (!req_q) begin
      ack_data_o = '0;
    end else if (drain_read_q) begin
      ack_data_o[bell_formats_pkg::SlotDrainInFlightLsb] = in_flight;
    end else begin
      ack_data_o[bell_formats_pkg::SlotOwnerQueueMsb:bell_formats_pkg::SlotOwnerQueueLsb]
          = req_owner.queue;
      ack_data_o[bell_formats_pkg::SlotOwnerValidLsb] = req_owner.valid;
      ack_data_o[bell_formats_pkg::SlotOwnerGenerationMsb:bell_formats_pkg::SlotOwnerGenerationLsb]
          = req_owner.generation;
    end
  end

endmodule : bell_doorbell
