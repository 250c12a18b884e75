// SPDX-License-Identifier: MIT
//
// What the target `sim` of belfry.core runs: reset, idle, the identity, a store to a
// doorbell and one to a doorbell that is not fitted. Exit 0 and "smoke: ok" when all is right.

#include "Vbell_top.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace {

constexpr unsigned kFitted = 1; // Doorbells.
constexpr uint64_t kIdentity = 0x4c4c4542; // "BELL", the low half of the register at 0.
constexpr unsigned kOkay = 0, kSlvErr = 2;
constexpr unsigned kMostClocks = 20000; // Of a wait.
constexpr uint32_t kDoorbells = 1u << 24, kPage = 4096;

Vbell_top *top;

void require(bool condition, const char *what)
{
    if (condition)
        return;
    std::printf("smoke: %s\n", what);
    std::exit(1);
}

void tick()
{
    top->clk_i = 0;
    top->eval();
    top->clk_i = 1;
    top->eval();
}

template <typename Condition>
void wait(const char *what, Condition condition)
{
    for (unsigned i = 0; i < kMostClocks; i++) {
        if (condition())
            return;
        tick();
    }
    std::printf("smoke: %s: not within %u clocks\n", what, kMostClocks);
    std::exit(1);
}

uint64_t read(uint32_t addr)
{
    top->s_axil_araddr = addr;
    top->s_axil_arvalid = 1;
    wait("read address", [] { return top->s_axil_arready != 0; });
    tick();
    top->s_axil_arvalid = 0;
    wait("read data", [] { return top->s_axil_rvalid != 0; });
    const uint64_t data = top->s_axil_rdata;
    require(top->s_axil_rresp == kOkay, "a register answers with an error");
    tick();
    return data;
}

unsigned write(uint32_t addr, uint64_t data)
{
    top->s_axil_awaddr = addr;
    top->s_axil_wdata = data;
    top->s_axil_wstrb = 0xff;
    top->s_axil_awvalid = top->s_axil_wvalid = 1;
    for (unsigned i = 0; top->s_axil_awvalid || top->s_axil_wvalid; i++) {
        require(i < kMostClocks, "a write is not taken");
        const bool address = top->s_axil_awvalid && top->s_axil_awready;
        const bool word = top->s_axil_wvalid && top->s_axil_wready;
        tick();
        top->s_axil_awvalid = top->s_axil_awvalid && !address;
        top->s_axil_wvalid = top->s_axil_wvalid && !word;
    }
    wait("write answer", [] { return top->s_axil_bvalid != 0; });
    const unsigned answer = top->s_axil_bresp;
    tick();
    return answer;
}

} // namespace

int main()
{
    const auto owned = std::make_unique<Vbell_top>();
    top = owned.get();
    top->strap_slots_i = kFitted;
    top->advance_i = 1;
    top->s_axil_bready = top->s_axil_rready = 1;
    tick();
    tick();
    top->rst_ni = 1;
    wait("idle", [] { return top->idle_o != 0; });
    require((read(0) & 0xffffffff) == kIdentity, "this is no bell");
    require(write(kDoorbells, 1) == kOkay, "a doorbell answers with an error");
    require(write(kDoorbells + kFitted * kPage, 1) == kSlvErr, "there is a doorbell too many");
    std::printf("smoke: ok\n");
    return 0;
}
