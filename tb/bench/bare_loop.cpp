// SPDX-License-Identifier: MIT
#include "bare_loop.h"

#include "Vbell_top.h"
#include "bell_device_hash.h"
#include "bell_rtl.h"
#include "core_traffic.h"

#include <memory>
#include <type_traits>

namespace bench {
namespace {

#define INPUTS(X) \
    X(s_axil_awaddr) X(s_axil_awvalid) X(s_axil_wdata) X(s_axil_wstrb) X(s_axil_wvalid) \
    X(s_axil_araddr) X(s_axil_arvalid) X(m_axi_arready) X(m_axi_rid) X(m_axi_rdata) \
    X(m_axi_rresp) X(m_axi_rlast) X(m_axi_rvalid) X(m_axi_awready) X(m_axi_wready) \
    X(m_axi_bid) X(m_axi_bresp) X(m_axi_bvalid)

// All inputs, as they are from clock `cycle` until the next record.
struct Pins {
    uint64_t cycle;
#define X(pin) uint64_t pin;
    INPUTS(X)
#undef X
};

Pins sample(const Vbell_top &top, uint64_t cycle)
{
    Pins pins;
    pins.cycle = cycle;
#define X(pin) pins.pin = top.pin;
    INPUTS(X)
#undef X
    return pins;
}

bool same(const Pins &a, const Pins &b)
{
#define X(pin) \
    if (a.pin != b.pin) \
        return false;
    INPUTS(X)
#undef X
    return true;
}

inline void apply(Vbell_top &top, const Pins &pins)
{
#define X(pin) top.pin = static_cast<std::remove_reference_t<decltype(top.pin)>>(pins.pin);
    INPUTS(X)
#undef X
}

uint64_t sum_outputs(uint64_t sum, const Vbell_top &top)
{
    // What is not valid may be anything.
    sum = bell_hash_word(sum, (top.m_axi_arvalid ? top.m_axi_araddr : 0) ^
                                  (top.m_axi_awvalid ? top.m_axi_awaddr : 0) << 1 ^
                                  (top.m_axi_wvalid ? top.m_axi_wdata : 0));
    return bell_hash_word(sum, top.irq_o | top.idle_o << 1 | top.m_axi_arvalid << 2 |
                                   top.m_axi_wvalid << 3 | top.s_axil_bvalid << 4);
}

struct Recording {
    std::vector<Pins> pins;
    uint64_t timed_from;
    uint64_t end;
    uint64_t sum = 0;
};

Recording record()
{
    Recording recording;
    Host host("rtl", config());
    bell_device_set_idle_skip(host.device, false);
    const Vbell_top &top = bell_rtl_top(host.device);
    const auto clock = [&](uint64_t) {
        const uint64_t cycle = bell_device_cycle(host.device);
        bell_device_step(host.device, 1);
        const Pins pins = sample(top, cycle);
        if (recording.pins.empty() || !same(pins, recording.pins.back()))
            recording.pins.push_back(pins);
        recording.sum = sum_outputs(recording.sum, top);
    };
    host.each_clock = clock;
    set_up(host);
    recording.timed_from = bell_device_cycle(host.device);
    traffic(host, kRounds, kRoundClocks, kQueues, clock);
    recording.end = bell_device_cycle(host.device);
    host.each_clock = nullptr;
    finish(host, kQueues, kRounds);
    return recording;
}

void reset(Vbell_top &top)
{
    top.strap_slots_i = kQueues;
    top.advance_i = 1;
    top.s_axil_bready = top.s_axil_rready = 1;
    for (unsigned i = 0; i < 8200; i++) {
        top.rst_ni = i == 0 || i > 4;
        top.clk_i = 0;
        top.eval();
        top.clk_i = 1;
        top.eval();
    }
    require(top.idle_o, "the bare core is not idle after reset");
}

template <bool Sum>
double bare(const Recording &recording, uint64_t *sum)
{
    VerilatedContext context;
    const auto top = std::make_unique<Vbell_top>(&context);
    reset(*top);
    const Pins *next = recording.pins.data();
    const Pins *const last = next + recording.pins.size();
    double start = 0;
    for (uint64_t cycle = 0; cycle < recording.end; cycle++) {
        if (cycle == recording.timed_from)
            start = seconds();
        if (next != last && next->cycle == cycle)
            apply(*top, *next++);
        top->clk_i = 0;
        top->eval();
        top->clk_i = 1;
        top->eval();
        if (Sum)
            *sum = sum_outputs(*sum, *top);
    }
    return static_cast<double>(recording.end - recording.timed_from) / (seconds() - start);
}

} // namespace

struct BareLoop::Inside {
    Recording recording;
};

BareLoop::BareLoop() : inside_(new Inside{record()})
{
    uint64_t sum = 0;
    bare<true>(inside_->recording, &sum);
    require(sum == inside_->recording.sum, "the bare loop did not do what the engine did");
}

BareLoop::~BareLoop() = default;

double BareLoop::rate() const
{
    return bare<false>(inside_->recording, nullptr);
}

} // namespace bench
