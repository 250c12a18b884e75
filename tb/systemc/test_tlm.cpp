// SPDX-License-Identifier: MIT
//
// A SystemC program that knows the device by its sockets only: it opens a queue by registers, puts
// ring and command buffer into its own memory, stores to a doorbell page, sees fence and interrupt.
// Then the same accesses at the same cycles through the C API give the same event hash.
// Argument: device kind (both when absent). Each kind runs with several quanta, each in a process
// of its own, because SystemC elaborates once.

#include "bell_device_tlm.h"
#include "bell_formats.h"
#include "bell_regs.h"
#include "plain_run.h"

#include <cstdio>
#include <cstring>
#include <map>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

using sc_core::sc_time;
using sc_core::SC_NS;

namespace {

constexpr uint32_t kQueue = 9;
constexpr uint32_t kSlot = 2;
constexpr uint32_t kPasid = 0x1234;
constexpr uint64_t kRing = 0x10000;
constexpr uint64_t kControl = 0x12000;
constexpr uint64_t kFence = 0x13000;
constexpr uint64_t kBuffer = 0x14000;
constexpr uint64_t kDoorbell = BELL_DEVICE_BAR2 + kSlot * BELL_DOORBELL_BYTES;
const sc_time kPeriod(2, SC_NS);

unsigned failures = 0;

void check_equal(uint64_t got, uint64_t expected, const char *what, int line)
{
    if (got == expected)
        return;
    failures++;
    std::printf("  %s:%d: %s: expected 0x%llx, got 0x%llx\n", __FILE__, line, what,
                static_cast<unsigned long long>(expected), static_cast<unsigned long long>(got));
}
#define CHECK_EQ(got, expected) check_equal((got), (expected), #got, __LINE__)

struct Memory : sc_core::sc_module {
    tlm_utils::simple_target_socket<Memory, 64> port;
    std::map<uint64_t, uint64_t> words;
    uint32_t wrong_pasid = 0;

    explicit Memory(sc_core::sc_module_name name) : sc_module(name), port("port")
    {
        port.register_b_transport(this, &Memory::b_transport);
    }

    void b_transport(tlm::tlm_generic_payload &payload, sc_time &)
    {
        belfry::pasid_extension *who = nullptr;
        payload.get_extension(who);
        if (who == nullptr || who->pasid != kPasid)
            wrong_pasid++;
        const uint64_t addr = payload.get_address();
        if (addr >= refuse_from) {
            payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
            return;
        }
        for (unsigned at = 0; at < payload.get_data_length(); at += 8) {
            unsigned char *data = payload.get_data_ptr() + at;
            if (payload.is_write())
                std::memcpy(&words[addr + at], data, 8);
            else
                std::memcpy(data, &words[addr + at], 8);
        }
        payload.set_response_status(tlm::TLM_OK_RESPONSE);
    }
};

struct Program : sc_core::sc_module {
    tlm_utils::simple_initiator_socket<Program, 64> bus;
    sc_core::sc_in<bool> irq;
    Memory &memory;
    std::vector<access_record> accesses;
    std::vector<store_record> stores;
    bool finished = false;

    Program(sc_core::sc_module_name name, Memory &own)
        : sc_module(name), bus("bus"), irq("irq"), memory(own)
    {
        SC_HAS_PROCESS(Program);
        SC_THREAD(run);
    }

  private:
    tlm_utils::tlm_quantumkeeper keeper_;

    uint64_t now() const { return keeper_.get_current_time().value() / kPeriod.value(); }

    tlm::tlm_response_status access(bool write, uint64_t addr, uint64_t &data, unsigned size)
    {
        tlm::tlm_generic_payload payload;
        payload.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
        payload.set_address(addr);
        payload.set_data_ptr(reinterpret_cast<unsigned char *>(&data));
        payload.set_data_length(size);
        payload.set_streaming_width(size);
        sc_time delay = keeper_.get_local_time();
        accesses.push_back({now(), write, addr, write ? data : 0, size});
        bus->b_transport(payload, delay);
        keeper_.set(delay);
        keeper_.inc(7 * kPeriod);
        if (keeper_.need_sync())
            keeper_.sync();
        return payload.get_response_status();
    }

    void write(uint64_t addr, uint64_t data)
    {
        CHECK_EQ(access(true, addr, data, 8), tlm::TLM_OK_RESPONSE);
    }

    uint64_t read(uint64_t addr)
    {
        uint64_t data = 0;
        CHECK_EQ(access(false, addr, data, 8), tlm::TLM_OK_RESPONSE);
        return data;
    }

    void store(uint64_t addr, uint64_t value)
    {
        memory.words[addr] = value;
        stores.push_back({now(), addr, value});
    }

    void open_queue()
    {
        write(BELL_CTRL_OFFSET, 1);
        write(BELL_IRQ_CTRL_OFFSET, 1);
        write(BELL_QUEUE_BASE_OFFSET(kQueue), kRing);
        write(BELL_QUEUE_CONTROL_OFFSET(kQueue), kControl);
        write(BELL_QUEUE_CONFIG_OFFSET(kQueue),
              BELL_FIELD_PUT(BELL_QUEUE_CONFIG_LOG2_ENTRIES, 3) |
                  BELL_FIELD_PUT(BELL_QUEUE_CONFIG_PASID, kPasid));
        write(BELL_QUEUE_RPTR_OFFSET(kQueue), 0);
        write(BELL_QUEUE_CMD_OFFSET(kQueue), BELL_QUEUE_CMD_OPEN);
        write(BELL_QUEUE_CMD_OFFSET(kQueue), BELL_QUEUE_CMD_ADD);
        write(BELL_SLOT_OWNER_OFFSET(kSlot), BELL_FIELD_PUT(BELL_SLOT_OWNER_QUEUE, kQueue) |
                                                 BELL_FIELD_PUT(BELL_SLOT_OWNER_VALID, 1));
    }

    void submit(uint64_t count, uint64_t fence_addr, uint64_t fence_value)
    {
        const uint64_t buffer = kBuffer + count * 0x100;
        const uint64_t words[] = {BELL_OP_WORK,  700,         0,           0, BELL_OP_FENCE,
                                  fence_addr, fence_value, 0, BELL_OP_IRQ, count,
                                  0,          0};
        for (unsigned i = 0; i < sizeof(words) / 8; i++)
            store(buffer + 8 * i, words[i]);
        store(kRing + BELL_ENTRY_BYTES * count + 8, sizeof(words));
        store(kRing + BELL_ENTRY_BYTES * count,
              buffer | BELL_FIELD_PUT(BELL_ENTRY_WORD0_TAG, count));
        store(kControl, count + 1);
        write(kDoorbell, count);
    }

    uint64_t take_event()
    {
        keeper_.sync();
        if (!irq.read())
            wait(20000 * kPeriod, irq.posedge_event());
        keeper_.reset();
        CHECK_EQ(irq.read(), true);
        const uint64_t event = read(BELL_EVENT0_OFFSET);
        CHECK_EQ(BELL_FIELD_GET(event, BELL_EVENT0_QUEUE), kQueue);
        write(BELL_EVENT_POP_OFFSET, 1);
        keeper_.sync();
        wait(20000 * kPeriod);
        keeper_.reset();
        CHECK_EQ(irq.read(), false);
        return BELL_FIELD_GET(event, BELL_EVENT0_CAUSE);
    }

    void refused()
    {
        uint64_t data = 1;
        CHECK_EQ(access(true, BELL_CTRL_OFFSET, data, 4), tlm::TLM_GENERIC_ERROR_RESPONSE);
        CHECK_EQ(access(false, 0x400, data, 8), tlm::TLM_GENERIC_ERROR_RESPONSE);
        CHECK_EQ(data, 1);
        // These never reach the core.
        const size_t seen = accesses.size();
        CHECK_EQ(access(false, BELL_CTRL_OFFSET, data, 4), tlm::TLM_BURST_ERROR_RESPONSE);
        CHECK_EQ(access(true, BELL_CTRL_OFFSET + 6, data, 4), tlm::TLM_BURST_ERROR_RESPONSE);
        CHECK_EQ(access(false, BELL_DEVICE_BAR0_BYTES, data, 8), tlm::TLM_ADDRESS_ERROR_RESPONSE);
        accesses.resize(seen);
    }

    void run()
    {
        keeper_.reset();
        open_queue();
        for (uint64_t count = 0; count < 3; count++) {
            submit(count, kFence, 100 + count);
            CHECK_EQ(take_event(), BELL_CAUSE_USER_IRQ);
            CHECK_EQ(memory.words[kFence], 100 + count);
        }
        refused();
        submit(3, refuse_from, 1);
        CHECK_EQ(take_event(), BELL_CAUSE_PAGE_FAULT);
        CHECK_EQ(memory.wrong_pasid, 0);
        finished = true;
        sc_core::sc_stop();
    }
};

// Later by one clock, another value, one access fewer: each must change the hash.
void compare(const char *kind, const bell_device_config &config, const Program &program,
             uint64_t end, uint64_t hash)
{
    CHECK_EQ(plain_run(kind, config, program.accesses, program.stores, end), hash);
    std::vector<access_record> other = program.accesses;
    other.back().at++;
    CHECK_EQ(plain_run(kind, config, other, program.stores, end) != hash, true);
    other = program.accesses;
    other.front().data ^= 2;
    CHECK_EQ(plain_run(kind, config, other, program.stores, end) != hash, true);
    other = program.accesses;
    other.pop_back();
    CHECK_EQ(plain_run(kind, config, other, program.stores, end) != hash, true);
    std::vector<store_record> stores = program.stores;
    stores[5].value ^= 1; // The first fence value.
    CHECK_EQ(plain_run(kind, config, program.accesses, stores, end) != hash, true);
}

int run(const char *kind, unsigned quantum_clocks)
{
    tlm::tlm_global_quantum::instance().set(quantum_clocks * kPeriod);
    bell_device_config config = {};
    config.slots = 4;
    config.dma_latency = 30;
    config.reset_seed = 3;
    config.lockstep = true;
    Memory memory("memory");
    belfry::bell_device device("device", config, kind, kPeriod);
    Program program("program", memory);
    sc_core::sc_signal<bool> irq("irq");
    program.bus.bind(device.mmio);
    device.dma.bind(memory.port);
    device.irq.bind(irq);
    program.irq.bind(irq);
    sc_core::sc_start(sc_time(1, sc_core::SC_MS));
    CHECK_EQ(program.finished, true);
    compare(kind, config, program, device.cycle(), device.event_hash());
    std::printf("%s systemc.%s.quantum_%u\n", failures ? "FAIL" : "PASS", kind, quantum_clocks);
    std::fflush(stdout);
    return failures != 0;
}

} // namespace

int sc_main(int argc, char **argv)
{
    int failed = 0;
    for (const char *kind : {"rtl", "model"}) {
        if (argc > 1 && std::string(argv[1]) != kind)
            continue;
        for (unsigned quantum : {0u, 100u, 5000u}) {
            const pid_t child = fork();
            if (child == 0)
                _exit(run(kind, quantum));
            int status = 1;
            waitpid(child, &status, 0);
            failed += status != 0;
        }
    }
    return failed != 0;
}
