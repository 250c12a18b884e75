/* SPDX-License-Identifier: MIT */
/**
 * @file bell_device_tlm.h
 * @brief The device as a SystemC module with standard TLM-2.0 sockets (loosely timed).
 *
 * Instantiate belfry::bell_device, bind `mmio`, `dma` and `irq`, link with libbelfry's device and
 * `pkg-config --libs systemc`; compile with -std=c++17. One device clock lasts `period`.
 *
 * Time. The core never runs ahead of what somebody has asked for: an access at local time t
 * (sc_time_stamp() + delay) first brings the core to the clock that contains t, is performed there,
 * and returns with `delay` moved to the end of the answering clock. An access at a time the core
 * has already passed is performed at the core's present clock. Without accesses the module's own
 * quantum keeper brings the core up to the simulation time once a global quantum (every clock when
 * that is zero), so DMA and interrupts are seen at most one quantum late; the cycle at which the
 * core does them does not depend on the quantum.
 */
#ifndef BELL_DEVICE_TLM_H
#define BELL_DEVICE_TLM_H

#include "bell_device.h"

#include <cstdint>
#include <deque>
#include <string>

#include <systemc>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>
#include <tlm_utils/tlm_quantumkeeper.h>

namespace belfry {

/**
 * Generic payload extension on every DMA transaction: whose memory is meant. It belongs to the
 * module; copy what you need before b_transport returns. 0 = kernel, physical addresses.
 */
struct pasid_extension : tlm::tlm_extension<pasid_extension> {
    uint32_t pasid = 0; ///< Process address space id, 20 bits.

    tlm::tlm_extension_base *clone() const override;
    void copy_from(tlm::tlm_extension_base const &other) override;
};

class bell_device : public sc_core::sc_module {
  public:
    /**
     * Registers (BAR0) at 0, doorbell pages (BAR2) at BELL_DEVICE_BAR2. Blocking transport only.
     * Writes of 1, 2, 4 or 8 bytes inside one aligned 8-byte word; reads of 8 bytes. Answers:
     *   TLM_OK_RESPONSE            done.
     *   TLM_GENERIC_ERROR_RESPONSE refused by the device (hole, direction, narrow, misaligned);
     *                              called from inside the device's own DMA; or no answer within
     *                              `patience` clocks (then with a warning of id "bell_device").
     *   TLM_ADDRESS_ERROR_RESPONSE beyond both BARs.
     *   TLM_BURST_ERROR_RESPONSE   other lengths. TLM_BYTE_ENABLE_ERROR_RESPONSE byte enables.
     *   TLM_COMMAND_ERROR_RESPONSE neither read nor write.
     * On any error nothing was done and read data is untouched.
     */
    tlm_utils::simple_target_socket<bell_device, 64> mmio;

    /**
     * Memory accesses, 8 to 128 bytes, a multiple of 8, inside 4 KiB, with a pasid_extension.
     * `delay` says how far the device is ahead of sc_time_stamp(); what the target adds is not used
     * (the latency is dma_latency of the configuration). The target must not call `mmio` from it.
     * TLM_OK_RESPONSE = done; TLM_ADDRESS_ERROR_RESPONSE = refused by an IOMMU (the device reports
     * a page fault); any other = bus error.
     */
    tlm_utils::simple_initiator_socket<bell_device, 64> dma;

    /** Interrupt line, active high, changes at the time of the device clock that changed it. */
    sc_core::sc_out<bool> irq;

    /**
     * @param kind   "rtl" or "model"; @param config as for bell_device_create(), copied.
     * @param period Length of a device clock, not zero.
     * A device that cannot be made ends in SC_REPORT_ERROR "bell_device" with the reason, which
     * SystemC throws as sc_report unless told otherwise.
     */
    bell_device(sc_core::sc_module_name name, const ::bell_device_config &config,
                const char *kind = "rtl",
                sc_core::sc_time period = sc_core::sc_time(1, sc_core::SC_NS));
    ~bell_device() override;

    /** Clocks an access may wait for its answer. */
    static constexpr uint64_t patience = 100000;

    uint64_t cycle() const; ///< Clocks done by the core.
    uint64_t event_hash() const; ///< bell_device_event_hash() of the core.
    ::bell_device *core() const { return core_; } ///< For observation; do not step it.

  private:
    void b_transport(tlm::tlm_generic_payload &payload, sc_core::sc_time &delay);
    tlm::tlm_response_status judge(const tlm::tlm_generic_payload &payload) const;
    tlm::tlm_response_status perform(tlm::tlm_generic_payload &payload);
    void keep_up();
    void drive_irq();
    void run_to(uint64_t cycle);
    uint64_t clock_of(const sc_core::sc_time &time) const;
    sc_core::sc_time time_of(uint64_t cycle) const;

    enum bell_resp access(tlm::tlm_command command, uint32_t pasid, uint64_t addr, void *data,
                          size_t size);
    static enum bell_resp on_read(void *ctx, uint32_t pasid, uint64_t addr, void *data,
                                  size_t size);
    static enum bell_resp on_write(void *ctx, uint32_t pasid, uint64_t addr, const void *data,
                                   size_t size);
    static void on_done(void *ctx, uint64_t tag, uint64_t data, enum bell_resp resp);
    static void on_irq(void *ctx, bool level);
    static void on_difference(void *ctx, const char *text);

    struct Edge {
        sc_core::sc_time time;
        bool level;
    };

    const sc_core::sc_time period_;
    ::bell_device *core_;
    sc_core::sc_mutex turn_;              // Who steps the core.
    sc_core::sc_process_b *holder_ = nullptr; // Of turn_.
    tlm_utils::tlm_quantumkeeper keeper_;
    tlm::tlm_generic_payload payload_;
    pasid_extension pasid_;
    std::deque<Edge> edges_; // Interrupt changes not yet on the line.
    sc_core::sc_event edge_event_;
    uint64_t asked_ = 0;
    uint64_t answered_ = 0;
    uint64_t answer_data_ = 0;
    enum bell_resp answer_resp_ = BELL_RESP_OKAY;
};

} // namespace belfry
#endif
