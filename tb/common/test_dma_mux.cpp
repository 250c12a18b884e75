// SPDX-License-Identifier: MIT
//
// Unit test of rtl/common/bell_dma_mux.sv with the arbiter it is made of.
// top: bell_dma_mux -GNumNodes=2

#include "Vbell_dma_mux.h"
#include "dma_memory.h"
#include "rtl_test.h"

using bell_tb::Access;
using bell_tb::DmaMemory;
using bell_tb::Random;

namespace {

constexpr unsigned kReqs = 6;
constexpr unsigned kReqBits = 72, kDataBits = 65;

unsigned id_of(unsigned req) { return req / 3 * 4 + req % 3; }

// Six requesters with reads and writes in flight, checked beat by beat.
struct Mux : rtl_test::Bench<Vbell_dma_mux> {
    struct Burst {
        uint64_t addr;
        unsigned beats;
    };
    struct Requester {
        std::deque<Burst> reads, writes;       // Still to be requested.
        std::deque<Burst> reading, data, acks; // Requested.
        unsigned beat = 0, w_beat = 0;
        unsigned reads_done = 0, writes_done = 0;
    };

    explicit Mux(uint64_t seed) : memory(dut, seed) {}

    DmaMemory<Vbell_dma_mux> memory;
    Requester reqs[kReqs];
    std::vector<unsigned> grants; // Requesters in the order of AR grants.
    std::string wrong;

    void put_request(EData *words, unsigned req, const Burst &b)
    {
        rtl_test::put_bits(words, req * kReqBits + 24, 48, b.addr);
        rtl_test::put_bits(words, req * kReqBits + 20, 4, b.beats - 1);
        rtl_test::put_bits(words, req * kReqBits, 20, 0x100 + req);
    }

    void step()
    {
        memory.drive(clock);
        unsigned rd = 0, wr = 0, wd = 0;
        for (unsigned r = 0; r < kReqs; r++) {
            Requester &q = reqs[r];
            if (!q.reads.empty()) {
                rd |= 1u << r;
                put_request(dut.rd_req_i, r, q.reads.front());
            }
            if (!q.writes.empty()) {
                wr |= 1u << r;
                put_request(dut.wr_req_i, r, q.writes.front());
            }
            if (!q.data.empty()) {
                const Burst &b = q.data.front();
                wd |= 1u << r;
                rtl_test::put_bits(dut.wr_data_i, r * kDataBits + 1, 64, b.addr + 8 * q.w_beat);
                rtl_test::put_bits(dut.wr_data_i, r * kDataBits, 1, q.w_beat + 1 == b.beats);
            }
        }
        dut.rd_req_valid_i = rd;
        dut.wr_req_valid_i = wr;
        dut.wr_data_valid_i = wd;
        settle();
        for (unsigned r = 0; r < kReqs; r++)
            look(r, reqs[r]);
        memory.sample(clock);
        tick();
    }

    void look(unsigned r, Requester &q)
    {
        if (dut.rd_data_valid_o >> r & 1)
            take_data(q);
        if (dut.wr_resp_valid_o >> r & 1) {
            if (q.acks.empty())
                wrong = "answer to a writer that waits for none";
            else
                q.acks.pop_front();
            q.writes_done++;
        }
        if ((dut.wr_data_valid_i & dut.wr_data_ready_o) >> r & 1) {
            if (++q.w_beat == q.data.front().beats) {
                q.w_beat = 0;
                q.data.pop_front();
            }
        }
        if ((dut.rd_req_valid_i & dut.rd_req_ready_o) >> r & 1) {
            q.reading.push_back(q.reads.front());
            q.reads.pop_front();
            grants.push_back(r);
        }
        if ((dut.wr_req_valid_i & dut.wr_req_ready_o) >> r & 1) {
            q.data.push_back(q.writes.front());
            q.acks.push_back(q.writes.front());
            q.writes.pop_front();
        }
    }

    // rd_data_o: data 64, last 1, resp 2.
    void take_data(Requester &q)
    {
        if (q.reading.empty()) {
            wrong = "data for a reader that waits for none";
            return;
        }
        const Burst &b = q.reading.front();
        const bool last = rtl_test::get_bits(dut.rd_data_o, 2, 1);
        if (rtl_test::get_bits(dut.rd_data_o, 3, 64) != memory.word(b.addr + 8 * q.beat))
            wrong = "wrong data";
        if (last != (++q.beat == b.beats))
            wrong = "last beat misplaced";
        if (last) {
            q.beat = 0;
            q.reading.pop_front();
            q.reads_done++;
        }
    }
};

} // namespace

// Every burst of every unit is answered to that unit, in its order, whatever the stalls.
RTL_TEST(common, dma_mux_routes_by_id)
{
    for (unsigned seed = 1; seed <= 20; seed++) {
        Mux t(seed);
        Random random(seed);
        t.memory.stall_percent = seed % 4 * 20;
        for (uint64_t i = 0; i < 4096; i++)
            t.memory.words[8 * i] = random.next();
        for (Mux::Requester &q : t.reqs) {
            for (unsigned i = 0; i < 30; i++) {
                q.reads.push_back({4096 * random.below(8) + 8 * random.below(400),
                                   1 + unsigned(random.below(16))});
                q.writes.push_back({0x100000 + 4096 * random.below(64) + 8 * random.below(400),
                                    1 + unsigned(random.below(16))});
            }
        }
        for (unsigned i = 0; i < 20000 && (i < 50 || !t.memory.quiet() || t.dut.busy_o); i++)
            t.step();

        CHECK_EQ(t.wrong.size(), 0u);
        CHECK_EQ(t.memory.broken.size(), 0u);
        for (const Mux::Requester &q : t.reqs) {
            CHECK_EQ(q.reads_done, 30u);
            CHECK_EQ(q.writes_done, 30u);
        }
        for (const Access &a : t.memory.log) {
            const unsigned req = a.id / 4 * 3 + a.id % 4;
            CHECK_EQ(a.id, id_of(req));
            CHECK_EQ(a.pasid, 0x100u + req);
            for (unsigned i = 0; a.write && i < a.beats; i++)
                CHECK_EQ(a.data[i], a.addr + 8 * i);
        }
    }
}

// Round robin: with everybody waiting, nobody is passed over for longer than one round.
RTL_TEST(common, dma_mux_is_fair)
{
    Mux t(1);
    for (Mux::Requester &q : t.reqs)
        for (unsigned i = 0; i < 10; i++)
            q.reads.push_back({0x1000, 1});
    for (unsigned i = 0; i < 200; i++)
        t.step();
    CHECK_EQ(t.grants.size(), 60u);
    for (unsigned i = 0; i + kReqs <= 60; i++) {
        unsigned seen = 0;
        for (unsigned j = 0; j < kReqs; j++)
            seen |= 1u << t.grants[i + j];
        CHECK_EQ(seen, 0x3fu);
    }
}

// One read address a clock, and AR is valid one clock after the request.
RTL_TEST(common, dma_mux_one_read_a_clock)
{
    Mux t(1);
    for (unsigned i = 0; i < 8; i++)
        t.reqs[1].reads.push_back({0x1000 + 8 * i, 1});
    const uint64_t from = t.clock;
    for (unsigned i = 0; i < 60; i++)
        t.step();
    CHECK_EQ(t.memory.log.size(), 8u);
    for (unsigned i = 0; i < 8; i++)
        CHECK_EQ(t.memory.log[i].asked, from + 1 + i);
}

// Quiet when everything has left, and after reset.
RTL_TEST(common, dma_mux_busy)
{
    Mux t(1);
    CHECK_EQ(t.dut.busy_o, 0u);
    t.reqs[0].writes.push_back({0x2000, 4});
    t.step();
    CHECK_EQ(t.dut.busy_o, 1u);
    for (unsigned i = 0; i < 30; i++)
        t.step();
    CHECK_EQ(t.dut.busy_o, 0u);
    CHECK_EQ(t.reqs[0].writes_done, 1u);
}
