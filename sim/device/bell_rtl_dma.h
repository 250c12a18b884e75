/* SPDX-License-Identifier: MIT */
/**
 * @file bell_rtl_dma.h
 * @brief AXI4 subordinate: memory accesses of the core, handed to the host.
 *
 * Many requests may be under way. Each is answered `latency` clocks after its last beat was taken
 * (plus waiting for the channel), and touches host memory half way; all answers keep the order of
 * the requests, hence the order per ID. A request that the device never makes (burst other than
 * INCR, beats other than 8 bytes, over 16 beats, across 4 KiB, partial strobes) is answered SLVERR.
 */
#ifndef BELL_RTL_DMA_H
#define BELL_RTL_DMA_H

#include "Vbell_top.h"
#include "bell_rtl_link.h"

#include <algorithm>

namespace bell {

class DmaPort {
  public:
    explicit DmaPort(uint32_t latency) : latency_(latency) {}

    /// Requests are under way, or a pin has still to fall.
    bool busy() const { return active_; }

    void reset()
    {
        rd_ = Pipe();
        wr_ = Pipe();
        filled_ = ready_ = 0;
        rd_beat_ = wr_beat_ = 0;
        active_ = true;
    }

    /// First clock in which this port acts by itself.
    uint64_t next() const
    {
        uint64_t at = kNever;
        if (rd_.head != rd_.tail)
            at = rd_.at(rd_.head).answer;
        if (rd_.touched != rd_.tail)
            at = std::min(at, rd_.at(rd_.touched).touch);
        if (wr_.head != ready_)
            at = std::min(at, wr_.at(wr_.head).answer);
        if (wr_.touched != ready_)
            at = std::min(at, wr_.at(wr_.touched).touch);
        return at;
    }

    /// Before the clock: set the pins. Only while busy().
    void drive(Vbell_top &top, const Link &link)
    {
        top.m_axi_arready = !rd_.full();
        top.m_axi_awready = !wr_.full();
        top.m_axi_wready = filled_ - wr_.head < kDepth;
        drive_read(top, link.cycle);
        drive_response(top, link.cycle);
        active_ = rd_.head != rd_.tail || wr_.head != wr_.tail || filled_ != wr_.head ||
                  wr_beat_ != 0;
    }

    /// Within the clock, pins settled. Only while busy() or when the core asks for something.
    void observe(const Vbell_top &top, Link &link)
    {
        if (top.m_axi_rvalid && top.m_axi_rready)
            take_beat();
        if (top.m_axi_bvalid && top.m_axi_bready)
            ++wr_.head;
        if (top.m_axi_arvalid && top.m_axi_arready)
            accept_read(top, link.cycle);
        if (top.m_axi_awvalid && top.m_axi_awready)
            accept_write(top);
        if (top.m_axi_wvalid && top.m_axi_wready)
            accept_data(top);
        complete(link.cycle);
        while (rd_.touched != rd_.tail && rd_.at(rd_.touched).touch <= link.cycle)
            touch_read(link, rd_.at(rd_.touched++));
        while (wr_.touched != ready_ && wr_.at(wr_.touched).touch <= link.cycle)
            touch_write(link, wr_.at(wr_.touched++));
        active_ = true;
    }

  private:
    static constexpr uint64_t kDepth = 64; // Requests each way; a power of two.
    static constexpr unsigned kMaxBeats = 16;

    struct Request {
        uint64_t addr;
        uint64_t touch;
        uint64_t answer;
        uint32_t pasid;
        unsigned beats;
        unsigned filled; // Write data beats received.
        uint8_t id;
        uint8_t resp;
        bool bad_address;
        bool bad_data;
        uint64_t data[kMaxBeats];
    };

    // Requests [head, tail); those before `touched` have reached memory.
    struct Pipe {
        uint64_t head = 0;
        uint64_t touched = 0;
        uint64_t tail = 0;
        Request ring[kDepth] = {};

        Request &at(uint64_t index) { return ring[index & (kDepth - 1)]; }
        const Request &at(uint64_t index) const { return ring[index & (kDepth - 1)]; }
        bool full() const { return tail - head == kDepth; }
    };

    static void set_address(Request &request, uint64_t addr, unsigned len, unsigned size,
                            unsigned burst, uint32_t pasid, uint8_t id)
    {
        constexpr unsigned kIncr = 1;
        constexpr unsigned kEightBytes = 3;
        request.addr = addr;
        request.beats = len + 1;
        request.pasid = pasid;
        request.id = id;
        request.bad_address = size != kEightBytes || burst != kIncr || len >= kMaxBeats ||
                              (addr & 7) != 0 || (addr & 4095) + 8 * (len + 1) > 4096;
    }

    void accept_read(const Vbell_top &top, uint64_t cycle)
    {
        Request &request = rd_.at(rd_.tail++);
        set_address(request, top.m_axi_araddr, top.m_axi_arlen, top.m_axi_arsize,
                    top.m_axi_arburst, top.m_axi_aruser, top.m_axi_arid);
        request.touch = cycle + latency_ / 2;
        request.answer = cycle + latency_;
    }

    void accept_write(const Vbell_top &top)
    {
        set_address(wr_.at(wr_.tail++), top.m_axi_awaddr, top.m_axi_awlen, top.m_axi_awsize,
                    top.m_axi_awburst, top.m_axi_awuser, top.m_axi_awid);
    }

    void accept_data(const Vbell_top &top)
    {
        Request &request = wr_.at(filled_);
        if (wr_beat_ == 0)
            request.bad_data = false;
        request.bad_data |= top.m_axi_wstrb != 0xff || wr_beat_ >= kMaxBeats;
        request.data[wr_beat_ % kMaxBeats] = top.m_axi_wdata;
        request.filled = ++wr_beat_;
        if (top.m_axi_wlast) {
            ++filled_;
            wr_beat_ = 0;
        }
    }

    void complete(uint64_t cycle)
    {
        while (ready_ != filled_ && ready_ != wr_.tail) {
            Request &request = wr_.at(ready_++);
            request.bad_data |= request.filled != request.beats;
            request.touch = cycle + latency_ / 2;
            request.answer = cycle + latency_;
        }
    }

    void touch_read(Link &link, Request &request)
    {
        const size_t bytes = 8 * request.beats;
        request.resp = BELL_RESP_SLVERR;
        if (!request.bad_address)
            request.resp = static_cast<uint8_t>(link.host.dma_read(
                link.host.ctx, request.pasid, request.addr, request.data, bytes));
        link.hash = bell_hash_dma(link.hash, BELL_HASH_DMA_READ, link.cycle, request.addr,
                                  request.pasid, request.resp, request.data, bytes);
        link.lockstep.touched(link.cycle, false, request.id, request.pasid, request.addr,
                              request.resp, request.data, request.beats);
    }

    void touch_write(Link &link, Request &request)
    {
        const size_t bytes = 8 * request.beats;
        request.resp = BELL_RESP_SLVERR;
        if (!request.bad_address && !request.bad_data)
            request.resp = static_cast<uint8_t>(link.host.dma_write(
                link.host.ctx, request.pasid, request.addr, request.data, bytes));
        link.hash = bell_hash_dma(link.hash, BELL_HASH_DMA_WRITE, link.cycle, request.addr,
                                  request.pasid, request.resp, request.data, bytes);
        link.lockstep.touched(link.cycle, true, request.id, request.pasid, request.addr,
                              request.resp, request.data, request.beats);
    }

    void drive_read(Vbell_top &top, uint64_t cycle)
    {
        const Request &request = rd_.at(rd_.head);
        top.m_axi_rvalid = rd_.head != rd_.tail && request.answer <= cycle;
        if (!top.m_axi_rvalid)
            return;
        top.m_axi_rid = request.id;
        top.m_axi_rresp = request.resp;
        top.m_axi_rdata = request.resp == BELL_RESP_OKAY ? request.data[rd_beat_] : 0;
        top.m_axi_rlast = rd_beat_ + 1 == request.beats;
    }

    void drive_response(Vbell_top &top, uint64_t cycle)
    {
        const Request &request = wr_.at(wr_.head);
        top.m_axi_bvalid = wr_.head != ready_ && request.answer <= cycle;
        if (!top.m_axi_bvalid)
            return;
        top.m_axi_bid = request.id;
        top.m_axi_bresp = request.resp;
    }

    void take_beat()
    {
        if (++rd_beat_ < rd_.at(rd_.head).beats)
            return;
        rd_beat_ = 0;
        ++rd_.head;
    }

    const uint32_t latency_;
    bool active_ = true;
    unsigned rd_beat_ = 0; // Next beat of the oldest read.
    unsigned wr_beat_ = 0; // Data beats of request `filled_` so far.
    uint64_t filled_ = 0;  // Writes before this one have all their data ...
    uint64_t ready_ = 0;   // ... and those before this one their address as well.
    Pipe rd_;
    Pipe wr_;
};

} // namespace bell
#endif
