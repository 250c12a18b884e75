/* SPDX-License-Identifier: MIT */
/**
 * @file bell_rtl_mmio.h
 * @brief AXI4-Lite initiator: register accesses of the host, in order, onto the pins of the core.
 *
 * Accesses of one direction follow each other without a gap; a change of direction waits until
 * all earlier ones are answered, because the two directions of AXI do not order each other.
 */
#ifndef BELL_RTL_MMIO_H
#define BELL_RTL_MMIO_H

#include "Vbell_top.h"
#include "bell_rtl_link.h"

namespace bell {

class MmioPort {
  public:
    void write(uint64_t addr, uint64_t data, unsigned size, uint64_t tag)
    {
        const unsigned lane = static_cast<unsigned>(addr & 7);
        const uint8_t lanes = static_cast<uint8_t>(((1u << size) - 1) << lane);
        push({addr, data << (8 * lane), tag, lanes, true});
    }

    void read(uint64_t addr, uint64_t tag) { push({addr, 0, tag, 0, false}); }

    /// Accesses are waiting or not yet answered, or a pin has still to fall.
    bool busy() const { return active_; }

    /// Hardware reset: whatever is queued is answered SLVERR in the next clock.
    void reset()
    {
        issue_ = lost_ = queue_.tail();
        up_ = 0;
        active_ = true;
    }

    /// Before the clock: set the pins. Only while busy().
    void drive(Vbell_top &top, Link &link)
    {
        while (queue_.head() < lost_)
            answer(link, queue_[queue_.head()].write, 0, BELL_RESP_SLVERR);
        if (!up_ && issue_ != queue_.tail() && in_turn())
            present(top, link, queue_[issue_]);
        top.s_axil_awvalid = (up_ & kAddress) != 0;
        top.s_axil_wvalid = (up_ & kData) != 0;
        top.s_axil_arvalid = (up_ & kRead) != 0;
        active_ = !queue_.empty();
    }

    /// Within the clock, pins settled: take handshakes. Only while accesses are under way.
    void observe(const Vbell_top &top, Link &link)
    {
        if (up_) {
            up_ &= ~((top.s_axil_awready ? kAddress : 0u) | (top.s_axil_wready ? kData : 0u) |
                     (top.s_axil_arready ? kRead : 0u));
            if (!up_)
                accepted(link);
        }
        if (top.s_axil_bvalid)
            answered(link, true, 0, top.s_axil_bresp);
        if (top.s_axil_rvalid)
            answered(link, false, top.s_axil_rdata, top.s_axil_rresp);
    }

  private:
    struct Access {
        uint64_t addr;
        uint64_t data;
        uint64_t tag;
        uint8_t lanes;
        bool write;
    };

    // Channels with valid raised.
    static constexpr unsigned kAddress = 1;
    static constexpr unsigned kData = 2;
    static constexpr unsigned kRead = 4;

    void push(const Access &access)
    {
        queue_.push(access);
        active_ = true;
    }

    bool in_turn()
    {
        return issue_ == queue_.head() || queue_[queue_.head()].write == queue_[issue_].write;
    }

    void present(Vbell_top &top, Link &link, const Access &access)
    {
        link.lockstep.offered(link.cycle, access.write, access.addr);
        const uint32_t addr = static_cast<uint32_t>(access.addr & kAddrMask);
        if (access.write) {
            top.s_axil_awaddr = addr;
            top.s_axil_wdata = access.data;
            top.s_axil_wstrb = access.lanes;
            up_ = kAddress | kData;
        } else {
            top.s_axil_araddr = addr;
            up_ = kRead;
        }
    }

    void accepted(Link &link)
    {
        const Access &access = queue_[issue_++];
        link.lockstep.accepted(link.cycle, access.write, access.addr, access.data, access.lanes);
        if (access.write) {
            link.note(BELL_HASH_MMIO_WRITE, access.addr, access.data);
            link.hash = bell_hash_word(link.hash, access.lanes);
        } else {
            link.note(BELL_HASH_MMIO_READ, access.addr, 0);
        }
        active_ = true;
    }

    void answered(Link &link, bool write, uint64_t data, unsigned resp)
    {
        link.lockstep.answered(link.cycle, write, resp == BELL_RESP_OKAY ? data : 0, resp);
        answer(link, write, data, resp);
    }

    void answer(Link &link, bool write, uint64_t data, unsigned resp)
    {
        if (queue_.head() == issue_ || queue_[queue_.head()].write != write)
            broken(link, "register access answered that nobody made");
        const uint64_t tag = queue_[queue_.head()].tag;
        queue_.pop();
        if (resp != BELL_RESP_OKAY)
            data = 0;
        link.note(write ? BELL_HASH_MMIO_WROTE : BELL_HASH_MMIO_DATA, data, resp);
        link.stop = true;
        link.host.mmio_done(link.host.ctx, tag, data, static_cast<enum bell_resp>(resp));
    }

    static constexpr uint64_t kAddrMask = 2 * BELL_DEVICE_BAR2 - 1;

    Fifo<Access> queue_;
    uint64_t issue_ = 0; // Next access to present; those before it are presented or answered.
    uint64_t lost_ = 0;  // Accesses before this one were lost by a reset.
    unsigned up_ = 0;
    bool active_ = true;
};

} // namespace bell
#endif
