// SPDX-License-Identifier: MIT
// Distributed RAM of ECP5 as ltp is to see it: a read is one level of logic, a write ends a path.
module TRELLIS_DPR16X4 (
  input  [3:0] DI, WAD, RAD,
  input        WRE, WCK,
  output [3:0] DO
);
  parameter WCKMUX = "WCK";
  parameter WREMUX = "WRE";
  parameter [63:0] INITVAL = 64'd0;
  genvar i;
  generate
    for (i = 0; i < 4; i = i + 1) begin : g_bit
      \$lut #(.WIDTH(4), .LUT(16'h8001)) read (.A(RAD), .Y(DO[i]));
    end
  endgenerate
endmodule
