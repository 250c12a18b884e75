// SPDX-License-Identifier: MIT
//
// Ring entries of one turn: reads them ahead, judges them, hands their buffers to the engine in
// order.
//
// Some are read before WPTR is known. If such a one is not good, the reads under way are drained and
// entries are read again, from the first that is not with the engine. An early word 0 of zero is not:
// the tag of count 0 is what a ring holds that was never written. Entries are counted as steps from
// the start of the turn: asked for >= received >= handed. A bad one stops the row when it is due.
//
// Timing  an entry that is due the clock its second word comes is handed in that clock; one that goes
//         on inside its buffer goes through the store first.
// Reset   nothing is asked for; outside of turns nothing happens.

module bell_fetch_entries #(
  parameter int unsigned MinBuffers = 8,  // Read, while others wait for the node.
  parameter int unsigned NumEntries = 16  // Read ahead; a power of two, 2 .. 64.
) (
  input  logic clk_i,
  input  logic rst_ni,

  // The turn: when it starts, and from the next clock on.
  input  logic             take_i,
  input  logic [15:0]      first_i,   // With take_i: count of its first entry;
  input  logic [6:0]       early_i,   // so many may be read before WPTR is known.
  input  logic [35:0]      page_i,    // Address of the ring, 4 KiB.
  input  logic [15:0]      mask_i,    // Entries of the ring less one.
  input  bell_pkg::pasid_t pasid_i,
  input  logic [31:0]      offset_i,  // Resume point in the first buffer.
  input  logic             run_i,     // It goes on: reads and buffers may leave.
  input  logic             others_i,
  input  logic             known_i,   // WPTR is known; so many buffers are covered:
  input  logic [6:0]       limit_i,

  // Reads.
  output logic                 ask_o,
  input  logic                 ready_i,
  output bell_pkg::addr_t      addr_o,
  input  logic                 beat_i,   // An answer, two for each entry.
  input  bell_pkg::dma_rdata_t rdata_i,
  output logic                 open_o,   // Some is unanswered or to be done again.
  output logic                 again_o,  // Pulse: they start again.

  // To engine.
  output logic              buf_valid_o,
  input  logic              buf_ready_i,
  output bell_pkg::buffer_t buf_o,
  output logic [6:0]        handed_o,

  // The entry that is due is bad, while run_i.
  output logic             bad_o,
  output bell_pkg::cause_t bad_cause_o,
  output bell_pkg::addr_t  bad_addr_o  // Of the word that was refused.
);

  localparam int unsigned SlotBits = $clog2(NumEntries);
  localparam int unsigned PageBits = 36;

  typedef logic [6:0] step_t;
  typedef struct packed {
    logic       good;
    logic       second;  // Word that was refused,
    logic [1:0] resp;    // and how; OKAY: the entry itself is bad.
  } verdict_t;

  step_t       asked_q, received_q, handed_q;
  step_t       early_q;        // So many were asked for before WPTR was known;
  step_t       early_limit_q;  // so many may be.
  logic [15:0] ask_q, due_q, hand_q;  // Counts of the entries at these steps.
  logic        redo_q;         // Drain the reads, then start over with them.
  logic        stored_q;       // Received and not handed: some.
  logic        second_q;       // The next beat is the second of an entry.
  logic        first_ok_q;
  logic [1:0]  resp0_q;
  logic [47:0] word0_q;

  logic        window_full, ask_more, ask_early, covered, hand, done, resumes, second_ok, live_may, one_stored;
  logic        early;  // What comes was asked for before WPTR was known.
  verdict_t    verdict, head;
  logic [42:0] resumed_addr;
  logic [PageBits-1:0] ask_page, bad_page;
  logic [26:0] resumed_bytes;
  logic        beyond, in_buffer;// The resume point, seen from the end of the buffer.
  logic [1:0]  unused_sum;
  logic [3:0]  unused_carry;
  logic        unused_last;

  assign unused_last = rdata_i.last;

  // ---------------------------------------------------------------------------------------- reads

  // WPTR on its way, the first entries may follow at once, if their tags can tell this lap from the
  // last.
  assign window_full = (asked_q[SlotBits-1:0] == handed_q[SlotBits-1:0]) &&
                       (asked_q[SlotBits] != handed_q[SlotBits]);
  assign ask_more    = &{run_i, !redo_q, known_i, !window_full,
                         !(others_i && (asked_q >= step_t'(MinBuffers)))};
  assign ask_early   = &{run_i, !known_i, !mask_i[15], asked_q < early_limit_q};
  assign ask_o       = ask_early || (ask_more && (asked_q < limit_i));
  assign addr_o      = {ask_page, ask_q[7:0] & mask_i[7:0], 4'd0};
  assign open_o      = (asked_q != received_q) || redo_q;
  assign again_o     = redo_q && (asked_q == received_q);

  bell_sum #(.Width(PageBits), .Block(12)) u_ask_page (
    .enable_i(ask_o), .a_i(page_i), .b_i({28'd0, ask_q[15:8] & mask_i[15:8]}),
    .carry_i(1'b0), .sum_o(ask_page), .carry_o(unused_carry[0])
  );

  // ------------------------------------------------------------------------------------ judgement

  // The first word is judged when it comes, so that with the second little is left.
  assign early   = received_q < early_q;
  assign done    = beat_i && second_q;
  assign resumes = (received_q == '0) && (offset_i != '0);

  bell_sum #(.Width(45), .Block(15)) u_resumed_addr (
    .enable_i(done && resumes), .a_i({2'd0, word0_q[47:5]}), .b_i({18'd0, offset_i[31:5]}),
    .carry_i(1'b0), .sum_o({unused_sum, resumed_addr}), .carry_o(unused_carry[2])
  );

  bell_sum #(.Width(28), .Block(14)) u_resumed_bytes (
    .enable_i(done && resumes), .a_i({1'b0, rdata_i.data[31:5]}), .b_i({1'b1, ~offset_i[31:5]}),
    .carry_i(1'b1), .sum_o({beyond, resumed_bytes}), .carry_o(unused_carry[3])
  );

  assign in_buffer = !beyond && (rdata_i.data[31:5] != offset_i[31:5]);

  assign second_ok = (rdata_i.data[31:5] != '0) &&
                     ({rdata_i.resp, rdata_i.data[63:32], rdata_i.data[4:0]} == '0);  // OKAY is 0.

  always_comb begin
    verdict = '0;
    if (done) begin
      verdict.good   = first_ok_q && second_ok &&
                       (!resumes || (in_buffer && (offset_i[4:0] == '0)));
      verdict.second = resp0_q == bell_pkg::RespOkay;
      verdict.resp   = (resp0_q != bell_pkg::RespOkay) ? resp0_q : rdata_i.resp;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      second_q   <= 1'b0;
      first_ok_q <= 1'b0;
      resp0_q    <= bell_pkg::RespOkay;
      word0_q    <= '0;
    end else if (beat_i) begin
      second_q <= !second_q;
      if (!second_q) begin
        first_ok_q <= (rdata_i.resp == bell_pkg::RespOkay) && (rdata_i.data[63:48] == due_q) &&
                      (rdata_i.data[4:0] == '0) && (!early || (rdata_i.data != '0));
        resp0_q    <= rdata_i.resp;
        word0_q    <= rdata_i.data[47:0];
      end
    end
  end

  // ---------------------------------------------------------------------------------------- store

  logic [47:0]         slot_addr    [NumEntries];
  logic [31:0]         slot_bytes   [NumEntries];
  verdict_t            slot_verdict [NumEntries];
  logic [SlotBits-1:0] in_slot, out_slot;

  assign in_slot  = received_q[SlotBits-1:0];
  assign out_slot = handed_q[SlotBits-1:0];
  assign head     = slot_verdict[out_slot];

  always_ff @(posedge clk_i) begin
    if (done) begin
      slot_addr[in_slot]    <= resumes ? {resumed_addr, 5'd0} : word0_q;
      slot_bytes[in_slot]   <= resumes ? {resumed_bytes, 5'd0} : rdata_i.data[31:0];
      slot_verdict[in_slot] <= verdict;
    end
  end

  // ------------------------------------------------------------------------------------ to engine

  // Only sums and resume points go through the store; the rest may pass it by.
  assign covered     = &{run_i, known_i, !redo_q, handed_q != limit_i};  // Never above.
  assign live_may    = covered && !stored_q && done && first_ok_q && !resumes;
  assign buf_valid_o = (covered && stored_q && head.good) || (live_may && second_ok);
  assign hand        = buf_valid_o && buf_ready_i;
  assign handed_o    = handed_q;

  always_comb begin
    buf_o = '0;
    if (stored_q) begin
      buf_o = {slot_addr[out_slot], slot_bytes[out_slot], pasid_i, handed_q == '0};
    end else if (second_q) begin
      buf_o = {word0_q, rdata_i.data[31:0], pasid_i, handed_q == '0};
    end
  end

  assign bad_o       = covered && stored_q && !head.good;
  assign bad_cause_o = (head.resp == bell_pkg::RespOkay) ? bell_formats_pkg::CauseBadEntry :
                       (head.resp == bell_pkg::RespDecErr) ? bell_formats_pkg::CausePageFault :
                       bell_formats_pkg::CauseBusError;
  assign bad_addr_o  = {bad_page, hand_q[7:0] & mask_i[7:0], head.second, 3'd0};

  bell_sum #(.Width(PageBits), .Block(12)) u_bad_page (
    .enable_i(bad_o), .a_i(page_i), .b_i({28'd0, hand_q[15:8] & mask_i[15:8]}),
    .carry_i(1'b0), .sum_o(bad_page), .carry_o(unused_carry[1])
  );

  // ---------------------------------------------------------------------------------------- steps

  assign one_stored = received_q == step_t'(handed_q + 1'b1);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      asked_q       <= '0;
      received_q    <= '0;
      handed_q      <= '0;
      early_q       <= '0;
      early_limit_q <= '0;
      ask_q         <= '0;
      due_q         <= '0;
      hand_q        <= '0;
      redo_q        <= 1'b0;
      stored_q      <= 1'b0;
    end else if (take_i) begin
      asked_q       <= '0;
      received_q    <= '0;
      handed_q      <= '0;
      early_q       <= '0;
      early_limit_q <= early_i;
      ask_q         <= first_i;
      due_q         <= first_i;
      hand_q        <= first_i;
      redo_q        <= 1'b0;
      stored_q      <= 1'b0;
    end else if (again_o) begin
      asked_q    <= handed_q;
      received_q <= handed_q;
      early_q    <= '0;
      ask_q      <= hand_q;
      due_q      <= hand_q;
      redo_q     <= 1'b0;
      stored_q   <= 1'b0;
    end else begin
      if (ask_o && ready_i) begin
        asked_q <= asked_q + 1'b1;
        ask_q   <= ask_q + 1'b1;
        if (!known_i) begin
          early_q <= asked_q + 1'b1;
        end
      end
      if (done) begin
        received_q <= received_q + 1'b1;
        due_q      <= due_q + 1'b1;
        if (early && !verdict.good) begin
          redo_q <= 1'b1;
        end
      end
      if (hand) begin
        handed_q <= handed_q + 1'b1;
        hand_q   <= hand_q + 1'b1;
      end
      if (done != hand) begin
        stored_q <= done || !one_stored;
      end
    end
  end

endmodule : bell_fetch_entries
