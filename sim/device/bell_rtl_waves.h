/* SPDX-License-Identifier: MIT */
/**
 * @file bell_rtl_waves.h
 * @brief FST recording of a window of cycles.
 *
 * One clock is 1 ns in the file, so that a time in the viewer is a cycle number. Inputs change at
 * the start of the clock, flip-flops in its middle; a reset pulse shows at its end.
 */
#ifndef BELL_RTL_WAVES_H
#define BELL_RTL_WAVES_H

#include "Vbell_top.h"
#include "bell_rtl_link.h"
#include "verilated_fst_c.h"

#include <cerrno>
#include <cstring>
#include <memory>

namespace bell {

class Waves {
  public:
    /// False when the file cannot be written; `error` then says why.
    bool open(Vbell_top &top, const struct bell_device_config &config, char *error,
              size_t error_size)
    {
        from_ = config.waves_from;
        to_ = config.waves_to == 0 ? kNever : config.waves_to;
        std::FILE *probe = std::fopen(config.waves, "wb");
        if (probe != nullptr) {
            std::fclose(probe);
            file_ = std::make_unique<VerilatedFstC>();
            file_->set_time_unit("1ps");
            file_->set_time_resolution("1ps");
            top.trace(file_.get(), kLevels);
            file_->open(config.waves);
            if (file_->isOpen())
                return true;
        }
        std::snprintf(error, error_size, "device: wave file '%s' cannot be written: %s",
                      config.waves, std::strerror(errno));
        file_.reset();
        return false;
    }

    bool recording(uint64_t cycle) const { return file_ && cycle >= from_ && cycle <= to_; }

    /// First cycle after `cycle` that must not be skipped over, so that the window is whole.
    uint64_t next(uint64_t cycle) const
    {
        if (!file_)
            return kNever;
        return cycle < from_ ? from_ : cycle < to_ ? to_ : kNever;
    }

    void inputs(uint64_t cycle) { file_->dump(cycle * kClock); }
    void edge(uint64_t cycle) { file_->dump(cycle * kClock + kClock / 2); }
    /// `step` counts the changes of one reset pulse, 0 to 99; `cycle` is the one about to begin.
    void reset(uint64_t cycle, unsigned step)
    {
        if (cycle > 0 && recording(cycle - 1))
            file_->dump(cycle * kClock - 100 + step);
    }

    void flush()
    {
        if (file_)
            file_->flush();
    }
    void close()
    {
        if (file_)
            file_->close();
    }

  private:
    static constexpr uint64_t kClock = 1000;
    static constexpr int kLevels = 99;

    std::unique_ptr<VerilatedFstC> file_;
    uint64_t from_ = 0;
    uint64_t to_ = 0;
};

} // namespace bell
#endif
