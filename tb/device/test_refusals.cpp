// SPDX-License-Identifier: MIT
//
// Refusals as events, through bell_device.h, for each kind: the command line, or BELL_DEVICE, or
// both kinds one after the other. The same script must be told in the same words by both.

#include "device_host.h"

#include <string>

namespace {

using test::doorbell;
using test::Host;
using test::Queue;

const char *kind = "rtl";
unsigned failed_checks = 0;

void check_equal(uint64_t got, uint64_t expected, const char *what, int line)
{
    if (got == expected)
        return;
    failed_checks++;
    std::printf("  %s:%d: %s: expected 0x%llx, got 0x%llx\n", __FILE__, line, what,
                static_cast<unsigned long long>(expected), static_cast<unsigned long long>(got));
}
#define CHECK_EQ(got, expected) check_equal((got), (expected), #got, __LINE__)

constexpr uint32_t kSlots = 8;
constexpr uint64_t kAll = 7;

bell_device_config config()
{
    bell_device_config config = {};
    config.slots = kSlots;
    config.dma_latency = 20;
    config.reset_seed = 7;
    return config;
}

struct Told {
    uint64_t cause, count, code, addr;
};

std::vector<Told> take(Host &host)
{
    std::vector<Told> all;
    host.run(20);
    for (;;) {
        const uint64_t word0 = host.value(BELL_EVENT0_OFFSET);
        if (!(word0 & BELL_EVENT0_VALID_MASK))
            return all;
        const uint64_t word1 = host.value(BELL_EVENT1_OFFSET);
        if (BELL_FIELD_GET(word0, BELL_EVENT0_CAUSE) >= BELL_CAUSE_RING_REJECTED)
            CHECK_EQ(word0, BELL_EVENT0_VALID_MASK | BELL_FIELD_GET(word0, BELL_EVENT0_CAUSE));
        all.push_back({BELL_FIELD_GET(word0, BELL_EVENT0_CAUSE),
                       BELL_FIELD_GET(word1, BELL_REPORT_WORD_COUNT),
                       BELL_FIELD_GET(word1, BELL_REPORT_WORD_CODE),
                       BELL_FIELD_GET(word1, BELL_REPORT_WORD_ADDR)});
        host.write(BELL_EVENT_POP_OFFSET, 1);
        host.run(20);
    }
}

#define CHECK_TOLD(host, ...)                                                                      \
    do {                                                                                           \
        const std::vector<Told> expected = {__VA_ARGS__};                                          \
        const std::vector<Told> got = take(host);                                                  \
        CHECK_EQ(got.size(), expected.size());                                                     \
        for (size_t i = 0; i < got.size() && i < expected.size(); i++) {                           \
            CHECK_EQ(got[i].cause, expected[i].cause);                                             \
            CHECK_EQ(got[i].count, expected[i].count);                                             \
            CHECK_EQ(got[i].code, expected[i].code);                                               \
            CHECK_EQ(got[i].addr, expected[i].addr);                                               \
        }                                                                                          \
    } while (0)

void silent_until_armed()
{
    Host host(kind, config());
    test::enable(host);
    host.write(doorbell(kSlots), 1);
    host.write(doorbell(0), 1);
    host.write(BELL_ID_OFFSET, 1);
    host.read(4);
    host.run(20);
    CHECK_EQ(host.irq, false);
    CHECK_EQ(host.value(BELL_IRQ_LEVEL_OFFSET), 0);
    CHECK_EQ(host.value(BELL_ACCESSES_REFUSED_OFFSET), 2);
    CHECK_EQ(host.value(BELL_SATURATED_OFFSET), 0);
    host.write(BELL_REPORT_ARM_OFFSET, ~0ull);
    CHECK_TOLD(host, {BELL_CAUSE_RING_REJECTED, 1, BELL_REJECT_NO_SLOT,
                      kSlots * BELL_DOORBELL_BYTES},
               {BELL_CAUSE_RING_UNOWNED, 1, 0, 0},
               {BELL_CAUSE_ACCESS_REFUSED, 2, 1, BELL_ID_OFFSET});
    CHECK_EQ(host.value(BELL_REPORT_ARM_OFFSET), 0);
}

// One event an arming; what comes between is in the next one, with the first of it.
void one_event_an_arming()
{
    Host host(kind, config());
    test::enable(host);
    host.write(BELL_REPORT_ARM_OFFSET, kAll);
    CHECK_EQ(host.value(BELL_REPORT_ARM_OFFSET), kAll);
    for (unsigned i = 0; i < 40; i++)
        host.write(doorbell(1) + 8 * i, 1, i % 2 ? 8 : 4);
    CHECK_TOLD(host, {BELL_CAUSE_RING_REJECTED, 1, BELL_REJECT_NARROW, BELL_DOORBELL_BYTES});
    CHECK_EQ(host.value(BELL_REPORT_ARM_OFFSET), kAll & ~1ull);
    CHECK_TOLD(host);
    host.write(BELL_REPORT_ARM_OFFSET, BELL_REPORT_ARM_REJECTED_MASK);
    CHECK_TOLD(host,
               {BELL_CAUSE_RING_REJECTED, 39, BELL_REJECT_OFFSET, BELL_DOORBELL_BYTES + 8});
    host.write(BELL_REPORT_ARM_OFFSET, 0); // Masked again.
    host.write(doorbell(kSlots), 1);
    CHECK_TOLD(host);
}

// CLOSE takes an owed ring: told without address, and LAST_REJECT stays as it was.
void ring_lost_to_close()
{
    Host host(kind, config());
    const Queue queue = {3};
    queue.open(host, 2);
    host.write(doorbell(2) + 8, 1);
    const uint64_t before = host.value(BELL_LAST_REJECT_OFFSET);
    host.write(BELL_REPORT_ARM_OFFSET, kAll);
    take(host);
    host.write(BELL_REPORT_ARM_OFFSET, kAll);
    host.write(doorbell(2), 1);
    host.write(BELL_QUEUE_CMD_OFFSET(3), BELL_QUEUE_CMD_CLOSE);
    CHECK_TOLD(host, {BELL_CAUSE_RING_REJECTED, 1, BELL_REJECT_QUEUE_CLOSED, 0});
    CHECK_EQ(host.value(BELL_LAST_REJECT_OFFSET), before);
    host.write(doorbell(2), 1);
    host.write(BELL_REPORT_ARM_OFFSET, kAll);
    CHECK_TOLD(host, {BELL_CAUSE_RING_REJECTED, 1, BELL_REJECT_QUEUE_CLOSED,
                      2 * BELL_DOORBELL_BYTES});
}

// A full event queue: the event waits as it was made, the rest is in the next one.
void full_queue_holds_the_event()
{
    Host host(kind, config());
    const Queue queue = {1, 1};
    std::vector<bell_packet> packets(32, {BELL_OP_IRQ, 5, 0, 0});
    test::enable(host);
    queue.open(host, 0);
    for (unsigned i = 0; i < 3; i++)
        queue.submit(host, i, packets);
    host.write(doorbell(0), 1);
    host.run_until("the full event queue", [&] { return host.value(BELL_IRQ_LEVEL_OFFSET) == 64; });
    host.write(BELL_REPORT_ARM_OFFSET, BELL_REPORT_ARM_UNOWNED_MASK);
    for (unsigned i = 0; i < 5; i++) {
        host.write(doorbell(4 + i % 2), 1);
        host.run(50);
    }
    CHECK_EQ(host.value(BELL_IRQ_LEVEL_OFFSET), 64);
    std::vector<Told> told;
    unsigned irqs = 0;
    for (const Told &event : take(host))
        if (event.cause == BELL_CAUSE_USER_IRQ)
            irqs++;
        else
            told.push_back(event);
    CHECK_EQ(irqs, 96);
    CHECK_EQ(told.size(), 1);
    if (told.size() != 1)
        return;
    CHECK_EQ(told[0].cause, BELL_CAUSE_RING_UNOWNED);
    CHECK_EQ(told[0].count, 1);
    CHECK_EQ(told[0].addr, 4 * BELL_DOORBELL_BYTES);
    host.write(BELL_REPORT_ARM_OFFSET, BELL_REPORT_ARM_UNOWNED_MASK);
    CHECK_TOLD(host, {BELL_CAUSE_RING_UNOWNED, 4, 0, 5 * BELL_DOORBELL_BYTES});
}

void reset_forgets()
{
    Host host(kind, config());
    host.write(BELL_REPORT_ARM_OFFSET, BELL_REPORT_ARM_UNOWNED_MASK);
    host.write(doorbell(kSlots), 1);
    host.write(BELL_ID_OFFSET, 1);
    bell_device_reset(host.device);
    host.run(10);
    CHECK_EQ(host.value(BELL_REPORT_ARM_OFFSET), 0);
    CHECK_EQ(host.value(BELL_ACCESSES_REFUSED_OFFSET), 0);
    host.write(BELL_REPORT_ARM_OFFSET, kAll);
    CHECK_TOLD(host);
}

const struct {
    const char *name;
    void (*run)();
} kTests[] = {
    {"silent_until_armed", silent_until_armed},
    {"one_event_an_arming", one_event_an_arming},
    {"ring_lost_to_close", ring_lost_to_close},
    {"full_queue_holds_the_event", full_queue_holds_the_event},
    {"reset_forgets", reset_forgets},
};

bool run_all(const char *device)
{
    bool good = true;
    kind = device;
    for (const auto &test : kTests) {
        failed_checks = 0;
        test.run();
        std::printf("%s refusals.%s.%s%s\n", failed_checks ? "FAIL" : "PASS", kind, test.name,
                    failed_checks ? " see above" : "");
        good = good && failed_checks == 0;
    }
    return good;
}

} // namespace

int main(int argc, char **argv)
{
    const char *device = argc > 1 ? argv[1] : std::getenv("BELL_DEVICE");
    if (device != nullptr)
        return run_all(device) ? 0 : 1;
    const bool rtl = run_all("rtl");
    return run_all("model") && rtl ? 0 : 1;
}
