// SPDX-License-Identifier: MIT
//
// The checker of the AXI4 port sees each rule broken, and legal traffic is none of them.
// top: bell_axi4_check -GMaxWait=8 -GDepth=4 -F tb/assert/assert.f

#include "Vbell_axi4_check.h"
#include "rule_table.h"

namespace {

constexpr unsigned kMaxWait = 8;
constexpr unsigned kDepth = 4;
constexpr unsigned kExOkay = 1;

struct Port : rtl_test::Bench<Vbell_axi4_check> {
    Port()
    {
        dut.m_axi_awsize = dut.m_axi_arsize = 3;
        dut.m_axi_awburst = dut.m_axi_arburst = 1;
        dut.m_axi_awcache = dut.m_axi_arcache = 2;
        dut.m_axi_wstrb = 0xff;
        tick();
    }

    void pass()
    {
        dut.m_axi_awready = dut.m_axi_wready = dut.m_axi_arready = 1;
        dut.m_axi_bready = dut.m_axi_rready = 1;
        tick();
        dut.m_axi_awready = dut.m_axi_wready = dut.m_axi_arready = 0;
        dut.m_axi_bready = dut.m_axi_rready = 0;
        dut.m_axi_awvalid = dut.m_axi_wvalid = dut.m_axi_arvalid = 0;
        dut.m_axi_bvalid = dut.m_axi_rvalid = 0;
    }
    void offer_aw(unsigned id, unsigned len, uint64_t addr = 0x1000)
    {
        dut.m_axi_awvalid = 1;
        dut.m_axi_awid = id;
        dut.m_axi_awlen = len;
        dut.m_axi_awaddr = addr;
    }
    void offer_ar(unsigned id, unsigned len, uint64_t addr = 0x1000)
    {
        dut.m_axi_arvalid = 1;
        dut.m_axi_arid = id;
        dut.m_axi_arlen = len;
        dut.m_axi_araddr = addr;
    }
    void offer_w(bool last)
    {
        dut.m_axi_wvalid = 1;
        dut.m_axi_wlast = last;
    }
    void offer_b(unsigned id, unsigned resp = 0)
    {
        dut.m_axi_bvalid = 1;
        dut.m_axi_bid = id;
        dut.m_axi_bresp = resp;
    }
    void offer_r(unsigned id, bool last, unsigned resp = 0)
    {
        dut.m_axi_rvalid = 1;
        dut.m_axi_rid = id;
        dut.m_axi_rlast = last;
        dut.m_axi_rresp = resp;
    }
    void aw(unsigned id, unsigned len, uint64_t addr = 0x1000)
    {
        offer_aw(id, len, addr);
        pass();
    }
    void ar(unsigned id, unsigned len, uint64_t addr = 0x1000)
    {
        offer_ar(id, len, addr);
        pass();
    }
    void w(bool last)
    {
        offer_w(last);
        pass();
    }
    void b(unsigned id, unsigned resp = 0)
    {
        offer_b(id, resp);
        pass();
    }
    void r(unsigned id, bool last, unsigned resp = 0)
    {
        offer_r(id, last, resp);
        pass();
    }
    void data(unsigned beats)
    {
        for (unsigned i = 1; i <= beats; i++)
            w(i == beats);
    }
};

void legal(Port &t)
{
    for (unsigned resp : {0u, 2u, 3u}) {
        t.aw(1, 15, 0x1f80); // Up to the end of its page.
        t.data(16);
        t.b(1, resp);
        t.data(3); // Data first.
        t.w(false);
        t.aw(2, 2);
        t.aw(2, 1);
        t.w(true);
        t.b(2, resp);
        t.b(2, resp);
        t.aw(1, 0);
        t.aw(2, 0);
        t.w(true);
        t.w(true);
        t.b(2, resp); // Ids in any order.
        t.b(1, resp);
        t.offer_aw(3, 0);
        t.offer_w(true);
        t.pass();
        t.b(3);
        t.ar(1, 1);
        t.ar(2, 2);
        t.ar(1, 0);
        t.r(2, false, resp);
        t.r(1, false);
        t.r(2, false);
        t.r(1, true, resp);
        t.r(1, true);
        t.r(2, true, resp);
        t.offer_ar(0, 0);
        for (unsigned i = 0; i < 3 * kMaxWait; i++)
            t.tick();
        t.pass();
        t.r(0, true);
    }
}

const rtl_test::Plant<Port> kHandshakes[] = {
    {"", legal},
    {"AW_VALID", [](Port &t) { t.offer_aw(0, 0); t.tick(); t.dut.m_axi_awvalid = 0; }},
    {"AW_PAYLOAD", [](Port &t) { t.offer_aw(0, 0); t.tick(); t.dut.m_axi_awaddr += 8; }},
    {"AW_PAYLOAD", [](Port &t) { t.offer_aw(0, 0); t.tick(); t.dut.m_axi_awuser++; }},
    {"AW_PAYLOAD", [](Port &t) { t.offer_aw(0, 0); t.tick(); t.dut.m_axi_awqos++; }},
    {"W_VALID", [](Port &t) { t.offer_w(true); t.tick(); t.dut.m_axi_wvalid = 0; }},
    {"W_PAYLOAD", [](Port &t) { t.offer_w(true); t.tick(); t.dut.m_axi_wdata++; }},
    {"W_PAYLOAD", [](Port &t) { t.offer_w(true); t.tick(); t.dut.m_axi_wlast = 0; }},
    {"AR_VALID", [](Port &t) { t.offer_ar(0, 0); t.tick(); t.dut.m_axi_arvalid = 0; }},
    {"AR_PAYLOAD", [](Port &t) { t.offer_ar(0, 0); t.tick(); t.dut.m_axi_arid++; }},
    {"AR_PAYLOAD", [](Port &t) { t.offer_ar(0, 0); t.tick(); t.dut.m_axi_arlen++; }},
    {"B_VALID",
     [](Port &t) { t.aw(0, 0); t.w(1); t.offer_b(0); t.tick(); t.dut.m_axi_bvalid = 0; }},
    {"B_PAYLOAD",
     [](Port &t) { t.aw(0, 0); t.w(1); t.offer_b(0); t.tick(); t.dut.m_axi_bresp = 3; }},
    {"R_VALID", [](Port &t) { t.ar(0, 0); t.offer_r(0, 1); t.tick(); t.dut.m_axi_rvalid = 0; }},
    {"R_PAYLOAD", [](Port &t) { t.ar(0, 0); t.offer_r(0, 1); t.tick(); t.dut.m_axi_rdata++; }},
    {"RESET_DEVICE", [](Port &t) { t.dut.rst_ni = 0; t.offer_aw(0, 0); t.tick(); }},
    {"RESET_DEVICE", [](Port &t) { t.dut.rst_ni = 0; t.offer_w(true); t.tick(); }},
    {"RESET_DEVICE", [](Port &t) { t.reset(); t.offer_ar(0, 0); t.tick(); }},
    {"RESET_MEMORY", [](Port &t) { t.dut.rst_ni = 0; t.offer_b(0); t.tick(); }},
    {"RESET_MEMORY", [](Port &t) { t.reset(); t.offer_r(0, true); t.tick(); t.reset(); }},
};

const rtl_test::Plant<Port> kRequests[] = {
    {"AW_LEN", [](Port &t) { t.aw(0, 16); }},
    {"AW_SIZE", [](Port &t) { t.dut.m_axi_awsize = 2; t.aw(0, 0); }},
    {"AW_BURST", [](Port &t) { t.dut.m_axi_awburst = 2; t.aw(0, 1); }},
    {"AW_ALIGN", [](Port &t) { t.aw(0, 0, 0x1004); }},
    {"AW_4K", [](Port &t) { t.aw(0, 1, 0x1ff8); }},
    {"AW_CACHE", [](Port &t) { t.dut.m_axi_awcache = 4; t.aw(0, 0); }},
    {"AW_LOCK", [](Port &t) { t.dut.m_axi_awlock = 1; t.aw(0, 0); }},
    {"AR_LEN", [](Port &t) { t.ar(0, 16); }},
    {"AR_SIZE", [](Port &t) { t.dut.m_axi_arsize = 4; t.ar(0, 0); }},
    {"AR_BURST", [](Port &t) { t.dut.m_axi_arburst = 0; t.ar(0, 1); }},
    {"AR_ALIGN", [](Port &t) { t.ar(0, 0, 0x1001); }},
    {"AR_4K", [](Port &t) { t.ar(0, 15, 0x1f88); }},
    {"AR_CACHE", [](Port &t) { t.dut.m_axi_arcache = 12; t.ar(0, 0); }},
    {"AR_LOCK", [](Port &t) { t.dut.m_axi_arlock = 1; t.ar(0, 0); }},
};

const rtl_test::Plant<Port> kBursts[] = {
    {"W_LAST", [](Port &t) { t.aw(0, 1); t.w(true); }},
    {"W_LAST", [](Port &t) { t.aw(0, 0); t.w(false); }},
    {"W_LAST", [](Port &t) { t.data(2); t.aw(0, 2); }},             // One beat short,
    {"W_LAST", [](Port &t) { t.w(0); t.w(0); t.w(0); t.aw(0, 1); }}, // one too many, data first.
    {"W_STRB", [](Port &t) { t.aw(0, 0); t.dut.m_axi_wstrb = 0x0f; t.w(true); }},
    {"W_LATE",
     [](Port &t) {
         t.aw(0, 1);
         t.w(false);
         for (unsigned i = 0; i <= kMaxWait; i++)
             t.tick();
     }},
    {"B_ID", [](Port &t) { t.b(0); }},
    {"B_ID", [](Port &t) { t.aw(1, 0); t.w(1); t.b(2); }},
    {"B_ID", [](Port &t) { t.aw(1, 0); t.w(1); t.b(1); t.b(1); }},
    {"B_EARLY", [](Port &t) { t.aw(1, 0); t.b(1); }},
    {"B_EARLY", [](Port &t) { t.aw(1, 1); t.w(0); t.offer_w(1); t.offer_b(1); t.pass(); }},
    {"B_EARLY", [](Port &t) { t.aw(1, 0); t.aw(2, 0); t.w(1); t.b(2); }}, // That was 1's beat.
    {"B_RESP", [](Port &t) { t.aw(0, 0); t.w(1); t.b(0, kExOkay); }},
    {"R_ID", [](Port &t) { t.r(0, true); }},
    {"R_ID", [](Port &t) { t.ar(1, 0); t.r(2, true); }},
    {"R_ID", [](Port &t) { t.ar(1, 0); t.r(1, true); t.r(1, true); }},
    {"R_LAST", [](Port &t) { t.ar(1, 1); t.r(1, true); }},
    {"R_LAST", [](Port &t) { t.ar(1, 0); t.r(1, false); }},
    {"R_LAST", [](Port &t) { t.ar(1, 0); t.ar(1, 1); t.r(1, true); t.r(1, true); }},
    {"R_RESP", [](Port &t) { t.ar(0, 0); t.r(0, true, kExOkay); }},
    {"TOO_MANY", [](Port &t) { for (unsigned i = 0; i <= kDepth; i++) t.aw(i, 0); }},
    {"TOO_MANY", [](Port &t) { for (unsigned i = 0; i <= kDepth; i++) t.w(true); }},
    {"TOO_MANY", [](Port &t) { for (unsigned i = 0; i <= kDepth; i++) t.ar(0, 0); }},
};

} // namespace

RTL_TEST(assert, axi4_rules_of_handshakes)
{
    rtl_test::run_table("m_axi", kHandshakes);
}

RTL_TEST(assert, axi4_rules_of_requests)
{
    rtl_test::run_table("m_axi", kRequests);
}

RTL_TEST(assert, axi4_rules_of_bursts)
{
    rtl_test::run_table("m_axi", kBursts);
}
