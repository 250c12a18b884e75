// SPDX-License-Identifier: MIT
//
// The device through bell_device.h alone, for each kind: the command line, or BELL_DEVICE, or both
// kinds one after the other. Prints a line a test; exit code 0 when all passed.

#include "device_host.h"

#include <string>

#include <unistd.h>

namespace {

using test::Answer;
using test::doorbell;
using test::Host;
using test::Queue;

const char *kind = "rtl";
unsigned failed_checks = 0;

bool is_rtl()
{
    return std::string(kind) == "rtl";
}

void check_equal(uint64_t got, uint64_t expected, const char *what, int line)
{
    if (got == expected)
        return;
    failed_checks++;
    std::printf("  %s:%d: %s: expected 0x%llx, got 0x%llx\n", __FILE__, line, what,
                static_cast<unsigned long long>(expected), static_cast<unsigned long long>(got));
}
#define CHECK_EQ(got, expected) check_equal((got), (expected), #got, __LINE__)
#define CHECK(condition) check_equal(!!(condition), 1, #condition, __LINE__)

constexpr uint32_t kSlots = 8;
constexpr uint32_t kLatency = 20;
// Memory from here on is refused where a test says so.
constexpr uint64_t kRefused = 0x80000;

bell_device_config config()
{
    bell_device_config config = {};
    config.slots = kSlots;
    config.dma_latency = kLatency;
    config.reset_seed = 7;
    config.lockstep = true;
    return config;
}

unsigned count(const Host &host, bell_device_event_kind what)
{
    unsigned found = 0;
    for (const bell_device_event &event : host.events)
        found += event.kind == what;
    return found;
}

const bell_device_event &first(const Host &host, bell_device_event_kind what)
{
    static const bell_device_event none = {};
    for (const bell_device_event &event : host.events)
        if (event.kind == what)
            return event;
    CHECK(!"the event happened");
    return none;
}

void check_ledger(Host &host)
{
    CHECK_EQ(host.value(BELL_LEDGER_ACCEPTED_OFFSET),
             host.value(BELL_LEDGER_SAMPLED_OFFSET) + host.value(BELL_LEDGER_COALESCED_OFFSET) +
                 host.value(BELL_LEDGER_UNOWNED_OFFSET) + host.value(BELL_LEDGER_REJECTED_OFFSET) +
                 host.value(BELL_LEDGER_OWED_OFFSET));
}

// Registers answer, and an access the device does not offer is SLVERR and changes nothing.
void refused_accesses()
{
    Host host(kind, config());
    CHECK_EQ(host.value(BELL_ID_OFFSET) & BELL_ID_MAGIC_MASK, BELL_ID_MAGIC_RESET);
    CHECK_EQ(BELL_FIELD_GET(host.value(BELL_CAPS_OFFSET), BELL_CAPS_SLOTS), kSlots);
    for (unsigned size = 1; size < 8; size *= 2)
        CHECK_EQ(host.write(BELL_CTRL_OFFSET, 1, size).resp, BELL_RESP_SLVERR);
    CHECK_EQ(host.write(BELL_CTRL_OFFSET + 4, 1, 4).resp, BELL_RESP_SLVERR);
    CHECK_EQ(host.write(BELL_CTRL_OFFSET + 1, 1, 8).resp, BELL_RESP_SLVERR);
    CHECK_EQ(host.value(BELL_CTRL_OFFSET), 0);
    CHECK_EQ(host.read(BELL_CTRL_OFFSET + 4).resp, BELL_RESP_SLVERR);
    CHECK_EQ(host.read(0x400).resp, BELL_RESP_SLVERR);
    CHECK_EQ(host.write(0x400, 1).resp, BELL_RESP_SLVERR);
    CHECK_EQ(host.write(BELL_ID_OFFSET, 1).resp, BELL_RESP_SLVERR);
    CHECK_EQ(host.read(BELL_EVENT_POP_OFFSET).resp, BELL_RESP_SLVERR);
    CHECK_EQ(host.write(BELL_SLOT_OWNER_OFFSET(kSlots), 0).resp, BELL_RESP_SLVERR);
    const uint32_t beyond = bell_device_num_queues(host.device);
    CHECK_EQ(host.write(BELL_QUEUE_BASE_OFFSET(beyond), 0).resp, BELL_RESP_SLVERR);
    CHECK_EQ(host.write(BELL_CTRL_OFFSET, 1).resp, BELL_RESP_OKAY);
    CHECK_EQ(host.value(BELL_CTRL_OFFSET), 1);
}

// A doorbell takes aligned 64-bit stores at its own offset; all else is SLVERR and counted.
void refused_rings()
{
    Host host(kind, config());
    CHECK_EQ(host.write(doorbell(0), 1, 4).resp, BELL_RESP_SLVERR);
    CHECK_EQ(host.write(doorbell(0) + 4, 1, 4).resp, BELL_RESP_SLVERR);
    CHECK_EQ(host.write(doorbell(0) + 8, 1).resp, BELL_RESP_SLVERR);
    CHECK_EQ(host.write(doorbell(kSlots), 1).resp, BELL_RESP_SLVERR);
    CHECK_EQ(host.write(doorbell(1), 1).resp, BELL_RESP_OKAY); // Nobody's, but well formed.
    CHECK_EQ(host.read(doorbell(0)).resp, BELL_RESP_OKAY);
    CHECK_EQ(host.value(doorbell(0)), 0);
    host.run(20);
    CHECK_EQ(host.value(BELL_LEDGER_ACCEPTED_OFFSET), 5);
    CHECK_EQ(host.value(BELL_LEDGER_REJECTED_OFFSET), 4);
    CHECK_EQ(host.value(BELL_LEDGER_UNOWNED_OFFSET), 1);
    const uint64_t last = host.value(BELL_LAST_REJECT_OFFSET);
    CHECK_EQ(BELL_FIELD_GET(last, BELL_LAST_REJECT_CAUSE), BELL_REJECT_NO_SLOT);
    CHECK_EQ(BELL_FIELD_GET(last, BELL_LAST_REJECT_ADDR), doorbell(kSlots) - BELL_DEVICE_BAR2);
    check_ledger(host);
}

// One store: ring, WPTR sample, buffer, fence in memory, interrupt; every access under its PASID.
void ring_end_to_end()
{
    Host host(kind, config());
    const Queue queue = {5};
    test::enable(host);
    queue.open(host, 3);
    queue.submit(host, 0, {queue.fence_packet(77), {BELL_OP_IRQ, 123, 0, 0}});
    host.accesses.clear();
    CHECK_EQ(host.write(doorbell(3), 1).resp, BELL_RESP_OKAY);
    host.run_until("the interrupt", [&] { return host.irq; });
    CHECK_EQ(host.load(queue.fence()), 77);
    host.run_until("RPTR", [&] { return host.load(queue.control() + 8) == 1; });
    for (const test::Dma &access : host.accesses)
        CHECK_EQ(access.pasid, queue.pasid());
    CHECK_EQ(first(host, BELL_DEV_RING).slot, 3);
    CHECK_EQ(first(host, BELL_DEV_RING).queue, queue.index);
    CHECK_EQ(first(host, BELL_DEV_RING).bucket, BELL_RING_CREDITED);
    CHECK_EQ(first(host, BELL_DEV_SAMPLE).queue, queue.index);
    CHECK_EQ(first(host, BELL_DEV_START).rptr, 0);
    CHECK_EQ(first(host, BELL_DEV_DONE).rptr, 1);
    const uint64_t event = host.value(BELL_EVENT0_OFFSET);
    CHECK_EQ(BELL_FIELD_GET(event, BELL_EVENT0_CAUSE), BELL_CAUSE_USER_IRQ);
    CHECK_EQ(BELL_FIELD_GET(event, BELL_EVENT0_QUEUE), queue.index);
    CHECK_EQ(host.value(BELL_EVENT1_OFFSET), 123);
    host.write(BELL_EVENT_POP_OFFSET, 1);
    host.run(10);
    CHECK(!host.irq);
    CHECK_EQ(host.value(BELL_LEDGER_SAMPLED_OFFSET), 1);
    check_ledger(host);
}

// Memory is touched half the latency after the request, which leaves the core a few clocks after
// the sample tap.
void dma_latency()
{
    if (!is_rtl())
        return;
    uint64_t way_out = 0;
    for (uint32_t latency : {1u, 2u, 64u, 1000u}) {
        bell_device_config slow = config();
        slow.dma_latency = latency;
        Host host(kind, slow);
        const Queue queue = {1};
        test::enable(host);
        queue.open(host, 0);
        queue.submit(host, 0, {queue.fence_packet(1)});
        host.write(doorbell(0), 1);
        host.run_until("the fence", [&] { return host.load(queue.fence()) == 1; });
        const uint64_t after = host.accesses.front().cycle - first(host, BELL_DEV_SAMPLE).cycle;
        if (latency == 1)
            way_out = after;
        CHECK_EQ(after, way_out + latency / 2);
        CHECK(way_out < 4);
    }
}

// Accesses offered together are performed in their order, whatever their direction.
void access_order()
{
    Host host(kind, config());
    for (uint64_t value : {1, 0, 1}) {
        bell_device_mmio_write(host.device, BELL_CTRL_OFFSET, value, 8, ++host.asked);
        bell_device_mmio_read(host.device, BELL_CTRL_OFFSET, ++host.asked);
    }
    host.run_until("all answers", [&] { return host.answers.size() == host.asked; });
    CHECK_EQ(host.answers[1].data, 1);
    CHECK_EQ(host.answers[3].data, 0);
    CHECK_EQ(host.answers[5].data, 1);
    // A doorbell page answers reads at once, a context word is written behind an arbiter: the
    // helper stops when answers change places.
    for (unsigned i = 0; i < 4; i++) {
        bell_device_mmio_write(host.device, BELL_QUEUE_BASE_OFFSET(i), 0x1000, 8, ++host.asked);
        bell_device_mmio_read(host.device, doorbell(0), ++host.asked);
        bell_device_mmio_read(host.device, BELL_QUEUE_BASE_OFFSET(i), ++host.asked);
    }
    host.run_until("all answers", [&] { return host.answers.size() == host.asked; });
    CHECK_EQ(host.answers.back().data, 0x1000);
}

// Long fills and copies across 4-KiB edges put every byte where it belongs, and no other.
void data_moves()
{
    constexpr uint64_t kFill = 0x90f38, kCopy = 0xa1fc0, kBytes = 4096 + 200;
    constexpr uint64_t kPattern = 0x0102030405060708;
    Host host(kind, config());
    const Queue queue = {1, 1};
    test::enable(host);
    queue.open(host, 0);
    queue.submit(host, 0, {{BELL_OP_FILL, kFill, kBytes, kPattern},
                           {BELL_OP_WRITE64, kFill + 8, 99, 0},
                           queue.fence_packet(1)});
    queue.submit(host, 1, {{BELL_OP_COPY, kCopy, kBytes, kFill}, queue.fence_packet(2)});
    host.write(doorbell(0), 1);
    host.run_until("the fence", [&] { return host.load(queue.fence()) == 2; });
    for (uint64_t base : {kFill, kCopy}) {
        CHECK_EQ(host.load(base - 8), 0);
        CHECK_EQ(host.load(base + kBytes), 0);
        for (uint64_t at = 0; at < kBytes; at += 8)
            CHECK_EQ(host.load(base + at), at == 8 ? 99 : kPattern);
    }
}

// Refused DMA ends in an event of that queue alone; a neighbour's work goes on.
void refused_dma(enum bell_resp resp, bell_cause cause, const bell_packet &packet)
{
    Host host(kind, config());
    host.refuse_from = kRefused;
    host.refusal = resp;
    const Queue bad = {1, 0}, good = {2, 0};
    test::enable(host);
    bad.open(host, 0);
    good.open(host, 1);
    bad.submit(host, 0, {packet, bad.fence_packet(1)});
    good.submit(host, 0, {good.fence_packet(9)});
    host.write(doorbell(0), 1);
    host.write(doorbell(1), 1);
    host.run_until("the interrupt", [&] { return host.irq; });
    host.run_until("the neighbour's fence", [&] { return host.load(good.fence()) == 9; });
    const uint64_t event = host.value(BELL_EVENT0_OFFSET);
    CHECK_EQ(BELL_FIELD_GET(event, BELL_EVENT0_CAUSE), cause);
    CHECK_EQ(BELL_FIELD_GET(event, BELL_EVENT0_QUEUE), bad.index);
    CHECK_EQ(host.value(BELL_EVENT1_OFFSET), kRefused + 0x40);
    const uint64_t state = host.value(BELL_QUEUE_STATE_OFFSET(bad.index));
    CHECK(state & BELL_QUEUE_STATE_FAULTED_MASK);
    CHECK_EQ(BELL_FIELD_GET(state, BELL_QUEUE_STATE_CAUSE), cause);
    CHECK_EQ(host.value(BELL_QUEUE_STATE_OFFSET(good.index)) & BELL_QUEUE_STATE_FAULTED_MASK, 0);
}

const bell_packet kRefusedWrite = {BELL_OP_WRITE64, kRefused + 0x40, 1, 0};
const bell_packet kRefusedRead = {BELL_OP_COPY, 0x70000, 64, kRefused + 0x40};

void page_fault()
{
    refused_dma(BELL_RESP_DECERR, BELL_CAUSE_PAGE_FAULT, kRefusedWrite);
    refused_dma(BELL_RESP_DECERR, BELL_CAUSE_PAGE_FAULT, kRefusedRead);
}

void bus_error()
{
    refused_dma(BELL_RESP_SLVERR, BELL_CAUSE_BUS_ERROR, kRefusedWrite);
    refused_dma(BELL_RESP_SLVERR, BELL_CAUSE_BUS_ERROR, kRefusedRead);
}

// Long WORK on two nodes, gaps between rings; `odd` changes one stored value.
uint64_t long_run(bool skip, uint64_t odd, uint64_t *end, std::vector<bell_device_event> *events)
{
    bell_device_config slow = config();
    slow.dma_latency = 301;
    Host host(kind, slow);
    bell_device_set_idle_skip(host.device, skip);
    const Queue queues[] = {{0, 0}, {1, 1}, {2, 2}};
    test::enable(host);
    for (const Queue &queue : queues)
        queue.open(host, queue.index);
    for (uint64_t round = 0; round < 4; round++) {
        for (const Queue &queue : queues) {
            queue.submit(host, round,
                         {{BELL_OP_WORK, 3000 + 1111 * queue.index, 0, 0},
                          {BELL_OP_FILL, queue.fence() + 64, 256, 0x55},
                          queue.fence_packet(round + 1 + odd),
                          {BELL_OP_IRQ, round, 0, 0}});
            host.write(doorbell(queue.index), round);
            host.run(777);
        }
        host.run(7919);
    }
    while (host.value(BELL_IRQ_LEVEL_OFFSET) > 0)
        host.write(BELL_EVENT_POP_OFFSET, 1);
    host.run(50000);
    for (const Queue &queue : queues)
        CHECK_EQ(host.load(queue.fence()), 4 + odd);
    check_ledger(host);
    *end = bell_device_cycle(host.device);
    *events = host.events;
    return bell_device_event_hash(host.device);
}

// Skipping idle time changes nothing: hash, end and observations; one other value does.
void idle_skip_is_exact()
{
    uint64_t end_on, end_off, end_odd;
    std::vector<bell_device_event> on, off, odd;
    const uint64_t hash_on = long_run(true, 0, &end_on, &on);
    CHECK_EQ(long_run(false, 0, &end_off, &off), hash_on);
    CHECK_EQ(end_off, end_on);
    CHECK_EQ(off.size(), on.size());
    for (size_t i = 0; i < on.size() && i < off.size(); i++)
        CHECK_EQ(off[i].cycle, on[i].cycle);
    CHECK(long_run(true, 1, &end_odd, &odd) != hash_on);
}

// Random register values before reset change nothing that can be seen.
void reset_seed_is_invisible()
{
    uint64_t hash[2];
    for (unsigned i = 0; i < 2; i++) {
        bell_device_config seeded = config();
        seeded.reset_seed = 1000 + i;
        Host host(kind, seeded);
        const Queue queue = {1};
        test::enable(host);
        queue.open(host, 0);
        queue.submit(host, 0, {queue.fence_packet(1)});
        host.write(doorbell(0), 1);
        host.run(2000);
        CHECK_EQ(host.load(queue.fence()), 1);
        hash[i] = bell_device_event_hash(host.device);
    }
    CHECK_EQ(hash[1], hash[0]);
}

// Back-to-back stores are taken one a clock, however busy the scheduler is.
void one_ring_a_clock()
{
    constexpr unsigned kRings = 200;
    Host host(kind, config());
    const Queue queue = {1};
    test::enable(host);
    queue.open(host, 0);
    queue.submit(host, 0, {queue.fence_packet(1)});
    host.run(10);
    for (unsigned i = 0; i < kRings; i++)
        bell_device_mmio_write(host.device, doorbell(0), i, 8, ++host.asked);
    host.run_until("all answers", [&] { return host.answers.size() == host.asked; });
    host.run(500);
    CHECK_EQ(count(host, BELL_DEV_RING), kRings);
    if (is_rtl() && host.events.size() > kRings) {
        uint64_t from = UINT64_MAX, to = 0;
        for (const bell_device_event &event : host.events) {
            if (event.kind != BELL_DEV_RING)
                continue;
            from = event.cycle < from ? event.cycle : from;
            to = event.cycle;
        }
        CHECK_EQ(to - from + 1, kRings);
    }
    CHECK_EQ(host.value(BELL_LEDGER_ACCEPTED_OFFSET), kRings);
    check_ledger(host);
}

// Reset loses all state, answers what was queued with SLVERR, and the device works again.
void reset_from_running()
{
    Host host(kind, config());
    const Queue queue = {1};
    test::enable(host);
    queue.open(host, 0);
    queue.submit(host, 0, {{BELL_OP_HANG, 0, 0, 0}});
    host.write(doorbell(0), 1);
    host.run(300);
    const uint64_t before = bell_device_cycle(host.device);
    bell_device_mmio_read(host.device, BELL_ID_OFFSET, ++host.asked);
    bell_device_mmio_write(host.device, BELL_CTRL_OFFSET, 1, 8, ++host.asked);
    bell_device_reset(host.device);
    CHECK(bell_device_cycle(host.device) >= before);
    host.run_until("the lost answers", [&] { return host.answers.size() == host.asked; });
    CHECK_EQ(host.answers[host.asked - 1].resp, BELL_RESP_SLVERR);
    CHECK_EQ(host.answers[host.asked - 2].resp, BELL_RESP_SLVERR);
    CHECK_EQ(host.value(BELL_CTRL_OFFSET), 0);
    CHECK_EQ(host.value(BELL_LEDGER_ACCEPTED_OFFSET), 0);
    CHECK_EQ(host.value(BELL_QUEUE_STATE_OFFSET(1)),
             BELL_FIELD_PUT(BELL_QUEUE_STATE_BLOCK, BELL_BLOCK_CLOSED));
    test::enable(host);
    queue.open(host, 0);
    queue.submit(host, 0, {queue.fence_packet(3)});
    host.write(doorbell(0), 1);
    host.run_until("the fence", [&] { return host.load(queue.fence()) == 3; });
}

// Devices do not depend on each other's life: the first goes on when a second has come and gone.
void second_device()
{
    Host host(kind, config());
    {
        Host other(kind, config());
        CHECK_EQ(other.write(BELL_CTRL_OFFSET, 1).resp, BELL_RESP_OKAY);
    }
    CHECK_EQ(host.value(BELL_CTRL_OFFSET), 0);
    const Queue queue = {1};
    test::enable(host);
    queue.open(host, 0);
    queue.submit(host, 0, {queue.fence_packet(3)});
    host.write(doorbell(0), 1);
    host.run_until("the fence", [&] { return host.load(queue.fence()) == 3; });
}

// A device that is asked for wrongly is not made, and the sentence says what was expected.
void bad_config()
{
    const struct {
        const char *kind;
        uint32_t slots;
        uint32_t latency;
        const char *says;
    } cases[] = {
        {kind, 0, kLatency, "slots"},
        {kind, bell_device_max_slots() + 1, kLatency, "slots"},
        {kind, kSlots, 0, "latency"},
        {kind, kSlots, 4097, "latency"},
        {"paper", kSlots, kLatency, "'paper'"},
    };
    for (const auto &bad : cases) {
        bell_device_config asked = config();
        asked.slots = bad.slots;
        asked.dma_latency = bad.latency;
        Host host(bad.kind, asked);
        CHECK(host.device == nullptr);
        CHECK(std::strstr(host.error, bad.says) != nullptr);
    }
}

long file_size(const char *path)
{
    std::FILE *file = std::fopen(path, "rb");
    if (file == nullptr)
        return -1;
    std::fseek(file, 0, SEEK_END);
    const long size = std::ftell(file);
    std::fclose(file);
    return size;
}

uint64_t wave_run(const char *path, uint64_t from, uint64_t to)
{
    bell_device_config waves = config();
    waves.waves = path;
    waves.waves_from = from;
    waves.waves_to = to;
    Host host(kind, waves);
    const Queue queue = {1};
    test::enable(host);
    queue.open(host, 0);
    queue.submit(host, 0, {queue.fence_packet(1)});
    host.write(doorbell(0), 1);
    host.run(3000);
    bell_device_flush_waves(host.device);
    return bell_device_event_hash(host.device);
}

// Waves are written, a window makes a smaller file, and recording changes nothing.
void waves()
{
    if (!is_rtl())
        return;
    char all[] = "/tmp/bell-waves-XXXXXX", window[] = "/tmp/bell-waves-XXXXXX";
    close(mkstemp(all));
    close(mkstemp(window));
    const uint64_t hash = wave_run(nullptr, 0, 0);
    CHECK_EQ(wave_run(all, 0, 0), hash);
    CHECK_EQ(wave_run(window, 50, 60), hash);
    CHECK(file_size(window) > 0);
    CHECK(file_size(all) > file_size(window));
    unlink(all);
    unlink(window);

    bell_device_config bad = config();
    bad.waves = "/nowhere/at/all.fst";
    Host host(kind, bad);
    CHECK(host.device == nullptr);
    CHECK(std::strstr(host.error, "/nowhere/at/all.fst") != nullptr);
}

const struct {
    const char *name;
    void (*run)();
} tests[] = {
    {"refused_accesses", refused_accesses},
    {"refused_rings", refused_rings},
    {"ring_end_to_end", ring_end_to_end},
    {"dma_latency", dma_latency},
    {"access_order", access_order},
    {"data_moves", data_moves},
    {"page_fault", page_fault},
    {"bus_error", bus_error},
    {"idle_skip_is_exact", idle_skip_is_exact},
    {"reset_seed_is_invisible", reset_seed_is_invisible},
    {"one_ring_a_clock", one_ring_a_clock},
    {"reset_from_running", reset_from_running},
    {"second_device", second_device},
    {"bad_config", bad_config},
    {"waves", waves},
};

unsigned run_kind(const char *name)
{
    unsigned failed = 0;
    kind = name;
    for (const auto &test : tests) {
        failed_checks = 0;
        test.run();
        failed += failed_checks != 0;
        std::printf("%s device.%s.%s\n", failed_checks ? "FAIL" : "PASS", kind, test.name);
        std::fflush(stdout);
    }
    return failed;
}

} // namespace

int main(int argc, char **argv)
{
    const char *asked = argc > 1 ? argv[1] : std::getenv("BELL_DEVICE");
    unsigned failed = 0;
    if (asked == nullptr || std::string(asked) == "rtl")
        failed += run_kind("rtl");
    if (asked == nullptr || std::string(asked) == "model")
        failed += run_kind("model");
    if (asked != nullptr && std::string(asked) != "rtl" && std::string(asked) != "model") {
        std::fprintf(stderr, "test_device: kind '%s', expected rtl or model\n", asked);
        return 2;
    }
    return failed == 0 ? 0 : 1;
}
