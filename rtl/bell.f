// SPDX-License-Identifier: MIT
// Source files of the device, lowest level first. Paths are relative to this file: verilator -F.
lint.vlt
regs/gen/bell_regs_pkg.sv
regs/gen/bell_formats_pkg.sv
common/bell_pkg.sv
common/bell_clock_gate.sv
common/bell_fifo.sv
common/bell_rr_arb.sv
common/bell_dma_mux.sv
regs/gen/bell_regs.sv
mmio/bell_skid.sv
mmio/bell_mmio_decode.sv
mmio/bell_mmio.sv
doorbell/bell_ledger.sv
doorbell/bell_doorbell.sv
sched/bell_sched_picker.sv
sched/bell_sched_context.sv
sched/bell_sched.sv
fence/bell_fence.sv
engine/bell_engine_copy.sv
engine/bell_engine_cmd.sv
engine/bell_engine.sv
fetch/bell_fetch.sv
common/bell_node.sv
irq/bell_irq.sv
bell_top.sv
