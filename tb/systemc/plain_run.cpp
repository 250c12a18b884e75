// SPDX-License-Identifier: MIT
#include "plain_run.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

namespace {

using Memory = std::map<uint64_t, uint64_t>;

struct Plain {
    Memory memory;
    uint64_t answered = 0;
};

enum bell_resp dma_read(void *ctx, uint32_t, uint64_t addr, void *data, size_t size)
{
    if (addr >= refuse_from)
        return BELL_RESP_DECERR;
    for (size_t at = 0; at < size; at += 8) {
        const uint64_t word = static_cast<Plain *>(ctx)->memory[addr + at];
        std::memcpy(static_cast<char *>(data) + at, &word, 8);
    }
    return BELL_RESP_OKAY;
}

enum bell_resp dma_write(void *ctx, uint32_t, uint64_t addr, const void *data, size_t size)
{
    if (addr >= refuse_from)
        return BELL_RESP_DECERR;
    for (size_t at = 0; at < size; at += 8)
        std::memcpy(&static_cast<Plain *>(ctx)->memory[addr + at],
                    static_cast<const char *>(data) + at, 8);
    return BELL_RESP_OKAY;
}

void mmio_done(void *ctx, uint64_t tag, uint64_t, enum bell_resp)
{
    static_cast<Plain *>(ctx)->answered = tag;
}

void irq(void *, bool) {}

void run_to(bell_device *device, uint64_t cycle)
{
    while (bell_device_cycle(device) < cycle)
        bell_device_step(device, cycle - bell_device_cycle(device));
}

} // namespace

uint64_t plain_run(const char *kind, const struct bell_device_config &config,
                   const std::vector<access_record> &accesses,
                   const std::vector<store_record> &stores, uint64_t end)
{
    Plain plain;
    const bell_device_host host = {&plain, dma_read, dma_write, mmio_done, irq, nullptr, nullptr};
    char error[200];
    bell_device_config alone = config; // Without the model in lockstep: the same to the bit.
    alone.lockstep = false;
    bell_device *device = bell_device_create(kind, &alone, &host, error, sizeof(error));
    if (device == nullptr) {
        std::printf("FAIL systemc.plain_run %s\n", error);
        std::exit(1);
    }
    uint64_t tag = 0;
    auto store = stores.begin();
    const auto store_until = [&](uint64_t cycle) {
        for (; store != stores.end() && store->at <= cycle; ++store) {
            run_to(device, store->at);
            plain.memory[store->addr] = store->value;
        }
    };
    for (const access_record &access : accesses) {
        store_until(access.at);
        run_to(device, access.at);
        if (access.write)
            bell_device_mmio_write(device, access.addr, access.data, access.size, ++tag);
        else
            bell_device_mmio_read(device, access.addr, ++tag);
    }
    store_until(end);
    run_to(device, end);
    const uint64_t hash = bell_device_event_hash(device);
    bell_device_destroy(device);
    return hash;
}
