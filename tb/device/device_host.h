/* SPDX-License-Identifier: MIT */
/**
 * @file device_host.h
 * @brief A host for one device: flat memory, one refused range, records of all that happened.
 *
 * Header of the device tests and the core benchmark. Register accesses are blocking; each gives up
 * after kPatience clocks with a message and the whole program fails.
 */
#ifndef DEVICE_HOST_H
#define DEVICE_HOST_H

#include "bell_device.h"
#include "bell_formats.h"
#include "bell_regs.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <vector>

namespace test {

constexpr uint64_t kPatience = 100000; ///< Clocks a wait may take.
constexpr size_t kMemory = 1 << 20;

struct Answer {
    uint64_t data;
    enum bell_resp resp;
};

struct Dma {
    uint64_t cycle;
    uint64_t addr;
    uint32_t pasid;
    bool write;
};

class Host {
  public:
    Host(const char *kind, bell_device_config config) : memory(kMemory)
    {
        const bell_device_host host = {this, dma_read, dma_write, mmio_done, on_irq, on_event,
                                       differs};
        device = bell_device_create(kind, &config, &host, error, sizeof(error));
    }
    ~Host() { bell_device_destroy(device); }
    Host(const Host &) = delete;
    Host &operator=(const Host &) = delete;

    Answer write(uint64_t addr, uint64_t data, unsigned size = 8)
    {
        bell_device_mmio_write(device, addr, data, size, ++asked);
        return wait_answer("write", addr);
    }
    Answer read(uint64_t addr)
    {
        bell_device_mmio_read(device, addr, ++asked);
        return wait_answer("read", addr);
    }
    uint64_t value(uint64_t addr) { return read(addr).data; }

    /// Let exactly `cycles` clocks pass.
    void run(uint64_t cycles)
    {
        const uint64_t end = bell_device_cycle(device) + cycles;
        while (bell_device_cycle(device) < end)
            bell_device_step(device, end - bell_device_cycle(device));
    }

    template <typename Condition> void run_until(const char *what, Condition condition)
    {
        const uint64_t start = bell_device_cycle(device);
        while (!condition()) {
            if (bell_device_cycle(device) - start > kPatience)
                give_up("test", what);
            if (each_clock)
                each_clock(1);
            else
                bell_device_step(device, 1);
        }
    }

    uint64_t load(uint64_t addr) const
    {
        uint64_t value;
        std::memcpy(&value, &memory.at(addr), 8);
        return value;
    }
    void store(uint64_t addr, uint64_t value) { std::memcpy(&memory.at(addr), &value, 8); }

    bell_device *device;
    char error[200] = "";
    std::vector<uint8_t> memory;
    std::vector<bell_device_event> events;
    std::vector<Dma> accesses;
    std::vector<Answer> answers;
    uint64_t asked = 0;
    bool irq = false;
    bool record = true;
    std::function<void(uint64_t)> each_clock; ///< Instead of a step of one clock, while waiting.
    uint64_t refuse_from = UINT64_MAX; ///< DMA at or above is refused.
    enum bell_resp refusal = BELL_RESP_DECERR;

  private:
    [[noreturn]] void give_up(const char *who, const char *what)
    {
        std::printf("FAIL device.timeout %s waited %llu clocks for %s\n", who,
                    static_cast<unsigned long long>(kPatience), what);
        std::exit(1);
    }

    Answer wait_answer(const char *what, uint64_t addr)
    {
        char text[64];
        std::snprintf(text, sizeof(text), "the answer to a %s at 0x%llx", what,
                      static_cast<unsigned long long>(addr));
        run_until(text, [this] { return answers.size() == asked; });
        return answers.back();
    }

    enum bell_resp touch(uint32_t pasid, uint64_t addr, size_t size, bool write)
    {
        if (record)
            accesses.push_back({bell_device_cycle(device), addr, pasid, write});
        if (addr + size > refuse_from)
            return refusal;
        return addr + size > kMemory ? BELL_RESP_DECERR : BELL_RESP_OKAY;
    }

    static Host &self(void *ctx) { return *static_cast<Host *>(ctx); }
    static enum bell_resp dma_read(void *ctx, uint32_t pasid, uint64_t addr, void *data,
                                   size_t size)
    {
        const enum bell_resp resp = self(ctx).touch(pasid, addr, size, false);
        if (resp == BELL_RESP_OKAY)
            std::memcpy(data, &self(ctx).memory[addr], size);
        return resp;
    }
    static enum bell_resp dma_write(void *ctx, uint32_t pasid, uint64_t addr, const void *data,
                                    size_t size)
    {
        const enum bell_resp resp = self(ctx).touch(pasid, addr, size, true);
        if (resp == BELL_RESP_OKAY)
            std::memcpy(&self(ctx).memory[addr], data, size);
        return resp;
    }
    static void mmio_done(void *ctx, uint64_t tag, uint64_t data, enum bell_resp resp)
    {
        if (tag != self(ctx).answers.size() + 1)
            self(ctx).give_up("test", "answers in the order of the accesses");
        self(ctx).answers.push_back({data, resp});
    }
    static void on_irq(void *ctx, bool level) { self(ctx).irq = level; }
    [[noreturn]] static void differs(void *, const char *text)
    {
        std::printf("FAIL %s\n", text);
        std::exit(1);
    }
    static void on_event(void *ctx, const bell_device_event *event)
    {
        if (self(ctx).record)
            self(ctx).events.push_back(*event);
    }
};

/// One queue with its ring, control area and command buffer in a 64-KiB piece of memory, of 15.
struct Queue {
    uint32_t index;
    uint32_t node = 0;
    uint32_t log2_entries = 4;

    uint64_t home() const { return 0x10000 * (1 + static_cast<uint64_t>(index % 15)); }
    uint64_t ring() const { return home(); }
    uint64_t control() const { return home() + 0x4000; }
    uint64_t fence() const { return home() + 0x5000; }
    uint64_t buffer() const { return home() + 0x8000; }
    uint32_t pasid() const { return index + 1; }

    /// Context words, OPEN, ADD; doorbell `slot` wakes it.
    void open(Host &host, uint32_t slot) const
    {
        host.write(BELL_QUEUE_BASE_OFFSET(index), ring());
        host.write(BELL_QUEUE_CONTROL_OFFSET(index), control());
        host.write(BELL_QUEUE_CONFIG_OFFSET(index),
                   BELL_FIELD_PUT(BELL_QUEUE_CONFIG_LOG2_ENTRIES, log2_entries) |
                       BELL_FIELD_PUT(BELL_QUEUE_CONFIG_NODE, node) |
                       BELL_FIELD_PUT(BELL_QUEUE_CONFIG_PASID, pasid()));
        host.write(BELL_QUEUE_RPTR_OFFSET(index), 0);
        host.write(BELL_QUEUE_CMD_OFFSET(index), BELL_QUEUE_CMD_OPEN);
        host.write(BELL_QUEUE_CMD_OFFSET(index), BELL_QUEUE_CMD_ADD);
        host.write(BELL_SLOT_OWNER_OFFSET(slot),
                   BELL_FIELD_PUT(BELL_SLOT_OWNER_QUEUE, index) |
                       BELL_FIELD_PUT(BELL_SLOT_OWNER_VALID, 1));
    }

    /// Entry `count` = a buffer of these packets; WPTR becomes count + 1.
    void submit(Host &host, uint64_t count, const std::vector<bell_packet> &packets) const
    {
        const uint64_t addr = buffer() + (count % 16) * 0x400;
        const uint64_t entry = ring() + (count % (1u << log2_entries)) * BELL_ENTRY_BYTES;
        std::memcpy(&host.memory.at(addr), packets.data(), packets.size() * BELL_PACKET_BYTES);
        host.store(entry, addr | BELL_FIELD_PUT(BELL_ENTRY_WORD0_TAG, count));
        host.store(entry + 8, packets.size() * BELL_PACKET_BYTES);
        host.store(control(), count + 1);
    }

    bell_packet fence_packet(uint64_t value) const
    {
        return {BELL_OP_FENCE, fence(), value, 0};
    }
};

inline uint64_t doorbell(uint32_t slot)
{
    return BELL_DEVICE_BAR2 + static_cast<uint64_t>(slot) * BELL_DOORBELL_BYTES;
}

inline void enable(Host &host)
{
    host.write(BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
    host.write(BELL_IRQ_CTRL_OFFSET, BELL_IRQ_CTRL_ENABLE_MASK);
}

} // namespace test
#endif
