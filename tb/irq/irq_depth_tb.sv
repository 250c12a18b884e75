// SPDX-License-Identifier: MIT
//
// Event queues of every depth from 1 to MaxDepth side by side, each with its own sources. A source
// numbers its events; what comes out must be each source's next number.

module irq_depth_tb #(
  parameter int unsigned MaxDepth = 64,
  parameter int unsigned NumSources = 7
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic [31:0]         offer_i,   // Random: which idle sources make an event.
  input  logic [MaxDepth-1:0] pop_i,     // Software consumes, if there is one.

  output logic [MaxDepth-1:0] wrong_o,   // Sticky: lost, doubled or out of order.
  output logic [MaxDepth-1:0] over_o,    // Sticky: the level is not in minus out, or over the depth.
  output logic [MaxDepth-1:0] was_full_o,
  output logic [MaxDepth-1:0] moved_o,   // Sticky: a source withdrew or changed nothing while held.
  output logic [MaxDepth-1:0] empty_o,   // Nothing is inside nor offered.
  output logic [31:0]         taken_o    // Of the deepest queue: events consumed.
);

  for (genvar d = 1; d <= int'(MaxDepth); d++) begin : g_depth
    logic [NumSources-1:0]             valid_q, ready;
    bell_pkg::event_t [NumSources-1:0] events;
    logic [31:0]                       made_q [NumSources];
    logic [31:0]                       seen_q [NumSources];
    logic                              oldest_valid, irq;
    bell_pkg::event_t                  oldest;
    logic [$clog2(d+1)-1:0]            level;
    logic [31:0]                       in_q, out_q;
    logic                              pop;

    for (genvar s = 0; s < int'(NumSources); s++) begin : g_source
      assign events[s] = {8'd1, 2'd0, 10'(s), 32'd0, made_q[s]};

      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) begin
          valid_q[s] <= 1'b0;
          made_q[s]  <= '0;
        end else begin
          if (valid_q[s] && ready[s]) begin
            made_q[s]  <= made_q[s] + 1;
            valid_q[s] <= offer_i[(s * 3 + d) % 32];
          end else if (!valid_q[s]) begin
            valid_q[s] <= offer_i[(s * 5 + d) % 32];
          end
        end
      end
    end

    bell_irq #(.NumSources(NumSources), .Depth(d)) u_irq (
      .clk_i, .rst_ni, .event_valid_i(valid_q), .event_ready_o(ready), .event_i(events),
      .enable_i(1'b1), .pop_i(pop_i[d-1]), .valid_o(oldest_valid), .event_o(oldest),
      .level_o(level), .irq_o(irq)
    );

    assign pop = pop_i[d-1] && oldest_valid;

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        in_q            <= '0;
        out_q           <= '0;
        wrong_o[d-1]    <= 1'b0;
        over_o[d-1]     <= 1'b0;
        was_full_o[d-1] <= 1'b0;
        moved_o[d-1]    <= 1'b0;
        for (int s = 0; s < int'(NumSources); s++) begin
          seen_q[s] <= '0;
        end
      end else begin
        in_q  <= in_q + 32'(|(valid_q & ready));
        out_q <= out_q + 32'(pop);
        if (32'(level) != in_q - out_q || 32'(level) > 32'(d) || irq != (level != '0)) begin
          over_o[d-1] <= 1'b1;
        end
        if (32'(level) == 32'(d) && (|valid_q)) begin
          was_full_o[d-1] <= 1'b1;
          moved_o[d-1]    <= moved_o[d-1] || (|ready);
        end
        if (pop) begin
          if (oldest.data != 64'(seen_q[3'(oldest.queue)])) begin
            wrong_o[d-1] <= 1'b1;
          end
          seen_q[3'(oldest.queue)] <= seen_q[3'(oldest.queue)] + 1;
        end
      end
    end

    assign empty_o[d-1] = !oldest_valid && (valid_q == '0);
  end

  assign taken_o = g_depth[MaxDepth].out_q;

endmodule : irq_depth_tb
