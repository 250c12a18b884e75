// SPDX-License-Identifier: MIT
//
// The checker of the AXI4-Lite port sees each rule broken, and legal traffic is none of them.
// top: bell_axil_check -GMaxWait=8 -F tb/assert/assert.f

#include "Vbell_axil_check.h"
#include "rule_table.h"

namespace {

constexpr unsigned kMaxWait = 8;
constexpr unsigned kExOkay = 1;

struct Port : rtl_test::Bench<Vbell_axil_check> {
    Port() { tick(); }

    void ready(bool on)
    {
        dut.s_axil_awready = dut.s_axil_wready = dut.s_axil_arready = on;
        dut.s_axil_bready = dut.s_axil_rready = on;
    }
    void quiet()
    {
        dut.s_axil_awvalid = dut.s_axil_wvalid = dut.s_axil_arvalid = 0;
        dut.s_axil_bvalid = dut.s_axil_rvalid = 0;
    }
    void pass()
    {
        ready(true);
        tick();
        quiet();
        ready(false);
    }
    void aw()
    {
        dut.s_axil_awvalid = 1;
        pass();
    }
    void w()
    {
        dut.s_axil_wvalid = 1;
        pass();
    }
    void b(unsigned resp = 0)
    {
        dut.s_axil_bvalid = 1;
        dut.s_axil_bresp = resp;
        pass();
    }
    void ar()
    {
        dut.s_axil_arvalid = 1;
        pass();
    }
    void r(unsigned resp = 0)
    {
        dut.s_axil_rvalid = 1;
        dut.s_axil_rresp = resp;
        pass();
    }
    void write()
    {
        dut.s_axil_awvalid = dut.s_axil_wvalid = 1;
        pass();
    }
    void wait(unsigned clocks)
    {
        for (unsigned i = 0; i < clocks; i++)
            tick();
    }
};

void legal(Port &t)
{
    for (unsigned resp : {0u, 2u, 3u}) {
        t.aw();
        t.wait(3);
        t.w();
        t.wait(kMaxWait - 2);
        t.b(resp);
        t.w();
        t.wait(3 * kMaxWait); // Nobody knows where to.
        t.aw();
        t.b(resp);
        t.write();
        t.write();
        t.dut.s_axil_bvalid = 1;
        t.wait(3 * kMaxWait); // The host takes its time.
        t.b(resp);
        t.b(resp);
        t.ar();
        t.ar();
        t.dut.s_axil_rdata = 5;
        t.r(resp);
        t.dut.s_axil_rdata = 6;
        t.r(resp);
    }
    t.dut.s_axil_awvalid = t.dut.s_axil_wvalid = t.dut.s_axil_arvalid = 1;
    t.wait(kMaxWait - 4);
    t.pass();
    t.b();
    t.r();
}

const rtl_test::Plant<Port> kPlants[] = {
    {"", legal},
    {"AW_VALID", [](Port &t) { t.dut.s_axil_awvalid = 1; t.tick(); t.dut.s_axil_awvalid = 0; }},
    {"AW_PAYLOAD", [](Port &t) { t.dut.s_axil_awvalid = 1; t.tick(); t.dut.s_axil_awaddr = 8; }},
    {"AW_PAYLOAD", [](Port &t) { t.dut.s_axil_awvalid = 1; t.tick(); t.dut.s_axil_awprot = 1; }},
    {"W_VALID", [](Port &t) { t.dut.s_axil_wvalid = 1; t.tick(); t.dut.s_axil_wvalid = 0; }},
    {"W_PAYLOAD", [](Port &t) { t.dut.s_axil_wvalid = 1; t.tick(); t.dut.s_axil_wdata = 8; }},
    {"W_PAYLOAD", [](Port &t) { t.dut.s_axil_wvalid = 1; t.tick(); t.dut.s_axil_wstrb = 8; }},
    {"B_VALID",
     [](Port &t) { t.write(); t.dut.s_axil_bvalid = 1; t.tick(); t.dut.s_axil_bvalid = 0; }},
    {"B_PAYLOAD",
     [](Port &t) { t.write(); t.dut.s_axil_bvalid = 1; t.tick(); t.dut.s_axil_bresp = 2; }},
    {"AR_VALID", [](Port &t) { t.dut.s_axil_arvalid = 1; t.tick(); t.dut.s_axil_arvalid = 0; }},
    {"AR_PAYLOAD", [](Port &t) { t.dut.s_axil_arvalid = 1; t.tick(); t.dut.s_axil_araddr = 8; }},
    {"AR_PAYLOAD", [](Port &t) { t.dut.s_axil_arvalid = 1; t.tick(); t.dut.s_axil_arprot = 1; }},
    {"R_VALID",
     [](Port &t) { t.ar(); t.dut.s_axil_rvalid = 1; t.tick(); t.dut.s_axil_rvalid = 0; }},
    {"R_PAYLOAD",
     [](Port &t) { t.ar(); t.dut.s_axil_rvalid = 1; t.tick(); t.dut.s_axil_rdata = 1; }},
    {"R_PAYLOAD",
     [](Port &t) { t.ar(); t.dut.s_axil_rvalid = 1; t.tick(); t.dut.s_axil_rresp = 2; }},
    {"RESET_DEVICE", [](Port &t) { t.dut.rst_ni = 0; t.dut.s_axil_bvalid = 1; t.tick(); }},
    {"RESET_DEVICE", [](Port &t) { t.dut.rst_ni = 0; t.dut.s_axil_rvalid = 1; t.tick(); }},
    {"RESET_DEVICE", [](Port &t) { t.reset(); t.dut.s_axil_bvalid = 1; t.tick(); t.reset(); }},
    {"RESET_HOST", [](Port &t) { t.dut.rst_ni = 0; t.dut.s_axil_awvalid = 1; t.tick(); }},
    {"RESET_HOST", [](Port &t) { t.dut.rst_ni = 0; t.dut.s_axil_wvalid = 1; t.tick(); }},
    {"RESET_HOST", [](Port &t) { t.reset(); t.dut.s_axil_arvalid = 1; t.tick(); }},
    {"B_EARLY", [](Port &t) { t.b(); }},
    {"B_EARLY", [](Port &t) { t.aw(); t.b(); }},
    {"B_EARLY", [](Port &t) { t.w(); t.b(); }},
    {"B_EARLY", [](Port &t) { t.write(); t.b(); t.b(); }},
    {"B_EARLY", [](Port &t) { t.dut.s_axil_bvalid = 1; t.write(); }}, // In the very clock.
    {"B_EARLY", [](Port &t) { t.write(); t.reset(); t.tick(); t.b(); }}, // Of before a reset.
    {"R_EARLY", [](Port &t) { t.r(); }},
    {"R_EARLY", [](Port &t) { t.ar(); t.r(); t.r(); }},
    {"R_EARLY", [](Port &t) { t.dut.s_axil_rvalid = 1; t.ar(); }},
    {"B_RESP", [](Port &t) { t.write(); t.b(kExOkay); }},
    {"R_RESP", [](Port &t) { t.ar(); t.r(kExOkay); }},
    {"B_LATE", [](Port &t) { t.write(); t.wait(kMaxWait + 1); }},
    {"B_LATE", [](Port &t) { t.aw(); t.w(); t.wait(kMaxWait + 1); }},
    {"B_LATE", [](Port &t) { t.w(); t.aw(); t.wait(kMaxWait + 1); }},
    {"B_LATE", // Neither is ever taken.
     [](Port &t) {
         t.dut.s_axil_awvalid = t.dut.s_axil_wvalid = 1;
         t.wait(kMaxWait + 1);
     }},
    {"R_LATE", [](Port &t) { t.ar(); t.wait(kMaxWait + 1); }},
    {"R_LATE", [](Port &t) { t.dut.s_axil_arvalid = 1; t.wait(kMaxWait + 1); }},
};

} // namespace

RTL_TEST(assert, axil_rules)
{
    rtl_test::run_table("s_axil", kPlants);
}
