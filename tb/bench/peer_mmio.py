# SPDX-License-Identifier: MIT
"""Register accesses a second from a Python test bench: cocotb, Verilator, the same RTL. Half of
them writes; the driver awaits one edge a clock and does nothing else. Run by scripts/bench_peer.sh."""
import os
import time

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge

COUNT = 1000
REGISTER = int(os.environ["BELL_REGISTER"], 0)
INPUTS = ("m_axi_arready", "m_axi_rid", "m_axi_rdata", "m_axi_rresp", "m_axi_rlast", "m_axi_rvalid",
          "m_axi_awready", "m_axi_wready", "m_axi_bid", "m_axi_bresp", "m_axi_bvalid",
          "s_axil_awvalid", "s_axil_wvalid", "s_axil_arvalid")


async def write(dut, edge, addr, data):
    dut.s_axil_awaddr.value = addr
    dut.s_axil_wdata.value = data
    dut.s_axil_awvalid.value = dut.s_axil_wvalid.value = 1
    await edge  # Both are taken at once: nothing is under way.
    dut.s_axil_awvalid.value = dut.s_axil_wvalid.value = 0
    while not dut.s_axil_bvalid.value:
        await edge


async def read(dut, edge, addr):
    dut.s_axil_araddr.value = addr
    dut.s_axil_arvalid.value = 1
    await edge
    dut.s_axil_arvalid.value = 0
    while not dut.s_axil_rvalid.value:
        await edge
    return int(dut.s_axil_rdata.value)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def mmio(dut):
    for name in INPUTS:
        getattr(dut, name).value = 0
    dut.strap_slots_i.value = 64
    dut.advance_i.value = dut.s_axil_bready.value = dut.s_axil_rready.value = 1
    dut.s_axil_wstrb.value = 0xff
    dut.rst_ni.value = 0
    cocotb.start_soon(Clock(dut.clk_i, 2, "ns").start())
    await ClockCycles(dut.clk_i, 4)
    dut.rst_ni.value = 1
    edge = FallingEdge(dut.clk_i)
    await ClockCycles(dut.clk_i, 4)
    await edge
    began = time.monotonic()
    for at in range(COUNT // 2):
        await write(dut, edge, REGISTER, at & 1)
        assert await read(dut, edge, REGISTER) & 1 == at & 1
    print(f"peer.cocotb {COUNT / (time.monotonic() - began):.0f} accesses/s", flush=True)
