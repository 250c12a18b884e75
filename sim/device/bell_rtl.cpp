// SPDX-License-Identifier: MIT
#include "Vbell_top.h"
#include "Vbell_top___024root.h"
#include "bell_rtl.h"
#include "bell_rtl_dma.h"
#include "bell_rtl_mmio.h"
#include "bell_rtl_waves.h"

#include <algorithm>
#include <memory>

namespace {

constexpr unsigned kSlots = Vbell_top___024root::bell_top__DOT__NumSlots;
constexpr unsigned kQueues = Vbell_top___024root::bell_top__DOT__NumQueues;
constexpr unsigned kNodes = Vbell_top___024root::bell_top__DOT__NumNodes;

constexpr unsigned kResetClocks = 4;
constexpr unsigned kSettleClocks = 8192; // Longest a core may need to be idle after reset.

// The part of a vector output that belongs to one node.
inline uint64_t part(uint64_t vector, unsigned node, unsigned width)
{
    return (vector >> (node * width)) & (width == 64 ? ~0ull : (1ull << width) - 1);
}
template <std::size_t Words>
inline uint64_t part(const VlWide<Words> &vector, unsigned node, unsigned)
{
    return vector.at(2 * node) | static_cast<uint64_t>(vector.at(2 * node + 1)) << 32;
}

struct Core : bell_device {
    Core(const bell_device_config &config, const bell_device_host &host);
    ~Core();

    bool reset();
    uint64_t step(uint64_t cycles);
    // Verilator's run-time functions find their context in a variable of the thread.
    void enter() { Verilated::threadContextp(&context); }
    bool quiet() const { return !mmio.busy() && !taps() && !asks(); }

    VerilatedContext context;
    std::unique_ptr<Vbell_top> top;
    bell::Link link;
    bell::MmioPort mmio;
    bell::DmaPort dma;
    bell::Waves waves;
    bool skip = true;
    bool irq = false;

  private:
    void clock(uint64_t end);
    void observe();
    void report_taps();
    void report(bell_device_event_kind kind, unsigned node, uint64_t queue, uint64_t rptr);
    uint64_t span(uint64_t end) const;
    bool taps() const
    {
        return (top->ring_valid_o | top->sample_valid_o | top->start_valid_o |
                top->done_valid_o) != 0;
    }
    bool asks() const
    {
        return (top->m_axi_arvalid | top->m_axi_awvalid | top->m_axi_wvalid) != 0;
    }
    void toggle(unsigned &dumps);
};

Core::Core(const bell_device_config &config, const bell_device_host &host)
    : dma(config.dma_latency)
{
    link.host = host;
    const uint64_t mixed = bell_hash_word(BELL_HASH_SEED, config.reset_seed);
    context.randSeed(static_cast<int>(mixed >> 34) | 1); // 0 would ask for the host's entropy.
    context.randReset(2);
    context.traceEverOn(config.waves != nullptr);
    top = std::make_unique<Vbell_top>(&context, "bell");
    top->clk_i = 0;
    top->rst_ni = 1;
    top->strap_slots_i = config.slots & 0x7ff;
    top->advance_i = 1;
    top->s_axil_awprot = top->s_axil_arprot = 0;
    top->s_axil_bready = top->s_axil_rready = 1;
}

Core::~Core()
{
    enter();
    waves.close();
    top->final();
    top.reset();
    Verilated::threadContextp(nullptr);
}

// One clock that does not count.
void Core::toggle(unsigned &dumps)
{
    for (unsigned level = 0; level < 2; level++) {
        top->clk_i = level & 1;
        top->eval();
        if (dumps < 90)
            waves.reset(link.cycle, dumps++);
    }
}

bool Core::reset()
{
    unsigned dumps = 0;
    enter();
    mmio.reset();
    dma.reset();
    top->advance_i = 1;
    top->s_axil_awvalid = top->s_axil_wvalid = top->s_axil_arvalid = 0;
    dma.drive(*top, link);
    top->clk_i = 0;
    top->eval();
    top->rst_ni = 0;
    for (unsigned i = 0; i < kResetClocks; i++)
        toggle(dumps);
    top->rst_ni = 1;
    toggle(dumps);
    for (unsigned i = 0; i < kSettleClocks && !top->idle_o; i++)
        toggle(dumps);
    return top->idle_o;
}

void Core::report(bell_device_event_kind kind, unsigned node, uint64_t queue, uint64_t rptr)
{
    bell_device_event event = {};
    event.kind = kind;
    event.cycle = link.cycle;
    event.queue = static_cast<uint32_t>(queue);
    event.node = node;
    event.rptr = rptr;
    link.host.event(link.host.ctx, &event);
}

void Core::report_taps()
{
    if (top->ring_valid_o) {
        bell_device_event event = {};
        event.kind = BELL_DEV_RING;
        event.cycle = link.cycle;
        event.slot = top->ring_slot_o;
        event.queue = top->ring_queue_o;
        event.bucket = top->ring_bucket_o;
        event.cause = top->ring_cause_o;
        link.host.event(link.host.ctx, &event);
    }
    for (unsigned node = 0; node < kNodes; node++) {
        if (top->sample_valid_o >> node & 1)
            report(BELL_DEV_SAMPLE, node, part(top->sample_queue_o, node, 10), 0);
        if (top->start_valid_o >> node & 1)
            report(BELL_DEV_START, node, part(top->start_queue_o, node, 10),
                   part(top->start_rptr_o, node, 64));
        if (top->done_valid_o >> node & 1)
            report(BELL_DEV_DONE, node, part(top->done_queue_o, node, 10),
                   part(top->done_rptr_o, node, 64));
    }
}

void Core::observe()
{
    link.lockstep.observe(*top, link.cycle);
    if (mmio.busy())
        mmio.observe(*top, link);
    if (dma.busy() || asks())
        dma.observe(*top, link);
    if (taps() && link.host.event != nullptr)
        report_taps();
    if (irq == (top->irq_o != 0))
        return;
    irq = top->irq_o;
    link.note(BELL_HASH_IRQ, irq, 0);
    link.lockstep.irq(link.cycle, irq);
    link.stop = true;
    if (link.host.event != nullptr) {
        bell_device_event event = {};
        event.kind = BELL_DEV_IRQ;
        event.cycle = link.cycle;
        event.value = irq;
        link.host.event(link.host.ctx, &event);
    }
    link.host.irq(link.host.ctx, irq);
}

// Clocks that the coming edge may stand for: nothing may happen before the last of them.
uint64_t Core::span(uint64_t end) const
{
    uint64_t to = std::min(end, waves.next(link.cycle));
    if (top->m_axi_rvalid | top->m_axi_bvalid)
        return 1;
    if (dma.busy())
        to = std::min(to, dma.next());
    if (to <= link.cycle)
        return 1;
    constexpr uint64_t kMost = UINT32_MAX;
    const uint64_t clocks = std::min({to - link.cycle, top->next_deadline_o, kMost});
    return clocks == 0 ? 1 : clocks;
}

inline void Core::clock(uint64_t end)
{
    if (mmio.busy())
        mmio.drive(*top, link);
    if (dma.busy())
        dma.drive(*top, link);
    top->clk_i = 0;
    top->eval();
    const bool record = waves.recording(link.cycle);
    if (record)
        waves.inputs(link.cycle);
    observe();
    uint64_t clocks = 1;
    if (skip && top->idle_o && !link.stop && quiet())
        clocks = span(end);
    if (clocks != 1) { // Like any input: stable before the edge.
        top->advance_i = static_cast<uint32_t>(clocks);
        top->eval();
    }
    top->clk_i = 1;
    top->eval();
    if (record)
        waves.edge(link.cycle);
    top->advance_i = 1;
    link.cycle += clocks;
}

uint64_t Core::step(uint64_t cycles)
{
    enter();
    const uint64_t start = link.cycle;
    const uint64_t end = cycles > bell::kNever - start ? bell::kNever : start + cycles;
    link.stop = false;
    do
        clock(end);
    while (link.cycle < end && !link.stop);
    link.lockstep.look(link.cycle);
    return link.cycle - start;
}

Core *core(bell_device *device)
{
    return static_cast<Core *>(device);
}
const Core *core(const bell_device *device)
{
    return static_cast<const Core *>(device);
}

void rtl_destroy(bell_device *device)
{
    delete core(device);
}

uint32_t rtl_num_queues(const bell_device *)
{
    return kQueues;
}

void rtl_reset(bell_device *device)
{
    bell::Link &link = core(device)->link;
    link.note(BELL_HASH_RESET, 0, 0);
    link.lockstep.reset(link.cycle);
    if (!core(device)->reset())
        bell::broken(link, "not idle after reset");
}

void rtl_mmio_write(bell_device *device, uint64_t addr, uint64_t data, unsigned size, uint64_t tag)
{
    core(device)->mmio.write(addr, data, size, tag);
}

void rtl_mmio_read(bell_device *device, uint64_t addr, uint64_t tag)
{
    core(device)->mmio.read(addr, tag);
}

uint64_t rtl_step(bell_device *device, uint64_t cycles)
{
    return core(device)->step(cycles);
}

uint64_t rtl_cycle(const bell_device *device)
{
    return core(device)->link.cycle;
}

bool rtl_idle(const bell_device *device)
{
    const Core *self = core(device);
    return self->quiet() && !self->dma.busy() && self->top->idle_o;
}

void rtl_set_idle_skip(bell_device *device, bool on)
{
    core(device)->skip = on;
}

uint64_t rtl_event_hash(const bell_device *device)
{
    return core(device)->link.hash;
}

void rtl_flush_waves(bell_device *device)
{
    core(device)->waves.flush();
}

const bell_device_ops kOps = {
    rtl_destroy, rtl_num_queues, rtl_reset, rtl_mmio_write,    rtl_mmio_read,  rtl_step,
    rtl_cycle,   rtl_idle,       rtl_set_idle_skip, rtl_event_hash, rtl_flush_waves,
};

} // namespace

const Vbell_top &bell_rtl_top(const struct bell_device *device)
{
    return *core(device)->top;
}

uint32_t bell_rtl_max_slots(void)
{
    return kSlots;
}

struct bell_device *bell_rtl_create(const struct bell_device_config *config,
                                    const struct bell_device_host *host, char *error,
                                    size_t error_size)
{
    auto self = std::make_unique<Core>(*config, *host);
    self->ops = &kOps;
    if (config->waves != nullptr && !self->waves.open(*self->top, *config, error, error_size))
        return nullptr;
    if (config->lockstep && !self->link.lockstep.open(*config, *host)) {
        std::snprintf(error, error_size, "device rtl: no memory for the model in lockstep");
        return nullptr;
    }
    if (!self->reset()) {
        std::snprintf(error, error_size, "device rtl: bell_top is not idle %u clocks after reset",
                      kSettleClocks);
        return nullptr;
    }
    return self.release();
}
