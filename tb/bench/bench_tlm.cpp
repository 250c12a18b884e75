// SPDX-License-Identifier: MIT
//
// Speed of the SystemC face against a bare loop over the same Verilated core: the same traffic, by
// an initiator with a quantum of its own, DMA to a target socket. Rates compare only within one run.

#include "bare_loop.h"
#include "bell_device_tlm.h"
#include "core_traffic.h"

#include <sys/wait.h>
#include <unistd.h>

using sc_core::sc_time;
using sc_core::SC_NS;

namespace {

using namespace bench;

const sc_time kPeriod(1, SC_NS);
constexpr uint64_t kQuantum = 1000; // Clocks.

struct Memory : sc_core::sc_module {
    tlm_utils::simple_target_socket<Memory, 64> port;
    std::vector<unsigned char> bytes;

    explicit Memory(sc_core::sc_module_name name)
        : sc_module(name), port("port"), bytes(test::kMemory)
    {
        port.register_b_transport(this, &Memory::b_transport);
    }

    void b_transport(tlm::tlm_generic_payload &payload, sc_time &)
    {
        unsigned char *here = &bytes.at(payload.get_address());
        if (payload.is_write())
            std::memcpy(here, payload.get_data_ptr(), payload.get_data_length());
        else
            std::memcpy(payload.get_data_ptr(), here, payload.get_data_length());
        payload.set_response_status(tlm::TLM_OK_RESPONSE);
    }

    void store(uint64_t addr, uint64_t value) { std::memcpy(&bytes.at(addr), &value, 8); }
    uint64_t load(uint64_t addr) const
    {
        uint64_t value;
        std::memcpy(&value, &bytes.at(addr), 8);
        return value;
    }
};

struct Program : sc_core::sc_module {
    tlm_utils::simple_initiator_socket<Program, 64> bus;
    Memory &memory;
    double rate = 0; // Clocks a second.

    Program(sc_core::sc_module_name name, Memory &own) : sc_module(name), bus("bus"), memory(own)
    {
        SC_HAS_PROCESS(Program);
        SC_THREAD(run);
    }

  private:
    tlm_utils::tlm_quantumkeeper keeper_;
    tlm::tlm_generic_payload payload_;

    void write(uint64_t addr, uint64_t data)
    {
        sc_time delay = keeper_.get_local_time();
        payload_.set_command(tlm::TLM_WRITE_COMMAND);
        payload_.set_address(addr);
        payload_.set_data_ptr(reinterpret_cast<unsigned char *>(&data));
        payload_.set_data_length(8);
        payload_.set_streaming_width(8);
        payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
        bus->b_transport(payload_, delay);
        require(payload_.is_response_ok(), "an access was refused");
        keeper_.set(delay);
        if (keeper_.need_sync())
            keeper_.sync();
    }

    void open(unsigned index)
    {
        const Queue queue = queue_of(index);
        write(BELL_QUEUE_BASE_OFFSET(index), queue.ring());
        write(BELL_QUEUE_CONTROL_OFFSET(index), queue.control());
        write(BELL_QUEUE_CONFIG_OFFSET(index),
              BELL_FIELD_PUT(BELL_QUEUE_CONFIG_LOG2_ENTRIES, queue.log2_entries) |
                  BELL_FIELD_PUT(BELL_QUEUE_CONFIG_NODE, queue.node) |
                  BELL_FIELD_PUT(BELL_QUEUE_CONFIG_PASID, queue.pasid()));
        write(BELL_QUEUE_RPTR_OFFSET(index), 0);
        write(BELL_QUEUE_CMD_OFFSET(index), BELL_QUEUE_CMD_OPEN);
        write(BELL_QUEUE_CMD_OFFSET(index), BELL_QUEUE_CMD_ADD);
        write(BELL_SLOT_OWNER_OFFSET(index), BELL_FIELD_PUT(BELL_SLOT_OWNER_QUEUE, index) |
                                                 BELL_FIELD_PUT(BELL_SLOT_OWNER_VALID, 1));
    }

    void submit(unsigned index, uint64_t at)
    {
        const Queue queue = queue_of(index);
        const std::vector<bell_packet> packets = fill_and_fence(queue, at);
        const uint64_t addr = queue.buffer() + (at % 16) * 0x400;
        const uint64_t entry = queue.ring() + (at % (1u << queue.log2_entries)) * BELL_ENTRY_BYTES;
        std::memcpy(&memory.bytes.at(addr), packets.data(), packets.size() * BELL_PACKET_BYTES);
        memory.store(entry, addr | BELL_FIELD_PUT(BELL_ENTRY_WORD0_TAG, at));
        memory.store(entry + 8, packets.size() * BELL_PACKET_BYTES);
        memory.store(queue.control(), at + 1);
        write(test::doorbell(index), at);
    }

    void run()
    {
        keeper_.reset();
        write(BELL_CTRL_OFFSET, BELL_CTRL_ENABLE_MASK);
        for (unsigned i = 0; i < kQueues; i++)
            open(i);
        keeper_.sync();
        const sc_time begin = sc_core::sc_time_stamp();
        const double start = seconds();
        for (uint64_t at = 0; at < kRounds; at++) {
            for (unsigned i = 0; i < kQueues; i++)
                submit(i, at);
            keeper_.set(begin + kPeriod * static_cast<double>((at + 1) * kRoundClocks) -
                        sc_core::sc_time_stamp());
            keeper_.sync();
        }
        rate = static_cast<double>(kRounds * kRoundClocks) / (seconds() - start);
        wait(kPeriod * static_cast<double>(kTail));
        for (unsigned i = 0; i < kQueues; i++)
            require(memory.load(queue_of(i).fence()) == kRounds, "a fence value is missing");
        sc_core::sc_stop();
    }
};

// SystemC elaborates once a process.
double tlm_rate()
{
    int ends[2];
    require(pipe(ends) == 0, "no pipe");
    const pid_t child = fork();
    if (child == 0) {
        tlm::tlm_global_quantum::instance().set(kPeriod * static_cast<double>(kQuantum));
        Memory memory("memory");
        belfry::bell_device device("device", config(), "rtl", kPeriod);
        bell_device_set_idle_skip(device.core(), false);
        Program program("program", memory);
        sc_core::sc_signal<bool> irq("irq");
        program.bus.bind(device.mmio);
        device.dma.bind(memory.port);
        device.irq.bind(irq);
        sc_core::sc_start();
        require(write(ends[1], &program.rate, sizeof(program.rate)) == sizeof(program.rate),
                "the rate could not be handed over");
        _exit(0);
    }
    int status = 1;
    double rate = 0;
    waitpid(child, &status, 0);
    require(status == 0 && read(ends[0], &rate, sizeof(rate)) == sizeof(rate),
            "the SystemC run failed");
    close(ends[0]);
    close(ends[1]);
    return rate;
}

} // namespace

int sc_main(int, char **)
{
    const BareLoop loop;
    double fastest_bare = 0, fastest_tlm = 0;
    for (unsigned i = 0; i < kRepeats; i++) {
        fastest_bare = std::max(fastest_bare, loop.rate());
        fastest_tlm = std::max(fastest_tlm, tlm_rate());
    }
    std::printf("tlm.bare_loop %.0f cycles/s\n", fastest_bare);
    std::printf("tlm.face %.0f cycles/s\n", fastest_tlm);
    std::printf("tlm.face_to_bare_loop %.3f ratio  (budget 0.70, aim 0.85)\n",
                fastest_tlm / fastest_bare);
    return 0;
}
