// SPDX-License-Identifier: MIT
#include "bell_device_tlm.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace belfry {

namespace {
constexpr const char *kReport = "bell_device";
}

tlm::tlm_extension_base *pasid_extension::clone() const
{
    return new pasid_extension(*this);
}

void pasid_extension::copy_from(tlm::tlm_extension_base const &other)
{
    pasid = static_cast<const pasid_extension &>(other).pasid;
}

bell_device::bell_device(sc_core::sc_module_name name, const ::bell_device_config &config,
                         const char *kind, sc_core::sc_time period)
    : sc_module(name), mmio("mmio"), dma("dma"), irq("irq"), period_(period), core_(nullptr)
{
    const ::bell_device_host host = {this, on_read, on_write, on_done, on_irq, nullptr,
                                      on_difference};
    char error[200] = "clock period is zero";
    if (period_ != sc_core::SC_ZERO_TIME)
        core_ = bell_device_create(kind, &config, &host, error, sizeof(error));
    if (core_ == nullptr)
        SC_REPORT_ERROR(kReport, error);
    mmio.register_b_transport(this, &bell_device::b_transport);
    payload_.set_extension(&pasid_);
    SC_HAS_PROCESS(bell_device);
    SC_THREAD(keep_up);
    SC_METHOD(drive_irq);
    dont_initialize();
    sensitive << edge_event_;
}

bell_device::~bell_device()
{
    payload_.clear_extension(&pasid_);
    bell_device_destroy(core_);
}

uint64_t bell_device::cycle() const
{
    return bell_device_cycle(core_);
}

uint64_t bell_device::event_hash() const
{
    return bell_device_event_hash(core_);
}

uint64_t bell_device::clock_of(const sc_core::sc_time &time) const
{
    return time.value() / period_.value();
}

sc_core::sc_time bell_device::time_of(uint64_t cycle) const
{
    return sc_core::sc_time::from_value(cycle * period_.value());
}

void bell_device::run_to(uint64_t cycle)
{
    while (bell_device_cycle(core_) < cycle)
        bell_device_step(core_, cycle - bell_device_cycle(core_));
}

// A quantum passes, then the core does the clocks of that quantum.
void bell_device::keep_up()
{
    keeper_.reset();
    for (;;) {
        const sc_core::sc_time quantum = tlm_utils::tlm_quantumkeeper::get_global_quantum();
        keeper_.inc(std::max(quantum, period_));
        keeper_.sync();
        turn_.lock();
        holder_ = sc_core::sc_get_current_process_b();
        run_to(clock_of(sc_core::sc_time_stamp()));
        holder_ = nullptr;
        turn_.unlock();
    }
}

tlm::tlm_response_status bell_device::judge(const tlm::tlm_generic_payload &payload) const
{
    const uint64_t addr = payload.get_address();
    const unsigned size = payload.get_data_length();
    if (payload.get_command() == tlm::TLM_IGNORE_COMMAND)
        return tlm::TLM_COMMAND_ERROR_RESPONSE;
    if (payload.get_byte_enable_ptr() != nullptr)
        return tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
    if (addr >= BELL_DEVICE_BAR2 + BELL_DEVICE_BAR2_BYTES ||
        (addr >= BELL_DEVICE_BAR0_BYTES && addr < BELL_DEVICE_BAR2))
        return tlm::TLM_ADDRESS_ERROR_RESPONSE;
    if (size == 8 && payload.get_streaming_width() >= size)
        return tlm::TLM_OK_RESPONSE; // Misaligned ones are the device's to refuse.
    const bool narrow = size == 1 || size == 2 || size == 4;
    if (!payload.is_write() || !narrow || (addr & 7) + size > 8 ||
        payload.get_streaming_width() < size)
        return tlm::TLM_BURST_ERROR_RESPONSE;
    return tlm::TLM_OK_RESPONSE;
}

tlm::tlm_response_status bell_device::perform(tlm::tlm_generic_payload &payload)
{
    const uint64_t start = bell_device_cycle(core_);
    const uint64_t addr = payload.get_address();
    asked_++;
    if (payload.is_write()) {
        uint64_t data = 0;
        std::memcpy(&data, payload.get_data_ptr(), payload.get_data_length());
        bell_device_mmio_write(core_, addr, data, payload.get_data_length(), asked_);
    } else {
        bell_device_mmio_read(core_, addr, asked_);
    }
    while (answered_ != asked_ && bell_device_cycle(core_) - start < patience)
        bell_device_step(core_, patience);
    if (answered_ != asked_) {
        char text[120];
        std::snprintf(text, sizeof(text), "%s of 0x%llx has no answer after %llu clocks",
                      payload.is_write() ? "write" : "read",
                      static_cast<unsigned long long>(addr),
                      static_cast<unsigned long long>(patience));
        SC_REPORT_WARNING(kReport, text);
        return tlm::TLM_GENERIC_ERROR_RESPONSE;
    }
    if (answer_resp_ != BELL_RESP_OKAY)
        return tlm::TLM_GENERIC_ERROR_RESPONSE;
    if (payload.is_read())
        std::memcpy(payload.get_data_ptr(), &answer_data_, sizeof(answer_data_));
    return tlm::TLM_OK_RESPONSE;
}

void bell_device::b_transport(tlm::tlm_generic_payload &payload, sc_core::sc_time &delay)
{
    payload.set_dmi_allowed(false);
    tlm::tlm_response_status status = judge(payload);
    sc_core::sc_process_b *me = sc_core::sc_get_current_process_b();
    if (holder_ != nullptr && holder_ == me)
        status = tlm::TLM_GENERIC_ERROR_RESPONSE;
    if (status != tlm::TLM_OK_RESPONSE) {
        payload.set_response_status(status);
        return;
    }
    const sc_core::sc_time asked = sc_core::sc_time_stamp() + delay;
    turn_.lock();
    holder_ = me;
    run_to(clock_of(asked));
    payload.set_response_status(perform(payload));
    holder_ = nullptr;
    turn_.unlock();
    const sc_core::sc_time end = std::max(time_of(bell_device_cycle(core_)), asked);
    delay = std::max(end, sc_core::sc_time_stamp()) - sc_core::sc_time_stamp();
}

enum bell_resp bell_device::access(tlm::tlm_command command, uint32_t pasid, uint64_t addr,
                                   void *data, size_t size)
{
    const sc_core::sc_time here = time_of(bell_device_cycle(core_));
    sc_core::sc_time delay = std::max(here, sc_core::sc_time_stamp()) - sc_core::sc_time_stamp();
    pasid_.pasid = pasid;
    payload_.set_command(command);
    payload_.set_address(addr);
    payload_.set_data_ptr(static_cast<unsigned char *>(data));
    payload_.set_data_length(static_cast<unsigned>(size));
    payload_.set_streaming_width(static_cast<unsigned>(size));
    payload_.set_byte_enable_ptr(nullptr);
    payload_.set_dmi_allowed(false);
    payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    dma->b_transport(payload_, delay);
    if (payload_.is_response_ok())
        return BELL_RESP_OKAY;
    return payload_.get_response_status() == tlm::TLM_ADDRESS_ERROR_RESPONSE ? BELL_RESP_DECERR
                                                                             : BELL_RESP_SLVERR;
}

enum bell_resp bell_device::on_read(void *ctx, uint32_t pasid, uint64_t addr, void *data,
                                    size_t size)
{
    return static_cast<bell_device *>(ctx)->access(tlm::TLM_READ_COMMAND, pasid, addr, data, size);
}

enum bell_resp bell_device::on_write(void *ctx, uint32_t pasid, uint64_t addr, const void *data,
                                     size_t size)
{
    // TLM has one data pointer for both directions; a target only reads it on a write.
    return static_cast<bell_device *>(ctx)->access(tlm::TLM_WRITE_COMMAND, pasid, addr,
                                                   const_cast<void *>(data), size);
}

void bell_device::on_done(void *ctx, uint64_t tag, uint64_t data, enum bell_resp resp)
{
    bell_device *self = static_cast<bell_device *>(ctx);
    self->answered_ = tag;
    self->answer_data_ = data;
    self->answer_resp_ = resp;
}

void bell_device::on_difference(void *, const char *text)
{
    SC_REPORT_ERROR(kReport, text);
}

void bell_device::on_irq(void *ctx, bool level)
{
    bell_device *self = static_cast<bell_device *>(ctx);
    const sc_core::sc_time now = sc_core::sc_time_stamp();
    const sc_core::sc_time time = std::max(self->time_of(bell_device_cycle(self->core_)), now);
    self->edges_.push_back({time, level});
    if (self->edges_.size() == 1)
        self->edge_event_.notify(time - now);
}

// One change a delta cycle, so that a short pulse is not lost.
void bell_device::drive_irq()
{
    irq.write(edges_.front().level);
    edges_.pop_front();
    if (edges_.empty())
        return;
    const sc_core::sc_time now = sc_core::sc_time_stamp();
    edge_event_.notify(std::max(edges_.front().time, now) - now);
}

} // namespace belfry
