// SPDX-License-Identifier: MIT
//
// Command rate of the device: clocks a no-op buffer by number of nodes, queues and buffers a queue,
// at several memory latencies. Counts, not times: the same on every host.
//
// A buffer is two words of ring entry and four of a packet on a 64-bit bus: 6 clocks at best for all
// nodes together. Budget at latency 64, queues ready: 16, aim 4 (which wants a wider bus).

#include "device_host.h"

#include <algorithm>

namespace {

using test::doorbell;
using test::Host;
using test::Queue;

double clocks_a_buffer(uint32_t latency, unsigned nodes, unsigned queues, unsigned each)
{
    bell_device_config config = {};
    config.slots = 16;
    config.dma_latency = latency;
    config.reset_seed = 1;
    Host host("rtl", config);
    uint64_t done = 0, last = 0;

    test::enable(host);
    for (unsigned i = 0; i < queues; i++) {
        const Queue queue = {i, i % nodes, 9};
        queue.open(host, i);
        for (unsigned n = 0; n < each; n++)
            queue.submit(host, n, {{BELL_OP_NOP, 0, 0, 0}});
    }
    host.events.clear();
    const uint64_t from = bell_device_cycle(host.device);
    for (unsigned i = 0; i < queues; i++)
        bell_device_mmio_write(host.device, doorbell(i), 1, 8, ++host.asked);
    while (done != static_cast<uint64_t>(queues) * each) {
        host.run(16);
        for (const bell_device_event &event : host.events) {
            done += event.kind == BELL_DEV_DONE;
            last = event.kind == BELL_DEV_DONE ? std::max(last, event.cycle) : last;
        }
        host.events.clear();
        host.accesses.clear();
    }
    return static_cast<double>(last - from) / (static_cast<double>(queues) * each);
}

} // namespace

int main()
{
    for (uint32_t latency : {1u, 64u, 256u}) {
        for (unsigned nodes : {1u, 3u}) {
            std::printf("rate.latency_%u_nodes_%u_one_queue_each %.1f clocks/buffer\n", latency,
                        nodes, clocks_a_buffer(latency, nodes, nodes, 400));
            std::printf("rate.latency_%u_nodes_%u_four_queues_each %.1f clocks/buffer\n", latency,
                        nodes, clocks_a_buffer(latency, nodes, 4 * nodes, 200));
            std::printf("rate.latency_%u_nodes_%u_one_buffer_a_queue %.1f clocks/buffer\n", latency,
                        nodes, clocks_a_buffer(latency, nodes, 4 * nodes, 1));
        }
    }
    return 0;
}
