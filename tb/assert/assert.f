// SPDX-License-Identifier: MIT
// Checkers and where they are bound; after rtl/bell.f. Paths are relative to this file: -F.
assert.vlt
bell_axil_check.sv
bell_axi4_check.sv
bell_block_check.sv
bell_stage_check.sv
bell_bind.sv
